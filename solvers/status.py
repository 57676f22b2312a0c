"""How a run ended."""

from enum import IntEnum


class Status(IntEnum):
    """The status word of a run, as stored in results."""

    NOT_RUN = -1
    SUCCESS = 0
    MAX_STEPS = 1
    STEP_TOO_SMALL = 2
    NEWTON_FAILED = 3
    LINEAR_FAILED = 4
    NONFINITE = 5
    STOPPED = 6
    TOO_MANY_EVENTS = 7

    @property
    def succeeded(self) -> bool:
        """Whether the run did what was asked: reached the end of its span, or was stopped by an event."""
        return self in {Status.SUCCESS, Status.STOPPED}
