"""The four pages everything is made of: a list, a detail, an act (a form that makes one service call) and a move.

A page names the permission it needs; ``PUBLIC`` pages need none. The permission matrix of the tests walks every route and
reads it from here, so a route without one fails.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, DecimalField, Model, PositiveIntegerField
from django.forms import Form, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import View

from yinfeng.core import events, queries, search, tables
from yinfeng.core.actors import Actor
from yinfeng.core.errors import DomainError, Invalid, Missing, Stale
from yinfeng.core.exporting import export
from yinfeng.core.filters import ScopedFilterSet
from yinfeng.core.forms import NoteForm, ReasonForm
from yinfeng.core.lifecycle import Lifecycle
from yinfeng.core.models import Attachment, Event
from yinfeng.core.money import YuanField, show
from yinfeng.core.prepared import prepared
from yinfeng.core.scopes import ScopedQuerySet, actions_of, fetch, files_action, rows, with_actions

SIGNED_IN = "signed-in"
PUBLIC = "public"


class Page(View):
    """A page that knows who asks. ``permission`` is a code, SIGNED_IN or PUBLIC; there is no default."""

    permission: ClassVar[str]
    template_name: ClassVar[str] = ""
    title: ClassVar[str | Promise] = ""

    @property
    def by(self) -> Actor:
        return self.request.actor  # type: ignore[attr-defined,no-any-return]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.permission != PUBLIC:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if self.permission != SIGNED_IN:
                self.by.require(self.permission)
        return super().dispatch(request, *args, **kwargs)

    def render(self, context: dict[str, Any], *, template: str = "", status: int = 200) -> HttpResponse:
        return render(
            self.request, template or self.template_name, {"title": self.title, **context}, status=status
        )

    def say(self, sentence: str) -> None:
        """Show a sentence on the next page."""
        messages.success(self.request, sentence)


# --- list ---------------------------------------------------------------------------------------------------------


class ListPage(Page):
    """A list: filters, sort, columns, saved views, keyset pages, bulk acts and exports over one scoped query."""

    template_name = "core/list.html"
    model: ClassVar[type[Model]]
    filterset: ClassVar[type[ScopedFilterSet]]
    table: ClassVar[type[tables.Table]]
    key: ClassVar[str]
    export_permission: ClassVar[str] = ""
    export_route: ClassVar[str] = ""
    facets_route: ClassVar[str] = ""  # the fragment that says how the list divides
    best_first: ClassVar[bool] = False  # what was searched for and not sorted is shown as the search ranks it
    narrowing: ScopedFilterSet  # the filters as they were asked for

    def queryset(self) -> ScopedQuerySet[Any]:
        """Return the rows the person may see, before the filters."""
        return self.model._default_manager.all().permitted(self.by)  # type: ignore[attr-defined,no-any-return]

    def back(self) -> dict[str, Any] | None:
        """Return the page to which a list belongs, if it stands in no menu."""
        return None

    def primary(self) -> dict[str, Any] | None:
        """Return the one act a list invites to, if the person may do it."""
        return None

    def bulk(self) -> list[dict[str, Any]]:
        return []

    def tabs(self) -> list[dict[str, Any]]:
        return []

    def summed(self, found: Any) -> str:
        """Return what the found rows come to together, in words; empty where nothing is to be added up."""
        return ""

    def total(self) -> int | None:
        """Return how many rows there are without any filter, if the page knows it already."""
        return None

    def empty(self) -> dict[str, Any]:
        """Return what an empty list says and offers next."""
        return {"title": _("这里还没有记录"), "hint": "", "act": self.primary()}

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        query = request.GET
        table = self.table(query.getlist("col"), query.get("sort", ""))
        filterset = self.filterset(query, queryset=self.queryset(), request=request, by=self.by)
        self.narrowing = filterset
        form, chips = filterset.form, filterset.chips(query)
        if self.best_first and not table.sort and filterset.asked:
            page, count_text = self._best(filterset, table)
        else:
            found = filterset.qs if form.is_valid() else filterset.queryset.none()
            after, before = query.get("after", ""), query.get("before", "")
            ahead = None if table.sort else table.ahead
            page = tables.page(found, table.ordering, after, before, fetch=table.fetch, ahead=ahead)
            is_whole = not (after or before or page.after)
            known = len(page.objects) if is_whole else None if chips else self.total()
            count_text = tables.count_text(found, known)
            if page.objects and (summed := self.summed(found)):
                count_text = f"{count_text} · {summed}"
        bulk = self.bulk()
        context = {
            "list_key": self.key,
            "table": {"columns": table.heads(query), "rows": table.rows(page.objects, picked=bool(bulk))},
            "pager": tables.pager(query, page),
            "count_text": count_text,
            "filter_form": form,
            "filter_main": filterset.drawn(filterset.main),
            "filter_more": filterset.drawn(
                [name for name in form.fields if name not in (*filterset.main, *filterset.by_facet)]
            ),
            "chips": chips,
            "carried": [
                (name, value)
                for name, values in query.lists()
                if name in ("sort", "col", "facets", *filterset.by_facet)
                for value in values
            ],
            "clear_url": request.path,
            "empty": self._nothing_found() if chips else self.empty(),
            "bulk": bulk,
            "facets_url": reverse(self.facets_route) + tables.with_query(query, after=None, before=None)
            if self.facets_route
            else "",
            **self._tools(table),
        }
        if not getattr(request, "htmx", False):
            context |= self._around()
        # the fragment is the same whatever stands above the list
        template = "core/list.html#table" if getattr(request, "htmx", False) else self.template_name
        return self.render(context, template=template)

    def _best(self, filterset: ScopedFilterSet, table: tables.Table) -> tuple[tables.Page, str]:
        """Return a page of the best answers, and how many there are; its cursors count them."""
        visible = {events.type_of(self.model): filterset.but_asked()}
        hits, complete = search.best(visible, filterset.asked, by=self.by)
        after, before = (_counted(self.request.GET.get(name, "")) for name in ("after", "before"))
        start = after if after is not None else max((before or 0) - tables.PAGE_ROWS, 0)
        ids = [hit.object_id for hit in hits[start : start + tables.PAGE_ROWS]]
        rows = {row.pk: row for row in table.fetch(self.model._default_manager.filter(pk__in=ids))}
        end = start + tables.PAGE_ROWS
        page = tables.Page(
            [rows[pk] for pk in ids if pk in rows],
            str(end) if end < len(hits) else "",
            str(start) if start else "",
        )
        text = (
            _("共 %(count)s 条")
            if complete
            else _("相符的很多，先列最相关的 %(count)s 条；按某一列排序可看全部")
        )
        return page, text % {"count": f"{len(hits):,}"}

    def _nothing_found(self) -> dict[str, Any]:
        """Return what is said when no row passes the filters, or when a tab, which is one, has none."""
        asked = self.request.path + tables.with_query(
            self.request.GET, after=None, before=None, sort=None, col=None
        )
        first, *others = self.tabs() or [{}]
        for tab in others:
            if tab["url"] == asked:
                back = {"label": first["label"], "url": first["url"]}
                return {"title": _("“%(tab)s”中还没有记录") % {"tab": tab["label"]}, "hint": "", "act": back}
        clear = {"label": _("清除全部筛选"), "url": self.request.path}
        return {"title": _("没有符合条件的记录"), "hint": _("可以减少几个筛选条件再看。"), "act": clear}

    def _tools(self, table: tables.Table) -> dict[str, Any]:
        """Return what stands above the rows and follows every change of the filters."""
        current = self._current()
        exports = []
        if self.export_route and self.by.may(self.export_permission):
            base = reverse(self.export_route)
            suffix = f"&{current}" if current else ""
            exports = [
                {"label": _("导出 Excel"), "url": f"{base}?format=xlsx{suffix}"},
                {"label": _("导出 CSV"), "url": f"{base}?format=csv{suffix}"},
            ]
        shown = {column.key for column in table.shown}
        return {
            "save_view_url": reverse("view-save"),
            "save_view_query": current,
            "columns_form": [
                {"key": column.key, "label": column.label, "checked": column.key in shown}
                for column in table.columns
            ],
            "exports": exports,
        }

    def _around(self) -> dict[str, Any]:
        """Return what stands around the list and stays as it is while the filters change."""
        current = self._current()
        views = [
            {
                "label": view.name,
                "url": f"{self.request.path}?{view.query}",
                "active": view.query == current and bool(current),
                "delete_url": reverse("view-delete", args=[view.pk]),
            }
            for view in queries.saved_views(self.by, self.key)
        ]
        return {"saved_views": views, "primary": self.primary(), "tabs": self.tabs(), "back": self.back()}

    def _current(self) -> str:
        return tables.with_query(self.request.GET, after=None, before=None).lstrip("?")


def _counted(cursor: str) -> int | None:
    """Return how many answers come before a page of them; Invalid for what is no number."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 6):
        raise Invalid(_("翻页位置无效，请从第一页重新开始。"))
    return int(cursor)


