"""Reads what a result holds of the files behind it, so that a batch is repeated from its result alone."""

import json
import shlex
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tomli

from cubie_cli.documents.columns import TableFile
from cubie_cli.documents.damage import reading
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError

_HDF5 = b"\x89HDF\r\n\x1a\n"
#: What a result calls the configuration with what options changed, where any did.
CHANGED = "configuration.json"
_DIGEST = "_sha256"


@dataclass(frozen=True)
class Enclosed:
    """The texts that a result holds.

    Parameters
    ----------
    path
        The result.
    texts
        Those of files, by what the result calls them.
    digests
        The SHA-256 of the files themselves, likewise.
    title
        What the batch is called.
    """

    path: Path
    texts: Mapping[str, str]
    digests: Mapping[str, str]
    title: str

    def table(self, text: str, name: str) -> tuple[tuple[str, ...], np.ndarray, TableFile] | None:
        """Return a table's columns, their values of shape (columns, rows), and the file that it was; None if not held.

        Parameters
        ----------
        text, name
            What the result calls the rows, and the file's digest.
        """
        if text not in self.texts:
            return None
        with reading(self.path):
            names, *rows = (line.split(",") for line in self.texts[text].splitlines())
            values = np.array([[float(cell) for cell in row] for row in rows])
        return tuple(names), np.ascontiguousarray(values.T), TableFile(self.path, self.digests[name])


def is_enclosing(path: Path) -> bool:
    """Return whether a file is no text but HDF5, as results are."""
    try:
        with path.open("rb") if path.is_file() else nullcontext() as file:
            return file is not None and file.read(len(_HDF5)) == _HDF5
    except OSError:
        return False  # who reads it says why


def read_enclosed(path: Path) -> Document:
    """Return the run configuration that a result holds, as it was solved.

    Raises
    ------
    UserError
        The file holds none, or not all of it.
    """
    with reading(path):
        enclosed = _read(path)
        if "configuration" not in enclosed.texts:
            raise UserError("this is no result that holds its configuration", path, hint="give a run configuration")
        text = enclosed.texts["configuration"]
        changed = enclosed.texts.get(CHANGED)
        return Document(path, text, tomli.loads(text) if changed is None else json.loads(changed), enclosed=enclosed)


def enclosed_model(document: Document) -> Document:
    """Return the model file that a result holds, by its configuration."""
    enclosed = document.enclosed
    assert enclosed is not None  # noqa: S101 - as the caller knows
    with reading(document.path):
        text = enclosed.texts["model"]
        return Document(document.path, text, tomli.loads(text), enclosed=enclosed)


def _read(path: Path) -> Enclosed:
    import h5py  # noqa: PLC0415 - for a result only

    texts: dict[str, str] = {}

    def visit(name: str, item: "h5py.Dataset | h5py.Group") -> None:
        if isinstance(item, h5py.Dataset) and not item.external:  # its own texts alone
            texts[name] = item.asstr()[()]

    with h5py.File(path, "r", locking=False) as file:
        if "input-files" in file:
            file["input-files"].visititems(visit)
        told = {name: str(value) for name, value in file.attrs.items()}
    if CHANGED not in texts and "--set" in shlex.split(told.get("command_line", "")):
        message = "this result was made with --set, and by a version that did not keep what was set"
        raise UserError(
            message, path, hint="run its configuration with the options that the attribute command_line has"
        )
    digests = {name.removesuffix(_DIGEST): text for name, text in told.items() if name.endswith(_DIGEST)}
    return Enclosed(path, texts, digests, told.get("title", ""))
