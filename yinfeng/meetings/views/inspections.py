"""Pages of inspections (督查): the list, one with its subjects and findings, the draws, every act; the findings of all."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.comparing import too_deep
from yinfeng.core.exporting import word_file
from yinfeng.core.forms import ReasonForm
from yinfeng.core.scopes import ScopedQuerySet, fetch, rows
from yinfeng.core.tables import day, moment
from yinfeng.core.web import ActPage, DetailPage, EditPage, ExportPage, ListPage, MovePage, Page
from yinfeng.duties import terms
from yinfeng.meetings import inspecting, queries, sampling, services
from yinfeng.meetings.forms_inspections import (
    CloseForm,
    DrawForm,
    FindingForm,
    InspectionForm,
    OrderForm,
    SubjectForm,
    VisitForm,
)
from yinfeng.meetings.lifecycle_inspections import FINDING, INSPECTION
from yinfeng.meetings.lists_inspections import (
    INSPECTION_TONES,
    OUTCOME_TONES,
    FindingFilter,
    FindingTable,
    InspectionFilter,
    InspectionTable,
)
from yinfeng.meetings.models import Draw, Finding, Inspection, Subject
from yinfeng.orgs.models import UNIT_KINDS
from yinfeng.projects.details import fact

VIEW, RUN, OWN = "meetings.inspection.view", "meetings.inspection.run", "meetings.finding.view"


class Inspections(ListPage):
    permission = VIEW
    model = Inspection
    table = InspectionTable
    filterset = InspectionFilter
    key = "inspections"
    title = gettext_lazy("督查")
    export_permission = RUN
    export_route = "inspections-export"

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may(RUN):
            return None
        return {"label": _("部署督查"), "url": reverse("inspection-new"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _(
            "督查在这里部署：定内容和时间，按规则随机抽取单位和项目，记录检查情况和问题，责令整改，写出报告。"
        )
        return {"title": _("还没有督查"), "hint": hint, "act": self.primary(), "icon": "zoom-check"}


class ExportInspections(ExportPage):
    permission = RUN
    page = Inspections
    file_title = gettext_lazy("督查清单")


class Findings(ListPage):
    """What inspections found, in one's sight: an inspected unit reads its own here."""

    permission = OWN
    model = Finding
    table = FindingTable
    filterset = FindingFilter
    key = "findings"
    title = gettext_lazy("督查问题")
    export_permission = RUN
    export_route = "findings-export"

    def empty(self) -> dict[str, Any]:
        hint = _("督查发现的问题责令整改或督查报告写出之后，责任单位在这里看到。")
        return {"title": _("没有督查问题"), "hint": hint, "act": None, "icon": "clipboard-x"}


class ExportFindings(ExportPage):
    permission = RUN
    page = Findings
    file_title = gettext_lazy("督查问题清单")


# --- one inspection -----------------------------------------------------------------------------------------------


