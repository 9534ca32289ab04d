"""The firm that a licence names: found in the library by its code, completed there, or entered."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Invalid, Sentence
from yinfeng.enterprises import naming, uscc
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.services.presence import hold
from yinfeng.enterprises.services.records import add_enterprise, change_enterprise


@transaction.atomic
def settle_licence(*, by: Actor, name: str, code: str, source: str = "", is_demo: bool = False) -> Enterprise:
    """Return the record of the firm whose licence (营业执照) bears a name and a 统一社会信用代码, entered if it is new.

    The code decides: a record that has it and is or was called so is the firm; one of that name without a code gets it.
    Nobody is asked about look-alikes, for a licence leaves no doubt. A code is checked as in the library: refused is what can be
    none, a wrong check character is kept (FACTS §3.1). Invalid on ``name`` or ``uscc`` when name and code do not go together,
    or when the person may not enter or complete the record.
    """
    name, code = " ".join(name.split()), uscc.normalise_uscc(code)
    if not name:
        raise _refusal("name", _("请填写营业执照上的名称。"))
    if not code:
        raise _refusal("uscc", _("请填写营业执照上的统一社会信用代码。"))
    if (verdict := uscc.check(code)).level == "malformed":
        raise _refusal("uscc", " ".join(verdict.sentences))
    if not by.may("enterprises.enterprise.view"):
        raise _refusal("name", _("您没有查看企业库的权限，请由有权的同事填写。"))
    key = naming.parse(name).key
    holder = Enterprise.objects.filter(uscc=code).first()
    if holder is not None:
        if key != holder.name_key and not holder.former_names.filter(name_key=key).exists():
            told = _(
                "企业库中这个代码属于“%(name)s”，请核对名称和代码。改过名的企业，请先在企业库中登记新名称。"
            )
            raise _refusal("name", told % {"name": holder.name})
        hold(holder)
        return holder
    twin = Enterprise.objects.filter(name_key=key, country="CN").first()
    if twin is None:
        if not by.may("enterprises.enterprise.add"):
            raise _refusal("name", _("企业库中没有这家企业，您没有录入企业的权限，请先由有权的同事录入。"))
        values = {"name": name, "uscc": code, "country": "CN", "source": source}
        return add_enterprise(by=by, values=values, is_demo=is_demo)
    if twin.uscc:
        known = {"name": twin.name, "code": twin.uscc}
        raise _refusal("uscc", _("企业库中“%(name)s”的代码是 %(code)s，请核对。") % known)
    if not by.may("enterprises.enterprise.change"):
        told = _("企业库中“%(name)s”还没有代码，您没有修改企业的权限，请先由有权的同事补上。")
        raise _refusal("uscc", told % {"name": twin.name})
    return change_enterprise(by=by, enterprise=twin, version=twin.version, values={"uscc": code})


def _refusal(field: str, sentence: Sentence) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})
