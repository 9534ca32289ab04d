"""What a stage asks for of late: the first contact before negotiations, the firm of the licence before registration."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_enterprise, make_user, signed_in
from tests.factories.reversals import reverse_entry
from tests.unit.projects.conftest import CLERK, HEAD, City
from yinfeng.core.errors import Blocked, Invalid
from yinfeng.enterprises import services as library
from yinfeng.enterprises import uscc
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import facts, services, stages
from yinfeng.projects.models import Entry, Project

pytestmark = pytest.mark.django_db


def code(number: int) -> str:
    first17 = f"91000000TESTX{number:04}"
    return first17.replace("S", "2") + uscc.check_character(first17.replace("S", "2"))


def change(city: City, project: Project, by: str = "clerk", **values: Any) -> Project:
    project.refresh_from_db()
    return services.change_project(by=city.actor(by), project=project, version=project.version, values=values)


@pytest.fixture
def people(city: City) -> City:
    permissions = [*CLERK, "enterprises.enterprise.add", "enterprises.enterprise.change"]
    city.users["clerk"] = make_user("录入员", city.jimei, permissions, username="clerk")
    return city


@pytest.mark.clause("3.1.3")
def test_nobody_negotiates_whom_he_has_not_met(people: City) -> None:
    city = people
    project = city.project(stages.INTENDED, approached_date=None)
    with pytest.raises(Blocked) as refused:
        services.move_project(by=city.actor("bob"), project=project, move="negotiate")
    assert "缺少“对接时间”。在“记录洽谈”中记下第一次洽谈" in refused.value.reasons[0]
    page = signed_in(city.users["bob"]).get(f"/projects/{project.pk}/").content.decode()
    missing = page.partition('id="missing-title"')[2].partition("</section>")[0]
    assert f"/projects/{project.pk}/talk/" in missing
    assert "记下第一次洽谈" in missing
    day = timezone.localdate() - timedelta(days=4)
    services.record_talk(
        by=city.actor("bob"), project=project,
        values={"talk_date": day, "form": "meeting", "our_side": "甲", "their_side": "乙", "summary": "首谈"},
    )  # fmt: skip
    services.move_project(by=city.actor("bob"), project=project, move="negotiate")
    project.refresh_from_db()
    assert (project.stage, project.approached_date) == (stages.NEGOTIATING, day)
    with pytest.raises(Invalid, match="不能空着"):
        change(city, project, approached_date=None)


@pytest.mark.clause("3.1.3")
def test_a_firm_is_registered_under_its_name_and_code(people: City) -> None:
    """Named before the claim, entered in the library in the same act, read by who verifies, kept from then on."""
    city = people
    project = city.project(stages.SIGNED, registered_firm=None)
    with pytest.raises(Blocked) as refused:
        city.claim(project, stages.REGISTERED)
    assert "缺少“注册企业”。" in refused.value.reasons
    client = signed_in(city.users["clerk"])
    edit = f"/projects/{project.pk}/edit/"
    assert f"{edit}#id_registered_name" in client.get(f"/projects/{project.pk}/").content.decode()
    page = client.get(edit)
    sent = {name: value for name, value in page.context["form"].initial.items() if value is not None}
    for field, wan in (
        ("intended", 5_000),
        ("fixed_investment", 3_000),
        ("expected_output", 9_000),
        ("expected_tax", 500),
    ):
        sent |= {field: str(wan), f"{field}_unit": "wan"}
    for name, typed, told in (
        ("registered_code", {"registered_name": "某某（厦门）有限公司"}, "统一社会信用代码"),
        ("registered_name", {"registered_code": code(1)}, "名称"),
        (
            "registered_code",
            {"registered_name": "某某（厦门）有限公司", "registered_code": "91350200"},
            "应为18位",
        ),
    ):
        answer = client.post(edit, {**sent, "version": page.context["form"].initial["version"], **typed})
        assert answer.status_code == 422
        assert told in str(answer.context["form"].errors.get(name)), answer.context["form"].errors
    typed = {"registered_name": "某某（厦门）有限公司", "registered_code": f" {code(1).lower()} "}
    answer = client.post(edit, {**sent, "version": page.context["form"].initial["version"], **typed})
    assert answer.status_code == 302, answer.context["form"].errors
    firm = Enterprise.objects.get(uscc=code(1))
    project.refresh_from_db()
    assert (project.registered_firm, firm.name, firm.source) == (
        firm, "某某（厦门）有限公司", f"项目 {project.code} 的营业执照",
    )  # fmt: skip
    assert project.name in signed_in(city.users["clerk"]).get(firm.get_absolute_url()).content.decode()
    claim = city.claim(project, stages.REGISTERED)
    asked = signed_in(city.users["charlie"]).get(f"/claims/{claim.pk}/verify/").content.decode()
    assert f"注册企业：某某（厦门）有限公司，统一社会信用代码 {code(1)}" in asked
    other = {"registered_name": "别的有限公司", "registered_code": code(2)}
    with pytest.raises(Invalid, match="正在核验"):
        change(city, project, **other)
    services.verify_claim(by=city.actor("charlie"), claim=claim)
    for values in (other, {"registered_name": "", "registered_code": ""}):
        with pytest.raises(Invalid, match="在注册时核验过"):
            change(city, project, **values)
    assert not Enterprise.objects.filter(uscc=code(2)).exists(), "what is refused enters nothing"
    change(city, project, registered_name=firm.name, registered_code=code(1))
    office = make_user(
        "市办", city.root, ["projects.project.view", "projects.ledger.reverse"], username="office"
    )
    city.users["office"] = office
    entry = Entry.objects.get(project=project, kind=stages.REGISTERED)
    reverse_entry(by=city.actor("office"), entry=entry, reason="登记成了另一家")
    assert change(city, project, **other).registered_firm == Enterprise.objects.get(uscc=code(2))
    told = signed_in(city.users["clerk"]).get(f"/projects/{project.pk}/").content.decode()
    assert code(2) in told


def test_the_code_says_which_firm_of_the_library_it_is(people: City) -> None:
    city = people
    clerk = city.actor("clerk")
    known = make_enterprise("已知（厦门）有限公司", uscc=code(3))
    plain = make_enterprise("没有代码的有限公司")

    def settle(name: str, number: int, by: Any = clerk) -> Enterprise:
        return library.settle_licence(by=by, name=name, code=code(number))

    assert settle("已知(厦门)有限公司", 3) == known
    with pytest.raises(Invalid, match="属于“已知（厦门）有限公司”"):
        settle("另一家有限公司", 3)
    with pytest.raises(Invalid, match=f"的代码是 {code(3)}"):
        settle("已知（厦门）有限公司", 4)
    library.add_former_name(by=clerk, enterprise=known, name="从前叫这个有限公司")
    assert settle("从前叫这个有限公司", 3) == known
    head = make_user("无录入权", city.jimei, HEAD, username="no-library")
    city.users["head"] = head
    with pytest.raises(Invalid, match="没有修改企业的权限"):
        settle("没有代码的有限公司", 5, city.actor("head"))
    with pytest.raises(Invalid, match="没有录入企业的权限"):
        settle("全新的有限公司", 6, city.actor("head"))
    assert settle("没有代码的有限公司", 5) == plain
    plain.refresh_from_db()
    assert plain.uscc == code(5)
    old = code(7)[:17] + (
        "0" if code(7)[17] != "0" else "1"
    )  # codes of before 2016 fail the check and are kept
    assert library.settle_licence(by=clerk, name="老厂有限公司", code=old).uscc == old


def test_a_merger_moves_the_registered_firm_with_its_record(people: City) -> None:
    """Investor and registered firm may be one record, and be merged into one: the project stays and names the kept."""
    city = people
    office = make_user(
        "并库", city.root, ["enterprises.enterprise.view", "enterprises.enterprise.merge"], username="merger"
    )
    city.users["merger"] = office
    kept, gone = make_enterprise("留下的有限公司"), make_enterprise("并入的有限公司")
    both = city.project(stages.SIGNED, enterprise=gone, registered_firm=gone)
    one = city.project(stages.SIGNED, enterprise=kept, registered_firm=gone)
    merging = library.merge(
        by=city.actor("merger"),
        kept=kept,
        gone=gone,
        versions=(kept.version, gone.version),
        choices={},
        reason="录入了两次",
    )
    for project in (both, one):
        project.refresh_from_db()
        assert (project.enterprise, project.registered_firm) == (kept, kept)
    library.undo_merging(by=city.actor("merger"), merging=merging, reason="错了")
    one.refresh_from_db()
    assert (one.enterprise.name, one.registered_firm.name) == ("留下的有限公司", "并入的有限公司")


def test_a_firm_that_is_kept_from_an_earlier_time_may_be_named_later(people: City) -> None:
    """Projects that were registered before the firm was asked for lack it, and may fill it in."""
    city = people
    project = city.project(stages.REGISTERED)
    Project.objects.filter(pk=project.pk).update(registered_firm=None)
    project.refresh_from_db()
    assert [fact.field for fact in facts.missing(project, stages.PREPARING)] == ["registered_firm"]
    with pytest.raises(Blocked):
        services.move_project(by=city.actor("bob"), project=project, move="prepare")
    changed = change(city, project, registered_name="补填有限公司", registered_code=code(8))
    services.move_project(by=city.actor("bob"), project=changed, move="prepare")
