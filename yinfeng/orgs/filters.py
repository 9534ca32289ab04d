"""Filters of units, people, accounts and invitations."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core import events, search
from yinfeng.core.filters import ScopedFilterSet
from yinfeng.orgs import queries
from yinfeng.orgs.models import UNIT_KINDS, Account, Invitation, Person, Unit, in_force


def role_choices() -> list[tuple[str, str]]:
    return [(role.code, role.label) for role in queries.open_roles()]


class UnitFilter(ScopedFilterSet):
    main = ("q", "kind", "state")
    q = django_filters.CharFilter(label=_("关键词"), method="by_text")
    kind = django_filters.ChoiceFilter(label=_("类别"), choices=list(UNIT_KINDS.items()))
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=[("open", _("现有")), ("closed", _("已撤销"))], method="by_state"
    )

    class Meta:
        model = Unit
        fields: tuple[str, ...] = ()

    def by_text(self, queryset: QuerySet[Unit], name: str, value: str) -> QuerySet[Unit]:
        """Find by the index, which knows short, English, other and former names and initials; or by the code."""
        known = search.matching(events.type_of(Unit), value)
        return queryset.filter(Q(pk__in=known) | Q(code__icontains=value.strip()))

    def by_state(self, queryset: QuerySet[Unit], name: str, value: str) -> QuerySet[Unit]:
        today = in_force(timezone.localdate())
        return queryset.filter(today) if value == "open" else queryset.exclude(today)


class OfUnitFilter(ScopedFilterSet):
    """A filter by a unit and everything below it."""

    unit = django_filters.ModelChoiceFilter(
        label=_("单位"), queryset=lambda request: queries.units_today(), method="by_unit"
    )

    def by_unit(self, queryset: QuerySet[Any], name: str, value: Unit) -> QuerySet[Any]:
        raise NotImplementedError


class PersonFilter(OfUnitFilter):
    main = ("q", "unit")
    q = django_filters.CharFilter(label=_("姓名"), field_name="name", lookup_expr="icontains")

    class Meta:
        model = Person
        fields: tuple[str, ...] = ()

    def by_unit(self, queryset: QuerySet[Any], name: str, value: Unit) -> QuerySet[Any]:
        return queryset.filter(pk__in=queries.people_in(value))


class AccountFilter(OfUnitFilter):
    main = ("q", "unit", "role", "state")
    q = django_filters.CharFilter(label=_("姓名或用户名"), method="by_text")
    role = django_filters.ChoiceFilter(label=_("角色"), choices=role_choices, method="by_role")
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=[("active", _("可以登录")), ("stopped", _("已停用"))], method="by_state"
    )  # fmt: skip

    class Meta:
        model = Account
        fields: tuple[str, ...] = ()

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value.strip()) | Q(username__icontains=value.strip()))

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(is_active=value == "active")

    def by_role(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=queries.accounts_with_role(value))

    def by_unit(self, queryset: QuerySet[Any], name: str, value: Unit) -> QuerySet[Any]:
        return queryset.filter(queries.accounts_in(value))


class InvitationFilter(ScopedFilterSet):
    main = ("q", "state")
    q = django_filters.CharFilter(label=_("姓名或用户名"), method="by_text")
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=[("open", _("等待接受")), ("ended", _("已了结"))], method="by_state"
    )

    class Meta:
        model = Invitation
        fields: tuple[str, ...] = ()

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value.strip()) | Q(username__icontains=value.strip()))

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        waiting = Q(used_at=None, revoked_at=None, expires_at__gt=timezone.now())
        return queryset.filter(waiting) if value == "open" else queryset.exclude(waiting)
