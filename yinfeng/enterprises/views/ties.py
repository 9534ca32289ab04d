"""Who of ours knows whom: noted on an enterprise's page by the unit that knows it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from yinfeng.core.forms import ReasonForm
from yinfeng.enterprises import services
from yinfeng.enterprises.forms.ties import TieForm
from yinfeng.enterprises.models import Enterprise, Tie
from yinfeng.enterprises.views.records import BesideEnterprise

RELATE = "enterprises.relation.change"


class AddTie(BesideEnterprise):
    permission = RELATE
    model = Enterprise
    action = "relate"
    form = TieForm
    title = gettext_lazy("记录人脉")

    def act(self, form: Any) -> Enterprise:
        services.add_tie(by=self.by, enterprise=self.object, values=form.values())
        return self.object  # type: ignore[no-any-return]


class EditTie(BesideEnterprise):
    permission = RELATE
    model = Tie
    form = TieForm
    template_name = "enterprises/tie.html"
    title = gettext_lazy("修改人脉")

    def initial(self) -> dict[str, Any]:
        shown = {name: getattr(self.object, name) for name in services.TIE_FIELDS}
        if shown["person"] is not None:  # the person has the name; a second one is for people of no unit
            shown["name"] = ""
        return super().initial() | shown

    def act(self, form: Any) -> Tie:
        version = form.cleaned_data["version"] or 0
        return services.change_tie(by=self.by, tie=self.object, version=version, values=form.values())

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"remove_url": reverse("tie-remove", args=[self.object.pk])}


class RemoveTie(BesideEnterprise):
    permission = RELATE
    model = Tie
    form = ReasonForm
    danger = True
    title = gettext_lazy("删除人脉")
    submit_label = gettext_lazy("删除")

    def act(self, form: Any) -> str:
        back = self.object.get_absolute_url()
        services.remove_tie(by=self.by, tie=self.object, reason=form.cleaned_data["reason"])
        return str(back)
