"""Continuous extensions as polynomials."""

from dataclasses import dataclass

import numpy as np

from solvers.tableaus.order_conditions import Array, Row


@dataclass(frozen=True)
class DenseOutput:
    """A continuous extension: y(t + theta*h) = y + h * sum_j b_j(theta) k_j for theta in [0, 1].

    Parameters
    ----------
    order
        Order of y(t + theta*h) for every theta.
    coefficients
        b_j(theta) = sum_m coefficients[j][m] * theta^(m+1). One row a slope: first those of the step in its
        uniform shape (see each family's tableau), then the extra ones; all rows equally long.
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

    def slopes(self, theta: float) -> Array:
        """Return the derivatives b_j'(theta), shape (slopes,)."""
        powers = np.arange(1, self.degree + 1)
        return np.asarray(np.array(self.coefficients) @ (powers * theta ** (powers - 1)))

    def sizes(self, theta: float) -> Array:
        """Return the sums of the absolute terms of b_j(theta), which bound rounding, shape (slopes,)."""
        return np.abs(self.coefficients) @ self._powers(theta)

    def _powers(self, theta: float) -> Array:
        return np.asarray(theta ** np.arange(1, self.degree + 1))


def hermite(weights: Row, order: int) -> DenseOutput:
    """Return the cubic through both ends of a step with both slopes.

    Parameters
    ----------
    weights
        y_new = y + h * sum_j weights[j] k_j, where the first slope is f(t, y) and the last f(t + h, y_new).
    order
        Order of y_new.
    """
    coefficients = [[0.0, 3.0 * weight, -2.0 * weight] for weight in weights]
    coefficients[0] = [1.0, coefficients[0][1] - 2.0, coefficients[0][2] + 1.0]
    coefficients[-1] = [0.0, coefficients[-1][1] - 1.0, coefficients[-1][2] + 1.0]
    return DenseOutput(min(3, order), tuple(map(tuple, coefficients)))
