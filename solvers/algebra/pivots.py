"""What eliminations by loops do with pivots."""

from collections.abc import Callable
from typing import Any

import numpy as np

from solvers.algebra.complex_numbers import Complex, magnitude, reciprocal
from solvers.algebra.sparse_lu import ROUNDING
from solvers.straightline import both, literal
from solvers.straightline.loops import for_each


def subtract_from_shift(alpha: Any, entries: Any, lu: Any, size: int, n: int, pivot: Callable[[Any], Any]) -> None:
    """Store alpha*I - J.

    Parameters
    ----------
    entries
        The entries of J, an array of `size` elements; it may be where the result goes.
    lu
        An array for the result.
    pivot
        Returns where the pivot of each of n rows lies.
    """

    def turn(k: Any) -> None:
        entry = -entries[k]
        lu[k] = Complex(entry, literal(entry, 0.0, entry.dtype)) if isinstance(alpha, Complex) else entry

    def shift(row: Any) -> None:
        place = pivot(row)
        lu[place] = lu[place] + alpha

    for_each(entries, size, turn, longest=0)
    for_each(entries, n, shift, longest=0)


def invert(lu: Any, place: Any, before: Any, precision: str) -> Any:
    """Invert a pivot in its place; return whether it is sound, given the entry it was computed from."""
    inverse = reciprocal(lu[place], exact=True)
    lu[place] = inverse
    # Zero is the inverse of what is too large to have one.
    size, limit = magnitude(inverse), 1.0 / (ROUNDING * float(np.finfo(precision).eps))
    return both(size > 0.0, size * magnitude(before) < limit)
