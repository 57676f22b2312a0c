"""`cubie run` from files to a result."""

import hashlib
import json
import shlex
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from cubie_cli.runs import estimate

CONTRACT = {"runs", "failed", "statuses", "target", "algorithm", "device", "file", "bytes", "seconds"}
SECONDS = {"import", "plan", "compile", "transfer", "kernel", "write", "total"}

BLOWS_UP = ["--set", 'model={states={x=1.0},parameters={a=1.0},equations={x="a*x*x"}}']
BLOWS_UP += ["--set", "batch={values={a=[0.5,3.0]}}", "--set", "output.observables=[]"]
BLOWS_UP += ["--set", "solve={t1=1.0,algorithm='tsit5',max_steps=40}"]


@pytest.fixture
def opened(cubie):
    """Return the result of the small batch."""
    assert cubie("run", "run.toml", "--quiet").code == 0
    with xr.open_dataset("result.h5", engine="h5netcdf") as dataset:
        yield dataset


def test_json_is_the_contract(cubie, folder):
    found = cubie("run", "run.toml", "--json", "--quiet")
    assert found.err == ""
    result = json.loads(found.out)
    assert set(result) == CONTRACT
    assert set(result["seconds"]) == SECONDS
    assert result["runs"] == 6
    assert result["failed"] == 0
    assert result["statuses"] == {"success": 6}
    assert result["target"] == "python"
    assert Path(result["file"]).samefile(folder / "result.h5")
    assert result["bytes"] == (folder / "result.h5").stat().st_size
    assert all(value >= 0 for value in result["seconds"].values())
    assert result["seconds"]["total"] >= result["seconds"]["kernel"] > 0


def test_summary_goes_to_standard_output_and_progress_to_standard_error(cubie):
    found = cubie("run", "run.toml")
    assert "Decay" in found.out
    assert "accepted, a run" in found.out
    assert "cubie plot result.h5" in found.out
    assert "stage_slopes" not in found.out
    assert "solved 6 of 6 runs" in found.err
    assert "solved" not in found.out


def test_buffers_are_told_to_who_asks(cubie):
    assert "stage_slopes" in cubie("run", "run.toml", "--verbose").out


def test_runs_that_fail_are_told_with_the_command_that_looks_at_one(cubie):
    found = cubie("run", "run.toml", *BLOWS_UP)
    assert found.code == 4
    assert "failed; the first of each kind" in found.out
    assert "a = 3" in found.out
    (line,) = [line for line in found.out.splitlines() if line.startswith("cubie run ")]
    assert cubie(*shlex.split(line)[1:]).code == 4
    assert list(Path().glob("run-*-trace.h5"))


def test_xarray_opens_the_result(opened):
    assert dict(opened.sizes) == {"time": 3, "run": 6}
    assert opened.time.values.tolist() == [0.0, 0.5, 1.0]
    assert opened.run.values.tolist() == list(range(6))
    assert set(opened.data_vars) == {"x", "y", "total", "status", "steps", "rejected"}
    assert set(opened.coords) == {"time", "run", "rate", "x_0", "rate_index", "x_index"}


