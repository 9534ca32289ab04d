"""The main job over the API, as another system of a unit would do it, and what the API says besides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, signed_in
from tests.unit.projects.conftest import PDF, City
from yinfeng.core import services as core
from yinfeng.core.models import Code, Event, Rule
from yinfeng.projects import services, stages
from yinfeng.projects.models import Project


class Caller:
    """A person's system: his token and the calls it makes."""

    def __init__(self, city: City, name: str) -> None:
        by = city.actor(name)
        _token, secret = core.create_token(by=by, name="对接", scopes=sorted(by.grants), days=30)
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.client = Client()

    def __call__(self, method: str, path: str, body: Any = None, tag: str = "", **files: Any) -> Any:
        headers = self.headers | ({"If-Match": tag} if tag else {})
        url = f"/api/v1/{path}"
        if files:
            return self.client.post(url, (body or {}) | files, headers=headers)
        text = "" if body is None else json.dumps(body)
        return self.client.generic(method, url, text, content_type="application/json", headers=headers)

    def tag(self, path: str) -> str:
        return str(self("GET", path)["ETag"])

    def move(self, path: str, move: str, **body: Any) -> Any:
        return self("POST", f"{path}moves/{move}/", body, self.tag(path))


def contract() -> SimpleUploadedFile:
    return SimpleUploadedFile("投资合同.pdf", PDF, "application/pdf")


YESTERDAY = (timezone.localdate() - timedelta(days=1)).isoformat()
FACTS = {
    "project_class": "land", "is_foreign": False, "industry": "3973", "contact_name": "张三", "investment_kind": "chain",
    "fixed_investment": "30000000", "site": "软件园三期", "land_mu": "30", "planned_start_date": "2027-03-01",
    "expected_output": "90000000", "expected_tax": "5000000", "approached_date": YESTERDAY,
}  # fmt: skip


