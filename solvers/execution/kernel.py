"""A compiled kernel as plain values: what a later process needs to run it without compiling."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from buffers import BufferRegistry
from solvers.equations.program import Program
from solvers.equations.start_values import StartValues
from solvers.straightline.setting import Slot


@dataclass(frozen=True)
class Kernel:
    """Machine code, and all that is to be known of the problem that it solves.

    Parameters
    ----------
    target
        "cuda" or "cpu".
    registry
        The buffers, laid out.
    unused
        Names in the user's choice of locations that exist for other methods only.
    values
        The values of the model that are expressions.
    derivatives
        The right-hand side, for `program.evaluate_at`.
    code
        Machine code, an ELF file.
    settings
        The numbers that it is given as it starts, and where it finds them.
    form
        How the equations are compiled.
    details
        What the target needs besides, as plain values.
    seconds
        Time that compiling took; 0 where it was stored.
    """

    target: str
    registry: BufferRegistry
    unused: tuple[str, ...]
    values: StartValues
    derivatives: Program
    code: bytes
    settings: tuple[Slot, ...]
    form: str
    details: Mapping[str, Any]
    seconds: float = 0.0

    @property
    def ordered(self) -> bool:
        """Whether runs are worked on in an order of the device's own."""
        return bool(self.details.get("ordered"))

    @property
    def threads_per_run(self) -> int:
        """Threads that share a run."""
        return int(self.details.get("threads_per_run", 1))

    def as_json(self) -> dict[str, Any]:
        """Return all but the code as plain values."""
        return {
            "target": self.target,
            "registry": self.registry.as_json(),
            "unused": self.unused,
            "values": self.values.as_json(),
            "derivatives": self.derivatives.as_json(),
            "settings": [slot.as_json() for slot in self.settings],
            "form": self.form,
            "details": dict(self.details),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], code: bytes) -> Self:
        """Return the kernel that `as_json` gave the values of."""
        return cls(
            values["target"],
            BufferRegistry.from_json(values["registry"]),
            tuple(values["unused"]),
            StartValues.from_json(values["values"]),
            Program.from_json(values["derivatives"]),
            code,
            tuple(map(Slot.from_json, values["settings"])),
            values["form"],
            values["details"],
        )
