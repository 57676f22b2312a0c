"""A time, and where conditions of time alone are looked at."""

from typing import Any, NamedTuple


class Instant(NamedTuple):
    """A time within a stretch of a run on which no condition of time alone changes.

    Attributes
    ----------
    time
        The time, float64.
    middle
        The middle of the stretch, float64: what such a condition is there, it is on all of the stretch, its ends
        included, and for stages that lie beyond them.
    """

    time: Any
    middle: Any


class DrivenInstant(NamedTuple):
    """An `Instant` within a step, where drivers have times that have to be searched.

    Attributes
    ----------
    time, middle
        As of `Instant`.
    places
        For each such driver what is known of where the step begins: see `solvers.equations.forcing`.
    """

    time: Any
    middle: Any
    places: Any


def is_instant(t: Any) -> bool:
    """Return whether a time is known to belong to a stretch."""
    return isinstance(t, Instant | DrivenInstant)


def later(t: Any, length: Any) -> Any:
    """Return a time some length later, on the same stretch."""
    return t._replace(time=t.time + length) if is_instant(t) else t + length


def at_time(t: Any, time: Any) -> Any:
    """Return another time of the same stretch."""
    return t._replace(time=time) if is_instant(t) else time


def time_of(t: Any) -> Any:
    """Return the time itself."""
    return t.time if is_instant(t) else t


def middle_of(t: Any) -> Any:
    """Return where conditions of time alone are looked at: the time itself, if it belongs to no stretch."""
    return t.middle if is_instant(t) else t
