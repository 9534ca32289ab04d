"""The words of duties: states, kinds of source, grades, parts and levels of reminder (clause 3.5.3, docs/glossary.md)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.errors import Sentence

# --- the life of a duty -------------------------------------------------------------------------------------------

ASSIGNED, WORKING, SUBMITTED, RETURNED, CLOSED, CANCELLED = (
    "assigned", "working", "submitted", "returned", "closed", "cancelled",
)  # fmt: skip
DUTY_STATES: dict[str, Sentence] = {
    ASSIGNED: _("待签收"),
    WORKING: _("办理中"),
    SUBMITTED: _("待审核"),
    RETURNED: _("已退回"),
    CLOSED: _("已办结"),
    CANCELLED: _("已撤销"),
}
# In which somebody owes something; in which the lead unit does.
OPEN = (ASSIGNED, WORKING, SUBMITTED, RETURNED)
OWED = (ASSIGNED, WORKING)
# In which its evidence is being judged, or was.
JUDGED = (SUBMITTED, CLOSED)

ASKED, GRANTED, REFUSED, WITHDRAWN = "asked", "granted", "refused", "withdrawn"
EXTENSION_STATES: dict[str, Sentence] = {
    ASKED: _("待审批"),
    GRANTED: _("已同意"),
    REFUSED: _("未同意"),
    WITHDRAWN: _("已撤回"),
}

# --- where a duty comes from --------------------------------------------------------------------------------------

POLICY, RESOLUTION, PROJECT, TICKET, SUPPORT = "policy", "resolution", "project", "ticket", "support"
DIFFICULTY, MILESTONE, INSPECTION, INSTRUCTION, PART, OTHER = (
    "difficulty", "milestone", "inspection", "instruction", "part", "other",
)  # fmt: skip
SOURCES: dict[str, Sentence] = {
    POLICY: _("政策条款"),
    RESOLUTION: _("会议议定"),
    INSTRUCTION: _("领导批示"),
    PROJECT: _("项目"),
    DIFFICULTY: _("困难问题"),
    MILESTONE: _("建设节点"),
    INSPECTION: _("督查整改"),
    TICKET: _("热线和信箱"),
    SUPPORT: _("要素保障"),
    PART: _("任务分解"),
    OTHER: _("其他交办"),
}
# Of which no more than one duty is open at a time: its closing settles what it came from.
ONE_AT_A_TIME = (DIFFICULTY, MILESTONE, INSPECTION)
# What a person enters by hand; the others are opened by what they come from.
BY_HAND = (INSTRUCTION, OTHER)

# --- who takes part -----------------------------------------------------------------------------------------------

SETTER, LEAD, CO_LEAD, JOINT, LEADER = "setter", "lead", "co_lead", "joint", "leader"
FORMER_LEAD, FORMER_SETTER = "was_lead", "was_setter"
PARTS: dict[str, Sentence] = {
    SETTER: _("交办单位"),
    LEAD: _("牵头单位"),
    CO_LEAD: _("共同牵头"),
    JOINT: _("责任单位"),
    LEADER: _("牵头领导"),
    FORMER_LEAD: _("原牵头单位"),
    FORMER_SETTER: _("原交办单位"),
}
# The units that owe a duty, of whose work it tells.
RESPONSIBLE = (LEAD, CO_LEAD, JOINT)
# Who held it before: it sees on what it did, and acts no more.
FORMERLY = (FORMER_LEAD, FORMER_SETTER)

# --- how grave ----------------------------------------------------------------------------------------------------

MAJOR, KEY, NORMAL = "major", "key", "normal"
GRADES: dict[str, Sentence] = {MAJOR: _("重大"), KEY: _("重点"), NORMAL: _("一般")}

INTERNAL, SENSITIVE = "internal", "sensitive"
SECRECY: dict[str, Sentence] = {INTERNAL: _("内部"), SENSITIVE: _("敏感")}

# --- reminders, mildest first -------------------------------------------------------------------------------------

REMIND, URGE, ORDER, CIRCULAR, TALK = "remind", "urge", "order", "circular", "talk"
LEVELS: dict[str, Sentence] = {
    REMIND: _("提醒"),
    URGE: _("催办"),
    ORDER: _("督办单"),
    CIRCULAR: _("通报"),
    TALK: _("约谈"),
}

# --- how it stands against its last day ---------------------------------------------------------------------------

OVERDUE, TODAY, SOON, LATER, STANDING = "overdue", "today", "soon", "later", "standing"
DUE: dict[str, Sentence] = {
    OVERDUE: _("已逾期"),
    TODAY: _("今天到期"),
    SOON: _("即将到期"),
    LATER: _("未到期"),
    STANDING: _("长期"),
}

EVIDENCE = "evidence"
