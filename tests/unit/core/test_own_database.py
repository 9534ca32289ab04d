"""No test meets the database of the clone: what ``tests/conftest.py`` refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def run(path: str, folder: Path) -> tuple[int, str]:
    """Run a file of tests by itself, in a clone whose own database lies in a folder."""
    settings = {"YINFENG_DATABASE_URL": f"sqlite:///{folder / 'own.sqlite3'}", "YINFENG_VAR_DIR": str(folder)}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", path],
        cwd=ROOT, env=inherited | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return answer.returncode, answer.stdout + answer.stderr


def test_a_test_without_the_mark_is_kept_from_the_clones_own_database(tmp_path: Path) -> None:
    code, told = run("tests/data/without_mark.py", tmp_path)
    assert code == 1
    assert "mark them with pytest.mark.django_db" in told
