"""Courting firms and keeping those that are here, as officers do it in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import CHROMIUM

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (apt-get install chromium)"),
]
Visit = Callable[..., Page]
COURTED = "示例化合物半导体有限公司"  # on the list of 火炬管委会


def submit(page: Page) -> None:
    """Send the form of the page's main part."""
    page.click("main form.yf-form [type=submit]")
    page.wait_for_load_state()


@pytest.mark.clause("1.2")
def test_a_ticked_firm_that_another_unit_courts_is_listed_with_a_word_on_working_together(
    visit: Visit,
) -> None:
    page = visit("clerk-jimei", path=f"/enterprises/?q={COURTED}")
    page.get_by_role("checkbox", name=COURTED).check()
    page.get_by_role("button", name="列为目标企业").click()
    page.wait_for_load_state()
    main = page.locator("main")
    expect(main).to_contain_text("火炬管委会")
    expect(main).not_to_contain_text("双回路")  # what it plans is its own
    page.fill("[name=wanted]", "封装配套")
    submit(page)
    expect(main).to_contain_text("请写明与其他单位如何配合")
    page.fill("[name=together]", "由火炬牵头，我区只谈封装配套")
    submit(page)
    expect(main).to_contain_text("其他单位也在对接这家企业")
    page.get_by_role("link", name="已取得联系").click()
    page.wait_for_load_state()
    submit(page)
    expect(page.locator(".yf-badge", has_text="已联系").first).to_be_visible()
    other = visit("clerk-torch", path="/notices/")
    expect(other.locator("main")).to_contain_text("另有单位也将这家企业列为目标")
    expect(other.locator("main")).to_contain_text("由火炬牵头")


@pytest.mark.clause("2.3")
def test_a_warning_from_a_change_of_the_record_waits_for_the_office_and_is_assigned(visit: Visit) -> None:
    page = visit("office")
    panel = page.locator("section", has=page.get_by_role("heading", name="待我处理的外迁预警"))
    panel.get_by_role("link", name="示例包装制品（厦门）有限公司").click()
    page.wait_for_load_state()
    main = page.locator("main")
    expect(main).to_contain_text("注册资本由 3,000 万元 减为 1,800 万元")
    expect(main).to_contain_text("须先指派责任单位和责任人")
    page.get_by_role("link", name="指派").click()
    page.wait_for_load_state()
    page.fill("[name=next_step]", "到企业核实减资原因")
    submit(page)
    page.get_by_role("link", name="开始应对").click()
    page.wait_for_load_state()
    submit(page)
    expect(page.locator(".yf-badge", has_text="应对中")).to_be_visible()


@pytest.mark.clause("2.6")
def test_the_list_of_central_enterprises_leads_to_its_firms(visit: Visit) -> None:
    page = visit("leader", path="/enterprises/lists/")
    page.get_by_role("link", name="央企", exact=True).first.click()
    page.wait_for_load_state()
    expect(page.locator("main")).to_contain_text("共 100 条")
