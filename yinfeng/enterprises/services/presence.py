"""What refers to an enterprise holds it first, so that no merger takes it away meanwhile."""

from __future__ import annotations

from django.utils.translation import gettext as _

from yinfeng.core.errors import Conflict, DomainError, Missing
from yinfeng.enterprises import queries
from yinfeng.enterprises.models import Enterprise


def hold(*enterprises: Enterprise | None) -> None:
    """Keep enterprises from being merged away until the transaction ends; Conflict naming the record one became part of."""
    wanted = {enterprise.pk: enterprise for enterprise in enterprises if enterprise is not None}
    # by number, as mergers lock them: nobody waits for somebody who waits for him
    rows = Enterprise.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    present = set(rows.values_list("pk", flat=True)) if wanted else set()
    for pk, enterprise in wanted.items():
        if pk not in present:
            raise gone(enterprise)


def gone(enterprise: Enterprise) -> DomainError:
    """Return the refusal of an act on a record that is not there any more."""
    if merging := queries.merged_into(enterprise.pk):
        return Conflict(
            _("“%(gone)s”刚刚并入了“%(kept)s”，您的操作没有生效。请改用合并后的记录。")
            % {"gone": enterprise.name, "kept": merging.kept.name}
        )
    return Missing()
