"""Tells of a result which batch it is of and which of its runs it has, so that parts of one batch find each other."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import h5py

#: The attributes that tell it.
EXTENT = ("runs", "identity", "shard")
_RUNS = re.compile(r"([0-9]+):([0-9]+) of ([0-9]+)")


@dataclass(frozen=True)
class Extent:
    """Which batch a result is of, and which of its runs it has.

    Parameters
    ----------
    facts
        All that the values of a run depend on, by what to call it: texts, or digests of them.
    runs
        The runs, by their index in the whole batch.
    count
        The runs of the whole batch.
    shard
        Which part of how many it is, where the batch was cut into such: "3/64".
    """

    facts: Mapping[str, str]
    runs: range
    count: int
    shard: str | None = field(default=None, compare=False)

    @property
    def attributes(self) -> dict[str, Any]:
        """What a result says of it."""
        runs = f"{self.runs.start}:{self.runs.stop} of {self.count}"
        told = zip(EXTENT, (runs, json.dumps(dict(self.facts)), self.shard), strict=True)
        return {name: text for name, text in told if text is not None}

    def differences(self, other: "Extent") -> list[str]:
        """Return what differs between the batches of two results, by what to call it."""
        return [name for name in {**self.facts, **other.facts} if self.facts.get(name) != other.facts.get(name)]


def read_extent(file: "h5py.File") -> Extent | None:
    """Return what a result says of it; None where it does not, or not so that it can be."""
    match = _RUNS.fullmatch(str(file.attrs.get("runs", "")))
    try:
        facts = json.loads(file.attrs["identity"])
    except (KeyError, TypeError, ValueError):
        return None
    if match is None or not isinstance(facts, dict):
        return None
    start, stop, count = map(int, match.groups())
    shard = file.attrs.get("shard")
    return Extent(facts, range(start, stop), count, None if shard is None else str(shard))
