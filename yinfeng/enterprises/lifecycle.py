"""The moves of doubts, mergers, targets and warnings. Buttons, API and services read these tables."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.lifecycle import Lifecycle, Move
from yinfeng.enterprises import queries
from yinfeng.enterprises.models import (
    DOUBT_STATES,
    MERGING_STATES,
    SIGNAL_STATES,
    TARGET_STATES,
    Merging,
    Signal,
)

DOUBT = Lifecycle(
    name="enterprises.doubt",
    state_field="state",
    initial="open",
    states=DOUBT_STATES,
    moves=(
        Move(
            "tell_apart", _("不是同一家"), ("open",), "different", "decide", asks_reason=True, icon="arrows-split",
            explain=_("两家企业各自保留，以后不再提示它们重复。"),
        ),
    ),
)  # fmt: skip


def is_in_time(merging: Merging, by: Actor) -> Iterator[Sentence]:
    until = queries.undo_until(merging)
    if timezone.localdate() > until:
        yield _now("这次合并的撤销期限是 %(day)s，已经过了。如确有错误，请重新录入被并入的企业。") % {
            "day": until
        }


def is_last(merging: Merging, by: Actor) -> Iterator[Sentence]:
    if later := queries.later_merger(merging):
        yield _now("“%(name)s”后来又并入了“%(kept)s”，请先撤销那一次合并。") % {
            "name": later.gone_name, "kept": later.kept.name,
        }  # fmt: skip


MERGING = Lifecycle(
    name="enterprises.merging",
    state_field="state",
    initial="merged",
    states=MERGING_STATES,
    moves=(
        Move(
            "undo", _("撤销合并"), ("merged",), "undone", "undo", guards=(is_in_time, is_last), asks_reason=True,
            icon="arrow-back-up", style="danger",
            explain=_("被并入的企业将恢复为单独的记录，合并时转移的内容回到它名下。"),
        ),
    ),
)  # fmt: skip

# Firms are met in talks before anybody lists them: a step may be skipped, none is taken twice.
TARGET = Lifecycle(
    name="enterprises.target",
    state_field="state",
    initial="listed",
    states=TARGET_STATES,
    moves=(
        Move("contact", _("已取得联系"), ("listed",), "contacted", "change", style="primary", icon="phone"),
        Move("visit", _("开始互访"), ("listed", "contacted"), "visiting", "change", icon="car"),
        Move("negotiate", _("进入洽谈"), ("listed", "contacted", "visiting"), "negotiating", "change", icon="messages"),
        Move(
            "land", _("已形成项目"), ("listed", "contacted", "visiting", "negotiating"), "landed", "change", icon="briefcase",
            explain=_("请写明项目编号或名称。本单位为这家企业建立的项目会自动记到这里，不必填写。"),
        ),
        Move(
            "drop", _("不再跟进"), ("listed", "contacted", "visiting", "negotiating", "landed"), "dropped", "change",
            asks_reason=True, icon="x", explain=_("企业留在名单中，需要时可以重新跟进。其他单位列入它时不再提示您。"),
        ),
        Move(
            "resume", _("重新跟进"), ("dropped",), "listed", "change", asks_reason=True, style="primary", icon="rotate",
        ),
    ),
)  # fmt: skip


def has_owner(signal: Signal, by: Actor) -> Iterator[Sentence]:
    if signal.owner_id is None:
        yield _now("须先指派责任单位和责任人。")


SIGNAL = Lifecycle(
    name="enterprises.signal",
    state_field="state",
    initial="open",
    states=SIGNAL_STATES,
    moves=(
        Move(
            "handle", _("开始应对"), ("open",), "handling", "change", guards=(has_owner,), style="primary", icon="player-play",
        ),
        Move(
            "stay", _("企业已留住"), ("handling",), "stayed", "change", asks_reason=True, style="primary", icon="home-check",
            explain=_("请写明怎样核实的、靠什么留住的。"),
        ),
        Move(
            "leave", _("企业已外迁"), ("open", "handling"), "moved", "change", asks_reason=True, icon="plane-departure",
            explain=_("请写明迁往何处、为什么。"),
        ),
        Move(
            "refute", _("情况不属实"), ("open", "handling"), "mistaken", "change", asks_reason=True, icon="x",
        ),
        Move(
            "reopen", _("重新应对"), ("stayed", "moved", "mistaken"), "handling", "change", guards=(has_owner,),
            asks_reason=True, icon="rotate",
        ),
    ),
)  # fmt: skip
