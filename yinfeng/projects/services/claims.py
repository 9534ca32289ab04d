"""Claiming what a project achieved, verifying it, and taking a project back a stage: two people each time."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Blocked, Conflict, Invalid, Sentence
from yinfeng.core.models import Attachment, Event
from yinfeng.core.money import Money, show
from yinfeng.core.scopes import demand
from yinfeng.core.services import person
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import users_of_units
from yinfeng.projects import achievements, facts, lifecycle, queries, stages
from yinfeng.projects.achievements import Achievement
from yinfeng.projects.models import Claim, Participation, Project, Reversal, StepBack
from yinfeng.projects.services.asking import ask, check_past, questions_about_amounts
from yinfeng.projects.services.asking_claims import questions_about_claim
from yinfeng.projects.services.ledger import recognise
from yinfeng.projects.services.records import follow_fields, hold_project, note_stage

# --- claims -------------------------------------------------------------------------------------------------------


@transaction.atomic
def submit_claim(
    *, by: Actor, project: Project, kind: str, happened_date: date, file: File[bytes], name: str,
    amount: Money | None = None, rewards: Money | None = None, key: str = "", confirmed: bool = False,
) -> Claim:  # fmt: skip
    """Claim an achievement with its evidence; it counts once somebody else has verified it.

    ``key`` is the voucher of what may happen often, ``rewards`` what was paid back of a year's tax. What was recognised and
    reversed may be claimed anew, of a project that is ended too.
    """
    demand(project, by, "change")
    achievement = achievements.KINDS.get(kind)
    if achievement is None:
        raise Invalid(_("没有这种业绩。"), fields={"kind": [_("请选择业绩种类。")]})
    is_right = lifecycle.puts_right(project, kind, _voucher(key))
    if reasons := obstacles(project, achievement, by, is_right=is_right):
        raise Blocked(_("还不能申报“%(kind)s”：") % {"kind": achievement.label}, reasons)
    _check_day(project, achievement, happened_date)
    _check_amount(achievement, amount)
    _check_rewards(achievement, amount, rewards)
    key = _key_of(achievement, key, happened_date)
    turn = _turn(project, achievement, key)
    if not confirmed:
        _ask(project, achievement, key, amount, rewards)
    hold_project(project)
    evidence = core.attach_file(by=by, obj=project, file=file, name=name, kind=achievement.evidence)
    claim = Claim(
        project=project, kind=kind, key=key, turn=turn, happened_date=happened_date,
        evidence=evidence, entered_by_id=person(by), rewards=rewards.yuan if rewards is not None else None,
    )  # fmt: skip
    if amount is not None:
        claim.amount, claim.amount_currency = amount.yuan, amount.currency
        claim.amount_original, claim.amount_rate = amount.original, amount.rate
    core.insert(claim)
    text = " ".join(
        str(part) for part in (achievement.label, happened_date, show(amount.yuan) if amount else "") if part
    )
    events.record(
        by=by, verb="projects.project.claim_submitted", obj=project, data={"text": text, "claim": claim.pk}
    )
    return claim


def obstacles(project: Project, kind: Achievement, by: Actor, *, is_right: bool = False) -> list[Sentence]:
    """Return what stands in the way of claiming an achievement now; ``is_right``: it puts right what was reversed of a
    project that is over, which has its facts as they were."""
    found: list[Sentence] = []
    again = kind.code in lifecycle.situation(project).undone  # was recognised and reversed
    if not (again or lifecycle.leads_on(project, kind)):
        stage = stages.STAGES[project.stage]
        told = {"kind": kind.label, "stage": stage}
        found.append(_("项目现在的阶段是“%(stage)s”，不能申报“%(kind)s”。") % told)
        return found
    if not is_right:
        found += lifecycle.is_ongoing(project, by)
    if kind.key:
        found += lifecycle.nothing_undone(project)
    else:
        if not is_right:
            found += facts.sentences(project, kind.code)
        found += lifecycle.no_step_waits(project, by)
        found += lifecycle.nothing_undone(project, kind.code)
    return found


def _check_day(project: Project, kind: Achievement, day: date) -> None:
    """Refuse a day that lies ahead, or that stands before or after another achievement's the wrong way round."""
    check_past("happened_date", kind.day, day)
    rank = achievements.RANKS.get(kind.code)
    if rank is None:
        first = project.registered_date
        if first is not None and day < first:
            told = {
                "label": kind.day,
                "day": day,
                "other": achievements.KINDS[stages.REGISTERED].day,
                "when": first,
            }
            sentence = _("%(label)s（%(day)s）不能早于%(other)s（%(when)s）。") % told
            raise Invalid(sentence, fields={"happened_date": [sentence]})
        return
    contact = project.approached_date
    if kind.code == stages.SIGNED and contact is not None and day < contact:
        label = facts.field_of("approached_date").verbose_name
        told = {"label": kind.day, "day": day, "other": label, "when": contact}
        sentence = _("%(label)s（%(day)s）不能早于%(other)s（%(when)s）；后者有误的，请先修改项目。") % told
        raise Invalid(sentence, fields={"happened_date": [sentence]})
    for code, other_rank in achievements.RANKS.items():
        other = achievements.KINDS[code]
        when: date | None = getattr(project, other.date_field)
        if when is None or rank == other_rank or (day >= when) == (rank > other_rank) or day == when:
            continue
        told = {"label": kind.day, "day": day, "other": other.day, "when": when}
        sentence = (
            _("%(label)s（%(day)s）不能早于%(other)s（%(when)s）。")
            if rank > other_rank
            else _("%(label)s（%(day)s）不能晚于%(other)s（%(when)s）。")
        ) % told
        raise Invalid(sentence, fields={"happened_date": [sentence]})


