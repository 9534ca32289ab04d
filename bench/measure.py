"""Takes turns between a page and the bare view, so that what disturbs one disturbs the other as much."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from statistics import median
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.city import City
from yinfeng.core.models import User


@dataclass(frozen=True, slots=True)
class Page:
    """A page and the address of its bare view; ``keys`` are the rows to show in turn, if it shows one."""

    name: str
    address: str
    bare: str
    keys: Sequence[int] = ()

    def pairs(self, client: Client) -> list[tuple[str, str]]:
        """Return (address, address of the bare view) for each key; a bare view is told how many rows the page has."""
        if not self.keys:
            return [(self.address, self.bare)]
        places = [(self.address.format(pk=pk), pk) for pk in self.keys]
        return [(place, self.bare.format(pk=pk, rows=rows(client.get(place)))) for place, pk in places]


def rows(response: Any) -> int:
    """Return how many rows the content of a page has: facts, people, units, talks, files, events …"""
    content = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return len(re.findall(r"<(?:dt|li|tr)\b", content))


@dataclass(frozen=True, slots=True)
class Result:
    """Medians for one page: against the bare view for either person, one person against the other, and seconds."""

    page: str
    unrestricted: float
    restricted: float
    between: float
    seconds: tuple[float, float, float]
    queries: tuple[int, int]


def pages(city: City) -> list[Page]:
    return [
        Page("list of projects", "/projects/", "/bare/projects/"),
        Page("one project", "/projects/{pk}/", "/bare/projects.project/{pk}/{rows}/", city.projects),
        Page("ledger", "/ledger/", "/bare/ledger/"),
        Page("board of stages", "/projects/board/", "/bare/board/"),
        Page("funnel", "/projects/board/funnel/", "/bare/funnel/"),
        Page("lights of units", "/projects/lights/", "/bare/lights/"),
        Page("list of enterprises", "/enterprises/", "/bare/enterprises/"),
        Page("one enterprise", "/enterprises/{pk}/", "/bare/enterprises.enterprise/{pk}/{rows}/", city.enterprises),
    ]  # fmt: skip


def signed_in(user: User) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="yinfeng.core.signin.Backend")
    return client


def seconds(client: Client, address: str) -> float:
    """Return how long one answer takes."""
    began = time.perf_counter()
    response = client.get(address)
    took = time.perf_counter() - began
    assert response.status_code == 200, f"{address} answered {response.status_code}"
    return took


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


def measure(page: Page, city: City, rounds: int) -> Result:
    """Return the medians over ``rounds`` turns of bare view, unrestricted and restricted person, after a warm-up."""
    bare, wide, narrow = (
        Client(SERVER_NAME="localhost"),
        signed_in(city.unrestricted),
        signed_in(city.restricted),
    )
    turns = cycle(page.pairs(wide))
    taken: list[tuple[float, float, float]] = []
    for turn in range(-max(3, rounds // 5), rounds):
        address, bare_address = next(turns)
        times = (seconds(bare, bare_address), seconds(wide, address), seconds(narrow, address))
        if turn >= 0:
            taken.append(times)
    address, _ = next(turns)
    return Result(
        page.name,
        median(one / base for base, one, _ in taken),
        median(other / base for base, _, other in taken),
        median(other / one for _, one, other in taken),
        (median(base for base, _, _ in taken), median(one for _, one, _ in taken), median(other for *_, other in taken)),
        (queries(wide, address), queries(narrow, address)),
    )  # fmt: skip
