"""Forms about the calendar of working days, a person's own calendar, and the robots of units."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yinfeng.core.forms import EditForm, Styled
from yinfeng.duties.models.bots import KINDS
from yinfeng.orgs.forms import UnitChoice


class LetterForm(Styled):
    wants = forms.BooleanField(label=_("每周收一封周报邮件"), required=False)


class DayForm(EditForm):
    """What is said of a day; ``day`` itself only when it is entered."""

    day = forms.DateField(label=_("日期"), widget=forms.DateInput)
    is_workday = forms.TypedChoiceField(
        label=_("这一天"),
        choices=[("", _("请选择")), ("no", _("放假")), ("yes", _("调休上班"))],
        coerce=lambda value: value == "yes",
    )
    name = forms.CharField(label=_("名称"), max_length=200, help_text=_("例如：国庆节、国庆节调休上班。"))
    name_en = forms.CharField(label=_("英文名称"), max_length=200, required=False)
    source = forms.CharField(
        label=_("依据"), max_length=200, help_text=_("文件名称和文号，例如国务院办公厅的年度放假通知。")
    )
    reason = forms.CharField(
        label=_("原因"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("改动会重新计算按工作日交办、还没有办结的事项的时限。"),
    )  # fmt: skip

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["day"]

    def values(self) -> dict[str, Any]:
        """Return what is to be said of the day."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("reason", "version")}


class YearForm(Styled):
    source = forms.CharField(
        label=_("依据"), max_length=200, help_text=_("文件名称和文号，例如国务院办公厅的年度放假通知。")
    )


class BotForm(Styled):
    unit = UnitChoice(label=_("单位"))
    channel = forms.ChoiceField(label=_("平台"), choices=list(KINDS.items()))
    name = forms.CharField(
        label=_("名称"), max_length=60, help_text=_("写明是哪个群，例如：集美区招商督办群。")
    )
    address = forms.CharField(
        label=_("Webhook 地址"), max_length=500, help_text=_("在群设置里添加机器人后复制。地址里的密钥加密保存，以后不再显示。"),
        widget=forms.TextInput(attrs={"data-span": "2", "autocomplete": "off"}),
    )  # fmt: skip
    secret = forms.CharField(
        label=_("加签密钥"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("只有钉钉机器人选了“加签”时才有，以 SEC 开头。选“自定义关键词”的，请把关键词设为“引凤”。"),
    )  # fmt: skip
