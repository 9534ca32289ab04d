"""Firms of the demonstration that two districts entered under two names, for an officer to decide about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from yinfeng.core.actors import Actor
from yinfeng.enterprises import queries
from yinfeng.enterprises import services as library

# How somebody entered a firm of the library once more, and who.
DOUBLES: tuple[tuple[dict[str, Any], str], ...] = (
    (
        {
            "name": "示例智能装备（厦门）有限公司", "short_name": "示例智装", "province": "福建省", "city": "厦门市", "staff": 260,
            "industry": "349",
        },
        "clerk-huli",
    ),
    (
        {"name": "泉州示例冷链物流集团有限公司", "province": "福建省", "city": "泉州市", "industry": "596", "staff": 1200},
        "clerk-jimei",
    ),
)  # fmt: skip


def enter(actors: Mapping[str, Actor], today: date) -> None:
    """Enter each firm once more, with a contact, and let the library be compared with them."""
    entered = []
    for values, who in DOUBLES:
        about = {"country": "CN", "source": "演示数据，非真实企业", "verified_date": today}
        double = library.add_enterprise(by=actors[who], values=about | values, is_demo=True)
        library.add_contact(
            by=actors[who], enterprise=double, is_demo=True,
            values={"name": "演示联系人", "position": "总经理助理", "phone": "13800000001"},
        )  # fmt: skip
        entered.append((double.pk, double.name))
    library.note_doubts(actors["office"], queries.pairs(queries.library(), entered))
