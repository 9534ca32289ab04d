"""Pages of projects passed on: the list, one transfer with both sides' words and its yearly sheet, offering, deciding, filing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.money import show, to_the_cent
from yinfeng.core.scopes import ScopedQuerySet, rows
from yinfeng.core.tables import day, moment
from yinfeng.core.web import DetailPage, EditPage, ExportPage, ListPage, MovePage
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.filters import TransferFilter
from yinfeng.projects.forms import AwardForm, CompleteForm, OfferForm
from yinfeng.projects.models import Project, Transfer
from yinfeng.projects.tables import TRANSFER_TONES, TransferTable, percent_of


class Transfers(ListPage):
    permission = "projects.project.view"
    model = Transfer
    table = TransferTable
    filterset = TransferFilter
    key = "transfers"
    title = gettext_lazy("项目流转")
    export_permission = "projects.project.export"
    export_route = "transfers-export"

    def primary(self) -> dict[str, Any] | None:
        return {"label": _("年度结算"), "url": reverse("settlement"), "icon": "scale"}

    def empty(self) -> dict[str, Any]:
        hint = _(
            "区里承载不了的项目，可以在项目页提出流转：对方同意、签订三方协议之后，项目换落地单位，业绩和税收按协议分成。"
        )
        projects = {"label": _("打开项目"), "url": reverse("projects")}
        return {"title": _("还没有流转的项目"), "hint": hint, "act": projects, "icon": "arrows-exchange"}


class ExportTransfers(ExportPage):
    permission = "projects.project.export"
    page = Transfers
    file_title = gettext_lazy("项目流转")


class TransferDetail(DetailPage):
    """One transfer: its terms, what each side said, what must happen next, and the yearly sheet once it was done."""

    permission = "projects.project.view"
    model = Transfer
    lifecycles = (lifecycle.TRANSFER,)
    actions = ("give", "take", "file", "arbitrate")
    follows = False

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Transfer).select_related(
            "project", "from_unit", "to_unit", "agreement", "offered_by"
        )
        return found

    def told_of(self) -> Sequence[Model]:
        return [self.object]

    def frame(self) -> dict[str, Any]:
        """Leave files out: the agreement stands among the facts, everything else with the project."""
        return super().frame() | {"files": None}

    def content(self) -> dict[str, Any]:
        item: Transfer = self.object
        state = {"text": stages.TRANSFER_STATES[item.state], "tone": TRANSFER_TONES[item.state]}
        said = [
            (_("流转原因"), item.reason), (_("承接单位意见"), item.reply), (_("提请裁定的理由"), item.appeal),
            (_("裁定意见"), item.ruling),
        ]  # fmt: skip
        return {
            "title": item.project.name,
            "subtitle": f"{item.from_unit.brief} → {item.to_unit.brief}",
            "back": {"url": reverse("transfers"), "label": _("项目流转")},
            "badges": [state],
            "key_facts": [
                {"label": _("流出单位分成"), "value": percent_of(item.percent), "sub": stages.SHARED_BASES[item.base]},
                {"label": _("分成年限"), "value": _("%(years)s 年") % {"years": item.years},
                 "sub": _("自%(start)s起") % {"start": stages.SHARED_FROM[item.start]}},
                {"label": _("统计方式"), "value": str(stages.STATISTICS[item.statistics])},
            ],
            "fact_groups": [
                {
                    "title": _("流转"),
                    "facts": [
                        {"label": _("项目名称"), "value": str(item.project), "url": item.project.get_absolute_url(), "wide": True},
                        {"label": _("流出单位"), "value": item.from_unit.brief},
                        {"label": _("承接单位"), "value": item.to_unit.brief},
                        {"label": _("提出"), "value": f"{item.offered_by} · {moment(item.offered_at)}"},
                        {"label": _("协议签订日期"), "value": day(item.agreed_date) if item.agreed_date else ""},
                        *self._agreement(item),
                        *([{"label": _("不参与分成的内容"), "value": item.exclusions, "wide": True}] if item.exclusions else []),
                    ],
                },
                {
                    "title": _("双方意见"),
                    "facts": [{"label": label, "value": text, "wide": True} for label, text in said if text],
                },
            ],
            "related": self._sheet(item),
        }  # fmt: skip

    @staticmethod
    def _agreement(item: Transfer) -> list[dict[str, Any]]:
        if item.agreement is None:
            return []
        return [
            {
                "label": _("三方协议"),
                "value": item.agreement.name,
                "url": reverse("file", args=[item.agreement_id]),
            }
        ]

    def _sheet(self, item: Transfer) -> list[dict[str, Any]]:
        """Return the yearly sheet: what came in since the agreement and each side's part, out of the ledger."""
        if item.state != stages.COMPLETED_TRANSFER:
            return []
        told = _("%(amount)s，其中%(giver_name)s %(giver)s，%(taker_name)s %(taker)s")
        less = _("（减已兑现奖补 %(rewards)s后分成）")
        rest = _("，其他单位 %(others)s")
        lines = [
            {
                "title": f"{line.year} · {stages.ACHIEVEMENTS[line.kind]}",
                "sub": told % {
                    "amount": show(line.amount), "giver_name": item.from_unit.brief, "giver": show(line.giver),
                    "taker_name": item.to_unit.brief, "taker": show(line.taker),
                } + TransferDetail._owed(item, line) + (less % {"rewards": show(line.rewards)} if line.rewards else "") + (rest % {"others": show(line.others)} if line.others else ""),
                "url": f"{reverse('ledger')}?q={item.project.code}&kind={line.kind}",
            }
            for line in queries.settlement(item)
        ]  # fmt: skip
        empty = _("协议签订之后还没有业绩或税收入账。")
        act = None
        side = next(
            (unit for unit in (item.from_unit_id, item.to_unit_id) if self.by.may_at(self.permission, unit)),
            None,
        )
        if side is not None:
            act = {"label": _("单位年度结算表"), "url": f"{reverse('settlement')}?unit={side}"}
        return [{"title": _("年度结算"), "rows": lines, "empty": empty, "act": act}]

    @staticmethod
    def _owed(item: Transfer, line: queries.Settled) -> str:
        """Return who owes whom of a year’s tax, or why nothing of an achievement is shared."""
        if line.why:
            return _("（不分成：%(why)s）") % {"why": line.why}
        if line.kind != stages.TAX or not line.giver:
            return ""
        told = {"payer": item.to_unit.brief, "payee": item.from_unit.brief, "amount": to_the_cent(line.giver)}
        return _("，%(payer)s应划付%(payee)s %(amount)s") % told


