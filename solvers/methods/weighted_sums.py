"""Weighted sums of stages and values between steps, as straight-line code."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import comb
from typing import Any

from solvers.straightline import convert, fma
from solvers.straightline.setting import Number, is_used
from solvers.tableaus.dense_output import DenseOutput

#: Largest coefficient in Bernstein's form up to which weights are computed in the states' precision.
MILD = 32.0


class Sum:
    """The sum of two arrays, component by component, each time it is asked for.

    Parameters
    ----------
    buffer, change
        What is added.
    """

    def __init__(self, buffer: Any, change: Any) -> None:
        self.buffer = buffer
        self._change = change

    def __getitem__(self, index: Any) -> Any:
        return self.buffer[index] + self._change[index]


def weighted_sum(weights: Sequence[float], stages: Any, i: int, n: int, start: Any | None) -> Any:
    """Return start + sum_j weights_j * stages_j of state i; None where there is nothing to add.

    Parameters
    ----------
    stages
        A buffer of n states a stage.
    start
        A value, or None for zero.
    """
    return combine(weights, lambda j: stages[j * n + i], start)


def combine(weights: Sequence[Number], stage: Callable[[int], Any], start: Any | None) -> Any:
    """Return start + sum_j weights_j * stage(j) for constant weights; None where there is nothing to add."""
    return blend([weight if is_used(weight) else None for weight in weights], stage, start)


def blend(weights: Sequence[Any], stage: Callable[[int], Any], start: Any | None) -> Any:
    """Return start + sum_j weights_j * stage(j) for weights of which some are None, that is zero."""
    total = start
    for j, weight in enumerate(weights):
        if weight is None:
            continue
        value = stage(j)
        if total is not None:
            total = fma(value, weight, total)
        else:
            total = value if isinstance(weight, float) and weight == 1.0 else value * weight
    return total


def split_share(weights: Sequence[float]) -> tuple[float, list[float]]:
    """Return the first weight that is not zero, and all of them divided by it."""
    share = next(weight for weight in weights if weight)
    return share, [weight / share for weight in weights]


def interpolation_weights(dense: DenseOutput, theta: Any, precision: str) -> list[Any]:
    """Return b_j(theta); None for one that is zero throughout.

    In powers of theta, extensions cancel: for Vern8 coefficients of 1e6 make weights of 1. In Bernstein's form, whose
    basis is positive and sums to 1, no more is lost than the coefficients exceed the weights; see R. T. Farouki, The
    Bernstein polynomial basis: a centennial retrospective, Computer Aided Geometric Design 29 (2012). Weights for which
    that is still much are computed in float64 whatever the precision of the states.
    """
    rows = [bernstein(row) for row in dense.coefficients]
    if max(max(map(abs, row)) for row in rows) <= MILD:
        theta = convert(theta, precision)
    basis = _bernstein_basis(theta, len(rows[0]))
    return [convert(blend(row, basis.__getitem__, None), precision) if any(row) else None for row in rows]


def bernstein(coefficients: Sequence[float]) -> list[float]:
    """Return the coefficients of sum_m coefficients[m] * theta^(m+1) in Bernstein's form, but for the first, 0."""
    degree = len(coefficients)
    exact = [Fraction(0), *map(Fraction, coefficients)]
    return [
        float(sum(exact[m] * Fraction(comb(k, m), comb(degree, m)) for m in range(k + 1))) for k in range(1, degree + 1)
    ]


def _bernstein_basis(theta: Any, degree: int) -> list[Any]:
    """Return comb(degree, k) * theta^k * (1 - theta)^(degree - k) for k from 1."""
    rest = 1.0 - theta
    rising, falling = [theta], [rest]
    for _ in range(degree - 1):
        rising.append(rising[-1] * theta)
        falling.append(falling[-1] * rest)
    mixed = [rising[k - 1] * falling[degree - k - 1] * float(comb(degree, k)) for k in range(1, degree)]
    return [*mixed, rising[-1]]


def polynomial(coefficients: Sequence[float], theta: Any) -> Any:
    """Return sum_m coefficients[m] * theta^(m+1) by Horner's rule."""
    total = theta * 0.0 + float(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = fma(total, theta, float(coefficient))
    return total * theta
