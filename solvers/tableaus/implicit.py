"""What implicit methods have in common: a stability function that does not blow up."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers.settings import ControllerKind
from solvers.tableaus.method import Method
from solvers.tableaus.order_conditions import Array

#: Where on the imaginary axis stability is looked at, and how far above 1 rounding may lift |R|.
_AXIS = 1j * np.geomspace(1e-2, 1e4, 600)
_SLACK = 1e-10


@dataclass(frozen=True, kw_only=True)
class ImplicitMethod(Method):
    """A method which solves systems of equations, linear or not, in every step.

    On y' = lambda*y a step multiplies y by the stability function R(z) = 1 + z b^T (I - z A)^-1 (1, ..., 1)^T, where
    z = h*lambda.

    Continuous extensions have at least the order of the error estimate and stay bounded as z goes to minus infinity.
    (Cubic Hermite does not: in f(t, y), lambda multiplies the error of y.) They are the published ones where those do.
    The others were made from the slopes of the step by the order conditions with theta and, where these leave something
    open, one or two of three more: sum_i b_i(theta) c_i^2 = theta^3/3; boundedness, where a stage is explicit; a
    component of z = -infinity goes linearly to its value at the end.

    Source: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, IV.3.
    """

    usual_controller: ClassVar[ControllerKind] = "gustafsson"

    @property
    @abstractmethod
    def linear_form(self) -> tuple[Array, Array]:
        """A and b of the stability function, shapes (stages, stages) and (stages,)."""

    def amplification(self, z: complex) -> complex:
        """Return R(z)."""
        a, b = self.linear_form
        return complex(1.0 + z * b @ np.linalg.solve(np.eye(len(b)) - z * a, np.ones(len(b))))

    @property
    def amplification_at_infinity(self) -> float:
        """R(infinity): what is left of an infinitely stiff component after one step."""
        a, b = self.linear_form
        if a[0, 0] != 0.0:
            return float(1.0 - b @ np.linalg.solve(a, np.ones(len(b))))
        # The first stage is explicit; then the methods here end with their last stage.
        return float(-np.linalg.solve(a[1:, 1:], a[1:, 0])[-1])

    @property
    def a_stable(self) -> bool:
        """Whether |R| <= 1 on the imaginary axis, so in the whole left half-plane: no pole of R lies there."""
        poles_right = bool(np.all(np.linalg.eigvals(self.linear_form[0]).real >= 0.0))
        return poles_right and max(abs(self.amplification(z)) for z in _AXIS) <= 1.0 + _SLACK

    @property
    def l_stable(self) -> bool:
        """Whether the method is A-stable and R(infinity) = 0."""
        return self.a_stable and abs(self.amplification_at_infinity) <= _SLACK
