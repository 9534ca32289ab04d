"""The filters of decisions at gates, and of the projects that wait at one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.filters import ScopedFilterSet, TextFilter
from yinfeng.meetings import gating, queries
from yinfeng.meetings.models import GateDecision
from yinfeng.projects import stages
from yinfeng.projects.filters import WithOptions
from yinfeng.projects.models import Project
from yinfeng.projects.queries.conditions import held_by


class DecisionFilter(ScopedFilterSet):
    main = ("state",)
    state = django_filters.ChoiceFilter(label=_("状态"), choices=list(gating.DECISION_STATES.items()))
    chain = django_filters.CharFilter(label=_("决策链代码"))
    gate = django_filters.CharFilter(label=_("节点代码"))
    decided_date: Any = django_filters.DateFromToRangeFilter(label=_("决策日期"))

    class Meta:
        model = GateDecision
        fields: ClassVar[tuple[str, ...]] = ()


MINE = "mine"


class TurnFilter(WithOptions):
    """What the projects at gates are narrowed by: whose turn it is, the body, the chain, what the project is."""

    main = ("q", "gate", "project_class", "place")
    by_facet = ("turn",)  # a tab of the list
    codes: ClassVar[dict[str, str]] = {"project_class": "project_class"}
    units: ClassVar[tuple[str, ...]] = ("place",)
    q = TextFilter()
    turn = django_filters.ChoiceFilter(label=_("由谁办理"), choices=[(MINE, _("轮到我的"))], method="by_turn")
    gate = django_filters.ChoiceFilter(label=_("决策机构"), choices=[], method="by_gate")
    chain = django_filters.ChoiceFilter(label=_("决策链"), choices=[], method="by_chain")
    project_class = django_filters.ChoiceFilter(label=_("项目分类"), choices=[])
    stage = django_filters.ChoiceFilter(label=_("阶段"), choices=list(stages.STAGES.items()))
    place = django_filters.ChoiceFilter(label=_("落地或报送单位"), choices=[], method="by_place")

    class Meta:
        model = Project
        fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = queries.turns(timezone.localdate()).values()
        self._offer("gate", {gate.code: gate.label for _chain, gate in every})
        self._offer("chain", {chain.code: chain.label for chain, _gate in every})

    def _offer(self, name: str, choices: Mapping[str, str]) -> None:
        self.filters[name].extra["choices"] = list(choices.items())
        vars(self.filters[name]).pop("_field", None)

    def by_turn(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queries.of_their_turn(queryset, self.by, timezone.localdate())

    def by_gate(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(turn__endswith=f":{value}")

    def by_chain(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(turn__startswith=f"{value}:")

    def by_place(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(held_by([value]))
