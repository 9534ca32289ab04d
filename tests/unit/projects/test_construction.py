"""How a project is built: plan, monthly reports, milestones, builders, bottlenecks, what the rules propose (clause 3.2.3)."""

from __future__ import annotations

import base64
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from tests.factories.races import at_once
from tests.unit.projects.conftest import CLERK, PDF, VIEW, City
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid, Missing, Stale
from yinfeng.core.models import Code, Event, Notice, Rule
from yinfeng.core.money import WAN
from yinfeng.core.scopes import actions_on
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.models import Bottleneck, FirstMonth, Milestone, PlannedMonth, Progress, Project
from yinfeng.projects.services import Planned

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 15, 10, 0, tzinfo=timezone.get_fixed_timezone(480))
TODAY = date(2026, 7, 15)
SINCE = date(2019, 4, 28)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mOsr6//DwAFBgJ/lF3xvQAAAABJRU5ErkJggg=="
)


@pytest.fixture(autouse=True)
def codes(city: City) -> None:
    Code.objects.bulk_create(
        Code(table=table, code=code, name=name)
        for table, code, name in [
            ("milestone", "piling", "桩基完成"), ("milestone", "topping_out", "主体封顶"), ("problem_kind", "land", "土地"),
            ("problem_kind", "approval", "审批"),
        ]
    )  # fmt: skip


@pytest.fixture
def rules() -> None:
    """银川 2025 and 某地级市 2024 (FACTS §1.6)."""
    for kind, key, data in (
        ("schedule", "start", {"warn_months": 1, "late_months": 3}),
        ("schedule", "behind", {"warn_points": 10, "late_points": 30, "report_day": 10}),
        ("construction", "early_completion", {"ahead_days": 30}),
        ("construction", "start_overdue", {"months": 3, "points": "-0.1"}),
    ):
        Rule.objects.create(kind=kind, key=key, valid_from=SINCE, source="FACTS §1.6", data=data)


@pytest.fixture
def july() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def wan(amount: str | int) -> Decimal:
    return (Decimal(amount) * WAN).quantize(Decimal("0.01"))


def months(*invested: int, first: date = date(2026, 1, 1)) -> list[Planned]:
    """Return a plan of the months from January on, in 万元; the works go evenly."""
    return [
        Planned(
            queries.months_later(first, number),
            wan(amount),
            (Decimal(100 * (number + 1)) / len(invested)).quantize(Decimal("0.01")),
        )
        for number, amount in enumerate(invested)
    ]


def building(city: City, **values: Any) -> Project:
    """Return a project that is being built since January."""
    project = city.project(stages.STARTED)
    values = {"signed_date": date(2025, 12, 1), "started_date": date(2026, 1, 5), **values}
    Project.objects.filter(pk=project.pk).update(**values)
    project.refresh_from_db()
    return project


def plan(city: City, project: Project, *invested: int, **more: Any) -> list[PlannedMonth]:
    return services.set_plan(
        by=city.actor("bob"), project=project, months=months(*invested), confirmed=True, **more
    )


def report(
    city: City, project: Project, month: date, invested: str | int, percent: int = 10, by: str = "bob", **more: Any
) -> Progress:  # fmt: skip
    return services.report_progress(
        by=city.actor(by), project=project, month=month, invested=wan(invested), percent=Decimal(percent), done="土建",
        confirmed=more.pop("confirmed", True), **more,
    )  # fmt: skip


def raised(city: City, project: Project, **values: Any) -> Bottleneck:
    given = {
        "kind": "land", "what": "用地未平整", "since_date": timezone.localdate() - timedelta(days=3), "unit": city.jimei,
        "due_date": timezone.localdate() + timedelta(days=10), "by": city.actor("bob"), **values,
    }  # fmt: skip
    return services.raise_bottleneck(project=project, **given)


def fresh(project: Project) -> Project:
    """Return the project as a page reads it, without what another one brought along."""
    return Project.objects.get(pk=project.pk)


def light_everywhere(city: City, project: Project, today: date = TODAY) -> tuple[str, str]:
    """Return the light and its reason; the page's function, the filter and the table of units must say the same."""
    light = queries.light_of(fresh(project), today, queries.limits(today))
    codes = [light.code] if light else []
    one = Project.objects.filter(pk=project.pk)
    assert [code for code in stages.LIGHTS if one.filter(queries.lit(code, today)).exists()] == codes
    (unit,) = queries.lights_by_unit(city.actor("erin"), today)
    assert [code for code, count in unit.counts.items() if count] == codes
    return (light.code, str(light.reason)) if light else ("", "")


