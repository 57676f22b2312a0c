"""Makes of a model that is imported what a model file can say: values of parameters alone, equations without `der`."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from cubie_cli.imports.formulas import (
    TIME,
    ZERO,
    Apply,
    Formula,
    Name,
    Number,
    difference,
    names_in,
    product,
    quotient,
    replaced,
)
from cubie_cli.imports.imported import ImportedModel, State
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.models.expressions.tokens import SLOPE
from cubie_cli.models.order_of_use import CircleError, in_order_of_use


def settle(model: ImportedModel) -> None:
    """Change a model's formulas so that they stand in a model file.

    Raises
    ------
    NotRepresentableError
        Naming what cannot be so written.
    """
    _write_out_slopes(model)
    _check_order("formulas", model.observables)
    start = _Start(model)
    model.parameters = {name: start.value(name, formula) for name, formula in model.parameters.items()}
    _check_order("values", model.parameters)
    model.states = {name: State(start.value(name, state.initial), state.slope) for name, state in model.states.items()}
    _check_numbers(model)


def _write_out_slopes(model: ImportedModel) -> None:
    """Put right-hand sides of states in place of `der`."""
    plain = _Slopes(model).plain
    states = {name: State(plain(state.initial), plain(state.slope)) for name, state in model.states.items()}
    model.observables = {name: plain(formula) for name, formula in model.observables.items()}
    model.parameters = {name: plain(formula) for name, formula in model.parameters.items()}
    model.events = [
        replace(
            event,
            when=None if event.when is None else plain(event.when),
            changes={name: plain(formula) for name, formula in event.changes.items()},
        )
        for event in model.events
    ]
    model.states = states


def _check_numbers(model: ImportedModel) -> None:
    of_events = [each for event in model.events for each in (event.at, event.when, *event.changes.values())]
    of_states = [each for state in model.states.values() for each in (state.initial, state.slope)]
    for formula in (*of_states, *model.parameters.values(), *model.observables.values(), *of_events):
        for value in _numbers(formula):
            if not math.isfinite(value):
                raise NotRepresentableError(f"the number {value}, which is not finite,")


def _numbers(formula: Formula | None) -> Iterator[float]:
    if isinstance(formula, Number):
        yield formula.value
    for each in formula.arguments if isinstance(formula, Apply) else ():
        yield from _numbers(each)


def _check_order(what: str, formulas: Mapping[str, Formula]) -> None:
    uses = {name: [each for each in names_in(formula) if each in formulas] for name, formula in formulas.items()}
    try:
        in_order_of_use(uses)
    except CircleError as circle:
        raise NotRepresentableError(f"a circle of {what} ({circle})") from None


class _Start:
    """What quantities are when a run begins, made of parameters."""

    def __init__(self, model: ImportedModel) -> None:
        self._model = model
        self._known: dict[str, Formula] = {}
        self._waiting: list[str] = []

    def value(self, name: str, formula: Formula) -> Formula:
        with self._within(name):
            return self._value(formula)

    def _value(self, formula: Formula) -> Formula:
        return replaced(formula, self._replacement)

    def _replacement(self, part: Formula) -> Formula | None:
        if part == TIME:
            return Number(self._model.start)
        if isinstance(part, Apply) and part.operation == "/" and part.arguments[0] == TIME and not self._model.start:
            return ZERO
        if not isinstance(part, Name) or part.name in self._model.parameters:
            return None
        if part.name in self._model.drivers:
            raise NotRepresentableError(f"a value made of the table {part.name!r}")
        states = self._model.states
        known = states[part.name].initial if part.name in states else self._model.observables[part.name]
        return self._once(part.name, known)

    def _once(self, name: str, formula: Formula) -> Formula:
        if name not in self._known:
            with self._within(name):
                self._known[name] = self._value(formula)
        return self._known[name]

    @contextmanager
    def _within(self, name: str) -> Iterator[None]:
        if name in self._waiting:
            circle = " -> ".join([*self._waiting[self._waiting.index(name) :], name])
            raise NotRepresentableError(f"a circle of values ({circle})")
        self._waiting.append(name)
        yield
        self._waiting.pop()


class _Slopes:
    """The derivatives of quantities with respect to time."""

    def __init__(self, model: ImportedModel) -> None:
        self._states = model.states
        self._observables = dict(model.observables)
        self._parameters = model.parameters
        self._within: list[str] = []

    def plain(self, formula: Formula) -> Formula:
        """Return a formula with derivatives written out."""
        return replaced(formula, self._replacement)

    def _replacement(self, part: Formula) -> Formula | None:
        if not (isinstance(part, Apply) and part.operation == SLOPE):
            return None
        (of,) = part.arguments
        if not isinstance(of, Name):
            return ZERO if isinstance(of, Number) else self._refused(part)
        if of.name in self._within:
            raise NotRepresentableError(f"the rate of change of {of.name!r}, which depends on itself,")
        self._within.append(of.name)
        found = self.plain(self._slope(of.name))
        self._within.pop()
        return found

    def _slope(self, name: str) -> Formula:
        if name in self._states:
            return self._states[name].slope
        if name in self._parameters:
            return ZERO
        formula = self._observables.get(name)
        if not (isinstance(formula, Apply) and formula.operation == "/"):
            return self._refused(Name(name))
        dividend, divisor = formula.arguments
        rates = [Apply(SLOPE, (each,)) for each in (dividend, divisor)]
        return quotient(difference(rates[0], product(Name(name), rates[1])), divisor)

    def _refused(self, part: Formula) -> Formula:
        name = part.name if isinstance(part, Name) else "a formula"
        raise NotRepresentableError(f"the rate of change of {name!r}, which has no equation,")
