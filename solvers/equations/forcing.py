"""Drivers as straight-line code: their values and slopes at a time, when they jump, and how long a step may be.

The piece of a table with equal distances is known from the time. In another table a guide, with equal distances, says
which few rows to look at; where rows are too close in places for that, all are halved until one is left. Nothing is
kept from one evaluation to the next, so that a step which is cut short or tried again needs no care.

A value that jumps is, within a step, what it is in the middle of the stretch between two jumps.
"""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, Self

from solvers.equations.drivers import Driver, DriverShape, known_parts, setting
from solvers.equations.instant import Instant, middle_of, right_of, time_of
from solvers.straightline import both, call, convert, fetch, fma, larger, literal, select, smaller


@dataclass(frozen=True)
class DriverCode:
    """Straight-line code of one driver.

    Parameters
    ----------
    shape
        What it depends on.
    index
        Position of the driver.
    given
        Returns a number, or a table, by its name: see `Driver.numbers` and `Driver.tables`.
    precision
        Of values.
    """

    shape: DriverShape
    index: int
    given: Callable[[str], Any]
    precision: str

    # -- values ---------------------------------------------------------------------------------

    def value(self, t: Any) -> Any:
        """Return the value at a time, in the precision of values.

        Parameters
        ----------
        t
            Time, float64, or an instant. At a time that belongs to no stretch it is right of any jump.
        """
        at = _decisive(t)
        if self._holds:
            value = self._piece(self._held(at, exact=not isinstance(t, Instant)), 0)
        else:
            row, share = self._local(t, at)
            value = _polynomial([self._piece(row, column) for column in range(self.shape.width)], share)
        return self._within(at, value) if self.shape.outside == "zero" else value

    def slope(self, t: Any) -> Any:
        """Return the derivative with respect to time, in the precision of values."""
        at = _decisive(t)
        if self._holds:
            return literal(at, 0.0, self.precision)
        row, share = self._local(t, at)
        factors = [self._piece(row, column) * float(column) for column in range(1, self.shape.width)]
        inverse = literal(at, 1.0 / self._spacing, "float64") if self.shape.even else self._knot(row, 1)
        slope = _polynomial(factors, share) * convert(inverse, self.precision)
        if self._repeats:
            return slope
        return self._within(at if self.shape.outside == "zero" else time_of(t), slope)

    def _within(self, at: Any, value: Any) -> Any:
        """Return a value, and zero outside the table."""
        inside = both(at >= self._first, at < self._last)
        return select(inside, value, literal(value, 0.0, self.precision))

    def _local(self, t: Any, at: Any) -> tuple[Any, Any]:
        """Return the row of a time, and which share of its piece is passed; beyond the table's ends time stands."""
        time = time_of(t)
        own = self._own(time, self._turn(time, at))
        if self.shape.even:
            passed = smaller(larger((own - self._first) * (1.0 / self._spacing), 0.0), self._intervals)
            below = call("floor", smaller(passed, self._intervals - 1.0))
            return _whole(below), convert(passed - below, self.precision)
        row = self._row(own)
        share = (own - self._knot(row, 0)) * self._knot(row, 1)
        return row, convert(smaller(larger(share, 0.0), 1.0), self.precision)

    def _held(self, at: Any, *, exact: bool) -> Any:
        """Return the row whose value holds; in the middle of a stretch it is far from any jump."""
        own = self._own(at, self._turn(at, at))
        row = self._row(own)
        return self._corrected(row, own) if exact else row

    # -- rows -----------------------------------------------------------------------------------

    def _turn(self, t: Any, at: Any) -> Any:
        """Return how often it has repeated, float64; that changes where the value jumps, if it does."""
        if not self._repeats:
            return literal(t, 0.0, "float64")
        return call("floor", ((t if self.shape.joined else at) - self._first) * (1.0 / self._period))

    def _own(self, t: Any, turn: Any) -> Any:
        """Return a time as the table has it."""
        return fma(-turn, self._period, t) if self._repeats else t

    def _row(self, own: Any) -> Any:
        """Return the row of a time as the table has it (int64), or at equal distances a neighbour, by rounding."""
        if self.shape.even:
            top = self._intervals - (0.0 if self._ends_in_row else 1.0)
            return self._part_of(own, 1.0 / self._spacing, top)
        row = literal(own, 0, "int64")
        if self.shape.guided:
            parts = self._given("parts")
            row = convert(
                fetch(self._given("guide"), self._part_of(own, parts / self._period, parts - 1.0), "int32"), "int64"
            )
        for level in reversed(range(self.shape.levels)):
            further = row + (1 << level)
            row = select(own >= self._knot(further, 0), further, row)
        return row

    def _part_of(self, own: Any, frequency: Any, top: Any) -> Any:
        """Return which part of the table's span a time is in, of parts with equal lengths, up to the last one."""
        return _whole(smaller(larger((own - self._first) * frequency, 0.0), top))

    def _corrected(self, row: Any, own: Any) -> Any:
        """Return the row of a time, given that or a neighbour."""
        row = row - convert(both(row > 0, own < self._knot(row, 0)), "int64")
        return row + convert(own >= self._knot(row + 1, 0), "int64")

    # -- steps ----------------------------------------------------------------------------------

    def following(self, t: Any) -> Any:
        """Return when the value jumps next after a time, float64; infinity where it does not."""
        turn = self._turn(t, t)
        own = self._own(t, turn)
        jumps = [literal(t, self._first, "float64"), literal(t, self._last, "float64")]
        if self._holds:
            row = self._corrected(self._row(own), own)
            # Rounding may take the first of them to the time itself.
            found = [self._knot(row + 1, 0), self._knot(row + 2, 0)]
            jumps = [*jumps, *found] if self.shape.outside == "zero" else found
        elif self._repeats:
            jumps.append(jumps[1] + self._period)
        following = literal(t, math.inf, "float64")
        for jump in jumps:
            time = fma(turn, self._period, jump) if self._repeats else jump
            following = select(time > t, smaller(time, following), following)
        return following

    def lookout(self, t: Any, middle: Any) -> Any:
        """Return the time at which a step from a time has to end at the latest, float64: see `lookouts`."""
        after, never = right_of(t), literal(t, math.inf, "float64")
        turn = self._turn(after, middle)
        own = self._own(after, turn)
        end = fetch(self._given("ends"), self._row(own), "float64")
        if self.shape.even:
            # Rounding may have found the row before.
            end = select(end > own, end, end + self._spacing)
        if self._repeats:
            end = fma(turn, self._period, end)
        else:
            end = select(own < self._first, literal(t, self._first, "float64"), select(own < self._last, end, never))
        return select(end > after, end, never)

    # -- parts ----------------------------------------------------------------------------------

    @property
    def _holds(self) -> bool:
        return self.shape.method == "hold"

    @property
    def _repeats(self) -> bool:
        return self.shape.outside == "periodic"

    @property
    def _ends_in_row(self) -> bool:
        """Whether the last row stands for what follows it."""
        return self._holds and self.shape.outside in {"hold", "error"}

    def _knot(self, row: Any, column: int) -> Any:
        return fetch(self._given("knots"), row, "float64", column=column, width=2)

    def _piece(self, row: Any, column: int) -> Any:
        return fetch(self._given("pieces"), row, self.precision, column=column, width=self.shape.width)

    def _given(self, name: str) -> Any:
        return self.given(setting(self.index, name))

    @property
    def _first(self) -> Any:
        return self._given("first")

    @property
    def _last(self) -> Any:
        return self._given("last")

    @property
    def _intervals(self) -> Any:
        return self._given("intervals")

    @property
    def _period(self) -> Any:
        return self._last - self._first

    @property
    def _spacing(self) -> Any:
        return self._period / self._intervals


