"""The enterprise library over the API: the desk's filters, scope and services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action

from yinfeng.core import queries as core
from yinfeng.core.api import (
    NestedViewSet,
    Readable,
    Reason,
    Resource,
    Strict,
    StrictModel,
    act,
    not_after_today,
)
from yinfeng.core.api_common import FilesViewSet
from yinfeng.core.crypto import mask_phone
from yinfeng.core.errors import Conflict, Missing
from yinfeng.core.scopes import rows
from yinfeng.enterprises import queries, services
from yinfeng.enterprises.api.merging import MERGED_AWAY, Mergeable
from yinfeng.enterprises.api.reading import Read
from yinfeng.enterprises.api.relations import Connected
from yinfeng.enterprises.filters.records import EnterpriseFilter
from yinfeng.enterprises.forms.records import ContactForm
from yinfeng.enterprises.models import Contact, Enterprise, FormerName, Relation

VIEW = "enterprises.enterprise.view"


class Tag(Strict):
    """A tag of the code table ``enterprise_tag``, with the year of the list it comes from, if it has one."""

    tag = serializers.CharField(max_length=40)
    year = serializers.IntegerField(min_value=1900, max_value=2200, required=False, allow_null=True)

    def validate_tag(self, tag: str) -> str:
        return known("enterprise_tag", tag)

    def to_representation(self, row: Any) -> dict[str, Any]:
        return {"tag": row.tag, "year": row.year or None}


class Tags(Strict):
    """All the tags that an enterprise is to have."""

    tags = Tag(many=True, max_length=100)  # type: ignore[call-arg]


def known(table: str, code: str) -> str:
    """Return the code if the profile's table has it; an empty code says nothing, a table the profile lacks binds nobody."""
    entries = core.entries(table)
    if code and entries and code not in {entry.code for entry in entries}:
        raise serializers.ValidationError(_("城市方案的代码表中没有这个代码。"))
    return code


class EnterpriseSerializer(StrictModel):
    """An enterprise; amounts are yuan. ``different`` says that it is another than those the library has under a like name."""

    tags = Tag(many=True, read_only=True)
    different = serializers.BooleanField(required=False, write_only=True)

    class Meta:
        model = Enterprise
        fields = ("id", *services.EDITABLE, "tags", "version", "created_at", "updated_at", "different")
        read_only_fields = ("id", "version", "created_at", "updated_at")
        # Sameness of names and codes is judged by the service, which names the record that is there already.
        extra_kwargs: ClassVar[dict[str, Any]] = {"uscc": {"validators": []}}

    def validate_nature(self, code: str) -> str:
        return known("enterprise_nature", code)

    def validate_country(self, code: str) -> str:
        return known("country", code)

    def validate_industry(self, code: str) -> str:
        if code[:1].isalpha() and len(code) > 1:  # C3974: the section's letter may stand before the number
            known("industry", code[1:])
            return code
        return known("industry", code)

    def validate_founded_date(self, day: date | None) -> date | None:
        return not_after_today(day, _("成立日期不能晚于今天。"))

    def validate_verified_date(self, day: date | None) -> date | None:
        return not_after_today(day, _("核实日期不能晚于今天。"))


class Verification(Strict):
    verified_date = serializers.DateField()
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]

    def validate_verified_date(self, day: date) -> date | None:
        return not_after_today(day, _("核实日期不能晚于今天。"))


