"""Forms of the product: rendered by our templates, with money, code tables and the version a person edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.forms.renderers import TemplatesSetting
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yinfeng.core import queries
from yinfeng.core.money import PLACES, UNITS, Money, plain, spoken_unit
from yinfeng.core.queries import rate_of


class Renderer(TemplatesSetting):
    """Render forms with the product's templates."""

    form_template_name = "core/forms/form.html"
    field_template_name = "core/forms/field.html"


_SELECTS = (forms.Select, forms.SelectMultiple, forms.NullBooleanSelect)
_CHECKS = (forms.CheckboxInput, forms.CheckboxSelectMultiple, forms.RadioSelect)


def style(field: forms.Field) -> None:
    """Give a field's widget the class of its kind, our template for a choice and the browser's date picker."""
    widget = field.widget
    if isinstance(widget, forms.MultiWidget):
        for part in widget.widgets:
            part.attrs.setdefault("class", "form-select" if isinstance(part, _SELECTS) else "form-control")
        return
    if isinstance(widget, _CHECKS):
        widget.attrs.setdefault("class", "form-check-input")
    elif isinstance(widget, _SELECTS):
        widget.attrs.setdefault("class", "form-select")
        widget.template_name = "core/forms/select.html"
    else:
        widget.attrs.setdefault("class", "form-control")
    if isinstance(widget, forms.DateInput):
        widget.input_type = "date"
        widget.format = "%Y-%m-%d"
    elif isinstance(widget, forms.DateTimeInput):
        widget.input_type = "datetime-local"
        widget.format = "%Y-%m-%dT%H:%M"


class Styled(forms.Form):
    """A form whose widgets carry their classes and which may group its fields."""

    # (title, description, field names); fields named nowhere come last without a title.
    groups: ClassVar[Sequence[tuple[str | Promise, str | Promise, Sequence[str]]]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            style(field)

    def fieldsets(self) -> list[dict[str, Any]]:
        """Return the groups as bound fields for the template."""
        named = {name for _title, _text, names in self.groups for name in names}
        rest = [name for name in self.fields if name not in named and not self[name].is_hidden]
        groups = [*self.groups, ("", "", rest)] if rest else self.groups
        return [
            {
                "title": title,
                "description": text,
                "fields": [self[name] for name in names if name in self.fields],
            }
            for title, text, names in groups
            if any(name in self.fields for name in names)
        ]


class EditForm(Styled):
    """A form that edits an existing row: it sends back the version the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ReasonForm(Styled):
    """A move's form when it asks why."""

    reason = forms.CharField(label=_("原因"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class NoteForm(Styled):
    """A move's form when a note is welcome but not asked for."""

    reason = forms.CharField(
        label=_("说明"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class CodeField(forms.TypedChoiceField):
    """A choice from a code table of the profile, as in force today; the value is the code."""

    def __init__(self, table: str, *, required: bool = True, level: int | None = None, **kwargs: Any) -> None:
        self.table, self.level = table, level
        kwargs.setdefault("empty_value", "")
        super().__init__(required=required, choices=self._choices, **kwargs)

    def _choices(self) -> list[tuple[str, str]]:
        entries = queries.entries(self.table, level=self.level, day=timezone.localdate())
        blank = [("", str(_("请选择")))]
        return blank + [(entry.code, "　" * (entry.level - 1) + entry.label) for entry in entries]


class MoneyWidget(forms.MultiWidget):
    """An amount and its unit side by side."""

    template_name = "core/forms/money.html"

    def __init__(self, units: Sequence[str]) -> None:
        self.units = units
        amount = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        unit = forms.Select(choices=[(code, UNITS[code][0]) for code in units])
        super().__init__({"": amount, "unit": unit})

    def decompress(self, value: Money | Decimal | None) -> list[Any]:
        if value is None:
            return [None, self.units[0]]
        if isinstance(value, Decimal):
            value = Money.in_yuan(value)
        own = [code for code in self.units if UNITS[code][1] == value.currency]
        if not own:  # a currency that this form does not offer: its yuan
            value, own = Money.in_yuan(value.yuan), [code for code in self.units if UNITS[code][1] == "CNY"]
        unit = spoken_unit(value.original, own)
        return [plain(value.original / UNITS[unit][2], PLACES).replace(",", ""), unit]


class FiniteField(forms.DecimalField):
    """A number; NaN and infinity are none, and a signalling NaN must not get into an error, which is compared."""

    def to_python(self, value: Any) -> Any:
        number: Any = super().to_python(value)
        if number is not None and not number.is_finite():
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return number


class LiveField(forms.ModelChoiceField):
    """A choice among the rows of a query that is asked anew for each form, as units and people come and go."""

    def __init__(self, found: Callable[[], QuerySet[Any]], **kwargs: Any) -> None:
        self.found = found
        kwargs.setdefault("empty_label", _("请选择"))
        kwargs.setdefault("widget", forms.Select(attrs={"data-search": ""}))
        super().__init__(queryset=None, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> LiveField:
        copy: LiveField = super().__deepcopy__(memo)
        copy.queryset = self.found()
        return copy

    def label_from_instance(self, obj: Any) -> str:
        return called(obj)


def called(obj: Any) -> str:
    """Return a row as a choice names it: a unit by its full name and the short one that every page prints."""
    name, short = str(obj), getattr(obj, "short_name", "")
    return f"{name}（{short}）" if short and short != name else name


class RowsField(forms.ModelMultipleChoiceField):
    """A choice of several rows; a key that no database holds is one that is not offered."""

    def label_from_instance(self, obj: Any) -> str:
        return called(obj)

    def clean(self, value: Any) -> Any:
        if isinstance(value, list | tuple) and any(len(str(key)) > 18 for key in value):
            sentence = self.error_messages["invalid_choice"]
            raise forms.ValidationError(sentence, code="invalid_choice", params={"value": str(value[0])[:20]})
        return super().clean(value)


class MoneyField(forms.MultiValueField):
    """An amount with its unit; cleans to Money. Currencies other than yuan use the profile's newest rate up to today."""

    def __init__(self, *, units: Sequence[str] = ("wan", "yi"), required: bool = True, **kwargs: Any) -> None:
        self.units = units
        fields = (
            FiniteField(
                required=required, min_value=Decimal(0), max_digits=18, decimal_places=PLACES,
                error_messages={"invalid": _("请填写数字，例如 8000 或 1.25。")},
            ),
            forms.ChoiceField(choices=[(code, UNITS[code][0]) for code in units]),
        )  # fmt: skip
        super().__init__(
            fields, required=required, require_all_fields=False, widget=MoneyWidget(units), **kwargs
        )

    def compress(self, data_list: list[Any]) -> Money | None:
        if not data_list or data_list[0] is None:
            return None
        amount, unit = data_list
        currency = UNITS[unit][1]
        rate = Decimal(1) if currency == "CNY" else rate_of(currency, timezone.localdate())
        if rate is None:
            raise forms.ValidationError(_("城市方案中没有该币种的汇率，请改填人民币金额。"))
        return Money.of(amount, unit, rate)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(initial, data))
