"""Pages of construction (clause 3.2.3): a project's own page and its acts; the lists of projects, bottlenecks, proposals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.db.models import Model
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.errors import DomainError, Missing
from yinfeng.core.forms import ReasonForm
from yinfeng.core.money import WAN, Money, in_column, show
from yinfeng.core.queries import code_label
from yinfeng.core.scopes import ScopedQuerySet, actions_of
from yinfeng.core.tables import day, moment
from yinfeng.core.web import EditPage, ExportPage, ListPage, MovePage, move_acts
from yinfeng.duties import terms
from yinfeng.duties.sources import new_url
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.construction_filters import BottleneckFilter, ConstructionFilter, ProposalFilter
from yinfeng.projects.construction_forms import (
    BottleneckForm,
    BuilderForm,
    DueForm,
    MilestoneForm,
    PhotoForm,
    PlanForm,
    ProgressForm,
    SolveForm,
    lines_of,
)
from yinfeng.projects.construction_tables import (
    BOTTLENECK_TONES,
    INVESTED,
    PLANNED,
    PROPOSAL_TONES,
    BottleneckTable,
    ConstructionTable,
    IncentiveTable,
)
from yinfeng.projects.models import Bottleneck, Milestone, Progress, Project
from yinfeng.projects.sections import SectionPage, is_built
from yinfeng.projects.tables import LIGHT_TONES, STAGE_TONES, STATUS_TONES, light_badge

# --- one project --------------------------------------------------------------------------------------------------


class ProjectConstruction(SectionPage):
    """How a project is built: against its plan, step by step, by whom, what stands still, month by month."""

    template_name = "projects/construction.html"
    route = "project-construction"

    def content(self) -> dict[str, Any]:
        project: Project = self.object
        self.today = timezone.localdate()
        self.plan, self.first = queries.plans_of(project)
        self.reports = queries.reports_of(project)
        self.months = queries.months_of(self.plan, self.reports)
        self.firms, self.photos = queries.beside(project)
        self.bottlenecks = queries.bottlenecks_of(project, self.by)
        self._bring_schedule()
        return {
            "badges": self._badges(),
            "warnings": self._warnings(),
            "key_facts": self._key_facts(),
            "curve": self._curve(),
            "months": self._months(),
            "months_acts": self._acts(("project-report", _("报送月报")), ("project-photo", _("上传照片")), ("project-plan", self._plan_label)),
            "gantt": self._gantt(),
            "gantt_act": next(iter(self._acts(("project-milestone-add", _("登记节点")))), None),
            "bottlenecks": [self._bottleneck(row) for row in self.bottlenecks],
            "bottleneck_act": next(iter(self._acts(("project-bottleneck", _("提出难点")))), None),
            "builders": self._builders(),
            "moved_url": self._moved_url(),
        }  # fmt: skip

    @cached_property
    def may_keep(self) -> bool:
        """Whether the person keeps how the project is built, and it goes on."""
        return "change" in self.allowed() and self.object.status == stages.ONGOING and is_built(self.object)

    @property
    def is_over(self) -> bool:
        """Whether the project has ended, so that nothing of it is awaited any more."""
        return self.object.status in stages.OVER

    @property
    def is_built_up(self) -> bool:
        """Whether there is nothing to compare with the schedule any more: the project is completed, or has ended."""
        return self.is_over or stages.reached(self.object.stage, stages.COMPLETED)

    @property
    def _plan_label(self) -> str:
        return _("调整计划") if self.plan else _("编制计划")

    def _acts(self, *acts: tuple[str, str]) -> list[dict[str, str]]:
        if not self.may_keep:
            return []
        return [{"url": reverse(route, args=[self.object.pk]), "label": label} for route, label in acts]

    def _bring_schedule(self) -> None:
        """Work the schedule out of the months that were read."""
        due = queries.due_month(self.today)
        standing = [row for row in self.reports if row.replaced_at is None and row.month <= due]
        self.whole = sum((row.investment for row in self.plan), Decimal(0))
        planned = sum((row.investment for row in self.plan if row.month <= due), Decimal(0))
        invested = sum((row.invested for row in standing), Decimal(0))
        self.object.__dict__["schedule"] = queries.Schedule(planned, invested, self.whole)
        newest = next((row for row in self.reports if row.replaced_at is None), None)
        self.object.__dict__["works"] = newest and newest.percent

    @cached_property
    def light(self) -> queries.Light | None:
        grade = queries.grade_of(self.object, queries.tiers(self.today))
        return queries.light_of(self.object, self.today, queries.limits(self.today), grade)

    def _badges(self) -> list[dict[str, Any]]:
        project = self.object
        badges = [
            {"text": stages.STAGES[project.stage], "tone": STAGE_TONES[project.stage]},
            {"text": stages.STATUSES[project.status], "tone": STATUS_TONES[project.status]},
        ]
        return [*badges, *([light_badge(self.light)] if self.light else [])]

    def _warnings(self) -> list[dict[str, Any]]:
        """Return what is still open of a project that is completed, why the light is not green, and what the rules propose."""
        found = self._to_be_closed()
        if self.light and self.light.code != stages.GREEN:
            found.append({
                "tone": LIGHT_TONES[self.light.code], "title": stages.LIGHTS[self.light.code], "text": self.light.reason,
            })  # fmt: skip
        for proposal in queries.incentives_of(self.object, self.today):
            title = _("建议%(kind)s") % {"kind": stages.PROPOSALS[proposal.kind]}
            found.append({"tone": PROPOSAL_TONES[proposal.kind], "title": title, "text": proposal.reason})
        return found

    def _to_be_closed(self) -> list[dict[str, Any]]:
        """Return that difficulties are open on a project that is completed."""
        count = sum(row.state == stages.OPEN for row in self.bottlenecks)
        if self.is_over or not self.is_built_up or not count:
            return []
        text = _("项目已经竣工。解决了的请写明如何解决，不再需要的请撤回。")
        return [
            {"tone": "warning", "title": _("还有 %(count)s 个难点待了结") % {"count": count}, "text": text}
        ]

    def _key_facts(self) -> list[dict[str, Any]]:
        """Return what was reported with its month, beside it what the plan has up to the month that is due, and how both compare."""
        schedule: queries.Schedule = self.object.__dict__["schedule"]
        standing = [row for row in self.reports if row.replaced_at is None]
        due = f"{queries.due_month(self.today):%Y-%m}"
        reported = sum((row.invested for row in standing), Decimal(0))
        part = f"{queries.percent_of_plan(reported, self.whole):f}"
        done = {
            "label": INVESTED, "value": show(reported) if standing else "—", "empty": not standing,
            "sub": _("，").join(filter(None, [
                _("报到 %(month)s") % {"month": f"{standing[0].month:%Y-%m}"} if standing else "",
                _("占计划 %(percent)s%%") % {"percent": part} if standing and self.whole else "",
            ])),
        }  # fmt: skip
        if self.is_built_up:
            whole = {
                "label": _("计划投资"),
                "value": show(self.whole) if self.plan else "—",
                "empty": not self.plan,
            }
            return [done, whole, self._works_fact(standing), self._completion_fact()]
        planned = {
            "label": PLANNED, "value": show(schedule.planned) if self.plan else "—", "empty": not self.plan,
            "sub": _("应报到 %(month)s，全部 %(whole)s") % {"month": due, "whole": show(self.whole)} if self.plan else "",
        }  # fmt: skip
        compared = self._investment_fact(schedule, reported - schedule.invested)
        return [done, planned, compared, self._works_fact(standing), self._completion_fact()]

    def _investment_fact(self, schedule: queries.Schedule, later: Decimal) -> dict[str, Any]:
        """Return how the investment stands against the plan at the month that is due; ``later``: reported of months after it."""
        value = _compared(schedule.points) if self.plan else "—"
        due = queries.due_month(self.today)
        sub = ""
        if self.plan and later:
            told = {"month": f"{due:%Y-%m}", "amount": show(schedule.invested)}
            sub = _("按应报的 %(month)s 比较，到当月完成 %(amount)s") % told
        if self.first:
            planned, whole = (
                sum((row.investment for row in rows), Decimal(0))
                for rows in ([row for row in self.first if row.month <= due], self.first)
            )
            at_first = queries.Schedule(planned, schedule.invested, whole)
            first = _("按最初计划%(compared)s") % {"compared": _compared(at_first.points)}
            sub = _("，").join(filter(None, [sub, first]))
        return {"label": _("投资进度"), "value": value, "empty": not self.plan, "sub": sub}

    def _works_fact(self, standing: Sequence[Progress]) -> dict[str, Any]:
        """Return how far the works are by the newest report, against the plan of the same month."""
        if not standing:
            return {"label": _("形象进度"), "value": "—", "empty": True}
        newest = standing[0]
        planned = [row.percent for row in self.plan if row.month <= newest.month]
        sub = f"{newest.month:%Y-%m}"
        if self.plan and not self.is_built_up:
            goal = planned[-1] if planned else Decimal(0)
            sub += " " + _("计划 %(percent)s%%") % {"percent": f"{goal.normalize():f}"}
        return {"label": _("形象进度"), "value": f"{newest.percent.normalize():f}%", "sub": sub}

    def _completion_fact(self) -> dict[str, Any]:
        project: Project = self.object
        planned, done = project.planned_completion_date, project.completed_date
        if planned is None:
            return {"label": _("计划竣工"), "value": "—", "empty": True}
        days = ((done or self.today) - planned).days
        delay = queries.delay_of(project, "planned_completion_date")
        if done:
            told = _("已竣工，晚 %(days)s 天") if days > 0 else _("已竣工，早 %(days)s 天")
            sub = told % {"days": abs(days)} if days else _("已按期竣工")
        elif self.is_over:
            days, sub = 0, ""
        else:
            sub = (_("已过 %(days)s 天") if days > 0 else _("还有 %(days)s 天")) % {"days": abs(days)}
        return {
            "label": _("计划竣工"),
            "value": day(planned),
            "sub": _("，").join(filter(None, [sub, delay.told if delay else ""])),
            "tone": "danger" if days > 0 else "",
        }

    # --- the curve and the months ---

    def _curve(self) -> dict[str, Any] | None:
        """Return both lines of the chart in 万元, None while there is nothing to draw."""
        if len(self.months) < 2:
            return None

        def wan(amount: Decimal | None) -> float | None:
            return None if amount is None else float(amount / 10_000)

        months = queries.every_month(
            self.months
        )  # a month of which nothing is known takes its room on the axis all the same
        first = {row.month: row.investment for row in self.first}
        at_first = list(accumulate(first.get(row.month, Decimal(0)) for row in months))
        return {
            "months": [f"{row.month:%Y-%m}" for row in months],
            "first": [wan(amount) for amount in at_first] if first else [],
            "planned": [wan(row.planned_sum) for row in months],
            "invested": [wan(row.invested_sum) for row in months],
            "due": f"{queries.due_month(self.today):%Y-%m}",
            "names": {
                "first": _("最初计划累计投资"),
                "planned": str(PLANNED),
                "invested": str(INVESTED),
                "unit": _("万元"),
                "due": _("应报"),
            },
        }

    def _months(self) -> list[dict[str, Any]]:
        """Return the months that are past or reported, the newest first, and those to come after them."""
        photos: dict[date, list[dict[str, str]]] = {}
        for photo in self.photos:
            told = {"month": f"{photo.month:%Y-%m}", "name": photo.name}
            line = {
                "url": reverse("file", args=[photo.file]),
                "alt": _("%(month)s 现场照片：%(name)s") % told,
            }
            photos.setdefault(photo.month, []).append(line)
        replaced: dict[date, list[Progress]] = {}
        for row in self.reports:
            if row.replaced_at is not None:
                replaced.setdefault(row.month, []).append(row)
        self.at_first = {row.month: row for row in self.first}
        known = {row.month for row in self.months}
        others = (photos.keys() | self.at_first.keys()) - known
        extra = [queries.Month(month, None, None, None, None, None) for month in others]
        due = queries.due_month(self.today)
        works = {row.month: row.percent for row in self.plan}
        rows = sorted([*self.months, *extra], key=lambda row: row.month, reverse=True)
        return [
            self._month(row, works.get(row.month), row.month <= due, photos.get(row.month, []), replaced.get(row.month, []))
            for row in rows
        ]  # fmt: skip

    def _month(
        self, row: queries.Month, works: Decimal | None, is_due: bool, photos: list[dict[str, str]], replaced: list[Progress]
    ) -> dict[str, Any]:  # fmt: skip
        report = row.report
        missed = is_due and report is None and row.planned is not None and not self.is_built_up
        first = self.at_first.get(row.month)
        return {
            "name": f"{row.month:%Y-%m}",
            "planned": in_column(row.planned, WAN),
            "planned_first": in_column(first.investment, WAN)
            if first and first.investment != row.planned
            else "",
            "planned_sum": in_column(row.planned_sum, WAN),
            "invested": in_column(report.invested, WAN) if report else _("未报") if missed else "—",
            "missed": missed,
            "invested_sum": in_column(row.invested_sum, WAN),
            "works": f"{report.percent.normalize():f}%" if report else "—",
            "works_planned": f"{works.normalize():f}%" if works is not None else "",
            "done": report.done if report else "",
            "who": f"{report.reported_by} · {moment(report.reported_at)}" if report else "",
            "reason": report.reason if report else "",
            "correct_url": reverse("project-correct", args=[self.object.pk, report.pk])
            if report and self.may_keep
            else "",
            "photos": photos,
            "replaced": [self._replaced(old) for old in replaced],
        }

    @staticmethod
    def _replaced(old: Progress) -> str:
        told = {
            "invested": show(old.invested), "percent": f"{old.percent.normalize():f}", "who": old.reported_by,
            "at": moment(old.reported_at),
        }  # fmt: skip
        return _("更正前：%(invested)s，%(percent)s%%（%(who)s · %(at)s）") % told

    # --- milestones ---

    def _gantt(self) -> dict[str, Any] | None:
        """Return the time of building, and start, milestones and completion with their place between the first and last day."""
        project: Project = self.object
        started, done = project.started_date, project.completed_date
        lines = [
            (_("开工"), project.planned_start_date, started, "", "", queries.delay_of(project, "planned_start_date"), None),
            *(self._milestone(row) for row in queries.milestones_of(project, self.by)),
            (_("竣工"), project.planned_completion_date, done, "", "", queries.delay_of(project, "planned_completion_date"), None),
        ]  # fmt: skip
        days = [when for line in lines for when in line[1:3] if when is not None]
        self.steps: list[dict[str, Any]] = []
        if not days:
            return None
        first, last = min([*days, self.today]), max([*days, self.today])
        span = max((last - first).days, 1)

        def place(when: date) -> int:
            return round((when - first).days * 970 / span) + 15

        def spot(when: date | None) -> int | None:
            return None if when is None else place(when)

        def bar(begin: date | None, end: date | None) -> dict[str, int] | None:
            left, right = spot(begin), spot(end)
            return (
                None if left is None or right is None else {"x": min(left, right), "width": abs(right - left)}
            )

        now = done or self.today
        whole = {
            "name": _("建设期"),
            "planned": bar(project.planned_start_date, project.planned_completion_date),
            "actual": bar(started, now) if started else None,
        }
        self.steps = [
            {
                "name": name,
                "planned": day(planned) if planned else "—",
                "actual": day(actual) if actual else "—",
                "gap": self._gap(planned, actual),
                "at": {"planned": spot(planned), "actual": spot(actual), "today": place(self.today)},
                "bar": bar(planned, actual or (now if planned and planned < now else planned)),
                "note": note,
                "url": url,
                "delay": delay.told_with_first if delay else "",
                "duty": self._duty(row) if row else None,
                "set_url": self._set_url(row, is_open=not actual and not self.is_built_up) if row else "",
            }
            for name, planned, actual, note, url, delay, row in lines
            if planned or actual
        ]
        ticks = [{"x": x, "at": f"{x / 10:g}%", "name": name} for x, name in _ticks(first, last, place)]
        return {"whole": whole, "steps": self.steps, "ticks": ticks}

    def _milestone(
        self, row: Milestone
    ) -> tuple[str, date | None, date | None, str, str, queries.Delay | None, Milestone]:
        url = reverse("project-milestone", args=[self.object.pk, row.pk]) if self.may_keep else ""
        label = code_label("milestone", row.kind)
        return (
            label,
            row.planned_date,
            row.actual_date,
            row.note,
            url,
            queries.delay_of(row, "planned_date"),
            row,
        )

    def _moved_url(self) -> str:
        """Return where it is told why days and months of the plan were moved; empty where none was."""
        project: Project = self.object
        moved = self.first or any(queries.delay_of(project, field) for field in queries.PLANNED_DAYS)
        if not (moved or any(step["delay"] for step in self.steps)):
            return ""
        return reverse("project", args=[project.pk]) + "#timeline"

    def _gap(self, planned: date | None, actual: date | None) -> dict[str, str]:
        """Return how many days a milestone was late or early, or is overdue."""
        if planned is None or (actual is None and self.is_built_up):
            return {"text": "—", "tone": ""}
        days = ((actual or self.today) - planned).days
        if actual is None:
            return (
                {"text": _("逾期 %(days)s 天") % {"days": days}, "tone": "danger"}
                if days > 0
                else {"text": _("还有 %(days)s 天") % {"days": -days}, "tone": ""}
            )
        if days == 0:
            return {"text": _("按期"), "tone": ""}
        told = _("晚 %(days)s 天") if days > 0 else _("早 %(days)s 天")
        return {"text": told % {"days": abs(days)}, "tone": "warning" if days > 0 else ""}

    # --- who builds, what stands still ---

    def _builders(self) -> dict[str, Any]:
        sees_firms = self.by.may("enterprises.enterprise.view")

        def firm_url(row: queries.Firm) -> str:
            return reverse("enterprise", args=[row.enterprise]) if row.enterprise and sees_firms else ""

        def line(row: queries.Firm) -> dict[str, Any]:
            end = reverse("project-builder-end", args=[self.object.pk, row.pk]) if self.may_keep else ""
            since = _("自 %(day)s") % {"day": day(row.since)}
            return {
                "title": row.name, "url": firm_url(row), "sub": " · ".join(filter(None, [row.contact, since])), "remove_url": end,
                "badge": {"text": stages.BUILDER_ROLES[row.role], "tone": "muted"},
            }  # fmt: skip

        acts = self._acts(("project-builder-add", _("登记单位")))
        return {
            "title": _("参建单位"), "rows": [line(row) for row in self.firms],
            "act": acts[0] if acts else None, "empty": _("还没有登记建设、设计、监理和施工单位。"),
        }  # fmt: skip

    def _bottleneck(self, row: Bottleneck) -> dict[str, Any]:
        late = row.state == stages.OPEN and row.due_date < self.today
        told = {"unit": row.unit.brief, "due": day(row.due_date), "since": day(row.since_date),
                "days": queries.days_of(row, self.today)}  # fmt: skip
        delay = queries.delay_of(row, "due_date")
        allowed = actions_of(row, self.by, ("change", "solve"))
        return {
            "pk": row.pk,
            "what": row.what,
            "kind": code_label("problem_kind", row.kind),
            "state": {"text": stages.BOTTLENECK_STATES[row.state], "tone": BOTTLENECK_TONES[row.state]},
            "when": _("%(since)s 起，%(days)s 天") % told,
            "who": _("%(unit)s，%(due)s 前解决") % told,
            "delay": delay.told_with_first if delay else "",
            "late": late,
            "how": self._said_solved(row),
            "duty": self._duty(row),
            "acts": [
                *move_acts(lifecycle.BOTTLENECK, row, self.by, allowed),
                *self._as_duty(row),
            ],
        }

    # --- what was set from it ---

    @staticmethod
    def _duty(row: Any) -> dict[str, Any] | None:
        """Return in words how the duty set from a row stands, linked for who may see it."""
        told = row.duty_told
        if told is None:
            return None
        if not told["may_view"]:
            return {"text": _("已交办督办"), "url": ""}
        due = _("%(day)s 前办结") % {"day": told["due_date"]} if told["due_date"] else ""
        words = " · ".join(filter(None, [told["number"], str(terms.DUTY_STATES[told["state"]]), due]))
        return {"text": _("督办：%(words)s") % {"words": words}, "url": reverse("duty", args=[told["pk"]])}

    def _set_url(self, row: Any, *, is_open: bool = True) -> str:
        """Return where who sets duties puts under supervision what is open and is not yet; empty for nobody else."""
        is_set = row.duty_told is not None and row.duty_told["state"] in terms.OPEN
        return new_url(row) if is_open and not is_set and self.by.may("duties.duty.set") else ""

    def _as_duty(self, row: Bottleneck) -> list[dict[str, Any]]:
        """Return the act by which a difficulty is put under supervision."""
        url = self._set_url(row, is_open=row.state == stages.OPEN)
        if not url:
            return []
        return [
            {
                "label": _("交办督办"),
                "url": url,
                "icon": "clipboard-list",
                "style": "secondary",
                "method": "get",
            }
        ]

    @staticmethod
    def _said_solved(row: Bottleneck) -> str:
        """Return how and when a bottleneck was solved, or was said to be and found not to."""
        if row.solved_date is None:
            return ""
        told = {"day": day(row.solved_date), "how": row.how}
        if row.state == stages.SOLVED:
            return _("%(day)s：%(how)s") % told
        return _("曾于 %(day)s 报告已解决（%(how)s），核实仍未解决") % told


MOST_TICKS = 4


def _ticks(first: date, last: date, place: Callable[[date], int]) -> Iterator[tuple[int, str]]:
    """Yield the marks of an axis of time, whole months evenly apart, each with its place and name; years alone when long."""
    count = queries.months_between(first, last)
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60) if count <= step * MOST_TICKS), 120)
    begin = queries.months_later(first, -((first.year * 12 + first.month - 1) % step))
    for number in range(count // step + 2):
        month = queries.months_later(begin, number * step)
        if first <= month <= last:
            yield place(month), f"{month:%Y}" if step >= 12 else f"{month:%Y-%m}"


def _compared(points: Decimal) -> str:
    """Return how investment stands against a plan, in words."""
    if points > 0:
        return _("落后 %(points)s 个百分点") % {"points": f"{points:f}"}
    return _("超前 %(points)s 个百分点") % {"points": f"{-points:f}"} if points < 0 else _("与计划相符")


class ActOfBuilding(EditPage):
    """An act on a project that leads back to its page of construction."""

    permission = "projects.project.change"
    model = Project

    def cancel_url(self) -> str:
        return reverse("project-construction", args=[self.object.pk])

    def initial(self) -> dict[str, Any]:
        return {}

    def extra(self) -> dict[str, Any]:
        return {"back": {"url": self.cancel_url(), "label": str(self.object)}}


class SetPlan(ActOfBuilding):
    """Write the plan as a whole; the first is proposed evenly from the project's own facts."""

    form = PlanForm
    title = gettext_lazy("建设计划")

    def start(self) -> None:
        super().start()
        self.plan = queries.plan_of(self.object)

    def form_arguments(self) -> dict[str, Any]:
        return {"is_new": not self.plan}

    def initial(self) -> dict[str, Any]:
        known = [(row.month, row.investment, row.percent) for row in self.plan]
        months = known or queries.proposed_plan(self.object)
        return {"months": lines_of(months), "version": self.object.version}

    def act(self, form: PlanForm) -> str:
        data = form.cleaned_data
        services.set_plan(
            by=self.by, project=self.object, months=data["months"], reason=data.get("reason", ""),
            confirmed=data.get("confirm_amounts", False), version=data["version"],
        )  # fmt: skip
        return self.cancel_url()


