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
        assert set(found.data_vars) == {"total", "status", "steps", "rejected"}
        assert found["run"].values.tolist() == [2, 3, 4]
        np.testing.assert_array_equal(found["total"], result["total"].isel(run=slice(2, 5)))
        np.testing.assert_array_equal(found["rate"], result["rate"].isel(run=slice(2, 5)))
        assert found["total"].attrs["units"] == "mol"


@pytest.mark.usefixtures("result")
def test_a_smaller_file_is_exported_and_shown_again(cubie, folder):
    assert cubie("export", "result.h5", "-o", "a.nc", "--runs", "2:5").code == 0
    assert cubie("export", "a.nc", "-o", "b.nc", "--quantity", "x").code == 0
    assert cubie("export", "b.nc", "-o", "b.csv").code == 0
    assert [row[0] for row in rows(folder / "b.csv")[1:]] == ["2"] * 3 + ["3"] * 3 + ["4"] * 3
    assert cubie("show", "b.nc").code == 0
    # It is no complete result of the batch, though it came of one.
    (folder / "result.h5").unlink()
    (folder / "b.nc").rename(folder / "result.h5")
    assert cubie("run", "run.toml", "--resume").code == 5


@pytest.mark.usefixtures("result")
def test_times_are_there_already(cubie, folder):
    assert cubie("export", "result.h5", "-o", "a.csv", "--quantity", "time").code == 0
    assert rows(folder / "a.csv")[0] == ["run", "time", "rate", "x_0"]
    assert len(rows(folder / "a.csv")) == 1 + 6 * 3


VECTOR = """\
[states]
u = { size = [2, 3], value = "1 + i + 10*j" }
[equations]
u = "-u[i,j]"
"""
ELEMENTS = [f"u[{i},{j}]" for i in range(2) for j in range(3)]


@pytest.fixture(params=[["u"], ELEMENTS], ids=["whole", "elements"])
def vector(request, cubie, folder):
    (folder / "vector.toml").write_text(VECTOR)
    model, states = "model={file='vector.toml'}", f"output.states={request.param}"
    options = ["--set", model, "--set", states, "--set", "output.observables=[]", "--set", "batch.values={}"]
    assert cubie("run", "run.toml", "--quiet", *options).code == 0


@pytest.mark.usefixtures("vector")
def test_elements_of_vectors_are_columns(cubie, folder):
    assert cubie("export", "result.h5", "-o", "a.csv").code == 0
    header, first, *_ = rows(folder / "a.csv")
    assert header == ["run", "time", *ELEMENTS]
    assert first[2:] == ["1.0", "11.0", "21.0", "2.0", "12.0", "22.0"]


@pytest.mark.usefixtures("vector")
def test_an_element_is_a_name_and_no_glob(cubie, folder):
    assert cubie("export", "result.h5", "-o", "a.csv", "--quantity", "u[1,2]", "--quantity", "u[0,1]").code == 0
    header, first, *_ = rows(folder / "a.csv")
    assert sorted(zip(header[2:], first[2:], strict=True)) == [("u[0,1]", "11.0"), ("u[1,2]", "22.0")]
    assert cubie("export", "result.h5", "-o", "a.nc", "--quantity", "u[1,2]").code == 0
    with xarray.open_dataset(folder / "a.nc", engine="h5netcdf") as found:
        assert found["u[1,2]"].dims == ("time", "run")
        assert found["u[1,2]"].values[0].tolist() == [22.0]


def test_an_element_that_is_not_there_is_told(cubie, folder):
    (folder / "vector.toml").write_text(VECTOR)
    options = ["--set", "model={file='vector.toml'}", "--set", "output.observables=[]", "--set", "batch.values={}"]
    assert cubie("run", "run.toml", "--quiet", *options).code == 0
    found = cubie("export", "result.h5", "-o", "a.csv", "--quantity", "u[2,0]")
    assert found.code == 2
    assert "no quantity 'u[2,0]'\n  hint: 'u' has 2 by 3 elements, such as u[0,0], counted from 0" in found.err


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
