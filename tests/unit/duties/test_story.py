"""One duty's page tells everything that belongs to it, and asks no more for it."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import signed_in
from tests.unit.duties.conftest import City
from yinfeng.duties import queries, services, terms
from yinfeng.duties.models import Duty

MOST = 10


def full(city: City) -> Duty:
    """Return a duty of which there is one of everything, late by three working days."""
    duty = city.duty(
        terms.WORKING, due_date=date(2026, 9, 16), leader=city.person("lena"), co_leads=[city.units["science"]],
        joint_units=[city.units["districts"]],
    )  # fmt: skip
    city.part(duty)
    services.report_progress(
        by=city.actor("carl"), duty=duty, unit=city.units["commerce"], text="已录入一半", percent=50
    )
    services.report_progress(
        by=city.actor("sven"), duty=duty, unit=city.units["science"], text="已核实", problem="缺权属材料"
    )
    asked = city.ask(duty, date(2026, 9, 18))
    services.grant_extension(
        by=city.actor("olga"), extension=asked, until=date(2026, 9, 17), answer="同意一天"
    )
    city.ask(Duty.objects.get(pk=duty.pk), date(2026, 9, 22))
    city.on(date(2026, 9, 23))
    services.issue_reminder(
        by=city.actor("olga"), duty=Duty.objects.get(pk=duty.pk), level=terms.ORDER, reason="月底前办结"
    )
    return Duty.objects.get(pk=duty.pk)


def test_the_story_tells_everything_in_its_order(city: City) -> None:
    told = queries.story(full(city).pk)
    assert told.named(terms.LEAD) == ["市商务局"]
    assert told.named(terms.CO_LEAD) == ["市科技局"]
    assert told.named(terms.JOINT) == ["各区"]
    assert {party.name for party in told.parties if party.is_meant} == {"集美区", "湖里区"}
    assert told.named(terms.LEADER) == ["lena"]
    assert [(row.unit, row.who, row.percent, row.problem) for row in told.reports] == [
        ("市科技局", "sven", None, "缺权属材料"), ("市商务局", "carl", 50, ""),
    ]  # fmt: skip
    assert [(row.state, row.was, row.granted_until, row.answer) for row in told.extensions] == [
        (terms.ASKED, date(2026, 9, 17), None, ""), (terms.GRANTED, date(2026, 9, 16), date(2026, 9, 17), "同意一天"),
    ]  # fmt: skip
    (issued,) = told.reminders
    assert (issued.level, issued.who, issued.for_date, issued.has_document) == (
        terms.ORDER,
        "olga",
        date(2026, 9, 17),
        True,
    )


def test_a_page_with_everything_asks_no_more_than_any(city: City) -> None:
    duty = full(city)
    for name in ("olga", "carl"):
        client = signed_in(city.users[name])
        assert client.get(duty.get_absolute_url()).status_code == 200
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = client.get(duty.get_absolute_url()).content.decode()
        assert len(asked) <= MOST, "\n".join(query["sql"][:160] for query in asked)
        assert "缺权属材料" in page
        assert "同意一天" in page
