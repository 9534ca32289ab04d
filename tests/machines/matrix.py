"""The permission matrix: every route, the permission that opens it, whose row it is about.

Read it as the document of who may open what. ``permission`` is what the page asks at its door; what may be done with a row
beyond looking is in the truth tables of each app's services.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yinfeng.core.web import PUBLIC, SIGNED_IN


@dataclass(frozen=True)
class Route:
    """``row`` names the world's row in the address; ``owned`` rows are out of the other district's sight (404)."""

    permission: str
    row: str = ""
    owned: bool = False
    everyone: bool = False
    statuses: frozenset[int] = frozenset({200})
    more: dict[str, Any] = field(default_factory=dict)

    def arguments(self, rows: dict[str, Any]) -> dict[str, Any]:
        """Return the address's arguments for the world's rows."""
        return ({"pk": rows[self.row].pk} if self.row else {}) | self.more

    @property
    def shows(self) -> tuple[str, ...]:
        return ("GET",) if 200 in self.statuses else ()


def page(permission: str, row: str = "", **more: Any) -> Route:
    return Route(permission, row, **more)


def own(permission: str, row: str, *statuses: int, **arguments: Any) -> Route:
    """A page about a row that only its own district sees."""
    return Route(permission, row, owned=True, statuses=frozenset(statuses or (200,)), more=arguments)


POST_ONLY = frozenset({405})
MOVES = frozenset({200, 409})

MATRIX: dict[str, Route] = {
    # the core
    "home": page(SIGNED_IN),
    "search": page(SIGNED_IN),
    "search-suggest": page(SIGNED_IN),
    "notices": page(SIGNED_IN),
    "notice": own(SIGNED_IN, "notice", 302),
    "file": own(SIGNED_IN, "file"),
    "file-remove": own(SIGNED_IN, "file"),
    "file-add": own(SIGNED_IN, "project", kind="projects.project"),
    "follow": own(SIGNED_IN, "project", 405, kind="projects.project"),
    "unfollow": own(SIGNED_IN, "project", 405, kind="projects.project"),
    "view-save": page(SIGNED_IN, statuses=POST_ONLY),
    "view-delete": own(SIGNED_IN, "view", 405),
    "jobs": page(SIGNED_IN),
    "job": own(SIGNED_IN, "job"),
    "job-result": own(SIGNED_IN, "job"),
    "job-move": own(SIGNED_IN, "job", move="retry"),
    "tokens": page(SIGNED_IN),
    "token-new": page(SIGNED_IN),
    "token-revoke": own(SIGNED_IN, "token"),
    "audit": page("core.audit.view"),
    "set_language": Route(PUBLIC, statuses=frozenset({302})),
    "account_login": Route(PUBLIC, statuses=frozenset({302})),
    "account_logout": Route(PUBLIC, statuses=frozenset({200})),
    "account_inactive": Route(PUBLIC),
    "account_change_password": page(SIGNED_IN),
    "account_set_password": page(SIGNED_IN, statuses=frozenset({302})),
    "api-schema": Route(SIGNED_IN),
    "api-docs": Route(SIGNED_IN),
}
