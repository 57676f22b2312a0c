"""Makes the text of a model that was imported, and reads it back."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cubie_cli.documents.document import Document, read_document
from cubie_cli.documents.messages import UserError
from cubie_cli.imports.expression_text import number_text
from cubie_cli.imports.imported import ImportedModel
from cubie_cli.imports.names import legal_names
from cubie_cli.imports.reading import SourceFile
from cubie_cli.imports.run_settings import settings_of
from cubie_cli.imports.writer import comment, entries, model_text
from cubie_cli.models.model import Model, read_model
from cubie_cli.models.system import read_system

#: Draws of a sample that nobody asked for yet; a power of two, as Sobol's points want.
_SAMPLE = 1024


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


@dataclass(frozen=True)
class Destinations:
    """Where the files of an import go; None: not written.

    Parameters
    ----------
    model, config
        The model file and the run configuration.
    conditions, sample
        The runs that the source tells of, and what else may be drawn, both for the run configuration beside them.
    """

    model: Path
    config: Path | None = None
    conditions: Path | None = None
    sample: Path | None = None

    @staticmethod
    def of(model: ImportedModel, model_file: Path, config: Path | None) -> "Destinations":
        """Return where the files of a model go whose model file, and perhaps configuration, have a name."""
        if config is None and model.settings is not None:
            config = model_file.with_suffix(".run.toml")
        if config is None or model.runs is None:
            return Destinations(model_file, config)
        beside = config.with_name(model_file.stem)
        return Destinations(
            model_file,
            config,
            beside.with_name(f"{beside.name}.conditions.csv") if model.runs.columns else None,
            beside.with_name(f"{beside.name}.sample.toml") if model.runs.samples else None,
        )

    @property
    def written(self) -> dict[str, Path]:
        """The files that are written, by what they are."""
        return {name: path for name, path in vars(self).items() if path is not None}


def texts_beside(model: ImportedModel, to: Destinations) -> dict[str, str]:
    """Return the texts of the files beside the model file, by what they are."""
    texts = {}
    if to.config is not None:
        texts["config"] = configuration_text(model, to)
    if model.runs is not None and to.conditions is not None:
        texts["conditions"] = _conditions_text(model)
    if model.runs is not None and to.sample is not None and to.config is not None:
        texts["sample"] = _sample_text(model, f"cubie run {to.config} --set @{to.sample}")
    return texts


def configuration_text(model: ImportedModel, to: Destinations) -> str:
    """Return the text of a run configuration for a model file."""
    assert to.config is not None  # noqa: S101 - there is a file to write
    settings = settings_of(model)
    name = str(to.model) if to.model.parent != to.config.parent else to.model.name
    tables: dict[str, Mapping[str, object]] = {"model": {"file": name}, **settings.tables}
    if to.conditions is not None:
        tables["batch.groups.condition"] = {"table": to.conditions.name}
    if model.runs is not None:
        names = legal_names(model.names)
        observables = [names[each] for each in model.runs.observables]
        tables["output"] = {**tables["output"], "observables": observables}
    return _tables_text(settings.remarks, tables)


def _conditions_text(model: ImportedModel) -> str:
    """Return the table of a batch: a row for each run, below what it is called."""
    runs, names = model.runs, legal_names(model.names)
    assert runs is not None  # noqa: S101 - there is a table to write
    lines = [",".join(names[each] for each in runs.columns)]
    for label, row in zip(runs.labels, zip(*runs.columns.values(), strict=True), strict=True):
        lines += [*comment(label), ",".join(map(number_text, row))]
    return "\n".join([*lines, ""])


def _sample_text(model: ImportedModel, command: str) -> str:
    """Return values for a run configuration that let its runs be drawn."""
    runs, names = model.runs, legal_names(model.names)
    assert runs is not None  # noqa: S101 - there is a sample to write
    group = "batch.groups.estimated"
    tables: dict[str, Mapping[str, object]] = {
        group: {"mode": "sample", "method": "sobol", "n": _SAMPLE},
        f"{group}.values": {names[name]: values for name, values in runs.samples.items()},
    }
    return _tables_text([f"Each condition with {_SAMPLE} draws of what is estimated: {command}", *runs.remarks], tables)


def _tables_text(remarks: Sequence[str], tables: Mapping[str, Mapping[str, object]]) -> str:
    lines = [line for each in remarks for line in comment(each)]
    for title, table in tables.items():
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