# --- lights -------------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.2.3")
@pytest.mark.usefixtures("rules", "july")
@pytest.mark.parametrize(
    ("planned", "code"),
    [
        (date(2026, 8, 1), "green"), (date(2026, 7, 1), "green"), (date(2026, 7, 31), "green"), (date(2026, 6, 30), "yellow"),
        (date(2026, 6, 1), "yellow"), (date(2026, 5, 1), "yellow"), (date(2026, 4, 30), "red"), (date(2026, 4, 1), "red"),
        (date(2025, 7, 1), "red"), (None, "green"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stage", [stages.SIGNED, stages.PREPARING])
def test_a_start_that_was_missed(city: City, planned: date | None, code: str, stage: str) -> None:
    """银川 2025 (FACTS §1.6): in the month after the planned one yellow, after three months red."""
    project = city.project(stage)
    Project.objects.filter(pk=project.pk).update(planned_start_date=planned)
    found, reason = light_everywhere(city, project)
    assert found == code
    assert ("没有开工" in reason) is (code != "green")


@pytest.mark.usefixtures("rules", "july")
@pytest.mark.parametrize(
    ("stage", "values"),
    [
        (stages.NEGOTIATING, {}),
        (stages.STARTED, {}),
        (stages.SIGNED, {"construction_kind": "opening"}),
    ],
)
def test_only_what_is_signed_and_to_be_built_misses_its_start(
    city: City, stage: str, values: dict[str, Any]
) -> None:
    project = city.project(stage)
    Project.objects.filter(pk=project.pk).update(planned_start_date=date(2025, 1, 1), **values)
    assert light_everywhere(city, project)[0] == ("" if stage == stages.NEGOTIATING else "green")


@pytest.mark.usefixtures("rules", "july")
@pytest.mark.parametrize(
    ("day", "code"), [(date(2026, 3, 31), "green"), (date(2026, 4, 1), "yellow"), (date(2026, 5, 31), "yellow"),
                      (date(2026, 6, 1), "red"), (date(2027, 1, 1), "red")],
)  # fmt: skip
def test_the_edges_of_the_months_after_a_planned_start(city: City, day: date, code: str) -> None:
    project = city.project(stages.SIGNED)
    Project.objects.filter(pk=project.pk).update(
        planned_start_date=date(2026, 3, 15), progress_at=timezone.now() + timedelta(days=400)
    )
    assert light_everywhere(city, project, day)[0] == code


@pytest.mark.clause("3.2.3")
@pytest.mark.usefixtures("rules", "july")
@pytest.mark.parametrize(
    ("invested", "points", "code"),
    [
        ("6000", "0.00", "green"), ("7000", "-10.00", "green"), ("5001", "9.99", "green"), ("5000", "10.00", "yellow"),
        ("4999", "10.01", "yellow"), ("3000", "30.00", "yellow"), ("2999", "30.01", "red"), ("2999.999999", "30.00", "red"),
        ("5000.000001", "10.00", "green"), ("0", "60.00", "red"),
    ],
)  # fmt: skip
def test_points_behind_the_plan(city: City, invested: str, points: str, code: str) -> None:
    """银川 2025 (FACTS §1.6): 10 to 30 points behind, both included, yellow; more than 30 red. To the fen, on both sides."""
    project = building(city)
    plan(city, project, *[1000] * 10)
    report(city, project, date(2026, 6, 1), invested)
    assert str(queries.schedule_of(fresh(project), TODAY).points) == points
    found, reason = light_everywhere(city, project)
    assert found == code
    assert ("落后" in reason) is (code != "green")


@pytest.mark.usefixtures("rules", "july")
def test_the_month_at_which_all_are_measured(city: City) -> None:
    """A report is due by the tenth of the month after; what is reported before its time waits for its month."""
    project = building(city)
    plan(city, project, *[1000] * 10)
    for month in range(1, 6):
        report(city, project, date(2026, month, 1), 1000)
    assert [queries.due_month(day) for day in (date(2026, 7, 10), date(2026, 7, 11), date(2026, 1, 5))] == [
        date(2026, 5, 1), date(2026, 6, 1), date(2025, 11, 1)
    ]  # fmt: skip
    assert light_everywhere(city, project, date(2026, 7, 10))[0] == "green"
    assert light_everywhere(city, project, date(2026, 7, 11)) == (
        "yellow",
        "到 2026-06 计划完成投资 60.00%，实际 50.00%，落后 10.00 个百分点，满 10 个亮黄灯",
    )
    report(city, project, date(2026, 7, 1), 1000)
    assert light_everywhere(city, project)[0] == "yellow"
    report(city, project, date(2026, 6, 1), 1000)
    assert light_everywhere(city, project)[0] == "green"


@pytest.mark.usefixtures("rules", "july")
def test_without_a_plan_nothing_is_behind_it_and_a_report_that_was_corrected_does_not_count(
    city: City,
) -> None:
    project = building(city)
    assert light_everywhere(city, project)[0] == "green"
    first = report(city, project, date(2026, 6, 1), 6000)
    plan(city, project, *[1000] * 10)
    assert light_everywhere(city, project)[0] == "green"
    report(city, project, date(2026, 6, 1), 2000, corrects=first.pk, reason="多报了")
    assert light_everywhere(city, project)[0] == "red"


@pytest.mark.usefixtures("july")
def test_without_rules_neither_start_nor_plan_says_a_light(city: City) -> None:
    project = building(city)
    plan(city, project, *[1000] * 10)
    assert light_everywhere(city, project) == ("", "")


@pytest.mark.usefixtures("rules", "july")
def test_the_gravest_says_the_light_and_all_its_reasons_are_told(city: City) -> None:
    Rule.objects.create(
        kind="stale", key="project", valid_from=SINCE, source="邯郸", data={"warn_days": 60, "late_days": 90}
    )
    project = building(city)
    plan(city, project, *[1000] * 10)
    Project.objects.filter(pk=project.pk).update(progress_at=NOW - timedelta(days=70))
    code, reason = light_everywhere(city, project)
    assert code == "red"
    assert "没有进展" not in reason
    Project.objects.filter(pk=project.pk).update(progress_at=NOW - timedelta(days=100))
    code, reason = light_everywhere(city, project)
    assert code == "red"
    assert "没有进展" in reason
    assert "落后 60.00 个百分点" in reason


@pytest.mark.usefixtures("rules", "july")
def test_all_lights_take_one_statement(city: City) -> None:
    for invested in (6000, 4000, 1000):
        project = building(city)
        plan(city, project, *[1000] * 10)
        report(city, project, date(2026, 6, 1), invested)
    queries.limits(TODAY)
    by = city.actor("erin")
    with CaptureQueriesContext(connection) as asked:
        (unit,) = queries.lights_by_unit(by, TODAY)
    assert unit.counts == {"green": 1, "yellow": 1, "red": 1}
    assert len(asked) == 1


@pytest.mark.usefixtures("rules", "july")
def test_every_page_says_the_light_of_the_plan(city: City) -> None:
    project = building(city)
    plan(city, project, *[1000] * 10)
    client = signed_in(city.users["erin"])
    for path in (f"/projects/{project.pk}/", f"/projects/{project.pk}/construction/", "/projects/", "/projects/?light=red",
                 "/projects/board/", "/construction/?light=red", "/construction/?behind=true"):  # fmt: skip
        client.get(path)  # what is kept for a minute is asked once
        with CaptureQueriesContext(connection) as asked:
            page = client.get(path).content.decode()
        assert "落后 60.00 个百分点" in page, path
        assert len(asked) <= 10, (path, "\n".join(q["sql"][:170] for q in asked.captured_queries))
    for path in ("/projects/?light=green", "/construction/?behind=false", "/construction/?start_missed=true"):
        assert "落后 60.00 个百分点" not in client.get(path).content.decode(), path


# --- the plan -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.2.3")
@pytest.mark.usefixtures("july")
def test_a_plan_is_written_as_a_whole_and_changed_with_a_reason(city: City) -> None:
    project = building(city)
    plan(city, project, 1000, 2000)
    with pytest.raises(Invalid, match="请写明原因"):
        plan(city, project, 1000, 2500)
    plan(city, project, 1500, 1500, 500, reason="增加一条产线")
    rows = list(PlannedMonth.objects.filter(project=project).values_list("month", "investment"))
    assert rows == [(date(2026, month, 1), wan(amount)) for month, amount in ((1, 1500), (2, 1500), (3, 500))]
    event = Event.objects.filter(verb="projects.project.plan_set").latest("id")
    assert event.data["text"] == "2026-01 至 2026-02，3,000 万元 → 2026-01 至 2026-03，3,500 万元"
    assert event.data["old"] == [["2026-01", "10000000.00", "50.00"], ["2026-02", "20000000.00", "100.00"]]
    assert event.note == "增加一条产线"


@pytest.mark.usefixtures("july")
@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "至少填写一个月"),
        (months(0, 0), "合计不能为零"),
        ([*months(1), *months(1)], "2026-01 填写了两次"),
        ([*months(1, first=date(2026, 2, 1)), *months(1)], "2026-01 排在 2026-02 之后"),
        ([Planned(date(2026, 1, 1), wan(1), Decimal(9)), Planned(date(2026, 2, 1), wan(1), Decimal(8))], "不能减少"),
        (months(*[1] * 121), "不能超过 120 个月"),
    ],
)  # fmt: skip
def test_plans_that_cannot_be(city: City, given: list[Planned], sentence: str) -> None:
    project = building(city)
    with pytest.raises(Invalid, match=sentence):
        services.set_plan(by=city.actor("bob"), project=project, months=given, confirmed=True)
    assert not PlannedMonth.objects.exists()


@pytest.mark.usefixtures("july")
@pytest.mark.parametrize(
    ("whole", "asked"),
    [(3000, ""), (2400, ""), (3600, ""), (2399, "20%"), (3601, "20%"), (30, "20%"), (29, "核对单位"), (300_001, "核对单位")],
)  # fmt: skip
def test_a_plan_in_the_wrong_unit_or_of_another_sum_is_questioned(city: City, whole: int, asked: str) -> None:
    """The project's fixed investment is 3,000 万元."""
    project = building(city, planned_completion_date=None)
    arguments: dict[str, Any] = {"by": city.actor("bob"), "project": project, "months": months(whole)}
    if asked:
        with pytest.raises(Invalid, match="需要核对") as refused:
            services.set_plan(**arguments)
        assert set(refused.value.fields) == {"months", "confirm_amounts"}
        assert asked in str(refused.value.fields["months"][0])
    services.set_plan(**arguments, confirmed=bool(asked))


@pytest.mark.usefixtures("july")
def test_a_plan_that_stops_half_way_is_questioned_all_at_once(city: City) -> None:
    project = building(city, planned_completion_date=date(2026, 4, 2))
    half = [*months(1000, 800, 800)[:2], Planned(date(2026, 3, 1), wan(100), Decimal(70))]
    arguments: dict[str, Any] = {"by": city.actor("bob"), "project": project, "months": half}
    with pytest.raises(Invalid) as refused:
        services.set_plan(**arguments)
    assert [str(sentence) for sentence in refused.value.fields["months"]] == [
        "计划投资合计 1,900 万元，与固定资产投资 3,000 万元 相差超过 20%，请核对。",
        "最后一个月（2026-03）的累计形象进度是 70%，不到 100%，请核对计划是否完整。",
        "计划到 2026-03 为止，早于计划竣工日期（2026-04-02），请核对计划是否完整。",
    ]
    assert len(services.set_plan(**arguments, confirmed=True)) == 3
    whole = {**arguments, "months": months(1000, 700, 700, 600), "reason": "补全"}
    assert len(services.set_plan(**{**whole, "project": fresh(project)})) == 4


