"""Pages of the organisation: the bodies of the policy, units with their history, people and their posts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from yinfeng.core import tables
from yinfeng.core.errors import Missing
from yinfeng.core.scopes import actions_on, fetch, rows
from yinfeng.core.web import SIGNED_IN, ActPage, DetailPage, EditPage, ListPage, Page
from yinfeng.orgs import forms, queries, services
from yinfeng.orgs.filters import PersonFilter, UnitFilter
from yinfeng.orgs.models import (
    BODY_KINDS,
    SEAT_KINDS,
    UNIT_ACTS,
    UNIT_KINDS,
    Body,
    Membership,
    Person,
    Unit,
)
from yinfeng.orgs.tables import PersonTable, UnitTable


def act(label: str, url: str, icon: str, style: str = "secondary") -> dict[str, Any]:
    return {"label": label, "url": url, "icon": icon, "style": style, "method": "get"}


def since(begins: Any, ends: Any) -> str:
    """Return a period in words."""
    if begins and ends:
        return _("%(begins)s 至 %(ends)s") % {"begins": tables.day(begins), "ends": tables.day(ends)}
    if begins:
        return _("%(begins)s 起") % {"begins": tables.day(begins)}
    return _("至 %(ends)s") % {"ends": tables.day(ends)} if ends else ""


def source_text(source: str) -> str:
    """Return what a row of the profile rests on, its standing words as people read them."""
    return {
        "policy": _("政策原文"),
        "common practice": _("通行做法"),
        services.ADDED: _("在本系统中登记"),
    }.get(source, source)


# --- the organisation ---------------------------------------------------------------------------------------------


class Organisation(Page):
    """The leader group, its groups and offices, then each unit's own lead group, with the clauses they come from."""

    permission = SIGNED_IN
    template_name = "orgs/organisation.html"
    title = gettext_lazy("组织机构")

    def get(self, request: HttpRequest) -> HttpResponse:
        bodies = queries.bodies_today()
        shown = {kind: [self._body(body) for body in bodies if body.kind == kind] for kind in BODY_KINDS}
        clauses = [
            {"id": clause.code, "title": clause.label, "text": clause.data.get("text", "")}
            for clause in queries.clauses_about_bodies()
        ]
        return self.render({"bodies": shown, "clauses": clauses})

    def _body(self, body: Any) -> dict[str, Any]:
        seats = [seat for seat in body.open_seats if seat.kind != "member"]
        return {
            "code": body.code, "kind": body.kind, "name": body.label, "url": body.get_absolute_url(), "clause": body.clause,
            "duty": body.duty_text, "since": since(body.valid_from, None),
            "industries": body.industry_text, "unit": body.unit,
            "leaders": [self._seat(seat) for seat in seats],
            "members": [self._seat(seat) for seat in body.open_seats if seat.kind == "member"],
        }  # fmt: skip

    def _seat(self, seat: Any) -> dict[str, Any]:
        held = [
            {
                "name": term.person.name,
                "url": term.person.get_absolute_url(),
                "since": since(term.valid_from, None),
            }
            for term in seat.open_terms
        ]
        return {"kind": str(SEAT_KINDS[seat.kind]), "position": seat.label, "held": held}


class BodyDetail(DetailPage):
    """A body with its seats, who holds and who held them."""

    permission = SIGNED_IN
    template_name = "orgs/body.html"
    model = Body
    follows = False

    def content(self) -> dict[str, Any]:
        body: Body = self.object
        may = "change" in actions_on(body, self.by, {"change"})
        return {
            "back": {"label": _("组织机构"), "url": reverse("organisation")},
            "subtitle": since(body.valid_from, body.valid_to),
            "badges": [{"text": str(BODY_KINDS[body.kind]), "tone": "info"}],
            "files": None,
            "acts": [act(_("增设席位"), reverse("seat-add", args=[body.pk]), "plus")] if may else [],
            "fact_groups": [
                {
                    "title": _("依据与职责"),
                    "facts": [
                        {"label": _("政策条款"), "value": queries.clause_label(body.clause)},
                        {
                            "label": _("所属单位"),
                            "value": body.unit.label,
                            "url": body.unit.get_absolute_url(),
                        },
                        {"label": _("职责"), "value": body.duty_text, "wide": True},
                        {"label": _("依据"), "value": source_text(body.source), "wide": True},
                    ],
                }
            ],
            "seats": [self._seat(seat) for seat in queries.seats_of(body)],
            "may": may,
        }

    def _seat(self, seat: Any) -> dict[str, Any]:
        return {
            "pk": seat.pk,
            "kind": str(SEAT_KINDS[seat.kind]),
            "position": seat.label,
            "unit": seat.unit,
            "is_open": seat.valid_to is None,
            "period": since(None, seat.valid_to),
            "source": seat.source,
            "terms": [
                {"pk": term.pk, "person": term.person, "period": since(term.valid_from, term.valid_to), "is_open": term.valid_to is None}
                for term in seat.all_terms
            ],
        }  # fmt: skip


