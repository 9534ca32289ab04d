"""Planned projects over the API: the desk's filters, scopes, lifecycle and services."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.api import (
    MOVE,
    Currency,
    MoveInput,
    Moving,
    NestedViewSet,
    ObjectViewSet,
    Reason,
    Strict,
    StrictModel,
    act,
    money_of,
)
from yinfeng.core.api_common import FilesViewSet
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.api import ProjectSerializer, answers
from yinfeng.projects.lists_proposals import ProposalFilter
from yinfeng.projects.models import Partner, Project, Proposal

VIEW, CHANGE = "projects.proposal.view", "projects.proposal.change"


class ProposalSerializer(StrictModel):
    """A planned project; amounts are yuan. Unusual ones are questioned until ``confirm_amounts`` says that they are right;
    below the threshold of its industry, ``exception`` says why all the same."""

    moved = ("state",)
    confirm_amounts = serializers.BooleanField(required=False, write_only=True)

    class Meta:
        model = Proposal
        fields: ClassVar = [
            "id", "title", "planning_unit", "chain", "industry", "host_unit", "area", "site", "content", "rationale", "return_mechanism",
            "estimated", "fixed_investment", "land_mu", "exception", "state", "collected_date", "checked_date", "proposed_by",
            "argued_by", "argued_date", "opinion", "version", "created_at", "updated_at", "is_demo", "confirm_amounts",
        ]  # fmt: skip
        read_only_fields: ClassVar = [
            "id", "state", "collected_date", "checked_date", "proposed_by", "argued_by", "argued_date", "opinion", "version",
            "is_demo",
        ]  # fmt: skip


class PartnerSerializer(serializers.ModelSerializer[Partner]):
    """A firm with which a planned project is to be done; ``project`` is there when one came of it that the caller sees."""

    project = serializers.SerializerMethodField()
    has_project = serializers.SerializerMethodField()

    class Meta:
        model = Partner
        fields: ClassVar = ["id", "enterprise", "reason", "has_project", "project"]
        read_only_fields: ClassVar = fields

    def get_has_project(self, partner: Partner) -> bool:
        return queries.is_told(partner)

    def get_project(self, partner: Partner) -> int | None:
        return partner.project_id if getattr(partner, "sees_project", False) else None


class PartnerInput(Strict):
    """A firm of the library, and why this one."""

    enterprise = serializers.PrimaryKeyRelatedField(queryset=Enterprise.objects.all())
    reason = serializers.CharField(max_length=500)


class GenerateInput(Strict):
    """A project made of a proposal with the partner of that number; ``intended`` in whole units of ``currency``."""

    partner = serializers.IntegerField(min_value=1, max_value=10**18)
    name = serializers.CharField(max_length=80)
    intended = serializers.DecimalField(max_digits=18, decimal_places=2, min_value=Decimal("0.01"))
    currency = Currency()
    summary = serializers.CharField(max_length=2000, required=False)
    secrecy = serializers.ChoiceField(required=False, choices=list(stages.SECRECY.items()))
    despite = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    confirm_amounts = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["intended"] = money_of(attrs["intended"], attrs.pop("currency", "CNY"))
        return attrs


class PlannedByUnitSerializer(serializers.Serializer[Any]):
    """What a unit planned: how many stand in each state, their yuan, what became of them.

    ``conversion`` is the part of what was published of which projects came; ``late`` what should have been done with by now,
    ``stale`` what nobody looked at in the present period.
    """

    unit = serializers.IntegerField()
    name = serializers.CharField()
    counts = serializers.DictField(child=serializers.IntegerField())
    amount = serializers.DecimalField(max_digits=20, decimal_places=2)
    projects = serializers.IntegerField()
    conversion = serializers.DecimalField(max_digits=5, decimal_places=4, allow_null=True)
    late = serializers.IntegerField()
    stale = serializers.IntegerField()


class ProposalViewSet(Moving, ObjectViewSet):
    """Planned projects: what the city wants before anybody invests."""

    model = Proposal
    permission = VIEW
    serializer_class = ProposalSerializer
    filterset_class = ProposalFilter
    lifecycles = (lifecycle.PROPOSAL,)
    queryset = Proposal.objects.none()

    @act(ProposalSerializer, permission=CHANGE, status=201)
    def create(self, given: dict[str, Any]) -> Proposal:
        """Propose a project that the city wants."""
        confirmed = given.pop("confirm_amounts", False)
        return services.propose(by=self.by, values=given, confirmed=confirmed)

    @act(ProposalSerializer, needs="change", versioned=True)
    def partial_update(self, proposal: Proposal, version: int, given: dict[str, Any]) -> Proposal:
        """Edit a proposal on the version named by If-Match, by which it is looked at too; one that was published is argued
        again when anything changes of what it was argued about (all but title, planning unit and chain)."""
        confirmed = given.pop("confirm_amounts", False)
        return services.change_proposal(
            by=self.by, proposal=proposal, version=version, values=given, confirmed=confirmed
        )

    @extend_schema(responses=PlannedByUnitSerializer(many=True))
    @action(detail=False, pagination_class=None, filter_backends=[])
    def units(self, request: Request) -> Response:
        """Say what each unit planned, of what the caller sees, and how much of it became projects."""
        found = queries.planned_by_unit(self.by, timezone.localdate())
        return Response(PlannedByUnitSerializer(found, many=True).data)

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, ProposalSerializer, versioned=True)
    def move(self, proposal: Proposal, version: int, given: dict[str, Any], move: str) -> Proposal:
        """Submit, publish, send back, confirm, take off or collect again; “generate” is posted to ``generate/``."""
        return services.move_proposal(by=self.by, proposal=proposal, move=move, version=version, **given)

    @action(detail=True, methods=["post"])
    @act(
        GenerateInput, ProjectSerializer, needs="generate", permission="projects.project.add", status=201, versioned=True
    )  # fmt: skip
    def generate(self, proposal: Proposal, version: int, given: dict[str, Any]) -> Project:
        """Make a project of a published proposal, as it was read, with one of its partners."""
        partner = given.pop("partner")
        return services.generate_project(
            by=self.by, proposal=proposal, partner=partner, version=version, **answers(given), values=given
        )


class ProposalFiles(FilesViewSet):
    parent = Proposal
    permission = VIEW


class Partners(NestedViewSet):
    """The firms with which a planned project is to be done."""

    parent, model = Proposal, Partner
    permission = VIEW
    serializer_class = PartnerSerializer
    ordering = "pk"

    def belonging(self, parent: Proposal) -> QuerySet[Partner]:
        return queries.partners(parent, self.by)

    @act(PartnerInput, PartnerSerializer, needs="change", status=201)
    def create(self, parent: Proposal, given: dict[str, Any]) -> Partner:
        """Name a firm with which the project is to be done, and why this one."""
        return services.add_partner(by=self.by, proposal=parent, **given)

    @action(detail=True, methods=["post"])
    @act(Reason, needs="change", status=204)
    def remove(self, parent: Proposal, given: dict[str, Any]) -> None:
        """Take a firm off, saying why; not one with which a project was made."""
        services.remove_partner(by=self.by, proposal=parent, pk=int(self.kwargs["pk"]), **given)