@pytest.mark.usefixtures("july")
def test_a_plan_made_on_an_older_project_is_refused(city: City) -> None:
    project = building(city)
    version = project.version
    plan(city, project, 1000)
    with pytest.raises(Stale) as refused:
        plan(city, project, 2000, reason="改", version=version)
    (conflict,) = refused.value.conflicts
    assert (conflict.label, conflict.theirs, conflict.yours) == (
        "2026-01",
        "1,000 万元 100%",
        "2,000 万元 100%",
    )
    client = signed_in(city.users["bob"])
    given = {"months": "2026-01 2000 100", "reason": "改", "version": version}
    answer = client.post(f"/projects/{project.pk}/construction/plan/", given)
    assert answer.status_code == 409
    assert "1,000 万元 100%" in answer.content.decode()
    assert "bob" in answer.content.decode()


def put_off(city: City, project: Project, reason: str = "", by: str = "bob", **values: Any) -> Project:
    return services.change_project(
        by=city.actor(by), project=project, version=project.version, values=values, put_off=reason
    )


@pytest.mark.clause("3.2.3")
@pytest.mark.usefixtures("rules", "july")
def test_a_planned_day_that_binds_is_put_off_with_a_reason_alone(city: City) -> None:
    """Before its stage asks for it a day may move; from then on the first is kept, and how often and long it was put off."""
    talked = city.project(stages.NEGOTIATING)
    put_off(city, talked, planned_start_date=date(2027, 1, 1))
    assert fresh(talked).planned_start_delays == 0
    project = city.project(stages.SIGNED, planned_start_date=date(2026, 4, 1))
    assert light_everywhere_of(city, project)[0] == "red"
    with pytest.raises(Invalid) as refused:
        put_off(city, project, planned_start_date=date(2026, 7, 31))
    assert set(refused.value.fields) == {"planned_start_date", "put_off"}
    put_off(city, project, planned_start_date=date(2026, 5, 1), reason="拆迁未完")
    put_off(city, project, planned_start_date=date(2026, 7, 31), reason="等用电批复")
    put_off(city, project, planned_start_date=date(2026, 7, 20))  # earlier asks nothing
    assert (project.first_planned_start_date, project.planned_start_delays) == (date(2026, 4, 1), 2)
    event = Event.objects.filter(verb="projects.project.postponed").latest("id")
    assert event.note == "等用电批复"
    assert event.data["text"] == (
        "计划开工日期 2026-05-01 → 2026-07-31（原计划 2026-04-01，已顺延 2 次，共 121 天）"
    )
    code, reason = light_everywhere_of(city, project)
    assert code == "green"
    assert "计划开工已顺延 2 次，共 110 天" in reason
    client = signed_in(city.users["bob"])
    for path in (f"/projects/{project.pk}/", f"/projects/{project.pk}/construction/"):
        client.get(path)
        with CaptureQueriesContext(connection) as asked:
            page = client.get(path).content.decode()
        assert "原计划 2026-04-01，已顺延 2 次，共 110 天" in page, path
        assert len(asked) <= 10, (path, "\n".join(q["sql"][:170] for q in asked.captured_queries))
    assert "拆迁未完" in client.get(f"/projects/{project.pk}/").content.decode()
    with pytest.raises(Invalid, match="不能空着"):
        put_off(city, project, planned_start_date=None)
    started = building(city, planned_start_date=date(2026, 1, 1))
    with pytest.raises(Invalid, match="项目已经“开工”，“计划开工日期”不能再改"):
        put_off(city, started, planned_start_date=date(2026, 2, 1), reason="补记")
    with pytest.raises(Invalid, match="请写明顺延原因"):
        put_off(city, started, planned_completion_date=date(2028, 6, 2))


def light_everywhere_of(city: City, project: Project) -> tuple[str, str]:
    """Return the light of one of several projects; the page's function and the filter must say the same."""
    light = queries.light_of(fresh(project), TODAY, queries.limits(TODAY))
    assert light is not None
    assert Project.objects.filter(queries.lit(light.code, TODAY), pk=project.pk).exists()
    return light.code, light.reason


@pytest.mark.usefixtures("july")
def test_the_form_asks_why_a_day_is_put_off_once_it_is(city: City) -> None:
    project = city.project(stages.SIGNED)
    client = signed_in(city.users["bob"])
    path = f"/projects/{project.pk}/edit/"
    form = client.get(path).context["form"]
    assert "顺延原因" not in client.get(path).content.decode()
    sent = {name: value for name, value in form.initial.items() if value is not None and name != "version"}
    sent |= {
        "planned_start_date": "2027-02-01", "intended_0": "5000", "fixed_investment": "3000", "expected_output": "9000",
        "expected_tax": "500", "intended": "5000", "version": project.version,
    }  # fmt: skip
    sent |= {
        f"{name}_unit": "wan" for name in ("intended", "fixed_investment", "expected_output", "expected_tax")
    }
    answer = client.post(path, sent)
    assert answer.status_code == 422
    assert "比原来的 2026-12-01 推迟了，请写明顺延原因。" in answer.content.decode()
    assert "顺延原因" in answer.content.decode()
    assert client.post(path, sent | {"put_off": "用地未交付"}).status_code == 302
    assert fresh(project).planned_start_delays == 1


@pytest.mark.usefixtures("july")
def test_a_completion_put_off_beyond_the_production_is_asked_about_at_once(city: City) -> None:
    project = building(city)  # completion on 2028-06-01, production on 2028-09-01
    with pytest.raises(Invalid) as refused:
        put_off(city, project, planned_completion_date=date(2028, 10, 1))
    assert set(refused.value.fields) == {"planned_completion_date", "put_off"}
    assert (
        len(refused.value.fields["planned_completion_date"]) == 2
    )  # before the production, and later than it was


@pytest.mark.usefixtures("rules", "july")
def test_the_first_plan_is_kept_once_there_are_reports_against_it(city: City) -> None:
    project = building(city)
    plan(city, project, *[1100] * 10)
    assert (fresh(project).replanned, FirstMonth.objects.count()) == (0, 0)
    report(city, project, date(2026, 6, 1), 3300)
    assert light_everywhere(city, project) == (
        "yellow",
        "到 2026-06 计划完成投资 60.00%，实际 30.00%，落后 30.00 个百分点，满 10 个亮黄灯",
    )
    project = fresh(project)
    plan(city, project, *[1100] * 10)  # nothing else than there was: nothing is written
    plan(city, project, *[*[100] * 9, 9100], reason="设备到货推迟")
    plan(city, fresh(project), *[*[200] * 9, 9200], reason="分期实施")
    project = fresh(project)
    assert project.replanned == 2
    assert [row.investment for row in queries.plans_of(project)[1]] == [wan(1100)] * 10
    code, reason = light_everywhere(city, project)
    assert code == "green"
    assert "月度计划已调整 2 次" in reason
    client = signed_in(city.users["bob"])
    client.get(f"/projects/{project.pk}/construction/")
    with CaptureQueriesContext(connection) as asked:
        page = client.get(f"/projects/{project.pk}/construction/").content.decode()
    assert len(asked) <= 10, "\n".join(q["sql"][:170] for q in asked.captured_queries)
    for text in ("按最初计划落后 30.00 个百分点", "最初 1,100.00 万元"):
        assert text in page, text
    timeline = client.get(f"/projects/{project.pk}/").content.decode()
    for reason in ("设备到货推迟", "分期实施"):
        assert reason in timeline


# --- monthly reports ----------------------------------------------------------------------------------------------


@pytest.mark.clause("3.2.3")
@pytest.mark.usefixtures("july")
def test_a_month_is_reported_once_and_corrected_by_another_row(city: City) -> None:
    project = building(city)
    Project.objects.filter(pk=project.pk).update(progress_at=NOW - timedelta(days=80))
    first = report(city, project, date(2026, 6, 30), 100)
    project.refresh_from_db()
    assert (first.month, project.progress_at) == (date(2026, 6, 1), NOW)
    with pytest.raises(Invalid, match="2026-06 的月报已由bob于 2026-07-15 报送，有不同的请更正那一份"):
        report(city, project, date(2026, 6, 1), 200)
    with pytest.raises(Invalid, match="更正月报请写明原因"):
        report(city, project, date(2026, 6, 1), 200, corrects=first.pk)
    second = report(city, project, date(2026, 6, 1), 200, corrects=first.pk, reason="漏报设备款")
    first.refresh_from_db()
    assert (first.invested, first.replaced_at, second.replaces) == (wan(100), NOW, first)
    with pytest.raises(Conflict, match="刚刚被更正"):
        report(city, project, date(2026, 6, 1), 300, corrects=first.pk, reason="再改")
    page = signed_in(city.users["bob"]).get(f"/projects/{project.pk}/construction/").content.decode()
    assert "更正前：100 万元" in page
    assert "漏报设备款" in page


