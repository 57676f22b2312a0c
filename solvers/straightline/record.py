"""Recording of straight-line functions: values that remember how they were computed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from solvers.straightline.setting import Number, Setting

FLOATS = ("float32", "float64")
INTEGERS = ("int32", "int64")
MASK = "mask"
#: Of what places are counted with, the same for all runs.
INDEX = "index"


class Operation(NamedTuple):
    """One recorded operation.

    `operands` are positions of earlier operations; `detail` is what else it needs: a constant, an index, a name.
    """

    kind: str
    operands: tuple[int, ...]
    dtype: str | None
    detail: Any = None

    def moved(self, places: Mapping[int, int]) -> "Operation":
        """Return it with the new places of its operands."""
        return self._replace(operands=tuple(places[each] for each in self.operands))


class Constant(NamedTuple):
    """The detail of a constant: its number, and its text, as zeros of both signs are equal in Python but not here."""

    number: float
    text: str


class Place(NamedTuple):
    """The detail of a load or a store at an index that is known only when the code runs.

    It is element `factor*index + offset` of an argument.
    """

    argument: int
    factor: int
    offset: int


#: Takes the place of an operation that turned out to be useless.
NOTHING = Operation("nothing", (), None)


@dataclass
class Record:
    """The operations of one straight-line function, in order.

    Equal pure operations are recorded once. An element of a buffer is loaded at most once, at its first use, and of
    several stores to it the last one counts: no two arguments of a function are the same buffer. Within a loop, and
    around it, that is so on each side of where it begins and ends.
    """

    operations: list[Operation] = field(default_factory=list)
    _known: dict[Operation, int] = field(default_factory=dict)
    _elements: dict[Any, "Value"] = field(default_factory=dict)
    _stores: dict[tuple[int, int], int] = field(default_factory=dict)
    _indexed: bool = False
    _outside: list[dict[Operation, int]] = field(default_factory=list)

    def pure(self, kind: str, operands: Sequence["Value"], dtype: str, detail: Any = None) -> "Value":
        """Record an operation without effects, or return the equal one recorded before."""
        operation = Operation(kind, tuple(value.position for value in operands), dtype, detail)
        position = self._known.get(operation)
        if position is None:
            position = self._known[operation] = self._append(operation)
        return Value(self, position, dtype)

    def load(self, array: int, index: int, dtype: str) -> "Value":
        """Return an element of a buffer: what was loaded or stored last."""
        place = array, index
        if place not in self._elements:
            self._elements[place] = self.effect("load", (), dtype, place)
        return self._elements[place]

    def store(self, array: int, index: int, value: "Value") -> None:
        """Record a store; one to the same place before it is dropped."""
        place = array, index
        if place in self._stores:
            self.operations[self._stores[place]] = NOTHING
        self._forget(self._elements, lambda key: isinstance(key[0], Place) and key[0].argument == array)
        self._elements[place] = value
        self._stores[place] = self.effect("store", (value,), None, place).position

    def load_at(self, array: int, index: "Index", dtype: str) -> "Value":
        """Return an element of a buffer at an index."""
        place = Place(array, index.factor, index.offset)
        key = place, index.value.position
        if key not in self._elements:
            self._indexed = True
            self._forget(self._stores, lambda key: key[0] == array)
            self._elements[key] = self.effect("load at", (index.value,), dtype, place)
        return self._elements[key]

    def store_at(self, array: int, index: "Index", value: "Value") -> None:
        """Record a store at an index; what is known of the buffer's other elements is forgotten."""
        place = Place(array, index.factor, index.offset)
        self._indexed = True
        for known in (self._elements, self._stores):
            self._forget(known, lambda key: _array_of(key) == array)
        self.effect("store at", (index.value, value), None, place)
        self._elements[place, index.value.position] = value

    def begin_loop(self, count: "int | Index", carried: Sequence["Value"]) -> tuple["Value", list["Value"]]:
        """Begin what is done `count` times; return the index, from 0, and the values that travel from time to time."""
        self.forget()
        counted = [count.whole()] if isinstance(count, Index) else []
        self._outside.append(self._known.copy())
        loop = self.effect("loop", (*carried, *counted), INDEX, None if counted else count)
        return loop, [self.effect("carried", (loop,), value.dtype, number) for number, value in enumerate(carried)]

    def end_loop(self, loop: "Value", carried: Sequence["Value"]) -> list["Value"]:
        """End a loop, given the values that travel on; return those of the last time."""
        end = self.effect("end loop", (loop, *carried), None)
        self.forget()
        self._known = self._outside.pop()  # what was computed within may not be there: the count may be 0
        return [self.effect("left", (end,), value.dtype, number) for number, value in enumerate(carried)]

    def settle(self) -> None:
        """Let all lanes of a run come here, and find what the others stored before in what they have in common."""
        self.effect("settle", (), None)
        self.forget()

    def forget(self) -> None:
        """Forget what is known of all buffers: what follows may run before or after what was recorded."""
        self._elements.clear()
        self._stores.clear()

    def _forget(self, known: dict[Any, Any], concerned: Callable[[Any], bool]) -> None:
        if self._indexed:
            for key in [key for key in known if concerned(key)]:
                del known[key]

    def effect(self, kind: str, operands: Sequence["Value"], dtype: str | None, detail: Any = None) -> "Value":
        """Record an operation whose order matters."""
        operation = Operation(kind, tuple(value.position for value in operands), dtype, detail)
        return Value(self, self._append(operation), dtype or "")

    def constant(self, number: Number, dtype: str) -> "Value":
        """Return a number, which may be a setting, as a value of a type."""
        if isinstance(number, Setting):
            return self.pure("setting", (), dtype, number)
        number = bool(number) if dtype == MASK else int(number) if dtype in INTEGERS else float(number)
        return self.pure("constant", (), dtype, Constant(number, str(number)))

    def argument(self, position: int, dtype: str) -> "Value":
        """Return the scalar argument at a position of the function's argument list."""
        return self.pure("argument", (), dtype, position)

    def _append(self, operation: Operation) -> int:
        self.operations.append(operation)
        return len(self.operations) - 1


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """A number that is known only when the compiled function runs."""

    __hash__ = None  # type: ignore[assignment] # comparing records an operation

    record: Record
    position: int
    dtype: str

    def _binary(self, kind: str, other: Any, *, swap: bool = False) -> "Value":
        mine, theirs = promote(self, other)
        first, second = (theirs, mine) if swap else (mine, theirs)
        return self.record.pure(kind, (first, second), mine.dtype)

    def _compare(self, kind: str, other: Any) -> "Value":
        mine, theirs = promote(self, other)
        return self.record.pure("compare", (mine, theirs), MASK, kind)

    def __add__(self, other: Any) -> "Value":
        return self._binary("add", other)

    def __radd__(self, other: Any) -> "Value":
        return self._binary("add", other, swap=True)

    def __sub__(self, other: Any) -> "Value":
        return self._binary("sub", other)

    def __rsub__(self, other: Any) -> "Value":
        return self._binary("sub", other, swap=True)

    def __mul__(self, other: Any) -> "Value":
        return self._binary("mul", other)

    def __rmul__(self, other: Any) -> "Value":
        return self._binary("mul", other, swap=True)

    def __truediv__(self, other: Any) -> "Value":
        return self._binary("div", other)

    def __rtruediv__(self, other: Any) -> "Value":
        return self._binary("div", other, swap=True)

    def __neg__(self) -> "Value":
        return self.record.pure("neg", (self,), self.dtype)

    def __lt__(self, other: Any) -> "Value":
        return self._compare("<", other)

    def __le__(self, other: Any) -> "Value":
        return self._compare("<=", other)

    def __gt__(self, other: Any) -> "Value":
        return self._compare(">", other)

    def __ge__(self, other: Any) -> "Value":
        return self._compare(">=", other)

    def __eq__(self, other: object) -> "Value":  # type: ignore[override]
        return self._compare("==", other)

    def __ne__(self, other: object) -> "Value":  # type: ignore[override]
        return self._compare("!=", other)

    def __bool__(self) -> bool:
        message = "a straight-line function cannot branch on a value: use select"
        raise TypeError(message)


