from __future__ import annotations

from django.urls import path

from yinfeng.duties.views import (
    bots,
    calendar,
    circulars,
    detail,
    extensions,
    leaders,
    records,
    setting,
    work,
    workdays,
    working,
)

urlpatterns = [
    path("work/", work.Work.as_view(), name="work"),
    path("duties/", records.Duties.as_view(), name="duties"),
    path("duties/export/", records.ExportDuties.as_view(), name="duties-export"),
    path("duties/new/", setting.NewDuty.as_view(), name="duty-new"),
    path("duties/standing/", leaders.Standing.as_view(), name="duties-standing"),
    path("duties/standing/export/", leaders.ExportStanding.as_view(), name="duties-standing-export"),
    path("duties/standing/circulars/", circulars.Circulars.as_view(), name="circulars"),
    path("duties/standing/circulars/new/", circulars.IssueCircular.as_view(), name="circular-new"),
    path("duties/standing/circulars/draft/", circulars.DraftCircular.as_view(), name="circular-draft"),
    path("duties/standing/circulars/<int:pk>/", circulars.CircularPage.as_view(), name="circular"),
    path(
        "duties/standing/circulars/<int:pk>/document/",
        circulars.CircularDocument.as_view(),
        name="circular-document",
    ),
    path("duties/<int:pk>/", detail.DutyDetail.as_view(), name="duty"),
    path("duties/<int:pk>/change/", setting.ChangeDuty.as_view(), name="duty-change"),
    path("duties/<int:pk>/report/", working.ReportProgress.as_view(), name="duty-report"),
    path("duties/<int:pk>/submit/", working.SubmitDuty.as_view(), name="duty-submit"),
    path("duties/<int:pk>/extend/", extensions.AskExtension.as_view(), name="duty-extend"),
    path("duties/<int:pk>/divide/", setting.DivideDuty.as_view(), name="duty-divide"),
    path("duties/<int:pk>/hand-over/", setting.HandOver.as_view(), name="duty-hand-over"),
    path("duties/<int:pk>/remind/", setting.Remind.as_view(), name="duty-remind"),
    path("duties/<int:pk>/<slug:move>/", working.MoveDuty.as_view(), name="duties.duty-move"),
    path("reminders/<int:pk>/document/", circulars.ReminderDocument.as_view(), name="reminder-document"),
    path("extensions/<int:pk>/grant/", extensions.GrantExtension.as_view(), name="extension-grant"),
    path(
        "extensions/<int:pk>/<slug:move>/", extensions.MoveExtension.as_view(), name="duties.extension-move"
    ),
    path("calendar/", calendar.Calendar.as_view(), name="calendar"),
    path("calendar/address/", calendar.MakeAddress.as_view(), name="calendar-address"),
    path("calendar/address/revoke/", calendar.RevokeAddress.as_view(), name="calendar-address-revoke"),
    path("calendar/letter/", calendar.ChooseLetter.as_view(), name="weekly-letter"),
    path("calendar/<str:secret>.ics", calendar.Feed.as_view(), name="calendar-feed"),
    path("settings/workdays/", workdays.WorkCalendar.as_view(), name="workdays"),
    path("settings/workdays/new/", workdays.EnterDay.as_view(), name="workday-new"),
    path("settings/workdays/<int:pk>/", workdays.ChangeDay.as_view(), name="workday-edit"),
    path("settings/workdays/<int:pk>/remove/", workdays.RemoveDay.as_view(), name="workday-remove"),
    path("settings/workdays/<int:year>/announce/", workdays.AnnounceYear.as_view(), name="workday-announce"),
    path("settings/robots/", bots.Bots.as_view(), name="bots"),
    path("settings/robots/add/", bots.AddBot.as_view(), name="bot-add"),
    path("settings/robots/<int:pk>/", bots.TestBot.as_view(), name="bot-test"),
    path("settings/robots/<int:pk>/remove/", bots.RemoveBot.as_view(), name="bot-remove"),
]
