"""Writes a model that was imported as a model file, with remarks where they belong."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cubie_cli.imports.expression_text import expression_text
from cubie_cli.imports.formulas import Formula, Number
from cubie_cli.imports.imported import Happening, ImportedModel, Table
from cubie_cli.imports.names import legal_names

_WIDTH = 120
#: Longest comment behind an entry.
_BEHIND = 60


def model_text(model: ImportedModel, origin: Sequence[str]) -> str:
    """Return the text of a model file.

    Parameters
    ----------
    model
        The model, settled.
    origin
        Where it comes from, in words, a line each.
    """
    return _Writer.of(model).text(origin)


def entries(table: Mapping[str, object]) -> list[str]:
    """Return lines of a table whose values are numbers, texts, and lists and tables of them."""
    return [f"{key} = {_toml(value)}" for key, value in table.items()]


def comment(text: str, indent: str = "") -> list[str]:
    """Return a text as lines of a comment."""
    plain = _one_line(text)
    return textwrap.wrap(plain, _WIDTH, initial_indent=f"# {indent}", subsequent_indent=f"# {' ' * len(indent)}")


def _one_line(text: str) -> str:
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(entries(value))} }}"
    return _quoted(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)


def _quoted(text: str) -> str:
    return json.dumps(_one_line(text), ensure_ascii=False)


@dataclass(frozen=True)
class _Writer:
    model: ImportedModel
    names: Mapping[str, str]
    event_names: Mapping[str, str]

    @staticmethod
    def of(model: ImportedModel) -> "_Writer":
        names = legal_names(model.names)
        # A result calls things after events and after quantities.
        event_names = legal_names([event.name for event in model.events], names.values())
        return _Writer(model, names, event_names)

    def text(self, origin: Sequence[str]) -> str:
        """Return the whole file."""
        model = self.model
        blocks = [
            self._header(origin),
            [f"name = {_quoted(model.title)}"],
            self._table("states", {name: self._value(each.initial) for name, each in model.states.items()}, told=True),
            self._table("parameters", {name: self._value(each) for name, each in model.parameters.items()}, told=True),
            self._table("equations", {name: self._formula(each.slope) for name, each in model.states.items()}),
            self._table(
                "observables", {name: self._formula(each) for name, each in model.observables.items()}, told=True
            ),
            *(self._driver(name, each) for name, each in model.drivers.items()),
            *(self._event(each) for each in model.events),
            self._units(),
        ]
        return "\n".join("\n".join([*block, ""]) for block in blocks if block)

    def _header(self, origin: Sequence[str]) -> list[str]:
        lines = [line for each in origin for line in comment(each)]
        if self.model.decided:
            lines += ["#", "# Decided:"]
        return lines + [line for each in self.model.decided for line in comment(each, "- ")]

    def _table(self, title: str, values: Mapping[str, str], *, told: bool = False) -> list[str]:
        """Return a table with a line an entry; with what is known of each where it is told."""
        if not values:
            return []
        lines = [f"[{title}]"]
        for name, value in values.items():
            entry = f"{self.names[name]} = {value}"
            if not told:
                lines.append(entry)
                continue
            label = self._label(name)
            behind = bool(label) and len(label) <= _BEHIND and len(entry) + len(label) + 4 <= _WIDTH
            remarks = [*([label] if label and not behind else []), *self.model.remarks.get(name, ())]
            lines += [line for each in remarks for line in comment(each)]
            lines.append(f"{entry}  # {label}" if behind else entry)
        return lines

    def _label(self, name: str) -> str:
        """Return what a quantity is called elsewhere."""
        parts = [self.model.labels.get(name, "")]
        if self.names[name] != name:
            parts.append(f"{name!r} in the source")
        return _one_line(", ".join(each for each in parts if each and each != self.names[name]))

    def _value(self, formula: Formula) -> str:
        if isinstance(formula, Number):
            return repr(formula.value or 0.0)
        return self._formula(formula)

    def _formula(self, formula: Formula) -> str:
        return _quoted(expression_text(formula, self.names))

    # -- drivers, events, units -----------------------------------------------------------------

    def _driver(self, name: str, table: Table) -> list[str]:
        lines = [line for each in self.model.remarks.get(name, ()) for line in comment(each)]
        lines.append(f"[drivers.{self.names[name]}]")
        for key, numbers in (("times", table.times), ("values", table.values)):
            wrapped = textwrap.wrap(", ".join(map(repr, numbers)), _WIDTH - 4)
            lines += [f"{key} = [", *(f"    {line}" for line in wrapped), "]"]
        return [*lines, f"method = {_quoted(table.method)}", f"outside = {_quoted(table.outside)}"]

    def _event(self, event: Happening) -> list[str]:
        name = self.event_names[event.name]
        remarks = [
            *([event.label] if event.label else []),
            *event.remarks,
            *([] if name == event.name else [f"{event.name!r} in the source"]),
        ]
        lines = [line for each in remarks for line in comment(each)]
        lines += ["[[events]]", f"name = {_quoted(name)}"]
        if event.at is not None:
            lines.append(f"at = {self._value(event.at)}")
        if event.when is not None:
            lines += [f"when = {self._formula(event.when)}", f"direction = {_quoted(event.direction)}"]
        return [*lines, *(["stop = true"] if event.stop else []), *self._changes(event.changes)]

    def _changes(self, changes: Mapping[str, Formula]) -> list[str]:
        if not changes:
            return []
        written = [f"{self.names[name]} = {self._value(formula)}" for name, formula in changes.items()]
        line = f"set = {{ {', '.join(written)} }}"
        return [line] if len(line) <= _WIDTH else ["[events.set]", *written]

    def _units(self) -> list[str]:
        units = {self.names[name]: unit for name, unit in self.model.units.items() if name in self.names}
        lines = [f"{name} = {_quoted(unit)}" for name, unit in {"t": self.model.time_unit, **units}.items() if unit]
        return ["[units]", *lines] if lines else []
