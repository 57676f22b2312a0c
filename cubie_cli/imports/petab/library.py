"""The PEtab library at work: what it finds wrong becomes one message, and it prints nothing itself."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cubie_cli.documents.messages import UserError
from cubie_cli.imports.mathematics import NotRepresentableError

#: What it raises for mistakes in tables; pandas' and pydantic's errors are among these.
_MISTAKES = (ValueError, LookupError, TypeError, AssertionError, AttributeError, NotImplementedError, OSError)
_LONGEST = 300


@contextmanager
def in_its_words(path: Path) -> Iterator[list[str]]:
    """Yield a list that takes what the library logs as errors; raise what it raises as a `UserError`."""
    logger, collector = logging.getLogger("petab"), _Collector()
    propagates = logger.propagate
    logger.addHandler(collector)
    logger.propagate = False
    try:
        with warnings.catch_warnings(action="ignore"):
            yield collector.told
    except (UserError, NotRepresentableError):
        raise
    except _MISTAKES as error:
        raise invalid(path, str(error) or type(error).__name__) from None
    finally:
        logger.propagate = propagates
        logger.removeHandler(collector)


def invalid(path: Path, told: str) -> UserError:
    """Return the refusal of a problem in which the library finds a mistake."""
    words = " ".join(told.split())
    shown = words if len(words) <= _LONGEST else f"{words[:_LONGEST]} ..."
    return UserError(f"not a valid PEtab problem: {shown}", path, hint="petablint, of the PEtab library, tells more")


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())
