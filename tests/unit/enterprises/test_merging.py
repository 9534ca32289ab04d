"""Two records become one and two again: what moves, what is dropped, what is told, who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_enterprise, make_lead, make_project, make_unit, make_user, signed_in
from yinfeng.core import events, search
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid, Stale
from yinfeng.core.models import Attachment, Event, Follow, Notice, Rule
from yinfeng.core.permissions import registry
from yinfeng.enterprises import queries, services
from yinfeng.enterprises.forms.merging import MergeForm
from yinfeng.enterprises.models import (
    Contact,
    Distinction,
    Doubt,
    Enterprise,
    EnterpriseTag,
    FormerName,
    Merging,
    Relation,
    Signal,
    Target,
    Tie,
)
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import actor_for
from yinfeng.projects.models import Lead, Project

pytestmark = pytest.mark.django_db
ALL = list(registry())
MERGE = "enterprises.enterprise.merge"
TODAY = date(2026, 3, 1)


@pytest.fixture
def city() -> Unit:
    return make_unit("city", "city")


@pytest.fixture
def by(city: Unit) -> Actor:
    return actor_for(make_user("办公室", city, ALL))


def merge(by: Actor, gone: Enterprise, kept: Enterprise, **more: Any) -> Merging:
    kept, gone = Enterprise.objects.get(pk=kept.pk), Enterprise.objects.get(pk=gone.pk)
    given = {
        "versions": (kept.version, gone.version),
        "choices": {},
        "reason": "同一家企业录入了两次",
        **more,
    }
    return services.merge(by=by, kept=kept, gone=gone, **given)


def undo(by: Actor, merging: Merging, reason: str = "并错了") -> services.Undone:
    return services.undo_merging(by=by, merging=Merging.objects.get(pk=merging.pk), reason=reason)


def tie(firm: Enterprise, unit: Unit, name: str = "某领导") -> Tie:
    return Tie.objects.create(enterprise=firm, name=name, source="走访记录", noted_date=TODAY, unit=unit)


def relation(firm: Enterprise, other: Enterprise, kind: str = "supplier", **more: Any) -> Relation:
    return Relation.objects.create(
        enterprise=firm, other=other, kind=kind, source="年报", noted_date=TODAY, **more
    )


# --- what moves ---------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.1.3")
def test_everything_that_hung_on_the_record_hangs_on_the_kept_one(by: Actor, city: Unit) -> None:
    kept, gone, other = (make_enterprise(f"{name}有限公司") for name in ("甲城科技", "甲城科技发展", "乙城"))
    user = make_user("某人", city)
    moving = [
        FormerName.objects.create(enterprise=gone, name="旧名有限公司", name_key="旧名"),
        EnterpriseTag.objects.create(enterprise=gone, tag="listed", year=2025),
        Contact.objects.create(enterprise=gone, name="王示例", phone="13800001234", unit=city),
        relation(gone, other), relation(other, gone, "customer"),
        Target.objects.create(enterprise=gone, unit=city, owner=user),
        Signal.objects.create(enterprise=gone, kind="lease", noted_date=TODAY, detail="租约年底到期", source="走访"),
        tie(gone, city),
        Distinction.objects.create(enterprise=gone, name="丙城", name_key="丙城"),
        Doubt.objects.create(one=gone, other=other, score=0.8, reason="字号相近"),
        Merging.objects.create(kept=gone, gone_id=999, gone_name="更早的名字", before={}, moved=[], changed={}, reason="早"),
        make_lead("线索", city, user, enterprise=gone),
        make_project("签了的项目", city, user, enterprise=gone, stage="signed"),
    ]  # fmt: skip
    file = core.attach_file(by=by, obj=gone, file=ContentFile(b"%PDF-1.4\n%%EOF\n", "a.pdf"), name="a.pdf")
    core.follow(by=by, obj=gone)
    merge(by, gone, kept)
    assert not Enterprise.objects.filter(pk=gone.pk).exists()
    for row in moving:
        fresh = type(row)._default_manager.get(pk=row.pk)
        columns = {getattr(fresh, name, None) for name in ("enterprise_id", "other_id", "one_id", "kept_id")}
        assert kept.pk in columns, row
        assert gone.pk not in columns, row
        assert not hasattr(fresh, "version") or fresh.version == row.version + 1  # type: ignore[attr-defined]
    assert Attachment.objects.get(pk=file.pk).object_id == kept.pk
    assert Follow.objects.get().object_id == kept.pk


def test_a_moved_project_tells_of_it_and_is_found_by_the_name_that_stays(by: Actor, city: Unit) -> None:
    kept, gone = make_enterprise("甲城科技有限公司"), make_enterprise("辛丑装备有限公司")
    user = make_user("某人", city)
    project = make_project("签了的项目", city, user, enterprise=gone, stage="signed")
    search.refresh(Project, project.pk)
    merge(by, gone, kept)
    event = Event.objects.get(verb="projects.project.repointed")
    assert (event.object_id, event.changes) == (project.pk, {"enterprise": [gone.name, kept.name]})
    hits = {
        hit.object_id for hit in search.ranked({events.type_of(Project): Project.objects.all()}, "甲城科技")
    }
    assert hits == {project.pk}


def test_names_stay_as_other_names_and_search_finds_them(by: Actor) -> None:
    kept, gone = make_enterprise("甲城科技有限公司"), make_enterprise("辛丑装备有限公司")
    FormerName.objects.create(enterprise=gone, name="壬寅机械厂", name_key="壬寅机械厂")
    merge(by, gone, kept)
    assert {(row.name, row.kind) for row in kept.former_names.all()} == {
        ("辛丑装备有限公司", "alternative"), ("壬寅机械厂", "former"),
    }  # fmt: skip
    for name in ("辛丑装备", "壬寅机械"):
        hits = search.ranked({events.type_of(Enterprise): Enterprise.objects.all()}, name)
        assert [hit.object_id for hit in hits] == [kept.pk]


def test_the_name_of_the_record_that_goes_may_be_the_one_that_stays(by: Actor) -> None:
    kept, gone = make_enterprise("甲城旧名有限公司"), make_enterprise("甲城新名有限公司")
    FormerName.objects.create(enterprise=gone, name="甲城旧名有限公司", name_key=kept.name_key)
    FormerName.objects.create(enterprise=kept, name="甲城新名有限公司", name_key=gone.name_key)
    merging = merge(by, gone, kept, choices={"name": "gone"}, name_kind="former")
    kept.refresh_from_db()
    assert kept.name == "甲城新名有限公司"
    assert [row.name for row in kept.former_names.all()] == ["甲城旧名有限公司"]
    undo(by, merging)
    kept.refresh_from_db()
    assert kept.name == "甲城旧名有限公司"
    assert [row.name for row in kept.former_names.all()] == ["甲城新名有限公司"]


def test_what_both_have_is_there_once_afterwards_and_twice_again_when_undone(by: Actor, city: Unit) -> None:
    kept, gone, other = (make_enterprise(f"{name}有限公司") for name in ("甲城", "乙城", "丙城"))
    user = make_user("某人", city)
    for firm in (kept, gone):
        EnterpriseTag.objects.create(
            enterprise=firm, tag="fortune500", year=2025, rank=7 if firm is gone else None
        )
        relation(firm, other, share=Decimal("12.50") if firm is gone else None)
        Target.objects.create(
            enterprise=firm, unit=city, owner=user, state="dropped" if firm is kept else "visiting"
        )
        tie(firm, city)
        core.follow(by=by, obj=firm)
        Doubt.objects.create(
            one=firm, other=other, score=0.7, reason="像", state="different" if firm is gone else "open"
        )
    relation(kept, gone, "shareholder", share=Decimal(30))
    Doubt.objects.create(one=kept, other=gone, score=0.9, reason="像")
    Distinction.objects.create(enterprise=kept, name=gone.name, name_key=gone.name_key)
    before = dump()
    merging = merge(by, gone, kept)
    assert [tag.rank for tag in kept.tags.all()] == [7]  # the one that says more
    assert [row.share for row in kept.relations.all()] == [Decimal("12.50")]
    assert [row.state for row in kept.targets.all()] == ["visiting"]
    assert (kept.ties.count(), Follow.objects.count(), Distinction.objects.count()) == (1, 1, 0)
    assert [(row.one_id, row.other_id, row.state) for row in Doubt.objects.all()] == [
        (kept.pk, other.pk, "different")
    ]
    undo(by, merging)
    assert dump() == before


def test_files_of_a_row_that_was_dropped_are_on_the_one_that_stays(by: Actor, city: Unit) -> None:
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("乙城有限公司")
    user = make_user("某人", city)
    stays, goes = (Target.objects.create(enterprise=firm, unit=city, owner=user, state=state)
                   for firm, state in ((kept, "visiting"), (gone, "dropped")))  # fmt: skip
    file = core.attach_file(by=by, obj=goes, file=ContentFile(b"%PDF-1.4\n%%EOF\n", "a.pdf"), name="a.pdf")
    merging = merge(by, gone, kept)
    assert Attachment.objects.get(pk=file.pk).object_id == stays.pk
    undo(by, merging)
    assert Attachment.objects.get(pk=file.pk).object_id == goes.pk


# --- values -------------------------------------------------------------------------------------------------------


def test_each_differing_field_is_chosen_and_an_empty_one_is_filled(by: Actor) -> None:
    kept = make_enterprise("甲城有限公司", city="厦门市", staff=120)
    gone = make_enterprise(
        "甲城科技有限公司", city="泉州市", staff=150, province="福建省", capital=Decimal(8_000_000)
    )
    merging = merge(by, gone, kept, choices={"staff": "gone"})
    kept.refresh_from_db()
    assert (kept.city, kept.staff, kept.province, kept.capital) == (
        "厦门市",
        150,
        "福建省",
        Decimal(8_000_000),
    )
    assert set(merging.changed) == {"staff", "province", "capital"}
    event = Event.objects.get(verb="enterprises.enterprise.merged")
    assert event.changes["staff"] == [120, 150]
    assert event.note == "同一家企业录入了两次"


def test_two_codes_are_two_legal_persons_until_somebody_picks_one(by: Actor) -> None:
    kept = make_enterprise("甲城有限公司", uscc="91350203M0001QKT19")
    gone = make_enterprise("甲城科技有限公司", uscc="91350200612017727P")
    with pytest.raises(Invalid, match="两家法人") as refused:
        merge(by, gone, kept)
    assert "uscc" in refused.value.fields
    merging = merge(by, gone, kept, choices={"uscc": "gone"}, reason="三证合一时换过代码")
    kept.refresh_from_db()
    assert kept.uscc == gone.uscc
    undo(by, merging)
    assert set(Enterprise.objects.values_list("name", "uscc")) == {
        ("甲城有限公司", "91350203M0001QKT19"), ("甲城科技有限公司", "91350200612017727P"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "more", [{"reason": " "}, {"reason": "长" * 301}, {"choices": {"is_demo": "gone"}}, {"choices": {"city": "x"}}, {"name_kind": "x"}]
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_changes_nothing(more: dict[str, Any], by: Actor) -> None:
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("乙城有限公司")
    before = dump()
    with pytest.raises(Invalid):
        merge(by, gone, kept, **more)
    with pytest.raises(Invalid):
        merge(by, kept, kept)
    assert dump() == before


def test_a_value_that_breaks_a_rule_is_not_taken_over_but_comes_back_where_it_was(by: Actor) -> None:
    """A list was imported before there was a rule for web addresses."""
    kept = make_enterprise("甲城有限公司", website="见名片")
    gone = make_enterprise("乙城有限公司", website="https://example.com/")
    with pytest.raises(Invalid) as refused:
        merge(by, kept, gone, choices={"website": "gone"})
    assert "website" in refused.value.fields
    merging = merge(by, gone, kept, choices={"website": "gone"})
    undo(by, merging)
    assert set(Enterprise.objects.values_list("website", flat=True)) == {"见名片", "https://example.com/"}


def test_a_record_changed_meanwhile_is_shown_again_first(by: Actor) -> None:
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("乙城有限公司")
    services.change_enterprise(by=by, enterprise=gone, version=1, values={"city": "厦门市"})
    with pytest.raises(Stale):
        merge(by, gone, kept, versions=(1, 1))
    assert Enterprise.objects.count() == 2


# --- chains -------------------------------------------------------------------------------------------------------


def test_old_links_lead_through_a_chain_to_the_record_that_stands(by: Actor, city: Unit) -> None:
    first, second, third = (make_enterprise(f"{name}有限公司") for name in ("甲城", "乙城", "丙城"))
    one = merge(by, first, second)
    two = merge(by, second, third)
    client = signed_in(make_user("读者", city, ["enterprises.enterprise.view"]))
    for firm in (first, second):
        answer = client.get(f"/enterprises/{firm.pk}/")
        assert (answer.status_code, answer["Location"]) == (302, f"/enterprises/{third.pk}/")
        page = client.get(answer["Location"]).content.decode()
        assert f"“{firm.name}”已并入" in page
        told = client.get(f"/api/v1/enterprises/{firm.pk}/")
        assert (told.status_code, told["Location"]) == (302, f"/api/v1/enterprises/{third.pk}/")
        assert told.json()["enterprise"] == third.pk
    assert client.get("/enterprises/999999/").status_code == 404
    assert client.get("/api/v1/enterprises/999999/").status_code == 404
    with pytest.raises(Blocked, match=r"乙城有限公司.*先撤销那一次"):
        undo(by, one)
    undo(by, two)
    undo(by, one)
    assert set(Enterprise.objects.values_list("pk", flat=True)) == {first.pk, second.pk, third.pk}


def test_the_timeline_of_the_kept_record_tells_what_happened_to_the_other(by: Actor, city: Unit) -> None:
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("乙城有限公司")
    services.change_enterprise(by=by, enterprise=gone, version=1, values={"city": "同安"})
    merge(by, gone, kept)
    client = signed_in(make_user("读者", city, ["enterprises.enterprise.view"]))
    page = client.get(f"/enterprises/{kept.pk}/").content.decode()
    assert "同安" in page
    assert "乙城有限公司" in page
    whats = [line["what"] for line in client.get(f"/api/v1/enterprises/{kept.pk}/timeline/").json()]
    assert "修改了企业资料" in whats


def test_followers_of_the_record_that_goes_are_told_once_and_follow_the_other(by: Actor, city: Unit) -> None:
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("乙城有限公司")
    follower = make_user("关注者", city, ["enterprises.enterprise.view"])
    core.follow(by=actor_for(follower), obj=gone)
    merge(by, gone, kept)
    assert [notice.event.verb for notice in Notice.objects.filter(owner=follower)] == [
        "enterprises.enterprise.merged"
    ]


# --- undoing ------------------------------------------------------------------------------------------------------


def dump(*spared: str) -> dict[str, Any]:
    """Return all rows of the product but the log, mergers and index; versions and moments of change aside."""
    from django.apps import apps

    left_out = {"core.event", "core.notice", "core.searchentry", "enterprises.merging"}
    found = {}
    for model in apps.get_models():
        if model.__module__.startswith("yinfeng.") and model._meta.label_lower not in left_out:
            names = [
                f.attname for f in model._meta.concrete_fields if f.attname not in {"version", "updated_at"}
            ]
            found[model._meta.label_lower] = list(model._base_manager.order_by("pk").values_list(*names))
    return found


def test_fields_that_somebody_changed_since_stay_and_are_named(by: Actor) -> None:
    kept = make_enterprise("甲城有限公司", city="厦门市", staff=10)
    gone = make_enterprise("乙城有限公司", city="泉州市", staff=20)
    merging = merge(by, gone, kept, choices={"city": "gone", "staff": "gone"})
    fresh = Enterprise.objects.get(pk=kept.pk)
    services.change_enterprise(by=by, enterprise=fresh, version=fresh.version, values={"city": "漳州市"})
    done = undo(by, merging)
    kept.refresh_from_db()
    assert (kept.city, kept.staff) == ("漳州市", 10)
    assert done.stayed == ["城市"]
    assert (done.enterprise.pk, done.enterprise.city) == (gone.pk, "泉州市")


def test_what_was_moved_elsewhere_since_stays_there(by: Actor, city: Unit) -> None:
    kept, gone, other = (make_enterprise(f"{name}有限公司") for name in ("甲城", "乙城", "丙城"))
    user = make_user("某人", city)
    stays, back = (make_project(name, city, user, enterprise=gone) for name in ("改了主体", "没有改"))
    merging = merge(by, gone, kept)
    Project.objects.filter(pk=stays.pk).update(enterprise=other)
    new = make_project("新来的", city, user, enterprise=kept)
    undo(by, merging)
    owners = dict(Project.objects.values_list("pk", "enterprise"))
    assert owners == {stays.pk: other.pk, back.pk: gone.pk, new.pk: kept.pk}
    assert Event.objects.filter(verb="projects.project.repointed", object_id=back.pk).count() == 2


def test_a_dropped_row_whose_other_firm_was_merged_since_comes_back_to_where_that_went(by: Actor) -> None:
    kept, gone, third, fourth = (
        make_enterprise(f"{name}有限公司") for name in ("甲城", "乙城", "丙城", "丁城")
    )
    for firm in (kept, gone):
        relation(firm, third)
    first = merge(by, gone, kept)
    merge(by, third, fourth)
    undo(by, first)
    assert set(Relation.objects.values_list("enterprise", "other")) == {
        (kept.pk, fourth.pk),
        (gone.pk, fourth.pk),
    }


def test_the_time_for_undoing_is_the_profiles(by: Actor) -> None:
    Rule.objects.create(kind="merge", key="undo", data={"days": 5})
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("乙城有限公司")
    merging = merge(by, gone, kept)
    Merging.objects.filter(pk=merging.pk).update(merged_at=timezone.now() - timedelta(days=6))
    with pytest.raises(Blocked, match="期限"):
        undo(by, merging)
    Merging.objects.filter(pk=merging.pk).update(merged_at=timezone.now() - timedelta(days=5))
    undo(by, merging)
    with pytest.raises(Conflict, match="已撤销"):
        undo(by, merging)


@pytest.mark.parametrize(
    "taken", [{"name": "乙城有限公司"}, {"name": "戊城有限公司", "uscc": "91350200612017727P"}]
)
def test_a_name_or_code_taken_meanwhile_is_named(taken: dict[str, str], by: Actor) -> None:
    kept = make_enterprise("甲城有限公司", uscc="91350203M0001QKT19")
    gone = make_enterprise("乙城有限公司", uscc="91350200612017727P")
    merging = merge(by, gone, kept, choices={"uscc": "kept"})
    make_enterprise(**taken)
    before = dump()
    with pytest.raises(Conflict, match=taken["name"]):
        undo(by, merging)
    assert dump() == before
    assert Merging.objects.get().state == "merged"


def test_the_old_name_of_the_kept_record_taken_meanwhile_is_named(by: Actor) -> None:
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("乙城有限公司")
    merging = merge(by, gone, kept, choices={"name": "gone"})
    make_enterprise("甲城有限公司")
    with pytest.raises(Conflict, match="甲城有限公司"):
        undo(by, merging)


def test_mergers_into_one_record_are_undone_in_any_order(by: Actor, city: Unit) -> None:
    kept, first, second = (make_enterprise(f"{name}有限公司", city=name) for name in ("甲城", "乙城", "丙城"))
    user = make_user("某人", city)
    for firm in (first, second):
        make_project(firm.name, city, user, enterprise=firm)
        core.follow(by=by, obj=firm)
    before = dump()
    one, two = merge(by, first, kept), merge(by, second, kept)
    undo(by, one)
    undo(by, two)
    assert dump() == before


def test_a_merger_whose_rows_a_later_one_dropped_is_undone_after_that(by: Actor) -> None:
    """Else the later undoing would give the record that stays what belongs to the first."""
    kept, first, second = (make_enterprise(f"{name}有限公司", city=name) for name in ("甲城", "乙城", "丙城"))
    EnterpriseTag.objects.create(enterprise=first, tag="listed", year=2026)
    EnterpriseTag.objects.create(enterprise=second, tag="listed", year=2026, rank=3)  # says more, so it stays
    before = dump()
    one, two = merge(by, first, kept), merge(by, second, kept)
    with pytest.raises(Blocked, match=r"丙城有限公司.*先撤销那一次"):
        undo(by, one)
    undo(by, two)
    undo(by, one)
    assert dump() == before


# --- doubts -------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair() -> tuple[Enterprise, Enterprise]:
    return make_enterprise("甲城有限公司"), make_enterprise("甲城科技有限公司")


def test_doubts_are_noted_once_in_either_order(by: Actor, pair: tuple[Enterprise, Enterprise]) -> None:
    one, other = pair
    assert (
        services.note_doubts(
            by, [(other.pk, one.pk, 0.8, "字号相同"), (one.pk, one.pk, 1, "自己"), (one.pk, 999, 1, "没有")]
        )
        == 1
    )
    assert services.note_doubts(by, [(one.pk, other.pk, 0.8, "字号相同")]) == 0
    assert services.note_doubts(by, [(one.pk, other.pk, 0.9, "字号和地区相同")]) == 0
    doubt = Doubt.objects.get()
    assert (doubt.one_id, doubt.other_id, doubt.score, doubt.reason) == (
        one.pk,
        other.pk,
        0.9,
        "字号和地区相同",
    )
    assert Event.objects.filter(verb="enterprises.doubt.noted").count() == 1


def test_a_pair_told_apart_is_asked_about_no_more(by: Actor, pair: tuple[Enterprise, Enterprise]) -> None:
    one, other = pair
    services.note_doubts(by, [(one.pk, other.pk, 0.8, "字号相同")])
    services.tell_apart(by=by, one=other, other=one, reason="两家的法人不同")
    assert services.note_doubts(by, [(one.pk, other.pk, 0.99, "更像了")]) == 0
    doubt = Doubt.objects.get()
    assert (doubt.state, doubt.score) == ("different", 0.8)
    assert set(Distinction.objects.values_list("enterprise", "name_key", "reason")) == {
        (one.pk, other.name_key, "两家的法人不同"), (other.pk, one.name_key, "两家的法人不同"),
    }  # fmt: skip
    with pytest.raises(Conflict, match="已经有人认定"):
        services.tell_apart(by=by, one=one, other=other, reason="再说一次")
    Doubt.objects.all().delete()
    assert services.note_doubts(by, [(one.pk, other.pk, 0.99, "更像了")]) == 0


# --- who may ------------------------------------------------------------------------------------------------------


def acts(by: Actor) -> dict[str, Callable[[], Any]]:
    kept, gone, spent = (make_enterprise(f"{name}有限公司") for name in ("甲城", "乙城", "丙城"))
    merging = merge(actor_for(make_user("系统", make_unit("city", "city"), ALL)), spent, kept)
    return {
        "merge": lambda: merge(by, gone, kept),
        "undo": lambda: undo(by, merging),
        "tell_apart": lambda: services.tell_apart(by=by, one=kept, other=gone, reason="不同"),
        "note_doubts": lambda: services.note_doubts(by, [(kept.pk, gone.pk, 0.5, "像")]),
    }


@pytest.mark.parametrize("act", ["merge", "undo", "tell_apart", "note_doubts"])
@pytest.mark.parametrize("where", ["city", "home"])
@pytest.mark.parametrize("permissions", ["all", "merge", "all but merge", "none"])
def test_truth_table(act: str, where: str, permissions: str, city: Unit) -> None:
    """The library is the whole city's: who may merge anywhere may merge all of it, and nobody else any."""
    held = {
        "all": ALL,
        "merge": [MERGE],
        "all but merge": [code for code in ALL if code != MERGE],
        "none": [],
    }[permissions]
    unit = city if where == "city" else make_unit("home", parent=city)
    done = acts(actor_for(make_user("某人", unit, held)))[act]
    before = (dump(), Event.objects.count())
    if permissions in {"all", "merge"}:
        done()
        assert Event.objects.count() > before[1]
    else:
        with pytest.raises(Forbidden):
            done()
        assert (dump(), Event.objects.count()) == before


