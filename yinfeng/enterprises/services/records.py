"""Every change to the enterprise library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Invalid
from yinfeng.core.scopes import demand
from yinfeng.core.services import add, apply_edit, insert, stale, validated, write_edit
from yinfeng.enterprises import naming, uscc
from yinfeng.enterprises.models import Contact, Distinction, Enterprise, EnterpriseTag, FormerName, Relation
from yinfeng.enterprises.services.presence import hold, hold_those
from yinfeng.enterprises.services.signals import propose_for_tag, propose_signals

Values = Mapping[str, Any]
# What people edit; everything else of a record is worked out.
EDITABLE = (
    "name", "name_en", "short_name", "uscc", "listing_code", "nature", "country", "province", "city", "address", "capital", "founded_date",
    "industry", "staff", "scope_of_business", "introduction", "website", "source", "verified_date",
)  # fmt: skip


def prepared(values: Values) -> dict[str, Any]:
    """Return the editable values in stored form; Invalid for a code that must not be kept here.

    A 统一社会信用代码 whose check character fails is kept: many Xiamen firms registered before 2016 have such a code (FACTS §3.1).
    """
    kept = {name: value for name, value in values.items() if name in EDITABLE}
    if "name" in kept:
        kept["name"] = " ".join(str(kept["name"]).split())
        kept["name_key"] = naming.parse(kept["name"]).key
    if "uscc" in kept:
        code = uscc.normalise_uscc(kept["uscc"] or "")
        if code and (verdict := uscc.check(code)).level == "malformed":
            raise Invalid(" ".join(verdict.sentences), fields={"uscc": verdict.sentences})
        kept["uscc"] = code or None
    return kept


@transaction.atomic
def add_enterprise(
    *,
    by: Actor,
    values: Values,
    tags: Iterable[tuple[str, int]] = (),
    apart_from: Iterable[Enterprise] = (),
    is_demo: bool = False,
) -> Enterprise:
    """Enter an enterprise; Conflict naming the record when the library has the name or the code already.

    ``apart_from`` are look-alikes of which the person said that it is another one: nobody is asked again.
    """
    by.require("enterprises.enterprise.add", _("您没有录入企业的权限。"))
    enterprise = Enterprise(**prepared(values), added_by_unit_id=by.unit_id, is_demo=is_demo)
    _refuse_known(enterprise)
    try:
        with transaction.atomic():
            add(enterprise, by=by, verb="enterprises.enterprise.added")
    except IntegrityError as error:  # somebody else entered it in the same moment
        raise _known(enterprise) from error
    except Invalid:
        _refuse_known(enterprise)  # or a moment ago: the model's own check saw it
        raise
    _set_tags(enterprise, tags, by)
    _note_apart(enterprise, apart_from, by)
    search.refresh(Enterprise, enterprise.pk)
    return enterprise


def _note_apart(enterprise: Enterprise, others: Iterable[Enterprise], by: Actor) -> None:
    """Note that an enterprise and each of the others are not one, as far as these have not been merged away meanwhile."""
    others = list(others)
    present = hold_those({other.pk for other in others})
    finding = {"reason": _("录入时认定为另一家企业。"), "found_by_id": by.user_id, "unit_id": by.unit_id}
    for other in (other for other in others if other.pk in present):
        for one, named in ((enterprise, other), (other, enterprise)):
            Distinction.objects.get_or_create(
                enterprise=one, name_key=named.name_key, defaults={"name": named.name, **finding}
            )


def _twins(enterprise: Enterprise) -> QuerySet[Enterprise]:
    """Return the other enterprises that have its name (in its country) or its code."""
    same = Q(name_key=enterprise.name_key, country=enterprise.country)
    if enterprise.uscc:
        same |= Q(uscc=enterprise.uscc)
    return Enterprise.objects.filter(same).exclude(pk=enterprise.pk)


def _refuse_known(enterprise: Enterprise) -> None:
    if _twins(enterprise).exists():
        raise _known(enterprise)


def _known(enterprise: Enterprise) -> Conflict:
    """Return the refusal that names the record which is there already."""
    twin = _twins(enterprise).first()
    name = twin.name if twin else enterprise.name
    return Conflict(_("企业库中已有“%(name)s”，请直接使用那条记录，不要重复录入。") % {"name": name})


@transaction.atomic
def change_enterprise(
    *,
    by: Actor,
    enterprise: Enterprise,
    version: int,
    values: Values,
    tags: Iterable[tuple[str, int]] | None = None,
) -> Enterprise:
    """Edit an enterprise on the version the person saw; a changed name is kept as a former name.

    Stale with both values when somebody was faster, Conflict when another record has the new name or code.
    """
    hold(enterprise)
    demand(enterprise, by, "change")
    old_name, old_key = enterprise.name, enterprise.name_key
    kept = prepared(values)
    if enterprise.version == version:
        wanted = {
            name: kept.get(name, getattr(enterprise, name))
            for name in ("name", "name_key", "country", "uscc")
        }
        _refuse_known(Enterprise(pk=enterprise.pk, **wanted))
    try:
        changes = apply_edit(enterprise, kept, by=by, version=version, verb="enterprises.enterprise.changed")
    except IntegrityError as error:  # somebody else took the name or the code in the same moment
        raise _known(enterprise) from error
    if "name_key" in changes:
        FormerName.objects.get_or_create(enterprise=enterprise, name_key=old_key, defaults={"name": old_name})
        _is_called_so(enterprise)
    if tags is not None and _set_tags(enterprise, tags, by):
        if not changes:
            _count_version(enterprise, version)
        events.record(by=by, verb="enterprises.enterprise.tagged", obj=enterprise)
    if changes:
        search.refresh(Enterprise, enterprise.pk)
        propose_signals(by=by, changes=[(enterprise.pk, vars(enterprise), changes)])
    return enterprise


def _is_called_so(enterprise: Enterprise) -> None:
    """Drop what was kept of a firm's name before it was that: as another name of it, or as one that is not its own."""
    for model in (FormerName, Distinction):
        model.objects.filter(enterprise=enterprise, name_key=enterprise.name_key).delete()


