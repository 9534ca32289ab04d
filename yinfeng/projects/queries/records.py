"""What pages and services ask about leads and projects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter, itemgetter
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, Coalesce, NullIf, RowNumber, Substr
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.language import in_english
from yinfeng.core.models import Code, Event, User
from yinfeng.core.prepared import prepared
from yinfeng.core.scopes import one_by_one, with_actions
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.queries import LookAlike, similar
from yinfeng.orgs.models import Role, RoleGrant, Unit, in_force
from yinfeng.orgs.queries import brief_name, hosts, units_today
from yinfeng.projects import stages
from yinfeng.projects.models import (
    Area,
    Lead,
    Participation,
    Project,
    ProjectLink,
    ProjectQuerySet,
    Talk,
    TeamMember,
    Transfer,
)
from yinfeng.projects.queries.lights import still_for
from yinfeng.projects.queries.schedule import Schedule, due_month, schedule_from, sums_until

OPEN_LEADS = (stages.REGISTERED, stages.QUALIFIED)
OPEN_PROJECTS = (stages.ONGOING, stages.ON_HOLD)


def name_of(field: str) -> Subquery:
    """Return the name of the account in a field, as ``str`` of it has it, for ``annotate``."""
    account = User.objects.filter(pk=OuterRef(field))
    return Subquery(account.values(shown=Coalesce(NullIf("name", Value("")), "username")))


def known_codes(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of the (table, code) pairs that the profile has."""
    wanted = Q(pk__in=[])
    for table, code in pairs:
        wanted |= Q(table=table, code=code)
    return set(Code.objects.filter(wanted).values_list("table", "code"))


# --- clashes ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clash:
    """Another unit's lead or project of the same enterprise: the unit, the stage, since when. No name, amount or person.

    ``url`` is there only for who may see the row anyway.
    """

    unit: str
    stage: str
    since: date
    count: int = 1
    url: str = ""

    @property
    def sentence(self) -> str:
        values = {"unit": self.unit, "count": self.count, "stage": self.stage, "since": f"{self.since:%Y-%m}"}
        return _("%(unit)s已有 %(count)s 个“%(stage)s”（%(since)s 起）") % values


def find_enterprise(name: str, by: Actor) -> Enterprise | None:
    """Return the enterprise of the library that ``name`` means: by its registered name, another one, or as people call it."""
    return named(name, by)[0]


def named(name: str, by: Actor) -> tuple[Enterprise | None, list[LookAlike]]:
    """Return the enterprise that ``name`` means, or else those that it may mean, likeliest first."""
    if not by.may("enterprises.enterprise.view"):
        return None, []
    found = similar(name)
    if found and found[0].level == "same":
        return found[0].enterprise, []
    return None, [item for item in found if item.level == "possible"]


@dataclass(frozen=True, slots=True)
class Dealing:
    """A lead or project of an enterprise, of whatever unit; ``is_seen`` when the person may see it.

    ``at``: since when it names this enterprise, of a project that came of a lead the lead's time; ``progress_at``: when it
    last got on; ``is_growth``: it grows out of another project, which has that enterprise already.
    """

    is_project: bool
    pk: int
    title: str
    code: str
    stage: str
    holder: int
    unit: str
    at: datetime
    progress_at: datetime
    is_growth: bool
    is_open: bool
    is_own: bool
    is_seen: bool

    @property
    def key(self) -> str:
        """Return by what a form names it."""
        return f"{'project' if self.is_project else 'lead'}-{self.pk}"

    @property
    def url(self) -> str:
        return reverse("project" if self.is_project else "lead", args=[self.pk])

    @property
    def clash(self) -> Clash:
        """What may be told of it to other units."""
        stage = _("%(stage)s项目") % {"stage": stages.STAGES[self.stage]} if self.is_project else _("线索")
        since = timezone.localtime(self.at).date()
        return Clash(self.unit, stage, since, url=self.url if self.is_seen else "")


