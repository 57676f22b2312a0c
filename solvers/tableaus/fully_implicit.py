"""Fully implicit Runge-Kutta methods as data: all stages of a step are solved together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.implicit import ImplicitMethod
from solvers.tableaus.method import ROUNDING, THETAS, Family
from solvers.tableaus.order_conditions import Array, Row, residuals


@dataclass(frozen=True)
class Transformation:
    """T^-1 A^-1 T in real blocks, which splits the Newton matrix of s stages into blocks of the problem's size.

    A real eigenvalue g stands alone; a pair a +- ib is the block ((a, -b), (b, a)). With w = T^-1 z the Newton
    systems become (g/h I - J) dw = r, and for a pair, with its two parts put together as dw_1 + i dw_2, the one
    complex system ((a + ib)/h I - J)(dw_1 + i dw_2) = r_1 + i r_2.

    Parameters
    ----------
    real
        Real eigenvalues of A^-1, first in the order of the blocks.
    pairs
        (a, b) of the pairs, b > 0.
    t, inverse
        T and T^-1, shape (stages, stages).

    Source: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, IV.8.
    """

    real: Row
    pairs: tuple[tuple[float, float], ...]
    t: tuple[Row, ...]
    inverse: tuple[Row, ...]

    @property
    def blocks(self) -> Array:
        """The block diagonal matrix, shape (stages, stages)."""
        matrix = np.zeros((len(self.t), len(self.t)))
        position = len(self.real)
        matrix[:position, :position] = np.diag(self.real)
        for a, b in self.pairs:
            matrix[position : position + 2, position : position + 2] = ((a, -b), (b, a))
            position += 2
        return matrix


@dataclass(frozen=True, kw_only=True)
class FullyImplicitTableau(ImplicitMethod):
    """A fully implicit Runge-Kutta method with nonsingular A.

    z_i = h sum_j a_ij f(t + c_j h, y + z_j) for all stages at once; slopes k_j = f(t + c_j h, y + z_j) need no
    evaluation of their own, h k = A^-1 z:

        y_new = y + h sum_j b_j k_j = y + sum_j increments[j] z_j
        error = (I - h*error_gamma*J)^-1 (h error[0] f(t, y) + sum_j error_increments[j] z_j)

    The error is that of y_hat = y + h (b_hat_0 f(t, y) + sum_j b_hat_j k_j), as a rule with b_hat_0 = error_gamma and
    the weights b_hat_j that give it the number of stages for order, filtered as in Hairer and Wanner, Solving Ordinary
    Differential Equations II, 2nd ed., Springer 1996, IV.8. After a rejection, and on the first step, they estimate an
    error e >= 1 once more, with f(t, y + error) for f(t, y).

    First guesses: the polynomial of the step before, continued: z_i is near
    y_before(1 + c_i h / h_before) - y with `dense_output`.

    Parameters
    ----------
    a
        Square.
    b, c
        Weights and nodes, one a stage.
    error
        b - b_hat over f(t, y), k_1, ..., k_s: one entry more than stages.
    error_gamma
        gamma_0 of the filter, where there is one 1/(the real eigenvalue of A^-1), whose matrix the step has anyway.
    transformation
        See `Transformation`.
    dense_order
        Order of the continuous extension.

    Raises
    ------
    TableauError
        If lengths disagree, c is not the row sums of a or b does not sum to 1. `check` looks at everything else.
    """

    a: tuple[Row, ...]
    b: Row
    c: Row
    error: Row
    error_gamma: float
    transformation: Transformation
    dense_order: int

    def __post_init__(self) -> None:
        """Check shapes and sums."""
        size = len(self.b)
        self._require(len(self.c) == len(self.a) == size, "a, b and c differ in length")
        self._require({len(row) for row in self.a} == {size}, "a is not square")
        self._require_row_sums((*self.a, self.b), (*self.c, 1.0), "row")
        self._require(len(self.error) == size + 1, "the error row has the wrong length")
        self._require(abs(sum(self.error)) <= ROUNDING * sum(map(abs, self.error)), "the error row does not sum to 0")

    @property
    def family(self) -> Family:
        """The family it belongs to."""
        return "FIRK"

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.b)

    @property
    def stiffly_accurate(self) -> bool:
        """Whether y_new is the last stage."""
        return self.a[-1] == self.b

    @property
    def linear_form(self) -> tuple[Array, Array]:
        """A and b."""
        return np.array(self.a), np.array(self.b)

    @property
    def increments(self) -> Array:
        """Weights of z in y_new, shape (stages,): b^T A^-1, for stiffly accurate methods (0, ..., 0, 1) exactly."""
        if self.stiffly_accurate:
            return np.asarray(np.eye(self.stages)[-1])
        return self._over_increments(np.array(self.b))

    @property
    def error_increments(self) -> Array:
        """Weights of z in the error, shape (stages,)."""
        return self._over_increments(np.array(self.error[1:]))

    @cached_property
    def dense_output(self) -> DenseOutput:
        """The continuous extension over the slopes k: the polynomial through y whose slope at every node is k_j.

        b_j(theta) is the integral of the nodes' Lagrange polynomial from 0 to theta. For collocation methods this
        is the collocation polynomial.
        """
        nodes = np.array(self.c)
        rows = []
        for index, node in enumerate(nodes):
            others = np.delete(nodes, index)
            lagrange = np.atleast_1d(np.poly(others)) / np.prod(node - others)
            rows.append(tuple(float(value) for value in np.polyint(lagrange)[-2::-1]))
        return DenseOutput(self.dense_order, tuple(rows))

    @property
    def dense_increments(self) -> Array:
        """The same over z: y(t + theta*h) = y + sum_j z_j sum_m dense_increments[j, m] theta^(m+1).

        Shape (stages, degree). z are small differences of the solution where h k are differences of large terms, so
        steps use this form.
        """
        return self._over_increments(np.array(self.dense_output.coefficients))

    def _over_increments(self, weights: Array) -> Array:
        """Return A^-T times weights of slopes, refined until machines agree but for the last digits."""
        matrix = np.array(self.a).T
        found = np.zeros(weights.shape, dtype=np.longdouble)
        for _ in range(3):
            found += np.linalg.solve(matrix, np.asarray(weights - matrix @ found, dtype=np.float64))
        return np.asarray(found, dtype=np.float64)

    def check(self) -> None:
        """Verify the orders, the continuous extension and the transformation.

        Raises
        ------
        TableauError
            Naming the claim which does not hold.
        """
        a, b = self.linear_form
        self._require_small(residuals(a, b, self.order).max(), f"y_new is not of order {self.order}")
        extended = np.zeros((self.stages + 1, self.stages + 1))
        extended[1:, 1:] = a
        weights = np.array([0.0, *self.b]) - np.array(self.error)
        for order in self.embedded_orders:
            self._require_small(
                residuals(extended, weights, order).max(), f"the embedded method is not of order {order}"
            )
        dense = self.dense_output
        for theta in THETAS:
            worst = residuals(a, dense.weights(theta), dense.order, theta, dense.sizes(theta)).max()
            self._require_small(worst, f"the continuous extension is not of order {dense.order}")
        gaps = np.abs(dense.weights(1.0) - b) / dense.sizes(1.0)
        self._require_small(gaps.max(), "the continuous extension does not end at y_new")
        self._check_transformation(a)

    def _check_transformation(self, a: Array) -> None:
        t, inverse = np.array(self.transformation.t), np.array(self.transformation.inverse)
        identity = np.abs(inverse @ t - np.eye(self.stages)) / (1.0 + np.abs(inverse) @ np.abs(t))
        self._require_small(identity.max(), "T^-1 is not the inverse of T")
        # A T B = T, with B the blocks, says T^-1 A^-1 T = B without inverting A.
        blocks = self.transformation.blocks
        gaps = np.abs(a @ t @ blocks - t) / (1.0 + np.abs(a) @ np.abs(t) @ np.abs(blocks))
        self._require_small(gaps.max(), "T does not bring A^-1 into blocks")
