"""The page one reads in a minute before meeting an enterprise, and prints on one sheet."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import east_asian_width

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from yinfeng.core import money, tables
from yinfeng.core.queries import code_labels
from yinfeng.enterprises import queries
from yinfeng.enterprises.briefs import PROVIDERS, Contribution, Line, aside, due_text
from yinfeng.enterprises.models import (
    LEVELS,
    RELATION_KINDS,
    SIGNAL_KINDS,
    TARGET_STATES,
    TIE_KINDS,
    Enterprise,
)
from yinfeng.enterprises.queries import graph
from yinfeng.enterprises.queries.briefing import Briefing, Neighbour, briefing
from yinfeng.enterprises.tables.records import place, staff_text
from yinfeng.enterprises.views.relations import REVERSED, BesideOne, line_of

# How much of each fits on one sheet; what is left out is counted. Two lines of a column hold some fifty characters.
LINKS, PEOPLE, PROJECTS, MEETINGS, ALARMS, ASKS, TAGS = 4, 3, 3, 2, 2, 5, 4
NEAR = 2  # steps looked for an introduction: farther ones are on their own page
TEXT, SUB, SUMMARY, WAY, ASK = (
    46,
    26,
    76,
    100,
    50,
)  # Chinese characters; two Latin letters take the room of one
INTRODUCTION, SCOPE, SCOPE_ALONE, NAMES = 110, 70, 170, 60
_END = re.compile(r"[。；！？!?;]|\.(?=\s)")


def room(text: str) -> int:
    """Return how much room a text takes on a line, in Latin letters: a Chinese character takes two."""
    return sum(2 if east_asian_width(char) in "WFA" else 1 for char in text)


def cut(text: str, limit: int) -> str:
    """Return a text that takes no more room than ``limit`` Chinese characters; “…” says it goes on.

    It ends, if it can, at the end of a sentence, and never within a Latin word that it could leave out.
    """
    text = " ".join(text.split())
    if room(text) <= 2 * limit:
        return text
    fits = bisect_right(range(len(text)), 2 * (limit - 1), key=lambda size: room(text[:size])) - 1
    ends = [match.end() for match in _END.finditer(text, 0, fits)]
    whole = ends[-1] if ends and room(text[: ends[-1]]) >= 2 * limit // 3 else _whole_words(text, fits)
    return text[:whole].rstrip("，、,; ；") + "…"


def _whole_words(text: str, fits: int) -> int:
    """Return where the last whole word ends that fits; a single long one is cut."""
    if not (text[fits - 1 : fits + 1].isascii() and text[fits - 1 : fits + 1].isalnum()):
        return fits
    begin = max(text.rfind(" ", 0, fits), 0)
    return begin if begin > fits // 2 else fits


def first(lines: Sequence[Line], count: int, text: int = TEXT, sub: int = SUB) -> dict[str, Any]:
    """Return the first lines, cut to their length, and how many more there are."""
    shown = [{"text": cut(line.text, text), "sub": cut(line.sub, sub)} for line in lines[:count]]
    return {"lines": shown, "more": max(len(lines) - count, 0)}


class EnterpriseBrief(BesideOne):
    """Who they are, what they make, links to firms here, people and meetings, projects, warnings, what to ask for."""

    template_name = "enterprises/brief.html"
    route = "enterprise-brief"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        firm = self.start()
        found = briefing(firm, self.by)
        given = [provider(firm, self.by) for provider in PROVIDERS]
        labels = code_labels([("country", firm.country), ("industry", firm.industry)])
        unknown = self.unknown(firm, found, given)
        return self.render(
            self.frame()
            | {
                "title": firm.name,
                "back": {"url": firm.get_absolute_url(), "label": firm.name},
                "tabs": None,
                "subtitle": " · ".join(filter(None, [firm.short_name, firm.name_en])),
                "badges": self.badges(found),
                "facts": self.facts(firm, labels),
                "makes": self.makes(firm, labels),
                "owners": self.owners(found.shareholders),
                "former": cut(_("、").join(found.former), TEXT),
                "links": self.links(firm, found),
                "sees_people": self.by.may("enterprises.contact.view"),
                "people": first([self.person(*item) for item in found.people], PEOPLE),
                "meetings": self.gathered(given, "meetings", MEETINGS, SUMMARY, TEXT),
                "projects": self.gathered(given, "projects", PROJECTS, TEXT, TEXT),
                "courting": self.courting(found),
                "alarms": first([self.alarm(item) for item in found.alarms], ALARMS),
                "sees_alarms": self.by.may("enterprises.signal.view"),
                "unknown": [label for label, _question in unknown],
                "asks": self.asks(found, given, [question for _label, question in unknown]),
                "source": cut(firm.source, 60),
                "verified": tables.day(firm.verified_date) if firm.verified_date else "",
            }
        )

    @staticmethod
    def badges(found: Briefing) -> dict[str, Any]:
        labels = queries.tag_labels() if found.tags else {}
        newest = sorted(found.tags, key=lambda tag: -tag[1])
        texts = [queries.tag_text(labels.get(tag, tag), year, rank) for tag, year, rank in newest]
        return {"texts": texts[:TAGS], "more": max(len(texts) - TAGS, 0)}

    @staticmethod
    def facts(firm: Enterprise, labels: dict[str, str]) -> list[tuple[str, str]]:
        where = place(firm) if firm.city or firm.province else labels.get("country", firm.country)
        facts = [
            (_("所在地"), where),
            (_("注册资本"), money.show(firm.capital) if firm.capital is not None else ""),
            (_("员工人数"), staff_text(firm)),
            (_("成立日期"), tables.day(firm.founded_date) if firm.founded_date else ""),
            (_("统一社会信用代码"), firm.uscc or ""),
            (_("证券代码"), firm.listing_code),
        ]
        return [(label, value) for label, value in facts if value]

    @staticmethod
    def makes(firm: Enterprise, labels: dict[str, str]) -> dict[str, str]:
        industry = labels.get("industry", "") if firm.industry else ""
        code = firm.industry if industry != firm.industry else ""
        about = cut(firm.introduction, INTRODUCTION)
        return {
            "industry": " ".join(filter(None, [code, industry])),
            "introduction": about,
            "scope": cut(firm.scope_of_business, SCOPE if about else SCOPE_ALONE),
        }

    @staticmethod
    def owners(shareholders: Iterable[Neighbour]) -> str:
        named = [
            aside(item.name, f"{float(item.share):g}%") if item.share else item.name for item in shareholders
        ]
        return cut(_("、").join(named), NAMES)

    def links(self, firm: Enterprise, found: Briefing) -> dict[str, Any]:
        """Return the relations to firms here, who of ours knows somebody there, and one way of introduction if neither is near."""
        ties = [
            Line(
                _("%(kind)s%(name)s认识%(whom)s")
                % {"kind": TIE_KINDS[kind], "name": name, "whom": whom or _("企业的人")}
            )
            for kind, name, whom in found.ties
        ]
        near = sorted(
            found.locals, key=lambda item: (-graph.STRENGTH[item.kind], -item.noted_date.toordinal())
        )
        local = [
            Line(
                _("%(name)s（它的%(kind)s）")
                % {
                    "name": item.name,
                    "kind": str(RELATION_KINDS[item.kind] if item.is_own else REVERSED[item.kind]).lower(),
                }
            )
            for item in near
        ]
        way = ""
        if not ties and not any(graph.STRENGTH[item.kind] for item in near):
            paths = graph.introductions(firm, self.by, paths=1, depth=NEAR, known=False)
            if paths.paths:
                way = cut(line_of(paths.paths[0], paths), WAY)
        return first([*ties, *local], LINKS) | {"way": way}

    @staticmethod
    def person(name: str, position: str, unit: str) -> Line:
        return Line(" · ".join(filter(None, [name, position, unit])))

    @staticmethod
    def alarm(item: Any) -> Line:
        day = _("%(day)s 到期") % {"day": item.due} if item.due else tables.day(item.noted_date)
        head = _("%(kind)s（%(level)s，%(day)s）") % {
            "kind": SIGNAL_KINDS[item.kind], "level": LEVELS[item.level], "day": day,
        }  # fmt: skip
        step = _("下一步：%(step)s") % {"step": item.next_step} if item.next_step else ""
        return Line(_("%(head)s：%(text)s") % {"head": head, "text": item.detail}, step)

    @staticmethod
    def gathered(
        given: Iterable[Contribution], name: str, count: int, text: int = TEXT, sub: int = SUB
    ) -> dict[str, Any] | None:
        """Return what the apps contribute under a name; None when the reader may see none of it."""
        parts = [getattr(item, name) for item in given if getattr(item, name) is not None]
        return first([line for part in parts for line in part], count, text, sub) if parts else None

    @staticmethod
    def courting(found: Briefing) -> str:
        named = [
            aside(unit, _("，").join([owner, str(TARGET_STATES[state])]))
            for unit, owner, state in found.courting
        ]
        return cut(_("、").join(named), NAMES)

    @staticmethod
    def unknown(firm: Enterprise, found: Briefing, given: Iterable[Contribution]) -> list[tuple[str, str]]:
        """Return what the library does not know yet, each with the question that would tell it."""
        gaps = [
            (not firm.introduction and not firm.scope_of_business, _("主要产品"), _("主要产品是什么，产能多大？")),
            (not found.shareholders, _("股东"), _("谁控股，投资由谁拍板？")),
            (firm.staff is None, _("员工人数"), _("现有多少员工，新项目要用多少人？")),
            (not found.neighbours, _("与本市企业的关系"), _("与我市哪些企业有供货或合作？")),
            (not firm.city, _("所在地"), _("总部和主要基地在哪里？")),
            (firm.capital is None, _("注册资本"), ""),
            (not firm.industry, _("行业"), ""),
            (not firm.uscc and firm.country == "CN", _("统一社会信用代码"), ""),
            (firm.verified_date is None, _("资料尚未核实"), ""),
        ]  # fmt: skip
        return [(label, question) for is_missing, label, question in gaps if is_missing]

    @staticmethod
    def asks(found: Briefing, given: Iterable[Contribution], questions: Iterable[str]) -> list[str]:
        """Return what to ask for: what units want of the firm, next steps of targets and projects, then what is not known."""
        asks: list[str] = []
        for plan in found.plans:
            if plan.wanted:
                asks.append(_("争取：%(what)s（%(unit)s）") % {"what": plan.wanted, "unit": plan.unit})
            if plan.next_step:
                asks.append(f"{plan.next_step}{due_text(plan.next_date)}")
        asks += [step for item in given for step in item.asks]
        asks += filter(None, questions)
        return [cut(ask, ASK) for ask in dict.fromkeys(asks)][:ASKS]
