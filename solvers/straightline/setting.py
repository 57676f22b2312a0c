"""Settings: numbers that are the same for all runs and known when a kernel starts, not when it is compiled.

Arithmetic on settings alone makes settings: it is done once, before the start, in float64 as Python does it. With
recorded values they stand for a number that the compiled code loads.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np

_OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "neg": operator.neg,
    "min": min,
    "max": max,
    "log2": math.log2,
}
#: How texts of arithmetic are read: by name, or as a sign between two operands.
_SIGNS = frozenset("+-*/")


@dataclass(frozen=True)
class Setting:
    """A named setting, or arithmetic on settings.

    It has no truth value and no order: code must not depend on what is set.

    Parameters
    ----------
    kind
        A name, or an operation.
    operands
        What that is applied to; a name has none.
    """

    kind: str
    operands: "tuple[Number, ...]" = ()

    #: Has NumPy's numbers leave arithmetic with settings to these.
    __array_ufunc__ = None

    def __bool__(self) -> bool:
        message = f"{self} is not known when code is written"
        raise TypeError(message)

    def __add__(self, other: Any) -> "Setting":
        return _binary("+", self, other)

    def __radd__(self, other: Any) -> "Setting":
        return _binary("+", other, self)

    def __sub__(self, other: Any) -> "Setting":
        return _binary("-", self, other)

    def __rsub__(self, other: Any) -> "Setting":
        return _binary("-", other, self)

    def __mul__(self, other: Any) -> "Setting":
        return _binary("*", self, other)

    def __rmul__(self, other: Any) -> "Setting":
        return _binary("*", other, self)

    def __truediv__(self, other: Any) -> "Setting":
        return _binary("/", self, other)

    def __rtruediv__(self, other: Any) -> "Setting":
        return _binary("/", other, self)

    def __neg__(self) -> "Setting":
        return Setting("neg", (self,))

    def __str__(self) -> str:
        if not self.operands:
            return self.kind
        if self.kind in _SIGNS:
            first, second = self.operands
            return f"({first}{self.kind}{second})"
        return f"{self.kind}({','.join(map(str, self.operands))})"

    def value(self, numbers: Mapping[str, float]) -> float:
        """Return what it is, given the numbers of names."""
        if not self.operands:
            return numbers[self.kind]
        known = (each.value(numbers) if isinstance(each, Setting) else each for each in self.operands)
        result: float = _OPERATIONS[self.kind](*known)
        return result

    def as_json(self) -> list[Any]:
        """Return it as plain values."""
        return [self.kind, *(each.as_json() if isinstance(each, Setting) else each for each in self.operands)]

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> Self:
        """Return the setting that `as_json` gave the values of."""
        kind, *operands = values
        return cls(kind, tuple(cls.from_json(each) if isinstance(each, list) else each for each in operands))


#: A number that is known, or one that is when a kernel starts.
Number = float | Setting

#: Zero, but no compiler knows that it is. It is -0.0, which leaves every number as it is where it is added.
UNKNOWN_ZERO = Setting("neg", (0.0,))


def _binary(kind: str, first: Any, second: Any) -> Setting:
    """Return arithmetic on settings and plain numbers; for anything else it is the other operand's to answer."""
    operands = [each if isinstance(each, Setting) else _plain(each) for each in (first, second)]
    known = tuple(each for each in operands if each is not None)
    return Setting(kind, known) if len(known) == len(operands) else NotImplemented


def _plain(number: Any) -> float | None:
    """Return a number as Python's own; None for what is none."""
    if isinstance(number, int | np.integer):
        return int(number)
    return float(number) if isinstance(number, float | np.floating) else None


def log2(number: Number) -> Number:
    """Return the binary logarithm."""
    return Setting("log2", (number,)) if isinstance(number, Setting) else math.log2(number)


def least(*numbers: Number) -> Number:
    """Return the smallest of some numbers."""
    return Setting("min", numbers) if any(map(_is_open, numbers)) else min(numbers)  # type: ignore[type-var]


def most(*numbers: Number) -> Number:
    """Return the largest of some numbers."""
    return Setting("max", numbers) if any(map(_is_open, numbers)) else max(numbers)  # type: ignore[type-var]


def is_used(number: Number) -> bool:
    """Return whether a number may be other than 0."""
    return isinstance(number, Setting) or number != 0


def _is_open(number: Number) -> bool:
    return isinstance(number, Setting)


# -- where they lie -----------------------------------------------------------------------------

#: The name of the block of all settings in a kernel's code.
SYMBOL = "cubie_settings"
#: Bytes from one setting to the next. Were float32 neighbours, NVVM would load two at a time to registers, instead of
#: leaving each where it is an operand of an instruction.
SLOT_BYTES = 8


class Slot(NamedTuple):
    """Where a kernel finds a setting: its place in the block of all settings, in bytes."""

    setting: Setting
    dtype: str
    offset: int

    def as_json(self) -> list[Any]:
        """Return it as plain values."""
        return [self.setting.as_json(), self.dtype, self.offset]

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> Self:
        """Return the slot that `as_json` gave the values of."""
        setting, dtype, offset = values
        return cls(Setting.from_json(setting), dtype, offset)


@dataclass
class SettingsBlock:
    """The settings that a kernel asks for, laid out as its code is written."""

    slots: dict[tuple[Setting, str], Slot] = field(default_factory=dict)
    arrays: "dict[tuple[Number, ...], int]" = field(default_factory=dict)
    nbytes: int = 0

    def offset(self, setting: Setting, dtype: str) -> int:
        """Return the place of a setting as a number of a type."""
        key = setting, dtype
        if key not in self.slots:
            self.slots[key] = Slot(setting, dtype, self.nbytes)
            self.nbytes += SLOT_BYTES
        return self.slots[key].offset

    def array_offset(self, settings: "tuple[Number, ...]", dtype: str) -> int:
        """Return the place of the first of settings that lie one after the other."""
        if settings not in self.arrays:
            self.arrays[settings] = self.nbytes
            for setting in settings:
                assert isinstance(setting, Setting)  # noqa: S101 - all are
                self.slots[setting, f"{dtype} {self.nbytes}"] = Slot(setting, dtype, self.nbytes)
                self.nbytes += SLOT_BYTES
        return self.arrays[settings]


def filled(slots: Iterable[Slot], numbers: Mapping[str, float]) -> np.ndarray:
    """Return the block of some settings as bytes, given the numbers of names; a float is rounded to its type."""
    parts = [(slot.offset, np.array(slot.setting.value(numbers), dtype=slot.dtype)) for slot in slots]
    block = np.zeros(max((offset + part.nbytes for offset, part in parts), default=0), dtype=np.uint8)
    for offset, part in parts:
        block[offset : offset + part.nbytes] = np.frombuffer(part.tobytes(), dtype=np.uint8)
    return block
