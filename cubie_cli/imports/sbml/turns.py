"""Turns: of the events that are due at one moment only one acts before all triggers are looked at again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from cubie_cli.imports.formulas import (
    ONE,
    ZERO,
    Formula,
    Name,
    Number,
    call,
    choice,
    compare,
    difference,
    either,
    negative,
)
from cubie_cli.imports.imported import Happening, ImportedModel
from cubie_cli.imports.sbml.waiting import Slot

#: The rank of an event without a priority: it acts when no other is due.
_LAST = Number(-1e30)


@dataclass(frozen=True)
class Turns:
    """Who acts next.

    At one moment what is written is gone through again and again, until nothing crosses zero any more. Each time the
    turn is given first, then triggers are looked at, and then the first event that is due takes the turn; where
    priorities are computed, the first of those that have the highest.

    Parameters
    ----------
    model
        The model, which gets what says whose turn it is.
    ranked
        Whether priorities are computed.
    """

    model: ImportedModel
    ranked: bool
    _ranks: list[Formula] = field(default_factory=lambda: [_LAST])

    @cached_property
    def turn(self) -> str:
        """The parameter that says whether an event may act."""
        turn = self.model.new_parameter("turn", ONE)
        self.model.remark(turn, "whether an event may act: 0 when one has, until all triggers have been looked at")
        return turn

    @cached_property
    def _highest(self) -> str:
        name = self.model.new_name("highest_priority")
        self.model.observables[name] = _LAST
        self.model.remark(name, "of the events that are due")
        return name

    @property
    def given(self) -> Happening:
        """What gives the turn."""
        taken = difference(Number(0.5), Name(self.turn))
        return Happening("next_turn", {self.turn: ONE}, when=taken, remarks=("gives the turn to the next event",))

    @property
    def taken(self) -> dict[str, Formula]:
        """What takes it."""
        return {self.turn: ZERO}

    def enter(self, slots: Iterable[Slot], priority: Formula | None) -> None:
        """Have an event take part in turns, with the slots in which it may be due."""
        if self.ranked:
            is_due = either(*(compare("<", Name(slot.due), ZERO) for slot in slots))
            self._ranks.append(choice(is_due, priority or _LAST, _LAST))
            self.model.observables[self._highest] = call("max", *self._ranks)

    def height(self, slot: Slot, priority: Formula | None) -> Formula:
        """Return what is above zero where it is the turn of a firing that waits in a slot."""
        parts = [difference(Name(self.turn), Number(0.5)), negative(Name(slot.due))]
        if self.ranked:
            parts.append(choice(compare(">=", priority or _LAST, Name(self._highest)), ONE, Number(-1.0)))
        return call("min", *parts)
