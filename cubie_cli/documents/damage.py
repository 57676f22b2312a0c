"""What is told of a file that does not hold what this program wrote."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cubie_cli.documents.messages import UserError, system_refusal


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong where an HDF5 file is read into one message.

    Raises
    ------
    UserError
        The file is damaged, or something of it is not as this program writes it.
    """
    try:
        yield
    except (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        if isinstance(error, OSError) and system_refusal(error):
            raise  # a disk is full to which something is written meanwhile
        raise UserError(f"cannot read {path}: it is damaged, or not a file of cubie", path) from error
