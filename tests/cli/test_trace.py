"""`cubie run --trace`, and `cubie show` of traces and results."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from solvers.trace import EVENTS

STIFF = """\
[model]
name = "Robertson"
[model.states]
A = 1.0
B = 0.0
C = 0.0
[model.parameters]
k2 = 3e7
[model.equations]
A = "-0.04*A + 1e4*B*C"
B = "0.04*A - 1e4*B*C - k2*B**2"
C = "k2*B**2"
[solve]
t1 = 4.0
algorithm = "kvaerno5"
rtol = 1e-6
atol = 1e-9
[batch.values]
k2 = [1e7, 2e7, 3e7, 4e7, 5e7]
[output]
file = "result.h5"
"""
TRACE = ("run", "stiff.toml", "--target", "python", "--trace", "trace.h5", "--quiet")


@pytest.fixture
def stiff(cubie, folder):
    (folder / "stiff.toml").write_text(STIFF)
    return cubie


@pytest.fixture
def traced(stiff):
    """Return what a trace of two runs prints, and the folder's command line."""
    return json.loads(stiff(*TRACE, "--runs", "1:3", "--json").out)


def group(name):
    return xr.open_dataset("trace.h5", engine="h5netcdf", group=name).load()


def test_some_runs_are_traced_and_leave_no_result(traced, folder):
    assert traced["runs"] == 2
    assert traced["failed"] == 0
    assert traced["trace"] == "trace.h5"
    assert traced["file"] is None
    assert traced["bytes"] == 0
    assert not (folder / "result.h5").exists()
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "run.toml", "stiff.toml", "trace.h5"]


def test_xarray_opens_each_group(traced):
    assert traced["runs"] == 2
    runs, attempts, newton = group("run"), group("attempt"), group("newton")
    assert runs.run.values.tolist() == [1, 2]
    assert runs.k2.values.tolist() == [2e7, 3e7]
    assert runs.status.values.tolist() == [0, 0]
    for run in (1, 2):
        own = attempts.isel(row=attempts.run.values == run)
        found = runs.sel(run=run)
        assert own.attempt.values.tolist() == list(range(1, own.sizes["row"] + 1))
        assert own.accepted.sum() == found.steps
        assert (own.accepted == 0).sum() == found.rejected
        assert set(newton.attempt.values[newton.run.values == run]) == set(own.attempt.values)
    assert newton.correction.attrs["long_name"]
    assert newton.correction.dtype == np.float64
    assert group("linear").sizes["row"] == 0


def test_newton_is_seen_to_converge(traced):
    assert traced["failed"] == 0
    frame, attempts = group("newton").to_dataframe(), group("attempt").to_dataframe()
    frame = frame.merge(attempts[["run", "attempt", "trouble"]])
    solves = frame[frame.trouble == 0].groupby(["run", "attempt", "solve"])
    assert solves.ngroups > 100
    assert solves.size().max() > 2
    assert all(norms.is_monotonic_decreasing for _, norms in solves.correction)
    assert (solves.converged.last() == 1).all()


def test_a_trace_tells_where_it_comes_from(traced):
    assert traced
    with h5py.File("trace.h5") as file:
        assert file.attrs["title"] == "Robertson"
        assert "--runs 1:3" in file.attrs["command_line"]
        assert file["input-files/configuration"][()].decode() == STIFF


def test_a_whole_batch_leaves_its_result_too(stiff, folder):
    result = json.loads(stiff(*TRACE, "--json").out)
    assert result["runs"] == 5
    assert result["file"].endswith("result.h5")
    assert (folder / "result.h5").stat().st_size == result["bytes"]
    assert group("run").run.values.tolist() == list(range(5))


def test_the_result_of_some_runs_knows_which_they_are(stiff):
    assert stiff("run", "stiff.toml", "--target", "python", "--quiet").code == 0
    assert stiff(*TRACE, "--runs", "3:5", "-o", "part.h5").code == 0
    with h5py.File("result.h5") as whole, h5py.File("part.h5") as part:
        assert part["run"][:].tolist() == [3, 4]
        for name in ("A", "B", "C"):
            assert part[name][:].tolist() == whole[name][:, 3:].tolist()
        assert part["k2"][:].tolist() == [4e7, 5e7]


def test_chunks_do_not_matter(stiff):
    assert stiff(*TRACE, "--runs", "1:5").code == 0
    whole = [group(name) for name in ("run", "attempt", "newton")]
    assert stiff(*TRACE, "--runs", "1:5", "--force", "--set", "run.chunk=1").code == 0
    for before, name in zip(whole, ("run", "attempt", "newton"), strict=True):
        xr.testing.assert_identical(before, group(name))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--trace", "t.h5", "--target", "cpu"], 2, "add --target python"),
        (["--runs", "0:2"], 2, "--trace FILE"),
        (["--trace", "t.h5", "--runs", "2:2"], 2, "no runs between"),
        (["--trace", "t.h5", "--runs", "3:2"], 2, "no runs between"),
        (["--trace", "t.h5", "--runs", "4:6"], 2, "5 runs, 0 to 4"),
        (["--trace", "t.h5", "--runs", "5"], 2, "5 runs, 0 to 4"),
        (["--trace", "t.h5", "--runs", "-1"], 2, "0:4"),
        (["--trace", "t.h5", "--runs", "all"], 2, "0:4"),
        (["--trace", "result.h5"], 5, "would replace the result"),
        (["--trace", "stiff.toml", "--force"], 5, "is an input too"),
        (["--trace", "nowhere/t.h5"], 5, "does not exist"),
        (["--trace", "model.toml"], 5, "--trace"),
    ],
)
def test_refusals(stiff, folder, arguments, code, said):
    before = sorted(folder.iterdir())
    found = stiff("run", "stiff.toml", "--set", "run.target='python'", "--quiet", *arguments)
    assert found.code == code
    assert said in found.err
    assert sorted(folder.iterdir()) == before


