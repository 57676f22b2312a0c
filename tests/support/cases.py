"""Reference problems with solutions of 18 digits, and how far a result is from them.

`tests/data/cases.json` says for each where it comes from and how its solution was verified.
"""

import json
from pathlib import Path

import numpy as np
from support.systems import make_system

from solvers.equations.system import System

CASES = {
    case["name"]: case
    for case in json.loads((Path(__file__).parent.parent / "data" / "cases.json").read_text(encoding="utf-8"))["cases"]
}
STIFF = {name: case for name, case in CASES.items() if case["stiff"]}
NONSTIFF = {name: case for name, case in CASES.items() if not case["stiff"]}


def case_system(case: dict) -> System:
    """Return a case's system; its auxiliary quantities become observables."""
    return make_system(
        dict(zip(case["states"], case["y0"], strict=True)),
        case["equations"],
        case["params"],
        dict(case["aux"]),
    )


def case_points(case: dict) -> tuple[list[float], np.ndarray]:
    """Return the times of a case, samples and end, and the states there, shape (states, times)."""
    samples = case.get("samples", [])
    end = [case["reference"][name] for name in case["states"]]
    return [*(each["t"] for each in samples), case["t_end"]], np.array([*(each["y"] for each in samples), end]).T


def worst_error(case: dict, found: np.ndarray, floor: float = 1e-3) -> float:
    """Return the largest error of a result of shape (states, times).

    Errors are relative to the reference, or to `floor` times the largest state where the reference is smaller: an
    absolute tolerance says nothing about states that have decayed.
    """
    _, reference = case_points(case)
    rows = [case["states"].index(name) for name in case["compare_states"]]
    gaps, size = np.abs(found - reference)[rows], np.abs(reference)[rows]
    return float((gaps / np.maximum(size, max(case["compare_atol"], floor * size.max()))).max())
