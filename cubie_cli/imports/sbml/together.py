"""Which events of SBML act at one moment, and whether it is enough to write them one after the other.

SBML looks at all triggers after each event that acts, and then takes the next one by priority. Events here act in the
order written, and triggers are looked at when it is their turn. That makes no difference where nothing that acts at a
moment touches the trigger of what acts there too, or of what others touch as well.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product

from cubie_cli.imports.formulas import ZERO, Formula, Number, total
from cubie_cli.imports.sbml.source import Event, Source, changed_by, needed_by, taken_by


@dataclass(frozen=True)
class Together:
    """The events of a model and their moments.

    Parameters
    ----------
    source
        The model.
    events
        Its events in the order in which they act.
    priorities
        Of those that have one that is a number.
    times
        From which on triggers hold, where that is known.
    moments
        The times that are known at which triggers may become true.
    """

    source: Source
    events: Sequence[Event]
    priorities: Mapping[str, float]
    times: Mapping[str, Formula]
    moments: Mapping[str, frozenset[Formula]]

    def reason(self) -> str | None:
        """Return why events have to act in turns, with triggers looked at in between, or None."""
        if self._ranked:
            return "the event {!r} may act together with {!r}, and its priority is computed then".format(*self._ranked)
        for first, second in sorted(self._acting):
            for other in self._touched[first]:
                if self._is_touched_in_between(first, second, other):
                    names = (self._id(each) for each in (first, second, other))
                    return "the event {!r} may act together with {!r}, and touches the trigger of {!r}".format(*names)
        for first, second in sorted(self._triggered):
            if self._is_instant(first) and self._is_missed(first, second):
                return f"what the event {self._id(first)!r} sets touches the trigger of {self._id(second)!r}"
            if self._is_instant(first) and self._takes(second, first):
                return f"the event {self._id(second)!r} takes values that {self._id(first)!r} sets at the same moment"
        return None

    @property
    def ranked(self) -> bool:
        """Whether priorities of events that may act at one moment are known only then."""
        return self._ranked is not None

    @cached_property
    def _ranked(self) -> tuple[str, str] | None:
        """Two events that may act at one moment, the first with a priority that is known only then."""
        pairs = ((self._id(first), self._id(second)) for first, second in sorted(self._acting) if self._computed(first))
        return next(pairs, None)

    def _computed(self, index: int) -> bool:
        return self.events[index].rank is not None and self._id(index) not in self.priorities

    def touching(self, event: Event) -> int:
        """Return how many events set what a trigger depends on."""
        return len(self._touching[self.events.index(event)])

    # -- what makes a difference ----------------------------------------------------------------

    def _is_touched_in_between(self, first: int, second: int, other: int) -> bool:
        """Return whether it makes a difference that one of two that act together touches the trigger of another."""
        if other == second:
            return not self.events[other].persistent
        return second in self._touching[other] or self._goes_before(other, first, second)

    def _goes_before(self, other: int, first: int, second: int) -> bool:
        """Return whether an event that another one triggers has a higher priority than what is still to act."""
        given = self.priorities.get(self._id(other)), self.priorities.get(self._id(second))
        if None in given or not self._is_instant(other):
            return False
        return other < first and self.priorities[self._id(other)] > self.priorities[self._id(second)]

    def _is_missed(self, first: int, second: int) -> bool:
        """Return whether a trigger that others make true may be false again before it is looked at."""
        if second not in self._touched[first] or not self.events[second].persistent:
            return False
        return bool(self._touching[second] - {first, second}) or (first, second) in self._at_start

    def _takes(self, event: int, earlier: int) -> bool:
        """Return whether an event takes values that one which acts sooner sets.

        Those of events with the same trigger are kept before any acts, if nothing that acts makes it true.
        """
        same = self.events[event].trigger == self.events[earlier].trigger
        if earlier > event or (same and not self._touching[event] - {event, earlier}):
            return False
        taken = taken_by(self.source, self.events[event])
        return not taken.isdisjoint(changed_by(self.source, self.events[earlier]))

    # -- who touches whom -----------------------------------------------------------------------

    @cached_property
    def _touched(self) -> list[set[int]]:
        """By event, the events whose triggers depend on what it changes."""
        needed = [needed_by(self.source, event.trigger) for event in self.events]
        changed = [changed_by(self.source, event) for event in self.events]
        return [{index for index, names in enumerate(needed) if not names.isdisjoint(each)} for each in changed]

    @cached_property
    def _touching(self) -> list[set[int]]:
        """By event, the events that change what its trigger depends on."""
        return [
            {index for index, touched in enumerate(self._touched) if event in touched}
            for event in range(len(self.events))
        ]

    # -- who meets whom -------------------------------------------------------------------------

    @cached_property
    def _triggered(self) -> set[tuple[int, int]]:
        """Events of which the first may be triggered, or act, at the moment at which the second is triggered."""
        found = {*_alike([{*self.moments[event.id], event.trigger} for event in self.events])}
        found |= self._at_start
        for cause, touched in enumerate(self._touched):
            # What acts at once has a trigger that is true, and cannot make it true.
            found |= {*permutations(touched - {cause} if self._is_instant(cause) else touched, 2)}
        waiting, known = [*found | self._due_together], set()
        while waiting:
            first, second = waiting.pop()
            if not self._act_together(first, second):
                continue
            others, more = frozenset(self._touched[first]), frozenset(self._touched[second])
            new = _met({second}, others)
            # Many events often touch the same triggers.
            if (others, more) not in known:
                known.add((others, more))
                new |= _met(others, more)
            new -= found
            found |= new
            waiting += new
        return found

    @cached_property
    def _at_start(self) -> set[tuple[int, int]]:
        """Events that may be triggered at the start."""
        early = [each for each in range(len(self.events)) if not self.events[each].true_before]
        return {*permutations([each for each in early if self._time(each) is None or self._time(each) == ZERO], 2)}

    @cached_property
    def _acting(self) -> set[tuple[int, int]]:
        """Events that may act at one moment."""
        return {pair for pair in self._triggered if self._act_together(*pair)} | self._due_together

    @cached_property
    def _due_together(self) -> set[tuple[int, int]]:
        known = [self._due(index) for index in range(len(self.events))]
        return {*_alike([set() if due is None else {due} for due in known])}

    def _act_together(self, first: int, second: int) -> bool:
        """Return whether events act at one moment if they are triggered at one."""
        if (first, second) in self._due_together:
            return True
        return (self.events[first].delay or ZERO) == (self.events[second].delay or ZERO)

    def _time(self, index: int) -> Formula | None:
        return self.times.get(self._id(index))

    def _due(self, index: int) -> Formula | None:
        """Return when an event acts, where it is known."""
        time, delay = self._time(index), self.events[index].delay or ZERO
        if isinstance(time, Number) and isinstance(delay, Number):
            return Number(time.value + delay.value)
        return None if time is None else total(time, delay)

    def _is_instant(self, index: int) -> bool:
        return self.events[index].delay in (None, ZERO)

    def _id(self, index: int) -> str:
        return self.events[index].id


def _alike(formulas: Sequence[set[Formula]]) -> Iterator[tuple[int, int]]:
    """Yield the places of sets that have one in common."""
    places: dict[Formula, list[int]] = {}
    for index, each in enumerate(formulas):
        for formula in each:
            places.setdefault(formula, []).append(index)
    for found in places.values():
        yield from permutations(found, 2)


def _met(some: Iterable[int], others: Iterable[int]) -> set[tuple[int, int]]:
    """Return each of some with each of others, both ways."""
    pairs = [(first, second) for first, second in product(some, others) if first != second]
    return {*pairs, *((second, first) for first, second in pairs)}
