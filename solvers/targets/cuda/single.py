"""Elementary functions in float32 for GPUs, without branches, from the hardware's approximations.

They are within 4 units in the last place. Special values are right, but that subnormal numbers count as zero. What is
not here is libdevice's, whose `tanh` has no branches either. Sources and fits as in
`solvers.targets.cuda.double`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from solvers.straightline import (
    absolute,
    both,
    convert,
    either,
    exp2_estimate,
    fma,
    larger,
    literal,
    log2_estimate,
    select,
)
from solvers.straightline.bits import bits_of, float_of, masked, reciprocal_guess, shifted_left, shifted_right
from solvers.targets.cuda.shared_arithmetic import INFINITY, Angles, polynomial, power_of_negative

#: Added to a number, it leaves the nearest integer, whose bits are the sum's last.
TO_INTEGER = 1.5 * 2.0**23
SMALLEST = 2.0**-126

LOG2_E, LOG2_E_LOW = 1.4426950216293335, 1.925963033500011e-08
LN2, LN2_LOW = 0.6931471824645996, -1.9046542121259336e-09
LOG10_E, LOG10_2 = 0.4342944819032518, 0.3010299956639812
#: Arguments of sin, cos and tan from which on neighbours are a quarter apart.
LARGEST_ANGLE = 2.0**21

#: (e^r - 1 - r)/r^2 for |r| <= ln(2)/2; of e^r - 1 2^-31.8.
EXPM1 = (
    0.5,
    0.1666666716337204,
    0.04166632518172264,
    0.008333219215273857,
    0.0013943312224000692,
    0.00019962458463851362,
)
#: (ln(1 + f) - f + f^2/2)/f^3 for 1 + f between sqrt(1/2) and sqrt(2); of the logarithm 2^-27.4.
LOG1P = (
    0.3333333134651184,
    -0.2500081956386566,
    0.20001232624053955,
    -0.16623371839523315,
    0.1420166790485382,
    -0.1315995305776596,
    0.12762069702148438,
    -0.07635694742202759,
)
#: (ln(m) - u)/u^3 by u^2 with u = 2f/(2 + f); 2^-30.2.
LONG_LOG = (0.08333346992731094, 0.01249297708272934, 0.0023337616585195065)
#: sin(r) to 2^-28.0, cos(r) to 2^-33.0.
ANGLES = Angles(
    "float32",
    to_integer=TO_INTEGER,
    half_pi=(1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15),
    largest=LARGEST_ANGLE,
    sine=(-0.16666655242443085, 0.008332155644893646, -0.00019514623272698373),
    cosine=(0.04166664555668831, -0.0013887309469282627, 2.4432398276985623e-05),
    last_bits=bits_of,
)
#: (tan(r) - r)/r^3 by r^2, for |r| <= pi/4; 2^-25.7.
TAN = (
    0.33333155512809753,
    0.1333887130022049,
    0.05340533331036568,
    0.024451596662402153,
    0.003085068194195628,
    0.009406297467648983,
)


def _number(like: Any, number: float) -> Any:
    return literal(like, number, "float32")


def quotient(above: Any, below: Any) -> Any:
    """Return above/below to within two units in the last place, of the quarters of both.

    The hardware takes reciprocals that are subnormal, of numbers beyond 2^126, for zero.
    """
    return (above * 0.25) * reciprocal_guess(below * 0.25)


# -- exponentials and logarithms ----------------------------------------------------------------------


def exp(x: Any) -> Any:
    """Return e^x = 2^h e^r with h = log2(e)*x, so that r is small: e^r = 1 + r, and exactly 1 for 0.

    Of an infinite x, or a huge one, r is no number, or anything: 1 + r has to be positive then.
    """
    h = x * LOG2_E
    r = larger(fma(-h, LN2_LOW, fma(-h, LN2, x)), -(2.0**-10))
    return exp2_estimate(h) * (r + 1.0)


def expm1(x: Any) -> Any:
    """Return e^x - 1 = 2^n (e^r - 1) + 2^n - 1, halved on the way: the last 2^n are too large for the type."""
    x = select(x < -50.0, _number(x, -50.0), x)
    shifted = fma(x, LOG2_E, TO_INTEGER)
    whole = shifted - TO_INTEGER
    r = fma(-whole, LN2_LOW, fma(-whole, LN2, x))
    series = fma(r * r, polynomial(EXPM1, r), r)
    half = float_of(shifted_left(bits_of(shifted) + 126, 23))
    result = fma(half, series, half - 0.5)
    return select(x > 89.0, _number(x, INFINITY), result + result)


def _exponent(x: Any) -> Any:
    """Return e, an int32, with x = 2^e * m and m between sqrt(1/2) and sqrt(2)."""
    return shifted_right(bits_of(x) - 0x3F3504F3, 23)


def _mantissa(x: Any, exponent: Any) -> Any:
    return float_of(bits_of(x) - shifted_left(exponent, 23))


def _natural(f: Any) -> Any:
    """Return ln(1 + f)."""
    return fma(f * f, fma(f, polynomial(LOG1P, f), -0.5), f)


def _unless_special(x: Any, logarithm: Any) -> Any:
    """Return the logarithm where x is a normal number, else that of 0, infinity or what has none."""
    return select(both(x >= SMALLEST, x < INFINITY), logarithm, log2_estimate(x))


def _logarithm(x: Any, finish: Callable[[Any, Any], Any]) -> Any:
    """Return a logarithm of x, given the function of e, as a float32, and ln(m) that it is for normal x."""
    exponent = _exponent(x)
    natural = _natural(_mantissa(x, exponent) - 1.0)
    return _unless_special(x, finish(convert(exponent, "float32"), natural))


def log(x: Any) -> Any:
    """Return the natural logarithm."""
    return _logarithm(x, lambda e, natural: fma(e, LN2, natural))


def log1p(x: Any) -> Any:
    """Return ln(1 + x): with e of 1 + x, ln(m) is that of 1 + f, f = 2^-e x + 2^-e - 1."""
    sum_ = x + 1.0
    exponent = _exponent(sum_)
    scale = float_of(shifted_left(127 - exponent, 23))
    natural = _natural(fma(x, scale, scale - 1.0))
    return _unless_special(sum_, fma(convert(exponent, "float32"), LN2, natural))


def log2(x: Any) -> Any:
    """Return the logarithm to base 2, exact for powers of two."""
    return _logarithm(x, lambda e, natural: fma(natural, LOG2_E, fma(natural, LOG2_E_LOW, e)))


def log10(x: Any) -> Any:
    """Return the logarithm to base 10."""
    return _logarithm(x, lambda e, natural: fma(e, LOG10_2, natural * LOG10_E))


# -- powers -----------------------------------------------------------------------------------------


def power(base: Any, exponent: Any) -> Any:
    """Return base**exponent = 2^(exponent*log2(base)), the logarithm as a sum of two numbers.

    A negative base has powers where the exponent is a whole number.
    """
    size = absolute(base)
    whole, rest = _long_logarithm(size)
    high = exponent * whole
    low = fma(exponent, rest, fma(exponent, whole, -high))
    low = select(absolute(high) < 200.0, low, _number(low, 0.0))
    result = exp2_estimate(high) * fma(low, LN2, 1.0)
    normal = both(size >= SMALLEST, size < INFINITY)
    result = select(normal, result, exp2_estimate(exponent * log2_estimate(size)))
    result = select(either(exponent == 0.0, size == 1.0), _number(base, 1.0), result)
    return select(base < 0.0, power_of_negative(result, exponent, "float32"), result)


def _long_logarithm(x: Any) -> tuple[Any, Any]:
    """Return log2(x) as the sum of two numbers, to some 31 bits; see that of `solvers.targets.cuda.double`."""
    exponent = _exponent(x)
    f = _mantissa(x, exponent) - 1.0
    inverse = reciprocal_guess(f + 2.0)
    u = (f + f) * inverse
    residual = inverse * fma(-f, u, (f - u) + (f - u))
    square = u * u
    tail = fma(u * square, polynomial(LONG_LOG, square), residual)
    natural = u + tail
    natural_low = (u - natural) + tail
    product = natural * LOG2_E
    product_low = fma(natural, LOG2_E, -product) + fma(natural, LOG2_E_LOW, natural_low * LOG2_E)
    whole = convert(exponent, "float32")
    total = whole + product
    return total, ((whole - total) + product) + product_low


# -- angles -----------------------------------------------------------------------------------------


def tan(x: Any) -> Any:
    """Return the tangent; between odd multiples of pi/4 that is -1/tan(r)."""
    quarter, r = ANGLES.reduced(x)
    square = r * r
    tangent = fma(r * square, polynomial(TAN, square), r)
    return select(masked(quarter, 1) == 0, tangent, -reciprocal_guess(tangent))


#: By name in models.
FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "exp": exp,
        "expm1": expm1,
        "log": log,
        "log1p": log1p,
        "log2": log2,
        "log10": log10,
        "pow": power,
        "sin": ANGLES.sin,
        "cos": ANGLES.cos,
        "tan": tan,
    }
)
