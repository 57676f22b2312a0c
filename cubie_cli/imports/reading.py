"""Reads a model in any of the formats, by its name or what it begins with."""

import codecs
import os
import resource
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from cubie_cli.documents.document import LARGEST_FILE
from cubie_cli.documents.messages import UserError, size
from cubie_cli.documents.paths import regular_bytes
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.imports.imported import ImportedModel
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.settling import settle
from cubie_cli.imports.xml_text import check_xml

#: Formats by name, and the endings of their files' names.
FORMATS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sbml": (".sbml",),
        "xpp": (".ode",),
        "antimony": (".ant", ".antimony"),
        "cellml": (".cellml",),
        "petab": (".yaml", ".yml"),
    }
)
_XML_FORMATS = ("sbml", "cellml")
#: How files begin that hold others.
_PACKED = {b"PK\3\4": "an archive", b"\x1f\x8b": "a compressed file"}


@dataclass(frozen=True)
class SourceFile:
    """A file that a model is read from.

    Parameters
    ----------
    path, content, sha256
        Its name, what it has, and the digest of that.
    """

    path: Path
    content: bytes
    sha256: str


def read_source(path: Path) -> SourceFile:
    """Return what a file has.

    Raises
    ------
    UserError
        It is missing, closed to us, empty or too large.
    """
    try:
        length = regular_bytes(path)
        if length > LARGEST_FILE:
            raise UserError(f"the file has {length} bytes, more than the {LARGEST_FILE} of a model", path)
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError("no such file", path) from None
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read it: {getattr(error, 'strerror', None) or error}", path) from None
    if not content.strip():
        raise UserError("the file is empty", path)
    return SourceFile(path, content, sha256(content).hexdigest())


def read_imported(source: SourceFile, format_name: str | None = None) -> ImportedModel:
    """Return the model in a file, as a model file can say it.

    Parameters
    ----------
    source
        The file.
    format_name
        One of `FORMATS`; None: what the file looks like.

    Raises
    ------
    UserError
        With what is wrong, or cannot be imported.
    """
    if format_name is not None and format_name not in FORMATS:
        raise UserError(f"unknown format {format_name!r}", hint=did_you_mean(format_name, FORMATS))
    found = _format_of(source) if format_name is None else format_name
    if format_name in _XML_FORMATS:
        check_xml(source.content, source.path)
    read = _reader(found)
    if found in _EXTRAS.values():
        refuse_crash(read, source)
    try:
        model = read(source.content, source.path)
        if model.observables or model.events:
            model.clock()
        settle(model)
    except NotRepresentableError as error:
        raise UserError(f"{error.what} cannot be imported", source.path, hint=error.hint) from None
    except RecursionError:
        raise UserError("formulas are nested too deeply", source.path) from None
    if not model.states:
        hint = "there is nothing to compute; give a quantity an equation or a rule"
        raise UserError("nothing in the model changes", source.path, hint=hint)
    return model


def _format_of(source: SourceFile) -> str:
    """Return the format of a file by what it begins with, then by its name."""
    if _begins_with_tag(source.content):
        root = check_xml(source.content, source.path)
        for name in _XML_FORMATS:
            if f"/{name}/" in f"{root.namespace.lower()}/":
                return name
        hint = f"XML that can be imported is {' or '.join(_XML_FORMATS)}"
        raise UserError(f"this is XML of another kind: its root is {root.name!r}", source.path, hint=hint)
    for beginning, what in _PACKED.items():
        if source.content.startswith(beginning):
            raise UserError(f"this is {what}", source.path, hint="unpack it, and import the model that is in it")
    suffix = source.path.suffix.lower()
    for name, suffixes in FORMATS.items():
        if suffix in suffixes:
            return name
    raise UserError("which format this is cannot be told from its name", source.path, hint=_known())


def _begins_with_tag(content: bytes) -> bool:
    start = content[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    wide = content[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    return start.startswith(b"<") or (wide and start[2:].replace(b"\0", b"").lstrip().startswith(b"<"))


def _known() -> str:
    return f"name it with --format: {', '.join(FORMATS)}"


def _reader(format_name: str) -> Callable[[bytes, Path], ImportedModel]:
    """Return what reads a format; its library is imported only now."""
    try:
        module = import_module(f"cubie_cli.imports.{format_name}.entry")
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in {"cubie_cli", "solvers"} or format_name not in _PACKAGES:
            raise
        hint = f"pip install 'cubie-cli[{_EXTRAS.get(missing, format_name)}]'"
        raise UserError(f"{format_name} files need the package {_PACKAGES[format_name]}", hint=hint) from None
    reader: Callable[[bytes, Path], ImportedModel] = module.read
    return reader


def refuse_crash(read: Callable[[bytes, Path], ImportedModel], source: SourceFile) -> None:
    """Refuse a file with which a library ends the process, or never ends: another process reads it first.

    Raises
    ------
    UserError
        That process was ended by a signal, or took too much time or memory.
    """
    process = os.fork()
    if process == 0:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        try:
            _limit()
            read(source.content, source.path)
        except MemoryError:
            os._exit(_NO_MEMORY)
        except BaseException:  # noqa: BLE001 - the caller meets it again, and tells it
            os._exit(0)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    hint = "check it with the program that made it"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            raise UserError(f"reading it takes more than {_LONGEST_READING} s of a processor", source.path, hint=hint)
        message = (
            f"the library that reads it is ended by {signal.Signals(number).name}: "
            "the file is damaged, or has what the library cannot read"
        )
        raise UserError(message, source.path, hint=hint)
    if os.waitstatus_to_exitcode(status) == _NO_MEMORY:
        raise UserError(f"reading it takes more than {size(_MOST_MEMORY)} of memory", source.path, hint=hint)


def _limit() -> None:
    """Limit what this process may take, beside what it has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _at_most(resource.RLIMIT_CORE, 0)
    _at_most(resource.RLIMIT_CPU, _LONGEST_READING)
    _at_most(resource.RLIMIT_AS, pages * resource.getpagesize() + _MOST_MEMORY)


def _at_most(kind: int, most: int) -> None:
    """Set a limit, where there is no lower one already."""
    soft, hard = resource.getrlimit(kind)
    if soft == resource.RLIM_INFINITY or soft > most:
        resource.setrlimit(kind, (most, hard))


#: Seconds of a processor, and bytes, that a library may take to read a file; and how the process says it needs more.
_LONGEST_READING = 60
_MOST_MEMORY = 4 << 30
_NO_MEMORY = 3
_EXTRAS = {"libsbml": "sbml", "libcellml": "cellml", "antimony": "antimony", "petab": "petab"}
_PACKAGES = {"sbml": "python-libsbml", "cellml": "libcellml", "antimony": "antimony", "petab": "petab"}
