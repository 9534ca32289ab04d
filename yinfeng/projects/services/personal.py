"""The three personal duties (clause 1.5): acts of first hands recorded once, withdrawn when wrong; since when a project is major."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Invalid, Sentence
from yinfeng.core.models import Attachment, Event
from yinfeng.core.scopes import demand
from yinfeng.core.services import person
from yinfeng.orgs.models import Membership
from yinfeng.projects import lifecycle, queries, stages
from yinfeng.projects.models import Claim, Entry, PersonalAct, Project
from yinfeng.projects.services.asking import check_past
from yinfeng.projects.services.records import read_anew, refuse_when_over


@transaction.atomic
def record_personal_act(
    *, by: Actor, project: Project, post: Membership, kind: str, act_date: date, done: str, outcome: str,
    file: File[bytes] | None = None, name: str = "",
) -> PersonalAct:  # fmt: skip
    """Record what the holder of a first hand's ``post`` did himself for a project on a day, and what came of it.

    It is no progress of the project by itself: lights stay as they are.
    """
    demand(project, by, "personal")
    read_anew(project)  # nobody passes it on meanwhile: whose it was on the day is judged here once
    refuse_when_over(project)
    _check(project, by, post, kind, act_date)
    is_holder = any(spell.holds(post.unit_id, act_date) for spell in queries.holdings(project))
    evidence = core.attach_file(by=by, obj=project, file=file, name=name, kind="other") if file else None
    act = PersonalAct(
        project=project, unit=post.unit, person=post.person, position=post.position, kind=kind, act_date=act_date,
        done=done.strip(), outcome=outcome.strip(), evidence=evidence, as_holder=is_holder,
        recorded_by_id=person(by),
    )  # fmt: skip
    core.insert(act)
    _record(by, act, "personal_recorded", "")
    return act


def _check(project: Project, by: Actor, post: Membership, kind: str, day: date) -> None:
    """Refuse a day that lies ahead, before the project was reported, on which the unit had no part in it or outside the
    post's term, and a post whose acts ``by`` may not record."""

    def refuse(field: str, sentence: str) -> None:
        raise Invalid(sentence, fields={field: [sentence]})

    if kind not in stages.PERSONAL_KINDS:
        refuse("kind", _("请选择三个“亲自”中的一项。"))
    if not queries.first_hands_for(project, by).filter(pk=post.pk).exists():
        refuse("post", _("请选择参与本项目的单位的主要领导；其他单位的由该单位或项目团队记录。"))
    check_past("act_date", _("日期"), day)
    first, spells = queries.reported_day(project), queries.took_part(project, post.unit_id)
    if day < first:
        refuse("act_date", _("项目 %(first)s 才报送，日期不能早于这一天。") % {"first": first})
    if not any(spell.holds(post.unit_id, day) for spell in spells):
        when = {"unit": post.unit.brief, "when": _("、").join(map(str, spells)), "day": day}
        refuse("act_date", _("%(unit)s参与本项目的时间是 %(when)s，%(day)s 的事不能记在它名下。") % when)
    told = {
        "name": post.person.name,
        "unit": post.unit.brief,
        "from": post.valid_from,
        "to": post.valid_to,
        "day": day,
    }
    if post.valid_from is not None and day < post.valid_from:
        refuse(
            "act_date",
            _("%(name)s从 %(from)s 起才任%(unit)s主要领导，%(day)s 的事请选当时的主要领导。") % told,
        )
    if post.valid_to is not None and day > post.valid_to:
        refuse(
            "act_date",
            _("%(name)s任%(unit)s主要领导到 %(to)s 为止，%(day)s 的事请选当时的主要领导。") % told,
        )


@transaction.atomic
def withdraw_personal_act(
    *, by: Actor, act: PersonalAct, reason: str, version: int | None = None
) -> PersonalAct:
    """Withdraw an act that was recorded wrongly: it stays to be read and no longer counts."""
    lifecycle.PERSONAL_ACT.perform(
        act, "withdraw", by=by, reason=reason, version=version, values={"withdrawn_reason": reason.strip()}
    )
    _record(by, act, "personal_withdrawn", reason.strip())
    return act


def _record(by: Actor, act: PersonalAct, verb: str, note: str) -> None:
    events.record(
        by=by, verb=f"projects.project.{verb}", obj=act.project, note=note,
        data={"text": f"{act.act_date} {act.unit.brief} {act.person.name} {act.get_kind_display()}", "act": act.pk},
    )  # fmt: skip


def keep_personal_evidence(attachment: Attachment) -> Sentence | None:
    """Object to taking off what proves an act that counts."""
    held = PersonalAct.objects.filter(evidence=attachment, state=stages.RECORDED)
    return _("这份材料是“三个亲自”记录的佐证，不能撤下。请先撤回那条记录。") if held.exists() else None


# --- since when a project is major ---------------------------------------------------------------------------------

# What decides the grade of a project; an event tells what each was before.
_GRADED_BY = ("intended", "contracted", "grade_override")


def note_major(event: Event, by: Actor) -> None:
    """Keep since when a project is major, when its grade or the amount it is graded by changes."""
    project = Project.objects.get(pk=event.object_id or 0)
    before = _before(project, event)
    today = timezone.localdate()
    was, now = queries.is_major(before, today), queries.is_major(project, today)
    if was != now:
        Project.objects.filter(pk=project.pk).update(major_since=timezone.now() if now else None)


def _before(project: Project, event: Event) -> Project:
    """Return the project as it was graded before an event: a signing brings the contracted amount, a reversal takes it."""
    values: dict[str, Any] = {name: getattr(project, name) for name in _GRADED_BY}
    for name in _GRADED_BY:
        if name in event.changes:
            values[name] = event.changes[name][0]
    if Claim.objects.filter(pk=event.data.get("claim"), kind=stages.SIGNED).exists():
        values["contracted"] = None
    if event.verb == "projects.project.entry_reversed":
        entry = Entry.objects.filter(pk=event.data.get("entry"), kind=stages.SIGNED).first()
        if entry is not None:
            values["contracted"] = entry.amount if entry.sign > 0 else None
    for name in ("intended", "contracted"):
        values[name] = None if values[name] in (None, "") else Decimal(str(values[name]))
    values["grade_override"] = values["grade_override"] or ""
    return Project(**values)
