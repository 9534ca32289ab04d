"""Every page in a real browser at desk and phone width: axe finds nothing, nothing overflows, no policy is violated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.journeys.conftest import CHROMIUM

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (apt-get install chromium)"),
]

PAGES = {
    "clerk-jimei": ["/", "/leads/", "/leads/new/", "/projects/", "/projects/new/", "/enterprises/", "/enterprises/add/", "/enterprises/import/", "/notices/", "/jobs/", "/search/?q=示例", "/settings/tokens/", "/settings/tokens/new/", "/accounts/password/change/", "/missing/", "/org/", "/reports/", "/calendar/", "/calendar/?month=2026-10", "/calendar/address/", "/calendar/letter/"],
    "head-jimei": ["/", "/leads/"],
    "leader": ["/", "/projects/", "/projects/board/", "/projects/board/funnel/", "/projects/board/map/", "/projects/lights/", "/ledger/"],
    "inspector": ["/inspections/", "/inspections/new/", "/inspections/findings/", "/inspections/2/", "/inspections/3/draws/"],
    "office": ["/meetings/", "/meetings/new/", "/topics/", "/topics/new/", "/gates/", "/gates/?turn=mine", "/work/", "/work/?who=unit", "/duties/", "/duties/new/", "/duties/standing/", "/duties/standing/circulars/", "/duties/standing/circulars/new/", "/projects/scheduling/", "/projects/personal/", "/projects/personal/units/", "/projects/lights/", "/transfers/", "/transfers/settlement/", "/disputes/", "/ledger/closings/", "/ledger/closings/new/", "/proposals/", "/proposals/units/", "/proposals/new/", "/projects/headquarters/", "/areas/", "/areas/new/", "/construction/", "/construction/bottlenecks/", "/construction/incentives/", "/reports/", "/reports/copies/", "/reports/definitions/signed/", "/reports/definitions/new/"],
    "administrator": ["/", "/org/units/", "/settings/users/", "/settings/roles/", "/settings/workdays/", "/settings/workdays/new/", "/settings/robots/", "/settings/robots/add/", "/settings/deliveries/"],
    "auditor": ["/settings/audit/"],
}  # fmt: skip
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
DETAILS = {
    "/projects/": "a[href^='/projects/']",
    "/enterprises/": "table a[href^='/enterprises/']",
    "/leads/": "table a[href^='/leads/']",
    "/ledger/": "table a[href^='/ledger/']",
    "/disputes/": "table a[href^='/disputes/']",
    "/projects/lights/": "table a[href^='/units/']",
    "/projects/personal/": "table a[href^='/projects/']",
    "/duties/": "table a[href^='/duties/']",
    "/meetings/": "table a[href^='/meetings/']",
    "/topics/": "table a[href^='/topics/']",
    "/transfers/": "table a[href^='/transfers/']",
    "/proposals/": "table a[href^='/proposals/']",
    "/inspections/": "table a[href^='/inspections/']",
    "/inspections/findings/": "table a[href^='/inspections/findings/']",
    "/gates/": "table a[href^='/projects/']",
    "/areas/": "table a[href^='/areas/']",
    "/construction/": "table a[href$='/construction/']",
    "/reports/": "table a[href^='/reports/']",
    "/reports/copies/": "table a[href^='/reports/copies/']",
}


def inspect(page: Page, where: str) -> list[str]:
    """Return what axe finds once the page has loaded, and whether it is wider than the window."""
    page.wait_for_load_state()  # a click returns when the address has changed, before the document is whole
    found = [
        f"{where}: {item['id']} {item['nodes'][0]['target']}"
        for item in Axe().run(page, options=AXE).response["violations"]
    ]
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found + ([f"{where}: {overflow} px too wide"] if overflow > 0 else [])


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("person", sorted(PAGES))
def test_pages_are_accessible(person: str, width: int, visit: Callable[..., Page]) -> None:
    page = visit(person, width=width)
    found: list[str] = []
    for path in PAGES[person]:
        page.goto(path)
        found += inspect(page, path)
    for path, link in DETAILS.items():
        if path in PAGES[person]:
            page.goto(path)
            first = page.locator(f"main table {link.removeprefix('table ')}").first
            if first.count():
                page.goto(first.get_attribute("href") or "/")
                found += inspect(page, page.url)
    assert found == []


def test_the_sign_in_page_is_accessible(visit: Callable[..., Page]) -> None:
    page = visit(path="/accounts/login/")
    assert inspect(page, "login") == []


@pytest.mark.parametrize(
    ("name", "person", "path"), [("projects", "leader", "/projects/"), ("project", "head-torch", "")]
)
def test_screenshots_of_the_readme(
    name: str, person: str, path: str, visit: Callable[..., Page], tmp_path: Path
) -> None:
    """Take the README's pictures; ``docs/screenshots`` gets them when it is told to by YINFENG_SCREENSHOTS."""
    import os

    page = visit(person)
    if path:
        page.goto(path)
    else:
        page.goto("/projects/?state=landed")
        page.locator("main table a[href^='/projects/']").first.click()
        page.wait_for_load_state()
    folder = Path(os.environ.get("YINFENG_SCREENSHOTS", tmp_path))
    page.screenshot(path=folder / f"{name}.png")
    assert (folder / f"{name}.png").stat().st_size > 20_000


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_on_a_phone_no_word_is_broken_and_no_reason_leaves_the_page(
    locale: str, visit: Callable[..., Page]
) -> None:
    page = visit("office", width=390, locale=locale, path="/enterprises/?q=示例智能装备（厦门）")
    page.locator("main table tbody a").first.click()
    page.wait_for_load_state()
    words = """() => Math.min(...[...document.querySelectorAll('.yf-keyfacts > div')].map(box => box.clientWidth))"""
    assert page.evaluate(words) > 90  # “Registered” takes seventy
    page.goto(f"{page.url}merge/")
    assert inspect(page, "merge") == []
    page.goto("/targets/")
    assert page.evaluate("(h => h.scrollWidth - h.clientWidth)(document.querySelector('h1'))") <= 0
    assert page.evaluate("document.querySelector('h1').clientHeight") < 70  # two lines at most
