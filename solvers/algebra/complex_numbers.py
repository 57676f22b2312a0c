"""Complex arithmetic over straight-line values; a number whose imaginary part is zero by structure stays real."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from solvers import straightline
from solvers.straightline import absolute, difference, fma, larger
from solvers.straightline.loops import fold


@dataclass(frozen=True, slots=True)
class Complex:
    """A complex number as a pair of straight-line values.

    The other operand may be a `Complex` or a real value; a `Complex` comes first.

    Parameters
    ----------
    re, im
        Real and imaginary part.
    """

    #: NumPy's scalars refuse a pair on their right, as recorded values do, and make no array of it.
    __array_ufunc__ = None

    re: Any
    im: Any

    def __neg__(self) -> "Complex":
        return Complex(-self.re, -self.im)

    def __add__(self, other: Any) -> "Complex":
        if isinstance(other, Complex):
            return Complex(self.re + other.re, self.im + other.im)
        return Complex(self.re + other, self.im)

    def __sub__(self, other: Any) -> "Complex":
        if isinstance(other, Complex):
            return Complex(self.re - other.re, self.im - other.im)
        return Complex(self.re - other, self.im)

    def __mul__(self, other: Any) -> "Complex":
        if not isinstance(other, Complex):
            return Complex(self.re * other, self.im * other)
        re = fma(self.re, other.re, -(self.im * other.im))
        return Complex(re, fma(self.re, other.im, self.im * other.re))


def magnitude(value: Any) -> Any:
    """Return |value|, of a complex one the larger of |re| and |im|."""
    if isinstance(value, Complex):
        return larger(absolute(value.re), absolute(value.im))
    return absolute(value)


def reciprocal(value: Any, *, exact: bool = False) -> Any:
    """Return 1/value; exact: rounded to nearest, where `straightline.reciprocal` would do."""
    invert = straightline.exact_reciprocal if exact else straightline.reciprocal

    if not isinstance(value, Complex):
        return invert(value)
    # Scaled, so that squares neither overflow nor underflow.
    scale = invert(magnitude(value))
    re, im = value.re * scale, value.im * scale
    inverse = scale * invert(fma(re, re, im * im))
    return Complex(re * inverse, -(im * inverse))


def subtract(minuend: Any, subtrahend: Any) -> Any:
    """Return minuend - subtrahend for a real subtrahend, by a multiply-add where that is a product just computed."""
    if isinstance(minuend, Complex):
        return Complex(difference(minuend.re, subtrahend), minuend.im)
    return difference(minuend, subtrahend)


def as_complex(value: Any, precision: str) -> Complex:
    """Return a number of either kind as a complex one."""
    return value if isinstance(value, Complex) else Complex(value, straightline.literal(value, 0.0, precision))


def add(first: Any, second: Any) -> Any:
    """Return the sum of numbers of either kind."""
    return first + second if isinstance(first, Complex) or not isinstance(second, Complex) else second + first


def multiply_add(first: Any, second: Any, addend: Any) -> Any:
    """Return first*second + addend of numbers of either kind, by as few multiply-adds as they need."""
    if not isinstance(first, Complex) and isinstance(second, Complex):
        first, second = second, first
    if isinstance(second, Complex):
        re, im = _add_multiple(first, second.re, addend)
        return Complex(fma(-first.im, second.im, re), fma(first.re, second.im, im))
    if isinstance(first, Complex):
        return Complex(*_add_multiple(first, second, addend))
    if isinstance(addend, Complex):
        return Complex(fma(first, second, addend.re), addend.im)
    return fma(first, second, addend)


def _add_multiple(pair: Complex, factor: Any, addend: Any) -> tuple[Any, Any]:
    """Return the parts of pair*factor + addend for a real factor."""
    if isinstance(addend, Complex):
        return fma(pair.re, factor, addend.re), fma(pair.im, factor, addend.im)
    return fma(pair.re, factor, addend), pair.im * factor


class Numbers:
    """An array of numbers, real or complex ones.

    Parameters
    ----------
    parts
        An array of real numbers, or those of the real and of the imaginary parts.
    """

    def __init__(self, *parts: Any) -> None:
        self._parts = parts
        #: Any array that it lies in.
        self.buffer = parts[0]

    def __getitem__(self, index: Any) -> Any:
        return number_of([part[index] for part in self._parts])

    def __setitem__(self, index: Any, value: Any) -> None:
        for part, each in zip(self._parts, parts_of(value), strict=True):
            part[index] = each


def fold_numbers(
    like: Any, count: Any, start: Sequence[Any], work: Callable[[Any, tuple[Any, ...]], Sequence[Any]], *, longest: int
) -> tuple[Any, ...]:
    """Do what `solvers.straightline.loops.fold` does, for totals of which some may be complex."""
    widths = [len(parts_of(total)) for total in start]

    def grouped(values: Iterable[Any]) -> tuple[Any, ...]:
        left = iter(values)
        return tuple(number_of([*islice(left, width)]) for width in widths)

    def opened(totals: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(part for total in totals for part in parts_of(total))

    return grouped(
        fold(like, count, opened(start), lambda i, totals: opened(work(i, grouped(totals))), longest=longest)
    )


def parts_of(number: Any) -> tuple[Any, ...]:
    """Return the real numbers that one of either kind consists of."""
    return (number.re, number.im) if isinstance(number, Complex) else (number,)


def number_of(parts: Sequence[Any]) -> Any:
    """Return the number that consists of some real ones."""
    return Complex(*parts) if len(parts) > 1 else parts[0]
