"""The table [batch]: what it says, and every refusal with its place."""

import math
import sys

import h5py
import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import qmc

from cubie_cli.documents.messages import ExitCode


@pytest.fixture
def design(files):
    def read(text, *overrides, **tables):
        for name, content in tables.items():
            (files.folder / f"{name}.csv").write_text(content)
        files.append_run(text)
        return files.load(*overrides).design

    return read


def test_axes_are_read_in_the_order_written(design):
    found = design("[batch.values]\nk = { logspace = [1, 100, 3] }\nx = [5, 6]\ny = 7\n")
    assert (found.names, found.count) == (("k", "x", "y"), 6)
    assert found.axes == {"k": 3, "x": 2}
    assert np.allclose(found.values(2, 4), [[10.0, 10.0], [5.0, 6.0], [7.0, 7.0]])


# -- samples ------------------------------------------------------------------------------------

SAMPLE = """\
[batch]
mode = "sample"
n = 16
method = "sobol"
[batch.values]
k = { lognormal = [5.0, 0.3] }
x = { uniform = [-1, 1] }
y = 2
"""


def test_a_sample_is_made_of_points(design):
    found = design(SAMPLE)
    points = qmc.Sobol(2, rng=0).random(16).T
    expected = [5.0 * np.exp(0.3 * ndtri(points[0])), -1.0 + 2.0 * points[1], np.full(16, 2.0)]
    assert found.names == ("k", "x", "y")
    assert np.array_equal(found.values(0, 16), expected)
    assert found.attributes == {"seed": 0, "sample_method": "sobol"}
    assert found.warnings == ()
    assert found.axes == {}


def test_a_seed_may_be_an_option(design):
    found = design(SAMPLE, "batch.seed=3", "batch.n=20")
    assert found.attributes["seed"] == 3
    assert np.array_equal(found.values(3, 5)[1], -1.0 + 2.0 * qmc.Sobol(2, rng=3).random(32)[3:5, 1])
    assert "the batch has 20 points of Sobol's sequence" in found.warnings[0]
    assert "16 and 32" in found.warnings[0]


def test_random_is_the_default_and_repeated_by_one_line(design):
    found = design(SAMPLE.replace('method = "sobol"', "seed = 7"))
    columns = [
        np.random.Generator(np.random.Philox(np.random.SeedSequence(7, spawn_key=(column,)))).random(16)
        for column in range(2)
    ]
    assert np.array_equal(found.values(0, 16)[0], 5.0 * np.exp(0.3 * ndtri(columns[0])))
    assert np.array_equal(found.values(0, 16)[1], -1.0 + 2.0 * columns[1])


def test_every_distribution_is_read(design):
    text = '[batch]\nmode = "sample"\nn = 8\n[batch.values]\nk = { normal = [0, 1], min = -0.5, max = 1 }\n'
    found = design(f"{text}x = {{ choice = [1, 2] }}\ny = {{ loguniform = [0.1, 10], max = 1 }}\n").values(0, 8)
    assert (abs(found[0] - 0.25) <= 0.75).all()
    assert set(found[1]) <= {1.0, 2.0}
    assert found[2].max() <= 1.0
    assert found[2].min() >= 0.1


CORRELATED = """\
[batch]
mode = "sample"
n = 4
[batch.correlated]
quantities = ["x", "k"]
median = [1.0, 2.0]
covariance = [[0.04, 0.03], [0.03, 0.09]]
"""


def test_quantities_may_be_correlated(design):
    found = design(CORRELATED)
    uniform = [
        np.random.Generator(np.random.Philox(np.random.SeedSequence(0, spawn_key=(j,)))).random(4) for j in (0, 1)
    ]
    spread = np.linalg.cholesky([[0.04, 0.03], [0.03, 0.09]]) @ ndtri(uniform)
    assert found.names == ("x", "k")
    assert found.values(0, 4) == pytest.approx(np.array([[1.0], [2.0]]) * np.exp(spread), rel=1e-14)


def test_there_may_be_several_tables_of_correlated_quantities(design):
    text = '[batch]\nmode = "sample"\nn = 4\n[[batch.correlated]]\nquantities = ["x"]\nmean = [1]\ncovariance = [[1]]\n'
    found = design(
        text + '[[batch.correlated]]\nquantities = ["k", "y"]\nmean = [1, 2]\ncovariance = [[1, 0], [0, 0]]\n'
    )
    assert found.names == ("x", "k", "y")
    assert found.values(0, 4)[2].tolist() == [2.0] * 4


# -- tables and groups --------------------------------------------------------------------------


