"""Every write on leads and projects. Each act checks permission, changes, validates, records its Event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import events, search
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Sentence
from yinfeng.core.lifecycle import stale
from yinfeng.core.models import Attachment, Event, User
from yinfeng.core.money import Money
from yinfeng.core.scopes import demand, permits
from yinfeng.core.services import person
from yinfeng.enterprises import services as library
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.services import hold
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import LANDING_KINDS, groups_for_industry, is_of_district, users_of_units
from yinfeng.projects import achievements, facts, lifecycle, queries, stages
from yinfeng.projects.models import (
    Lead,
    Participation,
    Project,
    ProjectCounter,
    Side,
    Stay,
    Talk,
    TeamMember,
)
from yinfeng.projects.services.asking import (
    ask_about_amounts,
    ask_what_follows,
    check_approached,
    check_heard,
    check_next_step,
    check_past,
    check_plan,
    without_unasked,
)
from yinfeng.projects.services.registering import keep_registered_firm, with_registered_firm
from yinfeng.projects.services.seconds import (
    AskedWhy,
    ask_about_a_second,
    ask_about_other_projects,
    check_related,
    keep_links,
    told_reason,
)

Values = Mapping[str, Any]

# The parts one adds and takes off by hand; the others follow from the project's own fields.


def _reporter(by: Actor, values: Values, permission: str) -> Unit:
    """Return the unit that reports, the actor's own unless named, if he may do so for it."""
    unit: Unit | None = values.get("reporter_unit")
    if unit is None and by.unit_id is not None:
        unit = Unit.objects.filter(pk=by.unit_id).first()
    if unit is None:
        raise Invalid(_("请选择报送单位。"), fields={"reporter_unit": [_("请选择报送单位。")]})
    by.require_at(permission, unit.pk)
    return unit


# --- amounts ------------------------------------------------------------------------------------------------------


def with_amount(values: Values, obj: Lead | Project | None = None) -> dict[str, Any]:
    """Return ``values`` with the Money of ``intended`` spread over its fields.

    An amount that was not changed keeps the rate it was entered at.
    """
    spread = dict(values)
    if "intended" not in spread:
        return spread
    money = spread.pop("intended")
    if money is not None and not isinstance(money, Money):
        money = Money.in_yuan(money)
    same = obj is not None and money is not None and (
        (money.currency, money.original) == (obj.intended_currency, obj.intended_original)
    )  # fmt: skip
    if same:
        return spread
    return spread | {
        "intended": money.yuan if money else None,
        "intended_currency": money.currency if money else "CNY",
        "intended_original": money.original if money else None,
        "intended_rate": money.rate if money else 1,
    }


def check_codes(values: Values) -> None:
    """Raise Invalid for codes that the profile does not have."""
    tables = Lead.code_tables | Project.code_tables
    given = {name: str(values[name]) for name in tables if values.get(name)}
    if not given:
        return
    known = queries.known_codes((tables[name], code) for name, code in given.items())
    unknown = [name for name, code in given.items() if (tables[name], code) not in known]
    if unknown:
        sentence = _("城市方案的代码表中没有这个代码。")
        raise Invalid(sentence, fields={name: [sentence] for name in unknown})


# --- leads --------------------------------------------------------------------------------------------------------


def _ask(*questions: Callable[[], Any]) -> list[str]:
    """Put all questions at once, so that nobody answers them one by one; return what was found."""
    answers: list[Any] = []
    raised: list[Invalid] = []
    for question in questions:
        try:
            answers.append(question())
        except Invalid as error:
            raised.append(error)
    if raised:
        fields: dict[str, list[Sentence]] = {}
        for refusal in raised:
            for name, texts in refusal.fields.items():
                fields.setdefault(name, []).extend(texts)
        asked = [refusal for refusal in raised if isinstance(refusal, AskedWhy)]
        if len(asked) > 1:  # one field answers them all: so does one sentence ask
            fields["despite"] = [
                "".join(
                    [*(str(refusal.found) for refusal in asked), _("确需登记的，请写明与它们有什么不同。")]
                )
            ]
        raise Invalid(raised[0].sentence, fields=fields)
    return [line for answer in answers if answer for line in answer]


def _ask_about_clashes(
    enterprise: Any, by: Actor, despite: str, exclude: Lead | Project | None = None, *, grown: bool = False
) -> list[str]:
    """Return who else is in talks with an enterprise newly named; Invalid until ``despite`` says why all the same.

    ``grown``: ``exclude`` is the project out of which the new one grows, which names the enterprise as well.
    """
    is_known = exclude is not None and enterprise is not None and exclude.enterprise_id == enterprise.pk
    if enterprise is None or (is_known and not grown):
        return []
    found = [clash.sentence for clash in queries.clashes(enterprise, by, exclude)]
    if found and not despite.strip():
        told = _("其他单位已在跟进这家企业：%(found)s。") % {"found": "；".join(found)}
        raise AskedWhy(told, _("如确需登记，请写明理由。"))
    return found


