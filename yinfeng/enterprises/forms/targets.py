"""Forms of target enterprises and of warnings."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor, Reach
from yinfeng.core.forms import EditForm, NoteForm, ReasonForm
from yinfeng.enterprises import queries
from yinfeng.enterprises.models import LEVELS, PRIORITIES, SIGNAL_KINDS

_NEXT_STEP = _("写明要做什么、由谁做，例如：5 月 20 日前由张局长带队回访。")


class OwnerField(forms.ModelChoiceField):
    """A choice of a person, named with the unit where he belongs; the form says from which people."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Select(attrs={"data-search": ""})
        super().__init__(queryset=None, label=_("责任人"), empty_label=_("请选择"), widget=widget, **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} · {obj.place}" if obj.place else str(obj)


class ResponsibleForm(EditForm):
    """A form that names the unit and the person who answer for a target or a warning."""

    unit: ClassVar[forms.ModelChoiceField] = forms.ModelChoiceField(
        label=_("单位"),
        queryset=None,
        empty_label=_("请选择"),
        widget=forms.Select(attrs={"data-search": ""}),
    )
    owner = OwnerField()

    def __init__(self, *args: Any, by: Actor, permission: str, anywhere: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reach = Reach(everywhere=True) if anywhere else by.reach(permission)
        units = queries.units_to_take_over() if anywhere else queries.units_for(by, permission)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["owner"].queryset = queries.holders(permission, reach, by.user_id)  # type: ignore[attr-defined]


class TargetForm(ResponsibleForm):
    """Put firms on a unit's list; how one works with others is asked once it is known that others court the firm."""

    pk = forms.CharField(widget=forms.MultipleHiddenInput, required=False)
    priority = forms.TypedChoiceField(
        label=_("优先级"), choices=list(PRIORITIES.items()), coerce=int, initial=2,
        help_text=_("一类由领导牵头，二类由单位专人跟进，三类保持联系。"),
    )  # fmt: skip
    wanted = forms.CharField(
        label=_("想争取什么"),
        max_length=300,
        required=False,
        help_text=_("例如：区域总部、二期产线、研发中心。"),
    )
    next_step = forms.CharField(label=_("下一步"), max_length=300, required=False, help_text=_NEXT_STEP)
    next_date = forms.DateField(label=_("下一步日期"), required=False, widget=forms.DateInput)
    together = forms.CharField(
        label=_("与其他单位如何配合"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("写给先对接的单位看：由谁牵头、各做什么。对方责任人会收到通知。"),
    )  # fmt: skip
    field_order = ("unit", "owner", "priority", "wanted", "next_step", "next_date", "together")

    def __init__(self, *args: Any, asks_together: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks_together = self.fields["together"].required = asks_together
        self.fields["together"].error_messages["required"] = _("已有单位在对接，请写明与其他单位如何配合。")

    def fieldsets(self) -> list[dict[str, Any]]:
        """Leave out the question that nobody has a reason to ask."""
        asked = self.asks_together or "together" in self.errors or self["together"].value()
        groups = super().fieldsets()
        for group in groups:
            group["fields"] = [field for field in group["fields"] if asked or field.name != "together"]
        return groups


class EditTargetForm(EditForm):
    priority = forms.TypedChoiceField(label=_("优先级"), choices=list(PRIORITIES.items()), coerce=int)
    wanted = forms.CharField(label=_("想争取什么"), max_length=300, required=False)
    next_step = forms.CharField(label=_("下一步"), max_length=300, required=False, help_text=_NEXT_STEP)
    next_date = forms.DateField(label=_("下一步日期"), required=False, widget=forms.DateInput)
    together = forms.CharField(
        label=_("与其他单位如何配合"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class HandOverForm(ResponsibleForm):
    reason = forms.CharField(
        label=_("说明"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class LandForm(NoteForm):
    project = forms.CharField(label=_("项目编号或名称"), max_length=100)
    field_order = ("project", "reason")


class ResumeForm(ReasonForm):
    together = forms.CharField(
        label=_("与其他单位如何配合"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("有其他单位在对接时须填写。"),
    )  # fmt: skip


class EditSignalForm(EditForm):
    """What a warning says and what is to be done about it."""

    kind = forms.ChoiceField(label=_("迹象"), choices=[("", _("请选择")), *SIGNAL_KINDS.items()])
    level = forms.TypedChoiceField(
        label=_("级别"), choices=list(LEVELS.items()), coerce=int, initial=2,
        help_text=_("高：已着手迁出或减产；中：有明确迹象；低：需要留意。"),
    )  # fmt: skip
    noted_date = forms.DateField(label=_("发现日期"), widget=forms.DateInput)
    due_date = forms.DateField(
        label=_("到期日"), required=False, widget=forms.DateInput,
        help_text=_("租约到期须填写，其他迹象不填。到期前一段时间起列入待办并通知责任人。"),
    )  # fmt: skip
    detail = forms.CharField(
        label=_("情况"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "data-span": "2"})
    )
    source = forms.CharField(
        label=_("信息来源"),
        max_length=200,
        widget=forms.TextInput(attrs={"data-span": "2"}),
        help_text=_("例如：走访企业、国家企业信用信息公示系统、园区物业。"),
    )
    next_step = forms.CharField(label=_("下一步"), max_length=300, required=False)
    next_date = forms.DateField(label=_("下一步日期"), required=False, widget=forms.DateInput)


class SignalForm(EditSignalForm, ResponsibleForm):
    field_order = (
        "kind",
        "level",
        "noted_date",
        "due_date",
        "detail",
        "source",
        "unit",
        "owner",
        "next_step",
        "next_date",
    )


class AssignForm(ResponsibleForm):
    next_step = forms.CharField(label=_("下一步"), max_length=300, required=False)
    next_date = forms.DateField(label=_("下一步日期"), required=False, widget=forms.DateInput)
    reason = forms.CharField(
        label=_("说明"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
