"""The pages of decision gates."""

from __future__ import annotations

from django.urls import path

from yinfeng.meetings.views import gates

urlpatterns = [
    path("projects/<int:pk>/gates/", gates.ProjectGates.as_view(), name="project-gates"),
    path("projects/<int:pk>/gates/<slug:gate>/pass/", gates.PassGate.as_view(), name="project-gate-pass"),
    path("projects/<int:pk>/gates/<slug:gate>/refuse/", gates.RefuseGate.as_view(), name="project-gate-refuse"),
    path("gates/", gates.Turns.as_view(), name="gates"),
    path("gates/export/", gates.ExportTurns.as_view(), name="gates-export"),
    path("gates/<int:pk>/<slug:move>/", gates.MoveDecision.as_view(), name="meetings.gatedecision-move"),
]  # fmt: skip
