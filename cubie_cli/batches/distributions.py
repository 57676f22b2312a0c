"""Distributions, each as the function that makes values with it of numbers that are uniform between 0 and 1."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

#: Uniform numbers nearer to the ends than these would be infinite values of a normal distribution.
_ABOVE_NOTHING, _BELOW_ONE = 2.0**-54, 1.0 - 2.0**-53


class Drawn(Protocol):
    """Quantities that are drawn together; each takes one coordinate of a point."""

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities."""

    def values(self, uniform: np.ndarray) -> np.ndarray:
        """Return values for uniform numbers, both of shape (names, runs)."""


@dataclass(frozen=True)
class Flat:
    """A quantity of which, or of the logarithm of which, all values between two are as likely.

    Parameters
    ----------
    name
        The quantity.
    low, high
        The ends.
    logarithmic
        Whether it is the logarithm.
    """

    name: str
    low: float
    high: float
    logarithmic: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The quantity."""
        return (self.name,)

    def values(self, uniform: np.ndarray) -> np.ndarray:
        """Return values for uniform numbers, both of shape (1, runs)."""
        if not self.logarithmic:
            found = self.low + uniform * (self.high - self.low)
        else:
            first, last = math.log(self.low), math.log(self.high)
            found = np.exp(first + uniform * (last - first))
        return np.clip(found, self.low, self.high)


@dataclass(frozen=True)
class Normal:
    """A quantity that, or the logarithm of which, has a normal distribution, perhaps within limits only.

    Parameters
    ----------
    name
        The quantity.
    centre
        The mean, or the median where it is the logarithm.
    spread
        The standard deviation, of the logarithm where it is that.
    logarithmic
        Whether it is the logarithm.
    least, most
        The limits; infinite where there is none.
    """

    name: str
    centre: float
    spread: float
    logarithmic: bool = False
    least: float = -math.inf
    most: float = math.inf

    @property
    def names(self) -> tuple[str, ...]:
        """The quantity."""
        return (self.name,)

    @property
    def limits(self) -> tuple[float, float]:
        """The limits, in standard deviations from the centre."""
        if not self.logarithmic:
            return (self.least - self.centre) / self.spread, (self.most - self.centre) / self.spread
        least, most = (math.log(each) if each > 0.0 else -math.inf for each in (self.least, self.most))
        return (least - math.log(self.centre)) / self.spread, (most - math.log(self.centre)) / self.spread

    @property
    def share(self) -> float:
        """How much of the distribution is within the limits."""
        from scipy.special import ndtr  # noqa: PLC0415 - takes some tenths of a second

        low, high = self.limits
        return float(ndtr(high) - ndtr(low)) if low < 0.0 else float(ndtr(-low) - ndtr(-high))

    def values(self, uniform: np.ndarray) -> np.ndarray:
        """Return values for uniform numbers, both of shape (1, runs)."""
        scaled = self.spread * _standard(uniform, *self.limits)
        found = self.centre * np.exp(scaled) if self.logarithmic else self.centre + scaled
        return np.clip(found, self.least, self.most)


def _standard(uniform: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return values of the standard normal distribution within limits."""
    from scipy.special import ndtr, ndtri  # noqa: PLC0415 - takes some tenths of a second

    if low > 0.0:
        # Mirrored: above the mean the distribution function soon rounds to 1.
        return -_standard(1.0 - uniform, -high, -low)
    below, above = float(ndtr(low)), float(ndtr(high))
    shares = below + np.clip(uniform, _ABOVE_NOTHING, _BELOW_ONE) * (above - below)
    found: np.ndarray = ndtri(np.minimum(shares, _BELOW_ONE))
    return found


@dataclass(frozen=True)
class Choice:
    """A quantity that has one of some values, each as likely as the others.

    Parameters
    ----------
    name
        The quantity.
    choices
        The values.
    """

    name: str
    choices: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The quantity."""
        return (self.name,)

    def values(self, uniform: np.ndarray) -> np.ndarray:
        """Return values for uniform numbers, both of shape (1, runs)."""
        places = (uniform * len(self.choices)).astype(np.int64)
        found: np.ndarray = np.array(self.choices)[np.minimum(places, len(self.choices) - 1)]
        return found


@dataclass(frozen=True)
class Correlated:
    """Quantities that, or the logarithms of which, have a normal distribution together.

    Parameters
    ----------
    names
        The quantities.
    centres
        Means, or medians where it is the logarithms.
    factor
        A lower triangle which, times its transpose, is the covariance.
    logarithmic
        Whether it is the logarithms.
    """

    names: tuple[str, ...]
    centres: tuple[float, ...]
    factor: tuple[tuple[float, ...], ...]
    logarithmic: bool = False

    def values(self, uniform: np.ndarray) -> np.ndarray:
        """Return values for uniform numbers, both of shape (names, runs)."""
        standard = _standard(uniform, -math.inf, math.inf)
        found = np.zeros_like(standard)
        # One product after the other: a library's matrix product rounds as the number of runs suits it.
        for row, weights in enumerate(self.factor):
            for weight, column in zip(weights, standard, strict=True):
                found[row] += weight * column
        centres = np.array(self.centres)[:, None]
        values: np.ndarray = centres * np.exp(found) if self.logarithmic else centres + found
        return values


def triangle_of(covariance: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...] | None:
    """Return the lower triangle which, times its transpose, is a symmetric matrix (Cholesky).

    None where there is none: the matrix has a negative eigenvalue. One that is 0 but for rounding counts as 0.
    """
    size = len(covariance)
    factor = np.zeros((size, size))
    for column in range(size):
        done = factor[:, :column]
        rest = np.array([row[column] for row in covariance]) - done @ done[column]
        small = 1e-12 * np.sqrt(covariance[column][column] * np.diagonal(np.array(covariance)))
        if rest[column] > small[column]:
            factor[column:, column] = rest[column:] / math.sqrt(rest[column])
        elif rest[column] < -small[column] or (np.abs(rest[column:]) > 1e3 * small[column:]).any():
            return None
    return tuple(tuple(row) for row in factor.tolist())
