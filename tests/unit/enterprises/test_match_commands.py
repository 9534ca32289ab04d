"""Names matched with the database's library: while typing, in the form, by the commands; what people decided is remembered."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_actor, make_enterprise, make_unit, make_user, signed_in
from yinfeng.core import jobs, search
from yinfeng.core.actors import Actor
from yinfeng.core.models import Job
from yinfeng.core.permissions import registry
from yinfeng.enterprises import deduping, queries, services
from yinfeng.enterprises.models import Distinction, Doubt, Enterprise
from yinfeng.enterprises.names_file import Line, read_names

pytestmark = pytest.mark.django_db
ALL = [code for code in registry() if code.startswith("enterprises.")]


@pytest.fixture
def clerk() -> Actor:
    return make_actor("甲区专员", make_unit("home", parent=make_unit("city", "city")), ALL)


def enter(clerk: Actor, name: str, **values: Any) -> Enterprise:
    return services.add_enterprise(by=clerk, values={"name": name, "country": "CN", **values})


def answers(name: str, **codes: str) -> list[tuple[str, str]]:
    return [(item.enterprise.name, item.level) for item in queries.similar(name, **codes)]


@pytest.mark.parametrize(
    "typed",
    [
        "厦门信达福电子有限责任公司",
        "信达福电子（厦门）有限公司",
        "信达福电子",
        "廈門信達福電子有限公司",
        "鹭江仪表厂",
        "信达福",
        "Xindafu",
    ],
)
def test_the_same_while_typing(clerk: Actor, typed: str) -> None:
    firm = enter(clerk, "厦门信达福电子有限公司", name_en="Xindafu Co., Ltd.")
    services.add_former_name(by=clerk, enterprise=firm, name="鹭江仪表厂")
    assert answers(typed) == [(firm.name, "same")]


@pytest.mark.parametrize(
    "typed",
    [
        "厦门信达付电子有限公司",
        "厦门新达福电子有限公司",
        "厦门信福电子有限公司",
        "厦门达信福电子有限公司",
        "信达福电子有限公司",
        "厦们信达福电子有限公司",
    ],
)
def test_slips_are_possible_while_typing(clerk: Actor, typed: str) -> None:
    firm = enter(clerk, "厦门信达福电子有限公司")
    assert answers(typed) == [(firm.name, "possible")]


def test_codes_mean_an_enterprise_whatever_it_is_called(clerk: Actor) -> None:
    firm = enter(clerk, "厦门信达福电子有限公司", uscc="91350200M0001QKT1W", listing_code="600000.SH")
    assert answers("别名", code="91350200m0001qkt1w") == [(firm.name, "same")]
    assert answers("别名", listing="600000.sh") == [(firm.name, "same")]


def test_a_branch_is_linked_with_its_head_office(clerk: Actor) -> None:
    head = enter(clerk, "招信银行股份有限公司")
    assert answers("招信银行股份有限公司厦门分行") == [(head.name, "linked")]
    form = signed_in(make_user("乙", make_unit("home"), ALL))
    page = form.get("/enterprises/check/", {"name": "招信银行股份有限公司厦门分行"}).content.decode()
    assert "有关联，不是同一家" in page
    sent = form.post("/enterprises/add/", {"name": "招信银行股份有限公司厦门分行", "country": "CN"})
    assert sent.status_code == 302  # linked only: nothing to ask


def test_what_was_told_apart_does_not_come_again(clerk: Actor) -> None:
    firm = enter(clerk, "厦门信达福电子有限公司")
    client = signed_in(make_user("乙", make_unit("home"), ALL))
    data = {"name": "厦门信达付电子有限公司", "country": "CN"}
    assert client.post("/enterprises/add/", data).status_code == 409
    assert client.post("/enterprises/add/", {**data, "different": "on"}).status_code == 302
    assert Distinction.objects.filter(enterprise=firm, name=data["name"]).exists()
    assert Distinction.objects.filter(name=firm.name, enterprise__name=data["name"]).exists()
    assert answers(data["name"]) == [(data["name"], "same")]


@given(st.text(max_size=40))
def test_any_text_may_be_typed(typed: str) -> None:
    assert isinstance(queries.similar(typed, typed, typed), list)


def test_common_words_do_not_hide_a_name(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the ways to find a name those that many objects go are left out, not the telling ones."""
    for number in range(30):
        make_enterprise(f"厦门甲{number}电子有限公司")
    firm = enter(clerk, "厦门信达福电子有限公司")
    for _count in search.rebuild(Enterprise):
        pass
    monkeypatch.setattr(search, "_is_common", lambda question, from_=0: len(question.terms[0]) > 3)
    assert (firm.name, "possible") in answers("厦门信达付电子有限公司")


