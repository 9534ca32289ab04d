"""The built-in profile: every unit the policy names, the figures of its standards, its roles; checked against the sources."""

from __future__ import annotations

import csv
import os
import re
import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from yinfeng.core import profile
from yinfeng.core.actors import system
from yinfeng.core.permissions import registry
from yinfeng.core.queries import codes, rate_of, rules
from yinfeng.orgs.models import Body, Role, Unit
from yinfeng.orgs.queries import groups_for_industry, members_of
from yinfeng.projects import stages as project_stages

# Marked, or a run of this file alone would be given no database of its own and meet that of the clone.
pytestmark = pytest.mark.django_db
FOLDER = settings.BASE_DIR / "profiles" / "xiamen"
SHARED = settings.BASE_DIR.parent / "shared"
POLICY = SHARED / "policy" / "policy-2019-8.txt"


def source(path: Path) -> Path:
    """Return a file of the shared data; without it skip, but fail in CI."""
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{path} is needed in CI")
        pytest.skip(f"{path.name} is not on this machine")
    return path


@cache
def toml(name: str) -> Any:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


@cache
def table(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def named_units() -> dict[str, str]:
    """Return every name by which the profile knows a unit → its code."""
    names = {}
    for unit in toml("units.toml")["unit"]:
        for name in (unit["name"], unit.get("short_name", unit["name"]), *unit.get("aliases", [])):
            names[name] = unit["code"]
    return names


def split_units(text: str) -> list[str]:
    """Return the unit names of a 牵头部门 or 责任单位 list; the text drops one separator and ends two lists with a verb."""
    text = text.replace("市资源规划局市生态环境局", "市资源规划局、市生态环境局")
    text = re.sub(r"(分别负责|配合)$", "", text)
    return [name.strip() for name in re.split("[、,，]", text) if name.strip()]


def responsibility_lines() -> list[tuple[list[str], list[str]]]:
    """Return (lead, responsible) unit names of each bracketed line of the policy, in order."""
    found = []
    for line in source(POLICY).read_text(encoding="utf-8").splitlines():
        inner = line.strip().strip("()（）")
        if match := re.match(r"牵头部门[:：](.*?)(?:[;；]责任单位[:：;；](.*))?$", inner):
            found.append((split_units(match[1]), split_units(match[2] or "")))
        elif inner.endswith("分别负责"):
            found.append((split_units(inner), []))
    return found


# --- against the policy -------------------------------------------------------------------------------------------


def test_the_profile_has_no_mistakes() -> None:
    assert profile.read("xiamen").problems == []


def test_every_unit_of_the_responsibility_lines_is_a_unit() -> None:
    lines = responsibility_lines()
    assert len(lines) == 26  # nine tasks of part 2, seventeen of part 3
    known = named_units()
    named = {name for lead, responsible in lines for name in (*lead, *responsible)}
    assert named - known.keys() == set()
    assert len(named) == 32


def test_the_clauses_name_the_same_units_as_the_text() -> None:
    known = named_units()
    clauses = [row for row in table("clauses.csv") if row["lead_units"]]
    for row, (lead, responsible) in zip(clauses, responsibility_lines(), strict=True):
        assert row["lead_units"].split() == [known[name] for name in lead], row["id"]
        assert row["responsible_units"].split() == [known[name] for name in responsible], row["id"]


def test_units_and_clauses_agree_both_ways() -> None:
    by_unit: dict[str, set[str]] = {}
    for row in table("clauses.csv"):
        for code in (row["lead_units"] + " " + row["responsible_units"]).split():
            by_unit.setdefault(code, set()).add(row["id"])
    for unit in toml("units.toml")["unit"]:
        assert by_unit.get(unit["code"], set()) <= set(unit.get("clauses", [])), unit["code"]


@pytest.mark.clause("1.1", "1.2", "1.3", "1.4", "1.5")
def test_the_clauses_are_the_text_of_the_policy() -> None:
    text = "".join(source(POLICY).read_text(encoding="utf-8").split())
    rows = table("clauses.csv")
    parts = [row["id"].split(".")[0] for row in rows]
    assert (parts.count("1"), parts.count("2"), parts.count("3")) == (5, 9, 17)
    for row in rows:
        assert "".join(row["text"].split()) in text, row["id"]


def test_what_the_policy_does_not_say_is_marked() -> None:
    text = source(POLICY).read_text(encoding="utf-8")
    for unit in toml("units.toml")["unit"]:
        if unit["source"] == "policy" and unit["kind"] not in {
            "city",
            "group",
        }:  # “…、央企总部和金融四个招商组”
            names = [unit["name"], unit.get("short_name", ""), *unit.get("aliases", [])]
            short = [re.sub("^(厦门市|中共厦门市委|市)", "", name) for name in names if name]
            assert any(name and name in text for name in (*names, *short)), unit["code"]
    bodies = {body["code"]: body for body in toml("bodies.toml")["body"]}
    assert all(seat["source"] == "policy" for seat in bodies["leader-group"]["seat"])
    for code in ("group-agriculture", "group-factors", "group-performance"):
        assert all(seat["source"] == "common practice" for seat in bodies[code]["seat"])


def test_seats_are_positions_never_people() -> None:
    """No person is named: every seat says an office."""
    offices = re.compile("领导|书记|区长|市长|常委|负责同志|主任")
    for body in toml("bodies.toml")["body"]:
        for seat in body["seat"]:
            assert offices.search(seat["position"]), seat


# --- against the standards ----------------------------------------------------------------------------------------


def test_industries_are_gb_t_4754_2017() -> None:
    rows = table("codes/industries.csv")
    kinds = [("letter" if row["code"].isalpha() else len(row["code"])) for row in rows]
    assert [kinds.count(kind) for kind in ("letter", 2, 3, 4)] == [20, 97, 473, 1381]
    for row in rows:
        if len(row["code"]) > 2:
            assert row["code"].startswith(row["parent"])
    assert set(rows[0]) == {
        "code",
        "name",
        "name_en",
        "parent",
    }  # names only: the standard's explanations are not copied


def test_divisions_are_gb_t_2260() -> None:
    names = {row["code"]: row["name"] for row in table("codes/divisions.csv")}
    assert names["350200"] == "厦门市"
    xiamen = {code: name for code, name in names.items() if code.startswith("3502") and code != "350200"}
    assert xiamen == {
        "350203": "思明区",
        "350205": "海沧区",
        "350206": "湖里区",
        "350211": "集美区",
        "350212": "同安区",
        "350213": "翔安区",
    }
    districts = {
        unit["division"]: unit["name"] for unit in toml("units.toml")["unit"] if unit["kind"] == "district"
    }
    assert districts == xiamen


def test_regions_of_china_are_named_as_such() -> None:
    names = {row["code"]: (row["name"], row["name_en"]) for row in table("codes/countries.csv")}
    assert len(names) == 249
    assert names["TW"] == ("中国台湾", "Taiwan, China")
    assert names["HK"][0] == "中国香港"
    assert names["MO"][0] == "中国澳门"


def test_rates_are_those_of_the_ecb() -> None:
    import gzip

    path = source(SHARED / "data" / "countries-fx" / "ecb_eurofxref_hist.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        days = {row["Date"]: row for row in csv.DictReader(file)}
    rows = table("codes/exchange_rates.csv")
    assert len({row["valid_from"] for row in rows}) == 24
    for row in rows:
        day = days[row["valid_from"]]
        euro = Decimal(1) if row["currency"] == "EUR" else Decimal(day[row["currency"]])
        assert Decimal(row["cny"]) == pytest.approx(Decimal(day["CNY"]) / euro, rel=Decimal("1e-5"))


# --- loaded -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def xiamen(django_db_setup: None, django_db_blocker: Any) -> Any:
    """The profile loaded once for this module; taken back afterwards."""
    from django.db import connection, transaction

    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        try:
            yield profile.load("xiamen", by=system())
        finally:
            connection.set_rollback(True)
            atomic.__exit__(None, None, None)


@pytest.mark.clause("1.1")
def test_the_leader_group_is_led_as_clause_1_1_says(xiamen: Any) -> None:
    seats = list(Body.objects.get(code="leader-group").seats.values_list("kind", "position"))
    assert seats[:6] == [
        ("head", "市委主要领导"), ("first_deputy", "市政府主要领导"), ("deputy", "市人大主要领导"), ("deputy", "市政协主要领导"),
        ("deputy", "市委副书记"), ("deputy", "常务副市长"),
    ]  # fmt: skip
    members = [position for kind, position in seats if kind == "member"]
    assert {"集美区委书记", "集美区区长", "火炬管委会负责同志"} <= set(members)
    assert Body.objects.get(code="leader-group").valid_from == date(2019, 4, 28)


@pytest.mark.clause("1.2")
def test_every_section_of_industry_finds_its_working_group(xiamen: Any) -> None:
    for section in "ABCDEFGHIJKLMNOPQR":
        assert groups_for_industry(section), section
    assert [group.code for group in groups_for_industry("0111")] == ["group-agriculture"]
    assert {group.code for group in groups_for_industry("1361")} == {
        "group-agriculture",
        "group-manufacturing",
    }
    assert [group.code for group in groups_for_industry("6510")] == ["group-manufacturing"]
    assert {group.code for group in groups_for_industry("7211")} == {"group-services", "group-headquarters"}
    assert [group.code for group in groups_for_industry("66")] == ["group-headquarters"]


@pytest.mark.clause("1.3", "1.4")
def test_the_support_and_the_review_group_stand_below_the_leader_group(xiamen: Any) -> None:
    for code in ("group-factors", "group-performance"):
        assert Unit.objects.get(code=code).parent.code == "leader-group"  # type: ignore[union-attr]
        assert Body.objects.get(code=code).duty


@pytest.mark.clause("1.5")
def test_every_district_has_its_lead_group_headed_by_its_first_hand(xiamen: Any) -> None:
    for district in Unit.objects.filter(kind="district"):
        body = Body.objects.get(unit=district, kind="lead_group")
        assert body.seats.get(kind="head").position == f"{district.name}主要领导"


def test_collective_names_stand_for_their_units(xiamen: Any) -> None:
    assert members_of(Unit.objects.get(code="all-districts")).count() == 6
    assert {unit.code for unit in members_of(Unit.objects.get(code="all-zones"))} == {"ftz", "torch"}
    assert "commerce" in {unit.code for unit in members_of(Unit.objects.get(code="industry-departments"))}
    assert not members_of(Unit.objects.get(code="all-commands")).exists()  # the policy names none


def test_roles_keep_business_and_administration_apart(xiamen: Any) -> None:
    roles = {role.code: set(role.permissions) for role in Role.objects.all()}
    assert set(roles) == {
        "office_officer", "group_officer", "district_clerk", "district_head", "department_officer", "soe_clerk", "city_leader",
        "inspector", "administrator", "auditor",
    }  # fmt: skip
    known = set(registry())
    assert set().union(*roles.values()) == known  # every permission is in somebody's hands
    business = {code for code in known if code.startswith(("enterprises.", "projects."))}
    assert not roles["administrator"] & business
    assert roles["auditor"] == {"core.audit.view"}
    writing = {code for code in business if code.split(".")[-1] not in {"view", "view_sensitive"}}
    assert not roles["city_leader"] & writing
    assert "projects.project.view_sensitive" in roles["city_leader"]
    # Whom to talk to is for those who go there; a whole phone number for those who call, which is written down.
    sees = {code for code, allowed in roles.items() if "enterprises.contact.view" in allowed}
    calls = {code for code, allowed in roles.items() if "enterprises.contact.unmask" in allowed}
    assert calls == {"office_officer", "group_officer", "district_clerk", "district_head", "soe_clerk"}
    assert sees == {*calls, "city_leader"}
    assert (
        not {"projects.lead.assess", "projects.project.verify", "projects.project.advance"}
        & roles["district_clerk"]
    )
    assert {"projects.lead.assess", "projects.project.verify", "projects.project.advance"} <= roles[
        "district_head"
    ]
    assert set(Role.objects.get(code="administrator").assigns) == set(roles)


def test_stages_grades_and_rates_are_in_force(xiamen: Any) -> None:
    day = date(2026, 6, 1)
    stages = codes("stage", day)
    assert [stage.name for stage in stages] == [
        "策划",
        "意向",
        "在谈",
        "签约",
        "注册",
        "前期",
        "开工",
        "在建",
        "竣工",
        "投产",
        "达产",
    ]
    assert [stage.code for stage in stages] == list(project_stages.ORDER)
    assert {stage.data["state"] for stage in stages} == {"planned", "intended", "negotiating", "landed"}
    assert set(rules("stage_limit", day)) <= {stage.code for stage in stages}
    tiers = {code: Decimal(rule["min_usd"] or rule["min_yuan"]) for code, rule in rules("grade", day).items()}
    assert tiers == {
        "tier_100": 10**10,
        "tier_50": 5 * 10**9,
        "tier_10": 10**9,
        "major_foreign": 10**7,
        "general": 0,
    }
    assert rules("stage_limit", date(2019, 4, 27)) == {}
    assert Decimal(5) < (rate_of("USD", day) or 0) < Decimal(9)


def test_the_twelve_chains_say_which_are_not_verified(xiamen: Any) -> None:
    chains = codes("chain")
    assert chains.count() == 12
    assert {chain.name for chain in chains if not chain.data["verified"]} == {
        "新材料",
        "文化创意",
        "都市现代农业",
    }
    assert all(chain.data["source"] and chain.valid_from for chain in chains)


def test_a_second_load_changes_nothing(xiamen: Any) -> None:
    assert xiamen.total > 5_000
    assert profile.load("xiamen", by=system()).total == 0