@transaction.atomic
def register_lead(
    *, by: Actor, values: Values, despite: str = "", confirmed: bool = False, is_demo: bool = False
) -> Lead:
    """Register a lead; the moment of registering is its 首报时间.

    ``despite`` says why it is registered although others already talk with the enterprise; ``confirmed`` that unusual
    amounts are right. The unit that reports is the actor's own unless ``values`` name one he may register for.
    """
    values = dict(values)
    hold(values.get("enterprise"))
    reporter = _reporter(by, values, "projects.lead.register")
    values["reporter_unit"] = reporter
    values["handling_unit"] = values.get("handling_unit") or reporter
    check_heard(values)
    check_codes(values)
    found = _ask(
        lambda: _ask_about_clashes(values.get("enterprise"), by, despite),
        lambda: ask_about_amounts(values, confirmed),
    )
    named = timezone.now() if values.get("enterprise") else None
    lead = Lead(registered_by_id=person(by), is_demo=is_demo, named_at=named, **with_amount(values))
    core.add(
        lead, by=by, verb="projects.lead.registered", note=despite.strip() if found else "", data={"clashes": found}
    )  # fmt: skip
    search.refresh(Lead, lead.pk)
    return lead


@transaction.atomic
def change_lead(
    *, by: Actor, lead: Lead, version: int, values: Values, despite: str = "", confirmed: bool = False
) -> Lead:
    """Change a lead that is still open; the reporting unit and 首报时间 stay."""
    hold(values.get("enterprise"))
    demand(lead, by, "change")
    if lead.state not in queries.OPEN_LEADS:
        raise Conflict(_("线索的状态是“%(state)s”，不能再修改。") % {"state": stages.LEAD_STATES[lead.state]})
    values = {**values, "handling_unit": values.get("handling_unit") or lead.handling_unit}
    check_heard(values, lead)
    check_codes(values)
    found = _ask(
        lambda: _ask_about_clashes(values.get("enterprise"), by, despite, exclude=lead),
        lambda: ask_about_amounts(values, confirmed, lead),
    )
    _keep_investor(lead, values)
    core.apply_edit(
        lead, with_amount(values, lead) | _named(lead, values), by=by, version=version, verb="projects.lead.changed",
        note=despite.strip() if found else "",
    )  # fmt: skip
    speak_for(lead, lead.handling_unit)
    search.refresh(Lead, lead.pk)
    return lead


@transaction.atomic
def move_lead(*, by: Actor, lead: Lead, move: str, reason: str = "", version: int | None = None) -> Lead:
    """Assess a lead: qualify (``reason`` is the finding), decline or reopen it. Converting is ``convert_lead``."""
    if move == "convert":
        raise Invalid(_("转为项目时须填写项目名称等内容，请使用“转为项目”。"))
    values = {"finding": reason.strip()} if move == "qualify" else None
    lifecycle.LEAD.perform(lead, move, by=by, reason=reason, version=version, values=values)
    return lead


def _named(record: Lead | Project, values: Values) -> dict[str, Any]:
    """Return since when a record names its investor, if the edit names another one: its place among reports of it begins anew."""
    if "enterprise" not in values or values["enterprise"] == record.enterprise:
        return {}
    return {"named_at": timezone.now() if values["enterprise"] else None}


def _keep_investor(record: Lead | Project, values: Values) -> None:
    """Refuse to name another investor while it is disputed who reported this one first."""
    if "enterprise" not in values or values["enterprise"] == record.enterprise:
        return
    if record.sides.filter(dispute__state__in=stages.OPEN_DISPUTES).exists():
        sentence = _("首报争议尚未裁定，这期间不能更换企业。")
        raise Invalid(sentence, fields={"enterprise": [sentence], "enterprise_name": [sentence]})


def speak_for(record: Lead | Project, unit: Unit) -> None:
    """Let the unit that holds a record now speak for it in the disputes that are open."""
    record.sides.filter(dispute__state__in=stages.OPEN_DISPUTES).exclude(unit=unit).update(unit=unit)


@transaction.atomic
def convert_lead(
    *, by: Actor, lead: Lead, values: Values | None = None, despite: str = "", related: int | None = None,
    version: int | None = None,
) -> Project:  # fmt: skip
    """Make a qualified lead a planned project and its converter the leader of the team; of two at once one wins.

    ``despite`` and ``related`` as in ``add_project``: others may have made a project of the investor meanwhile.
    """
    hold(*Enterprise.objects.filter(pk=lead.enterprise_id or 0))
    lifecycle.LEAD.perform(lead, "convert", by=by, version=version)
    name = (values or {}).get("name", lead.title)
    check_related(lead.enterprise, by, related)
    found = _ask(
        lambda: ask_about_a_second(lead.enterprise, by, despite, name=name),
        lambda: ask_about_other_projects(lead.enterprise, by, despite),
    )
    given = {"name": lead.title, "secrecy": stages.INTERNAL, **(values or {})}
    lands = lead.handling_unit if lead.handling_unit.kind in LANDING_KINDS else None
    project = Project(
        lead=lead, enterprise=lead.enterprise, industry=lead.industry, summary=lead.content,
        reporter_unit=lead.reporter_unit, host_unit=lands, created_by_id=person(by), is_demo=lead.is_demo,
        intended=lead.intended, intended_currency=lead.intended_currency,
        intended_original=lead.intended_original, intended_rate=lead.intended_rate, named_at=lead.named_at, is_assessed=True,
    )  # fmt: skip
    for name, value in given.items():
        setattr(project, name, value)
    why = told_reason(lead.enterprise, by, despite) if found else ""
    _create(project, by, note=why, data={"lead": lead.pk, "clashes": found})
    if found:
        keep_links(project, by, despite, related)
    # what is disputed about it is the project's now
    Side.objects.filter(lead=lead, project=None, dispute__state__in=stages.OPEN_DISPUTES).update(
        project=project
    )
    speak_for(project, project.host_unit or project.reporter_unit)
    if lead.handling_unit_id not in {lead.reporter_unit_id, getattr(lands, "pk", None)}:
        take_part(project, lead.handling_unit, stages.JOINT)
    return project


