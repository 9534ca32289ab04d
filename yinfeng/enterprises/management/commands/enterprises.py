"""``yinfeng enterprises match``, ``dedupe`` and ``lists``: what names mean, what may be one enterprise, a profile's lists."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from yinfeng.core.actors import system
from yinfeng.core.errors import DomainError
from yinfeng.core.exchange.delimited import escape_formula
from yinfeng.enterprises import queries, services, uscc
from yinfeng.enterprises.imports import NEEDS_A_PERSON
from yinfeng.enterprises.imports.lists import load_lists
from yinfeng.enterprises.matching import Library, Match, Named, match_many
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.names_file import Line, read_names

COLUMNS = ("input", "rank", "matched_name", "enterprise_id", "score", "decision", "reason")
PAIR_COLUMNS = ("cluster", "enterprise_id", "name", "other_id", "other_name", "score", "reason")
BATCH, IDS = 50_000, 2_000
_LISTING = re.compile(r"[0-9A-Z]{1,6}(?:\.[A-Z]{2,6})?")


class Command(BaseCommand):
    help = "Match names with the library of enterprises, find in it what may be there twice, load a profile's lists."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        match = acts.add_parser(
            "match", help="say of each name which enterprise it means: same, possible or none"
        )
        match.add_argument(
            "--names", type=Path, required=True, help="names, one a line, or a csv with a column of names"
        )
        match.add_argument("--out", type=Path, required=True, help="csv to be written")
        match.add_argument(
            "--top", type=int, default=5, metavar="K", help="at most so many enterprises a name (5)"
        )
        match.add_argument("--library", type=Path, help="csv of names to match with instead of the database")
        lists = acts.add_parser(
            "lists",
            help="put the lists that a city's profile brings into the library; again: nothing changes",
        )
        lists.add_argument("profile", help="a built-in profile's name, or a folder")
        dedupe = acts.add_parser("dedupe", help="list enterprises that may be one, in clusters")
        dedupe.add_argument("--out", type=Path, required=True, help="csv to be written")
        dedupe.add_argument(
            "--note", action="store_true", help="also put the pairs before those who may merge (疑似重复)"
        )

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        try:
            if act == "match":
                self._match(options["names"], options["out"], options["top"], options["library"])
            elif act == "lists":
                self._load_lists(options["profile"])
            else:
                self._dedupe(options["out"], options["note"])
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from error

    def _match(self, names: Path, out: Path, top: int, library: Path | None) -> None:
        if top < 1:
            raise CommandError(_("--top 至少为 1。"))
        lines = read_names(names)
        known, by_code = _of_file(library) if library else (queries.library(), _of_database)
        counts = dict.fromkeys(("same", "possible", "none"), 0)
        with _written(out) as writer:
            writer.writerow(COLUMNS)
            while batch := list(islice(lines, BATCH)):
                coded = by_code(batch)
                for line, matches in zip(
                    batch, match_many(known, [line.name for line in batch], top), strict=True
                ):
                    found = ([coded[line]] if line in coded else matches)[:top]
                    counts[found[0].decision if found else "none"] += 1
                    writer.writerows(_rows(line, found))
        words = {name: f"{count:,}" for name, count in counts.items()}
        self.stdout.write(_("相同 %(same)s 个，可能 %(possible)s 个，没有 %(none)s 个。") % words)

    def _load_lists(self, name: str) -> None:
        for loaded in load_lists(name, by=system(source="command")):
            words = {"name": loaded.name, "withdrawn": f"{loaded.withdrawn:,}"}
            words |= {name: f"{count:,}" for name, count in loaded.report.counts.items()}
            sentence = _(
                "%(name)s：新增 %(new)s 家，更新 %(updated)s 家，无变化 %(unchanged)s 家，撤下标签 %(withdrawn)s 家。"
            )
            self.stdout.write(sentence % words)
            for line in loaded.report.to_json()["rows"]:
                if line["outcome"] in NEEDS_A_PERSON:
                    self.stdout.write(f"  {line['number']}: {' '.join(line['sentences'])}")

    def _dedupe(self, out: Path, note: bool) -> None:
        library = queries.library()
        rows = Enterprise.objects.order_by("pk").values_list("pk", "name").iterator(chunk_size=IDS)
        pairs = {}
        while batch := list(islice(rows, BATCH)):
            for pair in queries.pairs(library, batch):
                pairs[pair.one, pair.other] = pair
        names = _names({pk for key in pairs for pk in key})
        groups = queries.clusters(pairs.values())
        with _written(out) as writer:
            writer.writerow(PAIR_COLUMNS)
            for number, group in enumerate(groups, start=1):
                for pair in group:
                    one, other = (escape_formula(names.get(pk, "")) for pk in pair[:2])
                    writer.writerow(
                        [number, pair.one, one, pair.other, other, f"{pair.score:.3f}", pair.reason]
                    )
        self.stdout.write(
            _("%(groups)s 组、%(pairs)s 对疑似重复。") % {"groups": len(groups), "pairs": len(pairs)}
        )
        if note:
            count = services.note_doubts(system(source="command"), pairs.values())
            self.stdout.write(_("其中 %(count)s 对新列入“疑似重复”，待判断。") % {"count": count})


def _rows(line: Line, found: list[Match]) -> Iterator[list[object]]:
    typed = escape_formula(line.name or line.uscc or line.listing)
    if not found:
        yield [typed, 1, "", "", "0.000", "none", _("库中没有相近的名称")]
    for rank, match in enumerate(found, start=1):
        yield [
            typed, rank, escape_formula(match.name), match.id, f"{match.score:.3f}", match.decision, str(match.reason),
        ]  # fmt: skip


@contextmanager
def _written(out: Path) -> Iterator[Any]:
    """Yield a writer to a csv that stands in its place once it is whole."""
    part = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield csv.writer(file)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _codes(line: Line) -> tuple[str, str]:
    """Return the codes given with a name, or as the name itself."""
    code, listing = uscc.normalise_uscc(line.uscc), line.listing.strip().upper()
    alone = uscc.normalise_uscc(line.name)
    if not code and len(alone) == 18 and uscc.check(alone).level != "malformed":
        code = alone
    if not listing and _LISTING.fullmatch(line.name.strip()) and any(map(str.isdigit, line.name)):
        listing = line.name.strip()
    return code, listing


def _of_file(path: Path) -> tuple[Library, Any]:
    """Return the library of a file, and what finds the codes in it; a name without a number has that of its line."""
    lines = list(read_names(path))
    ids = [int(line.id) if line.id.isdecimal() else at for at, line in enumerate(lines, start=1)]
    codes = {uscc.normalise_uscc(line.uscc): at for at, line in enumerate(lines) if line.uscc}
    listings = {line.listing.strip().upper(): at for at, line in enumerate(lines) if line.listing}

    def by_code(batch: Iterable[Line]) -> dict[Line, Match]:
        found = {}
        for line in batch:
            code, listing = _codes(line)
            at = codes.get(code) if code else None
            at = listings.get(listing) if at is None and listing else at
            if at is not None:
                found[line] = _coded(ids[at], lines[at].name, by_uscc=code in codes)
        return found

    return Library(Named(pk, line.name) for pk, line in zip(ids, lines, strict=True)), by_code


def _of_database(batch: Iterable[Line]) -> dict[Line, Match]:
    asked = {line: _codes(line) for line in batch}
    codes = {code for code, _listing in asked.values() if code}
    listings = {listing for _code, listing in asked.values() if listing}
    fields = ("pk", "name")
    by_uscc = {
        code: rest for code, *rest in Enterprise.objects.filter(uscc__in=codes).values_list("uscc", *fields)
    }
    listed = Enterprise.objects.filter(listing_code__in=listings).values_list("listing_code", *fields)
    by_listing = {code: rest for code, *rest in listed}
    found = {}
    for line, (code, listing) in asked.items():
        if code in by_uscc:
            found[line] = _coded(*by_uscc[code], by_uscc=True)
        elif listing in by_listing:
            found[line] = _coded(*by_listing[listing], by_uscc=False)
    return found


def _coded(pk: int, name: str, *, by_uscc: bool) -> Match:
    return Match(pk, name, "same", 1.0, _("统一社会信用代码相同") if by_uscc else _("证券代码相同"))


def _names(ids: set[int]) -> dict[int, str]:
    ordered = sorted(ids)
    names: dict[int, str] = {}
    for at in range(0, len(ordered), IDS):
        rows = Enterprise.objects.filter(pk__in=ordered[at : at + IDS])
        names |= dict(rows.values_list("pk", "name"))
    return names
