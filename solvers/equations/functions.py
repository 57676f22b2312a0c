"""The functions a model may use, as SymPy functions with derivatives.

SymPy has most of them. Those it lacks, or evaluates in ways that lose the meaning of NaN or leave the range of
floating-point numbers, are defined here.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sympy
from sympy.codegen.cfunctions import log1p, log10

from solvers.equations.rewriting import at_most, choice, less, product


class exp(sympy.Function):  # noqa: N801 - SymPy functions are named as they print
    """The exponential, left as written: SymPy's makes k*exp(1000 - x) the product of k, exp(1000) and exp(-x)."""

    nargs = 1
    is_positive = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:  # noqa: ARG002 - there is one
        """Return the derivative."""
        return self


class expm1(sympy.Function):  # noqa: N801
    """exp(x) - 1 without cancellation, left as written too."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:  # noqa: ARG002
        """Return the derivative."""
        return self + 1


class atan2(sympy.Function):  # noqa: N801
    """The angle of a point (x, y) as atan2(y, x); SymPy's becomes a choice by the real part of x where y is zero."""

    nargs = 2
    is_extended_real = True


class near(sympy.StrictLessThan):  # noqa: N801 - named as it prints
    """A comparison that decides between two forms of one value: nothing jumps or bends where it changes."""


class at_least(sympy.Function):  # noqa: N801
    """A value that no rounding lets fall below a bound, which it is at or above by itself."""

    nargs = 2
    is_extended_real = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Return the derivative with respect to one argument: that of the value."""
        return sympy.S.One if argindex == 1 else sympy.S.Zero


class minimum(sympy.Function):  # noqa: N801
    """The smaller of two values; NaN if either is NaN."""

    nargs = 2
    is_extended_real = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Return the derivative with respect to one argument."""
        first, second = self.args
        mine, other = (first, second) if argindex == 1 else (second, first)
        return choice((1, less(mine, other)), (0, True))


class maximum(sympy.Function):  # noqa: N801
    """The larger of two values; NaN if either is NaN."""

    nargs = 2
    is_extended_real = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Return the derivative with respect to one argument."""
        first, second = self.args
        mine, other = (first, second) if argindex == 1 else (second, first)
        return choice((1, less(other, mine)), (0, True))


class log2(sympy.Function):  # noqa: N801
    """The logarithm to the base 2: SymPy's becomes a quotient of logarithms, which is none of 8's."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:  # noqa: ARG002 - there is one
        """Return the derivative."""
        return 1 / (sympy.Float(math.log(2)) * self.args[0])

    def _eval_evalf(self, prec: int) -> sympy.Expr:
        return _evaluated(sympy.log(self.args[0]) / sympy.log(2), prec)


class cbrt(sympy.Function):  # noqa: N801
    """The real cube root."""

    nargs = 1
    is_extended_real = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:  # noqa: ARG002
        """Return the derivative, which is infinite at 0: there 0."""
        is_zero = sympy.Equality(self.args[0], 0, evaluate=False)
        return choice((0, is_zero), (self / (3 * self.args[0]), True))

    def _eval_evalf(self, prec: int) -> sympy.Expr:
        return _evaluated(sympy.sign(self.args[0]) * sympy.cbrt(sympy.Abs(self.args[0])), prec)


