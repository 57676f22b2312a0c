"""The kinds of faults, by name."""

import os
import shutil
from collections.abc import Callable

from tests.faults.crowds import crowds, crowds_on_a_cache
from tests.faults.disks import full, full_while_solving, read_only, refusing
from tests.faults.files import journals, parts, results
from tests.faults.machines import clocks, devices, locks, signals, signals_while_compiling, workers
from tests.faults.scene import Scene

_MOUNTING = (full, full_while_solving, read_only)
_OTHERS = (
    *(results, journals, parts, refusing),
    *(locks, clocks, devices, workers, signals, signals_while_compiling),
    *(crowds, crowds_on_a_cache),
)
KINDS: dict[str, Callable[[Scene], str]] = {each.__name__.replace("_", "-"): each for each in (*_OTHERS, *_MOUNTING)}


def why_not(kind: str) -> str | None:
    """Return why faults of a kind cannot be injected here; None where they can."""
    if KINDS[kind] in _MOUNTING and (os.geteuid() or shutil.which("mount") is None):
        return "only the superuser can mount a disk"
    return None
