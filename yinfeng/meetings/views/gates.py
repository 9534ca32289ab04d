"""Decision gates: the projects that wait at one; of each which chain applies and why, how far it has come, recording what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.errors import Missing
from yinfeng.core.tables import day, with_query
from yinfeng.core.web import EditPage, ExportPage, ListPage, MovePage
from yinfeng.meetings import gating, queries, services
from yinfeng.meetings.filters_gates import MINE, TurnFilter
from yinfeng.meetings.forms_gates import PassForm, RefuseForm
from yinfeng.meetings.lifecycle_gates import GATE
from yinfeng.meetings.models import GateDecision
from yinfeng.meetings.tables_gates import TurnTable
from yinfeng.projects import stages
from yinfeng.projects.models import Project
from yinfeng.projects.sections import SectionPage

VIEW, RECORD = "projects.project.view", "meetings.gate.record"
TONES = {gating.PASSED: "success", gating.REFUSED: "danger", gating.UNDONE: "muted"}
ICONS = {gating.PASSED: "check", gating.REFUSED: "x", gating.UNDONE: "arrow-back-up"}


class Turns(ListPage):
    """The projects that wait for a body to decide: at which gate, since when, in whose hand."""

    permission = VIEW
    model = Project
    filterset = TurnFilter
    table = TurnTable
    key = "gates"
    title = gettext_lazy("待决策的项目")
    export_permission = "projects.project.export"
    export_route = "gates-export"

    def queryset(self) -> Any:
        return queries.at_gates(self.by, timezone.localdate())

    def tabs(self) -> list[dict[str, Any]]:
        if not self.by.may(RECORD):
            return []
        chosen = self.request.GET.get("turn", "")
        return [
            {
                "label": label, "active": chosen == turn,
                "url": with_query(self.request.GET, turn=turn or None, after=None, before=None),
            }
            for turn, label in (("", _("全部")), (MINE, _("轮到我的")))
        ]  # fmt: skip

    def empty(self) -> dict[str, Any]:
        hint = _("按城市方案，某类项目须经投委会等机构逐级决策；轮到哪个机构而尚未通过的项目列在这里。")
        projects = {"label": _("打开项目"), "url": reverse("projects")}
        return {"title": _("没有等待决策的项目"), "hint": hint, "act": projects, "icon": "gavel"}


class ExportTurns(ExportPage):
    permission = "projects.project.export"
    page = Turns
    file_title = gettext_lazy("待决策的项目")


class ProjectGates(SectionPage):
    """The chain of a project, every gate with what was decided there, and what was decided besides."""

    template_name = "meetings/project_gates.html"
    route = "project-gates"
    actions = (gating.GATE,)
    edit_action = "view"

    def content(self) -> dict[str, Any]:
        project: Project = self.object
        applied = queries.chain_of(project, timezone.localdate())
        decisions = queries.decisions_of(project)
        chain = applied.chain
        steps = queries.steps_of(chain, decisions) if chain else []
        unclear = applied.unclear
        return {
            "title": project.name,
            "chain": chain.label if chain else "",
            "reason": applied.reason,
            "source": chain.source if chain else "",
            "before": self._before(chain) if chain else "",
            "unclear": _("项目的情况还不足以判断是否适用“%(chain)s”。") % {"chain": unclear.label}
            if unclear
            else "",
            "steps": [self._step(number, step, steps) for number, step in enumerate(steps, 1)],
            "all_url": reverse("gates"),
            "besides": [self._line(item, is_old=True) for item in queries.besides(applied, decisions)],
        }

    @staticmethod
    def _before(chain: queries.Chain) -> str:
        if not chain.before_stage:
            return ""
        return _("各节点都通过之后，项目才能转为%(stage)s。") % {"stage": stages.STAGES[chain.before_stage]}

    @property
    def may_record(self) -> bool:
        return gating.GATE in self.allowed() and self.object.status not in stages.OVER

    def _step(self, number: int, step: queries.Step, steps: Sequence[queries.Step]) -> dict[str, Any]:
        told = {
            gating.PASSED: (_("已通过"), "success", "check"),
            queries.OPEN: (_("待决策"), "warning", "clock"),
            queries.AFTER: (_("前面的节点尚未通过"), "muted", "lock"),
        }
        text, tone, icon = told[step.state]
        last = max((item.gate.code for item in steps if item.passed), key=[item.gate.code for item in steps].index, default="")  # fmt: skip
        lines = [
            *(self._line(item, may_undo=self.may_record) for item in step.refusals),
            *(
                [self._line(step.passed, may_undo=self.may_record and step.gate.code == last)]
                if step.passed
                else []
            ),
        ]
        return {
            "number": number,
            "name": step.gate.label,
            "state": {"text": text, "tone": tone, "icon": icon},
            "decisions": lines,
            "acts": self._acts(step) if self.may_record and step.state == queries.OPEN else [],
        }

    def _acts(self, step: queries.Step) -> list[dict[str, Any]]:
        arguments = [self.object.pk, step.gate.code]
        return [
            {"label": _("记录通过"), "url": reverse("project-gate-pass", args=arguments), "style": "primary", "icon": "check"},
            {"label": _("记录未通过"), "url": reverse("project-gate-refuse", args=arguments), "style": "secondary", "icon": "x"},
        ]  # fmt: skip

    def _line(self, item: GateDecision, *, may_undo: bool = False, is_old: bool = False) -> dict[str, Any]:
        undone = ""
        if item.state == gating.UNDONE:
            undone = f"{item.undone_by or ''} · {day(item.undone_at)} · {item.undone_reason}"
        return {
            "title": f"{item.chain_name} · {item.gate_name}" if is_old else item.gate_name,
            "state": {"text": item.get_state_display(), "tone": TONES[item.state]},
            "icon": ICONS[item.state],
            "day": day(item.decided_date),
            "document": item.document,
            "opinion": item.opinion,
            "resolution": self._resolution(item),
            "recorded": f"{item.recorded_by} · {day(item.recorded_at)}",
            "undone": undone,
            "file": item.evidence and {"name": item.evidence.name, "url": reverse("file", args=[item.evidence_id])},
            "undo_url": reverse("meetings.gatedecision-move", args=[item.pk, "undo"]) if may_undo else "",
        }  # fmt: skip

    def _resolution(self, item: GateDecision) -> dict[str, str] | None:
        """Return which resolution a decision names; who sees the project and may look at meetings sees it."""
        if item.resolution is None:
            return None
        url = item.resolution.get_absolute_url() if self.by.may("meetings.meeting.view") else ""
        return {"text": f"{item.resolution.topic.title} {item.resolution.reference}", "url": url}


class RecordDecision(EditPage):
    """Record what the body of a gate decided about a project."""

    permission = RECORD
    model = Project
    action = gating.GATE
    secret_notice = True
    form: ClassVar[type[PassForm]]
    gate: queries.Gate

    def start(self) -> None:
        super().start()
        applied = queries.chain_of(self.object, timezone.localdate())
        gate = applied.chain.gate(self.kwargs["gate"]) if applied.chain else None
        if gate is None:
            raise Missing
        self.gate = gate
        self.resolutions = queries.resolutions_for(self.object, gate, self.by)

    def form_arguments(self) -> dict[str, Any]:
        return {"resolutions": self.resolutions}

    def initial(self) -> dict[str, Any]:
        """Propose the newest resolution by which this can be recorded, its day, its number and conditions; today where there is none."""
        last = self.resolutions.filter(decision__in=self.form.decisions).first()
        if last is None:
            return {"decided_date": timezone.localdate()}
        document = f"{last.meeting.body.label}{last.meeting.numbered} {_('议定事项%(number)s') % {'number': last.reference}}"
        return {
            "resolution": last.pk, "decided_date": last.decided_date, "document": document, "opinion": last.conditions,
        }  # fmt: skip

    def cancel_url(self) -> str:
        return reverse("project-gates", args=[self.object.pk])

    def values(self, form: Any) -> dict[str, Any]:
        data = dict(form.cleaned_data)
        file = data.pop("evidence")
        return data | {"file": file, "name": file.name if file else ""}

    def extra(self) -> dict[str, Any]:
        return {"intro": f"{self.object} · {self.gate.label}"}


class PassGate(RecordDecision):
    form = PassForm
    title = gettext_lazy("记录通过")
    submit_label = gettext_lazy("记录通过")

    def act(self, form: Any) -> str:
        services.pass_gate(by=self.by, project=self.object, gate=self.gate.code, **self.values(form))
        return self.cancel_url()

    def done(self, result: Any) -> str:
        return _("已记录“%(gate)s”通过。") % {"gate": self.gate.label}


class RefuseGate(RecordDecision):
    form = RefuseForm
    title = gettext_lazy("记录未通过")
    submit_label = gettext_lazy("记录未通过")

    def act(self, form: Any) -> str:
        services.refuse_gate(by=self.by, project=self.object, gate=self.gate.code, **self.values(form))
        return self.cancel_url()

    def done(self, result: Any) -> str:
        return _("已记录“%(gate)s”未通过，可以再次提请决策。") % {"gate": self.gate.label}


class MoveDecision(MovePage):
    permission = VIEW
    model = GateDecision
    lifecycle = GATE

    def perform(self, *, reason: str, version: int | None) -> None:
        services.undo_decision(by=self.by, decision=self.object, reason=reason, version=version)
