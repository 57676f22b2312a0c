"""What a kernel is made of, as a folder of texts with an index."""

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from cubie_cli.documents.messages import OutputError
from cubie_cli.reports.memory import MemoryReport
from cubie_cli.reports.memory_tables import full
from cubie_cli.reports.terminal import table
from solvers.targets.listing import ARRANGED, RECORDED, Listing, Text

INDEX = "index.txt"
_WIDTH = 140


def open_folder(path: Path) -> None:
    """Make the folder that a dump is written to.

    Raises
    ------
    OutputError
        It cannot be made, or something is in it.
    """
    hint = "name another folder with --dump"
    try:
        path.mkdir(parents=True, exist_ok=True)
        taken = any(path.iterdir())
    except OSError as error:
        raise OutputError(f"cannot write to {path}: {error.strerror}", hint=hint) from error
    if taken:
        raise OutputError(f"the folder is not empty: {path}", hint=hint)


def write(folder: Path, title: str, listing: Listing, memory: MemoryReport) -> dict[str, Any]:
    """Write what a kernel is made of.

    Parameters
    ----------
    folder
        Made where it is not there.
    title
        The first line of the index.
    listing
        The texts.
    memory
        The memory report of the kernel's batch.

    Returns
    -------
    dict
        The files, as plain values.

    Raises
    ------
    OutputError
        The disk refused.
    """
    index = Text(INDEX, _index(title, listing, memory), "this list")
    texts = [index, *listing.texts]
    for text in texts:
        path = folder / text.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.content, encoding="utf-8")
        except OSError as error:
            hint = "name another folder with --dump"
            raise OutputError(f"cannot write {path}: {error.strerror}", hint=hint) from error
    return {"folder": str(folder), "files": [_entry(text) for text in texts], "remarks": listing.remarks}


def _entry(text: Text) -> dict[str, Any]:
    counted = {} if text.count is None else {text.unit: text.count}
    return {"name": text.name, "bytes": _bytes(text), **counted}


def _bytes(text: Text) -> int:
    return len(text.content.encode())


def _index(title: str, listing: Listing, memory: MemoryReport) -> str:
    """Return the index: the functions, the other files, the buffers."""
    file = io.StringIO()
    console = Console(file=file, width=_WIDTH, highlight=False, color_system=None)
    figures = ("operations", f"in {ARRANGED}/")
    code = ("instructions", "bytes")
    for part in (
        title,
        f"Straight-line functions are as written in {RECORDED}/ and as the target arranges them in {ARRANGED}/.",
        table("Straight-line functions", ("function", *figures), _functions(listing), numeric=figures),
        table("Code of the whole kernel", ("file", *code, "what"), _code(listing), numeric=code),
        *listing.remarks,
    ):
        console.print(part, markup=False)
        console.print()
    console.print(full(memory))
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def _functions(listing: Listing) -> list[list[str]]:
    """Return a row for each function, and one for all."""
    counts: dict[str, list[str]] = {}
    for text in listing.texts:
        if text.about in {RECORDED, ARRANGED}:
            counts.setdefault(text.name.partition("/")[2], []).append(f"{text.count:,}")
    total = ["all", *(f"{listing.count('operations', folder):,}" for folder in (RECORDED, ARRANGED))]
    return [*([name, *found] for name, found in counts.items()), total]


def _code(listing: Listing) -> list[list[str]]:
    """Return a row for each file that is not of one function."""
    return [
        [text.name, "" if text.count is None else f"{text.count:,}", f"{_bytes(text):,}", text.about]
        for text in listing.texts
        if text.about not in {RECORDED, ARRANGED}
    ]
