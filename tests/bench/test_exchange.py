"""The benchmark of imports and exports runs on the tests' kind of database and prints what it measured."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).parents[2]


def test_it_prints_every_figure() -> None:
    """Run it with few rows: an import and an export against bare ones, and the memory of a long list."""
    kind = "postgresql" if connection.vendor == "postgresql" else "sqlite"
    done = subprocess.run(
        [sys.executable, "-m", "bench.exchange", "--small"],
        cwd=ROOT,
        env={**os.environ, "YINFENG_DATABASE_URL": f"{kind}:///"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"enterprises on {kind}" in done.stdout
    assert re.search(r"^xlsx import of 200 rows into 400: \d+\.\d\d×", done.stdout, re.MULTILINE)
    assert re.search(r"^xlsx export of 200 rows × 30: \d+\.\d\d×", done.stdout, re.MULTILINE)
    assert len(re.findall(r"^csv import of [\d,]+ rows into 400: \d+ MB", done.stdout, re.MULTILINE)) == 2
    assert "{'new': 100, 'updated': 100}" in done.stdout
