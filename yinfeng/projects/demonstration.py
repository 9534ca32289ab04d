"""A plausible, clearly marked demonstration: invented people and projects of invented firms, dated relative to today.

Everything is done through the services, as people would do it, at moments of the past. The listed companies of Xiamen in
the library are real; nothing is told of them but what is public.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

from django.core.files.base import ContentFile
from django.utils import timezone

from yinfeng.core import services as core
from yinfeng.core.actors import Actor, system
from yinfeng.core.exchange.reading import open_table
from yinfeng.core.models import User
from yinfeng.core.money import Money
from yinfeng.core.permissions import gather
from yinfeng.duties import demonstration as duties
from yinfeng.enterprises import imports, uscc
from yinfeng.enterprises import services as library
from yinfeng.enterprises.imports import lists
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs import services as orgs
from yinfeng.orgs.models import Person as OrgPerson
from yinfeng.orgs.models import Role, RoleGrant, Unit
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import achievements, services
from yinfeng.projects import demonstration_building as building
from yinfeng.projects import demonstration_disputes as disputes
from yinfeng.projects import demonstration_doubles as doubles
from yinfeng.projects import demonstration_network as network
from yinfeng.projects import demonstration_personal as personal
from yinfeng.projects import demonstration_planning as planning
from yinfeng.projects import demonstration_reporting as reporting
from yinfeng.projects import demonstration_reports as reports
from yinfeng.projects import demonstration_reversals as reversals
from yinfeng.projects import demonstration_targets as targets
from yinfeng.projects import stages as project_stages
from yinfeng.projects.models import Lead, Project

LISTED = Path(__file__).parent / "demodata" / "listed_xiamen.csv"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
MARK = "（演示）"


@dataclass(frozen=True, slots=True)
class Person:
    """One of the demonstration's people: role at a unit, and the unit of the post if it is another."""

    key: str
    name: str
    role: str
    at: str
    position: str
    post: str = ""


PEOPLE = (
    Person("office", "林知微", "office_officer", "xiamen", "综合处干部", "office"),
    Person("group", "陈一鸣", "group_officer", "group-manufacturing", "联络员"),
    Person("clerk-jimei", "黄小满", "district_clerk", "jimei", "招商专员"),
    Person("head-jimei", "吴立夏", "district_head", "jimei", "招商办主任"),
    Person("clerk-huli", "郑清明", "district_clerk", "huli", "招商专员"),
    Person("head-huli", "许谷雨", "district_head", "huli", "招商办主任"),
    Person("clerk-torch", "蔡白露", "district_clerk", "torch", "招商专员"),
    Person("head-torch", "叶秋分", "district_head", "torch", "招商处处长"),
    Person("department", "杨惊蛰", "department_officer", "resources-planning", "要素保障联络员"),
    Person("market", "江寒露", "department_officer", "market-regulation", "公平竞争审查专员"),
    Person("soe", "洪芒种", "soe_clerk", "city-soes", "投资部经理"),
    Person("leader", "苏大寒", "city_leader", "xiamen", "市领导", "government"),
    Person("inspector", "曾霜降", "inspector", "xiamen", "督查专员", "group-performance"),
    Person("administrator", "郭小雪", "administrator", "xiamen", "系统管理员", "office"),
    Person("auditor", "谢立冬", "auditor", "xiamen", "审计员", "performance-office"),
)


@dataclass(frozen=True, slots=True)
class Story:
    """One project's story: who heard of what, how long ago, and how far it has come: a stage, or “reported” and “qualified” for a lead."""

    firm: str
    title: str
    industry: str
    yi: str
    source: str
    detail: str
    district: str
    days_ago: int
    until: str
    chain: str = ""
    ending: str = ""
    lately: int = 0  # days since the newest talk; 0: none since the stage was reached
    introducer: str = ""  # the unit that introduced it to the host
    linked: str = ""  # the unit of the city that won it with the host
    opens: bool = False  # nothing is built: a firm opens in rooms that are there
    grows: bool = False  # the firm invests more later on


