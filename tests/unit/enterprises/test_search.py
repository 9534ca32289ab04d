"""Finding enterprises: by everything that names them, best first, the same on both databases; people only for who may."""

from __future__ import annotations

import re
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_actor, make_enterprise, make_unit, make_user, signed_in
from yinfeng.core import search
from yinfeng.core.actors import Actor
from yinfeng.core.models import Code
from yinfeng.core.models_search import SearchEntry
from yinfeng.enterprises import queries, services
from yinfeng.enterprises.filters import records as filters
from yinfeng.enterprises.models import Contact, Enterprise, EnterpriseTag, FormerName
from yinfeng.orgs.models import Unit

pytestmark = pytest.mark.django_db
VIEW, PEOPLE = "enterprises.enterprise.view", "enterprises.contact.view"
ALL = [VIEW, PEOPLE, "enterprises.enterprise.change", "enterprises.enterprise.add"]
FIRMS = "enterprises.enterprise"

# Invented firms, as they stand in a library: a few hundred of these stems with trades and forms.
PLACES = ["厦门", "厦门市", "福建", "泉州", "厦门集美", "上海", ""]
BRANDS = [
    "国际",
    "澜沐",
    "金霁",
    "岚芷",
    "煦璟",
    "攸宁",
    "昭禾",
    "信诺",
    "维信诺",
    "凤栖",
    "海沧澜",
    "Lanmu",
    "3M澜",
]
TRADES = ["科技", "光电", "生物医药", "供应链管理", "银行", "新能源"]
FORMS = ["有限公司", "股份有限公司", "集团有限公司"]


def home() -> Unit:
    return make_unit("home", parent=make_unit("city", "city"))


@pytest.fixture
def library() -> list[Enterprise]:
    """Return some 230 firms, indexed; a few have all that a firm may be found by."""
    names = [f"{a}{b}{c}{FORMS[n % 3]}" for n, (a, b, c) in enumerate(
        (a, b, c) for a in PLACES for b in BRANDS for c in TRADES
    ) if n % 7 in (0, 3, 5)]  # fmt: skip
    firms = [make_enterprise(name) for name in names]
    firms[0].short_name = "鹭潮"
    firms[1].name_en = "Golden Egret Bank"
    firms[2].uscc, firms[2].listing_code = "91350200MA3453N62J", "600123"
    firms[3].scope_of_business = "一般项目：显示器件制造；集成电路设计；货物进出口。"
    firms[4].province, firms[4].city, firms[4].address = "例省", "例澜市", "凤凰花大道18号"
    Enterprise.objects.bulk_update(
        firms[:5],
        ["short_name", "name_en", "uscc", "listing_code", "scope_of_business", "province", "city", "address"],
    )
    FormerName.objects.create(enterprise=firms[5], name="白鹭旧名实业公司", name_key="x")
    Contact.objects.create(enterprise=firms[6], name="欧阳测试", position="首席战略官", unit=home())
    search.refresh(Enterprise, *(firm.pk for firm in firms))
    return firms


def found(query: str, by: Actor | None = None) -> list[str]:
    """Return the names that a search finds, best first."""
    more = {"by": by} if by else {}
    return [hit.title for hit in search.ranked({FIRMS: Enterprise.objects.all()}, query, 300, **more)]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("鹭潮", 0),
        ("lc", 0),  # initials of the short name
        ("luchao", 0),
        ("Golden Egret", 1),
        ("gret B", 1),
        ("91350200MA3453N62J", 2),
        ("3453N6", 2),
        ("600123", 2),
        ("显示器件", 3),
        ("集成电路 进出口", 3),
        ("凤凰花大道", 4),
        ("例澜", 4),
        ("白鹭旧名", 5),
        ("bljm", 5),
        ("bailujiuming", 5),
        ("旧名", 5),
    ],
)
def test_a_firm_is_found_by_all_that_names_it(library: list[Enterprise], query: str, number: int) -> None:
    assert library[number].name in found(query)[:3]


