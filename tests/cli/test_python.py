"""`run`, `validate` and `open_result` do what the commands do, with the same words."""

import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

import cubie_cli
from cubie_cli import CubieError, CubieWarning, open_result, run, validate
from cubie_cli.api import datasets
from cubie_cli.documents.messages import UserError
from cubie_cli.runs.progress import Progress

MODEL = {
    "states": {"x": 1.0, "y": 2.0},
    "parameters": {"rate": 0.5, "gain": 1.0},
    "equations": {"x": "-rate*x", "y": "gain*log(y)"},
}
CONFIGURATION = {
    "solve": {"t1": 1.0, "algorithm": "tsit5", "dt": 0.25},
    "batch": {"values": {"rate": np.array([0.5, 1.0]), "x": [1.0, 2.0, 3.0]}},
    "output": {"save_every": 0.5},
    "run": {"target": "python"},
}
FAILING = {
    "model": {"states": {"x": 1.0}, "parameters": {"a": 1.0}, "equations": {"x": "a*x*x"}},
    "solve": {"t1": 1.0, "algorithm": "tsit5", "max_steps": 40},
    "batch": {"values": {"a": [0.5, 3.0]}},
    "run": {"target": "python"},
}


FILES = ["model.toml", "run.toml", "temporary"]


@pytest.fixture(autouse=True)
def temporary(folder, monkeypatch):
    """Have temporary files made in a folder in which nothing may be left."""
    place = folder / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    yield
    assert list(place.iterdir()) == []


def refused(*arguments, **named):
    with pytest.raises(CubieError) as caught:
        run(*arguments, progress=False, **named)
    return caught.value


def test_a_dictionary_with_arrays_is_solved(folder):
    found = run(CONFIGURATION, model=MODEL, progress=False)
    assert dict(found.sizes) == {"time": 3, "run": 6}
    assert found.rate.values.tolist() == [0.5] * 3 + [1.0] * 3
    np.testing.assert_allclose(found.x[-1], found.x_0 * np.exp(-found.rate), rtol=1e-5)
    assert found.attrs["command_line"] == "cubie_cli.run(config, model=model)"
    assert pickle.loads(pickle.dumps(found)).identical(found)  # noqa: S301 - it is in memory, and nothing else is left
    assert sorted(path.name for path in folder.iterdir()) == FILES


def test_files_and_dictionaries_come_to_the_same(folder):
    text = '[solve]\nt1 = 1.0\nalgorithm = "tsit5"\ndt = 0.25\n[batch.values]\nrate = [0.5, 1.0]\nx = [1.0, 2.0, 3.0]\n'
    text += '[output]\nsave_every = 0.5\n[run]\ntarget = "python"\n'
    (folder / "run.toml").write_text(f'[model]\nfile = "model.toml"\n{text}')
    lines = [f"[{table}]\n" + "".join(f"{key} = {value!r}\n" for key, value in MODEL[table].items()) for table in MODEL]
    (folder / "model.toml").write_text("".join(lines))
    of_files = run("run.toml", progress=False)
    for config, model in [(CONFIGURATION, MODEL), (CONFIGURATION, "model.toml"), (Path("run.toml"), MODEL)]:
        found = run(config, model=model, progress=False)
        for name in of_files.variables:
            np.testing.assert_array_equal(found[name], of_files[name])


def test_axes_become_dimensions(folder):
    found = run(CONFIGURATION, model=MODEL, progress=False, unstack=True, output="result.h5")
    assert found.x.dims == ("time", "rate", "x_0")
    assert found.status.dtype == np.int8
    assert found.rate.dims == ("rate",)
    np.testing.assert_allclose(found.x.sel(time=1.0), np.exp(-found.rate) * found.x_0, rtol=1e-5)
    flat = open_result(folder / "result.h5")
    assert flat.x.dims == ("time", "run")
    assert found.x.values.ravel().tolist() == flat.x.values.ravel().tolist()
    assert open_result("result.h5", unstack=True).identical(found)


def test_a_group_is_a_dimension_with_its_quantities_along_it():
    batch = {"values": {"x": [1.0, 2.0]}, "groups": {"patient": {"values": {"rate": [1.0, 2.0, 3.0], "gain": 0.5}}}}
    found = run({**CONFIGURATION, "batch": batch}, model=MODEL, progress=False, unstack=True)
    assert found.x.dims == ("time", "x_0", "patient")
    assert found.rate.dims == ("patient",)
    assert found.gain.dims == ()
    assert found.patient.values.tolist() == [0, 1, 2]