def _check_amount(kind: Achievement, amount: Money | None) -> None:
    if kind.amount and amount is None:
        sentence = _("请填写%(label)s。") % {"label": kind.amount}
        raise Invalid(sentence, fields={"amount": [sentence]})
    if amount is not None and not kind.amount:
        sentence = _("“%(kind)s”没有金额，请不要填写。") % {"kind": kind.label}
        raise Invalid(sentence, fields={"amount": [sentence]})


def _check_rewards(kind: Achievement, amount: Money | None, rewards: Money | None) -> None:
    if rewards is None:
        return
    sentence: Sentence = ""
    if not kind.less:
        sentence = _("“%(kind)s”没有奖补可减，请不要填写。") % {"kind": kind.label}
    elif rewards.currency != "CNY":
        sentence = _("奖补以人民币兑现，请填人民币金额。")
    elif amount is not None and rewards.yuan > amount.yuan:
        told = {"rewards": show(rewards.yuan), "label": kind.amount, "amount": show(amount.yuan)}
        sentence = _("已兑现奖补（%(rewards)s）不能多于%(label)s（%(amount)s）。") % told
    if sentence:
        raise Invalid(sentence, fields={"rewards": [sentence]})


def _voucher(given: str) -> str:
    plain = unicodedata.normalize("NFKC", given)
    return "".join(
        char for char in plain if not char.isspace() and unicodedata.category(char)[0] != "C"
    ).upper()


def _key_of(kind: Achievement, given: str, day: date) -> str:
    """Return the key that tells the claim apart: the voucher without spaces, or the year of the day."""
    key = _voucher(given)
    if not kind.key:
        if key:
            sentence = _("“%(kind)s”只有一次，不填凭证号。") % {"kind": kind.label}
            raise Invalid(sentence, fields={"key": [sentence]})
        return ""
    if not key:
        sentence = _("请填写%(label)s，同一%(label)s只记一次。") % {"label": kind.key}
        raise Invalid(sentence, fields={"key": [sentence]})
    if kind.yearly and key != str(day.year):
        told = {"key": key, "label": kind.day, "day": day}
        sentence = _("年度“%(key)s”与%(label)s（%(day)s）不是同一年。年度请填四位数字。") % told
        raise Invalid(sentence, fields={"key": [sentence]})
    return key


def _ask(project: Project, kind: Achievement, key: str, amount: Money | None, rewards: Money | None) -> None:
    """Put all questions about a claim at once, until somebody says that it is right."""
    found = questions_about_amounts({"amount": amount, "rewards": rewards}, project, claimed=kind.code)
    sentence: Sentence = _("有金额看起来过大或过小，请核对。") if found else ""
    for field, asked in questions_about_claim(project, kind, amount.yuan if amount else None, key).items():
        found[field] = found.get(field, []) + asked
        sentence = sentence or asked[0]
    ask(found, sentence, _("核对无误的，请勾选这一项再保存。"))


