"""Pivot orders for sparse elimination that keep fill low, chosen before any number is known.

Sources: H. M. Markowitz, "The elimination form of the inverse and its application to linear programming", Management
Science 3 (1957); I. S. Duff, A. M. Erisman, J. K. Reid, Direct Methods for Sparse Matrices, Oxford 2017, chapters 5, 7.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

Entry = tuple[int, int]

#: Positions on the diagonal in the order of elimination.
PivotOrder = tuple[int, ...]

#: How many times the operations an order may take that makes weak pivots wait.
PATIENCE = 1.5


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

    def cost(self, pivot: int) -> int:
        """Return Markowitz's bound on the fill which a pivot causes."""
        return (len(self.rows[pivot]) - 1) * (len(self.columns[pivot]) - 1)

    def eliminate(self, pivot: int) -> tuple[set[int], set[int]]:
        """Take out a pivot; return the rows below it and the columns beside it."""
        beside, below = self.rows.pop(pivot) - {pivot}, self.columns.pop(pivot) - {pivot}
        for column in beside:
            self.columns[column].discard(pivot)
            self.columns[column] |= below
        for row in below:
            self.rows[row].discard(pivot)
            self.rows[row] |= beside
        return below, beside


def work(n: int, pattern: Collection[Entry], order: PivotOrder) -> Work:
    """Return the operations that an order causes."""
    remaining = Remaining(n, pattern)
    factor = solve = 0
    for pivot in order:
        below, beside = remaining.eliminate(pivot)
        factor += 1 + len(below) * (1 + len(beside))
        solve += 1 + len(below) + len(beside)
    return Work(factor, solve)


def choose_order(n: int, pattern: Collection[Entry], last: Sequence[int] = ()) -> PivotOrder:
    """Return an order of diagonal pivots, with the fewest operations of those tried.

    The matrices in mind are alpha*I - beta*J: their diagonal is strong where steps are small. Where steps are large, an
    entry that is alpha alone is a poor pivot, so it waits until elimination has added to it, if that is not too dear.

    Parameters
    ----------
    n
        Rows and columns.
    pattern
        Entries of J that may be other than zero.
    last
        Positions that come after all others, in this order.
    """
    square = {*pattern, *((i, i) for i in range(n))}
    symmetric = {*square, *((j, i) for i, j in square)}
    alpha_alone = set(range(n)) - {i for i, j in pattern if i == j}

    def operations(order: PivotOrder) -> int:
        return work(n, square, order).factor

    def best(weak: set[int]) -> PivotOrder:
        return min((_order(n, p, weak, tie, last) for p in (square, symmetric) for tie in (1, -1)), key=operations)

    patient, eager = best(alpha_alone), best(set())
    return patient if operations(patient) <= PATIENCE * operations(eager) else eager


def _order(n: int, pattern: Collection[Entry], weak: set[int], tie: int, last: Sequence[int]) -> PivotOrder:
    """Return the order of least Markowitz cost; minimum degree, if the pattern is symmetric.

    Parameters
    ----------
    weak
        Positions of pivots that wait until something was added to them, or they can do no harm.
    tie
        1 or -1: whether the first or the last of equals is taken.
    last
        Positions that come after all others.
    """
    remaining, weak, order = Remaining(n, pattern), set(weak), []

    def merit(pivot: int) -> tuple[bool, int, int]:
        cost = remaining.cost(pivot)
        return cost > 0 and pivot in weak, cost, tie * pivot

    while early := remaining.rows.keys() - last:
        pivot = min(early, key=merit)
        below, beside = remaining.eliminate(pivot)
        weak -= below & beside
        order.append(pivot)
    return *order, *last
