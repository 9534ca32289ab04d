"""What an import makes of rows that mean, or may mean, an enterprise of the library; and of being disturbed."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from tests.factories import make_actor, make_unit, make_user, signed_in
from yinfeng.core import jobs, search
from yinfeng.core.actors import Actor
from yinfeng.core.models import Event, Follow, Job, Notice
from yinfeng.core.permissions import registry
from yinfeng.enterprises import imports, services
from yinfeng.enterprises.models import Enterprise, EnterpriseTag, FormerName
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db
ALL = [code for code in registry() if code.startswith("enterprises.")]
CODE, OTHER_CODE = "91350203M0001QKT19", "91350200612041010R"
LISTED = "企业名称,城市\n甲一有限公司,厦门市\n乙一有限公司,泉州市\n"


def home() -> Unit:
    return make_unit("home", parent=make_unit("city", "city"))


@pytest.fixture
def clerk() -> Actor:
    return make_actor("甲区专员", home(), ALL)


def start(by: Actor, text: str, tag: str = "") -> Job:
    parameters, source = {"tag": tag, "phase": "check"}, ContentFile(text.encode())
    job = jobs.start(
        by=by, kind=imports.KIND, title="名单", parameters=parameters, source=source, source_name="名单.csv"
    )
    jobs.run_job.func(job.pk)
    return Job.objects.get(pk=job.pk)


def confirmed(job: Job, by: Actor) -> Job:
    jobs.move(job, "confirm", by=by)
    jobs.run_job.func(job.pk)
    return Job.objects.get(pk=job.pk)


def written(by: Actor, text: str, tag: str = "") -> Job:
    job = confirmed(start(by, text, tag), by)
    assert job.state == "done", job.problem
    return job


def counts(job: Job) -> dict[str, int]:
    return {outcome: count for outcome, count in job.report["counts"].items() if count}


# --- what a list calls its columns --------------------------------------------------------------------------------

HEADS = {
    "公司名称": "name", "信用代码": "uscc", "股票代码": "listing_code", "所在省份": "province", "所在城市": "city",
    "注册地址": "address", "注册资金": "capital", "成立时间": "founded_date", "从业人数": "staff", "主营业务": "scope_of_business",
    "简介": "introduction", "来源": "source", "核实日期": "verified_date", "排名": "rank",
}  # fmt: skip


def test_the_heads_that_lists_have_are_known() -> None:
    text = f"{','.join(HEADS)}\n甲一有限公司,{CODE},600001.SH,福建省,厦门市{',' * 9}\n"
    with imports.open_list(io.BytesIO(text.encode()), "名单.csv") as table:
        assert [column.name for column in table.columns.values()] == list(HEADS.values())
        (row,) = map(imports.said, table)
    assert (row.values["province"], row.values["city"]) == ("福建省", "厦门市")


# --- which enterprise a row means ---------------------------------------------------------------------------------


def test_a_row_is_matched_by_name_by_code_and_by_listing_code(clerk: Actor) -> None:
    for name, values in (("甲一光电有限公司", {}), ("厦门乙一电子股份有限公司", {"uscc": CODE}),
                         ("厦门丙一医药股份有限公司", {"listing_code": "600001.SH"})):  # fmt: skip
        services.add_enterprise(by=clerk, values={"name": name, **values})
    rows = f"甲一光电有限公司,,,厦门市\n乙一电子,{CODE},,厦门市\n丙一医药,,600001.SH,厦门市\n"
    job = written(clerk, "企业名称,统一社会信用代码,证券代码,城市\n" + rows)
    assert counts(job) == {"updated": 3}
    assert Enterprise.objects.filter(city="厦门市").count() == 3
    assert not Enterprise.objects.filter(name="乙一电子").exists()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f"毫不相干有限公司,{CODE}", "代码属于库中的“示例光电（厦门）有限公司”"),
        (f"示例光电（厦门）有限公司,{OTHER_CODE}", CODE),
        ("旧名显示有限公司,", "曾用名"),
        ("示例光电（厦门）股份有限公司,", "只有公司形式不同"),
    ],
)
def test_a_doubtful_row_is_left_to_a_person(row: str, why: str, clerk: Actor) -> None:
    firm = services.add_enterprise(by=clerk, values={"name": "示例光电（厦门）有限公司", "uscc": CODE})
    services.add_former_name(by=clerk, enterprise=firm, name="旧名显示有限公司")
    job = written(clerk, f"企业名称,统一社会信用代码\n{row}\n")
    assert counts(job) == {"questioned": 1}
    assert why in job.report["rows"][0]["sentences"][0]
    assert Enterprise.objects.get() == firm


def test_nearly_equal_names_with_different_codes_are_two_enterprises(clerk: Actor) -> None:
    rows = f"示例光电（厦门）有限公司,{CODE}\n示例光电（厦门）股份有限公司,{OTHER_CODE}\n"
    assert counts(written(clerk, "企业名称,统一社会信用代码\n" + rows)) == {"new": 2}


def test_of_two_rows_with_one_code_or_nearly_one_name_the_first_is_taken(clerk: Actor) -> None:
    rows = f"甲一有限公司,{CODE}\n乙一有限公司,{CODE}\n丙一有限公司,\n丙一有限责任公司,\n丙一股份有限公司,\n"
    job = written(clerk, "企业名称,统一社会信用代码\n" + rows)
    assert counts(job) == {"new": 2, "refused": 2, "questioned": 1}
    assert set(Enterprise.objects.values_list("name", flat=True)) == {"甲一有限公司", "丙一有限公司"}


@pytest.mark.parametrize("chunk", [1, 500])
def test_of_two_rows_that_mean_one_enterprise_under_two_names_the_first_is_taken(
    chunk: int, clerk: Actor, monkeypatch: Any
) -> None:
    monkeypatch.setattr(imports, "CHUNK", chunk)
    firm = services.add_enterprise(by=clerk, values={"name": "示例光电（厦门）有限公司", "uscc": CODE})
    FormerName.objects.create(enterprise=firm, name="示例光电", name_key="示例光电", kind="alternative")
    rows = f"示例光电（厦门）有限公司,,10\n示例光电,,20\n示例光电有限公司,{CODE},30\n丙一有限公司,,40\n"
    job = written(clerk, "企业名称,统一社会信用代码,员工人数\n" + rows)
    assert counts(job) == {"new": 1, "updated": 1, "refused": 2}
    said = [line["sentences"][0] for line in job.report["rows"] if line["outcome"] == "refused"]
    assert all("同指库中的“示例光电（厦门）有限公司”" in sentence for sentence in said)
    firm.refresh_from_db()
    assert firm.staff == 10


def test_empty_cells_take_nothing_away(clerk: Actor) -> None:
    services.add_enterprise(by=clerk, values={"name": "甲一有限公司", "city": "厦门市", "staff": 10})
    assert counts(written(clerk, "企业名称,城市,员工人数\n甲一有限公司,,\n")) == {"unchanged": 1}
    assert Enterprise.objects.get().city == "厦门市"


def test_a_code_that_fails_its_check_is_taken_with_a_warning_and_an_identity_number_refused(
    clerk: Actor,
) -> None:
    rows = f"甲一有限公司,{CODE}\n乙一有限公司,11010519491231002X\n"
    job = written(clerk, "企业名称,统一社会信用代码\n" + rows)
    assert counts(job) == {"new": 1, "refused": 1}
    said = {line["outcome"]: "".join(line["sentences"]) for line in job.report["rows"]}
    assert "校验码" in said["new"]
    assert "身份证" in said["refused"]
    assert "11010519491231002X" not in said["refused"]


# --- disturbed ----------------------------------------------------------------------------------------------------


def test_a_row_that_somebody_entered_meanwhile_is_looked_at_again(clerk: Actor, monkeypatch: Any) -> None:
    """The first try collides with a colleague who commits between reading and writing."""
    decide, write, tries = imports.decide, services.write_batch, []

    def then_somebody_is_first(*args: Any) -> Any:
        batch = decide(*args)
        if not tries:
            services.add_enterprise(by=clerk, values={"name": "甲一有限公司", "city": "厦门市"})
        return batch

    def noting(**words: Any) -> Any:
        tries.append(len(words["new"]))
        return write(**words)

    job = start(clerk, LISTED)
    monkeypatch.setattr(imports, "decide", then_somebody_is_first)
    monkeypatch.setattr(services, "write_batch", noting)
    done = confirmed(job, clerk)
    assert (done.state, counts(done), tries) == ("done", {"new": 1, "unchanged": 1}, [2, 1])
    assert Enterprise.objects.count() == 2


def test_a_firm_changed_between_check_and_confirmation_is_compared_anew(clerk: Actor) -> None:
    firm = services.add_enterprise(by=clerk, values={"name": "甲一有限公司", "staff": 1})
    job = start(clerk, LISTED)
    services.change_enterprise(by=clerk, enterprise=firm, version=1, values={"city": "厦门市", "staff": 2})
    assert counts(confirmed(job, clerk)) == {"unchanged": 1, "new": 1}
    firm.refresh_from_db()
    assert (firm.staff, firm.version) == (2, 2)


def test_a_firm_renamed_between_check_and_confirmation_is_asked_about(clerk: Actor) -> None:
    firm = services.add_enterprise(by=clerk, values={"name": "甲一有限公司"})
    job = start(clerk, LISTED)
    assert counts(job) == {"updated": 1, "new": 1}
    services.change_enterprise(by=clerk, enterprise=firm, version=1, values={"name": "戊一有限公司"})
    done = confirmed(job, clerk)
    assert counts(done) == {"questioned": 1, "new": 1}
    assert "曾用名" in done.report["rows"][0]["sentences"][0]


def test_a_firm_merged_between_check_and_confirmation_is_the_one_it_became_part_of(clerk: Actor) -> None:
    gone = services.add_enterprise(by=clerk, values={"name": "甲一有限公司"})
    kept = services.add_enterprise(by=clerk, values={"name": "示例光电有限公司"})
    job = start(clerk, LISTED, "listed")
    services.merge(by=clerk, kept=kept, gone=gone, versions=(1, 1), choices={}, reason="两次录入")
    assert counts(confirmed(job, clerk)) == {"updated": 1, "new": 1}
    kept.refresh_from_db()
    assert kept.city == "厦门市"
    assert kept.tags.get().tag == "listed"


def test_a_name_like_one_entered_between_check_and_confirmation_is_asked_about(clerk: Actor) -> None:
    job = start(clerk, "企业名称\n示例光电（厦门）有限公司\n乙一有限公司\n")
    assert counts(job) == {"new": 2}
    services.add_enterprise(by=clerk, values={"name": "示例光电（厦门）股份有限公司"})
    assert counts(confirmed(job, clerk)) == {"questioned": 1, "new": 1}


def test_what_was_decided_ahead_is_decided_anew_when_somebody_touches_it(
    clerk: Actor, monkeypatch: Any
) -> None:
    """The next rows are decided while a chunk is written; what happens between the two is seen."""
    firm = services.add_enterprise(by=clerk, values={"name": "丙一有限公司"})
    monkeypatch.setattr(imports, "CHUNK", 2)
    job = start(clerk, "企业名称\n甲一有限公司\n乙一有限公司\n丙一有限公司\n示例光电（厦门）有限公司\n")
    assert counts(job) == {"new": 3, "unchanged": 1}
    real, calls = services.write_batch, []

    def then_others_act(**words: Any) -> Any:
        made = real(**words)
        calls.append(1)
        if len(calls) == 1:
            services.change_enterprise(by=clerk, enterprise=firm, version=1, values={"name": "戊一有限公司"})
            services.add_enterprise(by=clerk, values={"name": "示例光电（厦门）股份有限公司"})
        return made

    monkeypatch.setattr(services, "write_batch", then_others_act)
    done = confirmed(job, clerk)
    assert (counts(done), len(calls)) == ({"new": 2, "questioned": 2}, 3)


def test_a_firm_merged_while_its_tag_is_written_has_its_rows_written_once(
    clerk: Actor, monkeypatch: Any
) -> None:
    """On PostgreSQL a merger may end between the reading of a chunk and its tags."""
    services.add_enterprise(by=clerk, values={"name": "甲一有限公司", "city": "厦门市"})
    real, calls = services.tag_batch, []

    def collides(**words: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            return real(**words | {"ranks": {**words["ranks"], 10**9: None}})  # nobody is there any more
        return real(**words)

    job = start(clerk, LISTED, "listed")
    monkeypatch.setattr(services, "tag_batch", collides)
    done = confirmed(job, clerk)
    assert (done.state, counts(done), len(calls)) == ("done", {"updated": 1, "new": 1}, 2)
    assert Enterprise.objects.count() == EnterpriseTag.objects.filter(tag="listed").count() == 2


def test_what_was_imported_is_found_before_and_after_the_index_is_tidied(clerk: Actor) -> None:
    written(clerk, LISTED)
    for _turn in range(2):
        hits = search.ranked({"enterprises.enterprise": Enterprise.objects.all()}, "乙一", by=clerk)
        assert [hit.title for hit in hits] == ["乙一有限公司"]
        search.tidy()


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_rows_of_a_chunk_that_failed_are_read_again_by_the_same_process(
    failing: int, clerk: Actor, monkeypatch: Any
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 2)
    names = [f"甲{number}有限公司" for number in "一二三四五"]
    job = start(clerk, "企业名称\n" + "\n".join(names) + "\n")
    real, calls = services.write_batch, []

    def fails_once(**words: Any) -> Any:
        calls.append(1)
        if len(calls) == failing:
            raise OSError
        return real(**words)

    monkeypatch.setattr(services, "write_batch", fails_once)
    job = confirmed(job, clerk)
    assert job.state == "failed"
    jobs.move(job, "retry", by=clerk)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, counts(job)) == ("done", {"new": 5})
    assert set(Enterprise.objects.values_list("name", flat=True)) == set(names)


def test_a_reader_who_begins_anew_judges_rows_as_the_first_did(clerk: Actor, monkeypatch: Any) -> None:
    """Row 2 is refused for its staff, so row 5 of that name is the first to be taken, whoever reads it."""
    names = [
        "甲一有限公司,很多",
        "乙一有限公司,1",
        "丙一光电有限公司,1",
        "甲一有限公司,5",
        "丙一光电股份有限公司,1",
    ]
    monkeypatch.setattr(imports, "CHUNK", 2)
    text = "企业名称,员工人数\n" + "\n".join(names) + "\n"
    whole = start(clerk, text)
    real = imports.chunk

    def forgetful(job: Job, by: Actor) -> Any:
        imports._readings.clear()  # as if another process had taken over
        return real(job, by)

    monkeypatch.setitem(jobs.KINDS, imports.KIND, jobs.Kind(imports.KIND, "", forgetful))
    again = confirmed(start(clerk, text), clerk)
    # the row like an earlier one of the file is like one of the library by then
    judged = [[(row["number"], row["outcome"]) for row in job.report["rows"]] for job in (again, whole)]
    assert judged[0] == judged[1]
    assert counts(again) == counts(whole) == {"new": 3, "refused": 1, "questioned": 1}
    assert Enterprise.objects.get(name="甲一有限公司").staff == 5


def test_no_file_is_left_open(clerk: Actor, monkeypatch: Any) -> None:
    opened, real = [], imports.stores.open_stored

    def noting(*args: Any) -> Any:
        opened.append(real(*args))
        return opened[-1]

    monkeypatch.setattr(imports.stores, "open_stored", noting)
    monkeypatch.setattr(imports, "CHUNK", 2)
    left = start(clerk, "企业名称\n甲一有限公司\n乙一有限公司\n丙一有限公司\n")
    imports._readings[left.pk, "write"] = imports.reading(left, "check")  # as one that was broken off
    written(clerk, "企业名称,员工人数\n甲一有限公司,很多\n丁一有限公司,1\n戊一有限公司,1\n")
    assert len(opened) == 5  # this one twice; read to check, and after checking and writing for the report
    assert all(file.closed for file in opened)


def test_who_lost_the_right_meanwhile_writes_nothing() -> None:
    user = make_user("甲", home(), ALL)
    by = actor_for(user)
    job = start(by, "企业名称\n甲一有限公司\n")
    user.role_grants.all().delete()
    failed = confirmed(job, by)
    assert failed.state == "failed"
    assert not Enterprise.objects.exists()


# --- reports, followers, pages ------------------------------------------------------------------------------------


def test_followers_hear_of_what_an_import_changed(clerk: Actor) -> None:
    firm = services.add_enterprise(by=clerk, values={"name": "甲一有限公司"})
    follower = make_user("乙", home(), ALL)
    Follow.objects.create(owner=follower, object_type="enterprises.enterprise", object_id=firm.pk)
    written(clerk, "企业名称,城市\n甲一有限公司,厦门市\n")
    event = Event.objects.get(verb="enterprises.enterprise.updated")
    assert event.changes == {"city": ["", "厦门市"]}
    assert Notice.objects.get(owner=follower).event == event


def test_through_the_pages_from_the_file_to_the_annotated_workbook() -> None:
    user = make_user("乙", home(), ALL)
    client = signed_in(user)
    book = load_workbook(io.BytesIO(b"".join(client.get("/enterprises/import/template/").streaming_content)))
    assert "企业名称" in str(book.worksheets[0]["A1"].value)
    text = "企业名称,城市\n甲一有限公司,厦门市\n,泉州市\n".encode()
    begun = client.post("/enterprises/import/", {"file": SimpleUploadedFile("名单.csv", text), "tag": ""})
    assert begun.status_code == 302
    job = Job.objects.get()
    jobs.run_job.func(job.pk)
    assert not Enterprise.objects.exists()
    page = client.get(begun["Location"]).content.decode()
    assert "确认执行" in page
    confirmed(Job.objects.get(), actor_for(user))
    job = Job.objects.get()
    assert (job.state, Enterprise.objects.get().name) == ("done", "甲一有限公司")
    with job.result_file.open("rb") as stream:
        report = load_workbook(io.BytesIO(stream.read()))
    cells = {str(cell.value) for row in report.worksheets[0].iter_rows() for cell in row}
    assert {"泉州市", "未导入"} <= cells
    assert "厦门市" not in cells  # rows that went in need nobody
    refused = client.post("/enterprises/import/", {"file": SimpleUploadedFile("x.exe", b"MZ"), "tag": ""})
    assert refused.status_code == 422
