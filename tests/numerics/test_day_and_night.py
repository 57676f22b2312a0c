"""Atmospheric chemistry of 66 species: rates that follow the sun, and jump at each sunrise and sunset."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.cases import case_system
from support.solving import make_problem, solve

EMEP = json.loads((Path(__file__).parent.parent / "data" / "large.json").read_text(encoding="utf-8"))["cases"][0]


@pytest.mark.thorough
def test_days_and_nights_of_chemistry_are_solved():
    span = {"t0": EMEP["t0"], "rtol": 1e-6, "atol": 1.0}
    solution = solve(make_problem(case_system(EMEP), "rodas5p", EMEP["t_end"], observables=(), **span), target="cpu")
    found = dict(zip(EMEP["states"], solution.variables[:, -1, 0], strict=True))
    errors = [abs(found[name] / EMEP["reference"][name] - 1) for name in EMEP["compare_states"]]
    assert np.max(errors) < 2e-6
    assert solution.steps[0] < 3000
