"""The life of an inspection (planned, under way, reported) and of what it finds."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.lifecycle import Lifecycle, Move
from yinfeng.meetings import inspecting, queries
from yinfeng.meetings.models import Finding, Inspection


def has_subjects(inspection: Inspection, by: Actor) -> Iterator[Sentence]:
    if not queries.counts_of(inspection)["subject_count"]:
        yield _now("还没有督查对象，请先抽取或逐个列入。")


def is_drawn_by_its_rule(inspection: Inspection, by: Actor) -> Iterator[Sentence]:
    """Ask that what was drawn was drawn by the rule as it is now."""
    if inspection.population == inspecting.NONE:
        return
    last = inspection.draw
    if last is None:
        yield _now("还没有抽取，请先按规则抽取。")
    elif last.rule != inspection.rule():
        yield _now("抽样规则在抽取之后改过，请重新抽取。")


def has_begun(inspection: Inspection, by: Actor) -> Iterator[Sentence]:
    """Ask that the first day of the inspection is there: its report tells from when to when it was."""
    if inspection.starts > timezone.localdate():
        yield _now("督查从 %(day)s 开始，还没有到。") % {"day": inspection.starts}


def all_are_visited(inspection: Inspection, by: Actor) -> Iterator[Sentence]:
    if count := queries.counts_of(inspection)["unvisited_count"]:
        yield _now("还有 %(count)s 个督查对象没有记录检查情况。") % {"count": count}


def all_are_dealt_with(inspection: Inspection, by: Actor) -> Iterator[Sentence]:
    if count := queries.counts_of(inspection)["waiting_count"]:
        yield _now("还有 %(count)s 个问题没有处理，请责令整改、记为当场整改或撤销。") % {"count": count}


def nothing_is_ordered(inspection: Inspection, by: Actor) -> Iterator[Sentence]:
    if queries.counts_of(inspection)["ordered_count"]:
        yield _now("已经责令整改，督查不能取消，请写出报告。")


def inspection_goes_on(finding: Finding, by: Actor) -> Iterator[Sentence]:
    state = finding.inspection.state
    if state != inspecting.UNDER_WAY:
        yield _now("督查“%(state)s”，问题不能再改动。") % {"state": inspecting.INSPECTION_STATES[state]}


INSPECTION = Lifecycle(
    name="meetings.inspection",
    state_field="state",
    initial=inspecting.PLANNED,
    states=inspecting.INSPECTION_STATES,
    moves=(
        Move(
            "start", _("开始督查"), (inspecting.PLANNED,), inspecting.UNDER_WAY, "run", guards=(has_subjects, is_drawn_by_its_rule),
            style="primary", icon="player-play", explain=_("开始之后不能再重新抽取；可以再列入对象，须写明原因。"),
        ),
        Move(
            "report", _("写出督查报告"), (inspecting.UNDER_WAY,), inspecting.REPORTED, "run",
            guards=(has_begun, all_are_visited, all_are_dealt_with), style="primary", icon="file-text", route="inspection-close",
        ),
        Move(
            "cancel", _("取消督查"), (inspecting.PLANNED, inspecting.UNDER_WAY), inspecting.CANCELLED, "run",
            guards=(nothing_is_ordered,), asks_reason=True, style="danger", icon="x",
        ),
    ),
)  # fmt: skip

FINDING = Lifecycle(
    name="meetings.finding",
    state_field="state",
    initial=inspecting.FOUND,
    states=inspecting.FINDING_STATES,
    moves=(
        Move(
            "order", _("责令整改"), (inspecting.FOUND,), inspecting.ORDERED, "run", guards=(inspection_goes_on,),
            style="primary", icon="clipboard-check", route="finding-order",
        ),
        Move(
            "correct", _("记为当场整改"), (inspecting.FOUND,), inspecting.CORRECTED, "run", guards=(inspection_goes_on,),
            asks_reason=True, icon="check", explain=_("问题已在督查期间改正，不另交办。请写明怎样改正、由谁核实。"),
        ),
        Move(
            "withdraw", _("撤销问题"), (inspecting.FOUND,), inspecting.WITHDRAWN, "run", guards=(inspection_goes_on,),
            asks_reason=True, icon="arrow-back-up", explain=_("核实后不成立的，写明原因；记录保留，报告中不列。"),
        ),
    ),
)  # fmt: skip
