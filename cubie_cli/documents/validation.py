"""Checks a whole document against a schema, and says in plain words what does not fit, and where."""

import json
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError

from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.other_names import told_of
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean, nearest

Schema = TypeVar("Schema", bound=BaseModel)

_WANTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text in quotes",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}
_MODEL = 'write [model] on a line, and below it file = "model.toml"'
#: What to write for keys that have a word or a list.
_LISTS = {"devices": "or a list, as in devices = [0, 1]"}
#: What is written first in tables that are often given as one value.
_FIRST_KEYS = {"solve.controller": "controller.kind", "solve.linear": "linear.kind", "buffers": "buffers.default"}
_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


def validated(schema: type[Schema], document: Document) -> Schema:
    """Return a document's data as a schema's values.

    Raises
    ------
    UserError
        With the place of the first mistake in the order of the schema.
    """
    try:
        return schema.model_validate(document.data)
    except ValidationError as error:
        # A misspelt key is at once unknown and missing: the former says more.
        found = error.errors(include_url=False)
        first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
        raise _translated(schema, document, first) from None


def _translated(schema: type[BaseModel], document: Document, error: Mapping[str, Any]) -> UserError:
    path = _path_in(document, error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    name = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return document.error(f"unknown key {name!r}{_where(path)}", path, "key", _hint(schema, path))
    if kind == "missing":
        return _missing(document, path)
    if kind == "literal_error":
        given = str(error["input"])
        hint = told_of(name, given) or did_you_mean(given, _choices(context["expected"]))
        return document.error(f"{name!r} must be {context['expected']}", path, hint=_LISTS.get(name, hint))
    if kind in _LIMITS:
        words, key = _LIMITS[kind]
        return document.error(f"{_named(path)} must be {words} {context[key]:g}", path)
    if kind in _WANTED:
        return _wrong_type(document, path, _WANTED[kind], error["input"])
    wrong = "must be finite" if kind == "finite_number" else str(error["msg"]).lower()
    return document.error(f"{_named(path) if path else name} {wrong}", path)


def _hint(schema: type[BaseModel], path: KeyPath) -> str | None:
    """Return what is told of a key that a table does not have."""
    name, table = str(path[-1]), ".".join(map(str, path[:-1]))
    if told := told_of(f"[{table}]", name):
        return told
    for other in schema.model_fields:
        if other != table and name in _keys_at(schema, (other,)):
            return f"it belongs to [{other}]: {other}.{name}"
    known = did_you_mean(name, _keys_at(schema, path[:-1]))
    of_batch = table == "batch" or path[:-2] == ("batch", "groups")
    if of_batch and not nearest(name, _keys_at(schema, path[:-1])):
        return f"swept quantities stand in [{table}.values]; {known}"
    return known if table else f"{known}; values of the model are model.parameters.NAME and the like"


def _path_in(document: Document, location: tuple[str | int, ...]) -> KeyPath:
    """Return the key path of an error, without the names of the branches of the schema."""
    path: KeyPath = ()
    for position, part in enumerate(location):
        is_last = position == len(location) - 1
        holder = document.get(path)
        if document.get((*path, part)) is not None or (is_last and isinstance(holder, dict)):
            path = (*path, part)
    return path


def _missing(document: Document, path: KeyPath) -> UserError:
    name = path[-1]
    if path == ("model",):
        return document.error("the table [model] is missing", path, "key", _MODEL)
    if len(path) == 1:
        return document.error(f"the table [{name}] is missing", path, "key", f"add a line [{name}]")
    return document.error(f"{name!r} is missing{_where(path)}", path, "key", f"add a line {name} = ...")


def _wrong_type(document: Document, path: KeyPath, wanted: str, value: Any) -> UserError:
    hint = None
    if isinstance(value, str) and "number" in wanted:
        hint = "numbers stand without quotes"
    elif wanted == "a list":
        hint = f"write {path[-1]} = [...], a list" if isinstance(value, dict) else "put it in square brackets"
    elif path[-1] == "atol" and isinstance(value, list):
        hint = "one number is for all states; a table has one for each, as in { x = 1e-6, y = 1e-9 }"
    elif path == ("solve", "t1") and isinstance(value, list):
        hint = "write t0 = ... and t1 = ..."
    elif wanted == "a whole number" and isinstance(value, float) and value.is_integer():
        hint = f"write {int(value)}"
    elif wanted == "a table" and isinstance(path[-1], str):
        hint = _of_table(".".join(map(str, path)), value)
    given = f"{value:.15g}" if wanted == "a whole number" and isinstance(value, float) else tables.kind_of(value)
    return document.error(f"{_named(path)} must be {wanted}, this is {given}", path, hint=hint)


def _of_table(name: str, value: Any) -> str:
    """Return what to write for a table that was given as something else."""
    if name == "model":
        return _MODEL
    if name.startswith("batch.groups."):
        return f"write [{name}], and below it table = {json.dumps(value) if isinstance(value, str) else '...'}"
    return (
        f"write [{name}]" if isinstance(value, list) else f"it has keys: {_FIRST_KEYS.get(name, f'{name}.NAME')} = ..."
    )


def _named(path: KeyPath) -> str:
    """Return what to call the value at a key path."""
    return repr(path[-1]) if isinstance(path[-1], str) else f"an element of {path[-2]!r}"


def _where(path: KeyPath) -> str:
    return f" in [{'.'.join(str(part) for part in path[:-1])}]" if path[:-1] else ""


def _keys_at(schema: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys that a schema knows at a key path."""
    found: Any = schema
    for part in path:
        if isinstance(part, str) and _is_schema(found):
            extra = get_args(get_type_hints(found).get("__pydantic_extra__", None)) or (None, None)
            found = found.model_fields[part].annotation if part in found.model_fields else extra[1]
        else:
            found = next(reversed(get_args(found)), None)  # what a list or a table is made of
        found = _table_among(found)
    return list(found.model_fields) if _is_schema(found) else []


def _is_schema(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)


def _table_among(annotation: Any) -> Any:
    """Return the table that a choice of types has; any other type as it is."""
    if get_origin(annotation) is Annotated:
        return _table_among(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        members = map(_table_among, get_args(annotation))
        return next((member for member in members if _is_schema(member)), annotation)
    return annotation


def _choices(expected: str) -> list[str]:
    """Return the quoted words of a list such as "'a', 'b' or 'c'"."""
    return expected.split("'")[1::2]
