"""Merged and undone, the library is as it was, whatever hung on the two records: every table is compared."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_unit, make_user
from tests.machines.hostile import undone
from tests.unit.enterprises.test_merging import dump
from yinfeng.core import search
from yinfeng.core.actors import Actor
from yinfeng.core.models import Attachment, Follow, SearchEntry
from yinfeng.core.permissions import registry
from yinfeng.enterprises import relinking, services
from yinfeng.enterprises.models import (
    DOUBT_STATES,
    NAME_KINDS,
    RELATION_KINDS,
    SIGNAL_KINDS,
    TARGET_STATES,
    TIE_KINDS,
    Contact,
    Distinction,
    Doubt,
    Enterprise,
    EnterpriseTag,
    FormerName,
    Merging,
    Relation,
    Signal,
    Target,
    Tie,
)
from yinfeng.orgs.queries import actor_for
from yinfeng.projects.models import Lead, Project

pytestmark = pytest.mark.django_db
FIRMS = 4  # the two, and two to whom they stand in relation
numbers = count(1)

firm = st.integers(0, FIRMS - 1)
name = st.sampled_from(["甲城", "乙城", "丙城", "丁城", "旧名", "别名"])
day = st.dates(date(2020, 1, 1), date(2026, 1, 1))
maybe = st.none() | st.decimals(0, 100, places=2)
fields = st.fixed_dictionaries(
    {},
    optional={
        "name_en": st.sampled_from(["", "Alpha", "Beta"]),
        "short_name": st.sampled_from(["", "甲", "乙"]),
        "uscc": st.sampled_from(["91350203M0001QKT19", "91350200612017727P"]),
        "city": st.sampled_from(["", "厦门市", "泉州市", "Xiamen"]),
        "capital": st.none() | st.decimals(0, 10**12, places=2),
        "founded_date": st.none() | day,
        "staff": st.none() | st.integers(0, 10**6),
        "introduction": st.text("甲乙\n\\\"'<%", max_size=9),
        "verified_date": st.none() | day,
    },
)
rows = st.lists(
    st.one_of(
        st.tuples(st.just("name"), firm, name, st.sampled_from(list(NAME_KINDS))),
        st.tuples(
            st.just("tag"),
            firm,
            st.sampled_from(["listed", "top"]),
            st.sampled_from([0, 2025]),
            st.none() | st.integers(1, 500),
        ),
        st.tuples(st.just("contact"), firm),
        st.tuples(st.just("relation"), firm, firm, st.sampled_from(list(RELATION_KINDS)[:2]), maybe),
        st.tuples(st.just("target"), firm, st.integers(0, 1), st.sampled_from(list(TARGET_STATES))),
        st.tuples(st.just("signal"), firm, st.sampled_from(list(SIGNAL_KINDS)[:3]), st.booleans()),
        st.tuples(st.just("tie"), firm, st.sampled_from(list(TIE_KINDS)), st.sampled_from(["某甲", "某乙"])),
        st.tuples(st.just("distinction"), firm, name),
        st.tuples(st.just("doubt"), firm, firm, st.sampled_from(list(DOUBT_STATES)), st.floats(0, 1)),
        st.tuples(st.just("merging"), firm),
        st.tuples(st.just("lead"), firm),
        st.tuples(st.just("project"), firm),
        st.tuples(st.just("file"), st.sampled_from(["enterprises.enterprise", "enterprises.target"]), firm),
        st.tuples(st.just("follow"), firm, st.integers(0, 1)),
    ),
    max_size=14,
)
choice = st.sampled_from([services.KEPT, services.GONE])


class World:
    """Four firms with whatever the example hangs on them."""

    def __init__(self, values: list[dict[str, Any]], things: list[tuple[Any, ...]]) -> None:
        self.city = make_unit("city", "city")
        self.units = [self.city, make_unit("home", parent=self.city)]
        self.users = [make_user(f"某{number}", self.city) for number in range(2)]
        taken: set[str] = set()
        self.firms = []
        for base, given_values in zip(("甲城", "乙城", "丙城", "丁城"), values, strict=True):
            known = dict(given_values)
            if known.get("uscc") in taken:
                known.pop("uscc")
            taken.add(known.get("uscc", ""))
            self.firms.append(
                Enterprise.objects.create(name=f"{base}有限公司", name_key=base, country="CN", **known)
            )
        for kind, *what in things:
            getattr(self, kind)(*what)

    @staticmethod
    def once(model: Any, **unique: Any) -> bool:
        return not model.objects.filter(**unique).exists()

    def name(self, at: int, text: str, kind: str) -> None:
        if self.once(FormerName, enterprise=self.firms[at], name_key=text):
            FormerName.objects.create(
                enterprise=self.firms[at], name=f"{text}有限公司", name_key=text, kind=kind
            )

    def tag(self, at: int, tag: str, year: int, rank: int | None) -> None:
        if self.once(EnterpriseTag, enterprise=self.firms[at], tag=tag, year=year):
            EnterpriseTag.objects.create(enterprise=self.firms[at], tag=tag, year=year, rank=rank)

    def contact(self, at: int) -> None:
        Contact.objects.create(enterprise=self.firms[at], name="王示例", phone="13800001234", unit=self.city)

    def relation(self, at: int, other: int, kind: str, share: Decimal | None) -> None:
        key = {"enterprise": self.firms[at], "other": self.firms[other], "kind": kind}
        if at != other and self.once(Relation, **key):
            Relation.objects.create(**key, share=share, source="年报", noted_date=date(2026, 1, 1))

    def target(self, at: int, unit: int, state: str) -> None:
        key = {"enterprise": self.firms[at], "unit": self.units[unit]}
        if self.once(Target, **key):
            Target.objects.create(**key, owner=self.users[0], state=state, next_step="拜访")

    def signal(self, at: int, kind: str, automatic: bool) -> None:
        key = {"enterprise": self.firms[at], "kind": kind, "is_automatic": True}
        if not automatic or self.once(Signal, **key):
            Signal.objects.create(
                enterprise=self.firms[at],
                kind=kind,
                is_automatic=automatic,
                noted_date=date(2026, 1, 1),
                detail="某",
                source="某",
            )

    def tie(self, at: int, kind: str, who: str) -> None:
        key = {"enterprise": self.firms[at], "kind": kind, "name": who}
        if self.once(Tie, **key):
            Tie.objects.create(**key, source="走访", noted_date=date(2026, 1, 1), unit=self.city)

    def distinction(self, at: int, text: str) -> None:
        if self.once(Distinction, enterprise=self.firms[at], name_key=text):
            Distinction.objects.create(
                enterprise=self.firms[at], name=text, name_key=text, found_by=self.users[0]
            )

    def doubt(self, at: int, other: int, state: str, score: float) -> None:
        low, high = sorted([at, other])
        key = {"one": self.firms[low], "other": self.firms[high]}
        if low != high and self.once(Doubt, **key):
            Doubt.objects.create(**key, score=score, reason="像", state=state)

    def merging(self, at: int) -> None:
        Merging.objects.create(
            kept=self.firms[at],
            gone_id=10**6 + next(numbers),
            gone_name="更早",
            before={},
            moved=[],
            changed={},
            reason="早",
        )

    def lead(self, at: int) -> None:
        Lead.objects.create(
            title="线索", source="fair", heard_date=date(2026, 1, 1), content="某", enterprise=self.firms[at],
            reporter_unit=self.city, handling_unit=self.city, registered_by=self.users[0],
        )  # fmt: skip

    def project(self, at: int) -> None:
        Project.objects.create(
            code=f"P-{next(numbers):07}", name="项目", summary="某", enterprise=self.firms[at], stage="signed",
            reporter_unit=self.city, created_by=self.users[0],
        )  # fmt: skip

    def file(self, kind: str, at: int) -> None:
        pk = self.firms[at].pk
        if kind == "enterprises.target":
            target = Target.objects.filter(enterprise=self.firms[at]).first()
            if target is None:
                return
            pk = target.pk
        Attachment.objects.create(
            object_type=kind, object_id=pk, name="a.pdf", content_type="application/pdf", size=1, sha256="0"
        )

    def follow(self, at: int, who: int) -> None:
        key = {
            "owner": self.users[who],
            "object_type": "enterprises.enterprise",
            "object_id": self.firms[at].pk,
        }
        if self.once(Follow, **key):
            Follow.objects.create(**key, since=datetime(2026, 1, 1, tzinfo=UTC))


def story() -> dict[str, Any]:
    """Return all rows, the mergers of before and the search index among them."""
    everything = dump()
    everything["mergers"] = list(
        Merging.objects.filter(state="merged").order_by("pk").values_list("pk", "kept", "gone_id", "before")
    )
    entries = SearchEntry.objects.filter(object_type="enterprises.enterprise").order_by("pk")
    everything["index"] = [
        (pk, title, sorted(tokens)) for pk, title, tokens in entries.values_list("pk", "title", "tokens")
    ]
    return everything


@pytest.mark.clause("3.1.3")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    values=st.lists(fields, min_size=FIRMS, max_size=FIRMS),
    things=rows,
    choices=st.dictionaries(st.sampled_from(services.EDITABLE), choice, max_size=6),
    code=choice,
    kind=st.sampled_from(list(NAME_KINDS)),
    order=st.permutations(range(FIRMS)),
)
def test_merged_and_undone_the_library_is_as_it_was(
    values: list[dict[str, Any]],
    things: list[tuple[Any, ...]],
    choices: dict[str, str],
    code: str,
    kind: str,
    order: list[int],
) -> None:
    with undone():
        world = World(values, things)
        search.refresh(Enterprise, *(firm.pk for firm in world.firms))
        by: Actor = actor_for(make_user("办公室", world.city, list(registry())))
        kept, gone = world.firms[order[0]], world.firms[order[1]]
        before = story()
        merging = services.merge(
            by=by,
            kept=kept,
            gone=gone,
            versions=(1, 1),
            choices={"uscc": code, **choices},
            reason="录入了两次",
            name_kind=kind,
        )
        for link in relinking.LINKS:
            assert not link.pointing(gone.pk).exists(), link.key
        services.undo_merging(by=by, merging=merging, reason="错了")
        assert story() == before
