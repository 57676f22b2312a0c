"""Rosenbrock and Rosenbrock-W methods as data: each stage is one linear system, none is iterated."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.implicit import ImplicitMethod
from solvers.tableaus.method import THETAS, Family, lower
from solvers.tableaus.order_conditions import Array, Row, residuals
from solvers.tableaus.w_conditions import w_residuals


@dataclass(frozen=True)
class OriginalForm:
    """A Rosenbrock method in the form in which its order conditions are stated.

    k_i = f(t + alpha_i h, y + h sum_j alpha_ij k_j) + h J sum_j gamma_ij k_j + h gamma_i f_t; y_new = y + h b^T k.

    Parameters
    ----------
    alpha, gamma
        alpha_ij, strictly lower, and gamma_ij, with the diagonal, shape (stages, stages).
    b
        Weights, shape (stages,).
    """

    alpha: Array
    gamma: Array
    b: Array

    @property
    def beta(self) -> Array:
        """alpha_ij + gamma_ij, shape (stages, stages)."""
        return self.alpha + self.gamma


@dataclass(frozen=True, kw_only=True)
class RosenbrockTableau(ImplicitMethod):
    """A Rosenbrock method in the form that needs no product with the Jacobian.

        (I/(h*gamma) - J) u_i = f(t + alpha[i] h, y + sum_(j<i) a[i][j] u_j) + sum_(j<i) (c[i][j]/h) u_j
                                + h d[i] f_t(t, y)
        y_new = y + sum_i m[i] u_i;  error = sum_i error[i] u_i

    with J and f_t at (t, y). The u_i are h sum_j gamma_ij k_j of the original form (`original`).

    Source: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, IV.7.

    Parameters
    ----------
    gamma
        The diagonal's entry.
    a, c
        Row i has i entries; row 0 is empty.
    alpha, d
        Nodes, and factors of the time derivative, one a stage.
    m
        Weights of y_new, one a stage.
    error
        Weights of y_new - y_hat, one a stage.
    w_order
        Order with any matrix in place of J; 0: a Rosenbrock method proper, for which J has to be the Jacobian.
    interpolant
        The continuous extension, y(t + theta*h) = y + sum_j b_j(theta) u_j; see `ImplicitMethod`.

    Raises
    ------
    TableauError
        If lengths disagree. `check` looks at everything else.
    """

    gamma: float
    a: tuple[Row, ...]
    c: tuple[Row, ...]
    alpha: Row
    d: Row
    m: Row
    error: Row
    w_order: int = 0
    interpolant: DenseOutput

    def __post_init__(self) -> None:
        """Check shapes."""
        sizes = {len(part) for part in (self.a, self.c, self.alpha, self.d, self.m, self.error)}
        self._require(len(sizes) == 1, "a, c, alpha, d, m and error differ in length")
        self._require_lengths(self.a, 0, "a row of a")
        self._require_lengths(self.c, 0, "a row of c")
        self._require(len(self.interpolant.coefficients) == self.stages, "one polynomial a stage is needed")

    @property
    def family(self) -> Family:
        """The family it belongs to."""
        return "Rosenbrock-W" if self.w_order else "Rosenbrock"

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.m)

    @property
    def fsal(self) -> bool:
        """Whether the last stage evaluates f(t + h, y_new), so that the next step has its first."""
        return self.a[-1] == self.m[:-1] and self.m[-1] == 0.0 and self.alpha[-1] == 1.0

    @property
    def arguments(self) -> tuple[int, ...]:
        """For each stage the first one which evaluates f at the same place, itself if none: they share f."""
        places = [
            (node, (*row, *(0.0,) * (self.stages - len(row)))) for node, row in zip(self.alpha, self.a, strict=True)
        ]
        return tuple(places.index(place) for place in places)

    @cached_property
    def original(self) -> OriginalForm:
        """alpha_ij, gamma_ij and b_i: Gamma = (I/gamma - C)^-1, alpha = A Gamma, b = Gamma^T m."""
        gamma = np.asarray(np.linalg.inv(np.eye(self.stages) / self.gamma - lower(self.c)), dtype=np.float64)
        return OriginalForm(lower(self.a) @ gamma, gamma, np.array(self.m) @ gamma)

    @property
    def linear_form(self) -> tuple[Array, Array]:
        """Beta and b: on a linear problem the method is a diagonally implicit one."""
        return self.original.beta, self.original.b

    @property
    def dense_output(self) -> DenseOutput:
        """The continuous extension, under the name it has in every family."""
        return self.interpolant

    def check(self) -> None:
        """Verify nodes and orders, of the method, its embedded method and its continuous extension.

        Raises
        ------
        TableauError
            Naming the claim which does not hold.
        """
        form = self.original
        self._require_sums(lower(self.a) @ form.gamma, self.alpha, "alpha")
        self._require_sums(form.gamma, self.d, "d")
        self._require_order(np.array(self.m), self.order, "y_new is")
        for order in self.embedded_orders:
            self._require_order(np.array(self.m) - np.array(self.error), order, "the embedded method is")
        if self.w_order:
            worst = w_residuals(form.alpha, form.gamma, form.b, self.w_order).max()
            self._require_small(worst, f"with any matrix y_new is not of order {self.w_order}")
        self._check_dense(self.interpolant)

    def _require_sums(self, matrix: Array, sums: Row, what: str) -> None:
        gaps = np.abs(matrix.sum(axis=1) - sums) / (np.abs(matrix).sum(axis=1) + np.abs(sums) + 1.0)
        self._require_small(gaps.max(), f"{what} is not the sums of its rows")

    def _require_order(self, weights: Array, order: int, what: str) -> None:
        """Check weights of the u_i."""
        form = self.original
        worst = residuals(form.alpha, weights @ form.gamma, order, single=form.beta).max()
        self._require_small(worst, f"{what} not of order {order}")

    def _check_dense(self, dense: DenseOutput) -> None:
        form = self.original
        for theta in THETAS:
            weights, sizes = dense.weights(theta) @ form.gamma, dense.sizes(theta) @ np.abs(form.gamma)
            worst = residuals(form.alpha, weights, dense.order, theta, sizes, form.beta).max()
            self._require_small(worst, f"the continuous extension is not of order {dense.order}")
        gaps = np.abs(dense.weights(1.0) - self.m) / np.maximum(dense.sizes(1.0), np.finfo(float).tiny)
        self._require_small(gaps.max(), "the continuous extension does not end at y_new")


def steinebach(order: int, m: Row, *h: Row) -> DenseOutput:
    """Return the continuous extension in the form in which RODAS and its successors are published.

    y(t + theta*h) = (1-theta) y + theta (y_new + (1-theta) (g_1 + theta g_2 + ...)), g_k = sum_i h[k-1][i] u_i.

    Parameters
    ----------
    order
        Order for every theta.
    m
        Weights of y_new.
    h
        Rows as long as m, or shorter by zeros at their ends.
    """
    rows = [row + (0.0,) * (len(m) - len(row)) for row in h]
    zeros = (0.0,) * len(m)
    # theta (1-theta) theta^(k-1) g_k adds g_k to the power k and takes it from the power k+1.
    powers = [*zip(m, rows[0], strict=True)]
    columns = [[sum(pair) for pair in powers]]
    columns += [
        [b - a for a, b in zip(low, high, strict=True)] for low, high in zip(rows, [*rows[1:], zeros], strict=True)
    ]
    return DenseOutput(order, tuple(zip(*columns, strict=True)))
