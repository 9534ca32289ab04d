"""The list of the group robots: its filter and its table."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core.filters import ScopedFilterSet
from yinfeng.core.tables import Column, Table, moment
from yinfeng.duties.models import Bot
from yinfeng.duties.models.bots import KINDS


class BotFilter(ScopedFilterSet):
    main = ("name", "channel")
    name = django_filters.CharFilter(label=_("名称"), lookup_expr="icontains")
    channel = django_filters.ChoiceFilter(label=_("平台"), choices=list(KINDS.items()))


class BotTable(Table):
    columns = (
        Column("name", _("名称"), lambda bot: bot.name),
        Column("unit", _("单位"), lambda bot: bot.unit.brief),
        Column("channel", _("平台"), lambda bot: bot.get_channel_display()),
        Column("mark", _("识别码"), lambda bot: f"…{bot.mark}"),
        Column("created", _("创建时间"), lambda bot: moment(bot.created_at)),
    )

    def fetch(self, queryset: QuerySet[Bot]) -> QuerySet[Bot]:
        return queryset.select_related("unit")

    def url(self, obj: Bot) -> str:
        return reverse("bot-test", args=[obj.pk])
