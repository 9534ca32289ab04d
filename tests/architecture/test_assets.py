"""What the browser is served, and that no lock says where it came from."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVED = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["served"]
LOCKS = [*(ROOT / "requirements").glob("*.txt"), ROOT / "package-lock.json"]


def named_in_templates() -> set[str]:
    templates = "\n".join(
        path.read_text(encoding="utf-8") for path in ROOT.glob("yinfeng/*/templates/**/*.html")
    )
    return set(re.findall(r"""static ['"]vendor/([^'"]+)['"]""", templates))


def test_what_templates_name_is_served_and_nothing_else_is() -> None:
    scripts_and_styles = {target for target in SERVED if target.endswith((".css", ".js"))}
    assert named_in_templates() == scripts_and_styles


@pytest.mark.parametrize("target", SERVED)
def test_a_served_file_refers_to_nothing_that_is_missing(target: str) -> None:
    path = ROOT / "yinfeng/core/static/vendor" / target
    assert path.is_file()
    if path.suffix in {".css", ".js"}:
        text = path.read_text(encoding="utf-8")
        assert "sourceMappingURL" not in text
    if path.suffix == ".css":
        for url in re.findall(r"""url\(["']?([^"')]+)""", text):
            assert url.startswith(("data:", "#")) or (path.parent / url.split("?")[0]).is_file(), url


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_registry(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert not re.search(r"--(extra-)?index-url|--find-links", text)
    assert not [line for line in text.splitlines() if "://" in line and '"url"' not in line]
