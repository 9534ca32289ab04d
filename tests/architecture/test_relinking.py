"""Whatever points at an enterprise is in the one list by which mergers move it (yinfeng/enterprises/relinking.py)."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Model

from yinfeng.core.crypto import EncryptedTextField
from yinfeng.enterprises import relinking
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.relinking import LINKS, STAYING

MODELS: list[type[Model]] = list(apps.get_models(include_auto_created=True))


def test_every_relation_to_an_enterprise_is_in_the_list() -> None:
    declared = {(link.model, name) for link in LINKS if not link.generic for name in link.fields}
    found = {
        (model, field.name)
        for model in MODELS
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model is Enterprise
    }
    assert found == declared


def test_every_model_that_refers_by_type_and_number_is_in_the_list() -> None:
    declared = {link.model for link in LINKS if link.generic}
    found = {
        model
        for model in MODELS
        if {"object_type", "object_id"} <= {field.name for field in model._meta.get_fields()}
    }
    assert found == declared | set(STAYING)
    assert not declared & set(STAYING)


def test_every_other_number_of_an_enterprise_is_known() -> None:
    """Plain columns that hold the number of an object without being a relation: each is accounted for here."""
    known = {
        # Merging.gone_id leads from the old number to the record kept; the others are no enterprise's.
        "enterprises.Merging.gone_id", "core.Event.actor_id", "core.Event.object_id", "core.Job.unit_id", "core.Attachment.object_id",
        "core.Follow.object_id", "core.SearchEntry.object_id",
        # what a duty came from and what it is about: no enterprise registers as either (duties.sources)
        "duties.Duty.source_id", "duties.Duty.about_id",
    }  # fmt: skip
    found = {
        f"{model._meta.label}.{field.name}"
        for model in MODELS
        for field in model._meta.concrete_fields
        if field.name.endswith("_id") and not field.is_relation and model.__module__.startswith("yinfeng.")
    }
    assert found == known


def test_what_may_be_dropped_can_be_put_back() -> None:
    """A row of which the kept record has the like is deleted and kept as JSON: nothing may hang on it, nor be secret in it."""
    dropping = [
        link
        for link in LINKS
        if any(link.uniques()) or len(link.fields) > 1 or link.void is not relinking.never
    ]
    for link in dropping:
        hanging = [relation.related_model for relation in link.model._meta.related_objects]
        assert hanging == [], link.key
        secret = [
            field for field in link.model._meta.concrete_fields if isinstance(field, EncryptedTextField)
        ]
        assert secret == [], link.key


def test_a_kind_of_row_is_listed_once_and_labelled() -> None:
    keys = [link.key for link in LINKS]
    assert len(keys) == len(set(keys))
    assert all(str(link.label) for link in LINKS)
