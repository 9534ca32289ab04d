"""Filters of leads and projects, shared by lists, exports and the API."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core import search
from yinfeng.core.actors import ANONYMOUS
from yinfeng.core.filters import ScopedFilterSet, TextFilter, YesNoFilter
from yinfeng.core.money import YI
from yinfeng.orgs.queries import brief_name, working_groups
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Closing, Dispute, Entry, Project, Report, Transfer


def _choice(label: Any, choices: Any, **kwargs: Any) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(label=label, choices=choices, **kwargs)


class WithOptions(ScopedFilterSet):
    """A FilterSet whose choices of codes and units come in one query."""

    codes: ClassVar[dict[str, str]] = {}
    units: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        options = queries.options(self.codes.values())
        for name in (*self.codes, *self.units):
            choice = self.filters[name]
            choice.extra["choices"] = options.get(self.codes.get(name, queries.UNIT), [])
            # a filter keeps its first field: one made for the class, as the OpenAPI document does, knows no choices
            vars(choice).pop("_field", None)


BY_AMOUNT = "amount"  # what the shades of the map tell


class LeadFilter(WithOptions):
    main = ("q", "state", "source", "handling_unit")
    codes = {"source": "lead_source"}
    units = ("handling_unit", "reporter_unit")
    q = TextFilter()
    state = _choice(_("状态"), list(stages.LEAD_STATES.items()))
    source = _choice(_("线索来源"), [])
    handling_unit = _choice(_("承办单位"), [])
    reporter_unit = _choice(_("报送单位"), [])
    protected = YesNoFilter(label=_("报备保护期内"), method="by_protection")
    heard_date = django_filters.DateFromToRangeFilter(
        label=_("获知日期"), widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )

    def by_protection(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        protected = queries.lead_is_protected(timezone.localdate())
        return queryset.filter(protected) if value else queryset.exclude(protected)


class ProjectFilter(WithOptions):
    main = ("q", "stage", "host_unit", "who")
    codes = {
        "project_class": "project_class", "section": "section", "grade": "grade", "category": "category", "headquarters_kind": "headquarters_kind",
        "chain_effect": "chain_effect", "assigned_by": "assigned_by", "home_tie": "home_tie", "area": queries.AREA,
        "division": "district_shape",
    }  # fmt: skip
    units = ("host_unit", "reporter_unit", "place")
    q = TextFilter()
    state = _choice(_("项目库状态"), list(stages.LIBRARY.items()), method="filter_state")
    stage = _choice(_("阶段"), list(stages.STAGES.items()))
    status = _choice(_("状态"), list(stages.STATUSES.items()))
    host_unit = _choice(_("落地单位"), [], null_label=_("尚无落地单位"))
    who = _choice(
        _("与我有关"), [("team", _("我在团队中")), ("mine", _("我建立的")), ("unit", _("我单位参与的"))], method="filter_who"
    )  # fmt: skip
    reporter_unit = _choice(_("报送单位"), [])
    grade = _choice(_("分级"), [], method="filter_grade")
    category = _choice(_("类别"), [], method="filter_category")
    light = _choice(_("亮灯"), list(stages.LIGHTS.items()), method="filter_light")
    to_leave = YesNoFilter(label=_("应移出项目库"), method="filter_to_leave")
    place = _choice(_("落地或报送单位"), [], method="filter_place")
    area = _choice(_("所在片区"), [])
    division = _choice(_("落地单位所在区"), [], field_name="host_unit__division")
    project_class = _choice(_("项目分类"), [])
    headquarters_kind = _choice(_("总部类型"), [])
    section = _choice(_("行业门类"), [], method="filter_section")
    chain_effect = _choice(_("产业链作用"), [])
    is_existing_firm = YesNoFilter(label=_("存量企业"))
    assigned_by = _choice(_("交办层级"), [])
    home_tie = _choice(_("乡情渠道"), [])
    secrecy = _choice(_("知悉范围"), list(stages.SECRECY.items()))
    idle_days = django_filters.NumberFilter(
        label=_("多少天没有进展"), method="filter_idle", min_value=1, max_value=3650,
    )  # fmt: skip
    created_from = django_filters.DateFilter(
        label=_("建立日期不早于"), field_name="created_at", lookup_expr="date__gte",
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}),
    )  # fmt: skip
    intended_from = django_filters.NumberFilter(
        label=_("意向投资额不低于（亿元）"), method="filter_from", min_value=0
    )
    intended_to = django_filters.NumberFilter(
        label=_("意向投资额不高于（亿元）"), method="filter_to", min_value=0
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("idle_days", "intended_from", "intended_to"):
            self.form.fields[name].widget = forms.NumberInput(attrs={"min": 0, "class": "form-control"})

    def filter_who(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        by = self.by or ANONYMOUS
        wanted = {"team": queries.mine(by), "mine": Q(created_by=by.user_id), "unit": queries.ours(by)}
        return queryset.filter(wanted[value])

    def filter_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(queries.in_state(value))

    def filter_place(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(host_unit=value) | Q(host_unit=None, reporter_unit=value))

    def filter_grade(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(queries.graded(value, timezone.localdate()))

    def filter_category(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(queries.categorised(value, timezone.localdate()))

    def filter_light(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(queries.lit(value, timezone.localdate()))

    def filter_to_leave(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        found = queries.to_leave(timezone.localdate())
        return queryset.filter(found) if value else queryset.exclude(found)

    def filter_section(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queries.with_division(queryset).filter(queries.in_section(value))

    def filter_idle(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        still = queries.still_for(int(value), timezone.localdate())
        return queryset.filter(still, status=stages.ONGOING)

    def filter_from(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(intended__gte=value * YI)

    def filter_to(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(intended__lte=value * YI)


class BoardFilter(WithOptions):
    """What the board and the funnel are narrowed by; every one is a filter of the list too, to which they lead."""

    codes = {"section": "section", "grade": "grade"}
    units = ("place",)
    place = _choice(_("落地或报送单位"), [], method="filter_place")
    section = _choice(_("行业门类"), [], method="filter_section")
    grade = _choice(_("分级"), [], method="filter_grade")
    created_from = django_filters.DateFilter(
        label=_("建立日期不早于"), field_name="created_at", lookup_expr="date__gte",
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}),
    )  # fmt: skip
    filter_place = ProjectFilter.filter_place
    filter_section = ProjectFilter.filter_section
    filter_grade = ProjectFilter.filter_grade


class ClaimFilter(ScopedFilterSet):
    main = ("state", "kind")
    state = _choice(_("核验状态"), list(stages.CLAIM_STATES.items()))
    kind = _choice(_("业绩"), list(stages.ACHIEVEMENTS.items()))
    project = django_filters.NumberFilter(label=_("项目"), min_value=1, max_value=10**18)


class StepBackFilter(ScopedFilterSet):
    main = ("state",)
    state = _choice(_("状态"), list(stages.STEP_BACK_STATES.items()))
    project = django_filters.NumberFilter(label=_("项目"), min_value=1, max_value=10**18)


class ReversalFilter(ScopedFilterSet):
    main = ("state",)
    state = _choice(_("状态"), list(stages.REVERSAL_STATES.items()))
    entry = django_filters.NumberFilter(label=_("业绩记录"), min_value=1, max_value=10**18)


class OfProjects(ScopedFilterSet):
    """Rows of projects, found by the project's words and by a unit that can have taken part in one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = queries.units_ever().values_list("pk", brief_name("")).order_by("order", "pk")
        self.filters["unit"].extra["choices"] = [(str(unit), name) for unit, name in units]
        vars(self.filters["unit"]).pop("_field", None)

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if not value.strip():
            return queryset
        found = search.answering(Project.objects.all(), value, self.by or ANONYMOUS)
        return queryset.filter(project__in=found.values("pk"))


