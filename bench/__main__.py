"""Prints how much longer pages take than a bare view, for a person who sees everything and for one who sees a district's.

Ratios, because absolute times are the machine's; both sides are measured in turns in one process. Exit code 1 when a
bound is broken. YINFENG_DATABASE_URL says which kind of database; the rows go into a new one that is deleted again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import django
from django.core.management import call_command

from tools import postgres

BARE, RESTRICTED = 4.0, 1.5


@contextlib.contextmanager
def emptiness() -> Iterator[dict[str, str]]:
    """Yield the settings of a new system with an empty database of the kind that YINFENG_DATABASE_URL names."""
    with tempfile.TemporaryDirectory(prefix="yinfeng-bench-") as name, contextlib.ExitStack() as stack:
        var = Path(name)
        (var / "static").mkdir()
        address = f"sqlite:///{var / 'bench.sqlite3'}"
        if os.environ.get("YINFENG_DATABASE_URL", "").startswith("postgres"):
            address = stack.enter_context(postgres.cluster()).replace("/yinfeng?", "/postgres?")
        yield {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "YINFENG_DATABASE_URL": address,
            "YINFENG_DEBUG": "0",
            "YINFENG_SECRET_KEY": secrets.token_hex(),
            "YINFENG_VAR_DIR": name,
        }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--projects", type=int, default=10_000)
    parser.add_argument("--enterprises", type=int, default=50_000)
    parser.add_argument("--entries", type=int, default=0, help="at least so many in the ledger")
    parser.add_argument("--duties", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument(
        "--small", action="store_true", help="few rows and rounds: shows that it runs, measures nothing"
    )
    given = parser.parse_args(arguments)
    if given.small:
        given.projects, given.enterprises, given.entries, given.duties, given.rounds = 120, 200, 400, 400, 3
    with emptiness() as settings:
        os.environ |= settings
        django.setup()
        broken = report(given.projects, given.enterprises, given.entries, given.duties, given.rounds)
        django.db.connections.close_all()
    if given.small:
        print("\ntoo few rows to judge by")
        return 0
    if broken:
        print(f"\nBROKEN: {', '.join(broken)}")
    return 1 if broken else 0


def report(projects: int, enterprises: int, entries: int, duties: int, rounds: int) -> list[str]:
    """Build the city, measure, print; return the pages that broke a bound."""
    from bench.city import Builder  # models can be imported only now
    from bench.measure import measure, pages
    from yinfeng.projects.models import Entry

    began = time.monotonic()
    call_command("migrate", verbosity=0, interactive=False)
    city = Builder(projects, enterprises, entries, duties).city()
    vendor = django.db.connection.vendor
    took = time.monotonic() - began
    entered = Entry.objects.count()
    print(
        f"{projects:,} projects, {entered:,} entries of the ledger, {duties:,} duties and {enterprises:,} enterprises on {vendor} (filled in {took:.0f} s)\n"
    )
    print(f"{'':22}{'unrestricted':>14}{'restricted':>14}{'restricted to':>16}")
    print(f"{'':22}{'to bare view':>14}{'to bare view':>14}{'unrestricted':>16}")
    results = []
    for page in pages(city):
        results.append(found := measure(page, city, rounds))
        print(
            f"{found.page:22}{found.unrestricted:13.2f}×{found.restricted:13.2f}×{found.between:15.2f}×",
            flush=True,
        )
    print(
        f"\nbounds: {BARE:g}× the bare view, {RESTRICTED:g}× the unrestricted; medians of {rounds} turns, one client"
    )
    print("aside, on this machine (bare view, unrestricted, bare view of a unit, restricted):")
    for found in results:
        times = ", ".join(f"{second * 1000:.1f} ms" for second in found.seconds)
        print(f"  {found.page:20} {times}; queries {found.queries[0]} and {found.queries[1]}")
    return [
        found.page
        for found in results
        if max(found.unrestricted, found.restricted) > BARE or found.between > RESTRICTED
    ]


if __name__ == "__main__":
    sys.exit(main())
