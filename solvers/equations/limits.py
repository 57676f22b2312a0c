"""The limit of what is 0/0 at a zero, as a polynomial about it."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import sympy
from sympy.codegen.cfunctions import log1p

from solvers.equations import functions
from solvers.equations.laurent import LOWEST_POWER, NoValueError, series, value
from solvers.equations.rewriting import choice, substituted
from solvers.equations.zeros import (
    FUNCTIONS,
    LINEAR,
    ROUNDING,
    Condition,
    Zero,
    about_zero,
    is_reached,
    slope_in,
    value_at,
    vanishes,
    zeros_of,
)

#: Half the width of a polynomial where nothing is lost outside: derivatives there lose four digits at most.
NARROW = 1e-4
#: The same where differences lose digits outside: of an exponential and 1 one digit at most, of others more.
EXPONENTIAL = 0.7
WIDE = 0.25
#: Terms of a polynomial that are looked at, and of a wide one.
NARROW_TERMS = 10
WIDE_TERMS = 40

_VARIABLE = sympy.Dummy("v", real=True)


class UnfilledError(ValueError):
    """A value is 0/0 at a point, and the limit there could not be filled in.

    Parameters
    ----------
    symbol, point
        The quantity, and its value at the point.
    """

    def __init__(self, symbol: sympy.Symbol, point: sympy.Expr) -> None:
        super().__init__(f"0/0 at {symbol} = {point}")
        self.symbol = symbol
        self.point = point


class _Factor(NamedTuple):
    """A factor as `scale` times a function of `_VARIABLE` alone, and how far from 0 that has not kept its digits."""

    scale: sympy.Expr
    function: sympy.Expr
    width: float


def filled_product(factors: Sequence[sympy.Expr], conditions: tuple[Condition, ...]) -> sympy.Expr | None:
    """Return a product with a singularity filled; None where there is none."""
    if not any(map(is_divisor, factors)):
        return None
    powers = {factor: factor.as_base_exp() for factor in factors if factor.as_base_exp()[1].is_Integer}
    divisors = [base for base, exponent in powers.values() if exponent < 0]
    for zero in zeros_of([base for base, _ in powers.values()]):
        if not any(vanishes(divisor, zero) for divisor in divisors):
            continue
        vanishing = {factor: power for factor, power in powers.items() if vanishes(power[0], zero)}
        signs = {exponent > 0 for _, exponent in vanishing.values()}
        if len(signs) == 2 and is_reached(conditions, zero):
            found = _fill([(base, int(exponent)) for base, exponent in vanishing.values()], zero)
            if found is not None:
                return sympy.Mul(*(factor for factor in factors if factor not in vanishing), *found)
    return None


def filled_sum(poles: Sequence[sympy.Expr], opened: Sequence[sympy.Expr], zero: Zero) -> sympy.Expr | None:
    """Return the sum of terms with poles at a zero as one value without; None where they do not cancel.

    Parameters
    ----------
    opened
        The terms with observables put in.
    """
    try:
        factor = _separated(sympy.Add(*(_in_variable(term, zero) for term in opened)))
    except NoValueError:
        return None
    return _with_polynomial(factor, sympy.Add(*poles), zero)


def is_divisor(factor: Any) -> bool:
    """Return whether a factor stands below the fraction bar."""
    return bool(factor.is_Pow and factor.exp.is_Integer and factor.exp.is_negative)


def _divisors(term: sympy.Expr) -> list[sympy.Expr]:
    return [factor.base for factor in sympy.Mul.make_args(term) if is_divisor(factor)]


def is_pole(term: sympy.Expr, zero: Zero) -> bool:
    """Return whether a term is infinite at a zero."""
    return any(vanishes(divisor, zero) for divisor in _divisors(term))


def own_poles(term: sympy.Expr) -> Iterator[Zero]:
    """Yield the zeros of functions in a term's divisors at which it is infinite."""
    yield from (zero for zero in zeros_of(_divisors(term)) if is_pole(term, zero))


def _fill(vanishing: Sequence[tuple[sympy.Expr, int]], zero: Zero) -> list[sympy.Expr] | None:
    """Return the factors that take the place of factors that vanish at a zero; None for a pole."""
    try:
        factors = [
            (_separated(_in_variable(base, zero), divides=exponent < 0), exponent) for base, exponent in vanishing
        ]
    except NoValueError:
        if _order(vanishing, zero) >= 0:
            raise UnfilledError(zero.symbol, zero.point) from None
        return None
    scale = sympy.Mul(*(factor.scale**exponent for factor, exponent in factors))
    function = sympy.Mul(*(factor.function**exponent for factor, exponent in factors))
    width = max(factor.width for factor, _ in factors)
    direct = _at_argument(function, zero.argument)
    found = _with_polynomial(_Factor(sympy.S.One, function, width), direct, zero)
    return None if found is None else [scale, found]


def _order(vanishing: Sequence[tuple[sympy.Expr, int]], zero: Zero) -> int:
    """Return the order of the zero of a product, negative for a pole."""
    total = sympy.Mul(*(base**exponent for base, exponent in vanishing))
    far, near = (float(abs(value_at(total, zero, shift))) for shift in (1e-6, 1e-9))
    return round(math.log10(far / near) / 3) if far and near else 0


