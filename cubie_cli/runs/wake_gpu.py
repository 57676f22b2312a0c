"""Wakes the GPU while the rest of the program is still loading: each takes some tenths of a second."""

from contextlib import suppress
from threading import Thread

from solvers.errors import DeviceError
from solvers.execution.cuda import driver


def wake_gpu() -> None:
    """Begin to open the first GPU, in a thread of its own; where there is none nothing happens.

    Whoever opens it later waits for what is left of that.
    """
    Thread(target=_open, name="wake the GPU").start()


def _open() -> None:
    with suppress(DeviceError):
        driver.open_device()  # the context stays until the process ends