def _turn(project: Project, kind: Achievement, key: str) -> int:
    """Return how often the achievement is claimed, this time included; Conflict while it counts."""
    if queries.counting(project, kind.code, key).exists():
        told = {"kind": kind.label, "key": key}
        raise Conflict(_("“%(kind)s”（%(key)s）已经认定过，台账中有效。") % told)
    return project.claims.filter(kind=kind.code, key=key, state=stages.VERIFIED).count() + 1


@transaction.atomic
def verify_claim(*, by: Actor, claim: Claim, note: str = "", version: int | None = None) -> Claim:
    """Verify what somebody else claimed: the stage that follows from it is reached, and the ledger recognises it."""
    now, project = timezone.now(), claim.project  # as the guards see it: what changes meanwhile is stale
    lifecycle.CLAIM.perform(
        claim, "verify", by=by, reason=note, version=version,
        values={"verified_by_id": by.user_id, "verified_at": now, "finding": note.strip()},
    )  # fmt: skip
    kind = achievements.KINDS[claim.kind]
    values: dict[str, Any] = {"progress_at": now}
    if kind.date_field:
        values[kind.date_field] = claim.happened_date
    if claim.kind == stages.SIGNED:
        values["contracted"] = claim.amount
    data = {"text": show(claim.amount) if claim.amount is not None else "", "claim": claim.pk}
    if kind.move and project.stage in lifecycle.STAGE.by_name[kind.move].sources:
        lifecycle.STAGE.perform(
            project,
            kind.move,
            by=by,
            reason=note,
            values=values | {"stage_since": now},
            data=data,
            within=True,
        )
        note_stage(project)
    else:
        hold_project(project, **values)
        data["text"] = f"{kind.label} {data['text']}".strip()
        events.record(
            by=by, verb="projects.project.claim_verified", obj=project, note=note.strip(), data=data
        )
    if claim.kind == stages.SIGNED:
        follow_fields(project)  # the amount may have changed its grade
    recognise(by=by, claim=claim)
    return claim


@transaction.atomic
def refute_claim(*, by: Actor, claim: Claim, reason: str, version: int | None = None) -> Claim:
    """Refuse what somebody else claimed; the project stays where it is and it may be claimed anew."""
    lifecycle.CLAIM.perform(
        claim, "refute", by=by, reason=reason, version=version,
        values={"verified_by_id": by.user_id, "verified_at": timezone.now(), "finding": reason.strip()},
    )  # fmt: skip
    text = str(achievements.KINDS[claim.kind].label)
    events.record(
        by=by, verb="projects.project.claim_refuted", obj=claim.project, note=reason.strip(),
        data={"text": text, "claim": claim.pk},
    )  # fmt: skip
    return claim


@transaction.atomic
def withdraw_claim(*, by: Actor, claim: Claim, note: str = "", version: int | None = None) -> Claim:
    """Take back what one has claimed oneself and nobody has verified yet."""
    lifecycle.CLAIM.perform(claim, "withdraw", by=by, reason=note, version=version)
    text = str(achievements.KINDS[claim.kind].label)
    events.record(
        by=by, verb="projects.project.claim_withdrawn", obj=claim.project, note=note.strip(), data={"text": text}
    )  # fmt: skip
    return claim


# --- back a stage -------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_back(*, by: Actor, project: Project, target: str, reason: str) -> StepBack:
    """Ask that a project go back to an earlier stage; it does once somebody else agrees."""
    demand(project, by, "advance")
    if target not in targets_back(project):
        sentence = _("请选择比“%(stage)s”更早的阶段。") % {"stage": stages.STAGES[project.stage]}
        raise Invalid(sentence, fields={"target": [sentence]})
    if not reason.strip():
        raise Invalid(_("请写明退回的原因。"), fields={"reason": [_("请写明退回的原因。")]})
    step = StepBack(
        project=project, source=project.stage, target=target, reason=reason.strip(), asked_by_id=person(by)
    )
    reasons = [*lifecycle.may_go_back(step, by)]
    if project.steps_back.filter(state=stages.ASKED).exists():
        reasons.append(_("有一份退回申请待批准，请先处理它。"))
    if reasons:
        raise Blocked(_("还不能申请退回："), reasons)
    hold_project(project)
    core.insert(step)
    text = f"{step.get_source_display()} → {step.get_target_display()}"
    events.record(
        by=by, verb="projects.project.step_back_asked", obj=project, note=step.reason,
        data={"text": text, "step": step.pk},
    )  # fmt: skip
    return step


