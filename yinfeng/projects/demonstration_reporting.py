"""What the reporting form asks beyond the outline, for some projects of the demonstration; and second projects of an investor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from yinfeng.core.actors import Actor
from yinfeng.core.money import Money
from yinfeng.projects import services
from yinfeng.projects.models import Project

At = Callable[[datetime], AbstractContextManager[None]]

# Project → what its unit fills in.
FILLED: dict[str, dict[str, Any]] = {
    "高世代显示模组生产基地": {
        "chain_effect": "strengthen", "is_advanced_manufacturing": True, "is_research_centre": False, "assigned_by": "mayor",
        "responsible_leader": "演示领导（火炬管委会副主任）", "statistics_name": "高世代显示模组生产基地一期",
        "statistics_investment": Decimal(4800000000),
    },
    "储能系统集成工厂": {
        "chain_effect": "fill", "is_advanced_manufacturing": True, "is_spillover": True, "spillover_from": "江苏省常州市",
        "second_industry": "382",
    },
    "区域算力与研发总部": {
        "chain_effect": "build", "is_research_centre": True, "home_tie": "alumni", "investment_note": "校友企业回归，先设研发后设运营。",
    },
    "特种膜材料二期": {
        "chain_effect": "extend", "is_existing_firm": True, "existing_kind": "growth", "first_invested_year": 2016,
        "is_advanced_manufacturing": True, "assigned_by": "district_first",
    },
    "闽南冷链分拨中心": {"home_tie": "min_merchant", "is_existing_firm": False, "is_enclave": False},
}  # fmt: skip

# Second projects: of whose firm, who plans it, what it is called, how much (亿元), why it is another one, whether it goes with the first.
SECONDS = (
    ("区域算力与研发总部", "clerk-jimei", "算力运维培训中心", "0.6", "为总部项目配套的培训和运维，用地和投资另算。", True),
    ("伺服电机项目", "clerk-huli", "伺服电机检测实验室", "0.4", "检测实验室，与集美的生产项目产品和用地都不同。", False),
)  # fmt: skip


def enter(actors: Mapping[str, Actor], today: datetime, at: At) -> None:
    """Fill in the form and plan the second projects, as the districts' clerks would."""
    for name, values in FILLED.items():
        project = Project.objects.select_related("reporter_unit").get(name=name)
        with at(today):
            services.change_project(
                by=actors[f"clerk-{project.reporter_unit.code}"], project=project, version=project.version, values=values
            )  # fmt: skip
    for name, who, title, yi, reason, is_related in SECONDS:
        first = Project.objects.select_related("enterprise").get(name=name)
        with at(today - timedelta(days=4)):
            services.add_project(
                by=actors[who], despite=reason, related=first.pk if is_related else None, is_demo=True,
                values={
                    "name": title, "summary": f"{title}。演示数据。", "enterprise": first.enterprise, "industry": first.industry,
                    "intended": Money.of(Decimal(yi), "yi"),
                },
            )  # fmt: skip
