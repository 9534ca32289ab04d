"""Pages of projects: list, page, change, moves, talks, units and team."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Exists, FilteredRelation, Model, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Invalid
from yinfeng.core.forms import ReasonForm
from yinfeng.core.money import show, show_money
from yinfeng.core.queries import code_labels
from yinfeng.core.scopes import ScopedQuerySet, fetch, rows
from yinfeng.core.tables import Table, day, moment, with_query
from yinfeng.core.views import safe_next
from yinfeng.core.web import ActPage, EditPage, ExportPage, ListPage, MovePage, Page
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import achievements, demands, facts, lifecycle, queries, services, stages
from yinfeng.projects.achievements import Achievement
from yinfeng.projects.details import Detail, edit_link, fact
from yinfeng.projects.filters import ProjectFilter
from yinfeng.projects.forms import (
    ExtendForm,
    GradeForm,
    JointUnitForm,
    LoseForm,
    MemberForm,
    ProjectForm,
    TakeOutForm,
    TalkForm,
    UnitForm,
    intended_of,
)
from yinfeng.projects.models import Lead, Project, Proposal
from yinfeng.projects.sections import tabs_of
from yinfeng.projects.tables import (
    STAGE_TONES,
    STATUS_TONES,
    TRANSFER_TONES,
    ProjectTable,
    light_badge,
    yes_no,
)
from yinfeng.projects.views.categories import category_act, category_fact
from yinfeng.projects.views.claims import ClaimPanel, back_act, claim_act, step_back_panel
from yinfeng.projects.views.leads import CheckEnterprise, enterprise_url, own_notices
from yinfeng.projects.views.reported import reported_codes, reported_group

BULK_LIMIT = 200


class Projects(ListPage):
    permission = "projects.project.view"
    model = Project
    table: ClassVar[type[Table]] = ProjectTable
    filterset: ClassVar[type[ProjectFilter]] = ProjectFilter
    key = "projects"
    title = gettext_lazy("项目")
    export_permission = "projects.project.export"
    export_route = "projects-export"

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may("projects.project.add"):
            return None
        return {"label": _("新建项目"), "url": reverse("project-new"), "icon": "plus"}

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many projects stand in each stage."""
        return dict(queries.stage_counts(self.by))

    def total(self) -> int:
        return sum(self.counts.values())

    def tabs(self) -> list[dict[str, Any]]:
        """Return the states of the library with how many projects stand in each."""
        chosen = self.request.GET.get("state", "")
        every = [("", _("全部"), self.total())]
        every += [
            (state.code, state.label, sum(self.counts.get(stage, 0) for stage in state.stages))
            for state in queries.states()
        ]
        return [
            {
                "label": label,
                "count": f"{count:,}",
                "active": chosen == code,
                "url": with_query(self.request.GET, state=code or None, stage=None, after=None, before=None),
            }
            for code, label, count in every
        ]

    def bulk(self) -> list[dict[str, Any]]:
        acts = [{"label": _("关注"), "url": reverse("projects-follow"), "icon": "star"}]
        if self.request.GET.get("to_leave") == "true" and self.by.may("projects.project.hold"):
            acts.append({"label": _("移出项目库"), "url": reverse("projects-take-out"), "icon": "folder-x"})
        if self.by.may("projects.project.team"):
            acts.append(
                {"label": _("加入协同单位"), "url": reverse("projects-joint"), "icon": "building-plus"}
            )
        return acts

    def empty(self) -> dict[str, Any]:
        hint = _("项目由研判通过的线索转来，也可以直接新建策划项目。")
        return {"title": _("还没有项目"), "hint": hint, "act": self.primary(), "icon": "briefcase"}


class ExportProjects(ExportPage):
    permission = "projects.project.export"
    page = Projects
    file_title = gettext_lazy("项目清单")


def _picked(page: Page) -> list[Project]:
    """Return the projects ticked on the list, through their scope."""
    keys = [int(pk) for pk in page.request.POST.getlist("pk") if pk.isdecimal() and len(pk) < 19]
    if not keys:
        raise Invalid(_("请先在清单中勾选项目。"))
    return list(rows(Project).permitted(page.by).filter(pk__in=keys[:BULK_LIMIT]))


class FollowProjects(Page):
    permission = "projects.project.view"

    def post(self, request: HttpRequest) -> HttpResponse:
        picked = _picked(self)
        for project in picked:
            core.follow(by=self.by, obj=project)
        self.say(_("已关注 %(count)s 个项目。") % {"count": len(picked)})
        return HttpResponseRedirect(safe_next(request, reverse("projects")))


