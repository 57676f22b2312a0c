"""Reads a model's events: checks names and shapes, and leaves expressions as texts, which `models.system` reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cubie_cli.documents import tables
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.other_names import told_of
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.models.chosen import Chosen, Wholes, choose, wholes
from cubie_cli.models.expressions.tokens import ExpressionError, tokens
from cubie_cli.models.written import Written, WrittenModel, for_each
from solvers.equations.quantities import EventFacts

KEYS = ("name", "at", "when", "direction", "set", "stop", "record")
DIRECTIONS = {"up": 1, "down": -1, "both": 0}

SCHEDULE = ("start", "every", "count", "until")
_RECORD = ("first", "states", "observables")
#: Firings are counted in 32 bits.
_MOST = 2**31
#: What to write for a key that has a number.
_WHOLE = {"'stop'": "stop = true", "'record'": 'record = 10, or record = { first = 10, states = ["x"] }'}
_EXAMPLE = "such as { start = 0.0, every = 24.0, count = 10 }"


@dataclass(frozen=True)
class WrittenEvent:
    """An event as it is written, checked but for its expressions.

    Parameters
    ----------
    path
        The key path of its table.
    facts
        What is known of it without its expressions.
    direction
        Of crossings that count: 1 up, -1 down, 0 both.
    when
        The expression that crosses zero; None: there are times.
    times
        Its times by the names of the fields of `solvers.equations.system.Appointments`, `times[0]` and so on among
        them.
    changes
        What it sets, by the name of the state or parameter; all are texts.
    wholes
        The vectors that are recorded.
    """

    path: KeyPath
    facts: EventFacts
    direction: int = 0
    when: Written | None = None
    times: Mapping[str, Written] = field(default_factory=dict)
    changes: Mapping[str, Written] = field(default_factory=dict)
    wholes: Wholes = field(default_factory=dict)

    @property
    def compiled(self) -> Any:
        """What a kernel's code depends on, as plain values: not its name, and not times that are numbers."""
        return [
            self.when and self.when.value,
            self.direction,
            {key: each.value if isinstance(each.value, str) else None for key, each in self.times.items()},
            {name: each.value for name, each in self.changes.items()},
            [self.facts.stop, self.facts.first, self.facts.states, self.facts.observables],
        ]


def number_name(index: int, key: str) -> str:
    """Return under which name `Quantities.event_numbers` has a time of the event at a position."""
    return f"events[{index}].{key}"


def event_numbers(events: Sequence[WrittenEvent]) -> dict[str, float]:
    """Return the times that are numbers, by name."""
    return {
        number_name(index, key): each.value
        for index, event in enumerate(events)
        for key, each in event.times.items()
        if not isinstance(each.value, str)
    }


