"""Which rows a person may see or act on: per model one ``Q``, through which everything is read.

A model's manager comes from a ``ScopedQuerySet`` that says its ``scope(by, action)``. ``permitted`` filters with it and
``permits`` asks the database with the same Q, so lists and refusals cannot disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db.models import BooleanField, Case, Exists, ForeignKey, Model, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from yinfeng.core.actors import Actor, Reach
from yinfeng.core.errors import Forbidden, Missing, Sentence

if TYPE_CHECKING:
    from yinfeng.core.models import Event

M = TypeVar("M", bound=Model)

EVERYTHING = Q()
NOTHING = Q(pk__in=[])


class ScopedQuerySet(QuerySet[M]):
    """A query set that knows who may see which of its rows."""

    def scope(self, by: Actor, action: str) -> Q:
        """Return the Q of the rows on which ``by`` may do ``action``; every model says its own."""
        raise NotImplementedError(f"{self.model.__name__} has no scope")

    def permitted(self, by: Actor, action: str = "view") -> Self:
        """Keep only the rows on which ``by`` may do ``action``."""
        return self if by.is_system else self.filter(self.scope(by, action))

    def row(self, by: Actor, pk: object, action: str = "view") -> Self:
        """Keep only the row ``pk``, if ``by`` may do ``action`` on it."""
        found = self.filter(pk=pk)
        return found if by.is_system else found.filter(one_by_one(self.scope(by, action)))


def one_by_one(q: Q) -> Q:
    """Return the same Q for a few known rows: whether each is a member of a subquery is looked up by an index.

    For many rows it is cheaper to gather the members once, as ``pk__in`` does; for one row that reads thousands in vain.
    """
    made = Q(_connector=q.connector, _negated=q.negated)
    for child in q.children:
        name, value = child if isinstance(child, tuple) else ("", child)
        if isinstance(value, Q):
            value = one_by_one(value)
        elif name == "pk__in" and isinstance(value, QuerySet):
            (field,) = value.query.values_select
            name, value = "", Exists(value.filter(**{field: OuterRef("pk")}))
        made.children.append((name, value) if name else value)
    return made


def within(reach: Reach, path: str) -> Q:
    """Return the Q of rows whose unit, reached over ``path``, lies in the reach."""
    if reach.everywhere:
        return EVERYTHING
    return Q(**{f"{path}__in": reach.units}) if reach.units else NOTHING


def rows(model: type[Model]) -> ScopedQuerySet[Any]:
    """Return all rows of a scoped model as its ScopedQuerySet."""
    queryset = model._default_manager.all()
    assert isinstance(queryset, ScopedQuerySet), f"{model.__name__} is read without a scope"
    return queryset


def permits(obj: Model, by: Actor, action: str) -> bool:
    """Say whether ``by`` may do ``action`` on this row."""
    return by.is_system or rows(type(obj)).row(by, obj.pk, action).exists()


def in_sight(by: Actor, events: Iterable[Event]) -> list[Event]:
    """Return those of the events whose object, and every other row they tell of, the actor may see now: one query per kind of row."""
    from yinfeng.core.events import object_of, rows_told

    told = [(event, rows_told(event)) for event in events]
    wanted: defaultdict[str, set[int | None]] = defaultdict(set)
    for _event, about in told:
        for kind, pk in about:
            wanted[kind].add(pk)
    seen: dict[str, set[int]] = {}
    for kind, ids in wanted.items():
        found = object_of(kind)._default_manager.filter(pk__in=ids - {None})
        if isinstance(found, ScopedQuerySet):
            seen[kind] = set(found.permitted(by).values_list("pk", flat=True))
    return [event for event, about in told if all(pk in seen.get(kind, ()) for kind, pk in about)]


SENSITIVE = "sensitive"  # what fields called ``secrecy`` say of it


@cache
def secrecy_paths(model: type[Model], steps: int = 2) -> tuple[str, ...]:
    """Return the paths to the ``secrecy`` of a model's rows and of what they belong to, so many steps away."""
    found: list[str] = []
    for field in model._meta.concrete_fields:
        if field.name == "secrecy":
            found.append(field.name)
        elif isinstance(field, ForeignKey) and steps:
            found += [f"{field.name}__{path}" for path in secrecy_paths(field.related_model, steps - 1)]
    return tuple(found)


def kept_inside(events: Iterable[Event]) -> set[int]:
    """Return the numbers of those of the events whose object is sensitive, or belongs to what is: no letter tells its words."""
    from yinfeng.core.events import object_of

    wanted: defaultdict[str, dict[int | None, list[int]]] = defaultdict(dict)
    for event in events:
        wanted[event.object_type].setdefault(event.object_id, []).append(event.pk)
    kept: set[int] = set()
    for kind, of in wanted.items():
        model = object_of(kind)
        if paths := secrecy_paths(model):
            is_sensitive = Q(*((path, SENSITIVE) for path in paths), _connector=Q.OR)
            found = model._default_manager.filter(is_sensitive, pk__in=of.keys() - {None})
            kept.update(*(of[pk] for pk in found.values_list("pk", flat=True)))
    return kept


def with_actions(queryset: ScopedQuerySet[M], by: Actor, actions: Iterable[str]) -> ScopedQuerySet[M]:
    """Annotate each row with what ``by`` may do on it, to be read by ``actions_of`` from a row just fetched."""
    cases = {
        f"may_{action}": Case(
            When(Q(pk__isnull=False) & one_by_one(queryset.scope(by, action)), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        )
        for action in sorted(set(actions))
    }
    return queryset if by.is_system else queryset.annotate(**cases)


def actions_of(obj: Model, by: Actor, actions: Iterable[str]) -> set[str]:
    """Return those of ``actions`` that ``by`` may do on a row fetched ``with_actions``."""
    return {action for action in actions if by.is_system or getattr(obj, f"may_{action}")}


def actions_on(obj: Model, by: Actor, actions: Iterable[str]) -> set[str]:
    """Return those of ``actions`` that ``by`` may do on this row, in one query."""
    wanted = set(actions)
    if by.is_system or not wanted:
        return wanted
    row = with_actions(rows(type(obj)).filter(pk=obj.pk), by, wanted).first()
    return actions_of(row, by, wanted) if row is not None else set()


def fetch(
    queryset: ScopedQuerySet[M], by: Actor, pk: object, action: str = "view", refusal: Sentence = ""
) -> M:
    """Return the row ``pk``; Missing when it is out of sight, Forbidden when it is in sight but ``action`` is refused."""
    obj = queryset.row(by, pk).first()
    if obj is None:
        raise Missing
    if action != "view":
        demand(obj, by, action, refusal)
    return obj


def files_action(model: type[Model]) -> str:
    """Return the action by which one has the files on rows of a model: seeing the row, unless the model says ``files_are_for``."""
    return str(getattr(model, "files_are_for", "view"))


def demand(obj: Model, by: Actor, action: str, refusal: Sentence = "") -> None:
    """Raise Forbidden unless ``by`` may do ``action`` on this row."""
    if not permits(obj, by, action):
        raise Forbidden(
            refusal
            or _("您可以查看这条记录，但没有进行这项操作的权限。如需办理，请联系牵头单位或上级管理员。")
        )
