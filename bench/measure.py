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
    """A page and the address of its bare view; ``keys`` are the rows to show in turn, if it shows one.

    A page of many rows is held against a bare view of as many: of somebody who sees one unit's, of that unit's.
    """

    name: str
    address: str
    bare: str
    keys: Sequence[int] = ()

    def turns(self, client: Client, unit: int) -> list[tuple[str, str, str]]:
        """Return (address, the bare view of all, of a unit) for each key; a bare view is told how many rows the page has."""
        if not self.keys:
            return [(self.address, self.bare, f"{self.bare}?unit={unit}")]
        places = [(self.address.format(pk=pk), pk) for pk in self.keys]
        told = [(place, self.bare.format(pk=pk, rows=rows(client.get(place)))) for place, pk in places]
        return [(place, bare, bare) for place, bare in told]


def rows(response: Any) -> int:
    """Return how many rows the content of a page has: facts, people, units, talks, files, events …"""
    content = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return len(re.findall(r"<(?:dt|li|tr)\b", content))


@dataclass(frozen=True, slots=True)
class Result:
    """Medians for one page: against the bare view for either person, one person against the other; seconds of all four."""

    page: str
    unrestricted: float
    restricted: float
    between: float
    seconds: tuple[float, ...]
    queries: tuple[int, int]


def pages(city: City) -> list[Page]:
    return [
        Page("list of projects", "/projects/", "/bare/projects/"),
        Page("one project", "/projects/{pk}/", "/bare/projects.project/{pk}/{rows}/", city.projects),
        Page("headquarters", "/projects/headquarters/", "/bare/headquarters/"),
        Page("construction", "/construction/", "/bare/construction/"),
        Page("bottlenecks", "/construction/bottlenecks/", "/bare/bottlenecks/"),
        Page("scheduling", "/projects/scheduling/", "/bare/scheduling/"),
        Page("ledger", "/ledger/", "/bare/ledger/"),
        Page("board of stages", "/projects/board/", "/bare/board/"),
        Page("funnel", "/projects/board/funnel/", "/bare/funnel/"),
        Page("map", "/projects/board/map/", "/bare/places/"),
        Page("lights of units", "/projects/lights/", "/bare/lights/"),
        Page("dashboard of a unit", "/units/{pk}/projects/", "/bare/unit/{pk}/", [city.home]),
        Page("list of duties", "/duties/", "/bare/duties/"),
        Page("work of units", "/work/?who=unit", "/bare/work/"),
        Page("standing of duties", "/duties/standing/", "/bare/standing/"),
        Page("one duty", "/duties/{pk}/", "/bare/duties.duty/{pk}/{rows}/", city.duties),
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
    turns = cycle(page.turns(wide, city.home))
    taken: list[tuple[float, float, float, float]] = []
    for turn in range(-max(3, rounds // 5), rounds):
        address, bare_address, bare_of_unit = next(turns)
        times = (
            seconds(bare, bare_address), seconds(wide, address), seconds(bare, bare_of_unit), seconds(narrow, address),
        )  # fmt: skip
        if turn >= 0:
            taken.append(times)
    address, *_others = next(turns)
    return Result(
        page.name,
        median(one / base for base, one, _, _ in taken),
        median(other / base for _, _, base, other in taken),
        median(other / one for _, one, _, other in taken),
        tuple(median(column) for column in zip(*taken, strict=True)),
        (queries(wide, address), queries(narrow, address)),
    )