def read_events(written: WrittenModel, observables: Sequence[str]) -> tuple[WrittenEvent, ...]:
    """Read `[[events]]`.

    Parameters
    ----------
    written
        The model's tables.
    observables
        Names, in the order in which they are computed.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    path = (*written.prefix, "events")
    found = written.document.get(path, [])
    if not isinstance(found, list):
        message = f"'events' must be a list of tables, this is {tables.kind_of(found)}"
        raise written.document.error(message, path, "key", f"begin each event with [[{'.'.join(map(str, path))}]]")
    reader = _Reader(written, path, observables)
    return tuple(reader.event(index) for index in range(len(found)))


class _Reader:
    def __init__(self, written: WrittenModel, path: KeyPath, observables: Sequence[str]) -> None:
        self._written = written
        self._document = written.document
        self._path = path
        self._names: list[str] = []
        self._states = {name: index for index, name in enumerate(written.entries["states"])}
        self._observables = {name: index for index, name in enumerate(observables)}

    def event(self, index: int) -> WrittenEvent:
        """Read one event."""
        path: KeyPath = (*self._path, index)
        if not isinstance(self._get(path), dict):
            raise self._error(f"an event is a table, this is {tables.kind_of(self._get(path))}", path)
        self._check_keys(path, KEYS, "[[events]]", "[events]")
        name = self._name(path)
        self._check_cause(name, path)
        first, states, observables = self._record((*path, "record"))
        facts = EventFacts(
            name,
            self._stop((*path, "stop")),
            first,
            tuple(self._states[each] for one in states for each in one.elements),
            tuple(self._observables[each] for one in observables for each in one.elements),
        )
        times = self._times((*path, "at")) if "at" in self._get(path) else {}
        changes = self._changes((*path, "set"))
        whole = wholes([*states, *observables], lambda each: f"{name}_{each}")
        return WrittenEvent(path, facts, self._direction(path), self._when((*path, "when")), times, changes, whole)

    def _get(self, path: KeyPath) -> Any:
        return self._document.get(path)

    def _error(self, message: str, path: KeyPath, hint: str | None = None) -> UserError:
        return self._document.error(message, path, hint=hint)

    def _error_at_key(self, message: str, path: KeyPath, hint: str | None = None) -> UserError:
        return self._document.error(message, path, "key", hint)

    def _check_keys(self, path: KeyPath, known: Sequence[str], where: str, place: str = "") -> None:
        for key in self._get(path):
            if key not in known:
                hint = told_of(place, key) or did_you_mean(key, known)
                raise self._error_at_key(f"unknown key {key!r} in {where}", (*path, key), hint)

    # -- what it is -----------------------------------------------------------------------------

    def _name(self, path: KeyPath) -> str:
        if self._get((*path, "name")) is None:
            raise self._error_at_key("an event needs a name", path, 'add name = "..."')
        path = (*path, "name")
        name = tables.text(self._document, path)
        if not (name.isascii() and name.isidentifier()):
            raise self._error(f"{name!r} is not a name", path, "use ASCII letters, digits and _, a digit not first")
        if len(name) > tables.LONGEST_NAME:
            raise self._error(f"the name is longer than {tables.LONGEST_NAME} characters", path)
        if name in self._names:
            raise self._error(f"there is another event {name!r}", path, "each event has a name of its own")
        self._names.append(name)
        return name

    def _check_cause(self, name: str, path: KeyPath) -> None:
        event = self._get(path)
        if "at" in event and "when" in event:
            message = f"the event {name!r} has both 'at' and 'when'"
            raise self._error_at_key(message, (*path, "when"), "write two events")
        if "at" not in event and "when" not in event:
            hint = 'add at = ..., a time, or when = "...", an expression that crosses zero'
            raise self._error_at_key(f"the event {name!r} never fires", path, hint)

    def _direction(self, path: KeyPath) -> int:
        event, path = self._get(path), (*path, "direction")
        if "direction" not in event:
            return 0
        if "at" in event:
            raise self._error_at_key("'direction' is for events with 'when'", path, "remove the line")
        found = event["direction"]
        if not isinstance(found, str) or found not in DIRECTIONS:
            known = ", ".join(f'"{each}"' for each in DIRECTIONS)
            raise self._error(f"'direction' is one of {known}", path, did_you_mean(str(found), DIRECTIONS))
        return DIRECTIONS[found]

    def _when(self, path: KeyPath) -> Written | None:
        found = self._get(path)
        if isinstance(found, int | float) and not isinstance(found, bool):
            hint = "a time stands in 'at'; 'when' is an expression in quotes that crosses zero"
            raise self._error("a number never crosses zero", path, hint)
        return None if found is None else Written(tables.text(self._document, path), path)

    # -- when it is due -------------------------------------------------------------------------

    def _times(self, path: KeyPath) -> dict[str, Written]:
        found = self._get(path)
        if isinstance(found, dict):
            return self._schedule(path)
        if not isinstance(found, list):
            return {"times[0]": self._time(path)}
        if not found:
            raise self._error("'at' has no times", path, f"list some, or give a table {_EXAMPLE}")
        times = [self._time((*path, index)) for index in range(len(found))]
        values = [each.value for each in times]
        for index, each in enumerate(times):
            if each.value in values[:index]:
                raise self._error(f"the time {found[index]} is given twice", each.path)
        return {f"times[{index}]": each for index, each in enumerate(times)}

    def _schedule(self, path: KeyPath) -> dict[str, Written]:
        """Read times at equal distances."""
        self._check_keys(path, SCHEDULE, "'at'", "[at]")
        found = self._get(path)
        for key in ("start", "every"):
            if key not in found:
                raise self._error(f"{key!r} is missing in 'at'", path, _EXAMPLE)
        if "count" in found and "until" in found:
            hint = "keep one of them; without either the event goes on to t1"
            raise self._error_at_key("'count' and 'until' exclude each other", (*path, "until"), hint)
        times = {key: self._time((*path, key)) for key in SCHEDULE if key in found}
        every = times["every"]
        if not isinstance(every.value, str) and every.value <= 0:
            raise self._error("'every' must be more than 0", every.path)
        if "count" in times and not isinstance(times["count"].value, str):
            self._whole(times["count"].path, "'count'")
        return times

    def _time(self, path: KeyPath) -> Written:
        """Read a number, or an expression of parameters and constants."""
        value = self._get(path)
        if isinstance(value, list | dict):
            raise self._error(f"a number or an expression is needed, this is {tables.kind_of(value)}", path)
        if not isinstance(value, str):
            return Written(tables.number(self._document, path), path)
        try:
            used = [each for each in tokens(value) if each.kind == "name"]
        except ExpressionError as error:
            raise self._document.error(error.message, path, hint=error.hint, offset=error.offset) from None
        for token in used:
            home = self._written.homes.get(token.text, "parameters")
            if token.text == "t" or home not in {"parameters", "constants"}:
                message = "'t' is" if token.text == "t" else f"{token.text!r} is in [{home}], and"
                message = f"{message} not known before the run: times in 'at' are made of parameters and constants"
                hint = "an event that depends on more has 'when' in place of 'at'"
                raise self._document.error(message, path, hint=hint, offset=token.offset)
        return Written(value, path)

    # -- what it does ---------------------------------------------------------------------------

    def _changes(self, path: KeyPath) -> dict[str, Written]:
        found = tables.table(self._document, path)
        if self._get(path) is not None and not found:
            raise self._error("'set' names nothing", path, 'such as set = { x = "x + 1" }, or remove it')
        changes: dict[str, Written] = {}
        for name in found:
            for each, written in self._change(name, (*path, name)).items():
                if each in changes:
                    raise self._error_at_key(f"{each!r} is set twice", written.path, "set it alone, or its vector")
                changes[each] = written
        return changes

    def _change(self, name: str, path: KeyPath) -> dict[str, Written]:
        """Read what is set by one line: a quantity, an element, or all elements of a vector."""
        self._check_target(name, path)
        value = self._get(path)
        if isinstance(value, int | float) and not isinstance(value, bool):
            tables.number(self._document, path)
            value = repr(value)
        else:
            value = tables.text(self._document, path)
        vector = self._written.vectors.get(name)
        return {name: Written(value, path)} if vector is None else dict(for_each(vector, value, path))

    def _check_target(self, name: str, path: KeyPath) -> None:
        if any(name in self._written.entries[table] for table in ("states", "parameters")):
            return
        home = self._written.homes.get(name.partition("[")[0])
        if home in {"states", "parameters"}:
            if name in self._written.vectors:
                return
        elif home == "constants":
            message = f"{name!r} is a constant, which no event can set"
            raise self._error_at_key(message, path, f"move {name} to [parameters]")
        elif home is not None:
            message = f"{name!r} is in [{home}], and events set states and parameters"
            hint = "set what it is made of" if home == "observables" else "add a parameter to it in the equations"
            raise self._error_at_key(message, path, hint)
        known = [each for table in ("states", "parameters") for each in self._written.names_in(table)]
        raise self._error_at_key(
            f"the model has no state or parameter {name!r}", path, self._written.hint_for(name, known)
        )

    def _stop(self, path: KeyPath) -> int:
        found = self._get(path)
        if found is None or isinstance(found, bool):
            return int(found or 0)
        return self._whole(path, "'stop'", "true, or the number of the firing that ends the run")

    def _record(self, path: KeyPath) -> tuple[int, tuple[Chosen, ...], tuple[Chosen, ...]]:
        """Read how many firings are kept, and the states and observables that are kept with them."""
        found = self._get(path)
        if found is None:
            return 0, (), ()
        if not isinstance(found, dict):
            return self._whole(path, "'record'", "the number of firings that are kept, or a table"), (), ()
        self._check_keys(path, _RECORD, "'record'")
        if "first" not in found:
            hint = "add first = ..., the number of firings that are kept"
            raise self._error("'first' is missing in 'record'", path, hint)
        first = self._whole((*path, "first"), "'first'")
        return first, self._recorded((*path, "states"), "state"), self._recorded((*path, "observables"), "observable")

    def _recorded(self, path: KeyPath, what: str) -> tuple[Chosen, ...]:
        names = self._get(path)
        if names is None:
            return ()
        if not isinstance(names, list):
            message = f"{str(path[-1])!r} must be a list, this is {tables.kind_of(names)}"
            raise self._error(message, path, "put it in square brackets")
        for index in range(len(names)):
            tables.text(self._document, (*path, index))
        return choose(self._written, self._document, names, f"{what}s", path)

    def _whole(self, path: KeyPath, what: str, meaning: str = "a whole number") -> int:
        value = self._get(path)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._error(f"{what} must be {meaning}, this is {_told(value)}", path, _WHOLE.get(what))
        if not 1 <= value < _MOST:
            limit = "at least 1" if value < 1 else f"less than {_MOST}"
            raise self._error(f"{what} must be {limit}", path)
        return value


def _told(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else tables.kind_of(value)
