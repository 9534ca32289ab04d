"""The clash warning tells that somebody is there, and nothing else; unusual amounts are questioned."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.factories import make_enterprise, make_user, signed_in
from tests.unit.projects.conftest import City
from yinfeng.core import search
from yinfeng.core.errors import Invalid
from yinfeng.core.models import Event
from yinfeng.core.money import WAN, YI, Money
from yinfeng.enterprises import services as library
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Lead

FORM = {
    "title": "拟建电池基地", "content": "拟投资建设", "source": "fair", "heard_date": "2026-05-01",
    "intended": "8000", "intended_unit": "wan",
}  # fmt: skip


def secret(city: City) -> None:
    """湖里 negotiates with 宁德时代 under a name and with amounts and people nobody else may read."""
    city.project(
        stages.NEGOTIATING, by="alice", enterprise=make_enterprise("宁德时代新能源科技股份有限公司"),
        name="凤凰计划", contact_name="李四光", intended=Money.in_yuan(1234 * WAN), site="湖里创新园",
    )  # fmt: skip


LEAKS = ("凤凰计划", "李四光", "1,234", "1234", "湖里创新园", "alice", "XM-")


def test_the_live_check_tells_unit_and_stage_alone(city: City) -> None:
    secret(city)
    client = signed_in(city.users["bob"])
    text = client.get("/leads/check/", {"enterprise_name": "宁德时代新能源科技股份有限公司"}).content.decode()
    assert "湖里区已有 1 个“在谈项目”" in text
    assert not [word for word in LEAKS if word in text]
    assert "/projects/" not in text


def test_who_may_see_the_project_gets_its_link(city: City) -> None:
    secret(city)
    enterprise = queries.find_enterprise("宁德时代新能源科技股份有限公司", city.actor("erin"))
    found = queries.clashes(enterprise, city.actor("erin"))
    assert [bool(clash.url) for clash in found] == [True]
    # the group's officer sees projects of its industry
    assert [bool(clash.url) for clash in queries.clashes(enterprise, city.actor("dora"))] == [True]
    assert [bool(clash.url) for clash in queries.clashes(enterprise, city.actor("stranger"))] == [False]


def test_own_projects_do_not_clash_and_sensitive_ones_stay_unsaid(city: City) -> None:
    firm = make_enterprise("甲乙丙有限公司")
    city.project(enterprise=firm)
    assert queries.clashes(firm, city.actor("bob")) == []
    assert len(queries.clashes(firm, city.actor("alice"))) == 1
    hidden = make_enterprise("丁戊己有限公司")
    city.project(enterprise=hidden, secrecy=stages.SENSITIVE)
    assert queries.clashes(hidden, city.actor("alice")) == []


def test_registering_all_the_same_asks_for_a_reason_and_keeps_it(city: City) -> None:
    secret(city)
    client = signed_in(city.users["bob"])
    form = {**FORM, "enterprise_name": "宁德时代新能源科技股份有限公司"}
    answer = client.post("/leads/new/", form)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "湖里区已有 1 个" in text
    assert 'name="despite"' in text
    assert not [word for word in LEAKS if word in text]
    assert not Lead.objects.exists()
    answer = client.post("/leads/new/", {**form, "despite": "储能项目，与湖里的不同"})
    assert answer.status_code == 302
    event = Event.objects.get(verb="projects.lead.registered")
    assert event.note == "储能项目，与湖里的不同"
    assert Lead.objects.get().intended == 8000 * WAN


PROJECT = {
    "name": "电池基地", "summary": "拟投资建设", "secrecy": "internal", "enterprise_name": "宁德时代新能源科技股份有限公司",
}  # fmt: skip
REASON = "储能项目，与湖里的不同"


def test_a_project_asks_the_same_question_when_it_is_new(city: City) -> None:
    secret(city)
    client = signed_in(city.users["bob"])
    assert 'name="despite"' not in client.get("/projects/new/").content.decode()
    answer = client.post("/projects/new/", PROJECT)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "湖里区已有 1 个“在谈项目”" in text
    assert 'name="despite"' in text
    assert not [word for word in LEAKS if word in text]
    assert client.post("/projects/new/", PROJECT | {"despite": REASON}).status_code == 302
    event = Event.objects.filter(verb="projects.project.created").latest("pk")
    assert event.note == REASON
    assert not [word for word in LEAKS if word in str(event.data)]


def test_a_project_asks_when_another_enterprise_is_put_in_and_not_otherwise(city: City) -> None:
    secret(city)
    own = city.project()
    client = signed_in(city.users["bob"])
    before = own.enterprise
    answer = client.post(f"{own.get_absolute_url()}edit/", PROJECT | {"version": own.version})
    assert answer.status_code == 422
    assert "湖里区已有 1 个“在谈项目”" in answer.content.decode()
    own.refresh_from_db()
    assert own.enterprise == before
    form = PROJECT | {"version": own.version, "despite": REASON}
    assert client.post(f"{own.get_absolute_url()}edit/", form).status_code == 302
    event = Event.objects.filter(verb="projects.project.changed").latest("pk")
    assert event.note == REASON
    own.refresh_from_db()
    again = PROJECT | {"version": own.version, "name": "改名"}
    assert client.post(f"{own.get_absolute_url()}edit/", again).status_code == 302  # asked and answered


# Who hears what about 湖里's project while typing its enterprise.
@pytest.mark.parametrize(
    ("name", "secrecy", "status", "told"),
    [
        ("alice", stages.INTERNAL, 200, False),  # no clash: her own unit's
        ("bob", stages.INTERNAL, 200, True),
        ("charlie", stages.INTERNAL, 200, True),
        ("bob", stages.SENSITIVE, 200, False),  # that it exists is the secret
        ("dora", stages.INTERNAL, 403, False),  # may not plan projects: no oracle
        ("erin", stages.INTERNAL, 403, False),
        ("stranger", stages.INTERNAL, 403, False),
    ],
)
def test_truth_table_of_the_live_check_of_a_new_project(
    city: City, name: str, secrecy: str, status: int, told: bool
) -> None:
    firm = make_enterprise("甲乙丙有限公司")
    project = city.project(stages.NEGOTIATING, by="alice", enterprise=firm, name="凤凰计划", secrecy=secrecy)
    answer = signed_in(city.users[name]).get("/projects/check/", {"enterprise_name": firm.name})
    text = answer.content.decode()
    assert answer.status_code == status
    assert ("湖里区已有 1 个" in text) is told
    own = name == "alice"  # of her own unit's she is told by name: a second one is asked about
    assert (project.get_absolute_url() in text) is own
    assert ("凤凰计划" in text) is own


def test_a_project_is_no_clash_with_itself(city: City) -> None:
    """湖里 hosts what 集美 reports, and may edit it."""
    firm = make_enterprise("甲乙丙有限公司")
    project = city.project(enterprise=firm, host_unit=city.huli)
    client, check = signed_in(city.users["alice"]), f"{project.get_absolute_url()}check/"
    text = client.get(check, {"enterprise_name": firm.name}).content.decode()
    assert "没有其他单位在跟进" in text
    other = city.project(enterprise=firm, host_unit=city.huli)
    text = client.get(check, {"enterprise_name": firm.name}).content.decode()
    assert other.get_absolute_url() in text
    assert project.get_absolute_url() not in text


def test_an_unasked_question_is_not_shown(city: City) -> None:
    text = signed_in(city.users["bob"]).get("/leads/new/").content.decode()
    assert 'name="despite"' not in text
    assert 'name="confirm_amounts"' not in text


@pytest.mark.parametrize(
    ("yuan", "asked"),
    [
        (10 * WAN - 1, True),
        (10 * WAN, False),
        (1_000 * YI, False),
        (1_000 * YI + 1, True),
        (Decimal(0), False),
    ],
)
def test_amounts_in_the_wrong_unit_are_questioned(yuan: Decimal, asked: bool) -> None:
    assert queries.is_questionable(yuan) is asked


def test_a_questioned_amount_is_taken_once_confirmed(city: City) -> None:
    client = signed_in(city.users["bob"])
    answer = client.post("/leads/new/", {**FORM, "intended": "5"})
    assert answer.status_code == 422
    assert "请核对单位" in answer.content.decode()
    assert client.post("/leads/new/", {**FORM, "intended": "5", "confirm_amounts": "on"}).status_code == 302


def test_an_unchanged_amount_keeps_its_rate(city: City) -> None:
    lead = city.lead(intended=Money(Decimal(7000000), "USD", Decimal(1000000), Decimal(7)))
    again = Money(Decimal(7200000), "USD", Decimal(1000000), Decimal("7.2"))
    services.change_lead(
        by=city.actor("bob"), lead=lead, version=lead.version, values={"intended": again, "title": "改名"}
    )
    assert (lead.title, lead.intended, lead.intended_rate) == ("改名", Decimal(7000000), Decimal(7))


def test_unknown_codes_are_refused(city: City) -> None:
    with pytest.raises(Invalid) as caught:
        city.lead(industry="9999")
    assert "industry" in caught.value.fields


@pytest.mark.clause("1.2")
def test_a_project_of_a_target_counts_it_as_won(city: City) -> None:
    """The unit's list and the working group's name the project; another unit's list stays as it is."""
    firm = make_enterprise("目标示例有限公司")
    rights = ["enterprises.target.change", "enterprises.target.view"]
    lists = {unit: make_user(f"{unit.name}专员", unit, rights) for unit in (city.jimei, city.huli)}
    targets = {
        unit: library.add_target(
            by=actor_for(user), enterprise=firm, values={"together": "各自接洽，互通情况"}
        )
        for unit, user in lists.items()
    }
    project = city.project(enterprise=firm)
    own, other = targets[city.jimei], targets[city.huli]
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.state, own.project) == ("landed", project.code)
    assert (other.state, other.project) == ("listed", "")
    event = Event.objects.get(verb="enterprises.target.land")
    assert (event.object_id, event.data["text"], event.actor_name) == (
        own.pk,
        project.code,
        city.actor("bob").name,
    )


# --- the same firm typed another way ------------------------------------------------------------------------------


def test_a_lead_names_its_enterprise_as_people_call_it(city: City) -> None:
    firm = make_enterprise("厦门信达福电子有限公司")
    search.refresh(Enterprise, firm.pk)
    client = signed_in(city.users["alice"])
    page = client.get("/leads/check/", {"enterprise_name": "信达福电子"}).content.decode()
    assert "企业库中有这家企业：厦门信达福电子有限公司" in page
    page = client.get("/leads/check/", {"enterprise_name": "厦门信达付电子有限公司"}).content.decode()
    assert "可能是企业库中的" in page
    assert "只差一个同音字" in page
    sent = client.post("/leads/new/", {"enterprise_name": "厦门信达付电子有限公司"})
    assert "可能是：厦门信达福电子有限公司（只差一个同音字）" in sent.content.decode()
