"""A read whose SQL is kept answers as the query would, for other values and for another person."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from tests.factories import make_unit, make_user
from yinfeng.core.actors import Actor
from yinfeng.core.models import Code, Event, SavedView, User
from yinfeng.core.prepared import forget, prepared
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    forget()


@prepared
def entries(table: str, order: int) -> QuerySet[Code]:
    return Code.objects.filter(table=table, order=order).order_by("code")


@prepared
def below(*paths: str) -> QuerySet[Unit, str]:
    found = Unit.objects.none()
    for path in paths:
        found = found | Unit.objects.filter(path__startswith=path)
    return found.order_by("path").values_list("name", flat=True)


@prepared
def views(by: Actor, page: str) -> QuerySet[SavedView]:
    return SavedView.objects.permitted(by).filter(page=page).select_related("owner").order_by("name")


@prepared
def since(day: date, moment: datetime) -> QuerySet[Any, Any]:
    units = Unit.objects.filter(valid_from__gte=day).order_by().values_list("name")
    return units.union(Event.objects.order_by().filter(at__gte=moment).values_list("object_label"), all=True)


def test_other_values_reach_the_kept_sql() -> None:
    for table, code, order in [("a", "1", 1), ("a", "11", 2), ("b", "1", 1), ("b", "2", 1)]:
        Code.objects.create(table=table, code=code, name=code, order=order)
    assert [row.code for row in entries("a", 1)] == ["1"]
    assert [row.code for row in entries("b", 1)] == ["1", "2"]
    assert [row.code for row in entries("a", order=2)] == ["11"]
    with CaptureQueriesContext(connection) as asked:
        rows = entries("b", 1)
    assert len(asked) == 1
    assert rows[0] == Code.objects.get(table="b", code="1")


def test_what_a_text_begins_with_is_taken_literally() -> None:
    root = make_unit("xm", "city", name="市")
    for code in ("a_b", "axb", "a%", "a"):
        make_unit(code, parent=root, name=code)
    path = {unit.name: unit.path for unit in Unit.objects.all()}
    assert below(path["a"]) == ["a"]
    assert below(path["a_b"]) == ["a_b"]
    assert below(path["a%"]) == ["a%"]
    assert set(below(path["axb"], path["a"])) == {"axb", "a"}
    assert below() == []


def test_one_person_never_gets_the_rows_of_another() -> None:
    unit = make_unit("xm", "city", name="市")
    people = [make_user(name, unit, []) for name in ("甲", "乙")]
    for user in people:
        SavedView.objects.create(owner=user, page="projects", name=f"{user.name}的视图", query="")
    for user in [*people, *people]:
        (view,) = views(actor_for(user), "projects")
        assert view.name == f"{user.name}的视图"
        assert view.owner == user
    assert views(actor_for(people[0]), "leads") == []


def test_days_and_moments_are_bound_on_either_database() -> None:
    now = timezone.now()
    unit = make_unit("xm", "city", name="市")
    Unit.objects.filter(pk=unit.pk).update(valid_from=date(2026, 1, 2))
    assert since(date(2026, 1, 2), now) == [("市",)]
    assert since(date(2026, 1, 3), now) == []
    Event.objects.create(
        actor_name="甲", verb="core.test", object_type="core.user", object_id=1, object_label="事"
    )
    assert ("事",) in since(date(2026, 1, 3), now - timedelta(hours=1))
    assert ("事",) not in since(date(2026, 1, 3), timezone.now() + timedelta(hours=1))


def test_an_argument_that_does_not_stand_in_the_query_is_refused() -> None:
    @prepared
    def changed(order: int) -> QuerySet[Code]:
        return Code.objects.filter(order=order + 1)

    @prepared
    def unused(order: int) -> QuerySet[Code]:
        return Code.objects.annotate(one=Value(1))

    for read in (changed, unused):
        with pytest.raises(LookupError, match="do not stand"):
            read(1)


def test_a_read_that_would_keep_a_value_from_outside_is_refused() -> None:
    level = len(User.__name__)
    with pytest.raises(AssertionError, match="as arguments"):

        @prepared
        def closed(table: str) -> QuerySet[Code]:
            return Code.objects.filter(table=table, level=level)


def test_a_query_that_can_find_nothing_asks_nothing_and_is_built_anew_for_other_rows() -> None:
    @prepared
    def never(table: str) -> QuerySet[Code]:
        return Code.objects.filter(table=table, pk__in=[])

    with CaptureQueriesContext(connection) as asked:
        assert never("a") == never("b") == []
    assert not asked.captured_queries


def test_each_language_has_its_own_sql() -> None:
    @prepared
    def labels(table: str) -> QuerySet[Code, str]:
        english = translation.get_language() == "en"
        return Code.objects.filter(table=table).values_list("name_en" if english else "name", flat=True)

    Code.objects.create(table="a", code="1", name="一", name_en="one")
    assert labels("a") == ["一"]
    with translation.override("en"):
        assert labels("a") == ["one"]
    assert labels("a") == ["一"]
