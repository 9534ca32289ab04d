"""Facts of a page stand two in a row; one that has nobody beside it takes the row."""

from __future__ import annotations

import pytest

from yinfeng.core.web import in_rows


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("", ""), ("n", "W"), ("nn", "nn"), ("nnn", "nnW"), ("wnw", "WWW"), ("nwnn", "WWnn"), ("nnwn", "nnWW")],
)
def test_a_fact_that_stands_alone_takes_the_row(asked: str, shown: str) -> None:
    facts = [{"label": str(index), "wide": letter == "w"} for index, letter in enumerate(asked)]
    assert "".join("W" if fact["wide"] else "n" for fact in in_rows(facts)) == shown
