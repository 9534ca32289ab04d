"""Who courts a firm, who may own a target or a warning, which firms are here, and which leases are a matter for today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor, Reach
from yinfeng.core.keeping import kept
from yinfeng.core.models import Code, User
from yinfeng.core.scopes import within
from yinfeng.core.tables import day
from yinfeng.enterprises.models import TARGET_STATES, Enterprise, EnterpriseTag, Signal, Target
from yinfeng.enterprises.signals import is_here, lease_horizon, spellings
from yinfeng.orgs.models import Membership, Role, RoleGrant, Unit, in_force
from yinfeng.orgs.queries import brief_name, units_today

COURTING = tuple(state for state in TARGET_STATES if state != "dropped")
PENDING = ("listed", "contacted", "visiting", "negotiating")  # whose next step is still to be done
SIGNALS_PENDING = ("open", "handling")


@dataclass(frozen=True, slots=True)
class Courting:
    """A unit that courts a firm, as everybody may know it: nothing of what it plans."""

    target: int
    enterprise: int
    enterprise_name: str
    unit: int
    unit_name: str
    owner: str
    state: str
    since: date

    @property
    def sentence(self) -> str:
        return _("%(unit)s %(owner)s，%(state)s，%(day)s 起") % {
            "unit": self.unit_name, "owner": self.owner, "state": TARGET_STATES[self.state], "day": day(self.since),
        }  # fmt: skip


def courting(enterprises: Iterable[int], apart_from: Iterable[int] = ()) -> list[Courting]:
    """Return which units court the firms, the one that was first first; without those of ``apart_from``."""
    found = Target.objects.filter(enterprise__in=list(enterprises), state__in=COURTING)
    rows = found.exclude(unit__in=list(apart_from)).select_related("enterprise", "unit", "owner")
    return [
        Courting(
            row.pk, row.enterprise_id, row.enterprise.name, row.unit_id, row.unit.brief, str(row.owner), row.state,
            timezone.localtime(row.created_at).date(),
        )
        for row in rows.order_by("created_at", "pk")
    ]  # fmt: skip


def units_for(by: Actor, permission: str) -> QuerySet[Unit]:
    """Return the units for which the actor holds ``permission``; the city itself courts nobody, its units do."""
    return _units().filter(within(by.reach(permission), "pk")).order_by("order", "code")


def units_to_take_over() -> QuerySet[Unit]:
    """Return every unit to which a target or a warning can be handed over."""
    return _units().order_by("order", "code")


def _units() -> QuerySet[Unit]:
    return units_today().exclude(kind__in=["city", "leadership"])


def accounts_in_use() -> QuerySet[User]:
    """Return every account that can sign in; whether one may own a row, the service says."""
    return User.objects.filter(is_active=True)


def holders(permission: str, reach: Reach, also: int | None = None) -> QuerySet[User]:
    """Return the accounts that hold ``permission`` within a reach, and ``also`` one, each with the ``place`` where it belongs."""
    today = timezone.localdate()
    roles = [pk for pk, codes in Role.objects.values_list("pk", "permissions") if permission in codes]
    granted = RoleGrant.objects.filter(in_force(today), role__in=roles, role__is_closed=False)
    found = User.objects.filter(pk__in=granted.values("user"), is_active=True)
    if not reach.everywhere:
        here = granted.filter(unit__in=reach.units).values("user")
        posted = Membership.objects.filter(in_force(today), unit__in=reach.units)
        found = found.filter(Q(pk__in=here) | Q(pk__in=posted.values("person__user")) | Q(pk=also))
    posts = Membership.objects.filter(in_force(today), person__user=OuterRef("pk")).order_by("-is_main", "pk")
    grants = granted.filter(user=OuterRef("pk")).order_by("pk")
    places = [Subquery(rows.annotate(place=brief_name()).values("place")[:1]) for rows in (posts, grants)]
    return found.annotate(place=Coalesce(*places)).order_by("place", "name", "pk")


# --- firms already here -------------------------------------------------------------------------------------------

HERE = (
    "local"  # the tag of a firm that is registered elsewhere, or nobody knows where, and has its works here
)


def home_city(on: date) -> str:
    """Return the city's name as its profile's division code has it (350200 厦门市); empty when it names none."""
    code = core.rules("city", on).get("city", {}).get("division") or ""

    def name() -> str:
        return Code.objects.filter(table="division", code=code).values_list("name", flat=True).first() or ""

    return kept(("home city", code), name) if code else ""


def is_local(enterprise: Enterprise) -> bool:
    """Say whether a firm is here: its city is the home city, not known, or it is tagged as being here."""
    home = home_city(timezone.localdate())
    if not home or not enterprise.city or is_here(enterprise.city, home):
        return True
    return enterprise.tags.filter(tag=HERE).exists()


def locals_among(enterprises: Iterable[int], home: str) -> QuerySet[Enterprise]:
    """Return those of the firms that are known to be here, by their city or by their tag."""
    tagged_here = EnterpriseTag.objects.filter(tag=HERE, enterprise=OuterRef("pk"))
    here = Q(Exists(tagged_here)) | Q(city__in=spellings(home))
    return Enterprise.objects.filter(here, pk__among=list(enterprises))


def horizon(today: date) -> date:
    """Return the last end of a lease that is a matter for today."""
    return lease_horizon(today, core.rules("moving_away", today))


def at_hand(until: date) -> Q:
    """Say which warnings are a matter for today: all but leases, the only ones with an end, that end after ``until`` (``horizon``)."""
    return ~Q(due_date__gt=until)


def is_waiting(state: str, due: date | None) -> bool:
    """Say whether a warning is of a lease (only these have an end) that ends too far off to be a matter for the day."""
    return state in SIGNALS_PENDING and due is not None and due > horizon(timezone.localdate())


def told_from(due: date, today: date) -> date:
    """Return the day from which the end of a lease on ``due`` is a matter for the day."""
    until = horizon(today)
    return due if until == date.max else due - (until - today)


def not_told(today: date) -> QuerySet[Signal]:
    """Return the warnings of leases that came near their end without their owner having been told of this day."""
    pending = Signal.objects.filter(kind="lease", state__in=SIGNALS_PENDING).exclude(owner=None)
    new = Q(told_date=None) | ~Q(told_date=F("due_date"))
    return pending.filter(new, due_date__lte=horizon(today)).order_by("pk")
