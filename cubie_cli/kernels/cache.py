"""Keeps compiled kernels on disk, so that the same problem is compiled once.

An entry is machine code that later runs as the user: the folder must be the user's alone, and nothing in an entry is
evaluated. It is written under a temporary name and renamed, so any number of processes may share a folder.
"""

import hashlib
import json
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from buffers import RegistrationError
from solvers.execution.kernel import Kernel

FOLDER_VARIABLE = "CUBIE_CACHE_DIR"
#: The least recently used entries go where all together take more.
LARGEST_TOTAL = 1 << 30

_MAGIC = b"cubie kernel, format 1\n"
_DIGEST_BYTES = 32
_LENGTH_BYTES = 8
_SUFFIX = ".kernel"


class CacheUnusableError(Exception):
    """A folder that kernels cannot be kept in; the message says why."""


@dataclass(frozen=True)
class Entry:
    """The place of one kernel.

    Parameters
    ----------
    folder
        The cache.
    key
        What `kernel_key` gives for all that the kernel depends on.
    """

    folder: Path
    key: str

    @property
    def path(self) -> Path:
        """The entry's file."""
        return self.folder / f"{self.key}{_SUFFIX}"

    def read(self) -> Kernel | None:
        """Return the kernel that is stored, or None where there is none, or none that is whole."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return None
        kernel = _unpack(content)
        with suppress(OSError):  # a reader in a read-only folder
            if kernel is None:
                self.path.unlink()
            else:
                os.utime(self.path)
        return kernel

    def write(self, kernel: Kernel) -> None:
        """Store a kernel; nothing is said where that fails, as it will be compiled again."""
        temporary = self.folder / f".{self.key}.{secrets.token_hex(8)}"
        try:
            with temporary.open("xb") as file:
                file.write(_pack(kernel))
            temporary.rename(self.path)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        _drop_oldest(self.folder)


def open_cache(chosen: Path | None = None) -> Path:
    """Return the folder that kernels are kept in, and make it where it is not there.

    Parameters
    ----------
    chosen
        The user's choice; None: `CUBIE_CACHE_DIR`, else a folder "cubie" among the user's caches.

    Raises
    ------
    CacheUnusableError
        If it cannot be made, or others than the user can reach it.
    """
    folder = chosen or default_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise CacheUnusableError(f"kernels are not kept: {folder}: {error.strerror}") from error
    if found.st_uid != os.geteuid():
        raise CacheUnusableError(f"kernels are not kept: {folder} belongs to somebody else")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise CacheUnusableError(f"kernels are not kept: others can reach {folder}; chmod 700 makes it yours alone")
    return folder


def default_folder() -> Path:
    """Return where kernels are kept unless the user says otherwise.

    Raises
    ------
    CacheUnusableError
        For a user without a home.
    """
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen)
    if caches := os.environ.get("XDG_CACHE_HOME"):
        return Path(caches) / "cubie"
    try:
        return Path.home() / ".cache" / "cubie"
    except RuntimeError:
        reason = f"kernels are not kept: there is no home folder; name one in {FOLDER_VARIABLE}"
        raise CacheUnusableError(reason) from None


def entries(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the files of a cache and what is known of them, the most recently used first."""
    found = []
    with suppress(OSError):
        for path in folder.glob(f"*{_SUFFIX}"):
            with suppress(OSError):
                found.append((path, path.stat()))
    return sorted(found, key=lambda entry: entry[1].st_mtime, reverse=True)


def _drop_oldest(folder: Path) -> None:
    total = 0
    for path, known in entries(folder):
        total += known.st_size
        if total > LARGEST_TOTAL:
            with suppress(OSError):
                path.unlink()


def _pack(kernel: Kernel) -> bytes:
    header = json.dumps(kernel.as_json()).encode()
    body = len(header).to_bytes(_LENGTH_BYTES, "little") + header + kernel.code
    return _MAGIC + hashlib.sha256(body).digest() + body


def _unpack(content: bytes) -> Kernel | None:
    start = len(_MAGIC) + _DIGEST_BYTES
    body = content[start:]
    if content[:start] != _MAGIC + hashlib.sha256(body).digest():
        return None
    end = _LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES], "little")
    try:
        return Kernel.from_json(json.loads(body[_LENGTH_BYTES:end]), body[end:])
    except (ValueError, KeyError, TypeError, RegistrationError):
        return None