class hypot(sympy.Function):  # noqa: N801
    """The root of the sum of two squares, none of which has to be within the range."""

    nargs = 2
    is_extended_real = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Return the derivative with respect to one argument; at (0, 0) it has none: there 0."""
        is_zero = sympy.Equality(self, 0, evaluate=False)
        return choice((0, is_zero), (self.args[argindex - 1] / self, True))

    def _eval_evalf(self, prec: int) -> sympy.Expr:
        return _evaluated(sympy.sqrt(self.args[0] ** 2 + self.args[1] ** 2), prec)


def _evaluated(expression: sympy.Expr, bits: int) -> sympy.Expr:
    return expression.evalf(math.ceil(bits * math.log10(2)))


def magnitude(argument: Any) -> sympy.Expr:
    """Return |x|; of what may not be real SymPy would make a value where there is none, sqrt(|x|) of |sqrt(x)|."""
    return sympy.Abs(argument, evaluate=bool(argument.is_extended_real))


def modulo(dividend: sympy.Expr, divisor: sympy.Expr) -> sympy.Expr:
    """Return what is left of a dividend, of the sign of the divisor; of whole numbers exactly."""
    rest = dividend - divisor * sympy.floor(product([1 / divisor, dividend]), evaluate=False)
    sign = sympy.sign(divisor)
    return sign * at_least(sign * rest, 0, evaluate=False)


def heaviside(argument: sympy.Expr) -> sympy.Expr:
    """Return 1 from zero on, and 0 before."""
    return choice((1, at_most(0, argument)), (0, less(argument, 0)), (argument, True))


def clip(argument: sympy.Expr, low: sympy.Expr, high: sympy.Expr) -> sympy.Expr:
    """Return an argument, or the nearer end of an interval that it is outside of."""
    return maximum(minimum(argument, high), low)


def is_turned(argument: sympy.Expr) -> bool:
    """Return whether an argument is better taken with the other sign: x - y and y - x are one.

    Where as many terms have a minus sign as have none SymPy writes out both and compares, which takes long.
    """
    negative = [term.could_extract_minus_sign() for term in sympy.Add.make_args(argument)]
    if 2 * sum(negative) != len(negative):
        return 2 * sum(negative) > len(negative)
    _, first = min(zip(argument.args, negative, strict=True), key=_place)
    return first


def _place(pair: tuple[sympy.Expr, bool]) -> tuple[Any, ...]:
    term, _ = pair
    return term.is_number, sympy.default_sort_key(term)


def _odd(function: type[sympy.Function]) -> Callable[[sympy.Expr], sympy.Expr]:
    """Return a function for which f(-x) is -f(x), as it is written else: SymPy looks long for multiples of pi."""

    def call(argument: sympy.Expr) -> sympy.Expr:
        if is_turned(argument):
            return -function(-argument, evaluate=False)
        return function(argument, evaluate=False)

    return call


def _cosine(argument: sympy.Expr) -> sympy.Expr:
    return sympy.cos(-argument if is_turned(argument) else argument, evaluate=False)


def _fold(function: Callable[[Any, Any], sympy.Expr]) -> Callable[..., sympy.Expr]:
    """Extend a function of two arguments to two or more."""

    def folded(first: Any, *rest: Any) -> sympy.Expr:
        for argument in rest:
            first = function(first, argument)
        return first

    return folded


#: Functions that have no value outside of an interval.
PARTIAL = (sympy.log, log10, log1p, log2, sympy.asin, sympy.acos, sympy.acosh, sympy.atanh)

#: Name -> (constructor, fewest arguments, most arguments; None: any number).
FUNCTIONS: Mapping[str, tuple[Callable[..., Any], int, int | None]] = MappingProxyType(
    {
        "min": (_fold(minimum), 2, None),
        "max": (_fold(maximum), 2, None),
        "abs": (magnitude, 1, 1),
        "sqrt": (sympy.sqrt, 1, 1),
        "exp": (exp, 1, 1),
        "expm1": (expm1, 1, 1),
        "log": (sympy.log, 1, 1),
        "log10": (log10, 1, 1),
        "log1p": (log1p, 1, 1),
        "sin": (_odd(sympy.sin), 1, 1),
        "cos": (_cosine, 1, 1),
        "tan": (_odd(sympy.tan), 1, 1),
        "asin": (sympy.asin, 1, 1),
        "acos": (sympy.acos, 1, 1),
        "atan": (sympy.atan, 1, 1),
        "atan2": (atan2, 2, 2),
        "sinh": (sympy.sinh, 1, 1),
        "cosh": (sympy.cosh, 1, 1),
        "tanh": (sympy.tanh, 1, 1),
        "asinh": (sympy.asinh, 1, 1),
        "acosh": (sympy.acosh, 1, 1),
        "atanh": (sympy.atanh, 1, 1),
        "floor": (sympy.floor, 1, 1),
        "ceil": (sympy.ceiling, 1, 1),
        "sign": (sympy.sign, 1, 1),
        "pow": (sympy.Pow, 2, 2),
        "erf": (sympy.erf, 1, 1),
        "mod": (modulo, 2, 2),
        "heaviside": (heaviside, 1, 1),
        "clip": (clip, 3, 3),
        "log2": (log2, 1, 1),
        "cbrt": (cbrt, 1, 1),
        "hypot": (hypot, 2, 2),
    }
)
