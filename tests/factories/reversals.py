"""Reversing an entry of the ledger as two people do it: one proposes, another confirms."""

from __future__ import annotations

from tests.factories import make_user
from yinfeng.core.actors import Actor
from yinfeng.core.models import User
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import services
from yinfeng.projects.models import Entry

CHECKER = "checker"


def checker() -> Actor:
    """Return the colleague of the city's office who confirms what others propose."""
    known = User.objects.filter(username=CHECKER).first()
    permissions = ["projects.project.view", "projects.project.view_sensitive", "projects.project.verify"]
    return actor_for(known or make_user("复核", Unit.objects.get(parent=None), permissions, username=CHECKER))


def reverse_entry(*, by: Actor, entry: Entry, reason: str) -> Entry:
    """Propose to reverse an entry, let another confirm it, and return the opposite entry."""
    reversal = services.ask_reversal(by=by, entry=entry, reason=reason)
    return services.approve_reversal(by=checker(), reversal=reversal)
