"""Forms of the enterprise library."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.forms import CodeField, EditForm, MoneyField
from yinfeng.core.queries import code_label
from yinfeng.enterprises.filters.records import tag_choices
from yinfeng.enterprises.models import RELATION_KINDS, Enterprise


def model_field(name: str, **values: Any) -> Any:
    """Return the form field of a model field: rules live on the model."""
    field = Enterprise._meta.get_field(name).formfield(**values)  # type: ignore[union-attr]
    assert field is not None
    return field


class EnterpriseForm(EditForm):
    """Enter or edit an enterprise; asks once more when the library has a look-alike."""

    groups = (
        (_("企业身份"), "", ("name", "short_name", "name_en", "uscc", "listing_code", "nature", "tags")),
        (_("所在地"), "", ("country", "province", "city", "address")),
        (_("规模与行业"), "", ("capital", "staff", "founded_date", "industry")),
        (_("业务"), "", ("scope_of_business", "introduction", "website")),
        (_("信息来源"), _("注明出处和核实日期，别人才能放心引用。"), ("source", "verified_date")),
    )
    name = model_field("name", help_text=_("填写营业执照上的全称。"))
    short_name = model_field("short_name")
    name_en = model_field("name_en")
    uscc = model_field("uscc")
    listing_code = model_field("listing_code")
    nature = CodeField("enterprise_nature", label=_("企业性质"), required=False)
    tags = forms.MultipleChoiceField(
        label=_("标签"), choices=tag_choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    country = CodeField("country", label=_("国家或地区"))
    province = model_field("province")
    city = model_field("city")
    address = model_field("address")
    capital = MoneyField(
        label=_("注册资本"), units=("wan", "yi", "wan_usd", "wan_eur", "wan_hkd"), required=False
    )
    staff = model_field("staff")
    founded_date = model_field("founded_date", widget=forms.DateInput)
    industry = CodeField("industry", label=_("行业"), level=2, required=False)
    scope_of_business = model_field("scope_of_business", widget=forms.Textarea(attrs={"rows": 3}))
    introduction = model_field("introduction", widget=forms.Textarea(attrs={"rows": 4}))
    website = model_field("website", assume_scheme="https")
    source = model_field("source", help_text=_("例如：企业官网、工商登记、展会交换名片。"))
    verified_date = model_field("verified_date", widget=forms.DateInput)
    different = forms.BooleanField(
        label=_("我已核对，这是另一家企业"), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("country", "industry"):
            self.fields[name].widget.attrs["data-search"] = ""
            self._keep(name)

    def _keep(self, name: str) -> None:
        """Offer the code that the record has, though the list ends above it (C3974) or has closed it."""
        kept, field = self.initial.get(name), self.fields[name]
        assert isinstance(field, CodeField)
        offered: Any = field.choices
        choices = list(offered)
        if kept and kept not in {code for code, _label in choices}:
            field.choices = [*choices, (kept, f"{kept} {code_label(field.table, kept)}")]

    def ask_whether_different(self) -> None:
        """Show the checkbox that says this is another enterprise, and why it is asked."""
        self.fields["different"].widget = forms.CheckboxInput(attrs={"class": "form-check-input"})
        self.add_error("different", _("库中有相近的企业，请先核对。若确属另一家，请勾选后再保存。"))

    def clean_founded_date(self) -> Any:
        day = self.cleaned_data["founded_date"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(_("成立日期不能晚于今天。"))
        return day

    def clean_verified_date(self) -> Any:
        day = self.cleaned_data["verified_date"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(_("核实日期不能晚于今天。"))
        return day

    def values(self) -> dict[str, Any]:
        """Return what the services take: the capital in yuan."""
        data = dict(self.cleaned_data)
        data["capital"] = data["capital"].yuan if data["capital"] else None
        return data

    def tag_pairs(self, present: set[tuple[str, int]]) -> set[tuple[str, int]]:
        """Return (tag, year) of the chosen tags; a tag that stays keeps the years it had."""
        chosen = set(self.cleaned_data["tags"])
        kept = {pair for pair in present if pair[0] in chosen}
        return kept | {(tag, 0) for tag in chosen - {tag for tag, _year in kept}}


class VerifyForm(EditForm):
    verified_date = forms.DateField(label=_("核实日期"), widget=forms.DateInput)
    source = model_field(
        "source", required=True, help_text=_("对照什么核实的，例如：营业执照、国家企业信用信息公示系统。")
    )

    def clean_verified_date(self) -> Any:
        day = self.cleaned_data["verified_date"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("核实日期不能晚于今天。"))
        return day


class FormerNameForm(EditForm):
    name = forms.CharField(
        label=_("曾用名"), max_length=200, help_text=_("企业从前的名称或别称；用它也能查到这家企业。")
    )


class ContactForm(EditForm):
    name = forms.CharField(label=_("姓名"), max_length=100)
    position = forms.CharField(label=_("职务"), max_length=100, required=False)
    phone = forms.RegexField(
        label=_("电话"), regex=r"^\+?[0-9][0-9 \-]{4,23}$", required=False,
        help_text=_("加密保存，页面上只显示首尾几位。"),
        error_messages={"invalid": _("请填写电话号码，例如 13800001234 或 0592-1234567。")},
    )  # fmt: skip
    without_phone = forms.BooleanField(label=_("删去现有的电话"), required=False)
    email = forms.EmailField(label=_("电子邮箱"), required=False)

    def __init__(self, *args: Any, phone_now: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if phone_now:
            self.fields["phone"].help_text = _("现为 %(phone)s；不改请留空。") % {"phone": phone_now}
        else:
            del self.fields["without_phone"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("without_phone") and cleaned.get("phone"):
            self.add_error("without_phone", _("填写了新的电话就不必勾选：它会取代现有的。"))
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return what the services take: no phone where none was typed and the present one is to stay."""
        data = dict(self.cleaned_data)
        if "without_phone" in data and not data["phone"] and not data["without_phone"]:
            del data["phone"]
        return data


class RelationForm(EditForm):
    kind = forms.ChoiceField(label=_("关系"), choices=list(RELATION_KINDS.items()))
    other = forms.CharField(
        label=_("关联企业"), max_length=200, help_text=_("填写库中企业的全称；库中没有的，请先录入。")
    )
    share = forms.DecimalField(
        label=_("持股比例（%）"), min_value=0, max_value=100, decimal_places=2, required=False
    )
    source = forms.CharField(label=_("信息来源"), max_length=200)
    noted_date = forms.DateField(label=_("记录日期"), initial=timezone.localdate, widget=forms.DateInput)
