"""Two districts entered one firm twice: an officer makes the two records one, follows an old link, and undoes it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import CHROMIUM
from tests.journeys.test_pages import inspect

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (apt-get install chromium)"),
]
Visit = Callable[..., Page]
KEPT, GONE = "示例智能装备有限公司", "示例智能装备（厦门）有限公司"
APART = "示例冷链物流集团有限公司"


@pytest.mark.clause("3.1.3")
@pytest.mark.parametrize("width", [1440, 390])
def test_a_firm_entered_twice_becomes_one_and_two_again(width: int, visit: Visit) -> None:
    page = visit("office", width=width)
    page.goto("/enterprises/doubts/")
    found = inspect(page, "doubts")
    page.get_by_role("link", name=KEPT, exact=True).click()
    preview = page.url
    gone = re.search(r"/enterprises/(\d+)/merge/", preview)
    assert gone is not None
    old = f"/enterprises/{gone[1]}/"
    found += inspect(page, "preview")

    page.get_by_label(re.compile("厦门市")).check()
    page.get_by_label(re.compile("福建省")).check()
    page.fill("[name=reason]", "湖里区和集美区各录入了一次")
    page.get_by_role("button", name="合并").click()
    expect(page).to_have_url(re.compile("/enterprises/doubts/$"))  # on to the next doubt
    expect(page.locator("body")).to_contain_text(f"“{GONE}”已并入“{KEPT}”")
    page.goto(old)
    expect(page.locator("body")).to_contain_text(f"“{GONE}”已并入“{KEPT}”")
    kept = page.url
    main = page.locator("main")
    expect(main.get_by_role("heading", level=1)).to_have_text(KEPT)
    expect(main).to_contain_text("福建省 厦门市")
    expect(main).to_contain_text("138****0001")  # the contact of the record that went
    expect(main).to_contain_text("湖里区和集美区各录入了一次")
    found += inspect(page, "merged")

    page.goto("/search/?q=示例智能装备（厦门）")
    expect(page.locator("main").get_by_role("link", name=KEPT, exact=True)).to_be_visible()

    page.goto(kept)
    page.get_by_role("link", name="撤销合并").click()
    found += inspect(page, "undo")
    page.fill("[name=reason]", "核对后是两家")
    page.locator("main form [type=submit]").click()
    expect(page).to_have_url(re.compile(f"{old}$"))
    expect(page.locator("main")).to_contain_text("138****0001")
    page.goto(kept)
    expect(page.locator("main")).to_contain_text("已撤销合并")
    expect(page.get_by_role("link", name="撤销合并")).to_have_count(0)
    assert found == []


@pytest.mark.clause("3.1.3")
def test_a_pair_told_apart_is_asked_about_no_more(visit: Visit) -> None:
    page = visit("head-jimei")
    page.goto("/enterprises/doubts/")
    page.get_by_role("link", name=APART, exact=True).click()
    page.get_by_role("link", name="不是同一家").click()
    page.fill("[name=reason]", "法定代表人和注册地都不同")
    page.locator("main form [type=submit]").click()
    expect(page).to_have_url(re.compile("/enterprises/doubts/$"))
    expect(page.get_by_role("link", name=APART, exact=True)).to_have_count(0)
    page.get_by_role("link", name="不是同一家").click()
    expect(page.get_by_role("link", name=APART, exact=True)).to_be_visible()


def test_a_clerk_is_offered_no_merger(visit: Visit) -> None:
    page = visit("clerk-jimei")
    expect(page.get_by_role("link", name="疑似重复")).to_have_count(0)
    answer = page.goto("/enterprises/doubts/")
    assert answer is not None
    assert answer.status == 403