class JointProjects(ActPage):
    """Ask for the unit first (the list posts the ticked rows), then let it take part in all of them."""

    permission = "projects.project.team"
    form = JointUnitForm
    title = gettext_lazy("加入协同单位")

    def cancel_url(self) -> str:
        return reverse("projects")

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.picked = _picked(self)
        if "unit" not in request.POST:
            keys = [project.pk for project in self.picked]
            return self.show(self.make_form(initial={"pk": keys}))
        form = self.make_form(data=request.POST)
        if not form.is_valid():
            return self.show(form, status=422)
        unit = form.cleaned_data["unit"]
        added, left = services.add_joint_unit(by=self.by, projects=self.picked, unit=unit)
        sentence = _("%(unit)s已加入 %(count)s 个项目。") % {"unit": unit.brief, "count": added}
        if left:
            sentence += _("另有 %(count)s 个没有加入：已在其中，或您不能调整。") % {"count": left}
        self.say(sentence)
        return HttpResponseRedirect(reverse("projects"))

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("projects"))

    def extra(self) -> dict[str, Any]:
        return {"intro": _("将加入 %(count)s 个项目。") % {"count": len(self.picked)}}


class TakeOutProjects(ActPage):
    """Take the ticked projects out of the library that have stood still too long; each keeps the rule's sentence as its reason."""

    permission = "projects.project.hold"
    form = TakeOutForm
    title = gettext_lazy("移出项目库")
    submit_label = gettext_lazy("移出项目库")

    def cancel_url(self) -> str:
        return f"{reverse('projects')}?to_leave=true"

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.picked = _picked(self)
        if "reason" not in request.POST:
            return self.show(self.make_form(initial={"pk": [project.pk for project in self.picked]}))
        form = self.make_form(data=request.POST)
        if not form.is_valid():
            return self.show(form, status=422)
        done, left = services.take_out(by=self.by, projects=self.picked, reason=form.cleaned_data["reason"])
        sentence = _("已将 %(count)s 个项目移出项目库。") % {"count": done}
        if left:
            sentence += _("另有 %(count)s 个没有移出：还没有到期、有事项待核验，或您不能办理。") % {
                "count": left
            }
        self.say(sentence)
        return HttpResponseRedirect(self.cancel_url())

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(self.cancel_url())

    def extra(self) -> dict[str, Any]:
        told = _("将办理 %(count)s 个项目，原因按规则逐个写明（没有进展的天数）。移出之后可以重新入库。")
        return {"intro": told % {"count": len(self.picked)}}


# --- one project --------------------------------------------------------------------------------------------------


