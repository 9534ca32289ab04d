"""Role × row × act over the API: each act needs exactly the permission the table names, on a row in sight, on its version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_user, signed_in
from tests.machines.test_routes import ROUTES, snapshot
from tests.machines.world import PDF, WEEK, World
from yinfeng.core import services
from yinfeng.core.api_schema import Act as Plain
from yinfeng.core.models import Code
from yinfeng.orgs.queries import actor_for
from yinfeng.projects.models import Progress

pytestmark = pytest.mark.django_db

READING = [
    "duties.duty.view", "enterprises.enterprise.view", "enterprises.contact.view", "enterprises.target.view", "enterprises.signal.view",
    "projects.lead.view", "projects.project.view", "projects.proposal.view", "meetings.inspection.view", "meetings.finding.view",
    "projects.lead.view", "projects.project.view", "projects.proposal.view", "meetings.meeting.view",
]  # fmt: skip
CHANGE, RELATE = "enterprises.enterprise.change", "enterprises.relation.change"
MERGE = "enterprises.enterprise.merge"
TARGET, SIGNAL = "enterprises.target.change", "enterprises.signal.change"
TODAY = timezone.localdate().isoformat
Body = dict[str, Any] | Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Act:
    """An act, the rows of the world in its address, the permission it needs and how it answers who holds it.

    ``away`` is the answer to who holds every right in the other district.
    """

    method: str
    route: str
    rows: dict[str, str]
    permission: str
    status: int
    body: Body = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    away: int = 404

    def __str__(self) -> str:
        return f"{self.method} {self.route} {'/'.join(self.more.values())}".strip()

    def url(self, world: World) -> str:
        keys = {name: world.rows[row].pk for name, row in self.rows.items()}
        return reverse(self.route, kwargs={**keys, **self.more})

    @property
    def view(self) -> Any:
        callback: Any = ROUTES[self.route].callback
        return getattr(getattr(callback.cls, callback.actions[self.method]), "act", Plain())

    def call(self, client: Client, world: World, **headers: str) -> Any:
        body = self.body(world) if callable(self.body) else self.body
        send: Any = getattr(client, self.method)
        if any(isinstance(value, SimpleUploadedFile) for value in body.values()):
            return send(self.url(world), body, headers=headers)
        return send(self.url(world), body or None, content_type="application/json", headers=headers)


def upload(world: World) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("纪要.pdf", PDF, "application/pdf")}


def a_list(world: World) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("名单.csv", "企业名称\n甲一有限公司\n".encode(), "text/csv")}


def signing(world: World) -> dict[str, Any]:
    contract = SimpleUploadedFile("合同.pdf", PDF, "application/pdf")
    return {"kind": "signed", "happened_date": TODAY(), "amount": "50000000", "evidence": contract}


def photo(world: World) -> dict[str, Any]:
    return {"month": TODAY(), "photo": SimpleUploadedFile("现场.jpg", b"\xff\xd8\xff\xe0", "image/jpeg")}


def standing(world: World) -> int:
    """Return the report of this month that stands: each call corrects the one before."""
    reports = Progress.objects.filter(project=world.rows["built"], replaced_at=None)
    return reports.values_list("pk", flat=True).get()


def agreement(world: World) -> dict[str, Any]:
    return {"agreed_date": TODAY(), "agreement": SimpleUploadedFile("协议.pdf", PDF, "application/pdf")}


def decision(world: World) -> dict[str, Any]:
    evidence = SimpleUploadedFile("纪要.pdf", PDF, "application/pdf")
    return {
        "gate": "second",
        "outcome": "passed",
        "decided_date": TODAY(),
        "document": "纪要",
        "evidence": evidence,
    }


def against_rival(world: World) -> dict[str, Any]:
    return {"against": f"lead-{world.rows['rival'].pk}", "statement": "我方先接触"}


def personal(world: World) -> dict[str, Any]:
    return {
        "post": world.rows["membership"].pk, "kind": "solve", "act_date": TODAY(), "done": "现场会", "outcome": "落实",
        "evidence": SimpleUploadedFile("照片.pdf", PDF, "application/pdf"),
    }  # fmt: skip


def at_home(world: World) -> dict[str, Any]:
    return {"unit": world.home.pk, "owner": world.insider.pk}


def inspection(world: World) -> dict[str, Any]:
    return {
        "title": "某督查",
        "unit": world.home.pk,
        "starts": TODAY(),
        "ends": TODAY(),
        "matter": "履约",
        "team": [],
    }


def six(world: World) -> dict[str, Any]:
    return {
        "item": "梳理用地",
        "target": "清单",
        "requirement": "周报",
        "lead_unit": world.home.pk,
        "work_days": 10,
    }


WHY = {"reason": "说明"}
NUMBERS = count(2)
TALK = {"talk_date": TODAY(), "form": "meeting", "our_side": "甲", "their_side": "乙", "summary": "谈了"}
LEAD = {"title": "某基地", "source": "fair", "heard_date": TODAY(), "content": "拟建"}
TEAM, RECORD, EDIT = "projects.project.team", "projects.contact.record", "projects.project.change"

PLAN = "projects.proposal.change"
INSPECT = "meetings.inspection.run"
AREA = "projects.area.change"
HANDLE = "duties.duty.handle"
RUN, TOPIC = "meetings.meeting.run", "meetings.topic.submit"
ACTS = [
    Act("post", "api-meetings-list", {}, RUN, 201,
        lambda world: {"body": world.rows["meeting_body"].pk, "title": "例会", "starts_at": (timezone.now() + timedelta(days=20)).isoformat()},
        away=403),
    Act("patch", "api-meetings-detail", {"pk": "coming"}, RUN, 200, {"place": "二号会议室"}),
    Act("post", "api-meetings-move", {"pk": "coming"}, RUN, 200, WHY, {"move": "cancel"}),
    Act("post", "api-meetings-take-on", {"pk": "coming"}, RUN, 200, lambda world: {"topic": world.rows["approved"].pk}),
    Act("post", "api-meetings-order", {"pk": "coming"}, RUN, 200, lambda world: {"items": [world.rows["item"].pk]}),
    Act("post", "api-meetings-attendance", {"pk": "coming"}, RUN, 200,
        lambda world: {"attendees": [{"id": world.rows["attendee"].pk, "kind": "excused"}]}),
    Act("post", "api-meetings-files-list", {"parent": "coming"}, RUN, 201, upload),
    Act("post", "api-meetings-attendees-list", {"parent": "coming"}, RUN, 201,
        lambda world: {"unit": world.home.pk, "position": f"第{next(NUMBERS)}科"}),
    Act("post", "api-meetings-attendees-remove", {"parent": "coming", "pk": "attendee"}, RUN, 204, WHY),
    Act("post", "api-meetings-items-off", {"parent": "coming", "pk": "item"}, RUN, 204, WHY),
    Act("post", "api-meetings-items-notes", {"parent": "held", "pk": "spoken"}, RUN, 200, {"notes": "作了汇报", "version": 1}),
    Act("post", "api-meetings-items-resolve", {"parent": "held", "pk": "spoken"}, RUN, 201, {"decision": "deferred", "text": "再议"}),
    Act("patch", "api-resolutions-detail", {"pk": "resolution"}, RUN, 200, {"decision": "not_agreed", "text": "改正", **WHY}),
    Act("post", "api-resolutions-move", {"pk": "resolution"}, RUN, 200, WHY, {"move": "take_back"}),
    Act("post", "api-topics-list", {}, TOPIC, 201,
        lambda world: {"body": world.rows["meeting_body"].pk, "kind": "other", "title": "某事", "unit": world.home.pk, "summary": "情况",
                       "ask": "请研究"}, away=403),
    Act("patch", "api-topics-detail", {"pk": "topic"}, TOPIC, 200, {"ask": "请批准"}),
    Act("post", "api-topics-move", {"pk": "topic"}, TOPIC, 200, WHY, {"move": "withdraw"}),
    Act("post", "api-topics-move", {"pk": "topic"}, RUN, 200, {}, {"move": "approve"}),
    Act("post", "api-topics-files-list", {"parent": "topic"}, TOPIC, 201, upload),
    Act("post", "api-topics-reviews-list", {"parent": "support"}, "meetings.topic.review", 201,
        lambda world: {"conclusion": "clear", "grounds": "面向全部企业", "review_date": TODAY(), "valid_until": TODAY(),
                       "document": SimpleUploadedFile("审查.pdf", PDF, "application/pdf")}),
    Act("post", "api-duties-list", {}, "duties.duty.set", 201, lambda world: {**six(world), "set_unit": world.home.pk, "source_kind": "other"}, away=403),
    Act("post", "api-duties-move", {"pk": "duty"}, HANDLE, 200, {}, {"move": "accept"}),
    Act("post", "api-duties-move", {"pk": "duty"}, "duties.duty.set", 200, WHY, {"move": "cancel"}),
    Act("post", "api-duties-change", {"pk": "duty"}, "duties.duty.set", 200,
        {"item": "改名", "target": "清单", "requirement": "周报", "grade": "major", "leader": None, "joint_units": [], **WHY}),
    Act("post", "api-duties-hand-over", {"pk": "duty"}, "duties.duty.set", 200, lambda world: {"unit": world.away.pk, **WHY}),
    Act("post", "api-duties-submit", {"pk": "working_duty"}, HANDLE, 200,
        lambda world: {"result": "办成", "evidence": SimpleUploadedFile("证明.pdf", PDF, "application/pdf")}),
    Act("post", "api-duties-divide", {"pk": "working_duty"}, HANDLE, 201, lambda world: six(world)),
    Act("post", "api-duties-remind", {"pk": "duty"}, "duties.duty.supervise", 201, {"level": "remind", **WHY}),
    Act("post", "api-duties-files-list", {"parent": "given_duty"}, "duties.duty.set", 201, upload, away=201),
    Act("post", "api-circulars-list", {}, "duties.duty.supervise", 201,
        lambda world: {"unit": world.home.pk, "start": "2026-01-01", "end": "2026-01-31", "demand": "限期办结"}, away=403),
    Act("post", "api-robots-list", {}, "core.settings.change", 201,
        lambda world: {"unit": world.home.pk, "channel": "wecom", "name": "群", "address": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={'a' * 32}"},
        away=403),
    Act("post", "api-robots-remove", {"pk": "bot"}, "core.settings.change", 204),
    Act("post", "api-duties-reports-list", {"parent": "working_duty"}, HANDLE, 201, lambda world: {"unit": world.home.pk, "text": "进展"}),
    Act("post", "api-duties-extensions-list", {"parent": "working_duty"}, HANDLE, 201,
        {"until": str(timezone.localdate() + timedelta(days=60)), **WHY}),
    Act("post", "api-extensions-move", {"pk": "extension"}, "duties.duty.review", 200, WHY, {"move": "refuse"}),
    Act("post", "api-extensions-grant", {"pk": "extension"}, "duties.duty.review", 200,
        {"until": str(timezone.localdate() + timedelta(days=40))}),
    Act("post", "api-areas-list", {}, AREA, 201,
        lambda world: {"name": f"第{next(NUMBERS)}片区", "command_unit": world.rows["area"].command_unit_id,
                       "districts": [world.home.pk], "purpose": "产业"}, away=403),
    Act("patch", "api-areas-detail", {"pk": "area"}, AREA, 200,
        lambda world: {"purpose": "总部", "districts": [world.home.pk]}, away=403),
    Act("post", "api-areas-premises-list", {"parent": "area"}, AREA, 201,
        {"name": "二号地块", "kind": "land", "size": "30"}, away=403),
    Act("post", "api-areas-premises-change", {"parent": "area", "pk": "premises"}, AREA, 200, {"state": "taken"}, away=403),
    Act("post", "api-areas-premises-remove", {"parent": "area", "pk": "premises"}, AREA, 204, WHY, away=403),
    Act("post", "api-proposals-list", {}, PLAN, 201,
        lambda world: {"title": "某基地", "planning_unit": world.home.pk, "industry": "39", "content": "建", "rationale": "缺口",
                       "estimated": "500000000"}, away=403),
    Act("patch", "api-proposals-detail", {"pk": "proposal"}, PLAN, 200, {"site": "软件园"}),
    Act("post", "api-proposals-move", {"pk": "proposal"}, PLAN, 200, WHY, {"move": "take_off"}),
    Act("post", "api-proposals-generate", {"pk": "published"}, "projects.project.add", 201,
        lambda world: {"partner": world.rows["published"].partners.get().pk, "name": "某项目", "intended": "50000000",
                       "despite": "另一个项目"}, away=201),
    Act("post", "api-proposals-files-list", {"parent": "proposal"}, PLAN, 201, upload),
    Act("post", "api-proposals-partners-list", {"parent": "proposal"}, PLAN, 201,
        lambda world: {"enterprise": world.rows["duplicate"].pk, "reason": "龙头"}),
    Act("post", "api-proposals-partners-remove", {"parent": "proposal", "pk": "partner"}, PLAN, 204, WHY),
    Act("post", "api-leads-list", {}, "projects.lead.register", 201, LEAD, away=201),
    Act("patch", "api-leads-detail", {"pk": "lead"}, "projects.lead.change", 200, {"title": "改名"}),
    Act("post", "api-leads-move", {"pk": "lead"}, "projects.lead.assess", 200, WHY, {"move": "decline"}),
    Act("post", "api-leads-move", {"pk": "qualified"}, "projects.project.add", 201, {"despite": "产品不同"}, {"move": "convert"}),
    Act("post", "api-leads-files-list", {"parent": "lead"}, "projects.lead.change", 201, upload),
    Act("post", "api-projects-list", {}, "projects.project.add", 201, {"name": "某项目", "summary": "建厂"}, away=201),
    Act("patch", "api-projects-detail", {"pk": "project"}, EDIT, 200, {"site": "软件园"}),
    Act("post", "api-projects-move", {"pk": "project"}, "projects.project.hold", 200, WHY, {"move": "hold"}),
    Act("post", "api-projects-steps-back-list", {"parent": "unsigned"}, "projects.project.advance", 201,
        {"target": "intended", **WHY}),
    Act("post", "api-steps-back-move", {"pk": "step"}, "projects.project.verify", 200, {}, {"move": "approve"}),
    Act("post", "api-steps-back-move", {"pk": "step"}, "projects.project.verify", 200, WHY, {"move": "refuse"}),
    Act("post", "api-projects-extend", {"pk": "landed"}, "projects.project.add", 201,
        lambda world: {"name": f"第{next(NUMBERS)}期", "intended": "50000000", "summary": "追加投资", "despite": "原企业追加"}),
    Act("post", "api-projects-grade", {"pk": "project"}, "projects.project.grade", 200, {"grade": "", **WHY}),
    Act("post", "api-projects-category", {"pk": "project"}, "projects.project.grade", 200, {"category": "", **WHY}),
    Act("post", "api-reports-list", {}, "projects.report.submit", 201,
        lambda world: {"code": "weekly", "unit": world.home.pk, "starts": (WEEK + timedelta(days=7)).isoformat(), "number": 1}),
    Act("post", "api-projects-transfers-list", {"parent": "unsigned"}, "projects.project.transfer", 201,
        lambda world: {"to_unit": world.away.pk, "reason": "用地不足", "percent": "50", "base": "both", "years": 5,
                       "start": "agreement", "statistics": "split"}),
    Act("post", "api-transfers-move", {"pk": "transfer"}, "projects.project.transfer", 200, WHY, {"move": "withdraw"}),
    Act("post", "api-projects-gates-list", {"parent": "land"}, "meetings.gate.record", 201, decision),
    Act("post", "api-inspections-list", {}, INSPECT, 201, inspection, away=403),
    Act("patch", "api-inspections-detail", {"pk": "inspection"}, INSPECT, 200, {"basis": "计划"}),
    Act("post", "api-inspections-draw", {"pk": "inspection"}, INSPECT, 200),
    Act("post", "api-inspections-close", {"pk": "reportable"}, INSPECT, 200, {"conclusion": "好"}),
    Act("post", "api-inspections-move", {"pk": "inspection"}, INSPECT, 200, WHY, {"move": "cancel"}),
    Act("post", "api-inspections-subjects-list", {"parent": "inspection"}, INSPECT, 201,
        lambda world: {"unit": world.home.pk, "reason": "反映"}),
    Act("post", "api-subjects-visit", {"pk": "subject"}, INSPECT, 200, {"visited_date": TODAY(), "note": "查看"}),
    Act("post", "api-subjects-remove", {"pk": "named"}, INSPECT, 204, WHY),
    Act("post", "api-subjects-findings", {"pk": "subject"}, INSPECT, 201,
        lambda world: {"what": "台账", "severity": "general", "found_date": TODAY(), "evidence": SimpleUploadedFile("照片.pdf", PDF, "application/pdf")}),
    Act("post", "api-findings-order", {"pk": "finding"}, INSPECT, 403, six),  # setting a duty is another right
    Act("post", "api-findings-move", {"pk": "finding"}, INSPECT, 200, WHY, {"move": "withdraw"}),
    Act("post", "api-findings-files-list", {"parent": "finding"}, INSPECT, 201, upload),
    Act("post", "api-gates-move", {"pk": "decision"}, "meetings.gate.record", 200, WHY, {"move": "undo"}),
    Act("post", "api-leads-disputes-list", {"parent": "lead"}, "projects.dispute.argue", 201, against_rival),
    Act("post", "api-projects-disputes-list", {"parent": "unsigned"}, "projects.dispute.argue", 201, against_rival),
    Act("post", "api-disputes-move", {"pk": "raised"}, "projects.dispute.argue", 200, WHY, {"move": "withdraw"}),
    Act("post", "api-transfers-complete", {"pk": "agreed"}, "projects.project.transfer", 200, agreement),
    Act("post", "api-projects-personal-acts-list", {"parent": "project"}, RECORD, 201, personal),
    Act("post", "api-personal-acts-move", {"pk": "personal"}, RECORD, 200, WHY, {"move": "withdraw"}),
    Act("post", "api-projects-milestones-list", {"parent": "built"}, EDIT, 201, {"kind": "topping_out", "planned_date": TODAY()}),
    Act("post", "api-projects-builders-list", {"parent": "built"}, EDIT, 201, {"role": "owner", "name": "某公司"}),
    Act("post", "api-projects-builders-end", {"parent": "built", "pk": "builder"}, EDIT, 204, WHY),
    Act("post", "api-projects-plan-list", {"parent": "built"}, EDIT, 201,
        {"months": [{"month": TODAY(), "investment": "10000000", "percent": "100"}], "reason": "调整", "confirm_amounts": True}),
    Act("post", "api-projects-reports-list", {"parent": "built"}, EDIT, 201,
        lambda world: {"month": TODAY(), "invested": "20000000", "percent": "20", "done": "土建", "corrects": standing(world), "reason": "漏报"}),
    Act("post", "api-projects-photos-list", {"parent": "built"}, EDIT, 201, photo),
    Act("post", "api-projects-bottlenecks-list", {"parent": "built"}, EDIT, 201,
        lambda world: {"kind": "land", "what": "未平整", "since_date": TODAY(), "due_date": TODAY(), "unit": world.home.pk}),
    Act("post", "api-bottlenecks-move", {"pk": "bottleneck"}, EDIT, 200, WHY, {"move": "withdraw"}),
    Act("post", "api-bottlenecks-move", {"pk": "bottleneck"}, "projects.bottleneck.solve", 200, {"solved_date": TODAY(), **WHY},
        {"move": "solve"}),
    Act("post", "api-bottlenecks-move", {"pk": "bottleneck"}, EDIT, 200, {"due_date": str(timezone.localdate() + timedelta(days=30)), **WHY},
        {"move": "extend"}),
    Act("post", "api-bottlenecks-move", {"pk": "solved"}, EDIT, 200, {"due_date": TODAY(), **WHY}, {"move": "reopen"}),
    Act("post", "api-projects-files-list", {"parent": "project"}, EDIT, 201, upload),
    Act("post", "api-files-remove", {"pk": "file"}, EDIT, 409, WHY),  # a contract under verification stays
    Act("post", "api-projects-talks-list", {"parent": "project"}, RECORD, 201, TALK),
    Act("post", "api-projects-units-list", {"parent": "project"}, TEAM, 201,
        lambda world: {"unit": world.away.pk, "part": "joint"}),
    # the reporter follows from the project itself
    Act("post", "api-projects-units-remove", {"parent": "project", "pk": "participation"}, TEAM, 409, WHY),
    Act("post", "api-projects-team-list", {"parent": "project"}, TEAM, 201, lambda world: {"user": world.chief.pk}),
    Act("post", "api-projects-team-remove", {"parent": "project", "pk": "member"}, TEAM, 204, WHY),
    Act("get", "api-projects-candidates-list", {"parent": "project"}, TEAM, 200),
    Act("post", "api-projects-claims-list", {"parent": "unsigned"}, EDIT, 409, signing),  # facts are missing
    Act("post", "api-claims-move", {"pk": "claim"}, "projects.project.verify", 200, WHY, {"move": "refute"}),
    Act("post", "api-claims-move", {"pk": "claim"}, "projects.project.verify", 409, {}, {"move": "verify"}),
    Act("post", "api-ledger-reverse", {"pk": "entry"}, "projects.ledger.reverse", 201, WHY),
    Act("post", "api-reversals-move", {"pk": "reversal"}, "projects.project.verify", 200, {}, {"move": "approve"}),
    Act("post", "api-reversals-move", {"pk": "reversal"}, "projects.project.verify", 200, WHY, {"move": "refuse"}),
    # targets and warnings are the units'
    Act("post", "api-targets-list", {}, TARGET, 201,
        lambda world: {"enterprise": world.rows["enterprise"].pk, **at_home(world)}, away=403),
    Act("patch", "api-targets-detail", {"pk": "target"}, TARGET, 200, {"next_step": "签约"}),
    Act("post", "api-targets-move", {"pk": "target"}, TARGET, 200, WHY, {"move": "drop"}),
    Act("post", "api-targets-hand-over", {"pk": "target"}, TARGET, 200,
        lambda world: {"owner": world.chief.pk, **WHY}),
    Act("post", "api-targets-files-list", {"parent": "target"}, TARGET, 201, upload),
    Act("post", "api-signals-list", {}, SIGNAL, 201,
        lambda world: {"enterprise": world.rows["enterprise"].pk, "kind": "lease", "level": 2, "noted_date": TODAY(), "due_date": TODAY(),
                       "detail": "租约到期", "source": "走访", **at_home(world)}, away=403),
    Act("patch", "api-signals-detail", {"pk": "signal"}, SIGNAL, 200, {"level": 1}),
    Act("post", "api-signals-move", {"pk": "signal"}, SIGNAL, 200, WHY, {"move": "refute"}),
    Act("post", "api-signals-assign", {"pk": "signal"}, SIGNAL, 200, lambda world: {"owner": world.chief.pk}),
    Act("post", "api-signals-files-list", {"parent": "signal"}, SIGNAL, 201, upload),
    # the library is the whole city's, its contacts are the units'
    Act("post", "api-enterprises-list", {}, "enterprises.enterprise.add", 201, {"name": "丙城制造有限公司"}, away=201),
    Act("patch", "api-enterprises-detail", {"pk": "enterprise"}, CHANGE, 200, {"city": "厦门市"}, away=200),
    Act("put", "api-enterprises-tags", {"pk": "enterprise"}, CHANGE, 200, {"tags": [{"tag": "listed"}]}, away=200),
    Act("post", "api-imports-list", {}, "enterprises.enterprise.import", 201, a_list, away=201),
    Act("post", "api-enterprises-verify", {"pk": "enterprise"}, CHANGE, 200,
        {"verified_date": TODAY(), "source": "营业执照"}, away=200),
    Act("post", "api-enterprises-names-list", {"parent": "enterprise"}, CHANGE, 201, {"name": "旧名公司"}, away=201),
    Act("post", "api-enterprises-files-list", {"parent": "enterprise"}, CHANGE, 201, upload, away=201),
    Act("post", "api-enterprises-relations-list", {"parent": "enterprise"}, RELATE, 201,
        lambda world: {"other": world.rows["relation"].other_id, "kind": "customer", "source": "年报"}, away=201),
    Act("post", "api-enterprises-relations-remove", {"parent": "enterprise", "pk": "relation"}, RELATE, 204, WHY,
        away=204),
    Act("post", "api-enterprises-merge", {"pk": "duplicate"}, MERGE, 200,
        lambda world: {"into": world.rows["enterprise"].pk, "into_version": 1, **WHY}, away=200),
    Act("post", "api-enterprises-tell-apart", {"pk": "duplicate"}, MERGE, 204,
        lambda world: {"other": world.rows["enterprise"].pk, **WHY}, away=204),
    Act("post", "api-mergings-undo", {"pk": "merging"}, MERGE, 200, WHY, away=200),
    Act("post", "api-enterprises-contacts-list", {"parent": "enterprise"}, CHANGE, 201, {"name": "王某"}, away=201),
    Act("post", "api-enterprises-ties-list", {"parent": "enterprise"}, RELATE, 201,
        {"kind": "advisor", "name": "某顾问", "source": "商会", "noted_date": TODAY()}, away=201),
    Act("patch", "api-ties-detail", {"pk": "tie"}, RELATE, 200, {"whom": "董事长"}, away=403),
    Act("post", "api-ties-remove", {"pk": "tie"}, RELATE, 204, WHY, away=403),
    Act("patch", "api-contacts-detail", {"pk": "contact"}, CHANGE, 200, {"name": "李某"}, away=403),
    Act("post", "api-contacts-remove", {"pk": "contact"}, CHANGE, 204, WHY, away=403),
    Act("post", "api-contacts-phone", {"pk": "contact"}, "enterprises.contact.unmask", 200, away=200),
]  # fmt: skip
VERSIONED = [act for act in ACTS if act.view.versioned]
V1 = {"If-Match": '"1"'}


@pytest.fixture
def world(world: World) -> World:
    for table, code in (("lead_source", "fair"), ("milestone", "topping_out"), ("problem_kind", "land")):
        Code.objects.create(table=table, code=code, name=code)
    return world


def rows() -> dict[str, Any]:
    """Return every table but the one that notes when a key was last used."""
    return {name: kept for name, kept in snapshot().items() if name != "core_apitoken"}


def refused(act: Act, client: Client, world: World, status: int, **headers: str) -> None:
    before = rows()
    answer = act.call(client, world, **{**V1, **headers})
    assert answer.status_code == status
    assert answer.json()["sentence"]
    assert rows() == before


def test_the_table_holds_every_act_of_every_resource() -> None:
    """What is left out is one's own (following, notices), imports, whose table is in test_api_imports, and closing the
    ledger and deciding disputes, which are the whole city's alone (test_closings, test_first_reports)."""
    """What is left out is one's own (following, notices), imports, whose table is in test_api_imports, closing the ledger
    and saying what is reported and waiving it, which are the whole city's alone (test_closings, test_reports)."""
    own = {"follow", "unfollow", "read"}
    every = {
        (method, name)
        for name, route in ROUTES.items()
        for method, does in getattr(route.callback, "actions", {}).items()
        if method not in {"get", "head"}
        and (not name.startswith("api-imports-") or name == "api-imports-list")
        and name not in {"api-closings-list", "api-disputes-decide"}
        and name
        not in {
            "api-closings-list",
            "api-report-definitions-list",
            "api-report-waivers-list",
            "api-report-waivers-withdraw",
        }
        and does not in own  # Django REST framework adds "head" at the first request
    }
    assert every <= {(act.method, act.route) for act in ACTS}


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_the_act_needs_its_permission(act: Act, world: World) -> None:
    reader = make_user("读者", world.home, READING)
    refused(act, signed_in(reader), world, 403)
    everything_else = [code for code in actor_for(world.chief).grants if code != act.permission]
    refused(act, signed_in(make_user("其他权限", world.home, everything_else)), world, 403)
    holder = make_user("有权者", world.home, [*READING, act.permission])
    assert act.call(signed_in(holder), world, **V1).status_code == act.status


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_a_token_needs_the_permission_among_its_scopes(act: Act, world: World) -> None:
    # who may set duties or work on them everywhere speaks for his own units alone
    by = actor_for(
        world.insider
        if act.permission in {HANDLE, "duties.duty.set", "duties.duty.supervise"}
        else world.chief
    )
    _token, secret = services.create_token(by=by, name="只读", scopes=READING, days=1)
    refused(act, Client(), world, 403, Authorization=f"Bearer {secret}")
    _token, secret = services.create_token(by=by, name="可写", scopes=[*READING, act.permission], days=1)
    assert act.call(Client(), world, **V1, Authorization=f"Bearer {secret}").status_code == act.status


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_the_other_district_finds_no_row(act: Act, world: World) -> None:
    client = signed_in(world.outsider)
    if act.away < 400:
        assert act.call(client, world, **V1).status_code == act.away
    else:
        refused(act, client, world, act.away)


