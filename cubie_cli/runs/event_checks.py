"""Refuses events that make no sense where runs begin, and tells what is to be known of the others."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import sympy

from cubie_cli.documents.messages import UserError, shortened
from cubie_cli.models.events import WrittenEvent
from cubie_cli.models.model import Model
from cubie_cli.models.written import Written
from solvers.equations.lowering import number_of
from solvers.equations.rewriting import substituted
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.switches import find_switches
from solvers.equations.system import (
    TIME,
    Appointments,
    System,
    observable_symbol,
    parameter_symbol,
)
from solvers.settings import SolveSettings

#: States and parameters of a run as it begins, in its precision.
Start = tuple[Sequence[np.generic], Sequence[np.generic]]

_EVERYWHERE = "it is so for the first, middle and last run; check parameters and initial values"


def check_events(model: Model, system: System, solve: SolveSettings, starts: Sequence[Start]) -> tuple[str, ...]:
    """Return what is to be known of events, as texts.

    Parameters
    ----------
    model, system
        What is written, and read.
    solve
        The span and the precision.
    starts
        Some runs as they begin. What is wrong in some of them only is no mistake: those runs end with a status.

    Raises
    ------
    UserError
        For an expression that is not finite at t0, and for times that are none.
    """
    told: list[str] = []
    for written, event in zip(model.events, system.events, strict=True):
        if event.appointments is not None:
            times = [_times_of(event.appointments, system, parameters) for _, parameters in starts]
            _check_times(model, written, times)
            told += _span_told(written, times, solve)
        elif event.when is not None and written.when is not None:
            _check_crossing(model, written.when, event.when, system, solve, starts)
            told += _crossing_told(written, event.when, system)
        if not (written.changes or written.facts.stop or written.facts.first):
            told.append(f"{written.facts.name} counts how often it fires, and does nothing else")
    return tuple(told)


def _error(model: Model, written: Written, message: str, hint: str) -> UserError:
    return model.document.error(message, written.path, hint=hint)


# -- expressions that cross zero ----------------------------------------------------------------


def _check_crossing(
    model: Model, written: Written, when: sympy.Expr, system: System, solve: SolveSettings, starts: Sequence[Start]
) -> None:
    """Refuse an expression that is finite at t0 in no run."""
    watched = replace(
        system,
        observables=(*system.observables, ""),
        observable_expressions=(*system.observable_expressions, when),
        events=(),
    )
    rhs = RightHandSide(find_switches(watched).system, solve.precision)
    value = rhs.observables((len(system.observables),))
    with np.errstate(all="ignore"):
        found = [float(value(np.float64(solve.t0), y, p)[0]) for y, p in starts]
    if not any(map(math.isfinite, found)):
        message = f"{shortened(str(written.value))} is {found[0]} at t0 = {solve.t0:g}"
        raise _error(model, written, message, _EVERYWHERE)


def _crossing_told(written: WrittenEvent, when: sympy.Expr, system: System) -> Iterator[str]:
    symbols = _expanded(when, system)
    parameters = {parameter_symbol(index) for index in range(len(system.parameters))}
    name = written.facts.name
    if _keeps_its_sign(when, system):
        yield f"{name} never fires: its expression may touch zero, and never crosses it; take what is within abs(...)"
        return
    if symbols & {symbol for event in system.events for symbol, _ in event.changes}:
        return
    if symbols <= parameters:
        yield f"{name} never fires: its expression depends on parameters alone, and no event sets them"
    elif symbols <= {TIME, *parameters}:
        yield f"{name} depends on t alone: times in 'at' are exact, and cost less"


def _keeps_its_sign(when: sympy.Expr, system: System) -> bool:
    """Return whether an expression is nowhere below zero, or nowhere above."""
    named = {observable_symbol(index): each for index, each in enumerate(system.observable_expressions)}
    whole = substituted(when, {symbol: named[symbol] for symbol in when.free_symbols & named.keys()})
    return bool(whole.is_nonnegative or whole.is_nonpositive)


def _expanded(expression: sympy.Expr, system: System) -> set[sympy.Symbol]:
    """Return the symbols of an expression with observables written out."""
    positions = {observable_symbol(index): index for index in range(len(system.observables))}
    symbols: set[sympy.Symbol] = set()
    pending = [expression]
    while pending:
        new = pending.pop().free_symbols - symbols
        symbols |= new
        pending += [system.observable_expressions[positions[symbol]] for symbol in new & positions.keys()]
    return symbols - positions.keys()


# -- times --------------------------------------------------------------------------------------


def _times_of(appointments: Appointments, system: System, parameters: Sequence[np.generic]) -> dict[str, float]:
    """Return the times of an event in a run, by the names of the fields of `Appointments`."""
    values = {parameter_symbol(index): float(value) for index, value in enumerate(parameters)}
    listed = {f"times[{index}]": time for index, time in enumerate(appointments.times)}
    fields = {key: getattr(appointments, key) for key in ("start", "every", "count", "until")}
    given = {key: time for key, time in (listed | fields).items() if time is not None}
    return {
        key: system.event_numbers[time] if isinstance(time, str) else number_of(time, values)
        for key, time in given.items()
    }


def _check_times(model: Model, written: WrittenEvent, times: Sequence[Mapping[str, float]]) -> None:
    """Refuse times that are none in every run."""
    for key, each in written.times.items():
        values = [run[key] for run in times]
        name = f"'{key}'" if "[" not in key else "this time"
        if not any(map(math.isfinite, values)):
            raise _error(model, each, f"{name} is {values[0]}", _EVERYWHERE)
        if key == "every" and not any(value > 0 for value in values):
            raise _error(model, each, f"'every' is {values[0]:g}, and must be more than 0", _EVERYWHERE)
        if key == "count" and not any(value >= 1 and value == round(value) for value in values):
            raise _error(model, each, f"'count' is {values[0]:g}, and must be whole and at least 1", _EVERYWHERE)


def _span_told(written: WrittenEvent, times: Sequence[Mapping[str, float]], solve: SolveSettings) -> Iterator[str]:
    """Yield what times lie outside the span in every run, and whether there are too many within."""
    name, span = written.facts.name, f"the span from {solve.t0:g} to {solve.t1:g}"
    if "start" not in written.times:
        outside = [key for key in written.times if all(not solve.t0 <= run[key] <= solve.t1 for run in times)]
        if outside:
            which = ", ".join(f"{times[0][key]:g}" for key in outside[:8]) + (", ..." if len(outside) > 8 else "")
            yield f"{name} does not fire at {which}: outside {span}"
        return
    firings = [_firings(run, solve) for run in times]
    if all(count == 0 for count, _ in firings):
        yield f"{name} never fires: its times are outside {span}"
    elif all(missed for _, missed in firings):
        yield f"{name} does not fire at its times before t0 = {solve.t0:g}"
    most = max((count for count, _ in firings), default=0.0)
    if most > solve.max_events:
        yield f"{name} has {most:,.0f} times within the span, and max_events is {solve.max_events:,}"


def _firings(times: Mapping[str, float], solve: SolveSettings) -> tuple[float, bool]:
    """Return how many of the times start + k*every are within the span, and whether any is before it."""
    start, every = times["start"], times["every"]
    if not (math.isfinite(start) and every > 0):
        return math.nan, False
    last: float = math.floor((min(solve.t1, times.get("until", math.inf)) - start) / every * (1 + 1e-12))
    last = min(last, times.get("count", math.inf) - 1)
    first = max(0, math.ceil((solve.t0 - start) / every * (1 - 1e-12)))
    return max(0.0, last - first + 1), start < solve.t0
