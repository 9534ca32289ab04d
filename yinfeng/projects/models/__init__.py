"""Leads and projects, who takes part in them, what was talked about and signed; the ledger of what they achieved."""

from yinfeng.projects.models.ledger import WHOLE, Entry, EntryQuerySet, Share
from yinfeng.projects.models.records import (
    Lead,
    LeadQuerySet,
    Participation,
    Project,
    ProjectCounter,
    ProjectQuerySet,
    Signature,
    SignatureQuerySet,
    Talk,
    TeamMember,
)

__all__ = [
    "WHOLE",
    "Entry",
    "EntryQuerySet",
    "Lead",
    "LeadQuerySet",
    "Participation",
    "Project",
    "ProjectCounter",
    "ProjectQuerySet",
    "Share",
    "Signature",
    "SignatureQuerySet",
    "Talk",
    "TeamMember",
]
