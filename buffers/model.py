"""What is registered: buffers, their owners, and which owner hosts which."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from buffers.locations import Location

Lifetime = Literal["call", "run"]
Kind = Literal["own", "aggregation"]

#: The dtypes a buffer may have. Each is aligned to its own size on every target.
DTYPES: Final[tuple[np.dtype[Any], ...]] = tuple(
    np.dtype(name) for name in ("float32", "float64", "int8", "int32", "int64", "uint8", "uint32", "uint64")
)


@dataclass(frozen=True)
class Buffer:
    """An array that a component owns.

    Parameters
    ----------
    owner, name
        Who registered it, and under which name.
    elements
        Length, in elements of `dtype`.
    dtype
        One of `DTYPES`.
    lifetime
        "call": its contents matter within one call of its owner. "run": they are kept to the end of the run.
    location
        Where it lies.
    common
        Whether all threads that share a run have one of it together. It lies in shared memory, in a region of the
        run's, where nobody hosts it.
    """

    owner: str
    name: str
    elements: int
    dtype: np.dtype[Any]
    lifetime: Lifetime
    location: Location
    common: bool = False

    @property
    def nbytes(self) -> int:
        """Length in bytes."""
        return self.elements * self.dtype.itemsize


@dataclass(frozen=True)
class Node:
    """An owner, its buffers, and the owners it hosts, in the order registered."""

    owner: str
    buffers: tuple[Buffer, ...] = ()
    hosted: tuple["Hosted", ...] = ()

    def own(self, location: Location) -> list[Buffer]:
        """Return the owner's buffers that take up room in a location."""
        return [
            buffer for buffer in self.buffers if buffer.location == location and buffer.elements and not buffer.common
        ]

    @property
    def common(self) -> list[Buffer]:
        """The buffers that all threads of a run have together."""
        return [buffer for buffer in self.buffers if buffer.common]

    def walk(self) -> Iterator["Node"]:
        """Yield this node and all below it, parents first."""
        yield self
        for child in self.hosted:
            yield from child.node.walk()


@dataclass(frozen=True)
class Hosted:
    """A child as its parent hosts it.

    Parameters
    ----------
    role
        What the child is to its parent; names its aggregation buffers, `{role}_shared` and
        `{role}_persistent`.
    group
        Children of one parent in the same group never run at once; None: any may.
    node
        The child.
    """

    role: str
    group: str | None
    node: Node
