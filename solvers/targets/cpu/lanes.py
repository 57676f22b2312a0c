"""How many runs a core advances together, and in which vectors."""

from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm

from solvers.targets.cpu import machine as cpu_machine

#: States up to which a second vector pays: it fills the gaps that one vector's chain of operations leaves. Beyond that
#: a step has enough independent operations of its own, and what it keeps no longer fits the nearest cache twice.
#: docs/performance.md has the measurements; a third vector gained nothing in any of them.
FEW_STATES = 7


@dataclass(frozen=True)
class Group:
    """Runs that a core advances together.

    A value of a group is some vectors. Straight-line code is written out for one vector after the other: a vector
    wider than a register would be split by the compiler, which interleaves the halves, needs registers for both at
    once, and spills. A core that runs instructions out of order overlaps the vectors by itself.

    Parameters
    ----------
    width
        Runs in a vector: a power of two.
    parts
        Vectors.
    """

    width: int
    parts: int = 1

    @property
    def lanes(self) -> int:
        """Runs in the group."""
        return self.width * self.parts


@cache
def keep_order() -> None:
    """Have LLVM leave instructions in the order in which they were written.

    Its scheduler starts everything as early as it can, such as the products of the first slope in all later stages,
    and mixes the vectors of a group; then registers run out and it spills. The order of a step as written needs few.
    The option holds for the whole process.
    """
    llvm.set_option("", "-enable-misched=false")


def group_for(itemsize: int, states: int, vectors: int | None = None) -> Group:
    """Return how a core advances runs of a system.

    Parameters
    ----------
    itemsize
        Bytes of a number.
    states
        Of the system.
    vectors
        The user's choice; None: by the rule.
    """
    return Group(cpu_machine.vector_bytes() // itemsize, vectors or (2 if states <= FEW_STATES else 1))
