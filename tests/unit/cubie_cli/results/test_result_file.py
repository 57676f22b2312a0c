from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import xarray as xr

from cubie_cli.documents.messages import OutputError
from cubie_cli.models.chosen import Whole
from cubie_cli.models.expressions.vectors import Vector
from cubie_cli.results.layout import Variable
from cubie_cli.results.result_file import ResultFile
from solvers.planning.findings import Finding


def solution(first, count, n_times=3, precision="float64"):
    runs = np.arange(first, first + count)
    grid = np.arange(2)[:, None, None] * 1e4 + np.arange(n_times)[:, None] * 100.0 + runs
    return SimpleNamespace(
        variables=grid.astype(precision),
        status=(runs % 2 * 5).astype(np.int8),
        steps=runs.astype(np.int32),
        rejected=np.zeros(count, dtype=np.int32),
        findings=np.arange(5)[:, None] * 100.0 + runs,
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
def test_every_value_is_where_it_belongs(tmp_path, width, precision, contents):
    write(tmp_path / "r.h5", contents(precision=precision), width)
    with xr.open_dataset(tmp_path / "r.h5", engine="h5netcdf") as found:
        assert found.x.dtype == precision
        assert float(found.x.sel(run=7, time=0.5)) == 107.0
        np.testing.assert_array_equal(found.speed, solution(0, 10).variables[1].astype(precision))
        assert found.rho.values.tolist() == list(range(10))
        assert found.status.values.tolist() == [0, 5] * 5
        assert found.x_max.values.tolist() == list(range(10))
        assert found.spikes.values.tolist() == list(range(100, 110))
        np.testing.assert_array_equal(found.spike_time, np.arange(2, 5)[:, None] * 100 + np.arange(10))
        assert found.steps.values.tolist() == found.run.values.tolist() == list(range(10))


def test_values_lie_in_one_piece(tmp_path, contents):
    write(tmp_path / "r.h5", contents(), width=4)
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["x"].chunks is file["x"].compression is None
        offset, size = file["x"].id.get_offset(), file["x"].nbytes
        expected = file["x"][()].tobytes()
    assert (tmp_path / "r.h5").read_bytes()[offset : offset + size] == expected


def test_values_are_converted_to_what_the_file_declares(tmp_path, contents):
    given = solution(0, 10)
    given.steps = given.steps.astype(np.int64)
    with ResultFile(tmp_path / "r.h5", contents()) as file:
        file.write(0, np.zeros((2, 10), dtype=np.float32), given)
        file.publish()
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["steps"][()].tolist() == list(range(10))


def test_thousands_of_variables_fit(tmp_path, contents):
    names = tuple(Variable(f"x{index}") for index in range(4200))
    with ResultFile(tmp_path / "r.h5", contents(n_runs=1, n_times=1, variables=names)) as file:
        given = solution(0, 1, 1)
        given.variables = np.arange(4200.0).reshape(4200, 1, 1)
        file.write(0, np.zeros((2, 1)), given)
        file.publish()
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["x4199"][0, 0] == 4199


def test_nothing_is_left_without_publishing(tmp_path, contents):
    with ResultFile(tmp_path / "r.h5", contents()) as file:
        file.write(0, np.zeros((2, 10)), solution(0, 10))
    assert list(tmp_path.iterdir()) == []


def test_a_former_result_stays_until_it_is_replaced(tmp_path, contents):
    path = tmp_path / "r.h5"
    path.write_text("former")
    with ResultFile(path, contents(), replace=True) as file:
        file.write(0, np.zeros((2, 10)), solution(0, 10))
        assert path.read_text() == "former"
        file.publish()
    assert h5py.is_hdf5(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_made_is_a_message(tmp_path, contents):
    with pytest.raises(OutputError, match="cannot write"):
        ResultFile(tmp_path / "missing" / "r.h5", contents())


@pytest.mark.parametrize("width", [3, 10])
def test_a_vector_is_one_variable_with_its_indices_first(tmp_path, width, contents):
    vector = Vector("u", "states", (2,), ("i",), ("error",))
    three = Vector("w", "states", (3,), ("k",), ("error",))
    given = contents(
        variables=(Variable("u[0]", "m"), Variable("u[1]", "m")),
        findings=(
            Finding("w[0]_max", "largest value of w[0]", "float32", "m"),
            Finding("w[1]_max", "largest value of w[1]", "float32", "m"),
            Finding("w[2]_max", "largest value of w[2]", "float32", "m"),
            Finding("u_count", "a number", "int32"),
            Finding("last", "a time"),
        ),
        wholes={"u[0]": Whole("u", vector), "w[0]_max": Whole("w_max", three)},
    )
    write(tmp_path / "r.h5", given, width)
    with xr.open_dataset(tmp_path / "r.h5", engine="h5netcdf") as found:
        assert found.u.dims == ("u_i", "time", "run")
        assert found.u.attrs["units"] == "m"
        np.testing.assert_array_equal(found.u, solution(0, 10).variables)
        assert found.w_max.dims == ("w_k", "run")
        assert found.w_max.attrs["long_name"] == "largest value of w"
        assert found.w_k.values.tolist() == [0, 1, 2]
        np.testing.assert_array_equal(found.w_max, solution(0, 10).findings[:3])
        assert found.u_count.values.tolist() == list(range(300, 310))
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["u"].attrs["_Netcdf4Coordinates"].tolist() == [2, 0, 1]
        assert file["u_i"].attrs["_Netcdf4Dimid"] == 2
        assert file["memory_report/buffer"].attrs["_Netcdf4Dimid"] == 4


def test_what_is_recorded_of_a_vector_has_both_dimensions(tmp_path, contents):
    vector = Vector("u", "states", (2,), ("i",), ("error",))
    recorded = ("float64", None, "kick_firing", 2)
    given = contents(
        findings=(
            Finding("kick_count", "how often", "int32"),
            Finding("kick_u[0]", "u[0] when kick fired", *recorded),
            Finding("kick_u[1]", "u[1] when kick fired", *recorded),
        ),
        wholes={"kick_u[0]": Whole("kick_u", vector)},
    )
    write(tmp_path / "r.h5", given, 4)
    with xr.open_dataset(tmp_path / "r.h5", engine="h5netcdf") as found:
        assert found.kick_u.dims == ("u_i", "kick_firing", "run")
        assert found.kick_u.attrs["long_name"] == "u when kick fired"
        np.testing.assert_array_equal(found.kick_u, solution(0, 10).findings[1:].reshape(2, 2, 10))
