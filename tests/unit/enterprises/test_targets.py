"""Target enterprises and warnings: person × row × act, the moves, and how units learn of each other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from yinfeng.core import search
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid, Stale
from yinfeng.core.lifecycle import Lifecycle
from yinfeng.core.models import Code, Event, Notice, User
from yinfeng.core.permissions import registry
from yinfeng.core.scopes import actions_on
from yinfeng.enterprises import lifecycle, queries, services
from yinfeng.enterprises.models import Enterprise, EnterpriseTag, Signal, Target
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db
ALL = [code for code in registry() if code.startswith("enterprises.")]
READ = ["enterprises.enterprise.view", "enterprises.target.view", "enterprises.signal.view"]
TODAY = timezone.localdate


@pytest.fixture
def people() -> dict[str, User]:
    """alice in 甲区, her colleague, bob in 乙区, the street below 甲区, the city's office, its leader, a stranger."""
    city = make_unit("city", "city", name="测试市")
    home, away = make_unit("home", parent=city, name="甲区"), make_unit("away", parent=city, name="乙区")
    street = make_unit("street", parent=home, name="某街道")
    make_unit("office", "office", parent=city, name="市招商办")
    return {
        "alice": make_user("甲区专员", home, ALL), "colleague": make_user("甲区同事", home, ALL),
        "bob": make_user("乙区专员", away, ALL), "street": make_user("街道专员", street, ALL),
        "office": make_user("市办", city, ALL), "leader": make_user("领导", city, READ),
        "reader": make_user("甲区读者", home, READ), "stranger": make_user("外人", home, ["enterprises.enterprise.view"]),
    }  # fmt: skip


def by(people: dict[str, User], name: str) -> Actor:
    return actor_for(people[name])


def target_of(
    people: dict[str, User], name: str = "alice", firm: Enterprise | None = None, **values: Any
) -> Target:
    firm = firm or make_enterprise(f"示例{Enterprise.objects.count()}有限公司", city="苏州市")
    overdue = {"next_date": values.pop("next_date")} if values.get("next_date", TODAY()) < TODAY() else {}
    target = services.add_target(by=by(people, name), enterprise=firm, values=values)
    if overdue:  # nobody writes down a day that has passed; it passes
        Target.objects.filter(pk=target.pk).update(**overdue)
        target.refresh_from_db()
    return target


def signal_of(people: dict[str, User], name: str = "alice", **values: Any) -> Signal:
    firm = make_enterprise(f"示例{Enterprise.objects.count()}有限公司")
    said = {
        "kind": "lease",
        "level": 2,
        "noted_date": TODAY(),
        "detail": "租约将到期",
        "source": "走访",
        "due_date": TODAY(),
    }
    return services.record_signal(by=by(people, name), enterprise=firm, values=said | values)


# --- who may ------------------------------------------------------------------------------------------------------

EVERY = {"view", "change", "export"}
# A row of 甲区; “unassigned” is a warning that is no unit's yet.
TRUTH: dict[tuple[str, str], set[str]] = {
    ("target", "alice"): EVERY, ("target", "colleague"): EVERY, ("target", "bob"): set(), ("target", "street"): set(),
    ("target", "office"): EVERY, ("target", "leader"): {"view", "export"}, ("target", "reader"): {"view", "export"},
    ("target", "stranger"): set(),
    ("signal", "alice"): EVERY, ("signal", "colleague"): EVERY, ("signal", "bob"): set(), ("signal", "street"): set(),
    ("signal", "office"): EVERY, ("signal", "leader"): {"view", "export"}, ("signal", "reader"): {"view", "export"},
    ("signal", "stranger"): set(),
    ("unassigned", "alice"): set(), ("unassigned", "colleague"): set(), ("unassigned", "bob"): set(),
    ("unassigned", "street"): set(), ("unassigned", "office"): EVERY, ("unassigned", "leader"): {"view", "export"},
    ("unassigned", "reader"): set(), ("unassigned", "stranger"): set(),
    ("below", "alice"): EVERY, ("below", "street"): EVERY, ("below", "bob"): set(), ("below", "office"): EVERY,
}  # fmt: skip


