"""A person's calendar: a month of it, its address for other programs, and the weekly letter."""

from __future__ import annotations

import calendar
from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from yinfeng.core import desk
from yinfeng.core.actors import actor_of
from yinfeng.core.clock import months_after
from yinfeng.core.forms import Styled
from yinfeng.core.tables import moment
from yinfeng.core.web import PUBLIC, SIGNED_IN, ActPage, Page
from yinfeng.duties import ical, queries, services, workdays
from yinfeng.duties.forms_calendar import LetterForm
from yinfeng.duties.models import Subscription

WEEKDAYS = (
    gettext_lazy("周一"), gettext_lazy("周二"), gettext_lazy("周三"), gettext_lazy("周四"), gettext_lazy("周五"), gettext_lazy("周六"),
    gettext_lazy("周日"),
)  # fmt: skip
NO_EMAIL = gettext_lazy("您的账号没有电子邮箱，现在收不到；请联系系统管理员补上。")
SHOWN = 4  # things of a day that are not folded away
# What a calendar program is given, before and after the day on which it asks.
PAST, AHEAD = timedelta(days=90), timedelta(days=400)


def month_asked(text: str, today: date) -> date:
    """Return the first day of the month that an address names (2026-12), or of this one."""
    year, _dash, month = text.partition("-")
    digits = year.isascii() and year.isdecimal() and month.isascii() and month.isdecimal()
    if digits and len(year) == 4 and len(month) <= 2 and 2000 <= int(year) <= 2100 and 1 <= int(month) <= 12:
        return date(int(year), int(month), 1)
    return today.replace(day=1)


class Calendar(Page):
    """A month: what is due and what takes place, holidays and days worked instead of them."""

    permission = SIGNED_IN
    template_name = "duties/calendar.html"
    title = gettext_lazy("日历")

    def get(self, request: HttpRequest) -> HttpResponse:
        today = timezone.localdate()
        first = month_asked(request.GET.get("month", ""), today)
        weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
        days = workdays.shown()
        on: defaultdict[date, list[dict[str, Any]]] = defaultdict(list)
        for item, kind in queries.dated(self.by, weeks[0][0], weeks[-1][-1]):
            on[queries.day_of(item)].append(_line(item, kind))
        return self.render(
            {
                "month": date_format(first, "YEAR_MONTH_FORMAT"),
                "weekdays": WEEKDAYS,
                "weeks": [[self._day(day, first, today, days, on[day]) for day in week] for week in weeks],
                "is_empty": not any(on.values()),
                "is_known": days.is_known(first),
                "before_url": _month_url(months_after(first, -1)),
                "after_url": _month_url(months_after(first, 1)),
                "today_url": reverse("calendar") if (first.year, first.month) != (today.year, today.month) else "",
                "kinds": desk.DATED,
                "subscription": _subscription(queries.subscription(self.by)),
                "no_email": "" if request.user.email else NO_EMAIL,  # type: ignore[union-attr]
            }
        )  # fmt: skip

    def _day(
        self, day: date, first: date, today: date, days: workdays.Workdays, items: list[dict[str, Any]]
    ) -> dict[str, Any]:
        name = days.name(day)
        return {
            "number": day.day,
            "date": day.isoformat(),
            "long": date_format(day, "MONTH_DAY_FORMAT"),
            "weekday": WEEKDAYS[day.weekday()],
            "is_today": day == today,
            "is_other": day.month != first.month,
            "is_off": not days.is_workday(day),
            "name": name,
            "mark": (_("班") if days.is_workday(day) else _("休")) if name else "",
            "items": items[:SHOWN],
            "more": items[SHOWN:],
        }


def _month_url(day: date) -> str:
    return f"{reverse('calendar')}?month={day:%Y-%m}"


def _line(item: desk.Dated, kind: desk.DatedKind) -> dict[str, Any]:
    return {
        "title": item.title,
        "url": item.url,
        "icon": kind.icon,
        "kind": kind.label,
        "note": item.note,
        "done": item.done,
        "time": timezone.localtime(item.start).strftime("%H:%M") if item.start else "",
    }


