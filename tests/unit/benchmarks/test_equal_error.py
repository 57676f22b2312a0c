"""Comparing with cubie 0.17 at equal error: the measure of the error, the search for tolerances, and a comparison."""

import json
import math
import sys

import numpy as np
import pytest

from benchmarks import beside_cubie
from benchmarks.cubie_cases import CASES
from benchmarks.cubie_yardstick import Cubie017, request
from benchmarks.equal_error import RUNG, bracket, rms_error

ADAPTIVE = CASES["explicit lorenz tsit5 adaptive float64"]
FIXED = CASES["explicit lorenz rk4 fixed float64"]


def test_the_error_of_many_runs_is_relative_to_each_state_or_to_its_usual_size():
    exact = np.array([[3.0, 1.0, 1.0, 1.0], [0.0, 0.0, 6.0, 0.0]])
    states = exact + np.array([[0.3, 0.0, 0.0, 0.0], [0.0, 0.3, 0.0, 0.0]])
    assert rms_error(states, exact) == pytest.approx(math.sqrt((0.1**2 + 0.1**2) / 8))


def test_runs_that_failed_have_no_error():
    exact = np.array([[2.0, 2.0]])
    assert rms_error(np.array([[np.nan, 2.2]]), exact) == pytest.approx(0.1)
    assert rms_error(np.full((1, 2), np.nan), exact) == math.inf


@pytest.mark.parametrize("power", [0.3, 1.0, 1.4])
@pytest.mark.parametrize("wanted", [0.03, 1.0, 30.0])
def test_two_rungs_are_found_with_the_error_between_them(power, wanted):
    tried = []

    def error_at(rung):
        tried.append(rung)
        return 1.1 * RUNG ** (power * rung)

    loose, tight = bracket(error_at, wanted, range(-20, 21))
    assert loose == tight + 1
    assert error_at(tight) <= wanted < error_at(loose)
    assert len(set(tried)) == len(tried) - 2  # nothing was tried twice


def test_a_ladder_that_ends_before_the_error_gives_one_rung():
    assert bracket(lambda rung: RUNG**rung, 1e9, range(-3, 4)) == [3]
    floor = {-3: 0.5, -2: 0.4, -1: 0.6, 0: 1.0}
    assert bracket(floor.__getitem__, 0.1, range(-3, 1)) == [-2]
    assert bracket(lambda rung: math.inf if rung > -2 else 0.1, 0.2, range(-3, 1)) == [-1, -2]


def test_hires_is_swept_by_the_rate_of_that_benchmark():
    model = CASES["stiff hires rodas4 adaptive float64"].problem.tables
    assert model["parameters"]["k1"] == 1.71
    assert [name for name, text in model["equations"].items() if "k1*y1" in text] == ["y1", "y2"]
    assert not any("1.71*y1" in text for text in model["equations"].values())


def test_that_program_is_asked_by_its_own_names():
    assert request(FIXED)["algorithm"] == "classical-rk4"
    assert request(CASES["explicit lorenz dormand_prince54 adaptive float32"])["algorithm"] == "rk45"
    assert request(ADAPTIVE, 64)["sample"] == 64


@pytest.mark.parametrize(("cubie", "lacking"), [(None, "--cubie-site"), (lambda: None, "a GPU")])
def test_what_is_lacking_is_told(cubie, lacking):
    (row,) = beside_cubie.measure([ADAPTIVE.name], "cpu", 1.0, (), cubie, 1)
    assert row.figures == {"measured": 0}
    assert lacking in row.notes[0]


def beside(tmp_path, monkeypatch, error):
    """Return rows beside a program whose results are all wrong by a relative error."""
    monkeypatch.setattr(Cubie017, "target", "cpu")
    cases = [case.on("cpu", 1e-3) for case in (ADAPTIVE, FIXED)]
    states = beside_cubie.reference(cases[0]).states * (1 + error)
    path = tmp_path / "python"
    answer = json.dumps({"ms": 2.0, "failed": 0, "states": states.tolist()})
    path.write_text(f"#!{sys.executable}\nimport sys\nfor line in sys.stdin:\n    print({answer!r}, flush=True)\n")
    path.chmod(0o755)
    names = [case.name for case in cases]
    return list(beside_cubie.measure(names, "cpu", 1e-3, (), lambda: Cubie017(None, str(path)), 2))


@pytest.mark.thorough
def test_our_time_is_read_at_the_error_of_the_other_program(tmp_path, monkeypatch):
    adaptive, fixed = beside(tmp_path, monkeypatch, 1e-5)
    assert adaptive.notes == fixed.notes == []
    figures = adaptive.figures
    assert figures["error"] <= figures["0.17 error"] <= 1e-5
    assert any(point["error"] > figures["0.17 error"] for point in adaptive.details["points"][0])
    assert figures["rtol"] > ADAPTIVE.rtol  # tsit5 is more accurate there
    assert adaptive.details["doubt"] < 1e-3 * figures["0.17 error"]
    assert fixed.figures["ratio"] == fixed.figures["at its rtol"]
    assert fixed.figures["attempts"] == 1000


@pytest.mark.thorough
def test_an_error_out_of_reach_is_told(tmp_path, monkeypatch):
    adaptive, _ = beside(tmp_path, monkeypatch, 1e-15)
    assert adaptive.figures["ms"] == math.inf
    assert "no tolerance" in adaptive.notes[0]
    adaptive, fixed = beside(tmp_path, monkeypatch, math.nan)
    assert "solved none" in adaptive.notes[0]
    assert "solved none" in fixed.notes[0]
