"""A model of vectors from the command line to what is read of its result."""

import json

import numpy as np
import xarray as xr

MODEL = """\
[constants]
n = 4
[states]
u = { size = "n", value = "i", ends = "periodic" }
v = { size = [2, 3], value = "i + j/10" }
[parameters]
D = 0.5
[equations]
u = "D*(u[i-1] - 2*u[i] + u[i+1])"
v = "-v[i,j]"
[observables]
flux = { size = "n", value = "u[i] - u[i+1]" }
total = "sum(i, u[i])"
[[events]]
name = "half"
at = 0.5
set = { v = "2*v[i,j]", "u[0]" = "u[0] + 1" }
record = { first = 2, states = ["v"] }
[units]
u = "K"
"""
RUN = """\
[model]
file = "model.toml"
[solve]
t1 = 1.0
algorithm = "tsit5"
[batch.values]
"u[1]" = [1.0, 5.0]
D = [0.1, 0.5, 1.0]
[output]
file = "result.h5"
save_every = 0.25
observables = ["flux", "total"]
[output.summaries]
u = ["max"]
[run]
target = "python"
"""


def test_a_vector_is_a_variable_with_a_dimension(cubie, folder):
    (folder / "model.toml").write_text(MODEL)
    (folder / "run.toml").write_text(RUN)
    assert cubie("validate", "run.toml").code == 0
    assert cubie("run", "run.toml").code == 0
    with xr.open_dataset(folder / "result.h5", engine="h5netcdf") as found:
        assert found.u.dims == ("u_i", "time", "run")
        assert found.v.shape == (2, 3, 5, 6)
        assert found.u.attrs["units"] == found.u_max.attrs["units"] == "K"
        assert found.u_i.values.tolist() == [0, 1, 2, 3]
        assert found.u.isel(time=0, run=3).values.tolist() == [0.0, 5.0, 2.0, 3.0]
        assert found["u[1]_0"].values.tolist() == [1.0] * 3 + [5.0] * 3
        np.testing.assert_allclose(found.flux.sum("flux_i"), 0.0, atol=1e-12)
        # Nothing is lost in a ring, and the event adds 1.
        np.testing.assert_allclose(found.total.isel(time=[1, -1], run=0), [6.0, 7.0], rtol=1e-12)
        np.testing.assert_allclose(found.u.sum("u_i"), found.total)
        np.testing.assert_allclose(found.u_max.isel(run=0), found.u.isel(run=0).max("time"), rtol=0.05)
        np.testing.assert_allclose(
            found.half_v.isel(half_firing=0, run=0), 2 * np.exp(-0.5) * found.v[:, :, 0, 0], rtol=1e-5
        )
    shown = json.loads(cubie("show", "result.h5", "--json").out)
    assert [each["name"] for each in shown["variables"]] == ["u", "v", "flux", "total"]


def test_a_trace_has_elements_by_name(cubie, folder):
    (folder / "model.toml").write_text(MODEL)
    (folder / "run.toml").write_text(RUN)
    assert cubie("run", "run.toml", "--trace", "trace.h5", "--runs", "0:2").code == 0
    assert cubie("show", "trace.h5").code == 0


def test_what_is_undefined_at_the_start_is_told_of_its_element(cubie, folder):
    (folder / "model.toml").write_text(MODEL.replace('"-v[i,j]"', '"log(v[i,j] - 1.15)"'))
    (folder / "run.toml").write_text(RUN)
    told = cubie("run", "run.toml")
    assert told.code == 3
    assert "the right-hand side of v[0,0], log(v[i,j] - 1.15), is nan" in told.err
