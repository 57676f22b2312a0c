"""The implicit methods: orders, stability, closed forms, and that a wrong coefficient is noticed."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.tableaus import IMPLICIT_TABLEAUS
from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau
from solvers.tableaus.fully_implicit import FullyImplicitTableau
from solvers.tableaus.method import TableauError, lower
from solvers.tableaus.order_conditions import residuals, rooted_trees
from solvers.tableaus.rosenbrock import RosenbrockTableau
from solvers.tableaus.w_conditions import w_residuals


def of_family(family):
    return {name: method for name, method in IMPLICIT_TABLEAUS.items() if isinstance(method, family)}


def parametrized(methods):
    return pytest.mark.parametrize("method", list(methods.values()), ids=list(methods))


DIAGONAL, FULL = of_family(DiagonallyImplicitTableau), of_family(FullyImplicitTableau)
ROSENBROCK = of_family(RosenbrockTableau)

every_method = parametrized(IMPLICIT_TABLEAUS)
every_full, every_rosenbrock = map(parametrized, (FULL, ROSENBROCK))


# Orders: all trees of the claimed order are checked, and one of the next is not satisfied ----------------


def conditions(method):
    """Return the coefficients of the slopes, those below single branches, and slope weights of the vectors given."""
    if isinstance(method, RosenbrockTableau):
        form = method.original
        return form.alpha, form.beta, lambda weights: weights @ form.gamma
    if isinstance(method, DiagonallyImplicitTableau):
        return lower(method.rows), None, np.asarray
    a = np.zeros((method.stages + 1, method.stages + 1))
    a[1:, 1:] = method.a
    return a, None, lambda weights: np.concatenate([np.zeros(len(a) - len(weights)), weights])


def worst_of_order(method, weights, order, theta=1.0):
    a, single, of_slopes = conditions(method)
    smaller = len(rooted_trees(order - 1))
    return residuals(a, of_slopes(np.asarray(weights)), order, theta, single=single)[smaller:].max()


def final_weights(method):
    if isinstance(method, RosenbrockTableau):
        return np.array(method.m)
    if isinstance(method, DiagonallyImplicitTableau):
        return np.array(method.rows[-1])
    return np.array([0.0, *method.b])


@every_method
def test_every_claim_holds(method):
    method.check()


@every_method
def test_orders_are_not_higher_than_claimed(method):
    weights = final_weights(method)
    assert worst_of_order(method, weights, method.order + 1) > 1e-7
    (embedded,) = method.embedded_orders
    assert worst_of_order(method, weights - np.array(method.error), embedded + 1) > 1e-7
    dense = method.dense_output
    assert worst_of_order(method, dense.weights(0.35), dense.order + 1, 0.35) > 1e-5


@every_method
def test_interpolants_are_as_accurate_as_the_error_control(method):
    assert method.dense_output.order >= method.error_order


def test_numbers_of_conditions_of_w_methods():
    zeros = np.zeros((2, 2))
    counts = [len(w_residuals(zeros, zeros, np.ones(2), order)) for order in range(1, 5)]
    assert counts == [1, 3, 8, 21]


@pytest.mark.parametrize(("name", "order"), [("rosenbrock23", 2), ("ros34pw2", 3), ("ros34pw3", 3)])
def test_orders_with_any_matrix(name, order):
    method, form = ROSENBROCK[name], ROSENBROCK[name].original
    assert method.w_order == order
    assert w_residuals(form.alpha, form.gamma, form.b, order).max() < 1e-14
    assert w_residuals(form.alpha, form.gamma, form.b, order + 1).max() > 1e-3
    with pytest.raises(TableauError, match="with any matrix"):
        replace(method, w_order=order + 1).check()


# A wrong coefficient is noticed -------------------------------------------------------------------------


def moved(row, amount=1e-9):
    """Move a row's two largest entries apart, so that its sum stays."""
    first, second = np.argsort(np.abs(row))[-2:]
    values = list(row)
    values[first] += amount
    values[second] -= amount
    return tuple(values)


def replaced(rows, index, row):
    return (*rows[:index], row, *rows[index + 1 :])


@every_method
def test_a_changed_error_row_is_noticed(method):
    first, *rest = method.error
    with pytest.raises(TableauError, match=r"embedded method is not of order|error row does not sum"):
        replace(method, error=(first + 1e-9, *rest)).check()


@parametrized({name: method for name, method in {**DIAGONAL, **FULL}.items() if method.embedded_order > 1})
def test_a_moved_error_row_is_noticed(method):
    first, *rest, last = method.error
    with pytest.raises(TableauError, match="embedded method is not of order"):
        replace(method, error=(first + 1e-9, *rest, last - 1e-9)).check()


