"""Values that are expressions: what they come to, their order, and what they may refer to."""

import numpy as np
import pytest

from cubie_cli.documents.document import read_document
from cubie_cli.models.model import read_model
from cubie_cli.models.system import read_system
from solvers.equations.lowering import number_of
from solvers.equations.system import parameter_symbol, state_symbol


def model_of(files):
    return read_model(read_document(files.model))


def test_values_may_be_expressions_of_parameters_and_constants(files):
    files.edit_model("x = 1.0", 'x = "2*k + c"')
    files.edit_model("k = 3.0", 'half = "k/d"\nk = 3.0\nd = "c/2"')
    files.edit_model("c = 4.0", 'e = "c + 1"\nc = "2**2"')
    model = model_of(files)
    assert model.constants == {"e": 5.0, "c": 4.0}
    assert model.quantities.parameters == ("half", "k", "d")
    assert model.quantities.parameter_values == (1.5, 3.0, 2.0)
    assert model.quantities.initial_values == (10.0, 2.0)
    # What no parameter is in is a number.
    assert model.computed == ("half", "x")
    half, k, d = map(parameter_symbol, range(3))
    (first, value), (second, start) = read_system(model).values
    assert (first, second) == (half, state_symbol(0))
    assert value == k / d
    assert (start - 2 * k - 4).equals(0)


def test_each_is_computed_after_those_that_it_needs(files):
    files.edit_model("k = 3.0", 'a = "b + k"\nb = "2*k"\nk = 3.0')
    model = model_of(files)
    assert model.computed == ("b", "a")
    assert model.quantities.parameter_values == (9.0, 6.0, 3.0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("k = 3.0", 'k = "a"\na = "k"', "circle: k -> a -> k"),
        ("k = 3.0", 'k = "x + 1"', "'x' is in [states]"),
        ("k = 3.0", 'k = "v"', "'v' is in [observables]"),
        ("k = 3.0", 'k = "2*t"', "cannot depend on t"),
        ("k = 3.0", 'k = "kk + 1"', "undefined name 'kk'"),
        ("k = 3.0", 'k = "1/0"', "division by zero"),
        ("k = 3.0", 'k = "mod(2, 0)"', "infinite or undefined"),
        ("k = 3.0", 'k = "1 +"', "ends"),
        ("x = 1.0", 'x = "y"', "'y' is in [states]"),
        ("c = 4.0", 'c = "k"', "'k' is in [parameters]"),
        ("c = 4.0", "c = true", "number"),
    ],
)
def test_what_is_no_value_is_refused_at_its_place(files, old, new, words):
    files.edit_model(old, new)
    found = files.refused()
    assert words in found.message
    assert found.line


def test_a_default_that_every_run_replaces_may_lead_nowhere(files):
    files.edit_model("x = 1.0", 'x = "1/k if k > 0 else 2"')
    files.edit_model("y = 2\n", 'y = "log(k)"\n')
    files.edit_model("k = 3.0", "k = 0.0")
    first, second = model_of(files).quantities.initial_values
    assert first == 2.0
    assert not np.isfinite(second)


def test_what_is_0_over_0_in_a_value_is_filled(files):
    files.edit_model("x = 1.0", 'x = "k/(exp(k) - 1)"')
    files.edit_model("k = 3.0", "k = 0.0")
    ((_, start),) = read_system(model_of(files)).values
    assert number_of(start, {parameter_symbol(0): 0.0}) == 1.0