# --- projects -----------------------------------------------------------------------------------------------------


def _next_code(year: int) -> str:
    """Draw the next number of a year; the row stays locked until the transaction ends, so numbers have no gaps."""
    core.get_or_add(ProjectCounter(year=year), unique={"year": year})
    ProjectCounter.objects.filter(year=year).update(last=F("last") + 1)
    return f"XM-{year}-{ProjectCounter.objects.get(year=year).last:04d}"


def _create(project: Project, by: Actor, note: str = "", data: Values | None = None) -> None:
    project.code = _next_code(timezone.localdate().year)
    core.add(project, by=by, verb="projects.project.created", note=note, data=data)
    take_part(project, project.reporter_unit, stages.REPORTER)
    note_stage(project)
    follow_fields(project)
    TeamMember.objects.create(project=project, user_id=person(by), is_leader=True)
    if not permits(project, by, "view"):
        raise Forbidden(_("这样建立的项目您自己将看不到，所以没有保存。请改由有权的同事建立。"))
    search.refresh(Project, project.pk)


def take_part(project: Project, unit: Unit, part: str) -> None:
    """Let a unit have a part in a project from today on, if it has it not already."""
    core.get_or_add(
        Participation(project=project, unit=unit, part=part),
        unique={"project": project, "unit": unit, "part": part, "until": None},
    )


def _groups(project: Project) -> list[Unit]:
    """Return the working groups of the project's industry, and the units that its grade lets see it."""
    found = groups_for_industry(project.industry) if project.industry else []
    grade = queries.grade_of(project, queries.tiers(timezone.localdate()))
    codes = grade.tier.units if grade is not None else ()
    if codes:
        found += Unit.objects.filter(code__in=codes).exclude(pk__in=[unit.pk for unit in found])
    return found


def follow_fields(project: Project) -> None:
    """Let the host and the working groups be those that the project's host, industry and grade say, the command post that of
    its area (clauses 1.2 and 3.2.2); of a sensitive project no post learns by its place alone.

    A group of no industry, which comes by the grade, supports the project (全要素保障, clause 1.3).
    """
    groups = _groups(project)
    wanted = {
        stages.HOST: [project.host_unit] if project.host_unit else [],
        stages.GROUP: [unit for unit in groups if unit.industries],
        stages.SUPPORT: [unit for unit in groups if not unit.industries],
        stages.COMMAND: [project.area.command_unit]
        if project.area and project.secrecy != stages.SENSITIVE
        else [],
    }
    for part, units in wanted.items():
        gone = project.participations.filter(part=part, until=None).exclude(unit__in=units)
        gone.update(until=timezone.localdate())
        for unit in units:
            take_part(project, unit, part)


@transaction.atomic
def add_project(
    *, by: Actor, values: Values, despite: str = "", related: int | None = None, confirmed: bool = False, is_demo: bool = False,
) -> Project:  # fmt: skip
    """Plan a project without a lead (策划生成); ``confirmed`` as in ``register_lead``.

    ``despite`` also says what is different from the investor's other projects, or how it goes with the one that ``related``
    names; that is kept and told on the pages of both.
    """
    values = with_registered_firm(by, values)
    hold(values.get("enterprise"))
    check_related(values.get("enterprise"), by, related)
    reporter = _reporter(by, values, "projects.project.add")
    check_codes(values)
    found = _ask(
        lambda: _check_plan(values),
        lambda: check_approached(values),
        lambda: check_next_step(values),
        lambda: check_area(values),
        lambda: _ask_about_clashes(
            values.get("enterprise"),
            by,
            despite,
            exclude=values.get("parent"),
            grown=bool(values.get("parent")),
        ),
        lambda: (
            []
            if values.get("parent")
            else ask_about_a_second(values.get("enterprise"), by, despite, name=values["name"])
        ),
        lambda: ask_about_amounts(values, confirmed),
        lambda: ask_what_follows(values),
    )
    values = without_unasked(values)
    values["reporter_unit"] = reporter
    if not values.get("host_unit") and reporter.kind in LANDING_KINDS:
        values["host_unit"] = reporter
    named = timezone.now() if values.get("enterprise") else None
    project = Project(created_by_id=person(by), is_demo=is_demo, named_at=named, **with_amount(values))
    why = told_reason(values.get("enterprise"), by, despite) if found else ""
    _create(project, by, note=why, data={"clashes": found})
    if found:
        keep_links(project, by, despite, related)
    return project


