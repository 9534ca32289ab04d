"""Translations without the gettext programs: gather what the code says into the catalogues, and compile them.

``extract``  brings ``yinfeng/locale/*/LC_MESSAGES/django.po`` up to date: new messages come untranslated, unused ones go.
``fill``     takes translations from files of lines ``message<TAB>translation`` (a line break is written ``\\n``).
``check``    fails while a catalogue lacks a message, a translation or a placeholder, or holds one that nothing uses.
``compile``  writes the ``.mo`` files, as the bootstrap does for catalogues that changed.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from tools.base import ROOT

KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "_now": None,  # gettext beside gettext_lazy
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"(?<!\w)(npgettext|pgettext|ngettext|gettext|_)\(\s*({STRING}(?:\s*,\s*{STRING})*)")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")

Found = tuple[int, tuple[str, ...], str | None]  # line, message or its singular and plural, context


def in_python(path: Path) -> Iterator[Found]:
    """Yield the messages of a Python file."""
    with path.open("rb") as file:
        for line, message, _comments, context in extract("python", file, KEYWORDS):
            yield line, (message,) if isinstance(message, str) else tuple(message), context


def in_template(path: Path) -> Iterator[Found]:
    """Yield the messages of a template, read by Django's own reader of templates."""
    source = templatize(path.read_text(encoding="utf-8"))
    for call in CALL.finditer(source):
        texts = [ast.literal_eval(text) for text in re.findall(STRING, call[2])]
        context = texts.pop(0) if "p" in call[1].split("gettext")[0] else None
        yield source.count("\n", 0, call.start()) + 1, tuple(texts), context


def template_catalogue() -> Catalog:
    """Return every message in the product's code and templates, with the files that say it."""
    if not settings.configured:
        settings.configure()  # the template reader asks for nothing but the defaults
        django.setup()
    found = Catalog()
    sources = [path for path in (ROOT / "yinfeng").rglob("*") if path.suffix in {".py", ".html", ".txt"}]
    for path in sorted([*sources, *(ROOT / "config").glob("*.py")]):
        if {"static", "locale", "migrations"} & set(path.relative_to(ROOT).parts):
            continue
        for line, texts, context in in_python(path) if path.suffix == ".py" else in_template(path):
            message = texts[0] if len(texts) == 1 else texts[:2]
            found.add(message, locations=[(path.relative_to(ROOT).as_posix(), line)], context=context)
    return found


def catalogues() -> list[Path]:
    return sorted(ROOT.glob("yinfeng/locale/*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def write(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue so that its differences are easy to read: sorted, a message a line, no line numbers."""
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, sort_output=True, ignore_obsolete=True, include_lineno=False)


def update(path: Path, current: Catalog) -> None:
    catalogue = read(path)
    created = catalogue.creation_date
    catalogue.update(current, no_fuzzy_matching=True)
    catalogue.creation_date = created
    write(path, catalogue)


def fill(path: Path, sources: list[Path]) -> None:
    """Take translations from tab-separated files; what is translated already stays unless the file says otherwise.

    A message that counts may have two: of one, and of more.
    """
    catalogue = read(path)
    for source in sources:
        for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            columns = [column.replace("\\n", "\n") for column in line.split("\t")]
            message = catalogue.get(columns[0])
            most = 1 + len(message.id) if message and message.pluralizable else 2
            if not message or not 2 <= len(columns) <= most:
                print(
                    f"{source}:{number}: {'too many or too few columns' if message else 'no message of the product'}"
                )
                continue
            given = columns[1:]
            message.string = (
                tuple([*given, given[-1]][: len(message.id)]) if message.pluralizable else given[0]
            )
    write(path, catalogue)


def faults(catalogue: Catalog, current: Catalog) -> Iterator[str]:
    """Yield a sentence for whatever keeps the catalogue from being complete."""

    def key(message: Message) -> tuple[str, str | None]:
        return message.id if isinstance(message.id, str) else message.id[0], message.context

    translated = {key(message): message for message in catalogue if message.id}
    wanted = {key(message): message for message in current if message.id}
    for text, context in sorted(set(translated) - set(wanted), key=str):
        yield f"nothing says this any more: {text!r}" + (f" ({context})" if context else "")
    for each, source in wanted.items():
        place = source.locations[0][0]
        message = translated.get(each)
        strings = (
            [] if message is None else [message.string] if isinstance(message.string, str) else message.string
        )
        if message is None or not strings or not all(strings):
            yield f"{place}: not translated: {each[0]!r}"
        elif message.fuzzy:
            yield f"{place}: the translation is marked as unsure: {each[0]!r}"
        elif any(set(PLACEHOLDER.findall(string)) != set(PLACEHOLDER.findall(each[0])) for string in strings):
            yield f"{place}: message and translation have different placeholders: {each[0]!r}"


def compile_(paths: list[Path]) -> None:
    for path in paths:
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, read(path))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("act", choices=["extract", "fill", "check", "compile"])
    parser.add_argument("files", nargs="*", type=Path)
    arguments = parser.parse_args()
    if arguments.act == "compile":
        compile_(arguments.files or catalogues())
        return 0
    current = template_catalogue()
    if arguments.act == "check":
        found = [
            f"{path.parts[-3]}: {fault}" for path in catalogues() for fault in faults(read(path), current)
        ]
        print("\n".join(found))
        return 1 if found else 0
    for path in catalogues():
        update(path, current)
        if arguments.act == "fill":
            fill(path, arguments.files)
    return 0


if __name__ == "__main__":
    sys.exit(main())
