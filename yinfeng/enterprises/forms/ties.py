"""The form of who of ours knows whom in an enterprise."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.forms import EditForm
from yinfeng.enterprises import queries, services
from yinfeng.enterprises.models import TIE_KINDS


class PersonField(forms.ModelChoiceField):
    """A choice among everybody who is known, each with the main post."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Select(attrs={"data-search": ""})
        super().__init__(
            queryset=queries.people_with_posts(), empty_label=_("请选择"), widget=widget, **kwargs
        )

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} · {obj.post}" if obj.post else str(obj)


class TieForm(EditForm):
    """One of the units' people, or somebody from outside by name, who knows somebody in an enterprise."""

    kind = forms.ChoiceField(label=_("身份"), choices=list(TIE_KINDS.items()))
    person = PersonField(label=_("我方人员"), required=False)
    name = forms.CharField(
        label=_("姓名"),
        max_length=100,
        required=False,
        help_text=_("投资顾问等不在人员名册中的，填写姓名即可。"),
    )
    whom = forms.CharField(
        label=_("认识企业的何人"),
        max_length=100,
        required=False,
        help_text=_("例如：董事长、投资部李总。"),
    )
    source = forms.CharField(
        label=_("依据"), max_length=200, help_text=_("怎么认识、由谁告知，例如：2025 年商会年会上结识。")
    )
    noted_date = forms.DateField(label=_("记录日期"), initial=timezone.localdate, widget=forms.DateInput)

    def clean_noted_date(self) -> Any:
        day = self.cleaned_data["noted_date"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("记录日期不能晚于今天。"))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("person") and cleaned.get("name"):
            self.add_error("name", _("已选择我方人员，就不必再填姓名。"))
        elif (
            not cleaned.get("person")
            and not cleaned.get("name")
            and not self.errors.keys() & {"person", "name"}
        ):
            self.add_error("person", _("请选择我方人员，或填写投资顾问的姓名。"))
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return what the services take."""
        return {name: self.cleaned_data[name] for name in services.TIE_FIELDS}
