"""A component's buffers, and its children's, by name: `memory.delta`, `memory.linear.factors`."""

from collections import namedtuple
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from buffers import Allocator, BufferRegistry


class Child(NamedTuple):
    """A hosted component: how its regions are cut from those of its host, and its frame."""

    shared: Allocator
    persistent: Allocator
    frame: "Frame"


class Regions(NamedTuple):
    """The memory that a component's buffers are cut from: its slices of the block's and of what a run keeps.

    `common` is what all threads of a run have, the same for every component.
    """

    shared: Any
    persistent: Any
    common: Any = None


@dataclass(frozen=True)
class Frame:
    """What one component receives: its own buffers by their names, and each child's frame by the child's name.

    Parameters
    ----------
    owner
        The component.
    own
        Allocators of its buffers, in the order registered.
    children
        Those that it hosts.
    """

    owner: str
    own: tuple[Allocator, ...]
    children: tuple[Child, ...]

    @property
    def allocators(self) -> tuple[Allocator, ...]:
        """The allocators of all buffers in the tree, regions left out."""
        below = (allocator for child in self.children for allocator in child.frame.allocators)
        return (*self.own, *below)

    @property
    def common_bytes(self) -> int:
        """Bytes that all threads of a run have in common."""
        ends = (each.offset + each.nbytes for each in self.allocators if each.common and each.offset is not None)
        return max(ends, default=0)

    @property
    def kind(self) -> Any:
        """The named tuple that code gets at it by: buffers, then children."""
        return _named(
            self.owner, (*(buffer.name for buffer in self.own), *(child.frame.owner for child in self.children))
        )


@cache
def _named(owner: str, fields: tuple[str, ...]) -> Any:
    """Return one class for each shape: compilers tell types apart by the class."""
    return namedtuple(owner, fields)  # noqa: PYI024 - the fields are known when a solver is built


def make_frame(registry: BufferRegistry, owner: str) -> Frame:
    """Return the frame of an owner and of all below it."""
    return Frame(
        owner,
        own=tuple(registry.get_allocator(name, owner) for name in registry.buffers_of(owner)),
        children=tuple(
            Child(
                registry.get_allocator(f"{role}_shared", owner),
                registry.get_allocator(f"{role}_persistent", owner),
                make_frame(registry, child),
            )
            for role, child in registry.children_of(owner).items()
        ),
    )