class TransferFilter(OfProjects):
    """What transfers are narrowed by; the unit is either side."""

    main = ("q", "state", "unit")
    q = django_filters.CharFilter(label=_("关键词"), method="by_text")
    state = _choice(_("状态"), list(stages.TRANSFER_STATES.items()))
    unit = _choice(_("流出或承接单位"), [], method="by_unit")
    way = _choice(_("该单位"), [(queries.IN, _("承接")), (queries.OUT, _("流出"))], method="by_way")

    class Meta:
        model = Transfer
        fields: tuple[str, ...] = ()

    def by_unit(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        sides = {queries.IN: Q(to_unit=value), queries.OUT: Q(from_unit=value)}
        return queryset.filter(sides.get(self.data.get("way", ""), sides[queries.IN] | sides[queries.OUT]))

    def by_way(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset  # of which unit, ``unit`` says


class DisputeFilter(OfProjects):
    """What disputes over first reports are narrowed by; the unit is either side, the words are of the enterprise's name."""

    main = ("q", "state", "unit")
    q = django_filters.CharFilter(label=_("关键词"), field_name="subject", lookup_expr="icontains")
    state = _choice(_("状态"), list(stages.DISPUTE_STATES.items()))
    unit = _choice(_("争议一方"), [], method="by_unit")

    class Meta:
        model = Dispute
        fields: tuple[str, ...] = ()

    def by_unit(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=queryset.filter(sides__unit=value).values("pk"))


class EntryFilter(OfProjects):
    """What the ledger is narrowed by; the units are those that can take part in a project."""

    main = ("q", "kind", "unit")
    q = django_filters.CharFilter(label=_("关键词"), method="by_text")
    kind = _choice(_("业绩"), list(stages.ACHIEVEMENTS.items()))
    unit = _choice(_("归属单位"), [], method="by_unit")
    happened_date = django_filters.DateFromToRangeFilter(
        label=_("发生日期"), widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )
    booked_date = django_filters.DateFromToRangeFilter(
        label=_("入账日期"), widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )
    reversals = YesNoFilter(label=_("冲销记录"), field_name="sign", method="by_reversals")

    class Meta:
        model = Entry
        fields: tuple[str, ...] = ()

    def by_unit(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=queries.shared_by(int(value)))

    def by_reversals(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return queryset.filter(sign=-1 if value else 1)


class ReportFilter(ScopedFilterSet):
    main = ("code", "unit", "starts")
    code = _choice(_("报表"), [])
    unit = _choice(_("报送单位"), [])
    starts = django_filters.DateFromToRangeFilter(
        label=_("期初"), widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )
    turn = _choice(_("更正或首次"), [("first", _("首次报送")), ("correction", _("更正"))], method="by_turn")

    class Meta:
        model = Report
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = queries.units_ever().values_list("pk", brief_name("")).order_by("order", "pk")
        self.filters["unit"].extra["choices"] = [(str(unit), name) for unit, name in units]
        titles = {code: versions[0].title for code, versions in queries.all_definitions().items()}
        self.filters["code"].extra["choices"] = sorted(titles.items())
        for name in ("unit", "code"):
            vars(self.filters[name]).pop("_field", None)

    def by_turn(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(number=1) if value == "first" else queryset.filter(number__gt=1)


class ClosingFilter(ScopedFilterSet):
    main = ("until",)
    until = django_filters.DateFromToRangeFilter(
        label=_("结账至"), widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )

    class Meta:
        model = Closing
        fields: tuple[str, ...] = ()


class PersonalFilter(WithOptions):
    """What the three personal duties of a quarter are narrowed by; the page reads the quarter itself, as the rows depend on it."""

    main = ("q", "quarter", "place", "missing")
    units = ("place",)
    q = TextFilter()
    quarter = _choice(_("季度"), [], method="filter_quarter", empty_label=None)
    place = _choice(_("落地或报送单位"), [], method="filter_place")
    missing = _choice(
        _("缺少"), [(queries.ANY, _("任意一项")), *stages.PERSONAL_KINDS.items()], method="filter_missing"
    )

    class Meta:
        model = Project
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        quarters = queries.recent_quarters(timezone.localdate())
        self.filters["quarter"].extra["choices"] = [(quarter.code, quarter.label) for quarter in quarters]
        vars(self.filters["quarter"]).pop("_field", None)

    def filter_place(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(holder=value)

    def filter_quarter(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset

    def filter_missing(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today = timezone.localdate()
        quarters = queries.recent_quarters(today)
        asked = self.data.get("quarter")
        quarter = next((found for found in quarters if found.code == asked), quarters[0])
        return queryset.filter(queries.missing(value, quarter, today))


class PersonalActFilter(ScopedFilterSet):
    main = ("state", "kind")
    state = _choice(_("状态"), list(stages.PERSONAL_STATES.items()))
    kind = _choice(_("事项"), list(stages.PERSONAL_KINDS.items()))
    project = django_filters.NumberFilter(label=_("项目"), min_value=1, max_value=10**18)
    act_date = django_filters.DateFromToRangeFilter(
        label=_("日期"), widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )


class SchedulingFilter(WithOptions):
    """What the scheduling board is narrowed by."""

    main = ("q", "who", "light", "place")
    units = ("place",)
    q = TextFilter()
    who = _choice(_("等谁"), list(stages.MUST_ACT.items()), method="filter_who")
    light = _choice(_("亮灯"), list(stages.LIGHTS.items()), method="filter_light")
    place = _choice(_("落地或报送单位"), [], method="filter_place")
    group = _choice(_("招商组"), [], method="filter_group")
    filter_light = ProjectFilter.filter_light
    filter_place = ProjectFilter.filter_place

    class Meta:
        model = Project
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = working_groups().values_list("pk", brief_name(""))
        self.filters["group"].extra["choices"] = [(str(group), name) for group, name in groups]
        vars(self.filters["group"]).pop("_field", None)

    def filter_who(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(queries.must_act(value))

    def filter_group(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(queries.of_group(int(value)))


class MapFilter(BoardFilter):
    """What the map is narrowed by, and what its shades tell."""

    by = _choice(
        _("按"), [("projects", _("项目数")), (BY_AMOUNT, _("投资额"))], method="filter_by", empty_label=None
    )

    def filter_by(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset
