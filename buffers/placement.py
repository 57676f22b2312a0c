"""Where every byte of a run lies, as the report and the allocators tell it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from buffers.allocator import Allocator
from buffers.layout import SPACES, absolute_offsets, byte_sizes, common_offsets
from buffers.locations import LOCATIONS, Location
from buffers.model import Buffer, Kind, Lifetime, Node

_BYTE: Final = np.dtype(np.uint8)


@dataclass(frozen=True)
class Row:
    """A line of the report of where every byte lies.

    Parameters
    ----------
    owner, name, location, dtype
        As registered; the dtype by its name.
    elements, bytes
        Length.
    offset
        Bytes from the start of the run's slice; None for local.
    lifetime
        "call" or "run".
    kind
        "own", or "aggregation" for the place of a child's buffers, which are listed themselves.
    """

    owner: str
    name: str
    location: Location
    dtype: str
    elements: int
    bytes: int
    offset: int | None
    lifetime: Lifetime
    kind: Kind


@dataclass(frozen=True)
class Totals:
    """Bytes that one run needs in each location; where threads share runs, a thread, and `common` a run."""

    shared: int
    persistent: int
    local: int
    common: int = 0


class Placement:
    """A tree of owners laid out in one run's slices.

    Parameters
    ----------
    root
        The owner that receives the slices; None where nothing is registered.
    """

    def __init__(self, root: Node | None) -> None:
        self._nodes = {node.owner: node for node in root.walk()} if root else {}
        self._places = {space: absolute_offsets(root, space) for space in SPACES} if root else {}
        self._common, common = common_offsets(root) if root else ({}, 0)
        self._totals = {"common": common} | {where: byte_sizes(root, where).total if root else 0 for where in LOCATIONS}

    def totals(self) -> Totals:
        """Return the bytes of a run in each location."""
        return Totals(**self._totals)

    def allocators(self, owner: str) -> Iterator[Allocator]:
        """Yield the allocators of an owner's buffers, then those of its aggregation buffers."""
        node = self._nodes[owner]
        for buffer in node.buffers:
            yield Allocator(
                owner,
                buffer.name,
                buffer.location,
                buffer.dtype,
                buffer.elements,
                self._offset(buffer),
                buffer.lifetime,
                common=buffer.common,
            )
        for child in node.hosted:
            for space in SPACES:
                start, region = self._places[space][owner][1].children[child.role]
                name = f"{child.role}_{space}"
                yield Allocator(owner, name, space, _BYTE, region.nbytes, start, region.lifetime, "aggregation")

    def rows(self) -> Iterator[Row]:
        """Yield a row for each buffer, parents before children."""
        for owner in self._nodes:
            for allocator in self.allocators(owner):
                offset = allocator.offset
                if offset is not None and not allocator.common and allocator.location != "local":
                    offset += self._places[allocator.location][owner][0]
                yield Row(
                    owner,
                    allocator.name,
                    allocator.location,
                    allocator.dtype.name,
                    allocator.elements,
                    allocator.nbytes,
                    offset,
                    allocator.lifetime,
                    allocator.kind,
                )

    def _offset(self, buffer: Buffer) -> int | None:
        """Return a buffer's offset in its owner's region."""
        if buffer.common:
            return self._common[buffer.owner, buffer.name]
        if buffer.location == "local":
            return None
        # An empty buffer has no place: 0 is as good as any.
        return self._places[buffer.location][buffer.owner][1].buffers.get(buffer.name, 0)
