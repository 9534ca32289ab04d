"""Pages of the enterprise library."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import money, tables
from yinfeng.core import queries as core
from yinfeng.core.crypto import mask_phone
from yinfeng.core.errors import Invalid, Missing
from yinfeng.core.forms import ReasonForm, Styled
from yinfeng.core.scopes import fetch, rows
from yinfeng.core.web import ActPage, DetailPage, EditPage, ExportPage, ListPage, Page
from yinfeng.enterprises import queries, services, uscc
from yinfeng.enterprises.filters.records import EnterpriseFilter
from yinfeng.enterprises.forms.records import (
    ContactForm,
    EnterpriseForm,
    FormerNameForm,
    RelationForm,
    VerifyForm,
)
from yinfeng.enterprises.models import (
    LEVELS,
    RELATION_KINDS,
    SIGNAL_KINDS,
    TARGET_STATES,
    TIE_KINDS,
    Contact,
    Enterprise,
    Merging,
    Relation,
    Signal,
    Target,
)
from yinfeng.enterprises.panels import PANELS
from yinfeng.enterprises.signals import is_here
from yinfeng.enterprises.tables.records import EnterpriseTable, staff_text
from yinfeng.enterprises.tables.targets import TARGET_TONES, signal_badge
from yinfeng.enterprises.views import merging
from yinfeng.enterprises.views.relations import tabs_of

VIEW = "enterprises.enterprise.view"
CHANGE = "enterprises.enterprise.change"
RELATE = "enterprises.relation.change"
RELATIONS = 20  # relations on an enterprise's page; the others are on their own
TOLD_OF = 20  # targets and warnings of a firm whose events its timeline tells


class Enterprises(ListPage):
    permission = VIEW
    model = Enterprise
    filterset = EnterpriseFilter
    table = EnterpriseTable
    key = "enterprises"
    title = gettext_lazy("企业库")
    export_permission = "enterprises.enterprise.export"
    export_route = "enterprises-export"
    best_first = True
    facets_route = "enterprises-facets"

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may("enterprises.enterprise.add"):
            return None
        return {"label": _("录入企业"), "url": reverse("enterprise-add"), "icon": "plus"}

    def bulk(self) -> list[dict[str, Any]]:
        if not self.by.may("enterprises.target.change"):
            return []
        return [{"label": _("列为目标企业"), "url": reverse("target-add"), "icon": "target-arrow"}]

    def empty(self) -> dict[str, Any]:
        act = self.primary()
        if self.by.may("enterprises.enterprise.import"):
            act = {"label": _("导入企业名单"), "url": reverse("enterprises-import")}
        hint = _("可以从一份名单导入，也可以逐家录入。同一家企业只录入一次，各单位共用。")
        return {"title": _("企业库还是空的"), "hint": hint, "act": act}


class ExportEnterprises(ExportPage):
    permission = "enterprises.enterprise.export"
    page = Enterprises
    file_title = gettext_lazy("企业库")


class EnterpriseDetail(DetailPage):
    permission = VIEW
    model = Enterprise
    actions = ("relate",)
    template_name = "enterprises/enterprise.html"

    def content(self) -> dict[str, Any]:
        firm: Enterprise = self.object
        labels = queries.tag_labels()
        found = self.belongings
        related = [panel(firm, self.by) for panel in PANELS]
        return {
            "subtitle": " · ".join(filter(None, [firm.short_name, firm.name_en])),
            "badges": [
                {"text": queries.tag_text(labels.get(tag, tag), year, rank), "tone": "info"}
                for tag, year, rank in found.tags
            ],
            "back": {"url": reverse("enterprises"), "label": _("企业库")},
            "tabs": tabs_of(firm, "enterprise"),
            "brief_url": reverse("enterprise-brief", args=[firm.pk]),
            "acts": self._acts(firm),
            "warnings": code_warnings(firm.uscc or ""),
            "key_facts": self._key_facts(firm),
            "fact_groups": self._facts(firm, found),
            "people": self._contacts(firm, found.people) if self.by.may("enterprises.contact.view") else None,
            "ties": self._ties(firm, found.ties) if self.by.may("enterprises.contact.view") else None,
            # what is going on comes before what the record says
            "going_on": [
                *filter(None, [self._signals(firm, found), *related, self._courting(firm, found.targets)])
            ],
            "related": [
                self._relations(firm, found.relations),
                *filter(None, [merging.panel_of(self.mergings, self.by)]),
            ],
        }

    @cached_property
    def belongings(self) -> queries.Belongings:
        return queries.belongings(self.object, self.by)

    def told_of(self) -> Sequence[Model]:
        """Tell of the targets and the warnings in the person's sight too."""
        targets = [Target(pk=item.pk) for item in self.belongings.targets if item.is_seen]
        signals = [Signal(pk=item.pk) for item in self.belongings.signals]
        merged = queries.former_selves(self.mergings)
        return [self.object, *targets[:TOLD_OF], *signals[:TOLD_OF], *merged]

    @cached_property
    def mergings(self) -> list[Merging]:
        return queries.mergings_of(self.object)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the record; a link to one that became part of another leads there."""
        try:
            return super().get(request, **kwargs)
        except Missing:
            merger = queries.merged_into(kwargs["pk"])
            if merger is None:
                raise
            names = {"gone": merger.gone_name, "kept": merger.kept.name}
            messages.info(request, _("“%(gone)s”已并入“%(kept)s”，下面是合并后的记录。") % names)
            return HttpResponseRedirect(merger.kept.get_absolute_url())

    @staticmethod
    def _link(route: str, pk: int, allowed: bool) -> str:
        return reverse(route, args=[pk]) if allowed else ""

    def _acts(self, firm: Enterprise) -> list[dict[str, Any]]:
        acts = []
        if "change" in self.allowed():
            acts = [
                (_("修改"), "enterprise-edit", "edit", "primary"),
                (_("核实资料"), "enterprise-verify", "circle-check", "secondary"),
                (_("记录曾用名"), "enterprise-former", "history", "secondary"),
            ]
        if self.by.may(merging.MERGE):
            acts.append((_("合并到另一家…"), "enterprise-merge", "arrow-merge", "secondary"))
        return [
            {"label": label, "url": reverse(route, args=[firm.pk]), "icon": icon, "style": style}
            for label, route, icon, style in acts
        ]

    @staticmethod
    def _key_facts(firm: Enterprise) -> list[dict[str, Any]]:
        facts = (
            (_("行业"), queries.industry_label(firm.industry)),
            (_("所在地"), " ".join(filter(None, [firm.province, firm.city]))),
            (_("注册资本"), money.show(firm.capital) if firm.capital is not None else ""),
            (_("员工人数"), staff_text(firm)),
            (_("成立日期"), tables.day(firm.founded_date) if firm.founded_date else ""),
        )
        return [{"label": label, "value": value or "—", "empty": not value} for label, value in facts]

    def _facts(self, firm: Enterprise, found: queries.Belongings) -> list[dict[str, Any]]:
        def fact(label: str, value: Any, **more: Any) -> dict[str, Any]:
            return {"label": label, "value": value or "—", **more}

        verified = tables.day(firm.verified_date) if firm.verified_date else _("尚未核实")
        return [
            {
                "title": _("业务"),
                "facts": [
                    fact(_("企业简介"), firm.introduction, wide=True),
                    fact(_("经营范围"), firm.scope_of_business, wide=True),
                    fact(_("网站"), firm.website, url=firm.website),
                ],
            },
            {
                "title": _("企业身份"),
                "facts": [
                    fact(_("统一社会信用代码"), firm.uscc),
                    fact(_("证券代码"), firm.listing_code),
                    fact(_("企业性质"), core.code_label("enterprise_nature", firm.nature)),
                    fact(_("曾用名"), "、".join(found.former)),
                    fact(_("别名"), "、".join(found.alternative)),
                    fact(_("国家或地区"), core.code_label("country", firm.country)),
                    fact(_("地址"), firm.address),
                ],
            },
            {
                "title": _("信息来源"),
                "facts": [
                    fact(_("信息来源"), firm.source),
                    fact(_("最近核实日期"), verified, tone="" if firm.verified_date else "warning"),
                ],
            },
        ]

    def _ties(self, firm: Enterprise, ties: list[queries.Tied]) -> dict[str, Any]:
        """Return who of ours knows whom there; one's own unit's entries lead to their form."""
        rows = [
            {
                "title": tie.name, "url": self._link("tie-edit", tie.pk, self.by.may_at(RELATE, tie.unit_id)),
                "sub": " · ".join(filter(None, [tie.whom, tie.source, tables.day(tie.noted_date)])),
                "badge": {"text": TIE_KINDS[tie.kind], "tone": "muted"},
            }
            for tie in ties
        ]  # fmt: skip
        may_add = "relate" in self.allowed() and self.by.may_at(RELATE, self.by.unit_id)
        return {
            "title": _("人脉"), "rows": rows, "empty": _("还没有记录我方谁认识它的人。"),
            "act": self._add(_("记录人脉"), "tie-add", firm) if may_add else None,
        }  # fmt: skip

    def _contacts(self, firm: Enterprise, people: list[queries.Person]) -> dict[str, Any]:
        may_add, may_unmask = (
            self.by.may_at(CHANGE, self.by.unit_id),
            self.by.may("enterprises.contact.unmask"),
        )
        rows = [
            {
                "name": person.name,
                "role": person.position,
                "unit": person.unit,
                "phone_masked": person.phone,
                "unmask_url": self._link("contact-unmask", person.pk, may_unmask and bool(person.phone)),
                "edit_url": self._link("contact-edit", person.pk, self.by.may_at(CHANGE, person.unit_id)),
            }
            for person in people
        ]
        return {
            "title": _("联系人"),
            "act": self._add(_("添加联系人"), "contact-add", firm) if may_add else None,
            "rows": rows,
            "empty": _("还没有登记联系人。"),
        }

    def _relations(self, firm: Enterprise, relations: list[queries.Related]) -> dict[str, Any]:
        def kind(item: queries.Related) -> str:
            label = RELATION_KINDS[item.kind]
            return str(label) if item.is_own else _("本企业是它的%(kind)s") % {"kind": label}

        may_relate = "relate" in self.allowed()
        rows = [
            {
                "title": item.other,
                "url": reverse("enterprise", args=[item.other_id]),
                "sub": " · ".join(
                    filter(None, [share_text(item.share), item.source, tables.day(item.noted_date)])
                ),
                "badge": {"text": kind(item), "tone": "muted"},
                "remove_url": reverse("relation-remove", args=[firm.pk, item.pk])
                if may_relate and item.is_own
                else "",
            }
            for item in relations
        ]
        return {
            "title": _("企业关系"),
            "act": self._add(_("添加关系"), "relation-add", firm) if may_relate else None,
            "rows": rows[:RELATIONS],
            "more_url": reverse("enterprise-relations", args=[firm.pk]),
            "empty": _("还没有记录供应商、客户或股东。"),
        }

    def _courting(self, firm: Enterprise, targets: list[queries.Courted]) -> dict[str, Any] | None:
        """Return which units court the firm, for whoever may see targets; a link where the row itself is in sight."""
        if not self.by.may("enterprises.target.view"):
            return None
        rows = [
            {
                "title": item.unit, "url": self._link("target", item.pk, item.is_seen),
                "sub": _("%(owner)s，%(day)s 起") % {"owner": item.owner, "day": tables.day(item.since)},
                "badge": {"text": TARGET_STATES[item.state], "tone": TARGET_TONES[item.state]},
            }
            for item in targets
        ]  # fmt: skip
        act = {"label": _("列为目标企业"), "url": f"{reverse('target-add')}?enterprise={firm.pk}"}
        may_add = self.by.may("enterprises.target.change")
        return {
            "title": _("谁在对接"), "rows": rows, "act": act if may_add else None, "empty": _("还没有单位把它列为目标企业。"),
        }  # fmt: skip

    def _signals(self, firm: Enterprise, found: queries.Belongings) -> dict[str, Any] | None:
        """Return the warnings in the person's sight; the panel is there for firms known to be here and where there is one."""
        here = is_here(firm.city, queries.home_city(timezone.localdate()))
        here = here or any(tag == queries.HERE for tag, _year, _rank in found.tags)
        may_add = here and self.by.may("enterprises.signal.change")
        if not (found.signals or may_add):
            return None
        rows = [
            {
                "title": f"{SIGNAL_KINDS[item.kind]} · {LEVELS[item.level]}", "url": reverse("signal", args=[item.pk]),
                "sub": f"{_('%(day)s 到期') % {'day': item.due_date} if item.due_date else tables.day(item.noted_date)} {item.detail}",
                "badge": signal_badge(item.state, item.due),
            }
            for item in sorted(found.signals, key=attrgetter("noted_date", "pk"), reverse=True)
        ]  # fmt: skip
        return {
            "title": _("外迁预警"), "rows": rows, "empty": _("没有外迁迹象。"),
            "act": self._add(_("记录外迁迹象"), "signal-add", firm) if may_add else None,
        }  # fmt: skip

    @staticmethod
    def _add(label: str, route: str, firm: Enterprise) -> dict[str, str]:
        return {"label": label, "url": reverse(route, args=[firm.pk])}


