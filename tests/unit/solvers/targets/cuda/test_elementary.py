"""A GPU's own elementary functions, compiled for the processor: the same arithmetic but for the first guesses."""

from inspect import signature

import numpy as np
import pytest
from support.accuracy import errors_in_units, points, reference
from support.compiled import compiled

from solvers.targets.cuda import double, single

LANES = 8
MODULES = {"float32": single, "float64": double}
#: Units in the last place.
LARGEST_ERROR = {"float32": 3.0, "float64": 2.0}
LARGER = {("exp", "float32"): 4.0, ("tan", "float64"): 3.0}
ANGLES = {"sin", "cos", "tan"}


def computed(function, arguments):
    """Return a function at points, shape (arguments, points)."""
    dtype = str(arguments.dtype)
    run = compiled(function, [dtype] * len(arguments), LANES)
    rest = -arguments.shape[1] % LANES
    padded = np.pad(arguments, ((0, 0), (0, rest)), mode="edge").reshape(len(arguments), -1, LANES)
    found = np.concatenate([run(*padded[:, part])[0] for part in range(padded.shape[1])])
    return found[: arguments.shape[1]]


def in_range(name, arguments):
    """Return the points that a function answers for; special values in float32 are the hardware's, so are left out."""
    largest = MODULES[str(arguments.dtype)].LARGEST_ANGLE
    x = arguments[0]
    kept = np.ones(x.shape, dtype=bool)
    if name in ANGLES:
        kept = (np.abs(x) < largest) | ~np.isfinite(x)
    elif name == "pow":
        kept = np.isfinite(x) & ((x != 0.0) | ~np.signbit(x))
        if arguments.dtype == np.float32:
            with np.errstate(all="ignore"):
                kept = (x != 0.0) & np.isfinite(x) & (np.abs(np.log2(np.abs(x)) * arguments[1]) < 125.0)
    elif name == "exp" and arguments.dtype == np.float32:
        kept = np.abs(x) < 87.0
    elif name.startswith("log") and arguments.dtype == np.float32:
        kept = np.isfinite(x) & (x > (-1.0 if name == "log1p" else 0.0))
    return arguments[:, kept]


CASES = [(precision, name) for precision, module in MODULES.items() for name in module.FUNCTIONS]


@pytest.mark.parametrize(("precision", "name"), CASES)
def test_function_is_accurate(precision, name):
    function = MODULES[precision].FUNCTIONS[name]
    arguments = in_range(name, points(precision, edges=False))[: len(signature(function).parameters)]
    found = computed(function, arguments)
    exact = reference(name, arguments)
    flushed = (found == 0.0) & (np.abs(exact) < 4 * np.finfo(precision).tiny)
    errors = np.where(flushed, 0.0, errors_in_units(found, exact))
    worst = int(errors.argmax())
    allowed = LARGER.get((name, precision), LARGEST_ERROR[precision])
    assert errors[worst] <= allowed, f"{found[worst]!r}, not {exact[worst]!r}, at {arguments[:, worst]}"


@pytest.mark.parametrize("precision", MODULES)
def test_quotient_is_accurate(precision):
    arguments = points(precision, edges=False)
    found = computed(MODULES[precision].quotient, arguments)
    with np.errstate(all="ignore"):
        wide = arguments.astype(np.float64 if precision == "float32" else np.longdouble)
        exact = wide[0] / wide[1]
    errors = errors_in_units(found, exact)
    worst = int(errors.argmax())
    assert errors[worst] <= (2.0 if precision == "float32" else 1.0), f"at {arguments[:, worst]}"


def test_large_numbers_have_quotients_in_single_precision():
    large = np.array([[3e38, 1.0, -2e38, 1e38], [3e38, 3e38, 1e38, 1e-30]], dtype=np.float32)
    found = computed(single.quotient, large)
    assert found[0] == 1.0
    assert found[1] == pytest.approx(1 / 3e38, abs=1.2e-38)
    assert found[2] == pytest.approx(-2.0)
    assert np.isinf(found[3])


def test_double_quotients_of_special_values():
    huge, tiny, inf, nan = 1e308, 1e-308, np.inf, np.nan
    above = np.array([1.0, 0.0, 1.0, -1.0, inf, huge, 0.0, nan, 1.0, inf])
    below = np.array([inf, inf, 0.0, 0.0, 2.0, tiny, 5.0, 1.0, nan, inf])
    with np.errstate(all="ignore"):
        expected = above / below
    np.testing.assert_array_equal(computed(double.quotient, np.array([above, below])), expected)


def test_double_roots():
    x = np.concatenate([10.0 ** np.linspace(-300, 300, 4001), [0.0, np.inf, -1.0, np.nan]])[np.newaxis]
    found = computed(double.square_root, x)
    with np.errstate(all="ignore"):
        assert errors_in_units(found, np.sqrt(x[0].astype(np.longdouble))).max() <= 1.0
