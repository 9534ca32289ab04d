"""How duties stand by unit and by leader: figures by hand-made vectors, each with the list it opens; circulars and papers."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from html import unescape
from typing import Any

import openpyxl
import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories import make_unit, make_user, signed_in
from tests.factories.races import at_once
from yinfeng.core import appendonly
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Invalid
from yinfeng.core.models import Event, Notice, Rule
from yinfeng.core.scopes import rows
from yinfeng.duties import queries, services, terms
from yinfeng.duties.models import Circular, CircularUnit, Duty, DutyPart, Reminder, Serial
from yinfeng.duties.queries import Figures, Period
from yinfeng.duties.views import leaders
from yinfeng.orgs.models import Person, Unit
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db
TODAY = date(2026, 9, 30)
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 9, 30))
VIEW = ["duties.duty.view", "duties.duty.handle"]
OFFICE = ["duties.duty.view", "duties.duty.view_sensitive", "duties.duty.supervise", "duties.duty.export"]


class Town:
    """An office that sees everything, two units with a clerk each, a leader."""

    def __init__(self) -> None:
        self.root = make_unit("root", kind="city", name="测试市")
        self.office = make_unit("office", parent=self.root, kind="office", name="测试市招商办")
        self.north = make_unit("north", parent=self.root, name="北区")
        self.south = make_unit("south", parent=self.root, name="南区")
        lead = make_user("测试领导")
        self.leader = Person.objects.get(user=lead)
        self.users = {
            "lead": lead,
            "office": make_user("office", self.root, OFFICE), "north": make_user("north", self.north, VIEW),
            "south": make_user("south", self.south, VIEW), "stranger": make_user("stranger"),
        }  # fmt: skip
        Rule.objects.create(
            kind="duty_reminder", key="circular", valid_from=date(2019, 1, 1), data={"work_days": 5, "mark": "测通"}, source="测试"
        )  # fmt: skip
        self.made = 0

    def by(self, name: str = "office") -> Actor:
        return actor_for(self.users[name])

    def duty(self, unit: Unit | None = None, *joint: Unit, **values: Any) -> Duty:
        self.made += 1
        given = {
            "number": f"DB-{self.made}", "item": f"事项{self.made}", "target": "完成", "requirement": "周报", "set_unit": self.office,
            "lead_unit": unit or self.north, "set_date": date(2026, 9, 1), "due_date": date(2026, 9, 20), "source_kind": "other",
            "state": terms.WORKING, **values,
        }  # fmt: skip
        duty: Duty = Duty.objects.create(**given)
        named = [
            (terms.SETTER, duty.set_unit),
            (terms.LEAD, duty.lead_unit),
            *((terms.JOINT, unit) for unit in joint),
        ]
        for part, side in named:
            DutyPart.objects.create(duty=duty, part=part, unit=side)
        if duty.leader:
            DutyPart.objects.create(duty=duty, part=terms.LEADER, person=duty.leader)
        return duty

    def closed(self, submitted: date, closed: date, **values: Any) -> Duty:
        return self.duty(
            **{"state": terms.CLOSED, "submitted_date": submitted, "closed_date": closed, **values}
        )

    def figures(self, name: str = "office", period: Period = SEPTEMBER) -> queries.Statistics:
        return queries.statistics(rows(Duty).permitted(self.by(name)), period, TODAY)


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with time_machine.travel("2026-09-30 10:00:00+08:00", tick=False):
        yield Town()


def full(town: Town) -> None:
    """Make one duty of each kind that a figure counts, for the north but where it says so."""
    day = date(2026, 9, 20)
    town.closed(day, date(2026, 9, 25))  # on its last day
    town.closed(date(2026, 9, 21), date(2026, 9, 25))  # a day late
    town.closed(
        date(2026, 9, 24), date(2026, 9, 25), due_date=date(2026, 9, 24), first_due_date=day, extensions=1
    )
    town.closed(
        date(2026, 9, 25), date(2026, 9, 26), due_date=day, reopenings=1, refusals=2
    )  # five days late
    town.closed(day, date(2026, 10, 1), set_date=date(2026, 8, 1))  # closed after the period
    town.closed(day, date(2026, 9, 25), set_date=date(2026, 8, 31))  # set before it
    town.duty(state=terms.CANCELLED)
    town.duty(state=terms.RETURNED, returns=1)
    town.duty(due_date=date(2026, 9, 29))  # overdue
    town.duty(due_date=TODAY)
    town.duty(state=terms.SUBMITTED, submitted_date=TODAY)  # late, but its unit owes nothing now
    town.duty(due_date=None, set_date=date(2026, 9, 2), source_kind=terms.POLICY, clause="2.1.1")
    town.duty(
        town.south, town.north, due_date=date(2026, 9, 1), set_date=date(2026, 7, 1), leader=town.leader
    )
    town.duty(town.south, due_date=None, state=terms.RETURNED)  # neither timed nor standing


NORTH = Figures(
    set=9, cancelled=1, extended=1, returned=1, reopened=1, refused=1, on_time=3, late=2, days=6, open=4, overdue=1, standing=1
)  # fmt: skip
SOUTH = Figures(open=1, overdue=1)


@pytest.mark.clause("3.5.3")
def test_every_figure_is_what_was_made_by_hand(town: Town) -> None:
    full(town)
    found = town.figures()
    assert {line.who: line.figures for line in found.units} == {town.north: NORTH, town.south: SOUTH}
    assert {line.who: line.figures for line in found.leaders} == {town.leader: SOUTH, None: NORTH}
    assert found.whole == NORTH + SOUTH
    assert (NORTH.rate, NORTH.average_days, SOUTH.rate, SOUTH.average_days) == (0.6, 3.0, None, None)
    with CaptureQueriesContext(connection) as asked:
        town.figures()
    assert len(asked) - 1 == 3, "one pass over the duties, units, people; the other is who asks"


def test_it_tells_only_of_what_one_sees(town: Town) -> None:
    full(town)
    town.duty(town.south, secrecy=terms.SENSITIVE)
    assert town.figures("north").whole == NORTH + SOUTH, "it takes part in one of the south"
    assert town.figures("south").whole == SOUTH, "not cleared for the sensitive one"
    assert town.figures().whole.open == NORTH.open + SOUTH.open + 1
    assert town.figures("stranger").whole == Figures()
    assert town.figures("lead").whole == SOUTH


def test_the_trend_is_by_month(town: Town) -> None:
    full(town)
    months = {month.start: month for month in queries.trend(rows(Duty).permitted(town.by()), TODAY)}
    assert next(iter(months)) == date(2025, 10, 1)
    september = months[date(2026, 9, 1)]
    assert (september.set, september.on_time, september.late) == (9, 3, 2)
    assert (months[date(2026, 8, 1)].set, months[date(2026, 7, 1)].set) == (2, 1)
    assert len(months) == 12


def test_the_worst_three_are_named_first(town: Town) -> None:
    """With most overdue, then most late, then most days late; who is never late is not among them, however few there are."""
    units = [make_unit(f"u{n}", parent=town.root, name=f"单位{n}") for n in range(5)]
    given = [{"late": 9, "days": 9}, {"overdue": 1}, {"overdue": 1, "late": 1, "days": 3}, {"on_time": 5}, {"overdue": 1, "late": 1, "days": 4}]  # fmt: skip
    lines = [queries.Line(unit, Figures(**figures)) for unit, figures in zip(units, given, strict=True)]
    assert [line.who for line in queries.worst(lines)] == [units[4], units[2], units[1]]
    assert [line.who for line in queries.worst(lines[:1] + lines[3:4])] == [units[0]]
    full(town)
    pages = {
        name: signed_in(town.users[name]).get("/duties/standing/").content.decode()
        for name in ("office", "lead")
    }
    said = ["最需要督促的单位</h2>" in page for page in pages.values()]
    assert said == [True, False], "who sees one unit has its figures in the cards"
    assert "2026-03</th>" not in pages["office"], "a month of nothing is not listed"
    assert "2026-08</th>" in pages["office"]


@pytest.mark.parametrize(
    ("code", "period"),
    [
        ("month", (date(2026, 9, 1), date(2026, 9, 30))), ("last_month", (date(2026, 8, 1), date(2026, 8, 31))),
        ("quarter", (date(2026, 7, 1), date(2026, 9, 30))), ("year", (date(2026, 1, 1), date(2026, 12, 31))),
        ("", (date(2026, 1, 1), date(2026, 12, 31))),
    ],
)  # fmt: skip
def test_periods_by_name(code: str, period: tuple[date, date]) -> None:
    found = queries.period_of(code, TODAY)
    assert (found.start, found.end) == period


LINK = re.compile(r'<a href="(/duties/\?[^"]+)"[^>]*>(?:<span>[^<]+</span> |<span class="yf-card__label">[^<]+</span>\s*<span class="yf-card__figure">)?([\d,]+)<')  # fmt: skip


@pytest.mark.clause("3.5.3")
def test_every_figure_opens_into_its_rows(town: Town) -> None:
    """Of the page, each link leads to a list of exactly as many duties as the figure says."""
    full(town)
    client = signed_in(town.users["office"])
    answer = client.get("/duties/standing/", {"from": "2026-09-01", "until": "2026-09-30"})
    text = re.sub(r"\s*\n\s*", "", answer.content.decode())
    links = {(unescape(url), int(figure)) for url, figure in LINK.findall(text)}
    assert len(links) > 30
    for url, figure in links:
        listed = client.get(url).content.decode()
        assert f"共 {figure} 条" in listed, url
    with CaptureQueriesContext(connection) as asked:
        client.get("/duties/standing/")
    assert len(asked) <= 10


def test_odd_periods_are_said_to_be_odd(town: Town) -> None:
    client = signed_in(town.users["office"])
    for query in (
        "from=2026-09-30&until=2026-09-01",
        "from=x&until=2026-09-01",
        "from=2026-09-01",
        "from=0001-01-01&until=0001-01-02",
    ):
        answer = client.get(f"/duties/standing/?{query}")
        assert answer.status_code == 200
        assert "现在显示的是今年" in answer.content.decode()
    assert (
        "没有可以统计的督办事项" in signed_in(town.users["south"]).get("/duties/standing/").content.decode()
    )
    assert signed_in(town.users["stranger"]).get("/duties/standing/").status_code == 403


def test_a_unit_that_is_gone_still_opens_into_its_rows(town: Town) -> None:
    town.closed(date(2026, 9, 1), date(2026, 9, 2), lead_unit=town.south)
    Unit.objects.filter(pk=town.south.pk).update(valid_to=date(2026, 9, 10))
    answer = signed_in(town.users["office"]).get(f"/duties/?unit={town.south.pk}&state=closed")
    assert "共 1 条" in answer.content.decode()


def test_the_workbook_says_the_same(town: Town) -> None:
    full(town)
    answer = signed_in(town.users["office"]).get("/duties/standing/export/?from=2026-09-01&until=2026-09-30")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    table = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    start = next(number for number, row in enumerate(table) if "逾期天数合计" in row)
    rows_told = [dict(zip(table[start], row, strict=True)) for row in table[start + 1 :]]
    names = {label: name for name, label in leaders.FIGURES.items()} | {"逾期天数合计": "days"}
    said = {
        (row["类别"], row["名称"] or ""): Figures(
            **{names[head]: value for head, value in row.items() if head in names}
        )
        for row in rows_told
    }
    assert said == {
        ("单位", "北区"): NORTH, ("单位", "南区"): SOUTH, ("领导", "测试领导"): SOUTH, ("领导", "没有牵头领导"): NORTH,
        ("合计", ""): NORTH + SOUTH,
    }  # fmt: skip
    assert Event.objects.filter(verb="core.list.exported").count() == 1
    assert signed_in(town.users["north"]).get("/duties/standing/export/").status_code == 403


def test_the_workbook_of_a_list_holds_what_the_list_does(town: Town) -> None:
    """Of a figure: the duties that it counts, each with what the page shows of it."""
    full(town)
    client = signed_in(town.users["office"])
    asked = "timed=true&set_from=2026-09-01&set_until=2026-09-30"
    answer = client.get(f"/duties/export/?{asked}&col=number&col=state&col=due")
    table = [
        list(row)
        for row in openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
        .worksheets[0]
        .iter_rows(values_only=True)
    ]
    start = next(number for number, row in enumerate(table) if "编号" in row)
    told = {row[0]: (row[1], row[2].date()) for row in table[start + 1 :]}
    found = Duty.objects.filter(queries.figure_qs(SEPTEMBER, TODAY)["set"])
    assert told == {duty.number: (duty.get_state_display(), duty.due_date) for duty in found}
    assert f"共 {len(told)} 条" in client.get(f"/duties/?{asked}").content.decode()
    assert len(told) == NORTH.set


def test_the_api_says_the_same(town: Town) -> None:
    full(town)
    client = signed_in(town.users["office"])
    told = client.get("/api/v1/duties/standing/", {"start": "2026-09-01", "end": "2026-09-30"}).json()
    assert told["whole"]["set"] == 9
    assert {line["unit"]: line["figures"]["overdue"] for line in told["units"]} == {
        town.north.pk: 1,
        town.south.pk: 1,
    }
    assert (
        client.get("/api/v1/duties/standing/", {"start": "2026-09-02", "end": "2026-09-01"}).status_code
        == 422
    )


# --- circulars ----------------------------------------------------------------------------------------------------


def issue(town: Town, period: Period = SEPTEMBER, by: str = "office", **more: Any) -> Circular:
    given = {"unit": town.office, "demand": "请于十月底前办结。", **more}
    return services.issue_circular(by=town.by(by), period=period, **given)


def words(content: bytes) -> str:
    """Return the text of a Word file, paragraphs as lines."""
    xml = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
    return re.sub(r"<[^>]+>", "", re.sub(r"</w:p>", "\n", xml))


def download(town: Town, url: str, by: str = "office") -> str:
    answer = signed_in(town.users[by]).get(url)
    assert answer.status_code == 200, url
    return words(b"".join(answer.streaming_content))


@pytest.mark.clause("3.5.3")
def test_a_circular_is_numbered_frozen_and_told_to_whom_it_names(town: Town) -> None:
    full(town)
    town.duty(town.south, secrecy=terms.SENSITIVE, item="敏感事项")
    circular = issue(town)
    assert circular.number == "测通〔2026〕1号"
    assert set(CircularUnit.objects.values_list("unit", flat=True)) == {town.north.pk, town.south.pk}
    assert Notice.objects.filter(owner=town.users["south"], event__verb="duties.circular.issued").count() == 1
    paper = download(town, f"/duties/standing/circulars/{circular.pk}/document/", by="south")
    for text in (
        "测通〔2026〕1号", "关于2026年9月督办事项办理情况的通报", "2026年9月，共交办督办事项9项", "延期1项、退回1项、审核未通过1项",
        "按时办结率60.0%", "平均逾期3.0天", "截至2026年9月30日，有时限的在办事项5项，其中已逾期2项", "北区", "事项13（DB-13）", "测试领导",
        "请于十月底前办结。", "2026年9月30日",
    ):  # fmt: skip
        assert text in paper, text
    assert "敏感事项" not in paper
    lines = [line for line in paper.splitlines() if line]
    for row in (*circular.content["units"], *circular.content["late"]):
        place = next(n for n in range(len(lines)) if lines[n : n + len(row)] == row)
        assert place, row  # each frozen row stands in the paper cell by cell
    whole = queries.statistics(queries.told_of(town.by()), SEPTEMBER, TODAY)
    assert circular.content["units"] == [
        [str(line.who), str(f.set), str(f.closed), str(f.on_time), f"{f.rate:.1%}" if f.closed else "—", str(f.late), str(f.open), str(f.overdue)]
        for line in whole.units for f in [line.figures]
    ]  # fmt: skip
    town.closed(date(2026, 9, 20), date(2026, 9, 21))
    assert download(town, f"/duties/standing/circulars/{circular.pk}/document/", by="south") == paper
    page = signed_in(town.users["south"]).get(f"/duties/standing/circulars/{circular.pk}/").content.decode()
    assert "共交办督办事项9项" in page
    assert "关于2026年9月督办事项办理情况的通报" in signed_in(town.users["north"]).get("/duties/standing/circulars/").content.decode()  # fmt: skip
    other = make_user("other", make_unit("other", parent=town.root, name="东区"), VIEW)
    assert signed_in(other).get(f"/duties/standing/circulars/{circular.pk}/").status_code == 404


def test_a_draft_has_no_number_and_is_not_kept(town: Town) -> None:
    full(town)
    paper = download(town, "/duties/standing/circulars/draft/?period=month")
    assert "共交办督办事项9项" in paper
    assert "测通" not in paper
    assert not Circular.objects.exists()
    assert not Serial.objects.exists()
    assert signed_in(town.users["north"]).get("/duties/standing/circulars/draft/").status_code == 403


def test_issuing_is_refused_where_it_must_be(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    full(town)
    with pytest.raises(Invalid, match="还没有到"):
        issue(town, Period(date(2026, 9, 1), date(2026, 10, 1)))
    with pytest.raises(Invalid, match="不能早于"):
        issue(town, Period(date(2026, 9, 2), date(2026, 9, 1)))
    with pytest.raises(Invalid, match="请写明要求"):
        issue(town, demand=" ")
    with pytest.raises(Forbidden):
        issue(town, by="north")
    head = make_user("head", town.north, OFFICE)
    with pytest.raises(Forbidden, match="没有以这个单位的名义"):
        services.issue_circular(by=actor_for(head), unit=town.office, period=SEPTEMBER, demand="办结")
    issue(town)
    with pytest.raises(Invalid, match="已经印发"):
        issue(town)
    assert Serial.objects.get().last == 1, "a number that was not used goes back"
    monkeypatch.setattr(queries, "circular_mark", lambda day: "")
    with pytest.raises(Conflict, match="没有规定通报的文号"):
        issue(town, Period(date(2026, 8, 1), date(2026, 8, 31)))


def test_the_page_issues(town: Town) -> None:
    full(town)
    client = signed_in(town.users["office"])
    assert "下载草稿" in client.get("/duties/standing/circulars/new/?period=month").content.decode()
    given = {"unit": town.office.pk, "start": "2026-09-01", "end": "2026-09-30", "demand": "限期办结"}
    answer = client.post("/duties/standing/circulars/new/", given)
    assert answer.status_code == 302
    assert answer.url == Circular.objects.get().get_absolute_url()
    assert client.post("/duties/standing/circulars/new/", given).status_code == 422
    assert client.post("/duties/standing/circulars/draft/", given).status_code == 405
    assert Circular.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_issue_at_once_one_does(town: Town) -> None:
    full(town)
    done = at_once([lambda: issue(town), lambda: issue(town)])
    assert sum(isinstance(result, Circular) for result in done) == 1, done
    assert (Circular.objects.count(), Serial.objects.get().last) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_to_change_a_circular(town: Town) -> None:
    appendonly.install(connection, ["duties_circular"])
    try:
        circular = issue(town)
        with pytest.raises(DatabaseError, match=appendonly.SENTENCE), transaction.atomic():
            Circular.objects.filter(pk=circular.pk).update(title="改了")
    finally:
        appendonly.remove(connection)


def test_a_document_that_was_altered_is_refused_and_logged(town: Town) -> None:
    duty = town.duty(due_date=date(2026, 9, 10))
    Rule.objects.create(
        kind="duty_reminder", key="urge", valid_from=date(2019, 1, 1), data={"work_days": 1, "mark": "测催"}, source="测试"
    )  # fmt: skip
    reminder = services.issue_reminder(by=town.by(), duty=duty, level=terms.URGE, reason="请尽快办结。")
    url = reminder.get_absolute_url()
    paper = download(town, url, by="north")
    for text in (
        "测催〔2026〕1号",
        "关于“事项1”的催办通知",
        "北区：",
        "已逾期",
        "落实事项",
        "请尽快办结。",
        "测试市招商办",
    ):
        assert text in paper, text
    Duty.objects.filter(pk=duty.pk).update(item="另一事项")
    assert download(town, url) == paper
    assert signed_in(town.users["south"]).get(url).status_code == 404
    circular = issue(town)
    for model, row, address, field in (
        (Reminder, reminder, url, "document"),
        (Circular, circular, f"{circular.get_absolute_url()}document/", "content"),
    ):
        changed = {**getattr(row, field), "demand": "不必办了"}
        model._default_manager.filter(pk=row.pk).update(**{field: changed})
        answer = signed_in(town.users["office"]).get(address)
        assert (answer.status_code, "与签发时不一致" in answer.content.decode()) == (409, True)
    altered = Event.objects.filter(verb__in=["duties.duty.document_altered", "duties.circular.altered"])
    assert altered.count() == 2
    assert "不能作为依据" in signed_in(town.users["office"]).get(circular.get_absolute_url()).content.decode()
    notice = Reminder.objects.create(duty=duty, level=terms.REMIND, for_date=TODAY, days_late=-1)
    assert signed_in(town.users["office"]).get(notice.get_absolute_url()).status_code == 404
