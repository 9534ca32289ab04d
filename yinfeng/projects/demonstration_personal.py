"""First hands of the demonstration's districts, and what they did themselves for the major projects; some of it is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from yinfeng.core.actors import Actor, system
from yinfeng.orgs import services as orgs
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Project

# Days before today, what was done and what came of it; projects take turns in having all, some or none of it.
ACTS: tuple[tuple[str, int, str, str], ...] = (
    (stages.PROMOTE, 150, "带队走访企业总部，推介产业园区和配套政策。", "对方同意安排技术团队来考察。"),
    (stages.SOLVE, 118, "召开现场会，协调用地红线和进场道路。", "资源规划部门十日内出具意见。"),
    (stages.SUPERVISE, 96, "听取项目专班汇报，逐项过问进度。", "明确专人每周报送进展。"),
    (stages.PROMOTE, 41, "与企业董事长会谈，商定投资协议主要条款。", "双方同意月内交换文本。"),
    (stages.SUPERVISE, 33, "现场查看进度，督办配套工程。", "配套变电站提前一个月开工。"),
    (stages.SOLVE, 12, "协调解决企业提出的用工和住宿问题。", "落实首批人才公寓。"),
)


def enter(
    actors: Mapping[str, Actor], units: Mapping[str, Unit], now: datetime, at: Callable[[datetime], Any]
) -> None:
    """Register the first hands and let their clerks record what they did."""
    today = timezone.localdate(now)
    found = [project for project in Project.objects.order_by("pk") if queries.is_major(project, today)]
    ongoing = [
        project for project in found if project.status == stages.ONGOING and project.host_unit is not None
    ]
    clerks = {units[key.removeprefix("clerk-")].pk: actor for key, actor in actors.items() if key.startswith("clerk-")}  # fmt: skip
    for unit in {project.host_unit for project in ongoing if project.host_unit_id in clerks}:
        assert unit is not None
        _first_hand(unit, today)
    for turn, project in enumerate(ongoing):
        clerk = clerks.get(project.host_unit_id or 0)
        for number, (kind, days, done, outcome) in enumerate(ACTS):
            moment = now - timedelta(days=days)
            if clerk is None or (turn + number) % 3 == 0 or project.created_at >= moment:
                continue
            with at(moment):
                (post,) = queries.first_hands_for(project, clerk).filter(unit=project.host_unit_id)
                services.record_personal_act(
                    by=clerk, project=project, post=post, kind=kind, act_date=timezone.localdate(), done=done, outcome=outcome
                )  # fmt: skip


def _first_hand(unit: Unit, today: date) -> None:
    by = system("demo")
    person = orgs.add_person(by=by, name=f"{unit.brief}主要领导（演示）", is_demo=True)
    orgs.add_membership(
        by=by, person=person, unit=unit, position="主要领导", day=today - timedelta(days=800), is_first_hand=True, is_main=True,
    )  # fmt: skip
