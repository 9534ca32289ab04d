"""Papers of a meeting in the layout of GB/T 9704-2012 (ADR 28): agenda, a page for each project, seating, minutes.

They say what is recorded and nothing else, in Chinese whoever prints them; amounts with their unit.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy, override

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.exchange.official import (
    Facts,
    Heading,
    Layout,
    Official,
    PageBreak,
    Paragraph,
    People,
    Seats,
    Table,
    chinese_date,
    document_number,
    write_official,
)
from yinfeng.core.money import show
from yinfeng.duties import queries as duties
from yinfeng.duties import terms
from yinfeng.meetings import queries, states
from yinfeng.meetings.models import Attendee, Item, Meeting, Minutes
from yinfeng.projects import queries as projects
from yinfeng.projects import stages
from yinfeng.projects.models import Bottleneck, Project

CHINESE = "zh-hans"
AGENDA, BRIEFS, SEATING, MINUTES = "agenda", "briefs", "seating", "minutes"
PAPERS: Mapping[str, Sentence] = {
    AGENDA: gettext_lazy("会议议程"), BRIEFS: gettext_lazy("议题简介（每个一页）"), SEATING: gettext_lazy("座次图"),
    MINUTES: gettext_lazy("会议纪要"),
}  # fmt: skip
# Characters of each text on the first page, which is to hold the title, a topic and its facts; later pages have half as much again. The
# whole text is in the product.
_ROOM = {"summary": 50, "situation": 66, "difficulties": 50, "review": 60, "ask": 90}
_SEATS_A_ROW = 9


def written(document: Official) -> bytes:
    """Return the docx of a document."""
    stream = io.BytesIO()
    write_official(stream, document)
    return stream.getvalue()


def full_name(meeting: Meeting) -> str:
    """Return a meeting as its papers call it: “厦门市招商引资工作领导小组2026年第3次会议”, while it has no number its title."""
    if meeting.number is None:
        return meeting.title
    return f"{meeting.body.name}{meeting.year}年第{meeting.number}次会议"


def _title(meeting: Meeting, what: str) -> str:
    """Return the title of a paper, the body on a line of its own once the meeting has its number."""
    if meeting.number is None:
        return f"{meeting.title}\n{what}"
    return f"{meeting.body.name}\n{meeting.year}年第{meeting.number}次会议{what}"


def _moment(meeting: Meeting) -> str:
    at = timezone.localtime(meeting.starts_at)
    return f"{chinese_date(at.date())} {at:%H:%M}"


# --- agenda -------------------------------------------------------------------------------------------------------


def agenda(meeting: Meeting, by: Actor) -> Official:
    """Return the agenda: how the last meeting's duties stand first, then each topic with who speaks and what is asked."""
    with override(CHINESE):
        items = queries.items_of(meeting)
        head = [
            ("会议名称", full_name(meeting)), ("时间", _moment(meeting)), ("地点", meeting.place or "待定"),
            ("主持人", meeting.chair.name if meeting.chair else "待定"),
        ]  # fmt: skip
        body: list[Any] = [Facts(head, columns=1), *_standing(meeting, by)]
        for item in items:
            topic = item.topic
            body.append(Heading(1, topic.title))
            told = f"{states.TOPIC_KINDS[topic.kind]}。由{topic.unit.name}汇报。"
            body += [Paragraph(told), Paragraph(topic.ask, label="提请议定：")]
        return Official(
            layout=Layout.PAPER, title=_title(meeting, "议程"), body=body, secrecy="", sealed=False,
            signed_by=meeting.body.name, date=timezone.localdate(),
        )  # fmt: skip


