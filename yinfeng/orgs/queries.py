"""Who a signed-in account is: its units and the reach of each permission; and what others ask about units and people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, count
from typing import Any, NamedTuple

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    JSONField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core.actors import NOWHERE, Actor, Reach
from yinfeng.core.language import in_english
from yinfeng.core.models import Code, User
from yinfeng.core.prepared import prepared
from yinfeng.orgs.models import (
    Body,
    Membership,
    Person,
    Role,
    RoleGrant,
    Seat,
    SeatTerm,
    Unit,
    UnitVersion,
    in_force,
)

ASSIGN = "orgs.role.assign"


def brief_name(unit: str = "unit__") -> Coalesce:
    """Return for a query what ``Unit.brief`` says of the unit to which ``unit`` leads; “” in a query for units."""
    names = ["name_en", "short_name"] if in_english() else ["short_name"]
    return Coalesce(*(NullIf(f"{unit}{name}", Value("")) for name in names), F(f"{unit}name"))


def may_assign(role_code: str) -> str:
    """Return the key under which an actor's grants hold the right to hand out one role (``Role.assigns``)."""
    return f"{ASSIGN}:{role_code}"


def actor_for(user: User, day: date | None = None) -> Actor:
    """Return the Actor of an account in one query at most: its person, its roles and posts in force, with the units below theirs.

    A grant at the root of the tree reaches everywhere. The units a person acts for are those of his posts and of his
    grants below the root, each with everything below it, closed units too: their rows must stay in somebody's sight.
    """
    today = day or timezone.localdate()
    if not user.is_active:
        return Actor(user_id=user.pk, name=str(user))
    found = list(map(_Held._make, _roles_and_posts(user.pk, today)))
    held = sorted((place for place in found if place.unit_id is not None), key=_Held.rank)
    grants: defaultdict[str, Reach] = defaultdict(lambda: NOWHERE)
    for role in held:
        if role.permissions is not None:
            reach = Reach(everywhere=role.is_at_root, units=frozenset() if role.is_at_root else role.units)
            for permission in (*role.permissions, *map(may_assign, role.assigns or [])):
                grants[permission] |= reach
    return Actor(
        user_id=user.pk,
        name=str(user),
        unit_id=held[0].unit_id if held else None,
        unit_name=(held[0].short_name or held[0].unit_name) if held else "",
        unit_ids=frozenset().union(*(place.units for place in held if place.permissions is None or not place.is_at_root)),
        grants=dict(grants),
        day=today,
        person_id=next((who.pk for who in found if who.unit_id is None), None),
    )  # fmt: skip


class _Held(NamedTuple):
    """A role (with its permissions) or a post (without) that somebody holds in a unit; without a unit: who he is."""

    pk: int
    unit_id: int | None
    parent_id: int | None
    unit_name: str
    short_name: str
    below: str
    permissions: list[str] | None
    assigns: list[str] | None
    is_main: bool

    @property
    def is_at_root(self) -> bool:
        return self.parent_id is None

    @property
    def units(self) -> frozenset[int]:
        """The unit and everything below it."""
        return frozenset(map(int, self.below.split(",")))

    def rank(self) -> tuple[bool, bool, int]:
        """Put the main post first, other posts before roles."""
        return (not self.is_main, self.permissions is not None, self.pk)


class Joined(Func):
    """The values of a subquery's column as one text, separated by commas."""

    function = "STRING_AGG"
    template = "%(function)s((%(expressions)s)::text, ',')"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return super().as_sql(
            compiler, connection, function="GROUP_CONCAT", template="%(function)s(%(expressions)s)", **context
        )


