"""Pages of planned projects: the list in its states, one with its reasons and firms, what units planned, taking one up."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Missing
from yinfeng.core.forms import ReasonForm
from yinfeng.core.money import show
from yinfeng.core.queries import code_labels
from yinfeng.core.scopes import ScopedQuerySet, rows
from yinfeng.core.tables import day, with_query
from yinfeng.core.web import ActPage, EditPage, ExportPage, ListPage, MovePage, Page
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.details import Detail, edit_link, fact
from yinfeng.projects.forms_proposals import GenerateForm, OpinionForm, PartnerForm, ProposalForm
from yinfeng.projects.lists_proposals import PROPOSAL_TONES, STALE, ProposalFilter, ProposalTable
from yinfeng.projects.models import Project, Proposal
from yinfeng.projects.tables import STAGE_TONES
from yinfeng.projects.views.leads import enterprise_url

VIEW, CHANGE = "projects.proposal.view", "projects.proposal.change"


class Proposals(ListPage):
    permission = VIEW
    model = Proposal
    table = ProposalTable
    filterset = ProposalFilter
    key = "proposals"
    title = gettext_lazy("策划生成")
    export_permission = "projects.proposal.export"
    export_route = "proposals-export"

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many proposals are in each state."""
        return queries.proposal_counts(self.by)

    def total(self) -> int:
        return sum(self.counts.values())

    def tabs(self) -> list[dict[str, Any]]:
        chosen = self.request.GET.get("state", "")
        every = [("", _("全部"), self.total())]
        every += [
            (state, str(label), self.counts.get(state, 0)) for state, label in stages.PROPOSAL_STATES.items()
        ]
        found = [
            {
                "label": label, "count": f"{count:,}", "active": chosen == state,
                "url": with_query(self.request.GET, state=state or None, after=None, before=None),
            }
            for state, label, count in every
        ]  # fmt: skip
        return [*found, {"label": _("按单位统计"), "url": reverse("proposals-units"), "active": False}]

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may(CHANGE):
            return None
        return {"label": _("提出策划项目"), "url": reverse("proposal-new"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _("城市想要什么项目、为什么、落在哪里、找哪家企业：先策划、论证、发布，再生成项目去对接。")
        return {"title": _("还没有策划项目"), "hint": hint, "act": self.primary(), "icon": "compass"}


class ExportProposals(ExportPage):
    permission = "projects.proposal.export"
    page = Proposals
    file_title = gettext_lazy("策划项目清单")


class PlannedByUnit(Page):
    """What each unit planned, what it comes to, and how much of it became projects."""

    permission = VIEW
    template_name = "projects/planned_by_unit.html"
    title = gettext_lazy("策划项目按单位统计")

    def get(self, request: HttpRequest) -> HttpResponse:
        today = timezone.localdate()
        listed = {unit.pk for unit in queries.planners()}
        return self.render(
            {
                "units": [self._line(item, item.unit in listed) for item in queries.planned_by_unit(self.by, today)],
                "states": list(stages.PROPOSAL_STATES.values()),
                "rounds": _rounds_told(queries.calendar(today)),
                "back": {"url": reverse("proposals"), "label": _("策划生成")},
            }
        )  # fmt: skip

    @staticmethod
    def _line(item: queries.Planned, is_listed: bool) -> dict[str, Any]:
        def number(count: int, **asked: Any) -> dict[str, Any]:
            url = f"{reverse('proposals')}?{urlencode({'planning_unit': item.unit, **asked})}"
            return {"count": f"{count:,}", "url": url if is_listed and count else "", "none": not count}

        rate = item.conversion
        return {
            "name": item.name,
            "states": [number(count, state=state) for state, count in item.counts.items()],
            "amount": show(item.amount) if item.amount else "—",
            "projects": f"{item.projects:,}",
            "conversion": f"{rate:.0%}" if rate is not None else "—",
            "late": number(item.late, due="late"),
            "stale": number(item.stale, due=STALE),
        }


def _rounds_told(rounds: queries.Calendar | None) -> str:
    """Return the calendar in words."""
    if rounds is None:
        return _("城市方案没有策划日程，不提示时限。")
    told = {
        "collect": rounds.collect, "argue": rounds.argue, "publish": rounds.publish_before, "months": rounds.update_months
    }  # fmt: skip
    return (
        _(
            "每年 %(collect)s 月底前征集，%(argue)s 月底前论证，%(publish)s 月前发布；发布后每 %(months)s 个月更新一次。"
        )
        % told
    )


# --- one proposal -------------------------------------------------------------------------------------------------


class ProposalDetail(Detail):
    permission = VIEW
    model = Proposal
    lifecycles = (lifecycle.PROPOSAL,)
    actions = ("change", "argue", "generate")

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Proposal).select_related(
            "planning_unit", "host_unit", "area", "proposed_by", "argued_by"
        )
        return found

    @cached_property
    def partners(self) -> list[Any]:
        return list(queries.partners(self.object, self.by))

    def allowed(self) -> set[str]:
        """Return what one may do here: nobody edits what was taken up or off."""
        is_open = self.object.state in services.OPEN_PROPOSALS
        return super().allowed() - (set() if is_open or self.object.state == stages.WITHDRAWN else {"change"})

    def may_edit(self) -> bool:
        return "change" in self.allowed() and self.object.state in services.OPEN_PROPOSALS

    def frame(self) -> dict[str, Any]:
        lacking = lifecycle.lacking(self.object, bool(self.partners))
        is_left = any(partner.project is None for partner in self.partners)
        self.object.__dict__ |= {"lacking": lacking, "a_firm_is_left": is_left}
        if self.object.state == stages.ARGUED and "argue" in self.allowed():
            self.object.__dict__["hands"] = queries.hands_in(self.object)
        frame = super().frame()
        if self.object.state in {stages.COLLECTED, stages.ARGUED}:
            items = [{"label": label, "url": self._link(name)} for name, label in lacking.items()]
            title = _("提交论证前还缺什么") if self.object.state == stages.COLLECTED else _("发布前还缺什么")
            frame["missing"] = {"title": title, "items": items}
        return frame

    def _link(self, field: str) -> str:
        if not self.may_edit():
            return ""
        if field == "partners":
            return reverse("proposal-partner-add", args=[self.object.pk])
        return edit_link(
            "proposal-edit", self.object.pk, f"{field}_0" if field == "fixed_investment" else field
        )

    def content(self) -> dict[str, Any]:
        item: Proposal = self.object
        today = timezone.localdate()
        due = queries.due_of(item, today, queries.calendar(today))
        below = queries.below(item.industry, item.fixed_investment, today)
        named = code_labels([("industry", item.industry), ("chain", item.chain)])
        is_argued = item.state in stages.PUBLIC_PROPOSALS or item.argued_by is None
        key_facts = [
            {"label": _("估算总投资"), "value": show(item.estimated)},
            {
                "label": _("最近更新"), "value": day(item.checked_date), "sub": due.sentence if due else "",
                "tone": ("danger" if due.is_late else "warning") if due else "",
            },
            {
                "label": _("生成的项目"),
                "value": _("%(made)s 个，拟对接 %(wanted)s 家") % {
                    "made": sum(queries.is_told(partner) for partner in self.partners), "wanted": len(self.partners)
                },
            },
        ]  # fmt: skip
        threshold = (
            _("低于门槛 %(least)s：%(reason)s")
            % {"least": show(below.minimum), "reason": item.exception or _("未说明")}
            if below
            else ""
        )
        groups = [
            (_("内容和依据"), [
                fact(_("建设内容"), item.content, wide=True),
                fact(_("策划依据"), item.rationale, wide=True),
                fact(_("回报机制"), item.return_mechanism, wide=True),
            ]),
            (_("产业和投资"), [
                fact(_("产业链"), named.get("chain")),
                fact(_("行业"), named.get("industry")),
                fact(_("估算总投资"), show(item.estimated)),
                fact(_("固定资产投资"), show(item.fixed_investment), sub=threshold),
            ]),
            (_("落在哪里"), [
                fact(_("拟落地单位"), item.host_unit.brief if item.host_unit else ""),
                fact(_("所在片区"), item.area, url=item.area.get_absolute_url() if item.area else ""),
                fact(_("拟选址"), item.site),
                fact(_("用地需求（亩）"), f"{item.land_mu:,.2f}" if item.land_mu is not None else ""),
            ]),
            (_("提出和论证"), [
                fact(_("策划单位"), item.planning_unit.brief),
                fact(_("提出人"), item.proposed_by),
                fact(_("征集日期"), day(item.collected_date)),
                fact(_("论证人") if is_argued else _("上次论证人"), item.argued_by, sub=day(item.argued_date) if item.argued_date else ""),
                fact(_("论证意见") if is_argued else _("上次论证意见"), item.opinion, wide=True),
            ]),
        ]  # fmt: skip
        return {
            "back": {"url": reverse("proposals"), "label": _("策划生成")},
            "badges": [{"text": stages.PROPOSAL_STATES[item.state], "tone": PROPOSAL_TONES[item.state]}],
            "subtitle": item.planning_unit.brief,
            "key_facts": key_facts,
            "fact_groups": [{"title": title, "facts": found} for title, found in groups],
            "edit_url": reverse("proposal-edit", args=[item.pk]) if self.may_edit() else "",
            "related": [self._partners()],
        }

    def _partners(self) -> dict[str, Any]:
        """Return the panel of the firms, each with the project that came of it."""
        item: Proposal = self.object
        may_change = "change" in super().allowed() and item.state != stages.WITHDRAWN
        add = reverse("proposal-partner-add", args=[item.pk])
        lines = [self._partner(found, may_change) for found in self.partners]
        return {
            "title": _("拟对接企业"), "rows": lines,
            "act": {"label": _("加入企业"), "url": add} if may_change else None,
            "empty": _("还没有。写明想找哪几家企业、为什么，发布之后逐家生成项目。"),
        }  # fmt: skip

    def _partner(self, found: Any, may_change: bool) -> dict[str, Any]:
        line: dict[str, Any] = {
            "title": found.enterprise.name, "url": enterprise_url(found.enterprise, self.by), "sub": found.reason
        }  # fmt: skip
        if found.project is None:
            remove = reverse("proposal-partner-remove", args=[self.object.pk, found.pk])
            return line | {"remove_url": remove if may_change else ""}
        if not queries.is_told(found):
            return line
        if not found.sees_project:
            return line | {"badge": {"text": _("已生成项目"), "tone": "success"}}
        stage = {"text": stages.STAGES[found.project.stage], "tone": STAGE_TONES[found.project.stage]}
        return line | {
            "badge": stage, "act": {"label": found.project.code, "url": found.project.get_absolute_url()}
        }  # fmt: skip


# --- acts ---------------------------------------------------------------------------------------------------------


class ProposalFormPage(ActPage):
    form = ProposalForm
    secret_notice = True

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by}