def share_text(share: str) -> str:
    return (
        _("持股 %(share)s%%") % {"share": share.rstrip("0").rstrip(".") if "." in share else share}
        if share
        else ""
    )


def code_warnings(code: str) -> list[dict[str, Any]]:
    """Return what is to be said of a 统一社会信用代码 that fails its check: a warning, never a refusal."""
    verdict = uscc.check(code) if code else None
    if verdict is None or verdict.level == "ok":
        return []
    return [
        {
            "tone": "warning",
            "title": _("请核对统一社会信用代码"),
            "text": " ".join(map(str, verdict.sentences)),
        }
    ]


# --- acts ---------------------------------------------------------------------------------------------------------


class AddEnterprise(ActPage):
    permission = "enterprises.enterprise.add"
    form = EnterpriseForm
    template_name = "enterprises/form.html"
    title = gettext_lazy("录入企业")
    secret_notice = True

    def cancel_url(self) -> str:
        return reverse("enterprises")

    def initial(self) -> dict[str, Any]:
        return {"country": "CN", "name": self.request.GET.get("name", "")[:200]}

    def act(self, form: Any) -> Any:
        data = form.values()
        look_alikes = []
        if self.by.may(VIEW):  # nobody else is told whom the library holds, nor asked about it
            look_alikes = queries.similar(data["name"], data["uscc"] or "", data["listing_code"])
        doubtful = [item for item in look_alikes if item.level != "linked"]
        if doubtful and not data["different"]:  # the very same one is refused by the service in any case
            form.ask_whether_different()
            return self.show(form, status=409, look_alikes=lines_of(look_alikes))
        others = [item.enterprise for item in doubtful]
        return services.add_enterprise(by=self.by, values=data, tags=form.tag_pairs(set()), apart_from=others)

    def extra(self) -> dict[str, Any]:
        return {
            "live_check_url": reverse("enterprise-check"),
            "warnings": code_warnings(self.request.POST.get("uscc", "")),
        }


