"""The product's routes and the bare views they are measured against."""

from __future__ import annotations

from django.urls import path

from bench import bare
from config.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *urlpatterns,
    path("bare/projects/", bare.projects),
    path("bare/headquarters/", bare.headquarters),
    path("bare/construction/", bare.construction),
    path("bare/bottlenecks/", bare.bottlenecks),
    path("bare/scheduling/", bare.scheduling),
    path("bare/ledger/", bare.ledger),
    path("bare/places/", bare.places),
    path("bare/unit/<int:pk>/", bare.unit),
    path("bare/board/", bare.board),
    path("bare/funnel/", bare.funnel),
    path("bare/lights/", bare.lights),
    path("bare/duties/", bare.duties),
    path("bare/work/", bare.work),
    path("bare/standing/", bare.standing),
    path("bare/enterprises/", bare.enterprises),
    path("bare/library/", bare.library),
    path("bare/search/", bare.searched),
    path("bare/enterprise/<int:pk>/", bare.enterprise),
    path("bare/<str:object_type>/<int:pk>/<int:rows>/", bare.detail),
]
