"""The explicit methods: their orders, their shape, their names, and that a wrong coefficient is noticed."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.integrate

from solvers.tableaus import TABLEAUS, UnknownAlgorithmError, find
from solvers.tableaus.controller_defaults import CONTROLLERS, ControllerDefaults
from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.method import TableauError
from solvers.tableaus.order_conditions import residuals, rooted_trees, stage_weights

NAMES = list(TABLEAUS)
FSAL = {"bogacki_shampine32", "dormand_prince54", "tsit5", "vern6"}
PAIRS = [name for name in NAMES if TABLEAUS[name].errors]
DENSE = [name for name in NAMES if TABLEAUS[name].dense_output]
OWN = [name for name in NAMES if TABLEAUS[name].interpolant]

every_method = pytest.mark.parametrize("method", [TABLEAUS[name] for name in NAMES], ids=NAMES)
every_pair = pytest.mark.parametrize("method", [TABLEAUS[name] for name in PAIRS], ids=PAIRS)
every_dense = pytest.mark.parametrize("method", [TABLEAUS[name] for name in DENSE], ids=DENSE)
every_own = pytest.mark.parametrize("method", [TABLEAUS[name] for name in OWN], ids=OWN)


def square(rows):
    matrix = np.zeros((len(rows), len(rows)))
    for index, row in enumerate(rows):
        matrix[index, :index] = row
    return matrix


def worst_of_order(a, weights, order, theta=1.0):
    smaller = len(rooted_trees(order - 1)) if order > 1 else 0
    return residuals(a, weights, order, theta)[smaller:].max()


def slopes_of(method, f, t, y, h):
    """Return all slopes of one step, those of the continuous extension included."""
    dense = method.dense_output or DenseOutput(0, ((0.0,),))
    slopes = []
    for row, node in zip(method.rows + dense.extra_a, method.nodes + dense.extra_c, strict=True):
        stage = y + h * sum((w * k for w, k in zip(row, slopes, strict=True)), np.zeros_like(y))
        slopes.append(f(t + node * h, stage))
    return np.array(slopes)


def rational(t, y):
    """y' = -2 t y^2, y = 1/(1 + t^2); the second component makes it a system."""
    return np.array([-2 * t * y[0] ** 2, y[1] * np.cos(t) * y[0] * (1 + t**2)])


def rational_solution(t):
    return np.array([1 / (1 + t**2), np.exp(np.sin(t))])


# Orders -------------------------------------------------------------------------------------------


def test_numbers_of_rooted_trees():
    orders = [tree.order for tree in rooted_trees(10)]
    assert [orders.count(order) for order in range(1, 11)] == [1, 1, 2, 4, 9, 20, 48, 115, 286, 719]


def test_density_of_the_tall_and_the_bushy_tree():
    densities = [tree.density for tree in rooted_trees(5) if tree.order == 5]
    assert max(densities) == 120
    assert min(densities) == 5
    assert len(set(rooted_trees(7))) == len(rooted_trees(7))


def test_stage_weights_of_small_trees():
    a = square(TABLEAUS["rk4"].rows)
    c = a.sum(axis=1)
    np.testing.assert_allclose(stage_weights(a, 3), [np.ones(5), c, c**2, a @ c], atol=1e-15)


@every_method
def test_every_claimed_order_holds(method):
    method.check()


@every_method
def test_the_order_is_not_higher_than_claimed(method):
    b = np.array([*method.rows[-1], 0.0])
    assert worst_of_order(square(method.rows), b, method.order + 1) > 1e-7


@every_pair
def test_embedded_orders_are_not_higher_than_claimed(method):
    b = np.array([*method.rows[-1], 0.0])
    for row, order in zip(method.error_rows, method.embedded_orders, strict=True):
        assert worst_of_order(square(method.rows), b - np.array(row), order + 1) > 1e-7


@every_dense
def test_the_continuous_extension_is_not_of_higher_order_than_claimed(method):
    dense = method.dense_output
    a = square(method.rows + dense.extra_a)
    assert worst_of_order(a, dense.weights(0.35), dense.order + 1, 0.35) > 1e-9


def test_the_interpolant_of_vern7_all_but_reaches_its_published_order():
    method = TABLEAUS["vern7"]
    dense = method.interpolant
    a = square(method.rows + dense.extra_a)
    assert residuals(a, dense.weights(0.5), 7, 0.5, dense.sizes(0.5)).max() < 1e-7


