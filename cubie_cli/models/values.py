"""Reads the values of states, parameters and constants: numbers, or expressions of parameters and constants."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cubie_cli.documents import tables
from cubie_cli.models.expressions.names import Scope
from cubie_cli.models.expressions.parser import number, parse_in
from cubie_cli.models.expressions.tokens import ExpressionError, tokens
from cubie_cli.models.expressions.vectors import Vector
from cubie_cli.models.order_of_use import CircleError, in_order_of_use, used_names
from cubie_cli.models.written import Written, WrittenModel

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


def read_values(written: WrittenModel) -> Values:
    """Read the values of a model's tables.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    reader = _Reader(written)
    for table in _REFERS_TO:
        reader.read(table)
    return Values(**reader.values, computed=tuple(reader.computed))


class _Reader:
    """Reads one table after the other."""

    def __init__(self, written: WrittenModel) -> None:
        self._written = written
        self._document = written.document
        self.values: dict[str, dict[str, float]] = {table: {} for table in _REFERS_TO}
        self.computed: list[str] = []

    def read(self, table: str) -> None:
        """Read a table, after those that it refers to."""
        entries = self._written.entries[table]
        texts = {name: each for name, each in entries.items() if isinstance(each.value, str)}
        plain = {name: self._number(each) for name, each in entries.items() if name not in texts}
        self.values[table] = plain
        for base in self._in_order(table):
            known = self._known(table, base)
            for name in self._written.elements_of(base):
                if name in texts:
                    plain[name] = self._evaluated(known, texts[name], name)
        self.values[table] = {name: plain[name] for name in entries}

    def _number(self, written: Written) -> float:
        if isinstance(written.value, dict):
            hint = "a vector has a size and a value, as in { size = 64, value = 0.0 }"
            raise self._document.error("a number is needed, this is a table", written.path, hint=hint)
        return tables.number(self._document, written.path)

    def _in_order(self, table: str) -> tuple[str, ...]:
        """Return the names written in a table, each after those it needs."""
        names = self._written.names_in(table)
        within = names if table in _REFERS_TO[table] else ()
        try:
            return in_order_of_use({name: self._written.used_names(table, name, within) for name in names})
        except CircleError as error:
            message = f"values refer to each other in a circle: {error}"
            place = (*self._written.prefix, table, error.name)
            raise self._document.error(message, place, "key", "write one of them without the others") from None

    def _known(self, table: str, base: str) -> "_Known":
        """Return what the texts of a name may refer to, and refuse other references."""
        homes, allowed = self._written.homes, _REFERS_TO[table]
        for written in self._written.written_for(table, base):
            used = used_names(written.value, homes) if isinstance(written.value, str) else []
            for name in used:
                if homes[name] not in allowed:
                    told = " and ".join(allowed)
                    message = f"{name!r} is in [{homes[name]}], and a value in [{table}] is made of {told}"
                    raise self._document.error(message, written.path)
        parameters = self._written.entries["parameters"] if "parameters" in allowed else ()
        bases = self._written.used_names(table, base, self._written.names_in("parameters"))
        used = [name for each in bases for name in self._written.elements_of(each)]
        values = {name: self.values["parameters"][name] for name in used}
        return _Known(self.values["constants"], tuple(parameters), values, self._written.vectors)

    def _evaluated(self, known: "_Known", written: Written, name: str) -> float:
        try:
            if any(each.text == "t" for each in tokens(written.value)):
                message = "a value cannot depend on t: it is computed before a run begins"
                raise self._document.error(message, written.path)
            if known.values:
                self.computed.append(name)
                return known.computed(written)
            return number(known.numbers, written.value, written.indices, written.members)
        except ExpressionError as error:
            raise self._written.error(written, error) from None


@dataclass(frozen=True)
class _Known:
    """What the value of a quantity may refer to.

    Parameters
    ----------
    constants
        Values by name.
    parameters
        Names of all parameters, where they may be referred to.
    values
        Of those parameters that are.
    vectors
        The model's.
    """

    constants: Mapping[str, float]
    parameters: tuple[str, ...]
    values: Mapping[str, float]
    vectors: Mapping[str, Vector]

    @cached_property
    def numbers(self) -> Scope:
        """What expressions of constants know; parameters are names like those that they are mistaken for."""
        return Scope({**dict.fromkeys(self.parameters, math.nan), **self.constants}, vectors=self.vectors)

    @cached_property
    def _symbolic(self) -> Scope:
        from solvers.equations.system import parameter_symbol  # noqa: PLC0415 - imports SymPy, which numbers do without

        symbols = {name: parameter_symbol(index) for index, name in enumerate(self.parameters)}
        return Scope({**symbols, **self.constants}, vectors=self.vectors)

    def computed(self, written: Written) -> float:
        """Return the value of an expression in parameters."""
        from solvers.equations.lowering import number_of  # noqa: PLC0415 - likewise

        found = parse_in(self._symbolic, written.value, written.indices, written.members)
        return number_of(found, {self._symbolic.symbols[name]: value for name, value in self.values.items()})
