"""Lifecycles: per kind of object one table of named moves, read by the buttons, the API and the commands alike.

``offers`` draws what a person may do next (with what still stands in the way), ``perform`` does it by compare-and-swap,
so that of two people who move the same row at once one wins and the other is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Blocked, Conflict, Forbidden, Invalid, Sentence, Stale
from yinfeng.core.scopes import actions_on, rows

if TYPE_CHECKING:
    from yinfeng.core.models import Event


def stale(obj: Model, advice: Sentence, **more: Any) -> Stale:
    """Return the refusal of who acts on an older version of a row: who was faster, when, and what to do now."""
    last = events.last_change(obj)
    if last is None or not last.actor_id:
        return Stale(_("这条记录刚刚被改动。%(advice)s") % {"advice": advice}, **more)
    at = timezone.localtime(last.at).strftime("%Y-%m-%d %H:%M")
    told = {"who": last.actor_name, "at": at, "advice": advice}
    return Stale(_("%(who)s于 %(at)s 改动了这条记录。%(advice)s") % told, **more)


Guard = Callable[[Any, Actor], Iterable[Sentence]]


@dataclass(frozen=True, slots=True)
class Move:
    """One named step between states.

    ``action`` is the scope action that says who may make it on which rows; each guard yields the sentences of what
    must still be true. A move that ``asks_reason`` is refused without one. One made ``within`` another act (the stage that
    follows from what was verified) is offered to nobody; ``explain`` says which act makes it. A ``quiet`` one is offered only when
    nothing stands in its way: it falls due by itself, nobody works towards it.
    """

    name: str
    label: Sentence
    sources: tuple[str, ...]
    target: str
    action: str
    guards: tuple[Guard, ...] = ()
    asks_reason: bool = False
    style: str = "secondary"
    icon: str = "arrow-right"
    explain: Sentence = ""
    within: bool = False
    quiet: bool = False
    # A move with an act of its own (a form that asks for more) names the route; else core.web.MovePage serves it.
    route: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A move as it stands for one person and one row: open, or blocked by ``reasons``."""

    move: Move
    reasons: tuple[Sentence, ...] = ()

    @property
    def is_open(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class Lifecycle:
    """The table of one status field: its states with their labels, the first one, and every move there is."""

    name: str
    state_field: str
    initial: str
    states: Mapping[str, Sentence]
    moves: Sequence[Move]
    refusal: Sentence = ""
    noun: Sentence = ""  # what people call its state, where that is not “状态”
    by_name: dict[str, Move] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {move.name: move for move in self.moves})
        unknown = {state for move in self.moves for state in (*move.sources, move.target)} - set(self.states)
        assert not unknown, f"{self.name}: moves name unknown states {sorted(unknown)}"
        assert len(self.by_name) == len(self.moves), f"{self.name}: two moves share a name"

    def choices(self) -> list[tuple[str, Sentence]]:
        """Return the states as model choices."""
        return list(self.states.items())

    def state_of(self, obj: Model) -> str:
        return str(getattr(obj, self.state_field))

    def offers(self, obj: Model, by: Actor, allowed: set[str] | None = None) -> list[Offer]:
        """Return the moves that ``by`` may make from the row's present state, blocked ones with their reasons.

        ``allowed`` are the scope actions on the row if the caller has already asked for them.
        """
        from_here = [move for move in self.moves if self.state_of(obj) in move.sources and not move.within]
        if allowed is None:
            allowed = actions_on(obj, by, {move.action for move in from_here})
        found = [Offer(move, self._reasons(move, obj, by)) for move in from_here if move.action in allowed]
        return [offer for offer in found if offer.is_open or not offer.move.quiet]

    def check(self, obj: Model, name: str, by: Actor, *, within: bool = False) -> Move:
        """Return the move ``name`` or raise what forbids it now: Invalid, Forbidden, Conflict or Blocked.

        ``within``: the act that makes such a move asks, not a person.
        """
        move = self.by_name.get(name)
        if move is None:
            raise Invalid(_("没有名为“%(name)s”的操作。") % {"name": name})
        if move.action not in actions_on(obj, by, {move.action}):
            raise Forbidden(self.refusal or _("您没有进行“%(move)s”的权限。") % {"move": move.label})
        if self.state_of(obj) not in move.sources:
            raise Conflict(
                _("现在的状态是“%(state)s”，不能进行“%(move)s”。请刷新页面查看最新进展。")
                % {"state": self.states[self.state_of(obj)], "move": move.label}
            )
        if move.within and not within:
            raise Conflict(move.explain)
        if reasons := self._reasons(move, obj, by):
            raise Blocked(_("还不能进行“%(move)s”：") % {"move": move.label}, reasons)
        return move

    @transaction.atomic
    def perform(
        self,
        obj: Any,
        name: str,
        *,
        by: Actor,
        reason: str = "",
        version: int | None = None,
        values: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        within: bool = False,
        changes: Mapping[str, tuple[Any, Any]] | None = None,
    ) -> Event:
        """Move the row, set ``values`` with it, and record the Event, all or nothing.

        ``changes`` says of which of the values the old and the new one belong into the history.
        ``version`` is the one the person saw; Stale when the row has changed since or another mover was faster.
        """
        move = self.check(obj, name, by, within=within)
        if version is not None and version != obj.version:
            raise stale(obj, _("请看过最新内容再决定。"), version=obj.version)
        if move.asks_reason and not reason.strip():
            raise Invalid(
                _("请填写“%(move)s”的原因。") % {"move": move.label}, fields={"reason": [_("请填写原因。")]}
            )
        source = self.state_of(obj)
        changed = (
            rows(type(obj))
            .filter(pk=obj.pk, version=obj.version, **{self.state_field: source})
            .update(
                **{self.state_field: move.target},
                version=F("version") + 1,
                updated_at=timezone.now(),
                **(values or {}),
            )
        )
        if changed != 1:
            raise stale(obj, _("您的操作没有生效，请刷新页面后再试。"))
        obj.refresh_from_db()
        return events.record(
            by=by,
            verb=f"{self.name}.{move.name}",
            obj=obj,
            changes=({self.state_field: (source, move.target)} if source != move.target else {})
            | dict(changes or {}),
            note=reason.strip(),
            data=data,
        )

    def _reasons(self, move: Move, obj: Model, by: Actor) -> tuple[Sentence, ...]:
        return tuple(reason for guard in move.guards for reason in guard(obj, by))
