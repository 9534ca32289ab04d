"""Planning projects (策划生成, clauses 1.2 and 2.2): proposed, argued by somebody else, published, taken up as projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Invalid
from yinfeng.core.models import Event
from yinfeng.core.money import show
from yinfeng.core.scopes import demand, permits
from yinfeng.core.services import person
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.services import hold
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import hosts, users_of_units
from yinfeng.projects import lifecycle, queries, stages
from yinfeng.projects.models import Partner, Project, Proposal
from yinfeng.projects.services.asking import ask_about_amounts
from yinfeng.projects.services.records import (
    add_project,
    check_area,
    check_codes,
    take_part,
)

Values = Mapping[str, Any]

# What can still be changed: what was taken up or off stays as it was.
OPEN_PROPOSALS = (stages.COLLECTED, stages.ARGUED, stages.PUBLISHED)


@transaction.atomic
def propose(*, by: Actor, values: Values, confirmed: bool = False, is_demo: bool = False) -> Proposal:
    """Propose a project that the city wants; below the threshold of its industry ``exception`` says why all the same.

    ``confirmed`` says that unusual amounts are right.
    """
    unit = values.get("planning_unit")
    if unit is None:
        raise Invalid(_("请选择策划单位。"), fields={"planning_unit": [_("请选择策划单位。")]})
    by.require_at("projects.proposal.change", unit.pk)
    _check(values, confirmed)
    proposal = Proposal(proposed_by_id=person(by), is_demo=is_demo, **values)
    core.add(proposal, by=by, verb="projects.proposal.entered")
    if not permits(proposal, by, "view"):
        raise Forbidden(_("这样提出的策划项目您自己将看不到，所以没有保存。请改由有权的同事提出。"))
    return proposal


@transaction.atomic
def change_proposal(
    *, by: Actor, proposal: Proposal, version: int, values: Values, confirmed: bool = False
) -> Proposal:
    """Change a proposal, by which it is looked at too; one that was argued or published must go on saying enough.

    What was published is argued again, and out of the sight of others, when anything changes of what it was argued about.
    """
    demand(proposal, by, "change")
    if proposal.state not in OPEN_PROPOSALS:
        state = stages.PROPOSAL_STATES[proposal.state]
        raise Conflict(_("策划项目的状态是“%(state)s”，不能再修改。") % {"state": state})
    if unit := values.get("planning_unit"):
        by.require_at("projects.proposal.change", unit.pk)
    _check(values, confirmed, proposal)
    before = lifecycle.lacking(proposal)
    checked = {"checked_date": timezone.localdate()} if core.differences(proposal, values) else {}
    changes = core.apply_edit(
        proposal, {**values, **checked}, by=by, version=version, verb="projects.proposal.changed"
    )
    emptied = lifecycle.lacking(proposal).keys() - before.keys()
    if emptied and proposal.state != stages.COLLECTED:
        sentence = _("策划项目已提交论证或已发布，这一项不能空着。")
        raise Invalid(sentence, fields={name: [sentence] for name in emptied})
    if proposal.state == stages.PUBLISHED and changes.keys() & set(Proposal.argued_about):
        begins_anew = {"collected_date": timezone.localdate()}  # it belongs to the present round
        lifecycle.PROPOSAL.perform(proposal, "argue_again", by=by, within=True, values=begins_anew)
        if not permits(proposal, by, "view"):
            raise Forbidden(_("这样修改之后，您将看不到这个策划项目，所以没有保存。请让有权的同事修改。"))
    return proposal


def _check(values: Values, confirmed: bool, proposal: Proposal | None = None) -> None:
    """Refuse codes the profile lacks; question amounts, and what is below the threshold of its industry (青田县, FACTS §1.2)."""
    check_codes(values)
    check_area(values, proposal)
    _check_units(values, proposal)

    def given(name: str) -> Any:
        return values[name] if name in values else getattr(proposal, name, None)

    fixed, whole = given("fixed_investment"), given("estimated")
    if fixed is not None and whole is not None and fixed > whole:
        told = {"fixed": show(fixed), "whole": show(whole)}
        sentence = _("固定资产投资（%(fixed)s）不能大于估算总投资（%(whole)s）。") % told
        raise Invalid(sentence, fields={"fixed_investment": [sentence]})
    threshold = queries.below(given("industry") or "", fixed, timezone.localdate())
    if threshold is not None and (threshold.refuses or not (given("exception") or "").strip()):
        told = {"fixed": show(fixed), "least": show(threshold.minimum)}
        sentence = _("固定资产投资 %(fixed)s，低于这个行业的策划门槛 %(least)s。") % told
        if threshold.refuses:
            raise Invalid(sentence, fields={"fixed_investment": [sentence]})
        raise Invalid(sentence, fields={"exception": [sentence + _("仍要策划的，请写明理由。")]})
    ask_about_amounts(values, confirmed, proposal)


def _check_units(values: Values, proposal: Proposal | None) -> None:
    """Refuse units that are closed or of another kind, unless the proposal names them already."""
    for name, offered in (("planning_unit", queries.planners), ("host_unit", hosts)):
        unit: Unit | None = values.get(name)
        is_kept = unit is not None and proposal is not None and unit.pk == getattr(proposal, f"{name}_id")
        if unit is not None and not is_kept and not offered().filter(pk=unit.pk).exists():
            sentence = _("%(unit)s已经撤销或不能作为这样的单位，请选择别的单位。") % {"unit": unit.brief}
            raise Invalid(sentence, fields={name: [sentence]})


@transaction.atomic
def move_proposal(
    *, by: Actor, proposal: Proposal, move: str, reason: str = "", version: int | None = None
) -> Proposal:
    """Submit, publish, send back, confirm, take off or collect again. “generate” is ``generate_project``."""
    if move == "generate":
        raise Invalid(_("请选择企业来生成项目。"))
    today = timezone.localdate()
    values: dict[str, Any] = {}
    if move in {"publish", "send_back"}:
        values = {"opinion": reason.strip(), "argued_by_id": person(by), "argued_date": today}
    if move in {"publish", "refresh"}:
        values["checked_date"] = today
    if move == "collect_again":
        values = {"collected_date": today, "checked_date": today}
    lifecycle.PROPOSAL.perform(proposal, move, by=by, reason=reason, version=version, values=values)
    return proposal


# --- partners -----------------------------------------------------------------------------------------------------


@transaction.atomic
def add_partner(*, by: Actor, proposal: Proposal, enterprise: Enterprise, reason: str) -> Partner:
    """Name a firm of the library with which the project is to be done, and why this one."""
    demand(proposal, by, "change")
    if proposal.state == stages.WITHDRAWN:
        raise Conflict(_("策划项目已撤下，请先重新征集。"))
    hold(enterprise)
    partner = core.insert(Partner(proposal=proposal, enterprise=enterprise, reason=reason.strip()))
    _look_at(proposal)
    events.record(
        by=by, verb="projects.proposal.partner_added", obj=proposal, note=partner.reason, data={"text": enterprise.name}
    )  # fmt: skip
    return partner


@transaction.atomic
def remove_partner(*, by: Actor, proposal: Proposal, pk: int, reason: str) -> None:
    """Take a firm off, saying why; not one with which a project was made, nor the last one of what is published."""
    demand(proposal, by, "change")
    partner = queries.partner(proposal, pk)
    if partner is None:
        raise Conflict(_("这家企业已不在拟对接企业中，请刷新页面。"))
    if not reason.strip():
        raise Invalid(_("请填写原因。"), fields={"reason": [_("请填写原因。")]})
    _look_at(proposal)  # which holds the row: of two who take off the last two, one comes later
    if proposal.state != stages.COLLECTED and proposal.partners.count() == 1:
        raise Conflict(_("策划项目已提交论证或已发布，至少要有一家拟对接企业。请先加入另一家。"))
    if proposal.partners.filter(pk=pk, project=None).delete()[0] != 1:
        raise Conflict(_("已与这家企业生成项目，不能移除。"))
    events.record(
        by=by, verb="projects.proposal.partner_removed", obj=proposal, note=reason.strip(),
        data={"text": partner.enterprise.name},
    )  # fmt: skip


def _look_at(proposal: Proposal) -> None:
    """Let what was done with the partners count as an update of the proposal."""
    Proposal.objects.filter(pk=proposal.pk).update(
        checked_date=timezone.localdate(), version=F("version") + 1, updated_at=timezone.now()
    )  # who decides about it saw other firms
    proposal.refresh_from_db()


@transaction.atomic
def generate_project(
    *, by: Actor, proposal: Proposal, partner: int, values: Values, despite: str = "", confirmed: bool = False,
    version: int | None = None,
) -> Project:  # fmt: skip
    """Make a planned project of a published proposal and one of its partners; of two at once one wins, the other is told.

    Chain, industry, site, land and host are taken over; ``values`` holds name, intended and secrecy, and may say another
    summary. ``despite`` and ``confirmed`` as in ``add_project``.
    """
    lifecycle.PROPOSAL.check(proposal, "generate", by)
    chosen = queries.partner(proposal, partner)
    if chosen is None or chosen.project_id is not None:
        sentence = _("已与这家企业生成项目，请刷新页面。") if chosen else _("请选择一家拟对接企业。")
        raise Conflict(sentence, fields={"partner": [sentence]})
    hold(chosen.enterprise)
    # with whom a sensitive project is made, who sees the plan need not know
    told = "" if values.get("secrecy") == stages.SENSITIVE else chosen.enterprise.name
    lifecycle.PROPOSAL.perform(proposal, "generate", by=by, version=version, data={"text": told})
    kept: dict[str, Any] = {
        "enterprise": chosen.enterprise, "industry": proposal.industry, "chain": proposal.chain, "area": proposal.area,
        "site": proposal.site, "host_unit": proposal.host_unit, "summary": proposal.content,
    }  # fmt: skip
    kept |= dict.fromkeys(queries.closed_places(proposal))  # what has been closed since is not taken over
    if proposal.partners.count() == 1:  # of several firms none is said to do the whole
        kept |= {"land_mu": proposal.land_mu, "fixed_investment": proposal.fixed_investment}
    project = add_project(
        by=by, values=kept | dict(values), despite=despite, confirmed=confirmed, is_demo=proposal.is_demo
    )
    if proposal.partners.filter(pk=chosen.pk, project=None).update(project=project) != 1:
        raise Conflict(_("已与这家企业生成项目，请刷新页面。"))
    if not project.participations.current(timezone.localdate()).filter(unit=proposal.planning_unit).exists():
        take_part(project, proposal.planning_unit, stages.JOINT)
    return project


def tell_planners(event: Event, by: Actor) -> None:
    """Tell the unit that planned it what was argued or taken up."""
    proposal = Proposal.objects.get(pk=event.object_id or 0)
    core.notify(event, users_of_units([proposal.planning_unit_id], "projects.proposal.change"))


def tell_arguers(event: Event, by: Actor) -> None:
    """Tell those who may argue what waits for it: in the unit that plans it or, where nobody may, in the office of the city."""
    proposal = Proposal.objects.get(pk=event.object_id or 0)
    city = Unit.objects.filter(parent=None).values_list("pk", flat=True)
    hands = queries.hands_in(proposal)
    for units in ([proposal.planning_unit_id], city):
        if arguers := users_of_units(units, "projects.proposal.argue") - hands:
            core.notify(event, arguers)
            return