class Propose(ProposalFormPage):
    permission = CHANGE
    title = gettext_lazy("提出策划项目")
    submit_label = gettext_lazy("提出")

    def initial(self) -> dict[str, Any]:
        return {"planning_unit": self.by.unit_id}

    def cancel_url(self) -> str:
        return reverse("proposals")

    def act(self, form: ProposalForm) -> Proposal:
        return services.propose(
            by=self.by, values=form.values(), confirmed=form.cleaned_data["confirm_amounts"]
        )

    def done(self, result: Any) -> str:
        return _("已提出。写明拟对接的企业之后，可以提交论证。")


class EditProposal(ProposalFormPage, EditPage):
    permission = CHANGE
    model = Proposal
    title = gettext_lazy("修改策划项目")

    def start(self) -> None:
        super().start()
        self.was = self.object.state

    def initial(self) -> dict[str, Any]:
        return ProposalForm.initial_of(self.object)

    def act(self, form: ProposalForm) -> Proposal:
        data = form.cleaned_data
        return services.change_proposal(
            by=self.by, proposal=self.object, version=data["version"] or 0, values=form.values(),
            confirmed=data["confirm_amounts"],
        )  # fmt: skip

    def done(self, result: Proposal) -> str:
        if result.state != self.was:
            return _("已保存。内容有变化，已转入论证，论证通过后重新发布。")
        return super().done(result)

    def extra(self) -> dict[str, Any]:
        warnings = {
            stages.ARGUED: _("正在等待论证：修改过它的人不能论证它。"),
            stages.PUBLISHED: _(
                "已发布的策划项目，修改内容、依据、回报、投资或选址后须由别人重新论证，论证通过之前不再公开；只改名称、策划单位或产业链的不用。"
            ),
        }
        told = warnings.get(self.was)
        return {"warnings": [{"tone": "warning", "title": told}] if told else []}