def test_a_table_is_a_batch(design, files):
    found = design('[batch]\ntable = "runs.csv"\n[batch.values]\ny = 9\n', runs="# two\nk,x\n1,2\n3,4\n\n")
    assert found.names == ("k", "x", "y")
    assert found.values(0, 2).tolist() == [[1.0, 3.0], [2.0, 4.0], [9.0, 9.0]]
    assert found.axes == {}
    assert found.texts == {"table": "k,x\n1.0,2.0\n3.0,4.0\n"}
    assert found.tables["table"].path == files.folder / "runs.csv"


GROUPS = """\
[batch]
seed = 4
[batch.values]
k = [1, 2]
[batch.groups.patient]
table = "people.csv"
columns = { x = "weight" }
[batch.groups.prior]
mode = "sample"
n = 4
method = "halton"
values = { y = { uniform = [0, 1] } }
"""


def test_groups_are_tables_samples_and_pairs(design):
    found = design(GROUPS, people="who,weight\nAnn,60\nBob,70.5\n")
    assert found.axes == {"k": 2, "patient": 2, "prior": 4}
    assert found.attributes == {"group_prior_seed": 4, "group_prior_sample_method": "halton"}
    assert found.texts == {"groups/patient": "x\n60.0\n70.5\n"}
    assert found.values(12, 16)[:2].tolist() == [[2.0] * 4, [70.5] * 4]
    assert np.array_equal(found.values(12, 16)[2], qmc.Halton(1, rng=4).random(4)[:, 0])


def test_groups_of_pairs_and_seeds_of_several_samples(design):
    draw = 'mode = "sample"\nn = 2\nvalues.{} = {{ uniform = [0, 1] }}\n'
    text = "[batch.groups.a]\nvalues = { k = [1, 2], x = { linspace = [0, 1, 2] } }\n"
    assert design(text).values(0, 2).tolist() == [[1.0, 2.0], [0.0, 1.0]]
    found = design(f"[batch.groups.b]\n{draw.format('y')}", "batch.groups.a={values={k=[1]}}")
    assert found.attributes["group_b_seed"] == 0
    found = design(f"[batch.groups.c]\n{draw.format('x')}", "batch.groups.a={values={k=[1]}}")
    assert found.attributes["group_c_seed"] == 1


def test_a_huge_sample_takes_no_memory(design):
    found = design(SAMPLE.replace("n = 16", "n = 1000000000").replace("sobol", "latin_hypercube"))
    assert found.count == 10**9
    assert found.values(10**9 - 2, 10**9).shape == (3, 2)


