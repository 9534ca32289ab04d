"""Circulars: the list of those issued, one with its words, the paper of it, a draft and issuing; and the papers of reminders."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from typing import IO, Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import events, uploads
from yinfeng.core.errors import Conflict, Missing
from yinfeng.core.exchange.documents import DOCX
from yinfeng.core.scopes import fetch, rows
from yinfeng.core.web import ActPage, ListPage, Page
from yinfeng.duties import papers, queries, services
from yinfeng.duties.circulars import CircularFilter, CircularForm, CircularTable
from yinfeng.duties.models import Circular, Reminder
from yinfeng.duties.views.leaders import FIGURES, OfPeriod
from yinfeng.orgs.models import Unit

SUPERVISE = "duties.duty.supervise"


def paper(
    write: Callable[[IO[bytes], Mapping[str, Any]], None], content: Mapping[str, Any], name: str
) -> FileResponse:
    """Return a document as a Word file."""
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    write(stream, content)
    stream.seek(0)
    response = FileResponse(stream, content_type=DOCX)
    response["Content-Disposition"] = uploads.content_disposition(f"{name}.docx")
    return response


class Circulars(ListPage):
    """The circulars that one's units issued or that name them."""

    permission = "duties.duty.view"
    model = Circular
    table = CircularTable
    filterset = CircularFilter
    key = "circulars"
    title = gettext_lazy("督办通报")

    def back(self) -> dict[str, Any]:
        return {"label": _("督办统计"), "url": reverse("duties-standing")}

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may(SUPERVISE):
            return None
        return {"label": _("拟通报"), "url": reverse("circular-new"), "icon": "speakerphone"}

    def empty(self) -> dict[str, Any]:
        hint = _("通报按时期汇总各单位的办理情况，印发时编号，之后不再变动；被通报的单位会收到通知。")
        return {"title": _("还没有印发过通报"), "hint": hint, "act": self.primary(), "icon": "speakerphone"}


class CircularPage(Page):
    """One circular as it was issued."""

    permission = "duties.duty.view"
    template_name = "duties/circular.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        circular: Circular = fetch(rows(Circular).select_related("unit", "issued_by"), self.by, pk)
        return self.render({
            "title": circular.title, "circular": circular, "content": circular.content,
            "units": _labelled(circular.content, "unit"), "late": _labelled(circular.content, "late"),
            "is_as_issued": services.is_as_issued(circular),
            "issued_at": timezone.localtime(circular.issued_at).strftime("%Y-%m-%d %H:%M"),
            "back": {"label": _("督办通报"), "url": reverse("circulars")},
            "document_url": reverse("circular-document", args=[circular.pk]),
        })  # fmt: skip


def _labelled(content: Mapping[str, Any], table: str) -> list[list[tuple[str, str]]]:
    """Return the rows of a table of a circular, each cell under its head."""
    heads, found = content[f"{table}_heads"], content["units" if table == "unit" else table]
    return [list(zip(heads, row, strict=True)) for row in found]


class CircularDocument(Page):
    """The paper of a circular, unless its row is no longer what was issued."""

    permission = "duties.duty.view"

    def get(self, request: HttpRequest, pk: int) -> FileResponse:
        circular: Circular = fetch(rows(Circular), self.by, pk)
        as_issued(self, circular)
        return paper(papers.write_circular, circular.content, f"{circular.title} {circular.number}")


class ReminderDocument(Page):
    """The paper of a reminder, unless its row is no longer what was issued; one that was a notice only has none."""

    permission = "duties.duty.view"

    def get(self, request: HttpRequest, pk: int) -> FileResponse:
        reminder: Reminder = fetch(rows(Reminder).select_related("duty"), self.by, pk)
        if not reminder.document and not reminder.digest:
            raise Missing
        as_issued(self, reminder)
        return paper(
            papers.write_reminder, reminder.document, f"{reminder.document['title']} {reminder.number}"
        )


def as_issued(page: Page, document: Reminder | Circular) -> None:
    """Log and refuse a document that was altered since it was issued."""
    if services.is_as_issued(document):
        return
    services.note_altered(by=page.by, document=document)
    raise Conflict(
        _("这份文书（%(number)s）与签发时不一致，不能下载。情况已记入日志，请联系系统管理员核查。")
        % {"number": document.number or "—"}
    )


class OfCircular(OfPeriod):
    """A page about the circular on a period, through today at most: it tells nothing of days to come."""

    permission = SUPERVISE
    through_today = True

    @cached_property
    def duties(self) -> Any:
        return queries.told_of(self.by)

    @cached_property
    def unit(self) -> Unit | None:
        """The unit in whose name the person would issue: his own, or the first he supervises for."""
        units = queries.supervising_units(self.by)
        found: Unit | None = units.filter(pk=self.by.unit_id).first() or units.first()
        return found


class IssueCircular(OfCircular, ActPage):
    """Issue a circular on a period; what it would say today can be taken along as a draft first."""

    form = CircularForm
    template_name = "duties/circular_form.html"
    title = gettext_lazy("拟通报")
    submit_label = gettext_lazy("印发")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by}

    def initial(self) -> dict[str, Any]:
        return {"unit": self.unit, "start": self.period.start, "end": self.period.end}

    def cancel_url(self) -> str:
        return reverse("duties-standing")

    def extra(self) -> dict[str, Any]:
        return {
            "intro": _("印发时编号并冻结内容，之后不能修改；同一时期只能印发一次。敏感事项不写进通报。"),
            "period": self.period.text, "lines": told_shortly(self.found.whole),
            "tabs": [
                {"label": label, "url": f"?period={code}", "active": code == self.request.GET.get("period", "")}
                for code, label in queries.PERIODS.items()
            ],
            "draft_url": f"{reverse('circular-draft')}?{urlencode(self.asked)}",
        }  # fmt: skip

    def act(self, form: CircularForm) -> Circular:
        data = form.cleaned_data
        period = queries.Period(data["start"], data["end"])
        return services.issue_circular(by=self.by, unit=data["unit"], period=period, demand=data["demand"])

    def done(self, result: Circular) -> str:
        return _("已印发，文号 %(number)s。") % {"number": result.number}


def told_shortly(whole: queries.Figures) -> list[dict[str, str]]:
    """Return what a circular comes to, as facts."""
    names = ("set", "on_time", "late", "open", "overdue")
    return [{"label": str(FIGURES[name]), "value": f"{getattr(whole, name):,}"} for name in names]


class DraftCircular(OfCircular):
    """What a circular on a period would say, as a paper without a number; nothing is kept but that it was made."""

    def get(self, request: HttpRequest) -> FileResponse:
        if self.unit is None:
            raise Missing
        content = services.draft_circular(by=self.by, unit=self.unit, period=self.period, demand="")
        told = {"text": content["title"], "rows": len(content["units"]), "kind": "docx", "conditions": []}
        events.record(by=self.by, verb="core.list.exported", obj=Circular(), data=told)
        return paper(papers.write_circular, content, _("%(title)s（草稿）") % content)
