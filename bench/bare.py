"""The least that shows the same rows: one indexed query and one template, without sign-in, scopes, filters or frame."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from yinfeng.core.tables import PAGE_ROWS
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects.models import Project


def page(name: str, **context: Any) -> HttpResponse:
    """Render without the request, whose context processors would ask for the frame of the desk."""
    return HttpResponse(render_to_string(f"bench/{name}.html", context))


def projects(request: HttpRequest) -> HttpResponse:
    found = Project.objects.select_related("enterprise", "host_unit").order_by("-pk")[:PAGE_ROWS]
    return page("projects", rows=found)


def project(request: HttpRequest, pk: int) -> HttpResponse:
    found = Project.objects.select_related("enterprise", "host_unit", "created_by").get(pk=pk)
    return page("project", row=found)


def enterprises(request: HttpRequest) -> HttpResponse:
    return page("enterprises", rows=Enterprise.objects.order_by("-pk")[:PAGE_ROWS])


def enterprise(request: HttpRequest, pk: int) -> HttpResponse:
    return page("enterprise", row=Enterprise.objects.get(pk=pk))
