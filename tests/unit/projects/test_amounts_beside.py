"""What is asked of a claim beside the works, the contract and the firm's other claims; what the rules make of a late project."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_enterprise, signed_in
from tests.unit.projects.conftest import City
from tests.unit.projects.test_construction import PNG, building, codes, fresh, plan, raised, report, wan
from yinfeng.core.errors import Invalid
from yinfeng.core.models import Rule
from yinfeng.core.money import YI, Money
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Bottleneck, Claim, Entry, Progress, Project
from yinfeng.projects.services import Planned

pytestmark = pytest.mark.django_db
__all__ = ["codes"]

TODAY = date(2026, 7, 15)
NOW = datetime(2026, 7, 15, 10, 0, tzinfo=timezone.get_fixed_timezone(480))
RULES = {
    "early_completion": {"ahead_days": 30, "least_percent": 95},
    "start_overdue": {"months": 3, "points": "-0.1"},
    "late_start": {"months": 3, "points": "-0.1"},
    "behind": {"points_behind": 10, "measure": "约谈项目负责人"},
    "late_completion": {"days": 30},
}


@pytest.fixture
def july() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def told(fields: dict[str, Any], name: str) -> str:
    return " ".join(str(sentence) for sentence in fields.get(name, []))


def verify_page(city: City, claim: Claim, name: str = "charlie") -> str:
    return signed_in(city.users[name]).get(f"/claims/{claim.pk}/verify/").content.decode()


# --- completion beside construction -------------------------------------------------------------------------------


@pytest.mark.clause("3.2.3")
@pytest.mark.usefixtures("july")
def test_a_completion_is_compared_with_what_was_built(city: City) -> None:
    """Fixed investment is 3,000 万元; the reports come to 2,000 万元 and 2 per cent, and a difficulty is open."""
    project = building(city, stage=stages.BUILDING)
    report(city, project, date(2026, 6, 1), 2_000, percent=2)
    raised(city, project)
    for yuan in (Decimal(10**9), wan(3_000)):
        with pytest.raises(Invalid) as asked:
            city.claim(project, stages.COMPLETED, yuan=yuan)
        fields = asked.value.fields
        assert "月报累计 2,000 万元（到 2026-06）" in told(fields, "amount")
        assert ("固定资产投资 3,000 万元" in told(fields, "amount")) is (yuan > wan(3_000))
        assert "到 2026-06 是 2%，不到 95%" in told(fields, "happened_date")
        assert "还有 1 个难点没有解决" in told(fields, "happened_date")
        assert "confirm_amounts" in fields
    claim = city.claim(project, stages.COMPLETED, yuan=Decimal(10**9), confirmed=True)
    page = verify_page(city, claim)
    for words in ("月报累计完成投资（到 2026-06）：2,000 万元", "月报形象进度（到 2026-06）：2%", "固定资产投资：3,000 万元",
                  "合同投资额：4,000 万元", "相差超过 20%", "不到 95%", "难点没有解决"):  # fmt: skip
        assert words in page


@pytest.mark.usefixtures("july")
def test_a_completion_that_the_reports_bear_out_is_taken_unasked(city: City) -> None:
    """The edges: a fifth more or less, and 95 per cent, are the same."""
    for yuan, percent, asked in (
        (3_600, 95, ""),
        (2_500, 95, ""),
        (3_601, 95, "amount"),
        (3_000, 94, "happened_date"),
    ):
        project = building(city, stage=stages.BUILDING)
        report(city, project, date(2026, 6, 1), 3_000, percent=percent)
        if asked:
            with pytest.raises(Invalid) as question:
                city.claim(project, stages.COMPLETED, yuan=wan(yuan))
            assert set(question.value.fields) == {asked, "confirm_amounts"}
        else:
            city.claim(project, stages.COMPLETED, yuan=wan(yuan))
    silent = building(city, stage=stages.BUILDING)  # nothing was ever reported: the verifier is told so
    assert "建设月报：没有报过" in verify_page(city, city.claim(silent, stages.COMPLETED))


# --- money and years that count once ------------------------------------------------------------------------------


def test_more_money_than_the_contract_is_questioned(city: City) -> None:
    """The contract is 4,000 万元; what waits counts, what was refuted or reversed does not."""
    project = city.project(stages.REGISTERED)
    city.verified(project, stages.CAPITAL, yuan=wan(1_500))
    city.claim(project, stages.CAPITAL, yuan=wan(2_000), key="回单2")
    with pytest.raises(Invalid) as asked:
        city.claim(project, stages.CAPITAL, yuan=wan(501), key="回单3")
    assert "连同此前申报的 3,500 万元，到位资金共 4,001 万元，超过合同投资额 4,000 万元" in told(
        asked.value.fields, "amount"
    )
    claim = city.claim(project, stages.CAPITAL, yuan=wan(501), key="回单3", confirmed=True)
    page = verify_page(city, claim)
    for words in (
        "此前申报的到位资金：3,500 万元",
        "连同这一笔共：4,001 万元",
        "合同投资额：4,000 万元",
        "超过合同投资额",
    ):
        assert words in page
    services.refute_claim(by=city.actor("charlie"), claim=claim, reason="没有到账")
    city.claim(project, stages.CAPITAL, yuan=wan(500), key="回单4")


@pytest.mark.clause("3.2.4")
def test_one_year_of_a_firm_in_two_projects_is_asked_about(city: City) -> None:
    project = city.project(stages.REGISTERED)
    year = {
        "happened_date": timezone.localdate().replace(month=1, day=1),
        "key": str(timezone.localdate().year),
    }
    Project.objects.update(registered_date=date(2020, 1, 1))
    project.refresh_from_db()
    for kind in (stages.TAX, stages.OUTPUT):
        city.verified(project, kind, yuan=wan(450), confirmed=True, **year)
    other = city.project(stages.REGISTERED, enterprise=project.enterprise)
    Project.objects.update(registered_date=date(2020, 1, 1))
    other.refresh_from_db()
    for kind in (stages.TAX, stages.OUTPUT):
        with pytest.raises(Invalid) as asked:
            city.claim(other, kind, yuan=wan(450), **year)
        assert "另一个项目申报过" in told(asked.value.fields, "key")
        assert "两次的金额同样是 450 万元" in told(asked.value.fields, "key")
        with pytest.raises(Invalid) as asked:
            city.claim(other, kind, yuan=wan(480), **year)
        assert "两次的金额同样" not in told(asked.value.fields, "key")
    claim = city.claim(other, stages.TAX, yuan=wan(450), confirmed=True, **year)
    page = verify_page(city, claim)
    assert f'<a href="/projects/{project.pk}/">{project}' in page
    assert "两次的金额同样是 450 万元" in page
    Project.objects.filter(pk=project.pk).update(secrecy=stages.SENSITIVE)
    hidden = verify_page(city, claim)
    assert project.name not in hidden
    assert "您看不到的一个项目也申报过" in hidden
    another = city.project(stages.REGISTERED, enterprise=make_enterprise("另一家有限公司"))
    Project.objects.update(registered_date=date(2020, 1, 1))
    another.refresh_from_db()
    city.claim(another, stages.TAX, yuan=wan(450), **year)


def test_a_voucher_is_the_same_however_it_is_typed(city: City) -> None:
    """In another project of the firm, and in this one; what was reversed does not count any more."""
    project = city.project(stages.REGISTERED)
    city.verified(project, stages.CAPITAL, yuan=wan(100), key="PZ-001")
    other = city.project(stages.REGISTERED, enterprise=project.enterprise)
    for key in ("pz001", "PZ-001", "ＰＺ－００１", "pz_0.01", "Pz 001"):
        with pytest.raises(Invalid, match="另一个项目申报过同一凭证"):
            city.claim(other, stages.CAPITAL, yuan=wan(200), key=key)
    with pytest.raises(Invalid, match="相近的“PZ-001”"):
        city.claim(project, stages.CAPITAL, yuan=wan(200), key="pz001")
    city.claim(other, stages.CAPITAL, yuan=wan(200), key="PZ-0010")
    entry = Entry.objects.get(project=project, kind=stages.CAPITAL)
    assert queries.doubles(other, stages.CAPITAL, "pz001") == [entry.claim]


# --- amounts ten thousand times too small -------------------------------------------------------------------------


def test_an_investment_below_a_million_is_asked_about_when_the_project_is_made(city: City) -> None:
    for yuan, asked in ((wan(12), True), (wan(99), True), (wan(100), False)):
        values = {"name": f"{yuan} 项目", "summary": "生产", "intended": Money.in_yuan(yuan)}
        add = {"by": city.actor("bob"), "values": values}
        if asked:
            with pytest.raises(Invalid) as question:
                services.add_project(**add)
            assert {"intended", "confirm_amounts"} <= question.value.fields.keys()
        services.add_project(**add, confirmed=asked)
    assert not queries.is_questionable(wan(12), "expected_tax")
    assert queries.is_questionable(12 * YI * 1_000, "intended")


# --- incentive and penalties --------------------------------------------------------------------------------------


@pytest.fixture
def rules() -> None:
    """银川 2025, 三亚 2022 and 某地级市 2024 (FACTS §1.6)."""
    for key, data in RULES.items():
        Rule.objects.create(
            kind="construction", key=key, valid_from=date(2019, 4, 28), source="FACTS §1.6", data=data
        )
    Rule.objects.create(
        kind="schedule", key="behind", valid_from=date(2019, 4, 28), source="银川",
        data={"warn_points": 10, "late_points": 30, "report_day": 10},
    )  # fmt: skip


@pytest.mark.clause("3.5.2")
@pytest.mark.usefixtures("rules", "july")
def test_each_rule_proposes_its_penalty_in_words_and_the_list_finds_the_same(city: City) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"planned_start_date": date(2025, 10, 31), "started_date": date(2026, 1, 1)},
         "2026-01-01 开工，比计划（2025-10-31）晚 62 天，满 3 个月的时限，建议考核计 -0.1 分"),
        ({"planned_start_date": date(2025, 11, 1), "started_date": date(2026, 1, 31)}, ""),
        ({"planned_start_date": date(2026, 1, 1), "first_planned_start_date": date(2025, 6, 1), "started_date": date(2026, 1, 5)},
         "比计划（2025-06-01）晚 218 天"),
        ({"planned_completion_date": date(2026, 6, 15)}, "计划 2026-06-15 竣工，已过 30 天没有竣工，满 30 天的时限"),
        ({"planned_completion_date": date(2026, 6, 16)}, ""),
        ({"planned_completion_date": date(2026, 5, 1), "completed_date": date(2026, 5, 31), "stage": stages.COMPLETED},
         "2026-05-31 竣工，比计划（2026-05-01）晚 30 天，满 30 天的时限"),
        ({"planned_completion_date": date(2026, 5, 1), "completed_date": date(2026, 5, 30), "stage": stages.COMPLETED}, ""),
        ({"planned_completion_date": date(2026, 8, 1), "first_planned_completion_date": date(2026, 4, 1)}, "已过 105 天没有竣工"),
        ({"planned_start_date": date(2025, 6, 1), "status": stages.ENDED}, ""),
        ({"planned_start_date": date(2025, 6, 1), "construction_kind": "opening"}, ""),
    ]  # fmt: skip
    fixed: dict[str, Any] = {
        "planned_start_date": date(2026, 1, 1),
        "planned_completion_date": date(2027, 1, 1),
    }
    for values, reason in cases:
        project = building(city, **(fixed | values))
        found = [str(row.reason) for row in queries.incentives_of(fresh(project), TODAY)]
        assert len(found) == bool(reason), (values, found)
        assert reason in "".join(found)
        listed = queries.with_incentives(city.actor("erin"), TODAY).filter(pk=project.pk)
        assert listed.exists() is bool(reason), values
    behind = building(city, **fixed)
    plan(city, behind, *[300] * 10)
    for month in range(1, 7):
        report(city, behind, date(2026, month, 1), 220 if month < 6 else 100, percent=month * 4)
    (penalty,) = queries.incentives_of(fresh(behind), TODAY)
    assert (
        penalty.reason == "到 2026-06 投资落后计划 20.00 个百分点，满 10 个百分点的界限，建议约谈项目负责人"
    )
    page = signed_in(city.users["erin"])
    page.get("/construction/incentives/")
    with CaptureQueriesContext(connection) as asked:
        html = page.get("/construction/incentives/?proposal=penalty").content.decode()
    assert "落后计划 20.00 个百分点" in html
    assert len(asked) <= 10
    assert html.count("约束") >= 5


@pytest.mark.clause("3.2.3")
@pytest.mark.usefixtures("rules", "july")
def test_no_incentive_for_a_completion_that_no_report_bears_out(city: City) -> None:
    project = building(city, planned_start_date=date(2026, 1, 1), planned_completion_date=date(2027, 9, 1))
    done = {"stage": stages.COMPLETED, "completed_date": date(2026, 6, 1)}
    Project.objects.filter(pk=project.pk).update(**done)
    for percent, proposed in ((None, False), (2, False), (94, False), (95, True)):
        if percent is not None:
            Progress.objects.all().delete()
            Progress.objects.create(
                project=project, month=date(2026, 5, 1), invested=wan(100), percent=percent, done="土建", reported_by=city.users["bob"]
            )  # fmt: skip
        assert bool(queries.incentives_of(fresh(project), TODAY)) is proposed
        assert queries.with_incentives(city.actor("erin"), TODAY).exists() is proposed


# --- months before the start --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("july")
def test_a_month_before_the_start_is_asked_about(city: City) -> None:
    waiting = city.project(stages.REGISTERED)
    Project.objects.filter(pk=waiting.pk).update(signed_date=date(2026, 1, 5))
    waiting.refresh_from_db()
    with pytest.raises(Invalid) as asked:
        report(city, waiting, date(2026, 6, 1), 500, percent=30, confirmed=False)
    assert "还没有开工" in told(asked.value.fields, "month")
    report(
        city, waiting, date(2026, 5, 1), 0, percent=0, confirmed=False
    )  # that nothing happened is no question
    report(city, waiting, date(2026, 6, 1), 500, percent=30)
    project = building(city, started_date=date(2026, 4, 20))
    with pytest.raises(Invalid) as asked:
        report(city, project, date(2026, 3, 1), "0.5", confirmed=False)
    assert "早于实际开工（2026-04-20）" in told(asked.value.fields, "month")
    assert "单位" in told(asked.value.fields, "invested")  # one tick answers both, so both are put
    report(city, project, date(2026, 4, 1), 100, confirmed=False)
    early = report(city, project, date(2026, 3, 1), 100, reason="设备款")
    with pytest.raises(Invalid) as asked:
        report(city, project, date(2026, 3, 1), 90, reason="少付", corrects=early.pk, confirmed=False)
    assert "早于实际开工" in told(asked.value.fields, "invested")


@pytest.mark.usefixtures("july")
def test_a_plan_is_proposed_from_the_real_start_on(city: City) -> None:
    project = building(
        city, planned_start_date=date(2026, 1, 1), started_date=date(2026, 4, 20), planned_completion_date=date(2026, 12, 31)
    )  # fmt: skip
    assert queries.proposed_plan(project)[0][0] == date(2026, 4, 1)


# --- the page -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("july", "rules")
def test_the_page_tells_what_was_reported_first_and_keeps_silent_of_what_is_finished(city: City) -> None:
    project = building(city, planned_start_date=date(2026, 1, 1), planned_completion_date=date(2026, 12, 31))
    client = signed_in(city.users["bob"])
    url = f"/projects/{project.pk}/construction/"
    services.set_plan(
        by=city.actor("bob"), project=project, confirmed=True,
        months=[Planned(date(2026, 1, 1), wan(1_000), Decimal(50)), Planned(date(2026, 9, 1), wan(2_000), Decimal(100))],
    )  # fmt: skip
    project.refresh_from_db()
    report(city, project, date(2026, 7, 1), 2_000, percent=60)
    photo = services.add_photo(
        by=city.actor("bob"), project=project, month=date(2026, 7, 1), file=ContentFile(PNG, "a.png"), name="主体.png"
    )  # fmt: skip
    facts = client.get(url).context["key_facts"]
    assert (facts[0]["value"], facts[0]["sub"]) == ("2,000 万元", "报到 2026-07，占计划 66.67%")
    assert (facts[1]["value"], facts[1]["sub"]) == ("1,000 万元", "应报到 2026-06，全部 3,000 万元")
    assert "按应报的 2026-06 比较，到当月完成 0 万元" in facts[2]["sub"]
    curve = client.get(url).context["curve"]
    assert curve["months"] == [f"2026-{month:02}" for month in range(1, 10)]  # every month has its room
    assert curve["planned"] == [1000.0] * 8 + [3000.0]
    assert curve["invested"] == [0.0] * 6 + [2000.0, None, None]
    html = client.get(url).content.decode()
    file = f"/files/{photo.attachment_id}/"
    assert f'<img src="{file}" alt="2026-07 现场照片：主体.png"' in html
    assert 'loading="lazy"' in html
    assert [tick["name"] for tick in client.get(url).context["gantt"]["ticks"]] == [
        "2026-01",
        "2026-04",
        "2026-07",
        "2026-10",
    ]
    assert signed_in(city.users["stranger"]).get(file).status_code in {403, 404}
    raised(city, project)
    Project.objects.filter(pk=project.pk).update(stage=stages.AT_CAPACITY, completed_date=date(2026, 7, 10))
    page = client.get(url)
    assert "投资进度" not in page.content.decode()
    assert "与计划相符" not in page.content.decode()
    assert [warning["title"] for warning in page.context["warnings"]] == ["还有 1 个难点待了结"]
    Bottleneck.objects.all().update(state=stages.WITHDRAWN, closed_date=TODAY)
    assert client.get(url).context["warnings"] == []