def _decisive(t: Any) -> Any:
    """Return the time that says on which side of a jump another is."""
    return middle_of(t) if isinstance(t, Instant) else right_of(t)


def _whole(number: Any) -> Any:
    """Return a number that is not negative, without its fraction, as an int64."""
    # By way of an int32, which processors have an instruction for.
    return convert(convert(number, "int32"), "int64")


def _polynomial(coefficients: list[Any], x: Any) -> Any:
    """Return a polynomial, given its coefficients from the constant on."""
    return reduce(lambda total, coefficient: fma(total, x, coefficient), reversed(coefficients))


@dataclass(frozen=True)
class Forcing:
    """The drivers of a system as straight-line code.

    Parameters
    ----------
    codes
        All of them.
    used
        Positions of those that count: the others end no steps.
    """

    codes: tuple[DriverCode, ...] = ()
    used: tuple[int, ...] = ()

    @classmethod
    def make(cls, drivers: Iterable[Driver], used: Iterable[int], given: Callable[[str], Any], precision: str) -> Self:
        """Return the code of some drivers; see `DriverCode`."""
        codes = (DriverCode(driver.shape, index, given, precision) for index, driver in enumerate(drivers))
        return cls(tuple(codes), tuple(used))

    @classmethod
    def known(cls, drivers: Iterable[Driver], precision: str) -> Self:
        """Return the code of some drivers for the interpreter."""
        found = tuple(drivers)
        return cls.make(found, range(len(found)), known_parts(found, precision).__getitem__, precision)

    @cached_property
    def _jumping(self) -> tuple[DriverCode, ...]:
        return tuple(self.codes[index] for index in self.used if self.codes[index].shape.jumps)

    @cached_property
    def _smooth(self) -> tuple[DriverCode, ...]:
        return tuple(self.codes[index] for index in self.used if self.codes[index].shape.method != "hold")

    def inputs(self, wanted: Collection[int], t: Any) -> list[Any]:
        """Return the values of all drivers and then their slopes, None for those of which nobody asks.

        Parameters
        ----------
        wanted
            Positions in that list.
        t
            Time, float64, or an instant.
        """
        count = len(self.codes)
        values = [self.codes[i].value(t) if i in wanted else None for i in range(count)]
        slopes = [self.codes[i].slope(t) if count + i in wanted else None for i in range(count)]
        return [*values, *slopes]

    @property
    def jumps(self) -> bool:
        """Whether any value jumps."""
        return bool(self._jumping)

    def following(self, t: Any, otherwise: Any) -> Any:
        """Return when any value jumps next after a time, float64, or an earlier time that is given."""
        return reduce(smaller, (code.following(t) for code in self._jumping), otherwise)

    @property
    def looks_out(self) -> bool:
        """Whether steps have to end early, so that they pass by nothing in a table that they have not seen."""
        return bool(self._smooth)

    def lookout(self, t: Any, middle: Any, otherwise: Any) -> Any:
        """Return the time at which a step from a time has to end, float64, or an earlier time that is given."""
        return reduce(smaller, (code.lookout(t, middle) for code in self._smooth), otherwise)
