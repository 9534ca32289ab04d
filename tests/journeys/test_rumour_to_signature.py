"""The main job, as people do it in a browser: from a list of companies and a rumour to a verified claim.

The import of the real list is shown by ``tests/unit/enterprises/test_library.py``; here a small one walks through the pages.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.journeys.conftest import CHROMIUM

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (apt-get install chromium)"),
]

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CSV = "企业名称,城市,注册资本(万元)\n旅程一号光电有限公司,厦门市,8000\n旅程二号材料有限公司,泉州市,1.5亿元\n"
Visit = Callable[..., Page]


def submit(page: Page) -> None:
    """Send the form of the page's main part."""
    page.click("main form.yf-form [type=submit], main form[data-once] [type=submit] >> nth=0")
    page.wait_for_load_state()


def import_list(page: Page) -> None:
    """Upload a list, see each row's fate before anything is written, confirm."""
    page.goto("/enterprises/import/")
    page.set_input_files(
        "input[type=file]", {"name": "旅程.csv", "mimeType": "text/csv", "buffer": CSV.encode()}
    )
    submit(page)
    expect(page.get_by_text("待确认").first).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="确认执行").or_(page.get_by_role("link", name="确认执行")).first.click()
    page.wait_for_load_state()
    expect(page.locator(".yf-badge", has_text="已完成")).to_be_visible(timeout=20_000)


@pytest.mark.clause("2.1")
def test_a_list_is_read_confirmed_written_and_a_second_time_changes_nothing(visit: Visit) -> None:
    page = visit("clerk-jimei")
    import_list(page)
    page.goto("/enterprises/?q=旅程一号")
    expect(page.get_by_role("link", name="旅程一号光电有限公司")).to_be_visible()
    import_list(page)
    expect(page.locator(".yf-card", has_text="无变化")).to_contain_text("2")


@pytest.mark.clause("3.1.3")
def test_a_lead_of_another_districts_enterprise_is_questioned_without_showing_it(visit: Visit) -> None:
    """示例航空部件 is in talks with 湖里区: the clerk of 集美区 learns that, and nothing more."""
    page = visit("clerk-jimei")
    page.goto("/leads/new/")
    page.fill("[name=title]", "航空维修线索")
    page.fill("[name=enterprise_name], [name=enterprise]", "示例航空部件有限公司")
    page.select_option("[name=source]", "fair")
    page.fill("[name=content]", "在展会上听说有意布局维修中心。")
    submit(page)
    main = page.locator("main")
    expect(main).to_contain_text("湖里区")
    expect(main).not_to_contain_text("航空零部件维修中心")
    expect(main).not_to_contain_text("15 亿元")


@pytest.mark.clause("3.1.3")
def test_everybody_sees_exactly_what_he_may(visit: Visit) -> None:
    """示例云数 is 集美区's: its clerk and the city see it; 湖里区 does not; the group sees its own industries only."""
    seen = {}
    for key in ("clerk-jimei", "clerk-huli", "clerk-torch", "group", "leader", "department", "administrator"):
        page = visit(key)
        answer = page.goto("/projects/?q=区域算力")
        seen[key] = (
            answer is not None
            and answer.ok
            and page.get_by_role("link", name="区域算力与研发总部").count() == 1
        )
    assert seen == {
        "clerk-jimei": True, "clerk-huli": False, "clerk-torch": False, "group": True, "leader": True, "department": False,
        "administrator": False,
    }  # fmt: skip
    stranger = visit(path="/projects/")
    expect(stranger).to_have_url(re.compile("/accounts/login/"))


@pytest.mark.clause("3.1.3")
def test_the_contract_is_verified_by_somebody_else_and_the_timeline_tells_the_story(
    visit: Visit, tmp_path: Path
) -> None:
    clerk = visit("clerk-jimei")
    clerk.goto("/projects/?q=区域算力")
    clerk.get_by_role("link", name="区域算力与研发总部").click()
    url = clerk.url
    expect(clerk.locator("main")).to_contain_text("还缺什么")
    clerk.goto(f"{url}edit/")
    clerk.fill("[name=site]", "集美新城")
    clerk.fill("[name=land_mu]", "60")
    clerk.fill("[name=planned_start_date]", "2027-06-01")
    for name in ("expected_output", "expected_tax"):
        clerk.fill(f"[name={name}], [name={name}_]", "50000")
    submit(clerk)
    clerk.goto(f"{url}claims/signed/")
    clerk.set_input_files(
        "input[type=file]", {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    today = f"{datetime.now(UTC):%Y-%m-%d}"  # the talks of the demonstration are so many days before it
    clerk.fill("[name=happened_date]", today)
    clerk.fill("[name=amount_], [name=amount]", "6.5")
    clerk.select_option("[name=amount_unit]", "yi")
    submit(clerk)
    expect(clerk.locator("main")).to_contain_text("待核验")

    head = visit("head-jimei")
    head.goto(url)
    head.get_by_role("link", name="核验").first.click()
    expect(head.locator("main")).to_contain_text("业绩记入台账，归属：集美区 100%")
    submit(head)
    expect(head.locator("main")).to_contain_text("签约")
    head.locator("summary", has_text="条动态").click()
    story = head.locator("main").inner_text()
    for word in ("登记", "研判", "转为项目", "洽谈", "核验"):
        assert word in story, word

    head.get_by_role("link", name="签约 6.5 亿元").click()
    expect(head.locator("main")).to_contain_text("净计：签约 1 项 6.5 亿元")
    head.get_by_role("link", name="区域算力与研发总部").click()
    expect(head.locator("main")).to_contain_text("100% · 6.5 亿元")

    head.goto("/projects/?stage=signed")
    with head.expect_download() as download:
        head.get_by_text("导出", exact=True).click()
        head.get_by_role("link", name="导出 Excel").click()
    path = tmp_path / "projects.xlsx"
    download.value.save_as(path)
    assert "区域算力与研发总部" in {
        cell.value for row in load_workbook(path).worksheets[0].iter_rows() for cell in row
    }
    subprocess.run(
        [
            "soffice",
            "--headless",
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76",
            "--outdir",
            str(tmp_path),
            str(path),
        ],
        check=True,
        capture_output=True,
    )
    assert "区域算力与研发总部" in (tmp_path / "projects.csv").read_text(encoding="utf-8-sig")
