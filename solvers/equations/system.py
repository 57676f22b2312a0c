"""A system of ODEs: names, values and expressions, as every other part reads them.

Expressions refer to quantities by position, never by the user's name, so no name can collide with anything.
"""

from dataclasses import dataclass
from functools import cache

import sympy

from solvers.equations.quantities import Quantities


@cache
def state_symbol(index: int) -> sympy.Symbol:
    """Return the symbol of the state at a position."""
    return sympy.Symbol(f"y{index}", real=True)


@cache
def parameter_symbol(index: int) -> sympy.Symbol:
    """Return the symbol of the parameter at a position."""
    return sympy.Symbol(f"p{index}", real=True)


@cache
def observable_symbol(index: int) -> sympy.Symbol:
    """Return the symbol of the observable at a position."""
    return sympy.Symbol(f"w{index}", real=True)


@cache
def slope_symbol(index: int) -> sympy.Symbol:
    """Return the symbol of the right-hand side of the state at a position."""
    return sympy.Symbol(f"d{index}", real=True)


TIME = sympy.Symbol("t", real=True)
#: Where conditions of time alone are looked at; see `solvers.equations.switches`.
MIDDLE = sympy.Symbol("middle", real=True)


@dataclass(frozen=True)
class System(Quantities):
    """A system dy/dt = f(t, y, p): its quantities, and expressions for them.

    Parameters
    ----------
    derivatives
        One expression a state, in `state_symbol`, `parameter_symbol`, `observable_symbol` and `TIME`.
        Constants are substituted already.
    observable_expressions
        One expression an observable; each refers to earlier observables only, and may refer to the right-hand side of a
        state by its `slope_symbol`, which derivatives do not.
    values
        Values that are expressions of parameters, by the `parameter_symbol` or `state_symbol` of what they are values
        of; each refers to earlier ones only.
    """

    derivatives: tuple[sympy.Expr, ...] = ()
    observable_expressions: tuple[sympy.Expr, ...] = ()
    values: tuple[tuple[sympy.Symbol, sympy.Expr], ...] = ()