@pytest.mark.usefixtures("july")
@pytest.mark.parametrize(
    ("month", "sentence"),
    [(date(2026, 8, 1), "月份（2026-08）不能晚于本月（2026-07）"), (date(2025, 11, 30), "月份（2025-11）不能早于签约（2025-12-01）")],
)  # fmt: skip
def test_months_that_cannot_be(city: City, month: date, sentence: str) -> None:
    project = building(city)
    with pytest.raises(Invalid) as refused:
        report(city, project, month, 100)
    assert refused.value.fields == {"month": [f"{sentence}。"]}
    report(city, project, date(2026, 7, 15), 100)
    report(city, project, date(2025, 12, 1), 100)


@pytest.mark.usefixtures("july")
def test_works_that_go_backwards_ask_why(city: City) -> None:
    project = building(city)
    report(city, project, date(2026, 4, 1), 100, 20)
    with pytest.raises(Invalid, match=r"低于 2026-04 的 20\.00%"):
        report(city, project, date(2026, 5, 1), 100, 19)
    report(city, project, date(2026, 5, 1), 100, 19, reason="拆除不合格部分")
    with pytest.raises(Invalid, match=r"高于 2026-04 的 20\.00%"):
        report(city, project, date(2026, 3, 1), 100, 21)
    report(city, project, date(2026, 3, 1), 100, 20)
    report(city, project, date(2026, 6, 1), 100, 19)


@pytest.mark.usefixtures("july")
@pytest.mark.parametrize(
    ("invested", "asked"), [("0", False), ("0.99", True), ("1", False), ("3000", False), ("3001", True)]
)
def test_an_amount_in_the_wrong_unit_is_questioned(city: City, invested: str, asked: bool) -> None:
    project = building(city)
    if asked:
        with pytest.raises(Invalid, match="过大或过小") as refused:
            report(city, project, date(2026, 6, 1), invested, confirmed=False)
        assert set(refused.value.fields) == {"invested", "confirm_amounts"}
    report(city, project, date(2026, 6, 1), invested, confirmed=asked)


@pytest.mark.usefixtures("july")
def test_a_sum_where_the_month_is_asked_for_is_questioned(city: City) -> None:
    """The project's fixed investment is 3,000 万元; April to June were 300, 200 and 0."""
    project = building(city)
    for month, amount in ((4, 300), (5, 200), (6, 0)):
        report(city, project, date(2026, month, 1), amount)
    for amount, sentence in (
        (500, "不少于此前 3 个月的合计 500 万元"), (499, ""), ("0.0002", "万元还是亿元"), (3200, "万元还是亿元"),
        (3000, "不少于此前"),
    ):  # fmt: skip
        if not sentence:
            assert report(city, project, date(2026, 7, 1), amount, confirmed=False).invested == wan(amount)
            Progress.objects.filter(month=date(2026, 7, 1)).delete()
            continue
        with pytest.raises(Invalid) as refused:
            report(city, project, date(2026, 7, 1), amount, confirmed=False)
        assert set(refused.value.fields) == {"invested", "confirm_amounts"}
        assert sentence in str(refused.value.fields["invested"][0])
    last = report(city, project, date(2026, 7, 1), 2900)
    with pytest.raises(Invalid) as refused:  # 300 + 200 + 2,900 + 250 > 3,600
        report(city, project, date(2026, 3, 1), 250, 0, confirmed=False)
    assert "超过项目投资 3,000 万元 的 120%" in str(refused.value.fields["invested"][0])
    corrected = {"corrects": last.pk, "reason": "扣除", "confirmed": False}
    with pytest.raises(Invalid, match="过大或过小"):
        report(city, project, date(2026, 7, 1), 600, **corrected)
    assert report(city, project, date(2026, 7, 1), 400, **corrected).invested == wan(400)


@pytest.mark.usefixtures("july")
def test_a_sum_is_questioned_in_the_second_month_already_where_a_plan_says_what_is_usual(city: City) -> None:
    """The first month came to 200 of 300 planned; an even plan lets 200 follow, one that doubles 400."""
    even, grows, unplanned = (building(city) for _number in range(3))
    plan(city, even, *[300] * 10)
    plan(city, grows, 300, 600, 1050, 1050)
    for project, quiet, asked in (
        (even, (359, 501), (360, 500)),
        (grows, (559, 751), (560, 750)),
        (unplanned, (400,), ()),
    ):
        report(city, project, date(2026, 1, 1), 200)
        for amount in quiet:
            report(city, project, date(2026, 2, 1), amount, confirmed=False)
            Progress.objects.filter(month=date(2026, 2, 1)).delete()
        for amount in asked:
            with pytest.raises(Invalid) as refused:
                report(city, project, date(2026, 2, 1), amount, confirmed=False)
            assert "与此前已报的 200 万元 加上这个月按计划应完成的相近" in str(
                refused.value.fields["invested"][0]
            )


@pytest.mark.usefixtures("july")
def test_the_first_month_without_a_report_is_proposed(city: City) -> None:
    project = building(city)  # started in January, signed in December
    client = signed_in(city.users["bob"])
    path = f"/projects/{project.pk}/construction/reports/add/"

    def proposed() -> str:
        return str(client.get(path).context["form"]["month"].value() or "")[:7]

    assert proposed() == "2026-01"
    for month in (1, 2, 4):
        report(city, project, date(2026, month, 1), 0)
    assert proposed() == "2026-03"
    later = months(3000, first=date(2026, 5, 1))  # the start was earlier
    services.set_plan(by=city.actor("bob"), project=fresh(project), months=later, confirmed=True)
    assert proposed() == "2026-03"
    for month in (3, 5, 6):
        report(city, project, date(2026, month, 1), 0)
    assert proposed() == "2026-07"
    report(city, project, date(2026, 7, 1), 0)
    assert proposed() == ""
    waits = city.project(stages.SIGNED)
    Project.objects.filter(pk=waits.pk).update(signed_date=date(2026, 5, 9))
    waits.refresh_from_db()
    assert queries.month_to_report(waits, [], TODAY) == date(2026, 5, 1)
    assert queries.month_to_report(waits, [PlannedMonth(month=date(2026, 9, 1))], TODAY) is None


@pytest.mark.usefixtures("july")
def test_a_plan_of_sums_is_questioned(city: City) -> None:
    project = building(city, planned_completion_date=None)
    sums = {"by": city.actor("bob"), "project": project, "months": months(600, 1200, 1800, 2400, 3000)}
    with pytest.raises(Invalid) as refused:
        services.set_plan(**sums)
    assert "当月数而不是累计数" in str(refused.value.fields["months"][0])
    services.set_plan(**sums, confirmed=True)
    services.set_plan(
        by=city.actor("bob"), project=fresh(project), months=months(400, 500, 600, 700, 800), reason="改"
    )


@pytest.mark.usefixtures("july")
@pytest.mark.parametrize(
    ("values", "error", "sentence"),
    [
        ({"status": stages.ON_HOLD}, Blocked, "还不能登记建设情况"),
        ({"status": stages.ENDED}, Blocked, "还不能登记建设情况"),
        ({"construction_kind": "opening"}, Conflict, "没有施工阶段"),
        ({"stage": stages.NEGOTIATING}, Conflict, "签约之后才登记"),
    ],
)
def test_what_is_not_built_is_not_reported(
    city: City, values: dict[str, Any], error: type[DomainError], sentence: str
) -> None:
    project = building(city, **values)
    bottleneck = {"kind": "land", "what": "x", "since_date": TODAY, "unit": city.jimei, "due_date": TODAY}
    by = city.actor("bob")
    acts: list[Any] = [
        lambda: report(city, project, date(2026, 6, 1), 100),
        lambda: plan(city, project, 100),
        lambda: services.set_milestone(
            by=by, project=project, kind="piling", planned_date=TODAY, actual_date=None
        ),
        lambda: services.add_builder(by=by, project=project, role="design", name="某院"),
        lambda: services.raise_bottleneck(by=by, project=project, **bottleneck),
    ]
    for act in acts:
        with pytest.raises(error, match=sentence):
            act()


