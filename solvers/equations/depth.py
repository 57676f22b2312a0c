"""Lets what walks expressions recurse as deep as a model may nest them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: Frames: SymPy takes dozens for each level.
_FRAMES = 20_000


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Raise the limit on recursion for as long as a block runs."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
