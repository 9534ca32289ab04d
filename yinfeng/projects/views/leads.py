"""Pages of leads: list, page, register, change, assess, convert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.errors import DomainError
from yinfeng.core.money import show, show_money
from yinfeng.core.queries import code_labels
from yinfeng.core.scopes import ScopedQuerySet, rows
from yinfeng.core.tables import day, moment
from yinfeng.core.web import ActPage, EditPage, ExportPage, ListPage, MovePage, Page
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.details import Detail, fact
from yinfeng.projects.filters import LeadFilter
from yinfeng.projects.forms import ConvertForm, FindingForm, LeadForm, intended_of
from yinfeng.projects.models import Lead, Project
from yinfeng.projects.tables import LEAD_TONES, LeadTable
from yinfeng.projects.views.disputes import FirstReports


class Leads(ListPage):
    permission = "projects.lead.view"
    model = Lead
    table = LeadTable
    filterset = LeadFilter
    key = "leads"
    title = gettext_lazy("线索")
    export_permission = "projects.lead.export"
    export_route = "leads-export"

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may("projects.lead.register"):
            return None
        return {"label": _("登记线索"), "url": reverse("lead-new"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _("听到谁可能来投资，先登记下来：首报时间从登记时算起。")
        return {"title": _("还没有线索"), "hint": hint, "act": self.primary(), "icon": "bulb"}


class ExportLeads(ExportPage):
    permission = "projects.lead.export"
    page = Leads
    file_title = gettext_lazy("线索清单")


class LeadDetail(Detail):
    permission = "projects.lead.view"
    model = Lead
    lifecycles = (lifecycle.LEAD,)
    actions = ("change", "assess", "convert", "argue")

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = Lead.objects.select_related(
            "enterprise", "handling_unit", "reporter_unit", "registered_by", "project"
        ).annotate(
            sees_project=Exists(Project.objects.permitted(by).filter(lead=OuterRef("pk"))),
            has_yielded=queries.has_yielded("lead"),
        )
        return found

    def allowed(self) -> set[str]:
        """Return what one may do here: nobody edits a lead that was converted or declined."""
        is_open = self.object.state in queries.OPEN_LEADS
        return super().allowed() - (set() if is_open else {"change"})

    def content(self) -> dict[str, Any]:
        lead: Lead = self.object
        project, enterprise = getattr(lead, "project", None), lead.enterprise
        warnings = []
        if project is not None and lead.sees_project:  # type: ignore[attr-defined]
            text = _("这条线索已转为项目“%(name)s”（%(code)s）。") % {
                "name": project.name,
                "code": project.code,
            }
            warnings.append(
                {"title": text, "tone": "info", "url": project.get_absolute_url(), "label": _("查看项目")}
            )
        elif project is not None:
            warnings.append({"title": _("这条线索已转为项目，项目不在您的查看范围内。"), "tone": "info"})
        reports = FirstReports(lead, self.by, "argue" in self.allowed()) if enterprise else None
        if reports is not None:
            warnings += reports.warnings()
        edit = reverse("lead-edit", args=[lead.pk]) if "change" in self.allowed() else ""
        named = code_labels([("lead_source", lead.source), ("industry", lead.industry)])
        facts = [
            fact(_("企业"), enterprise, url=enterprise_url(enterprise, self.by) if enterprise else ""),
            fact(_("意向投资额"), show_money(intended_of(lead)) if lead.intended is not None else None),
            fact(_("行业"), named.get("industry")),
            fact(_("投资意向内容"), lead.content, wide=True),
        ]
        origin = [
            fact(_("线索来源"), named.get("lead_source"), sub=lead.source_detail),
            fact(_("获知日期"), day(lead.heard_date)),
            fact(_("首报时间"), moment(lead.first_reported_at)),
            fact(_("登记人"), lead.registered_by),
            fact(_("报送单位"), lead.reporter_unit.brief),
            fact(_("承办单位"), lead.handling_unit.brief),
        ]
        groups = [{"title": _("线索内容"), "facts": facts}, {"title": _("来源和承办"), "facts": origin}]
        if lead.finding:
            groups.insert(0, {"title": _("研判意见"), "facts": [fact(_("意见"), lead.finding, wide=True)]})
        return {
            "back": {"url": reverse("leads"), "label": _("线索")},
            "badges": [{"text": stages.LEAD_STATES[lead.state], "tone": LEAD_TONES[lead.state]}],
            "subtitle": enterprise.name if enterprise else lead.handling_unit.brief,
            "warnings": warnings,
            "fact_groups": groups,
            "edit_url": edit,
            "related": reports.groups() if reports else [],
        }


def enterprise_url(enterprise: Any, by: Any) -> str:
    return str(enterprise.get_absolute_url()) if by.may("enterprises.enterprise.view") else ""


def clash_notices(found: list[queries.Clash]) -> list[dict[str, Any]]:
    """Return clashes as notices: unit and stage, a link only where the person may look anyway."""
    return [{"title": clash.sentence, "tone": "warning", "url": clash.url} for clash in found]


def own_notices(found: Sequence[queries.Dealing]) -> list[dict[str, Any]]:
    """Return the projects that the own units have with an enterprise already as notices that lead to them."""
    return [
        {"title": _("本单位已有这家企业的项目：%(code)s %(name)s") % {"code": item.code, "name": item.title}, "tone": "warning", "url": item.url}
        for item in found
    ]  # fmt: skip


class LeadAct(ActPage):
    template_name = "projects/lead_form.html"
    form = LeadForm
    secret_notice = True

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by}

    def extra(self) -> dict[str, Any]:
        return {"live_check_url": reverse("lead-check"), "live_check_field": "enterprise_name"}


class RegisterLead(LeadAct):
    permission = "projects.lead.register"
    title = gettext_lazy("登记线索")
    submit_label = gettext_lazy("登记")

    def initial(self) -> dict[str, Any]:
        """Begin with the enterprise whose page one comes from."""
        pk = self.request.GET.get("enterprise", "")
        if not (pk.isdecimal() and len(pk) < 19):
            return {}
        enterprise = rows(Enterprise).permitted(self.by).filter(pk=pk).first()
        return {"enterprise_name": enterprise.name} if enterprise else {}

    def cancel_url(self) -> str:
        return reverse("leads")

    def act(self, form: LeadForm) -> Lead:
        data = form.cleaned_data
        return services.register_lead(
            by=self.by, values=form.values(), despite=data["despite"], confirmed=data["confirm_amounts"]
        )

    def done(self, result: Lead) -> str:
        return _("线索已登记，首报时间 %(at)s。") % {"at": moment(result.first_reported_at)}


class EditLead(LeadAct, EditPage):
    permission = "projects.lead.change"
    model = Lead
    title = gettext_lazy("修改线索")

    def initial(self) -> dict[str, Any]:
        return LeadForm.initial_of(self.object)

    def act(self, form: LeadForm) -> Lead:
        data = form.cleaned_data
        return services.change_lead(
            by=self.by, lead=self.object, version=data["version"] or 0, values=form.values(),
            despite=data["despite"], confirmed=data["confirm_amounts"],
        )  # fmt: skip


class CheckEnterprise(Page):
    """What a form shows while an enterprise is being typed: names of the library, and who is already in talks."""

    permission = "projects.lead.register"
    template_name = "projects/_enterprise_check.html"

    def exclude(self) -> Lead | Project | None:
        """Return the row that is being changed, which is no clash with itself."""
        return None

    def own(self, enterprise: Enterprise) -> list[dict[str, Any]]:
        """Return notices of what the own units have with the enterprise already, where that is asked about."""
        return []

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        name = request.GET.get("enterprise_name", "")[:200]
        names = queries.enterprises_like(name, self.by)
        edited = self.exclude()
        enterprise, alike = queries.named(name, self.by)
        found = queries.clashes(enterprise, self.by, edited) if enterprise else []
        names += [item.enterprise.name for item in alike if item.enterprise.name not in names]
        return self.render(
            {
                "warnings": clash_notices(found) + (self.own(enterprise) if enterprise else []),
                "names": names,
                "enterprise": enterprise,
                "alike": alike,
                "name": name,
            }
        )


class MoveLead(MovePage):
    permission = "projects.lead.assess"
    model = Lead
    lifecycle = lifecycle.LEAD

    def start(self) -> None:
        super().start()
        if self.move.name == "qualify":
            self.form = FindingForm  # type: ignore[misc]

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_lead(by=self.by, lead=self.object, move=self.move.name, reason=reason, version=version)


class ConvertLead(EditPage):
    permission = "projects.project.add"
    model = Lead
    action = "convert"
    form = ConvertForm
    title = gettext_lazy("转为项目")
    submit_label = gettext_lazy("建立项目")
    others: Sequence[queries.Dealing] = ()

    def start(self) -> None:
        super().start()
        lifecycle.LEAD.check(self.object, "convert", self.by)

    def initial(self) -> dict[str, Any]:
        return {
            "name": self.object.title,
            "version": self.object.version,
            "despite": queries.reason_given(self.object),
        }

    def form_arguments(self) -> dict[str, Any]:
        return {"lead": self.object, "by": self.by}

    def refuse(self, form: Any, error: DomainError) -> HttpResponse:
        """Lead to the own units' projects of the investor when they are asked about."""
        if "despite" in error.fields:
            self.others = queries.own_projects(self.object.enterprise, self.by)
        return super().refuse(form, error)

    def act(self, form: ConvertForm) -> Any:
        data = form.cleaned_data
        values = {name: data[name] for name in ("name", "secrecy")}
        return services.convert_lead(
            by=self.by,
            lead=self.object,
            values=values,
            version=data["version"],
            despite=data["despite"],
            related=data["related"],
        )

    def done(self, result: Any) -> str:
        return _("已建立项目 %(code)s，您是项目负责人。") % {"code": result.code}

    def extra(self) -> dict[str, Any]:
        text = _("线索的企业、行业、意向内容和金额（%(amount)s）会带到项目中。") % {
            "amount": show(self.object.intended)
        }
        return {"intro": text, "warnings": own_notices(self.others)}