# Written down once: what comes out, in this order, on SQLite as on PostgreSQL.
WRITTEN = {
    "信诺银行": ["信诺银行股份有限公司", "泉州信诺银行股份有限公司", "厦门市信诺银行股份有限公司", "厦门维信诺银行股份有限公司"],
    "xmgj": ["厦门国际科技有限公司", "厦门国际供应链管理有限公司", "厦门国际新能源集团有限公司"],
    "xiamenguoji": ["厦门国际科技有限公司", "厦门国际供应链管理有限公司", "厦门国际新能源集团有限公司"],
    "lanmu": ["Lanmu光电股份有限公司", "Lanmu供应链管理有限公司", "Lanmu新能源集团有限公司", "厦门Lanmu科技有限公司"],
}  # fmt: skip


def test_both_databases_give_the_same_answers_in_the_same_order(library: list[Enterprise]) -> None:
    """Compare with what was worked out in plain Python from the stored names, and with a list written down."""
    for query in (
        "信诺",
        "澜沐",
        "银行",
        "国际科技",
        "厦门 光电",
        "有限公司",
        "集美",
        "医药股份",
        "3m",
        "维信诺",
    ):
        terms = query.split()
        whole = "".join(terms)
        hits = [name for name in names_of(library) if all(term in name.lower() for term in terms)]
        hits.sort(
            key=lambda name: (name.lower() != whole, not name.lower().startswith(whole), len(name), name)
        )
        texts = [name for name in found(query) if name in hits]
        assert texts == hits[: len(texts)] or len(hits) > search.CANDIDATES, query
        assert set(hits) <= set(found(query)) or len(hits) > search.CANDIDATES, query
    assert found("xmgj")[:1] == found("xiamenguoji")[:1]
    digest = {query: found(query)[:4] for query in ("信诺银行", "xmgj", "xiamenguoji", "lanmu")}
    assert digest == WRITTEN


def names_of(firms: list[Enterprise]) -> list[str]:
    return [firm.name for firm in firms]


@pytest.mark.parametrize("query", ["xmgj", "xiamenguoji", "xiamen", "menguo", "guojiyinhang"])
def test_pinyin_finds_names_in_part_and_whole(library: list[Enterprise], query: str) -> None:
    assert found(query)
    assert all("国际" in name or "厦门" in name for name in found(query))


# --- people -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["欧阳", "阳测试", "战略官", "oycs", "ouyangceshi", "首席"])
def test_people_are_found_only_by_who_may_see_them(library: list[Enterprise], query: str) -> None:
    sees = make_actor("看得到", home(), [VIEW, PEOPLE])
    blind = make_actor("看不到", home(), [VIEW])
    assert found(query, sees) == [library[6].name]
    assert found(query, blind) == found(query) == []
    for actor, names in ((sees, [library[6].name]), (blind, [])):
        assert [firm.name for firm in search.answering(Enterprise.objects.all(), query, actor)] == names
        assert list(search.matching(FIRMS, query, actor)) == [library[6].pk][: len(names)]


def test_no_page_tells_of_people_to_who_may_not_see_them(library: list[Enterprise]) -> None:
    for permissions, seen in (([VIEW, PEOPLE], True), ([VIEW], False)):
        browser = signed_in(make_user("某人", home(), permissions))
        for address in (
            "/enterprises/?q=欧阳",
            "/search/?q=欧阳",
            "/search/suggest/?q=欧阳",
            "/enterprises/?q=欧阳&sort=name",
        ):
            assert (library[6].name in browser.get(address).content.decode()) is seen, address