@pytest.mark.clause("1.2")
def test_person_by_row_by_act(people: dict[str, User]) -> None:
    nobodys = Signal.objects.create(
        enterprise=make_enterprise("无主有限公司"),
        kind="staff",
        noted_date=TODAY(),
        detail="裁员",
        source="资料变动",
    )
    rows = {
        "target": target_of(people), "signal": signal_of(people), "unassigned": nobodys, "below": target_of(people, "street"),
    }  # fmt: skip
    for (row, person), allowed in TRUTH.items():
        obj: Any = rows[row]
        found = actions_on(obj, by(people, person), EVERY)
        assert found == allowed, (row, person)
        assert type(obj).objects.permitted(by(people, person)).filter(pk=obj.pk).exists() == ("view" in found)


def acts(people: dict[str, User]) -> dict[str, Any]:
    target, signal = target_of(people), signal_of(people)
    firm = make_enterprise("另一家有限公司")
    home = {"unit": target.unit, "owner": people["alice"]}
    said = {"kind": "other", "level": 3, "noted_date": TODAY(), "detail": "传言", "source": "走访", **home}
    new = {"next_step": "回访"}
    return {
        "add": lambda who: services.add_target(by=who, enterprise=firm, values=home),
        "change": lambda who: services.change_target(
            by=who, target=target, version=target.version, values=new
        ),
        "hand over": lambda who: services.hand_over_target(
            by=who, target=target, version=target.version, values=home
        ),
        "move": lambda who: services.move_target(by=who, target=target, move="contact"),
        "record": lambda who: services.record_signal(by=who, enterprise=firm, values=said),
        "change signal": lambda who: services.change_signal(
            by=who, signal=signal, version=signal.version, values=new
        ),
        "assign": lambda who: services.assign_signal(
            by=who, signal=signal, version=signal.version, values=home
        ),
        "move signal": lambda who: services.move_signal(by=who, signal=signal, move="handle"),
    }


@pytest.mark.parametrize("person", ["bob", "street", "leader", "reader", "stranger"])
def test_nobody_else_writes(people: dict[str, User], person: str) -> None:
    for name, act in acts(people).items():
        before = Event.objects.count()
        with pytest.raises(Forbidden):
            act(by(people, person))
        assert Event.objects.count() == before, name


@pytest.mark.parametrize("person", ["alice", "colleague", "office"])
def test_the_unit_and_the_office_write(people: dict[str, User], person: str) -> None:
    for act in acts(people).values():
        act(by(people, person))


# --- who courts whom ----------------------------------------------------------------------------------------------


@pytest.mark.clause("1.2")
def test_a_second_unit_is_told_who_courts_the_firm_and_lists_it_only_with_a_word_on_working_together(
    people: dict[str, User],
) -> None:
    first = target_of(people, next_step="五月回访其董事长", wanted="区域总部")
    firm = first.enterprise
    with pytest.raises(Conflict) as refused:
        target_of(people, "bob", firm)
    said = str(refused.value)
    assert "甲区" in said
    assert "甲区专员" in said
    assert "未对接" in said
    assert str(TODAY()) in said
    assert "董事长" not in said
    assert "总部" not in said
    assert "together" in refused.value.fields
    assert not Notice.objects.exists()
    second = target_of(people, "bob", firm, together="甲区牵头，我区提供用地方案")
    assert second.unit.name == "乙区"
    told = Notice.objects.get()
    assert (told.owner, told.event.verb, told.event.note) == (
        people["alice"], "enterprises.target.joined", "甲区牵头，我区提供用地方案",
    )  # fmt: skip
    page = signed_in(people["bob"]).get(firm.get_absolute_url()).content.decode()
    assert "甲区专员" in page
    assert "董事长" not in page
    with pytest.raises(Conflict, match="配合"):  # what was said stays said
        services.change_target(by=by(people, "bob"), target=second, version=1, values={"together": ""})


