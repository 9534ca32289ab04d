"""Papers of a meeting in the layout of GB/T 9704-2012 (ADR 28): agenda, a page for each project, seating, minutes.

They say what is recorded and nothing else, in Chinese whoever prints them; amounts with their unit.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

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
    chinese_number,
    document_number,
    write_official,
)
from yinfeng.core.exchange.official_lines import shortened, wrapped
from yinfeng.core.exchange.official_page import CELL_LINE, CELL_ROOM, LINE, PAGE_ROOM
from yinfeng.core.money import show
from yinfeng.duties import queries as duties
from yinfeng.duties import terms
from yinfeng.meetings import queries, states
from yinfeng.meetings.models import Attendee, Item, Meeting, Minutes, Topic
from yinfeng.projects import queries as projects
from yinfeng.projects import stages
from yinfeng.projects.models import Bottleneck, Project

CHINESE = "zh-hans"
AGENDA, BRIEFS, SEATING, MINUTES = "agenda", "briefs", "seating", "minutes"
PAPERS: Mapping[str, Sentence] = {
    AGENDA: gettext_lazy("会议议程"), BRIEFS: gettext_lazy("议题简介（每个一页）"), SEATING: gettext_lazy("座次图"),
    MINUTES: gettext_lazy("会议纪要"),
}  # fmt: skip
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
    minutes = f"{at.minute}分" if at.minute else ""
    return f"{chinese_date(at.date())}{at.hour}时{minutes}"


def _sentence(text: str) -> str:
    """Return a text that ends with a stop."""
    said = text.strip()
    return said if not said or said[-1] in "。！？；：…" else f"{said}。"


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
            kind = "" if topic.kind == states.OTHER else f"{states.TOPIC_KINDS[topic.kind]}。"
            told = f"{kind}由{topic.unit.name}汇报。"
            body += [Paragraph(told), Paragraph(_sentence(topic.ask), label="提请议定：")]
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
        f"{full_name(last)}交办{standing.total}项，已办结{standing.closed}项（按期{standing.on_time}项），"
        f"正在办理{standing.going}项，其中逾期{standing.overdue}项。"
    )
    lines = [[duty.item, duty.lead_unit.brief, _day(duty.due_date), _stands(duty, today)] for duty in found]
    return [
        title,
        Paragraph(told),
        Table(["事项", "牵头单位", "办结时限", "进展"], lines, widths=(4, 2, 3, 2)),
    ]


def duties_of_meeting(meeting: Meeting, by: Actor) -> list[Any]:
    """Return the duties that came of a meeting's resolutions, of those in sight, in the order of the agenda."""
    resolutions = list(queries.resolutions_of([meeting], by))
    given = queries.tasks_by_resolution(resolutions, by)
    return [duty for resolution in resolutions for duty in given.get(resolution.pk, [])]


def _day(day: Any) -> str:
    return chinese_date(day) if day else "长期"


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
            body += [PageBreak()] if number > 1 else []
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
    """Return what stands on the page of a topic, every text in as many lines as the page has for it."""
    topic = item.topic
    facts = _facts(project) if project is not None else []
    texts = _texts(topic, project, still)
    room = (
        PAGE_ROOM - (2 * LINE if number == 1 else 0) - CELL_LINE
    )  # the first page has the paper's title too
    if facts:
        rows = zip(
            *([_height(value, _HALF_CHARACTERS) for _label, value in facts[side::2]] for side in (0, 1)),
            strict=True,
        )
        room -= sum(map(max, rows)) + CELL_LINE
    for lines in _TITLE_LINES:  # the whole title, unless nothing would be left for what is said of it
        title = _short(f"{chinese_number(number)}、{topic.title}", lines, _TITLE_CHARACTERS)
        left = room - LINE * len(wrapped(title, _TITLE_CHARACTERS))
        if left >= _least(texts):
            break
    found: list[Any] = [Heading(1, title, numbered=False)]
    found += [Facts(facts, columns=2)] if facts else []
    return [*found, Facts(_fitted(texts, left), columns=1)]


