"""A condition written in a form: lines of field, comparison and value in words, all or any of which must hold."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.conditions import WORDS, Condition, Fields, WrongCondition, from_words, in_words
from yinfeng.core.errors import Invalid
from yinfeng.core.forms import Styled, style

COMPARISONS = 6


class Comparing(Styled):
    """A form with a condition in comparisons over ``fields_asked``.

    One with parts inside parts, as a profile may have one, is ``kept``: shown in words and left unless comparisons replace it.
    Comparisons stand in no group: ``comparisons`` gives their bound fields to the template.
    """

    fields_asked: ClassVar[Fields]
    joined = forms.ChoiceField(
        label=gettext_lazy("项目条件"),
        choices=[("all", gettext_lazy("以下各条全部符合")), ("any", gettext_lazy("以下各条符合其一"))],
    )

    def __init__(self, *args: Any, kept: Condition | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept
        fields = [("", _("（不用这一条）")), *((item.name, item.label) for item in self.fields_asked)]
        for at in range(1, COMPARISONS + 1):
            self.fields[f"field_{at}"] = forms.ChoiceField(
                label=gettext_lazy("字段"), choices=fields, required=False
            )
            self.fields[f"op_{at}"] = forms.ChoiceField(
                label=gettext_lazy("比较"), choices=list(WORDS.items()), required=False
            )
            self.fields[f"value_{at}"] = forms.CharField(
                label=gettext_lazy("值"), max_length=400, required=False
            )
            for name in ("field", "op", "value"):
                style(self.fields[f"{name}_{at}"])

    @staticmethod
    def check(data: Any) -> Any:
        """Raise WrongCondition for what is no condition over the fields."""
        raise NotImplementedError

    def fieldsets(self) -> list[dict[str, Any]]:
        """Return the groups; comparisons stand in rows of their own."""
        return super().fieldsets()[: len(self.groups)]

    def comparisons(self) -> list[list[Any]]:
        """Return the bound fields of each comparison, for the template."""
        return [
            [self[f"{name}_{at}"] for name in ("field", "op", "value")] for at in range(1, COMPARISONS + 1)
        ]

    def condition(self) -> dict[str, Any]:
        """Return the condition that the comparisons say, or the one kept; each mistake stands on its comparison."""
        data = self.cleaned_data
        parts, mistakes = [], {}
        for at in range(1, COMPARISONS + 1):
            if not (name := data.get(f"field_{at}")):
                if data.get(f"value_{at}", "").strip():
                    mistakes[f"field_{at}"] = [_("填了值，没有选字段；请选字段，或清空这一条的值。")]
                continue
            part = from_words(
                self.fields_asked.by_name[name], data.get(f"op_{at}", ""), data.get(f"value_{at}", "")
            )
            try:
                self.check(part)
            except WrongCondition as error:
                mistakes[f"value_{at}"] = error.mistakes
            parts.append(part)
        if mistakes:
            raise Invalid(_("有内容需要修改，请看标出的各项。"), fields=mistakes)
        if not parts:
            return self.kept.data() if self.kept is not None else {}
        return {data["joined"]: parts}


def too_deep(condition: Condition | None) -> Condition | None:
    """Return a condition that the lines of a form cannot say."""
    if condition is None:
        return None
    found = in_words(condition)
    return None if found is not None and len(found[1]) <= COMPARISONS else condition


def initial_of(condition: Condition | None) -> dict[str, Any]:
    """Return a condition as the initial values of the lines; nothing of one that they cannot say."""
    words = in_words(condition) if condition is not None and too_deep(condition) is None else None
    if words is None:
        return {}
    found: dict[str, Any] = {"joined": words[0]}
    for at, values in enumerate(words[1], 1):
        found |= dict(zip((f"field_{at}", f"op_{at}", f"value_{at}"), values, strict=True))
    return found
