"""Filters of target enterprises and of warnings, for their lists, exports and the API."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core import search
from yinfeng.core.actors import ANONYMOUS, Actor
from yinfeng.core.filters import ScopedFilterSet, YesNoFilter
from yinfeng.core.scopes import rows
from yinfeng.enterprises.filters.records import tag_choices
from yinfeng.enterprises.models import (
    LEVELS,
    PRIORITIES,
    SIGNAL_KINDS,
    SIGNAL_STATES,
    TARGET_STATES,
    Enterprise,
    Signal,
    Target,
)
from yinfeng.enterprises.queries import PENDING, SIGNALS_PENDING, at_hand, horizon, tagged
from yinfeng.orgs.queries import brief_name


def _numbered(labels: Mapping[int, Any]) -> list[tuple[str, Any]]:
    """Return choices whose values read as an address gives them."""
    return [(str(number), label) for number, label in labels.items()]


class FollowedUp(ScopedFilterSet):
    """What the lists of targets and of warnings are narrowed by: unit, owner, a next step that is overdue, the firm's tag."""

    pending: ClassVar[tuple[str, ...]] = ()
    q = django_filters.CharFilter(label=_("关键词"), method="by_text")
    unit = django_filters.ChoiceFilter(label=_("单位"), choices=[])
    owner = django_filters.ChoiceFilter(label=_("责任人"), choices=[], method="by_owner")
    overdue = YesNoFilter(label=_("下一步已过期"), method="by_overdue")
    tag = django_filters.ChoiceFilter(label=_("标签"), choices=tag_choices, method="by_tag")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units, owners = self._places()
        self._offer("unit", units)
        self._offer("owner", [("me", str(_("我"))), *owners])

    @property
    def actor(self) -> Actor:
        return self.by or ANONYMOUS

    def _places(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return the units and the people of the rows in sight, in one query."""
        seen = rows(self._meta.model).permitted(self.actor).order_by()
        found = list(seen.values_list("unit", brief_name(), "owner", "owner__name").distinct())
        units = {(str(unit), name) for unit, name, _owner, _name in found if unit}
        owners = {(str(owner), name) for _unit, _brief, owner, name in found if owner}
        return sorted(units, key=itemgetter(1)), sorted(owners, key=itemgetter(1))

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        choice = self.filters[name]
        choice.extra["choices"] = choices
        vars(choice).pop(
            "_field", None
        )  # a filter keeps its first field: one made for the class knows no choices

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if not value.strip():
            return queryset
        firms = search.answering(Enterprise.objects.all(), value, self.actor)
        return queryset.filter(enterprise__in=firms.values("pk"))

    def by_owner(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(owner=self.actor.user_id if value == "me" else value)

    def by_overdue(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        late = Q(next_date__lt=timezone.localdate(), state__in=self.pending)
        return queryset.filter(late) if value else queryset.exclude(pk__in=queryset.filter(late).values("pk"))

    def by_tag(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(enterprise__in=tagged(value))


class TargetFilter(FollowedUp):
    main = ("q", "unit", "state", "owner")
    pending = PENDING
    state = django_filters.ChoiceFilter(label=_("对接状态"), choices=list(TARGET_STATES.items()))
    priority = django_filters.ChoiceFilter(label=_("优先级"), choices=_numbered(PRIORITIES))

    class Meta:
        model = Target
        fields: tuple[str, ...] = ()


class SignalFilter(FollowedUp):
    main = ("q", "unit", "state", "level")
    pending = SIGNALS_PENDING
    state = django_filters.ChoiceFilter(label=_("状态"), choices=list(SIGNAL_STATES.items()))
    level = django_filters.ChoiceFilter(label=_("级别"), choices=_numbered(LEVELS))
    kind = django_filters.ChoiceFilter(label=_("迹象"), choices=list(SIGNAL_KINDS.items()))
    pending_only = YesNoFilter(label=_("尚未了结"), method="by_pending")
    at_hand = YesNoFilter(label=_("已到提示期"), method="by_at_hand")
    unassigned = YesNoFilter(label=_("尚未指派"), field_name="owner", lookup_expr="isnull")

    def by_pending(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(state__in=self.pending) if value else queryset.exclude(state__in=self.pending)

    def by_at_hand(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        near = at_hand(horizon(timezone.localdate()))
        return queryset.filter(near if value else ~near)

    class Meta:
        model = Signal
        fields: tuple[str, ...] = ()
