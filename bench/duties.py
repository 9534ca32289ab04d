"""Duties to measure, in the weights of a city that has followed up its resolutions for three years; the same in every run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from yinfeng.core import events
from yinfeng.core.models import Event, User
from yinfeng.duties import terms
from yinfeng.duties.models import Duty, DutyPart, Extension, Reminder, Report
from yinfeng.orgs.models import Person, Unit

CHUNK = 2000
DAYS = 1100  # so long ago the first was set
LEADERS = 12
ITEMS = (
    "推进项目签约落地",
    "协调用地指标",
    "办理用电增容",
    "兑现扶持政策",
    "走访目标企业",
    "完善招商地图",
    "解决用工困难",
    "办理环评审批",
)

# Of a hundred: how those end that were set long ago, and how those stand that were set within half a year.
_OLD = {terms.CLOSED: 93, terms.CANCELLED: 4, terms.WORKING: 2, terms.SUBMITTED: 1}
_NEW = {
    terms.CLOSED: 42, terms.CANCELLED: 3, terms.WORKING: 38, terms.ASSIGNED: 9, terms.SUBMITTED: 6, terms.RETURNED: 2,
}  # fmt: skip
_SOURCES = {
    terms.RESOLUTION: 30, terms.PROJECT: 25, terms.INSTRUCTION: 15, terms.DIFFICULTY: 12, terms.TICKET: 8,
    terms.INSPECTION: 5, terms.OTHER: 5,
}  # fmt: skip

Put = Callable[[Any, Iterable[Any]], list[Any]]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part: districts and all other units that owe, who sets, who leads, whose accounts act."""

    districts: list[Unit]
    others: list[Unit]
    setters: list[Unit]
    leaders: list[Person]
    every_district: Unit
    users: list[User]


