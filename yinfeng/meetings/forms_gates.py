"""Forms of what bodies decided at gates."""

from __future__ import annotations

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.forms import Styled

_LONG = forms.Textarea(attrs={"rows": 3, "data-span": "2"})
_FILE = forms.FileInput(attrs={"data-span": "2"})


class PassForm(Styled):
    """A pass: when, by which document, with the document itself."""

    groups = ((_("决策"), "", ["decided_date", "document", "opinion", "evidence"]),)
    decided_date = forms.DateField(label=_("决策日期"), widget=forms.DateInput, initial=timezone.localdate)
    document = forms.CharField(
        label=_("会议或文号"), max_length=200, help_text=_("例如：第 12 次会议纪要，或纪要的文号。")
    )
    opinion = forms.CharField(
        label=_("决策意见"), max_length=1000, required=False, widget=_LONG, help_text=_("附带条件的，写明条件。")
    )  # fmt: skip
    evidence = forms.FileField(label=_("决策文件"), widget=_FILE)


class RefuseForm(PassForm):
    """A refusal: why, and what was said; the document may come later."""

    opinion = forms.CharField(label=_("未通过的原因"), max_length=1000, widget=_LONG)
    evidence = forms.FileField(label=_("决策文件"), required=False, widget=_FILE)
