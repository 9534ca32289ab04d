"""Moving a duty on: progress, submitting, and the moves that ask for no more than a reason."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.errors import Conflict
from yinfeng.core.web import EditPage, MovePage
from yinfeng.duties import lifecycle, queries, services
from yinfeng.duties.forms import (
    ProgressForm,
    SubmitForm,
)
from yinfeng.duties.models import Duty

VIEW = "duties.duty.view"


class ReportProgress(EditPage):
    permission = VIEW
    model = Duty
    action = "contribute"
    form = ProgressForm
    secret_notice = True
    title = gettext_lazy("报告进展")
    submit_label = gettext_lazy("报告")

    def start(self) -> None:
        super().start()
        if why := queries.why_not_report(self.object):
            raise Conflict(why)

    def form_arguments(self) -> dict[str, Any]:
        return {"duty": self.object, "by": self.by}

    def initial(self) -> dict[str, Any]:
        return {"unit": self.by.unit_id, "percent": self.object.percent}

    def act(self, form: ProgressForm) -> Duty:
        data = form.cleaned_data
        services.report_progress(
            by=self.by, duty=self.object, unit=data["unit"], text=data["text"], problem=data["problem"],
            percent=data.get("percent"),
        )  # fmt: skip
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已报告。")

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}


class SubmitDuty(EditPage):
    permission = VIEW
    model = Duty
    action = "handle"
    form = SubmitForm
    secret_notice = True
    title = gettext_lazy("报结")
    submit_label = gettext_lazy("报结")

    def start(self) -> None:
        super().start()
        lifecycle.DUTY.check(self.object, "submit", self.by)

    def act(self, form: SubmitForm) -> Duty:
        data = form.cleaned_data
        file = data["evidence"]
        return services.submit_duty(
            by=self.by, duty=self.object, result=data["result"], files=[(file, file.name)] if file else [], version=data["version"],
        )  # fmt: skip

    def refuse(self, form: Any, error: Any) -> Any:
        if "files" in error.fields:
            error.fields["evidence"] = error.fields.pop("files")
        return super().refuse(form, error)

    def done(self, result: Any) -> str:
        return _("已报结，等待交办单位审核。")

    def extra(self) -> dict[str, Any]:
        return {"intro": _("目标任务：%(target)s") % {"target": self.object.target}}


class MoveDuty(MovePage):
    permission = VIEW
    model = Duty
    lifecycle = lifecycle.DUTY

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_duty(by=self.by, duty=self.object, move=self.move.name, reason=reason, version=version)
