"""Findings: what is told of each run besides its saved variables and its counts, such as summaries and events."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """A variable of the result with a value a run, or some values a run.

    Kernels write findings as float64, which holds every int32; the result has them as `dtype`.

    Parameters
    ----------
    name
        What the result calls it.
    meaning
        What it is, for people.
    dtype
        In the result.
    units
        Its unit, where it has one.
    dimension, length
        Of a variable with some values a run: its other dimension, which comes before that of the runs; None: there is
        none.
    """

    name: str
    meaning: str
    dtype: Literal["float64", "float32", "int32"] = "float64"
    units: str | None = None
    dimension: str | None = None
    length: int = 1

    @property
    def rows(self) -> int:
        """How many rows of a kernel's findings it takes."""
        return self.length