@every_method
def test_halving_the_step_divides_the_error_by_two_to_the_order(method):
    errors = []
    steps = np.array([10, 20]) if method.order < 6 else np.array([3, 6])
    for count in steps:
        h = 1.0 / count
        y = rational_solution(0.5)
        for step in range(count):
            slopes = slopes_of(method, rational, 0.5 + step * h, y, h)
            y = y + h * np.array(method.rows[-1]) @ slopes[: method.stages - 1]
        errors.append(np.abs(y - rational_solution(1.5)).max())
    assert np.log2(errors[0] / errors[1]) > method.order - 0.6


@every_dense
def test_the_continuous_extension_converges_inside_the_step(method):
    dense = method.dense_output
    errors = []
    longest = {1: 1 / 16, 2: 1 / 16, 8: 1 / 2, 9: 1 / 2}.get(dense.order, 1 / 4)
    for h in (longest, longest / 2):
        y = rational_solution(0.5)
        slopes = slopes_of(method, rational, 0.5, y, h)
        gaps = [
            y + h * dense.weights(theta) @ slopes - rational_solution(0.5 + theta * h) for theta in (0.2, 0.4, 0.6, 0.8)
        ]
        errors.append(np.abs(gaps).max())
    assert np.log2(errors[0] / errors[1]) > dense.order


# Against SciPy ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "peer"),
    [("bogacki_shampine32", "RK23"), ("dormand_prince54", "RK45"), ("dop853", "DOP853")],
)
def test_a_step_its_error_and_its_interior_agree_with_scipy(name, peer):
    method = find(name)
    solver = getattr(scipy.integrate, peer)(rational, 0.5, rational_solution(0.5), 10.0, first_step=0.25)
    start = solver.y.copy()
    solver.step()
    h = solver.step_size
    slopes = slopes_of(method, rational, 0.5, start, h)
    y = start + h * np.array(method.rows[-1]) @ slopes[: method.stages - 1]
    np.testing.assert_allclose(y, solver.y, rtol=1e-14)
    inside = start + h * method.dense_output.weights(0.3) @ slopes
    np.testing.assert_allclose(inside, solver.dense_output()(0.5 + 0.3 * h), rtol=1e-13)
    ours = np.abs(np.array(method.error_rows) @ slopes[: method.stages])
    theirs = [solver.E] if peer != "DOP853" else [solver.E5, solver.E3]
    np.testing.assert_allclose(ours, np.abs(np.array(theirs) @ solver.K), rtol=1e-9, atol=1e-15)


# A wrong coefficient is noticed -------------------------------------------------------------------


def moved(row, amount=1e-9):
    """Move a row's two largest entries apart, so that its sum stays."""
    first, second = np.argsort(np.abs(row))[-2:]
    values = list(row)
    values[first] += amount * abs(row[second])
    values[second] -= amount * abs(row[second])
    return tuple(values)


def replaced(rows, index, row):
    return (*rows[:index], row, *rows[index + 1 :])


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_changed_entry_of_a_breaks_its_row_sum(name):
    method = TABLEAUS[name]
    row = (*method.a[-1][:-1], method.a[-1][-1] + 1e-9)
    with pytest.raises(TableauError, match="does not sum to its node"):
        replace(method, a=replaced(method.a, len(method.a) - 1, row))


@every_method
def test_weights_which_do_not_sum_to_one_are_noticed(method):
    with pytest.raises(TableauError, match="does not sum to its node"):
        replace(method, b=(method.b[0] + 1e-9, *method.b[1:]))


@pytest.mark.parametrize("name", NAMES[1:])
def test_moved_weights_are_noticed(name):
    method = TABLEAUS[name]
    weights = moved(method.b)
    a = replaced(method.a, len(method.a) - 1, weights[:-1]) if method.fsal else method.a
    with pytest.raises(TableauError, match="not of order"):
        replace(method, a=a, b=weights).check()


@pytest.mark.parametrize("name", [name for name in NAMES if TABLEAUS[name].order > 2])
def test_a_moved_row_of_a_is_noticed(name):
    method = TABLEAUS[name]
    for index in range(2, len(method.a) - 1):
        with pytest.raises(TableauError, match="not of order"):
            replace(method, a=replaced(method.a, index, moved(method.a[index], 1e-8))).check()


