"""The codes of stages, statuses and parts that models, lifecycles and the profile share; their labels come from here."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from yinfeng.core.errors import Sentence

# 策划 → 意向 → 在谈 → 签约: the stages up to signature (FACTS §1.1); the profile lists the later ones as not yet available.
PLANNED, INTENDED, NEGOTIATING, SIGNED = "planned", "intended", "negotiating", "signed"
STAGES: Mapping[str, Sentence] = {
    PLANNED: _("策划"),
    INTENDED: _("意向"),
    NEGOTIATING: _("在谈"),
    SIGNED: _("签约"),
}

ONGOING, ON_HOLD, LOST, ENDED = "ongoing", "on_hold", "lost", "ended"
STATUSES: Mapping[str, Sentence] = {
    ONGOING: _("推进中"),
    ON_HOLD: _("暂缓"),
    LOST: _("流失"),
    ENDED: _("终止"),
}

REGISTERED, QUALIFIED, CONVERTED, DECLINED = "registered", "qualified", "converted", "declined"
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
PARTS: Mapping[str, Sentence] = {
    REPORTER: _("报送单位"),
    HOST: _("落地单位"),
    JOINT: _("协同单位"),
    GROUP: _("招商组"),
    INTRODUCER: _("引荐单位"),
    APPROVER: _("审批单位"),
}
# The parts whose unit runs the project: edits it, advances it, chooses the team.
RUNNING_PARTS = (REPORTER, HOST)

# The kinds of files that one puts with a project; the codes are those of the profile's table ``document_kind``.
CONTRACT = "contract"
FILE_KINDS: Mapping[str, Sentence] = {
    "intent": _("投资意向书"),
    "proposal": _("项目建议书或投资方案"),
    "feasibility": _("可行性研究报告"),
    "licence": _("营业执照"),
    "minutes": _("会议纪要"),
    "credit": _("资信证明"),
    "other": _("其他材料"),
    CONTRACT: _("投资合同"),
}

# What the dates alone say of a project that is going on (FACTS §1.6); worked out when it is read, kept nowhere.
GREEN, YELLOW, RED = "green", "yellow", "red"
LIGHTS: Mapping[str, Sentence] = {GREEN: _("绿灯"), YELLOW: _("黄灯"), RED: _("红灯")}

# What a project can achieve, as the ledger recognises it; for which part in the project a unit has a share in it.
ACHIEVEMENTS: Mapping[str, Sentence] = {SIGNED: _("签约")}

SUBMITTED, VERIFIED, REFUTED = "submitted", "verified", "refuted"
SIGNATURE_STATES: Mapping[str, Sentence] = {
    SUBMITTED: _("待核验"),
    VERIFIED: _("已核验"),
    REFUTED: _("核验不通过"),
}