class InspectionDetail(DetailPage):
    """One inspection: what it looks at, how its subjects were drawn, the visits, what was found and how that stands."""

    permission = VIEW
    model = Inspection
    template_name = "meetings/inspection.html"
    lifecycles = (INSPECTION,)
    actions = ("run",)
    follows = False

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: Any = queries.with_counts(rows(Inspection).annotate(team_names=queries.team_names()))
        shown: ScopedQuerySet[Any] = found.select_related("unit", "draw__drawn_by", "report")
        return shown

    @property
    def may_run(self) -> bool:
        return "run" in self.allowed()

    @cached_property
    def findings(self) -> list[queries.Told]:
        return queries.findings_of(self.object, self.by)

    def frame(self) -> dict[str, Any]:
        frame = super().frame()
        frame["acts"] += self._other_acts()
        report = reverse("file", args=[self.object.report_id]) if self.object.report_id else ""
        for file in frame["files"]:
            file["kind"] = _("督查报告") if file["url"] == report else ""
            if file["url"] == report:  # taking it off would be refused
                file["remove_url"] = ""
        return frame

    def _other_acts(self) -> list[dict[str, Any]]:
        item: Inspection = self.object

        def link(route: str, label: str, icon: str) -> dict[str, Any]:
            url = reverse(route, args=[item.pk])
            return {"label": label, "url": url, "icon": icon, "style": "secondary", "method": "get"}

        found = []
        if self.may_run and item.state == inspecting.PLANNED:
            if item.population != inspecting.NONE:
                label = _("重新抽取") if item.draw_id else _("抽取对象")
                found.append(link("inspection-draw", label, "dice"))
            found.append(link("inspection-edit", _("修改部署"), "pencil"))
        if self.may_run and item.state in {inspecting.PLANNED, inspecting.UNDER_WAY}:
            found.append(link("inspection-subject-add", _("列入对象"), "plus"))
        if item.state in {inspecting.UNDER_WAY, inspecting.REPORTED}:
            found.append(link("inspection-paper", _("下载报告（最新整改情况）"), "file-download"))
        return found

    def content(self) -> dict[str, Any]:
        item: Any = self.object
        state = {
            "text": str(inspecting.INSPECTION_STATES[item.state]),
            "tone": INSPECTION_TONES[item.state],
        }
        stands = [told for told in self.findings if told.finding.state != inspecting.WITHDRAWN]
        done = sum(told.outcome in {inspecting.SETTLED, inspecting.CORRECTED} for told in stands)
        late = sum(told.outcome == inspecting.LATE for told in stands)
        return {
            "back": {"url": reverse("inspections"), "label": _("督查")},
            "code": item.number,
            "badges": [state],
            "subtitle": item.unit.brief,
            "key_facts": [
                {"label": _("督查对象"), "value": f"{item.subject_count:,}"},
                {"label": _("已检查"), "value": f"{item.subject_count - item.unvisited_count:,}"},
                {"label": _("问题"), "value": f"{len(stands):,}"},
                {"label": _("整改完成"), "value": f"{done:,}",
                 "sub": _("逾期 %(count)s 个") % {"count": late} if late else "", "tone": "danger" if late else ""},
            ],
            "fact_groups": [
                {
                    "title": _("督查"),
                    "facts": [
                        fact(_("督查单位"), item.unit.brief, url=item.unit.get_absolute_url()),
                        fact(_("督查时间"), f"{day(item.starts)} – {day(item.ends)}"),
                        fact(_("督查组成员"), "、".join((item.team_names or "").split(","))),
                        fact(_("督查依据"), item.basis),
                        fact(_("督查内容"), item.matter, wide=True),
                        fact(_("总体评价"), item.conclusion, wide=True),
                    ],
                },
                {"title": _("抽样"), "facts": self._sampling()},
            ],
            "subjects": self._subjects(),
            "related": [self._findings()],
        }  # fmt: skip

    def _sampling(self) -> list[dict[str, Any]]:
        item: Inspection = self.object
        facts = [fact(_("抽样范围"), item.get_population_display())]
        if item.population == inspecting.NONE:
            return facts
        facts.append(fact(_("抽取数量"), size_text(item.rule()), sub=population_text(item)))
        if item.draw is not None:
            told = {
                "all": f"{sum(map(len, item.draw.strata.values())):,}",
                "picked": f"{len(item.draw.picked):,}",
            }
            facts.append(
                fact(
                    _("抽取结果"), _("%(all)s 个中抽中 %(picked)s 个") % told, url=reverse("inspection-draws", args=[item.pk]),
                    sub=f"{item.draw.drawn_by} · {moment(item.draw.drawn_at)}",
                )
            )  # fmt: skip
        return facts

    def _subjects(self) -> dict[str, Any]:
        subjects = queries.subjects_of(self.object, self.by)
        hidden = self.object.subject_count - len(subjects)
        empty = _("还没有督查对象。")
        more = (
            [{"title": _("另有 %(count)s 个敏感项目，不在您的查看范围内") % {"count": hidden}}]
            if hidden
            else []
        )
        return {
            "title": _("督查对象"),
            "rows": [*map(self._subject, subjects), *more],
            "empty": empty,
        }

    def _subject(self, item: Any) -> dict[str, Any]:
        told = [item.responsible().brief] if item.project else []
        told.append(_("抽中") if item.draw_id else _("指定：%(why)s") % {"why": item.reason})
        if item.visited_date:
            told.append(f"{day(item.visited_date)} {item.visit_note}")
        if item.found:
            told.append(_("问题 %(count)s 个") % {"count": item.found})
        under_way = self.may_run and self.object.state == inspecting.UNDER_WAY
        planned = self.may_run and self.object.state == inspecting.PLANNED and item.draw_id is None
        acts = []
        if under_way and item.visited_date:
            acts.append({"label": _("记录问题"), "url": reverse("finding-add", args=[item.pk])})
        if under_way:
            label = _("修改检查情况") if item.visited_date else _("记录检查情况")
            acts.append({"label": label, "url": reverse("inspection-visit", args=[item.pk])})
        shown = item.project or item.unit
        return {
            "title": item.project.name if item.project else item.unit.brief,
            "url": shown.get_absolute_url(),
            "sub": " · ".join(told),
            "badge": {"text": _("已检查"), "tone": "success"} if item.visited_date else {"text": _("未检查"), "tone": "muted"},
            "acts": acts,
            "remove_url": reverse("inspection-subject-remove", args=[item.pk]) if planned else "",
        }  # fmt: skip

    def _findings(self) -> dict[str, Any]:
        lines = [
            {
                "title": f"{told.finding.number}. {told.finding.what}",
                "url": told.finding.get_absolute_url(),
                "sub": " · ".join(
                    filter(
                        None,
                        [told.finding.unit.brief, told.finding.project.name if told.finding.project else "", queries.severity_label(told.finding.severity)],
                    )
                ),
                "badge": outcome_badge(told.outcome),
            }
            for told in self.findings
        ]  # fmt: skip
        empty = _("还没有记录问题。对象检查之后，在它旁边记录。")
        return {"title": _("发现的问题"), "rows": lines, "empty": empty}


