"""Where a file goes: names that are refused, a lock while it is made, and its last step into place.

Links are followed to what they name. What exists is replaced only where it was said to be, and only what a command of
this program may have written. A file is made under a temporary name beside its own; whatever stops the program, a file
of the right name is whole. An object of a store is made so in a folder here, and sent once it is complete.
"""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import socket
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cubie_cli.documents.messages import OutputError, size
from cubie_cli.documents.urls import Url
from cubie_cli.results import stores
from cubie_cli.results.kinds import RESULT, Kind

#: What a file is called that can neither be read nor be replaced by another.
_SPECIAL = {stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
#: What a file system says that has no locks, or no links.
_UNABLE = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EMLINK, errno.EXDEV}
#: The longest part of a name that temporary names repeat, so that the longest name a file system takes has one too.
_LONGEST = 64
#: Bytes by which temporary names of one file differ.
_RANDOM = 8


def check_destination(
    path: Path, *, inputs: Iterable[Path], force: bool, option: str = "--output", kind: Kind = RESULT
) -> None:
    """Refuse a name that nothing can be written to.

    Parameters
    ----------
    path
        The file's.
    inputs
        Files that were read: none is overwritten, forced or not.
    force
        Whether a file that exists may be replaced.
    option
        Where another name is given.
    kind
        What is written.

    Raises
    ------
    OutputError
        The folder is missing or closed to us; the name is taken, or that of something else; a store refuses.
    UsageError
        There is no such store.
    """
    try:
        _check_name(path, list(inputs), option, kind, force=force)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def _check_name(path: Path, inputs: list[Path], option: str, kind: Kind, *, force: bool) -> None:
    target = _followed(path)
    folder = target.parent
    if not folder.is_dir():
        raise OutputError(f"the folder of the output does not exist: {folder}", hint=f"mkdir -p {folder}")
    if path in inputs or any(target.exists() and other.exists() and target.samefile(other) for other in inputs):
        raise OutputError(f"the output is an input too: {path}", hint="name another file")
    if isinstance(path, Url):
        _check_object(path, option, kind, force=force)
        option = stores.SCRATCH_VARIABLE  # which names the folder
    elif target.exists():
        _check_taken(path, target, option, kind, force=force)
    if path.suffix and path.suffix.lower() not in kind.suffixes:
        named = (
            Path(path.stem) if Path(path.stem).suffix.lower() in kind.suffixes else path.with_suffix(kind.suffixes[0])
        )
        hint = f"name it {named.name}"
        raise OutputError(f"the output is {kind.name}, and {path.suffix} is no extension of one: {path}", hint=hint)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"no permission to write in {folder}", hint=f"name another folder with {option}")


def _check_object(url: Url, option: str, kind: Kind, *, force: bool) -> None:
    """Refuse the name of an object that is not to be replaced, or cannot be written."""
    stores.check_written(url)
    found = stores.find(url)
    if found is None:
        return
    part = Path(found.start.decode(errors="replace"))
    taken = is_temporary(part, url)
    if taken and _followed(url).with_name(part.name).is_file():
        return  # the name was taken for what is here, by a command that was killed
    if not force:
        told = ", and another command sends it, or was killed while it did" if taken else ""
        raise OutputError(f"the output exists{told}: {url}", hint=f"name another with {option}, or add --force")
    if not taken and not kind.begins_so(found.start):
        message = f"the output exists, and is not {kind.name}: {url}"
        raise OutputError(message, hint=f"--force replaces nothing else: name another with {option}, or remove it")


def _check_taken(path: Path, target: Path, option: str, kind: Kind, *, force: bool) -> None:
    """Refuse the name of something that is not to be replaced."""
    mode = target.stat().st_mode
    told = str(path) if target == path.absolute() else f"{path}, a link to {target}"
    if stat.S_ISDIR(mode):
        raise OutputError(f"the output is a folder: {told}", hint=f"name a file with {option}")
    if not stat.S_ISREG(mode):
        raise OutputError(f"the output is {_SPECIAL.get(stat.S_IFMT(mode), 'no file')}: {told}", hint="name a file")
    if not force:
        raise OutputError(f"the output exists: {told}", hint=f"name another with {option}, or add --force")
    if not kind.holds(target):
        message = f"the output exists, and is not {kind.name}: {told}"
        raise OutputError(message, hint=f"--force replaces nothing else: name another with {option}, or remove it")


def _followed(path: Path) -> Path:
    """Return what a name stands for, where links lead to, and of an object the file beside which it is made.

    It need not exist.
    """
    if isinstance(path, Url):
        return stores.scratch_name(path)
    try:
        return path.resolve()
    except RuntimeError as error:  # a circle of links
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error


