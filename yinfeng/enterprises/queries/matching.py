"""Which enterprises of the library a name means, asked of the database: while typing, in forms, in the API.

The few rows worth judging come from the exact key, from the search for brand and trade, and from the full-text index by the
pairs of characters and of syllables around the brand, so that a slip in one of them still leaves another. What they mean
is judged as everywhere else (``enterprises.matching``). ``library`` takes all names into memory, for thousands at a time.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yinfeng.core import events, search
from yinfeng.core.text import pinyin_syllables
from yinfeng.enterprises import matching, naming, uscc
from yinfeng.enterprises.matching import Match, Named
from yinfeng.enterprises.models import Distinction, Enterprise, FormerName

# Rows of each search that are looked at, and of all of them those that share most with the name and are judged.
SHARING, HITS, JUDGED = 400, 60, 30
# Characters of a brand that are looked for: longer ones are names of which the parts are not known.
BRAND = 5


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An enterprise of the library that may be the one being entered, with the reason in words.

    ``level`` is same, possible, or linked: a branch or a head office, which is certainly another one.
    """

    enterprise: Enterprise
    level: str
    score: float
    reason: str | Promise


def similar(
    name: str, code: str = "", listing: str = "", *, limit: int = 5, exclude: int | None = None
) -> list[LookAlike]:
    """Return enterprises that a name, a 统一社会信用代码 or a listing code may mean, likeliest first.

    What a person has told apart from the name before does not come again.
    """
    others = Enterprise.objects.exclude(pk=exclude) if exclude else Enterprise.objects.all()
    name, code, listing = (" ".join(text.replace("\0", "").split()) for text in (name, code, listing))
    found = {item.enterprise.pk: item for item in _by_code(others, code, listing)}
    if len(name) > 1:
        objects = _near(naming.parse(name), others)
        for match in _matches(name, objects):
            level = match.decision if match.decision != "none" else "linked"
            found.setdefault(match.id, LookAlike(objects[match.id], level, match.score, match.reason))
    order = {"same": 0, "possible": 1, "linked": 2}
    return sorted(found.values(), key=lambda item: (order[item.level], -item.score))[:limit]


def _by_code(others: QuerySet[Enterprise], code: str, listing: str) -> Iterator[LookAlike]:
    code = uscc.normalise_uscc(code) if code else ""
    if code and (holder := others.filter(uscc=code).first()):
        yield LookAlike(holder, "same", 1.0, _("统一社会信用代码相同"))
    if listing and (holder := others.filter(listing_code=listing.strip().upper()).first()):
        yield LookAlike(holder, "same", 1.0, _("证券代码相同"))


def _matches(name: str, objects: Mapping[int, Enterprise]) -> list[Match]:
    """Return what is to be thought of the enterprises that a name may mean or that are linked with it."""
    names, apart = _names_of(objects, naming.parse(name).key)
    judged = matching.judge(name, (row for row in names if row.id not in apart))
    # Once one is meant, others are of interest only where they are linked with it.
    linked = {row.id for verdict, row in judged if verdict.level == "none"}
    decided = matching.decide(name, judged)
    return [match for match in decided if match.decision != "none" or match.id in linked]


def _near(parts: naming.NameParts, others: QuerySet[Enterprise]) -> dict[int, Enterprise]:
    """Return the enterprises that share most with a name."""
    kind = events.type_of(Enterprise)
    shared = search.sharing(kind, _ways(parts), SHARING)
    nearest = sorted(shared, key=lambda pk: (-shared[pk], pk))[:JUDGED]
    if parts.is_short or not nearest:
        wanted = parts.core or parts.alias
        nearest += [hit.object_id for hit in search.ranked({kind: others}, wanted, HITS)]
    return {row.pk: row for row in others.filter(Q(name_key=parts.key) | Q(pk__in=nearest)).order_by("pk")}


def _ways(parts: naming.NameParts) -> list[list[str]]:
    """Return what tells a name from others: mistyped in one character it has some of these left.

    The whole as another name; pairs of characters in the brand and across its ends, pairs of syllables in it. Those that
    are common, across its beginning and of syllables, only together with the beginning of the trade, if there is one.
    """
    brand = (parts.brand or parts.core)[:BRAND]
    trade = [parts.trade[:2]] if len(parts.trade) > 1 else []
    ways = [[search.whole(parts.normalised)]]
    ways += [[brand[at : at + 2]] for at in range(len(brand) - 1)]
    ways += [[brand[-1] + parts.trade[0]]] if parts.trade and brand else []
    ways += [[parts.place[-1] + brand[0], *trade]] if parts.place and brand else []
    return ways + [[pair, *trade] for pair in search.spelt(pinyin_syllables(brand))]


def _names_of(objects: Mapping[int, Enterprise], key: str) -> tuple[list[Named], set[int]]:
    """Return all names of some enterprises, and which of them a person has told apart from the name with that key."""
    former = FormerName.objects.filter(enterprise__in=objects).values_list("enterprise_id", "name", Value(0))
    apart = Distinction.objects.filter(name_key=key, enterprise__in=objects)
    rows = list(
        former.order_by().union(apart.order_by().values_list("enterprise_id", "name", Value(1)), all=True)
    )
    names = [Named(pk, row.name) for pk, row in objects.items()]
    for pk, row in objects.items():
        names += [Named(pk, other, of=row.name) for other in (row.short_name, row.name_en) if other]
    names += [Named(pk, other, of=objects[pk].name) for pk, other, is_apart in rows if not is_apart]
    return names, {pk for pk, _name, is_apart in rows if is_apart}


def _all_names() -> Iterator[Named]:
    """Yield all names of the whole library, of each enterprise the registered one first."""
    fields = ("pk", "name", "short_name", "name_en")
    for pk, name, *others in Enterprise.objects.values_list(*fields).iterator(chunk_size=5000):
        yield Named(pk, name)
        yield from (Named(pk, other, of=name) for other in others if other and other != name)
    kept = FormerName.objects.order_by("pk").values_list("enterprise_id", "name", "enterprise__name")
    yield from (Named(pk, name, of=registered) for pk, name, registered in kept.iterator(chunk_size=5000))


# From so many names on the arrays are kept on this machine for the next time: before, making them takes no second.
KEPT_FROM = 50_000


def library() -> matching.Library:
    """Return the whole library with all its names in memory: about ten seconds and a gigabyte for a million.

    The arrays of a large one are kept below the var folder under the state of the library they were made of, and taken
    from there as long as that is its state.
    """
    names = Enterprise.objects.aggregate(count=Count("pk"), changed=Max("updated_at"))
    others = FormerName.objects.aggregate(count=Count("pk"), last=Max("pk"))
    if names["count"] < KEPT_FROM:
        return matching.Library(_all_names())
    state = sha256(repr((settings.DATABASES["default"], names, others)).encode()).hexdigest()[:32]
    folder = settings.VAR_DIR / "matching"
    if (folder / state).is_dir():
        return matching.Library.load(folder / state)
    made = matching.Library(_all_names())
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="new-") as name:
        made.keep(Path(name) / state)
        for old in folder.iterdir():
            if not old.name.startswith("new-"):
                shutil.rmtree(old, ignore_errors=True)
        with contextlib.suppress(OSError):  # somebody else was as quick
            (Path(name) / state).rename(folder / state)
    return made
