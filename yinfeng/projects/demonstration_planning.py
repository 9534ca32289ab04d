"""The demonstration's planned projects, headquarters and command posts: invented, marked, dated relative to today."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from yinfeng.core.actors import Actor, system
from yinfeng.core.money import YI, Money
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs import services as orgs
from yinfeng.orgs.models import Unit
from yinfeng.projects import services, stages
from yinfeng.projects.models import Area, Project

NOTE = "演示数据。"
DUTIES = f"统筹征收、供地和配套建设，每月调度片区内项目，协调各部门解决难点。{NOTE}"


@dataclass(frozen=True, slots=True)
class Plan:
    """One planned project: whose, how long ago, how far it has come; ``firms`` with which it is to be done."""

    title: str
    unit: str
    chain: str
    industry: str
    yi: str
    host: str
    rationale: str
    returns: str
    days_ago: int
    until: str
    firms: tuple[str, ...] = ()
    exception: str = ""
    checked: int = 0  # days since it was last looked at; 0: since it was published


PLANS = (
    Plan("车规级功率模块封装基地", "group-manufacturing", "semiconductors", "397", "12", "torch", "链上缺封装测试环节，本地整车和充电桩企业每年外采。",
         "本地整机企业三年采购意向，共享中试线收费。", 420, stages.GENERATED, ("示例半导体设备有限公司", "示例汽车电子有限公司")),
    Plan("新型显示玻璃基板项目", "group-manufacturing", "flat-panel", "305", "25", "xiangan", "面板企业所需玻璃基板全部外购，运输半径短的供应商可降本。",
         "面板企业长期供货合同。", 300, stages.PUBLISHED, ("示例光电材料有限公司",), checked=150),
    Plan("工业机器人关节部件园", "group-manufacturing", "machinery", "349", "6.8", "jimei", "整机企业已落地，减速器和伺服电机需配套。",
         "园区厂房先租后让，整机企业集中采购。", 210, stages.PUBLISHED, ("示例电机有限公司", "示例智能装备有限公司")),
    Plan("储能电站示范场景", "group-manufacturing", "machinery", "384", "3.5", "tongan", "工业园区峰谷价差大，有开放场景的条件。",
         "峰谷价差和需求响应收益。", 60, stages.ARGUED, ("示例新能源装备有限公司",)),
    Plan("种苗繁育与展示中心", "tongan", "urban-agriculture", "014", "0.5", "tongan", "本地种苗自给不足。",
         "种苗销售和研学收入。", 40, stages.COLLECTED, ("示例种业科技有限公司",), exception="带动农户多，属乡村振兴重点。"),
    Plan("跨境结算与贸易总部楼宇", "huli", "finance", "663", "9", "huli", "自贸片区外贸企业结算需求集中。",
         "", 12, stages.COLLECTED),
    Plan("滨海康养小镇", "siming", "tourism", "786", "8", "siming", "原拟利用的地块已调整用途。",
         "经营收入。", 260, stages.WITHDRAWN, ("示例文旅发展有限公司",)),
)  # fmt: skip

HEADQUARTERS = (
    ("示例软件服务有限公司", "functional", 420, "研发、内容运营和结算"),
    ("示例云数科技有限公司", "functional", 260, "研发和算力调度"),
    ("示例融资租赁有限公司", "private_region", 180, "东南区域投资和资金管理"),
)


@dataclass(frozen=True, slots=True)
class Post:
    """A demonstration command post with its area."""

    code: str
    name: str
    area: str
    district: str
    purpose: str
    premises: tuple[tuple[str, str, str, str], ...]


POSTS = (
    Post("demo-command-east", "东部片区指挥部（演示）", "东部产业片区（演示）", "xiangan", "新型显示和生物医药制造，配套人才社区。", (
        ("E-01 工业地块", stages.LAND, "120", stages.AVAILABLE), ("E-02 工业地块", stages.LAND, "86.5", stages.RESERVED),
        ("标准厂房 3 号楼", stages.BUILDING, "24000", stages.AVAILABLE),
    )),
    Post("demo-command-north", "北部片区指挥部（演示）", "北部装备片区（演示）", "tongan", "装备制造和冷链物流。", (
        ("N-07 物流地块", stages.LAND, "210", stages.AVAILABLE), ("研发楼 B 座", stages.BUILDING, "8600", stages.TAKEN),
    )),
)  # fmt: skip


def enter(actors: Mapping[str, Actor], now: datetime, at: Callable[[datetime], Any]) -> None:
    """Enter everything as the people of the demonstration would."""
    units = {unit.code: unit for unit in Unit.objects.all()}
    for plan in PLANS:
        _plan(plan, actors, units, now, at)
    _headquarters(actors)
    with at(now - timedelta(days=500)):
        areas = [_area(post, actors["office"], units) for post in POSTS]
    for area, post in zip(areas, POSTS, strict=True):
        found = Project.objects.filter(host_unit__code=post.district, status=stages.ONGOING).order_by("pk")
        for project in found:
            services.change_project(
                by=actors[f"head-{post.district}"],
                project=project,
                version=project.version,
                values={"area": area},
            )


def _plan(
    plan: Plan,
    actors: Mapping[str, Actor],
    units: Mapping[str, Unit],
    now: datetime,
    at: Callable[[datetime], Any],
) -> None:
    planner = actors["group" if plan.unit.startswith("group") else actors_of(plan.unit)[0]]
    arguer = actors["office" if plan.unit.startswith("group") else actors_of(plan.unit)[1]]
    began, estimated = now - timedelta(days=plan.days_ago), Decimal(plan.yi) * YI
    values = {
        "title": plan.title, "planning_unit": units[plan.unit], "chain": plan.chain, "industry": plan.industry,
        "content": f"{plan.title}。{NOTE}", "rationale": plan.rationale, "return_mechanism": plan.returns,
        "estimated": estimated, "fixed_investment": (estimated * Decimal("0.5")).quantize(Decimal(1)),
        "host_unit": units[plan.host], "land_mu": Decimal(60), "exception": plan.exception,
    }  # fmt: skip
    with at(began):
        proposal = services.propose(by=planner, values=values, confirmed=True, is_demo=True)
        for name in plan.firms:
            firm = Enterprise.objects.get(name=name)
            services.add_partner(
                by=planner, proposal=proposal, enterprise=firm, reason="链上重点企业，正在选址扩产。"
            )

    def move(name: str, by: Actor, days: int, reason: str = "") -> None:
        proposal.refresh_from_db()
        with at(began + timedelta(days=days)):
            services.move_proposal(by=by, proposal=proposal, move=name, reason=reason)

    if plan.until == stages.WITHDRAWN:
        move("take_off", planner, 30, plan.rationale)
    if plan.until in {stages.ARGUED, *stages.PUBLIC_PROPOSALS}:
        move("submit", planner, 20)
    if plan.until in stages.PUBLIC_PROPOSALS:
        move("publish", arguer, 45, "缺口属实，企业有扩产计划，回报可行。")
    if plan.checked:
        move("refresh", planner, plan.days_ago - plan.checked)
    if plan.until == stages.GENERATED:
        proposal.refresh_from_db()
        partner = proposal.partners.order_by("pk")[0]
        with at(began + timedelta(days=80)):
            services.generate_project(
                by=actors[f"clerk-{plan.host}"], proposal=proposal, partner=partner.pk, despite="策划项目约定的新项目。",
                values={"name": plan.title, "intended": Money.in_yuan(estimated)}, confirmed=True,
            )  # fmt: skip


def actors_of(unit: str) -> tuple[str, str]:
    """Return who proposes and who argues for a unit."""
    return ("office", "office") if unit == "office" else (f"clerk-{unit}", f"head-{unit}")


def _headquarters(actors: Mapping[str, Actor]) -> None:
    """Let some of the projects be headquarters."""
    for firm, kind, staff, functions in HEADQUARTERS:
        project = (
            Project.objects.select_related("reporter_unit").filter(enterprise__name=firm).order_by("pk")[0]
        )
        values = {"headquarters_kind": kind, "headquarters_staff": staff, "headquarters_functions": functions}
        clerk = actors[f"clerk-{project.reporter_unit.code}"]
        services.change_project(by=clerk, project=project, version=project.version, values=values)


def _area(post: Post, office: Actor, units: Mapping[str, Unit]) -> Area:
    unit = orgs.add_unit(
        by=system("demo"), code=post.code, parent=units["xiamen"], values={"name": post.name, "kind": "command"},
        day=timezone.localdate(),
    )  # fmt: skip
    area = services.open_area(
        by=office, is_demo=True,
        values={"name": post.area, "command_unit": unit, "districts": [units[post.district]], "purpose": f"{post.purpose}{NOTE}", "duties": DUTIES},
    )  # fmt: skip
    for name, kind, size, state in post.premises:
        services.add_premises(
            by=office, area=area, values={"name": name, "kind": kind, "size": Decimal(size), "state": state}
        )
    return area