def check_space(
    path: Path,
    expected: int,
    runs: int,
    hint: str = "take fewer runs, save fewer times or variables, or name another disk with {option}",
    *,
    twice: bool = False,
) -> None:
    """Refuse a result that its disk has no room for, or not for it and what it is made of.

    Raises
    ------
    OutputError
        Fewer bytes are free than the result will take.
    """
    folder, option = path.parent, "--output"
    if isinstance(path, Url):
        folder, option = _followed(path).parent, stores.SCRATCH_VARIABLE
    free = shutil.disk_usage(_followed(path).parent).free
    if expected * (1 + twice) > free:
        more = ", and as much again while it is compressed" * twice
        message = f"{runs:,} runs make a result of {size(expected)}{more}; {folder} has {size(free)} free"
        raise OutputError(message, hint=hint.format(option=option))


# -- while it is made ---------------------------------------------------------------------------


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep others from writing a file for as long as a block runs.

    Where a file system has no locks, `put_in_place` still replaces nothing that is complete.

    Raises
    ------
    OutputError
        Somebody else writes it, and who that is.
    """
    lock = beside(path, "lock")
    try:
        descriptor = _locked(lock)
    except BlockingIOError:
        raise OutputError(
            f"another command writes {path}: {_holder(lock)}", hint="wait until it has ended, or name another output"
        ) from None
    except OSError as error:
        if error.errno not in _UNABLE:
            raise OutputError(f"cannot write beside {path}: {error.strerror}") from error
        lock.unlink(missing_ok=True)
        yield
        return
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def made(path: Path, *, replace: bool, option: str = "--output") -> Iterator[Path]:
    """Hold a file, yield a name under which to make it, and put it in place, on disk, once a block has ended.

    Raises
    ------
    OutputError
        Somebody else writes it, it has appeared, or the disk refused.
    """
    with held(path), placed(path, replace=replace, option=option) as temporary:
        yield temporary


@contextmanager
def placed(path: Path, *, replace: bool, option: str = "--output") -> Iterator[Path]:
    """Do as `made` does with a file that is held.

    Raises
    ------
    OutputError
        It has appeared, or the disk refused.
    """
    temporary = temporary_beside(path)
    try:
        yield temporary
        sync(temporary)
        put_in_place(temporary, path, replace=replace, option=option)
        with suppress(OSError):  # some network file systems cannot sync a folder
            sync(temporary.parent)
    except OSError as error:
        if error.errno is None:  # HDF5 says so of a file that it reads
            raise
        raise OutputError(f"cannot write {path}: {error.strerror}", hint=f"choose another {option}") from error
    finally:
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have a file or folder on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(lock: Path) -> int:
    """Return the descriptor of a lock that is ours alone; raise `BlockingIOError` where it is another's."""
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who held it may have removed it since it was opened.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), lock.stat()):
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _holder(lock: Path) -> str:
    with suppress(OSError):
        return lock.read_text(encoding="utf-8", errors="replace").strip() or "one that has just begun"
    return "one that is just ending"


def temporary_beside(path: Path) -> Path:
    """Return a name under which to make a file that `put_in_place` then gives its own."""
    return beside(path, f"{secrets.token_hex(_RANDOM)}.part")


def beside(path: Path, suffix: str) -> Path:
    """Return a name for what belongs to a file while it is made, hidden in the same folder."""
    target = _followed(path)
    return target.with_name(f".{_short(target.name)}.{suffix}")


def _short(name: str) -> str:
    """Return a name, cut where it is long, and then told apart from others cut to the same by a digest."""
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 17]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def remove_leftovers(path: Path, keep: Path | None = None) -> None:
    """Remove what commands that were killed left of a file under temporary names, but for one to keep.

    Only who holds the file may do so.
    """
    for each in _followed(path).parent.iterdir():
        if is_temporary(each, path) and each != keep:
            each.unlink(missing_ok=True)


def is_temporary(part: Path, path: Path) -> bool:
    """Return whether a file has a name that `temporary_beside` gives for another."""
    name = re.escape(_short(_followed(path).name))
    return re.fullmatch(rf"\.{name}\.[0-9a-f]{{{2 * _RANDOM}}}\.part", part.name) is not None


def put_in_place(temporary: Path, path: Path, *, replace: bool, option: str = "--output") -> None:
    """Give a complete file its name, in one step, or the object that it is to be its content.

    Raises
    ------
    OutputError
        A file of that name has appeared meanwhile, and nothing was said of replacing one; or a store refused.
    OSError
        The disk refused.
    """
    try:
        if isinstance(path, Url):
            stores.send(temporary, path, replace=replace)
        elif replace:
            temporary.replace(_followed(path))
            return
        else:
            _put_where_none_is(temporary, _followed(path))
    except FileExistsError:
        message = f"the output appeared while it was computed, and stays as it is: {path}"
        raise OutputError(message, hint=f"name another with {option}, or add --force") from None
    temporary.unlink(missing_ok=True)


def _put_where_none_is(temporary: Path, target: Path) -> None:
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))  # the name is ours from here on
        temporary.replace(target)
