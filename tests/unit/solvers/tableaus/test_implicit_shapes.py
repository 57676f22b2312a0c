"""The implicit methods: their shapes, names and controllers."""

from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pkgutil import iter_modules

import numpy as np
import pytest

from solvers import tableaus
from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS, UnknownAlgorithmError, find
from solvers.tableaus.controller_defaults import CONTROLLERS
from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau
from solvers.tableaus.fully_implicit import FullyImplicitTableau
from solvers.tableaus.method import Method, TableauError
from solvers.tableaus.rosenbrock import RosenbrockTableau, steinebach


def of_family(family):
    return {name: method for name, method in IMPLICIT_TABLEAUS.items() if isinstance(method, family)}


DIAGONAL, FULL = of_family(DiagonallyImplicitTableau), of_family(FullyImplicitTableau)
ROSENBROCK = of_family(RosenbrockTableau)

every_method = pytest.mark.parametrize("method", list(IMPLICIT_TABLEAUS.values()), ids=list(IMPLICIT_TABLEAUS))
every_diagonal = pytest.mark.parametrize("method", list(DIAGONAL.values()), ids=list(DIAGONAL))


# Shapes -------------------------------------------------------------------------------------------------


@every_diagonal
def test_the_uniform_shape(method):
    assert method.rows[0] == (0.0,)
    assert [len(row) for row in method.rows] == list(range(1, method.stages + 1))
    assert (method.nodes[0], method.nodes[-1]) == (0.0, 1.0)
    assert {row[-1] for row in method.rows} <= {0.0, method.gamma}
    np.testing.assert_allclose([sum(row) for row in method.rows], method.nodes, atol=1e-14)
    assert method.stages == len(method.b) + (not method.explicit_first) + (not method.stiffly_accurate)


def test_ends_of_the_diagonally_implicit_methods():
    explicit = {"crank_nicolson", "trapezoidal", "tr_bdf2", "kvaerno3", "kvaerno5", "kencarp3", "kencarp4", "kencarp5"}
    assert {name for name, method in DIAGONAL.items() if method.explicit_first} == explicit
    assert {name for name, method in DIAGONAL.items() if not method.stiffly_accurate} == {"implicit_midpoint"}
    assert DIAGONAL["implicit_midpoint"].rows == ((0.0,), (0.0, 0.5), (0.0, 1.0, 0.0))
    assert {name for name, method in FULL.items() if not method.stiffly_accurate} == {
        name for name in FULL if name.startswith("gauss")
    }


@every_diagonal
def test_first_guesses_are_exact_for_constant_and_mostly_for_linear_slopes(method):
    nodes = np.array(method.nodes)
    for stage, row in enumerate(method.predictors, start=1):
        assert sum(row) == pytest.approx(1.0)
        assert len(row) == stage
        if stage > 1 and method.name != "sdirk4":
            assert row @ nodes[:stage] == pytest.approx(nodes[stage])


def test_stages_that_share_an_argument():
    assert ROSENBROCK["ros3p"].arguments == (0, 1, 1)
    assert ROSENBROCK["rodas3"].arguments == (0, 0, 2, 3)
    assert ROSENBROCK["rodas3p"].arguments == (0, 1, 0, 3, 3)
    assert ROSENBROCK["rodas5p"].arguments == tuple(range(8))
    assert {name for name, method in ROSENBROCK.items() if method.fsal} == {"rosenbrock23"}


