"""An enterprise before a meeting, in a real browser: the chart, the way of introduction, the sheet that prints on one page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import CHROMIUM, Product
from tests.journeys.test_pages import inspect

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (apt-get install chromium)"),
]
Visit = Callable[..., Page]
DISPLAY, EQUIPMENT = "示例显示科技有限公司", "示例半导体设备有限公司"


def submit(page: Page) -> None:
    page.click("main form.yf-form [type=submit]")
    page.wait_for_load_state()


def open_firm(page: Page, name: str) -> str:
    """Open an enterprise by its name as a person does, and return its address."""
    page.goto(f"/enterprises/?q={name}")
    page.locator("main table").get_by_role("link", name=name, exact=True).click()
    page.wait_for_load_state()
    return page.url


def test_the_chart_draws_what_the_list_says_and_leads_on(visit: Visit) -> None:
    page = visit("head-torch")
    url = open_firm(page, DISPLAY)
    page.get_by_role("link", name="关系图", exact=True).click()
    chart = page.locator("[data-relations] svg")
    expect(chart).to_be_visible()
    for name in ("示例面板集团", "示例鹭岛整机", "示例玻璃基板"):
        expect(chart.get_by_text(name, exact=True)).to_be_visible()
    expect(chart.get_by_text("股东").first).to_be_visible()
    main = page.locator("main")
    expect(main).to_contain_text(f"示例面板集团有限公司是{DISPLAY}的股东")
    expect(main.get_by_role("link", name="● 示例鹭岛整机有限公司", exact=True)).to_be_visible()
    page.locator(".yf-switches").get_by_role("link", name="客户", exact=True).click()
    page.wait_for_load_state()
    expect(main).not_to_contain_text("示例面板集团有限公司是")
    expect(main).to_contain_text("示例鹭岛整机有限公司是")
    page.goto(f"{url}relations/")
    chart.get_by_text("示例鹭岛整机", exact=True).click()
    expect(page.locator("h1")).to_have_text("示例鹭岛整机有限公司")


def test_the_chart_is_there_as_a_list_without_javascript(visit: Visit) -> None:
    page = visit("head-torch")
    url = open_firm(page, DISPLAY)
    context = page.context.browser.new_context(java_script_enabled=False, locale="zh-CN")  # type: ignore[union-attr]
    context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    plain = context.new_page()
    plain.goto(f"{url}relations/")
    expect(plain.locator("main")).to_contain_text(f"示例面板集团有限公司是{DISPLAY}的股东")
    context.close()


@pytest.mark.clause("2.3")
def test_a_firm_here_introduces_us_and_an_advisors_tie_opens_another_way(visit: Visit) -> None:
    """以商引商: the way over a supplier's supplier here with its evidence; then an officer notes whom an advisor knows."""
    page = visit("clerk-torch")
    url = open_firm(page, EQUIPMENT)
    page.get_by_role("link", name="引荐路径", exact=True).click()
    main = page.locator("main")
    expect(main).to_contain_text(
        f"本市企业 示例鹭岛精密部件有限公司（供应商） → 示例驱动芯片有限公司（客户） → {EQUIPMENT}"
    )
    expect(main).to_contain_text("走访鹭岛精密（演示） · ")
    page.get_by_role("link", name="记录人脉").first.click()
    page.select_option("[name=kind]", "advisor")
    page.fill("[name=name]", "旅程顾问")
    page.fill("[name=whom]", "总经理")
    page.fill("[name=source]", "曾共事")
    submit(page)
    expect(main).to_contain_text("旅程顾问")
    page.goto(f"{url}introductions/")
    expect(main).to_contain_text(f"投资顾问旅程顾问认识{EQUIPMENT}的总经理")
    page = visit("department")  # who may not see contacts is told of no person
    page.goto(f"{url.removeprefix(page.url.rstrip('/'))}introductions/")
    expect(page.locator("main")).to_contain_text("示例鹭岛精密部件有限公司")
    expect(page.locator("main")).not_to_contain_text("旅程顾问")


@pytest.mark.clause("2.3")
def test_a_firm_that_several_firms_here_lead_to_is_put_on_the_list_of_targets(visit: Visit) -> None:
    page = visit("group")
    page.goto("/enterprises/openings/")
    entry = page.locator(".yf-openings > li", has_text="示例车载显示有限公司").first
    expect(entry).to_contain_text("2 家本市企业")
    expect(entry).to_contain_text("示例背光模组有限公司是示例鹭岛光学材料有限公司的供应商")
    entry.get_by_role("link", name=re.compile("加入目标企业名单")).click()
    page.wait_for_load_state()
    submit(page)
    page.goto("/enterprises/openings/")
    expect(page.locator(".yf-openings > li", has_text="示例车载显示有限公司").first).to_contain_text(
        "已在对接"
    )