def _count_version(enterprise: Enterprise, version: int) -> None:
    """Let a change of the tags alone make a new version too, so that of two people who make one the second is told."""
    matched = Enterprise.objects.filter(pk=enterprise.pk, version=version)
    if matched.update(version=F("version") + 1, updated_at=timezone.now()) != 1:
        raise stale(Enterprise.objects.get(pk=enterprise.pk), {})
    enterprise.refresh_from_db()


def _set_tags(enterprise: Enterprise, tags: Iterable[tuple[str, int]], by: Actor) -> bool:
    """Give an enterprise exactly these (tag, year); say whether that changed anything."""
    wanted = set(tags)
    present = {(tag.tag, tag.year): tag for tag in enterprise.tags.all()}
    EnterpriseTag.objects.filter(
        pk__in=[tag.pk for key, tag in present.items() if key not in wanted]
    ).delete()
    gained = sorted(wanted - present.keys())
    EnterpriseTag.objects.bulk_create(
        [EnterpriseTag(enterprise=enterprise, tag=tag, year=year) for tag, year in gained]
    )
    for tag, year in gained:
        propose_for_tag(by=by, tag=tag, year=year, enterprises=[enterprise.pk])
    return wanted != present.keys()


@transaction.atomic
def add_former_name(*, by: Actor, enterprise: Enterprise, name: str) -> FormerName:
    """Note a name the enterprise had or is also known by."""
    hold(enterprise)
    demand(enterprise, by, "change")
    former = FormerName(enterprise=enterprise, name=name.strip(), name_key=naming.parse(name).key)
    insert(former)
    # that it is another enterprise's, as somebody found before, holds no more
    Distinction.objects.filter(enterprise=enterprise, name_key=former.name_key).delete()
    events.record(by=by, verb="enterprises.enterprise.changed", obj=enterprise, data={"text": former.name})
    search.refresh(Enterprise, enterprise.pk)
    return former


@transaction.atomic
def mark_verified(
    *, by: Actor, enterprise: Enterprise, version: int, day: date, source: str = ""
) -> Enterprise:
    """Note that the record was checked on ``day``, against ``source`` when that is another than before."""
    hold(enterprise)
    demand(enterprise, by, "change")
    if enterprise.verified_date is not None and day < enterprise.verified_date:
        sentence = _("这条记录已于 %(day)s 核实过，请填写不早于它的日期。") % {
            "day": enterprise.verified_date
        }
        raise Invalid(sentence, fields={"verified_date": [sentence]})
    values = {"verified_date": day, "source": source or enterprise.source}
    apply_edit(enterprise, values, by=by, version=version, verb="enterprises.enterprise.verified")
    return enterprise


