"""`cubie algorithms`: the methods there are."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from cubie_cli.commands.options import Json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from solvers.tableaus.registry import Tableau

_COLUMNS = ("name", "order", "embedded", "stages", "adaptive", "dense output", "stability", "aliases")
#: Those that have room in a narrow terminal, where aliases stand below; a method that is not adaptive embeds none.
_NARROW_COLUMNS = ("name", "order", "embedded", "stages", "dense", "stable")
#: Columns of a terminal from which on all of them have room.
_WIDE = 110
_NUMERIC = ("order", "embedded", "stages", "dense output", "dense")
_TITLES = {
    "explicit": "Explicit Runge-Kutta methods",
    "DIRK": "Diagonally implicit Runge-Kutta methods (DIRK)",
    "FIRK": "Fully implicit Runge-Kutta methods (FIRK)",
    "Rosenbrock": "Rosenbrock methods",
    "Rosenbrock-W": "Rosenbrock-W methods, made for approximate Jacobians too",
}


def algorithms(*, as_json: Json = False) -> None:
    """List the methods of integration with their orders, names and sources."""
    from cubie_cli.reports import terminal  # noqa: PLC0415 - each command loads what it needs, when it runs
    from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS  # noqa: PLC0415

    methods = [_describe(method) for method in (*TABLEAUS.values(), *IMPLICIT_TABLEAUS.values())]
    if as_json:
        typer.echo(json.dumps({"algorithms": methods}))
        return
    console = terminal.console()
    for part in _tables(methods, wide=console.width >= _WIDE):
        console.print(part)


def _describe(method: "Tableau") -> dict[str, Any]:
    """Return a method as plain values."""
    from solvers.tableaus.rosenbrock import RosenbrockTableau  # noqa: PLC0415
    from solvers.tableaus.tableau import ButcherTableau  # noqa: PLC0415

    dense = method.dense_output
    return {
        "name": method.name,
        "family": method.family,
        "title": method.title,
        "order": method.order,
        "embedded_order": method.embedded_order,
        "stages": method.stages if isinstance(method, RosenbrockTableau) else len(method.b),
        "adaptive": bool(method.embedded_orders),
        "dense_output_order": None if dense is None else dense.order,
        "a_stable": not isinstance(method, ButcherTableau) and method.a_stable,
        "l_stable": not isinstance(method, ButcherTableau) and method.l_stable,
        "aliases": list(method.aliases),
        "blind_to": method.blind_to,
        "source": method.source,
    }


def _tables(methods: list[dict[str, Any]], *, wide: bool) -> Iterator["RenderableType"]:
    """Yield a table for each family, then other names where the tables have no room for them, then the sources."""
    from cubie_cli.reports import terminal  # noqa: PLC0415

    for family, title in _TITLES.items():
        columns = _COLUMNS if wide else _NARROW_COLUMNS
        cells = [_cells(method) for method in methods if method["family"] == family]
        yield terminal.table(title, columns, [[row[name] for name in columns] for row in cells], numeric=_NUMERIC)
        yield ""
    if not wide:
        names = [(method["name"], ", ".join(method["aliases"])) for method in methods if method["aliases"]]
        yield terminal.summary("Other names", names)
    blind = [(method["name"], method["blind_to"]) for method in methods if method["blind_to"]]
    yield terminal.summary("Looked at within each step, as the embedded estimate does not see", blind)
    yield terminal.summary("Sources", [(method["name"], method["source"]) for method in methods])


def _cells(method: Mapping[str, Any]) -> dict[str, str]:
    dense = str(method["dense_output_order"] or "-")
    stability = "L" if method["l_stable"] else "A" if method["a_stable"] else "-"
    return {
        "name": method["name"],
        "order": str(method["order"]),
        "embedded": str(method["embedded_order"] or "-"),
        "stages": str(method["stages"]),
        "adaptive": "yes" if method["adaptive"] else "no",
        "dense output": dense,
        "dense": dense,
        "stability": stability,
        "stable": stability,
        "aliases": ", ".join(method["aliases"]),
    }