def _standing(meeting: Meeting, by: Actor) -> list[Any]:
    """Return how the duties of the last meeting stand, the first thing a meeting hears."""
    last = queries.last_before(meeting)
    if last is None:
        return []
    found = duties_of_meeting(last, by)
    title = Heading(1, "听取上次会议议定事项落实情况")
    if not found:
        return [title, Paragraph(f"{full_name(last)}没有交办事项。")]
    today = timezone.localdate()
    standing = duties.stands(found, today)
    told = (
        f"{full_name(last)}交办 {standing.total} 项，已办结 {standing.closed} 项（按期 {standing.on_time} 项），"
        f"正在办理 {standing.going} 项，其中逾期 {standing.overdue} 项。"
    )
    lines = [[duty.item, duty.lead_unit.brief, _day(duty.due_date), _stands(duty, today)] for duty in found]
    return [
        title,
        Paragraph(told),
        Table(["事项", "牵头单位", "办结时限", "进展"], lines, widths=(5, 2, 2, 2)),
    ]


def duties_of_meeting(meeting: Meeting, by: Actor) -> list[Any]:
    """Return the duties that came of a meeting's resolutions, of those in sight, in the order of the agenda."""
    resolutions = list(queries.resolutions_of([meeting], by))
    place = {resolution.pk: number for number, resolution in enumerate(resolutions)}
    found: QuerySet[Any] = duties.duties_of(resolutions).filter(parent=None)
    rows = found.permitted(by).select_related("lead_unit").order_by("pk")  # type: ignore[attr-defined]
    return sorted(rows, key=lambda duty: place[duty.source_id])


def _day(day: Any) -> str:
    return day.isoformat() if day else "长期"


def _stands(duty: Any, today: Any) -> str:
    if duty.state in terms.OPEN and duties.standing(duty, today) == terms.OVERDUE:
        return f"逾期（{terms.DUTY_STATES[duty.state]}）"
    return str(terms.DUTY_STATES[duty.state])


# --- a page for each topic ----------------------------------------------------------------------------------------


def briefs(meeting: Meeting, by: Actor) -> Official:
    """Return a page for each topic: the project as it is recorded, what stands still, what is asked."""
    with override(CHINESE):
        items = queries.items_of(meeting)
        known = _projects(items, by)
        still = _difficulties(known, by)
        body: list[Any] = []
        for number, item in enumerate(items, 1):
            if number > 1:
                body.append(PageBreak())
            body += _brief(number, item, known.get(item.topic.project_id or 0), still)
        return Official(layout=Layout.PAPER, title="议题简介", body=body, sealed=False)


def _projects(items: Sequence[Item], by: Actor) -> dict[int, Any]:
    """Return the projects of an agenda in the person's sight, each with what arrived."""
    wanted = [item.topic.project_id for item in items if item.topic.project_id]
    rows: Any = (
        Project.objects.permitted(by).filter(pk__in=wanted).annotate(arrived_cents=projects.arrived("pk"))
    )
    return {row.pk: row for row in rows.select_related("enterprise", "host_unit", "reporter_unit")}


def _difficulties(known: Mapping[int, Any], by: Actor) -> dict[int, list[Bottleneck]]:
    found: dict[int, list[Bottleneck]] = {}
    rows = (
        Bottleneck.objects.permitted(by).filter(project__in=known, state=stages.OPEN).select_related("unit")
    )
    for row in rows.order_by("due_date", "pk"):
        found.setdefault(row.project_id, []).append(row)
    return found