def outcome_badge(outcome: str) -> dict[str, str]:
    return {"text": str(inspecting.OUTCOMES[outcome]), "tone": OUTCOME_TONES[outcome]}


def size_text(rule: dict[str, Any]) -> str:
    """Return how many are drawn in words."""
    told = {"size": rule["sample_size"]}
    text = _("%(size)s%%") % told if rule["sample_by"] == inspecting.PERCENT else _("%(size)s 个") % told
    return _("每个落地单位 %(size)s") % {"size": text} if rule["per_unit"] else text


def population_text(item: Inspection) -> str:
    """Return of what an inspection draws in words."""
    if item.population == inspecting.UNITS:
        return _("、").join(str(UNIT_KINDS[kind]) for kind in item.unit_kinds)
    return queries.condition_in_words(item) or _("全部项目")


class InspectionDraws(DetailPage):
    """Every draw of an inspection: who drew when, from what, by which seed, and whether it comes out the same again."""

    permission = VIEW
    model = Inspection
    template_name = "meetings/inspection_draws.html"
    follows = False

    def frame(self) -> dict[str, Any]:
        return {}

    def content(self) -> dict[str, Any]:
        item: Inspection = self.object
        return {
            "back": {"url": item.get_absolute_url(), "label": item.title},
            "title": _("抽样记录"),
            "code": item.number,
            "draws": self._draws(item),
        }

    def _draws(self, item: Inspection) -> list[dict[str, Any]]:
        draws = queries.draws_of(item)
        names = queries.stratum_names(draws)
        return [self._draw(draw, draw.pk == item.draw_id, names) for draw in draws]

    @staticmethod
    def _draw(draw: Draw, stands: bool, names: dict[str, str]) -> dict[str, Any]:
        again = sampling.draw(draw.strata, draw.seed, draw.rule["sample_by"], draw.rule["sample_size"])
        count = sum(map(len, draw.strata.values()))
        return {
            "number": draw.number,
            "stands": stands,
            "who": f"{draw.drawn_by} · {moment(draw.drawn_at)}",
            "seed": draw.seed,
            "size": size_text(draw.rule),
            "count": f"{count:,}",
            "strata": f"{len(draw.strata):,}" if draw.rule["per_unit"] else "",
            "picked": "、".join(map(str, draw.picked)),
            "picked_count": f"{len(draw.picked):,}",
            "reason": draw.reason,
            "same": again == draw.picked,
            "population": [
                {"unit": names.get(unit, ""), "ids": _("、").join(map(str, ids))}
                for unit, ids in draw.strata.items()
            ],
        }