def lines_of(look_alikes: list[queries.LookAlike]) -> list[dict[str, Any]]:
    """Return look-alikes as the warning shows them."""
    return [
        {
            "name": item.enterprise.name,
            "url": item.enterprise.get_absolute_url(),
            "place": " ".join(filter(None, [item.enterprise.province, item.enterprise.city])),
            "level": item.level,
            "reason": item.reason,
        }
        for item in look_alikes
    ]


class CheckEnterprise(Page):
    """The fragment that warns of look-alikes while a name is typed."""

    permission = VIEW
    template_name = "enterprises/_similar.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        name, code = request.GET.get("name", "")[:200], request.GET.get("uscc", "")[:40]
        look_alikes = queries.similar(name, code) if len(name.strip()) >= 2 or code else []
        return self.render({"look_alikes": lines_of(look_alikes)})


class EditEnterprise(EditPage):
    permission = "enterprises.enterprise.change"
    model = Enterprise
    form = EnterpriseForm
    title = gettext_lazy("修改企业")

    def tags(self) -> set[tuple[str, int]]:
        return {(tag.tag, tag.year) for tag in self.object.tags.all()}

    def initial(self) -> dict[str, Any]:
        present = {name: getattr(self.object, name) for name in services.EDITABLE}
        return super().initial() | present | {"tags": [tag for tag, _year in self.tags()]}

    def act(self, form: Any) -> Enterprise:
        tags = form.tag_pairs(self.tags())
        return services.change_enterprise(
            by=self.by,
            enterprise=self.object,
            version=form.cleaned_data["version"] or 0,
            values=form.values(),
            tags=tags,
        )

    def extra(self) -> dict[str, Any]:
        return {
            "title": f"{_('修改企业')} · {self.object}",
            "warnings": code_warnings(self.object.uscc or ""),
        }


