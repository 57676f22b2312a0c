"""Matrices alpha*I - J of large systems: J stored, and its shifts factored, by loops."""

from typing import Any

from solvers.algebra.banded_lu import BandedLU, half_bandwidth
from solvers.algebra.looped_lu import LoopedLU
from solvers.algebra.point import Point
from solvers.algebra.sparse_lu import SparseLU
from solvers.equations.jacobian import Jacobian
from solvers.straightline.loops import for_each


class LoopedMatrix:
    """What matrices with one J share.

    Parameters
    ----------
    jacobian
        J.
    loops
        Whether the entries are computed by loops.

    Attributes
    ----------
    lu
        The elimination: over a band, where that takes no more than twice the operations.
    terms
        Length of the buffer for what the entries have in common.
    """

    def __init__(self, jacobian: Jacobian, *, loops: bool) -> None:
        n, pattern, precision = len(jacobian.system.states), jacobian.pattern, jacobian.precision
        half, sparse = half_bandwidth(pattern), SparseLU(n, pattern, precision)
        self.lu: LoopedLU | BandedLU = LoopedLU(sparse)
        if n * half * (half + 1) <= 2 * sparse.operations.factor:
            self.lu = BandedLU(n, pattern, precision)
        self._jacobian = jacobian
        self._places = self.lu.places(pattern)
        self._entries = jacobian.looped(self._places) if loops else None
        self.terms = self._entries.terms if self._entries else 0

    def store(self, point: Point, terms: Any, out: Any) -> None:
        """Store J as the factorisation takes it."""
        for_each(out, self.lu.size, lambda k: out.__setitem__(k, 0.0), longest=0)
        if self._entries:
            self._entries.store(point.t, point.y, point.p, terms, out)
            return
        entries = self._jacobian.entries(point.t, point.y, point.p)
        for place, value in zip(self._places, entries, strict=True):
            out[place] = value
