"""On which side of a level a quantity is, and whether it rises or falls: crossings and local maxima."""

from collections.abc import Sequence
from math import inf, nan
from typing import Any

from solvers.integration import bernstein
from solvers.integration.measures import Ended, Part, Searched, Slots, moment
from solvers.integration.roots import rounding
from solvers.integration.searches import Crossed, Turned, signs
from solvers.straightline import absolute, both, convert, either, fma, larger, negate, select
from solvers.straightline.setting import Number


class _Sided(Searched):
    """What is kept of a side, so that a part is searched only where the side changes.

    Parameters
    ----------
    counts
        Whether it is only asked how often: one change in a part need not be found for that.
    """

    def __init__(self, slots: Slots, *, counts: bool, **where: bool) -> None:
        super().__init__(slots, **where)
        self.counts = counts
        self._side = slots.take("counts")
        self._count = slots.take("counts")
        self._first = slots.take("moments")
        self._last = slots.take("moments")

    def begin(self, fresh: Any, _t: Any, value: Any, memory: Any) -> None:
        """Start with no side."""
        for slot in (self._side, self._count):
            slot.put(memory, fresh, self._number(value, 0, "int32"))
        for slot in (self._first, self._last):
            slot.put(memory, fresh, self._number(value, nan, "float64"))

    def _look(self, mask: Any, values: Sequence[Any], threshold: Any, memory: Any) -> tuple[Any, Any, Any]:
        """Note the side where all values have one; return which runs have to search, and which are above and below."""
        up = down = self._number(threshold, False, "mask")  # noqa: FBT003
        for value in values:
            up, down = either(up, value > threshold), either(down, value < -threshold)
        side = self._side.get(memory)
        crosses = either(both(up, down), either(both(up, side < 0), both(down, side > 0)))
        searched = self._flag(both(mask, crosses), memory)
        plain = both(mask, negate(crosses))
        up, down = both(plain, up), both(plain, down)
        one = self._number(threshold, 1, "int32")
        self._side.put(memory, up, one)
        self._side.put(memory, down, -one)
        return searched, up, down

    def _tally(self, mask: Any, values: Sequence[Any], threshold: Any, direction: int, memory: Any) -> Any:
        """Count changes of the side in parts that have one at most; return where there may be more."""
        if not self.counts:
            return mask
        found, side = signs(values, threshold), self._side.get(memory)
        simple = both(mask, found.changes <= 1)
        enters = both(found.first * side < 0, found.first * direction >= 0)
        turns = both(found.first * found.last < 0, found.last * direction >= 0)
        number = convert(enters, "int32") + convert(turns, "int32")
        self._count.put(memory, simple, self._count.get(memory) + number)
        self._side.put(memory, both(simple, found.last != 0), found.last)
        return both(mask, negate(simple))

    def _keep(self, counts: Any, first: Any, last: Any, number: Any, memory: Any) -> Any:
        """Count what was found; return where it is the first."""
        new = both(counts, self._count.get(memory) == 0)
        self._first.put(memory, new, first)
        self._last.put(memory, counts, last)
        self._count.put(memory, counts, self._count.get(memory) + number)
        return new


class Level(_Sided):
    """Crossings of a level, and the time on either side of it.

    Parameters
    ----------
    level
        A number.
    direction
        Of the crossings that count: 1 up, -1 down, 0 both.
    """

    search = "crossings"

    def __init__(self, slots: Slots, *, level: Number, direction: int, counts: bool, **where: bool) -> None:
        super().__init__(slots, counts=counts, **where)
        self.level = level
        self.direction = direction
        self._above = slots.take("totals")
        self._below = slots.take("totals")

    def begin(self, fresh: Any, t: Any, value: Any, memory: Any) -> None:
        """Start with no side, and no time on either."""
        super().begin(fresh, t, value, memory)
        for slot in (self._above, self._below):
            slot.put(memory, fresh, self._number(value, 0.0, "float64"))

    def _from_level(self, coefficients: Sequence[Any]) -> tuple[list[Any], Any]:
        """Return the coefficients less the level, and within what they have no sign."""
        level = self._number(coefficients[0], self.level)
        largest = larger(bernstein.largest_magnitude(coefficients), absolute(level))
        return [each - level for each in coefficients], largest * rounding(self.precision)

    def add(self, mask: Any, part: Part, coefficients: Sequence[Any], memory: Any) -> Any:
        """Add the time on the side where the part is."""
        values, threshold = self._from_level(coefficients)
        searched, up, down = self._look(mask, values, threshold, memory)
        self._above.put(memory, up, self._above.get(memory) + part.length)
        self._below.put(memory, down, self._below.get(memory) + part.length)
        return searched

    def arguments(self, coefficients: Sequence[Any], memory: Any) -> tuple[Any, ...]:
        """Return the polynomial less the level, and what counts."""
        values, threshold = self._from_level(coefficients)
        return tuple(values), threshold, self._side.get(memory), self._number(threshold, self.direction, "int32")

    def count(self, mask: Any, coefficients: Sequence[Any], memory: Any) -> Any:
        """Count a single crossing."""
        return self._tally(mask, *self._from_level(coefficients), self.direction, memory)

    def take(self, mask: Any, part: Part, found: Crossed, memory: Any) -> None:
        """Take note of crossings."""
        counts = both(mask, found.count > 0)
        self._keep(counts, moment(part, found.first), moment(part, found.last), found.count, memory)
        self._side.put(memory, mask, found.side)
        self._above.put(memory, mask, fma(found.above, part.length, self._above.get(memory)))
        self._below.put(memory, mask, fma(found.below, part.length, self._below.get(memory)))

    def jump(self, mask: Any, t: Any, value: Any, memory: Any) -> None:
        """Cross where the new value is on the other side."""
        (beyond,), threshold = self._from_level([value])
        one, side = self._number(value, 1, "int32"), self._side.get(memory)
        new = select(beyond > threshold, one, select(beyond < -threshold, -one, one * 0))
        crosses = both(mask, new * side < 0)
        self._keep(both(crosses, new * self.direction >= 0), t, t, 1, memory)
        self._side.put(memory, both(mask, new != 0), new)

    def told(self, kind: str, _ended: Ended, memory: Any) -> Any:
        """Return how many there were, when the first or the last was, or how long it was above or below."""
        slots = {
            "crossings": self._count,
            "first_crossing": self._first,
            "last_crossing": self._last,
            "time_above": self._above,
            "time_below": self._below,
        }
        return slots[kind].get(memory)


