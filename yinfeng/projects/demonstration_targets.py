"""Invented firms that units court, and warnings about invented firms that are here: what the lists and the home page show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from yinfeng.core.actors import Actor
from yinfeng.core.models import User
from yinfeng.enterprises import services
from yinfeng.enterprises.models import Enterprise, Signal

SOURCE = "演示数据，非真实企业"
At = Callable[[datetime], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A firm on somebody's list: who listed it when, how far he came, and what comes next in how many days."""

    who: str
    firm: str
    place: tuple[str, str]
    industry: str
    priority: int
    wanted: str
    days_ago: int
    moves: tuple[str, ...]
    next_step: str = ""
    next_in: int | None = None
    together: str = ""
    reason: str = ""


WANTED = (
    Wanted("group", "示例航天装备集团有限公司", ("北京市", "北京市"), "374", 1, "东南区域总部和卫星应用基地", 120,
           ("contact", "visit", "negotiate"), "请市领导带队回访集团总部，商定合作框架", 6),
    Wanted("group", "示例稀土功能材料股份有限公司", ("江西省", "赣州市"), "398", 2, "磁性材料二期产线", 90,
           ("contact", "visit"), "陪同考察火炬高新区两处地块", -3),
    Wanted("group", "示例船舶工业有限公司", ("上海市", "上海市"), "373", 2, "高端船型研发中心", 60, ("contact",),
           "补报我市修造船配套企业清单", 12),
    Wanted("clerk-torch", "示例航天装备集团有限公司", ("北京市", "北京市"), "374", 2, "卫星终端总装测试线", 45, ("contact",),
           "提供标准厂房平面图", 2, "招商组牵头与集团谈总部，我区负责终端项目的厂房和配套"),
    Wanted("clerk-torch", "示例化合物半导体有限公司", ("江苏省", "苏州市"), "397", 1, "氮化镓外延片产线", 75,
           ("contact", "visit", "negotiate"), "反馈用电双回路方案", -1),
    Wanted("clerk-jimei", "示例机器人股份有限公司", ("广东省", "深圳市"), "349", 1, "协作机器人整机和华东以南服务中心", 80,
           ("contact", "visit"), "邀请其董事长出席产业链对接会", 4),
    Wanted("clerk-jimei", "示例工业软件有限公司", ("浙江省", "杭州市"), "651", 2, "工业设计软件研发分部", 50, ("contact",),
           "寄送软件园三期载体资料", -6),
    Wanted("clerk-jimei", "示例传感技术有限公司", ("陕西省", "西安市"), "402", 3, "压力传感器封装线", 35, ()),
    Wanted("clerk-jimei", "示例电动商用车有限公司", ("湖南省", "长沙市"), "361", 2, "新能源客车改装基地", 110, ("contact", "drop"),
           reason="对方已决定在本省扩建，年内不再考虑外省选址。"),
    Wanted("clerk-huli", "示例航空租赁有限公司", ("天津市", "天津市"), "711", 1, "飞机租赁区域平台", 70,
           ("contact", "visit", "negotiate"), "对接自贸片区监管方案", 9),
    Wanted("soe", "示例港口物流集团有限公司", ("山东省", "青岛市"), "553", 2, "合资经营冷链码头", 40, ("contact",),
           "由集团投资部约见对方战略部", 15),
)  # fmt: skip
LOCAL = (
    ("clerk-jimei", "示例精密模具（厦门）有限公司", "352", 640, "96000000", "集美区"),
    ("clerk-huli", "示例纺织科技（厦门）有限公司", "175", 1200, "60000000", "湖里区"),
    ("office", "示例包装制品（厦门）有限公司", "223", 310, "30000000", "同安区"),
    ("clerk-torch", "示例光电器件（厦门）有限公司", "397", 900, "210000000", "翔安区"),
    ("clerk-jimei", "示例轴承（厦门）有限公司", "345", 420, "80000000", "集美区"),
)


def enter(actors: Mapping[str, Actor], now: datetime, at: At) -> None:
    """List the firms, move them on, and let things happen to those that are here."""
    firms: dict[str, Enterprise] = {}
    for item in WANTED:
        _list(item, actors[item.who], now, at, firms)
    _warn(actors, now, at)


