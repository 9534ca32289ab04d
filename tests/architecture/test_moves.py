"""Every move of every lifecycle has its words for the timeline: without them it would fail when somebody makes it."""

from __future__ import annotations

import sys

import pytest

from yinfeng.core import events
from yinfeng.core.lifecycle import Lifecycle

LIFECYCLES = {
    id(table): table
    for name, module in list(sys.modules.items())
    if name.startswith("yinfeng.")
    for table in vars(module).values()
    if isinstance(table, Lifecycle)
}.values()


def test_the_lifecycles_are_found() -> None:
    names = {table.name for table in LIFECYCLES}
    assert {"core.job", "projects.lead", "projects.project", "projects.signature"} <= names


@pytest.mark.parametrize("table", LIFECYCLES, ids=lambda table: f"{table.name}.{table.state_field}")
def test_every_move_has_its_verb(table: Lifecycle) -> None:
    assert [move.name for move in table.moves if f"{table.name}.{move.name}" not in events.verbs()] == []
