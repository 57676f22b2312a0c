"""Reads a CellML file with libCellML: imports put in, units converted, equations told apart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libcellml

from cubie_cli.documents.messages import UserError
from cubie_cli.documents.paths import regular_bytes
from cubie_cli.imports.xml_text import check_xml, declared_utf8

_ERROR = 0
_MOST_FILES = 100
_VERSIONS = ("1.0#", "1.1#", "2.0#")


def read_cellml(content: bytes, path: Path) -> tuple[Any, Any, list[str], str]:
    """Read a model.

    Returns
    -------
    tuple
        The model and the analysed one, both libCellML's; what it warns of; and the version of CellML.

    Raises
    ------
    UserError
        With what is wrong, in libCellML's words.
    """
    namespace = check_xml(content, path).namespace
    version = next((each.rstrip("#") for each in _VERSIONS if namespace.endswith(each)), "")
    if not version:
        raise UserError("this is no CellML 1.0, 1.1 or 2.0", path)
    model = _parsed(content, path)
    _refuse_resets(model, path)
    if model.hasImports():
        model = _with_imports(model, path)
    validator = libcellml.Validator()
    validator.validateModel(model)
    _refuse_errors(validator, "not valid CellML", path)
    analyser = libcellml.Analyser()
    analyser.analyseModel(model)
    warnings = _refuse_errors(analyser, "no model that can be solved", path)
    return model, analyser.analyserModel(), warnings, version


def _parsed(content: bytes, path: Path) -> Any:
    parser = libcellml.Parser(False)  # noqa: FBT003 - not strict: CellML 1 too
    model = parser.parseModel(declared_utf8(content, path))
    _refuse_errors(parser, "not valid CellML", path)
    return model


def _refuse_errors(tool: Any, what: str, path: Path) -> list[str]:
    """Raise the first error that a tool has found, and return what it warns of."""
    issues = [tool.issue(index) for index in range(tool.issueCount())]
    for issue in issues:
        if issue.level() == _ERROR:
            raise UserError(f"{what}: {' '.join(issue.description().split())}", path)
    return [" ".join(issue.description().split()) for issue in issues if issue.level() == _ERROR + 1]


def _refuse_resets(model: Any, path: Path) -> None:
    for component in _components(model):
        if component.resetCount():
            hint = "write it as an event of the model file"
            raise UserError(f"a reset cannot be imported, in {component.name()!r}", path, hint=hint)


def _components(owner: Any) -> Iterator[Any]:
    """Yield the components of a model, those within others too."""
    for index in range(owner.componentCount()):
        yield owner.component(index)
        yield from _components(owner.component(index))


def _with_imports(model: Any, path: Path) -> Any:
    """Return a model with what it imports from files in its own folder."""
    _look_at_imports(model, path)
    importer = libcellml.Importer(False)  # noqa: FBT003 - not strict: CellML 1 too
    importer.resolveImports(model, f"{path.parent.resolve()}/")
    _refuse_errors(importer, "an import fails", path)
    flat = importer.flattenModel(model)
    _refuse_errors(importer, "an import fails", path)
    return flat


def _look_at_imports(model: Any, path: Path) -> None:
    """Look at the XML of each file that is imported, before the library reads it."""
    seen: set[str] = set()
    waiting = _imported_names(model)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        file = path.parent / name
        if Path(name).name != name or len(seen) > _MOST_FILES:
            hint = "copy it into the folder of the model"
            raise UserError(
                f"the import of {name!r} is refused: only files of the same folder are read", path, hint=hint
            )
        try:
            regular_bytes(file)
            content = file.read_bytes()
        except OSError:
            raise UserError(f"the imported file {name!r} cannot be read", path) from None
        check_xml(content, file)
        imported = _parsed(content, file)
        _refuse_resets(imported, file)
        waiting += _imported_names(imported)


def _imported_names(model: Any) -> list[str]:
    parts = [*_components(model), *(model.units(index) for index in range(model.unitsCount()))]
    return [part.importSource().url() for part in parts if part.isImport()]
