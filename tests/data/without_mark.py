"""A test that a fixture gives the database to although it is not marked; ``tests/unit/core/test_own_database.py`` runs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="module")
def opened(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def test_that_reads(opened: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
