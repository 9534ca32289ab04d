from __future__ import annotations

from django.urls import path

from yinfeng.enterprises.imports import pages as imports
from yinfeng.enterprises.views import facets, records

urlpatterns = [
    path("enterprises/", records.Enterprises.as_view(), name="enterprises"),
    path("enterprises/facets/", facets.EnterpriseFacets.as_view(), name="enterprises-facets"),
    path("enterprises/export/", records.ExportEnterprises.as_view(), name="enterprises-export"),
    path("enterprises/check/", records.CheckEnterprise.as_view(), name="enterprise-check"),
    path("enterprises/add/", records.AddEnterprise.as_view(), name="enterprise-add"),
    path("enterprises/import/", imports.ImportEnterprises.as_view(), name="enterprises-import"),
    path("enterprises/import/template/", imports.Template.as_view(), name="enterprises-template"),
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
    path("contacts/<int:pk>/edit/", records.EditContact.as_view(), name="contact-edit"),
    path("contacts/<int:pk>/remove/", records.RemoveContact.as_view(), name="contact-remove"),
    path("contacts/<int:pk>/phone/", records.UnmaskContact.as_view(), name="contact-unmask"),
]
