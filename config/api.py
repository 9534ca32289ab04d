"""The resources of the API."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from yinfeng.core import api_common as common
from yinfeng.core.api import Resource, under
from yinfeng.duties import api as duties
from yinfeng.duties import api_calendar as dated
from yinfeng.duties import api_statistics as circulars
from yinfeng.enterprises.api import imports as exchange
from yinfeng.enterprises.api import merging, relations, targets
from yinfeng.enterprises.api import records as enterprises
from yinfeng.meetings import api_gates as gates
from yinfeng.meetings import api_inspections as inspections
from yinfeng.meetings import api_meetings as meetings
from yinfeng.orgs import api as orgs
from yinfeng.projects import api as projects
from yinfeng.projects import api_areas as areas
from yinfeng.projects import api_construction as construction
from yinfeng.projects import api_proposals as planning
from yinfeng.projects import api_reports as reports

RESOURCES: dict[str, type[Resource]] = {
    "enterprises": enterprises.EnterpriseViewSet,
    "proposals": planning.ProposalViewSet,
    "leads": projects.LeadViewSet,
    "projects": projects.ProjectViewSet,
    "claims": projects.ClaimViewSet,
    "steps-back": projects.StepBackViewSet,
    "areas": areas.AreaViewSet,
    "transfers": projects.TransferViewSet,
    "disputes": projects.DisputeViewSet,
    "personal-acts": projects.PersonalActViewSet,
    "bottlenecks": construction.BottleneckViewSet,
    "gates": gates.DecisionViewSet,
    "inspections": inspections.InspectionViewSet,
    "subjects": inspections.SubjectViewSet,
    "findings": inspections.FindingViewSet,
    "ledger": projects.LedgerViewSet,
    "reversals": projects.ReversalViewSet,
    "closings": projects.ClosingViewSet,
    "reports": reports.ReportViewSet,
    "report-definitions": reports.DefinitionViewSet,
    "report-waivers": reports.WaiverViewSet,
    "meetings": meetings.MeetingViewSet,
    "topics": meetings.TopicViewSet,
    "resolutions": meetings.ResolutionViewSet,
    "contacts": enterprises.ContactViewSet,
    "imports": exchange.ImportViewSet,
    "ties": relations.TieViewSet,
    "doubts": merging.DoubtViewSet,
    "mergings": merging.MergingViewSet,
    "targets": targets.TargetViewSet,
    "signals": targets.SignalViewSet,
    "duties": duties.DutyViewSet,
    "extensions": duties.ExtensionViewSet,
    "circulars": circulars.CircularViewSet,
    "calendar": dated.CalendarViewSet,
    "robots": dated.BotViewSet,
    "units": orgs.UnitViewSet,
    "files": common.FileViewSet,
    "notices": common.NoticeViewSet,
    "jobs": common.JobViewSet,
}
BELONGING: dict[str, dict[str, type[Resource]]] = {
    "duties": {
        "files": duties.DutyFiles,
        "parties": duties.DutyParties,
        "reports": duties.DutyReports,
        "reminders": duties.DutyReminders,
        "extensions": duties.DutyExtensions,
    },
    "enterprises": {
        "files": enterprises.EnterpriseFiles,
        "names": enterprises.FormerNames,
        "contacts": enterprises.Contacts,
        "relations": enterprises.Relations,
        "courting": targets.CourtingUnits,
        "ties": relations.Ties,
    },
    "meetings": {"files": meetings.MeetingFiles, "items": meetings.Items, "attendees": meetings.Attendees},
    "topics": {"files": meetings.TopicFiles, "reviews": meetings.Reviews},
    "targets": {"files": targets.TargetFiles},
    "signals": {"files": targets.SignalFiles},
    "areas": {"premises": areas.AreaPremises},
    "proposals": {"files": planning.ProposalFiles, "partners": planning.Partners},
    "inspections": {"draws": inspections.InspectionDrawsViewSet, "subjects": inspections.Subjects},
    "findings": {"files": inspections.FindingFiles},
    "leads": {"files": projects.LeadFiles, "disputes": projects.LeadDisputes},
    "projects": {
        "files": projects.ProjectFiles,
        "talks": projects.Talks,
        "units": projects.Units,
        "team": projects.Team,
        "candidates": projects.Candidates,
        "claims": projects.ProjectClaims,
        "steps-back": projects.ProjectStepsBack,
        "transfers": projects.ProjectTransfers,
        "disputes": projects.ProjectDisputes,
        "personal-acts": projects.ProjectPersonalActs,
        "first-hands": projects.FirstHands,
        "milestones": construction.Milestones,
        "builders": construction.Builders,
        "plan": construction.Plans,
        "reports": construction.Reports,
        "photos": construction.Photos,
        "bottlenecks": construction.ProjectBottlenecks,
        "gates": gates.ProjectDecisions,
    },
}

router = SimpleRouter()
router.register("enterprises/export", exchange.ExportViewSet, basename="api-enterprises-export")
for name, resource in RESOURCES.items():
    router.register(name, resource, basename=f"api-{name}")
for owner, resources in BELONGING.items():
    for name, resource in resources.items():
        router.register(f"{under(owner)}/{name}", resource, basename=f"api-{owner}-{name}")
router.register(r"codes/(?P<table>[a-z_]{1,40})", common.CodeViewSet, basename="api-codes")

urlpatterns = router.urls
