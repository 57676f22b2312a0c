"""What a lane of the loop holds while it works on a run, in groups of values that travel together."""

from typing import Any, NamedTuple


class Place(NamedTuple):
    """Which run a lane works on, of how many: where its values lie in memory of all runs (int64)."""

    run: Any
    runs: Any


class Time(NamedTuple):
    """Where a run is in time; a clock keeps up those that it needs.

    Attributes
    ----------
    t
        The time, float64.
    remaining
        From it to t1, float64.
    left
        To where a step has to end at the latest, in the states' precision.
    """

    t: Any
    remaining: Any
    left: Any


class SwitchingTime(NamedTuple):
    """Where a run is in time, if there are stops on the way.

    Attributes
    ----------
    t, left
        As of `Time`.
    stop
        The next moment at which conditions of time alone change, or drivers jump, float64.
    middle
        The middle between that and the last one, float64.
    """

    t: Any
    left: Any
    stop: Any
    middle: Any


class Progress(NamedTuple):
    """How far a run is.

    Attributes
    ----------
    time
        A `Time` or `SwitchingTime`.
    dt
        The step to try next, in the states' precision.
    attempts, rejected
        Steps tried, and of those the rejected ones (int32).
    status
        A `Status`, int32.
    done
        Whether the run has reached the end of the span.
    """

    time: Any
    dt: Any
    attempts: Any
    rejected: Any
    status: Any
    done: Any


class Saving(NamedTuple):
    """The next save: its position among the save times (int32), and its time (float64)."""

    cursor: Any
    time: Any


class Results(NamedTuple):
    """What a batch writes on the way, and reads.

    Attributes
    ----------
    variables
        States and observables, (variable, time, run).
    times
        The save times, which it reads.
    findings
        What else is told of each run, float64, (row, run): see `solvers.planning.findings`.
    """

    variables: Any
    times: Any
    findings: Any


class Reports(NamedTuple):
    """What a batch writes at the end of each run (int32): its status, accepted steps, rejected ones."""

    status: Any
    steps: Any
    rejected: Any
