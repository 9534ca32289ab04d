"""The list of duties, one duty with its six, and the acts on it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.scopes import ScopedQuerySet, rows
from yinfeng.core.tables import day, moment, with_query
from yinfeng.core.web import ActPage, DetailPage, EditPage, ExportPage, ListPage, MovePage
from yinfeng.duties import filters, lifecycle, queries, services, sources, terms
from yinfeng.duties.filters import DutyFilter
from yinfeng.duties.forms import (
    ChangeForm,
    DutyForm,
    ExtensionForm,
    GrantForm,
    HandOverForm,
    ProgressForm,
    RemindForm,
    SixForm,
    SubmitForm,
)
from yinfeng.duties.lists import (
    EXTENSION_TONES,
    GRADE_TONES,
    LEVEL_TONES,
    due_words,
    is_overdue,
    state_badge,
)
from yinfeng.duties.models import Duty, Extension
from yinfeng.duties.tables import DutyTable

VIEW = "duties.duty.view"
SET = "duties.duty.set"


class Duties(ListPage):
    permission = VIEW
    model = Duty
    table = DutyTable
    filterset = DutyFilter
    key = "duties"
    title = gettext_lazy("督办事项")
    export_permission = "duties.duty.export"
    export_route = "duties-export"

    def tabs(self) -> list[dict[str, Any]]:
        chosen = self.request.GET.get("who", "")
        every = [("", _("全部")), *filters.WHO.items()]
        return [
            {
                "label": str(label), "active": chosen == who,
                "url": with_query(self.request.GET, who=who or None, after=None, before=None),
            }
            for who, label in every
        ]  # fmt: skip

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may(SET):
            return None
        return {"label": _("交办事项"), "url": reverse("duty-new"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _(
            "会议议定、领导批示和政策任务在这里交办：定事项、目标、牵头领导、责任单位、要求和时限，办结要有佐证，由交办单位审核。"
        )
        return {"title": _("还没有督办事项"), "hint": hint, "act": self.primary(), "icon": "clipboard-check"}


class ExportDuties(ExportPage):
    permission = "duties.duty.export"
    page = Duties
    file_title = gettext_lazy("督办事项")


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
            file["kind"] = _("佐证材料") if file["kind"] == terms.EVIDENCE else _("其他材料")
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
        if "contribute" in allowed and duty.state == terms.WORKING:
            found.append(link("duty-report", _("报告进展"), "message"))
        if "handle" in allowed and duty.state == terms.WORKING:
            if duty.due_date is not None and not duty.is_asking and self.today <= duty.due_date:
                found.append(link("duty-extend", _("申请延期"), "clock-plus"))
            found.append(link("duty-divide", _("分解任务"), "sitemap"))
        if "set" in allowed and duty.state in (*terms.OWED, terms.RETURNED):
            found.append(link("duty-change", _("修改要求"), "pencil"))
        if "supervise" in allowed and duty.state in terms.OWED and duty.due_date is not None:
            found.append(link("duty-remind", _("催办督办"), "bell"))
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
        if duty.work_days:
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
        if due := queries.report_due(duty, self.today):
            told.append({
                "label": _("下次报告"), "value": day(due), "tone": "danger" if due < self.today else "",
                "sub": _("进展逾期未报") if due < self.today else "",
            })  # fmt: skip
        who = [str(duty.submitted_by)] if duty.submitted_by else []
        return [
            *told,
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
                "badge": {"text": terms.LEVELS[row.level], "tone": LEVEL_TONES[row.level]}, "date_text": moment(row.at),
            }
            for row in told.reminders
        ]  # fmt: skip
        return {"title": _("催办督办"), "rows": lines}


# --- acts ---------------------------------------------------------------------------------------------------------


class NewDuty(ActPage):
    """Set a duty with all six, in the name of one of one's units; ``?from=`` names the object it comes from."""

    permission = SET
    form = DutyForm
    secret_notice = True
    title = gettext_lazy("交办事项")
    submit_label = gettext_lazy("交办")
    origin: Any = None
    source: sources.Source | None = None

    def start(self) -> None:
        if given := self.request.GET.get("from", ""):
            self.source, self.origin = sources.found(given, self.by)

    def cancel_url(self) -> str:
        return str(self.origin.get_absolute_url()) if self.origin is not None else reverse("duties")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by, "has_source": self.origin is not None}

    def initial(self) -> dict[str, Any]:
        known = self.source.initial(self.origin) if self.source is not None else {}
        return {"set_unit": self.by.unit_id, **known}

    def act(self, form: DutyForm) -> Duty:
        data = form.cleaned_data
        if self.source is None:
            origin = services.Origin(data["source_kind"], text=data["source_text"])
            secrecy = data["secrecy"]
        else:
            origin = services.Origin(
                self.source.kind,
                self.origin,
                self.source.about(self.origin),
                text=data["source_text"] or str(self.origin),
            )
            secrecy = sources.secrecy_of(self.source, self.origin)
        return services.set_duty(
            by=self.by, six=form.six(), set_unit=data["set_unit"], secrecy=secrecy, origin=origin
        )

    def done(self, result: Any) -> str:
        return _("已交办，牵头单位和责任单位已收到通知。办结时限：%(day)s。") % {"day": day(result.due_date)}

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.origin)} if self.origin is not None else {}


