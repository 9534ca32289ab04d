"""Where the projects are: by the unit that hosts them, and the outlines of the districts that the profile has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import cos, radians
from typing import Any

from django.db.models import BigIntegerField, Count, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, Round

from yinfeng.core.keeping import kept
from yinfeng.core.language import in_english
from yinfeng.core.models import Code
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import brief_name
from yinfeng.projects import stages
from yinfeng.projects.models import Project
from yinfeng.projects.queries.grades import COUNTED


@dataclass(frozen=True, slots=True)
class Place:
    """How many ongoing projects a unit hosts, and their yuan; ``unit`` is None for those that nobody hosts yet.

    A zone is where it is in no one district: its parks lie in several.
    """

    unit: int | None
    name: str
    division: str
    is_zone: bool
    projects: int
    amount: Decimal


def hosted(projects: QuerySet[Project]) -> list[Place]:
    """Return of each host unit the ongoing ones of the projects, in the order of units, in one query; nobody’s last."""
    cents = Coalesce(Sum(Cast(Round(COUNTED * 100), BigIntegerField())), 0)
    rows: QuerySet[Any, Any] = projects.filter(status=stages.ONGOING).order_by().values_list(
        "host_unit", brief_name("host_unit__"), "host_unit__division", "host_unit__kind", "host_unit__order"
    )  # fmt: skip
    found = sorted(
        rows.annotate(n=Count("pk"), cents=cents), key=lambda row: (row[0] is None, row[4], row[0])
    )
    return [
        Place(unit, name or "", division or "", kind == "zone", count, Decimal(yuan) / 100)
        for unit, name, division, kind, _order, count, yuan in found
    ]


@dataclass(frozen=True, slots=True)
class Outline:
    """A district as it is drawn: the path of its outline, and where its name stands."""

    division: str
    name: str
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """All districts on a sheet of ``width`` by ``height``."""

    width: int
    height: int
    outlines: tuple[Outline, ...]


WIDTH, MARGIN = 800, 8
Ring = list[tuple[float, float]]


def sketch(day: date) -> Sketch | None:
    """Return the outlines of the profile’s districts on a sheet, north above; None where the profile has none.

    English readers read the English names of the units whose districts they are.
    """
    return kept(("district shapes", day, in_english()), lambda: _sketch(day))


def _sketch(day: date) -> Sketch | None:
    found = Code.objects.filter(Code.on(day), table="district_shape").order_by("order", "code")
    shapes = [(code, name, data["rings"]) for code, name, data in found.values_list("code", "name", "data")]
    if not shapes:
        return None
    if in_english():
        units = Unit.objects.filter(
            kind="district", valid_to=None, division__in=[code for code, _name, _rings in shapes]
        )
        known = {division: name for division, name in units.values_list("division", "name_en") if name}
        shapes = [(code, known.get(code, name), rings) for code, name, rings in shapes]
    points = [point for _code, _name, rings in shapes for ring in rings for point in ring]
    west, east = min(point[0] for point in points), max(point[0] for point in points)
    south, north = min(point[1] for point in points), max(point[1] for point in points)
    narrower = cos(radians((south + north) / 2))  # a degree of longitude is shorter than one of latitude
    scale = (WIDTH - 2 * MARGIN) / ((east - west) * narrower)

    def place(point: list[float]) -> tuple[float, float]:
        across, down = (point[0] - west) * narrower * scale, (north - point[1]) * scale
        return round(across + MARGIN, 1), round(down + MARGIN, 1)

    outlines = [_outline(code, name, [[place(point) for point in ring] for ring in rings]) for code, name, rings in shapes]  # fmt: skip
    return Sketch(WIDTH, round((north - south) * scale) + 2 * MARGIN, tuple(outlines))


BOX_HEIGHT, BOXES_IN_A_ROW = 72, 2


def boxes(sheet: Sketch, names: Sequence[tuple[str, str]]) -> tuple[int, list[Outline]]:
    """Return the height of a sheet with a box below the districts for each of ``names`` (code, name), and the boxes: for what
    has no outline, as a zone whose parks lie in several districts."""
    width = (sheet.width - (BOXES_IN_A_ROW + 1) * MARGIN) / BOXES_IN_A_ROW
    found = []
    for index, (code, name) in enumerate(names):
        row, column = divmod(index, BOXES_IN_A_ROW)
        left = round(MARGIN + column * (width + MARGIN), 1)
        top = sheet.height + 2 * MARGIN + row * (BOX_HEIGHT + MARGIN)
        right, bottom = round(left + width, 1), top + BOX_HEIGHT
        path = f"M{left} {top}H{right}V{bottom}H{left}Z"
        found.append(Outline(code, name, path, round(left + width / 2, 1), top + BOX_HEIGHT * 0.42))
    rows = -(-len(names) // BOXES_IN_A_ROW)
    return sheet.height + (rows * (BOX_HEIGHT + MARGIN) + 2 * MARGIN if rows else 0), found


def _outline(code: str, name: str, rings: list[Ring]) -> Outline:
    path = "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in rings)
    x, y = _middle(max(rings, key=lambda ring: abs(_area(ring))))
    return Outline(code, name, path, round(x, 1), round(y, 1))


def _area(ring: Ring) -> float:
    """Return twice the area of a ring, negative when it runs the other way round."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring))


def _middle(ring: Ring) -> tuple[float, float]:
    """Return the centre of gravity of a ring."""
    whole = 3 * _area(ring) or 1.0
    sides = list(pairwise(ring))
    x = sum((x1 + x2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in sides) / whole
    y = sum((y1 + y2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in sides) / whole
    return x, y
