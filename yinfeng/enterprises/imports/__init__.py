"""Import a list of enterprises: dry run, a row-by-row report a person can act on, then the import in resumable chunks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yinfeng.core import jobs, search, stores, tidying
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Invalid
from yinfeng.core.exchange import ooxml
from yinfeng.core.exchange.reading import Table, open_table
from yinfeng.core.exchange.report import RowReport
from yinfeng.core.models import Job
from yinfeng.core.scopes import demand
from yinfeng.enterprises import queries, services
from yinfeng.enterprises.imports import alike
from yinfeng.enterprises.imports.deciding import Batch, Memory, TagList, decide
from yinfeng.enterprises.imports.memory import Decided, Earlier, Finding, Row
from yinfeng.enterprises.imports.rows import COLUMNS, Said, said

__all__ = [
    "COLUMNS", "KIND", "Batch", "Memory", "TagList", "again", "chunk", "decide", "left", "open_list", "said", "started",
]  # fmt: skip

KIND = "enterprises.import"
# Rows of a chunk: the first ones are small, so that something is to be seen soon; later ones as large as is quickest.
CHUNK, LARGEST_CHUNK = 500, 8_000
MOST_ROWS = 1_000_000
MOST_BYTES = 400 * 1024 * 1024
# Rows of which the report keeps what was said: those that need a person, and those it only tells of. A file with more of
# the former is better mended as a whole.
KEPT_LINES, TOLD_LINES = 5_000, 1_000
# After so many rows the search index is tidied: every search reads through what is not.
TIDY = 100_000
# Files whose decisions wait for their confirmation.
WAITING = 3

NEEDS_A_PERSON = {"questioned", "refused"}


def chunk_size(cursor: int) -> int:
    """Return how many rows the chunk from ``cursor`` on has."""
    return min(max(CHUNK, cursor), max(LARGEST_CHUNK, CHUNK))


def open_list(file: IO[bytes], name: str, measured: ooxml.Measured | None = None) -> Table:
    """Open a list of enterprises: a million rows of text; of a workbook what can be held in memory."""
    return open_table(file, name, COLUMNS, max_rows=MOST_ROWS, max_bytes=MOST_BYTES, measured=measured)


def open_list_of(job: Job, file: IO[bytes]) -> Table:
    """Open the list that a job was given; what was found when it was uploaded is believed of the same bytes."""
    found = job.parameters.get("measured")
    return open_list(file, job.source_name, ooxml.Measured(**found) if found else None)


def started(*, by: Actor, file: Any, tag: str = "", year: int = 0, complete: bool = False) -> Job:
    """Begin the import of an uploaded list, having made sure that it can be read.

    ``complete``: the list names all enterprises that have the tag of that year; others lose it.
    """
    by.require("enterprises.enterprise.import", _("您没有批量导入企业的权限。"))
    if not file.name.lower().endswith((".xlsx", ".csv", ".csv.gz", ".tsv")):
        sentence = _("只能导入 xlsx 或 csv 文件。请在 Excel 或 WPS 中另存为 xlsx 再上传。")
        raise Invalid(sentence, fields={"file": [sentence]})
    if complete and not tag:
        sentence = _("名单完整时请选择它的标签。")
        raise Invalid(sentence, fields={"complete": [sentence]})
    with open_list(file, file.name) as table:
        notes, measured = table.notes, table.measured
    file.seek(0)
    return jobs.start(
        by=by, kind=KIND, title=_("导入企业名单：%(file)s") % {"file": file.name},
        parameters={
            "tag": tag, "year": year, "complete": complete, "phase": "check", "language": get_language(), "notes": notes,
            "measured": asdict(measured) if measured else None,
        },
        source=file, source_name=file.name[:200],
    )  # fmt: skip


@dataclass
class Reading:
    """A file being gone through by this process, as far as it has come; another process begins anew and skips ahead.

    ``decided`` is what the check keeps for the writing; ``since`` the newest event when it began to look at the library,
    ``touched`` what others have done since.
    """

    file: IO[bytes] | Decided
    rows: Iterator[tuple[Said, Finding]]
    position: int
    total: int
    since: int = 0
    touched: queries.Touched = field(default_factory=queries.Touched)
    decided: Decided | None = None
    memory: Memory = field(default_factory=Memory)
    ahead: list[tuple[Said, Finding]] = field(default_factory=list)
    # What the next rows come to, if nobody touches their enterprises until they are written.
    ready: Batch | None = None

    def take(self, size: int) -> list[tuple[Said, Finding]]:
        """Return the next rows, at most so many."""
        self.read_on(size)
        rows, self.ahead = self.ahead[:size], self.ahead[size:]
        return rows

    def read_on(self, size: int) -> None:
        """Have the next rows at hand, so many if there are."""
        self.ahead += islice(self.rows, max(0, size - len(self.ahead)))

    def decide_ahead(self, size: int, tags: TagList) -> None:
        """Have the next rows decided, if they do not depend on what the rows before them come to."""
        self.read_on(size)
        if self.memory.whole:
            self.ready = decide(self.ahead[:size], tags, self.memory, self.touched)

    def close(self) -> None:
        self.file.close()
        self.memory.earlier.close()
        if self.decided is not None:
            self.decided.close()


# What the worker that goes through a file keeps from one chunk to the next, and what it has decided until that is
# confirmed. Nothing depends on it: the cursor in the database says where a job stands, and a reading that stands
# elsewhere is not used.
_readings: dict[tuple[int, str], Reading] = {}


def reading(job: Job, phase: str) -> Reading:
    """Return the job's rows from its cursor on.

    It is kept for the next chunk only once this one has come to its end: rows of a chunk that failed are read again.
    """
    found = _readings.pop((job.pk, phase), None)
    if found is not None and found.position != job.cursor:
        found.close()
        found = None
    tidy()
    return found or begun(job, phase)


def tidy() -> None:
    """Let go of what other jobs left: every file that is being read, and all but the newest decisions."""
    left = [key for key, kept in _readings.items() if not isinstance(kept.file, Decided)]
    waiting = [key for key in _readings if key not in left]
    for key in (*left, *waiting[:-WAITING]):
        _readings.pop(key).close()


def begun(job: Job, phase: str) -> Reading:
    """Open the job's file and skip the rows before its cursor, remembering of them what later ones are compared with."""
    file = stores.open_stored(job.source_file, job.source_name)
    table = open_list_of(job, file)
    only = set(job.parameters.get("only", ()))
    read = (said(row) for row in table if not only or row.number in only)
    total = len(only) or table.row_count
    found = Reading(file, ((row, None) for row in read), job.cursor, total, queries.last_event())
    found.memory.job = job.pk if phase == "write" else 0
    if phase == "check" and not job.cursor:
        found.decided = Decided()
    lines = job.report.get("rows", []) if job.report.get("phase") == phase else []
    questioned = {line["number"] for line in lines if line["outcome"] == "questioned"}
    for row, _part in islice(found.rows, job.cursor):
        if not row.errors:
            found.memory.marks.add(row.marks())
            if row.number not in questioned:
                found.memory.earlier.add([(alike.part_of(row.name), Row.of(row))])
    return found


