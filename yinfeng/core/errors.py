"""The one family of errors: each carries the sentence its reader sees and the status it is sent with.

``core.middleware`` turns them into pages, ``core.api`` into JSON; nothing else translates errors.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise


class DomainError(Exception):
    """Refuse an act with a sentence that says what is wrong and what to do next."""

    status = 400
    code = "refused"

    def __init__(self, sentence: Sentence, *, fields: Mapping[str, Sequence[Sentence]] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fields: dict[str, list[Sentence]] = {name: list(texts) for name, texts in (fields or {}).items()}

    def __str__(self) -> str:
        return str(self.sentence)


class Invalid(DomainError):
    """Refuse input that breaks a rule."""

    status = 422
    code = "invalid"


def refusal(field: str, sentence: Sentence) -> Invalid:
    """Return the refusal of what stands in one field."""
    return Invalid(sentence, fields={field: [sentence]})


class Forbidden(DomainError):
    """Refuse an act on a row its asker may see but not act on."""

    status = 403
    code = "forbidden"


class Missing(DomainError):
    """Answer for a row that does not exist or is out of the asker's scope: the two look the same."""

    status = 404
    code = "missing"

    def __init__(self, sentence: Sentence = _("找不到这条记录，或它不在您的查看范围内。")) -> None:
        super().__init__(sentence)


class Conflict(DomainError):
    """Refuse an act that the row's present state does not allow."""

    status = 409
    code = "conflict"


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """One field that two people changed: what is stored now and what was sent."""

    name: str
    label: Sentence
    theirs: Any
    yours: Any


class Stale(Conflict):
    """Refuse an edit made on an older version of the row; both values travel with it."""

    code = "stale"

    def __init__(
        self,
        sentence: Sentence = _("这条记录在您打开之后已被他人修改，请对照下面两边的内容后再保存。"),
        *,
        conflicts: Sequence[FieldConflict] = (),
        version: int | None = None,
    ) -> None:
        super().__init__(sentence)
        self.conflicts = list(conflicts)
        self.version = version


class Blocked(Conflict):
    """Refuse a move whose conditions are not met yet; ``reasons`` lists each of them."""

    code = "blocked"

    def __init__(self, sentence: Sentence, reasons: Sequence[Sentence]) -> None:
        super().__init__(sentence)
        self.reasons = list(reasons)

    def __str__(self) -> str:
        return "".join([str(self.sentence), *(str(reason) for reason in self.reasons)])


class Gone(DomainError):
    """Answer for content that a row refers to but that is not there any more."""

    status = 410
    code = "gone"


class NoSpace(DomainError):
    """Refuse what does not fit on the disk, or into the store of files, any more."""

    status = 507
    code = "no_space"

    def __init__(
        self,
        sentence: Sentence = _(
            "磁盘空间不足，刚才的操作没有生效，也没有留下不完整的内容。请联系管理员清理或扩容，然后再试一次。"
        ),
    ) -> None:
        super().__init__(sentence)


class Away(DomainError):
    """Answer for a part of the installation that cannot be reached at the moment."""

    status = 503
    code = "away"


class TooLarge(DomainError):
    """Refuse a file or a request over the size limit."""

    status = 413
    code = "too_large"


# --- errors of the system that have a sentence ----------------------------------------------------------------------

_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})
_POSTGRES_DISK_FULL = "53100"


def sentence_for(error: BaseException) -> DomainError | None:
    """Return the DomainError that an error is, or comes from, or stands for; None for one that nobody foresaw."""
    if isinstance(error, DomainError):
        return error
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if _says_disk_full(cause):
            return NoSpace()
        cause = cause.__cause__ or cause.__context__
    return None


def _says_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in _FULL_DISK
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return getattr(error, "sqlstate", None) == _POSTGRES_DISK_FULL
