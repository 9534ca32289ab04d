"""Passing a project on: offered, taken, refused, decided, done with its agreement; credit and tax shared by its terms."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.factories.races import at_once
from tests.factories.reversals import reverse_entry
from tests.unit.projects.conftest import HEAD, PDF, City
from yinfeng.core import services as core
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid
from yinfeng.core.models import Event, Notice, Rule
from yinfeng.core.money import WAN, Money
from yinfeng.core.scopes import actions_on
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import WHOLE, Claim, Entry, Participation, Project, Share, Transfer

pytestmark = pytest.mark.django_db

TERMS: dict[str, Any] = {
    "percent": Decimal(40), "base": stages.BOTH, "years": 5, "start": stages.AGREEMENT, "statistics": stages.SPLIT,
}  # fmt: skip


@pytest.fixture
def people(city: City) -> City:
    """Let charlie (集美) and alice (湖里) pass projects on and take them, and the office decide between them."""
    for name, unit, permissions in (
        ("giver", city.jimei, [*HEAD, "projects.project.transfer"]),
        ("taker", city.huli, [*HEAD, "projects.project.transfer"]),
        ("office", city.root, ["projects.project.view", "projects.transfer.arbitrate", "projects.ledger.reverse"]),
    ):  # fmt: skip
        city.users[name] = make_user(name, unit, permissions, username=name)
    return city


def offer(city: City, project: Project, **terms: Any) -> Transfer:
    return services.offer_transfer(
        by=city.actor("giver"), project=project, to_unit=city.huli, reason="用地不足", terms=TERMS | terms
    )


def move(city: City, transfer: Transfer, name: str, by: str, **more: Any) -> Transfer:
    transfer.refresh_from_db()
    return services.move_transfer(
        by=city.actor(by), transfer=transfer, move=name, reason=more.pop("reason", "同意"), **more
    )


def complete(city: City, transfer: Transfer, day: date | None = None, by: str = "giver") -> Transfer:
    transfer = Transfer.objects.get(pk=transfer.pk)
    return services.complete_transfer(
        by=city.actor(by), transfer=transfer, agreed_date=day or timezone.localdate(), file=ContentFile(PDF, "协议.pdf"),
        name="协议.pdf",
    )  # fmt: skip


def passed_on(city: City, project: Project, day: date | None = None, **terms: Any) -> Transfer:
    """Pass a project on by an agreement of a day, on which everything is done."""
    moment = timezone.now() - (timezone.localdate() - (day or timezone.localdate()))
    with mock.patch("django.utils.timezone.now", return_value=moment):
        transfer = offer(city, project, **terms)
        move(city, transfer, "accept", "taker")
        done = complete(city, transfer, day)
    project.refresh_from_db()
    return done


def signed_long_ago(city: City, days: int = 1200) -> Project:
    """Return a project that was signed before any agreement of these tests."""
    with mock.patch("django.utils.timezone.now", return_value=timezone.now() - timedelta(days=days)):
        return city.project(stages.SIGNED)


def shares(project: Project, kind: str) -> dict[str, int]:
    found = Share.objects.filter(entry__project=project, entry__kind=kind, entry__sign=1)
    return dict(found.values_list("unit__name", "millionths"))


def claim(city: City, project: Project, kind: str, **values: Any) -> None:
    """Claim as the new host and let its other head verify."""
    project.refresh_from_db()
    made = city.claim(project, kind, by="taker", **values)
    services.verify_claim(by=city.actor("alice"), claim=made)
    project.refresh_from_db()


# --- the way of a transfer ----------------------------------------------------------------------------------------


@pytest.mark.clause("3.2.4")
def test_a_project_is_passed_on_with_its_agreement_and_its_history_stays(people: City) -> None:
    city = people
    project = city.project(stages.SIGNED)
    assert not Project.objects.permitted(city.actor("taker")).exists()
    transfer = offer(city, project)
    assert Project.objects.permitted(city.actor("taker")).get() == project
    assert Notice.objects.filter(owner=city.users["taker"]).exists()
    move(city, transfer, "accept", "taker")
    with pytest.raises(Invalid, match="三方协议"):
        move(city, transfer, "complete", "giver")
    done = complete(city, transfer)
    assert Notice.objects.filter(
        owner=city.users["bob"], event__verb="projects.project.transfer_completed"
    ).exists(), "on its team"
    project.refresh_from_db()
    assert (done.state, project.host_unit, project.stage) == (
        stages.COMPLETED_TRANSFER,
        city.huli,
        stages.SIGNED,
    )
    parts = set(project.participations.filter(until=None).values_list("unit__code", "part"))
    assert {("huli", "host"), ("jimei", "origin")} <= parts
    assert not parts & {("huli", "receiver"), ("jimei", "host"), ("jimei", "reporter")}
    assert shares(project, stages.SIGNED) == {"集美区": WHOLE}  # signed before: as it was
    with pytest.raises(Conflict, match="不能撤下"):
        services_remove(city, done)
    told = Notice.objects.get(owner=city.users["taker"], event__verb="projects.project.transfer_completed")
    assert "指定项目负责人" in told.event.note
    taker = signed_in(city.users["taker"])
    assert "指定承接单位的项目负责人" in taker.get(project.get_absolute_url()).content.decode()
    services.add_member(by=city.actor("taker"), project=project, user=city.users["alice"], is_leader=True)
    assert "指定承接单位的项目负责人" not in taker.get(project.get_absolute_url()).content.decode()
    with pytest.raises(Invalid, match="只能由流转更换"):
        services.change_project(
            by=city.actor("taker"), project=project, version=project.version, values={"host_unit": city.jimei}
        )  # fmt: skip


def test_what_was_only_offered_or_passed_on_is_in_sight_but_counts_to_who_holds_it(people: City) -> None:
    """The home page, the list to which its cards lead and the page of lights agree."""
    city = people
    Rule.objects.create(
        kind="stale", key="project", valid_from=date(2019, 4, 28), source="示例", data={"late_days": 90}
    )
    project = city.project(stages.NEGOTIATING)

    def numbers(name: str) -> tuple[str, bool, int, bool]:
        client = signed_in(city.users[name])
        cards = {str(card["label"]): card for card in client.get("/").context["cards"]}
        listed = project.name in client.get(cards["在谈"]["url"]).content.decode()
        lights = sum(int(total["count"]) for total in client.get("/projects/lights/").context["totals"])
        return cards["在谈"]["value"], listed, lights, "红灯" in cards

    transfer = offer(city, project)
    Project.objects.filter(pk=project.pk).update(progress_at=timezone.now() - timedelta(days=100))
    assert Project.objects.permitted(city.actor("taker")).count() == 1
    holds, looks_on = ("1", True, 1, True), ("0", False, 0, False)
    assert (numbers("giver"), numbers("taker"), numbers("office")) == (holds, looks_on, holds)
    move(city, transfer, "accept", "taker")
    complete(city, transfer)
    Project.objects.filter(pk=project.pk).update(progress_at=timezone.now() - timedelta(days=100))
    assert Project.objects.permitted(city.actor("giver")).count() == 1
    assert (numbers("giver"), numbers("taker"), numbers("office")) == (looks_on, holds, holds)


def services_remove(city: City, done: Transfer) -> None:
    assert done.agreement is not None
    core.remove_file(by=city.actor("taker"), obj=done.project, attachment=done.agreement, reason="误传")


def test_who_is_refused_may_ask_the_office_which_decides_on_its_own_terms(people: City) -> None:
    city = people
    project = city.project(stages.NEGOTIATING)
    transfer = offer(city, project)
    move(city, transfer, "decline", "taker", reason="没有用地指标")
    assert not Project.objects.permitted(city.actor("taker")).exists()
    move(city, transfer, "appeal", "giver", reason="湖里有现成厂房")
    assert Project.objects.permitted(city.actor("taker")).exists()
    assert Notice.objects.filter(owner=city.users["office"]).exists()
    page = signed_in(city.users["office"]).get(transfer.get_absolute_url()).content.decode()
    for text in ("用地不足", "没有用地指标", "湖里有现成厂房", f"/transfers/{transfer.pk}/award/"):
        assert text in page
    move(city, transfer, "award", "office", reason="由湖里承接", terms={"percent": Decimal(25), "years": 3})
    transfer.refresh_from_db()
    assert (transfer.state, transfer.percent, transfer.years, transfer.ruling) == (
        stages.ACCEPTED, 25, 3, "由湖里承接",
    )  # fmt: skip
    complete(city, transfer, by="taker")
    project.refresh_from_db()
    assert project.host_unit == city.huli


@pytest.mark.parametrize(("path", "end"), [(("decline", "withdraw"), "withdrawn"), (("withdraw",), "withdrawn"),
                                           (("decline", "appeal", "dismiss"), "dismissed")])  # fmt: skip
def test_what_comes_to_nothing_leaves_the_project_and_its_sight_as_they_were(
    people: City, path: tuple[str, ...], end: str
) -> None:
    city = people
    project = city.project(stages.NEGOTIATING)
    transfer = offer(city, project)
    sides = {"decline": "taker", "withdraw": "giver", "appeal": "giver", "dismiss": "office"}
    for step in path:
        move(city, transfer, step, sides[step])
    transfer.refresh_from_db()
    project.refresh_from_db()
    assert (transfer.state, project.host_unit) == (end, city.jimei)
    assert not Project.objects.permitted(city.actor("taker")).exists()
    assert offer(city, project).state == stages.OFFERED


def test_what_cannot_be_offered(people: City) -> None:
    city = people
    project = city.project(stages.NEGOTIATING)
    for to_unit, sentence in ((city.jimei, "另一个单位"), (city.group, "只有区和开发区")):
        with pytest.raises(Invalid, match=sentence):
            services.offer_transfer(
                by=city.actor("giver"), project=project, to_unit=to_unit, reason="用地不足", terms=TERMS
            )
    with pytest.raises(Invalid, match="原因"):
        services.offer_transfer(
            by=city.actor("giver"), project=project, to_unit=city.huli, reason=" ", terms=TERMS
        )
    with pytest.raises(Invalid):
        offer(city, project, percent=Decimal(101))
    project.refresh_from_db()
    offer(city, project)
    project.refresh_from_db()
    with pytest.raises((Conflict, Invalid), match="一份流转在办"):
        offer(city, project)
    held = city.project(stages.NEGOTIATING)
    services.move_project(by=city.actor("charlie"), project=held, move="hold", reason="等")
    with pytest.raises(Blocked, match="暂缓"):
        offer(city, held)


def test_nothing_is_passed_on_while_a_claim_waits(people: City) -> None:
    city = people
    project = city.project(stages.NEGOTIATING)
    transfer = offer(city, project)
    move(city, transfer, "accept", "taker")
    project.refresh_from_db()
    city.claim(project)
    with pytest.raises(Blocked, match="“签约”申报待核验"):
        complete(city, transfer)
    assert not Transfer.objects.exclude(agreement=None).exists()


TRUTH = {  # person: what he may do with a transfer out of 集美 to 湖里
    "giver": {"view", "give", "file"}, "taker": {"view", "take", "file"}, "office": {"view", "arbitrate"},
    "bob": {"view"}, "charlie": {"view"}, "dora": {"view"}, "erin": {"view"}, "alice": {"view"}, "stranger": set(),
}  # fmt: skip


def test_who_does_what_with_a_transfer(people: City) -> None:
    city = people
    transfer = offer(city, city.project(stages.NEGOTIATING))
    for person, allowed in TRUTH.items():
        found = actions_on(
            transfer, city.actor(person), {"view", "give", "take", "file", "arbitrate", "change"}
        )
        assert found == allowed, person
        address = transfer.get_absolute_url()
        page = signed_in(city.users[person]).get(address)
        assert (page.status_code == 200) is ("view" in allowed), person
        text = page.content.decode()
        assert (f"{address}accept/" in text) is ("take" in allowed), person
        assert (f"{address}withdraw/" in text) is ("give" in allowed), person
        for name, action in (("accept", "take"), ("withdraw", "give")):
            status = signed_in(city.users[person]).get(f"{address}{name}/").status_code
            assert (status == 200) is (action in allowed), (person, name)


def test_the_pages_of_a_transfer_from_offer_to_agreement(people: City) -> None:
    city = people
    project = city.project(stages.NEGOTIATING)
    giver, taker = signed_in(city.users["giver"]), signed_in(city.users["taker"])
    address = f"/projects/{project.pk}/transfer/"
    assert address in giver.get(project.get_absolute_url()).content.decode()
    assert str(giver.get(address).context["form"].initial["percent"]) == "50"  # without a rule
    given = {
        "to_unit": city.huli.pk, "reason": "用地不足", "percent": "40", "base": "both", "years": "5", "start": "agreement",
        "statistics": "split",
    }  # fmt: skip
    assert giver.post(address, given | {"percent": "140"}).status_code == 422
    answer = giver.post(address, given)
    assert answer.status_code == 302
    transfer = Transfer.objects.get()
    path = transfer.get_absolute_url()
    assert answer["Location"] == path
    assert "待我办理的流转" in taker.get("/").content.decode()
    assert taker.post(f"{path}accept/", {"reason": ""}).status_code == 302
    assert giver.get(f"{path}complete/").status_code == 200
    sent = {"agreed_date": str(timezone.localdate()), "agreement": ContentFile(PDF, name="协议.pdf")}
    assert giver.post(f"{path}complete/", sent).status_code == 302
    page = taker.get(path).content.decode()
    assert "已流转" in page
    assert "年度结算" in page
    listed = taker.get("/transfers/", {"unit": city.huli.pk, "state": "completed"})
    assert project.name in listed.content.decode()
    assert "集美区 → 湖里区" in taker.get(project.get_absolute_url()).content.decode()


# --- whose it is --------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.2.4")
@pytest.mark.clause("3.5.1")
def test_credit_and_tax_flow_into_the_books_of_both_for_the_agreed_years(people: City) -> None:
    city = people
    today = timezone.localdate()
    project = signed_long_ago(city)
    passed_on(city, project, today - timedelta(days=3))
    claim(city, project, stages.REGISTERED)
    assert shares(project, stages.REGISTERED) == {"湖里区": 600_000, "集美区": 400_000}
    claim(city, project, stages.TAX, key=str(today.year), happened_date=today, yuan=Decimal(1_000 * WAN))
    assert shares(project, stages.TAX) == {"湖里区": 600_000, "集美区": 400_000}
    sheet = queries.settlement(Transfer.objects.get())
    tax = next(line for line in sheet if line.kind == stages.TAX)
    assert (tax.year, tax.amount, tax.giver, tax.taker) == (today.year, 1_000 * WAN, 400 * WAN, 600 * WAN)
    assert [fault.sentence for fault in queries.faults()] == []
    page = signed_in(city.users["giver"]).get(Transfer.objects.get().get_absolute_url()).content.decode()
    assert "1,000 万元，其中集美区 400 万元，湖里区 600 万元" in page


@pytest.mark.parametrize(
    ("terms", "registered", "tax"),
    [
        ({"base": stages.INVESTMENT}, {"湖里区": 600_000, "集美区": 400_000}, {"湖里区": WHOLE}),
        ({"base": stages.TAX}, {"湖里区": WHOLE}, {"湖里区": 600_000, "集美区": 400_000}),
        ({"statistics": stages.SINGLE}, {"湖里区": WHOLE}, {"湖里区": 600_000, "集美区": 400_000}),
        ({"statistics": stages.DOUBLE}, {"湖里区": 600_000, "集美区": 400_000}, {"湖里区": 600_000, "集美区": 400_000}),
        ({"percent": Decimal(0)}, {"湖里区": WHOLE}, {"湖里区": WHOLE}),
        ({"percent": Decimal(100)}, {"集美区": WHOLE}, {"集美区": WHOLE}),
    ],
)  # fmt: skip
def test_terms_say_what_is_shared(people: City, terms: Any, registered: Any, tax: Any) -> None:
    city = people
    today = timezone.localdate()
    project = signed_long_ago(city)
    passed_on(city, project, today - timedelta(days=3), **terms)
    claim(city, project, stages.REGISTERED)
    claim(city, project, stages.TAX, key=str(today.year), happened_date=today)
    assert (shares(project, stages.REGISTERED), shares(project, stages.TAX)) == (registered, tax)


@pytest.mark.clause("3.2.4")
def test_rewards_paid_out_of_a_year_s_tax_are_taken_off_before_it_is_shared(people: City) -> None:
    """昆明飞地 2024: 税收扣减优惠政策后分享 (FACTS §1.5); to the cent, where millionths would be up to 10 yuan off."""
    city, today = people, timezone.localdate()
    project = signed_long_ago(city)
    passed_on(city, project, today - timedelta(days=3), base=stages.NET_TAX)
    claim(city, project, stages.REGISTERED)
    assert shares(project, stages.REGISTERED) == {"湖里区": WHOLE}
    paid = {"key": str(today.year), "happened_date": today, "yuan": Decimal(1_000 * WAN)}
    too_much = Money.of(Decimal("1000.01"), "wan")
    with pytest.raises(Invalid, match="不能多于地方留成税收"):
        claim(city, project, stages.TAX, **paid, rewards=too_much)
    with pytest.raises(Invalid, match="奖补以人民币兑现"):
        claim(city, project, stages.TAX, **paid, rewards=Money.of(Decimal(1), "wan_usd", Decimal(7)))
    claim(city, project, stages.TAX, **paid, rewards=Money.of(Decimal("333.3333"), "wan"))
    entry = Entry.objects.get(project=project, kind=stages.TAX)
    yuan = dict(entry.shares.values_list("unit__name", "amount"))
    assert yuan == {"集美区": Decimal("2666666.80"), "湖里区": Decimal("7333333.20")}
    (tax,) = (line for line in queries.settlement(Transfer.objects.get()) if line.kind == stages.TAX)
    assert (tax.amount, tax.rewards, tax.giver) == (1_000 * WAN, Decimal(3_333_333), Decimal("2666666.80"))
    assert [fault.sentence for fault in queries.faults()] == []
    page = signed_in(city.users["giver"]).get(Transfer.objects.get().get_absolute_url()).content.decode()
    assert "（减已兑现奖补 333.33 万元后分成）" in page
    reverse_entry(by=city.actor("office"), entry=entry, reason="金额有误")
    assert stages.TAX not in {line.kind for line in queries.settlement(Transfer.objects.get())}


@pytest.mark.parametrize(
    ("start", "days_ago", "shared"),
    [("agreement", 364, True), ("agreement", 367, False), ("started", 900, True), ("first_tax", 900, True)],
)
def test_the_term_runs_from_its_start(people: City, start: str, days_ago: int, shared: bool) -> None:
    """Of an agreement for one year; what it runs from has not happened yet where it is shared after that."""
    city = people
    today = timezone.localdate()
    project = signed_long_ago(city)
    passed_on(city, project, today - timedelta(days=days_ago), years=1, start=start)
    parts = queries.parts_of(project, Claim(kind=stages.REGISTERED, happened_date=today))
    assert (len(parts) == 2) is shared


def test_what_happened_before_the_agreement_is_its_unit_s_of_then(people: City) -> None:
    city = people
    today = timezone.localdate()
    project = signed_long_ago(city)
    passed_on(city, project, today)
    parts = queries.parts_of(project, Claim(kind=stages.REGISTERED, happened_date=today - timedelta(days=5)))
    assert [(part.unit, part.millionths) for part in parts] == [(city.jimei.pk, WHOLE)]


@pytest.mark.clause("3.2.4")
def test_the_day_of_the_agreement_is_still_its_holder_s_of_that_morning(people: City) -> None:
    """What was recognised on that day before the agreement was filed stays whose it was when it is put right (ADR 20)."""
    city, today = people, timezone.localdate()
    project = city.project(stages.SIGNED)  # signed today, before the agreement of today
    passed_on(city, project, years=1)
    entry = Entry.objects.get(project=project, kind=stages.SIGNED)
    reverse_entry(by=city.actor("office"), entry=entry, reason="金额有误")
    claim(city, project, stages.SIGNED, yuan=Decimal(70_000 * WAN))
    again = Entry.objects.get(project=project, kind=stages.SIGNED, turn=2)
    assert list(again.shares.values_list("unit__name", "millionths")) == [("集美区", WHOLE)]

    def parts(day: date) -> dict[int, int]:
        found = queries.parts_of(project, Claim(kind=stages.REGISTERED, happened_date=day))
        return {part.unit: part.millionths for part in found}

    ends = queries.last_day(today, 1)  # the term loses no day at its end
    assert parts(today) == {city.jimei.pk: WHOLE}
    assert parts(today + timedelta(days=1)) == parts(ends) == {city.huli.pk: 600_000, city.jimei.pk: 400_000}
    assert parts(ends + timedelta(days=1)) == {city.huli.pk: WHOLE}
    assert queries.settlement(Transfer.objects.get(project=project)) == []


def test_introducers_keep_their_part_and_the_rest_is_shared(people: City) -> None:
    city = people
    Rule.objects.create(
        kind="share", key="introducer", valid_from=date(2019, 4, 28), source="示例", data={"percent": 30}
    )
    project = signed_long_ago(city)
    third = make_unit("tongan", parent=city.root, name="同安区")
    Participation.objects.create(project=project, unit=third, part=stages.INTRODUCER)
    passed_on(city, project, timezone.localdate() - timedelta(days=3), percent=Decimal(50))
    found = {
        part.unit: part.millionths
        for part in queries.parts_of(
            project, Claim(kind=stages.REGISTERED, happened_date=timezone.localdate())
        )
    }
    assert found == {city.huli.pk: 350_000, city.jimei.pk: 350_000, third.pk: 300_000}
    taxed = {
        part.unit: part.millionths
        for part in queries.parts_of(project, Claim(kind=stages.TAX, happened_date=timezone.localdate()))
    }
    assert taxed == {city.huli.pk: 500_000, city.jimei.pk: 500_000}


def test_a_project_that_comes_back_is_shared_with_nobody_twice(people: City) -> None:
    city = people
    today = timezone.localdate()
    project = signed_long_ago(city)
    passed_on(city, project, today - timedelta(days=9), percent=Decimal(40))
    with pytest.raises(Forbidden):  # who passed it on does not take it back alone
        offer(city, project)
    moment = timezone.now() - timedelta(days=4)
    with mock.patch("django.utils.timezone.now", return_value=moment):
        back = services.offer_transfer(
            by=city.actor("taker"), project=project, to_unit=city.jimei, reason="企业改址", terms=TERMS | {"percent": Decimal(10)}
        )  # fmt: skip
        move(city, back, "accept", "giver")
    for wrong, sentence in ((days_ago(20), "早于在系统中提出流转"), (days_ago(-1), "不能晚于今天")):
        with pytest.raises(Invalid, match=sentence):
            complete(city, back, wrong, by="taker")
    complete(city, back, days_ago(2), by="taker")
    project.refresh_from_db()
    found = {
        part.unit: part.millionths
        for part in queries.parts_of(project, Claim(kind=stages.REGISTERED, happened_date=today))
    }
    assert found == {city.jimei.pk: 900_000, city.huli.pk: 100_000}
    between = {
        part.unit: part.millionths
        for part in queries.parts_of(project, Claim(kind=stages.REGISTERED, happened_date=days_ago(5)))
    }
    assert between == {city.jimei.pk: 400_000, city.huli.pk: 600_000}


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


@pytest.mark.parametrize(("day", "years", "expected"), [
    (date(2024, 2, 29), 1, date(2025, 2, 28)), (date(2024, 2, 29), 4, date(2028, 2, 29)), (date(2026, 5, 1), 5, date(2031, 5, 1)),
])  # fmt: skip
def test_the_last_day_of_a_term(day: date, years: int, expected: date) -> None:
    assert queries.last_day(day, years) == expected


# --- taxes and output ---------------------------------------------------------------------------------------------


def test_a_year_s_tax_counts_once_and_is_of_its_year(city: City) -> None:
    today = timezone.localdate()
    project = city.project(stages.REGISTERED)
    with pytest.raises(Invalid, match="不是同一年"):
        city.claim(project, stages.TAX, key=str(today.year - 1), happened_date=today)
    city.verified(project, stages.TAX, key=f" {today.year} ", happened_date=today)
    with pytest.raises(Conflict, match="已经认定过"):
        city.claim(project, stages.TAX, key=str(today.year), happened_date=today)
    entry = queries.counting(project, stages.TAX, str(today.year)).get()
    city.users["office"] = make_user("市办", city.root, ["projects.project.view", "projects.ledger.reverse"])
    reverse_entry(by=city.actor("office"), entry=entry, reason="金额有误")
    project.refresh_from_db()
    again = city.verified(
        project, stages.TAX, key=str(today.year), happened_date=today, yuan=Decimal(WAN * 99)
    )
    assert (again.key, again.turn) == (str(today.year), 2)
    assert queries.by_kind(Entry.objects.all())[stages.TAX].amount == 99 * WAN
    assert [fault.sentence for fault in queries.faults()] == []


@pytest.mark.parametrize("typed", ["回单 １", "回单1", " 回单1\u3000"])
def test_a_voucher_is_one_however_it_is_typed(city: City, typed: str) -> None:
    project = city.project(stages.REGISTERED)
    city.verified(project, stages.CAPITAL, key="回单1")
    with pytest.raises(Conflict, match="已经认定过"):
        city.claim(project, stages.CAPITAL, key=typed)


# --- at the same moment -------------------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_about_a_transfer_at_once_one_wins(transactional_db: None, people: City) -> None:
    city = people
    for _turn in range(3):
        project = city.project(stages.NEGOTIATING)
        rows = [Project.objects.get(pk=project.pk) for _person in range(3)]
        results = at_once([lambda row=row: offer(city, row) for row in rows])
        assert sum(isinstance(result, DomainError) for result in results) == 2
        transfer = Transfer.objects.get(project=project)
        results = at_once([
            lambda t=transfer: services.move_transfer(
                by=city.actor("taker"), transfer=Transfer.objects.get(pk=t.pk), move="accept", reason="好"
            ),
            lambda t=transfer: services.move_transfer(
                by=city.actor("giver"), transfer=Transfer.objects.get(pk=t.pk), move="withdraw", reason="不流转了"
            ),
        ])  # fmt: skip
        # withdrawing an accepted offer is allowed: one or both may succeed, never two answers to one state
        transfer.refresh_from_db()
        assert transfer.state in {stages.ACCEPTED, stages.WITHDRAWN}
        sees = Project.objects.permitted(city.actor("taker")).filter(pk=project.pk).exists()
        assert sees is (transfer.state == stages.ACCEPTED)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_claim_and_a_transfer_at_once_do_not_both_go_through(transactional_db: None, people: City) -> None:
    city = people
    for _turn in range(3):
        project = city.project(stages.NEGOTIATING)
        transfer = offer(city, project)
        move(city, transfer, "accept", "taker")
        row = Project.objects.get(pk=project.pk)
        results = at_once([
            lambda row=row: city.claim(row),
            lambda t=transfer: complete(city, t),
        ])  # fmt: skip
        waits = Claim.objects.filter(project=project, state=stages.SUBMITTED).exists()
        transfer.refresh_from_db()
        assert sum(isinstance(result, DomainError) for result in results) == 1
        assert waits is not (transfer.state == stages.COMPLETED_TRANSFER)


def test_only_heads_with_the_right_offer(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    for person in ("bob", "charlie", "dora", "erin"):
        with pytest.raises(Forbidden):
            services.offer_transfer(
                by=city.actor(person), project=project, to_unit=city.huli, reason="用地不足", terms=TERMS
            )
    assert actor_for(city.users["bob"]).may("projects.project.change")


# --- what a hostile reader found ----------------------------------------------------------------------------------


def test_who_looks_on_does_not_act(people: City) -> None:
    """A unit that was offered a project, and one that passed it on, see it and do nothing else."""
    city = people
    project = city.project(stages.NEGOTIATING)
    acts = {"view", "change", "advance", "hold", "team", "verify", "record", "transfer", "extend"}
    transfer = offer(city, project)
    assert actions_on(project, city.actor("taker"), acts) == {"view"}
    move(city, transfer, "accept", "taker")
    complete(city, transfer)
    project.refresh_from_db()
    assert actions_on(project, city.actor("giver"), acts) == {"view"}
    assert actions_on(project, city.actor("taker"), acts) == acts
    claim_ = city.claim(project, by="taker")
    told = set(
        Notice.objects.filter(event__verb="projects.project.claim_submitted").values_list(
            "owner__username", flat=True
        )
    )
    assert told == {"alice", "dora"}  # the other head of the host, and the group; not who passed it on
    assert claim_.state == stages.SUBMITTED


def test_nobody_accepts_his_own_offer(people: City) -> None:
    city = people
    both = make_user(
        "两头", city.root, ["projects.project.view", "projects.project.transfer"], username="both"
    )
    city.users["both"] = both
    transfer = services.offer_transfer(
        by=city.actor("both"),
        project=city.project(stages.NEGOTIATING),
        to_unit=city.huli,
        reason="用地不足",
        terms=TERMS,
    )
    with pytest.raises(Blocked, match="提出人以外"):
        move(city, transfer, "accept", "both")


def test_only_the_office_of_the_city_decides(people: City) -> None:
    city = people
    city.users["own"] = make_user(
        "区办", city.jimei, ["projects.project.view", "projects.transfer.arbitrate"], username="own"
    )
    transfer = offer(city, city.project(stages.NEGOTIATING))
    move(city, transfer, "decline", "taker")
    move(city, transfer, "appeal", "giver")
    with pytest.raises(Forbidden):
        move(city, transfer, "award", "own")
    move(city, transfer, "award", "office")
    for name, person in (("withdraw", "giver"), ("step_down", "taker")):
        with pytest.raises(Blocked, match="已经裁定"):
            move(city, transfer, name, person)
    move(city, transfer, "dismiss", "office", reason="企业改变主意")
    assert not Project.objects.permitted(city.actor("taker")).exists()


def test_every_transfer_has_a_way_out(people: City) -> None:
    city = people
    accepted = offer(city, city.project(stages.NEGOTIATING))
    move(city, accepted, "accept", "taker")
    move(city, accepted, "step_down", "taker", reason="厂房已租出")
    accepted.refresh_from_db()
    assert (accepted.state, accepted.reply) == (stages.DECLINED, "厂房已租出")
    move(city, accepted, "dismiss", "office", reason="双方都不再办理")
    project = city.project(stages.NEGOTIATING)
    other = offer(city, project)
    project.refresh_from_db()
    services.move_project(by=city.actor("charlie"), project=project, move="end", reason="投资方放弃")
    other.refresh_from_db()
    assert other.state == stages.WITHDRAWN
    assert not Project.objects.permitted(city.actor("taker")).filter(pk=project.pk).exists()


@pytest.mark.parametrize("ends", ["withdraw", "dismiss"])
def test_the_other_side_is_told_when_it_comes_to_nothing(people: City, ends: str) -> None:
    city = people
    transfer = offer(city, city.project(stages.NEGOTIATING))
    if ends == "dismiss":
        move(city, transfer, "decline", "taker")
        move(city, transfer, "appeal", "giver")
    Notice.objects.all().delete()
    move(city, transfer, ends, "giver" if ends == "withdraw" else "office")
    assert Notice.objects.filter(owner=city.users["taker"]).exists()


def test_a_unit_that_is_no_more_receives_nothing(people: City) -> None:
    city = people
    transfer = offer(city, city.project(stages.NEGOTIATING))
    move(city, transfer, "accept", "taker")
    city.huli.valid_to = days_ago(1)
    city.huli.save()
    with pytest.raises((Conflict, Forbidden)):
        complete(city, transfer)


def test_a_sensitive_project_is_offered_only_where_somebody_may_see_it(people: City) -> None:
    city = people
    seeing = ["projects.project.view", "projects.project.view_sensitive", "projects.project.transfer"]
    city.users["giver"] = make_user("可看流出", city.jimei, seeing, username="giver2")
    project = city.project(stages.NEGOTIATING, secrecy=stages.SENSITIVE)
    with pytest.raises(Invalid, match="敏感项目"):
        offer(city, project)
    city.users["cleared"] = make_user("可看", city.huli, seeing, username="cleared")
    project.refresh_from_db()
    transfer = offer(city, project)
    move(city, transfer, "accept", "cleared")


@pytest.mark.parametrize(
    ("terms", "values", "field"),
    [({"base": stages.INVESTMENT, "statistics": stages.SINGLE}, {}, "statistics"),
     ({"start": stages.STARTED}, {"construction_kind": "opening"}, "start")],
)  # fmt: skip
def test_terms_that_share_nothing_or_never_end_are_refused(
    people: City, terms: Any, values: Any, field: str
) -> None:
    project = people.project(stages.NEGOTIATING, **values)
    with pytest.raises(Invalid) as refused:
        offer(people, project, **terms)
    assert field in refused.value.fields


def test_a_term_never_begins_before_its_agreement(people: City) -> None:
    city = people
    project = signed_long_ago(city)
    Project.objects.filter(pk=project.pk).update(started_date=days_ago(900))
    project.refresh_from_db()
    passed_on(city, project, days_ago(30), years=1, start=stages.STARTED)
    assert (
        len(queries.parts_of(project, Claim(kind=stages.COMPLETED, happened_date=timezone.localdate()))) == 2
    )


def test_what_was_recognised_after_the_agreement_is_asked_about_before_filing(people: City) -> None:
    city = people
    project = signed_long_ago(city)
    with mock.patch("django.utils.timezone.now", return_value=timezone.now() - timedelta(days=5)):
        transfer = offer(city, project)
        move(city, transfer, "accept", "taker")
    project.refresh_from_db()
    city.verified(project, stages.REGISTERED)
    with pytest.raises(Invalid, match="已经认定了业绩"):
        complete(city, transfer, days_ago(3))


def test_the_yearly_sheet_tells_of_its_own_agreement_alone(people: City) -> None:
    city = people
    Rule.objects.create(
        kind="share", key="introducer", valid_from=date(2019, 4, 28), source="示例", data={"percent": 30}
    )
    project = signed_long_ago(city)
    third = make_unit("tongan", parent=city.root, name="同安区")
    Participation.objects.create(project=project, unit=third, part=stages.INTRODUCER)
    first = passed_on(city, project, days_ago(20))
    claim(city, project, stages.REGISTERED, happened_date=days_ago(10))
    (line,) = queries.settlement(first)
    assert (line.giver, line.taker, line.others) == (1_120 * WAN, 1_680 * WAN, 1_200 * WAN)
    page = signed_in(city.users["office"]).get(first.get_absolute_url()).content.decode()
    assert "其他单位 1,200 万元" in page
    taxed = signed_long_ago(city)
    only_tax = passed_on(city, taxed, days_ago(20), base=stages.TAX)
    claim(city, taxed, stages.REGISTERED, happened_date=days_ago(10))
    (line,) = queries.settlement(only_tax)
    assert (line.giver, line.why) == (0, "分成范围是“地方留成税收”")


def test_the_yearly_sheet_says_what_the_ledger_says_however_the_term_is_counted_since(people: City) -> None:
    """The start that the years run from is told late, and taken back: what was shared stays on the sheet, what was not does not come."""
    whole, half = Decimal(2_000 * WAN), Decimal(1_000 * WAN)
    project = signed_long_ago(people)
    done = passed_on(people, project, days_ago(1000), percent=50, years=1, start=stages.STARTED)
    claim(people, project, stages.REGISTERED, happened_date=days_ago(990))
    claim(people, project, stages.CAPITAL, happened_date=days_ago(200), key="甲", yuan=whole)
    services.move_project(by=people.actor("alice"), project=project, move="prepare")
    claim(people, project, stages.STARTED, happened_date=days_ago(900))
    claim(
        people, project, stages.CAPITAL, happened_date=days_ago(100), key="乙", yuan=whole
    )  # after the term

    def capital() -> list[tuple[Decimal, Decimal, Decimal]]:
        found = queries.settlement(Transfer.objects.get(pk=done.pk))
        return [(line.amount, line.giver, line.taker) for line in found if line.kind == stages.CAPITAL]

    assert capital() == [(whole, half, half)]
    office = make_user("冲销人", people.root, ["projects.project.view", "projects.ledger.reverse"])
    started = Entry.objects.get(project=project, kind=stages.STARTED)
    reverse_entry(by=actor_for(office), entry=started, reason="开工日期有误")
    assert capital() == [(whole, half, half)]


def test_the_terms_are_shown_to_who_agrees_decides_and_files_and_a_ruling_says_what_it_changed(
    people: City,
) -> None:
    city = people
    project = city.project(stages.SIGNED)
    transfer = offer(city, project, percent=Decimal(30))
    taker, office = signed_in(city.users["taker"]), signed_in(city.users["office"])
    url = transfer.get_absolute_url()
    asked = taker.get(f"{url}accept/").content.decode()
    for text in ("流出单位分成</dt><dd>30%", "5 年", "按分成比例拆分"):
        assert text in asked
    move(city, transfer, "decline", "taker")
    move(city, transfer, "appeal", "giver")
    assert "流出单位分成</dt><dd>30%" in office.get(f"{url}award/").content.decode()
    move(city, transfer, "award", "office", terms={"percent": Decimal(25)})
    ruled = Event.objects.get(verb="projects.transfer.award", object_id=transfer.pk)
    assert ruled.changes["percent"] == ["30", "25"]
    told = Event.objects.get(verb="projects.project.transfer_awarded", object_id=project.pk)
    assert "流出单位分成 30% → 25%" in told.data["text"]
    giver = signed_in(city.users["giver"])
    assert "流出单位分成</dt><dd>25%" in giver.get(f"{url}complete/").content.decode()


def test_a_paper_of_before_the_offer_is_filed_under_its_own_day_with_a_reason(people: City) -> None:
    city = people
    project = signed_long_ago(city)
    transfer = offer(city, project)
    move(city, transfer, "accept", "taker")
    signed = timezone.localdate() - timedelta(days=12)
    with pytest.raises(Invalid, match="早于在系统中提出流转") as refused:
        complete(city, transfer, signed)
    assert set(refused.value.fields) == {"agreed_date", "early"}
    giver, url = signed_in(city.users["giver"]), f"{transfer.get_absolute_url()}complete/"
    assert "先签协议的原因" not in giver.get(url).content.decode()  # asked of nobody without need
    sent = {"agreed_date": str(signed), "agreement": ContentFile(PDF, name="协议.pdf")}
    asked = giver.post(url, sent)
    assert asked.status_code == 422
    assert "先签协议的原因" in asked.content.decode()
    sent = {
        "agreed_date": str(signed),
        "agreement": ContentFile(PDF, name="协议.pdf"),
        "early": "协议在上线之前签订",
    }
    assert giver.post(url, sent).status_code == 302
    transfer.refresh_from_db()
    assert (transfer.state, transfer.agreed_date) == (stages.COMPLETED_TRANSFER, signed)
    assert (
        Event.objects.get(verb="projects.transfer.complete", object_id=transfer.pk).note
        == "协议在上线之前签订"
    )


def test_who_led_a_project_for_the_old_unit_leads_it_no_more(people: City) -> None:
    city = people
    project = city.project(stages.SIGNED)
    assert project.team.get(until=None, is_leader=True).user == city.users["bob"]
    passed_on(city, project)
    assert project.team.get(until=None).is_leader is False
    taker = signed_in(city.users["taker"])
    home = taker.get("/").content.decode()
    assert "待我指定项目负责人" in home
    assert f"/projects/{project.pk}/team/add/" in home
    assert "待我指定项目负责人" not in signed_in(city.users["giver"]).get("/").content.decode()
    services.add_member(by=city.actor("taker"), project=project, user=city.users["alice"], is_leader=True)
    assert "待我指定项目负责人" not in taker.get("/").content.decode()
