"""Which devices solve a batch: one in this process, or several with a process each."""

from collections.abc import Iterable

from cubie_cli.documents.messages import DeviceError
from cubie_cli.runs.pace import Pace
from cubie_cli.runs.prepared_batch import PreparedBatch
from solvers.execution import engine

#: Seconds that the runs which are left should take one device, for others to be woken, which takes some itself.
WORTH_SHARING = 5.0
#: Share of a chunk's runs that tells what they take.
_PILOT_SHARE = 16


def devices_of(batch: PreparedBatch) -> tuple[int, ...]:
    """Return the indices of the GPUs that may solve a batch; (0,) on other targets, and for an engine.

    Raises
    ------
    DeviceError
        None is there, or the configuration names one that is not.
    """
    chosen = batch.job.configuration.devices
    if batch.target != "cuda" or batch.tracing or batch.output is None or batch.place:
        return (0,)
    there = engine.alike_devices()
    if not there:
        raise DeviceError("the driver finds no GPU any more", hint="`cubie doctor` says what is there")
    if chosen is None:
        return there
    missing = [index for index in chosen if index not in there]
    if missing:
        listed = ", ".join(map(str, there))
        raise DeviceError(
            f"there is no GPU {missing[0]} of the first one's kind", hint=f"[run] devices may name {listed}"
        )
    return chosen


def pilot(ranges: Iterable[range], pace: Pace) -> tuple[list[range], list[range]]:
    """Return the first few of some runs, which tell what they take, and the others."""
    pending = iter(ranges)
    first = next(pending, range(0))
    few = first[: max(1, pace.runs // _PILOT_SHARE)]
    return [few], [rest for rest in (first[len(few) :], *pending) if rest]


def worth_sharing(ranges: Iterable[range], pace: Pace) -> bool:
    """Return whether runs take one device so long that others should help."""
    return sum(map(len, ranges)) * pace.seconds_a_run > WORTH_SHARING