class ProjectDetail(Detail):
    permission = "projects.project.view"
    model = Project
    template_name = "projects/project.html"
    lifecycles = (lifecycle.STAGE, lifecycle.STATUS)
    actions = ("change", "advance", "hold", "verify", "team", "record", "transfer", "extend", "grade")

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        """Bring along the one step back that waits: at most one, so the join multiplies nothing.

        Names of people come by subqueries: with each join more, PostgreSQL plans about as long as it reads.
        """
        joined: Any = Project.objects.all().annotate(
            going_back=FilteredRelation("steps_back", condition=Q(steps_back__state=stages.ASKED)),
            sees_lead=Exists(Lead.objects.permitted(by).filter(pk=OuterRef("lead"))),
            sees_proposal=Exists(Proposal.objects.permitted(by).filter(partners__project=OuterRef("pk"))),
            sees_parent=Exists(Project.objects.permitted(by).filter(pk=OuterRef("parent"))),
            creator_name=queries.name_of("created_by"),
            asked_by_name=queries.name_of("going_back__asked_by"),
            arrived=queries.arrived("pk"),
            is_disputed=queries.is_disputed(),
            has_yielded=queries.has_yielded("project"),
            **demands.known(),
        )
        found: ScopedQuerySet[Any] = queries.with_investors(joined).select_related(
            "enterprise",
            "lead",
            "host_unit",
            "reporter_unit",
            "parent",
            "going_back",
            "planned_as__proposal",
            "area",
            "registered_firm",
        )
        return found

    def frame(self) -> dict[str, Any]:
        self.object.__dict__.setdefault("going_back", None)  # nothing was joined: nobody asked
        self.object.__dict__["situation"] = self.claims.situation()
        frame = super().frame() | {"missing": self._missing()}
        evidence = self.claims.evidence()
        for file in frame["files"]:
            if file["url"] in evidence:  # taking it off would be refused
                file["remove_url"] = ""
        if self.lacking:
            self._point_to_missing(frame["acts"])
        if step := self.claims.step(bool(self.lacking)):
            frame["acts"].insert(0, step)
        frame["acts"] += back_act(self.object, self.allowed())
        if "grade" in self.allowed():
            frame["acts"].append({
                "label": _("调整分级"), "icon": "stairs-up", "style": "secondary", "method": "get", "blocked_reason": "",
                "url": reverse("project-grade", args=[self.object.pk]),
            })  # fmt: skip
            frame["acts"] += category_act(self.object)
        return frame

    def _point_to_missing(self, acts: list[dict[str, Any]]) -> None:
        """Let the blocked step to the next stage lead to the list of what is missing instead of repeating it."""
        target = facts.next_stage(self.object)
        steps = {move.label for move in lifecycle.STAGE.moves if move.target == target}
        for act in acts:
            if act["blocked_reason"] and act["label"] in steps:
                act["blocked_reason"] = _("还有缺项，见清单。")
                act |= {"blocked_reasons": [], "blocked_url": "#missing-title"}

    def told_of(self) -> Sequence[Model]:
        """Return whose story is told and whose files are listed: the lead's only for those who may see the lead."""
        project: Project = self.object
        return [project, project.lead] if project.lead is not None and project.sees_lead else [project]  # type: ignore[attr-defined]

    def allowed(self) -> set[str]:
        """Return what one may do here: nobody edits a project that is over."""
        return super().allowed() - ({"change", "record"} if self.is_over else set())

    @property
    def is_over(self) -> bool:
        return self.object.status in stages.OVER

    def may_edit(self) -> bool:
        return "change" in self.allowed()

    def content(self) -> dict[str, Any]:
        project: Project = self.object
        allowed = self.allowed()
        involved, grown, passed = self.involved
        can_team = "team" in allowed
        can_join = can_team and not self.is_over
        return {
            "back": {"url": reverse("projects"), "label": _("项目")},
            "code": project.code,
            "tabs": tabs_of(project, "project"),
            "badges": self._badges(),
            "subtitle": project.enterprise.name if project.enterprise else "",
            "progress": self._progress(),
            "key_facts": self._key_facts(),
            "fact_groups": self._facts(),
            "edit_url": reverse("project-edit", args=[project.pk]) if self.may_edit() else "",
            "head_acts": self._head_acts(allowed),
            "units": {
                "title": _("参与单位"),
                "rows": self._units([row for row in involved if not row.is_person], can_team),
                "act": self._add(_("加入单位"), "project-unit-add", can_join),
                "empty": _("还没有。"),
            },
            "team": {
                "title": _("项目团队"),
                "rows": [self._member(row, can_team) for row in involved if row.is_person],
                "act": self._add(_("加入成员"), "project-member-add", can_join),
                "empty": _("还没有。"),
            },
            "talks": [self._talk(talk) for talk in queries.talks(project)],
            "claims": self.claims.content(),
            "step_back": step_back_panel(project, self.by, allowed),
            "warnings": self._to_take_over(involved, passed, can_team),
            "related": [*self._extensions(grown), *self._linked(), *self._passed(passed, allowed)],
        }

    @cached_property
    def involved(self) -> tuple[list[queries.Involved], list[queries.Extension], list[queries.Passed]]:
        return queries.involved(self.object, self.by)

    @cached_property
    def lacking(self) -> list[facts.Fact]:
        """Return the facts that the next stage asks for and that are not there."""
        stage = facts.next_stage(self.object)
        return facts.missing(self.object, stage) if stage and self.object.status == stages.ONGOING else []

    def _to_take_over(
        self, involved: list[queries.Involved], passed: list[queries.Passed], can_team: bool
    ) -> list[dict[str, Any]]:
        """Ask the unit that took a project over for a leader of its own, until there is one."""
        was_passed = any(item.state == stages.COMPLETED_TRANSFER for item in passed)
        if not was_passed or self.object.status != stages.ONGOING:
            return []
        if any(row.is_leader and row.is_of_host for row in involved):
            return []
        url = reverse("project-member-add", args=[self.object.pk]) if can_team else ""
        return [{
            "tone": "warning", "title": _("项目已经流转：请指定承接单位的项目负责人，并核对拟选址。"),
            "url": url, "label": _("加入成员"),
        }]  # fmt: skip

    def _passed(self, passed: list[queries.Passed], allowed: set[str]) -> list[dict[str, Any]]:
        """Return the panel of how the project is passed on, where it was or the person may offer it."""
        is_open = any(item.is_open for item in passed)
        may_offer = "transfer" in allowed and not is_open and self.object.status == stages.ONGOING
        if not passed and not may_offer:
            return []
        lines = [
            {
                "title": item.way, "url": reverse("transfer", args=[item.pk]),
                "badge": {"text": stages.TRANSFER_STATES[item.state], "tone": TRANSFER_TONES[item.state]},
            }
            for item in passed
        ]  # fmt: skip
        act = {"label": _("提出流转"), "url": reverse("project-transfer", args=[self.object.pk])}
        empty = _("本单位承载不了的项目，可以提出流转给其他区或开发区。")
        return [{"title": _("项目流转"), "rows": lines, "act": act if may_offer else None, "empty": empty}]

    def _linked(self) -> list[dict[str, Any]]:
        """Return the panel of the investor's other projects of which something was declared, of those the person sees."""
        linked: list[queries.Linked] = self.object.__dict__["linked"]
        lines = [
            {
                "title": item.name, "url": reverse("project", args=[item.pk]), "sub": f"{item.code} · {day(item.declared)} · {item.reason}",
                "badge": {"text": stages.LINKS[item.kind], "tone": "info" if item.kind == stages.RELATED else "muted"},
            }
            for item in linked
        ]  # fmt: skip
        return (
            [{"title": _("同一投资方的其他项目"), "rows": lines, "act": None, "empty": ""}] if lines else []
        )

    def _extensions(self, grown: list[queries.Extension]) -> list[dict[str, Any]]:
        """Return the panel of the projects by which this one grew, once there can be some."""
        project: Project = self.object
        may_extend = not project.parent_id and services.may_grow(project) and "extend" in self.allowed()
        found = [
            {
                "title": item.name, "url": reverse("project", args=[item.pk]), "sub": item.code,
                "badge": {"text": stages.STAGES[item.stage], "tone": STAGE_TONES[item.stage]},
            }
            for item in grown
        ]  # fmt: skip
        act = {"label": _("增资扩产"), "url": reverse("project-extend", args=[project.pk])}
        if not found and not may_extend:
            return []
        return [{
            "title": _("增资扩产"), "rows": found, "act": act if may_extend else None,
            "empty": _("企业追加投资时，在这里建立增资扩产项目。"),
        }]  # fmt: skip

    @cached_property
    def claims(self) -> ClaimPanel:
        return ClaimPanel(self.object, self.by, super().allowed())

    @cached_property
    def light(self) -> queries.Light | None:
        today = timezone.localdate()
        return queries.light_of(self.object, today, queries.limits(today), self.grade)

    @cached_property
    def grade(self) -> queries.Grade | None:
        return queries.grade_of(self.object, queries.tiers(timezone.localdate()))

    def _badges(self) -> list[dict[str, Any]]:
        project = self.object
        badges = [
            {"text": stages.STAGES[project.stage], "tone": STAGE_TONES[project.stage]},
            {"text": stages.STATUSES[project.status], "tone": STATUS_TONES[project.status]},
        ]
        if light := self.light:
            badges.append(light_badge(light))
        if project.secrecy == stages.SENSITIVE:
            badges.append({"text": stages.SECRECY[project.secrecy], "tone": "danger", "icon": "lock"})
        return badges

    def _progress(self) -> list[dict[str, Any]]:
        """Return the stages that the project goes through, its own among them."""
        project = self.object
        path = [stage for stage in stages.ORDER if stage in facts.path(project) or stage == project.stage]
        here, last = path.index(project.stage), len(path) - 1
        since = _("%(day)s 起") % {"day": day(project.stage_since)}
        return [
            {
                "label": stages.STAGES[stage],
                "state": "done"
                if index < here or index == here == last
                else "current"
                if index == here
                else "todo",
                "note": since if index == here else "",
            }
            for index, stage in enumerate(path)
        ]

    def _key_facts(self) -> list[dict[str, Any]]:
        """Return what one opens the page for: how much, what next and by when, how long nothing has moved."""
        project, today = self.object, timezone.localdate()
        signed = project.contracted is not None
        amount = project.contracted if signed else project.intended
        still = (today - timezone.localdate(project.progress_at)).days
        sub = _("%(days)s 天前") % {"days": still} if still else _("今天")
        tone = ""
        if (light := self.light) and light.code != stages.GREEN:
            sub, tone = light.reason, "danger" if light.code == stages.RED else "warning"
        found = [
            fact(_("合同投资额") if signed else _("意向投资额"), show(amount) if amount is not None else _("未填")),
            {**fact(_("最近进展"), day(project.progress_at), sub=sub), "tone": tone},
        ]  # fmt: skip
        if project.status == stages.ONGOING:
            due = project.next_date
            late = due is not None and due < today
            sub = day(due) if due else ""
            found.append({
                **fact(_("下一步"), project.next_step or _("还没有排定。记录洽谈时写明下一步和时限。"), wide=True),
                "sub": _("%(day)s，已过期") % {"day": sub} if late else sub, "tone": "danger" if late else "",
                "empty": not project.next_step,
            })  # fmt: skip
        return found

    def _missing(self) -> dict[str, Any] | None:
        project, stage = self.object, facts.next_stage(self.object)
        if stage is None or project.status != stages.ONGOING:
            return None
        items: list[dict[str, Any]] = [
            {"label": item.label, "url": self._fill_link(item.field), "hint": item.advice}
            for item in self.lacking
        ]
        items += self._hindrances(stage)
        if kind := self.claims.next_kind():
            items.append(self._missing_claim(kind))
        title = _("进入“%(stage)s”还缺什么") % {"stage": stages.STAGES[stage]}
        return {"title": title, "items": items, "advice": "" if items else self._who_advances(stage)}

    def _hindrances(self, stage: str) -> list[dict[str, Any]]:
        """Return what else the gate asks for than facts and proof: what was reversed, a dispute, what waits to be decided."""
        claimable = {kind.code: claim_act(self.object, kind)["url"] for kind in self.claims.claimable()}
        told = [
            {"label": sentence, "url": claimable.get(kind, "")}
            for kind in self.claims.situation().undone
            for sentence in lifecycle.asked_anew([kind])
        ]
        return told + [{"label": sentence} for sentence in lifecycle.hindrances(self.object, stage, self.by)]

    def _who_advances(self, stage: str) -> str:
        """Return who lets the project into its next stage now that all is there, to whoever may not."""
        if "advance" in self.allowed():
            return ""
        _involved = self.involved
        names = _("、").join(sorted(self.object.__dict__["advancing"]))
        unit = (self.object.host_unit or self.object.reporter_unit).brief
        who = (
            _("%(unit)s负责人（%(names)s）") % {"unit": unit, "names": names}
            if names
            else _("领导小组办公室")
        )
        return _("请%(who)s转为“%(stage)s”。") % {"who": who, "stage": stages.STAGES[stage]}

    def _missing_claim(self, kind: Achievement) -> dict[str, Any]:
        """Return what proves the next stage as something missing: the claim, or its verification."""
        if any(claim.kind == kind.code for claim in self.claims.waiting):
            return {"label": _("另一位同事的核验"), "hint": _("申报已提交，等待核验。")}
        act = self.claims.step(bool(self.lacking))
        label = _("%(kind)s申报和%(evidence)s") % {"kind": kind.label, "evidence": kind.evidence_label}
        return {"label": label, "url": act["url"] if act and not self.lacking else ""}

    def _fill_link(self, field: str) -> str:
        """Return the address where something missing is entered: of the first contact, where talks are recorded."""
        if field == "approached_date" and "record" in self.allowed():
            return reverse("project-talk", args=[self.object.pk])
        return self._edit_link(field)

    def _edit_link(self, field: str) -> str:
        """Return the address of the edit form at a field; an amount and the enterprise are typed into parts of theirs."""
        if not self.may_edit():
            return ""
        target = {"enterprise": "enterprise_name", "registered_firm": "registered_name"}.get(field, field)
        if field in {"intended", "fixed_investment", "expected_output", "expected_tax"}:
            target += "_0"
        return edit_link("project-edit", self.object.pk, target)

    def _facts(self) -> list[dict[str, Any]]:
        project, stage = self.object, facts.next_stage(self.object)
        lacking = {item.field for item in facts.missing(project, stage)} if stage else set()

        def line(name: str, value: Any, url: str = "", **more: Any) -> dict[str, Any]:
            label = facts.field_of(name).verbose_name
            missing = name in lacking
            link = self._fill_link(name) if missing else url
            return fact(str(label), value, missing=missing, url=link, **more)

        coded = (
            "project_class", "industry", "chain", "investment_kind", "headquarters_kind", "construction_kind", "lost_reason"
        )  # fmt: skip
        named = code_labels([*reported_codes(project), *((name, getattr(project, name)) for name in coded)])
        enterprise, firm = project.enterprise, project.registered_firm
        link = enterprise_url(enterprise, self.by) if enterprise else ""
        arrived = Decimal(project.arrived) / 100 if project.arrived is not None else None
        parent = project.parent
        grown = []
        if parent is not None:
            seen = project.sees_parent
            grown = [
                fact(
                    _("原项目"),
                    parent.name if seen else _("不在您的查看范围内"),
                    url=parent.get_absolute_url() if seen else "",
                )
            ]
        groups = [
            (_("金额"), [
                line("intended", show_money(intended_of(project)) if project.intended is not None else ""),
                fact(_("合同投资额"), show(project.contracted), sub=_("核验签约后填入") if project.contracted is None else ""),
                *([fact(_("到位资金"), show(arrived), sub=_("核验到账凭证后累计"))] if arrived is not None else []),
                line("fixed_investment", show(project.fixed_investment)),
                line("expected_output", show(project.expected_output)),
                line("expected_tax", show(project.expected_tax)),
                self._grade(),
                *category_fact(project),
            ]),
            (_("基本情况"), [
                *grown,
                *self._planned(),
                line("project_class", named.get("project_class")),
                line("is_foreign", yes_no(project.is_foreign)),
                line("origin", project.origin),
                line("industry", named.get("industry")),
                line("chain", named.get("chain")),
                line("investment_kind", named.get("investment_kind")),
                fact(_("知悉范围"), stages.SECRECY[project.secrecy]),
                fact(_("首报时间"), moment(project.lead.first_reported_at) if project.lead else ""),
                fact(_("建立人"), project.creator_name),
                line("summary", project.summary, wide=True),
            ]),
            (_("投资方"), [
                line("enterprise", enterprise.name if enterprise else "", url=link),
                line("contact_name", project.contact_name),
            ]),
            *reported_group(project),
            *([(_("总部"), [
                line("headquarters_kind", named.get("headquarters_kind")),
                line("headquarters_staff", f"{project.headquarters_staff:,}" if project.headquarters_staff else ""),
                line("headquarters_functions", project.headquarters_functions, wide=True),
            ])] if project.headquarters_kind else []),
            (_("落地"), [
                line("host_unit", project.host_unit.brief if project.host_unit else ""),
                line("area", project.area or "", url=project.area.get_absolute_url() if project.area else ""),
                line("site", project.site),
                line("land_mu", f"{project.land_mu:,.2f}" if project.land_mu is not None else ""),
                line("construction_kind", named.get("construction_kind")),
                *([line(
                    "registered_firm", firm.name if firm else "", url=enterprise_url(firm, self.by) if firm else "",
                    sub=(firm.uscc or "") if firm else "",
                )] if firm or "registered_firm" in lacking else []),
            ]),
            (_("计划与实际"), [
                *(
                    line(field, day(getattr(project, field)), sub=delay.told_with_first if (delay := queries.delay_of(project, field)) else "")
                    for field in queries.PLANNED_DAYS
                ),
                *(
                    fact(str(kind.day), day(when))
                    for kind in achievements.KINDS.values()
                    if kind.date_field and (when := getattr(project, kind.date_field)) is not None
                ),
            ]),
        ]  # fmt: skip
        if project.status == stages.LOST:
            lost = [
                fact(_("流失原因"), named.get("lost_reason")),
                fact(_("流向地"), project.rival_place),
            ]
            groups.insert(0, (_("流失"), lost))
        return [{"title": title, "facts": found} for title, found in groups]

    def _planned(self) -> list[dict[str, Any]]:
        """Return of which planned project this one came, if of one that the person may see."""
        plan = getattr(self.object, "planned_as", None)
        if plan is None or not self.object.sees_proposal:
            return []
        return [fact(_("策划项目"), plan.proposal, url=plan.proposal.get_absolute_url())]

    def _grade(self) -> dict[str, Any]:
        grade = self.grade
        told = _("；").join(filter(None, [grade.reason, grade.tier.demands])) if grade else ""
        return fact(_("分级"), grade.label if grade else "", sub=told)

    def _head_acts(self, allowed: set[str]) -> list[dict[str, Any]]:
        if "record" not in allowed:
            return []
        url = reverse("project-talk", args=[self.object.pk])
        return [{"label": _("记录洽谈"), "url": url, "icon": "message-plus"}]

    def _add(self, label: str, route: str, allowed: bool) -> dict[str, str] | None:
        return {"label": label, "url": reverse(route, args=[self.object.pk])} if allowed else None

    def _units(self, involved: list[queries.Involved], can_team: bool) -> list[dict[str, Any]]:
        """Return each unit once, with all its parts."""
        units: dict[int | None, dict[str, Any]] = {}
        for row in involved:
            line = self._unit(row, can_team)
            known = units.setdefault(row.unit_id, line)
            if known is not line:
                known["sub"] = _("、").join((str(known["sub"]), str(line["sub"])))
                known["remove_url"] = known["remove_url"] or line["remove_url"]
        return list(units.values())

    def _unit(self, row: queries.Involved, can_team: bool) -> dict[str, Any]:
        removable = can_team and row.part in stages.CHOSEN_PARTS
        url = reverse("project-unit-remove", args=[self.object.pk, row.pk]) if removable else ""
        return {"title": row.name, "sub": stages.PARTS[row.part], "remove_url": url}

    def _member(self, row: queries.Involved, can_team: bool) -> dict[str, Any]:
        url = reverse("project-member-remove", args=[self.object.pk, row.pk]) if can_team else ""
        role = _("项目负责人") if row.is_leader else _("团队成员")
        return {"title": row.name, "sub": role, "remove_url": url}

    @staticmethod
    def _talk(talk: Any) -> dict[str, Any]:
        where = " · ".join(part for part in (talk.get_form_display(), talk.place) if part)
        return {
            "day": day(talk.talk_date),
            "where": where,
            "our_side": talk.our_side,
            "their_side": talk.their_side,
            "summary": talk.summary,
            "next_step": talk.next_step,
            "next_day": day(talk.next_date) if talk.next_date else "",
            "who": f"{talk.recorded_by} · {talk.unit.brief}",
        }


