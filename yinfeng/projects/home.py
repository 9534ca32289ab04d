"""What leads and projects put on other pages: the home page, the search, an enterprise's page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, IntegerField, QuerySet, Value, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from yinfeng.core import desk, events
from yinfeng.core.actors import Actor
from yinfeng.core.models import Follow
from yinfeng.core.money import show
from yinfeng.core.tables import day
from yinfeng.core.waiting import Waiting, listed
from yinfeng.duties import queries as duty_queries
from yinfeng.duties import terms
from yinfeng.duties.lists import LEGS_TOLD, STATE_TONES
from yinfeng.enterprises import briefs, panels
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import queries, stages
from yinfeng.projects.briefs import contribution
from yinfeng.projects.models import Lead, Project
from yinfeng.projects.tables import (
    DISPUTE_TONES,
    LEAD_TONES,
    STAGE_TONES,
    TRANSFER_TONES,
    lead_line,
    project_line,
)

SHOWN = 8
MINE, STALE, FOLLOWED = range(3)
# What these lists tell of a project: the rest of so wide a row would be sorted with it.
TOLD = ("name", "code", "stage", "next_step", "next_date", "progress_at", "updated_at")


def register() -> None:
    """Put everything in its place; called once, when the app is ready."""
    desk.searchable(
        desk.Found(
            Project,
            gettext_lazy("项目"),
            "projects",
            "projects.project.view",
            project_line,
            ("enterprise",),
            10,
        )
    )
    desk.searchable(
        desk.Found(
            Lead,
            gettext_lazy("线索"),
            "leads",
            "projects.lead.view",
            lead_line,
            ("enterprise", "handling_unit"),
            20,
        )
    )
    desk.on_home(board=board, primary=primary)
    panels.register(enterprise_panel)
    briefs.register(contribution)


def primary(by: Actor) -> dict[str, Any] | None:
    """Return the act a day begins with."""
    if not by.may("projects.lead.register"):
        return None
    return {"label": _("登记线索"), "url": reverse("lead-new"), "icon": "plus"}


def _to_assess(by: Actor) -> Any:
    return Lead.objects.permitted(by, "assess").filter(state=stages.REGISTERED)


def board(by: Actor) -> desk.Board:
    """Return how far the projects in sight have come, what waits for the person, his next steps, what has stood still."""
    cards: list[dict[str, Any]] = []
    lists: list[dict[str, Any]] = []
    if by.may("projects.lead.assess"):
        found, count = _counted(
            _to_assess(by).select_related("enterprise", "handling_unit").order_by("first_reported_at")
        )
        lists.append(_leads_to_assess(found) | {"count": count})
    waiting = queries.waiting_for(by, SHOWN)
    if by.may("projects.project.verify"):
        lists.append(_claims_to_verify(*waiting.get(queries.CLAIMS, (0, []))))
    if by.may("duties.duty.view"):
        lists.append(_duties(waiting))
    lists += [
        {
            "title": item.kind.title, "icon": item.kind.icon, "url": item.url, "empty": "", "rows": item.rows,
            "count": duty_queries.counted(item.count),
        }
        for item in listed(waiting, by, timezone.localdate(), mine=True)
    ]  # fmt: skip
    if queries.STEPS in waiting:
        lists.append(_steps_to_approve(*waiting[queries.STEPS]))
    if queries.REVERSALS in waiting:
        lists.append(_reversals_to_confirm(*waiting[queries.REVERSALS]))
    if queries.TRANSFERS in waiting:
        lists.append(_transfers_to_do(*waiting[queries.TRANSFERS]))
    if queries.DISPUTES in waiting:
        lists.append(_disputes_to_do(*waiting[queries.DISPUTES]))
    if queries.BOTTLENECKS in waiting:
        lists.append(_bottlenecks_to_solve(*waiting[queries.BOTTLENECKS]))
    if queries.FOR_CITY in waiting or queries.sees_the_city(by):
        lists.append(_bottlenecks_for_the_city(*waiting.get(queries.FOR_CITY, (0, []))))
    if queries.PERSONAL in waiting or queries.sees_the_city(by):
        lists.append(_personal_acts_missing(by, *waiting.get(queries.PERSONAL, (0, []))))
    if queries.REPORTS in waiting:
        lists.append(_reports_to_hand_in(*waiting[queries.REPORTS]))
    if queries.PROPOSALS in waiting:
        lists.append(_proposals_to_argue(*waiting[queries.PROPOSALS]))
    if queries.TO_ADVANCE in waiting:
        lists.append(_projects_to_advance(*waiting[queries.TO_ADVANCE]))
    if queries.TO_LEAD in waiting:
        lists.append(_projects_to_lead(*waiting[queries.TO_LEAD]))
    if by.may("projects.project.view"):
        cards = _library(by)
        lists += _project_lists(by)
    return desk.Board(cards, sorted(lists, key=lambda item: not item["rows"]))


def _counted(found: QuerySet[Any]) -> tuple[list[Any], int]:
    """Return the first rows and how many there are, in one query."""
    rows = list(found.annotate(in_all=Window(Count("pk")))[:SHOWN])
    return rows, rows[0].in_all if rows else 0


def _library(by: Actor) -> list[dict[str, Any]]:
    """Return a card for each state of the library: its ongoing projects and their amounts (contracted ones once landed).

    The last card says how many of them are red and yellow. What one's units were only offered, or passed on, is not counted.
    """
    today = timezone.localdate()
    ongoing = Project.objects.permitted(by).filter(queries.ours(by), status=stages.ONGOING)
    whose = "" if by.reach("projects.project.view").everywhere else "&who=unit"
    counts = {code: Count("pk", filter=queries.lit(code, today)) for code in (stages.RED, stages.YELLOW)}
    counts["leaving"] = Count("pk", filter=queries.to_leave(today))
    found, lights = queries.roll_up(ongoing, **counts)
    cards: list[dict[str, Any]] = []
    for item in found:
        kind = _("合同投资 %(amount)s") if item.state.code == stages.LANDED else _("意向投资 %(amount)s")
        hints = [kind % {"amount": show(item.amount)}] if item.amount else []
        if item.extensions:
            hints.append(_("另有增资扩产 %(count)s 个") % {"count": f"{item.extensions:,}"})
        cards.append({
            "label": item.state.label, "value": f"{item.projects:,}", "unit": ngettext("个项目", "个项目", item.projects),
            "hint": _("，").join(hints),
            "url": f"{reverse('projects')}?state={item.state.code}&status={stages.ONGOING}{whose}",
        })  # fmt: skip
    red, yellow = lights[stages.RED], lights[stages.YELLOW]
    if red or yellow:
        cards.append({
            "label": stages.LIGHTS[stages.RED], "value": f"{red:,}", "unit": ngettext("个项目", "个项目", red),
            "hint": _("另有黄灯 %(count)s 个") % {"count": f"{yellow:,}"}, "url": reverse("lights"),
            "tone": "danger" if red else "",
        })  # fmt: skip
    if leaving := lights["leaving"]:
        cards.append({
            "label": _("应移出项目库"), "value": f"{leaving:,}", "unit": ngettext("个项目", "个项目", leaving),
            "hint": _("没有进展已满规定的天数"), "url": f"{reverse('projects')}?to_leave=true&status={stages.ONGOING}{whose}",
        })  # fmt: skip
    return cards


def _project_lists(by: Actor) -> list[dict[str, Any]]:
    """Return the person's next steps, what stands still and what he follows, read in one query."""
    today, seen = timezone.localdate(), Project.objects.permitted(by)
    limits = queries.day_limits(today)
    follows = Follow.objects.permitted(by).filter(object_type=events.type_of(Project)).values("object_id")
    lists = {
        MINE: (seen.filter(queries.mine(by), status=stages.ONGOING, next_date__isnull=False), "next_date"),
        STALE: (queries.stale(seen.filter(queries.ours(by)), limits, today), "progress_at"),
        FOLLOWED: (seen.filter(pk__in=follows), "-updated_at"),
    }  # fmt: skip
    first, *others = (
        queries.first_of(rows.only(*TOLD), order, SHOWN).annotate(leg=Value(leg, output_field=IntegerField()))
        for leg, (rows, order) in lists.items()
    )
    found: dict[int, list[Any]] = {leg: [] for leg in lists}
    for project in first.union(*others, all=True).order_by("leg", "place"):
        found[project.leg].append(project)
    mine, stale, followed = found.values()
    shown = [_followed(followed)]
    if limits:
        shown.insert(0, _stale(stale, today))
    if mine or by.may("projects.project.change"):  # a city leader is on no team
        shown.insert(0, _next_steps(mine))
    return shown


