"""A kernel that is ready to run: chunks of runs are begun, wait their turn, and are taken as they end."""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np

from solvers.planning.exchange import Exchange, Solution

#: Seconds that one wait for a chunk takes at most, so that signals are heard.
PATIENCE = 0.1


class UnderWay(ABC):
    """A chunk of runs that is being solved."""

    @abstractmethod
    def wait(self, seconds: float) -> bool:
        """Wait for so long at most; return whether the runs are solved."""

    @abstractmethod
    def taken(self) -> int:
        """Return how many of the runs have been begun, or more are solved than the device can tell."""

    @abstractmethod
    def solution(self) -> Solution:
        """Return what was found, once the runs are solved."""

    @abstractmethod
    def abandon(self) -> None:
        """Stop soon; return once nothing is written any more."""

    def finish(self) -> Solution:
        """Wait for as long as it takes; return what was found."""
        try:
            while not self.wait(PATIENCE):
                pass
            return self.solution()
        except BaseException:
            self.abandon()
            raise


class Solver(ABC):
    """A kernel that is ready to run, or the interpreter in its place.

    Attributes
    ----------
    exchange
        What it exchanges with the host.
    device
        What it runs on.
    at_once
        How many chunks are worth having under way: one that waits follows at once on the one before.
    fewest
        Runs that a chunk should have at least, to keep the device busy.
    """

    exchange: Exchange
    device: str
    at_once: int = 1
    fewest: int = 1

    @abstractmethod
    def kernel_report(self) -> dict[str, Any] | None:
        """Return what the CUDA kernel needs, as the function of that name does; None on other targets."""

    @abstractmethod
    def runs_per_chunk(self, runs: int) -> int:
        """Return how many of some runs fit the device at once, with as many chunks as are under way."""

    @abstractmethod
    def begin(self, values: np.ndarray, memory: np.ndarray | None = None) -> UnderWay:
        """Begin to solve a chunk.

        Parameters
        ----------
        values
            Shape (swept, runs).
        memory
            Bytes that take the results, `Exchange.result_bytes` of them or more, such as `host_memory` gives; None:
            they have memory of their own.
        """

    def solve(self, values: np.ndarray) -> Solution:
        """Solve a chunk; `values` has shape (swept, runs)."""
        return self.begin(values).finish()

    def adopt(self) -> Self:
        """Return itself for the calling thread, which works with it from now on in the place of another."""
        return self

    def host_memory(self, size: int) -> np.ndarray:
        """Return so many bytes that results are brought to fast; they are the solver's, which frees them."""
        return np.empty(size, dtype=np.uint8)

    @abstractmethod
    def close(self) -> None:
        """Release what the device holds."""
