"""Keyset pages: walking a list forth and back shows every row once, whatever the order and however many are empty."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Q
from django.http import QueryDict
from django.utils.html import escape, format_html

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
@pytest.mark.parametrize(
    ("fetch", "ahead"), [(None, None), (lambda rows: rows.prefetch_related("tags"), Q(city="城1"))]
)
def test_walking_forth_and_back(
    library: list[Enterprise], ordering: str, size: int, fetch: Any, ahead: Q | None
) -> None:
    def walk(**cursor: str) -> tables.Page:
        return tables.page(Enterprise.objects.all(), ordering, size=size, fetch=fetch, ahead=ahead, **cursor)

    pages = [walk()]
    while pages[-1].after:
        pages.append(walk(after=pages[-1].after))
    walked = [item.pk for page in pages for item in page.objects]
    if ahead is not None:
        assert [item.city for page in pages for item in page.objects] == ["城1"] * 4 + ["城0"] * 5
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


class _Hostile(tables.Table):
    columns = (
        tables.Column("name", '"名称"', lambda row: tables.Cell(EVIL, sub=EVIL, tone=EVIL, title=EVIL)),
        tables.Column("plain", "<文本>", lambda row: EVIL),
        tables.Column(
            "badge", "标记", lambda row: tables.Cell(EVIL, url=EVIL, icon=EVIL, tone=EVIL, badge=True)
        ),
        tables.Column("icon", "图标", lambda row: tables.Cell(EVIL, url=EVIL, icon=EVIL, title=EVIL)),
        tables.Column("markup", "成品", lambda row: format_html("<b>{}</b>", EVIL)),
    )

    def url(self, obj: Any) -> str:
        return EVIL

    def tone(self, obj: Any) -> str:
        return EVIL


EVIL = """<i a="'">&"""


def test_a_row_escapes_every_text_in_it(library: list[Enterprise]) -> None:
    (row,) = _Hostile().rows(library[:1], picked=True)
    assert row.name == EVIL
    assert EVIL not in row.markup
    assert row.markup.replace(escape(EVIL), "~") == (
        '<tr data-tone="~"><td class="yf-pick">'
        f'<input type="checkbox" name="pk" value="{library[0].pk}" aria-label="选择 ~"></td>'
        '<td data-label="&quot;名称&quot;" data-tone="~" title="~"><a href="~">~</a><div class="yf-sub">~</div></td>'
        '<td data-label="&lt;文本&gt;">~</td>'
        '<td data-label="标记" data-tone="~"><span class="yf-badge" data-tone="~">'
        '<i class="ti ti-~" aria-hidden="true"></i>~</span></td>'
        '<td data-label="图标" data-tone="" title="~">'
        '<i class="ti ti-~" role="img" aria-label="~"></i> <a href="~">~</a></td>'
        '<td data-label="成品"><b>~</b></td></tr>'
    )


def test_a_query_keeps_what_is_not_replaced() -> None:
    query = QueryDict("q=a+b%26c&col=x&col=y&after=7&sort=-名")
    changed = QueryDict(tables.with_query(query, after=None, sort="中 &=", before="1")[1:])
    assert dict(changed.lists()) == {"q": ["a b&c"], "col": ["x", "y"], "sort": ["中 &="], "before": ["1"]}
    assert query["after"] == "7"


def test_an_address_made_once_is_the_address_of_every_row(library: list[Enterprise]) -> None:
    address = tables.addresses("enterprise")
    assert [address(item.pk) for item in library] == [item.get_absolute_url() for item in library]
    assert address(10_203) == Enterprise(pk=10_203).get_absolute_url()
