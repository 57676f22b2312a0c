"""A system of ODEs: names, values and expressions, as every other part reads them.

Expressions refer to quantities by position, never by the user's name, so no name can collide with anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import sympy


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


TIME = sympy.Symbol("t", real=True)


@dataclass(frozen=True)
class System:
    """A system dy/dt = f(t, y, p).

    Parameters
    ----------
    name
        A title for reports.
    states, initial_values
        Names and default initial values, in the order written.
    parameters, parameter_values
        Names and default values of what may be swept.
    derivatives
        One expression a state, in `state_symbol`, `parameter_symbol`, `observable_symbol` and `TIME`.
        Constants are substituted already.
    observables, observable_expressions
        Names and expressions; each refers to earlier observables only.
    units
        Optional unit by name.
    """

    name: str
    states: tuple[str, ...]
    initial_values: tuple[float, ...]
    parameters: tuple[str, ...]
    parameter_values: tuple[float, ...]
    derivatives: tuple[sympy.Expr, ...]
    observables: tuple[str, ...] = ()
    observable_expressions: tuple[sympy.Expr, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