def test_a_contact_is_found_as_soon_as_it_is_there_and_no_longer() -> None:
    clerk = make_actor("专员", home(), ALL)
    firm = services.add_enterprise(by=clerk, values={"name": "测试澜沐有限公司", "country": "CN"})
    contact = services.add_contact(
        by=clerk, enterprise=firm, values={"name": "司马测试", "position": "总经理"}
    )
    assert found("司马", clerk) == [firm.name]
    services.change_contact(by=clerk, contact=contact, version=contact.version, values={"name": "诸葛测试"})
    assert (found("司马", clerk), found("诸葛", clerk)) == ([], [firm.name])
    contact.refresh_from_db()
    services.remove_contact(by=clerk, contact=contact, reason="离职")
    assert found("诸葛", clerk) == []


@pytest.mark.parametrize("name", ["\ufdfa" * 200, "".join(chr(0x3300 + at * at % 89) for at in range(200))])
def test_names_that_grow_when_they_are_normalised_are_kept_and_found(name: str) -> None:
    """One character stands for eighteen of Arabic, or for a word of Japanese."""
    by = make_actor("甲区专员", home(), ALL)
    firm = services.add_enterprise(by=by, values={"name": "甲城有限公司", "name_en": name})
    hits = search.ranked({FIRMS: Enterprise.objects.all()}, name, by=by)
    assert [hit.object_id for hit in hits] == [firm.pk]


def test_a_person_and_a_firm_may_be_asked_for_together(library: list[Enterprise]) -> None:
    sees = make_actor("看得到", home(), [VIEW, PEOPLE])
    assert found(f"{library[6].name[:2]} 欧阳", sees) == [library[6].name]


# --- substrings ---------------------------------------------------------------------------------------------------

TEXT = st.text("厦门金龙澜沐有限公司（）ABCab12 ·-", min_size=2, max_size=14)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=5), st.data())
def test_every_part_of_two_characters_or_more_finds_its_row(texts: list[str], data: st.DataObject) -> None:
    SearchEntry.objects.all().delete()
    title, *others = texts
    half = len(others) // 2
    search.index_many([search.Entry(FIRMS, 1, title, others[:half], names=others[half:])])
    text = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(text) - 2))
    part = text[start : data.draw(st.integers(start + 2, len(text)))]
    for query in (part, part.upper(), part.replace(" ", "")):
        terms = [term for term in (search.normalise(one) for one in query.split()) if len(term) > 1]
        if terms:
            assert list(search.matching(FIRMS, " ".join(terms))) == [1], (texts, query)


# --- many ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few rows be a common word's, so that every way of answering is gone."""
    monkeypatch.setattr(search, "COMMON", 20)
    monkeypatch.setattr(search, "CANDIDATES", 10)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE core_searchentry")


@pytest.mark.parametrize("query", ["有限公司", "厦门", "信诺银行", "科技", "xm"])
@pytest.mark.parametrize("order", ["-pk", "name"])
def test_common_words_are_answered_alike_whichever_way(
    library: list[Enterprise], query: str, order: str, many: None
) -> None:
    rows = Enterprise.objects.order_by(order)
    plain = list(rows.filter(pk__in=search.matching(FIRMS, query)))
    assert plain
    assert list(search.answering(rows, query)) == plain
    one_by_one = rows.filter(search._each(search._question(FIRMS, search._terms(query))))
    assert list(one_by_one) == plain


def test_of_a_common_word_the_exact_name_comes_first(library: list[Enterprise], many: None) -> None:
    firm = make_enterprise("有限公司")
    named = make_enterprise("无关实业公司", short_name="有限公司")
    other = make_enterprise("有限公司协会")
    later = [make_enterprise(f"测试{number}澜有限公司") for number in range(30)]
    search.refresh(Enterprise, firm.pk, named.pk, other.pk, *(one.pk for one in later))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE core_searchentry")
    hits, complete = search.best({FIRMS: Enterprise.objects.all()}, "有限公司")
    assert [hit.title for hit in hits[:3]] == ["有限公司", "无关实业公司", "有限公司协会"]
    assert not complete
    narrowed = search.best({FIRMS: Enterprise.objects.filter(name__startswith="测试")}, "有限公司")[0]
    assert {hit.title[:2] for hit in narrowed} == {"测试"}


