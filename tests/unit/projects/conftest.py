"""A small city: two districts, a working group, its people, and a project in each place one may stand in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, make_user
from yinfeng.core.actors import Actor
from yinfeng.core.models import Code, User
from yinfeng.core.money import WAN, Money
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import achievements, facts, services, stages
from yinfeng.projects.models import Claim, Lead, Project

MOVES = {"intended": "intend", "negotiating": "negotiate", "preparing": "prepare", "building": "build"}
VIEW = ["projects.lead.view", "projects.project.view", "enterprises.enterprise.view"]
CLERK = [
    *VIEW, "projects.lead.register", "projects.lead.change", "projects.project.add", "projects.project.change",
    "projects.project.advance", "projects.project.team", "projects.contact.record", "projects.project.export",
    "projects.lead.export",
]  # fmt: skip
HEAD = [*CLERK, "projects.lead.assess", "projects.project.hold", "projects.project.verify"]
OFFICER = [*VIEW, "projects.project.verify", "projects.project.change", "projects.contact.record"]
LEADER = [*VIEW, "projects.project.view_sensitive"]

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass
class City:
    """Units, people and short ways to make rows as the people of 集美 (bob, charlie) would."""

    root: Unit
    jimei: Unit
    huli: Unit
    group: Unit
    users: dict[str, User] = field(default_factory=dict)
    made: int = 0

    def actor(self, name: str) -> Actor:
        return actor_for(self.users[name])

    def lead(self, state: str = stages.REGISTERED, by: str = "bob", **values: Any) -> Lead:
        self.made += 1
        given = {
            "title": f"第{self.made}条线索", "source": "fair", "heard_date": date(2026, 5, 1),
            "content": "拟投资建设生产基地", "industry": "3973", **values,
        }  # fmt: skip
        lead = services.register_lead(by=self.actor(by), values=given, despite="双方项目内容不同")
        head = self.actor("alice" if by == "alice" else "charlie")
        for move in {stages.QUALIFIED: ["qualify"], stages.DECLINED: ["decline"]}.get(state, []):
            services.move_lead(by=head, lead=lead, move=move, reason="核实属实")
        if state == stages.CONVERTED:
            services.move_lead(by=head, lead=lead, move="qualify", reason="核实属实")
            services.convert_lead(by=self.actor(by), lead=lead)
        return lead

    def project(self, stage: str = stages.PLANNED, by: str = "bob", **values: Any) -> Project:
        self.made += 1
        given = {
            "name": f"第{self.made}个项目", "summary": "生产基地", "project_class": "land", "is_foreign": False,
            "industry": "3973", "intended": Money.in_yuan(5_000 * WAN), "contact_name": "张三",
            "investment_kind": "chain", "fixed_investment": Decimal(3_000 * WAN), "site": "软件园三期",
            "land_mu": Decimal(30), "construction_kind": "new", "planned_start_date": date(2026, 12, 1),
            "planned_completion_date": date(2028, 6, 1), "planned_production_date": date(2028, 9, 1), "expected_output": Decimal(9_000 * WAN),
            "expected_tax": Decimal(500 * WAN), **values,
        }  # fmt: skip
        given.setdefault("enterprise", make_enterprise(f"第{self.made}号有限公司"))
        given.setdefault("registered_firm", given["enterprise"])
        given.setdefault("approached_date", timezone.localdate() - timedelta(days=700))
        project = services.add_project(by=self.actor(by), values=given, despite="双方项目内容不同")
        for wanted in facts.path(project)[1:]:
            if not stages.reached(stage, wanted):
                break
            if wanted in achievements.KINDS:
                services.verify_claim(by=self.actor("charlie"), claim=self.claim(project, wanted))
            else:
                services.move_project(by=self.actor(by), project=project, move=MOVES[wanted])
            project.refresh_from_db()
        return project

    def claim(
        self, project: Project, kind: str = stages.SIGNED, by: str = "bob", yuan: Decimal | None = None, **values: Any
    ) -> Claim:  # fmt: skip
        """Claim an achievement of yesterday; its amount, where it has one, is 4,000 万元, of a completion as fixed 3,000 万元."""
        known = achievements.KINDS[kind]
        usual = Decimal((3_000 if kind == stages.COMPLETED else 4_000) * WAN)
        amount = Money.in_yuan(yuan or usual) if known.amount else None
        name = f"{known.evidence_label}.pdf"
        given: dict[str, Any] = {
            "happened_date": timezone.localdate() - timedelta(days=1), "amount": amount, "name": name,
            "file": ContentFile(PDF, name=name), **({"key": "凭证1"} if known.key else {}), **values,
        }  # fmt: skip
        return services.submit_claim(by=self.actor(by), project=project, kind=kind, **given)

    def verified(self, project: Project, kind: str = stages.SIGNED, **values: Any) -> Claim:
        """Claim an achievement and let charlie verify it."""
        claim = services.verify_claim(by=self.actor("charlie"), claim=self.claim(project, kind, **values))
        project.refresh_from_db()
        return claim


@pytest.fixture
def city(db: None) -> City:
    """bob: clerk of 集美; charlie: its head; alice: head of 湖里; dora: officer of the group; erin: city leader."""
    Code.objects.bulk_create(
        Code(table=table, code=code, name=name, parent=parent, level=level)
        for table, code, name, parent, level in [
            ("industry", "C", "制造业", "", 1), ("industry", "39", "计算机、通信和其他电子设备制造业", "C", 2),
            ("industry", "3973", "集成电路制造", "39", 4), ("industry", "J", "金融业", "", 1),
            ("industry", "66", "货币金融服务", "J", 2), ("project_class", "land", "供地类", "", 1),
            ("project_class", "policy", "政策类", "", 1), ("investment_kind", "chain", "产业链招商", "", 1),
            ("lead_source", "fair", "展会", "", 1), ("construction_kind", "new", "新建", "", 1),
            ("construction_kind", "opening", "开业", "", 1), ("lost_reason", "price", "要素价格", "", 1),
        ]
    )  # fmt: skip
    root = make_unit("xm", "city", name="厦门市")
    jimei = make_unit("jimei", parent=root, name="集美区")
    huli = make_unit("huli", parent=root, name="湖里区")
    group = make_unit("group-manufacturing", "group", root, name="制造业组", industries=["C"])
    made = City(root, jimei, huli, group)
    for name, unit, permissions in [
        ("alice", huli, HEAD), ("bob", jimei, CLERK), ("charlie", jimei, HEAD), ("dora", group, OFFICER),
        ("erin", root, LEADER), ("stranger", make_unit("siming", parent=root, name="思明区"), VIEW),
    ]:  # fmt: skip
        made.users[name] = make_user(name, unit, permissions, username=name)
    return made
