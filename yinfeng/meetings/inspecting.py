"""The words of inspections (督查): states of an inspection and of a finding, what is sampled and how much of it."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from yinfeng.core.errors import Sentence

PLANNED, UNDER_WAY, REPORTED, CANCELLED = "planned", "under_way", "reported", "cancelled"
INSPECTION_STATES: Mapping[str, Sentence] = {
    PLANNED: _("已部署"),
    UNDER_WAY: _("督查中"),
    REPORTED: _("已通报结果"),
    CANCELLED: _("已取消"),
}

FOUND, ORDERED, CORRECTED, WITHDRAWN = "found", "ordered", "corrected", "withdrawn"
FINDING_STATES: Mapping[str, Sentence] = {
    FOUND: _("待处理"),
    ORDERED: _("已责令整改"),
    CORRECTED: _("当场整改"),
    WITHDRAWN: _("已撤销"),
}

# What an ordered finding has come to, by the duty set for it.
SETTLED, GOING, LATE = "settled", "going", "late"
OUTCOMES: Mapping[str, Sentence] = {
    **FINDING_STATES,
    GOING: _("整改中"),
    LATE: _("整改逾期"),
    SETTLED: _("整改完成"),
}

NONE, UNITS, PROJECTS = "none", "units", "projects"
POPULATIONS: Mapping[str, Sentence] = {
    PROJECTS: _("从项目中抽取"),
    UNITS: _("从单位中抽取"),
    NONE: _("不抽样，逐个指定"),
}
COUNT, PERCENT = "count", "percent"
SIZES: Mapping[str, Sentence] = {COUNT: _("个"), PERCENT: "%"}
UNIT_KINDS = ("district", "zone", "government", "party", "soe", "group", "command")

SEVERITY = "finding_severity"  # the code table of how grave a finding is
EVIDENCE, REPORT = "finding_evidence", "inspection_report"
