"""How allauth and axes meet our accounts: no self sign-up, one count of wrong passwords per account, password changes on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from yinfeng.core.actors import Actor
from yinfeng.core.models import User
from yinfeng.orgs import services


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from invitations only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Say whether an address is one of ours; allauth's own answer to one that cannot be read is an error."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def set_password(self, user: User, password: str) -> None:
        """Keep the new password and record who changed it."""
        by: Actor = self.request.actor
        services.change_password(by=by, user=user, password=password)


def name_to_lock(request: HttpRequest | None, credentials: Mapping[str, Any] | None) -> str | None:
    """Return the user name under which wrong passwords are counted, whether it or the e-mail address was typed.

    Without it django-axes finds no name in what allauth hands over, and an account could be tried from many addresses.
    """
    given = dict(credentials or {})
    typed = next((given[key] for key in ("username", "login", "email") if given.get(key)), None)
    if typed is None and request is not None:
        typed = request.POST.get("login")
    if not typed:
        return None
    name = str(typed).strip().lower()[:150]
    if "@" in name:
        owner = User.objects.filter(email__iexact=name).values_list("username", flat=True).first()
        return (owner or name).lower()
    return name
