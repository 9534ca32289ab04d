"""Forms of duties: the six, progress, submitting with evidence, extension, handing over, reminding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.forms import EditForm, LiveField, RowsField, Styled
from yinfeng.duties import queries, terms
from yinfeng.duties.models import Duty
from yinfeng.duties.services import Six

_WIDE = forms.TextInput(attrs={"data-span": "2"})


def _long(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "data-span": "2"})


class PeopleField(LiveField):
    """A choice among people who can lead, by name and post, in official order."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.post}）" if obj.post else str(obj.name)


class UnitsField(RowsField):
    """Several units, found by typing."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.SelectMultiple(attrs={"data-search": "", "data-span": "2"}))
        super().__init__(queryset=None, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> UnitsField:
        copy: UnitsField = super().__deepcopy__(memo)
        copy.queryset = queries.units_to_name()
        return copy


class SixForm(Styled):
    """The six of a duty: item, target, lead leader, responsible units, requirement, last day."""

    groups: ClassVar[Sequence[Any]] = (
        (_("做什么"), "", ["item", "target", "requirement"]),
        (_("谁来做"), "", ["lead_unit", "leader", "joint_units"]),
        (
            _("何时办结"), _("填日期，或者填几个工作日；遇节假日顺延到下一个工作日。"),
            ["due_date", "work_days", "statutory_date", "grade"],
        ),
    )  # fmt: skip
    item = forms.CharField(label=_("落实事项"), max_length=200, widget=_WIDE)
    target = forms.CharField(
        label=_("目标任务"),
        max_length=1000,
        widget=_long(2),
        help_text=_("办到什么程度算办成，尽量可以核对。"),
    )
    requirement = forms.CharField(label=_("工作要求"), max_length=4000, widget=_long(3))
    lead_unit = LiveField(queries.units_to_charge, label=_("牵头单位"))
    leader = PeopleField(queries.leaders, label=_("牵头领导"), required=False)
    joint_units = UnitsField(label=_("责任单位"), required=False)
    due_date = forms.DateField(label=_("办结时限"), required=False, widget=forms.DateInput)
    work_days = forms.IntegerField(
        label=_("或者工作日数"), required=False, min_value=1, max_value=750,
        widget=forms.NumberInput(attrs={"data-unit": _("个工作日")}), help_text=_("从交办的次日起算。"),
    )  # fmt: skip
    statutory_date = forms.DateField(
        label=_("法定时限"),
        required=False,
        widget=forms.DateInput,
        help_text=_("法律法规规定的最迟日期，没有的不填。"),
    )
    grade = forms.ChoiceField(
        label=_("等级"),
        choices=list(terms.GRADES.items()),
        initial=terms.KEY,
        help_text=_("等级决定多久报告一次进展。"),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("due_date") and data.get("work_days"):
            self.add_error("work_days", _("日期和工作日数只填一个。"))
        return data

    def six(self) -> Six:
        """Return what the services take."""
        names = (
            "item", "target", "requirement", "lead_unit", "leader", "due_date", "work_days", "statutory_date", "grade",
        )  # fmt: skip
        return Six(
            **{name: self.cleaned_data[name] for name in names},
            joint_units=list(self.cleaned_data["joint_units"]),
        )


class DutyForm(SixForm):
    """Set a duty by hand, in the name of one of one's units."""

    groups = (
        (_("由谁交办"), "", ["set_unit", "source_kind", "source_text", "secrecy"]),
        *SixForm.groups,
    )
    set_unit = LiveField(queries.units_to_charge, label=_("交办单位"))
    source_kind = forms.ChoiceField(
        label=_("来源"), choices=[(kind, terms.SOURCES[kind]) for kind in terms.BY_HAND]
    )
    source_text = forms.CharField(
        label=_("来源说明"), max_length=300, required=False, help_text=_("例如批示的领导、日期和文号。")
    )
    secrecy = forms.ChoiceField(
        label=_("知悉范围"), choices=list(terms.SECRECY.items()), initial=terms.INTERNAL,
        help_text=_("敏感事项只有参与单位中经授权的人员能看到。"),
    )  # fmt: skip

    def __init__(self, *args: Any, by: Actor, has_source: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["set_unit"].queryset = queries.setting_units(by)  # type: ignore[attr-defined]
        if has_source:  # the object says what it is
            for name in ("source_kind", "secrecy"):
                del self.fields[name]


class ChangeForm(EditForm):
    """Change what a duty asks for; the last day changes by extension, the lead unit by handing over."""

    groups = (
        (_("做什么"), "", ["item", "target", "requirement", "grade"]),
        (_("谁来做"), _("换牵头单位请用“移交”。"), ["leader", "joint_units"]),
        (_("为什么改"), "", ["reason"]),
    )
    item = forms.CharField(label=_("落实事项"), max_length=200, widget=_WIDE)
    target = forms.CharField(label=_("目标任务"), max_length=1000, widget=_long(2))
    requirement = forms.CharField(label=_("工作要求"), max_length=4000, widget=_long(3))
    grade = forms.ChoiceField(label=_("等级"), choices=list(terms.GRADES.items()))
    leader = PeopleField(queries.leaders, label=_("牵头领导"), required=False)
    joint_units = UnitsField(label=_("责任单位"), required=False)
    reason = forms.CharField(label=_("原因"), max_length=500, widget=_long(2))

    def __init__(self, *args: Any, kept: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leader"].queryset = queries.leaders(kept)  # type: ignore[attr-defined]


class ProgressForm(Styled):
    """Tell how far a duty has come, for one of its units."""

    groups = ((_("进展"), "", ["unit", "percent", "text", "problem"]),)
    unit = LiveField(queries.units_to_charge, label=_("报告单位"))
    percent = forms.IntegerField(
        label=_("完成进度"), required=False, min_value=0, max_value=100, widget=forms.NumberInput(attrs={"data-unit": "%"}),
        help_text=_("整个事项完成了多少，由牵头单位填写。"),
    )  # fmt: skip
    text = forms.CharField(label=_("进展情况"), max_length=2000, widget=_long(4))
    problem = forms.CharField(label=_("存在问题"), max_length=1000, required=False, widget=_long(2))

    def __init__(self, *args: Any, duty: Duty, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = list(queries.handling_units(duty, by))
        field = self.fields["unit"]
        field.queryset = queries.handling_units(duty, by)  # type: ignore[attr-defined]
        if len(units) == 1:
            field.initial = units[0].pk
            field.widget = forms.HiddenInput()
        if all(unit.pk != duty.lead_unit_id for unit in units):
            del self.fields["percent"]


class SubmitForm(EditForm):
    """Report a duty as done, with the files that show it."""

    groups = ((_("报结"), "", ["result", "evidence"]),)
    result = forms.CharField(
        label=_("办理结果"), max_length=4000, widget=_long(5), help_text=_("对照目标任务写明办成了什么。")
    )
    evidence = forms.FileField(
        label=_("佐证材料"),
        required=False,
        help_text=_("例如印发的文件、会议纪要、现场照片；更多的可以先在材料栏上传为佐证。"),
    )


class ExtensionForm(Styled):
    """Ask for a later last day."""

    until = forms.DateField(label=_("申请延至"), widget=forms.DateInput)
    reason = forms.CharField(label=_("延期原因"), max_length=1000, widget=_long(3))


class GrantForm(EditForm):
    """Grant a later last day, the one asked for or an earlier one."""

    until = forms.DateField(label=_("同意延至"), widget=forms.DateInput)
    answer = forms.CharField(label=_("审批意见"), max_length=500, required=False, widget=_long(2))


class HandOverForm(EditForm):
    """Give a duty to another unit."""

    unit = LiveField(queries.units_to_charge, label=_("新的牵头单位"))
    reason = forms.CharField(label=_("移交原因"), max_length=1000, widget=_long(3))


class RemindForm(Styled):
    """Issue a level of reminder by hand."""

    level = forms.ChoiceField(label=_("级别"), help_text=_("按规定现在可以发的级别。"))
    reason = forms.CharField(
        label=_("要求"),
        max_length=500,
        widget=_long(3),
        help_text=_("写进文书：要求何时办到什么程度；约谈的写明时间和地点。"),
    )

    def __init__(self, *args: Any, levels: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = [(level, terms.LEVELS[level]) for level in levels]  # type: ignore[attr-defined]