# --- acts on a project --------------------------------------------------------------------------------------------


class ProjectFormPage(ActPage):
    template_name = "projects/lead_form.html"
    form = ProjectForm
    secret_notice = True

    def form_arguments(self) -> dict[str, Any]:
        return {
            "by": self.by,
            "stage": self.object.stage if self.object else stages.PLANNED,
            "project": self.object,
        }

    def extra(self) -> dict[str, Any]:
        found = {"live_check_url": reverse("project-new-check"), "live_check_field": "enterprise_name"}
        if self.object:
            found["live_check_url"] = reverse("project-check", args=[self.object.pk])
            found["intro"] = f"{self.object.code} · {self.object}"
        return found


class CheckEnterpriseOfNew(CheckEnterprise):
    """Tells of the own units' projects too: a second one is asked about."""

    permission = "projects.project.add"

    def own(self, enterprise: Enterprise) -> list[dict[str, Any]]:
        edited = self.exclude()
        return own_notices(
            queries.own_projects(enterprise, self.by, edited if isinstance(edited, Project) else None)
        )


class CheckEnterpriseOfProject(CheckEnterpriseOfNew):
    permission = "projects.project.view"

    def exclude(self) -> Project:
        found: Project = fetch(rows(Project), self.by, self.kwargs["pk"], "change")
        return found


