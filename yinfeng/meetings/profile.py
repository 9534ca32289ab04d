"""What a city's profile says about the consultation mechanism."""

from __future__ import annotations

from yinfeng.meetings import profile_gates

SECTIONS = (*profile_gates.SECTIONS,)
