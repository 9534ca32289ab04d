"""The policy's own tasks: the units on the duties are those its text names, clause by clause."""

from __future__ import annotations

import csv
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.factories import make_user
from yinfeng.core import profile, search
from yinfeng.core.actors import system
from yinfeng.core.models import Event, Notice
from yinfeng.duties import queries, services, terms
from yinfeng.duties.models import Duty
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db

TEXT = Path(__file__).resolve().parents[3] / "../shared/policy/policy-2019-8.txt"
CHINESE = "一二三四五六七八九十"
# What the printed text has wrong, each as it stands there and as it is meant.
MISPRINTS = {
    "市资源规划局市生态环境局": "市资源规划局、市生态环境局",  # 3.2.2: a 、 is missing
    "责任单位;": "责任单位:",  # 3.1.2, 3.2.2: a semicolon for the colon
    "市建设局配合)": "市建设局)",  # 3.5.2: how they take part, not a name
}


@pytest.fixture(scope="module")
def text() -> str:
    if not TEXT.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{TEXT} is missing")
        pytest.skip(f"{TEXT} is not here: the policy's text is not part of the repository")
    found = TEXT.read_text()
    for wrong, right in MISPRINTS.items():
        assert wrong in found, wrong
        found = found.replace(wrong, right)
    return found


def of_policy() -> Any:
    """Return the standing duties of the policy, in the order of its clauses."""
    return Duty.objects.filter(source_kind=terms.POLICY, parent=None).order_by("pk")


def clauses_of(text: str) -> dict[str, tuple[list[str], list[str]]]:
    """Return by clause of parts 2 and 3 the lead departments and the responsible units as the text names them."""
    part, section, item = 0, 0, 0
    found: dict[str, tuple[list[str], list[str]]] = {}
    for line in text.splitlines():
        if match := re.match(rf"([{CHINESE}])、", line):
            part, section, item = CHINESE.index(match[1]) + 1, 0, 0
        elif match := re.match(rf"\(([{CHINESE}])\)", line):
            section, item = CHINESE.index(match[1]) + 1, 0
        elif match := re.match(r"(\d)\.", line):
            item = int(match[1])
        elif line.startswith("(") and part in {2, 3}:
            clause = f"{part}.{section}" + (f".{item}" if item else "")
            assert clause not in found
            found[clause] = _named(line.strip("()"))
    return found


def _named(line: str) -> tuple[list[str], list[str]]:
    if line.endswith("分别负责"):  # 3.3.2: each leads for its own part
        return _names(line.removesuffix("分别负责")), []
    match = re.fullmatch(r"牵头部门:(.+?)(?:;责任单位:(.+))?", line)
    assert match, line
    return _names(match[1]), _names(match[2] or "")


def _names(listed: str) -> list[str]:
    return [name for name in re.split("[、,]", listed) if name]


def codes() -> dict[str, str]:
    """Return by each of its names the unit's code."""
    return {
        name: unit.code
        for unit in Unit.objects.all()
        for name in (unit.name, unit.short_name, *unit.aliases)
        if name
    }


CLAUSES = [f"2.{number}" for number in range(1, 10)] + [
    f"3.{section}.{item}" for section, items in enumerate((3, 4, 3, 4, 3), 1) for item in range(1, items + 1)
]


@pytest.mark.clause(*CLAUSES)
def test_the_units_on_the_duties_are_those_the_text_names(text: str, tmp_path: Path) -> None:
    profile.load("xiamen", by=system("test"))
    told, known = clauses_of(text), codes()
    assert list(told) == CLAUSES
    meant = {
        clause: tuple([known[name] for name in names] for names in named) for clause, named in told.items()
    }
    on_duties: dict[str, tuple[list[str], list[str]]] = {}
    for duty in of_policy():
        sides = [side for side in queries.sides(duty.pk) if side.unit and not side.named_as]
        on_duties[duty.clause] = tuple(  # type: ignore[assignment]
            [side.unit.code for side in sides if side.unit and side.part in parts]
            for parts in ((terms.LEAD, terms.CO_LEAD), (terms.JOINT,))
        )
        assert (duty.due_date, duty.state, duty.set_unit.kind) == (None, terms.ASSIGNED, "leader_group")
    assert {clause: list(map(sorted, named)) for clause, named in on_duties.items()} == {
        clause: list(map(sorted, named)) for clause, named in meant.items()
    }
    for clause, (leads, _joint) in meant.items():  # the first that is named leads
        assert on_duties[clause][0][0] == leads[0], clause

    out = tmp_path / "policy.csv"
    call_command("duties", "export", "--source", "policy", "--out", str(out), verbosity=0)
    with out.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert list(lines[0]) == [
        "clause", "item", "lead_units", "responsible_units", "lead_leader", "requirement", "deadline",
    ]  # fmt: skip
    assert [line["clause"] for line in lines] == CLAUSES
    for line in lines:
        for column, wanted in zip(("lead_units", "responsible_units"), meant[line["clause"]], strict=True):
            assert sorted(known[name] for name in _names(line[column])) == sorted(wanted), line["clause"]
        assert line["deadline"] == "长期"
    # what is asked for is the text itself
    plain = re.sub(r"\s", "", text)
    for duty in of_policy():
        for sentence in re.split("[。;]", duty.requirement):
            assert re.sub(r"\s", "", sentence) in plain, duty.clause
    # units that are meant by a collective are addressed, not quoted
    duty = Duty.objects.get(clause="2.1")
    districts = {
        side.unit.code for side in queries.sides(duty.pk) if side.unit and str(side.named_as) == "各区"
    }
    assert districts == set(Unit.objects.filter(kind="district").values_list("code", flat=True))
    clerk = make_user("区专员", Unit.objects.get(code=min(districts)), ["duties.duty.view"])
    assert Duty.objects.permitted(actor_for(clerk)).filter(pk=duty.pk).exists()


