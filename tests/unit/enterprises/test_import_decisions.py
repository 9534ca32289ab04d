"""What a person decides about a questioned row is remembered, and the row taken up again; lists as tags; rules; memory."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_actor, make_user, signed_in
from tests.unit.enterprises.test_imports import ALL, CODE, confirmed, counts, home, start, written
from yinfeng.core import jobs, search
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Missing
from yinfeng.core.models import Event, Job
from yinfeng.enterprises import imports, naming, services
from yinfeng.enterprises.imports import rows
from yinfeng.enterprises.imports.memory import Decided, Earlier, Marks, Row
from yinfeng.enterprises.models import Distinction, Enterprise, EnterpriseTag, FormerName
from yinfeng.enterprises.queries import Firm
from yinfeng.orgs.queries import actor_for

NAMES = (
    Path(__file__).parents[4] / "shared" / "data" / "company-names" / "recruitment_company_mentions.csv.gz"
)
LIKE = "企业名称,城市\n示例光电（厦门）股份有限公司,厦门市\n"


@pytest.fixture
def clerk() -> Actor:
    return make_actor("甲区专员", home(), ALL)


@pytest.fixture
def firm(clerk: Actor) -> Enterprise:
    return services.add_enterprise(by=clerk, values={"name": "示例光电（厦门）有限公司"})


def again(job: Job, by: Actor) -> Job:
    more = imports.again(by=by, job=job)
    jobs.run_job.func(more.pk)
    return Job.objects.get(pk=more.pk)


# --- decisions ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestDecisions:
    def test_a_questioned_row_names_itself_and_its_candidates(self, clerk: Actor, firm: Enterprise) -> None:
        job = written(clerk, LIKE)
        (row,) = job.report["rows"]
        assert row["name"] == "示例光电（厦门）股份有限公司"
        assert [(item["id"], item["name"]) for item in row["candidates"]] == [(firm.pk, firm.name)]

    def test_the_same_becomes_another_name_and_the_row_an_update(
        self, clerk: Actor, firm: Enterprise
    ) -> None:
        job = written(clerk, LIKE)
        services.settle_row(by=clerk, job=job, number=2, enterprise=firm.pk, same=True)
        name = FormerName.objects.get(enterprise=firm)
        assert (name.name, name.kind) == ("示例光电（厦门）股份有限公司", "alternative")
        assert counts(again(job, clerk)) == {"updated": 1}
        assert Enterprise.objects.get().city == "厦门市"
        assert counts(written(clerk, LIKE)) == {"unchanged": 1}, "asked no more"

    def test_a_different_one_is_entered(self, clerk: Actor, firm: Enterprise) -> None:
        job = written(clerk, LIKE)
        services.settle_row(by=clerk, job=job, number=2, enterprise=firm.pk, same=False)
        finding = Distinction.objects.get()
        assert (finding.enterprise, finding.found_by_id) == (firm, clerk.user_id)
        assert Event.objects.filter(verb="enterprises.enterprise.told_apart", object_id=firm.pk).count() == 1
        assert counts(again(job, clerk)) == {"new": 1}
        assert Enterprise.objects.count() == 2
        assert counts(written(clerk, LIKE)) == {"unchanged": 1}

    @pytest.mark.parametrize(("same", "outcome"), [(True, "updated"), (False, "new")])
    def test_what_is_decided_before_the_confirmation_is_written_with_it(
        self, same: bool, outcome: str, clerk: Actor, firm: Enterprise
    ) -> None:
        job = start(clerk, LIKE)
        services.settle_row(by=clerk, job=job, number=2, enterprise=firm.pk, same=same)
        assert counts(confirmed(Job.objects.get(pk=job.pk), clerk)) == {outcome: 1}

    def test_a_person_may_think_again(self, clerk: Actor, firm: Enterprise) -> None:
        job = written(clerk, LIKE)
        for same in (False, True, False):
            services.settle_row(by=clerk, job=job, number=2, enterprise=firm.pk, same=same)
            assert (FormerName.objects.count(), Distinction.objects.count()) == ((1, 0) if same else (0, 1))
            found = search.matching("enterprises.enterprise", "厦门股份")
            assert list(found) == ([firm.pk] if same else []), "found by the name as long as it means it"
        told = Event.objects.filter(verb="enterprises.enterprise.told_apart", object_id=firm.pk)
        assert told.count() == 2

    def test_a_former_name_can_be_the_present_one_but_not_be_told_apart(
        self, clerk: Actor, firm: Enterprise
    ) -> None:
        services.add_former_name(by=clerk, enterprise=firm, name="旧名显示有限公司")
        job = written(clerk, "企业名称,城市\n旧名显示有限公司,厦门市\n")
        with pytest.raises(Conflict):
            services.settle_row(by=clerk, job=job, number=2, enterprise=firm.pk, same=False)
        services.settle_row(by=clerk, job=job, number=2, enterprise=firm.pk, same=True)
        assert counts(again(job, clerk)) == {"updated": 1}

    def test_a_row_like_an_earlier_one_of_the_file_has_a_candidate_the_second_time(
        self, clerk: Actor
    ) -> None:
        job = written(clerk, "企业名称\n丙一光电有限公司\n丙一光电股份有限公司\n")
        assert counts(job) == {"new": 1, "questioned": 1}
        more = again(job, clerk)
        assert counts(more) == {"questioned": 1}
        (row,) = more.report["rows"]
        assert [item["name"] for item in row["candidates"]] == ["丙一光电有限公司"]

    def test_only_who_began_the_import_decides_about_rows_that_are_there(
        self, clerk: Actor, firm: Enterprise
    ) -> None:
        job = written(clerk, LIKE)
        other = make_actor("乙区专员", home_of(clerk), ALL)
        with pytest.raises((Forbidden, Missing)):
            services.settle_row(by=other, job=job, number=2, enterprise=firm.pk, same=True)
        for number, enterprise in ((3, firm.pk), (2, firm.pk + 1)):
            with pytest.raises(Missing):
                services.settle_row(by=clerk, job=job, number=number, enterprise=enterprise, same=True)
        Job.objects.filter(pk=job.pk).update(state="running")
        with pytest.raises(Conflict):
            services.settle_row(by=clerk, job=job, number=2, enterprise=firm.pk, same=True)
        assert not FormerName.objects.exists()
        Job.objects.filter(pk=job.pk).update(state="done", report={})
        with pytest.raises(Conflict):
            imports.again(by=clerk, job=Job.objects.get(pk=job.pk))

    def test_on_the_page(self, firm: Enterprise) -> None:
        user = make_user("乙", home_of(None), ALL)
        client = signed_in(user)
        job = written(actor_for(user), LIKE)
        page = client.get(f"/jobs/{job.pk}/").content.decode()
        assert f'href="/enterprises/{firm.pk}/"' in page
        assert "不是同一家" in page
        assert f"/enterprises/import/{job.pk}/again/" in page
        done = client.post(f"/enterprises/import/{job.pk}/rows/2/{firm.pk}/", {"same": "no"})
        assert done.status_code == 302
        assert "已判断：不是同一家" in client.get(f"/jobs/{job.pk}/").content.decode()
        more = client.post(f"/enterprises/import/{job.pk}/again/")
        jobs.run_job.func(Job.objects.latest("pk").pk)
        assert more["Location"] == f"/jobs/{Job.objects.latest('pk').pk}/"
        assert Enterprise.objects.count() == 2


def home_of(actor: Actor | None) -> Any:
    from yinfeng.orgs.models import Unit

    return Unit.objects.filter(code="home").first() or home()


# --- lists as tags ------------------------------------------------------------------------------------------------


def listed(by: Actor, text: str, **parameters: Any) -> Job:
    file = SimpleUploadedFile("名单.csv", text.encode())
    job = imports.started(by=by, file=file, tag="top500", year=2025, **parameters)
    jobs.run_job.func(job.pk)
    return confirmed(Job.objects.get(pk=job.pk), by)


def tagged() -> dict[str, int | None]:
    rows = EnterpriseTag.objects.filter(tag="top500", year=2025)
    return dict(rows.values_list("enterprise__name", "rank"))


@pytest.mark.django_db
class TestLists:
    def test_a_list_gives_tag_year_and_rank_and_again_changes_nothing(self, clerk: Actor) -> None:
        text = "企业名称,名次\n甲一有限公司,1\n乙一有限公司,2\n"
        assert counts(listed(clerk, text)) == {"new": 2}
        assert tagged() == {"甲一有限公司": 1, "乙一有限公司": 2}
        assert counts(listed(clerk, text)) == {"unchanged": 2}
        assert counts(listed(clerk, "企业名称,名次\n甲一有限公司,7\n")) == {"updated": 1}
        assert tagged() == {"甲一有限公司": 7, "乙一有限公司": 2}
        assert counts(listed(clerk, "企业名称\n甲一有限公司\n")) == {"unchanged": 1}, (
            "a rank that is not said stays"
        )

    def test_a_complete_list_takes_the_tag_of_its_year_off_the_others(self, clerk: Actor) -> None:
        listed(clerk, "企业名称\n甲一有限公司\n乙一有限公司\n丙一光电有限公司\n")
        gone = Enterprise.objects.get(name="乙一有限公司")
        EnterpriseTag.objects.create(enterprise=gone, tag="top500", year=2024)
        job = listed(clerk, "企业名称\n甲一有限公司\n丙一光电股份有限公司\n丁一有限公司\n", complete=True)
        assert set(tagged()) == {"甲一有限公司", "丙一光电有限公司", "丁一有限公司"}, "in doubt it stays"
        assert EnterpriseTag.objects.filter(enterprise=gone).values_list("year", flat=True).get() == 2024
        assert "1 家企业已撤下" in "".join(job.report["notes"])
        event = Event.objects.get(verb="enterprises.enterprise.tagged")
        assert event.object_id == gone.pk
        assert "listed" not in job.report

    def test_a_list_that_is_not_complete_takes_nothing(self, clerk: Actor) -> None:
        listed(clerk, "企业名称\n甲一有限公司\n")
        listed(clerk, "企业名称\n乙一有限公司\n")
        assert len(tagged()) == 2

    def test_rows_taken_up_again_complete_no_list(self, clerk: Actor) -> None:
        listed(clerk, "企业名称\n丙一光电有限公司\n甲一有限公司\n")
        job = listed(clerk, "企业名称\n甲一有限公司\n丙一光电股份有限公司\n", complete=True)
        firm = Enterprise.objects.get(name="丙一光电有限公司")
        services.settle_row(by=clerk, job=job, number=3, enterprise=firm.pk, same=False)
        again(job, clerk)
        assert set(tagged()) == {"甲一有限公司", "丙一光电有限公司", "丙一光电股份有限公司"}

    def test_a_complete_list_names_its_tag(self, clerk: Actor) -> None:
        with pytest.raises(Exception, match="请选择它的标签"):
            imports.started(by=clerk, file=SimpleUploadedFile("a.csv", LIKE.encode()), complete=True)


# --- rules --------------------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=400) | st.sampled_from(["a" * 200, "a" * 201, "示例", "http://x.cn", "x"])
VALUES = {
    "name": TEXTS.filter(bool), "listing_code": TEXTS, "short_name": TEXTS, "province": TEXTS, "city": TEXTS, "address": TEXTS,
    "industry": TEXTS, "scope_of_business": TEXTS, "introduction": TEXTS, "website": TEXTS, "source": TEXTS,
    "staff": st.integers(-2, 2**33),
    "capital": st.decimals(allow_nan=False, allow_infinity=False) | st.just(Decimal("1.00")),
    "founded_date": st.dates(), "verified_date": st.dates(),
}  # fmt: skip


@pytest.mark.django_db
@given(st.fixed_dictionaries({}, optional=VALUES))
def test_the_quick_rules_are_the_models_own(values: dict[str, Any]) -> None:
    given = {name: value for name, value in values.items() if value not in (None, "")}
    key = "k" if "name" in given else ""
    expected = set()
    try:
        Enterprise(country="CN", name_key="k", **given).clean_fields(
            exclude=set() if "name" in given else {"name"}
        )
    except ValidationError as error:
        expected = set(error.message_dict)
    labels = {rows.label_of(name) for name in expected}
    found = rows.faults(given, key)
    assert {fault.split("：")[0] for fault in found} == labels
    assert len(found) == len(labels)


def test_keys_are_those_of_the_matching() -> None:
    with gzip.open(NAMES, "rt", encoding="utf-8") as file:
        names = [row["company_name"] for row in csv.DictReader(file)][::20]
    names += [
        "福建省厦門市金龍汽車股份公司",
        "ABB（中国）有限公司",
        "ABB Ltd.",
        "甲有限責任公司",
        "1号店",
        "中国银行厦门分行",
    ]
    assert [rows.key_of(name) for name in names] == [naming.parse(name).key for name in names]


# --- memory -------------------------------------------------------------------------------------------------------


@given(st.lists(st.sets(st.text(max_size=3), max_size=8), max_size=30))
def test_marks_know_what_was_there(batches: list[set[str]]) -> None:
    marks, there = Marks(), set()
    for batch in batches:
        asked = sorted(batch | {"x", "y"})
        assert marks.known(asked) == there & set(asked)
        marks.add(batch)
        there |= batch
    assert sum(map(len, marks.runs)) <= sum(map(len, batches))
    assert len(marks.runs) < 8


def test_earlier_rows_are_found_by_what_they_share() -> None:
    earlier = Earlier()
    for number in range(40):
        earlier.add((f"部分{number % 7}", Row(number * 10 + at, "甲\n“乙”", CODE, "")) for at in range(3))
    found = list(earlier.like("部分3", 10_000))
    assert sorted(row.number for row in found) == [n * 10 + at for n in range(3, 40, 7) for at in range(3)]
    assert set(earlier.like("没有", 10_000)) == set()
    assert {row.number for row in earlier.like("部分3", 32)} == {30, 31}
    assert found[0].name == "甲\n“乙”"
    earlier.close()


def test_what_was_decided_comes_back_as_it_was() -> None:
    said = rows.Said(
        7,
        {"name": "甲", "capital": Decimal("1.50"), "founded_date": date(2020, 1, 2), "staff": 3},
        "甲",
        9,
        ["?"],
        ["!"],
    )
    firm = Firm(
        5, 2, {"name": "甲", "capital": None, "founded_date": None, "verified_date": date(2021, 1, 2)}
    )
    decided = Decided()
    decided.add([(said, None), (said, "部分"), (said, firm)])
    assert list(decided) == [(said, None), (said, "部分"), (said, firm)]
    decided.close()
