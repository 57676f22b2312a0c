"""Approximate inverses that need no factorisation, as straight-line code."""

from collections.abc import Callable, Sequence
from typing import Any

from solvers.straightline import absolute, both, select

#: Diagonal entries outside these magnitudes are taken as one: a preconditioner has to be invertible, no more.
_LEAST, _MOST = 1e-30, 1e30


def jacobi(diagonal: Sequence[Any]) -> list[Any]:
    """Return the reciprocals of a matrix's diagonal, 1 for an entry that has none."""
    return [_safe_reciprocal(entry) for entry in diagonal]


def _safe_reciprocal(value: Any) -> Any:
    size = absolute(value)
    return select(both(size > _LEAST, size < _MOST), 1.0 / value, 1.0)


def neumann(multiply: Callable[[list[Any]], Sequence[Any]], v: Sequence[Any], order: int) -> list[Any]:
    """Return (I + N + N^2 + ... + N^order) v, close to (I - N)^-1 v where N is small.

    Of alpha*I - beta*J = alpha*(I - N), N is (beta/alpha)*J; with the diagonal D of a matrix split off, D - R =
    D*(I - N), it is D^-1*R. Where an eigenvalue of N is larger than one the sum moves away from the inverse with every
    term.

    Source: Y. Saad, Iterative Methods for Sparse Linear Systems, SIAM 2003, 12.3.

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
