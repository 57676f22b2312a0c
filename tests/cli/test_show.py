"""`cubie show`: what is in a result, which runs failed, and the files that made it."""

import json
import shlex
import tomllib

import h5py
import numpy as np
import pytest

BLOWS_UP = """\
[model]
states = { x = 1.0 }
parameters = { a = 1.0 }
equations = { x = "a*x*x" }
[solve]
t1 = 1.0
algorithm = "tsit5"
max_steps = 40
[batch.values]
a = [0.5, 3.0, 0.7, 4.0, 5.0, 6.0]
[output]
save_every = 0.25
[run]
target = "python"
"""


@pytest.fixture
def failing(cubie, folder):
    """Write the result of a batch of which four runs fail."""
    (folder / "blows_up.toml").write_text(BLOWS_UP)
    assert cubie("run", "blows_up.toml", "-q", "--set", "solve.rtol=1e-5").code == 4
    return cubie


def test_failures_are_told_with_their_values(failing):
    found = json.loads(failing("show", "blows_up.h5", "--json").out)
    assert found["failed"] == 4
    assert sum(kind["runs"] for kind in found["failures"]) == 4
    runs = [run for kind in found["failures"] for run in kind["first"]]
    assert {(run["run"], run["values"]["a"]) for run in runs} <= {(1, 3.0), (3, 4.0), (4, 5.0), (5, 6.0)}
    printed = failing("show", "blows_up.h5").out
    assert "4 runs failed" in printed
    assert "a = 3" in printed
    assert found["look_at"]["command"] in printed.splitlines()


def test_statistics_are_of_the_runs_that_succeeded(failing, folder):
    found = json.loads(failing("show", "blows_up.h5", "--json").out)
    assert found["statistics_of"] == "succeeded"
    (x,) = found["variables"]
    with h5py.File(folder / "blows_up.h5") as file:
        fine = file["x"][:][:, [0, 2]]
    assert x["missing"] == 0
    assert x["maximum"] == fine.max()
    assert x["mean"] == pytest.approx(fine.mean())
    assert x["std"] == pytest.approx(fine.std())
    assert found["swept"][0]["maximum"] == 6.0


def test_the_command_that_is_told_shows_the_run_that_failed(failing):
    for _ in range(2):  # the second time the trace exists
        command = json.loads(failing("show", "blows_up.h5", "--json").out)["look_at"]["command"]
        assert "--set solve.rtol=1e-5" in command
        again = failing(*shlex.split(command)[1:])
        assert again.code == 4, again.err
        trace = json.loads(failing("show", "run-1-trace.h5", "--json").out)
        assert [run["run"] for run in trace["runs"]] == [1]
        assert trace["runs"][0]["status"] != 0


def test_the_command_finds_the_configuration_beside_the_result(failing, folder, monkeypatch):
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    found = json.loads(failing("show", "../blows_up.h5", "--json").out)["look_at"]
    assert found["trouble"] is None
    assert failing(*shlex.split(found["command"])[1:]).code == 4


def test_a_configuration_that_changed_or_went_is_told(failing, folder):
    (folder / "blows_up.toml").write_text(BLOWS_UP + "# changed\n")
    assert "but blows_up.toml has changed since" in failing("show", "blows_up.h5").out
    (folder / "blows_up.toml").unlink()
    assert "but blows_up.toml is not here" in failing("show", "blows_up.h5").out


def test_an_algorithm_that_was_chosen_is_part_of_the_command(failing, folder):
    assert "solve.algorithm" not in failing("show", "blows_up.h5").out
    with h5py.File(folder / "blows_up.h5", "r+") as file:
        file.attrs["algorithm_choice"] = "the least work in 6 runs"
    found = json.loads(failing("show", "blows_up.h5", "--json").out)
    assert found["look_at"]["command"].endswith("--set solve.algorithm=tsit5")


def test_a_result_that_another_program_wrote_tells_no_command(failing, folder):
    with h5py.File(folder / "blows_up.h5", "r+") as file:
        file.attrs["command_line"] = "python notebook.py"
    found = json.loads(failing("show", "blows_up.h5", "--json").out)
    assert found["look_at"] is None
    assert "4 runs failed" in failing("show", "blows_up.h5").out


def test_the_files_are_printed_as_they_were(cubie, folder):
    assert cubie("run", "run.toml", "-q", "--set", "solve.dt=0.5").code == 0
    files = json.loads(cubie("show", "result.h5", "--model", "--json").out)["files"]
    assert files["configuration"] == (folder / "run.toml").read_text()
    assert files["model"] == (folder / "model.toml").read_text()
    printed = cubie("show", "result.h5", "--model").out
    head, _, model = printed.partition("# ---- model ----\n")
    assert tomllib.loads(model)["states"] == {"x": 1.0, "y": 2.0}
    assert tomllib.loads(head)["solve"]["dt"] == 0.25


def test_a_model_within_the_configuration_is_printed_once(failing):
    printed = failing("show", "blows_up.h5", "--model").out
    assert printed.count("max_steps = 40") == 1


def test_dimensions_axes_and_sizes(cubie, folder):
    assert cubie("run", "run.toml", "-q").code == 0
    found = json.loads(cubie("show", "result.h5", "--json").out)
    assert found["axes"] == {"rate": 2, "x": 3}
    assert found["bytes"] == (folder / "result.h5").stat().st_size
    assert found["steps_of_a_run"] == {"minimum": 4, "mean": 4.0, "maximum": 4}
    printed = cubie("show", "result.h5").out
    assert "6 = 2 rate x 3 x" in printed
    assert "3, 0 to 1" in printed


@pytest.mark.parametrize("option", [(), ("--json",), ("--model",)])
def test_a_damaged_result_is_one_message(cubie, folder, option):
    assert cubie("run", "run.toml", "-q").code == 0
    whole = (folder / "result.h5").read_bytes()
    for length in np.linspace(0, len(whole) - 1, 12).astype(int):  # a copy that was not completed
        (folder / "damaged.h5").write_bytes(whole[:length])
        found = cubie("show", "damaged.h5", *option)
        assert found.code == 3
        assert len(found.err.splitlines()) == 1 + ("hint" in found.err)
        assert not found.out
