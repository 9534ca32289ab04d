"""The pages of the consultation mechanism."""

from __future__ import annotations

from yinfeng.meetings import urls_gates, urls_inspections, urls_meetings

urlpatterns = [
    *urls_meetings.urlpatterns,
    *urls_gates.urlpatterns,
    *urls_inspections.urlpatterns,
]
