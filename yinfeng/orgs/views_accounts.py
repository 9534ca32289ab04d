"""The page of a one-time invitation link, where a person chooses a password and gets an account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.errors import DomainError
from yinfeng.core.forms import Styled
from yinfeng.core.web import PUBLIC, Page
from yinfeng.orgs import services
from yinfeng.orgs.models import Invitation

BACKEND = "yinfeng.core.signin.Backend"


class AcceptForm(Styled):
    password = forms.CharField(
        label=gettext_lazy("密码"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )
    again = forms.CharField(
        label=gettext_lazy("再输入一次"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password") != data.get("again"):
            self.add_error("again", _("两次输入的密码不一致。"))
        return data


class AcceptInvitation(Page):
    """Anybody who holds the link may use it, once."""

    permission = PUBLIC
    template_name = "account/accept.html"
    title = gettext_lazy("设置密码")

    def get(self, request: HttpRequest, secret: str) -> HttpResponse:
        return self.page(services.open_invitation(secret, timezone.now()), AcceptForm())

    def post(self, request: HttpRequest, secret: str) -> HttpResponse:
        now = timezone.now()
        invitation = services.open_invitation(secret, now)
        form = AcceptForm(request.POST)
        if form.is_valid():
            try:
                address = request.META.get("REMOTE_ADDR", "")[:64]
                user = services.accept_invitation(
                    secret=secret, password=form.cleaned_data["password"], now=now, address=address
                )
            except DomainError as error:
                for text in error.fields.get("password", [error.sentence]):
                    form.add_error("password", str(text))
            else:
                login(request, user, backend=BACKEND)
                return HttpResponseRedirect(reverse("home"))
        return self.page(invitation, form, status=422)

    def page(self, invitation: Invitation, form: AcceptForm, status: int = 200) -> HttpResponse:
        context = {
            "name": invitation.name,
            "unit": invitation.unit.label,
            "username": invitation.username,
            "form": form,
        }
        return self.render(context, status=status)
