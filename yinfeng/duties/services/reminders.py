"""Reminders by level (提醒 → 催办 → 督办单 → 通报 → 约谈): the clock issues the mild ones, people the grave ones (ADR 26)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from yinfeng.core import events
from yinfeng.core import queries as core_queries
from yinfeng.core import services as core
from yinfeng.core.actors import Actor, system
from yinfeng.core.errors import Conflict, Invalid, refusal
from yinfeng.core.scopes import demand
from yinfeng.duties import queries, terms, workdays
from yinfeng.duties.models import Duty, Reminder
from yinfeng.duties.services.bots import tell_unit
from yinfeng.duties.services.numbers import next_number
from yinfeng.duties.services.telling import tell_of_reminder

# What the timeline calls each level.
VERBS = {
    terms.REMIND: "reminded", terms.URGE: "urged", terms.ORDER: "ordered", terms.CIRCULAR: "criticised", terms.TALK: "talked_to",
}  # fmt: skip
AT_ONCE = 200


@transaction.atomic
def issue_reminder(*, by: Actor, duty: Duty, level: str, reason: str) -> Reminder:
    """Issue a level by hand, with its document: the mildest until the last day, any other only when the rule says that it is time.

    Of two who issue the same level for the same last day at once one does, the other is told.
    """
    demand(duty, by, "supervise", _("只有督查人员可以催办和督办。"))
    if level not in terms.LEVELS:
        raise refusal("level", _("请选择提醒的级别。"))
    today = timezone.localdate()
    duty = _hold(duty.pk)
    if why := queries.why_never_remind(duty):
        raise Conflict(why)
    if not reason.strip():
        raise refusal("reason", _("请写明要求，它会写进文书。"))
    wanted = queries.work_days_of(level, today)
    late = queries.days_late(duty, today)
    if level == terms.REMIND and late > 0:
        raise refusal("level", _("时限已过，请催办。"))
    if level != terms.REMIND and (wanted is None or late < wanted):
        told = {
            "level": terms.LEVELS[level],
            "wanted": wanted if wanted is not None else "—",
            "late": max(late, 0),
        }
        raise refusal(
            "level", _("逾期满 %(wanted)s 个工作日才发“%(level)s”，现在逾期 %(late)s 个工作日。") % told
        )
    return _issue(duty, level, by, today, reason.strip())


def _hold(pk: int) -> Duty:
    """Return a duty as it is now and keep it so until the transaction ends."""
    named = Duty.objects.select_related("lead_unit", "set_unit", "leader")
    held: Duty = named.select_for_update(of=("self",)).get(pk=pk)
    return held


def _issue(duty: Duty, level: str, by: Actor, today: date, reason: str) -> Reminder:
    rule = core_queries.rules("duty_reminder", today).get(level, {})
    number, document = "", {}
    if mark := rule.get("mark"):
        number = f"{mark}〔{today.year}〕{next_number(series=str(mark), year=today.year)}号"
        document = compose(duty, level, number, reason, today)
    assert duty.due_date is not None
    row = core.insert(
        Reminder(
            duty=duty, level=level, for_date=duty.due_date, days_late=queries.days_late(duty, today), number=number,
            document=document, digest=digest_of(document), reason=reason, issued_by_id=by.user_id,
        )
    )  # fmt: skip
    event = events.record(
        by=by,
        verb=f"duties.duty.{VERBS[level]}",
        obj=duty,
        note=reason,
        data={"text": number or _late_text(row)},
    )
    tell_of_reminder(event, duty, row)
    with override("zh-hans"):  # what a robot says leaves the product for a chat group
        told = {"level": terms.LEVELS[level], "item": queries.told_outside(duty), "when": _late_text(row)}
        text = _("%(level)s：%(item)s，%(when)s") % told
    tell_unit(duty.lead_unit, text, duty.get_absolute_url(), f"reminder:{row.pk}")
    return row


def _late_text(row: Reminder) -> str:
    if row.days_late > 0:
        return _("已逾期 %(days)s 个工作日") % {"days": row.days_late}
    return _("%(day)s 到期") % {"day": row.for_date}


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the digest of a document as it was issued; empty for none."""
    if not document:
        return ""
    return sha256(json.dumps(document, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def compose(duty: Duty, level: str, number: str, reason: str, today: date) -> dict[str, Any]:
    """Write the words of a level's document, in Chinese whoever issues it, as it is kept and printed."""
    with override("zh-hans"):
        late = queries.days_late(duty, today)
        told = {
            "item": duty.item, "number": duty.number, "due": _date(duty.due_date), "days": late, "unit": duty.lead_unit.name,
            "setter": duty.set_unit.name, "after": _after(duty, level),
        }  # fmt: skip
        opening = {
            terms.REMIND: _("你单位牵头的“%(item)s”（%(number)s）将于%(due)s到期，请抓紧办理。"),
            terms.URGE: _("你单位牵头的“%(item)s”（%(number)s）应于%(due)s办结，目前尚未报结，已逾期%(days)s个工作日。现予催办。"),
            terms.ORDER: _("你单位牵头的“%(item)s”（%(number)s）应于%(due)s办结，已逾期%(days)s个工作日，%(after)s未报结。现予督办。"),
            terms.CIRCULAR: _("%(unit)s牵头的“%(item)s”（%(number)s）应于%(due)s办结，已逾期%(days)s个工作日，%(after)s未报结。现予通报。"),
            terms.TALK: _("你单位牵头的“%(item)s”（%(number)s）应于%(due)s办结，已逾期%(days)s个工作日，%(after)s未报结。现约谈你单位负责人。"),
        }[level] % told  # fmt: skip
        titles = {
            terms.REMIND: _("关于“%(item)s”的提醒"), terms.URGE: _("关于“%(item)s”的催办通知"),
            terms.ORDER: _("关于“%(item)s”的督办通知"), terms.CIRCULAR: _("关于“%(item)s”逾期未办结的通报"),
            terms.TALK: _("关于“%(item)s”的约谈通知"),
        }  # fmt: skip
        facts = [
            [_("落实事项"), duty.item], [_("目标任务"), duty.target], [_("工作要求"), duty.requirement],
            [_("牵头领导"), str(duty.leader or "—")], [_("牵头单位"), duty.lead_unit.name], [_("交办单位"), duty.set_unit.name],
            [_("办结时限"), _date(duty.due_date)], [_("完成进度"), f"{duty.percent}%"],
        ]  # fmt: skip
        return {
            "title": titles[level] % told, "number": number, "addressee": duty.lead_unit.name, "opening": opening,
            "facts": [[str(label), text] for label, text in facts], "demand": reason, "signer": duty.set_unit.name,
            "date": today.isoformat(),
        }  # fmt: skip


def _after(duty: Duty, level: str) -> str:
    """Say after which milder levels a duty is still not done; a document claims none that was not issued for this last day."""
    assert duty.due_date is not None
    issued = set(duty.reminders.filter(for_date=duty.due_date).values_list("level", flat=True))
    acts = {terms.URGE: _("催办"), terms.ORDER: _("督办"), terms.CIRCULAR: _("通报")}
    levels = list(terms.LEVELS)
    told = "、".join(
        act for name, act in acts.items() if name in issued and levels.index(name) < levels.index(level)
    )
    return _("经%(levels)s仍") % {"levels": told} if told else _("至今")


def _date(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else "—"


# --- the clock ----------------------------------------------------------------------------------------------------


def remind(now: datetime) -> int:
    """Issue the mild levels that are due, on working days from the hour that the profile says on; return how many.

    Each is one transaction with its event and notices, and unique by duty, level and last day: a clock that dies loses none of
    them, and of two clocks one sends.
    """
    local = timezone.localtime(now)
    today = local.date()
    if not workdays.is_workday(today):
        return 0
    issued = 0
    for level, rule in queries.levels(today):
        if not rule.get("automatic") or local.hour < int(rule.get("hour", 9)):
            continue
        for pk in queries.to_remind(level, today)[:AT_ONCE]:
            issued += _issue_once(pk, level, today)
    return issued


def _issue_once(pk: int, level: str, today: date) -> int:
    by = system("clock", source="tick")
    try:
        with transaction.atomic():
            duty = _hold(pk)
            if duty.state not in terms.OWED or duty.due_date is None:
                return 0
            if Reminder.objects.filter(duty=duty, level=level, for_date=duty.due_date).exists():
                return 0
            with override("zh-hans"):
                _issue(duty, level, by, today, "")
    except (Conflict, Invalid):  # another clock, or a person, was faster
        return 0
    return 1
