"""Exponentials whose arguments differ by a constant: all are multiples of one."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import sympy

#: The most that arguments of multiples of one exponential differ by: no digit is lost, and little of the range.
FARTHEST = 8.0


class Multiple(NamedTuple):
    """Another exponential, and how many times that it is."""

    other: sympy.Expr
    factor: float


def multiples(exponentials: Iterable[sympy.Expr]) -> Mapping[sympy.Expr, Multiple]:
    """Return those of some exponentials that are multiples of others, which are not multiples themselves.

    Of exponentials that belong together the others are multiples of the smallest: none overflows that would not by
    itself.
    """
    alike: dict[sympy.Expr, list[tuple[float, sympy.Expr]]] = defaultdict(list)
    for each in exponentials:
        constant, rest = _parted(each.args[0])
        if rest.free_symbols:
            alike[rest].append((float(constant), each))
    found = {}
    for family in alike.values():
        first, *others = sorted(family, key=lambda pair: (pair[0], sympy.default_sort_key(pair[1])))
        for constant, each in others:
            if constant - first[0] > FARTHEST:
                first = constant, each
            else:
                found[each] = Multiple(first[1], math.exp(constant - first[0]))
    return found


def _parted(argument: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """Return the constant in an argument, and the rest."""
    factor, inner = argument.as_coeff_Mul()
    constant, rest = inner.as_coeff_Add()
    return factor * constant, factor * rest
