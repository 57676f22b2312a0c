"""Models with events on the command line: what the result and the trace have, how runs end, and what is kept."""

import json
import subprocess
import sys

import h5py
import numpy as np
import pytest
import xarray as xr

MODEL = """\
[states]
x = 1.0
[parameters]
rate = 0.5
gap = 1.0
low = 0.2
[equations]
x = "-rate*x"
[observables]
double = "2*x"
[[events]]
name = "dose"
at = { start = 0.0, every = "gap", count = 3 }
set = { x = "x + 1" }
record = 2
[[events]]
name = "floor"
when = "x - low"
direction = "down"
stop = true
record = { first = 2, states = ["x"], observables = ["double"] }
[units]
t = "h"
x = "mg"
"""
RUN = """\
[model]
file = "events.toml"
[solve]
t1 = 6.0
algorithm = "tsit5"
rtol = 1e-8
[batch.values]
rate = [0.1, 2.0, 50.0]
[output]
file = "events.h5"
save_every = 0.5
[run]
target = "python"
"""


@pytest.fixture
def events(cubie, folder):
    (folder / "events.toml").write_text(MODEL)
    (folder / "events_run.toml").write_text(RUN)
    return cubie


def edit(folder, old, new):
    text = (folder / "events.toml").read_text()
    assert old in text
    (folder / "events.toml").write_text(text.replace(old, new, 1))


def ends(rate):
    """Return when x, of a dose at 0, 1 and 2, has fallen to 0.2, or 6."""
    x, t = 2.0, 0.0
    for dose in (1.0, 1.0, 0.0):
        fall = np.log(x / 0.2) / rate
        if dose and fall > 1.0:
            x, t = x * np.exp(-rate) + dose, t + 1.0
        else:
            return min(t + fall, 6.0)
    raise AssertionError


@pytest.mark.parametrize("target", ["python", "cpu"])
def test_the_result_tells_of_events(events, target):
    found = json.loads(events("run", "events_run.toml", "--json", "--quiet", "--target", target).out)
    assert found["failed"] == 0
    assert found["statuses"] == {"success": 1, "stopped": 2}
    assert found["bytes"] > 0
    with xr.open_dataset("events.h5", engine="h5netcdf") as result:
        assert result.status.values.tolist() == [0, 6, 6]
        assert result.dose_count.dtype == result.floor_count.dtype == np.int32
        assert result.dose_count.values.tolist() == [3, 2, 1]
        assert result.floor_count.values.tolist() == [0, 1, 1]
        times = [ends(rate) for rate in (0.1, 2.0, 50.0)]
        np.testing.assert_allclose(result.t_end, times, rtol=1e-7)
        assert result.dose_time.dims == ("dose_firing", "run")
        np.testing.assert_array_equal(result.dose_time, [[0, 0, 0], [1, 1, np.nan]])
        np.testing.assert_allclose(result.floor_time[0], [np.nan, *times[1:]], rtol=1e-7)
        np.testing.assert_allclose(result.floor_x[0], [np.nan, 0.2, 0.2], rtol=1e-7)
        np.testing.assert_allclose(result.floor_double[0], [np.nan, 0.4, 0.4], rtol=1e-7)
        assert result.floor_x[1].isnull().all()
        assert result.floor_x.attrs["units"] == "mg"
        assert result.floor_time.attrs["units"] == result.t_end.attrs["units"] == "h"
        x = result.x.sel(run=1)
        assert x.sel(time=0.0) == 2.0
        assert x[x.time > times[1]].isnull().all()
        assert x[x.time <= times[1]].notnull().all()
        assert set(result.floor_x.coords) == {"floor_firing", "run", "rate"}


def test_stopped_runs_are_done(events):
    found = events("run", "events_run.toml", "--quiet")
    assert found.code == 0
    assert ["stopped", "2"] in [line.split() for line in found.out.splitlines()]
    shown = json.loads(events("show", "events.h5", "--json").out)
    assert shown["status"] == {"success": 1, "stopped": 2}


def test_precision_is_that_of_the_states(events):
    assert events("run", "events_run.toml", "--quiet", "--set", "solve={t1=6.0,algorithm='tsit5',precision='float32'}")
    with xr.open_dataset("events.h5", engine="h5netcdf") as result:
        assert result.floor_x.dtype == result.floor_double.dtype == np.float32
        assert result.floor_time.dtype == result.t_end.dtype == np.float64


def test_chunks_do_not_matter(events):
    assert events("run", "events_run.toml", "--quiet").code == 0
    whole = xr.load_dataset("events.h5", engine="h5netcdf")
    assert events("run", "events_run.toml", "--quiet", "--force", "--set", "run.chunk=1").code == 0
    xr.testing.assert_equal(whole, xr.load_dataset("events.h5", engine="h5netcdf"))