# -- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "line", "column", "words"),
    [
        ("grid", "c = [1.0]", 1, ["'c' is a constant, which cannot be swept", "[parameters]"]),
        ("grid", "v = [1.0]", 1, ["observable"]),
        ("grid", "kk = [1.0]", 1, ["no parameter or state 'kk'", "did you mean 'k'"]),
        ("grid", "k = []", 5, ["'k' has no values"]),
        ("grid", "k = [1.0, nan]", 11, ["finite"]),
        ("grid", "k = [1.0, '2']", 11, ["a number is needed"]),
        ("grid", "k = true", 5, ["a number is needed"]),
        ("grid", "k = '1:10'", 5, ["linspace"]),
        ("grid", "k = { linspace = [0, 1, 0] }", 25, ["'k' has no values"]),
        ("grid", "k = { linspace = [0, 1, 2.0] }", 25, ["whole number"]),
        ("grid", "k = { linspace = [0, 1] }", 18, ["[first, last, number of values]"]),
        ("grid", "k = { linspace = [0, inf, 3] }", 22, ["finite"]),
        ("grid", "k = { linspace = [-1e308, 1e308, 3] }", 18, ["too far apart"]),
        ("grid", "k = { logspace = [0, 1, 3] }", 18, ["positive", "not exponents"]),
        ("grid", "k = { linspce = [0, 1, 3] }", 7, ["unknown key 'linspce'", "did you mean 'linspace'"]),
        ("grid", "k = {}", 5, ["one of linspace and logspace"]),
        ("grid", "k = { uniform = [0, 1] }", 7, ["'uniform' is random", 'mode = "sample"', "[batch.groups.NAME]"]),
        ("zip", "k = [1, 2]\nx = [1, 2, 3]", None, ["'k' has 2 values, 'x' has 3", "zip"]),
        ("zip", "k = [1]\nx = [1, 2, 3]", None, ["'k' has 1 value, 'x' has 3"]),
    ],
)
def test_mistakes_in_values_are_told_with_their_place(files, mode, line, column, words):
    files.append_run(f'[batch]\nmode = "{mode}"\n[batch.values]\n{line}\n')
    error = files.refused()
    assert error.line == 9
    assert column in (None, error.column)
    assert all(word in str(error) for word in words), str(error)


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("k = [1, 2]", 5, ["this is a list", "choice"]),
        ("k = true", 5, ["this is true or false"]),
        ("k = { linspace = [0, 1, 2] }", 7, ["this is 'linspace'", "uniform"]),
        ("k = {}", 5, ["no distribution", "uniform"]),
        ("k = { unifrom = [0, 1] }", 7, ["unknown key 'unifrom'", "did you mean 'uniform'"]),
        ("k = { uniform = [0, 1], normal = [0, 1] }", 5, ["there are 2"]),
        ("k = { uniform = [0, 1, 2] }", 17, ["[low, high]"]),
        ("k = { uniform = [1, 0] }", 17, ["the lower end comes first"]),
        ("k = { uniform = [1, 1] }", 17, ["not less", "a number alone"]),
        ("k = { uniform = [0, 1], min = 2 }", 17, ["nothing of this distribution"]),
        ("k = { uniform = [-1e308, 1e308] }", 17, ["too far apart"]),
        ("k = { loguniform = [0, 1] }", 21, ["positive"]),
        ("k = { normal = [0, 0] }", 20, ["standard deviation is more than 0"]),
        ("k = { normal = [0, nan] }", 20, ["finite"]),
        ("k = { normal = [0, 1], min = 2, max = 1 }", 30, ["min = 2 must be less than max = 1"]),
        ("k = { normal = [0, 1], min = 50 }", 5, ["hardly any"]),
        ("k = { lognormal = [-1, 1] }", 20, ["positive"]),
        ("k = { lognormal = [1, 1], max = -1 }", 33, ["positive"]),
        ("k = { choice = [] }", 16, ["nothing to choose"]),
        ("k = { choice = 3 }", 16, ["needs a list"]),
        ("k = { choice = [1, 2], min = 1 }", 24, ["does nothing with a choice"]),
        ("k = 1", None, ["draws nothing"]),
    ],
)
def test_mistakes_in_samples_are_told_with_their_place(files, line, column, words):
    files.append_run(f'[batch]\nmode = "sample"\nn = 4\n[batch.values]\n{line}\n')
    error = files.refused()
    assert (error.line, error.column) == ((10, column) if column else (6, 2)), str(error)
    assert all(word in str(error) for word in words), str(error)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("covariance = [[0.04, 0.03], [0.03, 0.09]]", "", 9, ["'covariance' is missing"]),
        ("[[0.04, 0.03], [0.03, 0.09]]", "[[0.04, 0.03], [0.02, 0.09]]", 12, ["symmetric, and 0.02 faces 0.03"]),
        ("[[0.04, 0.03], [0.03, 0.09]]", "[[0.04, 0.3], [0.3, 0.09]]", 12, ["at most", "0.06", "0.3"]),
        ("[[0.04, 0.03], [0.03, 0.09]]", "[[0.0, 0.03], [0.03, 0.09]]", 12, ["at most", "0.03"]),
        ("[[0.04, 0.03], [0.03, 0.09]]", "[[0.04, 0.03]]", 12, ["this has 1 row"]),
        ("[[0.04, 0.03], [0.03, 0.09]]", "[[0.04, 0.03], [0.03]]", 12, ["this row has 1"]),
        ("[[0.04, 0.03], [0.03, 0.09]]", "[0.04, 0.03]", 12, ["2 rows of 2 numbers"]),
        ("[[0.04, 0.03], [0.03, 0.09]]", "[[-0.04, 0.0], [0.0, 0.09]]", 12, ["a variance is not negative"]),
        ("[[0.04, 0.03], [0.03, 0.09]]", "3", 12, ["must be a list"]),
        ("median = [1.0, 2.0]", "median = [1.0]", 11, ["2 quantities and 1 in 'median'"]),
        ("median = [1.0, 2.0]", "median = [1.0, -2.0]", 11, ["positive"]),
        ("median = [1.0, 2.0]", "", 9, ["neither mean nor median"]),
        ("median = [1.0, 2.0]", "median = [1.0, 2.0]\nmean = [1, 2]", 9, ["exclude each other"]),
        ("median = [1.0, 2.0]", "median = [1.0, 2.0]\nmin = 0", 12, ["no limits"]),
        ('["x", "k"]', '["x", "x"]', 10, ["'x' has values already"]),
        ('["x", "k"]', '["x", "kk"]', 10, ["no parameter or state 'kk'"]),
        ('["x", "k"]', "[]", 10, ["an empty list"]),
        ("[batch.correlated]", "[batch.values]\nk = { uniform = [0, 1] }\n[batch.correlated]", 12, ["values already"]),
        ("quantities", "names", 10, ["unknown key 'names'"]),
    ],
)
def test_mistakes_in_covariances_are_told_with_their_place(files, old, new, line, words):
    assert old in CORRELATED
    files.append_run(CORRELATED.replace(old, new))
    error = files.refused()
    assert error.line == line, str(error)
    assert all(word in str(error) for word in words), str(error)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('mode = "sample"', 6, ["needs n"]),
        ('mode = "sample"\nn = 0', 8, ["'n' must be at least 1"]),
        ('mode = "sample"\nn = 1.5', 8, ["whole number, this is 1.5"]),
        ('mode = "sample"\nn = 2\nmethod = "sobel"', 9, ["did you mean 'sobol'"]),
        ('mode = "sample"\nn = 2\nseed = -1', 9, ["'seed' must be at least 0"]),
        ('mode = "sample"\nn = 2', 6, ["draws nothing", "[batch.values]"]),
        ('mode = "sample"\nn = 2\ngroups.a.values.k = [1]', 9, ["groups are axes of a grid", "[batch.groups.rest]"]),
        ("n = 2", 7, ["'n' belongs to a sample", 'mode = "sample"']),
        ("seed = 2", 7, ["'seed' belongs to a sample"]),
        ('mode = "zip"\nmethod = "sobol"', 8, ["'method' belongs to a sample"]),
        ("correlated = {}", 7, ["'correlated' belongs to a sample"]),
        ("correlated = [3]", 7, ["an element of 'correlated' must be a table"]),
        ("columns = {}", 7, ["'columns' belongs to a table"]),
        ('mode = "zip"\ntable = "runs.csv"', 7, ["a table says itself"]),
        ('table = "runs.csv"', 7, ["no such table"]),
        ('table = ""', 7, ["a file name is needed"]),
        ('table = "."', None, ["a directory"]),
        ('table = "model.toml"\nn = 3', 8, ["'n' belongs to a sample"]),
        ('groups."a b".values.k = [1]', 7, ["'a b' is not a name"]),
        ("groups.a = {}", 7, ["the group 'a' has no quantities"]),
        ('groups.a.mode = "grid"', 7, ["'zip' or 'sample'"]),
        ("groups.a = { values = { k = [1, 2], x = [1] } }", 7, ["'x' has 1 value, 'k' has 2", "pairs"]),
        ("values.k = [1]\ngroups.a = { values = { k = [1, 2] } }", 8, ["'k' has values already, in batch.values.k"]),
        ("groups.a.values = { k = { normal = [0, 1] } }", 7, ["'normal' is random", "[batch.groups.a]"]),
        ("groups.a.vales.k = [1]", 7, ["unknown key 'vales'"]),
        ("groups.a.k = [1]", 7, ["swept quantities stand in [batch.groups.a.values]"]),
        ("groups.x = { values = { k = [1, 2] } }\nvalues.x = [1, 2]", 7, ["'x' is an axis of [batch.values] already"]),
    ],
)
def test_mistakes_in_the_table_are_told_with_their_place(files, text, line, words):
    files.append_run(f"[batch]\n{text}\n")
    error = files.refused()
    assert error.line == line, str(error)
    assert all(word in str(error) for word in words), str(error)


