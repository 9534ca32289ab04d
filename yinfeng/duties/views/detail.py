"""One duty with its six: how it stands, what belongs to it, what one may do now."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from yinfeng.core.scopes import ScopedQuerySet, rows
from yinfeng.core.tables import day, moment
from yinfeng.core.web import DetailPage
from yinfeng.duties import lifecycle, queries, terms
from yinfeng.duties.lists import (
    EXTENSION_TONES,
    GRADE_TONES,
    LEVEL_TONES,
    due_words,
    is_overdue,
    state_badge,
)
from yinfeng.duties.models import Duty

VIEW = "duties.duty.view"


class DutyDetail(DetailPage):
    """One duty: its six, how it stands, its parts, reports, extensions and reminders, and what one may do now."""

    permission = VIEW
    model = Duty
    lifecycles = (lifecycle.DUTY,)
    actions = ("set", "review", "handle", "contribute", "supervise", "view")

    @classmethod
    def queryset(cls, by: Any) -> ScopedQuerySet[Any]:
        found = rows(Duty).select_related(
            "lead_unit", "set_unit", "leader", "handler", "set_by", "submitted_by", "parent"
        )
        return queries.with_situation(found)  # type: ignore[return-value]

    def file_kinds(self) -> list[tuple[str, str]]:
        return [(terms.EVIDENCE, _("佐证材料")), ("", _("其他材料"))]

    @cached_property
    def today(self) -> Any:
        return timezone.localdate()

    @cached_property
    def told(self) -> queries.Story:
        """What belongs to the duty."""
        return queries.story(self.object.pk)

    def frame(self) -> dict[str, Any]:
        frame = super().frame()
        frame["acts"] = [*frame["acts"], *self._other_acts()]
        for file in frame["files"]:
            is_evidence = file["kind"] == terms.EVIDENCE
            file["kind"] = _("佐证材料") if is_evidence else _("其他材料")
            if is_evidence and self.object.state in terms.JUDGED:
                file["remove_url"] = ""  # what is judged, or was closed by it, stays
        return frame

    def _other_acts(self) -> list[dict[str, Any]]:
        """Return the acts that are no moves: reporting, extending, dividing, changing, reminding."""
        duty, allowed = self.object, self.allowed()

        def link(route: str, label: Any, icon: str) -> dict[str, Any]:
            return {
                "label": label,
                "url": reverse(route, args=[duty.pk]),
                "icon": icon,
                "style": "secondary",
                "method": "get",
            }

        found = []
        if "review" in allowed and duty.is_asking and duty.state in terms.OWED:
            asked = next(row for row in self.told.extensions if row.state == terms.ASKED)
            found += [
                {
                    "label": _("同意延期"), "url": reverse("extension-grant", args=[asked.pk]), "icon": "clock-plus",
                    "style": "primary", "method": "get",
                },
                {
                    "label": _("不同意延期"), "url": reverse("duties.extension-move", args=[asked.pk, "refuse"]), "icon": "x",
                    "style": "secondary", "method": "get",
                },
            ]  # fmt: skip
        today = self.today
        for action, why, route, label, icon in (
            ("contribute", queries.why_not_report(duty), "duty-report", _("报告进展"), "message"),
            ("handle", queries.why_not_extend(duty, today), "duty-extend", _("申请延期"), "clock-plus"),
            ("handle", queries.why_not_divide(duty), "duty-divide", _("分解任务"), "sitemap"),
            ("set", queries.why_not_change(duty), "duty-change", _("修改要求"), "pencil"),
            (
                "supervise",
                queries.why_not_remind(duty, self.told.reminders, today),
                "duty-remind",
                _("催办督办"),
                "bell",
            ),
        ):
            if action in allowed and not why:
                found.append(link(route, label, icon))
        return found

    def content(self) -> dict[str, Any]:
        duty: Any = self.object
        told = self.told
        late = is_overdue(duty, self.today)
        return {
            "title": duty.item,
            "code": duty.number,
            "subtitle": " · ".join(filter(None, [str(terms.SOURCES[duty.source_kind]), duty.source_text])),
            "back": {"url": reverse("duties"), "label": _("督办事项")},
            "badges": self._badges(late),
            "key_facts": [
                {
                    "label": _("办结时限"), "value": day(duty.due_date) if duty.due_date else terms.DUE[terms.STANDING],
                    "sub": due_words(duty, self.today) if duty.due_date else "", "tone": "danger" if late else "",
                },
                {"label": _("牵头单位"), "value": duty.lead_unit.brief, "sub": _("牵头领导 %(name)s") % {"name": duty.leader} if duty.leader else ""},
                {"label": _("完成进度"), "value": f"{duty.percent}%", "sub": self._parts_words()},
                {"label": _("交办单位"), "value": duty.set_unit.brief, "sub": day(duty.set_date)},
            ],
            "warnings": self._warnings(told),
            "fact_groups": [
                {
                    "title": _("六定"),
                    "facts": [
                        {"label": _("落实事项"), "value": duty.item, "wide": True},
                        {"label": _("目标任务"), "value": duty.target, "wide": True},
                        {"label": _("牵头领导"), "value": str(duty.leader or "")},
                        {"label": _("责任单位"), "value": self._units(told), "wide": True},
                        {"label": _("工作要求"), "value": duty.requirement, "wide": True},
                        {"label": _("办结时限"), "value": self._deadline(), "sub": self._deadline_sub()},
                    ],
                },
                {"title": _("办理"), "facts": self._work()},
                {"title": _("来源"), "facts": self._source()},
            ],
            "related": [
                self._reports(told),
                *(group for group in (self._parts(), self._extensions(told), self._reminders(told)) if group["rows"]),
            ],
        }  # fmt: skip

    def _badges(self, late: bool) -> list[dict[str, Any]]:
        duty = self.object
        found = [state_badge(duty), {"text": terms.GRADES[duty.grade], "tone": GRADE_TONES[duty.grade]}]
        if late:
            found.append({"text": terms.DUE[terms.OVERDUE], "tone": "danger"})
        if duty.secrecy == terms.SENSITIVE:
            found.append({"text": terms.SECRECY[terms.SENSITIVE], "tone": "warning"})
        if duty.is_demo:
            found.append({"text": _("演示数据"), "tone": "muted"})
        return found

    def _parts_words(self) -> str:
        duty = self.object
        if not duty.parts_count:
            return ""
        return _("分解任务 %(done)s / %(all)s 项已了结") % {
            "done": duty.parts_count - duty.parts_open, "all": duty.parts_count,
        }  # fmt: skip

    def _units(self, told: queries.Story) -> str:
        lead, joint = (
            _("、").join(told.named(*parts)) for parts in ((terms.LEAD, terms.CO_LEAD), (terms.JOINT,))
        )
        words = [_("牵头：%(units)s") % {"units": lead}]
        if joint:
            words.append(_("责任：%(units)s") % {"units": joint})
        return _("；").join(words)

    def _deadline(self) -> str:
        duty = self.object
        return day(duty.due_date) if duty.due_date else str(terms.DUE[terms.STANDING])

    def _deadline_sub(self) -> str:
        duty = self.object
        words = []
        if duty.given_date and duty.given_date != duty.due_date:
            words.append(_("所定日期 %(day)s 遇节假日，顺延到下一个工作日") % {"day": duty.given_date})
        if duty.work_days and not duty.given_date:
            words.append(_("自交办起 %(days)s 个工作日") % {"days": duty.work_days})
        if duty.first_due_date:
            words.append(
                _("最初为 %(day)s，延期 %(count)s 次")
                % {"day": duty.first_due_date, "count": duty.extensions}
            )
        if duty.statutory_date:
            words.append(_("法定时限 %(day)s") % {"day": duty.statutory_date})
        return _("；").join(words)

    def _work(self) -> list[dict[str, Any]]:
        duty = self.object
        told = []
        if due := queries.accept_by(duty, self.today):
            told.append({
                "label": _("应签收"), "value": day(due), "tone": "danger" if due < self.today else "",
                "sub": _("已逾期，请尽快签收或退回") if due < self.today else "",
            })  # fmt: skip
        due = queries.report_due(duty, self.today)
        is_done_before = duty.due_date is not None and due is not None and self.today <= duty.due_date < due
        if due is not None and not is_done_before:
            told.append({
                "label": _("下次报告"), "value": day(due), "tone": "danger" if due < self.today else "",
                "sub": _("进展逾期未报") if due < self.today else "",
            })  # fmt: skip
        who = [str(duty.submitted_by)] if duty.submitted_by else []
        return [
            *told,
            *self._held_before(),
            {"label": _("经办人"), "value": str(duty.handler or "")},
            {"label": _("签收日期"), "value": day(duty.accepted_date) if duty.accepted_date else ""},
            {
                "label": _("报结日期"),
                "value": day(duty.submitted_date) if duty.submitted_date else "",
                "sub": "".join(who),
            },
            {"label": _("办结日期"), "value": day(duty.closed_date) if duty.closed_date else ""},
            {"label": _("办理结果"), "value": duty.result, "wide": True},
        ]

    def _held_before(self) -> list[dict[str, Any]]:
        """Return which units led the duty or had set it before, and from when until when."""
        facts = []
        for part in terms.FORMERLY:
            held = [
                _("%(unit)s（%(since)s 至 %(until)s）")
                % {"unit": party.name, "since": day(party.since), "until": day(party.until)}
                for party in self.told.parties
                if party.part == part
            ]
            facts.append({"label": terms.PARTS[part], "value": _("；").join(held)})
        return [fact for fact in facts if fact["value"]]

    def _source(self) -> list[dict[str, Any]]:
        duty = self.object
        found = queries.source_of(duty, self.by)
        label = terms.SOURCES[duty.source_kind]
        facts = [{"label": label, "value": duty.source_text, "wide": True}]
        if found is not None:
            url = found.get_absolute_url() if hasattr(found, "get_absolute_url") else ""
            facts = [
                {
                    "label": label,
                    "value": str(found),
                    "url": url,
                    "sub": "" if duty.source_text == str(found) else duty.source_text,
                    "wide": True,
                }
            ]
        if duty.parent is not None:
            facts.append(
                {
                    "label": _("上级事项"),
                    "value": duty.parent.item,
                    "url": duty.parent.get_absolute_url(),
                    "wide": True,
                }
            )
        facts.append({"label": _("交办人"), "value": str(duty.set_by or "")})
        return facts

    def _warnings(self, told: queries.Story) -> list[dict[str, str]]:
        """Return what must be known before anything else: the level that is due, or a lead unit that is gone."""
        duty, found = self.object, []
        if not duty.lead_unit.is_open(self.today) and duty.state in terms.OPEN:
            found.append({
                "tone": "danger", "title": _("牵头单位已经撤销"), "text": _("须移交给其他单位办理。"),
                **({"url": reverse("duty-hand-over", args=[duty.pk]), "label": _("移交")} if "set" in self.allowed() else {}),
            })  # fmt: skip
        level = queries.suggested(duty, told.reminders, self.today)
        if level and "supervise" in self.allowed():
            found.append({
                "tone": "warning", "title": _("按规定应当%(level)s") % {"level": terms.LEVELS[level]},
                "text": due_words(duty, self.today), "url": reverse("duty-remind", args=[duty.pk]), "label": _("催办督办"),
            })  # fmt: skip
        return found

    def _parts(self) -> dict[str, Any]:
        found = queries.parts(self.object, self.by) if self.object.parts_count else []
        lines = [
            {
                "title": part.item, "url": part.get_absolute_url(), "sub": f"{part.lead_unit.brief} · {part.percent}%",
                "badge": state_badge(part), "date_text": day(part.due_date) if part.due_date else "",
                "late": is_overdue(part, self.today),
            }
            for part in found
        ]  # fmt: skip
        return {"title": _("分解任务"), "rows": lines}

    def _reports(self, told: queries.Story) -> dict[str, Any]:
        lines = []
        for row in told.reports:
            done = f"{row.percent}% · " if row.percent is not None else ""
            problem = _("问题：%(text)s") % {"text": row.problem} if row.problem else ""
            lines.append({
                "title": f"{done}{row.text}", "sub": " · ".join(filter(None, [problem, row.unit, row.who])),
                "date_text": moment(row.at),
            })  # fmt: skip
        return {"title": _("进展报告"), "rows": lines, "empty": _("还没有报告进展。")}

    def _extensions(self, told: queries.Story) -> dict[str, Any]:
        lines = []
        for row in told.extensions:
            acts = []
            if row.state == terms.ASKED:
                if "review" in self.allowed():
                    acts = [
                        {"label": _("同意延期"), "url": reverse("extension-grant", args=[row.pk])},
                        {
                            "label": _("不同意"),
                            "url": reverse("duties.extension-move", args=[row.pk, "refuse"]),
                        },
                    ]
                elif "handle" in self.allowed():
                    acts = [
                        {
                            "label": _("撤回"),
                            "url": reverse("duties.extension-move", args=[row.pk, "withdraw"]),
                        }
                    ]
            until = row.granted_until or row.until
            lines.append({
                "title": f"{row.was} → {until}", "sub": " · ".join(filter(None, [row.reason, row.answer, row.who])),
                "badge": {"text": terms.EXTENSION_STATES[row.state], "tone": EXTENSION_TONES[row.state]},
                "date_text": moment(row.at), "acts": acts,
            })  # fmt: skip
        return {"title": _("延期"), "rows": lines}

    def _reminders(self, told: queries.Story) -> dict[str, Any]:
        lines = [
            {
                "title": row.number or terms.LEVELS[row.level], "url": reverse("reminder-document", args=[row.pk]) if row.has_document else "",
                "sub": " · ".join(filter(None, [row.reason, row.who or _("系统")])),
                "badge": {"text": terms.LEVELS[row.level], "tone": LEVEL_TONES[row.level]} if row.number else None, "date_text": moment(row.at),
            }
            for row in told.reminders
        ]  # fmt: skip
        return {"title": _("催办督办"), "rows": lines}
