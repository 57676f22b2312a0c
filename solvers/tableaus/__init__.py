"""Methods as data which check themselves."""

from solvers.tableaus.controller_defaults import CONTROLLERS, ControllerDefaults
from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau
from solvers.tableaus.fully_implicit import FullyImplicitTableau, Transformation
from solvers.tableaus.method import Method, TableauError
from solvers.tableaus.registry import (
    ALIASES,
    IMPLICIT_ALIASES,
    IMPLICIT_TABLEAUS,
    TABLEAUS,
    ImplicitTableau,
    Tableau,
    UnknownAlgorithmError,
    find,
    find_any,
)
from solvers.tableaus.rosenbrock import RosenbrockTableau
from solvers.tableaus.tableau import ButcherTableau

__all__ = [
    "ALIASES",
    "CONTROLLERS",
    "IMPLICIT_ALIASES",
    "IMPLICIT_TABLEAUS",
    "TABLEAUS",
    "ButcherTableau",
    "ControllerDefaults",
    "DenseOutput",
    "DiagonallyImplicitTableau",
    "FullyImplicitTableau",
    "ImplicitTableau",
    "Method",
    "RosenbrockTableau",
    "Tableau",
    "TableauError",
    "Transformation",
    "UnknownAlgorithmError",
    "find",
    "find_any",
]
