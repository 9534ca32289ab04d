"""Facts of a page stand two in a row; one that has nobody beside it takes the row."""

from __future__ import annotations

import pytest

from yinfeng.core.web import in_rows


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("", ""), ("n", "A"), ("nn", "nn"), ("nnn", "nnA"), ("wnw", "wAw"), ("nwnn", "Awnn"), ("nnwn", "nnwA")],
)
def test_a_fact_that_stands_alone_takes_the_row(asked: str, shown: str) -> None:
    facts = [{"label": str(index), "wide": letter == "w"} for index, letter in enumerate(asked)]
    assert "".join("A" if fact["alone"] else "nw"[fact["wide"]] for fact in in_rows(facts)) == shown
