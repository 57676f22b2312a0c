"""What is kept of a quantity while it is integrated, for each kind of summary.

A measure is told every part of a step that counts, as a polynomial, and at the end of a run what it knows. Its code is
straight-line; where a part has to be searched it says so, and how.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any, ClassVar, NamedTuple

from solvers.integration import bernstein
from solvers.straightline import (
    convert,
    fma,
    literal,
    select,
    square_root,
)
from solvers.straightline.setting import Number

#: The buffers that measures keep numbers in, and whether these are of the states' precision.
BUFFERS = {"extremes": None, "totals": "float64", "moments": "float64", "counts": "int32"}


class Part(NamedTuple):
    """The part of a step that counts: where it begins and ends, its length, and how much was before it; float64."""

    begin: Any
    end: Any
    length: Any
    before: Any


class Ended(NamedTuple):
    """What a measure is asked with at the end of a run.

    Attributes
    ----------
    value
        The quantity there.
    duration
        How long the window was, as far as the run came, float64.
    """

    value: Any
    duration: Any


class Slot(NamedTuple):
    """A number that a measure keeps: the buffer that has it, and where."""

    buffer: str
    place: int

    def get(self, memory: Any) -> Any:
        """Return it."""
        return getattr(memory, self.buffer)[self.place]

    def put(self, memory: Any, mask: Any, value: Any) -> None:
        """Change it where a mask holds."""
        array = getattr(memory, self.buffer)
        array[self.place] = select(mask, value, array[self.place])


@dataclass
class Slots:
    """Numbers that all measures keep, and their flags, laid out as they are asked for."""

    precision: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*BUFFERS, "searched"), 0))

    def take(self, buffer: str) -> Slot:
        """Return a new slot of a buffer."""
        index = self.counts[buffer]
        self.counts[buffer] += 1
        return Slot(buffer, index)

    def dtype(self, buffer: str) -> str:
        """Return the type of a buffer."""
        return BUFFERS[buffer] or self.precision


def moment(part: Part, place: Any) -> Any:
    """Return the time at a place in a part."""
    return fma(convert(place, "float64"), part.length, part.begin)


class Measure(ABC):
    """What is kept for some kinds of summaries of one quantity in one window.

    Parameters
    ----------
    slots
        Where numbers are kept.
    from_start
        Whether the window begins with the run.
    changes
        Whether events may change the quantity between steps.
    """

    def __init__(self, slots: Slots, *, from_start: bool, changes: bool) -> None:
        self.precision = slots.precision
        self.from_start = from_start
        self.changes = changes

    @abstractmethod
    def begin(self, fresh: Any, t: Any, value: Any, memory: Any) -> None:
        """Start anew, with the quantity where the run starts."""

    @abstractmethod
    def add(self, mask: Any, part: Part, coefficients: Sequence[Any], memory: Any) -> Any:
        """Take note of a part of a step; return where it has to be searched, None for nowhere."""

    @abstractmethod
    def told(self, kind: str, ended: Ended, memory: Any) -> Any:
        """Return a summary, NaN where there is none."""

    def jump(self, _mask: Any, _t: Any, _value: Any, _memory: Any) -> None:
        """Take note of the quantity after an event has changed it."""
        return

    def _number(self, like: Any, number: Number, dtype: str | None = None) -> Any:
        return literal(like, number, dtype or self.precision)


class Searched(Measure):
    """A measure that has polynomials searched, where a part of a step may have something to find.

    Parameters
    ----------
    slots, where
        As of every measure.
    """

    #: The search on polynomials that it needs, a method of `Searches`.
    search: ClassVar[str]

    def __init__(self, slots: Slots, **where: bool) -> None:
        super().__init__(slots, **where)
        self.flag = slots.take("searched")

    def count(self, mask: Any, coefficients: Sequence[Any], memory: Any) -> Any:  # noqa: ARG002 - of those that count
        """Take note of what needs no search where a mask holds; return where one is needed still."""
        return mask

    @abstractmethod
    def arguments(self, coefficients: Sequence[Any], memory: Any) -> tuple[Any, ...]:
        """Return what the search takes besides a mask."""

    @abstractmethod
    def take(self, mask: Any, part: Part, found: Any, memory: Any) -> None:
        """Take note of what the search found."""

    def _flag(self, mask: Any, memory: Any) -> Any:
        memory.searched[self.flag.place] = convert(mask, "int32")
        return mask


class Final(Measure):
    """The value at the end of a window that ends before the run may."""

    def __init__(self, slots: Slots, **where: bool) -> None:
        super().__init__(slots, **where)
        self._last = slots.take("extremes")

    def begin(self, fresh: Any, _t: Any, value: Any, memory: Any) -> None:
        """Start with the quantity where the run starts, which an event there may leave it at."""
        self._last.put(memory, fresh, value if self.from_start else self._number(value, nan))

    def add(self, mask: Any, _part: Part, coefficients: Sequence[Any], memory: Any) -> None:
        """Keep the last value."""
        self._last.put(memory, mask, coefficients[-1])

    def jump(self, mask: Any, _t: Any, value: Any, memory: Any) -> None:
        """Keep the last value."""
        self._last.put(memory, mask, value)

    def told(self, _kind: str, _ended: Ended, memory: Any) -> Any:
        """Return it."""
        return self._last.get(memory)


class Present(Measure):
    """The value at the end of the run: nothing is kept."""

    def begin(self, _fresh: Any, _t: Any, _value: Any, _memory: Any) -> None:
        """Keep nothing."""

    def add(self, _mask: Any, _part: Part, _coefficients: Sequence[Any], _memory: Any) -> None:
        """Keep nothing."""

    def told(self, _kind: str, ended: Ended, _memory: Any) -> Any:
        """Return the quantity."""
        return ended.value


class Integral(Measure):
    """The integral, exactly that of the polynomial."""

    def __init__(self, slots: Slots, **where: bool) -> None:
        super().__init__(slots, **where)
        self._total = slots.take("totals")

    def begin(self, fresh: Any, _t: Any, value: Any, memory: Any) -> None:
        """Start with nothing."""
        self._total.put(memory, fresh, self._number(value, 0.0, "float64"))

    def add(self, mask: Any, part: Part, coefficients: Sequence[Any], memory: Any) -> None:
        """Add the integral over the part."""
        total = fma(part.length, self._mean(coefficients), self._total.get(memory))
        self._total.put(memory, mask, total)

    @staticmethod
    def _mean(coefficients: Sequence[Any]) -> Any:
        return bernstein.mean(coefficients)

    def told(self, kind: str, ended: Ended, memory: Any) -> Any:
        """Return the integral, or the mean."""
        total = self._total.get(memory)
        return total if kind == "integral" else total / ended.duration


class Square(Integral):
    """The integral of the square."""

    @staticmethod
    def _mean(coefficients: Sequence[Any]) -> Any:
        return bernstein.mean_square(coefficients)

    def told(self, _kind: str, ended: Ended, memory: Any) -> Any:
        """Return the root of the mean square."""
        return square_root(self._total.get(memory) / ended.duration)


class Spread(Measure):
    """The mean so far, and the integral of the squared distance from it.

    Parts are put together as samples are, so that nothing cancels where the spread is small beside the mean: T. F.
    Chan, G. H. Golub, R. J. LeVeque, Algorithms for computing the sample variance, The American Statistician 37 (1983).
    """

    def __init__(self, slots: Slots, **where: bool) -> None:
        super().__init__(slots, **where)
        self._mean = slots.take("totals")
        self._square = slots.take("totals")

    def begin(self, fresh: Any, _t: Any, value: Any, memory: Any) -> None:
        """Start with nothing."""
        for slot in (self._mean, self._square):
            slot.put(memory, fresh, self._number(value, 0.0, "float64"))

    def add(self, mask: Any, part: Part, coefficients: Sequence[Any], memory: Any) -> None:
        """Put the part together with what was before it."""
        mean = bernstein.mean(coefficients)
        centre = convert(mean, self.precision)
        own = bernstein.mean_square([each - centre for each in coefficients]) * part.length
        share = part.length / (part.before + part.length)
        distance = mean - self._mean.get(memory)
        between = distance * distance * part.before * share
        self._square.put(memory, mask, self._square.get(memory) + own + between)
        self._mean.put(memory, mask, fma(distance, share, self._mean.get(memory)))

    def told(self, _kind: str, ended: Ended, memory: Any) -> Any:
        """Return the root of the mean squared distance from the mean."""
        return square_root(self._square.get(memory) / ended.duration)
