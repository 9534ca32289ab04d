"""Who reported an investor first, how long that protects, and disputes over it (首报首谈, FACTS §1.4)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_enterprise, make_user, signed_in
from tests.factories.races import at_once
from tests.unit.projects.conftest import HEAD, VIEW, City
from yinfeng.core import keeping
from yinfeng.core.clock import months_after
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid, Missing
from yinfeng.core.models import Event, Notice, Rule
from yinfeng.core.money import WAN, Money
from yinfeng.core.scopes import actions_on
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.models import Dispute, Lead, Participation, Project
from yinfeng.projects.queries.first_reports import reported_on

pytestmark = pytest.mark.django_db
FIRM = "测试首报电池有限公司"


@pytest.fixture
def people(city: City) -> City:
    """jia heads 集美, yi 湖里, office decides for the whole city; both heads may argue, and the rules are in force."""
    argue = [*HEAD, "projects.dispute.argue"]
    office = [*VIEW, "projects.dispute.decide", "projects.project.view_sensitive", "projects.project.export"]
    for name, unit, permissions in (
        ("jia", city.jimei, argue),
        ("yi", city.huli, argue),
        ("office", city.root, office),
    ):
        city.users[name] = make_user(name, unit, permissions, username=name)
    for key, data in (
        ("protection", {"months": 6, "simultaneous_hours": 24}), ("dispute", {"answer_days": 5}),
    ):  # fmt: skip
        Rule.objects.create(
            kind="first_report", key=key, data=data, valid_from=date(2019, 4, 28), source="测试"
        )
    return city


def days_ago(days: int) -> Any:
    return mock.patch("django.utils.timezone.now", return_value=timezone.now() - timedelta(days=days))


def lead(city: City, by: str, days: int = 0, firm: Enterprise | None = None) -> Lead:
    with days_ago(days):
        return services.register_lead(
            by=city.actor(by), despite="项目内容不同",
            values={
                "title": f"{by}的线索", "source": "fair", "heard_date": date(2026, 1, 1), "content": "拟建电池基地",
                "enterprise": firm or Enterprise.objects.filter(name=FIRM).first() or make_enterprise(FIRM),
            },
        )  # fmt: skip


def project(city: City, by: str, stage: str = stages.INTENDED, days: int = 0, **values: Any) -> Project:
    firm = Enterprise.objects.filter(name=FIRM).first() or make_enterprise(FIRM)
    with days_ago(days):
        return city.project(stage, by=by, enterprise=firm, **values)


def read(client: Client, url: str) -> str:
    """Return a page's text; it asks the database ten times at most once codes and rules are kept."""
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        text = client.get(url).content.decode()
    assert len(asked) <= 10, [query["sql"][:120] for query in asked]
    return text


def ranks(city: City, by: str = "office", today: date | None = None) -> list[tuple[str, str]]:
    found = queries.dealings(Enterprise.objects.get(name=FIRM), city.actor(by))
    return [(item.dealing.unit, item.rank) for item in queries.ranked(found, today or timezone.localdate())]


def dispute(city: City, by: str, record: Lead | Project, other: Lead | Project) -> Dispute:
    return services.raise_dispute(
        by=city.actor(by), record=record, against=queries.key_of(other), statement="三月起多次接触"
    )


def answered(city: City, by: str, item: Dispute) -> Dispute:
    return services.move_dispute(by=city.actor(by), dispute=item, move="answer", reason="我区登记在先")


# --- protection ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "wanted"),
    [
        (date(2026, 3, 2), 6, date(2026, 9, 2)), (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)), (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 31), -2, date(2025, 11, 30)), (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)  # fmt: skip
def test_months_are_those_of_the_calendar(day: date, months: int, wanted: date) -> None:
    assert months_after(day, months) == wanted


@given(st.dates(date(2019, 1, 1), date(2040, 1, 1)), st.integers(1, 24))
def test_the_first_day_that_still_protects(today: date, months: int) -> None:
    first = reported_on(today, months)
    assert months_after(first, months) >= today > months_after(first - timedelta(days=1), months)


