"""Two people merge, undo, edit or attach at the same moment: one wins, the other is told, nothing is doubled or lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.base import ContentFile

from tests.factories import make_actor, make_enterprise, make_lead, make_project, make_unit, make_user
from tests.factories.races import at_once
from tests.unit.projects.test_races import refusals
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.models import Attachment, Code
from yinfeng.core.permissions import registry
from yinfeng.enterprises import services
from yinfeng.enterprises.models import (
    Contact,
    Distinction,
    Doubt,
    Enterprise,
    FormerName,
    Merging,
    Relation,
    Signal,
    Target,
    Tie,
)
from yinfeng.orgs.models import Unit
from yinfeng.projects import services as projects
from yinfeng.projects.models import Lead, Project

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
ALL = list(registry())
ROUNDS = 6


@pytest.fixture
def city(transactional_db: None) -> Unit:
    Code.objects.create(table="lead_source", code="fair", name="展会")
    return make_unit("city", "city")


@pytest.fixture
def people(city: Unit) -> list[Actor]:
    return [make_actor(name, city, ALL) for name in ("甲", "乙")]


def firms(number: int, count: int = 2) -> list[Enterprise]:
    return [make_enterprise(f"{name}{number}号有限公司") for name in ("甲城", "乙城", "丙城")[:count]]


def merging(by: Actor, gone: Enterprise, kept: Enterprise) -> Callable[[], Any]:
    return lambda: services.merge(
        by=by, kept=kept, gone=gone, versions=(1, 1), choices={}, reason="录入了两次"
    )


def nothing_points_at_nothing() -> None:
    present = set(Enterprise.objects.values_list("pk", flat=True))
    for model, column in (
        (Project, "enterprise_id"), (Lead, "enterprise_id"), (Contact, "enterprise_id"), (FormerName, "enterprise_id"),
        (Relation, "enterprise_id"), (Relation, "other_id"), (Merging, "kept_id"), (Doubt, "one_id"), (Target, "enterprise_id"), (Tie, "enterprise_id"),
        (Signal, "enterprise_id"), (Distinction, "enterprise_id"),
    ):  # fmt: skip
        assert set(model._default_manager.exclude(**{column: None}).values_list(column, flat=True)) <= present
    files = Attachment.objects.filter(object_type="enterprises.enterprise")
    assert set(files.values_list("object_id", flat=True)) <= present


@pytest.mark.parametrize("way", ["same", "opposite"])
def test_a_pair_is_merged_once(way: str, people: list[Actor]) -> None:
    for number in range(ROUNDS):
        one, other = firms(number)
        second = merging(people[1], one, other) if way == "same" else merging(people[1], other, one)
        results = at_once([merging(people[0], one, other), second])
        assert refusals(results) == 1
        assert Enterprise.objects.filter(pk__in=[one.pk, other.pk]).count() == 1
    assert Merging.objects.count() == ROUNDS
    nothing_points_at_nothing()


def test_a_chain_made_at_once_leads_to_a_record_that_stands(people: list[Actor], city: Unit) -> None:
    user = make_user("某人", city)
    for number in range(ROUNDS):
        one, two, three = firms(number, 3)
        project = make_project("项目", city, user, enterprise=one)
        results = at_once([merging(people[0], one, two), merging(people[1], two, three)])
        assert refusals(results) == 1  # whoever comes second saw another version, or a record that is gone
        project.refresh_from_db()
        assert Enterprise.objects.filter(pk=project.enterprise_id).exists()
    assert Merging.objects.count() == ROUNDS
    nothing_points_at_nothing()


def test_an_edit_and_a_merger_of_one_record(people: list[Actor]) -> None:
    for number in range(ROUNDS):
        kept, gone = firms(number)

        def edit(gone: Enterprise = gone) -> Any:
            copy = Enterprise.objects.get(pk=gone.pk)
            return services.change_enterprise(
                by=people[1], enterprise=copy, version=1, values={"city": "厦门市"}, tags=[("listed", 2025)]
            )

        try:
            results = at_once([merging(people[0], gone, kept), edit])
        except Enterprise.DoesNotExist:  # the test's own copy came too late
            results = [None]
        assert refusals(results) <= 1
        if any(
            isinstance(result, Enterprise) for result in results
        ):  # the edit came first: the merger was told
            assert Enterprise.objects.get(pk=gone.pk).city == "厦门市"
        else:
            assert not Enterprise.objects.filter(pk=gone.pk).exists()
    nothing_points_at_nothing()


def attachments(by: Actor, city: Unit, gone: Enterprise, other: Enterprise) -> dict[str, Callable[[], Any]]:
    """Return every way to make something point at a record, with what is needed prepared."""
    user, home = make_user("某人", city), make_unit("home", parent=city)
    project, lead = make_project("改主体的项目", city, user), make_lead("改企业的线索", city, user)
    told = make_lead("转项目的线索", city, user, enterprise=gone, state="qualified")
    values = {"source": "fair", "heard_date": date(2026, 4, 1), "content": "拟建", "enterprise": gone}
    noted = {"source": "年报", "noted_date": "2026-03-01"}
    return {
        "project": lambda: projects.add_project(by=by, values={"name": "新项目", "summary": "建厂", "enterprise": gone}, despite="另一项目"),
        "lead": lambda: projects.register_lead(by=by, values={"title": "新线索", **values}, despite="另一项目"),
        "changed project": lambda: projects.change_project(
            by=by, project=project, version=1, values={"enterprise": gone}, despite="另一项目"
        ),
        "changed lead": lambda: projects.change_lead(
            by=by, lead=lead, version=1, values={"enterprise": gone}, despite="另一项目"
        ),
        "converted lead": lambda: projects.convert_lead(by=by, lead=told),
        "target": lambda: services.add_target(by=by, enterprise=gone, values={"next_step": "拜访", "unit": home}),
        "tie": lambda: services.add_tie(
            by=by, enterprise=gone, values={"name": "某领导", "kind": "leader", "source": "走访", "noted_date": date(2026, 3, 1)}
        ),
        "warning": lambda: services.record_signal(
            by=by, enterprise=gone, values={"kind": "other", "detail": "传言", "unit": home, **noted, "noted_date": date(2026, 3, 1)}
        ),
        "told apart": lambda: services.add_enterprise(
            by=by, values={"name": f"{gone.name[:-4]}贸易有限公司"}, apart_from=[gone]
        ),
        "contact": lambda: services.add_contact(by=by, enterprise=gone, values={"name": "王示例"}),
        "name": lambda: services.add_former_name(by=by, enterprise=gone, name="旧名"),
        "relation": lambda: services.relate(by=by, enterprise=gone, other=other, kind="supplier", values=noted),
        "relation from": lambda: services.relate(by=by, enterprise=other, other=gone, kind="supplier", values=noted),
        "file": lambda: core.attach_file(
            by=by, obj=gone, file=ContentFile(b"%PDF-1.4\n%%EOF\n", "a.pdf"), name="a.pdf"
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    "what",
    ["project", "lead", "changed project", "changed lead", "converted lead", "target", "tie", "warning", "told apart", "contact", "name", "relation", "relation from", "file"],
)  # fmt: skip
def test_what_is_attached_meanwhile_is_moved_or_refused(what: str, people: list[Actor], city: Unit) -> None:
    for number in range(ROUNDS):
        kept, gone, other = firms(number, 3)
        act = attachments(people[1], city, gone, other)[what]
        merged, attached = at_once([merging(people[0], gone, kept), act])
        assert isinstance(merged, Merging)
        assert not Enterprise.objects.filter(pk=gone.pk).exists()
        nothing_points_at_nothing()
        if refusals([attached]):
            assert kept.name in str(attached) or "刷新" in str(attached) or "找不到" in str(attached)


def test_a_merger_is_undone_once(people: list[Actor], city: Unit) -> None:
    user = make_user("某人", city)
    for number in range(ROUNDS):
        kept, gone = firms(number)
        make_project("项目", city, user, enterprise=gone)
        made = merging(people[0], gone, kept)()
        copies = [Merging.objects.get(pk=made.pk) for _person in people]
        results = at_once(
            [
                lambda by=by, copy=copy: services.undo_merging(by=by, merging=copy, reason="错了")
                for by, copy in zip(people, copies, strict=True)
            ]
        )
        assert refusals(results) == 1
        assert Project.objects.filter(enterprise=gone).count() == 1
        assert Merging.objects.get(pk=made.pk).state == "undone"
    nothing_points_at_nothing()


def test_undoing_and_merging_on_at_once(people: list[Actor], city: Unit) -> None:
    """A→B is undone while B→C is made: the second finds another version, or the first that B is gone."""
    for number in range(ROUNDS):
        one, two, three = firms(number, 3)
        made = merging(people[0], one, two)()
        results = at_once(
            [
                lambda made=made: services.undo_merging(by=people[0], merging=made, reason="错了"),
                lambda two=two, three=three: services.merge(
                    by=people[1], kept=three, gone=two, versions=(1, 2), choices={}, reason="录入了两次"
                ),
            ]
        )
        assert refusals(results) == 1
        assert Enterprise.objects.filter(pk__in=[one.pk, two.pk, three.pk]).count() in {1, 3}
    nothing_points_at_nothing()


def test_a_pair_is_told_apart_once_and_doubts_are_noted_once(people: list[Actor]) -> None:
    one, other = firms(1)
    pairs = [(one.pk, other.pk, 0.8, "字号相同")]
    noted = at_once([lambda by=by: services.note_doubts(by, pairs) for by in people])
    assert sorted(noted) == [0, 1]
    results = at_once(
        [lambda by=by: services.tell_apart(by=by, one=one, other=other, reason="两家") for by in people]
    )
    assert refusals(results) == 1
    assert Doubt.objects.get().state == "different"
