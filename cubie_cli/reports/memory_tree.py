"""The components of a solver as a tree, with the bytes of each, as the registry of buffers tells them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from buffers import LOCATIONS, BufferRegistry

_RESERVED = "_shared"


@dataclass(frozen=True)
class Branch:
    """A component and what it needs.

    Parameters
    ----------
    owner
        Its name.
    parent, role
        The component that hosts it, and as what; None for the first.
    depth
        How many components are above it.
    own, reserved
        Bytes of its own buffers, and those reserved for the components below it, by location.
    """

    owner: str
    parent: str | None
    role: str | None
    depth: int
    own: Mapping[str, int]
    reserved: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return the branch as plain values."""
        return {
            "owner": self.owner,
            "parent": self.parent,
            "role": self.role,
            "own": dict(self.own),
            "reserved": dict(self.reserved),
        }


def branches(registry: BufferRegistry) -> list[Branch]:
    """Return the components, parents before children, in the order in which they registered."""
    roles: dict[str, list[str]] = {}
    for row in registry.rows():
        if row.kind == "aggregation" and row.name.endswith(_RESERVED):
            roles.setdefault(row.owner, []).append(row.name.removesuffix(_RESERVED))
    owners = iter(registry.owners)
    return list(_grow(registry, roles, owners, None, None, 0)) if registry.owners else []


def _grow(
    registry: BufferRegistry,
    roles: Mapping[str, list[str]],
    owners: Iterator[str],
    parent: str | None,
    role: str | None,
    depth: int,
) -> Iterator[Branch]:
    """Yield the next component and those below it: each registers before the components that it hosts."""
    owner = next(owners)
    sizes = {location: registry.byte_sizes(owner, location) for location in LOCATIONS}
    own: dict[str, int] = {location: size.own for location, size in sizes.items()}
    reserved: dict[str, int] = {location: size.hosted for location, size in sizes.items()}
    yield Branch(owner, parent, role, depth, own, reserved)
    for hosted in roles.get(owner, []):
        yield from _grow(registry, roles, owners, owner, hosted, depth + 1)
