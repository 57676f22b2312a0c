"""Explicit Runge-Kutta methods as data: coefficients, error estimate, continuous extension, controller."""

from dataclasses import dataclass

import numpy as np

from solvers.tableaus.dense_output import DenseOutput, hermite
from solvers.tableaus.method import ROUNDING, THETAS, Family, Method, lower
from solvers.tableaus.order_conditions import Row, residuals


@dataclass(frozen=True, kw_only=True)
class ButcherTableau(Method):
    """An explicit Runge-Kutta method, as published and in the uniform shape in which steps use it.

    As published: slopes k_i = f(t + c_i h, y + h sum_j a_ij k_j) for i = 0..s-1; y_new = y + h sum_i b_i k_i.

    Uniform shape: a step's last slope is always f(t + h, y_new), and it is the next step's first. A method
    which has that slope among its stages (`fsal`) is in this shape already; any other gets it as one appended
    slope. Read it from `stages`, `rows`, `nodes` and `error_rows`:

        k_0 = the last slope of the step before
        z_i = y + h sum_(j<i) rows[i][j] k_j;  k_i = f(t + nodes[i] h, z_i)   for i = 1..stages-1
        y_new = z_(stages-1);  error = h sum_j error_rows[0][j] k_j

    Parameters
    ----------
    a
        Row i has i entries; row 0 is empty.
    b, c
        Weights and nodes, one a stage.
    errors
        Rows b - b_hat of the embedded estimates, as long as b, or one longer where f(t + h, y_new) enters. No
        row: no estimate. Two rows e5, e3 are combined into one norm as in Hairer's DOP853: with n5 and n3 the
        RMS norms of h sum e5_j k_j and h sum e3_j k_j over the tolerances, e = n5^2 / sqrt(n5^2 + 0.01 n3^2),
        and 0 where both are 0.
    embedded_orders
        Order of b_hat, one a row of `errors`.
    interpolant
        The method's own continuous extension; see `dense_output`.

    Raises
    ------
    TableauError
        If lengths disagree or c is not the row sums of a. `check` looks at everything else.
    """

    a: tuple[Row, ...]
    b: Row
    c: Row
    errors: tuple[Row, ...] = ()
    interpolant: DenseOutput | None = None

    def __post_init__(self) -> None:
        """Check shapes and row sums."""
        self._require(len(self.b) == len(self.c) == len(self.a), "a, b and c differ in length")
        self._require(len(self.errors) == len(self.embedded_orders), "every error row has one order")
        self._require(len(self.errors) <= 2, "at most two error rows can be combined")
        for row in self.errors:
            self._require(len(row) in {len(self.b), self.stages}, "an error row has the wrong length")
            self._require(abs(sum(row)) <= ROUNDING * sum(map(abs, row)), "an error row does not sum to 0")
        self._require_row_sums(self.rows, self.nodes, "row")
        if self.interpolant is not None:
            self._check_interpolant_shape(self.interpolant)

    @property
    def family(self) -> Family:
        """The family it belongs to."""
        return "explicit"

    @property
    def fsal(self) -> bool:
        """Whether the published last stage is f(t + h, y_new)."""
        return len(self.b) > 1 and self.c[-1] == 1.0 and self.a[-1] == self.b[:-1] and self.b[-1] == 0.0

    @property
    def stages(self) -> int:
        """Slopes of a step in the uniform shape, the first and the last included."""
        return len(self.b) + (not self.fsal)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Coefficients in the uniform shape: row i has i entries, the last row gives y_new."""
        return self.a if self.fsal else (*self.a, self.b)

    @property
    def nodes(self) -> Row:
        """Nodes in the uniform shape; the last is 1."""
        return self.c if self.fsal else (*self.c, 1.0)

    @property
    def error_rows(self) -> tuple[Row, ...]:
        """Error weights in the uniform shape, `stages` entries a row."""
        return tuple(row + (0.0,) * (self.stages - len(row)) for row in self.errors)

    @property
    def error_order(self) -> int | None:
        """The q for which the error norm behaves as h^(q+1), or None without an estimate.

        The exponent of a step-size controller is 1/(q+1). Two rows give n5^2/n3, hence 2(q5+1) - (q3+1).
        """
        if not self.embedded_orders:
            return None
        first, *second = self.embedded_orders
        return 2 * first - second[0] if second else min(self.order, first)

    @property
    def dense_output(self) -> DenseOutput | None:
        """The continuous extension: the method's own, else cubic Hermite up to order 4, else None.

        A method without one has to land on the save times.
        """
        if self.interpolant is None and self.order <= 4:
            return hermite((*self.rows[-1], 0.0), self.order)
        return self.interpolant

    def check(self) -> None:
        """Verify the order of the method, of its embedded methods and of its continuous extension.

        All rooted trees up to each order are checked, to `ROUNDING` relative to the terms of each condition.

        Raises
        ------
        TableauError
            Naming the claim which does not hold.
        """
        a = lower(self.rows)
        b = np.array([*self.rows[-1], 0.0])
        self._require_small(residuals(a, b, self.order).max(), f"y_new is not of order {self.order}")
        for row, order in zip(self.error_rows, self.embedded_orders, strict=True):
            worst = residuals(a, b - np.array(row), order).max()
            self._require_small(worst, f"an embedded method is not of order {order}")
        if self.dense_output is not None:
            self._check_dense(self.dense_output)

    def _check_dense(self, dense: DenseOutput) -> None:
        a = lower(self.rows + dense.extra_a)
        for theta in THETAS:
            worst = residuals(a, dense.weights(theta), dense.order, theta, dense.sizes(theta)).max()
            self._require_small(worst, f"the continuous extension is not of order {dense.order}")
        b = np.zeros(len(a))
        b[: self.stages - 1] = self.rows[-1]
        gaps = np.abs(dense.weights(1.0) - b) / np.maximum(dense.sizes(1.0), np.finfo(float).tiny)
        self._require_small(gaps.max(), "the continuous extension does not end at y_new")

    def _check_interpolant_shape(self, dense: DenseOutput) -> None:
        slopes = self.stages + len(dense.extra_a)
        self._require(len(dense.coefficients) == slopes, "the interpolant needs one polynomial a slope")
        self._require(len({len(row) for row in dense.coefficients}) == 1, "the interpolant's degrees differ")
        self._require_lengths(dense.extra_a, self.stages, "an extra row")
        self._require(len(dense.extra_c) == len(dense.extra_a), "every extra row has one node")
        self._require_row_sums(dense.extra_a, dense.extra_c, "extra row")
