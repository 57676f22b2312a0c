"""Model files: what is read from them, and the place and words of every refusal."""

import numpy as np
import pytest
import sympy

from cubie_cli.documents.document import read_document
from cubie_cli.models.model import read_model
from cubie_cli.models.system import read_system
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.system import observable_symbol, parameter_symbol, state_symbol


def model_of(files):
    return read_model(read_document(files.model))


def test_a_model_becomes_a_system(files):
    model = model_of(files)
    system = read_system(model)
    x, y, k, v = state_symbol(0), state_symbol(1), parameter_symbol(0), observable_symbol(0)
    assert (system.name, system.states, system.initial_values) == ("test", ("x", "y"), (1.0, 2.0))
    assert (system.parameters, system.parameter_values) == (("k",), (3.0,))
    assert system.derivatives[0] == k * y
    assert (system.derivatives[1] - (v - sympy.Float(4.0) * x)).equals(0)
    assert (system.observables, system.observable_expressions) == (("v",), (x * y,))
    assert model.constants == {"c": 4.0}
    assert model.text_of("equations", "y") == "-c*x + v"
    assert model.error("equations", "x", "wrong").line == 10


def test_states_keep_the_order_written_whatever_the_order_of_equations(files):
    files.edit_model('x = "k*y"\ny = "-c*x + v"', 'y = "-c*x + v"\nx = "k*y"')
    system = read_system(model_of(files))
    assert system.states == ("x", "y")
    assert system.derivatives[0] == parameter_symbol(0) * state_symbol(1)


def test_observables_are_sorted_by_use_and_remember_the_order_written(files):
    files.edit_model('v = "x*y"', 'a = "b + v"\nb = "v**2"\nv = "x*y"\nd = "x"')
    model = model_of(files)
    assert model.observables == ("a", "b", "v", "d")
    assert read_system(model).observables == ("v", "b", "a", "d")
    v, b = observable_symbol(0), observable_symbol(1)
    assert read_system(model).observable_expressions[2] == b + v
    assert read_system(model).derivatives[1].has(v)


@pytest.mark.parametrize("chain", ['v = "v + 1"', 'v = "w"\nw = "x + v"', 'v = "a"\na = "b"\nb = "w"\nw = "a"'])
def test_observables_in_a_circle_are_refused(files, chain):
    files.edit_model('v = "x*y"', chain)
    assert "circle" in files.refused().message


def test_long_chains_of_observables_are_sorted(files):
    chain = "\n".join(f'v{i} = "v{i + 1} + 1"' for i in range(2000))
    files.edit_model('v = "x*y"', f'v = "v0"\n{chain}\nv2000 = "x"')
    assert read_system(model_of(files)).observables[0] == "v2000"


@pytest.mark.parametrize(
    "name", [*"SINEOQ", "gamma", "zeta", "lambda", "is", "class", "None", "v0", "time", "y0", "p0"]
)
def test_names_that_people_write_are_legal(files, name):
    files.edit_model("k = 3.0", f"{name} = 3.0")
    files.edit_model('"k*y"', f'"{name}*y"')
    assert read_system(model_of(files)).derivatives[0] == parameter_symbol(0) * state_symbol(1)


