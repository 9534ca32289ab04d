"""Pages of topics: the list, one with its reviews and what was decided, a project's, and the acts on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, Model, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.scopes import ScopedQuerySet, rows
from yinfeng.core.tables import day, with_query
from yinfeng.core.web import ActPage, DetailPage, EditPage, ExportPage, ListPage, MovePage
from yinfeng.meetings import lifecycle, queries, services, states
from yinfeng.meetings.filters import TopicFilter
from yinfeng.meetings.forms import ReviewForm, TakeOnForm, TopicForm
from yinfeng.meetings.models import FairReview, Resolution, Topic
from yinfeng.meetings.tables import DECISION_TONES, REVIEW_TONES, TOPIC_TONES, TopicTable
from yinfeng.meetings.views.meetings import VIEW, resolution_lines
from yinfeng.projects.details import fact
from yinfeng.projects.models import Project
from yinfeng.projects.sections import SectionPage

SUBMIT = "meetings.topic.submit"


class Topics(ListPage):
    permission = VIEW
    model = Topic
    table = TopicTable
    filterset = TopicFilter
    key = "topics"
    title = gettext_lazy("议题")
    export_permission = "meetings.meeting.export"
    export_route = "topics-export"

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many topics are in each state."""
        return queries.topic_counts(self.by)

    def total(self) -> int:
        return sum(self.counts.values())

    def tabs(self) -> list[dict[str, Any]]:
        chosen = self.request.GET.get("state", "")
        every = [("", _("全部"), self.total())]
        every += [
            (state, str(label), self.counts.get(state, 0)) for state, label in states.TOPIC_STATES.items()
        ]
        return [
            {
                "label": label, "count": f"{count:,}", "active": chosen == state,
                "url": with_query(self.request.GET, state=state or None, after=None, before=None),
            }
            for state, label, count in every
        ]  # fmt: skip

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may(SUBMIT):
            return None
        return {"label": _("提出议题"), "url": reverse("topic-new"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _("需要领导小组或工作组研究的事项：进展汇报、落地布局、支持政策、解决不了的难点。")
        return {"title": _("还没有议题"), "hint": hint, "act": self.primary(), "icon": "list-details"}


class ExportTopics(ExportPage):
    permission = "meetings.meeting.export"
    page = Topics
    file_title = gettext_lazy("议题清单")


# --- one topic ----------------------------------------------------------------------------------------------------


class TopicDetail(DetailPage):
    permission = VIEW
    model = Topic
    template_name = "meetings/topic.html"
    lifecycles = (lifecycle.TOPIC,)
    actions = ("bring", "approve", "review")
    edit_action = "bring"

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        seen = rows(Project).permitted(by).filter(pk=OuterRef("project"))
        found: ScopedQuerySet[Any] = rows(Topic).annotate(sees_project=Exists(seen))
        return found.select_related(
            "body__unit",
            "unit",
            "project",
            "bottleneck",
            "review_unit",
            "submitted_by",
            "approved_by",
            "meeting",
        )

    @cached_property
    def reviews(self) -> list[FairReview]:
        return list(queries.reviews_of(self.object)) if self.object.kind == states.SUPPORT else []

    @cached_property
    def outcomes(self) -> list[Resolution]:
        return list(queries.every_resolution(self.object, self.by))

    def told_of(self) -> Sequence[Model]:
        """Return the topic and what was decided of it: how that was put right is told here too."""
        return [self.object, *self.outcomes]

    def frame(self) -> dict[str, Any]:
        self.object.__dict__["review"] = self.reviews[0] if self.reviews else None
        if "approve" in self.allowed() and self.object.state in (states.SUBMITTED, states.PUT_OFF):
            self.object.__dict__["hands"] = queries.brought_by(self.object)
        frame = super().frame()
        for file in frame["files"]:
            file["kind"] = FILE_KINDS.get(file["kind"], file["kind"])
        frame["acts"] = [*self._own_acts(), *frame["acts"]]
        return frame

    def file_kinds(self) -> list[tuple[str, str]]:
        return [(kind, str(label)) for kind, label in FILE_KINDS.items() if kind != "fair_review"]

    def _own_acts(self) -> list[dict[str, Any]]:
        topic: Topic = self.object
        acts = []
        if topic.state == states.APPROVED and "approve" in self.allowed():
            acts.append(_act(_("列入议程"), "topic-take-on", topic, "list-details", "primary"))
        if self._asks_review():
            acts.append(_act(_("公平竞争审查"), "topic-review", topic, "scale", "primary"))
        return acts

    def _asks_review(self) -> bool:
        topic: Topic = self.object
        return (
            topic.kind == states.SUPPORT
            and topic.state in states.WAITING_TOPICS
            and "review" in self.allowed()
        )

    def content(self) -> dict[str, Any]:
        topic: Topic = self.object
        heard = list(queries.heard_at(topic, self.by))
        outcomes = [item.outcome for item in heard if item.outcome is not None and item.is_told]
        given = queries.tasks_by_resolution(outcomes, self.by)
        may_edit = "bring" in self.allowed() and topic.state in services.OPEN_TOPICS
        groups = [
            (_("议题"), [
                fact(_("情况说明"), topic.summary, wide=True),
                fact(_("提请议定的事项"), topic.ask, wide=True),
                fact(_("列入理由"), topic.why, wide=True),
            ]),
            (_("从哪里来"), [
                fact(_("议题类别"), states.TOPIC_KINDS[topic.kind]),
                fact(_("提交机构"), topic.body.label, url=topic.body.get_absolute_url()),
                fact(_("提出单位"), topic.unit.brief),
                fact(_("提出人"), topic.submitted_by or _("按规则列出"), sub=day(topic.submitted_date)),
                fact(_("项目"), topic.project.name if topic.project else "", url=self._project_url()),
                fact(_("难点"), topic.bottleneck.what if topic.bottleneck and self._project_url() else ""),
                fact(_("审核人"), topic.approved_by),
            ]),
        ]  # fmt: skip
        return {
            "back": {"url": reverse("topics"), "label": _("议题")},
            "badges": [{"text": states.TOPIC_STATES[topic.state], "tone": TOPIC_TONES[topic.state]}],
            "subtitle": f"{states.TOPIC_KINDS[topic.kind]} · {topic.body.label}",
            "fact_groups": [{"title": title, "facts": facts} for title, facts in groups],
            "edit_url": reverse("topic-edit", args=[topic.pk]) if may_edit else "",
            "warnings": self._warnings(),
            "resolutions": [
                resolution_lines(item.outcome, given.get(item.outcome.pk, []))
                | {"meeting": item.meeting.title, "meeting_url": item.meeting.get_absolute_url(), "notes": item.notes}
                for item in heard
                if item.outcome is not None and item.is_told
            ],
            "related": [*([self._review_rows()] if topic.kind == states.SUPPORT else []), self._heard(heard)],
        }  # fmt: skip

    def _project_url(self) -> str:
        topic: Any = self.object
        return (
            str(topic.project.get_absolute_url()) if topic.project is not None and topic.sees_project else ""
        )

    def _warnings(self) -> list[dict[str, Any]]:
        topic: Topic = self.object
        if topic.kind != states.SUPPORT or topic.state not in states.WAITING_TOPICS:
            return []
        review = topic.__dict__.get("review")
        found = lifecycle.hindrance(topic, review, timezone.localdate())
        return [{"tone": "warning", "title": sentence} for sentence in found]

    def _review_rows(self) -> dict[str, Any]:
        topic: Topic = self.object
        return {
            "title": _("公平竞争审查"), "rows": [self._review(review) for review in self.reviews],
            "empty": _("还没有审查结论。由%(unit)s审查。") % {"unit": topic.review_unit.brief if topic.review_unit else "—"},
        }  # fmt: skip

    @staticmethod
    def _review(review: FairReview) -> dict[str, Any]:
        found = _("；").join(str(states.TESTS[test]) for test in review.found if test in states.TESTS)
        told = _("%(unit)s %(who)s，%(day)s 审查，有效期至 %(until)s") % {
            "unit": review.unit.brief, "who": review.reviewed_by, "day": day(review.review_date), "until": day(review.valid_until),
        }  # fmt: skip
        parts = [
            review.grounds,
            _("涉及：%(found)s") % {"found": found} if found else "",
            review.exception,
            told,
        ]
        return {
            "title": states.CONCLUSIONS[review.conclusion], "sub": "\n".join(filter(None, parts)),
            "badge": {
                "text": _("不通过") if review.conclusion == states.AGAINST else _("通过"), "tone": REVIEW_TONES[review.conclusion]
            },
            "url": reverse("file", args=[review.document_id]) if review.document_id else "",
        }  # fmt: skip

    def _heard(self, heard: list[Any]) -> dict[str, Any]:
        return {
            "title": _("上会情况"),
            "rows": [
                self._hearing(item) if item.is_told else {"title": item.meeting.told, "sub": _("不在您的查看范围内")}
                for item in heard
            ],
            "empty": _("还没有列入过议程。"),
        }  # fmt: skip

    @staticmethod
    def _hearing(item: Any) -> dict[str, Any]:
        return {
            "title": item.meeting.title, "url": item.meeting.get_absolute_url(),
            "sub": " · ".join(filter(None, [
                day(timezone.localtime(item.meeting.starts_at).date()), item.meeting.numbered,
                _("补列：%(why)s") % {"why": item.leave} if item.leave else "",
            ])),
            "badge": {"text": states.DECISIONS[item.outcome.decision], "tone": DECISION_TONES[item.outcome.decision]}
            if item.outcome else {"text": states.MEETING_STATES[item.meeting.state], "tone": "muted"},
        }  # fmt: skip


FILE_KINDS = {
    "topic_paper": gettext_lazy("议题材料"), "fair_review": gettext_lazy("公平竞争审查文书"), "other": gettext_lazy("其他材料")
}  # fmt: skip


def _act(label: str, route: str, topic: Topic, icon: str, style: str) -> dict[str, Any]:
    return {
        "label": label,
        "url": reverse(route, args=[topic.pk]),
        "icon": icon,
        "style": style,
        "method": "get",
    }


# --- a project's --------------------------------------------------------------------------------------------------


class ProjectTopics(SectionPage):
    """What was brought before bodies about a project, and what they decided."""

    template_name = "meetings/project.html"
    route = "project-topics"

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Project)
        return found

    def content(self) -> dict[str, Any]:
        if not self.by.may(VIEW):
            return {"hint": _("您没有查看会议和议题的权限。")}
        project: Project = self.object
        outcomes = list(queries.resolutions_about(project, self.by))
        given = queries.tasks_by_resolution(outcomes, self.by)
        new = f"{reverse('topic-new')}?{urlencode({'project': project.pk})}"
        topics = {
            "title": _("议题"), "empty": _("还没有提出过议题。"),
            "act": {"label": _("提出议题"), "url": new} if self.by.may(SUBMIT) else None,
            "rows": [
                {
                    "title": topic.title, "url": topic.get_absolute_url(),
                    "sub": " · ".join([str(states.TOPIC_KINDS[topic.kind]), topic.body.label, topic.unit.brief, day(topic.submitted_date)]),
                    "badge": {"text": states.TOPIC_STATES[topic.state], "tone": TOPIC_TONES[topic.state]},
                }
                for topic in queries.topics_of(project, self.by)[:50]
            ],
        }  # fmt: skip
        return {
            "related": [topics],
            "resolutions": [
                resolution_lines(outcome, given.get(outcome.pk, []))
                | {"meeting": outcome.meeting.title, "meeting_url": outcome.meeting.get_absolute_url(), "title": outcome.topic.title}
                for outcome in outcomes
            ],
        }  # fmt: skip


# --- acts ---------------------------------------------------------------------------------------------------------


class SubmitTopic(ActPage):
    permission = SUBMIT
    form = TopicForm
    title = gettext_lazy("提出议题")
    submit_label = gettext_lazy("提交")
    secret_notice = True

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by}

    def initial(self) -> dict[str, Any]:
        """Return what the address says: the project one came from, its difficulty, the body."""
        found: dict[str, Any] = {"unit": self.by.unit_id, "kind": states.HEARING}
        if (rule := queries.review_rule(timezone.localdate())) is not None:
            found["review_unit"] = queries.unit_of(rule.unit)
        if (body := _number(self.request.GET.get("body", ""))) is not None:
            found["body"] = body
        if (pk := _number(self.request.GET.get("project", ""))) is not None:
            project = rows(Project).row(self.by, pk).first()
            if project is not None:
                found |= {"project": project.code, "title": project.name}
        if (pk := _number(self.request.GET.get("bottleneck", ""))) is not None:
            found |= {"bottleneck": pk, "kind": states.DIFFICULTY}
        return found

    def cancel_url(self) -> str:
        return reverse("topics")

    def act(self, form: TopicForm) -> Topic:
        return services.submit_topic(by=self.by, values=form.values())

    def done(self, result: Topic) -> str:
        if result.kind == states.SUPPORT:
            return _("已提交。公平竞争审查通过以后，由机构办公室审核。")
        return _("已提交，由机构办公室审核。")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


