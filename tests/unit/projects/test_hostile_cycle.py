"""What a hostile reader found in claims, reversals, steps back and extensions; each would come back unnoticed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from tests.factories import make_enterprise, make_user, signed_in
from tests.factories.races import at_once
from tests.factories.reversals import checker, reverse_entry
from tests.unit.projects.conftest import PDF, City
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid
from yinfeng.core.models import Event, Notice
from yinfeng.core.money import WAN, Money
from yinfeng.core.scopes import actions_on, in_sight
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Claim, Entry, Project, Reversal, StepBack

pytestmark = pytest.mark.django_db


def office(city: City) -> Any:
    if "office" not in city.users:
        city.users["office"] = make_user(
            "市办", city.root, ["projects.project.view", "projects.ledger.reverse"]
        )
    return actor_for(city.users["office"])


def reverse(city: City, project: Project, kind: str) -> Entry:
    entry = Entry.objects.get(project=project, kind=kind, sign=1, reversed_by=None)
    undone = reverse_entry(by=office(city), entry=entry, reason="更正")
    project.refresh_from_db()
    return undone


def back(city: City, project: Project, target: str) -> StepBack:
    project.refresh_from_db()
    return services.ask_back(by=city.actor("bob"), project=project, target=target, reason="合同解除")


def grown(city: City, project: Project, by: str = "bob", **values: Any) -> Project:
    given = {"name": "二期", "summary": "追加", "intended": Money.in_yuan(1_000 * WAN), **values}
    return services.extend_project(by=city.actor(by), project=project, values=given, despite="原企业追加")


@pytest.mark.parametrize("person", ["bob", "charlie", "dora"])
def test_a_page_opens_when_arrived_money_is_reversed(city: City, person: str) -> None:
    project = city.project(stages.REGISTERED)
    city.verified(project, stages.CAPITAL)
    reverse(city, project, stages.CAPITAL)
    assert signed_in(city.users[person]).get(project.get_absolute_url()).status_code == 200


def test_a_reversal_is_not_taken_back_once_the_project_has_gone_back(city: City) -> None:
    project = city.project(stages.SIGNED)
    undone = reverse(city, project, stages.SIGNED)
    assert (project.contracted, project.signed_date) == (None, None)  # what does not count is not told
    step = back(city, project, stages.PLANNED)
    services.approve_step_back(by=city.actor("charlie"), step=step)
    with pytest.raises(Conflict, match="不能再撤销"):
        reverse_entry(by=office(city), entry=undone, reason="没有错")
    client = signed_in(city.users["office"])
    assert f"/ledger/{undone.pk}/reverse/" not in client.get(f"/ledger/{undone.pk}/").content.decode()
    assert client.get(f"/ledger/{undone.pk}/reverse/").status_code == 409
    for move in ("intend", "negotiate"):
        project.refresh_from_db()
        services.move_project(by=city.actor("bob"), project=project, move=move)
    city.verified(project)
    assert project.contracted == 4_000 * WAN
    assert list(queries.faults()) == []


def test_a_reversal_taken_back_gives_the_project_its_day_and_amount_again(city: City) -> None:
    project = city.project(stages.SIGNED)
    day = project.signed_date
    undone = reverse(city, project, stages.SIGNED)
    reverse_entry(by=office(city), entry=undone, reason="没有错")
    project.refresh_from_db()
    assert (project.signed_date, project.contracted) == (day, 4_000 * WAN)
    assert list(queries.faults()) == []


def test_nothing_goes_on_over_a_reversed_achievement(city: City) -> None:
    project = city.project(stages.REGISTERED)
    reverse(city, project, stages.SIGNED)
    with pytest.raises(Blocked, match="“签约”业绩已冲销"):
        services.move_project(by=city.actor("bob"), project=project, move="prepare")
    opening = city.project(stages.REGISTERED, construction_kind="opening")
    reverse(city, opening, stages.REGISTERED)
    with pytest.raises(Blocked, match="“注册”业绩已冲销"):
        city.claim(opening, stages.PRODUCING)
    city.verified(project)
    services.move_project(by=city.actor("bob"), project=project, move="prepare")


def test_money_that_waits_keeps_a_project_from_going_back(city: City) -> None:
    project = city.project(stages.REGISTERED)
    reverse(city, project, stages.REGISTERED)
    reverse(city, project, stages.SIGNED)
    step = back(city, project, stages.PLANNED)
    claim = Claim.objects.create(
        project=project, kind=stages.CAPITAL, key="回单1", happened_date=timezone.localdate(), amount=WAN,
        evidence=project.claims.first().evidence, entered_by=city.users["bob"],
    )  # fmt: skip
    with pytest.raises(Blocked, match="“资金到位”申报待核验"):
        services.approve_step_back(by=city.actor("charlie"), step=StepBack.objects.get(pk=step.pk))
    services.refute_claim(by=city.actor("charlie"), claim=claim, reason="没有到账")
    services.approve_step_back(by=city.actor("charlie"), step=StepBack.objects.get(pk=step.pk))
    project.refresh_from_db()
    assert project.stage == stages.PLANNED


def test_back_leads_only_to_what_counts(city: City) -> None:
    project = city.project(stages.PRODUCING, construction_kind="opening")
    for value in ("new", ""):
        with pytest.raises(Invalid, match="建设性质不能再改"):
            services.change_project(
                by=city.actor("bob"), project=project, version=project.version, values={"construction_kind": value}
            )  # fmt: skip
        project.refresh_from_db()
    reverse(city, project, stages.PRODUCING)
    reverse(city, project, stages.REGISTERED)
    with pytest.raises(Blocked, match="没有有效记录"):
        back(city, project, stages.REGISTERED)


def test_who_verifies_decides_about_the_firm_and_the_place_that_were_claimed(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    city.claim(project)
    project.refresh_from_db()
    for values in ({"host_unit": city.huli}, {"enterprise": make_enterprise("别的有限公司")}):
        with pytest.raises(Invalid, match="正在核验"):
            services.change_project(
                by=city.actor("bob"), project=project, version=project.version, values=values, despite="换"
            )
        project.refresh_from_db()


def test_projects_out_of_sight_are_not_named_through_extensions(city: City) -> None:
    project = city.project(stages.REGISTERED)
    made = grown(city, project)
    Project.objects.filter(pk=project.pk).update(secrecy=stages.SENSITIVE, name="机密基地")
    page = signed_in(city.users["charlie"]).get(made.get_absolute_url()).content.decode()
    assert "机密基地" not in page
    assert "不在您的查看范围内" in page
    Project.objects.filter(pk=project.pk).update(secrecy=stages.INTERNAL)
    Project.objects.filter(pk=made.pk).update(secrecy=stages.SENSITIVE)
    for address in (project.get_absolute_url(), f"/api/v1/projects/{project.pk}/timeline/"):
        text = signed_in(city.users["charlie"]).get(address).content.decode()
        assert made.name not in text
        assert made.code not in text


def test_an_extension_is_of_its_firm_and_counts_where_nothing_counts_before_it(city: City) -> None:
    project = city.project(stages.REGISTERED)
    made = grown(city, project)
    with pytest.raises(Invalid, match="与原项目相同"):
        services.change_project(
            by=city.actor("bob"), project=made, version=made.version, values={"enterprise": make_enterprise("别的公司")}, despite="x"
        )  # fmt: skip
    project.refresh_from_db()
    with pytest.raises(Invalid, match="同名"):
        grown(city, project)
    reverse(city, project, stages.REGISTERED)
    reverse(city, project, stages.SIGNED)
    with pytest.raises(Blocked, match="增资扩产项目"):
        back(city, project, stages.NEGOTIATING)
    Project.objects.filter(pk=made.pk).update(
        stage=stages.NEGOTIATING, fixed_investment=1, land_mu=1, construction_kind="new", expected_output=1, expected_tax=1,
        planned_start_date=timezone.localdate(), approached_date=timezone.localdate() - timedelta(days=9),
    )  # fmt: skip
    made.refresh_from_db()
    city.verified(made)
    assert Entry.objects.get(project=made).count == 1
    held = city.project(stages.REGISTERED)
    other = grown(city, held, name="三期")
    services.move_project(by=city.actor("charlie"), project=held, move="hold", reason="等")
    assert other.code in signed_in(city.users["bob"]).get(held.get_absolute_url()).content.decode()


def test_another_units_project_is_asked_about_by_an_extension_too(city: City) -> None:
    project = city.project(stages.REGISTERED)
    city.project(by="alice", enterprise=project.enterprise)
    values = {"name": "二期", "summary": "追加", "intended": Money.in_yuan(1_000 * WAN)}
    with pytest.raises(Invalid) as asked:
        services.extend_project(by=city.actor("bob"), project=project, values=values)
    assert "despite" in asked.value.fields


def test_one_voucher_in_two_projects_of_a_firm_is_asked_about(city: City) -> None:
    project = city.project(stages.REGISTERED)
    city.verified(project, stages.CAPITAL, key="回单1")
    other = city.project(stages.REGISTERED, enterprise=project.enterprise)
    with pytest.raises(Invalid, match="另一个项目申报过同一凭证"):
        city.claim(other, stages.CAPITAL, key="回单1")
    other.refresh_from_db()
    city.claim(other, stages.CAPITAL, key="回单1", confirmed=True)
    year = str((timezone.localdate() - timedelta(days=1)).year)
    city.verified(project, stages.TAX, key=year, yuan=Decimal(321 * WAN))
    other.refresh_from_db()
    for amount in (321, 123):  # the firm's tax of a year is split among its projects, or claimed twice
        with pytest.raises(Invalid, match="另一个项目申报过"):
            city.claim(other, stages.TAX, key=year, yuan=Decimal(amount * WAN))
    city.claim(other, stages.TAX, key=year, yuan=Decimal(123 * WAN), confirmed=True)


def test_days_before_the_firm_and_before_reason_are_refused(city: City) -> None:
    project = city.project(stages.REGISTERED)
    day = timezone.localdate() - timedelta(days=2)
    with pytest.raises(Invalid, match="不能早于注册日期"):
        city.claim(project, stages.CAPITAL, happened_date=day)
    with pytest.raises(Invalid, match="核对年份"):
        city.claim(city.project(stages.NEGOTIATING), happened_date=day.replace(year=1900))


def test_nothing_is_signed_before_the_first_contact(city: City) -> None:
    """Whichever is told first: of two days that run backwards the later one is refused, or no talk is taken for the first."""
    day, told = (
        timezone.localdate() - timedelta(days=30),
        {"form": "call", "our_side": "甲", "their_side": "乙", "summary": "谈"},
    )

    def not_met(project: Project) -> None:
        """Leave unknown when a firm was first met, as it is of projects of before that was asked for."""
        Project.objects.filter(pk=project.pk).update(approached_date=None)
        project.refresh_from_db()

    late = {"talk_date": day + timedelta(days=20), **told}
    project = city.project(stages.NEGOTIATING)
    not_met(project)
    services.record_talk(by=city.actor("bob"), project=project, values=late)
    with pytest.raises(Invalid, match=f"签约日期（{day}）不能早于对接时间（{day + timedelta(days=20)}）"):
        city.claim(project, happened_date=day)
    project = city.project(stages.NEGOTIATING)
    city.claim(project, happened_date=day)
    not_met(project)
    services.record_talk(by=city.actor("bob"), project=project, values=late)
    project.refresh_from_db()
    assert project.approached_date is None
    with pytest.raises(Invalid, match="不能早于对接时间"):
        services.change_project(
            by=city.actor("bob"), project=project, version=project.version, values={"approached_date": day + timedelta(days=1)}
        )  # fmt: skip


def test_what_waits_stays_on_the_page_however_much_money_came(city: City) -> None:
    project = city.project(stages.REGISTERED)
    waiting = city.claim(project, stages.CAPITAL, key="等待")
    again = {"project": project, "kind": stages.CAPITAL, "happened_date": timezone.localdate(), "amount": 1,
             "evidence": waiting.evidence, "state": stages.VERIFIED, "entered_by": city.users["bob"]}  # fmt: skip
    Claim.objects.bulk_create(Claim(key=f"回单{number}", **again) for number in range(queries.LISTED + 1))
    page = signed_in(city.users["charlie"]).get(project.get_absolute_url()).content.decode()
    assert f"/claims/{waiting.pk}/verify/" in page
    assert "签约 4,000 万元" in page


@pytest.mark.parametrize(
    ("person", "withdraws"),
    [("bob", True), ("charlie", False), ("dora", False), ("erin", False), ("alice", False)],
)
def test_only_who_claimed_or_asked_takes_it_back(city: City, person: str, withdraws: bool) -> None:
    project = city.project(stages.NEGOTIATING)
    claim = city.claim(project)
    client = signed_in(city.users[person])
    address = f"/claims/{claim.pk}/withdraw/"
    shown = client.get(project.get_absolute_url())
    assert (shown.status_code == 200 and address in shown.content.decode()) is withdraws
    assert (client.post(address, {"reason": ""}).status_code == 302) is withdraws
    claim.refresh_from_db()
    assert (claim.state == stages.WITHDRAWN) is withdraws
    other = city.project(stages.NEGOTIATING)
    step = back(city, other, stages.INTENDED)
    assert (client.post(f"/steps-back/{step.pk}/withdraw/", {"reason": ""}).status_code == 302) is withdraws
    if withdraws:
        city.verified(project)
        other.refresh_from_db()
        assert back(city, other, stages.PLANNED).state == stages.ASKED


def test_nobody_puts_files_on_a_claim_or_does_what_it_has_no_act_for(city: City) -> None:
    claim = city.claim(city.project(stages.NEGOTIATING))
    assert actions_on(claim, city.actor("charlie"), {"delete", "export", "team", "hold"}) == set()
    sent = {"file": ContentFile(PDF, name="x.pdf"), "kind": "other"}
    answer = signed_in(city.users["dora"]).post(f"/on/projects.claim/{claim.pk}/file/", sent)
    assert answer.status_code in {403, 404}


def test_events_of_before_the_renaming_are_still_told(city: City) -> None:
    project = city.project(stages.SIGNED)
    claim = project.claims.get()
    event = Event.objects.create(
        verb="projects.signature.verify", object_type="projects.signature", object_id=claim.pk, object_label="签约",
        actor_name="旧", changes={}, source="web",
    )  # fmt: skip
    Notice.objects.create(owner=city.users["bob"], event=event, why="followed")
    assert in_sight(city.actor("bob"), [event]) == [event]
    assert signed_in(city.users["bob"]).get("/notices/").status_code == 200


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_step_back_and_the_taking_back_of_a_reversal_do_not_both_go_through(
    transactional_db: None, city: City
) -> None:
    for _turn in range(4):
        project = city.project(stages.SIGNED)
        undone = reverse(city, project, stages.SIGNED)
        step = back(city, project, stages.NEGOTIATING)
        asked = services.ask_reversal(by=office(city), entry=undone, reason="没有错")
        checker()
        results = at_once(
            [
                lambda step=step: services.approve_step_back(
                    by=city.actor("charlie"), step=StepBack.objects.get(pk=step.pk)
                ),
                lambda asked=asked: services.approve_reversal(
                    by=checker(), reversal=Reversal.objects.get(pk=asked.pk)
                ),
            ]
        )
        assert sum(isinstance(result, DomainError) for result in results) == 1
        project.refresh_from_db()
        counts = queries.counting(project, stages.SIGNED).exists()
        assert counts == (project.stage == stages.SIGNED)
    assert list(queries.faults()) == []


def test_a_withdrawn_claim_gives_its_evidence_free(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    claim = city.claim(project, yuan=Decimal(WAN * 50))
    services.withdraw_claim(by=city.actor("bob"), claim=claim)
    with pytest.raises((Conflict, Blocked, Forbidden)):
        services.verify_claim(by=city.actor("charlie"), claim=claim)
    assert services.keep_evidence(claim.evidence) is None


def test_money_waits_until_a_reversed_registration_is_claimed_anew(city: City) -> None:
    project = city.project(stages.REGISTERED)
    reverse(city, project, stages.REGISTERED)
    with pytest.raises(Blocked, match="“注册”业绩已冲销"):
        city.claim(project, stages.CAPITAL, happened_date=timezone.localdate().replace(year=2001))


def test_a_refused_grading_tells_how_the_project_is_graded(city: City) -> None:
    city.users["office"] = make_user(
        "市办", city.root, ["projects.project.view", "projects.project.grade"], username="office"
    )
    project = city.project()
    page = signed_in(city.users["office"]).post(
        f"/projects/{project.pk}/grade/", {"grade": "", "reason": "重" * 600}
    )
    assert page.status_code == 422
    assert "现在的分级：未分级" in page.content.decode()


def test_several_reversed_achievements_are_claimed_anew_one_after_the_other(city: City) -> None:
    project = city.project(stages.STARTED)
    for kind in (stages.STARTED, stages.SIGNED, stages.REGISTERED):
        reverse(city, project, kind)
    with pytest.raises(Blocked, match="“签约”业绩已冲销"):
        city.claim(project, stages.STARTED)
    for kind in (stages.SIGNED, stages.REGISTERED, stages.STARTED):
        city.verified(project, kind)
    services.move_project(by=city.actor("bob"), project=project, move="build")
    assert list(queries.faults()) == []