@pytest.mark.clause("3.1.3")
def test_the_first_report_is_protected_and_lapses_without_progress(people: City) -> None:
    first = lead(people, "jia", days=40)
    lead(people, "yi", days=10)
    assert ranks(people) == [("集美区", stages.FIRST), ("湖里区", stages.LATER)]
    until = months_after(timezone.localdate(first.first_reported_at), 6)
    assert ranks(people, today=until)[0] == ("集美区", stages.FIRST)
    # on the next day the right is the second one's
    assert ranks(people, today=until + timedelta(days=1)) == [
        ("集美区", stages.LAPSED),
        ("湖里区", stages.FIRST),
    ]


def test_progress_prolongs_the_protection(people: City) -> None:
    first = project(people, "jia", days=170)
    project(people, "yi", days=5)
    services.record_talk(
        by=people.actor("jia"), project=first,
        values={"talk_date": timezone.localdate(), "form": "meeting", "our_side": "甲", "their_side": "乙", "summary": "谈了条件"},
    )  # fmt: skip
    later = timezone.localdate() + timedelta(days=60)
    assert ranks(people, today=later) == [("集美区", stages.FIRST), ("湖里区", stages.LATER)]


def test_a_project_keeps_the_time_at_which_its_lead_was_reported(people: City) -> None:
    first = lead(people, "jia", days=40)
    lead(people, "yi", days=20)
    services.move_lead(by=people.actor("jia"), lead=first, move="qualify", reason="属实")
    services.convert_lead(by=people.actor("jia"), lead=first)
    assert ranks(people) == [("集美区", stages.FIRST), ("湖里区", stages.LATER)]


@pytest.mark.parametrize(
    ("hours", "rank"), [(23, stages.TOGETHER), (24, stages.TOGETHER), (25, stages.LATER)]
)
def test_reports_within_the_hours_of_the_rule_are_simultaneous(people: City, hours: int, rank: str) -> None:
    first, second = lead(people, "jia", days=9), lead(people, "yi", days=9)
    assert first.named_at is not None
    Lead.objects.filter(pk=second.pk).update(named_at=first.named_at + timedelta(hours=hours))
    assert ranks(people)[1] == ("湖里区", rank)
    assert ranks(people)[0] == ("集美区", stages.TOGETHER if rank == stages.TOGETHER else stages.FIRST)


def test_two_reports_of_one_unit_do_not_compete(people: City) -> None:
    lead(people, "jia", days=9)
    project(people, "jia", days=9)
    assert {rank for _unit, rank in ranks(people)} == {stages.FIRST}


def test_what_is_signed_grown_or_over_is_not_in_the_contest(people: City) -> None:
    project(people, "jia", stages.SIGNED)
    gone = lead(people, "jia")
    services.move_lead(by=people.actor("jia"), lead=gone, move="decline", reason="不实")
    assert ranks(people) == []
    made = project(people, "jia", stages.REGISTERED)
    services.extend_project(
        by=people.actor("jia"), project=made, despite="追加投资",
        values={"name": "二期", "intended": Money.in_yuan(8_000 * WAN), "summary": "追加"},
    )  # fmt: skip
    assert ranks(people) == []


def test_a_city_without_the_rule_protects_nobody(people: City) -> None:
    first = lead(people, "jia")
    Rule.objects.filter(kind="first_report").delete()
    keeping.forget()
    assert ranks(people) == []
    assert not Lead.objects.filter(queries.lead_is_protected(timezone.localdate())).exists()
    with pytest.raises(Conflict):
        dispute(people, "jia", first, lead(people, "yi"))


def test_the_list_of_leads_knows_which_are_protected(people: City) -> None:
    fresh, old = (
        lead(people, "jia", days=3),
        lead(people, "jia", days=250, firm=make_enterprise("测试旧线索有限公司")),
    )
    client = signed_in(people.users["jia"])
    assert fresh.title in (text := client.get("/leads/?protected=true").content.decode())
    assert f"/leads/{old.pk}/" not in text
    text = client.get("/leads/?protected=false").content.decode()
    assert f"/leads/{old.pk}/" in text
    assert f"/leads/{fresh.pk}/" not in text
    assert client.get("/api/v1/leads/?protected=2").status_code == 422  # neither yes nor no