# --- the list -----------------------------------------------------------------------------------------------------


@pytest.fixture
def browser() -> Client:
    return signed_in(make_user("专员", home(), ALL))


def rows_of(page: str) -> list[str]:
    return re.findall(r'<td [^>]*><a href="/enterprises/\d+/">([^<]+)</a>', page)


def test_the_list_shows_the_best_answers_first_page_by_page(
    library: list[Enterprise], browser: Client
) -> None:
    wanted = found("有限公司")[: search.CANDIDATES]
    shown, address = [], "/enterprises/?q=有限公司"
    while address:
        page = browser.get(address)
        shown += rows_of(page.content.decode())
        following = page.context["pager"]["next_url"]
        address = f"/enterprises/{following}" if following else ""
    assert shown == wanted
    back = browser.get("/enterprises/?q=有限公司&before=100")
    assert rows_of(back.content.decode()) == wanted[50:100]
    assert browser.get("/enterprises/?q=有限公司&after=x").status_code == 422


def test_a_search_that_is_sorted_lists_all(library: list[Enterprise], browser: Client) -> None:
    page = browser.get("/enterprises/?q=信诺&sort=name").content.decode()
    assert rows_of(page) == sorted(name for name in names_of(library) if "信诺" in name)


# --- facets -------------------------------------------------------------------------------------------------------


@pytest.fixture
def divided() -> None:
    for code, level, parent in (("C", 1, ""), ("39", 2, "C"), ("I", 1, ""), ("65", 2, "I")):
        Code.objects.create(table="industry", code=code, name=f"行业{code}", level=level, parent=parent)
    Code.objects.create(table="enterprise_tag", code="global500", name="世界500强", level=1)
    rows = [
        ("3974", "厦门市", 5, 100),
        ("C3973", "厦门市", 500, 10**9),
        ("6510", "泉州市", None, None),
        ("", "", 20, 10**8),
    ]
    for number, (industry, city, staff, capital) in enumerate(rows):
        firm = make_enterprise(
            f"测试{number}有限公司",
            industry=industry,
            city=city,
            staff=staff,
            capital=capital,
            province="福建省",
        )
        search.refresh(Enterprise, firm.pk)
        for year in (2024, 2025)[: 2 - number]:
            EnterpriseTag.objects.create(enterprise=firm, tag="global500", year=year)


def facets(browser: Client, query: str = "") -> dict[str, dict[str, str]]:
    """Return title → label → count as the fragment shows them."""
    page = browser.get(f"/enterprises/facets/{query}")
    return {
        group["title"]: {value["label"]: value["count"] for value in group["values"]}
        for group in page.context["groups"]
    }


def test_facets_count_each_value(divided: None, browser: Client) -> None:
    counted = facets(browser)
    assert counted["行业门类"] == {"C 行业C": "2", "I 行业I": "1"}
    assert counted["行业大类"] == {"39 行业39": "2", "65 行业65": "1"}
    assert counted["城市"] == {"厦门市": "2", "泉州市": "1"}
    assert counted["标签"] == {"世界500强": "3"}
    assert counted["员工人数"] == {"300–999 人": "1", "20–299 人": "1", "20 人以下": "1", "未填人数": "1"}
    assert counted["注册资本"] == {
        "10 亿元及以上": "1",
        "1–10 亿元": "1",
        "100 万元以下": "1",
        "未填注册资本": "1",
    }


