"""Reads the distributions of a sample: of one quantity, or of several that are correlated."""

import math
from collections.abc import Callable
from typing import Any

from cubie_cli.batches.distributions import Choice, Correlated, Drawn, Flat, Normal, triangle_of
from cubie_cli.batches.spacing import KINDS as SPACINGS
from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError, counted
from cubie_cli.documents.positions import KeyPath

#: Each distribution, and what its two numbers are.
_PAIRS = {
    "uniform": "[low, high]",
    "loguniform": "[low, high]",
    "normal": "[mean, standard deviation]",
    "lognormal": "[median, standard deviation of the logarithm]",
}
DISTRIBUTIONS = (*_PAIRS, "choice")
_LIMITS = ("min", "max")
#: Of a distribution, within limits: with less, its values would be few.
_LEAST_SHARE = 1e-280
_CORRELATED = ("quantities", "covariance", "mean", "median")
_EXAMPLE = "such as { uniform = [0.0, 1.0] }"
#: Relative difference of two numbers up to which a matrix is symmetric.
_ROUNDING = 1e-9


def read_drawn(document: Document, path: KeyPath) -> Drawn:
    """Read the distribution of one quantity.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    value = document.get(path)
    if isinstance(value, list):
        hint = "write { choice = [...] } for a random choice of these"
        raise document.error("a sample takes a distribution or a number, this is a list", path, hint=hint)
    if not isinstance(value, dict):
        message = f"a sample takes a distribution or a number, this is {tables.kind_of(value)}"
        raise document.error(message, path, hint=_EXAMPLE)
    for key in SPACINGS:
        if key in value:
            hint = 'values in order belong to mode = "grid" or "zip"; in a sample write { uniform = [low, high] }'
            raise document.error(f"a sample takes a distribution, this is {key!r}", (*path, key), "key", hint)
    tables.check_keys(document, path, (*DISTRIBUTIONS, *_LIMITS), "[distribution]")
    kinds = [key for key in value if key not in _LIMITS]
    if len(kinds) != 1:
        message = f"one distribution is needed, there are {len(kinds)}" if kinds else "there is no distribution"
        raise document.error(message, path, hint=f"one of {', '.join(DISTRIBUTIONS)}")
    return _read_choice(document, path) if kinds == ["choice"] else _read_pair(document, path, kinds[0])


def _read_choice(document: Document, path: KeyPath) -> Choice:
    value = document.get((*path, "choice"))
    for key in _LIMITS:
        if document.get((*path, key)) is not None:
            raise document.error(f"{key!r} does nothing with a choice", (*path, key), "key", "leave out what is beyond")
    if not isinstance(value, list) or not value:
        message = "choice needs a list of values" if not isinstance(value, list) else "there is nothing to choose from"
        raise document.error(message, (*path, "choice"), hint="such as { choice = [1.0, 2.0] }")
    return Choice(str(path[-1]), tuple(tables.number(document, (*path, "choice", n)) for n in range(len(value))))


def _read_pair(document: Document, path: KeyPath, kind: str) -> Drawn:
    inner: KeyPath = (*path, kind)
    value = document.get(inner)
    if not isinstance(value, list) or len(value) != 2:
        raise document.error(f"{kind} needs a list of two: {_PAIRS[kind]}", inner)
    first, second = (tables.number(document, (*inner, n)) for n in range(2))
    least, most = (_read_limit(document, (*path, key)) for key in _LIMITS)
    if least >= most:
        raise document.error(f"min = {least:g} must be less than max = {most:g}", (*path, "min"))
    logarithmic = kind.startswith("log")
    if logarithmic and first <= 0.0:
        raise document.error(f"the values of {kind} are positive, this is {first:g}", (*inner, 0))
    if kind.endswith("uniform"):
        return _read_flat(document, inner, (first, second), (least, most))
    if second <= 0.0:
        hint = "a number alone is the same for all runs"
        raise document.error(f"a standard deviation is more than 0, this is {second:g}", (*inner, 1), hint=hint)
    found = Normal(str(path[-1]), first, second, logarithmic, least, most)
    if logarithmic and most <= 0.0:
        raise document.error(f"the values of {kind} are positive, max is {most:g}", (*path, "max"))
    if (math.isfinite(least) or math.isfinite(most)) and with_scipy(document, path, lambda: found.share) < _LEAST_SHARE:
        raise document.error("hardly any of this distribution is between min and max", path, hint="move the limits")
    return found


def _read_limit(document: Document, path: KeyPath) -> float:
    if document.get(path) is not None:
        return tables.number(document, path)
    return -math.inf if path[-1] == "min" else math.inf


def _read_flat(document: Document, path: KeyPath, ends: tuple[float, float], limits: tuple[float, float]) -> Drawn:
    if ends[0] >= ends[1]:
        message = f"the lower end comes first, and {ends[0]:g} is not less than {ends[1]:g}"
        raise document.error(message, path, hint="a number alone is the same for all runs" * (ends[0] == ends[1]))
    low, high = max(ends[0], limits[0]), min(ends[1], limits[1])
    if low >= high:
        raise document.error("nothing of this distribution is between min and max", path, hint="move the limits")
    if not math.isfinite(high - low):
        raise document.error("the ends are too far apart", path)
    return Flat(str(path[-2]), low, high, path[-1] == "loguniform")


def with_scipy(document: Document, path: KeyPath, action: Callable[[], Any]) -> Any:
    """Return what an action gives that needs SciPy.

    Raises
    ------
    UserError
        Without SciPy.
    """
    try:
        return action()
    except ImportError:
        hint = "pip install 'cubie-cli[samples]'"
        raise document.error("this needs SciPy, which is not installed", path, hint=hint) from None


# -- several quantities -------------------------------------------------------------------------


def read_correlated(document: Document, path: KeyPath) -> Correlated:
    """Read the distribution of quantities that are correlated.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    given = tables.table(document, path)
    for key in _LIMITS:
        if key in given:
            hint = "take a quantity that needs limits out, into [batch.values]"
            raise document.error("correlated quantities have no limits", (*path, key), "key", hint)
    tables.check_keys(document, path, _CORRELATED)
    names = _read_list(document, path, "quantities", tables.text)
    if ("mean" in given) == ("median" in given):
        message = "mean and median exclude each other" if "mean" in given else "there is neither mean nor median"
        hint = "mean for normal distributions, median for those whose logarithms are normal"
        raise document.error(message, path, "key", hint)
    kind = "mean" if "mean" in given else "median"
    centres = _read_list(document, path, kind, tables.number)
    if len(centres) != len(names):
        message = f"there are {len(names)} quantities and {len(centres)} in {kind!r}"
        raise document.error(message, (*path, kind))
    for index, centre in enumerate(centres):
        if kind == "median" and centre <= 0.0:
            message = f"the values are positive where their logarithms are normal, this is {centre:g}"
            raise document.error(message, (*path, kind, index))
    covariance = _read_covariance(document, (*path, "covariance"), len(names))
    factor = triangle_of(covariance)
    if factor is None:
        _check_correlations(document, (*path, "covariance"), covariance)
        hint = "correlations between -1 and 1 are not enough: each must allow for the others"
        message = "no quantities have this covariance: it has a negative eigenvalue"
        raise document.error(message, (*path, "covariance"), hint=hint)
    return Correlated(tuple(names), tuple(centres), factor, kind == "median")


