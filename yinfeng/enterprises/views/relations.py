"""Pages of what connects enterprises: the chart around one, the ways of introduction to it, and whom firms here lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from yinfeng.core import tables
from yinfeng.core.scopes import fetch, rows
from yinfeng.core.tables import with_query
from yinfeng.core.web import Page
from yinfeng.enterprises import queries
from yinfeng.enterprises.briefs import aside
from yinfeng.enterprises.models import RELATION_KINDS, TIE_KINDS, Enterprise
from yinfeng.enterprises.queries import graph, openings
from yinfeng.enterprises.signals import is_here

VIEW = "enterprises.enterprise.view"
SHOWN = 100  # openings on a page

# What each kind of enterprise looks like on a chart: a sign that stands in lists too, so that nothing is told by colour alone.
GROUPS = {
    "this": ("★", gettext_lazy("本企业")),
    "local": ("●", gettext_lazy("本市企业")),
    "great": ("◆", gettext_lazy("央企或上市公司")),
    "other": ("■", gettext_lazy("其他企业")),
}
# What the one is of the other, when the other is its …
REVERSED = {
    "supplier": RELATION_KINDS["customer"],
    "customer": RELATION_KINDS["supplier"],
    "shareholder": gettext_lazy("被投资企业"),
    "competitor": RELATION_KINDS["competitor"],
    "partner": RELATION_KINDS["partner"],
}


def tabs_of(firm: Enterprise, active: str) -> list[dict[str, Any]]:
    """Return the pages of an enterprise."""
    pages = [
        ("enterprise", _("概况")),
        ("enterprise-relations", _("关系图")),
        ("enterprise-introductions", _("引荐路径")),
    ]
    if is_here(firm.city, queries.home_city(timezone.localdate())):
        pages.append(("enterprise-openings", _("以商引商")))
    return [
        {"label": label, "url": reverse(route, args=[firm.pk]), "active": route == active}
        for route, label in pages
    ]


def evidence(link: graph.Link) -> str:
    """Return where and when a relation was read: “持股 30% · 年报 · 2026-03-01”."""
    share = ""
    if link.share is not None:
        share = _("持股 %(share)s%%") % {"share": f"{link.share.normalize():f}"}
    return " · ".join(filter(None, [share, link.source, tables.day(link.noted_date)]))


class BesideOne(Page):
    """A page about what connects one enterprise; ``route`` is its own."""

    permission = VIEW
    route: str

    def start(self) -> Enterprise:
        firm: Enterprise = fetch(rows(Enterprise), self.by, self.kwargs["pk"])
        self.firm = firm
        return firm

    def frame(self) -> dict[str, Any]:
        return {
            "firm": self.firm,
            "back": {"url": reverse("enterprises"), "label": _("企业库")},
            "tabs": tabs_of(self.firm, self.route),
            "relate_url": reverse("relation-add", args=[self.firm.pk])
            if self.by.may("enterprises.relation.change")
            else "",
        }


# --- the chart ----------------------------------------------------------------------------------------------------


class RelationsChart(BesideOne):
    """What lies up to two steps around an enterprise, as a chart and, the same, as a list."""

    template_name = "enterprises/relations.html"
    route = "enterprise-relations"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        firm = self.start()
        asked = [kind for kind in RELATION_KINDS if kind in request.GET.getlist("kind")]
        chart = graph.around(firm, asked or tuple(RELATION_KINDS))
        names = {node.pk: node.name for node in chart.nodes}
        return self.render(
            self.frame()
            | {
                "title": _("%(firm)s的关系图") % {"firm": firm.name},
                "kinds": self._kinds(asked),
                "chart": self._drawn(chart, names),
                "summary": self._summary(chart),
                "groups": [
                    {"sign": sign, "label": label, "key": key} for key, (sign, label) in GROUPS.items()
                ],
                "lists": self._lists(chart, names),
                "is_empty": len(chart.nodes) == 1,
            }
        )

    def _kinds(self, asked: list[str]) -> list[dict[str, Any]]:
        """Return the kinds of relation as switches: each link puts one in or takes it out."""
        switches = [{"label": _("全部"), "url": self.request.path, "active": not asked}]
        for kind, label in RELATION_KINDS.items():
            query = self.request.GET.copy()
            wanted = [other for other in asked if other != kind] if kind in asked else [*asked, kind]
            query.setlist("kind", wanted)
            address = f"?{query.urlencode()}" if wanted else self.request.path
            switches.append({"label": label, "url": address, "active": kind in asked})
        return switches

    @staticmethod
    def _summary(chart: graph.Chart) -> list[str]:
        others, links = len(chart.nodes) - 1, len(chart.links)
        said = [
            _("图中有 %(firms)s 家关联企业、%(links)s 条关系。")
            % {"firms": f"{others:,}", "links": f"{links:,}"}
        ]
        if chart.left_out or chart.is_partial:
            many = _("至少另有 %(count)s 家未画出") if chart.is_partial else _("另有 %(count)s 家未画出")
            said.append(
                many % {"count": f"{chart.left_out:,}"} + _("；可按关系种类筛选，或打开其中一家再看。")
            )
        return said

    @staticmethod
    def _drawn(chart: graph.Chart, names: Mapping[int, str]) -> dict[str, Any]:
        """Return the chart as the browser draws it."""
        nodes = [
            {
                "id": str(node.pk), "name": node.name, "short": node.short, "group": node.group, "step": node.step,
                "place": node.city, "url": reverse("enterprise", args=[node.pk]),
            }
            for node in chart.nodes
        ]  # fmt: skip
        links = [
            {
                "source": str(link.other), "target": str(link.enterprise), "label": str(RELATION_KINDS[link.kind]),
                "kind": link.kind, "mutual": link.kind in graph.MUTUAL,
                "said": f"{link.sentence(names)}\n{evidence(link)}",
            }
            for link in chart.links
        ]  # fmt: skip
        return {"nodes": nodes, "links": links}

    def _lists(self, chart: graph.Chart, names: Mapping[int, str]) -> list[dict[str, Any]]:
        """Return the same as lists: the firm's own relations, those behind them, and those among its neighbours."""
        steps = {node.pk: node.step for node in chart.nodes}
        signs = {node.pk: GROUPS[node.group] for node in chart.nodes}
        may_relate = self.by.may("enterprises.relation.change")
        own: list[dict[str, Any]] = []
        among: list[dict[str, Any]] = []
        behind: dict[int, list[str]] = {}
        for link in chart.links:
            near, far = sorted((link.enterprise, link.other), key=lambda pk: steps[pk])
            if not steps[near]:
                is_own = link.enterprise == near
                line = self._line(far, names, signs) | {
                    "sub": f"{link.sentence(names)} · {evidence(link)}",
                    "remove_url": reverse("relation-remove", args=[near, link.pk])
                    if may_relate and is_own
                    else "",
                }
                own.append(line)
            elif steps[far] == 1:
                among.append({"title": link.sentence(names), "sub": evidence(link)})
            else:
                behind.setdefault(far, []).append(f"{link.sentence(names)} · {evidence(link)}")
        second = [
            self._line(pk, names, signs) | {"sub": _("；").join(behind[pk])} for pk in steps if pk in behind
        ]
        lists = ((_("直接关系"), own), (_("关联企业的关联企业"), second), (_("关联企业之间"), among))
        return [{"title": aside(title, f"{len(lines):,}"), "rows": lines} for title, lines in lists if lines]

    @staticmethod
    def _line(pk: int, names: Mapping[int, str], signs: Mapping[int, tuple[str, Any]]) -> dict[str, Any]:
        sign, label = signs[pk]
        return {
            "title": f"{sign} {names[pk]}", "url": reverse("enterprise", args=[pk]),
            "badge": {"text": label, "tone": "muted"},
        }  # fmt: skip


