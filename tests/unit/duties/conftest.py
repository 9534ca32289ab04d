"""A small city that gives duties: an office that sets them, departments and districts that owe them, days of September 2026."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.utils import timezone

from tests.factories import grant, make_unit, make_user
from yinfeng.core import keeping
from yinfeng.core.actors import Actor
from yinfeng.core.models import Notice, Rule, User
from yinfeng.duties import holidays, services, terms
from yinfeng.duties.models import CalendarDay, CalendarYear, Duty, Extension
from yinfeng.orgs.models import Person, Unit
from yinfeng.orgs.queries import actor_for

MONDAY = date(2026, 9, 14)
CLERK = ["duties.duty.view", "duties.duty.handle"]
HEAD = [*CLERK, "duties.duty.set", "duties.duty.review", "duties.duty.view_sensitive", "duties.duty.export"]
OFFICER = [*HEAD, "duties.duty.supervise"]
CLOSER = ["orgs.unit.change"]
EVIDENCE = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

RULES: dict[tuple[str, str], dict[str, Any]] = {
    ("duty_report", "major"): {"days": 7}, ("duty_report", "key"): {"days": 14}, ("duty_limit", "accept"): {"work_days": 2},
    ("duty_extension", "limit"): {"times": 2}, ("duty_closing", "evidence"): {"files": 1},
    ("duty_reminder", "remind"): {"work_days": -3, "automatic": True, "hour": 9},
    ("duty_reminder", "urge"): {"work_days": 1, "automatic": True, "hour": 9, "mark": "测催"},
    ("duty_reminder", "order"): {"work_days": 3, "mark": "测督"},
    ("duty_reminder", "circular"): {"work_days": 5, "mark": "测通"},
    ("duty_reminder", "talk"): {"work_days": 10, "mark": "测约"},
}  # fmt: skip


def moment(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=timezone.get_default_timezone())


def pdf(name: str = "佐证.pdf") -> tuple[Any, str]:
    """Return an upload: no two have the same content."""
    return ContentFile(EVIDENCE + name.encode(), name=name), name


@dataclass
class City:
    """Units and people by short names, and ways to bring a duty where a test needs it."""

    clock: Any
    units: dict[str, Unit] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    def on(self, day: date, hour: int = 10) -> None:
        """Let it be this day."""
        self.clock.move_to(moment(day, hour))
        keeping.forget()

    def actor(self, name: str) -> Actor:
        return actor_for(self.users[name])

    def person(self, name: str) -> Person:
        return Person.objects.get(user=self.users[name])

    def six(self, **values: Any) -> services.Six:
        day = None if "work_days" in values else date(2026, 9, 22)
        given = {
            "item": "建立招商载体资源库", "target": "录入全部可招商载体", "requirement": "每月更新", "lead_unit": self.units["commerce"],
            "due_date": day, **values,
        }  # fmt: skip
        return services.Six(**given)

    def duty(self, state: str = terms.ASSIGNED, *, by: str = "olga", **values: Any) -> Duty:
        """Set a duty of the office for the department of commerce and bring it to ``state``."""
        own = {name: values.pop(name) for name in ("secrecy", "parent") if name in values}
        kind = values.pop("kind", terms.OTHER)
        set_unit = values.pop("set_unit", self.units["office"])
        duty = services.set_duty(
            by=self.actor(by), six=self.six(**values), origin=services.Origin(kind), set_unit=set_unit, **own
        )
        if state != terms.ASSIGNED:
            self.move("carl", duty, "accept")
        if state in {terms.SUBMITTED, terms.CLOSED}:
            self.submit("carl", duty)
        if state == terms.CLOSED:
            self.move("olga", duty, "approve")
        if state == terms.RETURNED:
            self.move("carl", duty, "send_back", reason="不属于本单位职责")
        if state == terms.CANCELLED:
            self.move("olga", duty, "cancel", reason="已并入其他事项")
        return duty

    def part(self, duty: Duty, unit: str = "finance", *, by: str = "cora", **values: Any) -> Duty:
        """Let the department of commerce give another unit a part of what it leads."""
        six = self.six(
            lead_unit=self.units[unit], **{"item": "提供国有载体清单", "due_date": duty.due_date, **values}
        )
        origin = services.Origin(terms.PART)
        return services.set_duty(
            by=self.actor(by), six=six, origin=origin, set_unit=self.units["commerce"], parent=duty
        )

    def move(self, name: str, duty: Duty, move: str, reason: str = "") -> Duty:
        return services.move_duty(by=self.actor(name), duty=duty, move=move, reason=reason)

    def submit(self, name: str, duty: Duty, files: tuple[Any, ...] | None = None) -> Duty:
        given = (pdf(),) if files is None else files
        return services.submit_duty(by=self.actor(name), duty=duty, result="已录入 120 处载体", files=given)

    def ask(self, duty: Duty, until: date, *, by: str = "carl") -> Extension:
        return services.ask_extension(
            by=self.actor(by), duty=duty, until=until, reason="部分载体权属尚在核实"
        )


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(moment(MONDAY), tick=True) as traveller:
        yield traveller


@pytest.fixture
def city(db: None, clock: Any) -> City:
    """olga and otto: officers of the office; carl and cora: clerk and head of commerce; fred: finance; sven: science.

    jack and heidi: districts; tom: tourism, which takes part in nothing; erin: everything everywhere; both: that, and a post in
    commerce; lena: a leader without any role.
    """
    for (kind, key), data in RULES.items():
        Rule.objects.create(kind=kind, key=key, data=data, valid_from=date(2019, 4, 28))
    CalendarDay.objects.bulk_create(
        CalendarDay(day=day, source="通知", **said._asdict())
        for day, said in holidays.announced().items()
        if day.year in {2025, 2026}
    )
    CalendarYear.objects.create(year=2026, source="通知")
    made = City(clock)
    root = make_unit("xm", "city", name="厦门市")
    made.units["root"] = root
    for code, kind, name, values in (
        ("office", "office", "市招商办", {}), ("commerce", "government", "市商务局", {}), ("science", "government", "市科技局", {}),
        ("finance", "government", "市财政局", {}), ("tourism", "government", "市文旅局", {}), ("jimei", "district", "集美区", {}),
        ("huli", "district", "湖里区", {}), ("districts", "collective", "各区", {"member_kind": "district"}),
        ("gone", "government", "市经信局", {"valid_to": date(2026, 9, 1)}),
    ):  # fmt: skip
        made.units[code] = make_unit(code, kind, root, name=name, short_name=name, **values)
    everything = [*OFFICER, *CLOSER]
    for name, unit, permissions in (
        ("olga", "office", OFFICER), ("otto", "office", OFFICER), ("carl", "commerce", CLERK), ("cora", "commerce", HEAD),
        ("fred", "finance", HEAD), ("sven", "science", CLERK), ("jack", "jimei", CLERK), ("heidi", "huli", CLERK),
        ("tom", "tourism", HEAD), ("erin", "root", everything), ("both", "root", everything), ("lena", "", []),
    ):  # fmt: skip
        made.users[name] = make_user(name, made.units.get(unit), permissions, username=name)
    grant(made.users["both"], made.units["commerce"], ["duties.duty.view"])
    keeping.forget()
    return made


def told(duty: Duty, verb: str) -> set[str]:
    """Return who was told of what happened to a duty."""
    found = Notice.objects.filter(event__object_id=duty.pk, event__verb=f"duties.duty.{verb}")
    return set(found.values_list("owner__username", flat=True))
