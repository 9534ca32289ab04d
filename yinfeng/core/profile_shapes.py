"""The outlines of a city’s districts in a profile: a GeoJSON file, kept as codes of the table ``district_shape``.

Longitude and latitude in degrees, as they come; drawn as a sketch, they are nobody’s boundary.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from yinfeng.core import services
from yinfeng.core.actors import Actor
from yinfeng.core.models import Code
from yinfeng.core.profile_format import Changes, Profile, Row, Section

FILE = "districts.geojson"
TABLE = "district_shape"
MOST_POINTS = 5_000  # of all districts together: a page draws every one


def read_shapes(profile: Profile) -> list[Row]:
    """Return a row for each district of the file, if there is one: its division, name and rings."""
    text = profile.text_of(FILE, required=False)
    if text is None:
        return []
    try:
        features = json.loads(text)["features"]
        rows = [_row(feature, order) for order, feature in enumerate(features, 1)]
    except (ValueError, KeyError, TypeError, AttributeError):
        sentence = _(
            "不是区划图：须为 GeoJSON，每个区有 properties.adcode、properties.name 和 Polygon 或 MultiPolygon"
        )
        profile.complain(FILE, 1, sentence)
        profile.broken.add("shape")
        return []
    if sum(len(ring) for row in rows for ring in row["rings"]) > MOST_POINTS:
        profile.complain(FILE, 1, _("全部轮廓超过 %(most)s 个点，请先简化") % {"most": MOST_POINTS})
    return rows


def _row(feature: Any, order: int) -> Row:
    properties, geometry = feature["properties"], feature["geometry"]
    polygons = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}[
        geometry["type"]
    ]
    rings = [[_point(*point[:2]) for point in ring] for polygon in polygons for ring in polygon]
    code, name = properties["adcode"], properties["name"]
    if not (
        isinstance(code, str) and isinstance(name, str) and rings and all(len(ring) > 3 for ring in rings)
    ):
        raise ValueError
    return Row("shape", code, {"code": code, "name": name, "rings": rings}, FILE, 1, order)


def _point(longitude: float, latitude: float) -> list[float]:
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ValueError
    return [float(longitude), float(latitude)]


def check_shapes(profile: Profile, rows: list[Row]) -> Iterator[Any]:
    known = profile.names("code:division")
    for row in rows:
        if known and row.key not in known:
            yield row.problem(_('%(field)s "%(value)s" 没有定义') % {"field": "adcode", "value": row.key})


def load_shapes(changes: Changes, by: Actor, day: date) -> None:
    services.put_codes(
        [
            Code(table=TABLE, code=row.key, name=row["name"], order=row.order, data={"rings": row["rings"]})
            for row in changes.put
        ]
    )
    services.close_codes([(TABLE, key) for key in changes.vanished], day)


SHAPE = Section("shape", "", (), load_shapes, derive=read_shapes, check=check_shapes)
