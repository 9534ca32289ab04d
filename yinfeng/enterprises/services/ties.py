"""Who of ours knows whom in an enterprise: noted, corrected, taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Invalid
from yinfeng.core.scopes import demand
from yinfeng.core.services import insert, write_edit
from yinfeng.enterprises.models import Enterprise, Tie
from yinfeng.enterprises.services.presence import hold

Values = Mapping[str, Any]
TIE_FIELDS = ("kind", "person", "name", "whom", "source", "noted_date")
RELATE = "enterprises.relation.change"


def _settled(values: Values) -> dict[str, Any]:
    """Return the values in stored form: a person of the units lends the tie the name; Invalid without either."""
    kept = {name: values[name] for name in TIE_FIELDS if name in values}
    if kept.get("person") is not None:
        kept["name"] = kept["person"].name
    elif "name" in kept:
        kept["name"] = " ".join(str(kept["name"]).split())
        if not kept["name"]:
            sentence = _("请选择我方人员，或填写投资顾问的姓名。")
            raise Invalid(sentence, fields={"name": [sentence]})
    return kept


def _log(by: Actor, what: str, tie: Tie, note: str = "", fields: Iterable[str] = ()) -> None:
    """Record an act on a tie; of the name only its beginning, because everybody who sees the firm reads its timeline."""
    labels = "、".join(str(Tie._meta.get_field(name).verbose_name) for name in fields)  # type: ignore[union-attr]
    text = f"{tie.get_kind_display()} {tie.name[:1]}** {labels}".strip()
    events.record(
        by=by,
        verb=f"enterprises.tie.{what}",
        obj=tie.enterprise,
        note=note,
        data={"text": text, "tie": tie.pk},
    )


@transaction.atomic
def add_tie(*, by: Actor, enterprise: Enterprise, values: Values, is_demo: bool = False) -> Tie:
    """Note that a person of ours knows somebody in an enterprise, as the actor's unit's entry.

    ``person`` is one of the units' people; without, ``name`` says who it is, as with an advisor from outside.
    """
    hold(enterprise)
    by.require_at(RELATE, by.unit_id, _("您没有记录人脉的权限。"))
    demand(enterprise, by, "relate", _("您没有记录人脉的权限。"))
    if by.unit_id is None:
        raise Invalid(_("人脉由录入单位维护，而您不在任何单位任职，所以不能添加。"))
    tie = Tie(enterprise=enterprise, unit_id=by.unit_id, is_demo=is_demo, **_settled({"name": "", **values}))
    insert(tie)
    _log(by, "added", tie)
    return tie


@transaction.atomic
def change_tie(*, by: Actor, tie: Tie, version: int, values: Values) -> Tie:
    """Edit a tie on the version the person saw."""
    demand(tie, by, "change", _("人脉由录入单位维护，您没有修改的权限。"))
    if changes := write_edit(tie, _settled(values), version):
        _log(by, "changed", tie, fields=changes)
    return tie


@transaction.atomic
def remove_tie(*, by: Actor, tie: Tie, reason: str) -> None:
    """Take a tie back, saying why: what one knows of people is not kept longer than it holds."""
    demand(tie, by, "change", _("人脉由录入单位维护，您没有删除的权限。"))
    _log(by, "removed", tie, reason)
    tie.delete()