def chunk(job: Job, by: Actor) -> jobs.Step:
    """Check, or write, the next rows of an import; the job's parameters say which of the two it is at."""
    phase, tags = job.parameters.get("phase", "check"), tags_of(job)
    at = reading(job, phase)
    size = chunk_size(at.position)
    rows = at.take(size)
    begun_report = (
        job.report if job.report.get("phase") == phase else {"notes": job.parameters.get("notes", [])}
    )
    if phase == "write":
        batch, listed = write(by, rows, tags, at, job)
    else:
        batch = decide(rows, tags, at.memory, meanwhile=lambda: at.read_on(chunk_size(at.position + size)))
        listed = set()
    at.position += len(rows)
    at.memory.note(batch)
    if at.decided is not None:
        at.decided.add(batch.decided)
    report = merged(begun_report, batch.report) | {"phase": phase}
    if tags.complete and phase == "write":
        report["listed"] = sorted({*begun_report.get("listed", ()), *listed, *batch.candidates})
    if len(rows) == size:
        if phase == "write" and at.position // TIDY > (at.position - len(rows)) // TIDY:
            search.tidy()
        _readings[job.pk, phase] = at
        return jobs.Step(at.position, report, total=at.total)
    return finished(job, by, at, tags, report)


def finished(job: Job, by: Actor, at: Reading, tags: TagList, report: dict[str, Any]) -> jobs.Step:
    """End a phase: the check waits for its owner, the writing is done."""
    values: dict[str, Any] = {}
    if report["phase"] == "check":
        if at.decided is not None:
            memory = Memory(job.pk, earlier=at.memory.earlier, whole=True)
            waiting = Reading(at.decided, iter(at.decided), 0, at.position, at.since, memory=memory)
            _readings[job.pk, "write"] = waiting
            at.decided, at.memory.earlier = None, Earlier()
        values["parameters"] = {**job.parameters, "phase": "write"}
    elif tags.tag:
        services.note_list(by=by, tag=tags.tag, year=tags.year, source=job.source_name)
    if tags.complete and report["phase"] == "write":
        gone = services.withdraw_tags(
            by=by, tag=tags.tag, year=tags.year, kept=report.pop("listed"), job=job.pk
        )
        if gone:
            said_of_them = _("不在名单中的 %(count)s 家企业已撤下此标签。") % {"count": f"{gone:,}"}
            report["notes"] = [*report["notes"], said_of_them]
    at.close()
    values |= result_of(job, report)
    if report["phase"] == "check":
        return jobs.Step(0, report, "wait", at.position, values)
    tidying.tidy_search.enqueue()
    return jobs.Step(at.position, report, "finish", at.position, values)


