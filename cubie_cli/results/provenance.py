"""Where a result comes from: versions, hashes, the command line and the time."""

import hashlib
import shlex
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

#: Distributions whose version may change a number in a result.
_NUMERICAL = ("numpy", "numba", "numba-cuda", "llvmlite", "sympy", "h5py")


def version() -> str:
    """Return the version of the installed distribution, or "unknown" in a bare checkout."""
    return installed_version("cubie-cli") or "unknown"


def installed_version(distribution: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def versions() -> dict[str, str]:
    """Return the versions of Python, of cubie and of the libraries that compute."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    found = {name: installed_version(name) for name in _NUMERICAL}
    return {"cubie": version(), "python": python} | {name: text for name, text in found.items() if text}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits, as `sha256sum` prints it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def command_line() -> str:
    """Return the command that runs this process, quoted for a shell."""
    return shlex.join(["cubie", *sys.argv[1:]])


def timestamp() -> str:
    """Return the current time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
