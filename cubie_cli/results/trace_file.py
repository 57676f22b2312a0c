"""Writes the trace that --trace asks for: an HDF5 file with columns for each kind of event, and for the runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from cubie_cli.documents.messages import UsageError
from cubie_cli.results.destination import placed
from cubie_cli.results.layout import Contents
from solvers.trace import EVENT, EVENTS, Recorder

if TYPE_CHECKING:
    from solvers.execution.engine import Solution

RUNS = "run"
_COUNTS = {
    "status": ("int8", "outcome of the run, as in results"),
    "steps": ("int32", "accepted steps"),
    "rejected": ("int32", "rejected steps"),
}


@dataclass(frozen=True)
class Tracing:
    """A trace that was asked for.

    Parameters
    ----------
    path
        Its file.
    recorder
        Keeps the events of a chunk.
    """

    path: Path
    recorder: Recorder


def read_tracing(trace: Path | None, runs: str | None, target: str, output: Path | None = None) -> Tracing | None:
    """Return what --trace asks for; None for no trace.

    Parameters
    ----------
    trace, runs, output
        The options' values.
    target
        What the batch runs on.

    Raises
    ------
    UsageError
        For another target than python, and --runs without a file.
    """
    if trace is None:
        if runs is not None and output is None:
            message = "some runs are chosen, and no file for them: the one that CONFIG names is for all"
            raise UsageError(f"--runs {runs}: {message}", hint="add --output FILE, or --trace FILE")
        return None
    if target != "python":
        message = f"--trace records on the python target only, and this batch runs on {target}"
        raise UsageError(message, hint="add --target python; --runs 0:4 keeps it short")
    return Tracing(trace, Recorder())


class TraceFile:
    """A trace that is kept in memory until it is complete.

    Parameters
    ----------
    tracing
        The file's name, and the recorder, which has the events of the runs just solved whenever `write` is called.
    contents
        What a result would hold: the trace has its attributes, texts and coordinates.
    events
        Names of the model's events.
    replace
        Whether a file of that name may be replaced.
    """

    def __init__(
        self, tracing: Tracing, contents: Contents, events: Sequence[str] = (), *, replace: bool = False
    ) -> None:
        self._replace = replace
        self._path = tracing.path
        self._recorder = tracing.recorder
        self._contents = contents
        self._events = events
        coordinates = (variable.name for variable in contents.coordinates)
        self._columns: dict[str, dict[str, list[np.ndarray]]] = {
            RUNS: {name: [] for name in ("run", *_COUNTS, *coordinates)},
            **{event.name: {field.name: [] for field in event.columns} for event in EVENTS},
        }

    def write(self, first_run: int, values: Sequence[np.ndarray], solution: "Solution") -> None:
        """Take up what was recorded of a range of runs; see `ResultFile.write`."""
        columns = self._columns[RUNS]
        indices = np.arange(first_run, first_run + len(solution.status))
        found = (indices, *(getattr(solution, name) for name in _COUNTS), *values)
        for parts, column in zip(columns.values(), found, strict=True):
            parts.append(column)
        rows = self._recorder.take()
        for event in EVENTS:
            for field in event.columns:
                column = np.array([row[field.name] for row in rows[event.name]], dtype=field.dtype)
                self._columns[event.name][field.name].append(column + first_run if field.name == "run" else column)

    def publish(self) -> None:
        """Write the file, under a temporary name until it is complete.

        Raises
        ------
        OutputError
            The disk refused.
        """
        with (
            placed(self._path, replace=self._replace, option="--trace") as temporary,
            temporary.open("xb") as file,
        ):
            file.write(self._image())

    def _image(self) -> bytes:
        """Return the file's bytes: HDF5 takes a disk that is full badly, so it does not write itself."""
        with h5py.File("trace", "w", driver="core", backing_store=False, libver=("v108", "v110")) as file:
            file.attrs["_NCProperties"] = np.bytes_(f"version=2,h5py={h5py.__version__}")
            for name, value in self._contents.attributes.items():
                file.attrs[name] = value
            meanings = {name: meaning for name, (_, meaning) in _COUNTS.items()}
            self._write_group(file, RUNS, "run", meanings)
            for event in EVENTS:
                self._write_group(file, event.name, "row", {field.name: field.meaning for field in event.columns})
            if self._events:
                fired = file[EVENT.name]["event"]
                fired.attrs["flag_values"] = np.arange(len(self._events), dtype=np.int32)
                fired.attrs["flag_meanings"] = " ".join(self._events)
            texts = file.create_group("input-files")
            for name, text in self._contents.texts.items():
                texts[name] = text
            file.flush()
            return bytes(file.id.get_file_image())

    def _write_group(self, file: h5py.File, name: str, index: str, meanings: Mapping[str, str]) -> None:
        """Write the columns of a group along one dimension, in the way of netCDF-4."""
        group = file.create_group(name, track_order=True)
        columns = {key: np.concatenate(parts) for key, parts in self._columns[name].items()}
        if index not in columns:
            columns = {index: np.arange(len(next(iter(columns.values())))), **columns}
        scale = group.create_dataset(index, data=columns.pop(index))
        scale.make_scale(index)
        scale.attrs["_Netcdf4Dimid"] = np.int32(len(file) - 1)
        for key, values in columns.items():
            dataset = group.create_dataset(key, data=values)
            dataset.dims[0].attach_scale(scale)
            if key in meanings:
                dataset.attrs["long_name"] = meanings[key]
