"""Random models, as text that a model file and Python read alike, each made from its seed."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from types import CodeType

import numpy as np

#: Among them such as SymPy has a meaning for.
NAMES = ("x", "S", "beta", "Q")
PARAMETERS = ("a", "N", "gamma")
RUNS = 4
#: Times saved, besides t0.
SAVES = 8

#: Terms that may stand in an equation, by kind: v and w are states, k and c numbers or parameters, p a power.
TERMS = {
    "polynomial": ("{k}*{v}*{w}", "{k}*{v}**2", "{k}*{v}", "{k}", "-{c}*{v}**2*{w}", "{k}*({v} - {w})*({v} + {c})"),
    "rational": (
        "{k}*{v}/(1 + {v}**2)",
        "{k}*{v}**2/({c} + {v}**2)",
        "{k}/(1 + {w}**2)",
        "{k}*{v}*{w}/(1 + {v}**2 + {w}**2)",
        "-{c}*{v}/({c} + abs({v}))",
        "({k} + {v})/({c} + {w}**2 + {v}**4)",
    ),
    "transcendental": (
        "{k}*sin({v})",
        "{k}*cos({w}*{v})",
        "{k}*exp(-{v}**2)",
        "{k}*tanh({v} - {w})",
        "{k}*log(1 + {v}**2)",
        "{k}*sin({c}*t + {w})",
        "{k}*exp(-{c}*t)*{v}",
        "{k}*atan({v})*erf({w})",
        "{k}*expm1(-{v}**2)",
        "{k}*sqrt(1 + {v}**2)",
        "{k}*atan2({v}, 1 + {w}**2)",
        "{k}*log1p({c}*{w}**2)",
    ),
    "stiff": (
        "-{L}*({v} - sin({c}*t))",
        "-{L}*({v} - tanh({w}))",
        "-{L}*({v} - {k})*(1 + {w}**2)",
        "-{L}*({v}**3 - {w})",
        "{L}*(cos({w}) - {v})/(1 + {w}**2)",
    ),
    "guards": (
        "({k} if {v} > {c} else {k}*{w})",
        "({v} if t < {c} else -{v})",
        "{k}*max({v}, {w})",
        "{k}*min({v}, {c})",
        "({k}*{v} if {v} > {c} and {w} < 1 else {k}*{w})",
        "{k}*max({v} - {c}, 0)",
        "(log({v})*{v} if {v} > 0.1 else {v})",
        "{k}*(1 if t < {c} or {w} > {c} else 0.5)",
        "-{c}*(sqrt({v}) if {v} > 0 else 0)",
    ),
    "powers": (
        "-{c}*{v}*abs({v})",
        "{k}*abs({v})**{p}",
        "-{c}*sign({v})*abs({v})**{p}",
        "{k}*max({v}, 0)**{p}",
        "{k}*(1 + {v}**2)**{p}/(1 + {v}**2)**2",
        "{k}*abs({v})**{p}/({c}**{p} + abs({v})**{p})",
        "{k}*t**{p}/(1 + t**{p})",
        "{k}*abs({v} - {w})",
        "{k}*pow(abs({v}) + {c}, {p} - 2)",
        "-{c}*{v}**3",
    ),
}
KINDS = tuple(TERMS)

_FUNCTIONS = ("exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "atan", "atan2", "sqrt", "erf", "pow")
_MEANINGS = {name: getattr(math, name) for name in _FUNCTIONS} | {
    "abs": abs,
    "min": min,
    "max": max,
    "sign": lambda value: math.copysign(1.0, value) if value else 0.0,
}

Slopes = Callable[..., list[float]]


@dataclass(frozen=True)
class RandomModel:
    """A random system of equations, and the values that it is solved for.

    Parameters
    ----------
    seed
        What it is made from.
    kind
        Where most of its terms are from.
    equations, observables
        Text by name.
    values
        `RUNS` values of each state at t0, and of each parameter, by name.
    t1
        The end.
    """

    seed: int
    kind: str
    equations: dict[str, str]
    observables: dict[str, str]
    values: dict[str, list[float]]
    t1: float

    @property
    def times(self) -> np.ndarray:
        """The times saved."""
        return np.linspace(0.0, self.t1, SAVES + 1)

    @property
    def text(self) -> str:
        """The tables of the model, in a run configuration."""
        parameters = [name for name in self.values if name not in self.equations]
        return "\n".join(
            [
                *_table("states", {name: self.values[name][0] for name in self.equations}),
                *_table("parameters", {name: self.values[name][0] for name in parameters}),
                *_table("equations", self.equations),
                *_table("observables", self.observables),
            ]
        )

    def start(self, run: int) -> list[float]:
        """Return the states at t0 of a run."""
        return [self.values[name][run] for name in self.equations]

    def slopes(self, run: int) -> Slopes:
        """Return the right-hand side (t, y) of a run, as Python understands the text; NaN where it is undefined."""
        return _slopes(_compiled(self), {name: self.values[name][run] for name in self.values})


def _table(name: str, entries: dict[str, float] | dict[str, str]) -> list[str]:
    return [f"[model.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in entries.items())]


def _compiled(model: RandomModel) -> CodeType:
    lines = [f"{', '.join(model.equations)}, = y", *(f"{name} = {text}" for name, text in model.observables.items())]
    return compile("\n".join([*lines, f"slopes = [{', '.join(model.equations.values())}]"]), "model", "exec")


def _slopes(code: CodeType, values: dict[str, float]) -> Slopes:
    known = _MEANINGS | values

    def slopes(t: float, y: Sequence[float]) -> list[float]:
        there = {**known, "t": float(t), "y": [float(value) for value in y]}
        try:
            exec(code, there)  # noqa: S102 - a text of this module's own making
        except (ArithmeticError, ValueError, TypeError):
            return [math.nan] * len(y)
        return there["slopes"]

    return slopes


def random_model(seed: int) -> RandomModel:
    """Return the model of a seed."""
    draw = Random(seed)  # noqa: S311 - it keeps no secret
    kind = KINDS[seed % len(KINDS)]
    states = NAMES[: draw.randint(1, 4)]
    observables = {"w1": _term(draw, kind, states)} if draw.random() < 0.3 else {}
    equations = {name: _equation(draw, kind, name, states, observables) for name in states}
    text = " ".join([*equations.values(), *observables.values()])
    starts = {name: [_start(draw) for _ in range(RUNS)] for name in states}
    parameters = {name: [_number(draw) for _ in range(RUNS)] for name in PARAMETERS if name in text}
    return RandomModel(seed, kind, equations, observables, starts | parameters, round(draw.uniform(1, 10), 2))


def _equation(draw: Random, kind: str, own: str, states: Sequence[str], observables: dict[str, str]) -> str:
    """Return a few terms, with damping that keeps most solutions bounded."""
    terms = [f"-{_number(draw)}*{own}"]
    if kind in {"polynomial", "guards"}:
        terms.append(f"-{_number(draw)}*{own}**3")
    for _ in range(draw.randint(1, 3)):
        chosen = kind if draw.random() < 0.75 else draw.choice([each for each in KINDS if each != "stiff"])
        # A stiff term pulls its own state to a slow one.
        terms.append(_term(draw, chosen, [own] if chosen == "stiff" else states, states))
    if observables and draw.random() < 0.6:
        terms.append(f"{_number(draw)}*w1")
    return " + ".join(terms)


def _term(draw: Random, kind: str, first: Sequence[str], second: Sequence[str] | None = None) -> str:
    return draw.choice(TERMS[kind]).format(
        v=draw.choice(first),
        w=draw.choice(second or first),
        k=_factor(draw),
        c=_positive(draw),
        p=draw.choice(["0.5", "1.5", "2", "2.5", "3", "1", "0.7", "N"]),
        L=f"{10 ** draw.uniform(2, 6):.0f}",
    )


def _factor(draw: Random) -> str:
    """Return a factor of either sign."""
    return ("" if draw.random() < 0.5 else "-") + _positive(draw)


def _positive(draw: Random) -> str:
    return draw.choice(PARAMETERS) if draw.random() < 0.3 else str(_number(draw))


def _number(draw: Random) -> float:
    return round(draw.uniform(0.1, 2.0), 3)


def _start(draw: Random) -> float:
    return 0.0 if draw.random() < 0.15 else round(draw.uniform(-2, 2), 3)
