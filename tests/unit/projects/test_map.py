"""The map of projects by district: its numbers are those of the list, outlines come from the profile alone."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from django.conf import settings
from django.utils import timezone

from tests.factories import make_unit, signed_in
from tests.unit.projects.conftest import City
from yinfeng.core import profile
from yinfeng.core.models import Code
from yinfeng.core.money import WAN, Money
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db

PROFILES = Path(__file__).parents[2] / "data" / "profiles"
SQUARES = {"350211": ("集美区", 118.0), "350206": ("湖里区", 118.2), "350203": ("思明区", 118.4)}


@pytest.fixture
def mapped(city: City) -> City:
    """Three districts side by side on the map."""
    for order, (division, (name, west)) in enumerate(SQUARES.items()):
        ring = [[west, 24.4], [west + 0.2, 24.4], [west + 0.2, 24.6], [west, 24.6], [west, 24.4]]
        Code.objects.create(
            table="district_shape", code=division, name=name, order=order, data={"rings": [ring]}
        )
        Unit.objects.filter(name=name).update(division=division)
    return city


def test_the_sketch_is_as_wide_as_it_lies_north_above(mapped: City) -> None:
    sheet = queries.sketch(timezone.localdate())
    assert sheet is not None
    first, second, _third = sheet.outlines
    assert (sheet.width, first.path[:9]) == (800, "M8.0 295.")
    assert sheet.height == pytest.approx(304, abs=2)  # 0.6° of longitude at 24.5° north, 0.2° of latitude
    assert first.x < second.x
    assert first.y == pytest.approx(sheet.height / 2, abs=1)


def homeless(project: Project) -> Project:
    Project.objects.filter(pk=project.pk).update(host_unit=None)
    return project


def rows_of(page: str) -> list[tuple[str, str, str]]:
    """Return (name, number, address) of the lines of the table."""
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    found = []
    for line in body.split("</tr>")[:-1]:
        name, count = re.findall(r"<td[^>]*>(.*?)</td>", line, re.DOTALL)[:2]
        link = re.search(r'href="([^"]+)"', count)
        text = re.sub(r"<[^>]+>", "", name).strip(), re.sub(r"<[^>]+>", "", count).strip()
        found.append((*text, link[1].replace("&amp;", "&") if link else ""))
    return found


@pytest.mark.parametrize("query", ["", "?section=C", "?place={jimei}", "?created_from=2099-01-01"])
def test_every_number_is_that_of_the_list_to_which_it_leads(mapped: City, query: str) -> None:
    torch = make_unit("torch", "zone", mapped.root, name="火炬管委会")
    mapped.project(stages.NEGOTIATING, host_unit=mapped.jimei)
    mapped.project(stages.NEGOTIATING, host_unit=mapped.jimei, industry="66")
    mapped.project(stages.NEGOTIATING, host_unit=mapped.huli)
    mapped.project(stages.NEGOTIATING, host_unit=torch)
    homeless(mapped.project(stages.INTENDED))
    held = mapped.project(stages.INTENDED, host_unit=mapped.huli)
    services.move_project(by=mapped.actor("charlie"), project=held, move="hold", reason="对方重组")
    client = signed_in(mapped.users["erin"])
    page = client.get(f"/projects/board/map/{query.format(jimei=mapped.jimei.pk)}").content.decode()
    rows = rows_of(page)
    for _name, count, url in rows:
        listed = client.get(url).content.decode()
        shown = re.search(r"共 ([\d,]+) 条", listed)
        assert count == (shown[1] if shown else "0"), url
    boxes = re.findall(
        r'href="([^"]+)" aria-label="火炬管委会 1">\s*<path class="yf-map__area" data-level="\d" d="M[\d. ]+H',
        page,
    )
    assert len(boxes) == ("火炬管委会" in [name for name, _count, _url in rows]), (
        "a zone has no outline, but a box"
    )
    assert all(box.replace("&amp;", "&") in [url for _name, _count, url in rows] for box in boxes)
    assert ("方框只表示数量，不表示位置" in page) == bool(boxes)
    *units, (total, count, _url) = rows
    assert total == "合计"
    assert int(count) == sum(int(number) for _name, number, _url in units)
    if not query:
        assert [(name, number) for name, number, _url in units] == [
            ("集美区", "2"), ("湖里区", "1"), ("火炬管委会", "1"), ("尚无落地单位", "1"),
        ]  # fmt: skip


def test_the_map_shows_amounts_too_and_keeps_what_is_asked(
    mapped: City, django_assert_max_num_queries: Any
) -> None:
    for yuan in (5_000, 20_000):
        mapped.project(stages.NEGOTIATING, host_unit=mapped.jimei, intended=Money.in_yuan(WAN * yuan))
    client = signed_in(mapped.users["erin"])
    client.get("/projects/board/map/")
    with django_assert_max_num_queries(10):
        page = client.get("/projects/board/map/?by=amount&section=C").content.decode()
    assert "集美区 2.5 亿元" in page
    assert "示意图，不作为行政区域界线依据" in page
    assert re.search(r'data-level="4" d="M', page)
    assert re.search(r'data-level="0" d="M', page)
    links = [urlparse(link.replace("&amp;", "&")) for link in re.findall(r'href="(/projects/\?[^"]+)"', page)]
    assert links
    for link in links:
        asked = parse_qs(link.query)
        assert asked["section"] == ["C"]
        assert asked["status"] == ["ongoing"]


def test_a_district_leads_to_the_projects_of_all_its_units(mapped: City) -> None:
    bureau = make_unit("jimei-zone", "zone", mapped.root, name="集美新城")
    Unit.objects.filter(pk=bureau.pk).update(division="350211")
    mapped.project(stages.NEGOTIATING, host_unit=mapped.jimei)
    mapped.project(stages.NEGOTIATING, host_unit=bureau, industry="66")
    mapped.project(stages.NEGOTIATING, host_unit=mapped.huli)
    client = signed_in(mapped.users["erin"])
    for query, count in (("", 2), ("?section=C", 1)):
        page = client.get(f"/projects/board/map/{query}").content.decode()
        link = re.search(rf'<a href="([^"]+)" aria-label="集美区 {count}">', page)
        assert link
        listed = client.get(link[1].replace("&amp;", "&")).content.decode()
        assert f"共 {count} 条" in listed
        assert "落地单位所在区：集美区" in re.sub(r"\s+", "", listed)


def test_without_outlines_the_table_stands_alone(city: City) -> None:
    city.project(stages.NEGOTIATING, host_unit=city.jimei)
    page = signed_in(city.users["erin"]).get("/projects/board/map/").content.decode()
    assert "yf-map__sheet" not in page
    assert rows_of(page)[0][:2] == ("集美区", "1")


def test_only_what_one_sees_is_counted(mapped: City) -> None:
    mapped.project(stages.NEGOTIATING, host_unit=mapped.jimei)
    page = signed_in(mapped.users["alice"]).get("/projects/board/map/").content.decode()
    assert [row[:2] for row in rows_of(page)] == [("合计", "0")]


def test_the_list_finds_projects_that_nobody_hosts(city: City) -> None:
    hosted, other = city.project(host_unit=city.jimei), homeless(city.project())
    page = signed_in(city.users["bob"]).get("/projects/?host_unit=null").content.decode()
    assert other.name in page
    assert hosted.name not in page
    assert Project.objects.count() == 2


# --- the profile's file -------------------------------------------------------------------------------------------


def small(tmp_path: Path, content: str) -> profile.Profile:
    folder = shutil.copytree(PROFILES / "small", tmp_path / content_name(content), dirs_exist_ok=True)
    (folder / "districts.geojson").write_text(content, encoding="utf-8")
    return profile.read(str(folder))


def content_name(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:8]


def feature(**values: Any) -> dict[str, Any]:
    ring = [[118.0, 24.4], [118.2, 24.4], [118.2, 24.6], [118.0, 24.4]]
    given = {"type": "Feature", "properties": {"adcode": "990101", "name": "东区"},
             "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    return {**given, **values}


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "{}", '{"features": 3}', '{"features": [3]}',
        json.dumps({"features": [feature(properties={"name": "集美区"})]}),
        json.dumps({"features": [feature(properties={"adcode": 1, "name": "集美区"})]}),
        json.dumps({"features": [feature(geometry={"type": "Point", "coordinates": [118, 24]})]}),
        json.dumps({"features": [feature(geometry={"type": "Polygon", "coordinates": [[[118, 24], [119, 24]]]})]}),
        json.dumps({"features": [feature(geometry={"type": "Polygon", "coordinates": [[[500, 24]] * 4]})]}),
        json.dumps({"features": [feature(geometry={"type": "Polygon", "coordinates": [[["a", "b"]] * 4]})]}),
    ],
)  # fmt: skip
def test_a_file_that_is_no_map_is_one_mistake(tmp_path: Path, content: str) -> None:
    (problem,) = small(tmp_path, content).problems
    assert str(problem).startswith("districts.geojson:1")
    assert "GeoJSON" in str(problem)


def test_a_district_twice_or_with_too_many_points_is_a_mistake(tmp_path: Path) -> None:
    twice = small(tmp_path, json.dumps({"features": [feature(), feature()]}))
    assert "重复" in str(twice.problems)
    ring = [[118.0, 24.4]] * 5_001
    big = small(tmp_path, json.dumps({"features": [feature(geometry={"type": "Polygon", "coordinates": [ring]})]}))  # fmt: skip
    assert "请先简化" in str(big.problems)
    assert small(tmp_path, json.dumps({"features": [feature()]})).problems == []


def test_xiamen_has_six_districts_each_of_a_unit() -> None:
    found = profile.read(str(settings.PROFILE_DIR / "xiamen"))
    assert found.problems == []
    divisions = {row["division"] for row in found.rows["unit"] if row["kind"] == "district"}
    assert {row.key for row in found.rows["shape"]} == divisions
    assert len(divisions) == 6
