"""Filters of meetings and topics, shared by lists, exports and the API."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.filters import ScopedFilterSet
from yinfeng.meetings import queries, states
from yinfeng.meetings.models import Meeting, Topic

COMING, PAST = "coming", "past"


class WithBodies(ScopedFilterSet):
    """A FilterSet by the body concerned."""

    body = django_filters.ChoiceFilter(label=_("机构"), choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.filters["body"]
        choice.extra["choices"] = [
            (str(body.pk), body.label) for body in queries.bodies(timezone.localdate())
        ]
        vars(choice).pop("_field", None)


class MeetingFilter(WithBodies):
    main = ("q", "body", "when", "state")
    q = django_filters.CharFilter(label=_("关键词"), method="by_text")
    when = django_filters.ChoiceFilter(
        label=_("时间"), choices=[(COMING, _("今后")), (PAST, _("以往"))], method="by_time"
    )
    state = django_filters.ChoiceFilter(label=_("状态"), choices=list(states.MEETING_STATES.items()))
    starts_at = django_filters.DateFromToRangeFilter(
        label=_("开会时间"), widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )

    class Meta:
        model = Meeting
        fields: ClassVar[tuple[str, ...]] = ()

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        word = value.strip()
        return queryset.filter(queries.meetings_with_word(word)) if word else queryset

    def by_time(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(queries.is_coming(value == COMING, timezone.localdate()))


class TopicFilter(WithBodies):
    main = ("q", "body", "kind", "unit")
    q = django_filters.CharFilter(label=_("关键词"), method="by_text")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=list(states.TOPIC_STATES.items()))
    kind = django_filters.ChoiceFilter(label=_("议题类别"), choices=list(states.TOPIC_KINDS.items()))
    unit = django_filters.ChoiceFilter(label=_("提出单位"), choices=[])
    project = django_filters.NumberFilter(
        label=_("项目"), field_name="project_id", min_value=1, max_value=10**18
    )

    class Meta:
        model = Topic
        fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.filters["unit"]
        choice.extra["choices"] = [(str(unit.pk), unit.brief) for unit in queries.units_that_brought(self.by)]
        vars(choice).pop("_field", None)

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        word = value.strip()
        return queryset.filter(queries.with_word(word)) if word else queryset