class OfBody(ActPage):
    """An act on a body's seats; asks who keeps the body."""

    permission = "orgs.body.change"

    def body(self) -> Body:
        raise NotImplementedError

    def start(self) -> None:
        self.object = fetch(rows(Body), self.by, self.body().pk, "change", services.NOT_YOUR_BODY)


class AddSeat(EditPage):
    permission = "orgs.body.change"
    model = Body
    form = forms.SeatForm
    title = gettext_lazy("增设席位")

    def initial(self) -> dict[str, Any]:
        return {}

    def act(self, form: Any) -> Body:
        services.add_seat(by=self.by, body=self.object, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]


class OfSeat(OfBody):
    def body(self) -> Body:
        self.seat = queries.seat(self.kwargs["pk"])
        if self.seat is None:
            raise Missing
        return self.seat.body

    def extra(self) -> dict[str, Any]:
        assert self.seat is not None
        return {"intro": f"{self.object} · {self.seat.label}"}


class TakeSeat(OfSeat):
    form = forms.TakeSeatForm
    title = gettext_lazy("安排人选")

    def act(self, form: Any) -> Body:
        assert self.seat is not None
        services.take_seat(by=self.by, seat=self.seat, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]


class EndSeat(OfSeat):
    form = forms.DayReasonForm
    danger = True
    title = gettext_lazy("撤销席位")
    submit_label = gettext_lazy("撤销")

    def act(self, form: Any) -> Body:
        assert self.seat is not None
        services.end_seat(by=self.by, seat=self.seat, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]


class LeaveSeat(OfBody):
    form = forms.LastDayForm
    title = gettext_lazy("结束任期")
    submit_label = gettext_lazy("结束")

    def body(self) -> Body:
        self.term = queries.seat_term(self.kwargs["pk"])
        if self.term is None:
            raise Missing
        return self.term.seat.body

    def extra(self) -> dict[str, Any]:
        assert self.term is not None
        return {"intro": str(self.term)}

    def act(self, form: Any) -> Body:
        assert self.term is not None
        services.leave_seat(by=self.by, term=self.term, day=form.cleaned_data["day"])
        return self.object  # type: ignore[no-any-return]


# --- units --------------------------------------------------------------------------------------------------------


class Units(ListPage):
    permission = SIGNED_IN
    model = Unit
    filterset = UnitFilter
    table = UnitTable
    key = "units"
    title = pgettext_lazy("plural", "单位")

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may("orgs.unit.change"):
            return None
        return {"label": _("设立单位"), "url": reverse("unit-add"), "icon": "plus"}