def _brief(number: int, item: Item, project: Any, still: Mapping[int, list[Bottleneck]]) -> list[Any]:
    topic = item.topic
    found: list[Any] = [Heading(1, _short(topic.title, 50))]
    if project is not None:
        found.append(Facts(_facts(project), columns=2))
    said: list[tuple[str, str, str]] = [("提出单位", topic.unit.name, "")]
    if project is not None:
        said.append(("项目简介", project.summary, "summary"))
    said.append(
        ("列入理由", topic.why, "situation") if topic.rule else ("情况说明", topic.summary, "situation")
    )
    lines = [
        f"{row.what}（{row.unit.brief}，{row.due_date} 前）"
        for row in still.get(project.pk if project else 0, [])[:3]
    ]
    said.append(("待解决的难点", "；".join(lines), "difficulties"))
    review = topic.__dict__.get("review")
    if review is not None:
        told = (
            f"{states.CONCLUSIONS[review.conclusion]}（{review.unit.brief}，有效期至 {review.valid_until}）"
        )
        said.append(("公平竞争审查", told, "review"))
    said.append(("提请议定", topic.ask, "ask"))
    more = 2 if number == 1 else 3
    pairs = [(label, _short(text, _ROOM.get(room, 40) * more // 2)) for label, text, room in said if text]
    found.append(Facts(pairs, columns=1))
    return found


def _facts(project: Any) -> list[tuple[str, str]]:
    unit = project.host_unit or project.reporter_unit
    grade = projects.grade_of(project, projects.tiers(timezone.localdate()))
    arrived = show(Decimal(project.arrived_cents) / 100) if project.arrived_cents else "—"
    return [
        ("项目编号", project.code), ("投资主体", _short(project.enterprise.name, 26) if project.enterprise else "—"),
        ("阶段", str(stages.STAGES[project.stage])), ("分级", grade.label if grade else "—"),
        ("意向投资", show(project.intended)), ("合同投资", show(project.contracted)),
        ("到位资金", arrived), ("固定投资", show(project.fixed_investment)),
        ("落地单位", unit.brief), ("拟选址", _short(project.site or "—", 20)),
        ("用地需求", f"{project.land_mu:,.2f} 亩" if project.land_mu is not None else "—"),
        ("行业", core.code_label("industry", project.industry) if project.industry else "—"),
        ("年产值", show(project.expected_output)), ("年税收", show(project.expected_tax)),
        ("最近进展", f"{timezone.localtime(project.progress_at).date()}"), ("下一步", _short(project.next_step or "—", 20)),
    ]  # fmt: skip


def _short(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 8]}……（全文见系统）"


# --- seating ------------------------------------------------------------------------------------------------------


def seating(meeting: Meeting, by: Actor) -> Official:
    """Return who sits where: the chair in the middle of the first row, the others from the middle outward, left first."""
    with override(CHINESE):
        coming = [row for row in queries.attendance_of(meeting) if row.kind != states.EXCUSED]
        chair = [row for row in coming if meeting.chair_id is not None and row.person_id == meeting.chair_id]
        others = [_seat(row) for row in coming if row not in chair]
        names = [*([_seat(chair[0])] if chair else [meeting.chair.name] if meeting.chair else []), *others]
        rows = [_from_middle(names[at : at + _SEATS_A_ROW]) for at in range(0, len(names), _SEATS_A_ROW)]
        return Official(
            layout=Layout.PAPER, title=_title(meeting, "座次图"), body=[Seats(rows)], sealed=False
        )


def _seat(row: Attendee) -> str:
    return row.person.name if row.person else row.position or (row.unit.brief if row.unit else "")


def _from_middle(names: Sequence[str]) -> list[str]:
    """Return a row in which the first sits in the middle, the second on his left hand, the third on his right, and so on.

    Seen from the hall, who sits on the left hand is on the right.
    """
    left_hand, right_hand = names[1::2], names[2::2]
    return [*reversed(right_hand), *names[:1], *left_hand]


# --- minutes ------------------------------------------------------------------------------------------------------


def minutes_content(meeting: Meeting) -> dict[str, Any]:
    """Return what the minutes of a meeting say, as plain data: it is kept, and the document is made of it."""
    with override(CHINESE):
        there = queries.attendance_of(meeting)
        items = queries.items_of(meeting)
        found = duties.duties_of([item.outcome for item in items if item.outcome]).filter(parent=None)
        given: dict[int, list[dict[str, str]]] = {}
        for duty in found.select_related("lead_unit", "leader").order_by("pk"):
            given.setdefault(duty.source_id, []).append(_task(duty))
        return {
            "body": meeting.body.name,
            "meeting": full_name(meeting),
            "title": _title(meeting, "纪要"),
            "moment": _moment(meeting),
            "place": meeting.place,
            "chair": meeting.chair.name if meeting.chair else "",
            "attendance": {
                kind: [row.text for row in there if row.kind == kind]
                for kind in (states.PRESENT, states.EXCUSED, states.LISTENING)
            },
            "items": [_minuted(item, given) for item in items],
        }


def _task(duty: Any) -> dict[str, str]:
    joint = [
        side.unit.brief
        for side in duties.sides(duty.pk)
        if side.part == terms.JOINT and side.named_as_id is None and side.unit
    ]
    return {
        "number": duty.number, "item": duty.item, "target": duty.target, "requirement": duty.requirement,
        "lead_unit": duty.lead_unit.brief, "joint_units": "、".join(joint),
        "leader": duty.leader.name if duty.leader else "", "due": chinese_date(duty.due_date) if duty.due_date else "长期",
    }  # fmt: skip


def _minuted(item: Item, given: Mapping[int, list[dict[str, str]]]) -> dict[str, Any]:
    outcome = item.outcome
    told: dict[str, Any] = {"title": item.topic.title, "unit": item.topic.unit.name, "notes": item.notes}
    if outcome is not None:
        told["resolution"] = {
            "number": document_number("", outcome.year, outcome.number), "kind": outcome.decision, "decision": str(states.DECISIONS[outcome.decision]),
            "text": outcome.text, "conditions": outcome.conditions,
            "siting": outcome.siting_unit.name if outcome.siting_unit else "", "support": outcome.support,
            "tasks": given.get(outcome.pk, []),
        }  # fmt: skip
    return told


def minutes(minutes: Minutes) -> Official:
    """Return the minutes that were issued, made of what was kept."""
    told: dict[str, Any] = minutes.content
    count = len(told["items"])
    opening = f"{told['moment']}，{told['chair']}在{told['place'] or '会议室'}主持召开{told['meeting']}，研究了 {count} 个议题。现将会议议定事项纪要如下："
    body: list[Any] = [Paragraph(opening)]
    for item in told["items"]:
        body += _minuted_item(item)
    day = timezone.localtime(minutes.issued_at).date()
    labels = {states.PRESENT: "出席", states.EXCUSED: "请假", states.LISTENING: "列席"}
    people = [People(labels[kind], "、".join(names)) for kind, names in told["attendance"].items() if names]
    return Official(
        layout=Layout.MINUTES, mark=f"{told['body']}会议纪要", number=document_number("", minutes.year, minutes.number),
        title=told["title"], body=body, people=people, signed_by=told["body"], date=day, sealed=False,
        printed_by=told["body"], printed_on=day,
    )  # fmt: skip


def _minuted_item(item: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = [Heading(1, item["title"])]
    if item["notes"]:
        found.append(Paragraph(item["notes"]))
    outcome = item.get("resolution")
    if not outcome:
        return found
    opinion = "" if outcome["kind"] == states.NOTED else f"{outcome['decision']}。"
    found.append(Paragraph(f"{opinion}{outcome['text']}", label="会议议定："))
    for label, text in (
        ("附带条件：", outcome["conditions"]),
        ("落地单位：", outcome["siting"]),
        ("给予支持：", outcome["support"]),
    ):
        if text:
            found.append(Paragraph(text, label=label))
    found += [Paragraph(_told_task(number, task)) for number, task in enumerate(outcome["tasks"], 1)]
    return found


def _told_task(number: int, task: Mapping[str, str]) -> str:
    joint = f"，{task['joint_units']}配合" if task["joint_units"] else ""
    leader = f"，{task['leader']}牵头负责" if task["leader"] else ""
    return f"（{number}）{task['item']}。{task['lead_unit']}牵头{joint}{leader}，{task['due']} 前办结。"


MADE: Mapping[str, Callable[[Meeting, Actor], Official]] = {AGENDA: agenda, BRIEFS: briefs, SEATING: seating}
