"""The drivers of a model file."""

import h5py
import numpy as np
import pytest

from cubie_cli.models.system import read_system
from solvers.equations.system import driver_symbol, observable_symbol, state_symbol

ROWS = "hour,rate,other\n0,1.5,7\n2,0,8\n2.5,4,9\n"


@pytest.fixture
def driven(files):
    """Return a function that writes the model with an entry in its table of drivers."""
    (files.folder / "rows.csv").write_text(ROWS)

    def written(entry, use="u"):
        files.edit_model('x = "k*y"', f'x = "k*y + {use}"')
        files.edit_model("[equations]", f"[drivers]\nu = {entry}\n[equations]")
        return files

    return written


def test_rows_are_written_out_or_in_a_file(driven, files, tmp_path):
    driven('{ table = "rows.csv", time = "hour", value = "rate", method = "cubic", outside = "zero" }')
    (driver,) = files.load().model.quantities.drivers
    assert (driver.name, driver.method, driver.outside) == ("u", "cubic", "zero")
    assert driver.times.tolist() == [0.0, 2.0, 2.5]
    assert driver.values.tolist() == [1.5, 0.0, 4.0]
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["hour"], file["rate"] = driver.times, driver.values
    files.edit_model("rows.csv", "rows.h5")
    (same,) = files.load().model.quantities.drivers
    assert same.values.tolist() == driver.values.tolist()


def test_by_default_rows_are_joined_by_lines_and_hold_outside(driven):
    (driver,) = driven("{ times = [0, 1.0], values = [2.0, 3] }").load().model.quantities.drivers
    assert (driver.method, driver.outside) == ("linear", "hold")
    assert driver.times.dtype == driver.values.dtype == np.float64


def test_equations_and_observables_use_them(driven):
    files = driven("{ times = [0.0, 1.0], values = [2.0, 3.0] }", use="2*u")
    files.edit_model('v = "x*y"', 'v = "x*y*u"')
    system = read_system(files.load().model)
    assert system.derivatives[0].has(driver_symbol(0))
    assert system.observable_expressions[0] == state_symbol(0) * state_symbol(1) * driver_symbol(0)
    assert system.derivatives[1].has(observable_symbol(0))
    assert system.used_drivers == (0,)


def test_a_table_is_looked_for_beside_the_model(driven, files, monkeypatch, tmp_path):
    driven('{ table = "$TABLES/rows.csv", time = "hour", value = "other" }')
    monkeypatch.setenv("TABLES", str(tmp_path))
    (driver,) = files.load().model.quantities.drivers
    assert driver.values.tolist() == [7.0, 8.0, 9.0]
    files.edit_model("$TABLES", "~")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.load().model.table_files["u"].path == tmp_path / "rows.csv"


def test_it_may_have_a_unit(driven, files):
    driven("{ times = [0.0, 1.0], values = [2.0, 3.0] }")
    files.edit_model("[equations]", '[units]\nu = "W"\n[equations]')
    assert files.load().model.quantities.units == {"u": "W"}


IN_FILE = '{{ table = "rows.csv", time = "hour", value = "rate"{} }}'
PAIR = "{{ times = [0.0, 1.0], values = [2.0, 3.0]{} }}"
REFUSED = [
    ("3.0", ["a table over time", "a number"], "times = ["),
    ('"rows.csv"', ["a table over time", "text"], "{ table = "),
    (PAIR.format(', method = "spline"'), ["'method' must be one of hold, linear, cubic, pchip"], "'cubic'"),
    (PAIR.format(', outside = "periodical"'), ["must be one of"], "'periodic'"),
    (PAIR.format(", kind = 3"), ["unknown key 'kind'"], ""),
    (PAIR.format(', time = "hour"'), ["'time' needs a 'table'"], ""),
    (IN_FILE.format(", times = [1.0]"), ["'times' does not go with 'table'"], ""),
    ('{ table = "rows.csv", time = "hour" }', ["has no 'value'"], "name the column"),
    ("{ times = [0.0, 1.0] }", ["has no 'values'"], ""),
    ("{}", ["has no 'times'"], "a table in a file"),
    ("{ times = [0.0, 1.0], values = [2.0] }", ["2 times and 1 values"], ""),
    ("{ times = [0.0], values = [2.0] }", ["at least two rows"], "a parameter"),
    ("{ times = 3.0, values = [2.0] }", ["must be a list"], ""),
    ("{ times = [0.0, nan], values = [2.0, 3.0] }", ["finite"], ""),
    ("{ times = [0.0, 1.0, 1.0], values = [2.0, 3.0, 4.0] }", ["times must rise, and 1 follows 1"], ""),
    ('{ table = "row.csv", time = "hour", value = "rate" }', ["no such table"], "relative"),
    ('{ table = "rows.csv", time = "hours", value = "rate" }', ["no column 'hours'"], "'hour'"),
    ('{ table = "", time = "hours", value = "rate" }', ["a file name is needed"], ""),
]


@pytest.mark.parametrize(("entry", "words", "hint"), REFUSED)
def test_mistakes_are_told_with_their_place(driven, entry, words, hint):
    files = driven(entry)
    error = files.refused()
    assert (error.file, error.line) == (str(files.model), 10)
    assert all(word in error.message for word in words)
    assert hint in (error.hint or "")


def test_mistakes_in_a_table_are_told_with_their_row(driven, files):
    driven(IN_FILE.format(""))
    (files.folder / "rows.csv").write_text("hour,rate\n0,1\n\n3,1\n2,5\n")
    error = files.refused()
    assert (error.file, error.line) == (str(files.folder / "rows.csv"), 5)
    assert "column 'hour': times must rise, and 2 follows 3" in error.message


def test_a_name_stands_for_one_quantity(driven, files):
    driven(PAIR.format(""))
    files.edit_model("k = 3.0", "k = 3.0\nu = 2.0")
    assert "already in [parameters]" in files.refused().message
    files.edit_model("\nu = 2.0", "")
    files.edit_model('x = "k*y + u"', 'x = "k*y + u"\nu = "1"')
    assert "is in [drivers] and has an equation" in files.refused().message


def test_a_value_cannot_be_made_of_one(driven, files):
    driven(PAIR.format(""))
    files.edit_model("k = 3.0", 'k = "2*u"')
    assert "'u' is in [drivers], and a value in [parameters] is made of" in files.refused().message


def test_a_driver_cannot_be_swept(driven, files):
    driven(PAIR.format(""))
    files.append_run("[batch.values]\nu = [1.0, 2.0]\n")
    error = files.refused()
    assert "'u' is a driver, which cannot be swept" in error.message
    assert "parameter" in error.hint


def test_a_run_that_leaves_the_table_is_refused_where_that_is_an_error(driven, files):
    driven(PAIR.format(', outside = "error"'))
    error = files.refused()
    assert "the table of 'u' is from 0 to 1, the run from 0 to 10" in error.message
    assert error.line == 10
    assert files.load("solve.t1=1.0").model.quantities.drivers[0].outside == "error"


def test_values_have_to_fit_the_precision(driven, files):
    driven("{ times = [0.0, 1.0], values = [0.0, 1e200] }")
    assert files.load()
    assert "too large for float32" in files.refused("solve.precision=float32").message


def test_a_result_tells_what_was_read(driven, files):
    driven(IN_FILE.format(""))
    job = files.load()
    assert job.texts["drivers/u"] == "time,value\n0.0,1.5\n2.0,0.0\n2.5,4.0\n"
    assert job.files["driver_u"] == files.folder / "rows.csv"
