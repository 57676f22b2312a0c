"""Reads which quantities of a model are vectors: their sizes, the names of their indices, and their ends."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.models.expressions.names import Scope
from cubie_cli.models.expressions.parser import number
from cubie_cli.models.expressions.tokens import OVER_INDEX, RESERVED, ExpressionError
from cubie_cli.models.expressions.vectors import ENDS, Ends, Vector
from cubie_cli.models.order_of_use import used_names

#: Tables whose quantities may be vectors, and all whose keys are names of quantities.
VECTOR_TABLES = ("states", "parameters", "constants", "observables")
NAMING_TABLES = (*VECTOR_TABLES, "drivers")
#: Python's keywords are names like any other.
NAME = re.compile("[A-Za-z_][A-Za-z_0-9]*")

_KEYS = ("size", "value", "index", "ends")
_USUAL_NAMES = ("i", "j", "k", "l", "m", "n")
#: Of one vector; no compiler takes more equations.
_MOST_ELEMENTS = 100_000
#: What others call some words, and what some might look for among the keys.
_ALSO = {"wrap": "periodic", "mirror": "hold", "nearest": "hold", "edge": "hold", "none": "error", "constant": "zero"}
_HINTS = {"periodic": 'write ends = "periodic"', "shape": "write size = ...", "values": "write value = ..."}
_EXAMPLE = "{ size = 64, value = 0.0 }"


def read_vectors(document: Document, prefix: KeyPath) -> Mapping[str, Vector]:
    """Return the vectors of a model by their names.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    reader = _Reader(document, prefix)
    return {
        name: reader.vector(table, name)
        for table in VECTOR_TABLES
        for name, value in tables.table(document, (*prefix, table)).items()
        if isinstance(value, list) or (isinstance(value, dict) and ("size" in value or "value" in value))
    }


