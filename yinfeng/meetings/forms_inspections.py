"""Forms of inspections: the plan with its sampling rule, subjects, visits, findings, orders, the report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.comparing import Comparing, initial_of
from yinfeng.core.forms import CodeField, EditForm, LiveField, RowsField, Styled
from yinfeng.duties.forms import SixForm
from yinfeng.meetings import inspecting, queries
from yinfeng.meetings.models import Inspection
from yinfeng.orgs.models import UNIT_KINDS
from yinfeng.projects.models import Project
from yinfeng.projects.queries import PROJECT, checked_condition

_WIDE = {"data-span": "2"}


def _long(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **_WIDE})


class TeamField(RowsField):
    """Several people, found by typing."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.SelectMultiple(attrs={"data-search": "", **_WIDE}))
        super().__init__(queryset=None, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> TeamField:
        copy: TeamField = super().__deepcopy__(memo)
        copy.queryset = queries.inspectors()
        return copy


class InspectionForm(EditForm, Comparing):
    """What is inspected by whom and when, and the rule that samples; the condition stands in comparisons."""

    fields_asked = PROJECT
    groups = (
        (_("督查"), "", ["title", "unit", "starts", "ends", "matter", "basis", "team"]),
        (
            _("抽样规则"), _("抽取时由系统生成随机种子，按种子决定抽中谁，任何人都可以复核。"),
            ["population", "unit_kinds", "sample_size", "sample_by", "per_unit"],
        ),
    )  # fmt: skip
    title = forms.CharField(label=_("督查名称"), max_length=100)
    unit = LiveField(queries.units_to_inspect, label=_("督查单位"))
    starts = forms.DateField(label=_("开始日期"), widget=forms.DateInput)
    ends = forms.DateField(label=_("结束日期"), widget=forms.DateInput)
    matter = forms.CharField(label=_("督查内容"), max_length=2000, widget=_long(4))
    basis = forms.CharField(
        label=_("督查依据"), max_length=300, required=False, widget=forms.TextInput(attrs=_WIDE)
    )
    team = TeamField(label=_("督查组成员"), required=False)
    population = forms.ChoiceField(label=_("抽样范围"), choices=list(inspecting.POPULATIONS.items()))
    unit_kinds = forms.MultipleChoiceField(
        label=_("单位类别"), required=False, widget=forms.CheckboxSelectMultiple(attrs=_WIDE), help_text=_("从单位中抽取时选择。"),
        choices=[(kind, UNIT_KINDS[kind]) for kind in inspecting.UNIT_KINDS],
    )  # fmt: skip
    sample_size = forms.IntegerField(label=_("抽取数量"), min_value=1, max_value=200)
    sample_by = forms.ChoiceField(label=_("数量单位"), choices=list(inspecting.SIZES.items()))
    per_unit = forms.BooleanField(
        label=_("按落地单位分别抽取"),
        required=False,
        help_text=_("每个单位的项目中各抽这个数量；只用于抽取项目。"),
    )

    def __init__(self, *args: Any, by: Actor, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_new:
            self.fields["unit"].queryset = queries.inspecting_units(by)  # type: ignore[attr-defined]
        else:
            del self.fields["unit"]

    @staticmethod
    def check(data: Any) -> Any:
        return checked_condition(data)

    def values(self) -> dict[str, Any]:
        """Return what the services take beside the unit and the team."""
        names = ("title", "starts", "ends", "matter", "basis", "population", "unit_kinds", "sample_by", "sample_size", "per_unit")  # fmt: skip
        return {name: self.cleaned_data[name] for name in names} | {"condition": self.condition()}

    @staticmethod
    def initial_values(inspection: Inspection) -> dict[str, Any]:
        """Return an inspection as the form shows it."""
        names = (
            "title", "starts", "ends", "matter", "basis", "population", "unit_kinds", "sample_by", "sample_size", "per_unit", "version",
        )  # fmt: skip
        found = {name: getattr(inspection, name) for name in names}
        found["team"] = [member.pk for member in inspection.team.all()]
        return found | initial_of(queries.sampling_condition(inspection))


class DrawForm(EditForm):
    """A draw; a further one says why."""

    reason = forms.CharField(label=_("重新抽取的原因"), max_length=1000, widget=_long())

    def __init__(self, *args: Any, is_first: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_first:
            del self.fields["reason"]


class SubjectForm(Styled):
    """A unit or a project added by hand, with the reason."""

    unit = LiveField(queries.units_to_inspect, label=_("单位"), required=False)
    project = forms.CharField(
        label=_("或者项目编号"), max_length=20, required=False, help_text=_("在项目页上，名称下面。")
    )
    reason = forms.CharField(label=_("列入原因"), max_length=1000, widget=_long())

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_project(self) -> Project | None:
        code = self.cleaned_data["project"].strip()
        if not code:
            return None
        found = queries.project_by_code(code, self.by)
        if found is None:
            raise forms.ValidationError(
                _now("找不到编号为“%(code)s”的项目，或它不在您的查看范围内。") % {"code": code}
            )
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "project" in data and "unit" in data and bool(data["project"]) == bool(data["unit"]):
            self.add_error("unit", _now("请选择一个单位，或者填写一个项目的编号。"))
        return data


class VisitForm(EditForm):
    """When a subject was visited, and how things stand there."""

    visited_date = forms.DateField(label=_("检查日期"), widget=forms.DateInput, initial=timezone.localdate)
    note = forms.CharField(label=_("检查情况"), max_length=2000, widget=_long(4))


class FindingForm(Styled):
    """A finding with what shows it, or why nothing does."""

    groups = (
        (_("问题"), "", ["what", "severity", "found_date", "basis"]),
        (_("佐证"), _("上传材料；确实没有的，写明原因。以后还可以在问题页面补充。"), ["evidence", "no_evidence"]),
    )  # fmt: skip
    what = forms.CharField(label=_("发现的问题"), max_length=2000, widget=_long(4))
    severity = CodeField(inspecting.SEVERITY, label=_("严重程度"))
    found_date = forms.DateField(label=_("发现日期"), widget=forms.DateInput, initial=timezone.localdate)
    basis = forms.CharField(
        label=_("对照的规定"), max_length=300, required=False, widget=forms.TextInput(attrs=_WIDE)
    )
    evidence = forms.FileField(label=_("佐证材料"), required=False, widget=forms.FileInput(attrs=_WIDE))
    no_evidence = forms.CharField(
        label=_("没有佐证的原因"), max_length=500, required=False, widget=forms.TextInput(attrs=_WIDE)
    )


class OrderForm(SixForm):
    """The duty that a finding is put right by, with all six."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class CloseForm(EditForm):
    """What the inspection comes to as a whole."""

    conclusion = forms.CharField(label=_("总体评价"), max_length=4000, widget=_long(6))
