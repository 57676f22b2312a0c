"""Values of expressions at complex points to many digits, and their Laurent series."""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import mpmath
import sympy
from sympy.codegen.cfunctions import log1p, log10

from solvers.equations import functions

DIGITS = 40
#: The share of a sum that is rounding.
_NOTHING = 1e-25
#: Powers of a series: from this negative one on.
LOWEST_POWER = -6

_FUNCTIONS: Mapping[type, Callable[..., Any]] = MappingProxyType(
    {
        functions.exp: mpmath.exp,
        functions.expm1: mpmath.expm1,
        sympy.log: mpmath.log,
        log10: mpmath.log10,
        log1p: lambda x: mpmath.log(1 + x),
        sympy.sin: mpmath.sin,
        sympy.cos: mpmath.cos,
        sympy.tan: mpmath.tan,
        sympy.asin: mpmath.asin,
        sympy.acos: mpmath.acos,
        sympy.atan: mpmath.atan,
        sympy.sinh: mpmath.sinh,
        sympy.cosh: mpmath.cosh,
        sympy.tanh: mpmath.tanh,
        sympy.asinh: mpmath.asinh,
        sympy.acosh: mpmath.acosh,
        sympy.atanh: mpmath.atanh,
        sympy.erf: mpmath.erf,
    }
)


class NoValueError(ArithmeticError):
    """An expression is not analytic, or has no value at a point."""


def value(expression: Any, known: dict[Any, Any]) -> Any:
    """Return the value of an expression to `DIGITS` digits.

    Parameters
    ----------
    known
        Values of its symbols at a point; takes those of all that the expression is made of.

    Raises
    ------
    NoValueError
        It has none that is finite, or has a function that is not analytic.
    """
    with mpmath.workdps(DIGITS):
        try:
            found = _value(expression, known)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise NoValueError from error
        if not mpmath.isfinite(found):
            raise NoValueError
        return found


def _value(node: Any, known: dict[Any, Any]) -> Any:
    if node not in known:
        known[node] = _new_value(node, known)
    return known[node]


def _new_value(node: Any, known: dict[Any, Any]) -> Any:
    if node.is_Rational:
        return mpmath.mpf(int(node.p)) / int(node.q)
    if node.is_Number or node.is_NumberSymbol:
        return mpmath.mpf(float(node))
    arguments = [_value(argument, known) for argument in node.args]
    if node.is_Add:
        return sum(arguments, mpmath.mpf(0))
    if node.is_Mul:
        return mpmath.fprod(arguments)
    if node.is_Pow:
        return arguments[0] ** arguments[1]
    if type(node) not in _FUNCTIONS:
        raise NoValueError
    return _FUNCTIONS[type(node)](*arguments)


@cache
def series(function: sympy.Expr, variable: sympy.Symbol, reach: float, length: int) -> list[float]:
    """Return the coefficients of a function's Laurent series about 0, from `LOWEST_POWER` on.

    Parameters
    ----------
    function
        Of the variable alone.
    reach
        The function has no other singularity within this distance.
    length
        The number of coefficients.

    Raises
    ------
    NoValueError
        The function is not analytic.
    """
    # The error of a sum is that of the power `count` higher: (radius/reach)**count.
    radius, count = (reach / 10, 32) if length <= 32 + LOWEST_POWER else (reach / 2, 128)
    with mpmath.workdps(DIGITS):
        angles = [mpmath.expjpi(mpmath.mpf(2 * k) / count) for k in range(count)]
        values = [value(function, {variable: radius * angle}) for angle in angles]
        size = max(abs(each) for each in values)
        return [_coefficient(values, angles, radius, size, LOWEST_POWER + k) for k in range(length)]


def _coefficient(values: list[Any], angles: list[Any], radius: float, size: Any, power: int) -> float:
    """Return a coefficient by Cauchy's integral; what is only rounding is 0."""
    count = len(values)
    total = mpmath.fsum(each * angles[-k * power % count] for k, each in enumerate(values)).real / count
    return float(total / mpmath.mpf(radius) ** power) if abs(total) > size * _NOTHING else 0.0
