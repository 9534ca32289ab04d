"""One unit’s dashboard: each figure is that of the rows to which it leads, of what one sees alone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.factories import make_user, signed_in
from tests.unit.projects.conftest import HEAD, City
from tests.unit.projects.test_personal import big, post_of, record, rules
from tests.unit.projects.test_scheduling import TERMS
from yinfeng.core.models import Rule
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 10, 10, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def busy(city: City) -> Any:
    """A district with something of everything, on 10 November."""
    with time_machine.travel(NOW, tick=False) as clock:
        rules()
        Rule.objects.create(
            kind="stale", key="project", data={"warn_days": 60, "late_days": 90, "leave_days": 180}, valid_from=NOW.date()
        )  # fmt: skip
        post_of(city.jimei, "集美书记")
        for name, unit in (("giver", city.jimei), ("taker", city.huli)):
            city.users[name] = make_user(name, unit, [*HEAD, "projects.project.transfer"], username=name)
        clock.move_to(NOW - timedelta(days=400))
        city.project(stages.SIGNED, host_unit=city.jimei)  # last year's signing
        clock.move_to(NOW)
        record(city, big(city))
        red, offered = big(city), big(city)
        Project.objects.filter(pk=red.pk).update(progress_at=NOW - timedelta(days=100))
        city.project(stages.REGISTERED, host_unit=city.jimei)
        city.project(stages.PLANNED)
        city.project(stages.PLANNED, by="alice", host_unit=city.huli)
        services.offer_transfer(
            by=city.actor("giver"), project=offered, to_unit=city.huli, reason="用地不足", terms=TERMS
        )
        yield city


def figures(page: str) -> list[tuple[str, str]]:
    """Return (figure, address) of every number that leads somewhere."""
    main = page[page.index("yf-cards") :]
    found = re.findall(r'<a href="(/(?:projects|ledger|transfers)/[^"]+)">(.*?)</a>', main, re.DOTALL)
    cards = [
        (url, re.sub(r"<[^>]+>", "", text.split("yf-card__figure")[-1].lstrip('">'))) for url, text in found
    ]
    return [(text.strip(), url.replace("&amp;", "&")) for url, text in cards]


def listed(client: Client, url: str) -> str:
    text = client.get(url).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize("who", ["erin", "charlie", "taker"])
def test_every_figure_is_that_of_its_rows(busy: City, who: str) -> None:
    client = signed_in(busy.users[who])
    page = client.get(f"/units/{busy.jimei.pk}/projects/").content.decode()
    checked = 0
    for text, url in figures(page):
        number = re.match(r"[\d,]+", text)
        if number is None or "/funnel/" in url:
            continue
        told = listed(client, url)
        if url.startswith("/ledger/"):
            assert text in told, url
        else:
            assert f"共 {number[0]} 条" in told, url
        checked += 1
    assert checked > (2 if who == "taker" else 12)


def test_the_library_lights_and_duties_add_up(busy: City) -> None:
    seen = Project.objects.permitted(busy.actor("erin")).filter(queries.placed_at(busy.jimei.pk))
    by_stage = queries.stood_by_stage(seen, NOW.date())
    states = {state.code: queries.stood_in(state, by_stage).projects for state in queries.states()}
    assert states == {"planned": 1, "intended": 0, "negotiating": 3, "landed": 2}
    whole = sum(by_stage.values(), queries.Stood())
    assert whole.projects == sum(whole.lights.values()) == 6
    assert whole.lights[stages.RED] == 2
    assert whole.to_leave == 1


def test_the_ledger_stands_beside_last_years(busy: City) -> None:
    record_of = queries.record_of(busy.actor("erin"), busy.jimei.pk, (2025, 2026))
    assert record_of.booked["signed", 2025] == queries.Sums(Decimal(1), Decimal(40_000_000))
    assert record_of.booked["signed", 2026] == queries.Sums(Decimal(1), Decimal(40_000_000))
    assert record_of.transfers == {("out", "offered"): 1}
    other = queries.record_of(busy.actor("erin"), busy.huli.pk, (2025, 2026))
    assert (other.booked, other.transfers) == ({}, {("in", "offered"): 1})
    page = signed_in(busy.users["erin"]).get(f"/units/{busy.jimei.pk}/projects/?year=2025").content.decode()
    assert "booked_date_after=2025-01-01" in page
    assert "booked_date_after=2026-01-01" not in page


def test_the_dashboard_asks_ten_questions(busy: City, django_assert_max_num_queries: Any) -> None:
    client = signed_in(busy.users["charlie"])
    url = f"/units/{busy.jimei.pk}/projects/"
    client.get(url)
    with django_assert_max_num_queries(10):
        page = client.get(url).content.decode()
    assert "已 100 天没有进展，满 90 天亮红灯" in page


def test_one_sees_ones_own_alone(busy: City) -> None:
    page = signed_in(busy.users["stranger"]).get(f"/units/{busy.jimei.pk}/projects/").content.decode()
    assert not [text for text, url in figures(page) if url.startswith("/ledger/") or "/transfers/" in url]
    assert all(text.startswith("0") for text, url in figures(page) if "state=" in url)


def test_units_that_host_nothing_have_none(busy: City) -> None:
    client = signed_in(busy.users["erin"])
    assert client.get(f"/units/{busy.group.pk}/projects/").status_code == 404
    assert client.get(f"/units/{Unit.objects.latest('pk').pk + 9}/projects/").status_code == 404
    for year in ("", "x", "1", "99999999"):
        assert client.get(f"/units/{busy.jimei.pk}/projects/?year={year}").status_code == 200
