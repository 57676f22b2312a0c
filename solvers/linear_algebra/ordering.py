"""Pivot orders for sparse elimination that keep fill low, chosen before any number is known.

Sources: H. M. Markowitz, "The elimination form of the inverse and its application to linear programming", Management
Science 3 (1957); I. S. Duff, A. M. Erisman, J. K. Reid, Direct Methods for Sparse Matrices, Oxford 2017, chapters 5, 7.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np

Entry = tuple[int, int]

#: A pivot is at least this part of the largest entry of its column, in every sampled matrix.
THRESHOLD = 0.1


class PivotOrder(NamedTuple):
    """The k-th pivot is the entry (rows[k], columns[k])."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]


class Work(NamedTuple):
    """Multiplications, multiply-adds and divisions of one factorisation and of one solution."""

    factor: int
    solve: int


class Remaining:
    """The pattern of what is left to eliminate."""

    def __init__(self, n: int, pattern: Collection[Entry]) -> None:
        self.rows: dict[int, set[int]] = {i: set() for i in range(n)}
        self.columns: dict[int, set[int]] = {j: set() for j in range(n)}
        for i, j in pattern:
            self.rows[i].add(j)
            self.columns[j].add(i)

    def cost(self, i: int, j: int) -> int:
        """Return Markowitz's bound on the fill which a pivot causes."""
        return (len(self.rows[i]) - 1) * (len(self.columns[j]) - 1)

    def eliminate(self, i: int, j: int) -> tuple[set[int], set[int]]:
        """Take out a pivot; return the rows below it and the columns beside it."""
        beside, below = self.rows.pop(i) - {j}, self.columns.pop(j) - {i}
        for column in beside:
            self.columns[column].discard(i)
            self.columns[column] |= below
        for row in below:
            self.rows[row].discard(j)
            self.rows[row] |= beside
        return below, beside


def work(n: int, pattern: Collection[Entry], order: PivotOrder) -> Work:
    """Return the operations that an order causes."""
    remaining = Remaining(n, pattern)
    factor = solve = 0
    for i, j in zip(*order, strict=True):
        below, beside = remaining.eliminate(i, j)
        factor += 1 + len(below) * (1 + len(beside))
        solve += 1 + len(below) + len(beside)
    return Work(factor, solve)


def choose_order(n: int, pattern: Collection[Entry], samples: Sequence[np.ndarray] = ()) -> PivotOrder:
    """Return the order with the fewest operations of those tried.

    Parameters
    ----------
    n
        Rows and columns.
    pattern
        Entries that may be other than zero; the diagonal is among them.
    samples
        Matrices of shape (n, n) as they will typically be. With them, a pivot is large in its column in all of them;
        without, pivots are on the diagonal, which is strong where matrices are alpha*I - beta*J with small steps.
    """
    if samples:
        return _threshold_markowitz(n, pattern, samples)
    symmetric = {*pattern, *((j, i) for i, j in pattern)}
    tried = [_on_diagonal(n, entries, tie) for entries in (pattern, symmetric) for tie in (_first, _last)]
    return min(tried, key=lambda order: work(n, pattern, order).factor)


def _first(index: int) -> int:
    return index


def _last(index: int) -> int:
    return -index


def _on_diagonal(n: int, pattern: Collection[Entry], tie: Callable[[int], int]) -> PivotOrder:
    """Return the diagonal pivots in the order of least Markowitz cost: minimum degree, if the pattern is symmetric."""
    remaining = Remaining(n, pattern)
    order = []
    while remaining.rows:
        pivot = min(remaining.rows, key=lambda i: (remaining.cost(i, i), tie(i)))
        remaining.eliminate(pivot, pivot)
        order.append(pivot)
    return PivotOrder(tuple(order), tuple(order))


def _threshold_markowitz(n: int, pattern: Collection[Entry], samples: Sequence[np.ndarray]) -> PivotOrder:
    """Return pivots of least cost among those large enough in every sample, which are eliminated alongside."""
    remaining = Remaining(n, pattern)
    matrices = np.array(samples, dtype=np.float64)
    rows, columns = [], []
    while remaining.rows:
        strength = _strength(matrices)
        i, j = _best(remaining, strength)
        remaining.eliminate(i, j)
        _eliminate(matrices, i, j)
        rows.append(i)
        columns.append(j)
    return PivotOrder(tuple(rows), tuple(columns))


def _strength(matrices: np.ndarray) -> np.ndarray:
    """Return how large each entry is within its column, in the sample where it is smallest."""
    sizes = np.abs(matrices)
    largest = sizes.max(axis=1, keepdims=True)
    return np.divide(sizes, largest, out=np.zeros_like(sizes), where=largest > 0).min(axis=0)


def _best(remaining: Remaining, strength: np.ndarray) -> Entry:
    """Return the pivot of least cost that is strong enough, or the strongest; the diagonal first."""
    entries = [(i, j) for i, row in remaining.rows.items() for j in row]
    strong = [entry for entry in entries if strength[entry] >= THRESHOLD]
    if strong:
        return min(strong, key=lambda entry: (remaining.cost(*entry), entry[0] != entry[1], entry))
    return max(entries, key=lambda entry: (strength[entry], -remaining.cost(*entry)))


def _eliminate(matrices: np.ndarray, i: int, j: int) -> None:
    pivots = matrices[:, i, j]
    safe = np.where(pivots == 0, 1.0, pivots)
    multipliers = matrices[:, :, j] / safe[:, None]
    multipliers[:, i] = 0.0
    matrices -= multipliers[:, :, None] * matrices[:, i, None, :]
    matrices[:, i, :] = 0.0
    matrices[:, :, j] = 0.0
