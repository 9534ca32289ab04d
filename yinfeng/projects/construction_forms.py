"""Forms of construction: the plan as lines that can be pasted from a sheet, monthly reports, milestones, builders, bottlenecks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yinfeng.core.forms import CodeField, LiveField, MoneyField, ReasonForm, Styled
from yinfeng.core.money import MOST, WAN
from yinfeng.projects import queries, stages
from yinfeng.projects.forms import Asking
from yinfeng.projects.services import Planned

_MONTH = re.compile(r"(\d{4})(?:[-/.年])?(\d{1,2})月?")
_WIDE = {"data-span": "2"}


class MonthInput(forms.TextInput):
    """A month; browsers that have no picker for one take 2026-05."""

    input_type = "month"

    def format_value(self, value: Any) -> Any:
        return f"{value:%Y-%m}" if isinstance(value, date) else value


class MonthField(forms.CharField):
    """A month, cleaned to its first day."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=10, widget=MonthInput, **kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, date):
            return queries.month_of(value)
        text = super().to_python(value)
        return month_in(text) if text else None

    def validate(self, value: Any) -> None:
        if value is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """Leave the length of the text alone: what it says is a month already."""


def month_in(text: str) -> date:
    """Return the first day of the month that a text names: 2026-05, 2026/5, 2026年5月 or 202605."""
    found = _MONTH.fullmatch(unicodedata.normalize("NFKC", text).strip())
    year, month = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1990 <= year <= 2100 and 1 <= month <= 12):
        raise ValidationError(gettext("请填写年月，例如 2026-05。"))
    return date(year, month, 1)