class ReportMonth(ActOfBuilding):
    form = ProgressForm
    title = gettext_lazy("报送建设月报")
    submit_label = gettext_lazy("报送")
    standing: Progress | None = None  # the report that the month has already

    def form_arguments(self) -> dict[str, Any]:
        return {"corrects": False}

    def initial(self) -> dict[str, Any]:
        plan = queries.plan_of(self.object)
        return {"month": queries.month_to_report(self.object, plan, timezone.localdate())}

    def refuse(self, form: ProgressForm, error: DomainError) -> HttpResponse:
        if "month" in error.fields:
            self.standing = queries.standing_report(self.object, form.cleaned_data["month"])
        return super().refuse(form, error)

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"warnings": self._to_be_corrected()}

    def _to_be_corrected(self) -> list[dict[str, Any]]:
        """Return where to correct the report that a month has already."""
        row = self.standing
        if row is None:
            return []
        told = {
            "invested": show(row.invested), "percent": f"{row.percent.normalize():f}", "who": row.reported_by,
            "at": moment(row.reported_at),
        }  # fmt: skip
        return [{
            "tone": "info", "title": _("%(month)s 的月报") % {"month": f"{row.month:%Y-%m}"},
            "text": _("%(invested)s，%(percent)s%%（%(who)s · %(at)s）") % told,
            "url": reverse("project-correct", args=[self.object.pk, row.pk]), "label": _("更正"),
        }]  # fmt: skip

    def act(self, form: ProgressForm) -> str:
        self._report(form, form.cleaned_data["month"])
        return self.cancel_url()

    def _report(self, form: ProgressForm, month: date, corrects: int | None = None) -> None:
        data = form.cleaned_data
        services.report_progress(
            by=self.by, project=self.object, month=month, invested=data["invested"].yuan, percent=data["percent"],
            done=data["done"], reason=data["reason"], corrects=corrects, confirmed=data.get("confirm_amounts", False),
        )  # fmt: skip

    def done(self, result: Any) -> str:
        return _("已报送。")


