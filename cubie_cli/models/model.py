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
from cubie_cli.models.expressions.tokens import RESERVED
from cubie_cli.models.expressions.vectors import Vector
from cubie_cli.models.order_of_use import CircleError, in_order_of_use, used_slopes
from cubie_cli.models.values import read_values
from cubie_cli.models.vectors import NAME, NAMING_TABLES, read_vectors
from cubie_cli.models.written import WrittenModel
from solvers.equations.quantities import Quantities

#: How others write what an equation is of.
_SLOPE = re.compile(r"d(?P<d>\w+)/dt|(?P<dot>\w+)(?:'+|_dot)")
KEYS = ("name", "states", "parameters", "constants", "equations", "observables", "drivers", "events", "units")


@dataclass(frozen=True)
class Model:
    """A model as it is written, checked but for its expressions.

    Parameters
    ----------
    quantities
        Names and values.
    written
        Its tables, with an entry for each quantity.
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
    written: WrittenModel
    constants: Mapping[str, float] = field(default_factory=dict)
    observables: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    events: tuple[WrittenEvent, ...] = ()
    table_files: Mapping[str, TableFile] = field(default_factory=dict)

    @property
    def document(self) -> Document:
        """Where the model is written."""
        return self.written.document

    @property
    def prefix(self) -> KeyPath:
        """The key path of its tables there."""
        return self.written.prefix

    @property
    def vectors(self) -> Mapping[str, Vector]:
        """The vectors by their names; their elements are quantities, each with a name of its own."""
        return self.written.vectors

    def text_of(self, table: str, name: str) -> str:
        """Return an expression as written; `table` is the name of the table where it stands."""
        return str(self.written.entries[table][name].value)

    def text_of_value(self, name: str) -> str:
        """Return the value of a parameter or state as written, for one that is an expression."""
        return self.text_of("parameters" if name in self.written.entries["parameters"] else "states", name)

    def error(
        self, table: str, name: str, message: str, hint: str | None = None, offset: int | None = None
    ) -> UserError:
        """Return an error at the place of an entry of a table."""
        written = self.written.entries.get(table, {}).get(name)
        path = written.path if written else (*self.prefix, table, name)
        return self.document.error(message, path, hint=hint, offset=offset)


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
        written = WrittenModel(self._document, self._prefix, read_vectors(self._document, self._prefix))
        values = read_values(written)
        self._check_equations(written.vectors)
        drivers = read_drivers(self._document, self._prefix)
        for table in ("equations", "observables"):
            for name in self._table(table):
                for each in written.written_for(table, name):
                    self._text(each.path)
        ordered = self._in_order_of_use(written)
        events = read_events(written, ordered)
        quantities = Quantities(
            name=self._title(),
            states=tuple(values.states),
            initial_values=tuple(values.states.values()),
            parameters=tuple(values.parameters),
            parameter_values=tuple(values.parameters.values()),
            observables=ordered,
            units=self._units(written),
            event_facts=tuple(event.facts for event in events),
            event_numbers=event_numbers(events),
            drivers=drivers.drivers,
        )
        return Model(
            quantities,
            written,
            constants=values.constants,
            observables=tuple(written.entries["observables"]),
            computed=values.computed,
            events=events,
            table_files=drivers.files,
        )

    # -- tables ---------------------------------------------------------------------------------

    def _path(self, *parts: str) -> KeyPath:
        return (*self._prefix, *parts)

    def _table(self, name: str) -> Mapping[str, object]:
        return tables.table(self._document, self._path(name))

    def _check_tables(self) -> None:
        keys = KEYS if not self._prefix else (*KEYS, "file")
        tables.check_keys(self._document, self._prefix, keys, "[model]")
        for name in ("states", "equations"):
            if not self._table(name):
                message = f"the model has no [{'.'.join(map(str, self._path(name)))}]"
                raise self._document.error(message, self._path(name), "key", "a model needs states and equations")

    def _check_names(self) -> None:
        home: dict[str, str] = {}
        for table in NAMING_TABLES:
            for name in self._table(table):
                path = self._path(table, name)
                self._check_name(name, path)
                if name in home:
                    message = f"{name!r} is already in [{home[name]}]"
                    raise self._document.error(message, path, "key", "each name stands for one quantity")
                home[name] = table

    def _check_name(self, name: str, path: KeyPath) -> None:
        if not NAME.fullmatch(name):
            if "[" in name:
                hint = "elements stand with their vector: a list of values, or an expression of its index"
                raise self._document.error(f"{name!r} cannot stand by itself", path, "key", hint)
            hint = "use ASCII letters, digits and _, a digit not first"
            raise self._document.error(f"{name!r} is not a name", path, "key", hint)
        if len(name) > tables.LONGEST_NAME:
            raise self._document.error(f"the name is longer than {tables.LONGEST_NAME} characters", path, "key")
        if name in RESERVED:
            message = f"{name!r} is a word of the expression language"
            raise self._document.error(message, path, "key", f"choose another name, such as {name}_ or {name}1")

    def _check_equations(self, vectors: Mapping[str, Vector]) -> None:
        states, equations = self._table("states"), self._table("equations")
        for name in equations:
            if name not in states:
                raise self._misplaced_equation(name, vectors)
        for name in states:
            if name not in equations:
                message = f"the state {name!r} has no equation"
                hint = f'add {name} = "..." to [equations], or move {name} to [parameters]'
                raise self._document.error(message, self._path("states", name), "key", hint)

    def _misplaced_equation(self, name: str, vectors: Mapping[str, Vector]) -> UserError:
        path = self._path("equations", name)
        if slope := _SLOPE.fullmatch(name):
            message, hint = (
                f"{name!r} is no state",
                f'the name of the state stands alone: {slope["d"] or slope["dot"]} = "..."',
            )
            return self._document.error(message, path, "key", hint)
        vector = vectors.get(name.partition("[")[0])
        if vector is not None and "[" in name:
            message = f"an element has no equation of its own, it is one of {vector.name!r}"
            hint = f'tell it apart by a condition: {vector.name} = "... if {vector.indices[0]} == 0 else ..."'
            return self._document.error(message, path, "key", hint)
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
            enclosed = self._document.enclosed
            return enclosed.title if enclosed else self._document.path.stem
        return tables.text(self._document, self._path("name"))

    def _units(self, written: WrittenModel) -> dict[str, str]:
        known = ["t", *(name for table in NAMING_TABLES for name in self._table(table))]
        for name in self._table("units"):
            if name not in known:
                message = f"{name!r} has a unit and is no quantity of the model"
                raise self._document.error(message, self._path("units", name), "key", did_you_mean(name, known))
        found = {name: tables.text(self._document, self._path("units", name)) for name in self._table("units")}
        elements = {each: unit for name, unit in found.items() for each in written.elements_of(name)}
        return found | elements

    # -- expressions ----------------------------------------------------------------------------

    def _text(self, path: KeyPath) -> str:
        value = self._document.get(path)
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise self._document.error("an expression stands in quotes", path, hint=f'write "{value}"')
        return tables.text(self._document, path)

    def _in_order_of_use(self, written: WrittenModel) -> tuple[str, ...]:
        """Return observables with each after those it needs, otherwise as written; a vector in one piece."""
        try:
            ordered = in_order_of_use({name: self._used(name, written) for name in self._table("observables")})
        except CircleError as error:
            message = f"observables refer to each other in a circle: {error}"
            hint = "write one of them without the others"
            raise self._document.error(message, self._path("observables", error.name), "key", hint) from None
        return tuple(each for name in ordered for each in written.elements_of(name))

    def _used(self, name: str, written: WrittenModel) -> list[str]:
        """Return which observables an observable refers to, by itself or by the right-hand side of a state."""
        observables = written.names_in("observables")
        found = written.used_names("observables", name, observables)
        slopes = [state for each in written.written_for("observables", name) for state in used_slopes(each.value)]
        for state in dict.fromkeys(slopes):
            if state in self._table("equations"):
                found += written.used_names("equations", state, observables)
        return found
