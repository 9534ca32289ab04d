"""Pages of the achievement ledger: the list with its sums, and reversing an entry, which takes two people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict
from yinfeng.core.forms import ReasonForm
from yinfeng.core.money import show
from yinfeng.core.scopes import ScopedQuerySet, rows
from yinfeng.core.tables import day, moment
from yinfeng.core.web import ActPage, DetailPage, EditPage, ExportPage, ListPage, MovePage
from yinfeng.projects import achievements, lifecycle, queries, services, stages
from yinfeng.projects.filters import ClosingFilter, EntryFilter
from yinfeng.projects.forms import CloseForm
from yinfeng.projects.models import Closing, Entry, Reversal, Share
from yinfeng.projects.tables import ClosingTable, EntryTable, percent
from yinfeng.projects.views.claims import decisions

REVERSE, CLOSE = "projects.ledger.reverse", "projects.ledger.close"


class Ledger(ListPage):
    permission = "projects.project.view"
    model = Entry
    table = EntryTable
    filterset = EntryFilter
    key = "ledger"
    title = gettext_lazy("业绩台账")
    export_permission = "projects.project.export"
    export_route = "ledger-export"

    @cached_property
    def whole(self) -> dict[str, queries.Sums]:
        """What all entries in sight come to, counted and added up in one query."""
        return queries.by_kind(self.queryset())

    def total(self) -> int:
        return sum(sums.rows for sums in self.whole.values())

    def summed(self, found: QuerySet[Any]) -> str:
        """Return the sums of what the filters leave by kind, reversals taken off; of one unit its share."""
        unit = self.request.GET.get("unit", "")
        if unit.isdecimal():
            sums, told = queries.by_kind_of(found, int(unit)), _("该单位份额：%(sums)s")
        else:  # asked for only where nothing is left out
            sums, told = vars(self).get("whole") or queries.by_kind(found), _("净计：%(sums)s")
        return (
            told % {"sums": _("，").join(self._sum(kind, sum_) for kind, sum_ in sums.items())}
            if sums
            else ""
        )

    @staticmethod
    def _sum(kind: str, sums: queries.Sums) -> str:
        values = {
            "kind": stages.ACHIEVEMENTS[kind], "count": f"{sums.count.normalize():f}", "amount": show(sums.amount),
        }  # fmt: skip
        if achievements.KINDS[kind].key:  # how often money came is no number of projects
            return _("%(kind)s %(amount)s") % values
        if not achievements.KINDS[kind].amount:
            return _("%(kind)s %(count)s 项") % values
        return _("%(kind)s %(count)s 项 %(amount)s") % values

    def primary(self) -> dict[str, Any] | None:
        """Lead whoever sees the whole city's ledger to when it was closed."""
        if not self.by.reach(self.permission).everywhere:
            return None
        return {"label": _("结账记录"), "url": reverse("closings"), "icon": "lock"}

    def empty(self) -> dict[str, Any]:
        hint = _(
            "签约、注册、到资、开工等业绩经另一位同事核验后自动记入，按规则分给落地单位、引荐单位和市区联动单位；记错的只能冲销，不能修改。"
        )
        projects = {"label": _("打开项目"), "url": reverse("projects")}
        return {"title": _("台账里还没有业绩"), "hint": hint, "act": projects, "icon": "book-2"}


class ExportLedger(ExportPage):
    permission = "projects.project.export"
    page = Ledger
    file_title = gettext_lazy("业绩台账")


