"""What stands beside a claim: how far the works were reported, what money arrived before, what the firm claimed elsewhere."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from yinfeng.core.actors import Actor
from yinfeng.projects import stages
from yinfeng.projects.models import Claim, Entry, Progress, Project


@dataclass(frozen=True, slots=True)
class Built:
    """What the monthly reports of a project come to: yuan invested, per cent of the works, and the newest month."""

    invested: Decimal
    percent: Decimal
    month: date


def built_so_far(project: Project) -> Built | None:
    """Return what the reports that stand come to; None when there is none."""
    standing = Progress.objects.filter(project=project, replaced_at=None).order_by("month")
    rows = list(standing.values_list("month", "invested", "percent"))
    if not rows:
        return None
    month, _invested, percent = rows[-1]
    return Built(sum((row[1] for row in rows), Decimal(0)), percent, month)


def _alive() -> Q:
    """Return the Q of the claims that wait, or were verified and count now."""
    counts = Exists(Entry.objects.filter(claim=OuterRef("pk")).counting())
    return Q(state=stages.SUBMITTED) | Q(counts, state=stages.VERIFIED)


def capital_so_far(project: Project, but: Claim | None = None) -> Decimal:
    """Return what capital of a project arrived, recognised or waiting for a second person, without that of one claim; yuan."""
    rows = Claim.objects.filter(_alive(), project=project, kind=stages.CAPITAL)
    found = _without(rows, but).aggregate(sum=Sum("amount"))["sum"]
    return Decimal(found or 0).quantize(Decimal("0.01"))


def doubles(project: Project, kind: str, key: str, but: Claim | None = None) -> list[Claim]:
    """Return what the firm's projects, this one included, claimed of the same voucher or year.

    Vouchers are the same when their letters and digits are: PZ-001, pz001 and ＰＺ００１. What this project claimed with
    the very same key is left out: that is refused.
    """
    if not key:
        return []
    firm = (
        Q(project=project) if project.enterprise_id is None else Q(project__enterprise=project.enterprise_id)
    )
    rows = Claim.objects.filter(_alive(), firm, kind=kind).exclude(project=project, key=key)
    found = _without(rows, but).select_related("project").order_by("pk")
    return [claim for claim in found if letters_of(claim.key) == letters_of(key)]


def in_sight(by: Actor, projects: set[int]) -> set[int]:
    """Return those of the projects that the person may see."""
    if not projects:
        return set()
    return set(Project.objects.permitted(by).filter(pk__in=projects).values_list("pk", flat=True))


def letters_of(voucher: str) -> str:
    """Return the letters and digits of a voucher, by which it is compared."""
    plain = unicodedata.normalize("NFKC", voucher).casefold()
    return "".join(char for char in plain if char.isalnum())


def _without(rows: QuerySet[Claim], but: Claim | None) -> QuerySet[Claim]:
    return rows if but is None else rows.exclude(pk=but.pk)
