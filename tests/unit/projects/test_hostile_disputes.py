"""What a hostile reader found wrong about first reports and disputes: each test failed once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from tests.unit.projects.conftest import HEAD, PDF, VIEW, City
from tests.unit.projects.test_first_reports import (
    FIRM,
    answered,
    days_ago,
    dispute,
    lead,
    people,
    project,
    ranks,
    read,
)  # fmt: skip
from yinfeng.core.errors import DomainError
from yinfeng.core.models import Event, Notice
from yinfeng.core.scopes import actions_on
from yinfeng.enterprises import services as library
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Dispute, Lead, Project

pytestmark = pytest.mark.django_db
assert people


def third(city: City, name: str = "bing", code: str = "tongan", **kw: Any) -> None:
    unit = make_unit(code, parent=city.root, name="同安区")
    city.users[name] = make_user(
        name, unit, [*HEAD, "projects.dispute.argue", "projects.project.transfer"], username=name
    )


def talk(city: City, by: str, item: Project, **values: Any) -> Any:
    return services.record_talk(
        by=city.actor(by),
        project=item,
        values={
            "talk_date": timezone.localdate(),
            "form": "meeting",
            "our_side": "甲",
            "their_side": "乙",
            "summary": "谈",
            **values,
        },
    )


# a ---------------------------------------------------------------------------------------------------------------


def _blank(city: City, by: str, days: int) -> Lead:
    with days_ago(days):
        return services.register_lead(
            by=city.actor(by),
            values={"title": "占位线索", "source": "fair", "heard_date": date(2026, 1, 1), "content": "待定"},
        )


def _named_later(city: City) -> tuple[Lead, Lead]:
    blank = _blank(city, "yi", 60)
    first = lead(city, "jia", days=40)
    services.change_lead(
        by=city.actor("yi"),
        lead=blank,
        version=blank.version,
        despite="另一项目",
        values={"enterprise": first.enterprise},
    )
    return first, blank


def test_a01_a_lead_that_names_the_investor_later_does_not_overtake(people: City) -> None:
    _named_later(people)
    assert ("集美区", stages.FIRST) in ranks(people)


def test_a02_who_is_overtaken_is_told(people: City) -> None:
    first, _blank_lead = _named_later(people)
    assert Event.objects.filter(verb="projects.lead.rivalled", object_id=first.pk).exists()


def test_a03_who_is_overtaken_is_not_stopped(people: City) -> None:
    blank = _blank(people, "yi", 60)
    first = project(people, "jia", days=40)
    services.change_lead(
        by=people.actor("yi"),
        lead=blank,
        version=blank.version,
        despite="另一项目",
        values={"enterprise": first.enterprise},
    )
    dispute(people, "yi", blank, first)
    services.move_project(by=people.actor("jia"), project=first, move="negotiate")


def test_a04_a_right_that_lapsed_and_passed_on_does_not_come_back(people: City) -> None:
    first = project(people, "jia", days=250)
    project(people, "yi", days=30)
    assert ranks(people)[1] == ("湖里区", stages.FIRST)
    talk(people, "jia", first)
    assert ("湖里区", stages.FIRST) in ranks(people)


def test_a06_who_waits_does_not_go_on_under_another_record(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    dispute(people, "jia", first, second)
    again = project(people, "yi", stages.INTENDED)
    with pytest.raises(DomainError):
        services.move_project(by=people.actor("yi"), project=again, move="negotiate")


def test_a07_who_lost_does_not_go_on_under_another_record(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    other = project(people, "yi", days=8)
    services.decide_dispute(
        by=people.actor("office"),
        dispute=answered(people, "yi", dispute(people, "jia", first, second)),
        outcome=stages.RAISER,
        ruling="首报在先",
    )
    with pytest.raises(DomainError):
        services.move_project(by=people.actor("yi"), project=other, move="negotiate")


def test_a08_who_won_is_first_among_the_others_too(people: City) -> None:
    third(people)
    loser = project(people, "yi", days=40)
    project(people, "bing", days=20)
    winner = project(people, "jia", days=10)
    services.decide_dispute(
        by=people.actor("office"),
        dispute=answered(people, "yi", dispute(people, "jia", winner, loser)),
        outcome=stages.RAISER,
        ruling="集美区实际跟踪",
    )
    assert ("集美区", stages.FIRST) in ranks(people)


def test_a09_a_rival_is_named_by_unit_alone(people: City) -> None:
    first = lead(people, "jia", days=30)
    people.users["yi"].name = "湖里的李四"
    people.users["yi"].save()
    lead(people, "yi")
    assert "湖里的李四" not in signed_in(people.users["jia"]).get(f"/leads/{first.pk}/").content.decode()


def test_a09b_nor_in_the_notices(people: City) -> None:
    lead(people, "jia", days=30)
    people.users["yi"].name = "湖里的李四"
    people.users["yi"].save()
    lead(people, "yi")
    assert "湖里的李四" not in signed_in(people.users["jia"]).get("/notices/").content.decode()


def test_a10_a_project_no_longer_secret_is_told_of(people: City) -> None:
    first = lead(people, "jia", days=30)
    team = people.users["yi"]
    secret = project(people, "yi", secrecy=stages.SENSITIVE)
    assert team
    services.change_project(
        by=people.actor("yi"), project=secret, version=secret.version, values={"secrecy": stages.INTERNAL}
    )
    assert Event.objects.filter(verb="projects.lead.rivalled", object_id=first.pk).exists()


def test_a11_a_rival_that_comes_by_its_host_is_told_of(people: City) -> None:
    first = project(people, "jia", days=30)
    made = project(people, "yi", host_unit=people.jimei)
    services.change_project(
        by=people.actor("yi"), project=made, version=made.version, values={"host_unit": people.huli}
    )
    assert Event.objects.filter(verb="projects.project.rivalled", object_id=first.pk).exists()


def test_a12_talks_entered_after_the_dispute_do_not_count(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = dispute(people, "jia", first, second)
    talk(people, "yi", second, talk_date=date(2020, 1, 1))
    side = queries.sides_of(item, people.actor("office"))[1]
    assert (side.talks, side.first_talk) == (0, None)


# b ---------------------------------------------------------------------------------------------------------------


def test_b01_a_hidden_sensitive_project_does_not_show_by_who_waits(people: City) -> None:
    third(people)
    project(people, "bing", days=60, secrecy=stages.SENSITIVE)
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    assert [rank for _unit, rank in ranks(people, by="jia")] == [stages.FIRST, stages.LATER]
    item = dispute(people, "jia", first, second)
    assert [side.waits for side in item.sides.order_by("-is_raiser")] == [False, True]


def test_b02_what_becomes_sensitive_is_no_longer_followed_in_the_dispute(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = dispute(people, "jia", first, second)
    Project.objects.filter(pk=first.pk).update(secrecy=stages.SENSITIVE, stage=stages.NEGOTIATING)
    talk(people, "jia", Project.objects.get(pk=first.pk))
    from yinfeng.projects.views.disputes import compared

    lines = compared(item, queries.sides_of(item, people.actor("yi")))["lines"]
    shown = [line["cells"][0]["text"] for line in lines][2:7]
    assert str(stages.STAGES[stages.NEGOTIATING]) not in shown, shown


def test_b03_uncleared_colleagues_are_not_told_of_a_secret_of_their_own_unit(people: City) -> None:
    """A sensitive first report of 集美; a head of 集美 who is not cleared gets no notice."""
    people.users["jia2"] = make_user("jia2", people.jimei, [*HEAD, "projects.dispute.argue"], username="jia2")
    project(people, "jia", days=40, secrecy=stages.SENSITIVE)
    lead(people, "yi")
    assert not Notice.objects.filter(owner__username="jia2").exists()


def test_b04_who_sees_no_leads_does_not_decide_over_them(people: City) -> None:
    item = answered(
        people, "yi", dispute(people, "jia", lead(people, "jia", days=40), project(people, "yi", days=10))
    )
    people.users["half"] = make_user(
        "half",
        people.root,
        ["projects.project.view", "projects.project.view_sensitive", "projects.dispute.decide"],
    )
    assert actions_on(item, people.actor("half"), {"view", "decide"}) == {"view"}


# c ---------------------------------------------------------------------------------------------------------------


def test_c01_a_transfer_hands_the_dispute_on(people: City) -> None:
    third(people)
    people.users["yi"] = make_user(
        "yi2", people.huli, [*HEAD, "projects.dispute.argue", "projects.project.transfer"], username="yi2"
    )
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = dispute(people, "jia", first, second)
    second.refresh_from_db()
    given = services.offer_transfer(
        by=people.actor("yi"),
        project=second,
        to_unit=people.users["bing"] and _unit("tongan"),
        reason="用地不足",
        terms={
            "percent": 50,
            "base": stages.BOTH,
            "years": 5,
            "start": stages.AGREEMENT,
            "statistics": stages.SPLIT,
        },
    )
    services.move_transfer(by=people.actor("bing"), transfer=given, move="accept", reason="同意")
    services.complete_transfer(
        by=people.actor("yi"),
        transfer=type(given).objects.get(pk=given.pk),
        agreed_date=timezone.localdate(),
        file=ContentFile(PDF, name="协议.pdf"),
        name="协议.pdf",
    )
    item.refresh_from_db()
    assert actions_on(item, people.actor("bing"), {"view", "answer"}) == {"view", "answer"}


def _unit(code: str) -> Any:
    from yinfeng.orgs.models import Unit

    return Unit.objects.get(code=code)


def test_c02_a_record_of_another_investor_meanwhile_is_not_ended(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    answered(people, "yi", dispute(people, "jia", first, second))
    second.refresh_from_db()
    with pytest.raises(DomainError):
        services.change_project(
            by=people.actor("yi"),
            project=second,
            version=second.version,
            values={"enterprise": make_enterprise("测试另一家有限公司")},
        )


def test_c03_nobody_waits_for_a_rival_that_gave_up(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    dispute(people, "jia", first, second)
    services.move_project(by=people.actor("jia"), project=first, move="end", reason="企业放弃")
    second.refresh_from_db()
    services.move_project(by=people.actor("yi"), project=second, move="negotiate")


def test_c04_no_introducer_comes_in_while_a_claim_waits(people: City) -> None:
    first, second = project(people, "jia", stages.NEGOTIATING, days=40), project(people, "yi", days=10)
    item = answered(people, "yi", dispute(people, "jia", first, second))
    people.claim(first)
    with pytest.raises(DomainError):
        services.decide_dispute(
            by=people.actor("office"), dispute=item, outcome=stages.RAISER, ruling="首报在先", is_shared=True
        )


def test_c06_a_merger_that_makes_rivals_tells_the_first(people: City) -> None:
    first = lead(people, "jia", days=40)
    other = make_enterprise("测试首报电池（厦门）有限公司")
    lead(people, "yi", days=10, firm=other)
    people.users["merger"] = make_user(
        "merger", people.root, [*VIEW, "enterprises.enterprise.merge", "enterprises.enterprise.change"]
    )
    kept = Enterprise.objects.get(name=FIRM)
    library.merge(
        by=people.actor("merger"),
        kept=kept,
        gone=other,
        versions=(kept.version, other.version),
        choices={},
        reason="同一家",
    )
    assert ranks(people) == [("集美区", stages.FIRST), ("湖里区", stages.LATER)]
    assert Event.objects.filter(verb="projects.lead.rivalled", object_id=first.pk).exists()


# d ---------------------------------------------------------------------------------------------------------------


def test_d01_a_winner_given_up_meanwhile_is_not_awarded(people: City) -> None:
    """Interleaved as on PostgreSQL: the sides are read, the winner is declined and committed, then it is decided."""
    first, second = lead(people, "jia", days=40), lead(people, "yi", days=10)
    item = answered(people, "yi", dispute(people, "jia", first, second))
    real = queries.sides_of

    def late(*args: Any) -> Any:
        found = real(*args)
        services.move_lead(
            by=people.actor("jia"), lead=Lead.objects.get(pk=first.pk), move="decline", reason="放弃"
        )
        return found

    with mock.patch.object(queries, "sides_of", late), pytest.raises(DomainError):
        services.decide_dispute(
            by=people.actor("office"), dispute=item, outcome=stages.RAISER, ruling="首报在先"
        )


def test_d02_who_goes_on_while_it_is_disputed_is_refused(people: City) -> None:
    """Interleaved: the guard of ``negotiate`` is asked, the dispute is raised, then the stage is written."""
    from yinfeng.core.lifecycle import Lifecycle

    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    real = Lifecycle.check

    def late(table: Any, obj: Any, name: str, by: Any, **kw: Any) -> Any:
        move = real(table, obj, name, by, **kw)
        if name == "negotiate":
            dispute(people, "jia", first, Project.objects.get(pk=second.pk))
        return move

    with mock.patch.object(Lifecycle, "check", late), pytest.raises(DomainError):
        services.move_project(
            by=people.actor("yi"), project=Project.objects.get(pk=second.pk), move="negotiate"
        )


# f ---------------------------------------------------------------------------------------------------------------


def test_f01_the_button_is_there_for_a_new_rival_after_a_decided_dispute(people: City) -> None:
    third(people)
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    services.decide_dispute(
        by=people.actor("office"),
        dispute=answered(people, "yi", dispute(people, "jia", first, second)),
        outcome=stages.RAISER,
        ruling="首报在先",
    )
    project(people, "bing", days=1)
    text = signed_in(people.users["jia"]).get(f"/projects/{first.pk}/first-report/").content.decode()
    assert f"/projects/{first.pk}/dispute/" in text


def test_f02_what_was_read_when_it_was_decided_stays(people: City) -> None:
    first, second = lead(people, "jia", days=40), lead(people, "yi", days=10)
    services.move_lead(by=people.actor("jia"), lead=first, move="qualify", reason="属实")
    item = answered(people, "yi", dispute(people, "jia", first, second))
    services.decide_dispute(by=people.actor("office"), dispute=item, outcome=stages.RAISER, ruling="首报在先")
    services.convert_lead(by=people.actor("jia"), lead=Lead.objects.get(pk=first.pk))
    text = signed_in(people.users["office"]).get(f"/disputes/{item.pk}/").content.decode()
    assert str(stages.LEAD_STATES[stages.QUALIFIED]) in text


def test_f03_nobody_is_called_first_after_the_first_signed(people: City) -> None:
    project(people, "jia", stages.SIGNED, days=40)
    second = project(people, "yi", days=10)
    text = signed_in(people.users["yi"]).get(f"/projects/{second.pk}/first-report/").content.decode()
    assert "集美区已有这家企业签约或落地的项目" in text
    assert "还未签约的记录中，本记录首报在先" in text


def test_f04_who_comes_after_two_at_once_is_told_so(people: City) -> None:
    third(people)
    project(people, "jia", days=40)
    project(people, "yi", days=40)
    last = project(people, "bing", days=5)
    from yinfeng.projects.views.disputes import FirstReports

    for may, told in ((True, "可以提出首报争议"), (False, "请本单位负责人提出首报争议")):
        (warning,) = FirstReports(last, people.actor("bing"), may).warnings()
        assert told in warning["title"]


def test_f05_the_first_is_told_once_of_a_rival(people: City) -> None:
    lead(people, "jia", days=30)
    project(people, "jia", days=20)
    lead(people, "yi")
    assert Notice.objects.filter(owner__username="jia", event__verb__endswith=".rivalled").count() == 1


def test_f07_a_lead_without_an_enterprise_is_not_listed_as_protected(people: City) -> None:
    blank = _blank(people, "yi", 3)
    text = signed_in(people.users["yi"]).get("/leads/?protected=true").content.decode()
    assert f"/leads/{blank.pk}/" not in text


def test_f08_the_row_of_a_later_report_does_not_say_first(people: City) -> None:
    lead(people, "jia", days=30)
    second = lead(people, "yi", days=3)
    text = signed_in(people.users["yi"]).get(f"/leads/{second.pk}/").content.decode()
    assert text.count("报备，保护期至") == 1


@pytest.mark.parametrize("state", ["waiting", "ended", "claim"])
def test_f09_ten_queries_on_a_disputed_project(people: City, state: str) -> None:
    people.users["yi"] = make_user(
        "yi2",
        people.huli,
        [*HEAD, "projects.dispute.argue", "projects.project.transfer", "projects.project.grade"],
        username="yi2",
    )
    first = project(people, "jia", days=40)
    second = project(people, "yi", stages.NEGOTIATING if state == "claim" else stages.INTENDED, days=10)
    if state == "claim":
        people.claim(second, by="alice")
    item = dispute(people, "jia", first, second)
    if state == "ended":
        services.decide_dispute(
            by=people.actor("office"),
            dispute=answered(people, "yi", item),
            outcome=stages.RAISER,
            ruling="首报在先",
        )
    for url in (
        f"/projects/{second.pk}/",
        f"/projects/{second.pk}/first-report/",
        f"/disputes/{item.pk}/",
        "/",
        "/projects/",
        "/projects/board/",
    ):
        read(signed_in(people.users["yi"]), url)


@pytest.mark.parametrize("state", ["open", "lost"])
def test_f10_ten_queries_on_a_disputed_lead(people: City, state: str) -> None:
    first, second = lead(people, "jia", days=40), lead(people, "yi", days=10)
    item = dispute(people, "jia", first, second)
    if state == "lost":
        services.decide_dispute(
            by=people.actor("office"),
            dispute=answered(people, "yi", item),
            outcome=stages.RAISER,
            ruling="首报在先",
        )
    for url in (
        f"/leads/{second.pk}/",
        f"/disputes/{item.pk}/",
        "/disputes/",
        f"/leads/{second.pk}/dispute/",
    ):
        if url.endswith("/dispute/") and state == "lost":
            continue
        read(signed_in(people.users["yi"]), url)
    read(signed_in(people.users["office"]), f"/disputes/{item.pk}/")


def test_f11_the_list_and_the_export_ask_as_often_for_many(people: City) -> None:
    counts = []
    for size in (2, 8):
        for n in range(size):
            firm = make_enterprise(f"测试{size}{n}号有限公司")
            dispute(
                people, "jia", lead(people, "jia", days=40, firm=firm), lead(people, "yi", days=10, firm=firm)
            )
        client = signed_in(people.users["office"])
        for url in ("/disputes/", "/disputes/export/?format=csv", "/api/v1/disputes/", "/"):
            client.get(url)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(url)
                if answer.streaming:
                    b"".join(answer.streaming_content)
            counts.append((url, len(asked)))
    assert counts[:4] == counts[4:], counts
    assert max(n for _url, n in counts) <= 10, counts


def test_f12_a_lost_lead_is_not_said_to_be_ended(people: City) -> None:
    item = answered(
        people, "yi", dispute(people, "jia", lead(people, "jia", days=40), lead(people, "yi", days=10))
    )
    services.decide_dispute(by=people.actor("office"), dispute=item, outcome=stages.RAISER, ruling="首报在先")
    assert "已终止" not in signed_in(people.users["office"]).get(f"/disputes/{item.pk}/").content.decode()


def test_f13_days_of_talks_read_alike_before_and_after(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    talk(people, "jia", first)
    item = answered(people, "yi", dispute(people, "jia", first, second))
    office = signed_in(people.users["office"])

    def cell() -> Any:
        from yinfeng.projects.views.disputes import compared

        item.refresh_from_db()
        return [
            line["cells"][0]["text"]
            for line in compared(item, queries.sides_of(item, people.actor("office")))["lines"]
        ][4:7]

    before = cell()
    services.decide_dispute(by=people.actor("office"), dispute=item, outcome=stages.RAISER, ruling="首报在先")
    assert cell()[:2] == before[:2]
    assert office


def test_f14_the_last_progress_is_kept_as_read(people: City) -> None:
    from yinfeng.projects.views.disputes import compared

    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = answered(people, "yi", dispute(people, "jia", first, second))
    services.decide_dispute(
        by=people.actor("office"), dispute=item, outcome=stages.DIFFERENT, ruling="两个项目"
    )
    item.refresh_from_db()
    before = compared(item, queries.sides_of(item, people.actor("office")))["lines"][6]["cells"][0]["text"]
    talk(people, "jia", Project.objects.get(pk=first.pk))
    assert (
        compared(item, queries.sides_of(item, people.actor("office")))["lines"][6]["cells"][0]["text"]
        == before
    )


def test_b05_the_office_does_not_decide_its_own_case(people: City) -> None:
    """A lead that the office itself registered for the city: who entered it does not rule over it."""
    people.users["judge"] = make_user(
        "judge",
        people.root,
        [*VIEW, "projects.lead.register", "projects.dispute.decide", "projects.project.view_sensitive"],
        username="judge",
    )
    own, rival = lead(people, "judge", days=10), lead(people, "jia", days=40)
    item = dispute(people, "jia", rival, own)
    Dispute.objects.filter(pk=item.pk).update(raised_at=timezone.now() - timedelta(days=9))
    item.refresh_from_db()
    with pytest.raises(DomainError):
        services.decide_dispute(by=people.actor("judge"), dispute=item, outcome=stages.OTHER, ruling="归我")


def test_c07_a_district_and_its_own_zone_are_heard_by_two_people(people: City) -> None:
    """Whoever heads a district reaches the units below it: he raises for one and answers for the other."""
    zone = make_unit("zone", "zone", people.jimei, name="集美新城")
    people.users["zhen"] = make_user("zhen", zone, [*HEAD, "projects.dispute.argue"], username="zhen")
    first, second = project(people, "jia", days=40), project(people, "zhen", days=10)
    item = dispute(people, "jia", first, second)
    with pytest.raises(DomainError):
        services.move_dispute(by=people.actor("jia"), dispute=item, move="answer", reason="同意")


def test_g01_the_api_says_of_which_records_a_dispute_is(people: City) -> None:
    first, second = project(people, "jia", days=40), project(people, "yi", days=10)
    item = dispute(people, "jia", first, second)
    told = signed_in(people.users["office"]).get(f"/api/v1/disputes/{item.pk}/").json()
    for side in told["sides"]:
        assert {"project", "lead"} & set(side) or "key" in side, sorted(side)


def test_g02_the_form_offers_no_rival_that_is_disputed_already(people: City) -> None:
    third(people)
    first, second = lead(people, "jia", days=40), project(people, "yi", days=10)
    project(people, "bing", days=5)
    dispute(people, "jia", first, second)
    text = signed_in(people.users["jia"]).get(f"/leads/{first.pk}/dispute/").content.decode()
    assert f"project-{second.pk}" not in text


def test_g03_the_form_is_not_offered_where_nothing_can_be_disputed(people: City) -> None:
    signed = project(people, "jia", stages.SIGNED, days=40)
    assert signed_in(people.users["jia"]).get(f"/projects/{signed.pk}/dispute/").status_code != 200


def test_a14_who_gave_up_and_comes_back_is_not_first_again(people: City) -> None:
    first = project(people, "jia", days=100)
    with days_ago(60):
        services.move_project(by=people.actor("jia"), project=first, move="end", reason="企业放弃")
    second = project(people, "yi", days=30)
    assert ranks(people) == [("湖里区", stages.FIRST)]
    services.move_project(by=people.actor("jia"), project=first, move="reopen", reason="看到湖里区在谈")
    told = Event.objects.filter(verb="projects.project.rivalled", object_id=second.pk).exists()
    assert (("湖里区", stages.FIRST) in ranks(people), told) == (True, True)


def test_e01_whoever_registers_leads_can_be_heard() -> None:
    """Units of every kind that registers leads have somebody to tell of rivals, to raise and to answer (profile xiamen)."""
    import tomllib
    from pathlib import Path

    roles = tomllib.loads(Path("profiles/xiamen/roles.toml").read_text())["role"]
    heard = {
        kind
        for role in roles
        if "projects.dispute.argue" in role["permissions"]
        for kind in role.get("unit_kinds", [])
    }
    mute = {
        role["code"]: sorted(set(role.get("unit_kinds", [])) - heard)
        for role in roles if "projects.lead.register" in role["permissions"]
    }  # fmt: skip
    assert not any(mute.values()), mute


@pytest.mark.parametrize("kind", ["ended", "declined"])
def test_f15_ten_queries_without_any_dispute(people: City, kind: str) -> None:
    if kind == "ended":
        item: Any = project(people, "yi", days=10)
        services.move_project(by=people.actor("yi"), project=item, move="end", reason="放弃")
        read(signed_in(people.users["yi"]), f"/projects/{item.pk}/")
    else:
        item = lead(people, "yi", days=10)
        services.move_lead(by=people.actor("yi"), lead=item, move="decline", reason="放弃")
        read(signed_in(people.users["yi"]), f"/leads/{item.pk}/")
