"""Filters are drawn once for all that looks alike, and never for anybody what belongs to another."""

from __future__ import annotations

from typing import Any

import django_filters
import pytest
from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from yinfeng.core import filters
from yinfeng.core.filters import ScopedFilterSet
from yinfeng.core.models import User

pytestmark = pytest.mark.django_db


class _Filter(ScopedFilterSet):
    text = django_filters.CharFilter(field_name="name", label=_("关键词"))
    choice = django_filters.ChoiceFilter(
        field_name="name", label=_("状态"), choices=[("a", _("是")), ("b", "<乙>")]
    )
    flag = django_filters.BooleanFilter(field_name="is_active", label=_("状态"))
    number = django_filters.NumberFilter(field_name="pk", label=_("状态"))
    span = django_filters.DateFromToRangeFilter(field_name="date_joined", label=_("状态"))

    class Meta:
        model = User
        fields: tuple[str, ...] = ()


def drawn(query: str = "", **offered: Any) -> dict[str, str]:
    made = _Filter(QueryDict(query), queryset=User.objects.none())
    for name, choices in offered.items():
        made.form.fields[name].choices = choices
    names = list(made.form.fields)
    return dict(zip(names, made.drawn(names), strict=True))


QUERIES = ("", "text=x", "choice=a", "choice=b", "choice=zz", "flag=true", "flag=no", "number=1", "number=x", "span_after=2026-01-01", "span_after=zz")  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    kept: dict[Any, Any] = {}
    monkeypatch.setattr(filters, "_kept", kept)
    return kept


def test_what_was_kept_is_what_would_be_drawn() -> None:
    for language in ("zh-hans", "en"):
        with translation.override(language):
            for query in (*QUERIES, *QUERIES):
                form = _Filter(QueryDict(query), queryset=User.objects.none()).form
                assert drawn(query) == {field.name: field.as_field_group() for field in form}


def test_choices_of_one_person_are_not_shown_to_another() -> None:
    drawn(choice=[("1", "甲单位")])
    again = drawn(choice=[("1", "乙单位")])["choice"]
    assert "乙单位" in again
    assert "甲单位" not in again


def test_nothing_that_somebody_typed_is_kept(nothing_kept: dict[Any, Any]) -> None:
    drawn("text=secret&choice=secret&flag=secret&number=777&span_after=2026-01-01")
    assert "secret" not in str(nothing_kept)
    assert "777" not in str(nothing_kept)
    assert "2026-01-01" not in str(nothing_kept)


def test_what_is_kept_is_bounded(nothing_kept: dict[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "_DRAWN_LIMIT", 3)
    for query in QUERIES:
        drawn(query)
        assert len(nothing_kept) <= 3