def _texts(topic: Topic, project: Any, still: Mapping[int, list[Bottleneck]]) -> list[tuple[str, str, int]]:
    """Return what is told of a topic: label, text, and how many lines of it a page always has room for."""
    lines = [
        f"{row.what}（{row.unit.brief}，{chinese_date(row.due_date)}前）"
        for row in still.get(project.pk if project else 0, [])[:3]
    ]
    review = topic.__dict__.get("review")
    told = (
        f"{states.CONCLUSIONS[review.conclusion]}（{review.unit.brief}，有效期至{chinese_date(review.valid_until)}）"
        if review
        else ""
    )
    said = [
        ("提请议定", topic.ask, 3),
        ("列入理由", topic.why, 3) if topic.rule else ("情况说明", topic.summary, 3),
        ("项目简介", project.summary if project is not None else "", 2),
        ("待解决难点", "\n".join(lines), 3), ("公平竞争审查", told, 2), ("提出单位", topic.unit.name, 2),
    ]  # fmt: skip
    return [(label, text, least) for label, text, least in said if text.strip()]


def _fitted(said: Sequence[tuple[str, str, int]], room: int) -> list[tuple[str, str]]:
    """Return the texts as facts that take no more than so much of the page, the most important getting what others leave.

    A text that is cut says so; the whole of it is in the product.
    """
    wanted = [len(wrapped(text, _WHOLE_CHARACTERS)) for _label, text, _least in said]
    given = [min(lines, least) for lines, (_label, _text, least) in zip(wanted, said, strict=True)]
    left = (room - len(said) * _ROW_ROOM) // CELL_LINE - sum(
        max(lines, 2) for lines in given
    )  # a long label has two
    for at, lines in enumerate(wanted):
        more = min(lines - given[at], max(left, 0))
        given[at] += more
        left -= more
    pairs = [
        (label, _short(text, lines, _WHOLE_CHARACTERS))
        for (label, text, _lines), lines in zip(said, given, strict=True)
    ]
    return sorted(pairs, key=lambda pair: _ORDER.index(pair[0]))


def _least(said: Sequence[tuple[str, str, int]]) -> int:
    """Return how high the texts are in the lines that a page always has for them; a long label has two."""
    lines = (max(min(len(wrapped(text, _WHOLE_CHARACTERS)), least), 2) for _label, text, least in said)
    return sum(count * CELL_LINE + _ROW_ROOM for count in lines)


_ORDER = ("提出单位", "项目简介", "列入理由", "情况说明", "待解决难点", "公平竞争审查", "提请议定")
# Characters in a line of a heading, of a cell that takes the rest of a row, and of one of two pairs in a row; a few less than there is room for.
_TITLE_CHARACTERS, _WHOLE_CHARACTERS, _HALF_CHARACTERS = 26, 28, 12
_TITLE_LINES = (4, 3, 2)
_ROW_ROOM = 2 * CELL_ROOM + 10
_MORE = "……（全文见系统）"


def _height(text: str, most: float) -> int:
    """Return how high a row of a table is with a text in lines of so many characters."""
    return len(wrapped(text, most) or [""]) * CELL_LINE + _ROW_ROOM


def _short(text: str, lines: int, most: float) -> str:
    """Return a text in so many lines at the most; one that is cut says so."""
    return shortened(text, lines, most, _MORE)


def _facts(project: Any) -> list[tuple[str, str]]:
    unit = project.host_unit or project.reporter_unit
    grade = projects.grade_of(project, projects.tiers(timezone.localdate()))
    found = [
        ("项目编号", project.code), ("投资主体", project.enterprise.name if project.enterprise else ""),
        ("阶段", str(stages.STAGES[project.stage])), ("分级", grade.label if grade else ""),
        ("意向投资", show(project.intended)), ("合同投资", show(project.contracted)),
        ("到位资金", show(Decimal(project.arrived_cents) / 100) if project.arrived_cents else ""),
        ("固定投资", show(project.fixed_investment)), ("落地单位", unit.brief), ("拟选址", project.site),
        ("用地需求", f"{project.land_mu:,.2f} 亩" if project.land_mu is not None else ""),
        ("行业", core.code_label("industry", project.industry) if project.industry else ""),
        ("年产值", show(project.expected_output)), ("年税收", show(project.expected_tax)),
        ("最近进展", chinese_date(timezone.localtime(project.progress_at).date())), ("下一步", project.next_step),
    ]  # fmt: skip
    return [(label, _short(value or "—", 2, _HALF_CHARACTERS)) for label, value in found]


# --- seating ------------------------------------------------------------------------------------------------------


