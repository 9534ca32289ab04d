"""Who calls the API: a token's owner within the token's scopes, or the person of the desk's session.

Apart from ``api`` because Django REST framework imports this while it is itself being imported.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from yinfeng.core.actors import actor_of
from yinfeng.core.models import ApiToken
from yinfeng.core.services import hash_token, touch_token


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer yf_…``: acts as the token's owner, within the token's scopes."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        scheme, _space, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = ApiToken.objects.select_related("owner").filter(secret_hash=hash_token(secret)).first()
        now = timezone.now()
        if token is None or token.revoked_at or token.expires_at <= now or not token.owner.is_active:
            raise exceptions.AuthenticationFailed(_("接口密钥无效、已停用或已过期。"))
        touch_token(token, now)
        found = actor_of(token.owner)
        grants = {code: reach for code, reach in found.grants.items() if code in token.scopes}
        request._request.actor = replace(  # type: ignore[attr-defined]
            found, grants=grants, source="api", address=request.META.get("REMOTE_ADDR", "")[:64]
        )
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """The desk's own session, with its CSRF check, for scripts of our pages and for trying the API out."""


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "yinfeng.core.api_access.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "yinfeng.core.api_access.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class IsSignedIn(permissions.BasePermission):
    """Whoever signed in or sent a valid token; what he may see and do, scopes and services decide."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated)
