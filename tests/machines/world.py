"""A small city for the machines: two districts with one of everything each, and a person for each kind of reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db.models import Model
from django.utils import timezone

from tests.factories import make_enterprise, make_lead, make_project, make_unit, make_user
from yinfeng.core import events, services
from yinfeng.core.models import ApiToken, Attachment, Code, Delivery, Job, Notice, Rule, SavedView, User
from yinfeng.core.permissions import registry
from yinfeng.duties.models import Bot, CalendarDay, Circular, Duty, DutyPart, Extension, Reminder
from yinfeng.duties.models import Report as DutyReport
from yinfeng.duties.services import digest_of
from yinfeng.enterprises import services as enterprises
from yinfeng.enterprises.models import Contact, Doubt, Enterprise, Relation, Tie
from yinfeng.meetings.models import (
    Attendee,
    FairReview,
    Finding,
    GateDecision,
    Inspection,
    Item,
    Meeting,
    Minutes,
    Resolution,
    Subject,
    Topic,
)
from yinfeng.orgs.models import Body, Invitation, Membership, Person, Role, RoleGrant, Seat, SeatTerm, Unit
from yinfeng.orgs.queries import actor_for
from yinfeng.projects.models import (
    Area,
    Bottleneck,
    Builder,
    Claim,
    Closing,
    Dispute,
    Entry,
    Lead,
    Milestone,
    Participation,
    Partner,
    PersonalAct,
    Premises,
    Progress,
    Project,
    Proposal,
    Report,
    ReportDefinition,
    ReportWaiver,
    Reversal,
    Share,
    Side,
    StepBack,
    Talk,
    TeamMember,
    Transfer,
)
from yinfeng.projects.queries import period_of

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


# A Monday, two whole weeks ago at least.
WEEK = period_of("weekly", timezone.localdate() - timedelta(days=21)).starts

# A document as duties freeze it: what a reminder and a circular have.
PAPER: dict[str, Any] = {
    "title": "关于测试督办的通报", "number": "厦招通〔2025〕1号", "addressee": "各有关单位", "opening": "测试督办应于昨日办结。",
    "facts": [["落实事项", "测试督办"]], "paragraphs": ["共交办督办事项1项。"], "unit_heads": ["单位", "交办"], "units": [["甲区", "1"]],
    "late_heads": ["事项"], "late": [["测试督办"]], "late_note": "", "demand": "限期办结。", "signer": "测试市招商办", "date": "2026-11-03",
}  # fmt: skip


@dataclass
class World:
    """The people (``everything`` holds every right in his district) and what belongs to ``home``."""

    root: Unit
    home: Unit
    away: Unit
    chief: User  # every permission, everywhere
    insider: User  # every permission, at home
    outsider: User  # every permission, in the other district
    stranger: User  # signed in, no role
    rows: dict[str, Any]


def build() -> World:
    """Make the city; every row of ``rows`` belongs to the home district or to the insider."""
    root = make_unit("city", "city", name="测试市")
    home, away = make_unit("home", parent=root, name="甲区"), make_unit("away", parent=root, name="乙区")
    everything = list(registry())
    chief = make_user("全权", root, everything)
    insider = make_user("甲区全权", home, everything)
    outsider = make_user("乙区全权", away, everything)
    stranger = make_user("无角色")
    return World(root, home, away, chief, insider, outsider, stranger, _rows(home, away, insider))


def _dispute(lead: Lead, rival: Lead, by: User, pair: str = "测试", state: str = "answered") -> Dispute:
    """Return a dispute that the unit of a lead raised against that of another, which has spoken."""
    dispute = Dispute.objects.create(pair=pair, subject="测试甲科技有限公司", raised_by=by, state=state)
    for is_raiser, record in ((True, lead), (False, rival)):
        Side.objects.create(
            dispute=dispute,
            is_raiser=is_raiser,
            unit=record.handling_unit,
            lead=record,
            statement="我方先接触",
        )
    return dispute


def _rows(home: Unit, away: Unit, insider: User) -> dict[str, Any]:
    by = actor_for(insider)
    firm, other = make_enterprise("测试甲科技有限公司"), make_enterprise("测试乙材料有限公司")
    lead = make_lead("测试线索", home, insider, enterprise=firm)
    qualified = make_lead("测试线索二", home, insider, enterprise=firm, state="qualified")
    project = make_project("测试项目", home, insider, enterprise=firm, stage="negotiating")
    contract = services.attach_file(
        by=by, obj=project, file=ContentFile(PDF, "合同.pdf"), name="合同.pdf", kind="contract"
    )
    photo = services.attach_file(
        by=by, obj=project, file=ContentFile(PDF, "照片.pdf"), name="照片.pdf", kind="other"
    )
    event = events.record(by=by, verb="core.attachment.added", obj=project)
    person = insider.person
    job = Job.objects.create(kind="enterprises.import", title="测试任务", owner=insider, state="failed")
    job.result_file.save("result.xlsx", ContentFile(b"x"), save=True)
    definition = ReportDefinition.objects.create(
        code="weekly", number=1, title="测试周报", recipient=home.parent, submitters=[home.kind], period="weekly", due_days=3, columns=["name"],
        valid_from=date(2020, 1, 1),
    )  # fmt: skip
    report = Report.objects.create(
        definition=definition, code="weekly", unit=home, starts=WEEK, ends=WEEK + timedelta(days=6), due_date=WEEK + timedelta(days=9),
        number=1, heads=[{"key": "name", "label": "项目名称", "kind": "text"}], rows=[{"project": project.pk, "values": ["测试项目"]}],
        count=1, digest="0" * 64, submitted_by=insider,
    )  # fmt: skip
    entry = Entry.objects.create(
        project=project, kind="signed", happened_date=timezone.localdate(), booked_date=timezone.localdate(), amount=100_000_000, evidence=contract,
        recognised_by=insider,
    )  # fmt: skip

    def duty(item: str, lead: Unit = home, **values: Any) -> Duty:
        due = timezone.localdate() + timedelta(days=20)
        made = Duty.objects.create(
            number=f"DB-{item}", item=item, target="形成清单", requirement="每周报告", lead_unit=lead, set_unit=home, due_date=due,
            source_kind="instruction", source_text="批示", **values,
        )  # fmt: skip
        for part, unit in (("setter", home), ("lead", lead)):
            DutyPart.objects.create(duty=made, part=part, unit=unit)
        return made

    def transfer(name: str, **values: Any) -> Transfer:
        return Transfer.objects.create(
            project=make_project(name, home, insider, enterprise=firm, stage="negotiating"), from_unit=home, to_unit=away,
            reason="用地不足", percent=50, base="both", years=5, start="agreement", statistics="split", offered_by=insider,
            **values,
        )  # fmt: skip

    def proposal(title: str, **values: Any) -> Proposal:
        return Proposal.objects.create(
            title=title, planning_unit=home, host_unit=home, industry="39", content="建设", rationale="缺口", return_mechanism="订单",
            estimated=500_000_000, fixed_investment=300_000_000, proposed_by=insider, **values,
        )  # fmt: skip

    Code.objects.create(table="industry", code="39", name="计算机、通信和其他电子设备制造业", level=2)
    planned, published = proposal("测试策划"), proposal("测试策划二", state="published")
    Partner.objects.create(proposal=published, enterprise=other, reason="龙头")
    doubtful = Entry.objects.create(
        project=project, kind="registered", happened_date=timezone.localdate(), booked_date=timezone.localdate(), amount=100_000_000,
        evidence=contract, recognised_by=insider,
    )  # fmt: skip
    for row in (entry, doubtful):
        Share.objects.create(entry=row, unit=home, part="host", millionths=1_000_000, amount=100_000_000)
    far = make_unit("far", parent=home.parent, name="丙区")
    Rule.objects.create(
        kind="duty_reminder", key="circular", valid_from=date(2019, 1, 1), data={"work_days": 5, "mark": "厦招通"}, source="测试"
    )  # fmt: skip
    Rule.objects.create(
        kind="first_report", key="protection", data={"months": 6, "simultaneous_hours": 24}, source="测试",
        valid_from=date(2019, 4, 28),
    )  # fmt: skip
    Code.objects.create(table="project_class", code="land", name="供地类")
    Rule.objects.create(
        kind="gate_chain", key="land", source="测试", valid_from=date(2019, 4, 28),
        data={
            "name": "供地类", "name_en": "", "order": 1, "before_stage": "",
            "condition": {"field": "project_class", "op": "is", "value": "land"},
            "gates": [{"code": code, "name": name, "name_en": "", "body": ""} for code, name in (("first", "投委会"), ("second", "常务会"))],
        },
    )  # fmt: skip
    gated = make_project(
        "测试项目九", home, insider, enterprise=firm, stage="negotiating", project_class="land"
    )
    Code.objects.create(table="finding_severity", code="general", name="一般")

    def inspection(number: str, **values: Any) -> Inspection:
        return Inspection.objects.create(
            number=number, title="测试督查", unit=home, starts=timezone.localdate(), ends=timezone.localdate(), matter="履约",
            population="projects", sample_size=200, planned_by=insider, **values,
        )  # fmt: skip

    inspected, inspecting = inspection("DC-1"), inspection("DC-2", state="under_way")
    subject = Subject.objects.create(inspection=inspecting, project=gated, reason="反映", added_by=insider)
    return {
        "inspection": inspected,
        "inspecting": inspecting,
        "reportable": inspection("DC-3", state="under_way"),
        "subject": subject,
        "named": Subject.objects.create(inspection=inspected, unit=away, reason="反映", added_by=insider),
        "finding": Finding.objects.create(
            inspection=inspecting, subject=subject, number=1, unit=home, project=gated, what="未开工", severity="general",
            found_date=timezone.localdate(), no_evidence="口头", recorded_by=insider,
        ),
        "land": gated,
        "decision": GateDecision.objects.create(
            project=gated, chain="land", chain_name="供地类", gate="first", gate_name="投委会", state="passed",
            decided_date=timezone.localdate(), document="纪要", evidence=photo, recorded_by=insider,
        ),
        "unit": home,
        "person": person,
        "user": insider,
        "membership": Membership.objects.create(person=person, unit=home, position="局长", is_first_hand=True),
        "body": (body := Body.objects.create(code="home-group", kind="lead_group", name="甲区招商领导小组", unit=home)),
        "seat": (seat := Seat.objects.create(body=body, kind="head", position="区委主要领导", unit=home)),
        "term": SeatTerm.objects.create(seat=seat, person=person),
        "grant": RoleGrant.objects.filter(user=insider).first(),
        "role": Role.objects.first(),
        "workday": CalendarDay.objects.create(day=date(2027, 1, 1), name="元旦", source="测试"),
        "bot": Bot.objects.create(unit=home, channel="wecom", name="甲区群", token="a" * 32, mark="aaaa"),
        "delivery": Delivery.objects.create(
            channel="email", address="jia@example.cn", key="test", subject="测试", text="测试", given_up_at=timezone.now()
        ),
        "invitation": Invitation.objects.create(
            token_hash="0" * 64, name="新同事", username="new", unit=home, expires_at=timezone.now() + timedelta(days=1)
        ),
        "enterprise": firm,
        "duplicate": (duplicate := make_enterprise("测试甲科技公司")),
        "doubt": Doubt.objects.create(one=firm, other=duplicate, score=0.9, reason="字号相同"),
        "merging": enterprises.merge(
            by=by, kept=make_enterprise("测试丙物流有限公司"), gone=make_enterprise("测试丁物流有限公司"), versions=(1, 1),
            choices={}, reason="录入了两次",
        ),
        "contact": Contact.objects.create(enterprise=firm, name="测试联系人", phone="13800001234", unit=home),
        "tie": Tie.objects.create(
            enterprise=firm, kind="leader", person=person, name=person.name, whom="董事长", source="年会", unit=home,
            noted_date=timezone.localdate(),
        ),
        "relation": Relation.objects.create(
            enterprise=firm, other=other, kind="supplier", source="测试", noted_date=timezone.localdate()
        ),
        "list": Code.objects.create(table="enterprise_tag", code="listed", name="上市公司"),
        "target": enterprises.add_target(by=by, enterprise=other, values={"next_step": "回访"}),
        "signal": enterprises.record_signal(
            by=by, enterprise=other,
            values={"kind": "lease", "noted_date": timezone.localdate(), "due_date": timezone.localdate(), "detail": "租约到期", "source": "走访"},
        ),
        "area": (area := Area.objects.create(name="测试片区", command_unit=make_unit("post", "command", home, name="甲区指挥部"), purpose="产业")),
        "premises": Premises.objects.create(area=area, name="一号地块", kind="land", size=80),
        **_meetings(home, far, insider),
        "proposal": planned,
        "published": published,
        "partner": Partner.objects.create(proposal=planned, enterprise=firm, reason="龙头"),
        "lead": lead,
        "qualified": qualified,
        "project": project,
        "unsigned": make_project("测试项目二", home, insider, enterprise=firm, stage="negotiating"),
        "duty": (assigned := duty("测试督办", set_by=insider)),
        "given_duty": duty("测试督办四", lead=away, set_by=insider),
        "reminder": Reminder.objects.create(
            duty=assigned, level="urge", for_date=timezone.localdate(), days_late=1, number=PAPER["number"], document=PAPER, digest=digest_of(PAPER),
        ),
        "circular": Circular.objects.create(
            unit=home, start_date=WEEK, end_date=WEEK + timedelta(days=6), number=PAPER["number"], title="关于督办事项办理情况的通报",
            content=PAPER, digest=digest_of(PAPER), issued_by=insider,
        ),
        "working_duty": (working := duty("测试督办二", state="working", handler=insider, accepted_date=timezone.localdate())),
        "duty_report": DutyReport.objects.create(duty=working, unit=home, text="正在办理", reported_by=insider),
        "extension": Extension.objects.create(
            duty=duty("测试督办三", state="working", accepted_date=timezone.localdate()), was=timezone.localdate() + timedelta(days=20),
            until=timezone.localdate() + timedelta(days=40), reason="省级审批", asked_by=make_user("甲区经办", home),
        ),
        "transfer": transfer("测试项目五"),
        "disputed": transfer("测试项目六", state="arbitrating"),
        "agreed": transfer("测试项目七", state="accepted"),
        "rival": (rival := make_lead("测试对手线索", far, insider, enterprise=firm)),
        "other_rival": make_lead("测试对手线索二", far, insider, enterprise=firm),
        "dispute": _dispute(lead, rival, insider),
        "raised": _dispute(lead, rival, insider, pair="测试二", state="raised"),
        "built": (built := make_project("测试项目八", home, insider, enterprise=firm, stage="started", started_date=timezone.localdate().replace(day=1))),
        "milestone": Milestone.objects.create(project=built, kind="piling", planned_date=timezone.localdate()),
        "builder": Builder.objects.create(project=built, role="design", name="测试设计院"),
        "month": Progress.objects.create(
            project=built, month=timezone.localdate().replace(day=1), invested=10_000_000, percent=10, done="土建", reported_by=insider,
        ),
        "bottleneck": Bottleneck.objects.create(
            project=built, kind="land", what="用地未平整", since_date=timezone.localdate(), unit=home,
            due_date=timezone.localdate() + timedelta(days=9), raised_by=insider,
        ),
        "solved": Bottleneck.objects.create(
            project=built, kind="land", what="道路未通", since_date=timezone.localdate(), unit=home, due_date=timezone.localdate(),
            state="solved", how="便道已修通", solved_date=timezone.localdate(), closed_date=timezone.localdate(), raised_by=insider,
        ),
        "definition": definition,
        "report": report,
        "waiver": ReportWaiver.objects.create(
            definition=definition, code="weekly", unit=home, starts=WEEK - timedelta(days=7), ends=WEEK - timedelta(days=1),
            reason="系统切换", waived_by=insider,
        ),
        "landed": make_project("测试项目四", home, insider, enterprise=firm, stage="producing"),
        "personal": PersonalAct.objects.create(
            project=project, unit=home, person=person, position="局长", kind="promote", act_date=timezone.localdate(),
            done="走访企业", outcome="同意来考察", evidence=photo, as_holder=True, recorded_by=insider,
        ),
        "participation": Participation.objects.filter(project=project).first(),
        "member": TeamMember.objects.create(project=project, user=insider, is_leader=True),
        "talk": Talk.objects.create(
            project=project, talk_date=timezone.localdate(), form="meeting", our_side="甲", their_side="乙",
            summary="谈了", unit=home, recorded_by=insider,
        ),
        "claim": Claim.objects.create(
            project=project, happened_date=timezone.localdate(), amount=100_000_000, amount_original=100_000_000,
            evidence=contract, entered_by=insider,
        ),
        "step": StepBack.objects.create(
            project=make_project("测试项目三", home, insider, enterprise=firm, stage="negotiating"), source="negotiating",
            target="planned", reason="改了方向", asked_by=insider,
        ),
        "entry": entry,
        "reversal": Reversal.objects.create(entry=doubtful, reason="重复", asked_by=insider),
        "closing": Closing.objects.create(
            until=timezone.localdate() - timedelta(days=400), entries=0, sums={}, digest="0" * 64, closed_by=insider
        ),
        "file": contract,
        "notice": Notice.objects.create(owner=insider, event=event, why="assigned"),
        "view": SavedView.objects.create(owner=insider, page="projects", name="常用", query="stage=signed"),
        "job": job,
        "token": ApiToken.objects.create(
            owner=insider, name="测试", mark="yf_x", secret_hash="1" * 64, scopes=[],
            expires_at=timezone.now() + timedelta(days=1),
        ),
    }  # fmt: skip


def _meetings(home: Unit, far: Unit, insider: User) -> dict[str, Any]:
    """Return a meeting to come with a topic on its agenda, one that was held, one with its minutes, and topics in each state."""
    body = Body.objects.create(code="home-meeting", kind="group", name="甲区工作组", unit=home)
    today = timezone.localdate()

    def meeting(title: str, **values: Any) -> Meeting:
        return Meeting.objects.create(
            body=body, title=title, starts_at=timezone.now() + timedelta(days=9), topics_close_date=today + timedelta(days=5),
            place="会议室", chair=insider.person, created_by=insider, **values,
        )  # fmt: skip

    def topic(title: str, state: str = "submitted", unit: Unit = home, **values: Any) -> Topic:
        given = {
            "body": body,
            "kind": "other",
            "summary": "情况",
            "ask": "请研究",
            "submitted_by": far_user,
            **values,
        }
        return Topic.objects.create(title=title, state=state, unit=unit, **given)

    far_user = make_user("丙区经办", far)
    coming, held = meeting("测试会议"), meeting("测试会议二", state="held", year=today.year, number=1)
    issued = meeting("测试会议三", state="issued", year=today.year, number=2)
    on, spoken = (
        topic("测试议题", "on_agenda", meeting=coming),
        topic("测试议题二", "on_agenda", meeting=held),
    )
    decided = topic("测试议题三", "decided", meeting=held)
    settled = Item.objects.create(meeting=held, topic=decided, order=2)
    support = topic("测试支持", unit=far, kind="support", review_unit=home)
    return {
        "meeting_body": body, "coming": coming, "held": held, "issued": issued,
        "item": Item.objects.create(meeting=coming, topic=on, order=1),
        "spoken": Item.objects.create(meeting=held, topic=spoken, order=1),
        "attendee": Attendee.objects.create(meeting=coming, unit=home, person=insider.person, position="局长", order=1),
        "resolution": Resolution.objects.create(
            item=settled, topic=decided, meeting=held, year=today.year, number=1, decision="noted", text="抓紧落实", decided_date=today,
            recorded_by=insider,
        ),
        "minutes": Minutes.objects.create(
            meeting=issued, year=today.year, number=1, content={}, digest="0" * 64, issued_by=insider
        ),
        "topic": topic("测试待审议题"), "approved": topic("测试待上会议题", "approved"), "support": support,
        "fair_review": FairReview.objects.create(
            topic=support, conclusion="clear", grounds="面向全部企业", unit=home, reviewed_by=insider, review_date=today, valid_until=today,
            ask="请研究",
        ),
    }  # fmt: skip


ROW_MODELS: tuple[type[Model], ...] = (Enterprise, Lead, Project, Unit, Person, Attachment)
