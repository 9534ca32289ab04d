"""The process log: one line of JSON per entry, so that no value can forge a second line."""

from __future__ import annotations

import structlog

chain = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
