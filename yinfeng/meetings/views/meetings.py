"""Pages of meetings: the list with which bodies are to meet, one with its agenda, who comes, papers to take along."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Missing
from yinfeng.core.exporting import word_file
from yinfeng.core.forms import Styled
from yinfeng.core.scopes import ScopedQuerySet, fetch, rows
from yinfeng.core.tables import day, moment, with_query
from yinfeng.core.web import ActPage, DetailPage, EditPage, ExportPage, ListPage, MovePage, Page
from yinfeng.duties import queries as duties
from yinfeng.duties import terms
from yinfeng.meetings import lifecycle, papers, queries, services, states
from yinfeng.meetings.filters import COMING, PAST, MeetingFilter
from yinfeng.meetings.forms import AttendanceForm, CallForm, MeetingForm
from yinfeng.meetings.models import Attendee, Meeting
from yinfeng.meetings.tables import ATTENDANCE_TONES, DECISION_TONES, MEETING_TONES, TOPIC_TONES, MeetingTable
from yinfeng.orgs.models import Body

VIEW, RUN = "meetings.meeting.view", "meetings.meeting.run"


class Meetings(ListPage):
    permission = VIEW
    model = Meeting
    table = MeetingTable
    filterset = MeetingFilter
    template_name = "meetings/meetings.html"
    key = "meetings"
    title = gettext_lazy("会议")
    export_permission = "meetings.meeting.export"
    export_route = "meetings-export"

    def _around(self) -> dict[str, Any]:
        return super()._around() | {
            "rhythms": [_rhythm(item) for item in queries.rhythms(self.by, timezone.localdate())]
        }

    def tabs(self) -> list[dict[str, Any]]:
        chosen = self.request.GET.get("when", "")
        found = [("", _("全部")), (COMING, _("今后")), (PAST, _("以往"))]
        return [
            {
                "label": label, "active": chosen == code,
                "url": with_query(self.request.GET, when=code or None, after=None, before=None),
            }
            for code, label in found
        ]  # fmt: skip

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may(RUN):
            return None
        return {"label": _("拟定会议"), "url": reverse("meeting-new"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _("领导小组和各工作组定期开会，听取重大项目进展，议定落地布局和支持政策。")
        return {"title": _("还没有会议"), "hint": hint, "act": self.primary(), "icon": "calendar-event"}


def _rhythm(item: queries.Rhythm) -> dict[str, Any]:
    """Return a body as a line of the panel: how often it is to meet, when it did and when it will."""
    told = ngettext("每月至少一次", "每 %(count)s 个月至少一次", item.every_months) % {
        "count": item.every_months
    }
    last = (
        _("上次 %(day)s") % {"day": day(timezone.localtime(item.last).date())}
        if item.last
        else _("还没有开过")
    )
    coming = _("下次 %(day)s") % {"day": day(timezone.localtime(item.coming).date())} if item.coming else ""
    badge = {"text": _("本期已开"), "tone": "success"}
    if item.is_owed:
        badge = (
            {"text": _("本期未开，已拟定"), "tone": "info"}
            if coming
            else {"text": _("本期未开"), "tone": "warning"}
        )
    return {
        "title": item.body.label, "url": f"{reverse('meetings')}?body={item.body.pk}",
        "sub": " · ".join(part for part in (told, last, coming) if part), "badge": badge,
    }  # fmt: skip


class ExportMeetings(ExportPage):
    permission = "meetings.meeting.export"
    page = Meetings
    file_title = gettext_lazy("会议清单")


# --- one meeting --------------------------------------------------------------------------------------------------


def meeting_tabs(meeting: Meeting, active: str) -> list[dict[str, Any]]:
    found = [("meeting", _("议程")), ("meeting-topics", _("征集议题")), ("meeting-people", _("参会人员"))]
    if meeting.state not in states.OPEN_MEETINGS:
        found.pop(1)
    return [
        {"label": label, "url": reverse(route, args=[meeting.pk]), "active": route == active}
        for route, label in found
    ]


class OfMeeting(DetailPage):
    """A page of one meeting: its head and tabs."""

    permission = VIEW
    model = Meeting
    template_name = "meetings/section.html"
    actions: ClassVar[tuple[str, ...]] = ("run",)
    edit_action = "run"
    follows = False
    route: str

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Meeting).select_related("body__unit", "chair")
        return found

    @property
    def runs(self) -> bool:
        return "run" in self.allowed()

    def masthead(self) -> dict[str, Any]:
        meeting: Meeting = self.object
        badges = [{"text": states.MEETING_STATES[meeting.state], "tone": MEETING_TONES[meeting.state]}]
        if meeting.secrecy == states.SENSITIVE:
            badges.append({"text": states.SECRECY[meeting.secrecy], "tone": "danger"})
        return {
            "back": {"url": reverse("meetings"), "label": _("会议")}, "tabs": meeting_tabs(meeting, self.route), "badges": badges,
            "subtitle": " · ".join(filter(None, [meeting.body.label, meeting.numbered])),
        }  # fmt: skip

    def frame(self) -> dict[str, Any]:
        return self.masthead()


class MeetingDetail(OfMeeting):
    """The agenda with what was decided, how the last meeting's duties stand, papers, what happened."""

    template_name = "meetings/meeting.html"
    lifecycles = (lifecycle.MEETING,)
    actions = ("run", "read")
    follows = True
    route = "meeting"

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = queries.with_situation(super().queryset(by), by)
        return found

    def line_of(self, event: Any) -> dict[str, Any]:
        return super().line_of(event) | {"topic": event.data.get("topic")}

    def timeline(self) -> dict[str, Any]:
        """Name a topic to those alone who see it, whoever runs the meeting."""
        found = super().timeline()
        items: list[Any] = queries.items_of(self.object)
        named = {line["topic"] for line in found["timeline"]} - {item.topic_id for item in items}
        hidden = {item.topic_id for item in items if not item.is_seen} | queries.hidden_topics(self.by, named)
        for line in found["timeline"]:
            if line["topic"] in hidden:
                line |= {"detail": _("不在您的查看范围内的议题"), "note": ""}
        return found

    def frame(self) -> dict[str, Any]:
        queries.agenda(self.object, self.by, self.object.last_id)
        return DetailPage.frame(self) | self.masthead()

    def content(self) -> dict[str, Any]:
        meeting: Meeting = self.object
        items: list[Any] = queries.items_of(meeting)
        seen = [item for item in items if item.is_seen]
        given = self._duties(items)
        hidden = len(items) - len(seen)
        editable = self.runs and meeting.state not in (states.ISSUED, states.CANCELLED)
        return {
            "key_facts": self._key_facts(meeting, items),
            "last": self._last(given) if self.object.last_id else None,
            "agenda": [self._item(number, item, given) for number, item in enumerate(items, 1) if item.is_seen],
            "hidden": ngettext("另有 %(count)s 个议题不在您的查看范围内。", "另有 %(count)s 个议题不在您的查看范围内。", hidden) % {"count": hidden}
            if hidden
            else "",
            "gather_url": reverse("meeting-topics", args=[meeting.pk]) if self.runs and meeting.state in states.OPEN_MEETINGS else "",
            "papers": self._papers(meeting) if "read" in self.allowed() else [],
            "edit_url": reverse("meeting-edit", args=[meeting.pk]) if editable else "",
        }  # fmt: skip

    def _key_facts(self, meeting: Meeting, items: list[Any]) -> list[dict[str, Any]]:
        closes = (
            _("议题 %(day)s 截止") % {"day": day(meeting.topics_close_date)}
            if meeting.state == states.PLANNED
            else ""
        )
        return [
            {"label": _("开会时间"), "value": moment(meeting.starts_at), "sub": closes},
            {"label": _("地点"), "value": meeting.place or "—"},
            {"label": _("主持人"), "value": meeting.chair.name if meeting.chair else "—"},
            {"label": _("议题"), "value": f"{len(items):,}"},
        ]

    def _duties(self, items: list[Any]) -> dict[int, list[Any]]:
        """Return the duties of this meeting's resolutions and of the last one's, by resolution, in one query."""
        every = [*items, *self.object.__dict__["last_agenda"]]
        found = [item.outcome for item in every if item.is_seen and item.outcome]
        return queries.tasks_by_resolution(found, self.by)

    def _last(self, given: dict[int, list[Any]]) -> dict[str, Any]:
        """Return how the duties of the last meeting stand, the open ones first: with this a meeting opens."""
        today = timezone.localdate()
        outcomes = [item.outcome for item in self.object.__dict__["last_agenda"] if item.outcome]
        found = [duty for outcome in outcomes for duty in given.get(outcome.pk, [])]
        standing = duties.stands(found, today)
        lines = [
            duty_line(duty, today) for duty in sorted(found, key=lambda duty: duty.state not in terms.OPEN)
        ]
        hidden = sum(not item.is_seen for item in self.object.__dict__["last_agenda"])
        told = _(
            "交办 %(total)s 项：已办结 %(closed)s 项（按期 %(on_time)s 项），正在办理 %(going)s 项，其中逾期 %(overdue)s 项。"
        ) % {
            "total": standing.total, "closed": standing.closed, "on_time": standing.on_time, "going": standing.going,
            "overdue": standing.overdue,
        }  # fmt: skip
        return {
            "title": self.object.last_title, "url": reverse("meeting", args=[self.object.last_id]), "told": _last_words(told if found else "", hidden), "rows": lines,
        }  # fmt: skip

    def _item(self, number: int, item: Any, given: dict[int, list[Any]]) -> dict[str, Any]:
        meeting: Meeting = self.object
        topic, outcome = item.topic, item.outcome
        is_open, is_held = meeting.state in states.OPEN_MEETINGS, meeting.state == states.HELD
        review = topic.__dict__.get("review")
        here = [meeting.pk, item.pk]
        acts: list[dict[str, Any]] = []
        if self.runs and is_open:
            acts = [{"label": _("移出议程"), "url": reverse("meeting-item-off", args=here)}]
        elif self.runs and is_held:
            acts = [{"label": _("记录讨论情况"), "url": reverse("meeting-item-notes", args=here)}]
            if outcome is None:
                acts.insert(
                    0,
                    {
                        "label": _("记录议定事项"),
                        "url": reverse("meeting-item-resolve", args=here),
                        "primary": True,
                    },
                )
            else:
                acts.append({"label": _("更正"), "url": reverse("resolution-correct", args=[outcome.pk])})
                move = reverse("meetings.resolution-move", args=[outcome.pk, "take_back"])
                acts.append({"label": _("撤回议定"), "url": move})
        return {
            "pk": item.pk, "number": number, "title": topic.title, "url": topic.get_absolute_url(),
            "meta": " · ".join(filter(None, [
                str(states.TOPIC_KINDS[topic.kind]), topic.unit.brief, topic.project.name if topic.project else "",
            ])),
            "ask": topic.ask, "leave": item.leave, "why": topic.why, "notes": item.notes,
            "review": str(states.CONCLUSIONS[review.conclusion]) if review else "",
            "badge": {"text": states.TOPIC_STATES[topic.state], "tone": TOPIC_TONES[topic.state]} if outcome is None else None,
            "resolution": resolution_lines(outcome, given.get(outcome.pk, [])) if outcome else None, "acts": acts,
            "up_url": reverse("meeting-item-up", args=here) if self.runs and is_open and number > 1 else "",
        }  # fmt: skip

    def _papers(self, meeting: Meeting) -> list[dict[str, str]]:
        named = [papers.AGENDA, papers.BRIEFS, papers.SEATING]
        if meeting.state == states.ISSUED:
            named.append(papers.MINUTES)
        if meeting.state == states.CANCELLED:
            named = []
        return [
            {"label": str(papers.PAPERS[paper]), "url": reverse("meeting-paper", args=[meeting.pk, paper])}
            for paper in named
        ]