@pytest.mark.usefixtures("july")
def test_photos_belong_to_a_month(city: City) -> None:
    project = building(city)
    by = city.actor("bob")
    photo = services.add_photo(
        by=by, project=project, month=TODAY, file=ContentFile(PNG, "现场.png"), name="现场.png"
    )
    assert (photo.month, photo.attachment.kind) == (date(2026, 7, 1), "photo")
    for name, content in (("现场.pdf", PDF), ("现场.png", PDF)):
        with pytest.raises(Invalid):
            services.add_photo(
                by=by, project=project, month=TODAY, file=ContentFile(content, name), name=name
            )
    with pytest.raises(Invalid, match="不能晚于本月"):
        services.add_photo(
            by=by, project=project, month=date(2026, 8, 1), file=ContentFile(PNG, "x.png"), name="x.png"
        )
    page = signed_in(city.users["bob"]).get(f"/projects/{project.pk}/construction/").content.decode()
    assert f"/files/{photo.attachment_id}/" in page


# --- milestones and builders --------------------------------------------------------------------------------------


@pytest.mark.clause("3.2.3")
@pytest.mark.usefixtures("july")
def test_milestones_are_planned_and_reached(city: City) -> None:
    project = building(city)

    def set_(kind: str = "piling", **values: Any) -> Milestone:
        given = {"planned_date": date(2026, 5, 1), "actual_date": None, **values}
        return services.set_milestone(by=city.actor("bob"), project=project, kind=kind, **given)

    row = set_()
    with pytest.raises(Invalid, match="已经登记过"):
        set_()
    changed = set_(actual_date=date(2026, 5, 9), version=row.version)
    with pytest.raises(Stale):
        set_(actual_date=date(2026, 5, 10), version=row.version)
    event = Event.objects.filter(verb="projects.project.milestone_set").latest("id")
    assert event.data["text"] == "桩基完成 计划 2026-05-01 → 计划 2026-05-01 实际 2026-05-09"
    assert changed.actual_date == date(2026, 5, 9)
    for values, sentence in (
        ({"kind": "topping_out", "planned_date": None}, "计划日期或实际日期"),
        ({"kind": "topping_out", "actual_date": date(2026, 7, 16)}, "不能晚于今天"),
        ({"kind": "unknown"}, "没有这个代码"),
    ):
        with pytest.raises(Invalid, match=sentence):
            set_(**values)
    page = signed_in(city.users["bob"]).get(f"/projects/{project.pk}/construction/").content.decode()
    assert "晚 8 天" in page


@pytest.mark.usefixtures("july")
def test_a_milestone_is_put_off_with_a_reason_and_its_first_day_kept(city: City) -> None:
    project = building(city)
    client = signed_in(city.users["bob"])
    row = services.set_milestone(
        by=city.actor("bob"), project=project, kind="piling", planned_date=date(2026, 5, 1), actual_date=None
    )
    path = f"/projects/{project.pk}/construction/milestones/{row.pk}/"
    assert "顺延原因" not in client.get(path).content.decode()
    asked = client.post(path, {"planned_date": "2026-06-30", "version": row.version})
    assert (asked.status_code, "请写明顺延原因" in asked.content.decode()) == (422, True)
    sent = {"planned_date": "2026-06-30", "version": row.version, "reason": "地质条件变化"}
    assert client.post(path, sent).status_code == 302
    row.refresh_from_db()
    assert (row.first_planned_date, row.planned_delays) == (date(2026, 5, 1), 1)
    event = Event.objects.filter(verb="projects.project.milestone_set").latest("id")
    assert event.data["text"].endswith("计划 2026-06-30 （原计划 2026-05-01，已顺延 1 次，共 60 天）")
    assert event.note == "地质条件变化"
    page = client.get(f"/projects/{project.pk}/construction/").content.decode()
    assert "原计划 2026-05-01，已顺延 1 次，共 60 天" in page
    assert "地质条件变化" in client.get(f"/projects/{project.pk}/").content.decode()

    def change(planned: date | None, actual: date | None) -> Milestone:
        return services.set_milestone(
            by=city.actor("bob"), project=project, kind="piling", planned_date=planned, actual_date=actual,
            version=Milestone.objects.get().version, reason="改",
        )  # fmt: skip

    with pytest.raises(Invalid, match="不能清空"):
        change(None, TODAY)
    change(date(2026, 6, 30), TODAY)
    with pytest.raises(Invalid, match="节点已经完成"):
        change(TODAY, TODAY)


@pytest.mark.usefixtures("july")
def test_a_builder_that_the_library_knows_is_linked(city: City) -> None:
    project, firm = building(city), make_enterprise("厦门示例建工有限公司")
    for name, linked in (("厦门示例建工有限公司", firm), ("无人知道的监理所", None)):
        row = services.add_builder(by=city.actor("bob"), project=project, role="contractor", name=name)
        assert (row.name, row.enterprise) == (name, linked)
    page = signed_in(city.users["bob"]).get(f"/projects/{project.pk}/construction/").content.decode()
    assert f'href="/enterprises/{firm.pk}/"' in page
    city.users["narrow"] = make_user("narrow", city.jimei, ["projects.project.view"], username="narrow")
    page = signed_in(city.users["narrow"]).get(f"/projects/{project.pk}/construction/").content.decode()
    assert "厦门示例建工有限公司" in page
    assert f'href="/enterprises/{firm.pk}/"' not in page


@pytest.mark.usefixtures("july")
def test_who_builds(city: City) -> None:
    project = building(city)
    by = city.actor("bob")
    row = services.add_builder(
        by=by, project=project, role="contractor", name="示例建工", contact="李某（经理）"
    )
    with pytest.raises(Invalid, match="同一身份"):
        services.add_builder(by=by, project=project, role="contractor", name="示例建工")
    for number in ("李某 13800001234", "0592-1234567", "１３８００００１２３４"):
        with pytest.raises(Invalid, match="会隐去号码"):
            services.add_builder(by=by, project=project, role="design", name="示例院", contact=number)
    with pytest.raises(Invalid, match="不能晚于今天"):
        services.add_builder(by=by, project=project, role="design", name="示例院", since=date(2026, 7, 16))
    with pytest.raises(Invalid, match="请填写原因"):
        services.end_builder(by=by, project=project, pk=row.pk, reason=" ")
    services.end_builder(by=by, project=project, pk=row.pk, reason="合同解除")
    with pytest.raises(Conflict, match="不再参与"):
        services.end_builder(by=by, project=project, pk=row.pk, reason="合同解除")
    assert queries.beside(project) == ([], [])


# --- bottlenecks --------------------------------------------------------------------------------------------------


