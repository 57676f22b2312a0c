"""Tells how the runs of a result ended: how many in which way, and the first few that failed."""

from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from cubie_cli.reports.statistics import blocks_of
from solvers.status import Status

#: Runs of each status that are told one by one.
_EXAMPLES = 3
_SUCCESSES = {status.name.lower() for status in Status if status.succeeded}


def outcomes(status: h5py.Dataset) -> dict[str, int]:
    """Return the number of runs by the name of their status, those that occur."""
    counts: dict[int, int] = {}
    for runs in blocks_of(len(status)):
        for value, count in zip(*np.unique(status[runs], return_counts=True), strict=True):
            counts[int(value)] = counts.get(int(value), 0) + int(count)
    names = _names(status)
    return {names.get(value, str(value)): counts[value] for value in sorted(counts)}


def failed(counts: Mapping[str, int]) -> dict[str, int]:
    """Return those of the outcomes that are failures."""
    return {name: count for name, count in counts.items() if name not in _SUCCESSES}


def failures(file: h5py.File, counts: Mapping[str, int], swept: Sequence[str]) -> list[dict[str, Any]]:
    """Return the ways in which runs failed, each with the number of runs and the first of them.

    Parameters
    ----------
    file
        A result.
    counts
        What `outcomes` returned for it.
    swept
        Names of the variables whose values are told of each run.
    """
    values = {name: value for value, name in _names(file["status"]).items()}
    return [
        {
            "status": name,
            "runs": count,
            "first": [_run(file, place, swept) for place in _first(file["status"], values.get(name, name))],
        }
        for name, count in failed(counts).items()
    ]


def _names(status: h5py.Dataset) -> dict[int, str]:
    return dict(zip(status.attrs["flag_values"].tolist(), str(status.attrs["flag_meanings"]).split(), strict=True))


def _first(status: h5py.Dataset, value: int | str) -> list[int]:
    """Return the places of the first few runs of a status."""
    found: list[int] = []
    for runs in blocks_of(len(status)):
        found += (np.flatnonzero(status[runs] == int(value)) + runs.start).tolist()
        if len(found) >= _EXAMPLES:
            break
    return found[:_EXAMPLES]


def _run(file: h5py.File, place: int, swept: Sequence[str]) -> Mapping[str, Any]:
    return {
        "run": int(file["run"][place]),
        "steps": int(file["steps"][place]),
        "rejected": int(file["rejected"][place]),
        "values": {name: file[name][place].item() for name in swept},
    }
