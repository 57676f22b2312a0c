"""Decides which runs of a batch are solved: all of them, those that --runs names, or the part that --shard asks for."""

import re
from dataclasses import dataclass
from pathlib import Path

from cubie_cli.documents.messages import UsageError

#: A number with more digits counts nothing that there is.
_NUMBER = "([0-9]{1,20})"
_RUNS = re.compile(f"{_NUMBER}(?::{_NUMBER})?")
_SHARD = re.compile(f"{_NUMBER}/{_NUMBER}")


@dataclass(frozen=True)
class Shard:
    """A part of a batch: what one of several commands solves.

    Parameters
    ----------
    index, of
        Which part, counted from 0, and how many there are.
    """

    index: int
    of: int

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"

    def runs(self, count: int) -> range:
        """Return its runs, of a batch of so many; parts differ by a run at most.

        Raises
        ------
        UsageError
            There are more parts than runs.
        """
        if self.of > count:
            message = f"--shard {self}: the batch has {count:,} run{'s' * (count > 1)}, too few for {self.of:,} shards"
            raise UsageError(message, hint=f"cut it into {count:,} at most")
        return range(self.index * count // self.of, (self.index + 1) * count // self.of)

    def named(self, path: Path) -> Path:
        """Return the name of its result, from that of the whole batch; these names sort as the parts do."""
        digits = len(str(self.of))
        return path.with_name(f"{path.stem}-{self.index:0{digits}}-of-{self.of}{path.suffix}")


def read_shard(text: str | None, *, runs: str | None = None, trace: Path | None = None) -> Shard | None:
    """Return what --shard asks for; None for the whole batch.

    Parameters
    ----------
    text
        "3/64": the fourth of 64 parts.
    runs, trace
        The values of options that do not go with it.

    Raises
    ------
    UsageError
        For anything else, and a part that is not there.
    """
    if text is None:
        return None
    match = _SHARD.fullmatch(text)
    if match is None:
        raise UsageError(f"--shard {text}: this names no shard", hint="write I/N, such as 0/64 for the first of 64")
    shard = Shard(int(match[1]), int(match[2]))
    if shard.index >= shard.of:
        hint = (
            f"the first is 0/{shard.of}, the last {shard.of - 1}/{shard.of}" if shard.of else "0/1 is the whole batch"
        )
        raise UsageError(f"--shard {text}: shards are counted from 0, and there are {shard.of:,}", hint=hint)
    if runs is not None:
        raise UsageError(f"--shard {text} and --runs {runs} both choose runs", hint="leave one of the two out")
    if trace is not None:
        raise UsageError(f"--shard {text}: a shard is solved without --trace", hint="choose what is traced with --runs")
    return shard


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
