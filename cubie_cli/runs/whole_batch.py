"""Solves a batch that is prepared and checked, from the choice of an algorithm to the files."""

import time
from typing import TYPE_CHECKING

from cubie_cli.reports.advice import advice
from cubie_cli.runs.estimate import keep_pace
from cubie_cli.runs.preflight import outputs_held
from cubie_cli.runs.prepared_batch import PreparedBatch, with_choice
from cubie_cli.runs.progress import Progress
from cubie_cli.runs.resuming import with_begun
from cubie_cli.runs.solving import Tally, ready_solver, solve
from cubie_cli.runs.stopwatch import Stopwatch

if TYPE_CHECKING:
    from cubie_cli.runs.pools import Pool


def solve_batch(
    batch: PreparedBatch,
    target: str | None,
    progress: Progress,
    stopwatch: Stopwatch,
    *,
    resume: bool = False,
    pool: "Pool | None" = None,
) -> tuple[PreparedBatch, Tally]:
    """Solve a batch and write its files.

    Parameters
    ----------
    batch
        What `check_batch` found nothing wrong with.
    target
        What was asked for beside the configuration.
    progress, stopwatch
        Are told.
    resume
        Whether to go on with what is left of it.
    pool
        The workers that solve it; None: this machine.

    Returns
    -------
    PreparedBatch, Tally
        The batch with its algorithm chosen, and how its runs ended.

    Raises
    ------
    UserError
        Where the output, the disk or the device refuses.
    """
    with outputs_held(batch):
        if batch.job.candidates:
            with stopwatch.task("choose"):
                batch = with_choice(batch, target, progress)
        batch = with_begun(batch, resume=resume)
        progress.warn(batch.warnings)
        with ready_solver(batch, progress, stopwatch, pool) as solver:
            began = time.perf_counter()
            tally = solve(batch, solver, progress, stopwatch)
            keep_pace(batch, time.perf_counter() - began)
    progress.warn(tally.warnings)
    progress.hint(advice(batch.job.configuration.solve, tally.counts))
    return batch, tally
