"""Recorded straight-line functions as text: one operation a line.

    step(wanted: mask, y: float64[], memory.slopes: float64[])
        v0: float64 = load y[0]
        v1: float64 = fma v0 0.5 memory.h
        v2: float64 = select wanted v1 v0
        store memory.slopes[3] = v2
        return v2

Values are numbered as they are computed; what a loop repeats is indented. Constants, settings and scalar arguments
stand where they are used.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter
from types import MappingProxyType
from typing import Any, NamedTuple

from solvers.straightline.record import MASK, Operation, Place
from solvers.straightline.recorded import Argument, Arguments, Recorded

#: What is no work by itself.
_NO_WORK = frozenset({"argument", "constant", "setting", "nothing"})
_INDENT = "    "
_LONGEST_HEAD = 100


class Named(NamedTuple):
    """A scalar or an array that a function is recorded with.

    Parameters
    ----------
    name
        As the function's code gets at it, such as `memory.slopes` or `place.run`.
    argument
        Its type.
    """

    name: str
    argument: Argument

    def __str__(self) -> str:
        return f"{self.name}: {self.argument.dtype}{'[]' if self.argument.is_array else ''}"


def written(recorded: Recorded) -> str:
    """Return a recorded function as text; equal records give equal texts."""
    named = arguments(recorded.function, recorded.arguments)
    return "\n".join([*_head(recorded.function.__name__, named), *_body(recorded, [each.name for each in named])])


def operations(recorded: Recorded) -> int:
    """Return the number of operations, each of which is a line; constants, settings and arguments are none."""
    return sum(operation.kind not in _NO_WORK for operation in recorded.record.operations)


def arguments(function: Callable[..., Any], given: Arguments) -> list[Named]:
    """Return the scalars and arrays that a function is recorded with, in the order in which they are numbered.

    A member of a tuple goes by its name where the tuple has names, else by its index.
    """
    return [
        named
        for name, argument in zip(_parameters(function, len(given)), given, strict=True)
        for named in _opened(name, argument)
    ]


def _parameters(function: Callable[..., Any], count: int) -> list[str]:
    """Return a name for each of some arguments."""
    names: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is Parameter.VAR_POSITIONAL:
            return names + [f"{name}[{index}]" for index in range(count - len(names))]
        names.append(name)
    return names[:count]


def _opened(name: str, argument: Argument | Arguments) -> Iterator[Named]:
    if isinstance(argument, Argument):
        yield Named(name, argument)
        return
    fields = getattr(argument, "_fields", None) or getattr(argument, "fields", None)
    for index, member in enumerate(argument):
        yield from _opened(f"{name}.{fields[index]}" if fields else f"{name}[{index}]", member)


def _head(name: str, named: list[Named]) -> list[str]:
    head = f"{name}({', '.join(map(str, named))})"
    if len(head) <= _LONGEST_HEAD:
        return [head]
    return [f"{name}(", *(f"{_INDENT}{each}," for each in named), ")"]


def _body(recorded: Recorded, names: list[str]) -> Iterator[str]:
    values: list[str] = []
    count, depth = 0, 1
    for operation in recorded.record.operations:
        if operation.kind in _NO_WORK:
            values.append(_operand(operation, names))
            continue
        used = [values[position] for position in operation.operands]
        work = _work(operation, used, names)
        depth -= operation.kind == "end loop"
        if operation.dtype is None:
            values.append("")
            yield f"{depth * _INDENT}{work}"
        else:
            values.append(f"v{count}")
            count += 1
            yield f"{depth * _INDENT}{values[-1]}: {operation.dtype} = {work}"
        depth += operation.kind == "loop"
    if recorded.results:
        yield f"{_INDENT}return {' '.join(values[result.position] for result in recorded.results)}"


def _operand(operation: Operation, names: list[str]) -> str:
    """Return what stands for a value that takes no work where it is used."""
    if operation.kind == "argument":
        position: int = operation.detail
        return names[position]
    if operation.kind == "constant":
        number = str(operation.detail[0])
        return number.lower() if operation.dtype == MASK else number
    return str(operation.detail) if operation.kind == "setting" else ""


def _work(operation: Operation, used: list[str], names: list[str]) -> str:
    special = _SPECIAL.get(operation.kind)
    if special:
        return special(operation.detail, used, names)
    details = [] if operation.detail is None else [str(operation.detail)]
    return " ".join([operation.kind.replace(" ", "_"), *details, *used])


def _element(place: Place, used: list[str], names: list[str]) -> str:
    return f"{names[place.argument]}[{place.factor}*{used[0]} + {place.offset}]"


def _fetch(detail: tuple[int, int], used: list[str], _: list[str]) -> str:
    column, width = detail
    return f"fetch {used[0]}[{width}*{used[1]} + {column}]"


def _look_up(detail: Any, used: list[str], _: list[str]) -> str:
    table, (factor, offset) = detail
    return f"look_up {len(table.numbers)} {table.dtype} [{factor}*{used[0]} + {offset}]"


#: How operations are written whose operands are no plain list: of the detail, the operands and the arguments' names.
_SPECIAL: Mapping[str, Callable[[Any, list[str], list[str]], str]] = MappingProxyType(
    {
        "load": lambda detail, _, names: f"load {names[detail[0]]}[{detail[1]}]",
        "store": lambda detail, used, names: f"store {names[detail[0]]}[{detail[1]}] = {used[0]}",
        "load at": lambda place, used, names: f"load {_element(place, used, names)}",
        "store at": lambda place, used, names: f"store {_element(place, used, names)} = {used[1]}",
        "look up": _look_up,
        "fetch": _fetch,
        "left": lambda detail, _, __: f"left {detail}",
        "gather": lambda detail, used, names: f"gather {names[detail]}[{used[0]}] where {used[1]}",
        "scatter": lambda detail, used, names: f"scatter {names[detail]}[{used[0]}] = {used[1]} where {used[2]}",
        "compare": lambda detail, used, _: f"compare {used[0]} {detail} {used[1]}",
    }
)
