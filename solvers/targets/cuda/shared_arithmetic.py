"""What elementary functions of both precisions have in common on GPUs: straight-line code, given their constants."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from solvers.straightline import absolute, call, fma, literal, select
from solvers.straightline.bits import masked

INFINITY, NAN = float("inf"), float("nan")
TWO_OVER_PI = 0.6366197723675814


def polynomial(coefficients: Sequence[float], x: Any) -> Any:
    """Return the sum of coefficients[k] * x^k."""
    total: Any = coefficients[-1]
    for number in reversed(coefficients[:-1]):
        total = fma(x, total, number)
    return total


def power_of_negative(result: Any, exponent: Any, dtype: str) -> Any:
    """Return the power of a negative number, given that of its size: there is one where the exponent is whole."""
    half = exponent * 0.5
    odd = select(call("floor", half) == half, result, -result)
    return select(call("floor", exponent) == exponent, odd, literal(result, NAN, dtype))


@dataclass(frozen=True)
class Angles:
    """Sines and cosines.

    Parameters
    ----------
    dtype
        Of angles.
    to_integer
        Added to a number, it leaves the nearest integer, whose bits are the sum's last.
    half_pi
        pi/2 in parts, of which the first has all its digits.
    largest
        Angles from here on are not answered for.
    sine, cosine
        (sin(r) - r)/r^3 and (cos(r) - 1 + r^2/2)/r^4 by r^2, for |r| <= pi/4.
    last_bits
        Returns the last bits of a number as an int32.
    """

    dtype: str
    to_integer: float
    half_pi: tuple[float, ...]
    largest: float
    sine: tuple[float, ...]
    cosine: tuple[float, ...]
    last_bits: Callable[[Any], Any]

    def reduced(self, x: Any) -> tuple[Any, Any]:
        """Return n, as an int32 of which the last bits count, and r with x = n*pi/2 + r, |r| <= pi/4.

        r is NaN for angles beyond the largest.
        """
        shifted = fma(x, TWO_OVER_PI, self.to_integer)
        whole = shifted - self.to_integer
        r = x
        for part in self.half_pi:
            r = fma(-whole, part, r)
        return self.last_bits(shifted), select(absolute(x) < self.largest, r, literal(r, NAN, self.dtype))

    def sine_of(self, r: Any) -> Any:
        """Return the sine of a reduced angle."""
        square = r * r
        return fma(r * square, polynomial(self.sine, square), r)

    def cosine_of(self, r: Any) -> Any:
        """Return the cosine of a reduced angle."""
        square = r * r
        return fma(square * square, polynomial(self.cosine, square), fma(square, -0.5, 1.0))

    def _turned(self, quarter: Any, r: Any) -> Any:
        """Return sin(quarter*pi/2 + r)."""
        result = select(masked(quarter, 1) == 0, self.sine_of(r), self.cosine_of(r))
        return select(masked(quarter, 2) == 0, result, -result)

    def sin(self, x: Any) -> Any:
        """Return the sine."""
        return self._turned(*self.reduced(x))

    def cos(self, x: Any) -> Any:
        """Return the cosine."""
        quarter, r = self.reduced(x)
        return self._turned(quarter + 1, r)
