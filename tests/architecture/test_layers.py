"""The direction of imports, as pyproject.toml declares it for import-linter."""

import tomllib
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
    "contracts"
]


def test_imports_point_down() -> None:
    configuration = str(ROOT / "pyproject.toml")
    assert lint_imports(config_filename=configuration, cache_dir=None) == EXIT_STATUS_SUCCESS


def test_every_app_is_held_to_the_layers_inside_an_app() -> None:
    inside = next(contract for contract in CONTRACTS if contract["id"] == "inside")
    apps = {f"yinfeng.{path.parent.name}" for path in (ROOT / "yinfeng").glob("*/apps.py")}
    assert set(inside["containers"]) == apps
