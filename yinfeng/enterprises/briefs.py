"""What upper apps put on the page one reads before meeting an enterprise; they register in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core.actors import Actor
from yinfeng.core.tables import day
from yinfeng.enterprises.models import Enterprise


@dataclass(frozen=True, slots=True)
class Line:
    """One thing worth knowing, and what stands behind it in smaller letters."""

    text: str
    sub: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What an app knows of an enterprise, in the reader's sight: projects, last meetings, and what is to be asked for.

    None where the reader may not see such things at all, which is another thing than there being none.
    """

    projects: Sequence[Line] | None = None
    meetings: Sequence[Line] | None = None
    asks: Sequence[str] = ()


def aside(text: object, note: object) -> str:
    """Return a text with a note in brackets."""
    return _("%(text)s（%(note)s）") % {"text": text, "note": note}


def due_text(due: date | None) -> str:
    """Return until when something is due, and whether that is past: “（2026-05-20 前，已逾期）”."""
    if due is None:
        return ""
    shown = {"day": day(due)}
    return _("（%(day)s 前，已逾期）") % shown if due < timezone.localdate() else _("（%(day)s 前）") % shown


Provider = Callable[[Enterprise, Actor], Contribution]
PROVIDERS: list[Provider] = []


def register(provider: Provider) -> None:
    """Let ``provider`` contribute to every enterprise's brief."""
    if provider not in PROVIDERS:
        PROVIDERS.append(provider)