class BesideEnterprise(EditPage):
    """An act on an enterprise, or on what belongs to it, that leads back to its page."""

    def extra(self) -> dict[str, Any]:
        enterprise = getattr(self.object, "enterprise", self.object)
        return {"back": {"label": str(enterprise), "url": enterprise.get_absolute_url()}}


class VerifyEnterprise(BesideEnterprise):
    """Say that the record was checked against its source, and when."""

    permission = "enterprises.enterprise.change"
    model = Enterprise
    form = VerifyForm
    title = gettext_lazy("核实资料")
    submit_label = gettext_lazy("确认已核实")

    def initial(self) -> dict[str, Any]:
        return super().initial() | {"verified_date": timezone.localdate(), "source": self.object.source}

    def act(self, form: Any) -> Enterprise:
        data = form.cleaned_data
        return services.mark_verified(
            by=self.by, enterprise=self.object, version=data["version"] or 0, day=data["verified_date"],
            source=data["source"],
        )  # fmt: skip

    def extra(self) -> dict[str, Any]:
        return super().extra() | {
            "intro": _("请先对照营业执照或公示系统核对%(name)s的资料。") % {"name": self.object}
        }


class AddFormerName(BesideEnterprise):
    permission = "enterprises.enterprise.change"
    model = Enterprise
    form = FormerNameForm
    title = gettext_lazy("记录曾用名")

    def act(self, form: Any) -> Enterprise:
        services.add_former_name(by=self.by, enterprise=self.object, name=form.cleaned_data["name"])
        return self.object  # type: ignore[no-any-return]