class _Reader:
    def __init__(self, document: Document, prefix: KeyPath) -> None:
        self._document = document
        self._prefix = prefix
        self._homes = {name: table for table in NAMING_TABLES for name in tables.table(document, (*prefix, table))}

    def vector(self, table: str, name: str) -> Vector:
        """Read a vector."""
        path: KeyPath = (*self._prefix, table, name)
        given = self._document.get(path)
        if isinstance(given, list):
            return self._made(table, name, path, self._shape_of_list(path, given))
        for key, hint in _HINTS.items():
            if key in given:
                raise self._document.error(f"unknown key {key!r} in a vector", (*path, key), "key", hint)
        tables.check_keys(self._document, path, _KEYS)
        return self._made(table, name, path, self._shape(path, given))

    def _made(self, table: str, name: str, path: KeyPath, shape: tuple[int, ...]) -> Vector:
        count = math.prod(shape)
        if count > _MOST_ELEMENTS:
            message = f"{name!r} has {count:,} elements"
            raise self._document.error(message, path, "key", f"{_MOST_ELEMENTS:,} are the most")
        return Vector(name, table, shape, self._indices(path, len(shape)), self._ends(path, len(shape)))

    # -- sizes ----------------------------------------------------------------------------------

    def _shape(self, path: KeyPath, given: Mapping[str, Any]) -> tuple[int, ...]:
        if "value" not in given:
            raise self._document.error(f"the vector {path[-1]!r} has no value", path, "key", f"as in {_EXAMPLE}")
        value, inner = given["value"], (*path, "value")
        found = self._shape_of_list(inner, value) if isinstance(value, list) else None
        if "size" not in given:
            if found is None:
                hint = "add size = ..., or give a list of values"
                raise self._document.error(f"the vector {path[-1]!r} has no size", path, "key", hint)
            return found
        shape = self._sizes((*path, "size"))
        if found is not None and found != shape:
            told = [" by ".join(map(str, each)) for each in (found, shape)]
            raise self._document.error(f"there are {told[0]} values, and the size is {told[1]}", inner)
        return shape

    def _sizes(self, path: KeyPath) -> tuple[int, ...]:
        value = self._document.get(path)
        if not isinstance(value, list):
            return (self._size(path),)
        if not value:
            raise self._document.error("there is no size here", path, hint="such as [16, 16]")
        return tuple(self._size((*path, index)) for index in range(len(value)))

    def _size(self, path: KeyPath) -> int:
        value = self._document.get(path)
        if isinstance(value, str):
            value = self._computed_size(path, value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._document.error(f"a size is a whole number, this is {tables.kind_of(value)}", path)
        if isinstance(value, float) and not value.is_integer():
            raise self._document.error(f"a size is a whole number, this is {value:g}", path)
        if not 1 <= value <= _MOST_ELEMENTS:
            limit = "at least 1" if value < 1 else f"at most {_MOST_ELEMENTS:,}"
            raise self._document.error(f"a size is {limit}", path)
        return int(value)

    def _computed_size(self, path: KeyPath, text: str) -> float:
        """Return a size that is made of constants."""
        constants = tables.table(self._document, (*self._prefix, "constants"))
        try:
            used = [*dict.fromkeys(used_names(text, self._homes))]
            for name in used:
                if name not in constants or isinstance(constants[name], str | list | dict):
                    message = f"a size is made of constants that are numbers, and {name!r} is not one"
                    raise self._document.error(message, path, hint=f"write the number, or add {name} to [constants]")
            known = {name: tables.number(self._document, (*self._prefix, "constants", name)) for name in used}
            return number(Scope(known), text)
        except ExpressionError as error:
            raise self._document.error(error.message, path, hint=error.hint, offset=error.offset) from None

    def _shape_of_list(self, path: KeyPath, value: Sequence[Any]) -> tuple[int, ...]:
        """Return the shape of a list of values, or of lists of them, which are of one length."""
        if not value:
            raise self._document.error(f"the vector {self._name_in(path)!r} has no values", path, hint="give some")
        inner = [isinstance(each, list) for each in value]
        if not any(inner):
            return (len(value),)
        shapes = []
        for index, each in enumerate(value):
            place = (*path, index)
            if not isinstance(each, list):
                raise self._document.error("a list is needed here, as in the other rows", place)
            shapes.append(self._shape_of_list(place, each))
            if shapes[-1] != shapes[0]:
                raise self._document.error("rows of a vector are of one length, and this one is of another", place)
        return (len(value), *shapes[0])

    def _name_in(self, path: KeyPath) -> str:
        return str(path[len(self._prefix) + 1])

    # -- indices and ends -----------------------------------------------------------------------

    def _indices(self, path: KeyPath, count: int) -> tuple[str, ...]:
        """Return the names of the indices."""
        place: KeyPath = (*path, "index")
        given = self._document.get(place)
        if given is None:
            if count > len(_USUAL_NAMES):
                hint = 'add index = ["a", "b", ...]'
                raise self._document.error(f"{count} indices need names", path, "key", hint)
            found = list(_USUAL_NAMES[:count])
        else:
            found = self._words(place, count, "names of indices")
        for index, name in enumerate(found):
            self._check_index(name, found[:index], place if given is not None else path, str(path[-1]))
        return tuple(found)

    def _check_index(self, name: str, others: Sequence[str], path: KeyPath, vector: str) -> None:
        if not NAME.fullmatch(name) or name in RESERVED or name in OVER_INDEX:
            raise self._document.error(f"{name!r} cannot name an index", path, hint="choose a letter, such as i")
        if name in others:
            raise self._document.error(f"two indices of {vector!r} have the name {name!r}", path)
        if name in self._homes:
            message = f"{name!r} is the index of {vector!r}, and a quantity in [{self._homes[name]}]"
            raise self._document.error(message, path, "key", 'rename one of them: index = "..." names the index')

    def _ends(self, path: KeyPath, count: int) -> tuple[Ends, ...]:
        place: KeyPath = (*path, "ends")
        given = self._document.get(place, ENDS[0])
        found = [given] * count if isinstance(given, str) else self._words(place, count, "words for the ends")
        for word in found:
            if word not in ENDS:
                message = f"'ends' is one of {', '.join(ENDS)}"
                raise self._document.error(message, place, hint=did_you_mean(_ALSO.get(word, word), ENDS))
        return tuple(cast("list[Ends]", found))

    def _words(self, path: KeyPath, count: int, what: str) -> list[str]:
        """Return a text for each dimension."""
        given = self._document.get(path)
        if isinstance(given, str):
            given = [given]
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            raise self._error_of_kind(path, given)
        if len(given) != count:
            dimensions = "dimension" if count == 1 else "dimensions"
            message = f"the vector has {count} {dimensions}, and this is a list of {len(given)} {what}"
            raise self._document.error(message, path, hint="give one for each")
        return given

    def _error_of_kind(self, path: KeyPath, given: Any) -> UserError:
        message = f"{str(path[-1])!r} is text in quotes, or a list of texts, this is {tables.kind_of(given)}"
        return self._document.error(message, path)
