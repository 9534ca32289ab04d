from __future__ import annotations

from django.urls import path

from yinfeng.projects.views import claims, leads, ledger, lights, records

urlpatterns = [
    path("leads/", leads.Leads.as_view(), name="leads"),
    path("leads/export/", leads.ExportLeads.as_view(), name="leads-export"),
    path("leads/new/", leads.RegisterLead.as_view(), name="lead-new"),
    path("leads/check/", leads.CheckEnterprise.as_view(), name="lead-check"),
    path("leads/<int:pk>/", leads.LeadDetail.as_view(), name="lead"),
    path("leads/<int:pk>/edit/", leads.EditLead.as_view(), name="lead-edit"),
    path("leads/<int:pk>/convert/", leads.ConvertLead.as_view(), name="lead-convert"),
    path("leads/<int:pk>/moves/<slug:move>/", leads.MoveLead.as_view(), name="projects.lead-move"),
    path("projects/", records.Projects.as_view(), name="projects"),
    path("projects/export/", records.ExportProjects.as_view(), name="projects-export"),
    path("projects/follow/", records.FollowProjects.as_view(), name="projects-follow"),
    path("projects/joint/", records.JointProjects.as_view(), name="projects-joint"),
    path("projects/check/", records.CheckEnterpriseOfNew.as_view(), name="project-new-check"),
    path("projects/<int:pk>/check/", records.CheckEnterpriseOfProject.as_view(), name="project-check"),
    path("projects/lights/", lights.Lights.as_view(), name="lights"),
    path("projects/new/", records.AddProject.as_view(), name="project-new"),
    path("projects/<int:pk>/", records.ProjectDetail.as_view(), name="project"),
    path("projects/<int:pk>/edit/", records.EditProject.as_view(), name="project-edit"),
    path("projects/<int:pk>/lose/", records.LoseProject.as_view(), name="project-lose"),
    path("projects/<int:pk>/moves/<slug:move>/", records.MoveProject.as_view(), name="projects.project-move"),
    path("projects/<int:pk>/talk/", records.RecordTalk.as_view(), name="project-talk"),
    path("projects/<int:pk>/units/add/", records.AddUnit.as_view(), name="project-unit-add"),
    path("projects/<int:pk>/units/<int:part>/remove/", records.RemoveUnit.as_view(), name="project-unit-remove"),
    path("projects/<int:pk>/team/add/", records.AddMember.as_view(), name="project-member-add"),
    path("projects/<int:pk>/team/<int:member>/remove/", records.RemoveMember.as_view(), name="project-member-remove"),
    path("projects/<int:pk>/extend/", records.ExtendProject.as_view(), name="project-extend"),
    path("projects/<int:pk>/claims/<slug:kind>/", claims.SubmitClaim.as_view(), name="project-claim"),
    path("projects/<int:pk>/back/", claims.AskBack.as_view(), name="project-back"),
    path("claims/<int:pk>/<slug:move>/", claims.MoveClaim.as_view(), name="projects.claim-move"),
    path("steps-back/<int:pk>/<slug:move>/", claims.MoveStepBack.as_view(), name="projects.stepback-move"),
    path("ledger/", ledger.Ledger.as_view(), name="ledger"),
    path("ledger/export/", ledger.ExportLedger.as_view(), name="ledger-export"),
    path("ledger/<int:pk>/", ledger.EntryDetail.as_view(), name="entry"),
    path("ledger/<int:pk>/reverse/", ledger.ReverseEntry.as_view(), name="entry-reverse"),
]  # fmt: skip