# --- detail -------------------------------------------------------------------------------------------------------


class DetailPage(Page):
    """One row: its facts, what is missing, its moves, timeline, files and people, all through its scope.

    The row, what one may do on it (``actions``) and whether one follows it are asked in one query.
    """

    template_name = "core/detail.html"
    model: ClassVar[type[Model]]
    lifecycles: ClassVar[tuple[Lifecycle, ...]] = ()
    actions: ClassVar[tuple[str, ...]] = ()
    edit_action: ClassVar[str] = "change"
    follows: ClassVar[bool] = True
    object: Any

    @classmethod
    def queryset(cls, by: Actor) -> ScopedQuerySet[Any]:
        """Return the rows with what the page shows of others; ``by`` alone may decide its SQL."""
        return rows(cls.model)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        found = _shown_row(type(self), self.by, kwargs["pk"])
        if not found:
            raise Missing
        (self.object,) = found
        return self.render(
            {"title": str(self.object), "object": self.object, **self.frame(), **brief(self.content())}
        )

    @classmethod
    def asked(cls) -> set[str]:
        """Return the acts about which the page asks whether they are allowed."""
        return {cls.edit_action, *cls.actions}

    def allowed(self) -> set[str]:
        """Return what the person may do on this row."""
        return actions_of(self.object, self.by, self.asked())

    def content(self) -> dict[str, Any]:
        """Return the page's own facts and panels (see core/detail.html)."""
        return {}

    def file_kinds(self) -> list[tuple[str, str]]:
        return []

    def told_of(self) -> Sequence[Model]:
        """Return the rows whose events make this page's timeline."""
        return [self.object]

    def timeline(self) -> dict[str, Any]:
        """Return the newest events, or those before the one that ``?before=`` names, with the links to the others."""
        asked = self.request.GET.get("before", "")
        before = min(int(asked), queries.NEWEST) if asked.isdecimal() and len(asked) < 20 else queries.NEWEST
        events, rest = queries.timeline(self.told_of(), before)
        return {
            "timeline": [self.line_of(event) for event in events],
            "timeline_more_url": f"?before={rest}#timeline" if rest else "",
            "timeline_newest_url": f"{self.request.path}#timeline" if before < queries.NEWEST else "",
        }

    @property
    def has_files(self) -> bool:
        """Say whether the reader may have the row's files, and be told their names."""
        return files_action(self.model) in {"view", *self.allowed()}

    def line_of(self, event: Event) -> dict[str, Any]:
        """Return an event as a line of the timeline."""
        return entry(event, self.object, with_files=self.has_files)

    def frame(self) -> dict[str, Any]:
        """Return what every detail page has: moves, timeline, files, following."""
        obj, by, allowed = self.object, self.by, self.allowed()
        may_edit = self.edit_action in allowed
        frame: dict[str, Any] = {
            "may_edit": may_edit,
            **self.timeline(),
            "files": [
                file_line(file) for file in (queries.attachments(self.told_of()) if self.has_files else [])
            ],
            "upload_url": object_url("file-add", obj) if may_edit else "",
            "file_kinds": self.file_kinds(),
            "acts": [act for table in self.lifecycles for act in move_acts(table, obj, by, allowed)],
        }
        if self.follows:
            following = obj.is_followed
            frame["follow"] = {
                "url": object_url("unfollow" if following else "follow", obj),
                "following": following,
            }
        return frame


