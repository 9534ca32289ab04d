"""A second project for one investor is asked about: the same, grown out of the first, related to it, or another one."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Invalid, Sentence
from yinfeng.core.services import person
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Project, ProjectLink

TOLD = 3  # projects by name in the question


class AskedWhy(Invalid):
    """Ask for a reason: what was ``found``, and what to write."""

    def __init__(self, found: Sentence, wanted: Sentence) -> None:
        sentence = f"{found}{wanted}"
        super().__init__(sentence, fields={"despite": [sentence]})
        self.found = found


def ask_about_a_second(
    enterprise: Any, by: Actor, despite: str, *, name: str = "", but: Project | None = None
) -> list[str]:
    """Return the projects that the own units have with the enterprise already, those called alike first; Invalid until
    ``despite`` says how this one is related to them or what is different."""
    if enterprise is None:
        return []
    own = queries.own_projects(enterprise, by, but)
    own.sort(key=lambda item: not queries.is_alike(name, item.title))
    found = [
        f"{item.code} {item.title}" + (_("（名称相近）") if queries.is_alike(name, item.title) else "")
        for item in own
    ]
    if found and not despite.strip():
        told = _(
            "本单位已有这家企业的项目：%(found)s。同一项目不要重复建立；追加投资请在原项目上建立增资扩产。"
        ) % {"found": "；".join(found[:TOLD])}
        if queries.sensitive(item.pk for item in own):
            told += _("其中有敏感项目：理由只有看得到它们的人能看到。")
        raise AskedWhy(told, _("确是另一个项目的，请写明有什么不同。"))
    return found


def ask_about_other_projects(enterprise: Any, by: Actor, despite: str) -> list[str]:
    """Return which other units have projects with the enterprise, as far as may be told; Invalid until ``despite`` says why
    there is to be another."""
    if enterprise is None:
        return []
    others = [item.clash for item in queries.of_investor(enterprise, by) if not item.is_own]
    found = list(dict.fromkeys(clash.sentence for clash in others))
    if found and not despite.strip():
        told = _("其他单位已有这家企业的项目：%(found)s。") % {"found": "；".join(found[:TOLD])}
        raise AskedWhy(told, _("确是另一个项目的，请写明有什么不同。"))
    return found


def check_related(enterprise: Any, by: Actor, related: int | None, but: Project | None = None) -> None:
    """Refuse to name a related project that is none of the investor's open ones in the person's sight."""
    if related is None:
        return
    if not any(item.pk == related and item.is_seen for item in queries.of_investor(enterprise, by, but)):
        sentence = _("请选择这家企业的一个在推进的项目。")
        raise Invalid(sentence, fields={"related": [sentence]})


def told_reason(enterprise: Any, by: Actor, despite: str, but: Project | None = None) -> str:
    """Return what the timeline of a project, which all read who see it, says of the reason for it: nothing where one of those
    that it is declared beside is sensitive."""
    others = queries.of_investor(enterprise, by, but)
    return "" if queries.sensitive(item.pk for item in others) else despite.strip()


def keep_links(project: Project, by: Actor, reason: str, related: int | None) -> None:
    """Keep what was said of the investor's other open projects: one is related, the others are different ones.

    Who reads it is what ``links_seen`` says.
    """
    said: list[list[Any]] = []
    for item in queries.of_investor(project.enterprise, by, project):
        if item.pk == project.parent_id:
            continue
        kind = stages.RELATED if item.pk == related else stages.DIFFERENT
        core.insert(
            ProjectLink(
                project=project, other_id=item.pk, kind=kind, reason=reason.strip(), declared_by_id=person(by)
            )
        )
        said.append([item.pk, kind])
    # In data alone: who reads it may not see the others. Where a sensitive one is among them its timeline tells of it, for
    # the project's would say to all who see it that there is one.
    secret = queries.sensitive(pk for pk, _kind in said)
    for told in secret or ([project] if said else []):
        data = {"links": said, "reason": reason.strip(), "project": project.pk}
        events.record(by=by, verb="projects.project.linked", obj=told, data=data)
