"""A time, and where conditions of time alone are looked at."""

from typing import Any, NamedTuple

from solvers.straightline import absolute, select

#: Of a time that is computed, as a share of it.
ROUNDING = 2.0**-50
#: A length of time that is nothing, and leads away from 0.
LEAST = 2.0**-1000


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


def renewed(t: Any, changed: Any) -> Any:
    """Return the same time; where parameters have changed there, on a stretch that begins at it.

    Conditions of time alone may change at other times then. Until these are computed, they are looked at right of t.
    """
    return Instant(t.time, select(changed, middle_of(t.time), t.middle)) if isinstance(t, Instant) else t


def time_of(t: Any) -> Any:
    """Return the time itself."""
    return t.time if isinstance(t, Instant) else t


def right_of(t: Any) -> Any:
    """Return a time at which all is over that is so within its rounding."""
    return t + absolute(t) * ROUNDING


def middle_of(t: Any) -> Any:
    """Return where conditions of time alone are looked at.

    For a time that belongs to no stretch that is right of it, as solutions are continuous from the right: a save may
    fall on a switch, or by rounding just before it.
    """
    return t.middle if isinstance(t, Instant) else right_of(t) + LEAST