@every_method
def test_a_changed_polynomial_is_noticed(method):
    if isinstance(method, FullyImplicitTableau):
        with pytest.raises(TableauError, match="continuous extension is not of order"):
            replace(method, dense_order=method.dense_order + 1).check()
        return
    rows = method.interpolant.coefficients
    wrong = DenseOutput(method.interpolant.order, replaced(rows, len(rows) - 1, (*rows[-1][:-1], rows[-1][-1] + 1e-9)))
    with pytest.raises(TableauError, match="continuous extension"):
        replace(method, interpolant=wrong).check()


@every_rosenbrock
@pytest.mark.parametrize("part", ["a", "c", "alpha", "d", "m", "gamma"])
def test_a_changed_coefficient_of_a_rosenbrock_method_is_noticed(method, part):
    value = getattr(method, part)
    if part == "gamma":
        wrong = value + 1e-9
    elif part in {"a", "c"}:
        wrong = replaced(value, 2, (value[2][0], value[2][1] + 1e-9))
    else:
        wrong = replaced(value, 1, value[1] + 1e-9)
    with pytest.raises(TableauError):
        replace(method, **{part: wrong}).check()


@parametrized({name: method for name, method in DIAGONAL.items() if method.order > 2})
def test_a_moved_row_of_a_diagonally_implicit_method_is_noticed(method):
    for index in range(2, len(method.a)):
        row = (*moved(method.a[index][:-1]), method.gamma)
        a = replaced(method.a, index, row)
        with pytest.raises(TableauError, match="y_new is not of order"):
            replace(method, a=a, b=a[-1]).check()


@parametrized({name: method for name, method in FULL.items() if method.stages > 1})
def test_a_moved_coefficient_of_a_fully_implicit_method_is_noticed(method):
    for index in range(method.stages):
        a = replaced(method.a, index, moved(method.a[index]))
        b = a[-1] if method.stiffly_accurate else method.b
        with pytest.raises(TableauError, match="not of order"):
            replace(method, a=a, b=b).check()
    t = replaced(method.transformation.t, 0, moved(method.transformation.t[0]))
    with pytest.raises(TableauError, match="not the inverse"):
        replace(method, transformation=replace(method.transformation, t=t)).check()
    pairs = ((method.transformation.pairs[0][0] + 1e-9, method.transformation.pairs[0][1]),)
    changed = replace(method.transformation, pairs=(*pairs, *method.transformation.pairs[1:]))
    with pytest.raises(TableauError, match="into blocks"):
        replace(method, transformation=changed).check()


# Stability ----------------------------------------------------------------------------------------------

UNDAMPED = {
    **dict.fromkeys(
        ("crank_nicolson", "trapezoidal", "implicit_midpoint", "gauss_legendre_2", "gauss_legendre_6"), -1.0
    ),
    "gauss_legendre_4": 1.0,
    "ros3p": 1.0 - np.sqrt(3.0),
    "ros34pw3": -0.6304149381918,
}


@every_method
def test_stability(method):
    assert method.a_stable
    assert method.l_stable == (method.name not in UNDAMPED)
    assert method.amplification_at_infinity == pytest.approx(UNDAMPED.get(method.name, 0.0), abs=1e-12)
    assert method.amplification(-1e5) == pytest.approx(method.amplification_at_infinity, abs=2e-3)
    assert method.amplification(-0.01) == pytest.approx(np.exp(-0.01), abs=1e-4)


def test_instability_is_noticed():
    method = DIAGONAL["crank_nicolson"]
    explicit_part_larger = replace(method, a=((0.0,), (0.6, 0.4)), b=(0.6, 0.4), error=(0.6, -0.6))
    assert not explicit_part_larger.a_stable
    assert explicit_part_larger.amplification_at_infinity == pytest.approx(-1.5)


def stiff_step(method, z):
    """Return the vectors that weights apply to, and the filter of the error, of a step of y' = z y from y = 1."""
    if isinstance(method, RosenbrockTableau):
        a, c = lower(method.a), lower(method.c)
        u = np.linalg.solve(np.eye(method.stages) * (1 / method.gamma - z) - z * a - c, z * np.ones(method.stages))
        return u, u, 1.0
    if isinstance(method, DiagonallyImplicitTableau):
        slopes = np.linalg.solve(np.eye(method.stages) - z * lower(method.rows), z * np.ones(method.stages))
        return slopes, slopes, 1.0 - z * method.gamma if method.filtered else 1.0
    slopes = np.linalg.solve(np.eye(method.stages) - z * np.array(method.a), z * np.ones(method.stages))
    return slopes, np.array([z, *slopes]), 1.0 - z * method.error_gamma


