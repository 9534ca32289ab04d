"""What every app stands on: accounts, profile data, events and their seals, files, notices, saved views, jobs, tokens."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import UserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.job_lifecycle import JOB_STATES
from yinfeng.core.language import in_english
from yinfeng.core.models_outbox import Delivery as Delivery
from yinfeng.core.models_search import SearchEntry as SearchEntry
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet


class Versioned(models.Model):
    """A row that is edited by people: an edit names the version it was made on (``services.apply_edit``)."""

    version = models.PositiveIntegerField(_("版本"), default=1, editable=False)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    # Fields that follow from others: they stand in the event, but people are not shown them.
    worked_out: ClassVar[tuple[str, ...]] = ()
    # Fields that hold a code of the profile, and the table it is in: people read its label.
    code_tables: ClassVar[dict[str, str]] = {}

    class Meta:
        abstract = True


class Bilingual(models.Model):
    """A row whose name comes in Chinese and, where the profile gives one, in English."""

    name = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.name_en if in_english() and self.name_en else self.name


class User(AbstractBaseUser):
    """An account that can sign in. Who its person is and what it may do, ``orgs`` says."""

    username = models.CharField(
        _("用户名"),
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("这个用户名已被使用，请换一个。")},
    )
    name = models.CharField(_("姓名"), max_length=100)
    email = models.EmailField(_("电子邮箱"), blank=True)
    is_active = models.BooleanField(_("可以登录"), default=True)
    is_demo = models.BooleanField(_("演示账号"), default=False, editable=False)
    language = models.CharField(_("界面语言"), max_length=10, blank=True)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    password_changed_at = models.DateTimeField(_("密码修改时间"), null=True, blank=True, editable=False)

    objects: ClassVar[UserManager[Self]] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("账号")
        verbose_name_plural = _("账号")
        constraints: ClassVar = [
            # One signs in by either, however it is written: no two accounts answer to the same.
            models.UniqueConstraint(
                Lower("username"), name="core_user_username_once",
                violation_error_message=_("这个用户名已被使用，请换一个。"),
            ),
            models.UniqueConstraint(
                Lower("email"), name="core_user_email_once", condition=~Q(email=""),
                violation_error_message=_("这个电子邮箱已属于另一个账号。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name or self.username

    # allauth asks for these two; Yinfeng has no back office of Django's.
    @property
    def is_staff(self) -> bool:
        return False

    @property
    def is_superuser(self) -> bool:
        return False


# --- profile data -------------------------------------------------------------------------------------------------


class InForce(models.Model):
    """Profile data with the days it is in force; ``valid_to`` is the last day, empty for “until further notice”."""

    valid_from = models.DateField(_("生效日期"), null=True, blank=True)
    valid_to = models.DateField(_("失效日期"), null=True, blank=True)

    class Meta:
        abstract = True

    @classmethod
    def on(cls, day: date) -> Q:
        """Return the Q of rows in force on ``day``."""
        return (Q(valid_from=None) | Q(valid_from__lte=day)) & (Q(valid_to=None) | Q(valid_to__gte=day))


class Code(Bilingual, InForce):
    """One entry of a code table: an industry, a division, a country, a chain, a source of leads …"""

    table = models.CharField(_("代码表"), max_length=40)
    code = models.CharField(_("代码"), max_length=40)
    parent = models.CharField(_("上级代码"), max_length=40, blank=True)
    level = models.PositiveSmallIntegerField(_("层级"), default=1)
    order = models.PositiveIntegerField(_("顺序"), default=0)
    data = models.JSONField(_("其他属性"), default=dict, blank=True)

    class Meta:
        verbose_name = _("代码")
        verbose_name_plural = _("代码表")
        constraints = [models.UniqueConstraint(fields=["table", "code"], name="core_code_unique")]
        indexes = [models.Index(fields=["table", "parent", "order"], name="core_code_tree")]


class Rule(InForce):
    """A versioned rule of the profile: a grade's threshold, a stage's day limit, a setting of the city."""

    kind = models.CharField(_("规则种类"), max_length=40)
    key = models.CharField(_("规则代码"), max_length=60)
    data = models.JSONField(_("内容"), default=dict)
    source = models.CharField(_("依据"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("规则")
        verbose_name_plural = _("规则")
        constraints = [models.UniqueConstraint(fields=["kind", "key", "valid_from"], name="core_rule_unique")]


class ProfileLoad(models.Model):
    """One loading of a city's profile, with what it changed; the newest one names the city."""

    code = models.CharField(_("方案代码"), max_length=40)
    name = models.CharField(_("城市"), max_length=100)
    name_en = models.CharField(_("城市英文名"), max_length=100, blank=True)
    profile_version = models.CharField(_("方案版本"), max_length=40)
    digest = models.CharField(_("内容摘要"), max_length=64)
    changes = models.JSONField(_("变化"), default=dict)
    loaded_at = models.DateTimeField(_("载入时间"), default=clock.now)

    class Meta:
        verbose_name = _("城市方案")
        verbose_name_plural = _("城市方案")
        ordering = ["-id"]


