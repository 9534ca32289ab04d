"""Every move of every lifecycle has its words for the timeline (else it fails when somebody makes it), every verb its icon."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from tools import diagrams
from yinfeng.core import events
from yinfeng.core.lifecycle import Lifecycle
from yinfeng.core.web import ICONS, TONES, icon_of

LIFECYCLES = {
    id(table): table
    for name, module in list(sys.modules.items())
    if name.startswith("yinfeng.")
    for table in vars(module).values()
    if isinstance(table, Lifecycle)
}.values()


def test_the_lifecycles_are_found() -> None:
    names = {table.name for table in LIFECYCLES}
    assert {"core.job", "projects.lead", "projects.project", "projects.claim", "projects.stepback"} <= names


@pytest.mark.parametrize("table", LIFECYCLES, ids=lambda table: f"{table.name}.{table.state_field}")
def test_every_move_has_its_verb(table: Lifecycle) -> None:
    assert [move.name for move in table.moves if f"{table.name}.{move.name}" not in events.verbs()] == []


def test_every_verb_has_an_icon_that_is_there() -> None:
    acts = {verb.rpartition(".")[2] for verb in events.verbs()}
    assert sorted(act for act in acts if icon_of(act) == "point") == []
    assert sorted(TONES.keys() - acts) == []
    sheet = finders.find("vendor/tabler-icons/tabler-icons.min.css")
    there = set(re.findall(r"\.ti-([a-z0-9-]+)::?before", Path(str(sheet)).read_text(encoding="utf-8")))
    assert sorted({*ICONS.values()} - there) == []


def test_the_drawn_lifecycles_are_those_of_the_code() -> None:
    told = diagrams.TARGET.read_text("utf-8")
    assert told == diagrams.document(), "run python -m tools.diagrams"