# --- ways of introduction -----------------------------------------------------------------------------------------


def who_knows(person: graph.Acquaintance, name: str) -> dict[str, str]:
    """Say who of ours knows whom in the enterprise ``name``, and whence that is known."""
    if not person.is_tie:
        whom = " ".join(filter(None, [person.whom, person.source]))
        text = _("%(unit)s录有%(firm)s的联系人：%(whom)s") % {
            "unit": person.name,
            "firm": name,
            "whom": whom,
        }
        return {"text": text, "sub": ""}
    words = {"kind": TIE_KINDS[person.kind], "name": person.name, "firm": name, "whom": person.whom}
    if person.whom:
        text = _("%(kind)s%(name)s认识%(firm)s的%(whom)s") % words
    else:
        text = _("%(kind)s%(name)s与%(firm)s有往来") % words
    return {"text": text, "sub": " · ".join(filter(None, [person.source, tables.day(person.noted_date)]))}


class IntroductionPaths(BesideOne):
    """The shortest ways from firms here, and from whom our people know, to an enterprise."""

    template_name = "enterprises/introductions.html"
    route = "enterprise-introductions"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        firm = self.start()
        found = graph.introductions(firm, self.by)
        sees = self.by.may("enterprises.contact.view")
        return self.render(
            self.frame()
            | {
                "title": _("到%(firm)s的引荐路径") % {"firm": firm.name},
                "direct": [who_knows(person, firm.name) for person in found.direct(firm.pk)],
                "paths": [self.path(path, found) for path in found.paths],
                "is_here": is_here(firm.city, queries.home_city(timezone.localdate())),
                "sees_people": sees,
                "depth": graph.DEPTH,
                "is_cut": found.is_cut,
                "tie_url": reverse("tie-add", args=[firm.pk])
                if self.by.may("enterprises.relation.change")
                else "",
                "contact_url": reverse("contact-add", args=[firm.pk])
                if self.by.may_at("enterprises.enterprise.change", self.by.unit_id)
                else "",
            }
        )

    @staticmethod
    def path(path: graph.Path, found: graph.Introductions) -> dict[str, Any]:
        """Return a way in words: where it begins and why, then each step with its evidence."""
        name = found.names[path.start]
        places = path.places
        steps = [
            {
                "name": found.names[place], "url": reverse("enterprise", args=[place]),
                "sentence": link.sentence(found.names), "evidence": evidence(link),
                "is_last": place == places[-1],
            }
            for place, link in zip(places[1:], path.links, strict=True)
        ]  # fmt: skip
        count = len(path.links)
        return {
            "count": ngettext("%(count)s 步", "%(count)s 步", count) % {"count": count},
            "start": {"name": name, "url": reverse("enterprise", args=[path.start])},
            "is_local": path.start in found.local,
            "known": [who_knows(person, name) for person in found.known.get(path.start, [])[:3]],
            "steps": steps,
            "line": line_of(path, found),
        }