@prepared
def _roles_and_posts(user: int, today: date) -> QuerySet[Any, Any]:
    """The fields of ``_Held``, for the person and each role and post in force."""
    below = Unit.objects.filter(path__startswith=OuterRef("unit__path")).order_by().annotate(all=Joined("pk"))
    names = ("unit_id", "unit__parent_id", "unit__name", "unit__short_name")
    place: list[Any] = [*names, Subquery(below.values("all"))]
    roles = (
        RoleGrant.objects.filter(in_force(today), in_force(today, "unit"), user=user, role__is_closed=False)
        .order_by()
        .values_list("pk", *place, "role__permissions", "role__assigns", Value(False, BooleanField()))
    )
    posts = (
        Membership.objects.filter(in_force(today), in_force(today, "unit"), person__user=user)
        .order_by()
        .values_list("pk", *place, Value(None, JSONField()), Value(None, JSONField()), "is_main")
    )
    number, text = Value(None, BigIntegerField()), Value(None, TextField())
    nothing = (number, number, text, text, text, Value(None, JSONField()), Value(None, JSONField()))
    person = (
        Person.objects.filter(user=user).order_by().values_list("pk", *nothing, Value(False, BooleanField()))
    )
    return roles.union(posts, person, all=True)


# --- units --------------------------------------------------------------------------------------------------------


def units_on(day: date) -> QuerySet[Any]:
    """Return the units that exist on a day, in the order of the tree."""
    return Unit.objects.filter(in_force(day)).order_by("path", "order")


def units_today() -> QuerySet[Any]:
    """Return the units that exist today, in the order of the tree."""
    return units_on(timezone.localdate())


def with_kept(units: QuerySet[Any], *kept: int | None) -> QuerySet[Any]:
    """Return the units of a query and those that a row names already, closed ones too: saving it does not take them off."""
    known = [pk for pk in kept if pk is not None]
    wanted = Q(pk__in=units.order_by().values("pk")) | Q(pk__in=known)
    return Unit.objects.filter(wanted).order_by("order", "code") if known else units


def hosts(day: date | None = None) -> QuerySet[Any]:
    """Return the units that can host or report a project on a day (today): districts, zones, departments, SOEs, command posts."""
    kinds = ["district", "zone", "government", "party", "soe", "command", "association", "office"]
    return units_on(day or timezone.localdate()).filter(kind__in=kinds).order_by("order", "code")


# The kinds of units in which a project can land.
LANDING_KINDS = {"district", "zone"}


def is_of_district(unit: Unit) -> bool:
    """Say whether a unit is a district or zone, or lies below one."""
    above = [code for code in unit.path.split("/") if code]
    return Unit.objects.filter(code__in=above, kind__in=LANDING_KINDS).exists()


def working_groups() -> QuerySet[Any]:
    """Return the industrial working groups of the leader group that exist today (clause 1.2)."""
    return units_today().filter(kind="group").exclude(industries=[]).order_by("order", "code")


def groups_for(industry: str, section: str) -> list[Unit]:
    """Return the working groups that look after an industry, given by its GB/T 4754 code and its section's letter."""
    codes = [section, *(industry[:length] for length in range(2, len(industry) + 1))]
    return [unit for unit in working_groups() if set(codes) & set(unit.industries)]


def groups_for_industry(industry: str) -> list[Unit]:
    """Return the working groups that look after an industry by its code alone (one more query for its section)."""
    if industry[:1].isalpha():
        return groups_for("", industry)
    section = (
        Code.objects.filter(table="industry", code=industry[:2]).values_list("parent", flat=True).first()
    )
    return groups_for(industry, section or "")


def members_of(collective: Unit) -> QuerySet[Any]:
    """Return the units that a collective name (各区, 市直各行业主管部门) stands for today."""
    meant = Q(collectives=collective)
    if collective.member_kind:
        meant |= Q(kind=collective.member_kind)
    return units_today().filter(meant).distinct()


def below(unit: Unit) -> QuerySet[Unit]:
    """Return the unit and everything below it."""
    return Unit.objects.filter(path__startswith=unit.path)


def root_unit() -> Unit | None:
    """Return the root of the tree: the city."""
    return Unit.objects.filter(parent=None, valid_to=None).order_by("pk").first()


# --- people -------------------------------------------------------------------------------------------------------


