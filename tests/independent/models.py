"""Random models, each made from its seed: a third of them have events, switches or drivers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Any

import numpy as np
from scipy.integrate import odeint

from tests.independent.forcings import Forcing, Span, random_driver, random_switch
from tests.independent.happenings import Happening, random_appointment, random_crossing
from tests.independent.texts import compiled
from tests.support.random_models import TERMS

#: Among them such as SymPy has a meaning for.
STATES = ("x", "S", "beta", "Q", "I", "v0", "E", "N", "y", "zeta", "O", "gamma")
RATES = ("a", "k1", "rho")
KINDS = ("polynomial", "rational", "transcendental")
RUNS = 2
SAVES = 8
SUMMARIES = ("max", "min", "mean", "rms", "integral")
#: What every third model has some of.
FEATURES = ("appointment", "crossing", "switch", "driver")
#: One model in so many has a state that is pulled fast.
STIFF = 8
_FAST = ("-{L}*({v} - tanh({w}))", "-{L}*({v} - sin({c}*t))", "-{L}*({v} - {c}*{w}/(1 + {w}**2))")


@dataclass(frozen=True)
class Model:
    """A random system of equations with all that a model file says of it, and the values that it is solved for.

    Parameters
    ----------
    seed, kind
        What it is made from, and of which terms.
    span
        From when to when.
    equations, observables
        Text by name; forcings stand in them by name.
    forcings, happenings
        Switches and drivers; events.
    values
        `RUNS` values of each state at t0, then of each parameter, by name.
    saves
        The times saved.
    inlined
        Whether switches stand in the equations themselves, and not as observables.
    stiff
        Whether a state is pulled fast.
    """

    seed: int
    kind: str
    span: Span
    equations: dict[str, str]
    observables: dict[str, str]
    forcings: tuple[Forcing, ...]
    happenings: tuple[Happening, ...]
    values: dict[str, list[float]]
    saves: list[float]
    inlined: bool
    stiff: bool

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of what is no state."""
        return tuple(name for name in self.values if name not in self.equations)

    @property
    def smooth(self) -> bool:
        """Whether it has neither events nor switches nor drivers."""
        return not self.forcings and not self.happenings

    @property
    def read_by_equations(self) -> tuple[str, ...]:
        """Names of what equations use besides states and parameters, each after those that it uses."""
        return (*(forcing.name for forcing in self.forcings), *self.observables)

    @property
    def saved_observables(self) -> tuple[str, ...]:
        """Names of what is saved beside the states: switches too, where they are observables."""
        return tuple(self.table().get("observables", ()))

    def table(self) -> dict[str, Any]:
        """Return the model file."""
        switches = {forcing.name: f"({forcing.text})" for forcing in self.forcings if forcing.text}

        def written(text: str) -> str:
            return re.sub(r"\bu\d+\b", lambda found: switches.get(found[0], found[0]), text) if self.inlined else text

        observables = {name: written(text) for name, text in self.observables.items()}
        table: dict[str, Any] = {
            "states": {name: self.values[name][0] for name in self.equations},
            "parameters": {name: self.values[name][0] for name in self.parameters},
            "equations": {name: written(text) for name, text in self.equations.items()},
            "observables": observables if self.inlined else switches | observables,
            "drivers": {forcing.name: forcing.table for forcing in self.forcings if forcing.table},
            "events": [each.entry | ({"when": written(each.when)} if each.when else {}) for each in self.happenings],
        }
        return {name: part for name, part in table.items() if part}


