"""Zeros of functions' arguments, and what else vanishes there."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

import sympy
from sympy.codegen.cfunctions import log1p

from solvers.equations import functions
from solvers.equations.laurent import NoValueError, value

#: The share of a value that is rounding: constants are binary64.
ROUNDING = 1e-13

#: Functions that are about their argument where that is small.
LINEAR = (
    *(functions.expm1, log1p, sympy.erf, sympy.sin, sympy.tan, sympy.asin, sympy.atan),
    *(sympy.sinh, sympy.tanh, sympy.asinh, sympy.atanh),
)
#: Functions that a difference with them may vanish for.
FUNCTIONS = (*LINEAR, functions.exp, sympy.log, sympy.cos, sympy.cosh)

#: A condition, and whether it has to hold.
Condition = tuple[Any, bool]


class Zero(NamedTuple):
    """A zero of an argument that is linear in a symbol."""

    argument: sympy.Expr
    symbol: sympy.Symbol
    slope: sympy.Expr
    offset: sympy.Expr

    @property
    def point(self) -> sympy.Expr:
        """The value of the symbol there."""
        return -self.offset / self.slope


def zeros_of(expressions: Sequence[sympy.Expr]) -> Iterator[Zero]:
    """Yield the zeros of the arguments of functions, by each symbol in which they are linear."""
    seen = set()
    calls = set().union(*(expression.atoms(*FUNCTIONS) for expression in expressions))
    for call in sorted(calls, key=sympy.default_sort_key):
        argument = about_zero(call)
        for symbol in sorted(argument.free_symbols, key=str):
            zero = _zero(argument, symbol)
            if zero and (symbol, zero.point) not in seen:
                seen.add((symbol, zero.point))
                yield zero


def about_zero(call: Any) -> sympy.Expr:
    """Return what is 0 where a call may vanish."""
    argument = call.args[0]
    return argument - 1 if isinstance(call, sympy.log) else argument


@lru_cache(maxsize=4096)
def _zero(argument: sympy.Expr, symbol: sympy.Symbol) -> Zero | None:
    slope = slope_in(argument, symbol)
    if slope is None or slope == 0:
        return None
    return Zero(argument, symbol, slope, argument.xreplace({symbol: sympy.S.Zero}))


def slope_in(expression: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr | None:
    """Return the slope of an expression in a symbol; None where it is not linear."""
    if any(symbol in call.free_symbols for call in expression.atoms(sympy.Function)):
        return None
    slope = expression.diff(symbol)
    return None if slope.has(symbol) else slope


@lru_cache(maxsize=4096)
def vanishes(expression: sympy.Expr, zero: Zero) -> bool:
    """Return whether an expression is 0 at a zero for all values of the other symbols, as far as one can see."""
    if not expression.has(zero.symbol):
        return False
    try:
        there = abs(value_at(expression, zero, 0.0))
        beside = max(abs(value_at(expression, zero, shift)) for shift in (0.37, -0.29))
    except NoValueError:
        return False
    return bool(there <= ROUNDING * beside)


def value_at(expression: Any, zero: Zero, shift: float) -> Any:
    """Return the value of an expression where the argument is `shift`, and other symbols nothing anybody would choose.

    Raises
    ------
    NoValueError
        As `laurent.value`.
    """
    known = _known_at(zero, shift)
    for symbol in expression.free_symbols - known.keys():
        known[symbol] = _unlikely(symbol)
    return value(expression, known)


@lru_cache(maxsize=512)
def _known_at(zero: Zero, shift: float) -> dict[Any, Any]:
    """Return what is known there, which grows: what is looked at next has much of what was before."""
    numbers = {symbol: _unlikely(symbol) for symbol in zero.argument.free_symbols - {zero.symbol}}
    offset, slope = value(zero.offset, numbers), value(zero.slope, numbers)
    return {**numbers, zero.symbol: (shift - offset) / slope}


@lru_cache(maxsize=4096)
def _unlikely(symbol: sympy.Symbol) -> Any:
    """Return a number for a symbol, always the same, of which sums and products do not cancel: a root, from 1 to 5."""
    square = 1 + sympy.Rational(crc32(symbol.name.encode()), 2**28)
    return value(sympy.Pow(square, sympy.S.Half, evaluate=False), {})


def is_reached(conditions: Sequence[Condition], zero: Zero) -> bool:
    """Return whether conditions leave a zero in: a quotient that is guarded already needs nothing."""
    return all(_holds(condition, zero) in (None, wanted) for condition, wanted in conditions)


def _holds(condition: Any, zero: Zero) -> bool | None:
    """Return whether a condition holds at a zero, None where that is not known."""
    if condition in (sympy.true, sympy.false):
        return condition is sympy.true
    if isinstance(condition, sympy.Not):
        inner = _holds(condition.args[0], zero)
        return None if inner is None else not inner
    if isinstance(condition, sympy.And | sympy.Or):
        parts = [_holds(part, zero) for part in condition.args]
        decisive = isinstance(condition, sympy.Or)
        return decisive if decisive in parts else None if None in parts else not decisive
    if not condition.is_Relational or not condition.has(zero.symbol):
        return None
    difference = (condition.lhs - condition.rhs).replace(sympy.Abs, _root_of_square)
    try:
        gap = value_at(difference, zero, 0.0).real
    except (NoValueError, AttributeError):
        return None
    size = abs(value_at(condition.rhs, zero, 0.0))
    gap = 0 if abs(gap) <= max(ROUNDING * size, 1e-30) else gap
    return bool(condition.func(sympy.Float(gap), 0))


def _root_of_square(argument: sympy.Expr) -> sympy.Expr:
    return sympy.Pow(sympy.Pow(argument, 2, evaluate=False), sympy.S.Half, evaluate=False)
