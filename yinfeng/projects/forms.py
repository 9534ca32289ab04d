"""Forms of leads and projects, their fields in the order of the report form (FACTS §1.8)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.comparing import Comparing
from yinfeng.core.forms import CodeField, EditForm, LiveField, MoneyField, ReasonForm, Styled
from yinfeng.core.money import Money
from yinfeng.enterprises.queries import LookAlike
from yinfeng.orgs.queries import hosts, units_today, with_kept
from yinfeng.projects import facts, queries, stages
from yinfeng.projects.achievements import Achievement
from yinfeng.projects.models import Lead, Project, Talk
from yinfeng.projects.models.reporting_form import OLDEST_INVESTMENT

UNITS = ("wan", "yi", "wan_usd", "wan_eur", "wan_hkd", "yi_jpy")
_SEARCHED = forms.Select(attrs={"data-search": ""})
_LONG = forms.Textarea(attrs={"rows": 4, "data-span": "2"})


class YesNoField(forms.TypedChoiceField):
    """Yes, no, or not said."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("", _("请选择")), ("False", _("否")), ("True", _("是"))]
        super().__init__(
            required=False, empty_value=None, coerce=lambda value: value == "True", choices=choices, **kwargs
        )


class AreaField(LiveField):
    """A choice among the areas that are open."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(lambda: queries.areas_on(timezone.localdate()), **kwargs)


def keep_area(form: forms.Form) -> None:
    """Offer the area in which a row lies already beside the open ones, so that saving does not take it out of a closed one."""
    kept = form.initial.get("area")
    form.fields["area"].queryset = queries.areas_on(timezone.localdate(), kept)  # type: ignore[attr-defined]


def keep_units(form: forms.Form, *names: str) -> None:
    """Offer the units that a row names already beside those that exist, as ``keep_area`` does."""
    for name in names:
        field, kept = form.fields[name], form.initial.get(name)
        if kept:
            field.queryset = with_kept(field.queryset, kept)  # type: ignore[attr-defined]


class Asking(Styled):
    """A form with questions that appear only once the services ask them."""

    questions: ClassVar[tuple[str, ...]] = ("confirm_amounts",)
    confirm_amounts = forms.BooleanField(label=_("金额和单位已核对无误"), required=False)

    def is_asked(self, name: str) -> bool:
        """Say whether a question was put, or answered already."""
        return self.is_bound and bool(self.errors.get(name) or self[name].data)

    def fieldsets(self) -> list[dict[str, Any]]:
        """Return the groups without the questions that nobody has asked."""
        silent = {name for name in self.questions if name in self.fields and not self.is_asked(name)}
        groups = super().fieldsets()
        for group in groups:
            group["fields"] = [field for field in group["fields"] if field.name not in silent]
        return [group for group in groups if group["fields"]]

    def values(self) -> dict[str, Any]:
        """Return what the services take as values: the fields without questions, version and note."""
        left_out = {*self.questions, "version", "note", "enterprise_name"}
        values = {name: value for name, value in self.cleaned_data.items() if name not in left_out}
        if "enterprise_name" in self.fields:
            values["enterprise"] = self.cleaned_data.get("enterprise")
        for name, value in values.items():  # yuan alone is kept of amounts that are not the headline
            if isinstance(value, Money) and name not in {"intended", "amount"}:
                values[name] = value.yuan
        return values


NONE_RELATED = "none"


class WithRelated(Asking):
    """A form that makes or changes a project and may name one of its investor's others that goes with it, once it is asked."""

    questions: ClassVar[tuple[str, ...]] = ("confirm_amounts", "despite", "related")
    despite = forms.CharField(
        label=_("仍然登记的理由"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2, "data-span": "2"})
    )  # fmt: skip
    related = forms.CharField(
        label=_("与已有项目的关系"), required=False, widget=forms.Select(attrs={"data-span": "2"}),
        help_text=_("理由和关系会显示在两个项目的页面上，看得到两个项目的人都能看到。"),
    )  # fmt: skip

    def offer(self, found: Sequence[queries.Dealing]) -> None:
        """Offer the projects that the person sees, beside the answer that this one has nothing to do with them."""
        choices = [
            (str(item.pk), gettext("与 %(code)s %(name)s 相关") % {"code": item.code, "name": item.title})
            for item in found if item.is_seen
        ]  # fmt: skip
        widget = self.fields["related"].widget
        assert isinstance(widget, forms.Select)
        none = (NONE_RELATED, gettext("与已有项目都不同，也不相关"))
        widget.choices = [("", gettext("请选择")), none, *choices] if choices else []

    def is_asked(self, name: str) -> bool:
        """Ask how a project stands to others together with what is different, where there are some to choose from."""
        if name == "related":
            return self.is_asked("despite") and bool(self.fields["related"].widget.choices)
        return super().is_asked(name)

    def _post_clean(self) -> None:
        """Want an answer from whoever says what is different: nobody declares anything by not looking."""
        super()._post_clean()  # type: ignore[misc]
        answers, said = self.fields["related"].widget.choices, self.cleaned_data.get("despite", "").strip()
        if answers and said and not self["related"].data:
            self.add_error("related", _("请选择与已有项目的关系。"))

    def clean_related(self) -> int | None:
        chosen = self.cleaned_data["related"]
        if not chosen or chosen == NONE_RELATED:
            return None
        if not (chosen.isdecimal() and len(chosen) < 19):
            raise forms.ValidationError(_("请选择列出的项目。"))
        return int(chosen)


