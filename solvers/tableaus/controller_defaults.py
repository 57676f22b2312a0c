"""What step-size controllers use where the user says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from solvers.settings import ControllerKind


@dataclass(frozen=True)
class ControllerDefaults:
    """A step-size controller's kind, gains and limits.

    With e the weighted RMS norm of the error estimate (a step is accepted when e <= 1) of this step, the one
    before and the one before that, the next step of "i", "pi" and "pid" is the present one times

        safety * e_n^-beta1 * e_(n-1)^beta2 * e_(n-2)^-beta3

    kept within `min_factor` and `max_factor`. `betas` gives the exponents.

    "gustafsson" is the predictive controller for implicit methods. With h_n this step and h_(n-1) the accepted one
    before it, the next step is the present one times the smaller of

        F = safety * e_n^-beta1   and   F * (h_n / h_(n-1)) * (e_(n-1) / e_n)^beta1

    within the same limits; after a rejected step, and on the first, it is F alone. Source:
    K. Gustafsson, Control-theoretic techniques for stepsize selection in implicit Runge-Kutta methods, ACM Trans.
    Math. Softw. 20 (1994) 496-517, in the form of Hairer and Wanner, Solving Ordinary Differential Equations II,
    Springer 1996, IV.8.

    Parameters
    ----------
    kind
        "fixed" (the rest is unused), "i", "pi", "pid" or "gustafsson".
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
#: Navier-Stokes equations, Appl. Numer. Math. 35 (2000). gustafsson: the limits of Hairer and Wanner's RADAU5.
CONTROLLERS: Mapping[ControllerKind, ControllerDefaults] = MappingProxyType(
    {
        "fixed": ControllerDefaults("fixed"),
        "i": ControllerDefaults("i", ki=1.0),
        "pi": ControllerDefaults("pi", kp=0.4, ki=0.3),
        "pid": ControllerDefaults("pid", kp=0.14, ki=0.25, kd=0.10),
        "gustafsson": ControllerDefaults("gustafsson", ki=1.0, max_factor=8.0),
    }
)
