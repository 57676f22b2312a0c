"""Vectors in model files: equal to what they are written out, and the place and words of every refusal."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cubie_cli.documents.document import read_document
from cubie_cli.models.model import read_model
from cubie_cli.models.system import read_system

MODEL = """\
[states]
u = { size = 4, value = "i/8" }
v = { size = [3, 2], value = 0.5 }
x = 1.0
[parameters]
k = [1.0, 2.0, "3*D"]
D = 2.0
[constants]
n = 4
half = 0.5
[equations]
u = "D*u[i]"
v = "-v[i,j]"
x = "sum(i, u[i])"
[observables]
flux = { size = "n - 1", value = "u[i+1] - u[i]" }
slope = "der(u[1])"
"""


@pytest.fixture
def vectors(files):
    files.model.write_text(MODEL)
    return files


def model_of(files):
    return read_model(read_document(files.model))


def test_elements_are_quantities(vectors):
    vectors.model.write_text(vectors.model.read_text() + '[units]\nu = "mol"\n')
    model = model_of(vectors)
    quantities = model.quantities
    assert quantities.states[:5] == ("u[0]", "u[1]", "u[2]", "u[3]", "v[0,0]")
    assert quantities.states[-2:] == ("v[2,1]", "x")
    assert quantities.initial_values == (0.0, 0.125, 0.25, 0.375, *[0.5] * 6, 1.0)
    assert dict(zip(quantities.parameters, quantities.parameter_values, strict=True)) == {
        "k[0]": 1.0,
        "k[1]": 2.0,
        "k[2]": 6.0,
        "D": 2.0,
    }
    assert quantities.observables == ("flux[0]", "flux[1]", "flux[2]", "slope")
    assert model.computed == ("k[2]",)
    assert model.vectors["flux"].shape == (3,)
    assert quantities.units["u"] == quantities.units["u[3]"] == "mol"
    assert model.text_of("equations", "u[2]") == "D*u[i]"
    assert model.error("equations", "u[2]", "wrong").line == 12


def test_lists_may_be_of_lists(vectors):
    vectors.edit_model("v = { size = [3, 2], value = 0.5 }", 'v = [[1, 2], [3, "2*D"], [5, 6]]')
    assert model_of(vectors).quantities.initial_values[4:10] == (1, 2, 3, 4, 5, 6)


def test_observables_that_need_each_other_stay_in_one_piece(vectors):
    vectors.edit_model("[observables]", '[observables]\nfirst = { size = 2, value = "flux[i]**2 + slope" }')
    assert model_of(vectors).quantities.observables[-2:] == ("first[0]", "first[1]")


# -- written out ----------------------------------------------------------------------------------

#: An expression for a vector of n elements, and the same for one element, in Python.
TERMS = {
    "u[i]": "u_{i}",
    "i/7": "{i}/7",
    "w[i]*u[i]": "w_{i}*u_{i}",
    "(u[i-1] if i > 0 else 0)": "({left} if 1 > 0 else 0)",
    "u[mod(i + 1, n)]": "u_{next}",
    "ring[i-1]": "ring_{last}",
    "sin(u[i] - ring[i+1])": "sin(u_{i} - ring_{next})",
    "sum(j, cos(u[j] - u[i]))": "({cosines})",
    "sum(j, 0, i, u[j]*w[j])": "({sums})",
    "x*exp(-u[i])": "x*exp(-u_{i})",
    "(a[i] if u[i] > 0.5 else x)": "(a_{i} if u_{i} > 0.5 else x)",
}


def _element(term, i, n):
    return TERMS[term].format(
        i=i,
        left=f"u_{i - 1}" if i else "0",
        next=(i + 1) % n,
        last=(i - 1) % n,
        cosines=" + ".join(f"cos(u_{j} - u_{i})" for j in range(n)),
        sums=" + ".join(f"u_{j}*w_{j}" for j in range(i + 1)),
    )


def _vector_model(terms, n):
    return f"""