class WithEnterprise(Asking):
    """A form that names an enterprise of the library by typing its name, and asks why when others talk with it already."""

    questions: ClassVar[tuple[str, ...]] = ("confirm_amounts", "despite")
    enterprise_name = forms.CharField(
        label=_("企业"), max_length=200, required=False,
        help_text=_("填写企业全称或曾用名。输入两个字即有提示。"),
        widget=forms.TextInput(attrs={"list": "enterprise-names", "autocomplete": "off", "data-span": "2"}),
    )  # fmt: skip

    despite = forms.CharField(
        label=_("仍然登记的理由"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2, "data-span": "2"})
    )  # fmt: skip

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        name = cleaned.get("enterprise_name", "").strip()
        cleaned["enterprise"], alike = queries.named(name, self.by)
        if name and cleaned["enterprise"] is None:
            self.add_error("enterprise_name", _unknown(name, alike, self.by))
        return cleaned


def _unknown(name: str, alike: list[LookAlike], by: Actor) -> Any:
    """Return what to say of a name that means no enterprise of the library for sure, with the way to enter it beside the form."""
    if alike:
        names = _("、").join(f"{item.enterprise.name}（{item.reason}）" for item in alike)
        told = _(
            "企业库中没有正好叫这个名称的企业，可能是：%(names)s。请改填全称；都不是的，先录入企业库。"
        ) % {"names": names}
    else:
        told = gettext("企业库中没有这家企业。请核对名称，没有写错的，先录入企业库。")
    if not by.may("enterprises.enterprise.add"):
        return told
    address = f"{reverse('enterprise-add')}?{urlencode({'name': name})}"
    link = _("录入这家企业（在新页面打开，录入后回到这里再保存，已填的都在）")
    return format_html('{} <a href="{}" target="_blank" rel="noopener">{}</a>', told, address, link)


class LeadForm(WithEnterprise, EditForm):
    groups = (
        (_("线索"), "", ["enterprise_name", "despite", "title", "content"]),
        (_("来源"), _("首报时间由系统在登记时记下，不能修改。"), ["source", "heard_date", "source_detail"]),
        (_("初步情况"), _("不清楚的可以以后再补。"), ["intended", "confirm_amounts", "industry"]),
        (_("承办"), "", ["handling_unit"]),
    )
    title = forms.CharField(
        label=_("线索名称"), max_length=80, help_text=_("例如：某企业拟建动力电池基地"),
        widget=forms.TextInput(attrs={"data-span": "2"}),
    )  # fmt: skip
    content = forms.CharField(label=_("投资意向内容"), max_length=2000, widget=_LONG)
    source = CodeField("lead_source", label=_("线索来源"))
    heard_date = forms.DateField(label=_("获知日期"), widget=forms.DateInput, initial=timezone.localdate)
    source_detail = forms.CharField(
        label=_("来源说明"), max_length=200, required=False, help_text=_("哪场活动、哪位引荐人或哪家机构。"),
        widget=forms.TextInput(attrs={"data-span": "2"}),
    )  # fmt: skip
    intended = MoneyField(label=_("意向投资额"), units=UNITS, required=False)
    industry = CodeField("industry", label=_("行业"), level=2, required=False, widget=_SEARCHED)
    handling_unit = LiveField(hosts, label=_("承办单位"), required=False, help_text=_("不选即为本单位。"),
    )  # fmt: skip

    @staticmethod
    def initial_of(lead: Lead) -> dict[str, Any]:
        return {
            "enterprise_name": lead.enterprise.name if lead.enterprise else "", "title": lead.title,
            "content": lead.content, "source": lead.source, "heard_date": lead.heard_date,
            "source_detail": lead.source_detail, "intended": intended_of(lead), "industry": lead.industry,
            "handling_unit": lead.handling_unit_id, "version": lead.version,
        }  # fmt: skip


def intended_of(row: Lead | Project) -> Money | None:
    """Return an intended amount as it was given."""
    if row.intended is None:
        return None
    original = row.intended if row.intended_original is None else row.intended_original
    return Money(row.intended, row.intended_currency, original, row.intended_rate)


