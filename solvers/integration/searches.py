"""Where a polynomial crosses zero, turns, or is largest: searches on a step, for what a summary tells of it.

A search goes through [0, 1] from left to right by pieces, halves of halves. The coefficients of a piece in Bernstein's
form say how many roots it may have: none are passed by, one is found by Newton's method within a bracket, and more are
told apart by halving. So none is overlooked, but for two that are nearer than `LEAST_PIECE`. Coefficients within
rounding of zero have no sign, and a side is kept until the other is reached: rounding does not cross.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from solvers.integration.bernstein import differences, evaluate, largest_magnitude, part
from solvers.integration.roots import refine_root, rounding
from solvers.straightline import (
    both,
    call,
    convert,
    either,
    larger,
    literal,
    negate,
    select,
)
from solvers.targets.target import DeviceFunction, Target

#: The shortest piece that is looked at, as a share of the step.
LEAST_PIECE = 2.0**-12
#: Callers up to which a search is put in place of its calls: that is code for each, and a call takes registers.
FEW_CALLERS = 6


class Scan(NamedTuple):
    """The piece that a search is at, and whether there is one.

    Attributes
    ----------
    begin, width
        In parts of the step.
    busy
        Mask.
    """

    begin: Any
    width: Any
    busy: Any


class Signs(NamedTuple):
    """What the signs of coefficients say: the first and the last that is not 0, int32, and how often they change."""

    first: Any
    last: Any
    changes: Any


class Crossed(NamedTuple):
    """What was found of crossings.

    Attributes
    ----------
    side
        1 above, -1 below, 0 not known yet (int32).
    count
        Crossings that count (int32).
    first, last
        Where, in parts of the step.
    above, below
        Shares of the step, float64.
    """

    side: Any
    count: Any
    first: Any
    last: Any
    above: Any
    below: Any


class Turned(NamedTuple):
    """What was found of local maxima.

    Attributes
    ----------
    side
        1 rising, -1 falling, 0 not known yet (int32).
    count
        Maxima that count (int32).
    first, last
        Where, in parts of the step.
    first_height, last_height, total
        Their heights; the sum of all, float64.
    """

    side: Any
    count: Any
    first: Any
    last: Any
    first_height: Any
    last_height: Any
    total: Any


class Highest(NamedTuple):
    """The largest value, and where it is in parts of the step."""

    value: Any
    place: Any


def signs(values: Sequence[Any], threshold: Any) -> Signs:
    """Return what the signs of coefficients say; straight-line code."""
    one, none = literal(threshold, 1, "int32"), literal(threshold, 0, "int32")
    first = last = changes = none
    for value in values:
        sign = select(value > threshold, one, select(value < -threshold, -one, none))
        changes += convert(sign * last < 0, "int32")
        last = select(sign == 0, last, sign)
        first = select(first == 0, sign, first)
    return Signs(first, last, changes)


@dataclass(frozen=True)
class Searches:
    """The searches on polynomials of a degree; each is compiled once, where many call it.

    Parameters
    ----------
    target
        What they are lowered for.
    precision
        Of coefficients and places.
    callers
        From how many places they are called.
    """

    target: Target
    precision: str
    callers: int = 1

    @property
    def _lowered(self) -> Callable[[DeviceFunction], DeviceFunction]:
        return self.target.control if self.callers <= FEW_CALLERS else self.target.apart

    def crossings(self) -> DeviceFunction:
        """Return a function (mask, (coefficients, threshold, side, direction)) -> `Crossed`.

        Coefficients are those of the polynomial less the level; the direction of what counts is 1, -1, or 0 for both.
        """
        target, any_lane = self.target, self.target.any_lane
        refine = refine_root(target, self.precision)

        @target.straight_line
        def begin(mask: Any, side: Any) -> Any:
            zero, nothing = literal(side, 0.0, self.precision), literal(side, 0.0, "float64")
            return self._begin(mask), Crossed(side, literal(side, 0, "int32"), zero, zero, nothing, nothing)

        @target.straight_line
        def look(coefficients: Any, threshold: Any, scan: Any) -> Any:
            piece = tuple(part(coefficients, scan.begin, scan.begin + scan.width))
            found = signs(piece, threshold)
            single, split = self._single(scan, found), self._split(scan, found)
            return piece, found, single, split, literal(threshold, 0.5, self.precision)

        @target.straight_line
        def take(scan: Any, found: Any, split: Any, root: Any, direction: Any, so_far: Any) -> Any:
            return self._advance(scan, split), self._cross(scan, found, split, root, direction, so_far)

        @self._lowered
        def search(mask: Any, given: Any) -> Any:
            coefficients, threshold, side, direction = given
            scan, so_far = begin(mask, side)
            while any_lane(scan.busy):
                piece, found, single, split, root = look(coefficients, threshold, scan)
                if any_lane(single):
                    root = refine(single, piece, found.first)
                scan, so_far = take(scan, found, split, root, direction, so_far)
            return so_far

        return search

    def peaks(self) -> DeviceFunction:
        """Return a function (mask, (coefficients, side, above)) -> `Turned`: local maxima higher than `above`."""
        target, any_lane = self.target, self.target.any_lane
        refine = refine_root(target, self.precision)

        @target.straight_line
        def begin(mask: Any, side: Any) -> Any:
            zero = literal(side, 0.0, self.precision)
            none, nothing = literal(side, 0, "int32"), literal(side, 0.0, "float64")
            return self._begin(mask), Turned(side, none, zero, zero, zero, zero, nothing)

        @target.straight_line
        def look(coefficients: Any, scan: Any) -> Any:
            piece = tuple(part(coefficients, scan.begin, scan.begin + scan.width))
            slopes, threshold = tuple(differences(piece)), largest_magnitude(coefficients) * rounding(self.precision)
            found = signs(slopes, threshold)
            single = both(self._single(scan, found), found.first > 0)
            split = self._split(scan, found)
            return piece, slopes, found, single, split, literal(threshold, 0.5, self.precision)

        @target.straight_line
        def take(scan: Any, piece: Any, found: Any, split: Any, root: Any, above: Any, so_far: Any) -> Any:
            return self._advance(scan, split), self._turn(scan, piece, found, split, root, above, so_far)

        @self._lowered
        def search(mask: Any, given: Any) -> Any:
            coefficients, side, above = given
            scan, so_far = begin(mask, side)
            while any_lane(scan.busy):
                piece, slopes, found, single, split, root = look(coefficients, scan)
                if any_lane(single):
                    root = refine(single, slopes, found.first)
                scan, so_far = take(scan, piece, found, split, root, above, so_far)
            return so_far

        return search

    def highest(self) -> DeviceFunction:
        """Return a function (mask, (coefficients, bound)) -> `Highest`: the largest value inside that is above a bound.

        Where there is none, it is the bound.
        """
        target, any_lane = self.target, self.target.any_lane
        refine = refine_root(target, self.precision)

        @target.straight_line
        def begin(mask: Any, bound: Any) -> Any:
            return self._begin(mask), Highest(bound, literal(bound, 0.0, self.precision))

        @target.straight_line
        def look(coefficients: Any, scan: Any, so_far: Any) -> Any:
            piece = tuple(part(coefficients, scan.begin, scan.begin + scan.width))
            slopes, top = tuple(differences(piece)), piece[0]
            for coefficient in piece[1:]:
                top = larger(top, coefficient)
            threshold = largest_magnitude(coefficients) * rounding(self.precision)
            found, promising = signs(slopes, threshold), top > so_far.value
            single = both(promising, both(self._single(scan, found), found.first > 0))
            split = both(promising, self._split(scan, found))
            return piece, slopes, found, single, split, literal(threshold, 0.5, self.precision)

        @target.straight_line
        def take(scan: Any, piece: Any, split: Any, root: Any, so_far: Any) -> Any:
            value, _ = evaluate(piece, root)
            better = both(both(scan.busy, negate(split)), value > so_far.value)
            place = scan.begin + scan.width * root
            found = Highest(select(better, value, so_far.value), select(better, place, so_far.place))
            return self._advance(scan, split), found

        @self._lowered
        def search(mask: Any, given: Any) -> Any:
            coefficients, bound = given
            scan, so_far = begin(mask, bound)
            while any_lane(scan.busy):
                piece, slopes, found, single, split, root = look(coefficients, scan, so_far)
                if any_lane(single):
                    root = refine(single, slopes, found.first)
                scan, so_far = take(scan, piece, split, root, so_far)
            return so_far

        return search

    # -- from piece to piece --------------------------------------------------------------------

    def _begin(self, mask: Any) -> Scan:
        return Scan(literal(mask, 0.0, self.precision), literal(mask, 1.0, self.precision), both(mask, True))  # noqa: FBT003

    @staticmethod
    def _single(scan: Scan, found: Signs) -> Any:
        return both(scan.busy, found.changes == 1)

    @staticmethod
    def _split(scan: Scan, found: Signs) -> Any:
        return both(scan.busy, both(found.changes > 1, scan.width > LEAST_PIECE))

    def _advance(self, scan: Scan, split: Any) -> Scan:
        """Go on with the first half of a piece, or to the next piece, as wide as the halving allows."""
        begin = select(either(split, negate(scan.busy)), scan.begin, scan.begin + scan.width)
        half, twice = scan.width * 0.5, scan.width * 2.0
        pieces = begin / twice
        wider = both(call("floor", pieces) == pieces, begin + twice <= 1.0)
        width = select(split, half, select(wider, twice, scan.width))
        return Scan(begin, width, both(scan.busy, begin < 1.0))

    def _cross(self, scan: Scan, found: Signs, split: Any, root: Any, direction: Any, so_far: Crossed) -> Crossed:
        done = both(scan.busy, negate(split))
        changed = both(done, found.first * found.last < 0)
        enters = both(done, found.first * so_far.side < 0)
        so_far = self._count(enters, scan.begin, found.first, direction, so_far)
        so_far = self._count(changed, scan.begin + scan.width * root, found.last, direction, so_far)
        known = both(done, found.last != 0)
        width, until = convert(scan.width, "float64"), convert(scan.width * root, "float64")
        nothing = width * 0.0
        before = select(changed, until, width)  # where the first sign holds; of no changes it is all
        after = width - before
        rises, falls = found.first > 0, found.first < 0
        above = select(both(done, rises), before, select(both(changed, falls), after, nothing))
        below = select(both(done, falls), before, select(both(changed, rises), after, nothing))
        return so_far._replace(
            side=select(known, found.last, so_far.side), above=so_far.above + above, below=so_far.below + below
        )

    @staticmethod
    def _count(crosses: Any, place: Any, to: Any, direction: Any, so_far: Crossed) -> Crossed:
        counts = both(crosses, to * direction >= 0)
        first = both(counts, so_far.count == 0)
        return so_far._replace(
            count=so_far.count + convert(counts, "int32"),
            first=select(first, place, so_far.first),
            last=select(counts, place, so_far.last),
        )

    def _turn(self, scan: Scan, piece: Any, found: Signs, split: Any, root: Any, above: Any, so_far: Turned) -> Turned:
        done = both(scan.busy, negate(split))
        enters = both(done, both(so_far.side > 0, found.first < 0))
        so_far = self._rise(enters, scan.begin, piece[0], above, so_far)
        turns = both(done, both(found.first > 0, found.last < 0))
        height, _ = evaluate(piece, root)
        so_far = self._rise(turns, scan.begin + scan.width * root, height, above, so_far)
        known = both(done, found.last != 0)
        return so_far._replace(side=select(known, found.last, so_far.side))

    @staticmethod
    def _rise(peaks: Any, place: Any, height: Any, above: Any, so_far: Turned) -> Turned:
        counts = both(peaks, height > above)
        first = both(counts, so_far.count == 0)
        wide = convert(height, "float64")
        return so_far._replace(
            count=so_far.count + convert(counts, "int32"),
            first=select(first, place, so_far.first),
            last=select(counts, place, so_far.last),
            first_height=select(first, height, so_far.first_height),
            last_height=select(counts, height, so_far.last_height),
            total=so_far.total + select(counts, wide, wide * 0.0),
        )
