"""Every write of the duties: six and life, extensions, reminders, the policy's tasks, numbers of documents."""

from yinfeng.duties.services.duties import (
    EDITED,
    Origin,
    Six,
    change_duty,
    evidence_wanted,
    follow_unit,
    hand_over,
    keep_evidence,
    may_close_unit,
    move_duty,
    recount,
    recount_after,
    report_progress,
    set_duty,
    submit_duty,
)
from yinfeng.duties.services.extensions import ask_extension, grant_extension, move_extension
from yinfeng.duties.services.numbers import next_number
from yinfeng.duties.services.policy import Task, end_task, put_task
from yinfeng.duties.services.reminders import compose, digest_of, issue_reminder, remind
from yinfeng.duties.services.telling import tell_setters, tell_units

__all__ = [
    "EDITED",
    "Origin",
    "Six",
    "Task",
    "ask_extension",
    "change_duty",
    "compose",
    "digest_of",
    "end_task",
    "evidence_wanted",
    "follow_unit",
    "grant_extension",
    "hand_over",
    "issue_reminder",
    "keep_evidence",
    "may_close_unit",
    "move_duty",
    "move_extension",
    "next_number",
    "put_task",
    "recount",
    "recount_after",
    "remind",
    "report_progress",
    "set_duty",
    "submit_duty",
    "tell_setters",
    "tell_units",
]
