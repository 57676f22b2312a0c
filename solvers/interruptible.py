"""Calls of what works long in C, compilers above all, that a signal ends at once."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")

#: Bytes of stack. Compilers recurse along the chains of values in a function, and the main thread's stack grows.
_STACK = 64 << 20
#: Seconds. The system may hand a signal to another thread, which does not wake this one.
_PATIENCE = 0.2


def interruptible(work: Callable[[], Result]) -> Result:
    """Return what work returns, or raise what it raises; a signal's handler is called meanwhile.

    Python calls handlers in its main thread and between two instructions of its own, so not before a function in C
    returns. Here another thread is in C, and the main one waits. What a handler raises ends the wait; the work goes on
    for as long as the process does, since nothing can end a thread.

    Parameters
    ----------
    work
        Spends its time in functions in C that let other threads run. From another thread than the main one, in which no
        handler is ever called, it is done in place.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    outcome: Future[Result] = Future()
    abandoned: list[Any] = []

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            outcome.set_exception(error)
        abandoned.clear()

    try:
        _start(threading.Thread(target=run, name="compiler", daemon=True))
        while not wait([outcome], _PATIENCE).done:
            pass
    except BaseException:
        # LLVM's objects are released under a lock that the work may hold: keep the callers' until it is done.
        abandoned.append(sys._getframe())  # noqa: SLF001
        raise
    return outcome.result()


def _start(thread: threading.Thread) -> None:
    with stack_of_threads(_STACK):
        thread.start()


@contextmanager
def stack_of_threads(nbytes: int) -> Iterator[None]:
    """Give threads that start meanwhile so many bytes of stack, a multiple of 4096."""
    before = threading.stack_size(nbytes)
    try:
        yield
    finally:
        threading.stack_size(before)
