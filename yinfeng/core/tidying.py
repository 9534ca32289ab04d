"""Housekeeping that may happen a little later, done by the worker when nothing waits for it."""

from __future__ import annotations

from django_tasks import task

from yinfeng.core import search


@task()
def tidy_search() -> None:
    """Sort what was indexed in bulk into the index."""
    search.tidy()
