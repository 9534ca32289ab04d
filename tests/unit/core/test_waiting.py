"""What waits is worded once a minute, and anew after a load of the profile; its rows are read each time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.factories import make_actor, make_unit
from yinfeng.core import keeping, waiting
from yinfeng.core.waiting import NO_AMOUNT, NOTHING
from yinfeng.orgs.models import Unit

pytestmark = pytest.mark.django_db


def test_it_is_worded_once_until_the_profile_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    worded: list[bool] = []

    def legs(*_args: Any, mine: bool, **_kwargs: Any) -> list[Any]:
        worded.append(mine)
        told = (NOTHING, NOTHING, NOTHING, NO_AMOUNT)
        return [waiting.leg(waiting.FIRST, Unit.objects.all(), 5, "created_at", "pk", *told, title="name")]

    kind = waiting.Kind(
        "units",
        "单位",
        "home",
        "",
        lambda *_: None,
        lambda item, _today: {"title": item.title},
        lambda *_: "/",
    )
    monkeypatch.setattr(waiting, "legs", legs)
    monkeypatch.setattr(waiting, "KINDS", [kind])
    home = make_unit("home", name="集美区")
    by, today = make_actor("某人", home, []), date(2026, 12, 1)

    def told(*, mine: bool = True) -> list[str]:
        return [row["title"] for kind in waiting.waiting(by, today, 5, mine=mine) for row in kind.rows]

    assert told() == ["集美区"]
    make_unit("next", name="海沧区")
    assert told() == ["集美区", "海沧区"], "the rows are those of now"
    assert worded == [True]
    told(mine=False)
    keeping.forget()
    told()
    assert worded == [True, False, True]
