"""Methods as data which check themselves; what describes a method of each family is in a module of its own."""

from solvers.tableaus.registry import IMPLICIT_TABLEAUS, TABLEAUS, UnknownAlgorithmError, find

__all__ = ["IMPLICIT_TABLEAUS", "TABLEAUS", "UnknownAlgorithmError", "find"]
