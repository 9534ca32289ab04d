"""Pages of what is claimed of a project and verified by another, and of taking it back a stage."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.lifecycle import Lifecycle
from yinfeng.core.money import Money, show, show_money
from yinfeng.core.tables import day, moment
from yinfeng.core.web import EditPage, MovePage
from yinfeng.enterprises import uscc
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import achievements, facts, lifecycle, queries, services, stages
from yinfeng.projects.achievements import Achievement
from yinfeng.projects.forms import ClaimForm, StepBackForm, intended_of
from yinfeng.projects.models import Claim, Project, StepBack
from yinfeng.projects.tables import percent

TONES = {stages.SUBMITTED: "warning", stages.VERIFIED: "success", stages.REFUTED: "danger"}


# --- on the project's page ----------------------------------------------------------------------------------------


class ClaimPanel:
    """What was claimed of a project, what waits for a second person, and what may be claimed now."""

    def __init__(self, project: Project, by: Actor, allowed: set[str]) -> None:
        self.project, self.by, self.allowed = project, by, allowed
        self.claims = queries.claims_of(project)
        self.waiting = [claim for claim in self.claims if claim.state == stages.SUBMITTED]

    def situation(self) -> lifecycle.Situation:
        """Return what the guards of the project's moves ask for, out of what was read already."""
        step_back: Any = getattr(self.project, "going_back", None)
        waiting = tuple(claim.kind for claim in reversed(self.waiting))
        return lifecycle.Situation(
            waiting, step_back is not None, lifecycle.behind(self.project, self.undone)
        )

    @cached_property
    def undone(self) -> set[str]:
        """The achievements that were verified and do not count any more, of those that happen once."""
        verified = {claim.kind for claim in self.claims if claim.state == stages.VERIFIED}
        return verified - {claim.kind for claim in self.claims if claim.counts} - set(stages.RECURRING)

    def evidence(self) -> set[str]:
        """Return the addresses of the files that prove what was claimed and not refuted."""
        return {
            reverse("file", args=[claim.evidence_id])
            for claim in self.claims
            if claim.state in stages.CLAIMED
        }

    @cached_property
    def may_claim(self) -> bool:
        return "change" in self.allowed and self.project.status == stages.ONGOING

    @property
    def is_busy(self) -> bool:
        """Whether a claim of a stage or a step back waits: one thing at a time is decided about where a project stands."""
        step_back: Any = getattr(self.project, "going_back", None)
        return step_back is not None or any(claim.kind not in stages.RECURRING for claim in self.waiting)

    def next_kind(self) -> Achievement | None:
        """Return the achievement that leads to the project's next stage, if it is one."""
        return achievements.KINDS.get(facts.next_stage(self.project) or "")

    def claimable(self) -> list[Achievement]:
        """Return what may be claimed now besides the next stage's: money, a shorter way, what was reversed."""
        if not self.may_claim:
            return self.to_put_right()
        undone = self.situation().undone  # are claimed anew first, the earliest before the others
        found = []
        for kind in achievements.KINDS.values():
            if not kind.key and self.is_busy:
                continue
            if kind.code in undone[:1] or (
                not undone and lifecycle.leads_on(self.project, kind) and kind != self.next_kind()
            ):
                found.append(kind)
        return found

    def to_put_right(self) -> list[Achievement]:
        """Return what was reversed of an ended project and may be claimed anew."""
        if "change" not in self.allowed or self.project.status != stages.ENDED:
            return []
        counting = {(claim.kind, claim.key) for claim in self.claims if claim.counts}
        verified = {(claim.kind, claim.key) for claim in self.claims if claim.state == stages.VERIFIED}
        reversed_ = {kind for kind, _key in verified - counting}
        first = self.situation().undone[:1]
        return [
            kind for kind in achievements.KINDS.values()
            if kind.code in reversed_ and ((kind.key and not first) or (kind.code in first and not self.is_busy))
        ]  # fmt: skip

    def step(self, lacking: bool) -> dict[str, Any] | None:
        """Return the act that claims the next stage; blocked by the list of what is missing."""
        kind = self.next_kind()
        if kind is None or not self.may_claim or self.is_busy or self.situation().undone:
            return None
        act = claim_act(self.project, kind)
        if lacking:
            return act | {
                "blocked_reason": _("还有缺项，见清单。"),
                "blocked_reasons": [],
                "blocked_url": "#missing-title",
            }
        return act | {"style": "primary"}

    def content(self) -> dict[str, Any] | None:
        """Return the panel; None while there is nothing to say."""
        acts = [claim_act(self.project, kind) for kind in self.claimable()]
        if not self.claims and not acts:
            return None
        return {
            "waiting": [self._waiting(claim) for claim in self.waiting],
            "rows": [self._line(claim) for claim in self.claims if claim.state != stages.SUBMITTED],
            "acts": acts,
        }

    def _waiting(self, claim: Any) -> dict[str, Any]:
        kind = achievements.KINDS[claim.kind]
        claim.project = self.project  # both spare the guards a query
        claim.counts_already = (claim.kind, claim.key) in {
            (item.kind, item.key) for item in self.claims if item.counts
        }
        lines = [(str(kind.day), day(claim.happened_date))]
        if kind.amount:
            lines.append((str(kind.amount), show_money(money_of(claim))))
        if claim.rewards is not None:
            lines.append((str(kind.less), show(claim.rewards)))
        if kind.key:
            lines.append((str(kind.key), claim.key))
        return {
            "label": kind.label,
            "state": stages.CLAIM_STATES[claim.state],
            "tone": TONES[claim.state],
            "facts": [{"label": label, "value": value} for label, value in lines],
            "evidence": {
                "label": kind.evidence_label, "name": claim.evidence.name, "url": reverse("file", args=[claim.evidence_id]),
            },
            "entered": f"{claim.entered_by_name} · {moment(claim.entered_at)}",
            "acts": decisions(lifecycle.CLAIM, claim, self.by, self.allowed),
        }  # fmt: skip

    def _line(self, claim: Any) -> dict[str, Any]:
        kind, is_verified = achievements.KINDS[claim.kind], claim.state == stages.VERIFIED
        amount = show(claim.amount) if claim.amount is not None else ""
        told = [
            f"{kind.day} {day(claim.happened_date)}", claim.key if kind.key else "",
            _("%(who)s 申报") % {"who": claim.entered_by_name}, _("%(who)s 核验") % {"who": claim.verified_by_name},
            claim.finding,
        ]  # fmt: skip
        state = {"text": stages.CLAIM_STATES[claim.state], "tone": TONES[claim.state]}
        if is_verified and not claim.counts:
            state = {"text": _("已冲销"), "tone": "muted"}
        if claim.is_to_be_reversed:
            state = {"text": _("冲销待确认"), "tone": "warning"}
        return {
            "title": " ".join(filter(None, [str(kind.label), amount])),
            "url": f"{reverse('ledger')}?q={self.project.code}&kind={claim.kind}" if is_verified else "",
            "sub": " · ".join(filter(None, told)),
            "badge": state,
        }


