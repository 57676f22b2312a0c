"""Programs: straight-line arithmetic as a flat list of named operations, plain values that can be stored.

Evaluating a program on NumPy scalars computes, evaluating it on recorded values writes code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import add, eq, ge, gt, le, lt, mul, ne, neg, sub, truediv
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from solvers.equations.forcing import Forcing
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


#: What gives a truth value.
_TRUTHS = frozenset({"and", "or", "not", "<", "<=", ">", ">=", "==", "!="})


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
    early
        Slots of the steps that are in float64 in any precision, as `solvers.equations.early` explains.
    """

    size: int
    constants: tuple[tuple[int, float], ...]
    steps: tuple[Step, ...]
    results: tuple[int, ...]
    early: tuple[int, ...] = ()

    @property
    def operations(self) -> int:
        """The number of operations."""
        return len(self.steps)

    def uses(self, slot: int) -> bool:
        """Return whether an input takes part in any operation or result."""
        return slot in self.used

    @cached_property
    def used(self) -> frozenset[int]:
        """The slots that take part in any operation or result."""
        return frozenset(self.results).union(*(step.operands for step in self.steps))

    @cached_property
    def parts(self) -> tuple["Program", "Program"]:
        """The early steps, whose results are what the others need of them; and the others."""
        early = set(self.early)
        first = [step for step in self.steps if step.slot in early]
        then = [step for step in self.steps if step.slot not in early]
        used = {*self.results, *(slot for step in then for slot in step.operands)}
        return self._part(first, tuple(sorted(used & early))), self._part(then, self.results)

    def _part(self, steps: Sequence[Step], results: tuple[int, ...]) -> "Program":
        used = {*results, *(slot for step in steps for slot in step.operands)}
        constants = tuple((slot, number) for slot, number in self.constants if slot in used)
        return replace(self, constants=constants, steps=tuple(steps), results=results, early=())

    @cached_property
    def truths(self) -> frozenset[int]:
        """The slots of steps that give truth values."""
        return frozenset(step.slot for step in self.steps if step.operation in _TRUTHS)

    def evaluate(
        self,
        inputs: Sequence[Any],
        literal: Callable[[float], Any],
        known: Mapping[int, Any] = MappingProxyType({}),
    ) -> list[Any]:
        """Compute all results.

        Parameters
        ----------
        inputs
            Values of the inputs: NumPy scalars, or recorded values.
        literal
            Makes a number, or a truth value, one of the same kind.
        known
            Values of further slots.
        """
        slots: list[Any] = [*inputs, *[None] * (self.size - len(inputs))]
        for slot, value in known.items():
            slots[slot] = value
        for slot, number in self.constants:
            slots[slot] = literal(number)
        for target, operation, operands in self.steps:
            function = _OPERATIONS.get(operation) or partial(call, operation)
            slots[target] = function(*[slots[slot] for slot in operands])
        return [slots[slot] for slot in self.results]

    def as_json(self) -> dict[str, Any]:
        """Return the program as plain values."""
        return {
            "size": self.size,
            "constants": self.constants,
            "steps": self.steps,
            "results": self.results,
            "early": self.early,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the program that `as_json` gave the values of."""
        return cls(
            values["size"],
            tuple((slot, number) for slot, number in values["constants"]),
            tuple(Step(slot, operation, tuple(operands)) for slot, operation, operands in values["steps"]),
            tuple(values["results"]),
            tuple(values["early"]),
        )


def evaluate_at(
    program: Program,
    quantities: Quantities,
    precision: str,
    t: Any,
    y: Any,
    p: Any,
    v: Sequence[Any] = (),
    forcing: Forcing | None = None,
) -> list[Any]:
    """Compute a program of a system's `inputs`.

    Parameters
    ----------
    t
        Time, float64, or an `Instant`.
    y, p
        States and parameters: arrays, or lists of values.
    v
        What further inputs the program has.
    forcing
        The drivers as straight-line code; None: as the interpreter has them.
    """
    used, count = program.used, len(quantities.states)
    states = [y[index] if 2 + index in used else None for index in range(count)]
    first = 2 + count
    parameters = [p[index] if first + index in used else None for index in range(len(quantities.parameters))]
    first += len(parameters)
    wanted = [slot - first for slot in range(first, first + 2 * len(quantities.drivers)) if slot in used]
    driven = (forcing or Forcing.known(quantities.drivers, precision)).inputs(wanted, t)
    times = time_of(t), middle_of(t) if 1 in used else time_of(t)
    inputs = [*(convert(time, precision) for time in times), *states, *parameters, *driven, *v]
    if not program.early:
        return program.evaluate(inputs, literals(times[0], precision))
    early, late = program.parts
    wide = (None if value is None else convert(value, "float64") for value in parameters)
    exact = [*times, *(None for _ in states), *wide]
    known = {
        slot: value if slot in program.truths else convert(value, precision)
        for slot, value in zip(early.results, early.evaluate(exact, literals(times[0], "float64")), strict=True)
    }
    return late.evaluate(inputs, literals(times[0], precision), known)


def literals(like: Any, precision: str) -> Callable[[float], Any]:
    """Return what makes numbers values of a precision, and truth values masks."""
    return lambda number: literal(like, number, "mask" if isinstance(number, bool) else precision)
