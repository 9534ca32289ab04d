"""Filters of doubts and mergers, for the list and the API."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from yinfeng.core import search
from yinfeng.core.actors import ANONYMOUS
from yinfeng.core.filters import ScopedFilterSet
from yinfeng.enterprises.models import DOUBT_STATES, MERGING_STATES, Doubt, Enterprise, Merging


class DoubtFilter(ScopedFilterSet):
    main = ("q", "score")
    q = django_filters.CharFilter(label=_("关键词"), method="by_text")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=list(DOUBT_STATES.items()))
    score = django_filters.ChoiceFilter(
        label=_("相似程度"), lookup_expr="gte",
        choices=[("0.9", _("90% 以上")), ("0.8", _("80% 以上")), ("0.7", _("70% 以上"))],
    )  # fmt: skip
    reason = django_filters.CharFilter(label=_("依据"), lookup_expr="icontains")

    class Meta:
        model = Doubt
        fields: tuple[str, ...] = ()

    def by_text(self, queryset: QuerySet[Doubt], name: str, value: str) -> QuerySet[Doubt]:
        value = value.strip()
        if not value:
            return queryset
        firms = search.answering(Enterprise.objects.all(), value, self.by or ANONYMOUS).values("pk")
        return queryset.filter(Q(one__in=firms) | Q(other__in=firms))


class MergingFilter(ScopedFilterSet):
    main = ("kept", "gone_id")
    kept = django_filters.NumberFilter(label=_("保留的企业"), min_value=1, max_value=10**18)
    gone_id = django_filters.NumberFilter(label=_("并入的企业编号"), min_value=1, max_value=10**18)
    state = django_filters.ChoiceFilter(label=_("状态"), choices=list(MERGING_STATES.items()))

    class Meta:
        model = Merging
        fields: tuple[str, ...] = ()