@every_method
def test_estimates_and_interpolants_of_stiff_components_are_bounded(method):
    vectors, with_first, factor = stiff_step(method, -1e6)
    assert abs(np.array(method.error) @ with_first / factor) < 2.1
    inside = [1.0 + method.dense_output.weights(theta) @ vectors for theta in np.linspace(0.0, 1.0, 21)]
    assert np.abs(inside).max() < 1.2


# Closed forms -------------------------------------------------------------------------------------------


def test_coefficients_with_closed_forms():
    root = np.sqrt(6.0)
    radau = FULL["radau_iia_5"]
    np.testing.assert_allclose(radau.c, ((4 - root) / 10, (4 + root) / 10, 1.0), rtol=1e-15)
    np.testing.assert_allclose(radau.b, ((16 - root) / 36, (16 + root) / 36, 1 / 9), rtol=1e-15)
    np.testing.assert_allclose(FULL["gauss_legendre_4"].c, (0.5 - np.sqrt(3) / 6, 0.5 + np.sqrt(3) / 6), rtol=1e-15)
    np.testing.assert_allclose(
        FULL["gauss_legendre_6"].c, (0.5 - np.sqrt(15) / 10, 0.5, 0.5 + np.sqrt(15) / 10), rtol=1e-15
    )
    assert DIAGONAL["sdirk2"].gamma == DIAGONAL["tr_bdf2"].gamma == pytest.approx(1 - 1 / np.sqrt(2.0), rel=1e-15)
    for name in ("sdirk3", "kvaerno3", "kencarp3"):
        gamma = DIAGONAL[name].gamma
        assert gamma**3 - 3 * gamma**2 + 1.5 * gamma - 1 / 6 == pytest.approx(0.0, abs=1e-15)
    assert ROSENBROCK["ros3p"].gamma == pytest.approx(0.5 + np.sqrt(3.0) / 6, rel=1e-15)


def test_error_and_eigenvalues_of_radau_iia_5_are_those_of_hairer_and_wanner():
    method, root = FULL["radau_iia_5"], np.sqrt(6.0)
    gamma = 1 / ((6 + 81 ** (1 / 3) - 9 ** (1 / 3)) / 30)
    assert method.transformation.real == pytest.approx((gamma,), rel=1e-14)
    assert method.error_gamma == pytest.approx(1 / gamma, rel=1e-14)
    wanted = -np.array([-13 - 7 * root, -13 + 7 * root, -1]) / 3 / gamma
    np.testing.assert_allclose(method.error_increments, wanted, rtol=1e-13)


@pytest.mark.parametrize(("name", "derivative"), [("gauss_legendre_", 0), ("radau_iia_", 1)])
def test_nodes_are_zeros_of_the_defining_polynomial(name, derivative):
    for method in (method for key, method in FULL.items() if key.startswith(name)):
        stages = method.stages
        factors = np.poly([0.0] * (stages - derivative) + [1.0] * stages)
        zeros = np.roots(np.polyder(factors, stages - derivative)) if stages - derivative else [1.0]
        np.testing.assert_allclose(np.sort(np.real(zeros)), method.c, rtol=1e-10)


@every_full
def test_weights_of_increments(method):
    a, b = np.array(method.a), np.array(method.b)
    np.testing.assert_allclose(method.increments @ a, b, atol=1e-15)
    np.testing.assert_allclose(method.error_increments @ a, method.error[1:], atol=1e-15)
    dense = method.dense_output
    np.testing.assert_allclose(a.T @ method.dense_increments, dense.coefficients, atol=1e-13)
    at_nodes = np.array([method.dense_increments @ node ** np.arange(1, dense.degree + 1) for node in method.c])
    if method.name != "lobatto_iiic_4":  # all others are collocation: the polynomial passes through the stages
        np.testing.assert_allclose(at_nodes, np.eye(method.stages), atol=1e-13)


@every_full
def test_eigenvalues_are_those_of_the_inverse(method):
    wanted = np.linalg.eigvals(np.linalg.inv(np.array(method.a)))
    np.testing.assert_allclose(
        np.sort_complex(np.linalg.eigvals(method.transformation.blocks)), np.sort_complex(wanted), rtol=1e-11
    )
    assert len(method.transformation.real) + 2 * len(method.transformation.pairs) == method.stages
    assert len(method.transformation.real) == method.stages % 2


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("ros34pw2", (0.84457060015369423, -0.11299064236484185, 0.0, 0.0)),
        ("ros34pw3", (0.50777280103144085, 0.75, 0.0, 0.0)),
        ("rodas3", (1.0, 0.0, 0.0, 0.0)),
    ],
)
def test_the_original_form_is_the_published_one(name, row):
    form = ROSENBROCK[name].original
    np.testing.assert_allclose(form.alpha[2], row, atol=1e-15)
    np.testing.assert_allclose(np.diag(form.gamma), ROSENBROCK[name].gamma, rtol=1e-15)
