"""Works out the absolute tolerances, and says what they are."""

from collections.abc import Mapping, Sequence

import numpy as np

from cubie_cli.configurations.schema import SolveTable
from cubie_cli.documents.document import Document
from cubie_cli.models.chosen import chosen
from cubie_cli.models.model import Model
from cubie_cli.models.written import WrittenModel
from solvers.settings import SolveSettings

#: How much smaller than the relative tolerance the default absolute one is, for amounts of 1.
_SHARE = 1e-3


def absolute_tolerances(document: Document, table: SolveTable, model: Model) -> tuple[float, ...]:
    """Return one absolute tolerance a state.

    Raises
    ------
    UserError
        For a state that the model does not have, or that has none.
    """
    given, system = table.atol, model.quantities
    if given is None:
        return (default_tolerance(table.rtol, system.initial_values, table.precision),) * len(system.states)
    if not isinstance(given, Mapping):
        return (given,) * len(system.states)
    found: dict[str, float] = {}
    place = ("solve", "atol")
    # An element's own tolerance beats that of its vector.
    for name in sorted(given, key=lambda name: "[" in name):
        each = chosen(model.written, document, name, "states", (*place, name))
        found.update(dict.fromkeys(each.elements, given[name]))
    for name in system.states:
        if name not in found:
            raise document.error(f"the state {name!r} has no tolerance", place, "key", "name every state")
    return tuple(found[name] for name in system.states)


def default_tolerance(rtol: float, initial_values: Sequence[float], precision: str) -> float:
    """Return the absolute tolerance where none is given: rtol/1000 of the largest initial value, or of 1 if all are 0.

    It is the model's values that count, not those of a sweep: one kernel, and one tolerance, for the whole batch.
    """
    largest = max((abs(value) for value in initial_values if np.isfinite(value)), default=0.0) or 1.0
    tolerance = rtol * _SHARE * largest
    known = np.finfo(precision)
    return min(max(tolerance, float(known.tiny)), float(known.max))


def tolerances_as_json(solve: SolveSettings, model: Model) -> dict[str, object]:
    """Return the tolerances, `atol` a number or one a state by its name; nothing where steps do not adapt."""
    if solve.dt is not None:
        return {}
    same = len(set(solve.atol)) == 1
    return {"rtol": solve.rtol, "atol": solve.atol[0] if same else _by_name(solve, model.written)}


def _by_name(solve: SolveSettings, written: WrittenModel) -> dict[str, float]:
    """Return the absolute tolerances by the names of states; by that of a vector where its elements have the same."""
    of_states = dict(zip(written.entries["states"], solve.atol, strict=True))
    found: dict[str, float] = {}
    for name in written.names_in("states"):
        own = {each: of_states[each] for each in written.elements_of(name)}
        found |= {name: next(iter(own.values()))} if len({*own.values()}) == 1 else own
    return found


def describe_tolerances(solve: SolveSettings, *, default: bool) -> str:
    """Return a line that says which tolerances hold, and whether the absolute one is the default."""
    least, most = min(solve.atol), max(solve.atol)
    each = f"{least:g}" if least == most else f"{least:g} to {most:g}"
    source = ", the default: rtol/1000 of the model's largest initial value" if default else ""
    return f"rtol = {solve.rtol:g}, atol = {each}{source}"
