"""Elementary functions in float64 for GPUs, without branches: straight-line code of the arithmetic that there is.

Polynomials are minimax fits by Remez's algorithm; each name tells its error. Special values are right, but that
subnormal numbers count as zero. Sources of the reductions: W. J. Cody, W. Waite, Software Manual for the Elementary
Functions, Prentice-Hall 1980; J.-M. Muller et al., Handbook of Floating-Point Arithmetic, Birkhauser 2018.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from solvers.straightline import absolute, both, either, fma, literal, select
from solvers.straightline.bits import (
    from_words,
    high_word,
    low_word,
    masked,
    reciprocal_guess,
    root_guess,
    shifted_left,
    shifted_right,
)
from solvers.targets.cuda.shared_arithmetic import INFINITY, NAN, Angles, polynomial, power_of_negative

#: Added to a number, it leaves the nearest integer, whose bits are the sum's last.
TO_INTEGER = 1.5 * 2.0**52

LOG2_E, LOG2_E_LOW = 1.4426950408889634, 2.0355273740931033e-17
LN2, LN2_LOW = 0.6931471805599453, 2.3190468138462996e-17
#: High words of -infinity and NaN.
MINUS_INFINITY, NOT_A_NUMBER = -0x00100000, 0x7FF80000
LOG10_E, LOG10_2 = 0.4342944819032518, 0.3010299956639812
#: Arguments of sin, cos and tan from which on neighbours are a sixteenth apart.
LARGEST_ANGLE = 2.0**49

#: (e^r - 1 - r)/r^2 for |r| <= ln(2)/2; of e^r 2^-57.9, of e^r - 1 2^-58.3.
EXP = (
    0.5000000000000011,
    0.16666666666666408,
    0.041666666666529226,
    0.008333333333496267,
    0.001388888894392089,
    0.0001984126950365413,
    2.4801492759613737e-05,
    2.7557588130265858e-06,
    2.7630381059043396e-07,
    2.4999769587876932e-08,
)
EXPM1 = (
    0.5000000000000001,
    0.1666666666666667,
    0.04166666666665219,
    0.008333333333326103,
    0.0013888888895632985,
    0.00019841269874944762,
    2.4801574492690445e-05,
    2.755725523388059e-06,
    2.7567945938554583e-07,
    2.5105289085841973e-08,
    1.768782175255161e-09,
)
#: (2 atanh(s) - 2s)/s^3 by s^2, for (1 + s)/(1 - s) between sqrt(1/2) and sqrt(2); of the logarithm 2^-59.5.
LOG = (
    0.6666666666666734,
    0.3999999999941351,
    0.28571428742669547,
    0.2222219854208509,
    0.18183566050709216,
    0.15314003758049322,
    0.14796443729777747,
)
#: The same for u = 2s, divided by u^2 once more, without 1/12 in front; 2^-73.5.
TWELFTH, TWELFTH_LOW = 0.08333333333333333, 4.625929269271485e-18
LONG_LOG = (
    0.012499999999999994,
    0.0022321428571441516,
    0.0004340277776861255,
    8.877841245672257e-05,
    1.8779976581640494e-05,
    4.0699217308257144e-06,
    8.907147194458837e-07,
    2.286790080277548e-07,
)
#: sin(r) to 2^-57.9, cos(r) to 2^-63.9.
ANGLES = Angles(
    "float64",
    to_integer=TO_INTEGER,
    half_pi=(1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33),
    largest=LARGEST_ANGLE,
    sine=(
        -0.1666666666666663,
        0.008333333333322004,
        -0.00019841269829493787,
        2.7557313587090163e-06,
        -2.5050742232652006e-08,
        1.589590073127563e-10,
    ),
    cosine=(
        0.041666666666666595,
        -0.0013888888888872895,
        2.4801587288748783e-05,
        -2.7557314148781007e-07,
        2.0875696592569563e-09,
        -1.1358311465681237e-11,
    ),
    last_bits=low_word,
)


def _number(like: Any, number: float) -> Any:
    return literal(like, number, "float64")


def _is_normal(value: Any) -> Any:
    """Return whether a number is neither zero, subnormal, infinite nor NaN.

    Its exponent, of 11 bits, is then neither 0 nor 2047; one more is neither 1 nor 2048, which leaves the field.
    """
    return masked(high_word(value) + 0x00100000, 0x7FE00000) != 0


# -- quotients and roots ----------------------------------------------------------------------------


def _refined(guess: Any, value: Any) -> Any:
    """Return 1/value, given 20 bits of it: with e = 1 - value*guess it is guess/(1 - e), and e^3 is below rounding."""
    error = fma(-value, guess, 1.0)
    return fma(guess, fma(error, error, error), guess)


def reciprocal(value: Any) -> Any:
    """Return 1/value to within a unit in the last place where both are normal, else something not finite or 0."""
    return _refined(reciprocal_guess(value), value)


def quotient(above: Any, below: Any) -> Any:
    """Return above/below, rounded nearly always to nearest; 0/0 and what overflows are as they should be."""
    guess = reciprocal_guess(below)
    inverse = _refined(guess, below)
    ratio = above * inverse
    corrected = fma(inverse, fma(-below, ratio, above), ratio)
    finite = masked(high_word(ratio), 0x7FFFFFFF) < 0x7FF00000
    return select(both(_is_normal(guess), finite), corrected, above * guess)


def square_root(value: Any) -> Any:
    """Return the root by Goldschmidt's iteration, with a correction at the end."""
    guess = root_guess(value)
    root, half = value * guess, guess * 0.5
    error = fma(-root, half, 0.5)
    root, half = fma(root, error, root), fma(half, error, half)
    corrected = fma(fma(-root, root, value), half, root)
    negative = high_word(value) == MINUS_INFINITY
    return select(either(_is_normal(value), negative), corrected, value)


