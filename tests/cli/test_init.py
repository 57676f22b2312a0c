"""`cubie init`: what it writes runs as it is and comes to what is known."""

import json
import tomllib
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import xarray

from cubie_cli.commands.init import TEMPLATES


@pytest.fixture
def solved(cubie, folder):
    """Return a function that writes a template, validates and runs it, and returns its result."""

    def solve(template, target):
        assert cubie("init", "study", "--template", template).code == 0
        checked = cubie("validate", "study/run.toml")
        assert (checked.code, checked.err) == (0, "")
        assert "units:" not in checked.out
        found = cubie("run", "study/run.toml", "--target", target)
        assert found.code == 0
        assert "warning" not in found.err
        with xarray.open_dataset(folder / "study" / "result.h5", engine="h5netcdf") as result:
            return result.load()

    return solve


def test_plain_keeps_what_the_equations_keep(solved):
    result = solved("plain", "python")
    assert result.sizes == {"run": 1, "time": 201}
    assert np.ptp(result.invariant.values) < 1e-6
    assert np.ptp(result.hares.values) > 5


def test_stiff_keeps_matter_and_converts_as_michaelis_and_menten_say(solved):
    result = solved("stiff", "python").isel(run=0)
    np.testing.assert_allclose(result.substrate + result.complex + result.product, 100, rtol=1e-7)
    steady = result.sel(time=slice(0.1, 900))
    np.testing.assert_allclose(steady.conversion, 10 * 0.01 * steady.substrate / (3 + steady.substrate), rtol=2e-3)
    assert result.product[-1] == pytest.approx(100)


def test_dosing_is_the_sum_of_its_doses(solved):
    result = solved("dosing", "cpu")
    ka, ke = 1.2, 5 / 50

    def of_a_milligram(times):
        since = np.maximum(times[:, None] - 24 * np.arange(7), 0)
        return (ka / (50 * (ka - ke)) * (np.exp(-ke * since) - np.exp(-ka * since))).sum(1)

    expected = of_a_milligram(result.time.values)[:, None] * result.dose.values
    np.testing.assert_allclose(result.concentration, expected, rtol=1e-5, atol=1e-6)
    last_day = of_a_milligram(np.linspace(144, 168, 24_001))[:, None] * result.dose.values
    np.testing.assert_allclose(result.concentration_max, last_day.max(0), rtol=1e-5)
    np.testing.assert_allclose(result.hours_effective, 24 * (last_day > 2).mean(0), atol=2e-3)
    assert np.isnan(result.effective_time.sel(run=0)).all()  # the smallest tablet is never effective


def test_forced_loses_no_water(solved):
    result = solved("forced", "cpu")
    np.testing.assert_allclose(result.rained, result.storage + result.drained, atol=1e-6)
    table = np.array([0.4, 2.1, 0.9, 0.1, 1.2, 3.8, 1.6, 0.3, 0.7, 0.2])
    np.testing.assert_allclose(result.rained.sel(time=168.0), 6 * table.sum(), rtol=1e-9)
    assert (result.discharge_max.diff("run") < 0).all()  # who keeps water longer has the smaller flood


def test_sweep_finds_the_amplitudes_of_theory(solved):
    result = solved("sweep", "cpu")
    assert result.attrs["batch_axes"] == "frequency damping"
    away, width = 1 - result.frequency**2, 2 * result.damping * result.frequency
    np.testing.assert_allclose(result.amplitude, 1 / np.hypot(away, width), rtol=1e-4)


def test_sample_has_epidemics_that_end_as_they_must(solved):
    result = solved("sample", "cpu")
    susceptible = 1 - result.infected - result.recovered
    left = (1 - result.infected_first) * np.exp(-result.R0 * result.recovered)
    np.testing.assert_allclose(susceptible, left.transpose(*susceptible.dims), rtol=1e-4)
    assert np.median(result.R0) == pytest.approx(2.5, rel=0.01)


