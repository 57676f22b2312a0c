"""Moments, known before they come, at which a step has to end, and how long a step may be at most."""

from dataclasses import dataclass, field
from typing import Any

from solvers.equations.forcing import Forcing
from solvers.equations.instant import right_of
from solvers.equations.switches import SwitchTimes
from solvers.straightline import literal
from solvers.straightline.setting import Number


@dataclass(frozen=True)
class Stops:
    """What ends steps: conditions of time alone that change, and drivers that jump.

    Parameters
    ----------
    switches
        When conditions of time alone change; None: they do not.
    forcing
        The drivers.
    """

    switches: SwitchTimes | None = None
    forcing: Forcing = field(default_factory=Forcing)

    def following(self, t: Any, p: Any, end: Number) -> Any:
        """Return the next stop after a time, float64; straight-line code.

        Parameters
        ----------
        t
            The time; what is within its rounding is over.
        p
            Array of parameters.
        end
            What is returned where there is none before.
        """
        following = self.switches.following(t, p, end) if self.switches else literal(t, end, "float64")
        return self.forcing.following(right_of(t), following)
