"""Reads a TOML file: data that knows where each of its parts is written, and can point there in a message."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tomli

from cubie_cli.documents.encodings import trouble
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.paths import regular_bytes
from cubie_cli.documents.positions import KeyPath, Span, locate, string_offsets
from cubie_cli.documents.toml_mistakes import remedy, unclosed
from cubie_cli.documents.urls import Url

if TYPE_CHECKING:
    from cubie_cli.documents.enclosed import Enclosed

#: Nobody writes a model by hand that is larger; a data file named by mistake is refused before it is parsed.
LARGEST_FILE = 64 << 20

_DUPLICATES = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate inline")


@dataclass(frozen=True)
class Document:
    """A TOML text, what it says, and where.

    Parameters
    ----------
    path
        The file.
    text
        Its text, without a byte order mark.
    data
        What it says, overrides included.
    overrides
        What is behind values that are not in the file, by key path: a command-line option, or another file.
    enclosed
        The result that holds the text, if one does, with what else it holds.
    """

    path: Path
    text: str
    data: Mapping[str, Any]
    overrides: Mapping[KeyPath, "str | Document"] = field(default_factory=dict)
    enclosed: "Enclosed | None" = None

    @cached_property
    def spans(self) -> Mapping[KeyPath, Span]:
        """Where each key path is written."""
        return locate(self.text)

    @property
    def digest(self) -> str:
        """The SHA-256 of the file as hexadecimal digits, as `sha256sum` prints it."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def overlays(self) -> "tuple[Document, ...]":
        """The files behind values that are not in this one, each once."""
        found = {id(origin): origin for origin in self.overrides.values() if isinstance(origin, Document)}
        return tuple(found.values())

    def changed(self, path: KeyPath) -> bool:
        """Return whether an option or another file says what stands at a key path, or at one above it."""
        return any(path[:length] in self.overrides for length in range(1, len(path) + 1))

    def get(self, path: KeyPath, default: Any = None) -> Any:
        """Return what stands at a key path."""
        found: Any = self.data
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return default
        return found

    def error(
        self,
        message: str,
        path: KeyPath,
        at: Literal["key", "value"] = "value",
        hint: str | None = None,
        offset: int | None = None,
    ) -> UserError:
        """Return an error at a key, a value, or a character of a string value.

        Parameters
        ----------
        message
            What is wrong.
        path
            The key path; the nearest enclosing one that is written is shown.
        at
            Whether the key or the value is wrong.
        hint
            What to do.
        offset
            Which character of a string value, from 0; None: the value as a whole.
        """
        prefixes = [path[:length] for length in range(len(path), 0, -1)]
        for known in prefixes:
            if known in self.overrides:
                origin = self.overrides[known]
                if isinstance(origin, Document):
                    return origin.error(message, path, at, hint, offset)
                return UserError(f"--set {origin}: {message}", hint=hint)
        below = next((origin for known, origin in self.overrides.items() if known[: len(path)] == path), None)
        if isinstance(below, str) and path not in self.spans:
            return UserError(f"--set {below}: {message}", hint=hint)
        for known in prefixes:
            if known in self.spans:
                exact = known == path
                start = self._start(self.spans[known], at if exact else "key", offset if exact else None)
                return self._error_at(message, start, hint)
        return UserError(message, self.path, hint=hint)

    def _start(self, span: Span, at: Literal["key", "value"], offset: int | None) -> int:
        if at == "key":
            return span.key
        if offset is None or span.raw[:1] not in ('"', "'"):
            return span.value
        offsets = string_offsets(span.raw)
        return span.value + offsets[min(offset, len(offsets) - 1)]

    def _error_at(self, message: str, start: int, hint: str | None) -> UserError:
        line = self.text.count("\n", 0, start) + 1
        line_start = self.text.rfind("\n", 0, start) + 1
        source = self.text[line_start:].split("\n", 1)[0].rstrip("\r")
        return UserError(message, self.path, line, start - line_start + 1, hint, source=source)


def read_document(path: Path) -> Document:
    """Read a TOML file.

    Raises
    ------
    UserError
        The file is missing, unreadable, no text, or not TOML.
    """
    text = _read_text(path)
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise _syntax_error(path, text, error) from None
    except RecursionError:
        raise UserError("arrays or tables are nested too deeply", path) from None
    except ValueError as error:
        raise UserError(f"a number cannot be read: {error}", path) from None
    return Document(path, text, data)


def _read_text(path: Path) -> str:
    try:
        content = _read_bytes(path)
    except FileNotFoundError:
        hint = "check the name; a path is relative to where it is written"
        fetch = "copy it here first: of what is in stores, only results are read, by show, plot, export and merge"
        raise UserError("no such file", path, hint=fetch if isinstance(path, Url) else hint) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", path) from None
    except ValueError:
        raise UserError("this is no file name", repr(str(path))) from None
    if not content.strip():
        raise UserError("the file is empty", path)
    if wrong := trouble(content, "TOML text"):
        raise UserError(wrong[0], path, hint=wrong[1])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError("this is not UTF-8 text", path, line, hint="save the file as UTF-8") from None


def _read_bytes(path: Path) -> bytes:
    size = regular_bytes(path)
    if size > LARGEST_FILE:
        raise UserError(f"the file has {size} bytes, more than the {LARGEST_FILE} of a TOML file here", path)
    return path.read_bytes()


def _syntax_error(path: Path, text: str, error: tomli.TOMLDecodeError) -> UserError:
    text = text.replace("\r\n", "\n")  # as positions are counted
    message, hint = f"not valid TOML: {error.msg[:1].lower()}{error.msg[1:]}", None
    line, column = error.lineno, error.colno
    begun = unclosed(error.msg, text)
    if begun is not None:
        line, column, hint = begun
    source = text.split("\n")[line - 1]
    if error.msg.startswith(_DUPLICATES):
        message, hint = "this key or table is written twice", "keep one of them"
        column = len(source) - len(source.lstrip()) + 1
    return UserError(message, path, line, column, hint or remedy(text, source, path), source=source)
