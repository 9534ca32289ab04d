"""Forms of planned projects."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.forms import CodeField, EditForm, LiveField, MoneyField, Styled
from yinfeng.orgs.queries import hosts
from yinfeng.projects import queries, stages
from yinfeng.projects.forms import UNITS, AreaField, Asking, WithEnterprise, keep_area, keep_units
from yinfeng.projects.models import Partner, Proposal

_WIDE = forms.TextInput(attrs={"data-span": "2"})
_LONG = forms.Textarea(attrs={"rows": 4, "data-span": "2"})


class ProposalForm(Asking, EditForm):
    """What the city wants, for whom, where; the firms are named on the proposal's page."""

    groups = (
        (_("策划项目"), "", ["title", "planning_unit", "industry", "chain"]),
        (_("内容和依据"), "", ["content", "rationale", "return_mechanism"]),
        (
            _("投资"), _("各行业的门槛按固定资产投资计。"),
            ["estimated", "fixed_investment", "confirm_amounts", "exception"],
        ),
        (_("落在哪里"), "", ["host_unit", "area", "site", "land_mu"]),
    )  # fmt: skip
    questions = ("confirm_amounts", "exception")
    title = forms.CharField(label=_("策划项目名称"), max_length=80, widget=_WIDE)
    planning_unit = LiveField(queries.planners, label=_("策划单位"))
    industry = CodeField("industry", label=_("行业"), widget=forms.Select(attrs={"data-search": ""}))
    chain = CodeField("chain", label=_("产业链"), required=False)
    content = forms.CharField(label=_("建设内容"), max_length=2000, widget=_LONG)
    rationale = forms.CharField(
        label=_("策划依据"), max_length=2000, widget=_LONG, help_text=_("补哪个缺失环节、抓住什么机会、为什么是现在。")
    )  # fmt: skip
    return_mechanism = forms.CharField(
        label=_("回报机制"), max_length=2000, required=False, widget=_LONG,
        help_text=_("企业靠什么收回投资：市场、收费、场景开放、资源配置等。提交论证前填写。"),
    )  # fmt: skip
    estimated = MoneyField(label=_("估算总投资"))
    fixed_investment = MoneyField(label=_("固定资产投资"), required=False)
    exception = forms.CharField(
        label=_("低于门槛的理由"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "data-span": "2"}),
    )  # fmt: skip
    host_unit = LiveField(hosts, label=_("拟落地单位"), required=False)
    area = AreaField(label=_("所在片区"), required=False)
    site = forms.CharField(label=_("拟选址"), max_length=200, required=False)
    land_mu = forms.DecimalField(
        label=_("用地需求"), min_value=Decimal(0), max_digits=10, decimal_places=2, required=False,
        widget=forms.NumberInput(attrs={"data-unit": _("亩")}),
    )  # fmt: skip

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["planning_unit"].queryset = queries.planners_for(by)  # type: ignore[attr-defined]
        keep_area(self)
        keep_units(self, "planning_unit", "host_unit")

    def values(self) -> dict[str, Any]:
        """Return the values; the reason for what lies below the threshold is one of them."""
        return super().values() | {"exception": self.cleaned_data["exception"].strip()}

    @staticmethod
    def initial_of(proposal: Proposal) -> dict[str, Any]:
        plain = [name for name in ProposalForm.base_fields if hasattr(proposal, name)]
        return {name: getattr(proposal, name) for name in plain} | {
            "planning_unit": proposal.planning_unit_id, "host_unit": proposal.host_unit_id, "area": proposal.area_id,
        }  # fmt: skip


class PartnerForm(WithEnterprise):
    """Name a firm with which a planned project is to be done."""

    groups = ((_("拟对接企业"), "", ["enterprise_name", "reason"]),)
    questions = ("confirm_amounts", "despite")
    reason = forms.CharField(
        label=_("为什么是这家"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "data-span": "2"}),
        help_text=_("例如：链上龙头、正在扩产、已在本市有配套。"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.questions:
            del self.fields[name]
        self.fields["enterprise_name"].required = True


class PartnerField(forms.ModelChoiceField):
    """A choice among the partners of a proposal, by the name of the firm."""

    def label_from_instance(self, obj: Partner) -> str:
        return obj.enterprise.name


class GenerateForm(Asking, EditForm):
    """Make a project of a proposal with one of its partners."""

    groups = (
        (
            _("项目"), _("产业链、行业、选址、用地、落地单位和固定资产投资由策划项目带入，之后可以在项目中修改。"),
            ["partner", "name", "intended", "confirm_amounts", "summary", "secrecy", "despite"],
        ),
    )  # fmt: skip
    questions = ("confirm_amounts", "despite")
    partner = PartnerField(queryset=None, label=_("企业"), empty_label=_("请选择"))
    name = forms.CharField(label=_("项目名称"), max_length=80, widget=_WIDE)
    intended = MoneyField(label=_("意向投资额"), units=UNITS)
    summary = forms.CharField(label=_("项目简介"), max_length=2000, widget=_LONG)
    secrecy = forms.ChoiceField(
        label=_("知悉范围"), choices=list(stages.SECRECY.items()), initial=stages.INTERNAL,
        help_text=_("敏感项目只有项目团队和经授权的人员能看到。"),
    )  # fmt: skip
    despite = forms.CharField(
        label=_("仍然登记的理由"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2, "data-span": "2"})
    )  # fmt: skip

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = queries.free_partners(proposal)  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in super().values().items() if name != "partner"}


class OpinionForm(Styled):
    """What somebody else than proposed it finds of a planned project."""

    reason = forms.CharField(
        label=_("论证意见"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4, "data-span": "2"})
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
