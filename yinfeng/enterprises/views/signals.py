"""Pages of warnings that firms may move away: the list, a warning's page, and what one does about it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import tables
from yinfeng.core.actors import Actor
from yinfeng.core.scopes import ScopedQuerySet, fetch, permits, rows
from yinfeng.core.web import ActPage, DetailPage, EditPage, ExportPage, ListPage, MovePage
from yinfeng.enterprises import lifecycle, queries, services
from yinfeng.enterprises.filters.targets import SignalFilter
from yinfeng.enterprises.forms.targets import AssignForm, EditSignalForm, SignalForm
from yinfeng.enterprises.models import LEVELS, SIGNAL_KINDS, Enterprise, Signal
from yinfeng.enterprises.tables.targets import (
    LEVEL_ICONS,
    LEVEL_TONES,
    SignalTable,
    is_late,
    signal_badge,
    waits_until,
)

VIEW, CHANGE = "enterprises.signal.view", "enterprises.signal.change"


class Signals(ListPage):
    permission = VIEW
    model = Signal
    filterset = SignalFilter
    table = SignalTable
    key = "signals"
    title = gettext_lazy("外迁预警")
    export_permission = VIEW
    export_route = "signals-export"

    def empty(self) -> dict[str, Any]:
        hint = _(
            "在企业页点“记录外迁迹象”；企业库中登记地、注册资本或员工人数大幅变动，或者被列入经营异常名录时，系统也会自动提出。"
        )
        library = {"label": _("打开企业库"), "url": reverse("enterprises")}
        act = library if self.by.may("enterprises.enterprise.view") else None
        return {"title": _("没有外迁预警"), "hint": hint, "act": act, "icon": "home-check"}


class ExportSignals(ExportPage):
    permission = VIEW
    page = Signals
    file_title = gettext_lazy("外迁预警清单")


class SignalDetail(DetailPage):
    permission = VIEW
    model = Signal
    lifecycles = (lifecycle.SIGNAL,)

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        return rows(Signal).select_related("enterprise", "unit", "owner")

    def frame(self) -> dict[str, Any]:
        """Put the page's own acts before the moves."""
        frame = super().frame()
        return frame | {"acts": self._acts(self.object) + frame["acts"]}

    def content(self) -> dict[str, Any]:
        signal: Signal = self.object
        firm = signal.enterprise
        late = is_late(signal, queries.SIGNALS_PENDING)
        link = firm.get_absolute_url() if self.by.may("enterprises.enterprise.view") else ""
        return {
            "title": firm.name,
            "subtitle": str(SIGNAL_KINDS[signal.kind]),
            "back": {"url": reverse("signals"), "label": _("外迁预警")},
            "badges": [
                {"text": _("级别：%(level)s") % {"level": LEVELS[signal.level]}, "tone": LEVEL_TONES[signal.level],
                 "icon": LEVEL_ICONS[signal.level]},
                signal_badge(signal.state, signal.due_date),
            ],
            "key_facts": [
                {"label": _("责任单位"), "value": signal.unit.brief if signal.unit else _("待指派"), "empty": signal.unit is None},
                {"label": _("责任人"), "value": str(signal.owner) if signal.owner else _("待指派"), "empty": signal.owner is None},
                {
                    "label": _("下一步日期"), "value": tables.day(signal.next_date), "empty": signal.next_date is None,
                    "sub": _("已过期") if late else "", "tone": "danger" if late else "",
                },
            ],
            "fact_groups": [
                {
                    "title": _("预警内容"),
                    "facts": [
                        {"label": _("企业"), "value": firm.name, "url": link, "wide": True},
                        {"label": _("情况"), "value": signal.detail, "wide": True},
                        {"label": _("发现日期"), "value": tables.day(signal.noted_date)},
                        *self._due(signal),
                        {"label": _("信息来源"), "value": signal.source},
                        {"label": _("由资料变动产生"), "value": _("是") if signal.is_automatic else _("否")},
                        {"label": _("下一步"), "value": signal.next_step, "wide": True},
                    ],
                }
            ],
        }  # fmt: skip

    @staticmethod
    def _due(signal: Signal) -> list[dict[str, Any]]:
        if signal.due_date is None:
            return []
        return [{"label": _("到期日"), "value": tables.day(signal.due_date), "sub": waits_until(signal)}]

    def _acts(self, signal: Signal) -> list[dict[str, Any]]:
        if "change" not in self.allowed():
            return []
        waits, closed = signal.owner_id is None, signal.state not in queries.SIGNALS_PENDING
        if closed and not waits:  # nothing is left to be done, unless it is taken up again
            return []
        acts = (
            (
                _("指派") if waits else _("改派"),
                "signal-assign",
                "user-share",
                "primary" if waits else "secondary",
            ),
            (_("修改预警"), "signal-edit", "pencil", "secondary"),
        )
        return [
            {"label": label, "url": reverse(route, args=[signal.pk]), "icon": icon, "style": style}
            for label, route, icon, style in acts
        ]


