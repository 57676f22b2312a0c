"""The largest and the smallest value of a quantity, and when it has them."""

from collections.abc import Sequence
from math import inf, nan
from typing import Any

from solvers.integration.measures import Ended, Part, Searched, Slots, moment
from solvers.integration.roots import rounding
from solvers.integration.searches import Highest
from solvers.straightline import absolute, both, either, fma, larger, select


class Extreme(Searched):
    """The largest or the smallest value, and when; the smallest is the largest of the negative.

    No value lies above a part's coefficients. A part that may have a better value between its ends than any before is
    not searched at once, but kept: most often the ends of what follows are better than all it may have. It is searched
    where another one has to be kept, or else at the end of the run.

    Parameters
    ----------
    sign
        1 for the largest, -1 for the smallest.
    timed
        Whether it is asked when.
    terms
        Coefficients of a part.
    """

    search = "highest"

    def __init__(self, slots: Slots, *, sign: int, timed: bool, terms: int, **where: bool) -> None:
        super().__init__(slots, **where)
        self.sign = sign
        self._best = slots.take("extremes")
        self._time = slots.take("moments") if timed else None
        self._bound = slots.take("extremes")
        self._kept = [slots.take("extremes") for _ in range(terms)]
        self._kept_part = [slots.take("moments") for _ in range(2)] if timed else []

    def _signed(self, value: Any) -> Any:
        return value if self.sign > 0 else -value

    def begin(self, fresh: Any, t: Any, value: Any, memory: Any) -> None:
        """Start with the quantity where the run starts, if the window does."""
        self._best.put(memory, fresh, self._signed(value) if self.from_start else self._number(value, -inf))
        self._bound.put(memory, fresh, self._number(value, -inf))
        if self._time:
            self._time.put(memory, fresh, t if self.from_start else self._number(value, nan, "float64"))

    def _offer(self, mask: Any, t: Any, value: Any, memory: Any) -> None:
        """Take a value that is better than all before."""
        better = both(mask, value > self._best.get(memory))
        self._best.put(memory, better, value)
        if self._time:
            self._time.put(memory, better, t)

    def _to_beat(self, memory: Any) -> Any:
        """Return what is better than all before, by more than rounding."""
        best = self._best.get(memory)
        return fma(absolute(best), rounding(self.precision), best)

    def add(self, mask: Any, part: Part, coefficients: Sequence[Any], memory: Any) -> Any:
        """Look at the ends, and whether a value between them may be better."""
        values = [self._signed(each) for each in coefficients]
        if not self.from_start:
            self._offer(mask, part.begin, values[0], memory)
        self._offer(mask, part.end, values[-1], memory)
        promising, best = self._number(values[0], False, "mask"), self._best.get(memory)  # noqa: FBT003
        for value in values[1:-1]:
            promising = either(promising, value > best)
        return self._flag(both(mask, promising), memory)

    def waiting(self, mask: Any, memory: Any) -> Any:
        """Return where the part that is kept may have a better value still."""
        return both(mask, self._bound.get(memory) > self._to_beat(memory))

    def keep(self, mask: Any, part: Part, coefficients: Sequence[Any], memory: Any) -> None:
        """Keep a part, if it may have a better value still."""
        values = [self._signed(each) for each in coefficients]
        top = values[0]
        for value in values[1:]:
            top = larger(top, value)
        promising = both(mask, top > self._to_beat(memory))
        self._bound.put(memory, promising, top)
        kept = [*values, *((part.begin, part.length) if self._time else ())]
        for slot, value in zip([*self._kept, *self._kept_part], kept, strict=True):
            slot.put(memory, promising, value)

    def arguments(self, _coefficients: Sequence[Any], memory: Any) -> tuple[Any, ...]:
        """Return the polynomial that is kept, and what is to be beaten."""
        return tuple(slot.get(memory) for slot in self._kept), self._best.get(memory)

    def take(self, mask: Any, part: Part, found: Highest, memory: Any) -> None:
        """Take a value between the ends of the part that was kept."""
        if self._time:
            begin, length = (slot.get(memory) for slot in self._kept_part)
            part = part._replace(begin=begin, length=length)
        self._offer(mask, moment(part, found.place), found.value, memory)
        self._bound.put(memory, mask, self._number(found.value, -inf))

    def jump(self, mask: Any, t: Any, value: Any, memory: Any) -> None:
        """Look at the new value."""
        self._offer(mask, t, self._signed(value), memory)

    def told(self, kind: str, _ended: Ended, memory: Any) -> Any:
        """Return the value, or when it was."""
        if kind.startswith("time_of"):
            assert self._time  # noqa: S101 - asked for
            return self._time.get(memory)
        best = self._signed(self._best.get(memory))
        return select(absolute(best) < inf, best, self._number(best, nan))
