"""What the city's one reporting form asks of a project beyond its outline (统一报送格式; FACTS §1.8)."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from yinfeng.core.money import YuanField

OLDEST_INVESTMENT = 1949  # a year before which no firm of the library invested here


class Reported(models.Model):
    """Fields of the reporting form that are known in talks or later; docs/reporting-form.md pairs them with the form."""

    chain_effect = models.CharField(_("产业链作用"), max_length=40, blank=True)
    second_industry = models.CharField(_("次要行业"), max_length=10, blank=True)
    investment_note = models.CharField(_("招商类型说明"), max_length=100, blank=True)
    approached_date = models.DateField(_("对接时间"), null=True, blank=True)
    assigned_by = models.CharField(_("交办层级"), max_length=40, blank=True)
    home_tie = models.CharField(_("乡情渠道"), max_length=40, blank=True)
    is_assessed = models.BooleanField(_("已经研判"), null=True, blank=True)
    is_research_centre = models.BooleanField(_("研发中心"), null=True, blank=True)
    is_advanced_manufacturing = models.BooleanField(_("先进制造业"), null=True, blank=True)
    is_enclave = models.BooleanField(_("飞地项目"), null=True, blank=True)
    is_existing_firm = models.BooleanField(_("存量企业"), null=True, blank=True)
    existing_kind = models.CharField(_("存量类型"), max_length=40, blank=True)
    first_invested_year = models.PositiveSmallIntegerField(
        _("首次投资年份"), null=True, blank=True, validators=[MinValueValidator(OLDEST_INVESTMENT)]
    )
    is_spillover = models.BooleanField(_("产业外溢"), null=True, blank=True)
    spillover_from = models.CharField(_("外溢来源"), max_length=60, blank=True)
    responsible_leader = models.CharField(_("区级责任领导"), max_length=100, blank=True)
    statistics_name = models.CharField(_("纳统项目名称"), max_length=100, blank=True)
    statistics_investment = YuanField(
        _("纳统计划总投资额"), null=True, blank=True, validators=[MinValueValidator(0)]
    )

    reported_tables: ClassVar = {
        "chain_effect": "chain_effect",
        "second_industry": "industry",
        "assigned_by": "assigned_by",
        "home_tie": "home_tie",
        "existing_kind": "existing_kind",
    }

    class Meta:
        abstract = True
