"""Reports of the demonstration: what the districts have handed in of the last periods, one of them corrected, one waived, one waived and not any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from yinfeng.core.actors import Actor
from yinfeng.projects import queries, services

# Who hands in which report; what is missing is due or late.
HANDED_IN: tuple[tuple[str, str], ...] = (
    ("progress", "clerk-jimei"), ("progress", "clerk-huli"), ("signed", "clerk-jimei"), ("major", "clerk-huli"), ("major", "clerk-jimei"),
)  # fmt: skip
CORRECTED = ("major", "clerk-jimei")
WAIVED = ("signed", "clerk-huli")
TAKEN_BACK = ("signed", "clerk-torch")  # let off, and not any more


def hand_in(actors: Mapping[str, Actor], today: date) -> None:
    """Hand in the reports of the last period that has ended, each district its own; the office waives one."""
    known = queries.all_definitions()
    for code, who in HANDED_IN:
        by = actors.get(who)
        unit = queries.unit_by(by.unit_id) if by is not None and by.unit_id is not None else None
        owed = next(queries.ended_periods(known[code], today), None) if code in known else None
        if by is None or unit is None or owed is None:
            continue
        copies = [(1, ""), (2, "漏报一个项目，补报")] if (code, who) == CORRECTED else [(1, "")]
        for number, reason in copies:
            services.submit_report(
                by=by, code=code, unit=unit, starts=owed[1].starts, number=number, reason=reason
            )
    office = actors.get("office")
    for code, who in (WAIVED, TAKEN_BACK):
        let_off = actors.get(who)
        owed = next(queries.ended_periods(known.get(code, []), today), None)
        unit = (
            queries.unit_by(let_off.unit_id) if let_off is not None and let_off.unit_id is not None else None
        )
        if office is None or unit is None or owed is None:
            continue
        waiver = services.waive_report(
            by=office,
            code=code,
            unit=unit,
            starts=owed[1].starts,
            reason="示例：当月没有新签约项目，已由市级核实",
        )
        if (code, who) == TAKEN_BACK:
            services.withdraw_waiver(by=office, waiver=waiver, reason="示例：当月有一个项目补签，须报送")