def random_model(seed: int) -> Model:
    """Return the model of a seed."""
    draw = Random(f"independent:{seed}")  # noqa: S311 - it keeps no secret
    kind = KINDS[seed // 3 % len(KINDS)]
    span = Span(*_random_span(draw))
    states, stiff = STATES[: draw.randint(2, 12)], seed % STIFF == STIFF - 1
    observables = {"w1": _term(draw, kind, states)} if draw.random() < 0.4 else {}
    equations = {own: _equation(draw, kind, own, states, observables) for own in states}
    if stiff:
        slow = draw.choice(states)
        equations[slow] += " + " + draw.choice(_FAST).format(
            v=slow, w=draw.choice([each for each in states if each != slow]), c=_number(draw), L=draw.randint(30, 800)
        )
    asked = _features(draw, seed) if seed % 3 == 0 else []
    forcings = tuple(
        (random_switch if feature == "switch" else random_driver)(draw, number, span)
        for number, feature in enumerate(asked, 1)
        if feature in {"switch", "driver"}
    )
    for forcing in forcings:
        for own in draw.sample(states, 2):
            equations[own] += " + " + _forced(draw, forcing.name, own)
    rates = [rate for rate in RATES if rate in _words([*equations.values(), *observables.values()])]
    ways: dict[str, Any] = dict.fromkeys(states, _start) | dict.fromkeys(rates, _number)
    for forcing in forcings:
        ways |= forcing.parameters
    values = {name: [way(draw) for _ in range(RUNS)] for name, way in ways.items()}
    saves = _random_saves(draw, span)
    plain = Model(seed, kind, span, equations, observables, forcings, (), values, saves, draw.random() < 0.5, stiff)
    return _with_happenings(draw, plain, asked, rates)


def _with_happenings(draw: Random, plain: Model, asked: Sequence[str], rates: Sequence[str]) -> Model:
    states, happenings = tuple(plain.equations), []
    for number, feature in enumerate(asked, 1):
        name = f"event{number}"
        if feature == "appointment":
            happenings.append(random_appointment(draw, name, plain.span, states, rates))
        elif feature == "crossing":
            when = _random_when(draw, plain, "appointment" in asked)
            happenings.append(random_crossing(draw, name, when, states, rates, counts=draw.random() < 0.4))
    values = dict(plain.values)
    for happening in happenings:
        values |= {name: [way(draw) for _ in range(RUNS)] for name, way in happening.parameters.items()}
    return replace(plain, happenings=tuple(happenings), values=values)


def _features(draw: Random, seed: int) -> list[str]:
    first = FEATURES[seed // 3 % len(FEATURES)]
    return [first, *(draw.choice(FEATURES) for _ in range(draw.randint(0, 3)))]


def _random_span(draw: Random) -> tuple[float, float]:
    t0 = draw.choice([0.0, 0.0, 0.0, -1.5, 2.25, round(draw.uniform(-3, 3), 3)])
    return t0, t0 + draw.choice([1.0, 2.0, 3.0, 4.0, 6.0, 8.0])


def _random_saves(draw: Random, span: Span) -> list[float]:
    """Return times of which many coincide with what happens, or none."""
    if draw.random() < 0.6:
        return [span.t0 + span.length * k / SAVES for k in range(SAVES + 1)]
    return [span.t0, *sorted(draw.uniform(span.t0, span.t1) for _ in range(SAVES - 1)), span.t1]


def _random_when(draw: Random, model: Model, jumps: bool) -> str:  # noqa: FBT001 - states may jump
    """Return an expression that is zero somewhere on the way of the first run without events."""
    states = list(model.equations)
    v, w = draw.sample(states, 2)
    terms = [v, v, f"{v} - {w}", f"{v}*{w}", f"{v} + 0.5*sin(2*t)", *model.observables]
    if model.forcings:
        terms.append(f"{v} + 0.4*{model.forcings[0].name}")
    elif not jumps:
        terms.append(f"der({v})")
    text = draw.choice(terms)
    return f"{text} - {_typical(draw, model, text)}" if "der" not in text else text


def _typical(draw: Random, model: Model, text: str) -> float:
    """Return a value that an expression has on the way; forcings are held at what they are in the middle."""
    middle = model.span.t0 + 0.4937 * model.span.length
    known = [model.values[name][0] for name in model.parameters if name in model.values]
    values = {name: each[0] for name, each in model.values.items()}
    known += [piece.piece(values, middle)(middle) for piece in model.forcings]
    names = (*model.parameters, *(forcing.name for forcing in model.forcings))
    slopes = compiled(list(model.equations.values()), model.observables, tuple(model.equations), names)
    wanted = compiled([text], model.observables, tuple(model.equations), names)
    times = np.linspace(model.span.t0, model.span.t1, 50)
    start = [model.values[name][0] for name in model.equations]
    found = odeint(lambda y, t: slopes(t, y.tolist(), known), start, times, rtol=1e-4, mxstep=2000, printmessg=False)
    index = draw.randint(5, 40)
    value = wanted(times[index], found[index].tolist(), known)[0]
    return round(value, 4) if abs(value) < 1e3 else 0.5


def _equation(draw: Random, kind: str, own: str, states: Sequence[str], observables: dict[str, str]) -> str:
    """Return a few terms, with damping that keeps most solutions bounded."""
    terms = [f"-{_number(draw)}*{own}"]
    if kind == "polynomial":
        terms.append(f"-{_number(draw)}*{own}**3")
    kinds = [kind if draw.random() < 0.8 else draw.choice(KINDS) for _ in range(draw.randint(1, 3))]
    terms += [_term(draw, each, states) for each in kinds]
    if observables and draw.random() < 0.4:
        terms.append(f"{_number(draw)}*w1")
    return " + ".join(terms)


def _term(draw: Random, kind: str, states: Sequence[str]) -> str:
    """Return a term that is smooth."""
    smooth = [term for term in TERMS[kind] if "abs(" not in term]
    factor, positive = ("" if draw.random() < 0.5 else "-") + _positive(draw), _positive(draw)
    return draw.choice(smooth).format(v=draw.choice(states), w=draw.choice(states), k=factor, c=positive)


def _forced(draw: Random, forcing: str, own: str) -> str:
    return draw.choice(["{k}*{u}", "{k}*{u}", "-{k}*{u}**2*{v}", "{k}*sin({u} + {v})"]).format(
        k=_number(draw), u=forcing, v=own
    )


def _positive(draw: Random) -> str:
    return draw.choice(RATES) if draw.random() < 0.3 else str(_number(draw))


def _number(draw: Random) -> float:
    return round(draw.uniform(0.1, 2.0), 3)


def _start(draw: Random) -> float:
    return 0.0 if draw.random() < 0.15 else round(draw.uniform(-1.5, 1.5), 3)


def _words(texts: Sequence[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[A-Za-z_]\w*", text)}
