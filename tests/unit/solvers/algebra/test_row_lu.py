"""Matrices that the threads of a run eliminate together: what they solve, and what they say of those they cannot."""

import numpy as np
import pytest
from support.many_states import MANY
from support.systems import make_system, system_of
from support.threads import Lanes

from benchmarks.models import network
from solvers.algebra.complex_numbers import Complex
from solvers.algebra.grid_inverse import GridInverse
from solvers.algebra.pivot_order import choose_order
from solvers.algebra.rate_jacobian import RateJacobian
from solvers.algebra.row_layout import RowLayout, deal_rows
from solvers.algebra.row_lu import RowLU
from solvers.equations.jacobian import Jacobian
from solvers.equations.right_hand_side import RightHandSide
from solvers.straightline.pool import Pool

T = 0.3
SYSTEMS = {name: make for name, (make, *_) in MANY.items()} | {
    "a network": lambda n: system_of(network(n, 3 * n)),
    "a sparse network": lambda n: system_of(network(n, n)),
}


def dealt(system, lanes, precision="float64"):
    """Return J of one thread, and dealt by rows."""
    jacobian = Jacobian(system, precision)
    dealing = deal_rows(choose_order(len(system.states), jacobian.pattern), lanes)
    rhs = RightHandSide(system, precision, rows=dealing)
    return jacobian, RateJacobian(rhs.dealt), rhs


def dense(jacobian, y, p):
    matrix = np.zeros((len(y),) * 2)
    for entry, value in zip(jacobian.pattern, jacobian.entries(np.float64(T), y, p), strict=True):
        matrix[entry] = value
    return matrix


def solved(system, lanes, alpha, precision="float64"):
    """Return whether alpha*I - J could be factored, the solution for a right-hand side, and that of NumPy."""
    whole, jacobian, rhs = dealt(system, lanes, precision)
    is_complex, n = isinstance(alpha, complex), jacobian.size
    lu = RowLU(jacobian.layout, is_complex=is_complex)
    count = len(system.states)
    y, b = np.array(system.initial_values) + 0.01 * np.sin(np.arange(count)), np.cos(np.arange(count))
    p = np.array(system.parameter_values)

    def held(values):
        rows = [[0.0 if each is None else values[each] for each in row] for row in rhs.dealing.slots]
        return np.array(rows, dtype=values.dtype if values.dtype == complex else precision)

    def solve(y, p, b, factors, x):
        t = y[0] * 0.0 + T
        shift = Complex(y[0] * 0 + alpha.real, y[0] * 0 + alpha.imag) if is_complex else y[0] * 0 + alpha
        entries = dict(zip(jacobian.pattern, jacobian.entries(t, y, p), strict=True))
        sound = lu.factor(lu.shifted(entries, shift), factors, jacobian.pool(p))
        given = [Complex(b[i], b[i] * 0.5) if is_complex else b[i] for i in range(n)]
        for i, value in enumerate(lu.solve(factors, given)):
            x[i] = value.re if is_complex else value
            if is_complex:
                x[n + i] = value.im
        return sound

    x = np.full((2 * n if is_complex else n, lanes), np.nan, dtype=precision)
    common = Lanes.common(np.concatenate([p, np.full(rhs.room, np.nan)])[:, np.newaxis].astype(precision))
    factors = np.full((lu.size, lanes), np.nan, dtype=precision)
    sound = Lanes(lanes).run(solve, held(y), common, held(b), factors, x)
    matrix, right = alpha * np.eye(count) - dense(whole, y, p), b * (1 + 0.5j if is_complex else 1)
    expected, *_ = np.linalg.lstsq(matrix, right, rcond=None)
    found = x[:n] + 1j * x[n:] if is_complex else x
    return sound, found, held(expected)


@pytest.mark.parametrize("alpha", [40.0, 30.0 + 20.0j])
@pytest.mark.parametrize(("lanes", "n"), [(2, 16), (4, 16), (8, 36), (16, 36), (32, 16), (32, 64)])
@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.one_in(3)
def test_threads_solve_the_whole(name, lanes, n, alpha):
    sound, found, expected = solved(SYSTEMS[name](n), lanes, alpha)
    assert sound.all()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def test_single_precision_is_good_to_its_digits():
    sound, found, expected = solved(SYSTEMS["a network"](40), 16, 10.0, "float32")
    assert sound.all()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bad", [2, 13])
def test_all_threads_know_of_a_pivot_that_is_not_sound(bad):
    slopes = {f"x{i}": f"{'k' if i == bad else '-k'}*x{i}" for i in range(16)}
    sound, _, _ = solved(make_system(dict.fromkeys(slopes, 1.0), slopes, {"k": 2.0}), 8, 2.0)
    assert sound.tolist() == [False] * 8


def test_no_two_columns_of_a_row_share_a_position():
    _, jacobian, _ = dealt(SYSTEMS["a network"](53), 32)
    layout = jacobian.layout
    assert sorted(layout.order) == [*range(53)]
    assert (layout.dense, layout.first_dense) == (32, 21)
    for slot in range(2):
        found = layout.columns_at(slot, range(layout.width(slot)))
        columns = {lane: [] for lane in layout.rows(slot)}
        for by_lane in found.values():
            for lane, column in by_lane.items():
                columns[lane].append(column)
        for lane, row in layout.rows(slot).items():
            kept = {*layout.fill.lower[row], row, *layout.fill.upper[row]} | (
                set(range(21, 53)) if slot == 0 else set()
            )
            assert len(columns[lane]) == len(set(columns[lane]))
            assert set(columns[lane]) == kept


def test_the_rows_of_the_last_pivots_are_in_the_first_slot():
    pattern = Jacobian(SYSTEMS["a network"](21), "float64").pattern
    dealing = deal_rows(choose_order(21, pattern), 8)
    assert [sum(each is not None for each in slot) for slot in dealing.slots] == [8, 8, 5]
    layout = RowLayout(pattern, dealing, "float64")
    assert [layout.held(pivot) for pivot in (0, 4, 5, 20)] == [(2, 0), (2, 4), (1, 0), (0, 7)]


@pytest.mark.parametrize(("lanes", "m"), [(2, 2), (4, 3), (8, 8), (16, 13), (32, 32)])
@pytest.mark.parametrize("is_complex", [False, True])
def test_a_grid_inverts(lanes, m, is_complex):
    grid, random = GridInverse(lanes, m), np.random.default_rng(lanes)
    matrix = random.normal(size=(m, m)) + 1j * is_complex * random.normal(size=(m, m)) + 8 * np.eye(m)
    vector = random.normal(size=m) + 1j * is_complex * random.normal(size=m)

    def solve(rows, b, common):
        def number(array, k):
            return Complex(array[2 * k], array[2 * k + 1]) if is_complex else array[2 * k]

        pool = Pool(common, 0, lanes)
        block, inverses = grid.invert([number(rows, j) for j in range(m)], pool)
        found = inverses * grid.product(block, number(b, 0))
        return (found.re, found.im) if is_complex else (found, found)

    def parts(values):
        wide = np.zeros((len(values), lanes), complex)
        wide[:, :m] = values
        return np.stack([wide.real, wide.imag], 1).reshape(-1, lanes)

    common = Lanes.common(np.full((grid.rows * lanes, 1), np.nan))
    re, im = Lanes(lanes).run(solve, parts(matrix.T), parts(vector[np.newaxis]), common)
    found = re[:m] + (1j * im[:m] if is_complex else 0)
    np.testing.assert_allclose(found, np.linalg.solve(matrix, vector), rtol=1e-12)
