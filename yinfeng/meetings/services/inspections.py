"""Inspections (督查, clause 1.4): planned with a rule that samples, drawn by a seed, visited, findings ordered to be put right, reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.core.files.base import ContentFile, File
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core import queries as core_queries
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.conditions import WrongCondition
from yinfeng.core.errors import Conflict, Invalid, Sentence, refusal
from yinfeng.core.lifecycle import stale
from yinfeng.core.models import Attachment, Event
from yinfeng.core.scopes import demand
from yinfeng.core.services import person
from yinfeng.duties import terms
from yinfeng.duties.models import Duty
from yinfeng.duties.services import Origin, Six, next_number, set_duty
from yinfeng.meetings import inspecting, queries, sampling
from yinfeng.meetings.lifecycle_inspections import FINDING, INSPECTION
from yinfeng.meetings.models import Draw, Finding, Inspection, Subject
from yinfeng.meetings.papers_inspections import inspection_report
from yinfeng.orgs.models import Person, Unit
from yinfeng.orgs.queries import users_of_units
from yinfeng.projects import stages
from yinfeng.projects.models import Project
from yinfeng.projects.queries import checked_condition
from yinfeng.projects.services.asking import check_past, check_year

Upload = tuple[File[bytes], str]
PLAN = (
    "title", "starts", "ends", "matter", "basis", "population", "unit_kinds", "condition", "sample_by", "sample_size", "per_unit",
)  # fmt: skip


# --- planning -----------------------------------------------------------------------------------------------------


@transaction.atomic
def plan_inspection(
    *, by: Actor, unit: Unit, values: Mapping[str, Any], team: Sequence[Person] = (), is_demo: bool = False
) -> Inspection:
    """Plan an inspection in the name of a unit; ``values`` are those of PLAN."""
    by.require_at("meetings.inspection.run", unit.pk)
    _check_plan(values)
    today = timezone.localdate()
    number = f"DC-{today.year}-{next_number(series='inspection', year=today.year):03d}"
    inspection = Inspection(
        number=number, unit=unit, planned_by_id=person(by), is_demo=is_demo, **{name: values[name] for name in PLAN if name in values}
    )  # fmt: skip
    core.add(inspection, by=by, verb="meetings.inspection.planned")
    search.refresh(Inspection, inspection.pk)
    if team:
        _set_team(by, inspection, team)
    return inspection


@transaction.atomic
def change_inspection(
    *, by: Actor, inspection: Inspection, version: int, values: Mapping[str, Any], team: Sequence[Person]
) -> Inspection:
    """Change what an inspection looks at while it is planned; with another rule it is drawn anew."""
    demand(inspection, by, "run")
    if inspection.state != inspecting.PLANNED:
        told = {"state": inspecting.INSPECTION_STATES[inspection.state]}
        raise Conflict(_("督查“%(state)s”，部署内容不能再改。") % told)
    _check_plan({**{name: getattr(inspection, name) for name in PLAN}, **values})
    core.apply_edit(inspection, dict(values), by=by, version=version, verb="meetings.inspection.changed")
    search.refresh(Inspection, inspection.pk)
    before = set(inspection.team.values_list("pk", flat=True))
    if before != {member.pk for member in team}:
        _set_team(by, inspection, team)
    return inspection


def _set_team(by: Actor, inspection: Inspection, team: Sequence[Person]) -> None:
    inspection.team.set(team)
    names = _("、").join(member.name for member in team)
    events.record(
        by=by, verb="meetings.inspection.team_changed", obj=inspection, data={"text": names or _("无")}
    )


def _check_plan(values: Mapping[str, Any]) -> None:
    for name, label in (("starts", _("开始日期")), ("ends", _("结束日期"))):
        check_year(name, label, values[name])
    if values["ends"] < values["starts"]:
        raise refusal("ends", _("结束日期不能早于开始日期。"))
    population = values.get("population", inspecting.PROJECTS)
    kinds = values.get("unit_kinds") or []
    if not isinstance(kinds, list) or any(kind not in inspecting.UNIT_KINDS for kind in kinds):
        raise refusal("unit_kinds", _("请从列出的单位类别中选择。"))
    if population == inspecting.UNITS and not kinds:
        raise refusal("unit_kinds", _("请选择从哪些类别的单位中抽取。"))
    if population != inspecting.PROJECTS and values.get("per_unit"):
        raise refusal("per_unit", _("按落地单位分别抽取只用于抽取项目。"))
    if values.get("sample_by") == inspecting.PERCENT and (values.get("sample_size") or 0) > 100:
        raise refusal("sample_size", _("抽取比例不能超过 100%。"))
    try:
        checked_condition(values.get("condition"))
    except WrongCondition as error:
        raise Invalid(error.sentence, fields={"condition": error.mistakes}) from error


# --- who is looked at ---------------------------------------------------------------------------------------------


@transaction.atomic
def draw_sample(*, by: Actor, inspection: Inspection, version: int, reason: str = "") -> Draw:
    """Draw who is looked at by the rule of the inspection, with a seed made now; again only before it starts, saying why.

    The units and projects of an earlier draw leave, those added by hand stay; that draw is kept to be read.
    """
    demand(inspection, by, "run")
    _hold(inspection, version)
    if inspection.state != inspecting.PLANNED:
        raise Conflict(_("督查开始之后不能再抽取。确有需要的，逐个列入并写明原因。"))
    if inspection.population == inspecting.NONE:
        raise Conflict(_("这次督查不抽样，请逐个列入对象。"))
    last = inspection.draw
    if last is not None and not reason.strip():
        raise refusal("reason", _("请写明重新抽取的原因；上一次抽取的结果保留备查。"))
    strata = queries.strata_of(inspection, by, timezone.localdate())
    if not any(strata.values()):
        raise Conflict(_("没有符合抽样条件的对象，请修改抽样规则。"))
    seed = sampling.new_seed()
    picked = sampling.draw(strata, seed, inspection.sample_by, inspection.sample_size)
    if len(picked) > queries.MOST_DRAWN:
        most = {"count": f"{len(picked):,}", "most": f"{queries.MOST_DRAWN:,}"}
        raise Conflict(_("按这个规则要抽取 %(count)s 个，超过 %(most)s 个，请减少抽取数量或比例。") % most)
    drawn = core.insert(
        Draw(
            inspection=inspection, number=last.number + 1 if last else 1, seed=seed, rule=inspection.rule(), strata=strata,
            picked=picked, reason=reason.strip() if last else "", drawn_by_id=person(by),
        )
    )  # fmt: skip
    _replace_drawn(inspection, drawn, by)
    told = {"all": sum(map(len, strata.values())), "picked": len(picked), "seed": seed}
    events.record(
        by=by, verb="meetings.inspection.drawn", obj=inspection, note=drawn.reason,
        data={"text": _("%(all)s 个中抽取 %(picked)s 个，种子 %(seed)s") % told},
    )  # fmt: skip
    return drawn


def _replace_drawn(inspection: Inspection, drawn: Draw, by: Actor) -> None:
    field = "unit_id" if inspection.population == inspecting.UNITS else "project_id"
    Subject.objects.filter(inspection=inspection, draw__isnull=False).delete()
    there = set(Subject.objects.filter(inspection=inspection).values_list(field, flat=True))
    rows = [
        Subject(inspection=inspection, draw=drawn, added_by_id=person(by), **{field: pk})
        for pk in drawn.picked
        if pk not in there
    ]
    Subject.objects.bulk_create(rows)
    Inspection.objects.filter(pk=inspection.pk).update(draw=drawn)
    inspection.draw = drawn


def _hold(inspection: Inspection, version: int | None = None) -> None:
    """Let nobody else change the inspection meanwhile; with the version that a person saw, raise Stale when it is another."""
    inspection.refresh_from_db(from_queryset=Inspection.objects.select_for_update(of=("self",)))
    if version is None:
        return
    here = Inspection.objects.filter(pk=inspection.pk, version=version)
    if here.update(version=F("version") + 1, updated_at=timezone.now()) != 1:
        raise stale(inspection, _("请看过最新内容再决定。"), version=inspection.version)
    inspection.refresh_from_db()


@transaction.atomic
def add_subject(
    *,
    by: Actor,
    inspection: Inspection,
    reason: str,
    unit: Unit | None = None,
    project: Project | None = None,
) -> Subject:
    """Add a unit or a project to an inspection by hand, with the reason."""
    demand(inspection, by, "run")
    _hold(inspection)
    if inspection.state not in {inspecting.PLANNED, inspecting.UNDER_WAY}:
        told = {"state": inspecting.INSPECTION_STATES[inspection.state]}
        raise Conflict(_("督查“%(state)s”，不能再列入对象。") % told)
    if not reason.strip():
        raise refusal("reason", _("请写明列入的原因。"))
    if (unit is None) == (project is None):
        raise refusal("unit", _("请选择一个单位，或者一个项目。"))
    if project is not None:
        demand(project, by, "view")
    subject = core.insert(
        Subject(inspection=inspection, unit=unit, project=project, reason=reason.strip(), added_by_id=person(by))
    )  # fmt: skip
    events.record(
        by=by, verb="meetings.inspection.subject_added", obj=inspection, note=subject.reason, data={"text": subject.told}
    )  # fmt: skip
    return subject


@transaction.atomic
def remove_subject(*, by: Actor, subject: Subject, reason: str) -> None:
    """Take off a subject that was added by hand, before the inspection starts: what was drawn leaves by another draw alone."""
    demand(subject, by, "run")
    inspection = subject.inspection
    _hold(inspection)
    if inspection.state != inspecting.PLANNED:
        raise Conflict(_("督查开始之后，对象不能再移除。"))
    if subject.draw_id is not None or _was_drawn(inspection, subject):
        raise Conflict(_("抽中的对象不能单独移除，需要时重新抽取并写明原因。"))
    if not reason.strip():
        raise refusal("reason", _("请填写原因。"))
    label = subject.told
    subject.delete()
    events.record(
        by=by, verb="meetings.inspection.subject_removed", obj=inspection, note=reason.strip(), data={"text": label}
    )  # fmt: skip


def _was_drawn(inspection: Inspection, subject: Subject) -> bool:
    """Say whether the draw that stands picked a subject that somebody had added by hand before."""
    draw = inspection.draw
    if draw is None:
        return False
    is_units = draw.rule["population"] == inspecting.UNITS
    return (subject.unit_id if is_units else subject.project_id) in draw.picked


@transaction.atomic
def record_visit(
    *, by: Actor, subject: Subject, visited_date: date, note: str, version: int | None = None
) -> Subject:
    """Record when a subject was visited and how things stand there; again: what was written is changed, and told of."""
    demand(subject, by, "run")
    inspection = subject.inspection
    _hold(inspection)
    if inspection.state != inspecting.UNDER_WAY:
        raise Conflict(_("督查进行中才能记录检查情况。"))
    if not note.strip():
        raise refusal("note", _("请写明检查情况。"))
    check_past("visited_date", _("检查日期"), visited_date)
    if visited_date < inspection.starts:
        told = {"day": inspection.starts}
        raise refusal("visited_date", _("检查日期不能早于督查开始的 %(day)s。") % told)
    values = {"visited_date": visited_date, "visit_note": note.strip()}
    # what stood there before is in the audit log alone: the timeline is read by people who do not see every project
    before = f"{subject.visited_date} {subject.visit_note}" if subject.visited_date else ""
    changes = core.write_edit(subject, values, subject.version if version is None else version)
    if changes:
        events.record(
            by=by, verb="meetings.inspection.visited", obj=inspection, data={"text": f"{visited_date} {subject.told}", "before": before},
        )  # fmt: skip
    return subject


# --- what is found ------------------------------------------------------------------------------------------------


@transaction.atomic
def add_finding(
    *, by: Actor, subject: Subject, values: Mapping[str, Any], files: Iterable[Upload] = ()
) -> Finding:
    """Record a finding at a subject with the files that show it, or why there are none.

    ``values``: what, severity, basis, found_date, no_evidence. The unit that answers for it follows from the subject.
    """
    demand(subject, by, "run")
    inspection = subject.inspection
    _hold(inspection)
    if inspection.state != inspecting.UNDER_WAY:
        raise Conflict(_("督查进行中才能记录问题。"))
    check_past("found_date", _("发现日期"), values["found_date"])
    if values["found_date"] < inspection.starts:
        told = {"day": inspection.starts}
        raise refusal("found_date", _("发现日期不能早于督查开始的 %(day)s。") % told)
    files = list(files)
    why = str(values.get("no_evidence", "")).strip()
    if not files and not why:
        raise refusal("evidence", _("请上传佐证材料；确实没有的，写明原因。"))
    if not queries.is_severity(values["severity"], timezone.localdate()):
        raise refusal("severity", _("请选择严重程度。"))
    finding = Finding(
        inspection=inspection, subject=subject, number=queries.next_finding(inspection), unit=subject.responsible(),
        project=subject.project, what=str(values["what"]).strip(), severity=values["severity"],
        basis=str(values.get("basis", "")).strip(), found_date=values["found_date"], no_evidence="" if files else why,
        recorded_by_id=person(by),
    )  # fmt: skip
    core.add(finding, by=by, verb="meetings.finding.recorded", data={"text": str(subject)})
    for file, name in files:
        core.attach_file(by=by, obj=finding, file=file, name=name, kind=inspecting.EVIDENCE)
    events.record(
        by=by, verb="meetings.inspection.found", obj=inspection, data={"text": f"{finding.number} · {subject.told}", "finding": finding.pk}
    )  # fmt: skip
    return finding


@transaction.atomic
def order_finding(*, by: Actor, finding: Finding, six: Six, version: int | None = None) -> Duty:
    """Order that a finding is put right: set the duty, whose closing settles it."""
    FINDING.check(finding, "order", by)
    _hold(finding.inspection)
    FINDING.perform(finding, "order", by=by, version=version)
    is_sensitive = finding.project is not None and finding.project.secrecy == stages.SENSITIVE
    inspection = finding.inspection
    text = _("%(title)s，问题 %(number)s") % {"title": inspection.title, "number": finding.number}
    return set_duty(
        by=by, six=six, origin=Origin(terms.INSPECTION, obj=finding, about=finding.project, text=text, clause="1.4"), set_unit=inspection.unit,
        secrecy=terms.SENSITIVE if is_sensitive else terms.INTERNAL, is_demo=inspection.is_demo,
    )  # fmt: skip


@transaction.atomic
def move_finding(
    *, by: Actor, finding: Finding, move: str, reason: str = "", version: int | None = None
) -> Finding:
    """Say that a finding was corrected on the spot, or that it does not stand; “order” is ``order_finding``."""
    if move == "order":
        raise Invalid(_("请填写整改任务的六项内容来责令整改。"))
    FINDING.check(finding, move, by)
    _hold(finding.inspection)
    FINDING.perform(finding, move, by=by, reason=reason, version=version, values={"settled": reason.strip()})
    return finding


# --- its end ------------------------------------------------------------------------------------------------------


@transaction.atomic
def move_inspection(
    *, by: Actor, inspection: Inspection, move: str, reason: str = "", version: int | None = None
) -> Inspection:
    """Start or cancel an inspection; “report” is ``report_inspection``."""
    if move == "report":
        raise Invalid(_("请填写总体评价来写出报告。"))
    INSPECTION.check(inspection, move, by)
    _hold(inspection)  # nobody adds or takes off a subject meanwhile
    INSPECTION.perform(inspection, move, by=by, reason=reason, version=version)
    return inspection


@transaction.atomic
def report_inspection(
    *, by: Actor, inspection: Inspection, conclusion: str, version: int | None = None
) -> Inspection:
    """Close an inspection with its report, which is kept as it is written now; the inspected units see their findings.

    One that is done before its last day ends today: a report tells of no day that is still to come.
    """
    INSPECTION.check(inspection, "report", by)
    if not conclusion.strip():
        raise refusal("conclusion", _("请填写总体评价。"))
    _hold(inspection)
    today, planned = timezone.localdate(), inspection.ends
    inspection.ends = min(planned, today)
    paper = write_report(by=by, inspection=inspection, conclusion=conclusion, today=today, is_filed=True)
    name = f"{inspection.number} {inspection.title}.docx"
    report = core.attach_file(
        by=by, obj=inspection, file=ContentFile(paper, name=name), name=name, kind=inspecting.REPORT
    )
    INSPECTION.perform(
        inspection, "report", by=by, version=version,
        values={"conclusion": conclusion.strip(), "report": report, "reported_date": today, "ends": inspection.ends},
        changes={"ends": (planned, inspection.ends)} if inspection.ends != planned else None,
    )  # fmt: skip
    for finding in queries.standing_findings(inspection):
        events.record(
            by=by, verb="meetings.finding.reported", obj=finding, data={"text": str(inspecting.FINDING_STATES[finding.state])}
        )  # fmt: skip
    return inspection


def write_report(
    *, by: Actor, inspection: Inspection, conclusion: str, today: date, is_filed: bool = False
) -> bytes:
    """Return the report as a Word document in Chinese, of what ``by`` sees.

    One that is filed is read by others too: it tells of a sensitive project no more than that there is something.
    """
    with translation.override("zh-hans"):
        return inspection_report(
            inspection, subjects=queries.subjects_of(inspection, by), findings=queries.findings_of(inspection, by),
            draw=inspection.draw, conclusion=conclusion,
            team=list(inspection.team.order_by("pk").values_list("name", flat=True)), today=today, is_filed=is_filed,
        )  # fmt: skip


@transaction.atomic
def print_report(*, by: Actor, inspection: Inspection) -> bytes:
    """Return the report as things stand today, with how far putting right has come; who took it is logged."""
    demand(inspection, by, "view")
    paper = write_report(
        by=by, inspection=inspection, conclusion=inspection.conclusion, today=timezone.localdate()
    )
    events.record(by=by, verb="meetings.inspection.printed", obj=inspection)
    return paper


# --- who is told --------------------------------------------------------------------------------------------------

# What a notice asks of who gets it (see ``joining``).
TO_INSPECT, TO_READ = "inspect", "read_findings"


def tell_team(event: Event, by: Actor) -> None:
    """Tell the people of the team, and who planned it, how an inspection goes on: the inspected hear of it when it is over."""
    inspection = Inspection.objects.get(pk=event.object_id or 0)
    team = inspection.team.exclude(user=None).values_list("user", flat=True)
    is_over = inspection.state in {inspecting.REPORTED, inspecting.CANCELLED}
    core.notify(event, {*team, inspection.planned_by_id}, core.ASSIGNED if is_over else TO_INSPECT)


def tell_inspected(event: Event, by: Actor) -> None:
    """Tell the unit that answers for a finding of it, once the report is written; an order was told with its duty before."""
    finding = Finding.objects.get(pk=event.object_id or 0)
    core.notify(event, users_of_units([finding.unit_id], "meetings.finding.view"), TO_READ)


def keep_inspection_files(attachment: Attachment) -> Sentence | None:
    """Object to taking off the report of an inspection, what shows a finding that was dealt with, and all that shows another."""
    if attachment._state.adding:
        return None
    if Inspection.objects.filter(report=attachment).exists():
        return _("这是督查报告，不能撤下。")
    if attachment.object_type != events.type_of(Finding) or attachment.kind != inspecting.EVIDENCE:
        return None
    finding = Finding.objects.filter(pk=attachment.object_id).first()
    if finding is None:
        return None
    if finding.state != inspecting.FOUND:
        return _("问题已经处理，佐证材料不能撤下。")
    others = core_queries.files_of(finding).filter(kind=inspecting.EVIDENCE).exclude(pk=attachment.pk)
    if not finding.no_evidence and not others.exists():
        return _("这是问题唯一的佐证材料，不能撤下；传错了的，请先上传正确的材料。")
    return None
