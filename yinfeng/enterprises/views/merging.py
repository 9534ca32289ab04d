"""Pages on which two records are made one, told apart, or parted again."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import search, tables
from yinfeng.core.errors import DomainError, Missing, Stale
from yinfeng.core.events import type_of
from yinfeng.core.scopes import ScopedQuerySet, fetch, rows
from yinfeng.core.web import ActPage, ListPage, MovePage, Page, value_text
from yinfeng.enterprises import lifecycle, queries, services
from yinfeng.enterprises.filters.merging import DoubtFilter
from yinfeng.enterprises.forms.merging import MergeForm, WhyForm
from yinfeng.enterprises.models import Doubt, Enterprise, Merging
from yinfeng.enterprises.tables.merging import DoubtTable, record_line

MERGE = "enterprises.enterprise.merge"
FOUND = 20


class Doubts(ListPage):
    permission = MERGE
    model = Doubt
    filterset = DoubtFilter
    table = DoubtTable
    key = "doubts"
    title = gettext_lazy("疑似重复")

    def queryset(self) -> ScopedQuerySet[Any]:
        """Return the pairs to be decided; those that were told apart only when asked for."""
        found = super().queryset()
        return found if self.request.GET.get("state") else found.filter(state="open")

    def tabs(self) -> list[dict[str, Any]]:
        apart, url = self.request.GET.get("state") == "different", reverse("doubts")
        return [
            {"label": _("待判断"), "url": url, "active": not apart},
            {"label": _("不是同一家"), "url": f"{url}?state=different", "active": apart},
        ]

    def primary(self) -> dict[str, Any]:
        return {"label": _("查找疑似重复"), "url": reverse("doubts-find"), "icon": "search"}

    def empty(self) -> dict[str, Any]:
        hint = _("系统比对企业库时发现可能录入了两次的企业，会列在这里，由您判断是否合并。")
        return {
            "title": _("没有待判断的疑似重复"),
            "hint": hint,
            "icon": "circle-check",
            "act": self.primary(),
        }


class ChooseOther(Page):
    """Find the record of which an enterprise is to become part: those that look alike first, any other by search."""

    permission = MERGE
    template_name = "enterprises/merge_choose.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        gone = fetch(rows(Enterprise), self.by, pk, "merge")
        query = request.GET.get("q", "").strip()[:100]
        return self.render(
            {
                "title": " · ".join([_("合并到另一家"), gone.name]),
                "back": {"label": str(gone), "url": gone.get_absolute_url()},
                "gone": gone,
                "query": query,
                "groups": [self._found(gone, query)] if query else self._alike(gone),
            }
        )

    def _found(self, gone: Enterprise, query: str) -> dict[str, Any]:
        seen = rows(Enterprise).permitted(self.by).exclude(pk=gone.pk)
        hits = search.ranked({type_of(Enterprise): seen}, query, FOUND, self.by)
        firms = seen.in_bulk([hit.object_id for hit in hits])
        lines = [self._line(gone, firms[hit.object_id]) for hit in hits if hit.object_id in firms]
        empty = _("没有找到“%(query)s”。可以少输几个字，或换用简称、曾用名、统一社会信用代码。") % {
            "query": query
        }
        return {"title": _("搜索结果"), "rows": lines, "empty": empty}

    def _alike(self, gone: Enterprise) -> list[dict[str, Any]]:
        lines: dict[int, dict[str, Any]] = {}
        for doubt in queries.doubts_of(gone):
            other = doubt.other if doubt.one_id == gone.pk else doubt.one
            lines[other.pk] = self._line(gone, other, doubt.reason_text)
        for item in queries.similar(gone.name, gone.uscc or "", exclude=gone.pk):
            lines.setdefault(item.enterprise.pk, self._line(gone, item.enterprise, str(item.reason)))
        empty = _("没有名称相近的企业。请在上面按名称搜索。")
        return [{"title": _("名称相近的企业"), "rows": list(lines.values()), "empty": empty}]

    @staticmethod
    def _line(gone: Enterprise, firm: Enterprise, reason: str = "") -> dict[str, Any]:
        return {
            "title": firm.name,
            "url": reverse("enterprise-merge-into", args=[gone.pk, firm.pk]),
            "sub": record_line(firm),
            "badge": {"text": reason, "tone": "muted"} if reason else None,
        }


def the_pair(page: Page, pk: int, other: int) -> tuple[Enterprise, Enterprise]:
    """Return the two records of an address, for who may see and merge them, in one query."""
    both = rows(Enterprise).permitted(page.by).permitted(page.by, "merge").filter(Q(pk=pk) | Q(pk=other))
    found = {firm.pk: firm for firm in both}
    if pk == other or len(found) < 2:
        raise Missing
    return found[pk], found[other]


class MergeInto(ActPage):
    """The preview: both records side by side, what moves, what both have; then why, and one service call."""

    permission = MERGE
    form = MergeForm
    template_name = "enterprises/merge.html"
    submit_label = gettext_lazy("合并")

    def start(self) -> None:
        self.gone, self.object = the_pair(self, self.kwargs["pk"], self.kwargs["other"])

    @property
    def from_doubts(self) -> bool:
        """Say whether one works through the list of doubts, and goes on with it afterwards."""
        return self.request.GET.get("from") == "doubts"

    def cancel_url(self) -> str:
        return reverse("doubts") if self.from_doubts else str(self.gone.get_absolute_url())

    def form_arguments(self) -> dict[str, Any]:
        return {"kept": self.object, "gone": self.gone}

    def act(self, form: Any) -> Enterprise | str:
        merging = services.merge(by=self.by, kept=self.object, gone=self.gone, **form.decision())
        return reverse("doubts") if self.from_doubts else merging.kept

    def refuse(self, form: Any, error: DomainError) -> HttpResponse:
        if isinstance(error, Stale):  # both sides are shown as they are now: sending again decides on these
            form.data = form.data.copy()
            form.data["kept_version"] = str(self.object.version)
            form.data["gone_version"] = str(self.gone.version)
        return super().refuse(form, error)

    def done(self, result: Any) -> str:
        return _("“%(gone)s”已并入“%(kept)s”。") % {"gone": self.gone.name, "kept": self.object.name}

    def extra(self) -> dict[str, Any]:
        kept, gone = self.object, self.gone
        swapped = reverse("enterprise-merge-into", args=[kept.pk, gone.pk])
        return {
            "title": _("合并企业"),
            "back": {"label": _("疑似重复") if self.from_doubts else str(gone), "url": self.cancel_url()},
            "kept": self._head(kept),
            "gone": self._head(gone),
            "swap_url": f"{swapped}?from=doubts" if self.from_doubts else swapped,
            "apart_url": reverse("enterprise-apart", args=[gone.pk, kept.pk]),
            "warnings": self._warnings(),
            "alike": self._alike(),
            "names": _("、").join(queries.all_names(gone)),
            "shares": [self._share(share) for share in queries.shares(kept, gone, self.by)],
            "undo_day": queries.undo_until(Merging(merged_at=timezone.now())),
        }

    @staticmethod
    def _head(firm: Enterprise) -> dict[str, str]:
        return {
            "name": firm.name,
            "url": firm.get_absolute_url(),
            "sub": record_line(firm),
        }

    def _warnings(self) -> list[dict[str, str]]:
        kept, gone = self.object, self.gone
        found = []
        if services.has_two_codes(kept, gone):
            found.append(
                {
                    "tone": "danger",
                    "title": _("两条记录的统一社会信用代码不同"),
                    "text": _(
                        "一个代码对应一家法人，通常不应合并。确属同一家时，请选定保留哪一个，并在理由中写明原因。"
                    ),
                }
            )
        if finding := queries.told_apart(kept, gone):
            found.append(
                {
                    "tone": "warning",
                    "title": _("曾认定不是同一家"),
                    "text": " · ".join(
                        filter(
                            None, [str(finding.found_by or ""), tables.day(finding.found_at), finding.reason]
                        )
                    ),
                }
            )
        return found

    def _alike(self) -> list[dict[str, str]]:
        """Return the fields in which both records say the same, empty ones left out."""
        kept, differing = self.object, set(services.differing(self.object, self.gone))
        return [
            {"label": str(field.verbose_name), "value": value_text(field, Enterprise.code_tables.get(field.name, ""))(value)}
            for field in Enterprise._meta.concrete_fields
            if field.name in services.EDITABLE and field.name not in differing
            and (value := getattr(kept, field.name)) not in (None, "")
        ]  # fmt: skip

    @staticmethod
    def _share(share: queries.Share) -> dict[str, Any]:
        notes = []
        if share.twice.count:
            notes.append(_note(_("双方都有 %(n)s 条，只保留一份：%(which)s"), share.twice))
        if share.void.count:
            notes.append(_note(_("合并后不再成立 %(n)s 条：%(which)s"), share.void))
        return {"label": share.link.label, "count": f"{share.count:,}", "notes": notes}


def _note(sentence: str, told: queries.Told) -> str:
    which = _("、").join(told.texts[:5]) or _("不在您的可见范围内")
    return sentence % {"n": f"{told.count:,}", "which": which}


class TellApart(ActPage):
    """Find that two records are two enterprises, so that nobody is asked again."""

    permission = MERGE
    form = WhyForm
    template_name = "core/confirm.html"
    title = gettext_lazy("不是同一家")
    submit_label = gettext_lazy("确认不是同一家")

    def start(self) -> None:
        self.object, self.other = the_pair(self, self.kwargs["pk"], self.kwargs["other"])

    def cancel_url(self) -> str:
        return reverse("enterprise-merge-into", args=[self.object.pk, self.other.pk])

    def act(self, form: Any) -> str:
        services.tell_apart(by=self.by, one=self.object, other=self.other, reason=form.cleaned_data["reason"])
        return reverse("doubts")

    def done(self, result: Any) -> str:
        return _("已认定“%(one)s”和“%(other)s”不是同一家。") % {"one": self.object, "other": self.other}

    def extra(self) -> dict[str, Any]:
        return {
            "back": {"label": _("合并企业"), "url": self.cancel_url()},
            "sentence": _("“%(one)s”和“%(other)s”是两家企业。") % {"one": self.object, "other": self.other},
            "consequences": [_("两条记录各自保留，以后不再提示它们重复。"), _("理由记入两家企业的动态。")],
        }


class MoveMerging(MovePage):
    """Undo a merger."""

    permission = MERGE
    model = Merging
    lifecycle = lifecycle.MERGING

    def act(self, form: Any) -> str:
        data = form.cleaned_data
        done = services.undo_merging(
            by=self.by, merging=self.object, reason=data["reason"], version=data.get("version")
        )
        self.stayed = done.stayed
        return str(done.enterprise.get_absolute_url())

    def done(self, result: Any) -> str:
        sentence = _("已撤销合并，“%(name)s”恢复为单独的记录。") % {"name": self.object.gone_name}
        if self.stayed:
            sentence += _("“%(kept)s”的以下各项在合并后被人改过，保留现在的内容：%(fields)s。") % {
                "kept": self.object.kept, "fields": _("、").join(self.stayed),
            }  # fmt: skip
        return sentence

    def extra(self) -> dict[str, Any]:
        return super().extra() | {
            "title": f"{_('撤销合并')} · {self.object.gone_name}",
            "back": {"label": str(self.object.kept), "url": self.object.get_absolute_url()},
            "consequences": [
                _("“%(name)s”恢复为单独的记录，编号不变。") % {"name": self.object.gone_name},
                _("合并时转移的内容回到它名下；合并后新增的内容留在“%(kept)s”名下。") % {"kept": self.object.kept},
                _("“%(kept)s”恢复合并前的资料；合并后被人改过的项目保留现在的内容，完成后会列出。") % {"kept": self.object.kept},
            ],
        }  # fmt: skip


def panel_of(mergings: list[Merging], by: Any) -> dict[str, Any] | None:
    """Return the panel “合并记录” of an enterprise's page; None when nothing was ever merged into it."""
    if not mergings:
        return None
    may, today = by.may(MERGE), timezone.localdate()
    return {
        "title": _("合并记录"),
        "rows": [_merger_line(item, may, today) for item in mergings],
        "empty": "",
    }


def _merger_line(item: Merging, may: bool, today: Any) -> dict[str, Any]:
    until = queries.undo_until(item)
    is_open = item.state == "merged" and today <= until
    badge: dict[str, str] | None
    if item.state == "undone":
        badge = {"text": _("已撤销合并"), "tone": "muted"}
    else:
        badge = {"text": _("%(day)s 前可撤销") % {"day": until}, "tone": "info"} if is_open else None
    who = " · ".join(filter(None, [str(item.merged_by or ""), tables.day(item.merged_at), item.reason]))
    act = {"label": _("撤销合并"), "url": reverse("enterprises.merging-move", args=[item.pk, "undo"])}
    return {"title": item.gone_name, "sub": who, "badge": badge, "act": act if is_open and may else None}