class PlanField(forms.CharField):
    """The months of a plan, one a line: month, investment in 万元, how far the works are at its end in per cent."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 16, "spellcheck": "false", **_WIDE})
        super().__init__(max_length=20_000, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return [_planned(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _planned(number: int, line: str) -> Planned:
    parts = line.split()
    if len(parts) != 3:
        told = {"line": number}
        raise ValidationError(gettext("第 %(line)s 行须有三项：年月、万元、百分比，用空格隔开。") % told)
    try:
        month = month_in(parts[0])
    except ValidationError as error:
        raise ValidationError(
            gettext("第 %(line)s 行：%(why)s") % {"line": number, "why": error.message}
        ) from error
    invested = _number(parts[1], number, MOST / WAN, "0.000001")
    return Planned(
        month,
        (invested * WAN).quantize(Decimal("0.01")),
        _number(parts[2].rstrip("%％"), number, Decimal(100)),
    )


def _number(text: str, line: int, most: Decimal, step: str = "0.01") -> Decimal:
    try:
        found = Decimal(unicodedata.normalize("NFKC", text).replace(",", ""))
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or not 0 <= found <= most or len(text) > 24:
        told = {"line": line, "text": text[:20], "most": f"{most:,f}"}
        raise ValidationError(gettext("第 %(line)s 行：“%(text)s”须是 0 到 %(most)s 的数字。") % told)
    return found.quantize(Decimal(step))


def lines_of(months: Sequence[tuple[date, Decimal, Decimal]]) -> str:
    """Return a plan as the form takes it."""
    return "\n".join(
        f"{month:%Y-%m} {(yuan / WAN).normalize():f} {percent.normalize():f}"
        for month, yuan, percent in months
    )


class PlanForm(Asking):
    confirm_amounts = forms.BooleanField(label=_("已核对无误"), required=False)
    groups = (
        (
            _("建设计划"),
            _("每行一个月：年月、当月计划投资（万元）、月末累计形象进度（%），用空格或制表符隔开，可以从表格中粘贴。"),
            ["months", "confirm_amounts", "reason"],
        ),
    )  # fmt: skip
    months = PlanField(label=_("月度计划"), help_text=_("例如：2026-05 1200 8.5"))
    reason = forms.CharField(
        label=_("调整原因"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2, **_WIDE})
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_new:
            del self.fields["reason"]


def _percent(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal(0), max_value=Decimal(100), max_digits=5, decimal_places=2,
        widget=forms.NumberInput(attrs={"data-unit": "%"}),
    )  # fmt: skip


class ProgressForm(Asking):
    """The report of a month; one that corrects another keeps its month."""

    groups = (
        (
            _("建设月报"), _("当月完成投资只填这一个月的，累计由系统相加。"),
            ["month", "invested", "confirm_amounts", "percent", "done", "reason"],
        ),
    )  # fmt: skip
    questions: ClassVar[tuple[str, ...]] = ("confirm_amounts", "reason")
    month = MonthField(label=_("月份"))
    invested = MoneyField(label=_("当月完成投资"))
    percent = _percent(_("累计形象进度"))
    done = forms.CharField(
        label=_("完成内容"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4, **_WIDE})
    )
    reason = forms.CharField(
        label=_("原因"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2, **_WIDE})
    )

    def __init__(self, *args: Any, corrects: bool, **kwargs: Any) -> None:
        if corrects:  # which always says why
            self.questions = ("confirm_amounts",)  # type: ignore[misc]
        super().__init__(*args, **kwargs)
        if corrects:
            del self.fields["month"]
            self.fields["reason"].label = _("更正原因")
            self.fields["reason"].required = True


class PhotoForm(Styled):
    groups = ((_("现场照片"), "", ["month", "photo"]),)
    month = MonthField(label=_("月份"))
    photo = forms.FileField(
        label=_("照片"), help_text=_("JPG 或 PNG。"), error_messages={"required": _("请选择要上传的照片。")},
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png", **_WIDE}),
    )  # fmt: skip


class MilestoneForm(Asking):
    groups = ((_("建设节点"), "", ["kind", "planned_date", "reason", "actual_date", "note"]),)
    questions = ("reason",)
    confirm_amounts = None  # type: ignore[assignment]
    reason = forms.CharField(
        label=_("顺延原因"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2, **_WIDE})
    )
    kind = CodeField("milestone", label=_("节点"))
    planned_date = forms.DateField(label=_("计划日期"), required=False, widget=forms.DateInput)
    actual_date = forms.DateField(label=_("实际日期"), required=False, widget=forms.DateInput)
    note = forms.CharField(
        label=_("说明"), max_length=300, required=False, widget=forms.TextInput(attrs=_WIDE)
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["reason" if is_new else "kind"]


class BuilderForm(Styled):
    groups = ((_("参建单位"), "", ["role", "name", "contact", "since"]),)
    role = forms.ChoiceField(label=_("参建身份"), choices=list(stages.BUILDER_ROLES.items()))
    name = forms.CharField(
        label=_("单位名称"), max_length=100, help_text=_("填写全称。企业库中有这家企业的，会与它关联。"),
    )  # fmt: skip
    contact = forms.CharField(
        label=_("负责人"), max_length=60, required=False, help_text=_("只写姓名和职务，不写电话。")
    )
    since = forms.DateField(label=_("起始日期"), widget=forms.DateInput, initial=timezone.localdate)


class BottleneckForm(Styled):
    groups = (
        (_("难点"), "", ["kind", "since_date", "what"]),
        (
            _("由谁解决"),
            _("解决单位还没有参与本项目的，将作为协同单位加入，从此能看到项目。"),
            ["unit", "due_date"],
        ),
    )
    kind = CodeField("problem_kind", label=_("问题类型"))
    since_date = forms.DateField(label=_("何时出现"), widget=forms.DateInput, initial=timezone.localdate)
    what = forms.CharField(
        label=_("难点"), max_length=500, help_text=_("什么停住了，需要解决单位做什么。"),
        widget=forms.Textarea(attrs={"rows": 3, **_WIDE}),
    )  # fmt: skip
    unit = LiveField(queries.joinable_units, label=_("解决单位"))
    due_date = forms.DateField(label=_("解决时限"), widget=forms.DateInput)


class SolveForm(ReasonForm):
    reason = forms.CharField(
        label=_("如何解决"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3, **_WIDE})
    )
    solved_date = forms.DateField(label=_("解决日期"), widget=forms.DateInput, initial=timezone.localdate)
    field_order = ("solved_date", "reason")


class DueForm(ReasonForm):
    """Until when a bottleneck must be solved now, and why."""

    due_date = forms.DateField(label=_("新的解决时限"), widget=forms.DateInput)
    field_order = ("due_date", "reason")
