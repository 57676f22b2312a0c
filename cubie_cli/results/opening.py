"""Opens results to be read, and says what is wrong with a file that is none."""

from contextlib import ExitStack, suppress
from pathlib import Path

import h5py

from cubie_cli.documents.damage import reading
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.paths import regular_bytes
from cubie_cli.results.layout import COUNTS
from cubie_cli.results.manifest import check_shards, is_virtual
from cubie_cli.results.stores import at_hand


def is_result(file: h5py.File) -> bool:
    """Return whether a file is the result of a batch."""
    return all(isinstance(file.get(name), h5py.Dataset) for name in ("time", "run", *COUNTS))


def dimensions(data: h5py.Dataset) -> tuple[str, ...]:
    """Return the names of a variable's dimensions."""
    return tuple(_scale(data, axis) for axis in range(data.ndim))


def _scale(data: h5py.Dataset, axis: int) -> str:
    scales = data.dims[axis].values()
    return str(scales[0].name).rpartition("/")[2] if scales else ""


class _Opened(h5py.File):  # type: ignore[misc]
    """A file open for reading that tells the name it was asked for by, also where a copy is read."""

    def __init__(self, path: Path, here: Path, *, locking: bool | None) -> None:
        super().__init__(here, "r", locking=locking)
        self._path = path

    @property
    def filename(self) -> str:
        """The name."""
        return str(self._path)


def open_file(path: Path) -> h5py.File:
    """Return an HDF5 file, or an object that is one, open for reading.

    Raises
    ------
    UserError
        It is missing, unreadable, damaged or no HDF5 file.
    """
    with at_hand(path) as here, ExitStack() as on_failure:
        file = on_failure.enter_context(_opened(path, here))
        if is_virtual(file) and here != path:
            message = "this result is virtual: its values are in files that a copy of it does not find"
            raise UserError(message, path, hint="merge the shards without --virtual")
        on_failure.pop_all()
    return file


def _opened(path: Path, here: Path) -> h5py.File:
    """Return a file that is here, whatever it is called elsewhere."""
    try:
        regular_bytes(here)
        with here.open("rb"):
            pass  # HDF5 does not say why it cannot
    except FileNotFoundError:
        raise UserError("no such file", path) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", path) from None
    if not h5py.is_hdf5(here):
        raise UserError("this is no HDF5 file", path, hint="give what `cubie run` has written")
    # Network folders often have no locks; where the program that calls has the file open with one, so must we.
    for locking in (False, None):
        with suppress(OSError):
            return _Opened(path, here, locking=locking)
    raise UserError(f"cannot read {path}: it is damaged", path)


def open_result(path: Path) -> h5py.File:
    """Return a result, open for reading, with all of its values at hand.

    Raises
    ------
    UserError
        As for `open_file`; it is no result, or one whose shards are not there.
    """
    with ExitStack() as on_failure:
        file = on_failure.enter_context(open_file(path))
        with reading(path):
            if not is_result(file):
                raise UserError("this is no result of cubie", path)
            check_shards(file)
        on_failure.pop_all()
    return file
