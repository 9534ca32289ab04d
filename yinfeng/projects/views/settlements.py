"""The yearly settlement of a unit: what it shares with others of what was achieved, and who owes whom."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from yinfeng.core.errors import Missing
from yinfeng.core.money import plain, to_the_cent
from yinfeng.core.web import Page
from yinfeng.orgs.models import Unit
from yinfeng.projects import achievements, queries, stages
from yinfeng.projects.models import Transfer
from yinfeng.projects.tables import percent_of
from yinfeng.projects.views.files import cell_text, table_file

YEARS = 5
LISTED = 100
# One sentence each for what the figures are.
RULES = (
    gettext_lazy("按业绩的发生日期归年，只含您能看到的项目；冲销已经减去。"),
    gettext_lazy("只有流转协议约定分成的税收在单位之间划付；其余份额只计业绩，不划付。"),
    gettext_lazy(
        "统计口径：协议约定“双方全额计算”的，双方在统计中各按全额计（税收除外）；台账中各单位份额之和始终是 1。"
    ),
)


class OfYear(Page):
    """A page about one unit’s settlement of a year, named by ``unit`` and ``year``: the person’s own and this year’s unless asked."""

    action = "view"

    @cached_property
    def units(self) -> list[Unit]:
        return queries.settling_units(self.by, self._asked or self.by.unit_id, self.permission)

    @property
    def _asked(self) -> int | None:
        text = self.request.GET.get("unit", "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None

    @cached_property
    def unit(self) -> Unit | None:
        """The unit; Missing for one beyond the person’s reach, None where he has none that settles anything."""
        wanted = self._asked or self.by.unit_id
        found = next((unit for unit in self.units if unit.pk == wanted), None)
        if found is None and self._asked:
            raise Missing
        return found or next(iter(self.units), None)

    @cached_property
    def years(self) -> list[int]:
        return [timezone.localdate().year - back for back in range(YEARS)]

    @cached_property
    def year(self) -> int:
        asked = self.request.GET.get("year", "")
        return next((year for year in self.years if str(year) == asked), self.years[0])

    @cached_property
    def lines(self) -> list[queries.SettlementLine]:
        return queries.year_settlement(self.unit.pk, self.year, self.by, self.action) if self.unit else []

    @cached_property
    def totals(self) -> list[queries.SettlementTotal]:
        return queries.totals(self.lines)

    def address(self, route: str, **more: Any) -> str:
        asked = {"unit": self.unit.pk if self.unit else "", "year": self.year, **more}
        return f"{reverse(route)}?{urlencode(asked)}"

    def owed(self) -> list[str]:
        """Return who owes whom how much, in words: what each way comes to and what is left when both are set off."""
        assert self.unit is not None
        found = []
        for total in self.totals:
            own, other = self.unit.brief, total.other.brief
            ways = [(own, other, total.pays), (other, own, total.receives)]
            due = [(payer, payee, amount) for payer, payee, amount in ways if amount]
            for payer, payee, amount in due:
                if amount < 0:
                    payer, payee, amount = payee, payer, -amount
                told = {"payer": payer, "payee": payee, "amount": to_the_cent(amount)}
                found.append(_("%(payer)s应划付%(payee)s %(amount)s") % told)
            net = total.pays - total.receives
            if len(due) > 1:
                payer, payee = (own, other) if net >= 0 else (other, own)
                told = {"payer": payer, "payee": payee, "amount": to_the_cent(abs(net))}
                found.append(_("轧差后%(payer)s应划付%(payee)s %(amount)s") % told)
        return found


class YearSettlement(OfYear):
    permission = "projects.project.view"
    template_name = "projects/settlement.html"
    title = gettext_lazy("年度结算")

    @cached_property
    def sheet(self) -> queries.YearSheet:
        """What the page shows: all totals, and of what rules alone share so many projects; the files have every line."""
        if self.unit is None:
            return queries.YearSheet([], [], is_cut=False)
        return queries.year_sheet(self.unit.pk, self.year, self.by, LISTED)

    @cached_property
    def lines(self) -> list[queries.SettlementLine]:
        return self.sheet.lines

    @cached_property
    def totals(self) -> list[queries.SettlementTotal]:
        return self.sheet.totals

    def get(self, request: HttpRequest) -> HttpResponse:
        unit = self.unit
        may_export = unit is not None and self.by.may_at(ExportSettlement.permission, unit.pk)
        return self.render({
            "title": _("%(unit)s %(year)s 年度结算") % {"unit": unit.brief, "year": self.year} if unit else self.title,
            "back": {"label": _("项目流转"), "url": reverse("transfers")}, "rules": RULES,
            "units": [{"pk": item.pk, "name": item.brief, "chosen": item == unit} for item in self.units], "year": self.year,
            "years": [
                {"label": _("%(year)s 年") % {"year": year}, "url": self.address("settlement", year=year), "active": year == self.year}
                for year in self.years
            ],
            "unit": unit.brief if unit else "", "owed": self.owed() if unit else [],
            "totals": [_total(total) for total in self.totals], "lines": [_line(line) for line in self.lines],
            "cut": _("按规则分成的项目较多，这里列出前 %(count)s 个；合计是全部的，逐项全部在导出的文件中。") % {"count": LISTED} if self.sheet.is_cut else "",
            "empty": self._empty(),
            "exports": [
                {"label": label, "url": self.address("settlement-export", format=kind)}
                for kind, label in (("xlsx", _("导出 Excel")), ("docx", _("导出 Word")))
            ] if may_export and self.lines else [],
        })  # fmt: skip

    def _empty(self) -> dict[str, str]:
        """Return what is said, and what one can do, where nothing is settled."""
        if self.unit is None:
            return {"title": _("您的单位没有与其他单位分成的业绩")}
        return {
            "title": _("%(unit)s %(year)s 年没有与其他单位结算的内容")
            % {"unit": self.unit.brief, "year": self.year}
        }


def _figures(kind: str, found: queries.Figures) -> str:
    """Return a part of achievements in words: how many, where it is counted, and how much, where it has an amount."""
    achievement = achievements.KINDS[kind]
    told = [] if achievement.key else [_("%(count)s 项") % {"count": plain(found.count, 6)}]
    if achievement.amount:
        told.append(to_the_cent(found.amount))
    return " ".join(told)


def _ground(line: queries.SettlementLine) -> str:
    """Return why an achievement is shared, in words."""
    if line.transfer is None:
        return str(stages.PARTS[line.part])
    told = {
        "giver": line.transfer.from_unit.brief, "taker": line.transfer.to_unit.brief, "day": line.transfer.agreed_date,
        "percent": percent_of(line.transfer.percent), "base": stages.SHARED_BASES[line.transfer.base],
        "statistics": stages.STATISTICS[line.transfer.statistics],
    }  # fmt: skip
    return _("流转 %(giver)s → %(taker)s（%(day)s 协议，%(percent)s，%(base)s，%(statistics)s）") % told


def _settles(pays: Decimal, receives: Decimal) -> str:
    ways = [(_("应划付"), pays), (_("应收"), receives)]
    return _("，").join(f"{label} {to_the_cent(amount)}" for label, amount in ways if amount)


def _line(line: queries.SettlementLine) -> dict[str, Any]:
    base = _figures(line.kind, line.base)
    if line.rewards:
        base += _("（减已兑现奖补 %(rewards)s后分成）") % {"rewards": to_the_cent(line.rewards)}
    pays, receives = _ways(line)
    return {
        "other": line.other.brief, "project": line.project.name, "url": line.project.get_absolute_url(),
        "ground": _ground(line), "ground_url": line.transfer.get_absolute_url() if line.transfer else "",
        "kind": stages.ACHIEVEMENTS[line.kind], "base": base, "ratio": percent_of(Decimal(plain(line.ratio, 4))),
        "own": _figures(line.kind, line.own), "others": _figures(line.kind, line.others),
        "settles": _settles(pays, receives) or (_("不分成：%(why)s") % {"why": line.why} if line.why else _("只计业绩")),
        "counted": _counted(line.kind, line.counted, line.other_counted),
    }  # fmt: skip


def _counted(kind: str, own: queries.Figures, other: queries.Figures) -> str:
    return _("本单位 %(own)s；对方 %(other)s") % {"own": _figures(kind, own), "other": _figures(kind, other)}


def _ways(line: queries.SettlementLine) -> tuple[Decimal, Decimal]:
    """Return what the unit has to pay and to receive of a line."""
    return (line.to_pay, Decimal(0)) if line.gives else (Decimal(0), -line.to_pay)


def _total(total: queries.SettlementTotal) -> dict[str, Any]:
    return {
        "other": total.other.brief, "kind": stages.ACHIEVEMENTS[total.kind], "base": _figures(total.kind, total.base),
        "own": _figures(total.kind, total.own), "others": _figures(total.kind, total.others),
        "settles": _settles(total.pays, total.receives) or _("只计业绩"),
        "counted": _counted(total.kind, total.counted, total.other_counted),
    }  # fmt: skip


class ExportSettlement(OfYear):
    """The settlement as a workbook or a Word document; logged."""

    permission = "projects.project.export"
    action = "export"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if self.unit is None:
            raise Missing
        title = _("%(unit)s %(year)s 年度结算表") % {"unit": self.unit.brief, "year": self.year}
        count = len(self.lines)
        about = [
            (_("单位"), self.unit.brief), (_("年度"), str(self.year)),
            (_("合计"), ngettext("%(count)s 行", "%(count)s 行", count) % {"count": f"{count:,}"}),
            (_("划付"), _("；").join(self.owed()) or _("没有应划付或应收的税收")),
            *((_("口径"), str(rule)) for rule in RULES),
            *((_("合计"), _said(_total(total))) for total in self.totals),
        ]  # fmt: skip
        return table_file(
            self, title, about, _heads(), [_row(line) for line in self.lines], Transfer(), _exact
        )


def _said(total: dict[str, Any]) -> str:
    return (
        _(
            "%(other)s · %(kind)s：共 %(base)s，本单位 %(own)s，对方 %(others)s；%(settles)s；统计口径 %(counted)s"
        )
        % total
    )


def _exact(kind: str, value: Any) -> str:
    return to_the_cent(Decimal(value)) if kind == "money" and value else cell_text(kind, value)


def _heads() -> list[dict[str, str]]:
    return [
        {"key": key, "label": label, "kind": kind}
        for key, label, kind in (
            ("other", _("对方单位"), "text"), ("code", _("项目编号"), "code"), ("project", _("项目名称"), "text"), ("ground", _("依据"), "text"),
            ("kind", _("业绩"), "text"), ("count", _("项数"), "decimal"), ("base", _("金额"), "money"), ("rewards", _("已兑现奖补"), "money"),
            ("ratio", _("分成比例（%）"), "decimal"), ("own_count", _("本单位项数"), "decimal"), ("own", _("本单位份额"), "money"),
            ("other_count", _("对方项数"), "decimal"), ("others", _("对方份额"), "money"), ("pays", _("应划付"), "money"),
            ("receives", _("应收"), "money"), ("counted", _("统计口径（本单位）"), "money"), ("other_counted", _("统计口径（对方）"), "money"),
            ("why", _("不分成的原因"), "text"),
        )
    ]  # fmt: skip


def _row(line: queries.SettlementLine) -> Sequence[Any]:
    def yuan(value: Decimal) -> str:
        return f"{value:.2f}"

    def number(value: Decimal) -> str:
        return f"{value:.6f}"

    pays, receives = _ways(line)
    return [
        line.other.brief, line.project.code, line.project.name, _ground(line), str(stages.ACHIEVEMENTS[line.kind]),
        number(line.base.count), yuan(line.base.amount), yuan(line.rewards), number(line.ratio), number(line.own.count), yuan(line.own.amount),
        number(line.others.count), yuan(line.others.amount), yuan(pays), yuan(receives), yuan(line.counted.amount),
        yuan(line.other_counted.amount), line.why,
    ]  # fmt: skip