@every_pair
def test_a_moved_error_row_is_noticed(method):
    for index, row in enumerate(method.errors):
        wrong = replace(method, errors=replaced(method.errors, index, moved(row)))
        with pytest.raises(TableauError, match="an embedded method is not of order"):
            wrong.check()


@every_own
def test_a_changed_polynomial_is_noticed(method):
    dense = method.interpolant
    for index in (0, len(dense.coefficients) - 1):
        row = dense.coefficients[index]
        wrong = replace(dense, coefficients=replaced(dense.coefficients, index, (*row[:-1], row[-1] + 1e-5)))
        with pytest.raises(TableauError, match="continuous extension"):
            replace(method, interpolant=wrong).check()


@pytest.mark.parametrize("name", [name for name in OWN if TABLEAUS[name].interpolant.extra_a])
def test_a_moved_extra_row_is_noticed(name):
    method = TABLEAUS[name]
    dense = method.interpolant
    for index, row in enumerate(dense.extra_a):
        wrong = replace(dense, extra_a=replaced(dense.extra_a, index, moved(row, 1e-6)))
        with pytest.raises(TableauError, match="continuous extension"):
            replace(method, interpolant=wrong).check()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b": (1.0,)}, "differ in length"),
        ({"errors": ((0.5, -0.5),)}, "every error row has one order"),
        ({"errors": ((0.5,),), "embedded_orders": (1,)}, "wrong length"),
        ({"errors": ((0.5, -0.4),), "embedded_orders": (1,)}, "does not sum to 0"),
        ({"errors": ((0.5, -0.5),) * 3, "embedded_orders": (1, 1, 1)}, "at most two"),
        ({"c": (0.0, 0.4)}, "row 1 does not sum to its node"),
        ({"interpolant": DenseOutput(1, ((1.0,), (0.0,)))}, "one polynomial a slope"),
        ({"interpolant": DenseOutput(1, ((1.0,), (0.0, 1.0), (0.0,)))}, "degrees differ"),
        (
            {"interpolant": DenseOutput(1, ((1.0,),) * 4, ((0.5, 0.0),), (0.5,))},
            "extra row has the wrong length",
        ),
        (
            {"interpolant": DenseOutput(1, ((1.0,),) * 4, ((0.5, 0.0, 0.0),), ())},
            "every extra row has one node",
        ),
        (
            {"interpolant": DenseOutput(1, ((1.0,),) * 4, ((0.5, 0.0, 0.0),), (0.6,))},
            "extra row 0 does not sum",
        ),
    ],
)
def test_shapes_are_checked_at_once(change, message):
    with pytest.raises(TableauError, match=message):
        replace(TABLEAUS["midpoint"], **change)


def test_an_extension_which_misses_the_end_of_the_step_is_noticed():
    euler = TABLEAUS["euler"]
    wrong = DenseOutput(1, ((1.0, 1e-9), (0.0, -1e-9 + 1e-12)))
    with pytest.raises(TableauError, match="continuous extension"):
        replace(euler, interpolant=wrong).check()


# Uniform shape ------------------------------------------------------------------------------------


@every_method
def test_the_last_slope_is_at_the_end_of_the_step(method):
    assert method.fsal == (method.name in FSAL)
    assert len(method.rows) == len(method.nodes) == method.stages
    assert method.stages == len(method.b) + (method.name not in FSAL)
    assert [len(row) for row in method.rows] == list(range(method.stages))
    assert method.nodes[-1] == 1.0
    np.testing.assert_array_equal(method.rows[-1], method.b[: method.stages - 1])
    assert all(len(row) == method.stages for row in method.error_rows)


def test_stages_by_name():
    names = ("euler", "rk4", "tsit5", "vern6", "vern7", "vern8", "vern9", "dop853")
    assert [TABLEAUS[name].stages for name in names] == [2, 5, 7, 9, 11, 14, 17, 13]


@every_dense
def test_the_extension_joins_smoothly(method):
    dense = method.dense_output
    assert len(dense.coefficients) == method.stages + len(dense.extra_a)
    coefficients = np.array(dense.coefficients)
    first, last = np.zeros(len(coefficients)), np.zeros(len(coefficients))
    first[0] = last[method.stages - 1] = 1.0
    np.testing.assert_array_equal(coefficients[:, 0], first)
    slope = coefficients @ np.arange(1, dense.degree + 1)
    assert np.all(np.abs(slope - last) <= 1e-14 * (1 + np.abs(coefficients).sum(axis=1)))


