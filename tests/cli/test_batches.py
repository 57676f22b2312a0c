"""Batches from the command line: groups, tables and samples, and what their results tell of them."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from scipy.stats import qmc

from cubie_cli.configurations.job import load
from cubie_cli.kernels.cache_key import kernel_key

ROOT = Path(__file__).parents[2]
PEOPLE = "who,start\nAnn,1.5\nBob,2.5\nCid,4\n"
BATCH = """\
[batch.values]
rate = [0.5, 1.0]
[batch.groups.person]
table = "people.csv"
columns = { x = "start" }
[batch.groups.prior]
mode = "sample"
n = 4
method = "sobol"
values = { gain = { uniform = [0.5, 1.5] }, y = 2.0 }
"""


@pytest.fixture
def grouped(folder):
    (folder / "people.csv").write_text(PEOPLE)
    text = (folder / "run.toml").read_text()
    before, after = text.index("[batch.values]"), text.index("[output]")
    (folder / "run.toml").write_text(text[:before] + BATCH + text[after:])
    return folder


def opened(name):
    with xr.open_dataset(name, engine="h5netcdf") as dataset:
        return dataset.load()


def unstacked(ds):
    return ds.set_index(run=[f"{axis}_index" for axis in ds.batch_axes.split()]).unstack("run")


def test_one_line_makes_axes_of_a_grid(cubie, grouped):
    assert cubie("run", "run.toml", "--quiet").code == 0
    whole = opened("result.h5")
    assert whole.attrs["batch_shape"].tolist() == [2, 3, 4]
    assert (whole.attrs["batch_axes"], whole.attrs["group_prior_seed"]) == ("rate person prior", 0)
    assert whole.person_index.dtype == np.int32
    found = unstacked(whole)
    assert dict(found.sizes) == {"time": 3, "rate_index": 2, "person_index": 3, "prior_index": 4}
    assert found.rate[:, 0, 0].values.tolist() == [0.5, 1.0]
    assert found.x_0[1, :, 2].values.tolist() == [1.5, 2.5, 4.0]
    assert np.array_equal(found.gain[0, 1], 0.5 + qmc.Sobol(1, rng=0).random(4)[:, 0])
    np.testing.assert_allclose(found.x[-1], found.x_0 * np.exp(-found.rate), rtol=1e-4)
    with h5py.File(grouped / "result.h5") as file:
        assert file["input-files/groups/person"][()].decode() == "x\n1.5\n2.5\n4.0\n"
        assert len(file.attrs["group_person_sha256"]) == 64


def test_some_runs_are_those_of_the_whole(cubie, grouped):
    assert cubie("run", "run.toml", "--quiet", "--set", "run.chunk=5").code == 0
    assert cubie("run", "run.toml", "--quiet", "--runs", "7:20", "--output", "part.h5").code == 0
    assert opened("part.h5").equals(opened("result.h5").isel(run=slice(7, 20)))
    assert sorted(path.name for path in grouped.glob("*.h5")) == ["part.h5", "result.h5"]


def test_a_result_is_a_table_of_runs(cubie):
    assert cubie("run", "run.toml", "--quiet").code == 0
    again = ["--output", "again.h5", "--set", 'batch={ table = "result.h5" }']
    assert cubie("run", "run.toml", "--quiet", *again).code == 0
    first, second = opened("result.h5"), opened("again.h5")
    assert "rate_index" not in second.coords
    assert second.equals(first.drop_vars(["rate_index", "x_index"]))
    ends = ["--set", "output.summaries.x=['final']", "--output", "ends.h5"]
    assert cubie("run", "run.toml", "--quiet", *ends).code == 0
    on = ["--set", 'batch={ table = "ends.h5", columns = { x = "x_final", rate = "rate" } }', "--output", "on.h5"]
    assert cubie("run", "run.toml", "--quiet", *on).code == 0
    assert np.array_equal(opened("on.h5").x_0, opened("ends.h5").x_final)
    assert cubie("run", "run.toml", "--force", *on[:2], "--output", "ends.h5").code == 5


@pytest.mark.usefixtures("grouped")
def test_sizes_are_known_before(cubie):
    planned = json.loads(cubie("run", "run.toml", "--dry-run", "--json").out)["bytes"]
    written = json.loads(cubie("run", "run.toml", "--json").out)["bytes"]
    assert written <= planned <= written + 64 * 1024


def test_a_plan_may_be_larger_than_the_disk(cubie, grouped):
    huge = ["--set", "batch.groups.prior.n=10000000000000", "--set", "batch.groups.prior.method='random'"]
    told = cubie("run", "run.toml", "--dry-run", "--json", *huge)
    assert told.code == 0
    assert json.loads(told.out)["runs"] == 6 * 10**13
    assert "runs make a result of" in told.err
    refused = cubie("run", "run.toml", *huge)
    assert refused.code == 5
    assert not (grouped / "result.h5").exists()


@pytest.mark.usefixtures("grouped")
def test_points_that_are_not_balanced_are_told(cubie):
    uneven = ["--set", "batch.groups.prior.n=5"]
    warning = "the group 'prior' has 5 points of Sobol's sequence"
    assert warning in cubie("run", "run.toml", "--dry-run", *uneven).err
    assert warning in json.loads(cubie("validate", "run.toml", "--json", *uneven).out)["warnings"][0]
    assert cubie("run", "run.toml", "--dry-run").err == ""


def test_another_sample_or_table_takes_the_kernel_that_was_kept(grouped):
    def key(*overrides):
        return kernel_key(load(grouped / "run.toml", overrides), "cuda", "sm_90")

    first = key()
    assert key("batch.seed=3", "batch.groups.prior.n=7", "batch.groups.prior.method='halton'") == first
    (grouped / "people.csv").write_text(PEOPLE + "Dan,5\n")
    assert key("batch.groups.prior.values.gain={ normal = [0.0, 1.0] }") == first
    assert key("batch.groups.prior.values.gain=1.0", "batch.groups.prior.values.y={ uniform = [1.0, 2.0] }") != first
