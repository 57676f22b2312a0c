"""Models in CellML: what is written for them, and derivatives as Myokit 1.39 has them."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from support.imported import TextModel

from cubie_cli.imports.publishing import written_model
from cubie_cli.imports.reading import read_imported, read_source

FOLDER = Path(__file__).parents[4] / "data" / "imports"
#: By model: points, each a time, states and derivatives by name.
MYOKIT = json.loads((FOLDER / "myokit.json").read_text())


def text_of(name):
    source = read_source(FOLDER / f"{name}.cellml")
    return written_model(read_imported(source), source, "0")


@pytest.mark.parametrize("name", MYOKIT)
def test_derivatives_are_those_of_myokit(name):
    model = TextModel(text_of(name))
    start = model.start()
    for time, states, derivatives in MYOKIT[name]:
        found = model.rates(time, start | states)
        for state, value in derivatives.items():
            assert found[state] == pytest.approx(value, rel=1e-12), state


def test_units_that_differ_between_components_are_converted():
    # x is in volt, and its component's time in seconds; y is in millivolt, and time here in milliseconds.
    found = tomllib.loads(text_of("converted"))
    model = TextModel(text_of("converted"))
    rates = model.rates(4.0, {"x": 0.03, "y": 7.0})
    assert rates["x"] == pytest.approx(1e-3 * (-2 * 0.03 + 0.001 * 7), rel=1e-12)
    assert rates["y"] == pytest.approx(-0.05 * (7 - 30) + 4 / 1000, rel=1e-12)
    assert found["units"] == {"t": "millisecond", "x": "volt", "y": "millivolt", "z": "volt"}


def test_components_are_told_and_names_that_collide_have_them():
    text = text_of("gates")
    assert "V_rest = -0.07  # membrane\n" in text
    assert "gate_tau = 4.0  # tau of gate\n" in text
    assert 'stim = "0.1 if t >= 5 and t < 7 else 0"  # gate\n' in text


def test_initial_values_that_are_names_and_constants_that_are_computed():
    found = tomllib.loads(text_of("initial_names"))
    assert found["states"] == {"x": "x0"}
    assert found["parameters"] == {"x0": 2.5, "a": 0.2, "b": 3.0, "k": "a*b + 1"}


def test_what_is_imported_from_the_same_folder_is_put_in():
    model = TextModel(text_of("with_import"))
    assert model.rates(1.0, model.start())["x"] == pytest.approx(-0.45 + 0.1 * np.sin(1.0))


HEAD = '<model xmlns="http://www.cellml.org/cellml/2.0#" xmlns:cellml="http://www.cellml.org/cellml/2.0#" name="m">'
VARIABLES = (
    '<variable name="time" units="second"/><variable name="x" units="dimensionless" initial_value="1"/>'
    '<variable name="y" units="dimensionless"/>'
)
RATE = "<apply><eq/><apply><diff/><bvar><ci>time</ci></bvar><ci>x</ci></apply><ci>y</ci></apply>"
IMPLICIT = "<apply><eq/><apply><plus/><ci>y</ci><apply><sin/><ci>y</ci></apply></apply><ci>x</ci></apply>"
IMPORT = (
    '<import xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{}">'
    '<component name="p" component_ref="q"/></import>'
)
RESET = (
    '<reset variable="x" test_variable="x" order="1"><test_value><math xmlns="http://www.w3.org/1998/Math/MathML">'
    '<cn cellml:units="dimensionless">2</cn></math></test_value><reset_value>'
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><cn cellml:units="dimensionless">1</cn></math>'
    "</reset_value></reset>"
)


def cellml(equations, more="", variables=VARIABLES):
    mathematics = f'<math xmlns="http://www.w3.org/1998/Math/MathML">{equations}</math>'
    return f'{HEAD}{more}<component name="main">{variables}{mathematics}</component></model>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (cellml(RATE), "no model that can be solved: The type of variable 'y' in component 'main' is unknown."),
        (cellml(RATE + IMPLICIT), "must be solved for y, cannot be imported"),
        (cellml("", variables=VARIABLES + RESET), "a reset cannot be imported, in 'main'"),
        (cellml("", IMPORT.format("../other.cellml")), "the import of '../other.cellml' is refused"),
        (cellml("", IMPORT.format("https://example.org/x")), "the import of 'https://example.org/x' is refused"),
        (cellml("", IMPORT.format("nothing.cellml")), "the imported file 'nothing.cellml' cannot be read"),
        (cellml("<apply><eq/><ci>y</ci></apply>"), "not valid CellML: "),
        ('<model xmlns="http://www.cellml.org/cellml/3.0#" name="m"/>', "this is no CellML 1.0, 1.1 or 2.0"),
        (f"{HEAD}</model>", "nothing in the model has a rate of change"),
    ],
)
def test_what_cannot_be_imported_is_told(importing, content, message):
    assert message in importing.refused("model.cellml", content).message


def test_a_document_type_in_an_imported_file_is_refused(importing):
    importing.write("part.cellml", f"<!DOCTYPE model>{HEAD}</model>")
    error = importing.refused("model.cellml", cellml("", IMPORT.format("part.cellml")))
    assert error.message == "a document type is refused"
    assert error.file.endswith("part.cellml")