@pytest.mark.clause("3.1.3")
def test_the_main_job(city: City) -> None:
    bob, charlie, alice, stranger = (Caller(city, name) for name in ("bob", "charlie", "alice", "stranger"))
    firm = make_enterprise("示例芯片有限公司")

    # a lead is registered by one and assessed by another
    lead = bob("POST", "leads/", {
        "title": "封测基地", "enterprise": firm.pk, "source": "fair", "heard_date": YESTERDAY, "content": "拟建封测基地",
        "intended": "80000000",
    })  # fmt: skip
    assert lead.status_code == 201, lead.json()
    lead_path = f"leads/{lead.json()['id']}/"
    assert bob.move(lead_path, "qualify", reason="属实").status_code == 403
    assert charlie.move(lead_path, "qualify").status_code == 422  # no finding
    assert charlie.move(lead_path, "qualify", reason="属实").json()["state"] == stages.QUALIFIED
    project = bob.move(lead_path, "convert", name="示例封测项目")
    assert (project.status_code, project.json()["name"]) == (201, "示例封测项目")
    path = f"projects/{project.json()['id']}/"

    # the first hole: no stage is skipped, by no road
    for move in ("negotiate", "sign"):
        assert bob.move(path, move).status_code in {403, 409}
    assert bob("PATCH", path, {"stage": "signed"}, bob.tag(path)).status_code == 422
    blocked = bob.move(path, "intend")
    assert (blocked.status_code, blocked.json()["reasons"][0]) == (409, "缺少“项目分类”。")

    # facts are filled; the second hole: of two edits on one version the later is refused with both values
    seen = bob.tag(path)
    assert bob("PATCH", path, FACTS, seen).status_code == 200
    late = charlie("PATCH", path, {"site": "机械工业集中区"}, seen)
    assert late.status_code == 409
    assert late.json()["conflicts"][0] == {
        "field": "site", "label": "拟选址", "theirs": "软件园三期", "yours": "机械工业集中区",
    }  # fmt: skip
    assert bob.move(path, "intend").json()["stage"] == stages.INTENDED
    assert bob.move(path, "negotiate").json()["stage"] == stages.NEGOTIATING

    # a talk; its next step is the project's
    talk = {"talk_date": YESTERDAY, "form": "meeting", "our_side": "王局", "their_side": "张三", "summary": "谈了地价",
            "next_step": "报价", "next_date": "2027-01-10"}  # fmt: skip
    assert bob("POST", f"{path}talks/", talk).status_code == 201
    assert [row["summary"] for row in bob("GET", f"{path}talks/").json()["results"]] == ["谈了地价"]
    assert bob("GET", path).json()["next_step"] == "报价"

    # another district joins and leaves
    assert alice("GET", path).status_code == 404
    joined = bob("POST", f"{path}units/", {"unit": city.huli.pk, "part": "joint"})
    assert joined.status_code == 201
    assert alice("GET", path).status_code == 200
    left = bob("POST", f"{path}units/{joined.json()['id']}/remove/", {"reason": "不再协同"})
    assert left.status_code == 204
    assert alice("GET", path).status_code == 404

    # signed only when somebody else has verified it
    signing = {"kind": "signed", "happened_date": YESTERDAY, "amount": "75000000"}
    made = charlie("POST", f"{path}claims/", signing, evidence=contract())
    assert made.status_code == 201, made.json()
    claim = f"claims/{made.json()['id']}/"
    own = charlie.move(claim, "verify")
    assert (own.status_code, own.json()["reasons"]) == (409, ["业绩须由申报人以外的人核验。"])
    assert bob.move(claim, "verify").status_code == 403
    dora = Caller(city, "dora")
    assert [row["id"] for row in dora("GET", "claims/?state=submitted").json()["results"]] == [
        made.json()["id"]
    ]
    file = made.json()["evidence"]["id"]
    downloaded = dora("GET", f"files/{file}/")
    assert b"".join(downloaded.streaming_content) == PDF
    assert stranger("GET", f"files/{file}/").status_code == 404
    verified = dora.move(claim, "verify", reason="原件已核对")
    assert (verified.status_code, verified.json()["state"]) == (200, stages.VERIFIED)
    now = bob("GET", path).json()
    assert (now["stage"], now["contracted"], now["intended"]) == (stages.SIGNED, "75000000.00", "80000000.00")

    # and nobody goes back from there
    for caller in (bob, charlie, dora):
        for move in ("return_to_intended", "negotiate", "reopen", "lose"):
            assert caller.move(path, move, reason="重新谈").status_code in {403, 409}
    story = [line["what"] for line in charlie("GET", f"{path}timeline/").json()]
    assert story == [
        "核验通过，转为签约", "提交了业绩申报", "上传了材料", "移出参与单位", "加入参与单位", "记录了洽谈", "转为在谈", "转为意向",
        "修改了项目", "建立了项目", "转为项目", "研判通过", "登记了线索",
    ]  # fmt: skip
    assert set(Event.objects.exclude(source="api").values_list("verb", flat=True)) == {"core.token.created"}
    assert stranger("GET", path).status_code == 404


# --- amounts, questions -------------------------------------------------------------------------------------------


def test_an_amount_in_another_currency_keeps_its_original(city: City) -> None:
    Rule.objects.create(
        kind="exchange_rate", key="USD", data={"rates": [{"on": "2020-01-01", "rate": "7.1"}]}
    )
    bob = Caller(city, "bob")
    body = {"name": "外资项目", "summary": "建厂", "intended": "10000000", "currency": "USD"}
    made = bob("POST", "projects/", body).json()
    assert (made["intended"], made["intended_currency"], made["intended_original"]) == (
        "71000000.00", "USD", "10000000.00",
    )  # fmt: skip
    unknown = bob("POST", "projects/", body | {"currency": "JPY"})
    assert (unknown.status_code, list(unknown.json()["fields"])) == (422, ["currency"])


@pytest.mark.parametrize("amount", ["8000", "800000000000"])
def test_an_unusual_amount_is_questioned_as_on_the_page(city: City, amount: str) -> None:
    bob, body = Caller(city, "bob"), {"name": "某项目", "summary": "建厂", "intended": amount}
    asked = bob("POST", "projects/", body)
    assert set(asked.json()["fields"]) == {"intended", "confirm_amounts"}
    assert bob("POST", "projects/", body | {"confirm_amounts": True}).status_code == 201


def test_a_day_ahead_and_a_code_the_profile_lacks_are_refused_as_on_the_page(city: City) -> None:
    bob = Caller(city, "bob")
    body = {"title": "某基地", "source": "fair", "heard_date": YESTERDAY, "content": "拟建"}
    ahead = (timezone.localdate() + timedelta(days=1)).isoformat()
    for wrong in ({"heard_date": ahead}, {"source": "rumour"}):
        answer = bob("POST", "leads/", body | wrong)
        assert (answer.status_code, list(answer.json()["fields"])) == (422, list(wrong))


