"""The JSON schema of a model file, for editors: what tables and keys there are, and what stands in them."""

from collections.abc import Mapping, Sequence
from typing import Any

from cubie_cli.models.events import DIRECTIONS
from cubie_cli.models.expressions.tokens import RESERVED
from cubie_cli.models.expressions.vectors import ENDS
from cubie_cli.models.vectors import NAME
from solvers.equations.drivers import METHODS, OUTSIDE

Schema = dict[str, Any]

_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}
_WHOLE = {"type": "integer", "minimum": 1}
_NUMBERS = {"type": "array", "items": _NUMBER}
_TEXTS = {"type": "array", "items": _TEXT}
_VALUE: Schema = {"type": ["number", "string"], "description": "A number, or an expression in quotes."}


def table(description: str, properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    """Return the schema of a table with these keys and no others."""
    found: Schema = {"description": description, "type": "object", "properties": dict(properties)}
    return found | {"additionalProperties": False} | ({"required": list(required)} if required else {})


def any_of(description: str, *kinds: Mapping[str, Any]) -> Schema:
    """Return the schema of what is of one of several kinds."""
    return {"description": description, "anyOf": list(kinds)}


def one_of(description: str, words: Sequence[str], default: str | None = None) -> Schema:
    """Return the schema of a word out of several."""
    return {"description": description, "enum": list(words)} | ({"default": default} if default else {})


def model_schema() -> Schema:
    """Return the schema of a model's tables."""
    properties = {
        "name": {"description": "A title; default: the file's name.", "type": "string"},
        "states": _named("Initial values of what changes with time, in this order everywhere.", *_quantities(_VALUE)),
        "parameters": _named("Values that may differ from run to run.", *_quantities(_VALUE)),
        "constants": _named("Values that are compiled in: numbers, or expressions of constants.", *_quantities(_VALUE)),
        "equations": _named("For each state the right-hand side of its derivative, in quotes.", _TEXT),
        "observables": _named("Other quantities, in quotes, for equations, events and results.", *_quantities(_TEXT)),
        "drivers": _named("Quantities that a table gives over time.", _driver()),
        "events": {
            "description": "What happens at given times, or where an expression crosses zero.",
            "type": "array",
            "items": _event(),
        },
        "units": {
            "description": "Units of quantities, and of the time t.",
            "type": "object",
            "additionalProperties": _TEXT,
        },
    }
    return table("A model: a system of ordinary differential equations.", properties, ("states", "equations"))


def _named(description: str, *kinds: Mapping[str, Any]) -> Schema:
    """Return the schema of a table whose keys are names of quantities."""
    name = {"pattern": f"^{NAME.pattern}$", "not": {"enum": sorted(RESERVED)}}
    values = kinds[0] if len(kinds) == 1 else {"anyOf": list(kinds)}
    return {"description": description, "type": "object", "propertyNames": name, "additionalProperties": values}


def _quantities(one: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return what a quantity may be: one value, or a vector of them."""
    elements = {"description": "A value for each element; lists of lists for more indices.", "type": "array"}
    sizes = any_of("How many elements there are, for each index.", _WHOLE, _TEXT, {"type": "array"})
    names = any_of("The names of its indices; default: i, then j, k, l, m, n.", _TEXT, _TEXTS)
    ends = one_of("What is read beyond the ends.", ENDS, "error")
    vector = table(
        "A vector: many quantities of one name, with an index.",
        {
            "value": any_of("Of each element; indices are numbers in it.", _VALUE, elements),
            "size": sizes,
            "index": names,
            "ends": any_of("What is read beyond the ends, for each index.", ends, {"type": "array", "items": ends}),
        },
    )
    return one, elements, vector


def _driver() -> Schema:
    shared = {
        "method": one_of("What holds between the rows.", METHODS, "linear"),
        "outside": one_of("What holds before the first row and after the last.", OUTSIDE, "hold"),
    }
    in_file = {
        "table": {"description": "A file: CSV, HDF5 or netCDF, relative to this one.", "type": "string"},
        "time": {"description": "Its column of times.", "type": "string"},
        "value": {"description": "Its column of values.", "type": "string"},
    }
    written_out = {
        "times": {"description": "Times that rise.", **_NUMBERS},
        "values": {"description": "The value at each.", **_NUMBERS},
    }
    return any_of(
        "A table over time, in a file or written out.",
        table("In a file.", in_file | shared, tuple(in_file)),
        table("Written out.", written_out | shared, tuple(written_out)),
    )


def _event() -> Schema:
    schedule = table(
        "Times with equal distances, up to the end of the span unless count or until says otherwise.",
        {
            "start": {**_VALUE, "description": "The first time; default: that of the start."},
            "every": {**_VALUE, "description": "The time from one to the next."},
            "count": {**_VALUE, "description": "How many there are."},
            "until": {**_VALUE, "description": "The last time that counts."},
        },
    )
    record = table(
        "What is kept of the first firings.",
        {
            "first": {"description": "How many firings are kept.", **_WHOLE},
            "states": {"description": "States that are kept, too.", **_TEXTS},
            "observables": {"description": "Observables that are kept, too.", **_TEXTS},
        },
        ("first",),
    )
    properties = {
        "name": {"description": "What the result calls it.", "type": "string"},
        "at": any_of("When it happens.", _VALUE, {"type": "array", "items": _VALUE}, schedule),
        "when": {**_VALUE, "description": "An expression: the event fires where it crosses zero."},
        "direction": one_of("Which crossings count.", tuple(DIRECTIONS), "both"),
        "set": {
            "description": "New values of states and parameters, each of what was before.",
            "type": "object",
            "additionalProperties": _VALUE,
        },
        "stop": any_of("Whether it ends the run, or at which firing.", {"type": "boolean"}, _WHOLE),
        "record": any_of("How many firings are kept in the result.", _WHOLE, record),
    }
    return table("An event.", properties)
