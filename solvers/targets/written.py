"""How much code there is, before a compiler optimises it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: A call of a function of libdevice that is more than an instruction or two.
_CALL = re.compile(r' call [^@\n]*@"?__nv_(?!fabs)')


#: Begins an instruction; finding definitions first would be exact to one or two, and takes twenty times as long.
_INDENTED = "\n  "


@dataclass(frozen=True)
class Written:
    """What a compiler is given.

    Parameters
    ----------
    instructions
        Of LLVM code.
    functions
        How many of them call a function whose code comes in their place.
    """

    instructions: int
    functions: int


#: Is told how much there is.
Announce = Callable[[Written], None]


def count_written(modules: Iterable[str]) -> Written:
    """Return how much there is in the texts of some LLVM modules."""
    counts = [(text.count(_INDENTED), len(_CALL.findall(text))) for text in modules]
    return Written(*map(sum, zip(*counts, strict=True)))