def _read_list(document: Document, path: KeyPath, key: str, read: Callable[[Document, KeyPath], Any]) -> list[Any]:
    value = document.get((*path, key))
    if value is None:
        raise document.error(f"{key!r} is missing", path, "key", f"add {key} = [...]")
    if not isinstance(value, list) or not value:
        what = "an empty list" if isinstance(value, list) else tables.kind_of(value)
        raise document.error(f"{key!r} must be a list, this is {what}", (*path, key))
    return [read(document, (*path, key, index)) for index in range(len(value))]


def _read_covariance(document: Document, path: KeyPath, size: int) -> list[list[float]]:
    rows = _read_list(document, path[:-1], "covariance", lambda _, place: document.get(place))
    for index, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(rows) or len(rows) != size:
            columns = len(row) if isinstance(row, list) else 1
            message = f"a covariance of {size} quantities has {size} rows of {size} numbers, "
            message += f"this has {counted(len(rows), 'row')}" if len(rows) != size else f"this row has {columns}"
            raise document.error(message, path if len(rows) != size else (*path, index))
    found = [[tables.number(document, (*path, row, column)) for column in range(size)] for row in range(size)]
    for row in range(size):
        for column in range(row):
            if not math.isclose(found[row][column], found[column][row], rel_tol=_ROUNDING, abs_tol=0.0):
                raise _asymmetric(document, (*path, row, column), found[row][column], found[column][row])
        if found[row][row] < 0.0:
            message = f"a variance is not negative, this is {found[row][row]:g}"
            raise document.error(message, (*path, row, row))
    return found


def _check_correlations(document: Document, path: KeyPath, covariance: list[list[float]]) -> None:
    """Refuse a covariance that is more than its two variances allow."""
    for row, numbers in enumerate(covariance):
        for column, number in enumerate(numbers[:row]):
            most = math.sqrt(numbers[row] * covariance[column][column])
            if abs(number) > most * (1.0 + _ROUNDING):
                message = f"a covariance is at most the root of the product of its variances, {most:.3g}, this is"
                hint = "variances, which are squares of standard deviations, are on the diagonal; "
                hint += "a covariance is a correlation times both standard deviations"
                raise document.error(f"{message} {number:g}", (*path, row, column), hint=hint)


def _asymmetric(document: Document, place: KeyPath, one: float, other: float) -> UserError:
    message = f"a covariance is symmetric, and {one:g} faces {other:g}"
    return document.error(message, place, hint="write both alike")
