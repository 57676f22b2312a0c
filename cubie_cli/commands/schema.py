"""`cubie schema`: the JSON schema of model files and run configurations, for editors."""

import json
from enum import StrEnum
from typing import Annotated

import typer

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Which(StrEnum):
    """A file that has a schema."""

    MODEL = "model"
    RUN = "run"


File = Annotated[Which, typer.Argument(metavar="model|run", help="Of a model file, or of a run configuration.")]


def schema(which: File) -> None:
    """Print the JSON schema of model files or of run configurations, by which editors complete and check them."""
    typer.echo(schema_text(which))


def schema_text(which: Which) -> str:
    """Return a schema as JSON."""
    from cubie_cli.configurations.json_schema import run_schema  # noqa: PLC0415 - each command loads what it needs
    from cubie_cli.models.json_schema import model_schema  # noqa: PLC0415

    found = model_schema() if which is Which.MODEL else run_schema()
    return json.dumps({"$schema": _DIALECT, "title": f"cubie: {which} file", **found}, indent=2)
