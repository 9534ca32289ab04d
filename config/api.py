"""The resources of the API."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from yinfeng.enterprises.api import EnterpriseViewSet
from yinfeng.projects.api import LeadViewSet, ProjectViewSet

router = SimpleRouter()
router.register("enterprises", EnterpriseViewSet, basename="api-enterprises")
router.register("leads", LeadViewSet, basename="api-leads")
router.register("projects", ProjectViewSet, basename="api-projects")

urlpatterns = router.urls
