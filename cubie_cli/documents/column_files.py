"""Opens files of columns, by what they begin with."""

from pathlib import Path

from cubie_cli.documents import tables
from cubie_cli.documents.columns import Columns
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.parquet_columns import ParquetColumns
from cubie_cli.documents.paths import is_there, regular_bytes, resolved
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.text_columns import TextColumns
from cubie_cli.documents.variable_columns import VariableColumns

_HDF5 = b"\x89HDF\r\n\x1a\n"
_CLASSIC_NETCDF = b"CDF"
_KINDS: dict[bytes, type[Columns]] = {_HDF5: VariableColumns, b"PAR1": ParquetColumns}


def read_columns(path: Path) -> Columns:
    """Open a file of columns.

    Raises
    ------
    UserError
        It is missing, or no such file.
    """
    try:
        regular_bytes(path)
        with path.open("rb") as file:
            first = file.read(len(_HDF5))
    except FileNotFoundError:
        raise UserError("no such file", path, hint="the name is relative to the file that names it") from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", path) from None
    if first.startswith(_CLASSIC_NETCDF):
        message = "this is netCDF of the classic format, which cannot be read here"
        raise UserError(message, path, hint=f"convert it: nccopy -k nc4 {path.name} new.nc")
    for beginning, kind in _KINDS.items():
        if first.startswith(beginning):
            return kind(path)
    return TextColumns(path)


def named_columns(document: Document, path: KeyPath) -> Columns:
    """Open the file of columns that a document names, relative to the document's.

    Raises
    ------
    UserError
        There is no such file: at the name. Or it is none of columns.
    """
    text = tables.text(document, path)
    if not text.strip() or "\0" in text:
        raise document.error("a file name is needed", path)
    file = resolved(document.path.parent, text)
    if not is_there(file):
        raise document.error(f"no such table: {file}", path, hint="the name is relative to this file")
    return read_columns(file)