def promote(first: Value, second: Any) -> tuple[Value, Value]:
    """Bring two operands to one type; a plain number takes the other's.

    Raises
    ------
    TypeError
        For a mask in arithmetic, or an integer and a float mixed without `convert`.
    """
    if not isinstance(second, Value):
        return first, first.record.constant(second, first.dtype)
    if first.dtype == second.dtype:
        return first, second
    if first.dtype in FLOATS and second.dtype in FLOATS:
        return widen(first), widen(second)
    message = f"cannot combine {first.dtype} with {second.dtype}"
    raise TypeError(message)


def widen(value: Value) -> Value:
    """Return a float as float64."""
    if value.dtype == "float64":
        return value
    return value.record.pure("convert", (value,), "float64")


@dataclass(frozen=True, slots=True)
class Index:
    """A number that places are counted with, known only when the code runs: factor*value + offset.

    `value` is the index of a loop, or an entry of a table; both are the same for all runs.
    """

    value: Value
    factor: int = 1
    offset: int = 0

    def __add__(self, other: "int | Index") -> "Index":
        if isinstance(other, Index):
            record, factors = self.value.record, (self.factor, other.factor)
            value = record.pure("index sum", (self.value, other.value), INDEX, factors)
            return Index(value, 1, self.offset + other.offset)
        return replace(self, offset=self.offset + other)

    __radd__ = __add__

    def whole(self) -> Value:
        """Return it as a value."""
        plain = (self.factor, self.offset) == (1, 0)
        return (
            self.value if plain else self.value.record.pure("index", (self.value,), INDEX, (self.factor, self.offset))
        )

    def __sub__(self, number: int) -> "Index":
        return self + -number

    def __mul__(self, number: int) -> "Index":
        return replace(self, factor=self.factor * number, offset=self.offset * number)

    __rmul__ = __mul__


@dataclass(frozen=True, slots=True)
class Array:
    """A buffer of a run, indexed with constants or in loops, or memory of all runs, for `gather` and `scatter`."""

    record: Record
    argument: int
    dtype: str

    def __getitem__(self, index: int | Index) -> Value:
        if isinstance(index, Index):
            return self.record.load_at(self.argument, index, self.dtype)
        return self.record.load(self.argument, index, self.dtype)

    def __setitem__(self, index: int | Index, value: Any) -> None:
        if not isinstance(value, Value):
            value = self.record.constant(value, self.dtype)
        elif value.dtype != self.dtype:
            value = self.record.pure("convert", (value,), self.dtype)
        if isinstance(index, Index):
            self.record.store_at(self.argument, index, value)
        else:
            self.record.store(self.argument, index, value)


def _array_of(key: Any) -> int:
    """Return which buffer a key of what is known of one is about."""
    first = key[0]
    return first.argument if isinstance(first, Place) else first


class View:
    """A part of a buffer, from an offset on.

    Parameters
    ----------
    buffer
        An array as straight-line code has it.
    offset
        Its element that is element 0 of the view.
    """

    def __init__(self, buffer: Any, offset: int) -> None:
        self.buffer = buffer
        self._offset = offset

    def __getitem__(self, index: Any) -> Any:
        return self.buffer[self._offset + index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.buffer[self._offset + index] = value