def duty_line(duty: Any, today: Any) -> dict[str, Any]:
    """Return a duty as a line of a page: what, who, by when, how it stands."""
    late = duty.state in terms.OPEN and duties.standing(duty, today) == terms.OVERDUE
    tone = "danger" if late else {terms.CLOSED: "success", terms.SUBMITTED: "info"}.get(duty.state, "muted")
    state = str(terms.DUTY_STATES[duty.state])
    return {
        "title": duty.item, "url": duty.get_absolute_url(),
        "sub": " · ".join(filter(None, [duty.lead_unit.brief, _("%(day)s 前") % {"day": day(duty.due_date)} if duty.due_date else ""])),
        "badge": {"text": _("逾期，%(state)s") % {"state": state} if late else state, "tone": tone},
    }  # fmt: skip


def resolution_lines(outcome: Any, given: list[Any]) -> dict[str, Any]:
    """Return a resolution as pages show it, with the duties that came of it."""
    today = timezone.localdate()
    return {
        "pk": outcome.pk, "number": _("〔%(year)s〕%(number)s号") % {"year": outcome.year, "number": outcome.number},
        "decision": {"text": states.DECISIONS[outcome.decision], "tone": DECISION_TONES[outcome.decision]}, "text": outcome.text,
        "conditions": outcome.conditions, "siting": outcome.siting_unit.brief if outcome.siting_unit else "",
        "support": outcome.support, "duties": [duty_line(duty, today) for duty in given],
    }  # fmt: skip


