"""Filters that a list page, an export and the API share: one FilterSet per kind of object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet
from django.forms import BoundField
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from yinfeng.core import search
from yinfeng.core.actors import ANONYMOUS, Actor
from yinfeng.core.forms import style
from yinfeng.core.tables import with_query

# Nobody types more, and SQLite answers a pattern of 50,000 bytes with an error.
LONGEST_TEXT = 300


_SELECTED = flatatt({"selected": True})


class QuickSelect(forms.Select):
    """A choice written out in Python: as a template, a list's filters took longer than its rows."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        choices, chosen = list(self.choices), self.format_value(value)
        if any(isinstance(label, list | tuple) for _code, label in choices):  # in groups
            return super().render(name, value, attrs, renderer)
        marked = ((code, _SELECTED if str(code) in chosen else "", label) for code, label in choices)
        options = format_html_join("", '<option value="{}"{}>{}</option>', marked)
        return format_html(
            '<select name="{}"{}>{}</select>', name, flatatt(self.build_attrs(self.attrs, attrs)), options
        )


# Filters as they were drawn, by everything that shows in them: as templates they took a third of a list's time.
_DRAWN_LIMIT = 1000
_kept: dict[Any, SafeString] = {}


def _drawn(owner: type[ScopedFilterSet], bound: BoundField) -> SafeString:
    """Return the markup of one filter; what somebody typed, an error or a choice of rows is drawn afresh."""
    look = _look(bound)
    if look is None:
        return bound.as_field_group()
    key = (owner, translation.get_language(), look)
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= _DRAWN_LIMIT:
            _kept.clear()
        found = _kept[key] = bound.as_field_group()
    return found


def _look(bound: BoundField) -> Any:
    """Return everything of a filter that its markup shows, as a key; None when it is not to be kept."""
    field, value = bound.field, bound.value()
    if bound.errors or isinstance(field, forms.ModelChoiceField):
        return None
    choices = list(getattr(field.widget, "choices", ()))
    if any(isinstance(label, list | tuple) for _code, label in choices):  # in groups
        return None
    offered = tuple((str(code), str(label)) for code, label in choices)
    values, codes = value if isinstance(value, list | tuple) else [value], {code for code, _label in offered}
    if not all(item in (None, "") or isinstance(item, bool) or (item in codes) for item in values):
        return None
    attributes = tuple((name, str(setting)) for name, setting in field.widget.attrs.items())
    words = (str(bound.label), str(bound.help_text), field.required, bound.auto_id)
    return bound.html_name, repr(value), offered, attributes, words


class ScopedFilterSet(django_filters.FilterSet):
    """A FilterSet that knows who asks; ``main`` names the filters shown at once, the rest fold away."""

    main: ClassVar[tuple[str, ...]] = ("q",)
    by_facet: ClassVar[tuple[str, ...]] = ()  # chosen in the facets of the list, not in the form

    def __init__(self, *args: Any, by: Actor | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = kwargs.get("request")
        self.by = by or getattr(request, "actor", None) or ANONYMOUS

    @property
    def form(self) -> Any:
        """The filters as a form of the product: styled, with the browser's date picker."""
        made = super().form
        if not getattr(made, "styled", False):
            for field in made.fields.values():
                style(field)
                if type(field.widget) is forms.Select:
                    field.widget = QuickSelect(field.widget.attrs, field.widget.choices)
                if isinstance(field.widget, django_filters.widgets.DateRangeWidget):
                    for box, end in zip(field.widget.widgets, (_("从"), _("到")), strict=True):
                        box.attrs["aria-label"] = f"{field.label} {end}"
                if isinstance(field.widget, forms.NullBooleanSelect):  # Django's words: unknown, yes, no
                    field.widget.choices = [("unknown", _("全部")), ("true", _("是")), ("false", _("否"))]
                if isinstance(field, forms.CharField) and field.max_length is None:
                    field.validators.append(MaxLengthValidator(LONGEST_TEXT))
            made.styled = True
        return made

    def drawn(self, names: Iterable[str]) -> list[SafeString]:
        """Return the markup of these filters."""
        form = self.form
        return [_drawn(type(self), form[name]) for name in names if name in form.fields]

    @property
    def asked(self) -> str:
        """Return what was typed to be searched for."""
        valid = self.form.is_valid()
        typed = [self.form.cleaned_data[name] for name in self._text_filters() if valid]
        return "".join(typed[:1]).strip()

    def but_asked(self) -> QuerySet[Any]:
        """Return the rows that pass every filter but the one over the search index."""
        found: QuerySet[Any] = self.queryset.all()
        texts = self._text_filters()
        for name, value in self.form.cleaned_data.items():
            if name not in texts:
                found = self.filters[name].filter(found, value)
        return found

    def answers(self, wanted: int) -> QuerySet[Any]:
        """Return the rows that pass every filter, in the way that gives ``wanted`` of them soonest."""
        found = self.but_asked()
        return search.answering(found, self.asked, self.by, wanted) if self.asked else found

    def _text_filters(self) -> list[str]:
        return [name for name, one in self.filters.items() if isinstance(one, TextFilter)]

    def chips(self, query: QueryDict) -> list[dict[str, str]]:
        """Return what is filtered by, each with the link that lifts it."""
        found = []
        for name, field in self.form.fields.items():
            value = self.form.cleaned_data.get(name) if self.form.is_valid() else None
            if value in (None, "", [], ()) or (hasattr(value, "exists") and not value):
                continue
            names = [name, f"{name}_after", f"{name}_before", f"{name}_min", f"{name}_max"]
            lifted = with_query(query, **dict.fromkeys((*names, "after", "before")))
            found.append({"label": f"{field.label}：{shown(field, value)}", "remove_url": lifted})
        return found


def shown(field: Any, value: Any) -> str:
    """Return a filter's value as people read it."""
    choices = getattr(field, "choices", None)
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if isinstance(value, slice):
        return f"{value.start or ''} – {value.stop or ''}"
    if isinstance(value, list | QuerySet):
        return "、".join(shown(field, item) for item in value)
    if choices is not None and not hasattr(value, "pk"):
        return str(dict(choices).get(value, value))
    return str(value)


class TextFilter(django_filters.CharFilter):
    """Full-text filter over the search index: any two characters of a name, pinyin initials, a code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=kwargs.pop("label", _("关键词")), **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        value = (value or "").strip()
        return search.answering(qs, value, self.parent.by) if value else qs


class _AsGiven(forms.NullBooleanSelect):
    """The select of a yes or no that hands on what was sent: Django’s own takes 2 for yes and 3 for no."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name)


class _YesNoField(forms.NullBooleanField):
    """A yes or no that refuses what is neither, instead of taking it for no filter at all."""

    widget = _AsGiven

    def clean(self, value: Any) -> bool | None:
        if value not in {None, "", "true", "false", "True", "False", "unknown", True, False}:
            raise forms.ValidationError(_("请填写 true 或 false。"))
        answer: bool | None = super().clean(value)
        return answer


class YesNoFilter(django_filters.BooleanFilter):
    """A filter by yes or no."""

    field_class = _YesNoField
