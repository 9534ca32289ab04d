"""The event log: services record what they did in the same transaction; batches of it are sealed into a hash chain.

Upper apps ``subscribe`` to verbs in ``AppConfig.ready``; their handlers run inside the writer's transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from yinfeng.core import bulk, clock
from yinfeng.core.actors import Actor
from yinfeng.core.permissions import gather

if TYPE_CHECKING:
    from yinfeng.core.models import Event, Seal

Handler = Callable[["Event", Actor], None]
ManyHandler = Callable[["Recorded", Actor], None]
_handlers: defaultdict[str, list[tuple[Handler, ManyHandler | None]]] = defaultdict(list)

SEAL_ROWS = 5_000
LOOK_BACK = 20  # seals in whose gaps a slow transaction may still turn up
_DIGEST = 16


def type_of(obj: Model | type[Model]) -> str:
    """Return the name under which events, files and follows refer to a model: ``projects.project``."""
    return obj._meta.label_lower


def subscribe(verb: str, handler: Handler, many: ManyHandler | None = None) -> None:
    """Call ``handler(event, by)`` in the writer's transaction whenever ``verb`` (or any, for “*”) is recorded.

    ``many(recorded, by)``, when given, is called once for a batch instead of ``handler`` for each of its events.
    """
    if all(known is not handler for known, _many in _handlers[verb]):
        _handlers[verb].append((handler, many))


def kept_text(value: str) -> str:
    """Return a text as databases keep it: neither of them stores a NUL, nor UTF-8 a lone surrogate."""
    return value.encode(errors="ignore").decode().replace("\0", "")


def storable(value: Any) -> Any:
    """Return ``value`` as JSON keeps it: decimals and dates as text, related rows as their label."""
    if value is None or type(value) is int:
        return value
    if isinstance(value, str):
        return kept_text(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, Mapping):
        return {kept_text(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [storable(item) for item in value]
    return value if isinstance(value, (int, bool)) else kept_text(str(value))


def record(
    *,
    by: Actor,
    verb: str,
    obj: Model,
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    note: str = "",
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Write one event about ``obj`` and tell its subscribers; ``changes`` maps a field to (old, new)."""
    assert verb in verbs(), f"{verb} has no label in any verbs.py"
    event = _event(by, verb, obj, changes, note, data)
    event.save(force_insert=True)
    for handler, _many in (*_handlers[verb], *_handlers["*"]):
        handler(event, by)
    return event