class MeetingPeople(OfMeeting):
    """Who is called to a meeting, and who came."""

    route = "meeting-people"

    def content(self) -> dict[str, Any]:
        meeting: Meeting = self.object
        called = queries.attendance_of(meeting)
        may_change = self.runs and meeting.state not in (states.ISSUED, states.CANCELLED)
        head_acts = []
        if may_change:
            head_acts = [
                {
                    "label": _("增加参会人员"),
                    "url": reverse("meeting-call", args=[meeting.pk]),
                    "icon": "user-plus",
                }
            ]
            if called:
                attendance = reverse("meeting-attendance", args=[meeting.pk])
                head_acts.insert(
                    0, {"label": _("登记出席情况"), "url": attendance, "icon": "clipboard-check"}
                )
        counts = {kind: sum(row.kind == kind for row in called) for kind in states.ATTENDANCE}
        group = {
            "title": _("参会人员"), "rows": [self._row(row, may_change) for row in called],
            "empty": _("还没有参会人员。机构的席位有人担任的，拟定会议时自动列入。"),
        }  # fmt: skip
        return {
            "head_acts": head_acts, "related": [group],
            "key_facts": [{"label": label, "value": f"{counts[kind]:,}"} for kind, label in states.ATTENDANCE.items()],
        }  # fmt: skip

    def _row(self, row: Attendee, may_change: bool) -> dict[str, Any]:
        remove = reverse("meeting-uncall", args=[self.object.pk, row.pk])
        return {
            "title": row.person.name if row.person else row.unit.brief if row.unit else "", "sub": row.text,
            "badge": {"text": states.ATTENDANCE[row.kind], "tone": ATTENDANCE_TONES[row.kind]},
            "remove_url": remove if may_change else "",
        }  # fmt: skip