class AddContact(BesideEnterprise):
    permission = "enterprises.enterprise.change"
    model = Enterprise
    form = ContactForm
    title = gettext_lazy("添加联系人")

    def act(self, form: Any) -> Enterprise:
        services.add_contact(by=self.by, enterprise=self.object, values=form.values())
        return self.object  # type: ignore[no-any-return]


class EditContact(BesideEnterprise):
    """The form keeps the phone to itself: seeing the whole of it is logged, typing a new one is not."""

    permission = "enterprises.enterprise.change"
    model = Contact
    form = ContactForm
    template_name = "enterprises/contact.html"
    title = gettext_lazy("修改联系人")

    def initial(self) -> dict[str, Any]:
        shown = [name for name in services.CONTACT_FIELDS if name != "phone"]
        return super().initial() | {name: getattr(self.object, name) for name in shown}

    def form_arguments(self) -> dict[str, Any]:
        return {"phone_now": mask_phone(self.object.phone)}

    def act(self, form: Any) -> Contact:
        version = form.cleaned_data["version"] or 0
        return services.change_contact(by=self.by, contact=self.object, version=version, values=form.values())

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"remove_url": reverse("contact-remove", args=[self.object.pk])}


class RemoveContact(BesideEnterprise):
    permission = "enterprises.enterprise.change"
    model = Contact
    form = ReasonForm
    danger = True
    title = gettext_lazy("删除联系人")
    submit_label = gettext_lazy("删除")

    def act(self, form: Any) -> str:
        back = self.object.get_absolute_url()
        services.remove_contact(by=self.by, contact=self.object, reason=form.cleaned_data["reason"])
        return str(back)


