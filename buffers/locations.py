"""Where the user wants each buffer: the `[buffers]` table as a frozen value."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal, Self, TypeGuard

from buffers.errors import LocationError, UnknownBufferError, closest, did_you_mean, is_glob

Location = Literal["local", "shared", "persistent"]

LOCATIONS: Final[tuple[Location, ...]] = ("local", "shared", "persistent")

#: What "auto" means for a buffer whose component knows no better place; docs/memory.md has the measurements.
AUTO_LOCATION: Final[Location] = "local"


@dataclass(frozen=True)
class Locations:
    """A user's choices of location.

    Parameters
    ----------
    default
        Where buffers go that no assignment names; "auto" leaves it to the component, else to `AUTO_LOCATION`.
    assignments
        (name or glob, location) in the order written. Names are "owner.buffer"; globs are those of `fnmatch`,
        case-sensitive.
    """

    default: Location | Literal["auto"] = "auto"
    assignments: tuple[tuple[str, Location], ...] = ()

    @classmethod
    def parse(cls, table: Mapping[str, object]) -> Self:
        """Read a `[buffers]` table.

        Parameters
        ----------
        table
            The table as a TOML parser returns it, in the order written.

        Raises
        ------
        LocationError
            If a value is no location. Keys are checked once the solver is known, by `unused`.
        """
        default = table.get("default", "auto")
        if default != "auto" and not is_location(default):
            raise _not_a_location("default", default, ("auto", *LOCATIONS))
        assignments: list[tuple[str, Location]] = []
        for key, value in table.items():
            if key == "default":
                continue
            if not is_location(value):
                raise _not_a_location(key, value, LOCATIONS)
            assignments.append((key, value))
        return cls(default, tuple(assignments))

    def resolve(self, name: str, automatic: Location | None = None) -> Location:
        """Return the location of a buffer.

        An exact name beats a glob, a later glob beats an earlier, either beats the default.

        Parameters
        ----------
        name
            "owner.buffer".
        automatic
            What "auto" means for this buffer; None: `AUTO_LOCATION`.
        """
        matching = [(key == name, place) for key, place in self.assignments if _matches(key, name)]
        for exact, place in matching:
            if exact:
                return place
        if matching:
            return matching[-1][1]
        return (automatic or AUTO_LOCATION) if self.default == "auto" else self.default

    def unused(self, names: Collection[str], known_elsewhere: Collection[str] = ()) -> tuple[str, ...]:
        """Return the keys that match nothing here but would for another method, in the order written.

        Parameters
        ----------
        names
            The buffers of this solver.
        known_elsewhere
            Buffers that exist for other methods.

        Raises
        ------
        UnknownBufferError
            If a key matches none of either.
        """
        found = []
        for key, _ in self.assignments:
            if any(_matches(key, name) for name in names):
                continue
            if not any(_matches(key, name) for name in known_elsewhere):
                raise UnknownBufferError(key, tuple(names), _suggest(key, [*names, *known_elsewhere]))
            found.append(key)
        return tuple(found)


def is_location(value: object) -> TypeGuard[Location]:
    """Whether a value is one of the three locations."""
    return isinstance(value, str) and value in LOCATIONS


def _matches(key: str, name: str) -> bool:
    return key == name or (is_glob(key) and fnmatchcase(name, key))


def _suggest(key: str, names: list[str]) -> str | None:
    """Guess what a key meant: a buffer without its owner, a misspelt name, a glob of a misspelt owner."""
    for name in names:
        if name.endswith(f".{key}"):
            return name
    if is_glob(key):
        names = [f"{name.partition('.')[0]}.*" for name in names]
    return closest(key, names)


def _not_a_location(key: str, value: object, allowed: tuple[str, ...]) -> LocationError:
    if isinstance(value, Mapping):
        inner = next(iter(value), "name")
        problem = f"[buffers] {key} is a table"
        return LocationError(key, problem, f'write the whole name in quotes: "{key}.{inner}" = "shared"')
    suggestion = closest(value, allowed) if isinstance(value, str) else None
    problem = f'[buffers] "{key}" is {value!r}, which is no location{did_you_mean(suggestion)}'
    return LocationError(key, problem, f"choose one of {', '.join(allowed)}")
