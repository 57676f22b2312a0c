"""Matrices dealt among the threads of a run: what they solve, and what they say of those they cannot factor."""

import numpy as np
import pytest
from support.many_states import MANY, ring
from support.systems import make_system
from support.threads import Lanes

from solvers.algebra.complex_numbers import Complex
from solvers.algebra.dealt_lu import DealtLU
from solvers.algebra.sparse_lu import iteration_matrix
from solvers.equations.dealt_jacobian import DealtJacobian, separate
from solvers.equations.jacobian import Jacobian
from solvers.equations.right_hand_side import RightHandSide

T = 0.3


def dense(jacobian, y, p):
    matrix = np.zeros((len(y),) * 2)
    for entry, value in zip(jacobian.pattern, jacobian.entries(np.float64(T), y, p), strict=True):
        matrix[entry] = value
    return matrix


def solved(system, lanes, alpha, b):
    """Return whether alpha*I - J could be factored, the solution for a right-hand side, and that of NumPy."""
    rhs, jacobian = RightHandSide(system, "float64", threads=lanes), Jacobian(system, "float64")
    dealt = DealtJacobian(jacobian, rhs.dealt)
    is_complex, n = isinstance(alpha, complex), dealt.size
    lu = DealtLU(dealt, is_complex=is_complex)
    y = np.array(system.initial_values) + 0.01 * np.sin(np.arange(len(b)))
    p = np.array(system.parameter_values)

    def held(values):
        return np.array([[0.0 if each is None else values[each] for each in row] for row in rhs.dealing.slots])

    def solve(y, p, b, factors, x):
        t = y[0] * 0.0 + T
        shift = Complex(t * 0 + alpha.real, t * 0 + alpha.imag) if is_complex else t * 0 + alpha
        entries = dict(zip(dealt.pattern, dealt.entries(t, y, p), strict=True))
        sound = lu.factor(iteration_matrix(entries, n, shift), factors)
        given = [Complex(b[i], b[i] * 0.5) if is_complex else b[i] for i in range(n)]
        for i, value in enumerate(lu.solve(factors, given)):
            x[i] = value.re if is_complex else value
            if is_complex:
                x[n + i] = value.im
        return sound

    x = np.full((2 * n if is_complex else n, lanes), np.nan)
    arrays = held(y), np.repeat(p[:, np.newaxis], lanes, axis=1), held(b), np.full((lu.size, lanes), np.nan), x
    sound = Lanes(lanes).run(solve, *arrays)
    expected = np.linalg.solve(alpha * np.eye(len(b)) - dense(jacobian, y, p), b * (1 + 0.5j if is_complex else 1))
    found = x[:n] + 1j * x[n:] if is_complex else x
    return sound, found, held(expected.real) + (1j * held(expected.imag) if is_complex else 0)


@pytest.mark.parametrize("alpha", [40.0, 30.0 + 20.0j])
@pytest.mark.parametrize("lanes", [4, 8, 16])
@pytest.mark.parametrize("name", [name for name in MANY if name != "a grid"])
def test_threads_solve_the_whole(name, lanes, alpha):
    make, *_ = MANY[name]
    sound, found, expected = solved(make(64), lanes, alpha, np.cos(np.arange(64.0)))
    assert sound.all()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def test_wide_borders_are_solved_too():
    make, *_ = MANY["a grid"]
    sound, found, expected = solved(make(64), 4, 10.0, np.cos(np.arange(64.0)))
    assert sound.all()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def test_threads_that_have_nothing_in_common_are_solved():
    system = make_system({f"x{i}": 1.0 for i in range(16)}, {f"x{i}": f"-k*x{i}**2" for i in range(16)}, {"k": 2.0})
    sound, found, expected = solved(system, 8, 3.0, np.arange(16.0))
    assert sound.all()
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_all_threads_know_of_a_pivot_that_is_not_sound():
    slopes = {f"x{i}": f"{'k' if i == 9 else '-k'}*x{i} + x{(i + 1) % 16}" for i in range(16)}
    system = make_system(dict.fromkeys(slopes, 1.0), slopes, {"k": 2.0})
    rhs = RightHandSide(system, "float64", threads=4)
    assert rhs.dealing.places[9] == (1, 2)
    sound, _, _ = solved(system, 4, 2.0, np.ones(16))
    assert sound.tolist() == [False] * 4


@pytest.mark.parametrize("n", [40, 60, 64, 100])
@pytest.mark.parametrize("lanes", [4, 8])
def test_a_slot_that_parts_threads_is_at_one_end_of_what_goes_between(n, lanes):
    dealing, pattern = RightHandSide(ring(n), "float64", threads=lanes).dealing, Jacobian(ring(n), "float64").pattern
    found = separate(dealing, pattern)
    assert found
    for row, column in pattern:
        (slot, lane), (other_slot, other) = dealing.places[row], dealing.places[column]
        assert lane == other or {slot, other_slot} & set(found.slots)
        place = found.place((row, column))
        assert max(place.row, place.column) < found.own + len(found.slots)
        assert min(place.row, place.column) < found.own