@pytest.mark.parametrize("many", [1, 20_000])
def test_each_facet_leads_to_as_many_rows_as_it_says(
    divided: None, browser: Client, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(sys.modules[queries.facets.__module__], "MANY", many)
    page = browser.get("/enterprises/facets/?q=测试")
    values = [value for group in page.context["groups"] for value in group["values"]]
    values += [part for value in values for part in value.get("parts", ())]
    assert len(values) > 14
    for value in values:
        listed = browser.get(value["url"]).content.decode()
        assert len(rows_of(listed)) == int(value["count"]), value
        chosen = parse_qs(urlsplit(value["url"]).query)
        assert chosen["q"] == ["测试"]
        assert "yf-chip" in listed


def test_counts_stop_at_a_limit_and_say_so(
    divided: None, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "按全部 4 家统计" in browser.get("/enterprises/facets/").content.decode()
    monkeypatch.setattr(sys.modules[queries.facets.__module__], "LOOKED_AT", 3)
    page = browser.get("/enterprises/facets/").content.decode()
    assert "只统计了最近录入的 3 家" in page
    assert facets(browser)["城市"] == {"泉州市": "1", "厦门市": "1"}


def test_counts_of_a_search_stop_sooner_and_say_so(
    divided: None, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "LOOKED_AT_OF_SEARCH", 3)
    assert "只统计了最近录入的 3 家" in browser.get("/enterprises/facets/?q=测试").content.decode()
    assert "按全部 4 家统计" in browser.get("/enterprises/facets/").content.decode()


@pytest.mark.parametrize("query", ["", "?q=测试", "?city=泉州市", "?staff=300"])
def test_tags_are_counted_of_the_firms_of_the_list_alone(
    divided: None, browser: Client, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """Of very many firms the tags of those between are read too; they count for nothing."""
    named = facets(browser, query)
    for few, neighbours in ((0, 100), (1, 2), (0, 0)):
        monkeypatch.setattr(sys.modules[queries.facets.__module__], "FEW", few)
        monkeypatch.setattr(sys.modules[queries.facets.__module__], "NEIGHBOURS", neighbours)
        assert facets(browser, query) == named


def test_the_list_loads_facets_when_they_are_opened(divided: None, browser: Client) -> None:
    closed = browser.get("/enterprises/?city=厦门市").content.decode()
    assert 'hx-trigger="toggle once"' in closed
    assert 'href="/enterprises/facets/?city=%E5%8E%A6%E9%97%A8%E5%B8%82"' in closed
    assert 'hx-trigger="load"' in browser.get("/enterprises/?facets=1").content.decode()


def test_facets_of_nothing(browser: Client) -> None:
    assert "没有可以统计的企业" in browser.get("/enterprises/facets/").content.decode()


@pytest.mark.parametrize("query", ["staff=nonsense", "year=x", "section=ZZ", "division=1", "q=" + "x" * 500])
def test_facets_stand_any_filter(divided: None, browser: Client, query: str) -> None:
    assert browser.get(f"/enterprises/facets/?{query}").status_code == 200


@pytest.mark.parametrize("path", ["/enterprises/", "/enterprises/facets/"])
@pytest.mark.parametrize(
    "query",
    [
        "q=测试&section=C&facets=1",
        "q=测试&section=C&sort=name",
        "q=测试&city=厦门&province=福建",
        "q=ceshi&division=39&city=泉&year=2024",
        "q=cs&section=C&division=39&city=厦&province=福&staff=none&capital=none&tag=global500&year=2024&stale=true",
    ],
)
def test_a_search_of_very_many_asks_no_more_than_ten_times(
    divided: None, browser: Client, monkeypatch: pytest.MonkeyPatch, path: str, query: str
) -> None:
    """Every word is common, every range has very many, and there are more answers than are ranked."""
    monkeypatch.setattr(search, "COMMON", 1)
    monkeypatch.setattr(search, "CANDIDATES", 1)
    monkeypatch.setattr(sys.modules[queries.facets.__module__], "MANY", 1)
    browser.get(f"{path}?{query}")
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(f"{path}?{query}").status_code == 200
    assert len(asked) <= 10, [line["sql"][:100] for line in asked]