class Paper(Page):
    """A paper of a meeting as docx, for who sees every topic on its agenda."""

    permission = VIEW

    def get(self, request: HttpRequest, pk: int, paper: str) -> HttpResponseBase:
        found: ScopedQuerySet[Any] = rows(Meeting).select_related("body__unit", "chair")
        printed = services.print_paper(by=self.by, meeting=fetch(found, self.by, pk), paper=paper)
        return word_file(printed.content, printed.name)


# --- acts ---------------------------------------------------------------------------------------------------------


class PlanMeeting(ActPage):
    permission = RUN
    form = MeetingForm
    title = gettext_lazy("拟定会议")
    submit_label = gettext_lazy("拟定")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by}

    @cached_property
    def body(self) -> Body | None:
        """The body that the address names, else the only one whose meetings the person organises."""
        found = queries.bodies_run_by(self.by, timezone.localdate())
        asked = self.request.GET.get("body", "")
        if asked.isascii() and asked.isdecimal() and len(asked) < 19:
            return found.filter(pk=int(asked)).first()
        only = list(found[:2])
        return only[0] if len(only) == 1 else None

    def initial(self) -> dict[str, Any]:
        body = self.body
        if body is None:
            return {}
        title = _("%(body)s%(month)s月会议") % {"body": body.label, "month": timezone.localdate().month}
        return {"body": body.pk, "title": title}

    def cancel_url(self) -> str:
        return reverse("meetings")

    def act(self, form: MeetingForm) -> Meeting:
        return services.plan_meeting(by=self.by, values=form.values())

    def done(self, result: Any) -> str:
        return _("已拟定。机构席位上的人员已列入参会名单，可以开始征集议题。")


