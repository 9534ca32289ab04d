from __future__ import annotations

from django.urls import path

from yinfeng.enterprises import imports, views

urlpatterns = [
    path("enterprises/", views.Enterprises.as_view(), name="enterprises"),
    path("enterprises/export/", views.ExportEnterprises.as_view(), name="enterprises-export"),
    path("enterprises/check/", views.CheckEnterprise.as_view(), name="enterprise-check"),
    path("enterprises/add/", views.AddEnterprise.as_view(), name="enterprise-add"),
    path("enterprises/import/", imports.ImportEnterprises.as_view(), name="enterprises-import"),
    path("enterprises/import/template/", imports.Template.as_view(), name="enterprises-template"),
    path("enterprises/<int:pk>/", views.EnterpriseDetail.as_view(), name="enterprise"),
    path("enterprises/<int:pk>/edit/", views.EditEnterprise.as_view(), name="enterprise-edit"),
    path("enterprises/<int:pk>/verify/", views.VerifyEnterprise.as_view(), name="enterprise-verify"),
    path("enterprises/<int:pk>/names/add/", views.AddFormerName.as_view(), name="enterprise-former"),
    path("enterprises/<int:pk>/contacts/add/", views.AddContact.as_view(), name="contact-add"),
    path("enterprises/<int:pk>/relations/add/", views.AddRelation.as_view(), name="relation-add"),
    path(
        "enterprises/<int:pk>/relations/<int:relation>/remove/",
        views.RemoveRelation.as_view(),
        name="relation-remove",
    ),
    path("contacts/<int:pk>/edit/", views.EditContact.as_view(), name="contact-edit"),
    path("contacts/<int:pk>/remove/", views.RemoveContact.as_view(), name="contact-remove"),
    path("contacts/<int:pk>/phone/", views.UnmaskContact.as_view(), name="contact-unmask"),
]