class ConvertForm(WithRelated, EditForm):
    groups = ((_("项目"), "", ["name", "despite", "related", "secrecy"]),)
    name = forms.CharField(
        label=_("项目名称"), max_length=80, widget=forms.TextInput(attrs={"data-span": "2"})
    )
    secrecy = forms.ChoiceField(
        label=_("知悉范围"), choices=list(stages.SECRECY.items()), initial=stages.INTERNAL,
        help_text=_("敏感项目只有项目团队和经授权的人员能看到。"),
    )  # fmt: skip

    def __init__(self, *args: Any, lead: Lead, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = (
            queries.of_investor(lead.enterprise, by) if self.is_bound or self.initial.get("despite") else []
        )
        self.is_asked_again = bool(found) and not self.is_bound
        self.offer(found)

    def is_asked(self, name: str) -> bool:
        """Put the question at once where the lead says already why there is to be another."""
        return super().is_asked(name) or (self.is_asked_again and name == "despite")


class FindingForm(ReasonForm):
    reason = forms.CharField(
        label=_("研判意见"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4, "data-span": "2"})
    )


class ProjectForm(WithRelated, WithEnterprise, EditForm):
    questions = (*WithRelated.questions, "put_off")
    groups = (
        (_("项目"), "", ["name", "project_class", "is_foreign", "origin", "secrecy"]),
        (_("产业"), "", ["industry", "chain", "chain_effect", "second_industry", "is_advanced_manufacturing", "is_research_centre"]),
        (
            _("投资方"), "",
            [
                "enterprise_name", "despite", "related", "contact_name", "is_existing_firm", "existing_kind", "first_invested_year", "home_tie",
            ],
        ),
        (
            _("投资"), _("意向投资额是投资方说的，合同投资额在签约核验之后由系统填入。"),
            ["intended", "fixed_investment", "confirm_amounts"],
        ),
        (
            _("招商"), "",
            [
                "investment_kind", "approached_date", "summary", "investment_note", "assigned_by", "responsible_leader", "is_assessed",
                "is_enclave", "is_spillover", "spillover_from",
            ],
        ),
        (
            _("总部"), _("选了总部类型的项目进入总部项目库。"),
            ["headquarters_kind", "headquarters_staff", "headquarters_functions"],
        ),
        (
            _("落地"), _("供地类项目须填写用地需求。"),
            [
                "host_unit", "area", "site", "land_mu", "construction_kind", "planned_start_date", "planned_completion_date",
                "planned_production_date", "put_off", "expected_output", "expected_tax",
            ],
        ),
        (
            _("注册企业"), _("按营业执照填写。企业库有这个代码的，与库中企业关联；没有的，同时登记到企业库。"),
            ["registered_name", "registered_code"],
        ),
        (_("纳统"), "", ["statistics_name", "statistics_investment"]),
        (_("下一步"), "", ["next_step", "next_date"]),
    )  # fmt: skip
    name = forms.CharField(
        label=_("项目名称"), max_length=80, widget=forms.TextInput(attrs={"data-span": "2"})
    )
    project_class = CodeField("project_class", label=_("项目分类"), required=False)
    is_foreign = YesNoField(label=_("外资项目"))
    origin = forms.CharField(
        label=_("投资来源地"), max_length=60, required=False, help_text=_("内资填省市，外资填国家或地区。")
    )
    secrecy = forms.ChoiceField(
        label=_("知悉范围"), choices=list(stages.SECRECY.items()), initial=stages.INTERNAL,
        help_text=_("敏感项目只有项目团队和经授权的人员能看到。"),
    )  # fmt: skip
    industry = CodeField("industry", label=_("行业"), required=False, widget=_SEARCHED)
    chain = CodeField("chain", label=_("产业链"), required=False)
    chain_effect = CodeField(
        "chain_effect",
        label=_("产业链作用"),
        required=False,
        help_text=_("项目对本市产业链是建、补、延还是强。"),
    )
    second_industry = CodeField("industry", label=_("次要行业"), required=False, widget=_SEARCHED)
    is_advanced_manufacturing = YesNoField(label=_("先进制造业"))
    is_research_centre = YesNoField(label=_("研发中心"))
    contact_name = forms.CharField(label=_("投资方联系人"), max_length=100, required=False)
    is_existing_firm = YesNoField(
        label=_("存量企业"), help_text=_("投资方或其关联企业已在本市投资的，选“是”，并说明类型和年份。")
    )
    existing_kind = CodeField("existing_kind", label=_("存量类型"), required=False)
    first_invested_year = forms.IntegerField(
        label=_("首次投资年份"), min_value=OLDEST_INVESTMENT, max_value=2100, required=False,
        widget=forms.NumberInput(attrs={"data-unit": _("年")}),
    )  # fmt: skip
    home_tie = CodeField(
        "home_tie", label=_("乡情渠道"), required=False, help_text=_("经乡亲、侨商、台商或校友联系的填写。")
    )
    intended = MoneyField(label=_("意向投资额"), units=UNITS, required=False)
    fixed_investment = MoneyField(label=_("固定资产投资"), required=False)
    investment_kind = CodeField("investment_kind", label=_("招商类型"), required=False)
    approached_date = forms.DateField(
        label=_("对接时间"), required=False, widget=forms.DateInput, help_text=_("第一次与投资方接触的日期；不填的，记录第一次洽谈时填入。"),
    )  # fmt: skip
    summary = forms.CharField(label=_("项目简介"), max_length=2000, widget=_LONG)
    investment_note = forms.CharField(
        label=_("招商类型说明"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"data-span": "2"}),
    )
    assigned_by = CodeField("assigned_by", label=_("交办层级"), required=False)
    responsible_leader = forms.CharField(
        label=_("区级责任领导"),
        max_length=100,
        required=False,
        help_text=_("姓名和职务。项目负责人和联络人见项目团队。"),
    )
    is_assessed = YesNoField(label=_("已经研判"), help_text=_("由线索转来的项目已经研判。"))
    is_enclave = YesNoField(label=_("飞地项目"))
    is_spillover = YesNoField(
        label=_("产业外溢"), help_text=_("从别的城市外溢来的，选“是”，并写明从哪里来。")
    )
    spillover_from = forms.CharField(
        label=_("外溢来源"), max_length=60, required=False, help_text=_("省市，例如：深圳市。")
    )
    statistics_name = forms.CharField(
        label=_("纳统项目名称"),
        max_length=100,
        required=False,
        help_text=_("统计平台中的名称，与项目名称相同的不填。"),
    )
    statistics_investment = MoneyField(label=_("纳统计划总投资额"), required=False)
    headquarters_kind = CodeField("headquarters_kind", label=_("总部类型"), required=False)
    headquarters_staff = forms.IntegerField(
        label=_("总部预计人数"), min_value=1, max_value=1_000_000, required=False,
        widget=forms.NumberInput(attrs={"data-unit": _("人")}),
    )  # fmt: skip
    headquarters_functions = forms.CharField(
        label=_("总部职能"), max_length=300, required=False, help_text=_("例如：投资决策、结算、研发、采购、销售。"),
        widget=forms.TextInput(attrs={"data-span": "2"}),
    )  # fmt: skip
    host_unit = LiveField(hosts, label=_("落地单位"), required=False)
    area = AreaField(
        label=_("所在片区"), required=False, help_text=_("在重大片区内的，片区指挥部会参与项目。")
    )
    site = forms.CharField(label=_("拟选址"), max_length=200, required=False)
    land_mu = forms.DecimalField(
        label=_("用地需求"), min_value=Decimal(0), max_digits=10, decimal_places=2, required=False,
        widget=forms.NumberInput(attrs={"data-unit": _("亩")}),
    )  # fmt: skip
    construction_kind = CodeField(
        "construction_kind", label=_("建设性质"), required=False, help_text=_("选“开业”的项目没有施工阶段，注册之后直接投产。")
    )  # fmt: skip
    planned_start_date = forms.DateField(label=_("计划开工日期"), required=False, widget=forms.DateInput)
    planned_completion_date = forms.DateField(label=_("计划竣工日期"), required=False, widget=forms.DateInput)
    planned_production_date = forms.DateField(label=_("计划投产日期"), required=False, widget=forms.DateInput)
    put_off = forms.CharField(
        label=_("顺延原因"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2, "data-span": "2"})
    )  # fmt: skip
    registered_name = forms.CharField(
        label=_("注册企业名称"), max_length=200, required=False, help_text=_("本地新注册或迁入的企业，可以就是投资主体。"),
        widget=forms.TextInput(attrs={"list": "enterprise-names", "autocomplete": "off"}),
    )  # fmt: skip
    registered_code = forms.CharField(
        label=_("统一社会信用代码"), max_length=30, required=False, help_text=_("18 位，见营业执照。")
    )
    expected_output = MoneyField(label=_("预计年产值"), required=False)
    expected_tax = MoneyField(label=_("预计年税收"), required=False)
    next_step = forms.CharField(
        label=_("下一步工作"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"data-span": "2"}),
    )
    next_date = forms.DateField(label=_("下一步时限"), required=False, widget=forms.DateInput)

    def __init__(
        self, *args: Any, stage: str = stages.PLANNED, project: Project | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.stage, self.project = stage, project
        keep_area(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.offer(queries.of_investor(cleaned["enterprise"], self.by, self.project))
        return cleaned

    def fieldsets(self) -> list[dict[str, Any]]:
        """Return the groups with what no stage asks for, and what only later stages than the next do, folded away at the end
        (统一报送格式).

        What is filled already, or refused, stays in its place. What follows from a yes is there once the yes is given.
        """
        near = stages.ORDER.index(self.stage) + 1
        wanted = {
            **facts.KNOWN_FROM,
            **{name: fact.from_stage for fact in facts.FACTS for name in fact.inputs},
        }
        later = {name for name, stage in wanted.items() if stages.ORDER.index(stage) > near}
        unasked = {field.name for item in self.awaited() for field in item["fields"]}
        groups = super().fieldsets()
        loose = [
            field for group in groups for field in group["fields"]
            if field.name in wanted and field.name not in unasked and not field.errors and not _is_filled(field)
        ]  # fmt: skip
        optional = {field.name for field in loose if field.name in facts.KNOWN_FROM} - later
        folded = [
            (gettext("补充情况（选填）"), _parts(groups, optional)),
            (gettext("以后的阶段才需要"), _parts(groups, later & {field.name for field in loose})),
        ]
        away = unasked | {
            field.name for _title, parts in folded for part in parts for field in part["fields"]
        }
        for group in groups:
            group["fields"] = [field for field in group["fields"] if field.name not in away]
        return [
            *(group for group in groups if group["fields"]),
            *({"title": title, "parts": parts, "is_folded": True} for title, parts in folded if parts),
        ]  # fmt: skip

    def awaited(self) -> list[dict[str, Any]]:
        """Return what follows from each yes that is not given yet; scripts show it as soon as it is (core/form.html)."""
        found = [
            {"when": f"{flag}=True", "fields": [self[name] for name in names if not self[name].errors]}
            for flag, names in facts.FOLLOWS.items()
            if self[flag].value() not in (True, "True")
        ]
        return [item for item in found if item["fields"]]

    @staticmethod
    def initial_of(project: Project) -> dict[str, Any]:
        plain = [name for name in ProjectForm.base_fields if hasattr(project, name) and name != "intended"]
        return {
            **{name: getattr(project, name) for name in plain},
            "host_unit": project.host_unit_id,
            "area": project.area_id,
            "intended": intended_of(project),
            "enterprise_name": project.enterprise.name if project.enterprise else "",
            "registered_name": project.registered_firm.name if project.registered_firm else "",
            "registered_code": project.registered_firm.uscc if project.registered_firm else "",
        }


def _parts(groups: list[dict[str, Any]], names: set[str]) -> list[dict[str, Any]]:
    """Return the fields of these names under the titles of the groups from which they come."""
    found = [
        {"title": group["title"], "fields": [field for field in group["fields"] if field.name in names]}
        for group in groups
    ]
    return [part for part in found if part["fields"]]


def _is_filled(field: forms.BoundField) -> bool:
    """Say whether something stands in a field; of an amount with its unit the amount alone counts."""
    value = field.value()
    if isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value not in (None, "", [], ())


class LoseForm(ReasonForm):
    lost_reason = CodeField("lost_reason", label=_("流失原因"))
    rival_place = forms.CharField(
        label=_("流向地"), max_length=100, required=False, help_text=_("项目去了哪个城市，不清楚可不填。")
    )
    field_order = ("lost_reason", "rival_place", "reason")


class TalkForm(Styled):
    groups = (
        (_("洽谈"), "", ["talk_date", "form", "place", "our_side", "their_side", "summary"]),
        (_("下一步"), _("填写后将成为项目的下一步工作。"), ["next_step", "next_date"]),
    )
    talk_date = forms.DateField(label=_("日期"), widget=forms.DateInput, initial=timezone.localdate)
    form = forms.ChoiceField(label=_("方式"), choices=Talk._meta.get_field("form").choices or ())
    place = forms.CharField(
        label=_("地点"), max_length=100, required=False, widget=forms.TextInput(attrs={"data-span": "2"})
    )
    our_side = forms.CharField(label=_("我方人员"), max_length=300)
    their_side = forms.CharField(label=_("对方人员"), max_length=300)
    summary = forms.CharField(label=_("洽谈内容"), max_length=2000, widget=_LONG)
    next_step = forms.CharField(
        label=_("下一步工作"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"data-span": "2"}),
    )
    next_date = forms.DateField(label=_("下一步时限"), required=False, widget=forms.DateInput)


class UnitForm(Styled):
    unit = LiveField(queries.joinable_units, label=_("单位"))
    part = forms.ChoiceField(
        label=_("参与身份"),
        choices=[(part, stages.PARTS[part]) for part in stages.CHOSEN_PARTS],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shared = [
            gettext("%(part)s共得 %(percent)s%%") % {"part": stages.PARTS[part], "percent": percent}
            for part, percent in queries.shared_percents(timezone.localdate()).items()
        ]
        if shared:
            told = gettext("按现行分成规则，除税收和产值外的业绩，%(shared)s。")
            self.fields["part"].help_text = told % {"shared": gettext("，").join(shared)}


class JointUnitForm(Styled):
    pk = forms.CharField(widget=forms.MultipleHiddenInput, required=False)
    unit = LiveField(queries.joinable_units, label=_("协同单位"))


class TakeOutForm(Styled):
    pk = forms.CharField(widget=forms.MultipleHiddenInput, required=False)
    reason = forms.CharField(
        label=_("补充说明"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "data-span": "2"}),
    )


class MemberForm(Styled):
    user: ClassVar[forms.ModelChoiceField] = forms.ModelChoiceField(
        label=_("人员"), queryset=None, empty_label=_("请选择"), widget=_SEARCHED
    )
    is_leader = forms.BooleanField(label=_("作为项目负责人"), required=False)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = queries.candidates(project)  # type: ignore[attr-defined]


class ClaimForm(Asking):
    """What is claimed of one kind of achievement: its day, its amount if it has one, what proves it."""

    groups = (
        (
            _("业绩"), _("提交后由另一位同事核验，核验通过后记入业绩台账。"),
            ["happened_date", "key", "amount", "rewards", "confirm_amounts", "evidence"],
        ),
    )  # fmt: skip
    happened_date = forms.DateField(widget=forms.DateInput)
    key = forms.CharField(max_length=40, help_text=_("银行回单、验资报告等的编号，同一凭证只记一次。"))
    amount = MoneyField(units=UNITS)
    rewards = MoneyField(
        required=False, help_text=_("从这一年税收中已经兑现给企业的；协议约定减去奖补再分成的，按余下的分。")
    )
    evidence = forms.FileField(
        error_messages={"required": _("请上传证明材料。")}, widget=forms.FileInput(attrs={"data-span": "2"})
    )

    def __init__(self, *args: Any, kind: Achievement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels: dict[str, Any] = {
            "happened_date": kind.day, "key": kind.key, "amount": kind.amount, "rewards": kind.less, "evidence": kind.evidence_label
        }  # fmt: skip
        for name, label in labels.items():
            if label:
                self.fields[name].label = label
            else:
                del self.fields[name]
        if kind.yearly:
            self.fields["key"].help_text = _("四位年份，与上面的日期同一年；一年只记一次。")
        if not kind.amount:
            del self.fields["confirm_amounts"]
        else:
            self.fields["confirm_amounts"].label = _("已核对无误")


class StepBackForm(ReasonForm):
    target = forms.ChoiceField(label=_("退回到"))
    field_order = ("target", "reason")

    def __init__(self, *args: Any, targets: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["target"]
        field.choices = [(stage, stages.STAGES[stage]) for stage in reversed(targets)]  # type: ignore[attr-defined]


class ExtendForm(Asking):
    groups = (
        (
            _("增资扩产"), _("作为一个新项目推进，投资主体、行业和落地单位与原项目相同；业绩只统计增加的金额，不算新项目。"),
            ["name", "intended", "confirm_amounts", "summary", "despite"],
        ),
    )  # fmt: skip
    questions = ("confirm_amounts", "despite")
    name = forms.CharField(
        label=_("项目名称"), max_length=80, widget=forms.TextInput(attrs={"data-span": "2"})
    )
    intended = MoneyField(label=_("增加的投资额"), units=UNITS)
    summary = forms.CharField(label=_("项目简介"), max_length=2000, widget=_LONG)
    despite = forms.CharField(
        label=_("仍然登记的理由"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2, "data-span": "2"})
    )  # fmt: skip


class Terms(Styled):
    """On what terms two units share in a project that one passes on to the other (FACTS §1.5)."""

    percent = forms.DecimalField(
        label=_("流出单位分成"), min_value=Decimal(0), max_value=Decimal(100), max_digits=5, decimal_places=2,
        widget=forms.NumberInput(attrs={"data-unit": "%"}),
    )  # fmt: skip
    base = forms.ChoiceField(label=_("分成范围"), choices=list(stages.SHARED_BASES.items()))
    years = forms.IntegerField(
        label=_("分成年限"), min_value=1, max_value=50, widget=forms.NumberInput(attrs={"data-unit": _("年")})
    )
    start = forms.ChoiceField(label=_("起算时点"), choices=list(stages.SHARED_FROM.items()))
    statistics = forms.ChoiceField(
        label=_("统计方式"), choices=list(stages.STATISTICS.items()),
        help_text=_("业绩台账中各单位份额之和总是 1；“双方全额计算”只是记下的约定，不改变台账。"),
    )  # fmt: skip
    exclusions = forms.CharField(
        label=_("不参与分成的内容"), max_length=500, required=False, help_text=_("例如公共基础设施、房地产。"),
        widget=forms.TextInput(attrs={"data-span": "2"}),
    )  # fmt: skip

    def terms(self) -> dict[str, Any]:
        """Return the terms alone."""
        return {name: self.cleaned_data[name] for name in Terms.base_fields}


class OfferForm(Terms):
    groups = (
        (_("流转"), "", ["to_unit", "reason"]),
        (_("分成"), _("按城市方案预填，可以商定。"), ["percent", "base", "years", "start", "statistics", "exclusions"]),
    )  # fmt: skip
    to_unit: ClassVar[forms.ModelChoiceField] = forms.ModelChoiceField(
        label=_("承接单位"), queryset=None, empty_label=_("请选择"), widget=_SEARCHED,
        help_text=_("提出之后，承接单位就能看到这个项目。"),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("流转原因"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3, "data-span": "2"})
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to_unit"].queryset = queries.receivers(project)  # type: ignore[attr-defined]


class AwardForm(Terms, ReasonForm):
    groups = (
        (_("裁定"), "", ["reason"]),
        (_("分成"), "", ["percent", "base", "years", "start", "statistics", "exclusions"]),
    )
    reason = forms.CharField(
        label=_("裁定意见"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3, "data-span": "2"})
    )


class CompleteForm(Asking):
    groups = ((_("三方协议"), "", ["agreed_date", "early", "agreement"]),)
    questions = ("early",)
    confirm_amounts = None  # type: ignore[assignment]
    early = forms.CharField(
        label=_("先签协议的原因"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2, "data-span": "2"})
    )  # fmt: skip
    agreed_date = forms.DateField(
        label=_("协议签订日期"), widget=forms.DateInput, help_text=_("协议从次日起算：签订当日和以前的业绩归原落地单位。"),
    )  # fmt: skip
    agreement = forms.FileField(
        label=_("三方协议"), error_messages={"required": _("请上传三方协议。")}, widget=forms.FileInput(attrs={"data-span": "2"})
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class CloseForm(Styled):
    until = forms.DateField(
        label=_("结账至"), widget=forms.DateInput,
        help_text=_("这一天和以前的业绩从此不变；之后的更正和补报记入结账之后的第一天。"),
    )  # fmt: skip
    note = forms.CharField(
        label=_("说明"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "data-span": "2"}),
    )