# -- exponentials -----------------------------------------------------------------------------------


def _power_of_two(exponent: Any) -> Any:
    """Return 2**exponent for an int32 between -1023, which gives 0, and 1024, which gives infinity."""
    return from_words(shifted_left(exponent + 1023, 20), 0)


def _split(x: Any) -> tuple[Any, Any]:
    """Return n, as an int32, and r with x = n*ln(2) + r, |r| <= ln(2)/2."""
    shifted = fma(x, LOG2_E, TO_INTEGER)
    whole = shifted - TO_INTEGER
    return low_word(shifted), fma(-whole, LN2_LOW, fma(-whole, LN2, x))


def _scaled_series(r: Any, exponent: Any) -> Any:
    """Return 2**exponent e^r as 2**(exponent - 1) 2e^r: the last 2**exponent is too large for the type."""
    series = fma(r, fma(r, polynomial([2 * each for each in EXP], r), 2.0), 2.0)
    return series * _power_of_two(exponent - 1)


def exp(x: Any) -> Any:
    """Return e^x."""
    exponent, r = _split(x)
    result = _scaled_series(r, exponent)
    return select(x > 709.79, _number(x, INFINITY), select(x < -707.7, _number(x, 0.0), result))


def expm1(x: Any) -> Any:
    """Return e^x - 1 = 2^n (e^r - 1) + 2^n - 1."""
    x = select(x < -50.0, _number(x, -50.0), x)
    exponent, r = _split(x)
    series = fma(r * r, polynomial(EXPM1, r), r)
    half = _power_of_two(exponent - 1)
    result = fma(half, series, half - 0.5)
    return select(x > 709.79, _number(x, INFINITY), result + result)


def tanh(x: Any) -> Any:
    """Return 1 - 2/(e^2x + 1) = (e^2x - 1)/(e^2x - 1 + 2), of |x|."""
    size = absolute(x)
    size = select(size > 20.0, _number(x, 20.0), size)
    grown = expm1(size + size)
    ratio = grown * reciprocal(grown + 2.0)
    return select(x < 0.0, -ratio, ratio)


# -- logarithms -------------------------------------------------------------------------------------


def _exponent(x: Any) -> Any:
    """Return e, an int32, with x = 2^e * m and m between sqrt(1/2) and sqrt(2)."""
    return shifted_right(high_word(x) - 0x3FE6A09E, 20)


def _mantissa(x: Any, exponent: Any) -> Any:
    return from_words(high_word(x) - shifted_left(exponent, 20), low_word(x))


def _converted(whole: Any) -> Any:
    """Return an int32 as a float64: as the last bits of 2^52 + 2^31, with the sign's turned."""
    return from_words(literal(whole, 0x43300000, "int32"), whole - 2**31) - (2.0**52 + 2.0**31)


def _natural(f: Any) -> Any:
    """Return ln(1 + f), which is f - f^2/2 + s*(f^2/2 + 2 atanh(s)/s - 2) with s = f/(2 + f)."""
    s = f * reciprocal(f + 2.0)
    half = f * f * 0.5
    return f - (half - s * fma(s * s, polynomial(LOG, s * s), half))