@pytest.mark.clause("1.2")
@pytest.mark.usefixtures("july")
def test_a_list_of_difficulties_with_who_solves_each_by_when(city: City) -> None:
    bureau = make_unit("land-bureau", "government", city.root, name="资源局")
    city.users["officer"] = make_user(
        "officer", bureau, ["projects.project.view", "projects.bottleneck.solve"], username="officer"
    )
    project = building(city)
    officer = city.actor("officer")
    assert not Project.objects.permitted(officer).exists()
    row = raised(city, project, unit=bureau)
    assert Project.objects.permitted(officer).get() == project
    assert Notice.objects.filter(owner=city.users["officer"]).count() == 1
    page = signed_in(city.users["officer"]).get("/construction/bottlenecks/").content.decode()
    assert "用地未平整" in page
    assert "资源局" in page
    assert "2026-07-25" in page
    waits = signed_in(city.users["officer"]).get("/").context["lists"][0]
    assert (str(waits["title"]), waits["count"]) == ("待我解决的难点", 1)
    assert (waits["rows"][0]["date_text"], waits["rows"][0]["late"]) == ("2026-07-25", False)
    assert waits["rows"][0]["url"] == row.get_absolute_url()
    services.solve_bottleneck(by=officer, bottleneck=row, how="已平整交付", solved_date=TODAY)
    assert (row.state, row.how, row.solved_date) == ("solved", "已平整交付", TODAY)
    assert Notice.objects.filter(owner=city.users["bob"], event__verb__endswith="bottleneck_solved").exists()
    again = {"due_date": TODAY + timedelta(days=20), "reason": "只平整了一半"}
    services.reopen_bottleneck(by=city.actor("bob"), bottleneck=row, **again)
    assert (row.state, row.due_date, row.closed_date) == ("open", date(2026, 8, 4), None)
    clerk = signed_in(city.users["bob"])
    card = clerk.get(f"/projects/{project.pk}/construction/").content.decode()
    assert "曾于 2026-07-15 报告已解决（已平整交付），核实仍未解决" in card
    listed = clerk.get("/construction/bottlenecks/?col=what&col=how&col=solved").content.decode()
    assert "已平整交付" not in listed
    told = signed_in(city.users["officer"]).get("/notices/").content.decode()
    assert "资源局 · 用地未平整 · 2026-07-25 前解决" in told
    assert "资源局 · 用地未平整 · 2026-08-04 前解决" in told
    services.withdraw_bottleneck(by=city.actor("bob"), bottleneck=row, reason="改了选址")
    with pytest.raises(Conflict):
        services.solve_bottleneck(by=officer, bottleneck=row, how="好了", solved_date=TODAY)


@pytest.mark.usefixtures("july")
def test_difficulties_are_refused_with_what_to_do(city: City) -> None:
    project = building(city)
    for values, sentence in (
        ({"since_date": date(2026, 7, 16)}, "不能晚于今天"),
        ({"due_date": date(2026, 7, 14)}, "不能早于今天"),
        ({"kind": "x"}, "没有这个代码"),
        ({"unit": city.root}, "不能参与项目"),
    ):
        with pytest.raises(Invalid, match=sentence):
            raised(city, project, **values)
    city.users["keeper"] = make_user(
        "keeper", city.jimei, [p for p in CLERK if p != "projects.project.team"], username="keeper"
    )
    with pytest.raises(Invalid, match="请先由有权调整参与单位的同事"):
        raised(city, project, unit=city.huli, by=city.actor("keeper"))
    row = raised(city, project, by=city.actor("keeper"))
    solver = actor_for(make_user("solver", city.jimei, [*VIEW, "projects.bottleneck.solve"]))
    for day, sentence in (
        (date(2026, 7, 16), "不能晚于今天"),
        (date(2026, 7, 11), "不能早于难点出现（2026-07-12）"),
    ):
        with pytest.raises(Invalid, match=sentence):
            services.solve_bottleneck(by=solver, bottleneck=row, how="好了", solved_date=day)
    services.solve_bottleneck(by=solver, bottleneck=row, how="好了", solved_date=TODAY)
    Project.objects.filter(pk=project.pk).update(status=stages.ON_HOLD)
    row = Bottleneck.objects.get(pk=row.pk)
    with pytest.raises(Blocked):
        services.reopen_bottleneck(by=city.actor("bob"), bottleneck=row, due_date=TODAY, reason="没好")


