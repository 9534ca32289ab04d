"""The detail pages of leads and projects: the row, what one may do on it and whether one follows it in one query."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse

from yinfeng.core import queries
from yinfeng.core.lifecycle import Lifecycle
from yinfeng.core.web import DetailPage, entry, file_line, move_acts, object_url
from yinfeng.projects import stages


class Detail(DetailPage):
    """A detail page with several lifecycles that asks the database ten times at most, the frame of the desk included."""

    template_name = "projects/detail.html"
    lifecycles: ClassVar[tuple[Lifecycle, ...]] = ()
    actions: ClassVar[tuple[str, ...]] = ()

    def file_kinds(self) -> list[tuple[str, str]]:
        """Return the kinds to choose from; a contract comes with its signing."""
        return [(kind, str(label)) for kind, label in stages.FILE_KINDS.items() if kind != stages.CONTRACT]

    def may_edit(self) -> bool:
        return self.edit_action in self.allowed()

    def frame(self) -> dict[str, Any]:
        obj, by, told = self.object, self.by, self.told_of()
        may_edit = self.may_edit()
        return {
            "may_edit": may_edit,
            "timeline": [entry(event, obj) for event in queries.timeline(told)],
            "files": [
                file_line(item) | {"kind": stages.FILE_KINDS.get(item.kind, item.kind)}
                for item in queries.attachments(told)
            ],
            "upload_url": object_url("file-add", obj) if may_edit else "",
            "file_kinds": self.file_kinds(),
            "acts": [
                act for table in self.lifecycles for act in move_acts(table, obj, by, self.allowed())
            ],
            "follow": {
                "url": object_url("unfollow" if obj.is_followed else "follow", obj),
                "following": obj.is_followed,
            },
        }  # fmt: skip


def fact(
    label: str, value: Any, *, missing: bool = False, url: str = "", sub: str = "", wide: bool = False
) -> dict[str, Any]:
    """Return one fact of a page; ``missing`` marks one that the present or next stage asks for."""
    text = "" if value is None else str(value)
    return {
        "label": label, "value": "" if text == "—" else text, "missing": missing, "url": url, "sub": sub, "wide": wide,
    }  # fmt: skip


def edit_link(route: str, pk: int, field: str) -> str:
    """Return the address of an edit form at one field."""
    return f"{reverse(route, args=[pk])}#id_{field}"
