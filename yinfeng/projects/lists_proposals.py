"""The filters and columns of the list of planned projects."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.filters import ScopedFilterSet
from yinfeng.core.queries import code_label
from yinfeng.core.tables import Cell, Column, Table, day
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Proposal
from yinfeng.projects.tables import amount, badge, unit

PROPOSAL_TONES = {
    stages.COLLECTED: "muted",
    stages.ARGUED: "warning",
    stages.PUBLISHED: "info",
    stages.GENERATED: "success",
    stages.WITHDRAWN: "muted",
}
LATE, STALE = "late", "stale"


class ProposalFilter(ScopedFilterSet):
    main = ("q", "planning_unit", "chain", "due")
    q = django_filters.CharFilter(label=_("关键词"), method="by_text")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=list(stages.PROPOSAL_STATES.items()))
    planning_unit = django_filters.ChoiceFilter(label=_("策划单位"), choices=[])
    chain = django_filters.ChoiceFilter(label=_("产业链"), choices=[])
    due = django_filters.ChoiceFilter(
        label=_("时限"), choices=[(LATE, _("已过期")), (STALE, _("本期未更新"))], method="by_due"
    )
    host_unit = django_filters.ChoiceFilter(label=_("拟落地单位"), choices=[])
    area = django_filters.ChoiceFilter(label=_("所在片区"), choices=[])

    class Meta:
        model = Proposal
        fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chains, units, areas = queries.planning_options(timezone.localdate())
        given = {"planning_unit": units, "host_unit": units, "chain": chains, "area": areas}
        for name, choices in given.items():
            self.filters[name].extra["choices"] = choices
            vars(self.filters[name]).pop("_field", None)

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        word = value.strip()
        if not word:
            return queryset
        found = Q(title__icontains=word) | Q(content__icontains=word)
        return queryset.filter(found | Q(pk__in=queries.with_partner_named(word)))

    def by_due(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today = timezone.localdate()
        return queryset.filter(queries.late(today) if value == LATE else queries.not_updated(today))


def _due(row: Proposal) -> Cell | str:
    today = timezone.localdate()
    due = queries.due_of(row, today, queries.calendar(today))
    return Cell(due.sentence, tone="danger" if due.is_late else "") if due else "—"


def _wanted(row: Proposal) -> int:
    return len(row.partners.all())


def _made(row: Proposal) -> int:
    return sum(queries.is_told(partner) for partner in row.partners.all())


class ProposalTable(Table):
    order = "-pk"
    prefetch = (queries.PARTNERS,)
    columns = (
        Column(
            "title", _("策划项目名称"), lambda row: Cell(row.title, sub=code_label("chain", row.chain) if row.chain else ""),
            value=lambda row: row.title, sort="title",
        ),
        Column("state", _("状态"), lambda row: badge(row.state, stages.PROPOSAL_STATES, PROPOSAL_TONES), sort="state"),
        Column("due", _("时限"), _due),
        amount("estimated", _("估算总投资"), "estimated"),
        amount("fixed", _("固定资产投资"), "fixed_investment", shown=False),
        unit("planner", _("策划单位"), "planning_unit"),
        unit("host", _("拟落地单位"), "host_unit"),
        Column(
            "land", _("用地需求（亩）"), lambda row: f"{row.land_mu:,.2f}" if row.land_mu is not None else "—",
            value=lambda row: row.land_mu, numeric=True, shown=False,
        ),
        Column("partners", _("拟对接企业"), lambda row: str(_wanted(row)), value=_wanted, kind="integer", numeric=True),
        Column("projects", _("生成的项目"), lambda row: str(_made(row)), value=_made, kind="integer", numeric=True),
        Column("industry", _("行业"), lambda row: code_label("industry", row.industry), shown=False),
        Column(
            "checked", _("最近更新"), lambda row: day(row.checked_date), value=lambda row: row.checked_date, kind="date",
            sort="checked_date",
        ),
        Column("content", _("建设内容"), lambda row: row.content, shown=False),
        Column("rationale", _("策划依据"), lambda row: row.rationale, shown=False),
        Column("return", _("回报机制"), lambda row: row.return_mechanism or "—", shown=False),
    )  # fmt: skip
