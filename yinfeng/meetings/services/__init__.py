"""Writing: decisions at gates; inspections."""

# decision gates and inspections
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