[constants]
n = {n}
[states]
u = {{ size = "n", value = "exp(-(i - n/2)**2)" }}
ring = {{ size = "n", value = "i*D", ends = "periodic" }}
x = 1.0
[parameters]
w = {{ size = "n", value = "1 + i/10" }}
D = 3.0
[equations]
u = "{" + ".join(terms)}"
ring = "D*(ring[i-1] - 2*ring[i] + ring[i+1])"
x = "-x"
[observables]
a = {{ size = "n", value = "u[i]*ring[i+1]" }}
"""


def _scalar_model(terms, n):
    every = range(n)
    lines = [
        "[states]",
        *(f'u_{i} = "exp(-({i} - {n}/2)**2)"' for i in every),
        *(f'ring_{i} = "{i}*D"' for i in every),
        "x = 1.0",
        "[parameters]",
        *(f'w_{i} = "1 + {i}/10"' for i in every),
        "D = 3.0",
        "[equations]",
        *(f'u_{i} = "{" + ".join(_element(term, i, n) for term in terms)}"' for i in every),
        *(f'ring_{i} = "D*(ring_{(i - 1) % n} - 2*ring_{i} + ring_{(i + 1) % n})"' for i in every),
        'x = "-x"',
        "[observables]",
        *(f'a_{i} = "u_{i}*ring_{(i + 1) % n}"' for i in every),
    ]
    return "\n".join(lines)


@given(st.lists(st.sampled_from(sorted(TERMS)), min_size=1, max_size=5), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_a_vector_is_what_it_is_written_out(tmp_path_factory, terms, n):
    folder = tmp_path_factory.mktemp("models")
    found = []
    for name, text in (("vector", _vector_model(terms, n)), ("scalar", _scalar_model(terms, n))):
        (folder / name).write_text(text)
        found.append(read_system(read_model(read_document(folder / name))))
    vector, scalar = found
    assert vector.derivatives == scalar.derivatives
    assert vector.observable_expressions == scalar.observable_expressions
    assert vector.values == scalar.values
    assert (vector.initial_values, vector.parameter_values) == (scalar.initial_values, scalar.parameter_values)


# -- events ---------------------------------------------------------------------------------------

EVENT = '[[events]]\nname = "kick"\nwhen = "max(j, u[j]) - 1"\n'


def test_an_event_sets_a_vector_or_an_element_and_records_both(vectors):
    record = 'record = { first = 2, states = ["x", "u"], observables = ["flux", "slope"] }'
    text = f'{EVENT}set = {{ u = "u[n - 1 - i]", "v[1,0]" = 2 }}\n{record}\n'
    vectors.model.write_text(MODEL + text)
    model = model_of(vectors)
    (event,) = model.events
    assert list(event.changes) == ["u[0]", "u[1]", "u[2]", "u[3]", "v[1,0]"]
    assert event.facts.states == (10, 0, 1, 2, 3)
    assert event.facts.observables == (0, 1, 2, 3)
    assert {key: whole.name for key, whole in event.wholes.items()} == {
        "kick_u[0]": "kick_u",
        "kick_flux[0]": "kick_flux",
    }
    (read,) = read_system(model).events
    assert [str(value) for _, value in read.changes] == ["y3", "y2", "y1", "y0", "2"]


def test_an_event_may_be_due_at_an_element(vectors):
    vectors.model.write_text(f'{MODEL}[[events]]\nname = "e"\nat = ["k[0]", "k[1] + 1"]\nstop = true\n')
    read_system(model_of(vectors))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('set = { "u[3]" = "1", u = "0" }', ["'u[3]' is set twice"]),
        ('set = { "u[4]" = "1" }', ["no state or parameter 'u[4]'", "u[0] to u[3]"]),
        ('set = { u = "u[i-1]" }', ["no u[-1] for i = 0"]),
        ('set = { flux = "0" }', ["'flux' is in [observables]"]),
        ('set = { half = "0" }', ["'half' is a constant"]),
        ('record = { first = 1, states = ["u", "u[0]"] }', ["'u[0]' is given twice: once by 'u'"]),
        ('record = { first = 1, states = ["flux"] }', ["no state 'flux'", "[observables]"]),
    ],
)
def test_mistakes_in_events_are_told(vectors, lines, words):
    vectors.model.write_text(f"{MODEL}{EVENT}{lines}\n")
    error = vectors.refused()
    assert all(word in str(error) for word in words), str(error)


# -- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "words"),
    [
        ('"D*u[i]"', '"u[i-1]"', 12, 8, ["there is no u[-1] for i = 0", 'ends = "periodic"']),
        ('"D*u[i]"', '"u + 1"', 12, 6, ["'u' is a vector"]),
        ('"D*u[i]"', "[1]", 12, 5, ["text in quotes", "a list"]),
        ('"D*u[i]"', "2", 12, 5, ["quotes"]),
        ("size = 4", "size = 0", 2, 14, ["at least 1"]),
        ("size = 4", "size = -3", 2, 14, ["at least 1"]),
        ("size = 4", "size = 2.5", 2, 14, ["whole number, this is 2.5"]),
        ("size = 4", "size = inf", 2, 14, ["whole number, this is inf"]),
        ("size = 4", "size = true", 2, 14, ["true or false"]),
        ("size = 4", "size = []", 2, 14, ["no size", "[16, 16]"]),
        ("size = 4", "size = 1000000000", 2, 14, ["at most 100,000"]),
        ("size = 4", "size = [400, 400]", 2, 1, ["160,000 elements"]),
        ("size = 4", 'size = "m"', 2, 15, ["undefined name 'm'"]),
        ("size = 4", 'size = "D"', 2, 14, ["'D' is not one", "[constants]"]),
        ("size = 4", 'size = "half"', 2, 14, ["this is 0.5"]),
        ("size = 4", 'size = "n +"', 2, 18, ["ends where"]),
        ("size = 4, ", "", 2, 1, ["no size"]),
        (', value = "i/8"', "", 2, 1, ["no value"]),
        ('"i/8"', '"u[i]"', 2, 25, ["'u' is in [states]"]),
        ('"i/8"', '"t"', 2, 25, ["cannot depend on t"]),
        ('"i/8"', '"1/i"', 2, 27, ["division by zero for i = 0"]),
        ('"i/8"', '"Dd*i"', 2, 26, ["undefined name 'Dd'", "'D'"]),
        ('"i/8"', "[1.0, 2.0]", 2, 25, ["there are 2 values, and the size is 4"]),
        ('"i/8"', "[1.0, 2.0, nan, 4.0]", 2, 36, ["finite"]),
        ('"i/8"', "true", 2, 25, ["a number is needed"]),
        ('"i/8"', '"i/8", index = "D"', 2, 32, ["'D' is the index of 'u'", "[parameters]"]),
        ('"i/8"', '"i/8", index = "sin"', 2, 40, ["cannot name an index"]),
        ('"i/8"', '"i/8", index = ["i", "j"]', 2, 40, ["1 dimension", "2 names"]),
        ('"i/8"', '"i/8", index = 3', 2, 40, ["text in quotes", "a number"]),
        ('"i/8"', '"i/8", ends = "wrap"', 2, 39, ["'ends' is one of", "did you mean 'periodic'"]),
        ('"i/8"', '"i/8", periodic = true', 2, 32, ["unknown key 'periodic'", 'ends = "periodic"']),
        ('"i/8"', '"i/8", sizes = 3', 2, 32, ["unknown key 'sizes'", "did you mean 'size'"]),
        ("size = [3, 2]", 'size = [3, 2], index = ["i", "i"]', 3, 30, ["two indices of 'v'"]),
        ("x = 1.0", "x = 1.0\ni = 3", 2, 1, ["'i' is the index of 'u'", "[states]"]),
        ("x = 1.0", 'x = 1.0\n"u[0]" = 3', 5, 1, ["cannot stand by itself"]),
        ('x = "sum(i, u[i])"', 'x = "1"\n"u[0]" = "0"', 15, 1, ["no equation of its own", "if i == 0"]),
        ('k = [1.0, 2.0, "3*D"]', "k = []", 6, 5, ["no values"]),
        ('k = [1.0, 2.0, "3*D"]', "k = [[1], [2, 3]]", 6, 11, ["of one length"]),
        ('k = [1.0, 2.0, "3*D"]', "k = [[1], 2]", 6, 11, ["a list is needed"]),
        ('k = [1.0, 2.0, "3*D"]', 'k = [1.0, "2*E"]', 6, 14, ["undefined name 'E'"]),
        ('k = [1.0, 2.0, "3*D"]', 'k = { size = 3, value = "k[i]" }', 6, 1, ["circle: k -> k"]),
        ("half = 0.5", 'half = 0.5\nc = { size = 2, value = "D" }', 11, 25, ["'D' is in [parameters]"]),
        ('"u[i+1] - u[i]"', '"flux[i] + 1"', 16, 1, ["circle: flux -> flux"]),
        ('"u[i+1] - u[i]"', '"u[i+2]"', 16, 37, ["no u[4] for i = 2"]),
        ('"u[i+1] - u[i]"', "3", 16, 34, ["quotes"]),
        ('{ size = "n - 1", value = "u[i+1] - u[i]" }', '["x", 2]', 16, 14, ["quotes"]),
        ('"der(u[1])"', '"der(u)"', 17, 14, ["name of a state", "der(u[i])"]),
        ('"der(u[1])"', '"u[i]"', 17, 12, ["undefined index 'i'"]),
        ("[constants]", '[units]\n"u[0]" = "m"\n[constants]', 9, 1, ["no quantity"]),
    ],
)
def test_mistakes_are_told_with_their_place(vectors, old, new, line, column, words):
    vectors.edit_model(old, new)
    error = vectors.refused()
    assert (error.file, error.line, error.column) == (str(vectors.model), line, column), str(error)
    assert all(word in str(error) for word in words), str(error)


def test_values_of_indices_and_constants_need_no_sympy(vectors):
    vectors.edit_model('"3*D"', "3.0")
    program = (
        "import sys; from pathlib import Path\n"
        "from cubie_cli.documents.document import read_document\n"
        "from cubie_cli.models.model import read_model\n"
        f"read_model(read_document(Path({str(vectors.model)!r})))\n"
        "print('sympy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
