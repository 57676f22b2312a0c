"""Models in SBML of the usual kinds, against what libRoadRunner 2.10 makes of them with tolerances of 1e-11."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.imported import TextModel

from cubie_cli.imports.publishing import written_model
from cubie_cli.imports.reading import read_imported, read_source

FOLDER = Path(__file__).parents[4] / "data" / "imports"
REFERENCE = json.loads((FOLDER / "libroadrunner.json").read_text())
#: Where right-hand sides jump.
STOPS = {"piecewise": (2.0, 2.0 + 1e-9, 4.5)}


@pytest.mark.parametrize("name", REFERENCE["values"])
def test_a_model_is_solved_as_by_libroadrunner(name):
    source = read_source(FOLDER / f"{name}.xml")
    model = TextModel(written_model(read_imported(source), source, "0"))
    found = model.solve(REFERENCE["times"], STOPS.get(name, ()))
    # Where a condition on states jumps, SciPy's error is that of a step.
    rtol = 1e-4 if name == "piecewise" else 1e-6
    known = {quantity: values for quantity, values in REFERENCE["values"][name].items() if quantity in found}
    assert known
    for quantity, values in known.items():
        np.testing.assert_allclose(found[quantity], values, rtol=rtol, atol=1e-9, err_msg=quantity)
