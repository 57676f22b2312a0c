"""Where expressions cross zero within a step: the first such moment is bracketed on the continuous extension.

All expressions are looked at together. The extension is sampled at quarters of the step, and in a step that begins on a
zero soon after its begin too; between the first sample at which any expression has crossed zero and the one before, the
moment is found by the secants of all of them, of which the earliest counts.

The variant of the method of false position that halves the value at an end which stays: M. Dowell and P. Jarratt, A
modified regula falsi method for computing the root of an equation, BIT 11 (1971).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, NamedTuple

from solvers.algebra.point import Point
from solvers.equations.instant import Instant, middle_of, time_of
from solvers.straightline import absolute, both, convert, either, larger, literal, negate, select, smaller

#: Shares of a step at which it is looked whether anything has crossed zero.
QUARTERS = (0.25, 0.5, 0.75, 1.0)
#: The same soon after the begin of a step that begins on a zero: which side it leaves to may not last for a quarter.
SOON = (2.0**-20, 2.0**-15, 2.0**-10, 2.0**-5)
#: How narrow the bracket of a moment has to be, as a share of the step: in float32 no extension is that smooth.
_NARROW = {"float64": 1e-13, "float32": 1e-10}
#: The same as a share of t: four units in the last place.
_PLACES = 4 * 2.0**-52
#: Every so many secants the bracket is halved, whatever they say.
_PATIENCE = 4


class Bracket(NamedTuple):
    """Between which shares of a step the next moment lies, float64.

    Attributes
    ----------
    low
        Up to which nothing has crossed zero.
    high
        At which something has, where it is `found`.
    found
        Whether there is such a moment.
    tries
        Secants since the bracket was halved; 0: there was none yet (int32).
    above
        Whether the last sample was behind the moment.
    """

    low: Any
    high: Any
    found: Any
    tries: Any
    above: Any


@dataclass(frozen=True)
class Crossings:
    """Straight-line code that finds the first moment of a step at which any expression crosses zero.

    `memory` is the frame of the events: `side` says for each expression on which side of zero it was seen last, 0 if it
    is on it, within `residue`; `value` is what it was at the low end of the bracket, `beyond` at the high end.

    Parameters
    ----------
    expressions
        Computes all of them: (t, y, p) -> values.
    directions
        Of crossings that count: 1 up, -1 down, 0 both.
    precision
        Of the values.
    """

    expressions: Callable[[Any, Any, Any], list[Any]]
    directions: Sequence[int]
    precision: str

    def begin(self, fresh: Any, t: Any, y: Any, p: Any, memory: Any) -> None:
        """Note on which side runs start; what is zero there has to leave it before it crosses it."""
        for index, value in enumerate(self.expressions(t, y, p)):
            self.leave(fresh, index, value, literal(value, 0.0, self.precision), memory)

    def nothing(self, mask: Any) -> Bracket:
        """Return the bracket of a step that has not been looked at."""
        low, high, idle = literal(mask, 0.0, "float64"), literal(mask, 1.0, "float64"), literal(mask, False, "mask")  # noqa: FBT003
        return Bracket(low, high, idle, literal(mask, 0, "int32"), idle)

    def rests(self, mask: Any, bracket: Bracket, memory: Any) -> Any:
        """Return whether a run is at the begin of a step on a zero of any expression."""
        resting = reduce(either, (memory.side[index] == 0.0 for index in self._all))
        return both(mask, both(resting, bracket.low == 0.0))

    def sample(self, mask: Any, theta: Any, point: Point, t_next: Any, bracket: Bracket, memory: Any) -> Bracket:
        """Look at a share of the step whose state is in `memory.state`, where nothing has been found before it."""
        fresh = both(mask, both(negate(bracket.found), theta > bracket.low))
        return self._look(fresh, theta, point, t_next, bracket, memory)

    def is_wide(self, mask: Any, bracket: Bracket, point: Point, t_next: Any) -> Any:
        """Return whether a moment has to be bracketed more closely."""
        wide = bracket.high - bracket.low > self._tolerance(point, t_next)
        return both(mask, both(bracket.found, wide))

    def guess(self, bracket: Bracket, point: Point, t_next: Any, memory: Any) -> Any:
        """Return the share of the step to look at next: a little beyond where the earliest secant says the moment is.

        So the next sample is most likely on the other side of the moment than the last one.
        """
        low, high = bracket.low, bracket.high
        one = literal(low, 1.0, "float64")
        share = one
        for index in self._all:
            value, beyond = (convert(each[index], "float64") for each in (memory.value, memory.beyond))
            drop = value - beyond
            secant = value / select(drop == 0.0, one, drop)
            share = select(
                self._crosses(index, memory.side[index], memory.beyond[index]), smaller(secant, share), share
            )
        reach = self._tolerance(point, t_next) * 0.5
        theta = low + (high - low) * share
        theta = select(bracket.above, theta - reach, theta + reach)
        theta = smaller(larger(theta, low + reach), high - reach)
        return select(bracket.tries == _PATIENCE, (low + high) * 0.5, theta)

    def narrow(self, mask: Any, theta: Any, point: Point, t_next: Any, bracket: Bracket, memory: Any) -> Bracket:
        """Take one end of the bracket to a share of the step whose state is in `memory.state`."""
        narrowed = self._look(mask, theta, point, t_next, bracket, memory)
        above = narrowed.high == theta
        secants = both(mask, bracket.tries > 0)
        low_stays = both(secants, both(above, bracket.above))
        high_stays = both(secants, both(negate(above), negate(bracket.above)))
        for index in self._all:
            memory.value[index] = select(low_stays, memory.value[index] * 0.5, memory.value[index])
            memory.beyond[index] = select(high_stays, memory.beyond[index] * 0.5, memory.beyond[index])
        tries = select(bracket.tries == _PATIENCE, 1, bracket.tries + 1)
        return narrowed._replace(
            tries=select(mask, tries, bracket.tries), above=either(both(mask, above), both(negate(mask), bracket.above))
        )

    def resume(self, mask: Any, bracket: Bracket, memory: Any) -> Bracket:
        """Return the bracket of what comes behind a moment that changed nothing."""
        for index in self._all:
            value, side = memory.beyond[index], memory.side[index]
            memory.value[index] = select(mask, value, memory.value[index])
            memory.side[index] = select(mask, self._sign(value), side)
            memory.residue[index] = select(mask, literal(value, 0.0, self.precision), memory.residue[index])
        rest = self.nothing(mask)
        return Bracket(
            select(mask, bracket.high, bracket.low),
            select(mask, rest.high, bracket.high),
            both(negate(mask), bracket.found),
            select(mask, rest.tries, bracket.tries),
            both(negate(mask), bracket.above),
        )

    # -- parts ----------------------------------------------------------------------------------

    def crossed(self, index: int, memory: Any) -> Any:
        """Return whether an expression has crossed zero at the high end of the bracket."""
        return self._crosses(index, memory.side[index], memory.beyond[index])

    def crosses_to(self, index: int, value: Any, memory: Any) -> Any:
        """Return whether an expression crosses zero by having a value now."""
        return self._crosses(index, memory.side[index], value)

    def note(self, mask: Any, index: int, value: Any, memory: Any) -> None:
        """Note on which side of zero an expression is; on zero it stays on that where it was."""
        off = both(mask, absolute(value) > memory.residue[index])
        memory.value[index] = select(mask, value, memory.value[index])
        memory.side[index] = select(off, self._sign(value), memory.side[index])
        memory.residue[index] = select(off, literal(value, 0.0, self.precision), memory.residue[index])

    def leave(self, mask: Any, index: int, value: Any, residue: Any, memory: Any) -> None:
        """Note what an expression is behind a moment; within `residue` of zero it is still on it."""
        zero = literal(value, 0.0, self.precision)
        rests = absolute(value) <= residue
        memory.value[index] = select(mask, value, memory.value[index])
        memory.side[index] = select(mask, select(rests, zero, self._sign(value)), memory.side[index])
        memory.residue[index] = select(mask, select(rests, residue, zero), memory.residue[index])

    @property
    def _all(self) -> range:
        return range(len(self.directions))

    def _look(self, fresh: Any, theta: Any, point: Point, t_next: Any, bracket: Bracket, memory: Any) -> Bracket:
        values = self.expressions(_instant(theta, point, t_next), memory.state, point.p)
        crossed = [self.crosses_to(index, value, memory) for index, value in enumerate(values)]
        found = both(fresh, reduce(either, crossed))
        passed = both(fresh, negate(found))
        for index, value in enumerate(values):
            memory.beyond[index] = select(found, value, memory.beyond[index])
            self.note(passed, index, value, memory)
        return bracket._replace(
            low=select(passed, theta, bracket.low),
            high=select(found, theta, bracket.high),
            found=either(found, bracket.found),
        )

    def _tolerance(self, point: Point, t_next: Any) -> Any:
        """Return how narrow a bracket has to be, as a share of the step."""
        places = absolute(t_next) * _PLACES / absolute(t_next - time_of(point.t))
        return larger(places, literal(t_next, _NARROW[self.precision], "float64"))

    def _crosses(self, index: int, side: Any, value: Any) -> Any:
        up, down = both(side < 0.0, value >= 0.0), both(side > 0.0, value <= 0.0)
        return {1: up, -1: down, 0: either(up, down)}[self.directions[index]]

    def _sign(self, value: Any) -> Any:
        number = partial(literal, value, dtype=self.precision)
        return select(value > 0.0, number(1.0), select(value < 0.0, number(-1.0), number(0.0)))


def moment(theta: Any, t: Any, t_next: Any) -> Any:
    """Return the time at a share of a step."""
    start = time_of(t)
    return select(theta == 1.0, t_next, start + theta * (t_next - start))


def _instant(theta: Any, point: Point, t_next: Any) -> Instant:
    return Instant(moment(theta, point.t, t_next), middle_of(point.t))
