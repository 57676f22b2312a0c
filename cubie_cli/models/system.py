"""Makes the system of a model for the solvers, by having each of its expressions parsed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import sympy

from cubie_cli.documents.messages import UserError
from cubie_cli.models.events import number_name
from cubie_cli.models.expressions.names import Scope
from cubie_cli.models.expressions.parser import CONDITION_FOUND, parse_in
from cubie_cli.models.expressions.tokens import ExpressionError
from cubie_cli.models.model import Model
from cubie_cli.models.written import Written
from solvers.equations.limits import UnfilledError
from solvers.equations.rewriting import substituted
from solvers.equations.singularities import Singularities
from solvers.equations.system import (
    MIDDLE,
    TIME,
    Appointments,
    Event,
    System,
    driver_symbol,
    observable_symbol,
    parameter_symbol,
    slope_symbol,
    state_symbol,
)


def read_system(model: Model) -> System:
    """Read a model's expressions.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    quantities, symbols = model.quantities, _symbols(model)
    slopes = {name: slope_symbol(index) for index, name in enumerate(quantities.states)}
    reader = _Reader(model, symbols, Scope(symbols, slopes, model.vectors), Singularities())
    observables = tuple(reader.observable(name) for name in quantities.observables)
    derivatives = tuple(reader.derivative(name) for name in quantities.states)
    _check_slopes(model, symbols, set(slopes.values()), observables, derivatives)
    values = tuple((symbols[name], reader.value(name)) for name in model.computed)
    events = tuple(reader.event(index) for index in range(len(model.events)))
    return System(
        **vars(quantities),
        derivatives=derivatives,
        observable_expressions=observables,
        values=values,
        events=events,
    )


def names_of(model: Model) -> Mapping[sympy.Symbol, sympy.Symbol]:
    """Return for each symbol of a model's expressions one with the name that the user has for it."""
    names = {symbol: name for name, symbol in _symbols(model).items() if isinstance(symbol, sympy.Symbol)}
    return {symbol: sympy.Symbol(name) for symbol, name in {**names, MIDDLE: "t"}.items()}


def _text(model: Model, expression: sympy.Expr) -> str:
    return f"{float(expression):.15g}" if expression.is_number else str(substituted(expression, names_of(model)))


def _check_slopes(
    model: Model,
    symbols: Mapping[str, sympy.Symbol | float],
    slopes: set[sympy.Symbol],
    observables: Sequence[sympy.Expr],
    derivatives: Sequence[sympy.Expr],
) -> None:
    """Refuse equations that use the right-hand side of a state by way of an observable."""
    sloping: dict[sympy.Symbol, str] = {}
    for name, expression in zip(model.quantities.observables, observables, strict=True):
        if expression.free_symbols & (slopes | sloping.keys()):
            sloping[symbols[name]] = name
    for name, expression in zip(model.quantities.states, derivatives, strict=True):
        for symbol in expression.free_symbols & sloping.keys():
            message = f"the equation uses der by way of the observable {sloping[symbol]!r}; only observables may use it"
            raise model.error("equations", name, message, "write what stands on the right of that state's equation")


def _symbols(model: Model) -> Mapping[str, sympy.Symbol | float]:
    quantities = model.quantities
    return {
        **{name: state_symbol(index) for index, name in enumerate(quantities.states)},
        **{name: parameter_symbol(index) for index, name in enumerate(quantities.parameters)},
        **{name: observable_symbol(index) for index, name in enumerate(quantities.observables)},
        **{driver.name: driver_symbol(index) for index, driver in enumerate(quantities.drivers)},
        **model.constants,
        "t": TIME,
    }


@dataclass(frozen=True)
class _Reader:
    """Reads expressions; observables in the order of their use, and before derivatives; `moments` has all names."""

    model: Model
    symbols: Mapping[str, sympy.Symbol | float]
    moments: Scope
    singularities: Singularities

    @cached_property
    def _equations(self) -> Scope:
        """What equations and values know: no right-hand sides."""
        return Scope(self.symbols, vectors=self.model.vectors)

    def observable(self, name: str) -> sympy.Expr:
        return self._read("observables", name, self.moments, partial(self.singularities.define, self.symbols[name]))

    def derivative(self, name: str) -> sympy.Expr:
        return self._read("equations", name, self._equations, self.singularities.filled)

    def value(self, name: str) -> sympy.Expr:
        table = "parameters" if name in self.model.written.entries["parameters"] else "states"
        return self._read(table, name, self._equations, Singularities().filled)

    def event(self, index: int) -> Event:
        """Read the event at a position."""
        event = self.model.events[index]
        when = None if event.when is None else self._crossing(event.when)
        changes = tuple((self.symbols[name], self._moment(each)) for name, each in event.changes.items())
        return Event(when, event.direction, self._appointments(index) if event.times else None, changes)

    def _crossing(self, when: Written) -> sympy.Expr:
        try:
            found = self._moment(when)
        except UserError as error:
            if error.message == CONDITION_FOUND:
                error.hint = "an event fires where a number crosses zero: write x - 1.8 in place of x > 1.8"
            raise
        if found.free_symbols:
            return found
        message = "this is a constant, which never crosses zero"
        raise self.model.document.error(message, when.path, hint="write a difference, such as x - 1.8")

    def _moment(self, written: Written) -> sympy.Expr:
        """Read an expression in anything, as it is at a moment of a run."""
        return self._parsed(written, self.moments, self.singularities.filled)

    def _appointments(self, index: int) -> Appointments:
        times = {key: self._time(index, key, each) for key, each in self.model.events[index].times.items()}
        if "start" in times:
            start, every, count, until = (times.get(key) for key in ("start", "every", "count", "until"))
            return Appointments(start=start, every=every, count=count, until=until)
        return Appointments(times=tuple(times.values()))

    def _time(self, index: int, key: str, written: Written) -> sympy.Expr | str:
        if not isinstance(written.value, str):
            return number_name(index, key)
        known = {*self.model.quantities.parameters, *self.model.constants, "t"}
        symbols = {name: symbol for name, symbol in self.symbols.items() if name in known}
        return self._parsed(written, Scope(symbols, vectors=self.model.vectors), Singularities().filled)

    def _read(self, table: str, name: str, scope: Scope, fill: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
        return self._parsed(self.model.written.entries[table][name], scope, fill)

    def _parsed(self, written: Written, scope: Scope, fill: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
        try:
            return fill(parse_in(scope, str(written.value), written.indices, written.members))
        except ExpressionError as error:
            raise self.model.written.error(written, error) from None
        except UnfilledError as error:
            symbol, point = (_text(self.model, each) for each in (error.symbol, error.point))
            message = f"this is 0/0 where {symbol} = {point}, and has a limit there"
            hint = "give its value there by a choice, as in: 1 if abs(x) < 1e-6 else x/(exp(x) - 1 + k*x)"
            raise self.model.document.error(message, written.path, hint=hint) from None
