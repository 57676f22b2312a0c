"""Implicit methods integrate straight from their data: measured orders of results, estimates and interpolants.

The problem is nonlinear and depends on time. Errors of single steps from many starts are averaged, because the error of
one of them changes sign here and there; a method of order p leaves h^(p+1).
"""

from typing import NamedTuple

import numpy as np
import pytest

from solvers.tableaus import IMPLICIT_TABLEAUS
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau
from solvers.tableaus.fully_implicit import FullyImplicitTableau
from solvers.tableaus.rosenbrock import RosenbrockTableau

NAMES = list(IMPLICIT_TABLEAUS)
W_METHODS = [name for name in NAMES if getattr(IMPLICIT_TABLEAUS[name], "w_order", 0)]
STEPS = np.geomspace(0.6, 1e-3, 80)
STARTS = np.linspace(0.0, 6.2, 32)
THETAS = (0.3, 0.8)
#: Errors below are rounding.
SMALLEST = 1e-13


class Step(NamedTuple):
    """The end, the error and values within, at `THETAS`; shapes (runs, states), the last (thetas, runs, states)."""

    end: np.ndarray
    error: np.ndarray
    inside: np.ndarray


# The problem, for many runs at once: t has shape (runs,), y has shape (runs, 3) ------------------


def solution(t):
    return np.stack([np.sin(t), np.cos(t), np.exp(np.sin(t))], axis=-1)


def f(t, y):
    p, q, u = np.moveaxis(y, -1, 0)
    size = p**2 + q**2
    return np.stack([q * size, -p * size, u * (q + np.cos(t)) / 2], axis=-1)


def f_t(t, y):
    zero = np.zeros_like(t)
    return np.stack([zero, zero, -y[:, 2] * np.sin(t) / 2], axis=-1)