class DivideDuty(EditPage):
    """Give a part of a duty to a unit, with its own six."""

    permission = VIEW
    model = Duty
    action = "handle"
    form = SixForm
    secret_notice = True
    title = gettext_lazy("分解任务")
    submit_label = gettext_lazy("交办分解任务")

    def initial(self) -> dict[str, Any]:
        duty = self.object
        return {"due_date": duty.due_date, "grade": duty.grade, "requirement": duty.requirement}

    def act(self, form: SixForm) -> Duty:
        duty: Duty = self.object
        services.set_duty(
            by=self.by, six=form.six(), set_unit=duty.lead_unit, parent=duty,
            origin=services.Origin(terms.PART, text=duty.number),
        )  # fmt: skip
        return duty

    def done(self, result: Any) -> str:
        return _("已分解，承担单位已收到通知。")

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}


class ChangeDuty(EditPage):
    permission = SET
    model = Duty
    action = "set"
    form = ChangeForm
    secret_notice = True
    title = gettext_lazy("修改要求")
    submit_label = gettext_lazy("保存")

    def initial(self) -> dict[str, Any]:
        duty = self.object
        joint = [
            side.unit_id
            for side in queries.sides(duty.pk)
            if side.part == terms.JOINT and side.named_as_id is None
        ]
        return {name: getattr(duty, name) for name in services.EDITED} | {
            "version": duty.version, "leader": duty.leader_id, "joint_units": joint,
        }  # fmt: skip

    def act(self, form: ChangeForm) -> Duty:
        data = form.cleaned_data
        return services.change_duty(
            by=self.by, duty=self.object, version=data["version"] or self.object.version,
            values={name: data[name] for name in services.EDITED}, leader=data["leader"],
            joint_units=list(data["joint_units"]), reason=data["reason"],
        )  # fmt: skip


class ReportProgress(EditPage):
    permission = VIEW
    model = Duty
    action = "contribute"
    form = ProgressForm
    secret_notice = True
    title = gettext_lazy("报告进展")
    submit_label = gettext_lazy("报告")

    def form_arguments(self) -> dict[str, Any]:
        return {"duty": self.object, "by": self.by}

    def initial(self) -> dict[str, Any]:
        return {"unit": self.by.unit_id, "percent": self.object.percent}

    def act(self, form: ProgressForm) -> Duty:
        data = form.cleaned_data
        services.report_progress(
            by=self.by, duty=self.object, unit=data["unit"], text=data["text"], problem=data["problem"],
            percent=data.get("percent"),
        )  # fmt: skip
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已报告。")

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}


class SubmitDuty(EditPage):
    permission = VIEW
    model = Duty
    action = "handle"
    form = SubmitForm
    secret_notice = True
    title = gettext_lazy("报结")
    submit_label = gettext_lazy("报结")

    def start(self) -> None:
        super().start()
        lifecycle.DUTY.check(self.object, "submit", self.by)

    def act(self, form: SubmitForm) -> Duty:
        data = form.cleaned_data
        file = data["evidence"]
        return services.submit_duty(
            by=self.by, duty=self.object, result=data["result"], files=[(file, file.name)] if file else [], version=data["version"],
        )  # fmt: skip

    def refuse(self, form: Any, error: Any) -> Any:
        if "files" in error.fields:
            error.fields["evidence"] = error.fields.pop("files")
        return super().refuse(form, error)

    def done(self, result: Any) -> str:
        return _("已报结，等待交办单位审核。")

    def extra(self) -> dict[str, Any]:
        return {"intro": _("目标任务：%(target)s") % {"target": self.object.target}}


