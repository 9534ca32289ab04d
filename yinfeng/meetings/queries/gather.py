"""What the rules of the profile propose for an agenda (kind ``agenda``), each with its reason in words; people choose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.conditions import Condition
from yinfeng.core.language import in_english
from yinfeng.meetings import states
from yinfeng.meetings.models import Item, Topic
from yinfeng.orgs.models import Body
from yinfeng.projects import queries as projects
from yinfeng.projects.models import Bottleneck, Participation, Project
from yinfeng.projects.stages import OPEN

SHOWN = 20  # proposals of one rule on a page: the rest comes up when these were taken on


@dataclass(frozen=True, slots=True)
class AgendaRule:
    """A rule of the profile that brings topics before bodies (docs/profile.md, meetings.toml)."""

    code: str
    label: str
    brings: str
    condition: Condition | None
    grade_meeting: str
    taking_part: bool
    every_days: int
    overdue_days: int
    for_city: bool


@dataclass(frozen=True, slots=True)
class Proposed:
    """A topic that a rule proposes: about which project or difficulty, and why."""

    rule: AgendaRule
    project: Project
    reason: str
    bottleneck: Bottleneck | None = None

    @property
    def key(self) -> str:
        """What names the proposal in an address: its rule and the number of the project or difficulty."""
        return f"{self.rule.code}:{(self.bottleneck or self.project).pk}"

    @property
    def title(self) -> str:
        if self.bottleneck is None:
            return _("%(project)s推进情况") % {"project": self.project.name}
        told = {"project": self.project.name, "what": self.bottleneck.what}
        return (_("%(project)s：%(what)s") % told)[:100]

    @property
    def ask(self) -> str:
        if self.bottleneck is None:
            return _("听取项目进展，研究下一步工作。")
        return _("研究解决办法，明确责任单位和时限。")

    @property
    def summary(self) -> str:
        about = self.project.summary if self.bottleneck is None else self.bottleneck.what
        return f"{about}\n{self.reason}"[:2000]


def rules_for(body: Body, day: date) -> list[AgendaRule]:
    """Return the rules that bring topics before a body on a day, in the profile's order."""
    found = [
        (int(rule["order"]), code, rule)
        for code, rule in core.rules("agenda", day).items()
        if body.code in rule["bodies"]
    ]
    return [_rule(code, rule) for _order, code, rule in sorted(found, key=lambda item: item[:2])]


def _rule(code: str, rule: dict[str, Any]) -> AgendaRule:
    label = rule["name_en"] if in_english() and rule.get("name_en") else rule["name"]
    return AgendaRule(
        code, label, rule["brings"], projects.condition_of(rule.get("condition")), rule.get("grade_meeting") or "",
        bool(rule.get("taking_part")), int(rule.get("every_days") or 0), int(rule.get("overdue_days") or 0),
        bool(rule.get("for_city")),
    )  # fmt: skip


def proposed(body: Body, by: Actor, today: date) -> list[Proposed]:
    """Return what the rules propose for the next meeting of a body, of what the person sees, one query per rule."""
    found: list[Proposed] = []
    told: set[int] = set()
    for rule in rules_for(body, today):
        for item in _proposals(rule, body, by, today):
            about = (item.bottleneck or item.project).pk
            if (
                item.bottleneck is not None or about not in told
            ):  # a project stands under the first rule that brings it
                found.append(item)
            if item.bottleneck is None:
                told.add(about)
    return found


def proposal(body: Body, by: Actor, key: str, today: date) -> Proposed | None:
    """Return the proposal of a key, as its rule still makes it; None when it does not any more."""
    code, _colon, number = key.partition(":")
    rule = next((rule for rule in rules_for(body, today) if rule.code == code), None)
    if rule is None or not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    return next(_proposals(rule, body, by, today, int(number)), None)


def _proposals(
    rule: AgendaRule, body: Body, by: Actor, today: date, pk: int | None = None
) -> Iterator[Proposed]:
    return (
        _hearings(rule, body, by, today, pk)
        if rule.brings == states.HEARING
        else _difficulties(rule, body, by, today, pk)
    )


