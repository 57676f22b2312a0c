"""Makes of a model that is imported what a model file can say: values of parameters alone, equations without `der`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from cubie_cli.imports.formulas import TIME, ZERO, Apply, Formula, Name, Number, names_in, replaced
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
    slopes = {name: state.slope for name, state in model.states.items()}
    model.states = {
        name: replace(state, slope=_without_slopes(state.slope, slopes, ())) for name, state in model.states.items()
    }
    model.observables = {name: _without_slopes(formula, slopes, ()) for name, formula in model.observables.items()}
    _check_order("formulas", model.observables)
    start = _Start(model)
    model.parameters = {name: start.value(name, formula) for name, formula in model.parameters.items()}
    _check_order("values", model.parameters)
    model.states = {name: State(start.value(name, state.initial), state.slope) for name, state in model.states.items()}


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
        state = _sloped(part)
        if state is not None:
            return self._once(f"{SLOPE}({state})", self._model.states[state].slope)
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


def _sloped(part: Formula) -> str | None:
    """Return the state of which a part of a formula is the right-hand side, if it is one."""
    if not (isinstance(part, Apply) and part.operation == SLOPE):
        return None
    (state,) = part.arguments
    assert isinstance(state, Name)  # noqa: S101 - `der` has the name of a state
    return state.name


def _without_slopes(formula: Formula, slopes: Mapping[str, Formula], within: Sequence[str]) -> Formula:
    """Return a formula in which right-hand sides of states are written out."""

    def written_out(part: Formula) -> Formula | None:
        state = _sloped(part)
        if state is None:
            return None
        if state in within:
            raise NotRepresentableError(f"the rate of change of {state!r}, which depends on itself")
        return _without_slopes(slopes[state], slopes, (*within, state))

    replace_part: Callable[[Formula], Formula | None] = written_out
    return replaced(formula, replace_part)
