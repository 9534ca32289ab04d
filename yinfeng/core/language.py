"""The reader's language, where a name is stored in two."""

from __future__ import annotations

from django.utils import translation


def in_english() -> bool:
    """Say whether the reader reads English."""
    return (translation.get_language() or "").startswith("en")
