"""What cubie makes of a model, against what the peers do."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cubie_cli import run
from tests.independent.models import SUMMARIES, Model
from tests.independent.walk import Told

#: Of `rtol`, and of the magnitude that an error is compared with: states may be small.
ATOL = 1e-3
MAX_STEPS = {"python": 3_000, "cpu": 200_000}
SUCCESS, STOPPED = 0, 6


@dataclass(frozen=True)
class Way:
    """How a model is solved.

    Parameters
    ----------
    dt_max
        0: none.
    """

    algorithm: str
    rtol: float
    target: str
    dt_max: float = 0.0

    def __str__(self) -> str:
        return f"{self.algorithm} at {self.rtol:.0e} on {self.target}"


def summarised(model: Model) -> list[str]:
    """Return the quantities that have summaries."""
    return [next(iter(model.equations)), *list(model.observables)[:1]]


def solved(model: Model, way: Way) -> Any:
    """Return the result of all runs of a model, from its text on."""
    solve: dict[str, Any] = {"t0": model.span.t0, "t1": model.span.t1, "algorithm": way.algorithm, "rtol": way.rtol}
    solve |= {"atol": ATOL * way.rtol, "max_steps": MAX_STEPS[way.target]}
    solve |= {"dt_max": way.dt_max} if way.dt_max else {}
    output = {
        "save_at": model.saves,
        "observables": list(model.saved_observables),
        "summaries": {name: list(SUMMARIES) for name in summarised(model)},
    }
    config = {
        "solve": solve,
        "batch": {"mode": "zip", "values": model.values},
        "output": output,
        "run": {"cache": False, "threads": 1},
    }
    return run(config, model=model.table(), target=way.target, progress=False)


def differences(model: Model, way: Way, result: Any, index: int, known: Told) -> dict[str, float]:
    """Return how far a run is from what is known, over the tolerance, by kinds of what is told; inf: not at all."""
    size = _state_sizes(known)
    found = np.array([result[name].values[:, index] for name in model.equations]).T
    differing = {"states": _worst(found, known.states, way.rtol * size)}
    if model.saved_observables:
        places = [model.read_by_equations.index(name) for name in model.saved_observables]
        found = np.array([result[name].values[:, index] for name in model.saved_observables]).T
        sizes = way.rtol * _observable_sizes(known)
        differing["observables"] = _worst(found, known.observables[:, places], sizes[places])
    if model.happenings:
        differing |= _of_events(model, way, result, index, known, way.rtol * size)
    return differing | _of_summaries(model, way, result, index, known)


def _state_sizes(known: Told) -> np.ndarray:
    return np.nan_to_num(np.abs(known.states)).max(axis=0) + ATOL


def _observable_sizes(known: Told) -> np.ndarray:
    """Return what errors are compared with: an observable near zero may be a difference of what is not."""
    return np.nan_to_num(np.abs(known.observables)).max(axis=0, initial=0.0) + 0.1 * _state_sizes(known).max()


def _of_events(model: Model, way: Way, result: Any, index: int, known: Told, scale: np.ndarray) -> dict[str, float]:
    differing = {"counts": 0.0, "times": 0.0, "left": 0.0}
    states, time_scale = list(model.equations), way.rtol * model.span.length
    for happening, firings in zip(model.happenings, known.firings, strict=True):
        if int(result[f"{happening.name}_count"].values[index]) != len(firings):
            differing["counts"] = math.inf
            continue
        first, recorded = happening.recorded
        times = result[f"{happening.name}_time"].values[:, index]
        differing["times"] = max(differing["times"], _worst(times, _rows(first, [t for t, _ in firings]), time_scale))
        for name in recorded:
            place = states.index(name)
            found = result[f"{happening.name}_{name}"].values[:, index]
            exact = _rows(first, [left[place] for _, left in firings])
            differing["left"] = max(differing["left"], _worst(found, exact, scale[place]))
    if any(happening.stop for happening in model.happenings):
        found = float(result["t_end"].values[index])
        differing["times"] = max(differing["times"], _worst(found, known.t_end, time_scale))
    if (int(result.status.values[index]) == STOPPED) != known.stopped:
        differing["counts"] = math.inf
    return differing


def _rows(first: int, values: list[float]) -> list[float]:
    """Return what is recorded of some firings: NaN where there are fewer."""
    return [*values, *[math.nan] * first][:first]


def _of_summaries(model: Model, way: Way, result: Any, index: int, known: Told) -> dict[str, float]:
    length = known.t_end - model.span.t0
    if not length:
        return {}
    worst = 0.0
    for number, name in enumerate(summarised(model)):
        integral, rms = known.integrals[number], math.sqrt(known.squares[number] / length)
        exact, magnitude = {"integral": integral, "mean": integral / length, "rms": rms}, rms
        if known.extremes is not None:
            low, high = known.extremes[number]
            exact |= {"max": high, "min": low}
            magnitude = max(-low, high)
        for kind, value in exact.items():
            found = float(result[f"{name}_{kind}"].values[index])
            size = way.rtol * (magnitude + ATOL) * (length if kind == "integral" else 1.0)
            worst = max(worst, _worst(found, value, size))
    return {"summaries": worst}


def _worst(found: Any, exact: Any, size: Any) -> float:
    """Return the largest difference; NaN has to be where NaN is."""
    found, exact = np.asarray(found, dtype=float), np.asarray(exact, dtype=float)
    if not (np.isnan(found) == np.isnan(exact)).all():
        return math.inf
    return float(np.max(np.nan_to_num(np.abs(found - exact) / size, nan=0.0), initial=0.0))


def agreement(one: Told, other: Told) -> float:
    """Return how far two peers differ, over the magnitude; inf where something happens for one of them only."""
    if one.counts != other.counts or one.stopped != other.stopped:
        return math.inf
    size = np.abs(one.integrals) + np.sqrt(one.squares) + ATOL
    times = [np.array([time for each in told.firings for time, _ in each]) for told in (one, other)]
    return max(
        _worst(one.states, other.states, _state_sizes(one)),
        _worst(one.observables, other.observables, _observable_sizes(one)),
        _worst(one.integrals, other.integrals, size),
        _worst(np.sqrt(one.squares), np.sqrt(other.squares), size),
        _worst(*times, 1.0),
    )
