"""The registry of one kernel's buffers: the only source of sizes, offsets and allocators."""

import operator
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, Self, get_args

import numpy as np
import numpy.typing as npt

from buffers.allocator import Allocator
from buffers.errors import RegistrationError, closest, did_you_mean
from buffers.layout import SPACES, Sizes, byte_sizes, element_sizes
from buffers.locations import LOCATIONS, Location, Locations, is_location
from buffers.model import DTYPES, Buffer, Hosted, Lifetime, Node
from buffers.placement import Placement, Row, Totals


class BufferRegistry:
    """What the components of one kernel need, and where it lies.

    Components register buffers under themselves and host their children; sizes may be asked for at any time
    and are those of what is registered so far. `check`, `get_allocator`, `rows`, `totals` and `freeze` end
    the registration: what they say would not survive another buffer.

    Parameters
    ----------
    locations
        The user's choices; None: everything automatic.
    """

    def __init__(self, locations: Locations | None = None) -> None:
        self.locations: Final = locations or Locations()
        self._buffers: dict[str, dict[str, Buffer]] = {}
        self._roles: dict[str, dict[str, tuple[str, str | None]]] = {}
        self._parents: dict[str, str] = {}
        self._placement: Placement | None = None

    @property
    def frozen(self) -> bool:
        """Whether registration has ended."""
        return self._placement is not None

    @property
    def owners(self) -> tuple[str, ...]:
        """All owners, in the order they appeared."""
        return tuple(self._buffers)

    @property
    def names(self) -> tuple[str, ...]:
        """All buffers that a user can place, as "owner.buffer", in the order registered by each owner."""
        return tuple(f"{owner}.{name}" for owner, buffers in self._buffers.items() for name in buffers)

    def declare(self, owner: str) -> None:
        """Make an owner known that may have no buffers; `register` and `host` do so for whoever calls them.

        Raises
        ------
        RegistrationError
            If the name is no identifier, or the registry is frozen.
        """
        self._refuse_if_frozen(owner)
        if not owner.isidentifier():
            raise RegistrationError(f"{owner!r} cannot be an owner: names are identifiers")
        self._buffers.setdefault(owner, {})
        self._roles.setdefault(owner, {})

    def register(
        self,
        owner: str,
        name: str,
        elements: int,
        dtype: npt.DTypeLike,
        *,
        lifetime: Lifetime = "call",
        location: Location | None = None,
        common: bool = False,
    ) -> None:
        """Register a buffer of a component under itself.

        Parameters
        ----------
        owner, name
            The component, and its name for the buffer.
        elements
            Length in elements, 0 or more; a buffer of 0 elements occupies nothing.
        dtype
            One of `DTYPES`.
        lifetime
            "call" if its contents matter within one call of the owner, "run" if they are kept.
        location
            What "auto" means for this buffer; None: `AUTO_LOCATION`. The user's choice beats it.
        common
            Whether all threads of a run have one together, in shared memory whatever the user's choice.

        Raises
        ------
        RegistrationError
            If a value is not as above, the owner has the name already, or the registry is frozen.
        """
        full_name = f"{owner}.{name}"
        self._refuse_if_frozen(full_name)
        self.declare(owner)
        self._refuse_if_taken(owner, name)
        if not name.isidentifier():
            raise RegistrationError(f"{full_name}: names are identifiers")
        if lifetime not in get_args(Lifetime):
            raise RegistrationError(f'{full_name}: lifetime {lifetime!r} is neither "call" nor "run"')
        if location is not None and not is_location(location):
            raise RegistrationError(f"{full_name}: location {location!r} is none of {', '.join(LOCATIONS)}")
        self._buffers[owner][name] = Buffer(
            owner,
            name,
            _checked_elements(full_name, elements),
            _checked_dtype(full_name, dtype),
            lifetime,
            "shared" if common else self.locations.resolve(full_name, location),
            common,
        )

    def host(self, parent: str, child: str, role: str, *, group: str | None = None) -> None:
        """Reserve space for a child in its parent, as `{role}_shared` and `{role}_persistent`.

        Parameters
        ----------
        parent
            The component that asks.
        child
            An owner that has registered or was declared, hosted by nobody yet.
        role
            What the child is to the parent; names the two aggregation buffers.
        group
            Children of this parent in the same group never run at once, so that what they hold for a call
            only may overlap. None: it may run while any other does.

        Raises
        ------
        RegistrationError
            If the child is unknown, hosted already or above the parent, a name is taken, or the registry is
            frozen.
        """
        self._refuse_if_frozen(f"{parent}.{role}")
        self._known(child)
        if child in self._parents:
            raise RegistrationError(f"{child!r} is hosted by {self._parents[child]!r} already")
        if child in self._ancestry(parent):
            raise RegistrationError(f"{parent!r} cannot host {child!r}, which it is itself a part of")
        if not role.isidentifier():
            raise RegistrationError(f"{parent}.{role}: names are identifiers")
        self.declare(parent)
        for space in SPACES:
            self._refuse_if_taken(parent, f"{role}_{space}")
        self._parents[child] = parent
        self._roles[parent][role] = (child, group)

    def buffers_of(self, owner: str) -> tuple[str, ...]:
        """Return the names of an owner's buffers, in the order registered.

        Raises
        ------
        RegistrationError
            If the owner is unknown.
        """
        self._known(owner)
        return tuple(self._buffers[owner])

    def children_of(self, owner: str) -> dict[str, str]:
        """Return the owners that an owner hosts by their roles, in the order hosted.

        Raises
        ------
        RegistrationError
            If the owner is unknown.
        """
        self._known(owner)
        return {role: child for role, (child, _) in self._roles[owner].items()}

    def shared_buffer_size(self, owner: str) -> int:
        """Return the elements in shared memory of an owner and all below it, overlaps counted once."""
        return self.element_sizes(owner, "shared").total

    def persistent_local_buffer_size(self, owner: str) -> int:
        """Return the elements in the run's kept array of an owner and all below it, overlaps counted once."""
        return self.element_sizes(owner, "persistent").total

    def local_buffer_size(self, owner: str) -> int:
        """Return the elements in arrays of their own of an owner and all below it."""
        return self.element_sizes(owner, "local").total

    def element_sizes(self, owner: str, location: Location) -> Sizes:
        """Return an owner's own, hosted and total size in elements; different dtypes are added as they are.

        Raises
        ------
        RegistrationError
            If the owner is unknown.
        """
        return element_sizes(self._node(owner), location)

    def byte_sizes(self, owner: str, location: Location) -> Sizes:
        """Return an owner's own, hosted and total size in bytes; in a space with the padding of alignment.

        Raises
        ------
        RegistrationError
            If the owner is unknown.
        """
        return byte_sizes(self._node(owner), location)

    def freeze(self) -> None:
        """End the registration and lay everything out.

        Raises
        ------
        RegistrationError
            If more than one owner is hosted by nobody: there is one slice a run, and one component to receive
            it.
        """
        self._placed()

    def check(self, known_elsewhere: Collection[str] = frozenset()) -> tuple[str, ...]:
        """Check the user's choices against what is registered.

        Parameters
        ----------
        known_elsewhere
            Names, as "owner.buffer", that exist for other methods.

        Returns
        -------
        tuple of str
            The keys that only match names known elsewhere, in the order written.

        Raises
        ------
        UnknownBufferError
            If a key matches no name at all.
        """
        self.freeze()
        return self.locations.unused(self.names, known_elsewhere)

    def get_allocator(self, name: str, owner: str) -> Allocator:
        """Return the allocator of an owner's buffer, own or aggregation.

        Raises
        ------
        RegistrationError
            If the owner has no such buffer.
        """
        self._known(owner)
        allocators = {allocator.name: allocator for allocator in self._placed().allocators(owner)}
        if name not in allocators:
            question = did_you_mean(closest(name, allocators))
            raise RegistrationError(f"{owner!r} has no buffer {name!r}{question}, only {', '.join(allocators)}")
        return allocators[name]

    def rows(self) -> tuple[Row, ...]:
        """Return every buffer for a report: parents before children, own before aggregation buffers."""
        return tuple(self._placed().rows())

    def totals(self) -> Totals:
        """Return the bytes that one run needs in each location; in a space a multiple of its alignment."""
        return self._placed().totals()

    def as_json(self) -> dict[str, Any]:
        """Return what was registered, as plain values."""
        return {
            "owners": list(self._buffers),
            "buffers": [
                [owner, name, buffer.elements, buffer.dtype.name, buffer.lifetime, buffer.location, buffer.common]
                for owner, buffers in self._buffers.items()
                for name, buffer in buffers.items()
            ],
            "hosted": [
                [parent, child, role, group]
                for parent, roles in self._roles.items()
                for role, (child, group) in roles.items()
            ],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return a frozen registry with the layout of the one that `as_json` gave the values of.

        Raises
        ------
        RegistrationError
            If they are not such values.
        """
        registry = cls()
        for owner in values["owners"]:
            registry.declare(owner)
        for owner, name, elements, dtype, lifetime, location, common in values["buffers"]:
            registry.register(owner, name, elements, dtype, lifetime=lifetime, location=location, common=common)
        for parent, child, role, group in values["hosted"]:
            registry.host(parent, child, role, group=group)
        registry.freeze()
        return registry

    def _placed(self) -> Placement:
        if self._placement is None:
            roots = [owner for owner in self._buffers if owner not in self._parents]
            if len(roots) > 1:
                raise RegistrationError(f"only one owner may be hosted by nobody, not {', '.join(roots)}")
            self._placement = Placement(self._node(roots[0]) if roots else None)
        return self._placement

    def _node(self, owner: str) -> Node:
        self._known(owner)
        hosted = (Hosted(role, group, self._node(child)) for role, (child, group) in self._roles[owner].items())
        return Node(owner, tuple(self._buffers[owner].values()), tuple(hosted))

    def _ancestry(self, owner: str) -> Iterator[str]:
        """Yield an owner and all above it."""
        yield owner
        while owner in self._parents:
            owner = self._parents[owner]
            yield owner

    def _known(self, owner: str) -> None:
        if owner not in self._buffers:
            question = did_you_mean(closest(owner, self._buffers))
            raise RegistrationError(f"nobody has registered or declared {owner!r}{question}")

    def _refuse_if_frozen(self, name: str) -> None:
        if self.frozen:
            raise RegistrationError(f"{name} comes too late: the registry is frozen, its layout is in use")

    def _refuse_if_taken(self, owner: str, name: str) -> None:
        reserved = {f"{role}_{space}" for role in self._roles[owner] for space in SPACES}
        if name in self._buffers[owner] or name in reserved:
            raise RegistrationError(f"{owner} has a buffer {name!r} already")


def _checked_elements(full_name: str, elements: int) -> int:
    try:
        count = operator.index(elements)
    except TypeError:
        count = -1
    if count < 0 or isinstance(elements, bool):
        raise RegistrationError(f"{full_name}: {elements!r} is no number of elements")
    return count


def _checked_dtype(full_name: str, dtype: npt.DTypeLike) -> np.dtype[Any]:
    try:
        # NumPy reads None as float64.
        known = DTYPES.index(np.dtype("void" if dtype is None else dtype))
    except (TypeError, ValueError):
        names = ", ".join(each.name for each in DTYPES)
        raise RegistrationError(f"{full_name}: dtype {dtype!r} is none of {names}") from None
    return DTYPES[known]
