"""The matrices of implicit methods: products for iterative solvers, factors for the direct one."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from solvers.error_norm import ErrorNorm
from solvers.jacobian import Jacobian
from solvers.linear_algebra.sparse_lu import SparseLU, iteration_matrix


class StageMatrix:
    """W = I/(h*gamma) - J(t, y): the matrix of one stage of a DIRK or Rosenbrock method.

    Parameters
    ----------
    jacobian
        J and its products.
    gamma
        The method's diagonal coefficient.
    norm
        The tolerances, for residuals.
    """

    def __init__(self, jacobian: Jacobian, gamma: float, norm: ErrorNorm) -> None:
        self.jacobian = jacobian
        self.gamma = gamma
        self.norm = norm
        self.precision = jacobian.precision
        self.size = len(jacobian.system.states)

    @cached_property
    def _lu(self) -> SparseLU:
        return SparseLU(self.size, self.jacobian.pattern, self.precision)

    @property
    def factor_elements(self) -> int:
        """Length of the buffer that a factorisation takes."""
        return self._lu.size

    def unit(self, h: Any) -> Any:
        """Return the s for which s*W tends to I as h tends to 0."""
        return h * self.gamma

    def product(self, t: Any, h: Any, y: Any, p: Any, v: Sequence[Any]) -> list[Any]:
        """Return W v."""
        diagonal = 1.0 / (h * self.gamma)
        slopes = self.jacobian.product(t, y, p, v)
        return [diagonal * value - slope for value, slope in zip(v, slopes, strict=True)]

    def diagonal(self, t: Any, h: Any, y: Any, p: Any) -> list[Any]:
        """Return the diagonal of W."""
        diagonal = 1.0 / (h * self.gamma)
        return [diagonal - entry for entry in self.jacobian.diagonal(t, y, p)]

    def factor(self, t: Any, h: Any, y: Any, p: Any, factors: Any) -> Any:
        """Factor W; return whether all pivots are sound."""
        entries = dict(zip(self.jacobian.pattern, self.jacobian.entries(t, y, p), strict=True))
        return self._lu.factor(iteration_matrix(entries, self.size, 1.0 / (h * self.gamma)), factors)

    def solve(self, factors: Any, b: list[Any]) -> list[Any]:
        """Return x with W x = b."""
        return self._lu.solve(factors, b)

    def mean_square(self, v: Sequence[Any], y: Any) -> Any:
        """Return the mean square of a vector over the tolerances at y."""
        return self.norm.mean_square(v, y)