@transaction.atomic
def change_project(
    *, by: Actor, project: Project, version: int, values: Values, despite: str = "", related: int | None = None,
    confirmed: bool = False, note: str = "", put_off: str = "",
) -> Project:  # fmt: skip
    """Change a project's facts. What its stage asks for cannot be emptied; host and groups follow the fields.

    ``put_off`` says why a planned day that the stage asks for is later now; the first one is kept.
    """
    hold(values.get("enterprise"))
    demand(project, by, "change")
    refuse_when_over(project)
    _keep_host_of_transfers(project, values)
    _refuse_what_was_verified(project, values)
    values = with_registered_firm(by, values, project)
    keep_registered_firm(project, values)
    check_codes(values)
    named = values["enterprise"] if _named(project, values) else None  # another investor than before
    check_related(values.get("enterprise"), by, related, project)
    found = _ask(
        lambda: _check_plan(values, project),
        lambda: check_approached(values, project),
        lambda: check_next_step(values, project.next_date),
        lambda: check_area(values, project),
        lambda: _ask_about_clashes(values.get("enterprise"), by, despite, exclude=project),
        lambda: ask_about_a_second(named, by, despite, name=project.name, but=project),
        lambda: ask_about_amounts(values, confirmed, project),
        lambda: _ask_about_delays(project, values, put_off),
        lambda: ask_what_follows(values, project),
    )
    values = without_unasked(values)
    later = _put_off_now(project, values)
    kept = {name: value for field in later for name, value in queries.put_off(project, field).items()}
    before = {fact.field for fact in facts.missing(project, project.stage)}
    _keep_investor(project, values)
    why = told_reason(values.get("enterprise"), by, despite, project) if found else ""
    core.apply_edit(
        project, with_amount(values, project) | _named(project, values) | kept, by=by, version=version,
        verb="projects.project.changed", note="；".join(filter(None, [note, why])),
    )  # fmt: skip
    _tell_of_delays(project, later, by, put_off)
    if found:
        keep_links(project, by, despite, related)
    emptied = [fact for fact in facts.missing(project, project.stage) if fact.field not in before]
    if emptied:
        sentence = _("项目处于“%(stage)s”阶段，这一项不能空着。") % {"stage": stages.STAGES[project.stage]}
        raise Invalid(sentence, fields={name: [sentence] for fact in emptied for name in fact.inputs})
    follow_fields(project)
    speak_for(project, project.host_unit or project.reporter_unit)
    if not permits(project, by, "view"):
        raise Forbidden(_("这样修改之后，您将看不到这个项目，所以没有保存。请让有权的同事修改。"))
    search.refresh(Project, project.pk)
    return project


def check_area(values: Values, project: Any = None) -> None:
    """Refuse an area that is closed or not open yet, unless the project, or what it grows out of, lies in it already."""
    area = values.get("area")
    beside = project or values.get("parent")
    if area is None or (beside is not None and area.pk == beside.area_id):
        return
    if not queries.areas_on(timezone.localdate()).filter(pk=area.pk).exists():
        sentence = _("这个片区还没有设立或已经撤销，请选择别的片区。")
        raise Invalid(sentence, fields={"area": [sentence]})


def may_grow(project: Project) -> bool:
    """Say whether a project can have extensions: it has landed as a firm and is going on."""
    return stages.reached(project.stage, stages.REGISTERED) and project.status == stages.ONGOING


@transaction.atomic
def extend_project(
    *, by: Actor, project: Project, values: Values, despite: str = "", confirmed: bool = False
) -> Project:
    """Make a project of the growth (增资扩产) of one that has landed; ``values``: name, intended, summary.

    Investor, industry and host are those of the first, of which it tells; only the increment counts.
    """
    investor = Project.objects.filter(pk=project.pk).values("enterprise")
    hold(*Enterprise.objects.filter(pk__in=investor))  # before the project, as mergers do
    demand(project, by, "extend")
    read_anew(project)
    if project.parent_id:
        raise Conflict(_("这个项目本身就是增资扩产项目，请在原项目上建立。"))
    if not may_grow(project):
        raise Conflict(_("注册之后、正在推进的项目才能建立增资扩产项目。"))
    kept = {
        name: getattr(project, name)
        for name in (
            "enterprise", "industry", "chain", "project_class", "investment_kind", "is_foreign", "origin", "host_unit",
            "secrecy", "contact_name", "area", "site", "registered_firm",
        )
    }  # fmt: skip
    if project.extensions.filter(name=values.get("name", "")).exists():
        sentence = _("这个项目已有同名的增资扩产项目。")
        raise Invalid(sentence, fields={"name": [sentence]})
    made = add_project(
        by=by, values={**kept, **values, "parent": project}, despite=despite, confirmed=confirmed, is_demo=project.is_demo
    )  # fmt: skip
    events.record(
        by=by, verb="projects.project.extended", obj=project, data={"project": made.pk}
    )  # fmt: skip
    return made


def refuse_when_over(project: Project) -> None:
    if project.status in stages.OVER:
        raise Conflict(_("项目已“%(status)s”，不能再修改。") % {"status": stages.STATUSES[project.status]})


def _check_plan(values: Values, project: Project | None = None) -> None:
    """Refuse a plan whose days run backwards, and to leave out the building of what is being built."""
    check_plan(values, project)
    if project is None or "construction_kind" not in values:
        return
    other_way = (values["construction_kind"] == facts.OPENING) != (project.construction_kind == facts.OPENING)
    if other_way and stages.reached(project.stage, stages.STARTED):
        sentence = _("项目已经开工或投产，建设性质不能再改为“开业”或从“开业”改为别的。")
        raise Invalid(sentence, fields={"construction_kind": [sentence]})


