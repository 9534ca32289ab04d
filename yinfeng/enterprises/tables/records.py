"""The columns of the enterprise library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yinfeng.core.money import WAN, in_column
from yinfeng.core.queries import code_label
from yinfeng.core.tables import Cell, Column, Table, addresses, day
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.queries import tag_labels, tags_of


def code_line(row: Enterprise) -> str:
    """Return by what one tells enterprises of like names apart: the short name and the codes they have."""
    return " · ".join(filter(None, (row.short_name, row.uscc, row.listing_code)))


def place(row: Enterprise) -> str:
    """Return province and city, a municipality once; abroad the country."""
    named = (row.city,) if row.city.startswith(row.province) else (row.province, row.city)
    return " ".join(filter(None, named)) or code_label("country", row.country)


def staff_text(row: Enterprise) -> str:
    """Return how many people a firm employs; empty when that is not known."""
    return "" if row.staff is None else gettext("%(count)s 人") % {"count": f"{row.staff:,}"}


class EnterpriseTable(Table):
    columns = (
        Column(
            "name", _("企业名称"), lambda row: Cell(row.name, sub=code_line(row)), value=lambda row: row.name, sort="name"
        ),
        Column(
            "uscc", _("统一社会信用代码"), lambda row: row.uscc or "—", value=lambda row: row.uscc or "", shown=False, folded=True,
        ),
        Column("place", _("所在地"), place),
        Column("industry", _("行业"), lambda row: code_label("industry", row.industry) if row.industry else "—", sort="industry"),
        Column(
            "capital", _("注册资本"), lambda row: in_column(row.capital, WAN), value=lambda row: row.capital, kind="money",
            sort="capital", numeric=True,
        ),
        Column(
            "staff", _("员工人数"), lambda row: "—" if row.staff is None else f"{row.staff:,}",
            value=lambda row: row.staff, kind="integer", sort="staff", numeric=True,
        ),
        Column("tags", _("标签"), lambda row: row.tag_text),
        Column(
            "verified", _("最近核实"), lambda row: day(row.verified_date), value=lambda row: row.verified_date, kind="date",
            sort="verified_date",
        ),
        Column("nature", _("企业性质"), lambda row: code_label("enterprise_nature", row.nature) or "—", shown=False),
        Column("listing", _("证券代码"), lambda row: row.listing_code or "—", shown=False),
        Column("source", _("信息来源"), lambda row: row.source or "—", shown=False),
        Column("address", _("地址"), lambda row: row.address or "—", shown=False),
        Column("business", _("经营范围"), lambda row: row.scope_of_business[:60], value=lambda row: row.scope_of_business, shown=False),
    )  # fmt: skip

    @cached_property
    def _address(self) -> Callable[[int], str]:
        return addresses("enterprise")

    def url(self, obj: Any) -> str:
        return self._address(obj.pk)

    def prepare(self, objects: Iterable[Any]) -> Iterator[Enterprise]:
        """Give each row its tags in words, with the year of the list each comes from; a thousand rows at a time."""
        labels, left = tag_labels(), iter(objects)
        while rows := list(islice(left, 1000)):
            tags = tags_of(row.pk for row in rows)
            for row in rows:
                named = [f"{labels.get(tag, tag)} {year or ''}".strip() for tag, year in tags.get(row.pk, ())]
                row.tag_text = "、".join(named) or "—"
                yield row