@prepared
def _dealings(by: Actor, enterprise: int, registered: bool) -> QuerySet[Any, Any]:
    def lines(rows: Any, is_project: bool, *told: Any) -> Any:
        rows = rows.order_by()
        seen = rows.annotate(may_view=Value(True)) if by.is_system else with_actions(rows, by, ["view"])
        return seen.values_list(Value(is_project, BooleanField()), "pk", *told, "may_view")

    nothing = Value("", CharField())
    leads = lines(
        Lead.objects.filter(enterprise=enterprise), False, "title", nothing, "state", "state", nothing, "handling_unit_id", "handling_unit_id",
        brief_name("handling_unit__"), Coalesce("named_at", "first_reported_at"), Coalesce("named_at", "first_reported_at"), Value(False, BooleanField()),
    )  # fmt: skip
    growth = ExpressionWrapper(Q(parent__isnull=False), BooleanField())
    told = (
        "name", "code", "stage", "status", "secrecy", "reporter_unit_id", Coalesce("host_unit_id", "reporter_unit_id"),
        Coalesce(brief_name("host_unit__"), brief_name("reporter_unit__")), Coalesce("named_at", "created_at"), "progress_at", growth,
    )  # fmt: skip
    legs = [lines(Project.objects.filter(enterprise=enterprise), True, *told)]
    if registered:
        others = Project.objects.filter(registered_firm=enterprise).exclude(enterprise=enterprise)
        legs.append(lines(others, True, *told))
    found: QuerySet[Any, Any] = leads.union(*legs, all=True)
    return found


def dealings(enterprise: Enterprise, by: Actor, *, registered: bool = False) -> list[Dealing]:
    """Return the leads and projects of an enterprise in one query, leads first, oldest first; of an investor, and with
    ``registered`` those for which it was registered too.

    The rows of every unit are looked at: of those out of sight nothing but ``clash`` may be shown. Sensitive projects out
    of sight stay out of the answer: that they exist is itself the secret.
    """
    return [
        Dealing(
            is_project, pk, title, code, stage, holder, unit, at, progress_at, is_growth,
            is_open=status in (OPEN_PROJECTS if is_project else OPEN_LEADS),
            is_own=owner in by.unit_ids, is_seen=is_seen,
        )
        for is_project, pk, title, code, stage, status, secrecy, owner, holder, unit, at, progress_at, is_growth, is_seen
        in sorted(_dealings(by, enterprise.pk, registered), key=itemgetter(0, 1))
        if is_seen or secrecy != stages.SENSITIVE
    ]  # fmt: skip


def told(found: Iterable[Dealing]) -> list[Clash]:
    """Return what may be told of other units' open dealings that are out of sight: how many, by unit and stage."""
    hidden: dict[tuple[str, str], list[date]] = {}
    for item in found:
        if item.is_open and not item.is_own and not item.is_seen:
            hidden.setdefault((item.clash.unit, item.clash.stage), []).append(item.clash.since)
    return [Clash(unit, stage, min(since), len(since)) for (unit, stage), since in hidden.items()]


def clashes(enterprise: Enterprise, by: Actor, exclude: Lead | Project | None = None) -> list[Clash]:
    """Return who else is already in talks with the enterprise (首报首谈, FACTS §1.4), own units and ``exclude`` left out.

    Of what the person may not see, the answer says unit, stage and month alone.
    """
    left_out = (isinstance(exclude, Project), exclude.pk) if exclude is not None else None
    found = [
        item
        for item in dealings(enterprise, by)
        if item.is_open and not item.is_own and (item.is_project, item.pk) != left_out
    ]
    return [item.clash for item in found if item.is_seen] + told(found)


def enterprises_like(text: str, by: Actor, limit: int = 8) -> list[str]:
    """Return names of the library that contain what was typed, for the box in which an enterprise is named."""
    if len(text.strip()) < 2:
        return []
    library = {events.type_of(Enterprise): Enterprise.objects.permitted(by)}
    return [hit.title for hit in search.ranked(library, text, limit)]


def lead_entries(ids: Sequence[int]) -> Iterator[search.Entry]:
    """Yield by what leads are found: title, enterprise, where they were heard."""
    for row in Lead.objects.filter(pk__in=ids).select_related("enterprise"):
        texts = [row.enterprise.name if row.enterprise else "", row.source_detail]
        yield search.Entry(events.type_of(row), row.pk, row.title, texts)


def masked_projects(keys: Iterable[int]) -> dict[int, str]:
    """Return how the sensitive ones among some projects are called in letters, which leave the product: by number alone."""
    found = Project.objects.filter(pk__in=list(keys), secrecy=stages.SENSITIVE).values_list("pk", "code")
    return {pk: _("一个敏感项目（%(number)s）") % {"number": code} for pk, code in found}


def project_entries(ids: Sequence[int]) -> Iterator[search.Entry]:
    """Yield by what projects are found: name, number, enterprise."""
    for row in Project.objects.filter(pk__in=ids).select_related("enterprise"):
        texts = [row.code, row.enterprise.name if row.enterprise else ""]
        yield search.Entry(events.type_of(row), row.pk, row.name, texts)


