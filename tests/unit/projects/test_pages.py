"""Every page of leads and projects opens, asks the database ten times at most, and does what its form says."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_enterprise, make_user, signed_in
from tests.unit.projects.conftest import HEAD, PDF, City
from yinfeng.core import queries
from yinfeng.core.models import Event
from yinfeng.core.money import YI, Money
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import services, stages
from yinfeng.projects.models import Lead, Project


def opened(city: City, name: str, path: str, limit: int = 10) -> Any:
    client = signed_in(city.users[name])
    client.get("/notices/")  # the session notes when it was last seen once a minute
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = client.get(path)
    assert answer.status_code == 200, path
    assert len(asked) <= limit, [path] + [query["sql"][:150] for query in asked.captured_queries]
    return answer


@pytest.mark.parametrize("person", ["bob", "charlie", "erin"])
def test_lists_and_details_ask_ten_times_at_most(city: City, person: str) -> None:
    for stage in stages.STAGES:
        city.project(stage)
    waiting = city.project(stages.NEGOTIATING)
    city.claim(waiting)
    lead = city.lead(stages.CONVERTED)
    today = timezone.localdate()
    talk = {"talk_date": today, "form": "call", "our_side": "甲", "their_side": "乙", "summary": "谈选址",
            "next_step": "看地", "next_date": today + timedelta(days=7)}  # fmt: skip
    services.record_talk(by=city.actor("bob"), project=waiting, values=talk)
    for path in (
        "/leads/",
        "/projects/",
        lead.get_absolute_url(),
        *(p.get_absolute_url() for p in Project.objects.all()),
    ):
        signed_in(city.users[person]).get(path)  # codes and rules are kept for a minute
        opened(city, person, path)


def test_a_list_asks_no_more_for_more_rows(city: City) -> None:
    city.project()
    client = signed_in(city.users["bob"])
    client.get("/projects/")
    with CaptureQueriesContext(connection) as few:
        client.get("/projects/")
    for _turn in range(5):
        city.project()
    with CaptureQueriesContext(connection) as many:
        client.get("/projects/")
    assert len(many) == len(few)


@pytest.mark.clause("3.1.3")
def test_from_rumour_to_signature_through_the_pages(city: City) -> None:
    """A clerk and his head take a lead to a signed project; every page on the way opens."""
    bob, charlie = signed_in(city.users["bob"]), signed_in(city.users["charlie"])
    firm = make_enterprise("演示半导体有限公司")
    lead_form = {
        "enterprise_name": firm.name, "title": "封测基地", "content": "拟建封测基地", "source": "fair",
        "heard_date": "2026-05-01", "intended": "3.2", "intended_unit": "yi", "industry": "39",
    }  # fmt: skip
    assert bob.get("/leads/new/", {"enterprise": firm.pk}).context["form"].initial == {
        "enterprise_name": firm.name
    }
    answer = bob.post("/leads/new/", lead_form)
    lead = Lead.objects.get()
    assert answer["Location"] == lead.get_absolute_url()
    path = lead.get_absolute_url()
    version = lead.version
    assert bob.get(f"{path}edit/").status_code == 200
    assert (
        bob.post(f"{path}edit/", {**lead_form, "title": "封测基地一期", "version": version}).status_code
        == 302
    )
    assert bob.get(f"{path}moves/qualify/").status_code == 403
    assert charlie.get(f"{path}moves/qualify/").status_code == 200
    assert charlie.post(f"{path}moves/qualify/", {"reason": "", "version": 2}).status_code == 422
    assert charlie.post(f"{path}moves/qualify/", {"reason": "属实", "version": 2}).status_code == 302
    assert bob.get(f"{path}convert/").status_code == 200
    assert (
        bob.post(f"{path}convert/", {"name": "封测基地", "secrecy": "internal", "version": 3}).status_code
        == 302
    )
    project = Project.objects.get()
    path = project.get_absolute_url()
    text = bob.get(path).content.decode()
    assert "进入“意向”还缺什么" in text
    assert "缺少“" not in text  # the blocked step leads to the list instead of repeating it
    assert 'href="#missing-title">还有缺项，见清单。' in text
    assert f"{path}edit/#id_project_class" in text
    assert "登记了线索" in text  # the lead's story is the project's
    form = bob.get(f"{path}edit/").context["form"]
    facts = {
        "name": "封测基地", "summary": "封测", "secrecy": "internal", "enterprise_name": firm.name, "industry": "3973",
        "project_class": "land", "is_foreign": "False", "intended": "3.2", "intended_unit": "yi", "contact_name": "李",
        "investment_kind": "chain", "fixed_investment": "2", "fixed_investment_unit": "yi", "site": "软件园",
        "host_unit": city.jimei.pk, "land_mu": "50", "planned_start_date": "2027-01-01", "expected_output": "5",
        "expected_output_unit": "yi", "expected_tax": "3000", "expected_tax_unit": "wan",
        "version": form.initial["version"],
    }  # fmt: skip
    answer = bob.post(f"{path}edit/", facts)
    assert answer.status_code == 302, answer.context["form"].errors
    talk = {
        "talk_date": "2026-05-02",
        "form": "visit",
        "our_side": "甲",
        "their_side": "乙",
        "summary": "考察地块",
    }
    assert bob.get(f"{path}talk/").status_code == 200
    assert bob.post(f"{path}talk/", talk).status_code == 302
    for move in ("intend", "negotiate"):
        assert bob.get(f"{path}moves/{move}/").status_code == 200
        assert bob.post(f"{path}moves/{move}/", {"reason": ""}).status_code == 302
    assert "分成规则" not in bob.get(f"{path}units/add/").content.decode()
    assert bob.post(f"{path}units/add/", {"unit": city.huli.pk, "part": "joint"}).status_code == 302
    assert bob.post(f"{path}units/add/", {"unit": city.huli.pk, "part": "joint"}).status_code == 422
    assert bob.get(f"{path}team/add/").status_code == 200
    assert bob.post(f"{path}team/add/", {"user": city.users["alice"].pk}).status_code == 302
    assert bob.get(f"{path}claims/signed/").status_code == 200
    assert bob.get(f"{path}claims/sold/").status_code == 404
    contract = SimpleUploadedFile("合同.pdf", PDF, content_type="application/pdf")
    signing = {"happened_date": "2026-05-03", "amount": "3", "amount_unit": "yi", "evidence": contract}
    assert bob.post(f"{path}claims/signed/", signing).status_code == 302
    claim = project.claims.get()
    assert bob.get(f"/claims/{claim.pk}/verify/").status_code == 403
    assert charlie.get(f"/claims/{claim.pk}/verify/").status_code == 200
    assert charlie.post(f"/claims/{claim.pk}/verify/", {"reason": "已核对"}).status_code == 302
    text = bob.get(path).content.decode()
    for told in (
        "登记了线索",
        "研判通过",
        "转为项目",
        "转为在谈",
        "记录了洽谈",
        "提交了业绩申报",
        "核验通过，转为签约",
    ):
        assert told in text
    assert "3 亿元" in text


def test_the_list_exports_what_it_shows(city: City) -> None:
    city.project(stages.NEGOTIATING)
    city.project(by="alice")
    answer = signed_in(city.users["bob"]).get("/projects/export/", {"format": "csv", "stage": "negotiating"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "意向投资额" in lines[0]
    assert "合同投资额" in lines[0]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("stage=negotiating", 1), ("status=ongoing", 3), ("section=J", 1), ("section=C", 2), ("who=team", 3),
        ("project_class=land", 3), ("intended_from=1", 1), ("intended_to=0.9", 2), ("idle_days=3", 0), ("q=芯片", 1),
        ("secrecy=sensitive", 0),
    ],
)  # fmt: skip
def test_filters(city: City, query: str, found: int) -> None:
    city.project(stages.NEGOTIATING)
    city.project(industry="66")
    city.project(name="芯片封装", intended=Money.in_yuan(2 * YI))
    answer = signed_in(city.users["bob"]).get(f"/projects/?{query}")
    assert len(answer.context["table"]["rows"]) == found


def test_filters_still_work_after_the_api_was_described(city: City) -> None:
    """Whoever reads the OpenAPI document first takes no filter from those who come after."""
    city.project()
    client = signed_in(city.users["bob"])
    assert client.get("/api/schema/").status_code == 200
    for query in ("section=C", "project_class=land", f"host_unit={city.jimei.pk}"):
        assert len(client.get(f"/projects/?{query}").context["table"]["rows"]) == 1, query


def test_what_was_verified_with_the_signing_stays(city: City) -> None:
    """A signed project keeps its enterprise and its host; its next step is still written down."""
    project = city.project(stages.SIGNED, host_unit=city.jimei)
    path = f"{project.get_absolute_url()}edit/"
    client = signed_in(city.users["bob"])
    form = client.get(path).context["form"]
    sent = {
        name: value if (value := form.initial.get(name, form.fields[name].initial)) is not None else ""
        for name in form.fields
        if not hasattr(form.fields[name].widget, "widgets")
    }
    for name, value in (
        ("intended", "5000"),
        ("fixed_investment", "3000"),
        ("expected_output", "9000"),
        ("expected_tax", "500"),
    ):
        sent |= {name: value, f"{name}_unit": "wan"}
    sent |= {"version": project.version, "host_unit": city.jimei.pk}
    answer = client.post(path, {**sent, "host_unit": city.huli.pk})
    assert answer.status_code == 422
    assert "在签约时核验过" in answer.content.decode()
    other = make_enterprise("另一家有限公司")
    answer = client.post(path, {**sent, "enterprise_name": other.name})
    assert answer.status_code == 422
    assert "在签约时核验过" in answer.content.decode()
    assert client.post(path, {**sent, "next_step": "办理注册"}).status_code == 302
    project.refresh_from_db()
    assert (project.host_unit_id, project.next_step) == (city.jimei.pk, "办理注册")


def test_the_timeline_goes_back_to_the_beginning(city: City) -> None:
    """Fifty events stand on a page; the older ones are a click away, each exactly once."""
    project = city.project()
    for number in range(queries.TOLD):
        services.record_talk(
            by=city.actor("bob"), project=project,
            values={"talk_date": timezone.localdate(), "form": "call", "our_side": "甲", "their_side": "乙", "summary": f"第{number}次"},
        )  # fmt: skip
    client, path = signed_in(city.users["bob"]), project.get_absolute_url()
    newest = client.get(path).context
    older = client.get(f"{path}{newest['timeline_more_url'].partition('#')[0]}").context
    told = [entry["what"] for entry in [*newest["timeline"], *older["timeline"]]]
    assert len(newest["timeline"]) == queries.TOLD
    assert told.count("记录了洽谈") == queries.TOLD
    assert len(told) == project_events(project)
    assert not newest["timeline_newest_url"]
    assert not older["timeline_more_url"]
    assert older["timeline_newest_url"] == f"{path}#timeline"
    for odd in ("x", "0", "٣", "9" * 30, "-1"):
        assert client.get(f"{path}?before={odd}").status_code == 200


def project_events(project: Project) -> int:
    return Event.objects.filter(object_type="projects.project", object_id=project.pk).count()


def test_bulk_acts(city: City) -> None:
    client = signed_in(city.users["bob"])
    own, other = city.project(), city.project(by="alice")
    picked = {"pk": [own.pk, other.pk]}
    assert client.post("/projects/follow/", picked).status_code == 302
    assert client.post("/projects/joint/", picked).status_code == 200
    assert client.post("/projects/joint/", {**picked, "unit": city.huli.pk}).status_code == 302
    assert own.participations.filter(unit=city.huli, part="joint").exists()
    assert not other.participations.filter(part="joint").exists()


def test_a_file_names_the_enterprise_that_the_list_folds_under_the_project(city: City) -> None:
    project = city.project(enterprise=make_enterprise("集美薄膜电容有限公司"))
    client = signed_in(city.users["bob"])
    whole = b"".join(client.get("/projects/export/?format=csv").streaming_content).decode("utf-8-sig")
    assert project.code in whole
    assert "集美薄膜电容有限公司" in whole
    chosen = b"".join(client.get("/projects/export/?format=csv&col=name").streaming_content).decode()
    assert project.code not in chosen


def test_a_page_says_codes_by_their_names_and_gathers_what_is_empty(city: City) -> None:
    project = city.project()
    values = {"project_class": "policy", "origin": "深圳市"}
    services.change_project(
        by=city.actor("bob"), project=project, version=project.version, values=values, confirmed=False
    )
    answer = signed_in(city.users["bob"]).get(project.get_absolute_url())
    changes = [change for event in answer.context["timeline"] for change in event["changes"]]
    assert {"label": "投资来源地", "old": "", "new": "深圳市"} in changes
    assert len(changes) == 2
    assert {"label": "项目分类", "old": "供地类", "new": "政策类"} in changes
    empty = {group["title"]: group["empty"] for group in answer.context["fact_groups"]}
    assert "分级" in empty["金额"]
    assert "投资来源地" not in empty["基本情况"]


def test_home_counts_the_ongoing_projects_of_each_stage_in_sight(city: City) -> None:
    city.project(stages.NEGOTIATING, intended=Money.in_yuan(2 * YI))
    city.project(stages.NEGOTIATING, intended=Money.in_yuan(YI))
    city.project(by="alice")
    answer = opened(city, "bob", "/")
    figures = {str(card["label"]): (card["value"], card["hint"]) for card in answer.context["cards"]}
    assert figures["在谈"] == ("2", "意向投资 3 亿元")
    assert figures["落地"] == ("0", "")


def test_home_shows_what_waits(city: City) -> None:
    lead = city.lead()
    project = city.project(stages.NEGOTIATING, next_step="看地")
    Project.objects.filter(pk=project.pk).update(next_date=timezone.localdate() - timedelta(days=1))
    project.refresh_from_db()
    city.claim(project)
    text = signed_in(city.users["charlie"]).get("/").content.decode()
    assert lead.title in text
    assert "待我核验的业绩" in text
    text = signed_in(city.users["bob"]).get("/").content.decode()
    assert "登记线索" in text
    assert "is-late" in text
    assert "待我研判的线索" not in text


def test_home_counts_everything_that_waits_in_ten_questions(city: City) -> None:
    """Claims, steps back and transfers of every kind wait at once, more of the first than are shown."""
    permissions = [
        *HEAD, "projects.project.transfer", "projects.transfer.arbitrate", "projects.bottleneck.solve", "projects.report.submit",
    ]  # fmt: skip
    city.users["both"] = make_user("全能", city.huli, permissions, username="both")
    for _turn in range(9):
        city.claim(city.project(stages.NEGOTIATING, by="alice"), by="alice")
    step = services.ask_back(
        by=city.actor("alice"), project=city.project(stages.NEGOTIATING, by="alice"), target=stages.PLANNED, reason="改了方向"
    )  # fmt: skip
    project = city.project(stages.NEGOTIATING)
    services.offer_transfer(
        by=actor_for(make_user("流出", city.jimei, permissions, username="giver")), project=project, to_unit=city.huli,
        reason="用地不足", terms=services.default_terms(timezone.localdate()),
    )  # fmt: skip
    answer = opened(city, "both", "/")
    lists = {str(item["title"]): item for item in answer.context["lists"]}
    assert (lists["待我核验的业绩"]["count"], len(lists["待我核验的业绩"]["rows"])) == (9, 8)
    assert "签约，4,000 万元，alice 申报" in answer.content.decode()
    assert lists["待我批准的退回"]["rows"][0]["sub"] == "在谈 → 策划，改了方向"
    assert lists["待我办理的流转"]["rows"][0]["sub"] == "集美区 → 湖里区"
    assert step.project.name in answer.content.decode()


def test_what_is_long_on_a_project_is_folded_and_all_of_it_has_an_index(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    for turn in range(12):
        services.record_talk(
            by=city.actor("bob"), project=project, values={
                "talk_date": timezone.localdate() - timedelta(days=turn), "form": "call", "our_side": "区招商办", "their_side": "董事长", "summary": f"第{turn}次会谈",
            },
        )  # fmt: skip
        project.refresh_from_db()
    signed_in(city.users["bob"]).get(project.get_absolute_url())  # codes and rules are kept for a minute
    text = opened(city, "bob", project.get_absolute_url()).content.decode()
    for name, shown, rest in (("talks", 3, "再往前 9 次洽谈"), ("timeline", 10, "条动态")):
        section = text.split(f'id="{name}"')[1].split("</section>")[0]
        before, fold, after = section.partition("<details")
        assert fold
        assert before.count('class="yf-timeline__icon"') == shown
        assert after.count('class="yf-timeline__icon"') >= 3
        assert rest in after
    index = text.split('class="yf-index"')[1].split("</nav>")[0]
    for anchor in re.findall(r'href="#([^"]+)"', index):
        assert f'id="{anchor}"' in text, anchor