def users_of_units(unit_ids: Iterable[int], permission: str) -> set[int]:
    """Return the accounts that hold ``permission`` by a grant at exactly one of the units: whom to notify."""
    today = timezone.localdate()
    held = RoleGrant.objects.filter(
        in_force(today), unit__in=list(unit_ids), role__is_closed=False, user__is_active=True
    )
    return {user for user, codes in held.values_list("user_id", "role__permissions") if permission in codes}


def held_at(unit: str, permission: str, user_id: int | None = None) -> Exists:
    """Return for a query whether anybody (or the account) holds a permission by a grant at exactly the unit reached over ``unit``."""
    held = RoleGrant.objects.filter(
        in_force(timezone.localdate()), unit=OuterRef(unit), role__is_closed=False, user__is_active=True
    )
    if user_id is not None:
        held = held.filter(user=user_id)
    codes = Cast("role__permissions", TextField())
    return Exists(held.annotate(codes=codes).filter(codes__contains=f'"{permission}"'))


def people_of(unit: Unit) -> QuerySet[Membership]:
    """Return who holds a post in the unit today, the first hand first."""
    posts = unit.memberships.filter(in_force(timezone.localdate())).select_related("person")
    return posts.order_by("-is_first_hand", "pk")


# --- roles --------------------------------------------------------------------------------------------------------


def may_hand_out(by: Actor, role: Role, unit: Unit) -> bool:
    """Say whether the actor may give ``role`` for ``unit``: he holds all of it there, or his own role assigns it.

    Nobody can give what he lacks; an administrator, who does no business of his own, gives what ``Role.assigns`` names.
    """
    if by.may_at(may_assign(role.code), unit.pk):
        return True
    return by.may_at(ASSIGN, unit.pk) and all(
        by.may_at(code, unit.pk) for code in (*role.permissions, *map(may_assign, role.assigns))
    )


def roles_to_hand_out(by: Actor) -> QuerySet[Role]:
    """Return the roles that the actor may give for some unit."""
    if by.is_system:
        return open_roles()
    allowed = [
        role.pk
        for role in open_roles()
        if by.may(may_assign(role.code)) or (by.may(ASSIGN) and all(map(by.may, role.permissions)))
    ]
    return Role.objects.filter(pk__in=allowed)


def active_administrators(day: date) -> QuerySet[RoleGrant]:
    """Return the grants of those who can hand out roles for the whole city: without one nobody can let anybody in."""
    held = RoleGrant.objects.filter(
        in_force(day), unit__parent=None, role__is_closed=False, user__is_active=True
    )
    administering = [pk for pk, codes in Role.objects.values_list("pk", "permissions") if ASSIGN in codes]
    return held.filter(role__in=administering)


# --- what filters and forms ask -----------------------------------------------------------------------------------


def _posts_in(unit: Unit) -> QuerySet[Membership]:
    return Membership.objects.filter(in_force(timezone.localdate()), unit__path__startswith=unit.path)


def people_in(unit: Unit) -> QuerySet[Membership, Any]:
    """Return the ids of the people with a post in a unit or below it."""
    return _posts_in(unit).values("person")


def accounts_in(unit: Unit) -> Q:
    """Return the Q of accounts that have a role or a post in a unit or below it."""
    granted = RoleGrant.objects.filter(in_force(timezone.localdate()), unit__path__startswith=unit.path)
    posted = _posts_in(unit).exclude(person__user=None)
    return Q(pk__in=granted.values("user")) | Q(pk__in=posted.values("person__user"))


def accounts_with_role(code: str) -> QuerySet[RoleGrant, Any]:
    """Return the ids of the accounts that hold a role today, wherever."""
    return RoleGrant.objects.filter(in_force(timezone.localdate()), role__code=code).values("user")


def people() -> QuerySet[Person]:
    """Return everybody who is known, by name."""
    return Person.objects.order_by("name")


def is_taken(username: str) -> bool:
    """Say whether an account has the user name, in whatever case."""
    return User.objects.filter(username__iexact=username).exists()


