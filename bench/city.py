"""A city to measure: the profile of Xiamen with invented people, enterprises and projects, the same in every run."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count, islice, product
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from bench.duties import LEADERS, Cast, Duties
from yinfeng.core import events
from yinfeng.core.models import Attachment, Code, Event, User
from yinfeng.core.money import WAN
from yinfeng.duties import terms
from yinfeng.duties.models import Duty
from yinfeng.enterprises import naming
from yinfeng.enterprises.models import Contact, Enterprise, EnterpriseTag
from yinfeng.orgs.models import Membership, Person, Role, RoleGrant, Unit
from yinfeng.projects import queries, stages
from yinfeng.projects.achievements import KINDS
from yinfeng.projects.models import (
    Bottleneck,
    Claim,
    Entry,
    MonthEnd,
    Participation,
    PlannedMonth,
    Progress,
    Project,
    Share,
    Stay,
    Talk,
    TeamMember,
)
from yinfeng.projects.queries.schedule import months_later

CHUNK = 2000
MONTHS = 24  # planned and reported of each project under way
# No such city exists, so no enterprise of it can be meant.
CITY = "例城市"
SYLLABLES = "澜沐岚芷珩霁煦璟昭攸翊禾崧淳琰泓筠曜砚菁榆蔚楠澄"
TRADES = [
    "半导体",
    "新能源",
    "生物医药",
    "软件",
    "智能装备",
    "供应链",
    "新材料",
    "文旅",
    "航空零部件",
    "海洋食品",
]
PURPOSES = ["生产基地", "区域总部", "研发中心", "结算中心", "数据中心", "物流园"]


@dataclass(frozen=True, slots=True)
class City:
    """The two people whose pages are measured, the unit of one of them, and rows that both may see."""

    unrestricted: User
    restricted: User
    home: int
    projects: list[int]
    enterprises: list[int]
    duties: list[int]


class Builder:
    """Fill an empty, migrated database."""

    def __init__(self, projects: int, enterprises: int, entries: int = 0, duties: int = 0) -> None:
        self.entries = entries
        call_command("profile", "load", "xiamen", stdout=io.StringIO())
        self.chance = random.Random(20260701)
        self.today = timezone.localdate()
        self.now = timezone.now()
        self.districts = list(Unit.objects.filter(kind="district").order_by("order"))
        self.groups = list(Unit.objects.filter(kind="group").exclude(industries=[]).order_by("order"))
        self.codes = {
            table: list(Code.objects.filter(table=table).order_by("order").values_list("code", flat=True))
            for table in (
                "enterprise_tag",
                "project_class",
                "investment_kind",
                "headquarters_kind",
                "problem_kind",
            )
        }
        industries = Code.objects.filter(table="industry", level=4).order_by("order")
        self.industries = list(industries.values_list("code", flat=True))
        self.staff = {
            unit.pk: [self.person(f"{unit.code}-{n}", unit, "district_clerk") for n in range(8)]
            for unit in self.districts
        }
        root = Unit.objects.get(parent=None)
        self.unrestricted = self.person("office", root, "office_officer")
        self.make_enterprises(enterprises)
        self.make_projects(projects)
        Duties(self.cast(), self.put, self.today, self.now).fill(duties)
        if connection.vendor == "postgresql":  # what autovacuum does by itself a minute later
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")

    def city(self) -> City:
        home = self.districts[2]
        seen = Participation.objects.filter(unit=home, project__secrecy=stages.INTERNAL)
        return City(
            self.unrestricted,
            self.staff[home.pk][0],
            home.pk,
            list(seen.values_list("project", flat=True).order_by("-project").distinct()[:200:10]),
            list(Enterprise.objects.order_by("pk").values_list("pk", flat=True)[:2000:100]),
            list(Duty.objects.filter(lead_unit=home, secrecy=terms.INTERNAL, state__in=terms.OPEN).values_list("pk", flat=True).order_by("-pk")[:200:10]),
        )  # fmt: skip

    # --- people -----------------------------------------------------------------------------------------------------

    def person(self, username: str, unit: Unit, role: str) -> User:
        """Return an account with a post in the unit and a role of the profile there."""
        user = User(username=username, name=f"测试员{username}"[:20])
        user.set_unusable_password()
        user.save()
        person = Person.objects.create(name=user.name, user=user)
        Membership.objects.create(person=person, unit=unit, position="招商专员", valid_from=date(2025, 1, 1))
        held = Role.objects.get(code=role)
        RoleGrant.objects.create(user=user, role=held, unit=unit, valid_from=date(2025, 1, 1))
        return user

    def cast(self) -> Cast:
        """Return who takes part in duties: every unit that can owe one, the leaders of the city, the staff of districts."""
        units = list(Unit.objects.exclude(kind__in=("collective", "city", "leadership")).order_by("order"))
        leaders = [Person(name=f"测试市领导{n}") for n in range(LEADERS)]
        return Cast(
            self.districts,
            [unit for unit in units if unit not in self.districts],
            [unit for unit in units if unit.kind in ("leader_group", "office", "government", "group")],
            self.put(Person, leaders),
            Unit.objects.get(member_kind="district"),
            [user for staff in self.staff.values() for user in staff],
        )

    # --- enterprises ------------------------------------------------------------------------------------------------

    def make_enterprises(self, number: int) -> None:
        """Make the library: of each enterprise a tag or two, of every third a contact, of each what its page tells."""
        names = islice(product(TRADES, SYLLABLES, SYLLABLES, SYLLABLES), number)
        made = self.put(Enterprise, (self.enterprise(f"{a}{b}{c}", trade) for trade, a, b, c in names))
        tags = self.codes["enterprise_tag"]
        self.put(
            EnterpriseTag,
            (
                EnterpriseTag(enterprise=firm, tag=tag, year=2025)
                for firm in made
                for tag in self.chance.sample(tags, self.chance.choice([0, 1, 1, 2]))
            ),
        )
        self.put(
            Contact,
            (
                Contact(enterprise=firm, name="测试联系人", position="投资总监", phone="00000000000", unit=self.districts[0])
                for firm in made[::3]
            ),
        )  # fmt: skip
        self.put(Event, (self.event(firm, "enterprises.enterprise.added", 400) for firm in made))
        self.firms = made

    def enterprise(self, brand: str, trade: str) -> Enterprise:
        name = f"{CITY}{brand}{trade}有限公司"
        return Enterprise(
            name=name, name_key=naming.parse(name).key, short_name=f"{brand}{trade}", province="例省", city=CITY,
            address="例路1号", capital=Decimal(self.chance.randint(100, 90_000) * WAN),
            founded_date=self.before(9_000), industry=self.chance.choice(self.industries),
            staff=self.chance.randint(5, 9_000), scope_of_business=f"{trade}产品的研发、生产和销售。" * 4,
            introduction=f"{brand}从事{trade}。" * 6, source="测算数据", verified_date=self.before(700),
            added_by_unit=self.chance.choice(self.districts),
        )  # fmt: skip

    # --- projects ---------------------------------------------------------------------------------------------------

    def make_projects(self, number: int) -> None:
        """Make the projects with their units, teams, talks and timelines."""
        made = self.put(Project, (self.project(n) for n in range(number)))
        self.put(Participation, (part for project in made for part in self.parts(project)))
        self.put(TeamMember, (member for project in made for member in self.team(project)))
        self.put(Talk, (self.talk(project) for project in made for _ in range(self.chance.randint(0, 4))))
        verbs = ["created", "changed", "intend", "changed", "unit_added", "member_added", "talked", "talked"]
        self.put(
            Event,
            (
                self.event(project, f"projects.project.{verb}", 300 - 30 * step)
                for project in made
                for step, verb in enumerate(verbs[: self.chance.randint(3, 8)])
            ),
        )

        self.put(Stay, (stay for project in made for stay in self.stays(project)))
        self.make_building([project for project in made if project.stage in stages.UNDER_WAY])
        self.make_ledger([project for project in made if stages.reached(project.stage, stages.SIGNED)])

    def make_building(self, under_way: list[Project]) -> None:
        """Plan and report two years of months of each project under way, and put a bottleneck in the way of every third."""
        months = [months_later(self.today, number - MONTHS) for number in range(MONTHS)]
        each = {project.pk: round(project.fixed_investment / MONTHS, 2) for project in under_way}
        pace = {project.pk: Decimal(self.chance.randint(60, 110)) / 100 for project in under_way}
        places = [(project, number, month) for project in under_way for number, month in enumerate(months, 1)]
        self.put(
            PlannedMonth,
            (
                PlannedMonth(project=project, month=month, investment=each[project.pk], percent=100 * number // MONTHS)
                for project, number, month in places
            ),
        )  # fmt: skip
        self.put(
            Progress,
            (
                Progress(
                    project=project, month=month, invested=each[project.pk] * pace[project.pk], percent=90 * number // MONTHS,
                    done="主体施工", reported_by=project.created_by,
                )
                for project, number, month in places
            ),
        )  # fmt: skip
        self.put(
            MonthEnd,
            (
                MonthEnd(
                    project=project, month=month, planned=int(100 * each[project.pk]) * number,
                    invested=int(100 * each[project.pk] * pace[project.pk]) * number, whole=int(100 * each[project.pk]) * MONTHS,
                )
                for project, number, month in places
            ),
        )  # fmt: skip
        self.put(
            Bottleneck,
            (
                Bottleneck(
                    project=project, kind=self.chance.choice(self.codes["problem_kind"]), what="用电增容尚未批复",
                    since_date=self.before(200), unit=project.host_unit, raised_by=project.created_by,
                    due_date=self.today + timedelta(days=self.chance.randint(-30, 60)),
                )
                for project in under_way[::3]
            ),
        )  # fmt: skip

    def stays(self, project: Project) -> Iterable[Stay]:
        """Yield how long a project stood in each stage up to its own."""
        path = stages.ORDER[: stages.ORDER.index(project.stage) + 1]
        for number, stage in enumerate(path):
            since = self.now - timedelta(days=40 * (len(path) - number))
            is_over = stage != project.stage
            until = since + timedelta(days=40) if is_over else None
            yield Stay(project=project, stage=stage, since=since, until=until, days=40 if is_over else None)

    def make_ledger(self, signed: list[Project]) -> None:
        """Enter every achievement, of three in ten with a share of another district; one contract proves them all.

        Payments and years of tax and output in turn make up what is lacking of ``entries``.
        """
        contract = Attachment.objects.create(
            object_type=events.type_of(Project), object_id=0, kind=stages.CONTRACT, name="合同.pdf", size=1,
            content_type="application/pdf", sha256="0" * 64,
        )  # fmt: skip
        once = [
            (project, kind, "")
            for project in signed
            for kind in KINDS.values()
            if not kind.key and stages.reached(project.stage, kind.code)
        ]
        often = [kind for kind in KINDS.values() if kind.key]
        registered = [project for project in signed if stages.reached(project.stage, stages.REGISTERED)]
        again = (
            (project, kind, str(2000 + turn) if kind.yearly else f"例字{turn}号")
            for turn in count()
            for kind, project in product(often, registered)
        )
        achieved = [*once, *islice(again, max(self.entries - len(once), 0) if registered else 0)]
        claims = self.put(
            Claim,
            (
                Claim(
                    project=project, kind=kind.code, key=key, happened_date=project.signed_date, evidence=contract,
                    amount=(project.contracted / 100 if key else project.contracted) if kind.amount else None,
                    state=stages.VERIFIED, entered_by=project.created_by, verified_by=self.unrestricted, verified_at=self.now,
                )
                for project, kind, key in achieved
            ),
        )  # fmt: skip
        del achieved
        entries = self.put(
            Entry,
            (
                Entry(
                    project=claim.project, claim=claim, kind=claim.kind, key=claim.key, happened_date=claim.happened_date,
                    booked_date=claim.happened_date, amount=claim.amount or Decimal(0), evidence=contract,
                    recognised_by=self.unrestricted,
                )
                for claim in claims
            ),
        )  # fmt: skip
        self.put(Share, (share for entry in entries for share in self.shares(entry)))

    def shares(self, entry: Entry) -> Iterable[Share]:
        host = entry.project.host_unit
        others = [unit for unit in self.districts if unit != host] if self.chance.random() < 0.3 else []
        parts = queries.split(
            host.pk, stages.HOST, [(stages.INTRODUCER, [unit.pk for unit in others[:1]], 30)]
        )
        yuan = queries.amounts(entry.amount, parts)
        for part, own in zip(parts, yuan, strict=True):
            yield Share(
                entry=entry, unit_id=part.unit, part=part.part, millionths=part.millionths, amount=own
            )

    def project(self, number: int) -> Project:
        chance = self.chance
        firm, unit = chance.choice(self.firms), chance.choice(self.districts)
        stage = chance.choices(stages.ORDER, [20, 30, 20, 10, 5, 3, 3, 4, 2, 2, 1])[0]
        is_signed = stages.reached(stage, stages.SIGNED)
        intended = Decimal(chance.randint(10, 40_000) * 100 * WAN)
        return Project(
            code=f"B2026-{number:05}", name=f"{firm.short_name}{chance.choice(PURPOSES)}项目", enterprise=firm,
            stage=stage, status=chance.choices(list(stages.STATUSES), [80, 8, 8, 2, 2])[0],
            secrecy=chance.choices(list(stages.SECRECY), [10, 85, 5])[0],
            project_class=chance.choice(self.codes["project_class"]),
            investment_kind=chance.choice(self.codes["investment_kind"]), is_foreign=chance.random() < 0.2,
            origin="例省", industry=firm.industry, summary=f"拟建设{chance.choice(PURPOSES)}。" * 5,
            intended=intended, intended_original=intended, fixed_investment=intended / 2,
            contracted=intended if is_signed else None, signed_date=self.before(300) if is_signed else None,
            headquarters_kind=chance.choice(self.codes["headquarters_kind"]) if chance.random() < 0.05 else "",
            registered_firm=firm if stages.reached(stage, stages.REGISTERED) else None,
            approached_date=self.today - timedelta(days=400) if stages.reached(stage, stages.NEGOTIATING) else None,
            construction_kind="new", stage_since=self.now - timedelta(days=chance.randint(0, 200)), site="例园区3号地块",
            land_mu=Decimal(chance.randint(10, 300)), planned_start_date=self.today + timedelta(days=chance.randint(-60, 300)), expected_output=intended,
            expected_tax=intended / 20, contact_name="测试联系人", next_step="安排实地考察",
            next_date=self.today + timedelta(days=chance.randint(-20, 60)), reporter_unit=unit,
            host_unit=unit if chance.random() < 0.85 else chance.choice(self.districts),
            created_by=chance.choice(self.staff[unit.pk]), progress_at=self.now - timedelta(days=chance.randint(0, 200)),
        )  # fmt: skip

    def parts(self, project: Project) -> Iterable[Participation]:
        """Yield the reporting and the hosting district, one of four groups, and of three in ten another district."""
        reporter, host = project.reporter_unit, project.host_unit
        named = [
            (reporter, stages.REPORTER),
            (host, stages.HOST),
            (self.chance.choice(self.groups), stages.GROUP),
        ]
        if self.chance.random() < 0.3:
            others = [unit for unit in self.districts if unit not in (reporter, host)]
            named.append((self.chance.choice(others), stages.JOINT))
        return (Participation(project=project, unit=unit, part=part) for unit, part in named)

    def team(self, project: Project) -> Iterable[TeamMember]:
        people = self.chance.sample(self.staff[project.reporter_unit_id], self.chance.randint(1, 3))
        return (TeamMember(project=project, user=user, is_leader=not n) for n, user in enumerate(people))

    def talk(self, project: Project) -> Talk:
        return Talk(
            project=project, talk_date=self.before(200), form="meeting", place="例会议室", our_side="测试员甲、测试员乙",
            their_side="测试联系人", summary="双方就选址、用地和投产时间交换了意见。" * 3, next_step="提供地块资料",
            next_date=self.today, unit=project.reporter_unit, recorded_by=project.created_by,
        )  # fmt: skip

    # --- small things -----------------------------------------------------------------------------------------------

    def event(self, obj: Any, verb: str, days: int) -> Event:
        return Event(
            at=self.now - timedelta(days=days), actor_name="测试员", actor_unit="例区", verb=verb,
            object_type=events.type_of(obj), object_id=obj.pk, object_label=str(obj), source="web",
            changes={"next_step": ["", "安排实地考察"]} if verb.endswith("project.changed") else {},
        )  # fmt: skip

    def before(self, days: int) -> date:
        return self.today - timedelta(days=self.chance.randint(1, days))

    @staticmethod
    def put(model: type[Model], rows: Iterable[Any]) -> list[Any]:
        """Insert rows by the thousand and return them with their keys."""
        made: list[Any] = []
        pending = iter(rows)
        while chunk := list(islice(pending, CHUNK)):
            made += model._default_manager.bulk_create(chunk)
        return made
