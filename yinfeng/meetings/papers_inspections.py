"""The report of an inspection as an official document (GB/T 9704-2012): counts, what was found, how it is being put right."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.exchange.official import (
    Block,
    Facts,
    Heading,
    Layout,
    Official,
    Paragraph,
    Table,
    chinese_date,
    write_official,
)
from yinfeng.meetings import inspecting, queries
from yinfeng.meetings.models import Draw, Inspection, Subject
from yinfeng.projects import stages
from yinfeng.projects.models import Project

_HIDDEN = gettext_lazy("敏感项目，内容见系统")


def inspection_report(
    inspection: Inspection, *, subjects: Sequence[Subject], findings: Sequence[queries.Told], draw: Draw | None,
    conclusion: str, team: Sequence[str], today: date, is_filed: bool,
) -> bytes:  # fmt: skip
    """Return the report as a Word document of what its writer sees. The same content, the same bytes.

    ``is_filed``: others read it too, who may not see what is sensitive.
    """
    stands = [told for told in findings if told.finding.state != inspecting.WITHDRAWN]
    body: list[Block] = [
        Paragraph(_opening(inspection, team)),
        Heading(1, _("督查概况")),
        Facts(
            [
                (_("督查内容"), inspection.matter),
                (_("督查时间"), _period(inspection)),
                (_("督查对象"), _("%(count)s 个，其中抽取 %(drawn)s 个、指定 %(named)s 个") % _counted(subjects)),
                (_("抽取方法"), _drawn(draw)),
                (_("发现问题"), _found(stands)),
                (_("整改情况"), _put_right(stands)),
            ],
            columns=1,
        ),
        Heading(1, _("督查对象")),
        Table(
            [_("序号"), _("督查对象"), _("检查日期"), _("检查情况")],
            [
                [str(at), *_visit(item, is_filed)]
                for at, item in enumerate(subjects, 1)
            ],
            widths=(1.3, 4, 2.9, 6),
        ),
        Heading(1, _("发现的问题和整改情况")),
    ]  # fmt: skip
    if stands:
        body.append(
            Table(
                [_("序号"), _("责任单位"), _("问题"), _("程度"), _("整改")],
                [
                    [str(told.finding.number), told.finding.unit.brief, _problem(told, is_filed), queries.severity_label(told.finding.severity), _rectified(told, is_filed)]
                    for told in stands
                ],
                widths=(1.3, 2.2, 5, 1.8, 3.4),
            )
        )  # fmt: skip
    else:
        body.append(Paragraph(_("没有发现问题。")))
    if conclusion.strip():
        body += [Heading(1, _("总体评价")), Paragraph(conclusion.strip())]
    paper = Official(
        layout=Layout.PAPER, title=_title(inspection, is_filed), body=body,
        signed_by=inspection.unit.name, date=today, sealed=False,
    )  # fmt: skip
    stream = io.BytesIO()
    write_official(stream, paper)
    return stream.getvalue()


def _title(inspection: Inspection, is_filed: bool) -> str:
    title = _("关于%(title)s情况的报告") % {"title": inspection.title}
    is_draft = not is_filed and inspection.state != inspecting.REPORTED
    return title + (_("（稿）") if is_draft else "")


def _opening(inspection: Inspection, team: Sequence[str]) -> str:
    told = {
        "unit": inspection.unit.name,
        "title": inspection.title,
        "team": _("（%(names)s）") % {"names": _("、").join(team)} if team else "",
        "basis": _("根据%(basis)s，") % {"basis": inspection.basis} if inspection.basis else "",
        "from": chinese_date(inspection.starts),
        "to": chinese_date(inspection.ends),
    }
    if inspection.starts == inspection.ends:
        return _("%(basis)s%(unit)s于%(from)s开展“%(title)s”%(team)s。现将情况报告如下。") % told
    return _("%(basis)s%(unit)s于%(from)s至%(to)s开展“%(title)s”%(team)s。现将情况报告如下。") % told


def _period(inspection: Inspection) -> str:
    days = dict.fromkeys((chinese_date(inspection.starts), chinese_date(inspection.ends)))
    return " — ".join(days)


def _counted(subjects: Sequence[Subject]) -> dict[str, int]:
    drawn = sum(item.draw_id is not None for item in subjects)
    return {"count": len(subjects), "drawn": drawn, "named": len(subjects) - drawn}


def _drawn(draw: Draw | None) -> str:
    if draw is None:
        return _("没有抽样，逐个指定")
    told = {
        "all": sum(map(len, draw.strata.values())),
        "picked": len(draw.picked),
        "seed": draw.seed,
        "number": draw.number,
    }
    return _("从 %(all)s 个中随机抽取 %(picked)s 个（第 %(number)s 次抽取，种子 %(seed)s，可以复核）") % told


def _found(stands: Sequence[queries.Told]) -> str:
    if not stands:
        return _("没有发现问题")
    by: dict[str, int] = {}
    for told in stands:
        label = queries.severity_label(told.finding.severity)
        by[label] = by.get(label, 0) + 1
    parts = _("、").join(
        _("%(label)s %(count)s 个") % {"label": label, "count": count} for label, count in by.items()
    )
    return _("%(count)s 个，其中%(parts)s") % {"count": len(stands), "parts": parts}


def _put_right(stands: Sequence[queries.Told]) -> str:
    def count(*outcomes: str) -> int:
        return sum(told.outcome in outcomes for told in stands)

    told = {
        "settled": count(inspecting.SETTLED),
        "spot": count(inspecting.CORRECTED),
        "going": count(inspecting.GOING, inspecting.ORDERED),
        "late": count(inspecting.LATE),
    }
    return _("整改完成 %(settled)s 个，当场整改 %(spot)s 个，整改中 %(going)s 个，逾期 %(late)s 个") % told


def _visit(subject: Subject, is_filed: bool) -> list[str]:
    note = _HIDDEN if is_filed and _is_sensitive(subject.project) else subject.visit_note
    return [subject.told if is_filed else str(subject), str(subject.visited_date or ""), str(note)]


def _is_sensitive(project: Project | None) -> bool:
    return project is not None and project.secrecy == stages.SENSITIVE


def _problem(told: queries.Told, is_filed: bool) -> str:
    finding = told.finding
    if is_filed and _is_sensitive(finding.project):
        return str(_HIDDEN)
    about = f"{finding.project.name}：" if finding.project else ""
    return f"{about}{finding.what}" + (
        _("（对照：%(basis)s）") % {"basis": finding.basis} if finding.basis else ""
    )


def _rectified(told: queries.Told, is_filed: bool) -> str:
    lines = [str(inspecting.OUTCOMES[told.outcome])]
    for duty in told.duties:
        lines.append(duty.number)
        if duty.due_date:
            lines.append(_("限%(day)s前") % {"day": chinese_date(duty.due_date)})
    if told.finding.settled and not (is_filed and _is_sensitive(told.finding.project)):
        lines.append(told.finding.settled)
    return "\n".join(lines)
