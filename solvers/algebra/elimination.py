"""Which elimination goes with which Jacobian: of one thread, or dealt among several in one way or another."""

from typing import Any

from solvers.algebra.blocked_lu import BlockedLU
from solvers.algebra.dealt_lu import DealtLU
from solvers.algebra.point import Point
from solvers.algebra.rate_jacobian import RateJacobian
from solvers.algebra.row_lu import RowLU
from solvers.algebra.sparse_lu import SparseLU
from solvers.equations.dealt_jacobian import DealtJacobian
from solvers.equations.jacobian import Jacobian

AnyJacobian = Jacobian | DealtJacobian | RateJacobian
AnyLU = SparseLU | RowLU


def make_lu(n: int, jacobian: AnyJacobian, *, blocks: bool, is_complex: bool = False) -> AnyLU:
    """Return the elimination of matrices alpha*I - J.

    Parameters
    ----------
    n
        Rows that a thread has.
    blocks
        Whether loops eliminate large dense blocks.
    is_complex
        Whether alpha is complex.
    """
    if isinstance(jacobian, RateJacobian):
        return RowLU(jacobian.layout, is_complex=is_complex)
    if isinstance(jacobian, DealtJacobian):
        return DealtLU(jacobian, is_complex=is_complex)
    return (BlockedLU if blocks else SparseLU)(n, jacobian.pattern, jacobian.precision, is_complex=is_complex)


def factor(lu: AnyLU, jacobian: AnyJacobian, point: Point, matrix: Any, factors: Any) -> Any:
    """Store the factors of a matrix as `lu` has it at a point; return whether every pivot is sound."""
    if isinstance(lu, RowLU):
        assert isinstance(jacobian, RateJacobian)  # noqa: S101 - it was made for one
        return lu.factor(matrix, factors, jacobian.pool(point.p))
    return lu.factor(matrix, factors)


def whole(jacobian: AnyJacobian) -> Jacobian:
    """Return a Jacobian that is of one thread."""
    assert isinstance(jacobian, Jacobian)  # noqa: S101 - only direct solvers are dealt, and they are not by loops
    return jacobian
