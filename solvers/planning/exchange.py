"""What passes between the host and a kernel: values in, results out. It depends on no equation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from solvers.equations.drivers import driver_numbers, driver_tables
from solvers.equations.quantities import Quantities
from solvers.planning.event_findings import event_findings
from solvers.planning.findings import Finding, summary_findings
from solvers.planning.given import given_numbers
from solvers.settings import SaveSettings, SolveSettings
from solvers.straightline.setting import Slot, filled

#: What is known of each run besides its variables: status, steps, rejected.
REPORTS = 3
#: Results of each kind begin at a multiple of so many bytes.
ALIGNMENT = 64


@dataclass(frozen=True)
class Exchange:
    """The arrays of a batch.

    Parameters
    ----------
    quantities
        Names and default values.
    solve, save
        Span and precision, and what is kept.
    swept
        Names of the states and parameters that differ from run to run, in the order of the input rows.
    """

    quantities: Quantities
    solve: SolveSettings
    save: SaveSettings
    swept: tuple[str, ...] = ()

    @cached_property
    def times(self) -> np.ndarray:
        """Save times, float64."""
        return self.save.times(self.solve.t0, self.solve.t1)

    @property
    def time_count(self) -> int:
        """The number of save times, which may be too many to make."""
        return self.save.count(self.solve.t0, self.solve.t1)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of what is saved: states, then observables."""
        states = (self.quantities.states[index] for index in self.save.states)
        return (*states, *(self.quantities.observables[index] for index in self.save.observables))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of states and results."""
        return np.dtype(self.solve.precision)

    @property
    def input_bytes_per_run(self) -> int:
        """Bytes of a run's swept values on the device."""
        return len(self.swept) * self.dtype.itemsize

    @property
    def result_bytes_per_run(self) -> int:
        """Bytes of a run's results on the device: variables, findings, status and two counts."""
        saved = len(self.variables) * self.time_count * self.dtype.itemsize
        return saved + self.finding_rows * 8 + REPORTS * 4

    @property
    def bytes_per_run(self) -> int:
        """Bytes of a run's input and results."""
        return self.input_bytes_per_run + self.result_bytes_per_run

    @property
    def numbers(self) -> dict[str, float]:
        """What a kernel is given as it starts, but for the addresses of tables."""
        of_model = driver_numbers(self.quantities.drivers) | dict(self.quantities.event_numbers)
        return given_numbers(self.solve, self.save) | of_model

    @cached_property
    def tables(self) -> Mapping[str, np.ndarray]:
        """What all runs read by `straightline.fetch`: flat arrays, by the names of the settings that are addresses."""
        return driver_tables(self.quantities.drivers, self.solve.precision)

    def settings(self, slots: Iterable[Slot], addresses: Mapping[str, int]) -> np.ndarray:
        """Return the settings that a kernel asks for, as bytes where it finds them.

        Parameters
        ----------
        addresses
            Where the device has the tables, by their names.
        """
        return filled(slots, {**self.numbers, **addresses})

    def inputs(self, values: np.ndarray) -> np.ndarray:
        """Return swept values, shape (swept, runs), as a kernel takes them."""
        return np.ascontiguousarray(values, dtype=self.dtype)

    def default_values(self) -> np.ndarray:
        """Return the states' and parameters' default values, as a kernel takes them."""
        return np.array((*self.quantities.initial_values, *self.quantities.parameter_values), dtype=self.dtype)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What else is told of each run, in the order of its rows: summaries come first."""
        summaries = summary_findings(self.quantities, self.solve, self.save)
        return summaries + event_findings(self.quantities, self.solve.precision)

    @property
    def finding_rows(self) -> int:
        """The number of rows that findings take."""
        return sum(finding.rows for finding in self.findings)

    def result_bytes(self, runs: int) -> int:
        """Return the bytes that `results` of so many runs take."""
        return sum(aligned(size) for size in self._result_sizes(runs))

    def results(self, runs: int, memory: np.ndarray | None = None) -> "ResultArrays":
        """Return arrays for what some runs give, with what was in their memory.

        Parameters
        ----------
        memory
            `result_bytes` or more, uint8; None: they have memory of their own.
        """
        size = self.result_bytes(runs)
        whole = np.empty(size, dtype=np.uint8) if memory is None else memory[:size]
        shapes = (len(self.variables), len(self.times), runs), (self.finding_rows, runs), (REPORTS, runs)
        kinds: tuple[np.dtype[Any], ...] = (self.dtype, np.dtype(np.float64), np.dtype(np.int32))
        arrays: list[np.ndarray] = []
        start = 0
        for length, shape, kind in zip(self._result_sizes(runs), shapes, kinds, strict=True):
            part: np.ndarray = whole[start : start + length]
            arrays.append(part.view(kind).reshape(shape))
            start += aligned(length)
        variables, findings, reports = arrays
        return ResultArrays(variables, findings, reports, whole)

    def empty_results(self, runs: int, memory: np.ndarray | None = None) -> "ResultArrays":
        """Return such arrays with findings NaN and reports -1, for kernels that leave out what there is not."""
        found = self.results(runs, memory)
        found.findings.fill(np.nan)
        found.reports.fill(-1)
        return found

    def _result_sizes(self, runs: int) -> tuple[int, int, int]:
        """Return the bytes of variables, findings and reports."""
        saved = len(self.variables) * self.time_count * self.dtype.itemsize
        return saved * runs, self.finding_rows * 8 * runs, REPORTS * 4 * runs


class ResultArrays(NamedTuple):
    """What some runs give, one after the other in one piece of memory.

    Attributes
    ----------
    variables
        Shape (variables, times, runs), in the problem's precision.
    findings
        Shape (rows, runs), float64.
    reports
        Status, steps, rejected, int32 of shape (3, runs).
    whole
        The memory, uint8.
    """

    variables: np.ndarray
    findings: np.ndarray
    reports: np.ndarray
    whole: np.ndarray

    def solution(self, kernel_seconds: float, transfer_seconds: float = 0.0) -> "Solution":
        """Return them as what a chunk gave."""
        status, steps, rejected = self.reports
        known = self.variables, self.findings, status.astype(np.int8), steps, rejected
        return Solution(*known, kernel_seconds, transfer_seconds)


def aligned(size: int) -> int:
    """Return a number of bytes, rounded up so that what follows lies well."""
    return -(-size // ALIGNMENT) * ALIGNMENT


@dataclass(frozen=True)
class Solution:
    """What a chunk of runs gave.

    Parameters
    ----------
    variables
        Shape (variables, times, runs), in the problem's precision.
    findings
        Shape (rows, runs), float64: see `Exchange.findings`.
    status, steps, rejected
        One a run: `Status` words (int8), accepted and rejected steps (int32).
    kernel_seconds, transfer_seconds
        Time in the kernel, and in copies to and from the device.
    """

    variables: np.ndarray
    findings: np.ndarray
    status: np.ndarray
    steps: np.ndarray
    rejected: np.ndarray
    kernel_seconds: float
    transfer_seconds: float