# --- what lists and pages show ------------------------------------------------------------------------------------


def first_hands(units: Iterable[Unit]) -> dict[int, str]:
    """Return the name of each unit's first hand today, by unit."""
    posts = Membership.objects.filter(
        in_force(timezone.localdate()), unit__in=list(units), is_first_hand=True
    )
    return dict(posts.values_list("unit_id", "person__name"))


def posts_of(people: Iterable[int]) -> dict[int, list[str]]:
    """Return the posts each person holds today in words, the main one first."""
    posts = Membership.objects.filter(in_force(timezone.localdate()), person__in=list(people)).select_related(
        "unit"
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for post in posts.order_by("-is_main", "pk"):
        found[post.person_id].append(f"{post.unit.brief} {post.position}")
    return found


def roles_of(users: Iterable[int]) -> dict[int, list[str]]:
    """Return the roles each account holds today in words."""
    grants = RoleGrant.objects.filter(
        in_force(timezone.localdate()), user__in=list(users), role__is_closed=False
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for grant in grants.select_related("role", "unit").order_by("pk"):
        found[grant.user_id].append(f"{grant.role.label}（{grant.unit.brief}）")
    return found


# --- bodies -------------------------------------------------------------------------------------------------------


def bodies_today() -> list[Any]:
    """Return the bodies in force today, each with its ``open_seats`` (and their ``open_terms``) and its industries."""
    today = timezone.localdate()
    terms = SeatTerm.objects.filter(in_force(today)).select_related("person").order_by("pk")
    seats = Seat.objects.filter(in_force(today)).order_by("order", "pk")
    seats = seats.prefetch_related(Prefetch("terms", queryset=terms, to_attr="open_terms"))
    bodies = list(
        Body.objects.filter(in_force(today))
        .select_related("unit")
        .prefetch_related(Prefetch("seats", queryset=seats, to_attr="open_seats"))
    )
    names = _industry_labels({code for body in bodies for code in body.unit.industries})
    for body in bodies:
        body.industry_text = _("、").join(names[code] for code in body.unit.industries if code in names)
    return bodies


def seats_of(body: Body) -> list[Any]:
    """Return a body's seats, those in force first, each with ``all_terms``: who holds and who held it."""
    terms = SeatTerm.objects.select_related("person").order_by("-valid_from", "-pk")
    seats = body.seats.select_related("unit").prefetch_related(
        Prefetch("terms", queryset=terms, to_attr="all_terms")
    )
    return sorted(seats, key=lambda seat: (seat.valid_to is not None, seat.order, seat.pk))


def seat(pk: int) -> Seat | None:
    """Return a seat with its body; seats are as open to readers as their body."""
    return Seat.objects.select_related("body", "unit").filter(pk=pk).first()


def seat_term(pk: int) -> SeatTerm | None:
    """Return somebody's term on a seat with its body."""
    return SeatTerm.objects.select_related("seat__body", "person").filter(pk=pk).first()


def post(pk: int) -> Membership | None:
    """Return a person's post in a unit."""
    return Membership.objects.select_related("person", "unit").filter(pk=pk).first()


def clauses_about_bodies() -> QuerySet[Code]:
    """Return the clauses of the policy's first part, which set up the bodies."""
    return Code.objects.filter(table="clause", code__startswith="1.").order_by("order")


def clause_label(clause: str) -> str:
    """Return a clause's number and title."""
    entry = Code.objects.filter(table="clause", code=clause).first()
    return f"{clause} {entry.label}" if entry else clause


def clauses_naming(unit: Unit) -> list[tuple[Code, bool]]:
    """Return the clauses of the policy that name a unit, each with whether it leads there.

    Named are those that a clause's tasks fall to, by name or by a collective name that stands for the unit, and those that
    the unit's own record lists (clauses of the policy's first part have no lines of tasks).
    """
    names = {unit.code, *collectives_of(unit).values_list("code", flat=True)}
    found = []
    for clause in Code.objects.filter(table="clause").order_by("order"):
        leads = bool(names & set(clause.data.get("lead_units", [])))
        if leads or names & set(clause.data.get("responsible_units", [])) or clause.code in unit.clauses:
            found.append((clause, leads))
    return found


def collectives_of(unit: Unit) -> QuerySet[Unit]:
    """Return the collective names (各区, 市直各行业主管部门) that stand for a unit."""
    return Unit.objects.filter(Q(members=unit) | Q(member_kind=unit.kind, kind="collective")).distinct()


def _industry_labels(codes: set[str]) -> dict[str, str]:
    return {entry.code: entry.label for entry in Code.objects.filter(table="industry", code__in=codes)}


def industry_names(codes: Iterable[str]) -> str:
    """Return industries in words."""
    wanted = list(codes)
    names = _industry_labels(set(wanted))
    return _("、").join(f"{code} {names.get(code, '')}".strip() for code in wanted)


def children_of(unit: Unit) -> QuerySet[Unit]:
    """Return the units directly below one that exist today."""
    return Unit.objects.filter(in_force(timezone.localdate()), parent=unit).order_by("order", "code")


def grants_at(unit: Unit) -> QuerySet[RoleGrant]:
    """Return the roles held at exactly this unit today."""
    held = RoleGrant.objects.filter(in_force(timezone.localdate()), unit=unit, role__is_closed=False)
    return held.select_related("user", "role").order_by("role__order", "pk")


def posts_held(person: Person) -> list[Membership]:
    """Return every post a person holds or held, the present ones first."""
    posts = person.memberships.select_related("unit")
    return sorted(posts, key=lambda item: (item.valid_to is not None, not item.is_main, -item.pk))


def seats_held(person: Person) -> QuerySet[SeatTerm]:
    """Return every seat a person holds or held, the newest first."""
    return person.seat_terms.select_related("seat__body").order_by("-valid_from", "-pk")


def open_roles() -> QuerySet[Role]:
    """Return the roles that can be held, in the profile's order."""
    return Role.objects.filter(is_closed=False).order_by("order", "code")


def holders_by_role() -> dict[int, int]:
    """Return how many accounts that can sign in hold each role today."""
    held = RoleGrant.objects.filter(in_force(timezone.localdate()), user__is_active=True).order_by()
    return dict(held.values_list("role").annotate(n=Count("user", distinct=True)))


def grants_of(user: User) -> list[RoleGrant]:
    """Return every role an account holds or held, the present ones first."""
    grants = RoleGrant.objects.filter(user=user.pk).select_related("role", "unit", "granted_by")
    return sorted(grants, key=lambda grant: (grant.valid_to is not None, -grant.pk))


def free_username(wanted: str) -> str:
    """Return ``wanted`` or, when an account has it, the first of wanted-2, wanted-3 … that none has."""
    taken = set(User.objects.filter(username__startswith=wanted).values_list("username", flat=True))
    return next(
        name for name in chain([wanted], (f"{wanted}-{number}" for number in count(2))) if name not in taken
    )


# --- search -------------------------------------------------------------------------------------------------------


def unit_entries(ids: Sequence[int]) -> Iterator[search.Entry]:
    """Yield by what units are found: their present, short, English, other and former names."""
    former: defaultdict[int, list[str]] = defaultdict(list)
    for owner, name in UnitVersion.objects.filter(unit__in=ids).values_list("unit_id", "name"):
        former[owner].append(name)
    for row in Unit.objects.filter(pk__in=ids):
        texts = [row.short_name, row.name_en, *row.aliases, *former[row.pk]]
        yield search.Entry(events.type_of(row), row.pk, row.name, [text for text in texts if text])


def person_entries(ids: Sequence[int]) -> Iterator[search.Entry]:
    """Yield by what people are found: their names."""
    for row in Person.objects.filter(pk__in=ids):
        yield search.Entry(events.type_of(row), row.pk, row.name)
