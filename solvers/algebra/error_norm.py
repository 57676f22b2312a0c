"""The norm in which errors are measured, and the first step estimated from it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from solvers.equations.instant import later
from solvers.equations.right_hand_side import RightHandSide
from solvers.straightline import (
    absolute,
    convert,
    exp2_estimate,
    fma,
    kept,
    larger,
    larger_magnitude,
    log2_estimate,
    quotient_estimate,
    select,
    smaller,
)
from solvers.straightline.dealing import Dealing
from solvers.straightline.loops import ALWAYS_WRITTEN_OUT, Repeated
from solvers.straightline.setting import Number


@dataclass(frozen=True)
class ErrorNorm:
    """Mean square of a vector over the tolerances: mean_i (v_i / (atol_i + rtol*|y_i|))^2.

    Parameters
    ----------
    rtol
        Relative tolerance.
    atol
        Absolute tolerances, one a state.
    longest
        The number of states up to which sums over them are written out.
    dealing
        How states are dealt among the threads of a run; None: one has them all.
    """

    rtol: Number
    atol: Sequence[Number]
    longest: int = ALWAYS_WRITTEN_OUT
    dealing: Dealing | None = None

    @property
    def states(self) -> Repeated:
        """What is done for each state."""
        return Repeated(len(self.atol), self.longest, self.dealing)

    def _scale(self, index: Any, magnitude: Any, share: float) -> Any:
        """Return the tolerance of a state of a magnitude, times the root of the number of states, divided by a share.

        In quotients by these the sum of the squares is the mean.
        """
        root = math.sqrt(len(self.atol)) / abs(share)
        return fma(magnitude, kept(magnitude, self.rtol * root), self._absolute(index, magnitude, root))

    def _absolute(self, index: Any, like: Any, root: float) -> Any:
        """Return a state's absolute tolerance times a number."""
        if len(set(self.atol)) == 1:
            return self.atol[0] * root
        return self.states.number(like, str(like.dtype), [each * root for each in self.atol], index)

    def mean_square(self, vector: Callable[[Any], Any], y: Any, y_new: Any | None = None, *, share: float = 1.0) -> Any:
        """Return the mean square of a vector times a number, with scales from y, or the larger of y and y_new.

        Quotients are good to about six digits.

        Parameters
        ----------
        vector
            The component of each state, by its index.
        """

        def add(index: Any, totals: tuple[Any, ...]) -> tuple[Any, ...]:
            magnitude = absolute(y[index]) if y_new is None else larger_magnitude(y[index], y_new[index])
            ratio = quotient_estimate(vector(index), self._scale(index, magnitude, share))
            return (fma(ratio, ratio, *totals) if totals else ratio * ratio,)

        (total,) = self.states.fold(y, (y[0] * 0.0,) if self.states.starts_with_values else (), add)
        return total


def bounded(value: Any) -> Any:
    """Return a positive value as float32, kept within 1e-30 and 1e30."""
    return smaller(larger(convert(value, "float32"), 1e-30), 1e30)


def power_estimate(base: Any, exponent: float) -> Any:
    """Return base**exponent as float32, to about six digits; the base is kept within 1e-30 and 1e30."""
    return exp2_estimate(log2_estimate(bounded(base)) * exponent)


def first_step(
    rhs: RightHandSide, norm: ErrorNorm, order: int, longest: Number, shortest: Number
) -> Callable[..., Any]:
    """Return straight-line code that estimates a first step.

    Source: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, Springer 1993, II.4.

    Parameters
    ----------
    order
        Of the method.
    longest, shortest
        Limits of the step.
    """

    def estimate(t: Any, y: Any, p: Any, slope: Any, trial: Any, trial_slope: Any, observables: Any = None) -> Any:
        size = norm.mean_square(lambda i: y[i], y)
        speed = norm.mean_square(lambda i: slope[i], y)
        small = smaller(size, speed) < 1e-10
        h0 = select(small, 1e-6, 0.01 * power_estimate(size, 0.5) * power_estimate(speed, -0.5))
        h0 = smaller(convert(h0, rhs.precision), longest)

        def advance(i: Any) -> None:
            trial[i] = fma(h0, slope[i], y[i])

        norm.states.each(y, advance)
        rhs.evaluate(later(t, h0), trial, p, trial_slope, observables=observables)
        change = norm.mean_square(lambda i: trial_slope[i] - slope[i], y)
        bend = quotient_estimate(change, h0 * h0)
        steepest = larger(speed, bend)
        h1 = convert(power_estimate(steepest * 1e4, -0.5 / (order + 1)), rhs.precision)
        h1 = select(steepest <= 1e-30, larger(h0 * 0 + 1e-6, h0 * 1e-3), h1)
        h = smaller(h0 * 100.0, select(h1 > 0.0, h1, h0))
        return smaller(larger(h, shortest), longest)

    return estimate
