"""Every route of the product: each app brings its own, the API its own under /api/v1/."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView

urlpatterns = [
    path("", include("yinfeng.core.urls")),
    path("", include("yinfeng.orgs.urls")),
    path("", include("yinfeng.duties.urls")),
    path("", include("yinfeng.enterprises.urls")),
    path("", include("yinfeng.projects.urls")),
    path("", include("yinfeng.meetings.urls")),
    path("api/v1/", include("config.api")),
    path("api/schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path("api/", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
]

handler400 = "yinfeng.core.views.bad_request"
handler403 = "yinfeng.core.views.forbidden"
handler404 = "yinfeng.core.views.not_found"
handler500 = "yinfeng.core.views.server_error"
