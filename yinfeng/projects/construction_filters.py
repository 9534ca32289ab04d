"""What the lists of construction are narrowed by, shared by pages, exports and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.filters import TextFilter, YesNoFilter
from yinfeng.projects import queries, stages
from yinfeng.projects.filters import OfProjects, ProjectFilter, WithOptions
from yinfeng.projects.models import Bottleneck, Project


def _choice(label: Any, choices: Any, **kwargs: Any) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(label=label, choices=choices, **kwargs)


class ConstructionFilter(WithOptions):
    main = ("q", "light", "behind", "bottleneck")
    codes = {"bottleneck": "problem_kind"}
    units = ("place",)
    q = TextFilter()
    light = _choice(_("亮灯"), list(stages.LIGHTS.items()), method="filter_light")
    behind = YesNoFilter(label=_("落后于计划"), method="filter_behind")
    start_missed = YesNoFilter(label=_("逾期未开工"), method="filter_start")
    bottleneck = _choice(_("待解决难点"), [], method="filter_bottleneck")
    place = _choice(_("落地或报送单位"), [], method="filter_place")
    stage = _choice(
        _("阶段"), [(stage, stages.STAGES[stage]) for stage in (*stages.BEFORE_START, *stages.UNDER_WAY)]
    )

    class Meta:
        model = Project
        fields: tuple[str, ...] = ()

    filter_light = ProjectFilter.filter_light
    filter_place = ProjectFilter.filter_place

    def filter_behind(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        today = timezone.localdate()
        rules = queries.schedule_rules(today)
        found = queries.behind_by(rules.behind_warn, today)
        return queryset.filter(found) if value else queryset.filter(~found)

    def filter_start(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        today = timezone.localdate()
        found = queries.not_started_for(queries.schedule_rules(today).start_warn, today)
        return queryset.filter(found) if value else queryset.exclude(found)

    def filter_bottleneck(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(queries.with_open_bottleneck(value))


class BottleneckFilter(OfProjects):
    """What bottlenecks are narrowed by; the unit is the one that must act."""

    main = ("q", "state", "kind", "unit")
    q = django_filters.CharFilter(label=_("关键词"), method="by_words")
    state = _choice(_("状态"), list(stages.BOTTLENECK_STATES.items()))
    kind = _choice(_("问题类型"), [])
    unit = _choice(_("解决单位"), [], method="by_unit")
    overdue = YesNoFilter(label=_("已过时限"), method="by_overdue")
    city = YesNoFilter(label=_("需市级协调"), method="by_city")

    class Meta:
        model = Bottleneck
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["kind"].extra["choices"] = queries.options(["problem_kind"]).get("problem_kind", [])
        vars(self.filters["kind"]).pop("_field", None)

    def by_words(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self.by_text(queryset, name, value) | queryset.filter(what__icontains=value.strip())

    def by_unit(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(unit=value)

    def by_overdue(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        late = Q(state=stages.OPEN, due_date__lt=timezone.localdate())
        return queryset.filter(late) if value else queryset.exclude(late)

    def by_city(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        waits = queries.for_the_city(timezone.localdate())
        return queryset.filter(waits) if value else queryset.exclude(waits)


class ProposalFilter(WithOptions):
    main = ("q", "proposal", "place")
    units = ("place",)
    q = TextFilter()
    proposal = _choice(_("建议"), list(stages.PROPOSALS.items()), method="filter_proposal")
    place = _choice(_("落地或报送单位"), [], method="filter_place")

    class Meta:
        model = Project
        fields: tuple[str, ...] = ()

    filter_place = ProjectFilter.filter_place

    def filter_proposal(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(queries.proposed(value, timezone.localdate()))
