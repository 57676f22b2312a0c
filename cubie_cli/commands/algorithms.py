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
_NUMERIC = ("order", "embedded", "stages", "dense output")
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
    for part in _tables(methods):
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


def _tables(methods: list[dict[str, Any]]) -> Iterator["RenderableType"]:
    """Yield a table for each family, then the sources."""
    from cubie_cli.reports import terminal  # noqa: PLC0415

    for family, title in _TITLES.items():
        rows = [_cells(method) for method in methods if method["family"] == family]
        yield terminal.table(title, _COLUMNS, rows, numeric=_NUMERIC)
        yield ""
    blind = [(method["name"], method["blind_to"]) for method in methods if method["blind_to"]]
    yield terminal.summary("Looked at within each step, as the embedded estimate does not see", blind)
    yield terminal.summary("Sources", [(method["name"], method["source"]) for method in methods])


def _cells(method: Mapping[str, Any]) -> list[str]:
    return [
        method["name"],
        str(method["order"]),
        str(method["embedded_order"] or "-"),
        str(method["stages"]),
        "yes" if method["adaptive"] else "no",
        str(method["dense_output_order"] or "-"),
        "L" if method["l_stable"] else "A" if method["a_stable"] else "-",
        ", ".join(method["aliases"]),
    ]