def _list(item: Wanted, by: Actor, now: datetime, at: At, firms: dict[str, Enterprise]) -> None:
    moment = now - timedelta(days=item.days_ago)
    with at(moment):
        firm = firms.get(item.firm) or _firm(by, item.firm, item.place, item.industry)
        firms[item.firm] = firm
        values: dict[str, Any] = {"priority": item.priority, "wanted": item.wanted, "together": item.together}
        target = services.add_target(by=by, enterprise=firm, values=values, is_demo=True)
    step = timedelta(days=item.days_ago / (len(item.moves) + 2))
    for number, move in enumerate(item.moves, 1):
        with at(moment + number * step):
            services.move_target(
                by=by, target=target, move=move, reason=item.reason if move == "drop" else ""
            )
    if item.next_step:
        planned = {"next_step": item.next_step, "next_date": (now + timedelta(days=item.next_in or 0)).date()}
        with at(moment + (len(item.moves) + 1) * step):
            services.change_target(by=by, target=target, version=target.version, values=planned)


def _firm(by: Actor, name: str, place: tuple[str, str], industry: str, **more: Any) -> Enterprise:
    province, city = place
    values = {
        "name": name, "country": "CN", "province": province, "city": city, "industry": industry, "source": SOURCE,
        "introduction": "演示用的虚构企业。", **more,
    }  # fmt: skip
    return services.add_enterprise(by=by, values=values, is_demo=True)


def _warn(actors: Mapping[str, Actor], now: datetime, at: At) -> None:
    """Of five firms that are here one is kept, one is being talked to, one waits for somebody, one is said to leave; one has time."""
    here = {}
    with at(now - timedelta(days=200)):
        for who, name, industry, staff, capital, district in LOCAL:
            here[name] = _firm(
                actors[who], name, ("福建省", "厦门市"), industry, staff=staff, capital=Decimal(capital),
                address=f"厦门市{district}示例路",
            )  # fmt: skip
    moulds, textiles, packaging, optics, bearings = here.values()
    jimei, huli, torch = actors["clerk-jimei"], actors["clerk-huli"], actors["clerk-torch"]

    with at(now - timedelta(days=70)):
        signal = services.record_signal(
            by=jimei, enterprise=moulds, is_demo=True,
            values=_said("lease", 2, now - timedelta(days=70), "厂房租约将到期，业主提出涨租三成。", "走访企业")
            | {"due_date": (now + timedelta(days=40)).date()},
        )  # fmt: skip
        services.move_signal(by=jimei, signal=signal, move="handle")
    with at(now - timedelta(days=30)):
        text = "协调区属标准厂房，续租五年，租金按新引进企业标准执行。"
        services.move_signal(by=jimei, signal=signal, move="stay", reason=text)

    with at(now - timedelta(days=60)):  # nothing to be done for a year
        said = _said("lease", 3, now - timedelta(days=60), "租用区属标准厂房 6,000 平方米。", "园区物业")
        due = {"due_date": (now + timedelta(days=540)).date()}
        services.record_signal(by=jimei, enterprise=bearings, values=said | due, is_demo=True)

    with at(now - timedelta(days=24)):  # the edit itself proposes the warning
        services.change_enterprise(
            by=huli, enterprise=textiles, version=textiles.version, values={"staff": 760}
        )
        signal = Signal.objects.get(enterprise=textiles, kind="staff")
        given = {
            "owner": User.objects.get(pk=huli.user_id or 0), "next_step": "约见厂长，了解订单和用工情况", "next_date": (now - timedelta(days=2)).date(),
        }  # fmt: skip
        services.assign_signal(by=huli, signal=signal, version=signal.version, values=given)
    with at(now - timedelta(days=20)):
        services.move_signal(by=huli, signal=signal, move="handle")

    with at(now - timedelta(days=5)):
        values = {"capital": Decimal(18_000_000)}
        services.change_enterprise(
            by=actors["office"], enterprise=packaging, version=packaging.version, values=values
        )

    with at(now - timedelta(days=3)):
        said = _said(
            "registration",
            1,
            now - timedelta(days=3),
            "其母公司在外地登记了同名公司，并公开招聘当地员工。",
            "招聘网站",
        )
        step = {"next_step": "区领导上门走访", "next_date": (now + timedelta(days=1)).date()}
        services.record_signal(by=torch, enterprise=optics, values=said | step, is_demo=True)


def _said(kind: str, level: int, moment: datetime, detail: str, source: str) -> dict[str, Any]:
    day: date = moment.date()
    return {"kind": kind, "level": level, "noted_date": day, "detail": detail, "source": source}