def test_who_is_protected_is_told_of_a_rival_and_nobody_else(people: City) -> None:
    first = lead(people, "jia", days=30)
    second = lead(people, "yi")
    told = Event.objects.get(verb="projects.lead.rivalled")
    assert (told.object_id, told.data) == (first.pk, {"text": "湖里区"})
    assert list(Notice.objects.filter(event=told).values_list("owner__username", flat=True)) == ["jia"]
    assert second.title not in signed_in(people.users["jia"]).get(f"/leads/{first.pk}/").content.decode()


def test_a_sensitive_project_tells_nobody_of_itself(people: City) -> None:
    lead(people, "jia", days=30)
    project(people, "yi", secrecy=stages.SENSITIVE)
    assert not Event.objects.filter(verb="projects.lead.rivalled").exists()
    assert [unit for unit, _rank in ranks(people, by="jia")] == ["集美区"]


def test_to_name_another_enterprise_later_tells_the_first_too(people: City) -> None:
    first = project(people, "jia", days=30)
    other = people.project(by="yi")
    services.change_project(
        by=people.actor("yi"), project=other, version=other.version, values={"enterprise": first.enterprise}, despite="另一项目"
    )  # fmt: skip
    assert Event.objects.filter(verb="projects.project.rivalled", object_id=first.pk).count() == 1


# --- disputes -----------------------------------------------------------------------------------------------------


