"""Per request: a number for the log, who acts, how long a session may last, and the one translator of errors to pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.log import log_response
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import stores
from yinfeng.core.actors import ANONYMOUS, Actor, actor_of
from yinfeng.core.errors import DomainError, sentence_for

Handler = Callable[[HttpRequest], HttpResponse]

TITLES = {
    400: gettext_lazy("请求有误"), 403: gettext_lazy("没有权限"), 404: gettext_lazy("找不到"), 405: gettext_lazy("不支持这种请求"), 409: gettext_lazy("未能完成"), 410: gettext_lazy("文件缺失"), 413: gettext_lazy("文件过大"),
    422: gettext_lazy("内容有误"), 429: gettext_lazy("操作太频繁"), 500: gettext_lazy("系统出错"), 503: gettext_lazy("暂时无法使用"), 507: gettext_lazy("空间不足"),
}  # fmt: skip


def client_address(get_response: Handler) -> Handler:
    """Take as the client's address the one that our proxy saw: the last of X-Forwarded-For (in use only behind one)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        last = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        with suppress(ValueError):  # came without the proxy's header: what the socket says stays
            request.META["REMOTE_ADDR"] = str(ip_address(last))
        return get_response(request)

    return middleware


API = "/api/v1/"
CODES = {403: "forbidden", 404: "missing", 405: "method_not_allowed", 500: "error"}


def request_id(get_response: Handler) -> Handler:
    """Give the request a number that every log line and the answer carry."""

    def middleware(request: HttpRequest) -> HttpResponse:
        number = uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=number, path=request.path[:200], method=request.method)
        with stores.taking_back():
            response = get_response(request)
        response["X-Request-Id"] = number
        return response

    return middleware


def session_limits(get_response: Handler) -> Handler:
    """End a session that idled too long or has lasted too long (GB/T 22239-2019 8.1.4.1 b)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        session = request.session
        if session.get("_auth_user_id"):
            now = timezone.now()
            began = datetime.fromisoformat(session.setdefault("began", now.isoformat()))
            seen = datetime.fromisoformat(session.get("seen", now.isoformat()))
            if now - began > settings.SESSION_ABSOLUTE or now - seen > settings.SESSION_IDLE:
                logout(request)
            elif "seen" not in session or (now - seen).total_seconds() > 60:
                session["seen"] = now.isoformat()  # once a minute, not a write per request
        return get_response(request)

    return middleware


def _actor_of(request: HttpRequest) -> Actor:
    user = getattr(request, "user", None)  # the API, when it refuses somebody unknown, leaves None there
    if user is None or not user.is_authenticated:
        return ANONYMOUS
    return replace(actor_of(user), source="web", address=request.META.get("REMOTE_ADDR", "")[:64])


def actor(get_response: Handler) -> Handler:
    """Put the lazily worked-out Actor on the request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: _actor_of(request))  # type: ignore[attr-defined]
        response = get_response(request)
        if getattr(request.user, "is_authenticated", False) and not request.path.startswith(
            settings.STATIC_URL
        ):
            response.setdefault("Cache-Control", "no-store")
        return response

    return middleware


class DomainErrors:
    """Answer a DomainError with its sentence: a page, a fragment for HTMX, or JSON for whoever asked for JSON."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        meant = sentence_for(error)
        if meant is None:
            return None
        response = explain(request, meant)
        if meant.status >= 500:  # a fault of the system: the log tells it once, with its place
            log_response(str(error), request=request, response=response, exception=error)
        return response


def explain(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Render the error's sentence with its status."""
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"code": error.code, "sentence": str(error.sentence)}, status=error.status)
    return error_page(
        request,
        error.status,
        str(error.sentence),
        reasons=[str(text) for text in getattr(error, "reasons", ())],
    )


def is_ours(request: HttpRequest, address: str) -> bool:
    """Say whether an address is one of this site: nobody is sent elsewhere by what a browser claims."""
    return bool(address) and url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )


def error_page(request: HttpRequest, status: int, sentence: str, **more: Any) -> HttpResponse:
    """Render the page of an error status; under the API the same sentence as JSON."""
    if request.path.startswith(API):
        return JsonResponse({"code": CODES.get(status, "refused"), "sentence": sentence}, status=status)
    signed_in = getattr(request, "user", None) is not None and request.user.is_authenticated
    # What was sent was refused: back to where it was sent from. A bad request may have no host to tell ours by.
    is_refusal = request.method == "POST" and status != 400
    came_from = request.headers.get("Referer", "") if is_refusal else ""
    if not signed_in:
        next_step = {"label": _("登录"), "url": reverse("account_login")}
    elif is_ours(request, came_from):
        next_step = {"label": _("返回刚才的页面"), "url": came_from}
    else:
        next_step = {"label": _("回到工作台"), "url": reverse("home")}
    context = {
        "status": status,
        "title": TITLES.get(status, _("未能完成")),
        "sentence": sentence,
        "next": next_step,
        **more,
    }
    return render(request, "core/error.html", context, status=status)
