"""Matrices of implicit methods: products, diagonals and factors are those of one matrix."""

import numpy as np
import pytest
from support.components import dense_jacobian, stage_matrix
from support.systems import make_system

from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.matrices import CoupledMatrix, mix
from solvers.algebra.point import Point
from solvers.equations.jacobian import Jacobian
from solvers.tableaus import IMPLICIT_TABLEAUS
from solvers.tableaus.fully_implicit import FullyImplicitTableau

SYSTEM = make_system(
    {"x": 1.0, "y": 0.5, "z": 2.0, "w": 0.25},
    {"x": "-k*x*y + t", "y": "sin(x) - y", "z": "exp(-z) + y*w*sin(t)", "w": "-w/2 + x*0.1 - z*k"},
    {"k": 3.0},
)
T, H = np.float64(0.7), np.float64(0.3)
Y, P = np.array([1.0, -0.5, 2.0, 0.3]), np.array([3.0])
HERE = Point(T, H, Y, P)
COUPLED = [name for name, method in IMPLICIT_TABLEAUS.items() if isinstance(method, FullyImplicitTableau)]


def columns(operator):
    return np.array([operator.product(HERE, list(unit)) for unit in np.eye(operator.size)]).T


def test_matrix_of_a_stage():
    operator = stage_matrix(SYSTEM, 0.4)
    expected = np.eye(4) / (H * 0.4) - dense_jacobian(operator.jacobian, T, Y, P)
    np.testing.assert_allclose(columns(operator), expected, rtol=1e-13, atol=1e-14)
    diagonal = operator.diagonal(HERE)
    np.testing.assert_allclose(diagonal, np.diag(expected), rtol=1e-14)
    np.testing.assert_allclose(operator.divide(diagonal, [1.0, 2.0, 3.0, 4.0]) * np.diag(expected), [1, 2, 3, 4])
    assert operator.unit(H) * (1 / (H * 0.4)) == pytest.approx(1.0)
    factors = np.full(operator.factor_elements, np.nan)
    assert operator.factor(HERE, factors)
    b = [1.0, -2.0, 0.5, 3.0]
    np.testing.assert_allclose(operator.solve(factors, b), np.linalg.solve(expected, b), rtol=1e-12)


@pytest.mark.parametrize("name", COUPLED)
def test_matrix_of_all_stages(name):
    method = IMPLICIT_TABLEAUS[name]
    operator = CoupledMatrix(Jacobian(SYSTEM, "float64"), method, ErrorNorm(1e-6, (1e-9,) * 4))
    jacobian = dense_jacobian(operator.jacobian, T, Y, P)
    expected = np.eye(4 * method.stages) - H * np.kron(np.array(method.a), jacobian)
    np.testing.assert_allclose(columns(operator), expected, rtol=1e-12, atol=1e-14)
    alone = np.eye(4 * method.stages) - H * np.kron(np.array(method.a), np.diag(np.diag(jacobian)))
    diagonal = np.array(operator.diagonal(HERE))
    assert diagonal.shape == (operator.diagonal_elements,)
    r = np.random.default_rng(4).standard_normal(operator.size)
    np.testing.assert_allclose(operator.divide(diagonal, list(r)), np.linalg.solve(alone, r), rtol=1e-10)
    assert operator.unit(H) == 1.0
    factors = np.full(operator.factor_elements, np.nan)
    assert operator.factor(HERE, factors)
    b = np.random.default_rng(3).standard_normal(operator.size)
    np.testing.assert_allclose(operator.solve(factors, list(b)), np.linalg.solve(expected, b), rtol=1e-10)


def test_norm_of_all_stages_is_the_mean_of_theirs():
    method = IMPLICIT_TABLEAUS["radau_iia_5"]
    operator = CoupledMatrix(Jacobian(SYSTEM, "float64"), method, ErrorNorm(0.0, (0.5,) * 4))
    vector = np.arange(12.0)
    assert operator.mean_square(list(vector), Y) == pytest.approx(np.mean((vector / 0.5) ** 2), rel=1e-5)


@pytest.mark.parametrize("name", ["gauss_legendre_4", "radau_iia_5"])
def test_a_jacobian_that_is_no_number_is_not_sound(name):
    system = make_system({"x": 0.0}, {"x": "-c/x"}, {"c": 0.0})
    operator = CoupledMatrix(Jacobian(system, "float64"), IMPLICIT_TABLEAUS[name], ErrorNorm(1e-6, (1e-9,)))
    factors = np.full(operator.factor_elements, np.nan)
    with np.errstate(all="ignore"):
        assert not operator.factor(Point(T, H, np.zeros(1), np.zeros(1)), factors)


def test_mix_leaves_out_zeros():
    assert mix([[1.0, 0.0], [0.5, 2.0]], [[1.0, 2.0], [10.0, np.nan]])[0] == [1.0, 2.0]