@extend_schema_view(retrieve=extend_schema(responses={200: EnterpriseSerializer, 302: MERGED_AWAY}))
class EnterpriseViewSet(Connected, Read, Mergeable):
    """The enterprise library."""

    model = Enterprise
    permission = VIEW
    serializer_class = EnterpriseSerializer
    filterset_class = EnterpriseFilter
    queryset = Enterprise.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("tags")

    def told_of(self, row: Enterprise) -> Sequence[Model]:
        """Tell of the records too that became part of this one."""
        return [row, *queries.former_selves(queries.mergings_of(row))]

    @act(EnterpriseSerializer, permission="enterprises.enterprise.add", status=201)
    def create(self, given: dict[str, Any]) -> Enterprise:
        """Enter an enterprise; 409 names the record that the library has already, or those it may be."""
        different = given.pop("different", False)
        alike = queries.similar(given["name"], given.get("uscc") or "", given.get("listing_code") or "")
        doubtful = [item.enterprise for item in alike if item.level != "linked"]
        # The very same one is refused by the service, with its name.
        if doubtful and not different and alike[0].score < 1:
            names = "、".join(other.name for other in doubtful)
            sentence = _(
                "库中有相近的企业：%(names)s。请先核对；若确属另一家，请将 different 设为 true 再提交。"
            )
            raise Conflict(sentence % {"names": names})
        return services.add_enterprise(
            by=self.by, values={"country": "CN", **given}, apart_from=doubtful if different else ()
        )

    @act(EnterpriseSerializer, needs="change", versioned=True)
    def partial_update(self, row: Enterprise, version: int, given: dict[str, Any]) -> Enterprise:
        """Edit an enterprise on the version named by If-Match."""
        given.pop("different", None)
        return services.change_enterprise(by=self.by, enterprise=row, version=version, values=given)

    @action(detail=True, methods=["put"])
    @act(Tags, EnterpriseSerializer, needs="change", versioned=True)
    def tags(self, row: Enterprise, version: int, given: dict[str, Any]) -> Enterprise:
        """Give the enterprise exactly these tags."""
        tags = {(tag["tag"], tag.get("year") or 0) for tag in given["tags"]}
        return services.change_enterprise(by=self.by, enterprise=row, version=version, values={}, tags=tags)

    @action(detail=True, methods=["post"])
    @act(Verification, EnterpriseSerializer, needs="change", versioned=True)
    def verify(self, row: Enterprise, version: int, given: dict[str, Any]) -> Enterprise:
        """Note that the record was checked on a day against a source."""
        return services.mark_verified(
            by=self.by, enterprise=row, version=version, day=given["verified_date"], source=given["source"]
        )


class EnterpriseFiles(FilesViewSet):
    parent = Enterprise
    permission = VIEW


# --- former names -------------------------------------------------------------------------------------------------


class FormerNameSerializer(StrictModel):
    class Meta:
        model = FormerName
        fields = ("id", "name", "kind", "until_date")
        read_only_fields = ("id", "kind", "until_date")


class FormerNames(NestedViewSet):
    """Names that an enterprise had or is also known by."""

    parent, model = Enterprise, FormerName
    permission = VIEW
    serializer_class = FormerNameSerializer

    def belonging(self, parent: Enterprise) -> QuerySet[FormerName]:
        return parent.former_names.all()

    @act(FormerNameSerializer, needs="change", status=201)
    def create(self, parent: Enterprise, given: dict[str, Any]) -> FormerName:
        """Note a former name; the enterprise is found by it from now on."""
        return services.add_former_name(by=self.by, enterprise=parent, name=given["name"])


# --- contacts -----------------------------------------------------------------------------------------------------


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """A contact; the phone is masked here, as everywhere."""

    phone = serializers.SerializerMethodField()
    email = serializers.CharField(read_only=True)

    class Meta:
        model = Contact
        fields = ("id", "enterprise", "name", "position", "phone", "email", "unit", "version")
        read_only_fields = fields

    def get_phone(self, row: Contact) -> str:
        return mask_phone(row.phone)


_PHONE: Any = ContactForm.base_fields["phone"]


class ContactInput(StrictModel):
    """A contact as it is written; a phone that is not sent stays, an empty one deletes it."""

    phone = serializers.RegexField(
        _PHONE.regex.pattern, required=False, allow_blank=True, max_length=25,
        error_messages={"invalid": _PHONE.error_messages["invalid"]},
    )  # fmt: skip

    class Meta:
        model = Contact
        fields = services.CONTACT_FIELDS


class Phone(serializers.Serializer[Any]):
    phone = serializers.CharField(allow_blank=True)


