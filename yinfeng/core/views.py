"""Pages of the core: home, search, notices, files, following, saved views, jobs, API keys, the audit log, errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import django_filters
import structlog
from django import forms
from django.db import DatabaseError
from django.db.models import Model
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import desk, events, jobs, queries, search, services, stores, tables, uploads
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Invalid, Missing, sentence_for
from yinfeng.core.filters import ScopedFilterSet
from yinfeng.core.forms import ReasonForm, Styled
from yinfeng.core.middleware import error_page, explain, is_ours
from yinfeng.core.models import ApiToken, Attachment, Event, Job, Notice
from yinfeng.core.permissions import registry
from yinfeng.core.scopes import demand, fetch, files_action, in_sight, rows
from yinfeng.core.tables import Cell, Column, Table, day, moment
from yinfeng.core.web import (
    PUBLIC,
    SIGNED_IN,
    ActPage,
    EditPage,
    ListPage,
    MovePage,
    Page,
    entry,
    system_name,
)

SUGGESTIONS = 5


def safe_next(request: HttpRequest, fallback: str) -> str:
    """Return where to go after a small act: the page it was made on, if it is one of ours."""
    target = request.POST.get("next") or request.headers.get("Referer", "")
    return target if is_ours(request, target) else fallback


class Health(Page):
    """Whether the parts work, for whoever watches the servers: no sentence, no figure, nothing about the data."""

    permission = PUBLIC

    def get(self, request: HttpRequest) -> HttpResponse:
        parts = {"database": True, "tasks": True}
        try:
            parts["tasks"] = not queries.is_work_left_lying(timezone.now())
        except DatabaseError:
            parts = {"database": False, "tasks": False}
        answer = JsonResponse(parts, status=200 if all(parts.values()) else 503)
        answer["Cache-Control"] = "no-store"
        return answer


class Home(Page):
    permission = SIGNED_IN
    template_name = "core/home.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        primary = next((act for provider in desk.PRIMARY if (act := provider(self.by))), None)
        boards = [provider(self.by) for provider in desk.HOME]
        today = dateformat.format(timezone.localdate(), _("Y年n月j日 l"))
        return self.render(
            {
                "greeting": _("%(name)s，您好") % {"name": self.by.name},
                "subtitle": " · ".join(filter(None, [self.by.unit_name, today])),
                "primary": primary,
                "cards": [card for board in boards for card in board.cards],
                "lists": [item for board in boards for item in board.lists],
                "is_empty": not any(board.cards or board.lists for board in boards),
                "has_role": bool(self.by.grants),
            }
        )


# --- search -------------------------------------------------------------------------------------------------------


class Search(Page):
    permission = SIGNED_IN
    template_name = "core/search.html"
    limit = 20

    def groups(self, query: str) -> list[dict[str, Any]]:
        """Return what is found among the rows the person may see, kind by kind."""
        made = []
        for found in desk.FOUND:
            if not query or (found.permission and not self.by.may(found.permission)):
                continue
            model_type = events.type_of(found.model)
            hits = search.ranked(
                {model_type: rows(found.model).permitted(self.by)}, query, self.limit, self.by
            )
            objects = (
                rows(found.model).select_related(*found.related).in_bulk([hit.object_id for hit in hits])
            )
            lines = [found.line(objects[hit.object_id]) for hit in hits if hit.object_id in objects]
            if lines:
                more = (
                    reverse(found.route) + tables.with_query(self.request.GET, q=query)
                    if len(hits) == self.limit
                    else ""
                )
                made.append({"label": found.label, "rows": lines, "more_url": more})
        return made

    def get(self, request: HttpRequest) -> HttpResponse:
        query = request.GET.get("q", "").strip()[: search.QUERY_LENGTH]
        return self.render({"query": query, "groups": self.groups(query)})


class Suggest(Search):
    template_name = "core/_suggest.html"
    limit = SUGGESTIONS


# --- notices ------------------------------------------------------------------------------------------------------


class Notices(Page):
    permission = SIGNED_IN
    template_name = "core/notifications.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        mine = Notice.objects.permitted(self.by).select_related("event")
        if request.GET.get("show") == "unread":
            mine = mine.filter(read_at=None)
        page = tables.page(mine, "-pk", request.GET.get("after", ""), request.GET.get("before", ""))
        seen = {event.pk for event in in_sight(self.by, [notice.event for notice in page.objects])}
        return self.render(
            {
                "notifications": self._grouped(page.objects, seen),
                "read_all_url": reverse("notices"),
                "settings": [
                    {"label": label, "icon": icon, "url": reverse(route)}
                    for label, icon, route in desk.OWN_SETTINGS
                ],
                "tabs": [
                    {"label": _("全部"), "url": request.path, "active": "show" not in request.GET},
                    {
                        "label": _("未读"),
                        "url": "?show=unread",
                        "active": request.GET.get("show") == "unread",
                    },
                ],
                "pager": tables.pager(request.GET, page),
            }
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        services.mark_read(by=self.by)
        return HttpResponseRedirect(reverse("notices"))

    def _grouped(self, notices: Sequence[Notice], seen: set[int]) -> list[dict[str, Any]]:
        """Return the notices of a page, those of one row together under the latest of them."""
        groups: dict[Any, list[dict[str, Any]]] = {}
        for notice in notices:
            about = notice.event.object_type, notice.event.object_id or -notice.pk
            groups.setdefault(about, []).append(self._line(notice, notice.event_id in seen))
        return [
            first | {"more": rest, "more_label": _("还有 %(count)s 条") % {"count": len(rest)}}
            for first, *rest in groups.values()
        ]

    def _line(self, notice: Notice, is_seen: bool) -> dict[str, Any]:
        event = notice.event
        what = events.verbs().get(event.verb, event.verb)
        who = event.actor_name if event.actor_id else system_name(event.actor_name)
        told = (desk.ASKS.get(notice.why, ""), event.data.get("text", ""), event.actor_unit, who, event.note)
        return {
            "title": f"{event.object_label}：{what}" if is_seen else _("这条记录已不在您的查看范围内"),
            "text": " · ".join(str(part) for part in told if part) if is_seen else "",
            "url": reverse("notice", args=[notice.pk]),
            "read": notice.read_at is not None,
            "at_text": moment(event.at),
        }


class OpenNotice(Page):
    """Go to what a notice is about; a POST, as the list makes it, also marks it as read."""

    permission = SIGNED_IN

    def _target(self, pk: int) -> str:
        notice = fetch(Notice.objects.select_related("event"), self.by, pk)
        obj = find_object(notice.event.object_type, notice.event.object_id, self)
        return str(obj.get_absolute_url())  # type: ignore[attr-defined]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return HttpResponseRedirect(self._target(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        target = self._target(pk)
        services.mark_read(by=self.by, notices=[pk])
        return HttpResponseRedirect(target)


# --- acts on any object -------------------------------------------------------------------------------------------


def find_object(kind: str, pk: int | None, page: Page, action: str = "view") -> Model:
    """Return the object that an address names, through its scope; Missing for kinds that have no page."""
    try:
        model = events.object_of(kind)
    except (LookupError, ValueError) as error:
        raise Missing from error
    if not hasattr(model, "get_absolute_url") or not hasattr(model._default_manager, "permitted"):
        raise Missing
    found: Model = fetch(rows(model), page.by, pk, action)
    return found


class AddFileForm(Styled):
    kind = forms.CharField(label=gettext_lazy("材料种类"), max_length=40, required=False)
    file = forms.FileField(
        label=gettext_lazy("文件"), error_messages={"required": gettext_lazy("请选择要上传的文件。")}
    )


class AddFile(ActPage):
    permission = SIGNED_IN
    form = AddFileForm
    secret_notice = True
    title = gettext_lazy("上传材料")

    def start(self) -> None:
        self.object = find_object(self.kwargs["kind"], self.kwargs["pk"], self, "change")

    def act(self, form: Any) -> Model:
        kind, file = form.cleaned_data["kind"], form.cleaned_data["file"]
        services.attach_file(by=self.by, obj=self.object, file=file, name=file.name, kind=kind)
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("材料已上传。")


def find_file(pk: Any, page: Page, action: str) -> tuple[Attachment, Model]:
    """Return a file with its object, through the object's scope."""
    attachment = queries.attachment(pk)
    if attachment is None:
        raise Missing
    obj = find_object(attachment.object_type, attachment.object_id, page, "view")
    for needed in {files_action(type(obj)), action} - {"view"}:
        demand(obj, page.by, needed)
    return attachment, obj