@prepared
def _shown_row(page: type[DetailPage], by: Actor, pk: int) -> ScopedQuerySet[Any]:
    found = with_actions(page.queryset(by), by, page.asked())
    if page.follows:
        found = found.annotate(is_followed=queries.followed_by(by, page.model))
    return found.row(by, pk)[:1]


def object_url(route: str, obj: Model) -> str:
    """Return the address of an act on any kind of object."""
    return reverse(route, args=[events.type_of(obj), obj.pk])


def move_acts(
    lifecycle: Lifecycle, obj: Model, by: Actor, allowed: set[str] | None = None
) -> list[dict[str, Any]]:
    """Return the buttons of the moves a person may make, blocked ones with their reason."""
    return [
        {
            "label": offer.move.label,
            "url": reverse(
                offer.move.route or f"{lifecycle.name}-move",
                args=[obj.pk] if offer.move.route else [obj.pk, offer.move.name],
            ),
            "icon": offer.move.icon,
            "style": offer.move.style,
            "method": "get",
            "blocked_reason": "".join(str(reason) for reason in offer.reasons),
            "blocked_reasons": offer.reasons,
        }
        for offer in lifecycle.offers(obj, by, allowed)
    ]


# What an event did, by the last word of its verb: an icon for the eye that runs down a timeline.
ICONS = {
    **dict.fromkeys(("added", "created", "registered", "member_added", "unit_added", "imported", "granted", "sent"), "plus"),
    **dict.fromkeys(("removed", "member_removed", "unit_removed", "revoked", "closed", "ended", "left"), "minus"),
    **dict.fromkeys(("changed", "updated", "tagged", "graded", "renamed", "moved", "role"), "pencil"),
    **dict.fromkeys(("intend", "negotiate", "register", "prepare", "start", "build", "convert", "qualify", "extended"), "arrow-narrow-right"),
    **dict.fromkeys(("sign", "complete", "produce", "reach_capacity", "claim_verified"), "flag"),
    **dict.fromkeys(("step_back_asked", "reopen", "reopened", "resume", "entry_reversed", "reversal_asked"), "arrow-back-up"),
    **dict.fromkeys(("verified", "verify", "approve"), "check"),
    **dict.fromkeys(("lose", "end", "decline", "refute", "signature_refuted", "claim_refuted", "refuse", "step_back_refused", "reversal_refused"), "x"),
    "address_made": "calendar-share", "address_revoked": "calendar-off", "letter_chosen": "mail", "tested": "send",
    "hold": "player-pause", "talked": "message", "signature_submitted": "writing-sign", "claim_submitted": "writing-sign", "unmasked": "eye",
    "signed_in": "login", "merged": "arrow-merge", "merged_away": "arrow-merge", "told_apart": "arrows-split",
    **dict.fromkeys(("unmerged", "restored", "undo", "retry", "tried_again"), "arrow-back-up"),
    **dict.fromkeys(("contact", "visit", "handle", "run", "started", "wait", "joined"), "arrow-narrow-right"),
    **dict.fromkeys(("handed_over", "assigned", "taken"), "user-share"),
    **dict.fromkeys(("proposed", "due", "noted", "locked_out", "refused", "fail", "given_up", "sign_in_failed", "still_counts", "take_out_due"), "alert-triangle"),
    **dict.fromkeys(("drop", "dropped", "deactivated", "cancel"), "x"),
    **dict.fromkeys(("accepted", "announced", "confirm", "finish", "reactivated"), "check"),
    **dict.fromkeys(("downloaded", "exported"), "download"),
    "tell_apart": "arrows-split", "repointed": "arrow-merge", "land": "briefcase", "stay": "home-check", "leave": "plane-departure",
    **dict.fromkeys(("offer", "transfer_offered", "transfer_completed"), "arrows-exchange"),
    **dict.fromkeys(("transfer_accepted", "transfer_awarded", "accept", "award"), "check"),
    **dict.fromkeys(("transfer_declined", "transfer_dismissed", "dismiss", "step_down"), "x"),
    **dict.fromkeys(("transfer_withdrawn", "withdraw", "withdrawn", "claim_withdrawn", "step_back_withdrawn", "reversal_withdrawn"), "arrow-back-up"),
    **dict.fromkeys(("transfer_appealed", "appeal", "dispute_raised", "raise"), "scale"),
    **dict.fromkeys(("dispute_answered", "answer"), "message"), **dict.fromkeys(("dispute_decided", "decide"), "gavel"),
    "rivalled": "alert-triangle", "linked": "link", "dispute_withdrawn": "arrow-back-up", "yield": "x",
    "personal_recorded": "user-check", "personal_withdrawn": "arrow-back-up",
    **dict.fromkeys(("partner_added", "entered", "opened", "premises_added"), "plus"),
    **dict.fromkeys(("redistricted", "premises_changed", "command_changed"), "pencil"),
    "premises_removed": "minus",
    "partner_removed": "minus", "submit": "send", "argue_again": "send", "publish": "check", "send_back": "arrow-back-up", "refresh": "refresh",
    "take_out": "folder-x", "take_in": "folder-plus", "take_off": "x", "collect_again": "rotate", "generate": "briefcase",
    **dict.fromkeys(("milestone_set", "plan_set"), "calendar-event"), "builder_added": "building-plus", "builder_ended": "minus",
    **dict.fromkeys(("progress_reported", "progress_corrected"), "chart-line"), "photo_added": "camera",
    **dict.fromkeys(("raised", "bottleneck_raised"), "alert-triangle"), **dict.fromkeys(("solve", "bottleneck_solved"), "check"),
    "bottleneck_withdrawn": "arrow-back-up", "bottleneck_reopened": "rotate",
    "categorised": "category", "submitted": "send", "corrected": "send", "defined": "clipboard-list", "waived": "circle-off", "overdue": "clock",
    **dict.fromkeys(("extend", "bottleneck_extended", "postponed"), "clock-plus"), "bottleneck_dropped": "x",
    **dict.fromkeys(("set", "part_set"), "clipboard-list"), "reported": "message", "take_back": "arrow-back-up", "reject": "x",
    **dict.fromkeys(("insist", "reopen"), "rotate"), "hand_over": "user-share", **dict.fromkeys(("follow_unit", "setter_moved"), "arrow-merge"), "part_closed": "check",
    **dict.fromkeys(("extension_asked", "extension_granted", "grant"), "clock-plus"), "extension_refused": "x",
    "extension_withdrawn": "arrow-back-up", "recounted": "calendar-event", "made_sensitive": "eye-off",
    "issued": "speakerphone", **dict.fromkeys(("document_altered", "altered"), "alert-triangle"),
    **dict.fromkeys(("reminded", "urged", "ordered"), "bell"), **dict.fromkeys(("criticised", "talked_to"), "bell-ringing"),
    # decision gates and inspections
    "passed": "check", "refused": "x", **dict.fromkeys(("undone", "undo"), "arrow-back-up"), "planned": "zoom-check",
    "drawn": "dice", "visited": "eye-check", **dict.fromkeys(("found", "recorded"), "alert-triangle"),
    **dict.fromkeys(("order", "correct"), "clipboard-check"), "printed": "printer", "subject_added": "plus", "subject_removed": "minus",
    "report": "file-text", "team_changed": "users",
    # meetings and topics
    "fix": "calendar-event", "convene": "users", "issue": "file-certificate", "minuted": "message",
    **dict.fromkeys(("topic_on", "take_on", "gathered"), "list-details"), **dict.fromkeys(("topic_off", "uncalled"), "minus"), "called": "plus",
    "resolved": "gavel", "attendance": "user-check", "reordered": "arrows-sort", "reviewed": "scale", "put_off": "clock-pause",
    **dict.fromkeys(("take_up", "submit_again", "submit_changed"), "send"), "resolution_corrected": "pencil",
    **dict.fromkeys(("undecide", "resolution_taken_back"), "arrow-back-up"),
    "loaded": "upload", "signed_out": "logout", "password_changed": "key",
}  # fmt: skip
TONES = {"sign": "success", "verify": "success", "verified": "success", "convert": "success", "lose": "danger",
         "end": "danger", "refute": "danger", "signature_refuted": "danger", "claim_refuted": "danger", "step_back_refused": "danger", "hold": "warning",
         "take_out": "danger", "take_out_due": "warning", "land": "success", "stay": "success", "leave": "danger", "proposed": "warning", "due": "warning", "overdue": "danger",
         "approve": "success", "reject": "danger", "urged": "warning", "ordered": "warning", "criticised": "danger", "talked_to": "danger"}  # fmt: skip


