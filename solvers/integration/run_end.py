"""Where a run ends: at the end of its span, out of attempts, stuck, or at a state that is not finite."""

import sys
from dataclasses import dataclass
from typing import Any

from solvers.algebra.point import Point
from solvers.equations.instant import time_of
from solvers.integration.lane import Place, Progress, Reports
from solvers.status import Status
from solvers.straightline import (
    absolute,
    are_finite,
    both,
    convert,
    is_finite,
    larger,
    literal,
    negate,
    scatter,
    select,
)
from solvers.straightline.loops import Repeated
from solvers.straightline.setting import Number, is_used


@dataclass(frozen=True)
class RunEnd:
    """Straight-line code that tells which runs end, and with which status.

    Parameters
    ----------
    states
        What is done for each.
    t1
        The end of the span.
    fixed
        Whether steps are fixed: a rejected one is not tried shorter.
    dt_min
        A run ends when a step that small is rejected.
    max_steps
        Most attempts of a run; None: it cannot use them up.
    """

    states: Repeated
    t1: Number
    fixed: bool
    dt_min: Number
    max_steps: Number | None

    # -- while it steps -------------------------------------------------------------------------

    def overflow(self, due: Any, finite: Any, status: Any, active: Any) -> tuple[Any, Any, Any]:
        """Save no state that is not finite: return what is due, the status, and which runs go on.

        Such a run ends here, but with fixed steps, where it goes on as one does that saves nothing on the way: steps
        tell how many there were, and not where it was looked at.
        """
        broken = both(due, negate(finite))
        status = select(broken, literal(status, Status.NONFINITE, "int32"), status)
        return both(due, finite), status, active if self.fixed else both(active, negate(broken))

    def account(
        self, active: Any, going: Any, accept: Any, ends: Any, attempts: Any, done: Any
    ) -> tuple[Any, Any, Any, Any]:
        """Return which runs go on after an attempt, which were rejected, the attempts so far, and which runs are done.

        Done are those of the active that have reached the end of the span.
        """
        attempts = attempts + convert(active, "int32")
        ended = both(accept, ends)
        going = both(going, negate(ended))
        if self.max_steps is not None:
            going = both(going, attempts < self.max_steps)
        return going, both(active, negate(accept)), attempts, select(active, ended, done)

    def give_up(
        self, reject: Any, active: Any, point: Point, error: Any, trouble: Any, rejected: Any, status: Any
    ) -> tuple[Any, Any, Any]:
        """Count rejected attempts, and end runs that cannot take a shorter step; return which go on, count, status."""
        floor = absolute(time_of(point.t)) * (2.0 * sys.float_info.epsilon)
        if is_used(self.dt_min):
            # A float32 cannot hold every dt_min.
            floor = larger(floor, self.dt_min * (1 + 1e-6))
        too_small = True if self.fixed else convert(point.h, "float64") <= floor
        stuck = both(reject, too_small)
        cause = select(
            is_finite(error),
            literal(status, Status.STEP_TOO_SMALL, "int32"),
            literal(status, Status.NONFINITE, "int32"),
        )
        cause = select(trouble == 0, cause, trouble)
        return both(active, negate(stuck)), rejected + convert(reject, "int32"), select(stuck, cause, status)

    # -- when it has ended ----------------------------------------------------------------------

    def waits(self, place: Place, active: Any) -> Any:
        """Return whether a run has ended and is not stored yet."""
        return both(place.run < place.runs, negate(active))

    def conclude(self, mask: Any, progress: Progress, y: Any) -> tuple[Any, Any]:
        """Tell a run that used up its attempts, and a state that is not finite, from success.

        Return the status, and the time of those that succeeded.
        """
        status = progress.status
        if self.max_steps is not None:
            early = both(mask, both(status == 0, negate(progress.done)))
            status = select(early, literal(status, Status.MAX_STEPS, "int32"), status)
        broken = both(mask, both(status == 0, negate(are_finite(y, self.states))))
        status = select(broken, literal(status, Status.NONFINITE, "int32"), status)
        return status, literal(status, self.t1, "float64")

    def report(self, mask: Any, place: Place, status: Any, progress: Progress, reports: Reports) -> None:
        """Store what is told of every run."""
        told = Reports(status, progress.attempts - progress.rejected, progress.rejected)
        for pointer, value in zip(reports, told, strict=True):
            scatter(pointer, place.run, value, mask)