def test_too_many_events_are_told_with_advice(events):
    found = events("run", "events_run.toml", "--quiet", "--set", "solve.max_events=2")
    assert found.code == 4
    assert "too_many_events" in found.out
    loud = events("run", "events_run.toml", "--force", "--set", "solve.max_events=2")
    assert "events fired more than max_events = 2 times" in loud.err


def test_a_mistake_is_one_message(events, folder):
    edit(folder, "direction", "directoin")
    found = events("run", "events_run.toml")
    assert found.code == 3
    assert found.err == (
        "events.toml:19:1: unknown key 'directoin' in [[events]]\n"
        "    directoin = \"down\"\n    ^\n  hint: did you mean 'direction'?\n"
    )


def test_a_crossing_undefined_at_the_start_is_refused_where_it_stands(events, folder):
    edit(folder, '"x - low"', '"log(low - x)"')
    for command in ("run", "validate"):
        found = events(command, "events_run.toml")
        assert found.code == 3
        assert found.out == ""
        assert "events.toml:18:8: log(low - x) is nan at t0 = 0" in found.err


def test_validate_tells_what_is_to_be_known(events, folder):
    edit(folder, "start = 0.0", "start = 7.0")
    found = events("validate", "events_run.toml")
    assert found.code == 0
    assert "event: dose never fires: its times are outside the span from 0 to 6" in found.out
    (told,) = json.loads(events("validate", "events_run.toml", "--json").out)["events"]
    assert told.startswith("dose never fires")


# -- traces -------------------------------------------------------------------------------------


def test_a_trace_shows_each_firing(events):
    assert events("run", "events_run.toml", "--quiet", "--trace", "trace.h5").code == 0
    text = events("show", "trace.h5").out
    assert text.count("event dose at 1\n") == 2
    assert text.count("event floor at") == 2
    shown = json.loads(events("show", "trace.h5", "--json").out)
    first, second, third = shown["runs"]
    assert [each["event"] for each in first["events"]] == ["dose"]
    assert [run["summary"]["events"] for run in (first, second, third)] == [3, 3, 2]
    assert shown["summary"]["events"] == 8
    last = second["attempts"][-1]
    assert [each["event"] for each in last["events"]] == ["floor"]
    assert last["t"] < last["events"][0]["t"] <= last["t"] + last["h"]
    with h5py.File("trace.h5") as file:
        assert file["event/event"].attrs["flag_meanings"] == "dose floor"
        assert file["event/run"][:].tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
        assert file["event/attempt"][0] == 0


# -- kernels that are kept ----------------------------------------------------------------------

_RUN_AND_LIST = """
import sys
from cubie_cli.main import main
sys.argv = ["cubie", "run", "events_run.toml", "--quiet", "--json", "--force", "--target", "cpu"]
try:
    main()
except SystemExit:
    pass
print(*(name for name in ("sympy", "numba") if name in sys.modules), file=sys.stderr)
"""


def test_other_times_need_no_new_kernel(events, folder):
    edit(folder, 'every = "gap", count = 3', "every = 1.0, count = 3")
    assert events("run", "events_run.toml", "--quiet", "--target", "cpu").code == 0
    edit(folder, "start = 0.0, every = 1.0, count = 3", "start = 0.5, every = 2.0, count = 2")
    found = subprocess.run([sys.executable, "-c", _RUN_AND_LIST], capture_output=True, text=True, check=True)
    assert found.stderr.strip() == ""
    assert json.loads(found.stdout)["seconds"]["compile"] == 0
    with xr.open_dataset("events.h5", engine="h5netcdf") as result:
        assert result.dose_count.values.tolist() == [2, 1, 0]
        np.testing.assert_array_equal(result.dose_time.sel(run=0), [0.5, 2.5])


DRIVEN = """\
[model.states]
x = 0.0
[model.equations]
x = "light"
[model.drivers]
light = { times = [0.0, 2.0, 4.0], values = [0.0, 2.0, 0.0] }
[[model.events]]
name = "bright"
when = "light - 1"
set = { x = "x + 10*light" }
record = 4
[solve]
t1 = 4.0
algorithm = "tsit5"
rtol = 1e-9
[output]
file = "driven.h5"
"""


@pytest.mark.parametrize("target", ["python", "cpu"])
def test_events_may_use_drivers(events, folder, target):
    (folder / "driven.toml").write_text(DRIVEN)
    assert events("validate", "driven.toml").out.count("event: ") == 0
    assert events("run", "driven.toml", "--quiet", "--target", target).code == 0
    with xr.open_dataset("driven.h5", engine="h5netcdf") as result:
        np.testing.assert_allclose(result.bright_time.sel(run=0), [1.0, 3.0, np.nan, np.nan], rtol=1e-9)
        np.testing.assert_allclose(result.x, [[4.0 + 20.0]], rtol=1e-8)
