"""Tells which conditions of a model no step ends at, as nobody knows before a run when they change."""

from typing import Any

from sympy.printing.str import StrPrinter

from cubie_cli.documents.messages import shortened
from cubie_cli.models.model import Model
from cubie_cli.models.system import names_of, read_system
from solvers.equations.crossings import conditions
from solvers.equations.rewriting import substituted
from solvers.equations.right_hand_side import needed_observables
from solvers.equations.switches import find_switches

_MOST = 8


def conditions_told(model: Model) -> tuple[str, ...]:
    """Return the conditions of a model's equations that are no switches, as texts."""
    system = find_switches(read_system(model)).system
    found = conditions(system, needed_observables(system, system.derivatives))
    names = names_of(model)
    texts = (_Printer().doprint(substituted(node, names)) for node in found)
    return tuple(dict.fromkeys(map(shortened, texts)))


def advice(texts: tuple[str, ...], *, fixed: bool) -> str:
    """Return what to know of such conditions."""
    shown = ", ".join(texts[:_MOST]) + (f" and {len(texts) - _MOST} more" if len(texts) > _MOST else "")
    remedy = "an event that sets a parameter in place of the condition makes it sharp"
    if fixed:
        return f"{shown}: no fixed step ends there; what is shorter than one may be missed; {remedy}"
    missed = "what is shorter than a step may be missed unless dt_max is shorter"
    return f"{shown}: left to the control of errors; {missed}; {remedy}"


class _Printer(StrPrinter):  # type: ignore[misc]
    """Writes expressions in the language of models, or nearly so."""

    def _print_Piecewise(self, node: Any) -> str:  # noqa: N802 - SymPy's name for it
        *branches, (otherwise, _) = node.args
        text = self._print(otherwise)
        for value, condition in reversed(branches):
            text = f"{self._print(value)} if {self._print(condition)} else {text}"
        return f"({text})"

    def _print_Function(self, node: Any) -> str:  # noqa: N802
        name = {"minimum": "min", "maximum": "max", "at_least": "max", "ceiling": "ceil"}.get(
            node.func.__name__, node.func.__name__
        )
        return f"{name}({self.stringify(node.args, ', ')})"

    def _print_Abs(self, node: Any) -> str:  # noqa: N802
        return f"abs({self._print(node.args[0])})"
