"""Decides which runs of a batch are solved: all of them, or those that --runs names."""

import re

from cubie_cli.documents.messages import UsageError

_RUNS = re.compile(r"([0-9]+)(?::([0-9]+))?")


def select_runs(text: str | None, count: int) -> range:
    """Return the runs that are solved, by their index in the whole batch.

    Parameters
    ----------
    text
        "5", or "0:4", whose second number is the first run left out; None: all runs.
    count
        Runs of the whole batch.

    Raises
    ------
    UsageError
        For anything else, no runs, and runs that are not there.
    """
    if text is None:
        return range(count)
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
        raise UsageError(f"--runs {text}: the batch has {count:,} run{'s' * (count > 1)}, 0 to {count - 1}")
    return chosen