def test_runs_that_are_no_grid_stay_in_a_row():
    values = {"rate": [0.5, 1.0, 2.0], "x": [1.0, 2.0, 3.0]}
    found = run(
        {**CONFIGURATION, "batch": {"mode": "zip", "values": values}}, model=MODEL, progress=False, unstack=True
    )
    assert found.x.dims == ("time", "run")


def test_a_part_of_a_grid_has_no_whole_axes(folder):
    run(CONFIGURATION, model=MODEL, progress=False, output="result.h5")
    part = open_result("result.h5").isel(run=slice(0, 4))
    with pytest.raises(UserError, match="4 of 6 runs"):
        datasets.unstacked(part)
    assert (folder / "result.h5").is_file()


def test_what_is_too_large_for_memory_stays_on_disk_for_as_long_as_it_is_used(monkeypatch):
    monkeypatch.setattr(datasets, "free_bytes", lambda: 0)
    found = run(CONFIGURATION, model=MODEL, progress=False)
    x = found.x
    del found
    np.testing.assert_allclose(x[-1], x.x_0 * np.exp(-x.rate), rtol=1e-5)


def test_a_result_is_repeated_from_its_file_alone(folder):
    first = run(CONFIGURATION, model=MODEL, progress=False, output=folder / "result.h5")
    again = run(folder / "result.h5", progress=False)
    for name in ("x", "y", "rate", "status", "time"):
        np.testing.assert_array_equal(again[name], first[name])
    assert list(again.data_vars) == list(first.data_vars)
    changed = run(folder / "result.h5", model={**MODEL, "states": {"x": 1.0, "y": 1.0}}, progress=False)
    assert changed.y.values.tolist() == np.ones((3, 6)).tolist()


def test_runs_that_failed_warn_and_tell_so():
    with pytest.warns(CubieWarning, match=r"of 2 runs failed 1 \(1 max_steps\)") as caught:
        found = run(FAILING, progress=False)
    assert found.status.values.tolist() == [0, 1]
    assert np.isfinite(found.x.values).tolist() == [[True, False]]
    assert caught[0].filename == __file__
    assert "hint: tsit5 is an explicit method" in str(caught[0].message)


def test_a_command_looks_at_a_run_that_failed(folder, cubie):
    with pytest.warns(CubieWarning):
        run(FAILING, progress=False, output="failed.h5")
    command = json.loads(cubie("show", "failed.h5", "--json").out)["look_at"]["command"]
    assert command.startswith("cubie run failed.h5 --runs 1 --target python")
    assert cubie(*command.split()[1:]).code == 4
    assert (folder / "run-1-trace.h5").is_file()


def test_progress_is_shown_on_standard_error_unless_it_is_not_wanted(capsys):
    run(CONFIGURATION, model=MODEL)
    assert "solved 6 of 6 runs" in capsys.readouterr().err
    run(CONFIGURATION, model=MODEL, progress=False)
    assert capsys.readouterr() == ("", "")


def test_mistakes_are_told_in_the_words_of_the_command():
    error = refused({**CONFIGURATION, "solve": {"t1": 1.0, "rtoll": 1e-8}}, model=MODEL)
    assert str(error) == "config['solve']['rtoll']: unknown key 'rtoll' in [solve]\n  hint: did you mean 'rtol'?"
    assert (error.place, error.hint, error.exit_code) == ("config['solve']['rtoll']", "did you mean 'rtol'?", 3)
    assert pickle.loads(pickle.dumps(error)).__dict__ == error.__dict__  # noqa: S301 - pools of processes do it
    assert error._render_traceback_() == [f"CubieError: {error}"]
    assert error._repr_html_().startswith("<pre>config[&#x27;solve&#x27;]")


