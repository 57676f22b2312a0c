"""Numbers that are spaced evenly, or by equal ratios, from a first to a last one."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from cubie_cli.documents.positions import KeyPath

KINDS = ("linspace", "logspace")


@dataclass(frozen=True)
class Spacing:
    """Numbers between two ends, both included.

    Parameters
    ----------
    kind
        "linspace": equal differences; "logspace": equal ratios.
    first, last
        The ends.
    count
        How many numbers there are.
    """

    kind: Literal["linspace", "logspace"]
    first: float
    last: float
    count: int

    @property
    def monotone(self) -> bool:
        """Whether values rise or fall all the way."""
        return True

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the values at positions from 0 to `count` - 1, as float64 of the same shape."""
        first, last = self.first, self.last
        if self.count == 1:
            return np.full(positions.shape, first)
        values: np.ndarray
        if self.kind == "linspace":
            values = positions * ((last - first) / (self.count - 1)) + first
        else:
            # Powers of ten, so that whole decades are exact; only the ends, which are replaced, can overflow.
            with np.errstate(over="ignore"):
                step = (math.log10(last) - math.log10(first)) / (self.count - 1)
                values = np.power(10.0, positions * step + math.log10(first))
        values[positions == 0] = first
        values[positions == self.count - 1] = last
        return values


def read_spacing(document: Document, path: KeyPath, what: str) -> Spacing:
    """Read `{ linspace = [first, last, n] }` or `{ logspace = [first, last, n] }`; these ends are no exponents.

    Parameters
    ----------
    document, path
        Where the table stands.
    what
        What its numbers are of, for messages.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    value = tables.table(document, path)
    tables.check_keys(document, path, KINDS, "[spacing]")
    if len(value) != 1:
        raise document.error("one of linspace and logspace is needed", path)
    (kind,) = value
    path = (*path, kind)
    if not isinstance(value[kind], list) or len(value[kind]) != 3:
        raise document.error(f"{kind} needs a list of three: [first, last, number of values]", path)
    first, last = tables.number(document, (*path, 0)), tables.number(document, (*path, 1))
    count = _read_count(document, what, (*path, 2))
    if kind == "logspace" and min(first, last) <= 0:
        message = "the ends of logspace must be positive"
        raise document.error(message, path, hint="they are values, not exponents: [0.001, 1000.0, 7]")
    if not math.isfinite(last - first):
        raise document.error("the ends are too far apart", path)
    return Spacing("linspace" if kind == "linspace" else "logspace", first, last, count)


def _read_count(document: Document, what: str, path: KeyPath) -> int:
    count = document.get(path)
    if isinstance(count, bool) or not isinstance(count, int):
        whole = isinstance(count, float) and count.is_integer()
        hint = f"write {int(count)}" if whole else "it says how many values there are, not how far apart"
        raise document.error(f"the number of values must be a whole number, this is {count!r}", path, hint=hint)
    if count < 1:
        raise document.error(f"{what} has no values", path, hint="give at least one")
    return count