class CorrectMonth(ReportMonth):
    """Correct the report of a month by another one; the first stays to be read."""

    title = gettext_lazy("更正建设月报")
    submit_label = gettext_lazy("更正")

    def start(self) -> None:
        super().start()
        found = [row for row in queries.reports_of(self.object) if row.pk == self.kwargs["report"]]
        if not found:
            raise Missing
        self.report = found[0]

    def form_arguments(self) -> dict[str, Any]:
        return {"corrects": True}

    def initial(self) -> dict[str, Any]:
        row = self.report
        return {"invested": Money.in_yuan(row.invested), "percent": row.percent, "done": row.done}

    def act(self, form: ProgressForm) -> str:
        self._report(form, self.report.month, self.report.pk)
        return self.cancel_url()

    def done(self, result: Any) -> str:
        return _("已更正，原来的月报保留。")

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"intro": f"{self.report.month:%Y-%m}"}


class AddPhoto(ActOfBuilding):
    form = PhotoForm
    title = gettext_lazy("上传现场照片")
    submit_label = gettext_lazy("上传")
    secret_notice = True

    def initial(self) -> dict[str, Any]:
        return {"month": queries.month_of(timezone.localdate())}

    def act(self, form: PhotoForm) -> str:
        photo = form.cleaned_data["photo"]
        services.add_photo(
            by=self.by, project=self.object, month=form.cleaned_data["month"], file=photo, name=photo.name
        )
        return self.cancel_url()


