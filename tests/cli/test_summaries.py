"""Summaries by the command line: from a configuration to a result, its report, and its kernel."""

import json
import math

import h5py
import numpy as np
import pytest
import xarray as xr

TABLE = """
[output.summaries]
x = ["final", "integral", "time_of_min", { crossings = 0.9, name = "passed" }, "mean_period"]
total = [{ kind = "mean", window = [0.25, "rate/2 + 0.5"] }, { kind = "first_crossing", level = 3.5 }]
"""
SUMMARIES = ["x_final", "x_integral", "x_time_of_min", "passed", "x_mean_period", "total_mean", "total_first_crossing"]


@pytest.fixture
def asking(folder):
    """Return the folder, with summaries asked for, and fixed steps that are short."""
    config, model = folder / "run.toml", folder / "model.toml"
    config.write_text(config.read_text().replace("dt = 0.25", "dt = 0.05").replace("[run]", f"{TABLE}[run]"))
    model.write_text(model.read_text().replace('x = "mol"', 'x = "mol"\nt = "s"'))
    return folder


@pytest.mark.parametrize("target", ["python", "cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_a_result_has_them(cubie, asking, target):
    found = cubie("run", "run.toml", "--target", target)
    assert found.code == 0, found.err
    with xr.open_dataset("result.h5", engine="h5netcdf") as result:
        assert set(SUMMARIES) < set(result.data_vars)
        assert all(result[name].dims == ("run",) for name in SUMMARIES)
        rate, x0 = result.rate.values, result.x_0.values
        np.testing.assert_array_equal(result.x_final, result.x.isel(time=-1))
        np.testing.assert_allclose(result.x_integral, x0 * (1 - np.exp(-rate)) / rate, rtol=1e-6)
        np.testing.assert_array_equal(result.x_time_of_min, 1.0)
        np.testing.assert_array_equal(result.passed, x0 * np.exp(-rate) < 0.9)
        assert np.isnan(result.x_mean_period).all()
        assert result.x_integral.attrs == {"long_name": "integral over time of x", "units": "mol*s"}
        assert result.total_mean.attrs["long_name"] == "mean over time of total, from 0.25 to rate/2 + 0.5"
        assert (result.passed.dtype, result.x_final.dtype) == (np.int32, np.float64)
        assert "units" not in result.passed.attrs
        assert result.x_time_of_min.attrs["units"] == "s"
        y = np.array([2.0])
        assert np.isnan(result.total_first_crossing.where(x0 + y > 3.5, np.nan)).any()
    with h5py.File("result.h5") as file:
        assert file["passed"].attrs["coordinates"] == "rate x_0 rate_index x_index"
        assert math.isnan(file["x_integral"].attrs["_FillValue"][0])
        assert "_FillValue" not in file["passed"].attrs
        assert (
            asking.joinpath("result.h5").stat().st_size
            <= json.loads(cubie("run", "run.toml", "--dry-run", "--json", "--output", "other.h5").out)["bytes"]
        )


def test_show_tells_them_apart(cubie, asking):  # noqa: ARG001 - the batch is there
    assert cubie("run", "run.toml").code == 0
    found = json.loads(cubie("show", "result.h5", "--json").out)
    assert [row["name"] for row in found["summaries"]] == SUMMARIES
    assert [row["name"] for row in found["variables"]] == ["x", "y", "total"]
    assert [row["name"] for row in found["swept"]] == ["rate", "x_0"]
    missing = {row["name"]: row["missing"] for row in found["summaries"]}
    assert (missing["x_mean_period"], missing["passed"]) == (6, 0)
    shown = cubie("show", "result.h5").out
    assert "Summaries" in shown
    assert "passed" in shown


def test_the_memory_report_has_their_buffers(cubie, asking):  # noqa: ARG001 - the batch is there
    found = json.loads(cubie("memory-report", "run.toml", "--target", "cpu", "--json").out)
    assert {row["name"] for row in found["buffers"] if row["owner"] == "summaries"} >= {"coefficients", "counts"}
    (branch,) = (branch for branch in found["tree"] if branch["owner"] == "summaries")
    assert (branch["parent"], branch["role"]) == ("loop", "summaries")
    moved = cubie(
        "memory-report", "run.toml", "--target", "cpu", "--json", "--set", 'buffers."summaries.*"="persistent"'
    )
    places = {row["location"] for row in json.loads(moved.out)["buffers"] if row["owner"] == "summaries"}
    assert places == {"persistent"}


def test_a_place_for_their_buffers_is_unused_without_them(cubie, folder):  # noqa: ARG001 - the batch is there
    found = cubie("run", "run.toml", "--set", 'buffers."summaries.totals"="persistent"')
    assert found.code == 0
    assert "this method has no buffer 'summaries.totals'" in found.err


def test_numbers_take_the_kernel_that_was_kept(cubie, asking, monkeypatch):
    monkeypatch.setenv("CUBIE_CACHE_DIR", str(asking / "kernels"))
    command = ("run", "run.toml", "--target", "cpu", "--force", "--json")
    assert json.loads(cubie(*command).out)["seconds"]["compile"] > 0
    config = asking / "run.toml"
    text = config.read_text()
    seen = []
    for old, new in (
        ("0.9", "0.9"),
        ("crossings = 0.9", "crossings = 0.7"),
        ("level = 3.5", "level = 3"),
        ("[0.25,", "[0.5,"),
    ):
        config.write_text(text.replace(old, new))
        answer = json.loads(cubie(*command).out)
        assert answer["seconds"]["compile"] == 0, new
        with h5py.File("result.h5") as file:
            seen.append(np.array([file[name][()] for name in SUMMARIES]).tobytes())
    assert len(set(seen)) == len(seen)
    config.write_text(text.replace('"x_final"', "").replace('x = ["final",', 'x = ["max",'))
    assert json.loads(cubie(*command).out)["seconds"]["compile"] > 0


def test_a_run_that_fails_has_none(cubie, asking):
    model = asking / "model.toml"
    model.write_text(model.read_text().replace("-rate*x", "x*x*rate*9"))
    found = cubie("run", "run.toml", "--set", "solve.dt=0.01", "--allow-failures")
    assert found.code == 0, found.err
    with xr.open_dataset("result.h5", engine="h5netcdf") as result:
        failed = result.status.values != 0
        assert failed.any()
        assert np.isnan(result.x_integral.values[failed]).all()
        assert (result.passed.values[failed] == 0).all()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"final"', '"finale"', ["run.toml", "there is no summary 'finale'", "did you mean 'final'?"]),
        ("total = [{", "totall = [{", ["no state or observable 'totall'", "did you mean 'total'?"]),
        ("rate/2", "rat/2", ["'rat'", "did you mean 'rate'?"]),
        ("0.25, ", "2.5, ", ["the end of a window 2.5 is not between t0 = 0 and t1 = 1"]),
        ('name = "passed"', 'name = "x_final"', ["would be written as 'x_final'", "give it another name"]),
        ('"tsit5"', '"cash_karp54"', ["cash_karp54 has no continuous extension", "choose another algorithm"]),
    ],
)
@pytest.mark.parametrize("command", ["run", "validate"])
def test_mistakes_are_told(cubie, asking, command, old, new, words):
    config = asking / "run.toml"
    config.write_text(config.read_text().replace(old, new, 1))
    found = cubie(command, "run.toml")
    assert found.code == 3
    assert found.out == ""
    for word in words:
        assert word in found.err, found.err
