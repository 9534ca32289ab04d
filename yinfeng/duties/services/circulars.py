"""Circulars (通报) on a period: composed from the statistics, numbered and frozen when they are issued; and documents that were altered."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, refusal
from yinfeng.core.exchange.official import chinese_date, document_number
from yinfeng.core.services import person
from yinfeng.duties import queries
from yinfeng.duties.models import Circular, CircularUnit, Duty, Reminder
from yinfeng.duties.services.numbers import next_number
from yinfeng.duties.services.reminders import digest_of
from yinfeng.duties.services.telling import tell_named
from yinfeng.orgs.models import Unit

LISTED = 300  # of what is overdue: a circular is a paper


@transaction.atomic
def issue_circular(*, by: Actor, unit: Unit, period: queries.Period, demand: str) -> Circular:
    """Issue a circular on a period in the name of a unit: numbered, frozen, told to the units it names; once for a period."""
    _demand_issuing(by, unit)
    today = timezone.localdate()
    check_period(period, today)
    if not demand.strip():
        raise refusal("demand", _("请写明要求，它会写进通报。"))
    mark = queries.circular_mark(today)
    if not mark:
        raise Conflict(_("城市方案没有规定通报的文号，不能印发。请在方案的催办规则中写明“通报”的文书编号。"))
    number = document_number(mark, today.year, next_number(series=mark, year=today.year))
    content, units = compose_circular(
        by=by, unit=unit, period=period, demand=demand.strip(), number=number, today=today
    )
    circular = core.insert(
        Circular(
            unit=unit, start_date=period.start, end_date=period.end, number=number, title=content["title"], content=content,
            digest=digest_of(content), issued_by_id=person(by),
        )
    )  # fmt: skip
    CircularUnit.objects.bulk_create(CircularUnit(circular=circular, unit=named) for named in units)
    event = events.record(by=by, verb="duties.circular.issued", obj=circular, data={"text": circular.number})
    tell_named(event, [named.pk for named in units])
    return circular


def draft_circular(*, by: Actor, unit: Unit, period: queries.Period, demand: str) -> dict[str, Any]:
    """Return what a circular would say today, without a number; nothing is kept."""
    _demand_issuing(by, unit)
    today = timezone.localdate()
    check_period(period, today)
    content, _units = compose_circular(by=by, unit=unit, period=period, demand=demand, number="", today=today)
    return content


def _demand_issuing(by: Actor, unit: Unit) -> None:
    if not by.is_system and not queries.supervising_units(by).filter(pk=unit.pk).exists():
        raise Forbidden(_("您没有以这个单位的名义印发通报的权限。请选择您所在的督查单位。"))


def check_period(period: queries.Period, today: date) -> None:
    """Refuse a period that ends before it begins or has not ended by today."""
    if period.end < period.start:
        raise refusal("end", _("截止日期不能早于起始日期。"))
    if period.end > today:
        raise refusal(
            "end",
            _("截止日期（%(day)s）还没有到，请填写今天或更早的日期。") % {"day": period.end},
        )


def compose_circular(
    *, by: Actor, unit: Unit, period: queries.Period, demand: str, number: str, today: date
) -> tuple[dict[str, Any], list[Unit]]:
    """Write the words of a circular, in Chinese whoever issues it, and return them with the units they name."""
    with override("zh-hans"):
        duties = queries.told_of(by)
        found = queries.statistics(duties, period, today)
        late = list(queries.overdue(duties, today)[:LISTED])
        content = {
            "title": _("关于%(period)s督办事项办理情况的通报") % {"period": period_in_words(period)},
            "number": number,
            "addressee": _("各有关单位"),
            "paragraphs": _paragraphs(found, period, today),
            "unit_heads": [
                _("单位"), _("交办"), _("办结"), _("按时"), _("按时率"), _("逾期办结"), _("在办"), _("已逾期"),
            ],
            "units": [_unit_row(line) for line in found.units if line.figures.is_timed],
            "late_heads": [_("事项"), _("牵头单位"), _("牵头领导"), _("办结时限"), _("逾期工作日")],
            "late": [_late_row(duty, today) for duty in late],
            "late_note": _("仅列逾期最久的%(count)s项。") % {"count": LISTED} if found.whole.overdue > LISTED else "",
            "demand": demand,
            "signer": unit.name,
            "date": today.isoformat(),
        }  # fmt: skip
    return content, [line.who for line in found.units if line.figures.is_timed and isinstance(line.who, Unit)]


def period_in_words(period: queries.Period) -> str:
    """Return a period as a title names it: a month or a year by its name, any other by its days."""
    start, end = period.start, period.end
    if (start, end) == (date(start.year, 1, 1), date(start.year, 12, 31)):
        return f"{start.year}年"
    month = queries.Month(start.replace(day=1)).period
    if (start, end) == (month.start, month.end):
        return f"{start.year}年{start.month}月"
    return f"{chinese_date(start)}至{chinese_date(end)}"


def _paragraphs(found: queries.Statistics, period: queries.Period, today: date) -> list[str]:
    whole = found.whole
    told = {
        "period": period_in_words(period), "set": whole.set, "closed": whole.closed, "on_time": whole.on_time, "late": whole.late,
        "today": chinese_date(today), "open": whole.open, "overdue": whole.overdue, "standing": whole.standing,
        "cancelled": whole.cancelled, "extended": whole.extended, "returned": whole.returned, "reopened": whole.reopened,
        "refused": whole.refused,
    }  # fmt: skip
    given = _("%(period)s，共交办督办事项%(set)s项，其中延期%(extended)s项、退回%(returned)s项、审核未通过%(refused)s项、重新办理%(reopened)s项、撤销%(cancelled)s项。") % told  # fmt: skip
    done = _("同期办结%(closed)s项，其中按时办结%(on_time)s项、逾期办结%(late)s项") % told
    if whole.rate is not None:
        done += _("，按时办结率%(rate)s") % {"rate": f"{whole.rate:.1%}"}
    if whole.average_days is not None:
        done += _("，逾期办结的平均逾期%(days)s天") % {"days": f"{whole.average_days:.1f}"}
    now = _("截至%(today)s，有时限的在办事项%(open)s项，其中已逾期%(overdue)s项；另有长期事项%(standing)s项，不计入以上统计。") % told  # fmt: skip
    return [given + done + _("。"), now]


def _unit_row(line: queries.Line) -> list[str]:
    figures, who = line.figures, line.who
    assert isinstance(who, Unit)
    rate = f"{figures.rate:.1%}" if figures.rate is not None else "—"
    numbers = (figures.set, figures.closed, figures.on_time)
    rest = (figures.late, figures.open, figures.overdue)
    return [who.short_name or who.name, *map(str, numbers), rate, *map(str, rest)]


def _late_row(duty: Duty, today: date) -> list[str]:
    assert duty.due_date is not None
    unit = duty.lead_unit
    return [
        f"{duty.item}（{duty.number}）", unit.short_name or unit.name, str(duty.leader or "—"), chinese_date(duty.due_date),
        str(queries.days_late(duty, today)),
    ]  # fmt: skip


# --- what was issued stays ----------------------------------------------------------------------------------------


def is_as_issued(document: Reminder | Circular) -> bool:
    """Say whether a document is still what was issued."""
    content = document.document if isinstance(document, Reminder) else document.content
    return bool(content) and digest_of(content) == document.digest and content["number"] == document.number


@transaction.atomic
def note_altered(*, by: Actor, document: Reminder | Circular) -> None:
    """Log that somebody asked for a document whose row was changed behind the product's back."""
    obj = document.duty if isinstance(document, Reminder) else document
    events.record(by=by, verb=_ALTERED[type(document)], obj=obj, data={"text": document.number})


_ALTERED: dict[type, str] = {Reminder: "duties.duty.document_altered", Circular: "duties.circular.altered"}
