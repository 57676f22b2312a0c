"""A target that interprets device code, and counts what it would come to where it is compiled.

The count takes no clock, so it is the same on every machine.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from solvers.straightline.record import MASK, Operation
from solvers.straightline.recorded import Argument, Recorded, record, regrouped
from solvers.targets.python import PythonTarget
from solvers.targets.target import DeviceFunction

#: What operations cost, an addition being 1: about their times in a vector of float64 on processors of today.
_COSTS: Mapping[str, float] = MappingProxyType(
    {
        **dict.fromkeys(("argument", "constant", "setting", "nothing", "neg", "load", "store"), 0.0),
        **dict.fromkeys(("carried", "left", "end loop", "index", "index sum"), 0.0),
        **dict.fromkeys(("div", "sqrt", "reciprocal", "exact reciprocal", "quotient estimate"), 8.0),
        "call": 20.0,
    }
)
#: How often what is repeated is done where that is known only when the code runs: it is about neighbours.
_NEIGHBOURS = 3
#: Of functions that cost other than most.
_CALLS: Mapping[str, float] = MappingProxyType({"pow": 40.0, **dict.fromkeys(("floor", "ceil", "sign"), 1.0)})


class CountingTarget(PythonTarget):
    """Runs device code in the interpreter, and counts.

    Attributes
    ----------
    work
        What was done so far, in additions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.work = 0.0

    def straight_line(self, function: DeviceFunction) -> DeviceFunction:
        """Return the function, with its work added up."""
        known: dict[Any, float] = {}

        def counted(*arguments: Any) -> Any:
            kinds = tuple(map(_kind, arguments))
            if kinds not in known:
                known[kinds] = work_of(record(function, kinds))
            self.work += known[kinds]
            return function(*arguments)

        return counted


def work_of(recorded: Recorded) -> float:
    """Return what a recorded function costs each time, in additions; what loops repeat counts as often."""
    total, times = 0.0, [1]
    for operation in recorded.record.operations:
        if operation.kind == "loop":
            times.append(times[-1] * (operation.detail or _NEIGHBOURS))
        elif operation.kind == "end loop":
            times.pop()
        total += times[-1] * _cost(operation)
    return total


def _cost(operation: Operation) -> float:
    if operation.kind == "call":
        return _CALLS.get(operation.detail, _COSTS["call"])
    return _COSTS.get(operation.kind, 1.0)


def _kind(argument: Any) -> Any:
    """Return what an argument is recorded as: an `Argument`, or a tuple of such."""
    if isinstance(argument, tuple):
        return regrouped(argument, map(_kind, argument))
    if isinstance(argument, np.ndarray):
        return Argument(True, str(argument.dtype))  # noqa: FBT003
    if isinstance(argument, (bool, np.bool_)):
        return Argument(False, MASK)  # noqa: FBT003
    dtype = "int32" if isinstance(argument, int) else str(np.asarray(argument).dtype)
    return Argument(False, dtype)  # noqa: FBT003
