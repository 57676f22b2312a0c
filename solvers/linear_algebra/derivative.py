"""Derivatives of expressions in one direction.

SymPy's own differentiation is not used: it repeats what an expression has computed already (1/v in the derivative of
u/v, exp(v) merged into other exponentials), gives 0/0 for x**n at x = 0, and has no derivative for steps.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sympy

from solvers import functions

#: Functions whose slope is zero wherever they have one.
_STEPS = (sympy.floor, sympy.ceiling, sympy.sign)


class Tangent:
    """The derivative of expressions in one direction, by the chain rule.

    Where the derivative jumps it takes one of the neighbouring values: 0 for |x| at 0, the second argument's for `min`
    and `max` of equal arguments, the chosen branch's at a switch.

    Parameters
    ----------
    seeds
        The derivatives of symbols; the others' are zero.
    name
        Returns a symbol for a subexpression that should be computed once.
    """

    def __init__(self, seeds: Mapping[sympy.Symbol, sympy.Expr], name: Callable[[sympy.Expr], sympy.Expr]) -> None:
        self._known: dict[Any, sympy.Expr] = dict(seeds)
        self._name = name

    def seed(self, symbol: sympy.Symbol, derivative: sympy.Expr) -> None:
        """Set the derivative of one more symbol."""
        self._known[symbol] = derivative

    def of(self, expression: sympy.Expr) -> sympy.Expr:
        """Return the derivative of an expression."""
        pending = [expression]
        while pending:
            node = pending[-1]
            missing = [argument for argument in _differentiated(node) if argument not in self._known]
            if missing:
                pending += missing
                continue
            pending.pop()
            if node not in self._known:
                self._known[node] = self._rule(node)
        return self._known[expression]

    def _rule(self, node: Any) -> sympy.Expr:
        slopes = [self._known[argument] for argument in _differentiated(node)]
        if not any(slopes):
            return sympy.S.Zero
        for kind, rule in self._rules:
            if isinstance(node, kind):
                return rule(node, slopes)
        partials = [node.fdiff(position + 1) if slope else sympy.S.Zero for position, slope in enumerate(slopes)]
        return _dot(partials, slopes)

    @property
    def _rules(self) -> tuple[tuple[Any, Callable[[Any, list[sympy.Expr]], sympy.Expr]], ...]:
        return (
            (sympy.Add, lambda _, slopes: sympy.Add(*slopes)),
            (sympy.Mul, self._product),
            (sympy.Pow, self._power),
            (sympy.exp, lambda node, slopes: self._name(node) * slopes[0]),
            (sympy.log, lambda node, slopes: self._name(1 / node.args[0]) * slopes[0]),
            (sympy.Abs, lambda node, slopes: sympy.sign(node.args[0], evaluate=False) * slopes[0]),
            (sympy.Piecewise, _piecewise),
            (functions.minimum, lambda node, slopes: _switch(node.args[0] < node.args[1], slopes)),
            (functions.maximum, lambda node, slopes: _switch(node.args[0] > node.args[1], slopes)),
            (_STEPS, lambda _, __: sympy.S.Zero),
        )

    def _product(self, node: sympy.Expr, slopes: list[sympy.Expr]) -> sympy.Expr:
        factors = [self._without_division(factor) for factor in node.args]
        terms = (sympy.Mul(*factors[:i], slope, *factors[i + 1 :]) for i, slope in enumerate(slopes) if slope)
        return sympy.Add(*terms)

    def _power(self, node: sympy.Expr, slopes: list[sympy.Expr]) -> sympy.Expr:
        base, exponent = node.args
        total = sympy.S.Zero
        if slopes[0]:
            total += exponent * self._lowered(base, exponent) * slopes[0]
        if slopes[1]:
            # 0**x is zero for every x > 0, but 0*log(0) is not.
            slope = node * sympy.log(base, evaluate=False)
            guarded = sympy.Piecewise((0, sympy.Eq(base, 0)), (slope, True), evaluate=False)
            total += guarded * slopes[1]
        return total

    def _lowered(self, base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
        """Return base**(exponent - 1)."""
        return self._without_division(sympy.Pow(base, exponent - 1))

    def _without_division(self, factor: sympy.Expr) -> sympy.Expr:
        """Return a factor, with the reciprocal of what it divides by computed once."""
        if factor.is_Pow and factor.exp.is_Integer and factor.exp.is_negative:
            return self._name(1 / factor.base) ** -factor.exp
        return factor


def _differentiated(node: Any) -> tuple[Any, ...]:
    """Return the arguments of which the derivative makes up the node's."""
    if isinstance(node, sympy.Piecewise):
        return tuple(value for value, _ in node.args)
    return tuple(node.args)


def _dot(partials: list[sympy.Expr], slopes: list[sympy.Expr]) -> sympy.Expr:
    return sympy.Add(*(partial * slope for partial, slope in zip(partials, slopes, strict=True) if slope))


def _piecewise(node: sympy.Expr, slopes: list[sympy.Expr]) -> sympy.Expr:
    conditions = [condition for _, condition in node.args]
    return sympy.Piecewise(*zip(slopes, conditions, strict=True), evaluate=False)


def _switch(condition: Any, slopes: list[sympy.Expr]) -> sympy.Expr:
    first, second = slopes
    return first if first == second else sympy.Piecewise((first, condition), (second, True), evaluate=False)