def _duties(waiting: dict[int, tuple[int, list[Any]]]) -> dict[str, Any]:
    """Return the duties on which the person must act, the most pressing first; one that is late and unreported stands once."""
    today = str(timezone.localdate())
    found: dict[int, dict[str, Any]] = {}
    count = 0
    for place, leg in enumerate(duty_queries.URGENT):
        number, rows = waiting.get(queries.DUTIES + place, (0, []))
        count += number
        for row in rows:
            late = bool(row.second) and row.second < today and row.third != terms.CLOSED
            found.setdefault(row.pk, {
                "title": row.title, "url": reverse("duty", args=[row.pk]), "sub": f"{LEGS_TOLD[leg]} · {row.first}",
                "badge": {"text": terms.DUTY_STATES[row.third], "tone": STATE_TONES[row.third]},
                "date_text": row.second or str(terms.DUE[terms.STANDING]), "late": late,
            })  # fmt: skip
    return {
        "title": _("我的督办"), "icon": "clipboard-check", "url": reverse("work"), "count": duty_queries.counted(count),
        "rows": list(found.values())[:SHOWN], "empty": _("没有等您办理的督办事项。"),
    }  # fmt: skip


def _leads_to_assess(found: list[Lead]) -> dict[str, Any]:
    return {
        "title": _("待我研判的线索"), "icon": "bulb", "url": f"{reverse('leads')}?state={stages.REGISTERED}",
        "empty": _("没有等您研判的线索。"),
        "rows": [
            {
                "title": lead.title, "url": lead.get_absolute_url(),
                "sub": lead.enterprise.name if lead.enterprise else lead.handling_unit.brief,
                "date_text": day(lead.first_reported_at),
            }
            for lead in found
        ],
    }  # fmt: skip