# --- loading again ------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "xiamen"
    shutil.copytree(settings.BASE_DIR / "profiles" / "xiamen", copy)
    return copy


def edit(folder: Path, clause: str, **values: str | None) -> None:
    """Say something else of a clause in the profile; None takes the whole clause's task away."""
    file = folder / "clauses.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        lines, columns = list(reader), reader.fieldnames or []
    for line in lines:
        if line["id"] == clause:
            line.update({name: value or "" for name, value in values.items()})
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def state() -> list[Any]:
    sides = {
        duty.pk: [(s.part, s.unit_id, s.named_as_id) for s in queries.sides(duty.pk)] for duty in of_policy()
    }
    return [(row, sides[row["id"]]) for row in of_policy().values()]


def test_loading_again_changes_nothing_and_a_changed_clause_changes_its_duty_alone(folder: Path) -> None:
    by = system("test")
    profile.load(str(folder), by=by)
    before, events = state(), Event.objects.filter(verb__startswith="duties.duty").count()
    assert profile.load(str(folder), by=by).total == 0
    assert (state(), Event.objects.filter(verb__startswith="duties.duty").count()) == (before, events)

    duty = Duty.objects.get(clause="3.2.4")
    clerks = {
        code: make_user(code, Unit.objects.get(code=code), ["duties.duty.view", "duties.duty.handle"], username=code)
        for code in ("finance", "commerce", "science")
    }  # fmt: skip
    services.move_duty(by=actor_for(clerks["finance"]), duty=duty, move="accept")
    leader = clerks["science"].person
    services.change_duty(
        by=by, duty=duty, version=duty.version, values={}, leader=leader, joint_units=[Unit.objects.get(code="commerce")], reason="市领导挂钩",
    )  # fmt: skip
    Notice.objects.all().delete()
    edit(folder, "3.2.4", title="市内项目流转和分享", responsible_units="commerce science")
    profile.load(str(folder), by=by)
    duty.refresh_from_db()
    # the unit works on, under the leader whom the city named
    assert (duty.item, duty.state, duty.handler, duty.leader) == (
        "市内项目流转和分享", terms.WORKING, clerks["finance"], leader,
    )  # fmt: skip
    assert [str(side.person or side.unit.code) for side in queries.sides(duty.pk) if side.person or side.unit] == [
        "leader-group", "finance", "commerce", "science", str(leader),
    ]  # fmt: skip
    event = Event.objects.filter(verb="duties.duty.changed", object_id=duty.pk).latest("pk")
    assert event.changes == {"item": ["市内项目流转", "市内项目流转和分享"]}
    assert "市科技局" in event.data["text"]
    assert set(Notice.objects.filter(event=event).values_list("owner__username", flat=True)) == set(clerks)
    assert [row for row in state() if row[0]["clause"] != "3.2.4"] == [
        row for row in before if row[0]["clause"] != "3.2.4"
    ]
    assert duty in search.answering(Duty.objects.all(), "流转和分享")


def test_what_was_handed_over_stays_there_and_what_was_taken_away_comes_back(folder: Path) -> None:
    by = system("test")
    profile.load(str(folder), by=by)
    duty = Duty.objects.get(clause="3.2.4")
    commerce = Unit.objects.get(code="commerce")
    services.hand_over(by=by, duty=duty, unit=commerce, reason="职责调整")
    edit(folder, "3.2.4", target="制定并每年修订流转办法")
    profile.load(str(folder), by=by)
    duty.refresh_from_db()
    assert (duty.target, duty.lead_unit) == ("制定并每年修订流转办法", commerce)
    assert [side.unit.code for side in queries.sides(duty.pk) if side.unit] == ["leader-group", "commerce"]

    edit(folder, "3.4.4", lead_units=None)
    edit(folder, "3.4.3", lead_units="finance")
    profile.load(str(folder), by=by)
    assert Duty.objects.get(clause="3.4.4").state == terms.CANCELLED
    moved = Duty.objects.get(clause="3.4.3")
    assert (moved.lead_unit.code, moved.state) == ("finance", terms.ASSIGNED)
    edit(folder, "3.4.4", lead_units="commerce")
    profile.load(str(folder), by=by)
    assert Duty.objects.get(clause="3.4.4").state == terms.ASSIGNED
    assert of_policy().count() == len(CLAUSES)
