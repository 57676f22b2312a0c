"""How much code there is, before a compiler optimises it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: A call of a function of libdevice that is more than an instruction or two.
_CALL = re.compile(r' call [^@\n]*@"?__nv_(?!fabs)(\w+)')
#: Those that take a compiler half as much as others, as they have no branches.
_EASY = frozenset({"exp", "expf", "tanh", "tanhf"})
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
        How many of them call a function whose code comes in their place; easy ones count half.
    """

    instructions: int
    functions: float


#: Is told how much there is.
Announce = Callable[[Written], None]


def count_written(modules: Iterable[str]) -> Written:
    """Return how much there is in the texts of some LLVM modules."""
    texts = list(modules)
    functions = [0.5 if name in _EASY else 1.0 for text in texts for name in _CALL.findall(text)]
    return Written(sum(text.count(_INDENTED) for text in texts), sum(functions))
