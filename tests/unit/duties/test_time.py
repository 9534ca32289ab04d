"""Duties and their last day: extensions, levels of reminder and the clock that issues them, how a duty stands."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.factories import grant
from tests.unit.duties.conftest import OFFICER, City, moment, told
from yinfeng.core import keeping
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid
from yinfeng.core.models import Event, Notice, Rule
from yinfeng.duties import queries, services, terms
from yinfeng.duties.models import Duty, Reminder, Serial

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


# --- extensions ---------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.5.3")
def test_an_extension_is_asked_for_before_the_last_day_has_passed(city: City) -> None:
    duty = city.duty(terms.WORKING)
    city.on(date(2026, 9, 22), 23)  # through the end of its day
    extension = city.ask(duty, date(2026, 9, 24))
    services.move_extension(by=city.actor("carl"), extension=extension, move="withdraw")
    city.on(date(2026, 9, 23), 0)
    with pytest.raises(Conflict, match="时限（2026-09-22）已过"):
        city.ask(duty, date(2026, 9, 24))


def test_what_an_extension_cannot_be_asked_for(city: City) -> None:
    duty = city.duty(terms.WORKING, statutory_date=date(2026, 10, 8))
    later = date(2026, 9, 28)
    for until, match in (
        (date(2026, 9, 22), "须晚于"), (date(2026, 9, 21), "须晚于"), (date(2026, 10, 9), "法定时限"), (date.max, "核对年份"),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=match) as error:
            city.ask(duty, until)
        assert set(error.value.fields) == {"until"}
    with pytest.raises(Invalid, match="原因"):
        services.ask_extension(by=city.actor("carl"), duty=duty, until=later, reason=" ")
    for name in ("olga", "fred", "erin"):
        with pytest.raises(Forbidden):
            city.ask(duty, later, by=name)
    for state in (terms.ASSIGNED, terms.SUBMITTED, terms.CLOSED, terms.RETURNED):
        with pytest.raises(Conflict, match="签收之后"):
            city.ask(city.duty(state), later)
    part = city.part(duty)
    city.move("fred", part, "accept")
    with pytest.raises(Invalid, match="先申请上级事项延期"):
        city.ask(part, later, by="fred")
    # the day off that is asked for is the next working day, which the law here still allows
    assert city.ask(duty, date(2026, 10, 1)).until == date(2026, 10, 8)
    with pytest.raises(Conflict, match="已有一份"):
        city.ask(duty, later)
    with pytest.raises(Blocked, match="延期申请"):
        city.submit("carl", duty)


@pytest.mark.clause("3.5.3")
def test_who_set_the_duty_grants_the_day_asked_for_or_an_earlier_one(city: City) -> None:
    duty = city.duty(terms.WORKING)
    extension = city.ask(duty, date(2026, 10, 8))
    assert told(duty, "extension_asked") == {"olga", "otto"}
    for name in ("carl", "fred", "cora"):
        with pytest.raises(Forbidden):
            services.grant_extension(by=city.actor(name), extension=extension, until=extension.until)
    with pytest.raises(Invalid, match="须晚于"):
        services.grant_extension(by=city.actor("olga"), extension=extension, until=date(2026, 9, 22))
    with pytest.raises(Invalid, match="哪一天"):
        services.move_extension(by=city.actor("olga"), extension=extension, move="grant")
    services.grant_extension(
        by=city.actor("olga"), extension=extension, until=date(2026, 9, 26), answer="节前办结"
    )
    duty.refresh_from_db()
    assert (duty.due_date, duty.first_due_date, duty.extensions) == (
        date(2026, 9, 28), date(2026, 9, 22), 1,
    )  # fmt: skip
    assert (extension.state, extension.until, extension.granted_until, extension.answer) == (
        terms.GRANTED, date(2026, 10, 8), date(2026, 9, 28), "节前办结",
    )  # fmt: skip
    event = Event.objects.get(verb="duties.duty.extension_granted")
    assert event.changes["due_date"] == ["2026-09-22", "2026-09-28"]
    assert told(duty, "extension_granted") == {"carl", "cora"}
    with pytest.raises(DomainError):
        services.grant_extension(by=city.actor("otto"), extension=extension, until=date(2026, 10, 9))
    # the second; the third is one too many for the rule
    second = city.ask(duty, date(2026, 9, 30))
    services.grant_extension(by=city.actor("olga"), extension=second, until=second.until)
    duty.refresh_from_db()
    assert (duty.first_due_date, duty.extensions) == (date(2026, 9, 22), 2)
    with pytest.raises(Conflict, match="已经延期 2 次"):
        city.ask(duty, date(2026, 10, 9))
    Rule.objects.filter(kind="duty_extension").delete()
    keeping.forget()
    city.ask(duty, date(2026, 10, 9))  # a city without a limit


def test_refused_and_taken_back_they_leave_the_day_and_do_not_count(city: City) -> None:
    duty = city.duty(terms.WORKING)
    extension = city.ask(duty, date(2026, 9, 28))
    with pytest.raises(Invalid, match="原因"):
        services.move_extension(by=city.actor("olga"), extension=extension, move="refuse")
    with pytest.raises(Forbidden):
        services.move_extension(by=city.actor("olga"), extension=extension, move="withdraw")
    services.move_extension(by=city.actor("olga"), extension=extension, move="refuse", reason="时限已宽")
    assert (extension.state, extension.answer) == (terms.REFUSED, "时限已宽")
    assert told(duty, "extension_refused") == {"carl", "cora"}
    again = city.ask(duty, date(2026, 9, 28))
    services.move_extension(by=city.actor("cora"), extension=again, move="withdraw")
    duty.refresh_from_db()
    assert (duty.due_date, duty.first_due_date, duty.extensions) == (date(2026, 9, 22), None, 0)
    for move in ("refuse", "withdraw"):
        with pytest.raises(DomainError):
            services.move_extension(by=city.actor("erin"), extension=again, move=move, reason="理由")


def test_nobody_grants_what_he_asked_for(city: City) -> None:
    for name in ("carl", "cora"):
        grant(city.users[name], city.units["office"], OFFICER)
    duty = city.duty(terms.WORKING)
    extension = city.ask(duty, date(2026, 9, 28), by="cora")  # carl has accepted
    for name, match in (("cora", "经办"), ("carl", "经办"), ("both", "牵头单位")):
        with pytest.raises(Blocked, match=match):
            services.grant_extension(by=city.actor(name), extension=extension, until=extension.until)
        with pytest.raises(Blocked, match=match):
            services.move_extension(by=city.actor(name), extension=extension, move="refuse", reason="理由")
    services.grant_extension(by=city.actor("otto"), extension=extension, until=extension.until)


# --- levels of reminder -------------------------------------------------------------------------------------------


def issued(duty: Duty) -> list[str]:
    return list(Reminder.objects.filter(duty=duty).order_by("pk").values_list("level", flat=True))


def beat(city: City, day: date, hour: int = 10) -> int:
    city.on(day, hour)
    return services.remind(moment(day, hour))


@pytest.mark.clause("3.5.3")
def test_the_clock_reminds_and_urges_on_working_days_once(city: City) -> None:
    """Around the Mid-autumn and National Day holidays of 2026: 25–27 September and 1–7 October off, 20 September worked."""
    duty = city.duty(terms.WORKING, due_date=date(2026, 9, 28))
    days = [
        (date(2026, 9, 21), 10, 0),  # the 22nd, 23rd, 24th and 28th are left: four
        (date(2026, 9, 22), 8, 0),  # three, before the hour
        (date(2026, 9, 22), 9, 1), (date(2026, 9, 22), 12, 0), (date(2026, 9, 24), 9, 0),
        (date(2026, 9, 26), 12, 0), (date(2026, 9, 28), 23, 0), (date(2026, 9, 29), 8, 0), (date(2026, 9, 29), 9, 1),
        (date(2026, 9, 30), 9, 0), (date(2026, 10, 2), 9, 0), (date(2026, 10, 9), 9, 0),
    ]  # fmt: skip
    assert [beat(city, day, hour) for day, hour, _number in days] == [number for _day, _hour, number in days]
    assert issued(duty) == [terms.REMIND, terms.URGE]
    remind, urge = Reminder.objects.filter(duty=duty).order_by("pk")
    assert (remind.days_late, remind.number, remind.document, remind.digest) == (-3, "", {}, "")
    assert (urge.days_late, urge.number, urge.issued_by) == (1, "测催〔2026〕1号", None)
    assert told(duty, "reminded") == told(duty, "urged") == {"carl", "cora"}


def test_a_duty_due_before_a_holiday_is_urged_after_it(city: City) -> None:
    duty = city.duty(terms.ASSIGNED, due_date=date(2026, 9, 30))
    beat(city, date(2026, 9, 30))
    for day in range(1, 8):
        assert beat(city, date(2026, 10, day)) == 0
    assert beat(city, date(2026, 10, 8)) == 1
    assert issued(duty) == [terms.REMIND, terms.URGE]
    friday = city.duty(terms.WORKING, due_date=date(2026, 10, 16))
    beat(city, date(2026, 10, 16))
    assert [beat(city, date(2026, 10, 16) + DAY * n) for n in (1, 2)] == [0, 0]
    beat(city, date(2026, 10, 19))
    assert issued(friday) == [terms.REMIND, terms.URGE]


def test_only_what_is_owed_is_reminded_of(city: City) -> None:
    for state in (terms.SUBMITTED, terms.CLOSED, terms.RETURNED, terms.CANCELLED):
        if state == terms.CANCELLED:
            city.move("olga", city.duty(), "cancel", "重复")
        else:
            city.duty(state)
    assert beat(city, date(2026, 9, 21)) + beat(city, date(2026, 9, 23)) == 0


def test_after_an_extension_the_levels_start_anew(city: City) -> None:
    duty = city.duty(terms.WORKING)
    beat(city, date(2026, 9, 21))
    extension = city.ask(duty, date(2026, 9, 24))
    services.grant_extension(by=city.actor("olga"), extension=extension, until=extension.until)
    assert beat(city, date(2026, 9, 21), 11) == 1
    assert beat(city, date(2026, 9, 23)) == 0  # the day after the first last day
    assert beat(city, date(2026, 9, 28)) == 1
    found = Reminder.objects.filter(duty=duty).order_by("pk").values_list("level", "for_date")
    assert list(found) == [
        (terms.REMIND, date(2026, 9, 22)), (terms.REMIND, date(2026, 9, 24)), (terms.URGE, date(2026, 9, 24)),
    ]  # fmt: skip


def issue(city: City, duty: Duty, level: str, by: str = "olga", reason: str = "请于三日内办结") -> Reminder:
    return services.issue_reminder(by=city.actor(by), duty=duty, level=level, reason=reason)


@pytest.mark.clause("3.5.3")
def test_the_grave_levels_are_acts_of_people_and_only_when_they_are_due(city: City) -> None:
    duty = city.duty(terms.WORKING)
    due = {
        terms.URGE: date(2026, 9, 23), terms.ORDER: date(2026, 9, 28), terms.CIRCULAR: date(2026, 9, 30),
        terms.TALK: date(2026, 10, 13),
    }  # fmt: skip
    olga = city.actor("olga")
    for level, day in due.items():
        city.on(day - DAY)
        with pytest.raises(Invalid, match="才发") as error:
            issue(city, duty, level)
        assert set(error.value.fields) == {"level"}
        assert not queries.to_escalate(olga, level, day - DAY).exists()
        city.on(day)
        assert list(queries.to_escalate(olga, level, day)) == [duty]
        assert queries.suggested(duty, list(duty.reminders.all()), day) == level
        if level != terms.URGE:
            assert services.remind(moment(day)) == 0
        with pytest.raises(Forbidden):
            issue(city, duty, level, by="cora")
        with pytest.raises(Invalid, match="要求"):
            issue(city, duty, level, reason=" ")
        issue(city, duty, level)
        with pytest.raises(DomainError):
            issue(city, duty, level, by="otto")
        assert not queries.to_escalate(olga, level, day).exists()
    assert {row.number for row in Reminder.objects.all()} == {
        "测催〔2026〕1号", "测督〔2026〕1号", "测通〔2026〕1号", "测约〔2026〕1号",
    }  # fmt: skip
    # what was refused drew no number
    assert set(Serial.objects.filter(series__startswith="测").values_list("last", flat=True)) == {1}
    assert told(duty, "ordered") == {"carl", "cora", "otto"}
    with pytest.raises(Invalid, match="已过"):
        issue(city, duty, terms.REMIND)
    with pytest.raises(Invalid):
        issue(city, duty, "shout")
    with pytest.raises(Conflict, match="待审核"):
        issue(city, city.submit("carl", duty), terms.TALK)


def test_what_a_document_says_stays_as_it_was_issued(city: City) -> None:
    duty = city.duty(terms.WORKING)
    city.on(date(2026, 9, 30))
    order = issue(city, duty, terms.ORDER)
    assert "已逾期5个工作日，至今未报结" in order.document["opening"]  # nobody had urged
    circular = issue(city, duty, terms.CIRCULAR)
    assert "经督办仍未报结" in circular.document["opening"]
    assert order.digest == services.digest_of(order.document) != circular.digest
    assert (order.document["number"], order.document["demand"]) == ("测督〔2026〕1号", "请于三日内办结")
    services.change_duty(
        by=city.actor("olga"), duty=duty, version=duty.version, values={"item": "另一件事"}, leader=None, joint_units=[], reason="变更",
    )  # fmt: skip
    order.refresh_from_db()
    assert ["落实事项", "建立招商载体资源库"] in order.document["facts"]
    assert order.digest == services.digest_of(order.document)


def test_reminders_of_what_is_sensitive_reach_only_the_cleared(city: City) -> None:
    duty = city.duty(secrecy=terms.SENSITIVE)
    assert told(duty, "set") == {"cora"}
    beat(city, date(2026, 9, 23))
    assert told(duty, "urged") == {"cora"}
    assert not Reminder.objects.permitted(city.actor("carl")).exists()
    assert Reminder.objects.permitted(city.actor("cora")).count() == 1


# --- killed on the way --------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def killed_after(count: int, act: Any) -> bool:
    """Run ``act`` and end it before its statement ``count``; say whether it came so far."""
    left = [count]

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(run):
            act()
    except Killed:
        return True
    return False


@pytest.mark.clause("3.5.3")
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_any_statement_closes_and_tells_both_or_neither(city: City) -> None:
    duty = city.duty(terms.SUBMITTED)
    olga = city.actor("olga")
    for count in range(200):
        row = Duty.objects.get(pk=duty.pk)
        if not killed_after(count, lambda row=row: services.move_duty(by=olga, duty=row, move="approve")):
            break
        assert Duty.objects.get(pk=duty.pk).state == terms.SUBMITTED
        assert not Event.objects.filter(verb="duties.duty.approve").exists()
        assert not told(duty, "approve")
    assert 5 < count < 200
    assert Duty.objects.get(pk=duty.pk).state == terms.CLOSED
    assert Event.objects.filter(verb="duties.duty.approve").count() == 1
    assert told(duty, "approve") == {"carl", "cora"}


@pytest.mark.django_db(transaction=True)
def test_a_clock_killed_at_any_statement_loses_no_reminder_and_sends_none_twice(city: City) -> None:
    duties = [city.duty(), city.duty()]
    city.on(date(2026, 9, 23))
    for count in range(400):
        keeping.forget()
        if not killed_after(count, lambda: services.remind(moment(date(2026, 9, 23)))):
            break
        number = Reminder.objects.count()
        assert Event.objects.filter(verb="duties.duty.urged").count() == number
        assert Notice.objects.filter(event__verb="duties.duty.urged").count() == 2 * number
    assert 10 < count < 400
    assert [issued(duty) for duty in duties] == [[terms.URGE]] * 2
    assert {row.number for row in Reminder.objects.all()} == {"测催〔2026〕1号", "测催〔2026〕2号"}
    assert Notice.objects.filter(event__verb="duties.duty.urged").count() == 4


# --- how it stands ------------------------------------------------------------------------------------------------

AROUND = st.integers(-12, 40).map(lambda number: date(2026, 9, 18) + DAY * number)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    due=st.none() | AROUND,
    today=AROUND,
    state=st.sampled_from(sorted(terms.DUTY_STATES)),
    submitted=st.none() | AROUND,
)
@example(due=date(2026, 9, 24), today=date(2026, 9, 25), state=terms.WORKING, submitted=None)
@example(due=date(2026, 9, 28), today=date(2026, 9, 21), state=terms.ASSIGNED, submitted=None)
@example(due=date(2026, 9, 28), today=date(2026, 9, 28), state=terms.WORKING, submitted=None)
@example(due=date(2026, 9, 28), today=date(2026, 10, 8), state=terms.CLOSED, submitted=date(2026, 9, 28))
@example(due=date(2026, 9, 28), today=date(2026, 10, 8), state=terms.SUBMITTED, submitted=date(2026, 9, 29))
def test_python_and_the_database_agree_how_a_duty_stands(
    city: City, due: date | None, today: date, state: str, submitted: date | None
) -> None:
    if state in {terms.CLOSED, terms.SUBMITTED}:
        submitted = submitted or today
    duty = Duty.objects.first() or city.duty()
    Duty.objects.filter(pk=duty.pk).update(
        due_date=due,
        state=state,
        submitted_date=submitted,
        closed_date=today if state == terms.CLOSED else None,
    )
    Reminder.objects.all().delete()
    duty.refresh_from_db()
    found = {kind for kind in terms.DUE if Duty.objects.filter(queries.standing_q(kind, today)).exists()}
    assert found == ({queries.standing(duty, today)} if state in terms.OWED else set())
    late = due is not None and submitted is not None and submitted > due
    assert Duty.objects.filter(queries.WAS_LATE).exists() == late
    stands = queries.stands([duty], today)
    assert stands.total == (state != terms.CANCELLED)
    assert stands.closed - stands.on_time == (state == terms.CLOSED and late)
    # a level is due exactly when the working days since the last day say so
    for level, rule in queries.levels(today):
        wanted, is_due = rule["work_days"], Duty.objects.filter(queries.is_due_q(level, today)).exists()
        if due is None or state not in terms.OWED:
            assert not is_due
        elif wanted > 0:
            assert is_due == (today > due and queries.days_late(duty, today) >= wanted)
        elif wanted <= 0:
            assert is_due == (today <= due and queries.days_late(duty, today) >= wanted)


def test_how_a_duty_stands_on_the_days_around_its_last(city: City) -> None:
    duty = city.duty(terms.WORKING, due_date=date(2026, 9, 28))
    for day, kind in (
        (date(2026, 9, 21), terms.LATER), (date(2026, 9, 22), terms.SOON), (date(2026, 9, 27), terms.SOON),
        (date(2026, 9, 28), terms.TODAY), (date(2026, 9, 29), terms.OVERDUE),
    ):  # fmt: skip
        assert queries.standing(duty, day) == kind
    for day, late in (
        (date(2026, 9, 24), -1), (date(2026, 9, 28), 0), (date(2026, 9, 30), 2), (date(2026, 10, 5), 2), (date(2026, 10, 8), 3),
    ):  # fmt: skip
        assert queries.days_late(duty, day) == late
    city.on(date(2026, 9, 28), 23)
    city.submit("carl", duty)
    assert queries.standing(duty, date(2026, 12, 1)) == terms.TODAY
    assert not Duty.objects.filter(queries.WAS_LATE).exists()
