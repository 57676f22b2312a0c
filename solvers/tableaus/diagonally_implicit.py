"""Diagonally implicit Runge-Kutta methods as data: one stage after the other, each a system of the problem's size."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers.settings import ControllerKind
from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.implicit import ImplicitMethod
from solvers.tableaus.method import ROUNDING, THETAS, Family, lower
from solvers.tableaus.order_conditions import Array, Row, residuals


@dataclass(frozen=True, kw_only=True)
class DiagonallyImplicitTableau(ImplicitMethod):
    """A diagonally implicit Runge-Kutta method, as published and in the uniform shape in which steps use it.

    As published: slopes k_i = f(t + c_i h, y + h sum_(j<=i) a_ij k_j) for i = 0..s-1; y_new = y + h sum_i b_i k_i.
    All a_ii that are not 0 are equal: gamma, so that all stages share the matrix I - h*gamma*J.

    Uniform shape: a step's first slope is f(t, y) and its last f(t + h, y_new), which is the next step's first. A
    method which has them among its stages (`explicit_first`, `stiffly_accurate`) is in this shape already; otherwise
    they are put before and after the stages. Read it from `stages`, `rows`, `nodes` and `error`:

        k_0 = the last slope of the step before
        z_i = y + h sum_(j<=i) rows[i][j] k_j;  k_i = f(t + nodes[i] h, z_i)   for i = 1..stages-1
        y_new = z_(stages-1);  error = h sum_j error[j] k_j

    Stage i is implicit where rows[i][i] is gamma and explicit where it is 0. With `filtered` the error is
    (I - h*gamma*J)^-1 times that sum: without it the estimate of a stiff component is as large as the component, or
    grows with the stiffness, though the step is good.

    Parameters
    ----------
    a
        Row i has i + 1 entries.
    b, c
        Weights and nodes, one a stage.
    error
        b - b_hat over the slopes of the uniform shape; empty: no estimate.
    filtered
        Whether the error is multiplied by (I - h*gamma*J)^-1.
    interpolant
        The continuous extension over the slopes of the uniform shape; see `ImplicitMethod`.
    first_guesses
        First guesses of the slopes, over the uniform shape: k_i is near sum_(j<i) first_guesses[i-1][j] k_j. Empty:
        see `predictors`.

    Raises
    ------
    TableauError
        If lengths disagree, c is not the row sums of a, or the diagonal has two values. `check` looks at the rest.
    """

    a: tuple[Row, ...]
    b: Row
    c: Row
    error: Row = ()
    filtered: bool = False
    interpolant: DenseOutput
    first_guesses: tuple[Row, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes, sums and the diagonal."""
        self._require(len(self.b) == len(self.c) == len(self.a), "a, b and c differ in length")
        self._require_lengths(self.a, 1, "a row")
        self._require(len({row[-1] for row in self.a} - {0.0}) == 1, "the diagonal has two values")
        self._require_row_sums(self.rows, self.nodes, "row")
        self._require(bool(self.error) == bool(self.embedded_orders), "the error row has one order")
        self._require(len(self.error) in {0, self.stages}, "the error row has the wrong length")
        self._require(abs(sum(self.error)) <= ROUNDING * sum(map(abs, self.error)), "the error row does not sum to 0")
        self._require(len(self.interpolant.coefficients) == self.stages, "one polynomial a slope is needed")
        if self.first_guesses:
            self._require(
                len(self.first_guesses) == self.stages - 1, "one first guess a slope after the first is needed"
            )
            self._require_lengths(self.first_guesses, 1, "a first guess")
            self._require_row_sums(self.first_guesses, (1.0,) * (self.stages - 1), "first guess")

    usual_controller: ClassVar[ControllerKind] = "pi"

    @property
    def family(self) -> Family:
        """The family it belongs to."""
        return "DIRK"

    @property
    def gamma(self) -> float:
        """The diagonal's entry."""
        return self.a[-1][-1]

    @property
    def explicit_first(self) -> bool:
        """Whether the published first stage is f(t, y)."""
        return self.a[0] == (0.0,)

    @property
    def stiffly_accurate(self) -> bool:
        """Whether the published last stage is f(t + h, y_new)."""
        return self.a[-1] == self.b and self.c[-1] == 1.0

    @property
    def stages(self) -> int:
        """Slopes of a step in the uniform shape, the first and the last included."""
        return len(self.rows)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Coefficients in the uniform shape: row i has i + 1 entries, the last row gives y_new."""
        front = () if self.explicit_first else (0.0,)
        rows = tuple(front + row for row in self.a)
        start = rows if self.explicit_first else ((0.0,), *rows)
        return start if self.stiffly_accurate else (*start, (*front, *self.b, 0.0))

    @property
    def nodes(self) -> Row:
        """Nodes in the uniform shape: the first is 0, the last 1."""
        front = () if self.explicit_first else (0.0,)
        return front + self.c + (() if self.stiffly_accurate else (1.0,))

    @property
    def linear_form(self) -> tuple[Array, Array]:
        """A and b as published."""
        return lower(self.a), np.array(self.b)

    @property
    def dense_output(self) -> DenseOutput:
        """The continuous extension, under the name it has in every family."""
        return self.interpolant

    @property
    def predictors(self) -> tuple[Row, ...]:
        """First guesses of the slopes in the uniform shape: k_i is near sum_(j<i) predictors[i-1][j] k_j.

        The method's own, else the straight line through the first slope and the one before at the node nearest to
        the wanted one; where there is no such slope, the first slope itself.
        """
        return self.first_guesses or tuple(self._line(stage) for stage in range(1, self.stages))

    def _line(self, stage: int) -> Row:
        nodes = self.nodes
        known = [j for j in range(1, stage) if nodes[j] != 0.0]
        guess = [0.0] * stage
        guess[0] = 1.0
        if known:
            nearest = min(known, key=lambda j: abs(nodes[j] - nodes[stage]))
            guess[nearest] = nodes[stage] / nodes[nearest]
            guess[0] -= guess[nearest]
        return tuple(guess)

    def check(self) -> None:
        """Verify the order of the method, of its embedded method and of its continuous extension.

        Raises
        ------
        TableauError
            Naming the claim which does not hold.
        """
        a, b = lower(self.rows), np.array(self.rows[-1])
        self._require_small(residuals(a, b, self.order).max(), f"y_new is not of order {self.order}")
        for order in self.embedded_orders:
            worst = residuals(a, b - np.array(self.error), order).max()
            self._require_small(worst, f"the embedded method is not of order {order}")
        self._check_dense(self.interpolant, a, b)

    def _check_dense(self, dense: DenseOutput, a: Array, b: Array) -> None:
        for theta in THETAS:
            worst = residuals(a, dense.weights(theta), dense.order, theta, dense.sizes(theta)).max()
            self._require_small(worst, f"the continuous extension is not of order {dense.order}")
        gaps = np.abs(dense.weights(1.0) - b) / np.maximum(dense.sizes(1.0), np.finfo(float).tiny)
        self._require_small(gaps.max(), "the continuous extension does not end at y_new")
