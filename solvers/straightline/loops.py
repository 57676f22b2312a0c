"""Loops in straight-line code: written out where they are short, else recorded as such.

What is done for each index may not depend on the others but through what is carried.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np

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


@dataclass(frozen=True)
class Repeated:
    """What is done for each of some elements: written out, or by loops.

    Parameters
    ----------
    count
        Of elements.
    longest
        The count up to which it is written out.
    """

    count: int
    longest: int = ALWAYS_WRITTEN_OUT

    @property
    def loops(self) -> bool:
        """Whether indices may be known only when the code runs."""
        return self.count > self.longest

    def each(self, like: Any, work: Callable[[Any], None]) -> None:
        """Do work(i) for each element; see `for_each`."""
        for_each(like, self.count, work, longest=self.longest)

    def fold(self, like: Any, start: Sequence[Any], work: Callable[[Any, tuple[Any, ...]], Sequence[Any]]) -> Any:
        """Return what totals = work(i, totals) leads to; see `fold`."""
        return fold(like, self.count, start, work, longest=self.longest)


def _literal(like: Any, number: float, dtype: str) -> Any:
    log = record_of(like)
    return np.dtype(dtype).type(number) if log is None else log.constant(number, dtype)
