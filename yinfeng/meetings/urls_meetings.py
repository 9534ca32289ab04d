"""The pages of meetings and topics."""

from __future__ import annotations

from django.urls import path

from yinfeng.meetings.views import agenda, meetings, topics

urlpatterns = [
    path("meetings/", meetings.Meetings.as_view(), name="meetings"),
    path("meetings/export/", meetings.ExportMeetings.as_view(), name="meetings-export"),
    path("meetings/new/", meetings.PlanMeeting.as_view(), name="meeting-new"),
    path("meetings/<int:pk>/", meetings.MeetingDetail.as_view(), name="meeting"),
    path("meetings/<int:pk>/edit/", meetings.EditMeeting.as_view(), name="meeting-edit"),
    path("meetings/<int:pk>/topics/", agenda.GatherTopics.as_view(), name="meeting-topics"),
    path("meetings/<int:pk>/topics/take-on/", agenda.TakeOn.as_view(), name="meeting-take-on"),
    path("meetings/<int:pk>/people/", meetings.MeetingPeople.as_view(), name="meeting-people"),
    path("meetings/<int:pk>/people/add/", meetings.Call.as_view(), name="meeting-call"),
    path("meetings/<int:pk>/people/attendance/", meetings.Attendance.as_view(), name="meeting-attendance"),
    path("meetings/<int:pk>/people/<int:attendee>/remove/", meetings.Uncall.as_view(), name="meeting-uncall"),
    path("meetings/<int:pk>/papers/<slug:paper>/", meetings.Paper.as_view(), name="meeting-paper"),
    path("meetings/<int:pk>/items/<int:item>/up/", agenda.MoveUp.as_view(), name="meeting-item-up"),
    path("meetings/<int:pk>/items/<int:item>/off/", agenda.TakeOff.as_view(), name="meeting-item-off"),
    path("meetings/<int:pk>/items/<int:item>/notes/", agenda.Notes.as_view(), name="meeting-item-notes"),
    path(
        "meetings/<int:pk>/items/<int:item>/resolve/", agenda.Resolve.as_view(), name="meeting-item-resolve"
    ),
    path("meetings/<int:pk>/<slug:move>/", meetings.MoveMeeting.as_view(), name="meetings.meeting-move"),
    path("topics/", topics.Topics.as_view(), name="topics"),
    path("topics/export/", topics.ExportTopics.as_view(), name="topics-export"),
    path("topics/new/", topics.SubmitTopic.as_view(), name="topic-new"),
    path("topics/<int:pk>/", topics.TopicDetail.as_view(), name="topic"),
    path("topics/<int:pk>/edit/", topics.EditTopic.as_view(), name="topic-edit"),
    path("topics/<int:pk>/review/", topics.ReviewTopic.as_view(), name="topic-review"),
    path("topics/<int:pk>/take-on/", topics.PutOnAgenda.as_view(), name="topic-take-on"),
    path("topics/<int:pk>/moves/<slug:move>/", topics.MoveTopic.as_view(), name="meetings.topic-move"),
    path("resolutions/<int:pk>/correct/", agenda.CorrectResolution.as_view(), name="resolution-correct"),
    path(
        "resolutions/<int:pk>/<slug:move>/", agenda.MoveResolution.as_view(), name="meetings.resolution-move"
    ),
    path("projects/<int:pk>/topics/", topics.ProjectTopics.as_view(), name="project-topics"),
]
