"""The firm that was registered for a project (注册企业): its name and code are typed, its record is the library's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Invalid
from yinfeng.enterprises import services as library
from yinfeng.enterprises.services import hold
from yinfeng.projects import facts, lifecycle, stages
from yinfeng.projects.models import Project

TYPED = ("registered_name", "registered_code")


def with_registered_firm(
    by: Actor, values: Mapping[str, Any], project: Project | None = None
) -> dict[str, Any]:
    """Return ``values`` with the record of the registered firm for the name and code that were typed, both or none.

    A firm that the library has not yet is entered there in the same act (``library.settle_licence``).
    """
    found = dict(values)
    if not any(name in found for name in TYPED):
        return found
    name, code = (str(found.pop(typed, "") or "").strip() for typed in TYPED)
    if not name and not code:
        return found | {"registered_firm": None}
    known = project.registered_firm if project is not None else None
    if known is not None and (name, code) == (known.name, known.uscc or ""):
        return found
    source = _("项目 %(code)s 的营业执照") % {"code": project.code} if project else ""
    try:
        firm = library.settle_licence(
            by=by, name=name, code=code, source=source, is_demo=project is not None and project.is_demo
        )
    except Invalid as error:
        typed = dict(zip(("name", "uscc"), TYPED, strict=True))
        told = {typed.get(field, field): texts for field, texts in error.fields.items()}
        raise Invalid(error.sentence, fields=told) from error
    hold(firm)
    return found | {"registered_firm": firm}


def keep_registered_firm(project: Project, values: Mapping[str, Any]) -> None:
    """Keep the registered firm as it was when somebody else verified it, or while somebody may be about to.

    What was reversed may name another one before it is claimed anew.
    """
    if "registered_firm" not in values or project.registered_firm_id is None:
        return
    if getattr(values["registered_firm"], "pk", None) == project.registered_firm_id:
        return
    found = lifecycle.situation(project)
    if stages.REGISTERED in found.waiting:
        told = _("业绩申报正在核验，“%(field)s”暂不能改。")
    elif stages.reached(project.stage, stages.REGISTERED) and stages.REGISTERED not in found.undone:
        told = _(
            "“%(field)s”在注册时核验过，不能再改。记错的，先由领导小组办公室冲销注册业绩，改正后重新申报。"
        )
    else:
        return
    sentence = told % {"field": facts.field_of("registered_firm").verbose_name}
    raise Invalid(sentence, fields={TYPED[0]: [sentence]})
