"""What eliminations by loops do with pivots."""

from collections.abc import Callable
from typing import Any

import numpy as np

from solvers.algebra.sparse_lu import ROUNDING
from solvers.straightline import absolute, both
from solvers.straightline.loops import for_each


def subtract_from_shift(alpha: Any, lu: Any, size: int, n: int, pivot: Callable[[Any], Any]) -> None:
    """Replace the entries of J by those of alpha*I - J.

    Parameters
    ----------
    lu
        An array of `size` elements.
    pivot
        Returns where the pivot of each of n rows lies.
    """

    def shift(row: Any) -> None:
        place = pivot(row)
        lu[place] = lu[place] + alpha

    for_each(lu, size, lambda k: lu.__setitem__(k, -lu[k]), longest=0)
    for_each(lu, n, shift, longest=0)


def invert(lu: Any, place: Any, before: Any, precision: str) -> Any:
    """Invert a pivot in its place; return whether it is sound, given the entry it was computed from."""
    inverse = 1.0 / lu[place]
    lu[place] = inverse
    # Zero is the inverse of what is too large to have one.
    size, limit = absolute(inverse), 1.0 / (ROUNDING * float(np.finfo(precision).eps))
    return both(size > 0.0, size * absolute(before) < limit)