def _put_off_now(project: Project, values: Values) -> dict[str, Any]:
    """Return the planned days that bind the project and that ``values`` put off, each with the day it had."""
    days = {field: getattr(project, field) for field in queries.binding_days(project)}
    return {field: when for field, when in days.items() if values.get(field) and values[field] > when}


def _ask_about_delays(project: Project, values: Values, put_off: str) -> None:
    """Ask why a planned day is put off that the project's stage asks for; refuse to move one that has come."""
    fields: dict[str, list[Sentence]] = {}
    for field in queries.binding_days(project):
        has_come = stages.reached(project.stage, queries.PLANNED_DAYS[field])
        if has_come and field in values and values[field] != getattr(project, field):
            told = {"stage": stages.STAGES[project.stage], "field": facts.field_of(field).verbose_name}
            fields[field] = [_("项目已经“%(stage)s”，“%(field)s”不能再改。") % told]
    if not fields and not put_off.strip():
        for field, when in _put_off_now(project, values).items():
            fields[field] = [_("比原来的 %(day)s 推迟了，请写明顺延原因。") % {"day": when}]
            fields["put_off"] = [_("请填写原因。")]
    if fields:
        raise Invalid(next(iter(fields.values()))[0], fields=fields)


def _tell_of_delays(project: Project, later: Values, by: Actor, reason: str) -> None:
    for field, when in later.items():
        delay = queries.delay_of(project, field)
        label = facts.field_of(field).verbose_name
        text = f"{label} {when} → {getattr(project, field)}" + (
            f"（{delay.told_with_first}）" if delay else ""
        )
        events.record(
            by=by, verb="projects.project.postponed", obj=project, note=reason.strip(), data={"text": text, "field": field}
        )  # fmt: skip


@transaction.atomic
def set_grade(*, by: Actor, project: Project, grade: str, reason: str, version: int | None = None) -> Project:
    """Grade a project otherwise than its amount says, or (``grade`` empty) by the rule again; the reason is told with it."""
    demand(project, by, "grade")
    refuse_when_over(project)
    if grade and grade not in {tier.code for tier in queries.tiers(timezone.localdate())}:
        raise Invalid(_("城市方案中没有这个分级。"), fields={"grade": [_("城市方案中没有这个分级。")]})
    if not reason.strip():
        raise Invalid(_("请写明调整分级的原因。"), fields={"reason": [_("请写明调整分级的原因。")]})
    values = {"grade_override": grade, "grade_reason": reason.strip() if grade else ""}
    core.apply_edit(
        project, values, by=by, version=project.version if version is None else version, verb="projects.project.graded",
        note=reason.strip(),
    )  # fmt: skip
    follow_fields(project)
    if not permits(project, by, "view"):
        raise Forbidden(_("这样定级之后，您将看不到这个项目，所以没有保存。请让有权的同事办理。"))
    return project


@transaction.atomic
def set_category(
    *, by: Actor, project: Project, category: str, reason: str, version: int | None = None
) -> Project:
    """Put a project into another class than the rules do, or (``category`` empty) leave it to them; the reason is told with it."""
    demand(project, by, "grade")
    refuse_when_over(project)
    if category and category not in {item.code for item in queries.categories(timezone.localdate())}:
        sentence = _("城市方案中没有这一类。")
        raise Invalid(sentence, fields={"category": [sentence]})
    if not reason.strip():
        raise Invalid(_("请写明归类的原因。"), fields={"reason": [_("请写明归类的原因。")]})
    values = {"category_override": category, "category_reason": reason.strip() if category else ""}
    core.apply_edit(
        project, values, by=by, version=project.version if version is None else version, verb="projects.project.categorised",
        note=reason.strip(),
    )  # fmt: skip
    return project


def _keep_host_of_transfers(project: Project, values: Values) -> None:
    """Refuse to change the host by hand of a project that is passed on or was: an agreement says whose it is."""
    if "host_unit" not in values or getattr(values["host_unit"], "pk", None) == project.host_unit_id:
        return
    if project.transfers.filter(state__in=(*stages.OPEN_TRANSFERS, stages.COMPLETED_TRANSFER)).exists():
        sentence = _("项目正在流转或已经流转，落地单位只能由流转更换。")
        raise Invalid(sentence, fields={"host_unit": [sentence]})


def _refuse_what_was_verified(project: Project, values: Values) -> None:
    """Keep who signed and where as they were when somebody else verified it, or while somebody may be about to.

    The growth of a project is of the same firm.
    """
    waits = project.claims.filter(state=stages.SUBMITTED).exists()
    is_signed = stages.reached(project.stage, stages.SIGNED)
    kept = ("enterprise", "host_unit") if waits or is_signed else ("enterprise",) if project.parent_id else ()
    changed = [
        name for name in kept
        if name in values and getattr(values[name], "pk", None) != getattr(project, f"{name}_id")
    ]  # fmt: skip
    why: Mapping[str, str]
    if waits:
        why = dict.fromkeys(kept, _("业绩申报正在核验，“%(field)s”暂不能改。"))
    elif is_signed:
        why = {name: str(told) for name, told in _HOW_TO_CHANGE.items()}
    else:
        why = dict.fromkeys(kept, _("增资扩产项目的“%(field)s”与原项目相同，不能改。"))
    sentences = {name: why[name] % {"field": facts.field_of(name).verbose_name} for name in changed}
    if changed:
        raise Invalid(
            sentences[changed[0]], fields={name: [sentence] for name, sentence in sentences.items()}
        )