def test_runs_are_every_combination_with_the_last_axis_fastest(opened):
    assert opened.rate.values.tolist() == [0.5, 0.5, 0.5, 1.0, 1.0, 1.0]
    assert opened.x_0.values.tolist() == [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
    exact = opened.x_0 * np.exp(-opened.rate * opened.time)
    np.testing.assert_allclose(opened.x.transpose("run", "time"), exact.transpose("run", "time"), rtol=1e-4)
    np.testing.assert_allclose(opened.total, opened.x + opened.y, rtol=1e-12)


def test_status_explains_itself(opened):
    assert opened.status.dtype == np.int8
    meanings = dict(zip(opened.status.flag_values, opened.status.flag_meanings.split(), strict=True))
    expected = ["not_run", "success", "max_steps", "step_too_small", "newton_failed", "linear_failed", "nonfinite"]
    expected += ["stopped", "too_many_events"]
    assert meanings == dict(zip(range(-1, 8), expected, strict=True))
    assert opened.steps.dtype == opened.rejected.dtype == np.int32
    assert set(opened.steps.values) == {4}


def test_attributes_tell_where_the_result_comes_from(opened, folder):
    attributes = opened.attrs
    assert attributes["Conventions"] == "CF-1.10"
    assert attributes["title"] == "Decay"
    assert attributes["command_line"] == "cubie run run.toml --quiet"
    for name in ("model", "run"):
        digest = hashlib.sha256((folder / f"{name}.toml").read_bytes()).hexdigest()
        assert attributes[{"model": "model_sha256", "run": "configuration_sha256"}[name]] == digest
    assert {"created", "device", "target", "cubie_version", "numpy_version"} <= set(attributes)
    assert opened.x.units == opened.x_0.units == opened.total.units == "mol"
    assert opened.rate.units == "1/s"
    assert "units" not in opened.y.attrs


def test_texts_and_report_are_in_the_result(opened, folder):
    assert opened is not None
    with h5py.File("result.h5") as file:
        assert file["input-files/model"].asstr()[()] == (folder / "model.toml").read_text()
        assert file["input-files/configuration"].asstr()[()] == (folder / "run.toml").read_text()
        report = json.loads(file["memory_report/json"].asstr()[()])
        assert file["memory_report"].attrs["local"] == report["totals"]["local"]
        assert list(file["memory_report/bytes"]) == [row["bytes"] for row in report["buffers"]]


def test_one_run_without_save_times_has_both_dimensions(cubie):
    settings = ["--set", "batch.values={}", "--set", 'output={file="one.h5"}']
    assert cubie("run", "run.toml", "--quiet", *settings).code == 0
    with xr.open_dataset("one.h5", engine="h5netcdf") as dataset:
        assert dict(dataset.sizes) == {"time": 1, "run": 1}
        assert dataset.time.values.tolist() == [1.0]


@pytest.mark.parametrize("chunk", [1, 4, 6])
def test_chunks_do_not_change_the_result(cubie, opened, chunk):
    arguments = ["--output", "chunks.h5", "--set", f"run.chunk={chunk}", "--quiet"]
    assert cubie("run", "run.toml", *arguments).code == 0
    with xr.open_dataset("chunks.h5", engine="h5netcdf") as dataset:
        assert dataset.equals(opened)


def test_dry_run_writes_nothing(cubie, folder):
    before = sorted(folder.iterdir())
    found = json.loads(cubie("run", "run.toml", "--dry-run", "--json").out)
    assert found["runs"] == 6
    assert found["bytes"] == found["memory_report"]["output"]["bytes"]
    assert "not written" in cubie("run", "run.toml", "--dry-run").out
    assert sorted(folder.iterdir()) == before


def test_expected_bytes_are_close(cubie):
    planned = json.loads(cubie("run", "run.toml", "--dry-run", "--json").out)["bytes"]
    written = json.loads(cubie("run", "run.toml", "--json").out)["bytes"]
    assert written <= planned <= written + 64 * 1024


def test_a_compressed_result_has_the_same_values(cubie, opened):
    planned = cubie("run", "run.toml", "--set", "output.compression=gzip", "--output", "small.h5", "--dry-run").out
    assert "before it is compressed" in planned
    found = cubie("run", "run.toml", "--set", "output.compression=gzip", "--output", "small.h5")
    assert "compressing " in found.err
    with h5py.File("small.h5") as file:
        assert file["x"].compression == file["status"].compression == "gzip"
    with xr.open_dataset("small.h5", engine="h5netcdf") as dataset:
        assert dataset.equals(opened)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_states_are_stored_as_asked_for(cubie, opened, precision):
    arguments = ["--set", f"output.precision={precision}", "--output", "stored.h5", "--json"]
    planned = json.loads(cubie("run", "run.toml", *arguments, "--dry-run").out)["bytes"]
    assert planned <= json.loads(cubie("run", "run.toml", *arguments).out)["bytes"] + 64 * 1024
    with xr.open_dataset("stored.h5", engine="h5netcdf") as dataset:
        assert dataset.x.dtype == precision
        assert dataset.time.dtype == "float64"
        assert dataset.astype(precision).equals(opened.astype(precision))


def test_failed_runs_are_counted_and_kept(cubie):
    found = cubie("run", "run.toml", "--json", *BLOWS_UP)
    assert found.code == 4
    assert json.loads(found.out)["failed"] == 1
    with xr.open_dataset("result.h5", engine="h5netcdf") as dataset:
        assert (dataset.status.values != 0).tolist() == [False, True]
        assert np.isfinite(dataset.x.sel(run=0)).all()
        assert np.isnan(dataset.x.sel(run=1, time=1.0))


def test_failures_can_be_allowed(cubie):
    found = cubie("run", "run.toml", "--allow-failures", *BLOWS_UP)
    assert found.code == 0
    assert "1 (1 " in found.out


def test_target_of_the_command_line_beats_the_file(cubie):
    found = cubie("run", "run.toml", "--target", "cpu", "--json", "--quiet")
    assert json.loads(found.out)["target"] == "cpu"


def test_a_result_is_replaced_only_by_force(cubie, folder):
    with h5py.File("result.h5", "w") as file:
        file["precious"] = 1
    refused = cubie("run", "run.toml", "--json")
    assert refused.code == 5
    assert refused.out == ""
    assert "--force" in refused.err
    assert cubie("run", "run.toml", "--dry-run").code == 0
    with h5py.File("result.h5") as file:
        assert "precious" in file
    assert cubie("run", "run.toml", "--force", "--quiet").code == 0
    with h5py.File("result.h5") as file:
        assert "x" in file
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "result.h5", "run.toml"]


