"""Firings of an event that wait, each by itself: for a delay to be over, or for their turn."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cubie_cli.imports.formulas import (
    Formula,
    Name,
    Number,
    as_number,
    both,
    call,
    choice,
    compare,
    difference,
)
from cubie_cli.imports.imported import ImportedModel

#: A time at which nothing is due: that of a slot that is free.
FAR = Number(1e30)
#: What stands for the time of a firing that may act as soon as it is its turn.
DUE = Number(-1e30)


@dataclass(frozen=True)
class Slot:
    """Where one firing waits.

    Parameters
    ----------
    part
        What tells it from the first slot in names: "", "2" and so on.
    due
        The parameter with the time at which it is due.
    holders
        The parameters that keep what is set then, by what is set.
    """

    part: str
    due: str
    holders: Mapping[str, str]

    @property
    def kept(self) -> dict[str, Formula]:
        """What is set, as what is kept for it."""
        return {name: Name(holder) for name, holder in self.holders.items()}

    @property
    def is_taken(self) -> Formula:
        """Whether a firing waits there."""
        return compare("<", Name(self.due), FAR)

    @property
    def freed(self) -> dict[str, Formula]:
        """What frees it."""
        return {self.due: FAR}


@dataclass(frozen=True)
class Waiting:
    """The slots of an event.

    Parameters
    ----------
    model
        The model, which gets their parameters.
    event
        The name of the event.
    size
        How many slots there are.
    kept
        The values that each firing keeps from when it is triggered, by what is set to them.
    once
        Whether the event is triggered no more often than there are slots.
    """

    model: ImportedModel
    event: str
    size: int
    kept: Mapping[str, Formula]
    once: bool = False

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The slots, the first of which that is free is taken."""
        return tuple(self._slot("" if index == 0 else str(index + 1)) for index in range(self.size))

    @property
    def freed(self) -> dict[str, Formula]:
        """What frees all slots."""
        return {each.due: FAR for each in self.slots}

    def begun(self, due: Formula) -> dict[str, Formula]:
        """Return what a trigger sets: when the firing is due and what it keeps, in the first slot that is free.

        A state is no number any more where none is, so that the run ends.
        """
        found: dict[str, Formula] = {}
        before: list[Formula] = []
        for position, slot in enumerate(self.slots, 1):
            # The last slot is overwritten only where the run ends.
            free = [] if position == self.size else [compare(">=", Name(slot.due), FAR)]
            here = both(*before, *free)
            values = {slot.holders[name]: formula for name, formula in self.kept.items()} | {slot.due: due}
            found |= {name: choice(here, as_number(value), Name(name)) for name, value in values.items()}
            before.append(slot.is_taken)
        if self.once:
            return found
        state = self.model.clock()
        return found | {state: choice(both(*before), _no_number(state), Name(state))}

    def _slot(self, part: str) -> Slot:
        model, event = self.model, self.event
        suffix = part and f"_{part}"
        holders = {name: model.new_parameter(f"{name}_of_{event}{suffix}") for name in self.kept}
        for name, holder in holders.items():
            model.remark(holder, f"what the event {event} sets {name} to")
        due = model.new_parameter(f"{event}_due{suffix}", FAR)
        model.remark(due, f"when the event {event} is due: {FAR.value:g} while it does not wait")
        if not part and not self.once:
            model.remark(due, f"{self._limit} at a time: a run in which it is triggered once more ends as nonfinite")
        return Slot(part, due, holders)

    @property
    def _limit(self) -> str:
        return "one firing waits" if self.size == 1 else f"up to {self.size} firings wait"


def _no_number(state: str) -> Formula:
    """Return a formula that has no value anywhere."""
    return call("sqrt", difference(Number(-1.0), call("abs", Name(state))))
