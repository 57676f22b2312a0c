"""Tables of XPP: values at equal distances, in a file or from a formula."""

import math
from collections.abc import Mapping
from pathlib import Path

from cubie_cli.documents.paths import regular_bytes
from cubie_cli.imports.formulas import PI, TIME, Apply, Formula, Name, Number
from cubie_cli.imports.imported import Table
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.models.expressions import constants

_MOST_POINTS = 1_000_000
_MOST_BYTES = 64 << 20


def table_from_file(path: Path) -> Table:
    """Return the table in a file: the number of values, the first and last argument, and the values.

    Raises
    ------
    NotRepresentableError
        It is missing, or not such a file.
    """
    try:
        if regular_bytes(path) > _MOST_BYTES:
            raise NotRepresentableError(f"the table {path.name}, which is too large,")
        lines = path.read_text(encoding="utf-8").rstrip().splitlines()
        count, numbers = int(float(lines[0])), [float(line) for line in lines[1:]]
    except FileNotFoundError:
        hint = f"there is no such file; it is looked for in the folder {path.parent}"
        raise NotRepresentableError(f"the table {path.name}, which cannot be read,", hint) from None
    except OSError as error:
        raise NotRepresentableError(f"the table {path.name}, which cannot be read,", error.strerror) from None
    except (ValueError, IndexError):
        hint = "it has the number of values, the first and last time, and the values; XPP reads one number a line"
        raise NotRepresentableError(f"the table {path.name}, which is no list of numbers,", hint) from None
    if len(numbers) < count + 2 or not all(map(math.isfinite, numbers)):
        raise NotRepresentableError(f"the table {path.name}, which has not the {count} values it tells of,")
    return _table(count, numbers[0], numbers[1], tuple(numbers[2 : count + 2]))


def table_from_formula(count: int, first: float, last: float, formula: Formula, values: Mapping[str, float]) -> Table:
    """Return a table of a formula of t.

    Raises
    ------
    NotRepresentableError
        The formula has no finite value somewhere, or refers to what is not known.
    """
    if not 2 <= count <= _MOST_POINTS:
        raise NotRepresentableError(f"a table of {count} values")
    times = _times(count, first, last)
    try:
        found = tuple(_evaluated(formula, time, values) for time in times)
    except constants.NotFiniteError:
        raise NotRepresentableError("a table whose formula is not finite everywhere") from None
    return _table(count, first, last, found)


def _table(count: int, first: float, last: float, values: tuple[float, ...]) -> Table:
    if count < 2 or not last > first:
        raise NotRepresentableError("a table of less than two values, or whose last argument is not above its first,")
    return Table(_times(count, first, last), values, "linear", "error")


def _times(count: int, first: float, last: float) -> tuple[float, ...]:
    return tuple(first + (last - first) * index / (count - 1) for index in range(count))


def _evaluated(formula: Formula, time: float, values: Mapping[str, float]) -> float:
    """Return the value of a formula at a time."""
    if isinstance(formula, Number):
        return formula.value
    if isinstance(formula, Name):
        if formula.name not in values:
            raise NotRepresentableError(f"a table made of {formula.name!r}", "tables are made of t and numbers")
        return values[formula.name]
    if formula in (TIME, PI):
        return time if formula == TIME else math.pi
    if formula.operation == "if":
        condition, value, otherwise = formula.arguments
        return _evaluated(value if _holds(condition, time, values) else otherwise, time, values)
    arguments: list[constants.Number] = [_evaluated(each, time, values) for each in formula.arguments]
    return float(_applied(formula, arguments))


def _applied(formula: Apply, arguments: list[constants.Number]) -> constants.Number:
    operation = formula.operation
    if operation == "+":
        return math.fsum(map(float, arguments))
    if operation == "*":
        return math.prod(map(float, arguments))
    if operation == "-":
        return -arguments[0]
    if operation == "/":
        return constants.divide(*arguments)
    return constants.power(*arguments) if operation == "**" else constants.call(operation, arguments)


def _holds(condition: Formula, time: float, values: Mapping[str, float]) -> bool:
    assert isinstance(condition, Apply)  # noqa: S101 - a condition is no number
    operation, arguments = condition.operation, condition.arguments
    if operation in ("and", "or"):
        found = [_holds(each, time, values) for each in arguments]
        return all(found) if operation == "and" else any(found)
    if operation == "not":
        return not _holds(arguments[0], time, values)
    first, second = (_evaluated(each, time, values) for each in arguments)
    return {
        "<": first < second,
        "<=": first <= second,
        ">": first > second,
        ">=": first >= second,
        "==": first == second,
        "!=": first != second,
    }[operation]
