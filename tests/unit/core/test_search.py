"""The full-text index: one body of tests, run on whichever database the settings name."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yinfeng.core import search
from yinfeng.core.models import User
from yinfeng.core.models_search import SearchEntry
from yinfeng.core.search import Entry
from yinfeng.core.text import normalise

pytestmark = pytest.mark.django_db

FIRM, PROJECT = "enterprises.enterprise", "projects.project"
NAMES = {
    1: "厦门金龙联合汽车工业有限公司",
    2: "厦门国贸集团股份有限公司",
    3: "国贸控股集团有限公司",
    4: "厦门乾照光电股份有限公司",
    5: "Coca-Cola 装瓶（厦门）有限公司",
    6: "3M中国有限公司",
    7: "南山铝业股份有限公司",
    8: "金龙",
    9: "上海金龙客车销售有限公司",
}


@pytest.fixture
def firms() -> None:
    search.index_many(
        Entry(FIRM, key, name, codes=["91350203M0001QKT19"], names=["Golden Dragon Bus"])
        if key == 1
        else Entry(FIRM, key, name)
        for key, name in NAMES.items()
    )
    search.index_many([Entry(PROJECT, 1, "金龙新能源客车二期")])


def found(query: str, object_type: str = FIRM) -> set[int]:
    return set(search.matching(object_type, query))


def rows(ids: Iterable[int]) -> QuerySet[User]:
    """Return objects with these ids; the index does not care of which model they are."""
    wanted = list(ids)
    User.objects.bulk_create([User(pk=key, username=str(key)) for key in wanted], ignore_conflicts=True)
    return User.objects.filter(pk__in=wanted)


def order(query: str, ids: Iterable[int] = NAMES, limit: int = 20) -> list[int]:
    """Return the ids of firms as ``ranked`` orders them."""
    return [hit.object_id for hit in search.ranked({FIRM: rows(ids)}, query, limit)]


@pytest.mark.usefixtures("firms")
@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("金龙", {1, 8, 9}),
        ("金龍", {1, 8, 9}),
        ("厦门 国贸", {2}),
        ("国贸集团", {2}),
        ("国贸 集团", {2, 3}),
        ("装瓶厦门", {5}),
        ("装瓶（厦门）", {5}),
        ("铝", {7}),
        ("coca", {5}),
        ("ＣＯＬＡ", {5}),
        ("coca cola", {5}),
        ("co", {5}),
        ("ol", {1, 5}),
        ("3M", {6}),
        ("3m中国", {6}),
        ("91350203m0001qkt19", {1}),
        ("M0001QKT1", {1}),
        ("golden dragon", {1}),
        ("xmgm", {2}),
        ("gmkg", {3}),
        ("xm", {1, 2, 4, 5}),
        ("jlkc", {9}),
        ("qzgd", {4}),
        ("不存在", set()),
        ("", set()),
        ("　", set()),
        ("🙂", set()),
    ],
)
def test_what_a_query_finds(query: str, ids: set[int]) -> None:
    assert found(query) == ids
    assert set(order(query)) == ids


@pytest.mark.usefixtures("firms")
def test_types_are_apart() -> None:
    assert found("金龙", PROJECT) == {1}
    assert found("国贸", PROJECT) == set()
    assert found("projects.project", PROJECT) == set()


@pytest.mark.usefixtures("firms")
def test_the_best_answer_comes_first() -> None:
    assert order("金龙") == [8, 9, 1]  # it is the title; then the shorter title
    assert order("国贸") == [3, 2]  # begins with it, contains it
    assert order("国贸", limit=1) == [3]
    hits = search.ranked({FIRM: rows(NAMES)}, "golden")
    assert [(hit.object_id, hit.rank) for hit in hits] == [(1, 5)]


@pytest.mark.usefixtures("firms")
def test_only_visible_rows_are_ranked() -> None:
    assert order("金龙", ids=[9]) == [9]
    assert order("金龙", ids=[]) == []


def test_the_exact_title_is_found_among_many() -> None:
    entries = [Entry(FIRM, key, f"厦门建设{key}号有限公司") for key in range(1, search.CANDIDATES + 50)]
    search.index_many([*entries, Entry(FIRM, 9001, "厦门建设"), Entry(FIRM, 9002, "建设厦门建设")])
    ids = range(1, 10_000)
    assert order("厦门建设", ids, limit=3)[0] == 9001
    assert order("建设厦门", ids, limit=3) == [9002]
    assert len(order("厦门建设", ids, limit=1000)) > search.CANDIDATES


@pytest.mark.usefixtures("firms")
def test_a_new_text_takes_the_place_of_the_old() -> None:
    search.index_many([Entry(FIRM, 1, "厦门大金龙有限公司", ["旧名"])])
    search.index_many([Entry(FIRM, 1, "厦门银龙有限公司")])
    assert found("银龙") == {1}
    assert 1 not in found("金龙") | found("旧名") | found("M0001QKT1")
    assert SearchEntry.objects.filter(object_type=FIRM).count() == len(NAMES)


@pytest.mark.usefixtures("firms")
def test_sqlite_keeps_no_token_of_what_was_changed_or_forgotten() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("FTS5 belongs to SQLite")
    search.index_many([Entry(FIRM, 1, "厦门银龙有限公司")])
    search.index_many([Entry(FIRM, 1, "厦门银龙有限公司")])
    search.forget(FIRM, 9)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_search(core_search, rank) VALUES ('integrity-check', 1)"
        )  # raises if it differs
        cursor.execute("SELECT count(*) FROM core_search WHERE core_search MATCH %s", ['"联合"'])
        assert cursor.fetchone() == (0,)


def test_of_two_entries_for_one_object_the_last_counts() -> None:
    search.index_many([Entry(FIRM, 1, "甲乙"), Entry(FIRM, 1, "丙丁")])
    assert (found("甲乙"), found("丙丁")) == (set(), {1})


@pytest.mark.usefixtures("firms")
def test_what_is_forgotten_is_not_found() -> None:
    search.forget(FIRM, 1, 9)
    assert found("金龙") == {8}
    assert found("金龙", PROJECT) == {1}


@pytest.mark.usefixtures("firms")
def test_a_filter_stays_in_the_database() -> None:
    ids = search.matching(FIRM, "金龙")
    with CaptureQueriesContext(connection) as queries:
        projects = list(SearchEntry.objects.filter(object_type=PROJECT, object_id__in=ids))
    assert [project.title for project in projects] == ["金龙新能源客车二期"]
    assert len(queries) == 1


@pytest.mark.usefixtures("firms")
@pytest.mark.parametrize(
    "query",
    [
        '金龙"',
        "金龙*",
        "金龙%",
        "金龙'; --",
        "金龙\x00",
        "金龙 🙂",
        '"金龙" ""',
        "金龙:^()-+{}",
        "金\ud800龙",
        "{金龙}",
        "\\金龙",
    ],
)
def test_signs_in_a_query_are_no_syntax(query: str) -> None:
    assert {1, 8, 9} == found(query)


@pytest.mark.usefixtures("firms")
@pytest.mark.parametrize(
    "query",
    [
        "AND",
        "OR NOT",
        "NEAR(金 龙)",
        "tokens:x",
        "«厦门",
        "¤projects.project",
        "x" * 100_000,
        "金龙" * 50_000,
        "金 " * 500,
        "ﷺ" * 200,
    ],
)
def test_any_query_gets_an_answer(query: str) -> None:
    assert found(query) <= set(NAMES)
    assert set(order(query)) <= set(NAMES)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60))
def test_arbitrary_text_is_indexed_and_asked_without_error(typed: str) -> None:
    search.index_many([Entry(FIRM, 77, typed, [typed])])
    assert found(typed) in ({77}, set())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.text("厦门金龙国贸ab1", min_size=1, max_size=8), min_size=1, max_size=8),
    st.text("厦门金龙国贸", min_size=2, max_size=4),
)
def test_whatever_contains_the_query_is_found(names: list[str], query: str) -> None:
    SearchEntry.objects.all().delete()
    search.index_many(Entry(FIRM, key, name) for key, name in enumerate(names))
    containing = {key for key, name in enumerate(names) if query in normalise(name)}
    assert containing <= found(query)
    if len(query) == 2:
        assert containing == found(query)
    ranked = order(query, range(len(names)))
    assert ranked[: len(containing)] == sorted(
        containing,
        key=lambda key: (
            names[key] != query,
            not names[key].startswith(query),
            len(names[key]),
            names[key],
            key,
        ),
    )


def test_long_texts_are_cut_at_a_limit() -> None:
    search.index_many([Entry(FIRM, 1, "厦门金龙", ["".join(chr(0x4E00 + i) for i in range(20_000))])])
    assert len(SearchEntry.objects.get().tokens) == search.TOKENS_LIMIT
    assert found("金龙") == {1}


def test_much_may_be_indexed_at_once() -> None:
    with search.in_bulk():
        search.index_many(Entry(FIRM, key, f"厦门测试{key}号") for key in range(1, 60))
    assert len(found("厦门")) == 59
    with pytest.raises(ValueError, match="x"), search.in_bulk():
        raise ValueError("x")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW gin_pending_list_limit")
            assert cursor.fetchone() == ("4MB",)


def test_ways_to_read_a_query_stay_few_altogether() -> None:
    """Each way is looked up for itself: eight terms of forty ways each took a quarter of a second in an empty library."""
    terms = [f"fanganfanganfangan{letter}" for letter in "nmgeaijx"]
    asked = search._question("enterprises.enterprise", terms)
    ways = sum(len(alternatives) for alternatives in asked.terms)
    assert len(terms) < ways <= search.READINGS + 2 * len(terms)


COLLATION = "SELECT collation_name FROM information_schema.columns WHERE table_name = 'core_searchentry' AND column_name = 'tokens'"


@pytest.mark.usefixtures("firms")
def test_a_database_that_ordered_tokens_as_a_language_does_finds_them_after_the_migration() -> None:
    migration = importlib.import_module("yinfeng.core.migrations.0007_tokens_by_their_bytes")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(COLLATION)
            assert cursor.fetchone() == ("C",)
            cursor.execute('ALTER TABLE core_searchentry ALTER COLUMN tokens TYPE text[] COLLATE "default"')
        migration.compare_bytes(apps, connection.schema_editor())
        if connection.vendor == "postgresql":
            cursor.execute(COLLATION)
            assert cursor.fetchone() == ("C",)
    assert found("金龙") == {1, 8, 9}
    assert found("jlkc") == {9}
