"""Which states the expressions of a system depend on."""

import sympy

from solvers.equations.depth import deep_recursion
from solvers.equations.system import System, observable_symbol, slope_symbol, state_symbol


class Reads:
    """Tells which states expressions depend on, by themselves, through observables or right-hand sides.

    Parameters
    ----------
    system
        The equations.
    """

    def __init__(self, system: System) -> None:
        self._derivatives = system.derivatives
        self._states = {state_symbol(index) for index in range(len(system.states))}
        named = zip(map(observable_symbol, range(len(system.observables))), system.observable_expressions, strict=True)
        slopes = zip(map(slope_symbol, range(len(system.states))), system.derivatives, strict=True)
        self._meant = dict([*named, *slopes])
        self._known: dict[sympy.Symbol, frozenset[sympy.Symbol]] = {}

    def __call__(self, expression: sympy.Expr) -> frozenset[sympy.Symbol]:
        """Return the symbols of the states."""
        symbols = expression.free_symbols
        for each in symbols & self._meant.keys() - self._known.keys():
            with deep_recursion():
                self._known[each] = self(self._meant[each])
        return frozenset(symbols & self._states).union(*(self._known[each] for each in symbols & self._meant.keys()))

    @property
    def entries(self) -> int:
        """How many states all equations depend on, together: entries of the Jacobian, about."""
        return sum(len(self(each)) for each in self._derivatives)
