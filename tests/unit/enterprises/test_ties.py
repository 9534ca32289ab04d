"""Who of ours knows whom: who may note, correct and take back a tie, what the log tells, what form and page show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_actor, make_enterprise, make_unit, make_user, signed_in
from yinfeng.core.actors import Actor, Reach
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Stale
from yinfeng.core.models import Event
from yinfeng.core.permissions import registry
from yinfeng.enterprises import services
from yinfeng.enterprises.models import Tie
from yinfeng.orgs.models import Person

pytestmark = pytest.mark.django_db
ALL = [code for code in registry() if code.startswith("enterprises.")]
RELATE, CONTACTS, VIEW = (
    "enterprises.relation.change",
    "enterprises.contact.view",
    "enterprises.enterprise.view",
)
NOTED = {"kind": "advisor", "name": "周顾问", "whom": "董事长", "source": "商会", "noted_date": "2026-03-01"}


def actor(unit: str, *permissions: str) -> Actor:
    """Return somebody of a district who holds exactly these permissions there."""
    own = make_unit(unit, parent=make_unit("city", "city"))
    reach = Reach(units=frozenset({own.pk}))
    return Actor(None, "某人", own.pk, own.name, frozenset({own.pk}), dict.fromkeys(permissions, reach))


@pytest.fixture
def tie() -> Tie:
    return services.add_tie(by=actor("home", *ALL), enterprise=make_enterprise("示例有限公司"), values=NOTED)


ACTS: dict[str, Callable[[Actor, Tie], Any]] = {
    "add": lambda by, tie: services.add_tie(by=by, enterprise=tie.enterprise, values=NOTED | {"name": "另一位"}),
    "change": lambda by, tie: services.change_tie(by=by, tie=tie, version=1, values={"whom": "总经理"}),
    "remove": lambda by, tie: services.remove_tie(by=by, tie=tie, reason="已不来往"),
}  # fmt: skip
# (whose, with which permissions) → the acts on a tie that home noted
MAY = {
    ("home", (RELATE,)): {"add", "change", "remove"},
    ("away", (RELATE,)): {"add"},  # its own entry
    ("home", (VIEW, CONTACTS, "enterprises.enterprise.change")): set(),
    ("home", ()): set(),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("whose", MAY, ids=lambda whose: f"{whose[0]}:{','.join(whose[1])}")
def test_truth_table_of_ties(act: str, whose: tuple[str, tuple[str, ...]], tie: Tie) -> None:
    by, before = actor(whose[0], *whose[1]), Event.objects.count()
    if act in MAY[whose]:
        ACTS[act](by, tie)
        assert Event.objects.count() == before + 1
    else:
        with pytest.raises(Forbidden):
            ACTS[act](by, tie)
        assert Event.objects.count() == before
        assert Tie.objects.filter(pk=tie.pk, whom="董事长").exists()


@pytest.mark.parametrize(("permissions", "sees"), [((CONTACTS,), True), ((VIEW, RELATE), False)])
def test_who_sees_contacts_sees_ties(permissions: tuple[str, ...], sees: bool, tie: Tie) -> None:
    assert Tie.objects.permitted(actor("away", *permissions)).filter(pk=tie.pk).exists() is sees


def test_somebody_without_a_unit_is_told_why_he_cannot_note_a_tie(tie: Tie) -> None:
    everywhere = Actor(None, "某人", grants={RELATE: Reach(everywhere=True)})
    with pytest.raises(Invalid, match="不在任何单位"):
        services.add_tie(by=everywhere, enterprise=tie.enterprise, values=NOTED | {"name": "某"})


def test_a_person_of_the_units_lends_the_tie_the_name_and_nobody_is_noted_twice(tie: Tie) -> None:
    by, person = actor("home", *ALL), Person.objects.create(name="苏示例")
    values = NOTED | {"kind": "leader", "person": person, "name": ""}
    assert services.add_tie(by=by, enterprise=tie.enterprise, values=values).name == "苏示例"
    with pytest.raises(Invalid, match="已经记录过"):
        services.add_tie(by=by, enterprise=tie.enterprise, values=values)
    with pytest.raises(Invalid, match="请选择我方人员"):
        services.add_tie(by=by, enterprise=tie.enterprise, values=NOTED | {"name": "  "})
    changed = services.change_tie(by=by, tie=tie, version=1, values={"person": person})
    assert (changed.name, changed.version) == ("苏示例", 2)


def test_of_two_edits_on_one_version_the_second_is_refused(tie: Tie) -> None:
    by, copy = actor("home", *ALL), Tie.objects.get(pk=tie.pk)
    services.change_tie(by=by, tie=tie, version=1, values={"whom": "总经理"})
    services.change_tie(by=by, tie=tie, version=2, values={"whom": "总经理"})  # nothing new: no event
    with pytest.raises(Stale):
        services.change_tie(by=by, tie=copy, version=1, values={"whom": "监事"})
    assert Tie.objects.get(pk=tie.pk).whom == "总经理"
    assert Event.objects.filter(verb="enterprises.tie.changed").count() == 1


def test_the_timeline_names_nobody(tie: Tie) -> None:
    by = actor("home", *ALL)
    services.change_tie(by=by, tie=tie, version=1, values={"whom": "李总"})
    services.remove_tie(by=by, tie=tie, reason="已不来往")
    told = Event.objects.filter(verb__startswith="enterprises.tie.").order_by("pk")
    assert [event.verb.rsplit(".", 1)[1] for event in told] == ["added", "changed", "removed"]
    kept = str(list(told.values_list("changes", "data", "note", "object_label")))
    assert "周**" in kept
    for secret in ("周顾问", "董事长", "李总"):
        assert secret not in kept


def test_a_tie_of_a_firm_merged_away_in_between_is_refused(tie: Tie) -> None:
    by = make_actor("某", make_unit("home", parent=make_unit("city", "city")), ALL)
    kept = make_enterprise("另一有限公司")
    gone = tie.enterprise
    services.merge(by=by, kept=kept, gone=gone, versions=(1, 1), choices={}, reason="录入了两次")
    with pytest.raises(Conflict, match="并入"):
        services.add_tie(by=by, enterprise=gone, values=NOTED | {"name": "某"})


def test_the_form_asks_for_a_person_or_a_name_and_for_no_day_to_come() -> None:
    home = make_unit("home", parent=make_unit("city", "city"))
    client = signed_in(make_user("乙", home, ALL))
    firm, person = make_enterprise("示例有限公司"), Person.objects.create(name="苏示例")
    url = f"{firm.get_absolute_url()}ties/add/"
    today = timezone.localdate()
    form = {"kind": "leader", "whom": "董事长", "source": "年会", "noted_date": today.isoformat()}
    for wrong, sentence in (
        ({}, "请选择我方人员"),
        ({"person": person.pk, "name": "某"}, "就不必再填姓名"),
        ({"name": "某", "noted_date": (today + timedelta(days=1)).isoformat()}, "不能晚于今天"),
    ):
        answer = client.post(url, form | wrong)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    assert client.post(url, form | {"person": person.pk}).status_code == 302
    tie = Tie.objects.get()
    page = client.get(firm.get_absolute_url()).content.decode()
    assert "苏示例" in page
    assert f"/ties/{tie.pk}/edit/" in page
    edit = client.get(f"/ties/{tie.pk}/edit/").content.decode()
    assert f"/ties/{tie.pk}/remove/" in edit
    assert client.post(f"/ties/{tie.pk}/remove/", {"reason": "有误"}).status_code == 302
    assert not Tie.objects.exists()


def test_the_page_hides_ties_from_who_may_not_see_contacts(tie: Tie) -> None:
    reader = signed_in(make_user("读者", make_unit("away", parent=make_unit("city", "city")), [VIEW, RELATE]))
    for path in ("", "brief/", "introductions/"):
        assert "周顾问" not in reader.get(f"{tie.enterprise.get_absolute_url()}{path}").content.decode()