def targets_back(project: Project) -> list[str]:
    """Return the stages to which a project can go back."""
    return [stage for stage in facts.path(project) if not stages.reached(stage, project.stage)]


@transaction.atomic
def approve_step_back(*, by: Actor, step: StepBack, note: str = "", version: int | None = None) -> StepBack:
    """Agree that a project goes back, as somebody else asked; the days of what is undone are taken out of it."""
    now, project = timezone.now(), step.project  # as the guards see it: what changes meanwhile is stale
    lifecycle.STEP_BACK.perform(
        step, "approve", by=by, reason=note, version=version,
        values={"decided_by_id": by.user_id, "decided_at": now, "finding": note.strip()},
    )  # fmt: skip
    undone = [
        kind for kind in achievements.KINDS.values()
        if kind.date_field and not stages.reached(step.target, kind.code)
    ]  # fmt: skip
    values: dict[str, Any] = {kind.date_field: None for kind in undone}
    if not stages.reached(step.target, stages.SIGNED):
        values["contracted"] = None
    lifecycle.STAGE.perform(
        project, f"return_to_{step.target}", by=by, reason=step.reason, values=values | {"stage_since": now},
        data={"step": step.pk}, within=True,
    )  # fmt: skip
    note_stage(project)
    follow_fields(project)
    return step


@transaction.atomic
def refuse_step_back(*, by: Actor, step: StepBack, reason: str, version: int | None = None) -> StepBack:
    """Refuse that a project goes back; it stays where it is."""
    lifecycle.STEP_BACK.perform(
        step, "refuse", by=by, reason=reason, version=version,
        values={"decided_by_id": by.user_id, "decided_at": timezone.now(), "finding": reason.strip()},
    )  # fmt: skip
    events.record(
        by=by, verb="projects.project.step_back_refused", obj=step.project, note=reason.strip(),
        data={"text": f"{step.get_source_display()} → {step.get_target_display()}", "step": step.pk},
    )  # fmt: skip
    return step


@transaction.atomic
def withdraw_step_back(*, by: Actor, step: StepBack, note: str = "", version: int | None = None) -> StepBack:
    """Take back a step back that one has asked for oneself and nobody has decided on yet."""
    lifecycle.STEP_BACK.perform(step, "withdraw", by=by, reason=note, version=version)
    events.record(
        by=by, verb="projects.project.step_back_withdrawn", obj=step.project, note=note.strip(),
        data={"text": f"{step.get_source_display()} → {step.get_target_display()}"},
    )  # fmt: skip
    return step


# --- who is told, and what is kept --------------------------------------------------------------------------------


def tell_verifiers(event: Event, by: Actor) -> None:
    """Tell those who verify in the units that take part that something waits for them; of reversals the city's office too."""
    acting = Participation.objects.current(timezone.localdate()).filter(
        project=event.object_id, part__in=stages.ACTING_PARTS
    )
    units = set(acting.values_list("unit", flat=True))
    if "reversal" in event.data:
        units |= set(Unit.objects.filter(parent=None).values_list("pk", flat=True))
    core.notify(event, users_of_units(units, "projects.project.verify"))


def tell_claimant(event: Event, by: Actor) -> None:
    """Tell who claimed an achievement, asked for a step back or proposed a reversal what a second person found."""
    if "reversal" in event.data:
        core.notify(event, [Reversal.objects.get(pk=event.data["reversal"]).asked_by_id])
    elif "claim" in event.data:
        core.notify(event, [Claim.objects.get(pk=event.data["claim"]).entered_by_id])
    elif "step" in event.data:
        core.notify(event, [StepBack.objects.get(pk=event.data["step"]).asked_by_id])


def keep_evidence(attachment: Attachment) -> Sentence | None:
    """Object to taking off the evidence of a claim that waits for verification or was verified: the ledger names it for good."""
    held = Claim.objects.filter(evidence=attachment, state__in=stages.CLAIMED)
    states = set(held.values_list("state", flat=True))
    if stages.VERIFIED in states:
        return _(
            "业绩已核验入账，证明材料不能撤下。记错的由领导小组办公室冲销，材料仍随台账保留；有新材料的，请另行上传。"
        )
    return _("业绩申报正在核验，证明材料不能撤下。核验不通过后可以重新申报。") if states else None
