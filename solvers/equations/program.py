"""Programs: straight-line arithmetic as a flat list of named operations, plain values that can be stored.

Evaluating a program on NumPy scalars computes, evaluating it on recorded values writes code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import add, eq, ge, gt, le, lt, mul, ne, neg, sub, truediv
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from solvers.equations.instant import middle_of, time_of
from solvers.equations.quantities import Quantities
from solvers.straightline import (
    absolute,
    both,
    call,
    convert,
    either,
    fma,
    literal,
    maximum,
    minimum,
    negate,
    select,
    square_root,
)

#: What is not here is a mathematical function, by its name in models.
_OPERATIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "add": add,
        "subtract": sub,
        "multiply": mul,
        "divide": truediv,
        "minus": neg,
        "fma": fma,
        "select": select,
        "and": both,
        "or": either,
        "not": negate,
        "abs": absolute,
        "sqrt": square_root,
        "min": minimum,
        "max": maximum,
        "<": lt,
        "<=": le,
        ">": gt,
        ">=": ge,
        "==": eq,
        "!=": ne,
    }
)


class Step(NamedTuple):
    """One operation: where its result goes, its name, and where its operands are."""

    slot: int
    operation: str
    operands: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """A list of operations over slots, of which the first hold the inputs.

    Parameters
    ----------
    size
        The number of slots.
    constants
        Slots of numbers and truth values, which nothing computes.
    steps
        The operations, each after those it needs.
    results
        Slots of the results.
    """

    size: int
    constants: tuple[tuple[int, float], ...]
    steps: tuple[Step, ...]
    results: tuple[int, ...]

    @property
    def operations(self) -> int:
        """The number of operations."""
        return len(self.steps)

    def uses(self, slot: int) -> bool:
        """Return whether an input takes part in any operation or result."""
        return slot in self.results or any(slot in step.operands for step in self.steps)

    def evaluate(self, inputs: Sequence[Any], literal: Callable[[float], Any]) -> list[Any]:
        """Compute all results.

        Parameters
        ----------
        inputs
            Values of the inputs: NumPy scalars, or recorded values.
        literal
            Makes a number, or a truth value, one of the same kind.
        """
        slots: list[Any] = [*inputs, *[None] * (self.size - len(inputs))]
        for slot, number in self.constants:
            slots[slot] = literal(number)
        for target, operation, operands in self.steps:
            function = _OPERATIONS.get(operation) or partial(call, operation)
            slots[target] = function(*[slots[slot] for slot in operands])
        return [slots[slot] for slot in self.results]

    def as_json(self) -> dict[str, Any]:
        """Return the program as plain values."""
        return {"size": self.size, "constants": self.constants, "steps": self.steps, "results": self.results}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the program that `as_json` gave the values of."""
        return cls(
            values["size"],
            tuple((slot, number) for slot, number in values["constants"]),
            tuple(Step(slot, operation, tuple(operands)) for slot, operation, operands in values["steps"]),
            tuple(values["results"]),
        )


def evaluate_at(
    program: Program, quantities: Quantities, precision: str, t: Any, y: Any, p: Any, v: Sequence[Any] = ()
) -> list[Any]:
    """Compute a program of a system's time, middle, states and parameters, in this order.

    Parameters
    ----------
    t
        Time, float64, or an `Instant`.
    y, p
        States and parameters: arrays, or lists of values.
    v
        What further inputs the program has.
    """
    inputs = [
        convert(time_of(t), precision),
        convert(middle_of(t), precision),
        *(y[index] for index in range(len(quantities.states))),
        *(p[index] for index in range(len(quantities.parameters))),
        *v,
    ]

    def as_value(number: float) -> Any:
        return literal(inputs[0], number, "mask" if isinstance(number, bool) else precision)

    return program.evaluate(inputs, as_value)
