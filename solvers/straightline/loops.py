"""Loops in straight-line code: written out where they are short, else recorded as such.

What is done for each index may not depend on the others but through what is carried.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np

from solvers.straightline.dealing import Dealing, fold_slots, lane_index
from solvers.straightline.record import INDEX, Array, Index, Record, Value
from solvers.straightline.setting import Number

#: Times up to which what is repeated is written out.
LONGEST_WRITTEN_OUT = 64
#: Of what is never a loop.
ALWAYS_WRITTEN_OUT = 2**62


@dataclass(frozen=True, eq=False)
class Table:
    """Numbers to be looked up, equal where they are.

    Parameters
    ----------
    dtype
        "index" for places of elements.
    numbers
        They are compiled in, or all of them are settings.
    """

    dtype: str
    numbers: tuple[Number, ...]

    @cached_property
    def digest(self) -> str:
        """A name of what is in it."""
        return sha256(f"{self.dtype} {self.numbers}".encode()).hexdigest()[:32]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def record_of(*things: Any) -> Record | None:
    """Return the record that any of some values and arrays belongs to; None where nothing is recorded."""
    for thing in things:
        while hasattr(thing, "buffer"):
            thing = thing.buffer  # noqa: PLW2901 - a view's
        if isinstance(thing, (Value, Array)):
            return thing.record
    return None


def for_each(like: Any, count: Any, work: Callable[[Any], None], *, longest: int = LONGEST_WRITTEN_OUT) -> None:
    """Do work(i) for each i < count.

    Parameters
    ----------
    like, count, longest
        As for `fold`.
    """

    def without_total(i: Any, _: tuple[Any, ...]) -> tuple[Any, ...]:
        work(i)
        return ()

    fold(like, count, (), without_total, longest=longest)


def fold(
    like: Any,
    count: Any,
    start: Sequence[Any],
    work: Callable[[Any, tuple[Any, ...]], Sequence[Any]],
    *,
    longest: int = LONGEST_WRITTEN_OUT,
) -> tuple[Any, ...]:
    """Return what totals = work(i, totals) leads to, for each i < count in turn; totals are values.

    Parameters
    ----------
    like
        Any array or value of the same function.
    count
        A number, or an index, which may be 0.
    longest
        The count up to which the work is written out.
    """
    totals = tuple(start)
    log = record_of(like)
    if not isinstance(count, Index) and (log is None or count <= longest):
        for i in range(count):
            totals = tuple(work(i, totals))
        return totals
    assert log is not None  # noqa: S101 - only a record has indices
    loop, carried = log.begin_loop(count, totals)
    return tuple(log.end_loop(loop, work(Index(loop), tuple(carried))))


def looked_up(like: Any, table: Table, index: Any) -> Any:
    """Return a number of a table: a float as a value, an integer as an index."""
    if not isinstance(index, Index):
        number = table.numbers[index]
        return int(number) if table.dtype == INDEX else _literal(like, number, table.dtype)
    log = index.value.record
    place = index.factor, index.offset
    value = log.pure("look up", (index.value,), table.dtype, (table, place))
    return Index(value) if table.dtype == INDEX else value


def by_lane(like: Any, dtype: str, numbers: Sequence[Number | None]) -> Any:
    """Return the number that is meant for the thread's lane: a value or, of dtype "index", an index.

    Parameters
    ----------
    numbers
        One a lane of the run; None: any.
    """
    known: list[Any] = [number for number in numbers if number is not None]
    if len(set(known)) == 1:
        return int(known[0]) if dtype == INDEX else _literal(like, known[0], dtype)
    log = record_of(like)
    assert log is not None  # noqa: S101 - only compiled code has lanes
    lane = lane_index(log, len(numbers))
    line = _line(numbers) if dtype == INDEX else None
    if line:
        first, stride = line
        return lane * stride + first
    return looked_up(like, Table(dtype, tuple(known[0] if number is None else number for number in numbers)), lane)


def _line(numbers: Sequence[Any]) -> tuple[int, int] | None:
    """Return the first number and the stride of those on a line; None where they are not."""
    (at, number), (after, following), *_ = ((k, each) for k, each in enumerate(numbers) if each is not None)
    stride, rest = divmod(following - number, after - at)
    first = number - at * stride
    on_it = not rest and all(each is None or each == first + stride * k for k, each in enumerate(numbers))
    # Lanes that need none would look beyond what is there.
    return (first, stride) if on_it and first >= 0 and None not in numbers else None


@dataclass(frozen=True)
class Repeated:
    """What is done for each of some elements: written out, or by loops.

    Parameters
    ----------
    count
        Of elements.
    longest
        The count up to which it is written out.
    dealing
        How they are dealt among the threads of a run, each of which then does it for its slots; None: one has them all.
    """

    count: int
    longest: int = ALWAYS_WRITTEN_OUT
    dealing: Dealing | None = None

    @property
    def held(self) -> int:
        """How many a thread has room for."""
        return self.count if self.dealing is None else len(self.dealing.slots)

    @property
    def loops(self) -> bool:
        """Whether indices may be known only when the code runs."""
        return self.held > self.longest

    @property
    def starts_with_values(self) -> bool:
        """Whether totals have to be values from the start."""
        return self.loops or self.dealing is not None

    def each(self, like: Any, work: Callable[[Any], None]) -> None:
        """Do work(i) for each element; see `for_each`."""
        for_each(like, self.held, work, longest=self.longest)

    def fold(self, like: Any, start: Sequence[Any], work: Callable[[Any, tuple[Any, ...]], Sequence[Any]]) -> Any:
        """Return what totals = work(i, totals) leads to; see `fold`.

        Where elements are dealt, totals are sums or conjunctions.
        """
        if self.dealing is None:
            return fold(like, self.count, start, work, longest=self.longest)
        return fold_slots(self.dealing, start, work)

    def number(self, like: Any, dtype: str, numbers: Sequence[Number], i: Any) -> Any:
        """Return an element's own one of some numbers, a number or a value."""
        if self.dealing is not None:
            return by_lane(like, dtype, [None if each is None else numbers[each] for each in self.dealing.slots[i]])
        return looked_up(like, Table(dtype, tuple(numbers)), i) if isinstance(i, Index) else numbers[i]


def _literal(like: Any, number: Any, dtype: str) -> Any:
    log = record_of(like)
    return np.dtype(dtype).type(number) if log is None else log.constant(number, dtype)