def test_a_dispute_is_raised_answered_and_decided_with_both_records(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = dispute(people, "jia", first, second)
    assert {side.unit.code: side.waits for side in item.sides.all()} == {"jimei": False, "huli": True}
    notice = Notice.objects.get(event__verb="projects.dispute.raise")
    assert notice.owner.username == "yi"
    answered(people, "yi", item)
    assert Notice.objects.get(event__verb="projects.dispute.answer").owner.username == "office"
    services.decide_dispute(
        by=people.actor("office"),
        dispute=item,
        outcome=stages.RAISER,
        ruling="集美区首报在先并持续跟踪",
        is_shared=True,
    )
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (stages.ONGOING, stages.ENDED)
    assert Participation.objects.get(project=first, part=stages.INTRODUCER).unit == people.huli
    kept = {side.unit.code: (side.record["talks"], side.yields) for side in item.sides.all()}
    assert kept == {"jimei": (0, False), "huli": (0, True)}
    verbs = set(
        Event.objects.filter(object_type="projects.project", object_id=second.pk).values_list(
            "verb", flat=True
        )
    )
    assert {f"projects.project.dispute_{what}" for what in ("raised", "answered", "decided")} < verbs
    with pytest.raises(Blocked) as refused:
        services.move_project(by=people.actor("yi"), project=second, move="reopen", reason="再试")
    assert "已裁定" in str(refused.value.reasons)


def test_who_was_later_waits_until_it_is_decided(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = dispute(people, "jia", first, second)
    with pytest.raises(Blocked) as refused:
        services.move_project(by=people.actor("yi"), project=second, move="negotiate")
    assert "首报争议尚未裁定" in str(refused.value.reasons)
    services.move_project(by=people.actor("jia"), project=first, move="negotiate")  # the first one goes on
    services.decide_dispute(
        by=people.actor("office"),
        dispute=answered(people, "yi", item),
        outcome=stages.DIFFERENT,
        ruling="两个项目",
    )
    second.refresh_from_db()
    services.move_project(by=people.actor("yi"), project=second, move="negotiate")
    assert second.stage == stages.NEGOTIATING


def test_a_signing_waits_for_the_decision(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", stages.NEGOTIATING, days=10)
    claim = people.claim(second, by="yi")
    item = dispute(people, "jia", first, second)
    second.refresh_from_db()
    with pytest.raises(Blocked):
        services.verify_claim(by=people.actor("alice"), claim=claim)
    services.move_dispute(by=people.actor("jia"), dispute=item, move="withdraw", reason="已协商")
    claim.refresh_from_db()
    services.verify_claim(by=people.actor("alice"), claim=type(claim).objects.get(pk=claim.pk))
    second.refresh_from_db()
    assert second.stage == stages.SIGNED


def test_of_simultaneous_reports_both_wait(people: City) -> None:
    item = dispute(people, "jia", project(people, "jia", days=9), project(people, "yi", days=9))
    assert [side.waits for side in item.sides.all()] == [True, True]


def test_the_office_hears_the_other_side_or_waits_its_days(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = dispute(people, "jia", first, second)
    given: dict[str, Any] = {"by": people.actor("office"), "outcome": stages.RAISER, "ruling": "首报在先"}
    with pytest.raises(Blocked) as refused:
        services.decide_dispute(dispute=item, **given)
    assert "满 5 天" in str(refused.value.reasons)
    assert not queries.disputes_to_do(people.actor("office"), timezone.localdate()).exists()
    for days, over in ((4, False), (5, True)):
        Dispute.objects.filter(pk=item.pk).update(raised_at=timezone.now() - timedelta(days=days))
        item.refresh_from_db()
        assert queries.time_to_answer_is_over(item, timezone.localdate()) is over
        assert queries.disputes_to_do(people.actor("office"), timezone.localdate()).exists() is over
    services.decide_dispute(dispute=item, **given)
    assert item.state == stages.DECIDED


def test_a_lead_that_loses_is_declined_and_stays_so(people: City) -> None:
    first, second = lead(people, "jia", days=40), lead(people, "yi", days=10)
    item = answered(people, "jia", dispute(people, "yi", second, first))
    with pytest.raises(Invalid) as refused:  # a lead has no parts yet
        services.decide_dispute(
            by=people.actor("office"),
            dispute=item,
            outcome=stages.RAISER,
            ruling="湖里区实际跟踪",
            is_shared=True,
        )
    assert "is_shared" in refused.value.fields
    services.decide_dispute(
        by=people.actor("office"), dispute=item, outcome=stages.RAISER, ruling="湖里区实际跟踪"
    )
    first.refresh_from_db()
    assert first.state == stages.DECLINED
    with pytest.raises(Blocked):
        services.move_lead(by=people.actor("jia"), lead=first, move="reopen", reason="再试")
    assert ranks(people) == [("湖里区", stages.FIRST)]


def test_what_becomes_of_a_disputed_lead_is_disputed_too(people: City) -> None:
    first, second = lead(people, "jia", days=40), lead(people, "yi", days=10)
    item = dispute(people, "jia", first, second)
    services.move_lead(by=people.actor("yi"), lead=second, move="qualify", reason="属实")
    made = services.convert_lead(by=people.actor("yi"), lead=second)
    assert item.sides.get(is_raiser=False).project == made
    assert list(queries.disputes_about(made)) == [item]
    with pytest.raises(DomainError):  # under whichever name: one dispute between two records
        dispute(people, "yi", made, first)


def test_a_signed_project_is_not_taken_away_by_a_ruling(people: City) -> None:
    first, second = project(people, "jia", stages.NEGOTIATING, days=40), project(people, "yi", days=10)
    item = answered(people, "jia", dispute(people, "yi", second, first))
    people.verified(first)  # the first report goes on while it is disputed
    with pytest.raises(Invalid) as refused:
        services.decide_dispute(
            by=people.actor("office"), dispute=item, outcome=stages.RAISER, ruling="湖里区跟踪"
        )
    assert "已经签约" in str(refused.value)
    item.refresh_from_db()
    assert (item.state, item.outcome) == (stages.ANSWERED, "")
    assert not item.sides.filter(yields=True).exists()


def test_nobody_is_awarded_what_he_gave_up(people: City) -> None:
    first, second = lead(people, "jia", days=40), lead(people, "yi", days=10)
    item = answered(people, "yi", dispute(people, "jia", first, second))
    services.move_lead(by=people.actor("jia"), lead=first, move="decline", reason="企业放弃")
    with pytest.raises(Invalid) as refused:
        services.decide_dispute(
            by=people.actor("office"), dispute=item, outcome=stages.RAISER, ruling="首报在先"
        )
    assert "outcome" in refused.value.fields


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"outcome": "nobody"}, "outcome"), ({"outcome": stages.RAISER, "ruling": " "}, "reason"),
        ({"outcome": stages.DIFFERENT, "is_shared": True}, "is_shared"),
    ],
)  # fmt: skip
def test_a_decision_must_be_whole(people: City, given: dict[str, Any], field: str) -> None:
    item = answered(
        people, "yi", dispute(people, "jia", lead(people, "jia", days=40), lead(people, "yi", days=10))
    )
    with pytest.raises(Invalid) as refused:
        services.decide_dispute(by=people.actor("office"), dispute=item, **({"ruling": "理由"} | given))
    assert field in refused.value.fields
    item.refresh_from_db()
    assert item.state == stages.ANSWERED


