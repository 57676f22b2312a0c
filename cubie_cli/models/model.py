"""Reads a model file: checks names and values, and leaves expressions as texts, which `models.system` reads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cubie_cli.documents import tables
from cubie_cli.documents.columns import TableFile
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.models.drivers import read_drivers
from cubie_cli.models.events import WrittenEvent, event_numbers, read_events
from cubie_cli.models.expressions.tokens import RESERVED, ExpressionError
from cubie_cli.models.order_of_use import CircleError, in_order_of_use, used_names, used_slopes
from cubie_cli.models.values import read_values
from solvers.equations.quantities import Quantities

KEYS = ("name", "states", "parameters", "constants", "equations", "observables", "drivers", "events", "units")

_VALUE_TABLES = ("states", "parameters", "constants")
_NAMING_TABLES = (*_VALUE_TABLES, "observables", "drivers")
#: Python's keywords are names like any other.
NAME = re.compile("[A-Za-z_][A-Za-z_0-9]*")


@dataclass(frozen=True)
class Model:
    """A model as it is written, checked but for its expressions.

    Parameters
    ----------
    quantities
        Names and values.
    document, prefix
        Where the model is written, and the key path of its tables there.
    constants
        Values by name; the system's expressions hold them as numbers.
    observables
        The observables in the order written; that of `quantities` has each after those it needs.
    computed
        Names of the parameters and states whose values are expressions of parameters, each after those it needs.
    events
        What happens on the way, in the order written.
    table_files
        The files that drivers are read from, by their names.
    """

    quantities: Quantities
    document: Document
    prefix: KeyPath = ()
    constants: Mapping[str, float] = field(default_factory=dict)
    observables: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    events: tuple[WrittenEvent, ...] = ()
    table_files: Mapping[str, TableFile] = field(default_factory=dict)

    def text_of(self, table: str, name: str) -> str:
        """Return an expression as written; `table` is the name of the table where it stands."""
        return str(self.document.get((*self.prefix, table, name)))

    def error(
        self, table: str, name: str, message: str, hint: str | None = None, offset: int | None = None
    ) -> UserError:
        """Return an error at the place of an entry of a table."""
        return self.document.error(message, (*self.prefix, table, name), hint=hint, offset=offset)


def read_model(document: Document, prefix: KeyPath = ()) -> Model:
    """Read a model.

    Parameters
    ----------
    document
        The file.
    prefix
        The key path of the model's tables: empty for a model file.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    return _Reader(document, prefix).read()