# --- team ---------------------------------------------------------------------------------------------------------


def test_only_who_may_join_is_put_on_a_team(city: City) -> None:
    project, bob = city.project(), Caller(city, "bob")
    path = f"projects/{project.pk}/"
    named = {row["name"]: row["id"] for row in bob("GET", f"{path}candidates/").json()["results"]}
    assert "bob" not in named  # he leads it already
    assert bob("POST", f"{path}team/", {"user": city.users["bob"].pk}).status_code == 422
    city.users["alice"].is_active = False
    city.users["alice"].save()
    assert bob("POST", f"{path}team/", {"user": named["alice"]}).status_code == 422
    member = bob("POST", f"{path}team/", {"user": named["dora"], "is_leader": True})
    assert member.status_code == 201
    team = bob("GET", f"{path}team/").json()["results"]
    assert {(row["name"], row["is_leader"]) for row in team} == {("bob", False), ("dora", True)}
    assert bob("POST", f"{path}team/{member.json()['id']}/remove/", {"reason": " "}).status_code == 422
    assert bob("POST", f"{path}team/{member.json()['id']}/remove/", {"reason": "调离"}).status_code == 204


@pytest.mark.parametrize("what", ["units", "team"])
def test_what_belongs_to_another_project_is_not_taken_off(city: City, what: str) -> None:
    mine, other = city.project(), city.project()
    row = (other.participations if what == "units" else other.team).first()
    assert row is not None
    answer = Caller(city, "bob")("POST", f"projects/{mine.pk}/{what}/{row.pk}/remove/", {"reason": "误操作"})
    assert answer.status_code == 409
    row.refresh_from_db()
    assert row.until is None


# --- files --------------------------------------------------------------------------------------------------------


def test_a_file_is_what_its_content_says_and_is_taken_off_with_a_reason(city: City) -> None:
    project, bob = city.project(), Caller(city, "bob")
    path = f"projects/{project.pk}/files/"
    fake = SimpleUploadedFile("纪要.pdf", b"<html></html>", "application/pdf")
    assert bob("POST", path, file=fake).status_code == 422
    assert bob("POST", path, {"file": "x"}).status_code == 415
    made = bob("POST", path, {"kind": "minutes"}, file=SimpleUploadedFile("纪要.pdf", PDF))
    assert (made.status_code, made.json()["content_type"]) == (201, "application/pdf")
    content = bob("GET", f"files/{made.json()['id']}/")
    assert content["Content-Disposition"].startswith("attachment")
    assert Event.objects.filter(verb="core.attachment.downloaded").count() == 1
    assert bob("POST", f"files/{made.json()['id']}/remove/", {"reason": "传错了"}).status_code == 204
    assert bob("GET", path).json()["results"] == []
    assert bob("GET", f"files/{made.json()['id']}/").status_code == 404


# --- one's own ----------------------------------------------------------------------------------------------------


def test_followers_are_told_and_only_of_what_they_and_their_token_may_see(city: City) -> None:
    project, bob, charlie = city.project(), Caller(city, "bob"), Caller(city, "charlie")
    path = f"projects/{project.pk}/"
    assert bob("GET", f"{path}following/").json() == {"following": False}
    assert bob("PUT", f"{path}following/").json() == {"following": True}
    assert charlie("PATCH", path, {"site": "新址"}, charlie.tag(path)).status_code == 200
    told = bob("GET", "notices/").json()["results"][0]
    assert (told["object_id"], told["title"]) == (project.pk, f"{project}：修改了项目")
    assert bob("POST", f"notices/{told['id']}/read/").status_code == 204
    assert bob("GET", f"notices/{told['id']}/").json()["read_at"]
    assert charlie("GET", f"notices/{told['id']}/").status_code == 404
    # a token that may not see projects is not told of them
    by = city.actor("bob")
    _token, secret = core.create_token(by=by, name="企业库", scopes=["enterprises.enterprise.view"], days=1)
    bob.headers = {"Authorization": f"Bearer {secret}"}
    hidden = bob("GET", f"notices/{told['id']}/").json()
    assert (hidden["object_id"], hidden["object_type"], hidden["note"]) == (None, "", "")
    assert str(project) not in json.dumps(hidden, ensure_ascii=False)