class Duties:
    """Fill a database with duties, what their units told of them, extensions, reminders and the first of their timelines."""

    def __init__(self, cast: Cast, put: Put, today: date, now: datetime) -> None:
        self.cast, self.put, self.today, self.now = cast, put, today, now
        self.chance = random.Random(20260703)

    def fill(self, number: int) -> None:
        numbers = iter(range(number))
        while chunk := list(islice(numbers, CHUNK)):
            made = self.put(Duty, [self.duty(n, number) for n in chunk])
            self.put(DutyPart, (side for duty in made for side in self.sides(duty)))
            going = [duty for duty in made if duty.state in terms.OPEN]
            self.put(Report, (self.report(duty) for duty in going if duty.reported_date))
            self.put(Extension, (self.extension(duty) for duty in made if duty.extensions))
            self.put(Reminder, (self.reminder(duty) for duty in made if self.is_reminded(duty)))
            self.put(Event, (event for duty in going for event in self.timeline(duty)))

    def duty(self, n: int, of: int) -> Duty:
        """Return the n-th, set on its day: the first were set long ago."""
        chance = self.chance
        set_date = self.today - timedelta(days=DAYS - DAYS * n // of)
        weights = _NEW if (self.today - set_date).days < 180 else _OLD
        state = chance.choices(list(weights), list(weights.values()))[0]
        due_date = set_date + timedelta(days=chance.choice([5, 7, 10, 15, 30, 30, 60, 90, 120]))
        first = due_date
        extensions = chance.choices([0, 1, 2], [90, 8, 2])[0]
        due_date += timedelta(days=20 * extensions)
        submitted = self.submitted(set_date, due_date) if state in (terms.CLOSED, terms.SUBMITTED) else None
        lead = chance.choice(self.cast.districts if chance.random() < 0.5 else self.cast.others)
        is_accepted = state not in (terms.ASSIGNED, terms.RETURNED)
        user = chance.choice(self.cast.users)
        return Duty(
            number=f"DB-{set_date.year}-M{n:07}", item=f"{chance.choice(ITEMS)}（第 {n} 项）", target="按期完成并取得实效。" * 2,
            requirement="每周报告进展，遇有困难及时提出。" * 3, leader=chance.choice(self.cast.leaders) if chance.random() < 0.6 else None,
            lead_unit=lead, set_unit=chance.choice(self.cast.setters), set_by=user, set_date=set_date, assigned_date=set_date,
            grade=chance.choices(list(terms.GRADES), [10, 40, 50])[0],
            secrecy=terms.SENSITIVE if chance.random() < 0.03 else terms.INTERNAL,
            due_date=due_date, first_due_date=first if extensions else None,
            source_kind=chance.choices(list(_SOURCES), list(_SOURCES.values()))[0], source_text="专题会议定",
            state=state, handler=user if is_accepted else None, accepted_date=set_date if is_accepted else None,
            reported_date=self.today - timedelta(days=chance.randint(1, 40)) if state == terms.WORKING and chance.random() < 0.8 else None,
            percent=100 if state == terms.CLOSED else chance.randint(0, 90), result="已办结。" if submitted else "",
            submitted_by=user if submitted else None, submitted_date=submitted,
            closed_date=min(submitted + timedelta(days=3), self.today) if state == terms.CLOSED and submitted else None,
            extensions=extensions, returns=int(state == terms.RETURNED or chance.random() < 0.03),
            reopenings=int(chance.random() < 0.02),
        )  # fmt: skip

    def submitted(self, set_date: date, due_date: date) -> date:
        """Return a day of submission: of a hundred, eighty-two on time."""
        late = self.chance.random() > 0.82
        end = due_date + timedelta(days=self.chance.randint(1, 40)) if late else due_date - timedelta(days=self.chance.randint(0, 4))  # fmt: skip
        return min(max(end, set_date), self.today)

    def sides(self, duty: Duty) -> Iterator[DutyPart]:
        """Yield who set it, who leads, up to four joint units, of three in a hundred every district by their common name, the leader."""
        joint = self.joint(duty)
        named = [(terms.SETTER, duty.set_unit, None), (terms.LEAD, duty.lead_unit, None), *joint]
        for order, (part, unit, as_) in enumerate(named):
            yield DutyPart(duty=duty, part=part, unit=unit, named_as=as_, order=order)
        if duty.leader is not None:
            yield DutyPart(duty=duty, part=terms.LEADER, person=duty.leader, order=len(named))

    def joint(self, duty: Duty) -> list[tuple[str, Unit, Unit | None]]:
        chance, cast = self.chance, self.cast
        if chance.random() < 0.03:
            every = cast.every_district
            members = [unit for unit in cast.districts if unit != duty.lead_unit]
            return [(terms.JOINT, every, None), *((terms.JOINT, unit, every) for unit in members)]
        wanted = chance.choices([0, 1, 2, 3, 4], [30, 30, 20, 12, 8])[0]
        found = {
            chance.choice(cast.districts if chance.random() < 0.3 else cast.others) for _ in range(wanted)
        }
        return [
            (terms.JOINT, unit, None)
            for unit in sorted(found, key=lambda unit: unit.pk)
            if unit != duty.lead_unit
        ]

    def report(self, duty: Duty) -> Report:
        return Report(
            duty=duty, unit=duty.lead_unit, text="已会同有关单位研究，正在办理。", percent=duty.percent, reported_by=duty.handler,
            reported_at=self.now,
        )  # fmt: skip

    def extension(self, duty: Duty) -> Extension:
        assert duty.due_date is not None
        return Extension(
            duty=duty, was=duty.due_date - timedelta(days=20), until=duty.due_date, reason="外部条件尚未具备",
            state=terms.GRANTED, asked_by=duty.set_by, granted_until=duty.due_date,
        )  # fmt: skip

    def is_reminded(self, duty: Duty) -> bool:
        """Say whether a duty was urged: what is overdue, and of what was done later than it should."""
        until = duty.submitted_date or (self.today if duty.state in terms.OWED else None)
        return duty.due_date is not None and until is not None and until > duty.due_date

    def reminder(self, duty: Duty) -> Reminder:
        return Reminder(
            duty=duty, level=terms.URGE, for_date=duty.due_date, days_late=1, number=f"厦招催〔2026〕{duty.pk}号",
            issued_at=self.now,
        )  # fmt: skip

    def timeline(self, duty: Duty) -> Iterator[Event]:
        for verb in ("set", "accept", "reported")[: 1 if duty.state == terms.ASSIGNED else 3]:
            yield Event(
                at=self.now, actor_name="测试员", actor_unit="例区", verb=f"duties.duty.{verb}", object_type=events.type_of(duty),
                object_id=duty.pk, object_label=duty.item, source="web",
            )  # fmt: skip
