"""Explicit Runge-Kutta methods as data: coefficients, error estimate, continuous extension, controller."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from solvers.settings import ControllerKind
from solvers.tableaus.order_conditions import residuals

Row = tuple[float, ...]
Array = NDArray[np.float64]

#: Largest relative residual of a row sum or an order condition that passes for rounding of the coefficients.
ROUNDING = 1e-14

#: Fractions of a step at which continuous weights are checked.
THETAS = (0.1, 0.35, 0.5, 0.8, 1.0)


class TableauError(ValueError):
    """Coefficients which contradict what is claimed of them."""


@dataclass(frozen=True)
class ControllerDefaults:
    """A step-size controller's kind, gains and limits.

    With e the weighted RMS norm of the error estimate (a step is accepted when e <= 1) of this step, the one
    before and the one before that, the next step is the present one times

        safety * e_n^-beta1 * e_(n-1)^beta2 * e_(n-2)^-beta3

    kept within `min_factor` and `max_factor`. `betas` gives the exponents.

    Parameters
    ----------
    kind
        "fixed" (the rest is unused), "i", "pi" or "pid".
    kp, ki, kd
        Proportional, integral and derivative gain, before division by q+1 (see `betas`).
    safety, min_factor, max_factor
        Factor on the step, and the limits of its change.
    """

    kind: ControllerKind
    kp: float = 0.0
    ki: float = 0.0
    kd: float = 0.0
    safety: float = 0.9
    min_factor: float = 0.2
    max_factor: float = 10.0

    def betas(self, error_order: int) -> tuple[float, float, float]:
        """Return beta1, beta2 and beta3.

        Parameters
        ----------
        error_order
            q of a method whose error estimate behaves as h^(q+1).
        """
        power = error_order + 1
        return (self.kp + self.ki + self.kd) / power, (self.kp + 2 * self.kd) / power, self.kd / power


#: What each kind of controller uses where neither the user nor the method says otherwise.
#: i: the deadbeat controller. pi: beta1 = 0.7/(q+1), beta2 = 0.4/(q+1), K. Gustafsson, Control theoretic
#: techniques for stepsize selection in explicit Runge-Kutta methods, ACM Trans. Math. Softw. 17 (1991), and
#: Hairer and Wanner, Solving Ordinary Differential Equations II, Springer 1996, IV.2. pid: 0.49, 0.34, 0.10,
#: C. A. Kennedy, M. H. Carpenter, R. M. Lewis, Low-storage, explicit Runge-Kutta schemes for the compressible
#: Navier-Stokes equations, Appl. Numer. Math. 35 (2000).
CONTROLLERS: Mapping[ControllerKind, ControllerDefaults] = MappingProxyType(
    {
        "fixed": ControllerDefaults("fixed"),
        "i": ControllerDefaults("i", ki=1.0),
        "pi": ControllerDefaults("pi", kp=0.4, ki=0.3),
        "pid": ControllerDefaults("pid", kp=0.14, ki=0.25, kd=0.10),
    }
)


@dataclass(frozen=True)
class DenseOutput:
    """A continuous extension: y(t + theta*h) = y + h * sum_j b_j(theta) k_j for theta in [0, 1].

    Parameters
    ----------
    order
        Order of y(t + theta*h) for every theta.
    coefficients
        b_j(theta) = sum_m coefficients[j][m] * theta^(m+1). One row a slope: first those of the step in its
        uniform shape (`ButcherTableau.rows`), then the extra ones; all rows equally long.
    extra_a, extra_c
        Slopes which only the extension needs, so only steps which contain a save evaluate them. Slope number
        `stages + i` is f(t + extra_c[i]*h, y + h * sum_j extra_a[i][j] k_j), over all slopes before it.

    Notes
    -----
    Evaluate b_j(theta) in float64, whatever the precision of the states: the terms of the polynomials of high
    order cancel (they reach 1e6 in "vern8", where b_j(theta) stays below 100).
    """

    order: int
    coefficients: tuple[Row, ...]
    extra_a: tuple[Row, ...] = ()
    extra_c: Row = ()

    @property
    def degree(self) -> int:
        """Degree of the polynomials b_j."""
        return len(self.coefficients[0])

    def weights(self, theta: float) -> Array:
        """Return b_j(theta), shape (slopes,)."""
        return np.array(self.coefficients) @ self._powers(theta)

    def sizes(self, theta: float) -> Array:
        """Return the sums of the absolute terms of b_j(theta), which bound rounding, shape (slopes,)."""
        return np.abs(self.coefficients) @ self._powers(theta)

    def _powers(self, theta: float) -> Array:
        return np.asarray(theta ** np.arange(1, self.degree + 1))


@dataclass(frozen=True)
class ButcherTableau:
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
    name, title
        The name in configurations; a title for people.
    source
        Author, title, journal, year.
    order
        Order p of y_new.
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
    aliases
        Other names users may write.
    interpolant
        The method's own continuous extension; see `dense_output`.
    controller
        Controller settings published with the method, where they differ from the usual ones.

    Raises
    ------
    TableauError
        If lengths disagree or c is not the row sums of a. `check` looks at everything else.
    """

    name: str
    title: str
    source: str
    order: int
    a: tuple[Row, ...]
    b: Row
    c: Row
    errors: tuple[Row, ...] = ()
    embedded_orders: tuple[int, ...] = ()
    aliases: tuple[str, ...] = ()
    interpolant: DenseOutput | None = None
    controller: ControllerDefaults | None = None

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
    def embedded_order(self) -> int | None:
        """Order of the (first) embedded method, or None."""
        return self.embedded_orders[0] if self.embedded_orders else None

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
            return self._hermite()
        return self.interpolant

    def controller_defaults(self, kind: ControllerKind | None = None) -> ControllerDefaults:
        """Return controller settings for this method.

        Parameters
        ----------
        kind
            The kind the user asked for; None: the method's own, else "pi" with an estimate, "fixed" without.

        Raises
        ------
        ValueError
            If the kind adapts the step and the method has no error estimate.
        """
        usual = self.controller or CONTROLLERS["pi" if self.errors else "fixed"]
        if kind in {None, usual.kind}:
            return usual
        if kind != "fixed" and not self.errors:
            raise ValueError(f"{self.name} has no error estimate: it takes fixed steps only")
        return CONTROLLERS[kind]

    def check(self) -> None:
        """Verify the order of the method, of its embedded methods and of its continuous extension.

        All rooted trees up to each order are checked, to `ROUNDING` relative to the terms of each condition.

        Raises
        ------
        TableauError
            Naming the claim which does not hold.
        """
        a = _square(self.rows)
        b = np.array([*self.rows[-1], 0.0])
        self._require_small(residuals(a, b, self.order).max(), f"y_new is not of order {self.order}")
        for row, order in zip(self.error_rows, self.embedded_orders, strict=True):
            worst = residuals(a, b - np.array(row), order).max()
            self._require_small(worst, f"an embedded method is not of order {order}")
        if self.dense_output is not None:
            self._check_dense(self.dense_output)

    def _check_dense(self, dense: DenseOutput) -> None:
        a = _square(self.rows + dense.extra_a)
        for theta in THETAS:
            worst = residuals(a, dense.weights(theta), dense.order, theta, dense.sizes(theta)).max()
            self._require_small(worst, f"the continuous extension is not of order {dense.order}")
        b = np.zeros(len(a))
        b[: self.stages - 1] = self.rows[-1]
        gaps = np.abs(dense.weights(1.0) - b) / np.maximum(dense.sizes(1.0), np.finfo(float).tiny)
        self._require_small(gaps.max(), "the continuous extension does not end at y_new")

    def _require_small(self, residual: float, message: str) -> None:
        self._require(residual <= ROUNDING, f"{message} (relative residual {residual:.1e})")

    def _require_row_sums(self, rows: tuple[Row, ...], nodes: Row, what: str) -> None:
        for index, (row, node) in enumerate(zip(rows, nodes, strict=True)):
            size = abs(node) + sum(map(abs, row))
            self._require(abs(sum(row) - node) <= ROUNDING * size, f"{what} {index} does not sum to its node")

    def _check_interpolant_shape(self, dense: DenseOutput) -> None:
        slopes = self.stages + len(dense.extra_a)
        self._require(len(dense.coefficients) == slopes, "the interpolant needs one polynomial a slope")
        self._require(len({len(row) for row in dense.coefficients}) == 1, "the interpolant's degrees differ")
        lengths = [len(row) for row in dense.extra_a]
        self._require(lengths == list(range(self.stages, slopes)), "an extra row has the wrong length")
        self._require(len(dense.extra_c) == len(dense.extra_a), "every extra row has one node")
        self._require_row_sums(dense.extra_a, dense.extra_c, "extra row")

    def _require(self, holds: bool, message: str) -> None:  # noqa: FBT001 - reads as an assertion
        if not holds:
            raise TableauError(f"{self.name}: {message}")

    def _hermite(self) -> DenseOutput:
        """Return the cubic through both ends of the step with both slopes."""
        coefficients = [[0.0, 3.0 * weight, -2.0 * weight] for weight in (*self.rows[-1], 0.0)]
        coefficients[0] = [1.0, coefficients[0][1] - 2.0, coefficients[0][2] + 1.0]
        coefficients[-1] = [0.0, -1.0, 1.0]
        return DenseOutput(min(3, self.order), tuple(map(tuple, coefficients)))


def _square(rows: tuple[Row, ...]) -> Array:
    """Return strictly lower rows as a full matrix."""
    matrix = np.zeros((len(rows), len(rows)))
    for index, row in enumerate(rows):
        matrix[index, :index] = row
    return matrix
