"""Writing what an import has decided: batches of new and changed enterprises, the tags of a list, people's decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import bulk, events, search
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict
from yinfeng.enterprises.models import Enterprise, EnterpriseTag
from yinfeng.enterprises.queries.importing import SEARCHED, Firm, tags_of_year
from yinfeng.enterprises.services.signals import propose_signals

Values = Mapping[str, Any]


@transaction.atomic
def write_batch(
    *,
    by: Actor,
    new: Sequence[Values],
    changed: Sequence[tuple[Firm, Values]],
    job: int | None = None,
) -> list[Enterprise]:
    """Write a batch of an import whose values are in stored form and obey the rules of the form; return the new enterprises.

    Args:
        new: values of enterprises that are not there, ``name_key`` among them.
        changed: an enterprise as it was read, and the values that differ.
        job: the import, which the events name.

    Raises:
        Conflict: somebody changed one of the enterprises since it was read.
        IntegrityError: somebody entered one of the new ones.
    """
    by.require("enterprises.enterprise.import", _("您没有批量导入企业的权限。"))
    data = {} if job is None else {"job": job}
    made = [Enterprise(**values, added_by_unit_id=by.unit_id) for values in new]
    bulk.insert(made)
    events.record_many(
        by=by, verb="enterprises.enterprise.imported", about=[(row, {}) for row in made], data=data
    )
    _change(changed)
    about: list[Any] = [
        (firm, {name: (firm.values[name], value) for name, value in values.items()})
        for firm, values in changed
    ]
    events.record_many(by=by, verb="enterprises.enterprise.updated", about=about, data=data)
    propose_signals(by=by, changes=[(firm.pk, firm.values, change) for firm, change in about])
    found_otherwise = [firm.pk for firm, values in changed if not SEARCHED.isdisjoint(values)]
    search.refresh(Enterprise, *(row.pk for row in made), *found_otherwise)
    return made


def _change(changed: Sequence[tuple[Firm, Values]]) -> None:
    """Write the differing values of each enterprise, if it is as it was read."""
    names = sorted({name for _firm, values in changed for name in values})
    rows = [
        (firm.pk, firm.version, *(values.get(name, firm.values[name]) for name in names))
        for firm, values in changed
    ]
    if bulk.update(Enterprise, names, rows) != len(rows):
        raise Conflict(_("有企业正被他人修改，本批将重新处理。"))


@transaction.atomic
def tag_batch(*, by: Actor, tag: str, year: int, ranks: Mapping[int, int | None]) -> list[int]:
    """Give enterprises (id → rank in the list, if it has one) a tag of a year; return those for which that is new."""
    by.require("enterprises.enterprise.import", _("您没有批量导入企业的权限。"))
    present = tags_of_year(ranks, tag, year)
    new = [pk for pk in ranks if pk not in present]
    EnterpriseTag.objects.bulk_create(
        [EnterpriseTag(enterprise_id=pk, tag=tag, year=year, rank=ranks[pk]) for pk in new],
        ignore_conflicts=True, batch_size=1000,
    )  # fmt: skip
    moved = [pk for pk, rank in present.items() if ranks[pk] is not None and ranks[pk] != rank]
    if moved:
        rows = EnterpriseTag.objects.filter(enterprise__in=moved, tag=tag, year=year)
        placed = list(rows)
        for row in placed:
            row.rank = ranks[row.enterprise_id]
        EnterpriseTag.objects.bulk_update(placed, ["rank"], batch_size=500)
    return new


@transaction.atomic
def withdraw_tags(*, by: Actor, tag: str, year: int, kept: Iterable[int], job: int | None = None) -> int:
    """Take a tag of a year off every enterprise that its complete list does not name; return of how many."""
    by.require("enterprises.enterprise.import", _("您没有批量导入企业的权限。"))
    named = set(kept)
    rows = EnterpriseTag.objects.filter(tag=tag, year=year).select_related("enterprise")
    gone = [row for row in rows.iterator(chunk_size=2000) if row.enterprise_id not in named]
    for at in range(0, len(gone), 1000):
        part = gone[at : at + 1000]
        EnterpriseTag.objects.filter(pk__in=[row.pk for row in part]).delete()
        events.record_many(
            by=by, verb="enterprises.enterprise.tagged", about=[(row.enterprise, {}) for row in part],
            data={"text": _("不在完整名单中，撤下标签"), "job": job},
        )  # fmt: skip
        Enterprise.objects.filter(pk__in=[row.enterprise_id for row in part]).update(
            version=F("version") + 1, updated_at=timezone.now()
        )
    return len(gone)
