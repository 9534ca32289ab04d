"""The demonstration's duties: invented, marked, dated relative to today, in every state an officer meets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from yinfeng.core.actors import Actor
from yinfeng.duties import services, terms, workdays
from yinfeng.duties.models import Duty
from yinfeng.orgs.models import Person, Unit

NOTE = "（演示）"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass(frozen=True, slots=True)
class Tale:
    """One duty: what, for whom, how many days ago it was set, its last day in days from today, and how far it came.

    ``until``: assigned, working, submitted, closed, late (closed after its last day), returned, extended, asking, divided.
    """

    item: str
    target: str
    requirement: str
    unit: str
    days_ago: int
    due: int
    until: str
    source: str = terms.INSTRUCTION
    said: str = ""
    joint: tuple[str, ...] = ()
    grade: str = terms.KEY
    led: bool = False
    percent: int = 0


TALES = (
    Tale("光学膜生产线用地报批", "12 月底前取得用地批复", "每周报送进展，遇到问题当天报告。", "resources-planning", 40, 9, "working",
         said="市领导批示：加快办理", joint=("xiangan", "development-reform"), grade=terms.MAJOR, led=True, percent=60),
    Tale("水处理装备基地周边道路通车", "主干道通车，满足重型车辆通行", "倒排工期，按周通报。", "haicang", 75, -8, "working",
         said="市领导现场办公议定", joint=("construction",), grade=terms.MAJOR, led=True, percent=70),
    Tale("梳理集美区可供产业用地", "形成 50 亩以上地块清单并标注规划条件", "核实权属、规划、配套。", "jimei", 20, 0, "working", percent=85),
    Tale("走访区内重点企业", "完成 20 家链上企业走访并建立问题清单", "走访记录当周录入。", "jimei", 4, 18, "assigned", grade=terms.NORMAL),
    Tale("编制新型显示产业招商图谱", "完成上中下游环节和目标企业清单", "会同行业协会核对。", "torch", 60, 3, "submitted", percent=95),
    Tale("投洽会签约项目落地情况核查", "逐个核实签约项目注册、到资情况", "附佐证材料。", "huli", 90, -30, "closed"),
    Tale("出台标准厂房租金指导价", "印发指导价文件", "征求区和开发区意见。", "tongan", 120, -60, "late"),
    Tale("引进工业机器人检测机构", "签订合作协议", "比选三家以上。", "xiangan", 15, 25, "returned", source=terms.OTHER),
    Tale("建立项目用工保障台账", "覆盖在建重点项目", "每月更新。", "siming", 50, 14, "extended", source=terms.OTHER, percent=50),
    Tale("完成冷链分拨中心能评", "取得节能审查意见", "同步办理环评。", "tongan", 25, 4, "asking", percent=40),
    Tale("开展秋季境外招商", "举办专场推介并形成线索清单", "控制费用，及时总结。", "huli", 35, 30, "divided", joint=("ftz",), grade=terms.MAJOR, percent=30),
)  # fmt: skip


def enter(actors: Mapping[str, Actor], now: datetime, at: Callable[[datetime], Any]) -> None:
    """Set the duties as the office and the districts would, and let the clock remind of what is late."""
    units = {unit.code: unit for unit in Unit.objects.all()}
    leader = Person.objects.filter(user__username="leader").first()
    for tale in TALES:
        _tell(tale, actors, units, leader, now, at)
    with at(now.replace(hour=3)):  # eleven in the city
        services.remind(timezone.now())


def _day(now: datetime, days: int) -> date:
    return timezone.localtime(now).date() + timedelta(days=days)


def _tell(
    tale: Tale, actors: Mapping[str, Actor], units: Mapping[str, Unit], leader: Person | None, now: datetime,
    at: Callable[[datetime], Any],
) -> None:  # fmt: skip
    office = actors["office"]
    worker = actors["department"] if tale.unit == "resources-planning" else actors[f"clerk-{tale.unit}"]
    began = now - timedelta(days=tale.days_ago)
    six = services.Six(
        item=f"{tale.item}{NOTE}", target=tale.target, requirement=tale.requirement, lead_unit=units[tale.unit],
        joint_units=[units[code] for code in tale.joint], leader=leader if tale.led else None, due_date=_day(now, tale.due),
        grade=tale.grade,
    )  # fmt: skip
    with at(began):
        duty = services.set_duty(
            by=office,
            six=six,
            origin=services.Origin(tale.source, text=tale.said),
            set_unit=units["office"],
            is_demo=True,
        )

    def move(name: str, by: Actor, days: int, reason: str = "") -> None:
        duty.refresh_from_db()
        with at(now - timedelta(days=days)):
            services.move_duty(by=by, duty=duty, move=name, reason=reason)

    if tale.until == "assigned":
        return
    if tale.until == "returned":
        move("send_back", worker, tale.days_ago - 2, "检测机构归口市级部门引进，建议由市级部门牵头。")
        return
    move("accept", worker, max(tale.days_ago - 1, 0))
    if tale.percent:
        with at(now - timedelta(days=min(tale.days_ago - 2, 5))):
            duty.refresh_from_db()
            services.report_progress(
                by=worker, duty=duty, unit=duty.lead_unit, percent=tale.percent, text="按计划推进，主要手续已经受理。",
                problem="需要相关部门并联审批。" if tale.percent < 80 else "",
            )  # fmt: skip
    if tale.until in {"submitted", "closed", "late"}:
        days = {"submitted": 1, "closed": 35, "late": 50}[tale.until]
        with at(now - timedelta(days=days)):
            duty.refresh_from_db()
            name = "佐证材料（演示）.pdf"
            services.submit_duty(
                by=worker,
                duty=duty,
                result="已按要求完成，成果随附。",
                files=[(ContentFile(PDF, name), name)],
            )
    if tale.until in {"closed", "late"}:
        move("approve", actors["inspector"], 30 if tale.until == "closed" else 45, "材料齐全，同意办结。")
    if tale.until in {"extended", "asking"}:
        _extend(duty, tale, worker, office, now, at)
    if tale.until == "divided":
        _divide(duty, worker, units, now, at)


def _extend(
    duty: Duty, tale: Tale, worker: Actor, office: Actor, now: datetime, at: Callable[[datetime], Any]
) -> None:
    assert duty.due_date is not None
    with at(now - timedelta(days=2)):
        duty.refresh_from_db()
        asked = services.ask_extension(
            by=worker,
            duty=duty,
            until=workdays.add(duty.due_date, 10),
            reason="前置手续由省级部门办理，尚未批复。",
        )
    if tale.until == "extended":
        with at(now - timedelta(days=1)):
            services.grant_extension(
                by=office, extension=asked, until=asked.until, answer="同意，请抓紧对接。"
            )


def _divide(
    duty: Duty, worker: Actor, units: Mapping[str, Unit], now: datetime, at: Callable[[datetime], Any]
) -> None:
    with at(now - timedelta(days=20)):
        duty.refresh_from_db()
        services.set_duty(
            by=worker, parent=duty, set_unit=duty.lead_unit, origin=services.Origin(terms.PART, text=duty.number), is_demo=True,
            six=services.Six(
                item=f"联系境外商会和校友会{NOTE}", target="落实 10 家以上参会机构", requirement="每周反馈名单。",
                lead_unit=units["ftz"], due_date=_day(now, 10),
            ),
        )  # fmt: skip
