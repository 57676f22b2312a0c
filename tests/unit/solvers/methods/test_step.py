"""What the steps of all methods share."""

import numpy as np
import pytest

from solvers.integration import bernstein
from solvers.methods.step import ExtensionWeights
from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS

DENSE = {
    name: tableau for name, tableau in {**TABLEAUS, **IMPLICIT_TABLEAUS}.items() if tableau.dense_output is not None
}


@pytest.mark.parametrize("name", DENSE)
def test_weights_of_an_extension_in_bernsteins_form(name):
    dense = DENSE[name].dense_output
    weights, end = ExtensionWeights.of(dense.coefficients), dense.weights(1.0)
    inner = [np.array(row) + (0.0 if from_start else 1.0) * end for from_start, row in weights.inner]
    columns = [np.zeros_like(end), *inner, end]
    for theta in (0.0, 0.25, 0.8, 1.0):
        found = bernstein.value_at(columns, theta)
        np.testing.assert_allclose(found, dense.weights(theta), atol=1e-12 * max(1.0, weights.largest))