class UnitDetail(DetailPage):
    permission = SIGNED_IN
    model = Unit

    def content(self) -> dict[str, Any]:
        unit: Unit = self.object
        today = timezone.localdate()
        badges = [{"text": str(UNIT_KINDS[unit.kind]), "tone": "info"}]
        if not unit.is_open(today):
            badges.append({"text": _("已撤销"), "tone": "muted"})
        return {
            "back": {"label": pgettext("plural", "单位"), "url": reverse("units")},
            "subtitle": " · ".join(filter(None, [unit.short_name, unit.name_en])),
            "code": unit.code,
            "badges": badges,
            "files": None,
            "acts": self._acts(unit),
            "fact_groups": self._facts(unit),
            "people": self._people(unit),
            "related": self._related(unit),
        }

    def _acts(self, unit: Unit) -> list[dict[str, Any]]:
        found = []
        day = timezone.localdate()
        if self.by.may_at("orgs.person.change", unit.pk) and unit.is_open(day):
            found.append(act(_("登记人员"), f"{reverse('person-add')}?unit={unit.pk}", "user-plus"))
        if self.by.may_at("orgs.unit.change", unit.pk):
            steps = [("unit-edit", _("修改资料"), "edit"), ("unit-rename", _("更名"), "forms")]
            if unit.parent_id:
                steps.append(("unit-move", _("调整隶属"), "arrows-move"))
            found += [act(label, reverse(route, args=[unit.pk]), icon) for route, label, icon in steps]
            if unit.parent_id and unit.is_open(day) and unit.valid_to is None:
                found.append(act(_("撤销或并入"), reverse("unit-close", args=[unit.pk]), "archive", "danger"))
            if unit.valid_to is not None:
                found.append(act(_("恢复"), reverse("unit-reopen", args=[unit.pk]), "archive-off"))
        return found

    def _facts(self, unit: Unit) -> list[dict[str, Any]]:
        members = (
            _("、").join(member.brief for member in queries.members_of(unit))
            if unit.kind == "collective"
            else ""
        )
        facts: list[dict[str, Any]] = [
            {"label": _("上级单位"), "value": unit.parent.label if unit.parent else "", "url": unit.parent.get_absolute_url() if unit.parent else ""},
            {"label": _("存续"), "value": since(unit.valid_from, unit.valid_to)},
            {"label": _("其他称谓"), "value": _("、").join(unit.aliases)},
            {"label": _("行政区划代码"), "value": unit.division},
            {"label": _("负责行业"), "value": queries.industry_names(unit.industries), "wide": True},
            {"label": _("所指单位"), "value": members, "wide": True},
            {"label": _("说明"), "value": unit.note, "wide": True},
            {"label": _("依据"), "value": source_text(unit.source), "wide": True},
        ]  # fmt: skip
        needless = _("负责行业") if unit.kind == "collective" else _("所指单位")
        return [{"title": _("单位资料"), "facts": [fact for fact in facts if fact["label"] != needless]}]

    def _people(self, unit: Unit) -> dict[str, Any]:
        rows = [
            {
                "name": post.person.name,
                "role": post.position + (f" · {_('主要领导')}" if post.is_first_hand else ""),
                "unit": since(post.valid_from, post.valid_to),
            }
            for post in queries.people_of(unit)
        ]
        return {"title": _("人员"), "rows": rows, "empty": _("还没有登记人员。")}

    def _related(self, unit: Unit) -> list[dict[str, Any]]:
        found = [
            {
                "title": _("下级单位"),
                "rows": [{"title": child.label, "url": child.get_absolute_url(), "sub": str(UNIT_KINDS[child.kind])} for child in queries.children_of(unit)],
                "empty": _("没有下级单位。"),
            },
            {
                "title": _("领导机构"),
                "rows": [
                    {"title": body.label, "url": body.get_absolute_url(), "sub": _("条款 %(id)s") % {"id": body.clause}}
                    for body in unit.bodies.all()
                ],
                "empty": _("没有登记领导机构。"),
            },
            {
                "title": _("政策条款中的分工"),
                "rows": [
                    {"title": f"{clause.code} {clause.label}", "badge": {"text": _("牵头"), "tone": "info"} if leads else None}
                    for clause, leads in queries.clauses_naming(unit)
                ],
                "empty": _("政策条款没有点名这个单位。"),
            },
            {
                "title": _("沿革"),
                "rows": [
                    {
                        "title": version.name,
                        "sub": " · ".join(filter(None, [since(version.valid_from, version.valid_to), version.parent.brief if version.parent else "", version.reason])),
                        "badge": {"text": str(UNIT_ACTS[version.act]), "tone": "muted"},
                    }
                    for version in unit.history.select_related("parent")
                ],
                "empty": _("没有变更记录。"),
            },
        ]  # fmt: skip
        if self.by.may_at(queries.ASSIGN, unit.pk):
            found.insert(
                2,
                {
                    "title": _("在本单位的角色"),
                    "rows": [
                        {"title": str(grant.user), "url": reverse("account", args=[grant.user_id]), "sub": since(grant.valid_from, grant.valid_to),
                         "badge": {"text": grant.role.label, "tone": "info"}}
                        for grant in queries.grants_at(unit)
                    ],
                    "empty": _("还没有人在本单位担任角色。"),
                },
            )  # fmt: skip
        return found


