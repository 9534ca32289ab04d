"""Every write of the consultation mechanism, of decision gates and inspections."""

from __future__ import annotations

from yinfeng.meetings.services.gates import keep_gate_evidence as keep_gate_evidence
from yinfeng.meetings.services.gates import pass_gate as pass_gate
from yinfeng.meetings.services.gates import refuse_gate as refuse_gate
from yinfeng.meetings.services.gates import undo_decision as undo_decision
from yinfeng.meetings.services.inspections import add_finding as add_finding
from yinfeng.meetings.services.inspections import add_subject as add_subject
from yinfeng.meetings.services.inspections import change_inspection as change_inspection
from yinfeng.meetings.services.inspections import draw_sample as draw_sample
from yinfeng.meetings.services.inspections import keep_inspection_files as keep_inspection_files
from yinfeng.meetings.services.inspections import move_finding as move_finding
from yinfeng.meetings.services.inspections import move_inspection as move_inspection
from yinfeng.meetings.services.inspections import order_finding as order_finding
from yinfeng.meetings.services.inspections import plan_inspection as plan_inspection
from yinfeng.meetings.services.inspections import print_report as print_report
from yinfeng.meetings.services.inspections import record_visit as record_visit
from yinfeng.meetings.services.inspections import remove_subject as remove_subject
from yinfeng.meetings.services.inspections import report_inspection as report_inspection
from yinfeng.meetings.services.meetings import call as call
from yinfeng.meetings.services.meetings import change_meeting as change_meeting
from yinfeng.meetings.services.meetings import is_late as is_late
from yinfeng.meetings.services.meetings import move_meeting as move_meeting
from yinfeng.meetings.services.meetings import note_item as note_item
from yinfeng.meetings.services.meetings import note_printed as note_printed
from yinfeng.meetings.services.meetings import plan_meeting as plan_meeting
from yinfeng.meetings.services.meetings import record_attendance as record_attendance
from yinfeng.meetings.services.meetings import reorder as reorder
from yinfeng.meetings.services.meetings import take_off as take_off
from yinfeng.meetings.services.meetings import take_on as take_on
from yinfeng.meetings.services.meetings import take_on_proposal as take_on_proposal
from yinfeng.meetings.services.meetings import tell_called as tell_called
from yinfeng.meetings.services.meetings import uncall as uncall
from yinfeng.meetings.services.resolutions import correct_resolution as correct_resolution
from yinfeng.meetings.services.resolutions import resolve as resolve
from yinfeng.meetings.services.topics import OPEN_TOPICS as OPEN_TOPICS
from yinfeng.meetings.services.topics import change_topic as change_topic
from yinfeng.meetings.services.topics import keep_review_documents as keep_review_documents
from yinfeng.meetings.services.topics import move_topic as move_topic
from yinfeng.meetings.services.topics import review_topic as review_topic
from yinfeng.meetings.services.topics import submit_topic as submit_topic
from yinfeng.meetings.services.topics import tell_bringer as tell_bringer
from yinfeng.meetings.services.topics import tell_office as tell_office
from yinfeng.meetings.services.topics import tell_reviewers as tell_reviewers
