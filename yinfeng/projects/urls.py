from __future__ import annotations

from django.urls import path

from yinfeng.projects import views, views_leads

urlpatterns = [
    path("leads/", views_leads.Leads.as_view(), name="leads"),
    path("leads/export/", views_leads.ExportLeads.as_view(), name="leads-export"),
    path("leads/new/", views_leads.RegisterLead.as_view(), name="lead-new"),
    path("leads/check/", views_leads.CheckEnterprise.as_view(), name="lead-check"),
    path("leads/<int:pk>/", views_leads.LeadDetail.as_view(), name="lead"),
    path("leads/<int:pk>/edit/", views_leads.EditLead.as_view(), name="lead-edit"),
    path("leads/<int:pk>/convert/", views_leads.ConvertLead.as_view(), name="lead-convert"),
    path("leads/<int:pk>/moves/<slug:move>/", views_leads.MoveLead.as_view(), name="projects.lead-move"),
    path("projects/", views.Projects.as_view(), name="projects"),
    path("projects/export/", views.ExportProjects.as_view(), name="projects-export"),
    path("projects/follow/", views.FollowProjects.as_view(), name="projects-follow"),
    path("projects/joint/", views.JointProjects.as_view(), name="projects-joint"),
    path("projects/check/", views.CheckEnterpriseOfNew.as_view(), name="project-new-check"),
    path("projects/<int:pk>/check/", views.CheckEnterpriseOfProject.as_view(), name="project-check"),
    path("projects/new/", views.AddProject.as_view(), name="project-new"),
    path("projects/<int:pk>/", views.ProjectDetail.as_view(), name="project"),
    path("projects/<int:pk>/edit/", views.EditProject.as_view(), name="project-edit"),
    path("projects/<int:pk>/lose/", views.LoseProject.as_view(), name="project-lose"),
    path("projects/<int:pk>/moves/<slug:move>/", views.MoveProject.as_view(), name="projects.project-move"),
    path("projects/<int:pk>/talk/", views.RecordTalk.as_view(), name="project-talk"),
    path("projects/<int:pk>/units/add/", views.AddUnit.as_view(), name="project-unit-add"),
    path("projects/<int:pk>/units/<int:part>/remove/", views.RemoveUnit.as_view(), name="project-unit-remove"),
    path("projects/<int:pk>/team/add/", views.AddMember.as_view(), name="project-member-add"),
    path("projects/<int:pk>/team/<int:member>/remove/", views.RemoveMember.as_view(), name="project-member-remove"),
    path("projects/<int:pk>/sign/", views.SubmitSignature.as_view(), name="project-sign"),
    path("signatures/<int:pk>/<slug:move>/", views.MoveSignature.as_view(), name="projects.signature-move"),
]  # fmt: skip