class Peaks(_Sided):
    """Local maxima: their number, heights and times.

    Parameters
    ----------
    above
        Lower ones do not count; None: all do.
    """

    search = "peaks"

    def __init__(self, slots: Slots, *, above: Number | None, counts: bool, **where: bool) -> None:
        super().__init__(slots, counts=counts, **where)
        self.above = above
        self._first_height = slots.take("extremes")
        self._last_height = slots.take("extremes")
        self._total = slots.take("totals")
        self._value = slots.take("extremes") if self.changes else None

    def begin(self, fresh: Any, t: Any, value: Any, memory: Any) -> None:
        """Start with no side, and no heights."""
        super().begin(fresh, t, value, memory)
        for slot in (self._first_height, self._last_height):
            slot.put(memory, fresh, self._number(value, nan))
        self._total.put(memory, fresh, self._number(value, 0.0, "float64"))
        if self._value:
            self._value.put(memory, fresh, value if self.from_start else self._number(value, nan))

    def add(self, mask: Any, _part: Part, coefficients: Sequence[Any], memory: Any) -> Any:
        """Note whether the part rises or falls."""
        searched, _, _ = self._look(mask, *self._slopes(coefficients), memory)
        if self._value:
            self._value.put(memory, mask, coefficients[-1])
        return searched

    def _slopes(self, coefficients: Sequence[Any]) -> tuple[list[Any], Any]:
        """Return the slope's coefficients, and within what they have no sign."""
        threshold = bernstein.largest_magnitude(coefficients) * rounding(self.precision)
        return bernstein.differences(coefficients), threshold

    def _lowest(self, like: Any) -> Any:
        return self._number(like, -inf if self.above is None else self.above)

    def arguments(self, coefficients: Sequence[Any], memory: Any) -> tuple[Any, ...]:
        """Return the polynomial, and what counts."""
        return tuple(coefficients), self._side.get(memory), self._lowest(coefficients[0])

    def count(self, mask: Any, coefficients: Sequence[Any], memory: Any) -> Any:
        """Count a single maximum, which is where the slope crosses zero downwards."""
        return self._tally(mask, *self._slopes(coefficients), -1, memory)

    def take(self, mask: Any, part: Part, found: Turned, memory: Any) -> None:
        """Take note of maxima."""
        counts = both(mask, found.count > 0)
        first = self._keep(counts, moment(part, found.first), moment(part, found.last), found.count, memory)
        self._heights(first, counts, found.first_height, found.last_height, found.total, memory)
        self._side.put(memory, mask, found.side)

    def _heights(self, first: Any, counts: Any, lower: Any, upper: Any, total: Any, memory: Any) -> None:
        self._first_height.put(memory, first, lower)
        self._last_height.put(memory, counts, upper)
        self._total.put(memory, counts, self._total.get(memory) + total)

    def jump(self, mask: Any, t: Any, value: Any, memory: Any) -> None:
        """Take a jump for a rise or a fall: a maximum where it rose before, and falls now, is what was before."""
        if self._value is None:
            return
        before, side = self._value.get(memory), self._side.get(memory)
        rise, threshold = value - before, larger(absolute(value), absolute(before)) * rounding(self.precision)
        one = self._number(value, 1, "int32")
        new = select(rise > threshold, one, select(rise < -threshold, -one, one * 0))
        counts = both(both(mask, both(side > 0, new < 0)), before > self._lowest(value))
        first = self._keep(counts, t, t, 1, memory)
        self._heights(first, counts, before, before, convert(before, "float64"), memory)
        self._side.put(memory, both(mask, new != 0), new)
        self._value.put(memory, mask, value)

    def told(self, kind: str, _ended: Ended, memory: Any) -> Any:
        """Return how many there were, heights, or their mean distance in time."""
        count = self._count.get(memory)
        number = convert(count, "float64")
        if kind == "mean_peak":
            return self._total.get(memory) / number
        if kind == "mean_period":
            period = (self._last.get(memory) - self._first.get(memory)) / (number - 1.0)
            return select(count > 1, period, self._number(count, nan, "float64"))
        slots = {"peaks": self._count, "first_peak": self._first_height, "last_peak": self._last_height}
        return slots[kind].get(memory)
