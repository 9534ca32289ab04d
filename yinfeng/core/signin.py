"""Record who signed in, failed to, was locked out, or left: the log of GB/T 22239-2019 8.1.4.3 a–b."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core.actors import Actor
from yinfeng.core.models import User
from yinfeng.core.prepared import prepared


def _actor(request: HttpRequest | None, user: User | None, name: str = "") -> Actor:
    address = request.META.get("REMOTE_ADDR", "") if request else ""
    return Actor(
        user_id=user.pk if user else None,
        name=str(user) if user else name[:100],
        source="web",
        address=address,
    )


def _signed_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    events.record(by=_actor(request, user), verb="core.user.signed_in", obj=user)


def _signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        events.record(by=_actor(request, user), verb="core.user.signed_out", obj=user)


def _failed(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    name = str(
        credentials.get("username") or credentials.get("login") or credentials.get("email") or _("未知账号")
    )
    events.record(
        by=_actor(request, None, name), verb="core.user.sign_in_failed", obj=User(username=name[:150])
    )


def _locked_out(sender: Any, request: HttpRequest, username: str | None = None, **kwargs: Any) -> None:
    name = username or _("未知账号")
    events.record(by=_actor(request, None, name), verb="core.user.locked_out", obj=User(username=name[:150]))


@prepared
def _account(pk: int) -> QuerySet[User]:
    return User.objects.filter(pk=pk)


class Backend(AuthenticationBackend):
    """allauth's sign-in; who a session belongs to is asked at every request, by a query worded once."""

    def get_user(self, user_id: Any) -> User | None:
        found = next(iter(_account(int(user_id))), None)
        return found if self.user_can_authenticate(found) else None


def connect() -> None:
    """Listen to Django's and axes' sign-in signals."""
    user_logged_in.connect(_signed_in, dispatch_uid="yinfeng.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="yinfeng.signed_out")
    user_login_failed.connect(_failed, dispatch_uid="yinfeng.sign_in_failed")
    user_locked_out.connect(_locked_out, dispatch_uid="yinfeng.locked_out")