def test_a_unit_lists_a_firm_once_and_one_given_up_hinders_nobody(people: dict[str, User]) -> None:
    first = target_of(people)
    with pytest.raises(Conflict, match="已在本单位"):
        target_of(people, "colleague", first.enterprise)
    services.move_target(by=by(people, "alice"), target=first, move="drop", reason="对方已落户他处")
    second = target_of(people, "bob", first.enterprise)  # nobody courts it any more
    with pytest.raises(Conflict) as refused:
        services.move_target(by=by(people, "alice"), target=first, move="resume", reason="对方再来接触")
    assert "乙区" in str(refused.value)
    assert Target.objects.get(pk=first.pk).state == "dropped"
    values = {"together": "由乙区牵头"}
    services.move_target(
        by=by(people, "alice"), target=first, move="resume", reason="再来接触", values=values
    )
    assert (first.state, first.together) == ("listed", "由乙区牵头")
    assert Notice.objects.filter(owner=second.owner).count() == 1


def test_several_firms_are_listed_together_or_not_at_all(people: dict[str, User]) -> None:
    firms = [make_enterprise(f"示例{n}有限公司") for n in range(3)]
    target_of(people, "bob", firms[1])
    with pytest.raises(Conflict, match="示例1有限公司"):
        services.add_targets(by=by(people, "alice"), enterprises=firms, values={})
    assert Target.objects.count() == 1
    target_of(people, "alice", firms[0])
    made, known = services.add_targets(
        by=by(people, "alice"), enterprises=firms, values={"together": "分头联系", "priority": 1}
    )
    assert [item.enterprise for item in made] == firms[1:]
    assert known == firms[:1]


def test_a_target_is_handed_over_out_of_sight_and_the_new_owner_is_told(people: dict[str, User]) -> None:
    target = target_of(people)
    away = make_unit("away")
    with pytest.raises(Invalid, match="权限"):  # alice cannot act for 乙区
        services.hand_over_target(by=by(people, "alice"), target=target, version=1, values={"unit": away})
    given = {"unit": away, "owner": people["bob"], "reason": "对方有意在乙区设厂"}
    services.hand_over_target(by=by(people, "alice"), target=target, version=1, values=given)
    assert not Target.objects.permitted(by(people, "alice")).exists()
    told = Notice.objects.get(owner=people["bob"])
    assert (told.event.verb, told.event.note) == ("enterprises.target.handed_over", "对方有意在乙区设厂")


def test_a_target_is_not_handed_to_a_unit_that_has_the_firm(people: dict[str, User]) -> None:
    target = target_of(people)
    target_of(people, "bob", target.enterprise, together="共同接洽")
    given = {"unit": make_unit("away"), "owner": people["bob"]}
    with pytest.raises(Conflict, match="已有这家企业"):
        services.hand_over_target(by=by(people, "alice"), target=target, version=1, values=given)


def test_units_that_court_one_firm_under_two_records_learn_of_each_other_when_these_become_one(
    people: dict[str, User],
) -> None:
    one, other = target_of(people), target_of(people, "bob")
    firms = {"kept": one.enterprise, "gone": other.enterprise}
    services.merge(
        by=by(people, "office"), **firms, versions=(1, 1), choices={}, reason="同一家企业录入了两次"
    )
    told = {notice.owner: notice.event.data["text"] for notice in Notice.objects.select_related("event")}
    assert told == {people["alice"]: "乙区", people["bob"]: "甲区"}


def test_the_owner_must_be_able_to_act(people: dict[str, User]) -> None:
    for name in ("reader", "bob"):
        with pytest.raises(Invalid, match="权限"):
            target_of(people, "alice", owner=people[name])
    nobody = Actor(None, "系统", is_system=True)
    with pytest.raises(Invalid, match="单位"):
        services.add_target(by=nobody, enterprise=make_enterprise("某有限公司"), values={})


# --- moves --------------------------------------------------------------------------------------------------------

