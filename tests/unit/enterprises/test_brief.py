"""The page read before a meeting: what stands on it, who sees what of it, how texts are cut, what it costs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_enterprise, make_project, make_unit, make_user, signed_in
from tests.unit.enterprises.test_graph import at_home, known, relate
from yinfeng.core.permissions import registry
from yinfeng.enterprises.models import Contact, Enterprise, EnterpriseTag, Signal, Target
from yinfeng.enterprises.views.brief import cut, room
from yinfeng.orgs.models import Unit
from yinfeng.projects.models import Project, Talk

VIEW = "enterprises.enterprise.view"
LONG = "这是一段很长的说明，" * 60
TODAY = timezone.localdate


@pytest.fixture
def home(db: None) -> Unit:
    at_home()
    return make_unit("home", parent=make_unit("city", "city"), name="甲区")


@pytest.fixture
def away(home: Unit) -> Unit:
    return make_unit("away", parent=home.parent, name="乙区")


def firm_with_everything(home: Unit, **values: Any) -> Enterprise:
    """Return a firm of which there is something to say under every heading, entered by ``home``."""
    user = make_user("记录人", home, registry())
    firm = make_enterprise(
        "示例显示科技有限公司", city="合肥市", province="安徽省", staff=6800, capital=3_200_000_000, uscc=None,
        **{"introduction": "主要生产显示模组。正在比选第四条产线的落地城市。"} | values,
    )  # fmt: skip
    relate(firm, "shareholder", make_enterprise("示例面板集团有限公司", city="北京市"), share="62.50")
    relate(firm, "customer", make_enterprise("示例鹭岛整机有限公司", city="厦门"))
    EnterpriseTag.objects.create(enterprise=firm, tag="china500", year=2025, rank=69)
    Contact.objects.create(
        enterprise=firm, name="李示例", position="投资总监", phone="13800001234", unit=home
    )
    known(firm, home)
    project = make_project(
        "第四条产线项目", home, user, enterprise=firm, stage="negotiating", intended=5_200_000_000
    )
    Talk.objects.create(
        project=project, talk_date=TODAY(), form="visit", place="甲区招商办", our_side="王局长", their_side="李示例",
        summary="看了两块地。", next_step="反馈用地条件", next_date=TODAY() + timedelta(days=7), unit=home, recorded_by=user,
    )  # fmt: skip
    Target.objects.create(
        enterprise=firm, unit=home, owner=user, state="visiting", wanted="第四条产线", next_step="局长带队回访",
        next_date=TODAY() - timedelta(days=1),
    )  # fmt: skip
    Signal.objects.create(
        enterprise=firm, unit=home, owner=user, kind="lease", level=1, noted_date=date(2026, 5, 1), detail="厂房租约到期",
        source="走访", next_step="协调续租",
    )  # fmt: skip
    return firm


def text_of(user: Any, firm: Enterprise) -> str:
    answer = signed_in(user).get(f"{firm.get_absolute_url()}brief/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_it_says_who_they_are_whom_we_know_what_runs_and_what_to_ask_for(home: Unit) -> None:
    firm = firm_with_everything(home)
    text = text_of(make_user("局长", home, registry()), firm)
    due = (TODAY() - timedelta(days=1)).isoformat()
    for shown in (
        "安徽省 合肥市", "32 亿元", "6,800 人", "第 69 位", "主要生产显示模组。",
        "示例面板集团有限公司（62.5%）", "示例鹭岛整机有限公司（它的客户）", "领导苏示例认识董事长", "李示例 · 投资总监 · 甲区",
        "第四条产线项目", "在谈 · 意向投资 52 亿元 · 甲区", "看了两块地。", "我方 王局长；对方 李示例",
        "租约到期（高，2026-05-01）：厂房租约到期", "下一步：协调续租", "甲区（记录人，互访中）",
        "争取：第四条产线（甲区）", f"局长带队回访（{due} 前，已逾期）", "反馈用地条件", "统一社会信用代码、资料尚未核实",
    ):  # fmt: skip
        assert shown in text, shown
    assert "1380000" not in text  # a sheet of paper gets into other hands


def test_everybody_reads_what_is_in_his_sight(home: Unit, away: Unit) -> None:
    firm = firm_with_everything(home)
    neighbour = text_of(make_user("邻区", away, registry()), firm)
    assert "甲区已有 1 个“在谈项目”" in neighbour
    assert "甲区（记录人，互访中）" in neighbour  # that a unit courts a firm is for all who keep lists
    for hidden in ("第四条产线项目", "看了两块地", "局长带队回访", "厂房租约到期", "反馈用地条件"):
        assert hidden not in neighbour, hidden
    reader = text_of(make_user("读者", home, [VIEW]), firm)
    for hidden in (
        "苏示例",
        "李示例",
        "第四条产线项目",
        "局长带队回访",
        "厂房租约到期",
        "记录人",
        "已有 1 个",
    ):
        assert hidden not in reader, hidden
    for heading in ("联系人</h2>", "进行中的项目</h2>", "困难与预警</h2>"):
        assert heading not in reader


def test_a_sensitive_project_out_of_sight_leaves_no_trace(home: Unit, away: Unit) -> None:
    firm = firm_with_everything(home)
    Project.objects.update(secrecy="sensitive")
    text = text_of(make_user("邻区", away, registry()), firm)
    assert "已有 1 个" not in text
    assert "没有进行中的项目" in text


def test_what_is_not_known_is_asked_for(home: Unit) -> None:
    text = text_of(make_user("局长", home, registry()), make_enterprise("空白示例有限公司"))
    for shown in (
        "主要产品是什么，产能多大？",
        "谁控股，投资由谁拍板？",
        "还不清楚：",
        "还没有记录到与本市企业的直接联系",
    ):
        assert shown in text, shown


def test_a_way_over_one_between_is_said_where_nobody_is_near(home: Unit) -> None:
    target, between = make_enterprise("示例目标有限公司", city="北京市"), make_enterprise("示例中间有限公司")
    relate(target, "supplier", between)
    relate(between, "supplier", make_enterprise("示例鹭岛部件有限公司", city="厦门市"))
    text = text_of(make_user("读者", home, [VIEW]), target)
    assert "本市企业 示例鹭岛部件有限公司（供应商） → 示例中间有限公司（供应商） → 示例目标有限公司" in text


def test_it_asks_ten_times_at_most(home: Unit) -> None:
    firm = firm_with_everything(home)
    Contact.objects.all().delete()
    firm.ties.all().delete()
    firm.relations.filter(kind="customer").delete()  # so that a way of introduction is looked for
    client = signed_in(make_user("局长", home, registry()))
    client.get(f"{firm.get_absolute_url()}brief/")
    with CaptureQueriesContext(connection) as asked:
        client.get(f"{firm.get_absolute_url()}brief/")
    assert len(asked) <= 10, [query["sql"][:120] for query in asked.captured_queries]


def test_long_texts_are_cut_and_long_lists_counted(home: Unit) -> None:
    firm = firm_with_everything(home, introduction=LONG, scope_of_business=LONG)
    for n in range(30):
        relate(firm, "supplier", make_enterprise(f"示例鹭岛第{n}号供应有限公司", city="厦门市"))
    text = text_of(make_user("局长", home, registry()), firm)
    assert LONG not in text
    assert "另有 28 项" in text  # a tie and thirty-one firms, four of which are shown


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("短句。", 10, "短句。"),
        ("第一句话。第二句话很长很长很长。", 10, "第一句话。…"),
        ("没有句号的一长段文字写了很多", 8, "没有句号的一长…"),
        ("One sentence. Another one that is long", 10, "One sentence.…"),
        ("One sentence. Another one that is long", 20, "One sentence. Another one that is long"),
        ("Regional headquarters and research centre", 12, "Regional headquarters…"),
        ("Donaudampfschifffahrtsgesellschaft", 8, "Donaudampfschi…"),
        ("两  个\n空白", 10, "两 个 空白"),
    ],
)
def test_a_text_ends_with_a_sentence_if_it_can(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


@given(st.text(max_size=300), st.integers(5, 120))
def test_a_cut_text_is_a_beginning_and_not_too_long(text: str, limit: int) -> None:
    found, whole = cut(text, limit), " ".join(text.split())
    assert room(found) <= 2 * limit
    assert whole.startswith(found.removesuffix("…")) or found == whole
    assert found == whole or found.endswith("…")
