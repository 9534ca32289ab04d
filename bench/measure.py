"""Takes turns between a page and the bare view, so that what disturbs one disturbs the other as much."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from statistics import median

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
    keys: Sequence[int] = ()

    def pairs(self) -> list[tuple[str, str]]:
        """Return (address, address of the bare view) for each key."""
        places = [self.address.format(pk=pk) for pk in self.keys] or [self.address]
        return [(place, f"/bare{place}") for place in places]


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
        Page("list of projects", "/projects/"),
        Page("one project", "/projects/{pk}/", city.projects),
        Page("list of enterprises", "/enterprises/"),
        Page("one enterprise", "/enterprises/{pk}/", city.enterprises),
    ]


def signed_in(user: User) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
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
    turns = cycle(page.pairs())
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