class AddMilestone(ActOfBuilding):
    form = MilestoneForm
    title = gettext_lazy("登记建设节点")
    milestone: Milestone | None = None

    def form_arguments(self) -> dict[str, Any]:
        return {"is_new": self.milestone is None}

    def act(self, form: MilestoneForm) -> str:
        data = form.cleaned_data
        services.set_milestone(
            by=self.by, project=self.object, kind=self.milestone.kind if self.milestone else data["kind"],
            planned_date=data["planned_date"], actual_date=data["actual_date"], note=data["note"], reason=data.get("reason", ""),
            version=data["version"] if self.milestone else None,
        )  # fmt: skip
        return self.cancel_url()


class EditMilestone(AddMilestone):
    title = gettext_lazy("修改建设节点")

    def start(self) -> None:
        super().start()
        found = [row for row in queries.milestones_of(self.object) if row.pk == self.kwargs["milestone"]]
        if not found:
            raise Missing
        self.milestone = found[0]

    def initial(self) -> dict[str, Any]:
        assert self.milestone is not None
        return {
            name: getattr(self.milestone, name) for name in ("planned_date", "actual_date", "note", "version")
        }

    def extra(self) -> dict[str, Any]:
        assert self.milestone is not None
        return super().extra() | {"intro": code_label("milestone", self.milestone.kind)}