class UnmaskContact(EditPage):
    """Show a whole phone number after saying that it is logged."""

    permission = "enterprises.contact.unmask"
    model = Contact
    action = "unmask"
    form = Styled
    template_name = "core/confirm.html"
    title = gettext_lazy("查看完整电话")
    submit_label = gettext_lazy("查看")

    def initial(self) -> dict[str, Any]:
        return {}

    def extra(self) -> dict[str, Any]:
        sentence = _("查看%(name)s（%(firm)s）的完整电话会记入日志，请仅在工作需要时查看。")
        return {"sentence": sentence % {"name": self.object.name, "firm": self.object.enterprise.name}}

    def act(self, form: Any) -> HttpResponse:
        phone = services.unmask_phone(by=self.by, contact=self.object)
        return self.render(
            {"title": self.object.name, "contact": self.object, "phone": phone},
            template="enterprises/phone.html",
        )


class AddRelation(BesideEnterprise):
    permission = "enterprises.relation.change"
    model = Enterprise
    action = "relate"
    form = RelationForm
    title = gettext_lazy("添加企业关系")

    def act(self, form: Any) -> Enterprise:
        data = form.cleaned_data
        look_alikes = queries.similar(data["other"], limit=1, exclude=self.object.pk)
        if not look_alikes or look_alikes[0].level != "same":
            sentence = _("库中没有名为“%(name)s”的企业，请先录入，或核对全称。") % {"name": data["other"]}
            raise Invalid(sentence, fields={"other": [sentence]})
        services.relate(
            by=self.by,
            enterprise=self.object,
            other=look_alikes[0].enterprise,
            kind=data["kind"],
            values=data,
        )
        return self.object  # type: ignore[no-any-return]

    def initial(self) -> dict[str, Any]:
        return {"noted_date": timezone.localdate()}


class RemoveRelation(ActPage):
    permission = "enterprises.relation.change"
    form = ReasonForm
    danger = True
    title = gettext_lazy("删除企业关系")
    submit_label = gettext_lazy("删除")

    def start(self) -> None:
        self.object = fetch(rows(Enterprise), self.by, self.kwargs["pk"], "relate")
        self.relation = next(
            (item for item in self.object.relations.all() if item.pk == self.kwargs["relation"]), None
        )
        if self.relation is None:
            raise Missing

    def extra(self) -> dict[str, Any]:
        assert isinstance(self.relation, Relation)
        return {
            "back": {"label": str(self.object), "url": self.object.get_absolute_url()},
            "title": f"{_('删除企业关系')} · {self.relation.get_kind_display()} · {self.relation.other}",
        }

    def act(self, form: Any) -> Enterprise:
        assert isinstance(self.relation, Relation)
        services.unrelate(by=self.by, relation=self.relation, reason=form.cleaned_data["reason"])
        return self.object  # type: ignore[no-any-return]
