"""The permission matrix: every route, the permission that opens it, whose row it is about.

Read it as the document of who may open what. ``permission`` is what the page asks at its door; what may be done with a row
beyond looking is in the truth tables of each app's services.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yinfeng.core.web import PUBLIC, SIGNED_IN


@dataclass(frozen=True)
class Route:
    """``row`` names the world's row in the address; ``owned`` rows are out of the other district's sight (404)."""

    permission: str
    row: str = ""
    owned: bool = False
    everyone: bool = False
    statuses: frozenset[int] = frozenset({200})
    more: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)

    def arguments(self, rows: dict[str, Any]) -> dict[str, Any]:
        """Return the address's arguments for the world's rows."""
        named = {name: rows[row].pk for name, row in self.rows.items()}
        return ({"pk": rows[self.row].pk} if self.row else {}) | named | self.more

    @property
    def shows(self) -> tuple[str, ...]:
        return ("GET",) if 200 in self.statuses else ()


def page(permission: str, row: str = "", **more: Any) -> Route:
    return Route(permission, row, **more)


def own(
    permission: str, row: str, *statuses: int, rows: dict[str, str] | None = None, **arguments: Any
) -> Route:
    """A page about a row that only its own district sees."""
    return Route(permission, row, True, False, frozenset(statuses or (200,)), arguments, rows or {})


def of(permission: str, parent: str, row: str = "", everyone: bool = False) -> Route:
    """A resource of the API under its parent; what is at a row of it is there to be posted to."""
    statuses = POST_ONLY if row else frozenset({200})
    rows = {"parent": parent, "pk": row} if row else {"parent": parent}
    return Route(permission, "", not everyone, everyone, statuses, rows=rows)


POST_ONLY = frozenset({405})
LIBRARY, CONTACTS = "enterprises.enterprise.view", "enterprises.contact.view"
MERGE, IMPORT = "enterprises.enterprise.merge", "enterprises.enterprise.import"
TARGETS, SIGNALS = "enterprises.target.view", "enterprises.signal.view"
LEADS, PROJECTS = "projects.lead.view", "projects.project.view"

MATRIX: dict[str, Route] = {
    # the core
    "home": page(SIGNED_IN),
    "search": page(SIGNED_IN),
    "search-suggest": page(SIGNED_IN),
    "notices": page(SIGNED_IN),
    "notice": own(SIGNED_IN, "notice", 302),
    "file": own(SIGNED_IN, "file"),
    "file-remove": own(SIGNED_IN, "file"),
    "file-add": own(SIGNED_IN, "project", kind="projects.project"),
    "follow": own(SIGNED_IN, "project", 405, kind="projects.project"),
    "unfollow": own(SIGNED_IN, "project", 405, kind="projects.project"),
    "view-save": page(SIGNED_IN, statuses=POST_ONLY),
    "view-delete": own(SIGNED_IN, "view", 405),
    "jobs": page(SIGNED_IN),
    "job": own(SIGNED_IN, "job"),
    "job-result": own(SIGNED_IN, "job"),
    "job-move": own(SIGNED_IN, "job", move="retry"),
    "tokens": page(SIGNED_IN),
    "token-new": page(SIGNED_IN),
    "token-revoke": own(SIGNED_IN, "token"),
    "audit": page("core.audit.view"),
    "health": Route(PUBLIC),
    "set_language": Route(PUBLIC, statuses=frozenset({302})),
    "account_login": Route(PUBLIC, statuses=frozenset({302})),
    "account_logout": Route(PUBLIC, statuses=frozenset({200})),
    "account_inactive": Route(PUBLIC),
    "account_change_password": page(SIGNED_IN),
    "account_set_password": page(SIGNED_IN, statuses=frozenset({302})),
    "api-schema": Route(SIGNED_IN),
    "api-docs": Route(SIGNED_IN),
    "account_accept": Route(PUBLIC, "", statuses=frozenset({404}), more={"secret": "x"}),
    # the organisation: everybody reads it, who keeps a unit changes it
    "organisation": page(SIGNED_IN),
    "body": page(SIGNED_IN, "body", everyone=True),
    "seat-add": page("orgs.body.change", "body"),
    "seat-take": page("orgs.body.change", "seat"),
    "seat-end": page("orgs.body.change", "seat"),
    "term-end": page("orgs.body.change", "term"),
    "units": page(SIGNED_IN),
    "unit-add": page("orgs.unit.change"),
    "unit": page(SIGNED_IN, "unit", everyone=True),
    "unit-edit": page("orgs.unit.change", "unit"),
    "unit-rename": page("orgs.unit.change", "unit"),
    "unit-move": page("orgs.unit.change", "unit"),
    "unit-close": page("orgs.unit.change", "unit"),
    "unit-reopen": page("orgs.unit.change", "unit"),
    "people": page(SIGNED_IN),
    "person-add": page("orgs.person.change"),
    "person": page(SIGNED_IN, "person", everyone=True),
    "person-edit": page("orgs.person.change", "person"),
    "post-add": page("orgs.person.change", "person"),
    "post-end": page("orgs.person.change", "membership"),
    # who may sign in and do what: only for the units one administers
    "roles": page(SIGNED_IN),
    "accounts": page("orgs.role.assign"),
    "account": own("orgs.role.assign", "user"),
    "grant-add": own("orgs.role.assign", "user"),
    "account-stop": own("orgs.user.change", "user"),
    "account-restore": own("orgs.user.change", "user"),
    "grant-revoke": own("orgs.role.assign", "grant"),
    "invitations": page("orgs.user.invite"),
    "invitation-add": page("orgs.user.invite"),
    "invitation-revoke": own("orgs.user.invite", "invitation"),
    # enterprises: the library is the whole city's
    "enterprises": page(LIBRARY),
    "enterprises-facets": page(LIBRARY),
    "enterprises-export": page("enterprises.enterprise.export"),
    "enterprise-check": page(LIBRARY),
    "enterprise-add": page("enterprises.enterprise.add"),
    "enterprises-import": page("enterprises.enterprise.import"),
    "enterprises-import-row": own(IMPORT, "job", 405, number=3, rows={"enterprise": "enterprise"}),
    "enterprises-import-again": own(IMPORT, "job", 405),
    "enterprises-template": page("enterprises.enterprise.import"),
    "enterprise": page(LIBRARY, "enterprise"),
    "enterprise-edit": page("enterprises.enterprise.change", "enterprise"),
    "enterprise-verify": page("enterprises.enterprise.change", "enterprise"),
    "enterprise-former": page("enterprises.enterprise.change", "enterprise"),
    "contact-add": page("enterprises.enterprise.change", "enterprise"),
    "relation-add": page("enterprises.relation.change", "enterprise"),
    "relation-remove": page("enterprises.relation.change", "enterprise", rows={"relation": "relation"}),
    "doubts": page(MERGE),
    "doubts-find": page(MERGE),
    "enterprise-merge": page(MERGE, "enterprise"),
    "enterprise-merge-into": page(MERGE, "duplicate", rows={"other": "enterprise"}),
    "enterprise-apart": page(MERGE, "duplicate", rows={"other": "enterprise"}),
    "enterprises.merging-move": page(MERGE, "merging", more={"move": "undo"}),
    "enterprise-relations": page(LIBRARY, "enterprise"),
    "enterprise-introductions": page(LIBRARY, "enterprise"),
    "enterprise-openings": page(LIBRARY, "enterprise"),
    "enterprise-brief": page(LIBRARY, "enterprise"),
    "openings": page(LIBRARY),
    "tie-add": page("enterprises.relation.change", "enterprise"),
    "tie-edit": page("enterprises.relation.change", "tie"),
    "tie-remove": page("enterprises.relation.change", "tie"),
    "contact-edit": page("enterprises.enterprise.change", "contact"),
    "contact-remove": page("enterprises.enterprise.change", "contact"),
    "contact-unmask": page("enterprises.contact.unmask", "contact"),
    "enterprise-lists": page(LIBRARY),
    "enterprise-list": page(LIBRARY, more={"tag": "listed"}),
    # targets and warnings: the units' that answer for them, and those above
    "targets": page(TARGETS),
    "targets-export": page(TARGETS),
    "target-add": page("enterprises.target.change", statuses=frozenset({302})),
    "target": own(TARGETS, "target"),
    "target-edit": own("enterprises.target.change", "target"),
    "target-hand-over": own("enterprises.target.change", "target"),
    "enterprises.target-move": own("enterprises.target.change", "target", move="drop"),
    "signals": page(SIGNALS),
    "signals-export": page(SIGNALS),
    "signal-add": page("enterprises.signal.change", "enterprise"),
    "signal": own(SIGNALS, "signal"),
    "signal-edit": own("enterprises.signal.change", "signal"),
    "signal-assign": own("enterprises.signal.change", "signal"),
    "enterprises.signal-move": own("enterprises.signal.change", "signal", move="refute"),
    # leads and projects: their units' and teams' only
    "leads": page(LEADS),
    "leads-export": page("projects.lead.export"),
    "lead-new": page("projects.lead.register"),
    "lead-check": page("projects.lead.register"),
    "lead": own(LEADS, "lead"),
    "lead-edit": own("projects.lead.change", "lead"),
    "lead-convert": own("projects.project.add", "qualified"),
    "projects.lead-move": own("projects.lead.assess", "lead", move="qualify"),
    "lead-dispute": own("projects.dispute.argue", "lead"),
    "project-first-report": own(PROJECTS, "project"),
    "project-dispute": own("projects.dispute.argue", "unsigned"),
    "disputes": page(PROJECTS),
    "disputes-export": page("projects.project.export"),
    "dispute": own(PROJECTS, "dispute"),
    "dispute-decide": own("projects.dispute.decide", "dispute", 200, 403),
    "projects.dispute-move": own(PROJECTS, "raised", move="withdraw"),
    "projects": page(PROJECTS),
    "projects-export": page("projects.project.export"),
    "projects-follow": page(PROJECTS, statuses=POST_ONLY),
    "projects-joint": page("projects.project.team", statuses=frozenset({302})),
    "project-new-check": page("projects.project.add"),
    "project-check": own(PROJECTS, "project"),
    "project-new": page("projects.project.add"),
    "project": own(PROJECTS, "project"),
    "project-edit": own(PROJECTS, "project"),
    "project-lose": own("projects.project.hold", "project"),
    "projects.project-move": own(PROJECTS, "project", move="hold"),
    "project-talk": own("projects.contact.record", "project"),
    "project-unit-add": own("projects.project.team", "project"),
    "project-unit-remove": own("projects.project.team", "project", rows={"part": "participation"}),
    "project-member-add": own("projects.project.team", "project"),
    "project-member-remove": own("projects.project.team", "project", rows={"member": "member"}),
    "project-claim": own("projects.project.change", "unsigned", kind="signed"),
    "project-back": own("projects.project.advance", "unsigned"),
    "project-grade": own("projects.project.grade", "project"),
    "project-extend": own("projects.project.add", "project"),
    "projects.claim-move": own(PROJECTS, "claim", 409, move="verify"),
    "projects.stepback-move": own(PROJECTS, "step", 409, move="approve"),
    "project-transfer": own("projects.project.transfer", "unsigned"),
    "transfers": page(PROJECTS),
    "transfers-export": page("projects.project.export"),
    "transfer": own(PROJECTS, "transfer"),
    "transfer-award": own("projects.transfer.arbitrate", "disputed", 200, 403),
    "transfer-complete": own("projects.project.transfer", "agreed"),
    "projects.transfer-move": own(PROJECTS, "transfer", move="withdraw"),
    "project-board": page(PROJECTS),
    "project-funnel": page(PROJECTS),
    "lights": page(PROJECTS),
    "ledger": page(PROJECTS),
    "ledger-export": page("projects.project.export"),
    "closings": page(PROJECTS),
    "close-books": page("projects.ledger.close"),
    "entry": own(PROJECTS, "entry"),
    "entry-reverse": own("projects.ledger.reverse", "entry"),
    # the API: the same permissions and scopes; what each act on a row needs, the truth table of test_api.py says
    "api-enterprises-list": page(LIBRARY),
    "api-enterprises-detail": page(LIBRARY, "enterprise"),
    "api-enterprises-following": page(LIBRARY, "enterprise"),
    "api-enterprises-timeline": page(LIBRARY, "enterprise"),
    "api-enterprises-tags": page(LIBRARY, "enterprise", statuses=POST_ONLY),
    "api-enterprises-verify": page(LIBRARY, "enterprise", statuses=POST_ONLY),
    "api-enterprises-files-list": of(LIBRARY, "enterprise", everyone=True),
    "api-enterprises-names-list": of(LIBRARY, "enterprise", everyone=True),
    "api-enterprises-contacts-list": of(CONTACTS, "enterprise", everyone=True),
    "api-enterprises-relations-list": of(LIBRARY, "enterprise", everyone=True),
    "api-enterprises-relations-remove": of(LIBRARY, "enterprise", "relation", everyone=True),
    "api-enterprises-merge": page(LIBRARY, "enterprise", statuses=POST_ONLY),
    "api-enterprises-tell-apart": page(LIBRARY, "enterprise", statuses=POST_ONLY),
    "api-enterprises-export-list": page("enterprises.enterprise.export"),
    "api-imports-list": page(IMPORT),
    "api-imports-detail": own(IMPORT, "job"),
    "api-imports-report": own(IMPORT, "job"),
    "api-imports-moves": own(IMPORT, "job"),
    "api-imports-move": own(IMPORT, "job", 405, move="retry"),
    "api-imports-settle": own(IMPORT, "job", 405),
    "api-imports-again": own(IMPORT, "job", 405),
    "api-doubts-list": page(MERGE),
    "api-doubts-detail": page(MERGE, "doubt"),
    "api-mergings-list": page(LIBRARY),
    "api-mergings-detail": page(LIBRARY, "merging"),
    "api-mergings-undo": page(LIBRARY, "merging", statuses=POST_ONLY),
    "api-enterprises-courting-list": of(TARGETS, "enterprise", everyone=True),
    "api-targets-list": page(TARGETS),
    "api-targets-detail": own(TARGETS, "target"),
    "api-targets-following": own(TARGETS, "target"),
    "api-targets-timeline": own(TARGETS, "target"),
    "api-targets-moves": own(TARGETS, "target"),
    "api-targets-move": own(TARGETS, "target", 405, move="drop"),
    "api-targets-hand-over": own(TARGETS, "target", 405),
    "api-targets-files-list": of(TARGETS, "target"),
    "api-signals-list": page(SIGNALS),
    "api-signals-detail": own(SIGNALS, "signal"),
    "api-signals-following": own(SIGNALS, "signal"),
    "api-signals-timeline": own(SIGNALS, "signal"),
    "api-signals-moves": own(SIGNALS, "signal"),
    "api-signals-move": own(SIGNALS, "signal", 405, move="refute"),
    "api-signals-assign": own(SIGNALS, "signal", 405),
    "api-signals-files-list": of(SIGNALS, "signal"),
    "api-enterprises-chart": page(LIBRARY, "enterprise"),
    "api-enterprises-introductions": page(LIBRARY, "enterprise"),
    "api-enterprises-openings": page(LIBRARY),
    "api-enterprises-best": page(LIBRARY),
    "api-enterprises-facets": page(LIBRARY),
    "api-enterprises-brief": page(LIBRARY, "enterprise"),
    "api-enterprises-ties-list": of(CONTACTS, "enterprise", everyone=True),
    "api-ties-detail": page(CONTACTS, "tie"),
    "api-ties-remove": page(CONTACTS, "tie", statuses=POST_ONLY),
    "api-contacts-detail": page(CONTACTS, "contact"),
    "api-contacts-remove": page(CONTACTS, "contact", statuses=POST_ONLY),
    "api-contacts-phone": page(CONTACTS, "contact", statuses=POST_ONLY),
    "api-leads-list": page(LEADS),
    "api-leads-detail": own(LEADS, "lead"),
    "api-leads-following": own(LEADS, "lead"),
    "api-leads-timeline": own(LEADS, "lead"),
    "api-leads-moves": own(LEADS, "lead"),
    "api-leads-move": own(LEADS, "lead", 405, move="decline"),
    "api-leads-files-list": of(LEADS, "lead"),
    "api-projects-list": page(PROJECTS),
    "api-projects-detail": own(PROJECTS, "project"),
    "api-projects-following": own(PROJECTS, "project"),
    "api-projects-timeline": own(PROJECTS, "project"),
    "api-projects-moves": own(PROJECTS, "project"),
    "api-projects-move": own(PROJECTS, "project", 405, move="hold"),
    "api-projects-files-list": of(PROJECTS, "project"),
    "api-projects-talks-list": of(PROJECTS, "project"),
    "api-projects-units-list": of(PROJECTS, "project"),
    "api-projects-units-remove": of(PROJECTS, "project", "participation"),
    "api-projects-team-list": of(PROJECTS, "project"),
    "api-projects-team-remove": of(PROJECTS, "project", "member"),
    "api-projects-candidates-list": of("projects.project.team", "project"),
    "api-projects-claims-list": of(PROJECTS, "project"),
    "api-projects-steps-back-list": of(PROJECTS, "project"),
    "api-projects-grade": own(PROJECTS, "project", 405),
    "api-projects-extend": own(PROJECTS, "project", 405),
    "api-projects-transfers-list": of(PROJECTS, "project"),
    "api-leads-disputes-list": of(LEADS, "lead"),
    "api-leads-first-reports": own(LEADS, "lead"),
    "api-projects-first-reports": own(PROJECTS, "project"),
    "api-projects-disputes-list": of(PROJECTS, "project"),
    "api-disputes-list": page(PROJECTS),
    "api-disputes-detail": own(PROJECTS, "dispute"),
    "api-disputes-moves": own(PROJECTS, "dispute"),
    "api-disputes-move": own(PROJECTS, "raised", 405, move="withdraw"),
    "api-disputes-decide": own(PROJECTS, "dispute", 405),
    "api-transfers-list": page(PROJECTS),
    "api-transfers-detail": own(PROJECTS, "transfer"),
    "api-transfers-moves": own(PROJECTS, "transfer"),
    "api-transfers-move": own(PROJECTS, "transfer", 405, move="withdraw"),
    "api-transfers-complete": own(PROJECTS, "transfer", 405),
    "api-steps-back-list": page(PROJECTS),
    "api-steps-back-detail": own(PROJECTS, "step"),
    "api-steps-back-moves": own(PROJECTS, "step"),
    "api-steps-back-move": own(PROJECTS, "step", 405, move="approve"),
    "api-claims-list": page(PROJECTS),
    "api-claims-detail": own(PROJECTS, "claim"),
    "api-claims-moves": own(PROJECTS, "claim"),
    "api-claims-move": own(PROJECTS, "claim", 405, move="verify"),
    "api-ledger-list": page(PROJECTS),
    "api-closings-list": page(PROJECTS),
    "api-closings-detail": own(PROJECTS, "closing", 404),
    "api-ledger-detail": own(PROJECTS, "entry"),
    "api-ledger-reverse": own(PROJECTS, "entry", 405),
    "api-files-detail": own(SIGNED_IN, "file"),
    "api-files-remove": own(SIGNED_IN, "file", 405),
    "api-notices-list": page(SIGNED_IN),
    "api-notices-detail": own(SIGNED_IN, "notice"),
    "api-notices-read": own(SIGNED_IN, "notice", 405),
    "api-jobs-list": page(SIGNED_IN),
    "api-jobs-detail": own(SIGNED_IN, "job"),
    "api-units-list": page(SIGNED_IN),
    "api-units-detail": page(SIGNED_IN, "unit", everyone=True),
    "api-codes-list": Route(SIGNED_IN, more={"table": "industry"}),
}
