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


def later(t: Any, length: Any) -> Any:
    """Return a time some length later, on the same stretch."""
    return Instant(t.time + length, t.middle) if isinstance(t, Instant) else t + length


def at_time(t: Any, time: Any) -> Any:
    """Return another time of the same stretch."""
    return Instant(time, t.middle) if isinstance(t, Instant) else time


def time_of(t: Any) -> Any:
    """Return the time itself."""
    return t.time if isinstance(t, Instant) else t


def middle_of(t: Any) -> Any:
    """Return where conditions of time alone are looked at: the time itself, if it belongs to no stretch."""
    return t.middle if isinstance(t, Instant) else t
