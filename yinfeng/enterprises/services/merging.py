"""Making two records of the library one, and undoing it; telling apart those that only look alike.

A merger deletes the record given up and keeps what it held in ``Merging`` (ADR 16). What points at it moves by the list in
``relinking``; rows of which the kept record has the like are dropped and kept for the undoing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, ForeignKey, Model, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Invalid, Stale
from yinfeng.core.models import Versioned
from yinfeng.core.services import validated
from yinfeng.enterprises import lifecycle, queries, relinking
from yinfeng.enterprises.models import NAME_KINDS, Distinction, Doubt, Enterprise, FormerName, Merging, Signal
from yinfeng.enterprises.relinking import Link, Pair
from yinfeng.enterprises.services.presence import gone as gone_refusal
from yinfeng.enterprises.services.records import EDITABLE
from yinfeng.enterprises.services.signals import propose_signals

MERGE = "enterprises.enterprise.merge"
KEPT, GONE = "kept", "gone"
CHUNK = 500


def differing(kept: Enterprise, gone: Enterprise) -> list[str]:
    """Return the fields that people edit and in which the two records differ."""
    return [name for name in EDITABLE if getattr(kept, name) != getattr(gone, name)]


def usual_choice(kept: Enterprise, name: str) -> str:
    """Return whose value is taken when nobody chooses: the kept record's, unless it is empty."""
    return GONE if getattr(kept, name) in (None, "") else KEPT


def has_two_codes(kept: Enterprise, gone: Enterprise) -> bool:
    """Say whether the records have different 统一社会信用代码: two codes are two legal persons."""
    return bool(kept.uscc and gone.uscc and kept.uscc != gone.uscc)


@transaction.atomic
def merge(
    *,
    by: Actor,
    kept: Enterprise,
    gone: Enterprise,
    versions: tuple[int, int],
    choices: Mapping[str, str],
    reason: str,
    name_kind: str = "alternative",
) -> Merging:
    """Make ``gone`` part of ``kept``: everything that points at it moves, its names stay, it is deleted.

    ``versions`` are those of ``kept`` and ``gone`` that the person saw; ``choices`` says of differing fields whose value
    stays (“kept” or “gone”; unsaid: the kept record's unless it is empty). Of two different codes one must be chosen.
    ``name_kind`` is what the name given up becomes. Stale when a record was changed, Conflict when one is not there any more.
    """
    by.require(MERGE, _("您没有合并企业的权限。"))
    if kept.pk == gone.pk:
        raise Invalid(_("一家企业不能与自己合并。"))
    kept, gone = _locked(kept, gone)
    if (kept.version, gone.version) != tuple(versions):
        raise Stale(_("其中一家企业的资料刚刚被他人修改，请对照下面的最新内容再合并。"))
    reason = _reason(reason)
    values = _chosen(kept, gone, choices, name_kind)
    given_up = kept if "name" in values else gone
    old_name = (given_up.name, given_up.name_key)
    pair = Pair(kept, gone, values.get("name_key", kept.name_key))
    before: dict[str, Any] = {"record": _stored(gone), "dropped": [], "added": []}
    moved: list[dict[str, Any]] = []
    told = _move_everything(pair, before, moved)
    about = {"text": kept.name, "kept": kept.pk}
    events.record(by=by, verb="enterprises.enterprise.merged_away", obj=gone, note=reason, data=about)
    _remove(Enterprise, [gone.pk])
    changes = {name: (getattr(kept, name), value) for name, value in values.items()}
    _check(kept, values)
    _write(kept, values)
    before["added"] = _add_name(kept, *old_name, name_kind)
    proposed = propose_signals(by=by, changes=[(kept.pk, vars(kept), changes)])
    before["proposed"] = [signal.pk for signal in proposed]
    merging = Merging(
        kept=kept, gone_id=gone.pk, gone_name=gone.name, before=before, moved=moved, reason=reason,
        changed=events.storable(changes), merged_by_id=by.user_id, unit_id=by.unit_id, merged_at=timezone.now(),
    )  # fmt: skip
    validated(merging, exclude=["before", "moved", "changed"])
    merging.save(force_insert=True)
    about = {"text": gone.name, "gone": gone.pk, "merging": merging.pk}
    events.record(
        by=by, verb="enterprises.enterprise.merged", obj=kept, changes=changes, note=reason, data=about
    )
    _tell(by, told, gone.name, kept.name)
    search.forget(events.type_of(Enterprise), gone.pk)
    search.refresh(Enterprise, kept.pk)
    return merging


