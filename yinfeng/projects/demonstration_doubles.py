"""Firms of the demonstration that two districts entered under two names, for an officer to decide about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from yinfeng.core.actors import Actor
from yinfeng.enterprises import services as library
from yinfeng.enterprises.models import Enterprise

# The firm as it is in the library, as somebody entered it once more, by whom, how alike they are and why.
DOUBLES: tuple[tuple[str, dict[str, Any], str, float, str], ...] = (
    (
        "示例智能装备有限公司",
        {
            "name": "示例智能装备（厦门）有限公司", "short_name": "示例智装", "province": "福建省", "city": "厦门市", "staff": 260,
            "industry": "349",
        },
        "clerk-huli", 0.93, "字号和行业相同，多了地区",
    ),
    (
        "示例冷链物流集团有限公司",
        {"name": "示例冷链集团有限公司", "province": "福建省", "city": "泉州市", "industry": "596", "staff": 1200},
        "clerk-jimei", 0.84, "字号相同，行业用语少“物流”",
    ),
)  # fmt: skip


def enter(actors: Mapping[str, Actor], today: date) -> None:
    """Enter each firm once more, with a contact, and note the pair as the comparison of the library does."""
    pairs = []
    for known, values, who, score, reason in DOUBLES:
        origin = Enterprise.objects.get(name=known)
        about = {"country": "CN", "source": "演示数据，非真实企业", "verified_date": today}
        double = library.add_enterprise(by=actors[who], values=about | values, is_demo=True)
        library.add_contact(
            by=actors[who], enterprise=double, is_demo=True,
            values={"name": "演示联系人", "position": "总经理助理", "phone": "13800000001"},
        )  # fmt: skip
        pairs.append((origin.pk, double.pk, score, reason))
    library.note_doubts(actors["office"], pairs)
