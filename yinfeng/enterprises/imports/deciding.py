"""What becomes of the rows of a list: new, an enterprise that is there, or a doubt that only a person can settle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from yinfeng.core.exchange.report import Outcome, RowReport
from yinfeng.enterprises import naming, queries
from yinfeng.enterprises.imports import alike
from yinfeng.enterprises.imports.alike import Found
from yinfeng.enterprises.imports.memory import Earlier, Marks, Row
from yinfeng.enterprises.imports.rows import Said, labels, warnings
from yinfeng.enterprises.queries import Firm, Known


@dataclass(frozen=True, slots=True)
class TagList:
    """The tag that the enterprises of a list get: of which year, and whether who is not on the list loses it."""

    tag: str = ""
    year: int = 0
    complete: bool = False


@dataclass(slots=True)
class Doubt:
    """Why a row waits for a person, and the enterprises it may mean; ``separable`` if finding them different settles it."""

    sentence: str
    candidates: list[dict[str, Any]] = field(default_factory=list)
    separable: bool = True


@dataclass
class Memory:
    """What is known when rows are looked at: those before them in the file, the names of the library."""

    job: int = 0  # the import that writes, if one does
    marks: Marks = field(default_factory=Marks)
    earlier: Earlier = field(default_factory=Earlier)

    @cached_property
    def library(self) -> alike.Names:
        return alike.library()

    @cached_property
    def without_codes(self) -> alike.Names:
        return alike.library_without_codes()

    def match(self, rows: Sequence[Said]) -> dict[int, list[Found]]:
        """Return by number what the names of rows may mean; different codes settle that it is not an enterprise with one."""
        coded = [row for row in rows if "uscc" in row.values]
        others = [row for row in rows if "uscc" not in row.values]
        answers: dict[int, list[Found]] = {}
        if coded:
            found = self.without_codes.match([row.name for row in coded])
            answers |= {row.number: items for row, items in zip(coded, found, strict=True)}
        if others:
            found = self.library.match([row.name for row in others])
            answers |= {row.number: items for row, items in zip(others, found, strict=True)}
        if self.job and any(answers.values()):  # earlier rows of the file have been compared already
            own = queries.entered_by(self.job, {item.id for items in answers.values() for item in items})
            answers = {at: [item for item in items if item.id not in own] for at, items in answers.items()}
        return answers

    def note(self, batch: Batch) -> None:
        """Let later rows be compared with these."""
        self.marks.add(batch.marks)
        self.earlier.add(batch.noted)


@dataclass
class Batch:
    """What is to be done with some rows, and what is to be said of each."""

    report: RowReport = field(default_factory=RowReport)
    new: list[dict[str, Any]] = field(default_factory=list)
    new_ranks: list[int | None] = field(default_factory=list)
    changed: list[tuple[Firm, dict[str, Any]]] = field(default_factory=list)
    ranks: dict[int, int | None] = field(default_factory=dict)  # of those that get the tag, or have it
    candidates: set[int] = field(default_factory=set)
    marks: set[str] = field(default_factory=set)
    noted: list[tuple[str, Row]] = field(default_factory=list)
    decided: list[tuple[Said, str | None]] = field(default_factory=list)


def decide(
    rows: Sequence[tuple[Said, str | None]],
    tags: TagList,
    memory: Memory,
    entered: Sequence[tuple[int, str]] = (),
) -> Batch:
    """Compare rows with the library and say what becomes of each.

    Args:
        rows: what they say, and the part by which each was remembered when it was found to be new, if it was.
        entered: (id, name) of enterprises that others have entered or named since then.
    """
    batch = Batch()
    readable = _readable(batch, rows, memory.marks)
    found = queries.known(
        [row.key for row, _part in readable],
        [row.values["uscc"] for row, _part in readable if "uscc" in row.values],
        [row.values["listing_code"] for row, _part in readable if "listing_code" in row.values],
    )
    means = {row.number: named_by(row, found) for row, _part in readable}
    unknown = [(row, part) for row, part in readable if means[row.number] == (None, None)]
    means |= _looked_up(unknown, found, memory, entered)
    parts = _settle_within(batch, unknown, means, memory.earlier)
    present = {}
    if tags.tag:
        firms = (firm.pk for firm, _doubt in means.values() if firm)
        present = queries.tags_of_year(firms, tags.tag, tags.year)
    told = labels()
    for row, _part in readable:
        firm, doubt = means[row.number]
        part = parts.get(row.number)
        if doubt:
            _question(batch, row, doubt)
        elif firm:
            _compare(batch, row, firm, tags, present, told)
        else:
            batch.report.add(row.number, "new", [*row.questions, *warnings(row.values)], name=row.name)
            batch.new.append({"country": "CN", **row.values, "name_key": row.key})
            batch.new_ranks.append(row.rank)
        batch.decided.append((row, None if doubt or firm else part))
    return batch


def _readable(
    batch: Batch, rows: Sequence[tuple[Said, str | None]], marks: Marks
) -> list[tuple[Said, str | None]]:
    """Return the rows that can be taken; the others are refused."""
    before = marks.known([mark for row, _part in rows if not row.errors for mark in row.marks()])
    readable = []
    for row, part in rows:
        if not row.errors:
            own = row.marks()
            if before.isdisjoint(own) and batch.marks.isdisjoint(own):
                batch.marks.update(own)
                readable.append((row, part))
                continue
            row.errors = [_("与文件中前面的一行名称或代码相同，已跳过。")]
        batch.report.add(row.number, "refused", row.errors, name=row.name)
        batch.decided.append((row, None))
    return readable


def named_by(row: Said, found: Known) -> tuple[Firm | None, Doubt | None]:
    """Return the enterprise that a row names by its name or a code, or the doubt for a person to settle.

    A row whose code is known may spell the name another way (short, or as it was); the library's name stays.
    """
    values = row.values
    firm = found.by_key.get(row.key)
    kind, other = found.by_other_name.get(row.key, ("", None))
    if firm is None and kind == "alternative":
        firm = other
    coded = (found.by_code.get(values.get("uscc", "")), found.by_listing.get(values.get("listing_code", "")))
    for holder in filter(None, coded):
        if firm is None and (holder is other or _alike(row.name, holder.values["name"])):
            firm = holder
        elif holder is not firm:
            sentence = _("代码属于库中的“%(name)s”，名称却不同，请核对后再导入。") % {"name": holder}
            return None, Doubt(sentence, [_candidate(holder, _("代码相同"))], separable=False)
    if firm is None and other is not None:
        sentence = _("这是库中“%(name)s”的曾用名，请核对是不是同一家。") % {"name": other}
        return None, Doubt(sentence, [_candidate(other, _("曾用名相同"))], separable=False)
    if firm is not None and firm.values["uscc"] and values.get("uscc") not in (None, firm.values["uscc"]):
        code = firm.values["uscc"]
        sentence = _("库中同名企业的统一社会信用代码是 %(code)s，请核对。") % {"code": code}
        return None, Doubt(sentence, separable=False)
    return firm, None


def _alike(one: str, other: str) -> bool:
    return naming.compare(naming.parse(one), naming.parse(other)).level != "none"


def _candidate(firm: Firm, reason: str) -> dict[str, Any]:
    return {"id": firm.pk, "name": str(firm), "reason": reason}


# --- names that look like others ----------------------------------------------------------------------------------


def _looked_up(
    rows: Sequence[tuple[Said, str | None]], found: Known, memory: Memory, entered: Sequence[tuple[int, str]]
) -> dict[int, tuple[Firm | None, Doubt | None]]:
    """Return by number what the names of rows may mean; of those found to be new before only what was entered since."""
    asked = [row for row, part in rows if part is None]
    known_new = [row for row, part in rows if part is not None]
    answers = memory.match(asked)
    if known_new and entered:
        lately = alike.Names.of(entered).match([row.name for row in known_new])
        answers |= {row.number: items for row, items in zip(known_new, lately, strict=True)}
    queries.load(found.by_id, (item.id for items in answers.values() for item in items))
    return {row.number: _meant(row, answers.get(row.number, []), found) for row, _part in rows}


def _meant(row: Said, answers: Sequence[Found], found: Known) -> tuple[Firm | None, Doubt | None]:
    """Return the enterprise that is meant, or a doubt; a person's finding and different codes settle that it is not one."""
    likely = []
    for answer in answers:
        firm = found.by_id.get(answer.id)
        if firm is None or (row.key, firm.pk) in found.apart or _contradict(row.values, firm.values):
            continue
        if answer.decision == "same":
            said = _("按名称认定是库中的“%(name)s”（%(reason)s）。") % {"name": firm, "reason": answer.reason}
            row.remarks = [said]
            return firm, None
        likely.append(_candidate(firm, answer.reason))
    if not likely:
        return None, None
    first = likely[0]
    sentence = _("可能就是库中的“%(name)s”（%(reason)s）。") % {
        "name": first["name"],
        "reason": first["reason"],
    }
    return None, Doubt(sentence, likely)


