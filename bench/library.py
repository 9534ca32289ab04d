"""Prints how much longer the enterprise library's pages take than bare views over the same million rows, searches above all.

The firms are composed (``bench.million``). For every page: the ratio of medians and of 95th percentiles, both sides measured in
turns in one process, and the bound. Exit code 1 when a median breaks its bound. YINFENG_DATABASE_URL says which kind of
database; the rows go into a new one that is deleted again.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import django
from django.core.management import call_command
from django.test import Client

from bench.__main__ import emptiness

LIST, SEARCH, DETAIL = 4.0, 5.0, 15.0
TYPING = 50.0  # ms
SAMPLES = 20  # of words and firms, in turns
NEAR_UNIVERSAL = ["科技", "有限公司", "厦门", "股份有限公司", "科技有限公司", "厦门市"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A page, its bound, and in turns its addresses with those of the bare view."""

    name: str
    bound: float
    addresses: Sequence[tuple[str, str]]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.library", description=__doc__)
    parser.add_argument("--enterprises", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument(
        "--small", action="store_true", help="few rows and rounds: shows that it runs, measures nothing"
    )
    given = parser.parse_args(arguments)
    if given.small:
        given.enterprises, given.rounds = 2_000, 3
    with emptiness() as settings:
        os.environ |= settings
        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        from bench.shelves import Library

        library = Library(given.enterprises)
        library.fill()
        broken = report(library.seconds, given.enterprises, given.rounds)
        broken += typing(given.enterprises, given.rounds * 5)
        django.db.connections.close_all()
    if given.small:
        print("\ntoo few rows to judge by")
        return 0
    if broken:
        print(f"\nBROKEN: {', '.join(broken)}")
    return 1 if broken else 0


def pairs(count: int) -> list[Pair]:
    """Return the pages to measure, with words out of the names."""
    from bench.million import firms
    from yinfeng.core import events
    from yinfeng.core.search import matching as find
    from yinfeng.core.tables import PAGE_ROWS, page
    from yinfeng.core.text import pinyin_initials
    from yinfeng.enterprises.models import Enterprise

    chance = random.Random(7)
    some = [firm for number, firm in enumerate(firms(min(count, 20_000))) if number % 10 == 0]
    chance.shuffle(some)

    def search(name: str, words: Iterable[str], token: str = "") -> Pair:
        addresses = [("/enterprises/?" + urlencode({"q": word}), bare_search(word, token)) for word in words]
        return Pair(name, SEARCH, addresses)

    def parts(size: int) -> Iterator[str]:
        """Yield parts of names that fill a page with their answers, as far as the library has such."""
        full = PAGE_ROWS if count > 100_000 else 1
        for firm in some:
            start = chance.randint(0, max(len(firm.name) - size, 0))
            word = firm.name[start : start + size]
            if find(events.type_of(Enterprise), word)[:full].count() == full:
                yield word

    def spread(field: str, value: Any) -> list[tuple[str, str]]:
        """Return a page out of the middle of an order."""
        rows = Enterprise.objects.filter(**{f"{field}__gte": value})
        cursor = page(rows, field, size=1).after
        query = urlencode({"sort": "name", "after": cursor})
        return [(f"/enterprises/?{query}", "/bare/library/?" + urlencode({"sort": field, "from": value}))]

    middle = page(Enterprise.objects.filter(pk__lt=count // 2), "-pk", size=1).after
    cities = ["厦门市", "泉州市", "长沙市", "北京市", "丽江市"]
    letters = [pinyin_initials(firm.brand + firm.trade)[:4] for firm in some if len(firm.trade) > 1][:SAMPLES]
    return [
        Pair("list", LIST, [("/enterprises/", "/bare/library/")]),
        Pair("list, of a city", LIST, [(f"/enterprises/?{urlencode({'city': city})}", f"/bare/library/?{urlencode({'city': city})}") for city in cities]),
        Pair("list, by name", LIST, [("/enterprises/?sort=name", "/bare/library/?sort=name")]),
        Pair("list, by capital", LIST, [("/enterprises/?sort=-capital", "/bare/library/?sort=-capital")]),
        Pair("list, page 10,000", LIST, [(f"/enterprises/?{urlencode({'after': middle})}", f"/bare/library/?after={count // 2}")]),
        Pair("list, deep by name", LIST, spread("name", "深圳")),
        search("search, 2 characters", islice(parts(2), SAMPLES)),
        search("search, 3 characters", islice(parts(3), SAMPLES)),
        search("search, 4 characters", islice(parts(4), SAMPLES)),
        search("search, near universal", NEAR_UNIVERSAL),
        search("search, 2 initials", [word[:2] for word in letters], "§"),
        search("search, 4 initials", letters, "§"),
        # Few answers make a short page; it is measured against a bare page of 50.
        Pair("search, one brand", SEARCH, [("/enterprises/?" + urlencode({"q": firm.brand}), "/bare/library/") for firm in some[:SAMPLES]]),
        Pair("search, whole name", SEARCH, [("/enterprises/?" + urlencode({"q": firm.name}), "/bare/library/") for firm in some[:SAMPLES]]),
        Pair("one enterprise", DETAIL, [(f"/enterprises/{pk}/", f"/bare/enterprise/{pk}/") for pk in range(3, count, count // SAMPLES)]),
    ]  # fmt: skip


def bare_search(word: str, token: str) -> str:
    """Return the address of the bare view, with whichever of its plans answers sooner."""
    from bench.measure import seconds
    from yinfeng.core.text import query_bigrams

    address = "/bare/search/?" + urlencode(
        {"token": [token + gram for gram in query_bigrams(word)]}, doseq=True
    )
    ways = [address, f"{address}&gathered"] if django.db.connection.vendor == "postgresql" else [address]
    client = Client(SERVER_NAME="localhost")
    return min(ways, key=lambda way: min(seconds(client, way) for _ in range(2)))


def typing(count: int, names: int) -> list[str]:
    """Measure how long it takes to say what a mistyped name means, as while it is typed; print; return what broke the bound."""
    from bench.dirt import mistyped
    from bench.million import firms
    from yinfeng.enterprises.queries import similar

    chance = random.Random(11)
    every = max(count // (names + 10), 1)
    firms_there = [firm for number, firm in enumerate(firms(count)) if number % every == 0]
    typed = [(mistyped(firm, chance), firm.name) for firm in firms_there]
    for name, _meant in typed[:10]:
        similar(name)
    times, found = [], 0
    for name, meant in typed[10 : 10 + names]:
        began = time.perf_counter()
        answers = similar(name)
        times.append((time.perf_counter() - began) * 1000)
        found += any(answer.enterprise.name == meant for answer in answers)
    p95 = quantiles(times, n=20)[-1]
    print(
        f"\none mistyped name while typing: {median(times):.1f} ms, p95 {p95:.1f} ms (bound {TYPING:g});"
        f" of {len(times)} names {found / len(times):.0%} are among the answers"
    )
    return ["typing"] if p95 > TYPING else []


def report(took: dict[str, float], count: int, rounds: int) -> list[str]:
    """Measure, print; return the pages that broke their bound."""
    from bench.measure import queries, seconds, signed_in
    from yinfeng.core.models import User

    vendor = django.db.connection.vendor
    filled = ", ".join(f"{what} in {second:.0f} s" for what, second in took.items())
    print(f"{count:,} enterprises on {vendor} ({filled})\n")
    print(f"{'':24}{'median':>9}{'p95':>9}{'bound':>8}   bare, ours (ms, median and p95); queries")
    bare, ours = Client(SERVER_NAME="localhost"), signed_in(User.objects.get(username="office"))
    broken = []
    for pair in pairs(count):
        turns, taken = cycle(pair.addresses), []
        for turn in range(-max(3, rounds // 5), rounds):
            address, bare_address = next(turns)
            times = seconds(bare, bare_address), seconds(ours, address)
            if turn >= 0:
                taken.append(times)
        sides = [sorted(side) for side in zip(*taken, strict=True)]
        (low, high), (low_p95, high_p95) = map(median, sides), (quantiles(side, n=20)[-1] for side in sides)
        asked = max(queries(ours, address) for address, _bare in pair.addresses[:3])
        print(
            f"{pair.name:24}{high / low:8.2f}×{high_p95 / low_p95:8.2f}×{pair.bound:7g}×"
            f"   {low * 1000:.1f}, {high * 1000:.1f}; {low_p95 * 1000:.1f}, {high_p95 * 1000:.1f}; {asked}",
            flush=True,
        )
        if high / low > pair.bound:
            broken.append(pair.name)
    print(f"\n{rounds} turns each, one client; times are this machine's")
    return broken


if __name__ == "__main__":
    sys.exit(main())
