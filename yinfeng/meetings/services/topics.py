"""Bringing topics before a body (clause 3.2.1): submitted, reviewed as to fair competition, approved by somebody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Sentence, refusal
from yinfeng.core.models import Attachment, Event
from yinfeng.core.scopes import demand, permits
from yinfeng.core.services import person
from yinfeng.meetings import lifecycle, queries, states
from yinfeng.meetings.models import FairReview, Item, Topic
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import users_of_units
from yinfeng.projects.stages import SENSITIVE

Values = Mapping[str, Any]

# Until it is on an agenda its words can be changed; whoever changes them cannot approve them.
OPEN_TOPICS = (states.SUBMITTED, states.APPROVED, states.PUT_OFF, states.REFUSED, states.WITHDRAWN)
# What was told when a topic was approved, to whom and by whom: a change of it is to be approved again.
_APPROVED_AS = ("body", "unit", "kind", "title", "summary", "ask", "project", "bottleneck")
# From when on what came with a topic is part of what a meeting had before it.
_LAID_BEFORE = (states.FIXED, *states.TOOK_PLACE)


@transaction.atomic
def submit_topic(*, by: Actor, values: Values, is_demo: bool = False) -> Topic:
    """Bring a topic before a body; one that asks for support names the unit that is to review it."""
    unit = values.get("unit")
    if unit is None:
        raise refusal("unit", _("请选择提出单位。"))
    by.require_at("meetings.topic.submit", unit.pk)
    topic = Topic(submitted_by_id=person(by), is_demo=is_demo, **values)
    _check(topic, by)
    core.add(topic, by=by, verb="meetings.topic.submitted", data={"text": topic.body.label})
    search.refresh(Topic, topic.pk)
    if not permits(topic, by, "view"):
        raise Forbidden(_("这样提出的议题您自己将看不到，所以没有保存。请改由有权的同事提出。"))
    return topic


def _check(topic: Topic, by: Actor) -> None:
    """Refuse a body or unit that is closed, a project out of sight, a difficulty of another project, support without a reviewer."""
    today = timezone.localdate()
    if not queries.bodies(today).filter(pk=topic.body_id).exists():
        raise refusal("body", _("这个机构已经撤销，请选择别的机构。"))
    if not topic.unit.is_open(today):
        raise refusal("unit", _("“%(unit)s”已经撤销，请选择其他单位。") % {"unit": topic.unit.brief})
    if topic.project is not None and not permits(topic.project, by, "view"):
        raise refusal("project", _("您看不到这个项目，请选择其他项目。"))
    if topic.bottleneck is not None and topic.bottleneck.project_id != topic.project_id:
        raise refusal("bottleneck", _("这个难点不属于所选的项目，请重新选择。"))
    unnamed = topic.kind == states.DIFFICULTY and topic.bottleneck is None
    if unnamed and topic.project is not None and queries.difficulties_of(topic.project, by).exists():
        raise refusal("bottleneck", _("这个项目登记有难点，请选择要提请研究的难点。"))
    if topic.kind != states.SUPPORT:
        return
    if topic.review_unit is None:
        raise refusal("review_unit", _("申请支持政策的，请选择由哪个单位进行公平竞争审查。"))
    if topic.review_unit_id == topic.unit_id:
        raise refusal("review_unit", _("公平竞争审查须由提出单位以外的单位进行。"))


@transaction.atomic
def change_topic(*, by: Actor, topic: Topic, version: int, values: Values) -> Topic:
    """Change the words of a topic that is on no agenda; what was approved is submitted again when its substance changes."""
    demand(topic, by, "bring")
    if topic.state not in OPEN_TOPICS:
        told = {"state": states.TOPIC_STATES[topic.state]}
        raise Conflict(_("议题的状态是“%(state)s”，不能再修改。") % told)
    if (unit := values.get("unit")) is not None:
        by.require_at("meetings.topic.submit", unit.pk)
    _check(_as_it_would_be(topic, values), by)
    _keep_what_it_is_about(topic, values)
    changes = core.apply_edit(topic, values, by=by, version=version, verb="meetings.topic.changed")
    search.refresh(Topic, topic.pk)
    if topic.state in (states.APPROVED, states.PUT_OFF) and changes.keys() & set(_APPROVED_AS):
        lifecycle.TOPIC.perform(
            topic,
            "submit_changed",
            by=by,
            within=True,
            values={"submitted_by_id": person(by), "submitted_date": timezone.localdate()},
        )
    return topic


def _keep_what_it_is_about(topic: Topic, values: Values) -> None:
    """Refuse another project for a topic whose history names a sensitive one, another project or unit for one that was reviewed."""
    changed = {
        name for name in ("project", "unit") if name in values and values[name] != getattr(topic, name)
    }
    if "project" in changed and topic.project is not None and topic.project.secrecy == SENSITIVE:
        raise refusal("project", _("敏感项目的议题不能改为别的项目，请撤回后另行提出。"))
    if changed and topic.reviews.exists():
        told = _("议题已经出具公平竞争审查结论，涉及的项目和提出单位不能再改，请撤回后另行提出。")
        raise refusal(min(changed), told)


def _as_it_would_be(topic: Topic, values: Values) -> Topic:
    kept = ("body", "unit", "kind", "project", "bottleneck", "review_unit")
    return Topic(**{name: values[name] if name in values else getattr(topic, name) for name in kept})


@transaction.atomic
def move_topic(*, by: Actor, topic: Topic, move: str, reason: str = "", version: int | None = None) -> Topic:
    """Approve, take up again, refuse, withdraw or submit again."""
    values: dict[str, Any] = {}
    if move in {"approve", "take_up"}:
        values = {"approved_by_id": person(by)}
    if move == "submit_again":
        values = {"submitted_by_id": person(by), "submitted_date": timezone.localdate(), "approved_by": None}
    lifecycle.TOPIC.perform(topic, move, by=by, reason=reason, version=version, values=values)
    return topic


# --- fair competition ---------------------------------------------------------------------------------------------


@transaction.atomic
def review_topic(
    *, by: Actor, topic: Topic, conclusion: str, found: Sequence[str], grounds: str, exception: str = "", review_date: date,
    valid_until: date, file: File[bytes] | None = None, name: str = "", version: int | None = None,
) -> FairReview:  # fmt: skip
    """Record what the unit that was asked found of a topic (公平竞争审查条例, FACTS §1.17); a new review takes the last one's place.

    Who asked for the measure does not review it, and neither does another person of the same unit.
    """
    demand(topic, by, "review")
    if version is not None and version != topic.version:
        raise lifecycle.stale_topic(topic)
    if by.user_id in queries.brought_by(topic) or topic.unit_id in (topic.review_unit_id, by.unit_id):
        raise Conflict(_("公平竞争审查须由提出单位以外的单位和人员进行。"))
    if topic.state not in states.WAITING_TOPICS:
        raise Conflict(
            _("议题的状态是“%(state)s”，不用再审查。") % {"state": states.TOPIC_STATES[topic.state]}
        )
    _check_review(conclusion, found, exception, review_date, valid_until)
    document = core.attach_file(by=by, obj=topic, file=file, name=name, kind="fair_review") if file else None
    assert topic.review_unit is not None
    review = core.insert(
        FairReview(
            topic=topic, conclusion=conclusion, found=list(found), grounds=grounds.strip(), exception=exception.strip(),
            unit=topic.review_unit, reviewed_by_id=person(by), review_date=review_date, valid_until=valid_until, ask=topic.ask,
            document=document,
        )
    )  # fmt: skip
    topic.__dict__["review"] = review
    events.record(
        by=by, verb="meetings.topic.reviewed", obj=topic, note=review.grounds,
        data={"text": str(states.CONCLUSIONS[conclusion])},
    )  # fmt: skip
    return review


def _check_review(
    conclusion: str, found: Sequence[str], exception: str, review_date: date, valid_until: date
) -> None:
    if unknown := set(found) - set(states.TESTS):
        raise refusal("found", _("没有“%(test)s”这一项审查标准。") % {"test": "、".join(sorted(unknown))})
    if review_date > timezone.localdate():
        raise refusal("review_date", _("审查日期不能晚于今天。"))
    if valid_until < review_date:
        raise refusal("valid_until", _("有效期不能早于审查日期。"))
    if conclusion == states.CLEAR and found:
        raise refusal("found", _("涉及某项审查标准的，结论须是不通过，或者适用例外规定。"))
    if conclusion != states.CLEAR and not found:
        raise refusal("found", _("请选择涉及哪几项审查标准。"))
    if conclusion == states.EXEMPT and not exception.strip():
        raise refusal("exception", _("适用例外规定的，请写明依据哪一项规定。"))
    if conclusion != states.EXEMPT and exception.strip():
        raise refusal("exception", _("只有适用例外规定的才填写这一项。"))


def keep_review_documents(attachment: Attachment) -> Sentence | None:
    """Object to taking off the document of a review, and what was laid before a body with a topic."""
    if attachment._state.adding:
        return None
    if FairReview.objects.filter(document=attachment).exists():
        return _("这份材料是公平竞争审查的文书，不能撤下。")
    if attachment.object_type == events.type_of(Topic):
        laid_before = Item.objects.filter(topic=attachment.object_id, meeting__state__in=_LAID_BEFORE)
        if laid_before.exists():
            return _("议题的材料已经提交会议，不能撤下；有更正的请另行上传。")
    return None


# --- who is told --------------------------------------------------------------------------------------------------

# What a notice asks of who gets it (see ``joining``).
TO_APPROVE, TO_REVIEW, TO_MEND = "approve_topic", "review_topic", "mend_topic"


def _topic(event: Event) -> Topic:
    return Topic.objects.select_related("body__unit").get(pk=event.object_id or 0)


def holders(units: Iterable[int | None], permission: str) -> set[int]:
    """Return who holds a permission at the first of the units where anybody does: at the city where nobody does below."""
    city = Unit.objects.filter(parent=None).values_list("pk", flat=True)
    for place in ([unit for unit in units if unit], list(city)):
        if found := users_of_units(place, permission):
            return found
    return set()


def tell_office(event: Event, by: Actor) -> None:
    """Tell the office of the body of a topic that waits for it: one that asks for support, once its review stands."""
    topic = _topic(event)
    if not list(lifecycle.is_fair(topic, by)):
        core.notify(event, holders([topic.body.unit_id], "meetings.meeting.run"), TO_APPROVE)


def tell_reviewers(event: Event, by: Actor) -> None:
    """Tell the unit that is to review a topic which asks for support."""
    topic = _topic(event)
    if topic.kind == states.SUPPORT and topic.review_unit_id:
        core.notify(event, users_of_units([topic.review_unit_id], "meetings.topic.review"), TO_REVIEW)


def tell_bringer(event: Event, by: Actor) -> None:
    """Tell who brought a topic, and its unit, what became of it."""
    topic = _topic(event)
    told = users_of_units([topic.unit_id], "meetings.topic.submit")
    review = queries.review_of(topic) if event.verb == "meetings.topic.reviewed" else None
    why = TO_MEND if review is not None and review.conclusion == states.AGAINST else core.ASSIGNED
    core.notify(event, told | ({topic.submitted_by_id} if topic.submitted_by_id else set()), why)
