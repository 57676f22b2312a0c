"""Computes with the constants of an expression: exactly for small fractions, in binary64 for all else.

SymPy never sees two numbers to combine by itself: it would try `9**9**9**9`. What an expression without quantities
comes to is computed here, and needs no SymPy.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sympy

#: A constant: exact, or binary64.
Number = Fraction | float

#: Larger numerators and denominators become binary64: SymPy raises exact numbers to powers exactly.
LARGEST_EXACT = 1000

#: Larger whole exponents become binary64.
LARGEST_EXPONENT = 64


#: What is told of a constant beyond binary64, and what to do.
NOT_FINITE = ("a constant here is infinite or undefined", "constants must be finite")


class NotFiniteError(ArithmeticError):
    """A constant is infinite, or no real number."""


class NotRealError(ArithmeticError):
    """An expression has no real value anywhere, or none that can be computed."""


def is_constant(value: object) -> bool:
    """Return whether a value is a number, and no expression of SymPy's."""
    return isinstance(value, Fraction | float)


def from_text(text: str) -> Number:
    """Return the number a literal writes.

    Raises
    ------
    NotFiniteError
        It is beyond the range of binary64.
    """
    if text.isdigit() and len(text) <= 16:
        return reduced(Fraction(int(text)))
    return finite(float(text))


def finite(value: float) -> float:
    """Return a value that is finite, or raise `NotFiniteError`."""
    if not math.isfinite(value):
        raise NotFiniteError
    return value


def reduced(value: Number) -> Number:
    """Return a number as binary64 unless it is a fraction of integers up to 2**53."""
    if isinstance(value, Fraction) and max(abs(value.numerator), value.denominator) <= 2**53:
        return value
    try:
        return finite(float(value))
    except OverflowError:
        raise NotFiniteError from None


def add(first: Number, second: Number) -> Number:
    """Return the sum."""
    return reduced(first + second)


def multiply(first: Number, second: Number) -> Number:
    """Return the product."""
    return reduced(first * second)


def divide(first: Number, second: Number) -> Number:
    """Return the quotient; `NotFiniteError` where the divisor is zero."""
    if second == 0:
        raise NotFiniteError
    return reduced(first / second)


def power(base: Number, exponent: Number) -> Number:
    """Return base**exponent.

    Raises
    ------
    NotFiniteError
        The result is infinite, or not real.
    """
    exact = isinstance(base, Fraction) and exponent % 1 == 0 and abs(float(exponent)) <= LARGEST_EXPONENT
    if exact and (base != 0 or exponent >= 0):
        return reduced(base ** int(exponent))
    return _guarded(math.pow, base, exponent)


def total(terms: Iterable[Number]) -> Number:
    """Return the sum of terms."""
    found: Number = Fraction(0)
    for term in terms:
        found = add(found, term)
    return found


def product(factors: Iterable[Number], divisors: Iterable[Number] = ()) -> Number:
    """Return the product of factors over that of divisors."""
    found: Number = Fraction(1)
    for factor in factors:
        found = multiply(found, factor)
    for divisor in divisors:
        found = divide(found, divisor)
    return found


def call(name: str, arguments: Sequence[Number]) -> Number:
    """Return a function of constants.

    Raises
    ------
    NotFiniteError
        The result is infinite, or not real.
    """
    if name == "pow":
        return power(*arguments)
    if name in _EXACT:
        return reduced(_EXACT[name](*arguments))
    return _guarded(_FUNCTIONS[name], *arguments)


def compare(sign: str, first: Number, second: Number) -> bool:
    """Return whether a comparison holds."""
    return _RELATIONS[sign](first, second)


def conjunction(conditions: Iterable[bool]) -> bool:
    """Return whether all conditions hold."""
    return all(conditions)


def disjunction(conditions: Iterable[bool]) -> bool:
    """Return whether any condition holds."""
    return any(conditions)


def negation(condition: bool) -> bool:  # noqa: FBT001 - that is what it is about
    """Return whether a condition does not hold."""
    return not condition


def to_sympy(value: Number) -> "sympy.Expr":
    """Return a number as SymPy holds it: exact where numerator and denominator are small."""
    import sympy  # noqa: PLC0415 - numbers alone do without

    if isinstance(value, Fraction) and max(abs(value.numerator), value.denominator) <= LARGEST_EXACT:
        return sympy.Rational(value.numerator, value.denominator)
    # A factor of 1.0 would be a multiplication in every step.
    return sympy.Integer(int(value)) if value in (-1, 0, 1) else sympy.Float(float(value))


def as_exponent(value: Number) -> "sympy.Expr":
    """Return a number as an exponent: exact where it is a small multiple of a half."""
    import sympy  # noqa: PLC0415 - likewise

    if abs(float(value)) <= LARGEST_EXPONENT and (2 * value) % 1 == 0:
        return sympy.Rational(int(2 * value), 2)
    return sympy.Float(float(value))


def _guarded(function: Callable[..., float], *arguments: Number) -> float:
    try:
        return finite(float(function(*(float(argument) for argument in arguments))))
    except (ValueError, OverflowError, ZeroDivisionError):
        raise NotFiniteError from None


def _sign(value: Number) -> Number:
    return Fraction((value > 0) - (value < 0))


_RELATIONS: Mapping[str, Callable[[Number, Number], bool]] = MappingProxyType(
    {
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "==": operator.eq,
        "!=": operator.ne,
    }
)
_EXACT: Mapping[str, Callable[..., Number]] = MappingProxyType(
    {
        "min": min,
        "max": max,
        "abs": abs,
        "floor": lambda value: Fraction(math.floor(value)),
        "ceil": lambda value: Fraction(math.ceil(value)),
        "sign": _sign,
        "mod": lambda dividend, divisor: add(
            dividend, multiply(-divisor, Fraction(math.floor(divide(dividend, divisor))))
        ),
        "heaviside": lambda value: Fraction(value >= 0),
        "clip": lambda value, low, high: max(min(value, high), low),
    }
)
_FUNCTIONS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "sqrt": math.sqrt,
        "exp": math.exp,
        "expm1": math.expm1,
        "log": math.log,
        "log10": math.log10,
        "log1p": math.log1p,
        "sin": math.sin,
        "cos": math.cos,
        "tan": math.tan,
        "asin": math.asin,
        "acos": math.acos,
        "atan": math.atan,
        "atan2": math.atan2,
        "sinh": math.sinh,
        "cosh": math.cosh,
        "tanh": math.tanh,
        "asinh": math.asinh,
        "acosh": math.acosh,
        "atanh": math.atanh,
        "erf": math.erf,
        "log2": math.log2,
        "cbrt": math.cbrt,
        "hypot": math.hypot,
    }
)
