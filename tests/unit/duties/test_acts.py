"""The pages of acts on a duty: each opens exactly where it is offered, and offers what the service will take."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from tests.factories import make_unit, make_user, signed_in
from tests.unit.duties.conftest import City
from yinfeng.core.errors import Blocked
from yinfeng.core.queries import files_of
from yinfeng.duties import queries, services, terms
from yinfeng.duties.models import Duty
from yinfeng.orgs.models import Body, Membership, Person, Seat, SeatTerm

pytestmark = pytest.mark.django_db

FORMS = ("change", "report", "submit", "extend", "divide", "hand-over", "remind")


def test_the_form_of_an_act_opens_exactly_where_the_page_offers_it(city: City) -> None:
    duties = {state: city.duty(state, joint_units=[city.units["finance"]]) for state in terms.DUTY_STATES}
    duties["asking"] = city.duty(terms.WORKING)
    city.ask(duties["asking"], date(2026, 9, 28))
    duties["late"] = city.duty(terms.WORKING, due_date=date(2026, 9, 14))
    duties["reminded"] = city.duty()
    services.issue_reminder(
        by=city.actor("olga"), duty=duties["reminded"], level=terms.REMIND, reason="请抓紧"
    )
    whole = city.duty(terms.WORKING)
    duties["part"] = city.part(whole)
    city.on(date(2026, 9, 15))
    opened = 0
    for name in ("olga", "cora", "carl", "fred", "tom", "erin"):
        client = signed_in(city.users[name])
        for told, duty in duties.items():
            page = client.get(duty.get_absolute_url())
            acts = page.context["acts"] if page.status_code == 200 else []
            offered = {act["url"] for act in acts if not act.get("blocked_reason")}
            for act in FORMS:
                url = reverse(f"duty-{act}", args=[duty.pk])
                answer = client.get(url)
                assert (answer.status_code == 200) == (url in offered), (name, told, act, answer.status_code)
                assert answer.status_code in (200, 403, 404, 409), (name, told, act)
                opened += answer.status_code == 200
    assert opened > 30


def test_the_office_is_told_that_an_extension_is_its_own_to_decide(city: City) -> None:
    duty = city.duty(terms.WORKING)
    city.ask(duty, date(2026, 9, 28))
    with pytest.raises(Blocked, match="请先同意或者不同意延期"):
        services.hand_over(by=city.actor("olga"), duty=duty, unit=city.units["finance"], reason="职责调整")
    with pytest.raises(Blocked, match="请先撤回或等待审批"):
        city.move("carl", duty, "send_back", "不属于本单位职责")


def test_only_levels_that_are_due_are_offered(city: City) -> None:
    duty = city.duty(terms.WORKING)  # due on the 22nd
    url = reverse("duty-remind", args=[duty.pk])

    def offered() -> list[str]:
        page = signed_in(city.users["olga"]).get(url)
        return [level for level, _label in page.context["form"].fields["level"].choices]

    for day, levels in (
        (date(2026, 9, 14), [terms.REMIND]), (date(2026, 9, 23), [terms.URGE]), (date(2026, 9, 30), [terms.URGE, terms.ORDER, terms.CIRCULAR]),
    ):  # fmt: skip
        city.on(day)
        assert offered() == levels
    for level in levels:
        services.issue_reminder(by=city.actor("olga"), duty=duty, level=level, reason="请抓紧")
    refused = signed_in(city.users["olga"]).get(url)
    assert refused.status_code == 409
    assert "逾期满 10 个工作日才发“约谈”" in refused.content.decode()


def test_locked_evidence_shows_no_bin(city: City) -> None:
    client = signed_in(city.users["carl"])
    for state, is_locked in ((terms.WORKING, False), (terms.SUBMITTED, True), (terms.CLOSED, True)):
        duty = city.duty(terms.SUBMITTED if state == terms.WORKING else state)
        if state == terms.WORKING:
            city.move("carl", duty, "take_back")
        (file,) = list(files_of(duty))
        bin_url = reverse("file-remove", args=[file.pk])
        assert (bin_url not in client.get(duty.get_absolute_url()).content.decode()) == is_locked


def test_those_who_can_lead_stand_in_official_order(city: City) -> None:
    units = city.units
    group = make_unit("leaders", "leader_group", units["root"], order=1)
    body = Body.objects.create(code="leaders", kind="leader_group", unit=group, name="领导小组")
    seats = [
        Seat.objects.create(body=body, kind=kind, position=position, order=order)
        for order, (kind, position) in enumerate((("head", "组长"), ("deputy", "副组长")))
    ]
    hall = make_unit("hall", "leadership", units["root"], name="市政府", short_name="市政府", order=2)
    for name, unit, first in (
        ("局长", "finance", True),
        ("科员", "finance", False),
        ("旧局长", "science", True),
    ):
        made = Person.objects.create(name=name)
        until = date(2026, 9, 1) if name == "旧局长" else None
        Membership.objects.create(
            person=made, unit=units[unit], position=name, is_first_hand=first, valid_to=until
        )
    for name, seat in (("副组长甲", seats[1]), ("组长甲", seats[0])):
        SeatTerm.objects.create(
            seat=seat, person=Person.objects.create(name=name), valid_from=date(2026, 1, 1)
        )
    Membership.objects.create(person=Person.objects.create(name="秘书长"), unit=hall, position="秘书长")
    told = [(person.name, person.post) for person in queries.leaders()]
    assert told[:2] == [("组长甲", "组长"), ("副组长甲", "副组长")]
    assert set(told[2:]) == {("秘书长", "市政府 秘书长"), ("局长", "市财政局 局长")}
    clerk = make_user("一般人员", units["office"]).person
    duty = city.duty(leader=clerk)  # as it was set before, or over the API: changing the rest leaves it
    page = signed_in(city.users["olga"]).get(reverse("duty-change", args=[duty.pk]))
    assert page.context["form"].fields["leader"].queryset.filter(pk=clerk.pk).exists()
    assert not queries.leaders().filter(pk=clerk.pk).exists()


def test_what_is_due_first_is_to_be_accepted_first(city: City) -> None:
    city.on(date(2026, 9, 1))
    later = city.duty(due_date=date(2026, 10, 20))
    city.on(date(2026, 9, 14))
    sooner = city.duty(due_date=date(2026, 9, 21))
    Duty.objects.filter(pk=later.pk).update(due_date=None)  # stands until further notice
    last = city.duty(due_date=date(2026, 9, 24))
    legs = queries.inbox(city.actor("carl"), date(2026, 9, 15), mine=True, each=9)
    assert next(leg.rows for leg in legs if leg.name == queries.TO_ACCEPT) == [sooner, last, later]
