"""Every write of the duties: six and life, extensions, reminders, the policy's tasks, numbers of documents."""

from yinfeng.duties.services.bots import add_bot, remove_bot, tell_unit, try_bot
from yinfeng.duties.services.calendar import announce_year, change_day, enter_day, remove_day
from yinfeng.duties.services.circulars import (
    check_period,
    compose_circular,
    draft_circular,
    is_as_issued,
    issue_circular,
    note_altered,
)
from yinfeng.duties.services.extensions import ask_extension, grant_extension, move_extension
from yinfeng.duties.services.following import follow_secrecy, join_collectives, recount, recount_after
from yinfeng.duties.services.handing_over import follow_closing, follow_unit, hand_over, may_close_unit
from yinfeng.duties.services.letters import write_weekly
from yinfeng.duties.services.numbers import next_number
from yinfeng.duties.services.policy import Task, end_task, put_task
from yinfeng.duties.services.reminders import compose, digest_of, issue_reminder, remind
from yinfeng.duties.services.setting import EDITED, Origin, Six, change_duty, set_duty
from yinfeng.duties.services.subscriptions import choose_letter, make_address, open_address, revoke_address
from yinfeng.duties.services.telling import tell_setters, tell_units
from yinfeng.duties.services.working import (
    evidence_wanted,
    keep_evidence,
    move_duty,
    report_progress,
    submit_duty,
)

__all__ = [
    "EDITED",
    "Origin",
    "Six",
    "Task",
    "add_bot",
    "announce_year",
    "ask_extension",
    "change_day",
    "change_duty",
    "check_period",
    "choose_letter",
    "compose",
    "compose_circular",
    "digest_of",
    "draft_circular",
    "end_task",
    "enter_day",
    "evidence_wanted",
    "follow_closing",
    "follow_secrecy",
    "follow_unit",
    "grant_extension",
    "hand_over",
    "is_as_issued",
    "issue_circular",
    "issue_reminder",
    "join_collectives",
    "keep_evidence",
    "make_address",
    "may_close_unit",
    "move_duty",
    "move_extension",
    "next_number",
    "note_altered",
    "open_address",
    "put_task",
    "recount",
    "recount_after",
    "remind",
    "remove_bot",
    "remove_day",
    "report_progress",
    "revoke_address",
    "set_duty",
    "submit_duty",
    "tell_setters",
    "tell_unit",
    "tell_units",
    "try_bot",
    "write_weekly",
]
