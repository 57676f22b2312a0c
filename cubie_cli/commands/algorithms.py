"""`cubie algorithms`: the methods there are."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from cubie_cli.commands.options import Json

if TYPE_CHECKING:
    from solvers.tableaus import ButcherTableau

_COLUMNS = ("name", "order", "embedded", "stages", "adaptive", "dense output", "aliases", "source")
_NUMERIC = ("order", "embedded", "stages", "dense output")


def algorithms(*, as_json: Json = False) -> None:
    """List the methods of integration with their orders, names and sources."""
    from cubie_cli import report  # noqa: PLC0415 - each command loads what it needs, when it runs
    from solvers.tableaus import TABLEAUS  # noqa: PLC0415

    methods = [_describe(tableau) for tableau in TABLEAUS.values()]
    if as_json:
        typer.echo(json.dumps({"algorithms": methods}))
        return
    rows = [_cells(method) for method in methods]
    report.console().print(report.table("Algorithms", _COLUMNS, rows, numeric=_NUMERIC))


def _describe(tableau: "ButcherTableau") -> dict[str, Any]:
    """Return a method as plain values."""
    dense = tableau.dense_output
    return {
        "name": tableau.name,
        "title": tableau.title,
        "order": tableau.order,
        "embedded_order": tableau.embedded_order,
        "stages": len(tableau.b),
        "adaptive": bool(tableau.errors),
        "dense_output_order": None if dense is None else dense.order,
        "aliases": list(tableau.aliases),
        "source": tableau.source,
    }


def _cells(method: Mapping[str, Any]) -> list[str]:
    return [
        method["name"],
        str(method["order"]),
        str(method["embedded_order"] or "-"),
        str(method["stages"]),
        "yes" if method["adaptive"] else "no",
        str(method["dense_output_order"] or "-"),
        ", ".join(method["aliases"]),
        method["source"],
    ]
