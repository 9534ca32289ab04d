"""Typed names matched against libraries of names: decisions by hand, by rule, and the quality on labelled names."""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.enterprises.test_naming import TYPED, shared
from yinfeng.enterprises import matching
from yinfeng.enterprises.matching import Library, Match, Named

FIRMS = [
    "厦门信达电子有限公司",
    "厦门信远电子有限公司",
    "上海信达贸易有限公司",
    "维信诺科技股份有限公司",
    "蓝思科技股份有限公司",
    "信达集团有限公司",
    "松下（PANASONIC）",
    "招信银行股份有限公司",
    "招信银行股份有限公司厦门分行",
]


def library(*names: str) -> Library:
    return Library(Named(at, name) for at, name in enumerate(names, start=1))


def first(name: str, *names: str) -> Match | None:
    (found,) = library(*(names or FIRMS)).match([name])
    return found[0] if found else None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("厦门信达电子有限责任公司", "厦门信达电子有限公司"),
        ("廈門信達電子有限公司", "厦门信达电子有限公司"),
        ("信达电子(厦门)有限公司", "厦门信达电子有限公司"),
        ("信达电子", "厦门信达电子有限公司"),
        ("panasonic", "松下（PANASONIC）"),
        ("招信银行厦门分行", "招信银行股份有限公司厦门分行"),
        ("招信银行", "招信银行股份有限公司"),
    ],
)
def test_same(typed: str, meant: str) -> None:
    found = first(typed)
    assert found is not None
    assert (found.name, found.decision) == (meant, "same")


@pytest.mark.parametrize("typed", ["厦门新达电子有限公司", "信达电子有限公司", "厦门信达电于有限公司"])
def test_possible(typed: str) -> None:
    found = first(typed)
    assert found is not None
    assert (found.name, found.decision) == ("厦门信达电子有限公司", "possible")


@pytest.mark.parametrize("typed", ["信诺", "思科", "京东", "", "有限公司", "!?", "福建龙腾航空有限公司"])
def test_none(typed: str) -> None:
    found = first(typed)
    assert found is None or found.decision == "none"


def test_a_short_name_that_two_firms_can_mean_is_for_a_person_to_decide() -> None:
    names = ["厦门信达电子有限公司", "上海信达贸易有限公司"]
    (found,) = library(*names).match(["信达"])
    assert {match.name for match in found} == set(names)
    assert {match.decision for match in found} == {"possible"}
    assert found[0].score < 0.8  # less sure than were it the only one
    (found,) = library(*names, "信达集团有限公司").match(["信达"])
    assert found[0].name == "信达集团有限公司"


def test_of_two_records_of_one_firm_the_one_spelled_as_typed_is_meant() -> None:
    names = ["信达公司(XINDA)", "信达公司(Xinda)"]
    (found,) = library(*names).match(["Xinda"])
    assert (found[0].name, found[0].decision, found[1].decision) == ("信达公司(Xinda)", "same", "none")
    (found,) = library(*names).match(["xinda"])
    assert [match.decision for match in found] == ["possible", "possible"]
    assert "不止一家" in str(found[0].reason)


def test_once_one_is_meant_no_other_is() -> None:
    (found,) = library("厦门信达电子有限公司", "信达电子有限公司").match(["厦门信达电子有限公司"])
    assert [match.decision for match in found] == ["same", "none"]


def test_an_enterprise_answers_for_all_its_names_by_its_registered_one() -> None:
    rows = [Named(1, "厦门信达电子有限公司"), Named(1, "鹭江仪表厂", of="厦门信达电子有限公司")]
    (found,) = Library(rows).match(["鹭江仪表厂"])
    assert [(match.id, match.name, match.decision) for match in found] == [
        (1, "厦门信达电子有限公司", "same")
    ]
    assert str(found[0].reason) == "登记名称相同（按曾用名或别名“鹭江仪表厂”）"


def test_a_slip_anywhere_leaves_a_name_to_be_found() -> None:
    """Whichever character is mistyped, left out or exchanged with the next one, the name is among the likely ones."""
    name = "厦门信达福电子科技有限公司"
    found = library(name, *FIRMS)
    slips = [name[:at] + "鹭" + name[at + 1 :] for at in range(len(name))]
    slips += [name[:at] + name[at + 1 :] for at in range(len(name))]
    slips += [name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1)]
    assert all(0 in near for near in found.likely(slips))