class EntryDetail(DetailPage):
    """One entry: what was achieved, whose it is, by what it is proved, and what became of it."""

    permission = "projects.project.view"
    model = Entry
    template_name = "projects/entry.html"
    actions = ("reverse", "verify")
    follows = False

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        return rows(Entry).select_related("project", "evidence", "recognised_by")

    def told_of(self) -> Sequence[Model]:
        return [self.object.project]

    def frame(self) -> dict[str, Any]:
        """Show the act of the entry itself; its evidence stands among the facts, what happened on the project's page."""
        self.chain = queries.chain(self.object)
        self.reversals = queries.reversals_of(self.object)
        self._know_the_chain()
        waits = any(reversal.state == stages.ASKED for reversal in self.reversals)
        stands = self.object.pk in queries.standing([item for item, _shares in self.chain])
        act = {
            "label": _("申请冲销") if self.object.sign > 0 else _("申请撤销这次冲销"), "url": reverse("entry-reverse", args=[self.object.pk]),
            "icon": "arrow-back-up", "style": "secondary",
        }  # fmt: skip
        is_open = stands and not waits and not [*lifecycle.can_be_taken_back(self.object)]
        may = is_open and "reverse" in self.allowed()
        return super().frame() | {"acts": [act] if may else [], "files": None, "timeline": None}

    def _know_the_chain(self) -> None:
        """Spare the guards their questions: what is reversed and what counts anew was read with the chain."""
        standing = queries.standing([item for item, _shares in self.chain])
        self.object.__dict__["is_reversed"] = self.object.pk not in standing
        self.object.__dict__["counts_anew"] = any(
            item.sign > 0 and item.pk in standing for item, _shares in self.chain
        )

    def content(self) -> dict[str, Any]:
        entry: Entry = self.object
        stands = entry.pk in queries.standing([item for item, _shares in self.chain])
        kind, is_reversal = stages.ACHIEVEMENTS[entry.kind], entry.sign < 0
        state = {
            (True, False): {"text": _("有效"), "tone": "success"},
            (False, False): {"text": _("已冲销"), "tone": "muted"},
            (True, True): {"text": _("冲销记录"), "tone": "danger"},
            (False, True): {"text": _("已撤销"), "tone": "muted"},
        }[stands, is_reversal]
        shares = next(shares for item, shares in self.chain if item.pk == entry.pk)
        return {
            "reversals": [self._reversal(item) for item in self.reversals if item.state == stages.ASKED],
            "title": entry.project.name,
            "subtitle": _("冲销：%(kind)s") % {"kind": kind} if is_reversal else kind,
            "back": {"url": reverse("ledger"), "label": _("业绩台账")},
            "badges": [state],
            "key_facts": [
                {"label": _("业绩金额"), "value": show(entry.amount or None)},
                {"label": _("项数"), "value": str(entry.count)},
                {"label": _("发生日期"), "value": day(entry.happened_date), **self._booked(entry)},
            ],
            "fact_groups": [
                {
                    "title": _("业绩记录"),
                    "facts": [
                        {"label": _("项目名称"), "value": str(entry.project), "url": entry.project.get_absolute_url(), "wide": True},
                        *([{"label": achievements.KINDS[entry.kind].key, "value": entry.key}] if entry.key else []),
                        {"label": _("依据"), "value": entry.evidence.name, "url": reverse("file", args=[entry.evidence_id])},
                        {"label": _("认定"), "value": f"{entry.recognised_by} · {moment(entry.recognised_at)}"},
                        *([{"label": _("原因"), "value": entry.reason, "wide": True}] if entry.reason else []),
                        *self._rules(entry, shares),
                    ],
                }
            ],
            "related": [
                {
                    "title": _("归属"),
                    "rows": [
                        {"title": share.unit.brief, "sub": stages.PARTS[share.part],
                         "badge": {"text": f"{percent(share.millionths)} · {show(share.amount)}", "tone": "plain"}}
                        for share in shares
                    ],
                    "empty": "",
                },
                *self._others(),
                *self._decided(),
            ],
        }  # fmt: skip

    def _reversal(self, reversal: Reversal) -> dict[str, Any]:
        """Return the reversal that waits for a second person, and what the reader may do about it."""
        reversal.entry = self.object
        return {
            "reason": reversal.reason, "asked": f"{reversal.asked_by} · {moment(reversal.asked_at)}", "books": books_told(self.object),
            "acts": decisions(lifecycle.REVERSAL, reversal, self.by, self.allowed()),
        }  # fmt: skip

    def _decided(self) -> list[dict[str, Any]]:
        """Return the panel of what was proposed about the entry and decided, or taken back."""
        tones = {stages.APPROVED: "success", stages.REFUSED: "danger", stages.WITHDRAWN: "muted"}
        lines = [
            {
                "title": item.reason,
                "sub": " · ".join(filter(None, [
                    _("%(who)s 申请") % {"who": item.asked_by}, moment(item.asked_at),
                    _("%(who)s 决定") % {"who": item.decided_by} if item.decided_by else "",
                    _("当时由一人办理") if item.state == stages.APPROVED and not item.decided_by else "", item.finding,
                ])),
                "badge": {"text": stages.REVERSAL_STATES[item.state], "tone": tones[item.state]},
            }
            for item in self.reversals
            if item.state != stages.ASKED
        ]  # fmt: skip
        return [{"title": _("冲销申请"), "rows": lines, "empty": ""}] if lines else []

    @staticmethod
    def _rules(entry: Entry, shares: Sequence[Share]) -> list[dict[str, Any]]:
        """Say by what the units beside the one that holds the project share: the rules of the day, or an agreement."""
        percents, parts = queries.shared_percents(entry.happened_date), {share.part for share in shares}
        told = [
            _("%(part)s按分成规则共得 %(percent)s%%") % {"part": stages.PARTS[part], "percent": percent}
            for part, percent in percents.items()
            if part in parts
        ]
        if stages.ORIGIN in parts:
            told.append(_("流出单位按流转的三方协议分成"))
        return [{"label": _("分成依据"), "value": _("；").join(told), "wide": True}] if told else []

    @staticmethod
    def _booked(entry: Entry) -> dict[str, str]:
        """Say when it counts, where that is another day: the books were closed before it was entered."""
        if entry.booked_date == entry.happened_date:
            return {}
        return {"sub": _("记入 %(day)s，此前已结账") % {"day": day(entry.booked_date)}}

    def _others(self) -> list[dict[str, Any]]:
        """Return the panel of what was entered before and after about the same achievement."""
        lines = [
            {
                "title": item.get_kind_display() if item.sign > 0 else _("冲销：%(kind)s") % {"kind": item.get_kind_display()},
                "url": item.get_absolute_url(),
                "sub": " · ".join(filter(None, [moment(item.recognised_at), str(item.recognised_by), item.reason])),
                "badge": {"text": show(item.amount), "tone": "plain"},
            }
            for item, _shares in self.chain
            if item.pk != self.object.pk
        ]  # fmt: skip
        return [{"title": _("同一业绩的其他记录"), "rows": lines, "empty": ""}] if lines else []


