"""Pages of major areas: the list, an area's board with its projects and premises, keeping both."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Missing
from yinfeng.core.forms import ReasonForm
from yinfeng.core.money import show
from yinfeng.core.scopes import ScopedQuerySet, rows
from yinfeng.core.tables import day
from yinfeng.core.web import ActPage, DetailPage, EditPage, ExportPage, ListPage
from yinfeng.projects import queries, services, stages
from yinfeng.projects.details import fact
from yinfeng.projects.forms_areas import AreaForm, PremisesForm
from yinfeng.projects.lists_areas import AreaFilter, AreaTable, available
from yinfeng.projects.models import Area, Premises, Project
from yinfeng.projects.tables import light_badge

VIEW, CHANGE, PLANS = "projects.project.view", "projects.area.change", "projects.proposal.view"
STILL = 6  # projects shown of those that have not moved for longest
PREMISES_TONES = {stages.AVAILABLE: "success", stages.RESERVED: "warning", stages.TAKEN: "muted"}


class Areas(ListPage):
    permission = VIEW
    model = Area
    table = AreaTable
    filterset = AreaFilter
    key = "areas"
    title = gettext_lazy("片区指挥部")
    export_permission = "projects.project.export"
    export_route = "areas-export"

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may(CHANGE):
            return None
        return {"label": _("设立片区"), "url": reverse("area-new"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _(
            "重大片区和它的指挥部在这里设立；项目选择所在片区之后，指挥部就参与项目，并出现在片区的看板上。"
        )
        return {"title": _("还没有片区"), "hint": hint, "act": self.primary(), "icon": "map-pins"}


class ExportAreas(ExportPage):
    permission = "projects.project.export"
    page = Areas
    file_title = gettext_lazy("片区清单")


class AreaBoard(DetailPage):
    """An area's board: its projects by stage with their lights, what stands still, the amount of each state, its premises."""

    permission = VIEW
    model = Area
    template_name = "projects/area.html"
    follows = False

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Area).select_related("command_unit").prefetch_related("districts")
        return found

    def frame(self) -> dict[str, Any]:
        """Return the timeline alone: files go with projects."""
        return {"may_edit": False, "files": None, "acts": [], **self.timeline()}

    @cached_property
    def lines(self) -> list[queries.StageLine]:
        return queries.stage_lines(queries.projects_of(self.object, self.by), timezone.localdate())

    def content(self) -> dict[str, Any]:
        area: Area = self.object
        may_edit = "change" in self.allowed()
        premises = list(queries.premises_of(area))
        count = sum(line.count for line in self.lines)
        return {
            "back": {"url": reverse("areas"), "label": _("片区指挥部")},
            "subtitle": area.command_unit.brief,
            "badges": [] if self._is_open() else [{"text": _("已撤销或未设立"), "tone": "muted"}],
            "edit_url": reverse("area-edit", args=[area.pk]) if may_edit else "",
            "key_facts": [
                {"label": _("推进中的项目"), "value": f"{count:,}"},
                *self._states(),
                {"label": _("可用载体"), "value": available(premises)},
            ],
            "lights": list(stages.LIGHTS.values())[::-1],
            "stages": [self._stage(line) for line in self.lines],
            "still": self._still(),
            "projects_url": self._list(),
            "plans_url": f"{reverse('proposals')}?{urlencode({'area': area.pk})}" if self.by.may(PLANS) else "",
            "fact_groups": [
                {
                    "title": _("片区"),
                    "facts": [
                        fact(_("指挥部"), area.command_unit.brief, url=area.command_unit.get_absolute_url(),
                             sub=_("负责人和成员见单位页")),
                        fact(_("所在区"), _("、").join(unit.brief for unit in area.districts.all())),
                        fact(_("起始日期"), day(area.since)),
                        fact(_("截止日期"), day(area.until) if area.until else ""),
                        fact(_("功能定位"), area.purpose, wide=True),
                        fact(_("指挥部职责"), area.duties, wide=True),
                    ],
                }
            ],
            "related": [self._premises(premises, may_edit)],
        }  # fmt: skip

    def _is_open(self) -> bool:
        area, today = self.object, timezone.localdate()
        return bool(area.since <= today and (area.until is None or area.until >= today))

    def _list(self, **asked: Any) -> str:
        return (
            f"{reverse('projects')}?{urlencode({'area': self.object.pk, 'status': stages.ONGOING, **asked})}"
        )

    def _states(self) -> list[dict[str, Any]]:
        """Return how many projects and how much stand in each state of the library that has any."""
        found = []
        for state in queries.states():
            here = [line for line in self.lines if line.stage in state.stages]
            if count := sum(line.count for line in here):
                amount = sum(line.amount for line in here)
                found.append(
                    {"label": state.label, "value": show(amount) if amount else "—", "sub": _("%(count)s 个") % {"count": count}}
                )  # fmt: skip
        return found

    def _stage(self, line: queries.StageLine) -> dict[str, Any]:
        return {
            "label": stages.STAGES[line.stage],
            "count": f"{line.count:,}",
            "url": self._list(stage=line.stage),
            "amount": show(line.amount) if line.amount else "—",
            "lights": [
                {
                    "label": stages.LIGHTS[code], "count": f"{line.lights[code]:,}", "none": not line.lights[code],
                    "url": self._list(stage=line.stage, light=code),
                }
                for code in reversed(list(stages.LIGHTS))
            ],
        }  # fmt: skip

    def _still(self) -> dict[str, Any]:
        """Return the panel of the projects that have not moved for longest."""
        today = timezone.localdate()
        found = queries.stillest(queries.projects_of(self.object, self.by), STILL) if self.lines else []
        queries.read_schedules(found, today)
        limits, tiers = queries.limits(today), queries.tiers(today)

        def line(project: Project) -> dict[str, Any]:
            light = queries.light_of(project, today, limits, queries.grade_of(project, tiers))
            unit = project.host_unit.brief if project.host_unit else ""
            parts = [str(stages.STAGES[project.stage]), unit, light.reason if light else ""]
            return {
                "title": project.name, "url": project.get_absolute_url(), "sub": " · ".join(filter(None, parts)),
                "badge": light_badge(light) if light else None,
            }  # fmt: skip

        return {
            "title": _("最久没有进展的项目"), "rows": [line(project) for project in found],
            "empty": _("片区里还没有您能看到的推进中的项目。修改项目时选择所在片区。"),
        }  # fmt: skip

    def _premises(self, premises: list[Premises], may_edit: bool) -> dict[str, Any]:
        def line(item: Premises) -> dict[str, Any]:
            size = f"{item.size:,.2f} {stages.PREMISES_UNITS[item.kind]}"
            ready = _("%(day)s 起可用") % {"day": day(item.available_date)} if item.available_date else ""
            arguments = [self.object.pk, item.pk]
            return {
                "title": item.name, "sub": " · ".join(filter(None, [str(stages.PREMISES_KINDS[item.kind]), size, ready])),
                "badge": {"text": stages.PREMISES_STATES[item.state], "tone": PREMISES_TONES[item.state]},
                "act": {"label": _("修改"), "url": reverse("area-premises-edit", args=arguments)} if may_edit else None,
                "remove_url": reverse("area-premises-remove", args=arguments) if may_edit else "",
            }  # fmt: skip

        add = reverse("area-premises-add", args=[self.object.pk])
        return {
            "title": _("载体"), "rows": [line(item) for item in premises],
            "act": {"label": _("加入载体"), "url": add} if may_edit else None,
            "empty": _("还没有登记土地和房屋。"),
        }  # fmt: skip


