"""What a city's profile says about the consultation mechanism."""

from __future__ import annotations

from yinfeng.meetings import profile_gates, profile_meetings

SECTIONS = (*profile_meetings.SECTIONS, *profile_gates.SECTIONS)
