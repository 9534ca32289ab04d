"""Prints how much longer an import and an export take than the same rows without the product, and what memory they need.

Import: xlsx of 100,000 rows and 12 columns, half of them updates (other capital, staff and day), read, matched with 1,000,000
enterprises, confirmed and written with events and the search index; against calamine → COPY (executemany on SQLite) →
upsert into a copy of the same table with all its indexes. Export: 100,000 rows of 30 columns as xlsx; against XML strings in a zip. Memory: of a CSV of
1,000,000 rows that is imported, and of the export. Exit code 1 when a bound is broken.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import gc
import os
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape

import django

IMPORT, EXPORT, MEGABYTES = 3.0, 3.0, 100.0
TODAY = date(2026, 7, 1)
HEADS = (
    "企业名称", "统一社会信用代码", "简称", "省份", "城市", "地址", "注册资本（万元）", "成立日期", "行业代码", "员工人数",
    "经营范围", "最近核实日期",
)  # fmt: skip
FIELDS = (
    "name", "uscc", "short_name", "province", "city", "address", "capital", "founded_date", "industry", "staff",
    "scope_of_business", "verified_date",
)  # fmt: skip


def batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    left = iter(rows)
    while batch := list(islice(left, size)):
        yield batch


# --- invented enterprises -----------------------------------------------------------------------------------------


@cache
def industries() -> list[str]:
    from yinfeng.core.models import Code

    found = Code.objects.filter(table="industry", level=4).order_by("order").values_list("code", flat=True)
    return list(found) or ["3974"]


def code(number: int) -> str:
    """Return a 统一社会信用代码 with a right check character for a number."""
    from yinfeng.enterprises.uscc import check_character

    body = f"91350200{number:09}"
    return body + check_character(body)


def values(number: int, firm: Any, verified: date) -> list[Any]:
    """Return what a list says of an enterprise, in the order of ``HEADS``; the capital in 万元."""
    trade = firm.trade or "科技"
    return [
        firm.name, code(number), f"{firm.brand}{trade[:2]}", firm.province, firm.city, f"{firm.city}测试路{number % 997 + 1}号",
        number % 90_000 + 100, TODAY - timedelta(days=number % 9_000 + 300), industries()[number % len(industries())],
        number % 9_000 + 5, f"{trade}产品的研发、生产和销售；技术服务、技术开发、技术咨询；货物进出口。", verified,
    ]  # fmt: skip


def listed(known: int, rows: int) -> Iterator[list[Any]]:
    """Yield the rows of a list, by turns an enterprise of the library with other figures and one that is not there."""
    from bench.million import firms

    chosen = set(range(0, known, max(known // (rows // 2), 1))[: rows // 2])
    old: list[list[Any]] = []
    for number, firm in enumerate(firms(known + rows - len(chosen))):
        if number in chosen:
            row = values(number, firm, TODAY)
            row[6], row[9] = row[6] + 50, row[9] + 3
            old.append(row)
        elif number >= known:
            if old:
                yield old.pop()
            yield values(number, firm, TODAY)
    yield from old


def fill(count: int) -> None:
    """Put invented enterprises into an empty library, and into the search index."""
    from django.db import transaction

    from bench.million import firms
    from yinfeng.core import bulk, search
    from yinfeng.enterprises import naming
    from yinfeng.enterprises.models import Enterprise

    def rows() -> Iterator[dict[str, Any]]:
        for number, firm in enumerate(firms(count)):
            said = dict(zip(FIELDS, values(number, firm, TODAY - timedelta(days=100)), strict=True))
            said["capital"] = Decimal(said["capital"] * 10_000)
            yield {**said, "name_key": naming.parse(firm.name).key, "country": "CN"}

    for chunk in batched(rows(), 5_000):
        with transaction.atomic():
            bulk.insert([Enterprise(**row) for row in chunk])
    for _done in search.rebuild(Enterprise, 5_000):
        pass


def write_csv(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADS)
        writer.writerows(rows)


def write_xlsx(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    from yinfeng.core.exchange.writing import write_lines

    with path.open("wb+") as file:
        write_lines(file, "名单", HEADS, rows)


# --- what is measured ---------------------------------------------------------------------------------------------


@contextmanager
def memory() -> Iterator[list[float]]:
    """Yield a list that holds, after the block, how many MB the process grew at most while the block ran."""
    page, found = os.sysconf("SC_PAGE_SIZE"), []
    stopped = threading.Event()

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = most = resident()

    def watch() -> None:
        nonlocal most
        while not stopped.wait(0.02):
            most = max(most, resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield found
    stopped.set()
    watcher.join()
    found.append((max(most, resident()) - before) / 1024 / 1024)


def seconds(call: Callable[[], Any]) -> float:
    gc.collect()
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def imported(path: Path, user: Any) -> dict[str, int]:
    """Import a file as its form and the job's page do: look at it, read, decide, confirm, write; return the counts."""
    from django.core.files.base import File

    from yinfeng.core import jobs
    from yinfeng.core.actors import actor_of
    from yinfeng.core.models import Job
    from yinfeng.enterprises import imports

    by = actor_of(user)
    began = time.perf_counter()
    with path.open("rb") as stream:
        job = imports.started(by=by, file=File(stream, name=path.name))
    times = [time.perf_counter() - began]
    for move in ("", "confirm"):
        if move:
            jobs.move(Job.objects.get(pk=job.pk), move, by=by)
        times.append(seconds(lambda: jobs.run_job.func(job.pk)))
        job.refresh_from_db()
        assert job.state in {"waiting", "done"}, job.problem
    print(
        f"    looked at in {times[0]:.1f} s, read and matched in {times[1]:.1f} s, written in {times[2]:.1f} s"
    )
    return {outcome: count for outcome, count in job.report["counts"].items() if count}