@pytest.mark.usefixtures("july")
def test_a_due_day_is_extended_with_a_reason_and_the_first_kept(city: City) -> None:
    project = building(city)
    row = raised(city, project)  # due on 2026-07-25
    client = signed_in(city.users["bob"])
    path = f"/construction/bottlenecks/{row.pk}/extend/"
    assert "2026-07-25" in client.get(path).content.decode()
    for sent, sentence in (
        ({"due_date": "2026-07-25", "reason": "等批复"}, "须晚于现在的 2026-07-25"), ({"due_date": "2026-08-01", "reason": " "}, "必填"),
    ):  # fmt: skip
        answer = client.post(path, {**sent, "version": row.version})
        assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert (
        client.post(path, {"due_date": "2026-08-01", "reason": "等批复", "version": row.version}).status_code
        == 302
    )
    row.refresh_from_db()
    assert (row.due_date, row.first_due_date, row.due_delays) == (date(2026, 8, 1), date(2026, 7, 25), 1)
    event = Event.objects.get(verb="projects.project.bottleneck_extended")
    assert (event.note, "2026-07-25 → 2026-08-01" in event.data["text"]) == ("等批复", True)
    for page in (f"/projects/{project.pk}/construction/", "/construction/bottlenecks/"):
        assert "已顺延 1 次，共 7 天" in client.get(page).content.decode()
    solver = actor_for(make_user("solver", city.jimei, [*VIEW, "projects.bottleneck.solve"]))
    with pytest.raises(Forbidden):  # who must act does not give himself more time
        services.extend_bottleneck(by=solver, bottleneck=row, due_date=date(2026, 9, 1), reason="忙")
    services.solve_bottleneck(by=solver, bottleneck=row, how="已平整", solved_date=TODAY)
    path = f"/construction/bottlenecks/{row.pk}/reopen/"
    late = {"due_date": "2026-07-14", "reason": "没有平整", "version": row.version}
    answer = client.post(path, late)
    assert (answer.status_code, "不能早于今天" in answer.content.decode()) == (422, True)
    assert client.post(path, late | {"due_date": "2026-07-20"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.due_date, row.closed_date, row.due_delays) == ("open", date(2026, 7, 20), None, 1)


@pytest.mark.usefixtures("july")
@pytest.mark.clause("1.2")
def test_what_stands_still_is_closed_with_its_project_and_days_count_while_it_is_open(city: City) -> None:
    project, other = building(city), building(city)
    solved, withdrawn, left, kept = (
        raised(city, project),
        raised(city, project),
        raised(city, project),
        raised(city, other),
    )
    solver = actor_for(make_user("solver", city.jimei, [*VIEW, "projects.bottleneck.solve"]))
    services.solve_bottleneck(by=solver, bottleneck=solved, how="好了", solved_date=TODAY)
    services.withdraw_bottleneck(by=city.actor("bob"), bottleneck=withdrawn, reason="改了选址")
    services.move_project(by=city.actor("charlie"), project=project, move="end", reason="投资方破产")
    rows = {row.pk: row for row in Bottleneck.objects.all()}
    assert [rows[row.pk].state for row in (solved, withdrawn, left, kept)] == [
        "solved",
        "withdrawn",
        "dropped",
        "open",
    ]
    later = TODAY + timedelta(days=30)
    assert [queries.days_of(rows[row.pk], later) for row in (solved, withdrawn, left, kept)] == [3, 3, 3, 33]
    event = Event.objects.get(verb="projects.bottleneck.drop")
    assert event.changes == {"state": ["open", "dropped"]}
    assert Notice.objects.filter(
        owner_id=solver.user_id, event__verb="projects.project.bottleneck_dropped"
    ).exists()
    page = signed_in(city.users["bob"]).get("/construction/bottlenecks/?state=dropped").content.decode()
    assert "项目不再推进" in page
    assert "3 天" in page
    with pytest.raises(Conflict):
        services.withdraw_bottleneck(by=city.actor("bob"), bottleneck=rows[left.pk], reason="x")
    with pytest.raises(Conflict, match="项目终止、流失或让出时自动办理"):
        lifecycle.BOTTLENECK.check(rows[kept.pk], "drop", city.actor("charlie"))


@pytest.mark.usefixtures("rules", "july")
def test_what_is_over_awaits_nothing_and_nobody_joins_it(city: City) -> None:
    project = building(city, planned_completion_date=date(2027, 8, 15))
    plan(city, project, *[500] * 6)
    client = signed_in(city.users["charlie"])
    before = client.get(f"/projects/{project.pk}/construction/").content.decode()
    assert "还有 396 天" in before
    services.move_project(by=city.actor("charlie"), project=project, move="end", reason="投资方破产")
    after = client.get(f"/projects/{project.pk}/construction/").content.decode()
    assert '">终止</span>' in after.replace("\n", "").replace("  ", "")
    for text in ("还有 ", "与计划相符", "落后 ", "未报"):
        assert text not in after
    page = client.get(f"/projects/{project.pk}/").content.decode()
    assert "签约之后终止的不能重新启动" in page
    assert "请记为" not in page
    for act, add in (
        ("units", lambda by: services.add_unit(by=by, project=project, unit=city.huli, part=stages.JOINT)),
        ("team", lambda by: services.add_member(by=by, project=project, user=city.users["stranger"])),
    ):
        assert f"/projects/{project.pk}/{act}/add/" not in page
        assert client.get(f"/projects/{project.pk}/{act}/add/").status_code == 409
        with pytest.raises(Conflict, match="项目已“终止”，不能再加入"):
            add(city.actor("charlie"))


@pytest.mark.usefixtures("july")
def test_open_bottlenecks_come_before_those_that_are_closed(city: City) -> None:
    project = building(city)
    late, solved, soon = (raised(city, project, what=f"{name}停工") for name in ("甲", "乙", "丙"))
    Bottleneck.objects.filter(pk=late.pk).update(due_date=TODAY - timedelta(days=2))
    Bottleneck.objects.filter(pk=solved.pk).update(
        due_date=TODAY - timedelta(days=9), state="solved", solved_date=TODAY, closed_date=TODAY
    )
    client = signed_in(city.users["bob"])
    page = client.get("/construction/bottlenecks/").content.decode()
    assert page.index("甲停工") < page.index("丙停工") < page.index("乙停工")
    page = client.get("/construction/bottlenecks/?sort=due").content.decode()
    assert page.index("乙停工") < page.index("甲停工") < page.index("丙停工")
    assert soon.due_date > TODAY


@pytest.mark.usefixtures("july")
def test_who_may_do_what(city: City) -> None:
    """The truth table: who runs the project keeps its construction, the unit that must act solves, others look on."""
    project = building(city)
    solve = [*VIEW, "projects.bottleneck.solve"]
    people = {
        "runner": (city.jimei, CLERK), "reader": (city.jimei, VIEW), "solver": (city.huli, solve),
        "joint": (city.huli, [*CLERK]), "own": (city.jimei, solve), "away": (make_unit("away", parent=city.root), [*CLERK, *solve]),
        "chief": (city.root, [*CLERK, *solve]),
    }  # fmt: skip
    for name, (unit, permissions) in people.items():
        city.users[name] = make_user(name, unit, permissions, username=name)
    row = raised(city, project, unit=city.huli)
    wanted = {
        "runner": ({"change"}, {"change"}), "reader": (set(), set()), "solver": (set(), {"solve"}), "joint": (set(), set()),
        "own": (set(), set()), "away": (None, None), "chief": ({"change"}, {"change", "solve"}),
    }  # fmt: skip
    for name, (on_project, on_row) in wanted.items():
        by = city.actor(name)
        sees = Project.objects.permitted(by).exists()
        assert sees is (on_project is not None), name
        assert Bottleneck.objects.permitted(by).exists() is sees, name
        assert actions_on(project, by, {"change"}) == (on_project or set()), name
        assert actions_on(row, by, {"change", "solve"}) == (on_row or set()), name
        if not on_project:
            with pytest.raises((Forbidden, Missing)):
                services.set_milestone(
                    by=by, project=project, kind="piling", planned_date=TODAY, actual_date=None
                )
            with pytest.raises((Forbidden, Missing)):
                services.report_progress(
                    by=by, project=project, month=TODAY, invested=Decimal(1), percent=Decimal(1), done="x"
                )


# --- what the rules propose ---------------------------------------------------------------------------------------


@pytest.mark.clause("3.2.3")
@pytest.mark.usefixtures("rules", "july")
def test_incentive_and_penalty_are_proposed_by_rule(city: City) -> None:
    early, late, just, slow = (building(city) for _ in range(4))
    planned = {"planned_completion_date": date(2026, 7, 1), "stage": stages.COMPLETED}
    Project.objects.filter(pk=early.pk).update(**planned, completed_date=date(2026, 6, 1))
    Project.objects.filter(pk=just.pk).update(**planned, completed_date=date(2026, 6, 2))
    Project.objects.filter(pk=late.pk).update(stage=stages.SIGNED, planned_start_date=date(2026, 4, 30))
    Project.objects.filter(pk=slow.pk).update(stage=stages.SIGNED, planned_start_date=date(2026, 5, 1))
    by = city.actor("erin")
    found = {row.pk: queries.incentives_of(row, TODAY) for row in Project.objects.all()}
    assert {pk for pk, told in found.items() if told} == {early.pk, late.pk}
    assert set(queries.with_incentives(by, TODAY).values_list("pk", flat=True)) == {early.pk, late.pk}
    (incentive,), (penalty,) = found[early.pk], found[late.pk]
    assert (incentive.kind, penalty.kind) == (stages.INCENTIVE, stages.PENALTY)
    assert incentive.reason == "2026-06-01 竣工，比计划（2026-07-01）提前 30 天，满 30 天可予激励"
    assert penalty.reason == "计划 2026-04 开工，已过 3 个月没有开工，满 3 个月的时限，建议考核计 -0.1 分"
    client = signed_in(city.users["erin"])
    page = client.get("/construction/incentives/").content.decode()
    assert "提前 30 天" in page
    assert "建议考核计 -0.1 分" in page
    only = client.get("/construction/incentives/?proposal=penalty").content.decode()
    assert "提前 30 天" not in only
    own = client.get(f"/projects/{late.pk}/construction/").content.decode()
    assert "建议考核计 -0.1 分" in own
    exported = signed_in(city.users["bob"]).get("/construction/incentives/export/?format=csv")
    assert "建议考核计 -0.1 分" in b"".join(exported.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]


@pytest.mark.usefixtures("rules", "july")
def test_nobody_earns_an_incentive_by_planning_later(city: City) -> None:
    """Of a completion that was put off the first day counts, of what is over nothing is proposed; correcting a month changes neither."""
    project = building(city, planned_start_date=date(2026, 1, 1), planned_completion_date=date(2026, 6, 10))
    put_off(city, project, planned_completion_date=date(2026, 8, 1), reason="设备推迟")
    done = {"stage": stages.COMPLETED, "completed_date": date(2026, 6, 1)}
    for first, proposed in ((date(2026, 6, 10), False), (date(2026, 7, 1), True)):
        Project.objects.filter(pk=project.pk).update(**done, first_planned_completion_date=first)
        assert bool(queries.incentives_of(fresh(project), TODAY)) is proposed
        assert queries.with_incentives(city.actor("erin"), TODAY).exists() is proposed
    Project.objects.update(status=stages.ENDED)
    assert queries.incentives_of(fresh(project), TODAY) == []
    assert not queries.with_incentives(city.actor("erin"), TODAY).exists()


@pytest.mark.usefixtures("july")
def test_without_rules_nothing_is_proposed(city: City) -> None:
    project = building(city)
    Project.objects.filter(pk=project.pk).update(completed_date=date(2020, 1, 1))
    assert not queries.with_incentives(city.actor("erin"), TODAY).exists()
    assert queries.incentives_of(fresh(project), TODAY) == []


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("rules", "july")
def test_the_acts_of_the_page(city: City) -> None:
    project = building(city, planned_start_date=date(2026, 1, 1), planned_completion_date=date(2026, 10, 31))
    client = signed_in(city.users["bob"])
    base = f"/projects/{project.pk}/construction/"
    form = client.get(f"{base}plan/").content.decode()
    assert "2026-01 300 10\n" in form  # 3,000 万元 over ten months
    lines = "2026-01\t1,000\t30%\n2026年2月  2000 100\n"
    sent = {"months": lines, "version": project.version}
    asked_of = client.post(f"{base}plan/", sent).content.decode()
    assert "计划到 2026-02 为止，早于计划竣工日期" in asked_of
    assert "已核对无误" in asked_of
    answer = client.post(f"{base}plan/", sent | {"confirm_amounts": "on"})
    assert (answer.status_code, answer.url) == (302, base)  # type: ignore[attr-defined]
    assert [(row.investment, row.percent) for row in queries.plan_of(project)] == [
        (wan(1000), Decimal(30)), (wan(2000), Decimal(100))
    ]  # fmt: skip
    report_form = {
        "month": "2026-06",
        "invested": "500",
        "invested_unit": "wan",
        "percent": "20",
        "done": "基坑",
    }
    assert client.post(f"{base}reports/add/", report_form).status_code == 302
    again = client.post(f"{base}reports/add/", report_form)
    assert again.status_code == 422
    (row,) = queries.reports_of(project)
    assert f'href="{base}reports/{row.pk}/"' in again.content.decode()
    assert "20%（bob · 2026-07-15 10:00）" in again.content.decode()
    correction = {name: value for name, value in report_form.items() if name != "month"} | {"invested": "600"}
    assert client.post(f"{base}reports/{row.pk}/", correction).status_code == 422
    assert client.post(f"{base}reports/{row.pk}/", correction | {"reason": "漏报"}).status_code == 302
    photo = SimpleUploadedFile("现场.png", PNG, "image/png")
    assert client.post(f"{base}photos/add/", {"month": "2026-06", "photo": photo}).status_code == 302
    assert (
        client.post(f"{base}milestones/add/", {"kind": "piling", "planned_date": "2026-05-01"}).status_code
        == 302
    )
    (milestone,) = queries.milestones_of(project)
    edited = {"planned_date": "2026-05-01", "actual_date": "2026-05-03", "version": milestone.version}
    assert client.post(f"{base}milestones/{milestone.pk}/", edited).status_code == 302
    firm = {"role": "owner", "name": "示例公司", "since": "2026-01-01"}
    assert client.post(f"{base}builders/add/", firm).status_code == 302
    ((builder,), _photos) = queries.beside(project)
    assert client.post(f"{base}builders/{builder.pk}/end/", {"reason": "变更"}).status_code == 302
    trouble = {
        "kind": "land",
        "since_date": "2026-07-01",
        "what": "未平整",
        "unit": city.jimei.pk,
        "due_date": "2026-08-01",
    }
    answer = client.post(f"{base}bottlenecks/add/", trouble)
    assert answer.status_code == 302
    bottleneck = Bottleneck.objects.get()
    assert client.get(f"/construction/bottlenecks/{bottleneck.pk}/solve/").status_code == 403
    client.get(base)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(base).content.decode()
    assert len(asked) <= 10, "\n".join(q["sql"][:170] for q in asked.captured_queries)
    for text in ("未平整", "更正前", "晚 2 天", "现场.png", "scurve-data"):
        assert text in page
    assert client.get(f"{base}reports/999999/").status_code == 404


@pytest.mark.usefixtures("july")
@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("2026-01 100", "第 1 行须有三项"), ("2026-13 100 5", "第 1 行：请填写年月"), ("x 100 5", "第 1 行：请填写年月"),
        ("2026-01 多 5", "“多”须是"), ("2026-01 -1 5", "“-1”须是"), ("2026-01 NaN 5", "“NaN”须是"), ("2026-01 1e99 5", "“1e99”须是"),
        ("2026-01 100 101", "“101”须是 0 到 100"), ("", "必填"), ("2026-01 1 1\n\n2026-01 1 2", "填写了两次"),
    ],
)  # fmt: skip
def test_lines_of_a_plan_are_refused_with_their_number(city: City, lines: str, sentence: str) -> None:
    project = building(city)
    client = signed_in(city.users["bob"])
    answer = client.post(
        f"/projects/{project.pk}/construction/plan/", {"months": lines, "confirm_amounts": "on"}
    )
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


