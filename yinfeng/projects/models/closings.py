"""Closing the books: from then on what the ledger said up to a day stays as it was."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet


class Books(models.Model):
    """The one row that whoever writes in the ledger holds: so nothing is entered into days that are being closed."""

    closed_until = models.DateField(_("已结账至"), null=True, blank=True)

    class Meta:
        verbose_name = _("账册")
        verbose_name_plural = _("账册")

    def __str__(self) -> str:
        return str(self.closed_until or "")


class ClosingQuerySet(ScopedQuerySet["Closing"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Closings are of the whole city: who sees projects everywhere sees them, who may close does it everywhere."""
        permission = {"view": "projects.project.view", "close": "projects.ledger.close"}.get(action)
        return EVERYTHING if permission and by.reach(permission).everywhere else NOTHING


class Closing(models.Model):
    """That the ledger was closed up to a day: how many entries it had, what they came to, and the digest of them all.

    ``sums``: kind → [projects, yuan as text]. Written once; ``yinfeng ledger verify`` works the digest out again.
    """

    until = models.DateField(_("结账至"), unique=True, error_messages={"unique": _("这一天已经结账。")})
    entries = models.PositiveIntegerField(_("记录数"))
    sums = models.JSONField(_("合计"), default=dict, blank=True)
    digest = models.CharField(_("摘要"), max_length=64)
    note = models.CharField(_("说明"), max_length=1000, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("结账人"), related_name="+"
    )
    closed_at = models.DateTimeField(_("结账时间"), default=clock.now, editable=False)

    objects = ClosingQuerySet.as_manager()

    class Meta:
        verbose_name = _("结账")
        verbose_name_plural = _("结账")

    def __str__(self) -> str:
        return str(self.until)

    def get_absolute_url(self) -> str:
        """Lead to the entries that were closed."""
        return f"{reverse('ledger')}?booked_date_before={self.until}"