# --- keeping ------------------------------------------------------------------------------------------------------


class OpenArea(ActPage):
    permission = CHANGE
    form = AreaForm
    title = gettext_lazy("设立片区")
    submit_label = gettext_lazy("设立")

    def cancel_url(self) -> str:
        return reverse("areas")

    def act(self, form: AreaForm) -> Area:
        return services.open_area(by=self.by, values=form.values())


class EditArea(EditPage):
    permission = CHANGE
    model = Area
    form = AreaForm
    title = gettext_lazy("修改片区")

    def form_arguments(self) -> dict[str, Any]:
        return {"area": self.object}

    def initial(self) -> dict[str, Any]:
        return AreaForm.initial_of(self.object)

    def act(self, form: AreaForm) -> Area:
        return services.change_area(
            by=self.by, area=self.object, version=form.cleaned_data["version"] or 0, values=form.values()
        )


class PremisesPage(EditPage):
    """An act on the premises of an area."""

    permission = CHANGE
    model = Area
    form = PremisesForm

    def initial(self) -> dict[str, Any]:
        return {}

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}


class AddPremises(PremisesPage):
    title = gettext_lazy("加入载体")
    submit_label = gettext_lazy("加入")

    def act(self, form: PremisesForm) -> Area:
        services.add_premises(by=self.by, area=self.object, values=form.values())
        return self.object  # type: ignore[no-any-return]


class OnePremises(PremisesPage):
    """An act on one of the premises."""

    premises: Premises

    def start(self) -> None:
        super().start()
        found = queries.one_of_premises(self.object, self.kwargs["premises"])
        if found is None:
            raise Missing
        self.premises = found


class EditPremises(OnePremises):
    title = gettext_lazy("修改载体")

    def initial(self) -> dict[str, Any]:
        return PremisesForm.initial_of(self.premises)

    def act(self, form: PremisesForm) -> Area:
        services.change_premises(
            by=self.by, area=self.object, pk=self.premises.pk, values=form.values(), version=form.cleaned_data["version"]
        )  # fmt: skip
        return self.object  # type: ignore[no-any-return]


class RemovePremises(OnePremises):
    form = ReasonForm  # type: ignore[assignment]
    danger = True
    title = gettext_lazy("移除载体")
    submit_label = gettext_lazy("移除")

    def initial(self) -> dict[str, Any]:
        return {"version": self.premises.version}

    def act(self, form: Any) -> Area:
        services.remove_premises(
            by=self.by, area=self.object, pk=self.premises.pk, reason=form.cleaned_data["reason"],
            version=form.cleaned_data["version"],
        )  # fmt: skip
        return self.object  # type: ignore[no-any-return]

    def extra(self) -> dict[str, Any]:
        return {"intro": f"{self.object} · {self.premises}"}