def _locked(*enterprises: Enterprise) -> list[Enterprise]:
    """Return the records as they are now, for nobody else to touch until this is over."""
    wanted = [enterprise.pk for enterprise in enterprises]
    rows = {
        row.pk: row for row in Enterprise.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    }
    for enterprise in enterprises:
        if enterprise.pk not in rows:
            raise gone_refusal(enterprise)
    return [rows[pk] for pk in wanted]


def _reason(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid(_("请填写理由。"), fields={"reason": [_("请填写理由。")]})
    if len(text) > 300:
        raise Invalid(_("理由请不超过 300 字。"), fields={"reason": [_("理由请不超过 300 字。")]})
    return text


def _chosen(kept: Enterprise, gone: Enterprise, choices: Mapping[str, str], name_kind: str) -> dict[str, Any]:
    """Return the values that the kept record takes over, with the key of a name among them."""
    unknown = [name for name, whose in choices.items() if name not in EDITABLE or whose not in (KEPT, GONE)]
    if unknown or name_kind not in NAME_KINDS:
        raise Invalid(_("没有这样的选择：%(names)s。") % {"names": "、".join(unknown) or name_kind})
    if has_two_codes(kept, gone) and "uscc" not in choices:
        sentence = _(
            "两条记录的统一社会信用代码不同，通常是两家法人，不应合并。确属同一家时，请选定保留哪一个代码，并在理由中写明原因。"
        )
        raise Invalid(sentence, fields={"uscc": [sentence]})
    _keep_place(kept, gone, choices)
    values = {
        name: getattr(gone, name)
        for name in differing(kept, gone)
        if choices.get(name, usual_choice(kept, name)) == GONE
    }
    if "name" in values:
        values["name_key"] = gone.name_key
    return values


def _keep_place(kept: Enterprise, gone: Enterprise, choices: Mapping[str, str]) -> None:
    """Refuse a city of one record in the province of the other."""
    sides = {KEPT: kept, GONE: gone}
    by_city, by_province = (
        sides[choices.get(name) or usual_choice(kept, name)] for name in ("city", "province")
    )
    if kept.city == gone.city or not (by_city.city and by_city.province):
        return  # a province is mended, or nobody says in which the city is
    if by_city.province != by_province.province:
        words = {"city": by_city.city, "province": by_city.province, "other": by_province.province}
        sentence = _("“%(city)s”在%(province)s，不在%(other)s。请把省份和城市选自同一条记录。") % words
        raise Invalid(sentence, fields={"city": [sentence]})


def _check(enterprise: Enterprise, values: Mapping[str, Any]) -> None:
    """Raise Invalid for values that a record must not take over: some were stored before there was a rule."""
    for name, value in values.items():
        setattr(enterprise, name, value)
    validated(enterprise, exclude={field.name for field in Enterprise._meta.fields} - set(values))


def _write(enterprise: Enterprise, values: Mapping[str, Any]) -> None:
    """Write values to a record that is locked, as its next version."""
    try:
        with transaction.atomic():
            Enterprise.objects.filter(pk=enterprise.pk).update(
                **values, version=F("version") + 1, updated_at=timezone.now()
            )
    except IntegrityError as error:  # somebody entered another with this name or code in the same moment
        raise Conflict(
            _("企业库中刚刚录入了同名或同代码的另一家企业，本次操作没有生效。请刷新页面后再试。")
        ) from error
    enterprise.refresh_from_db()


def _add_name(kept: Enterprise, name: str, key: str, kind: str) -> list[int]:
    """Keep the name that was given up, unless it is known already; return the new row's number."""
    if key == kept.name_key or kept.former_names.filter(name_key=key).exists():
        return []
    added = FormerName(enterprise=kept, name=name, name_key=key, kind=kind)
    added.save(force_insert=True)
    return [added.pk]


# --- moving what points at a record -------------------------------------------------------------------------------

Told = list[tuple[Link, list[Any]]]


def _move_everything(pair: Pair, before: dict[str, Any], moved: list[dict[str, Any]]) -> Told:
    """Carry out the whole list; note in ``before`` what was dropped, in ``moved`` what changed its enterprise."""
    told: Told = []
    object_type, old, new = events.type_of(Enterprise), pair.gone.pk, pair.kept.pk
    for link in relinking.LINKS:
        made = relinking.plan(link, old, new, pair=pair)
        _carry_out(made, object_type, old, new, before, moved)
        told.append((link, made.moving))
    return told


def _carry_out(
    made: relinking.Plan, of: str, old: int, new: int, before: dict[str, Any], moved: list[dict[str, Any]]
) -> None:
    link = made.link
    if made.dropped:
        before["dropped"] += [{"link": link.key, "values": _stored(row)} for row, _stays in made.dropped]
        _remove(link.model, [row.pk for row, _stays in made.dropped])
    if made.moving:
        _repoint(link, made.moving, old, new)
        rows = [events.storable(row.pk) for row in made.moving]
        moved.append({"link": link.key, "of": of, "from": old, "to": new, "rows": rows})
    for row, stays in made.dropped:
        if stays is not None:  # files on the row that was dropped are found on the one that stays
            for other in (other for other in relinking.LINKS if other.generic):
                kind = events.type_of(row)
                further = relinking.plan(other, row.pk, stays.pk, kind)
                _carry_out(further, kind, row.pk, stays.pk, before, moved)


def _repoint(link: Link, rows: Sequence[Any], old: int, new: int) -> None:
    """Let rows point at ``new``; those that people edit get a new version, so that an edit under way is told."""
    more = (
        {"version": F("version") + 1, "updated_at": timezone.now()}
        if issubclass(link.model, Versioned)
        else {}
    )
    if len(link.fields) == 1:
        (column,) = link.attributes()
        for start in range(0, len(rows), CHUNK):
            chunk = [row.pk for row in rows[start : start + CHUNK]]
            link.model._base_manager.filter(pk__in=chunk).update(**{column: new}, **more)
    else:
        for row in rows:
            values = link.repointed(row, old, new)
            link.model._base_manager.filter(pk=row.pk).update(**values, **more)


def _remove(model: type[Model], keys: Sequence[Any]) -> None:
    """Delete rows and nothing with them: what still points at one makes the database refuse."""
    rows = model._base_manager.filter(pk__in=keys)
    rows._raw_delete(rows.db)


def _stored(row: Model) -> dict[str, Any]:
    """Return a whole row as JSON keeps it."""
    return {
        field.attname: events.storable(field.value_from_object(row)) for field in row._meta.concrete_fields
    }


def _tell(by: Actor, told: Told, old: str, new: str) -> None:
    """Record on the rows that have a story of their own whose they are now, and let them be found by the name."""
    for link, rows in told:
        if rows and link.verb:
            about = [(row, {link.fields[0]: (old, new)}) for row in rows]
            events.record_many(by=by, verb=link.verb, about=about)
        if rows and link.model in search.SOURCES:
            search.refresh(link.model, *(row.pk for row in rows))


# --- undoing ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Undone:
    """The record that is there again, and the fields of the kept one that somebody changed since and that stay so."""

    enterprise: Enterprise
    stayed: list[str]


@transaction.atomic
def undo_merging(*, by: Actor, merging: Merging, reason: str, version: int | None = None) -> Undone:
    """Undo a merger in its time: the record given up is there again under its old number, with what was moved from it.

    Fields of the kept record that somebody changed since stay as they are. Blocked after the time, or while a later
    merger has to be undone first; Conflict when another record has the name or the code by now.
    """
    by.require(MERGE, _("您没有合并企业的权限。"))
    (kept,) = _locked(merging.kept)
    merging = Merging.objects.select_related("kept").get(pk=merging.pk)
    if merging.kept_id != kept.pk:
        raise Stale
    reason = _reason(reason)
    lifecycle.MERGING.perform(merging, "undo", by=by, reason=reason, version=version)
    FormerName.objects.filter(pk__in=merging.before["added"], enterprise=kept).delete()
    # warnings that the merger gave rise to and that nobody has taken up
    Signal.objects.filter(pk__in=merging.before["proposed"], state="open", version=1).delete()
    changes, stayed = _given_back(kept, merging.changed)
    _refuse_taken({"name_key": kept.name_key, "country": kept.country, "uscc": kept.uscc} | {
        name: old for name, (_new, old) in changes.items() if name in ("name_key", "country", "uscc")
    }, kept.pk)  # fmt: skip
    _write(kept, {name: old for name, (_new, old) in changes.items()})
    _refuse_taken(merging.before["record"])
    _revive(Enterprise, merging.before["record"])
    enterprise = Enterprise.objects.get(pk=merging.gone_id)
    own = events.type_of(Enterprise)
    told = [moved for step in merging.moved if step["of"] == own for moved in _move_back(step)]
    for row in merging.before["dropped"]:
        if link := relinking.link_of(row["link"]):
            _revive(link.model, row["values"], link)
    for step in merging.moved:
        if step["of"] != own:
            _move_back(step)
    about = {"merging": merging.pk}
    events.record(
        by=by, verb="enterprises.enterprise.unmerged", obj=kept, changes=changes, note=reason,
        data={"text": enterprise.name, **about},
    )  # fmt: skip
    events.record(
        by=by, verb="enterprises.enterprise.restored", obj=enterprise, note=reason,
        data={"text": kept.name, **about},
    )  # fmt: skip
    _tell(by, told, kept.name, enterprise.name)
    search.refresh(Enterprise, kept.pk, enterprise.pk)
    return Undone(enterprise, stayed)


def _given_back(
    kept: Enterprise, changed: Mapping[str, Sequence[Any]]
) -> tuple[dict[str, tuple[Any, Any]], list[str]]:
    """Return field → (now, as before the merger) of what nobody changed since, and the labels of the fields that stay."""
    fields = {field.name: field for field in Enterprise._meta.concrete_fields}
    changes, stayed = {}, []
    for name, (old, new) in changed.items():
        if name in Enterprise.worked_out or name not in fields:
            continue
        now = getattr(kept, name)
        if events.storable(now) == new:
            changes[name] = (now, fields[name].to_python(old))
        else:
            stayed.append(str(fields[name].verbose_name))
    if "name" in changes:  # the key goes with its name
        changes["name_key"] = (kept.name_key, changed["name_key"][0])
    return changes, stayed


def _refuse_taken(record: Mapping[str, Any], pk: int = 0) -> None:
    """Raise Conflict when another enterprise has the record's name, in its country, or its code by now."""
    same = Q(name_key=record["name_key"], country=record["country"])
    if record["uscc"]:
        same |= Q(uscc=record["uscc"])
    if twin := Enterprise.objects.filter(same).exclude(pk=pk).first():
        raise Conflict(
            _("合并之后，“%(name)s”用了同样的名称或统一社会信用代码，恢复后会重复，所以不能撤销。")
            % {"name": twin.name}
        )


def _move_back(step: Mapping[str, Any]) -> Told:
    """Let what a merger moved, and nobody moved elsewhere since, point at the record that is there again; return it."""
    link = relinking.link_of(step["link"])
    if link is None:
        return []
    rows: list[Any] = []
    for start in range(0, len(step["rows"]), CHUNK):
        chunk = step["rows"][start : start + CHUNK]
        rows += link.pointing(step["to"], step["of"]).filter(pk__in=chunk)
    _repoint(link, rows, step["to"], step["from"])
    return [(link, rows)]


def _revive(model: type[Model], values: Mapping[str, Any], link: Link | None = None) -> None:
    """Insert a row as it was, unless what it points at is not there any more or the like is there by now."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    row: Any = model(
        **{name: fields[name].to_python(value) for name, value in values.items() if name in fields}
    )
    for name, field in fields.items():
        target = getattr(row, name)
        if not isinstance(field, ForeignKey) or target is None:
            continue
        if field.related_model._base_manager.filter(pk=target).exists():
            continue
        into = queries.merged_into(target) if field.related_model is Enterprise else None
        if into is None:
            return
        setattr(row, name, into.kept_id)
    if link is not None and link.ordered:
        columns = link.attributes()
        for name, value in zip(columns, sorted(getattr(row, name) for name in columns), strict=True):
            setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save_base(raw=True, force_insert=True)  # as it was, its moments too
    except IntegrityError:
        if link is None:
            raise


# --- doubts -------------------------------------------------------------------------------------------------------


@transaction.atomic
def tell_apart(
    *, by: Actor, one: Enterprise, other: Enterprise, reason: str, version: int | None = None
) -> None:
    """Find that two enterprises are not one, although they look alike: nobody is asked again.

    ``version`` is that of the doubt the person saw, if there is one. Conflict when somebody found so before.
    """
    by.require(MERGE, _("您没有判断企业是否重复的权限。"))
    if one.pk == other.pk:
        raise Invalid(_("请选择另一家企业。"))
    one, other = _locked(one, other)
    reason = _reason(reason)
    new = False
    for enterprise, named in ((one, other), (other, one)):
        _finding, made = Distinction.objects.get_or_create(
            enterprise=enterprise, name_key=named.name_key,
            defaults={"name": named.name, "reason": reason, "found_by_id": by.user_id, "unit_id": by.unit_id},
        )  # fmt: skip
        new = new or made
    doubt = queries.doubt_between(one, other)
    if doubt is not None and doubt.state == "open":
        lifecycle.DOUBT.perform(doubt, "tell_apart", by=by, reason=reason, version=version)
    elif not new:
        raise Conflict(
            _("已经有人认定“%(one)s”和“%(other)s”不是同一家。") % {"one": one.name, "other": other.name}
        )
    for enterprise, named in ((one, other), (other, one)):
        events.record(
            by=by, verb="enterprises.enterprise.told_apart", obj=enterprise, note=reason,
            data={"text": named.name},
        )  # fmt: skip


Candidates = Iterable[tuple[int, int, float, str]]


def note_doubts(by: Actor, pairs: Candidates) -> int:
    """Note pairs (one id, other id, score, reason) that may be one enterprise; return how many are new.

    Noting a pair again renews its score and reason. A pair that somebody told apart stays so; records that are not there
    any more are passed over.
    """
    by.require(MERGE, _("您没有合并企业的权限。"))
    wanted = {
        (min(one, other), max(one, other)): (score, reason)
        for one, other, score, reason in pairs
        if one != other
    }
    keys = sorted(wanted)
    return sum(
        _note_chunk(by, {key: wanted[key] for key in keys[start : start + CHUNK]})
        for start in range(0, len(keys), CHUNK)
    )


@transaction.atomic
def _note_chunk(by: Actor, wanted: Mapping[tuple[int, int], tuple[float, str]]) -> int:
    ids = {pk for key in wanted for pk in key}
    rows = Enterprise.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    names = dict(rows.values_list("pk", "name_key"))
    apart = set(Distinction.objects.filter(enterprise__in=ids).values_list("enterprise", "name_key"))
    known = {
        (doubt.one_id, doubt.other_id): doubt
        for doubt in Doubt.objects.filter(one__in={one for one, _other in wanted}, other__in=ids)
    }
    new, changed = [], []
    for (one, other), (score, reason) in wanted.items():
        if one not in names or other not in names:
            continue
        doubt = known.get((one, other))
        if doubt is None:
            if (one, names[other]) not in apart and (other, names[one]) not in apart:
                new.append(Doubt(one_id=one, other_id=other, score=score, reason=reason[:200]))
        elif doubt.state == "open" and (doubt.score, doubt.reason) != (score, reason[:200]):
            doubt.score, doubt.reason = score, reason[:200]
            doubt.version, doubt.updated_at = doubt.version + 1, timezone.now()
            changed.append(doubt)
    Doubt.objects.bulk_create(new)
    Doubt.objects.bulk_update(changed, ["score", "reason", "version", "updated_at"])
    made = Doubt.objects.filter(pk__in=[doubt.pk for doubt in new]).select_related("one", "other")
    events.record_many(by=by, verb="enterprises.doubt.noted", about=[(doubt, {}) for doubt in made])
    return len(new)