def icon_of(act: str) -> str:
    """Return the icon of an act: the last word of a verb."""
    return "arrow-back-up" if act.startswith("return_to_") else ICONS.get(act, "point")


def entry(event: Event, obj: Model | None = None, *, with_files: bool = True) -> dict[str, Any]:
    """Return an event as a line of a timeline, its fields under the names people know; files are named only ``with_files``."""
    model = (
        type(obj)
        if obj is not None and events.type_of(obj) == event.object_type
        else events.object_of(event.object_type)
    )
    act = event.verb.rpartition(".")[2]
    return {
        "icon": icon_of(act),
        "tone": TONES.get(act, ""),
        "at": event.at,
        "at_text": tables.moment(event.at),
        "who": event.actor_name if event.actor_id else system_name(event.actor_name),
        "unit": event.actor_unit,
        "what": events.verbs().get(event.verb, event.verb),
        # named when it is another row: of another kind, or one that became part of this
        "object": event.object_label if model is not type(obj) or event.object_id != obj.pk else "",
        "detail": ("→ " if act == "merged_away" else "")
        + ((event.data.get("file") if with_files else "") or event.data.get("text", "")),
        "note": event.note,
        "changes": [
            change_line(model, name, old, new)
            for name, (old, new) in event.changes.items()
            if name not in getattr(model, "worked_out", ())  # follows from a field that is shown
        ],
    }