def refused(act: Callable[[], Any]) -> DomainError:
    with pytest.raises(DomainError) as error:
        act()
    return error.value


def test_acts_on_a_record_that_is_gone_name_the_one_that_stands(by: Actor, city: Unit) -> None:
    kept, gone, other = (make_enterprise(f"{name}有限公司") for name in ("甲城", "乙城", "丙城"))
    user = make_user("某人", city)
    project, lead = make_project("项目", city, user), make_lead("线索", city, user)
    merge(by, gone, kept)
    from yinfeng.projects import services as projects

    for act in (
        lambda: services.change_enterprise(by=by, enterprise=gone, version=1, values={"city": "厦门"}),
        lambda: services.add_former_name(by=by, enterprise=gone, name="某"),
        lambda: services.mark_verified(by=by, enterprise=gone, version=1, day=TODAY),
        lambda: services.add_contact(by=by, enterprise=gone, values={"name": "某"}),
        lambda: services.relate(
            by=by, enterprise=other, other=gone, kind="supplier", values={"source": "x", "noted_date": TODAY}
        ),
        lambda: services.merge(by=by, kept=gone, gone=other, versions=(1, 1), choices={}, reason="x"),
        lambda: services.tell_apart(by=by, one=gone, other=other, reason="x"),
        lambda: projects.change_project(by=by, project=project, version=1, values={"enterprise": gone}),
        lambda: projects.change_lead(by=by, lead=lead, version=1, values={"enterprise": gone}),
    ):
        assert "甲城有限公司" in str(refused(act))
    assert (Lead.objects.get().enterprise_id, Project.objects.get().enterprise_id) == (None, None)


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(city: Unit) -> Client:
    return signed_in(make_user("办公室", city, ALL))


