import h5py
import numpy as np
import pytest
import xarray as xr

from cubie_cli.models.chosen import Whole
from cubie_cli.models.expressions.vectors import Vector
from cubie_cli.results.layout import expected_bytes, lay_out


def test_it_follows_netcdf4(tmp_path, contents):
    lay_out(tmp_path / "r.h5", contents())
    with h5py.File(tmp_path / "r.h5") as file:
        assert [file[name].attrs["_Netcdf4Dimid"] for name in ("time", "run")] == [0, 1]
        assert file["x"].attrs["_Netcdf4Coordinates"].tolist() == [0, 1]
        assert [dimension[0].name for dimension in file["x"].dims] == ["/time", "/run"]
        assert np.isnan(file["x"].attrs["_FillValue"]).all()
        assert file["x"].attrs["coordinates"] == file["status"].attrs["coordinates"] == "rho x_0"
        assert file["time"].attrs["units"] == "s"


def test_the_report_is_columns_too(tmp_path, contents):
    lay_out(tmp_path / "r.h5", contents())
    with xr.open_dataset(tmp_path / "r.h5", engine="h5netcdf", group="memory_report") as found:
        assert found.name.values.tolist() == ["slope", "stages"]
        assert np.isnan(found.offset[0])
        assert found.offset[1] == 8
        assert found.attrs == {"shared": 24, "local": 8}


def test_findings_have_dimensions_of_their_own(tmp_path, contents):
    lay_out(tmp_path / "r.h5", contents())
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["spike_firing"][()].tolist() == [0, 1, 2]
        assert file["spike_firing"].attrs["_Netcdf4Dimid"] == 2
        assert file["memory_report/buffer"].attrs["_Netcdf4Dimid"] == 3
        assert file["spike_time"].attrs["_Netcdf4Coordinates"].tolist() == [2, 1]
        assert [dimension[0].name for dimension in file["spike_time"].dims] == ["/spike_firing", "/run"]
        assert [file[name].dtype for name in ("x_max", "spikes", "spike_time")] == ["float32", "int32", "float64"]
        assert np.isnan(file["x_max"].attrs["_FillValue"]).all()
        assert "_FillValue" not in file["spikes"].attrs
        assert dict(file["spike_time"].attrs)["units"] == "s"
        assert file["spikes"].attrs["long_name"] == "spikes"
        assert file["spikes"].attrs["coordinates"] == "rho x_0"


def test_texts_and_attributes_may_be_long(tmp_path, contents):
    lay_out(tmp_path / "r.h5", contents(attributes={"command_line": "x" * 100_000}, texts={"model": "é" * 100_000}))
    with h5py.File(tmp_path / "r.h5") as file:
        assert file["input-files/model"].asstr()[()] == "é" * 100_000
        assert len(file.attrs["command_line"]) == 100_000


def test_expected_bytes_count_findings(contents):
    sizes = {"n_runs": 1_000_000, "n_times": 1, "n_variables": 1, "n_coordinates": 0, "itemsize": 8}
    more = expected_bytes(**sizes, findings=contents().findings) - expected_bytes(**sizes)
    assert more == pytest.approx(1_000_000 * (4 + 4 + 3 * 8), rel=1e-3)


def test_expected_bytes_follow_from_the_sizes():
    one = expected_bytes(n_runs=1_000_000, n_times=10, n_variables=3, n_coordinates=2, itemsize=4)
    assert one == pytest.approx(1_000_000 * (3 * 10 * 4 + 2 * 8 + 1 + 4 + 4 + 8), rel=1e-3)


def test_expected_bytes_count_a_vector_as_one_variable():
    whole = Whole("u", Vector("u", "states", (1000,), ("i",), ("error",)))
    sizes = {"n_runs": 1, "n_times": 1, "n_variables": 1000, "n_coordinates": 0, "itemsize": 8}
    assert expected_bytes(**sizes) - expected_bytes(**sizes, wholes={"u[0]": whole}) > 900_000