class CategoryForm(ReasonForm):
    reason = forms.CharField(label=_("原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    category = forms.ChoiceField(label=_("类别"), required=False)
    field_order = ("category", "reason")

    def __init__(self, *args: Any, categories: Sequence[queries.Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = [  # type: ignore[attr-defined]
            ("", gettext("按规则，不人工归类")), *((item.code, item.label) for item in categories)
        ]  # fmt: skip


class GradeForm(ReasonForm):
    reason = forms.CharField(label=_("原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    grade = forms.ChoiceField(label=_("分级"), required=False)
    field_order = ("grade", "reason")

    def __init__(self, *args: Any, tiers: Sequence[queries.Tier], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grade"].choices = [  # type: ignore[attr-defined]
            ("", gettext("按规则，不人工定级")), *((tier.code, tier.label) for tier in tiers)
        ]  # fmt: skip


class DisputeForm(Styled):
    groups = ((_("争议"), "", ["against", "statement"]),)
    against = forms.ChoiceField(
        label=_("对方的记录"),
        help_text=_("其他单位同一企业、还未签约的线索和项目。"),
        widget=forms.Select(attrs={"data-span": "2"}),
    )
    statement = forms.CharField(
        label=_("陈述"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4, "data-span": "2"}),
        help_text=_(
            "本单位何时接触、做了哪些工作。对方看得到这段陈述，也会知道本单位在跟进；证明材料放在本记录的“材料”中。"
            "裁定之前，报备在后的一方暂停转入在谈和签约。"
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, rivals: Sequence[queries.Reported], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["against"].choices = [  # type: ignore[attr-defined]
            ("", gettext("请选择")), *((item.dealing.key, _told(item)) for item in rivals)
        ]  # fmt: skip


def _told(item: queries.Reported) -> str:
    """Return by what a rival's record is chosen: its unit and stage, its name only for who may see it."""
    clash = item.dealing.clash
    title = f" · {item.dealing.title}" if item.dealing.is_seen else ""
    return f"{clash.unit} · {clash.stage} · {clash.since:%Y-%m}{title}"


class DecideForm(ReasonForm):
    groups = ((_("裁定"), "", ["outcome", "is_shared", "reason"]),)
    outcome = forms.ChoiceField(
        label=_("裁定结果"), widget=forms.Select(attrs={"data-span": "2"}),
        help_text=_("裁定由一方承办的，另一方同一企业未签约的线索和项目随之终止，裁定之后不能撤销。"),
    )  # fmt: skip
    is_shared = forms.BooleanField(
        label=_("另一方作为引荐单位参与承办方的项目，业绩按分成规则计"), required=False,
        help_text=_("承办方的记录还是线索时，先转为项目。"),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("裁定意见"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4, "data-span": "2"})
    )

    def __init__(self, *args: Any, units: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        raiser, other = units
        self.fields["outcome"].choices = [  # type: ignore[attr-defined]
            ("", gettext("请选择")),
            (stages.RAISER, gettext("由%(unit)s承办") % {"unit": raiser}),
            (stages.OTHER, gettext("由%(unit)s承办") % {"unit": other}),
            (stages.DIFFERENT, stages.OUTCOMES[stages.DIFFERENT]),
        ]


class PersonalActForm(Styled):
    """An act of a first hand: which of the three, who, when, what he did and what came of it."""

    kind = forms.ChoiceField(label=_("事项"), choices=list(stages.PERSONAL_KINDS.items()))
    post: ClassVar[forms.ModelChoiceField] = forms.ModelChoiceField(
        label=_("主要领导"), queryset=None, empty_label=_("请选择"), widget=forms.Select,
        help_text=_("列出参与本项目的单位登记的主要领导（“一把手”），离任的也在内。"),
    )  # fmt: skip
    act_date = forms.DateField(label=_("日期"), widget=forms.DateInput, initial=timezone.localdate)
    done = forms.CharField(label=_("做了什么"), max_length=1000, widget=_LONG)
    outcome = forms.CharField(label=_("结果"), max_length=1000, widget=_LONG)
    evidence = forms.FileField(
        label=_("佐证材料"), required=False, widget=forms.FileInput(attrs={"data-span": "2"})
    )
    groups = ((_("亲自事项"), "", ["kind", "post", "act_date", "done", "outcome", "evidence"]),)

    def __init__(self, *args: Any, project: Project, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        posts = self.fields["post"]
        assert isinstance(posts, forms.ModelChoiceField)
        posts.queryset = queries.first_hands_for(project, by)
        posts.label_from_instance = _post_label  # type: ignore[method-assign,assignment]


def _post_label(post: Any) -> str:
    name = f"{post.person.name} · {post.unit.brief} {post.position}"
    return gettext("%(name)s（至 %(to)s）") % {"name": name, "to": post.valid_to} if post.valid_to else name


class ReportForm(Styled):
    """Handing a report in as it was seen; a correction says why."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    number = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=1000)
    reason = forms.CharField(
        label=_("更正原因"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "data-span": "2"}),
    )

    def __init__(self, *args: Any, is_correction: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_correction:
            del self.fields["reason"]


class DefinitionForm(Comparing):
    """What is to be reported, and of which projects."""

    fields_asked = queries.REPORTED
    groups = (
        (_("报表"), "", ["title", "code", "recipient", "submitters", "period", "due_days", "valid_from", "source", "is_closed"]),
        (_("栏目"), _("按填报表的顺序排列。"), ["columns"]),
    )  # fmt: skip
    number = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    code = forms.CharField(
        label=_("代码"), max_length=40, help_text=_("用在网址里，定下后不改。例如 weekly-progress。")
    )
    title = forms.CharField(label=_("报表名称"), max_length=60)
    recipient = LiveField(units_today, label=_("接收单位"))
    submitters = forms.MultipleChoiceField(
        label=_("报送单位"), widget=forms.CheckboxSelectMultiple,
        choices=[("district", _("区")), ("zone", _("开发区")), ("group", _("招商组"))],
    )  # fmt: skip
    period = forms.ChoiceField(label=_("周期"), choices=list(stages.PERIODS.items()))
    due_days = forms.IntegerField(
        label=_("期末后几个自然日内报送"),
        min_value=0,
        max_value=90,
        help_text=_("按自然日计，节假日不顺延。"),
    )
    valid_from = forms.DateField(
        label=_("施行日期"),
        widget=forms.DateInput,
        initial=timezone.localdate,
        help_text=_("期末在这一天或之后的各期按这一版报送。"),
    )
    columns = forms.MultipleChoiceField(label=_("栏目"), widget=forms.CheckboxSelectMultiple)
    is_closed = forms.BooleanField(label=_("停止报送"), required=False)
    source = forms.CharField(
        label=_("依据"), max_length=300, required=False, widget=forms.TextInput(attrs={"data-span": "2"})
    )

    @staticmethod
    def check(data: Any) -> Any:
        return queries.checked_reported(data)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["code"]
        self.fields["columns"].choices = [(head.key, head.label) for head in queries.HEADS.values()]  # type: ignore[attr-defined]