class Download(Page):
    permission = SIGNED_IN

    def get(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        attachment, obj = find_file(pk, self, "view")
        content = stores.open_stored(attachment.stored, attachment.name)
        services.record_download(by=self.by, obj=obj, attachment=attachment)
        response = FileResponse(content, content_type=attachment.content_type)
        response["Content-Disposition"] = uploads.content_disposition(attachment.name)
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response


class RemoveFile(ActPage):
    permission = SIGNED_IN
    form = ReasonForm
    danger = True
    title = gettext_lazy("撤下材料")
    submit_label = gettext_lazy("撤下")

    def start(self) -> None:
        self.attachment, self.object = find_file(self.kwargs["pk"], self, "change")

    def act(self, form: Any) -> Model:
        services.remove_file(
            by=self.by, obj=self.object, attachment=self.attachment, reason=form.cleaned_data["reason"]
        )
        return self.object  # type: ignore[no-any-return]

    def extra(self) -> dict[str, Any]:
        return {"title": f"{_('撤下材料')} · {self.attachment.name}"}


class FollowObject(Page):
    permission = SIGNED_IN

    def post(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        obj = find_object(kind, pk, self)
        services.follow(by=self.by, obj=obj)
        return HttpResponseRedirect(obj.get_absolute_url())  # type: ignore[attr-defined]


class UnfollowObject(Page):
    permission = SIGNED_IN

    def post(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        obj = find_object(kind, pk, self)
        services.unfollow(by=self.by, obj=obj)
        return HttpResponseRedirect(obj.get_absolute_url())  # type: ignore[attr-defined]


class SaveView(Page):
    permission = SIGNED_IN

    def post(self, request: HttpRequest) -> HttpResponse:
        back = safe_next(request, reverse("home"))
        key, name, query = (request.POST.get(part, "") for part in ("key", "name", "query"))
        key, name = (text.replace("\0", "") for text in (key, name))  # PostgreSQL takes no NUL
        if not name.strip():
            raise Invalid(_("请给视图起一个名字。"))
        services.save_view(by=self.by, page=key[:60], name=name, query=query)
        self.say(_("已存为视图“%(name)s”。") % {"name": name.strip()})
        return HttpResponseRedirect(back)


class DeleteView(Page):
    permission = SIGNED_IN

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        services.delete_view(by=self.by, pk=pk)
        return HttpResponseRedirect(safe_next(request, reverse("home")))


# --- jobs ---------------------------------------------------------------------------------------------------------

TONES = {
    "queued": "info",
    "running": "info",
    "waiting": "warning",
    "done": "success",
    "failed": "danger",
    "cancelled": "muted",
}
OUTCOME_TONES = {
    "new": "success",
    "updated": "info",
    "unchanged": "muted",
    "questioned": "warning",
    "refused": "danger",
}


def result_url(job: Job, by: Actor) -> str:
    """Return where the result is downloaded: it is its owner's, however many may watch the job."""
    return reverse("job-result", args=[job.pk]) if job.result_file and job.owner_id == by.user_id else ""


def job_line(job: Job, by: Actor) -> dict[str, Any]:
    """Return a job as its list and its page show it."""
    percent = round(100 * min(job.cursor / job.total, 1)) if job.total else None
    done = ""
    if job.total and job.state == "waiting":  # what is counted anew when it goes on
        done = _("共 %(total)s 行") % {"total": f"{job.total:,}"}
    elif job.total:
        done = _("已处理 %(done)s / %(total)s") % {"done": f"{job.cursor:,}", "total": f"{job.total:,}"}
    return {
        "title": job.title,
        "state": job.get_state_display(),
        "tone": TONES[job.state],
        "is_running": job.state in {"queued", "running"},
        "is_waiting": job.state == "waiting",
        "percent": percent if job.state in {"queued", "running"} else None,
        "done_text": done,
        "error": job.problem,
        "url": reverse("job", args=[job.pk]),
        "result_url": result_url(job, by),
        "who": str(job.owner or ""),
        "at_text": moment(job.created_at),
    }


class Jobs(Page):
    permission = SIGNED_IN
    template_name = "core/jobs.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        found = Job.objects.permitted(self.by).select_related("owner")
        page = tables.page(found, "-pk", request.GET.get("after", ""), request.GET.get("before", ""))
        lines = [job_line(job, self.by) for job in page.objects]
        return self.render({"jobs": lines, "pager": tables.pager(request.GET, page)})


REPORT_LINES = 200


class JobDetail(Page):
    permission = SIGNED_IN
    template_name = "core/job.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = fetch(Job.objects.select_related("owner"), self.by, pk)
        acts = [
            {
                "label": offer.move.label,
                "url": reverse("job-move", args=[job.pk, offer.move.name]),
                "method": "post",
                "style": offer.move.style if offer.move.style != "secondary" else "secondary",
                "icon": offer.move.icon,
            }
            for offer in jobs.LIFECYCLE.offers(job, self.by)
            if offer.move.action == "change"
        ]
        kind = jobs.KINDS.get(job.kind)
        own = kind is not None and job.owner_id == self.by.user_id
        again = kind.again(job) if kind and kind.again and own else ""
        options = kind.options if kind and own else None
        return self.render(
            {
                "title": job.title,
                "job": job_line(job, self.by),
                "acts": acts,
                "again_url": again,
                "report": self._report(job, options),
            }
        )

    def _report(
        self, job: Job, options: Callable[[Job, Mapping[str, Any]], list[dict[str, Any]]] | None
    ) -> dict[str, Any] | None:
        counts = job.report.get("counts")
        if counts is None:
            told = job.report.get("told", "")
            return {"told": told, "link": job.report.get("link", {})} if told else None
        labels = {
            "new": _("新增"), "updated": _("更新"), "unchanged": _("无变化"), "questioned": _("有疑问"), "refused": _("未导入"),
        }  # fmt: skip
        urgency = list(labels)[::-1]
        lines = sorted(
            job.report.get("rows", []),
            key=lambda line: urgency.index(line["outcome"]) if line["outcome"] in urgency else len(urgency),
        )
        more = len(lines) - REPORT_LINES
        return {
            "notes": job.report.get("notes", []),
            "more_text": _("另有 %(count)s 行没有列出。") % {"count": f"{more:,}"} if more > 0 else "",
            "counts": [
                {
                    "label": labels[name],
                    "value": f"{counts.get(name, 0):,}",
                    "tone": OUTCOME_TONES[name] if counts.get(name) else "",
                }
                for name in labels
            ],
            "rows": [
                {
                    "number": line["number"],
                    "outcome": labels.get(line["outcome"], line["outcome"]),
                    "tone": OUTCOME_TONES.get(line["outcome"], ""),
                    "name": line.get("name", ""),
                    "text": " ".join(line["sentences"]),
                    "options": options(job, line) if options else [],
                }
                for line in lines[:REPORT_LINES]
            ],
        }


class JobResult(Page):
    permission = SIGNED_IN

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        job = fetch(Job.objects.all(), self.by, pk, "change", _("结果文件只有任务的发起人可以下载。"))
        if not job.result_file:
            raise Missing
        content = stores.open_stored(job.result_file, job.result_name)
        response = FileResponse(content, content_type="application/octet-stream")
        response["Content-Disposition"] = uploads.content_disposition(job.result_name)
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response


class MoveJob(MovePage):
    permission = SIGNED_IN
    model = Job
    lifecycle = jobs.LIFECYCLE

    def cancel_url(self) -> str:
        return reverse("job", args=[self.object.pk])

    def perform(self, *, reason: str, version: int | None) -> None:
        if self.move.action != "change":
            raise Missing
        jobs.move(self.object, self.move.name, by=self.by, reason=reason)

    def act(self, form: Any) -> str:
        super().act(form)
        return reverse("job", args=[self.object.pk])


# --- API keys -----------------------------------------------------------------------------------------------------


class TokenTable(Table):
    columns = (
        Column("name", gettext_lazy("用途"), lambda token: token.name),
        Column("mark", gettext_lazy("识别码"), lambda token: f"{token.mark}…"),
        Column(
            "scopes",
            gettext_lazy("可用权限"),
            lambda token: "、".join(str(registry()[c].label) for c in token.scopes if c in registry()),
        ),
        Column("expires", gettext_lazy("到期"), lambda token: day(token.expires_at)),
        Column("used", gettext_lazy("最近使用"), lambda token: moment(token.used_at)),
        Column("state", gettext_lazy("状态"), lambda token: token_state(token)),
    )

    def url(self, obj: ApiToken) -> str:
        return "" if obj.revoked_at else reverse("token-revoke", args=[obj.pk])


def token_state(token: ApiToken) -> Cell:
    if token.revoked_at:
        return Cell(_("已停用"), badge=True, tone="muted", icon="ban")
    if token.expires_at <= timezone.now():
        return Cell(_("已过期"), badge=True, tone="warning", icon="clock-exclamation")
    return Cell(_("可用"), badge=True, tone="success", icon="check")


class TokenFilter(ScopedFilterSet):
    main = ("name",)
    name = django_filters.CharFilter(label=gettext_lazy("用途"), lookup_expr="icontains")


class Tokens(ListPage):
    permission = SIGNED_IN
    model = ApiToken
    table = TokenTable
    filterset = TokenFilter
    key = "tokens"
    title = gettext_lazy("接口密钥")

    def primary(self) -> dict[str, Any]:
        return {"label": _("新建密钥"), "url": reverse("token-new"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _("密钥让其他系统以您的身份读写数据，权限不会超过您本人。")
        return {"title": _("还没有接口密钥"), "hint": hint, "act": self.primary()}


class NewTokenForm(Styled):
    name = forms.CharField(
        label=gettext_lazy("用途"), max_length=60, help_text=gettext_lazy("写明哪个系统使用，便于以后停用。")
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("有效期"),
        coerce=int,
        choices=[(30, gettext_lazy("30 天")), (90, gettext_lazy("90 天")), (365, gettext_lazy("一年"))],
    )
    scopes = forms.MultipleChoiceField(label=gettext_lazy("可用权限"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(code, item.label) for code, item in registry().items() if by.may(code)]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]


class NewToken(ActPage):
    permission = SIGNED_IN
    form = NewTokenForm
    title = gettext_lazy("新建接口密钥")
    submit_label = gettext_lazy("创建")

    def cancel_url(self) -> str:
        return reverse("tokens")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by}

    def act(self, form: Any) -> HttpResponse:
        data = form.cleaned_data
        token, secret = services.create_token(
            by=self.by, name=data["name"], scopes=data["scopes"], days=data["days"]
        )
        context = {
            "title": _("密钥已创建"),
            "warning": _("这个密钥只显示这一次"),
            "what_to_do": _("请现在复制到使用它的系统中，离开本页后无法再看到。"),
            "label": token.name,
            "secret": secret,
            "done": {"label": _("已保存好"), "url": reverse("tokens")},
        }
        return self.render(context, template="core/once.html")


class RevokeToken(EditPage):
    permission = SIGNED_IN
    model = ApiToken
    form = Styled
    danger = True
    title = gettext_lazy("停用接口密钥")
    submit_label = gettext_lazy("停用")

    def initial(self) -> dict[str, Any]:
        return {}

    def cancel_url(self) -> str:
        return reverse("tokens")

    def act(self, form: Any) -> str:
        services.revoke_token(by=self.by, pk=self.object.pk)
        return reverse("tokens")

    def extra(self) -> dict[str, Any]:
        return {
            "intro": _("停用“%(name)s”之后，使用它的系统将立即无法访问，且不能恢复。")
            % {"name": self.object.name}
        }


# --- the audit log ------------------------------------------------------------------------------------------------


class AuditFilter(ScopedFilterSet):
    main = ("actor_name", "verb", "at")
    actor_name = django_filters.CharFilter(label=gettext_lazy("操作人"), lookup_expr="icontains")
    verb = django_filters.ChoiceFilter(
        label=gettext_lazy("操作"),
        choices=lambda: sorted(events.verbs().items(), key=lambda pair: str(pair[1])),
    )
    object_label = django_filters.CharFilter(label=gettext_lazy("对象"), lookup_expr="icontains")
    at = django_filters.DateFilter(label=gettext_lazy("日期"), lookup_expr="date", widget=forms.DateInput)


class AuditTable(Table):
    columns = (
        Column(
            "at",
            gettext_lazy("时间"),
            lambda event: moment(event.at),
            value=lambda event: event.at,
            kind="datetime",
        ),
        Column(
            "who", gettext_lazy("操作人"), lambda event: Cell(event.actor_name or "—", sub=event.actor_unit)
        ),
        Column("what", gettext_lazy("操作"), lambda event: str(events.verbs().get(event.verb, event.verb))),
        Column("object", gettext_lazy("对象"), lambda event: event.object_label),
        Column("changes", gettext_lazy("变更"), lambda event: changes_text(event)),
        Column("note", gettext_lazy("说明"), lambda event: event.note),
        Column("address", gettext_lazy("网络地址"), lambda event: event.address),
    )

    def url(self, obj: Event) -> str:
        return ""


def changes_text(event: Event) -> str:
    parts = []
    for line in entry(event)["changes"]:
        new = line["new"] or _("空")
        parts.append(f"{line['label']}：{line['old']} → {new}" if line["old"] else f"{line['label']}：{new}")
    return "；".join(parts)


class AuditLog(ListPage):
    permission = "core.audit.view"
    model = Event
    table = AuditTable
    filterset = AuditFilter
    key = "audit"
    title = gettext_lazy("审计日志")


# --- errors that Django raises itself -----------------------------------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400, _("浏览器发来的请求不完整或有误，请返回后重试。"))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403, _("您没有查看这个页面的权限。如需办理，请联系本单位管理员。"))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404, str(Missing().sentence))


def request_number() -> str:
    """Return the number of the request in the log, by which an administrator finds the error."""
    return str(structlog.contextvars.get_contextvars().get("request", ""))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an error that no view raised, or that nobody foresaw."""
    error = sys.exc_info()[1]
    try:
        if error and (meant := sentence_for(error)):
            return explain(request, meant)
        return error_page(
            request,
            500,
            _("系统出错，刚才的操作没有生效。请稍后重试；若仍然出错，请把页面下方的编号告诉管理员。"),
            number=request_number(),
        )
    except DatabaseError:  # the database itself may be away: the page must not need it
        return HttpResponse(render_to_string("500.html", {"number": request_number()}), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(
        request, 403, _("页面停留过久，为安全起见本次提交没有生效。请返回刷新页面后再提交一次。")
    )