def _claims_to_verify(count: int, found: list[Waiting]) -> dict[str, Any]:
    def sub(item: Waiting) -> str:
        amount = show(item.amount) if item.amount is not None else ""
        who = _("%(who)s 申报") % {"who": item.second}
        return _("，").join(filter(None, [str(stages.ACHIEVEMENTS[item.first]), amount, who]))

    return {
        "title": _("待我核验的业绩"), "icon": "shield-check", "empty": _("没有等您核验的业绩。"), "count": count,
        "rows": [
            {
                "title": item.title, "url": reverse("project", args=[item.pk]) + "#claims-title", "sub": sub(item),
                "date_text": day(item.at),
            }
            for item in found
        ],
    }  # fmt: skip


def _steps_to_approve(count: int, found: list[Waiting]) -> dict[str, Any]:
    return {
        "title": _("待我批准的退回"), "icon": "arrow-back-up", "empty": "", "count": count,
        "rows": [
            {
                "title": item.title, "url": reverse("project", args=[item.pk]),
                "sub": f"{stages.STAGES[item.first]} → {stages.STAGES[item.second]}，{item.third}",
                "date_text": day(item.at),
            }
            for item in found
        ],
    }  # fmt: skip


def _reversals_to_confirm(count: int, found: list[Waiting]) -> dict[str, Any]:
    return {
        "title": _("待我确认的冲销"), "icon": "arrow-back-up", "empty": "", "count": count,
        "rows": [
            {
                "title": item.title, "url": reverse("entry", args=[item.pk]), "date_text": day(item.at),
                "sub": _("，").join(filter(None, [
                    str(stages.ACHIEVEMENTS[item.first]), show(item.amount or None), _("%(who)s 申请") % {"who": item.second}, item.third,
                ])),
            }
            for item in found
        ],
    }  # fmt: skip