STORIES = (
    Story("示例显示科技有限公司", "高世代显示模组生产基地", "397", "52", "fair", "投洽会企业对接专场", "torch", 700, "building", "flat-panel", lately=12),
    Story("示例半导体（厦门）有限公司", "功率器件封装测试线", "397", "18.6", "delegation", "赴长三角招商团组", "torch", 560, "producing", "semiconductors", lately=5, introducer="jimei"),
    Story("示例生物医药股份有限公司", "创新药中试与产业化基地", "276", "9.8", "activity", "市领导走访企业", "haicang", 240, "signed", "biomedicine", lately=66),
    Story("示例环保装备有限公司", "水处理装备基地", "359", "5.2", "activity", "海沧区企业家恳谈会", "haicang", 760, "at_capacity", "machinery", lately=11, grows=True),
    Story("示例电机有限公司", "伺服电机项目", "381", "2.8", "unit", "街道走访", "jimei", 520, "completed", "machinery", lately=18),
    Story("示例包装制造有限公司", "智能包装工厂", "223", "3.6", "association", "行业协会推荐", "tongan", 400, "started", lately=24),
    Story("示例光电材料有限公司", "光学膜生产线", "398", "7.7", "fair", "投洽会企业对接专场", "xiangan", 330, "preparing", "flat-panel", lately=7),
    Story("示例软件服务有限公司", "数字内容运营总部", "651", "3.4", "delegation", "赴京招商团组", "siming", 300, "producing", "software", lately=15, opens=True, linked="commerce"),
    Story("示例新能源装备有限公司", "储能系统集成工厂", "384", "31", "soe", "市属国企合作伙伴推介", "tongan", 210, "negotiating", "machinery"),
    Story("示例云数科技有限公司", "区域算力与研发总部", "651", "6.5", "fair", "软件产业峰会", "jimei", 190, "negotiating", "software", lately=3),
    Story("示例新材料有限公司", "特种膜材料二期", "292", "12", "association", "行业协会推荐", "xiangan", 180, "negotiating", "new-materials", lately=21),
    Story("示例冷链物流集团有限公司", "闽南冷链分拨中心", "596", "8.2", "unit", "部门工作中获知", "tongan", 160, "negotiating", "shipping-logistics", lately=9),
    Story("示例医疗器械有限公司", "高端影像设备组装基地", "358", "4.6", "introducer", "引荐人报告", "haicang", 150, "negotiating", "biomedicine"),
    Story("示例航空部件有限公司", "航空零部件维修中心", "434", "15", "outpost", "驻外网点报送", "huli", 140, "intended", "machinery", lately=33),
    Story("示例文旅发展有限公司", "滨海文旅综合体", "786", "22", "fair", "旅博会", "siming", 130, "intended", "tourism", lately=17),
    Story("示例数创动漫有限公司", "动漫游戏研发中心", "659", "1.8", "hotline", "招商热线来电", "siming", 120, "intended", "culture"),
    Story("示例智能装备有限公司", "工业机器人整机项目", "349", "7.4", "activity", "产业链专题对接会", "jimei", 110, "intended", "machinery", lately=8),
    Story("示例融资租赁有限公司", "东南区域总部", "663", "10", "delegation", "赴境外招商团组", "huli", 100, "planned", "finance", lately=26),
    Story("示例种业科技有限公司", "设施农业与种苗基地", "014", "0.9", "unit", "区直部门推荐", "tongan", 95, "planned", "urban-agriculture"),
    Story("示例汽车电子有限公司", "车规级传感器产线", "398", "5.5", "association", "商会引荐", "jimei", 90, "planned", "computers-communications", lately=14),
    Story("示例半导体设备有限公司", "刻蚀设备零部件项目", "356", "3.2", "fair", "半导体产业论坛", "torch", 85, "negotiating", "semiconductors", "lost"),
    Story("示例家居制造有限公司", "智能家居工厂", "211", "2.6", "unit", "街道走访", "tongan", 200, "intended", "", "held"),
    Story("示例通信技术有限公司", "卫星通信终端研发项目", "392", "4.1", "outpost", "驻外网点报送", "torch", 30, "qualified", "computers-communications"),
    Story("示例跨境电商有限公司", "跨境电商区域运营中心", "529", "2.2", "fair", "电商选品会", "huli", 18, "qualified"),
    Story("示例精密仪器有限公司", "精密光学检测设备项目", "401", "1.6", "introducer", "引荐人报告", "jimei", 6, "reported"),
    Story("示例食品科技有限公司", "功能食品研发生产基地", "149", "3.8", "hotline", "招商热线来电", "tongan", 4, "reported"),
    Story("示例光伏科技有限公司", "光伏组件回收项目", "382", "0.7", "activity", "企业座谈会", "xiangan", 2, "reported"),
)  # fmt: skip

