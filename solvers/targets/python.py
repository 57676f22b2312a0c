"""The python target: device code as it stands, one run at a time, on NumPy scalars."""

from functools import partial
from typing import Any

import numpy as np

from solvers.targets.memory import Frame
from solvers.targets.target import DeviceFunction, Target
from solvers.trace import Event, Recorder


class PythonTarget(Target):
    """Runs device code in the interpreter: what the other targets must agree with, and where a debugger works.

    Parameters
    ----------
    recorder
        Keeps what `probe` reports; None: nothing does.
    """

    name = "python"
    lanes = 1
    spell = 0

    def __init__(self, recorder: Recorder | None = None) -> None:
        self._recorder = recorder
        self.watched = recorder is not None

    def straight_line(self, function: DeviceFunction) -> DeviceFunction:
        """Return the function itself."""
        return function

    def control(self, function: DeviceFunction, *, inline: bool = True) -> DeviceFunction:  # noqa: ARG002
        """Return the function itself."""
        return function

    def allocate(self, frame: Frame) -> DeviceFunction:
        """Return a function that cuts a frame's buffers from NumPy arrays of bytes."""

        def cut(shared: Any, persistent: Any) -> Any:
            own = (allocator(shared, persistent) for allocator in frame.own)
            children = (
                self.allocate(child.frame)(child.shared(shared, persistent), child.persistent(shared, persistent))
                for child in frame.children
            )
            return frame.kind._make((*own, *children))

        return cut

    @property
    def any_lane(self) -> DeviceFunction:
        """The truth of the one lane."""
        return bool

    @property
    def proceed(self) -> DeviceFunction:
        """Go on while the one lane is active."""
        return lambda active, _waiting, idle: (bool(active), idle)

    @property
    def take(self) -> DeviceFunction:
        """Count up an array of one element."""

        def take(queue: Any, run: Any, wanted: Any) -> Any:
            if not wanted:
                return run
            queue[0] += 1
            return np.int64(queue[0] - 1)

        return take

    def probe(self, event: Event) -> DeviceFunction:
        """Return a function that hands the values to the recorder."""
        recorder = self._recorder
        return super().probe(event) if recorder is None else partial(recorder.record, event)
