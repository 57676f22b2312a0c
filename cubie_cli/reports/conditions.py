"""Tells which conditions of a model no step ends at, as nobody knows before a run when they change."""

import re

from cubie_cli.models.model import Model
from cubie_cli.models.system import named_text, read_system
from solvers.equations.crossings import conditions
from solvers.equations.right_hand_side import needed_observables
from solvers.equations.switches import find_switches

#: What the language calls SymPy's functions.
_NAMES = {"Abs": "abs", "minimum": "min", "maximum": "max", "ceiling": "ceil"}
_MOST = 8


def conditions_told(model: Model) -> tuple[str, ...]:
    """Return the conditions of a model's equations that are no switches, as texts."""
    system = find_switches(read_system(model)).system
    found = conditions(system, needed_observables(system, system.derivatives))
    return tuple(dict.fromkeys(_renamed(named_text(model, node)) for node in found))


def advice(texts: tuple[str, ...]) -> str:
    """Return what to know of such conditions."""
    shown = ", ".join(texts[:_MOST]) + (f" and {len(texts) - _MOST} more" if len(texts) > _MOST else "")
    return f"{shown}: left to the control of errors; what is shorter than a step may be missed unless dt_max is shorter"


def _renamed(text: str) -> str:
    return re.sub(r"[A-Za-z_]+", lambda word: _NAMES.get(word[0], word[0]), text)
