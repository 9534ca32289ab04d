"""What who sets duties does: set, divide, change, hand over, remind."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import events
from yinfeng.core.errors import Conflict
from yinfeng.core.tables import day
from yinfeng.core.web import ActPage, EditPage
from yinfeng.duties import lifecycle, queries, services, sources, terms
from yinfeng.duties.forms import (
    ChangeForm,
    DutyForm,
    HandOverForm,
    RemindForm,
    SixForm,
)
from yinfeng.duties.lists import (
    due_words,
)
from yinfeng.duties.models import Duty

VIEW = "duties.duty.view"
SET = "duties.duty.set"


class NewDuty(ActPage):
    """Set a duty with all six, in the name of one of one's units; ``?from=`` names the object it comes from."""

    permission = SET
    form = DutyForm
    secret_notice = True
    title = gettext_lazy("交办事项")
    submit_label = gettext_lazy("交办")
    origin: Any = None
    source: sources.Source | None = None

    def start(self) -> None:
        if given := self.request.GET.get("from", ""):
            self.source, self.origin = sources.found(given, self.by)
            kind = events.type_of(self.origin)
            if other := queries.open_beside(self.source.kind, kind, self.origin.pk):
                raise Conflict(queries.already_set(other))

    def cancel_url(self) -> str:
        return str(self.origin.get_absolute_url()) if self.origin is not None else reverse("duties")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by, "has_source": self.origin is not None}

    def initial(self) -> dict[str, Any]:
        known = self.source.initial(self.origin) if self.source is not None else {}
        return {"set_unit": self.by.unit_id, **known}

    def act(self, form: DutyForm) -> Duty:
        data = form.cleaned_data
        if self.source is None:
            origin = services.Origin(data["source_kind"], text=data["source_text"])
            secrecy = data["secrecy"]
        else:
            origin = services.Origin(
                self.source.kind,
                self.origin,
                self.source.about(self.origin),
                text=data["source_text"] or str(self.origin),
            )
            secrecy = sources.secrecy_of(self.source, self.origin)
        return services.set_duty(
            by=self.by, six=form.six(), set_unit=data["set_unit"], secrecy=secrecy, origin=origin
        )

    def done(self, result: Any) -> str:
        return _("已交办，牵头单位和责任单位已收到通知。办结时限：%(day)s。") % {"day": day(result.due_date)}

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.origin)} if self.origin is not None else {}


class DivideDuty(EditPage):
    """Give a part of a duty to a unit, with its own six."""

    permission = VIEW
    model = Duty
    action = "handle"
    form = SixForm
    secret_notice = True
    title = gettext_lazy("分解任务")
    submit_label = gettext_lazy("交办分解任务")

    def start(self) -> None:
        super().start()
        if why := queries.why_not_divide(self.object):
            raise Conflict(why)

    def initial(self) -> dict[str, Any]:
        duty = self.object
        return {"due_date": duty.due_date, "grade": duty.grade, "requirement": duty.requirement}

    def act(self, form: SixForm) -> Duty:
        duty: Duty = self.object
        services.set_duty(
            by=self.by, six=form.six(), set_unit=duty.lead_unit, parent=duty,
            origin=services.Origin(terms.PART, text=duty.number),
        )  # fmt: skip
        return duty

    def done(self, result: Any) -> str:
        return _("已分解，承担单位已收到通知。")

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}


class ChangeDuty(EditPage):
    permission = SET
    model = Duty
    action = "set"
    form = ChangeForm
    secret_notice = True
    title = gettext_lazy("修改要求")
    submit_label = gettext_lazy("保存")

    def start(self) -> None:
        super().start()
        if why := queries.why_not_change(self.object):
            raise Conflict(why)

    def form_arguments(self) -> dict[str, Any]:
        return {"kept": self.object.leader_id}

    def initial(self) -> dict[str, Any]:
        duty = self.object
        joint = [
            side.unit_id
            for side in queries.sides(duty.pk)
            if side.part == terms.JOINT and side.named_as_id is None
        ]
        return {name: getattr(duty, name) for name in services.EDITED} | {
            "version": duty.version, "leader": duty.leader_id, "joint_units": joint,
        }  # fmt: skip

    def act(self, form: ChangeForm) -> Duty:
        data = form.cleaned_data
        return services.change_duty(
            by=self.by, duty=self.object, version=data["version"] or self.object.version,
            values={name: data[name] for name in services.EDITED}, leader=data["leader"],
            joint_units=list(data["joint_units"]), reason=data["reason"],
        )  # fmt: skip


class HandOver(EditPage):
    permission = SET
    model = Duty
    action = "set"
    form = HandOverForm
    title = gettext_lazy("移交")
    submit_label = gettext_lazy("移交")

    def start(self) -> None:
        super().start()
        lifecycle.DUTY.check(self.object, "hand_over", self.by)

    def act(self, form: HandOverForm) -> Duty:
        data = form.cleaned_data
        return services.hand_over(
            by=self.by, duty=self.object, unit=data["unit"], reason=data["reason"], version=data["version"]
        )

    def done(self, result: Any) -> str:
        return _("已移交，等待新的牵头单位签收。时限不变。")

    def extra(self) -> dict[str, Any]:
        return {
            "intro": _("%(item)s，现在由%(unit)s牵头")
            % {"item": self.object, "unit": self.object.lead_unit.brief}
        }


class Remind(EditPage):
    permission = "duties.duty.supervise"
    model = Duty
    action = "supervise"
    form = RemindForm
    title = gettext_lazy("催办督办")
    submit_label = gettext_lazy("签发")

    def start(self) -> None:
        super().start()
        duty, today = self.object, timezone.localdate()
        self.issued = queries.story(duty.pk).reminders
        if why := queries.why_not_remind(duty, self.issued, today):
            raise Conflict(why)

    def form_arguments(self) -> dict[str, Any]:
        return {"levels": queries.issuable(self.object, self.issued, timezone.localdate())}

    def initial(self) -> dict[str, Any]:
        return {"level": queries.suggested(self.object, self.issued, timezone.localdate())}

    def act(self, form: RemindForm) -> Duty:
        services.issue_reminder(by=self.by, duty=self.object, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已签发，牵头单位已收到通知。")

    def extra(self) -> dict[str, Any]:
        duty = self.object
        return {"intro": f"{duty} · {duty.lead_unit.brief} · {due_words(duty, timezone.localdate())}"}
