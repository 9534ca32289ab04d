"""The filters of decisions at gates."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.utils.translation import gettext_lazy as _

from yinfeng.core.filters import ScopedFilterSet
from yinfeng.meetings import gating
from yinfeng.meetings.models import GateDecision


class DecisionFilter(ScopedFilterSet):
    main = ("state",)
    state = django_filters.ChoiceFilter(label=_("状态"), choices=list(gating.DECISION_STATES.items()))
    chain = django_filters.CharFilter(label=_("决策链代码"))
    gate = django_filters.CharFilter(label=_("节点代码"))
    decided_date: Any = django_filters.DateFromToRangeFilter(label=_("决策日期"))

    class Meta:
        model = GateDecision
        fields: ClassVar[tuple[str, ...]] = ()
