"""Putting an agenda together, and recording what was said and decided of each topic."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.errors import Conflict, DomainError, Missing
from yinfeng.core.forms import ReasonForm
from yinfeng.core.money import show
from yinfeng.core.scopes import ScopedQuerySet, fetch, rows
from yinfeng.core.tables import day
from yinfeng.core.web import EditPage, MovePage, Page
from yinfeng.duties import terms
from yinfeng.duties.services import Six
from yinfeng.meetings import lifecycle, queries, services, states
from yinfeng.meetings.forms import CorrectionForm, LeaveForm, NotesForm, ResolutionForm, TaskRows
from yinfeng.meetings.models import Item, Meeting, Resolution, Topic
from yinfeng.meetings.tables import TOPIC_TONES
from yinfeng.meetings.views.meetings import RUN, VIEW, OfMeeting, duty_line

MORE = "more"  # the button for another task


class GatherTopics(OfMeeting):
    """What waits for a meeting, and what the rules of the profile propose for it, each taken on by one click."""

    template_name = "meetings/gather.html"
    route = "meeting-topics"

    def content(self) -> dict[str, Any]:
        meeting: Meeting = self.object
        is_open = meeting.state in states.OPEN_MEETINGS
        may = self.runs and is_open
        waiting = list(queries.waiting_for(meeting, self.by)) if is_open else []
        proposed: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        is_late = meeting.state == states.FIXED or timezone.localdate() > meeting.topics_close_date
        for found in queries.proposed(meeting.body, self.by, timezone.localdate()) if is_open else []:
            proposed[found.rule.label].append(self._proposal(found))
        return {
            "waiting": [self._waiting(topic) for topic in waiting], "may": may, "is_late": is_late,
            "proposed": [{"title": title, "rows": lines} for title, lines in proposed.items()],
            "has_rules": bool(proposed), "take_on_url": reverse("meeting-take-on", args=[meeting.pk]),
            "new_url": f"{reverse('topic-new')}?body={meeting.body_id}" if self.by.may("meetings.topic.submit") else "",
            "closes": day(meeting.topics_close_date), "is_closed": not is_open,
        }  # fmt: skip

    def _waiting(self, topic: Topic) -> dict[str, Any]:
        meeting: Meeting = self.object
        parts = [
            str(states.TOPIC_KINDS[topic.kind]),
            topic.unit.brief,
            _("%(day)s 提交") % {"day": day(topic.submitted_date)},
        ]
        return {
            "title": topic.title, "url": topic.get_absolute_url(), "sub": " · ".join(parts),
            "badge": {"text": states.TOPIC_STATES[topic.state], "tone": TOPIC_TONES[topic.state]},
            "key": f"topic:{topic.pk}" if topic.state == states.APPROVED else "", "late": services.is_late(meeting, topic),
        }  # fmt: skip

    @staticmethod
    def _proposal(found: queries.Proposed) -> dict[str, Any]:
        project = found.project
        amount = project.contracted if project.contracted is not None else project.intended
        unit = project.host_unit or project.reporter_unit
        target = found.bottleneck or project
        return {
            "title": found.title, "url": target.get_absolute_url(), "key": found.key, "sub": found.reason,
            "meta": " · ".join(filter(None, [unit.brief, show(amount) if amount is not None else ""])),
        }  # fmt: skip


class TakeOn(EditPage):
    """Take a waiting topic or a proposal of a rule on the agenda; what comes late asks why on a page of its own."""

    permission = RUN
    model = Meeting
    action = "run"
    form = LeaveForm
    title = gettext_lazy("列入议程")
    submit_label = gettext_lazy("列入议程")

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Meeting).select_related("body__unit")
        return found

    def start(self) -> None:
        super().start()
        self.key = str(self.request.POST.get("key") or self.request.GET.get("key") or "")

    def initial(self) -> dict[str, Any]:
        return {}

    def cancel_url(self) -> str:
        return reverse("meeting-topics", args=[self.object.pk])

    def act(self, form: LeaveForm) -> str:
        leave = form.cleaned_data["leave"]
        kind, _colon, number = self.key.partition(":")
        if kind == "topic":
            if not (number.isascii() and number.isdecimal() and len(number) < 19):
                raise Missing
            topic = fetch(rows(Topic), self.by, int(number))
            services.take_on(by=self.by, meeting=self.object, topic=topic, leave=leave)
        else:
            services.take_on_proposal(by=self.by, meeting=self.object, key=self.key, leave=leave)
        return self.cancel_url()

    def done(self, result: Any) -> str:
        return _("已列入议程。")

    def extra(self) -> dict[str, Any]:
        back = {"label": _("征集议题"), "url": self.cancel_url()}
        return {"back": back, "intro": self.object.title, "carried_key": self.key}

    template_name = "meetings/take_on.html"


class OfItem(EditPage):
    """An act on one topic of an agenda, by the office of the body."""

    permission = RUN
    model = Meeting
    action = "run"

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Meeting).select_related("body__unit")
        return found

    def start(self) -> None:
        super().start()
        item = queries.item_of(self.kwargs["item"], self.object)
        if item is None or not rows(Topic).row(self.by, item.topic_id).exists():
            raise Missing
        self.item: Item = item

    def initial(self) -> dict[str, Any]:
        return {}

    def extra(self) -> dict[str, Any]:
        back = {"label": str(self.object), "url": self.object.get_absolute_url()}
        return {"back": back, "intro": self.item.topic.title}


class MoveUp(Page):
    """Put a topic before the one that stands above it."""

    permission = RUN
    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: int, item: int) -> HttpResponse:
        meeting = fetch(rows(Meeting), self.by, pk, "run")
        order = [row.pk for row in queries.items_of(meeting)]
        if item not in order:
            raise Missing
        place = order.index(item)
        if place:
            order[place - 1], order[place] = order[place], order[place - 1]
            services.reorder(by=self.by, meeting=meeting, items=order)
        return HttpResponseRedirect(f"{meeting.get_absolute_url()}#item-{item}")


class TakeOff(OfItem):
    form = ReasonForm
    title = gettext_lazy("移出议程")
    submit_label = gettext_lazy("移出")

    def act(self, form: ReasonForm) -> Meeting:
        services.take_off(by=self.by, meeting=self.object, item=self.item, reason=form.cleaned_data["reason"])
        return self.object  # type: ignore[no-any-return]


class Notes(OfItem):
    form = NotesForm
    title = gettext_lazy("记录讨论情况")

    def initial(self) -> dict[str, Any]:
        return {"notes": self.item.notes, "version": self.item.version}

    def act(self, form: NotesForm) -> Meeting:
        data = form.cleaned_data
        services.note_item(
            by=self.by, meeting=self.object, item=self.item, version=data["version"] or 0, notes=data["notes"]
        )
        return self.object  # type: ignore[no-any-return]


# --- what was decided ---------------------------------------------------------------------------------------------


class GivesTasks(EditPage):
    """An act that gives out duties: a row of the six for each, another by a button; one that is left empty is no task."""

    template_name = "meetings/resolve.html"
    secret_notice = True
    begins_with = 1  # rows

    def start(self) -> None:
        super().start()
        self.tasks = TaskRows(self._posted() if self.request.method == "POST" else None, prefix="tasks")
        self.tasks.extra = self.begins_with  # none is there already

    def _posted(self) -> Any:
        """Return what was sent, with one row more when that was asked for."""
        data = self.request.POST.copy()
        total = data.get("tasks-TOTAL_FORMS", "")
        count = int(total) if total.isascii() and total.isdecimal() and len(total) < 4 else self.begins_with
        data["tasks-TOTAL_FORMS"] = str(min(count + (MORE in data), 20))
        data["tasks-INITIAL_FORMS"] = "0"
        return data

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if MORE not in request.POST:
            return super().post(request, **kwargs)
        self.start()
        return self.show(self.make_form(data=request.POST))

    @property
    def filled(self) -> list[Any]:
        return [row for row in self.tasks if row.has_changed()]

    def act(self, form: Any) -> Any:
        if not self.tasks.is_valid():
            return self.show(form, status=422)
        return self.record(form, [row.six() for row in self.filled])

    def record(self, form: Any, tasks: list[Six]) -> Any:
        """Make the service call."""
        raise NotImplementedError

    def refuse(self, form: Any, error: DomainError) -> HttpResponse:
        """Show each sentence about a task on the field of its row."""
        filled = self.filled
        for name, texts in list(error.fields.items()):
            prefix, _dash, rest = name.partition("-")
            number, _dash, field = rest.partition("-")
            if prefix == "tasks" and number.isdecimal() and int(number) < len(filled):
                row = filled[int(number)]
                for text in texts:
                    row.add_error(field if field in row.fields else None, str(text))
        return super().refuse(form, error)

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"tasks": self.tasks}


class Resolve(GivesTasks, OfItem):
    """Record what was decided and give out the duties, in one act."""

    form = ResolutionForm
    title = gettext_lazy("记录议定事项")
    submit_label = gettext_lazy("记录并交办")

    def initial(self) -> dict[str, Any]:
        return {"decision": states.NOTED if self.item.topic.kind == states.HEARING else ""}

    def record(self, form: ResolutionForm, tasks: list[Six]) -> Meeting:
        services.resolve(by=self.by, meeting=self.object, item=self.item, values=form.values(), tasks=tasks)
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已记录，任务已交办给牵头单位。") if self.filled else _("已记录。")

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"asked": self.item.topic.ask, "notes": self.item.notes}


class OfResolution(EditPage):
    """An act on what was recorded of a decision, until the minutes are issued."""

    permission = RUN
    model = Resolution

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Resolution).select_related(
            "meeting__body__unit", "topic__project", "topic__body__unit", "topic__unit", "item"
        )
        return found

    def cancel_url(self) -> str:
        return str(self.object.meeting.get_absolute_url())


class CorrectResolution(GivesTasks, OfResolution):
    """Put right what was recorded of a decision; tasks come and go with it."""

    action = "change"
    begins_with = 0
    form = CorrectionForm
    title = gettext_lazy("更正议定事项")
    submit_label = gettext_lazy("更正")

    def start(self) -> None:
        super().start()
        for sentence in lifecycle.can_be_corrected(self.object, self.by):
            raise Conflict(sentence)

    def form_arguments(self) -> dict[str, Any]:
        return {"given": list(queries.tasks_of(self.object))}

    def initial(self) -> dict[str, Any]:
        outcome: Resolution = self.object
        plain = {name: getattr(outcome, name) for name in ("decision", "text", "conditions", "support")}
        return super().initial() | plain | {"siting_unit": outcome.siting_unit_id}

    def record(self, form: CorrectionForm, tasks: list[Six]) -> str:
        data = form.cleaned_data
        services.correct_resolution(
            by=self.by, resolution=self.object, version=data["version"] or 0, values=form.values(), reason=data["reason"],
            tasks=tasks, cancelled=[int(pk) for pk in data.get("cancelled", ())],
        )  # fmt: skip
        return self.cancel_url()

    def extra(self) -> dict[str, Any]:
        outcome: Resolution = self.object
        back = {"label": str(outcome.meeting), "url": self.cancel_url()}
        known = [duty_line(duty, timezone.localdate()) for duty in queries.tasks_of(outcome)]
        return super().extra() | {
            "back": back,
            "intro": str(outcome),
            "asked": outcome.topic.ask,
            "notes": outcome.item.notes if outcome.item else "",
            "given": known,
            "is_correction": True,
        }


class MoveResolution(OfResolution, MovePage):
    """Take back what was recorded; what becomes of its duties is said before."""

    permission = VIEW
    action = "view"
    lifecycle = lifecycle.RESOLUTION

    def perform(self, *, reason: str, version: int | None) -> None:
        services.take_back_resolution(by=self.by, resolution=self.object, reason=reason, version=version)

    def act(self, form: Any) -> str:
        super().act(form)
        return self.cancel_url()

    def done(self, result: Any) -> str:
        return _("已撤回，可以重新记录。")

    def extra(self) -> dict[str, Any]:
        extra = super().extra()
        told = [_("议题“%(topic)s”退回“%(state)s”，可以重新记录。") % {
            "topic": self.object.topic.title, "state": states.TOPIC_STATES[states.ON_AGENDA],
        }]  # fmt: skip
        for duty in queries.tasks_of(self.object):
            given = {"item": duty.item, "unit": duty.lead_unit.brief, "state": terms.DUTY_STATES[duty.state]}
            told.append(_("撤销任务“%(item)s”（%(unit)s，%(state)s），牵头单位会看到原因。") % given)
        back = {"label": str(self.object.meeting), "url": self.cancel_url()}
        return extra | {"consequences": told, "back": back}
