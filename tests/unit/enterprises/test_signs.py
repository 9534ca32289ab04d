"""What a change of a record says about moving away: test vectors of the pure function, and the warnings it leaves."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests.factories import make_actor, make_enterprise, make_unit
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Invalid
from yinfeng.core.models import Code, Event, Notice, Rule
from yinfeng.core.permissions import registry
from yinfeng.enterprises import queries, services, signals
from yinfeng.enterprises.models import Enterprise, EnterpriseTag, Signal
from yinfeng.enterprises.queries.briefing import briefing

ALL = [code for code in registry() if code.startswith("enterprises.")]
RULES: dict[str, dict[str, Any]] = {
    "registration": {"level": 1}, "investment": {"percent": 20, "level": 2}, "staff": {"percent": 30, "level": 3},
}  # fmt: skip
HERE = {"city": "厦门市", "capital": Decimal(100_000_000), "staff": 1000}
# (what changes, the kinds of warning it means)
VECTORS = [
    ({}, []),
    ({"city": "泉州市"}, ["registration"]),
    ({"city": "厦门"}, []),  # the same city, written shorter
    ({"city": ""}, []),  # a value that went missing says nothing
    ({"capital": Decimal(80_000_000)}, ["investment"]),  # exactly 20 %
    ({"capital": Decimal("80000000.01")}, []),
    ({"capital": Decimal(0)}, ["investment"]),
    ({"capital": None}, []),
    ({"capital": Decimal(500_000_000)}, []),  # more capital is no sign of leaving
    ({"staff": 700}, ["staff"]),
    ({"staff": 701}, []),
    (
        {"staff": 1300},
        ["staff"],
    ),  # a swing up is one too: production may have been pulled together before a move
    ({"staff": 1299}, []),
    ({"staff": None}, []),
    (
        {"city": "泉州市", "capital": Decimal(1), "staff": 0},
        ["registration", "investment", "staff"],
    ),
]


@pytest.mark.clause("2.3")
@pytest.mark.parametrize(("change", "kinds"), VECTORS, ids=lambda value: str(value)[:60])
def test_vectors(change: dict[str, Any], kinds: list[str]) -> None:
    found = signals.from_change(HERE, HERE | change, RULES, "厦门市")
    assert [item.kind for item in found] == kinds
    assert [item.level for item in found] == [RULES[kind]["level"] for kind in kinds]


def test_what_is_not_known_or_not_ruled_says_nothing() -> None:
    gone = {"city": "泉州市", "capital": Decimal(1), "staff": 1}
    assert signals.from_change(HERE | {"city": "福州市"}, gone, RULES, "厦门市") == []  # it was not here
    assert signals.from_change(HERE | {"city": ""}, gone, RULES, "厦门市") == []
    assert signals.from_change(HERE, gone, {}, "厦门市") == []
    assert signals.from_change(HERE, gone, RULES, "") == []
    assert [
        item.kind for item in signals.from_change(HERE | {"capital": None, "staff": 0}, gone, RULES, "厦门市")
    ] == ["registration"]


def test_the_words_name_both_values() -> None:
    after = HERE | {"capital": Decimal(60_000_000), "staff": 500}
    details = [item.detail for item in signals.from_change(HERE, after, RULES, "厦门市")]
    assert details == [
        "注册资本由 1 亿元 减为 6,000 万元，减少 40%。",
        "员工由 1,000 人变为 500 人，减少 50%。",
    ]


# --- in the transaction of a change -------------------------------------------------------------------------------


@pytest.fixture
def clerk(db: None) -> Actor:
    Code.objects.create(table="division", code="350200", name="厦门市", name_en="Xiamen")
    core.put_rules(
        [Rule(kind="city", key="city", data={"division": "350200"}, valid_from=timezone.localdate())]
    )
    core.put_rules(
        [
            Rule(kind="moving_away", key=key, data=data, valid_from=timezone.localdate())
            for key, data in RULES.items()
        ]
    )
    return make_actor("甲", make_unit("home", parent=make_unit("city", "city")), ALL)


def test_an_edit_proposes_a_warning_of_the_unit_that_entered_the_firm(clerk: Actor) -> None:
    firm = services.add_enterprise(
        by=clerk, values={"name": "示例电子有限公司", "city": "厦门市", "staff": 900}
    )
    assert not Signal.objects.exists()
    values = {"city": "泉州市", "staff": 100, "address": "某路"}
    services.change_enterprise(by=clerk, enterprise=firm, version=1, values=values)
    found = {item.kind: item for item in Signal.objects.all()}
    assert set(found) == {"registration", "staff"}
    sign = found["registration"]
    assert (sign.level, sign.state, sign.unit_id, sign.owner, sign.is_automatic) == (
        1,
        "open",
        clerk.unit_id,
        None,
        True,
    )
    assert "厦门市" in sign.detail
    assert "泉州市" in sign.detail
    assert Event.objects.filter(verb="enterprises.signal.proposed").count() == 2


def test_a_second_change_leaves_the_open_warning_alone_and_a_closed_one_is_no_obstacle(clerk: Actor) -> None:
    firm = services.add_enterprise(
        by=clerk, values={"name": "示例电子有限公司", "city": "厦门", "staff": 1000}
    )
    for staff in (500, 100):
        services.change_enterprise(by=clerk, enterprise=firm, version=firm.version, values={"staff": staff})
    sign = Signal.objects.get()
    assert "500" in sign.detail
    services.move_signal(by=clerk, signal=sign, move="refute", reason="年报口径调整")
    services.change_enterprise(by=clerk, enterprise=firm, version=firm.version, values={"staff": 10})
    assert Signal.objects.filter(state="open").count() == 1


def test_a_change_that_says_nothing_leaves_nothing(clerk: Actor) -> None:
    firm = make_enterprise("示例电子有限公司", city="福州市", staff=1000)
    services.change_enterprise(by=clerk, enterprise=firm, version=1, values={"staff": 1, "city": "泉州市"})
    other = make_enterprise("示例二有限公司", city="厦门市", staff=1000)
    services.change_enterprise(
        by=clerk, enterprise=other, version=1, values={"address": "某路", "staff": 990}
    )
    assert not Signal.objects.exists()


def test_a_firm_that_is_not_here_gets_no_warning_by_hand(clerk: Actor) -> None:
    firm = make_enterprise("示例电子有限公司", city="福州市")
    values = {
        "kind": "lease",
        "level": 2,
        "noted_date": timezone.localdate(),
        "due_date": timezone.localdate(),
        "detail": "租约到期",
        "source": "走访",
    }
    with pytest.raises(Invalid, match="不在本市"):
        services.record_signal(by=clerk, enterprise=firm, values=values)
    EnterpriseTag.objects.create(enterprise=firm, tag="local")  # registered elsewhere, with a plant here
    sign = services.record_signal(by=clerk, enterprise=firm, values=values)
    assert (sign.owner_id, sign.unit_id, sign.is_automatic) == (clerk.user_id, clerk.unit_id, False)
    with pytest.raises(Invalid, match="不能晚于今天"):
        services.record_signal(
            by=clerk, enterprise=firm, values=values | {"noted_date": timezone.localdate().replace(year=2999)}
        )


def test_the_page_of_a_firm_that_is_here_offers_to_record_a_warning(clerk: Actor) -> None:
    plant = make_enterprise("示例二有限公司", city="福州市")
    EnterpriseTag.objects.create(enterprise=plant, tag="local")
    firms = (
        make_enterprise("示例一有限公司", city="厦门"),
        plant,
        make_enterprise("示例三有限公司", city="福州市"),
    )
    pages = [_client(clerk).get(firm.get_absolute_url()).content.decode() for firm in firms]
    assert ["记录外迁迹象" in page for page in pages] == [True, True, False]


def test_who_is_assigned_is_told(clerk: Actor) -> None:
    firm = services.add_enterprise(by=clerk, values={"name": "示例电子有限公司", "city": "厦门市"})
    services.change_enterprise(by=clerk, enterprise=firm, version=1, values={"city": "泉州市"})
    other = make_actor("乙", make_unit("home"), ALL)
    sign = Signal.objects.get()
    owner = {"owner": _user(other), "next_step": "局长上门", "next_date": timezone.localdate()}
    services.assign_signal(by=clerk, signal=sign, version=1, values=owner)
    assert (sign.owner_id, sign.next_step) == (other.user_id, "局长上门")
    assert Notice.objects.filter(owner=other.user_id).count() == 1


def _user(by: Actor) -> Any:
    from yinfeng.core.models import User

    return User.objects.get(pk=by.user_id)


# --- a tag that was gained, a lease that ends ---------------------------------------------------------------------


def rule(key: str, **data: Any) -> None:
    core.put_rules([Rule(kind="moving_away", key=key, data=data, valid_from=timezone.localdate())])


@pytest.fixture
def abnormal(clerk: Actor) -> Actor:
    Code.objects.create(
        table="enterprise_tag", code="abnormal_operation", name="列入经营异常名录", name_en=""
    )
    Code.objects.create(table="enterprise_tag", code="listed", name="上市公司", name_en="")
    rule("abnormal", tag="abnormal_operation", level=2)
    return clerk


@pytest.mark.clause("2.3")
def test_a_list_imported_as_a_tag_warns_of_firms_that_are_here(abnormal: Actor) -> None:
    here = make_enterprise("示例电子有限公司", city="厦门市", added_by_unit_id=abnormal.unit_id)
    plant = make_enterprise("示例二有限公司", city="福州市")
    EnterpriseTag.objects.create(enterprise=plant, tag="local")
    away = make_enterprise("示例三有限公司", city="福州市")
    ranks = {firm.pk: None for firm in (here, plant, away)}
    services.tag_batch(by=abnormal, tag="listed", year=2026, ranks=ranks)
    assert not Signal.objects.exists()
    services.tag_batch(by=abnormal, tag="abnormal_operation", year=2026, ranks=ranks)
    found = Signal.objects.order_by("enterprise")
    assert [(item.enterprise_id, item.kind, item.level, item.is_automatic) for item in found] == [
        (here.pk, "abnormal", 2, True), (plant.pk, "abnormal", 2, True),
    ]  # fmt: skip
    assert "列入经营异常名录 2026" in found[0].detail
    assert [item.unit_id for item in found] == [abnormal.unit_id, None]
    services.tag_batch(by=abnormal, tag="abnormal_operation", year=2026, ranks=ranks)  # the same list again
    services.tag_batch(by=abnormal, tag="abnormal_operation", year=2027, ranks=ranks)  # one is pending
    assert Signal.objects.count() == 2


def test_a_tag_given_by_hand_warns_too(abnormal: Actor) -> None:
    tags = [("abnormal_operation", 0)]
    firm = services.add_enterprise(by=abnormal, values={"name": "示例电子有限公司", "city": "厦门市"})
    services.change_enterprise(by=abnormal, enterprise=firm, version=1, values={}, tags=tags)
    sign = Signal.objects.get()
    assert (sign.kind, sign.unit_id) == ("abnormal", abnormal.unit_id)
    assert Event.objects.filter(verb="enterprises.signal.proposed").count() == 1
    services.change_enterprise(
        by=abnormal, enterprise=firm, version=firm.version, values={"address": "某路"}, tags=tags
    )
    assert Signal.objects.count() == 1


def test_a_tag_without_a_rule_warns_of_nothing(clerk: Actor) -> None:
    firm = make_enterprise("示例电子有限公司", city="厦门市")
    services.tag_batch(by=clerk, tag="abnormal_operation", year=2026, ranks={firm.pk: None})
    assert not Signal.objects.exists()


def lease(clerk: Actor, days: int, **values: Any) -> Signal:
    today = timezone.localdate()
    firm = make_enterprise(f"示例{Enterprise.objects.count()}有限公司", city="厦门市")
    said = {"kind": "lease", "level": 2, "noted_date": today, "detail": "厂房租约", "source": "园区物业"}
    due = {"due_date": today + timedelta(days=days)}
    return services.record_signal(by=clerk, enterprise=firm, values=said | due | values)


def at_hand() -> set[int]:
    until = queries.horizon(timezone.localdate())
    return set(Signal.objects.filter(queries.at_hand(until)).values_list("pk", flat=True))


@pytest.mark.parametrize(("days", "is_near"), [(180, True), (181, False), (-3, True)])
def test_a_lease_is_a_matter_for_the_day_from_some_days_before_its_end(
    clerk: Actor, days: int, is_near: bool
) -> None:
    rule("lease", days=180)
    sign = lease(clerk, days)
    assert (sign.pk in at_hand()) is is_near
    assert bool(sign.told_date) is is_near  # who writes it down near the day need not be told


def test_without_a_rule_every_lease_is_a_matter_for_the_day(clerk: Actor) -> None:
    sign = lease(clerk, 5000)
    assert at_hand() == {sign.pk}
    assert queries.told_from(sign.due_date or timezone.localdate(), timezone.localdate()) == sign.due_date


@pytest.mark.clause("2.3")
def test_the_clock_tells_the_owner_once_for_each_end(clerk: Actor) -> None:
    rule("lease", days=180)
    sign = lease(clerk, 200)
    now = timezone.now()
    told = Notice.objects.filter(owner=clerk.user_id, event__verb="enterprises.signal.due")
    assert services.tell_of_leases(now) == 0
    later = now + timedelta(days=20)
    assert [services.tell_of_leases(later), services.tell_of_leases(later)] == [1, 0]
    assert told.count() == 1
    sign.refresh_from_db()
    new_end = timezone.localdate() + timedelta(days=600)
    services.change_signal(by=clerk, signal=sign, version=sign.version, values={"due_date": new_end})
    assert services.tell_of_leases(later) == 0
    assert services.tell_of_leases(now + timedelta(days=420)) == 1
    assert told.count() == 2
    sign.refresh_from_db()
    services.change_signal(
        by=clerk, signal=sign, version=sign.version, values={"due_date": new_end + timedelta(days=1)}
    )
    services.move_signal(by=clerk, signal=sign, move="refute", reason="已买下厂房")
    assert services.tell_of_leases(now + timedelta(days=421)) == 0


def test_the_end_belongs_to_a_lease_and_to_nothing_else(clerk: Actor) -> None:
    with pytest.raises(Invalid, match="到期日"):
        lease(clerk, 10, due_date=None)
    with pytest.raises(Invalid, match="只有租约到期"):
        lease(clerk, 10, kind="other")
    sign = lease(clerk, 10)
    with pytest.raises(Invalid, match="到期日"):
        services.change_signal(by=clerk, signal=sign, version=sign.version, values={"due_date": None})
    services.change_signal(by=clerk, signal=sign, version=sign.version, values={"next_step": "回访"})
    services.change_signal(
        by=clerk, signal=sign, version=sign.version, values={"kind": "other", "due_date": None}
    )


def test_a_lease_far_off_is_on_no_desk_and_in_no_brief(clerk: Actor) -> None:
    rule("lease", days=180)
    far, near = lease(clerk, 400), lease(clerk, 40)
    assert [len(briefing(sign.enterprise, clerk).alarms) for sign in (far, near)] == [0, 1]
    page = _client(clerk).get("/signals/?at_hand=true").content.decode()
    assert near.enterprise.name in page
    assert far.enterprise.name not in page
    assert "起提示" in _client(clerk).get(far.get_absolute_url()).content.decode()
    home = _client(clerk).get("/").content.decode()
    assert near.get_absolute_url() in home
    assert far.get_absolute_url() not in home


def test_the_tick_beats_for_every_app(clerk: Actor) -> None:
    rule("lease", days=180)
    sign = lease(clerk, 100)
    Signal.objects.filter(pk=sign.pk).update(told_date=None)
    call_command("tick")
    assert Notice.objects.filter(owner=clerk.user_id, event__verb="enterprises.signal.due").exists()


def _client(by: Actor) -> Client:
    client = Client()
    client.force_login(_user(by))
    return client
