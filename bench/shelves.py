"""The enterprise library filled with composed firms (``bench.million``), fast: rows by the million go past the services.

Every tenth firm has tags of a list, every twentieth a former name, contacts or relations. Amounts, people and businesses
are drawn at random and belong to nobody.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain, islice
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from bench.million import Firm, firms
from yinfeng.core import search
from yinfeng.core.models import Code, User
from yinfeng.core.models_search import SearchEntry
from yinfeng.core.money import WAN
from yinfeng.core.text import normalise
from yinfeng.enterprises import uscc
from yinfeng.enterprises.models import Contact, Enterprise, EnterpriseTag, FormerName, Relation
from yinfeng.orgs.models import Membership, Person, Role, RoleGrant, Unit

CHUNK = 20_000
SURNAMES = "陈林黄张李王吴刘蔡杨许郑谢郭洪邱曾廖赖徐周叶苏庄江吕何"
GIVEN = "澜沐岚芷珩霁煦璟昭攸翊禾崧淳琰泓筠曜砚菁榆蔚楠澄"
POSITIONS = ["投资总监", "总经理", "董事长助理", "战略发展部部长", "财务总监", "政府事务经理"]
ROADS = [
    "软件园二期观日路",
    "火炬路",
    "湖滨南路",
    "海天路",
    "集美大道",
    "翔安南路",
    "建设大道",
    "人民路",
    "中山路",
]

# Dropped while the rows go in and made again at the end, which is many times faster.
_GIN = "core_searchentry_tokens"


class Library:
    """Fill an empty, migrated database with ``count`` firms."""

    def __init__(self, count: int) -> None:
        call_command("profile", "load", "xiamen", stdout=io.StringIO())
        self.count = count
        self.chance = random.Random(20260703)
        self.today = timezone.localdate()
        self.now = connection.ops.adapt_datetimefield_value(timezone.now())
        self.unit = Unit.objects.get(parent=None)
        self.user = self._officer()
        industries = Code.objects.filter(table="industry", level=4).order_by("order")
        self.industries = list(industries.values_list("code", "name"))
        self.tags = list(
            Code.objects.filter(table="enterprise_tag").order_by("order").values_list("code", flat=True)
        )
        self.seconds: dict[str, float] = {}

    def fill(self) -> None:
        began = time.monotonic()
        self._put(Enterprise, self._enterprises())
        self._put(EnterpriseTag, self._tags())
        self._put(FormerName, self._former())
        self._put(Contact, self._contacts())
        self._put(Relation, self._relations())
        self.seconds["rows"] = time.monotonic() - began
        began = time.monotonic()
        self._index()
        self.seconds["search"] = time.monotonic() - began
        with connection.cursor() as cursor:  # what autovacuum does by itself a minute later
            cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")

    def _officer(self) -> User:
        user = User(username="office", name="测试员")
        user.set_unusable_password()
        user.save()
        person = Person.objects.create(name=user.name, user=user)
        Membership.objects.create(
            person=person, unit=self.unit, position="招商专员", valid_from=date(2025, 1, 1)
        )
        role = Role.objects.get(code="office_officer")
        RoleGrant.objects.create(user=user, role=role, unit=self.unit, valid_from=date(2025, 1, 1))
        return user

    # --- rows -------------------------------------------------------------------------------------------------------

    def _enterprises(self) -> Iterator[dict[str, Any]]:
        for pk, firm in enumerate(firms(self.count), 1):
            yield self._enterprise(pk, firm)

    def _enterprise(self, pk: int, firm: Firm) -> dict[str, Any]:
        chance = self.chance
        industry, _label = chance.choice(self.industries)
        words = [label for _code, label in chance.choices(self.industries, k=chance.randint(2, 7))]
        first17 = f"913502{chance.randint(0, 99):02}MA{pk:07}"
        return {
            "id": pk, "name": firm.name, "name_key": normalise(firm.name).replace("有限责任公司", "有限公司"), "name_en": "",
            "short_name": firm.brand + firm.trade if pk % 3 == 0 else "", "uscc": first17 + uscc.check_character(first17),
            "nature": "", "listing_code": f"{600000 + pk}" if pk % 200 == 0 else "", "country": "CN", "province": firm.province,
            "city": firm.city, "address": f"{firm.city}{chance.choice(ROADS)}{chance.randint(1, 999)}号",
            "capital": round(chance.lognormvariate(6, 2)) * WAN if pk % 7 else None,
            "founded_date": self.today - timedelta(days=chance.randrange(12_000)), "industry": industry,
            "staff": round(chance.lognormvariate(3.5, 1.6)) if pk % 5 else None,
            "scope_of_business": f"一般项目：{'；'.join(words)}。", "introduction": f"{firm.brand}是测算用的企业。", "website": "",
            "source": "测算数据", "verified_date": self.today - timedelta(days=chance.randrange(700)) if pk % 4 else None,
            "is_demo": True, "added_by_unit_id": self.unit.pk, "version": 1, "created_at": self.now, "updated_at": self.now,
        }  # fmt: skip

    def _tags(self) -> Iterator[dict[str, Any]]:
        for pk in range(10, self.count + 1, 10):
            for tag in self.chance.sample(self.tags, self.chance.choice([1, 1, 2])):
                yield {
                    "enterprise_id": pk,
                    "tag": tag,
                    "year": self.chance.choice([0, 2024, 2025]),
                    "rank": None,
                }

    def _former(self) -> Iterator[dict[str, Any]]:
        for pk, firm in enumerate(firms(self.count), 1):
            if pk % 20 == 7:
                name = f"{firm.city.removesuffix('市')}{firm.brand}实业公司"
                yield {"enterprise_id": pk, "name": name, "name_key": normalise(name), "kind": "former", "until_date": None}  # fmt: skip

    def _contacts(self) -> Iterator[dict[str, Any]]:
        for pk in range(3, self.count + 1, 20):
            for _ in range(self.chance.choice([1, 1, 2, 3])):
                name = self.chance.choice(SURNAMES) + "".join(self.chance.choices(GIVEN, k=2))
                yield {
                    "enterprise_id": pk, "name": name, "position": self.chance.choice(POSITIONS), "phone": "", "email": "",
                    "unit_id": self.unit.pk, "is_demo": True, "version": 1, "created_at": self.now, "updated_at": self.now,
                }  # fmt: skip

    def _relations(self) -> Iterator[dict[str, Any]]:
        for pk in range(3, self.count - 10, 20):
            for step in self.chance.sample(range(1, 10), 3):
                yield {
                    "enterprise_id": pk, "other_id": pk + step, "kind": self.chance.choice(["supplier", "customer"]), "share": None,
                    "source": "测算数据", "noted_date": self.today,
                }  # fmt: skip

    # --- into the database ------------------------------------------------------------------------------------------

    def _index(self) -> None:
        """Put the entries in, the indexes over their tokens dropped meanwhile."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP INDEX {_GIN}")
                self._put_entries()
                cursor.execute("SET maintenance_work_mem = '512MB'")
                cursor.execute(f"CREATE INDEX {_GIN} ON core_searchentry USING gin (tokens)")
            else:
                cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'core_search_insert'")
                (trigger,) = cursor.fetchone()
                cursor.execute("DROP TRIGGER core_search_insert")
                self._put_entries()
                cursor.execute(trigger)
                search.repair()

    def _put_entries(self) -> None:
        for start in range(1, self.count + 1, CHUNK):
            ids = range(start, min(start + CHUNK, self.count + 1))
            entries = list(search.SOURCES[Enterprise](ids))  # read before the connection is busy with a COPY
            self._put(SearchEntry, map(search.stored, entries))

    @staticmethod
    def _put(model: Any, rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows given as column → value: COPY on PostgreSQL, one statement many times on SQLite."""
        table, pending = model._meta.db_table, iter(rows)
        if (first := next(pending, None)) is None:
            return
        names = list(first)
        lines = (list(row.values()) for row in chain([first], pending))

        columns = ", ".join(f'"{name}"' for name in names)
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for line in lines:
                        copy.write_row(line)
            else:
                marks = ", ".join(["%s"] * len(names))
                while batch := list(islice(lines, CHUNK)):
                    cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", batch)
        if connection.vendor == "postgresql" and "id" in names and model is Enterprise:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
                )