def _subscription(row: Subscription | None) -> dict[str, Any]:
    return {
        "mark": row.mark if row and row.secret_hash else "",
        "made": moment(row.made_at) if row else "",
        "used": moment(row.used_at) if row and row.used_at else "",
        "wants_letter": row is None or row.wants_letter,
    }


class MakeAddress(ActPage):
    """Make the secret address, or another one in its place."""

    permission = SIGNED_IN
    form = Styled
    title = gettext_lazy("生成日历订阅地址")
    submit_label = gettext_lazy("生成地址")

    def cancel_url(self) -> str:
        return reverse("calendar")

    def extra(self) -> dict[str, Any]:
        return {
            "intro": _("把地址填进手机或电脑的日历程序，您的日历就会出现在那里，每小时更新一次。生成新地址后，以前的地址立即失效。"),
            "back": {"label": _("日历"), "url": reverse("calendar")},
        }  # fmt: skip

    def act(self, form: Any) -> HttpResponse:
        secret = services.make_address(by=self.by)
        context = {
            "title": _("日历订阅地址"),
            "warning": _("这个地址只显示这一次"),
            "what_to_do": _("请现在复制到您的日历程序。谁有这个地址，谁就能看到您的日历：不要转发给别人。"),
            "label": _("订阅地址"),
            "secret": self.request.build_absolute_uri(reverse("calendar-feed", args=[secret])),
            "hint": _(
                "iPhone：设置 → 日历 → 账户 → 添加已订阅的日历。电脑上的 Outlook：从 Internet 添加日历。"
            ),
            "done": {"label": _("已保存好"), "url": reverse("calendar")},
        }
        return self.render(context, template="core/once.html")


class RevokeAddress(ActPage):
    permission = SIGNED_IN
    form = Styled
    danger = True
    title = gettext_lazy("停用日历订阅地址")
    submit_label = gettext_lazy("停用")

    def cancel_url(self) -> str:
        return reverse("calendar")

    def extra(self) -> dict[str, Any]:
        return {
            "intro": _("停用之后，用这个地址的日历程序立即读不到您的日历。"),
            "back": {"label": _("日历"), "url": reverse("calendar")},
        }

    def act(self, form: Any) -> str:
        services.revoke_address(by=self.by)
        return reverse("calendar")


class ChooseLetter(ActPage):
    permission = SIGNED_IN
    form = LetterForm
    title = gettext_lazy("周报邮件")

    def cancel_url(self) -> str:
        return reverse("calendar")

    def initial(self) -> dict[str, Any]:
        row = queries.subscription(self.by)
        return {"wants": row is None or row.wants_letter}

    def extra(self) -> dict[str, Any]:
        told = _("每周一封，列出逾期的、本周到期的、等您审核的和新交办的；没有内容的那一周不发。")
        if not self.request.user.email:  # type: ignore[union-attr]
            told = f"{told} {NO_EMAIL}"
        return {
            "intro": told,
            "back": {"label": _("日历"), "url": reverse("calendar")},
        }

    def act(self, form: Any) -> str:
        services.choose_letter(by=self.by, wants=form.cleaned_data["wants"])
        return reverse("calendar")


class Feed(Page):
    """A person's calendar for whoever holds its address: what that person sees now, and nothing once he may not sign in."""

    permission = PUBLIC

    def get(self, request: HttpRequest, secret: str) -> HttpResponse:
        now = timezone.now()
        owner = services.open_address(secret, now).owner
        today = timezone.localdate(now)
        with override(owner.language or settings.LANGUAGE_CODE):
            found = queries.dated(actor_of(owner), today - PAST, today + AHEAD)
            text = ical.written(
                [(item, str(kind.label)) for item, kind in found],
                name=_("引凤 · %(name)s") % {"name": owner.name},
                site=settings.BASE_URL, host=urlsplit(settings.BASE_URL).hostname or "localhost", now=now,
            )  # fmt: skip
        response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="yinfeng.ics"'
        response["Cache-Control"] = "no-store"
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response["X-Robots-Tag"] = "noindex"
        return response
