"""The process log: one line of JSON per entry, so that no value can forge a second line, and no one-time link in it."""

from __future__ import annotations

import re

import structlog
from structlog.typing import EventDict

_ONE_TIME = re.compile(r"(/accounts/accept/)[^/?\s\"']+")


def hide_links(logger: object, method: str, entry: EventDict) -> EventDict:
    """Cut the secret of an invitation's link out of whatever an entry says: whoever has it gets the account."""
    return {
        name: _ONE_TIME.sub(r"\1…", value) if isinstance(value, str) else value
        for name, value in entry.items()
    }


chain = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    hide_links,
]
renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