class AddUnit(ActPage):
    permission = "orgs.unit.change"
    form = forms.UnitForm
    title = gettext_lazy("设立单位")

    def cancel_url(self) -> str:
        return reverse("units")

    def act(self, form: Any) -> Unit:
        values = dict(form.cleaned_data)
        code, parent, day = (values.pop(name) for name in ("code", "parent", "day"))
        values.pop("version", None)
        return services.add_unit(by=self.by, code=code, parent=parent, values=values, day=day)


class OfUnit(EditPage):
    permission = "orgs.unit.change"
    model = Unit
    refusal = services.NOT_YOURS

    def extra(self) -> dict[str, Any]:
        return {"intro": self.object.label}

    def version(self, form: Any) -> int:
        return form.cleaned_data["version"] or 0


class EditUnit(OfUnit):
    form = forms.UnitFacts
    title = gettext_lazy("修改单位资料")

    def initial(self) -> dict[str, Any]:
        unit = self.object
        return super().initial() | {
            "kind": unit.kind, "division": unit.division, "note": unit.note,
            "aliases": "、".join(unit.aliases), "industries": "、".join(unit.industries),
        }  # fmt: skip

    def act(self, form: Any) -> Unit:
        values = {
            name: form.cleaned_data[name] for name in ("kind", "division", "aliases", "industries", "note")
        }
        return services.change_unit(
            by=self.by, unit=self.object, version=self.version(form), values=values, day=timezone.localdate()
        )


class RenameUnit(OfUnit):
    form = forms.RenameForm
    title = gettext_lazy("更名")

    def initial(self) -> dict[str, Any]:
        return super().initial() | {
            name: getattr(self.object, name) for name in ("name", "short_name", "name_en")
        }

    def act(self, form: Any) -> Unit:
        data = form.cleaned_data
        return services.rename_unit(
            by=self.by,
            unit=self.object,
            version=self.version(form),
            names=data,
            day=data["day"],
            reason=data["reason"],
        )


class MoveUnit(OfUnit):
    form = forms.MoveUnitForm
    title = gettext_lazy("调整隶属")

    def act(self, form: Any) -> Unit:
        data = form.cleaned_data
        return services.move_unit(
            by=self.by, unit=self.object, version=self.version(form), parent=data["parent"], day=data["day"], reason=data["reason"]
        )  # fmt: skip


class CloseUnit(OfUnit):
    form = forms.CloseUnitForm
    danger = True
    title = gettext_lazy("撤销单位")
    submit_label = gettext_lazy("撤销")

    def act(self, form: Any) -> Unit:
        data = form.cleaned_data
        services.close_unit(
            by=self.by, unit=self.object, day=data["day"], reason=data["reason"], into=data["into"]
        )
        return self.object  # type: ignore[no-any-return]


class ReopenUnit(OfUnit):
    form = forms.DayReasonForm
    title = gettext_lazy("恢复单位")
    submit_label = gettext_lazy("恢复")

    def act(self, form: Any) -> Unit:
        return services.reopen_unit(by=self.by, unit=self.object, **form.cleaned_data)


# --- people -------------------------------------------------------------------------------------------------------


class People(ListPage):
    permission = SIGNED_IN
    model = Person
    filterset = PersonFilter
    table = PersonTable
    key = "people"
    title = gettext_lazy("人员")

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may("orgs.person.change"):
            return None
        return {"label": _("登记人员"), "url": reverse("person-add"), "icon": "plus"}


