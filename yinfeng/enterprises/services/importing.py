"""Writing what an import has decided: batches of new and changed enterprises, the tags of a list, people's decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import bulk, events, search
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Missing
from yinfeng.core.models import Job
from yinfeng.core.scopes import demand
from yinfeng.enterprises import naming
from yinfeng.enterprises.models import Distinction, Enterprise, EnterpriseTag, FormerName
from yinfeng.enterprises.queries.importing import Firm, tags_of_year
from yinfeng.enterprises.queries.records import FOUND_BY, search_entry
from yinfeng.enterprises.services.presence import hold, hold_those
from yinfeng.enterprises.services.signals import propose_for_tag, propose_signals

Values = Mapping[str, Any]


@transaction.atomic
def write_batch(
    *,
    by: Actor,
    new: Sequence[Values],
    changed: Sequence[tuple[Firm, Values]],
    job: int | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[int]:
    """Write a batch of an import whose values are in stored form and obey the rules of the form; return the new ids.

    After many batches the search index is to be tidied (``core.search.tidy``).

    Args:
        new: values of enterprises that are not there, ``name_key`` among them.
        changed: an enterprise as it was read, and the values that differ.
        job: the import, which the events name.
        meanwhile: what can be done while the database writes.

    Raises:
        Conflict: somebody changed one of the enterprises since it was read.
        IntegrityError: somebody entered one of the new ones.
    """
    by.require("enterprises.enterprise.import", _("您没有批量导入企业的权限。"))
    data = {} if job is None else {"job": job}
    made = bulk.new_keys(Enterprise, len(new)) if new else []
    keys = events.reserve(len(new) + len(changed))
    with bulk.arriving() as arriving:  # what comes next is made while the database takes in what came before
        _change(arriving, changed)
        entered: list[Any] = [(Firm(pk, 1, dict(values)), {}) for pk, values in zip(made, new, strict=True)]
        about: list[Any] = [
            (firm, {name: (firm.values[name], value) for name, value in values.items()})
            for firm, values in changed
        ]
        told = (
            events.ToRecord(
                by=by, verb="enterprises.enterprise.imported", about=entered, keys=keys[: len(new)], data=data
            ),
            events.ToRecord(
                by=by, verb="enterprises.enterprise.updated", about=about, keys=keys[len(new) :], data=data
            ),
        )
        found_by = (search.stored(search_entry(pk, values)) for pk, values in zip(made, new, strict=True))
        entries = list(islice(found_by, len(new) // 2))
        arriving.insert(Enterprise, made, new, {"added_by_unit_id": by.unit_id})
        entries += found_by
        search.add_in_bulk(entries, arriving)
        meanwhile()
        for batch in told:
            batch.send(arriving)
    if arriving.updated != len(changed):
        raise Conflict(_("有企业正被他人修改，本批将重新处理。"))
    for batch in told:
        batch.tell()
    propose_signals(by=by, changes=[(firm.pk, firm.values, change) for firm, change in about])
    search.refresh(
        Enterprise, *(firm.pk for firm, values in changed if not values.keys().isdisjoint(FOUND_BY))
    )
    return made


def _change(arriving: bulk.Arriving, changed: Sequence[tuple[Firm, Values]]) -> None:
    """Let the differing values of each enterprise be written, if it is as it was read.

    In the order of their keys: of two imports that change the same ones, one waits for the other.
    """
    names = sorted({name for _firm, values in changed for name in values})
    rows = [
        (firm.pk, firm.version, *(values.get(name, firm.values[name]) for name in names))
        for firm, values in sorted(changed, key=lambda item: item[0].pk)
    ]
    arriving.update(Enterprise, names, rows)


@transaction.atomic
def tag_batch(*, by: Actor, tag: str, year: int, ranks: Mapping[int, int | None]) -> list[int]:
    """Give enterprises (id → rank in the list, if it has one) a tag of a year; return those for which that is new.

    Raises:
        Conflict: one of them was merged into another since it was read.
    """
    by.require("enterprises.enterprise.import", _("您没有批量导入企业的权限。"))
    if len(hold_those(ranks)) != len(ranks):
        raise Conflict(_("有企业刚刚并入了别的企业，本批将重新处理。"))
    present = tags_of_year(ranks, tag, year)
    new = [pk for pk in ranks if pk not in present]
    EnterpriseTag.objects.bulk_create(
        [EnterpriseTag(enterprise_id=pk, tag=tag, year=year, rank=ranks[pk]) for pk in new],
        ignore_conflicts=True, batch_size=1000,
    )  # fmt: skip
    propose_for_tag(by=by, tag=tag, year=year, enterprises=new)
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


# --- what a person decides about a row ----------------------------------------------------------------------------


@transaction.atomic
def settle_row(*, by: Actor, job: Job, number: int, enterprise: int, same: bool) -> Job:
    """Find that a questioned row of an import means an enterprise, or that it does not; both are remembered.

    The name of a row that means it becomes an alternative name. The row is taken up when the import is confirmed, or by
    ``imports.again`` after that.

    Raises:
        Missing: the report has no such row, or the row does not name the enterprise; the enterprise is gone.
        Conflict: the import is running; the row's codes say otherwise than the person.
    """
    by.require("enterprises.enterprise.import", _("您没有批量导入企业的权限。"))
    demand(job, by, "change", _("只有发起导入的人可以判断有疑问的行。"))
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.state in {"queued", "running"}:
        raise Conflict(_("导入正在进行，请等它停下后再判断。"))
    line, candidate = _questioned(job, number, enterprise)
    firm = Enterprise.objects.filter(pk=enterprise).first()
    if firm is None:
        raise Missing(_("这家企业已不在库中，请重新处理这一行。"))
    hold(firm)  # of two who decide at once, one decides after the other
    if not same and not candidate.get("separable", True):
        raise Conflict(_("这一行的名称或代码就是这家企业的，请先更正名单或库中的资料。"))
    name = {"name": line["name"], "name_key": naming.parse(line["name"]).key}
    if same:
        _mean(by, firm, name)
    else:
        _tell_apart(by, firm, name)
    candidate["same"] = same
    Job.objects.filter(pk=job.pk).update(
        report=job.report, version=F("version") + 1, updated_at=timezone.now()
    )
    job.refresh_from_db()
    return job


def _questioned(job: Job, number: int, enterprise: int) -> tuple[dict[str, Any], dict[str, Any]]:
    for line in job.report.get("rows", ()):
        if line["number"] == number and line["outcome"] == "questioned":
            for candidate in line.get("candidates", ()):
                if candidate["id"] == enterprise:
                    return line, candidate
    raise Missing


def _mean(by: Actor, firm: Enterprise, name: Mapping[str, str]) -> None:
    """Keep a name that people use for an enterprise; what was found otherwise before holds no more."""
    Distinction.objects.filter(enterprise=firm, name_key=name["name_key"]).delete()
    if name["name_key"] == firm.name_key:
        return
    _name, made = FormerName.objects.update_or_create(
        enterprise=firm, name_key=name["name_key"],
        defaults={"kind": "alternative"}, create_defaults={"name": name["name"], "kind": "alternative"},
    )  # fmt: skip
    if made:
        events.record(by=by, verb="enterprises.enterprise.changed", obj=firm, data={"text": name["name"]})
        search.refresh(Enterprise, firm.pk)


def _tell_apart(by: Actor, firm: Enterprise, name: Mapping[str, str]) -> None:
    """Keep that a name means another enterprise; who used it for this one before is heard no more."""
    _finding, made = Distinction.objects.get_or_create(
        enterprise=firm, name_key=name["name_key"],
        defaults={"name": name["name"], "reason": _("导入时判断"), "found_by_id": by.user_id, "unit_id": by.unit_id},
    )  # fmt: skip
    gone, _rows = FormerName.objects.filter(
        enterprise=firm, name_key=name["name_key"], kind="alternative"
    ).delete()
    if made or gone:
        events.record(by=by, verb="enterprises.enterprise.told_apart", obj=firm, data={"text": name["name"]})
    if gone:
        search.refresh(Enterprise, firm.pk)
