"""`cubie export`: tables of text and smaller files."""

import csv

import numpy as np
import pytest
import xarray


@pytest.fixture
def result(cubie, folder):
    assert cubie("run", "run.toml", "--quiet", "--allow-failures").code == 0
    with xarray.open_dataset(folder / "result.h5", engine="h5netcdf") as found:
        return found.load()


def rows(path):
    with path.open() as file:
        return list(csv.reader(file))


def test_a_row_for_each_run_and_time(cubie, folder, result):
    found = cubie("export", "result.h5", "-o", "a.csv")
    assert found.code == 0
    header, *table = rows(folder / "a.csv")
    assert header == ["run", "time", "rate", "x_0", "x", "y", "total"]
    assert len(table) == result.sizes["run"] * result.sizes["time"]
    assert found.out.startswith(f"a.csv: {len(table)} rows of rate, x_0, x, y, total")
    for run, time, _, start, x, *_ in table:
        at = result.sel(run=int(run), time=float(time))
        assert float(x) == at["x"]
        assert float(start) == at["x_0"]


@pytest.mark.usefixtures("result")
def test_quantities_and_runs(cubie, folder):
    assert (
        cubie("export", "result.h5", "-o", "a.csv", "--quantity", "stat*", "--quantity", "steps", "--runs", "1:3").code
        == 0
    )
    assert rows(folder / "a.csv")[0] == ["run", "rate", "x_0", "status", "steps"]
    assert [row[0] for row in rows(folder / "a.csv")[1:]] == ["1", "2"]


def test_a_smaller_file_opens_as_the_result_does(cubie, folder, result):
    assert cubie("export", "result.h5", "-o", "a.nc", "--quantity", "tot*", "--runs", "2:5").code == 0
    with xarray.open_dataset(folder / "a.nc", engine="h5netcdf") as found:
        assert set(found.data_vars) == {"total"}
        assert found["run"].values.tolist() == [2, 3, 4]
        np.testing.assert_array_equal(found["total"], result["total"].isel(run=slice(2, 5)))
        np.testing.assert_array_equal(found["rate"], result["rate"].isel(run=slice(2, 5)))
        assert found["total"].attrs["units"] == "mol"


@pytest.mark.usefixtures("result")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["result.h5", "-o", "a.txt"], 2, "the output is neither .csv nor .nc"),
        (
            ["result.h5", "-o", "a.csv", "--quantity", "totl"],
            2,
            "the result has no quantity 'totl'\n  hint: did you mean 'total'?",
        ),
        (["result.h5", "-o", "a.csv", "--runs", "9"], 2, "the batch has 6 runs"),
        (["result.h5", "-o", "none/a.csv"], 5, "the folder of the output does not exist"),
        (["model.toml", "-o", "a.csv"], 3, "this is no HDF5 file"),
        (["none.h5", "-o", "a.csv"], 3, "no such file"),
    ],
)
def test_what_is_wrong_is_told(cubie, folder, arguments, code, message):
    found = cubie("export", *arguments)
    assert found.code == code
    assert message in found.err
    assert not (folder / "a.csv").exists()
