"""Why an act on a duty that is no move of its lifecycle cannot be made now: read by buttons, forms and services alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.errors import Sentence
from yinfeng.duties import terms
from yinfeng.duties.models import Duty, Reminder
from yinfeng.duties.queries.duties import days_late, is_asking
from yinfeng.duties.queries.reminders import levels, work_days_of
from yinfeng.duties.queries.story import Issued


def why_not_report(duty: Duty) -> Sentence | None:
    """Say why progress cannot be told now; None when it can."""
    if duty.state == terms.WORKING:
        return None
    told = {"state": terms.DUTY_STATES[duty.state]}
    return _("事项签收之后、报结之前报告进展。现在的状态是“%(state)s”。") % told


def why_not_extend(duty: Duty, today: date) -> Sentence | None:
    """Say why a later last day cannot be asked for now (FACTS §1.14: 延期须届满前申请; how often, the profile says)."""
    if duty.state != terms.WORKING:
        told = {"state": terms.DUTY_STATES[duty.state]}
        return _("签收之后、报结之前可以申请延期。现在的状态是“%(state)s”。") % told
    if duty.due_date is None:
        return _("长期事项没有时限，不需要延期。")
    if today > duty.due_date:
        passed = _("时限（%(day)s）已过，不能再申请延期。请尽快办结，并在进展中说明原因。")
        return passed % {"day": duty.due_date}
    most = core.rules("duty_extension", today).get("limit", {}).get("times")
    if most is not None and duty.extensions >= most:
        return _("已经延期 %(count)s 次，按规定不能再延。") % {"count": duty.extensions}
    if is_asking(duty):
        return _("已有一份延期申请等待审批。")
    return None


def why_not_divide(duty: Duty) -> Sentence | None:
    """Say why a duty cannot be given in parts now."""
    if duty.state != terms.WORKING:
        return _("事项签收之后、报结之前才能分解。")
    if duty.parent is not None and duty.parent.parent_id is not None:
        return _("任务最多分解两层。")
    return None


def why_not_change(duty: Duty) -> Sentence | None:
    """Say why what a duty asks for cannot be changed now."""
    if duty.state not in terms.OPEN:
        return _("事项已经“%(state)s”，不能再修改。") % {"state": terms.DUTY_STATES[duty.state]}
    if duty.state == terms.SUBMITTED:
        return _("事项已经报结，等待审核，不能修改要求。")
    return None


def issuable(duty: Duty, issued: Iterable[Reminder | Issued], today: date) -> list[str]:
    """Return the levels that a person may issue today, mildest first: the rule makes them due and none of them was issued.

    The mildest until the last day has passed, any other only after it.
    """
    if duty.state not in terms.OWED or duty.due_date is None:
        return []
    late = days_late(duty, today)
    known = {row.level for row in issued if row.for_date == duty.due_date}
    due = [terms.REMIND] if late <= 0 else []
    for level in list(terms.LEVELS)[1:]:
        wanted = work_days_of(level, today)
        if wanted is not None and late >= wanted:
            due.append(level)
    return [level for level in due if level not in known]


def why_never_remind(duty: Duty) -> Sentence | None:
    """Say why a duty is reminded of by no level as it stands: nobody owes it any more, or it has no last day."""
    if duty.state not in terms.OWED:
        told = {"state": terms.DUTY_STATES[duty.state]}
        return _("事项现在的状态是“%(state)s”，不需要催办。") % told
    if duty.due_date is None:
        return _("长期事项没有时限，不按时限催办。")
    return None


def why_not_remind(duty: Duty, issued: Iterable[Reminder | Issued], today: date) -> Sentence | None:
    """Say why no level of reminder can be issued now, and which is the next."""
    if why := why_never_remind(duty):
        return why
    if issuable(duty, issued, today):
        return None
    late = days_late(duty, today)
    for level, rule in levels(today):
        if (wanted := int(rule.get("work_days", 0))) > max(late, 0):
            told = {"level": terms.LEVELS[level], "wanted": wanted, "late": max(late, 0)}
            return (
                _(
                    "针对这个时限该发的都已发出。逾期满 %(wanted)s 个工作日才发“%(level)s”，现在逾期 %(late)s 个工作日。"
                )
                % told
            )
    return _("针对这个时限，各级都已发出。")
