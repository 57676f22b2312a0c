"""A root of a polynomial that has one, on any number of lanes together."""

from typing import Any, NamedTuple

import numpy as np

from solvers.integration.bernstein import evaluate
from solvers.straightline import absolute, both, convert, either, literal, select
from solvers.targets.target import DeviceFunction, Target

#: Units in the last place of what was subtracted, within which a difference is rounding.
ROUNDING = 4.0
#: Most attempts at a root: as many as halving takes.
MOST_ATTEMPTS = 60


class Bracket(NamedTuple):
    """A root on its way: the ends that enclose it, the guess, the last move, attempts, and whether it goes on."""

    low: Any
    high: Any
    guess: Any
    move: Any
    attempts: Any
    going: Any


def rounding(precision: str) -> float:
    """Return the share of a number within which a difference to it is rounding."""
    return ROUNDING * float(np.finfo(precision).eps)


def refine_root(target: Target, precision: str) -> DeviceFunction:
    """Return a function (mask, coefficients, sign) -> root, of polynomials that change from a sign to the other.

    Newton's method; where that leaves the bracket, or moves no less than half as far as before, the bracket is
    halved.
    """
    any_lane, tolerance = target.any_lane, rounding(precision)

    @target.straight_line
    def start(mask: Any, coefficients: Any, sign: Any) -> Any:
        first, last = coefficients[0], coefficients[-1]
        zero, one = literal(first, 0.0, precision), literal(first, 1.0, precision)
        upward = convert(sign, precision)
        enclosed = both(first * upward < 0.0, last * upward > 0.0)
        enclosed = either(enclosed, both(first * upward > 0.0, last * upward < 0.0))
        guess = select(enclosed, first / (first - last), zero + 0.5)
        return Bracket(zero, one, guess, one, literal(sign, 0, "int32"), both(mask, True))  # noqa: FBT003

    @target.straight_line
    def improve(coefficients: Any, sign: Any, bracket: Any) -> Any:
        value, slope = evaluate(coefficients, bracket.guess)
        before = value * convert(sign, precision) > 0.0
        low = select(before, bracket.guess, bracket.low)
        high = select(before, bracket.high, bracket.guess)
        newton = bracket.guess - value / slope
        good = both(both(newton >= low, newton <= high), absolute(newton - bracket.guess) <= bracket.move * 0.5)
        following = select(good, newton, (low + high) * 0.5)
        move = absolute(following - bracket.guess)
        attempts = bracket.attempts + 1
        open_still = both(move > tolerance, attempts < MOST_ATTEMPTS)
        going = both(bracket.going, both(open_still, value != 0.0))
        moved = Bracket(low, high, select(value == 0.0, bracket.guess, following), move, attempts, going)
        return Bracket(*(select(bracket.going, new, old) for new, old in zip(moved, bracket, strict=True)))

    @target.straight_line
    def root(bracket: Any) -> Any:
        return bracket.guess

    @target.control
    def refine(mask: Any, coefficients: Any, sign: Any) -> Any:
        bracket = start(mask, coefficients, sign)
        while any_lane(bracket.going):
            bracket = improve(coefficients, sign, bracket)
        return root(bracket)

    return refine
