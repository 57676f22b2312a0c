"""`cubie run RESULT.h5`: a result repeated from what it holds."""

import shutil

import h5py
import pytest
from support.shards import described

MODEL = """\
[states]
x = 1.0
[parameters]
k = 0.5
s = 1.0
[equations]
x = "-k*x + s*rate"
[drivers]
rate = { table = "in.csv", time = "hour", value = "mg", method = "hold" }
"""
CONFIGURATION = """\
[model]
file = "model.toml"
[solve]
t1 = 1.0
algorithm = "euler"
dt = 0.5
[batch.values]
x = [1.0, 2.0]
[batch.groups.patient]
table = "runs.csv"
columns = { k = "clearance", s = "s" }
[output]
file = "result.h5"
[run]
target = "python"
"""
SET = ["--set", "solve.dt=0.25", "--set", "batch.values.x=[1.0, 3.0]"]


@pytest.fixture
def result(cubie, folder):
    """The result of a batch that was changed by options, without any of its files."""
    (folder / "model.toml").write_text(MODEL)
    (folder / "run.toml").write_text(CONFIGURATION)
    (folder / "in.csv").write_text("hour,mg\n0,0.1\n0.5,0.30000000000000004\n")
    (folder / "runs.csv").write_text("clearance,s\n0.5,1\n0.7,2\n0.9,3\n")
    assert cubie("run", "run.toml", *SET).code == 0
    return files_moved(folder)


def files_moved(folder):
    """Take away what a batch was read from; return its result."""
    (folder / "away").mkdir()
    for path in [*folder.glob("*.toml"), *folder.glob("*.csv")]:
        shutil.move(path, folder / "away" / path.name)
    return folder / "result.h5"


def test_it_is_the_same_but_for_the_command(cubie, result):
    done = cubie("run", result, "--output", "again.h5")
    assert done.code == 0, done.err
    assert described("again.h5") == described(result)
    assert cubie("run", "again.h5", "--output", "third.h5").code == 0
    assert described("third.h5") == described(result)
    assert "third.h5 is complete" in cubie("run", result, "--output", "third.h5", "--resume").err


def test_some_runs_stay_some_runs(cubie, result):
    assert cubie("run", result, "--output", "some.h5", "--runs", "1:3").code == 0
    assert cubie("run", "some.h5", "--output", "some-again.h5").code == 0
    assert described("some-again.h5") == described("some.h5")
    assert cubie("run", result, "--output", "part.h5", "--shard", "1/4").code == 0
    assert cubie("run", "part.h5", "--output", "part-again.h5").code == 0
    assert described("part-again.h5") == described("part.h5")
    assert cubie("run", "part.h5", "--output", "other.h5", "--shard", "0/4").code == 0
    with h5py.File("other.h5") as file:
        assert file.attrs["runs"] == "0:1 of 6"


def test_options_change_it(cubie, result):
    assert cubie("run", result, "--output", "again.h5", "--set", "solve.dt=0.5").code == 0
    with h5py.File("again.h5") as file, h5py.File(result) as before:
        assert set(file["steps"][()]) == {2}
        assert set(before["steps"][()]) == {4}
        assert file["x_0"][()].tolist() == before["x_0"][()].tolist()
    changed = ["--set", "model.file=away/model.toml", "--set", "batch.groups.patient.table=away/runs.csv"]
    assert cubie("run", result, "--output", "files.h5", *changed).code == 0
    with h5py.File("files.h5") as file, h5py.File(result) as before:
        assert file["x"][()].tobytes() == before["x"][()].tobytes()


def test_other_commands_take_it_too(cubie, result):
    found = cubie("validate", result)
    assert found.code == 0, found.err
    assert "6 runs" in found.out
    assert cubie("memory-report", result, "--target", "python").code == 0


def test_what_cannot_be_repeated_is_told(cubie, folder, result):
    with h5py.File("old.h5", "w") as file, h5py.File(result) as whole:
        file.attrs.update(whole.attrs)
        whole.copy("input-files", file)
        del file["input-files/configuration.json"]
    shutil.copy(result, "long.h5")
    with h5py.File("long.h5", "r+") as file:
        del file["input-files/groups/patient"]
    with h5py.File("other.h5", "w") as file:
        file["x"] = 1.0
    (folder / "cut.h5").write_bytes(result.read_bytes()[:3000])
    for name, code, said in (
        ("old.h5", 3, "this result was made with --set, and by a version that did not keep what was set"),
        ("long.h5", 3, "this table is too long for a result to hold its rows"),
        ("other.h5", 3, "this is no result that holds its configuration"),
        ("cut.h5", 3, "it is damaged"),
    ):
        found = cubie("run", name, "--output", "again.h5")
        assert (found.code, said in found.err) == (code, True), found.err
    found = cubie("run", result)
    assert found.code == 2
    assert "is a result: what repeats it needs a name\n  hint: add --output FILE" in found.err
    found = cubie("run", result, "--output", result, "--force")
    assert found.code == 5
    assert "the output is an input too" in found.err
    assert not (folder / "again.h5").exists()


def test_a_value_of_a_model_in_a_file_is_set_and_repeated(cubie, folder):
    assert cubie("run", "run.toml", "-q", "--set", "model.parameters.gain=0", "--set", "model.states.y=7").code == 0
    assert cubie("run", "result.h5", "-q", "--output", "again.h5").code == 0
    for name in ("result.h5", "again.h5"):
        with h5py.File(folder / name) as file:
            assert file["y"][:].tolist() == [[7.0] * 6] * 3
    found = cubie("validate", "run.toml", "--set", "model.parameters.gane=2")
    assert (found.code, found.err) == (
        3,
        "error: --set model.parameters.gane=2: the model has no 'gane' in [parameters]\n  hint: did you mean 'gain'?\n",
    )
    assert cubie("validate", "run.toml", "--set", "model.equations.x=-x*q").err.startswith(
        "error: --set model.equations.x=-x*q: undefined name 'q'"
    )