def jacobian(t, y):
    p, q, u = np.moveaxis(y, -1, 0)
    zero = np.zeros_like(t)
    rows = [
        [2 * p * q, p**2 + 3 * q**2, zero],
        [-3 * p**2 - q**2, -2 * p * q, zero],
        [zero, u / 2, (q + np.cos(t)) / 2],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def solved(matrix, right):
    return np.linalg.solve(matrix, right[..., None])[..., 0]


def filtered(vector, t, h, y, gamma):
    return solved(np.eye(3) - (h * gamma)[:, None, None] * jacobian(t, y), vector)


# One step of each family -----------------------------------------------------------------------------


def diagonally_implicit_step(method, t, h, y):
    column = h[:, None]
    slopes = [f(t, y)]
    for row, node in zip(method.rows[1:], method.nodes[1:], strict=True):
        base = y + column * sum(w * k for w, k in zip(row, slopes, strict=False))
        stage = base + column * row[-1] * slopes[-1]
        for _ in range(12 if row[-1] else 0):
            matrix = np.eye(3) - (h * row[-1])[:, None, None] * jacobian(t + node * h, stage)
            stage = stage + solved(matrix, base + column * row[-1] * f(t + node * h, stage) - stage)
        slopes.append(f(t + node * h, stage))
    slopes = np.array(slopes)
    error = column * np.tensordot(np.array(method.error), slopes, 1)
    if method.filtered:
        error = filtered(error, t, h, y, method.gamma)
    return Step(stage, error, interpolated(method, y, column * slopes))


def fully_implicit_step(method, t, h, y):
    size, column = method.stages, h[:, None]
    a, nodes = np.array(method.a), np.array(method.c)
    z = np.zeros((size, *y.shape))
    for _ in range(12):
        slopes = np.array([f(t + node * h, y + each) for node, each in zip(nodes, z, strict=True)])
        residual = np.concatenate(column * np.tensordot(a, slopes, 1) - z, axis=-1)
        jacobians = [jacobian(t + node * h, y + each) for node, each in zip(nodes, z, strict=True)]
        blocks = [[h[:, None, None] * a[i, j] * jacobians[j] for j in range(size)] for i in range(size)]
        change = solved(np.eye(3 * size) - np.block(blocks), residual)
        z = z + np.array(np.split(change, size, axis=-1))
    error = column * method.error[0] * f(t, y) + np.tensordot(method.error_increments, z, 1)
    end = y + np.tensordot(method.increments, z, 1)
    powers = [theta ** np.arange(1, method.dense_output.degree + 1) for theta in THETAS]
    inside = np.array([y + np.tensordot(method.dense_increments @ power, z, 1) for power in powers])
    return Step(end, filtered(error, t, h, y, method.error_gamma), inside)


def rosenbrock_step(method, t, h, y, share=1.0):
    """`share` is the part of the Jacobian which the method sees."""
    column = h[:, None]
    matrix = np.eye(3) / (h * method.gamma)[:, None, None] - share * jacobian(t, y)
    u = []
    for a, c, alpha, d in zip(method.a, method.c, method.alpha, method.d, strict=True):
        place = y + sum(w * each for w, each in zip(a, u, strict=True))
        coupling = sum(w * each for w, each in zip(c, u, strict=True)) / column
        u.append(solved(matrix, f(t + alpha * h, place) + coupling + column * d * f_t(t, y)))
    end = y + np.tensordot(np.array(method.m), np.array(u), 1)
    error = np.tensordot(np.array(method.error), np.array(u), 1)
    return Step(end, error, interpolated(method, y, np.array(u)))


def interpolated(method, y, vectors):
    return np.array([y + np.tensordot(method.dense_output.weights(theta), vectors, 1) for theta in THETAS])


STEP_OF = {
    DiagonallyImplicitTableau: diagonally_implicit_step,
    FullyImplicitTableau: fully_implicit_step,
    RosenbrockTableau: rosenbrock_step,
}


# Orders ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def step_of():
    """Return a function name -> (start times, steps, result), every method computed once."""
    t, h = (axis.ravel() for axis in np.meshgrid(STARTS, STEPS))
    done = {}

    def step(name):
        if name not in done:
            method = IMPLICIT_TABLEAUS[name]
            done[name] = (t, h, STEP_OF[type(method)](method, t, h, solution(t)))
        return done[name]

    return step


def measured_order(gaps):
    """Return the slope of log(error) over log(step) where steps are smallest, less 1."""
    errors = np.sqrt((gaps**2).mean(axis=-1).reshape(len(STEPS), len(STARTS)).mean(axis=-1))
    usable = np.flatnonzero(errors > SMALLEST)[-8:]
    assert len(usable) == 8
    return np.polyfit(np.log(STEPS[usable]), np.log(errors[usable]), 1)[0] - 1


@pytest.mark.parametrize("name", NAMES)
def test_order_of_the_result(step_of, name):
    t, h, step = step_of(name)
    assert measured_order(step.end - solution(t + h)) == pytest.approx(IMPLICIT_TABLEAUS[name].order, abs=0.15)


@pytest.mark.parametrize("name", NAMES)
def test_order_of_the_estimate(step_of, name):
    step = step_of(name)[2]
    assert measured_order(step.error) == pytest.approx(IMPLICIT_TABLEAUS[name].error_order, abs=0.15)


@pytest.mark.parametrize("name", NAMES)
def test_order_of_the_interpolant(step_of, name):
    t, h, step = step_of(name)
    for theta, inside in zip(THETAS, step.inside, strict=True):
        order = measured_order(inside - solution(t + theta * h))
        assert order == pytest.approx(IMPLICIT_TABLEAUS[name].dense_output.order, abs=0.15)


@pytest.mark.parametrize("name", W_METHODS)
def test_order_with_half_of_the_jacobian(name):
    method = IMPLICIT_TABLEAUS[name]
    t, h = (axis.ravel() for axis in np.meshgrid(STARTS, STEPS))
    step = rosenbrock_step(method, t, h, solution(t), share=0.5)
    assert measured_order(step.end - solution(t + h)) == pytest.approx(method.w_order, abs=0.15)