class AddProject(ProjectFormPage):
    permission = "projects.project.add"
    title = gettext_lazy("新建项目")
    submit_label = gettext_lazy("建立项目")

    def cancel_url(self) -> str:
        return reverse("projects")

    def act(self, form: ProjectForm) -> Project:
        data = form.cleaned_data
        return services.add_project(
            by=self.by,
            values=form.values(),
            despite=data["despite"],
            related=data["related"],
            confirmed=data["confirm_amounts"],
        )

    def done(self, result: Project) -> str:
        return _("已建立项目 %(code)s，您是项目负责人。") % {"code": result.code}


class EditProject(ProjectFormPage, EditPage):
    permission = "projects.project.view"
    model = Project
    title = gettext_lazy("修改项目")

    def initial(self) -> dict[str, Any]:
        return ProjectForm.initial_of(self.object)

    def act(self, form: ProjectForm) -> Project:
        data = form.cleaned_data
        return services.change_project(
            by=self.by, project=self.object, version=data["version"] or 0, values=form.values(),
            despite=data["despite"], related=data["related"], confirmed=data["confirm_amounts"], put_off=data["put_off"],
        )  # fmt: skip


class ExtendProject(EditPage):
    """Make a project of the growth of one that has landed: it counts by its amount alone."""

    permission = "projects.project.add"
    model = Project
    action = "extend"
    form = ExtendForm
    secret_notice = True
    title = gettext_lazy("增资扩产")
    submit_label = gettext_lazy("建立项目")

    def initial(self) -> dict[str, Any]:
        return {"name": _("%(name)s增资扩产") % {"name": self.object.name}}

    def act(self, form: ExtendForm) -> Project:
        return services.extend_project(
            by=self.by, project=self.object, values=form.values(), despite=form.cleaned_data["despite"],
            confirmed=form.cleaned_data["confirm_amounts"],
        )  # fmt: skip

    def done(self, result: Project) -> str:
        return _("已建立项目 %(code)s，您是项目负责人。") % {"code": result.code}

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}