class EditMeeting(EditPage):
    permission = RUN
    model = Meeting
    action = "run"
    form = MeetingForm
    title = gettext_lazy("修改会议")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by, "meeting": self.object}

    def initial(self) -> dict[str, Any]:
        meeting: Meeting = self.object
        plain = {
            name: getattr(meeting, name)
            for name in ("title", "starts_at", "place", "secrecy", "topics_close_date", "version")
        }
        return plain | {"chair": meeting.chair_id}

    def act(self, form: MeetingForm) -> Meeting:
        version = form.cleaned_data["version"] or 0
        return services.change_meeting(by=self.by, meeting=self.object, version=version, values=form.values())


class MoveMeeting(MovePage):
    permission = VIEW
    model = Meeting
    lifecycle = lifecycle.MEETING

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Meeting).select_related("body__unit", "chair")
        return found

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_meeting(
            by=self.by, meeting=self.object, move=self.move.name, reason=reason, version=version
        )


class OfPeople(EditPage):
    permission = RUN
    model = Meeting
    action = "run"

    def initial(self) -> dict[str, Any]:
        return {}

    def cancel_url(self) -> str:
        return reverse("meeting-people", args=[self.object.pk])


class Call(OfPeople):
    form = CallForm
    title = gettext_lazy("增加参会人员")
    submit_label = gettext_lazy("增加")

    def act(self, form: CallForm) -> str:
        data = form.cleaned_data
        services.call(
            by=self.by,
            meeting=self.object,
            unit=data["unit"],
            who=data["person"],
            position=data["position"],
            kind=data["kind"],
        )
        return self.cancel_url()


class Attendance(OfPeople):
    form = AttendanceForm
    title = gettext_lazy("登记出席情况")

    def form_arguments(self) -> dict[str, Any]:
        return {"called": queries.attendance_of(self.object)}

    def act(self, form: AttendanceForm) -> str:
        services.record_attendance(by=self.by, meeting=self.object, kinds=form.kinds())
        return self.cancel_url()


class Uncall(OfPeople):
    template_name = "core/confirm.html"
    form = Styled
    title = gettext_lazy("移出参会名单")
    submit_label = gettext_lazy("移出")

    def start(self) -> None:
        super().start()
        called = queries.attendance_of(self.object)
        self.attendee = next((row for row in called if row.pk == self.kwargs["attendee"]), None)
        if self.attendee is None:
            raise Missing

    def act(self, form: Styled) -> str:
        services.uncall(by=self.by, meeting=self.object, attendee=self.kwargs["attendee"])
        return self.cancel_url()

    def extra(self) -> dict[str, Any]:
        return {"sentence": self.attendee.text if self.attendee else ""}


def _last_words(told: str, hidden: int) -> str:
    """Return how the last meeting's duties stand, and of how many of its topics one does not see that."""
    if not hidden:
        return told or _("上次会议没有交办事项。")
    more = ngettext(
        "另有 %(count)s 个议题不在您的查看范围内。", "另有 %(count)s 个议题不在您的查看范围内。", hidden
    ) % {"count": hidden}
    return f"{told}{more}"
