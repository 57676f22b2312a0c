"""Opens results to be read, and says what is wrong with a file that is none."""

from contextlib import ExitStack, suppress
from pathlib import Path

import h5py

from cubie_cli.documents.damage import reading
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.paths import regular_bytes
from cubie_cli.results.layout import COUNTS
from cubie_cli.results.manifest import check_shards


def is_result(file: h5py.File) -> bool:
    """Return whether a file is the result of a batch."""
    return all(isinstance(file.get(name), h5py.Dataset) for name in ("time", "run", *COUNTS))


def dimensions(data: h5py.Dataset) -> tuple[str, ...]:
    """Return the names of a variable's dimensions."""
    return tuple(_scale(data, axis) for axis in range(data.ndim))


def _scale(data: h5py.Dataset, axis: int) -> str:
    scales = data.dims[axis].values()
    return str(scales[0].name).rpartition("/")[2] if scales else ""


def open_file(path: Path) -> h5py.File:
    """Return an HDF5 file, open for reading.

    Raises
    ------
    UserError
        It is missing, unreadable, damaged or no HDF5 file.
    """
    try:
        regular_bytes(path)
        with path.open("rb"):
            pass  # HDF5 does not say why it cannot
    except FileNotFoundError:
        raise UserError("no such file", path) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", path) from None
    if not h5py.is_hdf5(path):
        raise UserError("this is no HDF5 file", path, hint="give what `cubie run` has written")
    # Network folders often have no locks; where the program that calls has the file open with one, so must we.
    for locking in (False, None):
        with suppress(OSError):
            return h5py.File(path, "r", locking=locking)
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
