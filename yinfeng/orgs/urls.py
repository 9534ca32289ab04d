from __future__ import annotations

from django.urls import path

from yinfeng.orgs import views, views_accounts, views_roles

urlpatterns = [
    path("accounts/accept/<str:secret>/", views_accounts.AcceptInvitation.as_view(), name="account_accept"),
    path("org/", views.Organisation.as_view(), name="organisation"),
    path("org/bodies/<int:pk>/", views.BodyDetail.as_view(), name="body"),
    path("org/bodies/<int:pk>/seats/add/", views.AddSeat.as_view(), name="seat-add"),
    path("org/seats/<int:pk>/take/", views.TakeSeat.as_view(), name="seat-take"),
    path("org/seats/<int:pk>/end/", views.EndSeat.as_view(), name="seat-end"),
    path("org/terms/<int:pk>/end/", views.LeaveSeat.as_view(), name="term-end"),
    path("org/units/", views.Units.as_view(), name="units"),
    path("org/units/add/", views.AddUnit.as_view(), name="unit-add"),
    path("org/units/<int:pk>/", views.UnitDetail.as_view(), name="unit"),
    path("org/units/<int:pk>/edit/", views.EditUnit.as_view(), name="unit-edit"),
    path("org/units/<int:pk>/rename/", views.RenameUnit.as_view(), name="unit-rename"),
    path("org/units/<int:pk>/move/", views.MoveUnit.as_view(), name="unit-move"),
    path("org/units/<int:pk>/close/", views.CloseUnit.as_view(), name="unit-close"),
    path("org/units/<int:pk>/reopen/", views.ReopenUnit.as_view(), name="unit-reopen"),
    path("org/people/", views.People.as_view(), name="people"),
    path("org/people/add/", views.AddPerson.as_view(), name="person-add"),
    path("org/people/<int:pk>/", views.PersonDetail.as_view(), name="person"),
    path("org/people/<int:pk>/edit/", views.EditPerson.as_view(), name="person-edit"),
    path("org/people/<int:pk>/posts/add/", views.AddPost.as_view(), name="post-add"),
    path("org/posts/<int:pk>/end/", views.EndPost.as_view(), name="post-end"),
    path("settings/roles/", views_roles.Roles.as_view(), name="roles"),
    path("settings/accounts/", views_roles.Accounts.as_view(), name="accounts"),
    path("settings/accounts/<int:pk>/", views_roles.AccountDetail.as_view(), name="account"),
    path("settings/accounts/<int:pk>/grant/", views_roles.GrantRole.as_view(), name="grant-add"),
    path("settings/accounts/<int:pk>/stop/", views_roles.StopAccount.as_view(), name="account-stop"),
    path("settings/accounts/<int:pk>/restore/", views_roles.RestoreAccount.as_view(), name="account-restore"),
    path("settings/grants/<int:pk>/revoke/", views_roles.RevokeRole.as_view(), name="grant-revoke"),
    path("settings/invitations/", views_roles.Invitations.as_view(), name="invitations"),
    path("settings/invitations/add/", views_roles.Invite.as_view(), name="invitation-add"),
    path(
        "settings/invitations/<int:pk>/revoke/",
        views_roles.RevokeInvitation.as_view(),
        name="invitation-revoke",
    ),
]