def test_a_dispute_needs_a_rival_of_another_unit(people: City) -> None:
    first, own = lead(people, "jia", days=40), project(people, "jia", days=3)
    unrelated = lead(people, "yi", firm=make_enterprise("测试无关有限公司"))
    for other in (own, unrelated, first):
        with pytest.raises(Invalid) as refused:
            dispute(people, "jia", first, other)
        assert "against" in refused.value.fields
    for against in ("", "lead-", "lead-99999999999999999999", "plan-1", "project-0"):
        with pytest.raises(Invalid):
            services.raise_dispute(by=people.actor("jia"), record=first, against=against, statement="说明")
    rival = lead(people, "yi", days=2)
    with pytest.raises(Invalid):
        services.raise_dispute(
            by=people.actor("jia"), record=first, against=queries.key_of(rival), statement="  "
        )


def test_a_hidden_sensitive_project_cannot_be_named(people: City) -> None:
    first = lead(people, "jia", days=40)
    secret = project(people, "yi", secrecy=stages.SENSITIVE)
    with pytest.raises(Invalid):
        dispute(people, "jia", first, secret)


# person → what each may do with a dispute that 集美 raised against 湖里, and with the record of 集美
TRUTH = {
    "jia": ({"view", "raise"}, {"argue"}), "yi": ({"view", "answer"}, set()), "office": ({"view", "decide"}, {"yield"}),
    "bob": ({"view"}, set()), "alice": ({"view"}, set()), "charlie": ({"view"}, set()), "dora": ({"view"}, set()),
    "erin": ({"view"}, set()), "stranger": (set(), set()),
}  # fmt: skip


