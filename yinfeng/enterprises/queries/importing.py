"""What an import asks of the library: which enterprises some rows name, by whatever they name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db.models import Max, Q, QuerySet

from yinfeng.core import bulk, events
from yinfeng.core.models import Event
from yinfeng.enterprises import naming
from yinfeng.enterprises.models import Distinction, Enterprise, EnterpriseTag, FormerName

# What an import compares and writes.
READ = (
    "name", "name_key", "name_en", "short_name", "uscc", "listing_code", "nature", "country", "province", "city", "address", "capital",
    "founded_date", "industry", "staff", "scope_of_business", "introduction", "website", "source", "verified_date",
)  # fmt: skip


@dataclass(slots=True)
class Firm:
    """An enterprise as an import reads it by the thousand: what an event asks of a row, its version, and its values."""

    pk: int
    version: int
    values: dict[str, Any]

    _meta: ClassVar = Enterprise._meta

    def __str__(self) -> str:
        return str(self.values["name"])


def firms(**conditions: Any) -> list[Firm]:
    """Return the enterprises that answer the conditions."""
    return list(map(_firm, _rows(**conditions)))


def _rows(**conditions: Any) -> QuerySet[Enterprise, Any]:
    return Enterprise.objects.filter(**conditions).values_list("pk", "version", *READ)


def _firm(row: Sequence[Any]) -> Firm:
    pk, version, *values = row
    return Firm(pk, version, dict(zip(READ, values, strict=True)))


@dataclass(slots=True)
class Known:
    """The enterprises that some rows name: by key of the name, code, listing code, other names; and what is settled."""

    by_key: dict[str, Firm]
    by_code: dict[str, Firm]
    by_listing: dict[str, Firm]
    by_other_name: dict[str, tuple[str, Firm]]  # key → kind of name, whose it is
    apart: set[tuple[str, int]]  # key of a name, the enterprise that it does not mean
    by_id: dict[int, Firm]

    @classmethod
    def nothing(cls) -> Known:
        """Return what rows name that nobody asks about."""
        return cls({}, {}, {}, {}, set(), {})


def known(
    keys: Sequence[str],
    codes: Mapping[str, str],
    listings: Sequence[str],
    meanwhile: Callable[[], object] = lambda: None,
) -> Known:
    """Return the enterprises that rows name by these keys and codes (``codes``: code → key of the same row).

    ``meanwhile`` is done while PostgreSQL looks them up.
    """
    by_listing, other_names, apart, by_name = bulk.asked(
        _rows(listing_code__among=listings),
        FormerName.objects.filter(name_key__among=keys).values_list("name_key", "kind", "enterprise_id"),
        Distinction.objects.filter(name_key__among=keys).values_list("name_key", "enterprise_id"),
        _rows(name_key__among=keys, country="CN"),
        meanwhile=meanwhile,
    )
    named = {firm.values["name_key"]: firm for firm in map(_firm, by_name)}
    # Most rows name by their code whom they name by their name.
    other_codes = [
        code for code, key in codes.items() if key not in named or named[key].values["uscc"] != code
    ]
    coded = firms(uscc__among=other_codes) if other_codes else []
    by_id = {firm.pk: firm for firm in (*named.values(), *coded, *map(_firm, by_listing))}
    load(by_id, (pk for _key, _kind, pk in other_names))
    return Known(
        {key: by_id[firm.pk] for key, firm in named.items()},
        {firm.values["uscc"]: firm for firm in by_id.values() if firm.values["uscc"]},
        {firm.values["listing_code"]: firm for firm in by_id.values() if firm.values["listing_code"]},
        {key: (kind, by_id[pk]) for key, kind, pk in other_names if pk in by_id},
        {(key, pk) for key, pk in apart},
        by_id,
    )


def load(by_id: dict[int, Firm], ids: Iterable[int]) -> None:
    """Add the enterprises with these ids that are not there yet."""
    if missing := [pk for pk in dict.fromkeys(ids) if pk not in by_id]:
        by_id.update((firm.pk, firm) for firm in firms(pk__among=missing))


def tags_of_year(enterprises: Iterable[int], tag: str, year: int) -> dict[int, int | None]:
    """Return the rank of those of the enterprises that have a tag of a year."""
    rows = EnterpriseTag.objects.filter(enterprise__in=list(enterprises), tag=tag, year=year)
    return dict(rows.values_list("enterprise_id", "rank"))


def last_event() -> int:
    """Return the number of the newest event, by which it is told later what happened since."""
    return Event.objects.aggregate(last=Max("pk"))["last"] or 0


@dataclass(slots=True)
class Touched:
    """Enterprises with which somebody did something: their ids, all their names and codes, and who has which name."""

    ids: set[int] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)  # of names
    codes: set[str] = field(default_factory=set)
    names: list[tuple[int, str]] = field(default_factory=list)


def touched_since(event: int, job: int, touched: Touched) -> bool:
    """Add the enterprises with which others than a job did something after an event; say whether there were any."""
    others = Q(data__job__isnull=True) | ~Q(data__job=job)  # of events without the key ``exclude`` keeps none
    told = Event.objects.filter(others, pk__gt=event, object_type=events.type_of(Enterprise))
    ids = {pk for pk in told.values_list("object_id", flat=True) if pk}
    if not ids:
        return False
    touched.ids |= ids
    names: list[tuple[int, str]] = []
    for firm in firms(pk__among=ids):
        called = (firm.values[name] for name in ("name", "short_name", "name_en"))
        names += [(firm.pk, name) for name in called if name]
        touched.codes |= {firm.values["uscc"] or "", firm.values["listing_code"]} - {""}
    names += FormerName.objects.filter(enterprise__pk__among=ids).values_list("enterprise_id", "name")
    touched.keys |= {naming.parse(name).key for _pk, name in names}
    touched.names += names
    return True


def entered_by(job: int, ids: Iterable[int]) -> set[int]:
    """Return those of the enterprises that an import entered."""
    verb = "enterprises.enterprise.imported"
    told = Event.objects.filter(
        object_type=events.type_of(Enterprise), object_id__in=list(ids), verb=verb, data__job=job
    )
    return {pk for pk in told.values_list("object_id", flat=True) if pk}


def names_without_code() -> Iterator[tuple[int, str]]:
    """Yield (id, name) of every name of the enterprises that have no 统一社会信用代码."""
    found = Enterprise.objects.filter(uscc=None).values_list("pk", "name", "short_name", "name_en")
    for pk, *names in found.iterator(chunk_size=5000):
        yield from ((pk, name) for name in names if name)
    yield from (
        FormerName.objects.filter(enterprise__uscc=None).values_list("enterprise_id", "name").iterator(5000)
    )
