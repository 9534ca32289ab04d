"""Forms about units, bodies, people, roles and invitations."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.forms import EditForm, RowsField, Styled
from yinfeng.orgs import queries
from yinfeng.orgs.models import SEAT_KINDS, UNIT_KINDS, Role, Unit


class UnitChoice(forms.ModelChoiceField):
    """A choice among the units that exist today, indented as the tree is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Unit.objects.none(), empty_label=_("请选择"), **kwargs)
        self.widget.attrs["data-search"] = ""

    def __deepcopy__(self, memo: dict[int, Any]) -> UnitChoice:
        """Let every form choose among the units of its own day."""
        made: UnitChoice = super().__deepcopy__(memo)
        made.queryset = queries.units_today()
        return made

    def label_from_instance(self, obj: Any) -> str:
        return str("　" * (obj.path.count("/") - 2) + obj.label)


def _day() -> forms.DateField:
    return forms.DateField(label=_("生效日期"), initial=timezone.localdate, widget=forms.DateInput)


def _reason() -> forms.CharField:
    return forms.CharField(label=_("依据或原因"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


def _words(field: Any) -> list[str]:
    return [
        word
        for word in str(field or "").replace("、", " ").replace(",", " ").replace("，", " ").split()
        if word
    ]


# --- units --------------------------------------------------------------------------------------------------------


class UnitFacts(EditForm):
    """What a unit's record says besides its name and place."""

    kind = forms.ChoiceField(label=_("类别"), choices=list(UNIT_KINDS.items()))
    division = forms.RegexField(label=_("行政区划代码"), regex=r"^\d{6}$", required=False)
    aliases = forms.CharField(
        label=_("其他称谓"), max_length=500, required=False, help_text=_("文件中对它的其他叫法，用顿号分开。")
    )
    industries = forms.CharField(
        label=_("负责行业"), max_length=500, required=False,
        help_text=_("国民经济行业分类的门类字母或代码，用顿号分开，例如 C、6510。"),
    )  # fmt: skip
    note = forms.CharField(
        label=_("说明"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean_aliases(self) -> list[str]:
        return _words(self.cleaned_data["aliases"])

    def clean_industries(self) -> list[str]:
        codes = _words(self.cleaned_data["industries"])
        known = set(core.codes("industry").filter(code__in=codes).values_list("code", flat=True))
        if unknown := [code for code in codes if code not in known]:
            raise forms.ValidationError(_t("没有这些行业代码：%(codes)s") % {"codes": "、".join(unknown)})
        return codes


class UnitForm(UnitFacts):
    code = forms.SlugField(
        label=_("代码"), max_length=60, help_text=_("拼音或英文，建立后不能修改，例如 xinglin-command。")
    )
    name = forms.CharField(label=_("名称"), max_length=200)
    short_name = forms.CharField(label=_("简称"), max_length=60, required=False)
    name_en = forms.CharField(label=_("英文名称"), max_length=200, required=False)
    # The city exists already, and for whom a collective name stands, the profile says.
    kind = forms.ChoiceField(
        label=_("类别"),
        choices=[
            ("", _("请选择")),
            *(item for item in UNIT_KINDS.items() if item[0] not in {"city", "collective"}),
        ],
    )
    parent = UnitChoice(label=_("上级单位"))
    day = _day()
    field_order = ("name", "short_name", "name_en", "code", "kind", "parent", "day")


class RenameForm(EditForm):
    name = forms.CharField(label=_("新名称"), max_length=200)
    short_name = forms.CharField(label=_("新简称"), max_length=60, required=False)
    name_en = forms.CharField(label=_("英文名称"), max_length=200, required=False)
    day = _day()
    reason = _reason()


class MoveUnitForm(EditForm):
    parent = UnitChoice(label=_("新的上级单位"))
    day = _day()
    reason = _reason()


class CloseUnitForm(EditForm):
    into = UnitChoice(
        label=_("并入"), required=False, help_text=_("并入其他单位时选择；该单位的人今后看得到它的项目。")
    )
    day = forms.DateField(label=_("最后一天"), initial=timezone.localdate, widget=forms.DateInput)
    reason = _reason()


class DayReasonForm(Styled):
    day = _day()
    reason = _reason()


class LastDayForm(Styled):
    day = forms.DateField(label=_("最后一天"), initial=timezone.localdate, widget=forms.DateInput)


# --- people and bodies --------------------------------------------------------------------------------------------


class PersonForm(EditForm):
    name = forms.CharField(label=_("姓名"), max_length=100)
    note = forms.CharField(label=_("说明"), max_length=300, required=False)


class NewPersonForm(Styled):
    name = forms.CharField(label=_("姓名"), max_length=100)
    unit = UnitChoice(label=_("单位"))
    position = forms.CharField(label=_("职务"), max_length=100)
    is_first_hand = forms.BooleanField(
        label=_("主要领导（“一把手”）"), required=False, help_text=_("原来的主要领导同时结束任职。")
    )
    day = _day()


class PostForm(Styled):
    """A further post of a known person."""

    unit = UnitChoice(label=_("单位"))
    position = forms.CharField(label=_("职务"), max_length=100)
    is_first_hand = forms.BooleanField(label=_("主要领导（“一把手”）"), required=False)
    is_main = forms.BooleanField(label=_("主要任职"), required=False)
    day = _day()


class SeatForm(Styled):
    kind = forms.ChoiceField(label=_("席位"), choices=list(SEAT_KINDS.items()))
    position = forms.CharField(
        label=_("由谁担任"), max_length=200, help_text=_("写职务，例如：市农业农村局主要领导。")
    )
    unit = UnitChoice(label=_("单位"), required=False)
    is_shared = forms.BooleanField(label=_("由多人担任"), required=False)
    day = _day()


class TakeSeatForm(Styled):
    person = forms.ModelChoiceField(label=_("人员"), queryset=queries.people(), empty_label=_("请选择"))
    day = _day()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].widget.attrs["data-search"] = ""


# --- roles and accounts -------------------------------------------------------------------------------------------


class GrantForm(Styled):
    role = forms.ModelChoiceField(label=_("角色"), queryset=Role.objects.none(), empty_label=_("请选择"))
    unit = UnitChoice(label=_("单位"), help_text=_("对这个单位和它的所有下级单位有效。"))
    day = _day()

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = queries.roles_to_hand_out(by)  # type: ignore[attr-defined]


class InviteForm(Styled):
    name = forms.CharField(label=_("姓名"), max_length=100)
    username = forms.CharField(
        label=_("用户名"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text=_("用来登录，建立后不能修改。"),
    )
    email = forms.EmailField(
        label=_("电子邮箱"), required=False, help_text=_("填写后也可以用邮箱登录并收到提醒。")
    )
    unit = UnitChoice(label=_("单位"))
    position = forms.CharField(label=_("职务"), max_length=100)
    roles = RowsField(
        label=_("角色"), queryset=Role.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].queryset = queries.roles_to_hand_out(by)  # type: ignore[attr-defined]

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"].strip()
        if queries.is_taken(username):
            raise forms.ValidationError(_t("这个用户名已被使用，请换一个。"))
        return username


class SignInForm(LoginForm):
    """The sign-in, for names as long as there are: SQLite answers a comparison with 50,000 letters with an error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].validators.append(MaxLengthValidator(254))
