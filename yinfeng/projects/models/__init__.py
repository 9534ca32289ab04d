"""Leads and projects, who takes part in them, what was talked about and claimed; the ledger of what they achieved."""

from yinfeng.projects.models.areas import (
    Area,
    AreaQuerySet,
    Premises,
)
from yinfeng.projects.models.claims import (
    Claim,
    ClaimQuerySet,
    StepBack,
    StepBackQuerySet,
)
from yinfeng.projects.models.closings import (
    Books,
    Closing,
    ClosingQuerySet,
)
from yinfeng.projects.models.construction import (
    Bottleneck,
    BottleneckQuerySet,
    Builder,
    FirstMonth,
    Milestone,
    MonthEnd,
    Photo,
    PlannedMonth,
    Progress,
)
from yinfeng.projects.models.disputes import (
    Dispute,
    DisputeQuerySet,
    Side,
    seen_sides,
)
from yinfeng.projects.models.ledger import (
    WHOLE,
    Entry,
    EntryQuerySet,
    Share,
)
from yinfeng.projects.models.links import ProjectLink
from yinfeng.projects.models.personal import (
    PersonalAct,
    PersonalActQuerySet,
)
from yinfeng.projects.models.proposals import (
    Partner,
    Proposal,
    ProposalQuerySet,
)
from yinfeng.projects.models.records import (
    Lead,
    LeadQuerySet,
    Participation,
    Project,
    ProjectCounter,
    ProjectQuerySet,
    Talk,
    TeamMember,
)
from yinfeng.projects.models.reports import (
    REPORT_TABLES,
    Report,
    ReportDefinition,
    ReportDefinitionQuerySet,
    ReportQuerySet,
    ReportReminder,
    ReportWaiver,
    ReportWaiverQuerySet,
    WaiverWithdrawal,
)
from yinfeng.projects.models.reversals import (
    Reversal,
    ReversalQuerySet,
)
from yinfeng.projects.models.stays import (
    Stay,
)
from yinfeng.projects.models.transfers import (
    Transfer,
    TransferQuerySet,
)

__all__ = [
    "REPORT_TABLES",
    "WHOLE",
    "Area",
    "AreaQuerySet",
    "Books",
    "Bottleneck",
    "BottleneckQuerySet",
    "Builder",
    "Claim",
    "ClaimQuerySet",
    "Closing",
    "ClosingQuerySet",
    "Dispute",
    "DisputeQuerySet",
    "Entry",
    "EntryQuerySet",
    "FirstMonth",
    "Lead",
    "LeadQuerySet",
    "Milestone",
    "MonthEnd",
    "Participation",
    "Partner",
    "PersonalAct",
    "PersonalActQuerySet",
    "Photo",
    "PlannedMonth",
    "Premises",
    "Progress",
    "Project",
    "ProjectCounter",
    "ProjectLink",
    "ProjectQuerySet",
    "Proposal",
    "ProposalQuerySet",
    "Report",
    "ReportDefinition",
    "ReportDefinitionQuerySet",
    "ReportQuerySet",
    "ReportReminder",
    "ReportWaiver",
    "ReportWaiverQuerySet",
    "Reversal",
    "ReversalQuerySet",
    "Share",
    "Side",
    "Stay",
    "StepBack",
    "StepBackQuerySet",
    "Talk",
    "TeamMember",
    "Transfer",
    "TransferQuerySet",
    "WaiverWithdrawal",
    "seen_sides",
]
