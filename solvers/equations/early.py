"""What depends on time and not on states: it is known before the states are, and single precision would ruin it.

At t = 2.4e6 days a float32 tells moments a quarter of a day apart. So such parts of expressions are computed in
float64, each as large as it can be, and rounded where they meet states.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import sympy

from solvers.equations.system import MIDDLE, TIME, System, parameter_symbol

if TYPE_CHECKING:
    from solvers.equations.program import Step


class Parted(NamedTuple):
    """A sum or a product, without the operands that depend on time alone, and what these come to."""

    late: tuple[sympy.Expr, ...]
    early: sympy.Expr


class TimeFirst:
    """Tells apart what is computed early, and what has to wait for states.

    Parameters
    ----------
    late
        Symbols of states and drivers, and of what else is in the states' precision.
    """

    def __init__(self, late: Iterable[sympy.Symbol]) -> None:
        self._late = set(late)
        self._timed = {TIME, MIDDLE}

    def define(self, symbol: sympy.Symbol, expression: sympy.Expr) -> None:
        """Take a symbol that stands for an expression of known ones."""
        if not self._late.isdisjoint(expression.free_symbols):
            self._late.add(symbol)
        elif not self._timed.isdisjoint(expression.free_symbols):
            self._timed.add(symbol)

    def parted(self, expression: sympy.Expr) -> Parted | None:
        """Return a sum or a product in parts; None where there are no two operands to take together."""
        if not (expression.is_Add or expression.is_Mul) or self._timed.isdisjoint(expression.free_symbols):
            return None
        late = tuple(operand for operand in expression.args if not self._late.isdisjoint(operand.free_symbols))
        early = [operand for operand in expression.args if operand not in late]
        if not late or len(early) < 2 or all(self._timed.isdisjoint(operand.free_symbols) for operand in early):
            return None
        return Parted(late, expression.func(*early))

    def slots(self, symbols: Sequence[sympy.Symbol], steps: Sequence["Step"]) -> tuple[int, ...]:
        """Return the slots of steps that are computed early: what depends on time alone, and what that needs.

        Parameters
        ----------
        symbols
            The inputs of a program.
        steps
            Its operations.
        """
        late = {slot for slot, symbol in enumerate(symbols) if symbol in self._late}
        timed = {slot for slot, symbol in enumerate(symbols) if symbol in self._timed}
        early: set[int] = set()
        for step in steps:
            if not late.isdisjoint(step.operands):
                late.add(step.slot)
            elif not timed.isdisjoint(step.operands):
                timed.add(step.slot)
                early.add(step.slot)
        for step in reversed(steps):
            if step.slot in early:
                early.update(step.operands)
        return tuple(step.slot for step in steps if step.slot in early)


def time_first(precision: str, system: System, more: Iterable[sympy.Symbol] = ()) -> TimeFirst | None:
    """Return what tells apart the programs of a system; None in float64, where there is nothing to gain.

    Parameters
    ----------
    precision
        Of the states.
    system
        The equations.
    more
        Further inputs in the states' precision.
    """
    if precision == "float64":
        return None
    parameters = {parameter_symbol(index) for index in range(len(system.parameters))}
    late = [symbol for symbol in system.inputs if symbol not in parameters | {TIME, MIDDLE}]
    return TimeFirst([*late, *more])