@pytest.mark.clause("3.1.3")
def test_the_way_from_a_doubt_to_one_record_and_back(client: Client, by: Actor, city: Unit) -> None:
    kept = make_enterprise("甲城有限公司", city="厦门市", staff=10)
    gone = make_enterprise("甲城科技有限公司", city="泉州市", uscc="91350203M0001QKT19")
    make_project("项目", city, make_user("某人", city), enterprise=gone)
    services.note_doubts(by, [(kept.pk, gone.pk, 0.8, "字号相同")])
    listed = client.get("/enterprises/doubts/").content.decode()
    url = f"/enterprises/{gone.pk}/merge/{kept.pk}/"
    assert f"{url}?from=doubts" in listed
    preview = client.get(url).content.decode()
    for text in ("泉州市", "厦门市", "91350203M0001QKT19", "项目"):
        assert text in preview
    form = {"kept_version": "1", "gone_version": "1", "city": "gone", "uscc": "gone", "staff": "kept", "name": "kept",
            "name_kind": "alternative", "reason": "录入了两次"}  # fmt: skip
    assert client.post(url, form | {"reason": ""}).status_code == 422
    assert client.post(url, form | {"gone_version": "7"}).status_code == 409
    answer = client.post(url, form)
    assert (answer.status_code, answer["Location"]) == (302, f"/enterprises/{kept.pk}/")
    kept.refresh_from_db()
    assert (kept.city, kept.uscc, kept.staff) == ("泉州市", gone.uscc, 10)
    page = client.get(answer["Location"]).content.decode()
    merging = Merging.objects.get()
    assert f"/mergings/{merging.pk}/undo/" in page
    assert "合并记录" in page
    done = client.post(f"/mergings/{merging.pk}/undo/", {"reason": "并错了", "version": "1"})
    assert (done.status_code, done["Location"]) == (302, f"/enterprises/{gone.pk}/")
    assert Enterprise.objects.count() == 2
    assert f"/mergings/{merging.pk}/undo/" not in client.get(f"/enterprises/{kept.pk}/").content.decode()
    from_doubts = client.post(f"{url}?from=doubts", form | {"kept_version": "3", "gone_version": "1"})
    assert (from_doubts.status_code, from_doubts["Location"]) == (302, "/enterprises/doubts/")


