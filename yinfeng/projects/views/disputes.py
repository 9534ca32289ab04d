"""Pages of first reports: who reported an investor first, and disputes over it with both sides' records side by side."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict
from yinfeng.core.money import show
from yinfeng.core.scopes import ScopedQuerySet, rows
from yinfeng.core.tables import day, moment
from yinfeng.core.web import DetailPage, EditPage, ExportPage, ListPage, MovePage
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.filters import DisputeFilter
from yinfeng.projects.forms import DecideForm, DisputeForm
from yinfeng.projects.models import Dispute, Lead, Project, Side
from yinfeng.projects.sections import SectionPage
from yinfeng.projects.tables import DISPUTE_TONES, RANK_TONES, DisputeTable

# --- who reported first -------------------------------------------------------------------------------------------


class FirstReports:
    """Who reported the investor of a lead or project first, as far as the reader may be told, in the parts of a page."""

    def __init__(self, record: Lead | Project, by: Actor, may_argue: bool) -> None:
        self.record, self.by, self.may_argue = record, by, may_argue
        found = queries.dealings(record.enterprise, by) if record.enterprise else []
        self.found, self.contest = found, queries.ranked(found, timezone.localdate())
        self.reports = queries.places_of(found, timezone.localdate())
        key = queries.key_of(record)
        self.is_held = any(item.dealing.key == key and item.rank == stages.HELD for item in self.reports)
        self.disputes = queries.disputes_of(record)
        self.own = next((item for item in self.contest if item.dealing.key == key), None)

    def groups(self) -> list[dict[str, Any]]:
        """Return the two panels: everybody's reports of the investor, and the disputes of this record."""
        found = [
            {
                "title": _("首报首谈"), "rows": [self._row(item) for item in self.reports], "act": self._act(),
                "empty": _("没有在推进、还未签约的线索或项目：签约以后不再比较谁先报备。"),
            }
        ]  # fmt: skip
        if self.disputes:
            found.append({"title": _("首报争议"), "rows": [dispute_row(item) for item in self.disputes]})
        return found

    def _act(self) -> dict[str, Any] | None:
        """Return the act that disputes, while there is a rival of whom nothing was disputed yet."""
        if self.own is None or not self.may_argue:
            return None
        rivals = [item for item in self.contest if item.dealing.holder != self.own.dealing.holder]
        if not queries.undisputed(rivals, self.disputes):
            return None
        route = "project-dispute" if isinstance(self.record, Project) else "lead-dispute"
        return {"label": _("提出首报争议"), "url": reverse(route, args=[self.record.pk])}

    def _row(self, item: queries.Reported) -> dict[str, Any]:
        dealing = item.dealing
        what = (
            _("%(stage)s项目") % {"stage": stages.STAGES[dealing.stage]} if dealing.is_project else _("线索")
        )
        title = f"{dealing.unit} · {what}" + (f" · {dealing.title}" if dealing.is_seen else "")
        reported = moment(dealing.at) if dealing.is_seen else f"{timezone.localtime(dealing.at):%Y-%m}"
        told = {
            stages.HELD: _("已签约，%(at)s 报备"), stages.LATER: _("%(at)s 报备"), stages.LAPSED: _("%(at)s 报备，保护期已于 %(until)s 届满"),
        }.get(item.rank, _("%(at)s 报备，保护期至 %(until)s"))  # fmt: skip
        return {
            "title": title, "url": dealing.url if dealing.is_seen else "",
            "sub": told % {"at": reported, "until": day(item.until) if item.until else ""},
            "badge": {"text": stages.RANKS[item.rank], "tone": RANK_TONES[item.rank]},
        }  # fmt: skip

    def warnings(self) -> list[dict[str, Any]]:
        """Return how the record stands, and who has landed the investor already."""
        landed = sorted({item.unit for item in self.found if self._is_landed(item)})
        told = _("%(units)s已有这家企业签约或落地的项目。") % {"units": _("、").join(landed)}
        held = _("本项目已经签约，不再参与首报；之后报备这家企业的单位排在后面，换落地单位须办理项目流转。")
        return [
            *([{"tone": "success", "title": held}] if self.is_held else []),
            *([{"tone": "info", "title": told}] if landed else []),
            *self._standing(),
        ]

    def _is_landed(self, item: queries.Dealing) -> bool:
        others = self.own is not None and item.holder != self.own.dealing.holder
        return others and item.is_project and item.is_open and stages.reached(item.stage, stages.SIGNED)

    def _standing(self) -> list[dict[str, Any]]:
        if self.own is None:
            return []
        first = next((item for item in self.contest if item.rank == stages.FIRST), None)
        told = {
            "until": day(self.own.until),
            "unit": first.dealing.unit if first else "",
            "objection": self._objection(),
        }
        if self.own.rank == stages.FIRST:
            return [
                {
                    "tone": "success",
                    "title": _(
                        "还未签约的记录中，本记录首报在先，保护期至 %(until)s；有新的进展，保护期随之顺延。"
                    )
                    % told,
                }
            ]
        if self.own.rank == stages.TOGETHER:
            return [
                {
                    "tone": "warning",
                    "title": _("有单位同时报备了这家企业，以后续跟踪服务为确认依据；%(objection)s") % told,
                }
            ]
        if self.own.rank == stages.LATER and first is None:
            return [
                {
                    "tone": "warning",
                    "title": _("已有单位同时报备在先，以后续跟踪服务为确认依据；%(objection)s") % told,
                }
            ]
        if self.own.rank == stages.LATER and first is not None:
            return [
                {
                    "tone": "warning",
                    "title": _(
                        "%(unit)s首报在先，保护期至 %(day)s。是同一项目的，请与该单位协商；%(objection)s"
                    )
                    % (told | {"day": day(first.until)}),
                }
            ]
        if self.own.rank == stages.LAPSED:
            return [{"tone": "warning", "title": _("保护期已于 %(until)s 届满：这之前没有新的进展。") % told}]
        return []  # fmt: skip

    def _objection(self) -> str:
        """Return what one does who does not agree: whoever may not dispute asks who may."""
        if self.may_argue:
            return _("有异议的可以提出首报争议。")
        return _("有异议的，请本单位负责人提出首报争议。")