_HOW_TO_CHANGE = {
    "enterprise": gettext_lazy(
        "“%(field)s”在签约时核验过，不能直接改。确已变更的：冲销签约及以后的业绩，退回签约以前，改了再凭补充协议重新申报。"
    ),
    "host_unit": gettext_lazy("“%(field)s”在签约时核验过，不能直接改。换落地单位，请办理项目流转。"),
}


@transaction.atomic
def move_project(
    *, by: Actor, project: Project, move: str, reason: str = "", version: int | None = None,
    lost_reason: str = "", rival_place: str = "",
) -> Project:  # fmt: skip
    """Make a move of the project's stage or status. “lose” also asks for the reason's code.

    The stages that are achievements follow from claims, and steps back from what two people agree on (``services.claims``).
    """
    now = timezone.now()
    table = lifecycle.lifecycle_of(move)
    values: dict[str, Any] = {"progress_at": now} if move in {"resume", "reopen", "take_in"} else {}
    contested = not stages.reached(project.stage, stages.SIGNED)
    if (
        move in {"reopen", "take_in"} and contested
    ):  # who had given it up stands behind who reported the investor since
        values |= {"named_at": now if project.enterprise_id else None}
    if table is lifecycle.STAGE:
        values = {"progress_at": now, "stage_since": now, **queries.renewed(project, now)}
    if move == "lose":
        lifecycle.STATUS.check(project, move, by)
        if not lost_reason:
            raise Invalid(_("请选择流失原因。"), fields={"lost_reason": [_("请选择流失原因。")]})
        check_codes({"lost_reason": lost_reason})
        values |= {"lost_reason": lost_reason, "rival_place": rival_place.strip()}
    elif move == "reopen":
        values |= {"lost_reason": "", "rival_place": ""}
    table.perform(
        project, move, by=by, reason=reason, version=version, values=values, data={"place": rival_place}
    )
    if table is lifecycle.STAGE:
        note_stage(project)
    if move in {"lose", "end", "take_out"}:
        drop_transfer(project, by)
        drop_bottlenecks(project, by)
    if move in {"lose", "end"}:
        _say_what_counts(project, by)
    return project


def _say_what_counts(project: Project, by: Actor) -> None:
    """Note which achievements of a project that is over still count: the office decides whether to reverse them."""
    kinds = set(project.entries.counting().values_list("kind", flat=True))
    if kinds:
        text = _("、").join(str(label) for kind, label in stages.ACHIEVEMENTS.items() if kind in kinds)
        events.record(by=by, verb="projects.project.still_counts", obj=project, data={"text": text})


def drop_bottlenecks(project: Project, by: Actor) -> None:
    """Close what still stands still on a project that is over: nobody must solve it any more."""
    values = {"closed_date": timezone.localdate()}
    for row in project.bottlenecks.filter(state=stages.OPEN).select_related("project", "unit").order_by("pk"):
        lifecycle.BOTTLENECK.perform(row, "drop", by=by, within=True, values=values)
        events.record(
            by=by, verb="projects.project.bottleneck_dropped", obj=project,
            data={"text": f"{row.unit.brief} · {row.what[:60]}", "bottleneck": row.pk},
        )  # fmt: skip


# --- units and team -----------------------------------------------------------------------------------------------


@transaction.atomic
def add_unit(*, by: Actor, project: Project, unit: Unit, part: str) -> Participation:
    """Let a unit take part in a project: from now on its people see it."""
    demand(project, by, "team")
    read_anew(project)
    refuse_to_join(project)
    if part not in stages.CHOSEN_PARTS:
        raise Invalid(
            _("报送单位、落地单位和招商组随项目内容确定，不能在这里加入。"),
            fields={"part": [_("请选择协同、引荐、市区联动或审批单位。")]},
        )
    if part == stages.LINKED and is_of_district(unit):
        sentence = _("%(unit)s属于区或开发区；市区联动单位是与区一起招商的市级单位。") % {"unit": unit.brief}
        raise Invalid(sentence, fields={"unit": [_("请选择市级单位，或改选别的参与身份。")]})
    keep_sharers(project, part)
    row = core.insert(Participation(project=project, unit=unit, part=part))
    text = f"{unit.brief}（{stages.PARTS[part]}）"
    events.record(
        by=by, verb="projects.project.unit_added", obj=project, data={"text": text, "unit": unit.pk}
    )
    return row


def refuse_to_join(project: Project) -> None:
    """Refuse to let anybody join a project that is over: who took part in it stays as it was."""
    if project.status in stages.OVER:
        sentence = _("项目已“%(status)s”，不能再加入单位和成员。")
        raise Conflict(sentence % {"status": stages.STATUSES[project.status]})