def test_a_dry_run_traces_nothing(stiff, folder):
    found = stiff(*TRACE, "--runs", "0:2", "--dry-run", "--json")
    assert json.loads(found.out)["runs"] == 2
    assert not (folder / "trace.h5").exists()


def test_show_prints_a_trace(traced, stiff):
    assert traced
    printed = stiff("show", "trace.h5").out
    assert "Robertson: trace of 2 runs" in printed
    assert "Run 1: success, k2 = 2e+07" in printed
    attempts = group("attempt")
    assert printed.count("newton at") == int(group("newton").iteration.values.tolist().count(1))
    assert printed.count("accepted\n") == int(attempts.accepted.sum())
    assert "Summary of all runs" in printed


def test_show_tells_of_backtracks_and_linear_iterations(stiff):
    changes = ("solve.linear.kind='minimal_residual'", "solve.newton.max_backtracks=3", "solve.dt0=0.1")
    assert stiff(*TRACE, "--runs", "0", *(part for change in changes for part in ("--set", change))).code == 0
    printed = stiff("show", "trace.h5").out
    assert "; linear iterations " in printed
    shown = json.loads(stiff("show", "trace.h5", "--json").out)["summary"]
    newton, linear = group("newton"), group("linear")
    assert shown["backtracks"] == newton.backtracks.sum() > 0
    assert "; of which taken " in printed
    assert shown["linear_iterations_per_solve"] == pytest.approx(len(linear.row) / (linear.iteration == 1).sum())


def test_show_trace_as_json_nests(traced, stiff):
    assert traced
    found = json.loads(stiff("show", "trace.h5", "--json").out, parse_constant=pytest.fail)
    assert found["kind"] == "trace"
    assert [run["run"] for run in found["runs"]] == [1, 2]
    newton = group("newton")
    nested = [row for run in found["runs"] for attempt in run["attempts"] for row in attempt["newton"]]
    assert [row["correction"] for row in nested] == newton.correction.values.tolist()
    assert found["summary"]["attempts"] == sum(run["summary"]["attempts"] for run in found["runs"])
    for run in found["runs"]:
        assert run["summary"]["accepted"] == run["steps"]
        rejected = run["summary"]["rejected_by_error"] + run["summary"]["rejected_by_trouble"]
        assert rejected == run["rejected"]


def test_show_sums_up_a_result(cubie):
    assert cubie("run", "run.toml", "--quiet").code == 0
    found = json.loads(cubie("show", "result.h5", "--json").out)
    assert found["kind"] == "result"
    assert found["title"] == "Decay"
    assert found["dimensions"] == {"time": 3, "run": 6}
    assert found["time"] == {"first": 0.0, "last": 1.0}
    assert found["status"] == {"success": 6}
    assert found["steps"] == 24
    with h5py.File("result.h5") as file:
        variables = {row["name"]: row for row in found["variables"]}
        assert set(variables) == {"x", "y", "total"}
        for name, row in variables.items():
            assert row["minimum"] == file[name][:].min()
            assert row["maximum"] == file[name][:].max()
    assert variables["x"]["units"] == "mol"
    swept = {row["name"]: (row["minimum"], row["maximum"]) for row in found["swept"]}
    assert swept == {"rate": (0.5, 1.0), "x_0": (1.0, 3.0)}
    assert found["attributes"]["target"] == "python"
    printed = cubie("show", "result.h5").out
    for text in ("Decay", "6 success", "24 accepted", "total", "cubie run run.toml --quiet"):
        assert text in printed


def test_show_counts_what_runs_left_out_where_all_failed(cubie):
    blows_up = ["model={states={x=1.0},parameters={a=1.0},equations={x='a*x*x'}}", "batch={values={a=[4.0,3.0]}}"]
    blows_up += ["output.observables=[]", "solve={t1=1.0,algorithm='tsit5',max_steps=40}"]
    changes = [part for change in blows_up for part in ("--set", change)]
    assert cubie("run", "run.toml", "--quiet", *changes).code == 4
    found = json.loads(cubie("show", "result.h5", "--json").out)
    assert "success" not in found["status"]
    assert sum(found["status"].values()) == 2
    (x,) = found["variables"]
    with h5py.File("result.h5") as file:
        assert x["missing"] == np.isnan(file["x"][:]).sum() > 0
        assert x["maximum"] == np.nanmax(file["x"][:])


def test_show_refuses_what_is_no_result(cubie, folder):
    (folder / "text.h5").write_text("no HDF5")
    with h5py.File("other.h5", "w") as file:
        file["time"] = 1.0
    assert cubie("run", "run.toml", "--quiet").code == 0
    (folder / "cut.h5").write_bytes((folder / "result.h5").read_bytes()[:3000])
    for name, said in {
        "text.h5": "no HDF5 file",
        "other.h5": "neither a result nor a trace",
        "cut.h5": "damaged",
        "missing.h5": "no such file",
        ".": "this is a directory",
    }.items():
        found = cubie("show", name)
        assert found.code == 3, name
        assert said in found.err
        assert not found.out


def test_the_documentation_names_every_column():
    page = (Path(__file__).parents[2] / "docs" / "trace.md").read_text()
    for event in EVENTS:
        table = page.partition(f"| group `{event.name}` |")[2].partition("\n\n")[0]
        for field in event.columns:
            assert f"`{field.name}`" in table, (event.name, field.name)
