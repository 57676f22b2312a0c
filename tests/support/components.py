"""Components of an implicit step on their own, on the python target."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from buffers import BufferRegistry
from solvers.algebra.error_norm import ErrorNorm
from solvers.algebra.matrices import StageMatrix
from solvers.equations.jacobian import Jacobian
from solvers.equations.system import System
from solvers.targets.memory import make_frame
from solvers.targets.python import PythonTarget


def stage_matrix(system: System, gamma: float, rtol: float = 1e-6, atol: float = 1e-9) -> StageMatrix:
    """Return the operator of a stage."""
    return StageMatrix(Jacobian(system, "float64"), gamma, ErrorNorm(rtol, (atol,) * len(system.states)))


def hosted(component: Any) -> SimpleNamespace:
    """Return a component's device function, `build`'s, and its memory, all undefined."""
    registry = BufferRegistry()
    component.register(registry)
    target = PythonTarget()
    nothing = np.empty(0, dtype=np.uint8)
    memory = target.allocate(make_frame(registry, component.owner))(nothing, nothing)
    return SimpleNamespace(solve=component.build(target), memory=memory)


def dense_jacobian(jacobian: Jacobian, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return J as a matrix."""
    matrix = np.zeros((len(y), len(y)))
    for (i, j), value in zip(jacobian.pattern, jacobian.entries(np.float64(t), y, p), strict=True):
        matrix[i, j] = value
    return matrix
