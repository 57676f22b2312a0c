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


@cache
def driver_symbol(index: int) -> sympy.Symbol:
    """Return the symbol of the driver at a position."""
    return sympy.Symbol(f"u{index}", real=True)


@cache
def driver_slope_symbol(index: int) -> sympy.Symbol:
    """Return the symbol of the derivative with respect to time of the driver at a position."""
    return sympy.Symbol(f"du{index}", real=True)


TIME = sympy.Symbol("t", real=True)
#: Where conditions of time alone are looked at; see `solvers.equations.switches`.
MIDDLE = sympy.Symbol("middle", real=True)


@dataclass(frozen=True)
class Appointments:
    """The times of an `at` event: some, or start + k*every for k >= 0.

    A time is an expression of parameters, or the name of a number in `Quantities.event_numbers`.

    Parameters
    ----------
    times
        Some times, in any order; where there is a `start`, none.
    start, every
        The first, and from each to the next; `every` > 0.
    count, until
        How many there are, or the last time at which one may be; None: no end but that of the span.
    """

    times: tuple[sympy.Expr | str, ...] = ()
    start: sympy.Expr | str | None = None
    every: sympy.Expr | str | None = None
    count: sympy.Expr | str | None = None
    until: sympy.Expr | str | None = None


@dataclass(frozen=True)
class Event:
    """What happens at given times, or where an expression crosses zero.

    What else is known of it, without SymPy, is the `EventFacts` at the same position.

    Parameters
    ----------
    when
        An expression in anything, `slope_symbol` too; None: there are appointments.
    direction
        Of crossings that count: 1 up, -1 down, 0 both.
    appointments
        The times; None: there is an expression.
    changes
        States and parameters by their symbols, and what they become; each is computed before any is changed.
    """

    when: sympy.Expr | None = None
    direction: int = 0
    appointments: Appointments | None = None
    changes: tuple[tuple[sympy.Symbol, sympy.Expr], ...] = ()


@dataclass(frozen=True)
class System(Quantities):
    """A system dy/dt = f(t, y, p): its quantities, and expressions for them.

    Parameters
    ----------
    derivatives
        One expression a state, in `state_symbol`, `parameter_symbol`, `observable_symbol`, `driver_symbol` and `TIME`.
        Constants are substituted already.
    observable_expressions
        One expression an observable; each refers to earlier observables only, and may refer to the right-hand side of a
        state by its `slope_symbol`, which derivatives do not.
    values
        Values that are expressions of parameters, by the `parameter_symbol` or `state_symbol` of what they are values
        of; each refers to earlier ones only.
    events
        What happens on the way, in the order in which it acts.
    """

    derivatives: tuple[sympy.Expr, ...] = ()
    observable_expressions: tuple[sympy.Expr, ...] = ()
    values: tuple[tuple[sympy.Symbol, sympy.Expr], ...] = ()
    events: tuple[Event, ...] = ()

    def place_of(self, symbol: sympy.Symbol) -> tuple[bool, int]:
        """Return whether a symbol is a state's, and not a parameter's, and the position of the state or parameter."""
        states = [state_symbol(index) for index in range(len(self.states))]
        parameters = [parameter_symbol(index) for index in range(len(self.parameters))]
        of_state = symbol in states
        return of_state, (states if of_state else parameters).index(symbol)

    @property
    def inputs(self) -> list[sympy.Symbol]:
        """The symbols that programs take values of, in their order; others follow them."""
        drivers = range(len(self.drivers))
        return [
            TIME,
            MIDDLE,
            *(state_symbol(index) for index in range(len(self.states))),
            *(parameter_symbol(index) for index in range(len(self.parameters))),
            *(driver_symbol(index) for index in drivers),
            *(driver_slope_symbol(index) for index in drivers),
        ]

    @property
    def used_drivers(self) -> tuple[int, ...]:
        """Positions of the drivers that any expression uses."""
        changes = (expression for event in self.events for _, expression in event.changes)
        whens = (event.when for event in self.events if event.when is not None)
        expressions = (*self.derivatives, *self.observable_expressions, *changes, *whens)
        symbols = set().union(*(each.free_symbols for each in expressions))
        return tuple(index for index in range(len(self.drivers)) if driver_symbol(index) in symbols)
