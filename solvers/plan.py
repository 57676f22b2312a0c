"""What passes between the engine and its targets: a plan, a solution, and that there is no such target."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from buffers import BufferRegistry
from solvers.loop import Loop
from solvers.problem import Problem


class TargetUnavailableError(RuntimeError):
    """A target that this machine cannot run.

    Parameters
    ----------
    message
        What is missing.
    hint
        What to do.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Plan:
    """A problem and the memory that it takes.

    Parameters
    ----------
    problem
        What is solved.
    target
        "cuda", "cpu" or "python".
    loop, registry
        The tree of components, and their buffers.
    unused
        Names in the user's choice of locations that exist for other methods only.
    threads
        Cores to use on the cpu target; None: all that the process may use.
    """

    problem: Problem
    target: str
    loop: Loop
    registry: BufferRegistry
    unused: tuple[str, ...]
    threads: int | None = None

    @property
    def times(self) -> np.ndarray:
        """Save times, float64."""
        return self.problem.times

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of what is saved: states, then observables."""
        return self.problem.variables

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of states and results."""
        return np.dtype(self.problem.solve.precision)

    @property
    def input_bytes_per_run(self) -> int:
        """Bytes of a run's swept values on the device."""
        return len(self.problem.swept) * self.dtype.itemsize

    @property
    def result_bytes_per_run(self) -> int:
        """Bytes of a run's results on the device: variables, status and two counts."""
        return len(self.variables) * len(self.times) * self.dtype.itemsize + 3 * 4

    @property
    def bytes_per_run(self) -> int:
        """Bytes of a run's input and results."""
        return self.input_bytes_per_run + self.result_bytes_per_run


@dataclass(frozen=True)
class Solution:
    """What a chunk of runs gave.

    Parameters
    ----------
    variables
        Shape (variables, times, runs), in the problem's precision.
    status, steps, rejected
        One a run: `Status` words (int8), accepted and rejected steps (int32).
    kernel_seconds, transfer_seconds
        Time in the kernel, and in copies to and from the device.
    """

    variables: np.ndarray
    status: np.ndarray
    steps: np.ndarray
    rejected: np.ndarray
    kernel_seconds: float
    transfer_seconds: float
