"""What becomes of the rows of a list: new, an enterprise that is there, or a doubt that only a person can settle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from yinfeng.core.exchange.report import Outcome, RowReport
from yinfeng.enterprises import naming, queries
from yinfeng.enterprises.imports import alike
from yinfeng.enterprises.imports.alike import Found
from yinfeng.enterprises.imports.memory import Earlier, Finding, Marks, Row
from yinfeng.enterprises.imports.rows import Said, labels
from yinfeng.enterprises.queries import Firm, Known, Touched


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
    """What is known when rows are looked at: those before them in the file, the names of the library.

    ``whole``: the file has been gone through to its end, so all its rows are known and have been compared with each other.
    """

    job: int = 0  # the import that writes, if one does
    marks: Marks = field(default_factory=Marks)
    named: Marks = field(default_factory=Marks)  # enterprises, by number
    earlier: Earlier = field(default_factory=Earlier)
    whole: bool = False

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
        if self.whole:
            return
        self.marks.add(batch.marks)
        self.named.add_numbers(batch.named)
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
    named: set[int] = field(default_factory=set)  # enterprises that rows mean
    noted: list[tuple[str, Row]] = field(default_factory=list)
    decided: list[tuple[Said, Finding]] = field(default_factory=list)


def decide(
    rows: Sequence[tuple[Said, Finding]],
    tags: TagList,
    memory: Memory,
    touched: Touched | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> Batch:
    """Compare rows with the library and say what becomes of each.

    Args:
        rows: what they say, and what was found of each when they were looked at before, if they were.
        touched: the enterprises with which others did something since then; what was found of other rows holds.
        meanwhile: what can be done while the library is asked.
    """
    batch, touched = Batch(), touched or Touched()
    readable = _readable(batch, rows, memory)
    means: dict[int, tuple[Firm | None, Doubt | None]] = {}
    parts: dict[int, str] = {}
    asked: list[Said] = []
    new: list[Said] = []
    for row, finding in readable:
        if finding is None or _is_touched(row, finding, touched):
            row.remarks = []
            asked.append(row)
        elif isinstance(finding, Firm):
            means[row.number] = finding, None
        else:
            means[row.number] = None, None
            parts[row.number] = finding
            new.append(row)
    found = queries.known(
        [row.key for row in asked],
        {row.values["uscc"]: row.key for row in asked if "uscc" in row.values},
        [row.values["listing_code"] for row in asked if "listing_code" in row.values],
        meanwhile,
    ) if asked else queries.Known.nothing()  # fmt: skip
    means |= {row.number: named_by(row, found) for row in asked}
    unknown = [row for row in asked if means[row.number] == (None, None)]
    means |= _looked_up(unknown, found, memory)
    if touched.names:
        means |= _like_touched(new, found, touched)
    parts |= _settle_within(batch, unknown, means, memory.earlier)
    present = {}
    if tags.tag:
        firms = (firm.pk for firm, _doubt in means.values() if firm)
        present = queries.tags_of_year(firms, tags.tag, tags.year)
    told = labels()
    before = memory.named.known_numbers([firm.pk for firm, _doubt in means.values() if firm])
    for row, _finding in readable:
        firm, doubt = means[row.number]
        if firm and (firm.pk in batch.named or firm.pk in before):
            _refuse_second(batch, row, firm)
            continue
        if doubt:
            _question(batch, row, doubt)
        elif firm:
            batch.named.add(firm.pk)
            _compare(batch, row, firm, tags, present, told)
        else:
            batch.report.add(row.number, "new", [*row.questions, *row.doubts], name=row.name)
            batch.new.append({"country": "CN", **row.values, "name_key": row.key})
            batch.new_ranks.append(row.rank)
        if doubt or (firm and row.remarks):
            batch.decided.append((row, None))
        else:
            batch.decided.append((row, firm or parts[row.number]))
    return batch


def _is_touched(row: Said, finding: Firm | str, touched: Touched) -> bool:
    """Say whether what was found of a row may hold no more."""
    if not touched.ids:
        return False
    codes = (row.values.get("uscc"), row.values.get("listing_code"))
    return (
        (isinstance(finding, Firm) and finding.pk in touched.ids)
        or row.key in touched.keys
        or not touched.codes.isdisjoint(codes)
    )


def _readable(
    batch: Batch, rows: Sequence[tuple[Said, Finding]], memory: Memory
) -> list[tuple[Said, Finding]]:
    """Return the rows that can be taken; the others are refused."""
    before: set[str] = set()
    if not memory.whole:
        before = memory.marks.known([mark for row, _found in rows if not row.errors for mark in row.marks()])
    readable = []
    for row, finding in rows:
        if not row.errors:
            own = () if memory.whole else row.marks()
            if before.isdisjoint(own) and batch.marks.isdisjoint(own):
                batch.marks.update(own)
                readable.append((row, finding))
                continue
            row = replace(row, errors=[_("与文件中前面的一行名称或代码相同，已跳过。")])
        _refuse(batch, row)
    return readable


def _refuse(batch: Batch, row: Said) -> None:
    batch.report.add(row.number, "refused", row.errors, name=row.name)
    batch.decided.append((row, None))


def _refuse_second(batch: Batch, row: Said, firm: Firm) -> None:
    """Refuse a row that means an enterprise which an earlier one, of another name, means too: one of them is enough."""
    sentence = _("与文件中前面的一行同指库中的“%(name)s”，已跳过；如需更新，请合并为一行。") % {"name": firm}
    _refuse(batch, replace(row, errors=[sentence]))


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
    rows: Sequence[Said], found: Known, memory: Memory
) -> dict[int, tuple[Firm | None, Doubt | None]]:
    """Return by number what the names of rows may mean."""
    answers = memory.match(rows) if rows else {}
    queries.load(found.by_id, (item.id for items in answers.values() for item in items))
    return {row.number: _meant(row, answers.get(row.number, []), found) for row in rows}


def _like_touched(
    rows: Sequence[Said], found: Known, touched: Touched
) -> dict[int, tuple[Firm | None, Doubt | None]]:
    """Return by number what rows found to be new may mean among the enterprises touched since then, if anything."""
    lately = alike.Names.of(touched.names).match([row.name for row in rows])
    answers = {row.number: (row, items) for row, items in zip(rows, lately, strict=True) if items}
    queries.load(found.by_id, (item.id for _row, items in answers.values() for item in items))
    return {number: _meant(row, items, found) for number, (row, items) in answers.items()}


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
    rows: Sequence[Said],
    means: dict[int, tuple[Firm | None, Doubt | None]],
    earlier: Earlier,
) -> dict[int, str]:
    """Question new rows that may be an earlier new row of the file; note the others for later ones.

    Return by number the part by which each of them is remembered.
    """
    new = [(row, alike.part_of(row.name)) for row in rows if means[row.number] == (None, None)]
    before = earlier.parts.known([part for _row, part in new])
    here: dict[str, list[Row]] = {}
    parts = {}
    for row, part in new:
        likely = [*here.get(part, ()), *(earlier.like(part, row.number) if part in before else ())]
        if likely and (doubt := _doubt_within(row, likely)):
            means[row.number] = None, doubt
            continue
        noted = Row.of(row)
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
