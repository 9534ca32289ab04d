"""The enterprise library: records with their names, tags, contacts and relations."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.crypto import EncryptedTextField
from yinfeng.core.models import Versioned
from yinfeng.core.money import YuanField
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.orgs.models import Unit


class EnterpriseQuerySet(ScopedQuerySet["Enterprise"]):
    def scope(self, by: Actor, action: str) -> Q:
        """The library is the whole city's: whoever may view it sees all of it; it is changed with the permission to."""
        permission = {
            "view": "enterprises.enterprise.view", "export": "enterprises.enterprise.export", "import": "enterprises.enterprise.import",
            "relate": "enterprises.relation.change", "contacts": "enterprises.contact.view", "unmask": "enterprises.contact.unmask",
            "merge": "enterprises.enterprise.merge",
        }.get(action, "enterprises.enterprise.change")  # fmt: skip
        return EVERYTHING if by.may(permission) else NOTHING


class Enterprise(Versioned):
    """A legal person (or a foreign firm) that may invest, is here already, or stands in relation to one that does."""

    name = models.CharField(_("企业名称"), max_length=200)
    name_key = models.CharField(_("名称比对键"), max_length=200, editable=False, db_index=True)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    short_name = models.CharField(_("简称"), max_length=60, blank=True)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, null=True, blank=True, unique=True,
                            error_messages={"unique": _("这个统一社会信用代码已属于库中另一家企业。")})  # fmt: skip
    listing_code = models.CharField(_("证券代码"), max_length=20, blank=True, db_index=True)
    nature = models.CharField(_("企业性质"), max_length=40, blank=True)
    country = models.CharField(_("国家或地区"), max_length=2, default="CN")
    province = models.CharField(_("省份"), max_length=40, blank=True)
    city = models.CharField(_("城市"), max_length=60, blank=True)
    address = models.CharField(_("地址"), max_length=300, blank=True)
    capital = YuanField(_("注册资本"), null=True, blank=True, validators=[MinValueValidator(0)])
    founded_date = models.DateField(_("成立日期"), null=True, blank=True)
    industry = models.CharField(_("行业代码"), max_length=10, blank=True)
    staff = models.PositiveIntegerField(_("员工人数"), null=True, blank=True)
    scope_of_business = models.TextField(_("经营范围"), max_length=5000, blank=True)
    introduction = models.TextField(_("企业简介"), max_length=5000, blank=True)
    website = models.URLField(_("网站"), max_length=300, blank=True)
    source = models.CharField(_("信息来源"), max_length=200, blank=True)
    verified_date = models.DateField(_("最近核实日期"), null=True, blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)
    added_by_unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("录入单位"), related_name="+"
    )

    worked_out: ClassVar = ("name_key",)
    code_tables: ClassVar = {"nature": "enterprise_nature", "country": "country", "industry": "industry"}

    objects = EnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = _("企业")
        verbose_name_plural = _("企业")
        constraints: ClassVar = [
            # Two spellings of one registered name are one enterprise; the same name abroad may be another.
            models.UniqueConstraint(
                fields=["name_key", "country"], name="enterprises_name_once",
                violation_error_message=_("库中已有同名企业，请直接使用那条记录。"),
            )
        ]  # fmt: skip
        # The orders of the list and the places it is filtered by, each with the key that its pages go on from.
        indexes: ClassVar = [
            models.Index(fields=[name, "id"], name=f"enterprises_by_{name}")
            for name in ("name", "industry", "capital", "staff", "verified_date", "province", "city")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("enterprise", args=[self.pk])


NAME_KINDS = {"former": _("曾用名"), "alternative": _("别名")}


class FormerName(models.Model):
    """A name the enterprise had, or an alternative one that people use for it."""

    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, verbose_name=_("企业"), related_name="former_names"
    )
    name = models.CharField(_("名称"), max_length=200)
    name_key = models.CharField(_("名称比对键"), max_length=200, editable=False, db_index=True)
    kind = models.CharField(_("名称种类"), max_length=20, choices=list(NAME_KINDS.items()), default="former")
    until_date = models.DateField(_("使用至"), null=True, blank=True)

    class Meta:
        verbose_name = _("曾用名")
        verbose_name_plural = _("曾用名")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enterprise", "name_key"], name="enterprises_former_once",
                                    violation_error_message=_("这个曾用名已经记录过了。"))
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class EnterpriseTag(models.Model):
    """A tag of the profile on an enterprise, with the year of the list it comes from (0: without year)."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, verbose_name=_("企业"), related_name="tags")
    tag = models.CharField(_("标签"), max_length=40)
    year = models.PositiveSmallIntegerField(_("年度"), default=0)
    rank = models.PositiveIntegerField(_("名次"), null=True, blank=True)

    class Meta:
        verbose_name = _("标签")
        verbose_name_plural = _("标签")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enterprise", "tag", "year"], name="enterprises_tag_once")
        ]
        indexes: ClassVar = [models.Index(fields=["tag", "year"], name="enterprises_tag_year")]

    def __str__(self) -> str:
        return self.tag


class ContactQuerySet(ScopedQuerySet["Contact"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Contacts are personal data: seen and unmasked with their own permissions, changed by the unit that entered them."""
        if action == "view":
            return EVERYTHING if by.may("enterprises.contact.view") else NOTHING
        if action == "unmask":
            return EVERYTHING if by.may("enterprises.contact.unmask") else NOTHING
        return within(by.reach("enterprises.enterprise.change"), "unit")


class Contact(Versioned):
    """A person to talk to in an enterprise; the phone is encrypted, shown masked, and unmasking is logged."""

    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, verbose_name=_("企业"), related_name="contacts"
    )
    name = models.CharField(_("姓名"), max_length=100)
    position = models.CharField(_("职务"), max_length=100, blank=True)
    phone = EncryptedTextField(_("电话"), blank=True)
    email = models.EmailField(_("电子邮箱"), blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("录入单位"), related_name="+")
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("联系人")
        verbose_name_plural = _("联系人")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return self.enterprise.get_absolute_url()


RELATION_KINDS = {
    "supplier": _("供应商"),
    "customer": _("客户"),
    "shareholder": _("股东"),
    "competitor": _("竞争对手"),
    "partner": _("合作伙伴"),
}


class Relation(models.Model):
    """“``other`` is a <kind> of ``enterprise``”, with where that was read."""

    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, verbose_name=_("企业"), related_name="relations"
    )
    other = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name=_("关联企业"), related_name="related_from"
    )
    kind = models.CharField(_("关系"), max_length=20, choices=list(RELATION_KINDS.items()))
    share = models.DecimalField(_("持股比例（%）"), max_digits=5, decimal_places=2, null=True, blank=True)
    source = models.CharField(_("信息来源"), max_length=200)
    noted_date = models.DateField(_("记录日期"))

    class Meta:
        verbose_name = _("企业关系")
        verbose_name_plural = _("企业关系")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enterprise", "other", "kind"], name="enterprises_relation_once",
                                    violation_error_message=_("这条企业关系已经记录过了。")),
            models.CheckConstraint(condition=~Q(enterprise=models.F("other")), name="enterprises_relation_other",
                                   violation_error_message=_("企业不能与自己建立关系。")),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.enterprise} · {self.get_kind_display()} · {self.other}"
