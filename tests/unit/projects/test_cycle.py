"""A project's life to the end: each stage by its facts and its proof, back only by two people, grown by extensions."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_user, signed_in
from tests.factories.races import at_once
from tests.factories.reversals import checker, reverse_entry
from tests.unit.projects.conftest import LEADER, PDF, City
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid
from yinfeng.core.models import Code, Event, Follow, Notice, Rule
from yinfeng.core.money import WAN, YI, Money
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import achievements, facts, lifecycle, queries, services, stages
from yinfeng.projects.models import Claim, Entry, Project, Reversal, Share, StepBack

pytestmark = pytest.mark.django_db


def office(city: City) -> Any:
    """Return the actor who may reverse, everywhere."""
    if "office" not in city.users:
        city.users["office"] = make_user(
            "市办", city.root, ["projects.project.view", "projects.ledger.reverse"]
        )
    return actor_for(city.users["office"])


def reverse(city: City, project: Project, kind: str) -> Entry:
    entry = Entry.objects.get(project=project, kind=kind, sign=1, reversed_by=None)
    return reverse_entry(by=office(city), entry=entry, reason="更正")


def step_back(city: City, project: Project, target: str, by: str = "bob") -> StepBack:
    project.refresh_from_db()
    return services.ask_back(by=city.actor(by), project=project, target=target, reason="合同解除")


def no_faults() -> bool:
    return [fault.sentence for fault in queries.faults()] == []


# --- forward ------------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.2.3")
def test_a_project_goes_from_plan_to_full_capacity_each_achievement_with_its_proof(city: City) -> None:
    project = city.project(stages.AT_CAPACITY)
    assert (project.stage, project.contracted) == (stages.AT_CAPACITY, 4_000 * WAN)
    assert all(getattr(project, kind.date_field) for kind in achievements.KINDS.values() if kind.date_field)
    entries = list(Entry.objects.filter(project=project).order_by("pk").select_related("evidence"))
    assert [entry.kind for entry in entries] == [
        kind for kind in achievements.KINDS if kind not in stages.RECURRING
    ]
    assert [entry.evidence.kind for entry in entries] == [
        achievements.KINDS[entry.kind].evidence for entry in entries
    ]
    assert {entry.kind for entry in entries if not entry.amount} == {stages.STARTED, stages.PRODUCING}
    assert no_faults()


def test_without_building_a_registered_firm_opens(city: City) -> None:
    project = city.project(stages.REGISTERED, construction_kind="opening")
    assert facts.path(project)[-3:] == [stages.PREPARING, stages.PRODUCING, stages.AT_CAPACITY]
    with pytest.raises(Blocked, match="不能申报“开工”"):
        city.claim(project, stages.STARTED)
    city.verified(project, stages.PRODUCING)
    assert (project.stage, project.completed_date) == (stages.PRODUCING, None)
    page = signed_in(city.users["bob"]).get(project.get_absolute_url())
    assert [str(step["label"]) for step in page.context["progress"]] == [
        "策划", "意向", "在谈", "签约", "注册", "前期", "投产", "达产",
    ]  # fmt: skip


def test_who_builds_does_not_produce_before_it_is_completed(city: City) -> None:
    project = city.project(stages.PREPARING)
    with pytest.raises(Blocked, match="现在的阶段是“前期”，不能申报“投产”"):
        city.claim(project, stages.PRODUCING)
    started = city.project(stages.STARTED)
    with pytest.raises(Invalid, match="不能再改为“开业”"):
        services.change_project(
            by=city.actor("bob"), project=started, version=started.version, values={"construction_kind": "opening"}
        )  # fmt: skip


def test_a_claim_that_waits_falls_when_the_project_comes_to_build(city: City) -> None:
    project = city.project(stages.PREPARING, construction_kind="opening")
    claim = city.claim(project, stages.PRODUCING)
    project.refresh_from_db()
    services.change_project(
        by=city.actor("bob"), project=project, version=project.version, values={"construction_kind": "new"}
    )
    with pytest.raises(Blocked, match="还没有竣工"):
        services.verify_claim(by=city.actor("charlie"), claim=Claim.objects.get(pk=claim.pk))


@pytest.mark.parametrize(
    ("stage", "field", "kind"),
    [(stages.SIGNED, "construction_kind", stages.REGISTERED), (stages.PREPARING, "planned_completion_date", stages.STARTED),
     (stages.PREPARING, "planned_production_date", stages.STARTED)],
)  # fmt: skip
def test_a_later_stage_asks_for_its_facts(city: City, stage: str, field: str, kind: str) -> None:
    project = city.project(stage)
    services.change_project(
        by=city.actor("bob"), project=project, version=project.version,
        values={field: "" if field == "construction_kind" else None},
    )  # fmt: skip
    with pytest.raises(Blocked, match=str(facts.field_of(field).verbose_name)):
        city.claim(project, kind)


def test_no_stage_that_is_an_achievement_is_reached_without_its_claim(city: City) -> None:
    for kind in achievements.KINDS.values():
        if not kind.move:
            continue
        move = lifecycle.STAGE.by_name[kind.move]
        for source in move.sources:
            project = city.project(source, construction_kind="opening" if kind.code == "producing" else "new")
            with pytest.raises((Conflict, Forbidden)):
                services.move_project(by=city.actor("charlie"), project=project, move=kind.move)


# --- days and amounts ---------------------------------------------------------------------------------------------


def test_days_that_run_backwards_are_refused_with_both(city: City) -> None:
    today = timezone.localdate()
    project = city.project(stages.PREPARING)
    with pytest.raises(Invalid) as refused:
        city.claim(project, stages.STARTED, happened_date=today - timedelta(days=9))
    sentence = str(refused.value)
    for part in (
        "实际开工日期", f"{today - timedelta(days=9)}", "不能早于签约日期", f"{today - timedelta(days=1)}"
    ):  # fmt: skip
        assert part in sentence
    with pytest.raises(Invalid, match="不能晚于今天"):
        city.claim(project, stages.STARTED, happened_date=today + timedelta(days=1))
    # a firm may be registered before its contract is signed
    early = city.project(stages.SIGNED)
    city.verified(early, stages.REGISTERED, happened_date=today - timedelta(days=99))
    # what is corrected must fit what came after it
    reverse(city, project, stages.SIGNED)
    project.refresh_from_db()
    with pytest.raises(Invalid, match="不能早于"):
        services.change_project(
            by=city.actor("bob"), project=project, version=project.version,
            values={"planned_start_date": date(2027, 1, 1), "planned_completion_date": date(2026, 12, 31)},
        )  # fmt: skip


def test_a_corrected_day_must_fit_what_came_after(city: City) -> None:
    today = timezone.localdate()
    project = city.project(stages.PREPARING)
    city.verified(project, stages.STARTED)
    reverse(city, project, stages.SIGNED)
    project.refresh_from_db()
    with pytest.raises(Invalid, match=f"签约日期（{today}）不能晚于实际开工日期"):
        city.claim(project, happened_date=today)


def test_each_kind_has_its_amount_or_none(city: City) -> None:
    project = city.project(stages.PREPARING)
    with pytest.raises(Invalid, match="没有金额"):
        city.claim(project, stages.STARTED, amount=Money.in_yuan(WAN))
    with pytest.raises(Invalid, match="请填写到位资金"):
        city.claim(project, stages.CAPITAL, amount=None)
    with pytest.raises(Invalid, match="请填写凭证号"):
        city.claim(project, stages.CAPITAL, key=" ")
    with pytest.raises(Invalid, match="只有一次，不填凭证号"):
        city.claim(project, stages.STARTED, key="7")
    with pytest.raises(Invalid, match="核对"):
        city.claim(project, stages.CAPITAL, yuan=Decimal(5_000))
    with pytest.raises(Invalid, match="没有这种业绩"):
        services.submit_claim(
            by=city.actor("bob"), project=project, kind="sold", happened_date=timezone.localdate(),
            file=ContentFile(PDF, name="x.pdf"), name="x.pdf",
        )  # fmt: skip
    assert not Claim.objects.filter(project=project, state=stages.SUBMITTED).exists()


def test_money_arrives_as_often_as_it_does_but_a_voucher_counts_once(city: City) -> None:
    project = city.project(stages.SIGNED)
    with pytest.raises(Blocked, match="不能申报“资金到位”"):
        city.claim(project, stages.CAPITAL)
    city.verified(project, stages.REGISTERED)
    city.verified(project, stages.CAPITAL, key="回单1")
    city.verified(project, stages.CAPITAL, key="回单2", yuan=Decimal(1_000 * WAN), confirmed=True)
    assert project.stage == stages.REGISTERED
    project.refresh_from_db()
    with pytest.raises((Conflict, Invalid), match="已经认定过"):
        city.claim(project, stages.CAPITAL, key="回单1")
    sums = queries.by_kind(Entry.objects.filter(project=project))
    assert sums[stages.CAPITAL].amount == 5_000 * WAN
    assert no_faults()


# --- corrected ----------------------------------------------------------------------------------------------------


def test_a_wrong_amount_is_reversed_and_claimed_anew(city: City) -> None:
    project = city.project(stages.REGISTERED)
    first = queries.counting(project, stages.SIGNED).get()
    with pytest.raises(Blocked, match="不能申报“签约”"):
        city.claim(project)
    undone = reverse(city, project, stages.SIGNED)
    project.refresh_from_db()
    page = signed_in(city.users["bob"]).get(project.get_absolute_url()).content.decode()
    assert f"/projects/{project.pk}/claims/signed/" in page
    claim = city.verified(project, yuan=Decimal(3_000 * WAN))
    assert (project.stage, project.contracted, claim.turn) == (stages.REGISTERED, 3_000 * WAN, 2)
    entry = queries.counting(project, stages.SIGNED).get()
    assert (entry.turn, entry.amount, first.turn) == (2, 3_000 * WAN, 1)
    with pytest.raises(Conflict, match="已经重新认定"):
        reverse_entry(by=office(city), entry=undone, reason="没有错")
    assert queries.by_kind(Entry.objects.filter(project=project))[stages.SIGNED].amount == 3_000 * WAN
    assert no_faults()


# --- back ---------------------------------------------------------------------------------------------------------


def test_back_goes_a_project_when_somebody_else_agrees(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    step = step_back(city, project, stages.INTENDED)
    project.refresh_from_db()
    assert project.stage == stages.NEGOTIATING
    with pytest.raises(Blocked, match="退回申请待批准"):
        city.claim(project)
    with pytest.raises(Forbidden):
        services.approve_step_back(by=city.actor("bob"), step=step)
    services.approve_step_back(by=city.actor("charlie"), step=step, note="同意")
    project.refresh_from_db()
    step.refresh_from_db()
    assert (project.stage, step.state, step.decided_by) == (
        stages.INTENDED, stages.APPROVED, city.users["charlie"],
    )  # fmt: skip
    event = Event.objects.get(verb="projects.project.return_to_intended")
    assert (event.note, event.changes["stage"]) == ("合同解除", ["negotiating", "intended"])


def test_nobody_agrees_with_himself_and_a_refusal_changes_nothing(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    step = step_back(city, project, stages.PLANNED, by="charlie")
    for decide in (
        lambda: services.approve_step_back(by=city.actor("charlie"), step=step),
        lambda: services.refuse_step_back(by=city.actor("charlie"), step=step, reason="不必"),
    ):
        with pytest.raises(Blocked, match="申请人以外"):
            decide()
    with pytest.raises(Invalid, match="原因"):
        services.refuse_step_back(by=city.actor("dora"), step=step, reason="")
    services.refuse_step_back(by=city.actor("dora"), step=step, reason="还在谈")
    project.refresh_from_db()
    assert project.stage == stages.NEGOTIATING
    again = step_back(city, project, stages.PLANNED)
    assert again.state == stages.ASKED


def notices(city: City, name: str, verb: str) -> int:
    return Notice.objects.filter(owner=city.users[name], event__verb=f"projects.project.{verb}").count()


def test_who_asked_is_told_of_the_verdict_and_the_team_of_the_end(city: City) -> None:
    """Nobody follows the project; nobody is told of his own act; the office is told when the ledger still counts it."""
    city.users["office"] = make_user(
        "office", city.root, [*LEADER, "projects.ledger.reverse"], username="office"
    )
    project, head = city.project(stages.NEGOTIATING), city.actor("charlie")
    Follow.objects.all().delete()
    services.add_member(by=head, project=project, user=city.users["charlie"])
    services.refuse_step_back(by=head, step=step_back(city, project, stages.PLANNED), reason="还在谈")
    services.approve_step_back(by=head, step=step_back(city, project, stages.INTENDED))
    assert (notices(city, "bob", "step_back_refused"), notices(city, "bob", "return_to_intended")) == (1, 1)
    project.refresh_from_db()
    services.move_project(by=city.actor("bob"), project=project, move="negotiate")
    services.refute_claim(by=head, claim=city.claim(project), reason="合同没有盖章")
    project.refresh_from_db()
    city.verified(project)
    city.verified(project, stages.REGISTERED)
    city.verified(project, stages.CAPITAL)
    assert [notices(city, "bob", verb) for verb in ("claim_refuted", "sign", "claim_verified")] == [1, 1, 1]
    services.move_project(by=head, project=project, move="end", reason="投资方撤资")
    assert (notices(city, "bob", "end"), notices(city, "charlie", "end")) == (1, 0)
    assert (notices(city, "office", "still_counts"), notices(city, "office", "end")) == (1, 0)
    assert Event.objects.get(verb="projects.project.still_counts").data["text"] == "签约、注册、资金到位"
    unsigned = city.project(stages.NEGOTIATING)
    services.move_project(by=head, project=unsigned, move="end", reason="不再推进")
    assert notices(city, "office", "still_counts") == 1


def test_what_counts_in_the_ledger_is_reversed_before_a_project_goes_back(city: City) -> None:
    project = city.project(stages.REGISTERED)
    city.verified(project, stages.CAPITAL)
    with pytest.raises(Blocked, match="“签约”业绩在台账中有效"):
        step_back(city, project, stages.NEGOTIATING)
    reverse(city, project, stages.REGISTERED)
    with pytest.raises(Blocked, match="“资金到位”业绩在台账中有效"):
        step_back(city, project, stages.SIGNED)
    reverse(city, project, stages.CAPITAL)
    reverse(city, project, stages.SIGNED)
    step = step_back(city, project, stages.NEGOTIATING)
    services.approve_step_back(by=city.actor("charlie"), step=step)
    project.refresh_from_db()
    assert (project.stage, project.contracted, project.signed_date, project.registered_date) == (
        stages.NEGOTIATING, None, None, None,
    )  # fmt: skip


@pytest.mark.clause("3.5.1")
def test_a_change_of_owner_counts_to_the_later_signing(city: City) -> None:
    """三明市 2006 甄别办法 (FACTS §1.2): 换业主的算更换后的签约成果."""
    project = city.project(stages.SIGNED)
    reverse(city, project, stages.SIGNED)
    services.approve_step_back(by=city.actor("charlie"), step=step_back(city, project, stages.NEGOTIATING))
    project.refresh_from_db()
    project = services.change_project(
        by=city.actor("bob"), project=project, version=project.version, values={"host_unit": city.huli}
    )
    claim = services.submit_claim(
        by=city.actor("bob"), project=project, kind=stages.SIGNED, happened_date=timezone.localdate(),
        amount=Money.in_yuan(6_000 * WAN), file=ContentFile(PDF, name="合同.pdf"), name="合同.pdf",
    )  # fmt: skip
    services.verify_claim(by=city.actor("alice"), claim=claim)
    sums = queries.by_kind(Entry.objects.filter(project=project))[stages.SIGNED]
    assert (sums.count, sums.amount) == (1, 6_000 * WAN)
    assert queries.by_kind_of(Entry.objects.all(), city.jimei.pk)[stages.SIGNED].amount == 0
    assert queries.by_kind_of(Entry.objects.all(), city.huli.pk)[stages.SIGNED].amount == 6_000 * WAN
    assert no_faults()


@pytest.mark.parametrize(
    ("person", "asks", "decides"),
    [("bob", True, False), ("charlie", True, True), ("dora", False, True), ("erin", False, False), ("alice", False, False),
     ("stranger", False, False)],
)  # fmt: skip
def test_person_by_step_back_by_act(city: City, person: str, asks: bool, decides: bool) -> None:
    client = signed_in(city.users[person])
    project = city.project(stages.NEGOTIATING)
    address = f"/projects/{project.pk}/back/"
    shown = client.get(project.get_absolute_url())
    assert (shown.status_code == 200 and address in shown.content.decode()) is asks
    assert (client.get(address).status_code == 200) is asks
    posted = client.post(address, {"target": stages.PLANNED, "reason": "改了方向"})
    assert (posted.status_code == 302) is asks
    assert StepBack.objects.filter(project=project).exists() is asks
    other = city.project(stages.NEGOTIATING)
    step = step_back(city, other, stages.INTENDED, by="charlie" if person != "charlie" else "bob")
    approve = f"/steps-back/{step.pk}/approve/"
    shown = client.get(other.get_absolute_url())
    assert (shown.status_code == 200 and approve in shown.content.decode()) is decides
    assert (client.get(approve).status_code == 200) is decides
    assert (client.post(approve, {"reason": ""}).status_code == 302) is decides
    other.refresh_from_db()
    assert (other.stage == stages.INTENDED) is decides


# --- grown --------------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.5.1")
def test_an_extension_counts_by_its_amount_and_is_no_new_project(city: City) -> None:
    """三明市 2006 甄别办法 (FACTS §1.2): 增资只统计增资额不算新项目."""
    project = city.project(stages.PRODUCING)
    by = city.actor("bob")
    values = {"name": "第1个项目二期", "summary": "新增产线", "intended": Money.in_yuan(1_000 * WAN)}
    made = services.extend_project(by=by, project=project, values=values)
    assert (made.parent, made.enterprise, made.host_unit, made.stage) == (
        project, project.enterprise, project.host_unit, stages.PLANNED,
    )  # fmt: skip
    services.change_project(
        by=by, project=made, version=made.version,
        values={
            "fixed_investment": Decimal(900 * WAN), "land_mu": Decimal(1), "construction_kind": "new",
            "planned_start_date": date(2026, 12, 1), "expected_output": Decimal(WAN * 90), "expected_tax": Decimal(WAN * 90),
            "approached_date": date(2026, 1, 5),
        },
    )  # fmt: skip
    for move in ("intend", "negotiate"):
        services.move_project(by=by, project=made, move=move)
    city.verified(made, yuan=Decimal(1_000 * WAN))
    entry = Entry.objects.get(project=made)
    assert (entry.count, entry.amount) == (0, 1_000 * WAN)
    both = queries.by_kind(Entry.objects.all())[stages.SIGNED]
    assert (both.count, both.amount) == (1, 5_000 * WAN)
    undone = reverse_entry(by=office(city), entry=entry, reason="重复")
    assert (undone.sign, undone.count, undone.amount) == (-1, 0, -1_000 * WAN)
    assert no_faults()
    with pytest.raises(Conflict, match="本身就是增资扩产"):
        services.extend_project(by=by, project=made, values=values)
    with pytest.raises(Conflict, match="注册之后"):
        services.extend_project(by=by, project=city.project(stages.SIGNED), values=values)
    first, later = (
        signed_in(city.users["bob"]).get(row.get_absolute_url()).content.decode() for row in (project, made)
    )
    assert made.code in first  # fmt: skip
    assert project.name in later
    assert "增资扩产" in first


# --- the library --------------------------------------------------------------------------------------------------

# 翔安区, autumn 2019 (厦门日报, FACTS §1.1): state, projects, 亿元; 119 projects, 1126.10 亿元 together.
XIANG_AN = (
    ("planned", 8, "118.15"),
    ("intended", 6, "42.22"),
    ("negotiating", 70, "409.88"),
    ("landed", 35, "555.85"),
)


@pytest.mark.clause("3.1.3")
def test_the_stages_roll_up_to_the_four_states_of_the_library(city: City) -> None:
    later = [stage for stage in stages.ORDER if stages.reached(stage, stages.SIGNED)]
    for state, count, total in XIANG_AN:
        yuan = Decimal(total) * YI
        for number in range(count):
            amount = yuan - (count - 1) * (yuan // count) if number == 0 else yuan // count
            stage = later[number % len(later)] if state == stages.LANDED else state
            Project.objects.create(
                code=f"{state}{number}", name="示例", summary="示例", reporter_unit=city.jimei, created_by=city.users["bob"],
                stage=stage, intended=amount if state != stages.LANDED else 1, contracted=amount if state == stages.LANDED else None,
            )  # fmt: skip
    found, _more = queries.roll_up(Project.objects.all())
    assert [(row.state.code, row.projects, row.amount / YI) for row in found] == [
        (state, count, Decimal(total)) for state, count, total in XIANG_AN
    ]
    assert (sum(row.projects for row in found), sum(row.amount for row in found)) == (
        119,
        Decimal("1126.10") * YI,
    )


def test_the_profile_says_which_stage_counts_under_which_state(city: City) -> None:
    Code.objects.create(table="project_state", code="landed", name="已落地", order=9)
    Code.objects.create(table="project_state", code="negotiating", name="洽谈", order=3)
    Code.objects.create(table="stage", code="signed", name="签约", data={"state": "negotiating"})
    city.project(stages.SIGNED)
    city.project(stages.REGISTERED)
    states = {state.code: state for state in queries.states()}
    assert states["negotiating"].stages == (stages.NEGOTIATING, stages.SIGNED)
    assert stages.SIGNED not in states["landed"].stages
    page = signed_in(city.users["erin"]).get("/projects/", {"state": "negotiating"})
    tabs = {str(tab["label"]): tab["count"] for tab in page.context["tabs"]}
    assert (tabs["洽谈"], tabs["已落地"]) == ("1", "1")
    assert "共 1 条" in page.content.decode()


# --- whatever is done ---------------------------------------------------------------------------------------------

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "claim", "claim", "move", "money", "reverse", "back", "refuse", "extend"]),
        st.integers(0, 40),
        st.integers(1, 10**12),
    ),
    min_size=3, max_size=25,
)  # fmt: skip


@pytest.mark.django_db(transaction=True)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS, percent=st.integers(0, 100))
def test_whatever_is_claimed_undone_and_grown_the_ledger_is_right(
    city: City, acts: list[Any], percent: int
) -> None:
    """Random lives of projects through the services; refusals are part of a life."""
    with transaction.atomic():
        Rule.objects.create(
            kind="share", key="introducer", valid_from=date(2019, 4, 28), source="示例", data={"percent": percent}
        )  # fmt: skip
        city.users.pop("office", None)
        projects = [city.project(stages.NEGOTIATING), city.project(stages.REGISTERED)]
        services.add_unit(by=city.actor("bob"), project=projects[0], unit=city.huli, part=stages.INTRODUCER)
        for act, number, cents in acts:
            project = projects[number % len(projects)]
            project.refresh_from_db()
            try:
                with transaction.atomic():
                    live(city, projects, project, act, number, Decimal(cents) / 100)
            except DomainError:
                continue
            assert no_faults()
        for entry in Entry.objects.filter(sign=1, reversed_by=None).exclude(kind__in=stages.RECURRING):
            assert stages.reached(Project.objects.get(pk=entry.project_id).stage, entry.kind)
        whole, parts = queries.by_kind(Entry.objects.all()), queries.by_kind_of(Entry.objects.all())
        assert {kind: (sums.count, sums.amount) for kind, sums in whole.items()} == {
            kind: (sums.count, sums.amount) for kind, sums in parts.items()
        }
        transaction.set_rollback(True)


def live(city: City, projects: list[Project], project: Project, act: str, number: int, yuan: Decimal) -> None:
    """Do one act of a random life."""
    bob = city.actor("bob")
    if act == "claim":
        kinds = [kind for kind in achievements.KINDS if kind not in stages.RECURRING]
        following = facts.next_stage(project)
        kind = following if following in kinds and number % 4 else kinds[number % len(kinds)]
        city.verified(project, kind, yuan=yuan, confirmed=True)
    elif act == "move":
        services.move_project(by=bob, project=project, move=["prepare", "build"][number % 2])
    elif act == "money":
        city.verified(project, stages.CAPITAL, key=f"回单{number % 5}", yuan=yuan, confirmed=True)
    elif act == "reverse":
        chosen = list(Entry.objects.order_by("pk"))[number % Entry.objects.count()]
        reverse_entry(by=office(city), entry=chosen, reason="核对")
    elif act in {"back", "refuse"}:
        step = step_back(city, project, stages.ORDER[number % 4])
        if act == "back":
            services.approve_step_back(by=city.actor("charlie"), step=step)
        else:
            services.refuse_step_back(by=city.actor("charlie"), step=step, reason="不必")
    elif len(projects) < 4:
        values = {"name": "二期", "summary": "追加", "intended": Money.in_yuan(yuan)}
        made = services.extend_project(by=bob, project=project, values=values, confirmed=True)
        Project.objects.filter(pk=made.pk).update(stage=stages.NEGOTIATING, **PLAN)
        projects.append(made)


PLAN: dict[str, Any] = {
    "fixed_investment": 1, "land_mu": 1, "construction_kind": "new", "planned_start_date": date(2026, 12, 1),
    "planned_completion_date": date(2027, 12, 1), "planned_production_date": date(2027, 12, 2), "expected_output": 1,
    "expected_tax": 1, "approached_date": date(2026, 1, 5),
}  # fmt: skip


# --- at the same moment -------------------------------------------------------------------------------------------


def refusals(results: list[Any]) -> int:
    return sum(isinstance(result, DomainError) for result in results)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_claim_or_verify_at_once_one_wins(transactional_db: None, city: City) -> None:
    for kind, stage in ((stages.REGISTERED, stages.SIGNED), (stages.CAPITAL, stages.REGISTERED)):
        project = city.project(stage)
        rows = [Project.objects.get(pk=project.pk) for _person in range(4)]
        results = at_once([lambda row=row, kind=kind: city.claim(row, kind) for row in rows])
        assert refusals(results) == 3
        claim = Claim.objects.get(project=project, kind=kind)
        claims = [Claim.objects.get(pk=claim.pk) for _person in range(4)]
        people = [city.actor(name) for name in ("charlie", "dora", "charlie", "dora")]
        results = at_once(
            [
                lambda by=by, row=row: services.verify_claim(by=by, claim=row)
                for by, row in zip(people, claims, strict=True)
            ]
        )
        assert refusals(results) == 3
        assert Entry.objects.filter(project=project, kind=kind).count() == 1
    assert no_faults()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_correction_and_the_taking_back_of_its_reversal_do_not_both_count(
    transactional_db: None, city: City
) -> None:
    for _turn in range(4):
        project = city.project(stages.SIGNED)
        undone = reverse(city, project, stages.SIGNED)
        project.refresh_from_db()
        claim = city.claim(project, yuan=Decimal(WAN * 999))
        asked = services.ask_reversal(by=office(city), entry=undone, reason="没有错")
        checker()
        results = at_once(
            [
                lambda claim=claim: services.verify_claim(
                    by=city.actor("charlie"), claim=Claim.objects.get(pk=claim.pk)
                ),
                lambda asked=asked: services.approve_reversal(
                    by=checker(), reversal=Reversal.objects.get(pk=asked.pk)
                ),
            ]
        )
        assert refusals(results) == 1
        assert queries.counting(project, stages.SIGNED).count() == 1
    assert no_faults()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_project_does_not_go_back_from_what_is_verified_meanwhile(
    transactional_db: None, city: City
) -> None:
    for _turn in range(4):
        project = city.project(stages.NEGOTIATING)
        step = step_back(city, project, stages.INTENDED)
        results = at_once(
            [
                lambda step=step: services.approve_step_back(
                    by=city.actor("charlie"), step=StepBack.objects.get(pk=step.pk)
                ),
                lambda step=step: services.refuse_step_back(
                    by=city.actor("dora"), step=StepBack.objects.get(pk=step.pk), reason="还在谈"
                ),
            ]
        )
        assert refusals(results) == 1
        project.refresh_from_db()
        step.refresh_from_db()
        assert (project.stage == stages.INTENDED) == (step.state == stages.APPROVED)
    assert Share.objects.count() == 0
