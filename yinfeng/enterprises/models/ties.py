"""Whom our leaders and advisors know in which enterprise: where a path of introductions may begin (以商引商, clause 2.3)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.models import Versioned
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.enterprises.models.records import Enterprise
from yinfeng.orgs.models import Person, Unit

TIE_KINDS = {"leader": _("领导"), "advisor": _("投资顾问"), "officer": _("工作人员")}


class TieQuerySet(ScopedQuerySet["Tie"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Who sees contacts sees who of ours knows whom; changed by the unit that noted it."""
        if action == "view":
            return EVERYTHING if by.may("enterprises.contact.view") else NOTHING
        return within(by.reach("enterprises.relation.change"), "unit")


class Tie(Versioned):
    """“``person`` of ours knows ``whom`` at ``enterprise``”, with where that is known from.

    An advisor need not be among the people of the units: then ``name`` alone says who it is.
    """

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, verbose_name=_("企业"), related_name="ties")
    kind = models.CharField(_("身份"), max_length=20, choices=list(TIE_KINDS.items()), default="leader")
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, verbose_name=_("我方人员"), related_name="+"
    )
    name = models.CharField(_("姓名"), max_length=100)
    whom = models.CharField(_("认识企业的何人"), max_length=100, blank=True)
    source = models.CharField(_("依据"), max_length=200)
    noted_date = models.DateField(_("记录日期"))
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("录入单位"), related_name="+")
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = TieQuerySet.as_manager()

    class Meta:
        verbose_name = _("人脉")
        verbose_name_plural = _("人脉")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enterprise", "kind", "name"], name="enterprises_tie_once",
                                    violation_error_message=_("这条人脉已经记录过了。"))
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return self.enterprise.get_absolute_url()
