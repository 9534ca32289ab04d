"""What a project's page tells of the reporting form beyond its outline: what is filled, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from yinfeng.core.money import show
from yinfeng.core.queries import code_labels
from yinfeng.core.tables import day
from yinfeng.projects import facts
from yinfeng.projects.details import fact
from yinfeng.projects.models import Project
from yinfeng.projects.tables import yes_no

_FLAGS = (
    "is_advanced_manufacturing", "is_research_centre", "is_existing_firm", "is_spillover", "is_enclave", "is_assessed",
)  # fmt: skip
_LINES = (
    "approached_date", "chain_effect", "second_industry", "is_advanced_manufacturing", "is_research_centre", "investment_note", "is_existing_firm",
    "existing_kind", "first_invested_year", "home_tie", "assigned_by", "responsible_leader", "is_assessed", "is_enclave",
    "is_spillover", "spillover_from", "statistics_name", "statistics_investment",
)  # fmt: skip


def reported_codes(project: Project) -> list[tuple[str, str]]:
    """Return the codes whose labels the page asks for together with its other ones."""
    return [(table, getattr(project, name)) for name, table in Project.reported_tables.items()]


def reported_group(project: Project) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """Return the panel of the reporting form, if anything of it is filled; its codes have been asked for before."""
    lines = [(name, _told(project, name)) for name in _LINES]
    found = [fact(str(facts.field_of(name).verbose_name), told) for name, told in lines if told]
    return [(_("统一报送"), found)] if found else []


def _told(project: Project, name: str) -> str:
    value = getattr(project, name)
    if table := Project.reported_tables.get(name):
        return code_labels([(table, value)]).get(table, "")
    if name in _FLAGS:
        return yes_no(value)
    if name == "statistics_investment":
        return show(value) if value is not None else ""
    return day(value) if isinstance(value, date) else str(value or "")
