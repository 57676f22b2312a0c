"""How long compilers take, from how much they are given."""

from collections.abc import Mapping
from types import MappingProxyType

from solvers.targets.written import Written

#: Seconds for the square of the number of instructions: what is written for a kernel comes to be one function, over
#: which passes go whose time grows with the square of its length.
_INSTRUCTIONS: Mapping[str, float] = MappingProxyType({"cuda": 6e-9, "cpu": 1.5e-9})
#: Seconds for the square of the number of calls of libdevice: each becomes some hundred instructions and branches.
_FUNCTIONS = 1.5e-4


def expected_seconds(target: str, written: Written) -> float:
    """Return about how long a compiler takes; it may be a third of that, or three times as much.

    Fitted to kernels of 2,000 to 200,000 instructions, for sm_90 and one core of an AMD EPYC, see docs/cache.md. Linear
    solvers that iterate take four times as much: their function is put in several places.
    """
    seconds = _INSTRUCTIONS[target] * written.instructions**2
    return seconds + (_FUNCTIONS * written.functions**2 if target == "cuda" else 0.0)
