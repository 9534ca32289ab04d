"""Pages of target enterprises: the list, a target's page, and what one does with it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import tables
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Invalid
from yinfeng.core.scopes import ScopedQuerySet, permits, rows
from yinfeng.core.web import ActPage, DetailPage, EditPage, ExportPage, ListPage, MovePage
from yinfeng.enterprises import lifecycle, queries, services
from yinfeng.enterprises.filters.targets import TargetFilter
from yinfeng.enterprises.forms.targets import EditTargetForm, HandOverForm, LandForm, ResumeForm, TargetForm
from yinfeng.enterprises.models import PRIORITIES, TARGET_STATES, Enterprise, Target
from yinfeng.enterprises.panels import PANELS
from yinfeng.enterprises.tables.records import place
from yinfeng.enterprises.tables.targets import TARGET_TONES, TargetTable, is_late

VIEW, CHANGE = "enterprises.target.view", "enterprises.target.change"
BULK_LIMIT = 200


class Targets(ListPage):
    permission = VIEW
    model = Target
    filterset = TargetFilter
    table = TargetTable
    key = "targets"
    title = gettext_lazy("目标企业")
    export_permission = VIEW
    export_route = "targets-export"

    def tabs(self) -> list[dict[str, Any]]:
        """Return the two ways most people look: all in sight, and what is their own."""
        mine = self.request.GET.get("owner") == "me"
        everything = {"label": _("全部"), "url": reverse("targets"), "active": not mine}
        return [everything, {"label": _("我负责的"), "url": f"{reverse('targets')}?owner=me", "active": mine}]

    def primary(self) -> dict[str, Any] | None:
        if not (self.by.may(CHANGE) and self.by.may("enterprises.enterprise.view")):
            return None
        return {"label": _("从企业库选取"), "url": reverse("target-add"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _("在企业库中勾选要争取的企业，点“列为目标企业”。别的单位已在对接的，系统会先告诉您。")
        return {"title": _("还没有目标企业"), "hint": hint, "act": self.primary(), "icon": "target-arrow"}


class ExportTargets(ExportPage):
    permission = VIEW
    page = Targets
    file_title = gettext_lazy("目标企业名单")


class TargetDetail(DetailPage):
    permission = VIEW
    model = Target
    lifecycles = (lifecycle.TARGET,)

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        return rows(Target).select_related("enterprise", "unit", "owner")

    def content(self) -> dict[str, Any]:
        target: Target = self.object
        firm = target.enterprise
        others = queries.courting([firm.pk], [target.unit_id])
        related = [panel(firm, self.by) for panel in PANELS]
        late = is_late(target, queries.PENDING)
        may_open = self.by.may("enterprises.enterprise.view")
        link = firm.get_absolute_url() if may_open else ""
        return {
            "title": firm.name,
            "subtitle": place(firm),
            "back": {"url": reverse("targets"), "label": _("目标企业")},
            "badges": [
                {"text": TARGET_STATES[target.state], "tone": TARGET_TONES[target.state]},
                {"text": _("优先级：%(level)s") % {"level": PRIORITIES[target.priority]}, "tone": "plain"},
            ],
            "warnings": [
                {"tone": "info", "title": _("其他单位也在对接这家企业"), "text": "；".join(o.sentence for o in others)}
            ] if others else [],
            "key_facts": [
                {"label": _("对接单位"), "value": target.unit.brief},
                {"label": _("责任人"), "value": str(target.owner)},
                {
                    "label": _("下一步日期"), "value": tables.day(target.next_date), "empty": target.next_date is None,
                    "sub": _("已过期") if late else "", "tone": "danger" if late else "",
                },
            ],
            "fact_groups": [
                {
                    "title": _("对接安排"),
                    "facts": [
                        {"label": _("企业"), "value": firm.name, "url": link, "wide": True},
                        {"label": _("下一步"), "value": target.next_step, "wide": True},
                        {"label": _("想争取什么"), "value": target.wanted, "wide": True},
                        {"label": _("形成的项目"), "value": target.project, "wide": True},
                        {"label": _("与其他单位如何配合"), "value": target.together, "wide": True},
                    ],
                }
            ],
            "related": list(filter(None, related)),
        }  # fmt: skip

    def frame(self) -> dict[str, Any]:
        """Put the page's own acts before the moves."""
        frame = super().frame()
        style = "secondary" if any(act["style"] == "primary" for act in frame["acts"]) else "primary"
        return frame | {"acts": self._acts(self.object, style) + frame["acts"]}

    def _acts(self, target: Target, style: str) -> list[dict[str, Any]]:
        if "change" not in self.allowed():
            return []
        edit = {
            "label": _("安排下一步"),
            "url": reverse("target-edit", args=[target.pk]),
            "icon": "calendar-plus",
        }
        over = {
            "label": _("移交"),
            "url": reverse("target-hand-over", args=[target.pk]),
            "icon": "user-share",
        }
        return [{**edit, "style": style}, {**over, "style": "secondary"}]