class GradeProject(EditPage):
    """Grade a project otherwise than by its amount, or by the rule again, with a reason."""

    permission = "projects.project.grade"
    model = Project
    action = "grade"
    form = GradeForm
    title = gettext_lazy("调整分级")

    def start(self) -> None:
        """Read how the project is graded now, before the act sets anything on it."""
        super().start()
        grade = queries.grade_of(self.object, queries.tiers(timezone.localdate()))
        self.now = f"{grade.label}（{grade.reason}）" if grade else _("未分级")

    def form_arguments(self) -> dict[str, Any]:
        return {"tiers": queries.tiers(timezone.localdate())}

    def initial(self) -> dict[str, Any]:
        return {"grade": self.object.grade_override}

    def act(self, form: GradeForm) -> Project:
        data = form.cleaned_data
        return services.set_grade(
            by=self.by,
            project=self.object,
            grade=data["grade"],
            reason=data["reason"],
            version=data["version"],
        )

    def extra(self) -> dict[str, Any]:
        return {
            "intro": _("%(project)s，现在的分级：%(grade)s") % {"project": self.object, "grade": self.now}
        }


class MoveProject(MovePage):
    permission = "projects.project.view"
    model = Project

    def start(self) -> None:
        self.lifecycle = lifecycle.lifecycle_of(self.kwargs["move"])  # type: ignore[misc]
        super().start()

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_project(
            by=self.by, project=self.object, move=self.move.name, reason=reason, version=version
        )

    def initial(self) -> dict[str, Any]:
        """Begin the reason with the rule by which the project is to leave the library."""
        today = timezone.localdate()
        why = (
            queries.leaving(self.object, today, queries.limits(today)) if self.move.name == "take_out" else ""
        )
        return super().initial() | ({"reason": why} if why else {})

    def extra(self) -> dict[str, Any]:
        frame = super().extra()
        if self.move.name == "end" and self.object.contracted is not None:
            kept = _("已记入业绩台账的签约不会自动冲销，系统会通知领导小组办公室核定后办理。")
            frame["consequences"] = [*frame["consequences"], kept]
        if self.move.name in {"end", "take_out"} and (count := queries.still_open(self.object)):
            dropped = _("还有 %(count)s 个难点待解决，将随项目了结。") % {"count": count}
            frame["consequences"] = [*frame["consequences"], dropped]
        return frame


