"""Acts on an enterprise and what belongs to it: who may, what is logged, what a form shows and keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from yinfeng.core.actors import Actor, Reach
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Stale
from yinfeng.core.models import Code, Event
from yinfeng.core.permissions import registry
from yinfeng.enterprises import queries, services
from yinfeng.enterprises.models import Contact, Enterprise, Relation

pytestmark = pytest.mark.django_db
ALL = [code for code in registry() if code.startswith("enterprises.")]
CHANGE, RELATE = "enterprises.enterprise.change", "enterprises.relation.change"
NOTED = {"source": "年报", "noted_date": "2026-03-01"}


@pytest.fixture
def clerk() -> Actor:
    return actor("home", *ALL)


def actor(unit: str, *permissions: str) -> Actor:
    """Return somebody of a district who holds exactly these permissions there."""
    root = make_unit("city", "city")
    own = make_unit(unit, parent=root)
    reach = Reach(units=frozenset({own.pk}))
    return Actor(None, "某人", own.pk, own.name, frozenset({own.pk}), dict.fromkeys(permissions, reach))


def contact_of(by: Actor) -> Contact:
    values = {"name": "王示例", "position": "经理", "phone": "13800001234", "email": "wang@example.com"}
    return services.add_contact(by=by, enterprise=make_enterprise("示例有限公司"), values=values)


# --- who may ------------------------------------------------------------------------------------------------------

CONTACT_ACTS: dict[str, Callable[[Actor, Contact], Any]] = {
    "add": lambda by, contact: services.add_contact(by=by, enterprise=contact.enterprise, values={"name": "另一位"}),
    "change": lambda by, contact: services.change_contact(by=by, contact=contact, version=1, values={"name": "改名"}),
    "remove": lambda by, contact: services.remove_contact(by=by, contact=contact, reason="离职"),
    "unmask": lambda by, contact: services.unmask_phone(by=by, contact=contact),
}  # fmt: skip
# (whose, with which permissions) → the acts on a contact that home entered
MAY = {
    ("home", (CHANGE,)): {"add", "change", "remove"},
    ("away", (CHANGE,)): {"add"},  # its own entry
    ("home", ("enterprises.contact.unmask",)): {"unmask"},
    ("away", ("enterprises.contact.unmask",)): {"unmask"},
    ("home", ("enterprises.contact.view", "enterprises.enterprise.view", RELATE)): set(),
}


@pytest.mark.parametrize("act", CONTACT_ACTS)
@pytest.mark.parametrize("whose", MAY, ids=lambda whose: f"{whose[0]}:{','.join(whose[1])}")
def test_truth_table_of_contacts(act: str, whose: tuple[str, tuple[str, ...]], clerk: Actor) -> None:
    contact, by = contact_of(clerk), actor(whose[0], *whose[1])
    before = Event.objects.count()
    if act in MAY[whose]:
        CONTACT_ACTS[act](by, contact)
        assert Event.objects.count() == before + 1
    else:
        with pytest.raises(Forbidden):
            CONTACT_ACTS[act](by, contact)
        assert Event.objects.count() == before
        assert Contact.objects.filter(pk=contact.pk, name="王示例").exists()


def test_somebody_without_a_unit_is_told_why_he_cannot_add_a_contact() -> None:
    everywhere = Actor(None, "某人", grants={CHANGE: Reach(everywhere=True)})
    with pytest.raises(Invalid, match="不在任何单位"):
        services.add_contact(by=everywhere, enterprise=make_enterprise("示例有限公司"), values={"name": "某"})


# --- contacts -----------------------------------------------------------------------------------------------------


def test_of_two_edits_of_a_phone_on_one_version_the_second_is_refused(clerk: Actor) -> None:
    contact = contact_of(clerk)
    copy = Contact.objects.get(pk=contact.pk)
    services.change_contact(by=clerk, contact=contact, version=1, values={"phone": "13900000001"})
    with pytest.raises(Stale) as refused:
        services.change_contact(
            by=clerk, contact=copy, version=1, values={"phone": "13900000002", "position": "总监"}
        )
    assert [conflict.name for conflict in refused.value.conflicts] == ["position"]  # no phone is shown
    stored = Contact.objects.get(pk=contact.pk)
    assert (stored.phone, stored.version) == ("13900000001", 2)


def test_the_log_of_contacts_names_nobody_and_keeps_no_number(clerk: Actor) -> None:
    contact = contact_of(clerk)
    values = {"phone": "13900000001", "email": "new@example.com"}
    services.change_contact(by=clerk, contact=contact, version=1, values=values)
    services.change_contact(by=clerk, contact=contact, version=2, values=values)  # nothing new: no event
    services.remove_contact(by=clerk, contact=contact, reason="离职")
    events = Event.objects.filter(verb__startswith="enterprises.contact.")
    assert [event.verb.rsplit(".", 1)[1] for event in events.order_by("pk")] == [
        "added",
        "changed",
        "removed",
    ]
    kept = str(list(events.values_list("changes", "data", "note", "object_label")))
    for secret in ("王示例", "13800001234", "13900000001", "example.com"):
        assert secret not in kept
    assert "王** 电话、电子邮箱" in kept


def test_the_form_of_a_contact_never_shows_the_phone_and_keeps_it_when_left_empty(clerk: Actor) -> None:
    client = signed_in(make_user("乙", make_unit("home", parent=make_unit("city", "city")), ALL))
    contact = contact_of(clerk)
    url = f"/contacts/{contact.pk}/edit/"
    text = client.get(url).content.decode()
    assert "138****1234" in text
    assert "13800001234" not in text
    assert client.post(url, {"name": "王示例", "position": "总监", "version": "1"}).status_code == 302
    stored = Contact.objects.get(pk=contact.pk)
    assert (stored.position, stored.phone) == ("总监", "13800001234")


def test_the_phone_of_a_contact_can_be_deleted(clerk: Actor) -> None:
    client = signed_in(make_user("乙", make_unit("home", parent=make_unit("city", "city")), ALL))
    contact = contact_of(clerk)
    url = f"/contacts/{contact.pk}/edit/"
    wanted = {"name": "王示例", "without_phone": "on", "version": "1"}
    both = client.post(url, wanted | {"phone": "13900000001"})
    assert both.status_code == 422
    assert "就不必勾选" in both.content.decode()
    assert client.post(url, wanted).status_code == 302
    assert Contact.objects.get(pk=contact.pk).phone == ""
    assert (
        Event.objects.filter(verb="enterprises.contact.changed").get().data["text"]
        == "王** 职务、电话、电子邮箱"
    )
    assert 'name="without_phone"' not in client.get(url).content.decode()  # there is none any more


def test_unmasking_through_the_page_shows_the_number_and_is_logged_each_time(clerk: Actor) -> None:
    client = signed_in(make_user("乙", make_unit("home", parent=make_unit("city", "city")), ALL))
    url = f"/contacts/{contact_of(clerk).pk}/phone/"
    assert "13800001234" not in client.get(url).content.decode()
    for times in (1, 2):
        assert "13800001234" in client.post(url).content.decode()
        assert Event.objects.filter(verb="enterprises.contact.unmasked").count() == times


# --- names, verification, relations -------------------------------------------------------------------------------


def test_changing_to_a_name_or_code_of_another_record_names_that_record(clerk: Actor) -> None:
    first = services.add_enterprise(by=clerk, values={"name": "甲一有限公司", "uscc": "91350203M0001QKT19"})
    second = services.add_enterprise(by=clerk, values={"name": "乙一有限公司"})
    for values in ({"name": "甲一有限公司"}, {"uscc": first.uscc}):
        with pytest.raises(Conflict, match="甲一有限公司"):
            services.change_enterprise(by=clerk, enterprise=second, version=1, values=values)
        second = Enterprise.objects.get(pk=second.pk)
        assert (second.name, second.uscc, second.version) == ("乙一有限公司", None, 1)


def test_an_identity_number_is_refused_without_repeating_it(clerk: Actor) -> None:
    number = "11010519491231002X"  # the sample of GB 11643-1999
    with pytest.raises(Invalid) as refused:
        services.add_enterprise(by=clerk, values={"name": "甲一有限公司", "uscc": number})
    assert "身份证" in str(refused.value)
    assert number not in str(refused.value)
    assert not Enterprise.objects.exists()


def test_a_former_name_finds_the_firm_and_is_noted_once(clerk: Actor) -> None:
    firm = services.add_enterprise(by=clerk, values={"name": "新名显示科技有限公司"})
    services.add_former_name(by=clerk, enterprise=firm, name="旧名光电有限公司")
    assert [item.enterprise for item in queries.similar("旧名光电有限公司")] == [firm]
    with pytest.raises(Invalid, match="已经记录过"):
        services.add_former_name(by=clerk, enterprise=firm, name="旧名光电有限公司")


def test_a_record_is_verified_on_the_version_seen_and_never_backwards(clerk: Actor) -> None:
    firm, today = make_enterprise("示例有限公司"), timezone.localdate()
    services.mark_verified(by=clerk, enterprise=firm, version=1, day=today, source="营业执照")
    assert (firm.verified_date, firm.source, firm.version) == (today, "营业执照", 2)
    with pytest.raises(Invalid, match="核实过"):
        services.mark_verified(by=clerk, enterprise=firm, version=2, day=today - timedelta(days=1))
    with pytest.raises(Stale):
        services.mark_verified(by=clerk, enterprise=firm, version=1, day=today)
    assert Event.objects.filter(verb="enterprises.enterprise.verified").count() == 1


def test_relations_are_noted_once_and_taken_back_with_a_reason(clerk: Actor) -> None:
    firm, other = make_enterprise("甲一有限公司"), make_enterprise("乙一有限公司")
    relation = services.relate(by=clerk, enterprise=firm, other=other, kind="supplier", values=NOTED)
    for pair in ((firm, other), (firm, firm)):
        with pytest.raises(Invalid):
            services.relate(by=clerk, enterprise=pair[0], other=pair[1], kind="supplier", values=NOTED)
    with pytest.raises(Forbidden):
        services.unrelate(by=actor("home", CHANGE), relation=relation, reason="有误")
    services.unrelate(by=clerk, relation=relation, reason="有误")
    assert not Relation.objects.exists()
    assert Event.objects.get(verb="enterprises.relation.removed").note == "有误"


# --- forms and the live check -------------------------------------------------------------------------------------


@pytest.fixture
def client() -> Any:
    Code.objects.create(table="country", code="CN", name="中国")
    return signed_in(make_user("乙", make_unit("home", parent=make_unit("city", "city")), ALL))


def filled(name: str, **values: str) -> dict[str, str]:
    return {"name": name, "country": "CN", "capital": "1.5", "capital_unit": "yi", **values}


def test_a_look_alike_is_shown_and_asked_about_before_it_is_entered(client: Any, clerk: Actor) -> None:
    firm = services.add_enterprise(by=clerk, values={"name": "示例光电（厦门）有限公司"})
    services.add_former_name(by=clerk, enterprise=firm, name="旧名显示有限公司")
    for name in ("示例光电（厦门）股份有限公司", "旧名显示有限公司"):
        fragment = client.get("/enterprises/check/", {"name": name}).content.decode()
        assert firm.get_absolute_url() in fragment
        assert "<html" not in fragment
        asked = client.post("/enterprises/add/", filled(name))
        assert asked.status_code == 409
        assert firm.get_absolute_url() in asked.content.decode()
        assert not Enterprise.objects.filter(name=name).exists()
        assert client.post("/enterprises/add/", filled(name, different="on")).status_code == 302
        assert Enterprise.objects.get(name=name).capital == 150_000_000


def test_the_very_same_name_is_refused_even_when_said_to_be_another(client: Any, clerk: Actor) -> None:
    services.add_enterprise(by=clerk, values={"name": "示例光电（厦门）有限公司"})
    answer = client.post("/enterprises/add/", filled("示例光电(厦门)有限公司", different="on"))
    assert answer.status_code == 409
    assert "不要重复录入" in answer.content.decode()
    assert Enterprise.objects.count() == 1


def test_an_industry_finer_than_the_list_stays_when_the_form_is_saved(client: Any) -> None:
    Code.objects.create(table="industry", code="39", name="电子设备制造业", level=2)
    Code.objects.create(table="industry", code="3974", name="显示器件制造", level=4)
    firm = make_enterprise("示例有限公司", industry="3974")
    url = f"{firm.get_absolute_url()}edit/"
    assert "显示器件制造" in client.get(url).content.decode()
    form = filled(firm.name, industry="3974", city="厦门市", version="1")
    assert client.post(url, form).status_code == 302
    assert (Enterprise.objects.get(pk=firm.pk).industry, Enterprise.objects.get().city) == ("3974", "厦门市")


# --- the API ------------------------------------------------------------------------------------------------------


def test_the_api_masks_phones_and_refuses_who_may_only_look(client: Any, clerk: Actor) -> None:
    firm = contact_of(clerk).enterprise
    url = f"/api/v1/enterprises/{firm.pk}/"
    contacts = client.get(f"{url}contacts/").json()["results"]
    assert [(item["name"], item["phone"]) for item in contacts] == [("王示例", "138****1234")]
    district = make_unit("home", parent=make_unit("city", "city"))
    reader = signed_in(make_user("读者", district, ["enterprises.enterprise.view"]))
    assert reader.get(url).status_code == 200
    assert reader.get(f"{url}contacts/").status_code == 403
    patch = {"data": {"city": "厦门市"}, "content_type": "application/json", "headers": {"If-Match": '"1"'}}
    refused = reader.patch(url, **patch)
    assert (refused.status_code, bool(refused.json()["sentence"])) == (403, True)
    assert Enterprise.objects.get(pk=firm.pk).city == ""
