"""Numbers, real or complex, that the threads of a run hand each other or choose by who they are."""

from collections.abc import Collection, Sequence
from typing import Any

from solvers.algebra.complex_numbers import Complex
from solvers.straightline.dealing import chosen, exchanged


def handed(value: Any, sources: Sequence[int | None]) -> Any:
    """Return what each lane's source has as a number; None: whose does not matter."""
    if isinstance(value, Complex):
        return Complex(exchanged(value.re, sources), exchanged(value.im, sources))
    return exchanged(value, sources)


def picked(lanes: Collection[int], of: int, value: Any, otherwise: Any) -> Any:
    """Return a number in some of a run's lanes, another one in the others; both are of one kind."""
    held = [lane in lanes for lane in range(of)]
    if isinstance(value, Complex):
        return Complex(chosen(held, value.re, otherwise.re), chosen(held, value.im, otherwise.im))
    return chosen(held, value, otherwise)
