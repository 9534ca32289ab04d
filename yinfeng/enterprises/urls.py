from __future__ import annotations

from django.urls import path

from yinfeng.enterprises import deduping
from yinfeng.enterprises.imports import pages as imports
from yinfeng.enterprises.views import (
    brief,
    facets,
    lists,
    merging,
    records,
    relations,
    signals,
    targets,
    ties,
)

urlpatterns = [
    path("enterprises/", records.Enterprises.as_view(), name="enterprises"),
    path("enterprises/facets/", facets.EnterpriseFacets.as_view(), name="enterprises-facets"),
    path("enterprises/export/", records.ExportEnterprises.as_view(), name="enterprises-export"),
    path("enterprises/check/", records.CheckEnterprise.as_view(), name="enterprise-check"),
    path("enterprises/add/", records.AddEnterprise.as_view(), name="enterprise-add"),
    path("enterprises/import/", imports.ImportEnterprises.as_view(), name="enterprises-import"),
    path(
        "enterprises/import/<int:pk>/rows/<int:number>/<int:enterprise>/",
        imports.SettleRow.as_view(),
        name="enterprises-import-row",
    ),
    path(
        "enterprises/import/<int:pk>/again/", imports.TakeUpAgain.as_view(), name="enterprises-import-again"
    ),
    path("enterprises/import/template/", imports.Template.as_view(), name="enterprises-template"),
    path("enterprises/openings/", relations.CityOpenings.as_view(), name="openings"),
    path("enterprises/<int:pk>/", records.EnterpriseDetail.as_view(), name="enterprise"),
    path("enterprises/<int:pk>/edit/", records.EditEnterprise.as_view(), name="enterprise-edit"),
    path("enterprises/<int:pk>/verify/", records.VerifyEnterprise.as_view(), name="enterprise-verify"),
    path("enterprises/<int:pk>/names/add/", records.AddFormerName.as_view(), name="enterprise-former"),
    path("enterprises/<int:pk>/contacts/add/", records.AddContact.as_view(), name="contact-add"),
    path("enterprises/<int:pk>/relations/add/", records.AddRelation.as_view(), name="relation-add"),
    path(
        "enterprises/<int:pk>/relations/<int:relation>/remove/",
        records.RemoveRelation.as_view(),
        name="relation-remove",
    ),
    path("enterprises/doubts/find/", deduping.FindDoubles.as_view(), name="doubts-find"),
    path("enterprises/doubts/", merging.Doubts.as_view(), name="doubts"),
    path("enterprises/<int:pk>/merge/", merging.ChooseOther.as_view(), name="enterprise-merge"),
    path(
        "enterprises/<int:pk>/merge/<int:other>/", merging.MergeInto.as_view(), name="enterprise-merge-into"
    ),
    path("enterprises/<int:pk>/apart/<int:other>/", merging.TellApart.as_view(), name="enterprise-apart"),
    path("mergings/<int:pk>/<str:move>/", merging.MoveMerging.as_view(), name="enterprises.merging-move"),
    path("enterprises/<int:pk>/relations/", relations.RelationsChart.as_view(), name="enterprise-relations"),
    path(
        "enterprises/<int:pk>/introductions/",
        relations.IntroductionPaths.as_view(),
        name="enterprise-introductions",
    ),
    path("enterprises/<int:pk>/openings/", relations.FirmOpenings.as_view(), name="enterprise-openings"),
    path("enterprises/<int:pk>/brief/", brief.EnterpriseBrief.as_view(), name="enterprise-brief"),
    path("enterprises/<int:pk>/ties/add/", ties.AddTie.as_view(), name="tie-add"),
    path("ties/<int:pk>/edit/", ties.EditTie.as_view(), name="tie-edit"),
    path("ties/<int:pk>/remove/", ties.RemoveTie.as_view(), name="tie-remove"),
    path("contacts/<int:pk>/edit/", records.EditContact.as_view(), name="contact-edit"),
    path("contacts/<int:pk>/remove/", records.RemoveContact.as_view(), name="contact-remove"),
    path("contacts/<int:pk>/phone/", records.UnmaskContact.as_view(), name="contact-unmask"),
    path("enterprises/lists/", lists.EnterpriseLists.as_view(), name="enterprise-lists"),
    path("enterprises/lists/<slug:tag>/", lists.CompareList.as_view(), name="enterprise-list"),
    path("targets/", targets.Targets.as_view(), name="targets"),
    path("targets/export/", targets.ExportTargets.as_view(), name="targets-export"),
    path("targets/add/", targets.AddTargets.as_view(), name="target-add"),
    path("targets/<int:pk>/", targets.TargetDetail.as_view(), name="target"),
    path("targets/<int:pk>/edit/", targets.EditTarget.as_view(), name="target-edit"),
    path("targets/<int:pk>/hand-over/", targets.HandOverTarget.as_view(), name="target-hand-over"),
    path("targets/<int:pk>/<slug:move>/", targets.MoveTarget.as_view(), name="enterprises.target-move"),
    path("signals/", signals.Signals.as_view(), name="signals"),
    path("signals/export/", signals.ExportSignals.as_view(), name="signals-export"),
    path("enterprises/<int:pk>/signals/add/", signals.AddSignal.as_view(), name="signal-add"),
    path("signals/<int:pk>/", signals.SignalDetail.as_view(), name="signal"),
    path("signals/<int:pk>/edit/", signals.EditSignal.as_view(), name="signal-edit"),
    path("signals/<int:pk>/assign/", signals.AssignSignal.as_view(), name="signal-assign"),
    path("signals/<int:pk>/<slug:move>/", signals.MoveSignal.as_view(), name="enterprises.signal-move"),
]
