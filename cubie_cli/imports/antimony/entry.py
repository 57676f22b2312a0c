"""A model in Antimony, by way of SBML."""

import re
from pathlib import Path

import antimony

from cubie_cli.documents.encodings import trouble
from cubie_cli.documents.messages import UserError
from cubie_cli.imports.imported import ImportedModel
from cubie_cli.imports.sbml import entry as sbml


def read(content: bytes, path: Path) -> ImportedModel:
    """Return the model of an Antimony file; of several models the last, as Antimony has it."""
    if wrong := trouble(content, "text"):
        raise UserError(wrong[0], path, hint=wrong[1])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError("this is not UTF-8 text", path, line, hint="save the file as UTF-8") from None
    antimony.clearPreviousLoads()
    antimony.clearDirectories()
    antimony.addDirectory(str(path.parent.resolve()))
    if antimony.loadAntimonyString(text) < 0:
        raise _error(path, antimony.getLastError())
    name = antimony.getMainModuleName()
    written = antimony.getSBMLString(name)
    if not written:
        raise _error(path, antimony.getLastError())
    try:
        model = sbml.read(written.encode(), path)
    except UserError as error:  # its line is one of the SBML between
        raise UserError(error.message, path, hint=error.hint) from None
    model.format = f"Antimony, by way of {model.format}"
    if model.title.startswith("__"):
        model.title = path.stem
    return model


def _error(path: Path, told: str) -> UserError:
    found = re.match(r"Error in model string, line (\d+):\s*(.*)", told or "it has no model", re.DOTALL)
    message = " ".join((found[2] if found else told).split())
    return UserError(f"not valid Antimony: {message}", path, int(found[1]) if found else None)
