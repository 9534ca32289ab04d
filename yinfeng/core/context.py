"""What every page of the desk shows around its content."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from yinfeng.core import queries
from yinfeng.core.actors import ANONYMOUS
from yinfeng.core.navigation import navigation


def desk(request: HttpRequest) -> dict[str, Any]:
    """Return navigation, the person, and what waits in the bell; fragments and anonymous pages cost no query."""
    by = getattr(request, "actor", ANONYMOUS)
    frame: dict[str, Any] = {"by": by}
    if getattr(request, "htmx", False):
        return frame
    if by.user_id is None:
        return frame | {"brand": queries.city()}
    nav = navigation(by, request.path)
    return {
        **frame,
        **queries.around(by),
        "nav": nav,
        "nav_key": " ".join(
            f"{item['url']}{'*' * item['active']}" for section in nav for item in section["items"]
        ),
        "me": {"name": by.name, "unit": by.unit_name, "initials": by.name.partition("（")[0][-2:]},
    }
