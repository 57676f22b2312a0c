"""Straight-line functions as Numba intrinsics, for both of Numba's compilers.

Numba and Numba-CUDA keep separate type systems, so what depends on either is passed in as a `Dialect`.
"""

import inspect
from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any, Protocol

from llvmlite import ir

from solvers.straightline.record import Argument, Arguments, Recorded, record


class Writer(Protocol):
    """What writes a record's operations."""

    def emit(self, recorded: Recorded) -> list[ir.Value]:
        """Write all operations; return the values of the results."""


class Dialect(Protocol):
    """What a compiler's type system has to say about straight-line functions."""

    def intrinsic(self, typing: Callable[..., Any]) -> Callable[..., Any]:
        """Declare an intrinsic, given the function that types it."""

    def arranged(self, recorded: Recorded) -> Recorded:
        """Return a record's operations in the form and order in which code is written."""

    def argument(self, kind: Any) -> "Argument | Arguments":
        """Return what an argument of a Numba type is recorded as."""

    def results(self, dtypes: Sequence[str]) -> Any:
        """Return the Numba type of a function's results."""

    def signature(self, result: Any, arguments: Sequence[Any]) -> Any:
        """Return a Numba signature."""

    def emitter(self, builder: ir.IRBuilder, arguments: Sequence[ir.Value]) -> Writer:
        """Return the emitter that writes the function's code."""


def straight_line_intrinsic(function: Callable[..., Any], dialect: Dialect) -> Callable[..., Any]:
    """Return an intrinsic that records a straight-line function and writes its code where it is called."""
    memo: dict[tuple[Any, ...], Recorded] = {}

    def typing(_: Any, *kinds: Any) -> tuple[Any, Callable[..., Any]]:
        if kinds not in memo:
            memo[kinds] = dialect.arranged(record(function, [dialect.argument(kind) for kind in kinds]))
        recorded = memo[kinds]

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Sequence[ir.Value]) -> Any:
            results = dialect.emitter(builder, _flat(builder, values)).emit(recorded)
            if not results:
                return context.get_dummy_value()
            if len(results) == 1:
                return results[0]
            return context.make_tuple(builder, signature.return_type, results)

        kind = dialect.results([value.dtype for value in recorded.results])
        return dialect.signature(kind, kinds), generate

    # Numba reads names and number of the arguments from here.
    names = ("context", *inspect.signature(function).parameters)
    typing.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    )
    typing.__name__ = function.__name__
    return dialect.intrinsic(typing)


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
