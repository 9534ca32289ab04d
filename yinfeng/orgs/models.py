"""Units as a tree with history, the bodies of the policy, people and their posts, roles and who holds them."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor, Reach
from yinfeng.core.models import Bilingual, InForce, User, Versioned
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within

UNIT_KINDS = {
    "city": _("城市"),
    "leadership": _("市级领导机构"),
    "leader_group": _("领导小组"),
    "group": _("工作组"),
    "office": _("办事机构"),
    "party": _("党委部门"),
    "government": _("政府部门"),
    "district": _("区"),
    "zone": _("开发区"),
    "command": _("指挥部"),
    "soe": _("国有企业"),
    "association": _("群团和商会"),
    "collective": _("一类单位"),
}


class DirectoryQuerySet(ScopedQuerySet[Any]):
    """What every signed-in officer may look up, and one permission changes, at the unit the row belongs to."""

    change_permission = ""
    unit_path = "pk"

    def scope(self, by: Actor, action: str) -> Q:
        if action == "view":
            return EVERYTHING if by.is_known else NOTHING
        return within(by.reach(self.change_permission), self.unit_path)


class UnitQuerySet(DirectoryQuerySet):
    change_permission = "orgs.unit.change"


class Unit(Versioned, Bilingual, InForce):
    """An organisation that takes part: a department, district, zone, working group, SOE …

    ``path`` lists the codes from the root down, each between slashes, so that a subtree is one prefix. A
    ``collective`` is a name the policy uses for a class of units (市直各行业主管部门), not an organisation of its own:
    it stands for its ``members``, or for every unit of ``member_kind``. ``industries`` are codes of GB/T 4754 (a section's
    letter or the beginning of a number) whose projects the unit looks after.
    """

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    short_name = models.CharField(_("简称"), max_length=60, blank=True)
    kind = models.CharField(_("类别"), max_length=20, choices=list(UNIT_KINDS.items()))
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("上级单位"), related_name="children"
    )
    path = models.CharField(_("路径"), max_length=400, editable=False, db_index=True)
    order = models.PositiveIntegerField(_("顺序"), default=0)
    division = models.CharField(_("行政区划代码"), max_length=6, blank=True)
    aliases = models.JSONField(_("其他称谓"), default=list, blank=True)
    industries = models.JSONField(_("负责行业"), default=list, blank=True)
    members: models.ManyToManyField[Unit, models.Model] = models.ManyToManyField(
        "self", symmetrical=False, blank=True, verbose_name=_("所指单位"), related_name="collectives"
    )
    member_kind = models.CharField(
        _("所指单位的类别"), max_length=20, blank=True, choices=list(UNIT_KINDS.items())
    )
    clauses = models.JSONField(_("相关条款"), default=list, blank=True)
    source = models.CharField(_("依据"), max_length=200, blank=True)
    note = models.CharField(_("说明"), max_length=500, blank=True)

    worked_out: ClassVar = ("path",)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        ordering: ClassVar = ["order", "code"]

    def get_absolute_url(self) -> str:
        return reverse("unit", args=[self.pk])

    def is_open(self, day: date) -> bool:
        """Say whether the unit exists on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or self.valid_to >= day
        )

    @property
    def brief(self) -> str:
        """The name people use in a table: the short one, or in English the only one there is."""
        return self.label if self.label == self.name_en else self.short_name or self.name


UNIT_ACTS = {
    "created": _("设立"),
    "renamed": _("更名"),
    "moved": _("调整隶属"),
    "merged": _("并入其他单位"),
    "closed": _("撤销"),
    "reopened": _("恢复"),
}