def claim_act(project: Project, kind: Achievement) -> dict[str, Any]:
    return {
        "label": _("申报%(kind)s") % {"kind": kind.label}, "icon": "writing-sign", "style": "secondary", "method": "get",
        "url": reverse("project-claim", args=[project.pk, kind.code]), "blocked_reason": "",
    }  # fmt: skip


def decisions(table: Lifecycle, row: Any, by: Actor, allowed: set[str]) -> list[dict[str, Any]]:
    """Return the acts of who decides about a claim, a step back or a reversal, with what stands in the way."""
    return [
        {
            "label": offer.move.label, "icon": offer.move.icon, "style": offer.move.style, "reasons": offer.reasons,
            "url": reverse(f"{table.name}-move", args=[row.pk, offer.move.name]),
        }
        for offer in table.offers(row, by, allowed & {"verify", "change", "advance", "reverse"})
        if offer.is_open or offer.move.name != "withdraw"
    ]  # fmt: skip


def step_back_panel(project: Any, by: Actor, allowed: set[str]) -> dict[str, Any] | None:
    """Return the step back that waits for a second person; the page has joined it as ``going_back``."""
    step: Any = project.going_back
    if step is None:
        return None
    step.project = project
    return {
        "way": f"{stages.STAGES[step.source]} → {stages.STAGES[step.target]}",
        "reason": step.reason,
        "asked": f"{project.asked_by_name} · {moment(step.asked_at)}",
        "acts": decisions(lifecycle.STEP_BACK, step, by, allowed),
    }


