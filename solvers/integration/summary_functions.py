"""What summaries offer to the loop."""

from typing import Any, NamedTuple

from solvers.targets.target import DeviceFunction, Target


class SummaryFunctions(NamedTuple):
    """The summaries' device functions; `memory` is the frame of the loop, which hosts them and the step.

    begin(fresh, t, memory): start anew with runs that start.
    update(accept, point, t_next, t_stop, memory): take note of a step from `point` to t_next, of which the part up to
        t_stop counts; before the step is advanced. It leaves the continuous extension ready for whoever asks for it.
    jump(mask, t, memory): take note of a state that an event at t has changed.
    end(mask, status, t, memory, results, place): store what is told of runs that end at t.
    """

    begin: DeviceFunction
    update: DeviceFunction
    jump: DeviceFunction
    end: DeviceFunction


def no_summaries(target: Target) -> SummaryFunctions:
    """Return device functions that do nothing."""

    @target.straight_line
    def begin(_fresh: Any, _t: Any, _memory: Any) -> None:
        """Do nothing."""

    @target.straight_line
    def update(_accept: Any, _point: Any, _t_next: Any, _t_stop: Any, _memory: Any) -> None:
        """Do nothing."""

    @target.straight_line
    def jump(_mask: Any, _t: Any, _memory: Any) -> None:
        """Do nothing."""

    @target.straight_line
    def end(_mask: Any, _status: Any, _t: Any, _memory: Any, _results: Any, _place: Any) -> None:
        """Do nothing."""

    return SummaryFunctions(begin, update, jump, end)