class UnitVersion(InForce):
    """What a unit was called and where it stood from a day to a day; ``act`` is what began it."""

    unit = models.ForeignKey(Unit, models.CASCADE, verbose_name=_("单位"), related_name="history")
    act = models.CharField(_("变更"), max_length=20, choices=list(UNIT_ACTS.items()))
    name = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    short_name = models.CharField(_("简称"), max_length=60, blank=True)
    parent = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("上级单位"), related_name="+"
    )
    reason = models.CharField(_("变更原因"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("单位沿革")
        verbose_name_plural = _("单位沿革")
        ordering: ClassVar = [F("valid_from").asc(nulls_first=True), "pk"]

    def __str__(self) -> str:
        return self.name


class PersonQuerySet(ScopedQuerySet["Person"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Everybody looks people up; who may change a unit's people changes those with posts (and roles) in it alone."""
        if action == "view":
            return EVERYTHING if by.is_known else NOTHING
        reach = by.reach("orgs.person.change")
        if reach.everywhere:
            return EVERYTHING
        if not reach:
            return NOTHING
        here = Q(pk__in=Membership.objects.filter(unit__in=reach.units).values("person"))
        beyond = Q(pk__in=_posted_beyond(reach)) | Q(user__isnull=False, user__in=_granted_beyond(reach))
        return here & ~beyond


class Person(Versioned):
    """A person who may hold posts, with or without an account (leaders often have none)."""

    name = models.CharField(_("姓名"), max_length=100)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("账号"),
        related_name="person",
    )
    note = models.CharField(_("说明"), max_length=300, blank=True)
    is_demo = models.BooleanField(_("演示人员"), default=False, editable=False)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("person", args=[self.pk])


class Membership(InForce):
    """A person's post in a unit; the unit's “first hand” (一把手) is marked (clause 1.5).

    The unit of the ``is_main`` post is the one a person with several posts is shown under.
    """

    person = models.ForeignKey(Person, models.CASCADE, verbose_name=_("人员"), related_name="memberships")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("单位"), related_name="memberships")
    position = models.CharField(_("职务"), max_length=100)
    is_first_hand = models.BooleanField(_("主要领导（“一把手”）"), default=False)
    is_main = models.BooleanField(_("主要任职"), default=True)

    class Meta:
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(is_first_hand=True, valid_to=None), name="orgs_one_first_hand",
                violation_error_message=_("这个单位已有主要领导，请先结束其任职。"),
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(is_main=True, valid_to=None), name="orgs_one_main_post",
                violation_error_message=_("此人已有主要任职，请把新的任职登记为兼任。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person} {self.position}"


BODY_KINDS = {
    "leader_group": _("领导小组"),
    "group": _("工作组"),
    "office": _("办公室"),
    "lead_group": _("各单位领导小组"),
}

SEAT_KINDS = {
    "head": _("组长"),
    "first_deputy": _("第一副组长"),
    "deputy": _("副组长"),
    "member": _("成员"),
    "office_head": _("办公室主任"),
}


class BodyQuerySet(DirectoryQuerySet):
    change_permission = "orgs.body.change"
    unit_path = "unit"


class Body(Versioned, Bilingual, InForce):
    """A body of the policy with seats: the leader group, its groups, a unit's own lead group (clauses 1.1–1.5)."""

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    kind = models.CharField(_("类别"), max_length=20, choices=list(BODY_KINDS.items()))
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("所属单位"), related_name="bodies")
    clause = models.CharField(_("政策条款"), max_length=20, blank=True)
    duty = models.TextField(_("职责"), blank=True)
    duty_en = models.TextField(_("职责（英文）"), blank=True)
    order = models.PositiveIntegerField(_("顺序"), default=0)
    source = models.CharField(_("依据"), max_length=200, blank=True)

    objects = BodyQuerySet.as_manager()

    class Meta:
        verbose_name = _("领导机构")
        verbose_name_plural = _("领导机构")
        ordering: ClassVar = ["order", "code"]

    def get_absolute_url(self) -> str:
        return reverse("body", args=[self.pk])

    @property
    def duty_text(self) -> str:
        """The duty in the reader's language."""
        return Unit(name=self.duty, name_en=self.duty_en).label


class Seat(InForce):
    """A place in a body, by the position that holds it; one that ``is_shared`` has several holders at a time."""

    body = models.ForeignKey(Body, models.CASCADE, verbose_name=_("领导机构"), related_name="seats")
    kind = models.CharField(_("席位"), max_length=20, choices=list(SEAT_KINDS.items()))
    position = models.CharField(_("由谁担任"), max_length=200)
    position_en = models.CharField(_("由谁担任（英文）"), max_length=300, blank=True)
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("单位"), related_name="seats"
    )
    is_shared = models.BooleanField(_("由多人担任"), default=False)
    order = models.PositiveIntegerField(_("顺序"), default=0)
    source = models.CharField(_("依据"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("席位")
        verbose_name_plural = _("席位")
        ordering: ClassVar = ["order", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["body", "position"], name="orgs_seat_once")]

    def __str__(self) -> str:
        return self.position

    @property
    def label(self) -> str:
        """The position in the reader's language."""
        return Unit(name=self.position, name_en=self.position_en).label


class SeatTerm(InForce):
    """Who holds a seat, from a day to a day."""

    seat = models.ForeignKey(Seat, models.CASCADE, verbose_name=_("席位"), related_name="terms")
    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("人员"), related_name="seat_terms")

    class Meta:
        verbose_name = _("席位任期")
        verbose_name_plural = _("席位任期")
        ordering: ClassVar = [F("valid_from").asc(nulls_first=True), "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["seat", "person"], condition=Q(valid_to=None), name="orgs_term_once",
                violation_error_message=_("此人已在这个席位上。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person} · {self.seat}"


class AccountQuerySet(ScopedQuerySet["Account"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Accounts of the units for which the actor assigns roles (to view) or keeps accounts (to change).

        Kept is an account by whoever reaches all its posts and roles in force: giving it one does not win it.
        """
        reach = by.reach("orgs.user.change")
        if action == "view":
            reach |= by.reach("orgs.role.assign") | by.reach("orgs.user.invite")
        if reach.everywhere:
            return EVERYTHING
        if not reach:
            return NOTHING
        posted = (
            Membership.objects.filter(unit__in=reach.units).exclude(person__user=None).values("person__user")
        )
        granted = RoleGrant.objects.filter(unit__in=reach.units).values("user")
        here = Q(pk__in=posted) | Q(pk__in=granted)
        return (
            here
            if action == "view"
            else here & ~Q(pk__in=_granted_beyond(reach)) & ~Q(person__in=_posted_beyond(reach))
        )


class Account(User):
    """An account as those who keep accounts see it: through the units of its person."""

    objects = AccountQuerySet.as_manager()  # type: ignore[misc,assignment]

    class Meta:
        proxy = True
        verbose_name = _("账号")
        verbose_name_plural = _("账号")

    def get_absolute_url(self) -> str:
        return reverse("account", args=[self.pk])

    def as_user(self) -> User:
        """Return the plain account, under whose name events are recorded."""
        return User.objects.get(pk=self.pk)


class RoleQuerySet(ScopedQuerySet["Role"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Everybody may read what a role allows; the profile alone changes it."""
        return EVERYTHING if action == "view" and by.is_known else NOTHING


class Role(Versioned, Bilingual):
    """A named set of permissions, from the profile.

    ``assigns`` names the roles that a holder may hand out at his unit though he lacks their permissions: an administrator
    does no business of his own. ``unit_kinds`` are the kinds of unit the role is meant for (empty: any).
    """

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    description = models.CharField(_("说明"), max_length=300, blank=True)
    description_en = models.CharField(_("说明（英文）"), max_length=300, blank=True)
    permissions = models.JSONField(_("权限"), default=list)
    assigns = models.JSONField(_("可授予的角色"), default=list, blank=True)
    unit_kinds = models.JSONField(_("适用的单位类别"), default=list, blank=True)
    is_closed = models.BooleanField(_("已停用"), default=False)
    order = models.PositiveIntegerField(_("顺序"), default=0)

    objects = RoleQuerySet.as_manager()

    class Meta:
        verbose_name = _("角色")
        verbose_name_plural = _("角色")
        ordering: ClassVar = ["order", "code"]

    def get_absolute_url(self) -> str:
        return reverse("roles")

    @property
    def description_text(self) -> str:
        """What the role is for, in the reader's language."""
        return Unit(name=self.description, name_en=self.description_en).label


class GrantQuerySet(ScopedQuerySet["RoleGrant"]):
    def scope(self, by: Actor, action: str) -> Q:
        return within(by.reach("orgs.role.assign"), "unit")


class RoleGrant(InForce):
    """A role that an account holds for a unit and all below it, from a day to a day."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("账号"), related_name="role_grants"
    )
    role = models.ForeignKey(Role, models.PROTECT, verbose_name=_("角色"), related_name="grants")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("单位"), related_name="role_grants")
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("授予人"),
        related_name="+",
    )
    granted_at = models.DateTimeField(_("授予时间"), auto_now_add=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("角色授予")
        verbose_name_plural = _("角色授予")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "role", "unit"], condition=Q(valid_to=None), name="orgs_grant_once",
                violation_error_message=_("该账号已在这个单位担任这个角色。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user} · {self.role} · {self.unit}"


class InvitationQuerySet(ScopedQuerySet["Invitation"]):
    def scope(self, by: Actor, action: str) -> Q:
        return within(by.reach("orgs.user.invite"), "unit")


class Invitation(models.Model):
    """A one-time link with which a person makes his own account; only the hash of its secret is kept."""

    token_hash = models.CharField(_("密钥摘要"), max_length=64, unique=True, editable=False)
    name = models.CharField(_("姓名"), max_length=100)
    username = models.CharField(_("用户名"), max_length=150)
    email = models.EmailField(_("电子邮箱"), blank=True)
    position = models.CharField(_("职务"), max_length=100, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("单位"), related_name="+")
    roles: models.ManyToManyField[Role, models.Model] = models.ManyToManyField(
        Role, verbose_name=_("角色"), related_name="+"
    )
    # Never emptied: without an inviter a link gives its roles on behalf of the system (the first run).
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("邀请人"),
        related_name="+",
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("建立的账号"),
        related_name="+",
    )
    created_at = models.DateTimeField(_("发出时间"), auto_now_add=True)
    expires_at = models.DateTimeField(_("到期时间"))
    used_at = models.DateTimeField(_("使用时间"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("邀请")
        verbose_name_plural = _("邀请")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("invitation-revoke", args=[self.pk])


def in_force(day: date, path: str = "") -> Q:
    """Return the Q of rows reached over ``path`` that are in force on ``day``."""
    at = f"{path}__" if path else ""
    begun = Q(**{f"{at}valid_from": None}) | Q(**{f"{at}valid_from__lte": day})
    return begun & (Q(**{f"{at}valid_to": None}) | Q(**{f"{at}valid_to__gte": day}))


def _granted_beyond(reach: Reach) -> QuerySet[Any, Any]:
    """Return the accounts that hold a role today outside the reach."""
    today = timezone.localdate()
    return RoleGrant.objects.filter(in_force(today)).exclude(unit__in=reach.units).values("user")


def _posted_beyond(reach: Reach) -> QuerySet[Any, Any]:
    """Return the people who hold a post today outside the reach."""
    today = timezone.localdate()
    return Membership.objects.filter(in_force(today)).exclude(unit__in=reach.units).values("person")
