"""Straight-line functions as they were recorded: what they are called with, their operations, what they return."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, NamedTuple

from solvers.straightline.record import MASK, Array, Record, Value


class Argument(NamedTuple):
    """What a function is recorded with: a scalar or an array of a type."""

    is_array: bool
    dtype: str


#: Arguments may be tuples of arguments, named or not.
Arguments = Sequence["Argument | Arguments"]


@dataclass(frozen=True)
class Recorded:
    """A recorded straight-line function; as a text it is what `solvers.straightline.text.written` makes of it.

    Parameters
    ----------
    record
        Its operations.
    returned
        What it returns: None, a value, or a tuple, named or not, of values and such tuples.
    function, arguments
        What was recorded, and with what.
    """

    record: Record
    returned: Any
    function: Callable[..., Any]
    arguments: Arguments

    @property
    def results(self) -> tuple[Value, ...]:
        """The values that it returns, tuples opened."""
        return tuple(_opened(self.returned))

    def rewritten(self, log: Record, places: Mapping[int, int]) -> "Recorded":
        """Return the function written anew, with the new places of its results."""
        returned = mapped(lambda result: Value(log, places[result.position], result.dtype), self.returned)
        return replace(self, record=log, returned=returned)

    def __str__(self) -> str:
        from solvers.straightline.text import written  # noqa: PLC0415 - which reads records

        return written(self)


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """Return a tree of tuples with a function applied to each leaf; None stays as it is."""
    if not _is_tuple(tree):
        return None if tree is None else function(tree)
    return regrouped(tree, [mapped(function, member) for member in tree])


def regrouped(like: Any, members: Iterable[Any]) -> Any:
    """Return members as a tuple of the same kind, with the same names if it has any."""
    return like._make(members) if hasattr(like, "_make") else tuple(members)


def _is_tuple(tree: Any) -> bool:
    return isinstance(tree, tuple) and not isinstance(tree, Argument)


def _opened(tree: Any) -> Iterator[Value]:
    if _is_tuple(tree):
        for member in tree:
            yield from _opened(member)
    elif tree is not None:
        yield tree


def record(function: Callable[..., Any], arguments: Arguments) -> Recorded:
    """Call a straight-line function with values in place of numbers.

    Scalars and arrays are numbered in the order in which they appear, tuples opened.

    Raises
    ------
    TypeError
        If the function branches on a value, mixes types, or returns a plain number.
    """
    log = Record()
    positions = count()

    def value(argument: Argument) -> Any:
        if argument.is_array:
            return Array(log, next(positions), argument.dtype)
        return log.argument(next(positions), argument.dtype)

    returned = function(*mapped(value, tuple(arguments)))
    return Recorded(log, mapped(lambda result: _as_value(log, result), returned), function, arguments)


def _as_value(log: Record, result: Any) -> Value:
    if isinstance(result, Value):
        return result
    if isinstance(result, bool):
        return log.constant(result, MASK)
    message = f"a straight-line function returned {result!r}, which has no type: convert a value instead"
    raise TypeError(message)
