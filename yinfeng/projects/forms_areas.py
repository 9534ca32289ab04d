"""Forms of major areas and their premises."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.forms import EditForm, LiveField, RowsField
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Area, Premises

_LONG = forms.Textarea(attrs={"rows": 4, "data-span": "2"})


class AreaForm(EditForm):
    groups = (
        (_("片区"), "", ["name", "command_unit", "districts", "purpose", "duties"]),
        (_("时间"), "", ["since", "until"]),
    )
    name = forms.CharField(label=_("片区名称"), max_length=80)
    command_unit = LiveField(
        queries.command_posts, label=_("指挥部"), help_text=_("指挥部是一个单位；还没有的，先在“单位”中添加。")
    )  # fmt: skip
    districts: ClassVar[RowsField] = RowsField(
        label=_("所在区"), queryset=None, widget=forms.CheckboxSelectMultiple(attrs={"data-span": "2"})
    )
    purpose = forms.CharField(label=_("功能定位"), max_length=2000, widget=_LONG)
    duties = forms.CharField(
        label=_("指挥部职责"), max_length=2000, required=False, widget=_LONG,
        help_text=_("例如：统筹征收、供地和配套建设，协调项目落地。"),
    )  # fmt: skip
    since = forms.DateField(label=_("起始日期"), widget=forms.DateInput, initial=timezone.localdate)
    until = forms.DateField(
        label=_("截止日期"), required=False, widget=forms.DateInput, help_text=_("过了这一天，指挥部不再看到片区里的项目。")
    )  # fmt: skip

    def __init__(self, *args: Any, area: Area | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # a post that was closed keeps its area until another takes over
        self.fields["command_unit"].queryset = queries.command_posts(area)  # type: ignore[attr-defined]
        self.fields["districts"].queryset = queries.districts(area)  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    @staticmethod
    def initial_of(area: Area) -> dict[str, Any]:
        plain = {
            name: getattr(area, name) for name in ("name", "purpose", "duties", "since", "until", "version")
        }
        return plain | {
            "command_unit": area.command_unit_id, "districts": [unit.pk for unit in area.districts.all()]
        }  # fmt: skip


class PremisesForm(EditForm):
    groups = ((_("载体"), "", ["name", "kind", "size", "state", "available_date"]),)
    name = forms.CharField(label=_("载体名称"), max_length=80)
    kind = forms.ChoiceField(label=_("类型"), choices=list(stages.PREMISES_KINDS.items()))
    size = forms.DecimalField(
        label=_("面积"), min_value=Decimal("0.01"), max_digits=12, decimal_places=2,
        help_text=_("土地填亩，房屋填平方米（㎡）。"),
    )  # fmt: skip
    state = forms.ChoiceField(label=_("状态"), choices=list(stages.PREMISES_STATES.items()))
    available_date = forms.DateField(label=_("可用日期"), required=False, widget=forms.DateInput)

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    @staticmethod
    def initial_of(premises: Premises) -> dict[str, Any]:
        return {name: getattr(premises, name) for name in (*PremisesForm.base_fields,)}
