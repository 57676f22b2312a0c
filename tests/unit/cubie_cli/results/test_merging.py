"""Blocks of shards in their places, for every way to cut a batch and every type of a variable."""

import resource
import tempfile
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.shards import described

from cubie_cli.documents.messages import UserError
from cubie_cli.models.chosen import Whole
from cubie_cli.models.expressions.vectors import Vector
from cubie_cli.results import merging
from cubie_cli.results.extent import Extent
from cubie_cli.results.layout import Variable
from cubie_cli.results.merging import merged_bytes, write_merged
from cubie_cli.results.result_file import ResultFile
from cubie_cli.results.shards import read_shards
from solvers.planning.findings import Finding

RUNS, TIMES = 40, 7
VECTOR = Vector("u", "states", (3,), ("i",), ("error",))
FINDINGS = (
    Finding("x_max", "largest value of x", "float32", "m"),
    Finding("spikes", "spikes", "int32"),
    Finding("spike_time", "times of spikes", "float64", "s", "spike_firing", 3),
)
COORDINATES = (Variable("rho", "1/s"), Variable("a_index", None, np.dtype(np.int32)))


def write(path, contents, precision, runs):
    """Write the result of some runs, whose values follow from their index."""
    shape = {
        "n_runs": len(runs),
        "first_run": runs.start,
        "attributes": {"title": "t", **Extent({"the model": "m"}, runs, RUNS).attributes},
        "variables": tuple(Variable(name) for name in ("x", *VECTOR.elements)),
        "wholes": {"u[0]": Whole("u", VECTOR)},
        "findings": FINDINGS,
        "coordinates": COORDINATES,
    }
    values = np.random.default_rng(1).normal(size=(4, TIMES, RUNS)).astype(precision)
    values[0, -2:, ::3] = np.nan
    index = np.arange(RUNS)
    cut = slice(runs.start, runs.stop)
    solution = SimpleNamespace(
        variables=values[..., cut],
        findings=(np.arange(5)[:, None] * 100 + index)[:, cut],
        status=(index % 3).astype(np.int8)[cut],
        steps=index.astype(np.int32)[cut] ** 2,
        rejected=index.astype(np.int32)[cut],
    )
    with ResultFile(path, contents(n_times=TIMES, precision=precision, **shape)) as file:
        file.write(runs.start, [index[cut] * 0.1, index[cut] // 4], solution)
        file.publish()
    return path


@given(
    cuts=st.sets(st.integers(1, RUNS - 1)),
    precision=st.sampled_from(["float32", "float64"]),
    block=st.sampled_from([1, 24, 100, 1 << 20]),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_value_is_where_it_belongs(monkeypatch, contents, cuts, precision, block):
    monkeypatch.setattr(merging, "_BLOCK", block)
    edges = [0, *sorted(cuts), RUNS]
    with tempfile.TemporaryDirectory() as name:
        folder, told = Path(name), []
        whole = write(folder / "whole.h5", contents, precision, range(RUNS))
        paths = [
            write(folder / f"{start}.h5", contents, precision, range(start, stop)) for start, stop in pairwise(edges)
        ]
        shards = read_shards(paths[::-1])
        write_merged(shards, folder / "merged.h5", told.append)
        assert described(folder / "merged.h5") == described(whole)
        assert (folder / "merged.h5").stat().st_size <= merged_bytes(shards)
        assert sum(told) == RUNS


@pytest.mark.parametrize("limit", [4_000, 31_000])
def test_a_system_that_takes_no_file_so_large_is_told(tmp_path, capfd, contents, limit):
    paths = [write(tmp_path / f"{runs.start}.h5", contents, "float64", runs) for runs in (range(9), range(9, RUNS))]
    shards = read_shards(paths)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_merged(shards, tmp_path / "merged.h5", lambda _: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_shard_that_changes_meanwhile_is_told(tmp_path, contents, change):
    paths = [write(tmp_path / f"{runs.start}.h5", contents, "float64", runs) for runs in (range(9), range(9, RUNS))]
    shards = read_shards(paths)
    change(paths[1])
    with pytest.raises(UserError, match=r"cannot be read|changed while it was merged") as caught:
        write_merged(shards, tmp_path / "merged.h5", lambda _: None)
    assert caught.value.file == str(paths[1])
