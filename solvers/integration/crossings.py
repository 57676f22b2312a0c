"""Where expressions cross zero within a step: the first such moment is bracketed on the continuous extension.

All expressions are looked at together. The extension is sampled at quarters of the step, and in a step that begins on a
zero soon after its begin too; between the first sample at which any expression has crossed zero and the one before, the
earliest zero of all of them counts. It is aimed at first by the polynomials through the quarters, which are what linear
expressions are where the extension is of degree 4 or less, and then by secants.

The variant of the method of false position that halves the value at an end which stays: M. Dowell and P. Jarratt, A
modified regula falsi method for computing the root of an equation, BIT 11 (1971).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import pairwise
from typing import Any, NamedTuple

from solvers.algebra.point import Point
from solvers.equations.instant import Instant, middle_of, time_of
from solvers.straightline import (
    absolute,
    both,
    convert,
    either,
    fma,
    larger,
    literal,
    negate,
    quotient_estimate,
    select,
    smaller,
)

#: Shares of a step at which it is looked whether anything has crossed zero.
QUARTERS = (0.25, 0.5, 0.75, 1.0)
#: The same soon after the begin of a step that begins on a zero: which side it leaves to may not last for a quarter.
SOON = (2.0**-20, 2.0**-15, 2.0**-10, 2.0**-5)
#: How narrow the bracket of a moment has to be, as a share of the step: below that expressions are rounding.
_NARROW = {"float64": 1e-13, "float32": 2.0**-24}
#: The same as a share of t: four units in the last place.
_PLACES = 4 * 2.0**-52
#: Every so many secants the bracket is halved, whatever they say.
_PATIENCE = 4
#: Corrections of a zero of a polynomial, from where a straight line has it.
_CORRECTIONS = 4


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
    aim
        Where it is taken to be.
    reach
        Half of how narrow the bracket has to be.
    tries
        Samples since the bracket was found or halved (int32).
    above
        Whether the last sample was behind the moment.
    """

    low: Any
    high: Any
    found: Any
    aim: Any
    reach: Any
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
        return Bracket(low, high, idle, high, high, literal(mask, 0, "int32"), idle)

    def open(self, bracket: Bracket, memory: Any) -> None:
        """Note what expressions are where the step begins."""
        for index in self._all:
            start = memory.value[index]
            memory.samples[index] = select(bracket.low == 0.0, start, memory.samples[index])

    def rests(self, mask: Any, bracket: Bracket, memory: Any) -> Any:
        """Return whether a run is at the begin of a step on a zero of any expression."""
        resting = reduce(either, (memory.side[index] == 0.0 for index in self._all))
        return both(mask, both(resting, bracket.low == 0.0))

    def sample(self, quarter: int) -> Callable[..., Bracket]:
        """Return code (mask, theta, point, t_next, bracket, memory) -> bracket that looks at a share of the step.

        Its state is in `memory.state`. Where something has been found before it, nothing is looked at.

        Parameters
        ----------
        quarter
            Which of the quarters it is, from 1; 0: none.
        """

        def look(mask: Any, theta: Any, point: Point, t_next: Any, bracket: Bracket, memory: Any) -> Bracket:
            fresh = both(mask, both(negate(bracket.found), theta > bracket.low))
            return self._look(fresh, theta, point, t_next, bracket, memory, quarter)

        return look

    def aim(self, mask: Any, point: Point, t_next: Any, bracket: Bracket, memory: Any) -> Bracket:
        """Take aim at a moment that lies between two quarters."""
        places = absolute(t_next) * _PLACES / absolute(t_next - time_of(point.t))
        reach = larger(places, literal(t_next, _NARROW[self.precision], "float64")) * 0.5
        share = bracket.high
        for index in self._all:
            zero = self._zero(index, bracket, memory)
            share = select(self.crossed(index, memory), smaller(zero, share), share)
        return bracket._replace(aim=select(mask, share, bracket.aim), reach=select(mask, reach, bracket.reach))

    def is_wide(self, mask: Any, bracket: Bracket) -> Any:
        """Return whether a moment has to be bracketed more closely."""
        return both(mask, both(bracket.found, bracket.high - bracket.low > bracket.reach * 2.0))

    def guess(self, bracket: Bracket) -> Any:
        """Return the share of the step to look at next: a little beyond where the moment is taken to be.

        So the next sample is most likely on the other side of the moment than the last one.
        """
        low, high, reach = bracket.low, bracket.high, bracket.reach
        theta = select(bracket.above, bracket.aim - reach, bracket.aim + reach)
        theta = smaller(larger(theta, low + reach), high - reach)
        return select(bracket.tries == _PATIENCE, (low + high) * 0.5, theta)

    def narrow(self, mask: Any, theta: Any, point: Point, t_next: Any, bracket: Bracket, memory: Any) -> Bracket:
        """Take one end of the bracket to a share of the step whose state is in `memory.state`, and aim anew."""
        narrowed = self._look(mask, theta, point, t_next, bracket, memory)
        above = narrowed.high == theta
        secants = both(mask, bracket.tries > 0)
        low_stays = both(secants, both(above, bracket.above))
        high_stays = both(secants, both(negate(above), negate(bracket.above)))
        share = one = literal(theta, 1.0, "float64")
        for index in self._all:
            memory.value[index] = select(low_stays, memory.value[index] * 0.5, memory.value[index])
            memory.beyond[index] = select(high_stays, memory.beyond[index] * 0.5, memory.beyond[index])
            secant = convert(self._secant(index, memory), "float64")
            share = select(self.crossed(index, memory), smaller(secant, share), share)
        share = select(share == share, share, one * 0.5)  # noqa: PLR0124 - NaN
        aim = narrowed.low + (narrowed.high - narrowed.low) * share
        tries = select(bracket.tries == _PATIENCE, 1, bracket.tries + 1)
        return narrowed._replace(
            aim=select(mask, aim, bracket.aim),
            tries=select(mask, tries, bracket.tries),
            above=either(both(mask, above), both(negate(mask), bracket.above)),
        )

    def resume(self, mask: Any, bracket: Bracket, memory: Any) -> Bracket:
        """Return the bracket of what comes behind a moment that changed nothing."""
        for index in self._all:
            value, side = memory.beyond[index], memory.side[index]
            memory.value[index] = select(mask, value, memory.value[index])
            memory.side[index] = select(mask, self._sign(value), side)
            memory.residue[index] = select(mask, literal(value, 0.0, self.precision), memory.residue[index])
        rest = self.nothing(mask)
        return bracket._replace(
            low=select(mask, bracket.high, bracket.low),
            high=select(mask, rest.high, bracket.high),
            found=both(negate(mask), bracket.found),
            tries=select(mask, rest.tries, bracket.tries),
            above=both(negate(mask), bracket.above),
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

    def _look(
        self, fresh: Any, theta: Any, point: Point, t_next: Any, bracket: Bracket, memory: Any, quarter: int = 0
    ) -> Bracket:
        values = self.expressions(_instant(theta, point, t_next), memory.state, point.p)
        crossed = [self.crosses_to(index, value, memory) for index, value in enumerate(values)]
        found = both(fresh, reduce(either, crossed))
        passed = both(fresh, negate(found))
        for index, value in enumerate(values):
            if quarter:
                memory.samples[quarter * len(values) + index] = value
            memory.beyond[index] = select(found, value, memory.beyond[index])
            self.note(passed, index, value, memory)
        return bracket._replace(
            low=select(passed, theta, bracket.low),
            high=select(found, theta, bracket.high),
            found=either(found, bracket.found),
        )

    def _secant(self, index: int, memory: Any) -> Any:
        """Return at which share of the bracket a straight line through its ends is zero."""
        value = memory.value[index]
        return quotient_estimate(value, value - memory.beyond[index])

    def _zero(self, index: int, bracket: Bracket, memory: Any) -> Any:
        """Return where the polynomial through the quarters is zero between the ends of the bracket.

        It is in powers of 4*theta, made of differences; Newton's method does with quotients to six digits.
        """
        low, high = bracket.low, bracket.high
        count = len(self.directions)
        values = [convert(memory.samples[quarter * count + index], "float64") for quarter in range(len(QUARTERS) + 1)]
        first, second, third, fourth = _differences(values)
        powers = (
            first - second / 2.0 + third / 3.0 - fourth / 4.0,
            second / 2.0 - third / 2.0 + fourth * (11 / 24),
            third / 6.0 - fourth / 4.0,
            fourth / 24.0,
        )
        theta = low + (high - low) * convert(self._secant(index, memory), "float64")
        for _ in range(_CORRECTIONS):
            place = theta * 4.0
            value, slope = powers[3], literal(theta, 0.0, "float64")
            for coefficient in (*reversed(powers[:3]), values[0]):
                slope = fma(slope, place, value)
                value = fma(value, place, coefficient)
            theta = smaller(larger(theta - quotient_estimate(value, slope) * 0.25, low), high)
        return theta

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


def _differences(values: Sequence[Any]) -> list[Any]:
    """Return the forward differences of values, of every order."""
    found = []
    while len(values) > 1:
        values = [following - value for value, following in pairwise(values)]
        found.append(values[0])
    return found