def keep_sharers(project: Project, part: str) -> None:
    """Refuse to change who has a share in a project while a claim waits: who verifies it sees whose it will be."""
    if part in stages.SHARING_PARTS and project.claims.filter(state=stages.SUBMITTED).exists():
        raise Conflict(_("业绩申报正在核验，%(part)s暂不能增减。") % {"part": stages.PARTS[part]})


@transaction.atomic
def remove_unit(*, by: Actor, project: Project, pk: int, reason: str) -> None:
    """End a unit's part in a project; that it had one stays on record."""
    demand(project, by, "team")
    read_anew(project)
    row = project.participations.filter(pk=pk, until=None).select_related("unit").first()
    if row is None:
        raise Conflict(_("该单位已不再参与本项目。"))
    if row.part not in stages.CHOSEN_PARTS:
        raise Conflict(_("报送单位、落地单位和招商组随项目内容确定，不能单独移出。"))
    keep_sharers(project, row.part)
    if project.bottlenecks.filter(unit=row.unit, state=stages.OPEN).exists():
        raise Conflict(_("该单位还有未解决的难点要办，请先解决或撤回。"))
    if not reason.strip():
        raise Invalid(_("请填写原因。"), fields={"reason": [_("请填写原因。")]})
    if project.participations.filter(pk=pk, until=None).update(until=timezone.localdate()) != 1:
        raise Conflict(_("该单位已不再参与本项目。"))
    text = f"{row.unit.brief}（{row.get_part_display()}）"
    events.record(
        by=by, verb="projects.project.unit_removed", obj=project, note=reason.strip(), data={"text": text}
    )


@transaction.atomic
def add_member(*, by: Actor, project: Project, user: User, is_leader: bool = False) -> TeamMember:
    """Put a person on the team; he sees the project from now on, a sensitive one too. One leads."""
    demand(project, by, "team")
    read_anew(project)  # of two who name a leader at once the later counts
    refuse_to_join(project)
    if is_leader:
        project.team.filter(until=None, is_leader=True).update(is_leader=False)
    row = core.insert(TeamMember(project=project, user=user, is_leader=is_leader))
    events.record(
        by=by, verb="projects.project.member_added", obj=project, data={"text": str(user), "user": user.pk}
    )
    return row


@transaction.atomic
def remove_member(*, by: Actor, project: Project, pk: int, reason: str) -> None:
    """Take a person off the team; who removes himself must still see the project afterwards."""
    demand(project, by, "team")
    row = project.team.filter(pk=pk, until=None).select_related("user").first()
    if row is None:
        raise Conflict(_("此人已不在项目团队中。"))
    if not reason.strip():
        raise Invalid(_("请填写原因。"), fields={"reason": [_("请填写原因。")]})
    if project.team.filter(pk=pk, until=None).update(until=timezone.localdate()) != 1:
        raise Conflict(_("此人已不在项目团队中。"))
    if not permits(project, by, "view"):
        raise Forbidden(_("移出之后您自己将看不到这个项目，所以没有保存。请让有权的同事办理。"))
    events.record(
        by=by, verb="projects.project.member_removed", obj=project, note=reason.strip(),
        data={"text": str(row.user)},
    )  # fmt: skip


def add_joint_unit(*, by: Actor, projects: Iterable[Project], unit: Unit) -> tuple[int, int]:
    """Let a unit take part jointly in several projects; return (added, left out because refused or there already)."""
    added = left = 0
    for project in projects:
        try:
            add_unit(by=by, project=project, unit=unit, part=stages.JOINT)
            added += 1
        except (Forbidden, Invalid, Conflict):
            left += 1
    return added, left


# --- talks --------------------------------------------------------------------------------------------------------


@transaction.atomic
def record_talk(*, by: Actor, project: Project, values: Values) -> Talk:
    """Record a contact with the investor; what comes next becomes the project's next step.

    Of several first contacts written down at once the earliest counts, whoever is done last.
    """
    demand(project, by, "record")
    read_anew(project)
    refuse_when_over(project)
    now = timezone.now()
    check_past("talk_date", _("洽谈日期"), values["talk_date"])
    check_next_step(values, project.next_date)
    if values.get("next_date") and not values.get("next_step", "").strip():
        sentence = _("填了下一步时限，请同时写明下一步做什么。")
        raise Invalid(sentence, fields={"next_step": [sentence]})
    unit_id = by.unit_id or project.reporter_unit_id
    talk = Talk(project=project, unit_id=unit_id, recorded_by_id=person(by), recorded_at=now, **values)
    core.validated(talk)
    talk.save(force_insert=True)
    new: dict[str, Any] = {}
    if talk.next_step:
        new = {"next_step": talk.next_step, "next_date": talk.next_date}
    if _is_first_contact(project, talk.talk_date):
        new["approached_date"] = talk.talk_date
    changes = core.differences(project, new)
    if changes:
        Project.objects.filter(pk=project.pk).update(**new, version=F("version") + 1, updated_at=now)
    Project.objects.filter(pk=project.pk).update(progress_at=now, **queries.renewed(project, now))
    project.refresh_from_db()
    events.record(
        by=by, verb="projects.project.talked", obj=project, changes=changes,
        data={"text": f"{talk.talk_date} {talk.get_form_display()}", "talk": talk.pk},
    )  # fmt: skip
    return talk