def test_who_does_what_with_a_dispute(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = dispute(people, "jia", first, second)
    for person, (acts, record) in TRUTH.items():
        by = people.actor(person)
        assert actions_on(item, by, {"view", "raise", "answer", "decide"}) == acts, person
        assert actions_on(first, by, {"argue", "yield"}) == record, person
        assert Dispute.objects.permitted(by).filter(pk=item.pk).exists() == ("view" in acts), person
    for person, move in (("jia", "answer"), ("yi", "withdraw"), ("bob", "withdraw"), ("erin", "answer")):
        with pytest.raises(Forbidden):
            services.move_dispute(by=people.actor(person), dispute=item, move=move, reason="说明")
    for person in ("jia", "yi", "erin"):
        with pytest.raises(Forbidden):
            services.decide_dispute(
                by=people.actor(person), dispute=item, outcome=stages.RAISER, ruling="说明"
            )
    with pytest.raises((Forbidden, Missing)):
        dispute(people, "alice", second, first)


def test_who_may_not_see_a_side_does_not_decide(people: City) -> None:
    """A project made sensitive after it was disputed is decided by somebody cleared for it."""
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = answered(people, "yi", dispute(people, "jia", first, second))
    Project.objects.filter(pk=second.pk).update(secrecy=stages.SENSITIVE)
    people.users["uncleared"] = make_user("uncleared", people.root, [*VIEW, "projects.dispute.decide"])
    assert actions_on(item, people.actor("uncleared"), {"decide"}) == set()
    assert actions_on(item, people.actor("office"), {"decide"}) == {"decide"}


# --- pages --------------------------------------------------------------------------------------------------------


def test_each_side_reads_the_other_without_its_names_and_amounts(people: City) -> None:
    first = project(people, "jia", days=40, name="凤凰计划", intended=Money.in_yuan(1_234 * WAN))
    second = project(people, "yi", days=10, name="麒麟计划", intended=Money.in_yuan(5_678 * WAN))
    item = dispute(people, "jia", first, second)
    client = signed_in(people.users["yi"])
    text = read(client, f"/disputes/{item.pk}/")
    assert "三月起多次接触" in text
    assert "麒麟计划" in text
    assert "集美区" in text
    assert "凤凰计划" not in text
    assert "1,234" not in text
    text = signed_in(people.users["office"]).get(f"/disputes/{item.pk}/").content.decode()
    assert "凤凰计划" in text
    assert "麒麟计划" in text
    assert "5,678" in text


def test_pages_walk_through_a_dispute(people: City) -> None:
    first, second = lead(people, "jia", days=40), project(people, "yi", days=10)
    jia, yi, office = (signed_in(people.users[name]) for name in ("jia", "yi", "office"))
    text = read(yi, f"/projects/{second.pk}/first-report/")
    assert "集美区首报在先" in text
    assert f"/projects/{second.pk}/dispute/" in text
    text = read(jia, f"/leads/{first.pk}/")
    assert f"/leads/{first.pk}/dispute/" in text
    assert "湖里区" in text
    text = jia.get(f"/leads/{first.pk}/dispute/").content.decode()
    assert f"project-{second.pk}" in text
    assert second.name not in text
    answer = jia.post(
        f"/leads/{first.pk}/dispute/", {"against": f"project-{second.pk}", "statement": "我区先接触"}
    )
    item = Dispute.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/disputes/{item.pk}/")
    assert (
        jia.post(
            f"/leads/{first.pk}/dispute/", {"against": f"project-{second.pk}", "statement": "再来"}
        ).status_code
        == 409
    )
    assert "待我办理的首报争议" in read(yi, "/")
    yi.post(f"/disputes/{item.pk}/answer/", {"reason": "已多次洽谈"})
    assert "待我办理的首报争议" in office.get("/").content.decode()
    assert FIRM in read(office, "/disputes/")
    text = read(office, f"/disputes/{item.pk}/decide/")
    assert "已多次洽谈" in text
    assert "我区先接触" in text
    item.refresh_from_db()
    answer = office.post(
        f"/disputes/{item.pk}/decide/",
        {"outcome": "other", "reason": "湖里区持续跟踪", "version": item.version},
    )
    assert answer.status_code == 302
    first.refresh_from_db()
    assert first.state == stages.DECLINED
    assert "由另一方承办" in jia.get(f"/disputes/{item.pk}/").content.decode()
    text = "".join(part.decode() for part in office.get("/disputes/export/?format=csv").streaming_content)
    assert FIRM in text
    assert "由另一方承办" in text


def test_a_decision_on_an_older_version_is_refused(people: City) -> None:
    item = dispute(people, "jia", lead(people, "jia", days=40), lead(people, "yi", days=10))
    version = item.version
    answered(people, "yi", item)
    answer = signed_in(people.users["office"]).post(
        f"/disputes/{item.pk}/decide/", {"outcome": "raiser", "reason": "首报在先", "version": version}
    )
    assert answer.status_code == 409
    item.refresh_from_db()
    assert item.state == stages.ANSWERED


def test_the_api_tells_and_disputes(people: City) -> None:
    first, second = lead(people, "jia", days=40), project(people, "yi", days=10)
    client = signed_in(people.users["jia"])
    told = client.get(f"/api/v1/leads/{first.pk}/first-reports/").json()
    assert [(row["rank"], row["title"]) for row in told] == [("first", first.title), ("later", "")]
    assert len(told[1]["reported"]) == len("2026-01")
    made = client.post(
        f"/api/v1/leads/{first.pk}/disputes/",
        {"against": told[1]["key"], "statement": "我区先接触"},
        "application/json",
    )
    assert made.status_code == 201, made.content
    assert [side["waits"] for side in made.json()["sides"]] == [False, True]
    assert second.name not in made.content.decode()


# --- races --------------------------------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_report_one_investor_at_once_one_is_told(people: City) -> None:
    """Neither says why: the first is registered, the other is asked; whoever came second knows of the first."""
    firm = make_enterprise(FIRM)
    values = {
        "title": "线索",
        "source": "fair",
        "heard_date": date(2026, 1, 1),
        "content": "拟建",
        "enterprise": firm,
    }
    jia, yi = people.actor("jia"), people.actor("yi")
    results = at_once(
        [
            lambda: services.register_lead(by=jia, values=values),
            lambda: services.register_lead(by=yi, values=values),
        ]
    )
    assert sum(isinstance(result, Invalid) for result in results) == 1
    assert Lead.objects.filter(enterprise=firm).count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_raise_the_same_dispute_one_does(people: City) -> None:
    first, second = lead(people, "jia", days=40), lead(people, "yi", days=10)
    results = at_once(
        [lambda: dispute(people, "jia", first, second), lambda: dispute(people, "yi", second, first)]
    )
    assert sum(isinstance(result, DomainError) for result in results) == 1
    assert Dispute.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_one_counts(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = answered(people, "yi", dispute(people, "jia", first, second))

    def decide(outcome: str) -> Dispute:
        return services.decide_dispute(
            by=people.actor("office"), dispute=Dispute.objects.get(pk=item.pk), outcome=outcome, ruling="理由"
        )

    results = at_once([lambda: decide(stages.RAISER), lambda: decide(stages.OTHER)])
    assert sum(isinstance(result, DomainError) for result in results) == 1
    item.refresh_from_db()
    assert item.sides.filter(yields=True).count() == 1
    over = Project.objects.filter(status=stages.ENDED)
    assert [found.pk for found in over] == [item.sides.get(yields=True).project_id]


def test_the_table_has_every_state_reached() -> None:
    table = lifecycle.DISPUTE
    reached = {table.initial} | {move.target for move in table.moves}
    assert reached == set(table.states)


def test_who_has_signed_stays_first_and_is_told_of_newcomers(people: City) -> None:
    """集美 has signed; 湖里 names the same investor: it ranks behind, and 集美 is told by its unit alone."""
    city = people
    signed = project(city, "bob", stages.REGISTERED, days=40)
    late = lead(city, "yi")
    firm = Enterprise.objects.get(name=FIRM)
    for name in ("office", "jia", "yi"):
        found = queries.places_of(queries.dealings(firm, city.actor(name)), timezone.localdate())
        assert [(item.dealing.unit, item.rank) for item in found] == [
            ("集美区", stages.HELD),
            ("湖里区", stages.LATER),
        ]
    page = read(signed_in(city.users["jia"]), f"{signed.get_absolute_url()}first-report/")
    assert "已签约，" in page
    assert "报备在后" in page
    assert "之后报备这家企业的单位排在后面" in page
    assert "保护期至" not in page
    assert late.title not in page
    for name in ("jia", "bob"):  # the head, and the clerk who leads the project
        told = Notice.objects.get(owner=city.users[name], event__verb="projects.project.rivalled")
        assert (told.event.object_id, told.event.data["text"]) == (signed.pk, "湖里区")
    assert "集美区已有这家企业签约或落地的项目" in read(signed_in(city.users["yi"]), late.get_absolute_url())
    with pytest.raises(Invalid, match="请选择其他单位"):  # a signed project is not decided away
        dispute(city, "yi", late, signed)
    third = project(city, "bob", stages.INTENDED)  # what the unit has beside goes with it
    found = queries.places_of(queries.dealings(firm, city.actor("office")), timezone.localdate())
    assert [item.rank for item in found if item.dealing.key == queries.key_of(third)] == [stages.FIRST]


def test_the_leader_of_a_protected_project_is_told_of_a_rival_too(people: City) -> None:
    city = people
    first = project(city, "bob", days=3)
    lead(city, "yi")
    told = Notice.objects.filter(event__verb="projects.project.rivalled", event__object_id=first.pk)
    assert set(told.values_list("owner__username", flat=True)) == {"bob", "jia"}
