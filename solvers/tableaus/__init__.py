"""Explicit Runge-Kutta methods as data which check themselves."""

from solvers.tableaus.controller_defaults import CONTROLLERS, ControllerDefaults
from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.method import Method, TableauError
from solvers.tableaus.registry import ALIASES, TABLEAUS, UnknownAlgorithmError, find
from solvers.tableaus.tableau import ButcherTableau

__all__ = [
    "ALIASES",
    "CONTROLLERS",
    "TABLEAUS",
    "ButcherTableau",
    "ControllerDefaults",
    "DenseOutput",
    "Method",
    "TableauError",
    "UnknownAlgorithmError",
    "find",
]
