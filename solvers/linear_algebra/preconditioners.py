"""Approximate inverses of alpha*I - beta*J that need no factorisation, as straight-line code."""

from collections.abc import Callable, Sequence
from typing import Any

from solvers.straightline import absolute, both, fma, select

#: Diagonal entries outside these magnitudes are taken as one: a preconditioner has to be invertible, no more.
_LEAST, _MOST = 1e-30, 1e30


def jacobi(diagonal: Sequence[Any], alpha: Any, beta: Any) -> list[Any]:
    """Return the reciprocals of the diagonal of alpha*I - beta*J.

    Parameters
    ----------
    diagonal
        Of J.
    alpha, beta
        Values.
    """
    entries = [fma(-beta, entry, alpha) for entry in diagonal]
    return [_safe_reciprocal(entry) for entry in entries]


def _safe_reciprocal(value: Any) -> Any:
    size = absolute(value)
    usable = both(size > _LEAST, size < _MOST)
    return select(usable, 1.0 / value, 1.0)


def neumann(multiply: Callable[[list[Any]], Sequence[Any]], v: Sequence[Any], order: int) -> list[Any]:
    """Return (I + N + N^2 + ... + N^order) v, close to the inverse of I - N on v where N is small.

    For alpha*I - beta*J, N is (beta/alpha)*J and the result is still to be divided by alpha. Where an eigenvalue of N is
    larger than one the sum moves away from the inverse with every term: it helps where beta/alpha, the step, resolves
    all but a few time scales.

    Parameters
    ----------
    multiply
        Returns N z.
    v
        n values.
    order
        Terms after the first.
    """
    total = list(v)
    for _ in range(order):
        total = [first + further for first, further in zip(v, multiply(total), strict=True)]
    return total
