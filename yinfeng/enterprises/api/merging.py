"""Doubts and mergers over the API: merge, undo, the list of doubts, tell apart."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from yinfeng.core.api import ObjectViewSet, Resource, ScopedViewSet, Strict, act
from yinfeng.core.errors import Missing
from yinfeng.enterprises import queries, services
from yinfeng.enterprises.filters.merging import DoubtFilter, MergingFilter
from yinfeng.enterprises.models import NAME_KINDS, Doubt, Enterprise, Merging

SIDES = (services.KEPT, services.GONE)


class AnEnterprise(serializers.PrimaryKeyRelatedField[Enterprise]):
    """The number of an enterprise that the caller may see."""

    def get_queryset(self) -> Any:
        view = self.context.get("view")
        known = isinstance(view, Resource) and not view.is_described
        return Enterprise.objects.permitted(view.by) if known else Enterprise.objects.none()  # type: ignore[union-attr]


class Why(Strict):
    """Why two records are made one, or parted again."""

    reason = serializers.CharField(max_length=300)


class MergeInput(Why):
    """Of which enterprise (``into``, at the version you read) the one of the address is to become part.

    ``choices`` says of differing fields whose value stays: “kept” (of ``into``) or “gone” (of the address). A field that is
    not named keeps the value of ``into``, unless that is empty. Of two different codes one must be chosen.
    """

    into = AnEnterprise(queryset=Enterprise.objects.none())
    into_version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    choices = serializers.DictField(child=serializers.ChoiceField(choices=SIDES), required=False)
    name_kind = serializers.ChoiceField(choices=list(NAME_KINDS), required=False)


class TellApart(Why):
    """Which other enterprise the one of the address is not."""

    other = AnEnterprise(queryset=Enterprise.objects.none())


class MergedAway(serializers.Serializer[Any]):
    """Where an enterprise is found that became part of another one."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    enterprise = serializers.IntegerField()


MERGED_AWAY = OpenApiResponse(MergedAway, description="It became part of another enterprise; see Location.")


class Mergeable(ObjectViewSet):
    """What can be done about an enterprise that the library has twice."""

    def retrieve(self, request: Request, pk: str = "") -> Response:
        """Read an enterprise; one that became part of another answers 302 with the address of that."""
        try:
            return super().retrieve(request, pk)
        except Missing:
            merging = queries.merged_into(int(pk))
            if merging is None:
                raise
        names = {"gone": merging.gone_name, "kept": merging.kept.name}
        told = {
            "code": "merged",
            "sentence": _("“%(gone)s”已并入“%(kept)s”。") % names,
            "enterprise": merging.kept_id,
        }
        return Response(
            told, status=302, headers={"Location": reverse("api-enterprises-detail", args=[merging.kept_id])}
        )

    @action(detail=True, methods=["post"])
    @act(MergeInput, needs="merge", versioned=True)
    def merge(self, row: Enterprise, version: int, given: dict[str, Any]) -> Enterprise:
        """Make the enterprise part of another one; answers with that."""
        merging = services.merge(
            by=self.by, kept=given["into"], gone=row, versions=(given["into_version"], version),
            choices=given.get("choices", {}), reason=given["reason"],
            name_kind=given.get("name_kind", "alternative"),
        )  # fmt: skip
        return merging.kept

    @action(detail=True, methods=["post"])
    @act(TellApart, needs="merge", status=204)
    def tell_apart(self, row: Enterprise, given: dict[str, Any]) -> None:
        """Find that the enterprise and another one are two: the pair is not asked about again."""
        services.tell_apart(by=self.by, one=row, other=given["other"], reason=given["reason"])


class DoubtSerializer(serializers.ModelSerializer[Doubt]):
    """Two enterprises that may be one; ``one`` is the older record, ``score`` lies between 0 and 1."""

    one_name = serializers.CharField(source="one.name", read_only=True)
    other_name = serializers.CharField(source="other.name", read_only=True)

    class Meta:
        model = Doubt
        fields = (
            "id", "one", "one_name", "other", "other_name", "score", "reason", "state", "version", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class DoubtViewSet(ScopedViewSet):
    """Pairs of enterprises that may be one, for those who decide."""

    model = Doubt
    permission = "enterprises.enterprise.merge"
    serializer_class = DoubtSerializer
    filterset_class = DoubtFilter
    queryset = Doubt.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("one", "other")


class MergingSerializer(serializers.ModelSerializer[Merging]):
    """A merger: which enterprise was kept, the number and name of the one that became part of it, until when it can be undone."""

    kept_name = serializers.CharField(source="kept.name", read_only=True)
    undo_until = serializers.SerializerMethodField()

    class Meta:
        model = Merging
        fields = (
            "id", "kept", "kept_name", "gone_id", "gone_name", "reason", "state", "merged_at", "undo_until", "version",
        )  # fmt: skip
        read_only_fields: ClassVar = fields

    def get_undo_until(self, row: Merging) -> str:
        return queries.undo_until(row).isoformat()


class MergingViewSet(ScopedViewSet):
    """The mergers of the library."""

    model = Merging
    permission = "enterprises.enterprise.view"
    serializer_class = MergingSerializer
    filterset_class = MergingFilter
    queryset = Merging.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("kept")

    @action(detail=True, methods=["post"])
    @act(Why, MergingSerializer, needs="undo", versioned=True)
    def undo(self, row: Merging, version: int, given: dict[str, Any]) -> Merging:
        """Undo a merger in its time; the enterprise is there again under its old number."""
        services.undo_merging(by=self.by, merging=row, reason=given["reason"], version=version)
        row.refresh_from_db()
        return row
