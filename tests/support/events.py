"""Systems with events for tests, and what a solution tells of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import sympy
from sympy.parsing.sympy_parser import parse_expr

from solvers.equations.functions import FUNCTIONS
from solvers.equations.quantities import EventFacts
from solvers.equations.rewriting import choice
from solvers.equations.system import (
    TIME,
    Appointments,
    Event,
    System,
    observable_symbol,
    parameter_symbol,
    slope_symbol,
    state_symbol,
)
from solvers.execution.engine import Solution
from solvers.planning.problem import Problem

_DIRECTIONS = {"up": 1, "down": -1, "both": 0}
_SLOPE = "slope_of_"


def with_events(system: System, *events: Mapping[str, Any]) -> System:
    """Return a system with events, each as in a model file: texts are expressions, and lists of names are lists."""
    symbols = {name: state_symbol(i) for i, name in enumerate(system.states)}
    slopes = {f"{_SLOPE}{name}": slope_symbol(i) for i, name in enumerate(system.states)}
    symbols |= {name: parameter_symbol(i) for i, name in enumerate(system.parameters)}
    symbols |= {name: observable_symbol(i) for i, name in enumerate(system.observables)}
    names = {"t": TIME, "Piecewise": choice, "pi": sympy.pi, **symbols, **slopes}
    names |= {name: constructor for name, (constructor, *_) in FUNCTIONS.items()}

    def parsed(value: str | float) -> sympy.Expr:
        text = re.sub(r"der\((\w+)\)", rf"{_SLOPE}\1", str(value))
        return sympy.sympify(parse_expr(text, local_dict=names))

    numbers: dict[str, float] = {}

    def time(value: str | float, name: str) -> sympy.Expr | str:
        if isinstance(value, str):
            return parsed(value)
        numbers[name] = float(value)
        return name

    def made(index: int, event: Mapping[str, Any]) -> Event:
        changes = tuple((symbols[name], parsed(value)) for name, value in event.get("set", {}).items())
        if "when" in event:
            return Event(parsed(event["when"]), _DIRECTIONS[event.get("direction", "both")], None, changes)
        at, base = event["at"], f"events[{index}]"
        if isinstance(at, dict):
            return Event(
                appointments=Appointments(**{key: time(each, f"{base}.{key}") for key, each in at.items()}),
                changes=changes,
            )
        listed = at if isinstance(at, list) else [at]
        times = tuple(time(each, f"{base}.times[{number}]") for number, each in enumerate(listed))
        return Event(appointments=Appointments(times=times), changes=changes)

    return replace(
        system,
        events=tuple(made(index, event) for index, event in enumerate(events)),
        event_facts=tuple(_facts(system, event) for event in events),
        event_numbers=numbers,
    )


def _facts(system: System, event: Mapping[str, Any]) -> EventFacts:
    return EventFacts(
        event["name"],
        int(event.get("stop", 0)),
        event.get("record", 0),
        tuple(map(system.states.index, event.get("states", ()))),
        tuple(map(system.observables.index, event.get("observables", ()))),
    )


def told(problem: Problem, solution: Solution) -> dict[str, np.ndarray]:
    """Return the findings of a solution by name: shape (runs,), or (length, runs) of what is recorded."""
    return dict(_split(problem, solution.findings))


def _split(problem: Problem, rows: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    first = 0
    for finding in problem.exchange.findings:
        block = rows[first : first + finding.rows]
        yield finding.name, block if finding.dimension else block[0]
        first += finding.rows
    assert first == len(rows)
