"""Forms of what bodies decided at gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.forms import Styled
from yinfeng.meetings import states
from yinfeng.meetings.models import Resolution

_LONG = forms.Textarea(attrs={"rows": 3, "data-span": "2"})
_FILE = forms.FileInput(attrs={"data-span": "2"})


class PassForm(Styled):
    """A pass: when, by which document, with the document itself."""

    decisions: Sequence[str] = states.PASSING
    groups = ((_("决策"), "", ["resolution", "decided_date", "document", "opinion", "evidence"]),)
    resolution: Any = forms.ModelChoiceField(
        queryset=None, label=_("议定事项"), required=False, empty_label=_("不在本系统的会议上议定"),
        help_text=_("这个机构在本系统开会议定的，选择是哪一项。"), widget=forms.Select(attrs={"data-span": "2"}),
    )  # fmt: skip
    decided_date = forms.DateField(label=_("决策日期"), widget=forms.DateInput, initial=timezone.localdate)
    document = forms.CharField(
        label=_("会议或文号"), max_length=200, help_text=_("例如：第 12 次会议纪要，或纪要的文号。")
    )
    opinion = forms.CharField(
        label=_("决策意见"), max_length=1000, required=False, widget=_LONG, help_text=_("附带条件的，写明条件。")
    )  # fmt: skip
    evidence = forms.FileField(label=_("决策文件"), widget=_FILE)

    def __init__(self, *args: Any, resolutions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = resolutions.filter(decision__in=self.decisions)
        self.fields["resolution"].queryset = found  # type: ignore[attr-defined]
        self.fields["resolution"].label_from_instance = named  # type: ignore[attr-defined]
        if not found:
            del self.fields["resolution"]


def named(resolution: Resolution) -> str:
    """Return a resolution as a choice: its number, what it says of which topic, the meeting."""
    told = [
        resolution.reference, str(states.DECISIONS[resolution.decision]), resolution.topic.title, resolution.meeting.title,
        str(resolution.decided_date),
    ]  # fmt: skip
    return " · ".join(told)


class RefuseForm(PassForm):
    """A refusal: why, and what was said; the document may come later."""

    decisions = (states.NOT_AGREED,)
    opinion = forms.CharField(label=_("未通过的原因"), max_length=1000, widget=_LONG)
    evidence = forms.FileField(label=_("决策文件"), required=False, widget=_FILE)