# --- acts on an inspection ----------------------------------------------------------------------------------------


class PlanInspection(ActPage):
    permission = RUN
    form = InspectionForm
    template_name = "meetings/inspection_form.html"
    secret_notice = True
    title = gettext_lazy("部署督查")
    submit_label = gettext_lazy("部署")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by, "is_new": True}

    def initial(self) -> dict[str, Any]:
        today = timezone.localdate()
        return {
            "unit": self.by.unit_id, "starts": today, "population": inspecting.PROJECTS, "sample_size": 5,
            "sample_by": inspecting.COUNT, "field_1": "status", "op_1": "is", "value_1": _("推进中"),
        }  # fmt: skip

    def cancel_url(self) -> str:
        return reverse("inspections")

    def act(self, form: InspectionForm) -> Inspection:
        return services.plan_inspection(
            by=self.by, unit=form.cleaned_data["unit"], values=form.values(), team=form.cleaned_data["team"]
        )

    def done(self, result: Any) -> str:
        return _("已部署，请抽取或列入督查对象。")


class InspectionPage(EditPage):
    """An act of who runs an inspection."""

    permission = RUN
    model = Inspection
    action = "run"

    def extra(self) -> dict[str, Any]:
        return {
            "intro": str(self.object),
            "back": {"label": str(self.object), "url": self.object.get_absolute_url()},
        }


class EditInspection(InspectionPage):
    form = InspectionForm
    template_name = "meetings/inspection_form.html"
    secret_notice = True
    title = gettext_lazy("修改部署")

    def form_arguments(self) -> dict[str, Any]:
        self.kept = too_deep(queries.sampling_condition(self.object))
        return {"by": self.by, "is_new": False, "kept": self.kept}

    def initial(self) -> dict[str, Any]:
        return InspectionForm.initial_values(self.object)

    def act(self, form: InspectionForm) -> Inspection:
        return services.change_inspection(
            by=self.by, inspection=self.object, version=form.cleaned_data["version"] or 0, values=form.values(),
            team=form.cleaned_data["team"],
        )  # fmt: skip

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"kept": self.kept.words if self.kept is not None else ""}


class DrawSubjects(InspectionPage):
    form = DrawForm
    template_name = "core/confirm.html"
    title = gettext_lazy("抽取督查对象")
    submit_label = gettext_lazy("抽取")

    def form_arguments(self) -> dict[str, Any]:
        return {"is_first": self.object.draw_id is None}

    def act(self, form: DrawForm) -> Inspection:
        data = form.cleaned_data
        services.draw_sample(
            by=self.by, inspection=self.object, version=data["version"] or 0, reason=data.get("reason", "")
        )
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已抽取，随机种子和抽样总体已经留存。")

    def extra(self) -> dict[str, Any]:
        item: Inspection = self.object
        told = {"from": population_text(item), "size": size_text(item.rule())}
        more = [_("上一次抽中的对象移出，指定的对象保留；上一次的结果留存备查。")] if item.draw_id else []
        return super().extra() | {
            "sentence": _("从“%(from)s”中随机抽取%(size)s。") % told,
            "consequences": [_("随机种子由系统生成并公开，任何人都可以按种子复核结果。"), *more],
        }


class AddSubject(InspectionPage):
    form = SubjectForm
    title = gettext_lazy("列入督查对象")
    submit_label = gettext_lazy("列入")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by}

    def initial(self) -> dict[str, Any]:
        return {}

    def act(self, form: SubjectForm) -> Inspection:
        services.add_subject(by=self.by, inspection=self.object, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]


