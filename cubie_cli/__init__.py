"""cubie: the command line, and from Python `run`, `validate` and `open_result`."""

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cubie_cli.api.calls import open_result, run, validate
    from cubie_cli.api.errors import CubieError, CubieWarning

__all__ = ["CubieError", "CubieWarning", "open_result", "run", "validate"]

#: When the program began.
STARTED = time.monotonic()


def __getattr__(name: str) -> Any:
    """Return what Python programs call; it is loaded when it is asked for, as commands have no use for it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cubie_cli.api import calls, errors  # noqa: PLC0415

    return getattr(errors if name.startswith("Cubie") else calls, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