def test_the_form_of_continuous_extensions_in_rodas():
    m, h = (2.0, 1.0), ((3.0,), (5.0, 7.0))
    dense = steinebach(2, m, *h)
    for theta in (0.25, 1.0):
        u, v = (theta * (w + (1 - theta) * (g + theta * k)) for w, g, k in zip(m, (3.0, 0.0), (5.0, 7.0), strict=True))
        np.testing.assert_allclose(dense.weights(theta), (u, v), rtol=1e-15)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("sdirk2", {"b": (1.0,)}, "differ in length"),
        ("sdirk2", {"a": ((0.3,), (0.7,))}, "a row has the wrong length"),
        ("sdirk2", {"a": ((0.3,), (0.6, 0.4))}, "two values"),
        ("sdirk2", {"c": (0.3, 1.0)}, "does not sum to its node"),
        ("sdirk2", {"embedded_orders": ()}, "error row has one order"),
        ("sdirk2", {"error": (0.5, -0.5)}, "error row has the wrong length"),
        ("sdirk2", {"interpolant": DenseOutput(1, ((1.0,),))}, "one polynomial a slope"),
        ("sdirk2", {"first_guesses": ((1.0,),)}, "one first guess a slope"),
        ("sdirk2", {"first_guesses": ((1.0,), (0.5, 0.6))}, "first guess 1 does not sum"),
        ("radau_iia_3", {"c": (0.3, 1.0)}, "does not sum to its node"),
        ("radau_iia_3", {"a": ((1 / 3,), (3 / 4, 1 / 4))}, "not square"),
        ("radau_iia_3", {"error": (0.5, -0.5)}, "error row has the wrong length"),
        ("ros3p", {"d": (0.0,)}, "differ in length"),
        ("ros3p", {"a": ((), (1.0,), (1.0,))}, "a row of a has the wrong length"),
        ("ros3p", {"interpolant": DenseOutput(1, ((1.0,),))}, "one polynomial a stage"),
    ],
)
def test_shapes_are_checked_at_once(name, change, message):
    with pytest.raises(TableauError, match=message):
        replace(IMPLICIT_TABLEAUS[name], **change)


# Names and controllers ----------------------------------------------------------------------------------


def test_the_contract_names_every_method():
    assert set(IMPLICIT_TABLEAUS) == {
        *("backwards_euler", "backwards_euler_pc", "crank_nicolson", "implicit_midpoint", "trapezoidal"),
        *("sdirk2", "sdirk3", "sdirk4", "tr_bdf2", "kvaerno3", "kvaerno5", "kencarp3", "kencarp4", "kencarp5"),
        *("gauss_legendre_2", "gauss_legendre_4", "gauss_legendre_6"),
        *("radau_iia_3", "radau_iia_5", "radau_iia_9", "lobatto_iiic_4"),
        *("rosenbrock23", "ros3p", "rodas3", "rodas3p", "rodas4", "rodas4p", "rodas5", "rodas5p"),
        *("ros34pw2", "ros34pw3"),
    }


def test_every_method_that_is_written_is_listed():
    modules = (import_module(f"solvers.tableaus.{each.name}") for each in iter_modules(tableaus.__path__))
    written = {method.name for module in modules for method in vars(module).values() if isinstance(method, Method)}
    assert written == {*TABLEAUS, *IMPLICIT_TABLEAUS}


def test_names_are_unique_and_found():
    methods = [*TABLEAUS.values(), *IMPLICIT_TABLEAUS.values()]
    names = sorted(name for method in methods for name in (method.name, *method.aliases))
    assert all(first != second for first, second in pairwise(names))
    for name in names:
        assert name in {find(name).name, *find(name).aliases}
    assert find("ode23s") is ROSENBROCK["rosenbrock23"]
    assert find("Radau") is FULL["radau_iia_5"]
    assert find("rk45") is TABLEAUS["dormand_prince54"]
    assert set(IMPLICIT_TABLEAUS.aliases.values()) <= set(IMPLICIT_TABLEAUS)
    with pytest.raises(UnknownAlgorithmError, match="did you mean kvaerno5"):
        find("kverno5")


@every_method
def test_default_controllers_titles_and_sources(method):
    kind = "pi" if isinstance(method, DiagonallyImplicitTableau) else "gustafsson"
    assert method.controller_defaults().kind == kind
    assert method.controller_defaults("pid") == CONTROLLERS["pid"]
    assert method.controller_defaults().betas(method.error_order)[0] > 0
    assert method.error_order == min(method.order, *method.embedded_orders)
    assert method.title
    assert any(str(year) in method.source for year in range(1940, 2027))