def books_told(entry: Entry) -> str:
    """Say where the reversal of an entry counts, if its own day is in books that are closed; empty else."""
    last = queries.last_closing()
    if last is None or entry.booked_date > last.until:
        return ""
    told = {"until": day(last.until), "next": day(last.until + timedelta(days=1))}
    return _("账册已结至 %(until)s：已结账期间的数字不变，冲销记入 %(next)s。") % told


def told_of(entry: Entry) -> str:
    """Return an entry in words: of what project, what, when, how much."""
    kind = stages.ACHIEVEMENTS[entry.kind]
    return _("%(project)s：%(kind)s，%(day)s，%(amount)s。") % {
        "project": entry.project.name, "kind": kind if entry.sign > 0 else _("冲销：%(kind)s") % {"kind": kind},
        "day": day(entry.happened_date), "amount": show(entry.amount),
    }  # fmt: skip


class ReverseEntry(EditPage):
    """Ask why, say what follows, and propose to take an entry out of the sums."""

    permission = REVERSE
    model = Entry
    action = "reverse"
    form = ReasonForm
    danger = True
    template_name = "core/confirm.html"

    def start(self) -> None:
        super().start()
        if why := [*lifecycle.can_be_reversed(self.object)]:
            raise Conflict(why[0])

    def act(self, form: ReasonForm) -> Reversal:
        return services.ask_reversal(by=self.by, entry=self.object, reason=form.cleaned_data["reason"])

    def done(self, result: Any) -> str:
        return _("已提交，等待另一位同事确认。")

    def extra(self) -> dict[str, Any]:
        entry: Entry = self.object
        title = _("申请冲销业绩记录") if entry.sign > 0 else _("申请撤销冲销")
        more = _("记入一条金额相反的记录，合计和各单位份额随之恢复。")
        less = _("记入一条金额相反的记录，合计和各单位份额随之扣减。")
        return {
            "title": f"{title} · {entry.project.name}",
            "back": {"label": str(entry), "url": entry.get_absolute_url()},
            "sentence": told_of(entry),
            "submit_label": _("提交申请"),
            "consequences": [
                _("由申请人以外、有核验权限的同事确认；确认之前记录照旧。"),
                less if entry.sign > 0 else more,
                *filter(None, [books_told(entry)]),
                _("原记录不改不删；冲错了可以再冲销这条冲销记录。")
                if entry.sign > 0
                else _("前面的记录都不改不删。"),
            ],
        }


