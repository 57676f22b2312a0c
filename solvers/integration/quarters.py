"""The polynomial through the values of an expression at the quarters of a step, as straight-line code."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

from solvers.straightline import fma, literal


class QuarterPolynomial(NamedTuple):
    """A polynomial of degree 4 in powers of 4*theta.

    Attributes
    ----------
    start
        Its value at 0.
    powers
        Coefficients of the first power to the fourth.
    """

    start: Any
    powers: tuple[Any, ...]

    @classmethod
    def through(cls, values: Sequence[Any]) -> Self:
        """Return that through five values, of theta = 0, 1/4, 1/2, 3/4 and 1."""
        start, rises = values[0], []
        while len(values) > 1:
            values = [following - value for value, following in pairwise(values)]
            rises.append(values[0])
        first, second, third, fourth = rises
        powers = (
            first - second * 0.5 + third * (1 / 3) - fourth * 0.25,
            (second - third) * 0.5 + fourth * (11 / 24),
            third * (1 / 6) - fourth * 0.25,
            fourth * (1 / 24),
        )
        return cls(start, powers)

    def value(self, theta: Any) -> Any:
        """Return its value."""
        place, value = theta * 4.0, self.powers[-1]
        for coefficient in (*reversed(self.powers[:-1]), self.start):
            value = fma(value, place, coefficient)
        return value

    def value_and_slope(self, theta: Any) -> tuple[Any, Any]:
        """Return its value and its derivative with respect to theta."""
        place = theta * 4.0
        value, slope = self.powers[-1], literal(theta, 0.0, "float64")
        for coefficient in (*reversed(self.powers[:-1]), self.start):
            slope = fma(slope, place, value)
            value = fma(value, place, coefficient)
        return value, slope * 4.0