def make_bare_table() -> None:
    """Make a copy of the library's table with all its rows and indexes, for the bare import."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("CREATE TABLE bench_bare (LIKE enterprises_enterprise INCLUDING ALL)")
        else:
            cursor.execute(
                "SELECT sql FROM sqlite_master WHERE tbl_name = 'enterprises_enterprise' AND sql IS NOT NULL"
            )
            for (statement,) in cursor.fetchall():
                cursor.execute(
                    statement.replace("enterprises_", "bench_").replace("bench_enterprise", "bench_bare")
                )
        cursor.execute("INSERT INTO bench_bare SELECT * FROM enterprises_enterprise")


def bare_import(path: Path) -> None:
    """Read with calamine, COPY into a table in memory, upsert by the code; nothing is checked, matched or told."""
    from django.db import connection, transaction
    from python_calamine import load_workbook

    rows = load_workbook(str(path)).get_sheet_by_index(0).iter_rows()
    next(rows)
    columns = ", ".join(FIELDS)
    wanted = "name_key, country, name_en, listing_code, nature, introduction, website, source, is_demo, version, created_at, updated_at"
    given = "name, 'CN', '', '', '', '', '', '', false, 1, now(), now()"
    changed = ", ".join(f"{name} = excluded.{name}" for name in FIELDS if name not in {"name", "uscc"})
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"CREATE TEMP TABLE arriving ON COMMIT DROP AS SELECT {columns} FROM bench_bare WHERE false"
            )
            with cursor.copy(f"COPY arriving ({columns}) FROM STDIN") as copy:
                for row in rows:
                    row[9] = int(row[9])  # type: ignore[call-overload, arg-type]
                    copy.write_row(row)
            cursor.execute(
                f"INSERT INTO bench_bare (id, {columns}, {wanted}) SELECT 2000000000 + row_number() OVER (), {columns}, {given} "
                f"FROM arriving ON CONFLICT (uscc) DO UPDATE SET {changed}"
            )
        else:
            marks = ", ".join(["%s"] * len(FIELDS))
            given = given.replace("name,", "%s,", 1).replace("now()", "datetime('now')").replace("false", "0")
            cursor.executemany(
                f"INSERT INTO bench_bare ({columns}, {wanted}) VALUES ({marks}, {given}) "
                f"ON CONFLICT (uscc) DO UPDATE SET {changed}",
                ((*row, row[0]) for row in rows),
            )


def wide(count: int) -> tuple[list[Any], Callable[[], Iterator[list[Any]]]]:
    """Return 30 columns of an export and what gives its rows: texts, codes, amounts, numbers, dates."""
    from bench.million import firms
    from yinfeng.core.exchange.columns import Column

    kinds = ["text"] * 16 + ["code"] * 2 + ["money"] * 4 + ["integer"] * 4 + ["date"] * 4
    columns = [Column(f"c{at}", f"第{at + 1}列", kind) for at, kind in enumerate(kinds)]  # type: ignore[arg-type]
    some = [
        (firm.name, firm.brand, firm.trade or "科技", firm.province, firm.city)
        for firm in islice(firms(2_000), 2_000)
    ]

    def rows() -> Iterator[list[Any]]:
        for number in range(count):
            texts = some[number % len(some)]
            day = TODAY - timedelta(days=number % 9_000)
            yield [
                *(texts[at % 5] for at in range(16)), *[f"91350200{number:09}X"] * 2,
                *(Decimal(number * 10_000 + at) for at in range(4)), *(number + at for at in range(4)), *[day] * 4,
            ]  # fmt: skip

    return columns, rows


def bare_export(stream: IO[bytes], rows: Iterable[Sequence[Any]], level: int) -> None:
    """Write rows as the XML of a sheet into a zip: no styles, no heads, nothing that makes it a workbook."""
    from yinfeng.core.exchange.ooxml import column_letters

    letters = [column_letters(at) for at in range(30)]

    def cell(place: str, value: Any) -> str:
        if isinstance(value, str):
            return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        shown = value.toordinal() - 693_594 if isinstance(value, date) else value
        return f'<c r="{place}"><v>{shown}</v></c>'

    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        part.write(b"<worksheet><sheetData>")
        for block in batched(enumerate(rows, 1), 200):
            lines = []
            for number, row in block:
                inside = [cell(f"{at}{number}", value) for at, value in zip(letters, row, strict=True)]
                lines.append(f'<row r="{number}">{"".join(inside)}</row>')
            part.write("".join(lines).encode())
        part.write(b"</sheetData></worksheet>")


# --- the measurements ---------------------------------------------------------------------------------------------


def measure_import(folder: Path, known: int, rows: int, user: Any) -> float:
    """Return how many times as long an import takes as the bare one of the same file."""
    path = folder / "名单.xlsx"
    write_xlsx(path, listed(known, rows))
    make_bare_table()
    vacuum()
    bare = seconds(lambda: bare_import(path))
    vacuum()
    with memory() as most:
        took = seconds(lambda: print("    " + str(imported(path, user))))
    print(
        f"xlsx import of {rows:,} rows into {known:,}: {took / bare:.2f}× ({took:.1f} s, bare {bare:.1f} s; {most[0]:.0f} MB)"
    )
    return took / bare


def measure_export(folder: Path, rows: int) -> tuple[float, float]:
    """Return how many times as long an export takes as the bare XML, and how many MB it needs."""
    from yinfeng.core.exchange import workbooks, writing

    columns, lines = wide(rows)
    for _row in islice(lines(), 1):
        pass
    with (folder / "bare.xlsx").open("wb+") as stream:
        bare = seconds(lambda: bare_export(stream, lines(), workbooks.LEVEL))
    with memory() as most, (folder / "ours.xlsx").open("wb+") as stream:
        took = seconds(lambda: writing.write_xlsx(stream, "清单", columns, lines()))
    print(
        f"xlsx export of {rows:,} rows × 30: {took / bare:.2f}× ({took:.1f} s, bare {bare:.1f} s; {most[0]:.0f} MB)"
    )
    return took / bare, most[0]


def measure_list(rows: int, user: Any) -> float:
    """Return how many MB the export of the library's own list needs, from the database to the file."""
    from bench.measure import signed_in

    client = signed_in(user)
    columns = "&".join(
        f"col={name}"
        for name in ("name", "uscc", "place", "industry", "capital", "staff", "tags", "verified")
    )
    with memory() as most:
        took = seconds(
            lambda: [len(piece) for piece in client.get(f"/enterprises/export/?{columns}").streaming_content]
        )  # type: ignore[attr-defined]
    print(f"export of the list itself, {rows:,} enterprises × 8 columns: {took:.1f} s; {most[0]:.0f} MB")
    return most[0]


