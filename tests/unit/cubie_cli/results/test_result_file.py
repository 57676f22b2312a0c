from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import xarray as xr

from cubie_cli.documents.messages import OutputError
from cubie_cli.results.result_file import Contents, ResultFile, Variable, expected_bytes

REPORT = {
    "totals": {"shared": 24, "local": 8, "shared_per_block": None},
    "buffers": [
        {
            "owner": "step",
            "name": "slope",
            "location": "local",
            "dtype": "float64",
            "elements": 1,
            "bytes": 8,
            "offset": None,
        },
        {
            "owner": "step",
            "name": "stages",
            "location": "shared",
            "dtype": "float64",
            "elements": 3,
            "bytes": 24,
            "offset": 8,
        },
    ],
}


def contents(n_runs=10, n_times=3, precision="float64", **changes):
    given = {
        "times": np.linspace(0.0, 1.0, n_times),
        "n_runs": n_runs,
        "precision": np.dtype(precision),
        "variables": (Variable("x", "m"), Variable("speed")),
        "coordinates": (Variable("rho", "1/s"), Variable("x_0")),
        "time_units": "s",
        "attributes": {"title": "t"},
        "texts": {"model": "a = 1\n"},
        "report": REPORT,
    }
    return Contents(**(given | changes))


def solution(first, count, n_times=3, precision="float64"):
    runs = np.arange(first, first + count)
    grid = np.arange(2)[:, None, None] * 1e4 + np.arange(n_times)[:, None] * 100.0 + runs
    return SimpleNamespace(
        variables=grid.astype(precision),
        status=(runs % 2 * 5).astype(np.int8),
        steps=runs.astype(np.int32),
        rejected=np.zeros(count, dtype=np.int32),
    )


def write(path, given, width=10):
    with ResultFile(path, given) as file:
        for first in range(0, given.n_runs, width):
            count = min(width, given.n_runs - first)
            values = np.array([np.arange(first, first + count), np.full(count, 0.5)])
            file.write(first, values, solution(first, count, len(given.times), given.precision))
        file.publish()


@pytest.mark.parametrize("width", [1, 3, 5, 10])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_value_is_where_it_belongs(tmp_path, width, precision):
    write(tmp_path / "r.h5", contents(precision=precision), width)
    with xr.open_dataset(tmp_path / "r.h5", engine="h5netcdf") as found:
        assert found.x.dtype == precision
        assert float(found.x.sel(run=7, time=0.5)) == 107.0
        np.testing.assert_array_equal(found.speed, solution(0, 10).variables[1].astype(precision))
        assert found.rho.values.tolist() == list(range(10))
        assert found.status.values.tolist() == [0, 5] * 5
        assert found.steps.values.tolist() == found.run.values.tolist() == list(range(10))


def test_values_lie_in_one_piece(tmp_path):
    write(tmp_path / "r.h5", contents(), width=4)
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["x"].chunks is file["x"].compression is None
        offset, size = file["x"].id.get_offset(), file["x"].nbytes
        expected = file["x"][()].tobytes()
    assert (tmp_path / "r.h5").read_bytes()[offset : offset + size] == expected


def test_values_are_converted_to_what_the_file_declares(tmp_path):
    given = solution(0, 10)
    given.steps = given.steps.astype(np.int64)
    with ResultFile(tmp_path / "r.h5", contents()) as file:
        file.write(0, np.zeros((2, 10), dtype=np.float32), given)
        file.publish()
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["steps"][()].tolist() == list(range(10))


def test_it_follows_netcdf4(tmp_path):
    write(tmp_path / "r.h5", contents())
    with h5py.File(tmp_path / "r.h5") as file:
        assert [file[name].attrs["_Netcdf4Dimid"] for name in ("time", "run")] == [0, 1]
        assert file["x"].attrs["_Netcdf4Coordinates"].tolist() == [0, 1]
        assert [dimension[0].name for dimension in file["x"].dims] == ["/time", "/run"]
        assert np.isnan(file["x"].attrs["_FillValue"]).all()
        assert file["x"].attrs["coordinates"] == file["status"].attrs["coordinates"] == "rho x_0"
        assert file["time"].attrs["units"] == "s"


def test_the_report_is_columns_too(tmp_path):
    write(tmp_path / "r.h5", contents())
    with xr.open_dataset(tmp_path / "r.h5", engine="h5netcdf", group="memory_report") as found:
        assert found.name.values.tolist() == ["slope", "stages"]
        assert np.isnan(found.offset[0])
        assert found.offset[1] == 8
        assert found.attrs == {"shared": 24, "local": 8}


def test_texts_and_attributes_may_be_long(tmp_path):
    write(tmp_path / "r.h5", contents(attributes={"command_line": "x" * 100_000}, texts={"model": "é" * 100_000}))
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["input-files/model"].asstr()[()] == "é" * 100_000
        assert len(file.attrs["command_line"]) == 100_000


def test_thousands_of_variables_fit(tmp_path):
    names = tuple(Variable(f"x{index}") for index in range(4200))
    with ResultFile(tmp_path / "r.h5", contents(n_runs=1, n_times=1, variables=names)) as file:
        given = solution(0, 1, 1)
        given.variables = np.arange(4200.0).reshape(4200, 1, 1)
        file.write(0, np.zeros((2, 1)), given)
        file.publish()
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["x4199"][0, 0] == 4199


def test_nothing_is_left_without_publishing(tmp_path):
    with ResultFile(tmp_path / "r.h5", contents()) as file:
        file.write(0, np.zeros((2, 10)), solution(0, 10))
    assert list(tmp_path.iterdir()) == []


def test_a_former_result_stays_until_it_is_replaced(tmp_path):
    path = tmp_path / "r.h5"
    path.write_text("former")
    with ResultFile(path, contents()) as file:
        file.write(0, np.zeros((2, 10)), solution(0, 10))
        assert path.read_text() == "former"
        file.publish()
    assert h5py.is_hdf5(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_made_is_a_message(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        ResultFile(tmp_path / "missing" / "r.h5", contents())


def test_expected_bytes_follow_from_the_sizes():
    one = expected_bytes(n_runs=1_000_000, n_times=10, n_variables=3, n_coordinates=2, itemsize=4)
    assert one == pytest.approx(1_000_000 * (3 * 10 * 4 + 2 * 8 + 1 + 4 + 4 + 8), rel=1e-3)
