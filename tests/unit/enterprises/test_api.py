"""The enterprise library over the API: tags, names, contacts with masked phones, relations, look-alikes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from yinfeng.core import search
from yinfeng.core.models import Code, Event
from yinfeng.core.permissions import registry
from yinfeng.enterprises.models import Contact, Enterprise, EnterpriseTag

pytestmark = pytest.mark.django_db
ALL = [code for code in registry() if code.startswith("enterprises.")]


@pytest.fixture
def client() -> Client:
    Code.objects.bulk_create(
        Code(table="enterprise_tag", code=code, name=name)
        for code, name in [("listed", "上市"), ("soe", "央企")]
    )
    return signed_in(make_user("专员", make_unit("home", parent=make_unit("city", "city")), ALL))


def send(client: Client, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    call = getattr(client, method)
    return call(f"/api/v1/{path}", body, content_type="application/json", headers=headers)


# --- tags ---------------------------------------------------------------------------------------------------------


def test_of_two_who_set_the_tags_of_one_version_the_second_is_told(client: Client) -> None:
    path = f"enterprises/{make_enterprise('示例有限公司').pk}/tags/"
    first = send(client, "put", path, {"tags": [{"tag": "listed", "year": 2025}, {"tag": "soe"}]}, 1)
    assert first.status_code == 200
    assert (first.json()["version"], first["ETag"]) == (2, '"2"')
    assert first.json()["tags"] == [{"tag": "listed", "year": 2025}, {"tag": "soe", "year": None}]
    second = send(client, "put", path, {"tags": []}, 1)
    assert (second.status_code, second.json()["version"]) == (409, 2)
    same = send(client, "put", path, {"tags": first.json()["tags"]}, 2)
    assert (same.status_code, same.json()["version"]) == (200, 2)  # nothing changed, nothing recorded
    assert Event.objects.filter(verb="enterprises.enterprise.tagged").count() == 1


def test_a_tag_the_profile_lacks_is_refused(client: Client) -> None:
    path = f"enterprises/{make_enterprise('示例有限公司').pk}/tags/"
    answer = send(client, "put", path, {"tags": [{"tag": "unicorn"}]}, 1)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["tags"])
    assert not Enterprise.objects.get().tags.exists()


# --- records ------------------------------------------------------------------------------------------------------


def test_a_look_alike_is_asked_about_as_on_the_page(client: Client) -> None:
    assert send(client, "post", "enterprises/", {"name": "示例光电科技股份有限公司"}).status_code == 201
    body = {"name": "示例光电科技有限公司"}
    asked = send(client, "post", "enterprises/", body)
    assert asked.status_code == 409
    assert "示例光电科技股份有限公司" in asked.json()["sentence"]
    assert send(client, "post", "enterprises/", body | {"different": True}).status_code == 201


def test_what_the_form_refuses_the_api_refuses(client: Client) -> None:
    Code.objects.create(table="industry", code="39", name="电子设备制造业", level=2)
    ahead = (timezone.localdate() + timedelta(days=1)).isoformat()
    for name, wrong in [("founded_date", ahead), ("verified_date", ahead), ("industry", "00"), ("uscc", "123"),
                        ("website", "javascript:alert(1)"), ("capital", "-1"), ("name_key", "x")]:  # fmt: skip
        answer = send(client, "post", "enterprises/", {"name": "示例有限公司", name: wrong})
        assert (answer.status_code, list(answer.json()["fields"])) == (422, [name]), name
    assert not Enterprise.objects.exists()
    assert (
        send(client, "post", "enterprises/", {"name": "示例有限公司", "industry": "C39"}).status_code == 201
    )


def test_a_record_is_verified_on_its_version_and_found_by_its_former_name(client: Client) -> None:
    path = f"enterprises/{make_enterprise('示例有限公司').pk}/"
    today = timezone.localdate().isoformat()
    body = {"verified_date": today, "source": "营业执照"}
    assert send(client, "post", f"{path}verify/", body, 1).json()["verified_date"] == today
    assert (
        send(client, "post", f"{path}verify/", body | {"verified_date": "2020-01-01"}, 2).status_code == 422
    )
    assert send(client, "post", f"{path}names/", {"name": "从前有限公司"}).status_code == 201
    assert [row["name"] for row in send(client, "get", f"{path}names/").json()["results"]] == ["从前有限公司"]
    assert send(client, "post", f"{path}names/", {"name": "从前有限公司"}).status_code == 422
    assert len(send(client, "get", "enterprises/?q=从前").json()["results"]) == 1


# --- contacts -----------------------------------------------------------------------------------------------------


def test_a_phone_is_masked_until_somebody_asks_and_that_is_logged(client: Client) -> None:
    path = f"enterprises/{make_enterprise('示例有限公司').pk}/contacts/"
    made = send(client, "post", path, {"name": "王示例", "phone": "13800001234", "email": "wang@example.com"})
    assert (made.status_code, made.json()["phone"], made["ETag"]) == (201, "138****1234", '"1"')
    own = f"contacts/{made.json()['id']}/"
    assert send(client, "get", path).json()["results"] == [made.json()]
    assert "13800001234" not in send(client, "get", own).content.decode()
    changed = send(client, "patch", own, {"position": "经理"}, 1)
    assert (changed.status_code, changed.json()["phone"]) == (200, "138****1234")  # what is not sent stays
    assert send(client, "patch", own, {"position": "总监"}, 1).status_code == 409
    assert send(client, "patch", own, {"phone": "138****1234"}, 2).status_code == 422
    assert not Event.objects.filter(verb="enterprises.contact.unmasked").exists()
    assert send(client, "post", f"{own}phone/").json() == {"phone": "13800001234"}
    assert Event.objects.filter(verb="enterprises.contact.unmasked", source="api").count() == 1
    assert send(client, "post", f"{own}remove/", {"reason": "离职"}).status_code == 204
    assert not Contact.objects.exists()


# --- relations ----------------------------------------------------------------------------------------------------


def test_a_relation_is_seen_from_both_sides_and_taken_back_where_it_was_noted(client: Client) -> None:
    firm, other = make_enterprise("示例有限公司"), make_enterprise("例示材料有限公司")
    path, from_there = f"enterprises/{firm.pk}/relations/", f"enterprises/{other.pk}/relations/"
    body = {"other": other.pk, "kind": "supplier", "source": "年报", "share": "12.5"}
    made = send(client, "post", path, body)
    assert (made.status_code, made.json()["noted_date"]) == (201, timezone.localdate().isoformat())
    assert send(client, "post", path, body).status_code == 422
    assert send(client, "post", path, body | {"other": firm.pk}).status_code == 422
    assert send(client, "get", path).json() == send(client, "get", from_there).json()
    row = f"{made.json()['id']}/remove/"
    assert send(client, "post", from_there + row, {"reason": "有误"}).status_code == 404
    assert send(client, "post", path + row, {"reason": "有误"}).status_code == 204
    assert send(client, "get", path).json()["results"] == []


# --- searched, counted, told of -----------------------------------------------------------------------------------


def test_the_best_answer_stands_first(client: Client) -> None:
    for name in ("厦门国际物流有限公司", "国际", "上海国际有限公司"):
        make_enterprise(name, city="厦门市" if name.startswith("厦门") else "上海市")
    search.refresh(Enterprise, *Enterprise.objects.values_list("pk", flat=True))
    told = send(client, "get", "enterprises/best/?q=国际").json()
    assert told["complete"] is True
    assert told["results"][0]["name"] == "国际"
    assert len(told["results"]) == 3
    near = send(client, "get", "enterprises/best/?q=xmgj&city=厦门").json()
    assert [item["name"] for item in near["results"]] == ["厦门国际物流有限公司"]
    assert send(client, "get", "enterprises/best/").json() == {"complete": True, "results": []}
    assert send(client, "get", "enterprises/best/?q=国际&staff=x").status_code == 422


def test_a_list_is_counted_as_on_the_page(client: Client) -> None:
    one = make_enterprise("甲有限公司", city="厦门市", industry="397", staff=1200)
    make_enterprise("乙有限公司", city="厦门市", industry="391")
    make_enterprise("丙有限公司", city="泉州市")
    EnterpriseTag.objects.create(enterprise=one, tag="listed", year=2025)
    told = send(client, "get", "enterprises/facets/?city=厦门市").json()
    assert (told["looked_at"], told["complete"]) == (2, True)
    assert told["division"] == [{"value": "39", "count": 2}]
    assert told["city"] == [{"value": "厦门市", "count": 2}]
    assert told["tag"] == [{"value": "listed", "count": 1, "years": [{"value": "2025", "count": 1}]}]
    assert {item["value"]: item["count"] for item in told["staff"]} == {"1000": 1, "none": 1}
    assert send(client, "get", "enterprises/facets/?capital=x").status_code == 422


def test_the_brief_tells_as_much_as_one_may_see(client: Client) -> None:
    firm = make_enterprise("甲有限公司", city="厦门市")
    body = {"name": "王某", "position": "董事长", "phone": "13800000000"}
    assert send(client, "post", f"enterprises/{firm.pk}/contacts/", body).status_code == 201
    signal = {
        "enterprise": firm.pk, "kind": "lease", "level": 2, "noted_date": timezone.localdate().isoformat(),
        "due_date": timezone.localdate().isoformat(), "detail": "厂房", "source": "走访",
    }  # fmt: skip
    unit = {"unit": Contact.objects.get().unit_id}
    assert send(client, "post", "signals/", signal | unit).status_code == 201
    told = send(client, "get", f"enterprises/{firm.pk}/brief/").json()
    assert [(item["name"], item["position"]) for item in told["people"]] == [("王某", "董事长")]
    assert "138" not in str(told["people"])
    assert [(item["kind"], item["due_date"]) for item in told["warnings"]] == [("lease", signal["due_date"])]
    reader = signed_in(make_user("读者", make_unit("away"), ["enterprises.enterprise.view"]))
    told = send(reader, "get", f"enterprises/{firm.pk}/brief/").json()
    for name in ("people", "ties", "targets", "courting", "warnings", "projects", "meetings"):
        assert told[name] is None, name


def test_a_number_beyond_all_numbers_is_no_json(client: Client) -> None:
    path = f"/api/v1/enterprises/{make_enterprise('示例有限公司').pk}/merge/"
    body = '{"into": 1e400, "into_version": 1, "reason": "重复"}'
    answer = client.post(path, body, content_type="application/json", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["sentence"]) == (400, "内容不是有效的 JSON，请检查。")
