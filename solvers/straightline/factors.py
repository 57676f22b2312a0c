"""Constant factors that follow each other, merged: (e*c)*w becomes e*(c*w).

Settings are constants here: a product of one with a constant is another setting.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from solvers.straightline.record import Operation, Record
from solvers.straightline.recorded import Recorded
from solvers.straightline.setting import Number, Setting

#: Products of constants between these are far within what every type can hold.
_SMALLEST, _LARGEST = 2.0**-100, 2.0**100
#: Constants between these take a setting, of which nothing is known yet, no nearer to the limits than it is itself.
_SMALL, _LARGE = 2.0**-20, 2.0**20
#: Settings that products with constants make, at most: together they stay in a GPU's nearest cache of constants.
MOST_MERGED = 128


class _Product(NamedTuple):
    """A value times a constant."""

    value: int
    factor: Number


def merge_factors(recorded: Recorded, dtypes: Collection[str]) -> Recorded:
    """Return the same operations, where a product with a constant that is weighted with another is weighted at once.

    A slope such as 10*(y - x) meets constant weights alone in a Runge-Kutta step; each takes the factor over, and the
    multiplication is left to nobody. The product of the constants is rounded once, in float64. Operations that become
    equal by this stand twice; compilers see it.

    Parameters
    ----------
    dtypes
        The types of values that this is done for.
    """
    log, places = Record(), dict[int, int]()
    settings = set[Setting]()
    for position, operation in enumerate(recorded.record.operations):
        moved = operation.moved(places)
        merged = _merged(log.operations, moved) if operation.dtype in dtypes else None
        if merged and _is_one_more(merged.factor, settings):
            constant = log.constant(merged.factor, moved.dtype or "")
            moved = moved._replace(operands=(merged.value, constant.position, *moved.operands[2:]))
        log.operations.append(moved)
        places[position] = len(log.operations) - 1
    return recorded.rewritten(log, places)


def _is_one_more(factor: Number, settings: set[Setting]) -> bool:
    """Return whether there is room for a factor that may be a setting; take it up."""
    if not isinstance(factor, Setting):
        return True
    if len(settings) < MOST_MERGED:
        settings.add(factor)
    return factor in settings


def _merged(operations: list[Operation], operation: Operation) -> _Product | None:
    """Return an operation's product with both constants as one, where its factors are that."""
    outer = _product(operations, operation, ("mul", "fma"))
    inner = outer and _product(operations, operations[outer.value], ("mul",))
    if not outer or not inner:
        return None
    factor = _merged_factor(inner.factor, outer.factor)
    return None if factor is None else _Product(inner.value, factor)


def _merged_factor(inner: Number, outer: Number) -> Number | None:
    """Return the product of two constants; None where it may leave their range, and for two settings."""
    if not isinstance(inner, Setting) and not isinstance(outer, Setting):
        factor = inner * outer
        return factor if _SMALLEST < abs(factor) < _LARGEST else None
    setting, constant = (inner, outer) if isinstance(inner, Setting) else (outer, inner)
    if isinstance(constant, Setting) or not _SMALL < abs(constant) < _LARGE:
        return None
    return constant * setting


def _product(operations: list[Operation], operation: Operation, kinds: tuple[str, ...]) -> _Product | None:
    """Return the value and the constant that an operation multiplies."""
    if operation.kind not in kinds:
        return None
    first, second = operation.operands[:2]
    for value, factor in ((first, second), (second, first)):
        known = operations[factor]
        if known.kind in {"constant", "setting"}:
            number: Any = known.detail if known.kind == "setting" else known.detail.number
            return _Product(value, number)
    return None
