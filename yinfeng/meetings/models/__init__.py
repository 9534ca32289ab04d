"""What the consultation mechanism keeps: meetings, topics, resolutions; decisions at gates; inspections."""

from __future__ import annotations

from yinfeng.meetings.models.gates import GateDecision as GateDecision
from yinfeng.meetings.models.gates import GateDecisionQuerySet as GateDecisionQuerySet
from yinfeng.meetings.models.inspections import Draw as Draw
from yinfeng.meetings.models.inspections import Finding as Finding
from yinfeng.meetings.models.inspections import FindingQuerySet as FindingQuerySet
from yinfeng.meetings.models.inspections import Inspection as Inspection
from yinfeng.meetings.models.inspections import InspectionQuerySet as InspectionQuerySet
from yinfeng.meetings.models.inspections import Subject as Subject
from yinfeng.meetings.models.inspections import SubjectQuerySet as SubjectQuerySet
from yinfeng.meetings.models.records import Attendee as Attendee
from yinfeng.meetings.models.records import FairReview as FairReview
from yinfeng.meetings.models.records import Item as Item
from yinfeng.meetings.models.records import Meeting as Meeting
from yinfeng.meetings.models.records import Minutes as Minutes
from yinfeng.meetings.models.records import Resolution as Resolution
from yinfeng.meetings.models.records import Topic as Topic