TABLES = [
    ("k,z\n1,2\n", 1, ["the column 'z' is no parameter or state", "columns = {"]),
    ("kk\n1\n", 1, ["did you mean 'k'", 'columns = { k = "kk" }']),
    ("k,blurb\n1,2\n", 1, ["no parameter or state", 'columns = { k = "k" }']),
    ("k x\n1 2\n", 1, ["the column 'k x'", "commas, semicolons or tabs"]),
    ("k,c\n1,2\n", 1, ["'c' is a constant"]),
    ("k,v\n1,2\n", 1, ["'v' is an observable"]),
    ("k,k\n1,2\n", 1, ["two columns are named 'k'"]),
    ("x,x_0\n1,2\n", 1, ["both the initial value of 'x'"]),
    ("k,x\n1,2\n3,\n", 3, ["column 'x'", "empty"]),
    ("k,x\n1,2\n\n3,nan\n", 4, ["column 'x'", "missing"]),
    ("k,x\n1,2\n3,tall\n", 3, ["column 'x'", "'tall' is no number"]),
    ("k;x\n1;2,5\n", 2, ["column 'x'", "write 2.5"]),
    ("k,x\n1,2,5\n", 2, ["3 cells, and 2 are named", "decimal point"]),
    ("k,x\n", 1, ["the table has no rows"]),
    ("# k,x\n1,2\n", 2, ["the first row has numbers", "without # before it"]),
    ("", None, ["the file is empty"]),
    ("k,\n1,2\n", 1, ["column 2 has no name", 'list the columns to read: columns = { k = "k" }']),
    (",x,k\n0,1,2\n", 1, ["column 1 has no name", 'columns = { x = "x", k = "k" }']),
    ("ID,x\n1,2\n", 1, ["the column 'ID'", 'columns = { x = "x" }']),
    ("x [m],k (1/h)\n1,2\n", 1, ["the column 'x [m]'", 'columns = { x = "x [m]", k = "k (1/h)" }']),
    ("sep=;\nk;x\n1;2\n", 1, ["this line is none of the table", "take it out"]),
    ("k,x\n1,2\n3\n", 3, ["1 cell, and 2 are named", "as many cells"]),
    ('k,x\n1,2\n"3,4\n5,6\n', 3, ["cannot be read", "ends with one"]),
    ("k,y\n1,2\n", 10, ["'y' has values already, in batch.table"]),
]


