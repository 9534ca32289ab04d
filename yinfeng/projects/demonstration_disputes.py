"""Two districts that each hold that they reported an investor first: one dispute to decide, one to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta

from django.utils import timezone

from yinfeng.core.actors import Actor
from yinfeng.projects import queries, services
from yinfeng.projects.models import Lead, Project

At = Callable[[datetime], AbstractContextManager[None]]

# Whose project it is, who reports the same investor later, how many days ago, and whether the first side has spoken.
RIVALS = (
    ("智能装备", "jimei", "工业机器人整机项目", "huli", 40, True),
    ("影像设备", "haicang", "高端影像设备组装基地", "jimei", 9, False),
)


def enter(actors: Mapping[str, Actor], today: datetime, at: At) -> None:
    """Report the investors a second time and raise the disputes, as the districts' heads would."""
    for word, first, name, second, days, is_answered in RIVALS:
        project = Project.objects.select_related("enterprise").get(name=name)
        with at(today - timedelta(days=days)):
            lead = _report(actors[f"clerk-{second}"], project, word, timezone.localdate())
        with at(today - timedelta(days=days - 2)):
            dispute = services.raise_dispute(
                by=actors[f"head-{second}"], record=lead, against=queries.key_of(project),
                statement="我区多次上门对接，企业已表示优先考虑我区地块；对方登记之后长期没有实质进展。",
            )  # fmt: skip
        if is_answered:
            with at(today - timedelta(days=days - 5)):
                services.move_dispute(
                    by=actors[f"head-{first}"], dispute=dispute, move="answer",
                    reason="我区首报在先，已就选址和能评条件开展多轮洽谈，有洽谈记录为证。",
                )  # fmt: skip


def _report(by: Actor, project: Project, word: str, heard: date) -> Lead:
    return services.register_lead(
        by=by, is_demo=True, despite="企业主动到访，提出在我区另行选址。",
        values={
            "title": f"{word}企业拟在我区选址", "source": "activity", "source_detail": "企业到访",
            "heard_date": heard, "content": "企业有意在我区设立生产基地，正在比选地块。", "enterprise": project.enterprise,
            "industry": project.industry,
        },
    )  # fmt: skip