# --- contacts -----------------------------------------------------------------------------------------------------

CONTACT_FIELDS = ("name", "position", "phone", "email")


def _log_contact(by: Actor, what: str, contact: Contact, note: str = "", fields: Iterable[str] = ()) -> None:
    """Record an act on a contact; of the name only its beginning, because everybody who sees the firm reads its timeline."""
    labels = "、".join(str(Contact._meta.get_field(name).verbose_name) for name in fields)  # type: ignore[union-attr]
    events.record(
        by=by, verb=f"enterprises.contact.{what}", obj=contact.enterprise, note=note,
        data={"text": f"{contact.name[:1]}** {labels}".strip(), "contact": contact.pk},
    )  # fmt: skip


@transaction.atomic
def add_contact(*, by: Actor, enterprise: Enterprise, values: Values, is_demo: bool = False) -> Contact:
    """Add a person to talk to, as the actor's unit's entry."""
    hold(enterprise)
    by.require_at("enterprises.enterprise.change", by.unit_id, _("您没有为企业添加联系人的权限。"))
    if by.unit_id is None:
        raise Invalid(_("联系人由录入单位维护，而您不在任何单位任职，所以不能添加。"))
    kept = {name: values.get(name, "") for name in CONTACT_FIELDS}
    contact = Contact(enterprise=enterprise, unit_id=by.unit_id, is_demo=is_demo, **kept)
    validated(contact)
    contact.save(force_insert=True)
    _log_contact(by, "added", contact)
    search.refresh(Enterprise, contact.enterprise_id)
    return contact


@transaction.atomic
def change_contact(*, by: Actor, contact: Contact, version: int, values: Values) -> Contact:
    """Edit a contact on the version the person saw; no phone gets into the log."""
    demand(contact, by, "change", _("联系人由录入单位维护，您没有修改的权限。"))
    given = {name: values[name] for name in CONTACT_FIELDS if name in values}
    shown = {name: value for name, value in given.items() if name != "phone"}
    if changes := write_edit(contact, given, version, shown):
        _log_contact(by, "changed", contact, fields=changes)
        search.refresh(Enterprise, contact.enterprise_id)
    return contact


@transaction.atomic
def remove_contact(*, by: Actor, contact: Contact, reason: str = "") -> None:
    """Delete a contact: personal data is not kept longer than it is needed (个人信息保护法 第 47 条)."""
    demand(contact, by, "change", _("联系人由录入单位维护，您没有删除的权限。"))
    _log_contact(by, "removed", contact, reason)
    contact.delete()
    search.refresh(Enterprise, contact.enterprise_id)


@transaction.atomic
def unmask_phone(*, by: Actor, contact: Contact) -> str:
    """Return a contact's whole phone number and note who asked for it."""
    demand(contact, by, "unmask", _("您没有查看联系人完整电话的权限。"))
    _log_contact(by, "unmasked", contact)
    return contact.phone


# --- relations ----------------------------------------------------------------------------------------------------


@transaction.atomic
def relate(*, by: Actor, enterprise: Enterprise, other: Enterprise, kind: str, values: Values) -> Relation:
    """Note that ``other`` is a supplier, customer, … of ``enterprise``, with where that was read."""
    hold(enterprise, other)
    demand(enterprise, by, "relate", _("您没有维护企业关系的权限。"))
    relation = Relation(
        enterprise=enterprise, other=other, kind=kind, source=values.get("source", ""), share=values.get("share"),
        noted_date=values["noted_date"],
    )  # fmt: skip
    validated(relation)
    try:
        with transaction.atomic():
            relation.save(force_insert=True)
    except IntegrityError as error:  # somebody else noted it in the same moment
        raise Conflict(_("这条企业关系已经记录过了。")) from error
    text = f"{relation.get_kind_display()}：{other}"
    events.record(by=by, verb="enterprises.relation.added", obj=enterprise, data={"text": text})
    return relation


@transaction.atomic
def unrelate(*, by: Actor, relation: Relation, reason: str) -> None:
    """Take a relation back, saying why."""
    demand(relation.enterprise, by, "relate", _("您没有维护企业关系的权限。"))
    text = f"{relation.get_kind_display()}：{relation.other}"
    enterprise = relation.enterprise
    relation.delete()
    events.record(
        by=by, verb="enterprises.relation.removed", obj=enterprise, note=reason, data={"text": text}
    )
