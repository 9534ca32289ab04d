"""Relations as a graph: the shortest ways of introduction and two-step targets against plain loops, charts, plans, pages."""

from __future__ import annotations

from collections import deque
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.factories import make_actor, make_enterprise, make_unit, make_user, signed_in
from yinfeng.core import keeping
from yinfeng.core.actors import Actor, system
from yinfeng.core.models import Code, Rule
from yinfeng.core.permissions import registry
from yinfeng.enterprises.models import RELATION_KINDS, Contact, Enterprise, EnterpriseTag, Relation, Tie
from yinfeng.enterprises.queries import graph, openings

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)
ALL = list(registry())
VIEW, CONTACTS = "enterprises.enterprise.view", "enterprises.contact.view"


def at_home() -> None:
    """Let the city be Xiamen."""
    Code.objects.create(table="division", code="350200", name="厦门市")
    Rule.objects.create(kind="city", key="city", valid_from=date(2019, 1, 1), data={"division": "350200"})
    keeping.forget()


@pytest.fixture
def home() -> Any:
    at_home()
    return make_unit("home", parent=make_unit("city", "city"))


def firms(*cities: str) -> list[Enterprise]:
    return [make_enterprise(f"第{n}号示例有限公司", city=city) for n, city in enumerate(cities)]


def relate(enterprise: Enterprise, kind: str, other: Enterprise, day: date = DAY, **values: Any) -> Relation:
    return Relation.objects.create(
        enterprise=enterprise, other=other, kind=kind, source="年报", noted_date=day, **values
    )


def known(firm: Enterprise, unit: Any, name: str = "苏示例") -> Tie:
    return Tie.objects.create(
        enterprise=firm, name=name, whom="董事长", source="年会", noted_date=DAY, unit=unit
    )


# --- ways of introduction against a plain search ------------------------------------------------------------------

SIZE = 9
EDGES = st.sets(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.sampled_from(sorted(RELATION_KINDS))).filter(
        lambda edge: edge[0] != edge[1]
    ),
    max_size=16,
)  # fmt: skip


def shortest(edges: set[tuple[int, int, str]], target: int, starts: set[int]) -> int | None:
    """Return the length of the shortest way from a start to the target, by a plain search."""
    near: dict[int, set[int]] = {}
    for one, other, kind in edges:
        if kind != "competitor":
            near.setdefault(one, set()).add(other)
            near.setdefault(other, set()).add(one)
    steps, queue = {target: 0}, deque([target])
    while queue:
        here = queue.popleft()
        for there in near.get(here, ()):
            if there not in steps:
                steps[there] = steps[here] + 1
                queue.append(there)
    lengths = [steps[start] for start in starts if start in steps and start != target]
    return min(lengths) if lengths and min(lengths) <= graph.DEPTH else None


class IntroductionsOnRandomGraphs(TestCase):
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(
        edges=EDGES,
        local=st.sets(st.integers(1, SIZE - 1)),
        tied=st.sets(st.integers(1, SIZE - 1), max_size=2),
    )
    def test_the_shortest_way_is_found_and_every_step_is_a_relation(
        self, edges: set[tuple[int, int, str]], local: set[int], tied: set[int]
    ) -> None:
        at_home()
        unit = make_unit("city", "city")
        nodes = firms(*("厦门" if n in local else "外地市" for n in range(SIZE)))
        number = {node.pk: n for n, node in enumerate(nodes)}
        for one, other, kind in edges:
            relate(nodes[one], kind, nodes[other])
        for n in tied:
            known(nodes[n], unit)
        found = graph.introductions(nodes[0], system())
        paths = found.paths
        assert (len(paths[0].links) if paths else None) == shortest(edges, 0, local | tied)
        assert [len(path.links) for path in paths] == sorted(len(path.links) for path in paths)
        assert len({tuple(path.places) for path in paths}) == len(paths)
        for path in paths:
            places = [number[place] for place in path.places]
            assert places[0] in local | tied
            assert places[-1] == 0
            assert len(set(places)) == len(places)
            assert not set(places[1:-1]) & (local | tied), "a way through a firm that is ours to begin with"
            for (here, there), link in zip(pairwise(places), path.links, strict=True):
                assert {here, there} == {number[link.enterprise], number[link.other]}
                assert (number[link.enterprise], number[link.other], link.kind) in edges
                assert link.kind != "competitor"