class AddBuilder(ActOfBuilding):
    form = BuilderForm
    title = gettext_lazy("登记参建单位")

    def act(self, form: BuilderForm) -> str:
        services.add_builder(by=self.by, project=self.object, **form.cleaned_data)
        return self.cancel_url()


class EndBuilder(ActOfBuilding):
    form = ReasonForm
    title = gettext_lazy("参建单位退出")
    submit_label = gettext_lazy("退出")
    danger = True

    def start(self) -> None:
        super().start()
        firms, _photos = queries.beside(self.object)
        found = [row for row in firms if row.pk == self.kwargs["builder"]]
        if not found:
            raise Missing
        self.builder = found[0]

    def act(self, form: ReasonForm) -> str:
        services.end_builder(
            by=self.by, project=self.object, pk=self.builder.pk, reason=form.cleaned_data["reason"]
        )
        return self.cancel_url()

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"intro": self.builder.name}


class RaiseBottleneck(ActOfBuilding):
    form = BottleneckForm
    title = gettext_lazy("提出难点")
    submit_label = gettext_lazy("提出")
    secret_notice = True

    def act(self, form: BottleneckForm) -> Model:
        return services.raise_bottleneck(by=self.by, project=self.object, **form.cleaned_data)

    def done(self, result: Any) -> str:
        return _("已提出，解决单位会收到通知。")


