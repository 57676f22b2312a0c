"""A model in an `.ode` file, from the file to what is imported."""

from pathlib import Path

from cubie_cli.documents.messages import UserError
from cubie_cli.imports.imported import ImportedModel
from cubie_cli.imports.xpp.reading import read_ode


def read(content: bytes, path: Path) -> ImportedModel:
    """Return the model of an `.ode` file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # comments in files of old
    if "\0" in text:
        raise UserError("this is a binary file, not text", path)
    return read_ode(text, path)
