"""Works out the absolute tolerances, and says what they are."""

from collections.abc import Mapping, Sequence

import numpy as np

from cubie_cli.configurations.schema import SolveTable
from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from solvers.equations.quantities import Quantities
from solvers.settings import SolveSettings

#: How much smaller than the relative tolerance the default absolute one is, for amounts of 1.
_SHARE = 1e-3


def absolute_tolerances(document: Document, table: SolveTable, system: Quantities) -> tuple[float, ...]:
    """Return one absolute tolerance a state.

    Raises
    ------
    UserError
        For a state that the model does not have, or that has none.
    """
    given = table.atol
    if given is None:
        return (default_tolerance(table.rtol, system.initial_values, table.precision),) * len(system.states)
    if not isinstance(given, Mapping):
        return (given,) * len(system.states)
    tables.check_known(document, list(given), system.states, "state", ("solve", "atol"), at_keys=True)
    for name in system.states:
        if name not in given:
            raise document.error(f"the state {name!r} has no tolerance", ("solve", "atol"), "key", "name every state")
    return tuple(given[name] for name in system.states)


def default_tolerance(rtol: float, initial_values: Sequence[float], precision: str) -> float:
    """Return the absolute tolerance where none is given: rtol/1000 of the largest initial value, or of 1 if all are 0.

    It is the model's values that count, not those of a sweep: one kernel, and one tolerance, for the whole batch.
    """
    largest = max((abs(value) for value in initial_values if np.isfinite(value)), default=0.0) or 1.0
    tolerance = rtol * _SHARE * largest
    known = np.finfo(precision)
    return min(max(tolerance, float(known.tiny)), float(known.max))


def tolerances_as_json(solve: SolveSettings, states: Sequence[str]) -> dict[str, object]:
    """Return the tolerances, `atol` a number or one a state by its name; nothing where steps do not adapt."""
    if solve.dt is not None:
        return {}
    same = len(set(solve.atol)) == 1
    return {"rtol": solve.rtol, "atol": solve.atol[0] if same else dict(zip(states, solve.atol, strict=True))}


def describe_tolerances(solve: SolveSettings, *, default: bool) -> str:
    """Return a line that says which tolerances hold, and whether the absolute one is the default."""
    least, most = min(solve.atol), max(solve.atol)
    each = f"{least:g}" if least == most else f"{least:g} to {most:g}"
    source = ", the default: rtol/1000 of the model's largest initial value" if default else ""
    return f"rtol = {solve.rtol:g}, atol = {each}{source}"
