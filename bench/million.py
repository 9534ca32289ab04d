"""A million company names, the same in every run, composed of real parts; no such firms are meant.

A name is a place, a brand, and a trade with its legal form. Places, trades and forms are cut out of the 71,396 names that
universities typed, as often as they stand there; brands are short forms of other firms (`../shared/data/company-names`).
Brands are far fewer than names, so a brand returns in other places and trades, as it does in life. Three names in ten are
of Xiamen, whose library this is: a word near to universal is the hard case of a search.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parents[2] / "shared" / "data"
SEED = 20260702
HOME = ("福建省", "厦门市")
HOME_SHARE, BRACKET_SHARE = 0.3, 0.05
HOME_PLACES = [
    "厦门",
    "厦门",
    "厦门",
    "厦门市",
    "福建",
    "福建省",
    "厦门思明",
    "厦门湖里",
    "厦门集美",
    "厦门海沧",
    "",
]

_NAME = re.compile(r"([\u4e00-\u9fff（）()]{4,20}?)((?:集团|控股)*(?:股份有限公司|有限责任公司|有限公司))")
_BRAND = re.compile(r"[\u4e00-\u9fff]{2,4}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]*")
_LONGEST_TRADE = 10
_TRADE_SEEN = 8  # in so many names a tail is a trade, not the end of a brand
_OWN_SHARE = 0.08  # a tail in fewer of those that end like it (通科技 of 科技) begins with the last character of a brand


@dataclass(frozen=True, slots=True)
class Firm:
    """A composed name with its parts and where the firm is said to be."""

    name: str
    brand: str
    trade: str
    province: str
    city: str


def names(count: int) -> Iterator[str]:
    """Yield distinct composed names; fewer are the beginning of more."""
    return (firm.name for firm in firms(count))


def firms(count: int) -> Iterator[Firm]:
    """Yield firms with distinct names, distinct also where 有限公司 and 有限责任公司 are one."""
    chance = random.Random(SEED)
    brands, tails, places = _brands(), *_tails_and_places()
    cities = list(_places().values())
    seen: set[str] = set()
    while len(seen) < count:
        brand, (trade, form) = chance.choice(brands), chance.choice(tails)
        at_home = chance.random() < HOME_SHARE
        place = chance.choice(HOME_PLACES if at_home else places)
        bracketed = place and chance.random() < BRACKET_SHARE
        name = f"{brand}（{place}）{trade}{form}" if bracketed else f"{place}{brand}{trade}{form}"
        province, city = HOME if at_home else _places().get(place) or chance.choice(cities)
        key = name.translate(_NO_BRACKETS).replace("有限责任公司", "有限公司")
        if key not in seen:
            seen.add(key)
            yield Firm(name, brand, trade, province, city)


_NO_BRACKETS = str.maketrans("", "", "（）")


@cache
def _brands() -> list[str]:
    """Return short forms of two to four Chinese characters."""
    with gzip.open(
        DATA / "company-names" / "company_short_forms_28w.txt.gz", "rt", encoding="utf-8-sig"
    ) as file:
        return sorted({line.strip() for line in file if _BRAND.fullmatch(line.strip())})


@cache
def _places() -> dict[str, tuple[str, str]]:
    """Return place → (province, city): each province, city and county as it stands in names, with and without 省, 市."""

    def rows(name: str) -> list[dict[str, str]]:
        with (DATA / "divisions" / name).open(encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))

    provinces = {row["code"]: row["name"] for row in rows("provinces.csv")}
    found: dict[str, tuple[str, str]] = {}
    cities: dict[str, tuple[str, str]] = {}
    for row in rows("cities.csv"):
        province = provinces[row["provinceCode"]]
        # Directly under a municipality or a province stands no city but a heading (市辖区, 县, 省直辖县 …).
        city = (
            province
            if row["name"].startswith(("市辖", "省直", "自治区直")) or row["name"] == "县"
            else row["name"]
        )
        cities[row["code"]] = province, city
        found[city.removesuffix("市")] = found[city] = province, city
    for row in rows("areas.csv"):
        if len(row["name"]) > 2:
            found.setdefault(row["name"], cities[row["cityCode"]])
    for name in provinces.values():
        capital = next(place for place in cities.values() if place[0] == name)
        short = re.sub(r"(?:省|市|[壮回维]\w*族?自治区|自治区)$", "", name)
        found[short] = found[name] = capital
    return found


@cache
def _tails_and_places() -> tuple[list[tuple[str, str]], list[str]]:
    """Return (trade, form) and the place of every real name that has a legal form, as often as they occur."""
    path = DATA / "company-names" / "recruitment_company_mentions.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        typed = [_NAME.match(row["company_name"]) for row in csv.DictReader(file)]
    cut = sorted({name.groups() for name in typed if name})
    sizes = range(_LONGEST_TRADE, 1, -1)
    ends = Counter(head[-size:] for head, _form in cut for size in sizes if len(head) - size > 1)

    def trade(head: str) -> str:
        tails = (head[-size:] for size in sizes if len(head) - size > 1)
        return next((tail for tail in tails if _is_trade(tail, ends)), "")

    tails = [(trade(head), form) for head, form in cut if _CHINESE.fullmatch(trade(head))]
    places = [
        next((head[:size] for size in range(8, 1, -1) if head[:size] in _places()), "") for head, _form in cut
    ]
    return tails, places


def _is_trade(tail: str, ends: Counter[str]) -> bool:
    return ends[tail] >= _TRADE_SEEN and (len(tail) == 2 or ends[tail] >= ends[tail[1:]] * _OWN_SHARE)
