"""What is left of a result whose command was stopped: the file with the values so far, and a journal of what is in it.

The journal is a file of lines beside the result: first what the result is of, then each range of runs once its values
are written, and now and then how many of these are on disk. Each line ends with a check sum, and what comes after one
that is damaged is not believed. A process that is killed leaves what it has written to the
system; after a crash of the machine, which has another boot then, only these are trusted.
"""

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cubie_cli.results.destination import beside, is_temporary

#: More than any batch has; what is larger was damaged.
_MOST_RUNS = 2**63 - 1
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Unfinished:
    """A result that was begun.

    Parameters
    ----------
    part
        The file with its values.
    facts
        What it is of: a text by the name of each thing that has to be the same.
    finished
        The runs that it has, by their index in the whole batch, in the order in which they were written.
    """

    part: Path
    facts: Mapping[str, str]
    finished: tuple[range, ...]

    @property
    def runs(self) -> int:
        """How many runs it has."""
        return sum(map(len, self.finished))


def journal_of(path: Path) -> Path:
    """Return the journal of a result."""
    return beside(path, "journal")


def find_unfinished(path: Path) -> Unfinished | None:
    """Return what is left of a result; None where there is nothing that can be used."""
    try:
        header, *entries = _sound_lines(journal_of(path).read_bytes())
        part = journal_of(path).with_name(header["part"])
        finished = tuple(_range(*entry["runs"]) for entry in entries if "runs" in entry)
        if header["boot"] != _boot():
            finished = finished[: max((entry["synced"] for entry in entries if "synced" in entry), default=0)]
        found = Unfinished(part, dict(header["facts"]), finished)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not is_temporary(part, path) or _overlap(finished):
        return None
    return found if part.is_file() and not part.is_symlink() else None


def _sound_lines(content: bytes) -> Iterator[Any]:
    """Yield what the lines of a journal say, up to the first that is not whole."""
    for line in content.split(b"\n")[:-1]:  # what has no end was being written
        text, _, check = line.rpartition(b"\t")
        if check != _check(text):
            return
        yield json.loads(text)


def _line(said: object) -> bytes:
    """Return a line of a journal."""
    text = json.dumps(said).encode()
    return text + b"\t" + _check(text) + b"\n"


def _check(text: bytes) -> bytes:
    return b"%08x" % zlib.crc32(text)


def _range(start: int, stop: int) -> range:
    """Return runs of a batch.

    Raises
    ------
    ValueError
        There are no such runs: the line is damaged.
    """
    if not 0 <= start < stop <= _MOST_RUNS:
        raise ValueError
    return range(start, stop)


def _overlap(finished: Sequence[range]) -> bool:
    """Return whether a run is said to be there twice."""
    in_order = sorted(finished, key=lambda runs: runs.start)
    return any(each.stop > following.start for each, following in pairwise(in_order))


def forget(path: Path) -> None:
    """Remove what is left of a result, if anything."""
    found = find_unfinished(path)
    for each in (journal_of(path), *([found.part] if found else [])):
        each.unlink(missing_ok=True)


def _boot() -> str:
    with suppress(OSError):
        return _BOOT.read_text(encoding="ascii").strip()
    return ""


class Journal:
    """Takes down what is written to a result, for `find_unfinished`.

    Parameters
    ----------
    path
        The result.
    part
        The file with its values.
    facts
        What it is of.
    finished
        What the file has already.

    Attributes
    ----------
    runs, entries
        How many are taken down, and in how many ranges.
    """

    def __init__(self, path: Path, part: Path, facts: Mapping[str, str], finished: Iterable[range] = ()) -> None:
        self._path = journal_of(path)
        temporary = self._path.with_name(f"{self._path.name}.new")
        header = {"part": part.name, "boot": _boot(), "facts": dict(facts)}
        entries = [{"runs": [each.start, each.stop]} for each in finished]
        with temporary.open("wb") as file:
            file.writelines(map(_line, (header, *entries, {"synced": len(entries)})))
            if entries:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(self._path)
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self.runs, self.entries = sum(map(len, finished)), len(entries)

    def add(self, runs: range) -> None:
        """Take down a range of runs that is written."""
        self._append({"runs": [runs.start, runs.stop]})
        self.runs += len(runs)
        self.entries += 1

    def mark(self, entries: int) -> None:
        """Take down that the first ranges, so many, are on disk."""
        self._append({"synced": entries})
        os.fsync(self._descriptor)

    def close(self, *, keep: bool) -> None:
        """End; without the result to come, `keep` the journal."""
        os.close(self._descriptor)
        if not keep:
            self._path.unlink(missing_ok=True)

    def _append(self, entry: Mapping[str, Any]) -> None:
        os.write(self._descriptor, _line(entry))