class MoveProposal(MovePage):
    permission = VIEW
    model = Proposal
    lifecycle = lifecycle.PROPOSAL

    def start(self) -> None:
        super().start()
        if self.move.action == "argue":
            self.form = OpinionForm  # type: ignore[misc]

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_proposal(
            by=self.by, proposal=self.object, move=self.move.name, reason=reason, version=version
        )


class AddPartner(EditPage):
    permission = CHANGE
    model = Proposal
    template_name = "projects/lead_form.html"
    form = PartnerForm
    title = gettext_lazy("加入拟对接企业")
    submit_label = gettext_lazy("加入")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by}

    def initial(self) -> dict[str, Any]:
        return {}

    def act(self, form: PartnerForm) -> Proposal:
        data = form.cleaned_data
        services.add_partner(
            by=self.by, proposal=self.object, enterprise=data["enterprise"], reason=data["reason"]
        )
        return self.object  # type: ignore[no-any-return]

    def extra(self) -> dict[str, Any]:
        check = {"live_check_url": reverse("lead-check"), "live_check_field": "enterprise_name"}
        return {"intro": str(self.object), **(check if self.by.may("projects.lead.register") else {})}


class RemovePartner(EditPage):
    permission = CHANGE
    model = Proposal
    form = ReasonForm
    danger = True
    title = gettext_lazy("移除拟对接企业")
    submit_label = gettext_lazy("移除")

    def start(self) -> None:
        super().start()
        self.partner = queries.partner(self.object, self.kwargs["partner"])
        if self.partner is None:
            raise Missing

    def initial(self) -> dict[str, Any]:
        return {}

    def act(self, form: ReasonForm) -> Proposal:
        services.remove_partner(
            by=self.by, proposal=self.object, pk=self.kwargs["partner"], reason=form.cleaned_data["reason"]
        )
        return self.object  # type: ignore[no-any-return]

    def extra(self) -> dict[str, Any]:
        return {"intro": f"{self.object} · {self.partner}"}


