"""Derivatives of expressions.

SymPy's own differentiation is not used: it repeats what an expression has computed already (1/v in the derivative of
u/v, exp(v) merged into other exponentials), gives 0/0 for x**n at x = 0, and has no derivative for steps.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from itertools import chain
from typing import Any

import sympy

from solvers.equations import functions
from solvers.equations.edges import Name, partials, unless_infinite, unless_zero
from solvers.equations.rewriting import choice

#: Derivatives by direction, those that are not zero.
Slopes = Mapping[Hashable, sympy.Expr]

#: Factors of a product that is differentiated as a whole, half of their number.
LONGEST_HALF = 8
#: Functions whose slope is zero wherever they have one.
_STEPS = (sympy.floor, sympy.ceiling, sympy.sign)


class Derivatives:
    """Derivatives of expressions in several directions at once, by the chain rule.

    Where a derivative jumps it takes one of the neighbouring values: 0 for |x| at 0, the second argument's for `min`
    and `max` of equal arguments, the chosen branch's at a switch. Where it is infinite and the function is not, it
    counts as 0.

    Parameters
    ----------
    seeds
        For each symbol its derivatives by direction; what is left out is zero.
    name
        Returns a symbol for a subexpression that should be computed once.
    levelled
        What may be infinite where the expressions are not, as `edges.levelled` finds it.
    """

    def __init__(
        self, seeds: Mapping[sympy.Symbol, Slopes], name: Name, levelled: Collection[sympy.Expr] = frozenset()
    ) -> None:
        self._known: dict[Any, Slopes] = dict(seeds)
        self._name = name
        self._levelled = levelled

    def seed(self, symbol: sympy.Symbol, slopes: Slopes) -> None:
        """Set the derivatives of one more symbol, before the first expression that has it."""
        self._known[symbol] = slopes

    def of(self, expression: sympy.Expr) -> Slopes:
        """Return the derivatives of an expression by direction, those that are not zero."""
        pending = [expression]
        while pending:
            node = pending[-1]
            missing = [argument for argument in _differentiated(node) if argument not in self._known]
            if missing:
                pending += missing
                continue
            pending.pop()
            if node not in self._known:
                self._known[node] = self._of_node(node)
        return self._known[expression]

    def _of_node(self, node: Any) -> Slopes:
        """Return a node's derivatives from its arguments'."""
        slopes = [self._known[argument] for argument in _differentiated(node)]
        if node.is_Add:
            found = _sum(slopes)
        else:
            directions = dict.fromkeys(chain.from_iterable(slopes))
            found = {key: self._along(node, [each.get(key, sympy.S.Zero) for each in slopes]) for key in directions}
        return {key: slope for key, slope in found.items() if slope != 0}

    def _along(self, node: Any, slopes: list[sympy.Expr]) -> sympy.Expr:
        """Return a node's derivative in one direction."""
        rule = next((rule for kind, rule in self._rules if isinstance(node, kind)), self._function)
        slope = rule(node, slopes)
        return unless_infinite(node, slope, self._name) if node in self._levelled else slope

    @property
    def _rules(self) -> tuple[tuple[Any, Callable[[Any, list[sympy.Expr]], sympy.Expr]], ...]:
        return (
            (sympy.Mul, self._product),
            (sympy.Pow, self._power),
            (sympy.Piecewise, _piecewise),
            (functions.minimum, lambda node, slopes: _switch(node.args[0] < node.args[1], slopes)),
            (functions.maximum, lambda node, slopes: _switch(node.args[0] > node.args[1], slopes)),
            (_STEPS, lambda _, __: sympy.S.Zero),
        )

    def _function(self, node: Any, slopes: list[sympy.Expr]) -> sympy.Expr:
        pairs = zip(partials(node, self._name), slopes, strict=True)
        return sympy.Add(*(partial * slope for partial, slope in pairs if slope))

    def _product(self, node: sympy.Expr, slopes: list[sympy.Expr]) -> sympy.Expr:
        return self._product_slope([self._without_division(factor) for factor in node.args], slopes)

    def _product_slope(self, factors: list[sympy.Expr], slopes: list[sympy.Expr]) -> sympy.Expr:
        """Return the slope of a product; a long one is that of two halves, as all others for each would be too many."""
        half = len(factors) // 2
        if half > LONGEST_HALF and any(slopes[:half]) and any(slopes[half:]):
            first, second = (self._name(sympy.Mul(*part)) for part in (factors[:half], factors[half:]))
            below, above = (
                self._product_slope(factors[:half], slopes[:half]),
                self._product_slope(factors[half:], slopes[half:]),
            )
            return below * second + first * above
        terms = (sympy.Mul(*factors[:i], slope, *factors[i + 1 :]) for i, slope in enumerate(slopes) if slope)
        return sympy.Add(*terms)

    def _power(self, node: sympy.Expr, slopes: list[sympy.Expr]) -> sympy.Expr:
        base_slope, exponent_slope = slopes
        total = sympy.S.Zero
        if base_slope:
            total += (self._root_or_whole if (2 * node.exp).is_Integer else self._real_power)(node) * base_slope
        if exponent_slope:
            total += self._in_exponent(node) * exponent_slope
        return total

    def _root_or_whole(self, node: sympy.Expr) -> sympy.Expr:
        """Return the slope of a multiple of a half as exponent."""
        base, exponent = node.args
        slope = self._without_division(sympy.Pow(base, exponent - 1))
        return exponent * (unless_zero(base, slope, self._name) if exponent == sympy.S.Half else slope)

    def _real_power(self, node: sympy.Expr) -> sympy.Expr:
        """Return the slope of a power by the power itself, which takes as long as a hundred multiplications.

        At zero that is 0/0, and the slope 1 for an exponent of 1.
        """
        base, exponent = node.args
        slope = exponent * self._name(node) / base
        if exponent.is_Number:
            return slope if exponent.is_negative else unless_zero(base, slope, self._name)
        is_one = sympy.Equality(exponent, 1, evaluate=False)
        return unless_zero(base, slope, self._name, choice((1, is_one), (0, True)))

    def _in_exponent(self, node: sympy.Expr) -> sympy.Expr:
        """Return the slope of a power in its exponent: zero at a base of zero, where 0*log(0) is not, and below it.

        Powers of negative numbers are there for single exponents only.
        """
        base = node.args[0] if node.args[0].is_positive else self._name(node.args[0])
        slope = self._name(node) * sympy.log(base, evaluate=False)
        if base.is_positive:
            return slope
        is_edge = sympy.LessThan(base, 0, evaluate=False)
        return choice((0, is_edge), (slope, True))

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


def _sum(slopes: Iterable[Slopes]) -> dict[Hashable, sympy.Expr]:
    terms: dict[Hashable, list[sympy.Expr]] = {}
    for key, slope in chain.from_iterable(each.items() for each in slopes):
        terms.setdefault(key, []).append(slope)
    return {key: sympy.Add(*each) for key, each in terms.items()}


def _piecewise(node: sympy.Expr, slopes: list[sympy.Expr]) -> sympy.Expr:
    conditions = [condition for _, condition in node.args]
    return choice(*zip(slopes, conditions, strict=True))


def _switch(condition: Any, slopes: list[sympy.Expr]) -> sympy.Expr:
    first, second = slopes
    return first if first == second else choice((first, condition), (second, True))