# --- files of names -----------------------------------------------------------------------------------------------


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("a.txt", "信达\n\n 波士顿咨询, Inc. \n", ["信达", "波士顿咨询, Inc."]),
        ("a.csv", "企业名称,统一社会信用代码\n信达,91350200M0001QKT1W\n", ["信达"]),
        ("a.csv", "id,name\n7,信达\n", ["信达"]),
        ("a.csv", "信达\n明辉\n", ["信达", "明辉"]),
        ("a.tsv", "name\tx\n信达\t1\n", ["信达"]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_names_are_read_from_lines_and_tables(
    tmp_path: Path, name: str, text: str, lines: list[str], encoding: str
) -> None:
    assert [line.name for line in read_names(written(tmp_path, name, text, encoding))] == lines


def test_codes_and_numbers_are_read_beside_names(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "编号,企业名称,信用代码,证券代码\n7,信达,x,600000\n")
    assert list(read_names(path)) == [Line("信达", "x", "600000", "7")]


def run(tmp_path: Path, *arguments: str) -> list[dict[str, str]]:
    out = tmp_path / "out.csv"
    call_command("enterprises", *arguments, "--out", str(out))
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.clause("3.1.3")
def test_match_says_of_each_name_what_it_means(clerk: Actor, tmp_path: Path) -> None:
    firm = enter(clerk, "厦门信达福电子有限公司", uscc="91350200M0001QKT1W")
    enter(clerk, "上海信达福贸易有限公司")
    names = written(
        tmp_path, "names.txt", "厦门信达福电子有限责任公司\n信达福\n龙腾航空\n91350200M0001QKT1W\n=信达福电子"
    )
    found = run(tmp_path, "match", "--names", str(names))
    assert list(found[0]) == ["input", "rank", "matched_name", "enterprise_id", "score", "decision", "reason"]
    told = [(row["input"], row["rank"], row["matched_name"], row["decision"]) for row in found]
    assert told[0] == ("厦门信达福电子有限责任公司", "1", firm.name, "same")
    assert {row[3] for row in told if row[0] == "信达福"} == {"possible"}
    assert sum(row[0] == "信达福" for row in told) == 2
    assert ("龙腾航空", "1", "", "none") in told
    assert ("91350200M0001QKT1W", "1", firm.name, "same") in told
    assert any(row[0] == "'=信达福电子" for row in told)  # no formula for a spreadsheet
    assert found[0]["enterprise_id"] == str(firm.pk)
    assert found[0]["score"] == "1.000"
    assert found[0]["reason"] == "登记名称相同"
    assert len(run(tmp_path, "match", "--names", str(names), "--top", "1")) == 5


def test_match_with_a_list_instead_of_the_database(tmp_path: Path) -> None:
    library = written(
        tmp_path, "library.csv", "name,listing_code\n厦门信达福电子有限公司,600000.SH\n信诺公司,\n"
    )
    names = written(tmp_path, "names.txt", "信达福电子\n维信诺\n600000.SH")
    found = run(tmp_path, "match", "--names", str(names), "--library", str(library))
    assert [(row["input"], row["enterprise_id"], row["decision"]) for row in found] == [
        ("信达福电子", "1", "same"), ("维信诺", "", "none"), ("600000.SH", "1", "same"),
    ]  # fmt: skip


def test_a_match_that_cannot_be_says_why_and_leaves_no_half_file(tmp_path: Path) -> None:
    names = written(tmp_path, "names.csv", '名称\n"信达')
    with pytest.raises(CommandError, match="引号"):
        run(tmp_path, "match", "--names", str(names))
    assert [path.name for path in tmp_path.iterdir()] == ["names.csv"]
    with pytest.raises(CommandError, match="No such"):
        run(tmp_path, "match", "--names", str(tmp_path / "absent.txt"))
    with pytest.raises(CommandError, match="至少为 1"):
        run(tmp_path, "match", "--names", str(names), "--top", "0")


# --- duplicates inside the library --------------------------------------------------------------------------------


def test_dedupe_lists_what_may_be_one_in_clusters(clerk: Actor, tmp_path: Path) -> None:
    one = enter(clerk, "厦门信达福电子有限公司")
    other = make_enterprise("厦门信达福电子股份有限公司")
    third = make_enterprise("厦门信达付电子股份有限公司")
    make_enterprise("上海明辉贸易有限公司")
    coded = make_enterprise("福建龙腾航空有限公司", uscc="91350200M0001QKT1W")
    make_enterprise("福建龙腾航空股份有限公司", uscc="91350203M0001QKT19")
    branch = make_enterprise("厦门信达福电子有限公司福州分公司")
    found = run(tmp_path, "dedupe", "--note")
    assert {row["cluster"] for row in found} == {"1"}
    ids = {row[column] for row in found for column in ("enterprise_id", "other_id")}
    assert ids == {str(one.pk), str(other.pk), str(third.pk)}
    assert ids.isdisjoint({str(coded.pk), str(branch.pk)})
    assert Doubt.objects.filter(one=one, other=other, state="open").exists()
    again = run(tmp_path, "dedupe", "--note")
    assert again == found
    assert Doubt.objects.count() == len(found)


def test_what_was_told_apart_is_no_duplicate(clerk: Actor, tmp_path: Path) -> None:
    one, other = enter(clerk, "厦门信达福电子有限公司"), make_enterprise("厦门信达福电子股份有限公司")
    services.tell_apart(by=clerk, one=one, other=other, reason="两家各有执照")
    assert run(tmp_path, "dedupe") == []


@pytest.mark.parametrize("of_the_older", [True, False])
def test_what_an_import_found_of_either_is_no_duplicate(
    of_the_older: bool, clerk: Actor, tmp_path: Path
) -> None:
    one, other = enter(clerk, "厦门信达福电子有限公司"), make_enterprise("厦门信达福电子股份有限公司")
    assert len(run(tmp_path, "dedupe")) > 0
    one, other = (one, other) if of_the_older else (other, one)
    Distinction.objects.create(enterprise=one, name=other.name, name_key=other.name_key)
    assert run(tmp_path, "dedupe") == []


def test_a_firm_that_took_a_name_has_it_as_its_own(clerk: Actor) -> None:
    """Whether it was called so before, or somebody found that the name is another's, when it was."""
    firm, other = enter(clerk, "甲城有限公司"), enter(clerk, "甲城贸易有限公司")
    services.tell_apart(by=clerk, one=firm, other=other, reason="两家")
    services.change_enterprise(by=clerk, enterprise=other, version=1, values={"name": "乙城贸易有限公司"})
    for name in ("甲城贸易有限公司", "甲城有限公司", "甲城贸易有限公司"):
        services.change_enterprise(by=clerk, enterprise=firm, version=firm.version, values={"name": name})
    assert list(firm.former_names.values_list("name", flat=True)) == ["甲城有限公司"]
    assert firm.name in dict(answers("甲城贸易有限公司"))


@pytest.mark.django_db(transaction=True)
def test_a_firm_is_entered_although_one_it_was_told_apart_from_was_merged_meanwhile(clerk: Actor) -> None:
    kept, gone = make_enterprise("甲城有限公司"), make_enterprise("甲城贸易有限公司")
    services.merge(by=clerk, kept=kept, gone=gone, versions=(1, 1), choices={}, reason="录入了两次")
    made = services.add_enterprise(by=clerk, values={"name": "甲城商贸有限公司"}, apart_from=[kept, gone])
    assert set(made.distinctions.values_list("name", flat=True)) == {"甲城有限公司"}
    assert not Distinction.objects.filter(enterprise=gone.pk).exists()


def test_a_name_noted_for_a_firm_is_no_longer_told_apart_from_it(clerk: Actor) -> None:
    firm = enter(clerk, "厦门信达福电子有限公司")
    Distinction.objects.create(enterprise=firm, name="鹭江仪表厂", name_key="鹭江仪表厂")
    services.add_former_name(by=clerk, enterprise=firm, name="鹭江仪表厂")
    assert answers("鹭江仪表厂") == [(firm.name, "same")]


def test_clusters_hang_together() -> None:
    pairs = [queries.Pair(1, 2, 0.9, ""), queries.Pair(2, 3, 0.8, ""), queries.Pair(7, 8, 0.95, "")]
    assert queries.clusters(pairs) == [[pairs[2]], [pairs[0], pairs[1]]]


def test_the_library_of_a_large_database_is_kept_as_long_as_nothing_changes(
    clerk: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr("yinfeng.enterprises.queries.matching.KEPT_FROM", 1)
    settings.VAR_DIR = tmp_path
    enter(clerk, "厦门信达福电子有限公司")
    made = queries.library()
    (kept,) = (tmp_path / "matching").iterdir()
    assert list(queries.library().match(["信达福"])) == list(made.match(["信达福"]))
    enter(clerk, "上海信达福贸易有限公司")
    assert len(next(iter(queries.library().match(["信达福"])))) == 2
    assert not kept.exists()
    assert len(list((tmp_path / "matching").iterdir())) == 1


def test_duplicates_are_looked_for_in_the_background(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deduping, "CHUNK", 2)
    one, other = enter(clerk, "厦门信达福电子有限公司"), make_enterprise("厦门信达福电子股份有限公司")
    make_enterprise("上海明辉贸易有限公司")
    client = signed_in(make_user("乙", make_unit("city"), ALL))
    sent = client.post("/enterprises/doubts/find/", follow=True)
    job = Job.objects.get(kind=deduping.KIND)
    assert client.post("/enterprises/doubts/find/").status_code == 409  # one at a time
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.cursor, job.total) == ("done", 3, 3)
    assert list(Doubt.objects.values_list("one", "other")) == [(one.pk, other.pk)]
    page = client.get(sent.redirect_chain[-1][0]).content.decode()
    assert "比对了 3 家企业，新发现 1 对疑似重复。" in page
    assert "/enterprises/doubts/" in page
    refused = signed_in(make_user("丙", make_unit("home"), ["enterprises.enterprise.view"]))
    assert refused.get("/enterprises/doubts/find/").status_code == 403
