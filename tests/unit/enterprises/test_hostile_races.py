"""Two people enter, import or change the same enterprise at the same moment. Real threads, real connections."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from tests.factories import make_actor, make_enterprise, make_unit
from tests.factories.races import at_once
from tests.unit.projects.test_races import refusals
from yinfeng.core import jobs
from yinfeng.core.actors import Actor
from yinfeng.core.models import Job
from yinfeng.core.permissions import registry
from yinfeng.enterprises import imports, services
from yinfeng.enterprises.models import Enterprise, FormerName

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
ALL = [code for code in registry() if code.startswith("enterprises.")]
CODE = "91350203M0001QKT19"


@pytest.fixture
def people(transactional_db: None) -> list[Actor]:
    city = make_unit("city", "city")
    return [make_actor(name, make_unit(name, parent=city), ALL) for name in ("甲区", "乙区", "丙区", "丁区")]


def test_one_code_is_entered_once(people: list[Actor]) -> None:
    results = at_once(
        [
            lambda by=by: services.add_enterprise(
                by=by, values={"name": f"{by.name}科技有限公司", "uscc": CODE, "country": "CN"}
            )
            for by in people
        ]
    )
    assert refusals(results) == 3
    assert Enterprise.objects.filter(uscc=CODE).count() == 1


def test_one_name_is_entered_once_however_it_is_written(people: list[Actor]) -> None:
    names = [
        "厦门测试（集团）有限公司",
        "厦门测试(集团)有限公司",
        "厦门测试 （集团） 有限公司",
        "厦门测试（集團）有限公司",
    ]
    results = at_once(
        [
            lambda by=by, name=name: services.add_enterprise(by=by, values={"name": name, "country": "CN"})
            for by, name in zip(people, names, strict=True)
        ]
    )
    kept = Enterprise.objects.count()
    assert refusals(results) == 4 - kept
    assert kept <= 2  # the traditional character may stand for another firm


def test_a_former_name_is_noted_once(people: list[Actor]) -> None:
    firm = make_enterprise("现名有限公司")
    results = at_once(
        [lambda by=by: services.add_former_name(by=by, enterprise=firm, name="旧名有限公司") for by in people]
    )
    assert refusals(results) == 3
    assert FormerName.objects.count() == 1


def test_one_list_imported_by_all_at_once_is_in_the_library_once(people: list[Actor]) -> None:
    rows = "\n".join(f"测试{number}号制造有限公司,企业{number}" for number in range(400))
    text = f"企业名称,简称\n{rows}"

    def run(by: Actor) -> str:
        job = jobs.start(
            by=by, kind=imports.KIND, title="名单", parameters={"tag": "", "phase": "check"},
            source=ContentFile(text.encode()), source_name="名单.csv",
        )  # fmt: skip
        jobs.run_job.func(job.pk)
        jobs.move(Job.objects.get(pk=job.pk), "confirm", by=by)
        jobs.run_job.func(job.pk)
        found = Job.objects.get(pk=job.pk)
        return f"{found.state} {found.problem}"

    results = at_once([lambda by=by: run(by) for by in people])
    assert results == ["done "] * 4
    assert Enterprise.objects.count() == 400
