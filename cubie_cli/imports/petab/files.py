"""The files of a PEtab problem, looked at before the library opens them: it would fetch addresses and run programs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from petab.v1.yaml import validate_yaml_syntax
from petab.versions import get_major_version

from cubie_cli.documents.encodings import trouble
from cubie_cli.documents.messages import UserError
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.xml_text import check_xml

_LARGEST_TABLE = 256 << 20


@dataclass(frozen=True)
class Files:
    """What the first file of a problem says: its version, and the model."""

    configuration: Mapping[str, Any]
    version: int
    model: Path


def read_files(content: bytes, path: Path) -> Files:
    """Read the YAML file of a problem, and check that all it names are files here.

    Raises
    ------
    UserError
        With what is wrong.
    NotRepresentableError
        Naming what cannot be imported.
    """
    configuration = _configuration(content, path)
    version = get_major_version(configuration)
    models = list(_models(configuration) if version == 2 else _models_of_version_1(configuration))
    if len(models) != 1:
        raise NotRepresentableError(f"a problem of {len(models)} models", "make a problem of each model")
    for name in [*_tables(configuration), *models]:
        _check_file(name, path)
    model = path.parent / models[0]
    check_xml(model.read_bytes(), model)
    return Files(configuration, version, model)


def _configuration(content: bytes, path: Path) -> Mapping[str, Any]:
    if wrong := trouble(content, "text"):
        raise UserError(wrong[0], path, hint=wrong[1])
    try:
        found = yaml.safe_load(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError("this is not UTF-8 text", path, hint="save the file as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        told = getattr(error, "problem", None) or "it cannot be read"
        raise UserError(f"not valid YAML: {told}", path, mark.line + 1 if mark else None) from None
    except ValueError as error:  # a date that is none
        raise UserError(f"not valid YAML: {error}", path) from None
    if not isinstance(found, dict) or "format_version" not in found:
        hint = "the file of a problem has format_version, and names the model and the tables"
        raise UserError("this is no PEtab problem: format_version is missing", path, hint=hint)
    try:
        validate_yaml_syntax(found)
    except (jsonschema.ValidationError, ValueError, KeyError) as error:
        told = getattr(error, "message", None) or str(error)
        raise UserError(f"not a valid PEtab problem: {' '.join(told.split())[:200]}", path) from None
    required = [name for name, each in (found.get("extensions") or {}).items() if each.get("required")]
    if required:
        raise NotRepresentableError(f"the extension {required[0]!r} of PEtab, which the problem requires,")
    return found


def _models(configuration: Mapping[str, Any]) -> Iterator[str]:
    for name, each in configuration["model_files"].items():
        if each["language"] != "sbml":
            raise NotRepresentableError(f"the model {name!r}, which is in {each['language']!r},", "SBML is read")
        yield each["location"]


def _models_of_version_1(configuration: Mapping[str, Any]) -> Iterator[str]:
    for each in configuration["problems"]:
        yield from each["sbml_files"]


def _tables(configuration: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the tables."""
    for part in (configuration, *configuration.get("problems", ())):
        for key, value in part.items():
            if key.endswith(("_file", "_files")) and key not in {"sbml_files", "model_files"}:
                yield from [value] if isinstance(value, str) else value


def _check_file(name: str, path: Path) -> None:
    if "://" in name or name.startswith("file:"):
        raise UserError(f"{name!r} is an address, and no file", path, hint="fetch it, and name the file")
    file = path.parent / name
    try:
        if not file.is_file():
            raise UserError(f"no such file: {file}", path, hint="the name is relative to this file")
        if file.stat().st_size > _LARGEST_TABLE:
            raise UserError(f"{file} has more than {_LARGEST_TABLE} bytes", path)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {name!r}: {error}", path) from None