# --- acts ---------------------------------------------------------------------------------------------------------


class AddSignal(ActPage):
    """Record by hand, on a firm's page, what says that it may move away."""

    permission = CHANGE
    form = SignalForm
    title = gettext_lazy("记录外迁迹象")
    submit_label = gettext_lazy("记录")

    def start(self) -> None:
        self.object = fetch(rows(Enterprise), self.by, self.kwargs["pk"])

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by, "permission": CHANGE}

    def initial(self) -> dict[str, Any]:
        own = self.by.unit_id if self.by.may_at(CHANGE, self.by.unit_id) else None
        return {"unit": own, "owner": self.by.user_id, "noted_date": timezone.localdate(), "level": 2}

    def act(self, form: Any) -> Signal:
        return services.record_signal(by=self.by, enterprise=self.object, values=form.cleaned_data)

    def extra(self) -> dict[str, Any]:
        return {"back": {"label": str(self.object), "url": self.object.get_absolute_url()}}


class BesideSignal(EditPage):
    permission = CHANGE
    model = Signal

    def extra(self) -> dict[str, Any]:
        return {"back": {"label": str(self.object), "url": self.object.get_absolute_url()}}


class EditSignal(BesideSignal):
    form = EditSignalForm
    title = gettext_lazy("修改外迁预警")

    def initial(self) -> dict[str, Any]:
        return super().initial() | {name: getattr(self.object, name) for name in services.SIGNAL_FIELDS}

    def act(self, form: Any) -> Signal:
        version = form.cleaned_data["version"] or 0
        return services.change_signal(
            by=self.by, signal=self.object, version=version, values=form.cleaned_data
        )


class AssignSignal(BesideSignal):
    form = AssignForm
    title = gettext_lazy("指派外迁预警")
    submit_label = gettext_lazy("指派")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by, "permission": CHANGE, "anywhere": True}

    def initial(self) -> dict[str, Any]:
        names = ("next_step", "next_date")
        present = {name: getattr(self.object, name) for name in names}
        owner = self.object.owner_id or self.by.user_id  # of a warning that is nobody's: who takes it up
        unit = self.object.unit_id or self.by.unit_id
        return super().initial() | present | {"unit": unit, "owner": owner}

    def act(self, form: Any) -> str:
        version = form.cleaned_data["version"] or 0
        signal = services.assign_signal(
            by=self.by, signal=self.object, version=version, values=form.cleaned_data
        )
        return signal.get_absolute_url() if permits(signal, self.by, "view") else reverse("signals")

    def done(self, result: Any) -> str:
        return _("已指派，责任人会收到通知。")


class MoveSignal(MovePage):
    permission = CHANGE
    model = Signal
    lifecycle = lifecycle.SIGNAL

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_signal(
            by=self.by, signal=self.object, move=self.move.name, reason=reason, version=version
        )
