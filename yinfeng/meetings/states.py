"""The words of the consultation mechanism: states, kinds of topic, ways to decide, what a review looks at."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from yinfeng.core.errors import Sentence

INTERNAL, SENSITIVE = "internal", "sensitive"
SECRECY: Mapping[str, Sentence] = {INTERNAL: _("内部"), SENSITIVE: _("敏感")}

# --- meetings -----------------------------------------------------------------------------------------------------

PLANNED, FIXED, HELD, ISSUED, CANCELLED = "planned", "fixed", "held", "issued", "cancelled"
MEETING_STATES: Mapping[str, Sentence] = {
    PLANNED: _("拟开"), FIXED: _("议程已定"), HELD: _("已召开"), ISSUED: _("纪要已印发"), CANCELLED: _("已取消")
}  # fmt: skip
OPEN_MEETINGS = (PLANNED, FIXED)  # whose agenda can still change
TOOK_PLACE = (HELD, ISSUED)

CALLED, PRESENT, EXCUSED, LISTENING = "called", "present", "excused", "listening"
ATTENDANCE: Mapping[str, Sentence] = {
    CALLED: _("应到"), PRESENT: _("出席"), EXCUSED: _("请假"), LISTENING: _("列席")
}  # fmt: skip

# --- topics -------------------------------------------------------------------------------------------------------

HEARING, SITING, SUPPORT, DIFFICULTY, OTHER = "hearing", "siting", "support", "difficulty", "other"
TOPIC_KINDS: Mapping[str, Sentence] = {
    HEARING: _("听取汇报"), SITING: _("落地布局"), SUPPORT: _("支持政策"), DIFFICULTY: _("困难问题"),
    OTHER: _("其他"),
}  # fmt: skip
GATHERED = (HEARING, DIFFICULTY)  # what a rule may bring: nothing is asked for that somebody must answer for

SUBMITTED, APPROVED, ON_AGENDA, DECIDED = "submitted", "approved", "on_agenda", "decided"
PUT_OFF, REFUSED, WITHDRAWN = "put_off", "refused", "withdrawn"
TOPIC_STATES: Mapping[str, Sentence] = {
    SUBMITTED: _("待审核"), APPROVED: _("待上会"), ON_AGENDA: _("已列入议程"), DECIDED: _("已议定"), PUT_OFF: _("暂缓议定"),
    REFUSED: _("未采纳"), WITHDRAWN: _("已撤回"),
}  # fmt: skip
WAITING_TOPICS = (SUBMITTED, APPROVED, ON_AGENDA, PUT_OFF)

# --- resolutions --------------------------------------------------------------------------------------------------

AGREED, CONDITIONAL, NOT_AGREED, NOTED, DEFERRED = "agreed", "conditional", "not_agreed", "noted", "deferred"
DECISIONS: Mapping[str, Sentence] = {
    AGREED: _("同意"), CONDITIONAL: _("附条件同意"), NOT_AGREED: _("不同意"), NOTED: _("听取并提出要求"), DEFERRED: _("暂缓议定")
}  # fmt: skip
GRANTING = (AGREED, CONDITIONAL, NOTED)  # under which a site or support may be given
PASSING = (AGREED, CONDITIONAL)  # by which a project passes the gate of the body

STANDING, TAKEN_BACK = "standing", "taken_back"
RESOLUTION_STATES: Mapping[str, Sentence] = {STANDING: _("有效"), TAKEN_BACK: _("已撤回")}

# --- fair competition (公平竞争审查条例, in force since 2024-08-01; FACTS §1.17) ------------------------------------

ACCESS, MOVEMENT, COST, CONDUCT = "access", "movement", "cost", "conduct"
TESTS: Mapping[str, Sentence] = {
    ACCESS: _("限制或变相限制市场准入和退出"),
    MOVEMENT: _("限制商品、要素自由流动"),
    COST: _("影响生产经营成本（如给予特定经营者税收优惠、选择性财政奖补或要素优惠）"),
    CONDUCT: _("影响生产经营行为"),
}
CLEAR, EXEMPT, AGAINST = "clear", "exempt", "against"
CONCLUSIONS: Mapping[str, Sentence] = {
    CLEAR: _("通过：没有排除、限制竞争的内容"), EXEMPT: _("通过：适用例外规定"), AGAINST: _("不通过：有排除、限制竞争的内容")
}  # fmt: skip
