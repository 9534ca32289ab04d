"""What an insider, a rival district, a former colleague and an outsider try; each attack once succeeded or came close."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from openpyxl import load_workbook

from tests.factories import grant, make_user, signed_in
from tests.unit.projects.conftest import PDF, City
from yinfeng.core import services as core
from yinfeng.core.models import Follow, Notice, SavedView
from yinfeng.projects import services, stages
from yinfeng.projects.models import Project

SECRET = "绝密的凤凰项目"


# --- reading what is out of sight -----------------------------------------------------------------------------------


def test_a_leads_page_does_not_name_a_project_out_of_sight(city: City) -> None:
    """The handling unit of a lead sees the lead, not the sensitive project that came of it."""
    lead = city.lead(stages.QUALIFIED, handling_unit=city.huli)
    project = services.convert_lead(
        by=city.actor("bob"), lead=lead, values={"name": SECRET, "secrecy": stages.SENSITIVE}
    )
    client = signed_in(city.users["alice"])
    assert client.get(project.get_absolute_url()).status_code == 404
    page = client.get(lead.get_absolute_url())
    assert page.status_code == 200
    assert SECRET not in page.content.decode()
    assert project.code not in page.content.decode()
    # the control: who may see the project is led to it
    assert SECRET in signed_in(city.users["bob"]).get(lead.get_absolute_url()).content.decode()


def test_a_projects_timeline_does_not_tell_of_a_lead_out_of_sight(city: City) -> None:
    lead = city.lead()
    services.change_lead(
        by=city.actor("bob"), lead=lead, version=lead.version, values={"content": f"内部研判：{SECRET}"}
    )
    services.move_lead(by=city.actor("charlie"), lead=lead, move="qualify", reason=f"研判：{SECRET}")
    project = services.convert_lead(by=city.actor("bob"), lead=lead, values={"name": "某项目"})
    services.add_unit(by=city.actor("bob"), project=project, unit=city.huli, part=stages.JOINT)
    Project.objects.filter(pk=project.pk).update(summary="公开简介")
    client = signed_in(city.users["alice"])
    assert client.get(lead.get_absolute_url()).status_code == 404
    page = client.get(project.get_absolute_url())
    assert page.status_code == 200
    assert SECRET not in page.content.decode()


def test_a_follower_who_lost_sight_of_a_project_hears_no_more_of_it(city: City) -> None:
    project = city.project()
    services.add_unit(by=city.actor("bob"), project=project, unit=city.huli, part=stages.JOINT)
    alice = city.users["alice"]
    core.follow(by=city.actor("alice"), obj=project)
    part = project.participations.get(unit=city.huli)
    services.remove_unit(by=city.actor("bob"), project=project, pk=part.pk, reason="不再协同")
    Notice.objects.filter(owner=alice).delete()
    project.refresh_from_db()
    services.change_project(
        by=city.actor("bob"), project=project, version=project.version, values={"name": SECRET}
    )
    project.refresh_from_db()
    services.move_project(by=city.actor("charlie"), project=project, move="hold", reason=f"{SECRET}的缘故")
    assert not Notice.objects.filter(owner=alice).exists()


def test_old_notices_of_a_project_out_of_sight_stay_closed(city: City) -> None:
    """What one was told while one might see the project is neither listed nor mailed afterwards."""
    project = city.project(name=SECRET)
    services.add_unit(by=city.actor("bob"), project=project, unit=city.huli, part=stages.JOINT)
    alice = city.users["alice"]
    core.follow(by=city.actor("alice"), obj=project)
    services.move_project(by=city.actor("charlie"), project=project, move="hold", reason="暂缓原因")
    client = signed_in(alice)
    assert SECRET in client.get(reverse("notices")).content.decode()
    part = project.participations.get(unit=city.huli)
    services.remove_unit(by=city.actor("bob"), project=project, pk=part.pk, reason="不再协同")
    assert SECRET not in client.get(reverse("notices")).content.decode()


def test_verifiers_are_not_told_of_a_sensitive_project_out_of_sight(city: City) -> None:
    project = city.project(stages.NEGOTIATING, name=SECRET, secrecy=stages.SENSITIVE)
    assert not Project.objects.permitted(city.actor("dora")).filter(pk=project.pk).exists()
    city.claim(project)
    assert not Notice.objects.filter(owner=city.users["dora"]).exists()


def test_an_export_holds_only_what_one_may_export(city: City) -> None:
    """Sees the whole city, may export for one district."""
    user = make_user("看得多", city.root, ["projects.project.view"])
    grant(user, city.huli, ["projects.project.export"])
    city.project(name="集美的项目")
    answer = signed_in(user).get(reverse("projects-export") + "?format=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "集美的项目" not in text


# --- writing what is closed -----------------------------------------------------------------------------------------


def upload(client: Any, obj: Any, kind: str) -> int:
    path = reverse("file-add", args=[kind, obj.pk])
    return client.post(path, {"kind": "other", "file": ContentFile(PDF, name="补充.pdf")}).status_code


def test_no_file_is_added_to_or_taken_off_what_is_over(city: City) -> None:
    client = signed_in(city.users["charlie"])
    project = city.project(stages.NEGOTIATING)
    kept = core.attach_file(
        by=city.actor("charlie"), obj=project, file=ContentFile(PDF, name="纪要.pdf"), name="纪要.pdf"
    )
    assert upload(client, project, "projects.project") == 302
    services.move_project(by=city.actor("charlie"), project=project, move="end", reason="不再推进")
    assert upload(client, project, "projects.project") == 409
    client.post(reverse("file-remove", args=[kept.pk]), {"reason": "不要了"})
    kept.refresh_from_db()
    assert kept.removed_at is None


def test_no_file_is_added_to_a_lead_that_is_closed(city: City) -> None:
    client = signed_in(city.users["bob"])
    assert upload(client, city.lead(), "projects.lead") == 302
    for state in (stages.DECLINED, stages.CONVERTED):
        assert upload(client, city.lead(state), "projects.lead") == 409


def test_nobody_joins_or_leaves_what_is_out_of_reach_in_bulk(city: City) -> None:
    mine, theirs = city.project(), city.project(by="alice")
    client = signed_in(city.users["bob"])
    keys = [mine.pk, theirs.pk]
    client.post(reverse("projects-joint"), {"pk": keys, "unit": city.group.pk})
    client.post(reverse("projects-follow"), {"pk": keys})
    assert mine.participations.filter(unit=city.group, part=stages.JOINT).exists()
    assert not theirs.participations.filter(unit=city.group, part=stages.JOINT).exists()
    assert list(Follow.objects.filter(owner=city.users["bob"]).values_list("object_id", flat=True)) == [
        mine.pk
    ]


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://evil.example")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "＝1+1"]
)
def test_no_name_becomes_a_formula_in_an_export(city: City, name: str) -> None:
    city.project(name=name, site="=cmd|' /C calc'!A0")
    client = signed_in(city.users["bob"])
    answer = client.get(reverse("projects-export") + "?format=csv&col=name")
    line = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[1]
    assert line.lstrip('"')[:1] not in "=+-@\t＝"
    answer = client.get(reverse("projects-export") + "?format=xlsx&col=name")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_view_is_saved_without_what_no_database_keeps(city: City) -> None:
    client = signed_in(city.users["bob"])
    answer = client.post("/views/save/", {"key": "pro\0jects", "name": "我的\0视图", "query": "q=%00"})
    assert answer.status_code == 302
    assert list(SavedView.objects.values_list("page", "name")) == [("projects", "我的视图")]
    assert client.post("/views/save/", {"key": "projects", "name": "\0", "query": ""}).status_code == 422