def test_who_has_which_extension():
    orders = {name: TABLEAUS[name].dense_output.order for name in DENSE}
    assert set(NAMES) - set(DENSE) == {"cash_karp54"}
    assert (orders["euler"], orders["heun"]) == (1, 2)
    assert orders["rk4"] == orders["fehlberg45"] == orders["bogacki_shampine32"] == 3
    assert orders["tsit5"] == orders["dormand_prince54"] == 4
    assert [orders[name] for name in ("vern6", "vern7", "vern8", "vern9", "dop853")] == [6, 6, 8, 9, 7]


# Controllers --------------------------------------------------------------------------------------


def test_exponents_of_the_controllers():
    assert CONTROLLERS["i"].betas(4) == (0.2, 0.0, 0.0)
    assert CONTROLLERS["pi"].betas(4) == pytest.approx((0.7 / 5, 0.4 / 5, 0.0))
    assert CONTROLLERS["pid"].betas(0) == pytest.approx((0.49, 0.34, 0.10))


@every_method
def test_default_controllers(method):
    defaults = method.controller_defaults()
    if method.errors:
        assert defaults.kind in {"pi", "gustafsson"}
        assert defaults.betas(method.error_order)[0] > 0
        assert method.controller_defaults("pid") == CONTROLLERS["pid"]
        assert method.controller_defaults("fixed").kind == "fixed"
    else:
        assert defaults == ControllerDefaults("fixed")
        assert method.error_order is None
        assert method.embedded_order is None
        with pytest.raises(ValueError, match="no error estimate"):
            method.controller_defaults("pi")


def test_controllers_of_methods():
    dormand_prince = find("dormand_prince54")
    assert dormand_prince.controller_defaults().betas(4) == pytest.approx((0.17, 0.04, 0.0))
    assert find("tsit5").controller_defaults().betas(4) == pytest.approx((7 / 50, 2 / 25, 0.0))
    wanted = ControllerDefaults("gustafsson", ki=0.9, min_factor=1 / 3, max_factor=6.0)
    assert find("dop853").controller_defaults() == wanted


def test_orders_of_the_estimates():
    orders = {name: TABLEAUS[name].error_order for name in PAIRS}
    assert [orders[f"vern{order}"] for order in (6, 7, 8, 9)] == [5, 6, 7, 8]
    assert orders["dop853"] == scipy.integrate.DOP853.error_estimator_order
    assert orders["bogacki_shampine32"] == 2
    assert {orders[name] for name in ("fehlberg45", "cash_karp54", "dormand_prince54", "tsit5")} == {4}


# Names --------------------------------------------------------------------------------------------


def test_the_contract_names_every_method():
    assert set(NAMES) == {
        *("euler", "midpoint", "heun", "ralston", "rk4", "ssprk33", "bogacki_shampine32", "fehlberg45"),
        *("cash_karp54", "dormand_prince54", "tsit5", "vern6", "vern7", "vern8", "vern9", "dop853"),
    }


def test_names_and_aliases_are_unique():
    names = [name for method in TABLEAUS.values() for name in (method.name, *method.aliases)]
    assert len(names) == len(set(names))
    assert set(TABLEAUS.aliases) == set(names) - set(TABLEAUS)
    assert all(name == name.lower() for name in names)


def test_find():
    for alias in ("dormand_prince54", "rk45", "ode45", "dopri5", "Dormand-Prince54"):
        assert find(alias) is TABLEAUS["dormand_prince54"]
    assert find("rk23") is TABLEAUS["bogacki_shampine32"]
    assert find("rkf45") is TABLEAUS["fehlberg45"]
    assert find("DOP853") is TABLEAUS["dop853"]


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(UnknownAlgorithmError, match=r"unknown algorithm 'tist5'; did you mean tsit5"):
        find("tist5")
    with pytest.raises(ValueError, match="known: euler, midpoint"):
        find("???")


@every_method
def test_every_method_has_a_title_and_a_dated_source(method):
    assert any(year in method.source for year in map(str, range(1768, 2027)))
    assert method.title
