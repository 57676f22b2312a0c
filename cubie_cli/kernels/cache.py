"""Keeps compiled kernels on disk, so that the same problem is compiled once.

An entry is machine code that later runs as the user: the folder must be the user's alone, and nothing in an entry is
evaluated. It is written under a temporary name and renamed, so any number of processes may share a folder.
"""

import hashlib
import json
import os
import secrets
import stat
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buffers import RegistrationError
from solvers.execution.kernel import Kernel

FOLDER_VARIABLE = "CUBIE_CACHE_DIR"
#: The least recently used entries go where all together take more.
LARGEST_TOTAL = 1 << 30

_MAGIC = b"cubie kernel, format 1\n"
_DIGEST_BYTES = 32
_LENGTH_BYTES = 8
_SUFFIX, _NOTE = ".kernel", ".choice"
#: Of a 64-bit ELF file: where the table of sections begins, how long an entry is, and how many there are.
_ELF_HEADER = struct.Struct("<40xQ10xHH2x")


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
        content = _read_own(self.path)
        if content is None:
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
        _write(self.folder, self.path.name, _pack(kernel))
        _drop_oldest(self.folder)


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    temporary = folder / f".{Path(name).stem}.{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as file:
            file.write(content)
        temporary.rename(folder / name)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _read_own(path: Path) -> bytes | None:
    """Return what is in a file of the user's own that nobody else can write; None for anything else.

    A folder of the user's own may hold what others put there before it was closed to them, or came from an archive.
    """
    try:
        # A pipe without a writer would not open.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not _is_own(found):
            return None
        try:
            return file.read()
        except OSError:
            return None


def _is_own(found: os.stat_result) -> bool:
    """Return whether a file is a regular one of the user's that nobody else can write."""
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o022


def read_note(folder: Path, key: str) -> Any:
    """Return plain values that were kept under a key; None where there are none."""
    try:
        return json.loads(_read_own(folder / f"{key}{_NOTE}") or b"null")
    except (ValueError, RecursionError):
        return None


def write_note(folder: Path, key: str, values: Any) -> None:
    """Keep plain values; nothing is said where that fails, as they will be worked out again."""
    _write(folder, f"{key}{_NOTE}", json.dumps(values).encode())


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
        kernel = Kernel.from_json(json.loads(body[_LENGTH_BYTES:end]), body[end:])
        return kernel if _is_whole(kernel.code, kernel.details.get("symbol", "")) else None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, RegistrationError):
        return None


def _is_whole(code: bytes, symbol: str) -> bool:
    """Return whether code is an ELF file that is all there, and has a symbol: a loader trusts what it is given."""
    if len(code) < _ELF_HEADER.size or not code.startswith(b"\x7fELF"):
        return False
    first, size, count = _ELF_HEADER.unpack_from(code)
    return first + size * count <= len(code) and symbol.encode() in code
