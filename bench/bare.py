"""The least that shows the same rows: one indexed query and one template, without sign-in, scopes, filters or frame."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from yinfeng.core.tables import PAGE_ROWS
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects.models import Project


def projects(request: HttpRequest) -> HttpResponse:
    found = Project.objects.select_related("enterprise", "host_unit").order_by("-pk")[:PAGE_ROWS]
    return render(request, "bench/projects.html", {"rows": found})


def project(request: HttpRequest, pk: int) -> HttpResponse:
    found = Project.objects.select_related("enterprise", "host_unit", "lead", "created_by").get(pk=pk)
    return render(request, "bench/project.html", {"row": found})


def enterprises(request: HttpRequest) -> HttpResponse:
    return render(request, "bench/enterprises.html", {"rows": Enterprise.objects.order_by("-pk")[:PAGE_ROWS]})


def enterprise(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "bench/enterprise.html", {"row": Enterprise.objects.get(pk=pk)})
