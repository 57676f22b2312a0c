"""A model in an `.ode` file, from the file to what is imported."""

from pathlib import Path

from cubie_cli.imports.imported import ImportedModel
from cubie_cli.imports.xpp.reading import read_ode
from cubie_cli.imports.xpp.statements import text_of


def read(content: bytes, path: Path) -> ImportedModel:
    """Return the model of an `.ode` file."""
    return read_ode(text_of(content, path), path)
