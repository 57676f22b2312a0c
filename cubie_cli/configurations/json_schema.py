"""The JSON schema of a run configuration, for editors: made of the tables that check it, and of their descriptions."""

from typing import Any

from pydantic import BaseModel

from buffers import LOCATIONS
from cubie_cli.batches.read_distribution import DISTRIBUTIONS
from cubie_cli.batches.spacing import KINDS as SPACINGS
from cubie_cli.configurations import schema
from cubie_cli.configurations.candidates import AUTO
from cubie_cli.configurations.descriptions import DESCRIPTIONS
from cubie_cli.models.json_schema import Schema, any_of, model_schema, one_of, table

_NUMBERS: Schema = {"type": "array", "items": {"type": "number"}}
_TABLES = [each for each in vars(schema).values() if isinstance(each, type) and issubclass(each, BaseModel)]


def described(found: type[BaseModel], key: str) -> str:
    """Return what a key of a table is."""
    names = [each.__name__ for each in found.__mro__]
    return next(DESCRIPTIONS[name][key] for name in names if key in DESCRIPTIONS.get(name, {}))


def run_schema() -> Schema:
    """Return the schema of a run configuration."""
    found = schema.RunConfiguration.model_json_schema()
    tables = {each.__name__: each for each in _TABLES}
    definitions = found["$defs"] | {"RunConfiguration": found}
    for name, definition in definitions.items():
        definition.pop("title", None)
        for key, value in definition.get("properties", {}).items():
            definition["properties"][key] = _without_null(value) | {"description": described(tables[name], key)}
    definitions["SolveTable"]["properties"]["algorithm"]["enum"] = _algorithms()
    for name in ("BatchTable", "GroupTable"):
        definitions[name]["properties"]["values"]["additionalProperties"] = _values()
    found["$defs"]["CorrelatedTable"] = _correlated()
    definitions["OutputTable"]["properties"]["save_at"]["anyOf"] = [_NUMBERS, *_spacings()]
    found["properties"]["buffers"] |= {"additionalProperties": _location(), "properties": {"default": _default()}}
    file = table("A model in a file of its own.", {"file": {"type": "string", "minLength": 1}}, ("file",))
    found["properties"]["model"] = any_of(described(schema.RunConfiguration, "model"), file, model_schema())
    return {"description": "A run configuration.", **found}


def _without_null(value: Schema) -> Schema:
    """Return the schema of a key without null, which TOML does not have: a key that is left out is not there."""
    found = {key: each for key, each in value.items() if key not in {"title", "default"}}
    if isinstance(value.get("default"), str | int | float):
        found["default"] = value["default"]
    kinds = [kind for kind in found.pop("anyOf", []) if kind != {"type": "null"}]
    return found | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})


def _algorithms() -> list[str]:
    from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS  # noqa: PLC0415 - all coefficients

    methods = [*TABLEAUS.values(), *IMPLICIT_TABLEAUS.values()]
    return [AUTO, *(method.name for method in methods), *(alias for method in methods for alias in method.aliases)]


def _spacings() -> list[Schema]:
    said = {"type": "array", "description": "[first, last, n]", "minItems": 3, "maxItems": 3}
    return [table("Values between two ends, both included.", {kind: said}, (kind,)) for kind in SPACINGS]


def _values() -> Schema:
    """Return the schema of the values that a quantity has in a batch."""
    limits: dict[str, Schema] = {"min": {"type": "number"}, "max": {"type": "number"}}
    drawn = [
        table("Values by chance, of a sample.", {kind: _NUMBERS} | ({} if kind == "choice" else limits), (kind,))
        for kind in DISTRIBUTIONS
    ]
    return any_of("Values of a quantity.", {"type": "number"}, _NUMBERS, *_spacings(), *drawn)


def _correlated() -> Schema:
    rows = {"type": "array", "items": _NUMBERS}
    properties: dict[str, Schema] = {
        "quantities": {"description": "Their names.", "type": "array", "items": {"type": "string"}},
        "covariance": {"description": "A row for each of them.", **rows},
        "mean": {"description": "Of quantities that are normal.", **_NUMBERS},
        "median": {"description": "Of quantities whose logarithms are normal.", **_NUMBERS},
    }
    return table("Quantities of a sample that are normal together.", properties, ("quantities", "covariance"))


def _location() -> Schema:
    return any_of("Where a buffer lives.", {"enum": list(LOCATIONS)}, {"type": "object"})


def _default() -> dict[str, Any]:
    return one_of("For buffers that are not named.", ("auto", *LOCATIONS), schema.DEFAULT_LOCATION)
