import errno
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.documents.messages import OutputError
from cubie_cli.results import compressing
from cubie_cli.results.compressing import compress
from cubie_cli.results.layout import lay_out
from cubie_cli.results.result_file import ResultFile
from cubie_cli.results.shards import over_runs
from cubie_cli.results.unfinished import find_unfinished


def filled(path, contents):
    """Lay a result out, give every variable over runs other values, and return them."""
    lay_out(path, contents)
    rng, values = np.random.default_rng(1), {}
    with h5py.File(path, "r+") as file:
        for name in over_runs(file):
            values[name] = rng.integers(0, 100, file[name].shape).astype(file[name].dtype)
            file[name][...] = values[name]
    return values


@given(
    n_runs=st.integers(1, 40),
    n_times=st.integers(1, 12),
    block=st.tuples(st.integers(1, 50), st.integers(1, 200)),
    precision=st.sampled_from(["float32", "float64"]),
)
def test_every_value_is_what_it_was(tmp_path_factory, contents, n_runs, n_times, block, precision):
    path = tmp_path_factory.mktemp("r") / "r.h5"
    values = filled(path, contents(n_runs, n_times, precision))
    before = {name: dict(data.attrs) for name, data in h5py.File(path).items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compressing, "_BLOCK_RUNS", block[0])
        patch.setattr(compressing, "_BLOCK_VALUES", block[1])
        compress(path, path.with_suffix(".new"))
    with h5py.File(path) as file:
        assert list(file) == list(before)
        for name, expected in values.items():
            assert file[name].dtype == expected.dtype
            np.testing.assert_array_equal(file[name], expected)
            assert file[name].compression == "gzip"
            assert file[name].attrs.keys() == before[name].keys()
    assert [*path.parent.iterdir()] == [path]


def test_xarray_sees_no_difference(tmp_path, contents):
    filled(tmp_path / "r.h5", contents())
    before = xr.load_dataset(tmp_path / "r.h5", engine="h5netcdf")
    compress(tmp_path / "r.h5", tmp_path / "new")
    xr.testing.assert_identical(xr.load_dataset(tmp_path / "r.h5", engine="h5netcdf"), before)


def test_without_room_for_both_the_result_stays_as_it_is(tmp_path, contents, monkeypatch):
    filled(tmp_path / "r.h5", contents())
    before = (tmp_path / "r.h5").read_bytes()
    monkeypatch.setattr(compressing.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(OSError, match="No space") as refused:
        compress(tmp_path / "r.h5", tmp_path / "new")
    assert refused.value.errno == errno.ENOSPC
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [before]


def solution(runs):
    return SimpleNamespace(
        variables=np.ones((2, 3, runs)),
        findings=np.ones((5, runs)),
        **{name: np.zeros(runs, dtype=np.int32) for name in ("status", "steps", "rejected")},
    )


def test_what_cannot_be_compressed_yet_can_be_gone_on_with(tmp_path, contents, monkeypatch):
    path, given_contents, facts = tmp_path / "r.h5", contents(compressed=True), {"the model": "1"}
    monkeypatch.setattr(compressing.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))

    def finish():
        with ResultFile(path, given_contents, facts=facts) as file:
            for first in (0, 5):
                file.write(first, np.zeros((2, 5)), solution(5))
            file.publish()

    with pytest.raises(OutputError, match="No space"):
        finish()
    begun = find_unfinished(path)
    assert begun.runs == 10
    monkeypatch.undo()
    with ResultFile(path, given_contents, facts=facts, begun=begun) as file:
        file.publish()
    with h5py.File(path) as file:
        assert file["x"].compression == "gzip"
        assert (file["x"][...] == 1).all()
    assert [*tmp_path.iterdir()] == [path]
