"""What a lane of the loop holds while it works on a run, in groups of values that travel together."""

from typing import Any, NamedTuple

from solvers.straightline import both, either, negate


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


class AppointedTime(NamedTuple):
    """Where a run is in time, if events are on the way.

    Attributes
    ----------
    t, left, stop, middle
        As of `SwitchingTime`.
    appointed
        The next moment at which an event has to act, float64; infinity: there is none.
    """

    t: Any
    left: Any
    stop: Any
    middle: Any
    appointed: Any


class Progress(NamedTuple):
    """How far a run is.

    Attributes
    ----------
    time
        A `Time`, `SwitchingTime` or `AppointedTime`.
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


class Stretch(NamedTuple):
    """The part of an accepted step that counts, where events may cut steps.

    Attributes
    ----------
    end
        Where the step leads, float64.
    stop
        Where the part that counts ends, float64.
    acts
        Whether an event acts there: what is saved at that time is saved after it.
    cut
        Whether that is at a moment that was found within the step.
    """

    end: Any
    stop: Any
    acts: Any
    cut: Any


def end_of(t_next: Any) -> Any:
    """Return where a step leads, given that or a `Stretch`."""
    return t_next.end if isinstance(t_next, Stretch) else t_next


def stop_of(t_next: Any) -> Any:
    """Return where the part of a step that counts ends, given where the step leads or a `Stretch`."""
    return t_next.stop if isinstance(t_next, Stretch) else t_next


def counts(t: Any, t_next: Any) -> Any:
    """Return whether a time is in the part of a step that counts and before what acts at its end."""
    if not isinstance(t_next, Stretch):
        return t <= t_next
    return either(t < t_next.stop, both(t <= t_next.stop, negate(t_next.acts)))


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
