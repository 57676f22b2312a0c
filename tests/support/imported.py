"""Solves the text of a model file by SciPy, without any code of the package: its expressions are Python's too."""

import math
import re
import tomllib
from dataclasses import dataclass

import numpy as np
from scipy.integrate import DOP853
from scipy.optimize import brentq

_FUNCTIONS = {name: getattr(math, name) for name in dir(math) if not name.startswith("_")} | {
    "abs": abs,
    "min": min,
    "max": max,
    "sign": lambda x: float(np.sign(x)),
    "mod": lambda x, y: x - y * math.floor(x / y),
    "heaviside": lambda x: float(x >= 0),
    "clip": lambda x, low, high: max(min(x, high), low),
}
#: Heights at which an event has just fired.
_ZERO = 1e-10
#: How far behind a root a jump is over for certain.
_BEYOND = 4e-12
_SIGNS = {"up": 1, "down": -1, "both": 0}


class TextModel:
    """A model file's text, as something that can be evaluated.

    Drivers are linear between their times.
    """

    def __init__(self, text):
        tables = tomllib.loads(re.sub(r"\blambda\b", "lambda_", text))  # a keyword of Python
        self.states = tables["states"]
        self.parameters = tables.get("parameters", {})
        self.slopes = {name: _code(tables["equations"][name]) for name in self.states}
        self.observables = {name: _code(text) for name, text in tables.get("observables", {}).items()}
        self.drivers = tables.get("drivers", {})
        self.events = [_Event(each) for each in tables.get("events", [])]

    def start(self, **values):
        """Return states and parameters by name, with other values for some."""
        given = self.parameters | self.states | values
        known = {name: value for name, value in given.items() if not isinstance(value, str)}
        waiting = {name: _code(value) for name, value in given.items() if isinstance(value, str)}
        while waiting:
            ready = [name for name, code in waiting.items() if set(code.co_names) - {*_FUNCTIONS} <= known.keys()]
            assert ready, waiting
            for name in ready:
                known[name] = _value(waiting.pop(name), known)
        return known

    def everything(self, t, known):
        """Return all quantities at a time, observables too."""
        found = known | {"t": t}
        for name, table in self.drivers.items():
            found[name] = float(np.interp(t, table["times"], table["values"]))
        waiting = dict(self.observables)
        while waiting:
            ready = [name for name, code in waiting.items() if not waiting.keys() & set(code.co_names)]
            for name in ready:
                found[name] = _value(waiting.pop(name), found)
        return found

    def rates(self, t, known):
        """Return the derivatives of the states by name."""
        found = self.everything(t, known)
        return {name: _value(code, found) for name, code in self.slopes.items()}

    def solve(self, times, stops=(), **values):
        """Return all quantities at some times, by name; steps end at `stops`."""
        solver = _Solver(self, self.start(**values))
        rows = [solver.at(time, stops) for time in times]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}


class _Event:
    def __init__(self, table):
        self.when = _code(table["when"]) if "when" in table else None
        self.at = _code(str(table["at"])) if "at" in table else None
        self.direction = _SIGNS[table.get("direction", "both")]
        self.changes = {name: _code(str(value)) for name, value in table.get("set", {}).items()}


@dataclass
class _Solver:
    model: TextModel
    known: dict
    t: float = 0.0

    def __post_init__(self):
        events = self.model.events
        self.due = {index: _value(event.at, self.known) for index, event in enumerate(events) if event.at}
        self.signs = [float(np.sign(self._height(index, self.t, self.known))) for index in range(len(events))]
        self._act([index for index, time in self.due.items() if time == 0])

    def at(self, time, stops):
        while self.t < time:
            end = min([time, *(each for each in (*self.due.values(), *stops) if self.t < each <= time)])
            self._go(end)
            if self.t == end:
                self._act([index for index, due in self.due.items() if due == end])
        return self.model.everything(self.t, self.known)

    def _height(self, index, t, known):
        event = self.model.events[index]
        return _value(event.when, self.model.everything(t, known)) if event.when else 0.0

    def _sign(self, index, t, known):
        height = self._height(index, t, known)
        return float(np.sign(height)) if abs(height) > _ZERO else 0.0

    def _known_at(self, y):
        return self.known | dict(zip(self.model.states, map(float, y), strict=True))

    def _go(self, end):
        """Go on to a time, or to the first crossing before it."""
        solver = DOP853(
            lambda t, y: list(self.model.rates(t, self._known_at(y)).values()),
            self.t,
            [self.known[name] for name in self.model.states],
            end,
            rtol=1e-9,
            atol=1e-12,
            max_step=0.25,
        )
        while solver.status == "running":
            solver.step()
            known = self._known_at(solver.y)
            before = list(self.signs)
            crossed = self._crossed([self._sign(index, solver.t, known) for index in range(len(self.signs))])
            if crossed:
                self._stop_in(solver, crossed, before)
                return
        assert solver.status == "finished", solver.status
        self.t, self.known = end, self._known_at(solver.y)

    def _crossed(self, signs):
        """Return which events' heights have changed their signs since they were looked at, and note the signs."""
        events = self.model.events
        found = [
            index
            for index, (old, new) in enumerate(zip(self.signs, signs, strict=True))
            if old * new < 0 and events[index].direction in (0, new)
        ]
        self.signs = [new or old for old, new in zip(self.signs, signs, strict=True)]
        return found

    def _stop_in(self, solver, crossed, before):
        inside = solver.dense_output()
        roots = {
            index: brentq(
                lambda t, index=index: self._height(index, t, self._known_at(inside(t))), solver.t_old, solver.t
            )
            for index in crossed
        }
        first = min(roots.values())
        self.t = min(first + _BEYOND, solver.t)
        self.known = self._known_at(inside(self.t))
        fired = [index for index, root in roots.items() if root == first]
        self.signs = [
            new if index in fired else old for index, (old, new) in enumerate(zip(before, self.signs, strict=True))
        ]
        self._act(fired)

    def _act(self, fired):
        """Let events act in the order written, each on what the one before left, until none crosses zero any more."""
        while self._acted(fired):
            fired = []

    def _acted(self, fired):
        """Return whether anything happens when each event has its turn; `fired` act in any case."""
        acted = []
        for index, event in enumerate(self.model.events):
            sign = self._sign(index, self.t, self.known)
            crosses = event.when is not None and self.signs[index] * sign < 0 and event.direction in (0, sign)
            if index not in fired and not crosses:
                continue
            everything = self.model.everything(self.t, self.known)
            self.known |= {name: _value(code, everything) for name, code in event.changes.items()}
            self.signs[index] = self._sign(index, self.t, self.known) or self.signs[index]
            acted.append(index)
        self._note()
        return acted

    def _note(self):
        """Note the signs of what does not cross zero."""
        for index, event in enumerate(self.model.events):
            sign = self._sign(index, self.t, self.known)
            if not (self.signs[index] * sign < 0 and event.direction in (0, sign)):
                self.signs[index] = sign or self.signs[index]


def _code(text):
    return compile(text, "<expression>", "eval")


def _value(code, known):
    try:
        return float(eval(code, {"__builtins__": {}}, _FUNCTIONS | known))  # noqa: S307 - texts of the tests' own models
    except ValueError:  # a trial step may be where a function is not defined
        return math.nan
