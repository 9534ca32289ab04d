"""The two holes of the best open peer (FACTS §5): a stage skipped or a signed project reopened; a lost update."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.factories import signed_in
from tests.unit.projects.conftest import City
from yinfeng.core.errors import Stale
from yinfeng.projects import services, stages


def call(city: City, name: str, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
    """Call the API as a signed-in person; ``version`` goes into If-Match."""
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    client = signed_in(city.users[name])
    return client.generic(
        method, f"/api/v1/{path}", json.dumps(body or {}), content_type="application/json", headers=headers
    )


@pytest.mark.parametrize("person", ["bob", "charlie"])
def test_no_editor_skips_a_stage_through_the_api(city: City, person: str) -> None:
    project = city.project()
    for move in ("negotiate", "sign", "return_to_intended"):
        answer = call(
            city, person, "POST", f"projects/{project.pk}/moves/{move}/", {"reason": "x"}, project.version
        )
        assert answer.status_code in {403, 409}, move
        assert answer.json()["sentence"]
    answer = call(city, person, "PATCH", f"projects/{project.pk}/", {"stage": "signed"}, project.version)
    assert answer.status_code == 422
    assert "stage" in answer.json()["fields"]
    project.refresh_from_db()
    assert project.stage == stages.PLANNED
    # the control: the step there is
    answer = call(city, person, "POST", f"projects/{project.pk}/moves/intend/", {}, project.version)
    assert (answer.status_code, answer.json()["stage"]) == (200, stages.INTENDED)


@pytest.mark.parametrize("person", ["bob", "charlie"])
def test_no_editor_reopens_a_signed_project_through_the_api(city: City, person: str) -> None:
    project = city.project(stages.SIGNED)
    for move in ("return_to_intended", "return_to_planned", "intend", "negotiate", "lose", "reopen"):
        body = {"reason": "重新谈", "lost_reason": "price"}
        answer = call(city, person, "POST", f"projects/{project.pk}/moves/{move}/", body, project.version)
        assert answer.status_code in {403, 409}, move
    services.move_project(by=city.actor("charlie"), project=project, move="end", reason="合同解除")
    answer = call(
        city, person, "POST", f"projects/{project.pk}/moves/reopen/", {"reason": "再来"}, project.version
    )
    assert answer.status_code in {403, 409}
    project.refresh_from_db()
    assert (project.stage, project.status) == (stages.SIGNED, stages.ENDED)


def test_no_editor_signs_without_verification(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    city.claim(project)
    answer = call(city, "charlie", "POST", f"projects/{project.pk}/moves/sign/", {}, project.version)
    assert answer.status_code == 409
    assert "由另一位同事核验申报后自动进入" in answer.content.decode()


def test_of_two_edits_on_one_version_the_second_is_refused_with_both_values(city: City) -> None:
    project = city.project(site="集美新城")
    seen = project.version
    path = f"projects/{project.pk}/"
    first = call(city, "bob", "PATCH", path, {"site": "软件园三期东区"}, seen)
    assert first.status_code == 200
    second = call(city, "charlie", "PATCH", path, {"site": "机械工业集中区"}, seen)
    assert second.status_code == 409
    assert second.json()["conflicts"] == [
        {"field": "site", "label": "拟选址", "theirs": "软件园三期东区", "yours": "机械工业集中区"}
    ]
    project.refresh_from_db()
    assert project.site == "软件园三期东区"
    assert first.headers["ETag"] == f'"{project.version}"'
    # made again on the version that the refusal names, it is saved
    again = call(city, "charlie", "PATCH", path, {"site": "机械工业集中区"}, second.json()["version"])
    assert again.status_code == 200


def test_an_edit_without_a_version_is_refused(city: City) -> None:
    project = city.project()
    assert call(city, "bob", "PATCH", f"projects/{project.pk}/", {"site": "x"}).status_code == 428


def test_the_service_itself_refuses_the_second_edit(city: City) -> None:
    project = city.project()
    seen = project.version
    services.change_project(by=city.actor("bob"), project=project, version=seen, values={"site": "甲地"})
    with pytest.raises(Stale) as caught:
        services.change_project(
            by=city.actor("charlie"), project=project, version=seen, values={"site": "乙地"}
        )
    assert [(item.theirs, item.yours) for item in caught.value.conflicts] == [("甲地", "乙地")]


def test_moves_are_listed_as_they_are_enforced(city: City) -> None:
    project = city.project(project_class="")
    answer = call(city, "bob", "GET", f"projects/{project.pk}/moves/")
    offers = {offer["name"]: offer for offer in answer.json()}
    assert set(offers) == {"intend"}
    assert offers["intend"]["reasons"] == ["缺少“项目分类”。"]
    refused = call(city, "bob", "POST", f"projects/{project.pk}/moves/intend/", {}, project.version)
    assert (refused.status_code, refused.json()["reasons"]) == (409, offers["intend"]["reasons"])


def test_the_api_registers_assesses_and_converts(city: City) -> None:
    body = {
        "title": "封测基地",
        "source": "fair",
        "heard_date": "2026-05-01",
        "content": "拟建",
        "intended": "80000000.00",
    }
    made = call(city, "bob", "POST", "leads/", body)
    assert made.status_code == 201
    path = f"leads/{made.json()['id']}/"
    assert call(city, "alice", "GET", path).status_code == 404
    moved = call(city, "bob", "POST", f"{path}moves/qualify/", {"reason": "属实"}, 1)
    assert moved.status_code == 403
    moved = call(city, "charlie", "POST", f"{path}moves/qualify/", {"reason": "属实"}, 1)
    assert moved.json()["state"] == "qualified"
    converted = call(city, "bob", "POST", f"{path}moves/convert/", {}, 2)
    assert converted.status_code == 201
    assert converted.json()["code"].startswith("XM-")
    assert call(city, "bob", "POST", f"{path}moves/convert/", {}, 3).status_code == 409
    assert (
        call(city, "bob", "GET", "projects/?stage=planned").json()["results"][0]["lead"] == made.json()["id"]
    )