class AskExtension(EditPage):
    permission = VIEW
    model = Duty
    action = "handle"
    form = ExtensionForm
    title = gettext_lazy("申请延期")
    submit_label = gettext_lazy("申请延期")

    def initial(self) -> dict[str, Any]:
        return {}

    def act(self, form: ExtensionForm) -> Duty:
        services.ask_extension(by=self.by, duty=self.object, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已申请，等待交办单位审批。审批之前时限不变。")

    def extra(self) -> dict[str, Any]:
        duty = self.object
        return {"intro": _("%(item)s，现在的办结时限 %(day)s") % {"item": duty, "day": day(duty.due_date)}}


class HandOver(EditPage):
    permission = SET
    model = Duty
    action = "set"
    form = HandOverForm
    title = gettext_lazy("移交")
    submit_label = gettext_lazy("移交")

    def start(self) -> None:
        super().start()
        lifecycle.DUTY.check(self.object, "hand_over", self.by)

    def act(self, form: HandOverForm) -> Duty:
        data = form.cleaned_data
        return services.hand_over(
            by=self.by, duty=self.object, unit=data["unit"], reason=data["reason"], version=data["version"]
        )

    def done(self, result: Any) -> str:
        return _("已移交，等待新的牵头单位签收。时限不变。")

    def extra(self) -> dict[str, Any]:
        return {
            "intro": _("%(item)s，现在由%(unit)s牵头")
            % {"item": self.object, "unit": self.object.lead_unit.brief}
        }


class Remind(EditPage):
    permission = "duties.duty.supervise"
    model = Duty
    action = "supervise"
    form = RemindForm
    title = gettext_lazy("催办督办")
    submit_label = gettext_lazy("签发")

    def initial(self) -> dict[str, Any]:
        duty = self.object
        return {
            "level": queries.suggested(duty, queries.story(duty.pk).reminders, timezone.localdate())
            or terms.URGE
        }

    def act(self, form: RemindForm) -> Duty:
        services.issue_reminder(by=self.by, duty=self.object, **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]

    def done(self, result: Any) -> str:
        return _("已签发，牵头单位已收到通知。")

    def extra(self) -> dict[str, Any]:
        duty = self.object
        return {"intro": f"{duty} · {duty.lead_unit.brief} · {due_words(duty, timezone.localdate())}"}


class MoveDuty(MovePage):
    permission = VIEW
    model = Duty
    lifecycle = lifecycle.DUTY

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_duty(by=self.by, duty=self.object, move=self.move.name, reason=reason, version=version)


class MoveExtension(MovePage):
    permission = VIEW
    model = Extension
    lifecycle = lifecycle.EXTENSION

    def perform(self, *, reason: str, version: int | None) -> None:
        services.move_extension(
            by=self.by, extension=self.object, move=self.move.name, reason=reason, version=version
        )


class GrantExtension(EditPage):
    permission = VIEW
    model = Extension
    action = "decide"
    form = GrantForm
    title = gettext_lazy("同意延期")
    submit_label = gettext_lazy("同意延期")

    def start(self) -> None:
        super().start()
        lifecycle.EXTENSION.check(self.object, "grant", self.by)

    def initial(self) -> dict[str, Any]:
        return {"until": self.object.until, "version": self.object.version}

    def act(self, form: GrantForm) -> Extension:
        data = form.cleaned_data
        return services.grant_extension(
            by=self.by,
            extension=self.object,
            until=data["until"],
            answer=data["answer"],
            version=data["version"],
        )

    def done(self, result: Any) -> str:
        return _("已同意，牵头单位已收到通知。")

    def extra(self) -> dict[str, Any]:
        item = self.object
        told = {"item": item.duty, "was": day(item.was), "until": day(item.until), "reason": item.reason}
        return {"intro": _("%(item)s：%(was)s → %(until)s，原因：%(reason)s") % told}
