"""Where uploaded files are kept: each is stored whole or not at all, and one whose row came to nothing is taken away.

A folder is the usual place; ``core.buckets`` keeps them in S3-compatible storage.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import structlog
from django.apps import apps
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _

from yinfeng.core.errors import Gone

log = structlog.get_logger(__name__)

ON_ITS_WAY = timedelta(days=1)
# What this request or job has stored, until it is known that rows refer to it.
_fresh: ContextVar[tuple[tuple[Any, str], ...]] = ContextVar("fresh", default=())


class Noting:
    """A storage that notes what it stores, for ``take_back``."""

    def _save(self, name: str, content: File[Any]) -> str:
        stored: str = super()._save(name, content)  # type: ignore[misc]
        _fresh.set((*_fresh.get(), (self, stored)))
        return stored


class _Arrived(File[bytes]):
    """A file that is moved to its place instead of being copied."""

    def temporary_file_path(self) -> str:
        return str(self.name)


class FolderStorage(Noting, FileSystemStorage):
    """Files in a folder. Each is written beside it under another name and moved there when it is complete and on disk."""

    def _save(self, name: str, content: File[Any]) -> str:
        folder = Path(self.location) / "arriving"
        folder.mkdir(parents=True, exist_ok=True)
        number, path = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(number, "wb") as stream:
                for piece in content.chunks():
                    stream.write(piece)
                stream.flush()
                os.fsync(stream.fileno())
            return super()._save(name, _Arrived(None, path))
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise


def references() -> Iterator[models.FileField]:
    """Give every field that refers to a stored file."""
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.FileField):
                yield field


def is_referred_to(name: str) -> bool:
    """Say whether a row refers to the stored file."""
    return any(field.model._base_manager.filter(**{field.name: name}).exists() for field in references())


@contextlib.contextmanager
def taking_back() -> Iterator[None]:
    """Delete at the end of a request or a job what it stored for rows that were not kept."""
    before = _fresh.set(())
    try:
        yield
    finally:
        fresh = _fresh.get()
        _fresh.reset(before)
        for storage, name in fresh:
            try:
                if not is_referred_to(name):
                    storage.delete(name)
            except Exception:  # `yinfeng files` finds it later; the answer matters more
                log.warning("file not taken back", file=name, exc_info=True)


def open_stored(stored: FieldFile, name: str) -> IO[bytes]:
    """Open the content of a row's file, called ``name`` by people.

    Raises:
        Gone: the store does not have it.
    """
    try:
        return stored.storage.open(stored.name, "rb")  # type: ignore[arg-type]
    except FileNotFoundError as error:
        log.exception("file missing", file=stored.name)
        sentence = _("文件“%(name)s”有登记，但文件库中找不到它的内容。请联系管理员从备份中恢复。")
        raise Gone(sentence % {"name": name}) from error


# --- what lies in the store ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Inventory:
    """What rows refer to and the store lacks, and what lies in the store and no row refers to."""

    files: int
    missing: list[str]
    strangers: list[str]


def take_inventory(now: datetime) -> Inventory:
    """Compare the store with the rows; what is younger than a day may still be on its way and counts as no stranger."""
    wanted = {
        name
        for field in references()
        for name in field.model._base_manager.exclude(**{field.name: ""})
        .values_list(field.name, flat=True)
        .iterator()
    }
    there = set(_walk(""))
    strangers = (name for name in sorted(there - wanted))
    old = [name for name in strangers if default_storage.get_modified_time(name) < now - ON_ITS_WAY]
    return Inventory(len(there), sorted(wanted - there), old)


def _walk(folder: str) -> Iterator[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:  # nothing was ever stored
        return
    for name in files:
        yield f"{folder}/{name}" if folder else name
    for name in folders:
        yield from _walk(f"{folder}/{name}" if folder else name)
