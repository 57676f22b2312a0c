"""Reads which quantities are asked for by name: single ones, elements of vectors, and vectors as a whole."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cubie_cli.documents.document import Document
from cubie_cli.documents.globs import chosen_names, is_glob
from cubie_cli.documents.positions import KeyPath
from cubie_cli.models.expressions.vectors import Vector
from cubie_cli.models.written import WrittenModel

#: Tables of the model whose quantities are listed by name.
_LISTED = ("states", "observables")


@dataclass(frozen=True)
class Chosen:
    """A quantity that is asked for, or a vector.

    Parameters
    ----------
    name, place
        The name, and the key path where it stands.
    elements
        The quantities: itself, or the elements of the vector.
    vector
        The vector, if it is one.
    """

    name: str
    place: KeyPath
    elements: tuple[str, ...]
    vector: Vector | None = None


@dataclass(frozen=True)
class Whole:
    """A vector that is one variable of the result, with a dimension for each of its indices.

    Parameters
    ----------
    name
        What the result calls it.
    vector
        The vector; the variables of its elements follow each other.
    """

    name: str
    vector: Vector


#: Vectors as variables of the result, by what the variable of the first element would be called.
Wholes = Mapping[str, Whole]


class Joined(NamedTuple):
    """A variable of the result: its name, the positions of its elements among all names, and the vector it is."""

    name: str
    rows: range
    whole: Whole | None

    @property
    def dimensions(self) -> tuple[tuple[str, int], ...]:
        """The names and lengths of dimensions of its own."""
        return self.whole.vector.dimensions if self.whole else ()


def joined(names: Sequence[str], vectors: Wholes) -> Iterator[Joined]:
    """Yield the variables of the result for names of quantities: elements of vectors become one."""
    first = 0
    while first < len(names):
        whole = vectors.get(names[first])
        count = len(whole.vector.elements) if whole else 1
        yield Joined(whole.name if whole else names[first], range(first, first + count), whole)
        first += count


def choose(
    written: WrittenModel, document: Document, names: Sequence[str], table: str, path: KeyPath
) -> tuple[Chosen, ...]:
    """Return what a list of names asks for.

    Parameters
    ----------
    written
        The model.
    document, path
        The file with the list, and its key path.
    names, table
        The names, globs among them, and the table of the model that they are of.

    Raises
    ------
    UserError
        For a name that the model does not have, and for what is asked for twice.
    """
    found: list[Chosen] = []
    asked: dict[str, str] = {}
    for name, place in _names(written, document, names, table, path).items():
        each = chosen(written, document, name, table, place)
        for element in each.elements:
            if element in asked:
                raise document.error(f"{element!r} is given twice: once by {asked[element]!r}", place)
            asked[element] = name
        found.append(each)
    return tuple(found)


def _names(
    written: WrittenModel, document: Document, names: Sequence[str], table: str, path: KeyPath
) -> Mapping[str, KeyPath]:
    """Return the names that are given or matched by globs; an element of a vector is no glob."""
    for index, name in enumerate(names):
        if not is_glob(name) or written.vector_of(name):
            chosen(written, document, name, table, (*path, index))
    elements = [name for name in names if written.vector_of(name)]
    return chosen_names(document, path, names, written.names_in(table), table.removesuffix("s"), elements)


def positions(asked: Iterable[Chosen], names: Iterable[str]) -> tuple[int, ...]:
    """Return the positions of what is asked for among all names of its kind."""
    known = {name: index for index, name in enumerate(names)}
    return tuple(known[name] for each in asked for name in each.elements)


def chosen(written: WrittenModel, document: Document, name: str, table: str, place: KeyPath) -> Chosen:
    """Return what a name asks for; see `choose`."""
    if name in written.entries[table]:
        return Chosen(name, place, (name,))
    vector = written.vectors.get(name)
    if vector is not None and vector.table == table:
        return Chosen(name, place, tuple(vector.elements), vector)
    what, known = table.removesuffix("s"), written.names_in(table)
    home = written.homes.get(name, table)
    hint = written.hint_for(name, known) if home == table else _in_another_table(name, home, place)
    hint = hint or f"the model has no {table}" * (not known) or None
    raise document.error(f"the model has no {what} {name!r}", place, "key", hint)


def _in_another_table(name: str, home: str, place: KeyPath) -> str:
    """Return where a name is, and what to write if it stands in a list of names of one of two tables."""
    listed = len(place) > 1 and place[-2] in _LISTED and home in _LISTED
    return f"it is in [{home}]" + f': write {home} = ["{name}"]' * listed


def wholes(found: Iterable[Chosen], called: Callable[[str], str]) -> Wholes:
    """Return the vectors among what is asked for, as the result calls them.

    Parameters
    ----------
    called
        From the name of a quantity or vector to that of the variable.
    """
    return {called(each.elements[0]): Whole(called(each.name), each.vector) for each in found if each.vector}
