"""Makes the text of a model that was imported, and reads it back."""

import tempfile
from pathlib import Path

from cubie_cli.documents.document import Document, read_document
from cubie_cli.documents.messages import UserError
from cubie_cli.imports.imported import ImportedModel, RunSettings
from cubie_cli.imports.reading import SourceFile
from cubie_cli.imports.writer import comment, entries, model_text
from cubie_cli.models.model import Model, read_model
from cubie_cli.models.system import read_system


def written_model(model: ImportedModel, source: SourceFile, version: str) -> str:
    """Return the text of a model file.

    Parameters
    ----------
    model
        The model.
    source
        The file it was read from.
    version
        Of this program.
    """
    origin = f"Imported from {source.path.name} ({model.format}) by cubie {version}."
    return model_text(model, [origin, f"SHA-256 of that file: {source.sha256}"])


def configuration_text(settings: RunSettings, model_file: str) -> str:
    """Return the text of a run configuration for a model file."""
    lines = [line for each in settings.remarks for line in comment(each)]
    for title, table in ({"model": {"file": model_file}} | dict(settings.tables)).items():
        lines += ["", f"[{title}]", *entries(table)]
    return "\n".join([*lines, ""]).lstrip("\n")


def decisions(model: ImportedModel) -> list[str]:
    """Return what was decided, in a line each."""
    of_quantities = [f"{name}: {text}" for name, remarks in model.remarks.items() for text in remarks]
    of_events = [f"{event.name}: {text}" for event in model.events for text in event.remarks]
    # A remark on the formulas of an event stands with the event.
    return [*model.decided, *dict.fromkeys([*of_quantities, *of_events])]


def checked(text: str, source: SourceFile) -> Model:
    """Read a model's text back, all of its expressions too.

    Raises
    ------
    UserError
        What the source says makes no model here, such as a division by zero.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.toml"
        path.write_text(text, encoding="utf-8")
        try:
            document: Document = read_document(path)
            model = read_model(document)
            read_system(model)
        except UserError as error:
            where = f", in {error.source.strip()[:200]}" if error.source else ""
            raise UserError(f"this makes no model here: {error.message}{where}", source.path, hint=error.hint) from None
    return model
