"""Numbers, real or complex, that the threads of a run hand each other or choose by who they are."""

from collections.abc import Collection, Sequence
from typing import Any

from solvers.algebra.complex_numbers import number_of, parts_of
from solvers.straightline.dealing import chosen, exchanged


def handed(value: Any, sources: Sequence[int | None]) -> Any:
    """Return what each lane's source has as a number; None: whose does not matter."""
    return number_of([exchanged(part, sources) for part in parts_of(value)])


def picked(lanes: Collection[int], of: int, value: Any, otherwise: Any) -> Any:
    """Return a number in some of a run's lanes, another one in the others; both are of one kind."""
    held = [lane in lanes for lane in range(of)]
    pairs = zip(parts_of(value), parts_of(otherwise), strict=True)
    return number_of([chosen(held, *pair) for pair in pairs])
