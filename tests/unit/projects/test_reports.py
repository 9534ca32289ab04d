"""Reports to offices above: filled by a query, frozen when they are handed in, corrected by a further copy, proved."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any
from unittest import mock
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.factories.races import at_once
from tests.unit.projects.conftest import HEAD, VIEW, City
from yinfeng.core import appendonly, keeping
from yinfeng.core.errors import Conflict, DomainError, Forbidden, Invalid, Missing
from yinfeng.core.events import verbs
from yinfeng.core.models import Code, Event, Notice, Rule
from yinfeng.core.money import YI
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.models import (
    REPORT_TABLES,
    Participation,
    Project,
    Report,
    ReportDefinition,
    ReportWaiver,
)
from yinfeng.projects.queries import past

pytestmark = pytest.mark.django_db
VALUES: dict[str, Any] = {
    "title": "重大项目月报", "submitters": ["district", "group"], "period": stages.MONTHLY, "due_days": 5,
    "condition": {"field": "intended", "op": "at_least", "value": 1}, "valid_from": date(2020, 1, 1),
    "columns": ["name", "code", "stage", "is_foreign", "intended", "land_mu", "planned_start_date"],
}  # fmt: skip


def last_month() -> queries.Period:
    return queries.period_of(stages.MONTHLY, timezone.localdate().replace(day=1) - timedelta(days=1))


@pytest.fixture
def people(city: City) -> City:
    """The office says what is reported and receives it; bob (集美) and alice (湖里) hand in."""
    office = make_unit("office", "office", city.root, name="领导小组办公室")
    for name, unit, permissions in (
        ("definer", city.root, [*VIEW, "projects.report.define", "projects.project.export"]),
        ("reader", office, [*VIEW, "projects.project.export"]),
        ("submitter", city.jimei, [*HEAD, "projects.report.submit"]),
        ("colleague", city.jimei, [*HEAD, "projects.report.submit"]),
        ("cleared", city.jimei, [*HEAD, "projects.report.submit", "projects.project.view_sensitive"]),
        ("other", city.huli, [*HEAD, "projects.report.submit"]),
        ("grouper", city.group, [*VIEW, "projects.report.submit"]),
    ):
        city.users[name] = make_user(name, unit, permissions, username=name)
    services.define_report(
        by=city.actor("definer"), code="major", number=0, values=VALUES | {"recipient": office}
    )
    return city


def large(city: City, by: str = "bob", **values: Any) -> Project:
    """Return a project of 2 亿元 that was made in the last month."""
    project = city.project(by=by)
    made = timezone.make_aware(datetime.combine(last_month().starts, time(9)))
    Project.objects.filter(pk=project.pk).update(**{"intended": 2 * YI, "created_at": made} | values)
    project.refresh_from_db()
    return project


def submit(city: City, by: str = "submitter", unit: Any = None, **more: Any) -> Report:
    given = {"code": "major", "starts": last_month().starts, "number": 1} | more
    return services.submit_report(by=city.actor(by), unit=unit or city.jimei, **given)


# --- periods ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "day", "starts", "ends"),
    [
        (stages.WEEKLY, date(2026, 11, 30), date(2026, 11, 30), date(2026, 12, 6)),
        (stages.WEEKLY, date(2027, 1, 3), date(2026, 12, 28), date(2027, 1, 3)),
        (stages.MONTHLY, date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        (stages.MONTHLY, date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
        (stages.QUARTERLY, date(2026, 11, 30), date(2026, 10, 1), date(2026, 12, 31)),
        (stages.QUARTERLY, date(2026, 3, 31), date(2026, 1, 1), date(2026, 3, 31)),
    ],
)
def test_periods(kind: str, day: date, starts: date, ends: date) -> None:
    assert queries.period_of(kind, day) == queries.Period(starts, ends)


def seen_on(answer: Any) -> str:
    """Return the digest of the preview that a page’s form carries."""
    return str(answer.context["form"]["seen"].value())


# --- filling and freezing -----------------------------------------------------------------------------------------


@pytest.mark.clause("3.1.3")
def test_a_report_fills_itself_and_stays_as_it_was(people: City) -> None:
    project, small = large(people), people.project()
    theirs = large(people, by="alice")
    report = submit(people)
    assert [row["project"] for row in report.rows] == [project.pk]
    assert report.rows[0]["values"] == [
        project.name, project.code, "策划", False, "200000000.00", "30.00", "2026-12-01",
    ]  # fmt: skip
    assert (report.count, report.number, report.due_date) == (1, 1, last_month().ends + timedelta(days=5))
    assert small.pk not in {row["project"] for row in report.rows}
    Project.objects.filter(pk=project.pk).update(name="改名之后", intended=9 * YI)
    services.define_report(
        by=people.actor("definer"), code="major", number=1,
        values=VALUES | {"recipient": report.definition.recipient, "columns": ["code"], "condition": {}},
    )  # fmt: skip
    page = signed_in(people.users["reader"]).get(report.get_absolute_url()).content.decode()
    assert project.name in page
    assert "改名之后" not in page
    assert "2.00 亿元" in page
    assert theirs.name not in page
    assert Report.objects.get(pk=report.pk).definition.number == 1
    assert not list(queries.report_faults())


def test_dates_are_counted_from_the_end_of_the_period(people: City) -> None:
    """签约 in the month that is reported counts, what was signed since does not."""
    period = last_month()
    fits, before, after = large(people), large(people), large(people)
    for project, day in (
        (fits, period.starts),
        (before, period.starts - timedelta(days=1)),
        (after, period.ends + timedelta(days=1)),
    ):
        Project.objects.filter(pk=project.pk).update(signed_date=day)
    condition = {"field": "signed_date", "op": "within_months", "value": 1}
    recipient = ReportDefinition.objects.get().recipient
    services.define_report(
        by=people.actor("definer"), code="signed", number=0, values=VALUES | {"recipient": recipient, "condition": condition}
    )  # fmt: skip
    assert [row["project"] for row in submit(people, code="signed").rows] == [fits.pk]


@pytest.mark.clause("3.1.3")
def test_a_report_tells_its_period_as_it_was_when_it_ended(people: City) -> None:
    """What was made since is in no report of before; what moved on, paused or was signed since is told as it was then."""
    starts, ends = last_month().starts, last_month().ends
    moment = lambda day: mock.patch(  # noqa: E731
        "django.utils.timezone.now", return_value=timezone.make_aware(datetime.combine(day, time(9)))
    )
    bob, head, talk = people.actor("bob"), people.actor("charlie"), {
        "form": "call", "our_side": "招商办", "their_side": "投资部", "summary": "来电", "talk_date": starts
    }  # fmt: skip
    with moment(starts - timedelta(days=60)):
        back, paused, signed, silent, resting = (people.project(stages.NEGOTIATING) for _turn in range(5))
        services.move_project(by=head, project=resting, move="hold", reason="等土地")
    with moment(ends):
        for project in (back, paused, signed):
            services.record_talk(by=bob, project=project, values=talk)
    services.move_project(by=head, project=paused, move="hold", reason="等土地")
    resting.refresh_from_db()
    services.move_project(by=head, project=resting, move="resume")
    for project in (back, signed, silent):
        project.refresh_from_db()
        services.record_talk(by=bob, project=project, values=talk)
    people.verified(signed, happened_date=timezone.localdate())
    step = services.ask_back(
        by=bob, project=Project.objects.get(pk=back.pk), target=stages.INTENDED, reason="条件未谈妥"
    )
    services.approve_step_back(by=head, step=step)
    people.project(stages.NEGOTIATING)
    services.define_report(
        by=people.actor("definer"), code="week", number=0, values=VALUES | {
            "recipient": ReportDefinition.objects.get().recipient, "columns": ["code", "stage", "status", "progress", "signed_date", "intended", "contracted"],
            "condition": {"all": [
                {"field": "stage", "op": "at_least", "value": "negotiating"}, {"field": "status", "op": "is", "value": "ongoing"},
                {"field": "progress", "op": "within_days", "value": 7},
            ]},
        },
    )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        report = submit(people, code="week")
    assert [row["values"][:5] for row in report.rows] == [
        [project.code, "在谈", "推进中", ends.isoformat(), None] for project in (back, paused, signed)
    ]
    page = signed_in(people.users["reader"]).get(report.get_absolute_url()).content.decode()
    assert f"期末（{ends}）之后建立的项目不在内" in page
    assert f"金额等按 {timezone.localdate()} 填报时的数据" in page
    assert "3 个项目，投资额 1.4 亿元（有合同额的按合同额" in page, (
        "5,000 + 5,000 + 4,000 万元, none of them twice"
    )
    assert "意向投资额 1.5 亿元，合同投资额 4,000 万元" in page
    book = signed_in(people.users["reader"]).get(f"{report.get_absolute_url()}export/?format=docx")
    document = (
        zipfile.ZipFile(io.BytesIO(b"".join(book.streaming_content))).read("word/document.xml").decode()
    )
    assert f"期末（{ends}）之后建立的项目不在内" in document
    assert len(asked) < 40, "the rows ask nothing each"
    rerun = queries.rows_of(
        report.definition, Project.objects.filter(pk=signed.pk).select_related("enterprise"), ends
    )
    assert rerun[0] == report.rows[2], "one project asked alone is told the same"


def test_the_log_is_read_by_the_words_it_is_written_in() -> None:
    moves = {move.name: move.target for move in lifecycle.STATUS.moves}
    assert moves == past.STATUS_MOVES
    forward = {move.name for move in lifecycle.STAGE.moves if not move.name.startswith("return_to_")}
    assert forward <= set(past.ADVANCES)
    assert {f"projects.project.{act}" for act in (*past.ADVANCES, "progress_reported")} <= verbs().keys()


def test_a_working_group_reports_what_it_takes_part_in(people: City) -> None:
    project = large(people, by="alice")
    assert Participation.objects.filter(project=project, unit=people.group, part=stages.GROUP).exists()
    assert [row["project"] for row in submit(people, by="grouper", unit=people.group).rows] == [project.pk]


def test_nothing_is_handed_in_too(people: City) -> None:
    assert submit(people).count == 0


# --- sensitive projects -------------------------------------------------------------------------------------------


def test_sensitive_projects_are_in_no_report(people: City) -> None:
    """They are told of, not named, and to those alone who may see them."""
    secret, plain = large(people, secrecy=stages.SENSITIVE), large(people)
    url = f"/reports/major/{last_month().starts}/{people.jimei.pk}/"
    cleared = signed_in(people.users["cleared"]).get(url).content.decode()
    assert "另有 1 个敏感项目不在报表中" in cleared
    assert secret.name not in cleared
    assert "敏感项目不在报表中" not in signed_in(people.users["submitter"]).get(url).content.decode()
    report = submit(people, by="cleared")
    assert [row["project"] for row in report.rows] == [plain.pk]
    assert secret.name not in str(report.rows)


def test_what_became_sensitive_is_kept_from_readers_of_old_copies(people: City) -> None:
    project, other = large(people), large(people)
    report = submit(people)
    Project.objects.filter(pk=project.pk).update(secrecy=stages.SENSITIVE)
    client = signed_in(people.users["reader"])
    for path in (
        report.get_absolute_url(), f"{report.get_absolute_url()}export/?format=docx", f"/reports/major/{report.starts}/",
        f"/reports/major/{report.starts}/export/?format=docx", f"/api/v1/reports/{report.pk}/",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = (
            zipfile.ZipFile(io.BytesIO(body)).read("word/document.xml").decode()
            if "docx" in path
            else body.decode()
        )
        assert project.name not in text, path
        if "/export" in path or "copies" in path:
            assert other.name in text
    assert "有 1 个项目报送之后定为敏感" in client.get(report.get_absolute_url()).content.decode()
    seen = signed_in(people.users["cleared"]).get(report.get_absolute_url()).content.decode()
    assert project.name in seen


# --- who may ------------------------------------------------------------------------------------------------------


def test_copies_are_read_by_the_unit_and_the_recipient(people: City) -> None:
    report = submit(people)
    for name, status in (
        ("submitter", 200),
        ("reader", 200),
        ("erin", 200),
        ("other", 404),
        ("stranger", 404),
        ("grouper", 404),
    ):
        assert signed_in(people.users[name]).get(report.get_absolute_url()).status_code == status, name


def test_guards(people: City) -> None:
    starts = last_month().starts
    running = queries.period_of(stages.MONTHLY, timezone.localdate())
    with pytest.raises(Missing):
        submit(people, by="other")
    with pytest.raises(Forbidden):
        submit(people, by="erin")
    with pytest.raises(Missing):
        submit(people, code="nothing")
    with pytest.raises(Missing):
        submit(people, starts=starts + timedelta(days=1))
    with pytest.raises(Missing):
        submit(people, starts=date(2019, 1, 1))
    with pytest.raises(Invalid, match="才结束"):
        submit(people, starts=running.starts)
    with pytest.raises(Conflict):
        submit(people, number=2)
    recipient = ReportDefinition.objects.get().recipient
    services.define_report(
        by=people.actor("definer"), code="zones", number=0, values=VALUES | {"recipient": recipient, "submitters": ["zone"]}
    )  # fmt: skip
    with pytest.raises(Invalid, match="不由该单位报送"):
        submit(people, code="zones")
    services.define_report(
        by=people.actor("definer"), code="major", number=1, values=VALUES | {"recipient": recipient, "is_closed": True}
    )  # fmt: skip
    with pytest.raises(Missing):
        submit(people)


def test_a_report_of_too_many_rows_is_refused(people: City, monkeypatch: pytest.MonkeyPatch) -> None:
    large(people)
    large(people)
    monkeypatch.setattr("yinfeng.projects.services.reports.MOST_ROWS", 1)
    with pytest.raises(Invalid, match="缩小报送条件"):
        submit(people)


# --- corrections, races, proof ------------------------------------------------------------------------------------


@pytest.mark.clause("3.1.3")
def test_a_correction_is_a_further_copy_with_its_reason(people: City) -> None:
    first = submit(people)
    large(people)
    with pytest.raises(Invalid, match="更正的原因"):
        submit(people, number=2)
    with pytest.raises(Conflict):
        submit(people, number=1, reason="补报")
    second = submit(people, number=2, reason="漏报一个项目")
    assert (first.count, second.count, second.number) == (0, 1, 2)
    page = signed_in(people.users["reader"]).get(first.get_absolute_url()).content.decode()
    assert "后来有更正" in page
    assert "漏报一个项目" in page
    assert Event.objects.filter(verb="projects.report.corrected", note="漏报一个项目").exists()


@pytest.mark.django_db(transaction=True)
def test_two_hand_in_at_once(people: City) -> None:
    """One wins, the other is told; of two corrections likewise."""
    for number, reason in ((1, ""), (2, "补正")):
        acts = [
            lambda name=name, number=number, reason=reason: submit(
                people, by=name, number=number, reason=reason
            )
            for name in ("submitter", "colleague")
        ]
        found = at_once(acts)
        lost = [item for item in found if isinstance(item, DomainError)]
        assert [type(item) for item in lost] == [Conflict]
        assert Report.objects.filter(number=number).count() == 1
    assert not list(queries.report_faults())


@pytest.mark.django_db(transaction=True)
def test_two_change_a_definition_at_once(people: City) -> None:
    by, recipient = people.actor("definer"), ReportDefinition.objects.get().recipient
    found = at_once([
        lambda days=days: services.define_report(by=by, code="major", number=1, values=VALUES | {"recipient": recipient, "due_days": days})
        for days in (3, 4)
    ])  # fmt: skip
    assert sum(isinstance(item, DomainError) for item in found) == 1
    assert ReportDefinition.objects.filter(code="major").count() == 2


@pytest.mark.clause("3.1.3")
def test_tampering_is_found(people: City) -> None:
    report = submit(people)
    submit(people, number=2, reason="补正")
    assert not list(queries.report_faults())
    Report.objects.filter(pk=report.pk).update(count=7)
    assert [pk for pk, _sentence in queries.report_faults()] == [report.pk]
    with pytest.raises(CommandError):
        call_command("reports", "verify")
    Report.objects.filter(pk=report.pk).delete()
    assert [sentence for _pk, sentence in queries.report_faults()] == [
        "第 2 次报送之前缺了一份",
        "报送过的副本已经不在",
    ]


def test_the_database_refuses_changes(people: City) -> None:
    report = submit(people)
    appendonly.install(connection, REPORT_TABLES)
    try:
        call_command("reports", "verify")
        for act in (
            lambda: Report.objects.filter(pk=report.pk).update(count=7), report.delete,
            lambda: ReportDefinition.objects.update(title="改"),
        ):  # fmt: skip
            with pytest.raises(DatabaseError), transaction.atomic():
                act()
    finally:
        appendonly.lift(connection, REPORT_TABLES)


# --- pages and files ----------------------------------------------------------------------------------------------


@pytest.mark.clause("3.1.3")
def test_the_page_says_what_is_due_and_who_is_late(people: City) -> None:
    large(people)
    mine = signed_in(people.users["submitter"])
    assert "由我报送" in mine.get("/reports/").content.decode()
    url = f"/reports/major/{last_month().starts}/{people.jimei.pk}/"
    assert "将要报送的内容" in mine.get(url).content.decode()
    assert mine.post(url, {"number": 1}).status_code == 422, "nobody saw what is handed in"
    given = {"number": 1, "seen": seen_on(mine.get(url))}
    answer = mine.post(url, given, follow=True)
    assert "副本不再随项目变动" in answer.content.decode()
    again = mine.post(url, given)
    assert again.status_code == 409
    office = signed_in(people.users["reader"])
    assert "1 / 4" in office.get("/reports/").content.decode()
    period = office.get(f"/reports/major/{last_month().starts}/").content.decode()
    assert "4 个单位已报 1 个" in period
    assert "意向投资额 2 亿元" in period
    assert (
        signed_in(people.users["other"])
        .get(f"/reports/major/{last_month().starts}/")
        .content.decode()
        .count("<tr>")
        == 2
    )


def test_files_of_copies(people: City) -> None:
    project = large(people)
    report = submit(people)
    client = signed_in(people.users["reader"])
    for path in (f"{report.get_absolute_url()}export/", f"/reports/major/{report.starts}/export/"):
        book = openpyxl.load_workbook(
            io.BytesIO(b"".join(client.get(f"{path}?format=xlsx").streaming_content))
        )
        cells = [cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row]
        assert project.name in cells
        assert 20000 in cells  # 万元
        document = zipfile.ZipFile(io.BytesIO(b"".join(client.get(f"{path}?format=docx").streaming_content)))
        text = "".join(ET.fromstring(document.read("word/document.xml")).itertext())
        assert project.name in text
        assert "2.00 亿元" in text
        assert "1 个项目，意向投资额 2 亿元" in text
        assert ("未报送：" in text) == ("copies" not in path)
    assert Event.objects.filter(verb="core.list.exported").count() == 4
    assert signed_in(people.users["stranger"]).get(f"{report.get_absolute_url()}export/").status_code == 403
    assert client.get(f"/reports/major/{last_month().starts - timedelta(days=40)}/export/").status_code == 404


def test_pages_ask_ten_times_at_most(people: City) -> None:
    large(people)
    report = submit(people)
    large(people, by="alice")
    submit(people, by="other", unit=people.huli)
    for name, path in (
        ("submitter", "/reports/"), ("reader", "/reports/"), ("reader", "/reports/copies/"), ("reader", report.get_absolute_url()),
        ("reader", f"/reports/major/{report.starts}/"), ("submitter", f"/reports/major/{report.starts}/{people.jimei.pk}/"),
        ("definer", "/reports/definitions/major/"), ("definer", "/reports/definitions/new/"),
    ):  # fmt: skip
        client = signed_in(people.users[name])
        client.get("/notices/")
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200, path
        assert len(asked) <= 10, [path, *(query["sql"][:120] for query in asked.captured_queries)]


@pytest.mark.parametrize("path", [
    "/reports/major/2999-01-01/", "/reports/major/yesterday/", "/reports/major/0001-01-01/", "/reports/major/9999-12-01/", "/reports/nothing/2026-10-01/",
    "/reports/major/2026-10-02/", "/reports/copies/999999/", "/reports/definitions/nothing/",
])  # fmt: skip
def test_addresses_that_name_nothing(people: City, path: str) -> None:
    assert signed_in(people.users["definer"]).get(path).status_code == 404


# --- what is to be reported ---------------------------------------------------------------------------------------


def form(**values: Any) -> dict[str, Any]:
    return {
        "number": 1, "title": "大项目月报", "recipient": "", "submitters": ["district"], "period": "monthly", "due_days": 3,
        "valid_from": "2020-01-01", "columns": ["name", "grade"], "joined": "all", "field_1": "stage", "op_1": "at_least", "value_1": "签约",
        "field_2": "intended", "op_2": "at_least", "value_2": "1.5 亿元", "field_3": "industry", "op_3": "under", "value_3": "制造业、金融业",
        "field_4": "is_foreign", "op_4": "is", "value_4": "否", "field_5": "unit", "op_5": "under", "value_5": "集美区",
        "field_6": "next_date", "op_6": "ahead_days", "value_6": "30", **values,
    }  # fmt: skip


@pytest.mark.clause("3.1.3")
def test_the_office_says_what_is_reported_in_words(people: City) -> None:
    client, recipient = signed_in(people.users["definer"]), ReportDefinition.objects.get().recipient
    url = "/reports/definitions/major/"
    assert client.post(url, form(recipient=recipient.pk)).status_code == 302
    newest = ReportDefinition.objects.get(code="major", number=2)
    assert newest.condition == {"all": [
        {"field": "stage", "op": "at_least", "value": "signed"}, {"field": "intended", "op": "at_least", "value": "1.5", "unit": "yi"},
        {"field": "industry", "op": "under", "value": ["C", "J"]}, {"field": "is_foreign", "op": "is", "value": False},
        {"field": "unit", "op": "under", "value": ["jimei"]}, {"field": "next_date", "op": "ahead_days", "value": 30},
    ]}  # fmt: skip
    page = client.get(url).content.decode()
    assert "1.5 亿元" in page
    assert "制造业（C）；金融业（J）" in page
    assert client.post(url, form(recipient=recipient.pk)).status_code == 409, "made on the version before"
    listed = client.get("/reports/").content.decode()
    assert "已到签约或以后的阶段，意向投资额不低于 1.5 亿元，行业属于制造业或金融业" in listed
    refused = client.post(
        url,
        form(number=2, recipient=recipient.pk, value_1="月球", value_2="很多", value_6="明天", columns=[]),
    )
    assert refused.status_code == 422
    refused = client.post(
        url, form(number=2, recipient=recipient.pk, value_1="月球", value_2="很多", value_6="明天")
    )
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "“阶段”没有代码“月球”" in text
    assert "不小于 0 的数" in text
    assert "1 到 3660 的整数" in text
    assert signed_in(people.users["submitter"]).get(url).status_code == 403


def test_a_condition_with_parts_inside_parts_is_kept(people: City) -> None:
    recipient = ReportDefinition.objects.get().recipient
    nested = {
        "all": [
            {"any": [VALUES["condition"], {"field": "is_foreign", "op": "is", "value": True}]},
            VALUES["condition"],
        ]
    }
    services.define_report(
        by=people.actor("definer"), code="nested", number=0, values=VALUES | {"recipient": recipient, "condition": nested}
    )  # fmt: skip
    client = signed_in(people.users["definer"])
    assert "下面不填就保留它" in client.get("/reports/definitions/nested/").content.decode()
    empty = {f"{name}_{at}": "" for name in ("field", "op", "value") for at in range(1, 7)}
    assert (
        client.post("/reports/definitions/nested/", form(recipient=recipient.pk, **empty)).status_code == 302
    )
    assert ReportDefinition.objects.get(code="nested", number=2).condition == queries.reported(nested).data()  # type: ignore[union-attr]


def test_definitions_are_checked(people: City) -> None:
    recipient, by = ReportDefinition.objects.get().recipient, people.actor("definer")
    for code, more in (
        ("copies", {}), ("Ünicode", {}), ("x", {"columns": ["name", "name"]}), ("x", {"columns": ["secret"]}), ("x", {"columns": []}),
        ("x", {"submitters": ["soe"]}), ("x", {"submitters": []}), ("x", {"condition": {"field": "moon"}}), ("x", {"due_days": 91}),
        ("x", {"period": "yearly"}),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            services.define_report(
                by=by, code=code, number=0, values=VALUES | {"recipient": recipient} | more
            )
    with pytest.raises(Conflict):
        services.define_report(by=by, code="major", number=0, values=VALUES | {"recipient": recipient})
    with pytest.raises(Forbidden):
        services.define_report(
            by=people.actor("submitter"), code="x", number=0, values=VALUES | {"recipient": recipient}
        )


def test_reports_may_ask_for_classes(people: City) -> None:
    project = large(people)
    today = timezone.localdate()
    for data, found in (
        ({"field": "category", "op": "known", "value": False}, True),
        ({"field": "category", "op": "known", "value": True}, False),
    ):
        condition = queries.reported(data)
        assert condition is not None
        assert Project.objects.filter(condition.q(today), pk=project.pk).exists() == found
        assert condition.judge(project, today).answer is found


def test_the_profile_says_what_is_reported(db: None) -> None:
    call_command("profile", "load", "xiamen")
    found = {item.code: item for item in ReportDefinition.objects.all()}
    assert set(found) == {"progress", "signed", "major"}
    assert found["signed"].recipient.code == "office"
    assert (
        queries.reported(found["major"].condition).words
        == "状态为推进中，且（分级在十亿级项目及以上，或类别为重大产业项目）"
    )  # type: ignore[union-attr]
    call_command("profile", "load", "xiamen")
    assert ReportDefinition.objects.count() == 3


def test_the_office_says_what_is_reported_over_the_api(people: City) -> None:
    recipient = ReportDefinition.objects.get().recipient
    body = {**VALUES, "code": "api", "number": 0, "recipient": recipient.pk, "valid_from": "2020-01-01"}
    answers = [
        signed_in(people.users[name])
        .post("/api/v1/report-definitions/", body, content_type="application/json")
        .status_code
        for name in ("definer", "definer", "submitter")
    ]
    assert answers == [201, 409, 403]
    wrong = signed_in(people.users["definer"]).post(
        "/api/v1/report-definitions/", body | {"code": "wrong", "condition": {"field": "moon"}}, content_type="application/json"
    )  # fmt: skip
    assert wrong.status_code == 422
    assert "没有“moon”这个字段" in wrong.content.decode()


# --- who is late, and what is owed --------------------------------------------------------------------------------


def written(code: str, when: date) -> None:
    """Let a report have been written down on an earlier day."""
    moment = timezone.make_aware(datetime.combine(when, time(9)))
    ReportDefinition.objects.filter(code=code).update(changed_at=moment)


def months_ago(count: int) -> date:
    day = timezone.localdate().replace(day=1)
    for _turn in range(count):
        day = (day - timedelta(days=1)).replace(day=1)
    return day


@pytest.mark.clause("3.1.3")
def test_the_units_of_the_period_are_late(people: City) -> None:
    """A unit founded later owes nothing for what was before; one closed since stays in the record, filed or not."""
    starts, ends = months_ago(3), months_ago(2) - timedelta(days=1)
    written("major", starts)
    make_unit("young", parent=people.root, name="新设区", valid_from=ends + timedelta(days=1))
    gone = make_unit("gone", parent=people.root, name="撤销区", valid_to=ends)
    page = signed_in(people.users["reader"]).get(f"/reports/major/{starts}/").content.decode()
    assert "撤销区" in page
    assert "新设区" not in page
    office = signed_in(people.users["definer"])
    url = f"/reports/major/{starts}/{gone.pk}/waive/"
    assert url in office.get(f"/reports/major/{starts}/").content.decode()
    assert "现在没有应由该单位报送的项目" in office.get(url).content.decode()
    large(people, created_at=timezone.make_aware(datetime.combine(starts, time(9))))
    assert (
        "现有 1 个项目应由该单位报送"
        in office.get(url.replace(f"/{gone.pk}/", f"/{people.jimei.pk}/")).content.decode()
    )
    assert office.post(url, {"reason": "单位已撤销，由接续单位补报"}).status_code == 302
    later = office.get(f"/reports/major/{months_ago(1)}/").content.decode()
    assert "新设区" in later
    assert "撤销区" not in later


def withdrawn_and_waived_again(people: City, waiver: ReportWaiver) -> None:
    """Take a waiver back by its own act, which keeps both; what is owed again may be waived again, once filed not."""
    mine, office = signed_in(people.users["submitter"]), signed_in(people.users["definer"])
    period = f"/reports/major/{waiver.starts}/"
    url = f"{period}{people.jimei.pk}/waive/withdraw/"
    assert url in office.get(period).content.decode()
    assert url not in mine.get(period).content.decode()
    assert "系统切换" in office.get(url).content.decode()
    with pytest.raises(Forbidden):
        services.withdraw_waiver(by=people.actor("submitter"), waiver=waiver, reason="仍要报")
    with pytest.raises(Invalid, match="撤回免报的原因"):
        services.withdraw_waiver(by=people.actor("definer"), waiver=waiver, reason=" ")
    assert office.post(url, {"reason": "系统已恢复，须补报"}).status_code == 302
    assert office.get(url).status_code == 409
    with pytest.raises(Conflict, match="已经撤回"):
        services.withdraw_waiver(by=people.actor("definer"), waiver=waiver, reason="再撤回")
    told = Notice.objects.get(owner=people.users["submitter"], event__verb="projects.reportwaiver.withdrawn")
    assert told.event.note == "系统已恢复，须补报"
    assert "更早还有 3 期没有报送" in mine.get("/reports/").content.decode()
    desk = {str(item["title"]): item for item in mine.get("/").context["lists"]}["待我报送"]
    assert desk["count"] == 5
    for page in (
        office.get(period),
        mine.get(period),
        mine.get(f"/reports/major/{waiver.starts}/{people.jimei.pk}/"),
    ):
        assert "免报：系统切换" in page.content.decode()
        assert "撤回免报：系统已恢复，须补报" in page.content.decode()
    again = services.waive_report(
        by=people.actor("definer"),
        code="major",
        unit=people.jimei,
        starts=waiver.starts,
        reason="确实无法补报",
    )
    assert (again.number, waiver.number) == (2, 1)
    api = office.post(
        f"/api/v1/report-waivers/{again.pk}/withdraw/",
        {"reason": "可以补报"},
        content_type="application/json",
    )
    assert (api.status_code, api.json()["withdrawal"]["reason"]) == (200, "可以补报")
    listed = mine.get("/api/v1/report-waivers/?code=major").json()["results"]
    assert [row["withdrawal"] is None for row in listed if row["starts"] == str(waiver.starts)] == [
        False,
        False,
    ]
    last = services.waive_report(
        by=people.actor("definer"), code="major", unit=people.jimei, starts=waiver.starts, reason="终究免了"
    )
    submit(people, starts=waiver.starts)
    with pytest.raises(Conflict, match="已经报送"):
        services.withdraw_waiver(by=people.actor("definer"), waiver=last, reason="晚了")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_a_waiver_back_at_once_one_wins(transactional_db: None, people: City) -> None:
    waiver = services.waive_report(
        by=people.actor("definer"), code="major", unit=people.jimei, starts=months_ago(1), reason="系统切换"
    )
    results = at_once([
        lambda: services.withdraw_waiver(by=people.actor("definer"), waiver=ReportWaiver.objects.get(pk=waiver.pk), reason="要报")
        for _person in range(3)
    ])  # fmt: skip
    assert sum(isinstance(result, DomainError) for result in results) == 2


@pytest.mark.clause("3.1.3")
def test_what_was_not_handed_in_is_owed_until_it_is_filed_or_waived(people: City) -> None:
    old = months_ago(6)
    written("major", months_ago(4))
    mine = signed_in(people.users["submitter"])
    page = mine.get("/reports/").content.decode()
    assert "更早还有 4 期没有报送" in page
    assert f"/reports/major/{old}/{people.jimei.pk}/" in page
    assert f"/reports/major/{months_ago(7)}/{people.jimei.pk}/" not in page
    assert "更早还有 4 期没有报齐" in signed_in(people.users["reader"]).get("/reports/").content.decode()
    submit(people, starts=old)
    waiver = services.waive_report(
        by=people.actor("definer"), code="major", unit=people.jimei, starts=months_ago(5), reason="系统切换"
    )
    assert "更早还有 2 期没有报送" in mine.get("/reports/").content.decode()
    mine.get("/")  # definitions and rules are kept for a minute
    with CaptureQueriesContext(connection) as asked:
        desk = {str(item["title"]): item for item in mine.get("/").context["lists"]}["待我报送"]
    assert len(asked) <= 10
    assert desk["count"] == 4, "two older ones and the last two"
    assert desk["rows"][0]["url"] == f"/reports/major/{months_ago(4)}/{people.jimei.pk}/"
    assert (desk["rows"][0]["late"], desk["rows"][0]["sub"][:8]) == (True, "集美区，报送期 ")
    assert "待我报送" not in signed_in(people.users["definer"]).get("/").content.decode()
    assert Notice.objects.filter(
        owner=people.users["submitter"], event__verb="projects.reportwaiver.waived"
    ).exists()
    for error, by, changes in (
        (Forbidden, "submitter", {}), (Conflict, "definer", {}), (Conflict, "definer", {"starts": old}),
        (Invalid, "definer", {"starts": months_ago(4), "reason": " "}), (Invalid, "definer", {"starts": months_ago(0)}),
        (Missing, "definer", {"starts": old + timedelta(days=1)}), (Invalid, "definer", {"unit": people.root}),
    ):  # fmt: skip
        given = {
            "code": "major",
            "unit": people.jimei,
            "starts": waiver.starts,
            "reason": "系统切换",
        } | changes
        with pytest.raises(error):
            services.waive_report(by=people.actor(by), **given)
    assert "系统切换" in mine.get(f"/reports/major/{waiver.starts}/{people.jimei.pk}/").content.decode()
    withdrawn_and_waived_again(people, waiver)
    assert Report.objects.get(starts=waiver.starts).number == 1, "who hands in all the same has handed in"


def test_years_of_periods_ask_no_more_and_show_no_more(people: City) -> None:
    """Ten years of months: what is owed of any of them is told, what was handed in is shown with its year."""
    starts = [months_ago(count) for count in range(1, 121)]
    written("major", starts[-1])
    ReportDefinition.objects.update(valid_from=starts[-1])
    definition = ReportDefinition.objects.get(code="major")
    made = {
        "definition": definition, "code": "major", "due_date": starts[0], "heads": [], "rows": [], "count": 0, "digest": "-",
        "submitted_by": people.users["submitter"],
    }  # fmt: skip
    owed = {starts[7], starts[-5]}
    Report.objects.bulk_create(
        Report(starts=day, ends=queries.period_of("monthly", day).ends, number=number, unit=unit, reason="更正" * (number - 1), **made)
        for day in starts for unit in (people.jimei, people.huli) for number in (1, 2)
        if day not in owed or unit == people.huli
    )  # fmt: skip
    ReportWaiver.objects.create(
        definition=definition, code="major", unit=people.jimei, starts=starts[7], reason="停报", waived_by=people.users["definer"],
        ends=queries.period_of("monthly", starts[7]).ends,
    )  # fmt: skip
    year = starts[20].year
    for name in ("submitter", "reader"):
        client = signed_in(people.users[name])
        client.get("/notices/")
        counts = []
        for query, periods in (("", 2), (f"?year={year}", 12), ("?year=x", 2), ("?year=1999", 2)):
            with CaptureQueriesContext(connection) as asked:
                page = client.get(f"/reports/{query}").context
            counts.append(len(asked))
            lines = page["due"] if name == "submitter" else page["periods"]
            assert len(lines) == periods, (name, query)
            assert (page["older_count"] if name == "submitter" else page["unfinished_count"]) >= 1
        assert len(set(counts)) == 1
        assert counts[0] <= 10
    page = signed_in(people.users["submitter"]).get(f"/reports/?year={year}")
    assert [line["url"] for line in page.context["older"]] == [
        f"/reports/major/{starts[-5]}/{people.jimei.pk}/"
    ]
    assert all("已报送" in line["badge"]["text"] for line in page.context["due"])
    found = signed_in(people.users["reader"]).get("/reports/").context
    # 思明 and the group never handed in
    assert (found["unfinished_count"], len(found["unfinished"])) == (118, 50)
    told = {
        line["url"]: (line["there"], line["all"], line["waived"], line["late"])
        for line in found["unfinished"]
    }
    assert told[f"/reports/major/{starts[-5]}/"] == (1, 4, 0, 3)
    assert told[f"/reports/major/{starts[-6]}/"] == (2, 4, 0, 2)
    assert f"{year} 年" in page.content.decode()


def test_a_correction_does_not_hide_that_the_first_was_late(people: City) -> None:
    first = submit(people)
    due = first.due_date
    at = timezone.make_aware(datetime.combine(due + timedelta(days=3), time(9)))
    Report.objects.filter(pk=first.pk).update(submitted_at=at)
    second = submit(people, number=2, reason="补正")
    for name, path in (
        ("submitter", "/reports/"),
        ("reader", f"/reports/major/{first.starts}/"),
        ("reader", second.get_absolute_url()),
    ):
        page = signed_in(people.users[name]).get(path).content.decode()
        assert "已报送，迟 3 天" in page, path
        assert f"首次 {at:%Y-%m-%d} 报，更正 1 次" in page, path


def test_what_changed_since_it_was_seen_is_not_handed_in(people: City) -> None:
    project = large(people)
    mine = signed_in(people.users["submitter"])
    url = f"/reports/major/{last_month().starts}/{people.jimei.pk}/"
    given = {"number": 1, "seen": seen_on(mine.get(url))}
    Project.objects.filter(pk=project.pk).update(name="改名之后")
    answer = mine.post(url, given)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "内容与您看到的不同" in page
    assert "改名之后" in page
    assert not Report.objects.exists()
    assert mine.post(url, {"number": 1, "seen": seen_on(answer)}).status_code == 302
    assert "改名之后" in str(Report.objects.get().rows)


def test_projects_that_nobody_reports_are_listed(people: City) -> None:
    """A project of a department is in no district’s report: who receives the report is told, within his sight."""
    department = make_unit("bureau", "government", people.root, name="工信局")
    large(people)
    left = [large(people), large(people)]
    Project.objects.filter(pk__in=[item.pk for item in left]).update(reporter_unit=department, host_unit=None)
    Participation.objects.filter(project__in=left, unit=people.group).delete()
    Project.objects.filter(pk=left[1].pk).update(secrecy=stages.SENSITIVE)
    path = f"/reports/major/{last_month().starts}/"
    page = signed_in(people.users["definer"]).get(path).content.decode()
    assert "不属于任何报送单位的项目 1 个" in page
    assert left[0].name in page
    assert "不属于任何报送单位" not in signed_in(people.users["submitter"]).get(path).content.decode()


def test_filed_by_another_version_is_filed(people: City) -> None:
    """Who receives the report from now on is told that it came in, not what it said to whom it was handed in."""
    project = large(people)
    submit(people)
    other = make_unit("commerce", "government", people.root, name="商务局")
    people.users["commerce"] = make_user("commerce", other, VIEW, username="commerce")
    services.define_report(
        by=people.actor("definer"), code="major", number=1, values=VALUES | {"recipient": other}
    )
    client = signed_in(people.users["commerce"])
    page = client.get(f"/reports/major/{last_month().starts}/").content.decode()
    assert "4 个单位已报 1 个" in page
    assert "已报送" in page
    assert "报给其他单位" in page
    assert project.name not in page
    assert "1 / 4" in client.get("/reports/").content.decode()


def test_what_is_judged_by_rule_is_judged_by_the_rules_of_the_period(people: City) -> None:
    ends = last_month().ends
    for code, name, least, since in (
        ("old", "旧档", 1, date(2019, 1, 1)),
        ("new", "新档", 2, ends + timedelta(days=1)),
    ):
        Code.objects.create(table="grade", code=code, name=name)
        Rule.objects.create(kind="grade", key=code, valid_from=since, source="示例", data={"min_yuan": least})
    large(people)
    recipient = ReportDefinition.objects.get().recipient
    services.define_report(
        by=people.actor("definer"), code="graded", number=0, values=VALUES | {"recipient": recipient, "columns": ["name", "grade"]}
    )  # fmt: skip
    report = submit(people, code="graded")
    address = f"/reports/graded/{report.starts}/{people.jimei.pk}/"
    preview = signed_in(people.users["submitter"]).get(address).content.decode()
    told = f"金额等按 {timezone.localdate()} 填报时的数据；分级按 {ends} 施行的规则判定"
    assert told in preview
    assert report.rows[0]["values"][1] == "旧档"
    assert report.heads[1]["day"] == ends.isoformat()
    reader = signed_in(people.users["reader"])
    assert told in reader.get(report.get_absolute_url()).content.decode()
    old = [{key: value for key, value in head.items() if key != "of"} for head in report.heads]
    Report.objects.filter(pk=report.pk).update(heads=old)  # as a copy of before says it
    assert (
        f"内容为 {timezone.localdate()} 填报时的情况；分级按 {ends} 施行的规则判定"
        in reader.get(report.get_absolute_url()).content.decode()
    )


def test_the_version_in_force_is_shown_and_the_one_that_comes(people: City) -> None:
    by, recipient, day = (
        people.actor("definer"),
        ReportDefinition.objects.get().recipient,
        timezone.localdate() + timedelta(days=40),
    )
    for number, since, days in ((1, day, 9), (2, day + timedelta(days=1), 8)):
        values = VALUES | {"recipient": recipient, "valid_from": since, "due_days": days}
        services.define_report(by=by, code="major", number=number, values=values)
    page = signed_in(people.users["definer"]).get("/reports/").content.decode()
    assert "第 1 版，施行中" in page
    assert "每月，期末后 5 个自然日内" in page
    assert f"第 2 版，期末在 {day} 或之后的按它报送：每月，期末后 9 个自然日内" in page
    form = signed_in(people.users["definer"]).get("/reports/definitions/major/").content.decode()
    assert "现在施行的是第 1 版" in form
    assert f'value="{day + timedelta(days=1)}"' in form


def test_a_comparison_without_a_field_is_refused(people: City) -> None:
    client, recipient = signed_in(people.users["definer"]), ReportDefinition.objects.get().recipient
    refused = client.post("/reports/definitions/major/", form(recipient=recipient.pk, field_2=""))
    assert refused.status_code == 422
    assert "填了值，没有选字段" in refused.content.decode()
    body = {**VALUES, "code": "api", "number": 0, "recipient": recipient.pk, "valid_from": "2020-01-01"}
    for condition, sentence in (
        ({"op": "is", "value": True}, "没有写明比较哪个字段"),
        ({"all": [{}]}, "没有写明比较哪个字段"),
        (None, "condition"),
    ):
        given = (
            body | {"condition": condition}
            if condition
            else {key: body[key] for key in body if key != "condition"}
        )
        answer = client.post("/api/v1/report-definitions/", given, content_type="application/json")
        assert answer.status_code == 422
        assert sentence in answer.content.decode()


def test_a_copy_tells_how_many_were_handed_in_and_how_many_are_kept_back(people: City) -> None:
    """Whoever may read the copy is told its count as it was handed in; what he may not see now is named as a number."""
    project = large(people)
    large(people)
    report = submit(people)
    Project.objects.filter(pk=project.pk).update(secrecy=stages.SENSITIVE)
    for name, kept_back in (("reader", 1), ("cleared", 0)):
        client = signed_in(people.users[name])
        copy = client.get(f"/api/v1/reports/{report.pk}/").json()
        assert (copy["count"], len(copy["rows"]), copy["kept_back"]) == (2, 2 - kept_back, kept_back)
    assert signed_in(people.users["other"]).get(f"/api/v1/reports/{report.pk}/").status_code == 404
    found = signed_in(people.users["submitter"]).get(
        "/api/v1/reports/preview/", {"code": "major", "unit": people.jimei.pk, "starts": report.starts.isoformat()}
    )  # fmt: skip
    assert [len(found.json()["rows"]), found.json()["number"]] == [1, 2]


def test_people_are_told_of_reports(people: City) -> None:
    """Who receives is told when one comes in; who owes is told once before it is due and once after, by whichever clock."""

    def told(name: str) -> list[str]:
        found = (
            Notice.objects.filter(owner=people.users[name])
            .order_by("pk")
            .values_list("event__verb", flat=True)
        )
        return [verb.rpartition(".")[2] for verb in found]

    Rule.objects.create(kind="report_reminder", key="due", data={"days_before": 2}, source="示例")
    keeping.forget()
    due = last_month().ends + timedelta(days=5)
    at = lambda days: timezone.make_aware(datetime.combine(due + timedelta(days=days), time(9)))  # noqa: E731
    submit(people, by="other", unit=people.huli)
    assert told("reader") == ["submitted"]
    written("major", due + timedelta(days=1))
    assert not services.tell_of_reports(at(1)), "written down only after it was due"
    written("major", months_ago(1))
    for days in (-3, -2, 0, 1, 1, 2):
        services.tell_of_reports(at(days))
    assert [verb for verb in told("submitter") if verb == "due"] == ["due"]
    assert told("submitter")[-1] == "overdue"
    assert told("submitter").count("overdue") == 2, "of the last two periods"
    assert told("other").count("overdue") == 1, "of the period before; the last is filed"
    page = signed_in(people.users["submitter"]).get("/notices/").content.decode()
    assert "重大项目月报：逾期没有报送" in page
    assert "集美区，报送期" in page
