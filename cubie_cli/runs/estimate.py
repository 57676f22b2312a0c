"""Tells how long a batch will take, from what one of the same model and settings took on this machine."""

from typing import TYPE_CHECKING, NamedTuple

from cubie_cli.documents.digest import digest_of
from cubie_cli.kernels.cache import CacheUnusableError, read_note, write_note
from cubie_cli.kernels.job_kernel import cache_of
from cubie_cli.runs.progress import duration
from solvers.execution import engine

if TYPE_CHECKING:
    from pathlib import Path

    from cubie_cli.runs.prepared_batch import PreparedBatch

#: Seconds of solving that tell what runs take; in less, what is done once for all of them counts too much.
_TELLING = 1.0


class Estimate(NamedTuple):
    """How long a batch will take: so many seconds, as some runs took; None: that is not known."""

    seconds: float | None
    runs: int = 0

    def __str__(self) -> str:
        if self.seconds is None:
            return "not known yet: a batch of these settings that takes a second or more tells"
        return f"about {duration(self.seconds)}, at the pace of {self.runs:,} runs solved before"


def estimate(batch: "PreparedBatch") -> Estimate:
    """Return how long solving and writing a batch will take on this machine."""
    folder = _folder(batch)
    found = read_note(folder, _key(batch)) if folder and batch.place is None else {}
    try:
        return Estimate(batch.runs * float(found["seconds"]) / int(found["runs"]), int(found["runs"]))
    except (TypeError, ValueError, KeyError, ZeroDivisionError):
        return Estimate(None)


def keep_pace(batch: "PreparedBatch", seconds: float) -> None:
    """Note what solving and writing a batch took, where that tells what others will."""
    runs = batch.runs - (batch.begun.runs if batch.begun else 0)
    folder = _folder(batch)
    if folder and batch.place is None and batch.output and not batch.tracing and seconds >= _TELLING and runs:
        write_note(folder, _key(batch), {"runs": runs, "seconds": seconds})


def _folder(batch: "PreparedBatch") -> "Path | None":
    try:
        return cache_of(batch.job)
    except CacheUnusableError:
        return None


def _key(batch: "PreparedBatch") -> str:
    """Return what a pace is kept under: all that it depends on but the values and the number of runs."""
    job = batch.job
    settings = {key: job.document.data.get(key) for key in ("solve", "buffers", "run")}
    output = {key: value for key, value in job.document.data.get("output", {}).items() if key != "file"}
    return digest_of(
        {
            "pace of": job.digests["model"],
            **settings,
            "output": output,
            "swept": job.design.names,
            "target": batch.target,
            "machine": "" if batch.target == "python" else engine.architecture(batch.target),
        }
    )