class GenerateProject(EditPage):
    """Make a project of a published proposal with one of its firms; the plan is linked to it."""

    permission = "projects.project.add"
    model = Proposal
    action = "generate"
    form = GenerateForm
    secret_notice = True
    title = gettext_lazy("生成项目")
    submit_label = gettext_lazy("建立项目")

    def start(self) -> None:
        super().start()
        lifecycle.PROPOSAL.check(self.object, "generate", self.by)

    def form_arguments(self) -> dict[str, Any]:
        return {"proposal": self.object}

    def initial(self) -> dict[str, Any]:
        item: Proposal = self.object
        return super().initial() | {
            "name": item.title, "intended": item.estimated, "summary": item.content, "secrecy": stages.INTERNAL
        }  # fmt: skip

    def act(self, form: GenerateForm) -> Project:
        data = form.cleaned_data
        return services.generate_project(
            by=self.by, proposal=self.object, partner=data["partner"].pk, values=form.values(), despite=data["despite"],
            confirmed=data["confirm_amounts"], version=data["version"],
        )  # fmt: skip

    def done(self, result: Project) -> str:
        return _("已建立项目 %(code)s，您是项目负责人。") % {"code": result.code}

    def extra(self) -> dict[str, Any]:
        item: Proposal = self.object
        closed = queries.closed_places(item)
        told = _("%(places)s已经撤销，不会带入项目，请在项目中另选。") % {
            "places": _("、").join(str(Proposal._meta.get_field(name).verbose_name) for name in closed)  # type: ignore[union-attr]
        }
        return {
            "intro": str(item),
            "warnings": [{"tone": "warning", "title": told}] if closed else [],
        }  # fmt: skip