def test_spatial_spreads_heat_as_its_matrix_does(solved):
    result = solved("spatial", "python")
    n = 50
    differences = -2 * np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)
    differences[0, 0] = differences[-1, -1] = -1
    rates, modes = np.linalg.eigh(differences * n**2)
    for run in range(3):
        found = result.isel(run=run)
        temperature = found["T"].values
        decay = np.exp(rates[:, None] * found.diffusivity.item() * found.time.values)
        np.testing.assert_allclose(temperature, modes @ (decay * (modes.T @ temperature[:, :1])), rtol=1e-5)
    assert np.ptp(result["mean"].values, axis=0).max() < 1e-6


@pytest.mark.parametrize("template", TEMPLATES)
def test_files_are_short_and_the_list_tells_what_they_show(cubie, folder, template):
    found = cubie("init", folder / template, "-t", template, "--json")
    files = json.loads(found.out)["files"]
    texts = {Path(file).name: Path(file).read_text() for file in files}
    assert {"model.toml", "run.toml"} <= set(texts)
    for text in texts.values():
        assert len(text.splitlines()) < 60
        assert max(map(len, text.splitlines())) <= 120
    schema, about = texts["run.toml"].splitlines()[:2]
    about = about.lstrip("# ")
    assert schema == "#:schema ./.schema/run.json"
    assert texts["model.toml"].startswith("#:schema ./.schema/model.json\n")
    assert {"name": template, "about": about} in json.loads(cubie("init", "--list", "--json").out)["templates"]
    assert template in cubie("init", "--list").out


@pytest.mark.parametrize("which", ["run", "model"])
def test_files_fit_the_schema_that_their_first_line_names(cubie, folder, which):
    assert cubie("init", "study").code == 0
    file = folder / "study" / f"{which}.toml"
    named = file.read_text().splitlines()[0].removeprefix("#:schema ")
    schema = (file.parent / named).read_text()
    assert schema == cubie("schema", which).out
    jsonschema.validate(tomllib.loads(file.read_text()), json.loads(schema))


def test_it_says_what_to_do_next(cubie):
    told = cubie("init", "a study", "--template", "forced").out
    assert "wrote 'a study/model.toml' and 'a study/run.toml'" in told
    assert "and 'a study/rain.csv'" in told
    for command in ("validate 'a study/run.toml'", "run 'a study/run.toml'", "show 'a study/result.h5'"):
        assert f"cubie {command}" in told


def test_a_folder_that_is_there_is_added_to_and_nothing_in_it_is_replaced(cubie, folder):
    (folder / "here").mkdir()
    (folder / "here" / "notes.txt").write_text("mine")
    (folder / "here" / "run.toml").write_text("mine")
    found = cubie("init", "here")
    assert found.code == 5
    assert "the folder here has a run.toml" in found.err
    assert "--force" in found.err
    assert not (folder / "here" / "model.toml").exists()
    assert cubie("init", "here", "--force").code == 0
    assert "[solve]" in (folder / "here" / "run.toml").read_text()
    assert (folder / "here" / "notes.txt").read_text() == "mine"


def test_force_replaces_text_only(cubie, folder):
    (folder / "here").mkdir()
    (folder / "here" / "run.toml").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(8))
    found = cubie("init", "here", "--force")
    assert found.code == 5
    assert "is not a TOML file" in found.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "a NAME for the folder is missing"),
        (("",), 2, "a NAME for the folder is missing"),
        (("x", "-t", "plian"), 2, "there is no template 'plian'\n  hint: did you mean 'plain'?"),
        (("model.toml",), 2, "NAME is a folder, and model.toml looks like a file\n  hint: cubie init model"),
        (("file",), 5, "file exists, and is no folder"),
        (("file/x",), 5, "cannot make the folder file/x: Not a directory"),
        (("x" * 300,), 5, "File name too long"),
    ],
)
def test_what_is_no_folder_name_is_refused(cubie, folder, arguments, code, message):
    (folder / "file").write_text("mine")
    before = sorted(folder.iterdir())
    found = cubie("init", *arguments)
    assert found.code == code
    assert message in found.err
    assert sorted(folder.iterdir()) == before
