"""Where expressions cross zero within a step: the first such moment is bracketed on the continuous extension.

All expressions are looked at together. The extension is sampled at quarters of the step, and in a step that begins on a
zero soon after its begin too; between the first sample at which any expression has crossed zero and the one before, the
earliest zero of all of them counts. It is aimed at by the polynomials through the quarters, and then bracketed with
secants; of these polynomials, where expressions are linear and the extension is of degree 4 or less.

The variant of the method of false position that halves the value at an end which stays: M. Dowell and P. Jarratt, A
modified regula falsi method for computing the root of an equation, BIT 11 (1971).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np

from solvers.algebra.point import Point
from solvers.equations.instant import at_time, time_of
from solvers.integration.quarters import QuarterPolynomial
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
_NARROW = {"float64": 1e-13, "float32": 2.0**-20}
#: The same as a share of t: four units in the last place.
_PLACES = 4 * 2.0**-52
#: How far from zero, in units of its value where it fired, an expression is still on it.
_RESIDUE = 4.0
#: What is farther from zero where it crosses it, as a share of the largest value in the step, has jumped over it.
_JUMP = 2.0**-4
#: Every so many secants the bracket is halved, whatever they say.
_PATIENCE = 4
#: Corrections of a zero of a polynomial, from where a straight line has it.
_CORRECTIONS = 3


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
    exact
        Whether the polynomials through the quarters are what expressions are.
    """

    expressions: Callable[[Any, Any, Any], list[Any]]
    directions: Sequence[int]
    precision: str
    exact: bool

    def begin(self, fresh: Any, t: Any, y: Any, p: Any, memory: Any) -> None:
        """Note on which side runs start; what is zero there has to leave it before it crosses it."""
        for index, value in enumerate(self.expressions(t, y, p)):
            self.leave(fresh, index, value, literal(value, 0.0, self.precision), memory)

    def nothing(self, mask: Any) -> Bracket:
        """Return the bracket of a step that has not been looked at."""
        low, high, idle = literal(mask, 0.0, "float64"), literal(mask, 1.0, "float64"), literal(mask, False, "mask")  # noqa: FBT003
        return Bracket(low, high, idle, high, high, literal(mask, 0, "int32"), idle)

    def open(self, memory: Any) -> None:
        """Note what expressions are where the step begins."""
        for index in self._all:
            memory.samples[index] = memory.value[index]

    def rests(self, mask: Any, bracket: Bracket, memory: Any) -> Any:
        """Return whether a run is at the begin of a step on a zero of any expression."""
        resting = reduce(either, (memory.side[index] == 0 for index in self._all))
        return both(mask, both(resting, bracket.low == 0.0))

    def look(self, mask: Any, theta: Any, point: Point, t_next: Any, bracket: Bracket, memory: Any) -> Bracket:
        """Look at a share of the step whose state is in `memory.state`, where nothing has been found before it."""
        values = self._values(theta, point, t_next, memory)
        return self._look(self._ahead(mask, theta, bracket), theta, values, bracket, memory)

    def sample(self, quarter: int) -> Callable[..., None]:
        """Return code (theta, point, t_next, memory) that notes what expressions are at a quarter, counted from 1.

        Its state is in `memory.state`.
        """

        def note(theta: Any, point: Point, t_next: Any, memory: Any) -> None:
            values = self._values(theta, point, t_next, memory)
            for index, value in enumerate(values):
                memory.samples[quarter * len(values) + index] = value

        return note

    def stirs(self, mask: Any, memory: Any) -> Any:
        """Return where an expression leaves its side by any quarter; elsewhere there is nothing to find."""
        return both(mask, negate(reduce(both, (self._stays(index, memory) for index in self._all))))

    def stay(self, mask: Any, memory: Any) -> None:
        """Note that expressions are on the sides where they were."""
        for index in self._all:
            value = self._samples(index, memory)[-1]
            memory.value[index] = select(mask, value, memory.value[index])
            memory.residue[index] = select(mask, literal(value, 0.0, self.precision), memory.residue[index])

    def scan(self, mask: Any, bracket: Bracket, memory: Any) -> Bracket:
        """Find the first quarter up to which any expression crosses zero, where nothing has been found before."""
        quarters = zip(*(self._samples(index, memory) for index in self._all), strict=True)
        for theta, values in zip(QUARTERS, list(quarters)[1:], strict=True):
            bracket = self._look(self._ahead(mask, theta, bracket), theta, values, bracket, memory)
        return bracket

    def aim(self, mask: Any, point: Point, t_next: Any, bracket: Bracket, memory: Any) -> Bracket:
        """Take aim at a moment that lies between two quarters."""
        places = absolute(t_next) * _PLACES / absolute(t_next - time_of(point.t))
        reach = larger(places, literal(t_next, _NARROW[self.precision], "float64")) * 0.5
        share = bracket.high
        for index in self._all:
            zero = self._zero(index, bracket, memory)
            share = select(self.crossed(index, memory), smaller(zero, share), share)
        return bracket._replace(aim=select(mask, share, bracket.aim), reach=select(mask, reach, bracket.reach))

    def pinch(self, mask: Any, bracket: Bracket, memory: Any) -> tuple[Any, Bracket]:
        """Take the ends of the bracket as near to where the moment is aimed at as they have to be.

        Return where that leaves it outside, and the bracket. It is for expressions that are polynomials.
        """
        low, high = bracket.aim - bracket.reach, bracket.aim + bracket.reach
        before, beyond = (self._between(0, theta, memory) for theta in (low, high))
        encloses = both(negate(self.crosses_to(0, before, memory)), self.crosses_to(0, beyond, memory))
        inside = both(mask, both(encloses, both(low > bracket.low, high < bracket.high)))
        self.note(inside, 0, before, memory)
        memory.beyond[0] = select(inside, beyond, memory.beyond[0])
        aim = fma(bracket.reach * 2.0, convert(self._secant(0, memory), "float64"), low)
        ends = {"low": low, "high": high, "aim": aim}
        pinched = {name: select(inside, end, getattr(bracket, name)) for name, end in ends.items()}
        return both(mask, negate(inside)), bracket._replace(**pinched)

    def settle(self, mask: Any, bracket: Bracket) -> Bracket:
        """Return the bracket with the moment at its high end."""
        if not self.settles:
            return bracket
        share = smaller(larger(bracket.aim, bracket.low), bracket.high)
        return bracket._replace(high=select(both(mask, bracket.found), share, bracket.high))

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
        """Take one end of the bracket to a share of the step, and aim anew.

        Where polynomials are not all there is, the state there is in `memory.state`.
        """
        if self.exact:
            values = [self._between(index, theta, memory) for index in self._all]
        else:
            values = self._values(theta, point, t_next, memory)
        narrowed = self._look(mask, theta, values, bracket, memory)
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
        return self.crosses_to(index, memory.beyond[index], memory)

    def crosses_to(self, index: int, value: Any, memory: Any) -> Any:
        """Return whether an expression crosses zero by having a value now."""
        side, counts = memory.side[index], absolute(value) >= memory.residue[index]
        up, down = both(side < 0, value >= 0.0), both(side > 0, value <= 0.0)
        return both(counts, {1: up, -1: down, 0: either(up, down)}[self.directions[index]])

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
        side = select(rests, literal(value, 0, "int32"), self._sign(value))
        memory.side[index] = select(mask, side, memory.side[index])
        memory.residue[index] = select(mask, select(rests, residue, zero), memory.residue[index])

    def rounding(self, mask: Any, index: int, value: Any, memory: Any) -> Any:
        """Return how far from zero rounding leaves an expression that crossed it in the step; none where it jumped."""
        largest = reduce(larger, map(absolute, self._samples(index, memory)))
        jumps = absolute(value) > largest * _JUMP
        return select(both(mask, negate(jumps)), absolute(value) * _RESIDUE, literal(value, 0.0, self.precision))

    def reach(self, mask: Any, index: int, value: Any, memory: Any) -> None:
        """Note that an expression which has come to zero and does not fire is on its other side from then on.

        It crosses zero from there once it is beyond, not while it is zero.
        """
        if self.directions[index]:
            comes, residue = both(mask, value == 0.0), memory.residue[index]
            memory.side[index] = select(comes, 0 - memory.side[index], memory.side[index])
            least = literal(residue, float(np.finfo(self.precision).tiny), self.precision)
            memory.residue[index] = select(comes, least, residue)

    def pass_over(self, mask: Any, index: int, value: Any, residue: Any, memory: Any) -> None:
        """Note that an expression which fired is on the side it came to, where what was set did not change it.

        Only that of one direction: others would fire once more where what was set has them turn back. And only where
        moments lie behind zero but for rounding; where rounding has it before zero, it is behind within `residue`.
        """
        direction = self.directions[index]
        if direction and not self.settles:
            behind = value >= 0.0 if direction > 0 else value <= 0.0
            residue = select(behind, literal(value, 0.0, self.precision), residue)
            memory.side[index] = select(mask, direction, memory.side[index])
            memory.residue[index] = select(mask, residue, memory.residue[index])

    @property
    def settles(self) -> bool:
        """Whether a moment may lie before zero.

        In float32 a secant says more of it than the ends of its bracket. Where several expressions are watched, one may
        come to zero where another has just fired, and the side counts more than the moment.
        """
        return self.precision != "float64" and len(self.directions) == 1

    @property
    def _all(self) -> range:
        return range(len(self.directions))

    def _samples(self, index: int, memory: Any) -> list[Any]:
        """Return what an expression is at the begin of the step and at its quarters."""
        return [memory.samples[quarter * len(self.directions) + index] for quarter in range(len(QUARTERS) + 1)]

    def _stays(self, index: int, memory: Any) -> Any:
        """Return whether an expression is off zero at all quarters, on the side where it was."""
        side, residue = memory.side[index], memory.residue[index]
        _, *samples = self._samples(index, memory)
        above = both(side > 0, reduce(smaller, samples) > residue)
        return either(above, both(side < 0, reduce(larger, samples) < -residue))

    def _values(self, theta: Any, point: Point, t_next: Any, memory: Any) -> list[Any]:
        """Return what expressions are at a share of the step whose state is in `memory.state`."""
        return self.expressions(at_time(point.t, moment(theta, point.t, t_next)), memory.state, point.p)

    @staticmethod
    def _ahead(mask: Any, theta: Any, bracket: Bracket) -> Any:
        """Return where a share of the step is ahead of what has been looked at, and nothing has been found."""
        return both(mask, both(negate(bracket.found), bracket.low < theta))

    def _look(self, fresh: Any, theta: Any, values: Sequence[Any], bracket: Bracket, memory: Any) -> Bracket:
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

    def _secant(self, index: int, memory: Any) -> Any:
        """Return at which share of the bracket a straight line through its ends is zero."""
        value = memory.value[index]
        return quotient_estimate(value, value - memory.beyond[index])

    def _zero(self, index: int, bracket: Bracket, memory: Any) -> Any:
        """Return where the polynomial through the quarters is zero between the ends of the bracket.

        Newton's method does with quotients to six digits. Where it would leave the ends that are known by then, as it
        does from near an extreme, they are halved.
        """
        polynomial, side = self._polynomial(index, memory), memory.side[index]
        low, high = bracket.low, bracket.high
        theta = fma(high - low, convert(self._secant(index, memory), "float64"), low)
        for _ in range(_CORRECTIONS):
            value, slope = polynomial.value_and_slope(theta)
            ahead = either(both(side > 0, value > 0.0), both(side < 0, value < 0.0))
            low, high = select(ahead, theta, low), select(ahead, high, theta)
            newton = theta - quotient_estimate(value, slope)
            theta = select(both(newton >= low, newton <= high), newton, (low + high) * 0.5)
        return theta

    def _between(self, index: int, theta: Any, memory: Any) -> Any:
        """Return the value of the polynomial through the quarters."""
        return convert(self._polynomial(index, memory).value(theta), self.precision)

    def _polynomial(self, index: int, memory: Any) -> QuarterPolynomial:
        """Return the polynomial through the quarters."""
        return QuarterPolynomial.through([convert(sample, "float64") for sample in self._samples(index, memory)])

    def _sign(self, value: Any) -> Any:
        number = partial(literal, value, dtype="int32")
        return select(value > 0.0, number(1), select(value < 0.0, number(-1), number(0)))


def moment(theta: Any, t: Any, t_next: Any) -> Any:
    """Return the time at a share of a step."""
    start = time_of(t)
    return select(theta == 1.0, t_next, start + theta * (t_next - start))