def _transfers_to_do(count: int, found: list[Waiting]) -> dict[str, Any]:
    return {
        "title": _("待我办理的流转"), "icon": "arrows-exchange", "url": reverse("transfers"), "empty": "", "count": count,
        "rows": [
            {
                "title": item.title, "url": reverse("transfer", args=[item.pk]), "sub": f"{item.first} → {item.second}",
                "badge": {"text": stages.TRANSFER_STATES[item.third], "tone": TRANSFER_TONES[item.third]},
                "date_text": day(item.at),
            }
            for item in found
        ],
    }  # fmt: skip


def _disputes_to_do(count: int, found: list[Waiting]) -> dict[str, Any]:
    return {
        "title": _("待我办理的首报争议"), "icon": "scale", "url": reverse("disputes"), "empty": "", "count": count,
        "rows": [
            {
                "title": item.title, "url": reverse("dispute", args=[item.pk]),
                "badge": {"text": stages.DISPUTE_STATES[item.first], "tone": DISPUTE_TONES[item.first]},
                "date_text": day(item.at),
            }
            for item in found
        ],
    }  # fmt: skip


def _bottlenecks_to_solve(count: int, found: list[Waiting]) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "title": _("待我解决的难点"), "icon": "barrier-block", "empty": "", "count": count,
        "url": f"{reverse('bottlenecks')}?state={stages.OPEN}",
        "rows": [
            {
                "title": item.title, "sub": item.second, "date_text": item.third, "late": item.third < today.isoformat(),
                "url": reverse("project-construction", args=[item.first]) + f"#bottleneck-{item.pk}",
            }
            for item in found
        ],
    }  # fmt: skip


def _bottlenecks_for_the_city(count: int, found: list[Waiting]) -> dict[str, Any]:
    """Return what no district can settle, or has not in time."""
    return _bottlenecks_to_solve(count, found) | {
        "title": _("需市级协调的难点"), "empty": _("没有等市级协调的难点。"),
        "url": f"{reverse('bottlenecks')}?city=true",
    }  # fmt: skip


def _personal_acts_missing(by: Actor, count: int, found: list[Waiting]) -> dict[str, Any]:
    """Return the major projects whose holder's first hand has not done in this quarter what is due."""
    quarter = queries.quarter_of(timezone.localdate())
    whose = "" if queries.sees_the_city(by) else f"&place={by.unit_id}"
    return {
        "title": _("本季度还缺的三个“亲自”"), "icon": "user-check", "count": count,
        "empty": _("重大项目本季度的三个“亲自”都已做到。"),
        "url": f"{reverse('personal')}?missing={queries.ANY}{whose}",
        "rows": [
            {
                "title": item.title, "url": reverse("project-personal", args=[item.pk]),
                "sub": _("%(unit)s缺：%(acts)s") % {
                    "unit": item.first, "acts": _("、").join(str(stages.PERSONAL_KINDS[kind]) for kind in item.second.split()),
                },
                "date_text": day(quarter.last),
            }
            for item in found
        ],
    }  # fmt: skip


def _reports_to_hand_in(count: int, found: list[queries.OwedReport]) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "title": _("待我报送"), "icon": "send", "url": reverse("reports"), "empty": "", "count": count,
        "rows": [
            {
                "title": item.title, "sub": _("%(unit)s，报送期 %(period)s") % {
                    "unit": item.unit_name, "period": item.period.label,
                },
                "url": reverse("report-submit", args=[item.code, item.period.starts.isoformat(), item.unit]),
                "date_text": day(item.due), "late": item.due < today,
            }
            for item in found
        ],
    }  # fmt: skip


def _proposals_to_argue(count: int, found: list[Waiting]) -> dict[str, Any]:
    return {
        "title": _("待我论证的策划项目"), "icon": "compass", "empty": "", "count": count,
        "url": f"{reverse('proposals')}?state={stages.ARGUED}",
        "rows": [
            {
                "title": item.title, "url": reverse("proposal", args=[item.pk]),
                "sub": _("%(unit)s，估算总投资 %(amount)s") % {"unit": item.first, "amount": show(item.amount)},
                "date_text": day(item.at),
            }
            for item in found
        ],
    }  # fmt: skip