def back_act(project: Any, allowed: set[str]) -> list[dict[str, Any]]:
    """Return the act that asks for a step back, where there is a stage before."""
    if "advance" not in allowed or project.status != stages.ONGOING or project.going_back is not None:
        return []
    if project.stage == stages.PLANNED:
        return []
    return [{
        "label": _("申请退回"), "icon": "arrow-back-up", "style": "secondary", "method": "get", "blocked_reason": "",
        "url": reverse("project-back", args=[project.pk]),
    }]  # fmt: skip


def money_of(claim: Claim) -> Money:
    assert claim.amount is not None
    original = claim.amount if claim.amount_original is None else claim.amount_original
    return Money(claim.amount, claim.amount_currency, original, claim.amount_rate)


# --- acts ---------------------------------------------------------------------------------------------------------


class SubmitClaim(EditPage):
    """Claim one kind of achievement of a project, with what proves it."""

    permission = "projects.project.change"
    model = Project
    form = ClaimForm
    secret_notice = True
    submit_label = gettext_lazy("提交核验")

    def start(self) -> None:
        super().start()
        kind = achievements.KINDS.get(self.kwargs["kind"])
        if kind is None:
            raise Http404
        self.kind = kind

    def form_arguments(self) -> dict[str, Any]:
        return {"kind": self.kind}

    def initial(self) -> dict[str, Any]:
        amount = intended_of(self.object) if self.kind.code == stages.SIGNED else None
        today = timezone.localdate()
        return {"happened_date": today, "amount": amount, "key": str(today.year) if self.kind.yearly else ""}

    def act(self, form: ClaimForm) -> Project:
        data = form.cleaned_data
        services.submit_claim(
            by=self.by, project=self.object, kind=self.kind.code, happened_date=data["happened_date"],
            amount=data.get("amount"), rewards=data.get("rewards"), key=data.get("key", ""), file=data["evidence"], name=data["evidence"].name,
            confirmed=data.get("confirm_amounts", False),
        )  # fmt: skip
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已提交，等待另一位同事核验。")

    def extra(self) -> dict[str, Any]:
        firm = self.object.registered_firm if self.kind.code == stages.REGISTERED else None
        intro = " · ".join(filter(None, [str(self.object), registered_told(firm) if firm else ""]))
        return {"title": _("申报%(kind)s") % {"kind": self.kind.label}, "intro": intro}


def registered_told(firm: Enterprise) -> str:
    """Return the firm that a licence must name, with what is to be said of its code."""
    told = _("注册企业：%(name)s，统一社会信用代码 %(code)s。") % {
        "name": firm.name, "code": firm.uscc or _("未填")
    }  # fmt: skip
    return told + " ".join(map(str, uscc.check(firm.uscc).sentences if firm.uscc else ()))


