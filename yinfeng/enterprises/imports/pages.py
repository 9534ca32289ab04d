"""The pages of an import: the form that takes the file, the workbook to fill in."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import uploads
from yinfeng.core.exchange.writing import template_workbook
from yinfeng.core.exporting import XLSX
from yinfeng.core.forms import Styled
from yinfeng.core.models import Job
from yinfeng.core.scopes import fetch
from yinfeng.core.web import ActPage, Page
from yinfeng.enterprises import services
from yinfeng.enterprises.filters.records import tag_choices
from yinfeng.enterprises.imports import KIND, again, left, started
from yinfeng.enterprises.imports.rows import COLUMNS


class ImportForm(Styled):
    file = forms.FileField(
        label=gettext_lazy("名单文件"),
        help_text=gettext_lazy("xlsx 或 csv，一行一家企业。先试读并报告每一行的结果，确认后才写入。"),
        error_messages={"required": gettext_lazy("请选择要导入的文件。")},
    )
    tag = forms.ChoiceField(label=gettext_lazy("为名单中的企业加标签"), required=False)
    year = forms.IntegerField(
        label=gettext_lazy("名单年度"), required=False, min_value=1900, max_value=2200,
        help_text=gettext_lazy("如 2025；不分年度的名单请留空。名单中的“名次”列随标签记录。"),
    )  # fmt: skip
    complete = forms.BooleanField(
        label=gettext_lazy("名单完整：未列入的企业撤下此标签"), required=False,
        help_text=gettext_lazy("只撤下所选年度的标签；有疑问的行所指的企业暂时保留。"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag"].choices = [("", _("不加标签")), *tag_choices()]  # type: ignore[attr-defined]


class ImportEnterprises(ActPage):
    permission = "enterprises.enterprise.import"
    form = ImportForm
    template_name = "enterprises/import.html"
    title = gettext_lazy("导入企业名单")
    submit_label = gettext_lazy("试读")

    def cancel_url(self) -> str:
        return reverse("enterprises")

    def act(self, form: Any) -> str:
        data = form.cleaned_data
        job = started(
            by=self.by, file=data["file"], tag=data["tag"], year=data["year"] or 0, complete=data["complete"]
        )
        return reverse("job", args=[job.pk])

    def done(self, result: Any) -> str:
        return _("已开始试读，稍候即可看到每一行的结果。")

    def extra(self) -> dict[str, Any]:
        return {"template_url": reverse("enterprises-template")}


class Template(Page):
    """The workbook to fill in for an import."""

    permission = "enterprises.enterprise.import"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        stream = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
        template_workbook(stream, COLUMNS, _("企业名单"))
        stream.seek(0)
        response = FileResponse(stream, content_type=XLSX)
        name = f"{_('企业名单模板')}-{timezone.localdate():%Y%m%d}.xlsx"
        response["Content-Disposition"] = uploads.content_disposition(name)
        return response


# --- decisions about rows -----------------------------------------------------------------------------------------


def options(job: Job, line: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the enterprises that a questioned row may mean, with what may be decided about each."""
    if line["outcome"] != "questioned" or job.state in {"queued", "running"}:
        return []
    decided = {True: _("已判断：同一家"), False: _("已判断：不是同一家")}
    candidates = line.get("candidates", ())
    found = []
    for item in candidates:
        choices = [{"label": _("同一家"), "value": "yes"}] if item.get("same") is not True else []
        if item.get("separable", True) and item.get("same") is not False:
            choices.append({"label": _("不是同一家"), "value": "no"})
        found.append(
            {
                "name": item["name"],
                "url": reverse("enterprise", args=[item["id"]]),
                "reason": item["reason"] if len(candidates) > 1 else "",  # of one the sentence says it
                "decided": decided.get(item.get("same"), ""),
                "post_url": reverse("enterprises-import-row", args=[job.pk, line["number"], item["id"]]),
                "choices": choices,
            }
        )
    return found


def again_url(job: Job) -> str:
    return reverse("enterprises-import-again", args=[job.pk]) if left(job) else ""


class SettleRow(Page):
    """Say of a questioned row whether it means an enterprise."""

    permission = "enterprises.enterprise.import"

    def post(self, request: HttpRequest, pk: int, number: int, enterprise: int) -> HttpResponse:
        job = fetch(Job.objects.filter(kind=KIND), self.by, pk, "change")
        same = request.POST.get("same") == "yes"
        services.settle_row(by=self.by, job=job, number=number, enterprise=enterprise, same=same)
        said = (
            _("已记住：第 %(number)s 行与这家企业是同一家。")
            if same
            else _("已记住：第 %(number)s 行不是这家企业。")
        )
        self.say(said % {"number": number})
        return redirect(f"{reverse('job', args=[job.pk])}#row-{number}")


class TakeUpAgain(Page):
    """Take the questioned rows of a finished import up again."""

    permission = "enterprises.enterprise.import"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = again(by=self.by, job=fetch(Job.objects.filter(kind=KIND), self.by, pk, "change"))
        self.say(_("已开始再次处理有疑问的行。"))
        return redirect("job", pk=job.pk)
