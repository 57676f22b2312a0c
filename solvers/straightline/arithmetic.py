"""Functions for straight-line code that work on NumPy scalars and on recorded values alike."""

from typing import Any

import numpy as np

from solvers.straightline.loops import Repeated, record_of
from solvers.straightline.record import MASK, Array, Value, promote
from solvers.straightline.setting import UNKNOWN_ZERO, Number, Setting

_NUMPY_CALLS = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log10": np.log10,
    "log1p": np.log1p,
    "log2": np.log2,
    "cbrt": np.cbrt,
    "hypot": np.hypot,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "floor": np.floor,
    "ceil": np.ceil,
    "sign": np.sign,
    "pow": np.power,
}


def _recorded(*operands: Any) -> Value | None:
    """Return the first recorded operand, if there is one."""
    return next((operand for operand in operands if isinstance(operand, Value)), None)


def _align(*operands: Any) -> list[Value]:
    """Bring operands, at least one of them recorded, to one type."""
    like = _recorded(*operands)
    assert like is not None  # noqa: S101 - callers looked
    for operand in operands:
        like, _ = promote(like, operand)
    return [aligned for _, aligned in (promote(like, operand) for operand in operands)]


def literal(like: Any, number: Number, dtype: str) -> Any:
    """Return a number as a value of a type; `like` is any array or value of the same function."""
    log = record_of(like)
    if log is not None:
        return log.constant(number, dtype)
    return bool(number) if dtype == MASK else np.dtype(dtype).type(number)


def kept(like: Any, number: Number) -> Any:
    """Return a number as a value that a GPU keeps in a register, for where the other operand is a setting as well.

    Of what lies in memory an instruction takes only one operand. For another a compiler would wait each time, however
    many registers are free, unless it takes it for a result.
    """
    value = literal(like, number, like.dtype)
    return value + literal(like, UNKNOWN_ZERO, like.dtype) if isinstance(number, Setting) else value


def select(mask: Any, chosen: Any, otherwise: Any) -> Any:
    """Return `chosen` where the mask holds, else `otherwise`."""
    if not isinstance(mask, Value):
        return chosen if mask else otherwise
    if _recorded(chosen, otherwise) is None:
        message = "select between two plain numbers has no type: convert one"
        raise TypeError(message)
    chosen, otherwise = _align(chosen, otherwise)
    return mask.record.pure("select", (mask, chosen, otherwise), chosen.dtype)


def fma(first: Any, second: Any, addend: Any) -> Any:
    """Return first*second + addend, rounded once on the compiled targets."""
    recorded = _recorded(first, second, addend)
    if recorded is None:
        return first * second + addend
    operands = _align(first, second, addend)
    return recorded.record.pure("fma", operands, operands[0].dtype)


def difference(minuend: Any, subtrahend: Any) -> Any:
    """Return minuend - subtrahend, by one multiply-add where the latter is a product just computed."""
    if isinstance(subtrahend, Value):
        record = subtrahend.record
        operation = record.operations[subtrahend.position]
        if operation.kind == "mul":
            first, second = (Value(record, position, subtrahend.dtype) for position in operation.operands)
            return fma(-first, second, minuend)
    return minuend - subtrahend


def both(first: Any, second: Any) -> Any:
    """Return the conjunction of two masks."""
    return _logical("and", first, second)


def either(first: Any, second: Any) -> Any:
    """Return the disjunction of two masks."""
    return _logical("or", first, second)


def _logical(kind: str, first: Any, second: Any) -> Any:
    recorded = _recorded(first, second)
    if recorded is None:
        return bool(first and second) if kind == "and" else bool(first or second)
    operands = [v if isinstance(v, Value) else recorded.record.constant(v, MASK) for v in (first, second)]
    return recorded.record.pure(kind, operands, MASK)


def negate(mask: Any) -> Any:
    """Return the negation of a mask."""
    if isinstance(mask, Value):
        return mask.record.pure("not", (mask,), MASK)
    return not mask


def minimum(first: Any, second: Any) -> Any:
    """Return the smaller operand; NaN if either is NaN."""
    return _extreme("minimum", np.minimum, first, second)


def maximum(first: Any, second: Any) -> Any:
    """Return the larger operand; NaN if either is NaN."""
    return _extreme("maximum", np.maximum, first, second)


def _extreme(kind: str, function: Any, first: Any, second: Any) -> Any:
    recorded = _recorded(first, second)
    if recorded is None:
        return function(first, second)
    operands = _align(first, second)
    return recorded.record.pure(kind, operands, operands[0].dtype)


def larger(first: Any, second: Any) -> Any:
    """Return the larger operand where both are numbers; which one for a NaN is left open, which makes it cheap."""
    return _extreme("larger", np.fmax, first, second)


def larger_magnitude(first: Any, second: Any) -> Any:
    """Return the larger magnitude of two numbers, as `larger` does."""
    recorded = _recorded(first, second)
    if recorded is None:
        return larger(np.abs(first), np.abs(second))
    operands = _align(first, second)
    return recorded.record.pure("larger magnitude", operands, operands[0].dtype)