class MoveReversal(MovePage):
    """Confirm or refuse what somebody else proposed to reverse, or take back one's own proposal."""

    permission = "projects.project.view"
    model = Reversal
    lifecycle = lifecycle.REVERSAL

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        return rows(Reversal).select_related("entry__project", "entry__evidence", "asked_by")

    def perform(self, *, reason: str, version: int | None) -> None:
        match self.move.name:
            case "approve":
                services.approve_reversal(by=self.by, reversal=self.object, note=reason, version=version)
            case "refuse":
                services.refuse_reversal(by=self.by, reversal=self.object, reason=reason, version=version)
            case "withdraw":
                services.withdraw_reversal(by=self.by, reversal=self.object, note=reason, version=version)
            case other:
                raise NotImplementedError(other)

    def extra(self) -> dict[str, Any]:
        reversal: Reversal = self.object
        entry = reversal.entry
        asked = _("%(who)s 申请冲销，原因：%(reason)s") % {
            "who": reversal.asked_by,
            "reason": reversal.reason,
        }
        stays = [_("记录照旧有效，可以重新申请。")]
        less, more = (
            _("记入一条金额相反的记录，合计和各单位份额随之扣减。"), _("记入一条金额相反的记录，合计和各单位份额随之恢复。")
        )  # fmt: skip
        follows = [
            less if entry.sign > 0 else more,
            *filter(None, [books_told(entry)]),
            _("两条记录都保留在台账中。"),
        ]
        return {
            **super().extra(), "title": f"{self.move.label} · {entry.project.name}",
            "back": {"label": str(entry), "url": entry.get_absolute_url()}, "sentence": told_of(entry) + asked,
            "consequences": follows if self.move.name == "approve" else stays,
            "document": {"label": _("依据"), "name": entry.evidence.name, "url": reverse("file", args=[entry.evidence_id])},
        }  # fmt: skip


class Closings(ListPage):
    """When the ledger was closed, and what it came to then."""

    permission = "projects.project.view"
    model = Closing
    table = ClosingTable
    filterset = ClosingFilter
    key = "closings"
    title = gettext_lazy("业绩台账结账")

    def back(self) -> dict[str, Any]:
        return {"label": _("业绩台账"), "url": reverse("ledger")}

    def primary(self) -> dict[str, Any] | None:
        if not self.by.reach(CLOSE).everywhere:
            return None
        return {"label": _("结账"), "url": reverse("close-books"), "icon": "lock"}

    def empty(self) -> dict[str, Any]:
        hint = _("结账之后，截至那一天的业绩不再变动，以后的更正记入结账之后。")
        return {"title": _("还没有结过账"), "hint": hint, "act": self.primary(), "icon": "lock"}


class CloseBooks(ActPage):
    """Close the ledger up to a day."""

    permission = CLOSE
    form = CloseForm
    danger = True
    title = gettext_lazy("业绩台账结账")
    submit_label = gettext_lazy("结账")

    def initial(self) -> dict[str, Any]:
        return {"until": timezone.localdate().replace(day=1) - timedelta(days=1)}

    def cancel_url(self) -> str:
        return reverse("closings")

    def act(self, form: CloseForm) -> str:
        services.close_books(by=self.by, until=form.cleaned_data["until"], note=form.cleaned_data["note"])
        return reverse("closings")

    def done(self, result: Any) -> str:
        return _("已结账。")
