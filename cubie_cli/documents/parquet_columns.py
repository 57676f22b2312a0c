"""Reads columns from Parquet files, by a library that is an extra."""

from functools import cached_property
from typing import Any

import numpy as np

from cubie_cli.documents.columns import Columns
from cubie_cli.documents.messages import UserError


class ParquetColumns(Columns):
    """The columns of numbers of a Parquet file."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the file."""
        names = tuple(self._file.schema_arrow.names)
        for index, name in enumerate(names):
            if name in names[:index]:
                raise self.error_in_names(f"two columns are named {name!r}", "rename or remove one of them")
        return names

    def error(self, message: str, name: str, row: int, hint: str | None = None) -> UserError:
        """Return an error at a row of a column, counted from 0."""
        return UserError(f"column {name!r}, row {row}: {message}", self.path, hint=hint)

    def _read(self, name: str) -> np.ndarray:
        import pyarrow as pa  # noqa: PLC0415 - other files need none

        kind = self._file.schema_arrow.field(name).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            raise self.error_in_names(f"column {name!r} has values of type {kind}, and numbers are needed")
        try:
            column = self._file.read(columns=[name]).column(name)
            found: np.ndarray = column.cast(pa.float64(), safe=False).to_numpy()
        except (pa.ArrowException, OSError) as error:
            raise self.error_in_names(f"column {name!r} cannot be read: {error}") from None
        return found

    @cached_property
    def _file(self) -> Any:
        try:
            import pyarrow as pa  # noqa: PLC0415 - other files need none
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError:
            hint = "pip install 'cubie-cli[parquet]', or convert the file to CSV"
            raise UserError("Parquet files need a library that is not installed", self.path, hint=hint) from None
        try:
            return parquet.ParquetFile(self.path)
        except (pa.ArrowException, OSError) as error:
            raise UserError(f"cannot be read as Parquet: {error}", self.path) from None