class OfferTransfer(EditPage):
    """Offer a project to another unit on terms; the profile proposes them."""

    permission = "projects.project.transfer"
    model = Project
    action = "transfer"
    form = OfferForm
    secret_notice = True
    title = gettext_lazy("提出流转")
    submit_label = gettext_lazy("提出流转")

    def form_arguments(self) -> dict[str, Any]:
        return {"project": self.object}

    def initial(self) -> dict[str, Any]:
        return services.default_terms(timezone.localdate())

    def act(self, form: OfferForm) -> Transfer:
        data = form.cleaned_data
        return services.offer_transfer(
            by=self.by,
            project=self.object,
            to_unit=data["to_unit"],
            reason=data["reason"],
            terms=form.terms(),
        )

    def done(self, result: Any) -> str:
        return _("已提出，等待承接单位答复。")

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}


def terms_of(item: Transfer) -> dict[str, Any]:
    """Return on what terms both would share, for whoever agrees to them, decides or files them."""
    return {
        "title": _("分成条件"),
        "facts": [
            {"label": item._meta.get_field(name).verbose_name, "value": services.term_in_words(name, getattr(item, name))}  # type: ignore[union-attr]
            for name in services.TERMS
        ],
    }  # fmt: skip


class MoveTransfer(MovePage):
    permission = "projects.project.view"
    model = Transfer
    template_name = "projects/transfer_move.html"
    lifecycle = lifecycle.TRANSFER

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"terms": terms_of(self.object)}

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_transfer(
            by=self.by, transfer=self.object, move=self.move.name, reason=reason, version=version
        )


class AwardTransfer(EditPage):
    """Decide that a project is passed on, on the terms that both offered or on others."""

    permission = "projects.transfer.arbitrate"
    model = Transfer
    action = "arbitrate"
    form = AwardForm
    template_name = "projects/transfer_form.html"
    title = gettext_lazy("裁定流转")
    submit_label = gettext_lazy("裁定流转")

    def start(self) -> None:
        super().start()
        lifecycle.TRANSFER.check(self.object, "award", self.by)

    def initial(self) -> dict[str, Any]:
        return {name: getattr(self.object, name) for name in services.TERMS}

    def act(self, form: AwardForm) -> Transfer:
        return services.move_transfer(
            by=self.by, transfer=self.object, move="award", reason=form.cleaned_data["reason"], terms=form.terms(),
            version=form.cleaned_data["version"],
        )  # fmt: skip

    def extra(self) -> dict[str, Any]:
        item: Transfer = self.object
        told = {"who": item.from_unit.brief, "reason": item.reason, "other": item.to_unit.brief, "reply": item.reply,
                "appeal": item.appeal}  # fmt: skip
        return {
            "intro": _("%(who)s：%(reason)s；%(other)s：%(reply)s；提请裁定：%(appeal)s") % told,
            "terms": terms_of(item),
        }


class CompleteTransfer(EditPage):
    """File the three-party agreement; the project changes its host."""

    permission = "projects.project.transfer"
    model = Transfer
    action = "file"
    form = CompleteForm
    template_name = "projects/transfer_form.html"
    secret_notice = True
    title = gettext_lazy("办结流转")
    submit_label = gettext_lazy("办结流转")

    def start(self) -> None:
        super().start()
        lifecycle.TRANSFER.check(self.object, "complete", self.by)

    def initial(self) -> dict[str, Any]:
        return {"agreed_date": timezone.localdate()}

    def act(self, form: CompleteForm) -> Transfer:
        data = form.cleaned_data
        return services.complete_transfer(
            by=self.by, transfer=self.object, agreed_date=data["agreed_date"], file=data["agreement"],
            name=data["agreement"].name, version=data["version"], early=data["early"],
        )  # fmt: skip

    def done(self, result: Any) -> str:
        return _("已办结，项目的落地单位已经更换。")

    def extra(self) -> dict[str, Any]:
        told = {"project": self.object.project, "unit": self.object.to_unit.brief}
        return {
            "intro": _("%(project)s 的落地单位将改为%(unit)s，协议签订次日起的业绩按协议分成，历史保留。")
            % told,
            "terms": terms_of(self.object),
        }
