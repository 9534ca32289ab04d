"""What is asked before it is taken: amounts in the wrong unit, days that run backwards, a next step that lies behind."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import signed_in
from tests.unit.projects.conftest import City
from yinfeng.core.errors import Invalid
from yinfeng.core.money import WAN, YI, Money
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db


def yuan(amount: Decimal) -> Money:
    return Money.in_yuan(amount)


def change(city: City, project: Project, confirmed: bool = False, **values: Any) -> Project:
    project = Project.objects.get(pk=project.pk)
    return services.change_project(
        by=city.actor("bob"), project=project, version=project.version, values=values, confirmed=confirmed
    )


@pytest.mark.parametrize(
    ("name", "amount", "known", "claimed", "beside"),
    [
        ("fixed_investment", 3 * YI, {"intended": 5 * YI}, "", ""),
        ("fixed_investment", Decimal(3 * WAN * 100), {"intended": 500 * YI}, "", "intended"),
        ("fixed_investment", 501 * YI, {"intended": 5 * YI}, "", "intended"),
        ("fixed_investment", 500 * YI, {"intended": 5 * YI}, "", ""),
        ("expected_tax", 500 * WAN, {"expected_output": 1 * YI}, "", ""),
        ("expected_tax", 6 * YI, {"expected_output": 1 * YI}, "", "expected_output"),
        ("expected_tax", 4 * WAN, {"expected_output": 1 * YI}, "", "expected_output"),
        ("amount", 800 * YI, {"intended": 5 * YI}, stages.SIGNED, "intended"),
        ("amount", 100 * WAN, {"intended": 500 * YI}, stages.CAPITAL, ""),
        ("amount", 900 * YI, {"expected_output": 2 * YI}, stages.OUTPUT, "expected_output"),
        ("amount", 900 * YI, {}, stages.OUTPUT, ""),
    ],
)
def test_an_amount_ten_thousand_times_another_is_odd(
    name: str, amount: Decimal, known: dict[str, Decimal], claimed: str, beside: str
) -> None:
    assert queries.odd_beside(name, amount, known.get, claimed) == beside


def test_every_amount_of_a_project_is_questioned_until_confirmed(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    odd = {
        "intended": yuan(5_000 * YI), "fixed_investment": Decimal(9_000), "expected_output": 90_000 * YI,
        "expected_tax": Decimal(500), "statistics_investment": Decimal(700),
    }  # fmt: skip
    for name, amount in odd.items():
        with pytest.raises(Invalid) as asked:
            change(city, project, **{name: amount})
        assert {name, "confirm_amounts"} <= asked.value.fields.keys()
    with pytest.raises(Invalid, match="请核对") as asked:
        change(
            city, project, intended=yuan(500 * YI)
        )  # within the limits, and ten thousand times what it was
    assert "原来是" in str(asked.value.fields["intended"])
    changed = change(city, project, confirmed=True, **odd)
    change(city, changed, site="软件园")  # nobody is asked twice


def test_every_amount_that_is_claimed_is_questioned(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    with pytest.raises(Invalid) as asked:
        city.claim(project, yuan=500 * YI)
    assert "意向投资额是 5,000 万元" in str(asked.value.fields["amount"])
    city.verified(project, confirmed=True, yuan=500 * YI)


def test_the_page_and_the_api_ask_about_tax_and_statistics_too(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    client = signed_in(city.users["bob"])
    url = f"/api/v1/projects/{project.pk}/"
    headers = {"If-Match": str(project.version)}
    given: dict[str, Any] = {"expected_tax": "500", "statistics_investment": "700"}
    answer = client.patch(url, given, content_type="application/json", headers=headers)
    assert answer.status_code == 422
    assert {*given, "confirm_amounts"} <= answer.json()["fields"].keys()
    answer = client.patch(
        url, given | {"confirm_amounts": True}, content_type="application/json", headers=headers
    )
    assert answer.status_code == 200


def test_days_that_run_backwards_are_refused_with_both(city: City) -> None:
    project = city.project(stages.STARTED)
    started = project.started_date
    assert started is not None
    for values in (
        {
            "planned_completion_date": started - timedelta(days=1),
            "planned_start_date": started - timedelta(days=9),
        },
        {"planned_production_date": started - timedelta(days=1)},
        {"approached_date": timezone.localdate()},
        {"planned_start_date": date(206, 7, 1)},
    ):
        with pytest.raises(Invalid) as refused:
            change(city, project, **values)
        assert str(next(iter(values.values()))) in str(refused.value.sentence)
    with pytest.raises(Invalid, match=r"1926-05-01.*太早"):
        city.lead(heard_date=date(1926, 5, 1))
    with pytest.raises(Invalid, match=r"获知日期.*不能晚于今天"):
        city.lead(heard_date=timezone.localdate() + timedelta(days=1))


def test_a_next_step_is_not_set_to_a_day_that_is_over(city: City) -> None:
    today = timezone.localdate()
    past = today - timedelta(days=1)
    project = city.project(next_step="看地", next_date=today)
    with pytest.raises(Invalid, match=f"{past}.*{today}"):
        change(city, project, next_date=past)
    talk = {
        "talk_date": today, "form": "call", "our_side": "甲", "their_side": "乙", "summary": "谈", "place": "",
        "next_step": "报价", "next_date": past,
    }  # fmt: skip
    for wrong, field in ((talk, "next_date"), (talk | {"next_step": "", "next_date": today}, "next_step")):
        with pytest.raises(Invalid) as refused:
            services.record_talk(by=city.actor("bob"), project=project, values=wrong)
        assert field in refused.value.fields
    Project.objects.filter(pk=project.pk).update(next_date=past)
    assert change(city, project, next_date=past, site="软件园").site == "软件园"
