"""Forms with which two records are made one or told apart."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yinfeng.core.forms import Styled, style
from yinfeng.core.web import value_text
from yinfeng.enterprises import services
from yinfeng.enterprises.models import NAME_KINDS, Enterprise


class WhyForm(Styled):
    """Why two records are told apart."""

    reason = forms.CharField(label=_("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class MergeForm(WhyForm):
    """Whose value stays in each field in which two records differ, what the name given up becomes, and why."""

    kept_version = forms.IntegerField(widget=forms.HiddenInput)
    gone_version = forms.IntegerField(widget=forms.HiddenInput)
    name_kind = forms.ChoiceField(
        label=_("不保留的名称记为"),
        choices=sorted(NAME_KINDS.items()),
        initial="alternative",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, kept: Enterprise, gone: Enterprise, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept, self.gone = kept, gone
        self.initial = {**self.initial, "kept_version": kept.version, "gone_version": gone.version}
        self.differing = services.differing(kept, gone)
        for name in self.differing:
            self.fields[name] = self._choice(name)

    def _choice(self, name: str) -> forms.ChoiceField:
        """Return the choice between two values; of two codes none is chosen beforehand."""
        field: Any = Enterprise._meta.get_field(name)
        text = value_text(field, Enterprise.code_tables.get(name, ""))
        values = [
            (services.KEPT, text(getattr(self.kept, name))),
            (services.GONE, text(getattr(self.gone, name))),
        ]
        must = name == "uscc" and services.has_two_codes(self.kept, self.gone)
        made = forms.ChoiceField(
            label=field.verbose_name, choices=values, widget=forms.RadioSelect, required=must,
            initial=None if must else services.usual_choice(self.kept, name),
            error_messages={"required": _("请选定保留哪一个代码。")},
        )  # fmt: skip
        style(made)
        return made

    def compared(self) -> list[Any]:
        """Return the bound fields of what differs."""
        return [self[name] for name in self.differing]

    def decision(self) -> dict[str, Any]:
        """Return what the service takes beside the two records."""
        data = self.cleaned_data
        return {
            "versions": (data["kept_version"], data["gone_version"]),
            "choices": {name: data[name] for name in self.differing if data[name]},
            "reason": data["reason"],
            "name_kind": data["name_kind"],
        }
