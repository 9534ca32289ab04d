"""The facts a project must have from a stage on: read by the gate of each stage and by “what is missing” on its page.

The list follows the report form of FACTS §1.8 in the order in which an officer learns things.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Field, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.errors import Sentence
from yinfeng.projects import stages
from yinfeng.projects.models import Project

LAND = "land"  # the code of 供地类 among the project classes
OPENING = (
    "opening"  # the code of 开业 among the kinds of construction: 开业营业类, nothing is built (FACTS §1.8)
)


EVERY = Q()


def always(project: Project) -> bool:
    return True


def is_foreign(project: Project) -> bool:
    return project.is_foreign is True


def needs_land(project: Project) -> bool:
    return project.project_class == LAND


def is_headquarters(project: Project) -> bool:
    return bool(project.headquarters_kind)


HEADQUARTERS = ~Q(headquarters_kind="")


def builds(project: Project) -> bool:
    return project.construction_kind != OPENING


BUILDS = ~Q(construction_kind=OPENING)


def field_of(name: str) -> Field[Any, Any]:
    found = Project._meta.get_field(name)
    assert isinstance(found, Field)
    return found


@dataclass(frozen=True, slots=True)
class Fact:
    """A field that must be filled from ``from_stage`` on, if ``when`` holds for the project; ``where`` says the same in SQL.

    ``typed``: the inputs by which people fill it, where they are others; ``advice`` says where, where that is not plain.
    """

    field: str
    from_stage: str
    when: Callable[[Project], bool] = always
    where: Q = EVERY
    typed: tuple[str, ...] = ()
    advice: Sentence = ""

    def __post_init__(self) -> None:
        assert (self.when is always) == (self.where is EVERY), f"{self.field}: one condition, said twice"

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.typed or (self.field,)

    @property
    def label(self) -> Sentence:
        return field_of(self.field).verbose_name

    def is_missing(self, project: Project) -> bool:
        value = getattr(project, field_of(self.field).attname)
        return self.when(project) and (value is None or value == "")

    @property
    def lacking(self) -> Q:
        """The Q of the projects that should have it and have not, whatever their stage."""
        field = field_of(self.field)
        empty = Q(**{f"{self.field}__isnull": True}) if field.null else Q(**{self.field: ""})
        return self.where & empty


FACTS = (
    Fact("summary", stages.PLANNED),
    Fact("project_class", stages.INTENDED),
    Fact("is_foreign", stages.INTENDED),
    Fact("origin", stages.INTENDED, when=is_foreign, where=Q(is_foreign=True)),
    Fact("industry", stages.INTENDED),
    Fact("enterprise", stages.INTENDED),
    Fact("intended", stages.INTENDED),
    Fact(
        "approached_date",
        stages.NEGOTIATING,
        advice=gettext_lazy(
            "在“记录洽谈”中记下第一次洽谈，系统随即填入这一天；洽谈没有记录的，在“修改”中填写。"
        ),
    ),
    Fact("contact_name", stages.NEGOTIATING),
    Fact("investment_kind", stages.NEGOTIATING),
    Fact("host_unit", stages.NEGOTIATING),
    Fact("fixed_investment", stages.NEGOTIATING),
    Fact("headquarters_functions", stages.NEGOTIATING, when=is_headquarters, where=HEADQUARTERS),
    Fact("headquarters_staff", stages.SIGNED, when=is_headquarters, where=HEADQUARTERS),
    Fact("site", stages.SIGNED),
    Fact("land_mu", stages.SIGNED, when=needs_land, where=Q(project_class=LAND)),
    Fact("planned_start_date", stages.SIGNED),
    Fact("expected_output", stages.SIGNED),
    Fact("expected_tax", stages.SIGNED),
    Fact("construction_kind", stages.REGISTERED),
    Fact("registered_firm", stages.REGISTERED, typed=("registered_name", "registered_code")),
    Fact("planned_completion_date", stages.STARTED, when=builds, where=BUILDS),
    Fact("planned_production_date", stages.STARTED, when=builds, where=BUILDS),
)


# What is asked once its yes is given, and of nobody else (FACTS §1.8).
FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "is_existing_firm": ("existing_kind", "first_invested_year"),
    "is_spillover": ("spillover_from",),
}
# From which stage on somebody knows what no stage asks for; the form folds it away until then, and until it is filled.
KNOWN_FROM: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "chain_effect", "second_industry", "investment_note", "assigned_by", "home_tie", "is_assessed", "is_research_centre",
            "is_advanced_manufacturing", "is_enclave", "is_existing_firm", "is_spillover", "responsible_leader",
        ),
        stages.NEGOTIATING,
    ),
    **dict.fromkeys(("statistics_name", "statistics_investment"), stages.PREPARING),
}  # fmt: skip


def missing(project: Project, stage: str) -> list[Fact]:
    """Return the facts that ``stage`` asks for (with those of the stages before it) and the project lacks."""
    return [fact for fact in FACTS if stages.reached(stage, fact.from_stage) and fact.is_missing(project)]


def path(project: Project) -> list[str]:
    """Return the stages that the project goes through: without building where nothing is built."""
    return [stage for stage in stages.ORDER if builds(project) or stage not in stages.CONSTRUCTION]


def next_stage(project: Project) -> str | None:
    """Return the stage after the project's own, None after the last."""
    after = [stage for stage in path(project) if not stages.reached(project.stage, stage)]
    return after[0] if after else None


def sentences(project: Project, stage: str) -> list[Sentence]:
    """Return one sentence per missing fact, with where it is entered if that is not plain."""
    return [
        _("缺少“%(fact)s”。") % {"fact": fact.label} + str(fact.advice) for fact in missing(project, stage)
    ]


@cache
def lacking_for_next() -> Q:
    """Return the Q of the projects that lack a fact which the stage after their own asks for, as ``missing`` says of one."""
    found = Q(pk__in=[])
    for fact in FACTS:
        building, opening = (_before(fact, kind) for kind in ("", OPENING))
        asked = Q(stage__in=building) & BUILDS | Q(stage__in=opening, construction_kind=OPENING)
        found |= (Q(stage__in=building) if building == opening else asked) & fact.lacking
    return found


def _before(fact: Fact, construction_kind: str) -> list[str]:
    """Return the stages whose next one asks for a fact, of projects of a kind of construction."""
    asking = []
    for stage in stages.ORDER:
        wanted = next_stage(Project(stage=stage, construction_kind=construction_kind))
        if wanted is not None and stages.reached(wanted, fact.from_stage):
            asking.append(stage)
    return asking
