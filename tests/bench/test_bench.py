"""The benchmark runs on the tests' kind of database and prints every ratio; how large they are is no matter here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).parents[2]


def test_it_prints_every_ratio() -> None:
    """Run it as ``make bench`` does, with few rows: six pages, two people and one against the other."""
    kind = "postgresql" if connection.vendor == "postgresql" else "sqlite"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--small"],
        cwd=ROOT,
        env={**os.environ, "YINFENG_DATABASE_URL": f"{kind}:///"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"on {kind}" in done.stdout
    lines = re.findall(
        r"^(list of projects|one project|ledger|lights of units|list of enterprises|one enterprise) +(.+)$",
        done.stdout,
        re.MULTILINE,
    )
    ratios = {name: re.findall(r"(\d+\.\d\d)×", rest) for name, rest in lines}
    assert {name: len(found) for name, found in ratios.items()} == dict.fromkeys(ratios, 3)
    assert len(ratios) == 6
