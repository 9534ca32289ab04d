"""The pages of inspections."""

from __future__ import annotations

from django.urls import path

from yinfeng.meetings.views import inspections

urlpatterns = [
    path("inspections/", inspections.Inspections.as_view(), name="inspections"),
    path("inspections/export/", inspections.ExportInspections.as_view(), name="inspections-export"),
    path("inspections/new/", inspections.PlanInspection.as_view(), name="inspection-new"),
    path("inspections/findings/", inspections.Findings.as_view(), name="findings"),
    path("inspections/findings/export/", inspections.ExportFindings.as_view(), name="findings-export"),
    path("inspections/findings/<int:pk>/", inspections.FindingDetail.as_view(), name="finding"),
    path("inspections/findings/<int:pk>/order/", inspections.OrderFinding.as_view(), name="finding-order"),
    path("inspections/findings/<int:pk>/<slug:move>/", inspections.MoveFinding.as_view(), name="meetings.finding-move"),
    path("inspections/subjects/<int:pk>/visit/", inspections.RecordVisit.as_view(), name="inspection-visit"),
    path("inspections/subjects/<int:pk>/remove/", inspections.RemoveSubject.as_view(), name="inspection-subject-remove"),
    path("inspections/subjects/<int:pk>/finding/", inspections.AddFinding.as_view(), name="finding-add"),
    path("inspections/<int:pk>/", inspections.InspectionDetail.as_view(), name="inspection"),
    path("inspections/<int:pk>/edit/", inspections.EditInspection.as_view(), name="inspection-edit"),
    path("inspections/<int:pk>/draw/", inspections.DrawSubjects.as_view(), name="inspection-draw"),
    path("inspections/<int:pk>/draws/", inspections.InspectionDraws.as_view(), name="inspection-draws"),
    path("inspections/<int:pk>/subjects/add/", inspections.AddSubject.as_view(), name="inspection-subject-add"),
    path("inspections/<int:pk>/close/", inspections.CloseInspection.as_view(), name="inspection-close"),
    path("inspections/<int:pk>/paper/", inspections.InspectionPaper.as_view(), name="inspection-paper"),
    path("inspections/<int:pk>/moves/<slug:move>/", inspections.MoveInspection.as_view(), name="meetings.inspection-move"),
]  # fmt: skip
