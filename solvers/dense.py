"""Weighted sums of stages and values between steps, as straight-line code."""

from collections.abc import Sequence
from typing import Any

from solvers.straightline import convert, fma, select
from solvers.tableaus import DenseOutput


def weighted_sum(weights: Sequence[float], stages: Any, i: int, n: int, start: Any | None) -> Any:
    """Return start + sum_j weights_j * stages_j of state i; None where there is nothing to add.

    Parameters
    ----------
    stages
        A buffer of n states a stage.
    start
        A value, or None for zero.
    """
    total = start
    for j, weight in enumerate(weights):
        if weight:
            stage = stages[j * n + i]
            total = stage * weight if total is None else fma(stage, weight, total)
    return total


def interpolation_weights(dense: DenseOutput, theta: Any, precision: str) -> list[Any]:
    """Return b_j(theta); None for one that is zero throughout.

    Extensions of high order cancel, so they are computed in float64 whatever the precision of the states.
    """
    return [convert(_polynomial(row, theta), precision) if any(row) else None for row in dense.coefficients]


def _polynomial(coefficients: Sequence[float], theta: Any) -> Any:
    """Return sum_m coefficients[m] * theta^(m+1) by Horner's rule."""
    total = theta * 0.0 + coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = fma(total, theta, coefficient)
    return total * theta


def hermite_values(theta: Any, h: Any, y: Any, y_new: Any, slopes: Any, values: Any, n: int, precision: str) -> None:
    """Store the cubic through both ends of a step, with both slopes; y_new exactly at theta = 1.

    Parameters
    ----------
    theta
        Fraction of the step, float64.
    slopes
        A buffer of the slopes at the start, then those at the end; None gives y_new throughout.
    """
    fraction = convert(theta, precision)
    rest = 1.0 - fraction
    for i in range(n):
        if slopes is None:
            values[i] = y_new[i]
            continue
        rise = y_new[i] - y[i]
        bend = fma(rest, h * slopes[i] - rise, fraction * (rise - h * slopes[n + i]))
        values[i] = select(theta == 1.0, y_new[i], fma(fraction * rest, bend, fma(fraction, rise, y[i])))
