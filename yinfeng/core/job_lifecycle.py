"""The states of a background job; the moves between them are in ``jobs``."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from yinfeng.core.errors import Sentence

JOB_STATES: Mapping[str, Sentence] = {
    "queued": _("排队中"),
    "running": _("进行中"),
    "waiting": _("待确认"),
    "done": _("已完成"),
    "failed": _("未完成"),
    "cancelled": _("已取消"),
}
