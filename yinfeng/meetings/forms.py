"""Forms of meetings and topics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.forms import EditForm, LiveField, ReasonForm, Styled
from yinfeng.duties import terms
from yinfeng.duties.forms import SixForm
from yinfeng.duties.models import Duty
from yinfeng.meetings import queries, states
from yinfeng.meetings.models import Attendee, Meeting, Topic
from yinfeng.orgs.queries import hosts, people, units_today, with_kept
from yinfeng.projects.models import Project

_WIDE = forms.TextInput(attrs={"data-span": "2"})


def _long(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "data-span": "2"})


# --- meetings -----------------------------------------------------------------------------------------------------


class MeetingForm(EditForm):
    """When, where and under whom a body meets."""

    groups = (
        (_("会议"), "", ["body", "title", "starts_at", "place", "chair", "secrecy"]),
        (
            _("议题征集"), _("不填的按城市方案规定的天数推算；截止以后补报的议题须写明理由。"), ["topics_close_date"],
        ),
    )  # fmt: skip
    body = LiveField(lambda: queries.bodies(timezone.localdate()), label=_("召开机构"))
    title = forms.CharField(label=_("会议名称"), max_length=100, widget=_WIDE)
    starts_at = forms.DateTimeField(label=_("开会时间"), widget=forms.DateTimeInput)
    place = forms.CharField(label=_("地点"), max_length=100, required=False)
    chair = LiveField(people, label=_("主持人"), required=False)
    secrecy = forms.ChoiceField(
        label=_("知悉范围"), choices=list(states.SECRECY.items()), initial=states.INTERNAL,
        help_text=_("敏感会议只有经授权的人员和参会人员能看到。"),
    )  # fmt: skip
    topics_close_date = forms.DateField(label=_("议题截止日期"), required=False, widget=forms.DateInput)

    def __init__(self, *args: Any, by: Actor, meeting: Meeting | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].queryset = queries.bodies_run_by(by, timezone.localdate())  # type: ignore[attr-defined]
        if meeting is not None:  # a meeting stays its body's
            del self.fields["body"]
            self.fields["topics_close_date"].required = True

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class CallForm(Styled):
    """Call a unit or somebody to a meeting."""

    groups = ((_("请谁参会"), _("填单位、人员，或者两项都填。"), ["unit", "person", "position", "kind"]),)
    unit = LiveField(units_today, label=_("单位"), required=False)
    person = LiveField(people, label=_("人员"), required=False)
    position = forms.CharField(label=_("职务"), max_length=200, required=False)
    kind = forms.ChoiceField(
        label=_("出席情况"), choices=list(states.ATTENDANCE.items()), initial=states.CALLED
    )


class AttendanceForm(Styled):
    """Say of everybody who is called whether he came; of the rest, that they did."""

    rest = forms.BooleanField(
        label=_("其余应到的都登记为出席"), required=False,
        help_text=_("先选出请假和列席的，没有改动的“应到”一次登记为“出席”。"),
    )  # fmt: skip

    def __init__(self, *args: Any, called: Sequence[Attendee], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in called:
            field = forms.ChoiceField(
                label=row.text, choices=list(states.ATTENDANCE.items()), initial=row.kind
            )
            field.widget.attrs["class"] = "form-select"
            field.widget.template_name = "core/forms/select.html"
            self.fields[f"kind-{row.pk}"] = field
        self.fields["rest"] = self.fields.pop("rest")  # asked when the others were chosen

    def kinds(self) -> dict[int, str]:
        found = {
            int(name.removeprefix("kind-")): kind
            for name, kind in self.cleaned_data.items()
            if name.startswith("kind-")
        }
        came = states.PRESENT if self.cleaned_data["rest"] else states.CALLED
        return {pk: came if kind == states.CALLED else kind for pk, kind in found.items()}


class LeaveForm(Styled):
    """Why a topic that comes late is taken on all the same."""

    leave = forms.CharField(
        label=_("补列理由"), max_length=500, required=False, widget=_long(3),
        help_text=_("为什么等不到下一次会议。会议材料和纪要之外，议程中也会写明。"),
    )  # fmt: skip


class TakeOnForm(LeaveForm):
    """Choose the meeting on whose agenda a topic comes."""

    field_order = ("meeting", "leave")
    meeting: Any = forms.ModelChoiceField(queryset=None, label=_("会议"), empty_label=_("请选择"))

    def __init__(self, *args: Any, topic: Topic, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["meeting"].queryset = queries.open_meetings(topic, by)  # type: ignore[attr-defined]
        self.fields["meeting"].label_from_instance = _when  # type: ignore[attr-defined]


def _when(meeting: Meeting) -> str:
    return f"{timezone.localtime(meeting.starts_at):%Y-%m-%d %H:%M} {meeting.title}"


class NotesForm(EditForm):
    """What was said about a topic."""

    notes = forms.CharField(
        label=_("讨论情况"), max_length=4000, required=False, widget=_long(10),
        help_text=_("汇报要点和讨论意见，印入纪要。议定了什么、谁来办，在“记录议定事项”中写。"),
    )  # fmt: skip


# --- topics -------------------------------------------------------------------------------------------------------


class TopicForm(EditForm):
    """A matter to bring before a body."""

    groups = (
        (_("议题"), "", ["body", "kind", "unit", "title"]),
        (_("涉及的项目"), _("没有具体项目的不填。难点类议题请选择登记在项目上的难点。"), ["project", "bottleneck"]),
        (_("内容"), "", ["summary", "ask"]),
        (
            _("公平竞争审查"), _("申请支持政策的须先审查，由提出单位以外的单位进行；没有通过的不能上会（公平竞争审查条例）。"),
            ["review_unit"],
        ),
    )  # fmt: skip
    body = LiveField(lambda: queries.bodies(timezone.localdate()), label=_("提交机构"))
    kind = forms.ChoiceField(label=_("议题类别"), choices=list(states.TOPIC_KINDS.items()))
    unit = LiveField(units_today, label=_("提出单位"))
    title = forms.CharField(label=_("议题"), max_length=100, widget=_WIDE)
    project = forms.CharField(
        label=_("项目"),
        max_length=80,
        required=False,
        help_text=_("填写项目编号或项目全称。在项目页面提出议题的，已自动填好。"),
    )
    bottleneck: Any = forms.ModelChoiceField(
        queryset=None, label=_("难点"), required=False, empty_label=_("不涉及")
    )
    summary = forms.CharField(label=_("情况说明"), max_length=2000, widget=_long(6))
    ask = forms.CharField(
        label=_("提请议定的事项"),
        max_length=1000,
        widget=_long(3),
        help_text=_("请会议决定什么，一句一项，写明金额、地点和时间。"),
    )
    review_unit = LiveField(queries.reviewer_units, label=_("审查单位"), required=False)

    def __init__(self, *args: Any, by: Actor, topic: Topic | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        units = queries.units_bringing(by)
        kept = topic.unit_id if topic is not None else None
        self.fields["unit"].queryset = with_kept(units, kept)  # type: ignore[attr-defined]
        named = self.data.get(self.add_prefix("project")) if self.is_bound else self.initial.get("project")
        about = queries.projects_named(str(named or "").strip(), by)
        still = queries.difficulties_of(about[0], by) if len(about) == 1 else queries.no_difficulties()
        self.fields["bottleneck"].queryset = still  # type: ignore[attr-defined]

    def clean_project(self) -> Project | None:
        name = str(self.cleaned_data["project"]).strip()
        if not name:
            return None
        found = queries.projects_named(name, self.by)
        if not found:
            raise forms.ValidationError(_("没有这个编号或名称的项目，或者您看不到它。请核对项目编号。"))
        if len(found) > 1:
            raise forms.ValidationError(_("有几个项目叫这个名称，请改填项目编号。"))
        return found[0]

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    @staticmethod
    def initial_of(topic: Topic) -> dict[str, Any]:
        rows = ("body", "unit", "bottleneck", "review_unit")
        plain = {name: getattr(topic, name) for name in ("kind", "title", "summary", "ask", "version")}
        code = topic.project.code if topic.project is not None else ""
        return plain | {"project": code} | {name: getattr(topic, f"{name}_id") for name in rows}


class ReviewForm(EditForm):
    """What a unit finds of a measure under the regulations on fair-competition review."""

    groups = (
        (_("审查结论"), "", ["conclusion", "found", "exception", "grounds"]),
        (_("时间和文书"), "", ["review_date", "valid_until", "document"]),
    )
    conclusion = forms.ChoiceField(
        label=_("审查结论"), choices=list(states.CONCLUSIONS.items()), widget=forms.RadioSelect
    )
    found = forms.MultipleChoiceField(
        label=_("涉及的审查标准"), choices=list(states.TESTS.items()), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("不通过，或者适用例外规定时选择。"),
    )  # fmt: skip
    exception = forms.CharField(
        label=_("适用的例外规定"), max_length=500, required=False, widget=_WIDE,
        help_text=_("写明依据哪一项规定、没有对公平竞争影响更小的替代方案、实施到什么时候。"),
    )  # fmt: skip
    grounds = forms.CharField(label=_("审查依据和理由"), max_length=2000, widget=_long(5))
    review_date = forms.DateField(label=_("审查日期"), widget=forms.DateInput)
    valid_until = forms.DateField(label=_("有效期至"), widget=forms.DateInput)
    document = forms.FileField(label=_("审查文书"), required=False)


# --- resolutions --------------------------------------------------------------------------------------------------


class ResolutionForm(Styled):
    """What was decided of a topic."""

    groups: ClassVar[Sequence[Any]] = (
        (_("议定意见"), "", ["decision", "text", "conditions"]),
        (
            _("落地和支持"), _("没有的不填。给予支持的，公平竞争审查须在有效期内。"), ["siting_unit", "support"],
        ),
    )  # fmt: skip
    decision = forms.ChoiceField(
        label=_("议定意见"), choices=list(states.DECISIONS.items()), widget=forms.RadioSelect
    )
    text = forms.CharField(label=_("议定事项"), max_length=2000, widget=_long(5))
    conditions = forms.CharField(
        label=_("附带条件"),
        max_length=1000,
        required=False,
        widget=_long(2),
        help_text=_("附条件同意的须填写。"),
    )
    siting_unit = LiveField(hosts, label=_("落地单位"), required=False)
    support = forms.CharField(label=_("给予的支持"), max_length=1000, required=False, widget=_long(2))

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


TaskRows = forms.formset_factory(SixForm, extra=0, max_num=20, absolute_max=20, validate_max=True)


class CorrectionForm(ResolutionForm, ReasonForm):
    """Put right what was recorded of a decision, say why, and choose which of its tasks are cancelled."""

    groups: ClassVar[Sequence[Any]] = (
        *ResolutionForm.groups,
        (
            _("撤销任务"), _("已签收、办理中的也可以撤销，牵头单位会看到原因；已报结或办结的不能撤销。"),
            ["cancelled"],
        ),
        (_("更正的原因"), "", ["reason"]),
    )  # fmt: skip
    cancelled = forms.MultipleChoiceField(
        label=_("撤销哪几项"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, given: Sequence[Duty], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(duty.pk, _task(duty)) for duty in given if duty.state in terms.OPEN]
        self.fields["cancelled"].choices = choices  # type: ignore[attr-defined]
        if not choices:
            del self.fields["cancelled"]

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ResolutionForm.base_fields}


def _task(duty: Duty) -> str:
    return f"{duty.item}（{duty.lead_unit.brief}，{terms.DUTY_STATES[duty.state]}）"