def test_of_ways_of_one_length_the_stronger_and_the_newer_come_first(home: Any) -> None:
    target, mine, yours, his, middle = firms("北京市", "厦门市", "厦门", "厦门市", "上海市")
    relate(target, "supplier", mine, DAY)
    relate(target, "supplier", yours, DAY + timedelta(days=1))
    relate(target, "shareholder", his, DAY - timedelta(days=900))
    relate(target, "partner", middle)
    relate(middle, "supplier", make_enterprise("远处示例有限公司", city="厦门市"))
    found = graph.introductions(target, system())
    assert [path.start for path in found.paths[:3]] == [his.pk, yours.pk, mine.pk]
    assert [len(path.links) for path in found.paths] == [1, 1, 1, 2]


@pytest.mark.clause("2.3")
def test_a_way_begins_at_a_firm_here_or_with_whom_our_people_know(home: Any) -> None:
    """以商引商: over firms of the city, and for who may see contacts over ties and contacts, with the evidence of each step."""
    target, between, local, of_leader, of_unit = firms("北京市", "上海市", "厦门市", "深圳市", "武汉市")
    relate(target, "customer", between)
    relate(between, "supplier", local)
    relate(of_leader, "shareholder", target, share=30)
    relate(target, "partner", of_unit)
    known(of_leader, home)
    Contact.objects.create(enterprise=of_unit, name="李示例", position="总监", unit=home)
    seeing = signed_in(make_user("甲", home, [VIEW, CONTACTS]))
    url = f"{target.get_absolute_url()}introductions/"
    text = seeing.get(url).content.decode()
    for shown in (
        f"领导苏示例认识{of_leader.name}的董事长",
        f"{target.name}是{of_leader.name}的股东",
        "持股 30% · 年报 · 2026-03-01",
        f"home录有{of_unit.name}的联系人：李示例 总监",
        f"本市企业 {local.name}（供应商） → {between.name}（客户） → {target.name}",
    ):
        assert shown in text, shown
    blind = signed_in(make_user("乙", home, [VIEW])).get(url).content.decode()
    assert f"本市企业 {local.name}" in blind
    assert "您没有查看联系人的权限" in blind
    for hidden in ("苏示例", "李示例"):
        assert hidden not in blind


def test_whom_we_know_in_the_target_itself_needs_no_way(home: Any) -> None:
    (target,) = firms("北京市")
    known(target, home)
    found = graph.introductions(target, system())
    assert [person.name for person in found.direct(target.pk)] == ["苏示例"]
    client = signed_in(make_user("甲", home, ALL))
    text = client.get(f"{target.get_absolute_url()}introductions/").content.decode()
    assert "可以直接联系" in text
    assert "还找不到引荐路径" not in text


def test_where_there_is_no_way_the_page_says_what_to_note_next(home: Any) -> None:
    target, rival = firms("北京市", "厦门市")
    relate(target, "competitor", rival)  # who competes introduces nobody
    url = f"{target.get_absolute_url()}introductions/"
    text = signed_in(make_user("甲", home, ALL)).get(url).content.decode()
    assert "4 步以内还找不到引荐路径" in text
    for link in ("relations/add/", "ties/add/", "contacts/add/"):
        assert f"{target.get_absolute_url()}{link}" in text
    reader = signed_in(make_user("乙", home, [VIEW])).get(url).content.decode()
    assert "ties/add/" not in reader


