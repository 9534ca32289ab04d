"""What refers to an enterprise holds it first, so that no merger takes it away meanwhile."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from yinfeng.core.errors import Conflict, DomainError, Missing
from yinfeng.enterprises import queries
from yinfeng.enterprises.models import Enterprise


def hold(*enterprises: Enterprise | None) -> None:
    """Keep enterprises from being merged away until the transaction ends; Conflict naming the record one became part of."""
    wanted = {enterprise.pk: enterprise for enterprise in enterprises if enterprise is not None}
    present = hold_those(wanted)
    for pk, enterprise in wanted.items():
        if pk not in present:
            raise gone(enterprise)


def hold_those(ids: Collection[int]) -> set[int]:
    """Keep the enterprises with these ids from being merged away until the transaction ends; return who is there."""
    # by number, as mergers lock them: nobody waits for somebody who waits for him
    rows = Enterprise.objects.select_for_update(no_key=True).filter(pk__among=ids).order_by("pk")
    return set(rows.values_list("pk", flat=True)) if ids else set()


def gone(enterprise: Enterprise) -> DomainError:
    """Return the refusal of an act on a record that is not there any more."""
    if merging := queries.merged_into(enterprise.pk):
        return Conflict(
            _("“%(gone)s”刚刚并入了“%(kept)s”，您的操作没有生效。请改用合并后的记录。")
            % {"gone": enterprise.name, "kept": merging.kept.name}
        )
    return Missing()
