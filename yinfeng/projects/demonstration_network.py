"""Invented firms that supply, own and compete with each other, and who of ours knows whom: what charts and introductions show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from yinfeng.core.actors import Actor
from yinfeng.enterprises import services
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.models import Person

SOURCE = "演示数据，非真实企业"
HOME = {"province": "福建省", "city": "厦门市"}

# What is told of firms of the projects' stories beside their name and industry.
DETAILS: dict[str, dict[str, Any]] = {
    "示例显示科技有限公司": {
        "short_name": "示例显示", "province": "安徽省", "city": "合肥市", "capital": Decimal(3_200_000_000), "staff": 6800,
        "founded_date": date(2014, 5, 20),
        "introduction": "演示用的虚构企业。主要生产中大尺寸显示模组，现有三条产线，年产能约 2400 万片。"
                        "客户以整机品牌为主，近两年向车载和工控显示拓展，正在比选第四条产线的落地城市。",
        "scope_of_business": "显示模组及其零部件的研发、生产和销售；货物进出口；技术服务。",
    },
    "示例半导体设备有限公司": {"province": "江苏省", "city": "无锡市", "staff": 420, "capital": Decimal(180_000_000)},
    "示例新能源装备有限公司": {"province": "江苏省", "city": "常州市", "staff": 2600, "capital": Decimal(900_000_000)},
    "示例汽车电子有限公司": {"province": "湖北省", "city": "武汉市", "staff": 1500},
    "示例智能装备有限公司": {"province": "广东省", "city": "佛山市", "staff": 730},
}  # fmt: skip

# Firms of no project: name → values; tags stand under ``tags``.
FIRMS: dict[str, dict[str, Any]] = {
    "示例鹭岛整机有限公司": {**HOME, "industry": "395", "staff": 5200},
    "示例鹭岛精密部件有限公司": {**HOME, "industry": "398", "staff": 860},
    "示例鹭岛光学材料有限公司": {**HOME, "industry": "397", "staff": 310},
    "示例鹭岛储能有限公司": {**HOME, "industry": "384", "staff": 1900},
    "示例面板集团有限公司": {"province": "北京市", "city": "北京市", "industry": "397", "tags": ["central_soe_subsidiary"]},
    "示例中央电子集团有限公司": {"province": "北京市", "city": "北京市", "industry": "392", "tags": ["central_soe"]},
    "示例玻璃基板股份有限公司": {"province": "安徽省", "city": "蚌埠市", "industry": "305", "tags": ["listed"]},
    "示例驱动芯片有限公司": {"province": "上海市", "city": "上海市", "industry": "397", "staff": 940},
    "示例偏光片有限公司": {"province": "广东省", "city": "深圳市", "industry": "292", "staff": 1300},
    "示例整机品牌有限公司": {"province": "广东省", "city": "深圳市", "industry": "395", "tags": ["private500"]},
    "示例车载显示有限公司": {"province": "江苏省", "city": "苏州市", "industry": "397", "staff": 2100},
    "示例背光模组有限公司": {"province": "江苏省", "city": "苏州市", "industry": "397", "staff": 620},
    "示例光学镜头有限公司": {"province": "浙江省", "city": "余姚市", "industry": "404", "staff": 780},
    "示例电芯有限公司": {"province": "福建省", "city": "宁德市", "industry": "384", "tags": ["listed"]},
    "示例储能集成有限公司": {"province": "广东省", "city": "惠州市", "industry": "384", "staff": 1100},
}  # fmt: skip

# “other is a kind of enterprise”: (enterprise, kind, other, share in per cent, source, days ago).
RELATIONS = (
    ("示例显示科技有限公司", "shareholder", "示例面板集团有限公司", "62.5", "股权登记资料", 300),
    ("示例显示科技有限公司", "supplier", "示例玻璃基板股份有限公司", "", "年度报告", 210),
    ("示例显示科技有限公司", "supplier", "示例驱动芯片有限公司", "", "企业座谈", 90),
    ("示例显示科技有限公司", "supplier", "示例偏光片有限公司", "", "企业座谈", 90),
    ("示例显示科技有限公司", "customer", "示例鹭岛整机有限公司", "", "走访鹭岛整机", 45),
    ("示例显示科技有限公司", "customer", "示例整机品牌有限公司", "", "年度报告", 210),
    ("示例显示科技有限公司", "competitor", "示例车载显示有限公司", "", "行业研究", 150),
    ("示例面板集团有限公司", "shareholder", "示例中央电子集团有限公司", "100", "股权登记资料", 300),
    ("示例面板集团有限公司", "partner", "示例玻璃基板股份有限公司", "", "新闻报道", 260),
    ("示例驱动芯片有限公司", "supplier", "示例鹭岛精密部件有限公司", "", "走访鹭岛精密", 30),
    ("示例驱动芯片有限公司", "customer", "示例车载显示有限公司", "", "企业座谈", 120),
    ("示例驱动芯片有限公司", "supplier", "示例半导体设备有限公司", "", "招标公告", 75),
    ("示例鹭岛整机有限公司", "supplier", "示例背光模组有限公司", "", "走访鹭岛整机", 45),
    ("示例鹭岛整机有限公司", "supplier", "示例偏光片有限公司", "", "走访鹭岛整机", 45),
    ("示例鹭岛整机有限公司", "competitor", "示例整机品牌有限公司", "", "行业研究", 150),
    ("示例整机品牌有限公司", "partner", "示例光学镜头有限公司", "", "新闻报道", 100),
    ("示例背光模组有限公司", "customer", "示例车载显示有限公司", "", "企业座谈", 60),
    ("示例偏光片有限公司", "customer", "示例车载显示有限公司", "", "招股说明书", 330),
    ("示例鹭岛光学材料有限公司", "customer", "示例偏光片有限公司", "", "走访鹭岛光学", 20),
    ("示例鹭岛光学材料有限公司", "supplier", "示例背光模组有限公司", "", "走访鹭岛光学", 20),
    ("示例鹭岛储能有限公司", "supplier", "示例电芯有限公司", "", "年度报告", 200),
    ("示例新能源装备有限公司", "supplier", "示例电芯有限公司", "", "年度报告", 200),
    ("示例储能集成有限公司", "supplier", "示例电芯有限公司", "", "招标公告", 140),
    ("示例鹭岛储能有限公司", "competitor", "示例储能集成有限公司", "", "行业研究", 110),
    ("示例储能集成有限公司", "partner", "示例智能装备有限公司", "", "新闻报道", 80),
    ("示例汽车电子有限公司", "customer", "示例车载显示有限公司", "", "企业座谈", 65),
)


def weave(*, office: Actor, leader: Person, today: date) -> None:
    """Enter the firms, how they stand to each other and whom our people know, as an officer of the office does."""
    found = {firm.name: firm for firm in Enterprise.objects.filter(name__in=DETAILS)}
    for name, values in FIRMS.items():
        tags = [(tag, 0) for tag in values.get("tags", ())]
        told = {"country": "CN", "source": SOURCE, "introduction": "演示用的虚构企业。"}
        given = told | {key: value for key, value in values.items() if key != "tags"} | {"name": name}
        found[name] = services.add_enterprise(by=office, values=given, tags=tags, is_demo=True)
    for enterprise, kind, other, share, source, days in RELATIONS:
        services.relate(
            by=office, enterprise=found[enterprise], other=found[other], kind=kind,
            values={
                "source": f"{source}（演示）", "share": Decimal(share) if share else None,
                "noted_date": today - timedelta(days=days),
            },
        )  # fmt: skip
    _know(office, leader, found, today)


def _know(office: Actor, leader: Person, found: Mapping[str, Enterprise], today: date) -> None:
    ties: tuple[tuple[str, dict[str, Any]], ...] = (
        ("示例面板集团有限公司", {"kind": "leader", "person": leader, "whom": "董事长", "source": "产业大会上会见（演示）"}),
        ("示例车载显示有限公司", {"kind": "advisor", "name": "周立春（演示顾问）", "whom": "总经理", "source": "曾任其技术顾问（演示）"}),
    )  # fmt: skip
    for name, values in ties:
        services.add_tie(
            by=office, enterprise=found[name], values=values | {"noted_date": today - timedelta(days=60)}, is_demo=True
        )  # fmt: skip
