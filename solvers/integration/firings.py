"""Events that fire: which there are, when they do, and what is told of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any, NamedTuple

import sympy

from solvers.equations.instant import time_of
from solvers.equations.quantities import EventFacts
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.system import TIME, Event, parameter_symbol, state_symbol
from solvers.integration.appointments import Diary
from solvers.integration.crossings import Crossings
from solvers.straightline import both, convert, scatter
from solvers.straightline.setting import Number
from solvers.targets.target import DeviceFunction


class EventRows(NamedTuple):
    """In which rows of the findings it is told of an event: its firings; their times and what is recorded with them."""

    firings: int
    times: int


@dataclass(frozen=True)
class Firings:
    """The events of a system, and straight-line code that tells of them.

    Parameters
    ----------
    rhs
        The system.
    given
        Returns a number by its name in `Quantities.event_numbers`.
    t1
        The end of the span.
    most
        Most firings of a run.
    end_row
        The row of the findings that takes the end of each run; None: it is that of the span.
    rows
        Those of each event.
    quartic
        Whether the continuous extension is of degree 4 or less.
    jumps
        Whether expressions may jump where steps have to end.
    report
        Takes (run, event, t) of each firing, on a target that is watched; None: nobody does.
    """

    rhs: RightHandSide
    given: Callable[[str], Number]
    t1: Number
    most: Number
    end_row: int | None
    rows: tuple[EventRows, ...]
    quartic: bool = False
    jumps: bool = False
    report: DeviceFunction | None = None

    @property
    def watches(self) -> bool:
        """Whether the continuous extension of each step is looked at."""
        return bool(self.watched)

    @property
    def stops(self) -> bool:
        """Whether a run may end before the end of the span."""
        return any(facts.stop for facts in self.facts)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events, in the order in which they act."""
        return self.rhs.system.events

    @property
    def facts(self) -> tuple[EventFacts, ...]:
        """What is known of each besides."""
        return self.rhs.system.event_facts

    @cached_property
    def watched(self) -> tuple[int, ...]:
        """Positions of the events that wait for a crossing."""
        return tuple(index for index, event in enumerate(self.events) if event.when is not None)

    @cached_property
    def dated(self) -> tuple[int, ...]:
        """Positions of the events that have appointments."""
        return tuple(index for index, event in enumerate(self.events) if event.appointments is not None)

    @cached_property
    def crossings(self) -> Crossings:
        """Where the expressions of all that are watched cross zero."""
        expressions = tuple(event.when for event in self.events if event.when is not None)
        directions = tuple(self.events[index].direction for index in self.watched)
        exact = self.quartic and len(expressions) == 1 and self._is_linear(expressions[0])
        return Crossings(self.rhs.computed(expressions), directions, self.rhs.precision, exact)

    def _is_linear(self, expression: sympy.Expr) -> bool:
        """Return whether an expression is linear in time and states."""
        variables = {TIME, *(state_symbol(index) for index in range(len(self.rhs.system.states)))}
        known = variables | {parameter_symbol(index) for index in range(len(self.rhs.system.parameters))}
        if not expression.free_symbols <= known or not expression.is_polynomial(*variables):
            return False
        return _degree(expression, variables) <= 1

    def expression(self, index: int, t: Any, y: Any, p: Any) -> Any:
        """Return the value of the expression whose crossings an event waits for."""
        (value,) = self.expressions[index](t, y, p)
        return value

    @cached_property
    def expressions(self) -> dict[int, Callable[[Any, Any, Any], list[Any]]]:
        """The expressions of those that are watched, each by itself."""
        whens = {index: self.events[index].when for index in self.watched}
        return {index: self.rhs.computed((when,)) for index, when in whens.items() if when is not None}

    def diary(self, index: int) -> Diary:
        """Return the times of an event."""
        appointments = self.events[index].appointments
        assert appointments is not None  # noqa: S101 - asked of events that have some
        return Diary(appointments, len(self.rhs.system.parameters), self.given, self.t1)

    def too_many(self, memory: Any, more: int = 0) -> Any:
        """Return whether a run has more firings than it may have, or would with some more."""
        total = reduce(add, (memory.firings[index] for index in range(len(self.events))))
        return total + more > self.most

    # -- telling --------------------------------------------------------------------------------

    def tell(self, fires: Any, index: int, t: Any, y: Any, p: Any, memory: Any, place: Any, results: Any) -> None:
        """Record a firing that has been counted."""
        facts, rows = self.facts[index], self.rows[index]
        if self.report and fires:
            self.report((place.run, index, time_of(t)))
        if not facts.first:
            return
        number = convert(memory.firings[index], "int64") - 1
        kept = both(fires, number < facts.first)
        whole = self.rhs.whole(y)
        values = [time_of(t), *(whole[state] for state in facts.states)]
        values += self.rhs.observables(facts.observables)(t, y, p) if facts.observables else []
        for row, value in enumerate(values):
            self.store(kept, number + (rows.times + row * facts.first), value, place, results)

    @staticmethod
    def store(mask: Any, row: Any, value: Any, place: Any, results: Any) -> None:
        """Store a number in a row of the findings."""
        scatter(results.findings, place.run + place.runs * row, convert(value, "float64"), mask)


def _degree(polynomial: sympy.Expr, variables: set[sympy.Symbol]) -> int:
    """Return the degree of a polynomial as it is written; what would cancel counts.

    SymPy's own representation nests as deep as there are variables, which may be thousands.
    """
    if polynomial in variables:
        return 1
    degrees = [_degree(part, variables) for part in polynomial.args]
    if polynomial.is_Pow:
        return degrees[0] and degrees[0] * int(polynomial.exp)
    return sum(degrees) if polynomial.is_Mul else max(degrees, default=0)
