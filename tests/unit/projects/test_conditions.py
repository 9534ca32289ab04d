"""The language of conditions: both readings say the same of every row, and mistakes are told in sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_enterprise
from tests.unit.projects.conftest import City
from yinfeng.core import keeping
from yinfeng.core.conditions import (
    DEEPEST,
    MOST_COMPARISONS,
    Comparison,
    WrongCondition,
    from_words,
    months_before,
    parse,
)
from yinfeng.core.models import Code, Event, Rule
from yinfeng.core.money import UNITS, WAN, YI
from yinfeng.enterprises.models import EnterpriseTag
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Project, Stay

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 30)
THEN = date(2026, 11, 1)  # of which a report may be


@pytest.fixture
def rates(city: City) -> None:
    """Two grades, a rate of the US dollar."""
    for code, least in (("tier_10", 10 * YI), ("general", Decimal(0))):
        Code.objects.create(table="grade", code=code, name=code)
        Rule.objects.create(
            kind="grade", key=code, valid_from=date(2019, 4, 28), source="示例", data={"min_yuan": int(least)}
        )
    Rule.objects.create(
        kind="exchange_rate", key="USD", source="示例", data={"rates": [{"on": "2020-01-01", "rate": "7"}]}
    )  # fmt: skip


def verdict(project: Project, condition: dict[str, Any]) -> tuple[bool | None, str]:
    """Return the answer and its sentences, after making sure that SQL finds the row exactly when the answer is yes, and when it is no."""
    parsed = queries.checked_condition(condition)
    assert parsed is not None
    found = parsed.judge(project, TODAY)
    for q, answer in ((parsed.q(TODAY), True), (parsed.no(TODAY), False)):
        there = Project.objects.filter(q, pk=project.pk).exists()
        assert there == (found.answer is answer), (condition, answer)
    return found.answer, found.reason


def change(project: Project, **values: Any) -> Project:
    Project.objects.filter(pk=project.pk).update(**values)
    project.refresh_from_db()
    return project


# --- vectors ------------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.1.3")
@pytest.mark.usefixtures("rates")
def test_each_kind_of_field_answers_with_its_sentence(city: City) -> None:
    project = change(
        city.project(stages.NEGOTIATING), fixed_investment=8_000 * WAN, intended=7_100 * WAN, contracted=None, is_foreign=True,
        chain="", land_mu=Decimal(30), signed_date=None, next_date=TODAY + timedelta(days=7),
    )  # fmt: skip
    for condition, answer, sentence in [
        ({"field": "fixed_investment", "op": "at_least", "value": 1}, False, "固定资产投资 8,000 万元，低于 1 亿元"),
        ({"field": "fixed_investment", "op": "at_least", "value": 8000, "unit": "wan"}, True, "固定资产投资 8,000 万元，不低于 8,000 万元"),
        ({"field": "fixed_investment", "op": "more_than", "value": 8000, "unit": "wan"}, False, "固定资产投资 8,000 万元，不超过 8,000 万元"),
        ({"field": "investment", "op": "at_least", "value": 1000, "unit": "wan_usd"}, True, "投资额 7,100 万元，不低于 1,000 万美元（折 7,000 万元）"),
        ({"field": "intended", "op": "at_least", "value": 1, "unit": "wan_eur"}, None, "城市方案中没有万欧元的汇率"),
        ({"field": "contracted", "op": "at_least", "value": 1}, None, "合同投资额未填"),
        ({"field": "contracted", "op": "known", "value": False}, True, "合同投资额未填"),
        ({"field": "land_mu", "op": "at_most", "value": 30}, True, "用地需求 30 亩，不超过 30 亩"),
        ({"field": "stage", "op": "at_least", "value": "signed"}, False, "阶段为“在谈”，不符合“已到签约或以后的阶段”"),
        ({"field": "stage", "op": "at_most", "value": "signed"}, True, "阶段为“在谈”，符合“还在签约或以前的阶段”"),
        ({"field": "stage", "op": "in", "value": ["negotiating"]}, True, "阶段为“在谈”"),
        ({"field": "stage", "op": "in", "value": ["negotiating", "signed"]}, True, "阶段为“在谈”，符合“阶段为在谈或签约”"),
        ({"field": "grade", "op": "at_least", "value": "tier_10"}, False, "分级为“general”，不符合“分级在tier_10及以上”"),
        ({"field": "is_foreign", "op": "is", "value": True}, True, "是外资项目"),
        ({"field": "is_foreign", "op": "is", "value": False}, False, "是外资项目"),
        ({"field": "industry", "op": "under", "value": ["C"]}, True, "行业为“集成电路制造”，符合“行业属于制造业”"),
        ({"field": "industry", "op": "under", "value": ["J"]}, False, "行业为“集成电路制造”，不符合“行业属于金融业”"),
        ({"field": "chain", "op": "known", "value": True}, False, "产业链未填"),
        ({"field": "project_class", "op": "not_in", "value": ["policy"]}, True, "项目分类为“供地类”，符合“项目分类不是政策类”"),
        ({"field": "next_date", "op": "ahead_days", "value": 7}, True, "下一步时限为“2026-12-07”，符合“下一步时限在今后 7 天内”"),
        ({"field": "next_date", "op": "ahead_days", "value": 6}, False, "下一步时限为“2026-12-07”，不符合“下一步时限在今后 6 天内”"),
        ({"field": "signed_date", "op": "within_days", "value": 7}, None, "签约日期未填"),
        ({"field": "unit", "op": "under", "value": ["jimei"]}, True, "落地或报送单位为“集美区”，符合“落地或报送单位属于集美区”"),
        ({"field": "unit", "op": "under", "value": ["xm"]}, True, "落地或报送单位为“集美区”，符合“落地或报送单位属于厦门市”"),
        ({"field": "unit", "op": "under", "value": ["huli"]}, False, "落地或报送单位为“集美区”，不符合“落地或报送单位属于湖里区”"),
    ]:  # fmt: skip
        assert verdict(project, condition) == (answer, sentence)


@pytest.mark.clause("3.1.3")
def test_the_investors_rank_is_asked_for(city: City) -> None:
    """The newest list up to the day tells; without an investor nothing is known; many are judged without a query for each."""
    for code, name in (("global500", "世界500强"), ("listed", "上市公司"), ("central_soe", "央企")):
        Code.objects.create(table="enterprise_tag", code=code, name=name)
    keeping.forget()
    project = city.project()
    for tag, year, rank in (
        ("global500", 2019, 300),
        ("global500", 2025, 69),
        ("global500", 2027, 1),
        ("listed", 0, None),
    ):
        EnterpriseTag.objects.create(enterprise=project.enterprise, tag=tag, year=year, rank=rank)
    on_list = {"field": "investor_list", "op": "in", "value": ["global500", "central_soe"]}
    off_list = {"field": "investor_list", "op": "not_in", "value": ["central_soe"]}
    assert verdict(project, on_list) == (
        True, "投资方标签为“世界500强 2025 第 69 位”，符合“投资方标签含世界500强或央企”"
    )  # fmt: skip
    assert verdict(project, off_list) == (
        True, "投资方标签为“上市公司、世界500强 2025 第 69 位”，符合“投资方标签不含央企”"
    )  # fmt: skip
    plain = city.project()
    assert verdict(plain, on_list) == (False, "投资方标签为“无”，不符合“投资方标签含世界500强或央企”")
    change(plain, enterprise=None)
    assert verdict(plain, on_list) == (None, "投资方标签未填")
    assert verdict(plain, off_list)[0] is None
    with pytest.raises(WrongCondition, match="没有代码“moon”"):
        queries.checked_condition({"field": "investor_list", "op": "in", "value": ["moon"]})
    condition = queries.condition_of(on_list)
    assert condition is not None
    found = list(queries.with_investors(Project.objects.order_by("pk")))
    with CaptureQueriesContext(connection) as asked:
        assert [condition.judge(item, TODAY).answer for item in found] == [True, None]
    assert not asked.captured_queries


@pytest.mark.parametrize(
    ("joined", "answers", "expected"),
    [
        ("all", (True, None), None), ("all", (False, None), False), ("all", (True, True), True), ("any", (True, None), True),
        ("any", (False, None), None), ("any", (False, False), False), ("all", (None, None), None), ("any", (None, None), None),
    ],
)  # fmt: skip
def test_not_known_is_neither_yes_nor_no(
    city: City, joined: str, answers: tuple[bool | None, ...], expected: bool | None
) -> None:
    project = change(city.project(), is_foreign=True, contracted=None)
    leaf = {
        True: {"field": "is_foreign", "op": "is", "value": True},
        False: {"field": "is_foreign", "op": "is", "value": False},
        None: {"field": "contracted", "op": "at_least", "value": 1},
    }
    answer, reason = verdict(project, {joined: [leaf[item] for item in answers]})
    assert answer is expected
    assert ("未填" in reason) == (expected is None)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 2, 28), 1, date(2026, 1, 31)), (date(2026, 11, 30), 1, date(2026, 10, 31)),
        (date(2026, 3, 30), 1, date(2026, 2, 28)), (date(2026, 1, 15), 13, date(2024, 12, 15)), (date(2024, 2, 29), 12, date(2023, 2, 28)),
    ],
)  # fmt: skip
def test_a_month_that_ends_is_a_whole_month(day: date, months: int, expected: date) -> None:
    assert months_before(day, months) == expected


# --- property -----------------------------------------------------------------------------------------------------

CODES = {"stage": list(stages.STAGES), "status": list(stages.STATUSES), "grade": ["tier_10", "general"],
         "project_class": ["land", "policy"], "construction_kind": ["new", "opening"],
         "investor_list": ["global500", "listed", "central_soe"]}  # fmt: skip
NUMBERS = st.sampled_from(["0", "1", "0.5", "1.000001", "10", "7", "30", "99999"])


def comparisons_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    item = queries.PROJECT.by_name[name]
    known = st.builds(lambda value: {"field": name, "op": "known", "value": value}, st.booleans())
    match item.kind:
        case "amount":
            own = st.fixed_dictionaries({
                "field": st.just(name), "op": st.sampled_from(["at_least", "more_than", "at_most", "less_than"]), "value": NUMBERS,
                "unit": st.sampled_from(["yi", "wan", "wan_usd", "wan_eur"]),
            })  # fmt: skip
        case "number":
            ops = st.sampled_from(["at_least", "more_than", "at_most", "less_than"])
            own = st.fixed_dictionaries({"field": st.just(name), "op": ops, "value": NUMBERS})
        case "date":
            days = st.integers(-40, 40).map(lambda days: (TODAY + timedelta(days=days)).isoformat())
            own = st.one_of(
                st.fixed_dictionaries({"field": st.just(name), "op": st.sampled_from(["from", "until"]), "value": days}),
                st.fixed_dictionaries({"field": st.just(name), "op": st.sampled_from(["within_days", "within_months", "ahead_days"]),
                                       "value": st.integers(1, 40)}),
            )  # fmt: skip
        case "flag":
            own = st.fixed_dictionaries({"field": st.just(name), "op": st.just("is"), "value": st.booleans()})
        case "place":
            places = ["C", "39", "3973", "J"] if name == "industry" else ["xm", "jimei", "huli"]
            values = st.lists(st.sampled_from(places), min_size=1, max_size=2)
            own = st.fixed_dictionaries({"field": st.just(name), "op": st.just("under"), "value": values})
        case "set":
            values = st.lists(st.sampled_from(CODES[name]), min_size=1, max_size=2)
            own = st.fixed_dictionaries(
                {"field": st.just(name), "op": st.sampled_from(["in", "not_in"]), "value": values}
            )
        case kind:
            one = st.sampled_from(CODES[name])
            ops = ["is", "is_not", *(["at_least", "at_most"] if kind == "order" else [])]
            own = st.one_of(
                st.fixed_dictionaries({"field": st.just(name), "op": st.sampled_from(ops), "value": one}),
                st.fixed_dictionaries({"field": st.just(name), "op": st.sampled_from(["in", "not_in"]), "value": st.lists(one, min_size=1, max_size=3)}),
            )  # fmt: skip
    return st.one_of(own, own, known)


ASKED = [item.name for item in queries.PROJECT if item.kind != "choice" or item.name in CODES]
CONDITIONS = st.recursive(
    st.sampled_from(ASKED).flatmap(comparisons_of),
    lambda inner: st.builds(
        lambda name, parts: {name: parts},
        st.sampled_from(["all", "any"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@pytest.fixture
def varied(city: City, rates: None) -> list[Project]:
    """Projects between whose values the conditions must tell, each field empty in some of them."""
    made = []
    order = list(stages.STAGES)
    firms = [None, *(make_enterprise(f"投资方{turn}有限公司") for turn in range(3))]
    for firm, tag, year in (
        (1, "global500", 2019),
        (1, "listed", 0),
        (2, "global500", 2027),
        (2, "central_soe", 2026),
    ):
        EnterpriseTag.objects.create(enterprise=firms[firm], tag=tag, year=year, rank=69)
    amounts = [
        None,
        Decimal(0),
        1 * YI,
        7_000 * WAN,
        Decimal("100000000.01"),
        10 * YI,
        10 * YI - Decimal("0.01"),
        50 * YI,
    ]
    days = [
        None,
        TODAY,
        TODAY - timedelta(days=1),
        TODAY - timedelta(days=30),
        TODAY + timedelta(days=7),
        date(2026, 10, 31),
    ]
    for turn in range(16):
        unit = (city.jimei, city.huli)[turn % 2]
        moment = datetime(2026, 11, 30, 23, 59, tzinfo=timezone.get_default_timezone()) - timedelta(
            days=turn * 3
        )
        pick = lambda values, step, turn=turn: values[turn * step % len(values)]  # noqa: E731
        made.append(Project.objects.create(
            code=f"V-{turn}", name=f"样本{turn}", summary="样本", reporter_unit=unit, host_unit=pick([None, city.jimei, city.huli], 1),
            created_by=city.users["bob"], enterprise=pick(firms, 1), stage=pick(order, 1), status=pick(list(stages.STATUSES), 3), is_foreign=pick([None, True, False], 1),
            industry=pick(["", "C", "39", "3973", "66", "J", "9999"], 1), project_class=pick(["", "land", "policy"], 1),
            construction_kind=pick(["", "new", "opening"], 1), grade_override=pick(["", "", "tier_10", "gone"], 1),
            intended=pick(amounts, 1), contracted=pick(amounts, 3), fixed_investment=pick(amounts, 5), expected_output=pick(amounts, 7),
            expected_tax=pick(amounts, 1), land_mu=pick([None, Decimal(0), Decimal(30), Decimal("0.5")], 1),
            **{name: pick(days, step) for step, name in enumerate(
                ["planned_start_date", "planned_completion_date", "planned_production_date", "next_date", "signed_date",
                 "registered_date", "started_date", "completed_date", "producing_date", "at_capacity_date"], 1)},
            progress_at=moment,
        ))  # fmt: skip
        Project.objects.filter(pk=made[-1].pk).update(created_at=moment)
        made[-1].refresh_from_db()
        _give_history(made[-1], turn)
    return made


def read_back(part: Comparison) -> bool:
    """Say whether a comparison comes back from the words in which a form shows it, in both languages."""
    for language in ("zh-hans", "en"):
        with translation.override(language):
            again = parse(
                from_words(part.field, part.op, part.written), queries.PROJECT, lambda table, code: True
            )
        assert isinstance(again, Comparison)
        if part.unit:  # English says every amount in millions
            assert UNITS[again.unit][1] == UNITS[part.unit][1]
            again = replace(
                again, value=again.value * UNITS[again.unit][2] / UNITS[part.unit][2], unit=part.unit
            )
        if again != part:
            return False
    return True


def _give_history(project: Project, turn: int) -> None:
    """Let a project have stood elsewhere, got on and paused before; what tells of it reaches to either side of the day."""
    day = datetime(2026, 11, 1, 12, tzinfo=timezone.get_default_timezone())
    for back, stage, verb in (
        (40, "planned", "talked"),
        (5, "negotiating", "hold"),
        (-turn, "signed", "resume"),
    ):
        if turn % 4:
            since = day - timedelta(days=back)
            Stay.objects.create(
                project=project,
                stage=stage,
                since=since,
                until=since + timedelta(days=35 if back == 40 else 5 + turn),
            )
            told = {
                "verb": f"projects.project.{verb}",
                "object_type": "projects.project",
                "object_id": project.pk,
            }
            Event.objects.create(at=since, actor_name="甲", source="test", **told)


@pytest.mark.clause("3.1.3")
def test_both_readings_agree_on_every_row(varied: list[Project]) -> None:
    """Yes and no exactly when SQL finds the row for it; not known exactly when for neither."""
    answers: set[bool | None] = set()

    @settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(CONDITIONS)
    def agree(data: dict[str, Any]) -> None:
        condition = queries.condition_of(data)
        assert condition is not None
        again = queries.condition_of(condition.data())
        assert again == condition, "what is kept says the same again"
        assert condition.words
        for part in condition.comparisons():
            assert read_back(part), "what a form shows says the same again"
        found = set(Project.objects.filter(condition.q(TODAY)).values_list("pk", flat=True))
        others = set(Project.objects.filter(condition.no(TODAY)).values_list("pk", flat=True))
        for project in varied:
            judged = condition.judge(project, TODAY)
            assert (judged.answer is True) == (project.pk in found), (data, project.code, judged)
            assert (judged.answer is False) == (project.pk in others), (data, project.code, judged)
            assert judged.sentences
            answers.add(judged.answer)
        then = queries.reported(data)
        assert then is not None
        found = set(Project.objects.filter(then.q(THEN)).values_list("pk", flat=True))
        for project in varied:
            judged = then.judge(project, THEN)
            assert (judged.answer is True) == (project.pk in found), (data, project.code, judged)

    agree()
    assert answers == {True, False, None}


# --- mistakes -----------------------------------------------------------------------------------------------------

LEAF = {"field": "is_foreign", "op": "is", "value": True}


def nested(depth: int) -> dict[str, Any]:
    return {"all": [nested(depth - 1)]} if depth else dict(LEAF)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"field": "colour", "op": "is", "value": 1}, "没有“colour”这个字段"),
        ({"field": ["stage"], "op": "is", "value": 1}, "这个字段"), ({"op": "is", "value": 1}, "没有写明比较哪个字段"),
        ({"field": "stage", "op": "within_days", "value": 1}, "“阶段”不能用“within_days”比较"),
        ({"field": "is_foreign", "op": "at_least", "value": True}, "不能用“at_least”比较"),
        ({"field": "is_foreign", "op": "is", "value": "yes"}, "须是 true 或 false"),
        ({"field": "stage", "op": "is", "value": "moon"}, "“阶段”没有代码“moon”"),
        ({"field": "industry", "op": "under", "value": ["ZZ"]}, "“行业”没有代码“ZZ”"),
        ({"field": "unit", "op": "under", "value": ["nowhere"]}, "没有代码“nowhere”"),
        ({"field": "stage", "op": "is", "value": ["signed"] * 2}, "须是一个代码"),
        ({"field": "stage", "op": "in", "value": []}, "须是一个或几个代码"),
        ({"field": "stage", "op": "in", "value": [["signed"]]}, "须是一个或几个代码"),
        ({"field": "intended", "op": "at_least", "value": "many"}, "不小于 0 的数"),
        ({"field": "intended", "op": "at_least", "value": -1}, "不小于 0 的数"),
        ({"field": "intended", "op": "at_least", "value": "NaN"}, "不小于 0 的数"),
        ({"field": "intended", "op": "at_least", "value": True}, "不小于 0 的数"),
        ({"field": "intended", "op": "at_least", "value": "1e999999"}, "不小于 0 的数"),
        ({"field": "intended", "op": "at_least", "value": 200_000, "unit": "yi"}, "金额过大"),
        ({"field": "intended", "op": "at_least", "value": 1, "unit": "km"}, "单位“km”不能用在这里"),
        ({"field": "stage", "op": "is", "value": "signed", "unit": "yi"}, "不能用在这里"),
        ({"field": "signed_date", "op": "from", "value": "yesterday"}, "须是日期"),
        ({"field": "signed_date", "op": "within_days", "value": 0}, "须是 1 到 3660 的整数"),
        ({"field": "signed_date", "op": "within_days", "value": 10**9}, "须是 1 到 3660 的整数"),
        ({"all": []}, "至少一个条件"), ({"all": LEAF}, "至少一个条件"), ({"all": [LEAF], "any": [LEAF]}, "不能与其他内容并列"),
        ({"all": [LEAF, {"not": LEAF}]}, "第 2 条：没有“not”这一项"), ([LEAF], "条件须写成"), ("signed", "条件须写成"), ({"all": [7]}, "条件须写成"),
        (nested(DEEPEST + 1), "套得太深"), ({"all": [LEAF] * (MOST_COMPARISONS + 1)}, "条件太多"), ({"all": [{"any": [LEAF] * 30}] * 2}, "条件太多"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_what_to_write_instead(city: City, data: Any, sentence: str) -> None:
    with pytest.raises(WrongCondition) as refused:
        queries.checked_condition(data)
    assert any(sentence in mistake for mistake in refused.value.mistakes), refused.value.mistakes


@pytest.mark.parametrize(
    "text", ["CNY " + "9" * 300 + " million", "9" * 300 + " 亿元", "XXX 1 million", "CNY -1 million"]
)
def test_an_amount_that_is_none_is_refused(city: City, text: str) -> None:
    with pytest.raises(WrongCondition, match="不小于 0 的数"):
        queries.checked_condition(from_words(queries.PROJECT.by_name["intended"], "at_least", text))


def test_every_mistake_is_told_at_once(city: City) -> None:
    with pytest.raises(WrongCondition) as refused:
        parse({"all": [LEAF, {"field": "a"}, {"any": [{"field": "b"}]}]}, queries.PROJECT)
    assert [mistake.partition("：")[0] for mistake in refused.value.mistakes] == ["第 2 条", "第 3.1 条"]


def test_a_condition_says_itself_as_an_officer_would(city: City) -> None:
    keeping.forget()
    condition = queries.condition_of({
        "all": [
            {"field": "stage", "op": "at_least", "value": "signed"}, {"field": "status", "op": "in", "value": ["ongoing", "on_hold", "ended"]},
            {"field": "progress", "op": "within_days", "value": 7},
            {"any": [LEAF, {"field": "investment", "op": "at_least", "value": 10}, {"field": "investment", "op": "more_than", "value": 1000, "unit": "wan_usd"}]},
        ]
    })  # fmt: skip
    assert condition is not None
    assert condition.words == (
        "已到签约或以后的阶段，状态为推进中、暂缓或终止，最近 7 天内有进展，且（是外资项目，投资额不低于 10 亿元，或投资额超过 1,000 万美元）"
    )
    with translation.override("en"):
        assert condition.words == (
            "the stage is Signed or later, status is Ongoing, On hold or Ended, progress within the last 7 days, "
            "and (it is foreign-invested, investment is at least CNY 1,000 million, or investment is more than USD 10 million)"
        )


def test_what_falls_short_by_a_fen_is_told_without_rounding(city: City) -> None:
    """“10 亿元，低于 10 亿元” would be no reason."""
    project = change(city.project(stages.NEGOTIATING), intended=10 * YI - Decimal("0.01"), contracted=None)
    asked = {"field": "intended", "op": "at_least", "value": 10}
    assert verdict(project, asked) == (False, "意向投资额 99,999.999999 万元，低于 10 亿元")
    with translation.override("en"):
        assert (
            verdict(project, asked)[1]
            == "intended investment CNY 999.99999999 million, less than CNY 1,000 million"
        )