def left(job: Job) -> list[int]:
    """Return the numbers of the questioned rows that nobody has taken up again."""
    rows = job.report.get("rows", ())
    return [line["number"] for line in rows if line["outcome"] == "questioned"] if job.state == "done" else []


def again(*, by: Actor, job: Job) -> Job:
    """Take the questioned rows of a finished import up again, with what was decided about them since."""
    by.require("enterprises.enterprise.import", _("您没有批量导入企业的权限。"))
    demand(job, by, "change", _("只有发起导入的人可以再次处理。"))
    numbers = left(job)
    if not numbers:
        raise Conflict(_("没有需要再次处理的行。"))
    parameters = {**job.parameters, "phase": "write", "only": numbers, "complete": False, "notes": []}
    title = _("再次处理有疑问的行：%(file)s") % {"file": job.source_name}
    return jobs.start(by=by, kind=KIND, title=title, parameters=parameters, source_of=job)


def tags_of(job: Job) -> TagList:
    """Return the tag that a job gives, for which year, and whether its list is complete."""
    asked = job.parameters
    return TagList(asked.get("tag", ""), asked.get("year") or 0, bool(asked.get("complete")))


def write(
    by: Actor, rows: Sequence[tuple[Said, Finding]], tags: TagList, at: Reading, job: Job, tries: int = 3
) -> tuple[Batch, set[int]]:
    """Write rows; those that somebody entered or changed in the same moment are looked at again.

    Return the batch and the ids of the enterprises on the list.
    """
    now = queries.last_event()
    batch, at.ready = at.ready, None
    if queries.touched_since(at.since, job.pk, at.touched) or batch is None:
        batch = decide(rows, tags, at.memory, at.touched)
    try:
        with transaction.atomic():
            made = services.write_batch(
                by=by, new=batch.new, changed=batch.changed, job=job.pk,
                meanwhile=lambda: at.decide_ahead(chunk_size(at.position + len(rows)), tags),
            )  # fmt: skip
            ranks = batch.ranks | dict(zip(made, batch.new_ranks, strict=True))
            if tags.tag:
                services.tag_batch(by=by, tag=tags.tag, year=tags.year, ranks=ranks)
    except (IntegrityError, Conflict):
        if tries == 1:
            raise
        at.ready = None
        return write(by, [(row, None) for row, _found in rows], tags, at, job, tries - 1)
    at.since = max(at.since, now)
    return batch, set(ranks)


def merged(begun: dict[str, Any], more: RowReport) -> dict[str, Any]:
    """Add a chunk's report: counts of all rows, and the rows of which there is something to say."""
    counts = {name: begun.get("counts", {}).get(name, 0) + count for name, count in more.counts.items()}
    worth_telling = [row for row in more.rows if row.sentences or row.outcome in NEEDS_A_PERSON]
    told = RowReport(worth_telling).to_json()["rows"]
    lines, notes = [*begun.get("rows", []), *told], list(begun.get("notes", []))
    needed = [line for line in lines if line["outcome"] in NEEDS_A_PERSON]
    others = [line for line in lines if line["outcome"] not in NEEDS_A_PERSON]
    if len(needed) > KEPT_LINES or len(others) > TOLD_LINES:
        notes.append(
            _("逐行报告只保留前 %(needed)s 行待处理的和前 %(told)s 行其他的，其余只计数。")
            % {"needed": f"{KEPT_LINES:,}", "told": f"{TOLD_LINES:,}"}
        )
    kept = sorted([*needed[:KEPT_LINES], *others[:TOLD_LINES]], key=lambda line: line["number"])
    return {"counts": counts, "notes": list(dict.fromkeys(notes)), "rows": kept}


def result_of(job: Job, report: dict[str, Any]) -> dict[str, Any]:
    """Write the workbook of the rows that need a person: it can be corrected and imported again."""
    kept = RowReport.from_json({"notes": report["notes"], "rows": report["rows"]})
    if not any(kept.counts[outcome] for outcome in ("questioned", "refused")):
        return {}
    with (
        tempfile.TemporaryFile() as stream,
        stores.open_stored(job.source_file, job.source_name) as source,
        open_list_of(job, source) as table,
    ):
        kept.write_xlsx(stream, table, only=("questioned", "refused"))
        stream.seek(0)
        return jobs.keep_result(job, stream, f"{_('待处理的行')}-{job.source_name.rsplit('.', 1)[0]}.xlsx")
