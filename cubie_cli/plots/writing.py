"""Puts pictures in files of the kinds that there are."""

from pathlib import Path

from cubie_cli.documents.messages import UsageError
from cubie_cli.plots.figure import Figure
from cubie_cli.results.destination import check_destination, made
from cubie_cli.results.kinds import Kind

_KINDS = {
    ".png": Kind("a PNG picture", (".png",), b"\x89PNG\r\n\x1a\n"),
    ".svg": Kind("an SVG picture", (".svg",)),
    ".pdf": Kind("a PDF document", (".pdf",), b"%PDF-1.4"),
}


def check_picture(path: Path, result: Path, *, force: bool) -> None:
    """Refuse a name that no picture can be written to.

    Raises
    ------
    UsageError
        Its ending is none of a picture.
    OutputError
        As for `check_destination`.
    """
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        message = f"the picture is neither {', '.join(list(_KINDS)[:-1])} nor {list(_KINDS)[-1]}: {path}"
        raise UsageError(message, hint=f"name it {path.with_suffix('.png').name}")
    check_destination(path, inputs=[result], force=force, kind=kind)


def write_picture(figure: Figure, path: Path, *, force: bool) -> None:
    """Draw a figure to a file, which appears once it is complete.

    Raises
    ------
    OutputError
        The disk refused.
    """
    from cubie_cli.plots.pictures import write  # noqa: PLC0415 - takes long to import

    with made(path, replace=force) as temporary:
        write(figure, temporary, path.suffix.lower())
