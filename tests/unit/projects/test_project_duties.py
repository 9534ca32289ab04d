"""Duties that come from a project, a difficulty or a milestone: set on the spot, seen on the project's page (ADR 26)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_user, signed_in
from tests.factories.races import at_once
from tests.unit.projects.conftest import PDF, VIEW, City
from tests.unit.projects.test_construction import building, raised
from yinfeng.core import events, mailing
from yinfeng.core import services as core
from yinfeng.core.errors import Blocked, Conflict
from yinfeng.core.models import Code, Delivery, Event
from yinfeng.duties import services as duties
from yinfeng.duties import terms
from yinfeng.duties.models import Duty
from yinfeng.duties.sources import new_url
from yinfeng.projects import services, stages
from yinfeng.projects.models import Milestone

OFFICER = [
    *VIEW,
    "projects.project.view_sensitive",
    *(f"duties.duty.{act}" for act in ("view", "view_sensitive", "set", "review")),
]
WORKER = [
    *VIEW,
    "projects.project.view_sensitive",
    "duties.duty.view",
    "duties.duty.view_sensitive",
    "duties.duty.handle",
]


@pytest.fixture
def staff(city: City) -> City:
    """olga: officer for the whole city; wang: clerk of 集美 who works on its duties."""
    Code.objects.create(table="problem_kind", code="land", name="用地")
    Code.objects.create(table="milestone", code="piling", name="桩基完成")
    city.users["olga"] = make_user("olga", city.root, OFFICER)
    city.users["wang"] = make_user("wang", city.jimei, WORKER)
    return city


def form(city: City, **values: object) -> dict[str, object]:
    day = timezone.localdate() + timedelta(days=20)
    return {
        "set_unit": city.group.pk, "item": "协调用地", "target": "平整完毕", "requirement": "每周报告", "lead_unit": city.jimei.pk,
        "due_date": day, "grade": "key", "source_text": "", **values,
    }  # fmt: skip


@pytest.mark.clause("3.5.3")
def test_a_difficulty_becomes_a_duty_and_is_solved_when_that_is_closed(staff: City) -> None:
    project = building(staff)
    row = raised(staff, project)
    client = signed_in(staff.users["olga"])
    page = client.get(new_url(row)).content.decode()
    assert row.what in page
    assert str(row.due_date) in page
    assert client.post(new_url(row), form(staff)).status_code == 302
    duty = Duty.objects.get(source_kind=terms.DIFFICULTY)
    assert (duty.source_id, duty.about_id, duty.secrecy) == (row.pk, project.pk, terms.INTERNAL)
    told = client.get(reverse("project-duties", args=[project.pk])).content.decode()
    assert duty.item in told
    page = client.get(reverse("project-construction", args=[project.pk])).content.decode()
    assert f"{duty.number} · 待签收 · {duty.due_date} 前办结" in page
    assert duty.get_absolute_url() in page
    assert new_url(row) not in page
    wang = staff.actor("wang")
    duties.move_duty(by=wang, duty=duty, move="accept")
    duties.submit_duty(
        by=wang, duty=duty, result="已平整", files=[(ContentFile(PDF, "证明.pdf"), "证明.pdf")]
    )
    row.refresh_from_db()
    assert row.state == stages.OPEN
    duties.move_duty(by=staff.actor("olga"), duty=duty, move="approve")
    row.refresh_from_db()
    assert (row.state, row.solved_date) == (stages.SOLVED, timezone.localdate())
    assert "已平整" in row.how
    over = client.get(reverse("project-duties", args=[project.pk])).content.decode()
    assert "已办结" in over


def test_what_has_one_duty_at_a_time_gets_no_second_while_that_is_open(staff: City) -> None:
    project = building(staff)
    milestone = Milestone.objects.create(
        project=project, kind="piling", planned_date=timezone.localdate() + timedelta(days=9)
    )
    client, olga, wang = signed_in(staff.users["olga"]), staff.actor("olga"), staff.actor("wang")
    construction = reverse("project-construction", args=[project.pk])
    for obj in (raised(staff, project), milestone):
        assert new_url(obj) in client.get(construction).content.decode()
        client.post(new_url(obj), form(staff))
        first = Duty.objects.latest("pk")
        for refused in (client.get(new_url(obj)), client.post(new_url(obj), form(staff))):
            assert refused.status_code == 409
            assert first.number in refused.content.decode()
        page = client.get(construction).content.decode()
        assert f"{first.number} · 待签收" in page
        assert new_url(obj) not in page
        duties.move_duty(by=olga, duty=first, move="cancel", reason="另行安排")
        page = client.get(construction).content.decode()
        assert (first.number in page, new_url(obj) in page) == (False, True)
        assert client.post(new_url(obj), form(staff)).status_code == 302
    # a milestone's duty that was closed is not put to work beside the next one
    second = Duty.objects.latest("pk")
    duties.move_duty(by=wang, duty=second, move="accept")
    duties.submit_duty(
        by=wang, duty=second, result="已完成", files=[(ContentFile(PDF, "证明.pdf"), "证明.pdf")]
    )
    duties.move_duty(by=olga, duty=second, move="approve")
    client.post(new_url(milestone), form(staff))
    with pytest.raises(Blocked, match="已经交办督办"):
        duties.move_duty(by=olga, duty=second, move="reopen", reason="复核")
    # the project itself may have several
    for _turn in range(2):
        assert client.post(new_url(project), form(staff)).status_code == 302


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_set_a_duty_from_one_difficulty_at_once_one_does(
    transactional_db: None, staff: City
) -> None:
    project = building(staff)
    row, olga, day = raised(staff, project), staff.actor("olga"), timezone.localdate() + timedelta(days=20)
    six = duties.Six(
        item="协调用地", target="平整完毕", requirement="每周报告", lead_unit=staff.jimei, due_date=day
    )
    origin = duties.Origin(terms.DIFFICULTY, obj=row, about=project)

    def act() -> Duty:
        return duties.set_duty(by=olga, six=six, origin=origin, set_unit=staff.group)

    results = at_once([act, act])
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert Duty.objects.count() == 1


def test_a_difficulty_solved_before_its_duty_is_closed_stays_as_it_was(staff: City) -> None:
    row = raised(staff, building(staff))
    client, wang = signed_in(staff.users["olga"]), staff.actor("wang")
    client.post(new_url(row), form(staff))
    duty = Duty.objects.get(source_kind=terms.DIFFICULTY)
    row.state, row.solved_date, row.closed_date, row.how = (
        stages.SOLVED,
        timezone.localdate(),
        timezone.localdate(),
        "自行协调",
    )
    row.save()
    duties.move_duty(by=wang, duty=duty, move="accept")
    duties.submit_duty(
        by=wang, duty=duty, result="已平整", files=[(ContentFile(PDF, "证明.pdf"), "证明.pdf")]
    )
    duties.move_duty(by=staff.actor("olga"), duty=duty, move="approve")
    row.refresh_from_db()
    assert row.how == "自行协调"


def test_what_comes_from_a_sensitive_project_is_as_sensitive(staff: City) -> None:
    project = building(staff)
    project.secrecy = stages.SENSITIVE
    project.save()
    milestone = Milestone.objects.create(
        project=project, kind="piling", planned_date=timezone.localdate() + timedelta(days=9)
    )
    client = signed_in(staff.users["olga"])
    for obj, kind in ((project, terms.PROJECT), (milestone, terms.MILESTONE)):
        assert client.post(new_url(obj), form(staff)).status_code == 302
        duty = Duty.objects.get(source_kind=kind)
        assert (duty.secrecy, duty.about_id) == (terms.SENSITIVE, project.pk)
    assert "桩基完成" in client.get(reverse("duty", args=[duty.pk])).content.decode()


def test_nobody_sets_a_duty_from_what_he_does_not_see(staff: City) -> None:
    project = building(staff)
    stranger = make_user("setter", staff.huli, [*VIEW, "duties.duty.view", "duties.duty.set"])
    client = signed_in(stranger)
    assert client.get(new_url(project)).status_code == 404
    for odd in (
        "projects.project-",
        "projects.claim-1",
        "x",
        "projects.project-9999999999999999999",
        "projects.project-١",
    ):
        assert client.get(f"{reverse('duty-new')}?from={odd}").status_code == 404
    assert not Duty.objects.exists()


def test_a_duty_becomes_as_secret_as_its_project_does(staff: City) -> None:
    project = building(staff)
    signed_in(staff.users["olga"]).post(new_url(project), form(staff))
    duty = Duty.objects.get(source_kind=terms.PROJECT)
    assert duty.secrecy == terms.INTERNAL
    services.change_project(
        by=staff.actor("bob"), project=project, version=project.version, values={"secrecy": stages.SENSITIVE}
    )
    duty.refresh_from_db()
    assert duty.secrecy == terms.SENSITIVE


def test_letters_name_no_sensitive_project_and_its_page_no_sensitive_duty(staff: City) -> None:
    project = building(staff)
    olga = staff.users["olga"]
    olga.email = "olga@example.cn"
    olga.save()
    six = duties.Six(
        item="不可外传", target="平整", requirement="报告", lead_unit=staff.jimei, due_date=timezone.localdate() + timedelta(days=9)
    )  # fmt: skip
    duty = duties.set_duty(
        by=staff.actor("olga"), six=six, origin=duties.Origin(terms.PROJECT, obj=project, about=project),
        set_unit=staff.group, secrecy=terms.SENSITIVE,
    )  # fmt: skip
    told = Event.objects.get(verb="duties.about.set", object_id=project.pk).data["text"]
    assert (duty.number in told, "不可外传" in told) == (True, False)
    project.secrecy = stages.SENSITIVE
    project.save()
    core.notify(events.record(by=staff.actor("bob"), verb="projects.project.changed", obj=project), [olga.pk])
    mailing.write_letters(timezone.now() + mailing.WAIT + timedelta(minutes=1))
    letter = Delivery.objects.get().text
    assert (f"一个敏感项目（{project.code}）" in letter, project.name in letter) == (True, False)


def test_a_day_that_has_passed_is_not_proposed_again(staff: City) -> None:
    row = raised(staff, building(staff))
    row.due_date = timezone.localdate() - timedelta(days=2)
    row.save()
    page = signed_in(staff.users["olga"]).get(new_url(row))
    assert page.context["form"].initial["due_date"] is None
