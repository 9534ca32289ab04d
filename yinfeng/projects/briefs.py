"""What projects contribute to the page one reads before meeting an enterprise."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, Value
from django.utils.translation import gettext as _

from yinfeng.core.actors import Actor
from yinfeng.core.money import show
from yinfeng.core.prepared import prepared
from yinfeng.core.scopes import with_actions
from yinfeng.core.tables import day
from yinfeng.enterprises.briefs import Contribution, Line, aside, due_text
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Project, Talk

OPEN = (stages.ONGOING, stages.ON_HOLD)
MEETINGS = 2


@prepared
def _projects(by: Actor, enterprise: int) -> QuerySet[Any]:
    found = Project.objects.filter(enterprise=enterprise).select_related("reporter_unit", "host_unit")
    seen: Any = found.annotate(may_view=Value(True)) if by.is_system else with_actions(found, by, ["view"])
    return seen.filter(Q(may_view=True) | ~Q(secrecy=stages.SENSITIVE)).order_by("-progress_at", "-pk")  # type: ignore[no-any-return]


def contribution(enterprise: Enterprise, by: Actor) -> Contribution:
    """Return the open projects, the last talks and the next steps in the person's sight, in two queries.

    Of projects out of sight unit and stage alone are told, of sensitive ones nothing.
    """
    if not by.may("projects.project.view"):
        return Contribution()
    found = _projects(by, enterprise.pk)
    seen = [project for project in found if project.may_view]
    running = [project for project in seen if project.status in OPEN]
    hidden = [project for project in found if not project.may_view and project.status in OPEN]
    talks = list(
        Talk.objects.filter(project__in=[project.pk for project in seen])
        .select_related("project", "unit")
        .order_by("-talk_date", "-pk")[:MEETINGS]
    ) if seen else []  # fmt: skip
    lines = [_project(project) for project in running]
    lines += [Line(clash.sentence, _("不在您的查看范围内")) for clash in queries.told(map(_dealing, hidden))]
    return Contribution(lines, [_talk(talk) for talk in talks], _asks(running, talks))


def _project(project: Any) -> Line:
    unit = project.host_unit or project.reporter_unit
    if project.contracted is not None:
        amount = _("合同投资 %(amount)s") % {"amount": show(project.contracted)}
    elif project.intended is not None:
        amount = _("意向投资 %(amount)s") % {"amount": show(project.intended)}
    else:
        amount = _("投资额未填")
    stage = str(stages.STAGES[project.stage])
    if project.status != stages.ONGOING:
        stage = aside(stage, stages.STATUSES[project.status])
    return Line(project.name, f"{stage} · {amount} · {unit.brief}")


def _dealing(project: Any) -> queries.Dealing:
    unit = project.host_unit or project.reporter_unit
    return queries.Dealing(
        is_project=True, pk=project.pk, title="", code="", stage=project.stage, holder=unit.pk, unit=unit.brief,
        at=project.created_at, progress_at=project.progress_at, is_growth=False, is_open=True, is_own=False, is_seen=False,
    )  # fmt: skip


def _talk(talk: Talk) -> Line:
    where = f"{day(talk.talk_date)} {talk.get_form_display()}"
    people = _("我方 %(ours)s；对方 %(theirs)s") % {"ours": talk.our_side, "theirs": talk.their_side}
    return Line(_("%(head)s：%(text)s") % {"head": where, "text": talk.summary}, people)


def _asks(running: list[Any], talks: list[Talk]) -> list[str]:
    """Return the next steps of the running projects, or of their last talk where the project names none."""
    last = {talk.project_id: talk for talk in reversed(talks)}
    found = []
    for project in running:
        step, due = project.next_step, project.next_date
        if not step and (talk := last.get(project.pk)):
            step, due = talk.next_step, talk.next_date
        if step:
            found.append(f"{step}{due_text(due)}")
    return list(dict.fromkeys(found))
