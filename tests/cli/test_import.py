"""`cubie import`: files, notes and refusals, as they are seen from the shell."""

import json
import shutil
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.integrate import solve_ivp

DATA = Path(__file__).parents[1] / "data"
ODE = "par k=2\nx'=-k*x + der\nder'=-der\nx(0)=1\n@ total=4, dt=.01, meth=rk4\ndone\n"
RUN = """
model = {{ file = "{}.toml" }}
solve = {{ t0 = 0.0, t1 = {} }}
output = {{ file = "result.h5", save_every = 0.5, states = {} }}
"""


pytestmark = pytest.mark.usefixtures("source")


@pytest.fixture
def source(folder):
    path = folder / "decay.ode"
    path.write_text(ODE)
    return path


def test_a_model_and_its_run_are_written_and_valid(cubie, tmp_path):
    found = cubie("import", "decay.ode")
    assert found.code == 0
    assert "decay.toml: decay, 2 states, 1 parameter\n" in found.out
    assert cubie("validate", "decay.run.toml").code == 0
    assert 'x = "-k*x + der_"' in (tmp_path / "decay.toml").read_text()


def test_what_exists_is_kept(cubie):
    assert cubie("import", "decay.ode").code == 0
    again = cubie("import", "decay.ode")
    assert again.code == 5
    assert "the output exists: decay.toml" in again.err
    assert cubie("import", "decay.ode", "--force").code == 0
    assert cubie("import", "decay.ode", "--output", "decay.ode", "--force").code == 5


def test_names_of_files_and_json(cubie, tmp_path):
    found = cubie("import", "decay.ode", "-o", "m.toml", "--config", "r.toml", "--json")
    told = json.loads(found.out)
    assert told["states"] == 2
    assert (told["model"], told["config"]) == ("m.toml", "r.toml")
    assert (tmp_path / "r.toml").read_text().count('file = "m.toml"') == 1
    assert cubie("import", "decay.ode", "-o", "a.toml", "--config", "a.toml").code == 2


def test_a_refusal_shows_the_line(cubie, source, tmp_path):
    source.write_text("x'=-x\nwiener w\n")
    found = cubie("import", "decay.ode")
    assert found.code == 3
    assert "decay.ode:2:1: 'wiener', noise, cannot be imported\n    wiener w\n" in found.err
    assert not (tmp_path / "decay.toml").exists()


def test_a_problem_in_petab_is_solved_in_all_its_conditions(cubie, folder):
    """The second experiment is inhibited from 2 to 6, when half of the dimer is taken away."""
    shutil.copytree(DATA / "petab", folder / "petab")
    assert cubie("import", "petab/courses.yaml").code == 0
    assert "the output exists" in cubie("import", "petab/courses.yaml").err
    told = json.loads(cubie("import", "petab/courses.yaml", "--force", "--json").out)
    assert (told["conditions"], told["sample"]) == ("courses.conditions.csv", "courses.sample.toml")
    settings = ["run.target=python", "solve.algorithm=tsit5", "solve.rtol=1e-7", "output.file=courses.h5"]
    options = [word for each in settings for word in ("--set", each)]
    assert cubie("run", "courses.run.toml", *options).code == 0
    with h5py.File("courses.h5") as file:
        found = {name: file[name][()].T for name in ("M", "D", "dimer", "free")}
    wanted = np.array([courses(), courses((2.0, 4.0, 1.0), (6.0, 0.0, 0.5))])
    np.testing.assert_allclose(found["M"], wanted[:, 0], rtol=1e-5)
    np.testing.assert_allclose(found["dimer"], 2 * wanted[:, 1], rtol=1e-5)
    m, times = wanted[:, 0], np.array([1.0, 2.0, 7.0, 8.0])
    np.testing.assert_allclose(found["free"], np.where(m > 0.5, np.log(m), -np.sqrt(times)), rtol=1e-4)
    sampled = cubie("validate", "courses.run.toml", "--set", "@courses.sample.toml")
    assert "2,048 runs" in sampled.out


def courses(*changes):
    """Return M and D at the times of the measurements, shape (2, times); a change: time, inhibitor, share of D left."""
    y, t, inhibitor, rows = np.array([1.2, 0.0]), 0.0, 0.0, []
    for end, after, left in [*changes, (9.0, 0.0, 1.0)]:
        slope = partial(dimerisation, inhibitor=inhibitor)
        times = [each for each in (1.0, 2.0, 7.0, 8.0) if t <= each < end]
        done = solve_ivp(slope, (t, end), y, t_eval=[*times, end], rtol=1e-9, atol=1e-12)
        rows += list(done.y.T[:-1])
        y, t, inhibitor = done.y[:, -1] * [1.0, left], end, after
    return np.array(rows).T


def dimerisation(_, y, inhibitor):
    binding = 0.3 * y[0] ** 2 / (1 + inhibitor) - 0.2 * y[1]
    return [-2 * binding, binding - 0.05 * y[1]]


def test_events_in_turns_and_firings_without_a_slot(cubie, folder):
    """The engine lets SBML events act in turns, and ends a run in which too many firings wait."""
    for name in ("events_in_turns", "overlapping_delays"):
        shutil.copy(DATA / "imports" / f"{name}.xml", folder)
    options = ["--set", "run.target=python", "--set", "solve.algorithm=dop853", "--set", "solve.dt_max=0.05"]
    assert cubie("import", "events_in_turns.xml").code == 0
    (folder / "turns.toml").write_text(RUN.format("events_in_turns", 3.0, '["c"]'))
    assert cubie("run", "turns.toml", *options).code == 0
    with h5py.File(folder / "result.h5") as file:
        counts = {name: int(file[f"{name}_count"][0]) for name in ("adds", "adds_3", "soonest", "not_persistent")}
    assert counts == {"adds": 1, "adds_3": 1, "soonest": 3, "not_persistent": 1}
    text = (folder / "overlapping_delays.xml").read_text()
    (folder / "overlapping_delays.xml").write_text(text.replace("> 5 <", "> 50 <"))
    assert cubie("import", "overlapping_delays.xml").code == 0
    (folder / "slots.toml").write_text(RUN.format("overlapping_delays", 12.0, '["z"]'))
    found = cubie("run", "slots.toml", "--force", *options)
    assert found.code == 4
    assert "a state is infinite or no number" in found.err
