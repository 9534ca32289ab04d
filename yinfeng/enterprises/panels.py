"""What upper apps put on an enterprise's page; they register in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yinfeng.core.actors import Actor
from yinfeng.enterprises.models import Enterprise

# Each returns a panel as core/detail.html's ``related`` shows it: title, rows, empty.
Panel = Callable[[Enterprise, Actor], dict[str, Any] | None]
PANELS: list[Panel] = []


def register(panel: Panel) -> None:
    """Show ``panel`` on every enterprise's page."""
    if panel not in PANELS:
        PANELS.append(panel)
