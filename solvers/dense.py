"""Weighted sums of stages and values between steps, as straight-line code."""

from collections.abc import Callable, Sequence
from typing import Any

from solvers.straightline import convert, fma
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


def blend(weights: Sequence[Any], stage: Callable[[int], Any], start: Any | None) -> Any:
    """Return start + sum_j weights_j * stage(j) for weights of which some are None, that is zero."""
    total = start
    for j, weight in enumerate(weights):
        if weight is not None:
            total = stage(j) * weight if total is None else fma(stage(j), weight, total)
    return total


def interpolation_weights(dense: DenseOutput, theta: Any, precision: str) -> list[Any]:
    """Return b_j(theta); None for one that is zero throughout.

    Extensions of high order cancel, so they are computed in float64 whatever the precision of the states.
    """
    return [convert(polynomial(row, theta), precision) if any(row) else None for row in dense.coefficients]


def polynomial(coefficients: Sequence[float], theta: Any) -> Any:
    """Return sum_m coefficients[m] * theta^(m+1) by Horner's rule."""
    total = theta * 0.0 + float(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = fma(total, theta, float(coefficient))
    return total * theta