class SolveBottleneck(EditPage):
    """Say that a bottleneck is solved, how and when."""

    permission = "projects.bottleneck.solve"
    model = Bottleneck
    action = "solve"
    form = SolveForm
    title = gettext_lazy("已解决")
    submit_label = gettext_lazy("已解决")

    def start(self) -> None:
        super().start()
        lifecycle.BOTTLENECK.check(self.object, "solve", self.by)

    def act(self, form: SolveForm) -> Model:
        data = form.cleaned_data
        return services.solve_bottleneck(
            by=self.by, bottleneck=self.object, how=data["reason"], solved_date=data["solved_date"],
            version=data["version"],
        )  # fmt: skip

    def extra(self) -> dict[str, Any]:
        return {
            "intro": self.object.what,
            "back": {"url": self.cancel_url(), "label": str(self.object.project)},
        }


class ExtendBottleneck(EditPage):
    """Give the unit that must act more time."""

    permission = "projects.project.change"
    model = Bottleneck
    form = DueForm
    title = gettext_lazy("延长解决时限")
    submit_label = gettext_lazy("延长时限")
    move = "extend"

    def start(self) -> None:
        super().start()
        lifecycle.BOTTLENECK.check(self.object, self.move, self.by)

    def act(self, form: DueForm) -> Model:
        return services.extend_bottleneck(by=self.by, bottleneck=self.object, **form.cleaned_data)

    def extra(self) -> dict[str, Any]:
        told = {"what": self.object.what, "unit": self.object.unit.brief, "due": day(self.object.due_date)}
        return {
            "intro": _("%(what)s（%(unit)s，现时限 %(due)s）") % told,
            "back": {"url": self.cancel_url(), "label": str(self.object.project)},
        }


