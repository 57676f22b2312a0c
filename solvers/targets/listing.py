"""What a kernel is made of, as texts: who wants them hands a listing to whatever compiles."""

import re
from dataclasses import dataclass, field

from solvers.straightline.recorded import Recorded
from solvers.straightline.text import operations, written

#: Folders of the straight-line functions' texts: as written, and as a target arranges them.
RECORDED = "recorded"
ARRANGED = "arranged"
_INSTRUCTION = re.compile(r"^  [^ \]]", re.MULTILINE)
_DEFINITION = re.compile(r"^define .*?^}", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Text:
    """One text.

    Parameters
    ----------
    name
        Of its file, with that of a folder where there is one.
    content
        The text.
    about
        What it is; the folder of a straight-line function's.
    count, unit
        How much of what, such as 312 "instructions"; None where nothing is counted.
    """

    name: str
    content: str
    about: str
    count: int | None = None
    unit: str = ""


@dataclass
class Listing:
    """Takes what a kernel is made of, in the order in which it comes about.

    Parameters
    ----------
    texts
        Recorded functions, code of compilers.
    remarks
        What there is no text of, and how to get it.
    """

    texts: list[Text] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    _versions: dict[str, list[str]] = field(default_factory=dict)

    def add_function(self, recorded: Recorded, arranged: Recorded) -> None:
        """Take a straight-line function, as recorded and as its target arranges it.

        One that is recorded again with arguments of other types, and comes to the same, is taken once.
        """
        before, after = written(recorded), written(arranged)
        name = _name(recorded)
        if before in self._versions.get(name, ()):
            return
        name = self._numbered(name, before)
        for folder, version, text in ((RECORDED, recorded, before), (ARRANGED, arranged, after)):
            self.texts.append(Text(f"{folder}/{name}.txt", f"{text}\n", folder, operations(version), "operations"))

    def add_llvm(self, name: str, about: str, module: str) -> None:
        """Take an LLVM module; of several under one name each is a text of its own."""
        place = f"{self._numbered(name, module)}.ll"
        self.texts.append(Text(place, module, about, llvm_instructions(module), "instructions"))

    def add(self, name: str, about: str, content: str) -> None:
        """Take another text."""
        self.texts.append(Text(name, content, about))

    def count(self, unit: str, folder: str = "") -> int:
        """Return how much there is of what is counted, such as the operations of all recorded functions."""
        return sum(text.count or 0 for text in self.texts if text.unit == unit and text.name.startswith(folder))

    def _numbered(self, name: str, content: str) -> str:
        """Return a name that is still free."""
        known = self._versions.setdefault(name, [])
        known.append(content)
        return name if len(known) == 1 else f"{name}-{len(known)}"


def _name(recorded: Recorded) -> str:
    """Return a function's name with that of its module, for a file."""
    function = recorded.function
    *_, module = function.__module__.split(".")
    return f"{module}.{function.__qualname__}".replace(".<locals>", "")


def llvm_instructions(module: str) -> int:
    """Return the number of instructions in the text of an LLVM module."""
    return sum(len(_INSTRUCTION.findall(definition)) for definition in _DEFINITION.findall(module))