def _unless_special(x: Any, logarithm: Any) -> Any:
    """Return the logarithm where x is a normal number, else that of 0, infinity or what has none."""
    high = high_word(x)
    none = from_words(
        select(masked(high, 0x7FFFFFFF) < 0x00100000, literal(high, MINUS_INFINITY, "int32"), NOT_A_NUMBER), 0
    )
    return select(both(high >= 0x00100000, high < 0x7FF00000), logarithm, select(high > 0, x, none))


def _logarithm(x: Any, finish: Callable[[Any, Any], Any]) -> Any:
    """Return a logarithm of x, given the function of e, as a float64, and ln(m) that it is for normal x."""
    exponent = _exponent(x)
    natural = _natural(_mantissa(x, exponent) - 1.0)
    return _unless_special(x, finish(_converted(exponent), natural))


def _joined(exponent: Any, natural: Any) -> Any:
    return fma(exponent, LN2, fma(exponent, LN2_LOW, natural))


def log(x: Any) -> Any:
    """Return the natural logarithm."""
    return _logarithm(x, _joined)


def log1p(x: Any) -> Any:
    """Return ln(1 + x): with e of 1 + x, ln(m) is that of 1 + f, f = 2^-e x + 2^-e - 1."""
    sum_ = x + 1.0
    exponent = _exponent(sum_)
    scale = _power_of_two(-exponent)
    natural = _natural(fma(x, scale, scale - 1.0))
    return _unless_special(sum_, _joined(_converted(exponent), natural))


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
    result = _exp2(high, select(absolute(high) < 2000.0, low, _number(low, 0.0)))
    result = select(_is_normal(size), result, _special_power(size, exponent))
    result = select(either(exponent == 0.0, size == 1.0), _number(base, 1.0), result)
    return select(base < 0.0, power_of_negative(result, exponent, "float64"), result)


def _long_logarithm(x: Any) -> tuple[Any, Any]:
    """Return log2(x) as the sum of two numbers, to some 65 bits: with u = 2s, ln(m) = u + u^3/12 + ...

    Source of the residual of u: 2f - u*(2 + f) = 2*(f - u) - f*u, where f - u is exact.
    """
    exponent = _exponent(x)
    f = _mantissa(x, exponent) - 1.0
    inverse = reciprocal(f + 2.0)
    u = (f + f) * inverse
    residual = inverse * fma(-f, u, (f - u) + (f - u))
    square = u * u
    cube = u * square
    cube_low = fma(u, square, -cube) + u * fma(u, u, -square)
    twelfth = cube * TWELFTH
    twelfth_low = fma(cube, TWELFTH, -twelfth) + fma(cube, TWELFTH_LOW, cube_low * TWELFTH)
    tail = fma(cube * square, polynomial(LONG_LOG, square), twelfth_low + residual)
    high = u + twelfth
    low = ((u - high) + twelfth) + tail
    natural = high + low
    natural_low = (high - natural) + low
    product = natural * LOG2_E
    product_low = fma(natural, LOG2_E, -product) + fma(natural, LOG2_E_LOW, natural_low * LOG2_E)
    whole = _converted(exponent)
    total = whole + product
    return total, ((whole - total) + product) + product_low


def _exp2(high: Any, low: Any) -> Any:
    """Return 2**(high + low), with low far below high."""
    shifted = high + TO_INTEGER
    whole = shifted - TO_INTEGER
    result = _scaled_series(((high - whole) + low) * LN2, low_word(shifted))
    return select(high >= 1024.0, _number(high, INFINITY), select(high < -1021.0, _number(high, 0.0), result))


def _special_power(size: Any, exponent: Any) -> Any:
    """Return the power of 0, infinity or NaN."""
    vanishes = either(both(size < 1.0, exponent > 0.0), both(size > 1.0, exponent < 0.0))
    result = select(vanishes, _number(size, 0.0), _number(size, INFINITY))
    return select(size + absolute(exponent) >= 0.0, result, _number(size, NAN))


# -- angles -----------------------------------------------------------------------------------------


def tan(x: Any) -> Any:
    """Return the tangent, the quotient of sine and cosine."""
    quarter, r = ANGLES.reduced(x)
    sine, cosine, even = ANGLES.sine_of(r), ANGLES.cosine_of(r), masked(quarter, 1) == 0
    return quotient(select(even, sine, -cosine), select(even, cosine, sine))


#: By name in models; others are libdevice's.
FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "exp": exp,
        "expm1": expm1,
        "tanh": tanh,
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
