"""Points at which mathematical functions are compared, and exact values there."""

import math

import numpy as np

from solvers.equations.functions import FUNCTIONS

ONE = [name for name, (_, fewest, _) in FUNCTIONS.items() if fewest == 1]
#: The remainder of a quotient of many digits has none of its own.
TWO = [name for name, (_, fewest, _) in FUNCTIONS.items() if fewest == 2 and name != "mod"]
#: NumPy's names where they differ.
NUMPY = {
    "abs": "absolute",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "min": "minimum",
    "max": "maximum",
    "pow": "power",
}
EXACT = {"abs", "sqrt", "floor", "ceil", "sign", "min", "max", "heaviside"}
#: Units in the last place: glibc's vector library and CUDA's libdevice state 4 at most for most functions.
LARGEST_ERROR = 4
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    np.inf,
    -np.inf,
    np.nan,
    1e-30,
    -1e-30,
    1e30,
    -1e30,
    1e22,
    2e5,
]


def points(precision, *, edges):
    """Return pairs of arguments, shape (2, points): all pairs of special values, and values of all sizes.

    Parameters
    ----------
    edges
        Whether the smallest and the largest numbers are among them.
    """
    rng = np.random.default_rng(7)
    limits = np.finfo(precision)
    extremes = [float(x) for x in (limits.smallest_subnormal, limits.tiny / 3, limits.tiny, limits.max)]
    chosen = [*SPECIAL, *extremes, *(-x for x in extremes)] if edges else SPECIAL
    special = np.array(np.meshgrid(chosen, chosen)).reshape(2, -1)
    # The power 0.5 of -inf is inf for NumPy's arrays, as in C, but NaN for its scalars.
    special = special[:, ~((special[0] == -np.inf) & (special[1] == 0.5))]
    near = rng.uniform(-1.5, 1.5, (2, 3000))
    wide = rng.uniform(-100.0, 100.0, (2, 3000))
    sizes = rng.choice([-1.0, 1.0], (2, 2000)) * 10.0 ** rng.uniform(-12, 6, (2, 2000))
    return np.concatenate([special, near, wide, sizes], axis=1).astype(precision)


def reference(name, arguments):
    """Return a function in extended precision where NumPy has it, rounded by the comparison."""
    wide = arguments.astype(np.float64 if arguments.dtype == np.float32 else np.longdouble)
    if name == "erf":
        return np.array([math.erf(x) for x in arguments[0]])
    if name == "heaviside":
        return np.where(np.isnan(wide[0]), np.nan, wide[0] >= 0)
    function = np.divide if name == "quotient" else getattr(np, NUMPY.get(name, name))
    with np.errstate(all="ignore"):
        return function(*wide) if name in {*TWO, "quotient"} else function(wide[0])


def errors_in_units(found, exact):
    """Return distances in units in the last place of the exact value; 0 where both are NaN or the same infinity."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(found.dtype)
        unit = np.spacing(np.abs(rounded)).astype(exact.dtype)
        distance = np.abs(found.astype(exact.dtype) - exact) / unit
    same = (np.isnan(found) & np.isnan(rounded)) | (found == rounded)
    return np.where(same, 0.0, np.where(np.isnan(distance), np.inf, distance))