def smaller(first: Any, second: Any) -> Any:
    """Return the smaller operand where both are numbers; which one for a NaN is left open, which makes it cheap."""
    return _extreme("smaller", np.fmin, first, second)


def absolute(value: Any) -> Any:
    """Return the magnitude."""
    return value.record.pure("abs", (value,), value.dtype) if isinstance(value, Value) else np.abs(value)


def square_root(value: Any) -> Any:
    """Return the correctly rounded square root."""
    return value.record.pure("sqrt", (value,), value.dtype) if isinstance(value, Value) else np.sqrt(value)


def is_finite(value: Any) -> Any:
    """Return whether a float is neither infinite nor NaN."""
    return value - value == 0.0


def are_finite(buffer: Any, elements: Repeated) -> Any:
    """Return whether the elements of a buffer of floats all are."""

    def look(i: Any, sound: tuple[Any, ...]) -> tuple[Any, ...]:
        return (both(is_finite(buffer[i]), *sound),)

    start: Any = literal(buffer[0], True, MASK) if elements.starts_with_values else True  # noqa: FBT003
    (sound,) = elements.fold(buffer, (start,), look)
    return sound


def call(name: str, *arguments: Any) -> Any:
    """Return a named mathematical function of one or two floats."""
    recorded = _recorded(*arguments)
    if recorded is None:
        return _error_function(*arguments) if name == "erf" else _NUMPY_CALLS[name](*arguments)
    operands = _align(*arguments)
    return recorded.record.pure("call", operands, operands[0].dtype, name)


def _error_function(value: Any) -> Any:
    import math  # noqa: PLC0415 - NumPy alone has no erf

    return type(value)(math.erf(value))


def convert(value: Any, dtype: str) -> Any:
    """Return a value as another type, rounded to nearest; float to integer truncates."""
    if isinstance(value, Value):
        return value if value.dtype == dtype else value.record.pure("convert", (value,), dtype)
    return bool(value) if dtype == MASK else np.dtype(dtype).type(value)


def reciprocal(value: Any) -> Any:
    """Return 1/value to within a unit in the last place, where both are normal numbers.

    Otherwise right as well, or not finite for a value that is too small, 0 for one that is too large.
    """
    return value.record.pure("reciprocal", (value,), value.dtype) if isinstance(value, Value) else 1.0 / value


def exact_reciprocal(value: Any) -> Any:
    """Return 1/value, rounded to nearest; on a GPU by code that has a branch."""
    return value.record.pure("exact reciprocal", (value,), value.dtype) if isinstance(value, Value) else 1.0 / value


def quotient_estimate(numerator: Any, denominator: Any) -> Any:
    """Return a quotient to about six digits: enough for an error estimate, far cheaper on a GPU."""
    if _recorded(numerator, denominator) is None:
        return numerator / denominator
    first, second = _align(numerator, denominator)
    return first.record.pure("quotient estimate", (first, second), first.dtype)


def log2_estimate(value: Any) -> Any:
    """Return log2 of a float32 to about six digits, for step-size control.

    Of 0 and subnormals it is at most -126, of infinity at least 127, of NaN anything.
    """
    if isinstance(value, Value):
        return value.record.pure("log2 estimate", (value,), "float32")
    with np.errstate(divide="ignore"):
        return np.log2(value)


def exp2_estimate(value: Any) -> Any:
    """Return 2**value of a float32 to about six digits, for step-size control; beyond 2**-126 and 2**127 as far out."""
    if isinstance(value, Value):
        return value.record.pure("exp2 estimate", (value,), "float32")
    return np.exp2(value)


def gather(pointer: Any, index: Any, mask: Any) -> Any:
    """Return pointer[index] where the mask holds, else zero. The index is an int64."""
    if isinstance(pointer, Array):
        record = pointer.record
        return record.effect("gather", (index, mask), pointer.dtype, pointer.argument)
    return pointer[index] if mask else pointer.dtype.type(0)


def fetch(table: Any, row: Any, dtype: str, *, column: int = 0, width: int = 1) -> Any:
    """Return an element of a table that all runs read and nobody writes, element row*width + column.

    Parameters
    ----------
    table
        Its address, an int64 that is a setting: see `solvers.planning.exchange.Exchange.tables`. On `python` the table
        itself, flat.
    row
        An int64, which may differ from run to run. The row has to be there for every run, at work or not.
    dtype
        Type of the elements.
    column, width
        Place in the row, and elements of a row. Neighbours in a row that is a power of two long are loaded at once.
    """
    if not isinstance(row, Value):
        return table[row * width + column]
    # What is recorded only to be counted has the table, and nowhere an address.
    address = row.record.constant(0 if isinstance(table, np.ndarray) else table, "int64")
    return row.record.pure("fetch", (address, row), dtype, (column, width))


def scatter(pointer: Any, index: Any, value: Any, mask: Any) -> None:
    """Store pointer[index] = value where the mask holds. The index is an int64."""
    if isinstance(pointer, Array):
        if not isinstance(value, Value):
            value = pointer.record.constant(value, pointer.dtype)
        value = convert(value, pointer.dtype)
        pointer.record.effect("scatter", (index, value, mask), None, pointer.argument)
    elif mask:
        pointer[index] = value