def dispute_row(sides: list[Side]) -> dict[str, Any]:
    item = sides[0].dispute
    return {
        "title": " ↔ ".join(side.unit.brief for side in sides), "url": item.get_absolute_url(), "sub": day(item.raised_at),
        "badge": {"text": stages.DISPUTE_STATES[item.state], "tone": DISPUTE_TONES[item.state]},
    }  # fmt: skip


class FirstReport(SectionPage):
    """Who reported the investor of a project first, until when that protects, and what is disputed."""

    route = "project-first-report"
    template_name = "projects/first_report.html"
    actions = ("argue",)

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Project).select_related("enterprise")
        return found

    def content(self) -> dict[str, Any]:
        found = FirstReports(self.object, self.by, "argue" in self.allowed())
        return {"warnings": found.warnings(), "groups": found.groups()}


# --- disputes -----------------------------------------------------------------------------------------------------


class Disputes(ListPage):
    permission = "projects.project.view"
    model = Dispute
    table = DisputeTable
    filterset = DisputeFilter
    key = "disputes"
    title = gettext_lazy("首报争议")
    export_permission = "projects.project.export"
    export_route = "disputes-export"

    def empty(self) -> dict[str, Any]:
        hint = _(
            "两个单位都说自己首报了同一家企业时，任何一方可以在线索页或项目的“首报”页提出争议，由领导小组办公室裁定。"
        )
        projects = {"label": _("打开项目"), "url": reverse("projects")}
        return {"title": _("没有首报争议"), "hint": hint, "act": projects, "icon": "scale"}


class ExportDisputes(ExportPage):
    permission = "projects.project.export"
    page = Disputes
    file_title = gettext_lazy("首报争议")


class DisputeDetail(DetailPage):
    """One dispute: both records side by side, what each side says, what the office decided."""

    permission = "projects.project.view"
    model = Dispute
    template_name = "projects/dispute.html"
    lifecycles = (lifecycle.DISPUTE,)
    actions = ("answer", "raise", "decide")
    follows = False

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Dispute).select_related("raised_by")
        return found

    def frame(self) -> dict[str, Any]:
        """Leave files out: they stand with the records."""
        self.sides = self.object.__dict__["known_sides"] = queries.sides_of(self.object, self.by)
        return super().frame() | {"files": None}

    def content(self) -> dict[str, Any]:
        item: Dispute = self.object
        decided = []
        if item.state == stages.DECIDED:
            shared = _("另一方作为引荐单位参与分成") if item.is_shared else ""
            decided = [
                {"label": _("裁定结果"), "value": stages.OUTCOMES[item.outcome], "sub": shared},
                {"label": _("裁定时间"), "value": moment(item.decided_at)},
                {"label": _("裁定意见"), "value": item.ruling, "wide": True},
            ]
        return {
            "back": {"url": reverse("disputes"), "label": _("首报争议")},
            "badges": [{"text": stages.DISPUTE_STATES[item.state], "tone": DISPUTE_TONES[item.state]}],
            "compared": compared(item, self.sides),
            "fact_groups": [{"title": _("裁定"), "facts": decided}] if decided else [],
        }


def compared(item: Dispute, sides: list[Any]) -> dict[str, Any]:
    """Return both sides' records line by line; names and amounts only where the reader may see the record."""
    shown = [[*_shown(side), _standing(item, side)] for side in sides]
    return {
        "heads": [
            {"unit": side.unit.brief, "role": _("提出方") if side.is_raiser else _("另一方")} for side in sides
        ],
        "lines": [
            {
                "label": label,
                "cells": [cells[number] | {"unit": side.unit.brief} for side, cells in zip(sides, shown, strict=True)],
            }
            for number, label in enumerate((
                _("记录"), _("首报时间"), _("阶段"), _("洽谈次数"), _("首次洽谈"), _("最近洽谈"), _("最近进展"), _("意向投资额"),
                _("陈述"), _("处理"),
            ))
        ],
    }  # fmt: skip


