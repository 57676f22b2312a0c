"""Sizes and places, each a pure function of what was registered.

A region is laid out as C lays out a struct: own buffers, then the regions of hosted children, in the order
registered, each aligned to the largest element it holds; its size is a multiple of its alignment, so that the
slices of consecutive runs are aligned too. Offsets are bytes of one run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from buffers.locations import Location
from buffers.model import Hosted, Lifetime, Node

#: The locations that are slices of memory handed down, and so have offsets.
Space = Literal["shared", "persistent"]
SPACES: Final[tuple[Space, ...]] = ("shared", "persistent")


@dataclass(frozen=True)
class Sizes:
    """A size in one location.

    Parameters
    ----------
    own
        Of the owner's buffers.
    hosted
        Of all below it, children that overlap counted once.
    """

    own: int
    hosted: int

    @property
    def total(self) -> int:
        """Of the owner and all below it."""
        return self.own + self.hosted


@dataclass(frozen=True)
class Region:
    """What an owner and all below it occupy in a space.

    Parameters
    ----------
    nbytes, own_nbytes
        Size in bytes, and the part of it before the children.
    alignment
        In bytes: the largest element size held, 1 where nothing is.
    lifetime
        "run" if anything in it lives that long.
    buffers
        Name of an own buffer -> byte offset. Empty buffers are not listed.
    children
        Role -> (byte offset, region of the child).
    """

    nbytes: int
    own_nbytes: int
    alignment: int
    lifetime: Lifetime
    buffers: Mapping[str, int]
    children: Mapping[str, tuple[int, "Region"]]


def element_sizes(node: Node, location: Location) -> Sizes:
    """Return sizes in elements, those of different dtypes added as they are."""
    own = sum(buffer.elements for buffer in node.own(location))
    hosted = (
        max(element_sizes(child.node, location).total for child in block)
        for block in overlapping_blocks(node, location)
    )
    return Sizes(own, sum(hosted))


def byte_sizes(node: Node, location: Location) -> Sizes:
    """Return sizes in bytes; in a space they include the padding that alignment needs."""
    if location == "local":
        own = sum(buffer.nbytes for buffer in node.own(location))
        return Sizes(own, sum(byte_sizes(child.node, location).total for child in node.hosted))
    region = lay_out(node, location)
    return Sizes(region.own_nbytes, region.nbytes - region.own_nbytes)


def lifetime_of(node: Node, location: Location) -> Lifetime:
    """Return "run" if the owner or any below it keeps a buffer for the run in a location, else "call"."""
    kept = any(buffer.lifetime == "run" for below in node.walk() for buffer in below.own(location))
    return "run" if kept else "call"


def overlapping_blocks(node: Node, location: Location) -> list[list[Hosted]]:
    """Split an owner's children into blocks; those of one block lie over each other, blocks do not.

    Only children of one group overlap, where all they hold lives for a call. Local arrays never do: each is
    the compiler's to place.
    """
    blocks: dict[tuple[str, str], list[Hosted]] = {}
    for child in node.hosted:
        block = ("alone", child.role)
        if child.group is not None and location != "local" and lifetime_of(child.node, location) == "call":
            block = ("group", child.group)
        blocks.setdefault(block, []).append(child)
    return list(blocks.values())


def lay_out(node: Node, space: Space) -> Region:
    """Return the region of an owner in a space, with that of each child inside it."""
    cursor, alignment = 0, 1
    buffers: dict[str, int] = {}
    for buffer in node.own(space):
        offset = align_up(cursor, buffer.dtype.itemsize)
        buffers[buffer.name] = offset
        cursor = offset + buffer.nbytes
        alignment = max(alignment, buffer.dtype.itemsize)
    own_nbytes = cursor
    children: dict[str, tuple[int, Region]] = {}
    for block in overlapping_blocks(node, space):
        regions = {child.role: lay_out(child.node, space) for child in block}
        strictest = max(region.alignment for region in regions.values())
        offset = align_up(cursor, strictest)
        children.update({role: (offset, region) for role, region in regions.items()})
        cursor = offset + max(region.nbytes for region in regions.values())
        alignment = max(alignment, strictest)
    nbytes = align_up(cursor, alignment)
    return Region(nbytes, own_nbytes, alignment, lifetime_of(node, space), buffers, children)


def absolute_offsets(root: Node, space: Space) -> dict[str, tuple[int, Region]]:
    """Return for every owner where its region starts in the run's slice, in bytes, and the region."""
    places: dict[str, tuple[int, Region]] = {root.owner: (0, lay_out(root, space))}
    for node in root.walk():
        start, region = places[node.owner]
        for child in node.hosted:
            offset, inner = region.children[child.role]
            places[child.node.owner] = (start + offset, inner)
    return places


def common_offsets(root: Node) -> tuple[dict[tuple[str, str], int], int]:
    """Return where each common buffer starts in the run's own region, by owner and name, and the region's size."""
    offsets: dict[tuple[str, str], int] = {}
    cursor = 0
    for node in root.walk():
        for buffer in node.common:
            offsets[node.owner, buffer.name] = cursor = align_up(cursor, buffer.dtype.itemsize)
            cursor += buffer.nbytes
    return offsets, cursor


def align_up(offset: int, alignment: int) -> int:
    """Return the first multiple of an alignment that is not below an offset."""
    return -(-offset // alignment) * alignment
