"""What depends on time or drivers and on no state: it is the same in all equations that have it."""

from collections.abc import Iterable, Sequence
from typing import Any

import sympy

from solvers.equations.early import time_first
from solvers.equations.lowering import compile_program
from solvers.equations.program import Program
from solvers.equations.system import System, parameter_symbol, state_symbol

#: Such parts of all equations together, at most: each is worked out by itself.
MOST_PARTS = 32


class TimedParts:
    """Takes such parts out of expressions, and has a symbol for each.

    Parameters
    ----------
    system
        The equations.

    Attributes
    ----------
    symbols
        Those of the parts, by what they stand for.
    """

    def __init__(self, system: System) -> None:
        self._states = frozenset(state_symbol(index) for index in range(len(system.states)))
        parameters = (parameter_symbol(index) for index in range(len(system.parameters)))
        self._timed = frozenset(system.inputs).difference(self._states, parameters)
        self.symbols: dict[sympy.Expr, sympy.Symbol] = {}

    def taken_out(self, expressions: Sequence[sympy.Expr]) -> list[sympy.Expr]:
        """Return expressions with symbols for their parts; as they are, where parts are too many."""
        found = [self._without(each) for each in expressions]
        if len(self.symbols) <= MOST_PARTS:
            return found
        self.symbols.clear()
        return list(expressions)

    def program(self, system: System, precision: str) -> Program:
        """Return the program that computes all parts."""
        return compile_program(system.inputs, list(self.symbols), (), time_first(precision, system))

    def _without(self, expression: Any) -> Any:
        if self._timed.isdisjoint(expression.free_symbols):
            return expression
        if self._states.isdisjoint(expression.free_symbols):
            return self._symbol(expression)
        if not isinstance(expression, sympy.Add | sympy.Mul | sympy.Pow | sympy.Function) or _chooses(expression):
            return expression
        if not (expression.is_Add or expression.is_Mul):
            return expression.func(*map(self._without, expression.args))
        part = self._part(expression)
        rest = [self._without(each) for each in expression.args if each not in part]
        return expression.func(*rest, *([self._symbol(expression.func(*part))] if part else []))

    def _part(self, expression: Any) -> list[Any]:
        """Return the operands of a sum or a product that are taken out of it as one.

        Of a sum these are all that have no states: what is left of a time less a number may be much smaller than both.
        """
        stateless = [each for each in expression.args if self._states.isdisjoint(each.free_symbols)]
        timed = [each for each in stateless if not self._timed.isdisjoint(each.free_symbols)]
        return stateless if timed and expression.is_Add else timed

    def _symbol(self, part: sympy.Expr) -> sympy.Symbol:
        return self.symbols.setdefault(part, sympy.Symbol(f"part{len(self.symbols)}", real=True))


def _chooses(expression: Any) -> bool:
    """Return whether an expression has conditions, which are no numbers."""
    parts: Iterable[Any] = expression.args
    return isinstance(expression, sympy.Piecewise) or any(not isinstance(each, sympy.Expr) for each in parts)
