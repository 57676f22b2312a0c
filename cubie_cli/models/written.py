"""What is written for each quantity of a model: a number or a text, where it stands, and of which element it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.models.expressions.tokens import ExpressionError
from cubie_cli.models.expressions.vectors import Vector
from cubie_cli.models.order_of_use import used_names
from cubie_cli.models.vectors import NAMING_TABLES

#: The tables that quantities have entries in.
TABLES = ("states", "parameters", "constants", "equations", "observables")


@dataclass(frozen=True, slots=True)
class Written:
    """A number, or the text of an expression, and its key path.

    Parameters
    ----------
    value
        What is written, not checked.
    path
        Where.
    indices
        What the indices are, where it is written for an element of a vector.
    members
        How many elements it is written for.
    """

    value: Any
    path: KeyPath
    indices: Mapping[str, int] = field(default_factory=dict)
    members: int = 1


#: What is written in a table, by the names of quantities, in order.
Entries = Mapping[str, Written]


@dataclass(frozen=True)
class WrittenModel:
    """The tables of a model with an entry for each quantity.

    Parameters
    ----------
    document, prefix
        Where the model is written, and the key path of its tables there.
    vectors
        The model's vectors by their names.
    """

    document: Document
    prefix: KeyPath
    vectors: Mapping[str, Vector]

    @cached_property
    def entries(self) -> Mapping[str, Entries]:
        """What is written in each table, by the names of quantities; elements of vectors are quantities."""
        return {table: self._entries(table) for table in TABLES}

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """The table of each name that is written; vectors have one, their elements none."""
        return {name: table for table in NAMING_TABLES for name in self.names_in(table)}

    def names_in(self, table: str) -> tuple[str, ...]:
        """Return the names that are written in a table, in order."""
        return tuple(tables.table(self.document, (*self.prefix, table)))

    def elements_of(self, name: str) -> tuple[str, ...]:
        """Return the quantities that a name stands for: all elements of a vector, or itself."""
        return tuple(self.vectors[name].elements) if name in self.vectors else (name,)

    def vector_of(self, name: str) -> Vector | None:
        """Return the vector of an element, whether it has it or not; None for other names."""
        base, bracket, _ = name.partition("[")
        return self.vectors.get(base.strip()) if bracket else None

    def written_for(self, table: str, name: str) -> tuple[Written, ...]:
        """Return what is written for a name, each text once."""
        found = [self.entries[table][each] for each in self.elements_of(name)]
        return tuple({each.path: each for each in found}.values())

    def hint_for(self, name: str, known: Iterable[str]) -> str | None:
        """Return what may have been meant by a name that is not among some written names."""
        base = name.partition("[")[0].strip()
        if base not in self.vectors:
            return did_you_mean(name, known)
        told = self.vectors[base].told
        return f"name an element, {told}" if name == base else f"{base!r} has {told}, written without blanks"

    def used_names(self, table: str, name: str, known: Iterable[str]) -> list[str]:
        """Return which of some written names the texts of a name refer to.

        Raises
        ------
        UserError
            For a text that is no expression.
        """
        texts = [each for each in self.written_for(table, name) if isinstance(each.value, str)]
        return [used for each in texts for used in self._used(each, known)]

    def error(self, written: Written, error: ExpressionError) -> UserError:
        """Return the error of an expression as one with its place."""
        return self.document.error(error.message, written.path, hint=error.hint, offset=error.offset)

    def _used(self, written: Written, known: Iterable[str]) -> list[str]:
        try:
            return used_names(written.value, known)
        except ExpressionError as error:
            raise self.error(written, error) from None

    def _entries(self, table: str) -> Entries:
        path = (*self.prefix, table)
        found: dict[str, Written] = {}
        for name, value in tables.table(self.document, path).items():
            if name in self.vectors:
                found.update(_of_vector(self.vectors[name], table, value, (*path, name)))
            else:
                found[name] = Written(value, (*path, name))
        return found


def for_each(vector: Vector, value: Any, path: KeyPath) -> Entries:
    """Return what is written for each element of a vector by one text or number."""
    members = len(vector.elements)
    return {name: Written(value, path, indices, members) for name, indices in vector.elements.items()}


def _of_vector(vector: Vector, table: str, value: Any, path: KeyPath) -> Entries:
    """Return what is written for each element: one value for all, or one each."""
    at_home = table == vector.table
    if at_home and isinstance(value, dict):
        value, path = value["value"], (*path, "value")
    if not (at_home and isinstance(value, list)):
        return for_each(vector, value, path)
    return {
        name: Written(_item(value, place), (*path, *place), indices)
        for place, (name, indices) in zip(vector.places, vector.elements.items(), strict=True)
    }


def _item(value: Any, place: tuple[int, ...]) -> Any:
    for index in place:
        value = value[index]
    return value
