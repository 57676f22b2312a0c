"""A step as polynomials: of states the continuous extension, of observables those through their values in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from solvers.algebra.point import Point
from solvers.equations.instant import Instant, time_of
from solvers.equations.right_hand_side import RightHandSide
from solvers.integration import bernstein
from solvers.methods.step import OneStepMethod
from solvers.straightline import convert, select


@dataclass(frozen=True)
class StepPolynomials:
    """Straight-line code for the polynomials of a step, in Bernstein's form.

    Parameters
    ----------
    rhs, step
        The system and the method.
    wanted
        Positions of the states that are asked for.
    observables
        Those of the observables.
    """

    rhs: RightHandSide
    step: OneStepMethod
    wanted: frozenset[int]
    observables: tuple[int, ...]

    @cached_property
    def degree(self) -> int:
        """Their degree, that of the continuous extension."""
        return self.step.extension_degree

    @property
    def terms(self) -> int:
        """Coefficients of one."""
        return self.degree + 1

    @cached_property
    def states(self) -> tuple[int, ...]:
        """The states whose polynomials are needed, by themselves or by observables."""
        used = self.rhs.states_of_observables(self.observables) if self.observables else ()
        return tuple(sorted(self.wanted.union(used)))

    @property
    def count(self) -> int:
        """Coefficients of all."""
        return (len(self.states) + len(self.observables)) * self.terms

    def place(self, position: int, *, observable: bool) -> int:
        """Return where the polynomial of a state or an observable is: states come first."""
        return len(self.states) + self.observables.index(position) if observable else self.states.index(position)

    def values(self, t: Any, y: Any, p: Any) -> list[Any]:
        """Return the quantities themselves at a time."""
        told = self.rhs.observables(self.observables)(t, y, p) if self.observables else []
        whole = self.rhs.whole(y)
        return [*(whole[i] for i in self.states), *told]

    def sample(self, point: Point, t_next: Any, step_memory: Any, array: Any) -> None:
        """Store the polynomials of a whole step."""
        extension = self.step.extension(point, step_memory)
        self._store(array, [extension(i) for i in self.states], point, time_of(point.t), t_next)

    def restrict(self, partly: Any, point: Point, t_next: Any, span: tuple[Any, Any], whole: Any, array: Any) -> None:
        """Store the polynomials of a part of a step where a mask holds, else those of all of it.

        Observables are asked for anew: beyond the part they may have no value.

        Parameters
        ----------
        span
            Where the part begins and ends, float64.
        whole
            The polynomials of the step.
        """
        t = time_of(point.t)
        places = [convert((time - t) / (t_next - t), self.rhs.precision) for time in span]
        states = []
        for number in range(len(self.states)):
            all_of_it = self.coefficients(whole, number)
            inner = bernstein.part(all_of_it, *places)
            states.append([select(partly, new, old) for new, old in zip(inner, all_of_it, strict=True)])
        self._store(array, states, point, *span)

    def coefficients(self, array: Any, place: int) -> list[Any]:
        """Return a polynomial that is stored."""
        return [array[place * self.terms + index] for index in range(self.terms)]

    def _store(self, array: Any, states: Sequence[Sequence[Any]], point: Point, begin: Any, end: Any) -> None:
        """Store the polynomials of states between two times, and those of observables."""
        for number, each in enumerate([*states, *self._observed(states, point, begin, end)]):
            for index, coefficient in enumerate(each):
                array[number * self.terms + index] = coefficient

    def _observed(self, states: Sequence[Sequence[Any]], point: Point, begin: Any, end: Any) -> list[list[Any]]:
        if not self.observables:
            return []
        observe, rows = self.rhs.observables(self.observables), []
        for theta in bernstein.nodes(self.degree):
            y: list[Any] = [None] * len(self.rhs.system.states)
            for i, each in zip(self.states, states, strict=True):
                y[i] = bernstein.value_at(each, theta)
            time = end if theta == 1.0 else begin + (end - begin) * theta
            instant = Instant(time, point.t.middle) if isinstance(point.t, Instant) else time
            rows.append(observe(instant, y, point.p))
        return [bernstein.through(values) for values in zip(*rows, strict=True)]