def system_name(name: str) -> str:
    """Return in words what acted when nobody did: a command that writes under its own name."""
    names = {
        "profile": _("城市方案"),
        "demo": _("演示数据"),
        "firstrun": _("初始设置"),
        "system": _("系统"),
        "clock": _("系统"),
    }
    return names.get(name, name)


def change_line(model: type[Model], name: str, old: Any, new: Any) -> dict[str, Any]:
    """Return one changed field with its label and both values as people read them."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:  # a field of the day the event was written
        return {"label": name, "old": old, "new": new}
    text = value_text(field, getattr(model, "code_tables", {}).get(name, ""))
    return {
        "label": getattr(field, "verbose_name", name),
        "old": "" if old in (None, "") else text(old),
        "new": "" if new in (None, "") else text(new),
    }


def value_text(field: Any, table: str = "") -> Callable[[Any], str]:
    """Return how a stored value of ``field`` is read: a label, yes or no, a number with separators, an amount with its unit."""
    labels = (
        {str(code): str(label) for code, label in (field.flatchoices or [])}
        if hasattr(field, "flatchoices")
        else {}
    )

    def text(value: Any) -> str:
        if value is None or value == "":
            return "—"
        if isinstance(value, bool):
            return _("是") if value else _("否")
        if isinstance(field, YuanField):
            return show(Decimal(str(value)))
        if isinstance(field, DateTimeField) and (at := parse_datetime(str(value))) is not None:
            return tables.moment(at)
        if table:
            return queries.code_label(table, str(value))
        if isinstance(field, PositiveIntegerField | DecimalField):  # a small integer is a year or the like
            return f"{Decimal(str(value)):,}"
        return labels.get(str(value), str(value))

    return text


def brief(content: dict[str, Any]) -> dict[str, Any]:
    """Gather the facts that are empty and not asked for into one line at the end of their group, and set the others in rows."""
    for group in content.get("fact_groups", ()):
        empty = [
            fact
            for fact in group["facts"]
            if fact["value"] in ("", "—", None) and not fact.get("missing") and not fact.get("sub")
        ]
        group["facts"] = in_rows([fact for fact in group["facts"] if fact not in empty])
        group["empty"] = _("、").join(str(fact["label"]) for fact in empty)
    return content


def in_rows(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give a whole row to each fact that has nobody beside it, so that no line ends in the middle of the page."""
    left = False
    for fact, following in itertools.zip_longest(facts, facts[1:]):
        beside = not fact.get("wide") and (left or not (following or {"wide": True}).get("wide"))
        fact["alone"] = not beside and not fact.get("wide")
        left = beside and not left
    return facts


