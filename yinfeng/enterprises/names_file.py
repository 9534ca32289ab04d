"""Lists of company names in files, as ``yinfeng enterprises match`` reads them: one a line, or a table with a column of names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from yinfeng.core.exchange.delimited import TextTable
from yinfeng.core.text import normalise

HEADINGS = {
    "id": ("id", "enterpriseid", "编号", "企业编号"),
    "name": ("name", "input", "companyname", "fullname", "企业名称", "公司名称", "单位名称", "名称"),
    "uscc": ("uscc", "统一社会信用代码", "信用代码"),
    "listing": ("listing", "listingcode", "tscode", "证券代码", "股票代码"),
}


class Line(NamedTuple):
    """A name as it stands in the file, with the codes and the number that stand beside it."""

    name: str
    uscc: str = ""
    listing: str = ""
    id: str = ""


def read_names(path: Path) -> Iterator[Line]:
    """Yield the names of a file in their order, empty lines left out.

    In a table (.csv, .tsv, also .gz) the columns are known by their headings; without a heading the first column holds the
    names. In any other text each line is a name, commas and all.

    Raises:
        Invalid: it is no text.
    """
    with path.open("rb") as file:
        table = TextTable(file, packed=path.suffix == ".gz")
        if ".csv" in path.suffixes or ".tsv" in path.suffixes:
            yield from _of_table(table, "\t" if ".tsv" in path.suffixes else ",")
        else:
            yield from (Line(name) for name in table.lines() if name)


def _of_table(table: TextTable, delimiter: str) -> Iterator[Line]:
    places: dict[str, int] | None = None
    for record in table.records(delimiter):
        if not any(record):
            continue
        if places is None:
            places = _places(record)
            if places:
                continue
            places = {"name": 0}
        values = {key: record[at].strip() for key, at in places.items() if at < len(record)}
        if values.get("name") or values.get("uscc") or values.get("listing"):
            yield Line(**({"name": ""} | values))


def _places(record: list[str]) -> dict[str, int]:
    """Return in which columns a heading says what stands; nothing if it names no column of names."""
    headings = [normalise(cell) for cell in record]
    found = {
        key: next((at for at, heading in enumerate(headings) if heading in words), -1)
        for key, words in HEADINGS.items()
    }
    return {key: at for key, at in found.items() if at >= 0} if found["name"] >= 0 else {}
