"""Who acts: the frozen answer to “what may this person do, and for which units”, worked out once per request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.errors import Forbidden

if TYPE_CHECKING:
    from yinfeng.core.models import User


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a permission goes: everywhere, or the units (with all below them) it was granted for."""

    everywhere: bool = False
    units: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.units)

    def __or__(self, other: Reach) -> Reach:
        return Reach(self.everywhere or other.everywhere, self.units | other.units)


NOWHERE = Reach()


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or the system) as services and scopes see it.

    ``unit_ids`` are the units the person acts for with everything below them; ``grants`` maps a permission code to
    its reach: those of an API token are cut to what the token may. ``person_id`` is who the account is among the people
    of the organisation, if anybody. ``day`` is the one on which all this holds: what ends
    with a day is seen until then.
    """

    user_id: int | None
    name: str
    unit_id: int | None = None
    unit_name: str = ""
    unit_ids: frozenset[int] = frozenset()
    grants: Mapping[str, Reach] = field(default_factory=dict)
    is_system: bool = False
    source: str = "web"
    address: str = ""
    day: date = field(default_factory=clock.today)
    person_id: int | None = None

    def reach(self, permission: str) -> Reach:
        """Return how far ``permission`` goes for this actor."""
        if self.is_system:
            return Reach(everywhere=True)
        return self.grants.get(permission, NOWHERE)

    def may(self, permission: str) -> bool:
        """Say whether the actor holds ``permission`` anywhere."""
        return bool(self.reach(permission))

    def may_at(self, permission: str, unit_id: int | None) -> bool:
        """Say whether the actor holds ``permission`` for this unit."""
        reach = self.reach(permission)
        return reach.everywhere or unit_id in reach.units

    def require(self, permission: str, sentence: str | Promise = _("您没有进行这项操作的权限。")) -> None:
        """Raise Forbidden with ``sentence`` unless the actor holds ``permission`` somewhere."""
        if not self.may(permission):
            raise Forbidden(sentence)

    def require_at(
        self,
        permission: str,
        unit_id: int | None,
        sentence: str | Promise = _("您没有在该单位进行这项操作的权限。"),
    ) -> None:
        """Raise Forbidden with ``sentence`` unless the actor holds ``permission`` for this unit."""
        if not self.may_at(permission, unit_id):
            raise Forbidden(sentence)

    @property
    def is_known(self) -> bool:
        return self.is_system or self.user_id is not None


ANONYMOUS = Actor(user_id=None, name="")


def system(name: str = "system", source: str = "command") -> Actor:
    """Return the actor of a command or a scheduled task, who may do everything."""
    return Actor(user_id=None, name=name, is_system=True, source=source)


def actor_of(user: User) -> Actor:
    """Return the Actor of an account, as it stands now."""
    found: Actor = import_string(settings.YINFENG_ACTOR)(user)
    return found
