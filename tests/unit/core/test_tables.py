"""Keyset pages: walking a list forth and back shows every row once, whatever the order and however many are empty."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.factories import make_enterprise
from yinfeng.core import tables
from yinfeng.core.errors import Invalid
from yinfeng.enterprises.models import Enterprise

pytestmark = pytest.mark.django_db


@pytest.fixture
def library() -> list[Enterprise]:
    capitals = [None, 5, 5, None, 1, 9, 5, None, 2]
    return [
        make_enterprise(
            f"第{index}号有限公司", capital=None if value is None else Decimal(value), city=f"城{index % 2}"
        )
        for index, value in enumerate(capitals)
    ]


@pytest.mark.parametrize("ordering", ["pk", "-pk", "capital", "-capital", "city", "-city"])
@pytest.mark.parametrize("size", [1, 2, 4, 20])
@pytest.mark.parametrize("fetch", [None, lambda rows: rows.prefetch_related("tags")])
def test_walking_forth_and_back(library: list[Enterprise], ordering: str, size: int, fetch: Any) -> None:
    def walk(**cursor: str) -> tables.Page:
        return tables.page(Enterprise.objects.all(), ordering, size=size, fetch=fetch, **cursor)

    pages = [walk()]
    while pages[-1].after:
        pages.append(walk(after=pages[-1].after))
    walked = [item.pk for page in pages for item in page.objects]
    assert sorted(walked) == sorted(item.pk for item in library)
    assert len(walked) == len(set(walked))
    back, here = [pages[-1]], pages[-1]
    while here.before:
        here = walk(before=here.before)
        back.insert(0, here)
    assert [[item.pk for item in page.objects] for page in back] == [
        [item.pk for item in page.objects] for page in pages
    ]


def test_empty_values_come_last_both_ways(library: list[Enterprise]) -> None:
    for ordering in ("capital", "-capital"):
        capitals = [item.capital for item in tables.page(Enterprise.objects.all(), ordering).objects]
        assert capitals[-3:] == [None, None, None]
        assert None not in capitals[:-3]


@pytest.mark.parametrize("cursor", ["x", "!!", "e30", "WzEsMl0x", "WyJhIiwgIngiXQ", "\x00", "A" * 5000])
def test_a_broken_cursor_gets_a_sentence(cursor: str) -> None:
    with pytest.raises(Invalid, match="翻页"):
        tables.page(Enterprise.objects.all(), "-capital", after=cursor)


def test_counts_are_exact_up_to_a_limit(library: list[Enterprise], monkeypatch: pytest.MonkeyPatch) -> None:
    assert tables.count_text(Enterprise.objects.all()) == "共 9 条"
    monkeypatch.setattr(tables, "COUNT_LIMIT", 5)
    assert tables.count_text(Enterprise.objects.all()) == "超过 5 条"