class LoseProject(EditPage):
    permission = "projects.project.hold"
    model = Project
    action = "hold"
    form = LoseForm
    danger = True
    title = gettext_lazy("记为流失")
    submit_label = gettext_lazy("记为流失")

    def start(self) -> None:
        super().start()
        lifecycle.STATUS.check(self.object, "lose", self.by)

    def act(self, form: LoseForm) -> Project:
        data = form.cleaned_data
        return services.move_project(
            by=self.by, project=self.object, move="lose", reason=data["reason"], version=data["version"],
            lost_reason=data["lost_reason"], rival_place=data["rival_place"],
        )  # fmt: skip


class RecordTalk(EditPage):
    permission = "projects.contact.record"
    model = Project
    action = "record"
    form = TalkForm
    secret_notice = True
    title = gettext_lazy("记录洽谈")

    def act(self, form: TalkForm) -> Project:
        services.record_talk(by=self.by, project=self.object, values=form.cleaned_data)
        return self.object  # type: ignore[no-any-return]

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}


class TeamPage(EditPage):
    permission = "projects.project.team"
    model = Project
    action = "team"

    def initial(self) -> dict[str, Any]:
        return {}

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}


class Joining(TeamPage):
    """Somebody joins a project, which nobody does once it is over."""

    def start(self) -> None:
        super().start()
        services.refuse_to_join(self.object)


