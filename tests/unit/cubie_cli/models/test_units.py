"""What does not fit in a model's units, and what is let pass."""

import sys

import pytest

from cubie_cli.documents.document import read_document
from cubie_cli.models.model import read_model
from cubie_cli.models.units import unit_troubles

MODEL = """\
[states]
gut = "dose"
plasma = 0.0
V = -65.0
u = {{ size = 3, value = 1.0 }}
[parameters]
dose = 100.0
ka = 1.2
ke = "CL/vol"
CL = 5.0
vol = 50.0
tau = 5.0
E = -70.0
anything = 1.0
herd = 3.0
[equations]
gut = "-ka*gut"
plasma = "ka*gut/vol - ke*plasma"
V = "(E - V)/tau"
u = "ka*(u[max(i - 1, 0)] - u[i])"
[observables]
tried = "{}"
[units]
t = "hour"
gut = "mg"
dose = "mg"
plasma = "mg L-1"
ka = "1/hour"
ke = "1/hour"
CL = "L/hour"
vol = "L"
V = "mV"
E = "mV"
tau = "hour"
u = "mg"
herd = "cows"
tried = "{}"
"""


@pytest.fixture
def troubles(tmp_path):
    """Return a function that reads a model with an observable, and returns what is told of its units."""

    def told(text, unit="mg"):
        path = tmp_path / "model.toml"
        path.write_text(MODEL.format(text, unit))
        return unit_troubles(read_model(read_document(path)))

    return told


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("gut + plasma*vol + u[1]", "mg"),
        ("gut + 3", "mg"),
        ("0.3*gut + anything", "L"),
        ("sqrt(gut*dose) - abs(gut)", "mg"),
        ("gut**2/dose", "mg"),
        ("der(plasma)*vol", "mg/hour"),
        ("max(gut, dose, 3.0)", "mg"),
        ("gut if plasma < dose/vol and gut > 0 else dose", "mg"),
        ("exp(-gut/dose) + sign(V)", ""),
        ("exp(0.04*(V + 85))", "dimensionless"),
        ("plasma**(-1)*gut", "L"),
        ("(vol**3)**(1/3)", "L"),
        ("atan2(V, E)", "rad"),
        ("hypot(V, E)", "mV"),
        ("clip(gut, 0, dose) + mod(gut, dose) + sum(k, u[k])", "mg"),
        ("herd", "cows"),
        ("t*ka", "1"),
        ("2**(t/tau)", "1"),
        ("pow(vol, 2)*plasma/vol", "mg"),
    ],
)
def test_what_fits_is_let_pass(troubles, text, unit):
    assert [str(each) for each in troubles(text, unit)] == []


@pytest.mark.parametrize(
    ("text", "unit", "column", "message"),
    [
        ("gut + plasma", "mg", 14, "milligram and milligram / liter are added"),
        ("gut - V", "mg", 14, "milligram and millivolt are added"),
        ("gut*ka", "mg", 10, "this has the unit milligram / hour, and milligram is needed"),
        ("gut", "g", 10, "this has the unit milligram, and gram is needed"),
        ("exp(V)", "", 14, "exp of something in millivolt, and a plain number is needed"),
        ("3.0*max(gut, V)", "mg", 23, "max takes milligram and millivolt"),
        ("1 if gut < V else 2", "1", 19, "milligram and millivolt are compared"),
        ("gut if t < 2 else V", "mg", 28, "one value is in milligram, the other in millivolt"),
        ("2**gut", "1", 13, "an exponent of something in milligram, and a plain number is needed"),
        ("der(gut)", "mg", 10, "this has the unit milligram / hour, and milligram is needed"),
        ("gut + herd", "mg", 14, "milligram and cows are added"),
        ("gut", "mg/(", 9, "'mg/(' is no unit"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(troubles, text, unit, column, message):
    (found,) = troubles(text, unit)
    assert found.message == message
    assert found.column == column


def test_an_equation_is_of_the_state_over_time(tmp_path):
    path = tmp_path / "model.toml"
    path.write_text('[states]\nx = 1.0\n[equations]\nx = "-x"\n[units]\nx = "mol"\nt = "s"\n')
    (found,) = unit_troubles(read_model(read_document(path)))
    assert found.message == "this has the unit mole, and mole / second is needed"
    path.write_text('[states]\nx = 1.0\n[equations]\nx = "-x"\n[units]\nx = "mol"\n')
    assert unit_troubles(read_model(read_document(path))) == ()


def test_a_model_without_units_needs_no_pint(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pint", None)
    path = tmp_path / "model.toml"
    path.write_text('[states]\nx = 1.0\n[equations]\nx = "-x"\n')
    assert unit_troubles(read_model(read_document(path))) == ()
    path.write_text('[states]\nx = 1.0\n[equations]\nx = "-x"\n[units]\nx = "mol"\n')
    with pytest.raises(ImportError):
        unit_troubles(read_model(read_document(path)))
