"""One world for all tests of a module: it is built once, and what a test does to it is rolled back to a savepoint.

Building it anew for each of nine thousand tests took most of their time.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.machines.world import World, build
from yinfeng.core import keeping


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the world's files."""
    return tmp_path_factory.mktemp("world") / "media"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, media: Path) -> None:
    """Keep what a test uploads beside the world's own files."""
    settings.MEDIA_ROOT = media


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker, media: Path) -> Iterator[World]:
    """Build the world in a transaction that stays open around the module's tests."""
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        keeping.forget()
        with override_settings(MEDIA_ROOT=media):
            world = build()
        close = connection.close
        connection.close = lambda: None  # type: ignore[method-assign] # each test closes it, and the transaction with it
    yield world
    with django_db_blocker.unblock():
        connection.close = close  # type: ignore[method-assign]
        transaction.set_rollback(True)
        around.__exit__(None, None, None)
        connection.close()


@pytest.fixture
def world(db: None, built: World) -> World:
    """A copy of the world for one test: what the test does to its rows in memory is its own."""
    return deepcopy(built)