class CloseInspection(InspectionPage):
    """Write the report: the inspection ends with it."""

    form = CloseForm
    title = gettext_lazy("写出督查报告")
    submit_label = gettext_lazy("写出报告")
    secret_notice = True

    def start(self) -> None:
        super().start()
        INSPECTION.check(self.object, "report", self.by)

    def act(self, form: CloseForm) -> Inspection:
        data = form.cleaned_data
        return services.report_inspection(
            by=self.by, inspection=self.object, conclusion=data["conclusion"], version=data["version"]
        )

    def extra(self) -> dict[str, Any]:
        if self.object.ends <= timezone.localdate():
            return super().extra()
        told = _("督查原定到 %(day)s 结束。今天写出报告的，结束日期改为今天。") % {
            "day": day(self.object.ends)
        }
        return super().extra() | {"warnings": [{"tone": "warning", "title": told}]}

    def done(self, result: Any) -> str:
        return _("报告已经写出并归档，被督查单位现在可以看到各自的问题。")


class MoveInspection(MovePage):
    permission = VIEW
    model = Inspection
    lifecycle = INSPECTION

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_inspection(
            by=self.by, inspection=self.object, move=self.move.name, reason=reason, version=version
        )


class InspectionPaper(Page):
    """The report as a Word document, with how far putting right has come today; logged."""

    permission = VIEW

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        found = fetch(rows(Inspection).select_related("unit", "draw"), self.by, pk)
        content = services.print_report(by=self.by, inspection=found)
        return word_file(content, f"{found.number}-{timezone.localdate():%Y%m%d}.docx")

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        return HttpResponse(status=405)


# --- subjects -----------------------------------------------------------------------------------------------------


class SubjectPage(EditPage):
    """An act at one of the subjects."""

    permission = RUN
    model = Subject
    action = "run"

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Subject).select_related(
            "inspection__unit", "unit", "project__host_unit", "project__reporter_unit"
        )
        return found

    def extra(self) -> dict[str, Any]:
        item: Subject = self.object
        back = {"label": item.inspection.title, "url": item.inspection.get_absolute_url()}
        return {"intro": str(item), "back": back}


class RecordVisit(SubjectPage):
    form = VisitForm
    title = gettext_lazy("记录检查情况")
    submit_label = gettext_lazy("记录")
    secret_notice = True

    def initial(self) -> dict[str, Any]:
        item: Subject = self.object
        return {
            "visited_date": item.visited_date or timezone.localdate(), "note": item.visit_note, "version": item.version,
        }  # fmt: skip

    def act(self, form: VisitForm) -> Subject:
        return services.record_visit(by=self.by, subject=self.object, **form.cleaned_data)

    def done(self, result: Any) -> str:
        return _("已记录。发现问题的，在督查页这个对象旁边“记录问题”。")


class RemoveSubject(SubjectPage):
    form = ReasonForm
    danger = True
    title = gettext_lazy("移除督查对象")
    submit_label = gettext_lazy("移除")

    def act(self, form: Any) -> str:
        url: str = self.object.get_absolute_url()
        services.remove_subject(by=self.by, subject=self.object, reason=form.cleaned_data["reason"])
        return url


class AddFinding(SubjectPage):
    form = FindingForm
    title = gettext_lazy("记录问题")
    submit_label = gettext_lazy("记录")
    secret_notice = True

    def initial(self) -> dict[str, Any]:
        return {"found_date": self.object.visited_date or timezone.localdate()}

    def act(self, form: FindingForm) -> Finding:
        values = dict(form.cleaned_data)
        file = values.pop("evidence")
        files = [(file, file.name)] if file else []
        return services.add_finding(by=self.by, subject=self.object, values=values, files=files)


# --- findings -----------------------------------------------------------------------------------------------------


