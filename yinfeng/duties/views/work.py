"""My work (我的工作): one inbox for a person and for his units, what is late first."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import waiting
from yinfeng.core.tables import day
from yinfeng.core.web import Page
from yinfeng.duties import queries, terms
from yinfeng.duties.filters import MINE, UNIT
from yinfeng.duties.lists import LEGS_TOLD, due_words, is_overdue, state_badge
from yinfeng.duties.models import Duty

SHOWN = 8

# Icon, and what an officer does next.
TOLD: dict[str, tuple[str, Any]] = {
    queries.OVERDUE: ("clock-exclamation", gettext_lazy("尽快办结报结；时限已过，不能再申请延期。")),
    queries.DUE_TODAY: ("clock", gettext_lazy("今天报结，或者在今天之内申请延期。")),
    queries.TO_ACCEPT: ("inbox", gettext_lazy("签收之后开始办理；不该由本单位办的，写明原因退回。")),
    queries.DUE_SOON: ("calendar-event", gettext_lazy("还来得及申请延期。")),
    queries.REPORT_DUE: ("message", gettext_lazy("按等级定期报告一次。")),
    queries.TO_REVIEW: ("checks", gettext_lazy("对照目标任务和佐证材料审核。")),
    queries.TO_EXTEND: ("clock-plus", gettext_lazy("审批之前时限不变。")),
    queries.SENT_BACK: ("arrow-back-up", gettext_lazy("移交给别的单位，或者坚持交办。")),
    queries.HOMELESS: ("home-off", gettext_lazy("移交给承接职能的单位。")),
    queries.TO_ESCALATE: ("bell-ringing", gettext_lazy("发督办单、通报或者约谈。")),
    queries.IN_HAND: ("progress", ""),
    queries.UNDER_REVIEW: ("hourglass", ""),
    queries.WAITING: ("user-share", ""),
    queries.JOINING: ("users", ""),
}


class Work(Page):
    """What waits for a person, or for his units: due today, overdue, to accept, to review, waiting for others; and what other
    apps registered (``core.waiting``)."""

    permission = "duties.duty.view"
    template_name = "duties/work.html"
    title = gettext_lazy("我的督办")

    def get(self, request: HttpRequest) -> HttpResponse:
        who = UNIT if request.GET.get("who") == UNIT else MINE
        today = timezone.localdate()
        found = queries.inbox(self.by, today, mine=who == MINE, each=SHOWN)
        urgent = [leg for leg in found if leg.name in queries.URGENT]
        besides = waiting.waiting(self.by, today, SHOWN, mine=who == MINE)
        asked = [item for item in besides if item.kind.urgent]
        return self.render(
            {
                "tabs": [
                    {"label": _("我的"), "url": reverse("work"), "active": who == MINE},
                    {"label": _("本单位的"), "url": f"{reverse('work')}?who={UNIT}", "active": who == UNIT},
                ],
                "cards": [*map(self._card, urgent), *map(self._asked_card, asked)],
                "urgent": [*(self._list(leg, who, today) for leg in urgent), *map(self._asked, asked)],
                "rest": [
                    *(self._list(leg, who, today) for leg in found if leg.name not in queries.URGENT),
                    *(self._asked(item) for item in besides if not item.kind.urgent),
                ],
                "all_url": reverse("duties"),
                "unit_url": f"{reverse('work')}?who={UNIT}" if who == MINE else "",
                "new_url": reverse("duty-new") if self.by.may("duties.duty.set") else "",
            }
        )  # fmt: skip

    def _card(self, leg: queries.Leg) -> dict[str, Any]:
        title = LEGS_TOLD[leg.name]
        tone = {queries.OVERDUE: "danger", queries.HOMELESS: "danger", queries.DUE_TODAY: "warning"}.get(
            leg.name, ""
        )
        return {
            "label": title,
            "value": queries.counted(leg.count),
            "unit": _("项"),
            "url": f"#leg-{leg.name}",
            "tone": tone,
        }

    def _list(self, leg: queries.Leg, who: str, today: Any) -> dict[str, Any]:
        title, (icon, hint) = LEGS_TOLD[leg.name], TOLD[leg.name]
        return {
            "key": leg.name, "title": title, "icon": icon, "hint": hint, "count": queries.counted(leg.count),
            "rows": [line(row, today) for row in leg.rows],
            "url": f"{reverse('duties')}?work={who}-{leg.name}" if leg.count > len(leg.rows) else "",
        }  # fmt: skip

    @staticmethod
    def _asked_card(item: waiting.Listed) -> dict[str, Any]:
        count = queries.counted(item.count)
        return {
            "label": item.kind.title,
            "value": count,
            "unit": _("项"),
            "url": f"#leg-{item.kind.code}",
            "tone": "",
        }

    @staticmethod
    def _asked(item: waiting.Listed) -> dict[str, Any]:
        """Return what other apps ask of the person (topics, meetings, inspections, gates) as a list of the inbox."""
        return {
            "key": item.kind.code, "title": item.kind.title, "icon": item.kind.icon, "hint": item.kind.hint, "rows": item.rows,
            "count": queries.counted(item.count), "url": item.url if item.count > len(item.rows) else "",
        }  # fmt: skip


def line(duty: Duty, today: Any) -> dict[str, Any]:
    """Return a duty as a line of an inbox: what, from whom to whom, how it stands and by when."""
    words = [
        f"{duty.set_unit.brief} → {duty.lead_unit.brief}",
        str(duty.handler or ""),
        due_words(duty, today),
    ]
    return {
        "title": duty.item, "url": duty.get_absolute_url(), "sub": " · ".join(filter(None, words)), "badge": state_badge(duty),
        "late": is_overdue(duty, today), "date_text": day(duty.due_date) if duty.due_date else str(terms.DUE[terms.STANDING]),
    }  # fmt: skip