def test_the_other_record_is_searched_by_name(client: Client, pair: tuple[Enterprise, Enterprise]) -> None:
    one, other = pair
    search.refresh(Enterprise, one.pk, other.pk)
    page = client.get(f"/enterprises/{one.pk}/merge/", {"q": "甲城"}).content.decode()
    assert f"/enterprises/{one.pk}/merge/{other.pk}/" in page
    assert f"/enterprises/{one.pk}/merge/{one.pk}/" not in page
    assert client.get(f"/enterprises/{one.pk}/merge/{one.pk}/").status_code == 404


def test_telling_apart_on_the_page(client: Client, by: Actor, pair: tuple[Enterprise, Enterprise]) -> None:
    one, other = pair
    services.note_doubts(by, [(one.pk, other.pk, 0.8, "字号相同")])
    url = f"/enterprises/{one.pk}/apart/{other.pk}/"
    assert client.post(url, {"reason": "两家法人"}).status_code == 302
    assert Doubt.objects.get().state == "different"
    assert client.post(url, {"reason": "两家法人"}).status_code == 409
    assert "不是同一家" in client.get(f"/enterprises/{one.pk}/merge/{other.pk}/").content.decode()


def test_a_reader_sees_what_was_merged_and_is_offered_nothing(by: Actor, city: Unit) -> None:
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("乙城有限公司")
    merging = merge(by, gone, kept)
    reader = signed_in(make_user("读者", city, ["enterprises.enterprise.view"]))
    page = reader.get(f"/enterprises/{kept.pk}/").content.decode()
    assert "合并记录" in page
    assert f"/mergings/{merging.pk}/" not in page
    assert f"/enterprises/{kept.pk}/merge/" not in page
    assert reader.get(f"/mergings/{merging.pk}/undo/").status_code == 403
    assert reader.get(f"/enterprises/{kept.pk}/merge/").status_code == 403


