"""Building and rewriting expressions as they stand.

SymPy would multiply a factor into a sum, and look for proofs in conditions, for some without end.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sympy
from sympy.functions.elementary.piecewise import ExprCondPair


class _Branch(ExprCondPair):
    """A pair (value, condition): SymPy's own folds a choice in the condition into the one that it decides about."""

    def __new__(cls, value: Any, condition: Any) -> Any:
        return sympy.Tuple.__new__(cls, value, condition)


class Piecewise(sympy.Piecewise):
    """A choice of branches that stays one, whatever SymPy does with what it is in; printers know its name."""

    def __new__(cls, *branches: Any, **_options: Any) -> Any:
        """Return a choice of pairs (value, condition), which nothing has been carried out in."""
        return sympy.Basic.__new__(cls, *(_Branch(*map(sympy.sympify, branch)) for branch in branches))

    def doit(self, **hints: Any) -> Any:
        """Return SymPy's choice, carried out as far as conditions are known."""
        return sympy.Piecewise(*([part.doit(**hints) for part in branch.args] for branch in self.args))

    def _eval_power(self, _exponent: Any) -> None:
        """Leave a power of a choice a power."""


def choice(*branches: tuple[Any, Any]) -> sympy.Expr:
    """Return the value of the first pair (value, condition) whose condition holds; the last one's is true."""
    return Piecewise(*branches)


def less(first: Any, second: Any) -> Any:
    """Return the condition first < second."""
    return sympy.StrictLessThan(first, second, evaluate=False)


def at_most(first: Any, second: Any) -> Any:
    """Return the condition first <= second."""
    return sympy.LessThan(first, second, evaluate=False)


def distinct(expressions: Iterable[Any]) -> Iterator[Any]:
    """Yield all that expressions are made of, each once."""
    seen, pending = set(), [*expressions][::-1]
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            yield node
            pending.extend(reversed(node.args))


def substituted(expression: Any, values: Mapping[Any, Any]) -> Any:
    """Return an expression with values for symbols and numbers."""
    if expression in values:
        return values[expression]
    return rebuilt(expression, [substituted(argument, values) for argument in expression.args])


def rebuilt(node: Any, arguments: Sequence[Any]) -> Any:
    """Return a node with other arguments; only arithmetic is carried out."""
    if all(new is old for new, old in zip(arguments, node.args, strict=True)):
        return node
    if isinstance(node, ExprCondPair | sympy.Piecewise):
        return choice(*arguments) if isinstance(node, sympy.Piecewise) else _Branch(*arguments)
    if node.is_Mul:
        return product(arguments)
    if node.is_Add or node.is_Pow:
        return node.func(*arguments)
    return node.func(*arguments, evaluate=False)


def product(factors: Sequence[Any]) -> sympy.Expr:
    """Return a product; a number is not multiplied into a sum."""
    if len(factors) == 2 and factors[0].is_Number:
        inner, rest = factors[1].as_coeff_Mul()
        if rest.is_Add:
            return sympy.Mul(factors[0] * inner, rest, evaluate=False)
    return sympy.Mul(*factors)