# --- lists --------------------------------------------------------------------------------------------------------


def in_section(section: str) -> Q:
    """Return the Q of rows whose GB/T 4754 code lies in a section (a letter), by its divisions."""
    divisions = Code.objects.filter(table="industry", parent=section).values("code")
    return Q(industry=section) | Q(division__in=divisions)


def with_division(queryset: QuerySet[Project]) -> QuerySet[Project]:
    return queryset.annotate(division=Substr("industry", 1, 2))


UNIT = "unit"  # under this name ``options`` returns the units
AREA = "area"  # under this the areas, closed ones too
SECTION = "section"  # and under this the sections of GB/T 4754


@prepared
def stage_counts(by: Actor) -> QuerySet[Project, tuple[str, int]]:
    """Return (stage, number of projects in the person's sight)."""
    return Project.objects.permitted(by).order_by().values_list("stage").annotate(n=Count("pk"))


@prepared
def _options(day: date, *tables: str) -> QuerySet[Any, Any]:
    name = "name_en" if in_english() else "name"
    wanted = Q(table__in=tables) | Q(table="industry", level=1)
    codes = Code.objects.filter(wanted).values_list("table", "order", "code", name)
    units = hosts(day).values_list(
        Value(UNIT, CharField()), "order", Cast("pk", CharField()), brief_name("")
    )  # fmt: skip
    areas = Area.objects.values_list(
        Value(AREA, CharField()), Value(0, IntegerField()), Cast("pk", CharField()), "name"
    )
    return codes.order_by().union(units.order_by(), areas.order_by(), all=True)


