"""Problems that show the order of a method.

`polynomial` has solutions a_w = alpha_w t^w. The error of a method of order p vanishes in every a_w up to w = p,
whatever the step, and not in the next: its order is counted, not fitted. The right-hand sides mix products of all
weights with t, so that a wrong coefficient or node does not go unnoticed.

`smooth` is nonlinear and depends on time. With t = start + scale*tau a fixed step in tau is a step in t that the swept
`scale` sets, so that one kernel runs a method at every step size. Runs from many starts are averaged, because the error
of a single one changes sign here and there.
"""

from fractions import Fraction

import numpy as np
from support.systems import make_system

from solvers.equations.system import System


def polynomial(highest: int) -> System:
    """Return a system whose state number w - 1 is alpha_w t^w, up to the highest weight w."""
    equations = {"a1": "1"}
    for w in range(2, highest + 1):
        products = [f"3*a{i}*a{w - 1 - i}" for i in range(1, (w - 1) // 2 + 1)]
        equations[f"a{w}"] = " + ".join([f"a{w - 1}", f"2*t*{f'a{w - 2}' if w > 2 else 1}", *products])
    return make_system(dict.fromkeys(equations, 0.0), equations)


def polynomial_coefficients(highest: int) -> list[float]:
    """Return alpha_1, alpha_2, ... of `polynomial`."""
    alpha = [Fraction(1), Fraction(1)]  # t^0 stands for what t is multiplied with in the equation of a2
    for w in range(2, highest + 1):
        products = [alpha[i] * alpha[w - 1 - i] for i in range(1, (w - 1) // 2 + 1)]
        alpha.append((alpha[w - 1] + 2 * alpha[w - 2] + 3 * sum(products)) / w)
    return [float(each) for each in alpha[1:]]


SMOOTH = make_system(
    {"p": 0.0, "q": 1.0, "u": 1.0},
    {
        "p": "scale*q*(p**2 + q**2)",
        "q": "-scale*p*(p**2 + q**2)",
        "u": "scale*u*(q + cos(start + scale*t))/2",
    },
    {"start": 0.0, "scale": 1.0},
)
SMOOTH_SWEPT = ("p", "q", "u", "start", "scale")
STARTS = np.linspace(0.0, 6.2, 32)


def smooth_solution(t: np.ndarray) -> np.ndarray:
    """Return the exact solution of `SMOOTH`, shape (3, *t.shape)."""
    return np.array([np.sin(t), np.cos(t), np.exp(np.sin(t))])


def smooth_inputs(scales: np.ndarray, starts: np.ndarray = STARTS) -> np.ndarray:
    """Return the swept values of a run for every scale and start, shape (5, scales*starts)."""
    scale, start = (axis.ravel() for axis in np.meshgrid(scales, starts, indexing="ij"))
    return np.array([*smooth_solution(start), start, scale])


def smooth_errors(scales: np.ndarray, times: np.ndarray, found: np.ndarray, starts: np.ndarray = STARTS) -> np.ndarray:
    """Return root mean square errors, shape (times, scales), of results of shape (3, times, scales*starts)."""
    *_, start, scale = smooth_inputs(scales, starts)
    gaps = found - smooth_solution(start + scale * times[:, None])
    return np.sqrt((gaps**2).mean(axis=0).reshape(len(times), len(scales), -1).mean(axis=-1))


def exponent(scales: np.ndarray, errors: np.ndarray, smallest: float, largest: float) -> float:
    """Return the slope of log(error) over log(scale), from errors within two bounds."""
    usable = (errors > smallest) & (errors < largest)
    assert usable.sum() >= 6, "too few step sizes have errors worth looking at"
    return float(np.polyfit(np.log(scales[usable]), np.log(errors[usable]), 1)[0])
