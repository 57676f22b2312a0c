"""How a component gets at a buffer: data that targets lower, callable on plain memory as their definition."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from buffers.locations import Location
from buffers.model import Kind, Lifetime

Memory = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Allocator:
    """One buffer of an owner, and how it is cut from the memory that the owner receives.

    Parameters
    ----------
    owner, name
        Who owns it, and under which name.
    location
        "shared" and "persistent" are slices of the owner's region there; "local" is an array of its own.
    dtype, elements
        Element type, and length in elements. An aggregation buffer is bytes (uint8): a child's whole region.
    offset
        Bytes from the start of the owner's region; None for local.
    lifetime
        "call" or "run". Whoever calls an allocator within a run more than once may do so for call-lived
        buffers only: a second local array knows nothing of the first.
    kind
        "own" or "aggregation".
    common
        Whether all threads of a run have one together: the offset is then from the start of the run's own region.
    """

    owner: str
    name: str
    location: Location
    dtype: np.dtype[Any]
    elements: int
    offset: int | None
    lifetime: Lifetime
    kind: Kind = "own"
    common: bool = False

    @property
    def nbytes(self) -> int:
        """Length in bytes."""
        return self.elements * self.dtype.itemsize

    def __call__(self, shared: Memory, persistent: Memory) -> npt.NDArray[Any]:
        """Return the buffer.

        Parameters
        ----------
        shared, persistent
            The owner's regions of one run: uint8, each at least as long as its size in bytes.

        Returns
        -------
        array, shape (elements,)
            A view for shared and persistent, new undefined memory for local.

        Raises
        ------
        ValueError
            If a region is not one-dimensional uint8, or too short to hold the buffer.
        """
        if self.offset is None:
            return undefined_memory(self.nbytes).view(self.dtype)
        region = shared if self.location == "shared" else persistent
        if region.dtype != np.uint8 or region.ndim != 1:
            raise ValueError(f"{self.owner}.{self.name}: a region is a one-dimensional array of uint8")
        end = self.offset + self.nbytes
        if end > len(region):
            place = f"bytes {self.offset} to {end} of the {self.location} region"
            raise ValueError(f"{self.owner}.{self.name} is {place}, which has only {len(region)}")
        return region[self.offset : end].view(self.dtype)


def undefined_memory(nbytes: int) -> Memory:
    """Return new memory in which use before definition shows: read as floats NaN, as integers all ones.

    Parameters
    ----------
    nbytes
        Length in bytes.

    Returns
    -------
    array of uint8, shape (nbytes,)
    """
    return np.full(nbytes, 0xFF, dtype=np.uint8)
