"""Straight-line arithmetic: written once as plain Python, run as it stands or recorded and compiled.

A straight-line function takes numbers and arrays, indexes arrays with constants, loops over constant ranges, and
chooses with `select` instead of `if`. On the `python` target it is simply called, with NumPy scalars. For the compiled
targets it is called once with `Value`s, which record every operation, and the record becomes LLVM IR: scalars on a GPU,
vectors on a CPU.
"""

from solvers.straightline.arithmetic import (
    absolute,
    are_finite,
    both,
    call,
    convert,
    difference,
    either,
    exp2_estimate,
    fetch,
    fma,
    gather,
    is_finite,
    kept,
    larger,
    larger_magnitude,
    literal,
    log2_estimate,
    maximum,
    minimum,
    negate,
    quotient_estimate,
    reciprocal,
    scatter,
    select,
    smaller,
    square_root,
)
from solvers.straightline.record import Array, Record, Value, View
from solvers.straightline.recorded import Argument, Recorded, record

__all__ = [
    "Argument",
    "Array",
    "Record",
    "Recorded",
    "Value",
    "View",
    "absolute",
    "are_finite",
    "both",
    "call",
    "convert",
    "difference",
    "either",
    "exp2_estimate",
    "fetch",
    "fma",
    "gather",
    "is_finite",
    "kept",
    "larger",
    "larger_magnitude",
    "literal",
    "log2_estimate",
    "maximum",
    "minimum",
    "negate",
    "quotient_estimate",
    "reciprocal",
    "record",
    "scatter",
    "select",
    "smaller",
    "square_root",
]