class EditTopic(EditPage):
    permission = SUBMIT
    model = Topic
    action = "bring"
    form = TopicForm
    title = gettext_lazy("修改议题")
    secret_notice = True

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Topic).select_related(
            "project", "body", "unit", "bottleneck", "review_unit"
        )
        return found

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by, "topic": self.object}

    def initial(self) -> dict[str, Any]:
        return TopicForm.initial_of(self.object)

    def act(self, form: TopicForm) -> Topic:
        version = form.cleaned_data["version"] or 0
        return services.change_topic(by=self.by, topic=self.object, version=version, values=form.values())

    def extra(self) -> dict[str, Any]:
        if self.object.state not in (states.APPROVED, states.PUT_OFF):
            return {}
        return {"warnings": [{"tone": "warning", "title": _("这个议题已同意上会，改动内容后须重新审核。")}]}


class MoveTopic(MovePage):
    permission = VIEW
    model = Topic
    lifecycle = lifecycle.TOPIC

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Topic).select_related("body")
        return found

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_topic(
            by=self.by, topic=self.object, move=self.move.name, reason=reason, version=version
        )


class ReviewTopic(EditPage):
    permission = "meetings.topic.review"
    model = Topic
    action = "review"
    form = ReviewForm
    template_name = "meetings/asked.html"
    title = gettext_lazy("公平竞争审查")
    submit_label = gettext_lazy("出具审查结论")

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Topic).select_related("unit", "review_unit", "body")
        return found

    def initial(self) -> dict[str, Any]:
        today = timezone.localdate()
        rule = queries.review_rule(today)
        until = queries.months_on(today, rule.months) - timedelta(days=1) if rule is not None else None
        return super().initial() | {"review_date": today, "valid_until": until}

    def act(self, form: ReviewForm) -> Topic:
        data = form.cleaned_data
        file = data["document"]
        services.review_topic(
            by=self.by, topic=self.object, conclusion=data["conclusion"], found=data["found"], grounds=data["grounds"],
            exception=data["exception"], review_date=data["review_date"], valid_until=data["valid_until"], file=file,
            name=file.name if file else "", version=data["version"],
        )  # fmt: skip
        return self.object  # type: ignore[no-any-return]

    def extra(self) -> dict[str, Any]:
        topic: Topic = self.object
        back = {"label": topic.title, "url": topic.get_absolute_url()}
        return {"back": back, "intro": topic.unit.brief, "asked": topic.ask}


class PutOnAgenda(EditPage):
    permission = "meetings.meeting.run"
    model = Topic
    action = "approve"
    form = TakeOnForm
    title = gettext_lazy("列入议程")
    submit_label = gettext_lazy("列入议程")

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        found: ScopedQuerySet[Any] = rows(Topic).select_related("body__unit", "unit")
        return found

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by, "topic": self.object}

    def initial(self) -> dict[str, Any]:
        return {}

    def act(self, form: TakeOnForm) -> Topic:
        data = form.cleaned_data
        services.take_on(by=self.by, meeting=data["meeting"], topic=self.object, leave=data["leave"])
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已列入议程。")

    def extra(self) -> dict[str, Any]:
        return {"back": {"label": self.object.title, "url": self.object.get_absolute_url()}}
