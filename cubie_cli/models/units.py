"""Checks a model's units: what is added, compared or chosen between has to have one, and each side of an equation.

Units are those of Pint, which is needed for it. What no unit is given for is not checked. Numbers that are written may
have any unit, as those of a fitted formula have: what they are added to keeps its own, and what they multiply is known
no more.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

from cubie_cli.documents import tables
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.positions import KeyPath
from cubie_cli.models.expressions.nodes import (
    Call,
    Choice,
    Comparison,
    Element,
    Joined,
    Name,
    Node,
    Not,
    Number,
    Power,
    Product,
    Signed,
    Sum,
)
from cubie_cli.models.expressions.syntax import read
from cubie_cli.models.expressions.tokens import SLOPE
from cubie_cli.models.model import Model
from solvers.equations.depth import deep_recursion

#: Functions of arguments of one unit, and whether the result has it too.
_ALIKE = {"min": True, "max": True, "clip": True, "mod": True, "hypot": True, "atan2": False}
#: Functions of anything.
_ANY = {"abs": True, "floor": True, "ceil": True, "sum": True, "sign": False, "heaviside": False}
_ROOTS = {"sqrt": 1 / 2, "cbrt": 1 / 3}
#: Words of a unit, and those with an exponent as CF's conventions have it, such as cm2 and m-3.
_WORD, _POWER = re.compile(r"(?<![\w.])[^\W\d]+"), re.compile(r"(?<![\w.])([^\W\d]+)([-+]?[0-9]+)")
#: How near factors of one unit are.
_SAME = 1e-9


class _Any:
    """The unit of a number that is written: whatever is needed."""


ANY = _Any()
#: A unit of Pint's, that of a number, or None: nobody knows.
Known = Any


def unit_troubles(model: Model) -> tuple[UserError, ...]:
    """Return what does not fit in a model's units, each with its place, as it would be told as an error.

    Raises
    ------
    ImportError
        Without Pint, where the model has units.
    """
    path = (*model.prefix, "units")
    written = tables.table(model.document, path)
    if not written:
        return ()
    from pint import UnitRegistry  # noqa: PLC0415 - for models with units alone

    check = _Check(model, UnitRegistry(preprocessors=[_as_pint_writes]))
    with deep_recursion():
        check.all(path, {name: str(text) for name, text in written.items()})
    return tuple(check.troubles)


class _Check:
    def __init__(self, model: Model, registry: Any) -> None:
        self._model, self._registry = model, registry
        self._plain = registry.Unit("")
        self._units: dict[str, Any] = {}
        self._path: KeyPath = ()
        self.troubles: list[UserError] = []

    def all(self, path: KeyPath, written: Mapping[str, str]) -> None:
        """Check all expressions, given the units as they are written."""
        for name, text in written.items():
            try:
                self._units[name] = self._read(text)
            except Exception:  # noqa: BLE001 - whatever a grammar of its own raises
                hint = "write it as in mg/L, 1/hour, mol m-3, or dimensionless"
                error = self._model.document.error(f"{text!r} is no unit", (*path, name), hint=hint)
                self.troubles.append(error)
        for place, text, wanted in self._expressions():
            self._path = place
            self._compare(0, [self._of(read(text)), wanted], "this has the unit {0}, and {1} is needed")

    def _read(self, text: str) -> Any:
        """Return a unit; words that Pint does not know, such as people, are units of their own."""
        if "//" in text:
            raise ValueError  # what Pint takes for a division that leaves a remainder
        for word in dict.fromkeys(_WORD.findall(text)):
            if word not in self._registry:
                self._registry.define(f"{word} = [{word}]")
        return self._registry.Unit(text)

    def _expressions(self) -> Iterator[tuple[KeyPath, str, Known]]:
        """Yield the key path and the text of each expression, and the unit it should have."""
        time = self._units.get("t")
        for table in ("states", "parameters", "observables", "equations"):
            for name, entry in tables.table(self._model.document, (*self._model.prefix, table)).items():
                unit = self._units.get(name)
                if table == "equations":
                    unit = None if unit is None or time is None else unit / time
                for place, text in _texts((*self._model.prefix, table, name), entry):
                    yield place, text, unit
        for event in self._model.events:
            if event.when is not None:
                yield event.when.path, str(event.when.value), None
            for name, change in event.changes.items():
                if isinstance(change.value, str):
                    yield change.path, change.value, self._units.get(name.partition("[")[0])

    # -- the unit of a part ---------------------------------------------------------------------

    def _of(self, node: Node) -> Known:
        """Return the unit of a part; each kind of node has a method of its name."""
        found: Known = getattr(self, f"_{type(node).__name__.lower()}")(node)
        return found

    def _number(self, _: Number) -> Known:
        return ANY

    def _name(self, node: Name | Element) -> Known:
        if node.text == "pi":
            return ANY
        return self._units.get(node.text)

    _element = _name

    def _signed(self, node: Signed) -> Known:
        return self._of(node.operand)

    def _sum(self, node: Sum) -> Known:
        return self._row(node, node.first, node.others, "{0} and {1} are added")

    def _comparison(self, node: Comparison) -> Known:
        self._row(node, node.first, node.links, "{0} and {1} are compared")
        return None

    def _joined(self, node: Joined | Not) -> Known:
        for part in node.parts:
            self._of(part)
        return None

    _not = _joined

    def _choice(self, node: Choice) -> Known:
        self._of(node.condition)
        parts = [self._of(node.value), self._of(node.otherwise)]
        return self._compare([node.value.offset, node.otherwise.offset], parts, "one value is in {0}, the other in {1}")

    def _row(self, node: Node, first: Node, others: Sequence[tuple[int, str, Node]], words: str) -> Known:
        places = [node.offset, *(place for place, _, _ in others)]
        return self._compare(places, [self._of(first), *(self._of(part) for _, _, part in others)], words)

    def _product(self, node: Product) -> Known:
        parts = [(self._of(factor), 1) for factor in node.factors if not _is_one(factor)]
        parts += [(self._of(divisor), -1) for _, divisor in node.divisors]
        if any(part is ANY or part is None for part, _ in parts):
            return None
        return reduce(lambda unit, part: unit * part[0] ** part[1], parts, self._plain)

    def _power(self, node: Power) -> Known:
        return self._raised(node.base, node.exponent)

    def _raised(self, base: Node, exponent: Node) -> Known:
        found, raised = self._of(base), self._of(exponent)
        number = _written_number(exponent)
        if number is None:
            self._plain_only(exponent, raised, "an exponent")
            return None
        return found ** float(number) if _is_unit(found) else None

    def _call(self, node: Call) -> Known:
        if node.name == "pow":
            return self._raised(*node.arguments)
        found = [self._of(argument) for argument in node.arguments]
        if node.name in _ALIKE:
            places = [argument.offset for argument in node.arguments]
            unit = self._compare(places, found, f"{node.name} takes {{0}} and {{1}}")
            return unit if _ALIKE[node.name] else self._plain
        if node.name == "prod":
            return None
        if node.name in _ANY:
            return found[-1] if _ANY[node.name] else self._plain
        if node.name in _ROOTS or node.name == SLOPE:
            return self._changed(node.name, found[0])
        for argument, unit in zip(node.arguments, found, strict=True):
            self._plain_only(argument, unit, node.name)
        return self._plain

    def _changed(self, name: str, found: Known) -> Known:
        """Return the unit of a root or a slope."""
        time = self._units.get("t")
        if not _is_unit(found) or (name == SLOPE and time is None):
            return None
        return found / time if name == SLOPE else found ** _ROOTS[name]

    # -- what does not fit ----------------------------------------------------------------------

    def _compare(self, places: Sequence[int] | int, found: Sequence[Known], words: str) -> Known:
        """Tell of the first that does not fit the first that is known; return that where all are known and fit."""
        known = [(index, unit) for index, unit in enumerate(found) if _is_unit(unit)]
        if not known:
            return ANY if all(unit is ANY for unit in found) else None
        (_, first), *others = known
        for index, other in others:
            if not self._fit(first, other):
                place = places if isinstance(places, int) else places[index]
                self._tell(place, words.format(_told(first), _told(other)))
                return None
        return None if any(unit is None for unit in found) else first

    def _fit(self, first: Any, second: Any) -> bool:
        same_kind = first.is_compatible_with(second)
        return bool(same_kind and abs(self._factor(first) / self._factor(second) - 1) < _SAME)

    def _factor(self, unit: Any) -> float:
        factor, _ = self._registry.get_base_units(unit)
        return float(factor)

    def _plain_only(self, node: Node, found: Known, what: str) -> None:
        if _is_unit(found) and not found.dimensionless:
            self._tell(node.offset, f"{what} of something in {_told(found)}, and a plain number is needed")

    def _tell(self, offset: int, message: str) -> None:
        self.troubles.append(self._model.document.error(message, self._path, offset=offset))


def _as_pint_writes(text: str) -> str:
    """Return a unit with its powers, and products of words with a space between them, as Pint has them."""
    return re.sub(r"(?<=[\w)])\s+(?=[\w(])", "*", _POWER.sub(r"\1**\2", text.strip()))


def _texts(path: KeyPath, entry: Any) -> Iterator[tuple[KeyPath, str]]:
    """Yield what is an expression of an entry, which may be a vector's."""
    if isinstance(entry, str):
        yield path, entry
    elif isinstance(entry, Mapping) and isinstance(entry.get("value"), str):
        yield (*path, "value"), entry["value"]


def _written_number(node: Node) -> Fraction | float | None:
    """Return the number that an exponent is, if it is written as one, a quotient of two perhaps."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Signed):
        inner = _written_number(node.operand)
        return None if inner is None else inner if node.sign > 0 else -inner
    if isinstance(node, Product) and len(node.factors) == len(node.divisors) == 1:
        above, below = _written_number(node.factors[0]), _written_number(node.divisors[0][1])
        return above / below if above is not None and below else None
    return None


def _is_unit(found: Known) -> bool:
    return found is not None and found is not ANY


def _is_one(node: Node) -> bool:
    return isinstance(node, Number) and node.value == 1


def _told(unit: Any) -> str:
    return str(unit) or "dimensionless"