def _contradict(one: Any, other: Any) -> bool:
    """Say whether both have a code and the codes differ."""
    return any(
        one.get(name) and other.get(name) and one[name] != other[name] for name in ("uscc", "listing_code")
    )


def _settle_within(
    batch: Batch,
    rows: Sequence[tuple[Said, str | None]],
    means: dict[int, tuple[Firm | None, Doubt | None]],
    earlier: Earlier,
) -> dict[int, str]:
    """Question new rows that may be an earlier new row of the file; note the others for later ones.

    Return by number the part by which each of them is remembered.
    """
    new = [(row, part or alike.part_of(row.name)) for row, part in rows if means[row.number] == (None, None)]
    before = earlier.parts.known([part for _row, part in new])
    here: dict[str, list[Row]] = {}
    parts = {}
    for row, part in new:
        likely = [*here.get(part, ()), *(earlier.like(part) if part in before else ())]
        if likely and (doubt := _doubt_within(row, likely)):
            means[row.number] = None, doubt
            continue
        noted = Row(row.number, row.name, row.values.get("uscc", ""), row.values.get("listing_code", ""))
        here.setdefault(part, []).append(noted)
        batch.noted.append((part, noted))
        parts[row.number] = part
    return parts


def _doubt_within(row: Said, earlier: Iterable[Row]) -> Doubt | None:
    own = naming.parse(row.name)
    for other in earlier:
        if _contradict(row.values, other._asdict()):
            continue
        verdict = naming.compare(own, naming.parse(other.name))
        if verdict.score >= alike.NEARLY_SAME:
            words = {"number": other.number, "name": other.name, "reason": verdict.reason}
            sentence = _(
                "可能就是文件第 %(number)s 行的“%(name)s”（%(reason)s）；那一行写入后可再次处理这一行。"
            )
            return Doubt(sentence % words)
    return None