class MoveClaim(MovePage):
    permission = "projects.project.view"
    model = Claim
    lifecycle = lifecycle.CLAIM

    def perform(self, *, reason: str, version: int | None) -> None:
        match self.move.name:
            case "verify":
                services.verify_claim(by=self.by, claim=self.object, note=reason, version=version)
            case "refute":
                services.refute_claim(by=self.by, claim=self.object, reason=reason, version=version)
            case "withdraw":
                services.withdraw_claim(by=self.by, claim=self.object, note=reason, version=version)
            case other:
                raise NotImplementedError(other)

    def extra(self) -> dict[str, Any]:
        claim: Claim = self.object
        kind = achievements.KINDS[claim.kind]
        told = {
            "day_label": kind.day, "day": day(claim.happened_date), "who": claim.entered_by,
            "evidence": kind.evidence_label, "amount_label": kind.amount,
            "amount": show_money(money_of(claim)) if kind.amount else "",
        }  # fmt: skip
        sentence = (
            _("%(amount_label)s %(amount)s，%(day_label)s %(day)s，由 %(who)s 申报。请对照%(evidence)s核验。")
            if kind.amount
            else _("%(day_label)s %(day)s，由 %(who)s 申报。请对照%(evidence)s核验。")
        ) % told
        if claim.kind == stages.REGISTERED and claim.project.registered_firm is not None:
            sentence += registered_told(claim.project.registered_firm)
        if claim.rewards is not None:
            sentence += _("其中已兑现奖补 %(rewards)s。") % {"rewards": show(claim.rewards)}
        follows = (
            self._follows(claim, kind)
            if self.move.name == "verify"
            else [_("项目留在现在的阶段，可以重新申报。")]
        )
        document = {
            "label": kind.evidence_label, "name": claim.evidence.name, "url": reverse("file", args=[claim.evidence_id])
        }  # fmt: skip
        found = {**super().extra(), "sentence": sentence, "document": document, "consequences": follows}
        if self.move.name == "verify":
            found |= {"beside": self._beside(claim, kind), "warnings": self._questions(claim, kind)}
        return found

    @staticmethod
    def _questions(claim: Claim, kind: Achievement) -> list[dict[str, Any]]:
        """Return what was asked of who entered the claim, and what would be now, so that a second person sees it too."""
        asked = services.questions_about_claim(claim.project, kind, claim.amount, claim.key, but=claim)
        text = " ".join(str(sentence) for sentences in asked.values() for sentence in sentences)
        return [{"tone": "warning", "title": _("有需要核对的地方"), "text": text}] if text else []

    def _beside(self, claim: Claim, kind: Achievement) -> list[dict[str, str]]:
        """Return what the amount is compared with: reports and plan of a completion, other money, the firm's other claims."""
        project = claim.project
        found: list[tuple[str, str]] = []
        if kind.code == stages.COMPLETED:
            if built := queries.built_so_far(project):
                month = f"{built.month:%Y-%m}"
                found += [
                    (_("月报累计完成投资（到 %(month)s）") % {"month": month}, show(built.invested)),
                    (_("月报形象进度（到 %(month)s）") % {"month": month}, f"{built.percent.normalize():f}%"),
                ]
            else:
                found.append((_("建设月报"), _("没有报过")))
            found.append((_("固定资产投资"), show(project.fixed_investment)))
        elif kind.code == stages.CAPITAL:
            before = queries.capital_so_far(project, claim)
            found += [
                (_("此前申报的到位资金"), show(before)),
                (_("连同这一笔共"), show(before + (claim.amount or 0))),
            ]
        if kind.code in {stages.COMPLETED, stages.CAPITAL}:
            found.append((_("合同投资额"), show(project.contracted)))
        lines = [
            {"text": _("%(label)s：%(value)s") % {"label": label, "value": value}} for label, value in found
        ]
        return lines + self._doubles(claim, kind)

    def _doubles(self, claim: Claim, kind: Achievement) -> list[dict[str, str]]:
        """Return the same voucher or year of the firm's other claims; of a project out of sight that there is one."""
        doubles = queries.doubles(claim.project, claim.kind, claim.key, claim)
        seen = queries.in_sight(self.by, {double.project_id for double in doubles})
        return [
            {
                "text": " ".join([
                    str(double.project), str(kind.label), double.key, show(double.amount), str(stages.CLAIM_STATES[double.state]),
                ]),
                "url": double.project.get_absolute_url(),
            }
            if double.project_id in seen
            else {"text": _("您看不到的一个项目也申报过")}
            for double in doubles
        ]  # fmt: skip

    @classmethod
    def _follows(cls, claim: Claim, kind: Achievement) -> list[str]:
        found = []
        if kind.move and lifecycle.leads_on(claim.project, kind):
            stage = {"stage": stages.STAGES[kind.code]}
            found.append(_("项目进入“%(stage)s”阶段；此后退回须申请，由另一位同事批准。") % stage)
        if claim.kind == stages.SIGNED:
            found.append(_("合同投资额和签约日期写入项目。"))
        if claim.project.parent_id and not kind.key:
            found.append(_("这是增资扩产项目：业绩只统计金额，不算新项目。"))
        found.append(_("业绩记入台账，归属：%(units)s。") % {"units": cls._credited(claim)})
        return found

    @staticmethod
    def _credited(claim: Claim) -> str:
        """Return whose the achievement will be by the profile's rule."""
        parts = queries.parts_of(claim.project, claim)
        names = queries.unit_names(part.unit for part in parts)
        return _("、").join(f"{names[part.unit]} {percent(part.millionths)}" for part in parts)


