"""A later last day: asked for, granted, refused, taken back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.errors import Conflict
from yinfeng.core.tables import day
from yinfeng.core.web import EditPage, MovePage
from yinfeng.duties import lifecycle, queries, services
from yinfeng.duties.forms import (
    ExtensionForm,
    GrantForm,
)
from yinfeng.duties.models import Duty, Extension

VIEW = "duties.duty.view"


class AskExtension(EditPage):
    permission = VIEW
    model = Duty
    action = "handle"
    form = ExtensionForm
    title = gettext_lazy("申请延期")
    submit_label = gettext_lazy("申请延期")

    def start(self) -> None:
        super().start()
        if why := queries.why_not_extend(self.object, timezone.localdate()):
            raise Conflict(why)

    def initial(self) -> dict[str, Any]:
        return {}

    def act(self, form: ExtensionForm) -> Duty:
        services.ask_extension(by=self.by, duty=self.object, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已申请，等待交办单位审批。审批之前时限不变。")

    def extra(self) -> dict[str, Any]:
        duty = self.object
        return {"intro": _("%(item)s，现在的办结时限 %(day)s") % {"item": duty, "day": day(duty.due_date)}}


class GrantExtension(EditPage):
    permission = VIEW
    model = Extension
    action = "decide"
    form = GrantForm
    title = gettext_lazy("同意延期")
    submit_label = gettext_lazy("同意延期")

    def start(self) -> None:
        super().start()
        lifecycle.EXTENSION.check(self.object, "grant", self.by)

    def initial(self) -> dict[str, Any]:
        return {"until": self.object.until, "version": self.object.version}

    def act(self, form: GrantForm) -> Extension:
        data = form.cleaned_data
        return services.grant_extension(
            by=self.by,
            extension=self.object,
            until=data["until"],
            answer=data["answer"],
            version=data["version"],
        )

    def done(self, result: Any) -> str:
        return _("已同意，牵头单位已收到通知。")

    def extra(self) -> dict[str, Any]:
        item = self.object
        told = {"item": item.duty, "was": day(item.was), "until": day(item.until), "reason": item.reason}
        return {"intro": _("%(item)s：%(was)s → %(until)s，原因：%(reason)s") % told}


class MoveExtension(MovePage):
    permission = VIEW
    model = Extension
    lifecycle = lifecycle.EXTENSION

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_extension(
            by=self.by, extension=self.object, move=self.move.name, reason=reason, version=version
        )
