"""Decisions at gates over the API."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.api import MOVE, MoveInput, Moving, NestedViewSet, ScopedViewSet, Strict, Upload, act
from yinfeng.core.api_common import FileSerializer
from yinfeng.meetings import gating, queries, services
from yinfeng.meetings.api_meetings import InSight
from yinfeng.meetings.filters_gates import DecisionFilter
from yinfeng.meetings.lifecycle_gates import GATE
from yinfeng.meetings.models import GateDecision, Resolution
from yinfeng.projects.models import Project

VIEW = "projects.project.view"


class GateDecisionSerializer(serializers.ModelSerializer[GateDecision]):
    """What a body decided about a project at a gate; names stand as they were on the day."""

    evidence = FileSerializer(read_only=True, allow_null=True)

    class Meta:
        model = GateDecision
        fields: ClassVar = [
            "id", "project", "chain", "chain_name", "gate", "gate_name", "body", "state", "decided_date", "document", "opinion",
            "resolution", "evidence", "recorded_by", "recorded_at", "undone_reason", "undone_by", "undone_at", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class GateDecisionInput(Strict):
    """What was decided at the gate whose turn it is: ``outcome`` is passed (with the document) or refused (with the reason).

    ``resolution``: what the body of the gate decided about the project on ``decided_date``, where it met in this product.
    """

    gate = serializers.CharField(max_length=40)
    outcome = serializers.ChoiceField(
        choices=[(code, gating.DECISION_STATES[code]) for code in (gating.PASSED, gating.REFUSED)]
    )
    decided_date = serializers.DateField()
    document = serializers.CharField(max_length=200)
    opinion = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    resolution = InSight(queryset=Resolution.objects.all(), required=False)
    evidence = Upload(required=False)


class StepSerializer(serializers.Serializer[Any]):
    """A gate as it stands for the project: passed, open (its turn) or after one that is not passed."""

    gate = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=[gating.PASSED, queries.OPEN, queries.AFTER])
    decision = serializers.IntegerField(allow_null=True)


class ChainSerializer(serializers.Serializer[Any]):
    """The chain that applies to the project and why; ``code`` is empty where none does or it cannot be said."""

    code = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    before_stage = serializers.CharField(allow_blank=True)
    steps = StepSerializer(many=True)


class ProjectDecisions(NestedViewSet):
    """What bodies decided about a project, undone decisions too."""

    parent, model = Project, GateDecision
    permission = VIEW
    serializer_class = GateDecisionSerializer
    parser_classes = (MultiPartParser,)
    ordering = ("-decided_date", "-pk")

    def belonging(self, parent: Project) -> QuerySet[GateDecision]:
        return queries.gate_decisions(parent)

    @act(GateDecisionInput, GateDecisionSerializer, needs=gating.GATE, status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> GateDecision:
        """Record what the body of the gate decided whose turn it is."""
        file, outcome = given.pop("evidence", None), given.pop("outcome")
        record = services.pass_gate if outcome == gating.PASSED else services.refuse_gate
        return record(by=self.by, project=parent, file=file, name=file.name if file else "", **given)

    @extend_schema(responses=ChainSerializer)
    @action(detail=False, pagination_class=None)
    def chain(self, request: Request, parent: str = "") -> Response:
        """Tell which chain of bodies decides about the project, and how far it has come."""
        (project,) = self.subject("view")
        applied = queries.chain_of(project, timezone.localdate())
        chain = applied.chain
        steps = queries.steps_of(chain, queries.decisions_of(project)) if chain else []
        told = {
            "code": chain.code if chain else "",
            "name": chain.label if chain else "",
            "reason": applied.reason,
            "before_stage": chain.before_stage if chain else "",
            "steps": [
                {"gate": step.gate.code, "name": step.gate.label, "state": step.state,
                 "decision": step.passed.pk if step.passed else None}
                for step in steps
            ],
        }  # fmt: skip
        return Response(ChainSerializer(told).data)


class DecisionViewSet(Moving, ScopedViewSet):
    """Decisions about all projects one sees."""

    model = GateDecision
    permission = VIEW
    serializer_class = GateDecisionSerializer
    filterset_class = DecisionFilter
    lifecycles = (GATE,)
    queryset = GateDecision.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("evidence__uploaded_by")

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, GateDecisionSerializer, versioned=True)
    def move(self, decision: GateDecision, version: int, given: dict[str, Any], move: str) -> GateDecision:
        """Undo a decision that was recorded wrongly, with the reason."""
        GATE.check(decision, move, self.by)
        return services.undo_decision(by=self.by, decision=decision, version=version, **given)
