"""A component's buffers, and its children's, as one nested tuple."""

from collections.abc import Mapping
from dataclasses import dataclass

from buffers import Allocator, BufferRegistry


@dataclass(frozen=True)
class Frame:
    """What one component receives: its own buffers in the order named, then each child's frame.

    Parameters
    ----------
    own
        Allocators of the component's own buffers.
    children
        For each child the allocators of its shared and of its persistent region, and its frame.
    """

    own: tuple[Allocator, ...]
    children: tuple[tuple[Allocator, Allocator, "Frame"], ...] = ()

    @property
    def allocators(self) -> tuple[Allocator, ...]:
        """The allocators of all buffers in the tree, regions left out."""
        below = (allocator for *_, frame in self.children for allocator in frame.allocators)
        return (*self.own, *below)


def make_frame(
    registry: BufferRegistry, owner: str, names: tuple[str, ...], children: Mapping[str, Frame] | None = None
) -> Frame:
    """Return the frame of an owner: its buffers, then its children, in the order in which its code unpacks them.

    Parameters
    ----------
    names
        The owner's buffers.
    children
        Frames of its children, by the role under which it hosts them.
    """
    return Frame(
        own=tuple(registry.get_allocator(name, owner) for name in names),
        children=tuple(
            (
                registry.get_allocator(f"{role}_shared", owner),
                registry.get_allocator(f"{role}_persistent", owner),
                frame,
            )
            for role, frame in (children or {}).items()
        ),
    )
