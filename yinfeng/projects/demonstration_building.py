"""The demonstration's construction: plans, monthly reports with a correction and a photo, milestones, builders, bottlenecks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.files.base import ContentFile
from django.utils import timezone

from yinfeng.core.actors import Actor
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Project

At = Callable[[datetime], AbstractContextManager[None]]


def _picture() -> bytes:
    """Return a drawn picture of a building site: sky, ground, and two buildings of different height; a PNG."""
    width, height, ground = 240, 160, 128
    buildings = ((40, 60, 96), (130, 70, 64))  # left edge, width, top

    def colour(x: int, y: int) -> int:
        if y >= ground:
            return 1
        for left, wide, top in buildings:
            if left <= x < left + wide and y >= top:
                return 3 if (x - left) % 14 < 4 or (y - top) % 16 < 4 else 2
        return 0

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(colour(x, y) for x in range(width)) for y in range(height))
    palette = bytes.fromhex("c9dcea a58a6b 8d99a6 d5dade".replace(" ", ""))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = [
        part(b"IHDR", head),
        part(b"PLTE", palette),
        part(b"IDAT", zlib.compress(rows)),
        part(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@dataclass(frozen=True, slots=True)
class Site:
    """One project under construction: what part of the planned investment its reports come to, month by month."""

    title: str
    district: str
    pace: Decimal
    reached: tuple[str, ...]  # milestones, in their order


SITES = (
    Site("高世代显示模组生产基地", "torch", Decimal("0.72"),
         ("land_supply", "land_permit", "works_permit", "building_permit", "piling")),
    Site("智能包装工厂", "tongan", Decimal("1.02"), ("land_supply", "works_permit", "building_permit")),
)  # fmt: skip
MILESTONES = (
    "land_supply",
    "land_permit",
    "works_permit",
    "building_permit",
    "piling",
    "topping_out",
    "equipment",
)


def enter(actors: Mapping[str, Actor], units: Mapping[str, Unit], today: datetime, at: At) -> None:
    """Tell how the demonstration's projects are built, month by month up to today."""
    for site in SITES:
        project = Project.objects.get(name=site.title)
        clerk = actors[f"clerk-{site.district}"]
        with at(today - timedelta(days=3)):
            _prepare(project, clerk)
            _milestones(project, site, clerk)
            _reports(project, site, clerk)
    project = Project.objects.get(name=SITES[0].title)
    _bottlenecks(project, actors, units, today, at)
    with at(today - timedelta(days=2)):
        _put_off(project, actors[f"clerk-{SITES[0].district}"])


def _prepare(project: Project, by: Actor) -> None:
    """Write the plan that the product proposes, and who builds."""
    months = [services.Planned(*month) for month in queries.proposed_plan(project)]
    services.set_plan(by=by, project=project, months=months, confirmed=True)
    for role, name in (
        (stages.OWNER, project.enterprise.name if project.enterprise else project.name),
        (stages.DESIGN, "示例工程设计有限公司"),
        (stages.SUPERVISION, "示例建设监理有限公司"),
        (stages.CONTRACTOR, "示例建筑工程有限公司"),
    ):
        services.add_builder(by=by, project=project, role=role, name=name, contact="演示联系人（项目经理）")


def _milestones(project: Project, site: Site, by: Actor) -> None:
    """Plan the milestones evenly up to completion; those that were reached came some days later."""
    assert project.planned_start_date is not None
    assert project.planned_completion_date is not None
    first = project.planned_start_date - timedelta(days=90)
    step = (project.planned_completion_date - first) / (len(MILESTONES) + 1)
    for number, kind in enumerate(MILESTONES):
        planned = first + step * number
        actual = min(planned + timedelta(days=6 * number), timezone.localdate())
        services.set_milestone(
            by=by, project=project, kind=kind, planned_date=planned, actual_date=actual if kind in site.reached else None
        )  # fmt: skip