# -- what is said of tolerances and save times -----------------------------------------------------


def test_the_default_tolerance_is_told_and_small_states_are_named(cubie, folder):
    model = folder / "model.toml"
    model.write_text(model.read_text().replace("x = 1.0", "x = 1e-15"))
    configuration = folder / "run.toml"
    configuration.write_text(configuration.read_text().replace("dt = 0.25\n", ""))
    settings = ["--set", "batch.values={}"]
    found = cubie("run", "run.toml", *settings)
    assert found.code == 0, found.err
    assert "atol = 2e-09, the default" in found.out
    assert "warning: x never rose above atol/rtol = 0.002" in found.err
    assert "the default" in cubie("validate", "run.toml").out
    with h5py.File(folder / "result.h5") as file:
        assert (file.attrs["rtol"], file.attrs["atol"]) == (1e-6, 2e-9)
    mended = [*settings, "--set", "solve.atol={x=1e-24,y=1e-9}", "--force"]
    found = cubie("run", "run.toml", "--json", *mended)
    assert "never rose" not in found.err
    assert json.loads(found.out)["atol"] == {"x": 1e-24, "y": 1e-9}


def test_amounts_that_are_all_small_are_computed_with_care(cubie, folder):
    (folder / "model.toml").write_text("[states]\na = 1e-15\nb = 0.0\n[equations]\na = '-a*a/1e-15'\nb = 'a*a/1e-15'\n")
    (folder / "run.toml").write_text(
        "[model]\nfile = 'model.toml'\n[solve]\nt1 = 1000.0\nalgorithm = 'tsit5'\n[run]\ntarget = 'python'\n"
    )
    found = cubie("run", "run.toml")
    assert found.code == 0
    assert "never rose" not in found.err
    with h5py.File(folder / "run.h5") as file:
        assert file["a"][-1, 0] == pytest.approx(1e-15 / 1001, rel=1e-4)


def test_an_end_that_is_not_on_the_save_grid_is_told(cubie):
    found = cubie("validate", "run.toml", "--set", "output.save_every=0.3")
    assert "t1 = 1 is not on the grid of save_every = 0.3, the last save is at 0.9" in found.err
    assert cubie("validate", "run.toml", "--set", "output.save_every=0.1").err == ""
    assert cubie("validate", "run.toml", "--set", "solve.t1=0.3", "--set", "output.save_every=0.1").err == ""


def test_a_plan_tells_how_long_it_will_take_once_that_is_known(cubie, monkeypatch, tmp_path):
    monkeypatch.setenv("CUBIE_CACHE_DIR", str(tmp_path / "paces"))
    monkeypatch.setattr(estimate, "_TELLING", 0.0)
    assert json.loads(cubie("run", "run.toml", "--dry-run", "--json").out)["estimated_seconds"] is None
    assert "time        not known yet" in cubie("run", "run.toml", "--dry-run").out
    assert cubie("run", "run.toml").code == 0
    assert json.loads(cubie("run", "run.toml", "--dry-run", "--json").out)["estimated_seconds"] > 0
    assert "at the pace of 6 runs solved before" in cubie("run", "run.toml", "--dry-run").out