MOVES = {"intended": "intend", "negotiating": "negotiate", "preparing": "prepare", "building": "build"}
LOST_REASON = "rival"


def registered_name(investor: str) -> str:
    """Return what the firm is called that an investor founds here: one of here is registered itself."""
    if "（厦门）" in investor:
        return investor
    kind = next(kind for kind in ("股份有限公司", "集团有限公司", "有限公司") if investor.endswith(kind))
    return f"{investor.removesuffix(kind)}（厦门）有限公司"


def registered_code(number: int) -> str:
    """Return a code whose check is right and which no firm can have: there is no division 000000."""
    first17 = f"91000000EXMPL{number:04}"
    return first17 + uscc.check_character(first17)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the services believe that it is ``moment``."""
    with mock.patch("django.utils.timezone.now", return_value=moment):
        yield


class Demonstration:
    """Fills a database whose profile is loaded; ``sign_ins`` are the demonstration's accounts with new passwords."""

    def __init__(self) -> None:
        self.today = timezone.now()
        self.units = {unit.code: unit for unit in Unit.objects.all()}
        self.roles = {role.code: role for role in Role.objects.all()}
        self.sign_ins: dict[str, dict[str, str]] = {}
        self.actors: dict[str, Actor] = {}

    def fill(self) -> None:
        """Make the people, the library and the stories."""
        self.people()
        self.library()
        for story in STORIES:
            self.tell(story)
        self.pass_on()
        disputes.enter(self.actors, self.today, at)
        personal.enter(self.actors, self.units, self.today, at)
        building.enter(self.actors, self.units, self.today, at)
        self.network()
        targets.enter(self.actors, self.today, at)
        planning.enter(self.actors, self.today, at)
        with at(self.today - timedelta(days=9)):
            doubles.enter(self.actors, timezone.localdate())
        reporting.enter(self.actors, self.today, at)
        reports.hand_in(self.actors, timezone.localdate())
        reversals.enter(self.actors, self.today, at)
        duties.enter(self.actors, self.today, at)
        with at(self.today - timedelta(days=11)):
            again = Project.objects.get(name="光学膜生产线")
            self.claim(
                again,
                "capital",
                Decimal(86_000_000),
                self.actors["clerk-xiangan"],
                self.actors["head-xiangan"],
                key="演示凭证-001",
            )
        for _app, chapter in gather("demonstration", "CHAPTER"):  # what the apps above tell
            assert callable(chapter)
            chapter(self.actors, self.units, self.today, at)

    def pass_on(self) -> None:
        """Let a signed project be passed on to another district, and another be offered."""
        for title, to_unit, days in (
            ("创新药中试与产业化基地", "xiangan", 60),
            ("储能系统集成工厂", "jimei", 5),
        ):
            project = Project.objects.select_related("host_unit").get(name=title)
            assert project.host_unit is not None
            giver = self.actors[f"head-{project.host_unit.code}"]
            with at(self.today - timedelta(days=days)):
                transfer = services.offer_transfer(
                    by=giver, project=project, to_unit=self.units[to_unit], reason="区内没有符合条件的连片工业用地。",
                    terms=services.default_terms(timezone.localdate()),
                )  # fmt: skip
            if days < 30:
                continue
            with at(self.today - timedelta(days=days - 8)):
                taker = self.actors[f"head-{to_unit}"]
                services.move_transfer(by=taker, transfer=transfer, move="accept", reason="有现成地块。")
            with at(self.today - timedelta(days=days - 15)):
                name = "三方协议（演示）.pdf"
                services.complete_transfer(
                    by=giver, transfer=transfer, agreed_date=timezone.localdate(), file=ContentFile(PDF, name), name=name
                )  # fmt: skip

    def network(self) -> None:
        """Say how the firms stand to each other, and whom our people know."""
        moment = self.today - timedelta(days=15)
        leader = OrgPerson.objects.get(user__username="leader")
        with at(moment):
            network.weave(office=self.actors["office"], leader=leader, today=timezone.localdate())

    # --- people ---------------------------------------------------------------------------------------------------

    def people(self) -> None:
        long_ago = self.today - timedelta(days=800)
        everybody = [*PEOPLE, *self.district_people()]
        for person in everybody:
            user = User(username=person.key, name=person.name + MARK, is_demo=True)
            password = secrets.token_urlsafe(12)
            with at(long_ago):
                self.account(user, password, person, long_ago)
            self.actors[person.key] = actor_for(user)
            if person in PEOPLE:
                role = self.roles[person.role].name
                unit = self.units[person.post or person.at].brief
                self.sign_ins[person.key] = {
                    "username": person.key,
                    "password": password,
                    "role": role,
                    "unit": unit,
                }

    def account(self, user: User, password: str, person: Person, moment: datetime) -> None:
        post, reach = self.units[person.post or person.at], self.units[person.at]
        day = timezone.localtime(moment).date()
        by = system("demo")
        orgs.create_account(
            by=by, user=user, password=password, unit=post, roles=(), day=day, position=person.position
        )
        orgs.grant_role(by=by, user=user, role=self.roles[person.role], unit=reach, day=day)

    def district_people(self) -> list[Person]:
        """Return a clerk and a head for each district that has none of its own above."""
        named = {person.at for person in PEOPLE}
        names = iter(("王春分", "李处暑", "刘小寒", "方冬至", "何夏至", "罗雨水", "石小暑", "汪立秋"))
        found = []
        for district in dict.fromkeys(story.district for story in STORIES):
            if district not in named:
                found.append(Person(f"clerk-{district}", next(names), "district_clerk", district, "招商专员"))
                found.append(Person(f"head-{district}", next(names), "district_head", district, "招商办主任"))
        return found

    # --- the library ----------------------------------------------------------------------------------------------

    def library(self) -> None:
        """Put the listed companies of Xiamen and the central SOEs into the library, as an officer of the office does."""
        by, tags = self.actors["office"], imports.TagList("listed")
        with open_table(LISTED, LISTED.name, imports.COLUMNS) as table:
            batch = imports.decide([(imports.said(row), None) for row in table], tags, imports.Memory())
        source = {"source": "上市公司公开资料"}
        made = library.write_batch(
            by=by, new=[values | source for values in batch.new], changed=batch.changed
        )
        library.tag_batch(by=by, tag=tags.tag, year=0, ranks=batch.ranks | dict.fromkeys(made))
        lists.load_lists("xiamen", by=by)

    def firm(self, story: Story, by: Actor) -> Enterprise:
        enterprise = library.add_enterprise(
            by=by,
            values={
                "name": story.firm,
                "country": "CN",
                "nature": "private",
                "industry": story.industry,
                "source": "演示数据，非真实企业",
                "introduction": "演示用的虚构企业。",
            }
            | network.DETAILS.get(story.firm, {}),
            is_demo=True,
        )
        library.add_contact(
            by=by,
            enterprise=enterprise,
            values={"name": "演示联系人", "position": "投资总监", "phone": "13800000000"},
            is_demo=True,
        )
        return enterprise

    # --- a project's story ----------------------------------------------------------------------------------------

    def tell(self, story: Story) -> None:
        clerk, head = self.actors[f"clerk-{story.district}"], self.actors[f"head-{story.district}"]
        began = self.today - timedelta(days=story.days_ago)
        amount = Money.of(Decimal(story.yi), "yi")
        with at(began):
            firm = self.firm(story, clerk)
            lead = services.register_lead(
                by=clerk,
                values={
                    "title": story.title,
                    "enterprise": firm,
                    "source": story.source,
                    "source_detail": story.detail,
                    "heard_date": timezone.localdate() - timedelta(days=1),
                    "content": f"{story.title}，拟在我市布局。演示数据。",
                    "industry": story.industry,
                    "intended": amount,
                },
                is_demo=True,
            )
        if story.until == "reported":
            return
        with at(began + timedelta(days=2)):
            services.move_lead(
                by=head, lead=lead, move="qualify", reason="符合产业方向，投资主体资信良好，建议跟进。"
            )
        if story.until == "qualified":
            return
        with at(began + timedelta(days=4)):
            project = services.convert_lead(by=clerk, lead=lead)
        self.advance(story, project, amount, clerk, head, began + timedelta(days=4))

    def advance(
        self, story: Story, project: Project, amount: Money, clerk: Actor, head: Actor, moment: datetime
    ) -> None:
        """Take the project stage by stage to where its story ends, with talks between."""
        wanted = [
            stage for stage in project_stages.ORDER[1:]
            if project_stages.reached(story.until, stage)
            and not (story.opens and stage in (*project_stages.CONSTRUCTION, "preparing"))
        ]  # fmt: skip
        step = timedelta(days=max(story.days_ago // (len(wanted) + 2), 3))
        for stage in wanted:
            moment += step / 2
            with at(moment):
                if values := self.facts(stage, amount, story):
                    self.change(project, clerk, values)
                self.talk(project, clerk, stage)
            moment += step / 2
            with at(moment):
                if stage in MOVES:
                    services.move_project(by=head, project=project, move=MOVES[stage])
                else:
                    if stage == "signed":
                        for code, part in (
                            (story.introducer, project_stages.INTRODUCER),
                            (story.linked, project_stages.LINKED),
                        ):
                            if code:
                                services.add_unit(by=head, project=project, unit=self.units[code], part=part)
                    self.achieve(project, stage, amount, clerk, head)
            project.refresh_from_db()
        if story.lately:
            with at(self.today - timedelta(days=story.lately)):
                self.talk(project, clerk, story.until)
        if story.grows:
            with at(self.today - timedelta(days=20)):
                more = Money.of(Decimal(story.yi) / 4, "yi")
                values = {
                    "name": f"{story.title}二期", "intended": more, "summary": "企业追加投资，新增一条产线。演示数据。",
                }  # fmt: skip
                services.extend_project(by=clerk, project=project, values=values, confirmed=True)
        if story.ending:
            with at(moment + step):
                self.end(project, story.ending, head)

    def change(self, project: Project, by: Actor, values: dict[str, Any]) -> None:
        project.refresh_from_db()
        services.change_project(
            by=by, project=project, version=project.version, values=values, confirmed=True
        )
        project.refresh_from_db()

    def facts(self, stage: str, amount: Money, story: Story) -> dict[str, Any]:
        """Return what is filled in on the way to ``stage``."""
        if stage == "intended":
            return {
                "project_class": "land" if Decimal(story.yi) > 3 else "policy",
                "is_foreign": False,
                "chain": story.chain,
                "intended": amount,
            }
        if stage == "negotiating":
            fixed = (amount.yuan * Decimal("0.6")).quantize(Decimal(1))
            kinds = {"contact_name": "演示联系人", "investment_kind": "chain", "fixed_investment": fixed}
            return kinds | {"host_unit": self.units[story.district]}
        if stage == "signed":
            soon = timezone.localdate() + timedelta(days=story.days_ago // 4)
            return {
                "site": f"{self.units[story.district].brief}产业园区",
                "land_mu": Decimal(80),
                "construction_kind": "opening" if story.opens else "new",
                "planned_start_date": soon,
                "planned_completion_date": soon + timedelta(days=400),
                "planned_production_date": soon + timedelta(days=460),
                "expected_output": amount.yuan,
                "expected_tax": (amount.yuan * Decimal("0.05")).quantize(Decimal(1)),
            }
        if stage == "registered":
            number = next(at for at, known in enumerate(STORIES) if known is story)
            return {
                "registered_name": registered_name(story.firm),
                "registered_code": registered_code(number),
            }
        return {}

    def talk(self, project: Project, by: Actor, stage: str) -> None:
        services.record_talk(
            by=by,
            project=project,
            values={
                "talk_date": timezone.localdate(),
                "form": "meeting" if stage == "intended" else "visit",
                "place": f"{project.reporter_unit.brief}招商办",
                "our_side": f"{by.name}等",
                "their_side": "演示联系人（投资总监）",
                "summary": "就选址、用地和建设进度交换意见，对方将提交下一步方案。",
                "next_step": "对方提交投资方案，我方反馈用地条件",
                "next_date": timezone.localdate() + timedelta(days=14),
            },
        )

    def achieve(self, project: Project, kind: str, amount: Money, clerk: Actor, head: Actor) -> None:
        """Claim an achievement and verify it; once the firm is registered, a first part of the money arrives."""
        shares: dict[str, Decimal] = {
            "signed": Decimal(1),
            "registered": Decimal("0.2"),
            "completed": Decimal("0.7"),
            "at_capacity": Decimal("0.9"),
        }
        found = shares.get(kind)
        self.claim(project, kind, found and (amount.yuan * found).quantize(Decimal(1)), clerk, head)
        if kind == "registered":
            arrived = (amount.yuan * Decimal("0.12")).quantize(Decimal(1))
            self.claim(project, "capital", arrived, clerk, head, key="演示凭证-001")

    def claim(
        self, project: Project, kind: str, amount: Decimal | None, clerk: Actor, head: Actor, key: str = ""
    ) -> None:
        label = project_stages.FILE_KINDS[achievements.KINDS[kind].evidence]
        name = f"{label}（演示）.pdf"
        project.refresh_from_db()
        claim = services.submit_claim(
            by=clerk,
            project=project,
            kind=kind,
            key=key,
            happened_date=timezone.localdate(),
            amount=Money.in_yuan(amount) if amount is not None else None,
            file=ContentFile(PDF, name),
            name=name,
            confirmed=True,
        )
        services.verify_claim(by=head, claim=claim, note="原件与申报一致。")

    def end(self, project: Project, ending: str, by: Actor) -> None:
        if ending == "lost":
            services.move_project(
                by=by,
                project=project,
                move="lose",
                reason="对方选择了上游配套更近的城市。",
                lost_reason=LOST_REASON,
                rival_place="长三角某市",
            )
        else:
            services.move_project(
                by=by, project=project, move="hold", reason="对方母公司重组，暂停新增投资。"
            )


def renew_passwords() -> dict[str, dict[str, str]]:
    """Give the demonstration's accounts new passwords and return their sign-ins."""
    found = {}
    for user in User.objects.filter(is_demo=True, username__in=[person.key for person in PEOPLE]):
        password = secrets.token_urlsafe(12)
        core.set_password(user, password)
        grant = RoleGrant.objects.select_related("role", "unit").get(user=user)
        found[user.username] = {
            "username": user.username, "password": password, "role": grant.role.name, "unit": grant.unit.brief
        }  # fmt: skip
    return found


def is_filled() -> bool:
    return User.objects.filter(is_demo=True).exists()


def has_real_business() -> bool:
    """Say whether somebody has already entered leads or projects that are not the demonstration's."""
    return Lead.objects.filter(is_demo=False).exists() or Project.objects.filter(is_demo=False).exists()
