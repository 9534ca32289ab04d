"""The demonstration's meetings: one with its minutes, one of yesterday to be minuted, one to come with topics in every state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from yinfeng.core.actors import Actor
from yinfeng.duties import queries as duties
from yinfeng.duties import services as duty_services
from yinfeng.duties.services import Six
from yinfeng.meetings import queries, services, states
from yinfeng.meetings.models import Item, Meeting, Resolution, Topic
from yinfeng.orgs.models import Body, Person, Unit
from yinfeng.projects.models import Project

At = Callable[[datetime], AbstractContextManager[None]]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
DISPLAYS, STORAGE, TOURISM = "高世代显示模组生产基地", "储能系统集成工厂", "滨海文旅综合体"
MEMBRANES, ROBOTS, AVIATION = "特种膜材料二期", "工业机器人整机项目", "航空零部件维修中心"


def enter(actors: Mapping[str, Actor], units: Mapping[str, Unit], today: datetime, at: At) -> None:
    """Let the leader group and a working group meet, as their offices would have them."""
    Story(actors, units, today, at).tell()


class Story:
    """What the office, a working group and the districts did with topics and meetings."""

    def __init__(
        self, actors: Mapping[str, Actor], units: Mapping[str, Unit], today: datetime, at: At
    ) -> None:
        self.actors, self.units, self.now, self.at = actors, units, today, at
        self.leaders = Body.objects.select_related("unit").get(code="leader-group")
        self.group = Body.objects.select_related("unit").get(code="group-manufacturing")

    def tell(self) -> None:
        self.last_month()
        self.working_group()
        self.coming()

    # --- short ways -----------------------------------------------------------------------------------------------

    def days(self, number: int, hour: int = 10) -> datetime:
        """Return an hour of the day that is so many days from now."""
        day = timezone.localtime(self.now).date() + timedelta(days=number)
        return timezone.make_aware(datetime.combine(day, time(hour)))

    def plan(self, body: Body, title: str, starts: int, planned: int, by: str, **values: Any) -> Meeting:
        chair = Person.objects.get(user__username="leader")
        given = {
            "body": body,
            "title": title,
            "starts_at": self.days(starts, 15),
            "place": "市行政中心会议室（演示）",
            "chair": chair,
        }
        with self.at(self.days(planned)):
            return services.plan_meeting(by=self.actors[by], values=given | values, is_demo=True)

    def bring(
        self, by: str, days: int, kind: str, title: str, project: str, ask: str, **values: Any
    ) -> Topic:
        """Let a district's officer bring a topic about one of its projects, so many days from now."""
        about = Project.objects.get(name=project)
        given = {
            "body": self.leaders, "kind": kind, "title": title, "project": about, "unit": self.units[by.partition("-")[2]],
            "summary": f"{about.name}由投资方提出，前期工作已经开展，需市级会议研究。演示数据。", "ask": ask,
        }  # fmt: skip
        with self.at(self.days(days)):
            return services.submit_topic(by=self.actors[by], values=given | values, is_demo=True)

    def approve(self, topic: Topic, days: int, by: str = "office") -> Topic:
        with self.at(self.days(days, 11)):
            return services.move_topic(by=self.actors[by], topic=_fresh(topic), move="approve")

    def take_on(self, meeting: Meeting, topic: Topic, days: int, by: str = "office", leave: str = "") -> None:
        with self.at(self.days(days, 14)):
            services.take_on(by=self.actors[by], meeting=_fresh(meeting), topic=_fresh(topic), leave=leave)

    def gather(self, meeting: Meeting, days: int, count: int, by: str = "office") -> None:
        """Take on what the rules propose first."""
        with self.at(self.days(days, 14)):
            for found in queries.proposed(meeting.body, self.actors[by], timezone.localdate())[:count]:
                services.take_on_proposal(by=self.actors[by], meeting=_fresh(meeting), key=found.key)

    def move(self, meeting: Meeting, move: str, days: int, by: str = "office", hour: int = 16) -> None:
        with self.at(self.days(days, hour)):
            services.move_meeting(by=self.actors[by], meeting=_fresh(meeting), move=move)

    def resolve(
        self, meeting: Meeting, item: Item, days: int, decision: str, text: str, tasks: list[Six], notes: str = "", by: str = "office",
        **values: Any,
    ) -> Resolution:  # fmt: skip
        with self.at(self.days(days, 17)):
            if notes:
                services.note_item(
                    by=self.actors[by], meeting=_fresh(meeting), item=item, version=item.version, notes=notes
                )
            given = {"decision": decision, "text": text, **values}
            return services.resolve(
                by=self.actors[by], meeting=_fresh(meeting), item=_fresh(item), values=given, tasks=tasks
            )

    def six(
        self,
        unit: str,
        item: str,
        target: str,
        due: int,
        joint: tuple[str, ...] = (),
        requirement: str = "每两周报送进展。",
    ) -> Six:
        return Six(
            item=item, target=target, requirement=requirement, lead_unit=self.units[unit], due_date=self.days(due).date(),
            joint_units=[self.units[code] for code in joint], leader=Person.objects.get(user__username="leader"),
        )  # fmt: skip

    def came(self, meeting: Meeting, days: int, by: str = "office") -> None:
        """Say that everybody came but for two who were excused."""
        with self.at(self.days(days, 18)):
            called = queries.attendance_of(_fresh(meeting))
            kinds = {
                row.pk: states.EXCUSED if number in (5, 9) else states.PRESENT
                for number, row in enumerate(called)
            }
            services.record_attendance(by=self.actors[by], meeting=_fresh(meeting), kinds=kinds)

    # --- the meetings ---------------------------------------------------------------------------------------------

    def last_month(self) -> None:
        """A meeting of the leader group with its minutes: a site agreed, a hearing, a topic put off, duties in every state."""
        meeting = self.plan(self.leaders, "领导小组会议（演示）", -33, -50, "office")
        site = self.bring(
            "head-tongan",
            -45,
            states.SITING,
            f"{STORAGE}落地布局",
            STORAGE,
            "请明确项目落地同安区还是翔安区，并同意预留工业用地 180 亩。",
        )
        late = self.bring(
            "head-siming",
            -40,
            states.OTHER,
            f"{TOURISM}用海用地统筹",
            TOURISM,
            "请研究岸线和用地的统筹方案。",
        )
        for topic in (site, late):
            self.take_on(meeting, self.approve(topic, -39), -39)
        self.gather(meeting, -38, 1)
        self.move(meeting, "fix", -37)
        self.move(meeting, "convene", -33)
        first, second, third = queries.agenda(_fresh(meeting))
        self.resolve(
            meeting, first, -33, states.CONDITIONAL, "同意项目落地同安区。", conditions="投资方须在三个月内注册项目公司。",
            siting_unit=self.units["tongan"], notes="同安区汇报了选址比选和投资方意愿。会议认为同安区产业基础和交通条件较好。",
            tasks=[
                self.six("tongan", "完成储能项目地块收储", "具备供地条件", -4, ("resources-planning",)),
                self.six("resources-planning", "落实新增工业用地指标", "180 亩指标下达", 25),
            ],
        )  # fmt: skip
        self.resolve(
            meeting, second, -33, states.DEFERRED, "请思明区会同市资源规划局补充岸线利用论证后再提请研究。",
            tasks=[self.six("siming", "补充岸线利用论证", "形成论证报告", 3, ("resources-planning",))],
        )  # fmt: skip
        self.resolve(
            meeting,
            third,
            -33,
            states.NOTED,
            "会议听取了项目进展，要求倒排工期，确保按期竣工。",
            tasks=[self.six("torch", "倒排显示模组基地工期", "形成按月节点计划", -15)],
        )
        self.came(meeting, -33)
        self.move(meeting, "issue", -30)
        with self.at(self.days(-30, 17)):
            given = list(
                duties.duties_of(list(queries.resolutions_of([meeting], self.actors["office"]))).order_by(
                    "pk"
                )
            )
        self.work(given[0], "head-tongan", -28)
        self.work(given[3], "head-torch", -27, done=-18)
        with self.at(self.days(-2)):
            services.move_topic(by=self.actors["office"], topic=_fresh(late), move="take_up")

    def work(self, duty: Any, by: str, days: int, done: int = 0) -> None:
        """Let a unit accept a duty and, on a day, submit it; the office closes it the day after."""
        with self.at(self.days(days)):
            duty_services.move_duty(by=self.actors[by], duty=duty, move="accept")
        if not done:
            return
        with self.at(self.days(done)):
            name = "节点计划（演示）.pdf"
            duty_services.submit_duty(
                by=self.actors[by],
                duty=_fresh(duty),
                result="已形成按月节点计划并落实到责任人。",
                files=[(ContentFile(PDF, name), name)],
            )
        with self.at(self.days(done + 1)):
            duty_services.move_duty(by=self.actors["office"], duty=_fresh(duty), move="approve")

    def working_group(self) -> None:
        """A meeting of a working group, held yesterday: one topic decided, one still to be recorded."""
        meeting = self.plan(self.group, "现代制造业和信息产业招商组调度会（演示）", -1, -12, "group")
        self.gather(meeting, -10, 2, by="group")
        self.move(meeting, "fix", -3, by="group")
        self.move(meeting, "convene", -1, by="group", hour=15)
        first = queries.agenda(_fresh(meeting))[0]
        host = Project.objects.select_related("host_unit", "reporter_unit").get(pk=first.topic.project_id)
        unit = host.host_unit or host.reporter_unit
        self.resolve(
            meeting, first, -1, states.NOTED, "请属地抓紧与投资方敲定合同条款，力争本季度签约。", by="group",
            tasks=[self.six(unit.code, "敲定合同条款", "完成合同文本会签", 20)],
        )  # fmt: skip

    def coming(self) -> None:
        """The next meeting of the leader group: support that was found fair, one that was not, one to approve, one to review."""
        meeting = self.plan(self.leaders, "领导小组会议（演示）", 8, -9, "office")
        fair = self.bring(
            "head-xiangan", -8, states.SUPPORT, f"{MEMBRANES}支持政策", MEMBRANES,
            "请同意按全市统一的技改补助政策执行，补助不超过设备投资的 10%，总额不超过 1200 万元。", review_unit=self.units["market-regulation"],
        )  # fmt: skip
        unfair = self.bring(
            "head-jimei", -7, states.SUPPORT, f"{ROBOTS}一事一议", ROBOTS, "请同意按项目缴纳税收的地方留成部分前三年全额返还。",
            review_unit=self.units["market-regulation"],
        )  # fmt: skip
        with self.at(self.days(-6)):
            today = timezone.localdate()
            until = today + timedelta(days=364)
            services.review_topic(
                by=self.actors["market"], topic=fair, conclusion=states.CLEAR, found=[], review_date=today, valid_until=until,
                grounds="补助适用于全市符合条件的企业，标准公开，不针对特定经营者。",
            )  # fmt: skip
            services.review_topic(
                by=self.actors["market"], topic=unfair, conclusion=states.AGAINST, found=[states.COST], review_date=today, valid_until=until,
                grounds="按税收返还属于没有法律、行政法规依据或者未经国务院批准给予特定经营者的优惠。",
            )  # fmt: skip
        self.take_on(meeting, self.approve(fair, -5), -5)
        self.gather(meeting, -4, 1)
        self.bring(
            "head-huli",
            -1,
            states.HEARING,
            f"{AVIATION}进展汇报",
            AVIATION,
            "听取项目进展，协调空域和机坪条件。",
        )
        self.bring(
            "head-huli", -1, states.SUPPORT, f"{AVIATION}厂房租金补助", AVIATION,
            "请同意按全市统一标准给予三年厂房租金补助，每年不超过 300 万元。", review_unit=self.units["market-regulation"],
        )  # fmt: skip


def _fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)
