"""Where a matrix is taken and a step starts."""

from typing import Any, NamedTuple


class Point(NamedTuple):
    """A time, a step from it, the states there, and the parameters: what a matrix of a method depends on.

    Attributes
    ----------
    t
        Time, float64; an `Instant` where the system has conditions of time alone.
    h
        The step, in the states' precision.
    y, p
        Arrays of states and of parameters.
    """

    t: Any
    h: Any
    y: Any
    p: Any