def test_the_preview_asks_few_questions_however_much_hangs_on_both(
    client: Client, city: Unit, by: Actor
) -> None:
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("乙城有限公司")
    url = f"/enterprises/{gone.pk}/merge/{kept.pk}/"
    client.get(url)
    for number in range(30):
        Contact.objects.create(enterprise=gone, name=f"联系人{number}", unit=city)
        relation(gone, make_enterprise(f"其他{number}有限公司"))
    with CaptureQueriesContext(connection) as queries_made:
        client.get(url)
    assert len(queries_made) <= 10
    assert queries.shares(kept, gone, by)[0].count == 30


def test_the_preview_names_only_rows_in_sight(city: Unit) -> None:
    """Who may merge but not see contacts learns how many ties both records have, not whose."""
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("乙城有限公司")
    for firm in (kept, gone):
        tie(firm, city, "林示例")
    rights = ["enterprises.enterprise.view", MERGE]
    for more, told in (([], "不在您的可见范围内"), (["enterprises.contact.view"], "林示例")):
        user = make_user(f"合并员{len(more)}", city, [*rights, *more])
        page = signed_in(user).get(f"/enterprises/{gone.pk}/merge/{kept.pk}/").content.decode()
        assert f"双方都有 1 条，只保留一份：{told}" in page
        assert ("林示例" in page) == bool(more)


@pytest.mark.parametrize("act", ["merge", "apart"])
def test_an_address_with_a_number_no_row_can_have_is_a_missing_page(act: str, client: Client) -> None:
    kept = make_enterprise("甲城有限公司")
    assert client.get(f"/enterprises/{kept.pk}/{act}/{'9' * 25}/").status_code == 404


def test_numbers_are_compared_with_separators_and_units() -> None:
    kept = make_enterprise("甲城有限公司", staff=1200, capital=Decimal(96_000_000))
    gone = make_enterprise("甲城科技有限公司", staff=150, capital=Decimal(8_000_000))
    fields = {field.name: field for field in MergeForm(kept=kept, gone=gone).compared()}
    assert [label for _value, label in fields["staff"].field.choices] == ["1,200", "150"]
    assert [label for _value, label in fields["capital"].field.choices] == ["9,600 万元", "800 万元"]
