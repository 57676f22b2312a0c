"""A nerve and a heart cell, paced by short stimuli, against SciPy started anew at every edge."""

import math
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from support.events import told, with_events
from support.solving import make_problem, solve

from cubie_cli.documents.document import read_document
from cubie_cli.models.model import read_model
from cubie_cli.models.system import read_system
from solvers.status import Status

MODELS = Path(__file__).parents[2] / "configs" / "models"
#: Microamperes for some milliseconds, from a time on and then once a period.
NERVE = {
    "model": "hodgkin_huxley",
    "parameter": "current",
    "amplitude": 20.0,
    "start": 5.0,
    "every": 25.0,
    "width": 0.5,
}
HEART = {
    "model": "beeler_reuter",
    "parameter": "stimulus",
    "amplitude": 25.0,
    "start": 50.0,
    "every": 400.0,
    "width": 2.0,
}
CELLS = {cell["model"]: cell for cell in (NERVE, HEART)}
BEATS = 3
ATOL = {"V": 1e-4, "Ca": 1e-13}


def paced(cell):
    """Return a cell's system with events that switch its stimulus, whatever events it has itself."""
    system = read_system(read_model(read_document(MODELS / f"{cell['model']}.toml")))
    name, start, every = cell["parameter"], cell["start"], cell["every"]
    return with_events(
        system,
        {"name": "begin", "at": 0.0, "set": {name: 0.0}},
        {"name": "on", "at": {"start": start, "every": every}, "set": {name: cell["amplitude"]}},
        {"name": "off", "at": {"start": start + cell["width"], "every": every}, "set": {name: 0.0}},
        {"name": "spike", "when": "V + 20", "direction": "up", "record": BEATS},
    )


@cache
def by_scipy(name, times):
    """Return V of a cell at times."""
    cell = CELLS[name]
    model = tomllib.loads((MODELS / f"{cell['model']}.toml").read_text())
    names = {**vars(math), **model.get("constants", {}), **model["parameters"]}
    observables = {name: compile(text, name, "eval") for name, text in model["observables"].items()}
    equations = [compile(model["equations"][name], name, "eval") for name in model["states"]]

    def slope(_, y, current):
        values = {**names, **dict(zip(model["states"], y, strict=True)), cell["parameter"]: current}
        for each, code in observables.items():
            values[each] = eval(code, values)  # noqa: S307 - models of our own
        return [eval(code, values) for code in equations]  # noqa: S307

    edges = cell["start"] + np.arange(BEATS) * cell["every"]
    edges = np.sort([0.0, *edges, *(edges + cell["width"]), times[-1]])
    y, found, times = list(model["states"].values()), np.empty(len(times)), np.array(times)
    for number, (begin, end) in enumerate(pairwise(edges)):
        current = cell["amplitude"] * (number % 2)
        part = solve_ivp(slope, (begin, end), y, "Radau", args=(current,), rtol=1e-9, atol=1e-13, dense_output=True)
        inside = (times >= begin) & (times <= end)
        if inside.any():
            found[inside] = part.sol(times[inside])[0]
        y = part.y[:, -1]
    return found


@pytest.mark.one_in(4)
@pytest.mark.parametrize("algorithm", ["rodas5p", "kvaerno5", "radau_iia_5", "tsit5"])
@pytest.mark.parametrize("name", CELLS)
def test_a_paced_cell_follows_every_stimulus(name, algorithm):
    cell = CELLS[name]
    t1 = cell["start"] + (BEATS - 0.25) * cell["every"]
    times = np.linspace(0.0, t1, 301)
    reference = by_scipy(name, tuple(times))
    size = np.ptp(reference)
    assert size > 90.0
    system = paced(cell)
    atol = [ATOL.get(name, 1e-7) for name in system.states]
    problem = make_problem(system, algorithm, t1, at=times, rtol=1e-6, atol=atol, observables=())
    solution = solve(problem)
    assert solution.status.tolist() == [Status.SUCCESS]
    found = told(problem, solution)
    assert found["spike_count"].tolist() == [BEATS]
    assert np.abs(solution.variables[0, :, 0] - reference).max() < 1e-4 * size
    if algorithm != "tsit5":
        assert solution.steps[0] < 300 * BEATS