def test_units_and_title_are_kept(files):
    files.model.write_text(files.model.read_text().replace('name = "test"\n', "") + '[units]\nx = "m"\nt = "s"\n')
    system = read_system(model_of(files))
    assert system.units == {"x": "m", "t": "s"}
    assert system.name == "model"


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "words"),
    [
        ("[parameters]", "[paramters]", 5, 2, ["unknown key 'paramters'", "did you mean 'parameters'"]),
        ("x = 1.0", "x = true", 3, 5, ["a number is needed"]),
        ("x = 1.0", "x = inf", 3, 5, ["finite"]),
        ("x = 1.0", "x = nan", 3, 5, ["finite"]),
        ("x = 1.0", "x = 1e400", 3, 5, ["finite"]),
        ("x = 1.0", f"x = 1{'0' * 400}", 3, 5, ["finite"]),
        ("y = 2\n", "", 10, 1, ["'y' has an equation and no initial value", "[states]"]),
        ('x = "k*y"\n', "", 3, 1, ["'x' has no equation"]),
        ('x = "k*y"\n', 'x = "k*y"\nk = "1"\n', 11, 1, ["'k' is in [parameters] and has an equation"]),
        ('x = "k*y"\n', 'x = "k*y"\nx = "1"\n', 11, 1, ["twice"]),
        ("k = 3.0", "k = 3.0\nx = 2.0", 7, 1, ["'x' is already in [states]"]),
        ("c = 4.0", "c = 4.0\nk = 2.0", 9, 1, ["'k' is already in [parameters]"]),
        ("c = 4.0", "pi = 4.0", 8, 1, ["'pi' is a word"]),
        ("c = 4.0", "sin = 4.0", 8, 1, ["'sin' is a word"]),
        ("c = 4.0", "if = 4.0", 8, 1, ["'if' is a word"]),
        ("c = 4.0", "t = 4.0", 8, 1, ["'t' is a word"]),
        ("c = 4.0", '"c d" = 4.0', 8, 1, ["'c d' is not a name"]),
        ("c = 4.0", '"\u03b2" = 4.0', 8, 1, ["not a name", "ASCII"]),
        ("c = 4.0", "1c = 4.0", 8, 1, ["'1c' is not a name"]),
        ('"k*y"', '"k*yy"', 10, 8, ["undefined name 'yy'", "did you mean 'y'"]),
        ('"k*y"', '"k*y^2"', 10, 9, ["'^'", "**"]),
        ('"k*y"', '"2y"', 10, 6, ["'2y'", "2*y"]),
        ('"k*y"', '"x = 3"', 10, 8, ["'='"]),
        ('"k*y"', "\"__import__('os')\"", 10, 6, ["unknown function"]),
        ('"k*y"', '"(1).__class__"', 10, 9, ["'.'"]),
        ('"k*y"', '"9**9**9**9"', 10, 9, ["infinite"]),
        ('"k*y"', f'"{"-" * 5000}x"', 10, 207, ["200 levels"]),
        ('"k*y"', '"k*\uff59"', 10, 8, ["not ASCII"]),
        ('"k*y"', "3", 10, 5, ["quotes", '"3"']),
        ('"k*y"', "[1]", 10, 5, ["text in quotes", "a list"]),
        ('"k*y"', '"""\n k*\n  z"""', 12, 3, ["undefined name 'z'"]),
        ('v = "x*y"', 'v = "x*(y"', 13, 10, ["')' is missing"]),
        ('v = "x*y"', "v = 2", 13, 5, ["quotes"]),
        ('v = "x*y"', 'v = "x/(exp(y + x*y - y) - 1 - k*x)"', 13, 5, ["0/0 where", "by a choice"]),
        ('v = "x*y"', 'v = "(x - 2)/(exp(x - c/2) - 1 - k*(x - 2))"', 13, 5, ["0/0 where x = 2, "]),
        ("[constants]", "[units]\nq = 'm'\n[constants]", 8, 1, ["'q'", "no quantity"]),
        ("[constants]", "[units]\nx = 1\n[constants]", 8, 5, ["text in quotes"]),
        ('name = "test"', "name = 1", 1, 8, ["text in quotes"]),
        ("[parameters]", "[states.parameters]", 5, 9, ["a number is needed", "a table"]),
    ],
)
def test_mistakes_are_told_with_their_place(files, old, new, line, column, words):
    files.edit_model(old, new)
    error = files.refused()
    assert (error.file, error.line, error.column) == (str(files.model), line, column)
    assert all(word in str(error) for word in words), str(error)


@pytest.mark.parametrize("table", ["states", "equations"])
def test_a_model_needs_states_and_equations(files, table):
    files.model.write_text(f"[{table}]\nx = {'1.0' if table == 'states' else repr('1')}\n")
    assert "the model has no [" in files.refused().message


def test_two_hundred_thousand_terms_are_refused_at_once(files):
    files.edit_model('"k*y"', f'"{"x+" * 200_000}x"')
    assert "65536" in files.refused().message


def test_observables_may_use_right_hand_sides(files):
    files.edit_model('v = "x*y"', 'slope = "2*der(y) + w"\nw = "der(x)"\nv = "x*y"')
    system = read_system(model_of(files))
    assert system.observables == ("w", "v", "slope")
    x, y, k = state_symbol(0), state_symbol(1), parameter_symbol(0)
    rhs = RightHandSide(system, "float64")
    (found,) = rhs.observables((2,))(np.float64(0), [np.float64(1.5), np.float64(2.0)], [np.float64(3.0)])
    assert found == 2 * (-4 * 1.5 + 1.5 * 2.0) + 3.0 * 2.0
    assert system.derivatives[0] == k * y
    assert x not in system.derivatives[0].free_symbols


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('v = "x*y"', 'v = "x*y"\nslope = "der(z)"', "name of a state"),
        ('v = "x*y"', 'v = "x*y"\nslope = "der(k)"', "name of a state"),
        ('v = "x*y"', 'v = "x*y"\nslope = "der x"', "'der' is a function"),
        ('v = "x*y"', 'v = "x*y"\nslope = "der(x"', "')' is missing"),
        ('v = "x*y"', 'v = "x*y"\nslope = "der(x + y)"', "name of a state"),
        ('v = "x*y"', 'v = "der(x)"', "by way of the observable 'v'"),
        ('v = "x*y"', 'v = "der(y)"', "circle"),
        ('x = "k*y"', 'x = "der(y)"', "in observables and events only"),
    ],
)
def test_what_is_no_right_hand_side_is_refused(files, old, new, words):
    files.edit_model(old, new)
    assert words in files.refused().message
