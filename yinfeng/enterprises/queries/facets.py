"""How the enterprises of a list divide by industry, place, tag and size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Exists, Q, QuerySet, Value, When

from yinfeng.enterprises.models import Enterprise, EnterpriseTag

# Rows that are looked at for the counts, and of a search, where finding them takes longer; of a longer list the newest ones.
LOOKED_AT = 20_000
LOOKED_AT_OF_SEARCH = 5_000
MANY = 20_000
FEW = 1_000  # firms that are named each when their tags are read
NEIGHBOURS = 8  # firms between two of the list, at most, for whose sake the tags of all are read


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts of each value among the rows looked at; ``complete`` when these are all."""

    looked_at: int
    complete: bool
    divisions: Counter[str]
    provinces: Counter[str]
    cities: Counter[str]
    staff: Counter[str]
    capital: Counter[str]
    tags: Counter[str]
    years: Counter[tuple[str, int]]


def facets(
    rows: QuerySet[Enterprise], staff: Mapping[str, Q], capital: Mapping[str, Q], limit: int | None = None
) -> Facets:
    """Count the values of the rows, exactly up to ``limit`` of them (LOOKED_AT); ``staff`` and ``capital`` say what each band holds."""
    limit = LOOKED_AT if limit is None else limit
    newest = rows.order_by("-pk")
    found = newest.annotate(staff_band=_band(staff), capital_band=_band(capital)).values_list(
        "pk", "industry", "province", "city", "staff_band", "capital_band"
    )
    lines: list[tuple[Any, ...]] = list(found[: limit + 1])
    complete = len(lines) <= limit
    lines = lines[:limit]
    keys, *columns = zip(*lines, strict=True) if lines else [()] * 6
    industries, provinces, cities, staff_bands, capital_bands = map(Counter, columns)
    divisions: Counter[str] = Counter()
    for industry, count in industries.items():
        divisions[_division(industry)] += count
    tagged = _tags_of(keys)
    tags = Counter(tag for _firm, tag in {(firm, tag) for firm, tag, _year in tagged})
    years = Counter((tag, year) for _firm, tag, year in tagged)
    return Facets(
        len(lines), complete, divisions, provinces, cities, staff_bands, capital_bands,
        tags, years,
    )  # fmt: skip


def _tags_of(keys: Sequence[int]) -> set[tuple[int, str, int]]:
    """Return (firm, tag, year) of firms that stand in descending order; naming each of very many takes longer than to read their neighbours too."""
    together = len(keys) > FEW and keys[0] - keys[-1] < NEIGHBOURS * len(keys)
    near = Q(enterprise__gte=keys[-1], enterprise__lte=keys[0]) if together else Q(enterprise__in=keys)
    found = EnterpriseTag.objects.filter(near).values_list("enterprise_id", "tag", "year")
    wanted = set(keys)
    return {line for line in found if line[0] in wanted}


def _division(industry: str) -> str:
    """Return the two digits of a code, before which its section's letter may stand, or the letter alone."""
    digits = industry.lstrip("ABCDEFGHIJKLMNOPQRST")
    return digits[:2] or industry


def _band(bands: Mapping[str, Q]) -> Case:
    cases = (When(q, then=Value(code)) for code, q in bands.items())
    return Case(*cases, default=Value(""), output_field=CharField())


def foreseen(places: Sequence[tuple[str, str]], ranges: Sequence[Q]) -> tuple[list[bool], list[bool]]:
    """Return for each place (field, writing) whether any enterprise's is written so, and for each range whether very many lie in it.

    A page of very many is found on a walk through the list. All is asked in one query.
    """
    questions = [
        *(Enterprise.objects.filter(**{field: written}) for field, written in places),
        *(Enterprise.objects.filter(condition)[MANY - 1 : MANY] for condition in ranges),
    ]
    asked = {f"answer_{number}": Exists(question) for number, question in enumerate(questions)}
    found = Enterprise.objects.order_by("pk").annotate(**asked).values_list(*asked).first() if asked else None
    answers = [bool(answer) for answer in found or [False] * len(asked)]
    return answers[: len(places)], answers[len(places) :]