def measure_memory(folder: Path, known: int, rows: int, user: Any) -> float:
    """Return how many MB the import of a large CSV needs."""
    path = folder / "名单.csv"
    write_csv(path, listed(known, rows))
    with memory() as most:
        took = seconds(lambda: print("    " + str(imported(path, user))))
    print(f"csv import of {rows:,} rows into {known:,}: {most[0]:.0f} MB ({took:.0f} s)")
    return most[0]


def vacuum() -> None:
    """Do what autovacuum does by itself a minute later."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def report(given: argparse.Namespace, folder: Path) -> list[str]:
    """Fill, measure, print; return what broke a bound."""
    from django.core.management import call_command
    from django.db import connection

    from bench.city import Builder
    from yinfeng.enterprises.models import Enterprise

    call_command("migrate", verbosity=0, interactive=False)
    user = Builder(0, 0).unrestricted
    began = time.monotonic()
    fill(given.enterprises)
    print(
        f"{given.enterprises:,} enterprises on {connection.vendor} (filled in {time.monotonic() - began:.0f} s)\n",
        flush=True,
    )
    export, megabytes = measure_export(folder, given.rows)
    broken = [
        *(["export"] if export > EXPORT else []),
        *(["memory of the export"] if megabytes > MEGABYTES else []),
    ]
    if measure_import(folder, given.enterprises, given.rows, user) > IMPORT:
        broken.append("import")
    if measure_list(Enterprise.objects.count(), user) > MEGABYTES:
        broken.append("memory of the list's export")
    for lines in (given.lines // 10, given.lines):
        measure_memory(folder, given.enterprises, lines, user)
    print(f"\nbounds: {IMPORT:g}× the bare import, {EXPORT:g}× the bare export and {MEGABYTES:g} MB")
    return broken


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.exchange", description=__doc__)
    parser.add_argument("--enterprises", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=100_000, help="of the xlsx files")
    parser.add_argument("--lines", type=int, default=1_000_000, help="of the CSV")
    parser.add_argument("--small", action="store_true", help="few rows: shows that it runs, measures nothing")
    given = parser.parse_args(arguments)
    if given.small:
        given.enterprises, given.rows, given.lines = 400, 200, 1_000
    from bench.__main__ import emptiness

    with emptiness() as settings, tempfile.TemporaryDirectory(prefix="yinfeng-exchange-") as name:
        os.environ |= settings
        django.setup()
        broken = report(given, Path(name))
        django.db.connections.close_all()
    if given.small:
        print("\ntoo few rows to judge by")
        return 0
    if broken:
        print(f"\nBROKEN: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
