"""What a clerk met on a walk: acts on closed warnings, the way to a first target, and what an English reader is told."""

from __future__ import annotations

import pytest
from django.utils import timezone, translation

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from yinfeng.core.models import Job
from yinfeng.core.permissions import registry
from yinfeng.enterprises.models import Doubt, Enterprise, Signal, Target
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import brief_name

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> Unit:
    unit = make_unit("home", parent=make_unit("city", "city"), name="甲区管理委员会")
    Unit.objects.filter(pk=unit.pk).update(short_name="甲区", name_en="District A")
    return unit


def test_a_closed_warning_offers_only_to_take_it_up_again(home: Unit) -> None:
    user = make_user("专员", home, registry())
    signal = Signal.objects.create(
        enterprise=make_enterprise("示例有限公司"), unit=home, owner=user, kind="other", level=1, state="handling",
        noted_date=timezone.localdate(), detail="设备外运", source="走访",
    )  # fmt: skip
    page = signed_in(user).get(signal.get_absolute_url()).content.decode()
    assert "改派" in page
    assert "修改预警" in page
    Signal.objects.update(state="stayed")
    page = signed_in(user).get(signal.get_absolute_url()).content.decode()
    assert "重新应对" in page
    assert "改派" not in page
    assert "安排下一步" not in page


def test_who_adds_a_target_without_having_ticked_firms_is_told_how(home: Unit) -> None:
    client = signed_in(make_user("专员", home, registry()))
    assert 'href="/targets/add/"' in client.get("/targets/").content.decode()
    assert "请勾选要争取的企业" in client.get("/targets/add/", follow=True).content.decode()


def test_a_unit_and_a_stored_reason_are_named_in_the_readers_language(home: Unit) -> None:
    firm = make_enterprise("示例有限公司")
    Target.objects.create(enterprise=firm, unit=home, owner=make_user("专员", home, registry()))
    doubt = Doubt(one=firm, other=firm, score=0.9, reason="字号和行业相同，一方未写地区")
    names = Target.objects.values_list(brief_name(), flat=True)
    assert list(names) == ["甲区"]
    assert doubt.reason_text == doubt.reason
    with translation.override("en"):
        names = Target.objects.values_list(brief_name(), flat=True)
        assert list(names) == ["District A"]
        assert doubt.reason_text != doubt.reason
        doubt.reason = "法定代表人不同"  # a person's own words
        assert doubt.reason_text == doubt.reason


def test_the_window_of_a_job_is_named_after_it(home: Unit) -> None:
    user = make_user("专员", home, registry())
    job = Job.objects.create(kind="enterprises.dedupe", title="查找疑似重复", owner=user)
    page = signed_in(user).get(f"/jobs/{job.pk}/").content.decode()
    assert page.partition("<title>")[2].strip().startswith("查找疑似重复")


def test_a_city_is_not_merged_into_the_other_records_province(home: Unit) -> None:
    client = signed_in(make_user("专员", home, registry()))
    kept = make_enterprise("示例甲有限公司", province="广东省", city="深圳市")
    gone = make_enterprise("示例乙有限公司", province="福建省", city="厦门市")
    address = f"/enterprises/{gone.pk}/merge/{kept.pk}/"
    said = {
        "reason": "同一家",
        "name_kind": "alternative",
        "kept_version": 1,
        "gone_version": 1,
        "name": "kept",
    }
    answer = client.post(address, {**said, "province": "kept", "city": "gone"})
    assert answer.status_code == 422
    assert "“厦门市”在福建省，不在广东省。请把省份和城市选自同一条记录。" in answer.content.decode()
    assert Enterprise.objects.count() == 2
    assert client.post(address, {**said, "province": "gone", "city": "gone"}).status_code == 302
    assert Enterprise.objects.get().city == "厦门市"


def test_a_warning_says_which_sign_it_is(home: Unit) -> None:
    """No sign is chosen beforehand: a hurried clerk would record the wrong one."""
    client = signed_in(make_user("专员", home, registry()))
    firm = make_enterprise("示例有限公司", city="厦门市")
    page = client.get(f"/enterprises/{firm.pk}/signals/add/").content.decode()
    assert '<option value="" selected>请选择</option>' in " ".join(page.split())
    assert client.get("/signals/").content.decode().count("打开企业库") == 1


def test_an_empty_tab_leads_to_the_first_one(home: Unit) -> None:
    client = signed_in(make_user("专员", home, registry()))
    page = client.get("/enterprises/doubts/?state=different&sort=score").content.decode()
    assert "“不是同一家”中还没有记录" in page
    assert "清除全部筛选" not in page
    page = client.get("/targets/?owner=me&priority=1").content.decode()
    assert "清除全部筛选" in page