class ReopenBottleneck(ExtendBottleneck):
    """Say that a bottleneck is not solved after all, and by when it must be now."""

    title = gettext_lazy("仍未解决")
    submit_label = gettext_lazy("仍未解决")
    move = "reopen"

    def act(self, form: DueForm) -> Model:
        return services.reopen_bottleneck(by=self.by, bottleneck=self.object, **form.cleaned_data)


class MoveBottleneck(MovePage):
    """Withdraw a bottleneck; every other move asks for more and has a page of its own."""

    permission = "projects.project.view"
    model = Bottleneck
    lifecycle = lifecycle.BOTTLENECK

    def perform(self, *, reason: str, version: int | None) -> None:
        services.withdraw_bottleneck(by=self.by, bottleneck=self.object, reason=reason, version=version)


# --- lists --------------------------------------------------------------------------------------------------------


class OfConstruction(ListPage):
    """The lists of construction, each a tab of the same page."""

    permission = "projects.project.view"
    export_permission = "projects.project.export"

    def tabs(self) -> list[dict[str, Any]]:
        every = (
            ("construction", _("建设推进")),
            ("bottlenecks", _("难点")),
            ("incentives", _("激励约束建议")),
        )
        return [
            {"label": label, "url": reverse(name), "active": self.request.path == reverse(name)}
            for name, label in every
        ]


