"""Explicit Runge-Kutta methods as data which check themselves."""

from solvers.tableaus.registry import ALIASES, TABLEAUS, UnknownAlgorithmError, find
from solvers.tableaus.tableau import (
    CONTROLLERS,
    ButcherTableau,
    ControllerDefaults,
    DenseOutput,
    TableauError,
)

__all__ = [
    "ALIASES",
    "CONTROLLERS",
    "TABLEAUS",
    "ButcherTableau",
    "ControllerDefaults",
    "DenseOutput",
    "TableauError",
    "UnknownAlgorithmError",
    "find",
]
