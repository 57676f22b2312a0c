"""Straight-line functions as Numba intrinsics, for both of Numba's compilers.

Numba and Numba-CUDA keep separate type systems, so what depends on either is passed in as a `Dialect`.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from inspect import Parameter
from typing import Any, Protocol

from llvmlite import ir

from solvers.straightline.recorded import Argument, Arguments, Recorded, record
from solvers.targets.listing import Listing


class Writer(Protocol):
    """What writes a record's operations."""

    def emit(self, recorded: Recorded) -> list[ir.Value]:
        """Write all operations; return the values of the results."""


class Dialect(Protocol):
    """What a compiler's type system has to say about straight-line functions.

    Attributes
    ----------
    types
        The compiler's module of types.
    """

    types: Any

    def intrinsic(self, typing: Callable[..., Any]) -> Callable[..., Any]:
        """Declare an intrinsic, given the function that types it."""

    def arranged(self, recorded: Recorded) -> Recorded:
        """Return a record's operations in the form and order in which code is written."""

    def argument(self, kind: Any) -> Argument:
        """Return what an argument of a Numba type, no tuple, is recorded as."""

    def result(self, dtype: str) -> Any:
        """Return the Numba type of a value."""

    def signature(self, result: Any, arguments: Sequence[Any]) -> Any:
        """Return a Numba signature."""

    def emitter(self, builder: ir.IRBuilder, arguments: Sequence[ir.Value]) -> Writer:
        """Return the emitter that writes the function's code."""


def straight_line_intrinsic(
    function: Callable[..., Any], dialect: Dialect, listing: Listing | None = None
) -> Callable[..., Any]:
    """Return an intrinsic that records a straight-line function and writes its code where it is called.

    A listing takes what is recorded.
    """
    memo: dict[tuple[Any, ...], Recorded] = {}

    def typing(_: Any, *kinds: Any) -> tuple[Any, Callable[..., Any]]:
        if kinds not in memo:
            plain = record(function, [_argument(kind, dialect) for kind in kinds])
            memo[kinds] = dialect.arranged(plain)
            if listing is not None:
                listing.add_function(plain, memo[kinds])
        recorded = memo[kinds]

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Sequence[ir.Value]) -> Any:
            results = dialect.emitter(builder, _flat(builder, values)).emit(recorded)
            if recorded.returned is None:
                return context.get_dummy_value()
            return _assembled(context, builder, signature.return_type, recorded.returned, iter(results))

        return dialect.signature(_result(recorded.returned, dialect), kinds), generate

    # Numba reads names and number of the arguments from here.
    names = ("context", *inspect.signature(function).parameters)
    typing.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    )
    typing.__name__ = function.__name__
    return dialect.intrinsic(typing)


def tuple_type(types: Any, members: Sequence[Any], kind: type[tuple[Any, ...]]) -> Any:
    """Return the Numba type of a tuple of a kind, which is Python's or a class of named tuples."""
    return types.Tuple(members) if kind is tuple else types.BaseTuple.from_types(members, kind)


def _argument(kind: Any, dialect: Dialect) -> "Argument | Arguments":
    """Return what an argument of a Numba type is recorded as."""
    if not isinstance(kind, dialect.types.BaseTuple):
        return dialect.argument(kind)
    members = [_argument(member, dialect) for member in kind]
    return kind.instance_class._make(members) if isinstance(kind, dialect.types.BaseNamedTuple) else tuple(members)


def _result(returned: Any, dialect: Dialect) -> Any:
    """Return the Numba type of what a recorded function returns."""
    if returned is None:
        return dialect.types.none
    if not isinstance(returned, tuple):
        return dialect.result(returned.dtype)
    return tuple_type(dialect.types, [_result(member, dialect) for member in returned], type(returned))


def _assembled(context: Any, builder: ir.IRBuilder, kind: Any, returned: Any, values: Iterator[ir.Value]) -> ir.Value:
    """Return consecutive values, grouped as a recorded function returns them; `kind` is the Numba type of that."""
    if not isinstance(returned, tuple):
        return next(values)
    members = [
        _assembled(context, builder, inner, member, values) for inner, member in zip(kind, returned, strict=True)
    ]
    return context.make_tuple(builder, kind, members)


def _flat(builder: ir.IRBuilder, values: Sequence[ir.Value]) -> list[ir.Value]:
    """Open tuples; an array of vectors is one value."""
    flat: list[ir.Value] = []
    for value in values:
        kind = value.type
        if isinstance(kind, ir.LiteralStructType):
            count = len(kind.elements)
        elif isinstance(kind, ir.ArrayType) and not isinstance(kind.element, ir.VectorType):
            count = kind.count
        else:
            flat.append(value)
            continue
        flat += _flat(builder, [builder.extract_value(value, index) for index in range(count)])
    return flat
