"""What leads and projects put on other pages: the home page, the search, an enterprise's page."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, QuerySet, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import desk, events
from yinfeng.core.actors import Actor
from yinfeng.core.models import Follow
from yinfeng.core.money import show
from yinfeng.core.tables import day
from yinfeng.enterprises import panels
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Lead, Project, Signature
from yinfeng.projects.tables import LEAD_TONES, STAGE_TONES, lead_line, project_line

SHOWN = 8


def register() -> None:
    """Put everything in its place; called once, when the app is ready."""
    desk.searchable(
        desk.Found(
            Project, gettext_lazy("项目"), "projects", "projects.project.view", project_line, ("enterprise",)
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
        )
    )
    desk.on_home(board=board, primary=primary)
    panels.register(enterprise_panel)


def primary(by: Actor) -> dict[str, Any] | None:
    """Return the act a day begins with."""
    if not by.may("projects.lead.register"):
        return None
    return {"label": _("登记线索"), "url": reverse("lead-new"), "icon": "plus"}


def _to_assess(by: Actor) -> Any:
    return Lead.objects.permitted(by, "assess").filter(state=stages.REGISTERED)


def _to_verify(by: Actor) -> Any:
    waiting = Signature.objects.permitted(by, "verify").filter(
        state=stages.SUBMITTED, project__status=stages.ONGOING
    )
    return waiting.exclude(entered_by=by.user_id)


def board(by: Actor) -> desk.Board:
    """Return what waits for the person, his next steps, what has stood still, and what he follows."""
    cards, lists = [], []
    if by.may("projects.lead.assess"):
        found, count = _counted(
            _to_assess(by).select_related("enterprise", "handling_unit").order_by("first_reported_at")
        )
        cards.append(_card(_("待我研判的线索"), count, f"{reverse('leads')}?state={stages.REGISTERED}"))
        lists.append(_leads_to_assess(found))
    if by.may("projects.project.verify"):
        found, count = _counted(_to_verify(by).select_related("project", "entered_by").order_by("entered_at"))
        cards.append(_card(_("待我核验的签约"), count, f"{reverse('projects')}?stage={stages.NEGOTIATING}"))
        lists.append(_signatures_to_verify(found))
    if by.may("projects.project.view"):
        mine = Project.objects.permitted(by).filter(queries.mine(by), status=stages.ONGOING)
        found, count = _counted(mine.order_by(F("next_date").asc(nulls_last=True), "pk"))
        cards.append(_card(_("我团队的项目"), count, f"{reverse('projects')}?who=team", waits=False))
        shown: list[dict[str, Any] | None] = [_next_steps(found), _stale(by), _followed(by)]
        lists += [item for item in shown if item is not None]
    return desk.Board(cards, [item for item in lists if item is not None])


def _counted(found: QuerySet[Any]) -> tuple[list[Any], int]:
    """Return the first rows and how many there are, in one query."""
    rows = list(found.annotate(in_all=Window(Count("pk")))[:SHOWN])
    return rows, rows[0].in_all if rows else 0


def _card(label: str, count: int, url: str, *, waits: bool = True) -> dict[str, Any]:
    return {
        "label": label, "value": f"{count:,}", "unit": "", "url": url,
        "tone": "warning" if waits and count else "",
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


def _signatures_to_verify(found: list[Signature]) -> dict[str, Any]:
    return {
        "title": _("待我核验的签约"), "icon": "shield-check", "empty": _("没有等您核验的签约。"),
        "rows": [
            {
                "title": item.project.name, "url": item.project.get_absolute_url(),
                "sub": _("%(amount)s，%(who)s 申报") % {"amount": show(item.contracted), "who": item.entered_by},
                "date_text": day(item.entered_at),
            }
            for item in found
        ],
    }  # fmt: skip


def _next_steps(found: list[Project]) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "title": _("我团队的项目下一步"), "icon": "checklist", "url": f"{reverse('projects')}?who=team",
        "empty": _("您团队的项目没有排定下一步。"),
        "rows": [
            {
                "title": project.name, "url": project.get_absolute_url(), "sub": project.next_step,
                "date_text": day(project.next_date), "late": project.next_date < today,
            }
            for project in found if project.next_date is not None
        ],
    }  # fmt: skip


def _stale(by: Actor) -> dict[str, Any] | None:
    limits = queries.day_limits(timezone.localdate())
    if not limits:
        return None
    now = timezone.now()
    found = queries.stale(Project.objects.permitted(by), limits, now).order_by("progress_at", "pk")[:SHOWN]
    return {
        "title": _("很久没有进展的项目"), "icon": "zzz", "empty": _("没有停滞的项目。"),
        "rows": [
            {
                "title": project.name, "url": project.get_absolute_url(),
                "sub": _("%(stage)s阶段，已 %(days)s 天没有进展") % {
                    "stage": stages.STAGES[project.stage], "days": (now - project.progress_at).days,
                },
                "date_text": day(project.progress_at), "late": True,
            }
            for project in found
        ],
    }  # fmt: skip


def _followed(by: Actor) -> dict[str, Any]:
    follows = Follow.objects.permitted(by).filter(object_type=events.type_of(Project)).values("object_id")
    found = Project.objects.permitted(by).filter(pk__in=follows).order_by("-updated_at")[:SHOWN]
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
    found = queries.dealings(enterprise, by)
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
