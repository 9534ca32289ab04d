"""What events of duties are called on a timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "duties.calendarday.added": _("录入了节假日或调休"),
    "duties.calendarday.changed": _("修改了节假日或调休"),
    "duties.calendarday.removed": _("删去了节假日或调休"),
    "duties.calendaryear.loaded": _("载入了节假日安排"),
    "duties.calendaryear.announced": _("标记为已公布节假日的年份"),
}
