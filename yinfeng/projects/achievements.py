"""What a project can achieve, what proves it, and which stage follows from it.

An achievement is claimed with its evidence by one person and verified by another; the ledger recognises it then. Each counts
once; only money that arrives counts as often as it arrives, told apart by its voucher.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from yinfeng.core.errors import Sentence
from yinfeng.projects import stages


@dataclass(frozen=True, slots=True)
class Achievement:
    """One kind: the move of the stage that its verification makes, what its day and amount are called, what proves it.

    ``move`` is empty for one that moves nothing, ``amount`` for one without an amount, ``key`` for one that happens once;
    of a ``yearly`` one the key is the year. ``less`` is what an amount of it may be lessened by, where somebody shares in the rest.
    """

    code: str
    move: str
    day: Sentence
    evidence: str
    evidence_label: Sentence
    amount: Sentence = ""
    less: Sentence = ""
    key: Sentence = ""
    yearly: bool = False

    @property
    def label(self) -> Sentence:
        return stages.ACHIEVEMENTS[self.code]

    @property
    def from_stage(self) -> str:
        """The stage that the project has reached when the achievement counts: its own; of what happens often, registration."""
        return stages.REGISTERED if self.key else self.code

    @property
    def date_field(self) -> str:
        """The field of the project that keeps the day; empty for what happens often."""
        return "" if self.key else f"{self.code}_date"


KINDS: Mapping[str, Achievement] = {
    kind.code: kind
    for kind in (
        Achievement(
            stages.SIGNED, "sign", _("签约日期"), stages.CONTRACT, _("合同文本"), amount=_("合同投资额")
        ),
        Achievement(
            stages.REGISTERED, "register", _("注册日期"), stages.LICENCE, _("营业执照"), amount=_("注册资本")
        ),
        Achievement(
            stages.CAPITAL, "", _("到账日期"), "capital", _("验资报告或到账凭证"), amount=_("到位资金"), key=_("凭证号")
        ),
        Achievement(stages.STARTED, "start", _("实际开工日期"), "permit", _("施工许可证或开工证明")),
        Achievement(
            stages.COMPLETED, "complete", _("实际竣工日期"), "acceptance", _("竣工验收材料"), amount=_("完成投资额")
        ),
        Achievement(stages.PRODUCING, "produce", _("投产日期"), "production", _("投产或开业证明")),
        Achievement(
            stages.AT_CAPACITY, "reach_capacity", _("达产日期"), "capacity", _("达产证明"), amount=_("年产值")
        ),
        Achievement(
            stages.TAX, "", _("最后入库日期"), "tax", _("完税证明"), amount=_("地方留成税收"),
            less=_("已兑现奖补"), key=_("年度"), yearly=True,
        ),
        Achievement(
            stages.OUTPUT, "", _("统计截止日期"), "output", _("产值统计表"), amount=_("年产值"), key=_("年度"), yearly=True
        ),
    )
}  # fmt: skip

# The files that come with a claim alone; a licence is also put with a project by itself.
ONLY_CLAIMED = {kind.evidence for kind in KINDS.values()} - {stages.LICENCE}

# In which order the days of achievements follow each other; a firm may be registered before the contract is signed.
RANKS: Mapping[str, int] = {
    stages.SIGNED: 0, stages.REGISTERED: 0, stages.STARTED: 1, stages.COMPLETED: 2, stages.PRODUCING: 3, stages.AT_CAPACITY: 4,
}  # fmt: skip
