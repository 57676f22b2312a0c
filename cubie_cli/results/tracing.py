"""Recording what the solvers do in some runs of a batch."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from cubie_cli.documents.messages import UsageError
from solvers.trace import Recorder

_RUNS = re.compile(r"([0-9]+)(?::([0-9]+))?")


@dataclass(frozen=True)
class Tracing:
    """What is recorded.

    Parameters
    ----------
    path
        The trace's file.
    runs
        The runs that are solved and recorded, by their index in the whole batch.
    recorder
        Keeps the events of a chunk.
    """

    path: Path
    runs: range
    recorder: Recorder = field(default_factory=Recorder)


def read_tracing(trace: Path | None, runs: str | None, target: str, count: int) -> Tracing | None:
    """Return what --trace and --runs ask for; None for no trace.

    Parameters
    ----------
    trace, runs
        The options' values.
    target
        What the batch runs on.
    count
        Runs of the whole batch.

    Raises
    ------
    UsageError
        For runs that are not there, another target than python, and --runs alone.
    """
    if trace is None:
        if runs is not None:
            raise UsageError("--runs says which runs --trace records", hint="add --trace FILE, or leave --runs away")
        return None
    if target != "python":
        message = f"--trace records on the python target only, and this batch runs on {target}"
        raise UsageError(message, hint="add --target python; --runs 0:4 keeps it short")
    return Tracing(trace, read_runs(runs, count) if runs is not None else range(count))


def read_runs(text: str, count: int) -> range:
    """Return the runs that "5" or "0:4" names; the second number is the first run left out.

    Raises
    ------
    UsageError
        For anything else, no runs, and runs that are not there.
    """
    match = _RUNS.fullmatch(text)
    if match is None:
        raise UsageError(f"--runs {text}: this names no runs", hint="write 5, or 0:4 for the runs 0 to 3")
    first = int(match[1])
    chosen = range(first, int(match[2]) if match[2] else first + 1)
    if not chosen:
        raise UsageError(
            f"--runs {text}: there are no runs between", hint="the second number is the first run left out"
        )
    if chosen[-1] >= count:
        raise UsageError(f"--runs {text}: the batch has {count:,} runs, 0 to {count - 1}")
    return chosen