class AskBack(EditPage):
    """Ask that a project go back to an earlier stage, and why."""

    permission = "projects.project.advance"
    model = Project
    action = "advance"
    form = StepBackForm
    title = gettext_lazy("申请退回")
    submit_label = gettext_lazy("提交申请")

    def form_arguments(self) -> dict[str, Any]:
        return {"targets": services.targets_back(self.object)}

    def initial(self) -> dict[str, Any]:
        return {}

    def act(self, form: StepBackForm) -> Model:
        data = form.cleaned_data
        services.ask_back(by=self.by, project=self.object, target=data["target"], reason=data["reason"])
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已提交，等待另一位同事批准。")

    def extra(self) -> dict[str, Any]:
        here = _("%(project)s 现在的阶段是“%(stage)s”。退回由另一位同事批准；已在台账中的业绩须先冲销。")
        return {"intro": here % {"project": self.object, "stage": stages.STAGES[self.object.stage]}}


class MoveStepBack(MovePage):
    permission = "projects.project.view"
    model = StepBack
    lifecycle = lifecycle.STEP_BACK

    def perform(self, *, reason: str, version: int | None) -> None:
        match self.move.name:
            case "approve":
                services.approve_step_back(by=self.by, step=self.object, note=reason, version=version)
            case "refuse":
                services.refuse_step_back(by=self.by, step=self.object, reason=reason, version=version)
            case "withdraw":
                services.withdraw_step_back(by=self.by, step=self.object, note=reason, version=version)
            case other:
                raise NotImplementedError(other)

    def extra(self) -> dict[str, Any]:
        step: StepBack = self.object
        told = {"who": step.asked_by, "reason": step.reason, "source": stages.STAGES[step.source],
                "target": stages.STAGES[step.target]}  # fmt: skip
        sentence = _("%(who)s 申请把项目从“%(source)s”退回“%(target)s”，原因：%(reason)s") % told
        follows = {
            "approve": [
                _(
                    "项目回到“%(target)s”阶段，之后各阶段的日期（退到签约之前的，还有合同投资额）随之清空；时间线和材料都保留。"
                )
                % told
            ],
            "refuse": [_("项目留在“%(source)s”阶段。") % told],
            "withdraw": [_("项目留在“%(source)s”阶段。") % told],
        }[self.move.name]
        return {**super().extra(), "sentence": sentence, "consequences": follows}
