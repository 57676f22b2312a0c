"""Fills removable singularities: values that are 0/0 at a point, and have a limit there.

Near the point x/(1 - exp(-x)) becomes a polynomial, its Taylor series, as far as the difference elsewhere would lose
digits. Its derivatives, which the polynomial has as well, are finite so.
"""

from typing import Any

import sympy

from solvers.equations.depth import deep_recursion
from solvers.equations.limits import filled_product, filled_sum, is_divisor, is_pole, own_poles
from solvers.equations.rewriting import choice, rebuilt, substituted
from solvers.equations.zeros import FUNCTIONS, Condition, is_reached

#: Nodes of an observable that is looked into.
LARGEST_OBSERVABLE = 300


class Singularities:
    """Fills the singularities of a system's expressions, observables first."""

    def __init__(self) -> None:
        self._definitions: dict[sympy.Symbol, sympy.Expr] = {}
        self._has_functions = False

    def define(self, symbol: sympy.Symbol, expression: sympy.Expr) -> sympy.Expr:
        """Return an observable's expression, filled; others may have zeros in common with it."""
        filled = self.filled(expression)
        with deep_recursion():
            expanded = self._opened(expression)
        if filled == expression and _is_small(expanded):
            self._definitions[symbol] = expanded
        return filled

    def filled(self, expression: sympy.Expr) -> sympy.Expr:
        """Return an expression with its singularities filled.

        Raises
        ------
        UnfilledError
            One is seen that cannot be filled.
        """
        self._has_functions = self._has_functions or expression.has(*FUNCTIONS)
        if not self._has_functions:
            return expression
        with deep_recursion():
            return self._filled(expression, (), {})

    def _filled(self, node: Any, conditions: tuple[Condition, ...], done: dict[Any, Any]) -> Any:
        if not node.args or node.is_Boolean:
            return node
        key = node, conditions
        if key not in done:
            done[key] = self._new(node, conditions, done)
        return done[key]

    def _new(self, node: Any, conditions: tuple[Condition, ...], done: dict[Any, Any]) -> Any:
        if isinstance(node, sympy.Piecewise):
            branches = []
            for branch, condition in node.args:
                branches.append((self._filled(branch, (*conditions, (condition, True)), done), condition))
                conditions = (*conditions, (condition, False))
            return choice(*branches)
        new = rebuilt(node, [self._filled(argument, conditions, done) for argument in node.args])
        if new.is_Mul:
            return self._quotient(new, conditions)
        if new.is_Add and sum(any(map(is_divisor, sympy.Mul.make_args(term))) for term in new.args) > 1:
            return self._sum(new, conditions)
        return new

    # -- quotients ------------------------------------------------------------------------------

    def _quotient(self, product: sympy.Expr, conditions: tuple[Condition, ...]) -> sympy.Expr:
        """Return a quotient with its singularities filled, as written or with observables put in."""
        opened = tuple(part for factor in product.args for part in sympy.Mul.make_args(self._opened(factor)))
        found = filled_product(product.args, conditions)
        if found is None and opened != product.args:
            found = filled_product(opened, self._opened_conditions(conditions))
        return product if found is None else found

    def _opened(self, expression: sympy.Expr) -> sympy.Expr:
        """Return an expression with observables put in."""
        return substituted(expression, self._definitions)

    # -- sums -----------------------------------------------------------------------------------

    def _opened_conditions(self, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple((self._opened(condition), wanted) for condition, wanted in conditions)

    def _sum(self, total: sympy.Expr, conditions: tuple[Condition, ...]) -> sympy.Expr:
        """Return a sum in which poles cancel, 1/tanh(x) - 1/x, with its singularity filled."""
        terms = {term: self._opened(term) for term in total.args}
        for zero in dict.fromkeys(zero for term in terms.values() for zero in own_poles(term)):
            poles = [term for term, opened in terms.items() if is_pole(opened, zero)]
            if len(poles) < 2 or not is_reached(self._opened_conditions(conditions), zero):
                continue
            found = filled_sum(poles, [terms[pole] for pole in poles], zero)
            if found is not None:
                return sympy.Add(*(term for term in total.args if term not in poles), found)
        return total


def _is_small(expression: sympy.Expr) -> bool:
    nodes = sympy.preorder_traversal(expression)
    return sum(1 for _, _ in zip(range(LARGEST_OBSERVABLE), nodes, strict=False)) < LARGEST_OBSERVABLE