class Construction(OfConstruction):
    model = Project
    table = ConstructionTable
    filterset = ConstructionFilter
    key = "construction"
    title = gettext_lazy("建设推进")
    export_route = "construction-export"

    def queryset(self) -> ScopedQuerySet[Any]:
        return queries.under_construction(self.by)

    def empty(self) -> dict[str, Any]:
        hint = _("签约之后、竣工之前要施工的项目列在这里，在项目的“建设”页登记计划、节点和月报。")
        projects = {"label": _("打开项目"), "url": reverse("projects")}
        return {"title": _("还没有要施工的项目"), "hint": hint, "act": projects, "icon": "crane"}


class ExportConstruction(ExportPage):
    permission = "projects.project.export"
    page = Construction
    file_title = gettext_lazy("建设推进")


class Bottlenecks(OfConstruction):
    """What stands still on the projects in sight, and who must act by when (clause 1.2)."""

    model = Bottleneck
    table = BottleneckTable
    filterset = BottleneckFilter
    key = "bottlenecks"
    title = gettext_lazy("难点")
    export_route = "bottlenecks-export"

    def empty(self) -> dict[str, Any]:
        hint = _("项目推不动时，在项目的“建设”页提出难点，写明由谁在什么时候之前解决。")
        projects = {"label": _("打开建设推进"), "url": reverse("construction")}
        return {"title": _("没有记录到难点"), "hint": hint, "act": projects, "icon": "barrier-block"}


class ExportBottlenecks(ExportPage):
    permission = "projects.project.export"
    page = Bottlenecks
    file_title = gettext_lazy("项目难点")


class Incentives(OfConstruction):
    """For which projects the rules propose incentive or penalty, and why."""

    model = Project
    table = IncentiveTable
    filterset = ProposalFilter
    key = "incentives"
    title = gettext_lazy("激励约束建议")
    export_route = "incentives-export"

    def queryset(self) -> ScopedQuerySet[Any]:
        return queries.with_incentives(self.by, timezone.localdate())

    def empty(self) -> dict[str, Any]:
        hint = _(
            "提前竣工的，逾期未开工、迟开工、落后计划、迟竣工的，按城市方案的规则列在这里，由人决定，系统不兑现也不计分。"
        )
        return {"title": _("现在没有建议"), "hint": hint, "act": None, "icon": "scale"}


class ExportIncentives(ExportPage):
    permission = "projects.project.export"
    page = Incentives
    file_title = gettext_lazy("激励约束建议")