def line_of(path: graph.Path, found: graph.Introductions) -> str:
    """Return a way in one line: “本市企业 甲（供应商）→ 乙 → 目标”; the brackets say what each is of the next."""
    parts = []
    for place, link in zip(path.places, path.links, strict=False):
        role = RELATION_KINDS[link.kind] if link.other == place else REVERSED[link.kind]
        parts.append(aside(found.names[place], str(role).lower()))
    parts.append(found.names[path.places[-1]])
    line = " → ".join(parts)
    if path.start in found.local:
        return _("本市企业 %(line)s") % {"line": line}
    for person in found.known.get(path.start, [])[:1]:
        said = _("%(kind)s%(name)s") % {"kind": TIE_KINDS.get(person.kind, ""), "name": person.name}
        who = said if person.is_tie else person.name
        return f"{who} → {line}"
    return line


# --- whom firms here lead to --------------------------------------------------------------------------------------


class ShowsOpenings(Page):
    """Targets two steps from firms here, with the evidence of each."""

    permission = VIEW
    template_name = "enterprises/openings.html"

    @cached_property
    def ways(self) -> list[str]:
        return [way for way in openings.WAYS if way in self.request.GET.getlist("way")]

    def listed(self, found: openings.Openings) -> dict[str, Any]:
        """Return the page's list: the first of the openings, who courts them by now, and what to do about it."""
        shown = found.found[:SHOWN]
        samples = [item for opening in shown for item in opening.evidence[: openings.SAMPLES]]
        links = graph.links({pk for item in samples for pk in (item.first, item.second)})
        firms = graph.named_places(
            {opening.enterprise for opening in shown} | {pk for link in links.values() for pk in (link.enterprise, link.other)}
        )  # fmt: skip
        courted = self._courted([opening.enterprise for opening in shown])
        may_add = self.by.may("enterprises.target.change")
        rows = [
            {
                "name": firms[opening.enterprise][0], "url": reverse("enterprise", args=[opening.enterprise]),
                "place": firms[opening.enterprise][1], "count": len(opening.locals),
                "ways": [str(openings.WAYS[way]) for way in opening.ways],
                "evidence": [self._told(item, links, firms) for item in opening.evidence[: openings.SAMPLES]],
                "more": max(len(opening.evidence) - openings.SAMPLES, 0),
                "courted": courted.get(opening.enterprise, ""),
                "target_url": f"{reverse('target-add')}?enterprise={opening.enterprise}" if may_add else "",
            }
            for opening in shown
        ]  # fmt: skip
        count = len(found.found)
        text = ngettext("共 %(count)s 家", "共 %(count)s 家", count) % {"count": f"{count:,}"}
        if count > SHOWN:
            text += _("，列出前 %(shown)s 家") % {"shown": SHOWN}
        return {
            "rows": rows,
            "count_text": text,
            "is_partial": found.is_partial,
            "limit": f"{openings.ROWS:,}",
            "switches": self._switches(),
        }

    def _courted(self, pks: list[int]) -> dict[int, str]:
        """Return which units court the enterprises, as everybody may know who sees targets."""
        if not self.by.may("enterprises.target.view"):
            return {}
        units: dict[int, list[str]] = {}
        for item in queries.courting(pks):
            units.setdefault(item.enterprise, []).append(item.unit_name)
        return {pk: _("、").join(dict.fromkeys(named)) for pk, named in units.items()}

    @staticmethod
    def _told(
        item: openings.Evidence, links: Mapping[int, graph.Link], firms: Mapping[int, tuple[str, str]]
    ) -> dict[str, Any]:
        names = {pk: name for pk, (name, _place) in firms.items()}
        first, second = links[item.first], links[item.second]
        return {
            "local": {"name": names[item.local], "url": reverse("enterprise", args=[item.local])},
            "between": {"name": names[item.between], "url": reverse("enterprise", args=[item.between])},
            "sentences": [aside(link.sentence(names), evidence(link)) for link in (first, second)],
        }

    def _switches(self) -> list[dict[str, Any]]:
        chosen = self.ways
        every = {"label": _("全部"), "url": self.request.path, "active": len(chosen) != 1}
        return [
            every,
            *(
                {"label": label, "url": with_query(self.request.GET, way=way), "active": chosen == [way]}
                for way, label in openings.WAYS.items()
            ),
        ]


class CityOpenings(ShowsOpenings):
    """Enterprises elsewhere to which firms of the city lead, those that most lead to first."""

    title = gettext_lazy("以商引商")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        found = openings.openings(ways=self.ways or tuple(openings.WAYS))
        return self.render(self.listed(found))


class FirmOpenings(ShowsOpenings, BesideOne):
    """Enterprises elsewhere to which one firm here leads."""

    route = "enterprise-openings"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        firm = self.start()
        found = openings.openings(firm, ways=self.ways or tuple(openings.WAYS))
        title = _("%(firm)s带来的目标") % {"firm": firm.name}
        return self.render(self.frame() | self.listed(found) | {"title": title})
