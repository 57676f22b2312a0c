"""The bits of floats, and rough first guesses by hardware: what mathematical functions are written with."""

from typing import Any

import numpy as np

from solvers.straightline.arithmetic import quotient_estimate, square_root
from solvers.straightline.record import Value, promote


def bits_of(value: Any) -> Any:
    """Return the bits of a float32 as an int32."""
    return value.record.pure("bits", (value,), "int32") if isinstance(value, Value) else value.view(np.int32)


def float_of(bits: Any) -> Any:
    """Return the float32 of which an int32 holds the bits."""
    return bits.record.pure("float of", (bits,), "float32") if isinstance(bits, Value) else bits.view(np.float32)


def high_word(value: Any) -> Any:
    """Return sign, exponent and the first 20 bits of the fraction of a float64 as an int32."""
    if isinstance(value, Value):
        return value.record.pure("high word", (value,), "int32")
    return np.int32(value.view(np.int64) >> 32)


def low_word(value: Any) -> Any:
    """Return the last 32 bits of a float64 as an int32."""
    if isinstance(value, Value):
        return value.record.pure("low word", (value,), "int32")
    return value.view(np.int64).astype(np.int32)


def from_words(high: Any, low: Any) -> Any:
    """Return the float64 of which two int32 are the high and the low word; the low one may be a plain number."""
    if isinstance(high, Value):
        return high.record.pure("from words", promote(high, low), "float64")
    return ((np.int64(high) << np.int64(32)) | np.int64(np.uint32(np.int64(low) & 0xFFFFFFFF))).view(np.float64)


def shifted_left(bits: Any, places: int) -> Any:
    """Return an int32 with its bits moved up; those that leave it are lost."""
    if isinstance(bits, Value):
        return bits.record.pure("shift left", (bits,), bits.dtype, places)
    return np.int32(np.int64(np.uint32(np.int64(bits) << places & 0xFFFFFFFF)).astype(np.int32))


def shifted_right(bits: Any, places: int) -> Any:
    """Return an int32 with its bits moved down, the sign's repeated."""
    if isinstance(bits, Value):
        return bits.record.pure("shift right", (bits,), bits.dtype, places)
    return bits >> np.int32(places)


def masked(bits: Any, mask: int) -> Any:
    """Return an int32 with those of its bits that a mask has."""
    if isinstance(bits, Value):
        number = bits.record.constant(mask - (mask >> 31 << 32), bits.dtype)
        return bits.record.pure("masked", (bits, number), bits.dtype)
    return np.int32(np.uint32(mask).astype(np.int32) & bits)


def reciprocal_guess(value: Any) -> Any:
    """Return 1/value: of a float32 to a unit in the last place, of a float64 to 20 bits.

    0 for infinite and for the largest values, whose reciprocals are subnormal; infinite for 0 and subnormal ones.
    """
    if isinstance(value, Value):
        return value.record.pure("reciprocal guess", (value,), value.dtype)
    return quotient_estimate(type(value)(1.0), value)


def root_guess(value: Any) -> Any:
    """Return of a float64 1/sqrt(value) to 20 bits; infinite for 0 and subnormal values, 0 for infinity."""
    if isinstance(value, Value):
        return value.record.pure("root guess", (value,), value.dtype)
    return 1.0 / square_root(value)