class _Reader:
    def __init__(self, document: Document, prefix: KeyPath) -> None:
        self._document = document
        self._prefix = prefix

    def read(self) -> Model:
        self._check_tables()
        self._check_names()
        values = read_values(self._document, self._prefix)
        self._check_equations()
        drivers = read_drivers(self._document, self._prefix)
        observables = tuple(self._table("observables"))
        ordered = self._in_order_of_use(observables)
        for table in ("equations", "observables"):
            for name in self._table(table):
                self._text(self._path(table, name))
        events = read_events(self._document, self._path("events"), ordered)
        quantities = Quantities(
            name=self._title(),
            states=tuple(values.states),
            initial_values=tuple(values.states.values()),
            parameters=tuple(values.parameters),
            parameter_values=tuple(values.parameters.values()),
            observables=ordered,
            units=self._units(),
            event_facts=tuple(event.facts for event in events),
            event_numbers=event_numbers(events),
            drivers=drivers.drivers,
        )
        known = values.constants, observables, values.computed, events, drivers.files
        return Model(quantities, self._document, self._prefix, *known)

    # -- tables ---------------------------------------------------------------------------------

    def _path(self, *parts: str) -> KeyPath:
        return (*self._prefix, *parts)

    def _table(self, name: str) -> Mapping[str, object]:
        return tables.table(self._document, self._path(name))

    def _check_tables(self) -> None:
        tables.check_keys(self._document, self._prefix, KEYS if not self._prefix else (*KEYS, "file"))
        for name in ("states", "equations"):
            if not self._table(name):
                message = f"the model has no [{'.'.join(map(str, self._path(name)))}]"
                raise self._document.error(message, self._path(name), "key", "a model needs states and equations")

    def _check_names(self) -> None:
        home: dict[str, str] = {}
        for table in _NAMING_TABLES:
            for name in self._table(table):
                path = self._path(table, name)
                self._check_name(name, path)
                if name in home:
                    message = f"{name!r} is already in [{home[name]}]"
                    raise self._document.error(message, path, "key", "each name stands for one quantity")
                home[name] = table

    def _check_name(self, name: str, path: KeyPath) -> None:
        if not NAME.fullmatch(name):
            hint = "use ASCII letters, digits and _, a digit not first"
            raise self._document.error(f"{name!r} is not a name", path, "key", hint)
        if len(name) > tables.LONGEST_NAME:
            raise self._document.error(f"the name is longer than {tables.LONGEST_NAME} characters", path, "key")
        if name in RESERVED:
            message = f"{name!r} is a word of the expression language"
            raise self._document.error(message, path, "key", f"choose another name, such as {name}_ or {name}1")

    def _check_equations(self) -> None:
        states, equations = self._table("states"), self._table("equations")
        for name in equations:
            if name not in states:
                raise self._misplaced_equation(name)
        for name in states:
            if name not in equations:
                message = f"the state {name!r} has no equation"
                hint = f'add {name} = "..." to [equations], or move {name} to [parameters]'
                raise self._document.error(message, self._path("states", name), "key", hint)

    def _misplaced_equation(self, name: str) -> UserError:
        path = self._path("equations", name)
        for table in ("parameters", "constants", "observables", "drivers"):
            if name in self._table(table):
                message = f"{name!r} is in [{table}] and has an equation"
                return self._document.error(message, path, "key", "only states have equations")
        without = [state for state in self._table("states") if state not in self._table("equations")]
        near = did_you_mean(name, without) if without else None
        message = f"{name!r} has an equation and no initial value"
        return self._document.error(message, path, "key", near or f"add {name} = 0.0 to [states]")

    def _title(self) -> str:
        if self._document.get(self._path("name")) is None:
            return self._document.path.stem
        return tables.text(self._document, self._path("name"))

    def _units(self) -> dict[str, str]:
        known = ["t", *(name for table in _NAMING_TABLES for name in self._table(table))]
        for name in self._table("units"):
            if name not in known:
                message = f"{name!r} has a unit and is no quantity of the model"
                raise self._document.error(message, self._path("units", name), "key", did_you_mean(name, known))
        return {name: tables.text(self._document, self._path("units", name)) for name in self._table("units")}

    # -- expressions ----------------------------------------------------------------------------

    def _text(self, path: KeyPath) -> str:
        value = self._document.get(path)
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise self._document.error("an expression stands in quotes", path, hint=f'write "{value}"')
        return tables.text(self._document, path)

    def _in_order_of_use(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return observables with each after those it needs, otherwise as written."""
        try:
            return in_order_of_use({name: self._used(name, names) for name in names})
        except CircleError as error:
            message = f"observables refer to each other in a circle: {error}"
            raise self._document.error(message, self._path("observables", error.name), "key") from None

    def _used(self, name: str, names: tuple[str, ...]) -> list[str]:
        """Return which observables an observable refers to, by itself or by the right-hand side of a state."""
        path = self._path("observables", name)
        text = self._text(path)
        try:
            slopes = [
                self._path("equations", state) for state in used_slopes(text) if state in self._table("equations")
            ]
            texts = [text, *(self._text(slope) for slope in slopes)]
            return [used for each in texts for used in used_names(each, names)]
        except ExpressionError as error:
            raise self._document.error(error.message, path, hint=error.hint, offset=error.offset) from None
