"""A second project of one unit with one firm is asked about: the same, grown out of it, or another one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.factories import make_enterprise, signed_in
from tests.factories.races import at_once
from tests.unit.projects.conftest import City
from yinfeng.core.errors import Invalid
from yinfeng.core.models import Event
from yinfeng.core.money import WAN, Money
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Lead, Project, ProjectLink

pytestmark = pytest.mark.django_db


def plan(city: City, enterprise: Any, by: str = "bob", despite: str = "") -> Project:
    values = {"name": "又一个项目", "summary": "建厂", "enterprise": enterprise}
    return services.add_project(by=city.actor(by), values=values, despite=despite)


@pytest.mark.clause("3.1.3")
def test_a_second_project_is_asked_about_until_somebody_says_what_is_different(city: City) -> None:
    first = city.project()
    with pytest.raises(Invalid, match="本单位已有这家企业的项目") as asked:
        plan(city, first.enterprise)
    assert first.code in str(asked.value)
    assert Project.objects.count() == 1
    made = plan(city, first.enterprise, despite="这次是研发中心，用地和产品都不同")
    told = Event.objects.get(verb="projects.project.created", object_id=made.pk)
    assert told.note == "这次是研发中心，用地和产品都不同"


def test_what_is_over_or_grows_out_of_the_first_asks_nothing(city: City) -> None:
    over = city.project()
    services.move_project(by=city.actor("charlie"), project=over, move="end", reason="不谈了")
    plan(city, over.enterprise)
    landed = city.project(stages.REGISTERED)
    values = {"name": "二期", "summary": "追加", "intended": Money.in_yuan(Decimal(1_000 * WAN))}
    services.extend_project(by=city.actor("bob"), project=landed, values=values)


def test_both_questions_are_put_at_once(city: City) -> None:
    first = city.project()
    city.project(by="alice", enterprise=first.enterprise)
    with pytest.raises(Invalid) as asked:
        plan(city, first.enterprise)
    (sentence,) = asked.value.fields["despite"]
    assert "其他单位已在跟进" in str(sentence)
    assert "本单位已有" in str(sentence)
    assert str(sentence).count("请写明") == 1


def test_the_form_shows_where_to_answer(city: City) -> None:
    first = city.project()
    assert first.enterprise is not None
    given = {
        "name": "又一个项目",
        "summary": "建厂",
        "secrecy": "internal",
        "enterprise_name": first.enterprise.name,
    }
    client = signed_in(city.users["bob"])
    told = client.get("/projects/check/", {"enterprise_name": first.enterprise.name}).content.decode()
    assert f"本单位已有这家企业的项目：{first.code}" in told
    page = client.post("/projects/new/", given)
    assert page.status_code == 422
    assert "建立增资扩产" in page.content.decode()
    assert 'name="despite"' in page.content.decode()
    refused = client.post("/projects/new/", given | {"despite": "产品不同"})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["related"])
    assert (
        client.post("/projects/new/", given | {"despite": "产品不同", "related": "none"}).status_code == 302
    )


# --- linked or declared different ---------------------------------------------------------------------------------


@pytest.mark.clause("3.1.3")
def test_what_is_declared_is_kept_and_told_on_both_pages_to_who_sees_both(city: City) -> None:
    first = city.project()
    rival = city.project(by="alice", enterprise=first.enterprise, host_unit=city.huli)
    ProjectLink.objects.all().delete()
    values = {"name": "研发中心", "summary": "建研发中心", "enterprise": first.enterprise}
    made = services.add_project(
        by=city.actor("bob"), values=values, despite="为一期项目配套研发", related=first.pk
    )
    assert set(made.links.values_list("other", "kind", "reason")) == {
        (first.pk, stages.RELATED, "为一期项目配套研发"), (rival.pk, stages.DIFFERENT, "为一期项目配套研发"),
    }  # fmt: skip
    bob, erin = signed_in(city.users["bob"]), signed_in(city.users["erin"])
    page = bob.get(f"/projects/{made.pk}/").content.decode()
    assert "同一投资方的其他项目" in page
    assert first.code in page
    assert rival.code not in page  # another unit's: bob does not see it
    assert made.code in bob.get(f"/projects/{first.pk}/").content.decode()
    page = erin.get(f"/projects/{rival.pk}/").content.decode()
    assert made.code in page
    assert "不同项目" in page
    found = erin.get(f"/api/v1/projects/{rival.pk}/links/").json()
    assert [(item["project"], item["kind"]) for item in found] == [(made.pk, stages.DIFFERENT)]
    assert [item["project"] for item in bob.get(f"/api/v1/projects/{made.pk}/links/").json()] == [first.pk]
    event = Event.objects.get(verb="projects.project.created", object_id=made.pk)
    assert event.note == "为一期项目配套研发"


def test_a_sensitive_project_out_of_sight_is_neither_told_nor_linked(city: City) -> None:
    hidden = city.project(by="alice", secrecy=stages.SENSITIVE, host_unit=city.huli)
    made = plan(city, hidden.enterprise)
    assert not made.links.exists()
    with pytest.raises(Invalid) as refused:
        services.add_project(
            by=city.actor("bob"), values={"name": "甲", "summary": "乙", "enterprise": hidden.enterprise}, despite="另一项目",
            related=hidden.pk,
        )  # fmt: skip
    assert "related" in refused.value.fields


def test_converting_and_naming_the_investor_later_ask_too(city: City) -> None:
    first = city.project(name="动力电池生产基地")
    lead = city.lead(stages.QUALIFIED, enterprise=first.enterprise, title="动力电池基地")
    client = signed_in(city.users["bob"])
    url = f"/leads/{lead.pk}/convert/"
    given = {"name": "动力电池基地", "secrecy": "internal", "version": lead.version}
    page = client.post(url, given)
    assert page.status_code == 422
    assert "（名称相近）" in page.content.decode()
    assert f'value="{first.pk}"' in page.content.decode()
    assert f'href="/projects/{first.pk}/"' in page.content.decode()
    assert Project.objects.count() == 1
    assert (
        'name="despite"' not in client.get(url).content.decode()
    )  # nobody was asked when the lead was registered
    assert client.post(url, given | {"despite": "二期", "related": "x"}).status_code == 422
    assert (
        client.post(url, given | {"despite": "电芯，不是整包", "related": str(first.pk)}).status_code == 302
    )
    made = Project.objects.get(lead=lead)
    assert list(made.links.values_list("other", "kind")) == [(first.pk, stages.RELATED)]
    blank = city.project(enterprise=None)
    blank = Project.objects.get(pk=blank.pk)
    with pytest.raises(Invalid, match="本单位已有这家企业的项目"):
        services.change_project(
            by=city.actor("bob"),
            project=blank,
            version=blank.version,
            values={"enterprise": first.enterprise},
        )
    changed = services.change_project(
        by=city.actor("bob"),
        project=blank,
        version=blank.version,
        values={"enterprise": first.enterprise},
        despite="另一条线",
    )
    assert changed.links.count() == 2


def test_converting_asks_about_a_project_that_others_made_meanwhile(city: City) -> None:
    lead = city.lead(stages.QUALIFIED, enterprise=make_enterprise("某半导体有限公司"))
    city.project(by="alice", enterprise=lead.enterprise, host_unit=city.huli, name="别人的项目")
    with pytest.raises(Invalid, match="湖里区已有 1 个") as asked:
        services.convert_lead(by=city.actor("bob"), lead=lead)
    assert "别人的项目" not in str(asked.value)
    lead.refresh_from_db()
    assert lead.state == stages.QUALIFIED
    assert services.convert_lead(by=city.actor("bob"), lead=lead, despite="产品不同").pk


def test_converting_repeats_why_the_lead_was_registered_all_the_same(city: City) -> None:
    rival = city.project(by="alice", host_unit=city.huli)
    lead = city.lead(stages.QUALIFIED, enterprise=rival.enterprise)
    page = signed_in(city.users["bob"]).get(f"/leads/{lead.pk}/convert/").content.decode()
    assert "双方项目内容不同" in page
    assert 'name="related"' not in page  # he sees none to choose from


def test_of_names_that_share_half_their_pairs(city: City) -> None:
    for one, other, alike in (
        ("动力电池基地", "动力电池生产基地", True), ("研发中心", "动力电池基地", False), ("", "甲", False), ("一期", "一期", True),
    ):  # fmt: skip
        assert queries.is_alike(one, other) is alike


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_a_project_of_one_investor_at_once_one_is_asked(city: City) -> None:
    firm = make_enterprise("某电池有限公司")
    lead = city.lead(stages.QUALIFIED, enterprise=firm)
    results = at_once([
        lambda: plan(city, firm, by="charlie"),
        lambda: services.convert_lead(by=city.actor("bob"), lead=Lead.objects.get(pk=lead.pk)),
    ])  # fmt: skip
    assert sum(isinstance(result, Invalid) for result in results) == 1, results
    assert Project.objects.filter(enterprise=firm).count() == 1