class FindingDetail(DetailPage):
    """One finding: what it is, what shows it, and how it is being put right."""

    permission = OWN
    model = Finding
    lifecycles = (FINDING,)
    actions = ("run",)
    follows = False

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Finding).select_related(
            "inspection__unit", "unit", "project", "recorded_by"
        )
        return found

    def file_kinds(self) -> list[tuple[str, str]]:
        return [(inspecting.EVIDENCE, _("佐证材料")), ("", _("其他材料"))]

    def frame(self) -> dict[str, Any]:
        frame = super().frame()
        for file in frame["files"]:
            is_evidence = file["kind"] == inspecting.EVIDENCE
            file["kind"] = _("佐证材料") if is_evidence else _("其他材料")
            if is_evidence and self.object.state != inspecting.FOUND:  # taking it off would be refused
                file["remove_url"] = ""
        return frame

    def content(self) -> dict[str, Any]:
        item: Finding = self.object
        (told,) = queries.told_findings([item], self.by)
        inspection = item.inspection
        sees_all = self.by.may_at(VIEW, inspection.unit_id) or self.by.may_at(RUN, inspection.unit_id)
        back = {"url": reverse("findings"), "label": _("督查问题")}
        if sees_all and self.by.may(VIEW):
            back = {"url": inspection.get_absolute_url(), "label": inspection.title}
        return {
            "back": back,
            "title": _("%(title)s · 问题 %(number)s") % {"title": inspection.title, "number": item.number},
            "badges": [outcome_badge(told.outcome)],
            "subtitle": item.unit.brief,
            "fact_groups": [
                {
                    "title": _("问题"),
                    "facts": [
                        fact(_("发现的问题"), item.what, wide=True),
                        fact(_("严重程度"), queries.severity_label(item.severity)),
                        fact(_("发现日期"), day(item.found_date)),
                        fact(_("责任单位"), item.unit.brief),
                        fact(_("项目"), item.project.name if item.project else "", url=item.project.get_absolute_url() if item.project else ""),
                        fact(_("对照的规定"), item.basis, wide=True),
                        *([fact(_("没有佐证的原因"), item.no_evidence, wide=True)] if item.no_evidence else []),
                        *([fact(_("处理说明"), item.settled, wide=True)] if item.settled else []),
                        fact(_("督查单位"), inspection.unit.brief),
                        fact(_("记录人"), str(item.recorded_by)),
                    ],
                }
            ],
            "related": [self._duties(told)],
        }  # fmt: skip

    @staticmethod
    def _duties(told: queries.Told) -> dict[str, Any]:
        lines = [
            {
                "title": f"{duty.number} {duty.item}",
                "url": duty.get_absolute_url() if duty.may_view else "",
                "sub": f"{duty.lead_unit.brief} · {day(duty.due_date)}",
                "badge": {"text": str(terms.DUTY_STATES[duty.state]), "tone": "success" if duty.state == terms.CLOSED else "info"},
            }
            for duty in told.duties
        ]  # fmt: skip
        return {"title": _("整改任务"), "rows": lines, "empty": _("还没有责令整改。")}


class OrderFinding(EditPage):
    """Order that a finding is put right, by a duty with all six."""

    permission = RUN
    model = Finding
    action = "run"
    form = OrderForm
    title = gettext_lazy("责令整改")
    submit_label = gettext_lazy("责令整改")

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Finding).select_related("inspection__unit", "unit", "project")
        return found

    def start(self) -> None:
        super().start()
        FINDING.check(self.object, "order", self.by)

    def initial(self) -> dict[str, Any]:
        item: Finding = self.object
        title = _("整改督查发现的问题：%(what)s") % {"what": item.what}
        return {
            "version": item.version, "item": title[:200], "target": _("问题整改到位，并附佐证材料。"), "requirement": item.what,
            "lead_unit": item.unit_id,
        }  # fmt: skip

    def act(self, form: OrderForm) -> Finding:
        services.order_finding(
            by=self.by, finding=self.object, six=form.six(), version=form.cleaned_data["version"]
        )
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已交办整改，责任单位已经收到通知。")

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object), "back": {"label": str(self.object), "url": self.cancel_url()}}


class MoveFinding(MovePage):
    permission = OWN
    model = Finding
    lifecycle = FINDING

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_finding(
            by=self.by, finding=self.object, move=self.move.name, reason=reason, version=version
        )
