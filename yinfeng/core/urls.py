from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

from yinfeng.core import views, views_outbox

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("health/", views.Health.as_view(), name="health"),
    path("search/", views.Search.as_view(), name="search"),
    path("search/suggest/", views.Suggest.as_view(), name="search-suggest"),
    path("notices/", views.Notices.as_view(), name="notices"),
    path("notices/<int:pk>/", views.OpenNotice.as_view(), name="notice"),
    path("files/<uuid:pk>/", views.Download.as_view(), name="file"),
    path("files/<uuid:pk>/remove/", views.RemoveFile.as_view(), name="file-remove"),
    path("on/<str:kind>/<int:pk>/file/", views.AddFile.as_view(), name="file-add"),
    path("on/<str:kind>/<int:pk>/follow/", views.FollowObject.as_view(), name="follow"),
    path("on/<str:kind>/<int:pk>/unfollow/", views.UnfollowObject.as_view(), name="unfollow"),
    path("views/save/", views.SaveView.as_view(), name="view-save"),
    path("views/<int:pk>/delete/", views.DeleteView.as_view(), name="view-delete"),
    path("jobs/", views.Jobs.as_view(), name="jobs"),
    path("jobs/<int:pk>/", views.JobDetail.as_view(), name="job"),
    path("jobs/<int:pk>/result/", views.JobResult.as_view(), name="job-result"),
    path("jobs/<int:pk>/<slug:move>/", views.MoveJob.as_view(), name="job-move"),
    path("settings/tokens/", views.Tokens.as_view(), name="tokens"),
    path("settings/tokens/new/", views.NewToken.as_view(), name="token-new"),
    path("settings/tokens/<int:pk>/revoke/", views.RevokeToken.as_view(), name="token-revoke"),
    path("settings/deliveries/", views_outbox.Deliveries.as_view(), name="deliveries"),
    path("settings/deliveries/<int:pk>/", views_outbox.DecideDelivery.as_view(), name="delivery"),
    path("settings/audit/", views.AuditLog.as_view(), name="audit"),
    path("i18n/setlang/", set_language, name="set_language"),
    path("accounts/", include("yinfeng.core.account_urls")),
]
