"""The benchmark of matching runs and prints its table; how good the figures are is no matter here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.dirt import Dirty, library_and_dirt
from bench.matching import measure
from tests.unit.enterprises.test_naming import shared

ROOT = Path(__file__).parents[2]


def test_it_prints_both_sides() -> None:
    shared("company-names/recruitment_company_mentions.csv.gz")
    done = subprocess.run(
        [sys.executable, "-m", "bench.matching", "--small", "--without-peer"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sides = re.findall(
        r"^(made of nothing|with the index stored)((?: +[\d.]+){6})$", done.stdout, re.MULTILINE
    )
    assert [name for name, _numbers in sides] == ["made of nothing", "with the index stored"]
    assert all(float(numbers.split()[4]) > 0.9 for _name, numbers in sides)


def test_the_same_dirt_comes_again_and_means_what_it_says() -> None:
    shared("company-names/recruitment_company_mentions.csv.gz")
    library, dirt = library_and_dirt(500, 100)
    assert (library, dirt) == library_and_dirt(500, 100)
    assert len(library) == len(set(library)) == 500
    assert sum(item.truth is None for item in dirt) == 10
    assert sum(item.typed != library[item.truth] for item in dirt if item.truth is not None) > 80


def test_quality_is_measured_at_every_score() -> None:
    dirt = [Dirty("a", 0), Dirty("b", 1), Dirty("c", 2), Dirty("d", None)]
    best = {0: (0, 0.9), 1: (1, 0.8), 2: (7, 0.8), 3: (5, 0.1)}
    found = measure(best, dirt)
    assert found["recall_at"] == pytest.approx(1 / 3)  # what is equal is not divided
    assert (found["precision"], found["recall"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
