"""The kinds of files that commands write, and how each is known."""

from dataclasses import dataclass
from pathlib import Path

#: Bytes that an HDF5 file begins with.
_HDF5 = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class Kind:
    """A kind of file that commands write.

    Parameters
    ----------
    name
        What to call it, with its article.
    suffixes
        The extensions it may have; the first is proposed. A name without one is taken as it is.
    begins
        The bytes that it begins with; None: it is text.
    """

    name: str
    suffixes: tuple[str, ...]
    begins: bytes | None = None

    def holds(self, path: Path) -> bool:
        """Return whether a regular file may be of this kind."""
        with path.open("rb") as file:
            return self.begins_so(file.read(len(_HDF5)))

    def begins_so(self, start: bytes) -> bool:
        """Return whether a file may be of this kind, by its first bytes."""
        return start.startswith(self.begins) if self.begins else not start.startswith(_HDF5) and b"\0" not in start


RESULT = Kind("an HDF5 file", (".h5", ".hdf5", ".hdf", ".he5", ".nc", ".nc4"), _HDF5)
SETTINGS = Kind("a TOML file", (".toml",))
TABLE = Kind("a CSV file", (".csv",))
SCHEMA = Kind("a JSON file", (".json",))