# --- an enterprise that is there ----------------------------------------------------------------------------------


def _question(batch: Batch, row: Said, doubt: Doubt) -> None:
    batch.candidates.update(item["id"] for item in doubt.candidates)
    candidates = [{**item, "separable": doubt.separable} for item in doubt.candidates]
    batch.report.add(row.number, "questioned", [doubt.sentence], name=row.name, candidates=candidates)


def _compare(
    batch: Batch, row: Said, firm: Firm, tags: TagList, present: dict[int, int | None], told: dict[str, str]
) -> None:
    """Take what differs, but never over what was verified later than the row says it was."""
    here = firm.values
    differing = {
        name: value
        for name, value in row.values.items()
        if here[name] != value and name != "name" and name != "verified_date"
    }
    dated, verified = row.values.get("verified_date"), here["verified_date"]
    sentences = [*row.remarks, *row.questions]
    has_tag = not tags.tag or (firm.pk in present and row.rank in (None, present[firm.pk]))
    if verified and (dated is None or dated < verified):
        kept_back = sorted(name for name in differing if here[name] not in (None, ""))
        differing = {name: value for name, value in differing.items() if name not in kept_back}
        if kept_back:
            words = {"day": verified, "fields": "、".join(told[name] for name in kept_back)}
            sentences.insert(0, _("库中资料核实于 %(day)s，比文件新，未覆盖：%(fields)s。") % words)
            if not differing and has_tag:
                batch.report.add(row.number, "questioned", sentences, name=row.name)
                batch.candidates.add(firm.pk)
                return
    if dated and (verified is None or dated > verified):
        differing["verified_date"] = dated
    if differing:
        fields = "、".join(told[name] for name in differing)
        sentences.insert(0, _("更新：%(fields)s") % {"fields": fields})
        batch.changed.append((firm, differing))
    elif not has_tag:
        sentences.insert(0, _("添加标签"))
    outcome: Outcome = "updated" if differing or not has_tag else "unchanged"
    batch.report.add(row.number, outcome, sentences, name=row.name)
    batch.ranks[firm.pk] = row.rank