def file_line(attachment: Attachment) -> dict[str, Any]:
    """Return a file as a line of a page."""
    return {
        "name": attachment.name,
        "url": reverse("file", args=[attachment.pk]),
        "remove_url": reverse("file-remove", args=[attachment.pk]),
        "kind": attachment.kind,
        "size": size_text(attachment.size),
        "who": str(attachment.uploaded_by or ""),
        "at": tables.moment(attachment.uploaded_at),
        "sha_short": attachment.sha256[:8],
    }


def size_text(size: int) -> str:
    return f"{max(size / 1024, 1):,.0f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.1f} MB"


# --- act ----------------------------------------------------------------------------------------------------------


class ActPage(Page):
    """A form that makes one service call; refusals come back as sentences beside what was typed, nothing lost."""

    template_name = "core/form.html"
    form: ClassVar[type[Form]]
    submit_label: ClassVar[str | Promise] = ""
    secret_notice: ClassVar[bool] = False
    danger: ClassVar[bool] = False
    object: Any = None

    def start(self) -> None:
        """Fetch what the act is about (through its scope) before anything else."""

    def form_arguments(self) -> dict[str, Any]:
        return {}

    def initial(self) -> dict[str, Any]:
        return {}

    def cancel_url(self) -> str:
        return str(self.object.get_absolute_url()) if self.object is not None else reverse("home")

    def act(self, form: Any) -> Model | str | HttpResponse:
        """Make the service call; return the row or address to show next, or a response."""
        raise NotImplementedError

    def done(self, result: Any) -> str:
        """Return the sentence to show after success; empty for none."""
        return _("已保存。")

    def extra(self) -> dict[str, Any]:
        return {}

    def make_form(self, **data: Any) -> Any:
        arguments: dict[str, Any] = {"initial": self.initial(), **self.form_arguments(), **data}
        if issubclass(self.form, ModelForm):
            arguments.setdefault("instance", self.object)
        return self.form(**arguments)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.start()
        return self.show(self.make_form())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.start()
        form = self.make_form(data=request.POST, files=request.FILES)
        if not form.is_valid():
            return self.show(form, status=422)
        try:
            result = self.act(form)
        except Missing:
            raise
        except DomainError as error:
            if error.status >= 500:  # the system's fault, not the form's
                raise
            return self.refuse(form, error)
        if isinstance(result, HttpResponse):
            return result
        if sentence := self.done(result):
            self.say(sentence)
        return HttpResponseRedirect(result if isinstance(result, str) else result.get_absolute_url())  # type: ignore[attr-defined]

    def refuse(self, form: Any, error: DomainError) -> HttpResponse:
        """Show the form again with the error's sentences on their fields."""
        for name, texts in error.fields.items():
            for text in texts:
                form.add_error(name if name in form.fields else None, text)
        if not error.fields or isinstance(error, Stale):
            form.add_error(None, error.sentence)
        for reason in getattr(error, "reasons", ()):
            form.add_error(None, reason)
        more: dict[str, Any] = {}
        if isinstance(error, Stale):
            more["conflict"] = [
                {"label": item.label, **shown_pair(self.object, item.name, item.theirs, item.yours)}
                for item in error.conflicts
            ]
            if error.version is not None and "version" in form.fields:
                # Saving again after having read both sides is a decision made on the newest version.
                form.data = form.data.copy()
                form.data[form.add_prefix("version")] = str(error.version)
        return self.show(form, status=error.status, **more)

    def show(self, form: Any, status: int = 200, **more: Any) -> HttpResponse:
        context = {
            "form": form,
            "object": self.object,
            "submit_label": self.submit_label or _("保存"),
            "cancel_url": self.cancel_url(),
            "secret_notice": self.secret_notice,
            "danger": self.danger,
            **self.extra(),
            **more,
        }
        return self.render(context, status=status)


