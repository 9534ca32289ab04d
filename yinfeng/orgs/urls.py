from __future__ import annotations

from django.urls import path

from yinfeng.orgs import views_accounts

urlpatterns = [
    path("accounts/accept/<str:secret>/", views_accounts.AcceptInvitation.as_view(), name="account_accept"),
]
