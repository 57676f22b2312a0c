"""Objects in stores: what is known of them, and their way there and back."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from cubie_cli.documents.messages import OutputError, UsageError, UserError, shortened, size
from cubie_cli.documents.urls import Url
from solvers.interruptible import interruptible

SCRATCH_VARIABLE = "CUBIE_SCRATCH_DIR"
#: Schemes of stores that files can be written to, by the variables that have credentials for them and their address.
_S3 = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are the credentials, AWS_REGION and AWS_ENDPOINT_URL say where it is"
_GS = "GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_SERVICE_ACCOUNT names a file with the credentials"
_AZ = "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_SAS_TOKEN, are the credentials"
_VARIABLES = {"s3": _S3, "s3a": _S3, "gs": _GS, "az": _AZ, "azure": _AZ, "abfs": _AZ, "abfss": _AZ}
_WRITTEN = (*_VARIABLES, "file")
_READ = (*_WRITTEN, "http", "https")
#: Bytes that are sent or fetched in one request, how many requests are under way at once, and how many a store allows
#: for an object.
_BLOCK, _AT_ONCE, _MOST_BLOCKS = 8 << 20, 8, 9_000
#: Bytes by which a kind of file is known, or an object that takes a name.
_START = 512
#: What the library says of its work, and what of it comes from a store.
_NOISE = re.compile(r"Generic \w+ error: |Error performing .*? - (?=HTTP|Server)")
_SAID = re.compile(r"Server returned non-2xx status code: (\d+ [\w ]+)(?:.*<Message>(.*?)</Message>)?", re.DOTALL)


class Found(NamedTuple):
    """What a store tells of an object: its length, and its first bytes."""

    length: int
    start: bytes


class StoreError(OutputError):
    """A store refuses, or does not answer."""


def scratch_folder() -> Path:
    """Return the folder for what lies here on its way to a store, or from one."""
    return Path(os.environ.get(SCRATCH_VARIABLE) or Path.cwd())


def scratch_name(url: Url) -> Path:
    """Return the name of a file here that stands for an object: what belongs to it is made beside that."""
    return scratch_folder() / quote(str(url), safe="")


# -- there and back -----------------------------------------------------------------------------


def find(url: Url) -> Found | None:
    """Return what is known of an object; None where there is none, but a place for it.

    Raises
    ------
    UserError
        There is no such place, it refuses, or does not answer.
    """
    obstore, store = _opened(url)
    with _refusals_told(url):
        try:
            length: int = interruptible(lambda: obstore.head(store, url.name))["size"]
        except FileNotFoundError:
            _check_bucket(url, obstore, store)
            return None
        some = min(_START, length)
        start = interruptible(lambda: obstore.get_range(store, url.name, start=0, end=some)) if some else b""
        return Found(length, bytes(start))


def _check_bucket(url: Url, obstore: Any, store: Any) -> None:
    """Refuse a bucket that is not there: of an object in it, stores say no more than that it is missing."""
    try:
        interruptible(lambda: next(iter(obstore.list(store, chunk_size=1)), None))
    except Exception as error:  # who may write need not be allowed to list
        if "404" in _told(error):
            raise StoreError(f"there is no bucket for {url}", hint="make it, or correct the name") from error


def send(file: Path, url: Url, *, replace: bool) -> None:
    """Copy a file to a store, as an object that appears once it is complete.

    A large one is sent in parts, of which no store makes an object on condition that there is none. So its name is
    taken first, by an object that holds the name of the file.

    Raises
    ------
    FileExistsError
        There is an object of that name, and it is not to be replaced.
    UserError
        The store refuses, or does not answer.
    """
    obstore, store = _opened(url)
    length = file.stat().st_size
    with _refusals_told(url):
        if length <= _BLOCK:
            _put(obstore, store, url, file.read_bytes(), replace=replace)
            return
        mark = b"" if replace else file.name.encode()
        if mark:
            _take_name(obstore, store, url, mark)
        try:
            _send_parts(obstore, store, url, file, max(_BLOCK, -(-length // _MOST_BLOCKS)), mark)
        except BaseException:
            with suppress(Exception):
                if mark and _is(url, mark):
                    obstore.delete(store, url.name)
            raise


def _put(obstore: Any, store: Any, url: Url, data: bytes, *, replace: bool) -> None:
    mode = "overwrite" if replace else "create"
    try:
        interruptible(lambda: obstore.put(store, url.name, data, mode=mode, use_multipart=False))
    except obstore.exceptions.AlreadyExistsError as error:
        raise FileExistsError from error


def _take_name(obstore: Any, store: Any, url: Url, mark: bytes) -> None:
    """Make an object that says whose the name is; it may be there already."""
    try:
        _put(obstore, store, url, mark, replace=False)
    except FileExistsError:
        if not _is(url, mark):
            raise


def _is(url: Url, mark: bytes) -> bool:
    """Return whether an object is the one that takes a name."""
    found = find(url)
    return found is not None and found.start == mark


def _send_parts(obstore: Any, store: Any, url: Url, file: Path, block: int, mark: bytes) -> None:
    """Copy a file, where the name is still taken for it; what is there of it when that fails is dropped."""
    writer = obstore.open_writer(store, url.name, buffer_size=block, max_concurrency=_AT_ONCE)
    with file.open("rb") as source, writer:
        while data := source.read(block):
            interruptible(partial(writer.write, data))
        if mark and not _is(url, mark):
            raise FileExistsError


def bytes_of(path: Path) -> int:
    """Return the size of a file or an object that is there."""
    if not isinstance(path, Url):
        return path.stat().st_size
    found = find(path)
    return found.length if found else 0


@contextmanager
def at_hand(path: Path) -> Iterator[Path]:
    """Yield a file as it is, and of an object a copy that lasts as long as the block.

    Raises
    ------
    UserError
        There is no such object, its store refuses, or there is no room for it.
    """
    if not isinstance(path, Url):
        yield path
        return
    copy = scratch_folder() / f".{secrets.token_hex(8)}-{path.name}"
    try:
        _fetch(path, copy)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _fetch(url: Url, copy: Path) -> None:
    import asyncio  # noqa: PLC0415 - for a store only

    try:
        obstore, store = _opened(url)
        found = find(url)
    except StoreError as error:
        raise UserError(error.message, hint=error.hint) from error
    if found is None:
        raise UserError("no such object", url)
    hint = f"{SCRATCH_VARIABLE} names another folder for what is fetched"
    try:
        if found.length > shutil.disk_usage(copy.parent).free:
            raise OutputError(f"{url} has {size(found.length)}, and {copy.parent} no room for it", hint=hint)
        with copy.open("xb") as file, _refusals_told(url):
            for start in range(0, found.length, _AT_ONCE * _BLOCK):
                blocks = _some(obstore, store, url.name, range(start, found.length)[: _AT_ONCE * _BLOCK])
                file.writelines(interruptible(partial(asyncio.run, blocks)))
    except OSError as error:
        raise OutputError(f"cannot write in {copy.parent}: {error.strerror}", hint=hint) from error


async def _some(obstore: Any, store: Any, name: str, where: range) -> list[Any]:
    """Return some bytes of an object, block by block, which come all at once."""
    from asyncio import gather  # noqa: PLC0415 - for a store only

    blocks = [where[start : start + _BLOCK] for start in range(0, len(where), _BLOCK)]
    return await gather(*(obstore.get_range_async(store, name, start=each.start, end=each.stop) for each in blocks))


# -- stores -------------------------------------------------------------------------------------


def check_written(url: Url) -> None:
    """Refuse what names no object that can be written, without asking the store.

    Raises
    ------
    UsageError
        It is of no store, or of one that is only read.
    """
    _opened(url)
    if url.scheme not in _WRITTEN:
        hint = f"stores that can be written to are {', '.join(_WRITTEN)}"
        raise UsageError(f"nothing can be written to {url.scheme}://: {url}", hint=hint)


def _opened(url: Url) -> tuple[Any, Any]:
    """Return the library, and the store with the folder that an object is in."""
    if url.scheme not in _READ:
        message = f"there is no kind of store that is called {url.scheme}: {url}"
        raise UsageError(message, hint=f"there are {', '.join(_READ)}")
    if len(url.parts) < (2 if url.scheme == "file" else 3):
        raise UsageError(f"this names no object: {url}", hint=f"write {url.scheme}://BUCKET/NAME")
    try:
        import obstore.exceptions  # noqa: PLC0415 - an extra
        import obstore.store  # noqa: PLC0415 - likewise
    except ImportError:
        raise UsageError(f"{url} needs obstore", hint="pip install 'cubie-cli[stores]'") from None
    with _refusals_told(url):
        # Whether http is right is said by who names the store.
        return obstore, obstore.store.from_url(str(url.parent), client_options={"allow_http": True})


@contextmanager
def _refusals_told(url: Url) -> Iterator[None]:
    """Turn what a store says into one message."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if not type(error).__module__.startswith("obstore") and not isinstance(error, FileNotFoundError | ValueError):
            raise
        hint = _VARIABLES.get(url.scheme)
        raise StoreError(f"no access to {url}: {_told(error)}", hint=hint) from error


def _told(error: Exception) -> str:
    """Return what a store says, without what the library says of itself."""
    text = str(error).partition("\n\nDebug source")[0]
    if match := _SAID.search(text):
        return ", ".join(filter(None, match.groups()))
    if "error sending request" in text:
        return "it does not answer"
    return shortened(" ".join(_NOISE.sub("", text).split()))