@pytest.mark.parametrize(("content", "line", "words"), TABLES)
def test_mistakes_in_files_are_told_with_their_place(files, content, line, words):
    (files.folder / "runs.csv").write_text(content)
    files.append_run('[batch]\ntable = "runs.csv"\n\n[batch.values]\ny = 1\n')
    error = files.refused()
    assert error.line == line, str(error)
    assert all(word in str(error) for word in words), str(error)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("{}", ["no columns are named"]),
        ('{ k = "hight" }', ["no column 'hight'", "did you mean 'height'"]),
        ('{ kk = "height" }', ["no parameter or state 'kk'"]),
        ("{ k = 3 }", ["must be text"]),
    ],
)
def test_mistakes_in_the_names_of_columns_are_told_with_their_place(files, columns, words):
    (files.folder / "runs.csv").write_text("height,x\n1,2\n")
    files.append_run(f'[batch]\ntable = "runs.csv"\ncolumns = {columns}\n')
    error = files.refused()
    assert error.line == 8, str(error)
    assert all(word in str(error) for word in words), str(error)


def test_values_beside_a_table_are_numbers(files):
    (files.folder / "runs.csv").write_text("x\n1\n")
    files.append_run('[batch]\ntable = "runs.csv"\nvalues.k = [1, 2]\n')
    error = files.refused()
    assert "beside a table, a value is one number" in error.message
    assert "in a group" in error.hint


def test_values_beside_the_table_of_a_group_are_numbers(files):
    (files.folder / "runs.csv").write_text("x\n1\n")
    files.append_run('[batch.groups.a]\ntable = "runs.csv"\nvalues.k = [1, 2]\n')
    assert "move it to [batch.values]" in files.refused().hint


def test_correlations_that_do_not_allow_for_each_other(files):
    text = '[batch]\nmode = "sample"\nn = 2\n[batch.correlated]\nquantities = ["x", "k", "y"]\nmean = [1, 2, 3]\n'
    files.append_run(f"{text}covariance = [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]\n")
    assert "negative eigenvalue" in files.refused().message


def test_a_variable_of_text_is_no_column(files):
    with h5py.File(files.folder / "runs.h5", "w") as file:
        file["x"], file["k"] = [1.0, 2.0], ["a", "b"]
    files.append_run('[batch]\ntable = "runs.h5"\n')
    assert "'k' has no numbers" in files.refused().message


@pytest.mark.parametrize("text", ["values.k.linspace = [0, 1, 10**19]", 'mode = "sample"\nn = 10**19'])
def test_more_runs_than_can_be_numbered(files, text):
    files.append_run(f"[batch]\n{text.replace('10**19', str(10**19))}\n")
    with pytest.raises(Exception, match="more than can be numbered") as caught:
        files.load()
    assert caught.value.exit_code == ExitCode.OUTPUT


def test_without_scipy_the_extra_is_named(files, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    files.append_run(SAMPLE)
    error = files.refused()
    assert (error.line, error.hint) == (11, "pip install 'cubie-cli[samples]'")
    files.edit_run("k = { lognormal = [5.0, 0.3] }", "k = { loguniform = [1, 2] }")
    assert files.load().design.values(0, 16)[0].max() <= 2.0
    assert math.isfinite(files.load().design.values(0, 1)[0, 0])
    for module in ("read_design", "sobol"):
        monkeypatch.setattr(f"cubie_cli.batches.{module}.OWN_DIMENSIONS", 1)
    assert files.refused().line == 9
