"""Leads and projects, who takes part in them, what was talked about, what was signed."""

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
    "Lead",
    "LeadQuerySet",
    "Participation",
    "Project",
    "ProjectCounter",
    "ProjectQuerySet",
    "Signature",
    "SignatureQuerySet",
    "Talk",
    "TeamMember",
]
