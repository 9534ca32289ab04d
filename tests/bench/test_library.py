"""The benchmark of the library runs on the tests' kind of database and prints every ratio; how large they are is no matter here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from django.db import connection

from bench import million

ROOT = Path(__file__).parents[2]
PAGES = [
    "list", "list, of a city", "list, by name", "list, by capital", "list, page 10,000", "list, deep by name",
    "search, 2 characters", "search, 3 characters", "search, 4 characters", "search, near universal", "search, 2 initials",
    "search, 4 initials", "search, one brand", "search, whole name", "one enterprise",
]  # fmt: skip

if not million.DATA.exists():
    if os.environ.get("CI"):
        raise FileNotFoundError(f"{million.DATA} is needed for the composed names")
    pytest.skip("without ../shared/data no names can be composed", allow_module_level=True)


def test_it_prints_every_ratio() -> None:
    kind = "postgresql" if connection.vendor == "postgresql" else "sqlite"
    done = subprocess.run(
        [sys.executable, "-m", "bench.library", "--small"],
        cwd=ROOT,
        env={**os.environ, "YINFENG_DATABASE_URL": f"{kind}:///"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"enterprises on {kind}" in done.stdout
    lines = re.findall(r"^(\w.*?) +(\d+\.\d\d)× +(\d+\.\d\d)× +\d+×", done.stdout, re.MULTILINE)
    assert [name for name, _median, _p95 in lines] == PAGES


def test_names_are_the_same_every_time_and_none_twice() -> None:
    names = list(million.names(3000))
    assert names == list(islice(million.names(5000), 3000))
    assert len({name.replace("有限责任公司", "有限公司") for name in names}) == len(names)
    assert 0.15 < sum("厦门" in name for name in names) / len(names) < 0.35