@pytest.mark.usefixtures("rules", "july")
def test_the_lists_take_few_questions_however_many_rows(city: City) -> None:
    for number in range(6):
        project = building(city)
        plan(city, project, *[1000] * 10)
        report(city, project, date(2026, 6, 1), 1000 * number)
        raised(city, project)
        services.set_milestone(
            by=city.actor("bob"),
            project=project,
            kind="piling",
            planned_date=date(2026, 8, 1),
            actual_date=None,
        )
    client = signed_in(city.users["bob"])
    for path in ("/construction/", "/construction/?bottleneck=land", "/construction/bottlenecks/", "/construction/incentives/",
                 "/projects/", "/projects/board/", "/"):  # fmt: skip
        client.get(path)  # what is kept for a minute is asked once
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        assert len(asked) <= 10, (path, "\n".join(q["sql"][:170] for q in asked.captured_queries))
    page = client.get("/construction/").content.decode()
    assert page.count("桩基完成") == 6
    own = client.get(f"/projects/{project.pk}/construction/").content.decode()
    for label in ("累计完成投资", "计划累计投资"):  # lists and pages call the same sums by one name
        assert label in page
        assert label in own
    assert "已完成投资" not in page
    assert "第1个项目" not in client.get("/construction/?bottleneck=approval").content.decode()
    for path in ("/construction/export/", "/construction/bottlenecks/export/"):
        exported = client.get(path, {"format": "csv"})
        text = b"".join(exported.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
        assert text.count("第1个项目") == 1


def test_what_is_not_signed_or_not_built_has_no_page_of_construction_among_its_tabs(city: City) -> None:
    client = signed_in(city.users["bob"])
    for project, shown in (
        (city.project(stages.NEGOTIATING), False),
        (city.project(stages.SIGNED), True),
        (city.project(stages.SIGNED, construction_kind="opening"), False),
    ):
        page = client.get(f"/projects/{project.pk}/").content.decode()
        assert (f"/projects/{project.pk}/construction/" in page) is shown
        assert client.get(f"/projects/{project.pk}/construction/").status_code == 200


# --- at once ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_who_report_the_same_month_at_once_one_wins(city: City) -> None:
    project = city.project(stages.SIGNED)
    month = timezone.localdate()
    acts = [
        lambda by=by: report(city, Project.objects.get(pk=project.pk), month, 100, by=by)
        for by in ("bob", "charlie")
    ]
    answers = at_once(acts)
    assert sum(isinstance(answer, Progress) for answer in answers) == 1
    (refused,) = [answer for answer in answers if isinstance(answer, DomainError)]
    assert "报送" in str(refused.sentence)
    assert Progress.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_correct_the_same_month_at_once_one_wins(city: City) -> None:
    project = city.project(stages.SIGNED)
    first = report(city, project, timezone.localdate(), 100)
    acts = [
        lambda by=by: report(city, Project.objects.get(pk=project.pk), first.month, 200, by=by, corrects=first.pk, reason="更正")
        for by in ("bob", "charlie")
    ]  # fmt: skip
    answers = at_once(acts)
    assert sum(isinstance(answer, Progress) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1
    assert Progress.objects.filter(replaced_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_the_plan_at_once_one_wins(city: City) -> None:
    project = city.project(stages.SIGNED)
    Project.objects.filter(pk=project.pk).update(signed_date=date(2025, 1, 1))
    seen = [Project.objects.get(pk=project.pk) for _ in range(2)]
    acts = [
        lambda row=row, amount=amount: plan(city, row, amount)
        for row, amount in zip(seen, (1000, 2000), strict=True)
    ]
    answers = at_once(acts)
    assert sum(isinstance(answer, list) for answer in answers) == 1
    (refused,) = [answer for answer in answers if isinstance(answer, Stale)]
    stands = PlannedMonth.objects.get().investment
    (conflict,) = refused.conflicts
    assert {conflict.theirs, conflict.yours} == {"1,000 万元 100%", "2,000 万元 100%"}
    assert conflict.theirs.startswith("1,000" if stands == wan(1000) else "2,000")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_put_off_the_start_at_once_one_wins(city: City) -> None:
    project = city.project(stages.SIGNED)
    seen = [Project.objects.get(pk=project.pk) for _ in range(2)]
    acts = [
        lambda row=row, day=day: put_off(city, row, planned_start_date=day, reason="用地未交付")
        for row, day in zip(seen, (date(2027, 3, 1), date(2027, 5, 1)), strict=True)
    ]
    answers = at_once(acts)
    assert sum(isinstance(answer, Project) for answer in answers) == 1
    assert sum(isinstance(answer, Stale) for answer in answers) == 1
    assert fresh(project).planned_start_delays == 1
    assert Event.objects.filter(verb="projects.project.postponed").count() == 1
