"""Appointments: the times of an `at` event, as straight-line code."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

from solvers.equations.lowering import compile_program
from solvers.equations.program import literals
from solvers.equations.system import Appointments, parameter_symbol
from solvers.straightline import absolute, both, call, convert, is_finite, literal, select, smaller
from solvers.straightline.setting import Number

#: How far from the end of the span a time is that end, as a share of it: times are computed.
_ROUNDING = 2.0**-50

#: A time of the parameters, float64: (like, p) -> value.
_Time = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Diary:
    """When an event has to act.

    Parameters
    ----------
    appointments
        The times.
    parameters
        The number of parameters.
    given
        Returns a number by its name in `Quantities.event_numbers`.
    t1
        The end of the span.
    """

    appointments: Appointments
    parameters: int
    given: Callable[[str], Number]
    t1: Number

    def first(self, t: Any, p: Any) -> Any:
        """Return the first time that is not before another, NaN where they are no times."""
        if self.appointments.start is None:
            return self._soonest(t, p, lambda time: time >= t)
        start, every = self._times(t, p, self.appointments.start, self.appointments.every)
        begun = call("floor", (t - start) / every)
        begun = select(start + begun * every < t, begun + 1.0, begun)
        count = select(begun > 0.0, begun, literal(t, 0.0, "float64"))
        sound = both(every > 0.0, both(is_finite(start), is_finite(every)))
        return select(sound, self._repeated(t, p, start, every, count), literal(t, math.nan, "float64"))

    def following(self, passed: Any, p: Any) -> Any:
        """Return the next time after one that is over; infinity where there is none."""
        if self.appointments.start is None:
            return self._soonest(passed, p, lambda time: time > passed)
        start, every = self._times(passed, p, self.appointments.start, self.appointments.every)
        return self._repeated(passed, p, start, every, call("floor", (passed - start) / every + 0.5) + 1.0)

    def _repeated(self, like: Any, p: Any, start: Any, every: Any, number: Any) -> Any:
        """Return the time of a number, counted from 0."""
        never = literal(like, math.inf, "float64")
        time = self._rounded(start + number * every)
        count, until = self.appointments.count, self.appointments.until
        if count is not None:
            (most,) = self._times(like, p, count)
            time = select(number < most, time, never)
        if until is not None:
            (last,) = self._times(like, p, until)
            time = select(time <= last + absolute(last) * _ROUNDING, time, never)
        return time

    def _soonest(self, like: Any, p: Any, counts: Callable[[Any], Any]) -> Any:
        """Return the least of the times that count."""
        soonest, sound = literal(like, math.inf, "float64"), literal(like, True, "mask")  # noqa: FBT003
        for time in map(self._rounded, self._times(like, p, *self.appointments.times)):
            soonest = select(counts(time), smaller(time, soonest), soonest)
            sound = both(sound, is_finite(time))
        return select(sound, soonest, literal(like, math.nan, "float64"))

    def _rounded(self, time: Any) -> Any:
        """Return a time, or the end of the span where it is that but for rounding."""
        end = literal(time, self.t1, "float64")
        return select(absolute(time - end) <= absolute(end) * _ROUNDING, end, time)

    def _times(self, like: Any, p: Any, *times: sympy.Expr | str | None) -> list[Any]:
        """Return values of times."""
        symbols = [parameter_symbol(index) for index in range(self.parameters)]
        expressions = [time for time in times if not isinstance(time, str)]
        program = compile_program(symbols, expressions)
        exact = [convert(p[index], "float64") if program.uses(index) else None for index in range(self.parameters)]
        computed = iter(program.evaluate(exact, literals(like, "float64")))
        return [
            literal(like, self.given(each), "float64") if isinstance(each, str) else next(computed) for each in times
        ]