TABLES = [lifecycle.TARGET, lifecycle.SIGNAL]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_state_is_reachable(table: Lifecycle) -> None:
    reached = {table.initial}
    for _turn in table.states:
        reached |= {move.target for move in table.moves if reached & set(move.sources)}
    assert reached == set(table.states)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_offers_and_enforcement_agree_and_every_move_is_refused_once(
    people: dict[str, User], table: Lifecycle
) -> None:
    model: Any = Target if table is lifecycle.TARGET else Signal
    refused, made = set(), set()
    for state in table.states:
        for move in table.moves:
            row: Any = target_of(people) if model is Target else signal_of(people)
            model.objects.filter(pk=row.pk).update(state=state)
            row.refresh_from_db()
            offered = {offer.move.name for offer in table.offers(row, by(people, "alice")) if offer.is_open}
            try:
                table.perform(row, move.name, by=by(people, "alice"), reason="说明")
                made.add(move.name)
                assert move.name in offered
                assert row.state == move.target
            except DomainError:
                refused.add(move.name)
                assert move.name not in offered
    every = {move.name for move in table.moves}
    assert (made, refused) == (every, every)


def test_reasons_are_asked_for(people: dict[str, User]) -> None:
    target, signal = target_of(people), signal_of(people)
    alice = by(people, "alice")
    with pytest.raises(Invalid):
        services.move_target(by=alice, target=target, move="drop")
    with pytest.raises(Invalid, match="项目"):
        services.move_target(by=alice, target=target, move="land")
    services.move_target(by=alice, target=target, move="land", values={"project": "XM-2026-0001"})
    assert (target.state, target.project) == ("landed", "XM-2026-0001")
    for move in ("leave", "refute"):
        with pytest.raises(Invalid):
            services.move_signal(by=alice, signal=signal, move=move)


def test_nobody_handles_a_warning_that_is_nobodys(people: dict[str, User]) -> None:
    signal = Signal.objects.create(
        enterprise=make_enterprise("无主有限公司"),
        kind="staff",
        noted_date=TODAY(),
        detail="裁员",
        source="资料变动",
    )
    with pytest.raises(Blocked, match="指派"):
        services.move_signal(by=by(people, "office"), signal=signal, move="handle")


# --- pages --------------------------------------------------------------------------------------------------------


def test_the_list_finds_what_is_asked_for(people: dict[str, User]) -> None:
    late = target_of(people, priority=1, next_step="回访", next_date=TODAY() - timedelta(days=1))
    other = target_of(people, "colleague", next_date=TODAY() + timedelta(days=1))
    client = signed_in(people["alice"])

    def found(**query: str) -> set[int]:
        rows = client.get("/api/v1/targets/", query).json()["results"]
        return {row["id"] for row in rows}

    assert found() == {late.pk, other.pk}
    assert found(overdue="true") == {late.pk}
    assert found(overdue="false") == {other.pk}
    assert found(owner="me") == {late.pk}
    assert found(owner=str(people["colleague"].pk)) == {other.pk}
    assert found(priority="1") == {late.pk}
    assert found(unit=str(late.unit_id)) == {late.pk, other.pk}
    search.refresh(Enterprise, late.enterprise_id, other.enterprise_id)
    assert found(q="示例0") == {late.pk}
    page = client.get("/targets/?overdue=true").content.decode()
    assert "已过期" in page
    assert other.enterprise.name not in page
    assert signed_in(people["bob"]).get("/targets/").content.decode().count(late.enterprise.name) == 0


def test_ticked_firms_are_asked_about_and_listed(people: dict[str, User]) -> None:
    firms = [make_enterprise(f"勾选{n}有限公司") for n in range(2)]
    client = signed_in(people["alice"])
    picked = {"pk": [str(firm.pk) for firm in firms]}
    asked = client.post("/targets/add/", picked)
    assert asked.status_code == 200
    assert "勾选1有限公司" in asked.content.decode()
    form = {**picked, "unit": make_unit("home").pk, "owner": people["alice"].pk, "priority": "2"}
    assert client.post("/targets/add/", form).status_code == 302
    assert set(Target.objects.values_list("enterprise__name", flat=True)) == {firm.name for firm in firms}


