"""What became of each row of an import, kept as JSON and given back as a workbook that can be corrected and sent again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Literal, Self, get_args

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.exchange.columns import REMARK_HEAD, RESULT_HEAD, Raw, Text
from yinfeng.core.exchange.reading import Table
from yinfeng.core.exchange.workbooks import Plain
from yinfeng.core.exchange.writing import write_lines

Outcome = Literal["new", "updated", "unchanged", "questioned", "refused"]

OUTCOMES: Mapping[str, str | Promise] = {
    "new": gettext_lazy("新增"),
    "updated": gettext_lazy("更新"),
    "unchanged": gettext_lazy("无变化"),
    "questioned": gettext_lazy("有疑问"),
    "refused": gettext_lazy("未导入"),
}


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row: its number in the file, the outcome, and the sentences that say why.

    ``name`` says which row it is, ``candidates`` what a questioned one may mean, as JSON can hold it.
    """

    number: int
    outcome: Outcome
    sentences: tuple[str, ...] = ()
    name: str = ""
    candidates: tuple[Mapping[str, Any], ...] = ()

    @property
    def label(self) -> str:
        return str(OUTCOMES[self.outcome])


@dataclass(slots=True)
class RowReport:
    """The outcomes of all rows of a file, and what is to be said of the file as a whole."""

    rows: list[RowOutcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self, number: int, outcome: Outcome, sentences: Iterable[Text] = (), *, name: str = "",
        candidates: Iterable[Mapping[str, Any]] = (),
    ) -> None:  # fmt: skip
        """Note what became of a row. A questioned row was neither taken nor refused: somebody has to confirm it."""
        if outcome not in OUTCOMES:
            raise ValueError(f"no such outcome: {outcome}")
        said = tuple(str(sentence) for sentence in sentences)
        self.rows.append(RowOutcome(number, outcome, said, name, tuple(candidates)))

    @property
    def counts(self) -> dict[str, int]:
        """Return how many rows had each outcome; every outcome is there."""
        counted = Counter(row.outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in get_args(Outcome)}

    def summary(self) -> str:
        """Return the counts as one sentence, outcomes that did not occur left out."""
        parts = [
            _("%(outcome)s %(count)s 行") % {"outcome": OUTCOMES[outcome], "count": f"{count:,}"}
            for outcome, count in self.counts.items()
            if count
        ]
        return _("，").join(parts) or _("没有读到任何一行")

    def to_json(self) -> dict[str, Any]:
        """Return the report as what JSON can hold."""
        return {
            "counts": self.counts,
            "notes": list(self.notes),
            "rows": [
                {"number": row.number, "outcome": row.outcome, "sentences": list(row.sentences)}
                | ({"name": row.name} if row.name else {})
                | ({"candidates": list(row.candidates)} if row.candidates else {})
                for row in self.rows
            ],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return the report that ``to_json`` gave."""
        report = cls(notes=list(kept["notes"]))
        for row in kept["rows"]:
            report.add(
                row["number"], row["outcome"], row["sentences"], name=row.get("name", ""),
                candidates=row.get("candidates", ()),
            )  # fmt: skip
        return report

    def write_xlsx(
        self,
        stream: IO[bytes],
        table: Table,
        *,
        only: Collection[Outcome] = get_args(Outcome),
        notes: Sequence[tuple[str, str]] = (),
    ) -> int:
        """Write the rows of the file as they were, each with its outcome and why; return how many.

        The workbook can be corrected and imported like the file it is about: its last two columns are passed over.

        Args:
            table: the file the report is about, opened again.
            only: the outcomes whose rows are wanted, such as those that need correcting.
        """
        about = [(_("文件"), table.name), *notes, (_("结果"), self.summary())]
        about += [(_("读入说明"), note) for note in self.notes]
        heads = [*table.heads_with_units(), str(RESULT_HEAD), str(REMARK_HEAD)]
        return write_lines(stream, table.sheet or _("导入结果"), heads, self._lines(table, only), notes=about)

    def _lines(self, table: Table, only: Collection[Outcome]) -> Iterator[list[Plain]]:
        outcomes = {row.number: row for row in self.rows if row.outcome in only}
        for row in table:
            if outcome := outcomes.get(row.number):
                raw = [_plain(row.raw[head]) for head in table.heads.values()]
                yield [*raw, outcome.label, "\n".join(outcome.sentences)]


def _plain(raw: Raw) -> Plain:
    """Return a cell as it can be written again; times of day and durations become text."""
    return raw if raw is None or isinstance(raw, Plain) else str(raw)