def _spoken_of(rule: AgendaRule, body: Body, by: Actor, today: date) -> QuerySet[Project]:
    """Return the projects of which a rule speaks: by its condition, by what their grade asks for, by whether the body's unit takes part."""
    found = Project.objects.permitted(by)
    if rule.condition is not None:
        found = found.filter(rule.condition.q(today))
    if rule.grade_meeting:
        of_grade = Q(pk__in=[])
        for tier in projects.tiers(today):
            if tier.meeting == rule.grade_meeting:
                of_grade |= projects.graded(tier.code, today)
        found = found.filter(of_grade)
    if rule.taking_part:
        parts = Participation.objects.current(today).filter(unit=body.unit_id)
        found = found.filter(pk__in=parts.values("project"))
    return found


def _heard(body: Body, **about: Any) -> Subquery:
    """Return when a body last heard of something at a meeting that took place."""
    rows = Item.objects.filter(meeting__body=body.pk, meeting__state__in=states.TOOK_PLACE, **about)
    return Subquery(rows.order_by("-meeting__starts_at").values("meeting__starts_at")[:1])


def _is_due(rule: AgendaRule, today: date) -> Q:
    """Return the Q of what was not heard of for so many days as the rule says."""
    since = timezone.make_aware(datetime.combine(today - timedelta(days=rule.every_days - 1), time.min))
    return Q(heard_at=None) | Q(heard_at__lt=since) if rule.every_days else Q()


def _told_heard(heard_at: datetime | None, today: date) -> str:
    if heard_at is None:
        return _("本机构的会议还没有听取过")
    day = timezone.localtime(heard_at).date()
    return _("上次听取在 %(day)s（%(count)s 天前）") % {"day": day, "count": (today - day).days}


def _hearings(rule: AgendaRule, body: Body, by: Actor, today: date, pk: int | None) -> Iterator[Proposed]:
    waiting = Topic.objects.filter(
        body=body, kind=states.HEARING, state__in=states.WAITING_TOPICS, project__isnull=False
    )
    heard = _heard(body, topic__project=OuterRef("pk"), topic__kind=states.HEARING)
    rows: QuerySet[Any] = _spoken_of(rule, body, by, today).exclude(pk__in=waiting.values("project"))
    rows = projects.with_investors(rows.annotate(heard_at=heard)).filter(_is_due(rule, today))
    if pk is not None:
        rows = rows.filter(pk=pk)
    rows = rows.select_related("host_unit", "reporter_unit")
    order = (F("heard_at").asc(nulls_first=True), projects.COUNTED.desc(nulls_last=True), "pk")
    for project in rows.order_by(*order)[:SHOWN]:
        yield Proposed(
            rule, project, _join([_why(rule, project, today), _told_heard(project.heard_at, today)])
        )


def _why(rule: AgendaRule, project: Project, today: date) -> str:
    """Return why a rule speaks of a project: what its grade says, else the sentences of its condition."""
    if rule.grade_meeting and (grade := projects.grade_of(project, projects.tiers(today))):
        return f"{grade.label}（{grade.reason}）"
    return rule.condition.judge(project, today).reason if rule.condition is not None else ""


def _difficulties(rule: AgendaRule, body: Body, by: Actor, today: date, pk: int | None) -> Iterator[Proposed]:
    waiting = Topic.objects.filter(body=body, state__in=states.WAITING_TOPICS, bottleneck__isnull=False)
    rows: QuerySet[Any] = Bottleneck.objects.permitted(by).filter(
        state=OPEN, project__in=_spoken_of(rule, body, by, today).values("pk")
    )
    if rule.for_city:
        rows = rows.filter(projects.for_the_city(today))
    if rule.overdue_days:
        rows = rows.filter(due_date__lte=today - timedelta(days=rule.overdue_days))
    heard = _heard(body, topic__bottleneck=OuterRef("pk"))
    rows = (
        rows.exclude(pk__in=waiting.values("bottleneck"))
        .annotate(heard_at=heard)
        .filter(_is_due(rule, today))
    )
    if pk is not None:
        rows = rows.filter(pk=pk)
    rows = rows.select_related("project__host_unit", "project__reporter_unit", "unit")
    for row in rows.order_by("due_date", "pk")[:SHOWN]:
        yield Proposed(
            rule, row.project, _join([_told_late(row, today), _told_heard(row.heard_at, today)]), row
        )


def _told_late(row: Bottleneck, today: date) -> str:
    told = {"unit": row.unit.brief, "day": row.due_date, "count": (today - row.due_date).days}
    if row.due_date < today:
        return _("%(unit)s应于 %(day)s 解决，已逾期 %(count)s 天") % told
    return _("须由%(unit)s在 %(day)s 前解决，区里解决不了") % told


def _join(parts: list[str]) -> str:
    return _("；").join(part for part in parts if part)