def options(tables: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Return the choices of code tables, the industry sections, the units that host projects and the areas, in one query."""
    found: dict[str, list[tuple[str, str]]] = {}
    for table, _order, code, label in sorted(_options(timezone.localdate(), *tables)):
        if table == "industry":
            found.setdefault(SECTION, []).append((code, f"{code} {label}"))
        else:
            found.setdefault(table, []).append((code, label))
    return found


def day_limits(day: date) -> dict[str, int]:
    """Return after how many days without progress a project of a stage is stale, by the profile’s ``stage_limit`` rules."""
    rules = core.rules("stage_limit", day)
    return {stage: int(rules[stage]["days"]) for stage in stages.STAGES if rules.get(stage, {}).get("days")}


def stale(projects: ProjectQuerySet, limits: dict[str, int], today: date) -> ProjectQuerySet:
    """Keep the ongoing projects on which nothing has moved for as many days as their stage allows, or more."""
    late = Q(pk__in=[])
    for stage, days in limits.items():
        late |= Q(stage=stage) & still_for(days, today)
    return projects.filter(late, status=stages.ONGOING)


def first_of(rows: QuerySet[Any], order: str, most: int) -> QuerySet[Any]:
    """Keep the first rows in an order (a field, from the last with “-”), each with its ``place``; unlike a slice it can be united."""
    keys = [F(order[1:]).desc(), F("pk").desc()] if order.startswith("-") else [F(order).asc(), F("pk").asc()]
    ranked: QuerySet[Any] = rows.order_by().annotate(place=Window(RowNumber(), order_by=keys))
    return ranked.filter(place__lte=most)


def mine(by: Actor) -> Q:
    """Return the Q of the projects on whose team the person is."""
    return Q(pk__in=TeamMember.objects.filter(user=by.user_id, until=None).values("project"))


def next_steps(by: Actor, **dates: date) -> QuerySet[Project]:
    """Return the ongoing projects on whose team the person is with a next step of certain dates, the earliest first."""
    seen = Project.objects.permitted(by).filter(mine(by), status=stages.ONGOING, **dates)
    return seen.only("name", "next_step", "next_date", "secrecy", "version", "updated_at").order_by(
        "next_date", "pk"
    )


# --- a project's page ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Involved:
    """A unit or a person with a part in a project."""

    pk: int
    name: str
    unit_id: int | None
    part: str
    is_leader: bool
    since: date
    is_of_host: bool = False  # of a person: holds a role at the host or below it

    @property
    def is_person(self) -> bool:
        return self.unit_id is None


@dataclass(frozen=True, slots=True)
class Extension:
    """A project by which another one grew."""

    pk: int
    code: str
    name: str
    stage: str


@dataclass(frozen=True, slots=True)
class Linked:
    """Another project of the investor, and what was declared of both when the later one was made."""

    pk: int
    code: str
    name: str
    kind: str
    declared: date
    reason: str


@dataclass(frozen=True, slots=True)
class Passed:
    """A transfer of a project: between whom, and how far it has come."""

    pk: int
    way: str
    state: str

    @property
    def is_open(self) -> bool:
        return self.state in stages.OPEN_TRANSFERS


_PART, _PERSON, _GROWN, _PASSED, _BUILT, _LINKED, _MAY_ADVANCE = range(7)


def links_seen(by: Actor, project: int, field: str, other: str) -> QuerySet[ProjectLink]:
    """Return what was declared of a project (in ``field``) and others of its investor, of those (in ``other``) that a person sees; of each pair what was said last.

    One answer gives one reason for several: who does not see a sensitive one of which it may speak reads none of it.
    """
    seen = Project.objects.filter(
        one_by_one(Project.objects.all().scope(by, "view"))
    )  # a few rows: looked up one by one
    shown = seen.filter(pk=OuterRef(f"{other}_id"), enterprise=OuterRef(f"{field}__enterprise"))
    both = Q(project=OuterRef("project"), other=OuterRef("other")) | Q(
        project=OuterRef("other"), other=OuterRef("project")
    )
    newer = ProjectLink.objects.filter(both, pk__gt=OuterRef("pk"))
    beside = ProjectLink.objects.filter(
        ~Exists(seen.filter(pk=OuterRef("other_id"))), project=OuterRef("project"), reason=OuterRef("reason"),
        other__secrecy=stages.SENSITIVE,
    )  # fmt: skip
    parent = Project.objects.filter(
        ~Exists(seen.filter(pk=OuterRef("pk"))), extensions=OuterRef("project"), secrecy=stages.SENSITIVE
    )
    told = ~Exists(newer) & ~Exists(beside) & ~Exists(parent)
    return ProjectLink.objects.filter(Exists(shown), told, **{field: project})


@prepared
def _involved(by: Actor, project: int, month: date) -> QuerySet[Any, Any]:
    nobody, nothing = Value(None, IntegerField(null=True)), Value("", CharField())
    parts = (
        Participation.objects.current(by.day)
        .filter(project=project)
        .values_list(
            Value(_PART, IntegerField()),
            "pk",
            "unit__short_name",
            "unit__name",
            "unit_id",
            "part",
            Value(False, BooleanField()),
            "since",
            nothing,
        )
    )
    at_host = RoleGrant.objects.filter(
        in_force(by.day), user=OuterRef("user"), unit__path__startswith=OuterRef("project__host_unit__path")
    )
    of_host = Case(
        When(Exists(at_host), then=Value(stages.HOST)), default=Value(""), output_field=CharField()
    )
    team = TeamMember.objects.filter(project=project, until=None).values_list(
        Value(_PERSON, IntegerField()), "pk", nothing, F("user__name"), nobody, nothing, "is_leader", "since", of_host,
    )  # fmt: skip
    grown = Project.objects.permitted(by).filter(parent=project).values_list(
        Value(_GROWN, IntegerField()), "pk", "code", "name", nobody, "stage", Value(False, BooleanField()),
        Value(None, DateField(null=True)), nothing,
    )  # fmt: skip
    passed = Transfer.objects.filter(project=project).exclude(state__in=[stages.WITHDRAWN, stages.DISMISSED]).values_list(
        Value(_PASSED, IntegerField()), "pk", brief_name("from_unit__"), brief_name("to_unit__"), nobody, "state",
        Value(False, BooleanField()), "agreed_date", nothing,
    )  # fmt: skip
    planned, invested, whole = (Cast(amount, CharField()) for amount in sums_until(month))
    built = Project.objects.filter(pk=project, stage__in=stages.UNDER_WAY).values_list(
        Value(_BUILT, IntegerField()), "pk", planned, invested, nobody, whole, Value(False, BooleanField()),
        Value(None, DateField(null=True)), nothing,
    )  # fmt: skip
    linked = (
        links_seen(by, project, here, other).values_list(
            Value(_LINKED, IntegerField()), f"{other}_id", f"{other}__code", f"{other}__name", nobody, "kind",
            Value(False, BooleanField()), "declared_date", "reason",
        )
        for here, other in (("project", "other"), ("other", "project"))
    )  # fmt: skip
    runs = Participation.objects.filter(project=project, part__in=stages.RUNNING_PARTS, until=None)
    roles = Role.objects.annotate(codes=Cast("permissions", TextField())).filter(
        codes__contains='"projects.project.advance"'
    )
    advancing = RoleGrant.objects.filter(
        in_force(by.day), unit__in=runs.values("unit"), role__in=roles.values("pk"), role__is_closed=False, user__is_active=True
    ).values_list(
        Value(_MAY_ADVANCE, IntegerField()), "pk", nothing, F("user__name"), nobody, nothing, Value(False, BooleanField()),
        Value(None, DateField(null=True)), nothing,
    )  # fmt: skip
    legs = (team, grown, passed, built, advancing, *linked)
    return parts.order_by().union(*(leg.order_by() for leg in legs), all=True)


def reason_given(lead: Lead) -> str:
    """Return why a lead was registered or changed although others talk with its enterprise, as last said; “” if nobody asked."""
    verbs = ("projects.lead.registered", "projects.lead.changed")
    about = Event.objects.filter(object_type=events.type_of(lead), object_id=lead.pk, verb__in=verbs)
    told = about.exclude(note="").order_by("-pk")
    return told.values_list("note", flat=True).first() or ""


def links_of(project: Project, by: Actor) -> list[Linked]:
    """Return what was declared of a project and others of its investor that a person sees, the oldest first."""
    found = []
    for here, other in (("project", "other"), ("other", "project")):
        for row in links_seen(by, project.pk, here, other).select_related(other).order_by("pk"):
            shown = getattr(row, other)
            found.append(
                (row.pk, Linked(shown.pk, shown.code, shown.name, row.kind, row.declared_date, row.reason))
            )
    return [linked for _pk, linked in sorted(found, key=itemgetter(0))]


def involved(project: Project, by: Actor) -> tuple[list[Involved], list[Extension], list[Passed]]:
    """Return the units that take part and the people of the team, by which projects it grew and to whom it was passed on,
    in one query; it brings the project's schedule along, what was declared of it and its investor's other projects, and the
    names of those of its units who may let it into its next stage."""
    order = list(stages.PARTS)
    made, grown, passed = [], [], []
    linked: list[Linked] = []
    advancing: set[str] = set()
    project.__dict__["schedule"], project.__dict__["linked"] = Schedule(), linked
    project.__dict__["advancing"] = advancing
    for leg, pk, short, name, unit, part, is_leader, since, note in _involved(
        by, project.pk, due_month(timezone.localdate())
    ):
        if leg == _BUILT:
            project.__dict__["schedule"] = schedule_from(short, name, part)
        elif leg == _GROWN:
            grown.append(Extension(pk, short, name, part))
        elif leg == _LINKED:
            linked.append(Linked(pk, short, name, part, since, note))
        elif leg == _MAY_ADVANCE:
            advancing.add(name)
        elif leg == _PASSED:
            passed.append(Passed(pk, f"{short} → {name}", part))
        else:
            made.append(Involved(pk, short or name, unit, part, is_leader, since, note == stages.HOST))
    made.sort(
        key=lambda row: (row.is_person, order.index(row.part) if row.part else not row.is_leader, row.pk)
    )
    by_pk = attrgetter("pk")
    return made, sorted(grown, key=by_pk), sorted(passed, key=by_pk, reverse=True)


@prepared
def _talks(project: int) -> QuerySet[Talk]:
    return Talk.objects.filter(project=project).select_related("recorded_by", "unit")[:20]


def talks(project: Project) -> list[Talk]:
    """Return the newest contact records of a project, twenty at most."""
    return _talks(project.pk)


def candidates(project: Project) -> QuerySet[User]:
    """Return the accounts that may join a project's team: in use, with a role, and not on it yet."""
    today = timezone.localdate()
    return (
        User.objects.filter(is_active=True)
        .filter(pk__in=User.objects.filter(in_force(today, "role_grants")).values("pk"))
        .exclude(pk__in=project.team.filter(until=None).values("user"))
        .order_by("name", "pk")
    )


def joinable_units() -> QuerySet[Unit]:
    """Return the units that can take part in a project, as other lists of units are ordered."""
    return units_today().exclude(kind__in=["collective", "city"]).order_by("order", "code")


def units_ever() -> QuerySet[Unit]:
    """Return the units that can have taken part in a project, closed ones too."""
    return Unit.objects.exclude(kind__in=["collective", "city"])


def unit_names(units: Iterable[int]) -> dict[int, str]:
    """Return by what name people call units."""
    return {unit.pk: unit.brief for unit in Unit.objects.filter(pk__in=list(units))}