def seating(meeting: Meeting, by: Actor) -> Official:
    """Return who sits where: the chair in the middle of the first row, the others from the middle outward, left first."""
    with override(CHINESE):
        coming = [row for row in queries.attendance_of(meeting) if row.kind != states.EXCUSED]
        chair = [row for row in coming if meeting.chair_id is not None and row.person_id == meeting.chair_id]
        others = [_seat(row) for row in coming if row not in chair]
        names = [*([_seat(chair[0])] if chair else [meeting.chair.name] if meeting.chair else []), *others]
        rows = [_from_middle(names[at : at + _SEATS_A_ROW]) for at in range(0, len(names), _SEATS_A_ROW)]
        rows = [_centred(row, len(rows[0])) for row in rows]
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


def _centred(row: Sequence[str], places: int) -> list[str]:
    """Return a row with free places on both sides, so that its middle is the hall's."""
    free = places - len(row)
    return [*[""] * (free // 2), *row, *[""] * (free - free // 2)]


# --- minutes ------------------------------------------------------------------------------------------------------


def minutes_content(meeting: Meeting) -> dict[str, Any]:
    """Return what the minutes of a meeting say, as plain data: it is kept, and the document is made of it."""
    with override(CHINESE):
        there = queries.attendance_of(meeting)
        items = queries.items_of(meeting)
        given = {
            item.outcome.pk: [_task(duty) for duty in queries.tasks_of(item.outcome).select_related("leader")]
            for item in items
            if item.outcome
        }
        return {
            "body": meeting.body.name,
            "meeting": full_name(meeting),
            "title": _title(meeting, "纪要"),
            "moment": _moment(meeting),
            "place": meeting.place,
            "chair": meeting.chair.name if meeting.chair else "",
            "attendance": {
                kind: [_named(row) for row in there if row.kind == kind]
                for kind in (states.PRESENT, states.EXCUSED, states.LISTENING)
            }
            | {states.PRESENT: _present(meeting, there)},
            "items": [_minuted(item, given) for item in items],
        }


def _present(meeting: Meeting, there: Sequence[Attendee]) -> list[str]:
    """Return who was there, the chair first, called or not."""
    chairs = [
        _named(row) for row in there if meeting.chair_id is not None and row.person_id == meeting.chair_id
    ]
    others = [_named(row) for row in there if row.kind == states.PRESENT]
    first = chairs or ([meeting.chair.name] if meeting.chair else [])
    return [*first, *(name for name in others if name not in first)]


def _named(row: Attendee) -> str:
    """Return who was called as minutes name him, without a space: 市发改委主任李四."""
    return "".join(row.parts)


def _task(duty: Any) -> dict[str, str]:
    joint = [
        side.unit.brief
        for side in duties.sides(duty.pk)
        if side.part == terms.JOINT and side.named_as_id is None and side.unit
    ]
    return {
        "number": duty.number, "item": duty.item, "target": duty.target, "requirement": duty.requirement,
        "lead_unit": duty.lead_unit.brief, "joint_units": "、".join(joint),
        "leader": duty.leader.name if duty.leader else "", "due": chinese_date(duty.due_date) if duty.due_date else "",
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
    opening = f"{told['moment']}，{told['chair']}在{told['place'] or '会议室'}主持召开{told['meeting']}，研究了{count}个议题。现将会议议定事项纪要如下："
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
        found.append(Paragraph(_sentence(item["notes"])))
    outcome = item.get("resolution")
    if not outcome:
        return found
    opinion = "" if outcome["kind"] == states.NOTED else f"{outcome['decision']}。"
    found.append(Paragraph(f"{opinion}{_sentence(outcome['text'])}", label="会议议定："))
    for label, text in (
        ("附带条件：", outcome["conditions"]),
        ("落地单位：", outcome["siting"]),
        ("给予支持：", outcome["support"]),
    ):
        if text:
            found.append(Paragraph(_sentence(text), label=label))
    found += [Paragraph(_told_task(number, task)) for number, task in enumerate(outcome["tasks"], 1)]
    return found


def _told_task(number: int, task: Mapping[str, str]) -> str:
    joint = f"，{task['joint_units']}配合" if task["joint_units"] else ""
    leader = f"，{task['leader']}牵头负责" if task["leader"] else ""
    # minutes issued earlier say “长期” there
    due = f"{task['due']}前办结" if task["due"] not in ("", "长期") else "长期办理"
    return f"（{number}）{_sentence(task['item'])}{task['lead_unit']}牵头{joint}{leader}，{due}。"


MADE: Mapping[str, Callable[[Meeting, Actor], Official]] = {AGENDA: agenda, BRIEFS: briefs, SEATING: seating}