def _is_first_contact(project: Project, day: date) -> bool:
    """Say whether a talk of that day is the first contact, as far as is known: nobody entered one of before, or of after signing."""
    before = project.approached_date or queries.signing_day(project)
    return before is None or day < before


def drop_transfer(project: Project, by: Actor) -> None:
    """Close the transfer under way of a project that is over; who was offered it no longer sees it."""
    going_on = project.transfers.filter(state__in=stages.OPEN_TRANSFERS)
    for transfer in going_on:
        values = {"state": stages.WITHDRAWN, "version": F("version") + 1, "updated_at": timezone.now()}
        if going_on.filter(pk=transfer.pk).update(**values) != 1:  # it came to nothing meanwhile
            continue
        project.participations.filter(part=stages.RECEIVER, until=None).update(until=timezone.localdate())
        events.record(
            by=by, verb="projects.transfer.withdraw", obj=transfer, note=project.get_status_display()
        )


def note_stage(project: Project) -> None:
    """Start the clock of the stage in which a project stands now, and stop that of the one before."""
    now, today = timezone.now(), timezone.localdate()
    for stay in project.stays.filter(until=None):
        days = max((today - timezone.localdate(stay.since)).days, 0)
        project.stays.filter(pk=stay.pk).update(until=now, days=days)
    Stay.objects.create(project=project, stage=project.stage, since=now)


def read_anew(project: Project) -> None:
    """Read the project as it is now, held until the transaction ends: for acts that may follow each other but not overtake."""
    project.refresh_from_db(from_queryset=Project.objects.select_for_update(no_key=True))


def hold_project(project: Project, **values: Any) -> None:
    """Let nobody move or change the project meanwhile: what was checked of it still stands when this commits."""
    here = Project.objects.filter(pk=project.pk, version=project.version)
    if here.update(version=F("version") + 1, updated_at=timezone.now(), **values) != 1:
        raise stale(project, _("您的操作没有生效，请刷新页面后再试。"))
    project.refresh_from_db()


# --- what follows, and who is told --------------------------------------------------------------------------------


def find_by_new_name(event: Event, by: Actor) -> None:
    """Let leads and projects be found by the new name of their enterprise."""
    if "name" in event.changes:
        for model in (Lead, Project):
            search.refresh(
                model, *model.objects.filter(enterprise=event.object_id).values_list("pk", flat=True)
            )


def land_targets(event: Event, by: Actor) -> None:
    """Let the firm of a new project count as won on the target lists of the units it is for (clause 1.2)."""
    project = Project.objects.get(pk=event.object_id or 0)
    if project.enterprise_id is not None:
        units = {project.reporter_unit_id, *([project.host_unit_id] if project.host_unit_id else [])}
        units |= {group.pk for group in groups_for_industry(project.industry)} if project.industry else set()
        library.land_targets(by=by, enterprise=project.enterprise_id, units=units, project=project.code)


def tell_assessors(event: Event, by: Actor) -> None:
    """Tell those who assess the leads of the handling unit of a new one."""
    lead = Lead.objects.get(pk=event.object_id or 0)
    core.notify(event, users_of_units([lead.handling_unit_id], "projects.lead.assess"))


def tell_team(event: Event, by: Actor) -> None:
    """Tell the people of a project's team that it is over, or held by another unit from now on."""
    team = TeamMember.objects.filter(project=event.object_id or 0, until=None)
    core.notify(event, team.values_list("user", flat=True))


def tell_holder(event: Event, by: Actor) -> None:
    """Tell those who answer for the unit that holds a project what became of it, or falls due."""
    project = Project.objects.get(pk=event.object_id or 0)
    holder = project.host_unit_id or project.reporter_unit_id
    core.notify(event, users_of_units([holder], "projects.project.hold"))


def tell_of_what_counts(event: Event, by: Actor) -> None:
    """Tell those who reverse entries for the whole city of a project that is ended and still counts in the ledger."""
    city = Unit.objects.filter(parent=None).values_list("pk", flat=True)
    core.notify(event, users_of_units(city, "projects.ledger.reverse"))


def tell_member(event: Event, by: Actor) -> None:
    """Tell a person that he is on a team now."""
    core.notify(event, [event.data["user"]])


def _proves_anew(project: Project, attachment: Attachment) -> bool:
    """Say whether a new file proves what was reversed of a project that is ended, as a claim of it must."""
    kinds = {kind.code for kind in achievements.KINDS.values() if kind.evidence == attachment.kind}
    is_new = attachment._state.adding
    return is_new and any(
        lifecycle.puts_right(project, *known) for known in queries.taken_back(project) if known[0] in kinds
    )


def keep_closed(attachment: Attachment) -> Sentence | None:
    """Object to another file on, or one less of, what is over: a project lost or ended, a lead declined or converted."""
    if attachment.object_type == events.type_of(Project):
        project = Project.objects.filter(pk=attachment.object_id, status__in=stages.OVER).first()
        label = project.get_status_display() if project and not _proves_anew(project, attachment) else None
    elif attachment.object_type == events.type_of(Lead):
        lead = Lead.objects.filter(pk=attachment.object_id).exclude(state__in=queries.OPEN_LEADS).first()
        label = lead.get_state_display() if lead else None
    else:
        return None
    return _("状态是“%(state)s”，材料不能再增减。") % {"state": label} if label else None
