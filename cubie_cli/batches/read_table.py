"""Reads a table of runs: a file with a column for each quantity and a row for each run."""

import json
import re
from collections.abc import Callable, Mapping

import numpy as np

from cubie_cli.batches.parts import Table
from cubie_cli.documents import tables
from cubie_cli.documents.column_files import named_columns
from cubie_cli.documents.columns import TableFile
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean, nearest
from cubie_cli.models.model import Model

#: Numbers of a table that a result still holds as text.
_SHORT = 40_000
#: What stands before a unit, as in "CL (L/h)"; columns that a hint lists, and what it lists where none is known.
_FIRST_WORD = re.compile(r"\w+(\[[\d,]+\])?")
_LISTED, _EXAMPLE = 4, 'QUANTITY = "column"'


class RunTable:
    """A file of runs, and what is taken from it.

    Parameters
    ----------
    document, path
        The run configuration, and the key path of the batch or group that names the file.
    model
        What has the quantities.
    claim
        Is told each quantity and where it is named, and refuses those that cannot be swept.
    """

    def __init__(self, document: Document, path: KeyPath, model: Model, claim: Callable[[str, KeyPath], None]) -> None:
        self._document = document
        self._path = path
        self._model = model
        self._claim = claim
        self._columns = named_columns(document, (*path, "table"))

    @property
    def file(self) -> TableFile:
        """The file, and its digest."""
        return self._columns.file

    def read(self) -> Table:
        """Read it.

        Raises
        ------
        UserError
            With the place of the first mistake: in the configuration, or the line and column of the file.
        """
        chosen = self._renamed() if self._document.get((*self._path, "columns")) is not None else self._by_name()
        rows = self._columns.matrix(list(chosen.values()))
        if not rows.size:
            raise self._columns.error_in_names("the table has no rows", "each row below the names is a run")
        return Table(tuple(chosen), rows)

    def _renamed(self) -> dict[str, str]:
        """Return the column of each quantity that the configuration lists."""
        path: KeyPath = (*self._path, "columns")
        chosen: Mapping[str, str] = tables.table(self._document, path)
        if not chosen:
            raise self._document.error("no columns are named", path, hint='such as columns = { CL = "clearance" }')
        for quantity, column in chosen.items():
            self._claim(quantity, (*path, quantity))
            if column not in self._columns.names:
                message, hint = self._columns.unknown(column)
                raise self._document.error(message, (*path, quantity), hint=hint)
        return dict(chosen)

    def _by_name(self) -> dict[str, str]:
        """Return the column of each quantity that a column is named as; an initial value may be as in results."""
        quantities, chosen = self._model.quantities, dict[str, str]()
        states = {f"{state}_0": state for state in quantities.states}
        for column in self._columns.names:
            known = column in quantities.parameters or column in quantities.states
            quantity = column if known else states.get(column, column)
            if not known and column not in states:
                if column in self._columns.asides:
                    continue
                raise self._unknown(column)
            if quantity in chosen:
                message = f"the columns {chosen[quantity]!r} and {column!r} are both the initial value of {quantity!r}"
                raise self._columns.error_in_names(message, "keep one of them")
            self._claim(quantity, (*self._path, "table"))
            chosen[quantity] = column
        if not chosen:
            hint = 'say what they are: columns = { CL = "clearance" }'
            raise self._columns.error_in_names("no column is named as a parameter or state of the model", hint)
        return chosen

    def _unknown(self, column: str) -> UserError:
        quantities = self._model.quantities
        for what, names in (("a constant", self._model.constants), ("an observable", quantities.observables)):
            if column in names:
                message = f"the column {column!r} is {what}, which cannot be swept"
                return self._columns.error_in_names(message, "take the column out")
        message = f"the column {column!r} is no parameter or state of the model"
        if not column:
            message = f"column {self._columns.names.index(column) + 1} has no name"
        elif len(self._columns.names) == 1 and not column.isidentifier():
            return self._columns.error_in_names(message, "columns are separated by commas, semicolons or tabs")
        near = did_you_mean(column, self._sweepable) if column else None
        near = f"{near.removesuffix('?')}; else " if near else ""
        return self._columns.error_in_names(message, f"{near}list the columns to read: columns = {self._listed()}")

    @property
    def _sweepable(self) -> tuple[str, ...]:
        return (*self._model.quantities.parameters, *self._model.quantities.states)

    def _listed(self) -> str:
        """Return the first columns that are like quantities, as a configuration lists them."""
        names, meant = self._columns.names, dict[str, str]()
        for column in sorted(names, key=lambda name: name not in self._sweepable):
            free = [name for name in self._sweepable if name not in meant]
            first = _FIRST_WORD.match(column)
            quantity = first[0] if first and first[0] in free else nearest(column, free)
            if quantity:
                meant[quantity] = column
        order = sorted(meant, key=lambda quantity: names.index(meant[quantity]))[:_LISTED]
        pairs = [f"{_key(quantity)} = {json.dumps(meant[quantity])}" for quantity in order]
        return f"{{ {', '.join(pairs or [_EXAMPLE])}{', ...' * (len(meant) > _LISTED)} }}"


def _key(name: str) -> str:
    """Return a name as a key of TOML."""
    return name if name.isidentifier() else json.dumps(name)


def short_text(table: Table) -> str | None:
    """Return the rows as text that has every digit of them, under the names of quantities; None for long tables."""
    if table.rows.size > _SHORT:
        return None
    rows = (",".join(map(repr, row)) for row in np.ascontiguousarray(table.rows.T).tolist())
    return "\n".join([",".join(table.names), *rows, ""])