def _in_variable(expression: sympy.Expr, zero: Zero) -> sympy.Expr:
    """Return an expression with `_VARIABLE` for the argument that is zero."""
    calls = {}
    for call in expression.atoms(*FUNCTIONS):
        if zero.symbol in call.free_symbols:
            slope = slope_in(call.args[0], zero.symbol)
            ratio = _nearby(sympy.cancel(slope / zero.slope)) if slope is not None else None
            if ratio is None or not vanishes(about_zero(call), zero):
                raise NoValueError
            inside = ratio * _VARIABLE
            if isinstance(call, sympy.log):
                calls[call] = log1p(inside)
            else:
                calls[call] = call.func(inside)
    outside = expression.xreplace(calls)
    if not outside.has(zero.symbol):
        return outside
    slope = slope_in(outside, zero.symbol)
    if slope is not None and not calls:
        return slope / zero.slope * _VARIABLE
    return sympy.expand(outside.xreplace({zero.symbol: (_VARIABLE - zero.offset) / zero.slope}))


def _nearby(number: sympy.Expr) -> sympy.Expr | None:
    """Return a number, as a small fraction where it is one but for rounding; None for what is no number."""
    if not number.is_number:
        return None
    close = Fraction(float(number)).limit_denominator(64)
    return sympy.Rational(close) if abs(float(number) - close) <= ROUNDING * abs(close) else sympy.Float(number)


def _separated(expression: sympy.Expr, *, divides: bool = False) -> _Factor:
    """Return an expression as a factor, in a form that loses no digits near 0 where there is one.

    What is divided by e^x - 1 is about even, a short polynomial; and e^x is often computed anyway.
    """
    scale, function = sympy.factor_terms(expression).as_independent(_VARIABLE, as_Add=False)
    if function.free_symbols != {_VARIABLE}:
        raise NoValueError
    if function == _VARIABLE or isinstance(function, LINEAR):
        return _Factor(scale, function, NARROW)
    constant, rest = function.as_independent(_VARIABLE, as_Add=True)
    factor, call = rest.as_independent(_VARIABLE, as_Add=False)
    if constant.is_number and factor.is_number and abs(constant + factor) <= ROUNDING * abs(factor):
        half = call.args[0] / 2 if call.args else None
        if isinstance(call, functions.exp) and not divides:
            return _Factor(scale * factor, functions.expm1(call.args[0]), NARROW)
        if isinstance(call, functions.exp):
            return _Factor(scale * factor, call - 1, EXPONENTIAL)
        if isinstance(call, sympy.cos):
            return _Factor(-2 * scale * factor, sympy.sin(half) ** 2, NARROW)
        if isinstance(call, sympy.cosh):
            return _Factor(2 * scale * factor, sympy.sinh(half) ** 2, NARROW)
    return _Factor(scale, function, WIDE)


def _with_polynomial(factor: _Factor, direct: sympy.Expr, zero: Zero) -> sympy.Expr | None:
    """Return a value with its Taylor polynomial near a zero; None for a pole."""
    slopes = (abs(float(call.args[0].coeff(_VARIABLE))) for call in factor.function.atoms(*FUNCTIONS))
    steepest = max([1.0, *slopes])
    width, terms = factor.width / steepest, NARROW_TERMS if factor.width == NARROW else WIDE_TERMS
    try:
        found = series(factor.function, _VARIABLE, 1 / steepest, terms - LOWEST_POWER)
    except NoValueError:
        return None
    coefficients = _needed(found[-LOWEST_POWER:], width)
    if any(found[:-LOWEST_POWER]) or not _agrees(coefficients, factor.function, width):
        return None
    polynomial = factor.scale * _horner(coefficients, zero.argument)
    near = functions.near(sympy.Abs(zero.argument, evaluate=False), sympy.Float(width), evaluate=False)
    return choice((polynomial, near), (direct, True))


def _needed(coefficients: list[float], width: float) -> list[float]:
    """Return the coefficients that matter within a width; the derivative needs one power more."""
    sizes = [abs(coefficient) * width**power for power, coefficient in enumerate(coefficients)]
    last = max(power for power, size in enumerate(sizes) if size >= ROUNDING / 1000 * max(sizes))
    return coefficients[: last + 2]


def _agrees(coefficients: Sequence[float], function: sympy.Expr, width: float) -> bool:
    """Return whether a polynomial is a function at the ends of where it is used: another pole may be near."""
    for end in (width, -width):
        true = float(value(function, {_VARIABLE: end}))
        found = sum(coefficient * end**power for power, coefficient in enumerate(coefficients))
        if abs(found - true) > 10 * ROUNDING * abs(true):
            return False
    return True


def _horner(coefficients: Sequence[float], argument: sympy.Expr) -> sympy.Expr:
    """Return a polynomial; factors of it are not multiplied out, so that the argument is computed once."""
    powers = [power for power, coefficient in enumerate(coefficients) if coefficient]
    total = sympy.S.Zero
    for power, following in reversed([*zip(powers, [*powers[1:], None], strict=True)]):
        if following is not None:
            total = sympy.Mul(_power(argument, following - power), total, evaluate=False)
        total = sympy.Add(sympy.Float(coefficients[power]), total)
    return total if powers[0] == 0 else sympy.Mul(_power(argument, powers[0]), total, evaluate=False)


def _power(argument: sympy.Expr, exponent: int) -> sympy.Expr:
    return argument if exponent == 1 else sympy.Pow(argument, exponent, evaluate=False)


def _at_argument(function: sympy.Expr, argument: sympy.Expr) -> sympy.Expr:
    """Return a function of `_VARIABLE` at an argument; of x - 1, log1p would lose the digits of a small x."""
    if argument.as_coeff_Add()[0] == -1:
        function = function.xreplace({log1p(_VARIABLE): sympy.log(argument + 1)})
    return substituted(function, {_VARIABLE: argument})