@pytest.mark.parametrize(
    ("config", "named", "told"),
    [
        (3, {}, "config is a path or a dictionary, not int"),
        ("nothing.toml", {}, "nothing.toml: no such file"),
        (MODEL, {}, "config: this is a model, and a run configuration is needed\n  hint: give it as model="),
        (CONFIGURATION, {}, 'config: the table [model] is missing\n  hint: add "model": {...}'),
        (CONFIGURATION, {"model": "nothing.toml"}, "model: no such model file"),
        (CONFIGURATION, {"model": 3}, "model is a path or a dictionary, not int"),
        (CONFIGURATION, {"model": {**MODEL, "states": {"x": 1.0}}}, "model['equations']['y']: 'y' has an equation"),
        (
            CONFIGURATION,
            {"model": MODEL, "target": "gpu"},
            "target is one of auto, cuda, cpu, python\n  hint: did you mean 'cuda'?",
        ),
        (CONFIGURATION, {"model": MODEL, "output": "taken.h5"}, "hint: name another with output=, or add force=True"),
        (CONFIGURATION, {"model": MODEL, "resume": True}, 'hint: name it: output="result.h5"'),
        (CONFIGURATION, {"model": MODEL, "output": "x.txt"}, "hint: name it x.h5"),
    ],
)
def test_every_mistake_is_one_message(folder, config, named, told):
    (folder / "taken.h5").write_text("taken")
    assert told in str(refused(config, **named))


def test_a_mistake_in_a_model_that_replaces_that_of_a_file(folder):
    (folder / "run.toml").write_text('[model]\nfile = "nothing.toml"\n[solve]\nt1 = 1.0\n')
    error = refused("run.toml", model={**MODEL, "equations": {**MODEL["equations"], "x": "-rite*x"}})
    assert (
        str(error)
        == "model['equations']['x']:2: undefined name 'rite'\n    -rite*x\n     ^\n  hint: did you mean 'rate'?"
    )


def test_without_the_extra_a_message_names_it(monkeypatch):
    monkeypatch.setattr(datasets, "find_spec", lambda name: None if name == "h5netcdf" else True)
    error = refused(CONFIGURATION, model=MODEL)
    assert str(error) == (
        "error: h5netcdf is not installed, which results need\n  hint: pip install 'cubie-cli[xarray]'"
    )


def test_what_is_stopped_leaves_nothing_or_goes_on(monkeypatch, folder):
    def interrupted(*_):
        raise KeyboardInterrupt

    config = {**CONFIGURATION, "run": {"target": "python", "chunk": 2}}
    advance = Progress.advance
    for output in (None, "result.h5"):
        monkeypatch.setattr(Progress, "advance", interrupted)
        with pytest.raises(KeyboardInterrupt) as caught:
            run(config, model=MODEL, progress=False, output=output)
    monkeypatch.setattr(Progress, "advance", advance)
    assert caught.value.__notes__ == ["2 of 6 runs are kept: resume=True goes on with them"]
    found = run(config, model=MODEL, progress=False, output="result.h5", resume=True)
    assert found.status.values.tolist() == [0] * 6
    assert run(config, model=MODEL, progress=False, output="result.h5", resume=True).identical(found)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, "result.h5"])


def test_validate_tells_what_the_command_prints_as_json(cubie):
    found = validate(CONFIGURATION, model=MODEL)
    assert (found["valid"], found["runs"], found["model"]) == (True, 6, "model")
    run(CONFIGURATION, model=MODEL, progress=False, output="result.h5")
    assert json.loads(cubie("validate", "result.h5", "--json").out) == found
    with pytest.raises(CubieError, match="'t1' is missing"):
        validate({**CONFIGURATION, "solve": {}}, model=MODEL)


def test_opening_what_is_no_result(folder):
    with pytest.raises(CubieError, match="no such file"):
        open_result("nothing.h5")
    with h5py.File(folder / "other.h5", "w") as file:
        file["x"] = 1.0
    with pytest.raises(CubieError, match="this is no result of cubie"):
        open_result("other.h5")


def test_units_of_time_stay_numbers():
    found = run(CONFIGURATION, model={**MODEL, "units": {"t": "days", "rate": "1/s"}}, progress=False)
    assert found.time.values.tolist() == [0.0, 0.5, 1.0]
    assert found.time.attrs["units"] == "days"


def test_importing_is_cheap_and_names_are_there():
    code = "import sys, cubie_cli; print(sorted({'numpy', 'typer', 'rich', 'h5py', 'xarray'} & set(sys.modules)))"
    code += "; print([name for name in cubie_cli.__all__ if name not in dir(cubie_cli)])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n[]\n"
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        cubie_cli.runn  # noqa: B018 - it is looked for


def test_types_are_told():
    assert (Path(cubie_cli.__file__).parent / "py.typed").is_file()
    with warnings.catch_warnings():
        warnings.simplefilter("error", CubieWarning)
        assert isinstance(run(CONFIGURATION, model=MODEL, progress=False), xarray.Dataset)
