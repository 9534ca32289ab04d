"""Lists of enterprises that a city's profile brings, put into the library as an import does it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from yinfeng.core import profile
from yinfeng.core.actors import Actor
from yinfeng.core.exchange.report import RowReport
from yinfeng.core.profile_format import Row
from yinfeng.enterprises import services
from yinfeng.enterprises.imports import open_list
from yinfeng.enterprises.imports.deciding import Memory, TagList, decide
from yinfeng.enterprises.imports.rows import said


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a list: its name, the report row by row, and how many firms lost the tag."""

    name: str
    report: RowReport
    withdrawn: int


def load_lists(name_or_path: str, *, by: Actor) -> list[Loaded]:
    """Put a profile's lists into the library, each whole or not at all; loading again changes nothing.

    Rows of which only a person can say whom they mean are reported and left out. WrongProfile lists the profile's mistakes.
    """
    found = profile.read(name_or_path)
    if found.problems:
        raise profile.WrongProfile(found.problems)
    return [load_list(row, found.folder, by=by) for row in found.rows.get("list", [])]


@transaction.atomic
def load_list(row: Row, folder: Path, *, by: Actor) -> Loaded:
    """Put one list into the library: new firms are entered, those that are there get the tag of the year."""
    path, tags = folder / row["file"], TagList(row["tag"], row["year"], row["complete"])
    with path.open("rb") as file, open_list(file, path.name) as table:
        batch = decide([(said(line), None) for line in table], tags, Memory())
    source = {"source": row["source"][:200]}
    new = [source | values for values in batch.new]
    made = services.write_batch(by=by, new=new, changed=batch.changed)
    ranks = batch.ranks | dict(zip(made, batch.new_ranks, strict=True))
    tagged = services.tag_batch(by=by, tag=tags.tag, year=tags.year, ranks=ranks)
    withdrawn = 0
    if tags.complete:
        kept = {*ranks, *batch.candidates}
        withdrawn = services.withdraw_tags(by=by, tag=tags.tag, year=tags.year, kept=kept)
    if tagged or batch.changed or withdrawn:
        services.note_list(by=by, tag=tags.tag, year=tags.year, source=_("城市方案"))
    return Loaded(row["name"], batch.report, withdrawn)