def shown_pair(obj: Model, name: str, theirs: Any, yours: Any) -> dict[str, str]:
    try:
        text = value_text(obj._meta.get_field(name))
    except FieldDoesNotExist:  # of rows that belong to it, told in words already
        return {"theirs": theirs, "yours": yours}
    return {"theirs": text(theirs), "yours": text(yours)}


class EditPage(ActPage):
    """An act on an existing row that asks the scope action ``action``."""

    model: ClassVar[type[Model]]
    action: ClassVar[str] = "change"
    refusal: ClassVar[str | Promise] = ""

    @classmethod
    def queryset(cls) -> ScopedQuerySet[Any]:
        """Return the rows among which the act's is, with what the page tells of them."""
        return rows(cls.model)

    def start(self) -> None:
        self.object = fetch(self.queryset(), self.by, self.kwargs["pk"], self.action, self.refusal)

    def initial(self) -> dict[str, Any]:
        return {"version": self.object.version} if hasattr(self.object, "version") else {}


class MovePage(EditPage):
    """A move of a lifecycle: a small page that asks why (or for a note) and shows what follows from it."""

    template_name = "core/confirm.html"
    lifecycle: ClassVar[Lifecycle]
    action = "view"

    def start(self) -> None:
        super().start()
        self.move = self.lifecycle.check(self.object, self.kwargs["move"], self.by)
        self.form = ReasonForm if self.move.asks_reason else NoteForm  # type: ignore[misc]
        self.danger = self.move.style == "danger"  # type: ignore[misc]

    def act(self, form: Any) -> Model | str | HttpResponse:
        self.perform(reason=form.cleaned_data["reason"], version=form.cleaned_data.get("version"))
        return self.object  # type: ignore[no-any-return]

    def perform(self, *, reason: str, version: int | None) -> None:
        """Make the service call of the move."""
        raise NotImplementedError

    def done(self, result: Any) -> str:
        return _("已完成：%(move)s。") % {"move": self.move.label}

    def extra(self) -> dict[str, Any]:
        told = {"noun": self.lifecycle.noun or _("状态"), "state": self.lifecycle.states[self.move.target]}
        return {
            "title": f"{self.move.label} · {self.object}",
            "back": {"label": str(self.object), "url": self.cancel_url()},
            "sentence": self.move.explain,
            "submit_label": self.move.label,
            "consequences": [_("完成后%(noun)s：%(state)s") % told],
        }


# --- export -------------------------------------------------------------------------------------------------------


class ExportPage(Page):
    """A list's rows as a workbook or CSV: the list's own filters, sort and columns, of what one may export; logged."""

    page: ClassVar[type[ListPage]]
    file_title: ClassVar[str | Promise]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        view = self.page()
        view.setup(request)
        columns = request.GET.getlist("col") or view.table.exported()
        table = view.table(columns, request.GET.get("sort", ""))
        exportable = view.queryset().permitted(self.by, "export")
        filterset = self.page.filterset(request.GET, queryset=exportable, request=request, by=self.by)
        found = filterset.qs if filterset.form.is_valid() else filterset.queryset.none()
        return export(
            by=self.by,
            queryset=table.fetch(found).order_by("pk"),
            table=table,
            title=str(self.file_title),
            kind="csv" if request.GET.get("format") == "csv" else "xlsx",
            conditions=[chip["label"] for chip in filterset.chips(request.GET)],
            model=self.page.model,
        )