def test_following_ends(city: City) -> None:
    project, bob = city.project(), Caller(city, "bob")
    path = f"projects/{project.pk}/following/"
    bob("PUT", path)
    assert bob("DELETE", path).status_code == 204
    assert bob("GET", path).json() == {"following": False}


# --- pages of rows ------------------------------------------------------------------------------------------------


def pages(bob: Caller, path: str) -> Iterator[list[dict[str, Any]]]:
    """Walk the pages of a list by their cursor."""
    while path:
        page = bob("GET", path).json()
        yield page["results"]
        path = (page["next"] or "").partition("/api/v1/")[2]


def test_talks_come_in_pages_by_their_day(city: City) -> None:
    project, by = city.project(), city.actor("bob")
    for number in range(5):
        day = timezone.localdate() - timedelta(days=number // 2)
        services.record_talk(by=by, project=project, values={
            "talk_date": day, "form": "call", "our_side": "甲", "their_side": "乙", "summary": f"第{number}次",
        })  # fmt: skip
    found = list(pages(Caller(city, "bob"), f"projects/{project.pk}/talks/?limit=2"))
    assert [len(page) for page in found] == [2, 2, 1]
    assert [row["summary"] for page in found for row in page] == ["第1次", "第0次", "第3次", "第2次", "第4次"]


def test_code_tables_and_units_are_there_to_choose_from(city: City) -> None:
    Code.objects.filter(code="fair").update(valid_to=timezone.localdate() - timedelta(days=1))
    bob = Caller(city, "bob")
    assert bob("GET", "codes/lead_source/").json()["results"] == []  # closed
    assert {row["code"] for row in bob("GET", "codes/industry/").json()["results"]} >= {"C", "39", "3973"}
    assert [row["code"] for row in bob("GET", "units/?kind=group").json()["results"]] == [
        "group-manufacturing"
    ]


def test_the_pages_say_what_the_api_says(city: City) -> None:
    """The same refusal, word for word, on the page and over the API."""
    project = city.project(stages.NEGOTIATING)
    city.claim(project, by="charlie")
    claim = project.claims.get()
    answer = Caller(city, "charlie").move(f"claims/{claim.pk}/", "verify")
    page = signed_in(city.users["charlie"]).get(f"/claims/{claim.pk}/verify/")
    assert page.status_code == answer.status_code == 409
    assert answer.json()["reasons"][0] in page.content.decode()
    assert Project.objects.get(pk=project.pk).stage == stages.NEGOTIATING


@pytest.mark.parametrize(
    "path", ["projects/", "claims/", "{}talks/", "{}units/", "{}team/", "{}files/", "notices/"]
)
def test_a_list_asks_as_often_for_many_rows_as_for_few(city: City, path: str) -> None:
    bob = Caller(city, "bob")
    project = full(city)
    address = path.format(f"projects/{project.pk}/")
    with CaptureQueriesContext(connection) as few:
        before = bob("GET", address).json()["results"]
    fill(city, project)
    with CaptureQueriesContext(connection) as many:
        after = bob("GET", address).json()["results"]
    assert len(after) > len(before) > 0
    assert len(many) <= len(few) <= 10


def full(city: City) -> Project:
    """Return a project with a row of everything, bob following it."""
    project = city.project(stages.NEGOTIATING)
    core.follow(by=city.actor("bob"), obj=project)
    city.claim(project, by="charlie")
    talk(city, project)
    return project


def talk(city: City, project: Project) -> None:
    services.record_talk(by=city.actor("charlie"), project=project, values={
        "talk_date": timezone.localdate(), "form": "call", "our_side": "甲", "their_side": "乙", "summary": "谈了",
    })  # fmt: skip


def fill(city: City, project: Project) -> None:
    """Add a few rows of everything."""
    by = city.actor("charlie")
    for name in ("alice", "dora", "erin"):
        city.claim(city.project(stages.NEGOTIATING))
        talk(city, project)
        core.attach_file(by=by, obj=project, file=ContentFile(PDF, name="x.pdf"), name=f"{name}.pdf")
        services.add_member(by=by, project=project, user=city.users[name])
        unit = make_unit(f"office-{name}", "office", city.root, name=f"{name}办")
        services.add_unit(by=by, project=project, unit=unit, part=stages.JOINT)
