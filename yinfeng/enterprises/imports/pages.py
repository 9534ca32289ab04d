"""The pages of an import: the form that takes the file, the workbook to fill in."""

from __future__ import annotations

import tempfile
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from yinfeng.core import jobs, uploads
from yinfeng.core.errors import Invalid
from yinfeng.core.exchange.writing import template_workbook
from yinfeng.core.exporting import XLSX
from yinfeng.core.forms import Styled
from yinfeng.core.web import ActPage, Page
from yinfeng.enterprises.filters import tag_choices
from yinfeng.enterprises.imports import KIND, open_list
from yinfeng.enterprises.imports.rows import COLUMNS


class ImportForm(Styled):
    file = forms.FileField(
        label=gettext_lazy("名单文件"),
        help_text=gettext_lazy("xlsx 或 csv，一行一家企业。先试读并报告每一行的结果，确认后才写入。"),
        error_messages={"required": gettext_lazy("请选择要导入的文件。")},
    )
    tag = forms.ChoiceField(label=gettext_lazy("为名单中的企业加标签"), required=False)

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
        file = form.cleaned_data["file"]
        if not file.name.lower().endswith((".xlsx", ".csv", ".csv.gz", ".tsv")):
            sentence = _("只能导入 xlsx 或 csv 文件。请在 Excel 或 WPS 中另存为 xlsx 再上传。")
            raise Invalid(sentence, fields={"file": [sentence]})
        with open_list(file, file.name) as table:
            notes = table.notes
        file.seek(0)
        job = jobs.start(
            by=self.by, kind=KIND, title=_("导入企业名单：%(file)s") % {"file": file.name},
            parameters={"tag": form.cleaned_data["tag"], "phase": "check", "language": get_language(), "notes": notes},
            source=file, source_name=file.name[:200],
        )  # fmt: skip
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