# --- acts ---------------------------------------------------------------------------------------------------------


def picked(page: ActPage) -> list[Enterprise]:
    """Return the firms ticked on the library's list, or the one from whose page one comes, through their scope."""
    keys = page.request.POST.getlist("pk") or page.request.GET.getlist("enterprise")
    wanted = [int(pk) for pk in keys if pk.isdecimal() and len(pk) < 19][:BULK_LIMIT]
    return list(rows(Enterprise).permitted(page.by).filter(pk__in=wanted).order_by("pk"))


class AddTargets(ActPage):
    """Put one firm or several on a unit's list: the library's list posts the ticked rows, a firm's page names one."""

    permission = CHANGE
    form = TargetForm
    title = gettext_lazy("列为目标企业")
    submit_label = gettext_lazy("列入名单")

    def cancel_url(self) -> str:
        one = self.firms[0] if len(self.firms) == 1 else None
        return one.get_absolute_url() if one else reverse("enterprises")

    def start(self) -> None:
        self.firms = picked(self)
        self.others = queries.courting([firm.pk for firm in self.firms])

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.start()
        if not self.firms:
            self.say(_("请勾选要争取的企业，再点列表下方的“列为目标企业”。"))
            return HttpResponseRedirect(reverse("enterprises"))
        return self.show(self.make_form())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.start()
        if not self.firms:
            raise Invalid(_("请先在企业库中勾选企业。"))
        if "priority" not in request.POST:
            return self.show(self.make_form())
        return super().post(request, **kwargs)

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by, "permission": CHANGE, "asks_together": bool(self.others)}

    def initial(self) -> dict[str, Any]:
        own = self.by.unit_id if self.by.may_at(CHANGE, self.by.unit_id) else None
        return {"pk": [firm.pk for firm in self.firms], "unit": own, "owner": self.by.user_id, "priority": 2}

    def act(self, form: Any) -> str:
        made, known = services.add_targets(by=self.by, enterprises=self.firms, values=form.cleaned_data)
        count = len(made)
        sentence = _("列入名单：%(count)s 家。") % {"count": count}
        if known:
            sentence += _("另有 %(count)s 家已在名单中，未作改动。") % {"count": len(known)}
        self.say(sentence)
        if count == 1 and not known and permits(made[0], self.by, "view"):
            return made[0].get_absolute_url()
        return reverse("targets")

    def done(self, result: Any) -> str:
        return ""

    def extra(self) -> dict[str, Any]:
        several = len(self.firms) > 1
        told = [f"{o.enterprise_name}：{o.sentence}" if several else o.sentence for o in self.others]
        names = _("、").join(firm.name for firm in self.firms[:5])
        intro = _("%(names)s等 %(count)s 家企业。") if len(self.firms) > 5 else "%(names)s"
        return {
            "intro": intro % {"names": names, "count": len(self.firms)},
            "warnings": [{"tone": "warning", "title": _("已有单位在对接"), "text": "；".join(told)}]
            if told
            else [],
        }


class BesideTarget(EditPage):
    permission = CHANGE
    model = Target

    def extra(self) -> dict[str, Any]:
        return {"back": {"label": str(self.object.enterprise), "url": self.object.get_absolute_url()}}


class EditTarget(BesideTarget):
    form = EditTargetForm
    title = gettext_lazy("安排下一步")

    def initial(self) -> dict[str, Any]:
        return super().initial() | {name: getattr(self.object, name) for name in services.TARGET_FIELDS}

    def act(self, form: Any) -> Target:
        version = form.cleaned_data["version"] or 0
        return services.change_target(
            by=self.by, target=self.object, version=version, values=form.cleaned_data
        )


class HandOverTarget(BesideTarget):
    form = HandOverForm
    title = gettext_lazy("移交目标企业")
    submit_label = gettext_lazy("移交")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by, "permission": CHANGE, "anywhere": True}

    def initial(self) -> dict[str, Any]:
        return super().initial() | {"unit": self.object.unit_id, "owner": self.object.owner_id}

    def act(self, form: Any) -> str:
        version = form.cleaned_data["version"] or 0
        target = services.hand_over_target(
            by=self.by, target=self.object, version=version, values=form.cleaned_data
        )
        return target.get_absolute_url() if permits(target, self.by, "view") else reverse("targets")

    def done(self, result: Any) -> str:
        return _("已移交，新的责任人会收到通知。")


class MoveTarget(MovePage):
    permission = CHANGE
    model = Target
    lifecycle = lifecycle.TARGET

    def start(self) -> None:
        super().start()
        forms = {"land": LandForm, "resume": ResumeForm}
        self.form = forms.get(self.move.name, self.form)  # type: ignore[misc]

    def act(self, form: Any) -> Target:
        data = form.cleaned_data
        return services.move_target(
            by=self.by, target=self.object, move=self.move.name, reason=data["reason"], version=data["version"], values=data,
        )  # fmt: skip

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"title": f"{self.move.label} · {self.object.enterprise}"}