class Contacts(NestedViewSet):
    """The people to talk to in an enterprise."""

    parent, model = Enterprise, Contact
    permission = "enterprises.contact.view"
    serializer_class = ContactSerializer

    def belonging(self, parent: Enterprise) -> QuerySet[Contact]:
        return rows(Contact).permitted(self.by).filter(enterprise=parent)

    @act(ContactInput, ContactSerializer, permission="enterprises.enterprise.change", status=201)
    def create(self, parent: Enterprise, given: dict[str, Any]) -> Contact:
        """Add a contact as the entry of the caller's unit."""
        return services.add_contact(by=self.by, enterprise=parent, values=given)


class ContactViewSet(Readable):
    """A contact by itself; the unit that entered it changes it."""

    model = Contact
    permission = "enterprises.contact.view"
    serializer_class = ContactSerializer
    queryset = Contact.objects.none()

    @act(ContactInput, ContactSerializer, needs="change", versioned=True)
    def partial_update(self, row: Contact, version: int, given: dict[str, Any]) -> Contact:
        """Edit a contact on the version named by If-Match."""
        return services.change_contact(by=self.by, contact=row, version=version, values=given)

    @action(detail=True, methods=["post"])
    @act(Reason, needs="change", status=204)
    def remove(self, row: Contact, given: dict[str, Any]) -> None:
        """Delete a contact: personal data is not kept longer than it is needed."""
        services.remove_contact(by=self.by, contact=row, reason=given["reason"])

    @action(detail=True, methods=["post"])
    @act(gives=Phone, needs="unmask")
    def phone(self, row: Contact) -> dict[str, str]:
        """Show the whole phone number; who asked for it is logged."""
        return {"phone": services.unmask_phone(by=self.by, contact=row)}


# --- relations ----------------------------------------------------------------------------------------------------


class RelationSerializer(serializers.ModelSerializer[Relation]):
    """“``other`` is a ``kind`` of ``enterprise``”."""

    enterprise_name = serializers.CharField(source="enterprise.name", read_only=True)
    other_name = serializers.CharField(source="other.name", read_only=True)

    class Meta:
        model = Relation
        fields = (
            "id",
            "enterprise",
            "enterprise_name",
            "other",
            "other_name",
            "kind",
            "share",
            "source",
            "noted_date",
        )
        read_only_fields = fields


class RelationInput(StrictModel):
    """A relation as it is noted: the other enterprise of the library, and where that was read."""

    share = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False, allow_null=True
    )
    noted_date = serializers.DateField(required=False)

    class Meta:
        model = Relation
        fields = ("other", "kind", "share", "source", "noted_date")

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        view = self.context.get("view")
        if isinstance(view, Resource) and not view.is_described:
            fields["other"].queryset = Enterprise.objects.permitted(view.by)
        return fields


class Relations(NestedViewSet):
    """How an enterprise stands to others, noted on its own record or on theirs."""

    parent, model = Enterprise, Relation
    permission = VIEW
    serializer_class = RelationSerializer

    def belonging(self, parent: Enterprise) -> QuerySet[Relation]:
        found = parent.relations.all() | parent.related_from.all()
        return found.select_related("enterprise", "other")

    @act(RelationInput, RelationSerializer, needs="relate", status=201)
    def create(self, parent: Enterprise, given: dict[str, Any]) -> Relation:
        """Note that ``other`` is a supplier, customer, … of the enterprise."""
        values = {"noted_date": timezone.localdate(), **given}
        other, kind = values.pop("other"), values.pop("kind")
        return services.relate(by=self.by, enterprise=parent, other=other, kind=kind, values=values)

    @action(detail=True, methods=["post"])
    @act(Reason, needs="relate", status=204)
    def remove(self, parent: Enterprise, given: dict[str, Any]) -> None:
        """Take a relation back that was noted on this enterprise."""
        relation = parent.relations.filter(pk=self.kwargs["pk"]).select_related("other").first()
        if relation is None:
            raise Missing
        services.unrelate(by=self.by, relation=relation, reason=given["reason"])
