"""A later last day: asked for before the present one has passed, granted or refused by who set the duty."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Invalid, refusal
from yinfeng.core.scopes import demand
from yinfeng.core.services import person
from yinfeng.duties import lifecycle, queries, terms, workdays
from yinfeng.duties.models import Duty, Extension
from yinfeng.duties.services.holding import renew


@transaction.atomic
def ask_extension(*, by: Actor, duty: Duty, until: date, reason: str) -> Extension:
    """Ask for a later last day, before the present one has passed; ``queries.why_not_extend`` says what else is asked."""
    demand(duty, by, "handle")
    if why := queries.why_not_extend(duty, timezone.localdate()):
        raise Conflict(why)
    assert duty.due_date is not None
    check_until(duty, until, "until")
    if not reason.strip():
        raise refusal("reason", _("请填写延期的原因。"))
    # which may be submitted at this moment because it asks for nothing
    renew(duty, state=terms.WORKING, due_date=duty.due_date)
    row = core.insert(
        Extension(
            duty=duty,
            was=duty.due_date,
            until=workdays.exact().last_day(until),
            reason=reason.strip(),
            asked_by_id=person(by),
        )
    )
    events.record(
        by=by,
        verb="duties.duty.extension_asked",
        obj=duty,
        note=row.reason,
        data={"text": f"{row.was} → {row.until}"},
    )
    return row


def check_until(duty: Duty, until: date, field: str) -> None:
    """Refuse a new last day that is not later than the present one, or later than the law or the whole allows."""
    assert duty.due_date is not None
    day = workdays.exact().last_day(until)
    if day <= duty.due_date:
        raise refusal(field, _("延期之后的时限须晚于现在的时限（%(day)s）。") % {"day": duty.due_date})
    if day.year > duty.due_date.year + 10:
        raise refusal(field, _("延期之后的时限（%(day)s）太远，请核对年份。") % {"day": day})
    if duty.statutory_date is not None and day > duty.statutory_date:
        raise refusal(field, _("不能延到法定时限（%(day)s）之后。") % {"day": duty.statutory_date})
    whole = duty.parent
    if whole is not None and whole.due_date is not None and day > whole.due_date:
        raise refusal(
            field,
            _("不能延到上级事项的时限（%(day)s）之后，请先申请上级事项延期。") % {"day": whole.due_date},
        )


@transaction.atomic
def grant_extension(
    *, by: Actor, extension: Extension, until: date, answer: str = "", version: int | None = None
) -> Extension:
    """Grant a later last day, the one asked for or an earlier one; of two who decide at once one wins."""
    lifecycle.EXTENSION.check(extension, "grant", by)
    duty = extension.duty
    check_until(duty, until, "until")
    day = workdays.exact().last_day(until)
    lifecycle.EXTENSION.perform(
        extension,
        "grant",
        by=by,
        version=version,
        reason=answer,
        values={"granted_until": day, "answer": answer.strip()[:500]},
    )
    moved = Duty.objects.filter(pk=duty.pk, state__in=terms.OWED, due_date=duty.due_date).update(
        due_date=day, given_date=until, first_due_date=duty.first_due_date or duty.due_date, extensions=F("extensions") + 1,
        version=F("version") + 1, updated_at=timezone.now(),
    )  # fmt: skip
    if moved != 1:
        raise Conflict(_("事项刚刚有了变化，延期没有生效。请刷新页面后再审批。"))
    old = duty.due_date
    duty.refresh_from_db()
    events.record(
        by=by,
        verb="duties.duty.extension_granted",
        obj=duty,
        note=answer.strip(),
        changes={"due_date": (old, day)},
    )
    return extension


@transaction.atomic
def move_extension(
    *, by: Actor, extension: Extension, move: str, reason: str = "", version: int | None = None
) -> Extension:
    """Refuse an extension with a reason, or take back one's own."""
    if move == "grant":
        raise Invalid(_("同意延期时须写明延到哪一天。"))
    values = {"answer": reason.strip()[:500]} if move == "refuse" else {}
    lifecycle.EXTENSION.perform(extension, move, by=by, reason=reason, version=version, values=values)
    past = {"refuse": "extension_refused", "withdraw": "extension_withdrawn"}[move]
    events.record(by=by, verb=f"duties.duty.{past}", obj=extension.duty, note=reason.strip())
    return extension
