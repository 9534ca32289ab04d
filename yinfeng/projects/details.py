"""What the detail pages of leads and projects have in common."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from yinfeng.core.web import DetailPage
from yinfeng.projects import achievements, stages


class Detail(DetailPage):
    """A detail page whose files are of the kinds that go with a project, and whose head has acts."""

    template_name = "projects/detail.html"

    def file_kinds(self) -> list[tuple[str, str]]:
        """Return the kinds to choose from; what proves an achievement comes with its claim."""
        return [
            (kind, str(label))
            for kind, label in stages.FILE_KINDS.items()
            if kind not in achievements.ONLY_CLAIMED
        ]

    def frame(self) -> dict[str, Any]:
        frame = super().frame()
        for file in frame["files"]:
            file["kind"] = stages.FILE_KINDS.get(file["kind"], file["kind"])
        return frame


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