class AddUnit(Joining):
    form = UnitForm
    title = gettext_lazy("加入参与单位")
    submit_label = gettext_lazy("加入")

    def act(self, form: UnitForm) -> Project:
        services.add_unit(by=self.by, project=self.object, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]


class RemoveUnit(TeamPage):
    form = ReasonForm
    danger = True
    title = gettext_lazy("移出参与单位")
    submit_label = gettext_lazy("移出")

    def act(self, form: ReasonForm) -> Project:
        services.remove_unit(
            by=self.by, project=self.object, pk=self.kwargs["part"], reason=form.cleaned_data["reason"]
        )
        return self.object  # type: ignore[no-any-return]


class AddMember(Joining):
    form = MemberForm
    title = gettext_lazy("加入团队成员")
    submit_label = gettext_lazy("加入")

    def form_arguments(self) -> dict[str, Any]:
        return {"project": self.object}

    def act(self, form: MemberForm) -> Project:
        services.add_member(by=self.by, project=self.object, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]


class RemoveMember(TeamPage):
    form = ReasonForm
    danger = True
    title = gettext_lazy("移出团队成员")
    submit_label = gettext_lazy("移出")

    def act(self, form: ReasonForm) -> Project:
        services.remove_member(
            by=self.by, project=self.object, pk=self.kwargs["member"], reason=form.cleaned_data["reason"]
        )
        return self.object  # type: ignore[no-any-return]
