"""Which algorithms a configuration chooses from."""

import pytest

from cubie_cli.configurations.candidates import candidates
from cubie_cli.configurations.schema import SolveTable
from solvers.tableaus import find

DOCUMENT = None


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("states", [3, 200])
@pytest.mark.parametrize("rtol", [0.1, 1e-3, 1e-4, 1e-6, 1e-9, 1e-12])
def test_there_is_one_for_each_kind_of_system(rtol, states, precision):
    names = candidates(DOCUMENT, SolveTable(t1=1.0, rtol=rtol, precision=precision), states)
    methods = [find(name) for name in names]
    assert methods[0].family == "explicit"
    assert methods[-1].family != "explicit"
    assert all(method.embedded_order for method in methods)
    assert len(names) == 2 if states > 100 else len(names) <= 3
    orders = [method.order for method in methods]
    assert max(orders) >= 7 if rtol < 1e-8 else min(orders) <= 5
