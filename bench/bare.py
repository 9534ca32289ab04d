"""The least that shows the same rows: one indexed query and one template, without sign-in, scopes, filters or frame."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from yinfeng.core.models import Event
from yinfeng.core.tables import PAGE_ROWS
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects.models import Project


def page(name: str, **context: Any) -> HttpResponse:
    """Render without the request, whose context processors would ask for the frame of the desk."""
    return HttpResponse(render_to_string(f"bench/{name}.html", context))


def projects(request: HttpRequest) -> HttpResponse:
    found = Project.objects.select_related("enterprise", "host_unit").order_by("-pk")[:PAGE_ROWS]
    return page("projects", rows=found)


def enterprises(request: HttpRequest) -> HttpResponse:
    return page("enterprises", rows=Enterprise.objects.order_by("-pk")[:PAGE_ROWS])


def detail(request: HttpRequest, object_type: str, pk: int, rows: int) -> HttpResponse:
    """Show as many rows as the page of an object has: its events first, then those of the objects after it."""
    found = Event.objects.filter(object_type=object_type, object_id__gte=pk).order_by("object_id", "-pk")
    return page("events", rows=found[:rows])
