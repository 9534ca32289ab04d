"""The demonstration's inspections: one reported with its findings being put right, one under way, one that was just drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from yinfeng.core.actors import Actor
from yinfeng.duties import services as duties
from yinfeng.duties.services import Six
from yinfeng.meetings import inspecting, services
from yinfeng.meetings.demonstration_gates import PDF
from yinfeng.meetings.models import Finding, Inspection, Subject
from yinfeng.orgs.models import Person, Unit

At = Callable[[datetime], Any]
FOUND = (
    ("未按承诺节点报送建设进度，最近两个月没有月报。", "general", "月报制度"),
    ("现场未见施工，与系统登记的“在建”不符。", "serious", "项目信息须与现场一致"),
    ("台账缺少洽谈记录的佐证材料。", "minor", "谈判全过程留痕"),
)
SIGNED = {"all": [{"field": "stage", "op": "at_least", "value": "signed"}, {"field": "status", "op": "is", "value": "ongoing"}]}  # fmt: skip


def enter(actors: Mapping[str, Actor], units: Mapping[str, Unit], now: datetime, at: At) -> None:
    """Let the group for performance inspect projects and districts."""
    Story(actors, units, now, at).tell()


class Story:
    """What the inspector planned, drew, visited and found."""

    def __init__(self, actors: Mapping[str, Actor], units: Mapping[str, Unit], now: datetime, at: At) -> None:
        self.actors, self.units, self.now, self.at = actors, units, now, at
        self.by = actors["inspector"]

    def tell(self) -> None:
        self.reported()
        self.under_way()
        self.planned()

    def day(self, days: int) -> date:
        return timezone.localdate(self.now + timedelta(days=days))

    def ago(self, days: int) -> Any:
        return self.at(self.now - timedelta(days=days))

    def plan(self, title: str, starts: int, ends: int, **values: Any) -> Inspection:
        given = {
            "title": f"{title}（演示）", "starts": self.day(starts), "ends": self.day(ends), "basis": "年度督查计划（演示）",
            "population": inspecting.PROJECTS, "sample_size": 3, "sample_by": inspecting.COUNT, **values,
        }  # fmt: skip
        team = list(Person.objects.filter(user__username__in=["inspector", "group"]))
        return services.plan_inspection(
            by=self.by, unit=self.units["group-performance"], values=given, team=team, is_demo=True
        )

    def draw(self, inspection: Inspection) -> None:
        services.draw_sample(by=self.by, inspection=inspection, version=inspection.version)
        inspection.refresh_from_db()

    def visit(self, inspection: Inspection, days: int, note: str) -> list[Subject]:
        subjects = list(Subject.objects.filter(inspection=inspection).select_related("inspection__unit", "project__host_unit", "project__reporter_unit", "unit").order_by("pk"))  # fmt: skip
        for subject in subjects:
            services.record_visit(by=self.by, subject=subject, visited_date=self.day(-days), note=note)
        return subjects

    def find(self, subject: Subject, turn: int, days: int) -> Finding:
        what, severity, basis = FOUND[turn % len(FOUND)]
        name = "现场照片（演示）.pdf"
        values = {"what": what, "severity": severity, "basis": basis, "found_date": self.day(-days)}
        return services.add_finding(
            by=self.by, subject=subject, values=values, files=[(ContentFile(PDF, name), name)]
        )

    def order(self, finding: Finding, due: int) -> Any:
        six = Six(
            item=f"整改督查发现的问题：{finding.what}"[:200], target="问题整改到位，并附佐证材料。", requirement=finding.what,
            lead_unit=finding.unit, due_date=self.day(due),
        )  # fmt: skip
        return services.order_finding(by=self.by, finding=finding, six=six)

    def reported(self) -> None:
        with self.ago(70):
            inspection = self.plan(
                "已签约项目履约督查",
                -68,
                -50,
                matter="合同约定的注册、到资、开工是否按期；系统登记与现场是否一致。",
                condition=SIGNED,
            )
            self.draw(inspection)
        with self.ago(66):
            services.move_inspection(by=self.by, inspection=inspection, move="start")
        with self.ago(60):
            subjects = self.visit(inspection, 60, "查看现场，核对台账和系统记录，与项目负责人座谈。")
            findings = [self.find(subject, turn, 60) for turn, subject in enumerate(subjects[:3])]
        with self.ago(55):
            done = self.order(findings[0], -20)
            self.order(findings[1], -6)
            services.move_finding(
                by=self.by, finding=findings[2], move="correct", reason="当场补齐材料，督查组核对无误。"
            )
        with self.ago(50):
            inspection.refresh_from_db()
            services.report_inspection(
                by=self.by,
                inspection=inspection,
                conclusion="多数项目按合同推进，个别项目进度与登记不一致，须限期整改。",
            )
        self.settle(done)

    def settle(self, duty: Any) -> None:
        """Let the district do what it was told, where its clerk is one of the demonstration's."""
        clerk = self.actors.get(f"clerk-{duty.lead_unit.code}")
        if clerk is None:
            return
        for days, act in ((50, "accept"), (30, "submit"), (26, "approve")):
            duty.refresh_from_db()
            with self.ago(days):
                if act == "submit":
                    name = "整改佐证（演示）.pdf"
                    duties.submit_duty(by=clerk, duty=duty, result="已补报月报，明确专人负责。", files=[(ContentFile(PDF, name), name)])  # fmt: skip
                else:
                    duties.move_duty(
                        by=clerk if act == "accept" else self.by, duty=duty, move=act, reason="属实"
                    )

    def under_way(self) -> None:
        with self.ago(6):
            inspection = self.plan(
                "区招商工作机制督查", -5, 6, matter="工作机构、例会、重大项目专班是否落实；三个“亲自”是否有记录。",
                population=inspecting.UNITS, unit_kinds=["district", "zone"], sample_size=30, sample_by=inspecting.PERCENT,
            )  # fmt: skip
            self.draw(inspection)
            services.add_subject(
                by=self.by,
                inspection=inspection,
                unit=self.units["resources-planning"],
                reason="两个区反映用地办理慢",
            )
        with self.ago(5):
            services.move_inspection(by=self.by, inspection=inspection, move="start")
        with self.ago(3):
            subject, *_rest = (
                Subject.objects.filter(inspection=inspection)
                .select_related("inspection__unit", "unit", "project")
                .order_by("pk")
            )
            services.record_visit(
                by=self.by, subject=subject, visited_date=self.day(-3), note="机构健全，例会记录完整。"
            )
            self.find(subject, 2, 3)

    def planned(self) -> None:
        with self.ago(1):
            inspection = self.plan(
                "在建项目进度督查", 7, 20, matter="实际投资和形象进度与月报是否一致。", sample_size=1, per_unit=True,
                condition={"all": [{"field": "stage", "op": "at_least", "value": "started"}, {"field": "status", "op": "is", "value": "ongoing"}]},
            )  # fmt: skip
            self.draw(inspection)
