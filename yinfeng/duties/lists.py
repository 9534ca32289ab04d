"""How a duty looks in lists: tones, badges, and how it stands against its last day, in words and with an icon."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from yinfeng.core.tables import Cell, day
from yinfeng.duties import queries, terms, workdays
from yinfeng.duties.models import Duty

STATE_TONES = {
    terms.ASSIGNED: "warning", terms.WORKING: "info", terms.SUBMITTED: "warning", terms.RETURNED: "danger",
    terms.CLOSED: "success", terms.CANCELLED: "muted",
}  # fmt: skip
# What each leg of the inbox is called.
LEGS_TOLD: dict[str, Any] = {
    queries.OVERDUE: gettext_lazy("已逾期"), queries.DUE_TODAY: gettext_lazy("今天到期"), queries.TO_ACCEPT: gettext_lazy("待签收"),
    queries.DUE_SOON: gettext_lazy("即将到期"), queries.REPORT_DUE: gettext_lazy("该报告进展了"),
    queries.TO_REVIEW: gettext_lazy("待我审核办结"), queries.TO_EXTEND: gettext_lazy("待我审批延期"),
    queries.SENT_BACK: gettext_lazy("退回给我的"), queries.HOMELESS: gettext_lazy("牵头单位已撤销，须移交"),
    queries.TO_ESCALATE: gettext_lazy("按规定应当督办"), queries.IN_HAND: gettext_lazy("正在办理"),
    queries.UNDER_REVIEW: gettext_lazy("已报结，等待审核"), queries.WAITING: gettext_lazy("等别人办的"),
    queries.JOINING: gettext_lazy("本单位参与的"),
}  # fmt: skip
LEVEL_TONES = {
    terms.REMIND: "info", terms.URGE: "warning", terms.ORDER: "warning", terms.CIRCULAR: "danger", terms.TALK: "danger",
}  # fmt: skip
EXTENSION_TONES = {
    terms.ASKED: "warning", terms.GRANTED: "success", terms.REFUSED: "danger", terms.WITHDRAWN: "muted",
}  # fmt: skip
GRADE_TONES = {terms.MAJOR: "danger", terms.KEY: "primary", terms.NORMAL: "muted"}


def state_badge(duty: Duty) -> dict[str, Any]:
    """Return the state of a duty as a badge."""
    return {"text": terms.DUTY_STATES[duty.state], "tone": STATE_TONES[duty.state]}


def due_words(duty: Duty, today: date) -> str:
    """Return in words how far a duty is from its last day; of one that is over, how it was."""
    if duty.due_date is None:
        return str(terms.DUE[terms.STANDING])
    if duty.state in (terms.CLOSED, terms.SUBMITTED) and duty.submitted_date:
        late = queries.days_late(duty, duty.submitted_date)
        if late > 0:
            return ngettext("逾期 %(days)s 个工作日报结", "逾期 %(days)s 个工作日报结", late) % {"days": late}
        return _("按时报结")
    if duty.state not in terms.OPEN:
        return ""
    late = queries.days_late(duty, today)
    if late > 0:
        return ngettext("已逾期 %(days)s 个工作日", "已逾期 %(days)s 个工作日", late) % {"days": late}
    if today > duty.due_date:
        return _("已逾期")
    if late == 0:
        return _("今天到期")
    words = ngettext("还有 %(days)s 个工作日", "还有 %(days)s 个工作日", -late) % {"days": -late}
    # whose holidays nobody has announced yet
    return (
        words
        if workdays.shown().is_known(duty.due_date)
        else _("%(words)s（按周末和固定节日推算）") % {"words": words}
    )


def due_cell(duty: Duty, today: date) -> Cell | str:
    """Return the last day with how far off it is."""
    if duty.due_date is None:
        return str(terms.DUE[terms.STANDING]) if duty.state in terms.OPEN else "—"
    is_late = is_overdue(duty, today)
    return Cell(day(duty.due_date), sub=due_words(duty, today), tone="danger" if is_late else "")


def is_overdue(duty: Duty, today: date) -> bool:
    """Say whether a duty is past its last day and neither submitted in time nor closed."""
    return duty.state in terms.OPEN and queries.standing(duty, today) == terms.OVERDUE


def unit_words(duty: Duty) -> str:
    """Return from whom to whom a duty went."""
    return f"{duty.set_unit.brief} → {duty.lead_unit.brief}"


def found_line(duty: Duty) -> dict[str, Any]:
    """Return a duty as a line among what was searched for."""
    words = [duty.number, unit_words(duty), str(terms.DUTY_STATES[duty.state])]
    return {"title": duty.item, "url": duty.get_absolute_url(), "sub": " · ".join(words)}