def test_what_is_beyond_the_limits_is_said(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    target, *others = firms("北京市", *["上海市"] * 5)
    for other in others:
        relate(target, "supplier", other)
    assert not graph.introductions(target, system()).is_cut
    monkeypatch.setattr(graph, "EXPANDED", 3)
    assert graph.introductions(target, system()).is_cut
    monkeypatch.setattr(graph, "EXPANDED", 10)
    monkeypatch.setattr(graph, "EDGES", 3)
    found = graph.introductions(target, system())
    assert found.is_cut
    url = f"{target.get_absolute_url()}introductions/"
    assert "可能还有别的路径" in signed_in(make_user("甲", home, ALL)).get(url).content.decode()


# --- what lies around ---------------------------------------------------------------------------------------------


def test_a_chart_holds_two_steps_and_the_relations_among_them(home: Any) -> None:
    middle, local, great, other, far, beyond = firms(
        "北京市", "厦门市", "上海市", "武汉市", "长沙市", "南昌市"
    )
    EnterpriseTag.objects.create(enterprise=great, tag="central_soe")
    relate(middle, "customer", local)
    relate(great, "shareholder", middle)
    relate(local, "supplier", great)
    relate(middle, "competitor", other)
    relate(far, "partner", other)
    relate(beyond, "partner", far)
    chart = graph.around(middle)
    assert {(node.pk, node.group, node.step) for node in chart.nodes} == {
        (middle.pk, "this", 0), (local.pk, "local", 1), (great.pk, "great", 1), (other.pk, "other", 1), (far.pk, "other", 2),
    }  # fmt: skip
    assert len(chart.links) == 5
    assert (chart.left_out, chart.is_partial) == (0, False)
    assert [node.pk for node in graph.around(middle, ["customer"]).nodes] == [middle.pk, local.pk]


@pytest.mark.parametrize(
    ("drawn", "first", "left_out", "partial"), [(150, 60, 0, False), (6, 4, 4, True), (4, 60, 6, False)]
)
def test_what_is_not_drawn_is_counted(
    drawn: int, first: int, left_out: int, partial: bool, home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "DRAWN", drawn)
    monkeypatch.setattr(graph, "DRAWN_FIRST", first)
    middle, *others = firms(*["北京市"] * 9)
    for other in others:
        relate(middle, "supplier", other)
    behind = make_enterprise("后面示例有限公司")
    for other in others:
        relate(other, "supplier", behind)
    chart = graph.around(middle)
    assert len(chart.nodes) == min(drawn, 10)
    assert chart.left_out == left_out == 10 - len(chart.nodes)
    assert chart.is_partial is partial
    text = (
        signed_in(make_user("甲", home, ALL)).get(f"{middle.get_absolute_url()}relations/").content.decode()
    )
    assert ("未画出" in text) is bool(left_out)


def test_the_chart_and_the_list_say_the_same_and_tell_central_enterprises_by_a_sign(home: Any) -> None:
    middle, great = firms("北京市", "上海市")
    EnterpriseTag.objects.create(enterprise=great, tag="central_soe")
    relation = relate(middle, "shareholder", great, share="62.50")
    client = signed_in(make_user("甲", home, ALL))
    answer = client.get(f"{middle.get_absolute_url()}relations/")
    text = answer.content.decode()
    assert f"◆ {great.name}" in text
    assert f"{great.name}是{middle.name}的股东 · 持股 62.5% · 年报 · 2026-03-01" in text
    assert f"relations/{relation.pk}/remove/" in text
    drawn = answer.context["chart"]
    assert [(node["name"], node["group"]) for node in drawn["nodes"]] == [
        (middle.name, "this"), (great.name, "great"),
    ]  # fmt: skip
    assert [(link["source"], link["target"], link["label"]) for link in drawn["links"]] == [
        (str(great.pk), str(middle.pk), "股东")
    ]
    assert "<script>" not in text  # the data stand in a JSON block, not in a script
    filtered = client.get(f"{middle.get_absolute_url()}relations/?kind=customer&kind=x").content.decode()
    assert great.name not in filtered
    assert "没有记录到这类关系" in filtered


# --- two-step targets ---------------------------------------------------------------------------------------------


def plain_openings(edges: set[tuple[int, int, str]], local: set[int]) -> dict[int, set[tuple[str, int, int]]]:
    """Return target → (way, local, between), by plain loops over who supplies, competes and works with whom."""
    supplies = {(other, one) for one, other, kind in edges if kind == "supplier"}
    supplies |= {(one, other) for one, other, kind in edges if kind == "customer"}
    rivals = {
        pair for one, other, kind in edges if kind == "competitor" for pair in ((one, other), (other, one))
    }
    partners = {
        pair for one, other, kind in edges if kind == "partner" for pair in ((one, other), (other, one))
    }
    found: dict[int, set[tuple[str, int, int]]] = {}
    for here in local:
        for between in range(SIZE):
            for target in set(range(SIZE)) - local:
                if (between, here) in supplies and (between, target) in supplies:
                    found.setdefault(target, set()).add(("customers", here, between))
                if (here, between) in rivals and (between, target) in partners:
                    found.setdefault(target, set()).add(("partners", here, between))
    return found


class OpeningsOnRandomGraphs(TestCase):
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(edges=EDGES, local=st.sets(st.integers(0, SIZE - 1), min_size=1))
    def test_openings_are_what_the_words_say(self, edges: set[tuple[int, int, str]], local: set[int]) -> None:
        at_home()
        nodes = firms(*("厦门市" if n in local else "外地市" for n in range(SIZE)))
        number = {node.pk: n for n, node in enumerate(nodes)}
        for one, other, kind in edges:
            relate(nodes[one], kind, nodes[other])

        def told(found: openings.Openings) -> dict[int, set[tuple[str, int, int]]]:
            return {
                number[item.enterprise]: {(e.way, number[e.local], number[e.between]) for e in item.evidence}
                for item in found.found
            }

        expected = plain_openings(edges, local)
        assert told(openings.openings()) == expected
        counts = [len(item.locals) for item in openings.openings().found]
        assert counts == sorted(counts, reverse=True)
        one = min(local)
        own = {target: {way for way in ways if way[1] == one} for target, ways in expected.items()}
        assert told(openings.openings(nodes[one])) == {target: ways for target, ways in own.items() if ways}


@pytest.mark.clause("2.3")
def test_the_city_sees_whom_its_firms_lead_to_and_can_court_them(home: Any) -> None:
    """以商引商: customers of the suppliers of firms here, and partners of their competitors, with the evidence."""
    one, two, supplier, target, rival, partner = firms(
        "厦门市", "厦门", "上海市", "北京市", "深圳市", "武汉市"
    )
    relate(one, "supplier", supplier)
    relate(supplier, "customer", two)
    relate(supplier, "customer", target)
    relate(one, "competitor", rival)
    relate(rival, "partner", partner)
    client = signed_in(make_user("甲", home, ALL))
    answer = client.get("/enterprises/openings/")
    rows = answer.context["rows"]
    assert [(row["name"], row["count"]) for row in rows] == [(target.name, 2), (partner.name, 1)]
    text = answer.content.decode()
    assert f"{supplier.name}是{one.name}的供应商" in text
    assert f"/targets/add/?enterprise={target.pk}" in text
    only = client.get("/enterprises/openings/?way=partners").context["rows"]
    assert [row["name"] for row in only] == [partner.name]
    own = client.get(f"{two.get_absolute_url()}openings/")
    assert [row["name"] for row in own.context["rows"]] == [target.name]
    assert "以商引商" in client.get(two.get_absolute_url()).content.decode()
    reader = signed_in(make_user("乙", home, [VIEW])).get("/enterprises/openings/").content.decode()
    assert "/targets/add/" not in reader


def test_a_list_of_openings_says_when_it_read_not_all(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, supplier, *others = firms("厦门市", "上海市", *["北京市"] * 3)
    relate(one, "supplier", supplier)
    for other in others:
        relate(supplier, "customer", other)
    monkeypatch.setattr(openings, "ROWS", 2)
    assert openings.openings().is_partial
    assert (
        "只统计了其中 2 条途径"
        in signed_in(make_user("甲", home, ALL)).get("/enterprises/openings/").content.decode()
    )


# --- cost ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def chain(home: Any) -> list[Enterprise]:
    """Five firms in a row, the last one here, each with neighbours."""
    nodes = firms("北京市", "上海市", "武汉市", "成都市", "厦门市")
    for one, other in pairwise(nodes):
        relate(one, "supplier", other)
    for n, node in enumerate(nodes[:-1]):
        relate(node, "partner", make_enterprise(f"旁支{n}号示例有限公司", city="长沙市"))
    known(nodes[0], home)
    return nodes


@pytest.mark.parametrize("path", ["relations/", "introductions/", "openings/", "brief/", ""])
def test_every_page_asks_ten_times_at_most(path: str, chain: list[Enterprise], home: Any) -> None:
    client = signed_in(make_user("甲", home, ALL))
    for firm in (chain[0], chain[4]):
        url = f"{firm.get_absolute_url()}{path}"
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        assert len(asked) <= 10, [query["sql"][:120] for query in asked.captured_queries]


def test_the_citys_openings_ask_ten_times_at_most(chain: list[Enterprise], home: Any) -> None:
    client = signed_in(make_user("甲", home, ALL))
    client.get("/enterprises/openings/")
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/enterprises/openings/").status_code == 200
    assert len(asked) <= 10


def test_a_way_costs_a_query_per_step_and_one_for_the_people(chain: list[Enterprise], home: Any) -> None:
    by = make_actor("甲", home, ALL)
    graph.introductions(chain[0], by)  # the city's name is kept
    with CaptureQueriesContext(connection) as asked:
        found = graph.introductions(chain[0], by)
    assert [len(path.links) for path in found.paths] == [4]
    assert len(asked) == graph.DEPTH + 1


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="on a small table PostgreSQL rightly reads it whole"
)
def test_no_step_reads_all_relations(chain: list[Enterprise], home: Any) -> None:
    by: Actor = make_actor("甲", home, ALL)
    with CaptureQueriesContext(connection) as asked:
        graph.introductions(chain[0], by)
        graph.around(chain[0])
        openings.openings(chain[4])
    steps = [query["sql"] for query in asked.captured_queries if '"enterprises_relation"' in query["sql"]]
    assert len(steps) >= 6
    for sql in steps:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = [row[3] for row in cursor.fetchall()]
        assert not [line for line in plan if line.startswith("SCAN") and "enterprises_" in line], plan