def _reports(project: Project, site: Site, by: Actor) -> None:
    """Report every month from the start on that is over, correct the last one, and keep a photo of it."""
    plan = {row.month: row for row in queries.plan_of(project)}
    month, end = min(plan), queries.due_month(timezone.localdate())
    report = None
    while month <= end:
        row = plan.get(month)
        invested = ((row.investment if row else Decimal(0)) * site.pace).quantize(Decimal(1))
        percent = ((row.percent if row else Decimal(100)) * min(site.pace, Decimal(1))).quantize(
            Decimal("0.1")
        )
        report = services.report_progress(
            by=by, project=project, month=month, invested=invested, percent=percent,
            done="按计划推进土建和设备订货。演示数据。", confirmed=True,
        )  # fmt: skip
        month = queries.months_later(month, 1)
    if report is None:
        return
    services.report_progress(
        by=by, project=project, month=report.month, invested=(report.invested * Decimal("0.9")).quantize(Decimal(1)),
        percent=report.percent, done=report.done, reason="扣除尚未验收的设备款。", corrects=report.pk, confirmed=True,
    )  # fmt: skip
    name = "现场照片（演示）.png"
    services.add_photo(
        by=by, project=project, month=report.month, file=ContentFile(_picture(), name), name=name
    )


def _put_off(project: Project, by: Actor) -> None:
    """Put completion and production off by two months, and do in three months what the last one planned should bring."""
    days = {
        field: getattr(project, field) + timedelta(days=61)
        for field in ("planned_completion_date", "planned_production_date")
        if getattr(project, field)
    }
    services.change_project(
        by=by, project=project, version=project.version, values=days, confirmed=True,
        put_off="幕墙和机电招标推迟，二期厂房顺延。演示数据。",
    )  # fmt: skip
    *months, last = (
        services.Planned(row.month, row.investment, row.percent) for row in queries.plan_of(project)
    )
    third = (last.investment / 3).quantize(Decimal(1))
    before = months[-1].percent
    for later in range(3):  # the last month's works are done in three
        part = third if later else last.investment - 2 * third
        percent = (before + (last.percent - before) * (later + 1) / 3).quantize(Decimal("0.1"))
        months.append(services.Planned(queries.months_later(last.month, later), part, percent))
    services.set_plan(
        by=by,
        project=project,
        months=months,
        reason="二期设备到货推迟，相应投资后移。演示数据。",
        confirmed=True,
    )


def _bottlenecks(
    project: Project, actors: Mapping[str, Actor], units: Mapping[str, Unit], today: datetime, at: At
) -> None:
    """Let an approval and a loan wait, and a road be solved by the unit that had to act."""
    by = actors["clerk-torch"]
    stories = (
        ("approval", "二期厂房的规划条件变更尚未批复，幕墙和机电无法进场。", "resources-planning", 40, 12),
        ("funding", "设备贷款的担保手续没有办结，第二批设备不能下单。", "torch", 25, -4),
        ("other", "厂区北侧道路未通，大件设备进不了场。", "torch", 60, -20),
    )
    made = []
    for kind, what, unit, days, due in stories:
        with at(today - timedelta(days=days)):
            day = timezone.localdate()
            found = services.raise_bottleneck(
                by=by, project=project, kind=kind, what=what, since_date=day - timedelta(days=5), unit=units[unit],
                due_date=max((today + timedelta(days=due)).date(), day),
            )  # fmt: skip
        made.append(found)
    with at(today - timedelta(days=6)):
        services.extend_bottleneck(
            by=by, bottleneck=made[0], due_date=made[0].due_date + timedelta(days=14), reason="规划条件变更须再次公示。演示数据。"
        )  # fmt: skip
    with at(today - timedelta(days=15)):
        services.solve_bottleneck(
            by=actors["head-torch"], bottleneck=found, how="临时便道已修通，大件设备可以进场。",
            solved_date=timezone.localdate(),
        )  # fmt: skip