def _projects_to_advance(count: int, found: list[Waiting]) -> dict[str, Any]:
    return {
        "title": _("待我转入下一阶段的项目"), "icon": "arrow-right", "empty": "", "count": count,
        "rows": [
            {
                "title": item.title, "url": reverse("project", args=[item.pk]), "date_text": day(item.at),
                "sub": _("%(unit)s，%(stage)s阶段，下一阶段所需内容都齐了") % {"unit": item.second, "stage": stages.STAGES[item.first]},
            }
            for item in found
        ],
    }  # fmt: skip


def _projects_to_lead(count: int, found: list[Waiting]) -> dict[str, Any]:
    return {
        "title": _("待我指定项目负责人"), "icon": "user-plus", "empty": "", "count": count,
        "rows": [
            {
                "title": item.title, "url": reverse("project-member-add", args=[item.pk]), "date_text": day(item.at),
                "sub": _("已流转到%(unit)s，还没有项目负责人") % {"unit": item.second},
            }
            for item in found
        ],
    }  # fmt: skip


def _next_steps(found: list[Any]) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "title": _("我团队的项目下一步"), "icon": "checklist", "url": f"{reverse('projects')}?who=team",
        "empty": _("您团队的项目没有排定下一步。"),
        "rows": [
            {
                "title": project.name, "url": project.get_absolute_url(), "sub": project.next_step,
                "date_text": day(project.next_date), "late": project.next_date < today,
            }
            for project in found
        ],
    }  # fmt: skip


def _stale(found: list[Project], today: date) -> dict[str, Any]:
    return {
        "title": _("很久没有进展的项目"), "icon": "zzz", "empty": _("没有停滞的项目。"),
        "rows": [
            {
                "title": project.name, "url": project.get_absolute_url(),
                "sub": _("%(stage)s阶段，已 %(days)s 天没有进展") % {
                    "stage": stages.STAGES[project.stage], "days": (today - timezone.localdate(project.progress_at)).days,
                },
                "date_text": day(project.progress_at),
            }
            for project in found
        ],
    }  # fmt: skip


def _followed(found: list[Project]) -> dict[str, Any]:
    return {
        "title": _("我关注的项目"), "icon": "star", "empty": _("在项目页点“关注”，动态就会通知您。"),
        "rows": [
            {
                "title": project.name, "url": project.get_absolute_url(), "sub": project.code,
                "badge": {"text": stages.STAGES[project.stage], "tone": STAGE_TONES[project.stage]},
                "date_text": day(project.updated_at),
            }
            for project in found
        ],
    }  # fmt: skip


def enterprise_panel(enterprise: Enterprise, by: Actor) -> dict[str, Any] | None:
    """Return an enterprise's leads and projects in the person's sight, and of the others unit and stage alone."""
    if not (by.may("projects.project.view") or by.may("projects.lead.view")):
        return None
    found = queries.dealings(enterprise, by, registered=True)
    seen = sorted((item for item in found if item.is_seen), key=lambda item: item.pk, reverse=True)
    projects = [item for item in seen if item.is_project]
    leads = [item for item in seen if not item.is_project and item.stage != stages.CONVERTED]
    rows = [
        {
            "title": item.title, "url": item.url, "sub": item.code,
            "badge": {"text": stages.STAGES[item.stage], "tone": STAGE_TONES[item.stage]},
        }
        for item in projects[:SHOWN]
    ]  # fmt: skip
    rows += [
        {
            "title": item.title, "url": item.url, "sub": day(item.at),
            "badge": {"text": stages.LEAD_STATES[item.stage], "tone": LEAD_TONES[item.stage]},
        }
        for item in leads[:SHOWN]
    ]  # fmt: skip
    rows += [{"title": clash.sentence, "sub": _("不在您的查看范围内")} for clash in queries.told(found)]
    act = {"url": reverse("lead-new") + f"?enterprise={enterprise.pk}", "label": _("登记线索")}
    return {
        "title": _("项目和线索"), "rows": rows, "empty": _("还没有项目或线索。"),
        "act": act if by.may("projects.lead.register") else None,
    }  # fmt: skip