def _standing(item: Dispute, side: Any) -> dict[str, Any]:
    """Return the cell that says what the dispute means for a side's record."""
    if item.state in stages.OPEN_DISPUTES and side.waits:
        return {"text": _("裁定前暂停进入在谈和签约"), "tone": "warning"}
    if side.yields:
        return {"text": _("由另一方承办"), "tone": "muted"}
    if item.state == stages.DECIDED and item.outcome != stages.DIFFERENT:
        return {"text": _("裁定由其承办"), "tone": "success"}
    return {"text": _("照常推进")}


def _shown(side: Any) -> list[dict[str, Any]]:
    """Return the cells of one side, as it was read when it was decided where that was kept.

    Of a sensitive project that the reader may not see nothing but the time of its report is shown.
    """
    project, lead, kept = side.project, side.lead, side.record
    hidden = {"text": _("不在您的查看范围内"), "muted": True}
    statement = {"text": side.statement or _("还没有陈述。"), "muted": not side.statement}
    if project is not None:
        stage = stages.STAGES[kept["stage"]] if kept.get("stage") else stages.STAGES[project.stage]
        name, url, amount = project.name, project.get_absolute_url(), project.intended
    else:
        stage = stages.LEAD_STATES[kept.get("state") or lead.state]
        name, url, amount = lead.title, lead.get_absolute_url(), lead.intended
    named = moment(datetime.fromisoformat(kept["named_at"])) if kept else moment(side.named_at)
    if not side.sees and project is not None and project.secrecy == stages.SENSITIVE:
        return [hidden, {"text": named}, *[hidden] * 6, statement]
    return [
        {"text": name, "url": url} if side.sees else hidden,
        {"text": named},
        {"text": str(stage)},
        *({"text": text or "—"} for text in _worked(side)),
        {"text": show(amount) if amount is not None else "—"} if side.sees else hidden,
        statement,
    ]


def _worked(side: Any) -> list[str]:
    """Return how often it was talked, first and last when, and when the record last got on; nothing of a lead."""
    kept = side.record
    if (kept and not kept["stage"]) or (not kept and side.project is None):
        return ["", "", "", ""]
    if kept:
        progress = day(datetime.fromisoformat(kept["progress_at"]))
        told = [kept["talks"], kept["first_talk"], kept["last_talk"], progress]
    else:
        told = [side.talks, day(side.first_talk), day(side.last_talk), day(side.project.progress_at)]
    return [_("%(count)s 次") % {"count": told[0]}, *told[1:]]


class RaiseDispute(EditPage):
    """Hold that one's own record was first against another unit's of the same investor."""

    permission = "projects.dispute.argue"
    action = "argue"
    form = DisputeForm
    secret_notice = True
    title = gettext_lazy("提出首报争议")
    submit_label = gettext_lazy("提出争议")

    def start(self) -> None:
        super().start()
        found = queries.rivals(self.object, self.by, timezone.localdate())
        self.rivals = queries.undisputed(found, queries.disputes_of(self.object))
        if not self.rivals:
            raise Conflict(_("没有其他单位在跟进这家企业，或者争议已经提出。"))

    def form_arguments(self) -> dict[str, Any]:
        return {"rivals": self.rivals}

    def initial(self) -> dict[str, Any]:
        return {"against": self.rivals[0].dealing.key} if len(self.rivals) == 1 else {}

    def act(self, form: DisputeForm) -> Dispute:
        data = form.cleaned_data
        return services.raise_dispute(
            by=self.by, record=self.object, against=data["against"], statement=data["statement"]
        )

    def done(self, result: Any) -> str:
        return _("已提出，等待另一方陈述。")

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}


class RaiseDisputeOfProject(RaiseDispute):
    model = Project


class RaiseDisputeOfLead(RaiseDispute):
    model = Lead


class MoveDispute(MovePage):
    permission = "projects.project.view"
    model = Dispute
    lifecycle = lifecycle.DISPUTE

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_dispute(
            by=self.by, dispute=self.object, move=self.move.name, reason=reason, version=version
        )


class DecideDispute(EditPage):
    """Decide a dispute with both records in view."""

    permission = "projects.dispute.decide"
    model = Dispute
    action = "decide"
    form = DecideForm
    template_name = "projects/dispute_decide.html"
    title = gettext_lazy("裁定首报争议")
    submit_label = gettext_lazy("裁定争议")

    def start(self) -> None:
        super().start()
        self.sides = self.object.__dict__["known_sides"] = queries.sides_of(self.object, self.by)
        lifecycle.DISPUTE.check(self.object, "decide", self.by)

    def form_arguments(self) -> dict[str, Any]:
        return {"units": [side.unit.brief for side in self.sides]}

    def act(self, form: DecideForm) -> Dispute:
        data = form.cleaned_data
        return services.decide_dispute(
            by=self.by, dispute=self.object, outcome=data["outcome"], ruling=data["reason"], is_shared=data["is_shared"],
            version=data["version"],
        )  # fmt: skip

    def done(self, result: Any) -> str:
        return _("已裁定，双方都会收到通知。")

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object), "compared": compared(self.object, self.sides)}
