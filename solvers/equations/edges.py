"""Partial derivatives of functions, finite wherever the function is.

At an edge of its domain a function may have an infinite slope, which the chain rule multiplies by zero: sqrt(max(x, 0))
where x is negative. Zero in its place serves Newton's method as well. Far out a function may be infinite and what is
made of it not: 1/(1 + exp(-x)), or 1/(1 + k/x) at zero. There its slope counts as zero too.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import sympy
from sympy.codegen.cfunctions import log1p, log10

from solvers.equations import functions
from solvers.equations.rewriting import choice

#: Returns a symbol for a subexpression that should be computed once.
Name = Callable[[sympy.Expr], sympy.Expr]

#: Functions that are infinite at finite arguments, or leave the range there.
_STEEP = (functions.exp, functions.expm1, sympy.sinh, sympy.cosh, sympy.log, log1p, log10, functions.log2)
#: What is infinite where an argument is.
_UNBOUNDED = (
    *(sympy.Add, sympy.Mul, sympy.Abs, sympy.log, log1p, log10, functions.log2, sympy.asinh, sympy.acosh),
    *(sympy.Piecewise, functions.minimum, functions.maximum),
)


def unless_zero(divisor: sympy.Expr, slope: sympy.Expr, name: Name, at_zero: sympy.Expr = sympy.S.Zero) -> sympy.Expr:
    """Return a slope, and another where its divisor is zero."""
    if divisor.is_positive:
        return slope
    # Evaluated, the comparison would ask SymPy for a proof.
    is_zero = sympy.Equality(_without_switches(divisor, name), 0, evaluate=False)
    return choice((at_zero, is_zero), (slope, True))


def unless_infinite(node: sympy.Expr, slope: sympy.Expr, name: Name) -> sympy.Expr:
    """Return a slope, and zero where a node is infinite."""
    size = _without_switches(node, name)
    size = size if node.is_positive else functions.magnitude(size)
    return choice((slope, sympy.StrictLessThan(size, sympy.oo, evaluate=False)), (0, True))


def _without_switches(expression: sympy.Expr, name: Name) -> sympy.Expr:
    """Return an expression for use in a condition, where SymPy would make one of a switch's conditions and it."""
    return name(expression) if expression.has(sympy.Piecewise) else expression


def partials(node: Any, name: Name) -> list[sympy.Expr]:
    """Return the partial derivatives of a function with respect to its arguments."""
    known = _PARTIALS.get(type(node))
    return known(node, name) if known else [node.fdiff(index + 1) for index in range(len(node.args))]


def _arc(sign: int) -> Callable[[Any, Name], list[sympy.Expr]]:
    def slope(node: Any, name: Name) -> list[sympy.Expr]:
        square = 1 - node.args[0] ** 2
        return [sign * unless_zero(square, 1 / sympy.sqrt(square), name)]

    return slope


def _area(node: Any, name: Name) -> list[sympy.Expr]:
    below, above = node.args[0] - 1, node.args[0] + 1
    return [unless_zero(below, 1 / (sympy.sqrt(below) * sympy.sqrt(above)), name)]


def _angle(node: Any, name: Name) -> list[sympy.Expr]:
    y, x = node.args
    square = x**2 + y**2
    inverse = name(unless_zero(square, 1 / square, name))
    return [unless_infinite(square, slope, name) for slope in (x * inverse, -y * inverse)]


def _bell(node: Any, _name: Name) -> list[sympy.Expr]:
    return [2 / math.sqrt(math.pi) * functions.exp(-(node.args[0] ** 2))]


_PARTIALS: Mapping[type, Callable[[Any, Name], list[sympy.Expr]]] = MappingProxyType(
    {
        functions.exp: lambda node, name: [name(node)],
        functions.expm1: lambda node, name: [name(node) + 1],
        sympy.log: lambda node, name: [name(1 / node.args[0])],
        sympy.Abs: lambda node, _: [sympy.sign(node.args[0], evaluate=False)],
        sympy.sin: lambda node, _: [sympy.cos(node.args[0], evaluate=False)],
        sympy.cos: lambda node, _: [-sympy.sin(node.args[0], evaluate=False)],
        sympy.asin: _arc(1),
        sympy.acos: _arc(-1),
        sympy.acosh: _area,
        functions.atan2: _angle,
        sympy.erf: _bell,
    }
)


def levelled(
    expressions: Iterable[sympy.Expr],
    definitions: Mapping[sympy.Symbol, sympy.Expr],
    constants: Collection[sympy.Symbol],
) -> frozenset[sympy.Expr]:
    """Return the parts of expressions that may be infinite where what is made of them is not.

    Parameters
    ----------
    expressions
        What is computed.
    definitions
        Symbols in them that stand for expressions.
    constants
        Symbols that nothing is differentiated in.
    """
    return _Levelled(definitions, frozenset(constants)).parts(expressions)


class _Levelled:
    """Looks for what may be infinite, and its products, inside what may be finite there."""

    def __init__(self, definitions: Mapping[sympy.Symbol, sympy.Expr], constants: frozenset[sympy.Symbol]) -> None:
        self._definitions = definitions
        self._constants = constants
        self._steep: dict[Any, bool] = {}

    def parts(self, expressions: Iterable[sympy.Expr]) -> frozenset[sympy.Expr]:
        pending = [(expression, False) for expression in expressions]
        seen = set(pending)
        found = set()
        while pending:
            node, inside = pending.pop()
            part = inside and node.args and self._is_product(node) and self._has_steep(node)
            if part:
                found.add(node)
            new = set(self._arguments(node, part=part, inside=inside)) - seen
            seen |= new
            pending += new
        return frozenset(found)

    def _arguments(self, node: Any, *, part: bool, inside: bool) -> Iterator[tuple[sympy.Expr, bool]]:
        """Yield what a node is made of, and whether that is inside something."""
        if node in self._definitions:
            yield self._definitions[node], inside
            return
        inside = inside or (not isinstance(node, _UNBOUNDED) and not _is_positive_power(node))
        for argument in _values(node):
            # The factors of what is levelled need not be: it is zero wherever they are infinite.
            if part and self._is_product(argument) and not self._is_steep(node):
                yield from ((each, True) for each in _values(argument))
            else:
                yield argument, inside

    def _is_product(self, node: Any) -> bool:
        several = node.is_Mul and not (len(node.args) == 2 and node.args[0].is_Number)
        return bool(several or _is_positive_power(node) or self._is_steep(node))

    def _is_steep(self, node: Any) -> bool:
        if not isinstance(node, _STEEP) and (not node.is_Pow or _is_positive_power(node)):
            return False
        return not node.free_symbols <= self._constants

    def _has_steep(self, node: Any) -> bool:
        """Return whether a sum or product has a steep function or power."""
        if node not in self._steep:
            below = [self._definitions[node]] if node in self._definitions else _values(node)
            open_ended = isinstance(node, _UNBOUNDED) or _is_positive_power(node) or node in self._definitions
            self._steep[node] = self._is_steep(node) or (open_ended and any(self._has_steep(each) for each in below))
        return self._steep[node]


def _values(node: Any) -> tuple[Any, ...]:
    """Return the arguments of a node that are numbers, without conditions."""
    return tuple(value for value, _ in node.args) if isinstance(node, sympy.Piecewise) else tuple(node.args)


def _is_positive_power(node: Any) -> bool:
    return bool(node.is_Pow and node.exp.is_Number and node.exp.is_positive)
