"""Looks at an XML text before a library reads it: well formed, without document types, not too deep."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat  # document types are refused where they begin, and with them all entities

from cubie_cli.documents.messages import UserError

_DEEPEST = 1000


@dataclass(frozen=True)
class Root:
    """The root element of an XML document."""

    namespace: str
    name: str
    attributes: Mapping[str, str]


def check_xml(content: bytes, path: Path) -> Root:
    """Return the root element of an XML document.

    Raises
    ------
    UserError
        It is not well formed, has a document type, or is nested too deeply.
    """
    return _Looker(path).look(content)


def declared_utf8(content: bytes, path: Path) -> str:
    """Return an XML document, that was looked at, with a declaration that says UTF-8; lines stay where they are.

    Raises
    ------
    UserError
        Its bytes are not what its declaration says.
    """
    declaration = re.match(rb"\s*<\?xml\b[^>]*\?>", content)
    told = re.search(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)", declaration[0]) if declaration else None
    encoding = told[1].decode() if told else "utf-8"
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16"
    try:
        text = content.decode("utf-8-sig" if encoding.lower() == "utf-8" else encoding)
    except (UnicodeDecodeError, LookupError):
        raise UserError(f"this is not {encoding} text", path, hint="save the file as UTF-8") from None
    rest = re.sub(r"^\s*<\?xml\b[^>]*\?>", lambda found: "\n" * found[0].count("\n"), text, count=1)
    return f'<?xml version="1.0" encoding="UTF-8"?>{rest}'


class _Looker:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._depth = 0
        self._root: Root | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._refuse_document_type
        self._parser.StartElementHandler = self._enter
        self._parser.EndElementHandler = self._leave

    def look(self, content: bytes) -> Root:
        try:
            self._parser.Parse(content, True)  # noqa: FBT003 - the library's
        except (LookupError, ValueError) as error:  # encodings that are unknown, or not expat's
            raise UserError(
                f"this is not well-formed XML: {error}", self._path, hint="save the file as UTF-8"
            ) from None
        except expat.ExpatError as error:
            message = f"this is not well-formed XML: {expat.ErrorString(error.code)}"
            raise UserError(message, self._path, error.lineno, error.offset + 1) from None
        assert self._root is not None  # noqa: S101 - a document that is well formed has one
        return self._root

    def _error(self, message: str, hint: str) -> UserError:
        return UserError(message, self._path, self._parser.CurrentLineNumber, hint=hint)

    def _refuse_document_type(self, *_: object) -> None:
        hint = "remove <!DOCTYPE ...>: models have no use for document types and entities"
        raise self._error("a document type is refused", hint)

    def _enter(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._root is None:
            namespace, _, own = name.rpartition(" ")
            self._root = Root(namespace, own, attributes)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"elements are nested more than {_DEEPEST} levels deep", "no model needs this")

    def _leave(self, _: str) -> None:
        self._depth -= 1
