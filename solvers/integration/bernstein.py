"""Polynomials on [0, 1] in Bernstein's form: numbers for them, and straight-line code.

p(theta) = sum_i c_i comb(m, i) theta^i (1 - theta)^(m - i). Its basis is positive and sums to 1, so that no value lies
beyond the coefficients, p has at most as many roots in (0, 1) as they have changes of sign, and of an odd number of
changes at least one; see R. T. Farouki, The Bernstein polynomial basis: a centennial retrospective, Computer Aided
Geometric Design 29 (2012).
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import comb, cos, pi
from typing import Any

import numpy as np

from solvers.straightline import absolute, convert, fma, larger, literal

# -- numbers ------------------------------------------------------------------------------------


@cache
def nodes(degree: int) -> tuple[float, ...]:
    """Return the Chebyshev-Lobatto points of [0, 1], both ends included."""
    return tuple(0.5 - 0.5 * cos(pi * k / degree) for k in range(degree + 1))


def basis(degree: int, theta: float) -> list[float]:
    """Return the values of Bernstein's polynomials of a degree."""
    return [comb(degree, i) * theta**i * (1.0 - theta) ** (degree - i) for i in range(degree + 1)]


@cache
def interpolation(degree: int) -> tuple[tuple[float, ...], ...]:
    """Return the matrix that makes coefficients of the values at the nodes; the sum of each of its rows is 1."""
    values = np.array([basis(degree, theta) for theta in nodes(degree)])
    return tuple(map(tuple, np.linalg.inv(values).tolist()))


@cache
def square_weights(degree: int) -> tuple[tuple[float, ...], ...]:
    """Return W with integral of p^2 over [0, 1] = sum_ij W_ij c_i c_j."""
    choose = [comb(degree, i) for i in range(degree + 1)]
    return tuple(
        tuple(choose[i] * choose[j] / (comb(2 * degree, i + j) * (2 * degree + 1)) for j in range(degree + 1))
        for i in range(degree + 1)
    )


# -- straight-line code -------------------------------------------------------------------------


def _between(first: Any, second: Any, theta: Any, rest: Any) -> Any:
    """Return rest*first + theta*second with rest = 1 - theta: either end is exact, where theta is 0 or 1."""
    return fma(theta, second, rest * first)


def evaluate(coefficients: Sequence[Any], theta: Any) -> tuple[Any, Any]:
    """Return the value and the derivative with respect to theta, by de Casteljau's algorithm."""
    rest, level = 1.0 - theta, list(coefficients)
    slope: Any = None
    while len(level) > 1:
        if len(level) == 2:
            slope = (level[1] - level[0]) * float(len(coefficients) - 1)
        level = [_between(first, second, theta, rest) for first, second in pairwise(level)]
    return level[0], level[0] * 0.0 if slope is None else slope


def value_at(coefficients: Sequence[Any], theta: float) -> Any:
    """Return the value at a constant place."""
    if theta in {0.0, 1.0}:
        return coefficients[-1 if theta else 0]
    total: Any = None
    for weight, coefficient in zip(basis(len(coefficients) - 1, theta), coefficients, strict=True):
        total = coefficient * weight if total is None else fma(coefficient, weight, total)
    return total


def left_part(coefficients: Sequence[Any], theta: Any) -> list[Any]:
    """Return the coefficients of the part from 0 to theta."""
    rest, level, found = 1.0 - theta, list(coefficients), [coefficients[0]]
    while len(level) > 1:
        level = [_between(first, second, theta, rest) for first, second in pairwise(level)]
        found.append(level[0])
    return found


def right_part(coefficients: Sequence[Any], theta: Any) -> list[Any]:
    """Return the coefficients of the part from theta to 1."""
    return left_part(list(coefficients)[::-1], 1.0 - theta)[::-1]


def part(coefficients: Sequence[Any], begin: Any, end: Any) -> list[Any]:
    """Return the coefficients of the part from begin to end, begin < 1."""
    return left_part(right_part(coefficients, begin), (end - begin) / (1.0 - begin))


def through(values: Sequence[Any]) -> list[Any]:
    """Return the coefficients of the polynomial through values at the nodes.

    Rounding is that of the values' differences.
    """
    first, degree = values[0], len(values) - 1
    rises = [value - first for value in values[1:]]
    found = [first]
    for row in interpolation(degree)[1:-1]:
        total = first
        for weight, rise in zip(row[1:], rises, strict=True):
            total = fma(rise, weight, total)
        found.append(total)
    return [*found, values[-1]]


def differences(coefficients: Sequence[Any]) -> list[Any]:
    """Return the derivative's coefficients, divided by the degree."""
    return [second - first for first, second in pairwise(coefficients)]


def largest_magnitude(coefficients: Sequence[Any]) -> Any:
    """Return the largest magnitude of the coefficients."""
    found = absolute(coefficients[0])
    for coefficient in coefficients[1:]:
        found = larger(found, absolute(coefficient))
    return found


def mean(coefficients: Sequence[Any]) -> Any:
    """Return the mean over [0, 1], float64: that of the coefficients."""
    total = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total + coefficient
    return convert(total * (1.0 / len(coefficients)), "float64")


def mean_square(coefficients: Sequence[Any]) -> Any:
    """Return the mean of the square over [0, 1]: all products have positive weights."""
    weights = square_weights(len(coefficients) - 1)
    total: Any = literal(coefficients[0], 0.0, "float64")
    for i, first in enumerate(coefficients):
        inner = first * weights[i][i]
        for j in range(i + 1, len(coefficients)):
            inner = fma(coefficients[j], 2.0 * weights[i][j], inner)
        total = fma(convert(inner, "float64"), convert(first, "float64"), total)
    return total