@pytest.mark.parametrize("act", [act for act in ACTS if act.view.takes], ids=str)
def test_who_may_not_is_not_told_what_is_wrong_with_his_body(act: Act, world: World) -> None:
    client = signed_in(make_user("读者", world.home, READING))
    answer = client.generic(
        act.method, act.url(world), '{"x": 1}', content_type="application/json", headers=V1
    )
    # what a move needs, its lifecycle says once it knows the reason
    assert answer.status_code == (422 if act.route.endswith("-move") else 403)


@pytest.mark.parametrize("act", VERSIONED, ids=str)
def test_a_change_names_the_version_it_was_made_on(act: Act, world: World) -> None:
    client, before = signed_in(world.insider), snapshot()
    assert act.call(client, world).status_code == 428
    assert act.call(client, world, **{"If-Match": '"eins"'}).status_code == 422
    late = act.call(client, world, **{"If-Match": '"7"'})
    assert (late.status_code, late.json()["code"]) in {(409, "stale"), (409, "blocked")}
    assert snapshot() == before


@pytest.mark.parametrize("act", [act for act in ACTS if act.view.takes], ids=str)
@pytest.mark.parametrize("body", ["[]", "null", '"text"', "{", '{"is_demo": true}', '{"id": 1}'])
def test_a_body_of_another_kind_gets_a_sentence(act: Act, body: str, world: World) -> None:
    client, before = signed_in(world.insider), snapshot()
    client.raise_request_exception = False
    answer = client.generic(act.method, act.url(world), body, content_type="application/json", headers=V1)
    assert answer.status_code in {400, 415, 422}
    assert answer.json()["sentence"]
    assert snapshot() == before


@pytest.mark.parametrize("name", ["api-projects-list", "api-projects-talks-list", "api-projects-files-list"])
@pytest.mark.parametrize(
    "cursor", ["x", "cD1hYmM=", "cD0lMDA=", "bz05OTk5OTk5", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5"]
)
def test_a_made_up_cursor_breaks_nothing(name: str, cursor: str, world: World) -> None:
    client = signed_in(world.insider)
    client.raise_request_exception = False
    keys = {} if name == "api-projects-list" else {"parent": world.rows["project"].pk}
    assert client.get(reverse(name, kwargs=keys), {"cursor": cursor}).status_code in {200, 404}
