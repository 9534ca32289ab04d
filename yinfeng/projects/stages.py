"""The codes of stages, statuses and parts that models, lifecycles and the profile share; their labels come from here."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from yinfeng.core.errors import Sentence

# The life of a project in order (融安县“七个一批”, FACTS §1.2). The city's library knows four states above them (FACTS §1.1):
# which stage counts under which, the profile says (stages.toml). Building is left out where nothing is built.
PLANNED, INTENDED, NEGOTIATING, SIGNED = "planned", "intended", "negotiating", "signed"
REGISTERED, PREPARING, STARTED, BUILDING = "registered", "preparing", "started", "building"
COMPLETED, PRODUCING, AT_CAPACITY = "completed", "producing", "at_capacity"
STAGES: Mapping[str, Sentence] = {
    PLANNED: _("策划"),
    INTENDED: _("意向"),
    NEGOTIATING: _("在谈"),
    SIGNED: _("签约"),
    REGISTERED: _("注册"),
    PREPARING: _("前期"),
    STARTED: _("开工"),
    BUILDING: _("在建"),
    COMPLETED: _("竣工"),
    PRODUCING: _("投产"),
    AT_CAPACITY: _("达产"),
}
ORDER = tuple(STAGES)
CONSTRUCTION = (STARTED, BUILDING, COMPLETED)


def reached(stage: str, other: str) -> bool:
    """Say whether a project that stands in ``stage`` has come as far as ``other``."""
    return ORDER.index(stage) >= ORDER.index(other)


# The states of the city's library; which stage counts under which the profile may say otherwise.
LANDED = "landed"
LIBRARY: Mapping[str, Sentence] = {
    PLANNED: _("策划"),
    INTENDED: _("意向"),
    NEGOTIATING: _("在谈"),
    LANDED: _("落地"),
}

ONGOING, ON_HOLD, LOST, ENDED, LEFT = "ongoing", "on_hold", "lost", "ended", "left"
STATUSES: Mapping[str, Sentence] = {
    ONGOING: _("推进中"),
    ON_HOLD: _("暂缓"),
    LOST: _("流失"),
    ENDED: _("终止"),
    LEFT: _("出库"),
}
# Over: nobody works on them any more. What left the library may be taken back in.
OVER = (LOST, ENDED, LEFT)

QUALIFIED, CONVERTED, DECLINED = "qualified", "converted", "declined"
LEAD_STATES: Mapping[str, Sentence] = {
    REGISTERED: _("待研判"),
    QUALIFIED: _("研判通过"),
    CONVERTED: _("已转项目"),
    DECLINED: _("不予跟进"),
}

PUBLIC, INTERNAL, SENSITIVE = "public", "internal", "sensitive"
SECRECY: Mapping[str, Sentence] = {PUBLIC: _("公开"), INTERNAL: _("内部"), SENSITIVE: _("敏感")}

REPORTER, HOST, JOINT, GROUP, INTRODUCER, APPROVER = (
    "reporter",
    "host",
    "joint",
    "group",
    "introducer",
    "approver",
)
RECEIVER, ORIGIN, COMMAND, LINKED, SUPPORT = "receiver", "origin", "command", "linked", "support"
PARTS: Mapping[str, Sentence] = {
    REPORTER: _("报送单位"),
    HOST: _("落地单位"),
    JOINT: _("协同单位"),
    GROUP: _("招商组"),
    SUPPORT: _("保障组"),
    INTRODUCER: _("引荐单位"),
    APPROVER: _("审批单位"),
    RECEIVER: _("拟承接单位"),
    ORIGIN: _("流出单位"),
    COMMAND: _("片区指挥部"),
    LINKED: _("市区联动单位"),
}
# The parts whose unit runs the project: edits it, advances it, chooses the team.
RUNNING_PARTS = (REPORTER, HOST)
# The parts that working groups of the leader group have: by the industry, or beside it by the grade.
GROUP_PARTS = (GROUP, SUPPORT)
# The parts whose units have a share in what the project achieves beside who holds it, each by a rule of its own.
SHARING_PARTS = (INTRODUCER, LINKED)
# The parts that one chooses when a unit joins; the others follow from what the project is.
CHOSEN_PARTS = (JOINT, INTRODUCER, LINKED, APPROVER)
# The parts whose unit looks on: it was offered the project, or had it before.
LOOKING_PARTS = (RECEIVER, ORIGIN)
ACTING_PARTS = tuple(part for part in PARTS if part not in LOOKING_PARTS)

# The kinds of files that one puts with a project; the codes are those of the profile's table ``document_kind``.
CONTRACT, LICENCE = "contract", "licence"
FILE_KINDS: Mapping[str, Sentence] = {
    "intent": _("投资意向书"),
    "proposal": _("项目建议书或投资方案"),
    "feasibility": _("可行性研究报告"),
    LICENCE: _("营业执照"),
    "minutes": _("会议纪要"),
    "credit": _("资信证明"),
    "other": _("其他材料"),
    CONTRACT: _("投资合同"),
    "capital": _("验资报告或到账凭证"),
    "permit": _("施工许可证或开工证明"),
    "acceptance": _("竣工验收材料"),
    "production": _("投产或开业证明"),
    "capacity": _("达产证明"),
    "tax": _("完税证明"),
    "output": _("产值统计表"),
    "agreement": _("三方协议"),
    "photo": _("现场照片"),
}
PHOTO = "photo"

# What the dates alone say of a project that is going on (FACTS §1.6); worked out when it is read, kept nowhere.
GREEN, YELLOW, RED = "green", "yellow", "red"
LIGHTS: Mapping[str, Sentence] = {GREEN: _("绿灯"), YELLOW: _("黄灯"), RED: _("红灯")}

# What a project can achieve, as the ledger recognises it; those that lead to a stage have its code.
CAPITAL, TAX, OUTPUT = "capital", "tax", "output"
RECURRING = (
    CAPITAL,
    TAX,
    OUTPUT,
)  # happen again and again, told apart by voucher or year; they lead to no stage
ACHIEVEMENTS: Mapping[str, Sentence] = {
    SIGNED: _("签约"),
    REGISTERED: _("注册"),
    CAPITAL: _("资金到位"),
    STARTED: _("开工"),
    COMPLETED: _("竣工"),
    PRODUCING: _("投产"),
    AT_CAPACITY: _("达产"),
    TAX: _("税收"),
    OUTPUT: _("产值"),
}

SUBMITTED, VERIFIED, REFUTED, WITHDRAWN = "submitted", "verified", "refuted", "withdrawn"
CLAIMED = (SUBMITTED, VERIFIED)  # claims whose evidence stays
CLAIM_STATES: Mapping[str, Sentence] = {
    SUBMITTED: _("待核验"),
    VERIFIED: _("已核验"),
    REFUTED: _("核验不通过"),
    WITHDRAWN: _("已撤回"),
}

ASKED, APPROVED, REFUSED = "asked", "approved", "refused"
STEP_BACK_STATES: Mapping[str, Sentence] = {
    ASKED: _("待批准"),
    APPROVED: _("已批准"),
    REFUSED: _("未批准"),
    WITHDRAWN: _("已撤回"),
}

REVERSAL_STATES: Mapping[str, Sentence] = {
    ASKED: _("待确认"),
    APPROVED: _("已确认"),
    REFUSED: _("未同意"),
    WITHDRAWN: _("已撤回"),
}

# Passing a project on (clause 3.2.4): how far a transfer has come, and the terms on which both units share (FACTS §1.5).
OFFERED, ACCEPTED, ARBITRATING, COMPLETED_TRANSFER = "offered", "accepted", "arbitrating", "completed"
DISMISSED = "dismissed"
TRANSFER_STATES: Mapping[str, Sentence] = {
    OFFERED: _("待承接单位答复"),
    ACCEPTED: _("待签三方协议"),
    DECLINED: _("承接单位未接收"),
    ARBITRATING: _("待办公室裁定"),
    COMPLETED_TRANSFER: _("已流转"),
    DISMISSED: _("裁定不流转"),
    WITHDRAWN: _("已撤回"),
}
OPEN_TRANSFERS = (OFFERED, ACCEPTED, DECLINED, ARBITRATING)
BOTH, INVESTMENT, NET_TAX = "both", "investment", "net_tax"
SHARED_BASES: Mapping[str, Sentence] = {
    BOTH: _("引资业绩和地方留成税收"),
    INVESTMENT: _("引资业绩"),
    TAX: _("地方留成税收"),
    NET_TAX: _("地方留成税收减已兑现奖补"),
}
AGREEMENT, FIRST_TAX = "agreement", "first_tax"
SHARED_FROM: Mapping[str, Sentence] = {
    AGREEMENT: _("协议签订"),
    STARTED: _("开工"),
    FIRST_TAX: _("首次入库税款"),
}
SPLIT, DOUBLE, SINGLE = "split", "double", "single"
STATISTICS: Mapping[str, Sentence] = {
    SPLIT: _("按分成比例拆分"),
    DOUBLE: _("双方全额计算"),
    SINGLE: _("只计承接单位"),
}

# Who reported an investor first (首报首谈, FACTS §1.4): where a record stands among those of other units, and disputes over it.
FIRST, TOGETHER, LATER, LAPSED, HELD = "first", "together", "later", "lapsed", "held"
RANKS: Mapping[str, Sentence] = {
    HELD: _("已签约"),
    FIRST: _("首报"),
    TOGETHER: _("同时报备"),
    LATER: _("报备在后"),
    LAPSED: _("保护期满"),
}
RAISED, ANSWERED, DECIDED = "raised", "answered", "decided"
DISPUTE_STATES: Mapping[str, Sentence] = {
    RAISED: _("待另一方陈述"),
    ANSWERED: _("待办公室裁定首报"),
    DECIDED: _("已裁定"),
    WITHDRAWN: _("已撤回"),
}
OPEN_DISPUTES = (RAISED, ANSWERED)
RAISER, OTHER, DIFFERENT = "raiser", "other", "different"
OUTCOMES: Mapping[str, Sentence] = {
    RAISER: _("由提出方承办"),
    OTHER: _("由另一方承办"),
    DIFFERENT: _("不是同一项目，双方各自推进"),
}
# What somebody declares of a second project for one investor.
RELATED = "related"
LINKS: Mapping[str, Sentence] = {RELATED: _("相关项目"), DIFFERENT: _("不同项目")}
# For what a project that is scheduled waits, the first that holds in this order; a transfer waits in the state it is in. And
# who must act then.
CLAIM, STEP_BACK, NEXT_STEP, LACKING, UNSTARTED, BEHIND, SILENT, NOTHING = (
    "claim",
    "step_back",
    "next_step",
    "lacking",
    "unstarted",
    "behind",
    "silent",
    "nothing",
)
VERIFIERS, SIDES, GIVER, TAKER, OFFICE, LEADER, HOLDER, NOBODY = (
    "verifiers", "sides", "giver", "taker", "office", "leader", "holder", "nobody"
)  # fmt: skip
MUST_ACT: Mapping[str, Sentence] = {
    VERIFIERS: _("核验人"),
    TAKER: _("拟承接单位"),
    GIVER: _("流出单位"),
    SIDES: _("流转双方"),
    OFFICE: _("领导小组办公室"),
    LEADER: _("项目负责人"),
    HOLDER: _("落地单位"),
    NOBODY: _("不等人"),
}
WAITS_FOR: Mapping[str, str] = {
    CLAIM: VERIFIERS,
    STEP_BACK: VERIFIERS,
    OFFERED: TAKER,
    DECLINED: GIVER,
    ARBITRATING: OFFICE,
    ACCEPTED: SIDES,
    NEXT_STEP: LEADER,
    LACKING: HOLDER,
    UNSTARTED: HOLDER,
    BEHIND: HOLDER,
    SILENT: HOLDER,
    NOTHING: NOBODY,
}

# The three personal duties of a unit's first hand (clause 1.5), and how far a record of one has come.
PROMOTE, SOLVE, SUPERVISE = "promote", "solve", "supervise"
PERSONAL_KINDS: Mapping[str, Sentence] = {
    PROMOTE: _("亲自推介考察洽谈"),
    SOLVE: _("亲自协调解决问题"),
    SUPERVISE: _("亲自督办过问进度"),
}
RECORDED = "recorded"
PERSONAL_STATES: Mapping[str, Sentence] = {RECORDED: _("已记录"), WITHDRAWN: _("已撤回")}

# Planning what the city wants (策划生成, clauses 1.2 and 2.2): collected, argued, published (FACTS §1.2, 青田县), taken up.
COLLECTED, ARGUED, PUBLISHED, GENERATED = "collected", "argued", "published", "generated"
PROPOSAL_STATES: Mapping[str, Sentence] = {
    COLLECTED: _("征集"),
    ARGUED: _("论证"),
    PUBLISHED: _("发布"),
    GENERATED: _("已生成项目"),
    WITHDRAWN: _("撤下"),
}
PUBLIC_PROPOSALS = (PUBLISHED, GENERATED)

# What an area offers (片区载体): land in 亩, buildings in ㎡.
LAND, BUILDING = "land", "building"
PREMISES_KINDS: Mapping[str, Sentence] = {LAND: _("土地"), BUILDING: _("房屋")}
PREMISES_UNITS: Mapping[str, Sentence] = {LAND: _("亩"), BUILDING: _("㎡")}
AVAILABLE, RESERVED, TAKEN = "available", "reserved", "taken"
PREMISES_STATES: Mapping[str, Sentence] = {AVAILABLE: _("可用"), RESERVED: _("已预留"), TAKEN: _("已使用")}

# Building (clause 3.2.3): who builds, and how far a bottleneck has come.
OWNER, DESIGN, SUPERVISION, CONTRACTOR = "owner", "design", "supervision", "contractor"
BUILDER_ROLES: Mapping[str, Sentence] = {
    OWNER: _("建设单位"),
    DESIGN: _("设计单位"),
    SUPERVISION: _("监理单位"),
    CONTRACTOR: _("施工单位"),
}
OPEN, SOLVED, DROPPED = "open", "solved", "dropped"
BOTTLENECK_STATES: Mapping[str, Sentence] = {
    OPEN: _("待解决"),
    SOLVED: _("已解决"),
    WITHDRAWN: _("已撤回"),
    DROPPED: _("项目不再推进"),
}
# Stages in which a project that is signed has not started to build, and in which it builds.
BEFORE_START = (SIGNED, REGISTERED, PREPARING)
UNDER_WAY = (STARTED, BUILDING)
# What the rules propose for how a project is built; a person decides.
INCENTIVE, PENALTY = "incentive", "penalty"
PROPOSALS: Mapping[str, Sentence] = {INCENTIVE: _("激励"), PENALTY: _("约束")}
# How often something is reported to the offices above.
WEEKLY, MONTHLY, QUARTERLY = "weekly", "monthly", "quarterly"
PERIODS: Mapping[str, Sentence] = {WEEKLY: _("每周"), MONTHLY: _("每月"), QUARTERLY: _("每季")}
