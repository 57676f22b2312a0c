"""`cubie tune`: what it writes is what `run` takes."""

import json
from itertools import count
from types import SimpleNamespace

import h5py
import pytest
import tomli

from cubie_cli.kernels import tuning
from solvers.errors import DeviceError
from solvers.execution import engine


@pytest.fixture
def _a_second_a_trial(monkeypatch):
    """Have the search look at a clock that goes on by a second each time."""
    monkeypatch.setattr(tuning, "time", SimpleNamespace(perf_counter=count().__next__))


@pytest.mark.usefixtures("_a_second_a_trial")
def test_settings_are_measured_written_and_taken(cubie, folder):
    answer = cubie("tune", "run.toml", "--target", "cpu", "--seconds", "4", "--runs", "6", "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert (found["target"], found["runs"], found["file"]) == ("cpu", 6, "run.tuned.toml")
    assert len(found["trials"]) == 4
    assert not found["complete"]
    assert found["speed"] >= 1
    tomli.loads((folder / "run.tuned.toml").read_text())
    assert cubie("run", "run.toml", "--target", "cpu", "--output", "plain.h5").code == 0
    assert cubie("run", "run.toml", "--target", "cpu", "--set", "@run.tuned.toml").code == 0
    with h5py.File("plain.h5") as plain, h5py.File("result.h5") as tuned:
        assert plain["x"][()].tobytes() == tuned["x"][()].tobytes()
        assert "settings" in tuned["input-files"] or not found["settings"]


@pytest.mark.usefixtures("_a_second_a_trial")
def test_a_kernel_that_fails_is_closed_and_the_others_are_tried(cubie, monkeypatch):
    def load(*arguments):
        solver = original(*arguments)
        opened.append(solver)
        monkeypatch.setattr(solver, "close", lambda: closed.append(solver))
        if len(opened) == 2:
            monkeypatch.setattr(solver, "solve", fail)
        return solver

    def fail(_values):
        raise DeviceError("out of memory", "CUDA_ERROR_OUT_OF_MEMORY")

    original, opened, closed = engine.load, [], []
    monkeypatch.setattr(engine, "load", load)
    answer = cubie("tune", "run.toml", "--target", "cpu", "--seconds", "3", "--runs", "6", "--json")
    assert answer.code == 0, answer.err
    first, *others = json.loads(answer.out)["trials"]
    assert "out of memory" in first["note"]
    assert len(others) == 2
    assert all("out of memory" not in trial["note"] for trial in others)
    assert sorted(map(id, closed)) == sorted(map(id, opened))


def test_a_file_is_not_replaced_unasked(cubie, folder):
    (folder / "mine.toml").write_text("# mine\n")
    options = ("tune", "run.toml", "--target", "cpu", "--seconds", "0", "--output", "mine.toml")
    refused = cubie(*options)
    assert refused.code == 5
    assert (folder / "mine.toml").read_text() == "# mine\n"
    answer = cubie(*options, "--force")
    assert answer.code == 0, answer.err
    assert "nothing was faster" in answer.out
    assert "measured by cubie tune" in (folder / "mine.toml").read_text()


@pytest.mark.parametrize(("options", "words"), [([], "python target"), (["--target", "cpu", "--runs", "0"], "--runs")])
def test_what_cannot_be_tuned_is_refused(cubie, options, words):
    answer = cubie("tune", "run.toml", *options)
    assert answer.code == 2
    assert words in answer.err
