"""Drivers from the command line: results, and kernels that are kept."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from cubie_cli.kernels import cache as kernel_cache

ROOT = Path(__file__).parents[2]
RATES = np.array([0.5, 1.0])


@pytest.fixture
def driven(folder):
    """Return a function that writes the rows of a table, by which the model is driven."""
    model = folder / "model.toml"
    text = model.read_text().replace('"-rate*x"', '"feed - rate*x"').replace('"gain*log(y)"', '"-gain*y"')
    driver = '[drivers]\nfeed = { table = "feed.csv", time = "t", value = "v", outside = "error" }\n[equations]'
    model.write_text(text.replace("[equations]", driver))

    def write(times, values):
        rows = [f"{time!r},{value!r}" for time, value in zip(times, values, strict=True)]
        (folder / "feed.csv").write_text("\n".join(["t,v", *rows, ""]))

    return write


def test_another_table_takes_the_kernel_that_was_kept(driven, cubie, folder, tmp_path, monkeypatch):
    cache = tmp_path / "kernels"
    monkeypatch.setenv(kernel_cache.FOLDER_VARIABLE, str(cache))
    for count, slope in ((5, 1.0), (5, -2.0), (301, 3.0)):
        times = np.linspace(0.0, 1.0, count)
        driven(times.tolist(), (slope * times).tolist())
        assert cubie("run", "run.toml", "--target", "cpu", "--force", "--set", "batch.values.x=1.0").code == 0
        with h5py.File(folder / "result.h5") as file:
            found = file["x"][-1]
        expected = np.exp(-RATES) + slope * (1.0 / RATES - (1.0 - np.exp(-RATES)) / RATES**2)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert len(list(cache.glob("*.kernel"))) == 1
    driven([0.0, 0.3, 0.7, 0.8, 1.0], [0.0, 0.3, 0.7, 0.8, 1.0])
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    assert len(list(cache.glob("*.kernel"))) == 2


def test_a_result_has_the_table(driven, cubie, folder):
    driven([0.0, 1.0], [0.1, 0.30000000000000004])
    assert cubie("run", "run.toml").code == 0
    with h5py.File(folder / "result.h5") as file:
        assert file["input-files/drivers/feed"][()].decode() == "time,value\n0.0,0.1\n1.0,0.30000000000000004\n"
        assert len(file.attrs["driver_feed_sha256"]) == 64


def test_the_memory_report_tells_what_tables_take(driven, cubie):
    driven([0.0, 0.25, 0.5, 0.75, 1.0], [0.0] * 5)
    told = json.loads(cubie("memory-report", "run.toml", "--target", "cpu", "--json").out)
    # Two coefficients and an end a piece; the first five rows and what is behind them.
    assert {"name": "tables of drivers", "bytes": 5 * 16 + 12 * 8} in told["device"]["arrays"]


def test_no_table_is_written_over(driven, cubie):
    driven([0.0, 1.0], [0.0, 1.0])
    done = cubie("run", "run.toml", "--force", "--output", "feed.csv")
    assert done.code == 5
    assert "the output is an input too" in done.err


def test_a_table_that_is_too_short_is_refused(driven, cubie):
    driven([0.0, 0.5], [0.0, 1.0])
    done = cubie("validate", "run.toml")
    assert done.code == 3
    assert "the table of 'feed' is from 0 to 0.5, the run from 0 to 1" in done.err


def test_a_driver_that_is_undefined_at_the_start_is_told(driven, cubie, folder):
    driven([0.0, 1.0], [0.0, 1.0])
    model = folder / "model.toml"
    model.write_text(model.read_text().replace('"feed - rate*x"', '"rate*x/feed"'))
    done = cubie("validate", "run.toml")
    assert done.code == 3
    assert "the right-hand side of x" in done.err


def test_conditions_on_a_driver_that_moves_are_told(driven, cubie, folder):
    driven([0.0, 1.0], [0.0, 1.0])
    model = folder / "model.toml"
    model.write_text(model.read_text().replace('"feed - rate*x"', '"(1 if feed > 0.5 else 0) - rate*x"'))
    assert "feed > 0.5" in cubie("validate", "run.toml").out
    model.write_text(model.read_text().replace('outside = "error"', 'method = "hold"'))
    assert "feed > 0.5" not in cubie("validate", "run.toml").out


def test_the_example_in_a_file_of_its_own_is_valid(cubie):
    assert cubie("validate", ROOT / "configs" / "pond.toml").code == 0


def test_what_tables_span_is_told(driven, cubie, folder):
    driven([0.0, 0.25, 0.5], [0.0, 1.0, 0.0])
    model = folder / "model.toml"
    model.write_text(model.read_text().replace('outside = "error"', 'outside = "periodic"'))
    told = "feed has 3 rows from 0 to 0.5, a period of 0.5; the run is from 0 to 1, and reads a repetition beyond"
    assert f"driver: {told}\n" in cubie("validate", "run.toml").out
    assert json.loads(cubie("validate", "run.toml", "--json").out)["drivers"] == [told]