# An object, or what stands for one (its key, its label as text, the ``_meta`` of its model), and what was changed of it.
About = tuple[Any, Mapping[str, tuple[Any, Any]]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A batch of events as it was written: what all have, and of each its key and what it is about."""

    same: Mapping[str, Any]
    keys: Sequence[int]
    about: Sequence[About]

    def events(self, objects: Container[int] | None = None) -> list[Event]:
        """Return the events, of a few objects if these are named: most are never looked at again."""
        from yinfeng.core.models import Event

        return [
            Event(pk=key, **self.same, **_particulars(obj, changes))
            for key, (obj, changes) in zip(self.keys, self.about, strict=True)
            if objects is None or obj.pk in objects
        ]


class ToRecord:
    """Events of one kind that are ready to be written, one per (object, changes): made while the database does other things.

    ``keys`` are those of the events, which ``reserve`` gave.
    """

    def __init__(
        self,
        *,
        by: Actor,
        verb: str,
        about: Sequence[About],
        keys: Sequence[int],
        data: Mapping[str, Any] | None = None,
    ) -> None:
        assert verb in verbs(), f"{verb} has no label in any verbs.py"
        self.by, self.about, self.keys = by, about, keys
        self.same = _common(by, verb, self.about[0][0], "", data) if self.about else {}
        self.rows = [_particulars(obj, changes) for obj, changes in self.about]

    def send(self, arriving: bulk.Arriving) -> None:
        """Let them be written as ``record`` would."""
        from yinfeng.core.models import Event

        arriving.insert(Event, self.keys, self.rows, self.same)

    def tell(self) -> None:
        """Tell the subscribers what was written."""
        if not self.about:
            return
        recorded = Recorded(self.same, self.keys, self.about)
        for handler, many in (*_handlers[self.same["verb"]], *_handlers["*"]):
            if many is not None:
                many(recorded, self.by)
            else:
                for event in recorded.events():
                    handler(event, self.by)


def reserve(count: int) -> list[int]:
    """Return keys for so many events, to be written before any others are in the same transaction."""
    from yinfeng.core.models import Event

    return bulk.new_keys(Event, count) if count else []


def record_many(
    *, by: Actor, verb: str, about: Iterable[About], data: Mapping[str, Any] | None = None
) -> None:
    """Write one event per (object, changes) of a batch, all of one kind, as ``record`` would, in a few statements."""
    about = list(about)
    ready = ToRecord(by=by, verb=verb, about=about, keys=reserve(len(about)), data=data)
    with bulk.arriving() as arriving:
        ready.send(arriving)
    ready.tell()


def _event(
    by: Actor,
    verb: str,
    obj: Model,
    changes: Mapping[str, tuple[Any, Any]] | None,
    note: str,
    data: Mapping[str, Any] | None,
) -> Event:
    from yinfeng.core.models import Event

    return Event(**_common(by, verb, obj, note, data), **_particulars(obj, changes or {}))


def _common(by: Actor, verb: str, obj: Any, note: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what events of one act have in common."""
    return {
        "at": clock.now(),
        "actor_id": by.user_id,
        "actor_name": by.name[:200],
        "actor_unit": by.unit_name[:200],
        "verb": verb,
        "object_type": type_of(obj),
        "note": note,
        "data": storable(data or {}),
        "source": by.source,
        "address": by.address,
    }


def _particulars(obj: Any, changes: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Return what an event says of its object alone."""
    return {
        "object_id": obj.pk if isinstance(obj.pk, int) else None,
        "object_label": str(obj)[:300],
        "changes": {name: [storable(old), storable(new)] for name, (old, new) in changes.items()},
    }


def last_change(obj: Model) -> Event | None:
    """Return the newest event that changed a row; who only read it, or took a file, is nobody's business."""
    from yinfeng.core.models import Event

    told = Event.objects.filter(object_type=type_of(obj), object_id=obj.pk).exclude(changes={})
    return told.order_by("-pk").first()


@cache
def verbs() -> dict[str, Any]:
    """Return the label of every verb, gathered from the apps' ``verbs.py``."""
    return {verb: label for _app, table in gather("verbs", "VERBS") for verb, label in table.items()}  # type: ignore[attr-defined]


_named: dict[str, str] = {}


def names(key: str, model: type[Model]) -> None:
    """Say that ``data[key]`` of events is the number of a row of ``model`` they tell of: nobody is told who does not see that one too."""
    _named[key] = type_of(model)


def rows_told(event: Event) -> list[tuple[str, int | None]]:
    """Return which rows an event tells of: its object first, then those that its data names (see ``names``)."""
    others = [(kind, event.data[key]) for key, kind in _named.items() if event.data.get(key) is not None]
    return [(event.object_type, event.object_id), *others]


@cache
def quiet_verbs() -> frozenset[str]:
    """Return the verbs that the audit log alone tells: who took a paper with him is nothing for a timeline, or for followers."""
    return frozenset(verb for _app, told in gather("verbs", "QUIET") for verb in told)  # type: ignore[attr-defined]


_renamed: dict[str, str] = {}


def was_called(name: str, model: type[Model]) -> None:
    """Say under which name the events of a model stand that were recorded before it was renamed: they are not rewritten."""
    _renamed[name] = type_of(model)


def object_of(object_type: str) -> type[Model]:
    """Return the model that ``object_type`` names, or named once."""
    return apps.get_model(_renamed.get(object_type, object_type))


# --- seals --------------------------------------------------------------------------------------------------------


def _digest(event: Event) -> bytes:
    """Return 16 bytes that stand for everything the row says, its id included."""
    content = [
        event.pk, event.at.astimezone(UTC).isoformat(), event.actor_id, event.actor_name, event.actor_unit, event.verb,
        event.object_type, event.object_id, event.object_label, event.changes, event.note, event.data, event.source,
        event.address,
    ]  # fmt: skip
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()[:_DIGEST]


def _chain(number: int, previous: str, sealed_at: datetime, spans: Any, digests: bytes) -> str:
    at = sealed_at.astimezone(UTC).isoformat()
    message = f"{number}|{previous}|{at}|{json.dumps(spans)}|".encode() + digests
    return hmac.new(settings.AUDIT_KEY.encode(), message, hashlib.sha256).hexdigest()


def _spans(ids: Iterable[int]) -> list[list[int]]:
    spans: list[list[int]] = []
    for value in ids:
        if spans and spans[-1][1] == value - 1:
            spans[-1][1] = value
        else:
            spans.append([value, value])
    return spans


def _covered(spans: Iterable[list[int]]) -> Iterator[int]:
    for first, last in spans:
        yield from range(first, last + 1)


def _ids(item: Seal) -> list[int] | None:
    """Return the ids that a seal covers; None when its spans and digests are not as ``seal`` writes them."""
    rows, rest = divmod(len(item.digests), _DIGEST)
    spans = item.spans if isinstance(item.spans, list) else []
    formed = all(
        isinstance(span, list) and [type(end) for end in span] == [int, int] and span[0] <= span[1]
        for span in spans
    )
    if rest or not formed or sum(last - first + 1 for first, last in spans) != rows:
        return None
    return list(_covered(spans))


def _unsealed(limit: int) -> list[Event]:
    """Return events under no seal: those after the last one, and latecomers in the gaps of the last seals.

    A sequence hands out ids before their transactions commit, so an id may appear after a higher one was sealed. No
    transaction of the product runs as long as the newest LOOK_BACK seals go back; later strangers are what ``verify`` reports.
    """
    from yinfeng.core.models import Event, Seal

    recent = Seal.objects.order_by("-number")[:LOOK_BACK]
    sealed = {pk for item in recent for pk in _ids(item) or ()}
    if not sealed:
        return list(Event.objects.order_by("id")[:limit])
    floor, top = min(sealed), max(sealed)
    late = [
        pk
        for pk in Event.objects.filter(id__gte=floor, id__lte=top).values_list("id", flat=True)
        if pk not in sealed
    ]
    rows = [
        *Event.objects.filter(id__in=late[:limit]),
        *Event.objects.filter(id__gt=top).order_by("id")[:limit],
    ]
    return sorted(rows, key=lambda event: event.pk)[:limit]


def seal(now: datetime) -> Seal | None:
    """Seal the next batch of events; None when there is nothing to seal or another sealer was faster."""
    from yinfeng.core.models import Seal

    batch = _unsealed(SEAL_ROWS)
    if not batch:
        return None
    last = Seal.objects.order_by("-number").first()
    number, previous = (last.number + 1, last.hash) if last else (1, "")
    spans, digests = _spans(event.pk for event in batch), b"".join(_digest(event) for event in batch)
    try:
        with transaction.atomic():
            return Seal.objects.create(
                number=number, sealed_at=now, spans=spans, digests=digests, previous_hash=previous,
                hash=_chain(number, previous, now, spans, digests),
            )  # fmt: skip
    except IntegrityError:
        return None


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that ``verify`` found wrong, with the seal and the event it concerns."""

    sentence: str
    seal: int | None = None
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """What ``verify`` looked at and what it found."""

    seals: int
    events: int
    unsealed: int
    faults: tuple[Fault, ...]
    last_hash: str


def verify(expected_hash: str = "") -> Audit:
    """Check every sealed event against its seal and every seal against the one before it.

    ``expected_hash`` is a seal's value that was noted outside the database (on paper, in another system): its absence
    from the chain shows that the whole chain was rewritten.
    """
    from yinfeng.core.models import Event, Seal

    faults: list[Fault] = []
    previous, expected_number, checked, known = "", 1, 0, not expected_hash
    sealed: set[int] = set()
    for item in Seal.objects.iterator(chunk_size=50):
        digests, ids = bytes(item.digests), _ids(item)
        if item.number != expected_number:
            faults.append(
                Fault(_("第 %(number)s 号封存缺失。") % {"number": expected_number}, seal=expected_number)
            )
        if item.previous_hash != previous:
            faults.append(
                Fault(
                    _("第 %(number)s 号封存没有接在前一号之后。") % {"number": item.number}, seal=item.number
                )
            )
        rewritten = item.hash != _chain(item.number, item.previous_hash, item.sealed_at, item.spans, digests)
        if rewritten or ids is None:
            faults.append(
                Fault(_("第 %(number)s 号封存本身被改动。") % {"number": item.number}, seal=item.number)
            )
        known = known or item.hash == expected_hash
        ids = ids or []
        stored = Event.objects.in_bulk(ids)
        for index, pk in enumerate(ids):
            event = stored.get(pk)
            if event is None:
                faults.append(Fault(_("第 %(id)s 号事件被删除。") % {"id": pk}, seal=item.number, event=pk))
            elif _digest(event) != digests[index * _DIGEST : (index + 1) * _DIGEST]:
                faults.append(
                    Fault(
                        _("第 %(id)s 号事件被改动：%(event)s。") % {"id": pk, "event": event},
                        seal=item.number,
                        event=pk,
                    )
                )
        sealed.update(ids)
        checked += len(ids)
        previous, expected_number = item.hash, item.number + 1
    if not known:
        faults.append(Fault(_("封存链中没有给定的封存值：整条链可能被重写。")))
    pending = {event.pk for event in _unsealed(10 * SEAL_ROWS)}
    top = max(sealed, default=0)
    known_ids = sealed | pending
    strangers = (
        pk for pk in Event.objects.filter(id__lte=top).values_list("id", flat=True) if pk not in known_ids
    )
    faults.extend(Fault(_("第 %(id)s 号事件是封存之后插入的。") % {"id": pk}, event=pk) for pk in strangers)
    return Audit(expected_number - 1, checked, len(pending), tuple(faults), previous)