class ProfileRow(models.Model):
    """A row of the profile as it was last loaded; its digest tells a later load what changed in the profile.

    Only what changed there is applied again, so that an edit made in the product outlives the next load.
    """

    section = models.CharField(_("部分"), max_length=40)
    key = models.CharField(_("代码"), max_length=120)
    digest = models.CharField(_("内容摘要"), max_length=32)

    class Meta:
        verbose_name = _("方案条目")
        verbose_name_plural = _("方案条目")
        constraints = [models.UniqueConstraint(fields=["section", "key"], name="core_profilerow_unique")]


# --- events -------------------------------------------------------------------------------------------------------


class EventQuerySet(ScopedQuerySet["Event"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Auditors of the whole city read the log; everybody else reads events on the page of an object he may see."""
        return EVERYTHING if action == "view" and by.reach("core.audit.view").everywhere else NOTHING


class Event(models.Model):
    """Who did what to which object, when, from what to what; written once, never changed (triggers refuse it)."""

    at = models.DateTimeField(_("时间"), default=clock.now, editable=False)
    actor_id = models.BigIntegerField(_("账号编号"), null=True, editable=False)
    actor_name = models.CharField(_("操作人"), max_length=200, editable=False)
    actor_unit = models.CharField(_("操作人单位"), max_length=200, blank=True, editable=False)
    verb = models.CharField(_("操作"), max_length=80, editable=False)
    object_type = models.CharField(_("对象类型"), max_length=60, editable=False)
    object_id = models.BigIntegerField(_("对象编号"), null=True, editable=False)
    object_label = models.CharField(_("对象"), max_length=300, blank=True, editable=False)
    changes = models.JSONField(_("变更内容"), default=dict, editable=False)
    note = models.TextField(_("说明"), blank=True, editable=False)
    data = models.JSONField(_("附加数据"), default=dict, editable=False)
    source = models.CharField(_("来源"), max_length=20, editable=False)
    address = models.CharField(_("网络地址"), max_length=64, blank=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("事件")
        verbose_name_plural = _("事件")
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="core_event_object"),
            models.Index(fields=["actor_id", "-id"], name="core_event_actor"),
            models.Index(fields=["verb", "-id"], name="core_event_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb} {self.object_label}"


class Seal(models.Model):
    """A batch of events under one hash chained to the seal before it.

    ``spans`` lists the ids it covers as [first, last] pairs, ``digests`` holds 16 bytes per event in id order,
    ``hash`` is HMAC-SHA-256 over the previous hash, the spans and the digests. Only the newest sealed ids can still
    have gaps that a slow transaction fills later; such rows go into the next seal.
    """

    number = models.PositiveBigIntegerField(_("序号"), unique=True, editable=False)
    sealed_at = models.DateTimeField(_("封存时间"), default=clock.now, editable=False)
    spans = models.JSONField(_("覆盖范围"), editable=False)
    digests = models.BinaryField(_("逐行摘要"), editable=False)
    previous_hash = models.CharField(_("上一封存值"), max_length=64, blank=True, editable=False)
    hash = models.CharField(_("封存值"), max_length=64, editable=False)

    class Meta:
        verbose_name = _("封存")
        verbose_name_plural = _("封存")
        ordering = ["number"]


# --- what hangs on any object -------------------------------------------------------------------------------------


class Attachment(models.Model):
    """A file that belongs to an object; it is downloaded only through that object's scope."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    object_type = models.CharField(_("对象类型"), max_length=60)
    object_id = models.BigIntegerField(_("对象编号"))
    kind = models.CharField(_("材料种类"), max_length=40, blank=True)
    name = models.CharField(_("文件名"), max_length=200)
    content_type = models.CharField(_("文件类型"), max_length=100)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    sha256 = models.CharField(_("内容摘要"), max_length=64)
    stored = models.FileField(_("存放位置"), upload_to="attachments/%Y/%m", max_length=200)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("上传人"), related_name="+"
    )
    uploaded_at = models.DateTimeField(_("上传时间"), default=clock.now)
    removed_at = models.DateTimeField(_("撤下时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("材料")
        verbose_name_plural = _("材料")
        indexes = [models.Index(fields=["object_type", "object_id"], name="core_attachment_object")]

    def __str__(self) -> str:
        return self.name


class OwnQuerySet(ScopedQuerySet[Any]):
    """Rows that are one person's own, whatever the action."""

    def scope(self, by: Actor, action: str) -> Q:
        return Q(owner_id=by.user_id) if by.user_id else NOTHING


class Follow(models.Model):
    """A person's wish to hear of an object."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("关注人"), related_name="+"
    )
    object_type = models.CharField(_("对象类型"), max_length=60)
    object_id = models.BigIntegerField(_("对象编号"))
    since = models.DateTimeField(_("关注时间"), default=clock.now)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("关注")
        verbose_name_plural = _("关注")
        constraints = [
            models.UniqueConstraint(fields=["owner", "object_type", "object_id"], name="core_follow_unique")
        ]
        indexes = [models.Index(fields=["object_type", "object_id"], name="core_follow_object")]


class Notice(models.Model):
    """An event that somebody is told about, in the product and by e-mail."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("收件人"), related_name="+"
    )
    event = models.ForeignKey(Event, models.PROTECT, verbose_name=_("事件"), related_name="+")
    why = models.CharField(_("原因"), max_length=20)
    read_at = models.DateTimeField(_("阅读时间"), null=True, blank=True)
    mailed_at = models.DateTimeField(_("邮件时间"), null=True, blank=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("通知")
        verbose_name_plural = _("通知")
        constraints = [models.UniqueConstraint(fields=["owner", "event"], name="core_notice_unique")]
        indexes = [
            models.Index(fields=["owner", "-id"], condition=Q(read_at=None), name="core_notice_unread")
        ]


class SavedView(models.Model):
    """A list's filters, sort and columns that a person keeps under a name."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("所有者"), related_name="+"
    )
    page = models.CharField(_("列表"), max_length=60)
    name = models.CharField(_("名称"), max_length=40)
    query = models.CharField(_("条件"), max_length=2000)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("视图")
        verbose_name_plural = _("视图")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "page", "name"],
                name="core_savedview_unique",
                violation_error_message=_("您已有一个同名的视图，请换一个名称。"),
            )
        ]

    def __str__(self) -> str:
        return self.name


# --- background work ----------------------------------------------------------------------------------------------


class JobQuerySet(ScopedQuerySet["Job"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A person's own jobs; those who keep the system running see all."""
        if action == "view" and by.reach("core.job.view").everywhere:
            return EVERYTHING
        return Q(owner_id=by.user_id) if by.user_id else NOTHING


class Job(Versioned):
    """A piece of background work that its owner can watch, confirm and cancel.

    ``cursor`` is how far it has come; it is saved in the transaction of each chunk, so that a killed worker's job goes
    on from there and nothing is done twice.
    """

    kind = models.CharField(_("种类"), max_length=60)
    title = models.CharField(_("名称"), max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("发起人"), related_name="+"
    )
    unit_id = models.BigIntegerField(_("发起单位编号"), null=True)
    state = models.CharField(_("状态"), max_length=20, choices=list(JOB_STATES.items()), default="queued")
    parameters = models.JSONField(_("参数"), default=dict)
    cursor = models.PositiveBigIntegerField(_("已处理"), default=0)
    total = models.PositiveBigIntegerField(_("总数"), null=True)
    report = models.JSONField(_("结果"), default=dict)
    problem = models.TextField(_("问题"), blank=True)
    source_file = models.FileField(_("来源文件"), upload_to="jobs/%Y/%m", max_length=200, blank=True)
    source_name = models.CharField(_("来源文件名"), max_length=200, blank=True)
    result_file = models.FileField(_("结果文件"), upload_to="jobs/%Y/%m", max_length=200, blank=True)
    result_name = models.CharField(_("结果文件名"), max_length=200, blank=True)
    beat_at = models.DateTimeField(_("最近一次进展"), null=True)
    finished_at = models.DateTimeField(_("完成时间"), null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("后台任务")
        verbose_name_plural = _("后台任务")
        indexes = [models.Index(fields=["owner", "-id"], name="core_job_owner")]

    def __str__(self) -> str:
        return self.title


class ApiToken(models.Model):
    """A key to the API: only its hash is stored; it can do no more than its scopes and its owner."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("所有者"), related_name="+"
    )
    name = models.CharField(_("用途"), max_length=60)
    mark = models.CharField(_("识别码"), max_length=12)
    secret_hash = models.CharField(_("密钥摘要"), max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("可用权限"), default=list)
    created_at = models.DateTimeField(_("创建时间"), default=clock.now)
    expires_at = models.DateTimeField(_("到期时间"))
    used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("接口密钥")
        verbose_name_plural = _("接口密钥")

    def __str__(self) -> str:
        return self.name