def test_the_home_page_begins_with_the_overdue(people: dict[str, User]) -> None:
    day = TODAY()
    target_of(people, next_date=day + timedelta(days=3), next_step="第三步")
    target_of(people, next_date=day - timedelta(days=3), next_step="第一步")
    target_of(people, next_step="第四步")
    target_of(people, "colleague", next_step="别人的一步", next_date=day)
    page = signed_in(people["alice"]).get("/").content.decode()
    places = [page.index(text) for text in ("第一步", "第三步", "第四步")]
    assert places == sorted(places)
    assert "别人的一步" not in page


def test_no_next_step_is_put_on_a_day_that_has_passed_but_an_overdue_one_may_stay(
    people: dict[str, User],
) -> None:
    yesterday = TODAY() - timedelta(days=1)
    with pytest.raises(Invalid, match="不能早于今天") as refused:
        services.add_target(
            by=by(people, "alice"),
            enterprise=make_enterprise("示例有限公司"),
            values={"next_date": yesterday},
        )
    assert "next_date" in refused.value.fields
    late = target_of(people, next_date=yesterday)
    changed = services.change_target(
        by=by(people, "alice"),
        target=late,
        version=late.version,
        values={"priority": 1, "next_date": yesterday},
    )
    assert (changed.priority, changed.next_date) == (1, yesterday)
    with pytest.raises(Invalid, match="不能早于今天"):
        services.change_target(
            by=by(people, "alice"), target=late, version=changed.version,
            values={"next_date": yesterday - timedelta(days=1)},
        )  # fmt: skip
    signal = signal_of(people)
    with pytest.raises(Invalid, match="不能早于今天"):
        services.change_signal(
            by=by(people, "alice"), signal=signal, version=signal.version, values={"next_date": yesterday}
        )


def test_who_comes_too_late_is_told_who_was_faster_and_when(people: dict[str, User]) -> None:
    target = target_of(people)
    services.change_target(
        by=by(people, "alice"), target=target, version=target.version, values={"priority": 1}
    )
    with pytest.raises(Stale, match=rf"{people['alice'].name}于 \d{{4}}-\d\d-\d\d \d\d:\d\d 改动了这条记录"):
        services.move_target(
            by=by(people, "alice"), target=target, move="contact", version=target.version - 1
        )


def test_a_firms_page_tells_of_targets_to_whoever_may_see_them(people: dict[str, User]) -> None:
    target = target_of(people, next_step="秘密的一步")
    firm = target.enterprise.get_absolute_url()
    own = signed_in(people["alice"]).get(firm).content.decode()
    assert target.get_absolute_url() in own
    assert "列为目标企业" in own
    away = signed_in(people["bob"]).get(firm).content.decode()
    assert "甲区专员" in away
    assert target.get_absolute_url() not in away
    assert "谁在对接" not in signed_in(people["stranger"]).get(firm).content.decode()
    assert queries.courting([target.enterprise_id])[0].owner == "甲区专员"


def test_units_have_their_english_names_in_english(people: dict[str, User]) -> None:
    Unit.objects.filter(code="home").update(short_name="甲", name_en="First District")
    target = target_of(people)
    client = signed_in(people["bob"])
    for url in (target.enterprise.get_absolute_url(), f"{target.enterprise.get_absolute_url()}brief/"):
        page = client.get(url, headers={"Accept-Language": "en"}).content.decode()
        assert "First District" in page, url


@pytest.mark.clause("2.8")
def test_a_state_owned_enterprise_lists_its_partner_and_the_city_and_every_unit_know(
    people: dict[str, User],
) -> None:
    Code.objects.create(table="enterprise_tag", code="global500", name="世界500强")
    city = Unit.objects.get(code="city")
    people["soe"] = make_user("国企专员", make_unit("soe", "soe", parent=city, name="某国企集团"), ALL)
    firm = make_enterprise("示例港务有限公司", city="上海市")
    EnterpriseTag.objects.create(enterprise=firm, tag="global500", year=2025)
    services.add_target(by=by(people, "soe"), enterprise=firm, values={"wanted": "区域总部，用集团自有楼宇"})
    seen = signed_in(people["office"]).get("/targets/?tag=global500").content.decode()
    assert "示例港务有限公司" in seen
    assert "某国企集团" in seen
    with pytest.raises(Conflict, match="某国企集团"):
        target_of(people, "alice", firm)