# More of everything than a page holds, as it comes together over the years.
MUCH = """
from datetime import date
from yinfeng.core.models import User
from yinfeng.enterprises.models import Contact, Enterprise, EnterpriseTag, FormerName, Signal, Target, Tie
from yinfeng.orgs.models import Unit
from yinfeng.projects.models import Participation, Project, Talk

firm = Enterprise.objects.get(name="示例显示科技有限公司")
unit, me = Unit.objects.get(code="torch"), User.objects.get(username="head-torch")
firm.introduction = "主要生产高端显示模组和车载显示总成，客户遍及全球。" * 30
firm.scope_of_business = "电子元器件制造；显示器件制造；货物进出口；技术服务、技术开发、技术咨询；" * 20
firm.listing_code, firm.uscc, firm.name_en = "688000", "91350203M0001QKT19", "Example Display Technology (Group) Co., Ltd."
firm.save()
by = {"enterprise": firm, "unit": unit}
for tag in ("china500", "private500", "listed", "high_tech", "little_giant", "headquarters"):
    EnterpriseTag.objects.create(enterprise=firm, tag=tag, year=2025, rank=160)
for n in range(5):
    FormerName.objects.create(enterprise=firm, name=f"示例显示技术（安徽）有限责任公司之{n}", name_key=f"former-{n}")
    Contact.objects.create(name=f"旅程联系人{n}", position="华东区域投资发展部高级副总裁兼新项目筹建办公室主任", **by)
    Tie.objects.create(
        kind="advisor", name=f"旅程顾问{n}（某某行业协会首席专家）", whom="董事长、总裁、首席技术官以及负责选址的执行副总裁",
        source="行业大会", noted_date=date(2026, 1, 1), **by,
    )
    project = Project.objects.create(
        code=f"X{n}", enterprise=firm, stage="negotiating", intended=5_200_000_000, summary="扩建", reporter_unit=unit,
        host_unit=unit, created_by=me, next_date=date(2027, 12, 30),
        name=f"第{n}期高世代大尺寸柔性显示模组与车载显示总成生产基地及其配套产业园项目扩建工程",
        next_step=f"第{n}次请对方书面确认用地、用能、用工和人才住房的具体需求，并约定下次会谈的时间、地点和双方参加人员",
    )
    Participation.objects.create(project=project, unit=unit, part="reporter")
    Talk.objects.create(
        project=project, talk_date=date(2026, 11, 1), form="visit", place="会议室", unit=unit, recorded_by=me,
        our_side="区委主要领导、招商局局长、自然资源局局长等", their_side="董事长、总裁、首席技术官、选址负责人",
        summary="双方就用地、用能、用工、人才住房、子女就学和设备补贴等十二项诉求逐条对接，约定一个月内回复。" * 3,
    )
    Signal.objects.create(
        owner=me, kind="other", level=1, noted_date=date(2026, 5, 1), source="走访", **by,
        detail="据园区物业反映，企业已在外地签订厂房租约并开始搬迁部分设备，另有两名高管调任外地，需要立即核实。",
        next_step="由局长带队走访，逐条回应诉求，并与房东协调续租三年事宜",
    )
Target.objects.create(
    owner=me, state="visiting", wanted="第四条产线、区域总部以及研发中心和供应链金融公司，争取一期今年开工", **by,
    next_step="由局长带队赴合肥回访，带去用地和能耗的书面答复，并约定选址时间", next_date=date(2027, 12, 1),
)
"""


def test_a_firm_with_much_to_say_prints_on_one_sheet(visit: Visit, product: Product, tmp_path: Path) -> None:
    product.command("shell", "-v", "0", "-c", MUCH)
    page = visit("head-torch")
    open_firm(page, DISPLAY)
    page.get_by_role("link", name="会前一页").click()
    page.wait_for_load_state()
    brief = page.locator(".yf-brief")
    for shown in (
        "示例面板集团有限公司（62.5%）",
        "旅程顾问0",
        "旅程联系人0",
        "争取：第四条产线",
        "外地签订厂房租约",
        "另有",
    ):
        expect(brief).to_contain_text(shown)
    sheet = tmp_path / "brief.pdf"
    page.pdf(path=sheet, prefer_css_page_size=True, format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", sheet.read_bytes())) == 1
    # and nothing is cut off at its foot
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})  # 186 mm between the margins
    assert (
        page.evaluate("(box => box.scrollHeight - box.clientHeight)(document.querySelector('.yf-brief'))")
        <= 0
    )


@pytest.mark.parametrize("width", [1440, 390])
def test_these_pages_are_accessible(width: int, visit: Visit) -> None:
    page = visit("clerk-torch", width=width)
    url = open_firm(page, DISPLAY)
    found: list[str] = []
    for path in ("", "relations/", "introductions/", "brief/", "ties/add/"):
        page.goto(f"{url}{path}")
        found += inspect(page, path)
    page.goto("/enterprises/openings/")
    found += inspect(page, "openings")
    assert found == []
