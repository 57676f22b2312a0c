"""Reads the values of states, parameters and constants: numbers, or expressions of parameters and constants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.positions import KeyPath
from cubie_cli.models.expressions.tokens import ExpressionError
from cubie_cli.models.order_of_use import CircleError, in_order_of_use, used_names

#: What the values of a table may refer to.
_REFERS_TO = {
    "constants": ("constants",),
    "parameters": ("constants", "parameters"),
    "states": ("constants", "parameters"),
}


@dataclass(frozen=True)
class Values:
    """Values by name, in the order written.

    Parameters
    ----------
    constants, parameters, states
        Numbers; what is an expression of parameters has its value for their defaults, NaN where that is none.
    computed
        Names of the parameters and states that are expressions of parameters, each after those it needs.
    """

    constants: Mapping[str, float]
    parameters: Mapping[str, float]
    states: Mapping[str, float]
    computed: tuple[str, ...]


def read_values(document: Document, prefix: KeyPath) -> Values:
    """Read the values of a model's tables.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    reader = _Reader(document, prefix)
    for table in _REFERS_TO:
        reader.read(table)
    return Values(**reader.values, computed=tuple(reader.computed))


class _Reader:
    """Reads one table after the other."""

    def __init__(self, document: Document, prefix: KeyPath) -> None:
        self._document = document
        self._prefix = prefix
        self.values: dict[str, dict[str, float]] = {table: {} for table in _REFERS_TO}
        self.computed: list[str] = []

    def read(self, table: str) -> None:
        """Read a table, after those that it refers to."""
        entries = tables.table(self._document, (*self._prefix, table))
        texts = {name: value for name, value in entries.items() if isinstance(value, str)}
        plain = {name: tables.number(self._document, self._path(table, name)) for name in entries if name not in texts}
        self.values[table] = plain
        for name in self._in_order(table, texts):
            plain[name] = self._evaluated(table, name, texts[name])
            parameters = self.values["parameters"] if "parameters" in _REFERS_TO[table] else {}
            if used_names(texts[name], parameters):
                self.computed.append(name)
        self.values[table] = {name: plain[name] for name in entries}

    def _path(self, table: str, name: str) -> KeyPath:
        return (*self._prefix, table, name)

    def _in_order(self, table: str, texts: Mapping[str, str]) -> tuple[str, ...]:
        within = texts if table in _REFERS_TO[table] else ()
        uses: dict[str, Sequence[str]] = {}
        for name, text in texts.items():
            try:
                uses[name] = used_names(text, within)
            except ExpressionError as error:
                raise self._error(table, name, error) from None
        try:
            return in_order_of_use(uses)
        except CircleError as error:
            message = f"values refer to each other in a circle: {error}"
            raise self._document.error(message, self._path(table, error.name), "key") from None

    def _evaluated(self, table: str, name: str, text: str) -> float:
        # They import SymPy, which numbers do without.
        from cubie_cli.models.expressions.parser import parse  # noqa: PLC0415
        from solvers.equations.lowering import number_of  # noqa: PLC0415
        from solvers.equations.system import TIME, parameter_symbol  # noqa: PLC0415

        constants = self.values["constants"]
        parameters = self.values["parameters"] if "parameters" in _REFERS_TO[table] else {}
        symbols = {each: parameter_symbol(index) for index, each in enumerate(parameters)}
        self._check_reference(table, name, text, {**constants, **parameters})
        try:
            found = parse(text, {**constants, **symbols})
        except ExpressionError as error:
            raise self._error(table, name, error) from None
        if TIME in found.free_symbols:
            message = "a value cannot depend on t: it is computed before a run begins"
            raise self._document.error(message, self._path(table, name))
        return number_of(found, dict(zip(symbols.values(), parameters.values(), strict=True)))

    def _check_reference(self, table: str, name: str, text: str, known: Mapping[str, float]) -> None:
        """Refuse a reference to a quantity that has no value yet."""
        homes = {
            other: home
            for home in ("states", "parameters", "constants", "observables", "drivers")
            for other in tables.table(self._document, (*self._prefix, home))
        }
        for used in used_names(text, homes):
            if used not in known:
                allowed = " and ".join(_REFERS_TO[table])
                message = f"{used!r} is in [{homes[used]}], and a value in [{table}] is made of {allowed}"
                raise self._document.error(message, self._path(table, name))

    def _error(self, table: str, name: str, error: ExpressionError) -> UserError:
        return self._document.error(error.message, self._path(table, name), hint=error.hint, offset=error.offset)
