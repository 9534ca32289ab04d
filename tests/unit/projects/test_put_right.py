"""A wrong amount of a project that is over: reversed and claimed anew, by two people, and nothing else."""

from __future__ import annotations

import pytest

from tests.factories import make_actor, signed_in
from tests.factories.reversals import reverse_entry
from tests.unit.projects.conftest import City
from yinfeng.core.errors import Blocked, Conflict
from yinfeng.core.money import WAN
from yinfeng.projects import services, stages
from yinfeng.projects.models import Entry, Project
from yinfeng.projects.queries.claims import to_verify

pytestmark = pytest.mark.django_db


@pytest.mark.clause("3.5")
def test_what_was_reversed_of_an_ended_project_may_be_claimed_anew(city: City) -> None:
    project = city.project(stages.REGISTERED)
    city.verified(project, stages.CAPITAL, yuan=300 * WAN)
    services.move_project(by=city.actor("charlie"), project=project, move="end", reason="企业撤资")
    for kind in (stages.CAPITAL, stages.SIGNED):
        with pytest.raises((Blocked, Conflict)):
            city.claim(project, kind)
    office = make_actor("市办", city.root, ["projects.project.view", "projects.ledger.reverse"])
    entry = Entry.objects.get(project=project, kind=stages.CAPITAL)
    reverse_entry(by=office, entry=entry, reason="少记一位")
    project = Project.objects.get(pk=project.pk)
    with pytest.raises(Blocked) as refused:
        city.claim(project, stages.CAPITAL, key="凭证2")  # another voucher is something new
    assert "终止" in str(refused.value.reasons)
    page = signed_in(city.users["bob"]).get(f"/projects/{project.pk}/").content.decode()
    assert f"/projects/{project.pk}/claims/{stages.CAPITAL}/" in page
    assert f"/projects/{project.pk}/claims/{stages.SIGNED}/" not in page
    claim = city.claim(project, stages.CAPITAL, yuan=3_000 * WAN)
    assert claim in to_verify(city.actor("charlie"))
    services.verify_claim(by=city.actor("charlie"), claim=claim)
    counting = Entry.objects.filter(project=project, kind=stages.CAPITAL).counting()
    assert [entry.amount for entry in counting] == [3_000 * WAN]
    with pytest.raises((Blocked, Conflict)):
        city.claim(project, stages.CAPITAL)


def test_the_signing_of_an_ended_project_is_claimed_anew_before_its_registration(city: City) -> None:
    project = city.project(stages.REGISTERED)
    services.move_project(by=city.actor("charlie"), project=project, move="end", reason="企业撤资")
    office = make_actor("市办", city.root, ["projects.project.view", "projects.ledger.reverse"])
    for entry in Entry.objects.filter(project=project):
        reverse_entry(by=office, entry=entry, reason="金额有误")
    project = Project.objects.get(pk=project.pk)
    with pytest.raises(Blocked):
        city.claim(project, stages.REGISTERED)
    for kind in (stages.SIGNED, stages.REGISTERED):
        page = signed_in(city.users["bob"]).get(f"/projects/{project.pk}/").content.decode()
        assert f"/projects/{project.pk}/claims/{kind}/" in page
        city.verified(project, kind)
    project.refresh_from_db()
    assert (project.status, project.stage) == (stages.ENDED, stages.REGISTERED)
    assert project.contracted == 4_000 * WAN