class PersonDetail(DetailPage):
    permission = SIGNED_IN
    template_name = "orgs/person.html"
    model = Person

    def content(self) -> dict[str, Any]:
        person: Person = self.object
        may = "change" in actions_on(person, self.by, {"change"})
        acts = []
        if may:
            acts.append(act(_("修改"), reverse("person-edit", args=[person.pk]), "edit"))
        if self.by.may("orgs.person.change"):
            acts.append(act(_("登记任职"), reverse("post-add", args=[person.pk]), "plus"))
        return {
            "back": {"label": _("人员"), "url": reverse("people")},
            "badges": [{"text": _("演示人员"), "tone": "muted"}] if person.is_demo else [],
            "files": None,
            "acts": acts,
            "fact_groups": [
                {
                    "title": _("资料"),
                    "facts": [
                        {"label": _("账号"), "value": person.user.username if person.user else _("没有账号")},
                        {"label": _("说明"), "value": person.note, "wide": True},
                    ],
                }
            ],
            "posts": [self._post(post) for post in queries.posts_held(person)],
            "related": [self._seats(person)],
        }

    def _post(self, post: Membership) -> dict[str, Any]:
        may = post.valid_to is None and self.by.may_at("orgs.person.change", post.unit_id)
        return {
            "unit": post.unit,
            "position": post.position,
            "is_first_hand": post.is_first_hand,
            "is_main": post.is_main,
            "is_open": post.valid_to is None,
            "period": since(post.valid_from, post.valid_to),
            "end_url": reverse("post-end", args=[post.pk]) if may else "",
        }

    def _seats(self, person: Person) -> dict[str, Any]:
        lines = [
            {
                "title": f"{term.seat.body.label} · {SEAT_KINDS[term.seat.kind]} · {term.seat.label}",
                "url": term.seat.body.get_absolute_url(),
                "sub": since(term.valid_from, term.valid_to),
                "badge": None if term.valid_to else {"text": _("现任"), "tone": "success"},
            }
            for term in queries.seats_held(person)
        ]
        return {"title": _("领导机构中的席位"), "rows": lines, "empty": _("没有席位。")}


class AddPerson(ActPage):
    permission = "orgs.person.change"
    form = forms.NewPersonForm
    title = gettext_lazy("登记人员")

    def cancel_url(self) -> str:
        return reverse("people")

    def initial(self) -> dict[str, Any]:
        unit = self.request.GET.get("unit", "")
        return {"unit": unit} if unit.isdigit() else {}

    def act(self, form: Any) -> Person:
        values = dict(form.cleaned_data)
        return services.add_person_with_post(by=self.by, name=values.pop("name"), **values)


class EditPerson(EditPage):
    permission = "orgs.person.change"
    model = Person
    form = forms.PersonForm
    title = gettext_lazy("修改人员资料")

    def initial(self) -> dict[str, Any]:
        return super().initial() | {"name": self.object.name, "note": self.object.note}

    def act(self, form: Any) -> Person:
        data = form.cleaned_data
        values = {"name": data["name"], "note": data["note"]}
        return services.change_person(
            by=self.by, person=self.object, version=data["version"] or 0, values=values
        )


class AddPost(EditPage):
    permission = "orgs.person.change"
    model = Person
    action = "view"
    form = forms.PostForm
    title = gettext_lazy("登记任职")

    def initial(self) -> dict[str, Any]:
        return {}

    def extra(self) -> dict[str, Any]:
        return {"intro": self.object.name}

    def act(self, form: Any) -> Person:
        services.add_membership(by=self.by, person=self.object, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]


class EndPost(ActPage):
    permission = "orgs.person.change"
    form = forms.LastDayForm
    title = gettext_lazy("结束任职")
    submit_label = gettext_lazy("结束")

    def start(self) -> None:
        self.post_ = queries.post(self.kwargs["pk"])
        if self.post_ is None:
            raise Missing
        self.object = self.post_.person
        self.by.require_at("orgs.person.change", self.post_.unit_id, services.NOT_YOUR_PEOPLE)

    def extra(self) -> dict[str, Any]:
        assert self.post_ is not None
        return {"intro": f"{self.post_.person.name} · {self.post_.unit.label} · {self.post_.position}"}

    def act(self, form: Any) -> Person:
        assert self.post_ is not None
        services.end_membership(by=self.by, membership=self.post_, day=form.cleaned_data["day"])
        return self.object  # type: ignore[no-any-return]