@given(st.lists(TYPED, max_size=6), st.lists(TYPED, max_size=6))
def test_any_names_match_any_library_without_harm(names: list[str], typed: list[str]) -> None:
    found = library(*names)
    answers = list(found.match(typed))
    assert len(answers) == len(typed)
    for answer in answers:
        assert sum(match.decision == "same" for match in answer) <= 1
        assert all(0 < match.score <= 1 for match in answer)
        assert len({match.id for match in answer}) == len(answer)


@given(st.lists(TYPED.filter(str.strip), min_size=1, max_size=6))
def test_a_kept_library_answers_as_the_one_it_was_made_of(names: list[str]) -> None:
    made = Library(Named(at, name, of="信达" if at == 1 else "") for at, name in enumerate(names))
    with tempfile.TemporaryDirectory() as folder:
        made.keep(Path(folder))
        kept = Library.load(Path(folder))
        assert [kept.row(at) for at in range(len(names))] == [made.row(at) for at in range(len(names))]
        assert list(kept.match(names)) == list(made.match(names))


def test_many_names_are_shared_among_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "WORTH_SHARING", 1)
    monkeypatch.setattr(matching, "BATCH", 2)
    names = ["信达电子", "厦门新达电子有限公司", "", "招信银行厦门分行", "panasonic"]
    shared_out = list(matching.match_many(library(*FIRMS), names, 2))
    monkeypatch.setattr(matching, "WORTH_SHARING", 100)
    assert shared_out == list(matching.match_many(library(*FIRMS), names, 2))
    told = [[(match.id, match.decision) for match in found[:2]] for found in library(*FIRMS).match(names)]
    assert [[(match.id, match.decision) for match in found] for found in shared_out] == told


# --- quality on labelled names ------------------------------------------------------------------------------------


@cache
def labelled() -> tuple[list[str], dict[str, set[str]], list[tuple[str, str]]]:
    """Return the file's company names, short form → the companies it is accepted for, and wrong (short form, company)."""
    with shared("company-names/alias_labelled_dev.jsonl").open(encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    accepted: dict[str, set[str]] = defaultdict(set)
    for record in records:
        for short in record["short_name"]:
            accepted[short.strip()].add(record["company_name"])
    wrong = [(short, record["company_name"]) for record in records for short in record["wrong_name"]]
    return sorted({record["company_name"] for record in records}), accepted, wrong


@pytest.mark.clause("3.1.3")
def test_short_names_against_their_own_companies() -> None:
    """Of short forms that belong to one company; measured: recall of “same” .965, precision .999."""
    names, accepted, wrong = labelled()
    found = library(*names)
    one = [short for short, meant in accepted.items() if len(meant) == 1]
    answers = dict(zip(one, found.match(one), strict=True))
    same = {
        short: answer[0].name for short, answer in answers.items() if answer and answer[0].decision == "same"
    }
    right = sum(accepted[short] == {name} for short, name in same.items())
    assert right / len(same) >= 0.99
    assert right / len(one) >= 0.95
    for (_short, company), answer in zip(
        wrong, found.match([short for short, _company in wrong]), strict=True
    ):
        assert not any(match.decision == "same" and match.name == company for match in answer)


def test_short_names_of_several_companies_list_them_all() -> None:
    """Measured: of 53 short forms 49 are possible with every company listed."""
    names, accepted, _wrong = labelled()
    several = [short for short, meant in accepted.items() if len(meant) > 1]
    answers = library(*names).match(several)
    listed = [
        all(match.decision != "same" for match in answer)
        and accepted[short] <= {match.name for match in answer}
        for short, answer in zip(several, answers, strict=True)
    ]
    assert sum(listed) / len(listed) >= 0.9


def test_short_names_among_seventy_thousand_others() -> None:
    """Measured: the right company first .886, among the first five .968."""
    names, accepted, _wrong = labelled()
    everybody = set(names)
    for file, column in (("listed-companies/listed_profile.csv.gz", "company_name"),
                         ("company-names/recruitment_company_mentions.csv.gz", "company_name")):  # fmt: skip
        with gzip.open(shared(file), "rt", encoding="utf-8") as stream:
            everybody |= {row[column] for row in csv.DictReader(stream) if row[column]}
    one = [short for short, meant in accepted.items() if len(meant) == 1]
    ranks = []
    for short, answer in zip(one, library(*sorted(everybody)).match(one), strict=True):
        listed = [match.name for match in answer]
        (meant,) = accepted[short]
        ranks.append(listed.index(meant) if meant in listed else None)
    assert sum(rank == 0 for rank in ranks) / len(ranks) >= 0.85
    assert sum(rank is not None and rank < 5 for rank in ranks) / len(ranks) >= 0.95
